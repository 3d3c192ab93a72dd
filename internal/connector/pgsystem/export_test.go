package pgsystem_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/pgsystem"
	"hastaluego/internal/fault"
	"hastaluego/internal/testkit/conformance"
	"hastaluego/internal/when"
)

// give connects the database with what it gives away.
func (b *base) give(t *testing.T, connection, export string) connector.System {
	t.Helper()
	b.put("url", connection)
	all, err := declaration.Load("systems.yaml", []byte("systems:\n  base:\n    kind: postgres\n    url: file:"+b.dir+"/url\n    timeout: 5s\n    allow: [127.0.0.1/32]\n    export:\n"+export), pgsystem.Kind())
	if err != nil {
		t.Fatal(err)
	}
	s, err := all[0].Open(when.NewManual(noon), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s.Connector()
}

func TestItConformsToTheSuiteOfThoseWhoGiveAway(t *testing.T) {
	each(t, func(t *testing.T, b *base) {
		b.exec("CREATE TABLE held (owner text, number text COLLATE \"C\", what text)")
		b.exec("GRANT SELECT ON held TO " + b.ours)
		const held = "      things:\n        query: SELECT number, what FROM held WHERE owner = $1 -- theirs\n        key: number\n"
		other := *b.url
		other.User = url.UserPassword(b.ana, "hers")
		b.exec("ALTER ROLE " + quoted(b.ana) + " NOLOGIN")
		conformance.RunExport(t, conformance.Holder{
			Connect:    func(t *testing.T) connector.System { return b.give(t, b.connection, held) },
			Expired:    func(t *testing.T) connector.System { return b.give(t, other.String(), held) },
			Collection: "things", Many: 2300,
			Put: func(t *testing.T, owner string, n int) {
				if _, err := b.admin.Exec(t.Context(), `INSERT INTO held SELECT $1::text, lpad(i::text, 5, '0'), $1::text || ' holds ' || lpad(i::text, 5, '0')
					FROM generate_series((SELECT count(*) FROM held WHERE owner = $1) + 1, (SELECT count(*) FROM held WHERE owner = $1) + $2) i`, owner, n); err != nil {
					t.Fatal(err)
				}
			},
			Change: func(t *testing.T, owner string) {
				b.exec("UPDATE held SET what = 'another word' WHERE owner = '" + owner + "' AND number = '00001'")
			},
		})
	})
}

// table is a sink that keeps everything.
type table struct {
	columns []connector.Column
	rows    []connector.Row
}

func (s *table) Columns(columns []connector.Column) error { s.columns = columns; return nil }
func (s *table) Row(r connector.Row) error                { s.rows = append(s.rows, r); return nil }

func (s *table) text() string {
	var out strings.Builder
	for _, r := range s.rows {
		for i, c := range r.Cells {
			if c == nil {
				fmt.Fprintf(&out, "%s=- ", s.columns[i].Name)
				continue
			}
			fmt.Fprintf(&out, "%s=%s ", s.columns[i].Name, *c)
		}
	}
	return strings.TrimSpace(out.String())
}

// Values come as the server has them, with every digit, whatever it is set to.
func TestValuesAreGivenAsTheyAre(t *testing.T) {
	each(t, func(t *testing.T, b *base) {
		b.exec("CREATE TYPE mood AS ENUM ('good')")
		b.exec(`CREATE TABLE many (id bigint, exact numeric, float float8, yes boolean, day date, at timestamptz, local timestamp, took interval,
			doc jsonb, bytes bytea, list text[], mood mood, nothing text)`)
		b.exec(`INSERT INTO many VALUES (9007199254740993, 12345678901234567890.123456789000, 0.1, true, '2026-02-28', '2026-02-28 23:59:59.123456+05:30',
			'2026-02-28 23:59:59', '1 year 2 days', '{"a": 1.10}', '\x00ff', '{a,"b,c"}', 'good', NULL), (9007199254740994, 'NaN', '-Infinity', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`)
		b.exec("GRANT SELECT ON many TO " + b.ours)
		b.exec("ALTER ROLE " + b.ours + " SET DateStyle = 'SQL, DMY'")
		b.exec("ALTER ROLE " + b.ours + " SET TimeZone = 'Asia/Kolkata'")
		s := b.give(t, b.connection, "      all:\n        title: {es: Todo, en: All}\n        query: SELECT * FROM many WHERE $1 = 'ana';\n        key: id\n        others: [nothing]\n        titles: {bytes: {es: Firma}}\n")
		if got := s.Exporter.Collections(); len(got) != 1 || got[0].Titles["es"] != "Todo" || !got[0].Resumes || !got[0].Table || fmt.Sprint(got[0].Others) != "[nothing]" {
			t.Errorf("%+v", got)
		}
		var got table
		if err := s.Exporter.ReadRows(t.Context(), "all", "ana", "", &got); err != nil {
			t.Fatal(err)
		}
		types := ""
		for _, c := range got.columns {
			types += fmt.Sprintf("%s:%s ", c.Name, c.Type)
		}
		if want := "id:integer exact:number float:number yes:boolean day:date at:datetime local:string took:string doc:any bytes:string list:string mood:string nothing:string "; types != want {
			t.Errorf("got %s\nwant %s", types, want)
		}
		want := `id=9007199254740993 exact=12345678901234567890.123456789000 float=0.1 yes=true day=2026-02-28 at=2026-02-28T18:29:59.123456Z local=2026-02-28T23:59:59 took=P1Y2D ` +
			`doc={"a": 1.10} bytes=AP8= list={a,"b,c"} mood=good nothing=- id=9007199254740994 exact=NaN float=-INF yes=false day=- at=- local=- took=- doc=- bytes=- list=- mood=- nothing=-`
		if got.text() != want || got.columns[9].Titles["es"] != "Firma (Base64)" {
			t.Errorf("got %s\nwant %s\n%v", got.text(), want, got.columns[9].Titles)
		}
		var rest table
		if err := s.Exporter.ReadRows(t.Context(), "all", "ana", "9007199254740993", &rest); err != nil || len(rest.rows) != 1 || rest.rows[0].Key != "9007199254740994" {
			t.Errorf("%v %v", rest.rows, err)
		}
		b.exec("UPDATE many SET day = 'infinity' WHERE id = 9007199254740994")
		if err := s.Exporter.ReadRows(t.Context(), "all", "ana", "", &rest); fault.CodeOf(err) != "connector.value" || fault.KindOf(err) != fault.Invalid {
			t.Errorf("a day that never comes: %v", err)
		}
	})
}

func TestAStatementThatCannotGiveEveryRowOnceIsSaidToBeWrong(t *testing.T) {
	each(t, func(t *testing.T, b *base) {
		ctx := t.Context()
		b.exec("CREATE TABLE line (owner text, id int, what text)")
		b.exec("INSERT INTO line SELECT 'ana', i, 'x' FROM generate_series(1, 2000) i")
		b.exec("GRANT SELECT ON line TO " + b.ours)
		b.exec("CREATE TABLE closed (owner text, id int)")
		of := func(query string) connector.System {
			return b.give(t, b.connection, "      lines: {query: \""+query+"\", key: id}\n")
		}
		for query, want := range map[string]string{
			"SELECT what FROM line WHERE owner = $1":             "connector.no_key",
			"SELECT id, id FROM line WHERE owner = $1":           "connector.column_twice",
			"SELECT id FROM closed WHERE owner = $1":             "connector.right_missing",
			"SELECT id FROM nowhere WHERE owner = $1":            "connector.refused",
			"DELETE FROM line WHERE owner = $1 RETURNING id":     "connector.refused",
			"SELECT '{}'::json AS id FROM line WHERE owner = $1": "connector.refused",
			"SELECT id FROM line WHERE owner = $1":               "",
		} {
			err := of(query).Checker.Check(ctx)
			if want == "" && err != nil || want != "" && (fault.CodeOf(err) != want || fault.KindOf(err) != fault.Invalid || len(fault.Fields(err)) != 1 || fault.Fields(err)[0].Field != "/export/lines/query") {
				t.Errorf("%s: %v, want %s", query, err, want)
			}
			if want == "connector.right_missing" {
				want = "connector.no_right"
			}
			if err := of(query).Exporter.ReadRows(ctx, "lines", "ana", "", &table{}); want == "" && err != nil || want != "" && fault.CodeOf(err) != want {
				t.Errorf("reading %s: %v, want %s", query, err, want)
			}
		}
		x := of("SELECT id FROM line WHERE owner = $1").Exporter
		read := func(after string) (n int, err error) {
			var got table
			err = x.ReadRows(ctx, "lines", "ana", after, &got)
			return len(got.rows), err
		}
		// The last row of a page, whose second one would be behind it.
		b.exec("INSERT INTO line VALUES ('ana', 2000, 'again'), ('ana', 2001, 'x')")
		for _, after := range []string{"", "1999", "2000"} {
			if n, err := read(after); fault.CodeOf(err) != "connector.key_twice" || strings.Contains(err.Error(), "again") {
				t.Errorf("behind %q: %d rows, %v", after, n, err)
			}
		}
		b.exec("DELETE FROM line WHERE what = 'again'")
		if n, err := read(""); err != nil || n != 2001 {
			t.Errorf("%d %v", n, err)
		}
		b.exec("DELETE FROM line WHERE id = 2000")
		if n, err := read("2000"); err != nil || n != 1 {
			t.Errorf("behind a row that is gone: %d %v", n, err)
		}
		b.exec("INSERT INTO line VALUES ('ana', NULL, 'x')")
		for _, after := range []string{"", "2000"} {
			if n, err := read(after); fault.CodeOf(err) != "connector.key_empty" || n > 0 {
				t.Errorf("without a key: %d %v", n, err)
			}
		}
		b.exec("DELETE FROM line WHERE id IS NULL")
		b.exec("INSERT INTO line VALUES ('ana', 3000, repeat('x', 17 << 20))")
		if err := of("SELECT id, what FROM line WHERE owner = $1").Exporter.ReadRows(ctx, "lines", "ana", "2001", &table{}); fault.CodeOf(err) != "connector.too_large" {
			t.Error(err)
		}
		var n int
		if err := b.admin.QueryRow(ctx, "SELECT count(*) FROM line").Scan(&n); err != nil || n != 2001 {
			t.Errorf("%d rows are left, %v", n, err)
		}
	})
}

func TestWhatIsWrongInAnExportIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	const whole = `systems:
  base:
    kind: postgres
    url: env:URL
    export:
      invoices:
        title: {es: Facturas, en: Invoices}
        query: SELECT number, total FROM invoice WHERE customer = $1
        key: number
        others: [contact]
        titles: {number: {es: Número, en: Number}}
`
	for _, c := range []struct{ old, with, want string }{
		{"", "", ""},
		{"= $1", "= 'ana'", "8:16 system.statement /systems/base/export/invoices/query"},
		{"= $1", "= $1 AND x = $2", "8:16 system.statement /systems/base/export/invoices/query"},
		{"= $1", "= $10", "8:16 system.statement /systems/base/export/invoices/query"},
		{"        key: number\n", "", "6:7 system.missing /systems/base/export/invoices/key"},
		{"invoices:", "../x:", "6:7 system.collection /systems/base/export/..~1x"},
		{"en: Number", "EN: Number", "11:43 system.language /systems/base/export/invoices/titles/number/EN"},
		{"[contact]", "contact", "10:17 system.want_list /systems/base/export/invoices/others"},
		{"{es: Facturas, en: Invoices}", "Facturas", "7:16 system.want_map /systems/base/export/invoices/title"},
		{"title:", "titel:", "7:9 system.unknown_key /systems/base/export/invoices/titel"},
	} {
		_, err := declaration.Load("systems.yaml", []byte(strings.Replace(whole, c.old, c.with, 1)), pgsystem.Kind())
		var told []string
		for _, e := range fault.Fields(err) {
			told = append(told, fmt.Sprintf("%s %s %s", strings.TrimPrefix(fmt.Sprint(e.Args[1]), "systems.yaml:"), e.Code, e.Field))
		}
		if got := strings.Join(told, "; "); got != c.want {
			t.Errorf("%q:\n got %s\nwant %s", c.with, got, c.want)
		}
	}
}
