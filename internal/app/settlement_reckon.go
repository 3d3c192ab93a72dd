package app

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/settlement"
	"hastaluego/internal/when"
	"hastaluego/internal/withdrawal"
)

// reckoning is what a statement is computed from.
type reckoning struct {
	cus       customer.Customer
	subs      []customer.Subscription
	all       []customer.Subscription // that the customer has
	balances  []customer.Balance
	asked     time.Time
	made      when.Date                             // on which it is told; zero: when they ask
	ends      when.Date                             // the last day
	own       map[customer.SubscriptionID]when.Date // of contracts that end on another
	code      string                                // of the departure, if there is one
	late      []Charge
	withdrawn bool                 // what comes back is noted already
	books     []Books              // what billing systems said last
	others    bool                 // the customer has contracts beside subs
	sent      []customer.BalanceID // that may be on their way to the customer
}

// gather reads what is recorded of the customer, who has all these contracts, and
// what billing systems said last.
func (k *reckoning) gather(ctx context.Context, tx Tx, all []customer.Subscription) (err error) {
	k.all, k.others = all, othersStay(all, k.subs)
	if k.balances, err = tx.BalancesOf(ctx, k.cus.ID); err != nil {
		return err
	}
	k.books, err = tx.BooksOf(ctx, k.cus.ID)
	return err
}

// reckon computes a statement for a choice. What nobody recorded is not in it; what
// a far system said is not, where it cannot be computed with: then all of it is as
// if that had not answered. A record that makes no sense keeps nobody from leaving
// either: what is recorded as open is told, and a person looks at the rest.
func (a *App) reckon(k reckoning, choice settlement.Choice) (Statement, error) {
	in, out, err := a.inputOf(k, choice)
	if err != nil {
		return out, err
	}
	notes := out.Open
	if out.Statement, err = settlement.Compute(in, choice); unfit(err) {
		if len(in.Books) > 0 {
			k.books = odd(k.books)
			return a.reckon(k, choice)
		}
		notes = append(notes, settlement.Open{Why: "records"})
		out.Statement, err = settlement.Compute(onlyOpen(in), choice)
	}
	if err != nil {
		return out, fault.Wrap("app.reckon", err)
	}
	out.Open = append(out.Open, notes...)
	if out.Owes() {
		out.DueOn = out.Statement.DueOn()
	}
	if !slices.ContainsFunc(out.Sections, func(x settlement.Section) bool { return x.Total.Minor > 0 }) {
		out.RefundOn, out.RefundBy = when.Date{}, settlement.Source{}
	}
	return out, nil
}

// unfit reports whether sums or dates make no sense together.
func unfit(err error) bool { return err != nil && fault.KindOf(err) == fault.Invalid }

// onlyOpen is what of an input is recorded as open: nobody can compute with the
// contracts of it.
func onlyOpen(in settlement.Input) settlement.Input {
	out := settlement.Input{Asked: in.Asked, AskedAt: in.AskedAt, Made: in.Made, Zone: in.Zone, Measure: in.Measure}
	for _, b := range in.Bills {
		if b.Open > 0 {
			b.Contract, b.Shares, b.From, b.Until = "", nil, when.Date{}, when.Date{}
			out.Bills = append(out.Bills, b)
		}
	}
	for _, u := range in.Usage {
		u.Contract = ""
		out.Usage = append(out.Usage, u)
	}
	for _, x := range in.Sums {
		if x.Kind != settlement.Repaid { // of what comes back, and that is not known
			x.Contract = ""
			out.Sums = append(out.Sums, x)
		}
	}
	return out
}

