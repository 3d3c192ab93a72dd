package survival

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"hastaluego/internal/stat"
)

// Subject is one customer with the numbers that are looked at together.
type Subject struct {
	Spell
	Stratum int       // only those of one stratum are compared with each other
	X       []float64 // one number for each column
}

// Cox is a model in which each column multiplies the rate of leaving by the same factor at
// all times (Cox, Regression Models and Life-Tables, 1972). It is for reports, together
// with its test of that assumption; what foretells is Hazard.
type Cox struct {
	Columns []string
	Beta    []float64 // log factors for one more of each column
	StdErr  []float64
	LogLik  float64 // partial log likelihood
	Without float64 // that of no column at all
	Left    int
	mean    []float64
	spread  []float64 // covariance of Beta, by rows
}

// ErrNoModel says that the columns do not determine a model: nobody left while somebody
// else was there, one follows from others, or one parts those who left from all others.
var ErrNoModel = errors.New("survival: the columns do not determine a model")

// Ties says what is taken for the likelihood of several who leave at one time.
type Ties bool

// Efron's (The Efficiency of Cox's Likelihood Function for Censored Data, 1977) is the
// better one; Breslow's (1974) is for comparison with programs that use it.
const (
	Efron   Ties = false
	Breslow Ties = true
)

// Regress fits a model.
func Regress(columns []string, subjects []Subject, ties Ties) (Cox, error) {
	p := len(columns)
	m := Cox{Columns: columns, Beta: make([]float64, p), StdErr: make([]float64, p), mean: make([]float64, p)}
	var told []Subject
	for i, s := range subjects {
		if len(s.X) != p {
			return Cox{}, fmt.Errorf("survival: subject %d has %d numbers, and there are %d columns", i, len(s.X), p)
		}
		if s.told() {
			told = append(told, s)
			for j, v := range s.X {
				m.mean[j] += v
			}
		}
	}
	scale := make([]float64, p) // columns of any size are solved alike
	for j := range p {
		m.mean[j] /= max(float64(len(told)), 1)
		for _, s := range told {
			d := s.X[j] - m.mean[j]
			scale[j] += d * d
		}
		if scale[j] = math.Sqrt(scale[j] / max(float64(len(told)), 1)); !(scale[j] > 0) || math.IsInf(scale[j], 0) {
			return Cox{}, fmt.Errorf("%w: %s is always the same", ErrNoModel, columns[j])
		}
	}
	for i := range told {
		x := make([]float64, p)
		for j, v := range told[i].X {
			x[j] = (v - m.mean[j]) / scale[j]
		}
		told[i].X = x
	}
	c := &coxing{strata: inStrata(told), ties: ties, p: p}
	beta := make([]float64, p)
	at := c.walk(beta, nil)
	m.Without, m.Left = at.loglik, at.left
	first := slices.Clone(at.curve)
	for round := 0; ; round++ {
		if !factor(at.curve, p) || round == 50 {
			return Cox{}, ErrNoModel
		}
		step := solve(at.curve, at.slope, p)
		share, next := 1.0, make([]float64, p)
		var then coxSums
		for {
			for j := range next {
				next[j] = beta[j] + share*step[j]
			}
			if then = c.walk(next, nil); then.loglik >= at.loglik || share < 1e-9 {
				break
			}
			share /= 2
		}
		gained := then.loglik - at.loglik
		if gained > 0 {
			beta, at = next, then
		}
		if gained <= 1e-11*(math.Abs(at.loglik)+1) {
			break
		}
	}
	at = c.walk(beta, nil)
	m.LogLik = at.loglik
	for j := range p {
		// Nearly nothing varies any more of who leaves: the likelihood has no largest value.
		if at.curve[j*p+j] < 1e-5*first[j*p+j] {
			return Cox{}, ErrNoModel
		}
	}
	if !factor(at.curve, p) {
		return Cox{}, ErrNoModel
	}
	m.spread = make([]float64, p*p)
	for j := range p {
		unit := make([]float64, p)
		unit[j] = 1
		for k, v := range solve(at.curve, unit, p) {
			m.spread[k*p+j] = v / scale[j] / scale[k]
		}
		m.Beta[j], m.StdErr[j] = beta[j]/scale[j], math.Sqrt(m.spread[j*p+j])
	}
	return m, nil
}

// Better is whether the columns together tell who leaves: the test of the ratio of the
// likelihoods.
func (m Cox) Better() Test { return Test{2 * (m.LogLik - m.Without), len(m.Beta)} }

// Above is the chance of a test to come out so high where there is no difference.
func (t Test) Above() float64 { return stat.ChiSquareAbove(t.ChiSquare, t.Freedom) }

