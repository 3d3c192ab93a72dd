package app

import (
	"cmp"
	"context"
	"slices"
	"time"

	"hastaluego/internal/company"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/lane"
	"hastaluego/internal/limit"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// byTerms is how the identity of somebody is proved who leaves by their page about new
// terms: its key went to the address on file.
const byTerms = "link.terms"

// TermsPaper is what a letter about another price says of new terms: why, what else
// changes, and where they choose.
type TermsPaper struct {
	Why, Changes string
	Choose       string // link; empty where there is no portal
}

// underTerms is the lane whose new terms a contract comes under on a day, with who is in
// it; nil: none.
func underTerms(ctx context.Context, tx Tx, l ComingLine) (*lane.Lane, lane.Member, error) {
	if l.Kind != limit.PriceChange {
		return nil, lane.Member{}, nil
	}
	list, err := tx.LanesOf(ctx, l.Customer)
	if err != nil {
		return nil, lane.Member{}, err
	}
	for _, m := range slices.Backward(list) {
		if !slices.Contains(m.Contracts, l.ID) || m.State == lane.Released {
			continue
		}
		x, err := tx.FindLane(ctx, m.Lane)
		if err != nil || x.Way != lane.Terms || x.Offer.Day != l.Day {
			return nil, lane.Member{}, err
		}
		return &x, m.Member, nil
	}
	return nil, lane.Member{}, nil
}

// safeWindows are when another price is told where no law of a place wants it told.
func (a *App) safeWindows(today when.Date) ([]jurisdiction.DaysBefore, error) {
	facts := jurisdiction.Facts{"customer.kind": "consumer"} // nobody knows where: the strictest
	law, err := a.Law().Effective(a.Law().Select(facts), facts, today)
	if err != nil {
		return nil, err
	}
	s, _ := law.Of(limit.PriceChange.Param())
	return s.Value.Windows, nil
}

// beginTerms announces the new price of the contracts that a lane is about, to somebody
// who can be told in time. Until they say yes nothing changes.
func (a *App) beginTerms(ctx context.Context, tx Tx, l lane.Lane, m *SealedMember) error {
	cus, err := tx.FindCustomer(ctx, m.Customer)
	if err != nil {
		return err
	}
	contacts, err := tx.ContactsOf(ctx, m.Customer)
	if err != nil {
		return err
	}
	mail, _ := onFile(contacts)
	if _, wrong := customer.CheckEmail("account", mail); wrong != nil {
		return fault.New(fault.Blocked, "customer.no_address")
	}
	lines, err := tx.SubscriptionsOf(ctx, m.Customer)
	if err != nil {
		return err
	}
	today := a.today(tx)
	for _, s := range lines {
		if !l.Offer.Takes(s) || s.Amount == l.Offer.Price {
			continue
		}
		c := ComingLine{Subscription: s, Kind: limit.PriceChange, Day: l.Offer.Day, Price: l.Offer.Price}
		windows, _, err := a.noticeWindows(cus, c, today)
		if err == nil && len(windows) == 0 {
			windows, err = a.safeWindows(today)
		}
		if err != nil {
			return err
		}
		for _, w := range windows {
			if _, last := w.Between(l.Offer.Day, a.calendars); last.Before(today) {
				return fault.New(fault.Blocked, "lane.too_late", "days", last.DaysUntil(l.Offer.Day))
			}
		}
		m.Contracts = append(m.Contracts, s.ID)
		if err := a.keepAnnounced(ctx, tx, Actor{ID: actorOr(m.DecidedBy)}, Announced{Subscription: s.ID, Customer: s.Customer, Kind: limit.PriceChange, Day: l.Offer.Day, Price: l.Offer.Price}); err != nil {
			return err
		}
	}
	if len(m.Contracts) == 0 {
		return fault.New(fault.Blocked, "lane.no_contract", "name", cus.Name)
	}
	if err := m.To(lane.Told); err != nil {
		return err
	}
	m.Token = hashToken(a.termsToken(m.ID))
	if err := a.memberFact(ctx, tx, "lane.told", "engine", m.Member, map[string]any{
		"day": l.Offer.Day.String(), "minor": l.Offer.Price.Minor, "currency": l.Offer.Price.Currency, "words": l.Words,
	}); err != nil {
		return err
	}
	return a.noticesSoon(ctx, tx)
}

// dropTerms takes the announcements of new terms back.
func (a *App) dropTerms(ctx context.Context, tx Tx, m SealedMember) error {
	coming, err := tx.AnnouncedFor(ctx, m.Customer)
	if err != nil {
		return err
	}
	for _, x := range coming {
		if x.Kind != limit.PriceChange || !slices.Contains(m.Contracts, x.Subscription) {
			continue
		}
		if err := tx.DropAnnounced(ctx, x.Subscription, x.Kind); err != nil {
			return err
		}
		if err := a.record(ctx, tx, fact{"contract.unannounced", "engine", "", string(m.Customer), map[string]any{
			"subscription": string(x.Subscription), "kind": string(x.Kind), "day": x.Day.String(),
		}}); err != nil {
			return err
		}
	}
	return nil
}

// TermsPage is what a customer sees of new terms: what is now and what would be, and two
// ways on that are equal.
type TermsPage struct {
	Language string
	Name     string
	State    lane.Standing
	Lane     lane.Lane
	Words    lane.Words
	Lines    []customer.Subscription // as they are now
	Day      when.Date               // first day of the new terms
	Open     bool                    // they may still answer
	Now      time.Time
}

// OpenTerms reads the page about new terms behind a token, in the language that was
// chosen, or in that of the customer.
func (a *App) OpenTerms(ctx context.Context, token, lang string) (p TermsPage, err error) {
	err = a.store.View(ctx, func(tx Tx) error {
		m, l, err := a.byToken(ctx, tx, token)
		if err != nil {
			return err
		}
		cus, err := tx.FindCustomer(ctx, m.Customer)
		if err != nil {
			return err
		}
		contacts, err := tx.ContactsOf(ctx, m.Customer)
		if err != nil {
			return err
		}
		_, name := onFile(contacts)
		lines, err := tx.SubscriptionsOf(ctx, m.Customer)
		if err != nil {
			return err
		}
		p = TermsPage{
			Language: company.Spoken(cmp.Or(lang, cus.Language), a.Company().Language), Name: name, State: m.State, Lane: l, Lines: pick(lines, m.Contracts),
			Day: l.Offer.Day, Open: m.State == lane.Told && a.today(tx).Before(l.Offer.Day), Now: tx.Now(),
		}
		p.Words = l.Words[sayIn(l.Words, p.Language, a.Company().Language)]
		return nil
	})
	return p, err
}

// sayIn is the language in which a lane speaks to somebody: theirs if it was written in
// it, else that of the company, else the first that there is.
func sayIn(words map[string]lane.Words, lang, house string) string {
	for _, l := range append([]string{lang, house}, languagesOfLetters...) {
		if _, ok := words[l]; ok {
			return l
		}
	}
	return lang
}

// alternatives are who may suit somebody better whom the company lets go.
func (a *App) alternatives(ctx context.Context, tx Tx, c offboarding.CaseID, lang string) ([]lane.Alternative, error) {
	l, _, in, err := laneOf(ctx, tx, c)
	if err != nil || !in {
		return nil, err
	}
	return l.Words[sayIn(l.Words, lang, a.Company().Language)].Alternatives, nil
}

func (a *App) byToken(ctx context.Context, tx Tx, token string) (m SealedMember, l lane.Lane, err error) {
	if m, err = tx.MemberByToken(ctx, hashToken(token)); err != nil {
		if fault.KindOf(err) == fault.NotFound {
			err = fault.New(fault.NotFound, "link.unknown")
		}
		return m, l, err
	}
	l, err = tx.FindLane(ctx, m.Lane)
	return m, l, err
}

// AcceptTerms is the customer's yes to new terms. Somebody of the company does what they
// say at the billing system; until then nothing is changed.
func (a *App) AcceptTerms(ctx context.Context, token string) error {
	return a.tx(ctx, func(tx Tx) error {
		m, l, err := a.openTerms(ctx, tx, token)
		if err != nil {
			return err
		}
		if err := m.To(lane.Accepted); err != nil {
			return err
		}
		m.Answered = tx.Now()
		if err := tx.PutMember(ctx, m); err != nil {
			return err
		}
		if err := a.memberFact(ctx, tx, "lane.accepted", customerActor, m.Member, map[string]any{
			"day": l.Offer.Day.String(), "minor": l.Offer.Price.Minor, "currency": l.Offer.Price.Currency,
		}); err != nil {
			return err
		}
		return a.tellLane(ctx, tx, l, "accepted:"+string(m.ID))
	})
}

func (a *App) openTerms(ctx context.Context, tx Tx, token string) (m SealedMember, l lane.Lane, err error) {
	if m, l, err = a.byToken(ctx, tx, token); err != nil {
		return m, l, err
	}
	if m.State != lane.Told || !a.today(tx).Before(l.Offer.Day) {
		return m, l, fault.New(fault.Gone, "lane.answered")
	}
	return m, l, nil
}

// LeaveTerms is the other answer: the contracts end as when anybody asks, whatever binds
// them binds no more, and leaving costs nothing. It returns the key of their private page.
func (a *App) LeaveTerms(ctx context.Context, token string) (page string, err error) {
	err = a.tx(ctx, func(tx Tx) error {
		m, l, err := a.openTerms(ctx, tx, token)
		if err != nil {
			return err
		}
		cus, err := tx.FindCustomer(ctx, m.Customer)
		if err != nil {
			return err
		}
		if err := a.freeContracts(ctx, tx, m.Member); err != nil {
			return err
		}
		contacts, err := tx.ContactsOf(ctx, m.Customer)
		if err != nil {
			return err
		}
		mail, name := onFile(contacts)
		r, err := a.declare(ExitInput{Name: name, AccountEmail: mail, Reference: cus.Reference, Language: cus.Language, When: string(offboarding.PeriodEnd)})
		if err != nil {
			return err
		}
		r.Channel, r.ReceivedAt, r.Subscriptions = offboarding.Host, tx.Now(), m.Contracts
		if r, _, err = tx.InsertRequest(ctx, r); err != nil {
			return err
		}
		if err := a.record(ctx, tx, fact{"request.received", customerActor, string(r.ID), string(r.ID), map[string]any{
			"code": r.Code, "channel": string(r.Channel), "name": r.Name, "account": mail, "when": string(r.When), "via": "terms",
		}}); err != nil {
			return err
		}
		r.Subscriptions = m.Contracts
		c, err := a.attach(ctx, tx, &r, cus, byTerms)
		if err != nil {
			return err
		}
		if c == "" {
			return fault.New(fault.Blocked, "customer.nothing_to_end", "name", cus.Name)
		}
		if err := a.verify(ctx, tx, &r, byTerms); err != nil {
			return err
		}
		if err := a.dropTerms(ctx, tx, m); err != nil {
			return err
		}
		if err := a.memberFact(ctx, tx, "lane.declined", customerActor, m.Member, map[string]any{"case": string(r.Case), "day": l.Offer.Day.String()}); err != nil {
			return err
		}
		page, err = a.mint(ctx, tx, "case", r.ID, r.Case)
		return err
	})
	return page, err
}

// freeContracts takes from contracts what would bind whoever does not want new terms:
// what they agreed to was something else.
func (a *App) freeContracts(ctx context.Context, tx Tx, m lane.Member) error {
	lines, err := tx.SubscriptionsOf(ctx, m.Customer)
	if err != nil {
		return err
	}
	for _, s := range pick(lines, m.Contracts) {
		was := s
		s.LockIn, s.Notice, s.Terms.ExitFee, s.Terms.Minimum = when.Date{}, 0, customer.ExitFee{}, when.Date{}
		if s == was {
			continue
		}
		if err := tx.SaveSubscription(ctx, s, was.Status); err != nil {
			return err
		}
		if err := a.memberFact(ctx, tx, "lane.freed", "engine", m, map[string]any{"subscription": string(s.ID), "lock_in": was.LockIn.String(), "notice": was.Notice, "fee": string(was.Terms.ExitFee.Kind)}); err != nil {
			return err
		}
	}
	return nil
}

// ApplyTerms notes that what a customer said yes to was done at the billing system, and
// how that was seen; the contract has the new price from its day on.
func (a *App) ApplyTerms(ctx context.Context, by Actor, mid lane.MemberID, evidence string) error {
	if err := by.may("lane"); err != nil {
		return err
	}
	evidence, err := laneWordsOf("evidence", evidence)
	if err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		m, err := tx.FindMember(ctx, mid)
		if err != nil {
			return err
		}
		l, err := tx.FindLane(ctx, m.Lane)
		if err != nil {
			return err
		}
		if err := m.To(lane.Applied); err != nil {
			return err
		}
		lines, err := tx.SubscriptionsOf(ctx, m.Customer)
		if err != nil {
			return err
		}
		for _, s := range pick(lines, m.Contracts) {
			s.Terms.Prices = customer.PricesOf(append(s.Terms.Prices.List(), customer.Price{From: l.Offer.Day, Plan: s.Plan, Minor: l.Offer.Price.Minor}))
			if err := tx.SaveSubscription(ctx, s, s.Status); err != nil {
				return err
			}
		}
		m.OverAt, m.OverBy = tx.Now(), by.real()
		if err := tx.PutMember(ctx, m); err != nil {
			return err
		}
		return a.memberFact(ctx, tx, "lane.applied", by.ID, m.Member, map[string]any{"evidence": evidence, "minor": l.Offer.Price.Minor, "currency": l.Offer.Price.Currency, "day": l.Offer.Day.String()})
	})
}
