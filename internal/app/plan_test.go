package app_test

import (
	"archive/zip"
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/audit"
	"hastaluego/internal/bundle"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
)

// careful is a playbook with everything that a plan may say.
const careful = `
playbook: careful
title: {es: "Con cuidado", en: "With care"}
retrieval: {d: 30}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - id: big
    kind: task
    title: {es: "Solo empresas grandes", en: "Large firms only"}
    after: [confirm]
    if: case.subscriptions > 50
    role: agent
    due: {d: 2, from: ready}
    escalate: {d: 1, to: admin}
  - id: prepare
    kind: task
    title: {es: "Preparar", en: "Prepare"}
    after: [big]
    role: agent
    due: {d: 2bd, from: ready}
    alert: {d: 1}
    escalate: {d: 1, to: admin}
    items: [{id: a, title: {es: "A", en: "A"}}]
  - id: agree
    kind: approve
    title: {es: "Aprobar", en: "Agree", de: "Zustimmen", fr: "Approuver"}
    after: [prepare]
    role: agent
    due: {d: 2, from: prepare}
    escalate: {d: 1, to: admin}
  - {id: export, kind: export_data, title: {es: "Datos", en: "Data", de: "Daten", fr: "Données"}, after: [agree], milestone: data_ready}
  - id: fetched
    kind: wait
    title: {es: "Que los descargue", en: "Let them fetch"}
    after: [export]
    params: {until: downloaded}
    timeout: {d: 10}
    else: ask
  - {id: effective, kind: wait, title: {es: "Fin", en: "End"}, after: [fetched], params: {until: effective}}
`

var second = app.Actor{ID: "usr_second", Name: "Noa", Roles: []string{"agent", "admin"}}

func code(t *testing.T, err error, want string) {
	t.Helper()
	if fault.CodeOf(err) != want {
		t.Fatalf("got %v, want %s", err, want)
	}
}

