package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
	"hastaluego/internal/settlement"
)

// setOffWith names, in the step by which somebody gives sums back, what of the record
// was taken off them and is over with them.
const setOffWith = "set_off"

// creditOf is how a credit that stands at a billing system alone is noted, where a
// statement gives it back: one for each currency.
func creditOf(code, currency string) string { return ours(code, currency) + creditMark }

const creditMark = ".credit"

// notedCredit reports whether a sum is such a credit, of any departure: it is at the
// billing system too.
func notedCredit(b customer.Balance) bool {
	return b.Kind == customer.Credit && strings.Contains(b.Reference, "/statement"+creditMark)
}

// giving is what a statement gives back, as it stands on record: its sums, and what the
// customer's own debts take off them, by currency.
type giving struct {
	sums  []customer.Balance // paid and open
	all   map[string]int64   // what the statement gives back before debts
	off   map[string]int64   // of it, what is not given back: it pays debts
	debts []customer.Balance // open ones on record that it pays
}

// recordKind is what a recorded sum is in a statement.
var recordKind = map[customer.BalanceKind]settlement.Kind{
	customer.Refund: settlement.LineRefund, customer.Credit: settlement.LineCredit, customer.Deposit: settlement.LineDeposit,
	customer.Invoice: settlement.LineInvoice, customer.Fee: settlement.LineCharge, customer.Usage: settlement.LineUsage,
}

// givingOf finds on the record what a statement of the departure says. What an older
// statement gave back stands in it as repaid, and is none of its sums.
func givingOf(code string, x CaseStatement, list []customer.Balance) giving {
	g := giving{all: map[string]int64{}, off: map[string]int64{}}
	if !x.Live() {
		return g
	}
	for _, s := range x.Doc.Sections {
		for _, b := range list {
			switch ours, is := said(s, code, b); {
			case !is || ours && b.Status == customer.Void: // of an older one
			case b.Owed().Minor > 0:
				g.all[s.Currency] += b.Amount.Minor
				if b.Status != customer.Void {
					g.sums = append(g.sums, b)
				}
			case b.Unpaid():
				g.debts = append(g.debts, b)
			}
		}
		g.off[s.Currency] = g.all[s.Currency] - s.Total.Minor
	}
	return g
}

// said reports whether a recorded sum is in a section; ours, that the statement noted it.
func said(s settlement.Section, code string, b customer.Balance) (ours, is bool) {
	if b.Amount.Currency != s.Currency {
		return false, false
	}
	credits, back := int64(0), map[string]int64{}
	for _, l := range s.Lines {
		switch {
		case l.Ref == b.Reference && l.Why == string(settlement.Repaid):
			return false, false
		case l.Ref == b.Reference && l.Kind == recordKind[b.Kind]:
			is = true
		}
		if l.Kind == settlement.LineCredit {
			credits += l.Amount.Minor
		}
		if l.Kind == settlement.LineRefund && l.Contract != "" {
			back[l.Contract] += l.Amount.Minor
		}
	}
	if !ofStatements(b.Reference, code) {
		return false, is
	}
	for contract, minor := range back {
		if b.Kind == customer.Refund && noted(b.Reference, code, contract) && b.Amount.Minor == minor {
			return true, true
		}
	}
	return true, notedCredit(b) && b.Amount.Minor <= credits || b.Kind == customer.Fee
}

// has reports whether a sum is one that the statement gives back.
func (g giving) has(id customer.BalanceID) bool {
	return slices.ContainsFunc(g.sums, func(b customer.Balance) bool { return b.ID == id })
}

// owing are the currencies in which debts are taken off what is given back.
func (g giving) owing() (currencies []string) {
	for cur, off := range g.off {
		if off > 0 {
			currencies = append(currencies, cur)
		}
	}
	slices.Sort(currencies)
	return currencies
}

// byPeople are the open credits and deposits: no billing system gives these back.
func (g giving) byPeople(asked []customer.BalanceID) (list []customer.Balance) {
	for _, b := range g.sums {
		if b.Status == customer.Due && b.Kind != customer.Refund && !slices.Contains(asked, b.ID) {
			list = append(list, b)
		}
	}
	return list
}

