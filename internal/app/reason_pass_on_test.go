package app_test

import (
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
)

const stopsBilling = `
playbook: stops
title: {es: "Parar el cobro", en: "Stop billing"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - {id: stop, kind: cancel_billing, title: {es: "Dos", en: "Two"}, after: [confirm], params: {system: billing}}
  - {id: effective, kind: wait, title: {es: "Fin", en: "End"}, after: [stop], params: {until: effective}}
`

// stopsOnceLookedAt waits for a person first, so that a reason may go along.
var stopsOnceLookedAt = strings.Replace(stopsBilling, "after: [confirm], params", "after: [look], params", 1) + `
  - {id: look, kind: task, title: {es: "Mirar", en: "Look"}, after: [confirm], role: agent, due: {d: 5, from: ready}, escalate: {d: 1, to: admin}, items: [{id: a, title: {es: "A", en: "A"}}]}
`

// Who says why once their contracts are ended at the billing system has it told
// there as a code, once for each, though the first answer is lost; the record says
// so, and their words stay here.
func TestAReasonThatComesAfterTheEndIsPassedOnOnce(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, stopsBilling)
		ctx := t.Context()
		_, c, page := w.request(t, "period_end")
		eventually(t, "billing stopped", func() bool { return w.stepState(t, c, "stop") == offboarding.StepVerified })
		w.bank.set(func() { w.bank.deaf = true })
		must(t, w.TellReason(ctx, page, "price", "Se me va de presupuesto"))
		must(t, w.UntilQuiet(ctx))
		w.push(t, 1)
		must(t, w.UntilQuiet(ctx))
		told := func() (list []string) { w.bank.set(func() { list = slices.Clone(w.bank.told) }); return list }
		list := told()
		if len(list) == 0 || slices.ContainsFunc(list, func(s string) bool { return !strings.HasSuffix(s, " too_expensive ") }) {
			t.Fatalf("it was told %q", list)
		}
		slices.Sort(list)
		if len(slices.Compact(list)) != len(told()) || w.logged(t, "reason.passed_on") != len(list) {
			t.Errorf("it was told %q, and the log has %d", told(), w.logged(t, "reason.passed_on"))
		}
		w.push(t, 1)
		must(t, w.UntilQuiet(ctx))
		if again := told(); len(again) != len(list) {
			t.Errorf("told again: %q", again)
		}
		w.verifyLog(t)
	})
}

// A reason that was there before goes along with the end, and is not told twice; one
// that the billing system told us is not told back.
func TestAReasonThatWentAlongOrCameFromThereIsNotToldAgain(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, stopsOnceLookedAt)
		ctx := t.Context()
		_, c, page := w.request(t, "period_end")
		must(t, w.TellReason(ctx, page, "price", ""))
		must(t, w.UntilQuiet(ctx))
		must(t, w.Tick(ctx, agent, app.TickInput{Case: c, Step: "look", Item: "a", Ticked: true, Evidence: "visto"}))
		must(t, w.CompleteTask(ctx, agent, app.CompleteInput{Case: c, Step: "look", Note: "Visto"}))
		eventually(t, "billing stopped", func() bool { return w.stepState(t, c, "stop") == offboarding.StepVerified })
		must(t, w.UntilQuiet(ctx))
		w.bank.set(func() {
			if len(w.bank.told) != 0 {
				t.Errorf("it was told %q", w.bank.told)
			}
		})
	})
}

// Of each system it is known which code it was told, where the customer said another
// between two tries; and of works from before each had its own.
func TestEachSystemIsKnownByTheCodeThatItWasTold(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, stopsBilling)
		ctx := t.Context()
		_, c, _ := w.request(t, "period_end")
		must(t, w.UntilQuiet(ctx))
		must(t, w.store.Tx(ctx, func(tx app.Tx) error {
			for key, told := range map[string]string{
				"now":  `{"told":[{"system":"billing","reference":"A","code":"too_expensive"},{"system":"other","reference":"B","code":"too_complex"}]}`,
				"then": `{"code":"unused","told":[{"system":"billing","reference":"C"}]}`,
			} {
				x := offboarding.Work{ID: offboarding.WorkID("work_" + key), Kind: app.PassOnKind, Case: c, Item: string(c), System: "house", Key: key, Phase: offboarding.Act, State: offboarding.WorkDone, RunAt: tx.Now(), Evidence: told}
				if err := tx.InsertWork(ctx, x); err != nil {
					return err
				}
			}
			for told, want := range map[string]bool{
				"billing too_expensive": true, "other too_complex": true, "billing unused": true, "billing too_complex": false, "other too_expensive": false, "other unused": false,
			} {
				system, said, _ := strings.Cut(told, " ")
				if ours, err := app.PassedOn(ctx, tx, c, system, said); err != nil || ours != want {
					t.Errorf("%s is ours: %t %v", told, ours, err)
				}
			}
			return nil
		}))
	})
}

// Who says another reason before a system could be told has the newer one told there,
// and the log has what was told.
func TestAReasonThatChangesBetweenTwoTriesIsToldAsItIs(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, stopsBilling)
		ctx := t.Context()
		_, c, page := w.request(t, "period_end")
		eventually(t, "billing stopped", func() bool { return w.stepState(t, c, "stop") == offboarding.StepVerified })
		w.bank.set(func() { w.bank.deaf = true })
		must(t, w.TellReason(ctx, page, "price", ""))
		must(t, w.UntilQuiet(ctx))
		must(t, w.TellReason(ctx, page, "too_complex", ""))
		w.push(t, 1)
		must(t, w.UntilQuiet(ctx))
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		var logged []string
		for _, x := range v.Timeline {
			if said, ok := x.Args["reason"].(string); ok && x.Type == "reason.passed_on" {
				logged = append(logged, said)
			}
		}
		w.bank.set(func() {
			if len(w.bank.told) == 0 || len(logged) != len(w.bank.told) {
				t.Errorf("it was told %q, and the log has %q", w.bank.told, logged)
			}
			for _, said := range append(w.bank.told, logged...) {
				if !strings.Contains(said, "missing_features") {
					t.Errorf("told or logged: %s", said)
				}
			}
		})
	})
}
