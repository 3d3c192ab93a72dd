package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/flow"
)

// Whoever works alone publishes what they wrote after the time that they
// declared, and not before.
func TestWhoWorksAlonePublishesAfterTheDeclaredTime(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, s string) string {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	config := write("hasta.yaml", "company: {name: Clara, country: ES, email: hola@clara.example}\n")
	own := write("own.yaml", strings.Replace(string(flow.Builtin()["exit-first"]), "Primero la baja", "La baja, lo primero", 1))
	signup := write("signup.yaml", `flow: signup
languages: [es, en, de, fr]
nodes:
  - {id: home, kind: entry, actions: [{id: join, role: accept, to: plan}]}
  - {id: plan, kind: form, fields: [{id: a, asks: email}, {id: n, asks: name}], actions: [{id: choose, role: accept, to: pay}]}
  - {id: pay, kind: confirm, fields: [{id: p, asks: payment}], actions: [{id: buy, role: accept, to: done}]}
  - {id: done, kind: receipt}
`)
	hasta := func(want int, args ...string) string {
		t.Helper()
		var said, wrong bytes.Buffer
		if code := run(append(args, "--config", config, "--dir", dir), out{&said, &wrong}); code != want {
			t.Fatalf("hasta %v: exit status %d: %s%s", args, code, &said, &wrong)
		}
		return said.String() + wrong.String()
	}
	draft := regexp.MustCompile(`fld_\w+`)
	before := draft.FindString(hasta(0, "flow", "draft", own, "--signup", signup))
	hasta(1, "flow", "publish", before) // a second person is asked for
	hasta(0, "one-person", "on", "--hours", "48")
	if said := hasta(1, "flow", "publish", before); said == "" {
		t.Error("what was written under the other rule is refused in silence")
	}
	after := draft.FindString(hasta(0, "flow", "draft", own, "--signup", signup, "--note", "Sola"))
	if said := hasta(0, "flow", "publish", after); !strings.Contains(said, "48 hours") {
		t.Errorf("said %q", said)
	}
	published := regexp.MustCompile(`(?m)^flv_\w+ +1 +exit-first +in force`)
	inForce := func() bool { return published.MatchString(hasta(0, "flow", "list")) }

	ctx, stop := context.WithCancel(t.Context())
	h, err := common{Config: config, Dir: dir}.open(ctx, out{os.Stderr, os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	ran := make(chan error)
	go func() { ran <- h.engine.Run(ctx) }()
	defer func() { stop(); <-ran; h.close() }()
	now, _, err := h.app.Now(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		hours int
		want  bool
	}{{47, false}, {48, true}} {
		if err := h.app.PushClock(ctx, "", now.Add(time.Duration(c.hours)*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if inForce() != c.want {
			t.Errorf("after %d hours it is in force: %v", c.hours, !c.want)
		}
	}
}
