package settlement

import (
	"cmp"
	"slices"

	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/when"
)

// Compute is the statement for one choice. It fails with a fault.List whose
// fields name what is wrong in the input (bills.2.until), and with
// money.ErrOverflow where a sum does not fit.
func Compute(in Input, choice Choice) (Statement, error) {
	if l := in.check(); len(l) > 0 {
		return Statement{}, l
	}
	in = in.byBooks()
	s := Statement{Choice: choice, Asked: in.Asked, Made: in.Made}
	var lines []Line
	rulers := make([]ruler, len(in.Contracts))
	for i := range in.Contracts {
		c := &in.Contracts[i]
		last := c.Last(in.Asked, choice)
		s.Ends = append(s.Ends, last)
		rulers[i] = in.until(last.On, choice)
		more, err := c.recurring(rulers[i], last.On)
		if err != nil {
			return Statement{}, fault.Wrap("settlement", err)
		}
		lines = append(lines, more...)
		fee, open, err := c.fee(last.On)
		if err != nil {
			return Statement{}, fault.Wrap("settlement", err)
		}
		lines = append(lines, fee...)
		s.Open = append(s.Open, open...)
	}
	for _, b := range in.Bills {
		for _, part := range b.split() {
			var c *Contract
			var r ruler
			if i := in.contract(part.Contract); i >= 0 {
				c, r = &in.Contracts[i], rulers[i]
			}
			more, err := part.lines(c, r)
			if err != nil {
				return Statement{}, fault.Wrap("settlement", err)
			}
			lines = append(lines, more...)
		}
	}
	for _, u := range in.Usage {
		l, err := u.line()
		if err != nil {
			return Statement{}, fault.Wrap("settlement", err)
		}
		lines = append(lines, l)
	}
	for _, x := range in.Sums {
		lines = append(lines, x.line())
	}
	var err error
	s.Sections, err = sections(lines)
	return s, fault.Wrap("settlement", err)
}

// Both is the statement for both choices, for whoever has to choose.
func Both(in Input) (now, end Statement, err error) {
	if now, err = Compute(in, Now); err != nil {
		return now, end, err
	}
	end, err = Compute(in, End)
	return now, end, err
}

func (in *Input) contract(ref string) int {
	return slices.IndexFunc(in.Contracts, func(c Contract) bool { return c.Ref == ref })
}

// recurring is what is served and not billed.
func (c *Contract) recurring(r ruler, last when.Date) (lines []Line, err error) {
	if !c.Interval.Recurs() || len(c.Prices) == 0 {
		return nil, nil
	}
	first := c.Start
	for _, free := range []when.Date{c.BilledUntil, c.Trial} {
		if next := free.AddDays(1); !free.IsZero() && first.Before(next) {
			first = next
		}
	}
	if last.Before(first) {
		return nil, nil
	}
	for n := c.index(first); ; n++ {
		from, until := c.period(n)
		if last.Before(from) {
			return lines, nil
		}
		for i, p := range c.Prices {
			a, b := latest(from, first, p.From), soonest(until, last)
			if i+1 < len(c.Prices) {
				b = soonest(b, c.Prices[i+1].From.AddDays(-1))
			}
			if b.Before(a) {
				continue
			}
			served := r.served(a, b)
			_, all := r.of(from, until)
			sum, err := floor(p.Amount.Minor, served, all)
			if err != nil {
				return nil, err
			}
			whole, tax, err := p.On(sum)
			if err != nil {
				return nil, err
			}
			lines = append(lines, Line{
				Kind: LineRecurring, Contract: c.Ref, Ref: c.Ref, What: cmp.Or(p.What, c.What), From: a, Until: b, Quantity: served, Of: all, Unit: r.unit(),
				Amount: money.Amount{Minor: -whole, Currency: p.Amount.Currency}, Tax: -tax, Why: "recurring." + r.unit(),
				Args: args("price", p.Amount, "used", served, "of", all),
			})
		}
	}
}

func latest(d when.Date, more ...when.Date) when.Date {
	for _, o := range more {
		if d.Before(o) {
			d = o
		}
	}
	return d
}

