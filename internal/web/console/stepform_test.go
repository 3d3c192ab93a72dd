package console_test

import (
	"net/http"
	"testing"
)

func TestAGuidedFormIsFilledInKeptAndFixed(t *testing.T) {
	t.Parallel()
	h := newHouseOf(t, false, "saas-b2b")
	page := "/console/cases/" + string(h.departure("Estudio Almena", "FE-20418"))
	ines := h.as("ines")
	ines.calm(page)
	ines.get(page).is(200).has(`data-testid="form-first_evaluation"`, "Según los datos", "Tu hipótesis").lacks("form-meeting")
	// Finance works on other things and does not read what is written here.
	h.as("tomas").get(page).lacks(`data-testid="form-first_evaluation"`)
	send := page + "/steps/first_evaluation/form"
	answers := []string{"use", "falling", "ours_kept", "kept", "theirs_kept", "none", "terms", "within", "hypothesis", "", "hypothesis_why", "Lo dijo por teléfono", "done", "1"}
	ines.post(send, answers).is(422).has(`id="first_evaluation.hypothesis-error"`, "Lo dijo por teléfono")
	answers[13] = "0"
	ines.post(send, answers).is(http.StatusSeeOther)
	ines.get(page).has("Lo dijo por teléfono", `data-testid="finish-first_evaluation"`)
	answers[9], answers[13] = "price", "1"
	h.as("tomas").post(send, answers).is(403)
	ines.post(send, answers).is(http.StatusSeeOther)
	ines.get(page).has(`data-testid="answers"`, "El precio", `data-testid="form-meeting"`, "Escucha más de lo que hablas").lacks(`data-testid="form-first_evaluation"`)
	ines.post(send, answers).is(409)
}
