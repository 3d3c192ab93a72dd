package app

import (
	"context"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/retrieval"
	"hastaluego/internal/step"
	"hastaluego/internal/when"
)

// Taking is that by which customers take their data along: their departure, or a
// copy for which they asked without leaving. Its links, letters, files, jobs and
// entries of the log hang on its id, whichever it is.
type Taking struct {
	ID       offboarding.CaseID
	Code     string
	Request  offboarding.RequestID // of a departure
	Customer customer.ID
	Language string
	Zone     *time.Location
	Changes  when.Date       // the last day on which much may change: of the contract, or that on which a copy was opened
	Last     when.Date       // on which it can be fetched
	Runs     bool            // it was begun, and not taken back
	Copy     *retrieval.Copy // nil: a departure
}

// takingCase is what belongs to a departure.
func takingCase(c offboarding.Case) (Taking, error) {
	zone, err := zoneOf(c)
	return Taking{
		c.ID, c.Code, c.Request, c.Customer, c.Language, zone, c.Effective, c.RetrievalEnd(),
		c.State == offboarding.CaseOpen || c.State == offboarding.CaseClosed, nil,
	}, err
}

// takingCopy is what belongs to a copy.
func takingCopy(c retrieval.Copy) (Taking, error) {
	zone, err := when.Zone(c.Zone)
	if err != nil {
		return Taking{}, fault.Wrap("app.takingCopy", err)
	}
	opened := when.Date{}
	if !c.OpenedAt.IsZero() {
		opened = when.DateOf(c.OpenedAt, zone)
	}
	return Taking{offboarding.CaseID(c.ID), c.Code, "", c.Customer, c.Language, zone, opened, c.Last, c.State == retrieval.Open, &c}, nil
}

// takingOf finds the departure or the copy with the id.
func takingOf(ctx context.Context, tx Tx, id offboarding.CaseID) (Taking, error) {
	if retrieval.Is(string(id)) {
		c, err := tx.FindCopy(ctx, retrieval.ID(id))
		if err != nil {
			return Taking{}, err
		}
		return takingCopy(c)
	}
	c, err := tx.FindCase(ctx, id)
	if err != nil {
		return Taking{}, err
	}
	return takingCase(c)
}

// takings are the ids of all by which a customer takes, or took, data along.
func takings(ctx context.Context, tx Tx, id customer.ID) (ids []offboarding.CaseID, err error) {
	cases, err := tx.CasesOf(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, c := range cases {
		ids = append(ids, c.ID)
	}
	copies, err := tx.CopiesOf(ctx, id)
	for _, c := range copies {
		ids = append(ids, offboarding.CaseID(c.ID))
	}
	return ids, err
}

// over reports whether the time to fetch it has passed.
func (t Taking) over(now time.Time) bool { return !now.Before(t.Last.End(t.Zone)) }

// fetchable refuses data that nobody can fetch any more: as Gone, they were erased,
// their time is over, or whoever had the link of the copy did not want it; as
// Withheld, an authority ordered it. A copy that was not opened yet is Blocked.
// Nothing else keeps them from anybody.
func fetchable(ctx context.Context, tx Tx, t Taking) error {
	if erased, err := wasErased(ctx, tx, t.Customer); err != nil {
		return err
	} else if erased {
		return fault.New(fault.Gone, "data.erased")
	}
	if err := withheld(ctx, tx, t); err != nil {
		return err
	}
	if t.Copy != nil {
		switch t.Copy.State {
		case retrieval.Stopped:
			return fault.New(fault.Gone, "copy.stopped")
		case retrieval.Waiting:
			return fault.New(fault.Blocked, "copy.waiting")
		case retrieval.Open, retrieval.Over:
		default:
			return fault.New(fault.NotFound, "link.unknown")
		}
	}
	if t.over(tx.Now()) {
		return fault.New(fault.Gone, "data.window_over")
	}
	return nil
}

// taking is what the link of a private page lets somebody take along, as long as it
// can be fetched.
func (a *App) taking(ctx context.Context, tx Tx, token string) (t Taking, err error) {
	l, err := a.link(ctx, tx, token, "case", copyLink)
	if err != nil {
		return t, err
	}
	if t, err = takingOf(ctx, tx, l.Case); err != nil {
		return t, err
	}
	return t, fetchable(ctx, tx, t)
}

// had says that the customer has the data: what waits for that in their departure
// goes on.
func (a *App) had(ctx context.Context, tx Tx, t Taking, b Blob) error {
	if err := tx.FetchBlob(ctx, b.ID); err != nil || t.Copy != nil {
		return err
	}
	return a.happened(ctx, tx, t.ID, step.Downloaded)
}

// letterOf is a letter of the kind about what somebody takes along, to the
// customer's address on file. Blocked: nobody is on file.
func (a *App) letterOf(ctx context.Context, tx Tx, paper string, t Taking) (m Message, err error) {
	m = a.letter(tx, paper, offboarding.Case{ID: t.ID, Request: t.Request, Language: t.Language})
	return m, a.addressTo(ctx, tx, &m, t.Customer)
}

// writeOf queues it. Where nobody is on file, nobody is written to.
func (a *App) writeOf(ctx context.Context, tx Tx, paper string, t Taking) error {
	m, err := a.letterOf(ctx, tx, paper, t)
	if err != nil && fault.KindOf(err) == fault.Blocked {
		return nil
	}
	if err != nil {
		return err
	}
	return a.queue(ctx, tx, m, string(t.Customer), true)
}
