package app_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/reason"
	"hastaluego/internal/seal"
	"hastaluego/internal/store"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

// BenchmarkReasonMatrix counts why customers left, of 50 000 departures with a stated
// reason and a root cause each, or of as many as HASTA_BENCH_ROWS says; its baseline reads
// the same rows and puts nothing together.
func BenchmarkReasonMatrix(b *testing.B) {
	rows := benchRows(b, 50_000)
	for _, e := range benchEngines(b) {
		b.Run(e.Name, func(b *testing.B) {
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
			manyReasons(b, s, rows)
			if err := s.Analyze(ctx); err != nil {
				b.Fatal(err)
			}
			a := app.New(app.Config{Store: s, Keys: keys, Company: app.Company{Zone: time.UTC}})
			b.Run("matrix", func(b *testing.B) {
				for b.Loop() {
					m, err := a.ReasonMatrix(ctx, agent, when.Date{}, when.Date{})
					if err != nil {
						b.Fatal(err)
					}
					if m.All().N != rows {
						b.Fatalf("%d departures of %d", m.All().N, rows)
					}
				}
			})
			b.Run("only_read", func(b *testing.B) { readReasons(b, e) })
		})
	}
}

// readReasons reads the rows of the matrix once through, without putting anything
// together: what it costs at least.
func readReasons(b *testing.B, e testkit.Engine) {
	driver := "sqlite"
	if e.Name == "postgres" {
		driver = "pgx"
	}
	db, err := sql.Open(driver, e.URL)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	for b.Loop() {
		var n int64
		for _, q := range []string{`SELECT COUNT(edition) FROM reason WHERE counts = 1`, `SELECT COUNT(segment) FROM case_ WHERE test = 0`, `SELECT COUNT(amount_minor) FROM subscription`} {
			if err := db.QueryRowContext(b.Context(), q).Scan(&n); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// manyReasons writes down so many departures of the last year.
func manyReasons(b *testing.B, s *store.Store, n int) {
	b.Helper()
	const page = 1000
	all := reason.Builtin().Reasons
	for from := 0; from < n; from += page {
		err := s.Tx(b.Context(), func(tx app.Tx) error {
			for i := from; i < min(from+page, n); i++ {
				if err := oneReason(b, tx, all, i); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func oneReason(b *testing.B, tx app.Tx, all []reason.Reason, i int) error {
	ctx, at := b.Context(), tx.Now().AddDate(0, 0, -i%360)
	ref := fmt.Sprintf("%08d", i)
	id, sub := customer.ID("cus_"+ref), customer.SubscriptionID("sub_"+ref)
	if _, err := tx.InsertCustomers(ctx, app.FoundCustomer{Customer: customer.Customer{ID: id, Reference: ref, Name: ref, Kind: customer.Person, Segment: []string{"", "oro", "plata"}[i%3], CreatedAt: at}}); err != nil {
		return err
	}
	if _, err := tx.InsertSubscriptions(ctx, customer.Subscription{
		ID: sub, Customer: id, Reference: ref, Product: "Fibra", Plan: "600", Interval: customer.Monthly, Status: customer.Ended,
		Amount: money.Amount{Minor: 3000, Currency: []string{"EUR", "MXN", "USD"}[i%3]}, Start: when.DateOf(at, time.UTC).AddDays(-400),
	}); err != nil {
		return err
	}
	r := offboarding.Request{ID: offboarding.RequestID("req_" + ref), Code: "HL-" + ref, State: offboarding.RequestMatched, Channel: offboarding.Public, Language: "es", Nonce: ref, ReceivedAt: at, Customer: id}
	if _, _, err := tx.InsertRequest(ctx, r); err != nil {
		return err
	}
	c := offboarding.Case{
		ID: offboarding.CaseID("case_" + ref), Code: r.Code, Request: r.ID, Customer: id, Subscriptions: []customer.SubscriptionID{sub}, State: offboarding.CaseClosed,
		Playbook: "x@1", Language: "es", Zone: "UTC", Effective: when.DateOf(at, time.UTC), RequestedAt: at, OpenedAt: at, EffectiveAt: at, ClosedAt: at,
	}
	if err := tx.InsertCase(ctx, c, nil); err != nil {
		return err
	}
	if err := tx.ClaimSubscriptions(ctx, c.ID, sub); err != nil {
		return err
	}
	for _, kind := range []reason.Kind{reason.Stated, reason.Root} {
		g := reason.Given{ID: reason.GivenID("rsn_" + string(kind) + ref), Case: c.ID, Customer: id, Kind: kind, Code: all[(i*7+len(kind))%len(all)].Code, Evidence: "x", By: "usr_b", At: at}
		if l := g.Make(reason.Builtin()); len(l) > 0 {
			return l
		}
		means, _ := reason.Builtin().Find(g.Code)
		if err := tx.InsertReason(ctx, app.SealedReason{Given: g, KeyID: "k", Body: []byte("x")}, means); err != nil {
			return err
		}
		if err := tx.CountReason(ctx, c.ID, kind, g.ID); err != nil {
			return err
		}
	}
	return nil
}
