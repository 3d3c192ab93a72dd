package offer

import (
	"fmt"
	"maps"
	"slices"

	"hastaluego/internal/fault"
	"hastaluego/internal/source"
)

// Tally is how a policy decides for many situations.
type Tally struct {
	Asked int         // situations
	Lines []LineTally // in the order of the policy
	Gets  map[string]int
	None  int // of whom nothing is proposed
	// Turned are how often a guard was why an offer was not proposed, by offer.
	Turned map[string]map[Guard]int
	Within map[string]int // of each segment that a line names: how many are in it
	Where  int            // of how many it is known in which segments they are
}

// LineTally is what became of one line.
type LineTally struct {
	Line    string
	Applies int // situations that it speaks of
	Decides int // of those, where it is the one that decides
	Unread  int // of which nobody can say whether it speaks of them
	Before  map[string]int
}

// Count decides for every situation, and counts.
func (p *Policy) Count(all []Situation) (Tally, error) {
	t := Tally{Asked: len(all), Gets: map[string]int{}, Turned: map[string]map[Guard]int{}, Within: map[string]int{}}
	for _, l := range p.Lines {
		t.Lines = append(t.Lines, LineTally{Line: l.ID, Before: map[string]int{}})
		for _, s := range l.within {
			t.Within[s] = 0
		}
	}
	for _, s := range all {
		if err := p.tally(&t, s); err != nil {
			return t, err
		}
	}
	return t, nil
}

func (p *Policy) tally(t *Tally, s Situation) error {
	d, lines, err := p.decide(s)
	if err != nil {
		return err
	}
	for _, u := range d.Unread {
		t.Lines[slices.IndexFunc(t.Lines, func(l LineTally) bool { return l.Line == u.Line })].Unread++
	}
	for n, i := range lines {
		t.Lines[i].Applies++
		if n == 0 {
			t.Lines[i].Decides++
		} else {
			t.Lines[i].Before[p.Lines[lines[0]].ID]++
		}
	}
	for _, x := range d.Turned {
		if t.Turned[x.Offer] == nil {
			t.Turned[x.Offer] = map[Guard]int{}
		}
		t.Turned[x.Offer][x.Why]++
	}
	if s.Segments != nil {
		t.Where++
	}
	for name := range t.Within {
		if slices.Contains(s.Segments, name) {
			t.Within[name]++
		}
	}
	if d.Offer == nil {
		t.None++
	} else {
		t.Gets[d.Offer.Name]++
	}
	return nil
}

// Warn is what a person should look at before a policy counts: lines that speak
// of nobody or never decide, lines that speak of the same, segments that hold nobody
// or everybody, offers in another currency than contracts, offers that nobody or
// everybody gets. None of it is a mistake by itself.
func (p *Policy) Warn(t Tally) (out fault.List) {
	if t.Asked == 0 {
		return nil // of nobody nothing can be told
	}
	say := func(code string, args ...any) {
		out = append(out, fault.New(fault.Invalid, code, append([]any{"at", p.File, "of", t.Asked}, args...)...).On(p.File))
	}
	for i, l := range t.Lines {
		switch {
		case l.Applies == 0:
			say("offer.warn.nobody", "line", l.Line, "unread", l.Unread)
		case l.Decides == 0:
			say("offer.warn.unreached", "line", l.Line, "applies", l.Applies)
		}
		for _, before := range p.Lines {
			if n := l.Before[before.ID]; n > 0 && l.Decides > 0 {
				say("offer.warn.overlap", "line", l.Line, "before", before.ID, "count", n)
			}
		}
		if x := p.Lines[i]; l.Applies == t.Asked && (len(x.reason) > 0 || len(x.within) > 0 || len(x.value) > 0 || x.when != nil) {
			say("offer.warn.everybody_line", "line", l.Line)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.Within)) {
		switch t.Within[name] {
		case 0:
			say("offer.warn.segment_nobody", "segment", name, "unread", t.Asked-t.Where)
		case t.Asked:
			say("offer.warn.segment_everybody", "segment", name)
		}
	}
	for _, d := range p.Offers() {
		if n := t.Turned[d.Name][GuardCurrency]; n > 0 {
			say("offer.warn.currency", "offer", d.Name, "count", n)
		}
		switch t.Gets[d.Name] {
		case 0:
			say("offer.warn.nobody_gets", "offer", d.Name)
		case t.Asked:
			say("offer.warn.everybody_gets", "offer", d.Name)
		}
	}
	return out
}

// Shadowed are the lines of which it can be told without asking about anybody
// that they never decide: one before them speaks of everything that they speak of.
func (p *Policy) Shadowed() error {
	if p.Ranked {
		return nil
	}
	var in policyFile
	f, err := source.Decode(p.File, p.Source, &in)
	if err != nil {
		return err
	}
	for i, l := range p.Lines {
		for j, before := range p.Lines[:i] {
			if before.covers(l) {
				f.At(fmt.Sprintf("$.lines[%d]", i), "offer.shadowed", "line", l.ID, "before", p.Lines[j].ID)
				break
			}
		}
	}
	return f.Err()
}

// covers reports whether the line speaks of everything that the other speaks of.
func (l Line) covers(o Line) bool {
	wider := func(mine, theirs []string) bool {
		return len(mine) == 0 || len(theirs) > 0 && !slices.ContainsFunc(theirs, func(s string) bool { return !slices.Contains(mine, s) })
	}
	reasons := wider(l.reason, o.reason)
	if !reasons && len(o.reason) > 0 {
		reasons = true
		for i, code := range o.reason {
			reasons = reasons && (slices.Contains(l.reason, code) || slices.Contains(l.reason, o.family[i]))
		}
	}
	return (l.when == nil || l.cond == o.cond) && reasons && wider(l.within, o.within) && wider(l.value, o.value)
}
