package offer

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/rule"
	"hastaluego/internal/source"
)

// Definition is one thing that the company has to propose, as its file declares
// it.
type Definition struct {
	Name    string
	Kind    Kind
	Title   map[string]string // for those who work here
	Fields  map[string]Value
	Effect  Effect
	Answer  int // days that there are to answer; then it lapses
	By      int // days within which we do it
	File    string
	Source  []byte
	words   map[string]phrases // what, changes, cost by language
	guard   *rule.Partial      // nil: none of its own
	guarded string             // the guard as it was written
	version string
}

// phrases are the words of an offer in one language, with their {placeholders}.
type phrases struct {
	what    string
	changes []string
	cost    string
}

// Value is the value of a field.
type Value struct {
	Type  FieldType
	Whole int64
	Money money.Amount
	Text  string
}

// Version is the name and the first 12 hex digits of the source's SHA-256.
func (d *Definition) Version() string { return d.version }

// Texts are all that a customer may read about the offer, by code and language, with
// their {placeholders}.
func (d *Definition) Texts() map[string]map[string]string {
	out := map[string]map[string]string{}
	put := func(code, lang, text string) {
		if out[code] == nil {
			out[code] = map[string]string{}
		}
		out[code][lang] = text
	}
	for lang, w := range d.words {
		put("what", lang, w.what)
		put("cost", lang, w.cost)
		for i, s := range w.changes {
			put("changes_"+strconv.Itoa(i+1), lang, s)
		}
	}
	return out
}

// Reworded is the offer with other sentences for what can be done, by language. What
// changes and what it costs are facts: they stay. It returns each placeholder that
// means nothing as a problem, with the language as its field.
func (d *Definition) Reworded(what map[string]string) (*Definition, fault.List) {
	known := slices.Clone(reserved[:2])
	if spec, _ := d.Kind.Spec(); spec.Price && d.Kind != Custom && d.Kind != Extension {
		known = slices.Clone(reserved)
	}
	spec, _ := d.Kind.Spec()
	for _, name := range slices.Sorted(maps.Keys(d.Fields)) {
		if !slices.ContainsFunc(spec.Fields, func(s FieldSpec) bool { return s.Name == name && s.Inner }) {
			known = append(known, name)
		}
	}
	var wrong fault.List
	out := *d
	out.words = maps.Clone(d.words)
	sum := sha256.New()
	sum.Write([]byte(d.version))
	for _, lang := range slices.Sorted(maps.Keys(what)) {
		for _, m := range placeholder.FindAllStringSubmatch(what[lang], -1) {
			if !slices.Contains(known, m[1]) {
				wrong = append(wrong, fault.New(fault.Invalid, "offer.placeholder", "name", m[1], "known", strings.Join(known, ", ")).On(lang))
			}
		}
		w := out.words[lang]
		w.what = what[lang]
		out.words[lang] = w
		fmt.Fprintf(sum, "\x00%s\x00%s", lang, what[lang])
	}
	out.version = d.Name + "@" + hex.EncodeToString(sum.Sum(nil))[:12]
	return &out, wrong
}

// Amounts are the sums that its fields name.
func (d *Definition) Amounts() (list []money.Amount) {
	for _, name := range slices.Sorted(maps.Keys(d.Fields)) {
		if f := d.Fields[name]; f.Type == MoneyField {
			list = append(list, f.Money)
		}
	}
	return list
}

// whole is a whole field; 0 where there is none.
func (d *Definition) whole(name string) int64 { return d.Fields[name].Whole }

// Spoken are the languages of customers, which all that they read must have;
// Staff are those of the people who work here.
var (
	Spoken = []string{"es", "en", "de", "fr"}
	Staff  = []string{"es", "en"}
)

// Longest is how many days there may be to answer, and Furthest within how many
// we may promise to do something.
const (
	Longest  = 60
	Furthest = longest
)

type definitionFile struct {
	Offer   string            `yaml:"offer"`
	Kind    Kind              `yaml:"kind"`
	Title   map[string]string `yaml:"title"`
	Declare map[string]string `yaml:"declare"`
	Fields  map[string]string `yaml:"fields"`
	Guard   string            `yaml:"guard"`
	Effect  *effectFile       `yaml:"effect"`
	Expires *daysFile         `yaml:"expires"`
	By      *daysFile         `yaml:"by"`
	Words   struct {
		What    map[string]string   `yaml:"what"`
		Changes map[string][]string `yaml:"changes"`
		Cost    map[string]string   `yaml:"cost"`
	} `yaml:"words"`
}

type effectFile struct {
	Apply  string `yaml:"apply"`
	Verify string `yaml:"verify"`
	Undo   string `yaml:"undo"`
	Expire string `yaml:"expire"`
}

type daysFile struct {
	D int `yaml:"d"`
}

var (
	ident       = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	placeholder = regexp.MustCompile(`\{([^{}]*)\}`)
)

// mostWords bounds one text of an offer.
const mostWords = 500

// reader collects what is wrong with a file.
type reader struct{ *source.File }

