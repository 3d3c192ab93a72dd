// Package trial is an experiment as people write it: a file that says what each arm
// shows and to whom, before anybody sees it, and what of it is given in a situation.
// It is pure: what is counted of it is experiment's.
package trial

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"

	"hastaluego/internal/experiment"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/offer"
	"hastaluego/internal/reason"
	"hastaluego/internal/source"
)

// Place is where the arms differ. Two experiments of one place never run for the same
// customer.
type Place string

// The places.
const (
	AtOffer Place = "offer" // what is proposed, and how it is worded
	AtFlow  Place = "flow"  // the pages after the receipt
)

// Longest is for how many days at most anybody new is shown an arm.
const Longest = 730

// Arm is what one arm shows: an offer of the policy, if need be in other words, or an
// arm of the flow.
type Arm struct {
	ID    string
	Offer string            // its name
	Flow  string            // name of the arm of the flow
	Heard map[string]string // what we understood, by language; empty: as the policy says
	What  map[string]string // what we can do; empty: as the offer says
}

// Trial is the file of an experiment.
type Trial struct {
	Name       string
	Title      map[string]string // for those who work here
	Question   map[string]string // what is to be found out
	Place      Place
	Arms       []Arm
	Days       int                   // for which anybody new is shown an arm
	Definition experiment.Definition // Content of its arms is empty: see Menu
	File       string
	Source     []byte
	version    string
	read       *source.File
}

// Version is its name and the first 12 hex digits of the SHA-256 of its file.
func (t *Trial) Version() string { return t.version }

type file struct {
	Experiment string              `yaml:"experiment"`
	Title      map[string]string   `yaml:"title"`
	Question   map[string]string   `yaml:"question"`
	Currency   string              `yaml:"currency"`
	Expires    *struct{ D int }    `yaml:"expires"`
	Holdout    *float64            `yaml:"holdout"`
	Arms       []armFile           `yaml:"arms"`
	Audience   map[string][]string `yaml:"audience"`
	Primary    string              `yaml:"primary"`
	Against    string              `yaml:"against"`
	Baseline   *float64            `yaml:"baseline"`
	Effect     *float64            `yaml:"effect"`
	Spread     float64             `yaml:"spread"`
	Power      *float64            `yaml:"power"`
	Tolerance  map[string]*float64 `yaml:"tolerance"`
}

type armFile struct {
	ID    string   `yaml:"id"`
	Share *float64 `yaml:"share"`
	Offer string   `yaml:"offer"`
	Flow  string   `yaml:"flow"`
	Words struct {
		Heard map[string]string `yaml:"heard"`
		What  map[string]string `yaml:"what"`
	} `yaml:"words"`
}

var (
	ident = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	// known is which values of a fact can be told to be wrong.
	known = map[experiment.Fact]*regexp.Regexp{
		"market": regexp.MustCompile(`^[A-Z]{2}$`), "language": regexp.MustCompile(`^[a-z]{2}$`), "kind": regexp.MustCompile(`^(person|organisation)$`),
	}
	// late are the facts that nobody knows when the first page after the receipt is shown.
	late = []experiment.Fact{"reason", "family"}
)

// mostWords bounds one text.
const mostWords = 500

type reader struct{ *source.File }

