package console_test

import (
	"net/http"
	"strings"
	"testing"
)

// A file goes in by two pages without a script: which columns, what would go in
// with every refused row, and then in.
func TestAFileIsImportedInTheBrowser(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	b := h.as("noa")
	if page := b.uploadAs("file", "clientes.csv", "/console/imports/new", "x", "kind", "other"); page.status != http.StatusUnprocessableEntity {
		t.Fatalf("an unknown kind answers %d", page.status)
	}
	sent := b.uploadAs("file", "clientes.csv", "/console/imports/new", "Nº;Empresa;Correo\n77;Talleres Sol;sol@taller.example\n78;Nadie;no\n", "kind", "customers")
	if sent.status != http.StatusSeeOther || !strings.HasPrefix(sent.to, "/console/imports/files/upl_") {
		t.Fatalf("%d %s %s", sent.status, sent.to, sent.body)
	}
	page := b.get(sent.to)
	if page.status != http.StatusOK || !strings.Contains(page.body, "Talleres Sol") || strings.Count(page.body, "selected") < 3 {
		t.Fatalf("%d %s", page.status, page.body)
	}
	form := []string{"c0", "customer.reference", "c1", "customer.name", "c2", "contact.email", "who", "organisation", "dates", "dd/mm/yyyy", "decimal", ","}
	if twice := b.post(sent.to, append([]string{"do", "try", "c0", "customer.name"}, form[2:]...)); twice.status != http.StatusUnprocessableEntity {
		t.Errorf("two columns for one thing: %d", twice.status)
	}
	tried := b.post(sent.to, append([]string{"do", "try"}, form...))
	if !strings.Contains(tried.body, `data-testid="tried"`) || !strings.Contains(tried.body, `data-testid="refused"`) || !strings.Contains(tried.body, `value="import"`) {
		t.Fatalf("%d %s", tried.status, tried.body)
	}
	done := b.post(sent.to, append([]string{"do", "import"}, form...))
	if !strings.Contains(done.body, `data-testid="imported"`) {
		t.Fatalf("%d %s", done.status, done.body)
	}
	if list := b.get("/console/customers?q=talleres"); !strings.Contains(list.body, "Talleres Sol") {
		t.Error("they are not there")
	}
	if again := b.get(sent.to); again.status != http.StatusNotFound {
		t.Errorf("the file is there still: %d", again.status)
	}
}
