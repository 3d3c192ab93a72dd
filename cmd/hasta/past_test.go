package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/demo"
	"hastaluego/internal/demo/peer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
	"hastaluego/internal/winback"
)

// The sample company lives its last year by the verbs that people use: at its
// end there is a departure in every state, everything that happened lies in
// the past and in order, every letter went out, and the log verifies.
func TestTheSampleCompanyHasAPast(t *testing.T) {
	billing := testkit.StartPeer(t, true)
	t.Setenv("HASTA_BILLING_TOKEN", billing.Token)
	cfg, d := demoConfig(t, billing)
	relive(t, cfg, d, billing)
	h, err := build(t.Context(), cfg, newLog(io.Discard, "error", ""), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	ctx := t.Context()
	boss := app.Actor{ID: "usr_boss", Name: "Boss", Roles: app.Roles}
	found := map[string]int{}
	in, err := h.app.OpenInbox(ctx, boss, app.CaseFilter{Limit: 500})
	if err != nil {
		t.Fatal(err)
	}
	now, _, err := h.app.Now(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range in.Cases {
		found[string(row.Plan.Case.State)]++
		if row.Plan.Case.Paused {
			found["paused"]++
		}
		for _, s := range row.Plan.Steps {
			if s.Human && s.State == offboarding.StepReady && !s.Due.IsZero() && s.Due.Before(now) {
				found["overdue"]++
			}
			if s.State == offboarding.StepBlocked {
				found["blocked"]++
			}
			if s.Escalated != "" && s.DoneAt.IsZero() {
				found["escalated"]++
			}
		}
	}
	found["unmatched"] = len(in.Unmatched)
	for state, least := range map[string]int{
		"registered": 2, "open": 8, "reversed": 4, "stopped": 3, "closed": 20, "paused": 1, "overdue": 1, "blocked": 1, "escalated": 1, "unmatched": 2,
	} {
		if found[state] < least {
			t.Errorf("%d departures are %s, and at least %d should be: %v", found[state], state, least, found)
		}
	}
	if n := len(in.Cases); n < 40 || n > 90 {
		t.Errorf("%d departures in a year", n)
	}

	var last time.Time
	err = h.store.View(ctx, func(tx app.Tx) error {
		entries, err := tx.Entries(ctx, 100_000)
		if err != nil {
			return err
		}
		last = now
		for _, e := range entries { // newest first
			if e.At.After(last) || e.Index < 0 {
				t.Errorf("%s at %s has place %d, after something at %s", e.Type, e.At, e.Index, last)
			}
			last = e.At
		}
		letters, err := tx.ListMessages(ctx, "", 100_000)
		for _, m := range letters {
			if m.State != "sent" || m.SentAt.After(now) || m.SentAt.Sub(m.QueuedAt) > 2*time.Minute {
				t.Errorf("letter %s is %s: queued %s, sent %s", m.Paper, m.State, m.QueuedAt, m.SentAt)
			}
		}
		found["letters"] = len(letters)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if age := now.Sub(last); age < 360*24*time.Hour || found["letters"] < 150 {
		t.Errorf("the past is %s long and has %d letters", age, found["letters"])
	}
	// What the surveys say is what the figures count, and some may be written to.
	said, err := h.app.ListVoices(ctx, boss, "answers", 500, 0)
	if err != nil {
		t.Fatal(err)
	}
	figures, err := h.app.Metrics(ctx, boss)
	if err != nil {
		t.Fatal(err)
	}
	rated := 0
	for _, v := range said.Rows {
		if v.Answers["nps"] != "" {
			rated++
		}
	}
	if rated < 5 || figures.NPS.N != rated || figures.CSAT.N < 5 {
		t.Errorf("%d surveys have an NPS, and the figures count %d (CSAT %d)", rated, figures.NPS.N, figures.CSAT.N)
	}
	shown, err := h.app.ListVoices(ctx, boss, "testimonial", 10, 0)
	if err != nil || len(shown.Rows) == 0 {
		t.Errorf("nobody gave a testimonial: %v", err)
	}
	back, err := h.app.OpenWinback(ctx, boss, winback.Filter{})
	if err != nil || len(back.Leavers) < 3 || back.Others == 0 {
		t.Errorf("%d leavers allowed a letter, %d did not: %v", len(back.Leavers), back.Others, err)
	}
	rep, _, err := h.verify(ctx)
	if err != nil || !rep.OK() {
		t.Errorf("the log of the past: %v %v", err, rep.Findings)
	}

	relive(t, cfg, d, billing)
	again, err := h.app.OpenInbox(ctx, boss, app.CaseFilter{Limit: 500})
	if err != nil || again.Total != in.Total {
		t.Errorf("started again there are %d departures instead of %d: %v", again.Total, in.Total, err)
	}
}

// A house in which anything happened keeps the past that it has.
func TestAHistoryBeginsInAnEmptyHouseOnly(t *testing.T) {
	billing := testkit.StartPeer(t, true)
	t.Setenv("HASTA_BILLING_TOKEN", billing.Token)
	cfg, _ := demoConfig(t, billing)
	h, err := build(t.Context(), cfg, newLog(io.Discard, "error", ""), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	until := when.Machine{}.Now()
	if err := h.app.BeginHistory(t.Context(), until); err != nil {
		t.Fatal(err)
	}
	if err := h.app.BeginHistory(t.Context(), until); err == nil {
		t.Error("a second history began")
	}
}

func relive(t *testing.T, cfg config, d sample, billing peer.Client) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
	defer stop()
	var complaints bytes.Buffer
	if err := live(ctx, out{io.Discard, &complaints}, cfg, d, billing, filepath.Join(cfg.Dir, "secrets"), "error"); err != nil || complaints.Len() > 0 {
		t.Fatalf("%v\n%s", err, complaints.String())
	}
}

func demoConfig(t *testing.T, billing peer.Client) (config, sample) {
	t.Helper()
	s, err := demo.In("es")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cfg := config{
		Database: filepath.Join(dir, "hasta.db"), Dir: dir, Company: companyConfig(s.Company), PublicURL: "http://127.0.0.1",
		Systems: filepath.Join(dir, "systems.yaml"), Segments: filepath.Join(dir, "segments.yaml"),
	}
	cfg.Keys.Dir = filepath.Join(dir, "keys")
	if err := os.WriteFile(cfg.Systems, []byte(s.Systems(billing.Base, filepath.Join(dir, "secrets"))), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cfg.Segments, demo.Segments, 0o600); err != nil {
		t.Fatal(err)
	}
	return cfg, sample{s, "es"}
}

func TestTheDemoSpeaksTheLanguageOfTheTerminal(t *testing.T) {
	t.Parallel()
	for want, env := range map[string]map[string]string{
		"es": {"LANG": "es_MX.UTF-8"},
		"en": {"LANG": "es_ES.UTF-8", "LC_ALL": "C"},
	} {
		if got := terminalLanguage(func(k string) string { return env[k] }); got != want {
			t.Errorf("%v: %s", env, got)
		}
	}
}

// A bare machine has no time zones; the program runs on it all the same.
func TestTheProgramBringsItsTimeZones(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil || !strings.Contains(string(out), "\ntime/tzdata\n") {
		t.Errorf("no time/tzdata among what the program is made of: %v", err)
	}
}
