package settlement

import (
	"fmt"
	"slices"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/when"
)

// longest is how many days a period or a commitment may have, and how far a
// contract may reach back: a century.
const longest = 36_525

// most bounds every sum and quantity, so that no product of what a person types
// is cut.
const most = 1 << 53

// checker collects what is wrong, by field.
type checker struct{ wrong fault.List }

func (k *checker) unless(ok bool, code, field string, args ...any) {
	if !ok {
		k.wrong = append(k.wrong, fault.New(fault.Invalid, code, args...).On(field))
	}
}

func (k *checker) currency(m money.Amount, field string) {
	_, err := money.Digits(m.Currency)
	k.unless(err == nil, "field.currency", field+".currency")
	k.bound(m.Minor, field)
}

func (k *checker) bound(n int64, field string) {
	k.unless(n <= most && n >= -most, "field.invalid", field)
}

func (k *checker) tax(t Tax, field string) {
	k.unless(t.Rate >= 0 && t.Rate <= 10_000, "field.invalid", field+".rate")
}

// period: both days or, where none is needed, none.
func (k *checker) period(from, until when.Date, needed bool, field string) {
	if from.IsZero() && until.IsZero() && !needed {
		return
	}
	k.unless(!from.IsZero(), "field.required", field+".from")
	k.unless(!until.IsZero(), "field.required", field+".until")
	k.unless(!until.Before(from) && from.DaysUntil(until) < longest, "field.invalid", field+".until")
}

// check reports everything that is wrong with the input, by field.
func (in *Input) check() fault.List {
	k := &checker{}
	k.unless(!in.Asked.IsZero(), "field.required", "asked")
	k.unless(in.Made.IsZero() || !in.Made.Before(in.Asked), "field.invalid", "made")
	k.unless(slices.Contains([]Measure{"", Days, Seconds}, in.Measure), "field.choice", "measure")
	if in.Measure == Seconds {
		k.unless(in.Zone != nil && !in.AskedAt.IsZero(), "field.required", "asked_at")
		k.unless(in.Zone == nil || when.DateOf(in.AskedAt, in.Zone) == in.Asked, "field.invalid", "asked_at")
	}
	known := func(ref, field string, needed bool) {
		if ref != "" || needed {
			k.unless(in.contract(ref) >= 0, "field.choice", field)
		}
	}
	for i := range in.Contracts {
		k.contract(&in.Contracts[i], in.Asked, fmt.Sprintf("contracts.%d", i))
		k.unless(in.contract(in.Contracts[i].Ref) == i, "field.invalid", fmt.Sprintf("contracts.%d.ref", i))
	}
	for i, b := range in.Bills {
		f := at("bills", i)
		known(b.Contract, f+".contract", !b.From.IsZero() && len(b.Shares) == 0)
		for j, s := range b.Shares {
			if !s.Stays {
				known(s.Contract, at(f+".shares", j)+".contract", true)
			}
			k.unless(s.Weight <= most, "field.invalid", at(f+".shares", j)+".weight")
		}
		k.unless(!b.Presumed || b.Recorded && b.Contract != "" && b.Open == 0 && b.Amount.Minor >= 0, "field.invalid", f+".presumed")
		k.bill(b, f)
	}
	for i, b := range in.Books {
		k.books(b, in.contract(b.Contract) >= 0, at("books", i))
	}
	for i, u := range in.Usage {
		f := fmt.Sprintf("usage.%d", i)
		known(u.Contract, f+".contract", false)
		k.currency(u.Price, f+".price")
		k.tax(u.Tax, f)
		k.unless(u.Price.Minor >= 0 && u.Quantity >= 0 && u.Quantity <= most, "field.invalid", f+".quantity")
		k.unless(u.Free >= 0 && u.Per > 0, "field.invalid", f+".per")
	}
	for i, x := range in.Sums {
		f := fmt.Sprintf("sums.%d", i)
		k.unless(slices.Contains(SumKinds, x.Kind), "field.choice", f+".kind")
		known(x.Contract, f+".contract", false)
		k.currency(x.Amount, f+".amount")
		k.unless(x.Amount.Minor >= 0, "field.invalid", f+".amount")
		k.unless(x.Tax >= 0 && x.Tax <= x.Amount.Minor, "field.invalid", f+".tax")
	}
	return k.wrong
}

// bill reports what is wrong with a bill, whatever it is of.
func (k *checker) bill(b Bill, f string) {
	k.currency(b.Amount, f+".amount")
	k.bound(b.Tax, f+".tax")
	k.period(b.From, b.Until, false, f)
	k.unless(b.Tax == 0 || (b.Tax < 0) == (b.Amount.Minor < 0), "field.invalid", f+".tax")
	k.unless(!b.Included || size(b.Tax) <= size(b.Amount.Minor), "field.invalid", f+".tax")
	k.unless(b.Open >= 0 && b.Open <= max(0, b.whole()), "field.invalid", f+".open")
	k.unless(b.Returned >= 0 && b.Returned <= max(0, b.whole()), "field.invalid", f+".returned")
}

// at is the name of the n-th of a list of fields.
func at(list string, n int) string { return fmt.Sprintf("%s.%d", list, n) }

func (k *checker) contract(c *Contract, asked when.Date, f string) {
	k.unless(c.Ref != "", "field.required", f+".ref")
	k.unless(!c.Start.IsZero(), "field.required", f+".start")
	for _, d := range []struct {
		field string
		day   when.Date
	}{{"ends", c.Ends}, {"trial", c.Trial}, {"term", c.Term}, {"minimum", c.Minimum}, {"billed_until", c.BilledUntil}} {
		k.unless(d.day.IsZero() || c.Start.DaysUntil(d.day) >= -1 && c.Start.DaysUntil(d.day) < longest, "date.before_start", f+"."+d.field)
	}
	k.unless(asked.IsZero() || c.Start.DaysUntil(asked) < longest && asked.DaysUntil(c.Start) < longest, "field.invalid", f+".start")
	k.unless(c.Notice >= 0 && c.Notice <= 3660, "field.invalid", f+".notice")
	k.unless(slices.Contains(append([]customer.Interval{""}, customer.Prices...), c.Interval), "field.choice", f+".interval")
	for i, p := range c.Prices {
		pf := fmt.Sprintf("%s.prices.%d", f, i)
		k.currency(p.Amount, pf+".amount")
		k.tax(p.Tax, pf)
		k.unless(p.Amount.Minor >= 0, "field.invalid", pf+".amount")
		k.unless(i == 0 || c.Prices[i-1].From.Before(p.From), "field.invalid", pf+".from")
	}
	k.unless(slices.Contains([]Way{"", None, ProRata, Full}, c.Law.Refund), "field.choice", f+".refund")
	if m := c.Commitment; m != nil {
		mf := f + ".commitment"
		k.unless(slices.Contains([]FeeKind{Fixed, Benefit, Remaining, Device}, m.Kind), "field.choice", mf+".kind")
		k.period(m.From, m.Until, true, mf)
		k.currency(m.Sum, mf+".sum")
		k.tax(m.Tax, mf)
		for _, n := range []int64{m.Sum.Minor, m.Benefit, m.Unpaid, m.Shown} {
			k.unless(n >= 0 && n <= most, "field.invalid", mf+".sum")
		}
		k.unless(m.Percent >= 0 && m.Percent <= 100, "field.invalid", mf+".percent")
	}
}
