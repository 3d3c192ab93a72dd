package app_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/reply"
)

// largeLeaver is a departure without a portal whose data no letter can bring.
func largeLeaver(t *testing.T, w *world) offboarding.CaseID {
	t.Helper()
	ctx := t.Context()
	must(t, w.SetPortal(ctx, alone, true))
	first := w.readIn(t, mailed(firstMail, "Baja", "hasta-request=1\naccount="+firstMail+"\nwhen=period_end"), reply.Request, "")
	film := make([]byte, 9<<20) // nothing makes noise smaller
	_, _ = rand.NewChaCha8([32]byte{1}).Read(film)
	_, err := w.AddFile(ctx, alone, first.Case, "film.bin", film)
	must(t, err)
	confirm := w.mail.wait(t, "confirm", firstMail)
	w.readIn(t, mailed(firstMail, "Re: "+first.Code, "Sí, confirmo\n> "+confirm.ByMail.Key), reply.Confirm, "")
	return first.Case
}

// Data that do not fit into a letter are handed over by a person, who says to
// whom and how: what waited for them to be fetched goes on, and the letter says
// the sum of the very file that was taken.
func TestDataTooLargeForALetterAreHandedOver(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, sqlite(t), waitsForData)
	ctx := t.Context()
	c := largeLeaver(t, w)
	letter := w.mail.wait(t, "data", firstMail)
	if letter.Bundle == nil || len(letter.Bundle.Body) > 0 || letter.Bundle.Size <= 8<<20 {
		t.Fatalf("the letter brings %+v", letter.Bundle)
	}
	if s := w.stepState(t, c, app.HandKey); s != offboarding.StepReady {
		t.Fatalf("nobody is asked to hand it over: %s", s)
	}
	b, whole, err := w.TakeBundle(ctx, alone, c)
	must(t, err)
	plain := bytesOf(t, whole)
	if sum := sha256.Sum256(plain); hex.EncodeToString(sum[:]) != letter.Bundle.SHA256 || b.Media != "application/zip" || !bytes.HasPrefix(plain, []byte("PK")) {
		t.Errorf("%s has another sum than the letter says", b.Name)
	}
	code(t, w.CompleteTask(ctx, alone, app.CompleteInput{Case: c, Step: app.HandKey, Note: "Hecho"}), "step.not_ready")
	in := app.HandInput{Case: c, Way: "usb"}
	refused(t, "to nobody", w.HandBundle(ctx, alone, in), "field.required", "to")
	in.To, in.How = "Marta Ibáñez", "Enseñó su DNI y firmó"
	code(t, w.HandBundle(ctx, alone, in), "step.items_open")
	for _, item := range []string{"known", "sum"} {
		must(t, w.Tick(ctx, alone, app.TickInput{Case: c, Step: app.HandKey, Item: item, Ticked: true}))
	}
	code(t, w.HandBundle(ctx, app.Actor{ID: "key_x", Scopes: app.Scopes()}, in), "forbidden.person")
	must(t, w.HandBundle(ctx, alone, in))
	eventually(t, "what waited for it goes on", func() bool { return w.stepState(t, c, "fetched") == offboarding.StepDone })
	v, err := w.OpenCase(ctx, alone, c)
	must(t, err)
	if s := v.Plan.Step(app.HandKey); s.State != offboarding.StepDone || s.Note != "Marta Ibáñez: Enseñó su DNI y firmó" || w.logged(t, "bundle.handed") != 1 || w.logged(t, "bundle.taken") != 1 {
		t.Errorf("%+v", s)
	}
	w.verifyLog(t)
}

// Whoever has their data before the plan begins to wait for that is not waited for;
// nor is money that nobody owes.
func TestNothingIsWaitedForThatCameBefore(t *testing.T) {
	t.Parallel()
	slower := strings.Replace(waitsForData, "  - {id: fetched, kind: wait,", `  - {id: look, kind: task, title: {es: "Mirar", en: "Look"}, after: [export], role: agent, due: {d: 3, from: export}, escalate: {d: 1, to: admin}}
  - {id: paid, kind: wait, title: {es: "Cobrar", en: "Collect"}, after: [export], params: {until: paid}, timeout: {d: 20}, else: ask}
  - {id: fetched, kind: wait,`, 1)
	w := newWorldWith(t, sqlite(t), strings.Replace(slower, `title: {es: "Esperar", en: "Wait"}, after: [export]`, `title: {es: "Esperar", en: "Wait"}, after: [look]`, 1))
	ctx := t.Context()
	c := largeLeaver(t, w)
	w.mail.wait(t, "data", firstMail)
	for _, item := range []string{"known", "sum"} {
		must(t, w.Tick(ctx, alone, app.TickInput{Case: c, Step: app.HandKey, Item: item, Ticked: true}))
	}
	must(t, w.HandBundle(ctx, alone, app.HandInput{Case: c, Way: "usb", To: "Marta Ibáñez", How: "Firmó"}))
	eventually(t, "nothing is owed", func() bool { return w.stepState(t, c, "paid") == offboarding.StepDone })
	if s := w.stepState(t, c, "fetched"); s != offboarding.StepWaiting {
		t.Fatalf("it is waited for already: %s", s)
	}
	must(t, w.CompleteTask(ctx, alone, app.CompleteInput{Case: c, Step: "look", Note: "Hecho"}))
	eventually(t, "it is not waited for", func() bool { return w.stepState(t, c, "fetched") == offboarding.StepDone })
}

