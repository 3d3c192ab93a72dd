package engine_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"hastaluego/internal/ingest"
	"hastaluego/internal/testkit"
)

// erasing goes through the data map of the far system.
const erasing = "  - {id: do, kind: erase_systems, title: {es: \"A\", en: \"A\"}, after: [confirm], undo: {class: final}, params: {system: far, on: person_request}}\n"

// dataMap declares one holding, and how it is erased.
func dataMap(how ...string) string {
	return "    erase:\n      drawings:\n        title: {es: Planos, en: Drawings}\n        fields: [drawings]\n        category: content\n        role: controller\n        basis: contract\n        " +
		strings.Join(how, "\n        ") + "\n"
}

// emptied is a deed by which what a customer has at a far system is erased there.
// What the law keeps of them is not in the data map, and must stay.
func emptied(name string, begin func(t *testing.T, ref string)) deed {
	return deed{name: name, kind: "erase_systems", steps: erasing, begin: begin, row: func(string) []ingest.Row { return nil }}
}

// rows are what customers have in a database, each of which counts how often it was
// changed: two drawings, which are blocked or erased, and an invoice that stays.
const rows = "CREATE TABLE held (owner text NOT NULL, kind text NOT NULL, changed int NOT NULL DEFAULT 0)"

func rowsOf(ref string) string {
	return "INSERT INTO held (owner, kind) VALUES ('" + ref + "', 'drawing'), ('" + ref + "', 'drawing'), ('" + ref + "', 'invoice')"
}

const (
	inUse     = "SELECT count(*) FROM held WHERE owner = $1 AND kind = 'drawing'"
	isBlocked = "SELECT count(*) FROM held WHERE owner = $1 AND kind = 'blocked'"
	mostOften = "SELECT max(changed) FROM held WHERE owner = $1"
	// wronged are rows that nobody asked to be changed, and were, and invoices that
	// are missing.
	wronged = "SELECT (SELECT count(*) FROM held WHERE changed > 0 AND (kind = 'invoice' OR owner = 'bystander')) + (SELECT count(DISTINCT owner) FROM held) - (SELECT count(*) FROM held WHERE kind = 'invoice')"
)

// blocking takes rows out of use and keeps them for their years.
var blocking = []string{
	"after: block", "years: 3", "law: {es: LOPDGDD 32, en: LOPDGDD 32}", "count: " + inUse, "blocked: " + isBlocked,
	"run: UPDATE held SET kind = 'blocked', changed = changed + 1 WHERE owner = $1 AND kind = 'drawing'",
	"destroy: DELETE FROM held WHERE owner = $1 AND kind = 'blocked'",
}

// eraseRowsDeed is such a deed at a database.
func eraseRowsDeed(name string, exec func(t *testing.T, sql string), number func(t *testing.T, sql string, args ...any) int) deed {
	d := emptied(name, func(t *testing.T, ref string) { exec(t, rowsOf(ref)) })
	d.done = func(t *testing.T, ref string) bool {
		return number(t, inUse, ref) == 0 && number(t, isBlocked, ref) == 2
	}
	d.others = func(t *testing.T) bool { return number(t, wronged) == 0 }
	d.times = func(t *testing.T, ref string) int { return number(t, mostOften, ref) }
	return d
}

func pgEraseDeed(t *testing.T) deed {
	b := pgBase(t)
	if b == nil {
		return deed{}
	}
	b.exec(t, rows)
	d := eraseRowsDeed("postgres erases", b.exec, b.number)
	d.begin(t, "bystander")
	d.systems, d.files, d.wires = b.entry(dataMap(blocking...))
	d.systems, d.files["url"], d.wires = strings.ReplaceAll(d.systems, "{{pg}}", "{{pggroup}}"), strings.ReplaceAll(d.files["url"], "{{pg}}", "{{pggroup}}"), map[string]string{"pggroup": d.wires["pg"]}
	return d
}

