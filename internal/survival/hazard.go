package survival

import (
	"fmt"
	"math"

	"hastaluego/internal/additive"
)

// Hazard is the chance of a customer to leave in each period, given that they are still
// there, as the sum of a function of time and of one of each column (discrete-time
// hazard: Cox 1972 §6, Singer and Willett 1993). Nothing has to be proportional in time
// that is not: time has bins of its own, and beyond the last in which somebody left the
// chance stays what it was there.
type Hazard struct {
	model additive.Model // its first column is time
}

// timeBins is how finely time is cut: as finely as enough customers leave.
const timeBins = 24

// Learn fits the chance to leave. Scales and bins describe the customers, one row for each
// spell; smooth is the penalty of additive.Fit.
func Learn(spells []Spell, scales []additive.Scale, bins [][]uint8, smooth float64) (Hazard, error) {
	if err := fit(spells, scales, bins); err != nil {
		return Hazard{}, err
	}
	m, err := additive.Fit(together(spells, scales, bins), smooth)
	return Hazard{m}, err
}

// Choose is the penalty, of those given, with which the ends of customers who were left
// out are foretold best; each is left out in one of so many parts, whole.
func Choose(spells []Spell, scales []additive.Scale, bins [][]uint8, parts int, smooth ...float64) (float64, error) {
	table, of, err := periods(spells, scales, bins)
	if err != nil {
		return 0, err
	}
	folds := make([]int, len(of))
	for i, row := range of {
		folds[i] = row % parts
	}
	return additive.Choose(table, folds, smooth...)
}

// periods is the table of what could have happened in each bin of time to each customer,
// and of which customer each row is.
func periods(spells []Spell, scales []additive.Scale, bins [][]uint8) (t additive.Table, of []int, err error) {
	if err := fit(spells, scales, bins); err != nil {
		return t, nil, err
	}
	time := timeOf(spells)
	t.Scales = append([]additive.Scale{time}, scales...)
	t.Bins = make([][]uint8, len(t.Scales))
	for i, s := range spells {
		for from := s.From; from < s.Until; {
			bin, to := time.Number(float64(from+1)), s.Until
			if int(bin) < len(time.Cuts) {
				to = min(to, int(time.Cuts[bin]))
			}
			left := 0.0
			if to == s.Until && s.Cause != 0 {
				left = 1
			}
			t.Bins[0] = append(t.Bins[0], bin)
			for j, col := range bins {
				t.Bins[j+1] = append(t.Bins[j+1], col[i])
			}
			t.Trials, t.Events, of = append(t.Trials, float64(to-from)), append(t.Events, left), append(of, i)
			from = to
		}
	}
	return t, of, nil
}

// fit reports whether the columns are those of the spells.
func fit(spells []Spell, scales []additive.Scale, bins [][]uint8) error {
	if len(scales) != len(bins) {
		return fmt.Errorf("survival: %d scales and %d columns", len(scales), len(bins))
	}
	for j, col := range bins {
		if len(col) != len(spells) {
			return fmt.Errorf("survival: column %s has %d rows, and there are %d spells", scales[j].Name, len(col), len(spells))
		}
	}
	return nil
}

// timeOf is the scale of time: as fine as enough of the spells ended.
func timeOf(spells []Spell) additive.Scale {
	var ends []float64
	for _, s := range spells {
		if s.told() && s.Cause != 0 {
			ends = append(ends, float64(s.Until))
		}
	}
	return additive.Numbers("time", ends, timeBins)
}

// alike are customers whose columns fall into the same bins: how many more are at risk
// from a period on, and how many leave in it.
type alike struct {
	row  []uint8
	more []int
	left []int
}

