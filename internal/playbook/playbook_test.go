package playbook_test

import (
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/fault"
	"hastaluego/internal/playbook"
	"hastaluego/internal/step"
	"hastaluego/internal/testkit/typeset"
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
		if err := pb.Unsaid(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A playbook has every language in which customers are spoken to.
func TestAPlaybookIsWrittenInTheLanguagesOfCustomers(t *testing.T) {
	t.Parallel()
	known := slices.Concat(playbook.Languages, playbook.Spoken)
	slices.Sort(known)
	want := text.CustomerLangs()
	slices.Sort(want)
	if !slices.Equal(known, want) || !slices.Equal(playbook.Languages, text.Langs()) {
		t.Errorf("playbooks are in %v, customers are spoken to in %v", known, want)
	}
}

// What customers read is missed in each of their languages, at its place; what
// only people who work here read is not.
func TestWhatCustomersReadIsSaidInTheirLanguages(t *testing.T) {
	t.Parallel()
	const four = `{es: "Cuatro", en: "Four", de: "Vier", fr: "Quatre"}`
	whole := replace(good, `{es: "Cuatro", en: "Four"}`, four)
	lent := replace(whole, "params: {system: billing}", `params: {system: billing}
  - id: lent
    kind: return_assets
    title: `+four+`
    after: [stop]
    role: agent
    due: {d: 2, from: ready}
    escalate: {d: 1, to: admin}
    undo: {class: reissuable, title: {es: "Volver a prestar", en: "Lend again"}}
    params: {how_es: "Tráelo", how_en: "Bring it", how_de: "Bring es"}`)
	for name, c := range map[string]struct {
		src  string
		want []string
	}{
		"nothing lacks":                   {whole, nil},
		"a title in German and in French": {good, []string{"p.yaml:20:13 de", "p.yaml:20:13 fr"}},
		"only blanks in German":           {replace(whole, `de: "Vier"`, `de: " "`), []string{"p.yaml:20:13 de"}},
		"how things come back in French":  {lent, []string{"p.yaml:31:14 fr"}},
		"what can be undone":              {replace(lent, `"Tráelo", how_en: "Bring it"`, `"Tráelo", how_en: "Bring it", how_fr: "Apportez"`), nil},
		"the title of what can be undone": {replace(replace(lent, "    kind: return_assets\n    title: "+four, "    kind: return_assets\n    title: {es: Eso, en: That}"), `how_de: "Bring es"`, `how_de: "Bring es", how_fr: "Apportez"`), []string{"p.yaml:25:13 de", "p.yaml:25:13 fr"}},
	} {
		pb, err := playbook.Load("p.yaml", []byte(c.src), step.Specs())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for _, e := range fault.Fields(pb.Unsaid()) {
			got = append(got, e.Field+" "+e.Args[slices.Index(e.Args, any("lang"))+1].(string))
			for _, lang := range text.Langs() {
				if words := text.Error(lang, e); strings.Contains(words, "{") || !strings.Contains(words, e.Field) {
					t.Errorf("%s in %s: %q", name, lang, words)
				}
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func replace(s, from, to string) string {
	if strings.Count(s, from) != 1 {
		panic("stands more or less than once: " + from)
	}
	return strings.Replace(s, from, to, 1)
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
		"unknown field":       {"    role: agent", "    rol: agent", "p.yaml:12:5", "file.unknown_key"},
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

// What our playbooks say is set as its language is.
func TestOurPlaybooksAreSetAsTheirLanguagesAre(t *testing.T) {
	t.Parallel()
	for name, src := range playbook.Builtin() {
		pb, err := playbook.Load(name+".yaml", src, step.Specs())
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range pb.Steps() {
			for _, words := range []map[string]string{s.Title, s.Said("how"), s.Said("keep_why")} {
				for lang, said := range words {
					if wrong := typeset.Misset(lang, said); wrong != "" {
						t.Errorf("%s: %s in %s: %q in %q", name, s.Key, lang, wrong, said)
					}
				}
			}
		}
	}
}
