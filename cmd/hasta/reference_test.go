package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
)

var update = flag.Bool("update", false, "write generated references again")

func generated(t *testing.T, path, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, []byte(want)) {
		t.Errorf("%s is out of date: make gen (%v)", path, err)
	}
}

func TestTheReferenceOfTheConfigurationIsUpToDate(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("# Configuration\n\nWritten by make gen.\n\nOne YAML file (`--config`, `HASTA_CONFIG`); the environment wins over it, and flags win over both. " +
		"`hasta config check FILE`\nreports every problem at file:line:column, `hasta config show` prints what holds. Secrets are references, " +
		"`env:NAME` or `file:PATH`,\nand are never printed.\n\n| key | environment | kind | what it is |\n|---|---|---|---|\n")
	var cfg config
	for _, s := range settings(&cfg) {
		kind := map[string]string{"string": "text", "int": "number", "time.Duration": "time, 30s", "[]string": "list; commas in the environment"}[s.Value.Type().String()]
		if kind == "" {
			t.Errorf("%s has a kind that nobody explained: %s", s.Key, s.Value.Type())
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", s.Key, s.Env, kind, s.About)
	}
	generated(t, "../../docs/reference/config.md", b.String())
}

func TestTheReferenceOfRolesIsUpToDate(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("# Roles\n\nWritten by make gen. **a** may act, r may see, – neither. One person may hold several; what needs two people needs two\n" +
		"people, whatever their roles. A step of people is worked by the role that its playbook names. Whoever may not press a button sees who can.\n\n| |")
	for _, r := range app.Roles {
		b.WriteString(" " + r + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(app.Roles)) + "\n")
	for _, what := range app.Permissions() {
		b.WriteString("| " + what + " |")
		for _, r := range app.Roles {
			who := app.Actor{Roles: []string{r}}
			switch {
			case who.May(what):
				b.WriteString(" **a** |")
			case who.MayRead(what):
				b.WriteString(" r |")
			default:
				b.WriteString(" – |")
			}
		}
		b.WriteString("\n")
	}
	b.WriteString("\n## API keys\n\nA key has scopes, not roles. No scope reaches keys or users, and no key decides what needs a second person. A key never reaches further than whoever made it does at that moment.\n\n" +
		"| scope | may act on | may see | works steps of |\n|---|---|---|---|\n")
	list := func(names []string) string {
		if len(names) == 0 {
			return "–"
		}
		return strings.Join(names, ", ")
	}
	for _, s := range app.Scopes() {
		key := app.Actor{ID: "key_", Scopes: []string{s}}
		var acts, reads, works []string
		for _, what := range app.Permissions() {
			if key.May(what) {
				acts = append(acts, what)
			}
			if key.MayRead(what) {
				reads = append(reads, what)
			}
		}
		for _, r := range app.Roles {
			if key.MayWork(offboarding.Step{Role: r}) {
				works = append(works, r)
			}
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", s, list(acts), list(reads), list(works))
	}
	generated(t, "../../docs/reference/roles.md", b.String())
}
