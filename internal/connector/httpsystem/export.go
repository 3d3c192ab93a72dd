package httpsystem

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/httpcall"
	"hastaluego/internal/fault"
)

// Export is a table that the system gives away of a customer.
type Export struct {
	declaration.Table

	Name   string // of the collection
	List   Operation
	Fields []Field // the columns, in the order of the declaration
	Empty  []int   // statuses that mean: it has nothing of that owner
}

// Field is a column: where it stands in each of the list, and what is there.
type Field struct {
	Name string
	Path string
	Type connector.ColumnType // empty: Text
}

// columnTypes are the words for what stands in a column.
var columnTypes = []connector.ColumnType{connector.Text, connector.Integer, connector.Number, connector.Boolean, connector.Day, connector.Instant, connector.AnyValue}

func (r reading) export(path []string) (all []Export) {
	for _, name := range r.Names(path) {
		where := below(path, name)
		m := r.Keys(where, append([]string{"list", "columns", "types", "empty"}, declaration.TableKeys...)...)
		x := Export{Name: name, Table: r.Exported(m, where), Empty: r.Numbers(m, where, "empty")}
		if m.Has("list") {
			x.List = r.calls(below(where, "list"))
		}
		paths, types := r.Table(m, where, "columns"), r.Table(m, where, "types")
		for _, column := range r.Names(below(where, "columns")) {
			x.Fields = append(x.Fields, Field{Name: column, Path: paths[column], Type: connector.ColumnType(types[column])})
		}
		for _, column := range slices.Sorted(maps.Keys(types)) {
			if _, there := paths[column]; !there {
				r.Bad(below(below(where, "types"), column), "system.unknown_key", "key", column)
			}
		}
		all = append(all, x)
	}
	return all
}

func (x Export) check(k *checker) {
	where := at("export", x.Name)
	k.found = append(k.found, x.Check(x.Name, where)...)
	sc := k.scope(once)
	delete(sc.known, "reference")
	sc.known["owner"] = true
	list := below(where, "list")
	k.reading(nil, nil, x.List, list, sc)
	last := indexed(list, len(x.List.Before), len(x.List.Before)+1)
	switch {
	case x.List.Items == "":
		k.bad(last, "system.needs", "key", "list", "needs", "items")
	case len(x.List.Each) > 0:
		k.bad(below(last, "each"), "system.not_here", "key", "each")
	}
	if len(x.Fields) == 0 {
		k.bad(below(where, "columns"), "field.required")
	}
	for _, f := range x.Fields {
		k.path(f.Path, below(below(where, "columns"), f.Name))
		if f.Type != "" && !slices.Contains(columnTypes, f.Type) {
			k.bad(below(below(where, "types"), f.Name), "system.word", "words", join(columnTypes))
		}
	}
	if name := x.Missing(x.columns()); name != "" && x.Key != "" && len(x.Fields) > 0 {
		key := "others"
		if name == x.Key {
			key = "key"
		}
		k.bad(below(where, key), "system.needs", "key", name, "needs", "columns")
	}
	k.statuses(x.Empty, below(where, "empty"))
}

// columns are the declared ones.
func (x Export) columns() []connector.Column {
	out := make([]connector.Column, len(x.Fields))
	for i, f := range x.Fields {
		if f.Type == "" {
			f.Type = connector.Text
		}
		out[i] = x.Column(f.Name, f.Type)
	}
	return out
}

// exporter is a system that declares what it gives away.
type exporter struct{ *System }

var _ connector.Exporter = exporter{}

// Collections are the declared tables, in their order. A list on pages cannot be
// read on from a row.
func (x exporter) Collections() []connector.Collection {
	out := make([]connector.Collection, len(x.cfg.Export))
	for i, e := range x.cfg.Export {
		out[i] = e.Collection(e.Name, false)
	}
	return out
}

