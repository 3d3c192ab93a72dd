package app_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
)

const narrowed = `
playbook: narrowed
title: {es: "Solo lectura", en: "Read only"}
retrieval: {d: 30}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - {id: narrow, kind: narrow_access, title: {es: "Solo lectura", en: "Read only"}, after: [confirm]}
  - {id: revoke, kind: revoke_access, title: {es: "Cerrar", en: "Close"}, after: [narrow], params: {narrowed: leave}, milestone: access_closed}
  - {id: effective, kind: wait, title: {es: "Fin", en: "End"}, after: [revoke], params: {until: effective}}
  - {id: retrieval, kind: wait, title: {es: "Plazo", en: "Window"}, after: [effective], params: {until: end_of_retrieval}}
  - {id: revoke_rest, kind: revoke_access, title: {es: "Cerrar el resto", en: "Close the rest"}, after: [retrieval]}
`

// readable declares that accounts can be left to look.
func readable(systems string) string {
	const state = "      state: {status: status, open: [active], signed_in_at: signed_in_at}\n"
	return strings.Replace(systems, state, state+`      read_only:
        path: role
        words: [viewer]
        narrow: {method: PUT, path: "/accounts/{reference}/role", body: {role: viewer}}
        widen: {method: PUT, path: "/accounts/{reference}/role", body: {role: "{held}"}}
`, 1)
}

// statuses are how the accesses stand, by account.
func (w *world) statuses(t *testing.T, c customer.ID) map[string]customer.GrantStatus {
	t.Helper()
	out := map[string]customer.GrantStatus{}
	must(t, w.store.View(t.Context(), func(tx app.Tx) error {
		list, err := tx.GrantsOf(t.Context(), c)
		for _, g := range list {
			out[g.Account] = g.Status
		}
		return err
	}))
	return out
}

// What must stay until the data were fetched stays to be read, the customer sees
// until when, and it is closed and tried when the window is over.
func TestAccessesAreLeftToReadUntilTheWindowIsOver(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldOn(t, e, narrowed, "", 10*time.Second, readable)
		ctx := t.Context()
		zone, err := time.LoadLocation("Europe/Madrid")
		must(t, err)
		cus := w.inventory(t)
		_, c, _ := w.request(t, "now")
		eventually(t, "the rest is closed", func() bool {
			return w.stepState(t, c, "narrow") == offboarding.StepVerified && w.stepState(t, c, "revoke") == offboarding.StepSkipped
		})
		if got := w.statuses(t, cus); got["acc-base"] != customer.ReadOnly || got["acc-key"] != customer.ReadOnly {
			t.Fatalf("%v", got)
		}
		w.signIn(t, "acc-key", "dos", http.StatusOK)
		_, err = w.AddGrant(ctx, agent, customer.Grant{Customer: cus, System: "faro", Account: "acc-key", Kind: "api_key"})
		code(t, err, "inventory.taken")
		kind := "token"
		must(t, w.EditGrant(ctx, agent, app.GrantPatch{Customer: cus, Grant: "gra_2", Kind: &kind}))
		if got := w.statuses(t, cus); got["acc-key"] != customer.ReadOnly {
			t.Errorf("what was written down about it opened it: %v", got)
		}
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		end := v.Plan.Case.RetrievalEnd()
		p, err := w.OpenCustomer(ctx, agent, cus)
		must(t, err)
		for _, id := range []customer.GrantID{"gra_1", "gra_2"} {
			if s := p.Known[id]; s.How != app.AccessReading || s.Until != end {
				t.Errorf("%s stands %+v, until %s", id, s, end)
			}
		}
		must(t, w.PushClock(ctx, "", v.Plan.Case.Effective.End(zone).Add(time.Hour)))
		eventually(t, "the window runs", func() bool {
			return w.stepState(t, c, "retrieval") == offboarding.StepRunning || w.stepState(t, c, "retrieval") == offboarding.StepReady
		})
		if got := w.statuses(t, cus); got["acc-key"] != customer.ReadOnly {
			t.Fatalf("closed before its time: %v", got)
		}
		must(t, w.PushClock(ctx, "", end.AddDays(1).Start(zone).Add(time.Hour)))
		eventually(t, "closed whole", func() bool { return w.stepState(t, c, "revoke_rest") == offboarding.StepVerified })
		if got := w.statuses(t, cus); got["acc-base"] != customer.Revoked || got["acc-key"] != customer.Revoked {
			t.Fatalf("%v", got)
		}
		w.signIn(t, "acc-key", "dos", http.StatusForbidden)

		_, raw, err := w.ListAccess(ctx, agent, c)
		must(t, err)
		for _, stage := range []string{"narrowed", "act", "test"} {
			if !strings.Contains(strings.ReplaceAll(string(raw), " ", ""), `"stage":"`+stage+`"`) {
				t.Errorf("the signed list says nothing of %q", stage)
			}
		}
		w.verifyLog(t)
	})
}

// A customer who changes their mind has what they had, in the reverse order.
func TestALeftAccessIsWidenedAgain(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldOn(t, e, narrowed, "", 10*time.Second, readable)
		cus := w.inventory(t)
		_, c, page := w.request(t, "period_end")
		eventually(t, "left to read", func() bool { return w.stepState(t, c, "narrow") == offboarding.StepVerified })
		must(t, w.UndoByCustomer(t.Context(), page))
		eventually(t, "reversed", func() bool { return w.state(t, c) == offboarding.CaseReversed })
		if got := w.statuses(t, cus); got["acc-base"] != customer.Granted || got["acc-key"] != customer.Granted {
			t.Fatalf("%v", got)
		}
		var kinds []string
		for _, account := range []string{"acc-base", "acc-key"} {
			effects, err := w.billing.Effects(t.Context(), account)
			must(t, err)
			for _, e := range effects {
				kinds = append(kinds, e.Kind)
			}
		}
		if slices.Sort(kinds); !slices.Equal(kinds, []string{"narrow", "narrow", "widen", "widen"}) {
			t.Errorf("%v", kinds)
		}
	})
}

// Nobody is told that everything is closed while something can still be read.
func TestWhatIsLeftToReadIsNotSaidToBeClosed(t *testing.T) {
	t.Parallel()
	for how, want := range map[app.AccessHow]string{app.AccessReading: app.SureOpen, app.AccessRead: app.SureVerified} {
		p := app.Paper{Accesses: []app.AccessStand{{How: app.AccessTried}, {How: how}}}
		if got := p.Sure(); got != want {
			t.Errorf("%s: %s", how, got)
		}
	}
}