// net takes off sums that people are to give back what pays the customer's debts, but
// what steps of the plan took off others already: credits and deposits first. over are
// the sums of which nothing is left, and the debts, that are settled with the others.
func (g giving) net(p *offboarding.Plan, list []customer.Balance) (sums []customer.Balance, over []customer.BalanceID) {
	off := map[string]int64{}
	for cur, minor := range g.off {
		off[cur] = max(0, minor)
	}
	for _, s := range handSteps(p) {
		for _, b := range g.sums {
			if i := slices.IndexFunc(s.Items, func(it offboarding.Item) bool { return it.Key == string(b.ID) }); i >= 0 {
				off[b.Amount.Currency] -= b.Amount.Minor - s.Items[i].Sum.Minor
			} else if slices.Contains(settledWith(s), b.ID) {
				off[b.Amount.Currency] -= b.Amount.Minor
			}
		}
	}
	list = slices.Clone(list)
	order := []customer.BalanceKind{customer.Credit, customer.Deposit, customer.Refund}
	slices.SortStableFunc(list, func(a, b customer.Balance) int {
		return cmp.Compare(slices.Index(order, a.Kind), slices.Index(order, b.Kind))
	})
	lessened, gone := map[string]bool{}, []customer.Balance{}
	for i, b := range list {
		if slices.ContainsFunc(list[:i], func(o customer.Balance) bool { return o.ID == b.ID }) {
			continue
		}
		cur := b.Amount.Currency
		if take := min(max(0, off[cur]), b.Amount.Minor); take > 0 && g.has(b.ID) {
			off[cur] -= take
			b.Amount.Minor -= take
			lessened[cur] = true
		}
		if b.Amount.Minor > 0 {
			sums = append(sums, b)
		} else {
			gone = append(gone, b)
		}
	}
	asked := func(b customer.Balance) bool {
		return lessened[b.Amount.Currency] && slices.ContainsFunc(sums, func(s customer.Balance) bool { return s.Amount.Currency == b.Amount.Currency })
	}
	for _, b := range slices.Concat(gone, g.debts) {
		if asked(b) {
			over = append(over, b.ID)
		}
	}
	return sums, over
}

// handSteps are the steps of a plan by which people give back what statements say, but
// those that were left out.
func handSteps(p *offboarding.Plan) (list []offboarding.Step) {
	for _, s := range p.Steps {
		if s.Spec.House && strings.HasPrefix(s.Key, refundKey) && s.State != offboarding.StepSkipped && s.State != offboarding.StepCancelled {
			list = append(list, s)
		}
	}
	return list
}

// settledWith are the sums that are over with those of a step.
func settledWith(s offboarding.Step) (ids []customer.BalanceID) {
	for _, x := range strings.Fields(s.Params[setOffWith]) {
		ids = append(ids, customer.BalanceID(x))
	}
	return ids
}

// givingNow is what the statement of a departure gives back, by the record of now.
func givingNow(ctx context.Context, tx Tx, c offboarding.Case, list []customer.Balance) (giving, error) {
	x, err := statementIfAny(ctx, tx, c.ID)
	return givingOf(c.Code, x, list), err
}

// askToRefund asks finance to give back what a statement says, where no step of
// the plan is going to do it at a billing system: one whose turn has come gives
// back what was noted by then, and one that was approved what was approved. One that
// leaves nothing to people has its refunds, and they have what no system gives back.
func (a *App) askToRefund(ctx context.Context, tx Tx, p *offboarding.Plan, x CaseStatement) error {
	list, err := tx.BalancesOf(ctx, p.Case.Customer)
	if err != nil {
		return err
	}
	system := false
	for _, s := range p.Steps {
		_, leaves := a.giver(s)
		if s.Kind != refundKind || s.State != offboarding.StepWaiting || s.Params["balance"] != "" || leaves && approved(p, s) {
			continue
		}
		if leaves {
			return nil
		}
		system = true
	}
	g := givingOf(p.Case.Code, x, list)
	asked, err := askedOf(ctx, tx, *p, list)
	if err != nil {
		return err
	}
	sent, err := refundsSent(ctx, tx, p.Case.Customer, "")
	if err != nil {
		return err
	}
	sums := g.byPeople(asked)
	for _, b := range g.sums {
		if !system && b.Kind == customer.Refund && b.Status == customer.Due && !slices.Contains(asked, b.ID) && !slices.Contains(sent, b.ID) {
			sums = append(sums, b)
		}
	}
	_, err = a.askByHand(p, g, x.Doc, sums, tx.Now())
	return err
}

