package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/assignment"
	"hastaluego/internal/customer"
	"hastaluego/internal/demo"
	"hastaluego/internal/ending"
	"hastaluego/internal/id"
	"hastaluego/internal/ingest"
	"hastaluego/internal/money"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

// BenchmarkEnding ends a product of many customers of a telecom in one act, with
// the engine and the log at work, beside people who register departures one
// after the other in the same run. Every step that waits for a person is given
// by rule, and people are told.
func BenchmarkEnding(b *testing.B) {
	most := 300
	if n, err := strconv.Atoi(os.Getenv("HASTA_BENCH_ENDINGS")); err == nil {
		most = n
	}
	const byHand = 100
	engines(b, func(b *testing.B, e testkit.Engine) {
		ctx, stop := context.WithCancel(b.Context())
		sample, err := demo.In("es")
		ok(b, err)
		dir := b.TempDir()
		cfg := config{Database: e.URL, Dir: dir, PublicURL: "http://127.0.0.1", Company: companyConfig(sample.Company), Playbook: "telecom"}
		cfg.Keys.Dir = filepath.Join(dir, "keys")
		h, err := build(ctx, cfg, newLog(io.Discard, "error", ""), nil)
		ok(b, err)
		var running sync.WaitGroup
		running.Go(func() { _ = h.engine.Run(ctx) })
		running.Go(func() { _ = h.sequencer.Run(ctx) })
		b.Cleanup(func() { stop(); running.Wait(); h.close() })
		now, _, err := h.store.Now(ctx)
		ok(b, err)
		today := when.DateOf(now, time.UTC)
		var rows []ingest.Row
		for i := range most + byHand {
			who, product := customer.ID(id.New("cus")), "Closes"
			if i >= most {
				product = "Stays"
			}
			ref := fmt.Sprint("END-", i)
			rows = append(rows, ingest.Row{
				Number:   int64(i + 1),
				Customer: customer.Customer{ID: who, Kind: customer.Person, Name: "Cliente " + ref, Reference: ref, Language: "es"},
				Contact:  customer.Contact{Name: "Ana", Email: fmt.Sprintf("c%d@bench.example", i), Role: customer.Owner, Language: "es"},
				Subscription: customer.Subscription{
					Reference: ref + "-1", Product: product, Amount: money.Amount{Minor: 900, Currency: "EUR"}, Interval: customer.Monthly,
					Start: today.AddDays(-400), Status: customer.Active,
				},
			})
		}
		for from := 0; from < len(rows); from += 500 {
			ok(b, h.app.PutRows(ctx, rows[from:min(from+500, len(rows))]))
		}
		by := app.Actor{ID: "usr_one", Roles: []string{"agent", "success", "admin"}}
		second := app.Actor{ID: "usr_two", Roles: []string{"admin"}}
		var team []string
		for i := range 6 {
			u, err := h.app.AddUser(ctx, "", app.UserInput{Login: fmt.Sprintf("agente%d@bench.example", i), Name: "Agente", Password: "una frase larga y rara", Roles: []string{"agent", "finance"}})
			ok(b, err)
			team = append(team, u.ID)
		}
		ok(b, h.app.SetAssignmentRules(ctx, app.Actor{}, assignment.Rules{List: []assignment.Rule{
			{Role: "agent", If: `customer.kind == "organisation"`, People: team[:1]}, {Role: "agent", People: team}, {Role: "finance", People: team},
		}}))
		for b.Loop() {
			start := time.Now()
			for i := range byHand {
				found, err := h.app.ListCustomers(ctx, by, app.CustomerFilter{Query: fmt.Sprint("END-", most+i)})
				ok(b, err)
				_, err = h.app.RegisterOnBehalf(ctx, by, app.BehalfInput{Customer: found.Rows[0].Customer.ID, Channel: "phone", Reference: "1", When: "period_end", Proof: "DNI"})
				ok(b, err)
			}
			one := time.Since(start) / byHand
			ok(b, h.app.UntilQuiet(ctx))
			start = time.Now()
			before := cpu()
			eid, err := h.app.ProposeEnding(ctx, by, app.EndingInput{
				Pick: ending.Pick{Product: "Closes"}, EndsOn: today.AddDays(40), PerMinute: 60, Words: map[string]ending.Words{"es": {Why: "Cierra"}, "en": {Why: "It closes"}},
			})
			ok(b, err)
			ok(b, h.app.DecideEnding(ctx, second, eid, true, ""))
			var v app.EndingView
			for v.State != ending.Done {
				time.Sleep(200 * time.Millisecond)
				v, err = h.app.OpenEnding(ctx, by, eid)
				ok(b, err)
			}
			whole := time.Since(start)
			used := cpu() - before
			rules, err := h.app.AssignmentRules(ctx, second)
			ok(b, err)
			given, least, busiest := 0, 1<<30, 0
			for _, who := range team {
				given, least, busiest = given+rules.Load[who], min(least, rules.Load[who]), max(busiest, rules.Load[who])
			}
			if given < most+byHand || busiest-least > 2 {
				b.Fatalf("%d steps given away for %d departures, %d to the least busy and %d to the busiest", given, most+byHand, least, busiest)
			}
			b.ReportMetric(float64(used.Milliseconds())/float64(most), "cpu-ms/departure")
			if v.Opened != most || v.Passed != 0 {
				b.Fatalf("%d opened, %d passed of %d", v.Opened, v.Passed, most)
			}
			b.ReportMetric(whole.Seconds(), "ending-s")
			b.ReportMetric(float64(most)/whole.Seconds(), "departures/s")
			b.ReportMetric(float64(one)/(float64(whole)/float64(most)), "times-by-hand")
		}
		b.ReportMetric(0, "ns/op")
	})
}

// cpu is what this process has used of the processors so far.
func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
