package app_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/demo/peer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
	"hastaluego/internal/testkit"
)

// proof is what the evidence of a closed access says.
type proof struct {
	Proof   step.ProofKind `json:"proof"`
	Why     string         `json:"why"`
	Control *tried         `json:"control"`
	Probe   *tried         `json:"probe"`
}

type tried struct {
	In     bool   `json:"in"`
	Status string `json:"status"`
	SHA256 string `json:"body_sha256"`
	At     string `json:"at"`
}

// closing returns the work that closes the account of the grant.
func (w *world) closing(t *testing.T, c offboarding.CaseID, grant string) (found offboarding.Work) {
	t.Helper()
	must(t, w.store.View(t.Context(), func(tx app.Tx) error {
		works, err := tx.WorksOf(t.Context(), c)
		for _, x := range works {
			if x.Item == grant {
				found = x
			}
		}
		return err
	}))
	return found
}

func (w *world) proof(t *testing.T, c offboarding.CaseID, grant string) (p proof) {
	t.Helper()
	x := w.closing(t, c, grant)
	must(t, json.Unmarshal([]byte(x.Evidence), &p))
	return p
}

func (w *world) signIn(t *testing.T, name, secret string, want int) {
	t.Helper()
	got, err := w.billing.SignIn(t.Context(), peer.Account{Name: name, Secret: secret})
	must(t, err)
	if got != want {
		t.Fatalf("signing in as %s is answered %d, want %d", name, got, want)
	}
}

func TestAnAccessIsProvedClosedByTryingIt(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, accesses)
		ctx := t.Context()
		w.inventory(t)
		w.credential(t, "acc-base", "") // nothing to try this one with
		w.signIn(t, "acc-key", "dos", http.StatusOK)
		_, c, page := w.request(t, "period_end")
		eventually(t, "accesses closed", func() bool { return w.stepState(t, c, "revoke") == offboarding.StepVerified })
		w.signIn(t, "acc-key", "dos", http.StatusForbidden)
		w.signIn(t, "acc-base", "uno", http.StatusForbidden)

		p := w.proof(t, c, "gra_2")
		if p.Proof != step.NegativeTest || p.Control == nil || !p.Control.In || p.Control.Status != "200" || len(p.Control.SHA256) != 64 || p.Control.At == "" ||
			p.Probe == nil || p.Probe.In || p.Probe.Status != "403" || len(p.Probe.SHA256) != 64 || p.Probe.At == "" {
			t.Errorf("the proof of what was tried: %+v", p)
		}
		if p := w.proof(t, c, "gra_1"); p.Proof != step.ReadBack || p.Why != "connector.no_credential" || p.Control != nil || p.Probe != nil {
			t.Errorf("the proof of what could not be tried: %+v", p)
		}

		must(t, w.UndoByCustomer(ctx, page))
		must(t, w.ticksOff(t, c))
		eventually(t, "reversed", func() bool { return w.state(t, c) == offboarding.CaseReversed })
		w.signIn(t, "acc-key", "dos", http.StatusOK)
		if p := w.proof(t, c, "gra_2"); p.Probe == nil || !p.Probe.In {
			t.Errorf("the proof that it is open again: %+v", p)
		}
		w.verifyLog(t)
	})
}

// ticksOff takes back what people did, if anything.
func (w *world) ticksOff(t *testing.T, c offboarding.CaseID) error {
	t.Helper()
	if w.stepState(t, c, "by_hand") != offboarding.StepUndoing {
		return nil
	}
	return w.UndoTask(t.Context(), agent, app.CompleteInput{Case: c, Step: "by_hand", Note: "Devuelto"})
}

