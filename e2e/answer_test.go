package e2e_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hastaluego/internal/demo/peer"
	"hastaluego/internal/testkit"
)

// companyA is what the story of A looks for, by language.
var companyA = map[string]struct{ first, login, confirm, told, gap, letter, undone, reversed, kept, farewell string }{
	"es": {"Inés Roldán", "ines", "onfirma", "Gracias por contárnoslo", "creíamos que era «El precio»", "Lo que podríamos hacer", "Deshecha y comprobada", "Deshecha", "Cumplido", "asta luego|racias"},
	"en": {"Grace Whitfield", "grace", "onfirm", "Thank you for telling us", "believed that it was “The price”", "What we could do", "Undone and verified", "Undone", "Kept", "asta luego|hank"},
}

// A, twenty people who sell software by subscription, from the first link to
// the figure. They answer the ten questions and bring their customers and a year
// of those who left. One who leaves says why and asks what could be done; a
// person listens and proposes to fix it by a date; it is accepted, undone, done
// and noted. Another leaves and is said goodbye to, and the month says so.
func TestASoftwareCompanyFromItsFirstDay(t *testing.T) {
	t.Parallel()
	check := axe(t)
	told(t, "postgres", "en", func(t *testing.T, e testkit.Engine, lang string) {
		h := openHouse(t, e, "company-a", lang)
		s := storyA{h, check, openBrowser(t), openBrowser(t)}
		words := companyA[lang]
		h.begin(s.staff, words.first, words.login, false, func(page string) {
			s.staff.axe(check, page)
			s.staff.narrow(h.name + "-start-" + page)
		})
		s.staff.press("see-portal", "#account")
		if got := s.staff.text("body"); !strings.Contains(got, h.setup.Company.Name) {
			t.Errorf("the page of the customers does not say whose it is: %s", got)
		}
		s.bringPast()
		s.stays("marta@estudioalmena.example")
		s.leaves("ana@candil.example")
		h.verified()
	})
}

type storyA struct {
	*house
	check    string
	staff, b *browser // of the company, of the customers
}

// asks leaves at the portal and returns the private page.
func (s storyA) asks(account, when string) (private string) {
	s.t.Helper()
	b := s.b
	b.open(s.info.Portal + "?lang=" + s.lang)
	b.do(chromedp.SendKeys(chromedp.CSS("#account"), account), chromedp.Click(chromedp.CSS(`input[value="`+when+`"]`)))
	b.press("confirm", testid("ack"))
	b.open(s.link(s.letter(account, companyA[s.lang].confirm), "/v/") + "?lang=" + s.lang)
	b.press("act", testid("receipt"))
	return strings.TrimSuffix(before(b.at(), "?"), "/receipt")
}

// caseOf opens the newest case that is under way.
func (s storyA) caseOf(name string) (casefile string) {
	s.t.Helper()
	s.staff.open(s.info.Portal + "console?view=all")
	s.staff.follow(testid("cases")+" th a", name, testid("plan"))
	return before(s.staff.at(), "?")
}

