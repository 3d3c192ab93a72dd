package app

import (
	"context"
	"maps"
	"slices"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/limit"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/relationship"
	"hastaluego/internal/retrieval"
	"hastaluego/internal/when"
)

// LimitKind is the kind of the jobs of the house that ring for time limits of
// the law. Nobody can pause the law: they belong to no case.
const LimitKind = "limit"

func limitKey(lid string) string { return LimitKind + ":" + lid }

// timed lets a fact start and end time limits of the law, in the transaction in
// which it is recorded.
func (a *App) timed(ctx context.Context, tx Tx, f fact) error {
	c := offboarding.CaseID(f.stream)
	end := func(e limit.Event) error { return a.endLimits(ctx, tx, c, e) }
	switch f.typ {
	case "case.registered", "case.narrowed", "case.corrected":
		return a.count(ctx, tx, c, nil)
	case "withdrawal.declared":
		return a.count(ctx, tx, c, nil)
	case "refund.proposed":
		if err := a.count(ctx, tx, c, nil); err != nil {
			return err
		}
		return a.refunds(ctx, tx, customer.ID(f.subject))
	case "balance.settled", "inventory.added", "obligation.returned":
		return a.refunds(ctx, tx, customer.ID(f.subject))
	case "case.effective":
		return end(limit.Effective)
	case "bundle.ready":
		return a.provided(ctx, tx, c, f)
	case "bundle.downloaded", "bundle.handed", "bundle.sent":
		return end(limit.DataFetched)
	case "bundle.taken":
		if retrieval.Is(f.stream) { // nobody writes down afterwards that it was given to them
			return end(limit.DataFetched)
		}
		return nil
	case "certificate.issued":
		if err := end(limit.Erased); err != nil {
			return err
		}
		return a.count(ctx, tx, c, map[string]time.Time{"erase.done": tx.Now()})
	case "case.reversing", "case.stopped":
		return a.dropLimits(ctx, tx, c, f.typ)
	case "complaint.promised", "complaint.fixed", "complaint.declined":
		about, _ := f.args["complaint"].(string)
		return a.answeredInTime(ctx, tx, customer.ID(f.subject), about)
	case "message.sent":
		return a.lettered(ctx, tx, f)
	}
	return nil
}

// provided ends the limits of giving data once all of them are on the customer's
// page, where it says so: what the law asks of us is to provide them (GDPR art.
// 12(3), 15(3), 20), and when somebody fetches them is theirs to say. What has a
// part missing is not provided yet, and without a page somebody hands them over.
func (a *App) provided(ctx context.Context, tx Tx, c offboarding.CaseID, f fact) error {
	if _, missing := f.args["missing"]; missing {
		return nil
	}
	none, err := a.noPortal(ctx, tx)
	if err != nil || none {
		return err
	}
	return a.endLimits(ctx, tx, c, limit.DataReady)
}

// brought ends the limits of giving data where the letter that brings them had all of
// them with it: there is no page from which they could be fetched.
func (a *App) brought(ctx context.Context, tx Tx, c offboarding.CaseID) error {
	b, err := newestBundle(ctx, tx, c)
	if fault.KindOf(err) == fault.NotFound && err != nil { // a copy that is over by now
		return nil
	}
	if err != nil || b.Partial() || b.Size > mailMost {
		return err
	}
	return a.endLimits(ctx, tx, c, limit.DataReady)
}

// lettered ends the limits that a letter meets. The acknowledgement may go out
// before anybody knows whose departure it is.
func (a *App) lettered(ctx context.Context, tx Tx, f fact) error {
	switch f.args["paper"] {
	case "receipt":
		return a.endLimits(ctx, tx, offboarding.CaseID(f.stream), limit.Received)
	case "data":
		return a.brought(ctx, tx, offboarding.CaseID(f.stream))
	case "ack":
		r, err := tx.FindRequest(ctx, offboarding.RequestID(f.stream))
		if err != nil || r.Case == "" {
			return err
		}
		return a.endLimits(ctx, tx, r.Case, limit.Acknowledged)
	}
	return nil
}

// stepTimed ends the limits that a step of the plan meets.
func (a *App) stepTimed(ctx context.Context, tx Tx, p *offboarding.Plan, e offboarding.Event) error {
	key, _ := e.Args["step"].(string)
	s := p.Step(key)
	if s == nil || s.Milestone != "billing_stopped" || e.Type != "step.verified" && e.Type != "step.attested" && (e.Type != "step.done" || s.Verifies) {
		return nil
	}
	return a.endLimits(ctx, tx, p.Case.ID, limit.BillingStopped)
}

