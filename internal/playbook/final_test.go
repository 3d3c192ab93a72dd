package playbook_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
	"hastaluego/internal/playbook"
	"hastaluego/internal/step"
	"hastaluego/internal/text"
)

// finals is a plan whose act stands where AFTER says.
const finals = `playbook: finals
title: {es: "Uno", en: "One"}
retrieval: {d: 30}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - {id: effective, kind: wait, title: {es: "Uno", en: "One"}, after: [confirm], params: {until: effective}}
  - {id: window, kind: wait, title: {es: "Uno", en: "One"}, after: [effective], params: {until: end_of_retrieval}}
  - {id: agree, kind: approve, title: {es: "Uno", en: "One"}, after: [confirm], role: privacy, due: {d: 5, from: ready}, escalate: {d: 1, to: admin}}
  - {id: maybe, kind: approve, title: {es: "Uno", en: "One"}, after: [confirm], if: customer.consumer, role: privacy, due: {d: 5, from: ready}, escalate: {d: 1, to: admin}}
  - {id: act, KIND, title: {es: "Uno", en: "One"}, after: [AFTER], PARAMS}
`

// closesLater is where whatever was left to read is closed.
const closesLater = `  - {id: later, kind: revoke_access, title: {es: "Uno", en: "One"}, after: [window, act]}
`

// crm can do one thing of each class.
var crm = playbook.SystemSpec{
	Can: []string{"access", "actions", "read_only"}, Actions: []string{"forget", "purge", "sign_out", "hide", "rotate"}, Closing: "final", Narrowing: "final",
	Undo: map[string]playbook.Undoing{
		"forget": {Class: "final"}, "purge": {Class: "final", Loses: "data"}, "sign_out": {Class: "final", Loses: "access"},
		"hide": {Class: "restorable"}, "rotate": {Class: "reissuable"},
	},
}

func withCRM() playbook.Connected {
	mild := crm
	mild.Closing, mild.Narrowing = "reissuable", "restorable"
	return playbook.Connected{"crm": crm, "mild": mild, "idle": {Closing: "final", Narrowing: "final"}, "till": {Can: []string{"refunds"}}}
}

// told is what the check says of systems about a plan that is good otherwise.
func told(t interface{ Fatal(...any) }, src string, on playbook.Connected) []string {
	if _, err := playbook.Load("finals.yaml", []byte(src), step.Specs()); err != nil {
		t.Fatal(err, src)
	}
	var out []string
	for _, e := range fault.Fields(playbook.CheckSystems("finals.yaml", []byte(src), step.Specs(), on)) {
		out = append(out, e.Field+" "+e.Code)
		for _, lang := range text.Langs() {
			if words := text.Error(lang, e); !text.Known(lang, "error."+e.Code) || strings.Contains(words, "{") {
				t.Fatal(lang, words)
			}
		}
	}
	return out
}

func acts(kind, after, params string) string {
	return strings.NewReplacer("KIND", "kind: "+kind, "AFTER", after, "PARAMS", "params: "+params).Replace(finals)
}

func TestWhatCannotBeTakenBackComesLateEnough(t *testing.T) {
	t.Parallel()
	const data = "playbook.final_early playbook.final_unapproved"
	for _, c := range []struct{ name, kind, after, params, at, want string }{
		{"data right after the proof", "connector", "confirm", "{system: crm, action: forget}", "forget", data},
		{"data that says that it is", "connector", "confirm", "{system: crm, action: purge}", "purge", data},
		{"data after the end", "connector", "effective", "{system: crm, action: forget}", "forget", data},
		{"data after the window", "connector", "window", "{system: crm, action: forget}", "forget", "playbook.final_unapproved"},
		{"data behind an approval", "connector", "agree", "{system: crm, action: forget}", "forget", "playbook.final_early"},
		{"data after both", "connector", "window, agree", "{system: crm, action: forget}", "", ""},
		{"an approval that some are spared", "connector", "window, maybe", "{system: crm, action: forget}", "forget", "playbook.final_unapproved"},
		{"sessions right after the proof", "connector", "confirm", "{system: crm, action: sign_out}", "sign_out", "playbook.final_access"},
		{"sessions after the end", "connector", "effective", "{system: crm, action: sign_out}", "", ""},
		{"sessions after the window", "connector", "window", "{system: crm, action: sign_out}", "", ""},
		{"sessions behind an approval", "connector", "agree", "{system: crm, action: sign_out}", "", ""},
		{"what comes back", "connector", "confirm", "{system: crm, action: hide}", "", ""},
		{"what comes back with a new secret", "connector", "confirm", "{system: crm, action: rotate}", "", ""},
		{"closing right after the proof", "revoke_access", "confirm", "{system: crm}", "crm", "playbook.final_closing"},
		{"closing behind an approval that some are spared", "revoke_access", "maybe", "{system: crm}", "crm", "playbook.final_closing"},
		{"closing after the end", "revoke_access", "effective", "{system: crm}", "", ""},
		{"closing behind an approval", "revoke_access", "agree", "{system: crm}", "", ""},
		{"closing where it comes back", "revoke_access", "confirm", "{system: mild}", "", ""},
		{"closing wherever there is something", "revoke_access", "confirm", "{}", "id: act", "playbook.final_closing"},
		{"closing wherever, after the end", "revoke_access", "effective", "{}", "", ""},
		{"leaving to read right after the proof", "narrow_access", "confirm", "{system: crm}", "crm", "playbook.final_narrowing"},
		{"leaving to read wherever there is something", "narrow_access", "confirm", "{}", "id: act", "playbook.final_narrowing"},
		{"leaving to read behind an approval that some are spared", "narrow_access", "maybe", "{system: crm}", "crm", "playbook.final_narrowing"},
		{"leaving to read behind an approval", "narrow_access", "agree", "{system: crm}", "", ""},
		{"leaving to read after the end", "narrow_access", "effective", "{}", "", ""},
		{"leaving to read what is widened again", "narrow_access", "confirm", "{system: mild}", "", ""},
		{"money after the end", "refund", "effective", "{system: till}", "till", "playbook.refund_unapproved"},
		{"money behind an approval that some are spared", "refund", "maybe", "{system: till}", "till", "playbook.refund_unapproved"},
		{"money behind an approval", "refund", "agree", "{system: till}", "", ""},
		{"money that a system cannot give back", "refund", "agree", "{system: crm}", "crm", "playbook.system_cannot"},
		{"money that people give back otherwise", "refund", "agree", "{system: crm, otherwise: person}", "", ""},
	} {
		src := acts(c.kind, c.after, c.params)
		lines := strings.Split(strings.TrimSpace(src), "\n")
		if c.kind == "narrow_access" {
			src += closesLater
		}
		at := fmt.Sprintf("finals.yaml:%d:%d ", len(lines), strings.LastIndex(lines[len(lines)-1], c.at)+1)
		var want []string
		for _, code := range strings.Fields(c.want) {
			want = append(want, at+code)
		}
		if got := told(t, src, withCRM()); !slices.Equal(got, want) {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, want)
		}
	}
}

