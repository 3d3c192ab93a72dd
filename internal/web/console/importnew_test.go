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
	if refused := b.post(sent.to, append([]string{"do", "refused"}, form...)); !strings.HasPrefix(refused.body, "Nº,Empresa,Correo,error_row,") || !strings.Contains(refused.body, "78,Nadie,no,2,Correo,no,") {
		t.Errorf("the refused rows: %d %s", refused.status, refused.body)
	}
	done := b.post(sent.to, append([]string{"do", "import"}, form...))
	if !strings.Contains(done.body, `data-testid="imported"`) || !strings.Contains(done.body, `href="/console/learn"`) {
		t.Fatalf("%d %s", done.status, done.body)
	}
	if list := b.get("/console/customers?q=talleres"); !strings.Contains(list.body, "Talleres Sol") {
		t.Error("they are not there")
	}
	if again := b.get(sent.to); again.status != http.StatusNotFound {
		t.Errorf("the file is there still: %d", again.status)
	}
}

// What a file calls the reasons is asked below its columns, and what was said of
// it is there still after a try.
func TestReasonsOfAFileAreAskedInTheBrowser(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	b := h.as("noa")
	sent := b.uploadAs("file", "bajas.csv", "/console/imports/new", "Nº;Nombre;Baja;Motivo;Moneda;Cuota\n1;Ana;02/01/2025;Muy caro;EUR;39,00\n2;Eva;03/01/2025;Se fue a otro;EUR;39,00\n", "kind", "departures")
	page := b.get(sent.to)
	if !strings.Contains(page.body, `data-testid="reasons"`) || !strings.Contains(page.body, `value="Muy caro"`) || !strings.Contains(page.body, `<option value="other" selected>`) {
		t.Fatalf("%d %s", page.status, page.body)
	}
	form := []string{
		"c0", "customer.reference", "c1", "customer.name", "c2", "departure.on", "c3", "departure.reason", "c4", "departure.currency", "c5", "departure.amount", "decimal", ",", "who", "organisation", "dates", "dd/mm/yyyy",
		"word0", "Muy caro", "why0", "price", "word1", "Se fue a otro", "why1", "competitor",
	}
	tried := b.post(sent.to, append([]string{"do", "try"}, form...))
	if strings.Contains(tried.body, `data-testid="refused"`) || !strings.Contains(tried.body, `<option value="competitor" selected>`) {
		t.Fatalf("%d %s", tried.status, tried.body)
	}
	if done := b.post(sent.to, append([]string{"do", "import"}, form...)); !strings.Contains(done.body, `data-testid="imported"`) {
		t.Fatalf("%d %s", done.status, done.body)
	}
	// The reference that is made up for a departure says nothing to anybody.
	if list := b.get("/console/customers?q=eva"); !strings.Contains(list.body, "Eva") || strings.Contains(list.body, "LEFT:") {
		t.Errorf("the list: %d %s", list.status, list.body)
	}
}
