package e2e_test

import (
	"strings"
	"time"

	"github.com/chromedp/chromedp"
)

// rehearsal makes a customer up, sees their departure to its private page, and
// deletes them again; every page says that it is a rehearsal.
func (s *stage) rehearsal(staff, b *browser, check, base string) {
	s.t.Helper()
	staff.open(base + "/console/customers/new?test=yes&lang=es")
	for field, value := range map[string]string{
		"name": "Cliente de ensayo", "email": "ana@inventado.example", "reference": "ENS-1", "product": "Faro", "plan": s.sample.Named[0].Plan, "amount": "29,85", "currency": "EUR",
		"start": time.Now().AddDate(0, -3, 0).Format(time.DateOnly),
	} {
		staff.fill("#"+field, value)
	}
	staff.press("add", testid("added"))
	page, _, _ := strings.Cut(staff.at(), "?")
	for field, value := range map[string]string{"channel": "phone", "reference": "Ensayo 1", "when": "now", "proof": "Es un ensayo"} {
		staff.fill(`#behalf [name="`+field+`"]`, value)
	}
	staff.press("register", testid("plan"))
	file, _, _ := strings.Cut(staff.at(), "?")
	to := s.sample.Company.Email // whoever made them signs in with a name
	letter := s.letterWith(to, `\[Ensayo\].*ustificante`, "ana@inventado.example")
	private := s.link(letter, "/c/")
	b.inspect(check, "rehearsal-page", private)
	if b.count(testid("rehearsal")) != 1 {
		s.t.Error("the private page does not say that it is a rehearsal")
	}
	staff.inspect(check, "rehearsal-case", file)
	staff.inspect(check, "rehearsal-customer", page)
	staff.inspect(check, "rehearsal-settings", base+"/console/settings")
	staff.inspect(check, "rehearsal-customers", base+"/console/customers?q=ensayo")
	staff.inspect(check, "rehearsal-inbox", base+"/console?view=open&q=ensayo")
	staff.inspect(check, "rehearsal-outbox", base+"/console/outbox?to=inventado")
	for what, css := range map[string]string{"/console/customers?q=ensayo": "customers", "/console?view=open&q=ensayo": "cases", "/console/outbox?to=inventado": "outbox"} {
		staff.open(base + what)
		if staff.count(testid(css)+" "+testid("test-mark")) == 0 {
			s.t.Errorf("%s does not mark who is made up", what)
		}
	}
	staff.open(page)
	staff.do(chromedp.Click(chromedp.CSS(testid("forget"))))
	staff.press("forget-test", testid("forgotten"))
}
