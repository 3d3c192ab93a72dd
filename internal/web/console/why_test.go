package console_test

import (
	"net/http"
	"testing"
)

func TestWhyACustomerLeavesIsSaidOnTheCase(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	c := "/console/cases/" + string(h.departure("Clínica Lavanda", "FE-19330"))
	ines := h.as("ines")
	ines.get(c).is(200).has(`data-testid="why"`, "No lo ha dicho, y no tiene por qué", "Nadie la ha decidido", `<optgroup label="El precio">`).lacks(`data-testid="unrepaired"`)
	root := []string{"reason.kind", "root", "reason.code", "slow_answer", "reason.attribution", "", "reason.evidence", ""}
	ines.post(c+"/reasons", root).is(422).has(`id="root-evidence-error"`, `value="slow_answer" selected`, `data-testid="save-root"`)
	ines.post(c+"/reasons", []string{"reason.kind", "stated", "reason.code", ""}).is(422).has(`id="stated-code-error"`, "Elige un motivo")
	root[7] = "Cuatro llamadas perdidas"
	ines.post(c+"/reasons", root).is(http.StatusSeeOther)
	ines.post(c+"/reasons", []string{"reason.kind", "stated", "reason.code", "price", "reason.text", "Es caro", "reason.competitor", "Aurora", "reason.return", "8"}).is(http.StatusSeeOther)
	ines.get(c).has("Tardamos o no respondimos", "De nosotros", "Se ve en: Cuatro llamadas perdidas", "Lo decidió", "«Es caro»", "Se va con Aurora", "Volvería: 8 de 10", `data-testid="unrepaired"`)
	ines.get(c+"?lang=en").has("We were slow or did not answer", "Decided by")
	// Finance reads the codes and not the words, and is told who may decide.
	h.as("tomas").get(c).has("Tardamos o no respondimos").lacks("Cuatro llamadas", "Es caro", "Aurora", `data-testid="save-root"`)
}
