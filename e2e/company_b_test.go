package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hastaluego/internal/demo/peer"
	"hastaluego/internal/testkit"
)

// companyB is what the story of B looks for, by language.
var companyB = map[string]struct{ name, login, receipt, farewell string }{
	"es": {"Nuria Vidal", "nuria@ondanorte.example", "ustificante", "asta luego|racias"},
	"en": {"Nora Ashdown", "nora@northwave.example", "eceipt", "asta luego|hank"},
}

// B, a telecom, from the first link to the figure. It rehearses before it lets
// letters out, and gives work by rule to who is told of it by mail. Somebody with a
// complaint rings up and leaves: they are listened to, their router comes back,
// one person prepares the erasure and another agrees to it, and the month shows
// one departure.
func TestATelecomFromItsFirstDay(t *testing.T) {
	t.Parallel()
	told(t, "sqlite", "es", func(t *testing.T, e testkit.Engine, lang string) {
		h := openHouse(t, e, "company-b", lang)
		words, staff, colleague := companyB[lang], openBrowser(t), h.setup.People[0]
		links := h.begin(staff, words.name, words.login, true, func(string) {})
		second := h.joins(links[0], colleague.Login)
		h.does("hasta import")
		console := h.info.Portal + "console"
		staff.open(console + "/settings")
		staff.press("release", testid("hold-all"))

		staff.open(console + "/settings/assignment")
		staff.fill("#role", "agent")
		staff.fill("#if", `customer.kind == "nobody's`)
		staff.tick(colleague.Name)
		staff.press("add-rule", testid("error-if"))
		staff.fill("#if", `customer.kind == "person"`)
		staff.press("add-rule", testid("rules"))
		staff.shot(h.name + "-1-rules")

		casefile := h.rings(staff)
		letter := h.letterWith(colleague.Login, ".", "Nieves Alonso")
		if !strings.Contains(letter, h.info.Portal+"console") || !strings.Contains(letter, "HL-") || strings.Contains(letter, "se apaga") || strings.Contains(letter, "nieves@") {
			t.Errorf("told of %s:\n%s", casefile, letter)
		}
		second.open(casefile)
		if got := second.text("#equipment"); !strings.Contains(got, colleague.Name) {
			t.Errorf("whose it is: %s", got)
		}
		second.shot(h.name + "-2-case")
		both := []*browser{staff, second}
		h.works(casefile, both, func() bool { return staff.count(`#equipment [data-testid="returned"]`) == 0 })
		h.moveTo(time.Now().AddDate(0, 0, 1)) // the day ends
		h.works(casefile, both, func() bool { return strings.Contains(staff.text(testid("letters")), h.farewell()) })
		h.letter("nieves@linea.example", words.farewell)
		staff.shot(h.name + "-3-goodbye")

		staff.open(console + "/learn")
		h.oneLeft(staff)
		staff.shot(h.name + "-4-learn")

		h.moveTo(time.Now().AddDate(0, 0, 40)) // the time to fetch the data ends
		h.untilOver(casefile, both...)
		staff.shot(h.name + "-5-over")
		h.verified()
	})
}

// farewell is what the goodbye is called in the list of letters.
func (h *house) farewell() string {
	return map[string]string{"es": "Despedida", "en": "Farewell"}[h.lang]
}

// rings is the call of a customer who has a complaint and wants to leave.
func (h *house) rings(staff *browser) (casefile string) {
	h.t.Helper()
	customer := h.types(staff, map[string]string{
		"name": "Nieves Alonso", "email": "nieves@linea.example", "language": h.lang, "product": "Fibra", "amount": "39,90", "currency": "EUR", "start": monthsAgo(20), "subscription_reference": "TEL-1",
	})
	h.must(h.billing.Seed(h.t.Context(), []peer.Subscription{{Reference: "TEL-1", Status: "active", AmountMinor: 3990, Currency: "EUR"}}))
	for field, value := range map[string]string{"reference": "R-118", "name": "Router", "kind": "equipment"} {
		staff.fill(`[name="asset.`+field+`"]`, value)
	}
	staff.press("save-asset", "main")
	if got := staff.text("main"); !strings.Contains(got, "R-118") {
		h.t.Fatalf("the router is not theirs: %s", got)
	}
	staff.open(customer + "/promises")
	staff.fill(`[name="complaint.what"]`, "El router se apaga por la noche")
	staff.press("save-complaint", testid("complaints"))
	staff.open(customer)
	for field, value := range map[string]string{"channel": "phone", "reference": "Llamada 118", "when": "now", "proof": "DNI y fecha de alta"} {
		staff.fill(`#behalf [name="`+field+`"]`, value)
	}
	staff.press("register", testid("plan"))
	h.letter("nieves@linea.example", companyB[h.lang].receipt)
	return before(staff.at(), "?")
}

// oneLeft expects that the month of today shows one departure, and its rate.
func (h *house) oneLeft(staff *browser) {
	h.t.Helper()
	ago := 0
	if time.Now().AddDate(0, 0, 1).Month() != time.Now().Month() {
		ago = 1 // it was over when the day of the departure ended
	}
	lost, start, rate := h.gone(staff, ago)
	var n int
	if _, err := fmt.Sscan(start, &n); err != nil || n < 2 || lost != "1" || digits(rate) != digits(fmt.Sprintf("%.2f", 100/float64(n))) {
		h.t.Errorf("of %q who were there when the month began %q left, the figure is %q", start, lost, rate)
	}
}

// tick ticks the box whose label has the words.
func (b *browser) tick(words string) {
	b.t.Helper()
	ok, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](fmt.Sprintf(`(() => {
	  const l = [...document.querySelectorAll('label.check')].find(l => l.textContent.includes(%q));
	  if (!l) return false;
	  l.querySelector('input').checked = true;
	  return true;
	})()`, words)))
	if err != nil || !ok {
		b.t.Fatalf("no box %q: %v\n%s", words, err, b.text("main"))
	}
}
