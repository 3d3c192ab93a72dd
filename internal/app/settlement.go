package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/collection"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
	"hastaluego/internal/settlement"
	"hastaluego/internal/when"
	"hastaluego/internal/withdrawal"
)

// StatementState is where the statement of a departure stands.
type StatementState string

// The states.
const (
	StatementDrawn    StatementState = "drawn"    // finance has not signed it, and the customer does not know it
	StatementSent     StatementState = "sent"     // told to the customer without a signature: only recorded sums are in it
	StatementSigned   StatementState = "signed"   // by finance, and told to the customer
	StatementAccepted StatementState = "accepted" // by the customer
	StatementDisputed StatementState = "disputed" // the customer does not agree; a person looks, and nobody is reminded meanwhile
)

// statementMoves is the only truth about how statements change. One that was
// drawn up anew is signed again.
var statementMoves = map[StatementState][]StatementState{
	StatementDrawn:    {StatementSigned, StatementSent},
	StatementSent:     {StatementSigned, StatementAccepted, StatementDisputed},
	StatementSigned:   {StatementAccepted, StatementDisputed, StatementSigned},
	StatementDisputed: {StatementSigned},
}

// Statement is what is open when a customer leaves: as it would be now, or, in
// a departure, as it was made and signed.
type Statement struct {
	settlement.Statement
	RefundOn when.Date // last day on which what comes back must be there; zero: no rule says
	RefundBy settlement.Source
	DueOn    when.Date // of what the customer owes; zero: nothing
	From     []FiguresFrom
}

// CaseStatement is the statement of one departure.
type CaseStatement struct {
	Case       offboarding.CaseID
	State      StatementState
	Doc        Statement
	MadeAt     time.Time
	SignedAt   time.Time // zero: nobody of finance signed it
	SignedBy   string    // usr_…
	AnsweredAt time.Time
	Version    int64
}

// Live reports whether the customer may read it.
func (x CaseStatement) Live() bool { return x.State != "" && x.State != StatementDrawn }

// MayAnswer reports whether it is the customer's turn.
func (x CaseStatement) MayAnswer() bool {
	return x.State == StatementSent || x.State == StatementSigned
}

// MaySign reports whether it is the turn of finance: what stands there was
// signed by nobody, or the customer does not agree with it.
func (x CaseStatement) MaySign() bool {
	return x.Version > 0 && len(x.Doc.Sections) > 0 && (x.SignedBy == "" || x.State == StatementDisputed)
}

func (x *CaseStatement) to(s StatementState) error {
	if !slices.Contains(statementMoves[x.State], s) {
		return fault.New(fault.Blocked, "settlement.over")
	}
	x.State = s
	return nil
}

// StatementTx keeps them.
type StatementTx interface {
	// PutStatement stores a new one (Version 0) or, by Version, changes one.
	PutStatement(ctx context.Context, x CaseStatement) error
	// StatementOf is the one of a departure; fault.NotFound if none was made.
	StatementOf(ctx context.Context, c offboarding.CaseID) (CaseStatement, error)
}

// ours is how the sums that a statement gives back are noted.
func ours(code, reference string) string { return code + "/" + reference + "/statement" }

// noted reports whether a sum is one that a statement of the departure gave back
// of the contract.
func noted(reference, code, contract string) bool {
	rest, ok := strings.CutPrefix(reference, ours(code, contract))
	return ok && (rest == "" || rest[0] == '-')
}

// feeOf is how a fee that a statement asks is noted; no billing system knows it.
func feeOf(code, reference string) string { return ours(code, reference) + ".fee" }

// ofStatements reports the same of any contract.
func ofStatements(reference, code string) bool {
	rest, ok := strings.CutPrefix(reference, code+"/")
	return code != "" && ok && strings.Contains(rest, "/statement")
}

