package additive

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"
)

// Table is what a model is fitted to: for each row the bin in each column, how often
// something could have happened, and how often it did.
type Table struct {
	Scales []Scale
	Bins   [][]uint8 // a slice for each scale, as long as there are rows
	Trials []float64 // nil: once in each row
	Events []float64 // from 0 to Trials
}

// Rows is how many rows there are.
func (t Table) Rows() int { return len(t.Events) }

func (t Table) trials(row int) float64 {
	if t.Trials == nil {
		return 1
	}
	return t.Trials[row]
}

// ErrNothingToLearn says that in the table nothing ever happened, or always: no model
// tells such rows apart.
var ErrNothingToLearn = errors.New("additive: nothing happened, or always")

// Check reports what of a table cannot be.
func (t Table) Check() error {
	if len(t.Scales) != len(t.Bins) || t.Trials != nil && len(t.Trials) != t.Rows() {
		return fmt.Errorf("additive: %d scales, %d columns, %d rows, %d numbers of trials", len(t.Scales), len(t.Bins), t.Rows(), len(t.Trials))
	}
	for j, col := range t.Bins {
		if len(col) != t.Rows() {
			return fmt.Errorf("additive: column %s has %d rows of %d", t.Scales[j].Name, len(col), t.Rows())
		}
		bins := t.Scales[j].Bins()
		for i, b := range col {
			if int(b) >= bins {
				return fmt.Errorf("additive: row %d of column %s is in bin %d of %d", i, t.Scales[j].Name, b, bins)
			}
		}
	}
	var events, trials float64
	for i, e := range t.Events {
		n := t.trials(i)
		if e < 0 || e > n || math.IsNaN(e) || math.IsNaN(n) || math.IsInf(n, 0) {
			return fmt.Errorf("additive: row %d has %g events in %g trials", i, e, n)
		}
		events, trials = events+e, trials+n
	}
	if events == 0 || events == trials {
		return ErrNothingToLearn
	}
	return nil
}

const (
	// chunks is into how many parts the rows are summed, whatever the machine: a sum of
	// the same parts in the same order is the same everywhere.
	chunks = 16
	// loose is the penalty that only makes the level of a column's function definite.
	loose = 1e-3
	// apart is the penalty of words and of what is missing: a normal prior with a
	// deviation of one on the log odds.
	apart      = 1.0
	iterations = 60
)

// fitting is one fit under way. Its parameters are the intercept and then the bins of
// each column.
type fitting struct {
	table  Table
	smooth float64
	from   []int // the first parameter of each column
	size   int
	beta   []float64
}

// Fit fits a model by penalised maximum likelihood (Newton with halved steps). Smooth is
// the penalty on second differences of the functions of numbers, above zero: the larger,
// the straighter they are.
func Fit(t Table, smooth float64) (Model, error) {
	if err := t.Check(); err != nil {
		return Model{}, err
	}
	f := &fitting{table: t, smooth: smooth, size: 1}
	for _, s := range t.Scales {
		f.from = append(f.from, f.size)
		f.size += s.Bins()
	}
	f.beta = make([]float64, f.size)
	var events, trials float64
	for i, e := range t.Events {
		events, trials = events+e, trials+t.trials(i)
	}
	f.beta[0] = math.Log(events / (trials - events))
	if t.Rows() >= 2*enough {
		f.begin()
	}
	at := f.objective(f.beta)
	next := make([]float64, f.size)
	for range iterations {
		slope, curve := f.derivatives()
		if !factor(curve, f.size) {
			return Model{}, errors.New("additive: the rows do not determine the model")
		}
		step := solve(curve, slope, f.size)
		share, gained := 1.0, false
		for range 40 {
			for k := range next {
				next[k] = f.beta[k] + share*step[k]
			}
			if v := f.objective(next); v > at {
				gained = v-at > 1e-10*(math.Abs(at)+1)
				at = v
				copy(f.beta, next)
				break
			}
			share /= 2
		}
		if !gained {
			break
		}
	}
	_, curve := f.derivatives()
	if !factor(curve, f.size) {
		return Model{}, errors.New("additive: the rows do not determine the model")
	}
	return f.model(curve), nil
}

// enough rows to begin from what they say: of more, the rest only corrects it.
const enough = 50_000

// begin takes from some of the rows where to begin, which spares the rest most of the way.
// Where they tell nothing, the way begins at the rate of all.
func (f *fitting) begin() {
	step := f.table.Rows() / enough
	some, err := Fit(f.table.Part(func(i int) bool { return i%step == 0 }), f.smooth)
	if err != nil {
		return
	}
	f.beta[0] = some.Intercept
	for j, effects := range some.Effects {
		copy(f.beta[f.from[j]:], effects)
	}
}

// inChunks does something for parts of the rows, side by side.
func inChunks(rows int, do func(chunk, from, to int)) {
	var wait sync.WaitGroup
	room := make(chan struct{}, runtime.GOMAXPROCS(0))
	for c := range chunks {
		from, to := c*rows/chunks, (c+1)*rows/chunks
		if from == to {
			continue
		}
		room <- struct{}{}
		wait.Go(func() {
			do(c, from, to)
			<-room
		})
	}
	wait.Wait()
}

// block is how many rows are looked at together: few enough that what is known of them
// stays near the processor.
const block = 2048

