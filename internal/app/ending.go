package app

import (
	"cmp"
	"context"
	"slices"
	"time"

	"hastaluego/internal/approval"
	"hastaluego/internal/company"
	"hastaluego/internal/customer"
	"hastaluego/internal/ending"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// EndingTx keeps endings.
type EndingTx interface {
	// PutEnding stores a new one (Version 0) or, by Version, changes one.
	PutEnding(ctx context.Context, e ending.Ending) error
	FindEnding(ctx context.Context, id ending.ID) (ending.Ending, error)
	Endings(ctx context.Context, limit int) ([]ending.Ending, error) // newest first
	// CountPicked says how many contracts a pick takes, and of how many customers.
	CountPicked(ctx context.Context, p ending.Pick) (contracts, customers int, err error)
	// CountNotices says how many notices of an ending are written, and how many
	// of them have gone out.
	CountNotices(ctx context.Context, eid ending.ID) (written, sent int, err error)
	// ListPicked returns customers of whom the pick takes something, by id.
	ListPicked(ctx context.Context, p ending.Pick, after customer.ID, limit int) ([]customer.ID, error)
}

// EndingKind is the kind of the jobs of the house that open the departures of
// an ending.
const EndingKind = "ending"

const (
	// endingBatch is how many departures are opened in one transaction, and
	// endingSmall in a database with one writer, which is not held longer than a
	// person would notice.
	endingBatch = 16
	endingSmall = 8
	endingsMost = 200
)

// EndingInput is contracts that the company wants to end.
type EndingInput struct {
	Pick      ending.Pick
	EndsOn    when.Date
	Words     map[string]ending.Words // by language
	PerMinute int                     // notices a minute; 0: 60
}

// ProposeEnding writes down what the company wants to end. Nobody is told
// anything before a second person agrees.
func (a *App) ProposeEnding(ctx context.Context, by Actor, in EndingInput) (ending.ID, error) {
	if err := by.may("ending"); err != nil {
		return "", err
	}
	e := ending.Ending{
		ID: ending.ID(id.New("end")), State: ending.Proposed, Pick: in.Pick, EndsOn: in.EndsOn, PerMinute: in.PerMinute, MadeBy: by.real(),
		Words: map[string]ending.Words{},
	}
	if e.PerMinute == 0 {
		e.PerMinute = 60
	}
	var l fault.List
	for field, s := range map[string]*string{"product": &e.Pick.Product, "plan": &e.Pick.Plan, "country": &e.Pick.Country, "segment": &e.Pick.Segment} {
		clean, wrong := customer.CheckText(field, *s, 200, false)
		l, *s = appendFault(l, wrong), clean
	}
	must := slices.Clone(languagesOfLetters)
	for _, lang := range company.Languages() {
		w, ok := in.Words[lang]
		if !slices.Contains(must, lang) {
			if !ok || w == (ending.Words{}) {
				continue
			}
			must = append(must, lang)
		}
		for field, s := range map[string]*string{"why_": &w.Why, "alternatives_": &w.Alternatives} {
			clean, wrong := customer.CheckText(field+lang, *s, ending.WordsMost, true)
			l, *s = appendFault(l, wrong), clean
		}
		e.Words[lang] = w
	}
	err := a.tx(ctx, func(tx Tx) error {
		if wrong := append(l[:len(l):len(l)], e.Check(a.today(tx), must)...); len(wrong) > 0 {
			return wrong
		}
		contracts, _, err := tx.CountPicked(ctx, e.Pick)
		if err != nil {
			return err
		}
		if contracts == 0 {
			return fault.New(fault.Invalid, "ending.nobody").On("product")
		}
		e.MadeAt = tx.Now()
		if err := tx.PutEnding(ctx, e); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"ending.proposed", by.ID, "", house, map[string]any{
			"ending": string(e.ID), "pick": e.Pick, "ends": e.EndsOn.String(), "contracts": contracts, "words": e.Words,
		}})
	})
	return e.ID, err
}

