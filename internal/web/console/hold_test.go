package console_test

import "testing"

// Whoever holds everything back says why; from then on every page says so, to
// everybody, until it is let go.
func TestWhatIsHeldBackStandsOnEveryPage(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	noa, tomas := h.as("noa"), h.as("tomas")
	tomas.get("/console").lacks(`data-testid="held"`)
	noa.post("/console/settings/hold", []string{"what", "all"}).is(422).has(`data-testid="error-why"`)
	noa.post("/console/settings/hold", []string{"what", "perhaps", "why", "x"}).is(422)
	tomas.post("/console/settings/hold", []string{"what", "all", "why", "x"}).is(403)
	noa.post("/console/settings/hold", []string{"what", "outside", "why", "Ensayamos una baja"}).is(303)
	noa.get("/console/settings").is(200).has("No se envía nada fuera.", `data-testid="release"`)
	for _, page := range []string{"/console", "/console/customers", "/console/account"} {
		tomas.get(page).is(200).has(`data-testid="held"`, "Ensayamos una baja", "No se envía nada fuera.").lacks("/console/settings#hold")
	}
	noa.get("/console").has("/console/settings#hold")
	noa.post("/console/settings/hold", []string{"what", ""}).is(303)
	tomas.get("/console").lacks(`data-testid="held"`)
	noa.get("/console/audit").has("Se retuvo todo, o lo que sale fuera", "Lo retenido sigue")
}
