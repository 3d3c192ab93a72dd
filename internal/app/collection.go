package app

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/collection"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
	"hastaluego/internal/relationship"
	"hastaluego/internal/step"
	"hastaluego/internal/when"
)

// CollectionTx keeps what was agreed about money that is owed.
type CollectionTx interface {
	// PutPromise stores a new one (Version 0) or, by Version, changes one.
	PutPromise(ctx context.Context, p collection.Promise) error
	FindPromise(ctx context.Context, id collection.PromiseID) (collection.Promise, error)
	PromisesOf(ctx context.Context, c offboarding.CaseID) ([]collection.Promise, error) // oldest first
	// PutInstalments stores a new plan (Version 0) or, by Version, changes one.
	PutInstalments(ctx context.Context, p collection.Plan) error
	InstalmentsOf(ctx context.Context, c offboarding.CaseID) ([]collection.Plan, error) // oldest first
}

// PayPromiseKind is the kind of the jobs of the house that look at a promise to
// pay when its day is over.
const PayPromiseKind = "pay_promise"

// Collection is how what is owed in a departure stands.
type Collection struct {
	Step     string             // key of the step of whoever looks after it; empty: nobody does
	Owed     []customer.Balance // that somebody looks after; none: nothing is left to do
	Less     []customer.Balance // what the company owes them: it makes up for some of that
	Gone     []customer.Balance // open on record, and billing systems say that nothing of them is: nobody asks for them
	Left     []money.Amount     // what is left to pay by currency, also where nobody looks after it
	Stopped  bool               // the customer does not agree, or a complaint is open: no clock runs
	Promises []collection.Promise
	Plans    []collection.Plan // of instalments
	MayPlan  bool              // another plan may be asked for or proposed
	Last     when.Date         // the last day that may be promised now; zero: none may be
	Sent     int               // reminders that went out
	WriteOff string            // key of the step by which a second person decides a write-off; empty: none is proposed
}

// Plan is the plan of instalments that is open; nil: there is none.
func (c Collection) Plan() *collection.Plan { return collection.OpenPlan(c.Plans) }

// Rests is the plan that was agreed and that a disagreement or a complaint ended,
// while that is looked into: nobody is asked for its parts, and those that were
// paid count. nil: there is none.
func (c Collection) Rests() (rests *collection.Plan) {
	if !c.Stopped {
		return nil
	}
	for i := range c.Plans {
		if rests == nil || rests.MadeAt.Before(c.Plans[i].MadeAt) {
			rests = &c.Plans[i]
		}
	}
	if rests == nil || rests.State != collection.Ended || rests.AgreedBy == "" {
		return nil
	}
	return rests
}

// Standing is the promise that waits; nil: none does.
func (c Collection) Standing() *collection.Promise { return collection.Standing(c.Promises) }

// collecting is the step by which somebody looks after what is owed; nil: nobody
// does, or not any more.
func collecting(p offboarding.Plan) *offboarding.Step {
	if p.Case.State != offboarding.CaseOpen {
		return nil
	}
	i := slices.IndexFunc(p.Steps, func(s offboarding.Step) bool {
		return s.Kind == "collect" && (s.State == offboarding.StepReady || s.State == offboarding.StepRunning || s.State == offboarding.StepBlocked)
	})
	if i < 0 {
		return nil
	}
	return &p.Steps[i]
}

// clockStands reports whether nobody may be asked for money now: the customer of a
// departure does not agree with the statement of it or of another one that is open, or that
// waits for a signature, or
// a complaint of theirs is. A
// complaint before a body that settles disputes is one, and stays open until it
// has decided: Spain, Ley 10/2025, art. 13.8.
func clockStands(ctx context.Context, tx Tx, c offboarding.Case) (bool, error) {
	cases, err := sameDebt(ctx, tx, c)
	if err != nil {
		return false, err
	}
	for _, id := range cases {
		if no, err := openToSign(ctx, tx, id); err != nil || no {
			return no, err
		}
	}
	list, err := tx.ComplaintsOf(ctx, c.Customer)
	return slices.ContainsFunc(list, undecided), err
}

// undecided reports whether nobody has settled a complaint yet.
func undecided(x SealedComplaint) bool {
	return x.State == relationship.Open || x.State == relationship.Promised
}

