package console_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/playbook"
	"hastaluego/internal/when"
)

func TestACustomerHasAPageWithEverythingThatTheyHave(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	h.customer("Clínica Lavanda", "FE-19330", "lavanda@example.com")
	ines, tomas := h.as("ines"), h.as("tomas")
	list, err := h.ListCustomers(t.Context(), app.Actor{Roles: []string{"agent"}}, app.CustomerFilter{Query: "FE-19330"})
	must(t, err)
	page := "/console/customers/" + string(list.Rows[0].Customer.ID)
	ines.get("/console/customers?q=lavanda").has(`href="` + page + `"`)
	ines.get(page).is(200).has("Clínica Lavanda", "lavanda@example.com", "Nada apuntado")

	grant := []string{"grant.system", "drive", "grant.account", "carpeta", "grant.kind", "other", "grant.depends_on", ""}
	ines.post(page+"/grant", []string{"grant.system", "", "grant.account", "carpeta", "grant.kind", "other"}).is(422).has(`data-testid="error-grant-system"`, `value="carpeta"`)
	if r := ines.post(page+"/grant", grant).is(http.StatusSeeOther); r.to != page+"#grant" {
		t.Errorf("went to %q", r.to)
	}
	ines.post(page+"/grant", grant).is(409).has(`data-testid="problem"`)
	ines.get(page).has("carpeta", "abierto")

	balance := []string{"balance.kind", "invoice", "balance.reference", "F-77", "balance.amount", "1.152,00", "balance.currency", "EUR", "balance.due_on", "2026-12-31"}
	ines.post(page+"/balance", balance).is(403)
	for field, wrong := range map[string]string{"contracts": "FE-19330-9", "from": "31/31", "until": "2026-01-01"} {
		bad := append(slices.Clone(balance), "balance."+field, wrong, "balance.contracts", "FE-19330-1", "balance.from", "2026-03-01", "balance.until", "2026-03-31")
		tomas.post(page+"/balance", bad).is(422).has(`data-testid="error-balance-` + field + `"`)
	}
	tomas.post(page+"/balance", []string{
		"balance.kind", "credit", "balance.reference", "A-77", "balance.amount", "12,00", "balance.currency", "EUR", "balance.contracts", "FE-19330-1", "balance.from", "2026-03-01",
		"balance.until", "2026-03-31", "balance.status", "paid",
	}).is(http.StatusSeeOther)
	tomas.get(page).has("Saldo a tu favor A-77", "De FE-19330-1, del 1 de marzo de 2026 al 31 de marzo de 2026")
	tomas.post(page+"/balance", balance).is(http.StatusSeeOther)
	tomas.get(page).has("Factura F-77", "Nos debe 1.152,00", "31 de diciembre de 2026", `data-testid="paid"`)
	ines.get(page).lacks(`data-testid="paid"`)
	id := strings.SplitN(strings.SplitN(tomas.get(page).body, `name="balance" value="`, 2)[1], `"`, 2)[0]
	tomas.post(page+"/settle", []string{"balance", id, "status", "paid"}).is(http.StatusSeeOther)
	tomas.get(page).has("pagada").lacks("Nos debe")
	ines.post(page+"/nothing", nil).is(404)
}

func TestAPersonRegistersADepartureOnBehalfOfACustomer(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	h.customer("Clínica Lavanda", "FE-19330", "lavanda@example.com")
	list, err := h.ListCustomers(t.Context(), app.Actor{Roles: []string{"agent"}}, app.CustomerFilter{Query: "FE-19330"})
	must(t, err)
	page := "/console/customers/" + string(list.Rows[0].Customer.ID)
	ines := h.as("ines")
	in := []string{"channel", "phone", "reference", "", "when", "period_end", "proof", "Llamó desde su número y dijo su NIF"}
	ines.post(page+"/behalf", in).is(422).has(`data-testid="error-reference"`)
	in[3] = "LL-2026-881"
	ines.post(page+"/behalf", append(slices.Clone(in), "received", "2099-01-01")).is(422).has(`data-testid="error-received"`)
	h.as("tomas").post(page+"/behalf", in).is(403)
	r := ines.post(page+"/behalf", in).is(http.StatusSeeOther)
	if !strings.HasPrefix(r.to, "/console/cases/case_") {
		t.Fatalf("went to %q", r.to)
	}
	ines.get(r.to).is(200).has("Clínica Lavanda", "Una persona comprobó quién lo pedía")
	eventually(t, "the receipt goes to the address on file", func() bool { return strings.Contains(ines.get(r.to).body, "lavanda@example.com") })
	ines.get(page).has(strings.TrimPrefix(r.to, "/console"))
}

func TestAPlaybookIsActivatedByASecondAdministrator(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	ines, noa := h.as("ines"), h.as("noa")
	ines.get("/console/playbooks").is(200).has("Baja de una suscripción", "En uso", "De la configuración")
	source := strings.Replace(string(playbook.Builtin()["saas-b2c"]), "Despedirse", "Decir adiós", 1)
	noa.post("/console/playbooks", []string{"source", strings.Replace(source, "kind: task", "kind: tusk", 1)}).is(422).
		has(`data-testid="problems"`, "playbook.yaml:16:11", "tusk")
	h.as("tomas").post("/console/playbooks", []string{"source", source}).is(403)
	r := noa.post("/console/playbooks", []string{"source", source}).is(http.StatusSeeOther)
	noa.get(r.to).is(200).has(`data-testid="kept"`, `data-testid="same-person"`, "Propuesta")
	version := strings.ReplaceAll(strings.SplitN(r.to, "kept=", 2)[1], "%40", "@")
	noa.post("/console/playbooks/activate", []string{"version", version}).is(403).has(`data-testid="problem"`)
	must(t, h.ActivatePlaybook(t.Context(), app.Actor{ID: "usr_other", Roles: []string{"admin"}}, version))
	ines.get("/console/playbooks").has("Retirada")
	c := h.departure("Estudio Almena", "FE-20418")
	ines.get("/console/cases/" + string(c)).has("Decir adiós")
}

// Who proposes an ending sees that a second person decides; the second one sees
// the notice as it will be read, and agrees.
func TestAProductIsEndedByTwoPeople(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	h.customer("Clínica Lavanda", "FE-19330", "lavanda@example.com")
	ines, noa := h.as("ines"), h.as("noa")
	in := []string{"product", "Estudio", "segment", "", "ends_on", "2020-01-01", "per_minute", "diez", "why_es", "Cerramos", "why_en", ""}
	noa.post("/console/endings", in).is(422).has(`data-testid="error-ends_on"`, `data-testid="error-per_minute"`, `data-testid="error-why_en"`, "Cerramos")
	now, _, err := h.Now(t.Context())
	must(t, err)
	in[5], in[7], in[11] = when.DateOf(now, time.UTC).AddDays(40).String(), "600", "We close it"
	r := noa.post("/console/endings", in).is(http.StatusSeeOther)
	noa.get(r.to).is(200).has(`data-testid="second"`, "Puede hacerlo: ", `id="letter-es"`, `id="letter-en"`, "1 cliente").lacks(`data-testid="agree"`)
	ines.get(r.to).is(200).has("Espera a otra persona").lacks(`data-testid="second"`)
	h.as("tomas").post(r.to+"/decide", []string{"decision", "yes"}).is(403)
}
