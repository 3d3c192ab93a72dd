package sqlitesystem

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"io"
	"io/fs"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"modernc.org/sqlite" // and its driver

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/fault"
)

// System is one file behind its declaration. It is safe for concurrent use.
type System struct{ cfg Config }

var (
	_ connector.Exporter = (*System)(nil)
	_ connector.Eraser   = (*System)(nil)
	_ connector.Checker  = (*System)(nil)
)

// New connects the declared file; it opens nothing. The error is a fault.List of
// Invalid faults with JSON pointers as fields.
func New(cfg Config) (*System, error) {
	var list fault.List
	for _, p := range cfg.check() {
		list = append(list, p.Fault(cfg.System))
	}
	if len(list) > 0 {
		return nil, list
	}
	return &System{cfg}, nil
}

// Connector returns what the file can do.
func (s *System) Connector() connector.System {
	out := connector.System{Name: s.cfg.System, Level: s.Info().Level, Checker: s}
	if len(s.cfg.Export) > 0 {
		out.Exporter = s
	}
	if len(s.cfg.Erase) > 0 {
		out.Eraser = s
	}
	return out
}

// Info describes the system.
func (s *System) Info() connector.Info { return s.cfg.Info() }

// String names the system and nothing more.
func (s *System) String() string { return KindName + ":" + s.cfg.System }

// Close has nothing to let go of: whatever is read opens the file for itself.
func (s *System) Close() {}

// Collections are the declared tables, in their order.
func (s *System) Collections() []connector.Collection {
	out := make([]connector.Collection, len(s.cfg.Export))
	for i, x := range s.cfg.Export {
		out[i] = x.Collection(x.Name, true)
	}
	return out
}

// Bounds of one look at a table.
const (
	pageRows  = 1000     // rows that are held at once
	pageBytes = 4 << 20  // bytes of their cells; the row that goes beyond is the last
	maxRow    = 16 << 20 // bytes of the cells of one row
)

// table is one table while it is read.
type table struct {
	Export
	op, owner string
	columns   []connector.Column
	key       int
	last      any // key of the row that was given last; nil: none was
}

// with runs fn on a connection that only reads.
func (s *System) with(ctx context.Context, op string, fn func(ctx context.Context, c *sql.Conn) error) error {
	return s.connect(ctx, op, "mode=ro&_pragma=query_only(1)", fn)
}

// connect runs fn on a connection of that mode.
func (s *System) connect(ctx context.Context, op, mode string, fn func(ctx context.Context, c *sql.Conn) error) error {
	if is, err := os.Stat(s.cfg.File); errors.Is(err, fs.ErrNotExist) || err == nil && !is.Mode().IsRegular() {
		return s.at("file", fault.New(fault.Invalid, "connector.no_file", "system", s.cfg.System).At(op, nil))
	}
	address := url.URL{Scheme: "file", Path: s.cfg.File, RawQuery: mode + "&_pragma=busy_timeout(" + strconv.FormatInt(s.cfg.Timeout.Milliseconds(), 10) + ")"}
	db, err := sql.Open("sqlite", address.String())
	if err != nil {
		return s.fault(op, err)
	}
	defer func() { _ = db.Close() }()
	c, err := db.Conn(ctx)
	if err != nil {
		return s.fault(op, err)
	}
	defer func() { _ = c.Close() }()
	if err := fn(ctx, c); err != nil {
		return s.fault(op, err)
	}
	return nil
}

// Result codes of SQLite (https://sqlite.org/rescode.html).
const (
	codeError, codePerm, codeBusy, codeLocked, codeCorrupt, codeCantOpen, codeAuth, codeNotADB = 1, 3, 5, 6, 11, 14, 23, 26
)

// fault classes what went wrong. What SQLite says may quote what it is about.
func (s *System) fault(op string, err error) error {
	var ours *fault.Error
	var said *sqlite.Error
	kind, code := fault.Transient, "connector.unreachable"
	switch {
	case errors.As(err, &ours):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		code = "connector.not_sent"
	case errors.As(err, &said):
		switch said.Code() & 0xff {
		case codeError:
			kind, code = fault.Invalid, "connector.refused"
		case codeBusy, codeLocked:
			code = "connector.busy"
		case codePerm, codeAuth, codeCantOpen:
			kind, code = fault.Invalid, "connector.no_right"
		case codeNotADB, codeCorrupt:
			kind, code = fault.Invalid, "connector.no_file"
		}
		return fault.New(kind, code, "system", s.cfg.System, "status", said.Code()).At(op, errors.New("SQLite "+strconv.Itoa(said.Code())))
	}
	return fault.New(kind, code, "system", s.cfg.System).At(op, nil)
}

// at says where to look in the declaration.
func (s *System) at(key string, f *fault.Error) error {
	return f.On(declaration.Pointer(declaration.Path(key)))
}

