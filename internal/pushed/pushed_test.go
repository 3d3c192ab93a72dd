package pushed_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/bundle"
	"hastaluego/internal/fault"
	"hastaluego/internal/pushed"
)

var columns = []pushed.Column{
	{Name: "id", Type: bundle.Integer},
	{Name: "what", Type: bundle.String},
	{Name: "price", Type: bundle.Number},
	{Name: "paid", Type: bundle.Boolean},
	{Name: "day", Type: bundle.Date},
	{Name: "at", Type: bundle.DateTime},
	{Name: "more", Type: bundle.Any},
}

func table(f pushed.Format) pushed.Push {
	return pushed.Push{Name: "orders", Number: 1, Format: f, Columns: columns, State: pushed.Filling}
}

// read is what was read, a line for each row: cells between bars, – for none.
func read(s pushed.Push, body string) (out string, err error) {
	err = s.Read(strings.NewReader(body), func(cells []*string) error {
		for _, c := range cells {
			if c == nil {
				out += "–|"
				continue
			}
			out += *c + "|"
		}
		out += "\n"
		return nil
	})
	return out, err
}

func TestRowsAreReadByTheirColumns(t *testing.T) {
	t.Parallel()
	const want = "1|=SUM(A1)|1.50|true|2026-11-28|2026-11-28T09:00:00Z|{\"a\":[1,2]}|\n2|–|–|–|–|–|–|\n"
	for f, body := range map[pushed.Format]string{
		pushed.CSV:    "\xef\xbb\xbfwhat,id,price,paid,day,at,more\r\n=SUM(A1),1,1.50,true,2026-11-28,2026-11-28T09:00:00Z,\"{\"\"a\"\":[1,2]}\"\r\n,2,,,,,\r\n",
		pushed.NDJSON: "{\"what\": \"=SUM(A1)\", \"id\": 1, \"price\": 1.50, \"paid\": true, \"day\": \"2026-11-28\", \"at\": \"2026-11-28T09:00:00Z\", \"more\": {\"a\": [1, 2]}}\n\n{\"id\": 2, \"what\": null}",
	} {
		if got, err := read(table(f), body); err != nil || got != want {
			t.Errorf("%s: %q, %v", f, got, err)
		}
	}
}

// What is wrong says in which row and which column, and never what stands there.
func TestWhatIsWrongSaysWhere(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		format         pushed.Format
		body, code, at string
	}{
		{pushed.NDJSON, `{"id": 1}` + "\n" + `{"id": "secreto"}`, "push.type", "rows.2.id"},
		{pushed.NDJSON, `{"id": 1.5}`, "push.type", "rows.1.id"},
		{pushed.NDJSON, `{"what": 7}`, "push.type", "rows.1.what"},
		{pushed.NDJSON, `{"what": "a\u0000b"}`, "push.type", "rows.1.what"},
		{pushed.NDJSON, `{"day": "2026-02-30"}`, "push.type", "rows.1.day"},
		{pushed.NDJSON, `{"at": "ayer"}`, "push.type", "rows.1.at"},
		{pushed.NDJSON, `{"paid": "true"}`, "push.type", "rows.1.paid"},
		{pushed.NDJSON, `{"secreto": 1}`, "push.no_column", "rows.1.secreto"},
		{pushed.NDJSON, `{"a/b.c": 1}`, "push.no_column", "rows.1"},
		{pushed.NDJSON, `{"id": 1, "id": 2}`, "push.twice", "rows.1.id"},
		{pushed.NDJSON, `[1]`, "push.unreadable", "rows.1"},
		{pushed.NDJSON, `{"id": 1`, "push.unreadable", "rows.1"},
		{pushed.NDJSON, `{"id": 1} {"id": 2}`, "push.unreadable", "rows.1"},
		{pushed.NDJSON, "{\"what\": \"\xff\"}", "push.unreadable", "rows.1"},
		{pushed.NDJSON, `{"id": 1}` + "\n" + `{"what": "` + strings.Repeat("x", 2<<20) + `"}`, "push.unreadable", "rows.2"},
		{pushed.CSV, "id,what,price,paid,day,at\n", "push.lacks_column", "rows.0.more"},
		{pushed.CSV, "id,what,price,paid,day,at,more,id\n", "push.twice", "rows.0.id"},
		{pushed.CSV, "id,what,price,paid,day,at,more,x\n", "push.no_column", "rows.0.x"},
		{pushed.CSV, "id,what,price,paid,day,at,more\n1,a,,,,,\n1,b,,,,\n", "push.unreadable", "rows.2"},
		{pushed.CSV, "id,what,price,paid,day,at,more\n01,a,,,,,\n", "push.type", "rows.1.id"},
		{pushed.CSV, "id,what,price,paid,day,at,more\n1,\xff,,,,,\n", "push.type", "rows.1.what"},
	} {
		_, err := read(table(x.format), x.body)
		l := fault.Fields(err)
		if fault.CodeOf(err) != x.code || len(l) != 1 || l[0].Field != x.at || strings.Contains(fmt.Sprint(err), "secreto") && x.code == "push.type" {
			t.Errorf("%q: %v at %+v, want %s at %s", x.body[:min(60, len(x.body))], err, l, x.code, x.at)
		}
	}
}

