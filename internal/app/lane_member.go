package app

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"time"

	"hastaluego/internal/approval"
	"hastaluego/internal/customer"
	"hastaluego/internal/ending"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/lane"
	"hastaluego/internal/limit"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// chosenMost is how many customers are put forward, or decided about, at once.
const chosenMost = 200

// ChooseForLane puts customers of the segment forward for a lane, and says why them. A
// second person decides about each.
func (a *App) ChooseForLane(ctx context.Context, by Actor, lid lane.ID, ids []customer.ID, grounds string) error {
	if err := by.may("lane"); err != nil {
		return err
	}
	if err := by.person(); err != nil {
		return err
	}
	grounds, err := laneWordsOf("grounds", grounds)
	if err != nil {
		return err
	}
	if len(ids) == 0 || len(ids) > chosenMost {
		return fault.New(fault.Invalid, "field.required").On("customers")
	}
	subjects := make([]string, len(ids))
	for i, c := range ids {
		subjects[i] = string(c)
	}
	if err := a.keys.Prepare(ctx, "account", subjects...); err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		l, err := tx.FindLane(ctx, lid)
		if err != nil {
			return err
		}
		if l.State != lane.Open {
			return fault.New(fault.Blocked, "lane.state")
		}
		if err := a.laneHolds(ctx, tx, &l); err != nil {
			return err
		}
		if err := a.inSegment(ctx, tx, l, ids); err != nil {
			return err
		}
		for _, c := range ids {
			m := SealedMember{Member: lane.Member{ID: lane.MemberID(id.New("lnm")), Lane: l.ID, Customer: c, State: lane.Chosen, ChosenAt: tx.Now(), ChosenBy: by.real()}}
			if m.KeyID, m.Body, err = a.sealJSON(ctx, string(c), string(m.ID), memberWords{grounds}); err != nil {
				return err
			}
			if err := tx.PutMember(ctx, m); err != nil {
				return err
			}
			if err := a.memberFact(ctx, tx, "lane.chosen", by.ID, m.Member, map[string]any{"grounds": grounds}); err != nil {
				return err
			}
		}
		return nil
	})
}

// laneWordsOf are words that must be there.
func laneWordsOf(field, s string) (string, error) {
	s, wrong := customer.CheckText(field, s, lane.MostWords, true)
	if wrong == nil && s == "" {
		wrong = fault.New(fault.Invalid, "field.required").On(field)
	}
	if wrong != nil {
		return "", wrong
	}
	return s, nil
}

type memberWords struct {
	Grounds string `json:"grounds"`
}

// inSegment refuses customers who are not in the segment of a lane now, who are leaving,
// or who are in another lane.
func (a *App) inSegment(ctx context.Context, tx Tx, l lane.Lane, ids []customer.ID) error {
	standing, err := a.standing(ctx, tx, ids...)
	if err != nil {
		return err
	}
	for _, c := range ids {
		who, err := tx.FindCustomer(ctx, c)
		if err != nil {
			return err
		}
		in, _ := a.decisive(standing[c])
		if !slices.Contains(in, l.Segment) || who.Test() || who.Erased() {
			return fault.New(fault.Blocked, "lane.not_in_it", "name", who.Name, "segment", l.Segment)
		}
		others, err := tx.LanesOf(ctx, c)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(others, func(m SealedMember) bool { return m.Live() && m.Lane != l.ID && m.State != lane.Silent }) {
			return fault.New(fault.Blocked, "lane.another", "name", who.Name)
		}
		claims, err := tx.ClaimsOf(ctx, c)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(slices.Collect(mapValues(claims)), func(x Claim) bool { return x.Case != "" }) {
			return fault.New(fault.Blocked, "lane.leaves", "name", who.Name)
		}
		complaints, err := tx.ComplaintsOf(ctx, c)
		if err != nil {
			return err
		}
		if l.Way != lane.Exit && slices.ContainsFunc(complaints, undecided) { // whoever complains is answered first
			return fault.New(fault.Blocked, "lane.complaint", "name", who.Name)
		}
	}
	return nil
}

func mapValues[K comparable, V any](m map[K]V) func(func(V) bool) {
	return func(yield func(V) bool) {
		for _, v := range m {
			if !yield(v) {
				return
			}
		}
	}
}

