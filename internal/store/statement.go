package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
)

// openSQLite opens a database whose connections remember their prepared
// statements: parsing is most of what a small statement costs SQLite. pgx does
// the same for PostgreSQL on its own.
func openSQLite(dsn string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	own := db.Driver()
	if err := db.Close(); err != nil {
		return nil, err
	}
	return sql.OpenDB(remembering{own, dsn}), nil
}

type remembering struct {
	driver driver.Driver
	dsn    string
}

func (r remembering) Driver() driver.Driver { return r.driver }

func (r remembering) Connect(context.Context) (driver.Conn, error) {
	c, err := r.driver.Open(r.dsn)
	if err != nil {
		return nil, err
	}
	own, ok := c.(sqliteConn)
	if !ok {
		_ = c.Close()
		return nil, fmt.Errorf("store: %T lacks a capability", c)
	}
	return &conn{own, map[string]statement{}}, nil
}

// sqliteConn is what the driver's connections can do.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type statement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// conn is a connection with those of its prepared statements that are not in
// use. database/sql lets one goroutine at a time at it.
type conn struct {
	sqliteConn
	idle map[string]statement
}

// remembered is more than the queries of this program.
const remembered = 1000

func (c *conn) take(ctx context.Context, q string) (statement, error) {
	if st, ok := c.idle[q]; ok {
		delete(c.idle, q)
		return st, nil
	}
	st, err := c.PrepareContext(ctx, q)
	if err != nil {
		return nil, err
	}
	own, ok := st.(statement)
	if !ok {
		_ = st.Close()
		return nil, fmt.Errorf("store: %T lacks a capability", st)
	}
	return own, nil
}

func (c *conn) put(q string, st statement, err error) error {
	if _, twice := c.idle[q]; twice || err != nil || len(c.idle) >= remembered {
		if e := st.Close(); err == nil {
			err = e
		}
		return err
	}
	c.idle[q] = st
	return nil
}

func (c *conn) ExecContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Result, error) {
	st, err := c.take(ctx, q)
	if err != nil {
		return nil, err
	}
	res, err := st.ExecContext(ctx, args)
	return res, c.put(q, st, err)
}

func (c *conn) QueryContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Rows, error) {
	st, err := c.take(ctx, q)
	if err != nil {
		return nil, err
	}
	rows, err := st.QueryContext(ctx, args)
	if err != nil {
		return nil, c.put(q, st, err)
	}
	return &rowsOf{rows, c, q, st}, nil
}

// Close closes what is remembered too: the file stays open while any is.
func (c *conn) Close() error {
	for q, st := range c.idle {
		delete(c.idle, q)
		_ = st.Close() // the connection goes, and takes it along
	}
	return c.sqliteConn.Close()
}

// rowsOf gives their statement back when they are closed.
type rowsOf struct {
	driver.Rows
	c  *conn
	q  string
	st statement
}

func (r *rowsOf) Close() error {
	if r.st == nil {
		return nil
	}
	st := r.st
	r.st = nil
	return r.c.put(r.q, st, r.Rows.Close())
}
