package console_test

import (
	"strings"
	"testing"

	"hastaluego/internal/app"
)

// Whoever leaves today has no step before the end that is due tomorrow, and the
// page says what its date may not pass.
func TestAStepBeforeTheEndIsDueByTheEndAndSaysWhy(t *testing.T) {
	t.Parallel()
	h := newHouseOf(t, false, "saas-b2b") // where two people agree on the date first
	h.customer("Clínica Lavanda", "FE-19330", "lavanda@example.com")
	_, err := h.RequestExit(t.Context(), app.ExitInput{Name: "Clínica Lavanda", AccountEmail: "lavanda@example.com", When: "now", Language: "es", Nonce: "n"})
	must(t, err)
	eventually(t, "the letter to confirm", func() bool { return h.mail.link("confirm", "verify") != "" })
	c, _, err := h.VerifyRequest(t.Context(), secretOf(h.mail.link("confirm", "verify")))
	must(t, err)
	ines := h.as("ines")
	page := "/console/cases/" + string(c)
	eventually(t, "a step of a person", func() bool { return strings.Contains(ines.get(page).body, `data-testid="due-why"`) })
	v, err := h.OpenCase(t.Context(), h.actor("ines"), c)
	must(t, err)
	end := v.Plan.Case.Effective.End(h.Company().Zone)
	for _, s := range v.Plan.Steps {
		if v.Plan.BeforeEnd(&s) && s.Due.After(end) {
			t.Errorf("%s is due at %s, and the contract ends at %s", s.Key, s.Due, end)
		}
	}
	if body := ines.get(page).body; !strings.Contains(body, "No después del fin del contrato") && !strings.Contains(body, "Por el plazo legal: ") {
		t.Error("it is not said why the step is due then")
	}
}
