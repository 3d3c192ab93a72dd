package app

import (
	"context"
	"slices"
	"strings"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
)

// TestTx keeps what is only for test customers.
type TestTx interface {
	// DeleteTestCustomer deletes a test customer with everything that hangs on them
	// and says how many rows of each table; fault.Conflict where they are none.
	DeleteTestCustomer(ctx context.Context, id customer.ID) (map[string]int, error)
	// StreamsOf returns the departures and requests of a customer.
	StreamsOf(ctx context.Context, id customer.ID) ([]string, error)
	TestCustomers(ctx context.Context, limit int) ([]customer.Customer, error) // newest first
	// HurryWaits makes due what waits for its date in a departure of a test
	// customer, and says how many works that were.
	HurryWaits(ctx context.Context, c offboarding.CaseID) (int, error)
}

// noTestAddress is why no letter can go to a test customer.
const noTestAddress = "test.no_address"

// within is the system at which a work of a departure stands in the queue. What
// is rehearsed stays in the house: nobody outside gets anything, and so it goes
// on while what goes outside is held back.
func within(test bool, system string) string {
	if test {
		return house
	}
	return system
}

// Rehearsal is where a letter to a test customer goes, and whom it would have
// reached.
type Rehearsal struct{ To, Would string }

// testAddress is where letters to the test customers of somebody go: to that
// person, else to the company's own address; empty if there is neither.
func (a *App) testAddress(ctx context.Context, tx Tx, by string) (string, error) {
	people, err := a.staff(ctx, tx)
	if err != nil {
		return "", err
	}
	if p, ok := people.Find(by); ok && p.Address != "" {
		return p.Address, nil
	}
	return a.Company().Email, nil
}

// rehearsal says where a letter goes if it is one to a test customer; nil: it
// is to somebody real, or nobody knows to whom.
func (a *App) rehearsal(ctx context.Context, tx Tx, m Message) (*Rehearsal, error) {
	cus, err := a.letterTo(ctx, tx, m)
	if err != nil || !cus.Test() {
		return nil, err
	}
	to, err := a.testAddress(ctx, tx, cus.TestBy)
	return &Rehearsal{To: to, Would: m.To}, err
}

// letterTo finds whose letter it is: that of the departure, of the request, or,
// while nobody has matched that, of whoever it will be matched to.
func (a *App) letterTo(ctx context.Context, tx Tx, m Message) (customer.Customer, error) {
	if m.Case != "" {
		t, err := takingOf(ctx, tx, m.Case)
		if err != nil || t.Customer == "" { // a copy of which nobody knows yet whose it is
			return customer.Customer{}, err
		}
		return tx.FindCustomer(ctx, t.Customer)
	}
	r, err := tx.FindRequest(ctx, m.Request)
	if err != nil {
		return customer.Customer{}, err
	}
	if r.Customer != "" {
		return tx.FindCustomer(ctx, r.Customer)
	}
	found, err := a.asking(ctx, tx, r)
	if err != nil || len(found) != 1 {
		return customer.Customer{}, err
	}
	return found[0], nil
}

// realFirst are the real ones of those who go by the same name: a rehearsal
// stands in nobody's way.
func realFirst(list []customer.Customer) []customer.Customer {
	if !slices.ContainsFunc(list, func(c customer.Customer) bool { return !c.Test() }) {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), customer.Customer.Test)
}

// rehearses reports whether a stream of the log is about a test customer.
func rehearses(ctx context.Context, tx Tx, data map[string]any) (bool, error) {
	id, _ := data["customer"].(string)
	if id == "" {
		return false, nil
	}
	c, err := tx.FindCustomer(ctx, customer.ID(id))
	return c.Test(), err
}

// Rehearsed reports whether a link is one of a test customer. Of a link that
// opens nothing it says no.
func (a *App) Rehearsed(ctx context.Context, token string) (yes bool, err error) {
	err = a.store.View(ctx, func(tx Tx) error {
		yes = false
		hash := hashToken(token)
		l, err := tx.FindLink(ctx, hash)
		if fault.KindOf(err) == fault.NotFound && err != nil {
			var e SealedEnvelope
			e, err = tx.FindEnvelope(ctx, hash)
			l.Case = e.Case
		}
		if fault.KindOf(err) == fault.NotFound && err != nil {
			return nil
		}
		if err != nil {
			return err
		}
		cus, err := a.letterTo(ctx, tx, Message{Case: l.Case, Request: l.Request})
		yes = cus.Test()
		return err
	})
	return yes, err
}

// TestCustomer is one that was made up, with how their departure stands.
type TestCustomer struct {
	customer.Customer
	Maker string // name; empty: a program, or nobody any more
	Cases []offboarding.Case
}

// testsMost is how many test customers are listed.
const testsMost = 100

// TestCustomers lists who was made up for rehearsals, the newest first.
func (a *App) TestCustomers(ctx context.Context, by Actor) (list []TestCustomer, err error) {
	if err := by.CanRead("customer"); err != nil {
		return nil, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		list = nil
		all, err := tx.TestCustomers(ctx, testsMost)
		if err != nil {
			return err
		}
		users, err := names(ctx, tx)
		if err != nil {
			return err
		}
		for _, c := range all {
			t := TestCustomer{Customer: c, Maker: users[c.TestBy]}
			if t.Cases, err = tx.CasesOf(ctx, c.ID); err != nil {
				return err
			}
			list = append(list, t)
		}
		return nil
	})
	return list, err
}