// ReadRows gives a list, page by page. One of several pages is then read once more:
// where it is another list, what was given was not all of it.
func (x exporter) ReadRows(ctx context.Context, collection, owner, after string, to connector.TableSink) error {
	const op = "httpsystem.ReadRows"
	i := slices.IndexFunc(x.cfg.Export, func(e Export) bool { return e.Name == collection })
	if i < 0 {
		return fault.New(fault.Blocked, "connector.unknown_collection", "system", x.cfg.System, "collection", collection).At(op, nil)
	}
	e, v := x.cfg.Export[i], x.values("owner", owner)
	if after != "" { // no such list can be read on
		return x.Say(fault.Invalid, "connector.refused", 0).At(op, nil)
	}
	if _, ok := declaration.Owned(declaration.OwnerSlot, owner); !ok {
		return x.Say(fault.Invalid, "connector.bad_reference", 0).At(op, nil)
	}
	columns := e.columns()
	key := slices.IndexFunc(columns, func(c connector.Column) bool { return c.Name == e.Key })
	begun := false
	begin := func() error {
		if begun {
			return nil
		}
		begun = true
		return to.Columns(columns)
	}
	nothing := func(ans httpcall.Answer, err error) bool {
		return err != nil && slices.Contains(e.Empty, ans.Status) && fault.CodeOf(err) != "connector.unreadable" && !begun
	}
	if ans, err := x.look(ctx, op, e.List.Before, v); nothing(ans, err) {
		return begin()
	} else if err != nil {
		return err
	}
	seen := map[[16]byte]bool{}
	first := sha256.New()
	ans, pages, err := x.pages(ctx, op, e.List, v, func(items []any, page httpcall.Answer) error {
		if err := begin(); err != nil {
			return err
		}
		for _, item := range items {
			if e.List.Where != nil && !e.List.Where.filled(v).holds(httpcall.Answer{Body: item}, false) {
				continue
			}
			row, err := x.row(op, e, columns, item, page.Status)
			if err != nil {
				return err
			}
			if row.Cells[key] == nil || *row.Cells[key] == "" {
				return fault.New(fault.Invalid, "connector.key_empty", "system", x.cfg.System, "collection", e.Name, "key", e.Key).At(op, nil)
			}
			row.Key = *row.Cells[key]
			mark := [16]byte(hash(row.Key))
			if seen[mark] { // it moved from one page to another, and another one may be on none
				return x.notAll(op)
			}
			seen[mark] = true
			first.Write(hash(row.Key))
			if err := to.Row(row); err != nil {
				return err
			}
		}
		return nil
	})
	switch {
	case nothing(ans, err):
		return begin()
	case err != nil || pages == 1:
		return err
	}
	again := sha256.New()
	_, _, err = x.pages(ctx, op, e.List, v, func(items []any, _ httpcall.Answer) error {
		for _, item := range items {
			one := httpcall.Answer{Body: item}
			if e.List.Where != nil && !e.List.Where.filled(v).holds(one, false) {
				continue
			}
			again.Write(hash(one.Scalar(e.Fields[key].Path)))
		}
		return nil
	})
	if err == nil && string(first.Sum(nil)) != string(again.Sum(nil)) {
		return x.notAll(op)
	}
	return err
}

func hash(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:16]
}

// row reads one thing of a list.
func (x exporter) row(op string, e Export, columns []connector.Column, item any, status int) (connector.Row, error) {
	row := connector.Row{Cells: make([]*string, len(columns))}
	one := httpcall.Answer{Body: item}
	for i, f := range e.Fields {
		v := one.At(f.Path)
		if v == nil {
			continue
		}
		text := one.Scalar(f.Path)
		_, list := v.([]any)
		_, object := v.(map[string]any)
		if columns[i].Type == connector.AnyValue || list || object {
			b, err := json.Marshal(v)
			if err != nil {
				return row, x.Say(fault.Transient, "connector.unreadable", status).At(op, nil)
			}
			text = string(b)
		}
		if !sayable(text, columns[i].Type) {
			return row, fault.New(fault.Invalid, "connector.value", "system", x.cfg.System, "collection", e.Name, "column", f.Name).At(op, nil)
		}
		row.Cells[i] = &text
	}
	return row, nil
}

var (
	wholeNumber = regexp.MustCompile(`^[+-]?\d+$`)
	anyNumber   = regexp.MustCompile(`^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$`)
)

// sayable reports whether a text is a value of the type.
func sayable(text string, is connector.ColumnType) bool {
	var err error
	switch is {
	case connector.Integer:
		return wholeNumber.MatchString(text)
	case connector.Number:
		return anyNumber.MatchString(text)
	case connector.Boolean:
		_, err = strconv.ParseBool(text)
		return err == nil && len(text) > 1
	case connector.Day:
		_, err = time.Parse(time.DateOnly, text)
	case connector.Instant:
		_, err = time.Parse(time.RFC3339, strings.ToUpper(text))
	}
	return err == nil
}

// ListFiles has nothing to list: what is declared are tables.
func (x exporter) ListFiles(_ context.Context, collection, _, _ string, _ func(connector.HeldFile) error) error {
	return fault.New(fault.Blocked, "connector.unknown_collection", "system", x.cfg.System, "collection", collection).At("httpsystem.ListFiles", nil)
}

// OpenFile has nothing to read.
func (x exporter) OpenFile(_ context.Context, collection, _ string, _ connector.HeldFile, _ int64) (io.ReadCloser, error) {
	return nil, fault.New(fault.Blocked, "connector.unknown_collection", "system", x.cfg.System, "collection", collection).At("httpsystem.OpenFile", nil)
}
