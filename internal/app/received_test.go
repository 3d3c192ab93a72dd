package app_test

import (
	"fmt"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/handover"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/reply"
	"hastaluego/internal/testkit"
)

// mailed is a letter of the customer who leaves.
func mailed(from, subject, words string) []byte {
	return []byte(fmt.Sprintf("From: Marta <%s>\r\nSubject: %s\r\nMessage-ID: <%d@a.example>\r\n\r\n%s\r\n", from, subject, len(words)+len(subject), words))
}

// readIn reads a letter in and does what it means.
func (w *world) readIn(t *testing.T, raw []byte, as reply.Meaning, proof string) app.ReceivedView {
	t.Helper()
	id, err := w.ReadIn(t.Context(), alone, raw)
	must(t, err)
	must(t, w.MeanReceived(t.Context(), alone, app.MeanInput{ID: id, Meaning: as, Proof: proof}))
	v, err := w.OpenReceived(t.Context(), alone, id)
	must(t, err)
	return v
}

// Where there is no portal, letters have no links and bring what a page would
// show; a customer confirms, approves, accepts and undoes by answering, and the
// letter that did it is kept.
func TestADepartureGoesByMailFromTheRequestToTheApproval(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, agencyLike)
		ctx := t.Context()
		must(t, w.SetPortal(ctx, alone, true))
		w.onePerson(t, true)
		w.lent(t, "site")

		form := "hasta-request=1\naccount=" + firstMail + "\nwhen=period_end"
		first := w.readIn(t, mailed(firstMail, "Baja", form), reply.Request, "")
		c := first.Case
		if c == "" || first.Code == "" || first.State != "meant" {
			t.Fatalf("%+v", first)
		}
		w.readIn(t, mailed("niemand@x.example", "Kündigung", "hasta-request=1\nlanguage=de\naccount=niemand@x.example\nwhen=now"), reply.Request, "")
		if ack := w.mail.wait(t, "ack", "niemand@x.example"); ack.Language != "de" {
			t.Errorf("whoever sent the German form is answered in %q", ack.Language)
		}
		confirm := w.mail.wait(t, "confirm", firstMail)
		if confirm.ByMail == nil || confirm.ByMail.Key == "" || len(confirm.Links) > 0 {
			t.Fatalf("the letter has %+v and links %v", confirm.ByMail, confirm.Links)
		}

		id, err := w.ReadIn(ctx, alone, mailed(firstMail, "Re: "+first.Code, "Sí, confirmo"))
		must(t, err)
		code(t, w.MeanReceived(ctx, alone, app.MeanInput{ID: id, Meaning: reply.Confirm}), "reply.proof") // anybody can write a sender
		must(t, w.SetAside(ctx, alone, id))
		confirmed := w.readIn(t, mailed("otra@marta.example", "Re: "+first.Code, "Sí, confirmo\n> "+confirm.ByMail.Key), reply.Confirm, "")
		if confirmed.Keyed != "confirm" || confirmed.OnFile {
			t.Errorf("checked: %+v", confirmed)
		}
		if s := w.state(t, c); s != offboarding.CaseOpen {
			t.Fatalf("the case is %s", s)
		}
		receipt := w.mail.wait(t, "receipt", firstMail)
		if receipt.ByMail == nil || len(receipt.Links) > 0 || receipt.Instead == nil {
			t.Errorf("receipt: %+v %v", receipt.ByMail, receipt.Links)
		}
		data := w.mail.wait(t, "data", firstMail)
		if data.Bundle == nil || len(data.Bundle.Body) == 0 || len(data.Bundle.SHA256) != 64 {
			t.Errorf("their data do not come with the letter: %+v", data.Bundle)
		}

		v, err := w.OpenCase(ctx, alone, c)
		must(t, err)
		x := v.Handover.List[0]
		code(t, w.GiveItem(ctx, alone, app.GiveInput{Case: c, Step: "handover", Item: x.ID, Way: handover.Envelope, How: "x", SecretInput: app.SecretInput{Secret: "x", Key: envelopeKey}}), "handover.no_portal")
		must(t, w.GiveItem(ctx, alone, app.GiveInput{Case: c, Step: "handover", Item: x.ID, Way: handover.Transfer, How: "A su nombre"}))
		given := w.mail.wait(t, "handover", firstMail)
		if len(given.Handover.List) != 1 || given.Handover.List[0].How != "A su nombre" {
			t.Errorf("there is no page, and the letter says of the handover %+v", given.Handover.List)
		}
		w.readIn(t, mailed(firstMail, "Re: entrega "+first.Code, "Lo he recibido todo\n> "+given.ByMail.Key), reply.Accept, "")
		if s := w.stepState(t, c, "handover"); s != offboarding.StepDone {
			t.Fatalf("the handover is %s", s)
		}
		if v, err = w.OpenCase(ctx, alone, c); err != nil || !v.Handover.AcceptedByMail(v.Handover.List[0]) {
			t.Errorf("accepted by %q %v", v.Handover.List[0].AcceptedBy, err)
		}

		must(t, w.AskApproval(ctx, alone, app.AskInput{Case: c, Step: "agree", Note: "Que se borre"}))
		asked := w.mail.wait(t, "approval", firstMail)
		if asked.Approval == nil || asked.Approval.Words != "Que se borre" {
			t.Fatalf("%+v", asked.Approval)
		}
		id, err = w.ReadIn(ctx, alone, mailed(firstMail, "Re: "+first.Code, "Sí, me parece bien"))
		must(t, err)
		code(t, w.MeanReceived(ctx, alone, app.MeanInput{ID: id, Meaning: reply.Approve, Proof: "La he llamado"}), "reply.key")
		w.keyRefused(t, mailed(firstMail, "Re: justificante "+first.Code, "Sí, me parece bien\n> "+receipt.ByMail.Key))
		if v, err = w.OpenCase(ctx, alone, c); err != nil {
			t.Fatal(err)
		}
		_, err = w.WithdrawApproval(ctx, alone, v.Approvals[0].ID)
		must(t, err)
		must(t, w.AskApproval(ctx, alone, app.AskInput{Case: c, Step: "agree", Note: "Que se borre todo"}))
		eventually(t, "it is asked again", func() bool { return w.mail.count("approval") == 2 })
		w.keyRefused(t, mailed(firstMail, "Re: visto bueno "+first.Code, "Sí, me parece bien\n> "+asked.ByMail.Key)) // of other words
		asked = w.mail.last(t, "approval")
		w.readIn(t, mailed(firstMail, "Re: visto bueno, otra vez "+first.Code, "Sí, me parece bien\n> "+asked.ByMail.Key), reply.Approve, "")
		if v, err = w.OpenCase(ctx, alone, c); err != nil || v.Plan.Step("agree").DoneBy != "customer.mail" {
			t.Errorf("approved by %q %v", v.Plan.Step("agree").DoneBy, err)
		}
		w.readIn(t, mailed(firstMail, "Re: "+first.Code, "No me escribáis más"), reply.Silence, "")
		if w.logged(t, "silence.asked") != 1 {
			t.Error("whoever wants no more letters is not heard")
		}
		undone := w.readIn(t, mailed(firstMail, "Re: "+first.Code, "Deshacer la baja"), reply.Undo, "")
		if !undone.OnFile {
			t.Errorf("%+v", undone)
		}
		name, raw, err := w.ReceivedLetter(ctx, alone, undone.ID)
		if err != nil || name != undone.ID+".eml" || !strings.Contains(string(raw), "Deshacer la baja") {
			t.Errorf("%s %q %v", name, raw, err)
		}
		eventually(t, "it is undone", func() bool {
			return w.state(t, c) == offboarding.CaseReversing || w.state(t, c) == offboarding.CaseReversed
		})
		w.verifyLog(t)
	})
}

