package app_test

import (
	"bytes"
	"image"
	"image/png"
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/form"
	"hastaluego/internal/handover"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
)

// handing is a playbook that hands over, reports, and leaves last.
const handing = `
playbook: handing
title: {es: "Entregar", en: "Hand over"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - id: give
    kind: handover
    title: {es: "Dos", en: "Two"}
    after: [confirm]
    params: {envelope_days: "3", rotate_days: "5"}
    role: agent
    due: {d: 30, from: ready}
    escalate: {d: 5, to: admin}
    undo: {class: reissuable, title: {es: "Recibirlo otra vez", en: "Take it back"}}
  - id: report
    kind: report
    title: {es: "Tres", en: "Three"}
    after: [give]
    role: agent
    due: {d: 5, from: ready}
    escalate: {d: 5, to: admin}
  - id: leave
    kind: own_access
    title: {es: "Cuatro", en: "Four"}
    after: [give]
    role: agent
    due: {d: 5, from: ready}
    escalate: {d: 5, to: admin}
    undo: {class: restorable, title: {es: "Volver a entrar", en: "Enter again"}}
`

func (w *world) handed(t *testing.T, c offboarding.CaseID, kind string) handover.Item {
	t.Helper()
	v, err := w.OpenCase(t.Context(), agent, c)
	must(t, err)
	i := slices.IndexFunc(v.Handover.List, func(x handover.Item) bool { return x.Kind == kind })
	if i < 0 {
		t.Fatalf("no %s is handed over", kind)
	}
	return v.Handover.List[i]
}

// give hands over one thing of each kind that is listed.
func (w *world) give(t *testing.T, c offboarding.CaseID, kinds ...string) {
	t.Helper()
	for _, k := range kinds {
		in := app.GiveInput{Case: c, Step: "give", Item: w.handed(t, c, k).ID, Way: handover.Transfer, How: "A su nombre"}
		if k == "credential" {
			in.Way, in.SecretInput = handover.Envelope, app.SecretInput{Secret: "llave-inconfundible", Key: envelopeKey}
		}
		must(t, w.GiveItem(t.Context(), agent, in))
	}
}

func right(items ...handover.Item) (out []app.HandoverAnswer) {
	for _, x := range items {
		out = append(out, app.HandoverAnswer{Item: x.ID, Right: true})
	}
	return out
}

func TestOnlyTheClientAcceptsAndOurAccessGoesLast(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, handing)
		ctx := t.Context()
		w.lent(t, "site", "domain", "credential", "equipment")
		_, c, page := w.request(t, "period_end")
		site := w.handed(t, c, "site")
		code(t, w.AnswerHandover(ctx, page, right(site)), "handover.state.open") // nothing was given
		code(t, w.Tick(ctx, agent, app.TickInput{Case: c, Step: "give", Item: string(site.Asset), Ticked: true}), "step.own_end")
		code(t, w.CompleteTask(ctx, agent, app.CompleteInput{Case: c, Step: "give", Note: "Todo entregado"}), "step.not_ready")
		code(t, w.GiveItem(ctx, finance, app.GiveInput{Case: c, Step: "give", Item: site.ID, Way: handover.Transfer, How: "x"}), "forbidden.role")
		w.give(t, c, "site", "domain", "credential")
		w.mail.wait(t, "handover", firstMail)
		code(t, w.AcceptBySlip(ctx, agent, app.SlipInput{Case: c, Step: "give", Name: "recibo.pdf"}), "field.required")

		domain := w.handed(t, c, "domain")
		err := w.AnswerHandover(ctx, page, append(right(site), app.HandoverAnswer{Item: domain.ID}))
		code(t, err, "handover.lacks")
		if w.handed(t, c, "site").State != handover.Given {
			t.Fatal("half of what was answered was kept")
		}
		must(t, w.AnswerHandover(ctx, page, append(right(site), app.HandoverAnswer{Item: domain.ID, Lacks: "El código de traslado"})))
		if x := w.handed(t, c, "domain"); x.State != handover.Missing || x.Lacks != "El código de traslado" {
			t.Fatalf("%+v", x)
		}
		w.give(t, c, "domain")
		if x := w.handed(t, c, "site"); x.State != handover.Accepted || x.AcceptedBy != handover.Client {
			t.Fatalf("%+v", x)
		}
		must(t, w.AcceptBySlip(ctx, agent, app.SlipInput{Case: c, Step: "give", Name: "recibo.pdf", Body: []byte("%PDF-1.7 firmado"), SignedBy: "Ana Ruiz"}))
		if x := w.handed(t, c, "domain"); x.State != handover.Accepted || !strings.HasPrefix(x.AcceptedBy, "att_") {
			t.Fatalf("by slip: %+v", x)
		}
		if st := w.stepState(t, c, "leave"); st != offboarding.StepWaiting {
			t.Fatalf("a credential is not changed, and our access is %s", st)
		}
		must(t, w.ConfirmRotation(ctx, page, w.handed(t, c, "credential").ID))
		must(t, w.ConfirmRotation(ctx, page, w.handed(t, c, "credential").ID)) // pressed twice
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		if v.Plan.Step("give").State != offboarding.StepDone || v.Plan.Step("leave").State != offboarding.StepReady || len(v.Plan.Step("leave").Items) != 3 {
			t.Fatalf("give is %s, leave %s with %d lines", v.Plan.Step("give").State, v.Plan.Step("leave").State, len(v.Plan.Step("leave").Items))
		}
		w.verifyLog(t)
	})
}

