package settlement

import (
	"hastaluego/internal/money"
	"hastaluego/internal/when"
)

// feeFacts are what a fee is computed from.
type feeFacts struct {
	left, all int64 // days of the commitment
	remaining int64 // fees, with their tax
	rate      int64 // of the tax of what is asked, in hundredths of a percent
}

// fee is what leaving costs: what the contract asks, and no more than the law
// allows.
func (c *Contract) fee(last when.Date) ([]Line, []Open, error) {
	k := c.Commitment
	if k == nil || c.Law.Free || c.Law.FreeRenewed && !c.Term.IsZero() && c.Term.Before(last) {
		return nil, nil, nil
	}
	until := k.Until
	if most := c.Law.LockMost; !most.IsZero() && most.Before(until) {
		until = most
	}
	all := max(0, k.From.DaysUntil(until)+1)
	f := feeFacts{all: int64(all), left: int64(min(max(0, last.DaysUntil(until)), all))}
	if f.left == 0 {
		return nil, nil, nil
	}
	if f.rate = k.Rate; k.Kind == Remaining {
		p, _ := c.price(last)
		f.rate = p.Rate
	}
	var err error
	if f.remaining, err = c.remaining(last, until); err != nil {
		return nil, nil, err
	}
	asked, tax, err := c.asks(f)
	if err != nil || asked == 0 {
		return nil, nil, err
	}
	l := Line{
		Kind: LineFee, Contract: c.Ref, Ref: c.Ref, What: k.What, From: last.AddDays(1), Until: until, Quantity: f.left, Of: f.all, Unit: string(Days), Why: "fee." + string(k.Kind),
		Args: args("sum", k.Sum, "left", f.left, "of", f.all, "percent", k.Percent, "remaining", c.money(f.remaining)),
	}
	var open []Open
	most, capped := asked, false
	for _, x := range c.Law.Most {
		n, known, err := x.of(k, f)
		if err != nil {
			return nil, nil, err
		}
		if !known {
			open = append(open, Open{Contract: c.Ref, Why: "cap." + string(x.Formula)})
		}
		if n < most || l.By == (Source{}) && n == most {
			l.By = x.By
		}
		if n < most {
			most, capped = n, true
		}
	}
	if len(c.Law.Missing) > 0 {
		open = append(open, Open{Contract: c.Ref, Why: "fee", Missing: c.Law.Missing})
	}
	if capped {
		tax = within(most, 10_000, f.rate)
		l.Why, l.Args = "fee.capped", append(l.Args, args("asked", c.money(asked), "most", c.money(most))...)
	}
	l.Amount, l.Tax = c.money(-most), -tax
	return []Line{l}, open, nil
}

// money is a sum in the currency of the commitment.
func (c *Contract) money(minor int64) money.Amount {
	return money.Amount{Minor: minor, Currency: c.Commitment.Sum.Currency}
}

// asks is what the contract asks, with its tax.
func (c *Contract) asks(f feeFacts) (whole, tax int64, err error) {
	k := c.Commitment
	sum := k.Sum.Minor
	switch k.Kind {
	case Benefit:
		if sum, err = floor(sum, f.left, f.all); err != nil {
			return 0, 0, err
		}
	case Remaining:
		sum, err = floor(f.remaining, k.Percent, 100)
		return sum, within(sum, 10_000, f.rate), err
	}
	return k.On(sum)
}

// of is the most that a cap allows; known is false where only people know what
// it counts with.
func (x Cap) of(k *Commitment, f feeFacts) (most int64, known bool, err error) {
	switch x.Formula {
	case "":
		if x.Minor != 0 && x.Currency != k.Sum.Currency {
			return 0, false, nil
		}
		return x.Minor, true, nil
	case BenefitProRata:
		most, err = floor(k.Benefit, f.left, f.all)
		known = k.Benefit > 0
	case UnpaidDevice:
		most, known = k.Unpaid, k.Unpaid > 0
	case RemainingFees:
		most, known = f.remaining, true
	case DirectCost, RealDamage:
		most, known = k.Shown, k.Shown > 0
	}
	if x.Percent > 0 && err == nil {
		most, err = floor(most, x.Percent, 100)
	}
	return most, known, err
}

// remaining is what is left to pay for the days of the commitment, as long as
// the price of the last day.
func (c *Contract) remaining(last, until when.Date) (int64, error) {
	p, ok := c.price(last)
	if !ok || !c.Interval.Recurs() || p.Amount.Currency != c.Commitment.Sum.Currency {
		return 0, nil
	}
	kept := last
	if (c.Law.Refund == None || c.Law.Refund == "") && kept.Before(c.BilledUntil) {
		kept = c.BilledUntil
	}
	whole, _, err := p.On(p.Amount.Minor)
	if err != nil {
		return 0, err
	}
	from, to := c.period(c.index(last))
	return floor(whole, int64(max(0, kept.DaysUntil(until))), int64(from.DaysUntil(to)+1))
}
