package conformance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
)

// Holder is a far system under test that gives away what it holds of its customers:
// a table, or files.
type Holder struct {
	// Connect connects it.
	Connect func(t *testing.T) connector.System
	// Expired connects it with a credential that it no longer accepts; nil: there is
	// no credential.
	Expired func(t *testing.T) connector.System
	// Collection is what is exported: rows with the column "number" as their key and
	// the column "what", or files.
	Collection string
	// Put has the customer hold so many things more, numbered on from what they hold
	// already; what each says is What.
	Put func(t *testing.T, owner string, n int)
	// Change changes what the first thing of the customer says. Of a list on pages
	// that cannot be read on, it takes the first thing away.
	Change func(t *testing.T, owner string)
	// Many is how many things are more than one page.
	Many int
}

// What is what the n-th thing of an owner says, from 1.
func What(owner string, n int) string { return fmt.Sprintf("%s holds %05d", owner, n) }

// Name is what the n-th thing of an owner is called, in the order of its number.
func Name(n int) string { return fmt.Sprintf("%05d", n) }

// errEnough is how the suite breaks off.
var errEnough = errors.New("conformance: that was enough")

// rows is a sink that takes so many rows and then breaks off.
type rows struct {
	most    int // zero: all
	columns []connector.Column
	asked   int // how often it was told of columns
	got     []connector.Row
	each    func()
}

func (r *rows) Columns(columns []connector.Column) error {
	r.columns = columns
	r.asked++
	return nil
}

func (r *rows) Row(row connector.Row) error {
	if r.most > 0 && len(r.got) == r.most {
		return errEnough
	}
	r.got = append(r.got, row)
	if r.each != nil {
		r.each()
	}
	return nil
}

// said is one thing that was given.
type said struct{ key, what string }

func (r *rows) said(t *testing.T) (out []said) {
	t.Helper()
	at := slices.IndexFunc(r.columns, func(c connector.Column) bool { return c.Name == "what" })
	if at < 0 || r.asked != 1 {
		t.Fatalf("told %d times of the columns %v", r.asked, r.columns)
	}
	for _, row := range r.got {
		if len(row.Cells) != len(r.columns) || row.Cells[at] == nil {
			t.Fatalf("a row with %d cells of %d", len(row.Cells), len(r.columns))
		}
		out = append(out, said{row.Key, *row.Cells[at]})
	}
	return out
}

// RunExport runs the suite of systems that give away what they hold.
func RunExport(t *testing.T, h Holder) {
	s := h.Connect(t)
	i := slices.IndexFunc(s.Exporter.Collections(), func(c connector.Collection) bool { return c.Name == h.Collection })
	if i < 0 {
		t.Fatalf("it has no %s", h.Collection)
	}
	c := s.Exporter.Collections()[i]
	h.Put(t, "ana", h.Many)
	h.Put(t, "bea", 3)
	if c.Table {
		h.tables(t, s.Exporter, c)
	} else {
		h.files(t, s.Exporter)
	}
	if h.Expired != nil {
		x := h.Expired(t).Exporter
		err := x.ReadRows(t.Context(), h.Collection, "ana", "", &rows{})
		if !c.Table {
			err = x.ListFiles(t.Context(), h.Collection, "ana", "", func(connector.HeldFile) error { return nil })
		}
		if fault.KindOf(err) != fault.Invalid || fault.CodeOf(err) != "connector.credential" {
			t.Errorf("with an expired credential: %v", err)
		}
	}
	if err := s.Exporter.ReadRows(t.Context(), "nothing", "ana", "", &rows{}); fault.CodeOf(err) != "connector.unknown_collection" {
		t.Errorf("what is not declared: %v", err)
	}
}

// strange are owners who are nobody, or would be somebody else.
var strange = []string{"", "nobody", "..", ".", "../bea", "bea/..", "ana/../bea", "an", "an%", "*", "ana' OR '1'='1", "ana\x00"}

func (h Holder) whole(t *testing.T, owner string, n int, got []said) {
	t.Helper()
	if len(got) != n {
		t.Fatalf("%d things of %s, who holds %d", len(got), owner, n)
	}
	for i, x := range got {
		if x.what != What(owner, i+1) {
			t.Fatalf("the thing %d of %s says %q", i+1, owner, x.what)
		}
	}
}