// keyRefused reads in an approval whose key is not that of the letter that asks.
func (w *world) keyRefused(t *testing.T, raw []byte) {
	t.Helper()
	id, err := w.ReadIn(t.Context(), alone, raw)
	must(t, err)
	code(t, w.MeanReceived(t.Context(), alone, app.MeanInput{ID: id, Meaning: reply.Approve, Proof: "La he llamado"}), "reply.key")
	must(t, w.SetAside(t.Context(), alone, id))
}

// agencyLike is a playbook with a handover, their data and an approval.
const agencyLike = `
playbook: agency-like
title: {es: "Encargo", en: "Engagement"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}, milestone: confirmed}
  - {id: export, kind: export_data, title: {es: "Datos", en: "Data"}, after: [confirm]}
  - id: handover
    kind: handover
    title: {es: "Entregar", en: "Hand over"}
    after: [confirm]
    role: agent
    due: {d: 2, from: ready}
    escalate: {d: 1, to: admin}
    undo: {class: reissuable, title: {es: "Recibirlo", en: "Take it back"}}
  - {id: agree, kind: approve, title: {es: "Aprobar", en: "Agree"}, after: [handover], role: agent, due: {d: 2, from: ready}, escalate: {d: 1, to: admin}}
  - {id: do, kind: task, title: {es: "Hacer", en: "Do"}, after: [agree], role: agent, due: {d: 2, from: ready}, escalate: {d: 1, to: admin}, items: [{id: a, title: {es: "A", en: "A"}}]}
`

