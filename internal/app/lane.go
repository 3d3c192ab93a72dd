package app

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/approval"
	"hastaluego/internal/company"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/lane"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/segment"
)

// SealedMember is a customer in a lane as it is stored: why them is in Body, sealed with
// their key.
type SealedMember struct {
	lane.Member
	KeyID string
	Body  []byte
}

// LeftBy is a departure with how it came in.
type LeftBy struct {
	LeftOnce
	Channel offboarding.Channel
}

// LaneTx keeps lanes.
type LaneTx interface {
	// PutLane stores a new one (Version 0) or, by Version, changes one.
	PutLane(ctx context.Context, l lane.Lane) error
	FindLane(ctx context.Context, id lane.ID) (lane.Lane, error)
	Lanes(ctx context.Context, limit int) ([]lane.Lane, error) // newest first
	OpenLanes(ctx context.Context) ([]lane.Lane, error)        // and those that are stopped, oldest first
	// OtherLeavers returns departures of real customers that were asked for since and that
	// no lane led to, newest first.
	OtherLeavers(ctx context.Context, since time.Time, limit int) ([]LeftBy, error)
}

// MemberTx keeps who is in which lane.
type MemberTx interface {
	// PutMember stores a new one (Version 0) or, by Version, changes one. A customer is in
	// a lane once.
	PutMember(ctx context.Context, m SealedMember) error
	FindMember(ctx context.Context, id lane.MemberID) (SealedMember, error)
	MemberByToken(ctx context.Context, hash string) (SealedMember, error)
	MembersOf(ctx context.Context, id lane.ID) ([]SealedMember, error)              // as they were chosen
	LanesOf(ctx context.Context, c customer.ID) ([]SealedMember, error)             // of one customer
	MemberOfCase(ctx context.Context, c offboarding.CaseID) ([]SealedMember, error) // none or one
}

const lanesMost = 200

// LaneInput is how somebody wants the company to let go of the customers of a segment.
type LaneInput struct {
	Way     lane.Way
	Segment string
	Why     string
	Words   map[string]lane.Words // by language
	Offer   lane.Offer
}

// ProposeLane writes a lane down, with how many customers its segment holds now. Nobody
// is in it, and nobody is told anything, before a second person agrees.
func (a *App) ProposeLane(ctx context.Context, by Actor, in LaneInput) (lane.ID, error) {
	if err := by.may("lane"); err != nil {
		return "", err
	}
	l := lane.Lane{ID: lane.ID(id.New("lan")), State: lane.Proposed, Way: in.Way, Segment: in.Segment, MadeBy: by.real(), Offer: in.Offer, Words: map[string]lane.Words{}}
	wrong := laneWords(&l, in)
	s := a.segments.Find(in.Segment)
	switch {
	case s == nil:
		wrong = append(wrong, fault.New(fault.Invalid, "lane.segment").On("segment"))
	case s.Reports:
		wrong = append(wrong, fault.New(fault.Invalid, "lane.place").On("segment"))
	default:
		l.Rule = s.Version()
		t, err := a.TrySegments(ctx, by, a.segments)
		if err != nil {
			return "", err
		}
		i := slices.IndexFunc(t.Counter.Counts, func(n segment.Count) bool { return n.Segment == s })
		if l.People, l.Of = t.Counter.Counts[i].In, t.Counter.Asked; l.People == 0 || l.People == l.Of {
			wrong = append(wrong, fault.New(fault.Invalid, "lane.everybody", "n", l.People, "of", l.Of).On("segment"))
		}
	}
	err := a.tx(ctx, func(tx Tx) error {
		list := append(wrong[:len(wrong):len(wrong)], l.Check(a.today(tx), languagesOfLetters)...)
		if len(list) > 0 {
			return list
		}
		var err error
		if l.Playbooks, err = a.lintLane(ctx, tx, l.Way); err != nil {
			return err
		}
		l.MadeAt = tx.Now()
		if err := tx.PutLane(ctx, l); err != nil {
			return err
		}
		return a.laneFact(ctx, tx, "lane.proposed", by.ID, l, map[string]any{"way": string(l.Way), "segment": l.Rule, "people": l.People, "of": l.Of, "words": l.Words, "offer": l.Offer, "why": l.Why})
	})
	return l.ID, err
}

