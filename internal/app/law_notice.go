package app

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/lane"
	"hastaluego/internal/limit"
	"hastaluego/internal/money"
	"hastaluego/internal/notice"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// NoticesKind is the kind of the job of the house that tells customers in time of
// renewals, ends of trials and other prices.
const NoticesKind = "notices"

const (
	// noticesWork is the one job that looks at all contracts.
	noticesWork = offboarding.WorkID("work_notices")
	// noticeHour is when letters go out, in the company's zone.
	noticeHour = 9
	// noticesAhead is how far ahead contracts are looked at, in days: the longest
	// window of a law, and the longest notice.
	noticesAhead = 460
	// noticesPage is how many contracts are looked at in one transaction.
	noticesPage = 100
	// noticesLook is when to look again at the latest, in days: packs may change.
	noticesLook = 7
)

// Told states of a LawNotice.
const (
	noticeQueued = "queued"
	noticePassed = "passed" // nobody could be told
)

// LawNotice is one letter about something that is coming for a contract.
type LawNotice struct {
	ID           string // ntc_…
	Customer     customer.ID
	Subscription customer.SubscriptionID
	Kind         limit.Kind
	EventDay     when.Date // on which it comes
	Day          when.Date // on which it was told
	Message      offboarding.MessageID
	State        string
	Why          string
	Told         Windows
	MadeAt       time.Time
}

// Windows are those of the law in which a letter was, and why they hold.
type Windows struct {
	In   []string           `json:"in"`   // windows, as they are written
	Late []string           `json:"late"` // that were over: the letter makes up for them
	Refs []jurisdiction.Ref `json:"refs"`
}

// Announced is something that is coming for a contract beside its renewal, as
// somebody told us.
type Announced struct {
	Subscription customer.SubscriptionID
	Customer     customer.ID
	Kind         limit.Kind
	Day          when.Date
	Price        money.Amount // from then on; of a change of price
	MadeAt       time.Time
	MadeBy       string
}

// ComingLine is a contract for which something comes.
type ComingLine struct {
	customer.Subscription
	Kind  limit.Kind
	Day   when.Date
	Price money.Amount
	terms *lane.Lane  // new terms of a lane that it is a part of; nil: none
	under lane.Member // of them
}

// NoticeTx keeps what comes for contracts, and what was told of it.
type NoticeTx interface {
	// Renewals returns contracts of real customers that run and are renewed on a day
	// of those, behind one, by contract; Announcements what was announced likewise,
	// by contract and kind.
	Renewals(ctx context.Context, from, until when.Date, after ComingLine, limit int) ([]ComingLine, error)
	Announcements(ctx context.Context, from, until when.Date, after ComingLine, limit int) ([]ComingLine, error)
	PutAnnounced(ctx context.Context, a Announced) error
	DropAnnounced(ctx context.Context, s customer.SubscriptionID, k limit.Kind) error
	AnnouncedFor(ctx context.Context, c customer.ID) ([]Announced, error)
	// InsertLawNotice stores what was told; false where it was told already.
	InsertLawNotice(ctx context.Context, n LawNotice) (bool, error)
	LawNoticesOf(ctx context.Context, s customer.SubscriptionID, k limit.Kind, day when.Date) ([]LawNotice, error)
	LawNoticesFor(ctx context.Context, c customer.ID) ([]LawNotice, error) // newest first
	LawNoticeBy(ctx context.Context, m offboarding.MessageID) (LawNotice, error)
}

// watchNotices sees to it that contracts for which something comes are looked at
// soon.
func (a *App) watchNotices(ctx context.Context, tx Tx, subs ...customer.Subscription) error {
	if !slices.ContainsFunc(subs, func(s customer.Subscription) bool { return !s.RenewsOn.IsZero() && s.Status == customer.Active }) {
		return nil
	}
	return a.noticesSoon(ctx, tx)
}

