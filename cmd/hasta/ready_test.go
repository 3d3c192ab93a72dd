package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// readyHouse is a house that nobody runs: neither engine nor sequencer works.
func readyHouse(t *testing.T) *house {
	t.Helper()
	c := common{Dir: t.TempDir()}
	cfg, err := c.load()
	if err != nil {
		t.Fatal(err)
	}
	h, err := build(t.Context(), cfg, logger(out{&bytes.Buffer{}, t.Output()}, "warn", ""), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.close)
	return h
}

func ask(t *testing.T, h *house, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	(&readiness{h: h}).serve(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

func TestReadyzLooksAtWhatTheNodeNeeds(t *testing.T) {
	t.Parallel()
	h := readyHouse(t)
	if code, body := ask(t, h, "/readyz"); code != http.StatusOK || body != "ok\n" {
		t.Fatalf("%d %s", code, body)
	}
	code, body := ask(t, h, "/readyz?verbose")
	var rep readyReport
	if err := json.Unmarshal([]byte(body), &rep); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"database", "keys", "disk", "keys_disk", "engine", "sequencer"} {
		if c, ok := rep.Checks[name]; !ok || !c.OK {
			t.Errorf("%s: %+v", name, c)
		}
	}
	if code != http.StatusOK || !rep.Ready || rep.Checks["engine"].AgeMS == nil || *rep.Checks["disk"].FreeBytes <= 0 {
		t.Errorf("%d %s", code, body)
	}
	master := filepath.Join(h.cfg.Keys.Dir, "master.key")
	if err := os.Rename(master, master+".gone"); err != nil {
		t.Fatal(err)
	}
	if code, body := ask(t, h, "/readyz"); code != http.StatusServiceUnavailable || body != "not ready: keys\n" {
		t.Errorf("without its keys: %d %s", code, body)
	}
	if err := os.Rename(master+".gone", master); err != nil {
		t.Fatal(err)
	}
	if err := h.store.Close(); err != nil {
		t.Fatal(err)
	}
	code, body = ask(t, h, "/readyz?verbose")
	if code != http.StatusServiceUnavailable || !strings.Contains(body, `"database":{"ok":false`) || strings.Contains(body, h.cfg.Dir) {
		t.Errorf("without its database: %d %s", code, body)
	}
}

func TestReadyzSaysWhatIsLateAndStaysReady(t *testing.T) {
	t.Parallel()
	rep := readyReport{Ready: true, Checks: map[string]check{"engine": aged(time.Minute, pollLate), "database": {OK: true, Needed: true}}}
	if rep.failed(true) != "" || rep.failed(false) != "engine" || *rep.Checks["engine"].AgeMS != 60_000 {
		t.Errorf("%+v", rep)
	}
}
