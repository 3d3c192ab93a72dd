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
	"hastaluego/internal/when"
)

// lawOn is the law about a customer on a day, of no act of theirs.
func (a *App) lawOn(cus customer.Customer, day when.Date) (*jurisdiction.Effective, error) {
	facts := a.lawFacts(CaseView{Customer: cus}, day)
	delete(facts, "request.act")
	return a.Law().Effective(a.Law().Select(facts), facts, day)
}

// barred reports whether the law of where a customer lives asks for more than the
// consent that they were asked for after leaving. It is asked of many at once, and
// kept for each place, kind and day.
func (a *App) barred(cus customer.Customer, day when.Date) (bool, error) {
	key := [4]string{cus.Place(), string(cus.Kind), day.String(), ""}
	if cus.Consumer {
		key[3] = "consumer"
	}
	if kept, ok := a.barredIn.Load(key); ok {
		return kept.(bool), nil
	}
	law, err := a.lawOn(cus, day)
	if err != nil {
		return false, err
	}
	no := !limit.Allows(law, "winback.basis", "prior_consent")
	a.barredIn.Store(key, no)
	return no, nil
}

// atHours are the letters that ask whoever leaves for something that they did not
// ask for: to come back, or to talk.
var atHours = []string{"winback", "invitation"}

// withData are the letters that tell what the customer's data are.
var withData = []string{"data", "changes"}

// waitsFor is the instant before which a letter may not go out, since the law of
// where the customer lives lets nobody be asked back at this hour, or since an order
// keeps from them what it tells; zero: it may now.
func (a *App) waitsFor(ctx context.Context, mid offboarding.MessageID) (at time.Time, err error) {
	err = a.store.View(ctx, func(tx Tx) error {
		m, err := tx.FindMessage(ctx, mid)
		if err != nil || m.State != "queued" || m.Case == "" || !slices.Contains(atHours, m.Paper) && !slices.Contains(withData, m.Paper) {
			return err
		}
		if slices.Contains(withData, m.Paper) {
			t, err := takingOf(ctx, tx, m.Case)
			if err != nil {
				return err
			}
			if err = withheld(ctx, tx, t); fault.KindOf(err) == fault.Withheld && err != nil {
				at, err = tx.Now().Add(lookAgain), nil
			}
			return err
		}
		c, err := tx.FindCase(ctx, m.Case)
		if err != nil {
			return err
		}
		cus, err := a.whereTheyLive(ctx, tx, c.Customer)
		if err != nil {
			return err
		}
		if at, err = a.writableAt(tx, c, cus); !at.After(tx.Now()) {
			at = time.Time{}
		}
		return err
	})
	return at, err
}

// writableAt is the instant from which whoever leaves may be asked to come back, or
// to talk, by the law of where they live; now where it lets them be asked now.
func (a *App) writableAt(tx Tx, c offboarding.Case, cus customer.Customer) (time.Time, error) {
	zone, err := zoneOf(c)
	if err != nil {
		return time.Time{}, err
	}
	law, err := a.lawOn(cus, a.today(tx))
	if err != nil {
		return time.Time{}, err
	}
	days, _ := a.calendars.Of(cus.Place())
	at, ok := limit.WriteAt(law, tx.Now(), days, zone)
	if !ok { // two packs leave no hour at all: it is looked at again, and whoever reads the law sees the clash
		at = tx.Now().AddDate(0, 0, 1)
	}
	return at, nil
}

// MailLetter sends a queued letter, or says until when it has to wait.
func (a *App) MailLetter(ctx context.Context, mid offboarding.MessageID) (Result, error) {
	if at, err := a.waitsFor(ctx, mid); err != nil || !at.IsZero() {
		return Result{Verdict: Later, Again: at}, err
	}
	return Result{Verdict: Accomplished}, a.SendMessage(ctx, mid)
}