// Nobody confirms that a credential was changed: two reminders, then a person
// is asked, and only then may somebody answer for it.
func TestSilenceAboutACredentialEndsWithAPerson(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, handing)
		ctx := t.Context()
		w.lent(t, "credential")
		_, c, page := w.request(t, "period_end")
		w.give(t, c, "credential")
		key := w.handed(t, c, "credential")
		must(t, w.AnswerHandover(ctx, page, right(key)))
		code(t, w.AttestRotation(ctx, agent, c, "give", key.ID, "Quitamos la cuenta"), "handover.rotation")
		w.push(t, 7)
		eventually(t, "the first reminder", func() bool { return w.mail.count("rotation") == 1 })
		w.push(t, 3)
		eventually(t, "the second reminder", func() bool { return w.mail.count("rotation") == 2 })
		if st := w.stepState(t, c, "leave"); st != offboarding.StepWaiting {
			t.Fatalf("nobody was asked, and our access is %s", st)
		}
		w.push(t, 4)
		eventually(t, "a person is asked", func() bool { return w.handed(t, c, "credential").Rotation == handover.Unanswered })
		code(t, w.AttestRotation(ctx, agent, c, "give", key.ID, " "), "step.evidence_required")
		must(t, w.AttestRotation(ctx, agent, c, "give", key.ID, "Quitamos la cuenta"))
		if st := w.stepState(t, c, "give"); st != offboarding.StepDone {
			t.Errorf("the step is %s", st)
		}
		// Only now our own access goes, and that is said line by line.
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		leave := v.Plan.Step("leave")
		if leave.State != offboarding.StepReady || len(leave.Items) != 1 {
			t.Fatalf("our access is %s, with %d lines", leave.State, len(leave.Items))
		}
		must(t, w.Tick(ctx, agent, app.TickInput{Case: c, Step: "leave", Item: leave.Items[0].Key, Ticked: true, Evidence: "Usuario nuestro borrado"}))
		must(t, w.CompleteTask(ctx, agent, app.CompleteInput{Case: c, Step: "leave", Note: "Ya no entramos"}))
		if st := w.stepState(t, c, "leave"); st != offboarding.StepDone {
			t.Errorf("our access is %s", st)
		}
		for typ, n := range map[string]int{"handover.rotation_unanswered": 1, "handover.rotation_attested": 1, "handover.rotated": 0} {
			if got := w.logged(t, typ); got != n {
				t.Errorf("%s is logged %d times, not %d", typ, got, n)
			}
		}
		if n := w.mail.count("rotation"); n != 2 {
			t.Errorf("%d reminders", n)
		}
		w.verifyLog(t)
	})
}