// stays is the story of whom the company wronged, and who is answered.
func (s storyA) stays(account string) {
	t, b, staff, words := s.t, s.b, s.staff, companyA[s.lang]
	t.Helper()
	customer := s.types(staff, map[string]string{
		"name": "Marta Almena", "email": account, "language": s.lang, "product": "Agenda", "amount": "29", "start": monthsAgo(14), "subscription_reference": "AL-1",
		"country": "PT", // where one may be asked why before it is over
	})
	s.must(s.billing.Seed(t.Context(), []peer.Subscription{{Reference: "AL-1", Status: "active", AmountMinor: 2900, Currency: "EUR"}}))
	staff.open(customer + "/promises")
	staff.fill("#complaint-complaint-what", "Los avisos por SMS no llegan")
	staff.press("save-complaint", testid("answer-complaint"))

	private := s.asks(account, "period_end")
	b.do(chromedp.Click(chromedp.CSS(`input[name="reason"][value="service"]`)), chromedp.SendKeys(chromedp.CSS("#words"), "Los avisos no llegaban"))
	b.shot(s.name + "-1-why")
	b.press("tell-why", testid("why-told"))
	if got := b.text(testid("why-told")); !strings.Contains(got, words.told) {
		t.Errorf("told: %s", got)
	}
	b.press("see-what", testid("ask-offer"))
	b.press("ask-offer", testid("answer-asked"))
	b.shot(s.name + "-2-asked")

	casefile := s.caseOf("Marta Almena")
	if got := staff.text(testid("why")); !strings.Contains(got, "Los avisos no llegaban") || staff.count(testid("unrepaired")) != 1 {
		t.Errorf("why: %s", got)
	}
	s.actAll(staff, casefile, "calm_start")
	staff.pick("first_evaluation", map[string]string{"use": "falling", "ours_kept": "broken", "theirs_kept": "kept", "terms": "within", "hypothesis": "price"},
		map[string]string{"hypothesis_why": "Preguntó dos veces por el precio"})
	staff.press("finish-first_evaluation", testid("add-invitation"))
	staff.do(chromedp.Click(chromedp.CSS(testid("add-invitation"))))
	day := time.Now().AddDate(0, 0, 3).Format(time.DateOnly)
	staff.do(
		chromedp.SetValue(chromedp.CSS("#meeting-invite-format"), "in_person"), chromedp.SendKeys(chromedp.CSS("#meeting-invite-place"), "Café El Faro, calle Mayor 3"),
		chromedp.Click(chromedp.CSS(`input[name="invitation.neutral"]`)), chromedp.SetValue(chromedp.CSS("#meeting-invite-date"), day),
		chromedp.SetValue(chromedp.CSS("#meeting-invite-time"), "10:30"),
	)
	staff.shot(s.name + "-3-invite")
	staff.press("invite", testid("invited"))
	if letter := s.letter(account, "onversa"); !strings.Contains(letter, "BEGIN:VCALENDAR") || !strings.Contains(letter, "Café El Faro") {
		t.Errorf("the invitation: %s", letter)
	}
	b.inspect(s.check, s.name+"-meeting", private+"/meeting")
	b.open(private + "?lang=" + s.lang)
	b.press("see-meeting", testid("no-meeting"))
	if b.count(testid("ics")) != 1 {
		t.Error("no calendar file")
	}

	staff.pick("meeting", map[string]string{"outcome": "held", "stated_family": "service"},
		map[string]string{"held_on": day, "spoke_with": "Marta", "quotes": "Llamé tres veces", "stated_reason": "Nadie arregló los avisos"})
	staff.press("finish-meeting", testid("form-second_evaluation"))
	staff.pick("second_evaluation", map[string]string{"attribution": "ours", "renegotiable": "yes", "values": "fit", "real_family": "service"},
		map[string]string{"renegotiable_what": "Los avisos", "evidence": "Cuatro llamadas en el registro", "end_well": "Llamarla antes del fin"})
	staff.press("finish-second_evaluation", testid("form-decision"))
	if got := staff.text(testid("gap")); !strings.Contains(got, words.gap) {
		t.Errorf("the gap: %s", got)
	}
	staff.pick("decision", map[string]string{"decision": "fix"}, map[string]string{"grounds": "Le fallamos y se puede arreglar"})
	staff.press("finish-decision", testid("make-offer"))
	if staff.count(`#offer-kind option[value="fix"][selected]`) != 1 || staff.count(testid("propose-fix")) != 1 {
		t.Error("what is unsolved is not proposed to be fixed")
	}
	staff.do(
		chromedp.SendKeys(chromedp.CSS("#offer-what"), "Cambiamos de proveedor de avisos antes de diez días"),
		chromedp.SendKeys(chromedp.CSS("#offer-changes"), "Los avisos llegan por otro camino\nNo pierdes nada"),
		chromedp.SetValue(chromedp.CSS("#offer-by"), time.Now().AddDate(0, 0, 10).Format(time.DateOnly)),
	)
	staff.shot(s.name + "-4-offer")
	staff.press("make-offer", testid("offer-made"))
	staff.axe(s.check, "the case")

	s.letter(account, words.letter)
	b.inspect(s.check, s.name+"-answer", private+"/answer")
	b.open(private + "/answer?lang=" + s.lang)
	b.shot(s.name + "-5-answer")
	b.press("accept", testid("answer-accepted"))
	b.says(private+"?lang="+s.lang, words.undone)

	// What was promised has its day, and is noted when it is done.
	staff.open(casefile)
	if got := staff.text(testid("between")); !strings.Contains(got, "Cambiamos de proveedor") {
		t.Errorf("nothing is owed: %s", got)
	}
	staff.do(chromedp.Click(chromedp.CSS(testid("end-offer"))))
	staff.do(chromedp.SendKeys(chromedp.CSS("#offer_end-evidence"), "Los avisos llegan desde hoy"))
	staff.press("offer-applied", testid("offer-made"))
	staff.shot(s.name + "-6-applied")
	if got := staff.text("h1 + .badge"); got != words.reversed {
		t.Errorf("the departure is %q", got)
	}
	if got := staff.text(testid("timeline")); strings.Contains(got, "{") {
		t.Errorf("an entry has a naked slot: %s", got)
	}
	if staff.count(testid("unsolved")) > 0 {
		t.Error("the complaint still stands, although what was wrong is put right")
	}
	if got := staff.text(testid("offer")); !strings.Contains(got, "Los avisos llegan desde hoy") || !strings.Contains(got, words.first) {
		t.Errorf("who did it, and what shows it: %s", got)
	}
	staff.open(customer + "/promises")
	if got := staff.text(testid("commitments")); !strings.Contains(got, words.kept) || !strings.Contains(got, "Los avisos llegan desde hoy") {
		t.Errorf("the promise is not kept: %s", got)
	}
}