// inputOf is what a statement is computed from, as the definition takes it; out has
// what is not computed: where it is from, when what comes back must be there, and
// what a person is to look at.
func (a *App) inputOf(k reckoning, choice settlement.Choice) (in settlement.Input, out Statement, err error) {
	zone := a.Company().Zone
	in = settlement.Input{Asked: when.DateOf(k.asked, zone), AskedAt: k.asked, Made: k.made, Zone: zone, Measure: settlement.Days}
	open := slices.DeleteFunc(slices.Clone(k.balances), func(b customer.Balance) bool {
		return b.Status != customer.Due || ofStatements(b.Reference, k.code)
	})
	for _, s := range k.subs {
		if err := a.addContract(&in, &out, k, s, open, choice); err != nil {
			return in, out, err
		}
	}
	k.addBills(&in)
	in.Books = settlement.OwnCredits(in.Books)
	addSums(&in, open)
	in.Sums = append(in.Sums, k.creditsGiven(in.Books)...)
	in.Whole, out.From = k.whole(), k.from()
	if len(in.Books) > 0 && !in.Whole && slices.ContainsFunc(open, func(b customer.Balance) bool { return b.Kind == customer.Invoice || b.Kind == customer.Credit }) {
		out.Open = append(out.Open, settlement.Open{Why: "mixed"})
	}
	return in, out, nil
}

// addContract adds a contract that ends, with its books, its paid periods and what
// an older statement of the departure made of it.
func (a *App) addContract(in *settlement.Input, out *Statement, k reckoning, s customer.Subscription, open []customer.Balance, choice settlement.Choice) error {
	x, err := a.termsOf(k.cus, s, k.asked)
	if err != nil {
		return err
	}
	c, ends, said := x.contract, k.ends, k.booksOf(s.ID)
	s = withBooks(s, said)
	c.BilledUntil = k.billedTo(s, said)
	if day, own := k.own[s.ID]; own {
		ends = day
	}
	if ends.Before(s.Start) || c.Last(in.Asked, choice).On != ends { // somebody fixed the day, or the record says something else by now
		c.Ends = latestOf(ends, s.Start)
	}
	if c.BilledUntil.IsZero() || billedUnknown(s, said, open) {
		// What is served after the last billed day may be on one of the open invoices.
		if !c.BilledUntil.IsZero() && c.BilledUntil.Before(ends) && s.Interval.Recurs() {
			out.Open = append(out.Open, settlement.Open{Contract: s.Reference, Why: "unbilled"})
		}
	} else {
		c.Prices = pricesOf(s)
	}
	if k.withdrawn {
		c.Law.Refund, c.Law.RefundBy = settlement.None, settlement.Source{}
	}
	in.Contracts = append(in.Contracts, c)
	if said != nil && said.Failed == "" {
		in.Books = append(in.Books, said.Said)
	}
	bills, known := paidPeriods(s, in.Asked, k)
	if !known && !k.billedOn(s, in.Asked) && !k.withdrawn && c.Law.Refund != settlement.None && c.Law.Refund != "" {
		out.Open = append(out.Open, settlement.Open{Contract: s.Reference, Why: "paid"})
	}
	in.Bills, in.Sums = append(in.Bills, bills...), append(in.Sums, k.alreadySettled(s)...)
	a.refundDay(out, x, ends)
	return nil
}

// alreadySettled is what an older statement of the departure gave back of a contract
// and was paid or is on its way, and what of it was paid or let go, which is not asked
// for again.
func (k reckoning) alreadySettled(s customer.Subscription) (list []settlement.Sum) {
	if k.code == "" {
		return nil
	}
	for _, b := range k.balances {
		if (b.Status == customer.Paid || b.Status == customer.Due && slices.Contains(k.sent, b.ID)) && noted(b.Reference, k.code, s.Reference) {
			list = append(list, settlement.Sum{Kind: settlement.Repaid, Contract: s.Reference, Ref: b.Reference, What: b.About, Amount: b.Amount})
		}
		if (b.Status == customer.Paid || b.Status == customer.WrittenOff) && strings.HasPrefix(b.Reference, feeOf(k.code, s.Reference)) {
			list = append(list, settlement.Sum{Kind: settlement.Credit, Contract: s.Reference, Ref: b.Reference, What: b.About, Amount: b.Amount, Tax: b.Tax})
		}
	}
	return list
}

