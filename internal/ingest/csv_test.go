package ingest_test

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"pgregory.net/rapid"

	"hastaluego/internal/fault"
	"hastaluego/internal/ingest"
)

func load(t testing.TB, src string) *ingest.Map {
	t.Helper()
	m, err := ingest.LoadMap("m.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

const plainRows = "Id,Name,Mail,Price,Since\n1,Íñigo Ñandú,a@x.example,1.00,2024-01-31\n"

func TestFilesOfOtherDialectsAreRead(t *testing.T) {
	t.Parallel()
	m := load(t, smallMap)
	latin := func(s string) string {
		out, err := charmap.Windows1252.NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	utf16 := func(e unicode.Endianness) string {
		out, err := unicode.UTF16(e, unicode.UseBOM).NewEncoder().String(plainRows)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for name, src := range map[string]string{
		"commas":            plainRows,
		"semicolons":        strings.ReplaceAll(plainRows, ",", ";"),
		"tabs":              strings.ReplaceAll(plainRows, ",", "\t"),
		"bars":              strings.ReplaceAll(plainRows, ",", "|"),
		"commas in quotes":  strings.ReplaceAll(strings.Replace(plainRows, "Since", "\"Since\"", 1), ",", ";"),
		"Latin-1":           latin(plainRows),
		"a mark":            "\xef\xbb\xbf" + plainRows,
		"Windows line ends": strings.ReplaceAll(plainRows, "\n", "\r\n"),
		"no last line end":  strings.TrimSuffix(plainRows, "\n"),
		"UTF-16":            utf16(unicode.LittleEndian),
		"UTF-16 big":        utf16(unicode.BigEndian),
		"empty rows":        plainRows + ",,,,\n\n , ,,,\n",
		"spaces in names":   strings.Replace(plainRows, "Id,Name", " Id , Name", 1),
		"more columns":      strings.ReplaceAll(plainRows, "\n", ",\"a\nb\"\n"),
		"quotes":            strings.Replace(plainRows, "Íñigo Ñandú", "\"Íñigo Ñandú\"", 1),
	} {
		for how, r := range map[string]io.Reader{"file": strings.NewReader(src), "pipe": io.MultiReader(strings.NewReader(src))} {
			var names []string
			_, err := ingest.Read(r, m, func(row ingest.Row) error { names = append(names, row.Customer.Name); return nil },
				func(e ingest.RowError) error { t.Errorf("%s, %s: %v", name, how, e); return nil })
			if err != nil || len(names) != 1 || names[0] != "Íñigo Ñandú" {
				t.Errorf("%s, %s: %q %v", name, how, names, err)
			}
		}
	}
	if _, _, err := read(t, m, []byte("Id,Name\n1,Ana\n")); len(fault.Fields(err)) != 3 {
		t.Errorf("missing columns: %v", err)
	}
	if _, _, err := read(t, m, []byte("Id,Name,Mail,Price,Since,Mail\n")); fault.CodeOf(err) != "csv.column_twice" {
		t.Errorf("a column that stands twice: %v", err)
	}
	if _, _, err := read(t, m, nil); fault.CodeOf(err) != "csv.no_header" {
		t.Errorf("an empty file: %v", err)
	}
}

// A declared encoding is obeyed; a broken byte in a file of the other one is
// refused with its row and column, wherever it stands.
func TestABrokenByteIsABrokenRowAndNotAnotherEncoding(t *testing.T) {
	t.Parallel()
	var long strings.Builder
	long.WriteString("Id,Name,Mail,Price,Since\n")
	for i := range 3000 { // well beyond what is looked at first
		fmt.Fprintf(&long, "%d,Peña %d,a%d@x.example,1.00,2024-01-31\n", i, i, i)
	}
	src := strings.Replace(long.String(), "Peña 2500,", "Pe\xf1a 2500,", 1)
	good, bad, err := read(t, load(t, smallMap), []byte(src))
	if err != nil || len(good) != 2999 || len(bad) != 1 || bad[0].Row != 2501 || bad[0].Column != "Name" || bad[0].Fault.Code != "field.text" {
		t.Errorf("%d good, %+v, %v", len(good), bad, err)
	}
	// The same in Latin-1 from a late row on: the whole file decides.
	ascii := strings.ReplaceAll(long.String(), "Peña", "Pena")
	late := strings.Replace(ascii, "Pena 2900,", "Pe\xf1a 2900,", 1)
	good, bad, err = read(t, load(t, smallMap), []byte(late))
	if err != nil || len(bad) != 0 || good[2900].Customer.Name != "Peña 2900" {
		t.Errorf("%+v, %v", bad, err)
	}
	declared := load(t, strings.Replace(smallMap, "columns:", "csv: {encoding: latin1}\ncolumns:", 1))
	good, _, err = read(t, declared, []byte("Id,Name,Mail,Price,Since\n1,\x80uro Pe\xf1a,a@x.example,1.00,2024-01-31\n"))
	if err != nil || len(good) != 1 || good[0].Customer.Name != "€uro Peña" {
		t.Errorf("declared: %v %v", good, err)
	}
	_, bad, err = read(t, declared, []byte("Id,Name,Mail,Price,Since\n1,A\x81,a@x.example,1.00,2024-01-31\n"))
	if err != nil || len(bad) != 1 || bad[0].Column != "Name" || bad[0].Fault.Code != "field.text" {
		t.Errorf("a byte that Windows-1252 has not: %v %v", bad, err)
	}
	utf := load(t, strings.Replace(smallMap, "columns:", "csv: {encoding: utf-8}\ncolumns:", 1))
	if _, bad, err = read(t, utf, []byte("Id,Name,Mail,Price,Since\n1,Pe\xf1a,a@x.example,1.00,2024-01-31\n")); err != nil || len(bad) != 1 {
		t.Errorf("declared UTF-8: %v %v", bad, err)
	}
}

func TestQuotesThatDoNotCloseAreToldWithLineAndCharacter(t *testing.T) {
	t.Parallel()
	m := load(t, smallMap)
	head := "Id,Name,Mail,Price,Since\n"
	fine := "1,Ana,a@x.example,29.85,2024-01-31\n"
	for name, c := range map[string]struct {
		row, code string
		line, col int
	}{
		"in the middle":      {"2,A\"na,b@x.example,1.00,2024-01-31\n", "csv.bare_quote", 3, 4},
		"after the end":      {"2,\"Ana\" B,b@x.example,1.00,2024-01-31\n", "csv.quote", 3, 7},
		"too few columns":    {"2,Ana\n", "csv.field_count", 3, 1},
		"too many columns":   {"2,Ana,b@x.example,1.00,2024-01-31,x\n", "csv.field_count", 3, 1},
		"over several lines": {"2,\"A\nna\" B,b@x.example,1.00,2024-01-31\n", "csv.quote", 4, 3},
	} {
		good, bad, err := read(t, m, []byte(head+fine+c.row+strings.Replace(fine, "1,", "3,", 1)))
		if err != nil || len(bad) != 1 || bad[0].Row != 2 || bad[0].Fault.Code != c.code || len(good) == 0 || good[len(good)-1].Customer.Reference != "3" {
			t.Errorf("%s: %d good, %+v, %v", name, len(good), bad, err)
			continue
		}
		if args := fmt.Sprint(bad[0].Fault.Args); args != fmt.Sprintf("[line %d col %d]", c.line, c.col) {
			t.Errorf("%s: %s, want line %d col %d", name, args, c.line, c.col)
		}
		if rec := bad[0].Record("en"); len(rec) != 9 {
			t.Errorf("%s: a reject row of %d columns", name, len(rec))
		}
	}
	// One that is never closed takes the rest: it is told, and does not fill the memory.
	good, _, err := read(t, m, []byte(head+fine+"2,\"Ana,b@x.example,1.00,2024-01-31\n"+strings.Repeat(fine, 60_000)))
	if len(good) != 1 || fault.CodeOf(err) != "csv.long_line" || !strings.Contains(fmt.Sprint(err), "line=3") {
		t.Errorf("%d good, %v", len(good), err)
	}
}

func TestAHugeFieldIsRefusedAndCutInWhatIsTold(t *testing.T) {
	t.Parallel()
	huge := strings.Repeat("é", 20_000)
	good, bad, err := read(t, load(t, smallMap), []byte("Id,Name,Mail,Price,Since\n1,"+huge+",a@x.example,1.00,2024-01-31\n2,Ana,b@x.example,1.00,2024-01-31\n"))
	if err != nil || len(good) != 1 || len(bad) != 1 || bad[0].Column != "Name" || bad[0].Fault.Code != "field.too_long" || len([]rune(bad[0].Value)) > 201 {
		t.Errorf("%d good, %d bad, %v", len(good), len(bad), err)
	}
}

// Whatever the table and however it is written, what comes out is what went in.
func TestWhatIsWrittenIsRead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		comma := rapid.SampledFrom([]string{",", ";", "\t", "|"}).Draw(t, "delimiter")
		latin := rapid.Bool().Draw(t, "latin1")
		// Two bytes of Latin-1 beyond ASCII side by side may also be a character of UTF-8.
		name := rapid.StringMatching(`([A-Za-z ]|[ñÑáéü€][a-z]){1,12}`)
		n := rapid.IntRange(1, 40).Draw(t, "rows")
		var want []string
		src := "Id" + comma + "Name\n"
		for i := range n {
			v := strings.TrimSpace(name.Draw(t, "name"))
			if v == "" {
				v = "x"
			}
			want = append(want, v)
			src += fmt.Sprintf("R%d%s\"%s\"\n", i, comma, v)
		}
		if latin {
			var err error
			if src, err = charmap.Windows1252.NewEncoder().String(src); err != nil {
				t.Fatal(err)
			}
		}
		m, err := ingest.LoadMap("m.yaml", []byte("as_of: 2026-11-01\nfields:\n  customer.reference: {column: Id}\n  customer.name: {column: Name}\n"))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		if _, err := ingest.Read(strings.NewReader(src), m, func(r ingest.Row) error { got = append(got, r.Customer.Name); return nil },
			func(e ingest.RowError) error { t.Fatalf("%+v", e); return nil }); err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%q, want %q", got, want)
		}
	})
}

