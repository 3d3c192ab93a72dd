package console_test

import (
	"net/http"
	"strings"
	"testing"
)

// What a customer wrote is grouped, is seen beside it, and whoever reads it says
// otherwise where it is wrong.
func TestWhatTheyWroteIsSeenGroupedAndCorrected(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	ines := h.as("ines")
	const page = "/console/learn/themes"
	ines.get(page).is(200).has("Lo que escribieron", "nadie escribió nada", "aún no ha aprendido")
	c := "/console/cases/" + string(h.departure("Clínica Lavanda", "FE-19330"))
	ines.post(c+"/reasons", []string{"reason.kind", "stated", "reason.code", "price", "reason.text", "Es demasiado caro para lo que lo uso"}).is(http.StatusSeeOther)
	ines.post(page, nil).is(http.StatusSeeOther)
	eventually(t, "grouped", func() bool { return strings.Contains(ines.get(page+"?lang=es").body, `data-testid="themes"`) })
	ines.get(page+"?lang=es&learning=1").has("El precio", `data-testid="learning"`, "frases que trae el programa y 0 textos", "Pocas para comparar")
	ines.get("/console/learn/reasons?lang=es").has(`data-testid="written"`, "Lo que dicen contra lo que escriben")
	body := ines.get(c+"?lang=es").has("según el programa", "<q>caro</q>").body
	at := strings.Index(body, "/console/themes/")
	correct := body[at : at+strings.Index(body[at:], `"`)]
	texts := page + "/texts?theme=price"
	ines.get(texts).has("Es demasiado caro para lo que lo uso", "Clínica Lavanda", correct)
	ines.post(correct, []string{"theme", "nothing", "back", texts}).is(422)
	if r := ines.post(correct, []string{"theme", "service", "back", texts}).is(http.StatusSeeOther); r.to != texts {
		t.Errorf("back to %s", r.to)
	}
	if r := ines.post(correct, []string{"theme", "service", "back", "https://elsewhere.example"}).is(http.StatusSeeOther); strings.Contains(r.to, "elsewhere") {
		t.Errorf("sent to %s", r.to)
	}
	ines.get(texts).has("No hay ninguno").lacks("demasiado caro")
	ines.get(page + "/texts?theme=service&lang=en").has("A person said so on")
	ines.get(c + "?lang=es").has("Lo dijo una persona").lacks("<q>caro</q>")
	noa := h.as("noa") // sees the figures, and no words
	noa.get(page).is(200).lacks(page+"/texts", "demasiado caro")
	noa.get(texts).is(403)
	noa.post(correct, []string{"theme", "price", "back", page}).is(403)
	ines.get(page + "?from=ayer").is(422)
	ines.get("/console/learn").has(page)
}