// refundDay is the first of the days on which what comes back of a contract must be
// there, where the law of it says one.
func (a *App) refundDay(out *Statement, x terms, ends when.Date) {
	most, ok := x.law.Of("refund.max")
	if !ok || most.Outcome != jurisdiction.Settled {
		return
	}
	zone := a.Company().Zone
	x.happened["effect"] = ends.Start(zone)
	d, ok := most.Deadline(x.happened, a.calendars, zone)
	if !ok {
		return
	}
	if day := d.Last(zone); out.RefundOn.IsZero() || day.Before(out.RefundOn) {
		out.RefundOn, out.RefundBy = day, settlement.Source{Rule: most.By[0].Rule.ID, Pack: most.By[0].Rule.Pack.ID, Cite: most.By[0].Rule.Cite.Ref}
	}
}

// creditsGiven is what people gave back of credits that stand at billing systems, as far
// as these have them still: nobody gets them twice.
func (k reckoning) creditsGiven(books []settlement.Books) (list []settlement.Sum) {
	if k.code == "" {
		return nil
	}
	there, seen := map[string]int64{}, map[[3]string]bool{}
	for _, b := range books {
		for _, m := range b.Balances {
			if at := [3]string{b.System, b.Account, m.Currency}; !seen[at] {
				seen[at] = true
				there[m.Currency] += max(0, m.Minor)
			}
		}
		for _, x := range b.Items {
			if at := [3]string{b.System, "item", x.Ref}; !seen[at] {
				seen[at] = true
				there[x.Amount.Currency] += max(0, -x.Amount.Minor)
			}
		}
	}
	for _, b := range k.balances {
		if b.Status != customer.Paid || !ofStatements(b.Reference, k.code) || !notedCredit(b) {
			continue
		}
		b.Amount.Minor = min(b.Amount.Minor, there[b.Amount.Currency])
		if there[b.Amount.Currency] -= b.Amount.Minor; b.Amount.Minor > 0 {
			list = append(list, settlement.Sum{Kind: settlement.Repaid, Ref: b.Reference, What: b.About, Amount: b.Amount})
		}
	}
	return list
}

// addBills adds, after the periods of contracts, what is recorded as billed: what is
// open, and what was paid, credited or let go for days that may not be over.
func (k reckoning) addBills(in *settlement.Input) {
	for _, b := range k.balances {
		if bill, is := billOf(b); is && !ofStatements(b.Reference, k.code) {
			for _, s := range b.Billed.Contracts.List() {
				bill.Shares = append(bill.Shares, k.share(bill, s))
			}
			in.Bills = append(in.Bills, bill)
		}
	}
}

// billOf is a recorded sum as a bill; is says that it is one of which something is
// open, or is for days.
func billOf(b customer.Balance) (bill settlement.Bill, is bool) {
	bill = settlement.Bill{
		Ref: b.Reference, What: b.About, From: b.Billed.From, Until: b.Billed.Until, Amount: b.Amount, Tax: b.Tax, Included: true, Recorded: true,
	}
	switch {
	case b.Kind == customer.Invoice && b.Status == customer.Due:
		bill.Open = b.Amount.Minor
		return bill, true
	case b.Kind == customer.Invoice && b.Status == customer.WrittenOff:
		bill.Returned = b.Amount.Minor
	case b.Kind == customer.Credit && (b.Status == customer.Due || b.Status == customer.Paid):
		bill.Amount, bill.Tax = b.Amount.Neg(), -b.Tax
	case b.Kind != customer.Invoice || b.Status != customer.Paid:
		return bill, false
	}
	return bill, !bill.From.IsZero()
}

// share is the part of a bill that is of a contract: of one that stays nothing comes
// back, nor of what is given back already as charged too late.
func (k reckoning) share(bill settlement.Bill, s customer.Share) settlement.Share {
	out := settlement.Share{Contract: s.Contract, Weight: uint64(s.Weight), Stays: true}
	if i := slices.IndexFunc(k.all, func(x customer.Subscription) bool { return x.Reference == s.Contract }); i >= 0 {
		out.What = k.all[i].Product
	}
	if i := slices.IndexFunc(k.subs, func(x customer.Subscription) bool { return x.Reference == s.Contract }); i >= 0 {
		if out.Stays = bill.Open == 0 && k.chargedLate(k.subs[i], bill.From); out.Stays {
			out.Contract = ""
		}
	}
	return out
}