// DecideMember agrees that a customer comes into a lane, or spares them. It takes another
// person than whoever put them forward; where one person works, agreeing is waited for.
func (a *App) DecideMember(ctx context.Context, by Actor, mid lane.MemberID, agree bool) error {
	if err := by.may("lane"); err != nil {
		return err
	}
	if err := by.person(); err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		m, err := tx.FindMember(ctx, mid)
		if err != nil {
			return err
		}
		if m.ChosenBy == by.real() && agree && m.State == lane.Chosen {
			if _, err := a.memberAgreed(ctx, tx, mid, true, approval.ByTime, by.ID); err != nil {
				return err
			}
			return a.askOfHouse(ctx, tx, by, m.ChosenAt, approval.Lane, string(mid))
		}
		then, err := a.memberAgreed(ctx, tx, mid, agree, by.real(), by.ID)
		if err != nil {
			return err
		}
		if err := settled(ctx, tx, string(mid), by.real()); err != nil {
			return err
		}
		return then()
	})
}

// memberAgreed checks that a customer may be agreed to, or spared; what it returns does
// it, and begins what their lane is.
func (a *App) memberAgreed(ctx context.Context, tx Tx, mid lane.MemberID, agree bool, real, actor string) (func() error, error) {
	m, err := tx.FindMember(ctx, mid)
	if err != nil {
		return nil, err
	}
	l, err := tx.FindLane(ctx, m.Lane)
	if err != nil {
		return nil, err
	}
	if err := m.Decide(agree, real, tx.Now()); err != nil {
		return nil, err
	}
	typ := "lane.spared"
	if agree {
		typ = "lane.agreed"
		if l.State != lane.Open {
			return nil, fault.New(fault.Blocked, "lane.state")
		}
		if err := a.laneHolds(ctx, tx, &l); err != nil {
			return nil, err
		}
		if err := a.inSegment(ctx, tx, l, []customer.ID{m.Customer}); err != nil {
			return nil, err
		}
	}
	return func() error {
		if err := a.memberFact(ctx, tx, typ, actor, m.Member, map[string]any{"way": string(l.Way)}); err != nil {
			return err
		}
		begin := map[lane.Way]func(context.Context, Tx, lane.Lane, *SealedMember) error{lane.Renewal: a.beginRenewal, lane.Terms: a.beginTerms}[l.Way]
		if agree && begin != nil {
			if err := begin(ctx, tx, l, &m); err != nil {
				return err
			}
		}
		return tx.PutMember(ctx, m)
	}, nil
}

// ReleaseMember takes a customer out of a lane before anything was begun.
func (a *App) ReleaseMember(ctx context.Context, by Actor, mid lane.MemberID, note string) error {
	note, err := a.laneNote(by, note, true)
	if err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		m, err := tx.FindMember(ctx, mid)
		if err != nil {
			return err
		}
		if err := settled(ctx, tx, string(mid), by.real()); err != nil {
			return err
		}
		if m.State == lane.Told {
			l, err := tx.FindLane(ctx, m.Lane)
			if err != nil {
				return err
			}
			if l.Way != lane.Terms { // an ending is undone as a departure is
				return fault.New(fault.Blocked, "lane.standing")
			}
			if err := a.dropTerms(ctx, tx, m); err != nil {
				return err
			}
		}
		return a.releaseMember(ctx, tx, m, by.ID, note)
	})
}

func (a *App) releaseMember(ctx context.Context, tx Tx, m SealedMember, actor, note string) error {
	if err := m.To(lane.Released); err != nil {
		return err
	}
	m.OverAt, m.OverBy = tx.Now(), actor
	if err := tx.PutMember(ctx, m); err != nil {
		return err
	}
	return a.memberFact(ctx, tx, "lane.released", actor, m.Member, map[string]any{"note": note})
}

