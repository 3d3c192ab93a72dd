package flow_test

import (
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/fault"
	"hastaluego/internal/flow"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/testkit/typeset"
	"hastaluego/internal/when"
)

// slowSignup is a way in that is as long as our way out.
const slowSignup = `flow: signup
languages: [es, en, de, fr]
nodes:
  - {id: home, kind: entry, actions: [{id: join, role: accept, to: plan}]}
  - {id: plan, kind: form, fields: [{id: a, asks: email}, {id: n, asks: name}], actions: [{id: choose, role: accept, to: pay}]}
  - {id: pay, kind: confirm, fields: [{id: p, asks: payment}], actions: [{id: buy, role: accept, to: done}]}
  - {id: done, kind: receipt}
`

func everywhere(t *testing.T, f *flow.Flow, facts jurisdiction.Facts) []flow.Law {
	t.Helper()
	laws, refs, err := f.Everywhere(jurisdiction.Shipped(), facts, when.Date{Year: 2026, Month: 11, Day: 27})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range jurisdiction.Shipped().Places() {
		if !slices.ContainsFunc(laws, func(l flow.Law) bool { return l.Place == p.ID }) || !slices.Contains(refs, p.Ref()) {
			t.Errorf("nobody lives under %s", p.ID)
		}
	}
	return laws
}

// What a company has to say of itself so that nothing that blocks is unknown.
func TestOurFlowPassesEverywhereOnceTheCompanySaysWhatItIs(t *testing.T) {
	t.Parallel()
	f := load(t, "exit-first.yaml", string(flow.Builtin()["exit-first"]))
	facts := jurisdiction.Facts{"seller.country": "ES", "seller.workers": int64(12), "seller.turnover_eur": int64(900_000), "seller.balance_eur": int64(400_000), "seller.online_platform": false}
	r := flow.Check(f, everywhere(t, f, facts), load(t, "signup.yaml", slowSignup))
	for _, x := range r.Findings {
		if x.Severity == jurisdiction.Block {
			t.Errorf("%s %s at %s: %s %v in %v", x.Rule, x.Result, x.At, x.Why, x.Args, x.Variants[:1])
		}
	}
	if err := f.Unsaid(); err != nil {
		t.Errorf("a text is missing: %v", err)
	}
	said := false
	for _, l := range everywhere(t, f, facts) {
		said = said || l.Place == "fr" && strings.Contains(l.Name, "request.for_cause=true")
		if slices.Contains(l.Packs, "es") != (l.Place == "es") {
			t.Errorf("who lives under %s meets what only Spain prescribes, or does not in Spain", l.Name)
		}
	}
	if !said {
		t.Error("nobody in France leaves for cause")
	}
}

// A fact about the company is asked and never supposed.
func TestWhatTheCompanyDoesNotSayStaysUnknown(t *testing.T) {
	t.Parallel()
	f := load(t, "exit-first.yaml", string(flow.Builtin()["exit-first"]))
	r := flow.Check(f, everywhere(t, f, nil), nil)
	if !slices.ContainsFunc(r.Findings, func(x flow.Finding) bool {
		return x.Severity == jurisdiction.Block && x.Result == jurisdiction.Unknown && slices.Contains(x.Missing, "seller.workers")
	}) {
		t.Error("nobody asked how many people work there")
	}
}

func TestEveryTextThatAServedLanguageLacksIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	src := string(flow.Builtin()["exit-first"])
	for _, gone := range []string{`, fr: "Tout ce qui`, `, fr: "Confirmez"`, `, fr: "Nom et prénom"`, `, fr: "Au revoir"`, `, fr: "À bientôt"`, `, fr: "Répondre, si vous voulez"`} {
		at := strings.Index(src, gone)
		if at < 0 {
			continue
		}
		end := at + strings.Index(src[at:], `"}`) + 1
		f := load(t, "exit-first.yaml", src[:at]+src[end:])
		list := fault.Fields(f.Unsaid())
		if len(list) != 1 || !slices.Contains(list[0].Args, any("fr")) || !strings.HasPrefix(list[0].Field, "exit-first.yaml:") {
			t.Errorf("without %s: %v", gone, list)
		}
	}
	f := load(t, "exit-first.yaml", strings.Replace(src, "  - id: survey\n    kind: survey\n", "  - id: survey\n    kind: survey\n    only: {languages: [es]}\n", 1))
	if err := f.Unsaid(); err != nil {
		t.Errorf("what is met in Spanish alone: %v", err)
	}
}

// What our flow says is set as its languages are.
func TestOurFlowIsSetAsItsLanguagesAre(t *testing.T) {
	t.Parallel()
	f := load(t, "exit-first.yaml", string(flow.Builtin()["exit-first"]))
	said := 0
	look := func(where string, all ...flow.Words) {
		for _, w := range all {
			for lang, s := range w {
				said++
				if wrong := typeset.Misset(lang, s); wrong != "" {
					t.Errorf("%s in %s: %q in %q", where, lang, wrong, s)
				}
			}
		}
	}
	look("title", f.Title)
	for _, n := range f.Nodes {
		for code, w := range n.Texts {
			look(n.ID+"."+code, w)
		}
		for _, x := range n.Fields {
			look(n.ID+"."+x.ID, x.Label, x.Help)
		}
		for _, a := range n.Action {
			look(n.ID+"."+a.ID, a.Label, a.Help)
			for _, w := range a.Prescribed {
				look(n.ID+"."+a.ID, w)
			}
		}
	}
	if said < 300 {
		t.Errorf("only %d texts were looked at", said)
	}
}