// Load reads and checks the file of an offer. Every problem is reported as a
// fault.List, each with its file:line:column as the argument "at" and as its
// field.
func Load(name string, src []byte) (*Definition, error) {
	var in definitionFile
	f, err := source.Read(name, src, &in)
	if err != nil {
		return nil, err
	}
	r := reader{f}
	if !ident.MatchString(in.Offer) {
		r.At("$.offer", "file.name", "value", in.Offer)
	}
	r.said("$.title", in.Title, Staff, Staff)
	sum := sha256.Sum256(src)
	d := &Definition{Name: in.Offer, Kind: in.Kind, Title: in.Title, File: name, Source: src, version: in.Offer + "@" + hex.EncodeToString(sum[:])[:12]}
	spec, known := in.Kind.Spec()
	if !known {
		r.At("$.kind", "file.not_one_of", "value", string(in.Kind), "known", listed(Kinds))
		return nil, r.Err()
	}
	specs := r.declared(spec, in.Declare)
	d.Fields = r.fields(specs, in.Fields)
	r.sense(d)
	d.Effect = r.effect(spec.Kind, in.Effect, d)
	d.Answer = r.days("$.expires", in.Expires, "offer.no_expiry", Longest)
	d.By = r.days("$.by", in.By, "offer.no_by", Furthest)
	if in.Guard != "" {
		d.guard, d.guarded = r.condition("$.guard", in.Guard), in.Guard
	}
	d.words = r.words(in, specs, spec.Price && spec.Kind != Custom)
	if err := r.Err(); err != nil {
		return nil, err
	}
	return d, nil
}

// said checks that a text is there in the languages, and in no other than those
// that are known.
func (r reader) said(at string, texts map[string]string, want, known []string) {
	for _, l := range want {
		if strings.TrimSpace(texts[l]) == "" {
			r.At(at, "file.language_missing", "language", l)
		}
	}
	// An unquoted comma in {es: …, en: …} makes a stray key: words would be lost.
	for _, l := range slices.Sorted(maps.Keys(texts)) {
		if !slices.Contains(known, l) {
			r.At(at, "file.not_one_of", "value", l, "known", strings.Join(known, ", "))
		}
		if len(texts[l]) > mostWords {
			r.At(at, "offer.wordy", "max", mostWords)
		}
	}
}

// declared are the fields of the kind, and those that the file declares beside.
func (r reader) declared(spec KindSpec, declare map[string]string) []FieldSpec {
	specs := slices.Clone(spec.Fields)
	if len(declare) > 0 && !spec.Open {
		r.At("$.declare", "offer.declare", "kind", string(spec.Kind))
		return specs
	}
	for _, name := range slices.Sorted(maps.Keys(declare)) {
		at := "$.declare." + name
		switch t := FieldType(declare[name]); {
		case !ident.MatchString(name):
			r.At("$.declare", "file.name", "value", name)
		case slices.Contains(reserved, name) || slices.ContainsFunc(specs, func(s FieldSpec) bool { return s.Name == name }):
			r.At(at, "file.twice", "value", name)
		case !slices.Contains(FieldTypes, t):
			r.At(at, "file.not_one_of", "value", declare[name], "known", listed(FieldTypes))
		default:
			specs = append(specs, FieldSpec{Name: name, Type: t, Max: mostWhole})
		}
	}
	return specs
}

// mostWhole bounds a whole number of a field that a file declares.
const mostWhole = 1_000_000

func (r reader) fields(specs []FieldSpec, in map[string]string) map[string]Value {
	out := map[string]Value{}
	for _, s := range specs {
		text, there := in[s.Name]
		at := "$.fields." + s.Name
		if text = strings.TrimSpace(text); text == "" {
			if there || !s.Optional {
				r.At(at, "offer.field_missing", "name", s.Name)
			}
			continue
		}
		v := Value{Type: s.Type}
		switch s.Type {
		case WholeField:
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil || n < 1 || n > s.Max {
				r.At(at, "offer.field_whole", "name", s.Name, "value", text, "max", s.Max)
			}
			v.Whole = n
		case MoneyField:
			sum, code, _ := strings.Cut(text, " ")
			amount, err := money.Parse(sum, strings.TrimSpace(code))
			if err != nil || amount.Minor < 0 {
				r.At(at, "offer.field_money", "name", s.Name, "value", text)
			}
			v.Money = amount
		case TextField:
			if len(s.Enum) > 0 && !slices.Contains(s.Enum, text) {
				r.At(at, "file.not_one_of", "value", text, "known", strings.Join(s.Enum, ", "))
			} else if len(text) > mostWords {
				r.At(at, "offer.wordy", "max", mostWords)
			}
			v.Text = text
		}
		out[s.Name] = v
	}
	for _, name := range slices.Sorted(maps.Keys(in)) {
		if !slices.ContainsFunc(specs, func(s FieldSpec) bool { return s.Name == name }) {
			names := make([]string, len(specs))
			for i, s := range specs {
				names[i] = s.Name
			}
			r.At("$.fields."+name, "file.not_one_of", "value", name, "known", cmp.Or(strings.Join(names, ", "), "–"))
		}
	}
	return out
}

