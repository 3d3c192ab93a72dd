package e2e_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hastaluego/internal/testkit"
)

// answerWords is what the story looks for, by language.
var answerWords = map[string]struct{ confirm, told, gap, letter, undone string }{
	"es": {"onfirma", "Gracias por contárnoslo", "creíamos que era «El precio»", "Lo que podríamos hacer", "Deshecha y comprobada"},
	"en": {"onfirm", "Thank you for telling us", "believed that it was “The price”", "What we could do", ""},
}

// Somebody leaves a company, says why and asks what could be done; a person
// listens, compares what was believed with what was found, and proposes to fix
// it by a date. In Spanish they stay, in English they go on leaving. The company
// brought a year of those who left before, and reads how many that was.
func TestTheAnswerIsAskedListenedToAndGivenOnce(t *testing.T) {
	t.Parallel()
	check := axe(t)
	eachStage(t, func(t *testing.T, e testkit.Engine) {
		for _, lang := range languages(e) {
			t.Run(lang, func(t *testing.T) {
				answerStory{setStage(t, e.Another(t).URL), lang, check, e.Name + "-" + lang}.tell(t)
			})
		}
	})
}

type answerStory struct {
	*stage
	lang, check, name string
}

func (s answerStory) tell(t *testing.T) {
	t.Helper()
	words := answerWords[s.lang]
	const account = "marta@estudioalmena.example"
	b, staff := openBrowser(t), openBrowser(t)

	base := strings.TrimSuffix(s.info.Portal, "/")
	staff.open(base + "/console?lang=" + s.lang)
	staff.do(chromedp.SendKeys(chromedp.CSS("#login"), s.sample.Users[0].Login), chromedp.SendKeys(chromedp.CSS("#password"), s.sample.Password))
	staff.press("signin", testid("me"))
	s.bringPast(staff, base)
	staff.open(base + "/console/customers?q=almena")
	staff.turn(testid("customers")+" th a", "h1")
	staff.open(strings.SplitN(staff.at(), "?", 2)[0] + "/promises")
	staff.do(chromedp.Click(chromedp.CSS(testid("add-complaint"))))
	staff.do(chromedp.SendKeys(chromedp.CSS("#complaint-complaint-what"), "Los avisos por SMS no llegan"))
	staff.press("save-complaint", testid("answer-complaint"))

	b.open(s.info.Portal + "?lang=" + s.lang)
	b.do(chromedp.SendKeys(chromedp.CSS("#account"), account), chromedp.Click(chromedp.CSS(`input[value="period_end"]`)))
	b.press("confirm", testid("ack"))
	b.open(s.link(s.letter(account, words.confirm), "/v/") + "?lang=" + s.lang)
	b.press("act", testid("receipt"))
	private := strings.TrimSuffix(strings.SplitN(b.at(), "?", 2)[0], "/receipt")
	b.do(chromedp.Click(chromedp.CSS(`input[name="reason"][value="service"]`)), chromedp.SendKeys(chromedp.CSS("#words"), "Los avisos no llegaban"))
	b.shot(s.name + "-1-why")
	b.press("tell-why", testid("why-told"))
	if got := b.text(testid("why-told")); !strings.Contains(got, words.told) {
		t.Errorf("told: %s", got)
	}
	b.press("see-what", testid("ask-offer"))
	b.press("ask-offer", testid("answer-asked"))
	b.shot(s.name + "-2-asked")

	staff.open(base + "/console")
	staff.turn(testid("cases")+" th a", testid("plan"))
	casefile := strings.SplitN(staff.at(), "?", 2)[0]
	if got := staff.text(testid("why")); !strings.Contains(got, "Los avisos no llegaban") || staff.count(testid("unrepaired")) != 1 {
		t.Errorf("why: %s", got)
	}
	staff.open(casefile)
	for item := testid("step-calm_start") + " " + testid("tick"); staff.count(item) > 0; {
		staff.turn(item, testid("plan"))
	}
	staff.do(chromedp.SendKeys(chromedp.CSS("#note-calm_start"), "Leído"))
	staff.turn(testid("step-calm_start")+" "+testid("complete"), testid("form-first_evaluation"))
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
	staff.inspect(s.check, s.name+"-case", casefile)

	s.letter(account, words.letter)
	b.inspect(s.check, s.name+"-answer", private+"/answer")
	b.open(private + "/answer?lang=" + s.lang)
	b.shot(s.name + "-5-answer")
	if s.lang == "en" {
		b.press("decline", testid("answer-declined"))
		b.open(private)
		if b.count(testid("answer")) > 0 {
			t.Error("what was declined is brought up again")
		}
		staff.open(casefile)
		staff.shot(s.name + "-6-declined")
		return
	}
	b.press("accept", testid("answer-accepted"))
	for range 200 {
		if b.open(private + "?lang=es"); strings.Contains(b.text("h1"), words.undone) {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if got := b.text("h1"); !strings.Contains(got, words.undone) {
		t.Errorf("the private page says %q", got)
	}
	staff.open(casefile)
	if got := staff.text(testid("between")); !strings.Contains(got, "Cambiamos de proveedor") {
		t.Errorf("nothing is owed: %s", got)
	}
	staff.do(chromedp.Click(chromedp.CSS(testid("end-offer"))))
	staff.do(chromedp.SendKeys(chromedp.CSS("#offer_end-evidence"), "Los avisos llegan desde hoy"))
	staff.press("offer-applied", testid("offer-made"))
	staff.shot(s.name + "-6-applied")
	if out, code := s.hasta("audit", "verify"); code != 0 {
		t.Errorf("audit verify: status %d\n%s", code, out)
	}
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