// count starts the limits of a departure that run from what happened, and counts
// those anew that run already. more are instants that its records do not tell.
func (a *App) count(ctx context.Context, tx Tx, cid offboarding.CaseID, more map[string]time.Time) error {
	p, err := tx.FindPlan(ctx, cid)
	if err != nil {
		return err
	}
	r, err := tx.FindRequest(ctx, p.Case.Request)
	if err != nil {
		return err
	}
	d, err := a.decideLaw(ctx, tx, p.Case, r)
	if err != nil {
		return err
	}
	zone, err := zoneOf(p.Case)
	if err != nil {
		return err
	}
	w, withdrawn, err := standing(ctx, tx, cid)
	if err != nil {
		return err
	}
	owing, err := owesBack(ctx, tx, p.Case.Customer, w)
	if err != nil {
		return err
	}
	happened, duties := lawEvents(p.Case, r, zone), d.Duties
	maps.Copy(happened, more)
	if withdrawn {
		maps.Copy(happened, w.happened())
		duties = limit.Instead(duties, w.Duties)
	}
	var want []limit.Limit
	for _, duty := range duties {
		if w, _ := limit.Watched(duty.Param); w.Owing && !owing {
			continue
		}
		want = append(want, limit.From([]limit.Duty{duty}, startsOf(duty.Param, happened, p, r), a.calendars, zone)...)
	}
	have, err := tx.LimitsOf(ctx, cid)
	if err != nil {
		return err
	}
	for _, l := range limit.Update(have, want) {
		l.Case, l.Customer = string(cid), string(p.Case.Customer)
		if err := a.startLimit(ctx, tx, l, r); err != nil {
			return err
		}
	}
	return nil
}

// startsOf are the instants from which a parameter counts. What came on paper can
// be acknowledged once somebody has written it down; data are to be erased at
// once only where the customer asked for that.
func startsOf(param string, happened map[string]time.Time, p offboarding.Plan, r offboarding.Request) map[string]time.Time {
	at := maps.Clone(happened)
	switch {
	case param == "ack.max" && !r.EnteredAt.IsZero() && !r.Channel.Ours():
		at["request.submitted"] = r.EnteredAt
	case param == "dsr.erase.max" && slices.ContainsFunc(p.Steps, func(s offboarding.Step) bool { return s.Params["on"] == "person_request" }):
		at["dsr.received"] = p.Case.RequestedAt
	}
	return at
}

// startLimit keeps a limit, new or counted anew, with the job that rings for it.
func (a *App) startLimit(ctx context.Context, tx Tx, l limit.Limit, r offboarding.Request) error {
	if l.ID != "" {
		if err := tx.PutLimit(ctx, l); err != nil {
			return err
		}
		_, at := l.Next()
		return tx.MoveTimer(ctx, limitKey(l.ID), at)
	}
	l.ID = id.New("lim")
	if l.Param == "ack.max" {
		at, err := tx.Acknowledged(ctx, r.ID)
		if err != nil {
			return err
		}
		if !at.IsZero() {
			l.Done(limit.Acknowledged, at, string(limit.Acknowledged))
		}
	}
	if err := tx.PutLimit(ctx, l); err != nil || !l.Over.IsZero() {
		return err
	}
	_, at := l.Next()
	return tx.InsertWork(ctx, offboarding.Work{
		ID: offboarding.WorkID(id.New("work")), Kind: LimitKind, Item: l.ID, System: house, Key: limitKey(l.ID),
		Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: at,
	})
}

// owesBack reports whether there is something to give back to a customer: a sum
// that stands open, or, after a withdrawal, one that nobody has written down yet.
func owesBack(ctx context.Context, tx Tx, c customer.ID, w Withdrawal) (bool, error) {
	list, err := tx.BalancesOf(ctx, c)
	back := func(b customer.Balance) bool { return b.Kind == customer.Refund }
	due := func(b customer.Balance) bool { return back(b) && b.Status == customer.Due }
	return slices.ContainsFunc(list, due) || w.Stands() && w.unknown() && !slices.ContainsFunc(list, back), err
}