func (a *App) noticesSoon(ctx context.Context, tx Tx) error {
	soon := tx.Now().Add(rateDelay)
	if err := tx.InsertWork(ctx, offboarding.Work{
		ID: noticesWork, Kind: NoticesKind, System: house, Key: NoticesKind, Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: soon,
	}); err != nil {
		return err
	}
	return tx.MoveTimer(ctx, NoticesKind, soon)
}

// RunNotices queues the letters of today and says when the next are due: a page
// of contracts at a time, so that nobody waits for it. It is the job "notices".
func (a *App) RunNotices(ctx context.Context) (Result, error) {
	var next when.Date
	for _, read := range []func(Tx) func(context.Context, when.Date, when.Date, ComingLine, int) ([]ComingLine, error){
		func(tx Tx) func(context.Context, when.Date, when.Date, ComingLine, int) ([]ComingLine, error) {
			return tx.Renewals
		},
		func(tx Tx) func(context.Context, when.Date, when.Date, ComingLine, int) ([]ComingLine, error) {
			return tx.Announcements
		},
	} {
		day, err := a.tellAll(ctx, read)
		if err != nil {
			return Result{}, err
		}
		next = firstDay(next, day)
	}
	now, _, err := a.store.Now(ctx)
	if err != nil {
		return Result{}, err
	}
	zone := a.Company().Zone
	at := firstDay(next, when.DateOf(now, zone).AddDays(noticesLook)).Start(zone).Add(noticeHour * time.Hour)
	if !at.After(now) {
		at = now.Add(time.Minute)
	}
	return Result{Verdict: Later, Again: at}, nil
}

// tellAll looks at all contracts of one list, a page in one transaction, and says
// when the next letter about one of them is due.
func (a *App) tellAll(ctx context.Context, read func(Tx) func(context.Context, when.Date, when.Date, ComingLine, int) ([]ComingLine, error)) (next when.Date, err error) {
	_, pause := a.store.Pace()
	var after ComingLine
	for more := true; more; {
		var page []ComingLine
		var day when.Date
		err := a.tx(ctx, func(tx Tx) (err error) {
			today := a.today(tx)
			if page, err = read(tx)(ctx, today.AddDays(1), today.AddDays(noticesAhead), after, noticesPage); err != nil {
				return err
			}
			day = when.Date{}
			for _, l := range page {
				d, err := a.tellComing(ctx, tx, l, today)
				if err != nil {
					return err
				}
				day = firstDay(day, d)
			}
			return nil
		})
		if err != nil {
			return next, err
		}
		next = firstDay(next, day)
		if more = len(page) == noticesPage; more {
			after = page[len(page)-1]
			if err := rest(ctx, pause); err != nil {
				return next, err
			}
		}
	}
	return next, nil
}

