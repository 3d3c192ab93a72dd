package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/testkit"
)

// What our portal cannot draw before an act is registered is told with its
// place when a draft is checked, and nobody can publish it.
func TestAFlowThatThePortalCannotDrawIsToldAndNotPublished(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t, testkit.SQLite(t), ""), t.Context()
	a := o.speaking(nil)
	const (
		words  = `{es: "Algo", en: "Something", de: "Etwas", fr: "Autre chose"}`
		before = "  - id: recap\n    kind: recap\n"      // where a node is put
		among  = "      - {id: recap, role: exit, kind:" // where an action of the form is put
	)
	type edit struct{ from, to string }
	node := func(s string) edit {
		return edit{before, "  - " + strings.ReplaceAll(s, "WORDS", words) + "\n" + before}
	}
	action := func(s string) edit {
		return edit{among, "      - " + strings.ReplaceAll(s, "WORDS", words) + "\n" + among}
	}
	human := edit{"does: human\n", "does: export\n"}
	for name, c := range map[string]struct {
		edits      []edit
		code, mark string // the mark begins where the finding points to
	}{
		"a field without a control": {[]edit{{"{id: reference, asks: contract, label", "{id: reference, asks: id_document, label"}}, "flow.unserved_ask", "id_document, label"},
		"a field where one confirms": {
			[]edit{{"    not: {packs: [fr]}\n    texts:\n      title: {es: \"Confirma\"", "    not: {packs: [fr]}\n    fields: [{id: again, asks: name, label: " + words + "}]\n    texts:\n      title: {es: \"Confirma\""}},
			"flow.unserved_ask", "name, label: {es: \"Algo\"",
		},
		"an offer": {
			[]edit{action("{id: see, role: help, kind: link, to: stay, label: WORDS}"), node("{id: stay, kind: offer, offer: {kind: pause}, texts: {title: WORDS}, actions: [{id: on, role: decline, to: request, label: WORDS}]}")},
			"flow.unserved_kind", "offer, offer: {kind: pause}",
		},
		"a page that asks further": {
			[]edit{action("{id: see, role: exit, kind: button, to: more, label: WORDS}"), node("{id: more, kind: form, fields: [{id: line, asks: line, label: WORDS}], actions: [{id: on, role: exit, kind: button, to: acknowledgement, label: WORDS}]}")},
			"flow.unserved_page", "line, label: {es: \"Algo\"",
		},
		"an act of later":               {[]edit{human}, "flow.unserved_act", "export\n"},
		"a receipt of who stays":        {[]edit{action("{id: stay, role: keep, kind: button, to: stays, label: WORDS}")}, "flow.unserved_act", "keep, kind: button, to: stays"},
		"a proof that it does not take": {[]edit{{"mode: non_blocking_email", "mode: password"}}, "flow.unserved_auth", "password}"},
		"nowhere to begin":              {[]edit{{"        does: cancel\n", ""}}, "flow.unserved_entry", "- id: home"},
		"nothing that could not be met": {[]edit{node("{id: stay, kind: offer, offer: {kind: pause}, texts: {title: WORDS}}")}, "", ""},
	} {
		text := usualFlow("", "")
		for _, e := range c.edits {
			if !strings.Contains(text.Source, e.from) {
				t.Fatalf("%s: %q is not in the flow", name, e.from)
			}
			text.Source = strings.Replace(text.Source, e.from, e.to, 1)
		}
		checked, err := a.CheckFlow(ctx, flowWriter, text)
		must(t, err)
		if len(checked.Problems) > 0 {
			t.Fatalf("%s: %v", name, checked.Problems)
		}
		if c.code == "" {
			if len(checked.Unserved) > 0 {
				t.Errorf("%s: %v", name, checked.Unserved)
			}
			continue
		}
		at := "source.yaml:" + placeOf(text.Source, c.mark)
		if !slices.ContainsFunc(checked.Unserved, func(e *fault.Error) bool { return e.Code == c.code && e.Field == at }) {
			t.Errorf("%s: found %v, not %s at %s", name, checked.Unserved, c.code, at)
		}
		d, err := a.WriteDraft(ctx, flowWriter, app.DraftInput{FlowText: text})
		must(t, err)
		_, err = a.PublishFlow(ctx, flowAdmin, d.ID, d.Version)
		code(t, err, "flow.refused")
	}

	// No law minds it: it is refused for this alone.
	text := usualFlow(human.from, human.to)
	checked, err := a.CheckFlow(ctx, flowWriter, text)
	must(t, err)
	if n := len(checked.Blocking()); n > 0 || checked.Passing() {
		t.Errorf("%d findings of law block it, and passing is %v", n, checked.Passing())
	}
}

// placeOf is the line and the column at which a passage begins.
func placeOf(src, passage string) string {
	head := src[:strings.Index(src, passage)]
	line := strings.Count(head, "\n")
	return fmt.Sprintf("%d:%d", line+1, len([]rune(head[strings.LastIndex(head, "\n")+1:]))+1)
}