// askedOf are the sums that are others' to give back: of another departure, or asked
// of people already, in any departure of the customer.
func askedOf(ctx context.Context, tx Tx, p offboarding.Plan, list []customer.Balance) (asked []customer.BalanceID, err error) {
	cases, err := tx.CasesOf(ctx, p.Case.Customer)
	if err != nil {
		return nil, err
	}
	plans := []offboarding.Plan{p}
	for _, c := range cases {
		if c.ID == p.Case.ID {
			continue
		}
		o, err := tx.FindPlan(ctx, c.ID)
		if err != nil {
			return nil, err
		}
		plans = append(plans, o)
	}
	for _, b := range list {
		if askedElsewhere(p, cases, b) || slices.ContainsFunc(plans, func(o offboarding.Plan) bool { return byHandIn(&o, b.ID) }) {
			asked = append(asked, b.ID)
		}
	}
	return asked, nil
}

// byHandIn reports whether people are asked for a sum by a step of a plan, or it is over
// with what they are asked for.
func byHandIn(p *offboarding.Plan, id customer.BalanceID) bool {
	return slices.ContainsFunc(handSteps(p), func(s offboarding.Step) bool {
		return slices.Contains(settledWith(s), id) || slices.ContainsFunc(s.Items, func(it offboarding.Item) bool { return it.Key == string(id) })
	})
}

// askByHand asks finance to give back sums, in a step of their own, less what of them
// pays the customer's debts; some says whether anything was left to ask for.
func (a *App) askByHand(p *offboarding.Plan, g giving, doc Statement, list []customer.Balance, now time.Time) (some bool, err error) {
	sums, over := g.net(p, list)
	if len(sums) == 0 {
		return false, nil
	}
	n := 1
	for _, s := range p.Steps {
		if strings.HasPrefix(s.Key, refundKey) {
			n++
		}
	}
	s := playbook.House(refundKey)
	s.ID, s.Key = offboarding.StepID(id.New("step")), fmt.Sprintf("%s_%d", refundKey, n)
	for i, b := range sums {
		s.Items = append(s.Items, offboarding.Item{Key: string(b.ID), Title: offboarding.Same(cmp.Or(b.About, b.Reference)), Sum: b.Amount})
		if g.has(b.ID) && !doc.RefundOn.IsZero() && (b.DueOn.IsZero() || doc.RefundOn.Before(b.DueOn)) { // the customer is told that day
			sums[i].DueOn = doc.RefundOn
		}
	}
	if len(over) > 0 {
		ids := make([]string, len(over))
		for i, x := range over {
			ids[i] = string(x)
		}
		s.Params = map[string]string{setOffWith: strings.Join(ids, " ")}
	}
	s.Due = a.backBy(p, &s, sums, now)
	return true, p.Ask(s, now)
}

// refunded notes as paid what a person gave back, and what was set off with it. A debt
// that was set off and that the customer paid all the same, or did not owe, is asked
// for once more, as what they get back.
func (a *App) refunded(ctx context.Context, tx Tx, p *offboarding.Plan, s *offboarding.Step) error {
	if s.State == offboarding.StepSkipped || s.State == offboarding.StepCancelled {
		return nil
	}
	list, err := tx.BalancesOf(ctx, p.Case.Customer)
	if err != nil {
		return err
	}
	by, with, more := s.DoneBy, settledWith(*s), map[string]int64{}
	step := s.Key
	items := slices.Clone(s.Items)
	for _, b := range list {
		set := slices.Contains(with, b.ID)
		switch {
		case !set && !slices.ContainsFunc(items, func(it offboarding.Item) bool { return it.Key == string(b.ID) }):
			continue
		case b.Status == customer.Due:
		case set && b.Owed().Minor < 0 && (b.Status == customer.Paid || b.Status == customer.Void):
			more[b.Amount.Currency] += b.Amount.Minor
			continue
		default:
			continue
		}
		if err := a.paidOff(ctx, tx, b, by); err != nil {
			return err
		}
		if err := a.strayPaid(ctx, tx, p, b.ID, by); err != nil {
			return err
		}
	}
	return a.backToo(ctx, tx, p, step, more)
}