// endless is a file of so many rows that is never there as a whole.
type endless struct {
	rows, at int
	rest     []byte
}

func (e *endless) Read(p []byte) (int, error) {
	if len(e.rest) == 0 {
		switch e.at++; {
		case e.at == 1:
			e.rest = []byte("Id,Name,Mail,Price,Since\n")
		case e.at > e.rows+1:
			return 0, io.EOF
		default:
			e.rest = fmt.Appendf(nil, "%d,Ana %d,a%d@x.example,1.00,2024-01-31\n", e.at, e.at, e.at)
		}
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

func heap() uint64 {
	var s runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}

// Not parallel: it looks at the memory of the whole process.
func TestMemoryDoesNotGrowWithTheFile(t *testing.T) {
	m := load(t, smallMap)
	before, most, n := heap(), uint64(0), 0
	if _, err := ingest.Read(&endless{rows: 80_000}, m, func(ingest.Row) error {
		if n++; n%20_000 == 0 {
			most = max(most, heap())
		}
		return nil
	}, func(e ingest.RowError) error { return e.Fault }); err != nil {
		t.Fatal(err)
	}
	if n != 80_000 || most > before+8<<20 {
		t.Errorf("%d rows, %d MB", n, (most-before)>>20)
	}
	seen := ingest.NewSeen()
	row := ingest.Row{}
	for i := range 2_500_000 { // more than it remembers
		row.Number, row.Customer.Reference = int64(i+1), fmt.Sprint("C-", i)
		if f := seen.Add(row); f != nil {
			t.Fatal(f)
		}
	}
	if grown := heap() - before; grown > 60<<20 {
		t.Errorf("what was seen takes %d MB", grown>>20)
	}
	row.Customer.Name = "otra"
	if seen.Add(row) == nil {
		t.Error("the last row is forgotten")
	}
	row.Customer.Reference = "C-1700000"
	if seen.Add(row) == nil {
		t.Error("a row that is not so far away is forgotten")
	}
}

func FuzzRead(f *testing.F) {
	maps := []*ingest.Map{load(f, smallMap), load(f, strings.Replace(smallMap, "columns:", "csv: {decimal: \",\", dates: dd/mm/yyyy}\ncolumns:", 1))}
	f.Add([]byte(plainRows))
	f.Add([]byte("Id;Name;Mail;Price;Since\n1;\"A\nb\";a@x.example;1.234,50;31/12/2024\n;;;;\n2;\xf1;b;1\n"))
	f.Add([]byte("\xef\xbb\xbfId,Name,Mail,Price,Since\r\n\x00,\"\r\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		for _, m := range maps {
			sum, err := ingest.Read(bytes.NewReader(src), m, func(r ingest.Row) error {
				if r.Customer.Reference == "" || r.Customer.Name == "" || r.Contact.Email != "" && !strings.Contains(r.Contact.Email, "@") {
					t.Errorf("a good row that is none: %+v", r)
				}
				if strings.ContainsAny(r.Customer.Name, "\x00\n\r") {
					t.Errorf("a name that cannot be stored: %q", r.Customer.Name)
				}
				return nil
			}, func(e ingest.RowError) error {
				if len(e.Record("es")) != len(e.Header)+4 || e.Why("es") == "" {
					t.Errorf("a reject row that does not fit: %+v", e)
				}
				return nil
			})
			if err == nil && sum.Rows != sum.Good+sum.Rejected {
				t.Errorf("rows are lost: %+v", sum)
			}
		}
	})
}

// Whatever a file of those who left says, a row that is good has a day, says
// nothing before it, and owes nobody less than nothing; no row is lost.
func FuzzReadDepartures(f *testing.F) {
	m := load(f, `as_of: 2026-11-01
csv: {dates: dd/mm/yyyy, decimal: ","}
reasons: {"Muy caro": price}
fields:
  customer.reference: {column: Ref}
  customer.name: {column: Name}
  contact.email: {column: Mail}
  departure.on: {column: Left}
  departure.reason: {column: Why}
  departure.competitor: {column: To}
  departure.words: {column: Words}
  departure.contract: {column: Contract}
  departure.since: {column: Since}
  departure.amount: {column: Paid}
  departure.currency: {value: EUR}
`)
	const head = "Ref;Name;Mail;Left;Why;To;Words;Contract;Since;Paid\n"
	f.Add([]byte(head + "T-1;Taller;a@t.example;31/01/2026;Muy caro;;No me llega;T-1-a;01/01/2020;1.234,50\n"))
	f.Add([]byte(head + "T-2;\"Ta\nller\";;29/02/2025;otro;Rival;;;31/12/9999;-3\n;;;;;;;;;\n"))
	f.Add([]byte("\xef\xbb\xbf" + head + "T-3;\xf1;b;01/01/2020;;;;;02/01/2020;\r\n\x00;\"\r\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		sum, err := ingest.Read(bytes.NewReader(src), m, func(r ingest.Row) error {
			d := r.Departure
			if r.Customer.Reference == "" || d.On.IsZero() || !d.Since.IsZero() && d.On.Before(d.Since) || d.Amount.Minor < 0 {
				t.Errorf("a good row that is none: %+v", r)
			}
			if strings.ContainsAny(d.Reason+d.Competitor+d.Contract+d.Product, "\x00\n\r") || !utf8.ValidString(d.Words) {
				t.Errorf("words that cannot be stored: %+v", d)
			}
			return nil
		}, func(e ingest.RowError) error {
			if len(e.Record("es")) != len(e.Header)+4 || e.Why("es") == "" {
				t.Errorf("a reject row that does not fit: %+v", e)
			}
			return nil
		})
		if err == nil && sum.Rows != sum.Good+sum.Rejected {
			t.Errorf("rows are lost: %+v", sum)
		}
	})
}