// collection reads how what is owed in a departure stands.
func (a *App) collection(ctx context.Context, tx Tx, p offboarding.Plan) (c Collection, err error) {
	if c.Promises, err = tx.PromisesOf(ctx, p.Case.ID); err != nil {
		return c, err
	}
	if c.Plans, err = tx.InstalmentsOf(ctx, p.Case.ID); err != nil {
		return c, err
	}
	stand, err := a.owingOf(ctx, tx, p.Case.Customer)
	if err != nil {
		return c, err
	}
	net := customer.NetOf(stand.list)
	c.Left = net.Left
	s := collecting(p)
	if s != nil {
		c.Gone = stand.gone
	}
	if s == nil || len(net.Owed) == 0 {
		return c, nil
	}
	c.Step, c.Owed, c.Less = s.Key, net.Owed, net.Less
	if c.Stopped, err = clockStands(ctx, tx, p.Case); err != nil {
		return c, err
	}
	c.MayPlan = !c.Stopped && collection.MayPlan(c.Plans) == nil
	agreed := c.Plan() != nil && c.Plan().State == collection.Agreed // its parts say the days
	if !c.Stopped && !agreed && collection.MayPromise(c.Promises) == nil {
		c.Last = a.today(tx).AddDays(promiseDays(collecting(p)))
	}
	if s := writeOffStep(p); s != nil {
		c.WriteOff = s.Key
	}
	sent, _, err := remindersOf(ctx, tx, p.Case)
	c.Sent = sent
	return c, err
}

// promiseDays is how many days ahead a step lets people promise.
func promiseDays(s *offboarding.Step) int {
	n, _ := strconv.Atoi(s.Params["promise_days"])
	return collection.Days(n)
}

// CollectionOf reads how what is owed in a departure stands.
func (a *App) CollectionOf(ctx context.Context, by Actor, c offboarding.CaseID) (x Collection, err error) {
	if err := by.CanRead("statement"); err != nil {
		return x, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		p, err := tx.FindPlan(ctx, c)
		if err != nil {
			return err
		}
		x, err = a.collection(ctx, tx, p)
		return err
	})
	return x, err
}

// PromiseToPay takes the day on which a customer says, on their private page,
// that they will have paid what they owe. Reminders rest until it is over.
// Faults: on; collection.nothing_owed, collection.stopped,
// collection.promise_waits, collection.promises_over.
func (a *App) PromiseToPay(ctx context.Context, token string, on when.Date) error {
	return a.tx(ctx, func(tx Tx) error {
		l, err := a.link(ctx, tx, token, "case")
		if err != nil {
			return err
		}
		p, err := tx.FindPlan(ctx, l.Case)
		if err != nil {
			return err
		}
		return a.promiseToPay(ctx, tx, p, on, collection.ByCustomer)
	})
}

// RecordPromise writes down such a day for the customer, who said it in another
// way.
func (a *App) RecordPromise(ctx context.Context, by Actor, c offboarding.CaseID, on when.Date) error {
	return a.onCollection(ctx, by, c, func(tx Tx, p *offboarding.Plan) error {
		return a.promiseToPay(ctx, tx, *p, on, by.ID)
	})
}

// onCollection runs fn on the plan of a departure in which something is owed, as
// somebody who may work on the step that looks after it.
func (a *App) onCollection(ctx context.Context, by Actor, c offboarding.CaseID, fn func(Tx, *offboarding.Plan) error) error {
	return a.tx(ctx, func(tx Tx) error {
		p, err := tx.FindPlan(ctx, c)
		if err != nil {
			return err
		}
		s := collecting(p)
		if s == nil {
			if err := by.may("statement"); err != nil {
				return err
			}
			return fault.New(fault.Blocked, "collection.nothing_owed")
		}
		if err := by.mayWork(*s); err != nil {
			return err
		}
		return fn(tx, &p)
	})
}