// chargedLate reports whether what was charged for a contract on a day is given back
// as charged too late.
func (k reckoning) chargedLate(s customer.Subscription, day when.Date) bool {
	return slices.ContainsFunc(k.late, func(c Charge) bool { return c.Subscription.ID == s.ID && c.On == day })
}

// invoiced reports whether a sum is an invoice for days of a contract that nobody found
// wrong.
func invoiced(b customer.Balance, s customer.Subscription) bool {
	return b.Kind == customer.Invoice && b.Status != customer.Void && !b.Billed.From.IsZero() && b.Billed.Of(s.Reference)
}

// billedTo is the last day that is billed of a contract: what its books say or, where
// there are none, the later one of the last that is paid and that of its invoices.
func (k reckoning) billedTo(s customer.Subscription, said *Books) when.Date {
	last := s.PaidUntil
	if said != nil && said.Failed == "" || !s.Interval.Recurs() {
		return last
	}
	for _, b := range k.balances {
		if invoiced(b, s) {
			last = latestOf(last, b.Billed.Until)
		}
	}
	return last
}

// billedOn reports whether an invoice for a day of a contract is recorded.
func (k reckoning) billedOn(s customer.Subscription, day when.Date) bool {
	return slices.ContainsFunc(k.balances, func(b customer.Balance) bool {
		return invoiced(b, s) && !day.Before(b.Billed.From) && !b.Billed.Until.Before(day)
	})
}

// addSums adds the other sums that are recorded as open.
func addSums(in *settlement.Input, open []customer.Balance) {
	kinds := map[customer.BalanceKind]settlement.SumKind{
		customer.Fee: settlement.Charge, customer.Credit: settlement.Credit, customer.Deposit: settlement.Deposit, customer.Refund: settlement.Promised,
	}
	for _, b := range open {
		switch b.Kind {
		case customer.Invoice:
		case customer.Usage:
			if u, ends := usageOf(b, in.Contracts); ends {
				in.Usage = append(in.Usage, u)
			}
		default:
			in.Sums = append(in.Sums, settlement.Sum{Kind: kinds[b.Kind], Ref: b.Reference, What: b.About, Amount: b.Amount, Tax: b.Tax, Recorded: true})
		}
	}
}

// billedUnknown reports whether what is served of a contract after the last billed
// day may stand on an open invoice of which nobody knows the days: of the books, where
// they do not say what is billed, else of the record.
func billedUnknown(s customer.Subscription, said *Books, open []customer.Balance) bool {
	if said != nil && said.Failed == "" {
		return said.BilledTo.IsZero() && len(said.Said.Invoices) > 0
	}
	return slices.ContainsFunc(open, func(b customer.Balance) bool {
		return b.Kind == customer.Invoice && b.Billed.From.IsZero() && (b.Billed.Contracts == "" || b.Billed.Of(s.Reference))
	})
}

// terms are those of one contract, with the law of ending it.
type terms struct {
	contract settlement.Contract // without prices
	law      *jurisdiction.Effective
	happened map[string]time.Time
}

// termsOf are the terms of a contract for whoever asks to end it at an instant.
// Where what comes after the end may not be charged, and no law knows of a notice,
// none is owed.
func (a *App) termsOf(cus customer.Customer, s customer.Subscription, asked time.Time) (x terms, err error) {
	if x.law, x.happened, err = a.actLaw(offboarding.Termination, cus, s, asked); err != nil {
		return x, err
	}
	x.contract = settlement.Contract{
		Ref: s.Reference, What: s.Product, Start: s.Start, Interval: s.Interval, BilledUntil: s.PaidUntil, Term: s.TermEnd, NotRenewed: s.NotRenewed, Notice: s.Notice,
		Minimum: s.Terms.Minimum, Trial: s.Terms.Trial, Commitment: commitmentOf(s), Law: settlement.LawOf(x.law, x.happened, a.calendars, a.Company().Zone),
	}
	if l := x.contract.Law; l.After && l.NoticeLast.IsZero() {
		x.contract.Notice = 0
	}
	return x, nil
}

