package app_test

import (
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/form"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
	"hastaluego/internal/testkit"
)

// Every playbook that comes with the program leads, worked by two people, to
// the end of the departure, and its log holds.
func TestEveryBuiltInPlaybookLeadsToTheEnd(t *testing.T) {
	t.Parallel()
	everybody := []string{"agent", "finance", "privacy", "success", "admin"}
	one := app.Actor{ID: "usr_one", Name: "Una", Roles: everybody}
	two := app.Actor{ID: "usr_two", Name: "Dos", Roles: everybody}
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		for name, source := range playbook.Builtin() {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := newWorldWith(t, e.AnotherMigrated(t), string(source))
				ctx := t.Context()
				w.inventory(t)
				cid := w.lent(t, "site", "credential", "equipment", "card")
				_, c, page := w.request(t, "period_end")
				var v app.CaseView
				for range 200 {
					var err error
					if v, err = w.OpenCase(ctx, one, c); err != nil {
						t.Fatal(err)
					}
					if v.Plan.Case.State == offboarding.CaseClosed {
						break
					}
					worked := false
					for _, s := range v.Plan.Steps {
						if !s.Human || s.State != offboarding.StepReady {
							continue
						}
						worked = true
						if s.Kind == "collect" {
							w.settleAll(t, one, cid)
							continue
						}
						if w.OwnEnd(s.Kind) {
							w.endOwn(t, one, c, s, page)
							continue
						}
						for _, it := range s.Items {
							must(t, w.Tick(ctx, one, app.TickInput{Case: c, Step: s.Key, Item: it.Key, Ticked: true, Evidence: "visto"}))
						}
						if v.Approves[s.Kind] {
							must(t, w.Approve(ctx, two, c, s.Key, true, "De acuerdo"))
							continue
						}
						if f := w.FormOf(s); f != nil {
							must(t, w.AnswerForm(ctx, one, app.FormInput{Case: c, Step: s.Key, Answers: fill(f), Done: true}))
							continue
						}
						must(t, w.CompleteTask(ctx, one, app.CompleteInput{Case: c, Step: s.Key, Note: "Hecho"}))
					}
					if worked {
						continue
					}
					eventually(t, "the engine is quiet", func() (quiet bool) {
						must(t, w.store.View(ctx, func(tx app.Tx) error {
							n, err := tx.Busy(ctx)
							quiet = n == 0
							return err
						}))
						return quiet
					})
					next, err := w.NextTimer(ctx)
					must(t, err)
					if !next.IsZero() {
						must(t, w.PushClock(ctx, "", next))
					}
				}
				if v.Plan.Case.State != offboarding.CaseClosed {
					for _, s := range v.Plan.Steps {
						t.Logf("%s is %s %s", s.Key, s.State, s.Blocked)
					}
					t.Fatalf("the case is %s", v.Plan.Case.State)
				}
				for _, m := range v.Milestones {
					if m.State != "done" && m.State != "verified" {
						t.Errorf("milestone %s is %s", m.Name, m.State)
					}
				}
				w.verifyLog(t)
			})
		}
	})
}

// fill answers everything that a form demands.
func fill(f *form.Form) form.Answers {
	out := form.Answers{}
	for _, x := range f.Fields {
		switch {
		case x.Kind == form.Choice:
			out[x.ID] = x.Choices[0].Value
		case x.Kind == form.Date:
			out[x.ID] = "2026-11-26"
		case x.Required:
			out[x.ID] = "Anotado"
		}
	}
	return out
}