// Any text is read as it was written, whichever way it comes.
func TestTextIsReadAsItWas(t *testing.T) {
	t.Parallel()
	s := pushed.Push{Name: "notes", Columns: []pushed.Column{{Name: "text", Type: bundle.String}, {Name: "n", Type: bundle.Integer}}}
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(rapid.StringMatching(`[^\x00\r]{1,40}`), 1, 5).Draw(t, "texts")
		var lines, csv bytes.Buffer
		csv.WriteString("text,n\n")
		for i, x := range texts {
			fmt.Fprintf(&csv, "\"%s\",%d\n", strings.ReplaceAll(x, `"`, `""`), i)
		}
		w, err := bundle.NewLines(&lines, []bundle.Field{{Name: "text", Type: bundle.String}, {Name: "n", Type: bundle.Integer}})
		if err != nil {
			t.Fatal(err)
		}
		for i, x := range texts {
			if err := w.Row(bundle.Cell{Text: x}, bundle.Cell{Text: fmt.Sprint(i)}); err != nil {
				t.Fatal(err)
			}
		}
		for f, body := range map[pushed.Format]string{pushed.CSV: csv.String(), pushed.NDJSON: lines.String()} {
			s.Format = f
			var got []string
			if err := s.Read(strings.NewReader(body), func(cells []*string) error { got = append(got, *cells[0]); return nil }); err != nil || strings.Join(got, "\x00") != strings.Join(texts, "\x00") {
				t.Fatalf("%s: %q, want %q: %v", f, got, texts, err)
			}
		}
	})
}

func FuzzRows(f *testing.F) {
	f.Add("id,what,price,paid,day,at,more\n1,a,1.5,true,2026-11-28,2026-11-28T09:00:00Z,{}\n", true)
	f.Add(`{"id": 1, "what": "a", "more": [1, {"x": null}]}`, false)
	f.Fuzz(func(t *testing.T, body string, csv bool) {
		s := table(pushed.NDJSON)
		if csv {
			s.Format = pushed.CSV
		}
		fields := make([]bundle.Field, len(columns))
		for i, c := range columns {
			fields[i] = bundle.Field{Name: c.Name, Type: c.Type}
		}
		var out bytes.Buffer
		into, err := bundle.NewTable(&out, fields)
		if err != nil {
			t.Fatal(err)
		}
		_ = s.Read(strings.NewReader(body), func(cells []*string) error { // what is wrong with it is told in the other tests
			row := make([]bundle.Cell, len(cells))
			for i, c := range cells {
				if row[i] = bundle.Null; c != nil {
					row[i] = bundle.Cell{Text: *c}
				}
			}
			if err := into.Row(row...); err != nil {
				t.Fatalf("what was let in cannot be packed: %v", err)
			}
			return nil
		})
	})
}

func TestADescriptionSaysWhatIsWrongWithIt(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 300)
	for _, x := range []struct {
		p    pushed.Push
		want string
	}{
		{table(pushed.CSV), ""},
		{pushed.Push{Name: "photos", Number: 7, Format: pushed.Files, Titles: map[string]string{"es": "Fotos", "en": "Photos"}}, ""},
		{pushed.Push{Name: "Fotos", Format: pushed.Files}, "name push.name; push push.number"},
		{pushed.Push{Name: "a", Number: 1 << 53, Format: "xml"}, "push push.number; format field.choice; columns push.columns"},
		{pushed.Push{Name: "a", Number: 1, Format: pushed.Files, Columns: columns}, "columns push.no_columns"},
		{pushed.Push{Name: "a", Number: 1, Format: pushed.CSV, Titles: map[string]string{"fr": "x"}, Columns: columns[:1]}, "titles push.titles"},
		{
			pushed.Push{Name: "a", Number: 1, Format: pushed.CSV, Columns: []pushed.Column{{Name: "=x", Type: "money", Titles: map[string]string{"es": long}}, columns[0], columns[0], {Name: "a.b", Type: bundle.String}}},
			"columns.0.name push.column_name; columns.0.type field.choice; columns.0.titles push.titles; columns.2.name push.column_twice; columns.3.name push.column_name",
		},
	} {
		var got []string
		for _, f := range x.p.Check() {
			got = append(got, f.Field+" "+f.Code)
		}
		if s := strings.Join(got, "; "); s != x.want {
			t.Errorf("%s: %q, want %q", x.p.Name, s, x.want)
		}
	}
}

