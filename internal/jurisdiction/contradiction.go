package jurisdiction

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

// Contradictions are rules of one pack, or of it and what it extends, that cannot
// both be obeyed and both hold for somebody: each with its place, that of the other,
// and facts for which they clash. What stands in the place of the other is none.
func (l *Library) Contradictions() (found fault.List, err error) {
	for _, p := range l.packs {
		for i, r := range p.Rules {
			for _, o := range l.along[p] {
				for _, other := range o.Rules[:bound(o == p, i, len(o.Rules))] {
					facts, err := l.contradict(p, r, other)
					if err != nil {
						return found, err
					}
					if facts != nil {
						found = append(found, contradiction(r, other, facts))
					}
				}
			}
		}
	}
	return found, nil
}

// bound leaves out of a pack what stands behind its own rule.
func bound(own bool, i, n int) int {
	if own {
		return i
	}
	return n
}

func contradiction(r, other *Rule, facts Facts) *fault.Error {
	var known []string
	for _, f := range FactList() {
		if v, ok := facts[f.Name]; ok {
			known = append(known, fmt.Sprintf("%s=%v", f.Name, v))
		}
	}
	code := "law.contradiction"
	if len(known) == 0 {
		code = "law.contradiction_always"
	}
	at := r.at()
	return fault.New(fault.Invalid, code, "at", at, "id", r.ID, "param", r.Param.Name, "other", other.ID, "other_param", other.Param.Name,
		"other_at", other.at(), "facts", strings.Join(known, " ")).On(at)
}

// at is the place of the rule in the file of its pack.
func (r *Rule) at() string {
	return fmt.Sprintf("%s:%d:1", cmp.Or(r.Pack.From, r.Pack.ID+".yaml"), r.Line)
}

// contradict returns facts for which both rules hold and cannot both be obeyed; nil
// where none were found.
func (l *Library) contradict(p *Pack, a, b *Rule) (Facts, error) {
	if !Clash(&Applied{Rule: a, Value: a.Value}, &Applied{Rule: b, Value: b.Value}) {
		return nil, nil
	}
	day := a.From
	if day.Before(b.From) {
		day = b.From
	}
	if !a.on(day) || !b.on(day) {
		return nil, nil
	}
	var wrong error
	facts := someFacts(a.When+" "+b.When, func(f Facts) bool {
		clash, err := l.bothHold(p, a, b, f, day)
		wrong = cmp.Or(wrong, err)
		return clash || err != nil
	})
	return facts, wrong
}

// bothHold reports whether neither rule stands back behind another one for the
// facts, and each holds.
func (l *Library) bothHold(p *Pack, a, b *Rule, f Facts, day when.Date) (bool, error) {
	known, err := know(f)
	if err != nil {
		return false, err
	}
	for _, r := range []*Rule{a, b} {
		if x, err := r.apply(known, day); err != nil || x.Holds != Pass {
			return false, err
		}
	}
	e, err := l.Effective(Selection{Packs: []Chosen{{Pack: p, Why: ByName}}}, f, day)
	if err != nil {
		return false, err
	}
	stands := func(r *Rule) bool {
		return slices.ContainsFunc(e.rules, func(x *Applied) bool { return x.Rule == r && x.Instead == "" })
	}
	return stands(a) && stands(b), nil
}

// tries bounds how many combinations of facts are looked at for two rules.
const tries = 1 << 14

var (
	quoted = regexp.MustCompile(`["']([^"']*)["']`)
	digits = regexp.MustCompile(`\b\d+\b`)
)

// someFacts are the first facts of those that an expression asks for with which it
// is as wanted; nil where there are none. For each fact the values are tried that
// stand in the expression, and one that does not.
func someFacts(expr string, want func(Facts) bool) Facts {
	var asked []Fact
	var values [][]any
	for _, f := range facts {
		if regexp.MustCompile(`\b` + regexp.QuoteMeta(f.Name) + `\b`).MatchString(expr) {
			asked, values = append(asked, f), append(values, f.tried(expr))
		}
	}
	left := tries
	got := Facts{}
	var try func(i int) bool
	try = func(i int) bool {
		if i == len(asked) {
			left--
			return want(got)
		}
		for _, v := range values[i] {
			if got[asked[i].Name] = v; left > 0 && try(i+1) {
				return true
			}
		}
		return false
	}
	if try(0) {
		return got
	}
	return nil
}

// tried are the values of the fact that an expression can tell apart.
func (f Fact) tried(expr string) (list []any) {
	switch {
	case f.Type == BoolFact:
		return []any{true, false}
	case f.Type == IntFact:
		for _, d := range append(digits.FindAllString(expr, -1), "0") {
			if n, err := strconv.ParseInt(d, 10, 64); err == nil {
				for _, v := range []any{n, n + 1, max(0, n-1)} {
					if !slices.Contains(list, v) {
						list = append(list, v)
					}
				}
			}
		}
		return list
	case len(f.Known) > 0:
		for _, w := range f.Known {
			list = append(list, w)
		}
		return list
	}
	words := []string{"2000-01-01", "2999-12-31"}
	if f.Type == TextFact {
		words = []string{"ZZ"}
	}
	for _, m := range quoted.FindAllStringSubmatch(expr, -1) {
		words = append(words, m[1])
	}
	for name, of := range lists {
		if strings.Contains(expr, name) {
			words = append(words, of...)
		}
	}
	slices.Sort(words)
	for _, w := range slices.Compact(words) {
		if _, ok := f.parse(w); ok {
			list = append(list, w)
		}
	}
	return list
}
