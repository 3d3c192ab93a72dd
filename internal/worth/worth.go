// Package worth says what a customer is expected to bring in from here on: what is
// left of their price, month for month, after what serving them costs, for as long as
// customers like them have stayed so far. Every figure is the sum of its parts, in whole
// minor units, and has an interval; where there is too little to learn from it is
// unknown. It is pure: it reads nothing, and decides about nobody.
//
// What it is and is not is told to people in docs/reference/worth.md.
package worth

import (
	"math"
	"math/big"
	"slices"
)

// Horizon is how many months ahead are looked at: what comes later counts nothing.
const Horizon = 36

// Unknown is why nobody can tell what a customer is worth; empty: it is known.
type Unknown string

// The reasons.
const (
	FewLeft    Unknown = "few_left"   // too few were seen to leave
	NoMargin   Unknown = "no_margin"  // nobody said what a product leaves of its price
	NoPrice    Unknown = "no_price"   // they pay nothing that recurs
	Currencies Unknown = "currencies" // they pay in several, or costs are in another
	TooLarge   Unknown = "too_large"  // no number holds it
	NotYet     Unknown = "not_yet"    // nobody computed it
)

// Unknowns are all of them.
var Unknowns = []Unknown{FewLeft, NoMargin, NoPrice, Currencies, TooLarge, NotYet}

// Kind is what a part of a value is.
type Kind string

// The kinds of part.
const (
	Price     Kind = "price"     // what a contract costs, without its tax
	Goods     Kind = "goods"     // what the product costs us
	Incidents Kind = "incidents" // what went wrong
	Hours     Kind = "hours"     // that people worked
	Late      Kind = "late"      // what is paid late
)

// Kinds are all of them, in the order in which they are told.
var Kinds = []Kind{Price, Goods, Incidents, Hours, Late}

// Rates are what a company says that serving customers costs. A cost that is below zero
// is one that nobody said.
type Rates struct {
	Currency string           // of Incident and Hour
	Margin   int64            // what a product leaves of its price, in hundredths of a percent
	Margins  map[string]int64 // of products that leave another part
	Incident int64            // each
	Hour     int64
	Late     int64 // what money costs that is not there, in hundredths of a percent a year
	Discount int64 // what a year later is worth less, in hundredths of a percent
}

// Unsaid is a cost that nobody said.
const Unsaid = -1

// DefaultDiscount is what a year later is worth less where the company says nothing.
const DefaultDiscount = 1000

// Nothing are the rates of a company that said nothing.
func Nothing() Rates {
	return Rates{Margin: Unsaid, Incident: Unsaid, Hour: Unsaid, Late: Unsaid, Discount: DefaultDiscount}
}

// margin is what a product leaves of its price; false if nobody said.
func (r Rates) margin(product string) (int64, bool) {
	if m, ok := r.Margins[product]; ok {
		return m, true
	}
	return r.Margin, r.Margin >= 0
}

// Left is what is left of a price after what the product costs, rounded against us;
// false if nobody said what it leaves.
func (r Rates) Left(product string, price int64) (int64, bool) {
	m, known := r.margin(product)
	if !known {
		return 0, false
	}
	cost := new(big.Int).Mul(big.NewInt(price), big.NewInt(10_000-m))
	cost.Add(cost, big.NewInt(9_999)).Quo(cost, big.NewInt(10_000))
	return price - cost.Int64(), true
}

// Contract is one that recurs.
type Contract struct {
	Alike
	Passed   int   // months since it began
	Monthly  int64 // its price for a month, without tax
	Currency string
}

// Facts are what is on record about one customer.
type Facts struct {
	Contracts []Contract
	Days      int   // over which the following was counted
	Incidents int64 // thousandths
	Minutes   int64
	Overdue   int64 // what they owe and is late now, in the currency that they pay in
	// Counted says what anything is on record of at all, of any customer: nothing
	// recorded is not nothing that happened.
	Counted map[Kind]bool
}

// Part is one line of a value: what it comes to in a month, for so many months.
type Part struct {
	Kind    Kind   `json:"kind"`
	Product string `json:"product,omitempty"` // of Price and Goods
	Month   int64  `json:"month"`             // costs are below zero
	Life    Life   `json:"life"`
	Sum     int64  `json:"sum"`
}

// Value is what a customer is expected to bring in, and between what that lies.
type Value struct {
	Why      Unknown `json:"why,omitempty"`
	Currency string  `json:"currency,omitempty"`
	Low      int64   `json:"low"`
	Sum      int64   `json:"sum"`
	High     int64   `json:"high"`
	Parts    []Part  `json:"parts,omitempty"`
	// Left out are the costs that are in no part: there is no rate for them, or nothing
	// is on record.
	Left    []Kind  `json:"left_out,omitempty"`
	Learned Learned `json:"learned"`
}

// Known reports whether there is a figure.
func (v Value) Known() bool { return v.Why == "" }

// Month is what the customer leaves in a month.
func (v Value) Month() (sum int64) {
	for _, p := range v.Parts {
		sum += p.Month
	}
	return sum
}