// laneWords tidies what was typed into the lane.
func laneWords(l *lane.Lane, in LaneInput) (wrong fault.List) {
	text := func(field, s string, most int) string {
		clean, bad := customer.CheckText(field, s, most, true)
		wrong, s = appendFault(wrong, bad), clean
		return s
	}
	l.Why = text("why", in.Why, lane.MostWords)
	l.Offer.Every = cmp.Or(in.Offer.Every, customer.Monthly)
	l.Offer.Product, l.Offer.Plan = text("product", in.Offer.Product, 200), text("plan", in.Offer.Plan, 200)
	for _, lang := range company.Languages() {
		w, ok := in.Words[lang]
		if !ok {
			continue
		}
		out := lane.Words{Why: text("why_"+lang, w.Why, lane.MostWords), Changes: text("changes_"+lang, w.Changes, lane.MostWords)}
		for _, x := range w.Alternatives {
			x.Name, x.What = text("alternatives_"+lang, x.Name, 200), text("alternatives_"+lang, x.What, 500)
			out.Alternatives = append(out.Alternatives, x)
		}
		if out.Why != "" || out.Changes != "" || len(out.Alternatives) > 0 {
			l.Words[lang] = out
		}
	}
	return wrong
}

func (a *App) laneFact(ctx context.Context, tx Tx, typ, actor string, l lane.Lane, args map[string]any) error {
	args["lane"] = string(l.ID)
	return a.record(ctx, tx, fact{typ, actor, "", house, args})
}

// DecideLane agrees to a lane, or refuses it. It takes another person than whoever
// proposed it; where one person works, agreeing is waited for instead.
func (a *App) DecideLane(ctx context.Context, by Actor, lid lane.ID, agree bool, note string) error {
	note, err := a.laneNote(by, note, false)
	if err != nil {
		return err
	}
	if err := by.person(); err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		l, err := tx.FindLane(ctx, lid)
		if err != nil {
			return err
		}
		if l.MadeBy == by.real() && agree && l.State == lane.Proposed {
			if _, err := a.laneAgreed(ctx, tx, lid, true, approval.ByTime, by.ID, note); err != nil {
				return err
			}
			return a.askOfHouse(ctx, tx, by, l.MadeAt, approval.Lane, string(lid))
		}
		then, err := a.laneAgreed(ctx, tx, lid, agree, by.real(), by.ID, note)
		if err != nil {
			return err
		}
		if err := settled(ctx, tx, string(lid), by.real()); err != nil {
			return err
		}
		return then()
	})
}

// laneNote checks who acts on a lane, and what they say.
func (a *App) laneNote(by Actor, note string, must bool) (string, error) {
	if err := by.may("lane"); err != nil {
		return "", err
	}
	note, wrong := customer.CheckText("note", note, lane.MostWords, true)
	if wrong == nil && must && note == "" {
		wrong = fault.New(fault.Invalid, "field.required").On("note")
	}
	if wrong != nil {
		return "", wrong
	}
	return note, nil
}

// laneAgreed checks that the lane may be agreed to, or refused, by real, who is seen as
// actor; what it returns does it.
func (a *App) laneAgreed(ctx context.Context, tx Tx, lid lane.ID, agree bool, real, actor, note string) (func() error, error) {
	l, err := tx.FindLane(ctx, lid)
	if err != nil {
		return nil, err
	}
	if err := l.Decide(agree, real, note, tx.Now()); err != nil {
		return nil, err
	}
	typ := "lane.refused"
	if agree {
		typ = "lane.opened"
		if err := a.laneHolds(ctx, tx, &l); err != nil {
			return nil, err
		}
		if l.Way == lane.Terms && l.Offer.Day.Before(a.today(tx).AddDays(lane.LeastNotice)) {
			return nil, fault.New(fault.Blocked, "lane.too_late", "days", lane.LeastNotice)
		}
	}
	return func() error {
		if err := tx.PutLane(ctx, l); err != nil {
			return err
		}
		if agree {
			if err := a.everyDay(ctx, tx, lookingAtLanes); err != nil {
				return err
			}
		}
		return a.laneFact(ctx, tx, typ, actor, l, map[string]any{"note": note, "playbooks": l.Playbooks, "segment": l.Rule})
	}, nil
}

// laneHolds reports why a lane must not be open: its segment says something else than
// what was agreed to, or its departures would be harder than others.
func (a *App) laneHolds(ctx context.Context, tx Tx, l *lane.Lane) (err error) {
	if s := a.segments.Find(l.Segment); s == nil || s.Version() != l.Rule || s.Reports {
		return fault.New(fault.Blocked, "lane.changed", "segment", l.Segment)
	}
	l.Playbooks, err = a.lintLane(ctx, tx, l.Way)
	return err
}

// StopLane lets nobody more into a lane. Whoever leaves by it goes on leaving.
func (a *App) StopLane(ctx context.Context, by Actor, lid lane.ID, note string) error {
	return a.changeLane(ctx, by, lid, note, "lane.stopped", func(_ Tx, l *lane.Lane, now time.Time) error { return l.Stop(by.real(), note, nil, now) })
}

