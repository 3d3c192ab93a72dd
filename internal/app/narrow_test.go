package app_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/demo/peer"
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
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
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
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
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

// reach sets, as somebody from outside, how far an account reaches.
func (w *world) reach(t *testing.T, account, role string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, w.billing.Base+"/accounts/"+account+"/role", strings.NewReader(`{"role":"`+role+`"}`))
	must(t, err)
	req.Header.Set("Authorization", "Bearer "+w.billing.Token)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	must(t, err)
	must(t, res.Body.Close())
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%s cannot be made %s: %d", account, role, res.StatusCode)
	}
}

// What somebody widens behind our back before the window is over is caught, raised and
// left to read again; a person is asked who did it; and it is closed in its time.
func TestAnAccessThatIsWidenedBehindOurBackIsCaught(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldOn(t, e, narrowed, "", 10*time.Second, readable)
		ctx := t.Context()
		zone, err := time.LoadLocation("Europe/Madrid")
		must(t, err)
		cus := w.inventory(t)
		_, c, _ := w.request(t, "now")
		eventually(t, "left to read", func() bool { return w.stepState(t, c, "narrow") == offboarding.StepVerified })
		w.reach(t, "acc-key", peer.Editor)
		now, _, err := w.Now(ctx)
		must(t, err)
		must(t, w.PushClock(ctx, "", now.AddDate(0, 0, 7).Add(time.Hour)))
		eventually(t, "one was tried and one was caught", func() bool {
			return w.logged(t, "access.still_read_only") == 1 && w.logged(t, "access.widened") == 1
		})
		eventually(t, "it is left to read again", func() bool { return w.statuses(t, cus)["acc-key"] == customer.ReadOnly })
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		house := map[string]offboarding.StepState{}
		for _, s := range v.Plan.Steps {
			if s.Spec.House {
				house[s.Key[:strings.LastIndex(s.Key, "_")]] = s.State
				if app.Widened(s) && (len(s.Items) != 2 || s.Items[0].Key != "gra_2") {
					t.Errorf("who is asked reads %+v", s.Items)
				}
			}
		}
		if len(house) != 2 || house["reach_back"] != offboarding.StepVerified || house["reach_why"] != offboarding.StepReady {
			t.Fatalf("%v", house)
		}
		end := v.Plan.Case.RetrievalEnd()
		must(t, w.PushClock(ctx, "", now.AddDate(0, 0, 14).Add(2*time.Hour)))
		eventually(t, "it was tried once more", func() bool { return w.logged(t, "access.still_read_only") == 2 })
		must(t, w.PushClock(ctx, "", end.AddDays(1).Start(zone).Add(time.Hour)))
		eventually(t, "closed whole", func() bool { return w.stepState(t, c, "revoke_rest") == offboarding.StepVerified })
		w.signIn(t, "acc-key", "dos", http.StatusForbidden)

		rows := w.signedRows(t, c)
		for account, want := range map[string]string{
			"acc-base": "plan narrowed read_back retest:read_only ",
			"acc-key":  "plan narrowed read_back retest:writes plan narrowed read_back retest:read_only ",
		} {
			if got := rows[account]; !strings.HasPrefix(got, want) || !strings.HasSuffix(got, " plan control act read_back test") {
				t.Errorf("the list says of %s: %s", account, got)
			}
		}
		r, err := w.ReportAccess(ctx, agent, 12)
		must(t, err)
		open, same := 0, 0
		for _, x := range r.Retests {
			open, same = open+x.Open, same+x.Closed
		}
		if open != 1 || same < 2 {
			t.Errorf("tried again: %+v", r.Retests)
		}
		w.verifyLog(t)
	})
}

// What only read before a departure is what it was when that is taken back, and the
// next departure leaves it to read anew.
func TestWhatOnlyReadBeforeIsWhatItWas(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldOn(t, e, narrowed, "", 10*time.Second, readable)
		cus := w.inventory(t)
		w.reach(t, "acc-key", peer.Viewer)
		_, c, page := w.request(t, "period_end")
		eventually(t, "left to read", func() bool { return w.stepState(t, c, "narrow") == offboarding.StepVerified })
		if got := w.statuses(t, cus)["acc-key"]; got != customer.ReadOnly {
			t.Fatalf("%s", got)
		}
		must(t, w.UndoByCustomer(t.Context(), page))
		eventually(t, "reversed", func() bool { return w.state(t, c) == offboarding.CaseReversed })
		if got := w.statuses(t, cus); got["acc-base"] != customer.Granted || got["acc-key"] != customer.Granted {
			t.Fatalf("%v", got)
		}
		effects, err := w.billing.Effects(t.Context(), "acc-key")
		must(t, err)
		if len(effects) != 1 { // ours, from outside
			t.Errorf("what only read was changed: %+v", effects)
		}
	})
}

// Nobody is told that everything is closed while something can still be read.
func TestWhatIsLeftToReadIsNotSaidToBeClosed(t *testing.T) {
	t.Parallel()
	for how, want := range map[app.AccessHow]string{app.AccessOpen: app.SureOpen, app.AccessReading: app.SureReading, app.AccessRead: app.SureVerified} {
		p := app.Paper{Accesses: []app.AccessStand{{How: app.AccessTried}, {How: how}}}
		if got := p.Sure(); got != want {
			t.Errorf("%s: %s", how, got)
		}
	}
}