func TestASecondPersonApprovesAndDataNeedTwoProofs(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, careful)
		ctx := t.Context()
		_, c, page := w.request(t, "period_end")
		if s := w.stepState(t, c, "big"); s != offboarding.StepSkipped {
			t.Fatalf("the step for large firms is %s", s)
		}
		code(t, w.PauseCase(ctx, agent, c, " "), "step.evidence_required")
		must(t, w.PauseCase(ctx, agent, c, "El cliente llama mañana"))
		tick := app.TickInput{Case: c, Step: "prepare", Item: "a", Ticked: true}
		code(t, w.Tick(ctx, agent, tick), "case.paused")
		must(t, w.ResumeCase(ctx, agent, c))
		must(t, w.Tick(ctx, agent, tick))
		must(t, w.AddEvidence(ctx, agent, c, "prepare", `C:\\acta.pdf`, []byte("%PDF-1.7 acta")))
		must(t, w.CompleteTask(ctx, agent, app.CompleteInput{Case: c, Step: "prepare", Note: "Hecho"}))
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		files := v.Evidence(v.Plan.Step("prepare").ID)
		if len(files) != 1 || files[0].Name != "acta.pdf" || files[0].Media != "application/pdf" {
			t.Fatalf("evidence: %+v", files)
		}
		_, body, err := w.OpenEvidence(ctx, second, c, files[0].ID)
		must(t, err)
		if string(body) != "%PDF-1.7 acta" {
			t.Fatalf("evidence says %q", body)
		}
		code(t, w.Approve(ctx, agent, c, "agree", true, "Bien"), "approval.same_person")
		hidden := second
		hidden.RealID = agent.ID // looking as somebody else is no second person
		code(t, w.Approve(ctx, hidden, c, "agree", true, "Bien"), "approval.same_person")
		code(t, w.CompleteTask(ctx, second, app.CompleteInput{Case: c, Step: "agree", Note: "Hecho"}), "step.not_ready")
		must(t, w.Approve(ctx, second, c, "agree", false, "Falta el acta"))
		if s := w.stepState(t, c, "agree"); s != offboarding.StepBlocked {
			t.Fatalf("refused, the step is %s", s)
		}
		_, err = w.AddNote(ctx, agent, c, "Prefiere que la llamen por la tarde")
		must(t, err)
		must(t, w.ReopenStep(ctx, second, c, "agree"))
		must(t, w.Approve(ctx, second, c, "agree", true, "Visto"))
		eventually(t, "the bundle", func() bool { return w.stepState(t, c, "export") == offboarding.StepVerified })

		data, err := w.OpenDataPage(ctx, page, "", "es")
		must(t, err)
		if len(data.Blobs) != 1 || data.Proof {
			t.Fatalf("page of data: %+v", data)
		}
		_, _, err = w.Download(ctx, page, "", data.Blobs[0].ID, "", app.Begins)
		code(t, err, "code.needed")
		must(t, w.SendCode(ctx, page))
		letter := w.mail.wait(t, "code", firstMail)
		_, err = w.OpenByCode(ctx, page, "0000-0000")
		code(t, err, "code.wrong")
		key, err := w.OpenByCode(ctx, page, letter.Secret)
		must(t, err)
		_, err = w.OpenByCode(ctx, page, letter.Secret)
		code(t, err, "code.wrong")
		blob, whole, err := w.Download(ctx, page, key, data.Blobs[0].ID, "", app.Begins)
		must(t, err)
		plain := bytesOf(t, whole)
		if r, err := bundle.Check(bytes.NewReader(plain), int64(len(plain))); err != nil || r.Files < 30 || blob.Size != int64(len(plain)) {
			t.Fatalf("%d files: %v", r.Files, err)
		}
		taken, err := zip.NewReader(bytes.NewReader(plain), int64(len(plain)))
		must(t, err)
		i := slices.IndexFunc(taken.File, func(f *zip.File) bool { return strings.HasSuffix(f.Name, "data/notes.csv") })
		notes, err := taken.File[max(i, 0)].Open()
		must(t, err)
		said, err := io.ReadAll(notes)
		must(t, err)
		if !strings.Contains(string(said), "Prefiere que la llamen por la tarde") {
			t.Errorf("the notes are not in what the customer takes along: %s", said)
		}
		_, raw, err := w.ReceiptProof(ctx, page)
		must(t, err)
		receipt, err := audit.ParseReceipt(raw, w.keys.LogVerifiers()...)
		must(t, err)
		src, err := w.store.AuditSource(ctx)
		must(t, err)
		defer src.Close()
		if spans, err := audit.Compare(ctx, src, []audit.Receipt{receipt}, nil); err != nil || len(spans) != 0 {
			t.Fatalf("the log does not hold its own receipt: %v, %v", spans, err)
		}
		history, err := w.ItemHistory(ctx, receipt.Code)
		must(t, err)
		if len(history) != 1 || history[0].Item != "a" || history[0].By != agent.ID || history[0].Customer != "Estudio Almena" {
			t.Fatalf("history of items: %+v", history)
		}
		eventually(t, "the wait ends with the download", func() bool { return w.stepState(t, c, "fetched") == offboarding.StepDone })
		w.verifyLog(t)
	})
}