// DecideEnding agrees to an ending, and its departures are opened; or refuses
// it. It takes another person than whoever proposed it; where one person works,
// agreeing is waited for instead.
func (a *App) DecideEnding(ctx context.Context, by Actor, eid ending.ID, agree bool, note string) error {
	if err := by.may("ending"); err != nil {
		return err
	}
	if err := by.person(); err != nil {
		return err
	}
	note, wrong := customer.CheckText("note", note, ending.WordsMost, true)
	if wrong != nil {
		return wrong
	}
	return a.tx(ctx, func(tx Tx) error {
		e, err := tx.FindEnding(ctx, eid)
		if err != nil {
			return err
		}
		if own := e.MadeBy == by.real(); own && agree && e.State == ending.Proposed {
			if _, err := a.agreed(ctx, tx, eid, true, approval.ByTime, by.ID, note); err != nil {
				return err
			}
			return a.askOfHouse(ctx, tx, by, e.MadeAt, approval.Ending, string(eid))
		}
		then, err := a.agreed(ctx, tx, eid, agree, by.real(), by.ID, note)
		if err != nil {
			return err
		}
		if err := settled(ctx, tx, string(eid), by.real()); err != nil {
			return err
		}
		return then()
	})
}

// agreed checks that the ending may be agreed to, or refused, by real, who is
// seen as actor; what it returns does it.
func (a *App) agreed(ctx context.Context, tx Tx, eid ending.ID, agree bool, real, actor, note string) (func() error, error) {
	e, err := tx.FindEnding(ctx, eid)
	if err != nil {
		return nil, err
	}
	if err := e.Decide(agree, real, note, tx.Now()); err != nil {
		return nil, err
	}
	typ := "ending.refused"
	if agree {
		typ = "ending.approved"
		if e.EndsOn.Before(a.today(tx).AddDays(ending.LeastNotice)) {
			return nil, fault.New(fault.Blocked, "ending.too_late", "days", ending.LeastNotice)
		}
	}
	return func() error {
		if agree {
			if err := tx.InsertWork(ctx, offboarding.Work{
				ID: offboarding.WorkID(id.New("work")), Kind: EndingKind, Item: string(e.ID), System: house, Key: EndingKind + ":" + string(e.ID),
				Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: tx.Now(),
			}); err != nil {
				return err
			}
		}
		if err := tx.PutEnding(ctx, e); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{typ, actor, "", house, map[string]any{"ending": string(e.ID), "note": note}})
	}, nil
}

// StopEnding takes back what nobody has agreed to yet, or opens no more
// departures of it; those that are open go on, each with its own undoing.
func (a *App) StopEnding(ctx context.Context, by Actor, eid ending.ID, note string) error {
	if err := by.may("ending"); err != nil {
		return err
	}
	note, wrong := customer.CheckText("note", note, ending.WordsMost, true)
	if wrong == nil && note == "" {
		wrong = fault.New(fault.Invalid, "field.required").On("note")
	}
	if wrong != nil {
		return wrong
	}
	return a.tx(ctx, func(tx Tx) error {
		e, err := tx.FindEnding(ctx, eid)
		if err != nil {
			return err
		}
		if err := e.To(ending.Stopped); err != nil {
			return err
		}
		e.Note = note
		if err := settled(ctx, tx, string(eid), by.real()); err != nil {
			return err
		}
		if err := tx.PutEnding(ctx, e); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"ending.stopped", by.ID, "", house, map[string]any{"ending": string(e.ID), "note": note, "opened": e.Opened}})
	})
}