// firstDay is the sooner of two days; zero is none.
func firstDay(a, b when.Date) when.Date {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// tellComing queues the letter about something that is coming if one is to go
// out today, and says when the next is; zero where there is none. Whoever leaves,
// or has agreed that nothing is renewed, is left in peace.
func (a *App) tellComing(ctx context.Context, tx Tx, l ComingLine, today when.Date) (next when.Date, err error) {
	quiet, err := leavesOrEnds(ctx, tx, l.Subscription, l.Kind)
	if err != nil || quiet {
		return next, err
	}
	cus, err := tx.FindCustomer(ctx, l.Customer)
	if err != nil {
		return next, err
	}
	if l.terms, l.under, err = underTerms(ctx, tx, l); err != nil {
		return next, err
	}
	windows, refs, err := a.noticeWindows(cus, l, today)
	if err != nil || len(windows) == 0 {
		return next, err
	}
	before, err := tx.LawNoticesOf(ctx, l.ID, l.Kind, l.Day)
	if err != nil {
		return next, err
	}
	var told []string
	for _, n := range before {
		told = append(append(told, n.Told.In...), n.Told.Late...)
	}
	t := limit.Before(l.Kind, l.Day, l.Notice).Tell(windows, told, today, a.calendars)
	if !t.Sends() {
		return t.Next, nil
	}
	n := LawNotice{
		ID: id.New("ntc"), Customer: cus.ID, Subscription: l.ID, Kind: l.Kind, EventDay: l.Day, Day: today, State: noticeQueued, MadeAt: tx.Now(),
		Told: Windows{In: written(t.Now), Late: written(t.Late), Refs: refs},
	}
	return t.Next, a.sendNotice(ctx, tx, cus, n)
}

// leavesOrEnds reports whether nobody should be told of what is coming for a
// contract: it ends, or a departure has it.
func leavesOrEnds(ctx context.Context, tx Tx, s customer.Subscription, k limit.Kind) (bool, error) {
	if s.Status != customer.Active || k == limit.Renewal && s.NotRenewed {
		return true, nil
	}
	claims, err := tx.ClaimsOf(ctx, s.Customer)
	if err != nil || claims[s.ID].Case != "" {
		return true, err
	}
	return wasErased(ctx, tx, s.Customer)
}

// noticeWindows are when the law wants it told. What nobody knows whether it
// holds is told too.
func (a *App) noticeWindows(cus customer.Customer, l ComingLine, today when.Date) (windows []jurisdiction.DaysBefore, refs []jurisdiction.Ref, err error) {
	law, err := a.noticeLaw(cus, l, today)
	if err != nil {
		return nil, nil, err
	}
	s, asked := law.Of(l.Kind.Param())
	if !asked {
		if l.terms != nil { // no law wants it told, and we tell it all the same
			windows, err = a.safeWindows(today)
		}
		return windows, nil, err
	}
	windows = slices.Clone(s.Value.Windows)
	for _, m := range s.Maybe {
		for _, w := range m.Value.Windows {
			if !slices.Contains(windows, w) {
				windows = append(windows, w)
			}
		}
	}
	return windows, a.Law().Refs(law.Chosen), nil
}

// draftComing gathers what the letter about something that is coming is judged by.
func (a *App) draftComing(ctx context.Context, tx Tx, m Message, n LawNotice, p Paper) (d drafted, err error) {
	if a.checker == nil {
		return d, nil
	}
	cus, err := tx.FindCustomer(ctx, n.Customer)
	if err != nil {
		return d, err
	}
	d.to, d.who = DocumentDelivery{To: m.To}, n.Customer
	d.law, err = a.noticeLaw(cus, ComingLine{Subscription: p.Lines[0], Kind: n.Kind, Day: n.EventDay}, a.today(tx))
	return d, err
}

// noticeLaw is the law about something that is coming for a contract.
func (a *App) noticeLaw(cus customer.Customer, l ComingLine, today when.Date) (*jurisdiction.Effective, error) {
	v := CaseView{Customer: cus, Lines: []customer.Subscription{l.Subscription}}
	facts := a.lawFacts(v, today)
	if delete(facts, "request.act"); l.Kind == limit.TrialEnd {
		facts["contract.auto_renews"] = true // it goes on, unless somebody says no
	}
	if l.Kind == limit.TrialEnd {
		facts["contract.trial_days"] = int64(max(1, l.Start.DaysUntil(l.Day)))
	}
	return a.Law().Effective(a.Law().Select(facts), facts, today)
}

func written(list []jurisdiction.DaysBefore) []string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = w.String()
	}
	return out
}