func (h Holder) tables(t *testing.T, x connector.Exporter, c connector.Collection) {
	read := func(owner, after string, most int) ([]said, error) {
		r := &rows{most: most}
		if err := x.ReadRows(t.Context(), h.Collection, owner, after, r); err != nil {
			if !errors.Is(err, errEnough) {
				return nil, err
			}
			return r.said(t), err
		}
		return r.said(t), nil
	}
	all, err := read("ana", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	h.whole(t, "ana", h.Many, all)
	for _, most := range []int{1, h.Many / 2, h.Many - 1} {
		got, err := read("ana", "", most)
		if !errors.Is(err, errEnough) || len(got) != most {
			t.Fatalf("broken off after %d: %d, %v", most, len(got), err)
		}
		if !c.Resumes {
			continue
		}
		rest, err := read("ana", got[most-1].key, 0)
		if err != nil {
			t.Fatal(err)
		}
		h.whole(t, "ana", h.Many, append(got, rest...))
	}
	if c.Resumes {
		if rest, err := read("ana", all[len(all)-1].key, 0); err != nil || len(rest) > 0 {
			t.Errorf("behind the last one: %d, %v", len(rest), err)
		}
	}
	for _, owner := range strange {
		if got, err := read(owner, "", 0); len(got) > 0 || err != nil && fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q has %d rows, %v", owner, len(got), err)
		}
	}
	got, err := read("bea", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	h.whole(t, "bea", 3, got)

	ctx, cancel := context.WithCancel(t.Context())
	r := &rows{each: cancel}
	if err := x.ReadRows(ctx, h.Collection, "ana", "", r); fault.KindOf(err) != fault.Transient || len(r.got) == h.Many {
		t.Errorf("called off: %d rows, %v", len(r.got), err)
	}
	// Something changes while it is read: whoever was there all the time is given
	// once, or it is said that not all was read.
	r = &rows{}
	r.each = func() {
		if len(r.got) == 1 {
			h.Change(t, "ana")
		}
	}
	if err := x.ReadRows(t.Context(), h.Collection, "ana", "", r); err != nil {
		if fault.KindOf(err) != fault.Transient || fault.CodeOf(err) != "connector.not_all" {
			t.Errorf("changed while it was read: %v", err)
		}
	} else if !c.Resumes || len(r.got) != h.Many {
		t.Errorf("changed while it was read: %d rows of %d", len(r.got), h.Many)
	}
}

func (h Holder) files(t *testing.T, x connector.Exporter) {
	list := func(owner, after string, most int) (out []connector.HeldFile, err error) {
		err = x.ListFiles(t.Context(), h.Collection, owner, after, func(f connector.HeldFile) error {
			if most > 0 && len(out) == most {
				return errEnough
			}
			out = append(out, f)
			return nil
		})
		return out, err
	}
	read := func(owner string, f connector.HeldFile, offset int64) (string, error) {
		r, err := x.OpenFile(t.Context(), h.Collection, owner, f, offset)
		if err != nil {
			return "", err
		}
		defer func() { _ = r.Close() }()
		b, err := io.ReadAll(r)
		return string(b), err
	}
	all, err := list("ana", "", 0)
	if err != nil || len(all) != h.Many {
		t.Fatalf("%d files, %v", len(all), err)
	}
	for i, f := range all {
		if f.Name != Name(i+1) || f.Skipped != "" || f.Version == "" || f.ModifiedAt.IsZero() {
			t.Fatalf("the file %d is %+v", i+1, f)
		}
		if i > 3 && i < h.Many-3 { // each is as good as another
			continue
		}
		what := What("ana", i+1)
		for _, offset := range []int64{0, 1, f.Size - 1, f.Size} {
			if got, err := read("ana", f, offset); err != nil || got != what[offset:] || f.Size != int64(len(what)) {
				t.Fatalf("%s from %d: %q, %v; want %q", f.Name, offset, got, err, what[offset:])
			}
		}
		for _, offset := range []int64{-1, f.Size + 1} {
			if _, err := read("ana", f, offset); fault.KindOf(err) != fault.Invalid {
				t.Errorf("from %d: %v", offset, err)
			}
		}
	}
	for _, most := range []int{1, h.Many / 2, h.Many - 1} {
		got, err := list("ana", "", most)
		if !errors.Is(err, errEnough) || len(got) != most {
			t.Fatalf("broken off after %d: %d, %v", most, len(got), err)
		}
		rest, err := list("ana", got[most-1].Name, 0)
		if err != nil || !slices.Equal(append(got, rest...), all) {
			t.Errorf("gone on behind %d: %d more, %v", most, len(rest), err)
		}
	}
	if rest, err := list("ana", all[len(all)-1].Name, 0); err != nil || len(rest) > 0 {
		t.Errorf("behind the last one: %d, %v", len(rest), err)
	}
	for _, owner := range strange {
		if got, err := list(owner, "", 0); len(got) > 0 || err != nil && fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q has %d files, %v", owner, len(got), err)
		}
		if got, err := read(owner, all[0], 0); err == nil {
			t.Errorf("%q read %q of another", owner, got)
		}
	}
	if got, err := read("bea", all[h.Many-1], 0); fault.CodeOf(err) != "connector.not_all" {
		t.Errorf("bea read %q of another: %v", got, err)
	}
	for _, name := range []string{"../ana/00001", "/00001", "../../" + strings.Repeat("../", 20) + "etc/passwd"} {
		f := all[0]
		f.Name = name
		if got, err := read("bea", f, 0); err == nil {
			t.Errorf("%s was read: %q", name, got)
		}
	}

	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	err = x.ListFiles(ctx, h.Collection, "ana", "", func(connector.HeldFile) error { n++; cancel(); return nil })
	if fault.KindOf(err) != fault.Transient || n == h.Many {
		t.Errorf("called off: %d files, %v", n, err)
	}
	if _, err := x.OpenFile(ctx, h.Collection, "ana", all[0], 0); fault.KindOf(err) != fault.Transient {
		t.Errorf("opened after it was called off: %v", err)
	}
	h.Change(t, "ana")
	if got, err := read("ana", all[0], 0); fault.KindOf(err) != fault.Transient || fault.CodeOf(err) != "connector.not_all" {
		t.Errorf("a file that is no longer what was listed: %q, %v", got, err)
	}
	if now, err := list("ana", "", 1); !errors.Is(err, errEnough) || now[0].Version == all[0].Version {
		t.Errorf("it changed, and its version stayed: %v", err)
	}
}
