package console_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/ingest"
	"hastaluego/internal/when"
)

// left imports so many who left in the last year.
func (h *house) left(n int) {
	h.t.Helper()
	m, err := ingest.LoadMap("gone.yaml", []byte(`as_of: 2026-11-01
fields:
  customer.reference: {column: Ref}
  customer.name: {column: Name}
  departure.on: {column: Left}
  departure.since: {column: Since}
  departure.amount: {value: "90.00"}
  departure.currency: {value: EUR}
`))
	must(h.t, err)
	today := h.today()
	var file strings.Builder
	file.WriteString("Ref,Name,Left,Since\n")
	for i := range n {
		fmt.Fprintf(&file, "G-%[1]d,Antiguo %[1]d,%[2]s,%[3]s\n", i, today.AddDays(-1-i*300/n), today.AddDays(-400-i*7))
	}
	_, err = h.ImportDepartures(h.t.Context(), app.DepartureImport{File: "gone.csv", Source: strings.NewReader(file.String()), Map: m, Reject: func(e ingest.RowError) error { return e.Fault }})
	must(h.t, err)
}

func (h *house) today() when.Date {
	h.t.Helper()
	now, _, err := h.Now(h.t.Context())
	must(h.t, err)
	return when.DateOf(now, h.Company().Zone)
}

// Staff see what a customer is worth with its interval and its parts, or why it is not
// known, and what it costs to serve them is told by those who may.
func TestWhatACustomerIsWorthIsSeenWithHowItIsKnown(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	page := "/console/customers/" + string(h.customer("Clínica Lavanda", "FE-19330", "rosa@example.com"))
	h.left(40)
	ines, noa := h.as("ines"), h.as("noa")
	ines.get(page).has("Lo que aporta", "Aún no está calculado", `href="/console/settings/company#h-costs"`).lacks(`data-testid="worth-sum"`)

	const company = "/console/settings/company"
	fields := func(costs ...string) []string {
		return append([]string{"version", "0", "name", "Faro", "email", "hola@faro.example", "zone", "Europe/Madrid", "language", "es", "currency", "EUR"}, costs...)
	}
	for field, bad := range map[string]string{"cost_margin": "120", "cost_margins": "Estudio", "cost_incident": "mucho", "cost_hour": "-3", "cost_late": "x", "cost_discount": "99"} {
		noa.post(company, fields(field, bad)).is(422).has(`data-testid="error-` + field + `"`)
	}
	noa.post(company, fields("cost_margin", "60", "cost_margins", "Otro: 45,5 %\n", "cost_hour", "40")).is(http.StatusSeeOther)
	noa.get(company).has(`id="h-costs"`, `value="60"`, "Otro: 45.5", `value="40.00"`)

	eventually(t, "a figure", func() bool { return strings.Contains(ines.get(page).body, `data-testid="worth-sum"`) }) // by itself
	ines.get(page).has("entre ", "Estudio: precio sin impuestos", "Estudio: lo que nos cuesta", "Todo junto", "40 acabaron", "Las incidencias no están").
		lacks(`href="/console/settings/company#h-costs"`)
	ines.get("/console/customers?q=FE-19330").has("aporta ", "entre ")
	h.as("laia").get(page).has(`data-testid="worth-sum"`).lacks(`data-testid="compute-worth"`)
	h.as("laia").post(page+"/worth", nil).is(403)
	soon := ines.post(page+"/worth", nil).is(http.StatusSeeOther).to
	ines.get(soon).has(`data-testid="worth-soon"`)
}

// What was worked for a customer is recorded on their page, and taken back where it was
// wrong.
func TestTimeThatWasWorkedIsRecordedOnThePageOfTheCustomer(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	page := "/console/customers/" + string(h.customer("Clínica Lavanda", "FE-19330", "rosa@example.com"))
	ines := h.as("ines")
	form := func(day, minutes string) []string {
		return []string{"effort.day", day, "effort.minutes", minutes, "effort.who", "Luis", "effort.what", "Cambió el enrutador"}
	}
	ines.get(page).has("Tiempo trabajado para el cliente", "No hay nada anotado", `value="`+h.today().String()+`"`, `value="Ines"`)
	ines.post(page+"/effort", form("mañana", "x")).is(422).has(`data-testid="error-effort-day"`, `data-testid="error-effort-minutes"`, `value="Luis"`)
	ines.post(page+"/effort", form(h.today().AddDays(2).String(), "1500")).is(422).has(`data-testid="error-effort-day"`, `data-testid="error-effort-minutes"`)
	ines.post(page+"/effort", form(h.today().String(), "90")).is(http.StatusSeeOther)
	body := ines.get(page).has("1 h 30 min", "Luis", "Cambió el enrutador").body
	h.as("laia").get(page).has("Cambió el enrutador").lacks(page + `/effort_remove"`)
	eff := "eff_" + strings.SplitN(strings.SplitN(body, `value="eff_`, 2)[1], `"`, 2)[0]
	h.as("laia").post(page+"/effort_remove", []string{"effort", eff}).is(403)
	ines.post(page+"/effort_remove", []string{"effort", eff}).is(http.StatusSeeOther)
	ines.get(page).has("No hay nada anotado").lacks("Cambió el enrutador")
}
