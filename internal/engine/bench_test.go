package engine_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"hastaluego/internal/app"
	"hastaluego/internal/audit"
	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/httpsystem"
	"hastaluego/internal/customer"
	"hastaluego/internal/engine"
	"hastaluego/internal/id"
	"hastaluego/internal/ingest"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
	"hastaluego/internal/seal"
	"hastaluego/internal/step"
	"hastaluego/internal/store"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

// benchSteps of a case, each at a far system of its own.
const benchSteps = 8

// benchWorkers at once.
const benchWorkers = 32

// eachBenchEngine runs fn on SQLite and, where HASTA_BENCH_POSTGRES names a
// server that syncs, on PostgreSQL.
func eachBenchEngine(b *testing.B, fn func(b *testing.B, url string)) {
	b.Run("sqlite", func(b *testing.B) { fn(b, filepath.Join(b.TempDir(), "hasta.db")) })
	if server := os.Getenv("HASTA_BENCH_POSTGRES"); server != "" {
		b.Run("postgres", func(b *testing.B) { fn(b, testkit.FreshPostgres(b, server)) })
	}
}

// bench is a house whose far systems answer at once.
type bench struct {
	*testing.B
	app   *app.App
	store *store.Store
	keys  *seal.Keys
	acts  atomic.Int64 // effects at the far systems
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// peer is a far system with accounts that are open until they are closed.
func (b *bench) peer() *httptest.Server {
	var closed sync.Map
	mux := http.NewServeMux()
	mux.HandleFunc("GET /accounts/{ref}", func(w http.ResponseWriter, r *http.Request) {
		status := "active"
		if _, ok := closed.Load(r.PathValue("ref")); ok {
			status = "blocked"
		}
		fmt.Fprintf(w, `{"status":%q}`, status)
	})
	mux.HandleFunc("POST /accounts/{ref}/block", func(w http.ResponseWriter, r *http.Request) {
		closed.Store(r.PathValue("ref"), true)
		b.acts.Add(1)
		fmt.Fprint(w, `{"status":"blocked","effect":"e"}`)
	})
	srv := httptest.NewServer(mux)
	b.Cleanup(srv.Close)
	return srv
}

// newBench starts a house on the database whose departures act at benchSteps
// systems.
func newBench(tb *testing.B, url string) *bench {
	b := &bench{B: tb}
	srv := b.peer()
	var systems []connector.System
	for i := range benchSteps {
		configs, err := declaration.Load("systems.yaml", fmt.Appendf(nil, `systems:
  s%d:
    kind: http
    base_url: %s
    effect: idempotent
    undo: final
    allow: [127.0.0.1/32]
    actions:
      block:
        call: {method: POST, path: "/accounts/{reference}/block", receipt: effect}
        read: {method: GET, path: "/accounts/{reference}"}
        expect: {path: status, equals: blocked}
        undo: {class: final}
`, i, srv.URL), httpsystem.Kinds()...)
		b.must(err)
		sys, err := configs[0].Open(when.Machine{}, nil)
		b.must(err)
		systems = append(systems, sys.Connector())
	}
	b.start(url, benchPlaybook(), systems...)
	return b
}

// start starts the house on the database, with its engine and sequencer.
func (b *bench) start(url, plan string, systems ...connector.System) {
	ctx := b.Context()
	var err error
	b.store, err = store.Open(ctx, store.Config{URL: url})
	b.must(err)
	b.must(b.store.Migrate(ctx))
	b.keys, err = seal.OpenKeys(ctx, filepath.Join(b.TempDir(), "keys"), "")
	b.must(err)
	kinds := step.All(step.Named(systems...))
	book, err := playbook.Load("bench.yaml", []byte(plan), step.Specs())
	b.must(err)
	var eng *engine.Engine
	b.app = app.New(app.Config{
		Store: b.store, Keys: b.keys, Post: silent{}, Kinds: kinds, Playbook: book,
		Company: app.Company{Name: "Faro", Zone: time.UTC, Language: "es", PublicURL: "http://faro.test"},
		Wake:    func() { eng.Wake() },
	})
	eng = engine.New(engine.Config{App: b.app, Store: b.store, Kinds: kinds, Name: "one", Workers: benchWorkers, PerSystem: benchWorkers, Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	seq := &engine.Sequencer{
		Log: b.store, Name: "one", Keep: b.keys.AppendCheckpoint, Logger: slog.New(slog.DiscardHandler),
		Sign: func(size int64, root []byte) (string, error) {
			return audit.Sign(b.keys.LogSigner(), size, tlog.Hash(root))
		},
	}
	run, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { _ = eng.Run(run) })
	wg.Go(func() { _ = seq.Run(run) })
	b.Cleanup(func() {
		stop()
		wg.Wait()
		_ = b.store.Close()
		_ = b.keys.Close()
	})
}

// benchPlaybook runs an action at one system after another.
func benchPlaybook() string {
	var s strings.Builder
	s.WriteString("playbook: bench\ntitle: {es: \"A\", en: \"A\"}\nsteps:\n  - {id: confirm, kind: confirm, title: {es: \"A\", en: \"A\"}}\n")
	before := "confirm"
	for i := range benchSteps {
		fmt.Fprintf(&s, "  - {id: close%d, kind: connector, title: {es: \"A\", en: \"A\"}, after: [%s], params: {system: s%d, action: block, each: grant}}\n", i, before, i)
		before = fmt.Sprint("close", i)
	}
	return s.String()
}

// customers puts n customers with an access at each system, and returns a
// signed link of each.
func (b *bench) customers(n int) []string {
	return b.customersWith(n, func(ref string) (grants []customer.Grant) {
		for s := range benchSteps {
			grants = append(grants, customer.Grant{System: fmt.Sprint("s", s), Account: fmt.Sprintf("%s-%d", ref, s)})
		}
		return grants
	})
}

// customersWith puts n customers with the accesses that grants gives, and returns
// a signed link of each.
func (b *bench) customersWith(n int, grants func(ref string) []customer.Grant) []string {
	ctx := b.Context()
	now, wall, err := b.app.Now(ctx)
	b.must(err)
	var rows []ingest.Row
	for i := range n {
		ref := fmt.Sprint("C-", i)
		rows = append(rows, ingest.Row{
			Customer: customer.Customer{Kind: customer.Person, Name: ref, Reference: ref, CreatedAt: now},
			Contact:  customer.Contact{Name: ref, Email: strings.ToLower(ref) + "@x.example", Role: customer.Owner},
			Subscription: customer.Subscription{
				Reference: ref, Product: "Faro", Amount: money.Amount{Minor: 100, Currency: "EUR"}, Interval: customer.Monthly,
				Start: when.DateOf(now, time.UTC).AddMonths(-3), Status: customer.Active,
			},
		})
		for _, g := range grants(ref) {
			g.Kind, g.Status = "login", customer.Granted
			rows = append(rows, ingest.Row{Existing: true, Customer: customer.Customer{Reference: ref}, Grant: g})
		}
	}
	for chunk := range slices.Chunk(rows, 900) {
		b.must(b.app.PutRows(ctx, chunk))
	}
	links := make([]string, n)
	b.must(b.store.View(ctx, func(tx app.Tx) error {
		for i := range n {
			c, err := tx.FindCustomerByReference(ctx, fmt.Sprint("C-", i))
			if err != nil {
				return err
			}
			links[i], err = app.SignHostLink(b.keys.HMACKey(app.HostLinkKey), app.HostClaim{
				Customer: c.ID, Expires: wall.Add(15 * time.Minute), ID: id.New("jti"), Language: "es",
			})
			if err != nil {
				return err
			}
		}
		return nil
	}))
	return links
}

// commits returns how many transactions of one row the store commits in a
// second with so many writers.
func (b *bench) commits(writers int) float64 {
	var n atomic.Int64
	begin := time.Now()
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for time.Since(begin) < time.Second {
				b.must(b.store.Tx(b.Context(), func(tx app.Tx) error { return tx.PutSetting(b.Context(), id.New("k"), "v") }))
				n.Add(1)
			}
		})
	}
	wg.Wait()
	return float64(n.Load()) / time.Since(begin).Seconds()
}

