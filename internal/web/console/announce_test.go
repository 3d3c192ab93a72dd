package console_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/money"
	"hastaluego/internal/when"
)

// Another price is announced from a file or from pasted lines: first who gets what
// and when, with what is wrong by line and column, then for good; and it is taken
// back.
func TestAnotherPriceIsAnnouncedInTheBrowser(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	b := h.as("noa")
	const page = "/console/announcements"
	_, err := h.AddCustomer(t.Context(), h.actor("ines"), app.CustomerInput{
		Kind: customer.Person, Consumer: true, Name: "Lucía Prado", Reference: "LP", Country: "ES", Language: "es",
		Contacts:      []app.ContactInput{{Name: "Lucía", Email: "lucia@prado.example", Role: customer.Owner}},
		Subscriptions: []app.SubscriptionInput{{Reference: "LP-1", Product: "Faro", Amount: money.Amount{Minor: 1000, Currency: "EUR"}, Interval: customer.Monthly, Start: when.DateOf(time.Now(), time.UTC).AddDays(-100)}},
	})
	must(t, err)
	b.get(page).is(200).has(`data-testid="none"`, `data-testid="look"`)
	b.uploadAs("file", "a.csv", page, "contrato;color\n").is(http.StatusUnprocessableEntity).has(`id="file-error"`, "«color»")
	if r := b.uploadAs("file", "a.csv", page, "", "text", ""); r.status != http.StatusUnprocessableEntity {
		t.Errorf("nothing at all answers %d", r.status)
	}
	b.uploadAs("file", "", page, "", "text", "contrato;color").is(http.StatusUnprocessableEntity).has(`id="text-error"`, "contrato;color")

	day := when.DateOf(time.Now(), time.UTC).AddDays(60)
	sent := b.uploadAs("file", "precios.csv", page, "contrato;qué;día;precio;moneda\nLP-1;precio;"+day.String()+";11,00;EUR\nXX;precio;"+day.String()+";1;EUR\n")
	if sent.status != http.StatusSeeOther || !strings.HasPrefix(sent.to, page+"/upl_") {
		t.Fatalf("%d %s %s", sent.status, sent.to, sent.body)
	}
	b.get(sent.to).is(200).has(`data-testid="tried"`, "Lucía Prado", "lucia@prado.example", "11,00", "ahora 10,00", `data-testid="refused"`, "«XX»", `data-testid="sample"`, `id="letter-es"`, `data-testid="announce"`)
	b.get(page).is(200).has(`data-testid="none"`)
	b.post(sent.to, nil).is(200).has(`data-testid="announced"`).lacks(`data-testid="announce"`)
	b.get(sent.to).is(404)
	h.as("ines").get(page).is(200).has("Lucía Prado", "LP-1")

	// Said once more it changes nothing; taken back it is gone, and no letter goes out.
	again := b.uploadAs("file", "", page, "", "text", "contract,kind,day,price,currency\nLP-1,price_change,"+day.String()+",11.00,EUR\n")
	b.get(again.to).is(200).has("Ya estaba anunciado").lacks(`data-testid="announce"`)
	b.post(page+"/withdraw", []string{"contract", "LP-1", "kind", "price_change"}).is(303)
	b.get(page).is(200).has(`data-testid="none"`)
	b.post(page+"/withdraw", []string{"contract", "LP-1", "kind", "price_change"}).is(404)
}
