package metric

import (
	"cmp"
	"slices"
)

// Promoters is what was answered to "would you recommend us", 0 to 10: 9 and
// 10 promote, 0 to 6 detract.
type Promoters struct{ N, Promoters, Passives, Detractors int }

// NPS counts the answers; what is not from 0 to 10 is no answer.
func NPS(answers []int) (p Promoters) {
	for _, a := range answers {
		switch {
		case a < 0 || a > 10:
			continue
		case a >= 9:
			p.Promoters++
		case a <= 6:
			p.Detractors++
		default:
			p.Passives++
		}
		p.N++
	}
	return p
}

// Score is the share of promoters less that of detractors, −100 to 100 in
// hundredths; false while nobody answered.
func (p Promoters) Score() (hundredths int64, ok bool) { return Percent(p.Promoters-p.Detractors, p.N) }

// Satisfaction is what was answered to "how was it", 1 to 5: 4 and 5 are
// satisfied.
type Satisfaction struct{ N, Satisfied int }

// CSAT counts the answers; what is not from 1 to 5 is no answer.
func CSAT(answers []int) (s Satisfaction) {
	for _, a := range answers {
		if a < 1 || a > 5 {
			continue
		}
		if s.N++; a >= 4 {
			s.Satisfied++
		}
	}
	return s
}

// Share is the satisfied in hundredths of a percent; false while nobody
// answered.
func (s Satisfaction) Share() (hundredths int64, ok bool) { return Percent(s.Satisfied, s.N) }

// Tally is how often a value was chosen.
type Tally struct {
	Value string
	N     int
}

// Count tallies values, the most frequent first; empty ones are no answer.
func Count(values []string) (list []Tally, n int) {
	seen := map[string]int{}
	for _, v := range values {
		if v != "" {
			seen[v]++
			n++
		}
	}
	for v, c := range seen {
		list = append(list, Tally{v, c})
	}
	slices.SortFunc(list, byFrequency)
	return list, n
}

func byFrequency(a, b Tally) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Value, b.Value)) }
