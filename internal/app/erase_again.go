package app

import (
	"context"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/notice"
	"hastaluego/internal/offboarding"
)

// EraseAgain erases a customer whom a backup brought back: they had been erased
// after it was made, and their keys stayed destroyed. What is sealed is shredded
// already; this blanks and deletes the rows, buries their names, and destroys
// what keys of theirs are left. False: there is no such customer, or they are
// erased in the backup too. It asks for no approval, which was given the first
// time; open are the codes of departures that the backup has as not over.
func (a *App) EraseAgain(ctx context.Context, by string, id customer.ID) (again bool, open []string, err error) {
	var subjects []string
	err = a.tx(ctx, func(tx Tx) error {
		again, open = false, nil
		if err := tx.HoldErasing(ctx); err != nil {
			return err
		}
		if _, err := tx.FindCustomer(ctx, id); fault.KindOf(err) == fault.NotFound {
			return nil
		} else if err != nil {
			return err
		}
		if at, err := tx.ErasedAt(ctx, id); err != nil || !at.IsZero() {
			return err
		}
		var entries int
		var err error
		if subjects, entries, err = subjectsOf(ctx, tx, id); err != nil {
			return err
		}
		cases, err := tx.CasesOf(ctx, id)
		if err != nil {
			return err
		}
		last := offboarding.Case{Customer: id, Code: string(id)}
		for _, c := range cases {
			last = c
			if c.State.Open() {
				open = append(open, c.Code)
			}
		}
		if err := a.bury(ctx, tx, last); err != nil {
			return err
		}
		if err := forgetLetters(ctx, tx, id); err != nil {
			return err
		}
		counts, err := tx.EraseCustomer(ctx, id, last.Code)
		if err != nil {
			return err
		}
		if err := forgetSteps(ctx, tx, id, last.ID); err != nil {
			return err
		}
		again = true
		if last.ID != "" {
			cert := Certificate{Code: last.Code, ErasedOn: a.today(tx), Erased: map[string]int{}, Entries: entries, Until: a.today(tx), Backups: a.today(tx)}
			for name, tables := range erasedNames {
				for _, t := range tables {
					cert.Erased[name] += counts[t]
				}
			}
			if err := a.putCertificate(ctx, tx, last, cert); err != nil {
				return err
			}
			e, err := tx.FindErasure(ctx, last.ID)
			if err != nil {
				return err
			}
			e.DestroyedAt = tx.Now()
			if err := tx.PutErasure(ctx, e); err != nil {
				return err
			}
		}
		return a.record(ctx, tx, fact{"erasure.repeated", actorOr(by), string(last.ID), house, map[string]any{"customer": string(id)}})
	})
	if err != nil || !again {
		return false, nil, err
	}
	var gone []string
	for _, s := range subjects {
		k, err := a.keys.KeyFor(ctx, s, "account")
		if fault.CodeOf(err) == "key.destroyed" {
			continue
		}
		if err == nil {
			err = a.keys.Destroy(ctx, k)
		}
		if err != nil {
			return again, open, err
		}
		gone = append(gone, k)
	}
	return again, open, a.KeyGone(ctx, by, gone...)
}

// forgetLetters takes back what waits to be sent, and blanks all. Nothing about
// it can be sealed any more.
func forgetLetters(ctx context.Context, tx Tx, id customer.ID) error {
	letters, err := tx.LettersTo(ctx, id)
	if err != nil {
		return err
	}
	for _, m := range letters {
		if m.State == "queued" {
			m.State, m.LastError = "withheld", notice.Erased
			if err := tx.SaveMessage(ctx, m); err != nil {
				return err
			}
		}
		if err := tx.ForgetMessage(ctx, m.ID); err != nil {
			return err
		}
	}
	return nil
}
