package playbook_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"hastaluego/internal/fault"
	"hastaluego/internal/playbook"
	"hastaluego/internal/step"
)

var update = flag.Bool("update", false, "write generated references again")

// generated compares a file with what it should hold, or writes it.
func generated(t *testing.T, path string, want []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, want, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is out of date: make gen (%v)", path, err)
	}
}

func TestTheReferenceOfPlaybooksIsUpToDate(t *testing.T) {
	t.Parallel()
	schema, err := playbook.Schema(step.Specs())
	if err != nil {
		t.Fatal(err)
	}
	generated(t, "../../docs/reference/playbook.schema.json", schema)
	const begin, end = "<!-- kinds: written by make gen -->\n", "<!-- end of kinds -->\n"
	page, err := os.ReadFile("../../docs/reference/playbook.md")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("docs/reference/playbook.md has no marks for the kinds")
	}
	generated(t, "../../docs/reference/playbook.md", []byte(before+begin+playbook.Table(step.Specs())+end+after))
}

// Every field that a built-in playbook uses stands in the schema.
func TestTheSchemaKnowsEveryFieldOfTheBuiltInPlaybooks(t *testing.T) {
	t.Parallel()
	raw, err := playbook.Schema(step.Specs())
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties map[string]struct {
			Items struct{ Properties map[string]any }
		}
	}
	if err := json.Unmarshal(raw, &schema); err != nil {
		t.Fatal(err)
	}
	for name, src := range playbook.Builtin() {
		var file struct {
			Steps []map[string]any
		}
		if err := yaml.Unmarshal(src, &file); err != nil {
			t.Fatal(err)
		}
		for _, s := range file.Steps {
			for field := range s {
				if _, ok := schema.Properties["steps"].Items.Properties[field]; !ok {
					t.Errorf("%s uses %s", name, field)
				}
			}
		}
	}
}

const whole = `
playbook: whole
title: {es: "Uno", en: "One"}
retrieval: {d: 30}
steps:
  - {id: confirm, kind: confirm, title: {es: "a", en: "a"}}
  - {id: export, kind: export_data, title: {es: "a", en: "a"}, after: [confirm]}
  - {id: effective, kind: wait, title: {es: "a", en: "a"}, after: [confirm], params: {until: effective}}
  - {id: window, kind: wait, title: {es: "a", en: "a"}, after: [effective, export], params: {until: end_of_retrieval}}
  - {id: plan, kind: task, title: {es: "a", en: "a"}, after: [window], role: privacy, due: {d: 5bd, from: effective}, escalate: {d: 1, to: admin}}
  - {id: agree, kind: approve, title: {es: "a", en: "a"}, after: [plan], role: privacy, due: {d: 5, from: plan}, escalate: {d: 1, to: admin}}
  - {id: erase, kind: erase_data, title: {es: "a", en: "a"}, after: [agree, export], role: privacy, due: {d: 5, from: ready}, escalate: {d: 1, to: admin}, undo: {class: final}}
`