// Log is the log of the factor by which the rate of somebody differs from that of the mean
// of all columns.
func (m Cox) Log(x []float64) (v float64) {
	for j, b := range m.Beta {
		v += b * (x[j] - m.mean[j])
	}
	return v
}

// coxing is a fit under way: the subjects of each stratum, from the last seen to the first.
type coxing struct {
	strata [][]Subject
	ties   Ties
	p      int
}

func inStrata(subjects []Subject) (out [][]Subject) {
	of := map[int]int{}
	for _, s := range subjects {
		k, ok := of[s.Stratum]
		if !ok {
			k = len(out)
			of[s.Stratum] = k
			out = append(out, nil)
		}
		out[k] = append(out[k], s)
	}
	for _, list := range out {
		slices.SortStableFunc(list, func(a, b Subject) int { return cmp.Compare(b.Until, a.Until) })
	}
	return out
}

// coxSums are the partial log likelihood, its slope and its negative curvature (the whole
// of it, though it is symmetric), and how many left.
type coxSums struct {
	loglik       float64
	slope, curve []float64
	left         int
}

// leaving is what happens at one time in a stratum: by how much those who left differ from
// what was expected, and how much that varies.
type leaving func(stratum, time int, off, spread []float64)

// atRisk are sums over those who are there, weighted by their rate.
type atRisk struct {
	all float64
	x   []float64
	xx  []float64
}

func (r *atRisk) add(weight float64, x []float64) {
	r.all += weight
	n := len(x)
	for j, a := range x {
		r.x[j] += weight * a
		for k := range j + 1 {
			r.xx[j*n+k] += weight * a * x[k]
		}
	}
}

// walk goes through the times at which somebody left, from the last to the first.
func (c *coxing) walk(beta []float64, tell leaving) (out coxSums) {
	p := c.p
	out.slope, out.curve = make([]float64, p), make([]float64, p*p)
	for n, list := range c.strata {
		rate := make([]float64, len(list))
		for i, s := range list {
			var v float64
			for j, b := range beta {
				v += b * s.X[j]
			}
			rate[i] = v
		}
		began := make([]int, len(list)) // in the order in which they stop being there, backwards
		for i := range began {
			began[i] = i
		}
		slices.SortStableFunc(began, func(a, b int) int { return cmp.Compare(list[b].From, list[a].From) })
		here := atRisk{x: make([]float64, p), xx: make([]float64, p*p)}
		gone := 0
		for i := 0; i < len(list); {
			t := list[i].Until
			for gone < len(began) && list[began[gone]].From >= t { // they began later
				here.add(-math.Exp(rate[began[gone]]), list[began[gone]].X)
				gone++
			}
			dead := atRisk{x: make([]float64, p), xx: make([]float64, p*p)}
			sum, d := make([]float64, p), 0
			for ; i < len(list) && list[i].Until == t; i++ {
				w := math.Exp(rate[i])
				here.add(w, list[i].X)
				if list[i].Cause == 0 {
					continue
				}
				d++
				dead.add(w, list[i].X)
				out.loglik += rate[i]
				for j, v := range list[i].X {
					sum[j] += v
				}
			}
			if d == 0 {
				continue
			}
			out.left += d
			off, spread := sum, make([]float64, p*p)
			for l := range d {
				part := 0.0
				if c.ties == Efron {
					part = float64(l) / float64(d)
				}
				all := here.all - part*dead.all
				out.loglik -= math.Log(all)
				for j := range p {
					mean := (here.x[j] - part*dead.x[j]) / all
					off[j] -= mean
					for k := range j + 1 {
						other := (here.x[k] - part*dead.x[k]) / all
						spread[j*p+k] += (here.xx[j*p+k]-part*dead.xx[j*p+k])/all - mean*other
					}
				}
			}
			for j := range p {
				out.slope[j] += off[j]
				for k := range j + 1 {
					out.curve[j*p+k] += spread[j*p+k]
				}
			}
			if tell != nil {
				tell(n, t, off, spread)
			}
		}
	}
	return out
}

