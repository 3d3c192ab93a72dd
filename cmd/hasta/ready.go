package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

// check is one thing that was looked at.
type check struct {
	OK     bool   `json:"ok"`
	Needed bool   `json:"needed"` // without it this node should get no requests
	Why    string `json:"why,omitempty"`
	// What was measured; which of them depends on the check.
	AgeMS     *int64 `json:"age_ms,omitempty"`
	FreeBytes *int64 `json:"free_bytes,omitempty"`
}

// readyReport is what /readyz?verbose answers.
type readyReport struct {
	Ready  bool             `json:"ready"`
	Checks map[string]check `json:"checks"`
}

// failed names the checks that are not well, of those needed or of the others.
func (r readyReport) failed(needed bool) string {
	var out []string
	for name, c := range r.Checks {
		if !c.OK && c.Needed == needed {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

const (
	readyFresh = time.Second     // looked at no more often than that, however many ask
	readyWait  = 3 * time.Second // a database that takes longer is not ready
	pollLate   = 30 * time.Second
	logLate    = 15 * time.Second
	diskLeast  = 64 << 20
)

// readiness looks at what this node needs, once at a time.
type readiness struct {
	h       *house
	mu      sync.Mutex
	last    readyReport
	at      time.Time
	running chan struct{}
}

// look returns the newest report, or one that says that looking hangs.
func (r *readiness) look(ctx context.Context) readyReport {
	now := when.Machine{}.Wall()
	r.mu.Lock()
	if r.running == nil && now.Sub(r.at) < readyFresh {
		defer r.mu.Unlock()
		return r.last
	}
	if r.running == nil {
		r.running = make(chan struct{})
		go r.run(context.WithoutCancel(ctx), r.running)
	}
	done := r.running
	r.mu.Unlock()
	select {
	case <-done:
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.last
	case <-ctx.Done():
	case <-time.After(readyWait):
	}
	return readyReport{Checks: map[string]check{"database": {Needed: true, Why: "no_answer"}}}
}

func (r *readiness) run(ctx context.Context, done chan struct{}) {
	defer close(done)
	rep := r.h.ready(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last, r.at, r.running = rep, when.Machine{}.Wall(), nil
}

// ready looks at everything.
func (h *house) ready(ctx context.Context) readyReport {
	checks := map[string]check{
		"database":  h.because("database", true, h.writable(ctx)),
		"keys":      h.because("keys", true, h.keys.Usable()),
		"engine":    aged(when.Machine{}.Wall().Sub(h.engine.Polled()), pollLate),
		"sequencer": {},
	}
	if age, err := h.store.LogAge(ctx); err != nil {
		checks["sequencer"] = h.because("sequencer", false, err)
	} else {
		checks["sequencer"] = aged(age, logLate)
	}
	for name, dir := range map[string]string{"disk": filepath.Dir(h.cfg.Database), "keys_disk": h.cfg.Keys.Dir} {
		if name == "disk" && strings.HasPrefix(h.cfg.Database, "postgres") {
			continue // its disk is its own matter
		}
		checks[name] = h.room(name, dir)
	}
	checks["systems"] = check{OK: true}
	if len(h.breakers.Broken()) > 0 { // which ones is nobody's business here: the log and the case page tell
		checks["systems"] = check{Why: "no_answer"}
	}
	rep := readyReport{Ready: true, Checks: checks}
	rep.Ready = rep.failed(true) == ""
	return rep
}

// because turns an error into a check; the cause goes to the terminal only.
func (h *house) because(name string, needed bool, err error) check {
	if err == nil {
		return check{OK: true, Needed: needed}
	}
	h.log.Warn("not ready", "check", name, "err", err)
	return check{Needed: needed, Why: fault.CodeOf(err)}
}

func aged(age, late time.Duration) check {
	ms := age.Milliseconds()
	c := check{OK: age < late, AgeMS: &ms}
	if !c.OK {
		c.Why = "late"
	}
	return c
}

// writable stores something: a database that only answers is not enough.
func (h *house) writable(ctx context.Context) error {
	return h.store.Tx(ctx, func(tx app.Tx) error {
		return tx.PutSetting(ctx, "health.written", tx.Wall().UTC().Format(time.RFC3339))
	})
}

func (h *house) room(name, dir string) check {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return h.because(name, true, fault.Wrap("ready.room", err))
	}
	free := int64(st.Bavail) * int64(st.Bsize)
	c := check{OK: free >= diskLeast, Needed: true, FreeBytes: &free}
	if !c.OK {
		c.Why = "full"
	}
	return c
}

// serve answers whether this node should get requests.
func (r *readiness) serve(w http.ResponseWriter, req *http.Request) {
	rep := r.look(req.Context())
	status := http.StatusOK
	if !rep.Ready {
		status = http.StatusServiceUnavailable
	}
	w.Header().Set("Cache-Control", "no-store")
	if req.URL.Query().Has("verbose") {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(rep) // whoever asked may be gone
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	switch late := rep.failed(false); {
	case !rep.Ready:
		fmt.Fprintln(w, "not ready:", rep.failed(true))
	case late != "":
		fmt.Fprintln(w, "ok, but late:", late)
	default:
		fmt.Fprintln(w, "ok")
	}
}
