package app_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/flow"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/testkit"
)

// signup is a way in that is as long as the way out that comes with the program.
const signup = `flow: signup
languages: [es, en, de, fr]
nodes:
  - {id: home, kind: entry, actions: [{id: join, role: accept, to: plan}]}
  - {id: plan, kind: form, fields: [{id: a, asks: email}, {id: n, asks: name}], actions: [{id: choose, role: accept, to: pay}]}
  - {id: pay, kind: confirm, fields: [{id: p, asks: payment}], actions: [{id: buy, role: accept, to: done}]}
  - {id: done, kind: receipt}
`

// flowWriter writes flows, flowAdmin publishes them.
var (
	flowWriter = app.Actor{ID: "usr_olga", Name: "Olga", Roles: []string{"privacy"}}
	flowAdmin  = app.Actor{ID: "usr_noa", Name: "Noa", Roles: []string{"admin"}}
)

// speaking is a process of the house that speaks every language of the flow.
func (o *office) speaking(law *jurisdiction.Library) *app.App {
	return app.New(app.Config{
		Store: o.store, Keys: o.keys, Law: law, Company: app.Company{Name: "Faro", Country: "ES", Zone: time.UTC, Language: "es"}, Lacks: func(string) int { return 0 },
	})
}

func usualFlow(from, to string) app.FlowText {
	return app.FlowText{Source: strings.Replace(string(flow.Builtin()["exit-first"]), from, to, 1), Signup: signup}
}

// What customers meet is the version that was published last, on every node,
// and it comes there by two people or not at all.
func TestAFlowIsInForceOnceASecondPersonPublishedIt(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		o, ctx := newOffice(t, e, ""), t.Context()
		here, there := o.speaking(nil), o.speaking(nil)
		in := func(want, title string) {
			t.Helper()
			for _, node := range []*app.App{here, there} {
				f, version, err := node.FlowInForce(ctx)
				must(t, err)
				if version != want || f.Title["es"] != title {
					t.Errorf("%s (%s) is in force, not %s", version, f.Title["es"], want)
				}
			}
		}
		_, builtin, err := here.FlowInForce(ctx)
		must(t, err)
		in(builtin, "Primero la baja")

		// Whatever is typed is kept; what cannot be read is not published.
		_, err = here.WriteDraft(ctx, app.Actor{ID: "usr_tomas", Roles: []string{"agent"}}, app.DraftInput{FlowText: app.FlowText{Source: "x"}})
		code(t, err, "forbidden.role")
		d, err := here.WriteDraft(ctx, flowWriter, app.DraftInput{FlowText: app.FlowText{Source: "flow: [broken"}, Note: "Probar"})
		must(t, err)
		if d.Version != 1 || d.Base != builtin || d.Title != "exit-first" {
			t.Errorf("kept %+v", d)
		}
		_, err = here.PublishFlow(ctx, flowAdmin, d.ID, 0)
		if err == nil {
			t.Error("what cannot be read was published")
		}
		write := func(by app.Actor, version int64, text app.FlowText) {
			t.Helper()
			d, err = here.WriteDraft(ctx, by, app.DraftInput{ID: d.ID, Version: version, FlowText: text, Note: "Más claro"})
			must(t, err)
		}
		write(flowWriter, 1, usualFlow(`es: "Primero la baja"`, `es: "La baja, lo primero"`))
		_, err = here.WriteDraft(ctx, flowWriter, app.DraftInput{ID: d.ID, Version: 1, FlowText: app.FlowText{Source: "x"}})
		code(t, err, "flow.changed_meanwhile")

		// Nobody publishes what they wrote, nor does a program.
		_, err = here.PublishFlow(ctx, app.Actor{ID: flowWriter.ID, Roles: []string{"admin"}}, d.ID, d.Version)
		code(t, err, "approval.same_person")
		_, err = here.PublishFlow(ctx, flowWriter, d.ID, d.Version)
		code(t, err, "forbidden.role")
		_, err = here.PublishFlow(ctx, app.Actor{ID: "key_x", Scopes: []string{"flows:write"}}, d.ID, d.Version)
		code(t, err, "forbidden.person")
		_, err = here.PublishFlow(ctx, flowAdmin, d.ID, d.Version-1)
		code(t, err, "flow.changed_meanwhile")
		in(builtin, "Primero la baja")

		first, err := here.PublishFlow(ctx, flowAdmin, d.ID, d.Version)
		must(t, err)
		in(first.ID, "La baja, lo primero")
		if first.Number != 1 || first.MadeOf != d.ID || !slices.Contains(first.Hands, flowWriter.ID) ||
			!slices.ContainsFunc(first.Packs, func(r jurisdiction.Ref) bool { return r.Pack == "es" && r.Version != "" && r.Digest != "" }) {
			t.Errorf("published %+v", first)
		}
		_, err = here.PublishFlow(ctx, flowAdmin, d.ID, 0)
		code(t, err, "flow.draft_over")

		// Back to what came with the program, as a version of its own.
		_, err = here.RollBackFlow(ctx, flowAdmin, builtin, "")
		code(t, err, "field.required")
		_, err = here.RollBackFlow(ctx, flowAdmin, first.ID, "Otra vez")
		code(t, err, "flow.in_force")
		zero, err := here.RollBackFlow(ctx, flowAdmin, builtin, "Lo de antes era mejor")
		must(t, err)
		in(zero.ID, "Primero la baja")

		d = app.FlowDraft{}
		write(flowAdmin, 0, usualFlow(`es: "Primero la baja"`, `es: "Tercera"`))
		second, err := there.PublishFlow(ctx, app.Actor{ID: "usr_ines", Roles: []string{"admin"}}, d.ID, d.Version)
		must(t, err)
		in(second.ID, "Tercera")
		back, err := there.RollBackFlow(ctx, flowAdmin, first.ID, "La tercera confunde")
		must(t, err)
		if back.Number != 4 || back.MadeOf != first.ID || back.Hash != first.Hash || back.Note != "La tercera confunde" {
			t.Errorf("back is %+v", back)
		}
		in(back.ID, "La baja, lo primero")
	})
}

