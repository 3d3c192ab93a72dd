package stat

import "math"

// Estimate is what is found, and the interval in which the truth lies.
type Estimate struct{ Low, Point, High float64 }

// Known reports whether enough was seen to bound it at all.
func (e Estimate) Known() bool { return !math.IsInf(e.Low, 0) && !math.IsInf(e.High, 0) }

// Holds reports whether x lies in the interval.
func (e Estimate) Holds(x float64) bool { return e.Low <= x && x <= e.High }

// unknown is the interval of what nobody can tell yet.
func unknown(point float64) Estimate { return Estimate{math.Inf(-1), point, math.Inf(1)} }

// Share is the share of yes among n, with Wilson's score interval at z (Probable
// Inference, the Law of Succession, and Statistical Inference, JASA 22, 1927).
// Of nobody it may be anything: 0 to 1.
func Share(yes, n int, z float64) Estimate {
	if n <= 0 {
		return Estimate{0, 0, 1}
	}
	p, m := float64(yes)/float64(n), float64(n)
	if math.IsInf(z, 1) {
		return Estimate{0, p, 1}
	}
	mid := (p + z*z/(2*m)) / (1 + z*z/m)
	half := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return Estimate{max(0, min(p, mid-half)), p, min(1, max(p, mid+half))}
}

// ShareDifference is how much larger the first share is than the second, with
// Newcombe's hybrid score interval (Interval Estimation for the Difference between
// Independent Proportions, method 10, Statistics in Medicine 17, 1998): it stays
// honest for few and for rare, where the textbook's does not.
func ShareDifference(yes, n, yes0, n0 int, z float64) Estimate {
	a, b := Share(yes, n, z), Share(yes0, n0, z)
	d := a.Point - b.Point
	return Estimate{d - math.Hypot(a.Point-a.Low, b.High-b.Point), d, d + math.Hypot(a.High-a.Point, b.Point-b.Low)}
}

// Moments are the count, mean and sum of squared deviations of values, added one
// by one (Welford).
type Moments struct {
	N       int     `json:"n"`
	Mean    float64 `json:"mean"`
	Squares float64 `json:"squares"`
}

// Add takes a value in.
func (m *Moments) Add(x float64) {
	m.N++
	d := x - m.Mean
	m.Mean += d / float64(m.N)
	m.Squares += d * (x - m.Mean)
}

// With are the moments of both together.
func (m Moments) With(o Moments) Moments {
	if m.N == 0 || o.N == 0 {
		return Moments{m.N + o.N, m.Mean + o.Mean, m.Squares + o.Squares}
	}
	n, d := float64(m.N+o.N), o.Mean-m.Mean
	return Moments{m.N + o.N, m.Mean + d*float64(o.N)/n, m.Squares + o.Squares + d*d*float64(m.N)*float64(o.N)/n}
}

// Variance is that of one value, estimated; 0 for fewer than two.
func (m Moments) Variance() float64 {
	if m.N < 2 {
		return 0
	}
	return m.Squares / float64(m.N-1)
}

// Average is the mean with Student's interval at z.
func Average(m Moments, z float64) Estimate {
	if m.N < 2 || math.IsInf(z, 1) {
		return unknown(m.Mean)
	}
	half := student(z, float64(m.N-1)) * math.Sqrt(m.Variance()/float64(m.N))
	return Estimate{m.Mean - half, m.Mean, m.Mean + half}
}

// Difference is how much larger the first mean is than the second, with the degrees
// of freedom of the smaller side and the larger of two standard errors: each side
// varying as it does itself, and both as all together do. Of amounts that few
// pay, a small side without a large one is low and looks certain of it; its own
// variance alone is wrong twice as often as it says.
func Difference(a, b Moments, z float64) Estimate {
	d := a.Mean - b.Mean
	if a.N < 2 || b.N < 2 || math.IsInf(z, 1) {
		return unknown(d)
	}
	na, nb := float64(a.N), float64(b.N)
	own, all := a.Variance()/na+b.Variance()/nb, a.With(b).Variance()*(1/na+1/nb)
	half := student(z, min(na, nb)-1) * math.Sqrt(max(own, all))
	return Estimate{d - half, d, d + half}
}
