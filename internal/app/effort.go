package app

import (
	"context"
	"fmt"
	"slices"

	"hastaluego/internal/customer"
	"hastaluego/internal/effort"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
)

// SealedEffort is recorded time as it is stored: its words are in Body, sealed with the
// customer's key.
type SealedEffort struct {
	effort.Effort
	KeyID string
	Body  []byte
}

// EffortTx keeps recorded time.
type EffortTx interface {
	// InsertEffort stores recorded time; false if the customer has some with that
	// reference.
	InsertEffort(ctx context.Context, e SealedEffort) (bool, error)
	FindEffort(ctx context.Context, id effort.ID) (SealedEffort, error)
	DeleteEffort(ctx context.Context, id effort.ID) error
	EffortOf(ctx context.Context, c customer.ID) ([]SealedEffort, error) // newest day first
}

// sealedEffort are its words.
type sealedEffort struct {
	Who  string `json:"who"`
	What string `json:"what"`
}

// EffortInput is time that somebody worked for the customer with the reference.
type EffortInput struct {
	Customer string
	effort.Effort
}

// EffortMost is how many lines are taken at once.
const EffortMost = 1000

// RecordEffort records time that somebody worked for a customer.
func (a *App) RecordEffort(ctx context.Context, by Actor, e effort.Effort) (effort.ID, error) {
	if err := by.may("effort"); err != nil {
		return "", err
	}
	e.ID = effort.ID(id.New("eff"))
	return e.ID, a.tx(ctx, func(tx Tx) error {
		if l := e.Check(a.today(tx)); len(l) > 0 {
			return l
		}
		c, err := tx.FindCustomer(ctx, e.Customer)
		if err != nil {
			return err
		}
		stored, err := a.putEffort(ctx, tx, by, c, e)
		if err == nil && !stored {
			err = fault.New(fault.Conflict, "effort.twice").On("reference")
		}
		return err
	})
}

// AddEffort records many lines, all of them or none. One whose reference the customer has
// already changes nothing, so that a timesheet may be sent again. It returns how many
// are new.
func (a *App) AddEffort(ctx context.Context, by Actor, list []EffortInput) (added int, err error) {
	if err := by.may("effort"); err != nil {
		return 0, err
	}
	if n := len(list); n == 0 || n > EffortMost {
		return 0, fault.New(fault.Invalid, "field.invalid").On("hours")
	}
	references := make([]string, len(list))
	for i, e := range list {
		references[i] = e.Customer
	}
	slices.Sort(references)
	err = a.tx(ctx, func(tx Tx) error {
		added = 0
		known, err := tx.CustomersByReference(ctx, slices.Compact(slices.Clone(references))...)
		if err != nil {
			return err
		}
		var wrong fault.List
		found := make([]customer.Customer, len(list))
		for i := range list {
			at := func(e *fault.Error) { wrong = append(wrong, e.On(fmt.Sprintf("hours.%d.%s", i, e.Field))) }
			c := slices.IndexFunc(known, func(c customer.Customer) bool { return c.Reference == list[i].Customer })
			if c < 0 {
				at(fault.New(fault.Invalid, "readings.unknown_customer").On("customer"))
			} else {
				found[i] = known[c]
			}
			for _, e := range list[i].Check(a.today(tx)) {
				at(e)
			}
		}
		if len(wrong) > 0 {
			return wrong
		}
		for i, e := range list {
			e.ID = effort.ID(id.New("eff"))
			stored, err := a.putEffort(ctx, tx, by, found[i], e.Effort)
			if err != nil {
				return err
			}
			if stored {
				added++
			}
		}
		return nil
	})
	return added, err
}

func (a *App) putEffort(ctx context.Context, tx Tx, by Actor, c customer.Customer, e effort.Effort) (stored bool, err error) {
	if c.Erased() {
		return false, fault.New(fault.Blocked, "erase.nothing_more")
	}
	e.Customer, e.RecordedAt, e.RecordedBy = c.ID, tx.Now(), actorOr(by.ID)
	s := SealedEffort{Effort: e}
	if s.KeyID, s.Body, err = a.sealJSON(ctx, string(c.ID), string(e.ID), sealedEffort{e.Who, e.What}); err != nil {
		return false, err
	}
	if stored, err = tx.InsertEffort(ctx, s); err != nil || !stored {
		return stored, err
	}
	if err := a.worthDaily(ctx, tx); err != nil {
		return false, err
	}
	return true, a.record(ctx, tx, fact{"effort.recorded", e.RecordedBy, "", string(c.ID), map[string]any{
		"effort": string(e.ID), "day": e.Day.String(), "minutes": e.Minutes, "who": e.Who, "what": e.What,
	}})
}

// TakeBackEffort deletes recorded time that was wrong; the log keeps that it was there.
func (a *App) TakeBackEffort(ctx context.Context, by Actor, eid effort.ID) error {
	if err := by.may("effort"); err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		e, err := tx.FindEffort(ctx, eid)
		if err != nil {
			return err
		}
		if err := tx.DeleteEffort(ctx, eid); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"effort.taken_back", actorOr(by.ID), "", string(e.Customer), map[string]any{
			"effort": string(eid), "day": e.Day.String(), "minutes": e.Minutes,
		}})
	})
}

// OpenEffort reads what was worked for a customer, the newest day first.
func (a *App) OpenEffort(ctx context.Context, by Actor, c customer.ID) (list []effort.Effort, err error) {
	if err := by.CanRead("effort"); err != nil {
		return nil, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		if _, err := tx.FindCustomer(ctx, c); err != nil {
			return err
		}
		list, err = a.effortOf(ctx, tx, c)
		return err
	})
	return list, err
}

func (a *App) effortOf(ctx context.Context, tx Tx, c customer.ID) ([]effort.Effort, error) {
	stored, err := tx.EffortOf(ctx, c)
	return unsealed(stored, err, func(s SealedEffort) (effort.Effort, error) {
		var w sealedEffort
		_, err := a.unsealJSON(ctx, s.KeyID, string(s.ID), s.Body, &w)
		s.Who, s.What = w.Who, w.What
		return s.Effort, err
	})
}