// RunEnding opens the next departures of an ending, and says when to go on;
// zero when all were looked at. What is opened and how far it came commit
// together, so that a crash loses and repeats nothing. It is the job "ending".
func (a *App) RunEnding(ctx context.Context, eid ending.ID) (again time.Time, err error) {
	batch := endingBatch
	if hold, _ := a.store.Pace(); hold > 0 {
		batch = endingSmall
	}
	requests := make([]string, batch) // of another try too: each has a key
	for i := range requests {
		requests[i] = id.New("req")
	}
	err = a.tx(ctx, func(tx Tx) error {
		again = time.Time{}
		e, err := tx.FindEnding(ctx, eid)
		if err != nil || e.State != ending.Approved {
			return err
		}
		list, err := tx.ListPicked(ctx, e.Pick, e.Cursor, batch)
		if err != nil {
			return err
		}
		sealed := slices.Clone(requests[:len(list)])
		for _, cus := range list {
			sealed = append(sealed, string(cus))
		}
		if err := a.keys.Prepare(ctx, "account", sealed...); err != nil {
			return err
		}
		for i, cus := range list {
			if err := a.endOne(ctx, tx, &e, cus, offboarding.RequestID(requests[i])); err != nil {
				return err
			}
			e.Cursor = cus
		}
		if len(list) == batch {
			again = tx.Now()
			return tx.PutEnding(ctx, e)
		}
		if err := e.To(ending.Done); err != nil {
			return err
		}
		if err := tx.PutEnding(ctx, e); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"ending.done", "engine", "", house, map[string]any{"ending": string(e.ID), "opened": e.Opened, "passed": e.Passed}})
	})
	return again, err
}

// endOne opens the departure of one customer of an ending, or passes them by.
func (a *App) endOne(ctx context.Context, tx Tx, e *ending.Ending, cid customer.ID, request offboarding.RequestID) error {
	cus, err := tx.FindCustomer(ctx, cid)
	if err != nil {
		return err
	}
	sendAt := e.SendAt(e.Opened, e.DecidedAt)
	if sendAt.Before(tx.Now()) {
		sendAt = tx.Now()
	}
	opened, why, err := a.endFor(ctx, tx, cus, toEnd{
		channel: offboarding.Company, request: request, ending: string(e.ID), by: e.DecidedBy, takes: e.Pick.Takes, sendAt: sendAt,
		last: func(s customer.Subscription) when.Date {
			return ending.LastDay(s, e.EndsOn, when.DateOf(sendAt, a.Company().Zone))
		},
	})
	switch {
	case err != nil:
		return err
	case opened != "":
		e.Opened++
		return nil
	}
	e.Passed++
	return a.record(ctx, tx, fact{"ending.passed", "engine", "", string(cid), map[string]any{"ending": string(e.ID), "customer": string(cid), "why": why}})
}

// UnpaidInput is contracts that end because what was owed was not paid.
type UnpaidInput struct {
	Customer  customer.ID
	Reference string    // of the invoice, the charge
	EndsOn    when.Date // last day; until then paying undoes it
}

// unpaidNotice is how many days somebody who has not paid has at least.
const unpaidNotice = 7

// EndUnpaid opens the departure of a customer whose payment failed after all
// that was tried. They are told, and have until the last day to pay.
func (a *App) EndUnpaid(ctx context.Context, by Actor, in UnpaidInput) (c offboarding.CaseID, err error) {
	if err := by.may("request"); err != nil {
		return "", err
	}
	ref, wrong := customer.CheckText("reference", in.Reference, 200, false)
	if wrong == nil && ref == "" {
		wrong = fault.New(fault.Invalid, "field.required").On("reference")
	}
	if wrong != nil {
		return "", wrong
	}
	err = a.tx(ctx, func(tx Tx) error {
		today := a.today(tx)
		if in.EndsOn.IsZero() || in.EndsOn.Before(today.AddDays(unpaidNotice)) || today.AddDays(ending.MostNotice).Before(in.EndsOn) {
			return fault.New(fault.Invalid, "ending.ends_on", "days", unpaidNotice).On("ends_on")
		}
		cus, err := tx.FindCustomer(ctx, in.Customer)
		if err != nil {
			return err
		}
		if err := a.maySayUnpaid(ctx, tx, cus.ID, ref); err != nil {
			return err
		}
		var why string
		c, why, err = a.endFor(ctx, tx, cus, toEnd{
			channel: offboarding.Payment, paper: ref, by: by.ID, sendAt: tx.Now(),
			takes: func(s customer.Subscription) bool { return s.Status != customer.Ended },
			last:  func(customer.Subscription) when.Date { return in.EndsOn },
		})
		if err == nil && c == "" {
			return fault.New(fault.Blocked, why, "name", cus.Name)
		}
		return err
	})
	return c, err
}

