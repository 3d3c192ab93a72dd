package app

import (
	"context"
	"slices"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/limit"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/retrieval"
	"hastaluego/internal/when"
)

// ExtendedPaper is the letter that says that the answer to what the customer asked of
// their data is put off, until when and why.
const ExtendedPaper = "extended"

// ExtendedPaperFacts are what it says.
type ExtendedPaperFacts struct {
	Erase  bool      // they asked for erasure; else for their data
	Until  when.Date // the last day
	Before when.Date // the one that it was
	Why    string
}

// ExtendLimit puts off a time limit of giving a customer their data, or of erasing them,
// as far as the law of where they live lets it be (GDPR, art. 12(3): two more months),
// once, and tells them so in the same moment, with the reason. What belongs to the same
// request is put off with it. Errors: Invalid at why; Blocked (limit.not_extendable,
// limit.extended_late, customer.no_address); Conflict (limit.over, limit.extended).
func (a *App) ExtendLimit(ctx context.Context, by Actor, lid, why string) error {
	if err := by.may("case"); err != nil {
		return err
	}
	clean, err := required("why", why, 2000)
	if err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		l, err := tx.FindLimit(ctx, lid)
		if err != nil {
			return err
		}
		of := offboarding.CaseID(l.Case)
		if retrieval.Is(l.About) {
			of = offboarding.CaseID(l.About)
		}
		list := []limit.Limit{l}
		if of != "" {
			if list, err = limitsOf(ctx, tx, of); err != nil {
				return err
			}
			list = slices.DeleteFunc(list, func(x limit.Limit) bool {
				return x.ID != lid && (!x.Extendable() || x.About != l.About || givesData(x.Param) != givesData(l.Param))
			})
		}
		for _, x := range list {
			if err := a.extend(ctx, tx, by, x, clean); err != nil {
				return err
			}
		}
		return a.tellExtended(ctx, tx, of)
	})
}

func (a *App) extend(ctx context.Context, tx Tx, by Actor, l limit.Limit, why string) error {
	var x limit.Extension
	if l.Extendable() {
		var err error
		if x, err = a.extensionOf(ctx, tx, l); err != nil {
			return err
		}
	}
	if err := l.Extend(x, tx.Now(), by.ID); err != nil {
		return err
	}
	var err error
	if l.KeyID, l.Sealed, err = a.sealFor(ctx, l.Customer, l.ID, []byte(why)); err != nil {
		return err
	}
	if err := tx.PutLimit(ctx, l); err != nil {
		return err
	}
	if _, at := l.Next(); !at.IsZero() {
		if err := tx.MoveTimer(ctx, limitKey(l.ID), at); err != nil {
			return err
		}
	}
	return a.limitFact(ctx, tx, "limit.extended", by.ID, l, map[string]any{"before": l.First.Format(time.RFC3339), "why": why, "allowed_by": x.Rule.ID})
}

// extensionOf is what the law of where a customer lives says of putting a limit off, as
// it was when the limit began; zero: nothing.
func (a *App) extensionOf(ctx context.Context, tx Tx, l limit.Limit) (x limit.Extension, err error) {
	cus, err := tx.FindCustomer(ctx, customer.ID(l.Customer))
	if err != nil {
		return x, err
	}
	subs, err := tx.SubscriptionsOf(ctx, cus.ID)
	if err != nil {
		return x, err
	}
	zone, err := when.Zone(l.Zone)
	if err != nil {
		return x, fault.Wrap("app.extensionOf", err)
	}
	day := when.DateOf(l.Start, zone)
	facts := a.lawFacts(CaseView{Customer: cus, Lines: subs, Plan: offboarding.Plan{Case: offboarding.Case{Zone: l.Zone, RequestedAt: l.Start}}}, day)
	if facts["request.act"] = "retrieve"; !givesData(l.Param) {
		facts["request.act"] = "erase"
	}
	law, err := a.Law().Effective(a.Law().Select(facts), facts, day)
	if err != nil {
		return x, err
	}
	x.Told = l.End
	for _, s := range law.Settings {
		if s.Outcome != jurisdiction.Settled {
			continue
		}
		switch s.Param.Name {
		case "dsr.ext.max":
			if d, ok := s.Deadline(map[string]time.Time{"dsr.due": l.End.Add(-time.Microsecond)}, a.calendars, zone); ok {
				x.Until = d.End
				for _, by := range s.By {
					x.Rule.ID = by.Rule.ID
				}
			}
		case "dsr.ext.told.max":
			if d, ok := s.Deadline(map[string]time.Time{"dsr.received": l.Start}, a.calendars, zone); ok && d.End.Before(x.Told) {
				x.Told = d.End
			}
		}
	}
	return x, nil
}

// tellExtended writes to the customer that the answer is put off. Where they cannot be
// written to it is not.
func (a *App) tellExtended(ctx context.Context, tx Tx, of offboarding.CaseID) error {
	t, err := takingOf(ctx, tx, of)
	if err != nil {
		return err
	}
	m, err := a.letterOf(ctx, tx, ExtendedPaper, t)
	if err != nil {
		return err
	}
	return a.queue(ctx, tx, m, string(t.Customer), true)
}

// extendedPaper is what the letter says about the newest limit of a departure, or of a
// copy, that was put off.
func (a *App) extendedPaper(ctx context.Context, tx Tx, of offboarding.CaseID) (*ExtendedPaperFacts, error) {
	list, err := limitsOf(ctx, tx, of)
	if err != nil {
		return nil, err
	}
	var newest limit.Limit
	for _, l := range list {
		if l.Extended.After(newest.Extended) {
			newest = l
		}
	}
	why, err := a.unseal(ctx, newest.KeyID, newest.ID, newest.Sealed)
	if err != nil || newest.ID == "" {
		return nil, err
	}
	before := newest
	before.End = newest.First
	return &ExtendedPaperFacts{Erase: !givesData(newest.Param), Until: newest.Last(), Before: before.Last(), Why: string(why)}, nil
}