// sqliteEraseDeed is at a file, and so has no wire: it is there between two commits.
func sqliteEraseDeed(t *testing.T) deed {
	path := filepath.Join(t.TempDir(), "crm.db")
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
	good(t, err)
	t.Cleanup(func() { _ = db.Close() })
	exec := func(t *testing.T, q string) {
		t.Helper()
		if _, err := db.ExecContext(context.Background(), q); err != nil {
			t.Errorf("%s: %v", q, err)
		}
	}
	exec(t, rows)
	d := eraseRowsDeed("sqlite erases", exec, func(t *testing.T, q string, args ...any) (n int) {
		t.Helper()
		if err := db.QueryRowContext(context.Background(), q, args...).Scan(&n); err != nil {
			t.Errorf("%s: %v", q, err)
		}
		return n
	})
	d.begin(t, "bystander")
	d.systems = "  far:\n    kind: sqlite\n    file: \"" + path + "\"\n" + dataMap(blocking...)
	return d
}

// s3EraseDeed deletes what lies below a prefix, object by object.
func s3EraseDeed(t *testing.T) deed {
	store, dir := testkit.StartStore(t), t.TempDir()
	put(t, dir, "ours", testkit.StoreSecret)
	ask := func(t *testing.T, method, path string, want ...int) int {
		t.Helper()
		status, answer, err := store.Ask(context.Background(), method, "/acme"+path, "")
		if err != nil || len(want) > 0 && status != want[0] {
			t.Errorf("%s %s: %d %s %v", method, path, status, answer, err)
		}
		return status
	}
	ask(t, http.MethodPut, "", 200)
	var mu sync.Mutex
	kept := []string{"/drawings/bystander/one", "/drawings/bystander/two"}
	begin := func(t *testing.T, ref string) {
		mu.Lock()
		defer mu.Unlock()
		for _, path := range []string{"/drawings/" + ref + "/one", "/drawings/" + ref + "/two", "/invoices/" + ref} {
			ask(t, http.MethodPut, path, 200)
		}
		kept = append(kept, "/invoices/"+ref)
	}
	begin(t, "bystander")
	d := emptied("s3 erases", begin)
	d.wires, d.parts = map[string]string{"s3erase": host(t, store.Base)}, 2
	d.systems = "  far:\n    kind: s3\n    base_url: http://{{s3erase}}\n    access_key: " + testkit.StoreKey + "\n    secret_key: file:" + dir + "/ours\n    allow: [127.0.0.1/32]\n    bucket: acme\n" +
		dataMap("after: erase", `prefix: "drawings/{owner}/"`)
	d.done = func(t *testing.T, ref string) bool {
		return ask(t, http.MethodGet, "/drawings/"+ref+"/one") == 404 && ask(t, http.MethodGet, "/drawings/"+ref+"/two") == 404
	}
	d.others = func(t *testing.T) bool {
		mu.Lock()
		defer mu.Unlock()
		for _, path := range kept {
			if ask(t, http.MethodGet, path) != 200 {
				return false
			}
		}
		return true
	}
	return d
}

// httpEraseDeed deletes a record by an API that knows how often it was asked to.
func httpEraseDeed(t *testing.T) deed {
	var mu sync.Mutex
	held, deleted := map[string]bool{}, map[string]int{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		who := strings.TrimPrefix(r.URL.Path, "/contacts/")
		if r.Method == http.MethodDelete {
			deleted[who]++
		}
		switch {
		case !held[who]:
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{}`)
		case r.Method == http.MethodDelete:
			delete(held, who)
			w.WriteHeader(http.StatusNoContent)
		default:
			fmt.Fprint(w, `{"id":"x"}`)
		}
	}))
	t.Cleanup(srv.CloseClientConnections)
	t.Cleanup(srv.Close)
	has := func(ref string) bool { mu.Lock(); defer mu.Unlock(); return held[ref] }
	d := emptied("http erases", func(_ *testing.T, ref string) { mu.Lock(); defer mu.Unlock(); held[ref] = true })
	d.begin(t, "bystander")
	d.wires = map[string]string{"httperase": host(t, srv.URL)}
	d.systems = "  far:\n    kind: http\n    base_url: http://{{httperase}}\n    effect: idempotent\n    undo: final\n    allow: [127.0.0.1/32]\n" +
		dataMap("after: erase", `call: {method: DELETE, path: "/contacts/{reference}"}`, `read: {method: GET, path: "/contacts/{reference}"}`, "expect: {absent: true}")
	d.done = func(_ *testing.T, ref string) bool { return !has(ref) }
	d.others = func(*testing.T) bool { return has("bystander") }
	d.times = func(_ *testing.T, ref string) int { mu.Lock(); defer mu.Unlock(); return deleted[ref] }
	return d
}