func (a *App) promiseToPay(ctx context.Context, tx Tx, p offboarding.Plan, on when.Date, by string) error {
	c, err := a.collection(ctx, tx, p)
	switch {
	case err != nil:
		return err
	case len(c.Owed) == 0:
		return fault.New(fault.Blocked, "collection.nothing_owed")
	case c.Stopped:
		return fault.New(fault.Blocked, "collection.stopped")
	}
	if x := c.Plan(); x != nil && x.State == collection.Agreed {
		return fault.New(fault.Blocked, "collection.plan_waits")
	}
	if err := collection.MayPromise(c.Promises); err != nil {
		return err
	}
	if err := collection.CheckDay(on, a.today(tx), promiseDays(collecting(p))); err != nil {
		return err
	}
	x := collection.Promise{
		ID: collection.PromiseID(id.New("ppr")), Case: string(p.Case.ID), Customer: string(p.Case.Customer), On: on, State: collection.Waiting,
		MadeAt: tx.Now(), MadeBy: by,
	}
	if err := tx.PutPromise(ctx, x); err != nil {
		return err
	}
	if err := tx.InsertWork(ctx, offboarding.Work{
		ID: offboarding.WorkID(id.New("work")), Kind: PayPromiseKind, Case: p.Case.ID, Item: string(x.ID), System: house, Key: PayPromiseKind + ":" + string(x.ID),
		Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: on.End(a.Company().Zone),
	}); err != nil {
		return err
	}
	return a.record(ctx, tx, fact{"payment.promised", by, string(p.Case.ID), string(p.Case.Customer), map[string]any{"promise": string(x.ID), "day": on.String()}})
}

// PayPromiseDue says what became of a promise whose day is over; not zero: when
// to look again.
func (a *App) PayPromiseDue(ctx context.Context, pid collection.PromiseID) (again time.Time, err error) {
	if again, err = a.heedBooksOfPromise(ctx, pid); err != nil || !again.IsZero() {
		return again, err
	}
	err = a.tx(ctx, func(tx Tx) error {
		again = time.Time{}
		x, err := tx.FindPromise(ctx, pid)
		if err != nil || x.State != collection.Waiting {
			return err
		}
		p, err := tx.FindPlan(ctx, offboarding.CaseID(x.Case))
		if err != nil {
			return err
		}
		stand, err := a.owingOf(ctx, tx, p.Case.Customer)
		if err != nil {
			return err
		}
		stands, err := clockStands(ctx, tx, p.Case)
		if err != nil {
			return err
		}
		to := x.Judge(a.today(tx), len(customer.NetOf(stand.list).Owed) > 0, stands || collecting(p) == nil)
		if to == collection.Waiting {
			again = x.On.End(a.Company().Zone)
			return nil
		}
		return a.endPromise(ctx, tx, x, to)
	})
	return again, err
}

// heedBooksOfPromise asks the billing systems before a promise whose day is over is
// judged by what they say.
func (a *App) heedBooksOfPromise(ctx context.Context, pid collection.PromiseID) (again time.Time, err error) {
	var c offboarding.CaseID
	err = a.store.View(ctx, func(tx Tx) error {
		c = ""
		x, err := tx.FindPromise(ctx, pid)
		if err == nil && x.State == collection.Waiting && x.On.Before(a.today(tx)) {
			c = offboarding.CaseID(x.Case)
		}
		return err
	})
	if err != nil || c == "" {
		return again, err
	}
	return a.heedBooks(ctx, c)
}

// endPromise writes down what became of a promise.
func (a *App) endPromise(ctx context.Context, tx Tx, x collection.Promise, to collection.PromiseState) error {
	if err := x.To(to, tx.Now()); err != nil {
		return err
	}
	if err := tx.PutPromise(ctx, x); err != nil {
		return err
	}
	typ := "payment.promise_kept"
	switch to {
	case collection.Broken:
		typ = "payment.promise_broken"
	case collection.Released:
		typ = "payment.promise_released"
	}
	return a.record(ctx, tx, fact{typ, "engine", x.Case, x.Customer, map[string]any{"promise": string(x.ID), "day": x.On.String()}})
}

// endPromises ends the promise that waits in a departure, if one does.
func (a *App) endPromises(ctx context.Context, tx Tx, c offboarding.CaseID, to collection.PromiseState) error {
	list, err := tx.PromisesOf(ctx, c)
	if err != nil {
		return err
	}
	if x := collection.Standing(list); x != nil {
		return a.endPromise(ctx, tx, *x, to)
	}
	return nil
}

