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

// Where it cannot be told days later whether an access is still closed, that is no
// silence: it is on record, in the signed list, and a person is asked to look.
func TestWhatCannotBeTriedAgainIsAPersonsToLookAt(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, accesses)
		ctx := t.Context()
		w.inventory(t)
		_, c, page := w.request(t, "now")
		eventually(t, "accesses closed", func() bool { return w.stepState(t, c, "revoke") == offboarding.StepVerified })
		w.byHand(t, c)
		now, _, err := w.Now(ctx)
		must(t, err)
		must(t, w.PushClock(ctx, "", now.AddDate(0, 0, 2)))
		eventually(t, "it is closed", func() bool { return w.state(t, c) == offboarding.CaseClosed })
		// Our credential lost its right.
		must(t, w.billing.SetFaults(ctx, peer.Faults{Status: http.StatusForbidden, Reads: true}))
		must(t, w.PushClock(ctx, "", now.AddDate(0, 0, 7).Add(time.Hour)))
		eventually(t, "it is said of both", func() bool { return w.logged(t, "access.retest_unclear") == 2 })
		looks := func() (steps []offboarding.Step) {
			v, err := w.OpenCase(ctx, agent, c)
			must(t, err)
			for _, s := range v.Plan.Steps {
				if strings.HasPrefix(s.Key, "access_look_") {
					steps = append(steps, s)
				}
			}
			return steps
		}
		asked := looks()
		if len(asked) != 1 || len(asked[0].Items) != 3 || asked[0].State != offboarding.StepReady {
			t.Fatalf("a person is asked: %+v", asked)
		}
		for _, account := range []string{"acc-base", "acc-key"} {
			if rows := w.signedRows(t, c)[account]; !strings.HasSuffix(rows, "retest:unclear") {
				t.Errorf("the list says of %s: %s", account, rows)
			}
		}
		w.stand(t, page, "acc-base tried, acc-key tried, carpeta compartida attested", "verified 3/3") // as it was last seen
		for _, it := range asked[0].Items {
			must(t, w.Tick(ctx, agent, app.TickInput{Case: c, Step: asked[0].Key, Item: it.Key, Ticked: true}))
		}
		must(t, w.CompleteTask(ctx, agent, app.CompleteInput{Case: c, Step: asked[0].Key, Note: "Siguen cerrados; el token se ha renovado"}))
		must(t, w.billing.SetFaults(ctx, peer.Faults{}))
		must(t, w.PushClock(ctx, "", now.AddDate(0, 0, 31)))
		eventually(t, "both are tried in their time", func() bool { return w.logged(t, "access.retested") == 2 })
		if len(looks()) != 1 {
			t.Error("a person is asked about what was told")
		}
		w.verifyLog(t)
	})
}

// An account that its system never knew is nobody's to call closed: a person answers
// for it, and what is read later says no more than they did.
func TestAnAccessThatWasNeverThereIsAttestedAtMost(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, accesses)
		ctx := t.Context()
		cus := w.inventory(t)
		must(t, w.store.Tx(ctx, func(tx app.Tx) error {
			all, err := tx.GrantsOf(ctx, cus)
			if err != nil {
				return err
			}
			g := all[slices.IndexFunc(all, func(g customer.Grant) bool { return g.ID == "gra_2" })]
			g.Account, g.DependsOn = "acc-nobody", nil
			return tx.SaveGrant(ctx, g, g.Status)
		}))
		_, c, page := w.request(t, "now")
		x := w.stuck(t, c, "revoke")
		if x.LastError != "connector.never_seen" || x.Item != "gra_2" || !x.FirstCall.IsZero() {
			t.Fatalf("%s: %s, called at %s", x.Item, x.LastError, x.FirstCall)
		}
		must(t, w.decide(t, x.ID, "look"))
		eventually(t, "it is no more there than before", func() bool {
			now := w.closing(t, c, x.Item)
			return now.State == offboarding.WorkFailed && now.Attempt > x.Attempt
		})
		must(t, w.decide(t, x.ID, "attest"))
		eventually(t, "somebody answered for it", func() bool { return w.stepState(t, c, "revoke") == offboarding.StepAttested })
		w.byHand(t, c)
		now, _, err := w.Now(ctx)
		must(t, err)
		must(t, w.PushClock(ctx, "", now.AddDate(0, 0, 40)))
		eventually(t, "the other one was tried again", func() bool { return w.logged(t, "access.retested") == 2 })
		w.stand(t, page, "acc-base tried, acc-nobody attested, carpeta compartida attested", "done 3/3")
		if k := w.known(t, cus)["gra_2"]; k.How != app.AccessAttested || w.logged(t, "access.retest_unclear") != 0 {
			t.Errorf("%+v", k)
		}
		w.verifyLog(t)
	})
}
