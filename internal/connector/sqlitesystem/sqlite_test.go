package sqlitesystem_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/sqlitesystem"
	"hastaluego/internal/fault"
	"hastaluego/internal/testkit/conformance"
)

// file is a database of somebody else, which goes on being written.
func file(t *testing.T, statements ...string) (path string, db *sql.DB) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "año #1.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	for _, s := range append([]string{"PRAGMA journal_mode = WAL"}, statements...) {
		exec(t, db, s)
	}
	return path, db
}

func exec(t *testing.T, db *sql.DB, sql string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(context.Background(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func connect(t *testing.T, path, export string) connector.System {
	t.Helper()
	all, err := declaration.Load("systems.yaml", []byte("systems:\n  crm:\n    kind: sqlite\n    file: \""+path+"\"\n    export:\n"+export), sqlitesystem.Kind())
	if err != nil {
		t.Fatal(err)
	}
	s, err := all[0].Open(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s.Connector()
}

func TestItConformsToTheSuiteOfThoseWhoGiveAway(t *testing.T) {
	t.Parallel()
	path, db := file(t, "CREATE TABLE held (owner text, number text, what text)")
	n := map[string]int{}
	conformance.RunExport(t, conformance.Holder{
		Connect: func(t *testing.T) connector.System {
			return connect(t, path, "      things:\n        query: SELECT number, what FROM held WHERE owner = $1 -- theirs\n        key: number\n")
		},
		Collection: "things", Many: 2300,
		Put: func(t *testing.T, owner string, more int) {
			tx, err := db.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			for range more {
				n[owner]++
				if _, err := tx.Exec("INSERT INTO held VALUES ($1, $2, $3)", owner, conformance.Name(n[owner]), conformance.What(owner, n[owner])); err != nil {
					t.Fatal(err)
				}
			}
			if err := tx.Commit(); err != nil {
				t.Fatal(err)
			}
		},
		Change: func(t *testing.T, owner string) {
			exec(t, db, "UPDATE held SET what = 'another word' WHERE owner = $1 AND number = '00001'", owner)
		},
	})
}

// table is a sink that keeps everything.
type table struct {
	columns []connector.Column
	rows    []connector.Row
}

func (s *table) Columns(columns []connector.Column) error { s.columns = columns; return nil }
func (s *table) Row(r connector.Row) error                { s.rows = append(s.rows, r); return nil }

func TestValuesAreGivenAsTheyAre(t *testing.T) {
	t.Parallel()
	path, db := file(t, `CREATE TABLE many (id INTEGER PRIMARY KEY, big BIGINT, total DECIMAL(10,2), float REAL, yes BOOLEAN, day DATE, at DATETIME, bytes BLOB, note VARCHAR(20), none TEXT)`,
		`INSERT INTO many VALUES (7, 9007199254740993, 19.99, 0.1, 1, '2026-02-28', '2026-02-28 23:59:59', x'00ff', '007', NULL), (10, 1, 3, 1e300, 0, NULL, NULL, NULL, NULL, NULL)`)
	s := connect(t, path, "      all: {query: \"SELECT * FROM many WHERE $1 = 'ana';\", key: id}\n")
	var got table
	if err := s.Exporter.ReadRows(t.Context(), "all", "ana", "", &got); err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, r := range got.rows {
		for i, c := range r.Cells {
			if c == nil {
				text += got.columns[i].Name + "=- "
				continue
			}
			text += fmt.Sprintf("%s:%s=%s ", got.columns[i].Name, got.columns[i].Type, *c)
		}
	}
	want := "id:integer=7 big:integer=9007199254740993 total:number=19.99 float:number=0.1 yes:boolean=true day:date=2026-02-28 at:string=2026-02-28 23:59:59 bytes:string=AP8= note:string=007 none=- " +
		"id:integer=10 big:integer=1 total:number=3 float:number=1e+300 yes:boolean=false day=- at=- bytes=- note=- none=- "
	if text != want {
		t.Errorf("got %s\nwant %s", text, want)
	}
	var rest table
	if err := s.Exporter.ReadRows(t.Context(), "all", "ana", "7", &rest); err != nil || len(rest.rows) != 1 || rest.rows[0].Key != "10" {
		t.Errorf("behind 7, of which 10 is as a number: %v %v", rest.rows, err)
	}
	exec(t, db, "UPDATE many SET day = 'yesterday' WHERE id = 10")
	if err := s.Exporter.ReadRows(t.Context(), "all", "ana", "", &rest); fault.CodeOf(err) != "connector.value" {
		t.Error(err)
	}
}

func TestAStatementThatCannotGiveEveryRowOnceIsSaidToBeWrong(t *testing.T) {
	t.Parallel()
	path, db := file(t, "CREATE TABLE line (owner text, id, what text)",
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) INSERT INTO line SELECT 'ana', i, 'x' FROM n")
	of := func(query string) connector.System {
		return connect(t, path, "      lines: {query: \""+query+"\", key: id}\n")
	}
	for query, want := range map[string]string{
		"SELECT what FROM line WHERE owner = $1":                "connector.no_key",
		"SELECT id FROM nowhere WHERE owner = $1":               "connector.refused",
		"DELETE FROM line WHERE owner = $1 RETURNING id":        "connector.refused",
		"SELECT id, owner FROM line WHERE owner = $1 LIMIT 100": "",
	} {
		err := of(query).Checker.Check(t.Context())
		if want == "" && err != nil || want != "" && (fault.CodeOf(err) != want || len(fault.Fields(err)) != 1 || fault.Fields(err)[0].Field != "/export/lines/query") {
			t.Errorf("%s: %v, want %s", query, err, want)
		}
	}
	read := func(after string) (int, string) {
		var got table
		err := of("SELECT id FROM line WHERE owner = $1").Exporter.ReadRows(t.Context(), "lines", "ana", after, &got)
		if err == nil {
			return len(got.rows), ""
		}
		return len(got.rows), fault.CodeOf(err)
	}
	for _, c := range []struct {
		do, after, code string
		n               int
	}{
		{"INSERT INTO line VALUES ('ana', 1000, 'again'), ('ana', 1001, 'x')", "", "connector.key_twice", 0},
		{"", "1000", "connector.key_twice", 0},
		{"DELETE FROM line WHERE what = 'again'", "", "", 1001},
		{"DELETE FROM line WHERE id = 1000", "1000", "", 1},
		{"INSERT INTO line VALUES ('ana', NULL, 'x')", "", "connector.key_empty", 0},
		{"UPDATE line SET id = '7' WHERE id IS NULL", "", "connector.no_key", 0},
	} {
		if c.do != "" {
			exec(t, db, c.do)
		}
		if n, code := read(c.after); code != c.code || code == "" && n != c.n {
			t.Errorf("%s, behind %q: %d rows, %s; want %d, %s", c.do, c.after, n, code, c.n, c.code)
		}
	}
}

func TestAFileThatIsNotThereOrNoneIsSaid(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	none := filepath.Join(dir, "none")
	if err := os.WriteFile(none, []byte(strings.Repeat("no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(dir, "gone"), dir, none} {
		s := connect(t, path, "      lines: {query: \"SELECT id FROM line WHERE owner = $1\", key: id}\n")
		for _, err := range []error{s.Checker.Check(t.Context()), s.Exporter.ReadRows(t.Context(), "lines", "ana", "", &table{})} {
			if fault.CodeOf(err) != "connector.no_file" || fault.KindOf(err) != fault.Invalid {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "gone")); err == nil {
		t.Error("it was made")
	}
	_, err := declaration.Load("systems.yaml", []byte("systems:\n  crm:\n    kind: sqlite\n    file: crm.db\n"), sqlitesystem.Kind())
	if got := fmt.Sprint(err); !strings.Contains(got, "system.absolute [/systems/crm/file] at=systems.yaml:4:11") || !strings.Contains(got, "system.nothing_to_do [/systems/crm]") {
		t.Error(got)
	}
}
