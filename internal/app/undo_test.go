package app_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/demo/peer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
	"hastaluego/internal/webhook"
)

// side is a departure with an access step and a person's step beside it: the
// person's is taken back first.
const side = `
playbook: side
title: {es: "Accesos", en: "Accesses"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - {id: revoke, kind: revoke_access, title: {es: "Cerrar", en: "Close"}, after: [confirm], params: {system: faro}, milestone: access_closed}
  - id: by_hand
    kind: close_access
    title: {es: "Cerrar a mano", en: "Close by hand"}
    after: [confirm]
    params: {except: faro}
    role: agent
    due: {d: 2, from: ready}
    escalate: {d: 1, to: admin}
    undo: {class: restorable, title: {es: "Volver a dar el acceso", en: "Give the access back"}}
  - {id: effective, kind: wait, title: {es: "Fin", en: "End"}, after: [revoke, by_hand], params: {until: effective}}
`

// byHand does the person's step.
func (w *world) byHand(t *testing.T, c offboarding.CaseID) {
	t.Helper()
	eventually(t, "the turn of the person", func() bool { return w.stepState(t, c, "by_hand") == offboarding.StepReady })
	must(t, w.Tick(t.Context(), agent, app.TickInput{Case: c, Step: "by_hand", Item: "gra_3", Ticked: true}))
	must(t, w.CompleteTask(t.Context(), agent, app.CompleteInput{Case: c, Step: "by_hand", Note: "Cerrada"}))
}

// asOutsider calls the far system as somebody else would.
func (w *world) asOutsider(t *testing.T, path string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.billing.Base+path, nil)
	must(t, err)
	req.Header.Set("Authorization", "Bearer "+w.billing.Token)
	res, err := http.DefaultClient.Do(req)
	must(t, err)
	must(t, res.Body.Close())
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d", path, res.StatusCode)
	}
}

func (w *world) decide(t *testing.T, x offboarding.WorkID, what string) error {
	t.Helper()
	return w.DecideWork(t.Context(), agent, app.DecideInput{Work: x, Decision: what, Evidence: "Lo he visto"})
}

// stuck returns the work of the step that a person is asked about.
func (w *world) stuck(t *testing.T, c offboarding.CaseID, key string) offboarding.Work {
	t.Helper()
	eventually(t, "a person is asked about "+key, func() bool { return w.stepState(t, c, key) == offboarding.StepBlocked })
	v, err := w.OpenCase(t.Context(), agent, c)
	must(t, err)
	for _, x := range v.Works {
		if x.Step == v.Plan.Step(key).ID && (x.State == offboarding.WorkFailed || x.State == offboarding.WorkUncertain) {
			return x
		}
	}
	t.Fatal("blocked about no work")
	return offboarding.Work{}
}

// What was closed before anybody asked us is not opened by undoing, whenever
// the turn of its step comes.
func TestUndoingTakesBackOnlyWhatWasCalled(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, side)
		ctx := t.Context()
		cus := w.inventory(t)
		w.asOutsider(t, "/accounts/acc-base/block")
		_, c, page := w.request(t, "period_end")
		w.byHand(t, c)
		eventually(t, "accesses closed", func() bool { return w.stepState(t, c, "revoke") == offboarding.StepVerified })
		must(t, w.UndoByCustomer(ctx, page))
		must(t, w.UndoTask(ctx, agent, app.CompleteInput{Case: c, Step: "by_hand", Note: "Devuelto"}))
		eventually(t, "reversed", func() bool { return w.state(t, c) == offboarding.CaseReversed })
		w.signIn(t, "acc-key", "dos", http.StatusOK)
		w.signIn(t, "acc-base", "uno", http.StatusForbidden)
		if open := w.grants(t, cus); slices.Contains(open, "acc-base") || !slices.Contains(open, "acc-key") {
			t.Errorf("the inventory says that these are open: %v", open)
		}
		w.verifyLog(t)
	})
}

// A subscription that had been ended without us is not one that goes on.
func TestWhatHadEndedWithoutUsIsNotCalledActiveAfterUndoing(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, outage)
		ctx := t.Context()
		w.asOutsider(t, "/subscriptions/FE-20418-1/cancel")
		_, c, page := w.request(t, "period_end")
		eventually(t, "found ended", func() bool { return w.stepState(t, c, "bill") == offboarding.StepVerified })
		must(t, w.UndoByCustomer(ctx, page))
		eventually(t, "reversed", func() bool { return w.state(t, c) == offboarding.CaseReversed })
		effects, err := w.billing.Effects(ctx, "FE-20418-1")
		must(t, err)
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		if len(effects) != 1 || v.Lines[0].Status == customer.Active {
			t.Errorf("%d effects there; here it is %s", len(effects), v.Lines[0].Status)
		}
	})
}

