package main

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/id"
	"hastaluego/internal/testkit"
)

// engines are the databases of a measurement: SQLite, and PostgreSQL where
// there is a server.
func engines(b *testing.B, fn func(b *testing.B, e testkit.Engine)) {
	b.Helper()
	b.Run("sqlite", func(b *testing.B) { fn(b, testkit.Engine{Name: "sqlite", URL: filepath.Join(b.TempDir(), "hasta.db")}) })
	// make bench-ending starts a server of its own, which syncs.
	if server := cmp.Or(os.Getenv("HASTA_BENCH_POSTGRES"), os.Getenv("HASTA_TEST_POSTGRES")); server != "" {
		b.Run("postgres", func(b *testing.B) { fn(b, testkit.Engine{Name: "postgres", URL: testkit.FreshPostgres(b, server)}) })
	}
}

// load calls do total times from so many clients and returns how long each
// call took.
func load(b *testing.B, clients, total int, do func(n int) error) []time.Duration {
	b.Helper()
	took := make([]time.Duration, total)
	var next atomic.Int64
	var wg sync.WaitGroup
	var failed atomic.Value
	for range clients {
		wg.Go(func() {
			for {
				n := int(next.Add(1)) - 1
				if n >= total {
					return
				}
				at := time.Now()
				if err := do(n); err != nil {
					failed.Store(err)
					return
				}
				took[n] = time.Since(at)
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		b.Fatal(err)
	}
	return took
}

func quantile(took []time.Duration, q float64) time.Duration {
	return took[min(len(took)-1, int(q*float64(len(took))))]
}

// bare is the database as the store opens it, for single-row commits beside it.
func bare(b *testing.B, e testkit.Engine) *sql.DB {
	b.Helper()
	driver, dsn, conns := "pgx", e.URL, 12
	if e.Name == "sqlite" {
		driver, conns = "sqlite", 1
		dsn = "file:" + e.URL + "?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"
	}
	db, err := sql.Open(driver, dsn)
	ok(b, err)
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	b.Cleanup(func() { _ = db.Close() })
	_, err = db.ExecContext(b.Context(), "CREATE TABLE bare (id TEXT NOT NULL PRIMARY KEY, body TEXT NOT NULL)")
	ok(b, err)
	return db
}

// caller calls a server over kept connections, and does not follow redirects.
func caller(clients int) func(r *http.Request) (int, error) {
	c := &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: clients, MaxConnsPerHost: clients},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return func(r *http.Request) (int, error) {
		res, err := c.Do(r)
		if err != nil {
			return 0, err
		}
		defer res.Body.Close()
		n, err := io.Copy(io.Discard, res.Body)
		if err == nil && res.StatusCode >= 400 {
			err = fmt.Errorf("status %d", res.StatusCode)
		}
		return int(n), err
	}
}

func get(ctx context.Context, url string) *http.Request {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		panic(err)
	}
	return r
}

func declare(ctx context.Context, to, account string) *http.Request {
	form := url.Values{"account": {account}, "receipt": {id.Token() + "@x.example"}, "when": {"now"}, "nonce": {id.Token()}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(form.Encode()))
	if err != nil {
		panic(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// busy reports whether the engine has something to do.
func (s *site) busy() bool {
	s.Helper()
	var n int
	ok(s, s.store.View(s.Context(), func(tx app.Tx) (err error) { n, err = tx.Busy(s.Context()); return err }))
	return n > 0
}

// The portal under load, with its engine and sequencer at work, beside a bare
// handler that answers as many bytes and beside bare inserts into the same
// database. The four take turns, so that all meet the same weather.
func BenchmarkPortal(b *testing.B) {
	const clients, rounds, looks, declarations = 16, 12, 500, 125
	engines(b, func(b *testing.B, e testkit.Engine) {
		s := newSite(b, e)
		ctx := b.Context()
		call := caller(clients)
		size, err := call(get(ctx, s.url+"/"))
		ok(b, err)
		page := []byte(strings.Repeat("x", size))
		plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(page) }))
		b.Cleanup(plain.Close)
		db := bare(b, e)
		turns := []struct {
			name  string
			total int
			quiet bool // only when the engine has nothing left to do
			do    func(n int) error
			took  []time.Duration
		}{
			{name: "bare-get", total: looks, do: func(int) error { _, err := call(get(ctx, plain.URL)); return err }},
			{name: "page", total: looks, do: func(int) error { _, err := call(get(ctx, s.url+"/")); return err }},
			{name: "bare-insert", total: declarations, quiet: true, do: func(int) error {
				_, err := db.ExecContext(ctx, "INSERT INTO bare (id, body) VALUES ($1, $2)", id.New("row"), "a row of about the length of a request, for comparison")
				return err
			}},
			{name: "submit", total: declarations, do: func(int) error {
				_, err := call(declare(ctx, s.url+"/", id.Token()+"@nadie.example"))
				return err
			}},
		}
		for b.Loop() {
			for round := range rounds {
				for i := range turns {
					for turns[i].quiet && s.busy() {
						time.Sleep(20 * time.Millisecond)
					}
					took := load(b, clients, turns[i].total, turns[i].do)
					if round > 0 { // the first warms up
						turns[i].took = append(turns[i].took, took...)
					}
				}
			}
		}
		for i := range turns {
			slices.Sort(turns[i].took)
		}
		for q, label := range map[float64]string{0.5: "p50", 0.99: "p99"} {
			for i, t := range turns {
				b.ReportMetric(float64(quantile(t.took, q).Microseconds())/1000, t.name+"-"+label+"-ms")
				if i%2 == 1 {
					b.ReportMetric(float64(quantile(t.took, q))/float64(quantile(turns[i-1].took, q)), t.name+"-"+label+"-ratio")
				}
			}
		}
		b.ReportMetric(0, "ns/op")
	})
}

// Whoever types the address of a customer waits as long as whoever types that
// of nobody: by turns, one at a time, with the engine at work.
func BenchmarkKnownAgainstUnknown(b *testing.B) {
	const rounds = 400
	engines(b, func(b *testing.B, e testkit.Engine) {
		s := newSite(b, e)
		ctx := b.Context()
		call := caller(1)
		var customers []string
		for _, r := range s.rows {
			if r.Contact.Email != "" {
				customers = append(customers, r.Contact.Email)
			}
		}
		var known, unknown, other []time.Duration
		try := func(account string) time.Duration {
			at := time.Now()
			_, err := call(declare(ctx, s.url+"/", account))
			ok(b, err)
			return time.Since(at)
		}
		for b.Loop() {
			for n := range rounds {
				customer := customers[n%len(customers)]
				if n%2 == 0 {
					known, unknown = append(known, try(customer)), append(unknown, try(id.Token()+"@nadie.example"))
				} else {
					unknown, known = append(unknown, try(id.Token()+"@nadie.example")), append(known, try(customer))
				}
				other = append(other, try(id.Token()+"@nadie.example")) // how far apart two of a kind lie
			}
		}
		for _, list := range [][]time.Duration{known, unknown, other} {
			slices.Sort(list)
		}
		ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
		k, u, o := quantile(known, 0.5), quantile(unknown, 0.5), quantile(other, 0.5)
		b.ReportMetric(ms(k), "known-median-ms")
		b.ReportMetric(ms(u), "unknown-median-ms")
		b.ReportMetric(ms(k-u), "difference-ms")
		b.ReportMetric(ms(o-u), "noise-ms")
		b.ReportMetric(0, "ns/op")
	})
}