// releasePromises ends the promises of a customer who complains: they bind nobody
// while that is open.
func (a *App) releasePromises(ctx context.Context, tx Tx, cid customer.ID) error {
	cases, err := tx.CasesOf(ctx, cid)
	if err != nil {
		return err
	}
	for _, c := range cases {
		if err := a.endPromises(ctx, tx, c.ID, collection.Released); err != nil {
			return err
		}
		if err := a.endInstalments(ctx, tx, c.ID, false); err != nil {
			return err
		}
		if !c.State.Open() {
			continue
		}
		p, err := tx.FindPlan(ctx, c.ID)
		if err != nil {
			return err
		}
		if err := a.endsAnyway(ctx, tx, &p); err != nil {
			return err
		}
		if err := a.settle(ctx, tx, &p, "engine"); err != nil {
			return err
		}
	}
	return nil
}

// endsAnyway asks a person whether a departure for want of payment still ends on its
// day: the customer complains, or pays in parts that reach beyond it. The program
// does not decide that, and does not let the day come without anybody looking.
func (a *App) endsAnyway(ctx context.Context, tx Tx, p *offboarding.Plan) error {
	r, err := tx.FindRequest(ctx, p.Case.Request)
	if err != nil || r.Channel != offboarding.Payment {
		return err
	}
	zone, err := zoneOf(p.Case)
	if err != nil || !p.CanUndo(tx.Now(), p.Case.Effective.End(zone)) {
		return err
	}
	s := playbook.House("ends_anyway")
	s.ID = offboarding.StepID(id.New("step"))
	return p.Ask(s, tx.Now())
}

// sameDebt are a departure and the others of its customer that are open: what is
// owed is the same in all of them.
func sameDebt(ctx context.Context, tx Tx, c offboarding.Case) (list []offboarding.CaseID, err error) {
	all, err := tx.CasesOf(ctx, c.Customer)
	for _, o := range all {
		if o.ID == c.ID || o.State == offboarding.CaseOpen {
			list = append(list, o.ID)
		}
	}
	return list, err
}

// reminderLetters are the reminders of what is owed in a departure, whichever of the
// customer's they were written in.
func reminderLetters(ctx context.Context, tx Tx, c offboarding.Case) (out []Message, err error) {
	cases, err := sameDebt(ctx, tx, c)
	if err != nil {
		return nil, err
	}
	for _, o := range cases {
		letters, err := tx.ListMessages(ctx, o, 1000)
		if err != nil {
			return nil, err
		}
		out = append(out, slices.DeleteFunc(letters, func(l Message) bool { return l.Paper != "reminder" })...)
	}
	return out, nil
}

// remindersOf says how many reminders of what is owed in a departure went out or are
// about to, and when the newest was written.
func remindersOf(ctx context.Context, tx Tx, c offboarding.Case) (n int, last time.Time, err error) {
	letters, err := reminderLetters(ctx, tx, c)
	for _, l := range letters {
		if l.State == "queued" || l.State == "written" || l.State == "sent" {
			n++
			if last.Before(l.QueuedAt) {
				last = l.QueuedAt
			}
		}
	}
	return n, last, err
}

const (
	// writeOffKey begins the name of the step by which somebody proposed to let a
	// sum go, and writeOffApproval that of the one by which somebody else decides.
	writeOffKey      = "write_off"
	writeOffApproval = "write_off_approve"
)

// writeOffStep is the step by which a second person decides about a write-off;
// nil: none is proposed.
func writeOffStep(p offboarding.Plan) *offboarding.Step {
	for i := range p.Steps {
		if s := &p.Steps[i]; s.Spec.House && strings.HasPrefix(s.Key, writeOffApproval) && !s.Over() {
			return s
		}
	}
	return nil
}

// WriteOffInput is what somebody proposes to let go.
type WriteOffInput struct {
	Case     offboarding.CaseID
	Balances []customer.BalanceID // of those that are owed; none: all of them
	Why      string               // required
}

