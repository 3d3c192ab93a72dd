package console_test

import (
	"net/http"
	"testing"
)

const stalling = `
playbook: stalling
title: {es: "Con condición", en: "With a condition"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - {id: bill, kind: cancel_billing, title: {es: "Parar los cobros", en: "Stop charges"}, after: [confirm], if: "6 / (case.subscriptions - 1) > 0", params: {system: billing}}
  - {id: effective, kind: wait, title: {es: "Fin", en: "End"}, after: [bill], params: {until: effective}}
`

func TestAStepThatCouldNotBeginHasAWayOutOnThePage(t *testing.T) {
	t.Parallel()
	h := newHouseOn(t, false, []byte(stalling))
	c := "/console/cases/" + string(h.departure("Estudio Almena", "FE-20418"))
	ines := h.as("ines")
	ines.get(c).has(c+"/steps/bill/retry", c+"/steps/bill/skip", "No se pudo evaluar la condición del paso", "division by zero")
	h.as("tomas").get(c).has(`aria-disabled="true"`).lacks(c + "/steps/bill/retry")
	ines.post(c+"/steps/bill/retry", nil).is(http.StatusSeeOther)
	ines.post(c+"/steps/bill/skip", []string{"note", ""}).is(422).has(`aria-invalid="true"`)
	ines.post(c+"/steps/bill/skip", []string{"note", "Ya no se le cobra"}).is(http.StatusSeeOther)
	ines.get(c).lacks(c+"/steps/bill/skip").has("Se deja sin hacer: «Parar los cobros»", "«Ya no se le cobra»")
}
