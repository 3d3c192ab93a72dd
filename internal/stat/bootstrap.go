package stat

import (
	"math/rand/v2"
	"slices"
)

// Bootstrap is a statistic of rows with its percentile interval at the level
// (Efron, Bootstrap Methods: Another Look at the Jackknife, Ann. Statist. 7, 1979):
// of is asked for all rows, and then as often as rounds says for as many rows
// drawn with replacement. The same seed draws the same rows. Too few rows or
// rounds leave it unknown.
func Bootstrap(rows, rounds int, level float64, seed uint64, of func(rows []int) float64) Estimate {
	drawn := make([]int, rows)
	for i := range drawn {
		drawn[i] = i
	}
	point := of(drawn)
	tail := int(float64(rounds+1) * (1 - level) / 2)
	if rows < 2 || tail < 1 {
		return unknown(point)
	}
	r := rand.New(rand.NewPCG(seed, uint64(rows)))
	found := make([]float64, rounds)
	for i := range found {
		for j := range drawn {
			drawn[j] = r.IntN(rows)
		}
		found[i] = of(drawn)
	}
	slices.Sort(found)
	return Estimate{found[tail-1], point, found[rounds-tail]}
}
