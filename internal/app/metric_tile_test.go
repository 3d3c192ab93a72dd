package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/id"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/seal"
	"hastaluego/internal/store"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

// during is a database in which somebody writes while another looks: after the
// versions are read, and before the rest is.
type during struct {
	*store.Store
	write func()
}

func (d *during) View(ctx context.Context, fn func(app.Tx) error) error {
	return d.Store.View(ctx, func(tx app.Tx) error { return fn(duringTx{tx, d}) })
}

type duringTx struct {
	app.Tx
	d *during
}

func (x duringTx) TileVersions(ctx context.Context) (map[app.Tile]int64, error) {
	out, err := x.Tx.TileVersions(ctx)
	if write := x.d.write; write != nil {
		x.d.write = nil
		write()
	}
	return out, err
}

// figured is a database with two nodes, and what was written to it.
type figured struct {
	t         *testing.T
	clock     *when.Manual
	db        *during
	keys      *seal.Keys
	nodes     [2]*app.App
	customers []customer.ID
	subs      []customer.Subscription
	cases     []offboarding.CaseID
	n         int
}

func newFigured(t *testing.T, e testkit.Engine) *figured {
	t.Helper()
	ctx := t.Context()
	f := &figured{t: t, clock: when.NewManual(time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC))}
	s, err := store.Open(ctx, store.Config{URL: e.URL, Driver: e.Driver, Clock: f.clock})
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	must(t, s.Migrate(ctx))
	f.db = &during{Store: s}
	f.keys, err = seal.OpenKeys(ctx, filepath.Join(t.TempDir(), "keys"), "")
	must(t, err)
	t.Cleanup(func() { _ = f.keys.Close() })
	for i := range f.nodes {
		f.nodes[i] = f.node()
	}
	return f
}

// node is a node that was just started.
func (f *figured) node() *app.App {
	return app.New(app.Config{Store: f.db, Keys: f.keys, Company: app.Company{Zone: time.UTC}})
}

func (f *figured) view(n *app.App) app.Figures {
	got, err := n.Metrics(f.t.Context(), agent)
	must(f.t, err)
	return got
}

func (f *figured) tx(fn func(ctx context.Context, tx app.Tx) error) {
	ctx := f.t.Context()
	must(f.t, f.db.Tx(ctx, func(tx app.Tx) error { return fn(ctx, tx) }))
}

// fresh is an id of a record of a customer in one of three tiles.
func (f *figured) fresh(prefix string) string {
	f.n++
	return fmt.Sprintf("%s_%d_%d", prefix, f.n, f.n%3)
}

// customer adds one with a subscription.
func (f *figured) customer(t *rapid.T) {
	f.customerWith(minor(t), currency(t), months(t))
}

func minor(t *rapid.T) int64 { return rapid.Int64Range(1, 5000).Draw(t, "minor") }
func currency(t *rapid.T) string {
	return rapid.SampledFrom([]string{"EUR", "CLP"}).Draw(t, "currency")
}
func months(t *rapid.T) int { return rapid.IntRange(0, 14).Draw(t, "months") }

func (f *figured) customerWith(minor int64, currency string, months int) {
	c := customer.Customer{ID: customer.ID(f.fresh("cus")), Kind: customer.Person, Name: "x", Reference: id.New("r")}
	f.customers = append(f.customers, c.ID)
	f.tx(func(ctx context.Context, tx app.Tx) error {
		c.CreatedAt = tx.Now()
		_, err := tx.InsertCustomers(ctx, app.FoundCustomer{Customer: c})
		return err
	})
	f.subscription(c.ID, minor, currency, months)
}