// sendNotice keeps what is told and queues its letter, in one transaction: again
// it tells nobody twice.
func (a *App) sendNotice(ctx context.Context, tx Tx, cus customer.Customer, n LawNotice) error {
	contacts, err := tx.ContactsOf(ctx, cus.ID)
	if err != nil {
		return err
	}
	m := Message{ID: offboarding.MessageID(id.New("msg")), Paper: NoticePaper, Language: cus.Language, State: "queued", QueuedAt: tx.Now()}
	if m.Language == "" {
		m.Language = a.Company().Language
	}
	m.To, _ = onFile(contacts)
	if _, wrong := customer.CheckEmail("account", m.To); wrong != nil {
		n.State, n.Why = noticePassed, "customer.no_address"
	} else {
		n.Message = m.ID
	}
	fresh, err := tx.InsertLawNotice(ctx, n)
	if err != nil || !fresh {
		return err
	}
	if n.State == noticePassed {
		typ := "notice.passed"
		return a.noticeFact(ctx, tx, typ, n, map[string]any{"why": n.Why})
	}
	return a.queue(ctx, tx, m, string(cus.ID), true)
}

func (a *App) noticeFact(ctx context.Context, tx Tx, typ string, n LawNotice, more map[string]any) error {
	refs, err := json.Marshal(n.Told)
	if err != nil {
		return fault.Wrap("app.noticeFact", err)
	}
	args := map[string]any{"notice": n.ID, "kind": string(n.Kind), "subscription": string(n.Subscription), "day": n.EventDay.String(), "law": string(refs)}
	for k, v := range more {
		args[k] = v
	}
	return a.record(ctx, tx, fact{typ, "engine", "", string(n.Customer), args})
}

// NoticePaper is the class of letters about what is coming for a contract. They
// are of no departure.
const NoticePaper = "notice"

// ComingPaper is what such a letter says.
type ComingPaper struct {
	Kind     limit.Kind
	Day      when.Date
	Deadline when.Date // last day on which to say no; zero: that day is over
	Price    money.Amount
	Leave    string      // link to where one leaves; empty where there is no portal
	Terms    *TermsPaper // new terms, to which they say yes or leave; nil: a price that changes
}

// noticePaper gathers what the letter says; why is a message code where it must
// not go out any more.
func (a *App) noticePaper(ctx context.Context, tx Tx, m Message) (p Paper, n LawNotice, why string, err error) {
	if n, err = tx.LawNoticeBy(ctx, m.ID); err != nil {
		return p, n, "", err
	}
	f := notice.Facts{Now: tx.Now()}
	if f.Erased, err = wasErased(ctx, tx, n.Customer); err != nil {
		return p, n, "", err
	}
	if ok, held := notice.Allow(m.Paper, f); !ok {
		return p, n, held, nil
	}
	list, err := tx.SubscriptionsOf(ctx, n.Customer)
	if err != nil {
		return p, n, "", err
	}
	i := slices.IndexFunc(list, func(s customer.Subscription) bool { return s.ID == n.Subscription })
	if i < 0 || n.Kind == limit.Renewal && list[i].RenewsOn != n.EventDay || !a.today(tx).Before(n.EventDay) {
		return p, n, notice.Answered, nil
	}
	if quiet, err := leavesOrEnds(ctx, tx, list[i], n.Kind); err != nil || quiet {
		return p, n, notice.Answered, err
	}
	contacts, err := tx.ContactsOf(ctx, n.Customer)
	if err != nil {
		return p, n, "", err
	}
	_, name := onFile(contacts)
	l := ComingLine{Subscription: list[i], Kind: n.Kind, Day: n.EventDay}
	if n.Kind != limit.Renewal {
		coming, err := tx.AnnouncedFor(ctx, n.Customer)
		if err != nil {
			return p, n, "", err
		}
		i := slices.IndexFunc(coming, func(x Announced) bool {
			return x.Subscription == n.Subscription && x.Kind == n.Kind && x.Day == n.EventDay
		})
		if i < 0 { // taken back meanwhile, or said anew for another day
			return p, n, notice.Answered, nil
		}
		l.Price = coming[i].Price
	}
	if l.terms, l.under, err = underTerms(ctx, tx, l); err != nil {
		return p, n, "", err
	}
	if l.terms != nil && l.under.State != lane.Told { // they answered
		return p, n, notice.Answered, nil
	}
	p, err = a.comingPaper(ctx, tx, l, name, m.Language)
	return p, n, "", err
}

