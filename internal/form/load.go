package form

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"hastaluego/internal/fault"
	"hastaluego/internal/source"
)

// Languages that every text of a form must have.
var Languages = []string{"es", "en"}

// Facts are what may fill in a field before a person looks.
var Facts = []string{
	"customer.since", "customer.months", "customer.products", "customer.value", "use.trend", "spend.trend", "incidents.open",
	"incidents.total", "commitments.ours", "commitments.theirs", "terms.kept", "money.owed", "reason.stated", "first.hypothesis", "effective",
	"meeting.answer", "meeting.day",
}

type formFile struct {
	Form   string            `yaml:"form"`
	Title  map[string]string `yaml:"title"`
	Intro  map[string]string `yaml:"intro"`
	Fields []fieldFile       `yaml:"fields"`
}

type fieldFile struct {
	ID       string            `yaml:"id"`
	Kind     Kind              `yaml:"kind"`
	Label    map[string]string `yaml:"label"`
	Hint     map[string]string `yaml:"hint"`
	Choices  []choiceFile      `yaml:"choices"`
	Required bool              `yaml:"required"`
	Min      *int              `yaml:"min"`
	Max      *int              `yaml:"max"`
	Prefill  string            `yaml:"prefill"`
	When     *whenFile         `yaml:"when"`
}

type choiceFile struct {
	Value string            `yaml:"value"`
	Label map[string]string `yaml:"label"`
}

// whenFile says which answer of an earlier field makes this one matter.
type whenFile struct {
	Field string   `yaml:"field"`
	Is    []string `yaml:"is"`
}

var ident = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// Load reads and checks a form. Every problem is reported as a fault.List,
// each with its file:line:column as the argument "at" and as its field.
func Load(name string, src []byte) (*Form, error) {
	var in formFile
	f, err := source.Decode(name, src, &in)
	if err != nil {
		return nil, err
	}
	words := func(at string, m map[string]string, must bool) {
		if len(m) == 0 && !must {
			return
		}
		for _, l := range Languages {
			if strings.TrimSpace(m[l]) == "" {
				f.At(at, "file.language_missing", "language", l)
			}
		}
	}
	if !ident.MatchString(in.Form) {
		f.At("$.form", "file.name", "value", in.Form)
	}
	words("$.title", in.Title, true)
	words("$.intro", in.Intro, false)
	if len(in.Fields) == 0 {
		f.At("$.fields", "file.empty_list")
	}
	out := &Form{Name: in.Form, Title: in.Title, Intro: in.Intro, version: versionOf(in.Form, src)}
	for i, x := range in.Fields {
		at := fmt.Sprintf("$.fields[%d]", i)
		words(at+".label", x.Label, true)
		words(at+".hint", x.Hint, false)
		field := checkField(f, at, x)
		if _, twice := out.Field(x.ID); twice {
			f.At(at+".id", "file.twice", "value", x.ID)
		}
		if x.When != nil {
			checkWhen(f, at, out, x)
			field.WhenField, field.WhenIs = x.When.Field, x.When.Is
		}
		for j, c := range x.Choices {
			words(fmt.Sprintf("%s.choices[%d].label", at, j), c.Label, true)
		}
		out.Fields = append(out.Fields, field)
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	return out, nil
}

func checkField(f *source.File, at string, x fieldFile) Field {
	out := Field{ID: x.ID, Kind: x.Kind, Label: x.Label, Hint: x.Hint, Required: x.Required, Prefill: x.Prefill}
	if !ident.MatchString(x.ID) {
		f.At(at+".id", "file.name", "value", x.ID)
	}
	kinds := []Kind{Line, Text, List, Choice, Many, Scale, Number, Date, YesNo, Money}
	if !slices.Contains(kinds, x.Kind) {
		f.At(at+".kind", "file.not_one_of", "value", string(x.Kind), "known", join(kinds))
	}
	if choosing := x.Kind == Choice || x.Kind == Many; choosing != (len(x.Choices) > 0) {
		f.At(at+".choices", "form.choices", "kind", string(x.Kind))
	}
	for j, c := range x.Choices {
		where := fmt.Sprintf("%s.choices[%d].value", at, j)
		if !ident.MatchString(c.Value) {
			f.At(where, "file.name", "value", c.Value)
		}
		if out.offers(c.Value) {
			f.At(where, "file.twice", "value", c.Value)
		}
		out.Choices = append(out.Choices, Option(c))
	}
	if x.Kind == Scale {
		if x.Min == nil || x.Max == nil || *x.Min < 0 || *x.Max <= *x.Min || *x.Max > 10 {
			f.At(at, "form.scale_bounds")
		} else {
			out.Min, out.Max = *x.Min, *x.Max
		}
	}
	if x.Prefill != "" && !slices.Contains(Facts, x.Prefill) {
		f.At(at+".prefill", "file.not_one_of", "value", x.Prefill, "known", strings.Join(Facts, ", "))
	}
	return out
}

// checkWhen wants an earlier field whose answers are known.
func checkWhen(f *source.File, at string, before *Form, x fieldFile) {
	other, ok := before.Field(x.When.Field)
	if !ok {
		f.At(at+".when.field", "form.when_field", "field", x.When.Field)
		return
	}
	if len(x.When.Is) == 0 {
		f.At(at+".when", "file.empty_list")
	}
	for j, v := range x.When.Is {
		known := other.Kind == YesNo && (v == "yes" || v == "no") || other.Kind == Choice && other.offers(v)
		if !known {
			f.At(fmt.Sprintf("%s.when.is[%d]", at, j), "form.when_value", "value", v, "field", x.When.Field)
		}
	}
}

func join(kinds []Kind) string {
	out := make([]string, len(kinds))
	for i, k := range kinds {
		out[i] = string(k)
	}
	return strings.Join(out, ", ")
}

// tidy returns text as it may be stored: NFC, trimmed, line breaks as \n.
func tidy(s string, limit int, lines bool) (string, *fault.Error) {
	if !utf8.ValidString(s) {
		return "", fault.New(fault.Invalid, "field.text")
	}
	s = strings.TrimSpace(norm.NFC.String(strings.ReplaceAll(s, "\r\n", "\n")))
	for _, r := range s {
		if unicode.IsControl(r) && (!lines || r != '\n' && r != '\t') {
			return "", fault.New(fault.Invalid, "field.text")
		}
	}
	if utf8.RuneCountInString(s) > limit {
		return "", fault.New(fault.Invalid, "field.too_long", "max", limit)
	}
	return s, nil
}
