package withdrawal

import (
	"math/big"
	"slices"
	"strings"

	"hastaluego/internal/customer"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/money"
	"hastaluego/internal/when"
)

// Paid is one sum that was paid, and the days that it paid for.
type Paid struct {
	Sum         money.Amount
	From, Until when.Date // inclusive
}

// days are all that it paid for; used are those before the day.
func (p Paid) days(day when.Date) (used, all int) {
	all = max(1, p.From.DaysUntil(p.Until)+1)
	return min(max(0, p.From.DaysUntil(day)), all), all
}

// PaidUntil is what was paid for a contract by the end of the day, by its
// rhythm and what is known to be paid. ok is false where nothing recurs: then
// only people know.
func PaidUntil(s customer.Subscription, day when.Date) (list []Paid, ok bool) {
	if !s.Interval.Recurs() {
		return nil, false
	}
	charges := s.Charges(s.Start.AddDays(-1), s.Interval.After(day, 2))
	if len(charges) == 0 { // it begins later
		return nil, true
	}
	// A rhythm that is counted back from what is paid can miss a start on the
	// 31st by the days that shorter months have less.
	if before := s.Interval.After(charges[0], -1); before.Before(s.Start) && before.DaysUntil(s.Start) <= 3 && !s.PaidUntil.Before(s.Start) {
		charges = append([]when.Date{s.Start}, charges...)
	}
	for i, on := range charges[:len(charges)-1] {
		if !day.Before(on) && (s.PaidUntil.IsZero() || !s.PaidUntil.Before(on)) {
			sum, _ := s.PriceOn(on)
			list = append(list, Paid{sum, on, charges[i+1].AddDays(-1)})
		}
	}
	return list, true
}

// Way is how a refund is computed.
type Way string

// The ways.
const (
	Whole   Way = "whole"   // everything that was paid: Directive 2011/83/EU, art. 13(1)
	ProRata Way = "prorata" // less what was provided, in proportion of the days: art. 14(3)
	Nothing Way = "nothing" // the law asks for none
)

// Refund is what comes back, in the currency of what was paid.
type Refund struct {
	Way  Way
	Paid money.Amount
	Kept money.Amount // for what was provided
	Back money.Amount
	Used int // days, of Of
	Of   int
	Cite string // where the formula stands
}

// Compute is what comes back of what was paid for one contract that ends on the
// day. A share is kept for the days before it only, and rounded down: what is in
// doubt goes to the customer. It is never less than nothing and never more than
// was paid. Paid sums are of one currency; others fail with money.ErrCurrency.
func Compute(way Way, paid []Paid, day when.Date) (r Refund, err error) {
	r.Way = way
	for i, p := range paid {
		if i == 0 {
			r.Paid.Currency, r.Kept.Currency = p.Sum.Currency, p.Sum.Currency
		}
		used, all := p.days(day)
		if r.Paid, err = r.Paid.Add(p.Sum); err != nil {
			return Refund{}, err
		}
		r.Used, r.Of = r.Used+used, r.Of+all
		switch way {
		case ProRata:
			r.Kept, err = r.Kept.Add(part(p.Sum, used, all))
		case Nothing:
			r.Kept = r.Paid
		}
		if err != nil {
			return Refund{}, err
		}
	}
	r.Back, err = r.Paid.Add(r.Kept.Neg())
	return r, err
}

// part is sum × used ÷ all, rounded down.
func part(sum money.Amount, used, all int) money.Amount {
	n := new(big.Int).Mul(big.NewInt(sum.Minor), big.NewInt(int64(used)))
	return money.Amount{Minor: n.Quo(n, big.NewInt(int64(all))).Int64(), Currency: sum.Currency}
}

// WayOf is how the law has a refund computed: for a withdrawal everything,
// unless a pack lets whoever asked for the service to begin pay for what was
// provided; for a termination what refund.prepaid says. Whether the customer
// asked for it is the seller's to show: where that is not known they did not.
// The cite is of the rules that say it.
func WayOf(law *jurisdiction.Effective) (way Way, cite string) {
	prepaid, _ := law.Of("refund.prepaid")
	settled := prepaid.Outcome == jurisdiction.Settled
	if act, _ := law.Facts["request.act"].(string); act != "withdraw" {
		if !settled || prepaid.Value.Word == "none" {
			return Nothing, ""
		}
		return map[string]Way{"full": Whole, "prorata": ProRata}[prepaid.Value.Word], cites(prepaid.By)
	}
	begun, _ := law.Facts["contract.started_on_request"].(bool)
	if share, ok := law.Of("withdraw.prorata_only_on_request"); begun && ok && share.Outcome == jurisdiction.Settled && prepaid.Value.Word != "full" {
		return ProRata, cites(share.By)
	}
	whole := slices.DeleteFunc(slices.Concat(prepaid.By, prepaid.Maybe), func(a *jurisdiction.Applied) bool { return a.Rule.Value.Word != "full" })
	if len(whole) == 0 {
		period, _ := law.Of("withdraw.period")
		whole = slices.Concat(period.By, period.Maybe)
	}
	return Whole, cites(whole)
}

func cites(rules []*jurisdiction.Applied) string {
	var out []string
	for _, a := range rules {
		if ref := a.Rule.Cite.Ref; ref != "" && !slices.Contains(out, ref) {
			out = append(out, ref)
		}
	}
	return strings.Join(out, "; ")
}
