package backtest

import (
	"cmp"
	"hash/fnv"
	"math"
	"slices"
	"strconv"

	"hastaluego/internal/additive"
)

// The leak guard (../../docs/reference/backtest.md says why each): a column is kept out
// until a person says otherwise.
const (
	tooGood = .90  // area under the curve of a column alone
	pure    = .995 // share of one kind
	few     = 30   // rows, of which nothing is concluded
	chance  = 1e-4 // with which a pure bin would be one by luck
)

// features are the columns that are looked at, as bins, and what is said of all.
type features struct {
	table  additive.Table
	fields []Field
	of     []int // for each column of the table its field
}

// group is the number of a customer, the same whatever else is in the file.
func group(id string) int {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id)) // never fails
	return int(h.Sum64() >> 1)
}

// bins is into how many bins numbers are cut, so that a sum of many columns stays small.
func bins(columns int) int { return min(24, max(6, 1200/max(columns, 1))) }

// look makes bins of the columns that may be looked at, and keeps out those that know
// what happened.
func (f *file) look(a Ask, events []bool) features {
	out := features{table: additive.Table{Events: make([]float64, f.rows)}}
	for i, e := range events {
		if e {
			out.table.Events[i] = 1
		}
	}
	var at []float64
	if c := f.column(a.Time); a.Time != "" && c != nil {
		at = c.numbers
	}
	usable := 0
	for _, c := range f.columns {
		if c.numbers != nil || c.codes != nil {
			usable++
		}
	}
	groups := make([]int, f.rows)
	for i, id := range f.ids {
		groups[i] = group(id)
	}
	for k := range f.columns {
		c := &f.columns[k]
		field := Field{Name: c.Name, Type: c.Type, Missing: c.Missing, Distinct: min(c.Distinct, mostDistinct), More: c.Distinct > mostDistinct, Odd: c.Odd, OddCell: c.OddCell, Form: c.Form}
		if field.Why = a.why(*c); field.Why == "" {
			scale, col := c.bins(at, bins(usable), f.rows)
			if scale.Bins() < 2 || len(slices.Compact(slices.Sorted(slices.Values(col)))) < 2 {
				field.Why = WhyConstant
			} else {
				field.Why, field.Area, field.Rows = f.leak(a, c, scale, col, events, groups)
				if field.Why.Leak() && slices.Contains(a.Keep, c.Name) {
					field.Why, field.Kept = "", true
				}
			}
			if field.Why == "" {
				if same := out.same(f, c, col); same >= 0 {
					field.Why, field.Same = WhySame, out.fields[same].Name
				}
			}
			if field.Why == "" {
				out.table.Scales, out.table.Bins = append(out.table.Scales, scale), append(out.table.Bins, col)
				out.of = append(out.of, len(out.fields))
				field.Used = true
			}
		}
		out.fields = append(out.fields, field)
	}
	return out
}

// why is why a column is not looked at whatever it holds.
func (a Ask) why(c Column) Why {
	switch {
	case c.Name == a.ID:
		return WhyID
	case c.Name == a.Target:
		return WhyTarget
	case c.Name == a.Time:
		return WhyTime
	case c.Name == a.Left:
		return WhyLeft
	case slices.Contains(a.Drop, c.Name):
		return WhyDropped
	}
	switch c.Type {
	case ID:
		return WhyID
	case Prose:
		return WhyProse
	case Empty:
		return WhyEmpty
	default:
		return ""
	}
}

// bins are the bins of a column. A date is how many days before the date of its row it
// was, or before the last date of the column.
func (c *Column) bins(at []float64, most, rows int) (additive.Scale, []uint8) {
	if c.Type == Word {
		scale := additive.Words(c.Name, c.words(), max(10, rows/2000))
		of := make([]uint8, len(c.levels))
		for k, l := range c.levels {
			of[k] = scale.Word(l)
		}
		col := make([]uint8, len(c.codes))
		for i, k := range c.codes {
			col[i] = of[k]
		}
		return scale, col
	}
	values := c.numbers
	if c.Type == Date {
		last := math.Inf(-1)
		for _, v := range values {
			if v > last { // a number that is missing is not
				last = v
			}
		}
		before := make([]float64, len(values))
		for i, v := range values {
			if before[i] = last - v; at != nil {
				before[i] = at[i] - v
			}
		}
		values = before
	}
	scale := additive.Numbers(c.Name, values, most)
	return scale, scale.NumberColumn(values)
}

func (c *Column) words() []string {
	out := make([]string, len(c.codes))
	for i, k := range c.codes {
		out[i] = c.levels[k]
	}
	return out
}