// comingPaper is the letter about something that is coming for a contract.
func (a *App) comingPaper(ctx context.Context, tx Tx, l ComingLine, name, lang string) (Paper, error) {
	c := &ComingPaper{Kind: l.Kind, Day: l.Day, Deadline: limit.Before(l.Kind, l.Day, l.Notice).Deadline}
	if c.Deadline.Before(a.today(tx)) {
		c.Deadline = when.Date{}
	}
	if l.Kind == limit.PriceChange {
		c.Price = l.Price
	}
	p := Paper{
		Kind: NoticePaper, Language: lang, At: tx.Now(), Now: tx.Now(), Name: name, Lines: []customer.Subscription{l.Subscription}, Coming: c, Links: map[string]string{},
	}
	none, err := a.noPortal(ctx, tx)
	if none {
		p.ByMail = &ByMail{}
	} else {
		c.Leave = a.Company().PublicURL + "/?lang=" + lang
	}
	if t := l.terms; t != nil {
		w := t.Words[sayIn(t.Words, lang, a.Company().Language)]
		c.Terms = &TermsPaper{Why: w.Why, Changes: w.Changes}
		if !none {
			c.Terms.Choose = a.Company().PublicURL + "/terms/" + a.termsToken(l.under.ID) + "?lang=" + lang
		}
	}
	return p, err
}

// sendComing makes the letter about what is coming from the records and hands it
// over; what is out of date by now is withheld. SendMessage calls it.
func (a *App) sendComing(ctx context.Context, m Message) error {
	var p Paper
	var n LawNotice
	var d drafted
	err := a.store.Tx(ctx, func(tx Tx) (err error) {
		var why string
		if p, n, why, err = a.noticePaper(ctx, tx, m); err != nil {
			return err
		}
		if why == "" {
			d, err = a.draftComing(ctx, tx, m, n, p)
			return err
		}
		return a.withhold(ctx, tx, &m, why)
	})
	if err != nil || m.State != "queued" {
		return err
	}
	checks := a.judge(d, p)
	subject, text, refused := a.handOver(ctx, m, p)
	if refused != nil && fault.KindOf(refused) != fault.Invalid {
		return refused
	}
	return a.store.Tx(ctx, func(tx Tx) error {
		x, err := tx.FindMessage(ctx, m.ID)
		if err != nil || x.State != "queued" {
			return err
		}
		erased, err := wasErased(ctx, tx, n.Customer)
		if err != nil {
			return err
		}
		if erased {
			subject = "" // it may name them
		}
		written, err := a.writtenOnly(ctx, tx)
		if err != nil {
			return err
		}
		f := fact{"message.sent", "engine", "", string(n.Customer), map[string]any{"message": string(x.ID), "paper": x.Paper, "subject": subject}}
		x.State, x.SentAt, x.Subject = "sent", tx.Now(), subject
		switch {
		case refused != nil:
			x.State, x.LastError, f.typ = "refused", fault.CodeOf(refused), "message.bounced"
		case written:
			x.State, x.SentAt, f.typ = "written", time.Time{}, "message.written"
		}
		if refused == nil && !erased {
			if x.KeyID, x.Body, err = a.sealFor(ctx, string(n.Customer), string(x.ID), []byte(text)); err != nil {
				return err
			}
		}
		if err := tx.SaveMessage(ctx, x); err != nil {
			return err
		}
		if err := a.forgetErased(ctx, tx, x); err != nil {
			return err
		}
		if err := a.record(ctx, tx, f); err != nil || refused != nil {
			return err
		}
		f.typ = "notice.sent"
		if err := a.noticeFact(ctx, tx, f.typ, n, map[string]any{"message": string(x.ID)}); err != nil {
			return err
		}
		return a.keepChecks(ctx, tx, x, d, checks, string(n.Customer))
	})
}
