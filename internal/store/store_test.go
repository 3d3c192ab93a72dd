package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/store"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// bundle is a fresh database with clocks that stand still.
type bundle struct {
	*store.Store
	t     *testing.T
	clock *when.Manual
	e     testkit.Engine
}

// conform runs a test on both engines.
func conform(t *testing.T, fn func(b *bundle)) {
	t.Helper()
	t.Parallel()
	testkit.EachEngine(t, func(t *testing.T, e testkit.Engine) {
		clock := when.NewManual(noon)
		s, err := store.Open(t.Context(), store.Config{URL: e.URL, Clock: clock})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		fn(&bundle{s, t, clock, e})
	})
}

func (b *bundle) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bundle) tx(fn func(app.Tx) error) {
	b.t.Helper()
	b.must(b.Tx(b.t.Context(), fn))
}

// raw opens the database behind the store's back.
func (b *bundle) raw() *sql.DB {
	b.t.Helper()
	driver := "pgx"
	if b.e.Name == "sqlite" {
		driver = "sqlite"
	}
	db, err := sql.Open(driver, b.e.URL)
	b.must(err)
	b.t.Cleanup(func() { _ = db.Close() })
	return db
}

func aRequest() offboarding.Request {
	return offboarding.Request{
		ID: offboarding.RequestID(id.New("req")), Code: id.NewCode(), State: offboarding.RequestReceived, Channel: offboarding.Public,
		AccountEmail: "a@x.example", ReceiptEmail: "a@x.example", Language: "es", Nonce: id.New("n"), ReceivedAt: noon,
	}
}

func aCustomer(name, ref string) customer.Customer {
	return customer.Customer{ID: customer.ID(id.New("cus")), Kind: customer.Person, Name: name, Reference: ref, CreatedAt: noon}
}

func aSubscription(of customer.ID, ref string) customer.Subscription {
	return customer.Subscription{
		ID: customer.SubscriptionID(id.New("sub")), Customer: of, Reference: ref, Product: "Faro", Interval: customer.Monthly,
		Amount: money.Amount{Minor: 2985, Currency: "EUR"}, Start: when.Date{Year: 2024, Month: 1, Day: 31}, Status: customer.Active,
	}
}

func TestEveryQueryPreparesOnBothEngines(t *testing.T) {
	conform(t, func(b *bundle) {
		db := b.raw()
		for _, q := range store.Queries() {
			st, err := db.PrepareContext(b.t.Context(), q)
			if err != nil {
				b.t.Errorf("%v\n%s", err, q)
				continue
			}
			_ = st.Close()
		}
	})
}

func TestBothSchemasHaveTheSameColumns(t *testing.T) {
	seen := map[string][]string{}
	var mu sync.Mutex
	t.Cleanup(func() { // when both engines were read
		if p, ok := seen["postgres"]; ok && !slices.Equal(p, seen["sqlite"]) {
			t.Errorf("the schemas differ:\nsqlite   %v\npostgres %v", seen["sqlite"], p)
		}
		if len(seen["sqlite"]) < 100 {
			t.Errorf("only %d columns", len(seen["sqlite"]))
		}
	})
	conform(t, func(b *bundle) {
		q := `SELECT m.name || '.' || p.name FROM sqlite_master m JOIN pragma_table_info(m.name) p WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name NOT LIKE 'goose%'`
		if b.e.Name == "postgres" {
			q = `SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE 'goose%'`
		}
		rows, err := b.raw().QueryContext(b.t.Context(), q)
		b.must(err)
		defer rows.Close()
		var list []string
		for rows.Next() {
			var s string
			b.must(rows.Scan(&s))
			list = append(list, s)
		}
		b.must(rows.Err())
		slices.Sort(list)
		mu.Lock()
		defer mu.Unlock()
		seen[b.e.Name] = list
	})
}

