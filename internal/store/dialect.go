package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"

	"hastaluego/internal/fault"
)

// dialect names everything in which the two engines differ; all else is one
// text.
type dialect struct {
	name       string
	skipLocked bool               // PostgreSQL: two workers claiming at once take different rows
	share      string             // PostgreSQL: behind a query, holds its rows against writers until the transaction is over
	hold       string             // PostgreSQL: the same against others who hold them, too
	snapshot   sql.IsolationLevel // PostgreSQL: several reads of one instant; a SQLite transaction is one anyway
}

var (
	sqliteEngine   = dialect{name: "sqlite"}
	postgresEngine = dialect{name: "postgres", skipLocked: true, share: " FOR SHARE", hold: " FOR NO KEY UPDATE", snapshot: sql.LevelRepeatableRead}
)

// serverClock asks PostgreSQL for its time, one clock for all nodes, and for
// how far business time is ahead.
const serverClock = `SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT),
	COALESCE((SELECT value FROM setting WHERE key = $1), '')`

// Result codes of SQLite: sqlite.org/rescode.html.
const (
	sqliteBusy   = 5
	sqliteLocked = 6
	sqliteFull   = 13
)

func sqliteCode(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()
	}
	return 0
}

func postgresCode(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}

// lost reports whether a transaction lost against another and may be run
// again.
func (dialect) lost(err error) bool {
	switch postgresCode(err) {
	case "40001", "40P01":
		return true
	}
	c := sqliteCode(err) & 0xff
	return c == sqliteBusy || c == sqliteLocked
}

// gone reports whether the server is not there, or went away meanwhile.
func gone(err error) bool {
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return true
	}
	code := postgresCode(err)
	return strings.HasPrefix(code, "08") || strings.HasPrefix(code, "57P") ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}

// translate turns an error of the driver into a fault, by code and never by
// text.
func (s *Store) translate(op string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return fault.New(fault.NotFound, "not_found").At(op, nil)
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	if c := sqliteCode(err) & 0xff; s.dialect.lost(err) || c == sqliteFull || postgresCode(err) == "53100" {
		return fault.New(fault.Transient, "store.unavailable").At(op, err)
	}
	if gone(err) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) { // or too slow for whoever waits
		return fault.New(fault.Transient, "store.unavailable").At(op, err)
	}
	return fault.New(fault.Internal, "internal").At(op, err)
}
