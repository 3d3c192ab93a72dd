package store_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver
	_ "modernc.org/sqlite"             // the driver

	"hastaluego/internal/testkit"
)

// bareBatch is the least number of rows that an import commits at once.
const bareBatch = 128

// BenchmarkBareInsert is what an import is measured against: for each row of a
// file one row in each of three tables that have a key and nothing else, by
// prepared statements, so many rows to a transaction, as durable as ours.
func BenchmarkBareInsert(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) {
		file := "file:" + filepath.Join(b.TempDir(), "bare.db")
		bareInsert(b, "sqlite", file+"?_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	})
	if server := os.Getenv("HASTA_BENCH_POSTGRES"); server != "" {
		b.Run("postgres", func(b *testing.B) { bareInsert(b, "pgx", testkit.FreshPostgres(b, server)) })
	}
}

func bareInsert(b *testing.B, driver, url string) {
	db, err := sql.Open(driver, url)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	for t := range 3 {
		_, err := db.Exec(fmt.Sprintf(`CREATE TABLE bare%d (id text PRIMARY KEY, owner text, name text, place text, amount bigint, since text)`, t))
		must(err)
	}
	b.ResetTimer()
	for done := 0; done < b.N; done += bareBatch {
		tx, err := db.Begin()
		must(err)
		for t := range 3 {
			put, err := tx.Prepare(fmt.Sprintf(`INSERT INTO bare%d VALUES ($1, $2, $3, $4, $5, $6)`, t))
			must(err)
			for n := done; n < min(done+bareBatch, b.N); n++ {
				_, err := put.Exec(fmt.Sprintf("row_%d_%09d", t, n*7919%b.N), fmt.Sprint("own_", n), "Ana Prueba", "ES", n, "2026-01-01")
				must(err)
			}
			must(put.Close())
		}
		must(tx.Commit())
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
