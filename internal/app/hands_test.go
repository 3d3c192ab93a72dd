package app_test

import (
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
)

// twoPairs is a playbook in which something is prepared, approved and done.
const twoPairs = `
playbook: two-pairs
title: {es: "Cuatro ojos", en: "Four eyes"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - {id: prepare, kind: task, title: {es: "Preparar", en: "Prepare"}, after: [confirm], role: agent, due: {d: 2, from: ready}, escalate: {d: 1, to: admin}, items: [{id: a, title: {es: "A", en: "A"}}]}
  - {id: agree, kind: approve, title: {es: "Aprobar", en: "Agree"}, after: [prepare], role: agent, due: {d: 2, from: ready}, escalate: {d: 1, to: admin}}
  - {id: do, kind: task, title: {es: "Hacer", en: "Do"}, after: [agree], role: agent, due: {d: 2, from: ready}, escalate: {d: 1, to: admin}, items: [{id: a, title: {es: "A", en: "A"}}]}
`

// What is approved was not prepared, and is not done, by whoever approves it:
// ticking, taking a tick back, attaching a file and looking as somebody else all
// leave a hand, and two people are enough.
func TestFourEyesSeeEveryHand(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, twoPairs)
		ctx := t.Context()
		_, c, _ := w.request(t, "period_end")
		person := func(id string) app.Actor { return app.Actor{ID: id, Name: id, Roles: []string{"agent"}} }
		first, filer, real, last, boss := person("usr_one"), person("usr_two"), person("usr_three"), person("usr_four"), person("usr_boss")
		tick := app.TickInput{Case: c, Step: "prepare", Item: "a", Ticked: true}
		must(t, w.Tick(ctx, first, tick))
		tick.Ticked = false
		seen := person("usr_seen")
		seen.RealID = real.ID
		must(t, w.Tick(ctx, seen, tick))
		must(t, w.AddEvidence(ctx, filer, c, "prepare", "acta.pdf", []byte("%PDF-1.7 acta")))
		tick.Ticked = true
		must(t, w.Tick(ctx, last, tick))
		must(t, w.CompleteTask(ctx, last, app.CompleteInput{Case: c, Step: "prepare", Note: "Hecho"}))
		for _, who := range []app.Actor{first, real, filer, seen, last} {
			code(t, w.Approve(ctx, who, c, "agree", true, "Bien"), "approval.same_person")
		}
		must(t, w.Approve(ctx, boss, c, "agree", true, "Bien"))
		tick.Step = "do"
		code(t, w.Tick(ctx, boss, tick), "approval.own_step")
		code(t, w.AddEvidence(ctx, boss, c, "do", "acta.pdf", []byte("%PDF-1.7 acta")), "approval.own_step")
		must(t, w.Tick(ctx, last, tick))
		hidden := person("usr_seen")
		hidden.RealID = boss.ID
		code(t, w.CompleteTask(ctx, hidden, app.CompleteInput{Case: c, Step: "do", Note: "Hecho"}), "approval.own_step")
		must(t, w.CompleteTask(ctx, last, app.CompleteInput{Case: c, Step: "do", Note: "Hecho"}))
		if s := w.state(t, c); s != offboarding.CaseClosed {
			t.Errorf("the case is %s", s)
		}
		w.verifyLog(t)
	})
}