// inBlocks does something for blocks of a part of the rows, given their log odds.
func (f *fitting) inBlocks(beta []float64, from, to int, do func(from int, logits []float64)) {
	var room [block]float64
	for at := from; at < to; at += block {
		logits := room[:min(block, to-at)]
		for i := range logits {
			logits[i] = beta[0]
		}
		for j, col := range f.table.Bins {
			own := beta[f.from[j]:]
			for i, b := range col[at : at+len(logits)] {
				logits[i] += own[b]
			}
		}
		do(at, logits)
	}
}

// objective is the log likelihood less the penalty.
func (f *fitting) objective(beta []float64) float64 {
	var parts [chunks]float64
	inChunks(f.table.Rows(), func(c, from, to int) {
		var sum float64
		f.inBlocks(beta, from, to, func(at int, logits []float64) {
			for i, v := range logits {
				sum += f.table.Events[at+i]*v - f.table.trials(at+i)*softplus(v)
			}
		})
		parts[c] = sum
	})
	var sum float64
	for _, p := range parts {
		sum += p
	}
	return sum - f.penalty(beta, nil, nil)/2
}

// softplus is log(1+eᵛ), also where eᵛ is too large.
func softplus(v float64) float64 {
	if v > 0 {
		return v + math.Log1p(math.Exp(-v))
	}
	return math.Log1p(math.Exp(v))
}

// derivatives are the slope and the negative curvature of the objective; of the latter,
// which is symmetric, the lower half.
func (f *fitting) derivatives() (slope, curve []float64) {
	n := f.size
	slopes, curves := make([][]float64, chunks), make([][]float64, chunks)
	inChunks(f.table.Rows(), func(c, from, to int) {
		g, h := make([]float64, n), make([]float64, n*n)
		var ds, ws [block]float64
		f.inBlocks(f.beta, from, to, func(at int, logits []float64) {
			for i, v := range logits {
				p := chance(v)
				trials := f.table.trials(at + i)
				ds[i], ws[i] = f.table.Events[at+i]-trials*p, trials*p*(1-p)
				g[0] += ds[i]
				h[0] += ws[i]
			}
			// A pair of columns after the other: its corner of the curvature stays near.
			for j, col := range f.table.Bins {
				mine := col[at : at+len(logits)]
				for i, b := range mine {
					k := f.from[j] + int(b)
					g[k] += ds[i]
					h[k*n] += ws[i]
					h[k*n+k] += ws[i]
				}
				for l, other := range f.table.Bins[:j] {
					corner, theirs := h[f.from[j]*n+f.from[l]:], other[at:at+len(mine)]
					for i, b := range mine {
						corner[int(b)*n+int(theirs[i])] += ws[i]
					}
				}
			}
		})
		slopes[c], curves[c] = g, h
	})
	slope, curve = make([]float64, n), make([]float64, n*n)
	for c := range chunks {
		for k, v := range slopes[c] {
			slope[k] += v
		}
		for k, v := range curves[c] {
			curve[k] += v
		}
	}
	f.penalty(f.beta, slope, curve)
	return slope, curve
}

// penalty is what the parameters cost, and takes it from the slope and adds it to the
// curvature where they are given.
func (f *fitting) penalty(beta, slope, curve []float64) (sum float64) {
	n := f.size
	square := func(weight float64, at []int, by []float64) {
		var v float64
		for i, k := range at {
			v += by[i] * beta[k]
		}
		sum += weight * v * v
		if slope == nil {
			return
		}
		for i, k := range at {
			slope[k] -= weight * by[i] * v
			for j, l := range at[:i+1] {
				curve[k*n+l] += weight * by[i] * by[j]
			}
		}
	}
	for j, s := range f.table.Scales {
		first, bins := f.from[j], s.Bins()
		for b := range bins {
			weight := apart
			if s.Numeric() && b < bins-1 {
				weight = loose
			}
			square(weight, []int{first + b}, []float64{1})
		}
		if s.Numeric() {
			for b := 2; b < bins-1; b++ {
				square(f.smooth, []int{first + b - 2, first + b - 1, first + b}, []float64{1, -2, 1})
			}
		}
	}
	return sum
}

// factor makes of the lower half of a symmetric matrix its Cholesky factor, and reports
// whether it has one.
func factor(a []float64, n int) bool {
	for i := range n {
		ri := a[i*n : i*n+i+1]
		for j := range i + 1 {
			rj := a[j*n : j*n+j+1]
			v := ri[j]
			for k := range j {
				v -= ri[k] * rj[k]
			}
			if j < i {
				ri[j] = v / rj[j]
				continue
			}
			if v <= 0 || math.IsNaN(v) {
				return false
			}
			ri[i] = math.Sqrt(v)
		}
	}
	return true
}

// forward solves L·x = b.
func forward(l, b []float64, n int) []float64 {
	x := make([]float64, n)
	for i := range n {
		v := b[i]
		for k := range i {
			v -= l[i*n+k] * x[k]
		}
		x[i] = v / l[i*n+i]
	}
	return x
}

// solve solves L·Lᵀ·x = b.
func solve(l, b []float64, n int) []float64 {
	x := forward(l, b, n)
	for i := n - 1; i >= 0; i-- {
		v := x[i]
		for k := i + 1; k < n; k++ {
			v -= l[k*n+i] * x[k]
		}
		x[i] = v / l[i*n+i]
	}
	return x
}