// What is read in twice is there once; words that many write are told apart once
// it was decided what the first ones mean.
func TestALetterIsReadInOnceAndSetAside(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, sqlite(t), agencyLike)
	ctx := t.Context()
	raw := mailed("nadie@nadie.example", "Hola", "¿Qué tal?")
	one, err := w.ReadIn(ctx, alone, raw)
	must(t, err)
	two, err := w.ReadIn(ctx, alone, raw)
	must(t, err)
	list, err := w.ListReceived(ctx, alone)
	if err != nil || one != two || len(list) != 1 || len(list[0].Possible) != 0 {
		t.Fatalf("%s %s %+v %v", one, two, list, err)
	}
	code(t, w.MeanReceived(ctx, alone, app.MeanInput{ID: one, Meaning: reply.Undo}), "field.choice")
	must(t, w.SetAside(ctx, alone, one))
	code(t, w.MeanReceived(ctx, alone, app.MeanInput{ID: one, Meaning: reply.Message}), "reply.over")
	if three, err := w.ReadIn(ctx, alone, raw); err != nil || three != one {
		t.Errorf("the letter that was set aside is there again: %s %v", three, err)
	}
	words := func() string {
		id, err := w.ReadIn(ctx, alone, []byte("Sí, confirmo"))
		must(t, err)
		return id
	}
	hers := words()
	if words() != hers {
		t.Error("the same words twice at once are two")
	}
	must(t, w.SetAside(ctx, alone, hers))
	if his := words(); his == hers {
		t.Error("the words of one customer are those of another")
	}
	code(t, func() error {
		_, err := w.ReadIn(ctx, app.Actor{ID: "key_x", Scopes: app.Scopes()}, raw)
		return err
	}(), "forbidden.person")
}

func TestALetterOfNobodyIsTiedByItsCodeOrNumber(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, sqlite(t), agencyLike)
	ctx := t.Context()
	id, err := w.ReadIn(ctx, alone, mailed("nadie@otra.example", "Hola", "¿Cómo va lo mío?"))
	must(t, err)
	if v, err := w.OpenReceived(ctx, alone, id); err != nil || v.Customer != "" || len(v.Possible) > 0 {
		t.Fatalf("%+v %v", v, err)
	}
	refused(t, "of nobody", w.TieReceived(ctx, alone, id, "HL-0000-0000"), "reply.nobody", "whose")
	refused(t, "nothing", w.TieReceived(ctx, alone, id, " "), "field.required", "whose")
	cus := w.customerOf(t, almena)
	must(t, w.TieReceived(ctx, alone, id, cus.Reference))
	v, err := w.OpenReceived(ctx, alone, id)
	must(t, err)
	if v.Customer != cus.ID || v.OnFile || len(v.Possible) == 0 || w.logged(t, "mail.tied") != 1 {
		t.Errorf("%+v", v)
	}
	code(t, w.TieReceived(ctx, alone, id, cus.Reference), "reply.over")
}