func TestTheFinalReportHasFiguresAndPictures(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, handing)
		ctx := t.Context()
		w.lent(t, "site")
		_, c, page := w.request(t, "period_end")
		_, err := w.OpenReport(ctx, page, "")
		code(t, err, "not_found")
		w.give(t, c, "site")
		must(t, w.AnswerHandover(ctx, page, right(w.handed(t, c, "site"))))
		must(t, w.AddEvidence(ctx, agent, c, "report", "visitas.png", aPicture(t)))
		must(t, w.AddEvidence(ctx, agent, c, "report", "borrador.txt", []byte("no es una imagen")))
		must(t, w.AnswerForm(ctx, agent, app.FormInput{Case: c, Step: "report", Done: true, Answers: form.Answers{
			"summary": "Hicimos la web", "figures": "Visitas: 1.206 al mes (Analytics)",
		}}))
		p, err := w.OpenReport(ctx, page, "en")
		must(t, err)
		if p.Kind != "report" || p.Report["figures"] == "" || len(p.Pictures) != 1 || p.Pictures[0].Name != "visitas" || len(p.Handover.List) != 1 {
			t.Fatalf("%+v, %d pictures", p.Report, len(p.Pictures))
		}
	})
}

func aPicture(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	must(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 4))))
	return b.Bytes()
}

func TestWhatWasPromisedAndNotDeliveredIsHandedOver(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, testkit.SQLite(t), handing)
	ctx := t.Context()
	client := w.lent(t, "site")
	today := w.opened(t, client).Today
	work, err := w.AddSubscription(ctx, agent, app.SubscriptionInput{
		Customer: client, Product: "Web nueva", Amount: money.Amount{Minor: 180000, Currency: "EUR"}, Start: today.AddMonths(-3),
		Engagement: customer.Engagement{Kind: customer.Project, Billed: customer.OnDelivery},
		Promised:   []customer.Deliverable{{Title: "Inicio", Due: today.AddDays(-9)}, {Title: "Textos"}},
	})
	must(t, err)
	_, err = w.AddDeliverable(ctx, agent, app.DeliverableInput{Customer: client, Subscription: work, Title: "Textos"})
	code(t, err, "inventory.taken")
	product := w.opened(t, client).Lines[0]
	_, err = w.AddDeliverable(ctx, agent, app.DeliverableInput{Customer: client, Subscription: product.ID, Title: "Nada"})
	code(t, err, "deliverable.no_engagement")
	tomorrow := today.AddDays(1)
	start := w.opened(t, client).Promised[0]
	code(t, w.EditDeliverable(ctx, agent, app.DeliverablePatch{Customer: client, Deliverable: start.ID, Delivered: &tomorrow}), "deliverable.ahead")
	must(t, w.EditDeliverable(ctx, agent, app.DeliverablePatch{Customer: client, Deliverable: start.ID, Delivered: &today}))

	_, c, page := w.request(t, "period_end")
	v, err := w.OpenCase(ctx, agent, c)
	must(t, err)
	if !slices.Contains(v.Plan.Case.Subscriptions, work) {
		t.Fatalf("the engagement is not left: %v", v.Plan.Case.Subscriptions)
	}
	x := w.handed(t, c, handover.Deliverable)
	if x.Name != "Textos" || len(v.Handover.List) != 2 {
		t.Fatalf("handed over: %+v", v.Handover.List)
	}
	w.give(t, c, "site", handover.Deliverable)
	must(t, w.AnswerHandover(ctx, page, right(x, w.handed(t, c, "site"))))
	for _, d := range w.opened(t, client).Promised {
		if d.Delivered != today {
			t.Errorf("%s was delivered on %q", d.Title, d.Delivered)
		}
	}
}