func (f *figured) subscription(c customer.ID, minor int64, currency string, months int) {
	s := customer.Subscription{
		ID: customer.SubscriptionID(f.fresh("sub")), Customer: c, Reference: id.New("r"), Product: "Faro", Interval: customer.Monthly,
		Amount: money.Amount{Minor: minor, Currency: currency}, Start: when.DateOf(f.clock.Now(), time.UTC).AddMonths(-months), Status: customer.Active,
	}
	f.subs = append(f.subs, s)
	f.tx(func(ctx context.Context, tx app.Tx) error { _, err := tx.InsertSubscriptions(ctx, s); return err })
}

// write changes something, or moves the clock.
func (f *figured) write(t *rapid.T) {
	if len(f.subs) == 0 {
		f.customer(t)
		return
	}
	who := rapid.SampledFrom(f.customers).Draw(t, "who")
	sub := &f.subs[rapid.IntRange(0, len(f.subs)-1).Draw(t, "subscription")]
	what := rapid.SampledFrom([]string{"customer", "subscription", "price", "status", "departure", "departure", "state", "narrow", "narrow", "answer", "erase", "clock", "threshold"}).Draw(t, "what")
	f.t.Log(what)
	switch what {
	case "customer":
		f.customer(t)
	case "subscription":
		f.subscription(who, minor(t), currency(t), months(t))
	case "price":
		sub.Amount.Minor++
		f.tx(func(ctx context.Context, tx app.Tx) error { return tx.SaveSubscription(ctx, *sub, sub.Status) })
	case "status":
		sub.Status = map[customer.Status]customer.Status{customer.Active: customer.Ended, customer.Ended: customer.Active}[sub.Status]
		f.tx(func(ctx context.Context, tx app.Tx) error { return tx.SetSubscriptionStatus(ctx, sub.ID, sub.Status) })
	case "departure":
		f.departure(*sub, rapid.Bool().Draw(t, "over"))
	case "clock":
		f.clock.Advance(time.Duration(rapid.IntRange(1, 40).Draw(t, "hours")) * time.Hour)
	case "erase":
		f.tx(func(ctx context.Context, tx app.Tx) error { _, err := tx.EraseCustomer(ctx, who, "x"); return err })
	case "threshold":
		must(f.t, f.nodes[0].SetChurnThreshold(f.t.Context(), agent, rapid.Int64Range(0, 100).Draw(t, "threshold")))
	default:
		if len(f.cases) > 0 {
			f.change(t, what, rapid.SampledFrom(f.cases).Draw(t, "case"))
		}
	}
}

// departure ends a subscription some days ago; over: it has taken effect.
func (f *figured) departure(s customer.Subscription, over bool) {
	c := offboarding.CaseID(f.fresh("case"))
	f.cases = append(f.cases, c)
	f.tx(func(ctx context.Context, tx app.Tx) error {
		r := offboarding.Request{ID: offboarding.RequestID(id.New("req")), Code: id.NewCode(), Nonce: id.Token(), State: offboarding.RequestReceived, ReceivedAt: tx.Now()}
		if _, _, err := tx.InsertRequest(ctx, r); err != nil {
			return err
		}
		x := offboarding.Case{
			ID: c, Code: r.Code, Request: r.ID, Customer: s.Customer, Subscriptions: []customer.SubscriptionID{s.ID}, State: offboarding.CaseOpen,
			Language: "es", Zone: "UTC", Effective: when.DateOf(tx.Now(), time.UTC).AddDays(-f.n % 50), RequestedAt: tx.Now(), OpenedAt: tx.Now(),
		}
		if over {
			x.EffectiveAt = tx.Now()
		}
		return tx.InsertCase(ctx, x, nil)
	})
}