// A proof of identity that the law of some place forbids blocks the flow by the
// rule of that place, and nobody can publish it; one that is allowed is published.
func TestAForbiddenProofOfIdentityIsNotPublished(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t, testkit.SQLite(t), ""), t.Context()
	a := o.speaking(nil)
	const ours = "auth: {mode: non_blocking_email}"
	for mode, rules := range map[string][]string{
		"code": {"de.312k.auth", "ar.d3.auth", "safe.auth"}, "password": {"de.312k.auth", "ar.d3.auth", "safe.auth", "fr.d215-1.no-new-account"},
		"id_document": {"de.312k.auth", "ar.d3.auth", "safe.auth", "fr.d215-1.no-new-account"}, "new_account": {"de.312k.auth", "ar.d3.auth", "safe.auth", "fr.d215-1.no-new-account"},
		"existing_session": nil,
	} {
		text := usualFlow(ours, "auth: {mode: "+mode+"}")
		checked, err := a.CheckFlow(ctx, flowWriter, text)
		must(t, err)
		by := map[string]bool{}
		for _, f := range checked.Blocking() {
			by[f.Rule] = true
		}
		for _, r := range rules {
			if !by[r] {
				t.Errorf("%s: %s does not block it, only %v", mode, r, by)
			}
		}
		d, err := a.WriteDraft(ctx, flowWriter, app.DraftInput{FlowText: text})
		must(t, err)
		_, err = a.PublishFlow(ctx, flowAdmin, d.ID, d.Version)
		if rules != nil {
			code(t, err, "flow.refused")
		} else if err != nil || len(by) > 0 {
			t.Errorf("%s is refused: %v %v", mode, err, by)
		}
	}
}

// A language that becomes complete, or stops being so, does between two checks of
// the same flow: what is remembered of the first says nothing about it.
func TestWhetherALanguageIsCompleteIsAskedAtEachCheck(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t, testkit.SQLite(t), ""), t.Context()
	lacking := map[string]int{}
	a := app.New(app.Config{
		Store: o.store, Keys: o.keys, Company: app.Company{Name: "Faro", Country: "ES", Zone: time.UTC, Language: "es"},
		Lacks: func(lang string) int { return lacking[lang] },
	})
	for _, lacks := range []int{0, 3, 0} {
		lacking["fr"] = lacks
		c, err := a.CheckFlow(ctx, flowWriter, usualFlow("", ""))
		must(t, err)
		if (lacks > 0) != (len(c.Unready) == 1 && c.Unready[0] == "fr") {
			t.Errorf("%d texts lack in French, and unready are %v", lacks, c.Unready)
		}
	}
}
