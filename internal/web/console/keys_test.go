package console_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func TestAKeyIsMadeShownOnceAndRevoked(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	noa := h.as("noa")
	noa.get("/console/settings").has(`href="/console/keys"`)
	noa.get("/console/keys").is(200).has("Todavía no hay claves", `data-testid="make-key"`).lacks(`data-testid="keys"`)
	noa.post("/console/keys", []string{"name", "", "days", "90"}).is(422).has(`data-testid="error-name"`, `data-testid="error-scopes"`)
	noa.post("/console/keys", []string{"name", "x", "days", "ever", "scopes", "cases:read"}).is(422)
	// Noa is no agent: what a key would do as one is not hers to give.
	if page := noa.get("/console/keys").has("Tus funciones no llegan a esto").body; !regexp.MustCompile(`value="cases:act"[^>]* disabled`).MatchString(page) ||
		regexp.MustCompile(`value="cases:read"[^>]* disabled`).MatchString(page) {
		t.Error("the page offers what is not hers to give")
	}
	noa.post("/console/keys", []string{"name", "x", "days", "90", "scopes", "cases:act"}).is(422).has(`data-testid="error-scopes"`, "Tú no llegas a cases:act")
	made := noa.post("/console/keys", []string{"name", "CRM <b>", "days", "90", "scopes", "cases:read", "scopes", "audit:read"}).is(200).
		has(`data-testid="token"`, "CRM &lt;b&gt;", "audit:read, cases:read", "Nunca")
	token := regexp.MustCompile(`hl_key_[0-9a-z]+_[0-9a-z]+`).FindString(made.body)
	by, err := h.KeyActor(t.Context(), token)
	must(t, err)
	page := noa.get("/console/keys").is(200).has("CRM &lt;b&gt;", "Sirve").lacks(token, `data-testid="token"`)
	if strings.Contains(page.body, "Nunca<") {
		t.Error("the key was used and the page does not say so")
	}
	h.as("laia").get("/console/keys").is(200).has("CRM", `data-testid="who-can"`).lacks(`data-testid="make-key"`, `data-testid="revoke"`)
	h.as("ines").get("/console/keys").is(403)
	h.as("laia").post("/console/keys/"+by.ID+"/revoke", nil).is(403)
	noa.post("/console/keys/"+by.ID+"/revoke", nil).is(http.StatusSeeOther)
	noa.get("/console/keys").has("Anulada").lacks(`data-testid="revoke"`)
	if _, err := h.KeyActor(t.Context(), token); err == nil {
		t.Error("the key still works")
	}
	noa.get("/console/audit").has("Se hizo la clave de API «CRM &lt;b&gt;»", "Se anuló la clave de API")
}