// reckoning is what a statement is computed from.
type reckoning struct {
	cus       customer.Customer
	subs      []customer.Subscription
	balances  []customer.Balance
	asked     time.Time
	ends      when.Date                             // the last day
	own       map[customer.SubscriptionID]when.Date // of contracts that end on another
	code      string                                // of the departure, if there is one
	late      []Charge
	withdrawn bool                 // what comes back is noted already
	books     []Books              // what billing systems said last
	others    bool                 // the customer has contracts beside subs
	sent      []customer.BalanceID // that may be on their way to the customer
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
		for i := range in.Usage {
			in.Usage[i].Contract = ""
		}
		in.Contracts, in.Bills = nil, slices.DeleteFunc(in.Bills, func(b settlement.Bill) bool { return b.Contract != "" })
		notes = append(notes, settlement.Open{Why: "records"})
		out.Statement, err = settlement.Compute(in, choice)
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

// inputOf is what a statement is computed from, as the definition takes it; out has
// what is not computed: where it is from, when what comes back must be there, and
// what a person is to look at.
func (a *App) inputOf(k reckoning, choice settlement.Choice) (in settlement.Input, out Statement, err error) {
	zone := a.Company().Zone
	in = settlement.Input{Asked: when.DateOf(k.asked, zone), AskedAt: k.asked, Zone: zone, Measure: settlement.Days}
	open := slices.DeleteFunc(slices.Clone(k.balances), func(b customer.Balance) bool {
		return b.Status != customer.Due || ofStatements(b.Reference, k.code)
	})
	for _, s := range k.subs {
		if err := a.addContract(&in, &out, k, s, open, choice); err != nil {
			return in, out, err
		}
	}
	addBalances(&in, open)
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
	c.BilledUntil = s.PaidUntil
	if day, own := k.own[s.ID]; own {
		ends = day
	}
	if ends.Before(s.Start) || c.Last(in.Asked, choice).On != ends { // somebody fixed the day, or the record says something else by now
		c.Ends = latestOf(ends, s.Start)
	}
	if s.PaidUntil.IsZero() || billedUnknown(said, open) {
		// What is served after the last paid day may be on one of the open invoices.
		if !s.PaidUntil.IsZero() && s.PaidUntil.Before(ends) && s.Interval.Recurs() {
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
	if !known && !k.withdrawn && c.Law.Refund != settlement.None && c.Law.Refund != "" {
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

// addBalances adds the sums that are recorded as open, after the contracts.
func addBalances(in *settlement.Input, open []customer.Balance) {
	kinds := map[customer.BalanceKind]settlement.SumKind{
		customer.Fee: settlement.Charge, customer.Credit: settlement.Credit, customer.Deposit: settlement.Deposit, customer.Refund: settlement.Promised,
	}
	for _, b := range open {
		switch b.Kind {
		case customer.Invoice:
			in.Bills = append(in.Bills, settlement.Bill{Ref: b.Reference, What: b.About, Amount: b.Amount, Tax: b.Tax, Included: true, Open: b.Amount.Minor, Recorded: true})
		case customer.Usage:
			if u, ends := usageOf(b, in.Contracts); ends {
				in.Usage = append(in.Usage, u)
			}
		default:
			in.Sums = append(in.Sums, settlement.Sum{Kind: kinds[b.Kind], Ref: b.Reference, What: b.About, Amount: b.Amount, Tax: b.Tax, Recorded: true})
		}
	}
}

// billedUnknown reports whether what is served after the last paid day may stand
// on an open invoice: of the books, where they do not say what is billed, else of
// the record.
func billedUnknown(said *Books, open []customer.Balance) bool {
	if said != nil && said.Failed == "" {
		return said.BilledTo.IsZero() && len(said.Said.Invoices) > 0
	}
	return slices.ContainsFunc(open, func(b customer.Balance) bool { return b.Kind == customer.Invoice })
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
		late := slices.ContainsFunc(k.late, func(c Charge) bool { return c.Subscription.ID == s.ID && c.On == p.From })
		if p.Until.Before(asked) || late {
			continue
		}
		p.Sum, _ = s.PriceOn(p.From)
		// A sum that is too large for its tax has none; the check of the sums finds it.
		_, tax, _ := taxOf(s.Terms.Tax).On(p.Sum.Minor)
		list = append(list, settlement.Bill{
			Ref: s.Reference, What: s.Product, Contract: s.Reference, From: p.From, Until: p.Until, Amount: p.Sum, Tax: tax, Included: !s.Terms.Tax.OnTop, Recorded: true,
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

// Preview is what leaving would cost or bring back, for both choices, before
// anybody asked for anything.
type Preview struct{ Now, End Statement }

// Differ reports whether the choice changes any sum.
func (p Preview) Differ() bool {
	return !slices.EqualFunc(p.Now.Sections, p.End.Sections, func(a, b settlement.Section) bool { return a.Total == b.Total })
}

// preview computes both for somebody who asks at the instant.
func (a *App) preview(ctx context.Context, tx Tx, cus customer.Customer, subs []customer.Subscription, at time.Time) (p Preview, err error) {
	k := reckoning{cus: cus, subs: subs, asked: at}
	if k.balances, err = tx.BalancesOf(ctx, cus.ID); err != nil {
		return p, err
	}
	all, err := tx.SubscriptionsOf(ctx, cus.ID)
	if err != nil {
		return p, err
	}
	k.others = othersStay(all, subs)
	if k.books, err = tx.BooksOf(ctx, cus.ID); err != nil {
		return p, err
	}
	if k.ends, k.own, err = a.ends(offboarding.Now, cus, subs, at); err != nil {
		return p, err
	}
	if p.Now, err = a.reckon(k, settlement.Now); err != nil {
		return p, err
	}
	if k.ends, k.own, err = a.ends(offboarding.PeriodEnd, cus, subs, at); err != nil {
		return p, err
	}
	p.End, err = a.reckon(k, settlement.End)
	return p, err
}

// draw computes the statement of a departure as it stands now.
func (a *App) draw(ctx context.Context, tx Tx, p offboarding.Plan) (Statement, error) {
	k := reckoning{asked: p.Case.RequestedAt, ends: p.Case.Effective, own: p.Case.Ends, code: p.Case.Code}
	var err error
	if k.cus, err = tx.FindCustomer(ctx, p.Case.Customer); err != nil {
		return Statement{}, err
	}
	all, err := tx.SubscriptionsOf(ctx, p.Case.Customer)
	if err != nil {
		return Statement{}, err
	}
	if k.subs = pick(all, p.Case.Subscriptions); len(k.subs) == 0 {
		return Statement{}, nil
	}
	if k.balances, err = tx.BalancesOf(ctx, p.Case.Customer); err != nil {
		return Statement{}, err
	}
	if k.sent, err = refundsSent(ctx, tx, p.Case.Customer, ""); err != nil {
		return Statement{}, err
	}
	k.others = othersStay(all, k.subs)
	if k.books, err = tx.BooksOf(ctx, p.Case.Customer); err != nil {
		return Statement{}, err
	}
	k.late = a.lateCharges(p.Case, k.subs)
	if _, k.withdrawn, err = standing(ctx, tx, p.Case.ID); err != nil {
		return Statement{}, err
	}
	out, err := a.reckon(k, choiceOf(p.Case.When))
	if today := a.today(tx); out.DueOn.Before(today) && !out.DueOn.IsZero() { // told late, after the last use or a second pair of eyes
		out.DueOn = today.AddDays(settlement.DaysToPay)
	}
	return out, err
}

// statementNow is the statement of a departure: the one that was made, or the
// one that would be made now.
func (a *App) statementNow(ctx context.Context, tx Tx, p offboarding.Plan) (CaseStatement, error) {
	x, err := tx.StatementOf(ctx, p.Case.ID)
	if err == nil && x.State != StatementDrawn {
		return x, nil
	}
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return x, err
	}
	if p.Case.Customer == "" {
		return CaseStatement{}, nil
	}
	x.Case, x.State, x.MadeAt = p.Case.ID, StatementDrawn, tx.Now()
	x.Doc, err = a.draw(ctx, tx, p)
	return x, err
}

// StatementOf reads the statement of a departure, made or as it would be now.
func (a *App) StatementOf(ctx context.Context, by Actor, c offboarding.CaseID) (x CaseStatement, err error) {
	if err := by.CanRead("statement"); err != nil {
		return x, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		p, err := tx.FindPlan(ctx, c)
		if err != nil {
			return err
		}
		x, err = a.statementNow(ctx, tx, p)
		return err
	})
	return x, err
}

// computed reports whether a statement has more in it than sums that people
// recorded: then somebody of finance signs it before the customer reads it.
func computed(s Statement) bool {
	for _, x := range s.Sections {
		for _, l := range x.Lines {
			switch l.Kind {
			case settlement.LineRecurring, settlement.LineUsage, settlement.LineFee, settlement.LineRelief:
				return true
			case settlement.LineRefund:
				if l.Why != "promised" {
					return true
				}
			}
		}
	}
	return false
}

// signing are the steps of finance that the step of a statement waits for: whoever
// finishes one of them signs it.
func signing(p *offboarding.Plan, s *offboarding.Step) (out []*offboarding.Step) {
	for _, key := range s.After {
		if o := p.Step(key); o != nil && o.Human && o.Role == "finance" {
			out = append(out, o)
		}
	}
	return out
}

// MustSign reports whether somebody of finance signs the statement of a departure
// before the customer reads it. Where its playbook asks nobody of finance, recorded
// sums are told as they are.
func MustSign(p *offboarding.Plan, s Statement) bool {
	return computed(s) || slices.ContainsFunc(p.Steps, func(x offboarding.Step) bool { return x.Kind == "settle" && len(signing(p, &x)) > 0 })
}

// finalStatement makes the statement of a departure when the turn of its step
// has come. Whoever of finance finished a step that it waited for has signed it;
// where nobody has, and there is more in it than recorded sums, finance is asked
// and the letter waits. With recorded sums alone it is told unsigned, and finance
// may sign it later.
func (a *App) finalStatement(ctx context.Context, tx Tx, p *offboarding.Plan, s *offboarding.Step) (CaseStatement, error) {
	x, err := a.statementNow(ctx, tx, *p)
	if err != nil || x.Live() || len(x.Doc.Sections) == 0 {
		return x, err
	}
	by := ""
	for _, o := range signing(p, s) {
		if strings.HasPrefix(o.DoneBy, "usr_") {
			by = o.DoneBy
		}
	}
	if by == "" && computed(x.Doc) {
		if err := tx.PutStatement(ctx, x); err != nil {
			return x, err
		}
		ask := playbook.House(signKey)
		ask.ID = offboarding.StepID(id.New("step"))
		return x, p.Ask(ask, tx.Now())
	}
	return x, a.issue(ctx, tx, p, &x, by)
}

// issue writes down a statement as the customer reads it from now on, and what
// it gives back as sums that the company owes. by signs it; with nobody it is
// sent unsigned.
func (a *App) issue(ctx context.Context, tx Tx, p *offboarding.Plan, x *CaseStatement, by string) error {
	told := fact{"statement.sent", "engine", string(p.Case.ID), string(p.Case.Customer), map[string]any{"totals": totals(x.Doc), "figures": figures(x.Doc)}}
	state := StatementSent
	if by != "" {
		told, state = signature(p.Case, *x, by), StatementSigned
	}
	if err := x.to(state); err != nil {
		return err
	}
	x.AnsweredAt = time.Time{}
	if by != "" {
		x.SignedAt, x.SignedBy = tx.Now(), by
	}
	if err := tx.PutStatement(ctx, *x); err != nil {
		return err
	}
	noted, err := a.noteRefunds(ctx, tx, p.Case, *x)
	if err != nil {
		return err
	}
	if err := askToRefund(p, x.Version, noted, tx.Now()); err != nil {
		return err
	}
	if err := a.noteFees(ctx, tx, p.Case, *x); err != nil {
		return err
	}
	if err := a.owedLater(ctx, tx, p); err != nil {
		return err
	}
	return a.record(ctx, tx, told)
}

// signature is how the log has that somebody of finance signed.
func signature(c offboarding.Case, x CaseStatement, by string) fact {
	return fact{"statement.signed", by, string(c.ID), string(c.Customer), map[string]any{"totals": totals(x.Doc), "by": by, "figures": figures(x.Doc)}}
}

// figures are the readings of billing systems that a statement was made of, for the
// log.
func figures(s Statement) string {
	var list []string
	for _, f := range s.From {
		if f.Failed == "" {
			list = append(list, f.System+" "+f.Contract+" "+f.Digest)
		}
	}
	return strings.Join(list, ", ")
}

// totals are the sums of a statement, for the log.
func totals(s Statement) string {
	list := make([]string, len(s.Sections))
	for i, x := range s.Sections {
		list[i] = x.Total.String()
	}
	return strings.Join(list, ", ")
}

// SignStatement signs the statement of a departure: as it stands now before it is
// told, or anew where the customer does not agree and something was put right,
// and then it is told again. What was told unsigned is signed as it was told.
func (a *App) SignStatement(ctx context.Context, by Actor, c offboarding.CaseID) error {
	if err := by.may("statement"); err != nil {
		return err
	}
	// What finance has seen is not taken from them by a system that is slow just now.
	if _, err := a.lookIntoBooksOf(ctx, c, look{within: pageReading, again: true, keep: forGood}); err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		p, err := tx.FindPlan(ctx, c)
		if err != nil {
			return err
		}
		if err := a.signNow(ctx, tx, &p, by); err != nil {
			return err
		}
		for _, key := range []string{signKey, "statement_dispute"} {
			if err := a.finishHouse(&p, key, by, tx.Now()); err != nil {
				return err
			}
		}
		return a.settle(ctx, tx, &p, by.ID)
	})
}

// signKey names the step that asks finance for a signature.
const signKey = "statement_sign"

func (a *App) signNow(ctx context.Context, tx Tx, p *offboarding.Plan, by Actor) error {
	if err := by.may("statement"); err != nil {
		return err
	}
	if err := by.person(); err != nil {
		return err
	}
	x, err := tx.StatementOf(ctx, p.Case.ID)
	if err != nil {
		return err
	}
	if !x.MaySign() {
		return fault.New(fault.Blocked, "settlement.over")
	}
	switch x.State {
	case StatementSent:
		if err := x.to(StatementSigned); err != nil {
			return err
		}
		fallthrough
	case StatementAccepted: // it stays so: the customer agreed to what is signed now
		x.SignedAt, x.SignedBy = tx.Now(), by.ID
		if err := tx.PutStatement(ctx, x); err != nil {
			return err
		}
		return a.record(ctx, tx, signature(p.Case, x, by.ID))
	}
	again := x.State == StatementDisputed
	if err := holdMoney(ctx, tx, p.Case.Customer); err != nil {
		return err
	}
	if x.Doc, err = a.draw(ctx, tx, *p); err != nil {
		return err
	}
	x.MadeAt = tx.Now()
	if err := a.issue(ctx, tx, p, &x, by.ID); err != nil || !again {
		return err
	}
	return a.write(ctx, tx, p.Case, "statement")
}

// finishHouse ends a step of the house whose work was done elsewhere.
func (a *App) finishHouse(p *offboarding.Plan, key string, by Actor, now time.Time) error {
	s := p.Step(key)
	if s == nil || s.State != offboarding.StepReady && s.State != offboarding.StepRunning || p.Case.Paused {
		return nil
	}
	for _, it := range s.Items {
		if !it.Ticked {
			if err := p.Tick(key, it.Key, true, by.ID, "", now); err != nil {
				return err
			}
		}
	}
	ticks(p, by, "")
	return p.Done(key, now, by.ID)
}

// signatureWait is how often a letter looks whether the statement that it tells
// was signed.
const signatureWait = 15 * time.Minute

// unsigned reports whether a letter tells a statement that waits for a
// signature, and when to look again.
func (a *App) unsigned(ctx context.Context, mid offboarding.MessageID) (waits bool, again time.Time, err error) {
	err = a.store.View(ctx, func(tx Tx) error {
		m, err := tx.FindMessage(ctx, mid)
		if err != nil || m.Paper != "statement" {
			return err
		}
		x, err := tx.StatementOf(ctx, m.Case)
		if fault.KindOf(err) == fault.NotFound {
			return nil
		}
		waits, again = err == nil && x.State == StatementDrawn, tx.Now().Add(signatureWait)
		return err
	})
	return waits, again, err
}

// StatementAnswer is what a customer says to their statement.
type StatementAnswer struct {
	Agrees bool
	Why    string // with the other answer: what is not right, in words
}

// AnswerStatement takes the customer's word about their statement. Where they do
// not agree a person of finance looks, and nobody is reminded of anything
// meanwhile.
func (a *App) AnswerStatement(ctx context.Context, token string, in StatementAnswer) error {
	why := ""
	if !in.Agrees {
		var err error
		if why, err = required("why", in.Why, 2000); err != nil {
			return err
		}
	}
	return a.tx(ctx, func(tx Tx) error {
		l, err := a.link(ctx, tx, token, "case")
		if err != nil {
			return err
		}
		p, err := tx.FindPlan(ctx, l.Case)
		if err != nil {
			return err
		}
		x, err := tx.StatementOf(ctx, l.Case)
		if err != nil {
			return err
		}
		state, typ := StatementAccepted, "statement.accepted"
		if !in.Agrees {
			state, typ = StatementDisputed, "statement.disputed"
		}
		if !x.MayAnswer() {
			return fault.New(fault.Blocked, "settlement.over")
		}
		if err := x.to(state); err != nil {
			return err
		}
		x.AnsweredAt = tx.Now()
		if err := tx.PutStatement(ctx, x); err != nil {
			return err
		}
		if err := a.record(ctx, tx, fact{typ, "customer", string(p.Case.ID), string(p.Case.Customer), map[string]any{"totals": totals(x.Doc)}}); err != nil {
			return err
		}
		if in.Agrees {
			return nil
		}
		if err := a.endPromises(ctx, tx, p.Case.ID, collection.Released); err != nil {
			return err
		}
		if err := a.endInstalments(ctx, tx, p.Case.ID, false); err != nil {
			return err
		}
		s := playbook.House("statement_dispute")
		s.ID, s.Note = offboarding.StepID(id.New("step")), why
		if old := p.Step(s.Key); old != nil { // they disagree again
			s.Key = fmt.Sprintf("%s_%d", s.Key, x.Version)
		}
		if err := p.Ask(s, tx.Now()); err != nil {
			return err
		}
		return a.settle(ctx, tx, &p, "customer")
	})
}

// disputed reports whether the customer of a departure does not agree with the
// statement.
func disputed(ctx context.Context, tx Tx, c offboarding.CaseID) (bool, error) {
	x, err := tx.StatementOf(ctx, c)
	if fault.KindOf(err) == fault.NotFound {
		return false, nil
	}
	return err == nil && x.State == StatementDisputed, err
}
