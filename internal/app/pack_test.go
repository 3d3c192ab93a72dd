package app_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/evidence"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
)

// packed makes the evidence of a departure.
func (w *world) packed(t *testing.T, c offboarding.CaseID, in app.PackInput) []byte {
	t.Helper()
	in.Case, in.Language = c, "es"
	_, raw, err := w.PackEvidence(t.Context(), agent, in)
	must(t, err)
	return raw
}

// proved verifies evidence with the key of the house and a receipt of its
// customer, and returns how often each thing was said.
func (w *world) proved(t *testing.T, raw []byte, receipts ...[]byte) map[string]int {
	t.Helper()
	key, err := evidence.NewAnchor("log.pub", []byte(w.keys.LogPublic()))
	must(t, err)
	o := evidence.Options{Trust: []evidence.Anchor{key}}
	for _, r := range receipts {
		a, err := evidence.NewAnchor("proof.json", r)
		must(t, err)
		o.Trust = append(o.Trust, a)
	}
	r := evidence.Verify(raw, o)
	if !r.OK() {
		t.Fatalf("it is %s: %v", r.Verdict, r.Lines)
	}
	said := map[string]int{}
	for _, l := range r.Lines {
		said[l.Check]++
	}
	return said
}

// certified expects that the evidence of a departure, as anybody is given it, has the
// certificate whole, with what a part of it is called, and nothing of whoever it was.
func (w *world) certified(t *testing.T, c offboarding.CaseID, parts ...string) {
	t.Helper()
	raw := w.packed(t, c, app.PackInput{})
	w.proved(t, raw)
	i := bytes.Index(raw, []byte("documents/certificate-01.json"))
	if i < 0 {
		t.Fatal("the certificate is not in it")
	}
	for _, part := range parts {
		if !bytes.Contains(raw[i:], []byte(`"`+part+`":`)) {
			t.Errorf("the certificate in it says nothing of %s", part)
		}
	}
	for _, word := range []string{"marta", "almena", "ibáñez", firstMail} {
		if strings.Contains(strings.ToLower(string(raw)), word) {
			t.Errorf("%s is in it", word)
		}
	}
}

func TestEvidenceOfADepartureHoldsBeforeAndAfterErasure(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, forgetting)
		ctx := t.Context()
		cid := w.lent(t)
		w.clear(t, cid)
		_, c, page := w.request(t, "period_end")
		must(t, w.AwaitProof(ctx, page, time.Minute))
		_, receipt, err := w.ReceiptProof(ctx, page)
		must(t, err)
		_, err = w.AddFile(ctx, agent, c, "acta-de-marta.pdf", []byte("%PDF-1.7 Marta"))
		must(t, err)
		must(t, w.UntilQuiet(ctx))

		before := w.packed(t, c, app.PackInput{Receipts: []app.KeptReceipt{{Name: "proof.json", Raw: receipt}}})
		said := w.proved(t, before, receipt)
		// Letters, the file and the list of accesses are named by entries.
		if said["document.named"] < 4 || said["document.said"] != 0 || said["growth"] != 1 || said["receipt.holds"] != 1 || said["stream"] != 2 || said["destroyed"] != 0 {
			t.Errorf("it says %v", said)
		}
		if !bytes.Contains(before, []byte("acta-de-marta.pdf")) {
			t.Error("before, it does not name the file")
		}
		if bytes.Contains(before, []byte(page)) {
			t.Error("a link that opens the private page is in it")
		}
		bare := w.packed(t, c, app.PackInput{Bare: true})
		if said := w.proved(t, bare, receipt); said["withheld"] != 1 || said["bodies"] != 0 || said["document.named"] != 0 {
			t.Errorf("without contents it says %v", said)
		}
		if strings.Contains(strings.ToLower(string(bare)), "marta") {
			t.Error("without contents it names somebody")
		}

		w.erased(t, c)
		after := w.packed(t, c, app.PackInput{})
		said = w.proved(t, after, receipt)
		if said["destroyed"] != 1 || said["document.named"] == 0 || said["receipt.holds"] != 1 {
			t.Errorf("after erasure it says %v", said)
		}
		for _, word := range []string{"marta", "almena", "ibáñez"} {
			if strings.Contains(strings.ToLower(string(after)), word) {
				t.Errorf("after erasure %s is in it", word)
			}
		}
		if !bytes.Contains(after, []byte("documents/certificate-01.json")) {
			t.Error("the certificate is not in it")
		}
		// What was made before still proves the same, and names whom it named then.
		w.proved(t, before, receipt)
		if n := w.logged(t, "evidence.packed"); n != 3 {
			t.Errorf("the log says %d times that somebody took it", n)
		}
		w.verifyLog(t)
	})
}

