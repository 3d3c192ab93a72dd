package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
	"hastaluego/internal/webhook"
)

const telling = `
playbook: telling
title: {es: "Con aviso", en: "With a message"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - {id: tell, kind: webhook, title: {es: "Avisar", en: "Tell"}, after: [confirm], params: {system: crm, event: exit.scheduled}}
  - {id: effective, kind: wait, title: {es: "Fin", en: "End"}, after: [tell], params: {until: effective}}
`

func TestAStepTellsASystemOnceAndSaysSoWhenItIsUndone(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		crm := listen(t, func(w http.ResponseWriter, n int) {
			switch n {
			case 1:
				w.WriteHeader(http.StatusInternalServerError) // it may have taken it
			case 2:
				w.Header().Set("Retry-After", "1")
				w.WriteHeader(http.StatusTooManyRequests)
			default:
				_, _ = w.Write([]byte("thank you, this is no JSON"))
			}
		})
		old, next := webhook.NewSecret(), webhook.NewSecret()
		w := newWorldOn(t, e, telling, "", 10*time.Second, func(systems string) string {
			return systems + fmt.Sprintf("  crm: {kind: webhook, url: \"%s/exit?source=hasta\", secret: \"file:%s\", secret_next: \"file:%s\", allow: [127.0.0.1/32]}\n",
				crm.URL, tokenFile(t, old.Reveal()), tokenFile(t, next.Reveal()))
		})
		ctx := t.Context()
		_, c, _ := w.request(t, "period_end")
		eventually(t, "the system took it", func() bool { return w.stepState(t, c, "tell") == offboarding.StepDone })
		all := crm.heard()
		if len(all) != 3 {
			t.Fatalf("%d attempts", len(all))
		}
		_, wall, err := w.Now(ctx)
		must(t, err)
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		for i, h := range all {
			if h.id != all[0].id || h.body != all[0].body {
				t.Errorf("attempt %d is another message: %+v", i, h)
			}
			for _, key := range []webhook.Secret{old, next} {
				if err := h.verify(wall, key.Reveal()); err != nil {
					t.Errorf("attempt %d: %v", i, err)
				}
			}
			if strings.Contains(h.body, "Marta") || strings.Contains(h.body, "@") {
				t.Errorf("it tells who: %s", h.body)
			}
		}
		m := all[0].message(t)
		if m.Type != "exit.scheduled" || m.Data["case"] != string(c) || m.Data["code"] != v.Plan.Case.Code || m.Data["reference"] != "FE-20418" ||
			m.Data["effective"] != v.Plan.Case.Effective.String() || m.Data["undone"] != false || fmt.Sprint(m.Data["subscriptions"]) != "[FE-20418-1]" {
			t.Errorf("it says %+v", m)
		}
		for _, x := range v.Works {
			if x.Kind == "webhook" && (x.State != offboarding.WorkDone || !x.VerifiedAt.IsZero() || !strings.Contains(x.Evidence, `"status":200`)) {
				t.Errorf("done, never verified: %+v", x)
			}
		}
		must(t, w.UndoByStaff(ctx, agent, c))
		eventually(t, "the departure is undone", func() bool { return w.state(t, c) == offboarding.CaseReversed })
		all = crm.heard()
		last := all[len(all)-1]
		if len(all) != 4 || last.id == all[0].id || last.message(t).Data["undone"] != true || last.message(t).Type != "exit.scheduled" {
			t.Errorf("undoing sent %+v", last)
		}
	})
}

// A system that refuses is asked no more, and a person decides.
func TestAMessageThatASystemRefusesAsksAPerson(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		crm := listen(t, func(w http.ResponseWriter, n int) {
			if n == 1 {
				w.WriteHeader(http.StatusUnprocessableEntity)
			}
		})
		w := newWorldOn(t, e, telling, "", 10*time.Second, func(systems string) string {
			return systems + fmt.Sprintf("  crm: {kind: webhook, url: \"%s\", secret: \"file:%s\", allow: [127.0.0.1/32]}\n", crm.URL, tokenFile(t, webhook.NewSecret().Reveal()))
		})
		ctx := t.Context()
		_, c, _ := w.request(t, "period_end")
		eventually(t, "a person is asked", func() bool { return w.stepState(t, c, "tell") == offboarding.StepBlocked })
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		if why := v.Plan.Step("tell").Blocked; why != "connector.refused" || len(crm.heard()) != 1 {
			t.Errorf("blocked because of %s after %d attempts", why, len(crm.heard()))
		}
		for _, x := range v.Works {
			if x.Kind == "webhook" {
				must(t, w.DecideWork(ctx, agent, app.DecideInput{Work: x.ID, Decision: "again", Evidence: "Lo he arreglado allí"}))
			}
		}
		eventually(t, "the system took it", func() bool { return w.stepState(t, c, "tell") == offboarding.StepDone })
	})
}
