package stat

import "math"

// Line is a bound for what is looked at again and again while it grows. Sums of
// independent values, measured in standard deviations of the whole, walk like
// Brownian motion in the time t that runs from 0 to 1 as the planned number
// comes in; a line A + B·t is crossed anywhere on the way with a probability
// that is known exactly. What is compared with the line at every look is
// therefore right at all of them together, and neither how often anybody looked
// nor when has to be kept.
//
// Bachelier 1901 and Lévy for the probability; Lan and Zucker, Sequential
// monitoring of clinical trials: the role of information and Brownian motion,
// Statistics in Medicine 12, 1993, for the walk of a difference of means;
// Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, Ann. Statist. 52, 2024, for why
// estimated variances will do.
type Line struct {
	A, B  float64
	whole bool // bounds until t = 1 only
}

// Flat is the line that |walk| crosses with probability alpha by t = 1: the
// reflection principle, continuous O'Brien–Fleming. It asks little at the end,
// where things are decided, and much at the beginning. After 1 it bounds nothing.
func Flat(alpha float64) Line { return Line{A: Quantile(1 - alpha/4), whole: true} }

// Rising is the line that the walk ever crosses upwards with probability alpha,
// and that asks least at t = tightest: for harm, which is to be seen early.
func Rising(alpha, tightest float64) Line {
	half := math.Log(1/alpha) / 2 // e^(−2AB) = alpha, A/B = tightest
	return Line{A: math.Sqrt(half * tightest), B: math.Sqrt(half / tightest)}
}

// Z is how many standard errors the line is away at t.
func (l Line) Z(t float64) float64 {
	if t <= 0 || (l.whole && t > 1) {
		return math.Inf(1)
	}
	return (l.A + l.B*t) / math.Sqrt(t)
}

// Crossed is the probability that Brownian motion has been above the line by t.
func (l Line) Crossed(t float64) float64 {
	s := math.Sqrt(t)
	return Below(-(l.A+l.B*t)/s) + math.Exp(-2*l.A*l.B)*Below((l.B*t-l.A)/s)
}