// What failed before it called anybody has nothing to be taken back, and holds
// up nothing.
func TestAWorkThatNeverCalledDoesNotHoldUpAReversal(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, side)
		ctx := t.Context()
		w.inventory(t)
		must(t, w.billing.SetFaults(ctx, peer.Faults{Status: http.StatusUnprocessableEntity, Reads: true, Reference: "acc-base"}))
		_, c, page := w.request(t, "period_end")
		w.byHand(t, c)
		w.stuck(t, c, "revoke")
		eventually(t, "the other is closed", func() bool { return w.closing(t, c, "gra_2").State == offboarding.WorkVerified })
		must(t, w.UndoByCustomer(ctx, page))
		must(t, w.UndoTask(ctx, agent, app.CompleteInput{Case: c, Step: "by_hand", Note: "Devuelto"}))
		eventually(t, "reversed", func() bool { return w.state(t, c) == offboarding.CaseReversed })
		w.signIn(t, "acc-key", "dos", http.StatusOK)
		w.verifyLog(t)
	})
}

// While a person has not taken back the last step, nothing of an earlier one is
// taken back: not even what a worker had in hand.
func TestWhatAWorkerHadInHandWaitsForItsTurnToo(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, side)
		ctx := t.Context()
		w.inventory(t)
		must(t, w.billing.SetFaults(ctx, peer.Faults{Held: true, Reference: "acc-key"}))
		_, c, page := w.request(t, "period_end")
		w.byHand(t, c)
		eventually(t, "the call is under way", func() bool { return !w.closing(t, c, "gra_2").FirstCall.IsZero() })
		must(t, w.UndoByCustomer(ctx, page))
		must(t, w.billing.SetFaults(ctx, peer.Faults{}))
		eventually(t, "the call has ended", func() bool { return w.closing(t, c, "gra_2").State == offboarding.WorkVerified })
		eventually(t, "what nobody had called is off the queue", func() bool { return w.closing(t, c, "gra_1").State == offboarding.WorkCancelled })
		must(t, w.UndoTask(ctx, agent, app.CompleteInput{Case: c, Step: "by_hand", Note: "Devuelto"}))
		eventually(t, "reversed", func() bool { return w.state(t, c) == offboarding.CaseReversed })
		w.signIn(t, "acc-key", "dos", http.StatusOK)
		w.verifyLog(t)
	})
}

// confirmed is a departure whose works nobody has begun: the workers rest.
func (w *world) confirmed(t *testing.T) offboarding.CaseID {
	t.Helper()
	_, err := w.RequestExit(t.Context(), app.ExitInput{AccountEmail: firstMail, When: "period_end", Language: "es"})
	must(t, err)
	confirm := w.mail.wait(t, "confirm", firstMail)
	w.stopEngine()
	c, _, err := w.VerifyRequest(t.Context(), token(confirm.Links["verify"]))
	must(t, err)
	return c
}

// claimed takes all works of the case, as a worker does.
func claimed(t *testing.T, tx app.Tx, c offboarding.CaseID) (out []offboarding.Work) {
	t.Helper()
	list, err := tx.Claim(t.Context(), app.ClaimInput{Worker: "another", Limit: 100, PerSystem: 100, Lease: time.Minute})
	must(t, err)
	for _, x := range list {
		if x.Case == c && x.Step != "" {
			out = append(out, x)
		}
	}
	return out
}

