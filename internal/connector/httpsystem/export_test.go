package httpsystem_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/httpsystem"
	"hastaluego/internal/fault"
	"hastaluego/internal/testkit/conformance"
	"hastaluego/internal/when"
)

const exported = `    export:
      things:
        list: {method: GET, path: "/customers/{owner}/things", items: data, pages: {number: page, size: 4}}
        key: number
        columns: {number: number, what: what}
        empty: [404]
`

// holding is a far system that holds things of its customers, four on a page.
type holding struct {
	mu     sync.Mutex
	things map[string][]map[string]any
}

func (h *holding) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer good" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	owner := strings.Split(r.URL.Path, "/")[2]
	all, known := h.things[owner]
	if !known {
		send(w, http.StatusNotFound, `{}`)
		return
	}
	page, _ := strconv.Atoi(r.URL.Query().Get("page"))
	from := min(4*max(page-1, 0), len(all))
	_ = json.NewEncoder(w).Encode(map[string]any{"data": all[from:min(from+4, len(all))]})
}

func connectExport(t *testing.T, base, token, export string) connector.System {
	t.Helper()
	t.Setenv("HASTA_EXPORT_"+strings.ToUpper(token), token)
	all, err := declaration.Load("systems.yaml", []byte("systems:\n  crm:\n    kind: http\n    base_url: "+base+"\n    auth: {header: Authorization, scheme: Bearer, value: \"env:HASTA_EXPORT_"+strings.ToUpper(token)+"\"}\n"+
		"    effect: idempotent\n    allow: [127.0.0.1/32]\n"+export), httpsystem.Kinds()...)
	if err != nil {
		t.Fatal(err)
	}
	s, err := all[0].Open(when.Machine{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s.Connector()
}

func TestItConformsToTheSuiteOfThoseWhoGiveAway(t *testing.T) {
	h := &holding{things: map[string][]map[string]any{}}
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	conformance.RunExport(t, conformance.Holder{
		Connect:    func(t *testing.T) connector.System { return connectExport(t, srv.URL, "good", exported) },
		Expired:    func(t *testing.T) connector.System { return connectExport(t, srv.URL, "gone", exported) },
		Collection: "things", Many: 10,
		Put: func(_ *testing.T, owner string, n int) {
			h.mu.Lock()
			defer h.mu.Unlock()
			for range n {
				i := len(h.things[owner]) + 1
				h.things[owner] = append(h.things[owner], map[string]any{"number": conformance.Name(i), "what": conformance.What(owner, i)})
			}
		},
		Change: func(_ *testing.T, owner string) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.things[owner] = h.things[owner][1:]
		},
	})
	// Whoever is not known is nobody only where it is declared so.
	s := connectExport(t, srv.URL, "good", strings.Replace(exported, "        empty: [404]\n", "", 1))
	if err := s.Exporter.ReadRows(t.Context(), "things", "nobody", "", &kept{}); fault.CodeOf(err) != "connector.unknown_reference" {
		t.Error(err)
	}
	if err := s.Exporter.ReadRows(t.Context(), "things", "bea", "00001", &kept{}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("read on: %v", err)
	}
	// At a wrong address nobody would be known, either.
	if err := s.Checker.Check(t.Context()); fault.CodeOf(err) != connector.Unclear || fmt.Sprint(s.Can()) != "[export]" {
		t.Errorf("%v %v", s.Can(), err)
	}
}

// kept is a sink that keeps everything.
type kept struct {
	columns []connector.Column
	rows    []connector.Row
}

func (s *kept) Columns(columns []connector.Column) error { s.columns = columns; return nil }
func (s *kept) Row(r connector.Row) error                { s.rows = append(s.rows, r); return nil }

func TestFieldsAreGivenAsTheyAreWritten(t *testing.T) {
	answer := ""
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, answer) }))
	t.Cleanup(srv.Close)
	s := connectExport(t, srv.URL, "good", `    export:
      things:
        list: {method: GET, path: "/customers/{owner}/things", items: data, where: {path: kind, equals: invoice}}
        key: id
        columns: {id: id, total: amount.value, day: day, at: at, paid: paid, lines: "$.lines", first: "$.lines[0].text"}
        types: {id: integer, total: number, day: date, at: datetime, paid: boolean, lines: any}
        others: [first]
`)
	answer = `{"data":[{"kind":"invoice","id":9007199254740993,"amount":{"value":12345678901234567890.10},"day":"2026-02-28","at":"2026-02-28T23:59:59+01:00","paid":true,"lines":[{"text":"<a>","n":1.10}]},
		{"kind":"draft","id":"no number"}, {"kind":"invoice","id":7}]}`
	var got kept
	if err := s.Exporter.ReadRows(t.Context(), "things", "ana", "", &got); err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, r := range got.rows {
		for i, c := range r.Cells {
			if c != nil {
				text += fmt.Sprintf("%s:%s=%s ", got.columns[i].Name, got.columns[i].Type, *c)
			}
		}
	}
	want := `id:integer=9007199254740993 total:number=12345678901234567890.10 day:date=2026-02-28 at:datetime=2026-02-28T23:59:59+01:00 paid:boolean=true lines:any=[{"n":1.10,"text":"\u003ca\u003e"}] first:string=<a> id:integer=7 `
	if text != want {
		t.Errorf("got %s\nwant %s", text, want)
	}
	for said, code := range map[string]string{
		`{"data":[{"kind":"invoice","id":"seven"}]}`:                     "connector.value",
		`{"data":[{"kind":"invoice","id":7,"day":"28.2.2026"}]}`:         "connector.value",
		`{"data":[{"kind":"invoice"}]}`:                                  "connector.key_empty",
		`{"data":[{"kind":"invoice","id":7},{"kind":"invoice","id":7}]}`: "connector.not_all",
		`{"things":[]}`: "connector.unreadable",
	} {
		answer = said
		if err := s.Exporter.ReadRows(t.Context(), "things", "ana", "", &kept{}); fault.CodeOf(err) != code {
			t.Errorf("%s: %v, want %s", said, err, code)
		}
	}
}

func TestWhatIsWrongInAnExportIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	whole := "systems:\n  crm:\n    kind: http\n    base_url: https://crm.example\n    effect: idempotent\n" + exported
	for _, c := range []struct{ old, with, want string }{
		{"", "", ""},
		{"{owner}/things", "all/things", "8:35 system.path_slot /systems/crm/export/things/list/path"},
		{"{owner}", "{reference}", "8:35 system.slot /systems/crm/export/things/list/path"},
		{"items: data, ", "", "8:15 system.needs /systems/crm/export/things/list; 8:71 system.needs /systems/crm/export/things/list/pages"},
		{"key: number", "key: id", "9:14 system.needs /systems/crm/export/things/key"},
		{"what: what", "what: a..b", "10:35 system.path /systems/crm/export/things/columns/what"},
		{"        empty", "        types: {what: money}\n        empty", "11:23 system.word /systems/crm/export/things/types/what"},
		{"[404]", "[500]", "11:16 system.status /systems/crm/export/things/empty"},
	} {
		_, err := declaration.Load("systems.yaml", []byte(strings.Replace(whole, c.old, c.with, 1)), httpsystem.Kinds()...)
		var told []string
		for _, e := range fault.Fields(err) {
			told = append(told, fmt.Sprintf("%s %s %s", strings.TrimPrefix(fmt.Sprint(e.Args[1]), "systems.yaml:"), e.Code, e.Field))
		}
		if got := strings.Join(told, "; "); got != c.want {
			t.Errorf("%q:\n got %s\nwant %s", c.with, got, c.want)
		}
	}
}
