package app_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/id"
	"hastaluego/internal/money"
	"hastaluego/internal/seal"
	"hastaluego/internal/store"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

// BenchmarkFigures measures a view of the figures of 100 000 subscriptions, or
// of as many as HASTA_BENCH_ROWS says: while nothing changes, after one has
// changed, after a thousand have, and by a node that has to read all of them.
func BenchmarkFigures(b *testing.B) {
	rows := benchRows(b, 100_000)
	for _, e := range benchEngines(b) {
		b.Run(e.Name, func(b *testing.B) { benchFigures(b, e, rows) })
	}
}

// benchRows is of how many rows a benchmark is: as many as HASTA_BENCH_ROWS says, else
// the usual number.
func benchRows(b *testing.B, usual int) int {
	b.Helper()
	s := os.Getenv("HASTA_BENCH_ROWS")
	if s == "" {
		return usual
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// benchEngines are an empty database on SQLite, and one on PostgreSQL where there is a
// server.
func benchEngines(b *testing.B) []testkit.Engine {
	b.Helper()
	engines := []testkit.Engine{{Name: "sqlite", URL: filepath.Join(b.TempDir(), "hasta.db")}}
	if server := os.Getenv("HASTA_TEST_POSTGRES"); server != "" {
		engines = append(engines, testkit.Engine{Name: "postgres", URL: testkit.FreshPostgres(b, server)})
	}
	return engines
}

func benchFigures(b *testing.B, e testkit.Engine, rows int) {
	ctx := b.Context()
	clock := when.NewManual(time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC))
	s, err := store.Open(ctx, store.Config{URL: e.URL, Clock: clock})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	if err := s.Migrate(ctx); err != nil {
		b.Fatal(err)
	}
	keys, err := seal.OpenKeys(ctx, filepath.Join(b.TempDir(), "keys"), "")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = keys.Close() })
	subs := manySubscriptions(b, s, clock, rows)
	node := func() *app.App {
		return app.New(app.Config{Store: s, Keys: keys, Company: app.Company{Zone: time.UTC}})
	}
	view := func(b *testing.B, n *app.App) {
		f, err := n.Metrics(ctx, agent)
		if err != nil {
			b.Fatal(err)
		}
		if f.Churn[0].AtStart != rows {
			b.Fatalf("%d customers of %d", f.Churn[0].AtStart, rows)
		}
	}
	b.Run("all", func(b *testing.B) {
		for b.Loop() {
			view(b, node())
		}
	})
	n := node()
	view(b, n)
	for _, changes := range []int{0, 1, 1000} {
		b.Run(fmt.Sprint("changed=", changes), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				for i := 0; i < changes; i += 100 {
					change(b, s, subs, i, min(changes, 100))
				}
				b.StartTimer()
				view(b, n)
			}
		})
	}
}

// manySubscriptions stores customers, each with one since last year, and
// returns them.
func manySubscriptions(b *testing.B, s *store.Store, clock *when.Manual, rows int) []customer.Subscription {
	ctx := b.Context()
	subs := make([]customer.Subscription, rows)
	customers := make([]app.FoundCustomer, rows)
	start := when.DateOf(clock.Now(), time.UTC).AddMonths(-14)
	for i := range subs {
		c := customer.ID(id.New("cus"))
		customers[i].Customer = customer.Customer{ID: c, Kind: customer.Person, Name: "x", Reference: string(c), CreatedAt: clock.Now()}
		subs[i] = customer.Subscription{
			ID: customer.SubscriptionID(id.New("sub")), Customer: c, Reference: string(c), Product: "Faro", Interval: customer.Monthly,
			Amount: money.Amount{Minor: 2900, Currency: "EUR"}, Start: start, Status: customer.Active,
		}
	}
	for i := 0; i < rows; i += 1000 {
		to := min(i+1000, rows)
		err := s.Tx(ctx, func(tx app.Tx) error {
			if _, err := tx.InsertCustomers(ctx, customers[i:to]...); err != nil {
				return err
			}
			_, err := tx.InsertSubscriptions(ctx, subs[i:to]...)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Analyze(ctx); err != nil {
		b.Fatal(err)
	}
	return subs
}

// change lets n customers from one on pay more.
func change(b *testing.B, s *store.Store, subs []customer.Subscription, from, n int) {
	ctx := b.Context()
	err := s.Tx(ctx, func(tx app.Tx) error {
		for i := range n {
			x := &subs[(from+i)%len(subs)]
			x.Amount.Minor++
			if err := tx.SaveSubscription(ctx, *x, x.Status); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}