// beginRenewal has the contracts of a customer end with their term, with the notice that
// the law and the contract ask for: a departure like any other, with the same rights.
func (a *App) beginRenewal(ctx context.Context, tx Tx, l lane.Lane, m *SealedMember) error {
	last, err := a.lastOfRenewal(ctx, tx, m.Customer)
	if err != nil {
		return err
	}
	e := ending.Ending{
		ID: ending.ID(id.New("end")), State: ending.Approved, Pick: ending.Pick{Customer: m.Customer}, EndsOn: last, PerMinute: 60, Words: map[string]ending.Words{},
		MadeAt: m.ChosenAt, MadeBy: m.ChosenBy, DecidedAt: tx.Now(), DecidedBy: m.DecidedBy,
	}
	for lang, w := range l.Words {
		e.Words[lang] = ending.Words{Why: w.Why, Alternatives: alternativesIn(w.Alternatives)}
	}
	if err := m.To(lane.Told); err != nil {
		return err
	}
	m.Ending = string(e.ID)
	if err := tx.PutEnding(ctx, e); err != nil {
		return err
	}
	if err := tx.InsertWork(ctx, offboarding.Work{
		ID: offboarding.WorkID(id.New("work")), Kind: EndingKind, Item: string(e.ID), System: house, Key: EndingKind + ":" + string(e.ID),
		Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: tx.Now(),
	}); err != nil {
		return err
	}
	return a.memberFact(ctx, tx, "lane.told", "engine", m.Member, map[string]any{"ending": string(e.ID), "day": last.String()})
}

// alternativesIn writes alternatives as a letter has them.
func alternativesIn(list []lane.Alternative) (s string) {
	for i, x := range list {
		if i > 0 {
			s += "\n"
		}
		s += x.Name
		if x.What != "" {
			s += ": " + x.What
		}
		if x.Link != "" {
			s += " (" + x.Link + ")"
		}
	}
	return s
}

// lastOfRenewal is the last day of the contracts of a customer that are not renewed: the
// end of a term, or of a period, that is as far ahead as they are told.
func (a *App) lastOfRenewal(ctx context.Context, tx Tx, c customer.ID) (last when.Date, err error) {
	cus, err := tx.FindCustomer(ctx, c)
	if err != nil {
		return last, err
	}
	lines, err := tx.SubscriptionsOf(ctx, c)
	if err != nil {
		return last, err
	}
	today := a.today(tx)
	for _, s := range lines {
		if s.Status == customer.Ended {
			continue
		}
		days, err := a.noticeDays(cus, s, today)
		if err != nil {
			return last, err
		}
		least := lane.Notice(today, max(days, s.Notice))
		end := least
		if !s.RenewsOn.IsZero() && s.Interval.Recurs() {
			for end = s.RenewsOn.AddDays(-1); end.Before(least); {
				end = s.Interval.After(end.AddDays(1), 1).AddDays(-1)
			}
		}
		if last.Before(end) {
			last = end
		}
	}
	if last.IsZero() {
		return last, fault.New(fault.Blocked, "customer.nothing_to_end", "name", cus.Name)
	}
	if today.AddDays(ending.MostNotice).Before(last) {
		last = today.AddDays(ending.MostNotice)
	}
	return last, nil
}

// noticeDays is how many days ahead the law wants it told that a contract is not renewed,
// at the latest; 0: no law that may hold says so.
func (a *App) noticeDays(cus customer.Customer, s customer.Subscription, today when.Date) (days int, err error) {
	far := today.AddDays(noticesAhead)
	windows, _, err := a.noticeWindows(cus, ComingLine{Subscription: s, Kind: limit.Renewal, Day: far}, today)
	if err != nil {
		return 0, err
	}
	for _, w := range windows {
		_, last := w.Between(far, a.calendars)
		days = max(days, last.DaysUntil(far))
	}
	return days, nil
}

// termsToken is the key of the page on which a customer answers new terms: the same in
// every letter about them.
func (a *App) termsToken(m lane.MemberID) string {
	mac := hmac.New(sha256.New, a.keys.HMACKey("terms"))
	mac.Write([]byte(m))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:24])
}

// TermsKey is that key, for whoever plays the customer: the demo, and tests.
func (a *App) TermsKey(m lane.MemberID) string { return a.termsToken(m) }

// member opens what was written about a customer in a lane.
func (a *App) member(ctx context.Context, s SealedMember) (lane.Member, error) {
	var w memberWords
	_, err := a.unsealJSON(ctx, s.KeyID, string(s.ID), s.Body, &w)
	s.Grounds = w.Grounds
	return s.Member, err
}

// wholeDays is how many whole days went by.
func wholeDays(from, to time.Time) int { return int(to.Sub(from) / (24 * time.Hour)) }