// Load reads and checks the file of an experiment by itself. Every problem is reported
// as a fault.List, each with its file:line:column as the argument "at" and as its
// field.
func Load(name string, src []byte) (*Trial, error) {
	var in file
	f, err := source.Read(name, src, &in)
	if err != nil {
		return nil, err
	}
	r := reader{f}
	sum := sha256.Sum256(src)
	t := &Trial{
		Name: in.Experiment, Title: in.Title, Question: in.Question, File: name, Source: src, read: f,
		version: in.Experiment + "@" + hex.EncodeToString(sum[:])[:12],
	}
	if !ident.MatchString(t.Name) {
		r.At("$.experiment", "file.name", "value", t.Name)
	}
	r.said("$.title", in.Title, offer.Staff)
	r.said("$.question", in.Question, offer.Staff)
	switch {
	case in.Expires == nil:
		r.At("$", "experiment.no_expiry", "max", Longest)
	case in.Expires.D < 1 || in.Expires.D > Longest:
		r.At("$.expires.d", "offer.days", "max", Longest)
	default:
		t.Days = in.Expires.D
	}
	t.Definition = r.definition(in)
	t.Arms, t.Place = r.arms(in.Arms)
	r.audience(t, in.Audience)
	_, wrong := t.Definition.Plan()
	for _, e := range fault.Fields(wrong) {
		r.At("$."+e.Field, e.Code, e.Args...)
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return t, nil
}

// said checks that a text is there in the languages, and in no others.
func (r reader) said(at string, texts map[string]string, want []string) {
	for _, l := range want {
		if strings.TrimSpace(texts[l]) == "" {
			r.At(at, "file.language_missing", "language", l)
		}
	}
	for _, l := range slices.Sorted(maps.Keys(texts)) {
		if !slices.Contains(want, l) {
			r.At(at, "file.not_one_of", "value", l, "known", strings.Join(want, ", "))
		}
		if len(texts[l]) > mostWords {
			r.At(at, "offer.wordy", "max", mostWords)
		}
	}
}

// percent is a percentage in hundredths; what is no whole number of them, or not there,
// is none, which no check lets pass.
func percent(p *float64) int {
	if p == nil || !(*p >= 0 && *p <= 100) {
		return -1
	}
	n := math.Round(*p * 100)
	if math.Abs(n-*p*100) > 1e-6 {
		return -1
	}
	return int(n)
}

// definition is what is counted, in the units of package experiment: shares are
// written in percent and money in whole units of its currency.
func (r reader) definition(in file) experiment.Definition {
	d := experiment.Definition{
		Currency: in.Currency, Holdout: percent(in.Holdout), Primary: experiment.Metric(in.Primary), Against: in.Against, Tolerance: map[experiment.Metric]float64{},
	}
	for _, a := range in.Arms {
		d.Arms = append(d.Arms, experiment.Arm{ID: a.ID, Share: percent(a.Share)})
	}
	unit := unitOf(d.Primary, in.Currency)
	of := func(x *float64, by float64) float64 {
		if x == nil {
			return math.NaN()
		}
		return *x / by
	}
	d.Baseline, d.Effect, d.Spread, d.Power = of(in.Baseline, unit), of(in.Effect, unit), in.Spread/unit, of(in.Power, 100)
	for _, name := range slices.Sorted(maps.Keys(in.Tolerance)) {
		d.Tolerance[experiment.Metric(name)] = of(in.Tolerance[name], unitOf(experiment.Metric(name), in.Currency))
	}
	return d
}

// unitOf is by how much a number that people write of a metric is divided.
func unitOf(m experiment.Metric, currency string) float64 {
	switch m {
	case experiment.ExitTime:
		return 1
	case experiment.Retained:
		digits, err := money.Digits(currency)
		if err != nil {
			return 1
		}
		return math.Pow10(-digits)
	}
	return 100
}

// arms are what the arms show; all differ in the same place.
func (r reader) arms(in []armFile) (out []Arm, place Place) {
	for i, a := range in {
		at := fmt.Sprintf("$.arms[%d]", i)
		arm := Arm{ID: a.ID, Offer: a.Offer, Flow: a.Flow, Heard: a.Words.Heard, What: a.Words.What}
		if a.ID != "" && !ident.MatchString(a.ID) {
			r.At(at+".id", "file.name", "value", a.ID)
		}
		here := AtOffer
		if a.Flow != "" {
			here = AtFlow
		}
		switch {
		case (a.Offer == "") == (a.Flow == ""):
			r.At(at, "experiment.shows_one")
		case place != "" && here != place:
			r.At(at, "experiment.one_place")
		case here == AtFlow && len(arm.Heard)+len(arm.What) > 0:
			r.At(at+".words", "experiment.flow_words")
		}
		place = here
		for field, words := range map[string]map[string]string{"heard": arm.Heard, "what": arm.What} {
			if len(words) > 0 {
				r.said(at+".words."+field, words, offer.Spoken)
			}
		}
		for j, o := range out {
			if o.shows() == arm.shows() {
				r.At(at, "experiment.same_arms", "arm", a.ID, "other", out[j].ID)
			}
		}
		out = append(out, arm)
	}
	return out, place
}

// shows is everything that tells an arm from another.
func (a Arm) shows() string {
	s := a.Offer + "\x00" + a.Flow
	for _, words := range []map[string]string{a.Heard, a.What} {
		for _, l := range slices.Sorted(maps.Keys(words)) {
			s += "\x00" + l + "\x00" + words[l]
		}
		s += "\x01"
	}
	return s
}

func (r reader) audience(t *Trial, of map[string][]string) {
	for _, name := range slices.Sorted(maps.Keys(of)) {
		fact, at := experiment.Fact(name), "$.audience."+name
		t.Definition.Audience = append(t.Definition.Audience, experiment.Condition{Fact: fact, In: of[name]})
		if t.Place == AtFlow && slices.Contains(late, fact) {
			r.At(at, "experiment.too_late", "fact", name)
		}
		for i, v := range of[name] {
			where := fmt.Sprintf("%s[%d]", at, i)
			if form := known[fact]; form != nil && !form.MatchString(v) {
				r.At(where, "experiment.value", "value", v, "fact", name)
			}
			if slices.Contains(late, fact) {
				if _, ok := reason.Builtin().Find(v); !ok {
					r.At(where, "offer.no_reason", "value", v)
				}
			}
		}
	}
}

// Overlaps reports whether somebody could be in both: they differ in the same place,
// and no fact tells their audiences apart.
func (t *Trial) Overlaps(o *Trial) bool {
	if t.Place != o.Place {
		return false
	}
	for _, a := range t.Definition.Audience {
		for _, b := range o.Definition.Audience {
			if a.Fact == b.Fact && a.Fact != "segment" && !slices.ContainsFunc(a.In, func(v string) bool { return slices.Contains(b.In, v) }) {
				return false // of segments somebody can have several
			}
		}
	}
	return true
}

// At is a problem in the file that follows from what it is checked against.
func (t *Trial) At(path, code string, args ...any) *fault.Error {
	where, _, _ := t.read.Where(path)
	return fault.New(fault.Invalid, code, append([]any{"at", where}, args...)...).On(where)
}
