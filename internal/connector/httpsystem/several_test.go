package httpsystem_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/httpcall"
	"hastaluego/internal/fault"
)

// teams is a system in which somebody is taken out of every team, and then
// closed.
const teams = `systems:
  far:
    kind: http
    base_url: BASE
    auth: {header: Authorization, scheme: Bearer, value: "file:DIR/token"}
    effect: keyed
    key_header: Idempotency-Key
    key_life: 24h
    undo: final
    allow: [127.0.0.1/32]
    access:
      operations:
        read: {method: GET, path: "/users/{reference}"}
        revoke:
          - {method: GET, path: "/users/{reference}/teams", items: teams, pages: {cursor: next, into: after}, each: {team: id}}
          - {method: DELETE, path: "/teams/{team}/{reference}", already: [404]}
          - {method: POST, path: "/users/{reference}/close", receipt: number}
      state: {status: status, open: [active]}
`

// journal is what a far system was asked, with the keys of what changes
// something.
type journal struct {
	mu    sync.Mutex
	calls []string
	keys  map[string]string // of each call
}

func (j *journal) note(r *http.Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	line := r.Method + " " + r.RequestURI
	j.calls = append(j.calls, line)
	if r.Method != http.MethodGet {
		j.keys[line] = r.Header.Get("Idempotency-Key")
	}
}

func teamSystem(t *testing.T, h http.HandlerFunc) (connector.System, *journal, string) {
	t.Helper()
	return declaredSystem(t, teams, h)
}

// declaredSystem connects what is declared; it returns what it was asked, and the file
// of its token.
func declaredSystem(t *testing.T, declared string, h http.HandlerFunc) (connector.System, *journal, string) {
	t.Helper()
	j := &journal{keys: map[string]string{}}
	f := listen(t, func(_ *far, w http.ResponseWriter, r *http.Request) { j.note(r); h(w, r) })
	dir := t.TempDir()
	token := filepath.Join(dir, "token")
	if err := os.WriteFile(token, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := load("s.yaml", []byte(strings.NewReplacer("BASE", f.url, "DIR", dir).Replace(declared)))
	if err != nil {
		t.Fatal(err)
	}
	return open(t, all[0]).Connector(), j, token
}

// An act that broke off is gone through again from its start. Every call has a
// key of its own, which is the same at every attempt.
func TestAnActOfSeveralCallsIsRepeatedFromItsStart(t *testing.T) {
	t.Parallel()
	var gone []string
	broken := true
	s, j, _ := teamSystem(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodGet && r.URL.Query().Get("after") == "":
			send(w, 200, `{"teams":[{"id":"red"},{"id":"a/b"}],"next":"2"}`)
		case r.Method == http.MethodGet:
			send(w, 200, `{"teams":[{"id":"blue"}],"next":""}`)
		case r.Method == http.MethodDelete && slices.Contains(gone, r.RequestURI):
			send(w, 404, `{}`)
		case r.Method == http.MethodDelete && broken && strings.Contains(r.RequestURI, "blue"):
			send(w, 403, `{"error":"no"}`)
		case r.Method == http.MethodDelete:
			gone = append(gone, r.RequestURI)
			send(w, 204, "")
		default:
			send(w, 200, `{"number":77,"holder":"Ada Lovelace"}`)
		}
	})
	in := connector.AccessInput{Account: "ada", Key: "work_1"}
	_, err := s.Access.RevokeAccess(t.Context(), in)
	_ = wantFault(t, err, fault.Uncertain, "connector.partly")
	first := fmt.Sprint(j.keys)
	broken = false
	receipt, err := s.Access.RevokeAccess(t.Context(), in)
	if err != nil || receipt.Reference != "77" {
		t.Fatalf("%+v, %v", receipt, err)
	}
	list := "GET /users/ada/teams GET /users/ada/teams?after=2 "
	once := strings.Repeat(list, 2) + "DELETE /teams/red/ada DELETE /teams/a%2Fb/ada DELETE /teams/blue/ada "
	if got := strings.Join(j.calls, " ") + " "; got != once+once+"POST /users/ada/close " {
		t.Errorf("called %s", got)
	}
	seen := map[string]bool{}
	for line, key := range j.keys {
		if seen[key] || !strings.HasPrefix(key, "work_1-") {
			t.Errorf("%s has the key %q", line, key)
		}
		seen[key] = true
	}
	delete(j.keys, "POST /users/ada/close")
	if again := fmt.Sprint(j.keys); again != first {
		t.Errorf("keys were %s, and then %s", first, again)
	}
	var kept []any
	if json.Unmarshal(receipt.Answer, &kept) != nil || len(kept) != 4 || strings.Contains(string(receipt.Answer), "Ada") {
		t.Errorf("kept %s", receipt.Answer)
	}
}