func FuzzLoadMap(f *testing.F) {
	f.Add([]byte(smallMap))
	f.Add([]byte("as_of: 2026-11-01\nexisting: true\nfields:\n  customer.reference: {column: a}\n  external.crm: {expr: 'a'}\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		m, err := ingest.LoadMap("m.yaml", src)
		if err != nil && len(fault.Fields(err)) == 0 {
			t.Errorf("a problem without its place: %v", err)
		}
		if err == nil {
			_, _ = ingest.Read(strings.NewReader(plainRows), m, func(ingest.Row) error { return nil }, func(ingest.RowError) error { return nil })
		}
	})
}

func TestASpreadsheetIsNamedAsOne(t *testing.T) {
	t.Parallel()
	_, _, err := read(t, load(t, smallMap), []byte("PK\x03\x04\x14\x00\x06\x00[Content_Types].xml"))
	if fault.CodeOf(err) != "csv.spreadsheet" {
		t.Errorf("%v", err)
	}
}

// A column called after the customer is their number beside a name, else their
// name.
func TestTheColumnOfTheCustomerIsTheirNameWhereNothingElseIs(t *testing.T) {
	t.Parallel()
	for _, c := range [][]string{
		{"Cliente", "Nombre", "=", "Cliente", "Nombre"},
		{"Código", "Cliente", "=", "Código", "Cliente"},
		{"Cliente", "Código", "=", "Código", "Cliente"},
		{"Cliente", "Correo", "=", "", "Cliente"},
	} {
		got := ingest.Guess(c[:2], true)
		if got["customer.reference"] != c[3] || got["customer.name"] != c[4] {
			t.Errorf("%q: number %q, name %q", c[:2], got["customer.reference"], got["customer.name"])
		}
	}
}
