package customer

import (
	"math/big"
	"slices"
	"strconv"
	"strings"

	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/when"
)

// Tax is how the tax of a price is found.
type Tax struct {
	Rate  int64 // in hundredths of a percent: 2100 is 21 %
	OnTop bool  // the price is without it; else it is within the price
}

// on is what a price comes to with its tax, rounded down to the smallest unit,
// and the tax within it; ok is false where it fits no number.
func (t Tax) on(price int64) (whole, tax int64, ok bool) {
	if t.OnTop {
		tax, ok = floor(price, t.Rate, 10_000)
		return price + tax, tax, ok && price+tax >= price
	}
	parts := money.Amount{Minor: price}.Split([]uint64{10_000, uint64(max(0, t.Rate))})
	return price, parts[1].Minor, true
}

// Of is what a price without tax comes to with it, rounded down to the smallest
// unit; false where it fits no number.
func (t Tax) Of(net money.Amount) (money.Amount, bool) {
	whole, _, ok := Tax{t.Rate, true}.on(net.Minor)
	return money.Amount{Minor: whole, Currency: net.Currency}, ok
}

// WithoutTax is the price of an interval without its tax; no currency where it
// fits no number.
func (s Subscription) WithoutTax() money.Amount {
	whole, tax, ok := s.Terms.Tax.on(s.Amount.Minor)
	if !ok {
		return money.Amount{}
	}
	return money.Amount{Minor: whole - tax, Currency: s.Amount.Currency}
}

// floor is a × b ÷ c rounded down, of numbers that are not below zero.
func floor(a, b, c int64) (int64, bool) {
	n := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
	n.Quo(n, big.NewInt(c))
	return n.Int64(), n.IsInt64()
}