func TestALateStepIsHeardAndAWaitForNothingAsksAPerson(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, careful)
		ctx := t.Context()
		_, c, _ := w.request(t, "period_end")
		heard := func(typ string) bool {
			v, err := w.OpenCase(ctx, agent, c)
			must(t, err)
			for _, e := range v.Timeline {
				if e.Type == typ {
					return true
				}
			}
			return false
		}
		for _, typ := range []string{"step.due_soon", "step.overdue", "step.escalated"} {
			next, err := w.NextTimer(ctx)
			must(t, err)
			must(t, w.PushClock(ctx, "", next))
			eventually(t, typ, func() bool { return heard(typ) })
		}
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		if s := v.Plan.Step("prepare"); s.Escalated != "admin" {
			t.Fatalf("escalated to %q", s.Escalated)
		}
		must(t, w.Tick(ctx, agent, app.TickInput{Case: c, Step: "prepare", Item: "a", Ticked: true}))
		must(t, w.CompleteTask(ctx, agent, app.CompleteInput{Case: c, Step: "prepare", Note: "Tarde"}))
		must(t, w.Approve(ctx, second, c, "agree", true, "Visto"))
		eventually(t, "the wait", func() bool { return w.stepState(t, c, "fetched") == offboarding.StepReady })
		next, err := w.NextTimer(ctx)
		must(t, err)
		if d := next.Sub(v.Plan.Case.RequestedAt); d < 10*24*time.Hour {
			t.Fatalf("the time-out comes after %s", d)
		}
		must(t, w.PushClock(ctx, "", next))
		eventually(t, "a person is asked", func() bool { return w.stepState(t, c, "fetched") == offboarding.StepBlocked })
		// Somebody waits some days more, and is asked again when those are over; then
		// as many again as the playbook gives.
		work := w.stuck(t, c, "fetched")
		code(t, w.DecideWork(ctx, agent, app.DecideInput{Work: work.ID, Decision: "wait", Days: 91}), "work.days")
		code(t, w.DecideWork(ctx, agent, app.DecideInput{Work: work.ID, Decision: "wait", Days: -1}), "work.days")
		code(t, w.DecideWork(ctx, finance, app.DecideInput{Work: work.ID, Decision: "wait", Days: 3}), "forbidden.role")
		for _, x := range []struct {
			in   app.DecideInput
			days int
		}{
			{app.DecideInput{Decision: "wait", Days: 3, Evidence: "Vuelve el lunes"}, 3},
			{app.DecideInput{Decision: "again", Evidence: "Vuelve más tarde"}, 10},
			{app.DecideInput{Decision: "wait"}, 10},
		} {
			now, _, err := w.Now(ctx)
			must(t, err)
			x.in.Work = work.ID
			must(t, w.DecideWork(ctx, agent, x.in))
			if s := w.stepState(t, c, "fetched"); s != offboarding.StepRunning {
				t.Fatalf("waiting again the step is %s", s)
			}
			code(t, w.DecideWork(ctx, agent, x.in), "case.changed_meanwhile")
			if got := w.workOf(t, work.ID).RunAt.Sub(now); got < time.Duration(x.days)*24*time.Hour || got > time.Duration(x.days)*24*time.Hour+time.Minute {
				t.Fatalf("it waits for %s, want %d days", got, x.days)
			}
			must(t, w.PushClock(ctx, "", now.AddDate(0, 0, x.days).Add(time.Minute)))
			eventually(t, "a person is asked again", func() bool { return w.stepState(t, c, "fetched") == offboarding.StepBlocked })
		}
		if !heard("wait.extended") {
			t.Error("the log does not say that it was waited longer")
		}
		must(t, w.DecideWork(ctx, agent, app.DecideInput{Work: work.ID, Decision: "attest", Evidence: "No los quiere"}))
		eventually(t, "the wait is over", func() bool { return w.stepState(t, c, "fetched") == offboarding.StepDone })
		code(t, w.DecideWork(ctx, agent, app.DecideInput{Work: work.ID, Decision: "wait", Days: 3}), "case.changed_meanwhile")
		w.verifyLog(t)
	})
}

const unpaid = `
playbook: unpaid
title: {es: "Uno", en: "One"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - id: paid
    kind: wait
    title: {es: "Que pague", en: "Let them pay"}
    after: [confirm]
    params: {until: paid}
    timeout: {d: 3}
    else: ask
  - {id: effective, kind: wait, title: {es: "Fin", en: "End"}, after: [paid], params: {until: effective}}
`

// What comes after its time ends the wait all the same, and asks nobody any more.
func TestWhatComesTooLateEndsItsWait(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, testkit.SQLite(t), unpaid)
	ctx := t.Context()
	w.inventory(t)
	_, c, _ := w.request(t, "period_end")
	now, _, err := w.Now(ctx)
	must(t, err)
	must(t, w.PushClock(ctx, "", now.AddDate(0, 0, 4)))
	work := w.stuck(t, c, "paid")
	v, err := w.OpenCase(ctx, agent, c)
	must(t, err)
	p, err := w.OpenCustomer(ctx, finance, v.Plan.Case.Customer)
	must(t, err)
	for _, b := range p.Balances {
		if b.Status == customer.Due {
			must(t, w.SettleBalance(ctx, finance, p.Customer.ID, b.ID, customer.Paid))
		}
	}
	eventually(t, "the wait is over", func() bool { return w.stepState(t, c, "paid") == offboarding.StepDone })
	if x := w.workOf(t, work.ID); x.Evidence != `{"event":"paid"}` {
		t.Errorf("the wait ended with %s", x.Evidence)
	}
	w.verifyLog(t)
}
