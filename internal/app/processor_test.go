package app_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/erasure"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

// onBehalf are processors: one that is written to and signs, and one that a person
// asks.
const onBehalf = `
  mailing:
    kind: processor
    title: Correo Claro, S.L.
    email: privacidad@correoclaro.example
    days: 10
    keys: ["KEY"]
    erase:
      subscribers:
        title: {es: Suscriptores, en: Subscribers}
        fields: [email]
        category: contact
        role: controller
        basis: contract
        after: erase
  vault:
    kind: processor
    title: Archivo Hondo
    ask: {es: Llamar a su centralita, en: Call their switchboard}
    erase:
      boxes:
        title: {es: Cajas, en: Boxes}
        fields: [papers]
        category: content
        role: processor
        basis: contract
        after: erase
`

// forgottenByOthers is forgetting, after what processors hold.
var forgottenByOthers = strings.NewReplacer(
	"  - id: erase\n", "  - {id: others, kind: erase_processors, title: {es: \"Encargados\", en: \"Processors\"}, after: [agree, export, ended], role: privacy, due: {d: 30, from: agree}, escalate: {d: 1, to: admin}, undo: {class: final}}\n  - id: erase\n",
	"after: [agree, export, ended]\n", "after: [others]\n").Replace(forgetting)

// processors has a departure reach the step in which processors are asked.
func processors(t *testing.T, e testkit.Engine) (w *world, c offboarding.CaseID, key ed25519.PrivateKey) {
	t.Helper()
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	declared := strings.Replace(onBehalf, "KEY", base64.StdEncoding.EncodeToString(pub), 1)
	w = newWorldOn(t, e, forgottenByOthers, "", 10*time.Second, func(systems string) string { return systems + declared })
	w.clear(t, w.lent(t))
	_, c, _ = w.request(t, "period_end")
	plan, err := w.PlanErasure(t.Context(), privacy, c)
	must(t, err)
	if len(plan.Processors) != 2 || plan.Processors[0].Processor != "Correo Claro, S.L." || len(plan.Processors[1].Holdings) != 1 {
		t.Fatalf("the dry run tells of %+v", plan.Processors)
	}
	w.approved(t, c)
	eventually(t, "its turn", func() bool { return w.stepState(t, c, "others") == offboarding.StepReady })
	return w, c, key
}

// processor is what one is asked in a departure.
func (w *world) processor(t *testing.T, c offboarding.CaseID, system string) app.AskedView {
	t.Helper()
	v, err := w.OpenCase(t.Context(), privacy, c)
	must(t, err)
	for _, x := range v.Processors {
		if x.System == system {
			return x
		}
	}
	t.Fatalf("%s is not asked", system)
	return app.AskedView{}
}

// receiptOf is a JSON that a processor signed.
func receiptOf(key ed25519.PrivateKey, reference string) []byte {
	enc := base64.RawURLEncoding
	over := enc.EncodeToString([]byte(`{"alg":"EdDSA"}`)) + "." + enc.EncodeToString([]byte(`{"request":"`+reference+`"}`))
	return []byte(over + "." + enc.EncodeToString(ed25519.Sign(key, []byte(over))))
}

