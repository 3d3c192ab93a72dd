package app

import (
	"context"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// LastKind is the kind of the job of the house that has what a customer takes along
// made once more, by itself, before it cannot be fetched any longer.
const LastKind = "bundle_last"

// lastItem marks the making of that job.
const lastItem = "last"

// lastDays is how many days before the end that is: time to hear of it and to fetch
// it.
const lastDays = 7

// BundleChanges is what is other in a bundle than in the first one, without the
// tables that tell of the departure itself, in which there is always something new.
type BundleChanges struct {
	Added   int      `json:"added"`
	Changed int      `json:"changed"`
	Removed int      `json:"removed"`
	Names   []string `json:"names,omitempty"` // of the first of them
}

// namedMost is how many of the files a letter names.
const namedMost = 20

// ofDeparture are the files of our own record that tell of the departure itself, and
// what is read anew for it whenever somebody looks.
var ofDeparture = []string{
	"billing_said.csv", "copies.csv", "departures.csv", "files.csv", "law.csv", "letters.csv", "letters_checked.csv", "log.csv", "notices.csv", "pages_met.csv", "requests.csv", "steps.csv",
	"systems.csv", "time_limits.csv",
}

func (c *BundleChanges) count(name, what string) {
	short := strings.TrimPrefix(name, "data/")
	if slices.Contains(ofDeparture, short) {
		return
	}
	switch what {
	case "added":
		c.Added++
	case "removed":
		c.Removed++
	default:
		c.Changed++
	}
	if len(c.Names) < namedMost {
		c.Names = append(c.Names, short)
	}
}

// Any reports whether anything is other.
func (c BundleChanges) Any() bool { return c.Added+c.Changed+c.Removed > 0 }

// lastMaking is when what a customer takes along is made for the last time: a week
// before the last day on which it can be fetched, and when what they had is over if
// that leaves a day.
func lastMaking(c Taking) time.Time {
	day := c.Last.AddDays(-lastDays)
	if over := c.Changes.AddDays(1); day.Before(over) && over.Before(c.Last) {
		day = over
	}
	return day.Start(c.Zone).Add(remindHour * time.Hour)
}

// watchLast sets the clock of the last making, when there is a first file. What
// changes in our own record is the departure, of which their page tells: where no
// system gives anything away, and nothing was pushed, there is nothing to make it for.
func (a *App) watchLast(ctx context.Context, tx Tx, c Taking) error {
	if from, err := a.sources(ctx, tx, c.Customer); err != nil || len(from) == 0 {
		return err
	}
	at := lastMaking(c)
	if !at.After(tx.Now()) {
		return nil
	}
	return tx.InsertWork(ctx, offboarding.Work{
		ID: offboarding.WorkID(id.New("work")), Kind: LastKind, Case: c.ID, System: house, Key: LastKind + "." + string(c.ID),
		Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: at,
	})
}

// LastBundle has the file made once more, and returns when to look again. What was
// undone, erased, is over already or was made a moment ago is not made.
func (a *App) LastBundle(ctx context.Context, w offboarding.Work) (again time.Time, err error) {
	err = a.tx(ctx, func(tx Tx) error {
		again = time.Time{}
		c, err := takingOf(ctx, tx, w.Case)
		if err != nil || !c.Runs {
			return err
		}
		switch err := fetchable(ctx, tx, c); fault.KindOf(err) {
		case fault.Gone:
			return nil
		case fault.Withheld:
			again = tx.Now().Add(lookAgain)
			return nil
		default:
			if err != nil {
				return err
			}
		}
		if at := lastMaking(c); tx.Now().Before(at) { // the end was put off since
			again = at
			return nil
		}
		under, err := remaking(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		if under {
			again = tx.Now().Add(remakeAfter)
			return nil
		}
		list, err := bundlesOf(ctx, tx, c.ID)
		if err != nil || len(list) == 0 || !MayRemake(list, tx.Now()) {
			return err
		}
		if err := a.makeAgain(ctx, tx, c, lastItem, list[len(list)-1].ID); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"bundle.due", "engine", string(c.ID), string(c.Customer), nil})
	})
	return again, err
}

// TellChanges tells the customer, once, what is other in the file that was made by
// itself, and where it is. Where nothing is, nobody is bothered, but whoever has no page
// and has not taken what is too large for a letter.
func (a *App) TellChanges(ctx context.Context, w offboarding.Work) error {
	if w.Item != lastItem {
		return nil
	}
	return a.tx(ctx, func(tx Tx) error {
		c, err := takingOf(ctx, tx, w.Case)
		if err != nil {
			return err
		}
		changes, err := a.changesOf(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		none, err := a.noPortal(ctx, tx)
		if err != nil {
			return err
		}
		paper, due := "changes", changes.Any()
		if none { // they fetch nothing: it comes to them, or they are reminded that it waits for them
			b, err := newestBundle(ctx, tx, c.ID)
			if err != nil {
				return err
			}
			paper, due = "data", due || b.Size > mailMost && b.FetchedAt.IsZero()
		}
		if !due {
			return nil
		}
		letters, err := tx.ListMessages(ctx, c.ID, 1000)
		if err != nil {
			return err
		}
		today := a.today(tx)
		for _, l := range letters { // of a try before this one
			if l.Paper == paper && (paper == "changes" || when.DateOf(l.QueuedAt, a.Company().Zone) == today) {
				return nil
			}
		}
		return a.writeOf(ctx, tx, paper, c)
	})
}

// changesOf is what is other in the newest bundle of a departure than in its first.
func (a *App) changesOf(ctx context.Context, tx Tx, c offboarding.CaseID) (out BundleChanges, err error) {
	b, err := newestBundle(ctx, tx, c)
	if err != nil {
		return out, err
	}
	files, err := a.bundleFiles(ctx, tx, b.ID)
	for _, f := range files {
		if f.Stage == stagePacked && f.Changes != nil {
			out = *f.Changes
		}
	}
	return out, err
}
