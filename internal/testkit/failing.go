package testkit

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"hastaluego/internal/id"
)

// ErrInjected is what a call of the database fails with when it is told to.
var ErrInjected = errors.New("testkit: injected failure of the database")

// Faults says which calls of the database fail: statements, queries, and the
// beginning and end of transactions, counted from when they were armed.
type Faults struct {
	mu    sync.Mutex
	count int
	next  int // call that fails; 0: none
	every int // then one of so many; 0: only once
	fired bool
	watch bool
	seen  []string
}

// Watch remembers the statements that run from now on.
func (f *Faults) Watch() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.watch, f.seen = true, nil
}

// Seen returns the statements since Watch, and forgets them.
func (f *Faults) Seen() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := f.seen
	f.watch, f.seen = false, nil
	return out
}

func (f *Faults) note(q string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.watch {
		f.seen = append(f.seen, q)
	}
}

// Nth lets the n-th call from now fail, once.
func (f *Faults) Nth(n int) { f.arm(n, 0) }

// Every lets one of n calls fail from now on, by chance: at a fixed pace a loop
// could meet its failure at the same place for ever.
func (f *Faults) Every(n int) { f.arm(n, n) }

// Stop lets no more call fail and reports whether one did.
func (f *Faults) Stop() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next = 0
	return f.fired
}

func (f *Faults) arm(n, every int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count, f.next, f.every, f.fired = 0, n, every, false
}

// hit counts a call and says whether it fails.
func (f *Faults) hit() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.next == 0 {
		return nil
	}
	if f.count++; f.count < f.next {
		return nil
	}
	f.fired = true
	f.next = 0
	if f.every > 0 {
		f.next = f.count + 1 + rand.IntN(2*f.every-1)
	}
	return ErrInjected
}

// FailingDriver registers a driver that is the engine's own but for its
// faults, and returns its name.
func FailingDriver(t testing.TB, e Engine) (string, *Faults) {
	t.Helper()
	db, err := sql.Open(sqlDriver(e.Name), "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	f, name := &Faults{}, id.New("failing")
	sql.Register(name, wrapped{db.Driver(), func(c conn) driver.Conn { return &failingConn{c, f} }})
	return name, f
}

// sqlDriver is what database/sql calls an engine.
func sqlDriver(engine string) string {
	if engine == "postgres" {
		return "pgx"
	}
	return engine
}

// wrapped is an engine's driver whose connections are something more.
type wrapped struct {
	driver.Driver
	as func(conn) driver.Conn
}

// conn is what both engines' connections can do.
type conn interface {
	driver.Conn
	driver.ExecerContext
	driver.QueryerContext
	driver.ConnBeginTx
}

func (d wrapped) Open(name string) (driver.Conn, error) {
	c, err := d.Driver.Open(name)
	if err != nil {
		return nil, err
	}
	both, ok := c.(conn)
	if !ok {
		return nil, fmt.Errorf("testkit: %T lacks a capability", c)
	}
	return d.as(both), nil
}

type failingConn struct {
	conn
	faults *Faults
}

// CheckNamedValue asks the engine which values it takes.
func (c *failingConn) CheckNamedValue(v *driver.NamedValue) error { return checkValue(c.conn, v) }

func checkValue(c conn, v *driver.NamedValue) error {
	if checker, ok := c.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

func (c *failingConn) ExecContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Result, error) {
	c.faults.note(q)
	if err := c.faults.hit(); err != nil {
		return nil, err
	}
	return c.conn.ExecContext(ctx, q, args)
}

func (c *failingConn) QueryContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Rows, error) {
	c.faults.note(q)
	if err := c.faults.hit(); err != nil {
		return nil, err
	}
	return c.conn.QueryContext(ctx, q, args)
}

func (c *failingConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if err := c.faults.hit(); err != nil {
		return nil, err
	}
	tx, err := c.conn.BeginTx(ctx, o)
	if err != nil {
		return nil, err
	}
	return failingTx{tx, c.faults}, nil
}

type failingTx struct {
	driver.Tx
	faults *Faults
}

// Commit fails either before it took effect or, in turns, after: whoever
// commits never knows which when the line breaks at that moment.
func (t failingTx) Commit() error {
	err := t.faults.hit()
	if err == nil {
		return t.Tx.Commit()
	}
	t.faults.mu.Lock()
	lost := t.faults.count%2 == 0
	t.faults.mu.Unlock()
	if lost {
		return errors.Join(err, t.Tx.Commit())
	}
	return errors.Join(err, t.Rollback())
}