// ReadRows reads a table page by page. Each is read whole before it is given, so
// that whoever writes the file waits for nobody who is slow.
func (s *System) ReadRows(ctx context.Context, collection, owner, after string, to connector.TableSink) error {
	const op = "sqlitesystem.ReadRows"
	i := slices.IndexFunc(s.cfg.Export, func(x Export) bool { return x.Name == collection })
	if i < 0 {
		return fault.New(fault.Blocked, "connector.unknown_collection", "system", s.cfg.System, "collection", collection).At(op, nil)
	}
	if _, ok := declaration.Owned(declaration.OwnerSlot, owner); !ok {
		return fault.New(fault.Invalid, "connector.bad_reference", "system", s.cfg.System).At(op, nil)
	}
	t := &table{Export: s.cfg.Export[i], op: op, owner: owner}
	var kept error // what the sink said
	err := s.with(ctx, op, func(ctx context.Context, c *sql.Conn) error {
		if err := s.begin(ctx, c, t, after); err != nil {
			return err
		}
		if kept = to.Columns(t.columns); kept != nil {
			return kept
		}
		for {
			rows, more, err := s.page(ctx, c, t)
			if err != nil {
				return err
			}
			for _, r := range rows {
				if kept = to.Row(r); kept != nil {
					return kept
				}
			}
			if !more {
				return nil
			}
		}
	})
	if kept != nil {
		return kept
	}
	return err
}

// quoted is a name as SQL has it.
func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// describe asks which columns the statement gives. Two of one name are told apart by
// SQLite itself.
func (s *System) describe(ctx context.Context, c *sql.Conn, t *table) error {
	rows, err := c.QueryContext(ctx, "SELECT * FROM ("+declaration.Query(t.SQL)+") LIMIT 0", t.owner)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	types, err := rows.ColumnTypes()
	if err != nil {
		return err
	}
	for _, is := range types {
		kind, coded := typeOf(is.DatabaseTypeName())
		if coded {
			t.columns = append(t.columns, t.Coded(is.Name()))
			continue
		}
		t.columns = append(t.columns, t.Column(is.Name(), kind))
	}
	if name := t.Missing(t.columns); name != "" {
		return s.wrong(t, "connector.no_key", "key", name)
	}
	t.key = slices.IndexFunc(t.columns, func(c connector.Column) bool { return c.Name == t.Key })
	return rows.Err()
}

// typeOf is the type of a column that was declared so, and whether it is one of
// bytes. Days are told only where they are written as such; an instant is text, since
// SQLite knows none.
func typeOf(declared string) (is connector.ColumnType, coded bool) {
	name, _, _ := strings.Cut(strings.ToUpper(declared), "(")
	switch name = strings.TrimSpace(name); {
	case name == "BOOLEAN" || name == "BOOL":
		return connector.Boolean, false
	case name == "DATE":
		return connector.Day, false
	case name == "JSON":
		return connector.AnyValue, false
	case name == "BLOB":
		return connector.Text, true
	case strings.Contains(name, "INT"):
		return connector.Integer, false
	case strings.Contains(name, "REAL"), strings.Contains(name, "FLOA"), strings.Contains(name, "DOUB"), name == "NUMERIC", name == "DECIMAL":
		return connector.Number, false
	}
	return connector.Text, false
}

// begin finds the columns, and of which class the keys are: in SQLite each value
// has a class of its own, and those of one are before all of another.
func (s *System) begin(ctx context.Context, c *sql.Conn, t *table, after string) error {
	if err := s.describe(ctx, c, t); err != nil {
		return err
	}
	var class, other sql.NullString
	var n, keys int
	key := quoted(t.Key)
	err := c.QueryRowContext(ctx, "SELECT min(typeof("+key+")), max(typeof("+key+")), count(*), count("+key+") FROM ("+declaration.Query(t.SQL)+")", t.owner).Scan(&class, &other, &n, &keys)
	switch {
	case err != nil:
		return err
	case keys < n:
		return s.wrong(t, "connector.key_empty")
	case n > 0 && (class != other || class.String == "blob"):
		return s.wrong(t, "connector.no_key", "key", t.Key)
	case after == "":
		return nil
	}
	t.last = after
	switch class.String {
	case "integer":
		t.last, err = strconv.ParseInt(after, 10, 64)
	case "real":
		t.last, err = strconv.ParseFloat(after, 64)
	}
	if err != nil { // it was a key of ours once, and the keys are others now
		return fault.New(fault.Transient, "connector.not_all", "system", s.cfg.System).At(t.op, nil)
	}
	return nil
}

