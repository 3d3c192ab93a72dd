package console_test

import (
	"net/http"
	"strings"
	"testing"

	"hastaluego/internal/app"
)

func TestAComplaintIsWrittenDownPromisedAndSeenOnTheCase(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	c := "/console/cases/" + string(h.departure("Clínica Lavanda", "FE-19330"))
	list, err := h.ListCustomers(t.Context(), app.Actor{Roles: []string{"agent"}}, app.CustomerFilter{Query: "FE-19330", Limit: 5})
	must(t, err)
	page := "/console/customers/" + string(list.Rows[0].Customer.ID)
	ines := h.as("ines")
	ines.get(c).has(`data-testid="between"`, "No hay quejas ni compromisos").lacks(`data-testid="unsolved"`)
	h.as("tomas").get(c).lacks(`data-testid="between"`)
	ines.post(page+"/complaints", []string{"complaint.what", "", "complaint.received", "2026-01-02"}).is(422).has(`id="complaint-complaint-what-error"`)
	ines.post(page+"/complaints", []string{"complaint.what", "No llegan los avisos", "complaint.received", "2026-01-02"}).is(http.StatusSeeOther)
	ines.get(c).has(`data-testid="unsolved"`, "No llegan los avisos")
	body := ines.get("/console/promises").is(200).has("Clínica Lavanda", "No llegan los avisos").body
	id := "cmp_" + strings.SplitN(strings.SplitN(body, `id="cmp_`, 2)[1], `"`, 2)[0]
	answer := []string{"state", "promised", "answer", "Cambiamos de proveedor", "by", "ayer"}
	ines.post(page+"/complaints/"+id, answer).is(422).has(`-by-error"`, "Cambiamos de proveedor")
	answer[5] = "2099-01-01"
	ines.post(page+"/complaints/"+id, answer).is(422)
	answer[5] = "2031-01-01"
	ines.post(page+"/complaints/"+id, answer).is(http.StatusSeeOther)
	ines.get(page+"/promises").has("Arreglo prometido", "Nos comprometimos", "1 ene 2031").lacks("Sin respuesta")
	ines.get("/console/promises?lang=en").has("Fix promised", "We promised")
}
