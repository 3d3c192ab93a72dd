package metric

import (
	"cmp"
	"slices"
)

// What is told of customers in parts adds up to what is told of all of them, as
// long as nobody is in two parts.

// AddChurn adds the churn of more customers to the same months. What is not
// known of all is not known of the sum.
func AddChurn(sum, more []Month) {
	for i := range sum {
		if sum[i].Known {
			sum[i].AtStart += more[i].AtStart
			sum[i].Lost += more[i].Lost
			sum[i].Other += more[i].Other
		}
	}
}

// AddMovements adds the movements of more customers between the same days, by
// currency.
func AddMovements(sum, more []Movement) ([]Movement, error) {
	for _, m := range more {
		i, found := slices.BinarySearchFunc(sum, m.Currency, func(a Movement, c string) int { return cmp.Compare(a.Currency, c) })
		if !found {
			sum = slices.Insert(sum, i, m)
			continue
		}
		var err error
		s := &sum[i]
		if s.Then, err = s.Then.Add(m.Then); err != nil {
			return nil, err
		}
		if s.Now, err = s.Now.Add(m.Now); err != nil {
			return nil, err
		}
		s.More += m.More
		s.Same += m.Same
		s.Less += m.Less
		s.New += m.New
		s.Left += m.Left
		s.Unknown += m.Unknown
	}
	return sum, nil
}

// Add counts more answers.
func (p *Promoters) Add(more Promoters) {
	p.N += more.N
	p.Promoters += more.Promoters
	p.Passives += more.Passives
	p.Detractors += more.Detractors
}

// Add counts more answers.
func (s *Satisfaction) Add(more Satisfaction) {
	s.N += more.N
	s.Satisfied += more.Satisfied
}

// AddTallies counts more choices, the most frequent first.
func AddTallies(sum, more []Tally) []Tally {
	for _, t := range more {
		if i := slices.IndexFunc(sum, func(s Tally) bool { return s.Value == t.Value }); i >= 0 {
			sum[i].N += t.N
		} else {
			sum = append(sum, t)
		}
	}
	slices.SortFunc(sum, byFrequency)
	return sum
}