// page reads the rows behind the last one, and reports whether there may be more.
func (s *System) page(ctx context.Context, c *sql.Conn, t *table) (out []connector.Row, more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	key, what, where, args := quoted(t.Key), "", "", []any{t.owner}
	for _, c := range t.columns {
		what += "+" + quoted(c.Name) + ", " // a value of its own: the driver reads times out of nothing that has no declared type
	}
	same := "0"
	if t.last != nil {
		same, where, args = key+" = $2", " WHERE "+key+" >= $2", append(args, t.last)
	}
	rows, err := c.QueryContext(ctx, "SELECT "+what+same+" FROM ("+declaration.Query(t.SQL)+")"+where+" ORDER BY "+key+" LIMIT "+strconv.Itoa(pageRows), args...)
	if err != nil {
		return nil, false, err
	}
	defer func() { _ = rows.Close() }()
	values, at := make([]any, len(t.columns)), make([]any, len(t.columns)+1)
	for i := range values {
		at[i] = &values[i]
	}
	isLast := 0
	at[len(values)] = &isLast
	n, twins, bytes := 0, 0, 0
	for ; bytes < pageBytes && rows.Next(); n++ {
		if err := rows.Scan(at...); err != nil {
			return nil, false, err
		}
		if isLast == 1 { // it was given; a second one with its key would be lost
			if twins++; twins > 1 {
				return nil, false, s.wrong(t, "connector.key_twice")
			}
			continue
		}
		row := connector.Row{Cells: make([]*string, len(values))}
		size := 0
		for i, v := range values {
			cell, ok := written(v, t.columns[i].Type)
			if !ok {
				return nil, false, s.wrong(t, "connector.value", "column", t.columns[i].Name)
			}
			if row.Cells[i] = cell; cell != nil {
				size += len(*cell)
			}
		}
		if bytes += size; size > maxRow {
			return nil, false, s.wrong(t, "connector.too_large", "max", maxRow>>20)
		}
		if row.Key = *row.Cells[t.key]; len(out) > 0 && out[len(out)-1].Key == row.Key {
			return nil, false, s.wrong(t, "connector.key_twice")
		}
		t.last = values[t.key]
		out = append(out, row)
	}
	return out, n == pageRows || bytes >= pageBytes, rows.Err()
}

var day = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)

// written is a value as a column of its type has it, nil for none; false for one
// that the type cannot say.
func written(v any, is connector.ColumnType) (*string, bool) {
	text, number := "", false
	switch v := v.(type) {
	case nil:
		return nil, true
	case int64:
		text, number = strconv.FormatInt(v, 10), true
	case float64:
		text = strings.Replace(strconv.FormatFloat(v, 'g', -1, 64), "Inf", "INF", 1)
		text, number = strings.TrimPrefix(text, "+"), is != connector.Integer
	case []byte:
		text = base64.StdEncoding.EncodeToString(v)
	case string:
		text = v
	default:
		return nil, false
	}
	switch is {
	case connector.Boolean:
		if text == "1" || text == "0" {
			text = strconv.FormatBool(text == "1")
		}
		return &text, text == "true" || text == "false"
	case connector.Integer, connector.Number:
		return &text, number
	case connector.Day:
		return &text, day.MatchString(text)
	}
	return &text, true
}

// wrong tells what is wrong with a table. None of it names a customer.
func (s *System) wrong(t *table, code string, more ...any) *fault.Error {
	args := append([]any{"system", s.cfg.System, "collection", t.Name}, more...)
	if len(more) == 0 {
		args = append(args, "key", t.Key)
	}
	return fault.New(fault.Invalid, code, args...).At(t.op, nil)
}

// ListFiles has nothing to list: a database keeps tables.
func (s *System) ListFiles(_ context.Context, collection, _, _ string, _ func(connector.HeldFile) error) error {
	return fault.New(fault.Blocked, "connector.unknown_collection", "system", s.cfg.System, "collection", collection).At("sqlitesystem.ListFiles", nil)
}

// OpenFile has nothing to read.
func (s *System) OpenFile(_ context.Context, collection, _ string, _ connector.HeldFile, _ int64) (io.ReadCloser, error) {
	return nil, fault.New(fault.Blocked, "connector.unknown_collection", "system", s.cfg.System, "collection", collection).At("sqlitesystem.OpenFile", nil)
}

// Check opens the file and asks which columns each statement gives, without reading
// any row.
func (s *System) Check(ctx context.Context) error {
	const op = "sqlitesystem.Check"
	return s.with(ctx, op, func(ctx context.Context, c *sql.Conn) error {
		for _, x := range s.cfg.Export {
			err := s.describe(ctx, c, &table{Export: x, op: op})
			var f *fault.Error
			if err != nil && errors.As(s.fault(op, err), &f) && f.Kind == fault.Invalid && f.Code != "connector.no_file" {
				return f.On(declaration.Pointer(declaration.Path("export", x.Name, "query")))
			}
			if err != nil {
				return err
			}
		}
		for _, h := range s.cfg.Erase {
			for _, part := range h.Parts() { // planned, and never run
				err := explain(ctx, c, part.SQL)
				var f *fault.Error
				if err != nil && errors.As(s.fault(op, err), &f) && f.Kind == fault.Invalid && f.Code != "connector.no_file" {
					return f.On(declaration.Pointer(declaration.Path("erase", h.Name, part.Key)))
				}
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// explain has a statement planned.
func explain(ctx context.Context, c *sql.Conn, text string) error {
	rows, err := c.QueryContext(ctx, "EXPLAIN "+text, "")
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	return rows.Err()
}
