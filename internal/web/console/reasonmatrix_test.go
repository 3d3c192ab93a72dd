package console_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestWhyTheyLeaveIsATableThatLeadsToDepartures(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	ines := h.as("ines")
	const page = "/console/learn/reasons"
	ines.get(page).is(200).has("Por qué se van", "En estos días no se fue nadie").lacks(`data-testid="matrix"`)
	c := "/console/cases/" + string(h.departure("Clínica Lavanda", "FE-19330"))
	ines.post(c+"/reasons", []string{"reason.kind", "stated", "reason.code", "price", "reason.text", "Es caro"}).is(http.StatusSeeOther)
	ines.get(page).is(200).has(`data-testid="matrix"`, "Sin decidir", "Todavía no hay bajas en las que se sepan las dos cosas")
	ines.post(c+"/reasons", []string{"reason.kind", "root", "reason.code", "slow_answer", "reason.attribution", "", "reason.evidence", "Cuatro llamadas"}).is(http.StatusSeeOther)
	body := ines.get(page+"?lang=es").is(200).has("Tardamos o no respondimos", "Pocas para comparar", `data-testid="confusion"`, "1 de 1").body
	at := strings.Index(body, "/console/learn/reasons/cases?")
	link := strings.ReplaceAll(body[at:at+strings.Index(body[at:], `"`)], "&amp;", "&")
	ines.get(link).is(200).has("Clínica Lavanda", "Razón de fondo: Tardamos o no respondimos", c).lacks("Es caro")
	ines.get(page+"?by=stated&lang=en").has("By what they say", "The price")
	ines.get(page+"?lang=es&from=2027-01-02&to=2027-01-01").is(422).has("El último día no puede ser anterior", `data-testid="matrix"`)
	ines.get(page + "?from=ayer").is(422)
	ines.get("/console/learn").has(page)
}
