// Package form is the guided forms of a departure: evaluations, meetings,
// decisions, surveys. A form is a YAML file with its words; what is answered is
// checked data, not prose. The package stores nothing, draws nothing and does
// not know who answers.
package form

import (
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/when"
)

// Kind is how a field is answered.
type Kind string

// The kinds of field.
const (
	Line   Kind = "line"   // one line of text
	Text   Kind = "text"   // several lines
	List   Kind = "list"   // one entry per line
	Choice Kind = "choice" // one of Choices
	Many   Kind = "many"   // any of Choices, separated by commas
	Scale  Kind = "scale"  // a whole number from Min to Max
	Number Kind = "number" // a whole number, not negative
	Date   Kind = "date"   // a civil date, 2026-12-31
	YesNo  Kind = "yes_no" // yes or no
	Money  Kind = "money"  // an amount with its currency, 120.00 EUR
)

// Option is one answer that a field offers.
type Option struct {
	Value string
	Label map[string]string
}

// Field is one question.
type Field struct {
	ID       string
	Kind     Kind
	Label    map[string]string
	Hint     map[string]string
	Choices  []Option
	Required bool
	Min, Max int    // of a scale
	Prefill  string // name of the fact that fills it in before a person looks
	// When says that the field matters only if another was answered so; elsewhere
	// it may stay empty even if it is required.
	WhenField string
	WhenIs    []string
}

// Form is a checked form.
type Form struct {
	Name    string
	Title   map[string]string
	Intro   map[string]string // said before the first question; may be empty
	Fields  []Field
	version string
}

// Version is the name and the first 12 hex digits of the source's SHA-256.
func (f *Form) Version() string { return f.version }

// Field returns the field with the id.
func (f *Form) Field(id string) (Field, bool) {
	i := slices.IndexFunc(f.Fields, func(x Field) bool { return x.ID == id })
	if i < 0 {
		return Field{}, false
	}
	return f.Fields[i], true
}

// Say returns what the field's answer says in the language: the label of a
// choice, or the answer as it is.
func (x Field) Say(lang, answer string) string {
	if x.Kind != Choice && x.Kind != Many {
		return answer
	}
	values := strings.Split(answer, ",")
	for i, v := range values {
		for _, c := range x.Choices {
			if c.Value == v {
				values[i] = cmp.Or(c.Label[lang], c.Label["en"])
			}
		}
	}
	return strings.Join(values, ", ")
}

// Answers are what was answered, by field.
type Answers map[string]string

// longest answers, in characters.
const (
	lineMost = 300
	textMost = 8000
)

// matters reports whether the field is to be answered, given the others.
func (x Field) matters(a Answers) bool {
	return x.WhenField == "" || slices.Contains(x.WhenIs, a[x.WhenField])
}

// Clean checks answers and returns them as they may be stored: known fields
// only, tidy, in the right form. With done, required fields must be there.
// What is wrong is a fault.List by field.
func (f *Form) Clean(in Answers, done bool) (Answers, error) {
	out := Answers{}
	var wrong fault.List
	for name := range in {
		if _, ok := f.Field(name); !ok {
			wrong = append(wrong, fault.New(fault.Invalid, "form.unknown_field", "field", name).On(name))
		}
	}
	for _, x := range f.Fields {
		v, err := x.clean(in[x.ID])
		if err != nil {
			wrong = append(wrong, err.On(x.ID))
			continue
		}
		if v != "" {
			out[x.ID] = v
		}
	}
	for _, x := range f.Fields {
		switch {
		case !x.matters(out):
			delete(out, x.ID)
		case done && x.Required && out[x.ID] == "" && !slices.ContainsFunc(wrong, func(e *fault.Error) bool { return e.Field == x.ID }):
			wrong = append(wrong, fault.New(fault.Invalid, "field.required").On(x.ID))
		}
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	return out, nil
}

func (x Field) clean(v string) (string, *fault.Error) {
	invalid := fault.New(fault.Invalid, "field.invalid")
	limit := lineMost
	if x.Kind == Text || x.Kind == List {
		limit = textMost
	}
	v, err := tidy(v, limit, x.Kind == Text || x.Kind == List)
	if err != nil || v == "" {
		return "", err
	}
	switch x.Kind {
	case Choice:
		if !x.offers(v) {
			return "", fault.New(fault.Invalid, "field.choice")
		}
	case Many:
		var picked []string
		for _, c := range x.Choices { // in the order of the form, each once
			if slices.Contains(strings.Split(v, ","), c.Value) {
				picked = append(picked, c.Value)
			}
		}
		for _, one := range strings.Split(v, ",") {
			if !x.offers(one) {
				return "", fault.New(fault.Invalid, "field.choice")
			}
		}
		v = strings.Join(picked, ",")
	case Scale, Number:
		n, e := strconv.Atoi(v)
		if e != nil || n < x.Min || x.Kind == Scale && n > x.Max || n > 1_000_000_000 {
			if x.Kind == Scale {
				return "", fault.New(fault.Invalid, "form.scale", "min", x.Min, "max", x.Max)
			}
			return "", fault.New(fault.Invalid, "form.number")
		}
		v = strconv.Itoa(n)
	case Date:
		if _, e := when.ParseDate(v); e != nil {
			return "", fault.New(fault.Invalid, "form.date")
		}
	case Money:
		a, ok := Amount(v)
		if !ok || a.Minor < 0 {
			return "", fault.New(fault.Invalid, "form.money")
		}
		v = a.String()
	case YesNo:
		if v != "yes" && v != "no" {
			return "", fault.New(fault.Invalid, "field.choice")
		}
	case List:
		lines := strings.Split(v, "\n")
		for i := range lines {
			lines[i] = strings.TrimSpace(lines[i])
		}
		v = strings.Join(slices.DeleteFunc(lines, func(s string) bool { return s == "" }), "\n")
	case Line, Text:
	default:
		return "", invalid
	}
	return v, nil
}

// Amount reads an answer that is an amount, with a point or a comma before its
// decimals.
func Amount(v string) (a money.Amount, ok bool) {
	decimal, code, _ := strings.Cut(strings.TrimSpace(v), " ")
	a, err := money.Parse(strings.Replace(decimal, ",", ".", 1), strings.ToUpper(strings.TrimSpace(code)))
	return a, err == nil
}

func (x Field) offers(v string) bool {
	return slices.ContainsFunc(x.Choices, func(c Option) bool { return c.Value == v })
}

//go:embed builtin/*.yaml
var builtin embed.FS

// Builtin returns the forms that come with the program, by name.
var Builtin = sync.OnceValue(func() map[string]*Form {
	out := map[string]*Form{}
	entries, err := builtin.ReadDir("builtin")
	if err != nil {
		panic(err) // the program was built without them
	}
	for _, e := range entries {
		src, err := builtin.ReadFile("builtin/" + e.Name())
		if err != nil {
			panic(err)
		}
		f, err := Load(e.Name(), src)
		if err != nil {
			panic(err) // a test loads each of them
		}
		if f.Name != strings.TrimSuffix(e.Name(), path.Ext(e.Name())) {
			panic("form " + e.Name() + " is called " + f.Name)
		}
		out[f.Name] = f
	}
	return out
})

func versionOf(name string, src []byte) string {
	sum := sha256.Sum256(src)
	return name + "@" + hex.EncodeToString(sum[:])[:12]
}
