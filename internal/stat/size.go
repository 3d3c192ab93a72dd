package stat

import "math"

// Side is one of two that are compared: the variance of one value, and which
// share of all comes to it.
type Side struct{ Variance, Share float64 }

// Size is how many are needed, both sides and whoever else takes part together,
// so that a true difference is told from none at z standard errors with the
// probability power.
func Size(difference, z, power float64, a, b Side) int {
	k := (z + Quantile(power)) / difference
	return int(math.Ceil(k * k * (a.Variance/a.Share + b.Variance/b.Share)))
}

// Power is the probability with which n tell the difference from none.
func Power(n int, difference, z float64, a, b Side) float64 {
	d := math.Abs(difference) / math.Sqrt((a.Variance/a.Share+b.Variance/b.Share)/float64(n))
	return Below(d-z) + Below(-d-z)
}
