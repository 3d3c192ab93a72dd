package theme

import (
	"maps"
	"math"
	"slices"
)

// LabelReport is how well one theme was found, among the likeliest guesses.
type LabelReport struct {
	Label             string
	Support           int     // texts that have it
	Guessed           int     // texts that were said to have it
	Right             int     // both
	Precision, Recall float64 // of those guessed, of those that have it; NaN where there are none
	F1                float64
}

// Report is how well themes were found.
type Report struct {
	Labels     []LabelReport // sorted by label
	Texts      int
	Right      int
	Accuracy   float64 // of the likeliest guesses
	Named      int     // texts whose theme was sure enough to be named
	NamedRight int
	Off        float64 // by how much confidence differs from what came true, on average over ten bands (expected calibration error)
}

// Measure compares guesses with what is true.
func Measure(truth []string, guesses []Guess) (r Report) {
	byLabel := map[string]*LabelReport{}
	of := func(label string) *LabelReport {
		if byLabel[label] == nil {
			byLabel[label] = &LabelReport{Label: label}
		}
		return byLabel[label]
	}
	const bands = 10
	var n, right, sure [bands]float64
	for i, g := range guesses {
		r.Texts++
		of(truth[i]).Support++
		of(g.Likely).Guessed++
		band := min(bands-1, int(bands*g.Confidence))
		n[band]++
		sure[band] += g.Confidence
		hit := g.Likely == truth[i]
		if hit {
			r.Right++
			of(truth[i]).Right++
			right[band]++
		}
		if g.Label != Unknown {
			r.Named++
			if hit {
				r.NamedRight++
			}
		}
	}
	for _, label := range slices.Sorted(maps.Keys(byLabel)) {
		l := byLabel[label]
		l.Precision, l.Recall = float64(l.Right)/float64(l.Guessed), float64(l.Right)/float64(l.Support)
		l.F1 = 2 * float64(l.Right) / float64(l.Guessed+l.Support)
		r.Labels = append(r.Labels, *l)
	}
	r.Accuracy = float64(r.Right) / float64(r.Texts)
	for i := range bands {
		r.Off += math.Abs(right[i]-sure[i]) / float64(r.Texts)
	}
	return r
}
