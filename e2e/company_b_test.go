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

// phoneBook is what the story by phone follows: the heart of the playbook for
// telecoms.
const phoneBook = `
playbook: by-phone
title: {es: "Baja por teléfono", en: "Departure by phone"}
when: customer.segment == "telecom"
steps:
  - {id: confirm, kind: confirm, title: {es: "Confirmar", en: "Confirm"}, milestone: confirmed}
  - id: calm_start
    kind: task
    title: {es: "Empezar con calma", en: "Start calmly"}
    after: [confirm]
    if: customer.unsolved > 0
    role: success
    due: {d: 1bd, from: ready}
    escalate: {d: 1, to: admin}
    items: [{id: history, title: {es: "He leído lo que espera respuesta", en: "I have read what waits for an answer"}}]
  - {id: stop, kind: cancel_billing, title: {es: "Parar cobros", en: "Stop charges"}, after: [confirm], params: {system: billing}, milestone: billing_stopped}
  - id: back
    kind: return_assets
    title: {es: "Recoger el equipo", en: "Collect the equipment"}
    after: [confirm]
    params: {how_es: "Lo recogemos en casa, sin coste.", how_en: "We collect it at home, at no cost."}
    role: agent
    due: {d: 10, from: ready}
    escalate: {d: 2, to: admin}
    undo: {class: restorable, title: {es: "Devolvérselo", en: "Give it back"}}
  - {id: effective, kind: wait, title: {es: "Fin", en: "End"}, after: [stop, back, calm_start], params: {until: effective}, milestone: effective}
  - {id: ended, kind: verify_billing, title: {es: "Comprobar el fin", en: "Read back the end"}, after: [effective], params: {system: billing}, milestone: billing_ended}
  - {id: farewell, kind: farewell, title: {es: "Despedirse", en: "Say goodbye"}, after: [ended]}
`

// B, a telecom: somebody with a complaint rings up and leaves. The equipment is
// given by rule to who is told of it by mail; it comes back, the departure is
// closed, and the month shows it.
func TestSomebodyLeavesATelecomByPhone(t *testing.T) {
	t.Parallel()
	eachStage(t, func(t *testing.T, e testkit.Engine) {
		s := setStage(t, e.URL)
		out, code := s.hasta("key", "add", "b", "--scopes", "playbooks:write,playbooks:read,customers:write,customers:read")
		if code != 0 {
			t.Fatal(out)
		}
		var key string
		for _, word := range strings.Fields(out) {
			if strings.HasPrefix(word, "hl_") {
				key = word
			}
		}
		s.api(key, "/v1/playbooks", map[string]any{"source": phoneBook})
		console := s.info.Portal + "console"
		staff, lucia := s.signIn(0), s.signIn(2)
		staff.open(console + "/playbooks")
		staff.press("activate", testid("me"))

		// Who collects equipment is told by mail, and gets it by rule.
		lucia.open(console + "/account")
		lucia.fill("#address", "lucia@faro.example")
		lucia.press("save-told", testid("account-done"))
		lucia.shot(e.Name + "-b-1-account")
		lucia.press("renew-feed", testid("feed"))
		staff.open(console + "/settings/assignment")
		staff.fill("#role", "agent")
		staff.fill("#if", `customer.segment == "nobody's`)
		staff.tick(s.sample.Users[2].Name)
		staff.press("add-rule", testid("error-if"))
		staff.shot(e.Name + "-b-2-condition")
		staff.fill("#if", `customer.segment == "telecom"`)
		staff.press("add-rule", testid("rules"))
		staff.shot(e.Name + "-b-3-rules")

		for _, lang := range languages(e) {
			s.byPhone(staff, lucia, key, e.Name+"-b-"+lang, lang)
		}
		staff.open(console + "/learn")
		if got := staff.text(testid("churn")); !strings.ContainsAny(got, "123456789") {
			t.Errorf("the month does not show it: %s", got)
		}
		if out, code := s.hasta("audit", "verify"); code != 0 {
			t.Errorf("audit verify: status %d\n%s", code, out)
		}
	})
}

// byPhone is the departure of one customer, from the call to the farewell.
func (s *stage) byPhone(staff, lucia *browser, key, name, lang string) {
	s.t.Helper()
	ref, mail := "TEL-"+lang, "linea-"+lang+"@cliente.example"
	s.must(s.billing.Seed(s.t.Context(), []peer.Subscription{{Reference: ref, Status: "active", AmountMinor: 3990, Currency: "EUR"}}))
	cus := s.api(key, "/v1/customers", map[string]any{
		"kind": "person", "name": "Nieves " + lang, "reference": ref, "language": lang, "segment": "telecom",
		"contacts":      []any{map[string]any{"name": "Nieves", "email": mail, "role": "owner", "language": lang}},
		"subscriptions": []any{map[string]any{"reference": ref, "product": "Fibra", "amount": map[string]any{"minor": 3990, "currency": "EUR"}, "interval": "month", "start": "2025-01-01"}},
	})
	s.api(key, "/v1/customers/"+cus["id"].(string)+"/assets", map[string]any{"reference": "R-" + lang, "kind": "equipment", "name": "Router"})
	page := s.info.Portal + "console/customers/" + cus["id"].(string)

	staff.open(page + "/promises?lang=" + lang)
	staff.fill(`[name="complaint.what"]`, "El router se apaga por la noche")
	staff.press("save-complaint", testid("complaints"))
	staff.open(page)
	for field, value := range map[string]string{"channel": "phone", "reference": "Llamada 118", "when": "now", "proof": "DNI y fecha de alta"} {
		staff.fill(`#behalf [name="`+field+`"]`, value)
	}
	staff.press("register", testid("plan"))
	file, _, _ := strings.Cut(staff.at(), "?")
	s.letter(mail, ".")

	told := s.letterWith("lucia@faro.example", "HL-", "Nieves "+lang)
	if !strings.Contains(told, file) || strings.Contains(told, "se apaga") || strings.Contains(told, mail) {
		s.t.Errorf("told of %s:\n%s", file, told)
	}
	lucia.open(file + "?lang=" + lang)
	if got := lucia.text("#back"); !strings.Contains(got, s.sample.Users[2].Name) {
		s.t.Errorf("whose it is: %s", got)
	}
	lucia.shot(name + "-4-case")
	s.actAll(lucia, file, "back")
	s.actAll(staff, file, "calm_start")
	for range 60 {
		staff.open(file)
		if state := staff.text("h1 + .badge, .row .badge"); strings.Contains(state, "errad") || strings.Contains(state, "losed") {
			break
		}
		if staff.count(testid("clock-next")+":not([aria-disabled])") > 0 {
			staff.press("clock-next", testid("plan"))
		}
		time.Sleep(200 * time.Millisecond)
	}
	s.letter(mail, "asta luego|racias|ee you|hank")
	staff.shot(name + "-5-closed")
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