// HurryTest lets the departure of a test customer wait for no date any more, so
// that it can be seen to its end in an afternoon. test.real refuses one of
// somebody real, test.nothing_waits one that waits for something else.
func (a *App) HurryTest(ctx context.Context, by Actor, cid offboarding.CaseID) error {
	if err := by.may("case"); err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		c, err := tx.FindCase(ctx, cid)
		if err != nil {
			return err
		}
		if !c.Test {
			return fault.New(fault.Blocked, "test.real")
		}
		n, err := tx.HurryWaits(ctx, cid)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Blocked, "test.nothing_waits")
		}
		return a.record(ctx, tx, fact{"test.hurried", by.ID, string(cid), string(c.Customer), map[string]any{"waits": n}})
	})
}

// TestForgotten is what was deleted with a test customer.
type TestForgotten struct {
	Customer  customer.ID
	Reference string
	Rows      map[string]int // by table
}

// Count is how many rows that were.
func (f TestForgotten) Count() (n int) {
	for _, rows := range f.Rows {
		n += rows
	}
	return n
}

// ForgetTest deletes a test customer with everything that hangs on them. What
// the log says of them stays, and nobody can read its words any more. test.real
// refuses a real customer: their departure is proof. Cut short, it can be asked
// for again.
func (a *App) ForgetTest(ctx context.Context, by Actor, cid customer.ID) (f TestForgotten, err error) {
	if err := by.may("customer"); err != nil {
		return f, err
	}
	var subjects []string
	err = a.store.View(ctx, func(tx Tx) error {
		c, err := tx.FindCustomer(ctx, cid)
		if err != nil {
			return err
		}
		if !c.Test() {
			return fault.New(fault.Blocked, "test.real")
		}
		f = TestForgotten{Customer: cid, Reference: c.Reference}
		streams, err := tx.StreamsOf(ctx, cid)
		subjects = append([]string{string(cid)}, streams...)
		return err
	})
	if err != nil {
		return f, err
	}
	// The keys are named, destroyed, and then the rows go: cut short anywhere, the
	// rows are still there to ask again by.
	var keys []string
	for _, s := range subjects {
		for _, class := range []string{"account", "evidence"} {
			k, err := a.keys.KeyFor(ctx, s, class)
			if keyDestroyed(err) {
				continue
			}
			if err != nil {
				return f, err
			}
			keys = append(keys, k)
		}
	}
	if err := a.KeyGone(ctx, by.ID, keys...); err != nil {
		return f, err
	}
	for _, k := range keys {
		if err := a.keys.Destroy(ctx, k); err != nil {
			return f, err
		}
	}
	return f, a.tx(ctx, func(tx Tx) error {
		if f.Rows, err = tx.DeleteTestCustomer(ctx, cid); err != nil {
			return err
		}
		if f.Rows["customer"] == 0 {
			return fault.New(fault.Conflict, "case.changed_meanwhile")
		}
		return a.record(ctx, tx, fact{"test.forgotten", actorOr(by.ID), "", house, map[string]any{
			"customer": string(cid), "reference": f.Reference, "keys": len(keys), "rows": f.Rows,
		}})
	})
}

// IsTest reports whether something is a test customer, or one's departure,
// request, letter or answer by mail: what an id names that has a page. Of
// anything else it says no.
func (a *App) IsTest(ctx context.Context, id string) (yes bool, err error) {
	err = a.store.View(ctx, func(tx Tx) (err error) {
		yes = false
		var c customer.Customer
		prefix, _, _ := strings.Cut(id, "_")
		switch prefix {
		case "cus":
			c, err = tx.FindCustomer(ctx, customer.ID(id))
		case "case":
			c, err = a.letterTo(ctx, tx, Message{Case: offboarding.CaseID(id)})
		case "req":
			c, err = a.letterTo(ctx, tx, Message{Request: offboarding.RequestID(id)})
		case "msg":
			var m Message
			if m, err = tx.FindMessage(ctx, offboarding.MessageID(id)); err == nil {
				c, err = a.addressee(ctx, tx, m)
			}
		case "rcv":
			var x Received
			if x, err = tx.FindReceived(ctx, id); err == nil && x.Customer != "" {
				c, err = tx.FindCustomer(ctx, x.Customer)
			}
		}
		if fault.KindOf(err) == fault.NotFound && err != nil { // its page says so
			err = nil
		}
		yes = c.Test()
		return err
	})
	return yes, err
}

// addressee is letterTo of what is shown: a test letter of the house is nobody's.
func (a *App) addressee(ctx context.Context, tx Tx, m Message) (customer.Customer, error) {
	if m.Case == "" && m.Request == "" {
		return customer.Customer{}, nil
	}
	return a.letterTo(ctx, tx, m)
}

// markTests says of letters whether they are of a rehearsal.
func (a *App) markTests(ctx context.Context, tx Tx, list []Message) error {
	known := map[[2]string]bool{}
	for i, m := range list {
		at := [2]string{string(m.Case), string(m.Request)}
		test, seen := known[at]
		if !seen {
			c, err := a.addressee(ctx, tx, m)
			if err != nil && fault.KindOf(err) != fault.NotFound {
				return err
			}
			test = c.Test()
			known[at] = test
		}
		list[i].Test = test
	}
	return nil
}
