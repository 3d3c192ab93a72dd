package console_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestThePageOfFiguresSaysWhatTheyMean(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	h.departure("Clínica Lavanda", "FE-19330")
	ines, noa := h.as("ines"), h.as("noa")
	ines.get("/console/learn").is(200).has("Clientes perdidos en el mes ÷ clientes el primer día", "Umbral: 7", "n pequeño", "No se sabe", `data-testid="mrr"`).
		has(`id="threshold-who"`).lacks("/console/learn/threshold")
	ines.get("/console/learn?lang=en").has("Customers lost in the month", "n is small")
	noa.post("/console/learn/threshold", []string{"threshold", "mucho"}).is(422).has(`id="threshold-threshold-error"`, "mucho")
	noa.post("/console/learn/threshold", []string{"threshold", "5,5 %"}).is(http.StatusSeeOther)
	noa.get("/console/learn").has("Umbral: 5,5").lacks(`id="threshold-who"`)
	h.as("tomas").get("/console/learn").has(`data-testid="who-can"`).lacks(`data-testid="ideas"><li`)
}

func TestAnImprovementIsNotedAndEndedOnThePage(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	ines := h.as("ines")
	in := []string{"what", "Avisar por SMS", "heading", "quality", "owner", h.users["ines"], "due", "ayer"}
	ines.post("/console/learn/improvements", in).is(422).has(`id="action-due-error"`, "Avisar por SMS")
	in[7] = "2031-01-01"
	ines.post("/console/learn/improvements", in).is(http.StatusSeeOther)
	body := ines.get("/console/learn").is(200).has("Avisar por SMS", "Ines", "1 ene 2031").body
	id := "imp_" + strings.SplitN(strings.SplitN(body, `id="imp_`, 2)[1], `"`, 2)[0]
	ines.post("/console/learn/improvements/"+id, []string{"state", "done"}).is(422).has(id + `-effect-error`)
	ines.post("/console/learn/improvements/"+id, []string{"state", "done", "effect", "La mitad de quejas"}).is(http.StatusSeeOther)
	ines.get("/console/learn").has("Resultado: La mitad de quejas", "Hecha")
}
