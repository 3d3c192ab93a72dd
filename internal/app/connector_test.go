package app_test

import (
	"net/http"
	"testing"

	"hastaluego/internal/demo/peer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
)

const acting = `
playbook: acting
title: {es: "Actos", en: "Acts"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - {id: each, kind: connector, title: {es: "Cada acceso", en: "Each access"}, after: [confirm], params: {system: faro, action: close_account, each: grant}}
  - {id: once, kind: connector, title: {es: "Una vez", en: "Once"}, after: [each], params: {system: faro, action: close_account}}
  - {id: effective, kind: wait, title: {es: "Fin", en: "End"}, after: [once], params: {until: effective}}
`

func TestADeclaredActionIsDoneReadBackAndTakenBack(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, acting)
		ctx := t.Context()
		w.inventory(t)
		must(t, w.billing.SeedAccounts(ctx, []peer.Account{{Name: "FE-20418", Secret: "tres"}})) // the customer's own number
		// Its answer is lost after the effect: reading back tells that it happened.
		must(t, w.billing.SetFaults(ctx, peer.Faults{DropAfterEffect: 1, Reference: "acc-base"}))
		_, c, page := w.request(t, "period_end")
		eventually(t, "everything done", func() bool { return w.stepState(t, c, "once") == offboarding.StepVerified })
		for name, secret := range map[string]string{"acc-base": "uno", "acc-key": "dos", "FE-20418": "tres"} {
			w.signIn(t, name, secret, http.StatusForbidden)
		}
		if x := w.closing(t, c, "gra_1"); x.State != offboarding.WorkVerified || x.Undo != "restorable" || x.Before == "" {
			t.Errorf("%+v", x)
		}

		must(t, w.UndoByCustomer(ctx, page))
		eventually(t, "reversed", func() bool { return w.state(t, c) == offboarding.CaseReversed })
		for name, secret := range map[string]string{"acc-base": "uno", "acc-key": "dos", "FE-20418": "tres"} {
			w.signIn(t, name, secret, http.StatusOK)
			effects, err := w.billing.Effects(ctx, name)
			must(t, err)
			if len(effects) != 2 || effects[0].Kind != "block" || effects[1].Kind != "unblock" {
				t.Errorf("%s: %+v", name, effects)
			}
		}
		w.verifyLog(t)
	})
}

func TestAnActionThatDoesNotExistAsksAPerson(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, `
playbook: acting
title: {es: "Actos", en: "Acts"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - {id: once, kind: connector, title: {es: "Una vez", en: "Once"}, after: [confirm], params: {system: faro, action: dance}}
  - {id: other, kind: revoke_access, title: {es: "Otra", en: "Other"}, after: [confirm], params: {system: billing}}
`)
		_, err := w.CheckPlaybook(acting)
		must(t, err)
		_, err = w.ProposePlaybook(t.Context(), agent, "playbook: acting\ntitle: {es: U, en: O}\nsteps:\n  - {id: confirm, kind: confirm, title: {es: U, en: O}}\n"+
			"  - {id: once, kind: connector, title: {es: U, en: O}, after: [confirm], params: {system: faro, action: dance}}\n")
		if fault.CodeOf(err) != "playbook.unknown_action" {
			t.Errorf("proposing it: %v", err)
		}
		_, c, _ := w.request(t, "period_end")
		eventually(t, "a person is asked", func() bool { return w.stepState(t, c, "once") == offboarding.StepBlocked })
		v, err := w.OpenCase(t.Context(), agent, c)
		must(t, err)
		if why := v.Plan.Step("once").Blocked; why != "connector.unknown_action" {
			t.Errorf("blocked because of %s", why)
		}
		if s := v.Plan.Step("other"); s.State == offboarding.StepBlocked {
			t.Errorf("a customer without accesses there: %s", s.Blocked)
		}
	})
}