// leak finds out whether a column knows what happened.
func (f *file) leak(a Ask, c *Column, scale additive.Scale, col []uint8, events []bool, groups []int) (why Why, area float64, rows int) {
	n := scale.Bins()
	var yes, all [2][]float64
	for h := range 2 {
		yes[h], all[h] = make([]float64, n), make([]float64, n)
	}
	var happened float64
	for i, b := range col {
		h := groups[i] >> 7 & 1
		all[h][b]++
		if events[i] {
			yes[h][b]++
			happened++
		}
	}
	rate := happened / float64(len(col))
	area = areaAlone(yes, all, rate)
	if area > tooGood {
		return LeakArea, area, len(col)
	}
	// Whether a bin, or its being filled in at all, is of one kind only, and not by luck.
	only := func(y, n float64) (left, stayed bool) {
		if n < few {
			return false, false
		}
		return y/n >= pure && n*math.Log(rate) < math.Log(chance), y/n <= 1-pure && n*math.Log(1-rate) < math.Log(chance)
	}
	var leftRows, stayedRows, filled, filledYes, empty, emptyYes float64
	told := map[uint8]bool{} // bins of what is known
	for b := range n {
		y, m := yes[0][b]+yes[1][b], all[0][b]+all[1][b]
		left, stayed := only(y, m)
		if left {
			leftRows += m
		}
		if stayed {
			stayedRows += m
		}
		gone := scale.Numeric() && b == n-1 || !scale.Numeric() && b < len(scale.Levels) && scale.Levels[b] == ""
		if gone {
			empty, emptyYes = m, y
		} else if m > 0 {
			filled, filledYes = filled+m, filledYes+y
			told[uint8(b)] = true
		}
	}
	if leftRows > 0 && stayedRows > 0 {
		return LeakPure, area, int(leftRows + stayedRows)
	}
	if left, _ := only(filledYes, filled); left && empty > 0 {
		return LeakFilled, area, int(filled)
	}
	if left, _ := only(emptyYes, empty); left {
		return LeakFilled, area, int(empty)
	}
	if len(told) == 2 && leftRows > 0 {
		return LeakOnly, area, int(leftRows)
	}
	if gone := f.column(a.Left); a.Left != "" && gone != nil && c.Type == Date {
		after, of := 0, 0
		for i, v := range c.numbers {
			if events[i] && !math.IsNaN(v) && !math.IsNaN(gone.numbers[i]) {
				if of++; v >= gone.numbers[i] {
					after++
				}
			}
		}
		if of >= few && float64(after) >= .9*float64(of) {
			return LeakRecorded, area, after
		}
	}
	return "", area, 0
}

// areaAlone is the area under the curve of a column by the share of those who left in each
// of its bins, each half of the customers by the shares of the other.
func areaAlone(yes, all [2][]float64, rate float64) float64 {
	type at struct{ score, yes, no float64 }
	var list []at
	for h := range 2 {
		for b := range all[h] {
			y, m := yes[1-h][b], all[1-h][b]
			list = append(list, at{(y + 2*rate) / (m + 2), yes[h][b], all[h][b] - yes[h][b]})
		}
	}
	slices.SortFunc(list, func(x, y at) int { return cmp.Compare(x.score, y.score) })
	var right, below, yesAll float64
	for i := 0; i < len(list); {
		j, y, n := i, 0.0, 0.0
		for ; j < len(list) && list[j].score == list[i].score; j++ {
			y, n = y+list[j].yes, n+list[j].no
		}
		right += y * (below + n/2)
		below, yesAll, i = below+n, yesAll+y, j
	}
	if yesAll == 0 || below == 0 {
		return .5
	}
	return right / (yesAll * below)
}

// same is the field of an earlier column that says the same as this one, -1 for none: the
// same numbers but for scale and origin, or one word for each word.
func (fs features) same(f *file, c *Column, col []uint8) int {
	step := max(1, f.rows/5000)
	for k, j := range fs.of {
		o := f.column(fs.fields[j].Name)
		if (o.numbers == nil) != (c.numbers == nil) {
			continue
		}
		if c.numbers == nil {
			if alike(fs.table.Bins[k], col, step) {
				return j
			}
			continue
		}
		if o.Type == c.Type && straight(o.numbers, c.numbers, step) {
			return j
		}
	}
	return -1
}

func alike(a, b []uint8, step int) bool {
	var to, back [additive.MaxBins]int
	for i := 0; i < len(a); i += step {
		if to[a[i]] == 0 && back[b[i]] == 0 {
			to[a[i]], back[b[i]] = int(b[i])+1, int(a[i])+1
		}
		if to[a[i]] != int(b[i])+1 || back[b[i]] != int(a[i])+1 {
			return false
		}
	}
	return true
}

func straight(a, b []float64, step int) bool {
	var n, ma, mb, va, vb, cov float64
	for i := 0; i < len(a); i += step {
		x, y := a[i], b[i]
		if math.IsNaN(x) != math.IsNaN(y) {
			return false
		}
		if math.IsNaN(x) {
			continue
		}
		n++
		dx, dy := x-ma, y-mb
		ma += dx / n
		mb += dy / n
		va += dx * (x - ma)
		vb += dy * (y - mb)
		cov += dx * (y - mb)
	}
	return n > 2 && va > 0 && vb > 0 && math.Abs(cov)/math.Sqrt(va*vb) > .9999
}

// label words a bin of a column in figures alone; the page words it for people.
func label(s additive.Scale, bin int) Part {
	switch {
	case s.Numeric() && bin == s.Bins()-1:
		return Part{Kind: "missing"}
	case s.Numeric():
		p := Part{Kind: "number", From: math.Inf(-1), To: math.Inf(1)}
		if bin > 0 {
			p.From = s.Cuts[bin-1]
			p.Label = ">" + short(p.From)
		}
		if bin < len(s.Cuts) {
			p.To = s.Cuts[bin]
			if p.Label += " ≤" + short(p.To); bin == 0 {
				p.Label = "≤" + short(p.To)
			}
		}
		return p
	case bin < len(s.Levels) && s.Levels[bin] == "":
		return Part{Kind: "missing"}
	case bin < len(s.Levels):
		return Part{Kind: "word", Label: s.Levels[bin]}
	default:
		return Part{Kind: "rare"}
	}
}

func short(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }
