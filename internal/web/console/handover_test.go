package console_test

import (
	"net/http"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/store"
)

// leaving is a departure of somebody with these things on their inventory.
func (h *house) leaving(kinds ...string) (offboarding.CaseID, app.CaseView) {
	h.t.Helper()
	c := h.departure("Estudio Almena", "FE-20418")
	v, err := h.OpenCase(h.t.Context(), h.actor("ines"), c)
	must(h.t, err)
	for _, k := range kinds {
		_, err := h.AddAsset(h.t.Context(), h.actor("ines"), customer.Asset{Customer: v.Customer.ID, Reference: "A-" + k, Kind: k, Name: "Su " + k})
		must(h.t, err)
	}
	return c, v
}

func TestWhatIsHandedOverIsGivenOnTheCaseAndASecretIsNeverSentBack(t *testing.T) {
	t.Parallel()
	h := newHouseOf(t, false, "agency")
	c, v := h.leaving("credential", "site")
	for _, it := range v.Plan.Step("inventory").Items {
		must(t, h.Tick(t.Context(), h.actor("ines"), app.TickInput{Case: c, Step: "inventory", Item: it.Key, Ticked: true}))
	}
	must(t, h.CompleteTask(t.Context(), h.actor("ines"), app.CompleteInput{Case: c, Step: "inventory", Note: "Todo anotado"}))
	v, err := h.OpenCase(t.Context(), h.actor("ines"), c)
	must(t, err)
	if len(v.Handover.List) != 2 {
		t.Fatalf("%+v", v.Handover.List)
	}
	b, at := h.as("ines"), "/console/cases/"+string(c)+"/steps/handover/"
	page := b.get("/console/cases/" + string(c))
	for _, want := range []string{"Su credential", "Su site", "Por entregar", "En un sobre que se abre una vez"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the case page lacks %q", want)
		}
	}
	// Without a page on which it would open, nobody speaks of an envelope.
	must(t, h.SetPortal(t.Context(), h.actor("noa"), true))
	b.get("/console/cases/"+string(c)).has("las claves van en mano", `value="in_person"`).lacks("sobre que se abre", "van en sobre", `value="envelope"`)
	must(t, h.SetPortal(t.Context(), h.actor("noa"), false))
	for _, x := range v.Handover.List {
		to := at + "handover/" + string(x.ID)
		way := "transfer"
		if x.Credential() {
			way = "envelope"
		}
		refused := b.post(to, []string{"way", way, "how", " ", "secret", "llave-inconfundible"})
		if refused.status != http.StatusUnprocessableEntity || !strings.Contains(refused.body, string(x.ID)+"-how-error") {
			t.Errorf("%s without words: %d", x.Kind, refused.status)
		}
		if strings.Contains(refused.body, "inconfundible") {
			t.Error("the secret was sent back")
		}
		key := "7K2MX-00000-11111-ABCDE-ZZZZZ"
		if again := b.post(to, []string{"way", way, "how", " ", "secret", "x", "key", key}); x.Credential() && !strings.Contains(again.body, key) {
			t.Error("the key that they may have noted down is another one now")
		}
		if done := b.post(to, []string{"way", way, "how", "A su nombre", "secret", "llave-inconfundible", "key", key}); done.status != http.StatusSeeOther {
			t.Errorf("%s: %d", x.Kind, done.status)
		}
	}
	page = b.get("/console/cases/" + string(c))
	page.has("Se abre con la clave que se le da por otra vía", `data-testid="burn"`, `data-gives`, `src="/assets/envelope-`)
	for _, x := range v.Handover.List {
		if x.Credential() {
			if r := b.post(at+"handover/"+string(x.ID)+"/burn", nil); r.status != http.StatusSeeOther {
				t.Errorf("burned: %d", r.status)
			}
		}
	}
	b.get("/console/cases/" + string(c)).has("El sobre se retiró").lacks(`data-testid="burn"`)
	if strings.Contains(page.body, "inconfundible") || strings.Count(page.body, "Espera al cliente") != 2 || !strings.Contains(page.body, "Solo el cliente puede aceptar") {
		t.Error("after giving, the page does not wait for the client, or says the secret")
	}
	if r := b.post(at+"items/"+string(v.Handover.List[0].Asset), []string{"ticked", "1"}); r.status != http.StatusConflict {
		t.Errorf("ticked by hand: %d", r.status)
	}
	drawn := "/console/cases/" + string(c) + "/act"
	if r := b.post(drawn, nil); r.status != http.StatusSeeOther {
		t.Errorf("the act: %d", r.status)
	}
	b.get("/console/cases/"+string(c)).has("Acta 1, ", "El cliente no la ha aceptado", "SHA-256 ", `data-testid="draw-act"`)
	if r := h.as("laia").get("/console/cases/" + string(c)); strings.Contains(r.body, `data-testid="draw-act"`) {
		t.Error("privacy is offered to draw up an act")
	}
	if r := h.as("laia").get("/console/cases/" + string(c)); strings.Contains(r.body, `data-testid="given"`) {
		t.Error("privacy is offered to give things")
	}
}

func TestWhatIsToComeBackIsClosedOnTheCase(t *testing.T) {
	t.Parallel()
	h := newHouseOf(t, false, "telecom")
	list, err := h.ListCustomers(t.Context(), h.actor("ines"), app.CustomerFilter{})
	must(t, err)
	if len(list.Rows) != 0 {
		t.Fatal("the house is not empty")
	}
	cus := h.customer("Taller Norte", "FE-9", "norte@example.com")
	_, err = h.AddAsset(t.Context(), h.actor("ines"), customer.Asset{Customer: cus, Reference: "R-1", Kind: "equipment", Name: "Router de fibra"})
	must(t, err)
	_, err = h.RequestExit(t.Context(), app.ExitInput{AccountEmail: "norte@example.com", When: "period_end", Language: "es", Nonce: "n"})
	must(t, err)
	eventually(t, "the letter to confirm", func() bool { return h.mail.link("confirm", "verify") != "" })
	c, _, err := h.VerifyRequest(t.Context(), secretOf(h.mail.link("confirm", "verify")))
	must(t, err)
	v, err := h.OpenCase(t.Context(), h.actor("ines"), c)
	must(t, err)
	to := "/console/cases/" + string(c) + "/obligations/" + string(v.Returns.List[0].ID)
	agent, finance := h.as("ines"), h.as("tomas")
	if body := agent.get("/console/cases/" + string(c)).body; !strings.Contains(body, `data-testid="returned"`) || strings.Contains(body, `data-testid="charged"`) {
		t.Error("an agent gives receipts and does not charge")
	}
	if r := agent.post(to, []string{"state", "charged", "evidence", "No llega", "amount", "60", "currency", "EUR"}); r.status != http.StatusForbidden {
		t.Errorf("an agent charges: %d", r.status)
	}
	if r := finance.post(to, []string{"state", "charged", "evidence", "No llega", "amount", "sesenta", "currency", "EUR"}); r.status != http.StatusUnprocessableEntity || !strings.Contains(r.body, "amount-error") {
		t.Errorf("an odd amount: %d", r.status)
	}
	if r := finance.post(to, []string{"state", "charged", "evidence", "No llega", "amount", "60,00", "currency", "EUR"}); r.status != http.StatusSeeOther {
		t.Errorf("charged: %d", r.status)
	}
	if body := agent.get("/console/cases/" + string(c)).body; !strings.Contains(body, "60,00") {
		t.Error("the page does not say what is charged")
	}
	if r := agent.post(to, []string{"state", "returned", "evidence", "Llegó"}); r.status != http.StatusSeeOther {
		t.Errorf("returned: %d", r.status)
	}
	if body := agent.get("/console/cases/" + string(c)).body; !strings.Contains(body, "Justificante DEV-") {
		t.Error("the page shows no receipt")
	}
}

// What came back with another secret alone is given on the case though that is reversed,
// and nothing that was typed is sent back.
func TestANewSecretIsGivenOnACaseThatIsReversed(t *testing.T) {
	t.Parallel()
	h := newHouseOf(t, false, "agency")
	ctx := t.Context()
	c, v := h.leaving()
	db, err := store.Open(ctx, store.Config{URL: h.database})
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	must(t, h.UndoByStaff(ctx, h.actor("ines"), c))
	eventually(t, "the departure is reversed", func() bool {
		now, err := h.OpenCase(ctx, h.actor("ines"), c)
		must(t, err)
		return now.Plan.Case.State == offboarding.CaseReversed
	})
	must(t, db.Tx(ctx, func(tx app.Tx) error {
		if _, err := tx.InsertGrants(ctx, customer.Grant{ID: "gra_back", Customer: v.Customer.ID, System: "faro", Account: "acc-key", Kind: "api_key", Status: customer.Revoked}); err != nil {
			return err
		}
		return tx.InsertWork(ctx, offboarding.Work{ // its system cannot be read, and a person answers that it is back
			ID: "work_came_back", Kind: "revoke_access", Case: c, Step: v.Plan.Steps[0].ID, Item: "gra_back", System: "faro", Key: "revoke:back", Phase: offboarding.VerifyUndo,
			State: offboarding.WorkFailed, RunAt: tx.Now(), Undo: "reissuable",
		})
	}))
	must(t, h.DecideWork(ctx, h.actor("ines"), app.DecideInput{Case: c, Work: "work_came_back", Decision: "attest", Evidence: "Vuelve a entrar"}))
	v, err = h.OpenCase(ctx, h.actor("ines"), c)
	must(t, err)
	if len(v.Handover.Anew) != 1 || v.Plan.Case.State != offboarding.CaseReversed {
		t.Fatalf("the departure is %s: %+v", v.Plan.Case.State, v.Handover)
	}
	x, b := v.Handover.Anew[0], h.as("ines")
	step := ""
	for _, s := range v.Plan.Steps {
		if s.ID == x.Step {
			step = s.Key
		}
	}
	page := b.get("/console/cases/" + string(c))
	page.has("Vuelve con otra clave", "faro: acc-key", "Clave nueva", `value="envelope"`, `value="transfer"`, "Se la dice el propio sistema", "su clave de antes ya no vale", `data-gives`)
	page.lacks(`data-testid="slip"`, "Solo el cliente puede aceptar")
	at := "/console/cases/" + string(c) + "/steps/" + step + "/handover/" + string(x.ID)
	if r := b.post(at, []string{"way", "envelope", "how", " ", "secret", "llave-inconfundible"}); r.status != http.StatusUnprocessableEntity || strings.Contains(r.body, "inconfundible") {
		t.Errorf("without words: %d", r.status)
	}
	if r := b.post(at, []string{"way", "envelope", "how", "Clave nueva", "secret", "llave-inconfundible", "key", "7K2MX-00000-11111-ABCDE-ZZZZZ"}); r.status != http.StatusSeeOther {
		t.Errorf("given: %d", r.status)
	}
	b.get("/console/cases/" + string(c)).has(`data-testid="burn"`).lacks("inconfundible")
	if r := b.post(at+"/burn", nil); r.status != http.StatusSeeOther {
		t.Errorf("burned: %d", r.status)
	}
	if r := b.post(at, []string{"way", "transfer", "how", "Le llegó la invitación el 29"}); r.status != http.StatusSeeOther {
		t.Errorf("its system told it: %d", r.status)
	}
	if v, err = h.OpenCase(ctx, h.actor("ines"), c); err != nil || v.Plan.Step(step).State != offboarding.StepDone {
		t.Errorf("all was told: %v", err)
	}
}