// However the waits and approvals of a plan hang together, a final act is refused
// if and only if one of what it needs is not always before it.
func TestAFinalActIsRefusedUnlessWhatItNeedsComesBefore(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		has := map[string]map[string]bool{"confirm": {}}
		src := &strings.Builder{}
		src.WriteString("playbook: finals\ntitle: {es: a, en: a}\nretrieval: {d: 30}\nsteps:\n  - {id: confirm, kind: confirm, title: {es: a, en: a}}\n" +
			"  - {id: effective, kind: wait, title: {es: a, en: a}, after: [confirm], params: {until: effective}}\n")
		has["effective"] = map[string]bool{"effective": true}
		keys := []string{"confirm", "effective"}
		after := func(label string) ([]string, map[string]bool) {
			chosen := rapid.SliceOfNDistinct(rapid.SampledFrom(keys), 1, 3, rapid.ID).Draw(t, label)
			met := map[string]bool{}
			for _, a := range chosen {
				maps.Copy(met, has[a])
			}
			return chosen, met
		}
		for i := range rapid.IntRange(0, 6).Draw(t, "steps") {
			id := "s" + string(rune('a'+i))
			chosen, met := after(id)
			with := "title: {es: a, en: a}, after: [" + strings.Join(chosen, ", ") + "]"
			switch kind := rapid.SampledFrom([]string{"window", "approval", "task"}).Draw(t, "kind "+id); {
			case kind == "window" && met["effective"]:
				src.WriteString("  - {id: " + id + ", kind: wait, " + with + ", params: {until: end_of_retrieval}}\n")
				met["window"] = true
			case kind == "approval":
				spared := rapid.Bool().Draw(t, "spared "+id)
				if spared {
					with += ", if: customer.consumer"
				} else {
					met["approval"] = true
				}
				src.WriteString("  - {id: " + id + ", kind: approve, " + with + ", role: privacy, due: {d: 5, from: ready}, escalate: {d: 1, to: admin}}\n")
			default:
				src.WriteString("  - {id: " + id + ", kind: task, " + with + ", role: privacy, due: {d: 5, from: ready}, escalate: {d: 1, to: admin}}\n")
			}
			has[id], keys = met, append(keys, id)
		}
		chosen, met := after("act")
		action := rapid.SampledFrom([]string{"forget", "sign_out", "hide"}).Draw(t, "action")
		src.WriteString("  - {id: act, kind: connector, title: {es: a, en: a}, after: [" + strings.Join(chosen, ", ") + "], params: {system: crm, action: " + action + "}}\n")
		good := map[string]bool{
			"forget": met["window"] && met["approval"], "sign_out": met["effective"] || met["approval"], "hide": true,
		}[action]
		if said := told(t, src.String(), withCRM()); (len(said) == 0) != good {
			t.Fatalf("%s: good %v, and the check says %v\n%s", action, good, said, src)
		}
	})
}

// Whatever the systems are that they meet, the plans that are shipped do nothing
// final too early.
func TestNoShippedPlanDoesAnythingFinalTooEarly(t *testing.T) {
	t.Parallel()
	plans := playbook.Builtin()
	src, err := os.ReadFile("../../examples/playbook-access.yaml")
	if err != nil {
		t.Fatal(err)
	}
	plans["accesses"] = src
	for _, name := range slices.Sorted(maps.Keys(plans)) {
		pb, err := playbook.Load(name, plans[name], step.Specs())
		if err != nil {
			t.Fatal(err)
		}
		worst := playbook.Connected{"unnamed": {Can: []string{connector.CanAccess, connector.CanNarrow}, Closing: "final", Narrowing: "final"}}
		for _, s := range pb.Steps() {
			sys, action := s.Params["system"], s.Params["action"]
			if sys == "" {
				continue
			}
			spec := playbook.SystemSpec{Closing: "final", Narrowing: "final", Can: []string{
				connector.CanBilling, connector.CanAccess, connector.CanList, connector.CanNarrow, connector.CanRefund, connector.CanErase, connector.CanAct, connector.CanNotify,
			}}
			if action != "" {
				spec.Actions, spec.Undo = []string{action}, map[string]playbook.Undoing{action: {Class: "final"}}
			}
			worst[sys] = spec
		}
		if err := playbook.CheckSystems(name, plans[name], step.Specs(), worst); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