// A processor is asked and reminded, and nothing but its receipt ends its line: one
// that is signed by another, or about another request, does not. The certificate says
// who erased, when, and how that is known; who they erased is nowhere.
func TestOnlyTheReceiptOfAProcessorEndsItsLine(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w, c, key := processors(t, e)
		ctx := t.Context()
		const address = "privacidad@correoclaro.example"
		letter := w.mail.wait(t, app.ProcessorPaper, address)
		eventually(t, "asked", func() bool { return w.processor(t, c, "mailing").State == erasure.Waits })
		x := w.processor(t, c, "mailing")
		if a := letter.Ask; a == nil || a.Reference != x.Reference || a.Owner != x.Owner || a.Owner == "" || a.Due != x.Due || len(a.Holdings) != 1 || a.Again || letter.Links != nil {
			t.Fatalf("the letter says %+v", letter.Ask)
		}
		// A letter that was sent ends nothing, however long nobody answers.
		if w.stepState(t, c, "others") == offboarding.StepDone {
			t.Fatal("a letter that was sent ended the step")
		}
		if err := w.CompleteTask(ctx, carmen, app.CompleteInput{Case: c, Step: "others", Note: "Hecho"}); err == nil {
			t.Fatal("a note ended it")
		}
		if err := w.Tick(ctx, carmen, app.TickInput{Case: c, Step: "others", Item: "mailing", Ticked: true}); fault.CodeOf(err) != "step.own_end" {
			t.Fatalf("somebody ticked it: %v", err)
		}
		w.push(t, 12)
		eventually(t, "reminded", func() bool { return w.processor(t, c, "mailing").Reminded == 1 })
		w.push(t, 9)
		eventually(t, "reminded again", func() bool { return w.processor(t, c, "mailing").Reminded == 2 })
		w.push(t, 30)
		w.quietly(t)
		if n := w.mail.count(app.ProcessorPaper); n != 3 {
			t.Fatalf("%d letters to the processor", n)
		}

		now, _, err := w.Now(ctx)
		must(t, err)
		today := when.DateOf(now, time.UTC)
		keep := func(system string, body []byte) error {
			return w.KeepReceipt(ctx, carmen, app.ReceiptInput{Case: c, Step: "others", System: system, Name: "recibo.jws", Body: body, Says: "Ana Prieto, de privacidad", ErasedOn: today.AddDays(-1).String()})
		}
		_, stranger, err := ed25519.GenerateKey(rand.Reader)
		must(t, err)
		for want, body := range map[string][]byte{
			"receipt.not_theirs": receiptOf(stranger, x.Reference), "receipt.other": receiptOf(key, "HL-0000-0000-AAAAAA"), "field.required": nil,
		} {
			if err := keep("mailing", body); fault.CodeOf(fault.Fields(err)[0]) != want {
				t.Errorf("%s: %v", want, err)
			}
		}
		for field, in := range map[string]app.ReceiptInput{
			"says": {ErasedOn: today.String()}, "erased_on": {Says: "Ana", ErasedOn: today.AddDays(2).String()},
		} {
			in.Case, in.Step, in.System, in.Name, in.Body = c, "others", "mailing", "r.txt", []byte("borrado")
			if list := fault.Fields(w.KeepReceipt(ctx, carmen, in)); len(list) != 1 || list[0].Field != field {
				t.Errorf("%s: %v", field, list)
			}
		}
		if err := w.KeepReceipt(ctx, finance, app.ReceiptInput{Case: c, Step: "others", System: "mailing"}); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("whoever does not look after it: %v", err)
		}
		must(t, keep("mailing", receiptOf(key, x.Reference)))
		if err := keep("mailing", receiptOf(key, x.Reference)); fault.CodeOf(fault.Fields(err)[0]) != "receipt.twice" {
			t.Errorf("the same receipt twice: %v", err)
		}
		if w.processor(t, c, "mailing").Proof != "signed" || w.stepState(t, c, "others") == offboarding.StepDone {
			t.Fatal("the first of two receipts")
		}
		// The other is asked by a person, and answers on paper.
		if w.processor(t, c, "vault").State != erasure.ToAsk || !w.processor(t, c, "vault").ByHand {
			t.Fatalf("%+v", w.processor(t, c, "vault"))
		}
		must(t, w.SayAsked(ctx, carmen, c, "others", "vault", "Por teléfono, habló Rosa"))
		if err := w.SayAsked(ctx, carmen, c, "others", "vault", "Otra vez"); fault.CodeOf(err) != "receipt.asked" {
			t.Errorf("asked twice: %v", err)
		}
		paper := []byte("Archivo Hondo: destruidas las cajas de Marta")
		must(t, keep("vault", paper))
		eventually(t, "erased and looked at", func() bool { return w.stepState(t, c, "erase") == offboarding.StepVerified })

		told := w.mail.wait(t, "certificate", firstMail).Certificate.Processors
		sum, hash := sha256.Sum256(paper), sha256.Sum256(receiptOf(key, x.Reference))
		if len(told) != 2 || told[0].Processor != "Correo Claro, S.L." || told[0].Proof != "signed" || told[0].SHA256 != hex.EncodeToString(hash[:]) || told[0].Key == "" ||
			told[0].ErasedOn != today.AddDays(-1) || told[0].AskedOn.IsZero() || told[1].Proof != "attested" || told[1].SHA256 != hex.EncodeToString(sum[:]) || told[1].Key != "" {
			t.Fatalf("the certificate says %+v", told)
		}
		w.quietly(t)
		if at := said(t, e, "marta", "Ana Prieto", "habló Rosa"); len(at) > 0 {
			t.Errorf("who it was stands in %v", at)
		}
		if x := w.processor(t, c, "mailing"); x.Says != "" || x.Owner != "" || x.State != erasure.Proved || x.SHA256 == "" {
			t.Errorf("after the erasure it says %+v", x)
		}
		if w.logged(t, "processor.asked") != 2 || w.logged(t, "processor.proved") != 2 || w.logged(t, "processor.reminded") != 2 {
			t.Error("the log does not say what was done, once each")
		}
		w.verifyLog(t)
	})
}

