// Package additive fits logistic models that are the sum of one step function for
// each column: exactly explainable (what each column adds to the log odds), the same
// on every machine, and sure of itself only where there are rows. It is pure.
//
// The functions of numbers are P-splines of degree zero (Eilers and Marx, Flexible
// smoothing with B-splines and penalties, 1996): many bins, and a penalty on second
// differences, so that what is estimated bends but does not jump.
package additive

import (
	"math"
	"slices"
	"sort"
	"strings"
)

// Scale says into which bin a value of a column falls. The last bin is for numbers that
// are missing, and for words that are rare or were never seen.
type Scale struct {
	Name string
	// Cuts are the upper ends of the bins of numbers, ascending; above the last there
	// is one bin more.
	Cuts []float64
	// Levels are the words of a column of words, sorted. A scale has either.
	Levels []string
}

// MaxBins is how many bins a column has at most, with that of what is missing.
const MaxBins = 256

// Numbers is the scale of a column of numbers, NaN where one is missing: as many bins as
// asked for, of equal share, or one for each number where there are no more.
func Numbers(name string, values []float64, bins int) Scale {
	known := slices.DeleteFunc(slices.Clone(values), math.IsNaN)
	slices.Sort(known)
	distinct := slices.Compact(slices.Clone(known))
	bins = min(max(bins, 1), MaxBins-1)
	s := Scale{Name: name}
	if len(distinct) <= bins {
		if len(distinct) > 0 {
			s.Cuts = distinct[:len(distinct)-1]
		}
		return s
	}
	for i := 1; i < bins; i++ {
		if cut := known[(i*len(known)+bins-1)/bins-1]; cut < known[len(known)-1] && (len(s.Cuts) == 0 || cut > s.Cuts[len(s.Cuts)-1]) {
			s.Cuts = append(s.Cuts, cut)
		}
	}
	return s
}

// Words is the scale of a column of words: those that are in at least so many rows.
func Words(name string, values []string, atLeast int) Scale {
	count := map[string]int{}
	for _, v := range values {
		count[v]++
	}
	s := Scale{Name: name, Levels: []string{}}
	for v, n := range count {
		if n >= atLeast {
			s.Levels = append(s.Levels, v)
		}
	}
	slices.SortFunc(s.Levels, func(a, b string) int {
		if count[a] != count[b] {
			return count[b] - count[a]
		}
		return strings.Compare(a, b)
	})
	s.Levels = s.Levels[:min(len(s.Levels), MaxBins-1)]
	slices.Sort(s.Levels)
	return s
}

// Numeric reports whether the bins of a scale are neighbours of each other.
func (s Scale) Numeric() bool { return s.Levels == nil }

// Bins is how many bins there are, with that of what is missing.
func (s Scale) Bins() int {
	if s.Numeric() {
		return len(s.Cuts) + 2
	}
	return len(s.Levels) + 1
}

// Number is the bin of a number.
func (s Scale) Number(v float64) uint8 {
	if math.IsNaN(v) {
		return uint8(len(s.Cuts) + 1)
	}
	return uint8(sort.SearchFloat64s(s.Cuts, v))
}

// Word is the bin of a word.
func (s Scale) Word(v string) uint8 {
	i, found := slices.BinarySearch(s.Levels, v)
	if !found {
		i = len(s.Levels)
	}
	return uint8(i)
}

// NumberColumn are the bins of a column of numbers.
func (s Scale) NumberColumn(values []float64) []uint8 {
	out := make([]uint8, len(values))
	for i, v := range values {
		out[i] = s.Number(v)
	}
	return out
}

// WordColumn are the bins of a column of words.
func (s Scale) WordColumn(values []string) []uint8 {
	out := make([]uint8, len(values))
	for i, v := range values {
		out[i] = s.Word(v)
	}
	return out
}
