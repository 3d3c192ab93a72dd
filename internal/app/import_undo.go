package app

import (
	"context"
	"slices"
	"strings"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
)

// UndoingTx takes back what an import made.
type UndoingTx interface {
	// TouchedCustomer tells what there is about a customer that the import did not
	// make: names of tables, and "other_import" for what another one brought.
	TouchedCustomer(ctx context.Context, id customer.ID, run ImportID) ([]string, error)
	// TouchedCase tells what there is about a departure of the past beside its
	// reason.
	TouchedCase(ctx context.Context, id offboarding.CaseID) ([]string, error)
	DeleteCustomer(ctx context.Context, id customer.ID) error // whole; of its departures nothing must be left
	DeletePastCase(ctx context.Context, c offboarding.Case) error
	DeleteSubscription(ctx context.Context, s customer.Subscription) error
	ForgetMade(ctx context.Context, run ImportID, m Made) error
}

// Undoing is what undoing an import takes back, and what stays.
type Undoing struct {
	Run  ImportRun
	User string // name of whoever imported
	// Customers, Contracts and Cases are how many of each go.
	Customers, Contracts, Cases int
	Restored                    int // records of customers who were there that are as they were again
	Stay                        []Staying
}

// Staying is something that an import made and that stays.
type Staying struct {
	Made
	Customer  customer.ID
	Name      string
	Reference string
	Why       []string // changed (since, by somebody else), other_import, or the tables in which more stands about it
}

// undoBatch is how much is taken back at once.
const undoBatch = 50

// UndoImport takes back what an import made and nobody touched since, and puts
// back what it changed of others where nobody changed it since; dry, it only says
// what that would be. Customers with departures, promises, readings or changes
// since stay, and so does what was changed since; why is said. It can be called
// again after it was cut short, but for an import that is undone (import.undone).
func (a *App) UndoImport(ctx context.Context, by Actor, run ImportID, dry bool) (u Undoing, err error) {
	if err := by.may("settings"); err != nil {
		return u, err
	}
	var list []Made
	var changes []Change
	err = a.store.View(ctx, func(tx Tx) error {
		if u.Run, err = tx.FindImport(ctx, run); err != nil {
			return err
		}
		users, err := names(ctx, tx)
		if err != nil {
			return err
		}
		u.User = users[u.Run.By]
		if list, err = tx.MadeBy(ctx, run); err != nil {
			return err
		}
		changes, err = tx.ChangesBy(ctx, run)
		return err
	})
	switch {
	case err != nil:
		return u, err
	case !u.Run.UndoneAt.IsZero():
		return u, fault.New(fault.Blocked, "import.undone")
	}
	if u, err = a.restoreAll(ctx, u, list, changes, dry); err != nil {
		return u, err
	}
	// Departures go first, then contracts: a customer goes only when nothing of
	// them is left.
	slices.SortStableFunc(list, func(x, y Made) int { return undoOrder(x) - undoOrder(y) })
	gone := map[string]bool{} // of a dry run
	for part := range slices.Chunk(list, undoBatch) {
		step := u
		take := func(tx Tx) error {
			step = u
			for _, m := range part {
				if err := a.unmake(ctx, tx, &step, m, dry, gone); err != nil {
					return err
				}
			}
			return nil
		}
		if err := a.dryOr(ctx, dry, take); err != nil {
			return u, err
		}
		u = step
	}
	if dry {
		return u, nil
	}
	return u, a.tx(ctx, func(tx Tx) error {
		if err := tx.UndoImport(ctx, run, by.ID); err != nil {
			return err
		}
		u.Run.UndoneAt, u.Run.UndoneBy = tx.Now(), by.ID
		return a.record(ctx, tx, fact{"import.undone", by.ID, "", house, map[string]any{
			"import": string(run), "customers": u.Customers, "contracts": u.Contracts, "cases": u.Cases, "restored": u.Restored, "stay": len(u.Stay),
		}})
	})
}

