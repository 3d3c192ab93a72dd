package app_test

import (
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/form"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
)

// listening is a playbook that evaluates, talks and decides.
const listening = `
playbook: listening
title: {es: "Escuchar", en: "Listen"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - id: first
    kind: evaluate
    title: {es: "Antes", en: "Before"}
    after: [confirm]
    params: {form: first_evaluation}
    role: agent
    due: {d: 2, from: ready}
    escalate: {d: 1, to: admin}
  - id: talk
    kind: meeting
    title: {es: "Hablar", en: "Talk"}
    after: [first]
    role: agent
    due: {d: 2, from: ready}
    escalate: {d: 1, to: admin}
`

func TestWhatIsBelievedIsFixedBeforeAnybodyTalks(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, listening)
		ctx := t.Context()
		_, c, _ := w.request(t, "period_end")
		in := app.FormInput{Case: c, Step: "talk", Answers: form.Answers{"outcome": "declined"}, Done: true}
		code(t, w.AnswerForm(ctx, agent, in), "step.not_ready")
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		first := v.Plan.Step("first")
		if given, done := v.Given(first.ID); done || given["terms"] == "" {
			t.Fatalf("the record says %v, done %v", given, done)
		}
		code(t, w.CompleteTask(ctx, agent, app.CompleteInput{Case: c, Step: "first", Note: "Sin contestar"}), "step.not_ready")
		in = app.FormInput{Case: c, Step: "first", Answers: form.Answers{"use": "falling", "hypothesis": "elsewhere"}}
		code(t, w.AnswerForm(ctx, agent, in), "field.choice")
		in.Answers["hypothesis"] = "price"
		must(t, w.AnswerForm(ctx, agent, in)) // a draft lacks what it lacks
		in.Done = true
		err = w.AnswerForm(ctx, agent, in)
		var missing []string
		for _, f := range fault.Fields(err) {
			missing = append(missing, f.Field)
		}
		if got := strings.Join(missing, " "); got != "ours_kept theirs_kept terms hypothesis_why" {
			t.Fatalf("missing: %s (%v)", got, err)
		}
		for k, x := range map[string]string{"ours_kept": "kept", "theirs_kept": "none", "terms": "within", "hypothesis_why": "Dijo que era caro"} {
			in.Answers[k] = x
		}
		must(t, w.AnswerForm(ctx, agent, in))
		in.Answers["hypothesis"] = "service"
		code(t, w.AnswerForm(ctx, agent, in), "step.not_ready")
		must(t, w.AnswerForm(ctx, agent, app.FormInput{Case: c, Step: "talk", Done: true, Answers: form.Answers{
			"outcome": "held", "held_on": "2026-11-26", "spoke_with": "Marta", "quotes": "Era caro\nNadie llamó", "stated_reason": "El precio",
		}}))
		v, err = w.OpenCase(ctx, agent, c)
		must(t, err)
		if given, done := v.Given(first.ID); !done || given["hypothesis"] != "price" {
			t.Fatalf("the hypothesis is %v, done %v", given, done)
		}
		if len(v.Answered) != 2 || v.Answered[1].Answers["quotes"] != "Era caro\nNadie llamó" {
			t.Fatalf("answered: %+v", v.Answered)
		}
		if v.Plan.Case.State != offboarding.CaseClosed {
			t.Fatalf("the case is %s", v.Plan.Case.State)
		}
		w.verifyLog(t)
	})
}

// Nobody reads in the database what was answered.
func TestAnswersAreSealed(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, listening)
		ctx := t.Context()
		_, c, _ := w.request(t, "period_end")
		must(t, w.AnswerForm(ctx, agent, app.FormInput{Case: c, Step: "first", Answers: form.Answers{"disputes": "marca inconfundible"}}))
		must(t, w.store.View(ctx, func(tx app.Tx) error {
			list, err := tx.AnswersOf(ctx, c)
			if err != nil {
				return err
			}
			if len(list) != 1 || strings.Contains(string(list[0].Body), "inconfundible") {
				t.Errorf("%d answers, %q", len(list), list[0].Body)
			}
			return nil
		}))
	})
}