// Whoever has no page and has not taken what is too large for a letter is reminded before
// they cannot have it any more.
func TestWhoeverHasNoPageIsRemindedOfTheirData(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, sqlite(t), strings.Replace(takesAlong, "steps:", "retrieval: {d: 30}\nsteps:", 1))
	ctx := t.Context()
	w.keeps.owner, w.keeps.rows = "FE-20418", 3
	largeLeaver(t, w)
	first := w.mail.wait(t, "data", firstMail)
	if first.Until.IsZero() || first.AskAddress {
		t.Errorf("the letter says until %s, and asks (%v)", first.Until, first.AskAddress)
	}
	must(t, w.UntilQuiet(ctx))
	must(t, w.PushClock(ctx, "", first.Until.AddDays(-6).Start(w.Company().Zone)))
	eventually(t, "another letter", func() bool { return w.mail.count("data") == 2 })
}

// Where there is no page, the letter that brings the data asks whether their address may be
// kept, and somebody writes the answer down, as long as it can be changed.
func TestWhoeverHasNoPageIsAskedForTheirAddressByLetter(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, sqlite(t), forgetting)
	ctx := t.Context()
	c := largeLeaver(t, w)
	if l := w.mail.wait(t, "data", firstMail); !l.AskAddress {
		t.Error("the letter does not ask")
	}
	v, err := w.OpenCase(ctx, alone, c)
	must(t, err)
	if v.Address == nil || !v.Address.Asking || v.Address.Told {
		t.Fatalf("whoever writes it down sees %+v", v.Address)
	}
	in := app.AddressAnswer{Case: c, Told: true, Wording: "¿Podemos guardarlo?"}
	refused(t, "without how", w.AnswerAddress(ctx, alone, in), "field.required", "how")
	in.How = "Su correo del 3 de marzo"
	code(t, w.AnswerAddress(ctx, app.Actor{ID: "key_x", Scopes: app.Scopes()}, in), "forbidden.person")
	must(t, w.AnswerAddress(ctx, alone, in))
	if x := w.contact(t, v.Customer.ID); !x.Told || x.Back || x.Wording != in.Wording || w.logged(t, "address.allowed") != 1 {
		t.Errorf("kept is %+v", x)
	}
	in.Told = false
	must(t, w.AnswerAddress(ctx, alone, in))
	if x := w.contact(t, v.Customer.ID); x.Told || w.logged(t, "address.allowed") != 2 {
		t.Errorf("taken back it is %+v", x)
	}
}

// Data that nobody comes for are not called fetched, and the departure ends.
func TestDataThatNobodyWantsStayUnfetched(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, sqlite(t), waitsForData)
	ctx := t.Context()
	c := largeLeaver(t, w)
	w.mail.wait(t, "data", firstMail)
	refused(t, "without a word", w.HandBundle(ctx, alone, app.HandInput{Case: c, Way: app.Unwanted}), "step.evidence_required", "how")
	must(t, w.HandBundle(ctx, alone, app.HandInput{Case: c, Way: app.Unwanted, How: "Dijo por teléfono que no lo quiere"}))
	if w.stepState(t, c, app.HandKey) != offboarding.StepDone || w.stepState(t, c, "fetched") == offboarding.StepDone || w.logged(t, "bundle.handed") != 0 {
		t.Errorf("it counts as handed over")
	}
}

// Where there is a page, the customer fetches the file there and nobody else has it.
func TestNobodyTakesWhatACustomerFetchesOnTheirPage(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, sqlite(t), waitsForData)
	_, c, _ := w.request(t, "period_end")
	_, _, err := w.TakeBundle(t.Context(), alone, c)
	code(t, err, "bundle.on_page")
	if w.logged(t, "bundle.taken") != 0 {
		t.Error("it says that somebody has it")
	}
}

// waitsForData is a plan that waits until the customer has their data.
const waitsForData = `
playbook: waits-for-data
title: {es: "Datos", en: "Data"}
retrieval: {d: 30}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}, milestone: confirmed}
  - {id: export, kind: export_data, title: {es: "Datos", en: "Data"}, after: [confirm]}
  - {id: fetched, kind: wait, title: {es: "Esperar", en: "Wait"}, after: [export], params: {until: downloaded}, timeout: {d: 20}, else: continue}
  - {id: farewell, kind: farewell, title: {es: "Adiós", en: "Goodbye"}, after: [fetched]}
`

// bytesOf is a bundle as it is downloaded.
func bytesOf(t *testing.T, whole app.Content) []byte {
	t.Helper()
	var out bytes.Buffer
	_, err := whole.WriteTo(&out)
	must(t, err)
	return out.Bytes()
}