// Serving is what serving the customer costs in a month beside their products: what
// went wrong, what people worked, what is paid late.
func (v Value) Serving() (sum int64) {
	for _, p := range v.Parts {
		if p.Kind != Price && p.Kind != Goods {
			sum -= p.Month
		}
	}
	return sum
}

// Same reports whether two values say the same.
func (v Value) Same(o Value) bool {
	return v.Why == o.Why && v.Currency == o.Currency && v.Low == o.Low && v.Sum == o.Sum && v.High == o.High && slices.Equal(v.Parts, o.Parts) &&
		slices.Equal(v.Left, o.Left) && v.Learned == o.Learned
}

// Of is what a customer is worth by what was learned, and by what serving them costs.
func (m *Model) Of(f Facts, r Rates) Value {
	v := Value{Learned: m.learned}
	unknown := func(why Unknown) Value { return Value{Why: why, Learned: m.learned} }
	for _, c := range f.Contracts {
		switch {
		case c.Monthly == 0:
		case v.Currency == "":
			v.Currency = c.Currency
		case v.Currency != c.Currency:
			return unknown(Currencies)
		}
	}
	if v.Currency == "" {
		return unknown(NoPrice)
	}
	if m.learned.Left < FewestLeft {
		return unknown(FewLeft)
	}
	var whole Life // the customer stays as long as the contract that stays longest
	v.Parts = make([]Part, 0, 2*len(f.Contracts)+3)
	for _, c := range f.Contracts {
		if c.Monthly == 0 {
			continue
		}
		margin, ok := r.margin(c.Product)
		if !ok {
			return unknown(NoMargin)
		}
		life := m.Life(c.Alike, c.Passed)
		whole = whole.longer(life)
		cost, ok := share(c.Monthly, 10_000-margin, 10_000)
		if !ok {
			return unknown(TooLarge)
		}
		v.Parts = append(v.Parts, Part{Kind: Price, Product: c.Product, Month: c.Monthly, Life: life})
		if cost != 0 {
			v.Parts = append(v.Parts, Part{Kind: Goods, Product: c.Product, Month: -cost, Life: life})
		}
	}
	// What happened in so many days comes to so much in a twelfth of a year.
	days := int64(max(f.Days, 1)) * 12
	for _, c := range []struct {
		kind        Kind
		rate        int64
		n, num, den int64
	}{
		{Incidents, r.Incident, f.Incidents, 365, days * 1000},
		{Hours, r.Hour, f.Minutes, 365, days * 60},
		{Late, r.Late, f.Overdue, 1, 12 * 10_000},
	} {
		switch {
		case c.rate < 0 || !f.Counted[c.kind]:
			v.Left = append(v.Left, c.kind)
			continue
		case c.n == 0 || c.rate == 0:
			continue
		case c.kind != Late && r.Currency != v.Currency:
			return unknown(Currencies)
		}
		cost, ok := product(c.n, c.rate, c.num, c.den)
		if !ok {
			return unknown(TooLarge)
		}
		if cost != 0 {
			v.Parts = append(v.Parts, Part{Kind: c.kind, Month: -cost, Life: whole})
		}
	}
	if !v.add() {
		return unknown(TooLarge)
	}
	return v
}

// add sums up the parts, for the life that is expected and for its ends; false where
// no number holds the sum. The ends of all parts are taken together: as if whoever is
// wrong about one life is wrong about all in the same way.
func (v *Value) add() bool {
	var low, high int64
	for i := range v.Parts {
		p := &v.Parts[i]
		for _, end := range []struct {
			months int64
			sum    *int64
		}{{p.Life.Months, &v.Sum}, {p.Life.Low, &low}, {p.Life.High, &high}} {
			x, ok := share(p.Month, end.months, Unit)
			sum := *end.sum + x
			if !ok || (sum > *end.sum) != (x > 0) && x != 0 {
				return false
			}
			if *end.sum = sum; end.sum == &v.Sum {
				p.Sum = x
			}
		}
	}
	v.Low, v.High = min(low, high, v.Sum), max(low, high, v.Sum)
	return true
}

// share is a × num ÷ den, half away from zero; false where no number holds it.
func share(a, num, den int64) (int64, bool) {
	const small = math.MaxInt32 // whose products fit
	if a > -small && a < small && num > -small && num < small {
		n, half := a*num, den/2
		if n < 0 {
			return -((-n + half) / den), true
		}
		return (n + half) / den, true
	}
	return product(a, num, 1, den)
}

// product is a × b × num ÷ den, half away from zero; false where no number holds it.
func product(a, b, num, den int64) (int64, bool) {
	n := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
	n.Mul(n, big.NewInt(num))
	twice := new(big.Int).Abs(n)
	twice.Lsh(twice, 1).Add(twice, big.NewInt(den)).Quo(twice, big.NewInt(2*den))
	if n.Sign() < 0 {
		twice.Neg(twice)
	}
	return twice.Int64(), twice.IsInt64()
}
