package flow_test

import (
	"fmt"
	"strings"
	"testing"

	"hastaluego/internal/fault"
	"hastaluego/internal/flow"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

func load(t testing.TB, name, src string) *flow.Flow {
	t.Helper()
	f, err := flow.Load(name, []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

var today = when.Date{Year: 2026, Month: 11, Day: 27}

// facts that a shop of software has; those of the description come with it.
var facts = jurisdiction.Facts{
	"seller.sector": "software", "seller.workers": int64(40), "seller.turnover_eur": int64(3_000_000), "seller.balance_eur": int64(2_000_000),
	"seller.online_platform": false, "seller.nonprofit": false, "seller.network": "visa", "seller.country": "ES",
	"service.data_processing": true, "service.digital_content": false, "service.digital_service": true, "service.goods": false, "service.financial": false,
	"service.custom_built_majority": false, "service.test_version": false,
	"contract.continuing": true, "contract.distance": true, "contract.off_premises": false, "contract.auto_renews": true, "contract.after_auto_renewal": false,
	"contract.term_days": int64(365), "contract.renewal_days": int64(365), "contract.trial_days": int64(0), "contract.benefit_given": false, "contract.for_resale": false,
	"contract.started_on_request": false, "contract.withdrawal_informed": true, "contract.concluded_on": "2026-10-01",
	"request.for_cause": false, "customer.vulnerable": false, "data.role": "controller",
}

func laws(t testing.TB, f *flow.Flow, names ...string) []flow.Law {
	t.Helper()
	out, err := f.Laws(jurisdiction.Shipped(), names, facts, today)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func tell(f flow.Finding) string {
	return fmt.Sprintf("%s %s %s %s/%s %s: %s “%s” %v", f.At, f.Result, f.Severity, f.Rule, f.Pattern, f.Node, text.Say("en", "flow.why."+f.Why, f.Args...), f.Words, f.Variants[0])
}

func TestOurOwnFlowHasNothingThatFailsAnywhere(t *testing.T) {
	t.Parallel()
	f := load(t, "exit-first.yaml", string(flow.Builtin()["exit-first"]))
	var names []string
	for _, p := range jurisdiction.Shipped().Packs() {
		names = append(names, p.ID)
	}
	r := flow.Check(f, append(laws(t, f, names...), flow.Law{Name: "none"}), nil)
	for _, x := range r.Findings {
		if x.Result == jurisdiction.Fail || x.Severity == jurisdiction.Block && x.Pattern != "DP02" {
			t.Error(tell(x))
		}
	}
	t.Logf("%d packs: %d pass, %d fail, %d unknown", len(names), r.Count(jurisdiction.Pass), r.Count(jurisdiction.Fail), r.Count(jurisdiction.Unknown))
	if want := (len(names) + 1) * 4 * 2; r.Variants != want {
		t.Errorf("%d variants, want %d", r.Variants, want)
	}
}

func TestEveryStaticParameterOfTheLawCanBeSeenInAFlow(t *testing.T) {
	t.Parallel()
	looks := strings.Join(flow.Looks(), " ") + " "
	for _, p := range jurisdiction.Params() {
		if p.Phase == jurisdiction.Static && !strings.Contains(looks, p.Name+" ") {
			t.Errorf("nothing looks for %s", p.Name)
		}
	}
	for _, name := range flow.Looks() {
		if p := jurisdiction.ParamNamed(name); p == nil || p.Phase != jurisdiction.Static {
			t.Errorf("%s is no static parameter", name)
		}
	}
}

func TestWhatIsWrongWithADescriptionIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	const good = `flow: tiny
title: {es: "Uno"}
languages: [es]
concluded: [web]
nodes:
  - id: home
    kind: entry
    actions:
      - {id: go, role: exit, to: sure, label: {es: "Baja"}}
  - id: sure
    kind: confirm
    actions:
      - {id: yes, role: exit, to: done, label: {es: "Confirmar la baja"}}
  - id: done
    kind: receipt
    texts: {title: {es: "Hecho"}}
`
	load(t, "t.yaml", good)
	for name, c := range map[string]struct{ from, to, at, code string }{
		"an unknown kind":                 {"kind: confirm", "kind: konfirm", "t.yaml:11:11", "flow.value"},
		"an unknown key":                  {"kind: confirm", "kind: confirm\n    colour: red", "t.yaml:12:5", "file.unknown_key"},
		"an unknown role":                 {"id: yes, role: exit", "id: yes, role: leave", "t.yaml:13:25", "flow.value"},
		"a target that does not exist":    {"to: sure", "to: nowhere", "t.yaml:9:34", "flow.unknown_node"},
		"a node that stands twice":        {"id: done", "id: sure", "t.yaml:14:9", "flow.twice"},
		"a language that nobody serves":   {`{es: "Hecho"}`, `{es: "Hecho", en: "Done"}`, "t.yaml:16:21", "flow.unserved"},
		"an empty text":                   {`{es: "Hecho"}`, `{es: " "}`, "t.yaml:16:25", "flow.empty"},
		"a stray key by a comma":          {`{es: "Hecho"}`, `{es: Hecho, mañana: no}`, "t.yaml:16:21", "flow.language"},
		"no entry":                        {"kind: entry", "kind: info", "t.yaml:6:3", "flow.no_entry"},
		"a part that belongs elsewhere":   {"kind: confirm", "kind: confirm\n    receipt: {time: day}", "t.yaml:12:15", "flow.not_here"},
		"a page that is not the same":     {"kind: confirm", "kind: confirm\n    next: done", "t.yaml:12:11", "flow.next_page"},
		"in and out at once":              {"kind: confirm", "kind: confirm\n    only: {packs: [de]}\n    not: {packs: [de]}", "t.yaml:13:11", "flow.in_and_out"},
		"Enter for two":                   {`- {id: yes, role: exit, to: done, label: {es: "Confirmar la baja"}}`, "- {id: yes, role: exit, to: done, default_on_enter: true}\n      - {id: no, role: keep, to: done, default_on_enter: true}", "t.yaml:14:", "flow.two_defaults"},
		"a device that is not served":     {"kind: confirm", "kind: confirm\n    only: {devices: [app]}", "t.yaml:12:", "flow.value"},
		"a signature without a day":       {`label: {es: "Baja"}`, `label: {es: "Baja"}, reviewed: {by: Ana, why: clear}`, "t.yaml:9:", "flow.reviewed"},
		"no proof of identity to ask for": {"kind: confirm", "kind: auth", "t.yaml:10:5", "flow.needs"},
		"a prominence beyond the scale":   {"id: yes, role: exit", "id: yes, prominence: 9, role: exit", "t.yaml:13:", "flow.number"},
		"languages that nobody names":     {"languages: [es]", "languages: []", "t.yaml:3:", "flow.no_languages"},
		"a name with spaces":              {"flow: tiny", "flow: Tiny one", "t.yaml:1:7", "flow.name"},
		"nothing to meet":                 {good[strings.Index(good, "nodes:"):], "nodes: []\n", "t.yaml:5:", "flow.nodes"},
		"a timer of no action":            {"kind: confirm", "kind: confirm\n    timers: [{kind: delay, seconds: 3, action: nobody}]", "t.yaml:12:", "flow.unknown_action"},
	} {
		src := strings.Replace(good, c.from, c.to, 1)
		if src == good {
			t.Fatalf("%s changes nothing", name)
		}
		_, err := flow.Load("t.yaml", []byte(src))
		found := false
		for _, f := range fault.Fields(err) {
			found = found || f.Code == c.code && strings.HasPrefix(f.Field, c.at)
		}
		if !found {
			t.Errorf("%s: want %s at %s, got %v", name, c.code, c.at, err)
		}
	}
}

// Every word that the checker can say exists: its codes are counted out of the
// findings of the examples, and the rest out of the table of patterns.
func TestEveryPatternHasANameAndAChangeInBothLanguages(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"es", "en"} {
		for _, id := range flow.Patterns() {
			for _, code := range []string{"flow.pattern." + id, "flow.change." + id} {
				if !text.Known(lang, code) {
					t.Errorf("%s lacks %s", lang, code)
				}
			}
		}
	}
	if n := len(flow.Patterns()); n != 38 {
		t.Errorf("%d patterns, want 38", n)
	}
}

func FuzzLoad(f *testing.F) {
	// Short ones: whatever is made of a long flow takes long to check.
	f.Add([]byte(plain))
	f.Add([]byte(signup))
	f.Add([]byte("flow: a\nlanguages: [es]\nnodes:\n  - {id: a, kind: entry, next: a, only: {packs: [x]}, actions: [{id: b, role: exit, to: a, prescribed: {x: {zz: q}}}]}\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		x, err := flow.Load("f.yaml", src)
		if err != nil {
			for _, e := range fault.Fields(err) {
				if !strings.HasPrefix(e.Field, "f.yaml:") {
					t.Errorf("without a place: %v", e)
				}
			}
			return
		}
		for _, found := range flow.Check(x, nil, x).Findings {
			if !strings.HasPrefix(found.At, "f.yaml:") {
				t.Errorf("without a place: %+v", found)
			}
		}
	})
}
