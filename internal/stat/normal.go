// Package stat is the arithmetic of uncertainty: intervals for shares, means and
// their differences, the bootstrap, bounds that hold however often somebody
// looks, and how many are needed to see something. It knows nothing of what is
// counted: no customer, no money, no day. Formulas and sources:
// docs/reference/experiments.md and ADR 59.
package stat

import "math"

// Below is the share of the standard normal distribution below z.
func Below(z float64) float64 { return math.Erfc(-z/math.Sqrt2) / 2 }

// Quantile is the z of the standard normal distribution below which p lies.
func Quantile(p float64) float64 { return -math.Sqrt2 * math.Erfcinv(2*p) }

// student widens z for a variance that was itself estimated with df degrees of
// freedom: Student's t that is exceeded as seldom as z is by the normal (Wallace,
// Bounds on Normal Approximations to Student's and the Chi-Square
// Distributions, Ann. Math. Statist. 30, 1959, turned round).
func student(z, df float64) float64 {
	if df < 1 {
		return math.Inf(1)
	}
	u := z * (8*df + 3) / (8*df + 1)
	return math.Copysign(math.Sqrt(df*math.Expm1(u*u/df)), z)
}

// ChiSquareAbove is the probability that a chi-square variable with df degrees of
// freedom is above x.
func ChiSquareAbove(x float64, df int) float64 {
	if x <= 0 || df < 1 {
		return 1
	}
	// Q(df/2, x/2) by its recurrence, from Q(1) or Q(1/2).
	h, a := x/2, 1.0
	q, term := math.Exp(-h), math.Exp(-h)
	if df%2 == 1 {
		a, q, term = .5, math.Erfc(math.Sqrt(h)), math.Exp(-h)/math.Sqrt(math.Pi*h)
	}
	for ; 2*a < float64(df); a++ {
		term *= h / a
		q += term
	}
	return min(q, 1)
}