// Somebody takes a work at the very moment in which its departure is undone:
// the reversal waits for what comes of it.
func TestAWorkThatIsTakenWhileItsDepartureIsUndoneIsNotLost(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, outage)
		ctx := t.Context()
		w.inventory(t)
		c := w.confirmed(t)
		undone := make(chan error, 1)
		var works []offboarding.Work
		must(t, w.store.Tx(ctx, func(tx app.Tx) error {
			works = claimed(t, tx, c)
			go func() { undone <- w.UndoByStaff(ctx, agent, c) }()
			time.Sleep(300 * time.Millisecond) // it reads, where it need not wait for us, and waits to write
			return nil
		}))
		must(t, <-undone)
		if len(works) != 3 || w.state(t, c) != offboarding.CaseReversing {
			t.Fatalf("%d works in hand, and the departure is %s", len(works), w.state(t, c))
		}
		for _, x := range works { // each is handed back, having called nobody
			ok, err := w.Advance(ctx, x, app.Result{Verdict: app.Retry, Delay: time.Minute})
			if err != nil || !ok {
				t.Fatalf("%s: %v %v", x.Kind, ok, err)
			}
		}
		if s := w.state(t, c); s != offboarding.CaseReversed {
			t.Errorf("the departure is %s", s)
		}
		for _, x := range works {
			if now := w.workOf(t, x.ID); now.State != offboarding.WorkCancelled {
				t.Errorf("%s is %s", x.Kind, now.State)
			}
		}
		w.verifyLog(t)
	})
}

func (w *world) workOf(t *testing.T, id offboarding.WorkID) (x offboarding.Work) {
	t.Helper()
	must(t, w.store.View(t.Context(), func(tx app.Tx) (err error) { x, err = tx.FindWork(t.Context(), id); return err }))
	return x
}

// A letter, a file or a timer that a worker has in hand when the departure is
// undone ends with its result.
const withoutEffect = `
playbook: plain
title: {es: "Sin efectos", en: "Without effects"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - {id: bill, kind: settle, title: {es: "Liquidación", en: "Statement"}, after: [confirm]}
  - {id: export, kind: export_data, title: {es: "Datos", en: "Data"}, after: [confirm]}
  - {id: revoke, kind: revoke_access, title: {es: "Cerrar", en: "Close"}, after: [confirm], params: {system: faro}}
  - {id: effective, kind: wait, title: {es: "Fin", en: "End"}, after: [bill, export, revoke], params: {until: effective}}
`

func TestWhatHasNoEffectAndIsInHandEndsWithAReversal(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, withoutEffect)
		ctx := t.Context()
		w.inventory(t)
		c := w.confirmed(t)
		var works []offboarding.Work
		must(t, w.store.Tx(ctx, func(tx app.Tx) error { works = claimed(t, tx, c); return nil }))
		must(t, w.UndoByStaff(ctx, agent, c))
		for _, x := range works {
			var r app.Result
			switch x.Kind {
			case "settle":
				r = app.Result{Verdict: app.Accomplished}
			case "export_data":
				r = app.Result{Verdict: app.Accomplished, Verify: true}
			default:
				continue
			}
			if ok, err := w.Advance(ctx, x, r); err != nil || !ok {
				t.Fatalf("%s: %v %v", x.Kind, ok, err)
			}
			if now := w.workOf(t, x.ID); now.State == offboarding.WorkRunning || now.State == offboarding.WorkReady {
				t.Errorf("%s is %s", x.Kind, now.State)
			}
		}
		if s := w.state(t, c); s != offboarding.CaseReversing {
			t.Errorf("the departure is %s while accesses are in hand", s)
		}
		for _, x := range works {
			if x.Kind == "revoke_access" {
				_, err := w.Advance(ctx, x, app.Result{Verdict: app.Later, Again: x.RunAt})
				must(t, err)
			}
		}
		if s := w.state(t, c); s != offboarding.CaseReversed {
			t.Errorf("the departure is %s", s)
		}
		w.verifyLog(t)
	})
}

// A person may answer for it that something is taken back, as for it that it is
// done.
func TestAttestingAnUndoingEndsIt(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, outage)
		ctx := t.Context()
		cus := w.inventory(t)
		_, c, page := w.request(t, "period_end")
		eventually(t, "accesses closed", func() bool { return w.stepState(t, c, "revoke") == offboarding.StepVerified })
		eventually(t, "billing stopped", func() bool { return w.stepState(t, c, "bill") == offboarding.StepVerified })
		must(t, w.billing.SetFaults(ctx, peer.Faults{Status: http.StatusUnprocessableEntity, Reference: "acc-key"}))
		must(t, w.UndoByCustomer(ctx, page))
		x := w.stuck(t, c, "revoke")
		must(t, w.decide(t, x.ID, "attest"))
		eventually(t, "reversed", func() bool { return w.state(t, c) == offboarding.CaseReversed })
		now := w.workOf(t, x.ID)
		if now.State != offboarding.WorkUndone || now.UndoneAt.IsZero() || w.logged(t, "work.attested") != 1 {
			t.Errorf("the work is %s, undone %v", now.State, now.UndoneAt)
		}
		if open := w.grants(t, cus); !slices.Contains(open, "acc-key") {
			t.Errorf("the inventory says that only these are open: %v", open)
		}
		w.verifyLog(t)
	})
}