func soonest(d when.Date, more ...when.Date) when.Date {
	for _, o := range more {
		if o.Before(d) {
			d = o
		}
	}
	return d
}

// split is the bill as a bill of each of its contracts.
func (b Bill) split() []Bill {
	if len(b.Shares) == 0 {
		return []Bill{b}
	}
	weights := make([]uint64, len(b.Shares))
	for i, s := range b.Shares {
		weights[i] = s.Weight
	}
	amounts, taxes := b.Amount.Split(weights), money.Amount{Minor: b.Tax}.Split(weights)
	out := make([]Bill, len(b.Shares))
	for i, s := range b.Shares {
		out[i] = b
		if len(b.Shares) > 1 {
			out[i].of = money.Amount{Minor: b.whole(), Currency: b.Amount.Currency}
		}
		out[i].What = join(b.What, s.What)
		out[i].Contract, out[i].Shares, out[i].Amount, out[i].Tax = s.Contract, nil, amounts[i], taxes[i].Minor
		weights[i] = size(out[i].whole())
	}
	open, returned := money.Amount{Minor: b.Open}.Split(weights), money.Amount{Minor: b.Returned}.Split(weights)
	for i := range out {
		out[i].Open, out[i].Returned = open[i].Minor, returned[i].Minor
	}
	return out
}

// join is both, or the one that there is.
func join(what, more string) string {
	if what == "" || more == "" {
		return what + more
	}
	return what + ": " + more
}

// unused is what of the bill is for after the end, with its tax.
func (b Bill) unused(left, all int64) (sum, tax int64, err error) {
	if left == 0 {
		return 0, 0, nil
	}
	if sum, err = ceil(b.Amount.Minor, left, all); err != nil {
		return 0, 0, err
	}
	if b.Included {
		return sum, within(sum, b.Amount.Minor-b.Tax, b.Tax), nil
	}
	if tax, err = ceil(b.Tax, left, all); err != nil {
		return 0, 0, err
	}
	sum, err = plus(sum, tax)
	return sum, tax, err
}

// atMost is a sum of the bill with its tax, and never more than is not given
// back yet.
func (b Bill) atMost(sum, tax int64) (int64, int64) {
	if most := b.whole() - b.Returned; b.Amount.Minor >= 0 && sum > most {
		return most, within(most, b.whole()-b.Tax, b.Tax)
	}
	return sum, tax
}

// lines are what is open of a bill of one contract, and what of it is unused. c
// is nil for a bill of none.
func (b Bill) lines(c *Contract, r ruler) (lines []Line, err error) {
	line := func(kind Kind, sum, tax int64) *Line {
		lines = append(lines, Line{
			Kind: kind, Contract: b.Contract, Ref: b.Ref, What: b.What, From: b.From, Until: b.Until,
			Amount: money.Amount{Minor: sum, Currency: b.Amount.Currency}, Tax: tax, Why: string(kind),
		})
		return &lines[len(lines)-1]
	}
	whole := money.Amount{Minor: b.whole(), Currency: b.Amount.Currency}
	if b.Open != 0 {
		l := line(LineInvoice, -b.Open, -within(b.Open, b.whole()-b.Tax, b.Tax))
		l.Args = args("whole", whole)
		switch {
		case b.Open != b.whole():
			l.Why = "invoice.part"
		case b.of.Currency != "":
			l.Why, l.Args = "invoice.share", args("whole", whole, "total", b.of)
		}
	}
	if c == nil || b.From.IsZero() {
		return lines, nil
	}
	left, all := r.of(b.From, b.Until)
	way, wayBy := c.Law.Refund, c.Law.RefundBy
	counted := map[Way]int64{Full: all, ProRata: left}[way]
	sum, tax, err := b.unused(counted, all)
	if err != nil {
		return nil, err
	}
	sum, tax = b.atMost(sum, tax)
	most, mostTax, by := sum, tax, wayBy
	if c.Law.After && b.Open > 0 {
		v, vTax, err := b.unused(left, all)
		if err != nil {
			return nil, err
		}
		if v, vTax = b.atMost(v, vTax); v > most {
			most, mostTax, by = v, vTax, c.Law.AfterBy
		}
	}
	said := args("whole", whole, "left", left, "of", all, "used", all-left)
	relief := min(most, b.Open)
	if b.Open <= 0 || relief < 0 {
		relief = 0
	}
	reliefTax := int64(0)
	if relief != 0 {
		reliefTax = money.Amount{Minor: mostTax}.Split([]uint64{size(relief), size(most - relief)})[0].Minor
		l := line(LineRelief, relief, reliefTax)
		l.By, l.Args, l.Quantity, l.Of, l.Unit, l.Why = by, said, left, all, r.unit(), "relief."+r.unit()
	}
	back := sum - relief
	if back == 0 || b.Amount.Minor >= 0 && back < 0 {
		return lines, nil
	}
	backTax := tax - reliefTax
	if most > sum {
		backTax = within(back, b.whole()-b.Tax, b.Tax)
	}
	l := line(LineRefund, back, backTax)
	l.By, l.Args, l.Quantity, l.Of, l.Unit, l.Why = wayBy, said, left, all, r.unit(), "refund."+r.unit()
	switch {
	case way == Full:
		l.Why = "refund.full"
	case b.Amount.Minor < 0:
		l.Why = "refund.credit." + r.unit()
	}
	return lines, nil
}