func TestTheSameNonceIsTheSameRequestAndPoisonsNothing(t *testing.T) {
	conform(t, func(b *bundle) {
		ctx, r := b.t.Context(), aRequest()
		b.tx(func(tx app.Tx) error {
			_, _, err := tx.InsertRequest(ctx, r)
			return err
		})
		again := aRequest()
		again.Nonce = r.Nonce
		b.tx(func(tx app.Tx) error {
			got, inserted, err := tx.InsertRequest(ctx, again)
			if err != nil || inserted || got.ID != r.ID {
				b.t.Errorf("got %v %v %v", got.ID, inserted, err)
			}
			// The transaction goes on: PostgreSQL would refuse after a violation.
			return tx.PutSetting(ctx, "after", "yes")
		})
		b.tx(func(tx app.Tx) error {
			v, ok, err := tx.Setting(ctx, "after")
			if v != "yes" || !ok {
				b.t.Error("what followed the conflict is lost")
			}
			return err
		})
	})
}

func TestWhoIsLateLosesToTheVersion(t *testing.T) {
	conform(t, func(b *bundle) {
		ctx, r := b.t.Context(), aRequest()
		b.tx(func(tx app.Tx) (err error) { r, _, err = tx.InsertRequest(ctx, r); return err })
		late := r
		b.tx(func(tx app.Tx) error { r.VerifiedBy = "first"; return tx.SaveRequest(ctx, &r) })
		err := b.Tx(ctx, func(tx app.Tx) error { late.VerifiedBy = "late"; return tx.SaveRequest(ctx, &late) })
		if fault.KindOf(err) != fault.Conflict || fault.CodeOf(err) != "case.changed_meanwhile" {
			b.t.Errorf("the late one: %v", err)
		}
	})
}

func TestATransactionThatFailsLeavesNothing(t *testing.T) {
	conform(t, func(b *bundle) {
		ctx, r := b.t.Context(), aRequest()
		boom := fault.New(fault.Internal, "boom")
		err := b.Tx(ctx, func(tx app.Tx) error {
			if _, _, err := tx.InsertRequest(ctx, r); err != nil {
				return err
			}
			return boom
		})
		if fault.CodeOf(err) != "boom" {
			b.t.Errorf("got %v", err)
		}
		err = b.View(ctx, func(tx app.Tx) error { _, err := tx.FindRequest(ctx, r.ID); return err })
		if fault.KindOf(err) != fault.NotFound {
			b.t.Errorf("it is there: %v", err)
		}
	})
}

// aCase stores a customer with a subscription and a case about it.
func (b *bundle) aCase(tx app.Tx, sub customer.Subscription) (offboarding.CaseID, error) {
	ctx := b.t.Context()
	r := aRequest()
	if _, _, err := tx.InsertRequest(ctx, r); err != nil {
		return "", err
	}
	c := offboarding.Case{
		ID: offboarding.CaseID(id.New("case")), Code: r.Code, Request: r.ID, Customer: sub.Customer, Zone: "Europe/Madrid",
		Subscriptions: []customer.SubscriptionID{sub.ID}, State: offboarding.CaseRegistered, RequestedAt: noon,
		Effective: when.Date{Year: 2026, Month: 12, Day: 1},
	}
	steps := []offboarding.Step{{
		ID: offboarding.StepID(id.New("step")), Case: c.ID, Key: "review", Seq: 1, Kind: "task", Human: true, Role: "agent",
		State: offboarding.StepReady, Title: map[string]string{"es": "Revisar"}, Items: []offboarding.Item{{Key: "a"}},
	}}
	if err := tx.InsertCase(ctx, c, steps); err != nil {
		return "", err
	}
	return c.ID, tx.ClaimSubscriptions(ctx, c.ID, sub.ID)
}