func TestWhoIsInNoTeamIsClosedAllTheSame(t *testing.T) {
	t.Parallel()
	s, j, _ := teamSystem(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			send(w, 200, `{"teams":[]}`)
			return
		}
		send(w, 200, `{"number":1}`)
	})
	if _, err := s.Access.RevokeAccess(t.Context(), connector.AccessInput{Account: "ada", Key: "k"}); err != nil || len(j.calls) != 2 {
		t.Errorf("%v, %v", err, j.calls)
	}
}

// What a far system says goes into the next call: it may not leave its place
// there.
func TestWhatIsTakenCannotLeaveItsPath(t *testing.T) {
	t.Parallel()
	for _, id := range []string{`".."`, `""`, `null`, `{}`, `"a\nb"`, `"` + strings.Repeat("x", 201) + `"`} {
		s, j, _ := teamSystem(t, func(w http.ResponseWriter, _ *http.Request) { send(w, 200, `{"teams":[{"id":`+id+`}]}`) })
		_, err := s.Access.RevokeAccess(t.Context(), connector.AccessInput{Account: "ada", Key: "k"})
		_ = wantFault(t, err, fault.Transient, "connector.unreadable")
		if len(j.keys) != 0 {
			t.Errorf("%s: called %v", id, j.calls)
		}
	}
}

// A token that lives for an hour is renewed in its file.
func TestATokenInAFileIsReadAtEveryCall(t *testing.T) {
	t.Parallel()
	var sent []string
	s, _, token := teamSystem(t, func(w http.ResponseWriter, r *http.Request) {
		sent = append(sent, r.Header.Get("Authorization"))
		send(w, 200, `{"status":"active"}`)
	})
	read := func() {
		t.Helper()
		if _, err := s.Access.ReadAccess(t.Context(), "ada"); err != nil {
			t.Error(err)
		}
	}
	read()
	if err := os.WriteFile(token, []byte("renewed\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	read()
	if err := os.Remove(token); err != nil { // while somebody writes it anew, the one of the start stands in
		t.Fatal(err)
	}
	read()
	if want := []string{"Bearer " + secret, "Bearer renewed", "Bearer " + secret}; !slices.Equal(sent, want) {
		t.Errorf("sent %v", sent)
	}
}

func TestPathsAreDottedOrJSONPath(t *testing.T) {
	t.Parallel()
	var ans httpcall.Answer
	ans.Read([]byte(`{"a.b":"dot","items":[{"id":7,"n":"seven"},{"id":9007199254740993,"n":"big"},{"id":8,"n":"eight"}],"ok":false,"none":null}`))
	for path, want := range map[string]string{
		"items.0.id": "7", "items.1.id": "9007199254740993", "items.3.id": "", "ok": "false", "none": "", "$['a.b']": "dot",
		"$.items[?(@.id == 8)].n": "eight", "$.items[?@.n == 'big'].id": "9007199254740993", "$.items[-1].n": "eight", "$.items[*].n": "", "$.nothing": "",
	} {
		if got := ans.Text(path); got != want || !httpcall.GoodPath(path) {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	for _, path := range []string{"", "a..b", ".a", "a.", "@odata", "$[", "$.a[?(", "$" + strings.Repeat(".a", 300)} {
		if httpcall.GoodPath(path) {
			t.Errorf("%q is a path", path)
		}
	}
	for path, n := range map[string]int{"items": 3, "$.items": 3, "ok": -1, "none": -1, "$": -1, "$.items[?(@.id == 7)]": 1, "$.items[*]": 3} {
		if list, ok := ans.List(path); ok != (n >= 0) || ok && len(list) != n {
			t.Errorf("%s: %d, %t", path, len(list), ok)
		}
	}
}