// Whatever parts come in whatever order: a push is complete when all of them are
// there, up to the last, and takes nothing more then.
func TestAPushIsCompleteWhenAllOfItIsThere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
		p, there, total, rows := table(pushed.CSV), map[int]bool{}, 0, int64(0)
		most := rapid.IntRange(1, 6).Draw(t, "most")
		for range rapid.IntRange(1, 20).Draw(t, "parts") {
			part := pushed.Part{N: rapid.IntRange(1, most).Draw(t, "n"), Last: rapid.Bool().Draw(t, "last"), Rows: 2, Bytes: 10}
			if there[part.N] { // whoever adds looks for that
				continue
			}
			highest := 0
			for n := range there {
				highest = max(highest, n)
			}
			fits := p.State != pushed.Complete && (total == 0 || part.N < total && !part.Last) && (!part.Last || part.N > highest)
			if err := p.Add(&part, now); (err == nil) != fits {
				t.Fatalf("part %+v to %+v: %v", part, p, err)
			} else if err != nil {
				continue
			}
			there[part.N] = true
			if rows += 2; part.Last {
				total = part.N
			}
			if whole := total > 0 && len(there) == total; (p.State == pushed.Complete) != whole || p.Rows != rows || p.Parts != len(there) {
				t.Fatalf("%+v with %v of %d", p, there, total)
			}
		}
	})
}

// Whatever is begun, filled and completed in whatever order: what is taken along of a
// name is whole, and never older than what was taken along before.
func TestWhatIsTakenAlongIsWholeAndNeverGoesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
		var there []pushed.Push
		before := map[string]int64{}
		for range rapid.IntRange(1, 30).Draw(t, "acts") {
			p := table(pushed.NDJSON)
			p.Name, p.Number = rapid.SampledFrom([]string{"orders", "photos"}).Draw(t, "name"), rapid.Int64Range(1, 5).Draw(t, "number")
			if rapid.Bool().Draw(t, "begin") {
				again, gone, err := pushed.Begin(there, p)
				if (err != nil) != (p.Number < newest(there, p.Name)) {
					t.Fatalf("began %s %d beside %+v: %v", p.Name, p.Number, there, err)
				}
				if err == nil && again == nil {
					there = append(without(there, gone), p)
				}
			} else if found, err := pushed.Find(there, p.Name, p.Number); err == nil && found.State == pushed.Filling {
				part := pushed.Part{N: found.Parts + 1, Last: rapid.Bool().Draw(t, "last")}
				if err := found.Add(&part, now); err != nil {
					t.Fatal(err)
				}
				there = append(without(there, []pushed.Push{found}), found)
			}
			list, waiting := pushed.Taken(there)
			for _, o := range list {
				if o.State != pushed.Complete || o.Number < before[o.Name] {
					t.Fatalf("taken along: %+v, before %d", o, before[o.Name])
				}
				before[o.Name] = o.Number
			}
			for _, o := range waiting {
				if before[o.Name] > 0 {
					t.Fatalf("%s %d was there and is waited for", o.Name, before[o.Name])
				}
			}
		}
	})
}

func newest(there []pushed.Push, name string) (n int64) {
	for _, o := range there {
		if o.Name == name {
			n = max(n, o.Number)
		}
	}
	return n
}

func without(there, gone []pushed.Push) (out []pushed.Push) {
	for _, o := range there {
		if !slices.ContainsFunc(gone, func(g pushed.Push) bool { return g.Name == o.Name && g.Number == o.Number }) {
			out = append(out, o)
		}
	}
	return out
}

func TestOneCustomerHasSoMuchRoom(t *testing.T) {
	t.Parallel()
	var there []pushed.Push
	for i := range pushed.NamesMost {
		there = append(there, pushed.Push{Name: fmt.Sprint("n", i), Number: 1, Bytes: pushed.CustomerMost / pushed.NamesMost})
	}
	if err := pushed.Room(there, 100); fault.CodeOf(err) != "push.customer_full" {
		t.Errorf("beyond all: %v", err)
	}
	if err := pushed.Room(there[1:], 100); err != nil {
		t.Errorf("within: %v", err)
	}
	if _, _, err := pushed.Begin(there, table(pushed.CSV)); fault.CodeOf(err) != "push.names" {
		t.Errorf("one name more: %v", err)
	}
	p := table(pushed.CSV)
	p.Bytes = pushed.PushMost
	if err := p.Add(&pushed.Part{N: 1, Bytes: 1}, time.Time{}); fault.CodeOf(err) != "push.too_large" {
		t.Errorf("a push that is too large: %v", err)
	}
}
