package jurisdiction

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"hastaluego/internal/rule"
	"hastaluego/internal/source"
	"hastaluego/internal/when"
)

// packFile is how a pack is written.
type packFile struct {
	Pack       string            `yaml:"pack"`
	Version    string            `yaml:"version"`
	Extends    []string          `yaml:"extends"`
	Names      map[string]string `yaml:"locale_names"`
	ReviewedOn string            `yaml:"reviewed_on"`
	ReviewBy   string            `yaml:"review_by"`
	Calendar   string            `yaml:"calendar"`
	Covers     Covers            `yaml:"covers"`
	Rules      []ruleFile        `yaml:"rules"`
}

type ruleFile struct {
	ID       string `yaml:"id"`
	Param    string `yaml:"param"`
	Op       string `yaml:"op"`
	Value    any    `yaml:"value"`
	When     any    `yaml:"when"` // an expression, or several that all have to hold
	Severity string `yaml:"severity"`
	Status   string `yaml:"status"`
	InForce  struct {
		From        string `yaml:"from"`
		EnforceFrom string `yaml:"enforce_from"`
		Until       string `yaml:"until"`
	} `yaml:"in_force"`
	Confidence string            `yaml:"confidence"`
	Source     string            `yaml:"source"`
	Cite       Cite              `yaml:"cite"`
	Penalty    *Penalty          `yaml:"penalty"`
	Message    map[string]string `yaml:"message"`
	Overrides  []string          `yaml:"overrides"`
	ForcedBy   []string          `yaml:"forced_by"`
}

// languages that every message is written in.
var languages = []string{"es", "en"}

