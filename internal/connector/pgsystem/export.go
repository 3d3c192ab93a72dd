package pgsystem

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/fault"
)

// Export is a table that the database gives away of a customer.
type Export struct {
	declaration.Table

	Name string // of the collection
	SQL  string // statement that gives the rows of the customer $1
}

func readExport(e *declaration.Entry) (all []Export) {
	where := declaration.Path("export")
	for _, name := range e.Names(where) {
		at := declaration.Below(where, name)
		m := e.Keys(at, append([]string{"query"}, declaration.TableKeys...)...)
		all = append(all, Export{Name: name, SQL: e.Word(m, at, "query"), Table: e.Exported(m, at)})
	}
	return all
}

func (x Export) check() []declaration.Problem {
	at := declaration.Path("export", x.Name)
	return append(x.Check(x.Name, at), declaration.CheckQuery(x.SQL, declaration.Below(at, "query"))...)
}

// Bounds of one look at a table.
const (
	pageRows = 2000     // rows that are read in one transaction
	maxRow   = 16 << 20 // bytes of the cells of one row
)

// Collections are the declared tables, in their order.
func (s *System) Collections() []connector.Collection {
	out := make([]connector.Collection, len(s.cfg.Export))
	for i, x := range s.cfg.Export {
		out[i] = x.Collection(x.Name, true)
	}
	return out
}

// table is one table while it is read.
type table struct {
	Export
	op, owner string
	after     string // key of the row that was given last
	begun     bool   // some row was given, now or earlier
	to        connector.TableSink
	columns   []connector.Column
	types     []uint32 // of the columns, as the server numbers them
	key       int      // which column is the key
	kept      error    // what the sink said
}

// ReadRows reads a table page by page, each in a transaction of its own that only
// reads: none of them keeps the database from its other work.
func (s *System) ReadRows(ctx context.Context, collection, owner, after string, to connector.TableSink) error {
	const op = "pgsystem.ReadRows"
	i := slices.IndexFunc(s.cfg.Export, func(x Export) bool { return x.Name == collection })
	if i < 0 {
		return fault.New(fault.Blocked, "connector.unknown_collection", "system", s.cfg.System, "collection", collection).At(op, nil)
	}
	if err := s.usable(op, owner); err != nil {
		return err
	}
	t := &table{Export: s.cfg.Export[i], op: op, owner: owner, after: after, begun: after != "", to: to}
	for {
		more := false
		err := s.freely(ctx, op, s.as(), func(ctx context.Context, c *pgx.Conn) (err error) {
			more, err = s.page(ctx, c, t)
			return err
		})
		switch {
		case t.kept != nil:
			return t.kept
		case err != nil || !more:
			return err
		}
	}
}

// plain has the server write values in one way, whatever it is set to.
const plain = `SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'iso_8601'; SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1; SET LOCAL statement_timeout = `

// page reads the rows behind the last one, and reports whether there may be more.
func (s *System) page(ctx context.Context, c *pgx.Conn, t *table) (more bool, err error) {
	tx, err := c.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return false, err // the connection is closed, and so it is rolled back; as below
	}
	if _, err := c.PgConn().Exec(ctx, plain+strconv.FormatInt(s.cfg.Timeout.Milliseconds(), 10)).ReadAll(); err != nil {
		return false, err
	}
	if t.columns == nil {
		if err := s.begin(ctx, tx, t); err != nil {
			return false, err
		}
	}
	args := []any{pgx.QueryResultFormats{pgx.TextFormatCode}, t.owner}
	if t.begun {
		args = append(args, t.after)
	}
	follows := t.begun
	rows, err := tx.Query(ctx, t.statement(), args...)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	n, same := 0, 0
	for ; rows.Next(); n++ {
		raw := rows.RawValues()
		// The first of what follows a row is that row itself, if it is still there: a
		// second one with its key would be lost behind it.
		if follows && string(raw[len(raw)-1]) == "t" {
			if same++; same > 1 {
				return false, s.wrong(t, "connector.key_twice")
			}
			continue
		}
		if err := s.give(t, raw); err != nil {
			return false, err
		}
	}
	rows.Close()
	return n == pageRows, rows.Err()
}

// statement is what reads a page: the declared one, wrapped. Behind a row, the last
// column says which rows have its key.
func (t *table) statement() string {
	key := "q." + pgx.Identifier{t.Key}.Sanitize()
	what, where := "q.*", ""
	if t.begun {
		what, where = "q.*, "+key+" = $2", " WHERE "+key+" >= $2"
	}
	return "SELECT " + what + " FROM (" + declaration.Query(t.SQL) + ") q" + where + " ORDER BY " + key + " LIMIT " + strconv.Itoa(pageRows)
}

// begin asks the server for the columns, and whether every row has a key: rows
// without one would come last, behind those that are read by their keys.
func (s *System) begin(ctx context.Context, tx pgx.Tx, t *table) error {
	if err := s.describe(ctx, tx.Conn(), t); err != nil {
		return err
	}
	var none bool
	err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM ("+declaration.Query(t.SQL)+") q WHERE q."+pgx.Identifier{t.Key}.Sanitize()+" IS NULL)", t.owner).Scan(&none)
	switch {
	case err != nil:
		return err
	case none:
		return s.wrong(t, "connector.key_empty")
	}
	if t.kept = t.to.Columns(t.columns); t.kept != nil {
		return errKept
	}
	return nil
}

// errKept ends a page whose sink took no more; what it said is in table.kept.
var errKept = errors.New("pgsystem: the sink took no more")

