package segment

import (
	"maps"
	"slices"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
)

// Counter counts who is in which segment of a set.
type Counter struct {
	set    *Set
	Asked  int // customers
	Counts []Count
}

// Count is how many are in one segment.
type Count struct {
	Segment  *Segment
	In       int
	Unsure   int            // of whom nobody can tell
	Missing  map[string]int // for want of a fact, of how many
	Examples []customer.ID  // the first that are in it
}

// MostExamples is how many customers of a segment are named.
const MostExamples = 10

// NewCounter begins to count.
func (s *Set) NewCounter() *Counter {
	c := &Counter{set: s}
	for _, x := range s.Segments {
		c.Counts = append(c.Counts, Count{Segment: x, Missing: map[string]int{}})
	}
	return c
}

// Add counts one customer.
func (c *Counter) Add(id customer.ID, f Facts) error {
	list, err := c.set.Of(f)
	if err != nil {
		return err
	}
	c.Asked++
	for i, s := range list {
		n := &c.Counts[i]
		switch {
		case len(s.Missing) > 0:
			n.Unsure++
			for _, m := range s.Missing {
				n.Missing[m]++
			}
		case s.In:
			if n.In++; len(n.Examples) < MostExamples {
				n.Examples = append(n.Examples, id)
			}
		}
	}
	return nil
}

// Share is the part of the customers that is in it, in hundredths of a percent.
func (c *Counter) Share(n Count) int {
	if c.Asked == 0 {
		return 0
	}
	return (n.In*10_000 + c.Asked/2) / c.Asked
}

// Warn is what a person should look at before a set counts: segments that hold nobody,
// or everybody; those of which of most customers nobody can tell. None of it is a
// mistake by itself.
func (c *Counter) Warn() (out fault.List) {
	if c.Asked == 0 {
		return nil // of nobody nothing can be told
	}
	for _, n := range c.Counts {
		say := func(code string, args ...any) {
			args = append([]any{"at", c.set.File, "segment", n.Segment.ID, "of", c.Asked}, args...)
			out = append(out, fault.New(fault.Invalid, code, args...).On(c.set.File))
		}
		switch n.In {
		case 0:
			say("segment.warn.nobody", "unsure", n.Unsure)
		case c.Asked:
			say("segment.warn.everybody")
		}
		if 2*n.Unsure > c.Asked {
			fact := most(n.Missing)
			say("segment.warn.unsure", "count", n.Unsure, "fact", fact)
		}
	}
	return out
}

// most is the fact that is missing of most.
func most(of map[string]int) (name string) {
	for _, k := range slices.Sorted(maps.Keys(of)) {
		if name == "" || of[k] > of[name] {
			name = k
		}
	}
	return name
}
