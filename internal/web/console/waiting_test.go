package console_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"hastaluego/internal/customer"
	"hastaluego/internal/money"
)

const patient = `
playbook: patient
title: {es: "Con paciencia", en: "Patiently"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - id: paid
    kind: wait
    title: {es: "Que pague", en: "Let them pay"}
    after: [confirm]
    params: {until: paid}
    timeout: {d: 3}
    else: ask
  - {id: effective, kind: wait, title: {es: "Fin", en: "End"}, after: [paid], params: {until: effective}}
`

// Whose wait was in vain says for how many days more, or leaves it at what the
// playbook gives.
func TestAWaitThatWasInVainGoesOnForAsManyDaysAsSomebodySays(t *testing.T) {
	t.Parallel()
	h := newHouseOn(t, false, []byte(patient))
	owes := h.customer("Estudio Almena", "FE-20418", "fe-20418@example.com")
	_, err := h.AddBalance(t.Context(), h.actor("tomas"), customer.Balance{
		Customer: owes, Reference: "F-77", Kind: customer.Invoice, About: "Noviembre", Amount: money.Amount{Minor: 2472, Currency: "EUR"},
	})
	must(t, err)
	id := h.confirmed("Estudio Almena", "FE-20418", "fe-20418@example.com")
	c, ines := "/console/cases/"+string(id), h.as("ines")
	push := func(days int) {
		now, _, err := h.Now(t.Context())
		must(t, err)
		must(t, h.PushClock(t.Context(), "", now.AddDate(0, 0, days)))
		eventually(t, "a person is asked", func() bool { return strings.Contains(ines.get(c).body, `data-testid="work"`) })
	}
	push(4)
	r := ines.get(c).has("Lo que se esperaba no llegó a tiempo", `name="days" type="number" value="3"`, "Esperar más", "Dejar de esperar y seguir").lacks(`value="again"`)
	action := regexp.MustCompile(`action="(/console/cases/[^"]+/works/[^"]+)"`).FindStringSubmatch(r.body)[1]
	h.as("tomas").get(c).has("Puede hacerlo: atención a clientes, administración").lacks(action)
	for _, days := range []string{"0", "91", "-3", "pronto"} {
		ines.post(action, []string{"decision", "wait", "days", days, "evidence", "Paga el lunes"}).is(422).
			has("Escribe cuántos días: de 1 a 90", `value="`+days+`"`, ">Paga el lunes</textarea>")
	}
	ines.post(action, []string{"decision", "wait", "days", "5", "evidence", "Paga el lunes"}).is(http.StatusSeeOther)
	ines.get(c).lacks(action).has("La espera de «Que pague» sigue hasta el", "«Paga el lunes»")
	push(6)
	ines.post(action, []string{"decision", "wait", "days", "", "evidence", ""}).is(http.StatusSeeOther)
	ines.get(c + "?lang=en").has("The wait in “Let them pay” goes on until")
	push(4)
	ines.post(action, []string{"decision", "attest", "evidence", ""}).is(422).has(`aria-invalid="true"`)
}

const unsigned = `
playbook: unsigned
title: {es: "Sin paso de finanzas", en: "Without a step of finance"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - {id: statement, kind: settle, title: {es: "Liquidar", en: "Settle"}, after: [confirm]}
  - {id: effective, kind: wait, title: {es: "Fin", en: "End"}, after: [statement], params: {until: effective}}
`

// A statement that nobody of finance looked at says so, and whoever of finance
// opens the departure can sign it; nobody else is offered that.
func TestAStatementThatNobodySignedIsSignedOnThePageOfTheDeparture(t *testing.T) {
	t.Parallel()
	h := newHouseOn(t, false, []byte(unsigned))
	owes := h.customer("Estudio Almena", "FE-20418", "fe-20418@example.com")
	_, err := h.AddBalance(t.Context(), h.actor("tomas"), customer.Balance{
		Customer: owes, Reference: "F-77", Kind: customer.Invoice, About: "Noviembre", Amount: money.Amount{Minor: 2472, Currency: "EUR"},
	})
	must(t, err)
	c := "/console/cases/" + string(h.confirmed("Estudio Almena", "FE-20418", "fe-20418@example.com"))
	h.as("ines").get(c).has("Enviada, sin la firma de finanzas", "Nadie de finanzas tiene que firmarla, pero puede hacerlo.").lacks("sign-settlement", "Firmada por")
	tom := h.as("tomas")
	tom.get(c+"?lang=en").has("Nobody of finance has to sign it, but they may.", "Sign the statement")
	tom.post(c+"/statement", nil).is(http.StatusSeeOther)
	tom.get(c+"?lang=es").has("Firmada por finanzas y enviada", "Firmada por Tomas").lacks("sign-settlement")
	tom.post(c+"/statement", nil).is(http.StatusConflict)
}