func (u Usage) line() (Line, error) {
	sum, err := floor(u.Price.Minor, max(0, u.Quantity-u.Free), u.Per)
	if err != nil {
		return Line{}, err
	}
	whole, tax, err := u.On(sum)
	if err != nil {
		return Line{}, err
	}
	l := Line{
		Kind: LineUsage, Contract: u.Contract, Ref: u.Ref, What: u.What, From: u.From, Until: u.Until, Quantity: max(0, u.Quantity-u.Free), Of: u.Per, Unit: "units",
		Amount: money.Amount{Minor: -whole, Currency: u.Price.Currency}, Tax: -tax, Why: "usage",
		Args: args("quantity", u.Quantity, "free", u.Free, "price", u.Price, "per", u.Per),
	}
	if u.Free > 0 {
		l.Why = "usage.free"
	}
	return l, nil
}

func (x Sum) line() Line {
	kinds := map[SumKind]Kind{Charge: LineCharge, Repaid: LineRefund, Promised: LineRefund, Credit: LineCredit, Deposit: LineDeposit, Used: LineUsage}
	l := Line{Kind: kinds[x.Kind], Contract: x.Contract, Ref: x.Ref, What: x.What, From: x.From, Until: x.Until, Amount: x.Amount, Tax: x.Tax, Why: string(x.Kind)}
	if x.Kind == Promised {
		l.Why = "promised"
	}
	if x.Kind == Charge || x.Kind == Repaid || x.Kind == Used {
		l.Amount.Minor, l.Tax = -l.Amount.Minor, -l.Tax
	}
	return l
}

// sections puts lines in their order, by currency, and adds them up.
func sections(lines []Line) (out []Section, err error) {
	lines = slices.DeleteFunc(lines, func(l Line) bool { return l.Amount.Minor == 0 })
	slices.SortStableFunc(lines, func(a, b Line) int {
		return cmp.Or(cmp.Compare(a.Amount.Currency, b.Amount.Currency), cmp.Compare(slices.Index(Kinds, a.Kind), slices.Index(Kinds, b.Kind)))
	})
	for _, l := range lines {
		if n := len(out); n == 0 || out[n-1].Currency != l.Amount.Currency {
			out = append(out, Section{Currency: l.Amount.Currency, Total: money.Amount{Currency: l.Amount.Currency}})
		}
		s := &out[len(out)-1]
		s.Lines = append(s.Lines, l)
		if s.Total, err = s.Total.Add(l.Amount); err != nil {
			return nil, err
		}
		if s.Tax, err = plus(s.Tax, l.Tax); err != nil {
			return nil, err
		}
	}
	return out, nil
}
