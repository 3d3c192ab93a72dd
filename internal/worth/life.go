package worth

import (
	"cmp"
	"math"
	"slices"

	"hastaluego/internal/additive"
	"hastaluego/internal/stat"
	"hastaluego/internal/survival"
	"hastaluego/internal/when"
)

// Alike is what tells contracts apart that end sooner from those that end later. It is
// what is kept of a contract when its customer is erased, so that whoever was erased
// still counts among those who left, and nothing that tells who somebody is.
type Alike struct {
	Product  string
	Interval string
}

// Seen is how long one contract was seen.
type Seen struct {
	Alike
	survival.Spell
}

// SeenOn is a contract that began on a day and was on record from another, until it
// ended, or until today if last is zero: in months, the month in which it ended being
// the last one. Of the month in which it came on record nothing is concluded.
func SeenOn(a Alike, began, recorded, last, today when.Date) Seen {
	s := Seen{Alike: a}
	s.From = months(began, recorded, true)
	if last.IsZero() {
		s.Until = began.MonthsUntil(today)
	} else {
		s.Until, s.Cause = max(months(began, last.AddDays(1), true), 1), 1
	}
	return s
}

// months are those from one day to another; one that was begun counts if begun says so.
func months(from, to when.Date, begun bool) int {
	if !from.Before(to) {
		return 0
	}
	n := from.MonthsUntil(to)
	if begun && from.AddMonths(n).Before(to) {
		n++
	}
	return n
}

// Unit is how a life is written: in thousandths of a month.
const Unit = 1000

// Life is how many of the months ahead a contract is expected to stay, discounted, and
// between what that lies.
type Life struct {
	Low    int64 `json:"low"`
	Months int64 `json:"months"`
	High   int64 `json:"high"`
}

func (l Life) longer(o Life) Life {
	if l.Months >= o.Months {
		return l
	}
	return o
}

// How much there has to be to learn from.
const (
	FewestLeft  = 30 // contracts that were seen to end, under which nothing is said
	FewestAlike = 30 // contracts of a product, or of an interval, under which they count among the others
	// Level is that of the intervals.
	Level = .95
)

// Learned says what a value was learned from.
type Learned struct {
	Day      when.Date `json:"day"`  // as of when
	Seen     int       `json:"seen"` // contracts
	Left     int       `json:"left"` // of them that ended
	Discount int64     `json:"discount"`
}

// Model is how long contracts stay, by what they are.
type Model struct {
	learned             Learned
	products, intervals additive.Scale
	ahead               survival.Forecast
	lives               map[place]Life // that were asked for already
}

// place is where contracts are that have the same life before them.
type place struct {
	product, interval uint8
	passed            int
}

// trialPenalties are the penalties of which the one is taken with which the ends of
// contracts that were left out are foretold best; enough is how many contracts that is
// tried on.
var trialPenalties = []float64{1, 10, 100}

const enough = 20_000

// Learn learns from everything that was seen, as of a day. Where too few left the model
// knows nothing, and says so of every customer.
func Learn(day when.Date, seen []Seen, discount int64) (*Model, error) {
	m := &Model{lives: map[place]Life{}, learned: Learned{Day: day, Seen: len(seen), Discount: discount}}
	for _, s := range seen {
		if s.Cause != 0 && s.Until > s.From {
			m.learned.Left++
		}
	}
	if m.learned.Left < FewestLeft {
		return m, nil
	}
	spells, products, intervals := make([]survival.Spell, len(seen)), make([]string, len(seen)), make([]string, len(seen))
	for i, s := range seen {
		spells[i], products[i], intervals[i] = s.Spell, s.Product, s.Interval
	}
	m.products, m.intervals = additive.Words("product", products, FewestAlike), additive.Words("interval", intervals, FewestAlike)
	scales, bins := []additive.Scale{m.products, m.intervals}, [][]uint8{m.products.WordColumn(products), m.intervals.WordColumn(intervals)}
	h, err := survival.Learn(spells, scales, bins, penalty(spells, scales, bins))
	if err != nil {
		return nil, err
	}
	m.ahead = h.Forecast(Horizon, math.Pow(1-float64(discount)/10_000, 1./12))
	return m, nil
}

// penalty chooses by what was left out, on some of the contracts if there are many.
func penalty(spells []survival.Spell, scales []additive.Scale, bins [][]uint8) float64 {
	step := max(1, len(spells)/enough)
	var some []survival.Spell
	columns := make([][]uint8, len(bins))
	for i := 0; i < len(spells); i += step {
		some = append(some, spells[i])
		for j, col := range bins {
			columns[j] = append(columns[j], col[i])
		}
	}
	best, err := survival.Choose(some, scales, columns, 5, trialPenalties...)
	if err != nil { // in one of the parts nobody left
		return trialPenalties[1]
	}
	return best
}

// Life is what lies before a contract that is so many months old.
func (m *Model) Life(a Alike, passed int) Life {
	at := place{m.products.Word(a.Product), m.intervals.Word(a.Interval), passed}
	l, known := m.lives[at]
	if !known {
		f := m.ahead.Of(passed, []uint8{at.product, at.interval}, stat.Quantile((1+Level)/2))
		l = Life{int64(math.Floor(f.Low * Unit)), int64(math.Round(f.Expected * Unit)), int64(math.Ceil(f.High * Unit))}
		m.lives[at] = l
	}
	return l
}

// Learned says what the model was learned from.
func (m *Model) Learned() Learned { return m.learned }

// Sorted brings contracts into the order in which they are told: what brings most first.
func Sorted(list []Contract) []Contract {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Contract) int {
		return cmp.Or(cmp.Compare(b.Monthly, a.Monthly), cmp.Compare(a.Product, b.Product), cmp.Compare(a.Interval, b.Interval))
	})
	return list
}