// Decided, an undoing goes on, and the page says so.
func TestAnUndoingThatIsDecidedGoesOn(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, outage)
		ctx := t.Context()
		w.inventory(t)
		_, c, page := w.request(t, "period_end")
		eventually(t, "accesses closed", func() bool { return w.stepState(t, c, "revoke") == offboarding.StepVerified })
		must(t, w.billing.SetFaults(ctx, peer.Faults{Status: http.StatusUnprocessableEntity, Reference: "acc-key"}))
		must(t, w.UndoByCustomer(ctx, page))
		x := w.stuck(t, c, "revoke")
		must(t, w.billing.SetFaults(ctx, peer.Faults{}))
		w.stopEngine()
		must(t, w.decide(t, x.ID, "again"))
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		if s := v.Plan.Step("revoke"); s.State != offboarding.StepUndoing || s.Blocked != "" {
			t.Errorf("the step is %s because of %q", s.State, s.Blocked)
		}
	})
}

// What cannot be read back cannot be looked at, and looking makes nothing done.
func TestLookingDoesNothingButLook(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		crm := listen(t, func(w http.ResponseWriter, _ int) { w.WriteHeader(http.StatusUnprocessableEntity) })
		w := newWorldOn(t, e, telling, "", 10*time.Second, func(systems string) string {
			return systems + fmt.Sprintf("  crm: {kind: webhook, url: \"%s\", secret: \"file:%s\", allow: [127.0.0.1/32]}\n", crm.URL, tokenFile(t, webhook.NewSecret().Reveal()))
		})
		_, c, _ := w.request(t, "period_end")
		x := w.stuck(t, c, "tell")
		code(t, w.decide(t, x.ID, "look"), "work.not_readable")
		if s := w.stepState(t, c, "tell"); s != offboarding.StepBlocked {
			t.Errorf("the step is %s", s)
		}
	})
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, outage)
		ctx := t.Context()
		must(t, w.billing.SetFaults(ctx, peer.Faults{Status: http.StatusUnprocessableEntity, Reference: "FE-20418-1"}))
		_, c, _ := w.request(t, "period_end")
		x := w.stuck(t, c, "bill")
		must(t, w.decide(t, x.ID, "look"))
		var now offboarding.Work
		eventually(t, "looked at", func() bool {
			now = w.workOf(t, x.ID)
			return now.LastError == "connector.not_so" && now.Attempt > x.Attempt
		})
		if v, err := w.OpenCase(ctx, agent, c); err != nil || !now.DoneAt.IsZero() || !v.Plan.Step("bill").DoneAt.IsZero() {
			t.Errorf("refused and not there, and yet done at %v (%v)", now.DoneAt, err)
		}
	})
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, outage)
		ctx := t.Context()
		must(t, w.billing.SetFaults(ctx, peer.Faults{Status: http.StatusUnprocessableEntity, Reference: "FE-20418-1"}))
		_, c, _ := w.request(t, "period_end")
		x := w.stuck(t, c, "bill")
		must(t, w.billing.SetFaults(ctx, peer.Faults{}))
		w.asOutsider(t, "/subscriptions/FE-20418-1/cancel")
		must(t, w.decide(t, x.ID, "look"))
		eventually(t, "found so", func() bool { return w.stepState(t, c, "bill") == offboarding.StepVerified })
		if now := w.workOf(t, x.ID); now.DoneAt.IsZero() || now.Undo != string(connector.Restorable) {
			t.Errorf("done at %v, %q", now.DoneAt, now.Undo)
		}
	})
}

// Who pauses a departure does not keep the customer from taking it back.
func TestAPausedDepartureIsUndoneAllTheSame(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, outage)
		ctx := t.Context()
		_, c, page := w.request(t, "period_end")
		eventually(t, "billing stopped", func() bool { return w.stepState(t, c, "bill") == offboarding.StepVerified })
		must(t, w.PauseCase(ctx, agent, c, "Llama mañana"))
		must(t, w.UndoByCustomer(ctx, page))
		eventually(t, "reversed", func() bool { return w.state(t, c) == offboarding.CaseReversed })
		if n := w.logged(t, "case.resumed"); n != 1 {
			t.Errorf("the log says %d times that it goes on", n)
		}
		w.verifyLog(t)
	})
}