// ParsePercent reads 21, 10.5 or 5,25 as hundredths of a percent, up to 100.
func ParsePercent(s string) (int64, *fault.Error) {
	wrong := fault.New(fault.Invalid, "percent.unreadable", "value", s)
	whole, part, _ := strings.Cut(strings.Replace(strings.TrimSpace(s), ",", ".", 1), ".")
	digits := func(s string) bool { return !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' }) }
	if whole == "" || len(whole) > 3 || len(part) > 2 || !digits(whole) || !digits(part) {
		return 0, wrong
	}
	n, err := strconv.ParseInt(whole+(part + "00")[:2], 10, 64)
	if err != nil || n > 10_000 {
		return 0, wrong
	}
	return n, nil
}

// Percent writes hundredths of a percent as ParsePercent reads them: 10.5.
func Percent(n int64) string {
	if n%100 == 0 {
		return strconv.FormatInt(n/100, 10)
	}
	return strings.TrimRight(strconv.FormatInt(n/100, 10)+"."+strconv.FormatInt(100+n%100, 10)[1:], "0")
}

// FeeKind is how a contract computes what leaving before the end of its lock-in
// costs. The law may allow less.
type FeeKind string

// The kinds.
const (
	FixedFee     FeeKind = "fixed"     // a sum
	BenefitFee   FeeKind = "benefit"   // the part, for the days that are left, of what was given for staying
	RemainingFee FeeKind = "remaining" // a percentage of what is left to pay until the end
	DeviceFee    FeeKind = "device"    // what is left to pay of a device
)

// FeeKinds are all of them.
var FeeKinds = []FeeKind{FixedFee, BenefitFee, RemainingFee, DeviceFee}

// ExitFee is what a contract asks of whoever leaves before the end of its
// lock-in. Sums are in the smallest unit of the currency of the contract.
type ExitFee struct {
	Kind    FeeKind   // empty: leaving costs nothing
	For     string    // what was given: a phone, a discount
	From    when.Date // first day of the lock-in; zero: that of the contract
	Sum     int64     // of Fixed: what is asked; Benefit: what was given; Device: what is left to pay of it
	Percent int64     // of Remaining
	Given   int64     // of another kind than Benefit: what was given for staying; 0: not known
}

// Terms are what a contract says about its tax, its trial, leaving early, and who is
// told of its end.
type Terms struct {
	Tax        Tax
	Trial      when.Date   // last free day; zero: there is none
	Minimum    when.Date   `json:",omitzero"`  // nobody may end it before that day is over; zero: whenever they like
	Prices     LaterPrices `json:",omitempty"` // later ones: each in the place of that of the contract from its day on
	ExitFee    ExitFee
	TellsUsers bool // we tell the customer's own users that it ends
}

// tidy checks the terms of a contract. Faults: tax_percent, trial_until, minimum_until, later_prices,
// exit_fee, exit_fee_for, exit_fee_from, exit_fee_amount, exit_fee_percent,
// benefit_amount, lock_in_until.
func (t *Terms) tidy(s *Subscription) fault.List {
	fee := &t.ExitFee
	l := tidy(text{"exit_fee_for", &fee.For})
	refuse := func(wrong bool, code, field string) {
		if wrong {
			l = append(l, fault.New(fault.Invalid, code).On(field))
		}
	}
	refuse(t.Tax.Rate < 0 || t.Tax.Rate > 10_000, "field.invalid", "tax_percent")
	refuse(!t.Trial.IsZero() && t.Trial.Before(s.Start), "date.before_start", "trial_until")
	refuse(!t.Minimum.IsZero() && t.Minimum.Before(s.Start), "date.before_start", "minimum_until")
	l = append(l, t.tidyPrices(s)...)
	if fee.Kind == "" {
		refuse(*fee != ExitFee{}, "field.required", "exit_fee")
		return l
	}
	refuse(!slices.Contains(FeeKinds, fee.Kind), "field.choice", "exit_fee")
	refuse(s.LockIn.IsZero(), "field.required", "lock_in_until")
	refuse(!fee.From.IsZero() && (fee.From.Before(s.Start) || !s.LockIn.IsZero() && s.LockIn.Before(fee.From)), "field.invalid", "exit_fee_from")
	refuse(fee.Sum < 0, "field.invalid", "exit_fee_amount")
	refuse(fee.Sum == 0 && fee.Kind != RemainingFee && slices.Contains(FeeKinds, fee.Kind), "field.required", "exit_fee_amount")
	refuse(fee.Percent < 0 || fee.Percent > 100, "field.invalid", "exit_fee_percent")
	refuse(fee.Percent == 0 && fee.Kind == RemainingFee, "field.required", "exit_fee_percent")
	refuse(fee.Given < 0, "field.invalid", "benefit_amount")
	return l
}

// Used is what a sum of use counts: what was used of a contract and is not
// billed yet.
type Used struct {
	Contract string // its number; empty: of none
	Quantity int64
	Free     int64  // of it, included in the contract
	Unit     string // GB, minutes
	Per      int64  // units that Price is for
	Price    int64  // in the smallest unit of the currency of the sum
	Tax      Tax
}

// whole is what it comes to with its tax, and the tax within it.
func (u Used) whole() (sum, tax int64, ok bool) {
	if sum, ok = floor(max(0, u.Quantity-u.Free), u.Price, max(1, u.Per)); !ok {
		return 0, 0, false
	}
	return u.Tax.on(sum)
}

// mostUsed bounds what was used and its price, so that a statement can compute
// with them.
const mostUsed = 1 << 53

// tidyUse makes the sum of what was used. Faults: contract, quantity, free, unit,
// per, price, tax_percent, amount.
func (b *Balance) tidyUse() fault.List {
	u := &b.Used
	if b.Kind != Usage {
		if *u != (Used{}) {
			return fault.List{fault.New(fault.Invalid, "balance.not_use").On("quantity")}
		}
		return nil
	}
	l := tidy(text{"contract", &u.Contract}, text{"unit", &u.Unit})
	if *u == (Used{Contract: u.Contract, Unit: u.Unit}) { // only its sum is known
		u.Quantity, u.Price = 1, b.Amount.Minor
	}
	u.Per = max(u.Per, 1)
	for field, n := range map[string]int64{"quantity": u.Quantity, "free": u.Free, "per": u.Per, "price": u.Price} {
		if n < 0 || n > mostUsed {
			l = append(l, fault.New(fault.Invalid, "field.invalid").On(field))
		}
	}
	if u.Tax.Rate < 0 || u.Tax.Rate > 10_000 {
		l = append(l, fault.New(fault.Invalid, "field.invalid").On("tax_percent"))
	}
	if len(l) > 0 {
		return l
	}
	sum, tax, ok := u.whole()
	if !ok {
		return fault.List{fault.New(fault.Invalid, "field.invalid").On("amount")}
	}
	if b.Tax != 0 && b.Tax != tax { // its tax is found by its rate
		return fault.List{fault.New(fault.Invalid, "balance.tax").On("tax_amount")}
	}
	if b.Amount.Minor != 0 && b.Amount.Minor != sum {
		return fault.List{fault.New(fault.Invalid, "balance.use_differs", "computed", money.Amount{Minor: sum, Currency: b.Amount.Currency}).On("amount")}
	}
	b.Amount.Minor, b.Tax = sum, tax
	return nil
}