// closed counts cases that are closed.
func (b *bench) closed() (n int) {
	b.must(b.store.View(b.Context(), func(tx app.Tx) (err error) {
		_, n, err = tx.ListCases(b.Context(), app.CaseFilter{State: offboarding.CaseClosed, Limit: 1})
		return err
	}))
	return n
}

func (b *bench) pending() int64 {
	src, err := b.store.AuditSource(b.Context())
	b.must(err)
	defer src.Close()
	n, err := src.Tally(b.Context())
	b.must(err)
	return int64(n.Pending)
}

// BenchmarkCases is b.N departures of eight steps, each an act at a far system
// that is observed before and read back after, from the request until the case
// is closed and its log is sequenced and signed. Beside it: transactions of one
// row by 1 and 16 writers of the same pool.
func BenchmarkCases(tb *testing.B) {
	eachBenchEngine(tb, func(tb *testing.B, url string) {
		b := newBench(tb, url)
		links := b.customers(b.N)
		one, many := b.commits(1), b.commits(16)
		b.ResetTimer()
		begin := time.Now()
		work := make(chan string, len(links))
		for _, l := range links {
			work <- l
		}
		close(work)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for l := range work {
					_, err := b.app.RequestExit(b.Context(), app.ExitInput{AccountEmail: "a@x.example", When: "now", Language: "es", Host: l})
					if err != nil {
						b.Error(err)
					}
				}
			})
		}
		wg.Wait()
		for b.closed() < b.N || b.pending() > 0 {
			time.Sleep(20 * time.Millisecond)
		}
		took := time.Since(begin).Seconds()
		b.StopTimer()
		if got := b.acts.Load(); got != int64(b.N*benchSteps) {
			b.Errorf("%d effects, want %d", got, b.N*benchSteps)
		}
		b.ReportMetric(float64(b.N)/took, "cases/s")
		b.ReportMetric(one, "commits/s-1-writer")
		b.ReportMetric(many, "commits/s-16-writers")
	})
}