// Where the address of a processor refuses the letter, whoever looks after the step
// asks in another way; an order of an authority lets nobody ask.
func TestAProcessorIsAskedByAPersonWhereTheLetterIsRefusedAndByNobodyWhileAnOrderHolds(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		pub, _, err := ed25519.GenerateKey(rand.Reader)
		must(t, err)
		declared := strings.Replace(onBehalf, "KEY", base64.StdEncoding.EncodeToString(pub), 1)
		w := newWorldOn(t, e, forgottenByOthers, "", 10*time.Second, func(systems string) string { return systems + declared })
		ctx := t.Context()
		w.mail.refuse(app.ProcessorPaper)
		w.clear(t, w.lent(t))
		_, c, _ := w.request(t, "period_end")
		must(t, w.AskOrder(ctx, privacy, app.OrderInput{Case: c, Authority: "Juzgado 3", Reference: "DP 12"}))
		v, err := w.OpenCase(ctx, privacy, c)
		must(t, err)
		must(t, w.AgreeOrder(ctx, carmen, c, v.Orders[0].ID))
		w.approved(t, c)
		eventually(t, "its turn", func() bool { return w.stepState(t, c, "others") == offboarding.StepReady })
		w.quietly(t)
		if w.logged(t, "processor.refused") != 0 {
			t.Fatal("it was written to while an order held")
		}
		if err := w.SayAsked(ctx, carmen, c, "others", "vault", "Por teléfono"); fault.CodeOf(err) != "order.keeps" {
			t.Fatalf("asked while an order held: %v", err)
		}
		must(t, w.LiftOrder(ctx, privacy, c, v.Orders[0].ID))
		w.push(t, 2)
		eventually(t, "refused", func() bool { return w.logged(t, "processor.refused") == 1 })
		if w.processor(t, c, "mailing").State != erasure.ToAsk {
			t.Fatal("a letter that was refused asked it")
		}
		must(t, w.SayAsked(ctx, carmen, c, "others", "mailing", "En el formulario de su página"))
		if x := w.processor(t, c, "mailing"); x.State != erasure.Waits || x.Due.IsZero() {
			t.Fatalf("%+v", x)
		}
	})
}

