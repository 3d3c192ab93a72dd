package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/audit"
	"hastaluego/internal/demo"
	"hastaluego/internal/id"
	"hastaluego/internal/testkit"
)

// The whole log is verified: bodies opened, leaves and tree derived again,
// every checkpoint compared. Beside it the same rows are read and hashed once.
// HASTA_BENCH_ENTRIES says how many entries there are.
func BenchmarkVerifyLog(b *testing.B) {
	entries := 50_000
	if n, err := strconv.Atoi(os.Getenv("HASTA_BENCH_ENTRIES")); err == nil {
		entries = n
	}
	const batch, perCase = 2000, 40
	engines(b, func(b *testing.B, e testkit.Engine) {
		ctx := b.Context()
		sample, err := demo.In("es")
		ok(b, err)
		dir := b.TempDir()
		cfg := config{Database: e.URL, Dir: dir, PublicURL: "http://127.0.0.1", Company: companyConfig(sample.Company)}
		cfg.Keys.Dir = filepath.Join(dir, "keys")
		h, err := build(ctx, cfg, newLog(io.Discard, "error", ""), nil)
		ok(b, err)
		b.Cleanup(h.close)
		for done := 0; done < entries; done += batch {
			ok(b, h.store.Tx(ctx, func(tx app.Tx) error {
				for i := done; i < min(done+batch, entries); i++ {
					stream := fmt.Sprintf("case_%d", i/perCase)
					key, err := h.keys.KeyFor(ctx, fmt.Sprintf("cus_%d", i/perCase), "account")
					if err != nil {
						return err
					}
					body, err := audit.Body(map[string]any{"step": "close_billing", "by": "engine", "why": "read back at the billing system"})
					if err != nil {
						return err
					}
					salt := audit.NewSalt()
					x := audit.Entry{ID: id.New("aud"), Type: "step.verified", At: tx.Now(), Actor: "engine", Case: stream, KeyID: key, Commitment: audit.Commit(salt, body)}
					sealed, err := h.keys.Seal(ctx, key, audit.Plain(salt, body), audit.AAD(x.ID))
					if err != nil {
						return err
					}
					if err := tx.Append(ctx, x, sealed); err != nil {
						return err
					}
				}
				return nil
			}))
			h.sequencer.Batch(ctx)
		}
		db := bare(b, e)
		for b.Loop() {
			start := time.Now()
			rows, err := db.QueryContext(ctx, "SELECT id, type, at, actor, case_id, case_n, key_id, commitment, sealed FROM audit_entry ORDER BY id")
			ok(b, err)
			var s [5]string
			var at, n int64
			var commitment, sealed []byte
			sum, read := sha256.New(), 0
			for rows.Next() {
				ok(b, rows.Scan(&s[0], &s[1], &at, &s[2], &s[3], &n, &s[4], &commitment, &sealed))
				sum.Write(commitment)
				sum.Write(sealed)
				read++
			}
			ok(b, rows.Err())
			scan := time.Since(start)
			start = time.Now()
			rep, head, err := h.verify(ctx)
			whole := time.Since(start)
			ok(b, err)
			if !rep.OK() || head.Size != int64(entries) || read != entries {
				b.Fatalf("%d of %d entries read, tree of %d: %v", read, entries, head.Size, rep.Findings)
			}
			b.ReportMetric(whole.Seconds(), "verify-s")
			b.ReportMetric(scan.Seconds(), "scan-s")
			b.ReportMetric(whole.Seconds()/scan.Seconds(), "ratio")
			b.ReportMetric(float64(entries)/whole.Seconds(), "entries/s")
		}
		b.ReportMetric(0, "ns/op")
	})
}