// sense checks what fields say together.
func (r reader) sense(d *Definition) {
	if d.Kind != Discount {
		return
	}
	_, percent := d.Fields["percent"]
	off, sum := d.Fields["off"]
	if percent == sum {
		r.At("$.fields", "offer.percent_or_off")
	}
	if sum && off.Money.Minor == 0 {
		r.At("$.fields.off", "offer.field_money", "name", "off", "value", "0")
	}
}

func (r reader) effect(k Kind, in *effectFile, d *Definition) (e Effect) {
	if in == nil {
		r.At("$.effect", "offer.no_effect")
		return e
	}
	e = Effect{in.Apply, in.Verify, in.Undo, in.Expire}
	may := slices.DeleteFunc(slices.Clone(Effects), func(s EffectSpec) bool { return len(s.Kinds) > 0 && !slices.Contains(s.Kinds, k) })
	i := slices.IndexFunc(may, func(s EffectSpec) bool { return s.Apply == e.Apply })
	if i < 0 {
		ways := make([]string, len(may))
		for j, s := range may {
			ways[j] = s.Apply
		}
		r.At("$.effect.apply", "file.not_one_of", "value", e.Apply, "known", strings.Join(ways, ", "))
		return e
	}
	for _, part := range []struct {
		name, value string
		known       []string
	}{{"verify", e.Verify, may[i].Verify}, {"undo", e.Undo, may[i].Undo}, {"expire", e.Expire, may[i].Expire}} {
		if !slices.Contains(part.known, part.value) {
			r.At("$.effect."+part.name, "file.not_one_of", "value", part.value, "known", strings.Join(part.known, ", "))
		}
	}
	if _, named := d.Fields["coupon"]; e.Apply == ByCoupon && !named {
		r.At("$.fields", "offer.field_missing", "name", "coupon")
	}
	return e
}

// days reads how many days something takes, from 1.
func (r reader) days(at string, in *daysFile, missing string, most int) int {
	if in == nil {
		r.At(at, missing)
		return 0
	}
	if in.D < 1 || in.D > most {
		r.At(at+".d", "offer.days", "max", most)
	}
	return in.D
}

// condition compiles an expression over the declared facts.
func (r reader) condition(at, expr string) *rule.Partial {
	c, err := factEnv().Bounded(expr)
	var problems rule.Problems
	if err != nil && !errors.As(err, &problems) {
		problems = rule.Problems{{Line: 1, Column: 1, What: err.Error()}}
	}
	for _, p := range problems {
		r.Within(at, p.Line, p.Column, "offer.condition", "what", p.What, "known", strings.Join(FactNames(), ", "))
	}
	return c
}

// reserved are the placeholders that every offer has, and those that offers with
// a price have beside.
var reserved = []string{"until", "by", "now", "then"}

// words checks the words for customers and the placeholders in them.
func (r reader) words(in definitionFile, specs []FieldSpec, priced bool) map[string]phrases {
	known := slices.Clone(reserved[:2])
	if priced && in.Kind != Extension {
		known = slices.Clone(reserved)
	}
	for _, s := range specs {
		if _, there := in.Fields[s.Name]; there && !s.Inner {
			known = append(known, s.Name)
		}
	}
	check := func(at, text string) {
		for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
			if !slices.Contains(known, m[1]) {
				r.At(at, "offer.placeholder", "name", m[1], "known", strings.Join(known, ", "))
			}
		}
	}
	r.said("$.words.what", in.Words.What, Spoken, Spoken)
	r.said("$.words.cost", in.Words.Cost, Spoken, Spoken)
	out := map[string]phrases{}
	lines := -1
	for _, l := range Spoken {
		check("$.words.what."+l, in.Words.What[l])
		check("$.words.cost."+l, in.Words.Cost[l])
		list := in.Words.Changes[l]
		if len(list) == 0 || slices.ContainsFunc(list, func(s string) bool { return strings.TrimSpace(s) == "" }) {
			r.At("$.words.changes", "file.language_missing", "language", l)
		} else if lines < 0 {
			lines = len(list)
		} else if len(list) != lines {
			r.At("$.words.changes."+l, "offer.changes_differ", "language", l)
		}
		for i, s := range list {
			check(fmt.Sprintf("$.words.changes.%s[%d]", l, i), s)
			if len(s) > mostWords {
				r.At("$.words.changes."+l, "offer.wordy", "max", mostWords)
			}
		}
		out[l] = phrases{in.Words.What[l], list, in.Words.Cost[l]}
	}
	for _, l := range slices.Sorted(maps.Keys(in.Words.Changes)) {
		if !slices.Contains(Spoken, l) {
			r.At("$.words.changes", "file.not_one_of", "value", l, "known", strings.Join(Spoken, ", "))
		}
	}
	return out
}

func listed[T ~string](list []T) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return strings.Join(out, ", ")
}
