package app_test

import (
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/form"
	"hastaluego/internal/testkit"
)

// Whoever is asked because a step is late may work on it, and not before.
func TestWhoIsAskedBecauseAStepIsLateMayWorkOnIt(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, strings.ReplaceAll(listening, "to: admin", "to: success"))
		ctx := t.Context()
		noa, err := w.AddUser(ctx, "", app.UserInput{Login: "noa", Name: "Noa", Password: "una frase muy larga y rara", Roles: []string{"success"}})
		must(t, err)
		_, c, _ := w.request(t, "period_end")
		lead := app.Actor{ID: noa.ID, Roles: []string{"success"}}
		in := app.FormInput{Case: c, Step: "first", Answers: form.Answers{"use": "falling"}}
		code(t, w.AnswerForm(ctx, lead, in), "forbidden.role")
		code(t, w.AssignStep(ctx, agent, c, "first", noa.ID), "step.assignee")
		key := app.Actor{ID: "key_x", Scopes: []string{"success:act"}}
		code(t, w.AnswerForm(ctx, key, in), "forbidden.scope")
		now, _, err := w.store.Now(ctx)
		must(t, err)
		must(t, w.PushClock(ctx, "", now.AddDate(0, 0, 9)))
		eventually(t, "account management is asked", func() bool {
			v, err := w.OpenCase(ctx, agent, c)
			must(t, err)
			return v.Plan.Step("first").Escalated == "success"
		})
		must(t, w.AnswerForm(ctx, lead, in))
		must(t, w.AnswerForm(ctx, key, in))
		must(t, w.AssignStep(ctx, agent, c, "first", noa.ID))
		code(t, w.AnswerForm(ctx, app.Actor{ID: "usr_f", Roles: []string{"finance"}}, in), "forbidden.role")
	})
}