// maySayUnpaid refuses to end contracts for want of payment of a bill on record
// that is not late, or not owed, and while a complaint of the customer is open. Of a
// bill that is not on record the person answers for it.
func (a *App) maySayUnpaid(ctx context.Context, tx Tx, cid customer.ID, ref string) error {
	list, err := tx.BalancesOf(ctx, cid)
	if err != nil {
		return err
	}
	for _, b := range list {
		switch {
		case b.Reference != ref:
		case !b.Unpaid():
			return fault.New(fault.Invalid, "ending.not_owed").On("reference")
		case !b.DueOn.IsZero() && !b.DueOn.Before(a.today(tx)):
			return fault.New(fault.Invalid, "ending.not_due", "days", a.today(tx).DaysUntil(b.DueOn)).On("reference")
		}
	}
	complaints, err := tx.ComplaintsOf(ctx, cid)
	if err == nil && slices.ContainsFunc(complaints, undecided) {
		err = fault.New(fault.Blocked, "ending.complaint")
	}
	return err
}

// toEnd is what the company ends of one customer.
type toEnd struct {
	channel offboarding.Channel
	request offboarding.RequestID // that it gets; empty: a new one
	ending  string                // end_… of which it is a part
	paper   string                // reference of what it is about
	by      string
	takes   func(customer.Subscription) bool
	last    func(customer.Subscription) when.Date
	sendAt  time.Time // when the customer is told
}

// endFor opens the departure of what is to end of a customer and does not
// leave yet, and queues the letter that tells them. It returns no case and a
// message code when there is nothing to end or nobody to tell.
func (a *App) endFor(ctx context.Context, tx Tx, cus customer.Customer, t toEnd) (offboarding.CaseID, string, error) {
	all, err := tx.SubscriptionsOf(ctx, cus.ID)
	if err != nil {
		return "", "", err
	}
	claims, err := tx.ClaimsOf(ctx, cus.ID)
	if err != nil {
		return "", "", err
	}
	subs := slices.DeleteFunc(all, func(s customer.Subscription) bool { return !t.takes(s) || claims[s.ID].Case != "" })
	if len(subs) == 0 {
		return "", "customer.nothing_to_end", nil
	}
	contacts, err := tx.ContactsOf(ctx, cus.ID)
	if err != nil {
		return "", "", err
	}
	mail, name := onFile(contacts)
	if _, wrong := customer.CheckEmail("account", mail); wrong != nil { // none, or what is on file is no address
		return "", "customer.no_address", nil
	}
	lang := company.Spoken(cus.Language, a.Company().Language)
	if t.ending != "" {
		e, err := tx.FindEnding(ctx, ending.ID(t.ending))
		if err != nil {
			return "", "", err
		}
		lang = writtenIn(e.Words, lang, a.Company().Language)
	}
	r, err := a.declare(ExitInput{Name: name, AccountEmail: mail, Reference: cus.Reference, Language: lang})
	if err != nil {
		return "", "", err
	}
	r.ID = cmp.Or(t.request, r.ID)
	r.Channel, r.Paper, r.Ending, r.VerifiedBy = t.channel, t.paper, t.ending, t.by
	r.ReceivedAt, r.EnteredAt = tx.Now(), tx.Now()
	for _, s := range subs {
		if d := t.last(s); r.EndsOn.Before(d) {
			r.EndsOn = d
		}
	}
	if r, _, err = tx.InsertRequest(ctx, r); err != nil {
		return "", "", err
	}
	if err := a.record(ctx, tx, fact{"request.received", t.by, string(r.ID), string(r.ID), map[string]any{
		"code": r.Code, "channel": string(r.Channel), "paper": r.Paper, "name": r.Name, "account": mail, "ending": t.ending,
	}}); err != nil {
		return "", "", err
	}
	r.Subscriptions = idsOf(subs)
	if _, err := a.attach(ctx, tx, &r, cus, t.by); err != nil {
		return "", "", err
	}
	if err := r.To(offboarding.RequestVerified); err != nil {
		return "", "", err
	}
	r.VerifiedAt = tx.Now()
	if err := tx.SaveRequest(ctx, &r); err != nil {
		return "", "", err
	}
	// Nothing is carried out before the customer is told.
	if _, err := a.proveFrom(ctx, tx, r.Case, t.by, t.sendAt); err != nil {
		return "", "", err
	}
	c, err := tx.FindCase(ctx, r.Case)
	if err != nil {
		return "", "", err
	}
	m := a.letter(tx, "ending", c)
	m.To = mail
	return r.Case, "", a.queueAt(ctx, tx, m, string(cus.ID), t.sendAt)
}