// Whoever may not read letters and notes may have the evidence without them.
func TestEvidenceWithContentsIsForWhoeverMayReadThem(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		_, c, _ := w.request(t, "period_end")
		must(t, w.UntilQuiet(t.Context()))
		_, _, err := w.PackEvidence(t.Context(), finance, app.PackInput{Case: c, Language: "es"})
		code(t, err, "forbidden.role")
		_, raw, err := w.PackEvidence(t.Context(), finance, app.PackInput{Case: c, Language: "en", Bare: true})
		must(t, err)
		w.proved(t, raw)
		_, _, err = w.PackEvidence(t.Context(), agent, app.PackInput{Case: "case_nobody", Language: "es"})
		code(t, err, "not_found")
		_, _, err = w.PackEvidence(t.Context(), agent, app.PackInput{Case: c, Language: "es", Receipts: []app.KeptReceipt{{Name: "x.json", Raw: []byte(`{"size":1}`)}}})
		code(t, err, "evidence.receipt")
	})
}

// The customer has the evidence of their own departure, without what entries say; of an
// order of which they may not know it tells nothing, and still is proved.
func TestTheCustomerHasTheEvidenceOfTheirDeparture(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, forgetting)
		ctx := t.Context()
		w.clear(t, w.lent(t, "site"))
		_, c, page := w.request(t, "period_end")
		must(t, w.UntilQuiet(ctx))
		own := func() []byte {
			t.Helper()
			_, raw, err := w.PackOwn(ctx, page, "es")
			must(t, err)
			return raw
		}
		first := own()
		if said := w.proved(t, first); said["withheld"] != 1 || said["bodies"] != 0 {
			t.Errorf("it says %v", said)
		}
		if strings.Contains(strings.ToLower(string(first)), "marta") {
			t.Error("it names somebody")
		}
		must(t, w.AskOrder(ctx, privacy, app.OrderInput{Case: c, Authority: "Juzgado de Instrucción n.º 3", Reference: "DP 12/2027", Silent: true}))
		v, err := w.OpenCase(ctx, privacy, c)
		must(t, err)
		must(t, w.AgreeOrder(ctx, carmen, c, v.Orders[0].ID))
		must(t, w.UntilQuiet(ctx))
		kept := own()
		w.proved(t, kept)
		if bytes.Contains(kept, []byte("order.")) || bytes.Count(kept, []byte("commitment")) < bytes.Count(first, []byte("commitment")) {
			t.Errorf("of a secret order: %v, %d entries", bytes.Contains(kept, []byte("order.")), bytes.Count(kept, []byte("commitment")))
		}
		must(t, w.LiftOrder(ctx, privacy, c, v.Orders[0].ID))
		w.erased(t, c)
		if after := own(); bytes.Contains(after, []byte("order.")) {
			t.Error("afterwards it tells of the order")
		} else {
			w.proved(t, after)
		}
		code(t, w.TellOrder(ctx, privacy, c, v.Orders[0].ID, " "), "field.required")
		must(t, w.TellOrder(ctx, privacy, c, v.Orders[0].ID, "Auto de 3 de marzo, DP 12/2027"))
		code(t, w.TellOrder(ctx, privacy, c, v.Orders[0].ID, "Auto de 3 de marzo, DP 12/2027"), "order.told")
		whole := own()
		w.proved(t, whole)
		for _, what := range []string{"order.asked", "order.lifted", "order.told", "certificate.issued"} {
			if !bytes.Contains(whole, []byte(what)) {
				t.Errorf("once they may know of it, nothing is said of %s", what)
			}
		}
		if bytes.Contains(whole, []byte("DP 12/2027")) {
			t.Error("it says what the order says")
		}
		for range 8 {
			own()
		}
		_, _, err = w.PackOwn(ctx, page, "es")
		code(t, err, "evidence.too_many")
		if n := w.logged(t, "evidence.packed"); n != 12 {
			t.Errorf("the log says %d times that it was taken", n)
		}
	})
}