func TestWhatACaseCouldGetWrongIsFoundBeforeItBegins(t *testing.T) {
	t.Parallel()
	if _, err := playbook.Load("p.yaml", []byte(whole), step.Specs()); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ from, to, at, code string }{
		"nobody is told when it is late": {", escalate: {d: 1, to: admin}}\n  - {id: agree", "}\n  - {id: agree", "p.yaml:10:", "playbook.escalate"},
		"escalation to nobody":           {"from: effective}, escalate: {d: 1, to: admin}", "from: effective}, escalate: {d: 1, to: nobody}", "p.yaml:10:", "playbook.escalate"},
		"due from a later step":          {"due: {d: 5bd, from: effective}", "due: {d: 5bd, from: erase}", "p.yaml:10:", "playbook.due_from"},
		"a condition that is no CEL":     {"after: [plan], role", "after: [plan], if: 'customer.kynd == 1', role", "p.yaml:11:", "playbook.condition"},
		"a condition that never holds":   {"after: [plan], role", "after: [plan], if: 'false', role", "p.yaml:11:", "playbook.unreachable"},
		"for nobody":                     {"retrieval:", "when: 1 > 2\nretrieval:", "p.yaml:4:", "playbook.never"},
		"no word about undoing":          {", undo: {class: final}", "", "p.yaml:12:", "playbook.undo_missing"},
		"an odd class of undoing":        {"{class: final}", "{class: maybe}", "p.yaml:12:", "playbook.undo"},
		"a wait for what may never come": {"params: {until: effective}}\n  - {id: window", "params: {until: downloaded}}\n  - {id: window", "p.yaml:8:", "playbook.timeout"},
		"a time-out for a date":          {"params: {until: effective}}\n  - {id: window", "params: {until: effective}, timeout: {d: 3}, else: ask}\n  - {id: window", "p.yaml:8:", "playbook.timeout_idle"},
		"erasing before the window ends": {"after: [agree, export], role", "after: [export], role", "p.yaml:12:", "playbook.erase_early"},
		"erasing without approval":       {"after: [agree, export], role", "after: [plan, export], role", "p.yaml:12:", "playbook.erase_unapproved"},
		"our record before far systems":  {"kind: export_data, title: {es: \"a\", en: \"a\"}, after: [confirm]}", "kind: export_data, title: {es: \"a\", en: \"a\"}, after: [confirm]}\n  - {id: far, kind: erase_systems, title: {es: \"a\", en: \"a\"}, after: [agree, export], undo: {class: final}}\n  - {id: ours, kind: erase_record, title: {es: \"a\", en: \"a\"}, after: [agree, export], undo: {class: final}, params: {keep_years: \"6\", keep_why_es: a, keep_why_en: a, backup_days: \"30\"}}", "p.yaml:", "playbook.far_after_record"},
		"export after erasing":           {"kind: export_data, title: {es: \"a\", en: \"a\"}, after: [confirm]}", "kind: confirm, title: {es: \"a\", en: \"a\"}}\n  - {id: late, kind: export_data, title: {es: \"a\", en: \"a\"}, after: [confirm]}", "p.yaml:13:", "playbook.export_after_erase"},
		"a window that nobody set":       {"retrieval: {d: 30}\n", "", "p.yaml:8:", "playbook.retrieval"},
		"before the proof of identity":   {"after: [agree, export], role", "role", "p.yaml:12:", "playbook.before_proof"},
		"a letter before the proof":      {"kind: export_data, title: {es: \"a\", en: \"a\"}, after: [confirm]}", "kind: farewell, title: {es: \"a\", en: \"a\"}}", "p.yaml:7:", "playbook.before_proof"},
		"a proof under a condition":      {"kind: confirm, ", "kind: confirm, if: customer.consumer, ", "p.yaml:6:", "playbook.proof_if"},
		"export after the money":         {"kind: export_data, title: {es: \"a\", en: \"a\"}, after: [confirm]}", "kind: collect, title: {es: \"a\", en: \"a\"}, after: [confirm], params: {days: \"3\"}, role: finance, due: {d: 5, from: ready}, escalate: {d: 1, to: admin}}\n  - {id: late, kind: export_data, title: {es: \"a\", en: \"a\"}, after: [export]}", "p.yaml:8:", "playbook.hostage"},
		"our access before the handover": {"kind: export_data, title: {es: \"a\", en: \"a\"}, after: [confirm]}", "kind: handover, title: {es: \"a\", en: \"a\"}, after: [confirm], role: agent, due: {d: 5, from: ready}, escalate: {d: 1, to: admin}, undo: {class: final}}\n  - {id: out, kind: own_access, title: {es: \"a\", en: \"a\"}, after: [confirm], role: agent, due: {d: 5, from: ready}, escalate: {d: 1, to: admin}, undo: {class: final}}", "p.yaml:8:", "playbook.own_access_early"},
		"what we hold before a handover": {"kind: export_data, title: {es: \"a\", en: \"a\"}, after: [confirm]}", "kind: handover, title: {es: \"a\", en: \"a\"}, after: [confirm], role: agent, due: {d: 5, from: ready}, escalate: {d: 1, to: admin}, undo: {class: final}}\n  - {id: out, kind: revoke_access, title: {es: \"a\", en: \"a\"}, after: [confirm], params: {system: drive, whose: ours}}", "p.yaml:8:", "playbook.own_access_early"},
		"what we hold without any":       {"kind: export_data, title: {es: \"a\", en: \"a\"}, after: [confirm]}", "kind: revoke_access, title: {es: \"a\", en: \"a\"}, after: [confirm], params: {system: drive, whose: ours}}", "p.yaml:7:", "playbook.own_access_alone"},
		"our access without a handover":  {"kind: export_data, title: {es: \"a\", en: \"a\"}, after: [confirm]}", "kind: own_access, title: {es: \"a\", en: \"a\"}, after: [confirm], role: agent, due: {d: 5, from: ready}, escalate: {d: 1, to: admin}, undo: {class: final}}", "p.yaml:7:", "playbook.own_access_alone"},
		"left to read and never closed":  {"kind: export_data, title: {es: \"a\", en: \"a\"}, after: [confirm]}", "kind: export_data, title: {es: \"a\", en: \"a\"}, after: [confirm]}\n  - {id: narrow, kind: narrow_access, title: {es: \"a\", en: \"a\"}, after: [export]}", "p.yaml:8:", "playbook.narrow_left"},
		"left to read and closed early":  {"kind: export_data, title: {es: \"a\", en: \"a\"}, after: [confirm]}", "kind: export_data, title: {es: \"a\", en: \"a\"}, after: [confirm]}\n  - {id: narrow, kind: narrow_access, title: {es: \"a\", en: \"a\"}, after: [export]}\n  - {id: rest, kind: revoke_access, title: {es: \"a\", en: \"a\"}, after: [narrow]}", "p.yaml:8:", "playbook.narrow_left"},
		"what is left was never left":    {"kind: export_data, title: {es: \"a\", en: \"a\"}, after: [confirm]}", "kind: revoke_access, title: {es: \"a\", en: \"a\"}, after: [confirm], params: {narrowed: leave}}", "p.yaml:7:", "playbook.leave_nothing"},
		"a fourth reminder":              {"kind: export_data, title: {es: \"a\", en: \"a\"}, after: [confirm]}", "kind: collect, title: {es: \"a\", en: \"a\"}, after: [confirm], params: {days: \"3,5,7,9\"}, role: finance, due: {d: 5, from: ready}, escalate: {d: 1, to: admin}}", "p.yaml:7:", "playbook.param_value"},
		"a question before the end":      {"kind: export_data, title: {es: \"a\", en: \"a\"}, after: [confirm]}", "kind: farewell, title: {es: \"a\", en: \"a\"}, after: [confirm]}\n  - {id: ask, kind: survey, title: {es: \"a\", en: \"a\"}, after: [export]}", "p.yaml:8:", "playbook.ask_early"},
		"users told after the end":       {"  - {id: window", "  - {id: users, kind: tell_users, title: {es: \"a\", en: \"a\"}, after: [effective]}\n  - {id: window", "p.yaml:9:", "playbook.users_late"},
		"a question before goodbye":      {"  - {id: window", "  - {id: ask, kind: survey, title: {es: \"a\", en: \"a\"}, after: [effective]}\n  - {id: window", "p.yaml:9:", "playbook.ask_early"},
		"an approval of nothing":         {"after: [plan], role", "role", "p.yaml:11:", "playbook.approves_nothing"},
	} {
		src := strings.Replace(whole, c.from, c.to, 1)
		if src == whole {
			t.Fatalf("%s changes nothing", name)
		}
		_, err := playbook.Load("p.yaml", []byte(src), step.Specs())
		found := false
		for _, f := range fault.Fields(err) {
			found = found || f.Code == c.code && strings.HasPrefix(f.Field, c.at)
		}
		if !found {
			t.Errorf("%s: want %s at %s, got %v", name, c.code, c.at, err)
		}
	}
}

// What writes to the customer says so, or a playbook could write before it is
// known who they are.
func TestEveryKindThatWritesToTheCustomerSaysSo(t *testing.T) {
	t.Parallel()
	for name, k := range step.All(nil) {
		if _, courier := k.(step.Courier); (courier || k.Spec().TellsUsers) != k.Spec().Writes {
			t.Errorf("%s: says that it writes: %v", name, k.Spec().Writes)
		}
	}
}