var (
	packForm    = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	versionForm = regexp.MustCompile(`^20\d\d\.\d\d\.\d\d(\.\d+)?$`)
	idForm      = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+$`)
	placeForm   = regexp.MustCompile(`^[A-Z]{2}(-[A-Z0-9]{1,3})?$`)
	calendarFor = regexp.MustCompile(`^[A-Z]{2}(-[A-Z0-9]{1,3})?$`)
)

// reader reads packs; conditions that stand in many rules are compiled once.
type reader struct {
	digested   map[string]*digest // by the SHA-256 of their text: these need not be parsed
	conditions map[string]condition
	lines      []string // of the file that is read
}

// pack reads one file. The pack is nil where nothing could be read.
func (x *reader) pack(f File) (*Pack, *source.File) {
	var in packFile
	var at *source.File
	hash := hashOf(f.Source)
	known := x.digested[hash]
	if known != nil {
		in, at = known.Pack, source.Unplaced(f.Name)
	} else {
		var err error
		if at, err = source.Decode(f.Name, f.Source, &in); err != nil {
			return nil, at
		}
		x.lines = strings.Split(string(f.Source), "\n")
	}
	p := &Pack{ID: in.Pack, Version: in.Version, Extends: in.Extends, Names: in.Names, Calendar: in.Calendar, Covers: in.Covers, Digest: hash, source: f.Source}
	c := &checker{File: at, pack: p, reader: x, known: known}
	if !packForm.MatchString(in.Pack) || idOf(f.Name) != in.Pack {
		c.At("$.pack", "law.pack_name", "pack", in.Pack, "file", idOf(f.Name))
	}
	if !versionForm.MatchString(in.Version) {
		c.At("$.version", "law.version", "value", in.Version)
	}
	c.words("$.locale_names", in.Names)
	p.ReviewedOn = c.date("$.reviewed_on", in.ReviewedOn, true)
	p.ReviewBy = c.date("$.review_by", in.ReviewBy, true)
	if !p.ReviewBy.IsZero() && p.ReviewBy.Before(p.ReviewedOn) {
		c.At("$.review_by", "law.dates", "first", p.ReviewedOn, "second", p.ReviewBy)
	}
	line, col := c.reviewBy()
	p.reviewAt = fmt.Sprintf("%s:%d:%d", f.Name, line, col)
	if in.Calendar != "" && !calendarFor.MatchString(in.Calendar) {
		c.At("$.calendar", "law.place", "value", in.Calendar)
	}
	for _, list := range []struct {
		at string
		of []string
	}{{"residence", in.Covers.Residence}, {"seller", in.Covers.Seller}} {
		for i, place := range list.of {
			if !placeForm.MatchString(place) {
				c.At(fmt.Sprintf("$.covers.%s[%d]", list.at, i), "law.place", "value", place)
			}
		}
	}
	if len(in.Rules) == 0 {
		c.At("$.rules", "law.no_rules")
	}
	for i, r := range in.Rules {
		p.Rules = append(p.Rules, c.rule(i, r))
	}
	return p, at
}

// hashOf is the SHA-256 of a text, hexadecimal.
func hashOf(src []byte) string {
	sum := sha256.Sum256(src)
	return hex.EncodeToString(sum[:])
}

type checker struct {
	*source.File
	pack   *Pack
	reader *reader
	known  *digest // of the file; nil: its text is parsed
}

// reviewBy is where the day of the next review stands.
func (c *checker) reviewBy() (line, col int) {
	if c.known != nil {
		return c.known.ReviewBy[0], c.known.ReviewBy[1]
	}
	return c.Inside("$.review_by")
}

// line is the one of the id of a rule.
func (c *checker) line(rule int) int {
	if c.known != nil {
		return c.known.Lines[rule]
	}
	line, _ := c.Inside(fmt.Sprintf("$.rules[%d].id", rule))
	return line
}

func (c *checker) rule(i int, in ruleFile) *Rule {
	at := fmt.Sprintf("$.rules[%d]", i)
	r := &Rule{
		ID: in.ID, Pack: c.pack, When: c.when(at+".when", in.When), Severity: Severity(in.Severity), Status: Status(in.Status), Confidence: Confidence(in.Confidence),
		Source: in.Source, Cite: in.Cite, Penalty: in.Penalty, Message: in.Message, Overrides: in.Overrides, ForcedBy: in.ForcedBy, Line: c.line(i),
	}
	if !idForm.MatchString(in.ID) {
		c.At(at+".id", "law.id", "id", in.ID)
	}
	if r.Status == "" {
		r.Status = InForce
	}
	c.one(at+".severity", in.Severity, severities)
	c.one(at+".status", string(r.Status), statuses)
	c.one(at+".confidence", in.Confidence, confidences)
	c.one(at+".source", in.Source, sources)
	if r.Confidence == Low && r.Severity == Block {
		c.At(at+".severity", "law.low_block")
	}
	c.inForce(at+".in_force", in, r)
	if strings.TrimSpace(in.Cite.Ref) == "" {
		c.At(at+".cite", "law.cite", "id", in.ID)
	}
	if in.Cite.URL != "" && !strings.HasPrefix(in.Cite.URL, "https://") {
		c.At(at+".cite.url", "law.url", "value", in.Cite.URL)
	}
	if n := in.Cite.Note; n != nil && (n["es"] == "" || n["en"] == "") {
		c.At(at+".cite.note", "law.note")
	}
	if n := in.Penalty; n != nil && n.Note != nil && (n.Note["es"] == "" || n.Note["en"] == "") {
		c.At(at+".penalty.note", "law.note")
	}
	if n := in.Penalty; n != nil && (n.Ref == "" || n.Min < 0 || n.Max < n.Min && n.Max != 0 || n.Max > 0 && len(n.Currency) != 3) {
		c.At(at+".penalty", "law.penalty")
	}
	c.words(at+".message", in.Message)
	c.condition(at+".when", r)
	if r.Param = ParamNamed(in.Param); r.Param == nil {
		c.At(at+".param", "law.param_unknown", "param", in.Param, "known", likely(in.Param))
		return r
	}
	if r.Op = in.Op; in.Op != r.Param.Op() {
		c.At(at+".op", "law.op", "op", in.Op, "param", in.Param, "known", r.Param.Op())
	}
	r.Value = c.value(at+".value", r.Param, in.Value)
	return r
}

func (c *checker) inForce(at string, in ruleFile, r *Rule) {
	r.From = c.date(at+".from", in.InForce.From, r.Status == InForce || r.Status == Repealed)
	r.EnforceFrom = c.date(at+".enforce_from", in.InForce.EnforceFrom, false)
	r.Until = c.date(at+".until", in.InForce.Until, r.Status == Repealed)
	for _, later := range []struct {
		at string
		d  when.Date
	}{{".enforce_from", r.EnforceFrom}, {".until", r.Until}} {
		if !later.d.IsZero() && later.d.Before(r.From) {
			c.At(at+later.at, "law.dates", "first", r.From, "second", later.d)
		}
	}
}

// when is the condition of a rule as one expression.
func (c *checker) when(at string, in any) string {
	switch x := in.(type) {
	case nil:
		return ""
	case string:
		return strings.TrimSpace(x)
	case []any:
		var all []string
		for i, one := range x {
			s, ok := one.(string)
			if s = strings.TrimSpace(s); !ok || s == "" {
				c.At(fmt.Sprintf("%s[%d]", at, i), "law.when_list")
				return ""
			}
			all = append(all, "("+s+")")
		}
		if len(all) > 0 {
			return strings.Join(all, " && ")
		}
	}
	c.At(at, "law.when_list")
	return ""
}

// condition keeps what compiles the condition of a rule. What is digested was
// compiled before: it is compiled again only when somebody asks it.
func (c *checker) condition(at string, r *Rule) {
	if r.When == "" {
		return
	}
	got, ok := c.reader.conditions[r.When]
	if !ok {
		got = sync.OnceValues(func() (*rule.Partial, error) { return environment().Partial(r.When) })
		c.reader.conditions[r.When] = got
	}
	r.condition = got
	if c.known != nil {
		return
	}
	if _, err := got(); err != nil {
		var problems rule.Problems
		if !errors.As(err, &problems) {
			problems = rule.Problems{{Line: 1, Column: 1, What: err.Error()}}
		}
		c.expression(at, r.When, problems)
	}
}

// expression reports what is wrong with a condition: within it where it stands
// on the line of its key, and at its key where it is a block, or named before.
func (c *checker) expression(at, expr string, problems rule.Problems) {
	line, col := c.Inside(at)
	here := line <= len(c.reader.lines) && col <= len(c.reader.lines[line-1]) && strings.HasPrefix(c.reader.lines[line-1][col-1:], expr)
	for _, p := range problems {
		if here {
			c.Place(line, col+p.Column-1, "law.when", "what", p.What)
			continue
		}
		c.At(at, "law.when", "what", p.What)
	}
}

func (c *checker) date(at, s string, needed bool) when.Date {
	if s == "" {
		if needed {
			c.At(at, "law.date", "value", s)
		}
		return when.Date{}
	}
	d, err := when.ParseDate(s)
	if err != nil {
		c.At(at, "law.date", "value", s)
	}
	return d
}

func (c *checker) one(at, s string, known []string) bool {
	if slices.Contains(known, s) {
		return true
	}
	c.At(at, "law.word", "value", s, "known", strings.Join(known, ", "))
	return false
}

func (c *checker) words(at string, in map[string]string) {
	for _, l := range languages {
		if strings.TrimSpace(in[l]) == "" {
			c.At(at, "law.words", "lang", l)
		}
	}
	for _, l := range slices.Sorted(maps.Keys(in)) {
		if !slices.Contains(languages, l) {
			c.At(at, "law.language", "lang", l, "known", strings.Join(languages, ", "))
		}
	}
}

// likely are the parameters that somebody may have meant, the nearest first, and
// no others: those that differ by few letters, or else those of the same area,
// or else those whose area is written nearly so.
func likely(name string) string {
	const most = 5
	area, last, _ := strings.Cut(name, ".")
	type near struct {
		name string
		far  int
	}
	var list []near
	for _, p := range vocabulary {
		list = append(list, near{p.Name, apart(name, p.Name)})
	}
	slices.SortStableFunc(list, func(a, b near) int { return cmp.Compare(a.far, b.far) })
	var names []string
	for _, n := range list { // begun, and not written to its end
		if strings.HasPrefix(n.name, name) && len(names) < most {
			names = append(names, n.name)
		}
	}
	if len(names) > 0 {
		return strings.Join(names, ", ")
	}
	for _, n := range list {
		if n.far <= max(2, len(name)/5) && len(names) < most {
			names = append(names, n.name)
		}
	}
	if len(names) > 0 {
		return strings.Join(names, ", ")
	}
	for _, n := range list {
		mine, rest, _ := strings.Cut(n.name, ".")
		if len(names) < most && (apart(area, mine) <= len(area)/5 || last != "" && rest == last) {
			names = append(names, n.name)
		}
	}
	if len(names) == 0 {
		names = append(names, list[0].name)
	}
	return strings.Join(names, ", ")
}

// apart is how many letters must be put in, taken out or changed to make one
// word of another.
func apart(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			before, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, before+cost)
		}
	}
	return row[len(b)]
}
