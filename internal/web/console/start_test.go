package console_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
)

func TestTenQuestionsLeadFromNothingToAHouse(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	token, err := h.OneTimeLink(t.Context(), h.users["noa"])
	must(t, err)
	if r := h.browser().post("/console/once/"+token, nil).is(http.StatusSeeOther); r.to != "/console/start" {
		t.Errorf("an administrator comes out at %s", r.to)
	}
	token, err = h.OneTimeLink(t.Context(), h.users["ines"])
	must(t, err)
	if r := h.browser().post("/console/once/"+token, nil).is(http.StatusSeeOther); r.to != "/console" {
		t.Errorf("somebody else comes out at %s", r.to)
	}
	noa := h.as("noa")
	noa.get("/console/start").is(200).has(`data-testid="begin"`, `data-testid="later"`)
	noa.get("/console/start/11").is(404)
	if page := noa.get("/console/start/2").body; strings.Index(page, "Bélgica") > strings.Index(page, "Bolivia") || !strings.Contains(page, "Bolivia") {
		t.Error("an accent puts a country behind the others")
	}
	noa.post("/console/start/1", []string{"name", " "}).is(422).has(`data-testid="error-name"`)
	answers := [][]string{
		{"name", "Faro Norte"},
		{"country", "CO", "zone", "Europe/Madrid", "currency", "", "language", "es"},
		{"email", "bajas@faro.example"},
		{"playbook", "agency"},
		{"colour", "#7a1f3d"},
		{"signature_es", "El equipo"},
		{"refunds", ""},
		{"reasons", "price", "reasons", "service"},
		{"pack", "eu"},
		{"name_0", "Greta Sol", "login_0", "greta", "roles_0", "agent"},
	}
	for i, typed := range answers {
		n := strconv.Itoa(i + 1)
		noa.get("/console/start/"+n).is(200).has("Pregunta "+n+" de 10", `data-testid="next"`)
		next := "/console/start/review"
		if i+1 < len(answers) {
			next = "/console/start/" + strconv.Itoa(i+2)
		}
		if r := noa.post("/console/start/"+n, typed).is(http.StatusSeeOther); r.to != next {
			t.Errorf("after question %s: %s", n, r.to)
		}
	}
	noa.post("/console/start/10", []string{"name_0", "Greta Sol", "login_0", "greta"}).is(422).has(`data-testid="error-roles_0"`, `value="Greta Sol"`)
	noa.post("/console/start/10", append([]string{"alone", "1"}, answers[9]...)).is(422).has("Di una cosa u otra")
	noa.post("/console/start/10", answers[9]).is(http.StatusSeeOther)
	if h.Company().Version != 0 {
		t.Error("answers alone changed the company")
	}
	file := noa.get("/console/start/company.yaml").is(200).body
	page := noa.get("/console/start/review").is(200)
	for _, line := range []string{"name: Faro Norte", "zone: America/Bogota", "currency: COP", "playbook: agency", "pack: eu", "login: greta"} {
		if !strings.Contains(file, line) || !strings.Contains(page.body, line) {
			t.Errorf("the file lacks %s:\n%s", line, file)
		}
	}
	page.has("Colombia", "Encargos: agencia", "El precio · ", "greta: atención a clientes", `href="/console/start/4"`, "Sin contestar").lacks(">CO<")
	noa.post("/console/start/apply", []string{"rehearse", "1"}).is(200).has("Greta Sol", "/console/reset/", `data-testid="see-portal"`, `data-testid="held"`)
	if c := h.Company(); c.Name != "Faro Norte" || c.Playbook != "agency" || c.Currency != "COP" || len(c.Reasons) != 2 {
		t.Errorf("the company is %+v", c)
	}
	noa.get("/console/start").is(200).has(`data-testid="again"`)
	h.as("laia").get("/console/audit").has("Se aplicaron las respuestas de la puesta en marcha")
	h.as("ines").get("/console/start").is(403)
	h.browser().get("/console/first/nothing").is(410)
}