// describe asks what the statement gives, without running it.
func (s *System) describe(ctx context.Context, c *pgx.Conn, t *table) error {
	d, err := c.PgConn().Prepare(ctx, "", declaration.Query(t.SQL), nil)
	if err != nil {
		return err
	}
	columns := make([]connector.Column, len(d.Fields))
	t.types = make([]uint32, len(d.Fields))
	for i, f := range d.Fields {
		if slices.ContainsFunc(columns[:i], func(c connector.Column) bool { return c.Name == f.Name }) {
			return s.wrong(t, "connector.column_twice", "column", f.Name)
		}
		if t.types[i] = f.DataTypeOID; f.DataTypeOID == pgtype.ByteaOID {
			columns[i] = t.Coded(f.Name)
			continue
		}
		columns[i] = t.Column(f.Name, typeOf(f.DataTypeOID))
	}
	if name := t.Missing(columns); name != "" {
		return s.wrong(t, "connector.no_key", "key", name)
	}
	t.columns = columns
	t.key = slices.IndexFunc(columns, func(c connector.Column) bool { return c.Name == t.Key })
	return nil
}

// typeOf is the type of a column. What is none of these is text, as the server
// writes it: an instant without a zone too, since which one is meant is not said.
func typeOf(oid uint32) connector.ColumnType {
	switch oid {
	case pgtype.BoolOID:
		return connector.Boolean
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID, pgtype.OIDOID:
		return connector.Integer
	case pgtype.NumericOID, pgtype.Float4OID, pgtype.Float8OID:
		return connector.Number
	case pgtype.DateOID:
		return connector.Day
	case pgtype.TimestamptzOID:
		return connector.Instant
	case pgtype.JSONOID, pgtype.JSONBOID:
		return connector.AnyValue
	}
	return connector.Text
}

// give hands a row over.
func (s *System) give(t *table, raw [][]byte) error {
	row := connector.Row{Key: string(raw[t.key]), Cells: make([]*string, len(t.columns))}
	if t.begun && row.Key == t.after {
		return s.wrong(t, "connector.key_twice")
	}
	size := 0
	for i, c := range t.columns {
		if raw[i] == nil {
			continue
		}
		if size += len(raw[i]); size > maxRow {
			return s.wrong(t, "connector.too_large", "max", maxRow>>20)
		}
		cell, ok := written(string(raw[i]), t.types[i])
		if !ok {
			return s.wrong(t, "connector.value", "column", c.Name)
		}
		row.Cells[i] = &cell
	}
	if t.kept = t.to.Row(row); t.kept != nil {
		return errKept
	}
	t.after, t.begun = row.Key, true
	return nil
}

var (
	day     = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)
	instant = regexp.MustCompile(`^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}(?:\.\d+)?)(\+00)?$`)
)

// written is a value as a column of its type has it; false for one that the type
// cannot say, such as a day that never comes.
func written(value string, oid uint32) (string, bool) {
	switch oid {
	case pgtype.BoolOID:
		return strconv.FormatBool(value == "t"), true
	case pgtype.NumericOID, pgtype.Float4OID, pgtype.Float8OID:
		return strings.Replace(value, "Infinity", "INF", 1), true // as Table Schema writes it
	case pgtype.DateOID:
		return value, day.MatchString(value)
	case pgtype.TimestamptzOID, pgtype.TimestampOID:
		m := instant.FindStringSubmatch(value)
		if m == nil {
			return value, oid == pgtype.TimestampOID
		}
		return m[1] + "T" + m[2] + strings.Replace(m[3], "+00", "Z", 1), true
	case pgtype.ByteaOID:
		b, err := hex.DecodeString(strings.TrimPrefix(value, `\x`))
		return base64.StdEncoding.EncodeToString(b), err == nil
	}
	return value, true
}

// wrong tells what is wrong with a table. None of it names a customer.
func (s *System) wrong(t *table, code string, more ...any) error {
	args := append([]any{"system", s.cfg.System, "collection", t.Name}, more...)
	if len(more) == 0 {
		args = append(args, "key", t.Key)
	}
	return fault.New(fault.Invalid, code, args...).At(t.op, nil)
}

// checkExport asks whether each table can be read, and reads nothing of it: the
// columns of its statement, and a plan, which the server makes only for whoever has
// the rights.
func (s *System) checkExport(ctx context.Context, op string, c *pgx.Conn) error {
	for _, x := range s.cfg.Export {
		t := &table{Export: x, op: op}
		err := s.describe(ctx, c, t)
		if err == nil {
			err = plan(ctx, c, t.statement())
		}
		var ours *fault.Error
		switch {
		case err == nil:
			continue
		case refused(err):
			ours = fault.New(fault.Invalid, "connector.right_missing", "system", s.cfg.System, "right", "export."+x.Name+".query").At(op, nil)
		case !errors.As(err, &ours):
			ours = s.fault(op, err)
		}
		if ours.Kind == fault.Invalid { // where to look in the declaration
			ours = ours.On(declaration.Pointer(declaration.Path("export", x.Name, "query")))
		}
		return ours
	}
	return nil
}

// ListFiles has nothing to list: a database keeps tables.
func (s *System) ListFiles(_ context.Context, collection, _, _ string, _ func(connector.HeldFile) error) error {
	return fault.New(fault.Blocked, "connector.unknown_collection", "system", s.cfg.System, "collection", collection).At("pgsystem.ListFiles", nil)
}

// OpenFile has nothing to read.
func (s *System) OpenFile(_ context.Context, collection, _ string, _ connector.HeldFile, _ int64) (io.ReadCloser, error) {
	return nil, fault.New(fault.Blocked, "connector.unknown_collection", "system", s.cfg.System, "collection", collection).At("pgsystem.OpenFile", nil)
}