// pricesOf are the prices of a contract, each from its day on.
func pricesOf(s customer.Subscription) []settlement.Price {
	list := []settlement.Price{{From: s.Start, What: cmp.Or(s.Plan, s.Product), Amount: s.Amount, Tax: taxOf(s.Terms.Tax)}}
	for _, p := range s.Terms.Prices.List() {
		amount, plan := s.PriceOn(p.From)
		list = append(list, settlement.Price{From: p.From, What: cmp.Or(plan, s.Product), Amount: amount, Tax: taxOf(s.Terms.Tax)})
	}
	return list
}

// taxOf is the tax of a price as a statement knows it.
func taxOf(t customer.Tax) settlement.Tax {
	return settlement.Tax{Rate: t.Rate, Included: !t.OnTop}
}

// commitmentOf is what a contract asks of whoever leaves before the end of its
// lock-in; nil where it asks nothing.
func commitmentOf(s customer.Subscription) *settlement.Commitment {
	fee := s.Terms.ExitFee
	if fee.Kind == "" {
		return nil
	}
	c := settlement.Commitment{
		What: fee.For, Kind: settlement.FeeKind(fee.Kind), From: latestOf(fee.From, s.Start), Until: s.LockIn, Percent: fee.Percent, Benefit: fee.Given,
		Sum: money.Amount{Minor: fee.Sum, Currency: s.Amount.Currency}, Tax: settlement.Tax{Rate: s.Terms.Tax.Rate, Included: true},
	}
	switch fee.Kind {
	case customer.BenefitFee:
		c.Benefit = fee.Sum
	case customer.DeviceFee:
		c.Unpaid = fee.Sum
	}
	return &c
}

// usageOf is what was used as a statement knows it; ends is false where it is of a
// contract that stays.
func usageOf(b customer.Balance, ending []settlement.Contract) (u settlement.Usage, ends bool) {
	u = settlement.Usage{
		Ref: b.Reference, What: b.About, Contract: b.Used.Contract, Quantity: b.Used.Quantity, Free: b.Used.Free, Per: b.Used.Per,
		Price: money.Amount{Minor: b.Used.Price, Currency: b.Amount.Currency}, Tax: taxOf(b.Used.Tax), Recorded: true,
	}
	return u, u.Contract == "" || slices.ContainsFunc(ending, func(c settlement.Contract) bool { return c.Ref == u.Contract })
}

func latestOf(a, b when.Date) when.Date {
	if a.Before(b) {
		return b
	}
	return a
}

// paidPeriods are the paid periods of a contract that are not over on the day,
// but those that are given back as charged too late. known is false where only the billing
// system knows whether it was paid.
func paidPeriods(s customer.Subscription, asked when.Date, k reckoning) (list []settlement.Bill, known bool) {
	if s.PaidUntil.IsZero() && s.OnTrial(asked) {
		return nil, true
	}
	until, known := latestOf(s.PaidUntil, asked), !s.PaidUntil.IsZero()
	paid, recurs := withdrawal.PaidUntil(s, until)
	if !recurs {
		return nil, true
	}
	for _, p := range paid {
		if p.Until.Before(asked) || k.chargedLate(s, p.From) {
			continue
		}
		// A sum that is too large for its tax has none; the check of the sums finds it.
		_, tax, _ := taxOf(s.Terms.Tax).On(p.Sum.Minor)
		list = append(list, settlement.Bill{
			Ref: s.Reference, What: s.Product, Contract: s.Reference, From: p.From, Until: p.Until, Amount: p.Sum, Tax: tax, Included: !s.Terms.Tax.OnTop, Recorded: true, Presumed: true,
		})
	}
	return list, known || len(list) == 0
}

// choiceOf is the choice of the customer as a statement knows it.
func choiceOf(t offboarding.Timing) settlement.Choice {
	if t == offboarding.PeriodEnd {
		return settlement.End
	}
	return settlement.Now
}