// restoreAll puts back what the import changed of those whom it did not make, one
// customer at a time.
func (a *App) restoreAll(ctx context.Context, u Undoing, made []Made, changes []Change, dry bool) (Undoing, error) {
	own := map[customer.ID]bool{} // they go whole, or stay as they are
	for _, m := range made {
		if m.Kind == "customer" {
			own[customer.ID(m.ID)] = true
		}
	}
	changes = slices.DeleteFunc(changes, func(c Change) bool { return own[c.Customer] })
	for i := 0; i < len(changes); {
		j := i
		for j < len(changes) && changes[j].Customer == changes[i].Customer {
			j++
		}
		step := u
		put := func(tx Tx) error {
			step = u
			step.Stay = slices.Clone(u.Stay)
			return a.restore(ctx, tx, &step, changes[i:j], dry)
		}
		if err := a.dryOr(ctx, dry, put); err != nil {
			return u, err
		}
		u, i = step, j
	}
	if u.Run.Kind != "readings" || dry || u.Restored == 0 {
		return u, nil
	}
	return u, a.tx(ctx, func(tx Tx) error {
		if err := tx.RecountNewest(ctx); err != nil {
			return err
		}
		return a.rateSoon(ctx, tx)
	})
}

// dryOr does something in a transaction; dry, it only says what that would be.
func (a *App) dryOr(ctx context.Context, dry bool, do func(Tx) error) error {
	if dry {
		return a.store.View(ctx, do)
	}
	return a.tx(ctx, do)
}

func undoOrder(m Made) int { return strings.Index("case subscription customer", m.Kind) }

// unmake takes back one thing, or says why it stays.
func (a *App) unmake(ctx context.Context, tx Tx, u *Undoing, m Made, dry bool, gone map[string]bool) (err error) {
	s := Staying{Made: m}
	var do func() error
	count := &u.Customers
	switch m.Kind {
	case "case":
		count = &u.Cases
		c, err := tx.FindCase(ctx, offboarding.CaseID(m.ID))
		if fault.KindOf(err) == fault.NotFound {
			return nil
		} else if err != nil {
			return err
		}
		s.Customer = c.Customer
		if s.Why, err = tx.TouchedCase(ctx, c.ID); err != nil {
			return err
		}
		do = func() error { return tx.DeletePastCase(ctx, c) }
	case "subscription":
		count = &u.Contracts
		line, err := tx.FindSubscription(ctx, customer.SubscriptionID(m.ID))
		if fault.KindOf(err) == fault.NotFound {
			return nil
		} else if err != nil {
			return err
		}
		s.Customer = line.Customer
		if s.Why, err = a.leftBy(ctx, tx, line, gone); err != nil {
			return err
		}
		do = func() error { return tx.DeleteSubscription(ctx, line) }
	default:
		c, err := tx.FindCustomer(ctx, customer.ID(m.ID))
		if fault.KindOf(err) == fault.NotFound {
			return nil
		} else if err != nil {
			return err
		}
		s.Customer = c.ID
		if s.Why, err = a.touched(ctx, tx, u.Run.ID, c, m, gone); err != nil {
			return err
		}
		do = func() error { return tx.DeleteCustomer(ctx, c.ID) }
	}
	if len(s.Why) > 0 {
		c, err := tx.FindCustomer(ctx, s.Customer)
		s.Name, s.Reference = c.Name, c.Reference
		u.Stay = append(u.Stay, s)
		return err
	}
	*count++
	if dry {
		gone[m.ID] = true
		return nil
	}
	if err := do(); err != nil {
		return err
	}
	return tx.ForgetMade(ctx, u.Run.ID, m)
}

// leftBy says that a contract is part of a departure that stays.
func (a *App) leftBy(ctx context.Context, tx Tx, s customer.Subscription, gone map[string]bool) ([]string, error) {
	cases, err := tx.CasesOf(ctx, s.Customer)
	for _, c := range cases {
		if slices.Contains(c.Subscriptions, s.ID) && !gone[string(c.ID)] {
			return []string{"case_"}, err
		}
	}
	return nil, err
}

// touched says what there is about a customer that the import did not make.
func (a *App) touched(ctx context.Context, tx Tx, run ImportID, c customer.Customer, m Made, gone map[string]bool) ([]string, error) {
	why, err := tx.TouchedCustomer(ctx, c.ID, run)
	if err != nil {
		return nil, err
	}
	cases, err := tx.CasesOf(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(cases, func(x offboarding.Case) bool { return !gone[string(x.ID)] }) { // in a dry run they are there still
		why = slices.DeleteFunc(why, func(w string) bool { return w == "case_" || w == "request" || w == "reason" })
	}
	if c.Version != m.Version {
		why = append(why, "changed")
	}
	return why, nil
}