// As long as it is not told, the page says whether somebody of finance has to sign it.
func TestADraftOfAStatementSaysWhoHasToSign(t *testing.T) {
	t.Parallel()
	for after, want := range map[string]string{"effective": "y nadie tiene que firmarla", "look": "Se firma al cerrar el paso de finanzas"} {
		h := newHouseOn(t, false, []byte(`
playbook: later
title: {es: "Al final", en: "At the end"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - {id: effective, kind: wait, title: {es: "Fin", en: "End"}, after: [confirm], params: {until: effective}}
  - {id: look, kind: approve, title: {es: "Mirar", en: "Look"}, after: [effective], role: finance, due: {d: 3, from: ready}, escalate: {d: 2, to: admin}}
  - {id: statement, kind: settle, title: {es: "Liquidar", en: "Settle"}, after: [`+after+`]}
`))
		owes := h.customer("Estudio Almena", "FE-20418", "fe-20418@example.com")
		_, err := h.AddBalance(t.Context(), h.actor("tomas"), customer.Balance{
			Customer: owes, Reference: "F-77", Kind: customer.Invoice, About: "Noviembre", Amount: money.Amount{Minor: 2472, Currency: "EUR"},
		})
		must(t, err)
		h.as("tomas").get("/console/cases/"+string(h.confirmed("Estudio Almena", "FE-20418", "fe-20418@example.com"))).has("Así quedaría hoy.", want).lacks("sign-settlement")
	}
}

const owing = `
playbook: owing
title: {es: "Con deuda", en: "Owing"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - {id: effective, kind: wait, title: {es: "Fin", en: "End"}, after: [confirm], params: {until: effective}}
  - id: collect
    kind: collect
    title: {es: "Cobrar", en: "Collect"}
    after: [confirm]
    params: {days: "3, 15, 30"}
    role: finance
    due: {d: 45, from: ready}
    escalate: {d: 15, to: admin}
`

// What was typed to propose parts, and which sums were ticked to be let go, is
// there when it is refused.
func TestFormsAboutWhatIsOwedKeepWhatWasTyped(t *testing.T) {
	t.Parallel()
	h := newHouseOn(t, false, []byte(owing))
	owes := h.customer("Estudio Almena", "FE-20418", "fe-20418@example.com")
	var sums []string
	for _, ref := range []string{"F-77", "F-78"} {
		id, err := h.AddBalance(t.Context(), h.actor("tomas"), customer.Balance{
			Customer: owes, Reference: ref, Kind: customer.Invoice, About: "Noviembre", Amount: money.Amount{Minor: 2472, Currency: "EUR"},
		})
		must(t, err)
		sums = append(sums, string(id))
	}
	c := "/console/cases/" + string(h.confirmed("Estudio Almena", "FE-20418", "fe-20418@example.com"))
	tom := h.as("tomas")
	eventually(t, "it is collected", func() bool { return strings.Contains(tom.get(c).body, "instalments-open") })
	tom.post(c+"/instalments", []string{"parts", "5", "on", "2020-02-02"}).is(422).has(`value="5"`, `value="2020-02-02"`, `aria-invalid="true"`)
	tom.post(c+"/instalments", []string{"parts", "99", "on", "2031-03-04"}).is(422).has(`value="99"`, `value="2031-03-04"`)
	tom.post(c+"/write-off", []string{"balance", sums[1], "why", ""}).is(422).has(`value="`+sums[1]+`" checked`, `value="`+sums[0]+`">`).lacks(`value="` + sums[0] + `" checked`)
}
