package app

import (
	"context"
	"slices"

	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/notice"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
)

// EraseAgain erases a customer whom a backup brought back: they had been erased
// after it was made, and their keys stayed destroyed. What is sealed is shredded
// already; this blanks and deletes the rows, buries their names, puts away again
// what was put away, and destroys what keys of theirs are left. False: there is no
// such customer, or they are erased in the backup too. It asks for no approval,
// which was given the first time; open are the codes of departures that the backup
// has as not over.
func (a *App) EraseAgain(ctx context.Context, by string, id customer.ID) (again bool, open []string, err error) {
	far, err := a.farAway(ctx, id)
	if err != nil {
		return false, nil, err
	}
	var subjects []string
	address := false
	err = a.tx(ctx, func(tx Tx) error {
		again, open = false, nil
		if err := tx.HoldErasing(ctx); err != nil {
			return err
		}
		if back, err := cameBack(ctx, tx, id); err != nil || !back {
			return err
		}
		cases, err := tx.CasesOf(ctx, id)
		if err != nil {
			return err
		}
		for _, c := range cases {
			if c.State.Open() {
				open = append(open, c.Code)
			}
		}
		last, erases, err := a.erasedIn(ctx, tx, id)
		if err != nil {
			return err
		}
		cert, whose, err := a.certifyAgain(ctx, tx, last, erases, far)
		if err != nil {
			return err
		}
		subjects = whose
		if last.ID != "" {
			if err := a.keepAddress(ctx, tx, last, &cert); err != nil {
				return err
			}
		}
		address = cert.Address != nil
		if err := a.bury(ctx, tx, last); err != nil {
			return err
		}
		if err := forgetLetters(ctx, tx, id); err != nil {
			return err
		}
		if err := tx.ForgetWorks(ctx, id); err != nil {
			return err
		}
		if err := a.endCopies(ctx, tx, id); err != nil {
			return err
		}
		given, err := tx.ExposuresOf(ctx, id)
		if err != nil {
			return err
		}
		if err := a.forgetTried(ctx, tx, given); err != nil {
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
	if !address {
		if err := a.noAddress(ctx, id); err != nil {
			return again, open, err
		}
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

// cameBack reports whether a customer is there and not erased.
func cameBack(ctx context.Context, tx Tx, id customer.ID) (bool, error) {
	if _, err := tx.FindCustomer(ctx, id); fault.KindOf(err) == fault.NotFound {
		return false, nil
	} else if err != nil {
		return false, err
	}
	at, err := tx.ErasedAt(ctx, id)
	return at.IsZero(), err
}

// erasedIn is the departure in which a customer was erased, as its plan says, and
// the step that did it: the last one that erases, else the last one, without a step.
// Where they have none its code is their id.
func (a *App) erasedIn(ctx context.Context, tx Tx, id customer.ID) (last offboarding.Case, erases *offboarding.Step, err error) {
	last = offboarding.Case{Customer: id, Code: string(id)}
	cases, err := tx.CasesOf(ctx, id)
	if err != nil {
		return last, nil, err
	}
	for _, c := range cases {
		p, err := tx.FindPlan(ctx, c.ID)
		if err != nil {
			return last, nil, err
		}
		i := slices.IndexFunc(p.Steps, func(s offboarding.Step) bool { k, known := a.kinds[s.Kind]; return known && k.Spec().Forgets })
		switch {
		case i >= 0:
			last, erases = c, &p.Steps[i]
		case erases == nil:
			last = c
		}
	}
	return last, erases, nil
}

// putAwayStill reports whether what was put away of somebody erased may still be
// there: its key is destroyed with the last of it.
func (a *App) putAwayStill(ctx context.Context, id customer.ID) (bool, error) {
	_, err := a.keys.KeyFor(ctx, string(id), "blocked")
	if fault.CodeOf(err) == "key.destroyed" {
		return false, nil
	}
	return err == nil, err
}

// farAway counts what far systems blocked or keep of somebody who came back, by the
// name that they go by there, which is about to be gone. One that does not answer
// keeps nobody from being erased: what is there is destroyed on its day all the same.
func (a *App) farAway(ctx context.Context, id customer.ID) (list []Far, err error) {
	owners, planned := map[string]string{}, []FarPlan{}
	err = a.store.View(ctx, func(tx Tx) error {
		clear(owners)
		planned = planned[:0]
		if back, err := cameBack(ctx, tx, id); err != nil || !back {
			return err
		}
		last, erases, err := a.erasedIn(ctx, tx, id)
		if err != nil || erases == nil {
			return err
		}
		p, err := tx.FindPlan(ctx, last.ID)
		if err != nil {
			return err
		}
		for _, s := range p.Steps {
			if k, known := a.kinds[s.Kind]; known && k.Spec().ErasesFar {
				some, err := a.farPlanned(ctx, tx, last, k.Jobs(step.Subject{Case: last, Step: s}), owners)
				if err != nil {
					return err
				}
				planned = append(planned, some...)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, f := range planned {
		x, h, ok := a.systems.Holding(step.HoldingItem(f.System, f.Holding))
		if !ok || !f.Stays() {
			continue
		}
		n, err := x.CountHeld(ctx, h.Name, owners[f.System])
		if f.Rows = n.Used; f.After == connector.Block {
			f.Rows = n.Blocked
		}
		switch f.Proof = ProofVerified; {
		case err != nil:
			f.Rows, f.Proof = 0, ProofNone
		case f.Rows == 0:
			continue
		}
		list = append(list, f.Far)
	}
	return list, nil
}

// certifyAgain says what the erasure of somebody who came back is certified with,
// puts away what stays, and whose keys seal something of theirs.
func (a *App) certifyAgain(ctx context.Context, tx Tx, c offboarding.Case, erases *offboarding.Step, far []Far) (cert Certificate, subjects []string, err error) {
	if erases == nil {
		cert = Certificate{Code: c.Code, ErasedOn: a.today(tx), Erased: map[string]int{}, Until: a.today(tx), Backups: a.today(tx)}
		subjects, cert.Entries, err = subjectsOf(ctx, tx, c.Customer)
		return cert, subjects, err
	}
	if cert, subjects, err = a.certify(ctx, tx, c, *erases); err != nil {
		return cert, nil, err
	}
	still, err := a.putAwayStill(ctx, c.Customer)
	if err != nil || !still {
		cert.Invoices = 0
		return cert, subjects, err
	}
	cert.farIs(far)
	if cert.Systems, err = reached(ctx, tx, c.Customer); err != nil {
		return cert, nil, err
	}
	return cert, subjects, a.retain(ctx, tx, c, cert)
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