// Proportional tests whether each column multiplies the rate by the same factor at all
// times: the score test of columns times the share of customers who have left (Grambsch
// and Therneau, Proportional hazards tests and diagnostics based on weighted residuals,
// Biometrika 81, 1994, as exact score tests). One test for each column, and one for all.
func (m Cox) Proportional(subjects []Subject, ties Ties) (each []Test, all Test, err error) {
	p := len(m.Beta)
	var told []Subject
	var spells []Spell
	for _, s := range subjects {
		if s.told() {
			x := make([]float64, p)
			for j, v := range s.X {
				x[j] = v - m.mean[j]
			}
			spells = append(spells, s.Spell)
			s.X = x
			told = append(told, s)
		}
	}
	curve := Estimate(spells)
	var mean float64
	for _, s := range curve.Steps {
		mean += float64(s.Left) * (1 - curve.At(s.Time-1).Stay)
	}
	mean /= max(float64(m.Left), 1)
	u, plain, once, twice := make([]float64, p), make([]float64, p*p), make([]float64, p*p), make([]float64, p*p)
	c := &coxing{strata: inStrata(told), ties: ties, p: p}
	c.walk(m.Beta, func(_, time int, off, spread []float64) {
		g := 1 - curve.At(time-1).Stay - mean
		for j := range p {
			u[j] += g * off[j]
			for k := range j + 1 {
				v := spread[j*p+k]
				plain[j*p+k] += v
				once[j*p+k] += g * v
				twice[j*p+k] += g * g * v
			}
		}
	})
	if !factor(plain, p) {
		return nil, Test{}, ErrNoModel
	}
	whole := func(a []float64, j, k int) float64 { return a[max(j, k)*p+min(j, k)] }
	rest := make([]float64, p*p) // what varies of u beside what the fitted columns take up
	for j := range p {
		row := make([]float64, p)
		for k := range p {
			row[k] = whole(once, j, k)
		}
		taken := solve(plain, row, p)
		for k := range j + 1 {
			v := whole(twice, j, k)
			for l := range p {
				v -= taken[l] * whole(once, l, k)
			}
			rest[j*p+k] = v
		}
	}
	for j := range p {
		each = append(each, Test{u[j] * u[j] / rest[j*p+j], 1})
	}
	if !factor(rest, p) {
		return each, Test{}, ErrNoModel
	}
	for j, v := range solve(rest, u, p) {
		all.ChiSquare += u[j] * v
	}
	all.Freedom = p
	return each, all, nil
}

// factor and solve are the Cholesky factor of the lower half of a symmetric matrix, in its
// place, and the solution of the equations it stands for.
func factor(a []float64, n int) bool {
	for i := range n {
		for j := range i + 1 {
			v := a[i*n+j]
			for k := range j {
				v -= a[i*n+k] * a[j*n+k]
			}
			if j < i {
				a[i*n+j] = v / a[j*n+j]
				continue
			}
			if !(v > 1e-12*math.Abs(a[i*n+i])) {
				return false
			}
			a[i*n+i] = math.Sqrt(v)
		}
	}
	return true
}

func solve(l, b []float64, n int) []float64 {
	x := slices.Clone(b)
	for i := range n {
		for k := range i {
			x[i] -= l[i*n+k] * x[k]
		}
		x[i] /= l[i*n+i]
	}
	for i := n - 1; i >= 0; i-- {
		for k := i + 1; k < n; k++ {
			x[i] -= l[k*n+i] * x[k]
		}
		x[i] /= l[i*n+i]
	}
	return x
}

// Concordance is how often, of two of whom it is known who left first, the one with the
// higher score did (Harrell, Califf, Pryor, Lee and Rosati 1982); half for equal scores.
func Concordance(spells []Spell, scores []float64) float64 {
	order := make([]int, 0, len(spells))
	for i, s := range spells {
		if s.told() {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(spells[b].Until, spells[a].Until) })
	sorted := slices.Clone(scores)
	slices.Sort(sorted)
	sorted = slices.Compact(sorted)
	tree := make([]int, len(sorted)+1) // how many with a score up to so much are there longer
	rank := func(i int) int { k, _ := slices.BinarySearch(sorted, scores[i]); return k + 1 }
	upTo := func(k int) (n int) {
		for ; k > 0; k -= k & -k {
			n += tree[k]
		}
		return n
	}
	var right, pairs float64
	longer := 0
	add := func(i int) {
		for k := rank(i); k < len(tree); k += k & -k {
			tree[k]++
		}
		longer++
	}
	for from := 0; from < len(order); {
		to := from
		for to < len(order) && spells[order[to]].Until == spells[order[from]].Until {
			to++
		}
		same := order[from:to]
		for _, i := range same { // whoever was lost from sight at that time was there longer
			if spells[i].Cause == 0 {
				add(i)
			}
		}
		for _, i := range same {
			if spells[i].Cause != 0 {
				k := rank(i)
				below, equal := upTo(k-1), upTo(k)-upTo(k-1)
				right += float64(below) + float64(equal)/2
				pairs += float64(longer)
			}
		}
		for _, i := range same {
			if spells[i].Cause != 0 {
				add(i)
			}
		}
		from = to
	}
	if pairs == 0 {
		return .5
	}
	return right / pairs
}