// ProposeWriteOff proposes to let sums go that are owed in a departure. A second
// person approves it, as with refunds; then nothing of them is owed any more, and
// the customer is told. Faults: why, balances; collection.nothing_owed,
// collection.write_off_waits.
func (a *App) ProposeWriteOff(ctx context.Context, by Actor, in WriteOffInput) error {
	why, err := required("why", in.Why, 4000)
	if err != nil {
		return err
	}
	return a.onCollection(ctx, by, in.Case, func(tx Tx, p *offboarding.Plan) error {
		owed, err := a.owedOf(ctx, tx, *p)
		switch {
		case err != nil:
			return err
		case len(owed) == 0:
			return fault.New(fault.Blocked, "collection.nothing_owed")
		case writeOffStep(*p) != nil:
			return fault.New(fault.Blocked, "collection.write_off_waits")
		}
		var items []offboarding.Item
		var sums []string
		for _, b := range owed {
			if len(in.Balances) > 0 && !slices.Contains(in.Balances, b.ID) {
				continue
			}
			title := offboarding.Same(strings.TrimSpace(b.Reference + " " + b.About))
			items, sums = append(items, offboarding.Item{Key: string(b.ID), Title: title, Sum: b.Amount}), append(sums, b.Amount.String())
		}
		if len(items) == 0 || len(in.Balances) > len(items) {
			return fault.New(fault.Invalid, "field.choice").On("balances")
		}
		if len(items) == len(owed) { // what makes up for some of it is set off, and is not let go
			c, err := a.collection(ctx, tx, *p)
			if err != nil {
				return err
			}
			sums = sums[:0]
			for _, x := range c.Left {
				sums = append(sums, x.String())
			}
		}
		proposed, decide := playbook.House(writeOffKey), playbook.House(writeOffApproval)
		suffix := "_" + strings.ToLower(id.New("wo")[21:])
		for _, s := range []*offboarding.Step{&proposed, &decide} {
			s.ID, s.Key = offboarding.StepID(id.New("step")), s.Key+suffix
		}
		proposed.Items, proposed.Note = items, why
		if err := p.Ask(proposed, tx.Now()); err != nil {
			return err
		}
		for _, it := range items {
			if err := p.Tick(proposed.Key, it.Key, true, by.ID, "", tx.Now()); err != nil {
				return err
			}
		}
		ticks(p, by, "")
		p.AskAfter(decide, proposed.Key)
		if err := p.Done(proposed.Key, tx.Now(), by.ID); err != nil {
			return err
		}
		p.Touch(proposed.Key, by.real())
		if err := a.record(ctx, tx, fact{"write_off.proposed", by.ID, string(p.Case.ID), string(p.Case.Customer), map[string]any{
			"step": decide.Key, "what": strings.Join(sums, ", "), "why": why,
		}}); err != nil {
			return err
		}
		return a.settle(ctx, tx, p, by.ID)
	})
}

// writeOffDecided does what follows when a write-off was approved or refused: what
// is let go is owed no more, and the customer is told; what is refused stays owed.
func (a *App) writeOffDecided(ctx context.Context, tx Tx, p *offboarding.Plan, key string, yes bool, by string) error {
	s := p.Step(key)
	if s == nil || !s.Spec.House || !strings.HasPrefix(key, writeOffApproval) {
		return nil
	}
	if !yes {
		if err := p.Withheld(key, "approval.refused", tx.Now()); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"write_off.refused", by, string(p.Case.ID), string(p.Case.Customer), map[string]any{"step": key}})
	}
	list, err := tx.BalancesOf(ctx, p.Case.Customer)
	if err != nil {
		return err
	}
	list = slices.Clone(list)
	let := p.Step(writeOffKey + strings.TrimPrefix(key, writeOffApproval))
	lets := func(b customer.Balance) bool {
		return slices.ContainsFunc(let.Items, func(it offboarding.Item) bool { return it.Key == string(b.ID) })
	}
	if err := a.setOff(ctx, tx, by, list, lets, strings.TrimPrefix(key, writeOffApproval+"_")); err != nil {
		return err
	}
	n := 0
	for i := range list {
		b := &list[i]
		if b.Status != customer.Due || !lets(*b) {
			continue // paid meanwhile
		}
		b.Status, n = customer.WrittenOff, n+1
		if err := tx.SetBalanceStatus(ctx, b.ID, b.Status); err != nil {
			return err
		}
		if err := a.record(ctx, tx, fact{"balance.settled", by, "", string(p.Case.Customer), map[string]any{"reference": b.Reference, "status": string(b.Status)}}); err != nil {
			return err
		}
	}
	if n == 0 {
		return nil
	}
	if err := a.record(ctx, tx, fact{"write_off.approved", by, string(p.Case.ID), string(p.Case.Customer), map[string]any{"step": key, "n": n}}); err != nil {
		return err
	}
	if err := a.write(ctx, tx, p.Case, "written_off"); err != nil {
		return err
	}
	if err := a.collectedOn(ctx, tx, p, Actor{ID: by}, list, collection.Released); err != nil {
		return err
	}
	return a.collectedElsewhere(ctx, tx, Actor{ID: by}, p.Case.Customer, p.Case.ID, list, collection.Released)
}

