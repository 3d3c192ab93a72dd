package app_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/handover"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
)

// reissuing is a world in which accesses come back with a new secret alone, and a
// departure that was taken back there.
func reissuing(t *testing.T, e testkit.Engine) (w *world, c offboarding.CaseID, s offboarding.Step) {
	t.Helper()
	w = newWorldOn(t, e, outage, "", 10*time.Second, func(systems string) string {
		before, faro, _ := strings.Cut(systems, "  faro:")
		return before + "  faro:" + strings.Replace(faro, "undo: restorable", "undo: reissuable", 1)
	})
	w.inventory(t)
	_, c, page := w.request(t, "period_end")
	eventually(t, "accesses closed", func() bool { return w.stepState(t, c, "revoke") == offboarding.StepVerified })
	must(t, w.UndoByCustomer(t.Context(), page))
	eventually(t, "reversed", func() bool { return w.state(t, c) == offboarding.CaseReversed })
	v, err := w.OpenCase(t.Context(), agent, c)
	must(t, err)
	for _, x := range v.Plan.Steps {
		if strings.HasPrefix(x.Key, "new_secret_") {
			if s.ID != "" {
				t.Errorf("a person is asked twice: %s, %s", s.Key, x.Key)
			}
			s = x
		}
	}
	return w, c, s
}

// theStep is a step of a departure as it stands.
func (w *world) theStep(t *testing.T, c offboarding.CaseID, key string) offboarding.Step {
	t.Helper()
	v, err := w.OpenCase(t.Context(), agent, c)
	must(t, err)
	s := v.Plan.Step(key)
	if s == nil {
		t.Fatalf("there is no step %s", key)
	}
	return *s
}

// What comes back with a new secret alone is not back while nobody has told it: a
// person is asked for each, and the customer gets it in an envelope, which nobody here
// can open.
func TestANewSecretReachesTheCustomerSealed(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w, c, s := reissuing(t, e)
		ctx := t.Context()
		undone := 0
		must(t, w.store.View(ctx, func(tx app.Tx) error {
			works, err := tx.WorksOf(ctx, c)
			for _, x := range works {
				if x.Kind == "revoke_access" && x.State == offboarding.WorkUndone {
					undone++
				}
			}
			return err
		}))
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		if undone == 0 || len(s.Items) != undone || len(v.Handover.Anew) != undone || len(v.Handover.List) != 0 || s.State != offboarding.StepReady || s.Role != "agent" {
			t.Fatalf("%d were taken back; asked: %+v, %+v", undone, s, v.Handover)
		}
		for i, x := range v.Handover.Anew {
			in := app.GiveInput{Case: c, Step: s.Key, Item: x.ID, Way: handover.Envelope, How: "Clave nueva"}
			in.SecretInput = app.SecretInput{Secret: theSecret, Key: envelopeKey}
			if i > 0 { // its system tells it: an invitation
				in.Way, in.SecretInput, in.How = handover.Transfer, app.SecretInput{}, "El sistema le mandó una invitación el 29"
				must(t, w.GiveItem(ctx, agent, in))
				continue
			}
			link := w.sealed(t, in)
			sealed := w.envelopes(t, c)[0]
			plain, err := w.keys.Open(ctx, sealed.KeyID, sealed.Body, []byte(sealed.ID))
			must(t, err)
			if bytes.Contains(sealed.Body, []byte(theSecret)) || bytes.Contains(plain, []byte(theSecret)) {
				t.Error("somebody who has our database and our keys has the secret")
			}
			if got := w.theStep(t, c, s.Key); got.Over() || got.Items[0].Ticked {
				t.Errorf("an envelope that nobody opened is no secret that was told: %+v", got)
			}
			_, got, err := w.OpenEnvelope(ctx, link, app.OpenInput{Key: envelopeKey})
			must(t, err)
			if got.Secret != theSecret {
				t.Errorf("in the envelope: %q", got.Secret)
			}
		}
		if got := w.theStep(t, c, s.Key); got.State != offboarding.StepDone {
			t.Errorf("all were told, and the step is %s", got.State)
		}
		if w.state(t, c) != offboarding.CaseReversed {
			t.Error("the departure is no longer reversed")
		}
		w.saysNot(t, c, theSecret, envelopeKey)
		w.verifyLog(t)
	})
}

// What comes back as it was needs no new secret, and nobody is asked for one.
func TestWhatComesBackAsItWasNeedsNoNewSecret(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, outage)
		w.inventory(t)
		_, c, page := w.request(t, "period_end")
		eventually(t, "accesses closed", func() bool { return w.stepState(t, c, "revoke") == offboarding.StepVerified })
		must(t, w.UndoByCustomer(t.Context(), page))
		eventually(t, "reversed", func() bool { return w.state(t, c) == offboarding.CaseReversed })
		v, err := w.OpenCase(t.Context(), agent, c)
		must(t, err)
		for _, s := range v.Plan.Steps {
			if strings.HasPrefix(s.Key, "new_secret") {
				t.Errorf("asked for %+v", s)
			}
		}
	})
}