// change lets something happen to a departure.
func (f *figured) change(t *rapid.T, what string, c offboarding.CaseID) {
	f.tx(func(ctx context.Context, tx app.Tx) error {
		p, err := tx.FindPlan(ctx, c)
		if err != nil {
			return err
		}
		switch what {
		case "state":
			p.Case.EffectiveAt = tx.Now()
			p.Case.State = rapid.SampledFrom([]offboarding.CaseState{offboarding.CaseOpen, offboarding.CaseClosed, offboarding.CaseReversed}).Draw(t, "state")
			return tx.SavePlan(ctx, &p)
		case "narrow":
			p.Case.Effective = p.Case.Effective.AddDays(-rapid.IntRange(1, 40).Draw(t, "days"))
			return tx.NarrowCase(ctx, p.Case)
		}
		x := app.Answer{ID: f.fresh("ans"), Case: c, Step: offboarding.StepID(f.fresh("step")), By: "usr", SavedAt: tx.Now(), DoneAt: tx.Now()}
		x.Form = rapid.SampledFrom([]string{"exit_survey@1", "third_evaluation@1"}).Draw(t, "form")
		body, err := json.Marshal(map[string]string{"nps": fmt.Sprint(f.n % 11), "csat": fmt.Sprint(f.n % 6), "quality": "y", "fit": fmt.Sprint(f.n % 4)})
		if err != nil {
			return err
		}
		if x.KeyID, err = f.keys.KeyFor(ctx, string(p.Case.Customer), "account"); err != nil {
			return err
		}
		if x.Body, err = f.keys.Seal(ctx, x.KeyID, body, []byte(x.ID)); err != nil {
			return err
		}
		return tx.PutAnswer(ctx, x)
	})
}

// What two nodes keep of the figures is what a node that was just started works
// out, whatever is written in between, by either, also while the other looks.
func TestFiguresThatAreKeptAreThoseOfNow(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		f := newFigured(t, e)
		moved := 0
		rapid.Check(t, func(t *rapid.T) {
			before := f.view(f.nodes[0])
			if rapid.Bool().Draw(t, "while it looks") {
				f.db.write = func() { f.write(t) }
				f.view(f.nodes[rapid.IntRange(0, 1).Draw(t, "node")])
			}
			for range rapid.IntRange(1, 4).Draw(t, "writes") {
				f.write(t)
			}
			want := f.view(f.node())
			for i, n := range f.nodes {
				if got := f.view(n); !reflect.DeepEqual(got, want) {
					t.Fatalf("node %d says\n%+v\nand it is\n%+v", i, got, want)
				}
			}
			if !reflect.DeepEqual(before, want) {
				moved++
			}
		})
		if moved < 50 {
			t.Errorf("the figures moved %d times only", moved)
		}
	})
}

// A view reads again what changed, and nothing else.
func TestAViewReadsAgainWhatChanged(t *testing.T) {
	t.Parallel()
	f := newFigured(t, testkit.SQLite(t))
	for range 30 {
		f.customerWith(1000, "EUR", 3)
	}
	read := &counted{during: f.db}
	n := app.New(app.Config{Store: read, Keys: f.keys, Company: app.Company{Zone: time.UTC}})
	f.view(n)
	if read.lines != 30 {
		t.Fatalf("the first view read %d lines", read.lines)
	}
	read.lines = 0
	f.view(n)
	if read.lines != 0 {
		t.Fatalf("nothing changed, and it read %d lines", read.lines)
	}
	f.subs[0].Amount.Minor++
	f.tx(func(ctx context.Context, tx app.Tx) error {
		return tx.SaveSubscription(ctx, f.subs[0], f.subs[0].Status)
	})
	f.view(n)
	if read.lines == 0 || read.lines > 12 {
		t.Errorf("one of three tiles changed, and it read %d lines", read.lines)
	}
}

// counted counts the subscriptions that are read.
type counted struct {
	*during
	lines int
}

func (c *counted) View(ctx context.Context, fn func(app.Tx) error) error {
	return c.during.View(ctx, func(tx app.Tx) error { return fn(countedTx{tx, c}) })
}

type countedTx struct {
	app.Tx
	c *counted
}

func (x countedTx) LedgerOf(ctx context.Context, tiles ...app.Tile) ([]app.LedgerLine, error) {
	list, err := x.Tx.LedgerOf(ctx, tiles...)
	x.c.lines += len(list)
	return list, err
}