// leaves is the story of another customer, to the closed case and the figure.
func (s storyA) leaves(account string) {
	t, staff, words := s.t, s.staff, companyA[s.lang]
	t.Helper()
	s.types(staff, map[string]string{
		"name": "Ana Candil", "email": account, "language": s.lang, "product": "Agenda", "amount": "29", "start": monthsAgo(14), "subscription_reference": "CA-1",
	})
	s.must(s.billing.Seed(t.Context(), []peer.Subscription{{Reference: "CA-1", Status: "active", AmountMinor: 2900, Currency: "EUR"}}))
	private := s.asks(account, "now")
	casefile := s.caseOf("Ana Candil")
	s.actAll(staff, casefile)
	s.moveTo(time.Now().AddDate(0, 0, 1)) // the day ends
	s.untilOver(casefile, staff)
	staff.shot(s.name + "-7-over")
	s.letter(account, words.farewell)
	s.b.open(private + "?lang=" + s.lang)
	s.b.shot(s.name + "-8-private")

	staff.open(s.info.Portal + "console/learn?lang=" + s.lang)
	s.oneLeft(staff)
	staff.shot(s.name + "-9-learn")
}

// monthsAgo is the first day of a month of the past.
func monthsAgo(n int) string {
	now := time.Now()
	return time.Date(now.Year(), now.Month()-time.Month(n), 1, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
}

// digits are those of a number, however it is written.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// narrow looks whether a page fits a telephone, where it is, and keeps pictures.
func (b *browser) narrow(name string) {
	b.t.Helper()
	b.shot(name)
	b.do(chromedp.EmulateViewport(390, 900))
	b.shot(name + "-390")
	if wide, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("document.documentElement.scrollWidth > window.innerWidth")); err != nil || wide {
		b.t.Errorf("%s is wider than 390 px (%v)", name, err)
	}
	b.do(chromedp.EmulateViewport(1280, 900))
}

// pick fills in the guided form of a step: choices, and texts.
func (b *browser) pick(step string, choices, texts map[string]string) {
	b.t.Helper()
	form := testid("form-"+step) + " "
	for name, value := range choices {
		b.do(chromedp.Click(chromedp.CSS(form + `input[name="` + name + `"][value="` + value + `"]`)))
	}
	for name, value := range texts {
		b.do(chromedp.SetValue(chromedp.CSS(form+`[name="`+name+`"]`), value))
	}
}