// together is the table of what could have happened, as that of periods, with the
// customers who are alike in one row for each bin of time: a million of them take as
// long to learn from as they take to count.
func together(spells []Spell, scales []additive.Scale, bins [][]uint8) additive.Table {
	longest := 0
	for _, s := range spells {
		longest = max(longest, s.Until)
	}
	groups, at := []*alike{}, map[string]*alike{}
	key := make([]byte, len(bins))
	for i, s := range spells {
		if !s.told() {
			continue
		}
		for j, col := range bins {
			key[j] = col[i]
		}
		g := at[string(key)]
		if g == nil {
			g = &alike{row: []uint8(string(key)), more: make([]int, longest+2), left: make([]int, longest+1)}
			at[string(key)] = g
			groups = append(groups, g)
		}
		g.more[s.From+1]++
		g.more[s.Until+1]--
		if s.Cause != 0 {
			g.left[s.Until]++
		}
	}
	time := timeOf(spells)
	t := additive.Table{Scales: append([]additive.Scale{time}, scales...)}
	t.Bins = make([][]uint8, len(t.Scales))
	for _, g := range groups {
		trials, left := make([]float64, time.Bins()), make([]float64, time.Bins())
		atRisk := 0
		for p := 1; p <= longest; p++ {
			atRisk += g.more[p]
			bin := time.Number(float64(p))
			trials[bin] += float64(atRisk)
			left[bin] += float64(g.left[p])
		}
		for bin, n := range trials {
			if n == 0 {
				continue
			}
			t.Bins[0] = append(t.Bins[0], uint8(bin))
			for j, b := range g.row {
				t.Bins[j+1] = append(t.Bins[j+1], b)
			}
			t.Trials, t.Events = append(t.Trials, n), append(t.Events, left[bin])
		}
	}
	return t
}

// Adds is what each column adds to the log odds of leaving, for each of its bins: what a
// forecast is explained with.
func (h Hazard) Adds() [][]float64 { return h.model.Effects[1:] }

// logit is the log odds of a customer without time.
func (h Hazard) logit(row []uint8) float64 {
	v := h.model.Intercept
	for j, b := range row {
		v += h.model.Effects[j+1][b]
	}
	return v
}

// Forecast looks so many periods ahead. Discount is what a period later is worth of one
// now: 1 if as much.
type Forecast struct {
	hazard  Hazard
	horizon int
	worth   []float64 // of each period ahead
	odds    []float64 // eᵛ of time at each period, the last for all after it
	bin     []uint8
}

// Forecast prepares looking ahead, once for many customers.
func (h Hazard) Forecast(horizon int, discount float64) Forecast {
	f := Forecast{hazard: h, horizon: horizon}
	for k := range horizon {
		f.worth = append(f.worth, math.Pow(discount, float64(k+1)))
	}
	time := h.model.Scales[0]
	last := 1
	if len(time.Cuts) > 0 {
		last = int(time.Cuts[len(time.Cuts)-1]) + 1
	}
	for t := range last + 1 {
		bin := time.Number(float64(t))
		f.bin, f.odds = append(f.bin, bin), append(f.odds, math.Exp(h.model.Effects[0][bin]))
	}
	return f
}

// Life is how many of the periods ahead a customer is expected to stay, discounted, and
// between what that expectation lies: z standard errors of what was learned.
type Life struct{ Expected, Low, High float64 }

// Of is the life that lies before a customer who was there for so many periods, and whose
// columns fall into these bins.
func (f Forecast) Of(passed int, row []uint8, z float64) Life {
	m := f.hazard.model
	logit := f.hazard.logit(row)
	if z == 0 {
		v := f.sum(passed, math.Exp(logit))
		return Life{v, v, v}
	}
	var whole [16]uint8
	all := append(append(whole[:0], f.bin[min(passed+1, len(f.bin)-1)]), row...)
	wide := z * m.StdErr(all)
	return Life{f.sum(passed, math.Exp(logit)), f.sum(passed, math.Exp(logit+wide)), f.sum(passed, math.Exp(logit-wide))}
}

// sum is the discounted sum of the chances to be there after each period ahead.
func (f Forecast) sum(passed int, odds float64) (sum float64) {
	stay, last := 1.0, len(f.odds)-1
	for k, worth := range f.worth {
		// The chance to leave is o/(1+o): the chance to stay 1/(1+o).
		stay /= 1 + odds*f.odds[min(passed+k+1, last)]
		sum += stay * worth
	}
	return sum
}

// Stays is the chance to be there after each of the periods ahead.
func (f Forecast) Stays(passed int, row []uint8) []float64 {
	odds, stay := math.Exp(f.hazard.logit(row)), 1.0
	out := make([]float64, f.horizon)
	for k := range out {
		stay /= 1 + odds*f.odds[min(passed+k+1, len(f.odds)-1)]
		out[k] = stay
	}
	return out
}
