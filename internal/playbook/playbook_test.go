package playbook_test

import (
	"strings"
	"testing"

	"hastaluego/internal/fault"
	"hastaluego/internal/playbook"
	"hastaluego/internal/step"
	"hastaluego/internal/text"
)

const good = `playbook: tiny
title: {es: "Uno", en: "One"}
steps:
  - id: confirm
    kind: confirm
    title: {es: "Uno", en: "One"}
    milestone: confirmed
  - id: review
    kind: task
    title: {es: "Dos", en: "Two"}
    after: [confirm]
    role: agent
    due: {d: 2, from: ready}
    escalate: {d: 1, to: admin}
    items:
      - id: a
        title: {es: "Tres", en: "Three"}
  - id: stop
    kind: cancel_billing
    title: {es: "Cuatro", en: "Four"}
    after: [review]
    params: {system: billing}
`

func TestTheBuiltInPlaybooksAreGood(t *testing.T) {
	t.Parallel()
	for name, src := range playbook.Builtin() {
		pb, err := playbook.Load(name+".yaml", src, step.Specs())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !strings.HasPrefix(pb.Version(), name+"@") || len(pb.Steps()) < 5 {
			t.Errorf("%s: %s with %d steps", name, pb.Version(), len(pb.Steps()))
		}
		for _, lang := range text.CustomerLangs() {
			if places := pb.Lacks(lang); len(places) > 0 {
				t.Errorf("%s does not say in %s what customers read: %v", name, lang, places)
			}
		}
		if places := pb.Lacks("it"); len(places) < 2 || !strings.HasSuffix(places[0], ".title") {
			t.Errorf("%s in Italian: %v", name, places)
		}
	}
}

func TestStepsAreFreshCopies(t *testing.T) {
	t.Parallel()
	pb, err := playbook.Load("tiny.yaml", []byte(good), step.Specs())
	if err != nil {
		t.Fatal(err)
	}
	a := pb.Steps()
	a[1].Items[0].Ticked = true
	if b := pb.Steps(); b[1].Items[0].Ticked || b[1].Spec.Due.N != 2 || b[1].Spec.Escalate.To != "admin" || !b[2].Verifies || !b[1].Human {
		t.Errorf("steps: %+v", b)
	}
}

func TestEveryProblemIsReportedAtItsPlace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ from, to, at, code string }{
		"not YAML":            {"playbook: tiny", "playbook: [", "p.yaml:", "file.syntax"},
		"unknown field":       {"    role: agent", "    rol: agent", "p.yaml:12:5", "file.syntax"},
		"unknown kind":        {"kind: task", "kind: tusk", "p.yaml:9:11", "playbook.unknown_kind"},
		"no name":             {"playbook: tiny", "playbook: Tiny One", "p.yaml:1:11", "playbook.name"},
		"twice":               {"id: stop", "id: review", "p.yaml:18:9", "playbook.twice"},
		"odd id":              {"id: stop", "id: Stop!", "p.yaml:18:9", "playbook.key"},
		"nobody to wait for":  {"after: [review]", "after: [revue]", "p.yaml:21:13", "playbook.unknown_step"},
		"a circle":            {"after: [confirm]", "after: [stop]", "p.yaml:", "playbook.cycle"},
		"a language missing":  {`{es: "Dos", en: "Two"}`, `{es: "Dos"}`, "p.yaml:10:", "playbook.words"},
		"a comma unquoted":    {`{es: "Dos", en: "Two"}`, `{es: Dos, y tres, en: "Two"}`, "p.yaml:10:", "playbook.language"},
		"unknown milestone":   {"milestone: confirmed", "milestone: confirmd", "p.yaml:7:16", "playbook.milestone"},
		"nobody owns it":      {"    role: agent\n", "", "p.yaml:", "playbook.role"},
		"never due":           {"    due: {d: 2, from: ready}\n", "", "p.yaml:", "playbook.due"},
		"due in the past":     {"{d: 2, from: ready}", "{d: 0, from: ready}", "p.yaml:13:", "playbook.due"},
		"a role for a system": {"    params: {system: billing}", "    params: {system: billing}\n    role: agent", "p.yaml:23:11", "playbook.not_human"},
		"param missing":       {"    params: {system: billing}\n", "", "p.yaml:", "playbook.param_missing"},
		"param unknown":       {"{system: billing}", "{system: billing, sistem: x}", "p.yaml:22:", "playbook.param_unknown"},
	} {
		src := strings.Replace(good, c.from, c.to, 1)
		if src == good {
			t.Fatalf("%s changes nothing", name)
		}
		_, err := playbook.Load("p.yaml", []byte(src), step.Specs())
		found := false
		for _, f := range fault.Fields(err) {
			found = found || f.Code == c.code && strings.HasPrefix(f.Field, c.at)
			for _, lang := range text.Langs() {
				if words := text.Error(lang, f); strings.Contains(words, "{") || !strings.Contains(words, f.Field) {
					t.Errorf("%s in %s: %q", name, lang, words)
				}
			}
		}
		if !found {
			t.Errorf("%s: want %s at %s, got %v", name, c.code, c.at, err)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(good))
	specs := step.Specs()
	f.Fuzz(func(_ *testing.T, src []byte) { _, _ = playbook.Load("p.yaml", src, specs) })
}