// The system says 200, reads "blocked", and lets in all the same.
func TestASystemThatLiesIsCaughtByTrying(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, accesses)
		ctx := t.Context()
		cus := w.inventory(t)
		must(t, w.billing.SetFaults(ctx, peer.Faults{Feint: true, Reference: "acc-key"}))
		_, c, _ := w.request(t, "period_end")
		eventually(t, "a person is asked", func() bool { return w.stepState(t, c, "revoke") == offboarding.StepBlocked })
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		if why := v.Plan.Step("revoke").Blocked; why != "access.still_open" {
			t.Fatalf("blocked because of %s", why)
		}
		x := w.closing(t, c, "gra_2")
		if x.State != offboarding.WorkFailed || !x.VerifiedAt.IsZero() {
			t.Fatalf("the work is %s", x.State)
		}
		if open := w.grants(t, cus); len(open) != 3 {
			t.Fatalf("the inventory says that only these are open: %v", open)
		}
		w.signIn(t, "acc-key", "dos", http.StatusOK)

		// Looking again finds the same; once the system is mended, calling again
		// closes it, although it reads closed already.
		must(t, w.DecideWork(ctx, agent, app.DecideInput{Work: x.ID, Decision: "look"}))
		eventually(t, "caught again", func() bool {
			now := w.closing(t, c, "gra_2")
			return now.State == offboarding.WorkFailed && now.Attempt > x.Attempt
		})
		must(t, w.billing.SetFaults(ctx, peer.Faults{}))
		must(t, w.DecideWork(ctx, agent, app.DecideInput{Work: x.ID, Decision: "again", Evidence: "Faro lo ha arreglado"}))
		eventually(t, "accesses closed", func() bool { return w.stepState(t, c, "revoke") == offboarding.StepVerified })
		w.signIn(t, "acc-key", "dos", http.StatusForbidden)
		if p := w.proof(t, c, "gra_2"); p.Proof != step.NegativeTest || !p.Control.In {
			t.Errorf("%+v", p)
		}
		w.verifyLog(t)
	})
}

// What proves nothing before cannot prove anything after.
func TestWithoutAControlARefusalIsOnlyReadBack(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, accesses)
		w.inventory(t)
		w.credential(t, "acc-key", "an old secret") // refused before as it is after
		_, c, _ := w.request(t, "period_end")
		eventually(t, "accesses closed", func() bool { return w.stepState(t, c, "revoke") == offboarding.StepVerified })
		p := w.proof(t, c, "gra_2")
		if p.Proof != step.ReadBack || p.Why != "probe.no_control" || p.Probe == nil || p.Probe.In {
			t.Errorf("%+v", p)
		}
	})
}

// An answer of a sick system is not a refusal: it is tried again until the
// system answers.
func TestATryThatIsAnsweredWithAnErrorProvesNothing(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, accesses)
		ctx := t.Context()
		w.inventory(t)
		// Held before its effect, so that the sickness begins after the control.
		must(t, w.billing.SetFaults(ctx, peer.Faults{Held: true, Reference: "acc-key"}))
		_, c, _ := w.request(t, "period_end")
		eventually(t, "the call is under way", func() bool { return !w.closing(t, c, "gra_2").FirstCall.IsZero() })
		must(t, w.billing.SetFaults(ctx, peer.Faults{SignIn: 503}))
		eventually(t, "tried and tried again", func() bool {
			x := w.closing(t, c, "gra_2")
			if x.State == offboarding.WorkVerified {
				t.Fatalf("an error was taken for a refusal: %s", x.Evidence)
			}
			return x.Phase == offboarding.Verify && x.Tries >= 2 && x.LastError == "connector.busy"
		})
		must(t, w.billing.SetFaults(ctx, peer.Faults{}))
		eventually(t, "accesses closed", func() bool { return w.stepState(t, c, "revoke") == offboarding.StepVerified })
		if p := w.proof(t, c, "gra_2"); p.Proof != step.NegativeTest {
			t.Errorf("%+v", p)
		}
	})
}

