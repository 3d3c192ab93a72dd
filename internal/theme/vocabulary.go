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

// learn makes the vocabulary of readings.
func learn(readings []*reading, weight []float64) (v vocabulary) {
	with, all := map[uint32]float64{}, 0.
	for i, r := range readings {
		for _, t := range r.terms {
			with[t.key] += weight[i]
		}
		all += weight[i]
	}
	v.keys = slices.Sorted(maps.Keys(with))
	v.rarity = make([]uint16, len(v.keys))
	for i, k := range v.keys {
		v.rarity[i] = rarity(with[k], all)
	}
	return v
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