// A processor that never answers keeps nothing waiting for ever: once it was reminded and
// its time went by, a person says why we go on without its receipt. What is ours is erased
// then, and the certificate says that this processor did not confirm. A receipt that comes
// before that still counts.
func TestAProcessorThatNeverAnswersIsGivenUpAndTheCertificateSaysSo(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w, c, key := processors(t, e)
		ctx := t.Context()
		eventually(t, "asked", func() bool { return w.processor(t, c, "mailing").State == erasure.Waits })
		code(t, w.GiveUpProcessor(ctx, carmen, c, "others", "mailing", "No contestan"), "receipt.too_soon")
		code(t, w.GiveUpProcessor(ctx, carmen, c, "others", "vault", "No contestan"), "receipt.too_soon") // nobody has asked it
		must(t, w.SayAsked(ctx, carmen, c, "others", "vault", "Por teléfono"))
		w.push(t, 17)
		eventually(t, "reminded", func() bool { return w.processor(t, c, "mailing").Reminded == 1 })
		w.mail.refuse(app.ProcessorPaper) // its address is no more
		w.push(t, 8)
		eventually(t, "reminded again", func() bool {
			return w.processor(t, c, "mailing").Reminded == 2 && w.processor(t, c, "vault").Reminded == 2
		})
		w.push(t, 10)
		for _, system := range []string{"mailing", "vault"} {
			if !w.processor(t, c, system).GiveUp {
				t.Fatalf("%+v", w.processor(t, c, system))
			}
		}
		code(t, w.GiveUpProcessor(ctx, finance, c, "others", "vault", "Cerró"), "forbidden.role")
		code(t, w.GiveUpProcessor(ctx, carmen, c, "others", "vault", " "), "step.evidence_required")
		must(t, w.GiveUpProcessor(ctx, carmen, c, "others", "vault", "Cerró; carta de Marta devuelta"))
		code(t, w.GiveUpProcessor(ctx, carmen, c, "others", "vault", "Cerró"), "receipt.silent")
		if x := w.processor(t, c, "vault"); x.State != erasure.Silent || x.SilentOn.IsZero() || w.stepState(t, c, "others") == offboarding.StepDone {
			t.Fatalf("%+v", x)
		}
		silent := w.processor(t, c, "vault").SilentOn
		must(t, w.GiveUpProcessor(ctx, carmen, c, "others", "mailing", "Tres correos sin respuesta"))
		eventually(t, "erased and looked at", func() bool { return w.stepState(t, c, "erase") == offboarding.StepVerified })
		now, _, err := w.Now(ctx)
		must(t, err)
		told := w.mail.wait(t, "certificate", firstMail).Certificate.Processors
		if len(told) != 2 {
			t.Fatalf("the certificate says %+v", told)
		}
		for _, x := range told {
			if x.Proof != app.ProofNone || !x.ErasedOn.IsZero() || x.SHA256 != "" || x.AskedOn.IsZero() || x.SilentOn != silent || x.Holdings[0].Proof != app.ProofNone {
				t.Errorf("the certificate says %+v", x)
			}
		}
		w.quietly(t)
		if at := said(t, e, "marta", "carta de", "Tres correos"); len(at) > 0 {
			t.Errorf("why stands in %v", at)
		}
		w.certified(t, c, "processors", "silent_on")
		if w.logged(t, "processor.unanswered") != 2 || w.logged(t, "processor.refused") != 1 {
			t.Error("the log does not say what was done, once each")
		}
		late := app.ReceiptInput{Case: c, Step: "others", System: "mailing", Name: "r.jws", Body: receiptOf(key, w.processor(t, c, "mailing").Reference), Says: "Ana", ErasedOn: when.DateOf(now, time.UTC).String()}
		code(t, w.KeepReceipt(ctx, carmen, late), "case.closed")
		w.verifyLog(t)
	})
}

// Reminders that an order kept back do not come at once when it ends, nor is one lost;
// and a receipt ends also a line that had been given up, while its step goes on.
func TestRemindersThatAnOrderKeptComeOneByOne(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w, c, key := processors(t, e)
		ctx := t.Context()
		eventually(t, "asked", func() bool { return w.processor(t, c, "mailing").State == erasure.Waits })
		must(t, w.AskOrder(ctx, privacy, app.OrderInput{Case: c, Authority: "Juzgado 3", Reference: "DP 12"}))
		v, err := w.OpenCase(ctx, privacy, c)
		must(t, err)
		must(t, w.AgreeOrder(ctx, carmen, c, v.Orders[0].ID))
		w.push(t, 60)
		w.quietly(t)
		if x := w.processor(t, c, "mailing"); x.Reminded != 0 || x.GiveUp {
			t.Fatalf("while an order held: %+v", x)
		}
		must(t, w.LiftOrder(ctx, privacy, c, v.Orders[0].ID))
		w.push(t, 2)
		eventually(t, "reminded", func() bool { return w.processor(t, c, "mailing").Reminded == 1 })
		w.quietly(t)
		if n := w.mail.count(app.ProcessorPaper); n != 2 {
			t.Fatalf("%d letters to the processor", n)
		}
		w.push(t, 8)
		eventually(t, "reminded again", func() bool { return w.processor(t, c, "mailing").Reminded == 2 })
		must(t, w.GiveUpProcessor(ctx, carmen, c, "others", "mailing", "No contestan"))
		now, _, err := w.Now(ctx)
		must(t, err)
		must(t, w.KeepReceipt(ctx, carmen, app.ReceiptInput{
			Case: c, Step: "others", System: "mailing", Name: "r.jws", Body: receiptOf(key, w.processor(t, c, "mailing").Reference), Says: "Ana", ErasedOn: when.DateOf(now, time.UTC).String(),
		}))
		if x := w.processor(t, c, "mailing"); x.State != erasure.Proved || x.Proof != "signed" {
			t.Fatalf("%+v", x)
		}
	})
}