// Who is to take something back is reminded of it like of everything else.
func TestALateUndoingIsHeard(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, side)
		ctx := t.Context()
		w.inventory(t)
		_, c, page := w.request(t, "period_end")
		w.byHand(t, c)
		eventually(t, "accesses closed", func() bool { return w.stepState(t, c, "revoke") == offboarding.StepVerified })
		must(t, w.UndoByCustomer(ctx, page))
		for _, typ := range []string{"step.overdue", "step.escalated"} {
			next, err := w.NextTimer(ctx)
			must(t, err)
			must(t, w.PushClock(ctx, "", next))
			eventually(t, typ, func() bool { return w.logged(t, typ) == 1 })
		}
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		if s := v.Plan.Step("by_hand"); s.Escalated != "admin" || s.State != offboarding.StepUndoing {
			t.Errorf("%s, escalated to %q", s.State, s.Escalated)
		}
		must(t, w.UndoTask(ctx, agent, app.CompleteInput{Case: c, Step: "by_hand", Note: "Devuelto"}))
		eventually(t, "reversed", func() bool { return w.state(t, c) == offboarding.CaseReversed })
	})
}

const endingBook = `
playbook: ending
title: {es: "Acabar", en: "End"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - {id: ended, kind: verify_billing, title: {es: "Comprobar", en: "Read back"}, after: [confirm], params: {system: billing}}
  - {id: effective, kind: wait, title: {es: "Fin", en: "End"}, after: [ended], params: {until: effective}}
`

// A work that only reads is repeated by reading.
func TestAReadingThatFailedIsReadAgain(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, endingBook)
		ctx := t.Context()
		must(t, w.billing.SetFaults(ctx, peer.Faults{Status: http.StatusUnprocessableEntity, Reads: true, Reference: "FE-20418-1"}))
		_, c, _ := w.request(t, "period_end")
		x := w.stuck(t, c, "ended")
		must(t, w.billing.SetFaults(ctx, peer.Faults{}))
		w.asOutsider(t, "/subscriptions/FE-20418-1/cancel")
		must(t, w.decide(t, x.ID, "again"))
		eventually(t, "read back", func() bool { return w.stepState(t, c, "ended") == offboarding.StepVerified })
	})
}

// Results of one departure that are written in one transaction do what each does
// alone; one that came too late changes nothing and spoils nothing.
func TestResultsAreWrittenTogether(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, withoutEffect)
		ctx := t.Context()
		cus := w.inventory(t)
		c := w.confirmed(t)
		var works []offboarding.Work
		must(t, w.store.Tx(ctx, func(tx app.Tx) error { works = claimed(t, tx, c); return nil }))
		var tries []app.Tried
		for _, x := range works {
			r := app.Result{Verdict: app.Accomplished}
			switch x.Kind {
			case "revoke_access":
				r.Verify, r.Proof = true, &app.Proof{Evidence: "its token is refused"}
			case "export_data":
				r = app.Result{Verdict: app.Retry, Code: "connector.away", Delay: time.Minute}
			}
			tries = append(tries, app.Tried{Work: x, Result: r})
		}
		late := tries[0]
		late.Work.Attempt--
		mine, err := w.AdvanceAll(ctx, append(tries, late)...)
		must(t, err)
		if len(mine) != len(tries)+1 || slices.Contains(mine[:len(tries)], false) || mine[len(tries)] {
			t.Errorf("of %d results, the last of them late, these were written: %v", len(tries)+1, mine)
		}
		if got := strings.Join(w.grants(t, cus), ","); got != "carpeta compartida" { // of another system
			t.Errorf("still open: %s", got)
		}
		closed := 0
		for _, x := range works {
			now := w.workOf(t, x.ID)
			if x.Kind == "revoke_access" && now.State == offboarding.WorkVerified {
				closed++
			}
			if x.Kind == "export_data" && (now.State != offboarding.WorkReady || now.Tries != 1) {
				t.Errorf("the one that failed is %s after %d tries", now.State, now.Tries)
			}
		}
		if st := w.stepState(t, c, "revoke"); closed < 2 || st != offboarding.StepVerified {
			t.Errorf("%d accesses closed, and the step is %s", closed, st)
		}
		if n := w.logged(t, "work.verified"); n != closed {
			t.Errorf("%d entries tell of %d accesses", n, closed)
		}
		w.verifyLog(t)
	})
}