// Whoever cannot wait for the database is told that it is busy, and to come again:
// nothing in the program is wrong.
func TestADatabaseThatIsTooSlowForWhoeverWaitsIsAway(t *testing.T) {
	conform(t, func(b *bundle) {
		late, cancel := context.WithDeadline(b.t.Context(), time.Unix(0, 0))
		defer cancel()
		gone, leave := context.WithCancel(b.t.Context())
		leave()
		for name, ctx := range map[string]context.Context{"late": late, "gone": gone} {
			err := b.Tx(ctx, func(tx app.Tx) error { _, err := tx.FindCase(ctx, "case_x"); return err })
			if fault.KindOf(err) != fault.Transient || fault.CodeOf(err) != "store.unavailable" {
				b.t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestASubscriptionHasOneOpenCase(t *testing.T) {
	conform(t, func(b *bundle) {
		ctx := b.t.Context()
		cus := aCustomer("Ana", "R-1")
		sub := aSubscription(cus.ID, "S-1")
		var first offboarding.CaseID
		b.tx(func(tx app.Tx) error {
			if _, err := tx.InsertCustomers(ctx, app.FoundCustomer{Customer: cus}); err != nil {
				return err
			}
			if _, err := tx.InsertSubscriptions(ctx, sub); err != nil {
				return err
			}
			var err error
			first, err = b.aCase(tx, sub)
			return err
		})
		err := b.Tx(ctx, func(tx app.Tx) error {
			claims, err := tx.ClaimsOf(ctx, cus.ID)
			if want := (app.Claim{Case: first, State: offboarding.CaseRegistered}); err != nil || claims[sub.ID] != want {
				b.t.Errorf("the claims are %v, %v", claims, err)
			}
			_, err = b.aCase(tx, sub)
			return err
		})
		if fault.CodeOf(err) != "case.changed_meanwhile" {
			b.t.Errorf("a second open case: %v", err)
		}
		b.tx(func(tx app.Tx) error { // once it is over, another is possible
			p, err := tx.FindPlan(ctx, first)
			if err != nil {
				return err
			}
			p.Case.State = offboarding.CaseStopped
			if err := tx.SavePlan(ctx, &p); err != nil {
				return err
			}
			_, err = b.aCase(tx, sub)
			return err
		})
		b.tx(func(tx app.Tx) error {
			list, n, err := tx.ListCases(ctx, app.CaseFilter{OpenOnly: true, Roles: []string{"agent"}, Query: "ANA"})
			if n != 1 || len(list) != 1 || list[0].Steps[0].Title["es"] != "Revisar" {
				b.t.Errorf("inbox: %d %v", n, list)
			}
			return err
		})
	})
}

func TestBusinessTimeMovesAndWallTimeDoesNot(t *testing.T) {
	conform(t, func(b *bundle) {
		ctx := b.t.Context()
		b.tx(func(tx app.Tx) error {
			return tx.PutSetting(ctx, app.OffsetSetting, fmt.Sprint((48 * time.Hour).Microseconds()))
		})
		now, wall, err := b.Now(ctx)
		b.must(err)
		if !now.Equal(noon.Add(48*time.Hour)) || !wall.Equal(noon) {
			b.t.Errorf("business %v, wall %v", now, wall)
		}
	})
}

func TestSessionsEndOnTheWallClock(t *testing.T) {
	conform(t, func(b *bundle) {
		ctx := b.t.Context()
		b.tx(func(tx app.Tx) error { return tx.PutSession(ctx, "h", "", []byte("x"), noon.Add(time.Hour)) })
		look := func() (found bool) {
			b.tx(func(tx app.Tx) (err error) { _, _, found, err = tx.FindSession(ctx, "h"); return err })
			return found
		}
		if !look() {
			b.t.Error("not found")
		}
		b.clock.Advance(time.Hour)
		if look() {
			b.t.Error("found after its end")
		}
	})
}

func TestTheLogIsAppendOnly(t *testing.T) {
	conform(t, func(b *bundle) {
		b.tx(func(tx app.Tx) error { return tx.Append(b.t.Context(), anEntry("a"), []byte("sealed")) })
		db := b.raw()
		for _, q := range []string{"UPDATE audit_entry SET actor = 'x'", "UPDATE audit_entry SET sealed = sealed", "DELETE FROM audit_entry WHERE id <> ''"} {
			if _, err := db.ExecContext(b.t.Context(), q); err == nil || !strings.Contains(err.Error(), "append-only") {
				b.t.Errorf("%s: %v", q, err)
			}
		}
		if _, err := db.ExecContext(b.t.Context(), "UPDATE audit_entry SET sealed = NULL"); err != nil {
			b.t.Errorf("a body whose key was destroyed may go: %v", err)
		}
	})
}

func TestManyMayMigrateAtOnce(t *testing.T) {
	t.Parallel()
	testkit.EachEngine(t, func(t *testing.T, e testkit.Engine) {
		var wg sync.WaitGroup
		errs := make(chan error, 3)
		for range 3 {
			wg.Go(func() {
				s, err := store.Open(context.Background(), store.Config{URL: e.URL})
				if err == nil {
					err = s.Migrate(context.Background())
					_ = s.Close()
				}
				errs <- err
			})
		}
		wg.Wait()
		for range 3 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
	})
}
