package offer

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"hastaluego/internal/reason"
	"hastaluego/internal/rule"
	"hastaluego/internal/source"
)

// Policy says what is proposed in which situation.
type Policy struct {
	Name    string
	Ranked  bool // the line with the highest rank decides; else the first
	AtOnce  bool // whoever asks is answered at once; else a person looks first
	Lines   []Line
	Library []*Definition // everything that there is to propose, by name
	File    string
	Source  []byte
	margins []margin
	limits  limits
	version string
}

// Line is one line of a policy.
type Line struct {
	ID     string
	Rank   int
	Offers []*Definition     // in order: the first that the guards let through is proposed
	Heard  map[string]string // what we understood, for the customer
	Why    map[string]string // one sentence, for those who work here and for the customer
	reason []string
	family []string // of each reason
	within []string // segments
	value  []string
	when   *rule.Partial
	cond   string
}

// Version is the name and the first 12 hex digits of the SHA-256 of the policy
// and of every offer that it may propose.
func (p *Policy) Version() string { return p.version }

// Limits that no file loosens: what gives something is accepted again only after
// so many days, and only so many times in the life of a customer.
const (
	LeastCooldown = 180
	MostInLife    = 3
)

type limits struct{ cooldown, lifetime int }

// margin is what is left of a price without tax after the cost of serving.
type margin struct {
	product, plan string
	percent       int64
}

type policyFile struct {
	Policy  string       `yaml:"policy"`
	Choose  string       `yaml:"choose"`
	Answers string       `yaml:"answers"`
	Limits  *limitsFile  `yaml:"limits"`
	Margin  []marginFile `yaml:"margin"`
	Lines   []lineFile   `yaml:"lines"`
}

type limitsFile struct {
	Cooldown *daysFile `yaml:"cooldown"`
	Lifetime *int      `yaml:"lifetime"`
}

type marginFile struct {
	Product string `yaml:"product"`
	Plan    string `yaml:"plan"`
	Percent *int64 `yaml:"percent"`
}

type lineFile struct {
	ID      string            `yaml:"id"`
	Rank    int               `yaml:"rank"`
	Reason  []string          `yaml:"reason"`
	Segment []string          `yaml:"segment"`
	Value   []string          `yaml:"value"`
	When    string            `yaml:"when"`
	Offers  []string          `yaml:"offers"`
	Heard   map[string]string `yaml:"heard"`
	Why     map[string]string `yaml:"why"`
}

// How the words of a policy choose and answer.
const (
	chooseFirst    = "first"
	chooseRanked   = "ranked"
	answersPerson  = "person"
	answersAtOnce  = "at_once"
	longestPolicy  = 200 // lines
	furthestMargin = 100
)