// paidOff notes a sum as paid.
func (a *App) paidOff(ctx context.Context, tx Tx, b customer.Balance, by string) error {
	if err := tx.SetBalanceStatus(ctx, b.ID, customer.Paid); err != nil {
		return err
	}
	return a.record(ctx, tx, fact{"balance.settled", by, "", string(b.Customer), map[string]any{"reference": b.Reference, "status": string(customer.Paid)}})
}

// backToo notes, and asks people to give back, what a step took off for debts that are
// not owed any more.
func (a *App) backToo(ctx context.Context, tx Tx, p *offboarding.Plan, step string, more map[string]int64) error {
	var sums []customer.Balance
	for cur, minor := range more {
		b := customer.Balance{
			ID: customer.BalanceID(id.New("bal")), Customer: p.Case.Customer, Reference: ours(p.Case.Code, cur) + "." + step, Kind: customer.Refund,
			Amount: money.Amount{Minor: minor, Currency: cur}, DueOn: a.today(tx).AddDays(settlement.DaysToPay), Status: customer.Due,
		}
		if n, err := tx.InsertBalances(ctx, b); err != nil || n == 0 {
			return orConflict(err)
		}
		sums = append(sums, b)
		if err := a.record(ctx, tx, fact{"refund.proposed", "engine", string(p.Case.ID), string(p.Case.Customer), map[string]any{
			"reference": b.Reference, "on": b.DueOn.String(), "minor": minor, "currency": cur,
		}}); err != nil {
			return err
		}
	}
	_, err := a.askByHand(p, giving{}, Statement{}, sums, tx.Now())
	return err
}

// withdrawAsks takes back what people were asked to give back by a statement that is
// about to be made anew. Where somebody has begun, that is finished first: what was
// sent is in the record then.
func withdrawAsks(p *offboarding.Plan, now time.Time) error {
	for _, s := range handSteps(p) {
		if s.State != offboarding.StepReady && s.State != offboarding.StepRunning && s.State != offboarding.StepBlocked {
			continue
		}
		if slices.ContainsFunc(s.Items, func(it offboarding.Item) bool { return it.Ticked && it.Sum.Currency != "" }) {
			return fault.New(fault.Blocked, "refund.begun")
		}
		if err := p.Withheld(s.Key, "refund.anew", now); err != nil {
			return err
		}
	}
	return nil
}

// asks reports whether a step asks people for something that the statement gives back.
func (g giving) asks(s offboarding.Step) bool {
	return slices.ContainsFunc(s.Items, func(it offboarding.Item) bool { return g.has(customer.BalanceID(it.Key)) })
}

// total is what the statement says of a currency, as its sums on record add up.
func (g giving) total(currency string) int64 { return g.all[currency] - g.off[currency] }

// onRecord reports whether the debts of a currency are all on record.
func (g giving) onRecord(currency string) bool {
	left := g.off[currency]
	for _, b := range g.debts {
		if b.Amount.Currency == currency {
			left -= b.Amount.Minor
		}
	}
	return left == 0
}

// evenOut notes as paid what statements of a customer take off their debts once nothing
// of these is left to pay: it was their part of the payment. Where debts and what
// comes back are the same, both are over with the statement.
func (a *App) evenOut(ctx context.Context, tx Tx, by string, cid customer.ID, list []customer.Balance) error {
	stand, err := a.owingOf(ctx, tx, cid)
	if err != nil {
		return err
	}
	owed := customer.NetOf(stand.list).Owed
	sent, err := refundsSent(ctx, tx, cid, "")
	if err != nil {
		return err
	}
	cases, err := tx.CasesOf(ctx, cid)
	if err != nil {
		return err
	}
	for _, c := range cases {
		g, err := givingNow(ctx, tx, c, list)
		if err != nil {
			return err
		}
		p, err := tx.FindPlan(ctx, c.ID)
		if err != nil {
			return err
		}
		for _, b := range slices.Concat(g.sums, g.debts) {
			cur := b.Amount.Currency
			switch total := g.total(cur); {
			case b.Status != customer.Due, slices.Contains(sent, b.ID), byHandIn(&p, b.ID):
			case slices.ContainsFunc(owed, func(o customer.Balance) bool { return o.Amount.Currency == cur }):
			case total == 0 && g.onRecord(cur), total < 0 && len(g.debts) == 0:
				if err := a.paidOff(ctx, tx, b, by); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
