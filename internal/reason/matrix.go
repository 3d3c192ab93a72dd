package reason

import (
	"cmp"
	"maps"
	"slices"

	"hastaluego/internal/stat"
)

// Edition is what a code meant when it was given.
type Edition struct {
	ID, Code, Family string
	Label            map[string]string
}

// Tally counts departures that are alike: the same stated reason and root cause,
// each in its edition, and the same of everything else.
type Tally struct {
	Stated, StatedFamily string // editions; empty: nothing was said
	Root, RootFamily     string // editions; empty: nobody decided it
	Attribution          Attribution
	Segment              string
	Currency             string // of Yearly; empty: nothing that recurs ended
	N                    int    // departures; one with several currencies counts in the first alone
	Yearly               int64  // what the contracts cost a year, in minor units, that recur
	Back, BackN          int    // the sum of how likely they come back, and how many said
	Judged, Mendable     int    // second evaluations, and in how many something could have been changed
	Fitting              int    // of them, whose way of working went with ours
	Guessed, Right       int    // first evaluations of a departure whose root cause is known, and which found it
}

// Matrix is why customers left in a time.
type Matrix struct {
	Tallies  []Tally
	Editions map[string]Edition
	now      *Taxonomy
}

// NewMatrix puts tallies together that are counted together.
func NewMatrix(t *Taxonomy, list []Tally, editions []Edition) Matrix {
	m := Matrix{Editions: map[string]Edition{}, now: t}
	for _, e := range editions {
		m.Editions[e.ID] = e
	}
	for _, r := range t.Reasons {
		m.Editions[r.Edition] = Edition{r.Edition, r.Code, r.Family, r.Label}
	}
	type key struct {
		stated, statedFamily, root, rootFamily, segment, currency string
		attribution                                               Attribution
	}
	at := map[key]int{}
	for _, x := range list {
		for _, e := range []*string{&x.Stated, &x.StatedFamily, &x.Root, &x.RootFamily} {
			*e = t.Same(*e)
		}
		k := key{x.Stated, x.StatedFamily, x.Root, x.RootFamily, x.Segment, x.Currency, x.Attribution}
		i, known := at[k]
		if !known {
			at[k] = len(m.Tallies)
			m.Tallies = append(m.Tallies, x)
			continue
		}
		y := &m.Tallies[i]
		y.N, y.Yearly, y.Back, y.BackN = y.N+x.N, y.Yearly+x.Yearly, y.Back+x.Back, y.BackN+x.BackN
		y.Judged, y.Mendable, y.Fitting, y.Guessed, y.Right = y.Judged+x.Judged, y.Mendable+x.Mendable, y.Fitting+x.Fitting, y.Guessed+x.Guessed, y.Right+x.Right
	}
	return m
}

// Now reports whether an edition is one that is offered today.
func (m Matrix) Now(edition string) bool {
	_, ok := m.now.InEdition(edition)
	return ok
}

// Line is one row of a matrix: everything about one reason, or about all.
type Line struct {
	Edition      string // empty: not said, or not decided
	N            int
	Attributions map[Attribution]int
	Segments     map[string]int
	Yearly       map[string]int64 // by currency
	Tally                         // its sums; its names say nothing
}

func (l *Line) add(x Tally) {
	if l.Attributions == nil {
		l.Attributions, l.Segments, l.Yearly = map[Attribution]int{}, map[string]int{}, map[string]int64{}
	}
	l.N += x.N
	l.Attributions[x.Attribution] += x.N
	l.Segments[x.Segment] += x.N
	if x.Currency != "" {
		l.Yearly[x.Currency] += x.Yearly
	}
	l.Back, l.BackN = l.Back+x.Back, l.BackN+x.BackN
	l.Judged, l.Mendable, l.Fitting = l.Judged+x.Judged, l.Mendable+x.Mendable, l.Fitting+x.Fitting
	l.Guessed, l.Right = l.Guessed+x.Guessed, l.Right+x.Right
}

// All is everything together.
func (m Matrix) All() (all Line) {
	for _, x := range m.Tallies {
		all.add(x)
	}
	return all
}

// By is a line for each reason of the kind, the most frequent first; what nobody
// said or decided is the last.
func (m Matrix) By(kind Kind) []Line {
	lines := map[string]*Line{}
	for _, x := range m.Tallies {
		e := x.Root
		if kind == Stated {
			e = x.Stated
		}
		if lines[e] == nil {
			lines[e] = &Line{Edition: e}
		}
		lines[e].add(x)
	}
	out := make([]Line, 0, len(lines))
	for _, l := range lines {
		out = append(out, *l)
	}
	slices.SortFunc(out, func(a, b Line) int {
		return cmp.Or(cmp.Compare(b2i(a.Edition == ""), b2i(b.Edition == "")), cmp.Compare(b.N, a.N), cmp.Compare(m.Editions[a.Edition].Code, m.Editions[b.Edition].Code),
			cmp.Compare(a.Edition, b.Edition))
	})
	return out
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Segments are those of whoever left, by name.
func (m Matrix) Segments() []string { return slices.Sorted(maps.Keys(m.All().Segments)) }

// Currencies are those of what ended, by name.
func (m Matrix) Currencies() []string { return slices.Sorted(maps.Keys(m.All().Yearly)) }

// Confusion is what customers said against what lay behind it, by the families of
// reasons, of departures of which both are known.
type Confusion struct {
	Families   []string // editions, those of today in their order first
	N          [][]int  // by stated, then by root, in the order of Families
	Both, Same int
}

// Confusion compares what was stated with what was real.
func (m Matrix) Confusion() (c Confusion) {
	n := map[[2]string]int{}
	seen := map[string]bool{}
	for _, x := range m.Tallies {
		if x.StatedFamily == "" || x.RootFamily == "" || x.N == 0 {
			continue
		}
		n[[2]string{x.StatedFamily, x.RootFamily}] += x.N
		seen[x.StatedFamily], seen[x.RootFamily] = true, true
	}
	for _, r := range m.now.Tops() {
		if seen[r.Edition] {
			c.Families = append(c.Families, r.Edition)
			delete(seen, r.Edition)
		}
	}
	c.Families = append(c.Families, slices.Sorted(maps.Keys(seen))...)
	for _, s := range c.Families {
		row := make([]int, len(c.Families))
		for i, r := range c.Families {
			row[i] = n[[2]string{s, r}]
			c.Both += row[i]
			if s == r {
				c.Same += row[i]
			}
		}
		c.N = append(c.N, row)
	}
	return c
}

// Agreement is the share of departures in which both are of the same family, with
// its interval.
func (c Confusion) Agreement() stat.Estimate { return Share(c.Same, c.Both) }

// level95 is the quantile of an interval that holds the truth 95 times of 100.
var level95 = stat.Quantile(.975)

// Share is a share with its interval at 95 %.
func Share(yes, n int) stat.Estimate { return stat.Share(yes, n, level95) }

// Editions are the edition and the earlier ones that are counted with it.
func (t *Taxonomy) Editions(edition string) []string {
	list := []string{edition}
	if r, ok := t.InEdition(edition); ok {
		list = append(list, r.Was...)
	}
	return list
}

// FewestToCompare is how many departures a share is of at least before it is
// told: of fewer the interval says nothing, and they are read one by one.
const FewestToCompare = 5
