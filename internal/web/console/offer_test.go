package console_test

import (
	"net/http"
	"strings"
	"testing"

	"hastaluego/internal/app"
)

func TestOneOfferIsMadeFromTheCase(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	id := h.departure("Clínica Lavanda", "FE-19330")
	c := "/console/cases/" + string(id)
	eventually(t, "the receipt is out", func() bool { return h.mail.link("receipt", "case") != "" })
	must(t, h.UntilQuiet(t.Context()))
	ines := h.as("ines")
	ines.get(c).has(`data-testid="offer"`, `data-testid="make-offer"`).lacks(`data-testid="propose-fix"`)
	list, err := h.ListCustomers(t.Context(), app.Actor{Roles: []string{"agent"}}, app.CustomerFilter{Query: "FE-19330", Limit: 5})
	must(t, err)
	ines.post("/console/customers/"+string(list.Rows[0].Customer.ID)+"/complaints", []string{"complaint.what", "No llegan los avisos", "complaint.received", "2026-01-02"}).is(http.StatusSeeOther)
	// What is unsolved is proposed to be fixed: the form begins with it.
	page := ines.get(c).has(`data-testid="propose-fix"`, `<option value="fix" selected>`, ">No llegan los avisos</textarea>")
	cmp := "cmp_" + strings.SplitN(strings.SplitN(page.body, `<option value="cmp_`, 2)[1], `"`, 2)[0]
	v, err := h.OpenCase(t.Context(), h.actor("ines"), id)
	must(t, err)
	form := []string{
		"offer.kind", "fix", "offer.complaint", cmp, "offer.heard", "Los avisos", "offer.what", "", "offer.changes", "Los avisos llegan",
		"offer.by", "ayer", "offer.until", v.Plan.Case.Effective.String(),
	}
	ines.post(c+"/offer", form).is(422).has(`id="offer-by-error"`, "Los avisos llegan")
	form[11] = v.Plan.Case.Effective.AddDays(10).String()
	ines.post(c+"/offer", form).is(422).has(`id="offer-what-error"`).lacks(`id="offer-by-error"`)
	form[7] = "Cambiamos de proveedor de avisos"
	h.as("tomas").post(c+"/offer", form).is(403)
	ines.post(c+"/offer", form).is(http.StatusSeeOther)
	ines.get(c).has(`data-testid="offer-made"`, "Cambiamos de proveedor de avisos", "Espera respuesta").lacks(`data-testid="make-offer"`)
	h.as("tomas").get(c).has(`data-testid="offer-made"`).lacks("Cambiamos de proveedor de avisos")
	ines.post(c+"/offer", form).is(409)
	link := h.mail.link("receipt", "case")
	must(t, h.AnswerOffer(t.Context(), tokenOf(link), true))
	ines.get(c).has("Aceptado", `data-testid="offer-applied"`)
	ines.post(c+"/offer/end", []string{"offer.state", "applied", "offer.evidence", ""}).is(422).has(`id="offer_end-evidence-error"`)
	ines.post(c+"/offer/end", []string{"offer.state", "applied", "offer.evidence", "Activado hoy"}).is(http.StatusSeeOther)
	ines.get(c).has("Aplicado por", "«Activado hoy»")
	ines.get(c+"?lang=en").has("What we propose", "Applied by")
}

// What the policy proposes is one click; whoever does otherwise says why, and the month
// lists it. Who would get what is asked of real customers.
func TestThePolicyIsFollowedFromTheCaseOrNot(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	id := h.departure("Clínica Lavanda", "FE-19330")
	c := "/console/cases/" + string(id)
	eventually(t, "the receipt is out", func() bool { return h.mail.link("receipt", "case") != "" })
	must(t, h.UntilQuiet(t.Context()))
	ines := h.as("ines")
	ines.get(c).has(`data-testid="offer-decided"`, "Ninguna línea habla de esta situación").lacks(`data-testid="propose-decided"`)
	must(t, h.TellReason(t.Context(), tokenOf(h.mail.link("receipt", "case")), "product", ""))
	ines.get(c).has("La política propone «La llamada de una persona»", `data-testid="propose-decided"`, "lo mira contigo una persona")
	h.as("tomas").get(c).lacks(`data-testid="propose-decided"`)
	ines.post(c+"/offer", []string{"offer.name", "training", "offer.heard", "Le costaba"}).is(422).has(`id="offer-reason-error"`, "Le costaba")
	ines.post(c+"/offer", []string{"offer.name", "training", "offer.heard", "Le costaba", "offer.reason", "Pidió que le enseñáramos"}).is(http.StatusSeeOther)
	ines.get(c).has(`data-testid="offer-otherwise"`, "Pidió que le enseñáramos", "Por la línea «something_missing»")
	page := ines.get("/console/offers").has(`data-testid="offers-otherwise"`, "Pidió que le enseñáramos", "Una sesión de formación", "something_missing")
	page.lacks(`data-testid="tried-gets"`)
	ines.get("/console/offers?month=2001-01").has("Este mes nadie se ha apartado")
	ines.get("/console/offers?reason=none").is(422)
	must(t, h.UndoByStaff(t.Context(), h.actor("ines"), id))
	eventually(t, "they stay", func() bool {
		return strings.Contains(ines.get("/console/offers?reason=product").body, `data-testid="tried-people"`)
	})
	ines.get("/console/offers?reason=product").has("La llamada de una persona", "Clientes: 1")
	ines.get("/console/offers?reason=every&lang=en").has(`data-testid="tried-lines"`, "Customers: 1")
}

func tokenOf(link string) string {
	link, _, _ = strings.Cut(link, "?")
	return link[strings.LastIndexByte(link, '/')+1:]
}
