package theme

import (
	"maps"
	"math"
	"slices"
)

// rarity is how much a feature says by being rare (inverse document frequency),
// in units of 1/4096.
const rarityUnit = 4096

// vocabulary are the features that a model knows, each with how rare it is.
type vocabulary struct {
	keys   []uint32 // sorted
	rarity []uint16
}

// learn makes the vocabulary of readings: of what nobody in particular said, and
// of what Few said.
func learn(readings []*reading, weight []float64, from []string) (v vocabulary) {
	with, all, who := map[uint32]float64{}, 0., map[uint32]*speakers{}
	for i, r := range readings {
		for _, t := range r.terms {
			with[t.key] += weight[i]
			if who[t.key] == nil {
				who[t.key] = &speakers{}
			}
			who[t.key].add(from[i])
		}
		all += weight[i]
	}
	maps.DeleteFunc(who, func(_ uint32, s *speakers) bool { return !s.enough() })
	v.keys = slices.Sorted(maps.Keys(who))
	v.rarity = make([]uint16, len(v.keys))
	for i, k := range v.keys {
		v.rarity[i] = rarity(with[k], all)
	}
	return v
}

// speakers are who said something, as far as it has to be known.
type speakers struct {
	some [Few]string
	n    int // Few: as many, or somebody who is nobody
}

func (s *speakers) enough() bool { return s.n == Few }

func (s *speakers) add(from string) {
	switch {
	case s.enough() || slices.Contains(s.some[:s.n], from):
	case from == "":
		s.n = Few
	default:
		s.some[s.n] = from
		s.n++
	}
}

func rarity(with, all float64) uint16 {
	return uint16(min(math.MaxUint16, math.Round(rarityUnit*(1+math.Log((1+all)/(1+with))))))
}

// weigh tells for each term of a reading that it knows its column and its
// weight there. Those of each kind have one length together.
func (v *vocabulary) weigh(r *reading, each func(t term, column int, x float64)) {
	columns, xs := make([]int, len(r.terms)), make([]float64, len(r.terms))
	var square [kinds]float64
	for i, t := range r.terms {
		at, known := slices.BinarySearch(v.keys, t.key)
		if !known {
			columns[i] = -1
			continue
		}
		columns[i] = at
		xs[i] = (1 + math.Log(float64(t.n))) * float64(v.rarity[at]) / rarityUnit
		square[t.kind] += xs[i] * xs[i]
	}
	for i, t := range r.terms {
		if columns[i] >= 0 {
			each(t, columns[i], xs[i]/math.Sqrt(square[t.kind]))
		}
	}
}
