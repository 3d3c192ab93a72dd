package app_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
	"hastaluego/internal/testkit"
)

// exhaust runs a verb with its first call of the database failing, then its
// second, and so on until it comes through whole. Each failure must be told,
// and the verb must be good to run again on what is left, even when only the
// answer to a commit was lost.
func exhaust(t *testing.T, f *testkit.Faults, name string, verb func() error) {
	t.Helper()
	for n := 1; ; n++ {
		f.Nth(n)
		err := verb()
		if !f.Stop() {
			if err != nil {
				t.Fatalf("%s, whole, after %d failures: %v", name, n-1, err)
			}
			return
		}
		if err == nil {
			continue // a retry inside, or something that may fail silently, came through
		}
		if !errors.Is(err, testkit.ErrInjected) && fault.KindOf(err) == fault.Internal {
			t.Fatalf("%s with call %d failing: %v", name, n, err)
		}
		if n > 1000 {
			t.Fatalf("%s never comes through", name)
		}
	}
}

// With each call of the database failing in turn, every verb of a departure
// comes to the same end, and nothing happens twice.
func TestEveryVerbSurvivesEveryFailureOfTheDatabase(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		driver, faults := testkit.FailingDriver(t, e)
		// The engine sleeps: its calls would be counted too.
		w := newWorldOn(t, e, string(playbook.Builtin()["saas-b2c"]), driver, 10*time.Second)
		w.stopEngine()
		ctx := t.Context()
		in := app.ExitInput{Name: "Marta", AccountEmail: firstMail, When: "period_end", Language: "es", Nonce: "one"}
		var r offboarding.Request
		exhaust(t, faults, "request", func() (err error) { r, err = w.RequestExit(ctx, in); return err })
		exhaust(t, faults, "match", func() error {
			return w.store.Tx(ctx, func(tx app.Tx) error { return w.MatchRequest(ctx, tx, r.ID) })
		})
		var letters []app.Message
		must(t, w.store.View(ctx, func(tx app.Tx) (err error) { letters, err = tx.ListMessages(ctx, "", 100); return err }))
		if len(letters) != 2 {
			t.Fatalf("%d letters, want the acknowledgement and the one to confirm", len(letters))
		}
		for _, m := range letters {
			exhaust(t, faults, "send "+m.Paper, func() error { return w.SendMessage(ctx, m.ID) })
		}
		confirm := w.mail.wait(t, "confirm", firstMail)
		var c offboarding.CaseID
		exhaust(t, faults, "verify", func() (err error) {
			c, _, err = w.VerifyRequest(ctx, token(confirm.Links["verify"]))
			return err
		})
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		for _, it := range v.Plan.Step("review").Items {
			exhaust(t, faults, "tick", func() error {
				return w.Tick(ctx, agent, app.TickInput{Case: c, Step: "review", Item: it.Key, Ticked: true})
			})
		}
		exhaust(t, faults, "complete", func() error {
			err := w.CompleteTask(ctx, agent, app.CompleteInput{Case: c, Step: "review", Note: "Visto"})
			if fault.CodeOf(err) == "step.not_ready" { // the answer to the commit was lost: it is done
				return nil
			}
			return err
		})
		exhaust(t, faults, "undo", func() error { return w.UndoByStaff(ctx, agent, c) })
		v, err = w.OpenCase(ctx, agent, c)
		must(t, err)
		seen := map[string]int{}
		for _, x := range v.Timeline {
			seen[fmt.Sprint(x.Type, x.Args["step"], x.Args["item"], x.Args["message"], x.Args["work"])]++
		}
		for what, n := range seen {
			if n != 1 {
				t.Errorf("%s stands %d times in the log", what, n)
			}
		}
		if v.Plan.Case.State != offboarding.CaseReversed {
			t.Errorf("the case is %s", v.Plan.Case.State)
		}
	})
}

// With the database failing at one call of three hundred, all the time, a departure
// still comes to its end, with one effect and a whole log.
func TestADepartureEndsOnADatabaseThatKeepsFailing(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		driver, faults := testkit.FailingDriver(t, e)
		w := newWorldOn(t, e, string(playbook.Builtin()["saas-b2c"]), driver, 5*time.Second)
		w.withoutAccesses(t, "FE-20418")
		faults.Every(300)
		ctx := t.Context()
		insist := func(what string, verb func() error) {
			t.Helper()
			var err error
			for range 50 {
				if err = verb(); err == nil || fault.CodeOf(err) == "step.not_ready" {
					return
				}
			}
			t.Fatalf("%s: %v", what, err)
		}
		insist("request", func() error {
			_, err := w.RequestExit(ctx, app.ExitInput{Name: "Marta", AccountEmail: firstMail, ReceiptEmail: "casa@marta.example", When: "period_end", Language: "es", Nonce: "two"})
			return err
		})
		confirm := w.mail.wait(t, "confirm", firstMail)
		var c offboarding.CaseID
		insist("verify", func() (err error) { c, _, err = w.VerifyRequest(ctx, token(confirm.Links["verify"])); return err })
		for step, by := range map[string]app.Actor{"review": agent, "accounts": finance} {
			var v app.CaseView
			insist("open", func() (err error) { v, err = w.OpenCase(ctx, by, c); return err })
			for _, it := range v.Plan.Step(step).Items {
				insist("tick", func() error { return w.Tick(ctx, by, app.TickInput{Case: c, Step: step, Item: it.Key, Ticked: true}) })
			}
			insist("complete", func() error {
				return w.CompleteTask(ctx, by, app.CompleteInput{Case: c, Step: step, Note: "Todo en orden"})
			})
		}
		state := func(key string) (s offboarding.StepState) {
			insist("look", func() error {
				v, err := w.OpenCase(ctx, agent, c)
				if err == nil {
					s = v.Plan.Step(key).State
				}
				return err
			})
			return s
		}
		eventually(t, "billing stopped", func() bool { return state("cancel_billing") == offboarding.StepVerified })
		var next time.Time
		insist("next timer", func() (err error) { next, err = w.NextTimer(ctx); return err })
		insist("push", func() error { return w.PushClock(ctx, "", next) })
		eventually(t, "the farewell", func() bool { return state("farewell") == offboarding.StepDone })
		if !faults.Stop() {
			t.Error("nothing failed")
		}
		effects, err := w.billing.Effects(ctx, "FE-20418-1")
		must(t, err)
		if len(effects) != 1 {
			t.Errorf("effects: %v", effects)
		}
		w.verifyLog(t)
	})
}