// refunds starts the limit of giving back where there is something to give back,
// and ends it where nothing is any more.
func (a *App) refunds(ctx context.Context, tx Tx, c customer.ID) error {
	cases, err := tx.CasesOf(ctx, c)
	if err != nil || len(cases) == 0 {
		return err
	}
	for _, k := range cases {
		d, err := tx.LawOf(ctx, k.ID)
		if err != nil {
			return err
		}
		w, _, err := standing(ctx, tx, k.ID)
		if err != nil {
			return err
		}
		owing, err := owesBack(ctx, tx, c, w)
		if err != nil {
			return err
		}
		switch {
		case d.Case == "" || k.State == offboarding.CaseReversed || k.State == offboarding.CaseStopped:
		case !owing:
			err = a.endLimits(ctx, tx, k.ID, limit.Refunded)
		default:
			err = a.count(ctx, tx, k.ID, nil)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// limitsOf are the limits of a departure, or of a copy.
func limitsOf(ctx context.Context, tx Tx, of offboarding.CaseID) ([]limit.Limit, error) {
	if !retrieval.Is(string(of)) {
		return tx.LimitsOf(ctx, of)
	}
	c, err := tx.FindCopy(ctx, retrieval.ID(of))
	if err != nil {
		return nil, err
	}
	list, err := tx.LimitsAbout(ctx, c.Customer)
	return slices.DeleteFunc(list, func(l limit.Limit) bool { return l.About != string(of) }), err
}

// endLimits ends the limits of a departure, or of a copy, that the event meets.
func (a *App) endLimits(ctx context.Context, tx Tx, c offboarding.CaseID, e limit.Event) error {
	list, err := limitsOf(ctx, tx, c)
	if err != nil {
		return err
	}
	for _, l := range list {
		if err := a.endLimit(ctx, tx, l, e, "engine", nil); err != nil {
			return err
		}
	}
	return nil
}

// endLimit ends a limit if the event meets it, and records whether in time.
func (a *App) endLimit(ctx context.Context, tx Tx, l limit.Limit, e limit.Event, by string, more map[string]any) error {
	how := string(e)
	if e == limit.Attested {
		how = by
	}
	if !l.Done(e, tx.Now(), how) {
		return nil
	}
	missed := l.State == limit.Missed && l.Late.IsZero()
	if missed {
		l.Late = tx.Now()
	}
	if err := a.putLimit(ctx, tx, l); err != nil {
		return err
	}
	if missed {
		if err := a.limitFact(ctx, tx, "limit.missed", "engine", l, nil); err != nil {
			return err
		}
	}
	typ := "limit.met"
	if l.State == limit.Missed {
		typ = "limit.done_late"
	}
	args := map[string]any{"by": how}
	maps.Copy(args, more)
	return a.limitFact(ctx, tx, typ, by, l, args)
}

// putLimit stores a limit and takes its job off the queue once it is over.
func (a *App) putLimit(ctx context.Context, tx Tx, l limit.Limit) error {
	if err := tx.PutLimit(ctx, l); err != nil || l.Over.IsZero() {
		return err
	}
	return tx.DropLimitJob(ctx, limitKey(l.ID))
}

// limitFact records something about a limit.
func (a *App) limitFact(ctx context.Context, tx Tx, typ, by string, l limit.Limit, more map[string]any) error {
	args := map[string]any{"limit": l.ID, "param": l.Param, "rule": l.Rule.ID, "end": l.End.Format(time.RFC3339)}
	maps.Copy(args, more)
	stream := l.Case
	if retrieval.Is(l.About) {
		stream = l.About
	}
	return a.record(ctx, tx, fact{typ, by, stream, l.Customer, args})
}

// dropLimits ends the limits of a departure that is taken back, or of a copy that its
// customer does not want: there is nothing left to do.
func (a *App) dropLimits(ctx context.Context, tx Tx, c offboarding.CaseID, why string) error {
	list, err := limitsOf(ctx, tx, c)
	if err != nil {
		return err
	}
	for _, l := range list {
		if l.About != "" && !retrieval.Is(l.About) || !l.Drop(tx.Now(), why) { // a complaint is answered, whoever stays
			continue
		}
		if err := a.putLimit(ctx, tx, l); err != nil {
			return err
		}
		typ := "limit.moot"
		if l.State == limit.Missed {
			if typ = "limit.missed"; !l.Late.IsZero() {
				continue
			}
		}
		if err := a.limitFact(ctx, tx, typ, "engine", l, nil); err != nil {
			return err
		}
	}
	return nil
}

// dutiesTo are what the law of where a customer lives has watched of what they ask for
// at an instant without leaving.
func (a *App) dutiesTo(ctx context.Context, tx Tx, cus customer.Customer, zone *time.Location, at time.Time) ([]limit.Duty, error) {
	subs, err := tx.SubscriptionsOf(ctx, cus.ID)
	if err != nil {
		return nil, err
	}
	_, law, err := a.lawNow(CaseView{Customer: cus, Lines: subs, Plan: offboarding.Plan{Case: offboarding.Case{Zone: zone.String(), RequestedAt: at}}})
	if err != nil {
		return nil, err
	}
	return limit.Duties(law), nil
}

// copyOwed starts the limits of giving data to a customer who has a copy made, as the law
// of where they live sets them: from the moment in which it is known that it is they who
// ask. They end when all of it is there, and not with the copy: whoever could fetch only a
// part until its last day is still owed the rest.
func (a *App) copyOwed(ctx context.Context, tx Tx, c retrieval.Copy) error {
	cus, err := tx.FindCustomer(ctx, c.Customer)
	if err != nil {
		return err
	}
	zone, err := when.Zone(c.Zone)
	if err != nil {
		return fault.Wrap("app.copyOwed", err)
	}
	all, err := a.dutiesTo(ctx, tx, cus, zone, tx.Now())
	if err != nil {
		return err
	}
	duties := slices.DeleteFunc(all, func(d limit.Duty) bool { return !givesData(d.Param) })
	for _, l := range limit.From(duties, map[string]time.Time{"dsr.received": tx.Now()}, a.calendars, zone) {
		l.Customer, l.About = string(cus.ID), string(c.ID)
		if err := a.startLimit(ctx, tx, l, offboarding.Request{}); err != nil {
			return err
		}
	}
	return nil
}

// givesData reports whether a limit is one of giving customers their data.
func givesData(param string) bool {
	w, _ := limit.Watched(param)
	return slices.Contains(w.Ends, limit.DataFetched)
}

// answerBy starts the limit of answering a complaint, if the law of where the
// customer lives sets one, and brings its day forward where that is sooner.
func (a *App) answerBy(ctx context.Context, tx Tx, cus customer.Customer, c *relationship.Complaint) error {
	zone := a.Company().Zone
	at := c.Received.Start(zone)
	all, err := a.dutiesTo(ctx, tx, cus, zone, at)
	if err != nil {
		return err
	}
	duties := slices.DeleteFunc(all, func(d limit.Duty) bool { return d.Param != "complaint.max" })
	cases, err := tx.CasesOf(ctx, cus.ID)
	if err != nil {
		return err
	}
	for _, l := range limit.From(duties, map[string]time.Time{"complaint.received": at}, a.calendars, zone) {
		l.Customer, l.About = string(cus.ID), string(c.ID)
		if i := slices.IndexFunc(cases, func(k offboarding.Case) bool { return !k.State.Over() }); i >= 0 {
			l.Case = string(cases[i].ID)
		}
		if last := l.Last(); last.Before(c.AnswerBy) {
			c.AnswerBy = last
		}
		if err := a.startLimit(ctx, tx, l, offboarding.Request{}); err != nil {
			return err
		}
	}
	return nil
}

// answeredInTime ends the limit of a complaint.
func (a *App) answeredInTime(ctx context.Context, tx Tx, c customer.ID, about string) error {
	list, err := tx.LimitsAbout(ctx, c)
	if err != nil {
		return err
	}
	for _, l := range list {
		if l.About != about {
			continue
		}
		if err := a.endLimit(ctx, tx, l, limit.Answered, "engine", nil); err != nil {
			return err
		}
	}
	return nil
}

// dataAsked starts the limits of handing over data, when the customer first asks
// for theirs.
func (a *App) dataAsked(ctx context.Context, tx Tx, c Taking) error {
	d, err := tx.LawOf(ctx, c.ID)
	if err != nil || d.Case == "" {
		return err
	}
	have, err := tx.LimitsOf(ctx, c.ID)
	if err != nil {
		return err
	}
	duties := slices.DeleteFunc(slices.Clone(d.Duties), func(d limit.Duty) bool {
		return !givesData(d.Param) || slices.ContainsFunc(have, func(l limit.Limit) bool { return l.Param == d.Param })
	})
	for _, l := range limit.From(duties, map[string]time.Time{"dsr.received": tx.Now()}, a.calendars, c.Zone) {
		l.Case, l.Customer = string(c.ID), string(c.Customer)
		if err := a.startLimit(ctx, tx, l, offboarding.Request{}); err != nil {
			return err
		}
	}
	return a.readyBefore(ctx, tx, c)
}

// readyBefore ends the limits of giving data where all of them were on the page
// when the customer asked.
func (a *App) readyBefore(ctx context.Context, tx Tx, c Taking) error {
	b, err := newestBundle(ctx, tx, c.ID)
	if err != nil {
		if fault.KindOf(err) == fault.NotFound {
			return nil
		}
		return err
	}
	if b.Partial() {
		return nil
	}
	return a.provided(ctx, tx, c.ID, fact{})
}

// AttestLimit says that what a limit wants was done, where nobody else could see
// it: a refund by transfer, data given by hand.
func (a *App) AttestLimit(ctx context.Context, by Actor, lid, evidence string) error {
	if err := by.may("case"); err != nil {
		return err
	}
	if err := by.person(); err != nil {
		return err
	}
	clean, err := required("evidence", evidence, 2000)
	if err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		l, err := tx.FindLimit(ctx, lid)
		if err != nil {
			return err
		}
		if !l.Over.IsZero() {
			return fault.New(fault.Conflict, "limit.over")
		}
		return a.endLimit(ctx, tx, l, limit.Attested, by.ID, map[string]any{"evidence": clean})
	})
}