// ReopenLane lets customers into a lane again that was stopped, by a person or by
// itself.
func (a *App) ReopenLane(ctx context.Context, by Actor, lid lane.ID, note string) error {
	if err := by.may("lane"); err != nil {
		return err
	}
	if err := by.person(); err != nil {
		return err
	}
	return a.changeLane(ctx, by, lid, note, "lane.reopened", func(tx Tx, l *lane.Lane, now time.Time) error {
		if err := l.Reopen(by.real(), note, now); err != nil {
			return err
		}
		return a.laneHolds(ctx, tx, l)
	})
}

// CloseLane ends a lane for good, or takes back what nobody has agreed to yet.
func (a *App) CloseLane(ctx context.Context, by Actor, lid lane.ID, note string) error {
	return a.changeLane(ctx, by, lid, note, "lane.closed", func(tx Tx, l *lane.Lane, now time.Time) error {
		if err := l.Close(by.real(), note, now); err != nil {
			return err
		}
		if err := settled(ctx, tx, string(l.ID), by.real()); err != nil {
			return err
		}
		members, err := tx.MembersOf(ctx, l.ID)
		if err != nil {
			return err
		}
		for _, m := range members { // whoever nothing happened to yet is in it no more
			if m.State != lane.Chosen && m.State != lane.Agreed {
				continue
			}
			if err := a.releaseMember(ctx, tx, m, by.ID, "lane.closed"); err != nil {
				return err
			}
		}
		return nil
	})
}

func (a *App) changeLane(ctx context.Context, by Actor, lid lane.ID, note, typ string, change func(Tx, *lane.Lane, time.Time) error) error {
	note, err := a.laneNote(by, note, true)
	if err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		l, err := tx.FindLane(ctx, lid)
		if err != nil {
			return err
		}
		if err := change(tx, &l, tx.Now()); err != nil {
			return err
		}
		if err := tx.PutLane(ctx, l); err != nil {
			return err
		}
		return a.laneFact(ctx, tx, typ, by.ID, l, map[string]any{"note": note})
	})
}

// laneOf is the lane by which a departure came, and who is in it; false: none.
func laneOf(ctx context.Context, tx Tx, c offboarding.CaseID) (l lane.Lane, m lane.Member, in bool, err error) {
	list, err := tx.MemberOfCase(ctx, c)
	if err != nil || len(list) == 0 {
		return l, m, false, err
	}
	l, err = tx.FindLane(ctx, list[0].Lane)
	return l, list[0].Member, err == nil, err
}

// laneAhead is the lane by which a departure of a customer that begins now comes: one of
// which they were told, or that is open for whoever asks.
func laneAhead(ctx context.Context, tx Tx, c customer.ID) (l lane.Lane, m SealedMember, in bool, err error) {
	list, err := tx.LanesOf(ctx, c)
	if err != nil {
		return l, m, false, err
	}
	for _, m := range slices.Backward(list) {
		if m.State != lane.Agreed && m.State != lane.Told && m.State != lane.Accepted && m.State != lane.Applied && m.State != lane.Silent {
			continue
		}
		l, err := tx.FindLane(ctx, m.Lane)
		if err != nil {
			return l, m, false, err
		}
		if m.State == lane.Agreed && (l.Way != lane.Exit || l.State != lane.Open) {
			continue // nothing was begun, and nothing may be
		}
		return l, m, true, nil
	}
	return l, SealedMember{}, false, nil
}

// intoLane notes that a departure came by a lane.
func (a *App) intoLane(ctx context.Context, tx Tx, c offboarding.Case) error {
	l, m, in, err := laneAhead(ctx, tx, c.Customer)
	if err != nil || !in {
		return err
	}
	if err := m.To(lane.Left); err != nil {
		return err
	}
	m.Case, m.OverAt = string(c.ID), tx.Now()
	if err := tx.PutMember(ctx, m); err != nil {
		return err
	}
	return a.memberFact(ctx, tx, "lane.left", "engine", m.Member, map[string]any{"way": string(l.Way), "case": string(c.ID)})
}

func (a *App) memberFact(ctx context.Context, tx Tx, typ, actor string, m lane.Member, args map[string]any) error {
	args["lane"], args["member"] = string(m.Lane), string(m.ID)
	return a.record(ctx, tx, fact{typ, actor, m.Case, string(m.Customer), args})
}

// languagesSaid joins versions of playbooks for the record.
func languagesSaid(list []string) string { return strings.Join(list, " ") }
