package e2e_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/chromedp"
)

// bringPast brings in those who left before, reads the figure of their month,
// and types a client with work to do on one page.
func (s answerStory) bringPast(staff *browser, base string) {
	t := s.t
	t.Helper()
	now := time.Now()
	month := time.Date(now.Year(), now.Month()-3, 1, 0, 0, 0, 0, time.UTC)
	file := "Ref,Name,Left,Why\n"
	for i := range 3 {
		file += fmt.Sprintf("P-%d,Pasado %d,%s,price\n", i, i, month.AddDate(0, 0, 4+i).Format(time.DateOnly))
	}
	if out := s.ran("import", "departures", s.file("left.csv", file), "--map", s.file("left.yaml", `as_of: 2026-11-01
fields:
  customer.reference: {column: Ref}
  customer.name: {column: Name}
  departure.on: {column: Left}
  departure.reason: {column: Why}
  departure.amount: {value: "30.00"}
  departure.currency: {value: EUR}
`)); !strings.Contains(out, "3") {
		t.Errorf("the import says: %s", out)
	}
	staff.open(base + "/console/learn?lang=" + s.lang)
	row := testid("churn") + " tbody tr:nth-child(4) td:nth-child(3)"
	if got := strings.TrimSpace(staff.text(row)); got != "3" {
		t.Errorf("three left that month, the figure says %q", got)
	}
	staff.shot(s.name + "-0-learn")

	staff.open(base + "/console/customers/new?lang=" + s.lang)
	staff.shot(s.name + "-0-new")
	for field, value := range map[string]string{
		"name": "Librería Candil", "email": "ana@candil.example", "product": "Web nueva", "amount": "1800", "currency": "EUR", "start": now.AddDate(0, -1, 0).Format(time.DateOnly),
		"promised": "Página de inicio " + now.AddDate(0, 0, -2).Format(time.DateOnly) + "\nTextos",
	} {
		staff.do(chromedp.SetValue(chromedp.CSS("#"+field), value))
	}
	staff.do(chromedp.SetValue(chromedp.CSS("#kind"), "organisation"), chromedp.SetValue(chromedp.CSS("#has"), "project"))
	staff.press("add", testid("added"))
	staff.inspect(s.check, s.name+"-client", strings.SplitN(staff.at(), "?", 2)[0])
	if staff.count(testid("engagement")) != 1 || staff.count(testid("delivered")) != 2 {
		t.Error("the engagement is not on the page of the client")
	}
	staff.shot(s.name + "-0-client")
	staff.inspect(s.check, s.name+"-imports", base+"/console/imports")
	staff.turn(testid("undo"), testid("would"))
	staff.axe(s.check, s.name+"-undo")
	staff.open(base + "/console?lang=" + s.lang) // axe looked in every language
}