// What nobody tried may say what it likes: it is called, and a person answers for
// what came of it.
func TestAnExampleIsNeverVerified(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldOn(t, e, accesses, "", 10*time.Second, func(systems string) string {
			return strings.Replace(systems, "  faro:\n", "  faro:\n    level: example\n", 1)
		})
		w.inventory(t)
		_, c, page := w.request(t, "period_end")
		for range 2 {
			x := w.stuck(t, c, "revoke")
			if x.LastError != "connector.example" || !x.VerifiedAt.IsZero() {
				t.Fatalf("%s, verified at %s", x.LastError, x.VerifiedAt)
			}
			must(t, w.decide(t, x.ID, "look"))
			eventually(t, "asked again", func() bool {
				now := w.closing(t, c, x.Item)
				return now.State == offboarding.WorkFailed && now.Attempt > x.Attempt
			})
			must(t, w.decide(t, x.ID, "attest"))
		}
		w.signIn(t, "acc-key", "dos", http.StatusForbidden) // it was called
		eventually(t, "somebody answered for both", func() bool { return w.stepState(t, c, "revoke") == offboarding.StepAttested })
		for _, grant := range []string{"gra_1", "gra_2"} {
			if x := w.closing(t, c, grant); x.State != offboarding.WorkAttested || !x.VerifiedAt.IsZero() {
				t.Errorf("%s is %s", grant, x.State)
			}
		}
		// What it says days later proves as little.
		w.byHand(t, c)
		now, _, err := w.Now(t.Context())
		must(t, err)
		must(t, w.PushClock(t.Context(), "", now.AddDate(0, 0, 40)))
		eventually(t, "it was looked at again", func() bool {
			over := 0
			must(t, w.store.View(t.Context(), func(tx app.Tx) error {
				works, err := tx.WorksOf(t.Context(), c)
				for _, x := range works {
					if x.Kind == app.RetestKind && x.State == offboarding.WorkCancelled {
						over++
					}
				}
				return err
			}))
			return over == 4
		})
		w.stand(t, page, "acc-base attested, acc-key attested, carpeta compartida attested", "done 3/3")
		w.verifyLog(t)
	})
}

const endsAndReads = `
playbook: accesses
title: {es: "Accesos", en: "Accesses"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - {id: end, kind: cancel_billing, title: {es: "Cancelar", en: "Cancel"}, after: [confirm], params: {system: billing}}
  - {id: ended, kind: verify_billing, title: {es: "Comprobar", en: "Check"}, after: [end], params: {system: billing}, milestone: billing_stopped}
`

// So it is with what only reads, and with what only lists.
func TestReadingAnExampleVerifiesNothing(t *testing.T) {
	t.Parallel()
	example := func(name string) func(string) string {
		return func(systems string) string {
			return strings.Replace(systems, "  "+name+":\n", "  "+name+":\n    level: example\n", 1)
		}
	}
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldOn(t, e, endsAndReads, "", 10*time.Second, example("billing"))
		_, c, _ := w.request(t, "now")
		for _, key := range []string{"end", "ended"} {
			x := w.stuck(t, c, key)
			if x.LastError != "connector.example" || !x.VerifiedAt.IsZero() {
				t.Errorf("%s: %s, verified at %s", key, x.LastError, x.VerifiedAt)
			}
			must(t, w.decide(t, x.ID, "attest"))
			eventually(t, "somebody answered for it", func() bool { return w.stepState(t, c, key) == offboarding.StepAttested })
			now, _, err := w.Now(t.Context())
			must(t, err)
			must(t, w.PushClock(t.Context(), "", now.AddDate(0, 0, 1)))
		}
	})
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldOn(t, e, looked, "", 10*time.Second, example("faro"))
		c, cus := w.found(t)
		w.stuck(t, c, "find")
		must(t, w.DecideGrant(t.Context(), agent, app.GrantDecision{Customer: cus, Grant: w.grant(t, cus, "acc-lost").ID, Why: "Es de la filial"}))
		eventually(t, "whether that is all, nobody knows", func() bool { return w.stuck(t, c, "find").LastError == "connector.example" })
	})
}