// EndingView is an ending with what it picks now and who made and decided it.
type EndingView struct {
	ending.Ending
	Contracts, Customers int // live ones that it picks
	Notices, Sent        int // notices that are written, and those that have gone out
	Maker, Decider       string
	Others               []string           // names of those who may agree to it, while it is proposed
	Waits                *approval.Approval // the time that agreeing waits for; nil: none
}

// ListEndings are the newest endings.
func (a *App) ListEndings(ctx context.Context, by Actor) (list []EndingView, err error) {
	if err := by.CanRead("ending"); err != nil {
		return nil, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		all, err := tx.Endings(ctx, endingsMost)
		if err != nil {
			return err
		}
		names, _, err := people(ctx, tx)
		if err != nil {
			return err
		}
		list = nil
		for _, e := range all {
			list = append(list, EndingView{Ending: e, Maker: names[e.MadeBy], Decider: names[e.DecidedBy]})
		}
		return nil
	})
	return list, err
}

// OpenEnding reads one.
func (a *App) OpenEnding(ctx context.Context, by Actor, eid ending.ID) (v EndingView, err error) {
	if err := by.CanRead("ending"); err != nil {
		return v, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		e, err := tx.FindEnding(ctx, eid)
		if err != nil {
			return err
		}
		names, active, err := people(ctx, tx)
		if err != nil {
			return err
		}
		v = EndingView{Ending: e, Maker: names[e.MadeBy], Decider: names[e.DecidedBy]}
		for _, u := range active {
			if e.State == ending.Proposed && u.ID != e.MadeBy && (Actor{ID: u.ID, Roles: u.Roles}).May("ending") {
				v.Others = append(v.Others, u.Name)
			}
		}
		if v.Notices, v.Sent, err = tx.CountNotices(ctx, eid); err != nil {
			return err
		}
		if x, asked, err := tx.AskedApproval(ctx, string(eid)); err != nil {
			return err
		} else if asked {
			v.Waits = &x
		}
		v.Contracts, v.Customers, err = tx.CountPicked(ctx, e.Pick)
		return err
	})
	return v, err
}

// EndingPaper is what a customer is told about a departure that the company
// began.
type EndingPaper struct {
	Channel   offboarding.Channel // payment, term or company
	Reference string              // of what was not paid
	Words     ending.Words        // in the language of the paper; empty but for company
}

// endingPaper gathers it; nil where the customer asked for the departure.
func (a *App) endingPaper(ctx context.Context, tx Tx, r offboarding.Request, lang string) (*EndingPaper, error) {
	if !r.Channel.Ours() {
		return nil, nil
	}
	p := &EndingPaper{Channel: r.Channel, Reference: r.Paper}
	if r.Ending == "" {
		return p, nil
	}
	e, err := tx.FindEnding(ctx, ending.ID(r.Ending))
	p.Words = e.Words[lang]
	return p, err
}

// announced are the milestones of a departure that the company began: it was
// announced, and nobody had to confirm it.
func announced(list []Milestone) []Milestone {
	list = slices.DeleteFunc(list, func(m Milestone) bool { return m.Name == "confirmed" })
	for i := range list {
		if list[i].Name == "registered" {
			list[i].Name = "announced"
		}
	}
	return list
}