// LoadPolicy reads and checks a policy over the offers that there are and the
// reasons that are known. Every problem is reported as a fault.List, each with
// its file:line:column as the argument "at" and as its field.
func LoadPolicy(name string, src []byte, offers []*Definition, known *reason.Taxonomy) (*Policy, error) {
	var in policyFile
	f, err := source.Read(name, src, &in)
	if err != nil {
		return nil, err
	}
	r := reader{f}
	p := &Policy{Name: in.Policy, Ranked: in.Choose == chooseRanked, AtOnce: in.Answers == answersAtOnce, File: name, Source: src, Library: offers}
	if !ident.MatchString(in.Policy) {
		r.At("$.policy", "file.name", "value", in.Policy)
	}
	r.oneOf("$.choose", in.Choose, chooseFirst, chooseRanked)
	r.oneOf("$.answers", in.Answers, answersPerson, answersAtOnce)
	p.limits = r.limits(in.Limits)
	p.margins = r.margins(in.Margin)
	if len(in.Lines) == 0 {
		r.At("$.lines", "file.empty_list")
	} else if len(in.Lines) > longestPolicy {
		r.At("$.lines", "offer.many_lines", "max", longestPolicy)
		return nil, r.Err()
	}
	for i, x := range in.Lines {
		at := fmt.Sprintf("$.lines[%d]", i)
		if slices.ContainsFunc(p.Lines, func(l Line) bool { return l.ID == x.ID }) {
			r.At(at+".id", "file.twice", "value", x.ID)
		}
		if x.Rank != 0 && !p.Ranked {
			r.At(at+".rank", "offer.rank")
		}
		p.Lines = append(p.Lines, r.line(at, x, offers, known))
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	sum := sha256.New()
	sum.Write(src)
	for _, d := range p.Offers() { // one that no line names changes no decision
		fmt.Fprintln(sum, d.Version())
	}
	p.version = in.Policy + "@" + hex.EncodeToString(sum.Sum(nil))[:12]
	return p, nil
}

// Files are the files of everything that there is to propose.
func (p *Policy) Files() []File {
	list := make([]File, len(p.Library))
	for i, d := range p.Library {
		list[i] = File{d.File, d.Source}
	}
	return list
}

// Offers are those that some line may propose, each once.
func (p *Policy) Offers() (list []*Definition) {
	for _, l := range p.Lines {
		for _, d := range l.Offers {
			if !slices.Contains(list, d) {
				list = append(list, d)
			}
		}
	}
	return list
}

func (r reader) oneOf(at, value string, known ...string) {
	if !slices.Contains(known, value) {
		r.At(at, "file.not_one_of", "value", value, "known", strings.Join(known, ", "))
	}
}

// limits reads the limits; they may only be stricter than ours.
func (r reader) limits(in *limitsFile) limits {
	l := limits{LeastCooldown, MostInLife}
	if in == nil {
		return l
	}
	if in.Cooldown != nil {
		if l.cooldown = in.Cooldown.D; l.cooldown < LeastCooldown {
			r.At("$.limits.cooldown.d", "offer.cooldown", "least", LeastCooldown)
		}
	}
	if in.Lifetime != nil {
		if l.lifetime = *in.Lifetime; l.lifetime < 0 || l.lifetime > MostInLife {
			r.At("$.limits.lifetime", "offer.lifetime", "most", MostInLife)
		}
	}
	return l
}

func (r reader) margins(in []marginFile) (out []margin) {
	for i, m := range in {
		at := fmt.Sprintf("$.margin[%d]", i)
		if m.Percent == nil || *m.Percent > furthestMargin || *m.Percent < -furthestMargin {
			r.At(at+".percent", "offer.margin_percent")
			continue
		}
		out = append(out, margin{m.Product, m.Plan, *m.Percent})
	}
	return out
}

var segmentForm = regexp.MustCompile(`^\S(.{0,78}\S)?$`)

func (r reader) line(at string, x lineFile, offers []*Definition, known *reason.Taxonomy) Line {
	l := Line{ID: x.ID, Rank: x.Rank, Heard: x.Heard, Why: x.Why, reason: x.Reason, within: x.Segment, value: x.Value}
	if !ident.MatchString(x.ID) {
		r.At(at+".id", "file.name", "value", x.ID)
	}
	for j, code := range x.Reason {
		found, ok := known.Find(code)
		if !ok {
			r.At(fmt.Sprintf("%s.reason[%d]", at, j), "offer.no_reason", "value", code)
		}
		l.family = append(l.family, found.Family)
	}
	for j, s := range x.Segment {
		if !segmentForm.MatchString(s) {
			r.At(fmt.Sprintf("%s.segment[%d]", at, j), "offer.no_segment", "value", s)
		}
	}
	for j, b := range x.Value {
		r.oneOf(fmt.Sprintf("%s.value[%d]", at, j), b, Bands...)
	}
	if x.When != "" {
		l.when, l.cond = r.condition(at+".when", x.When), x.When
	}
	for j, name := range x.Offers {
		where := fmt.Sprintf("%s.offers[%d]", at, j)
		i := slices.IndexFunc(offers, func(d *Definition) bool { return d.Name == name })
		switch {
		case i < 0:
			r.At(where, "file.not_one_of", "value", name, "known", namesOf(offers))
		case slices.Contains(l.Offers, offers[i]):
			r.At(where, "file.twice", "value", name)
		default:
			l.Offers = append(l.Offers, offers[i])
		}
	}
	r.said(at+".why", x.Why, Spoken, Spoken)
	if len(x.Offers) > 0 { // where nothing is proposed there is no page that says what we heard
		r.said(at+".heard", x.Heard, Spoken, Spoken)
	} else if len(x.Heard) > 0 {
		r.At(at+".heard", "offer.heard_nothing")
	}
	for field, words := range map[string]map[string]string{"heard": x.Heard, "why": x.Why} {
		for _, lang := range slices.Sorted(maps.Keys(words)) {
			if m := placeholder.FindStringSubmatch(words[lang]); m != nil {
				r.At(at+"."+field+"."+lang, "offer.placeholder", "name", m[1], "known", "–")
			}
		}
	}
	return l
}

func namesOf(offers []*Definition) string {
	names := make([]string, len(offers))
	for i, d := range offers {
		names[i] = d.Name
	}
	return strings.Join(names, ", ")
}
