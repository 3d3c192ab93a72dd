package app_test

import (
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/demo/peer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
	"hastaluego/internal/testkit"
)

const outage = `
playbook: outage
title: {es: "Caída", en: "Outage"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - {id: revoke, kind: revoke_access, title: {es: "Cerrar", en: "Close"}, after: [confirm], params: {system: faro}}
  - {id: bill, kind: cancel_billing, title: {es: "Parar", en: "Stop"}, after: [confirm], params: {system: billing}}
  - {id: effective, kind: wait, title: {es: "Fin", en: "End"}, after: [revoke, bill], params: {until: effective}}
`

// A system that is down is let go of, which the page tells; others go on, no
// person is asked, and what waited is done once it is up.
func TestABrokenSystemDelaysItsOwnStepsOnly(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, outage)
		ctx := t.Context()
		w.inventory(t)
		down := peer.Faults{Status: 500, Reads: true, Reference: "acc-key"}
		must(t, w.billing.SetFaults(ctx, down))
		_, c, _ := w.request(t, "period_end")
		revoke := offboarding.StepID("")
		eventually(t, "the page says that the system does not answer", func() bool {
			v, err := w.OpenCase(ctx, agent, c)
			must(t, err)
			revoke = v.Plan.Step("revoke").ID
			_, broken := v.Outages[revoke]
			_, other := v.Outages[v.Plan.Step("bill").ID]
			if other {
				t.Fatal("it says so of another system")
			}
			return broken && v.Plan.Step("revoke").State != offboarding.StepBlocked
		})
		eventually(t, "billing goes on", func() bool { return w.stepState(t, c, "bill") == offboarding.StepVerified })
		tries := w.closing(t, c, "gra_2").Tries
		eventually(t, "waiting is no failure", func() bool { return w.closing(t, c, "gra_2").LastError == "connector.held" })
		if now := w.closing(t, c, "gra_2").Tries; now > tries+3 {
			t.Errorf("%d tries became %d", tries, now)
		}
		must(t, w.billing.SetFaults(ctx, peer.Faults{}))
		eventually(t, "closed once it is up", func() bool { return w.stepState(t, c, "revoke") == offboarding.StepVerified })
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		if len(v.Outages) != 0 {
			t.Errorf("%v", v.Outages)
		}
	})
}

// A process that called the system itself knows that it does not answer, and one that
// only shows pages reads it of the works that another put off.
func TestAPageOfAnotherNodeSaysThatASystemIsBroken(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, outage)
		ctx := t.Context()
		w.inventory(t)
		must(t, w.billing.SetFaults(ctx, peer.Faults{Status: 500, Reads: true, Reference: "acc-key"}))
		_, c, _ := w.request(t, "period_end")
		pages := app.New(app.Config{Store: w.store, Keys: w.keys, Kinds: step.All(step.Named()), Company: app.Company{Name: "Faro", Zone: time.UTC, Language: "es"}})
		eventually(t, "the page of the other says so too, and until when", func() bool {
			v, err := pages.OpenCase(ctx, agent, c)
			must(t, err)
			wait, broken := v.Outages[v.Plan.Step("revoke").ID]
			if _, other := v.Outages[v.Plan.Step("bill").ID]; other {
				t.Fatal("it says so of another system")
			}
			return broken && wait > 0
		})
	})
}
