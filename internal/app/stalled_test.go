package app_test

import (
	"slices"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/notice"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
)

const hanging = `
playbook: hanging
title: {es: "Con condición", en: "With a condition"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - {id: revoke, kind: revoke_access, title: {es: "Cerrar", en: "Close"}, after: [confirm], if: "6 / customer.grants > 0", params: {system: faro}}
  - {id: effective, kind: wait, title: {es: "Fin", en: "End"}, after: [revoke], params: {until: effective}}
`

// A step that could not begin is tried again, or left out, by a person.
func TestAStepThatCouldNotBeginIsTriedAgainOrLeftOut(t *testing.T) {
	t.Parallel()
	for _, leave := range []bool{false, true} {
		testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
			w := newWorldWith(t, e, hanging)
			ctx := t.Context()
			w.inventory(t)
			set := func(s customer.GrantStatus) {
				must(t, w.store.Tx(ctx, func(tx app.Tx) error {
					for _, g := range []customer.GrantID{"gra_1", "gra_2", "gra_3"} {
						if err := tx.SetGrantStatus(ctx, g, s); err != nil {
							return err
						}
					}
					return nil
				}))
			}
			set(customer.Revoked)
			_, c, _ := w.request(t, "period_end")
			v, err := w.OpenCase(ctx, agent, c)
			must(t, err)
			if s := v.Plan.Step("revoke"); s.State != offboarding.StepBlocked || s.Blocked != "step.condition" {
				t.Fatalf("the step is %s because of %q", s.State, s.Blocked)
			}
			if !slices.ContainsFunc(v.Timeline, func(x app.TimelineEntry) bool { return x.Type == "step.blocked" && x.Args["cause"] != nil }) {
				t.Error("the log does not say what was behind it")
			}
			code(t, w.RetryStep(ctx, finance, c, "revoke"), "forbidden.role")
			code(t, w.SkipStep(ctx, agent, app.CompleteInput{Case: c, Step: "revoke", Note: " "}), "step.evidence_required")
			must(t, w.RetryStep(ctx, agent, c, "revoke"))
			if s := w.stepState(t, c, "revoke"); s != offboarding.StepBlocked {
				t.Fatalf("tried again with the same facts it is %s", s)
			}
			if leave {
				must(t, w.SkipStep(ctx, agent, app.CompleteInput{Case: c, Step: "revoke", Note: "No tiene accesos"}))
				if s := w.stepState(t, c, "revoke"); s != offboarding.StepSkipped {
					t.Errorf("left out it is %s", s)
				}
				code(t, w.SkipStep(ctx, agent, app.CompleteInput{Case: c, Step: "revoke", Note: "Otra vez"}), "step.not_stalled")
			} else {
				set(customer.Granted)
				must(t, w.RetryStep(ctx, agent, c, "revoke"))
				eventually(t, "accesses closed", func() bool { return w.stepState(t, c, "revoke") == offboarding.StepVerified })
			}
			if s := w.stepState(t, c, "effective"); s != offboarding.StepReady {
				t.Errorf("what comes after it is %s", s)
			}
			w.verifyLog(t)
		})
	}
}

// A farewell that may not go out is not said to be done, and it is goodbye all
// the same.
func TestAWithheldFarewellIsLeftOutAndItIsGoodbyeAllTheSame(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, leaving)
		ctx := t.Context()
		_, c, _ := w.request(t, "period_end")
		must(t, w.AskSilence(ctx, w.silenceLink(t, c)))
		next, err := w.NextTimer(ctx)
		must(t, err)
		must(t, w.PushClock(ctx, "", next))
		eventually(t, "the end", func() bool { return w.state(t, c) == offboarding.CaseClosed })
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		s := v.Plan.Step("farewell")
		if s.State != offboarding.StepSkipped || s.Blocked != notice.Silence || !s.DoneAt.IsZero() {
			t.Errorf("the step is %s because of %q, done %v", s.State, s.Blocked, s.DoneAt)
		}
		if !slices.ContainsFunc(v.Timeline, func(x app.TimelineEntry) bool {
			return x.Type == "step.skipped" && x.Args["step"] == "farewell" && x.Args["why"] == notice.Silence
		}) {
			t.Error("the log does not say why")
		}
		// Written after goodbye, a letter of before it does not go out.
		late := app.Message{ID: "msg_late", Paper: "confirm", To: firstMail, Language: "es", Request: v.Plan.Case.Request, Case: c, State: "queued"}
		w.stopEngine()
		must(t, w.store.Tx(ctx, func(tx app.Tx) error {
			late.QueuedAt = tx.Now()
			return tx.InsertMessage(ctx, late)
		}))
		must(t, w.SendMessage(ctx, late.ID))
		var m app.Message
		must(t, w.store.View(ctx, func(tx app.Tx) (err error) { m, err = tx.FindMessage(ctx, late.ID); return err }))
		if m.State != "withheld" || m.LastError != notice.AfterGoodbye {
			t.Errorf("the letter is %s because of %q", m.State, m.LastError)
		}
	})
}

// A letter that its address refused is sent again when a person says so, to the
// address that is on file then; until it is, it is not done.
func TestARefusedLetterIsSentAgainToTheAddressOnFile(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, leaving)
		ctx := t.Context()
		w.mail.refuse("farewell")
		_, c, _ := w.request(t, "period_end")
		next, err := w.NextTimer(ctx)
		must(t, err)
		must(t, w.PushClock(ctx, "", next))
		x := w.stuck(t, c, "farewell")
		must(t, w.decide(t, x.ID, "again"))
		eventually(t, "refused again", func() bool {
			now := w.workOf(t, x.ID)
			return now.State == offboarding.WorkFailed && now.Attempt > x.Attempt
		})
		w.mail.refuse("")
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		for _, who := range v.Contacts {
			if now := "nueva@estudioalmena.example"; who.Email == firstMail {
				must(t, w.EditContact(ctx, agent, app.ContactPatch{Customer: who.Customer, Contact: who.ID, Email: &now}))
			}
		}
		must(t, w.decide(t, x.ID, "again"))
		w.mail.wait(t, "farewell", "nueva@estudioalmena.example")
		eventually(t, "done", func() bool { return w.stepState(t, c, "farewell") == offboarding.StepDone })
	})
}