// collectedAll does in every open departure of a customer what follows when a sum
// was paid or turned out to be wrong.
func (a *App) collectedAll(ctx context.Context, tx Tx, by Actor, cid customer.ID, list []customer.Balance, end collection.PromiseState) error {
	if err := a.collectedElsewhere(ctx, tx, by, cid, "", list, end); err != nil {
		return err
	}
	if end == collection.Kept {
		if err := a.evenOut(ctx, tx, by.ID, cid, list); err != nil {
			return err
		}
	}
	if slices.ContainsFunc(list, customer.Balance.Unpaid) {
		return nil
	}
	return a.goOn(ctx, tx, by, cid, list)
}

// goOn takes back, before their last day, the departures of a customer for want of
// payment of a bill that is on record and not open any more: the letter says that
// whoever pays by then goes on as before.
func (a *App) goOn(ctx context.Context, tx Tx, by Actor, cid customer.ID, list []customer.Balance) error {
	cases, err := tx.CasesOf(ctx, cid)
	if err != nil {
		return err
	}
	for _, c := range cases {
		if !c.State.Open() {
			continue
		}
		r, err := tx.FindRequest(ctx, c.Request)
		if err != nil {
			return err
		}
		bill := slices.IndexFunc(list, func(b customer.Balance) bool { return b.Reference == r.Paper })
		if r.Channel != offboarding.Payment || bill < 0 || list[bill].Status == customer.WrittenOff {
			continue
		}
		p, err := tx.FindPlan(ctx, c.ID)
		if err != nil {
			return err
		}
		zone, err := zoneOf(p.Case)
		if err != nil {
			return err
		}
		if !p.CanUndo(tx.Now(), p.Case.Effective.End(zone)) {
			continue
		}
		if err := a.reverse(ctx, tx, &p, by.ID); err != nil {
			return err
		}
	}
	return nil
}

// balancesSettled is that of sums that a file or a program told of.
func (a *App) balancesSettled(ctx context.Context, tx Tx, cid customer.ID, paid bool) error {
	list, err := tx.BalancesOf(ctx, cid)
	if err != nil {
		return err
	}
	end := collection.Kept
	if !paid {
		end = collection.Released
	}
	return a.collectedAll(ctx, tx, Actor{ID: "engine"}, cid, list, end)
}

// collectedElsewhere is that of the departures but one, whose plan the caller
// settles.
func (a *App) collectedElsewhere(ctx context.Context, tx Tx, by Actor, cid customer.ID, but offboarding.CaseID, list []customer.Balance, end collection.PromiseState) error {
	cases, err := tx.CasesOf(ctx, cid)
	if err != nil {
		return err
	}
	owes := slices.ContainsFunc(list, customer.Balance.Unpaid)
	for _, c := range cases {
		if c.State != offboarding.CaseOpen {
			continue
		}
		if c.ID != but {
			if err := a.collected(ctx, tx, by, c.ID, list, end); err != nil {
				return err
			}
		}
		if owes {
			continue
		}
		if err := a.happened(ctx, tx, c.ID, step.Paid); err != nil {
			return err
		}
	}
	return nil
}

// writtenOff are the sums that were let go by the decision that a letter is about:
// the last one before it was written.
func writtenOff(ctx context.Context, tx Tx, m Message) ([]customer.Balance, error) {
	p, err := tx.FindPlan(ctx, m.Case)
	if err != nil {
		return nil, err
	}
	var decided *offboarding.Step
	for i := range p.Steps {
		s := &p.Steps[i]
		if s.Spec.House && strings.HasPrefix(s.Key, writeOffApproval) && s.State == offboarding.StepDone && !s.DoneAt.After(m.QueuedAt) &&
			(decided == nil || !s.DoneAt.Before(decided.DoneAt)) {
			decided = s
		}
	}
	if decided == nil {
		return nil, nil
	}
	let := p.Step(writeOffKey + strings.TrimPrefix(decided.Key, writeOffApproval))
	list, err := tx.BalancesOf(ctx, p.Case.Customer)
	return slices.DeleteFunc(slices.Clone(list), func(b customer.Balance) bool {
		return b.Status != customer.WrittenOff || !slices.ContainsFunc(let.Items, func(it offboarding.Item) bool { return it.Key == string(b.ID) })
	}), err
}
