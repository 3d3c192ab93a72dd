package e2e_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"hastaluego/internal/demo"
	"hastaluego/internal/demo/peer"
	"hastaluego/internal/testkit"
)

// leavingBook is what the story of the exit follows: everything that a client
// gets back, gives back and is told at the end.
const leavingBook = `
playbook: a-story
title: {es: "La salida entera", en: "The whole exit"}
retrieval: {d: 1}
steps:
  - {id: confirm, kind: confirm, title: {es: "Confirmar", en: "Confirm"}, milestone: confirmed}
  - {id: export, kind: export_data, title: {es: "Sus datos", en: "Their data", de: "Ihre Daten", fr: "Leurs données"}, after: [confirm], milestone: data_ready}
  - {id: stop, kind: cancel_billing, title: {es: "Parar cobros", en: "Stop charges", de: "Abbuchungen beenden", fr: "Arrêter les prélèvements"}, after: [confirm], params: {system: billing}, milestone: billing_stopped}
  - id: back
    kind: return_assets
    title: {es: "Recoger lo prestado", en: "Get back what was lent", de: "Geliehenes zurückholen", fr: "Récupérer ce qui a été prêté"}
    after: [confirm]
    params: {how_es: "Pasamos a recogerlo, sin coste.", how_en: "We collect it, at no cost.", how_de: "Wir holen es kostenlos ab.", how_fr: "Nous passons le prendre, sans frais."}
    role: agent
    due: {d: 10, from: ready}
    escalate: {d: 2, to: admin}
    undo: {class: restorable, title: {es: "Devolvérselo", en: "Give it back"}}
  - id: handover
    kind: handover
    title: {es: "Entregar", en: "Hand over", de: "Übergeben", fr: "Remettre"}
    after: [confirm]
    role: agent
    due: {d: 10, from: ready}
    escalate: {d: 2, to: admin}
    undo: {class: reissuable, title: {es: "Recibirlo otra vez", en: "Take it back"}}
  - id: report
    kind: report
    title: {es: "Informe final", en: "Final report"}
    after: [confirm]
    role: agent
    due: {d: 10, from: ready}
    escalate: {d: 2, to: admin}
  - {id: effective, kind: wait, title: {es: "Fin", en: "End"}, after: [stop], params: {until: effective}, milestone: effective}
  - {id: ended, kind: verify_billing, title: {es: "Comprobar el fin", en: "Read back the end"}, after: [effective], params: {system: billing}, milestone: billing_ended}
  - {id: window, kind: wait, title: {es: "Plazo de datos", en: "Time for data"}, after: [effective, export], params: {until: end_of_retrieval}}
  - {id: agree, kind: approve, title: {es: "Aprobar el borrado", en: "Approve the erasure", de: "Die Löschung freigeben", fr: "Approuver la suppression"}, after: [window, handover, back, report], role: privacy, due: {d: 5, from: window}, escalate: {d: 1, to: admin}}
  - id: erase
    kind: erase_record
    title: {es: "Borrar y certificar", en: "Erase and certify", de: "Löschen und bescheinigen", fr: "Supprimer et certifier"}
    after: [agree, ended]
    params: {keep_years: "6", keep_why_es: "Código de Comercio, art. 30", keep_why_en: "Spanish Commercial Code, art. 30", keep_why_de: "Spanisches Handelsgesetzbuch, Art. 30", keep_why_fr: "Code de commerce espagnol, art. 30", backup_days: "30"}
    undo: {class: final}
    milestone: certified
`

// post sends JSON to the API with a key.
func (s *stage) api(key, path string, body any) map[string]any {
	s.t.Helper()
	raw, err := json.Marshal(body)
	s.must(err)
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, strings.TrimSuffix(s.info.Portal, "/")+path, bytes.NewReader(raw))
	s.must(err)
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", path+strconv.Itoa(s.told))
	s.told++
	res, err := http.DefaultClient.Do(req)
	s.must(err)
	defer res.Body.Close()
	var out map[string]any
	if res.StatusCode != http.StatusNoContent {
		s.must(json.NewDecoder(res.Body).Decode(&out))
	}
	if res.StatusCode >= 300 {
		s.t.Fatalf("%s: %d %v", path, res.StatusCode, out)
	}
	return out
}

// enter opens the console as somebody of the sample company with the role.
func (s *stage) enter(role, lang string) *browser {
	s.t.Helper()
	b := openBrowser(s.t)
	who := slices.IndexFunc(s.sample.Users, func(u demo.Person) bool { return slices.Contains(u.Roles, role) })
	b.open(s.info.Portal + "console?lang=" + lang)
	b.do(chromedp.SendKeys(chromedp.CSS("#login"), s.sample.Users[who].Login), chromedp.SendKeys(chromedp.CSS("#password"), s.sample.Password))
	b.press("signin", testid("me"))
	return b
}

// A client leaves an agency, in one language: what was lent comes back with a
// receipt, what is theirs is handed over and accepted by them, a password goes
// in an envelope that opens once, the final report is read, and at the end our
// record of them is erased and they hold the certificate.
func TestAClientLeavesWithEverythingThatIsTheirs(t *testing.T) {
	t.Parallel()
	eachStage(t, func(t *testing.T, e testkit.Engine) {
		s := setStage(t, e.URL)
		out, code := s.hasta("key", "add", "historia", "--scopes", "playbooks:write,playbooks:read,customers:write,customers:read,statements:act,statements:read")
		if code != 0 {
			t.Fatal(out)
		}
		key := ""
		for _, word := range strings.Fields(out) {
			if strings.HasPrefix(word, "hl_") {
				key = word
			}
		}
		s.api(key, "/v1/playbooks", map[string]any{"source": leavingBook})
		admin := s.enter("admin", "es")
		admin.open(s.info.Portal + "console/playbooks")
		admin.press("activate", testid("me"))
		for _, lang := range languages(e) {
			ref, mail := "ST-"+lang, "cliente-"+lang+"@almena.example"
			s.must(s.billing.Seed(t.Context(), []peer.Subscription{{Reference: ref, Status: "active", AmountMinor: 9000, Currency: "EUR"}}))
			cus := s.api(key, "/v1/customers", map[string]any{
				"kind": "organisation", "name": "Estudio " + lang, "reference": ref, "language": lang,
				"contacts":      []any{map[string]any{"name": "Marta " + lang, "email": mail, "role": "owner", "language": lang}},
				"subscriptions": []any{map[string]any{"reference": ref, "product": "Web", "amount": map[string]any{"minor": 9000, "currency": "EUR"}, "interval": "month", "start": "2025-01-01"}},
			})
			for kind, name := range map[string]string{"site": "almena.example", "credential": "Servidor", "equipment": "Router"} {
				s.api(key, "/v1/customers/"+cus["id"].(string)+"/assets", map[string]any{"reference": kind, "kind": kind, "name": name})
			}
			s.api(key, "/v1/customers/"+cus["id"].(string)+"/assets", map[string]any{
				"reference": "domain-name", "kind": "licence", "name": "almena.example", "owner": "third_party", "renews_on": "2027-03-01",
				"renewal": map[string]any{"minor": 1210, "currency": "EUR"}, "payer": "client",
			})
			// An invoice that is paid is what the law keeps of them.
			sums := "/v1/customers/" + cus["id"].(string) + "/balances"
			invoice := s.api(key, sums, map[string]any{"reference": "F-1", "kind": "invoice", "amount": map[string]any{"minor": 9000, "currency": "EUR"}, "due_on": "2026-12-31"})
			s.api(key, sums+"/"+invoice["id"].(string)+"/settle", map[string]any{"status": "paid"})
			s.exit(e.Name+"-"+lang, lang, mail)
		}
		if out, code := s.hasta("audit", "verify"); code != 0 {
			t.Errorf("audit verify: status %d\n%s", code, out)
		}
		s.stop()
	})
}

func (s *stage) exit(name, lang, mail string) {
	s.t.Helper()
	words := map[string]map[string]string{
		"es": {"envelope": "sobre", "confirm": "onfirma", "certificate": "ertificado", "once": "ya no existe"},
		"en": {"envelope": "envelope", "confirm": "onfirm", "certificate": "ertificate", "once": "no longer exists"},
	}[lang]
	b := openBrowser(s.t)
	b.open(s.info.Portal + "?lang=" + lang)
	b.do(chromedp.SendKeys(chromedp.CSS("#account"), mail), chromedp.Click(chromedp.CSS(`input[value="now"]`)))
	b.press("confirm", testid("ack"))
	b.open(s.link(s.letter(mail, words["confirm"]), "/v/"))
	b.press("act", testid("receipt"))
	b.press("follow", testid("returns"))
	private, err := chromedp.Run(b.ctx, chromedp.Location())
	s.must(err)
	private, _, _ = strings.Cut(private, "?")
	b.shot(name + "-1-track")

	agent := s.enter("agent", lang)
	agent.open(s.info.Portal + "console?view=open")
	agent.turn(testid("cases")+` th a[href*="/cases/"]`, testid("plan"))
	for range 3 { // the newest is not always the first
		if strings.Contains(agent.text("h1"), "Estudio "+lang) {
			break
		}
		agent.open(s.info.Portal + "console?view=open&q=" + "Estudio+" + lang)
		agent.turn(testid("cases")+` th a[href*="/cases/"]`, testid("plan"))
	}
	file, err := chromedp.Run(agent.ctx, chromedp.Location())
	s.must(err)
	agent.shot(name + "-2-case")
	agent.do(chromedp.Click(chromedp.CSS(testid("end-return"))), chromedp.SendKeys(chromedp.CSS(testid("returns")+" textarea"), "Llegó en su caja"))
	agent.press("returned", testid("return-receipt"))
	// Whom we named as the new owner is confirmed by them before the site is given.
	check := axe(s.t)
	agent.do(chromedp.Click(chromedp.CSS(testid("name-owner"))), chromedp.SendKeys(chromedp.CSS(`input[name="new_owner"]`), "Ana Ruiz"),
		chromedp.SendKeys(chromedp.CSS(`input[name="new_owner_email"]`), "ana@almena.example"))
	agent.press("owner-named", testid("plan"))
	b.inspect(check, name+"-2-owner", private+"/handover")
	b.open(private + "/handover?lang=" + lang)
	b.press("confirm-owner", testid("owner-says"))
	if got := b.text(testid("owner-says")); !strings.Contains(got, "Ana Ruiz, ana@almena.example") {
		s.t.Errorf("the new owner: %s", got)
	}
	b.press("prefer-in-person", testid("prefer-envelope"))
	b.press("prefer-envelope", testid("prefer-in-person"))
	key := ""
	for agent.count(testid("handed")+" details:not([data-done])") > 0 {
		open := `[...document.querySelectorAll('[data-testid="handed"]')].findIndex(li => li.querySelector('details') && !li.textContent.includes('A su nombre'))`
		i, err := chromedp.Run(agent.ctx, chromedp.Evaluate[int](open))
		s.must(err)
		if i < 0 {
			break
		}
		li := testid("handover") + " > li:nth-child(" + string(rune('1'+i)) + ")"
		agent.do(chromedp.Click(chromedp.CSS(li+" "+testid("give"))), chromedp.SendKeys(chromedp.CSS(li+` textarea[name="how"]`), "A su nombre"))
		if agent.count(li+` textarea[name="secret"]`) > 0 {
			key = agent.keyShown()
			many, err := chromedp.Run(agent.ctx, chromedp.Evaluate[int](`(() => {
				const form = document.querySelector('[data-gives]'), more = form.querySelector('[data-another]');
				for (let i = 0; i < 60 && !more.closest('[hidden]'); i++) more.click();
				const groups = [...form.querySelectorAll('[data-entry]')];
				groups.slice(1).forEach((g) => g.remove());
				return groups.length;
			})()`))
			if s.must(err); many != 50 {
				s.t.Errorf("an envelope is offered for %d credentials", many)
			}
			agent.do(chromedp.SendKeys(chromedp.CSS(li+` textarea[name="secret"]`), "llave-inconfundible"))
			agent.shot(name + "-2-giving")
		}
		agent.turn(li+" "+testid("given"), testid("plan"))
	}
	agent.do(chromedp.SendKeys(chromedp.CSS(testid("form-report")+` textarea[name="summary"]`), "Hicimos la web"),
		chromedp.SendKeys(chromedp.CSS(testid("form-report")+` textarea[name="figures"]`), "Visitas: 1.206 al mes (Analytics)"))
	agent.press("finish-report", testid("plan"))
	agent.shot(name + "-3-given")

	envelope := s.link(s.letter(mail, words["envelope"]), "/e/")
	b.open(envelope)
	b.shot(name + "-4-envelope")
	if got := b.unseal(envelope, key); !strings.Contains(got, "llave-inconfundible") || !strings.Contains(b.text("main"), words["once"]) {
		s.t.Errorf("the envelope: %s", b.text("main"))
	}
	b.shot(name + "-5-secret")
	b.open(envelope)
	if b.count(testid("opened")) != 1 || b.count(testid("open")) != 0 {
		s.t.Errorf("the envelope again: %s", b.text("main"))
	}
	b.open(private + "/handover")
	b.shot(name + "-6-handover")
	b.do(chromedp.Click(chromedp.CSS(testid("handover-item") + `:nth-of-type(1) input[value="no"]`)))
	b.press("answer", testid("error-lacks"))
	b.shot(name + "-7-lacks")
	for range 2 {
		b.do(chromedp.Click(chromedp.CSS(testid("handover-item") + ` input[value="yes"]`)))
		b.turn(testid("answer"), "h1")
	}
	if b.count(testid("all-right")) != 1 {
		s.t.Fatalf("not all is accepted: %s", b.text("main"))
	}
	b.press("rotated", testid("all-right"))
	b.open(private + "/report")
	if !strings.Contains(b.text(testid("report")), "1.206") {
		s.t.Errorf("the report: %s", b.text("main"))
	}
	b.shot(name + "-8-report")
	s.fetchPDF(private + "/report.pdf")
	agent.open(file)
	agent.press("draw-act", testid("act"))
	agent.inspect(check, name+"-8-acts", file)
	b.inspect(check, name+"-8-act-open", private+"/handover")
	b.open(private + "/handover?lang=" + lang)
	b.do(chromedp.SendKeys(chromedp.CSS("#act-name"), "Marta Ibáñez"))
	b.press("accept-act", testid("error-act-agrees"))
	b.shot(name + "-8-act")
	b.do(chromedp.Click(chromedp.CSS(testid("act-agrees"))))
	b.press("accept-act", testid("act-accepted"))
	b.inspect(check, name+"-8-act-accepted", private+"/handover")
	s.fetchPDF(private + "/act.pdf")
	s.fetchPDF(private + "/act/accepted.pdf")

	privacy := s.enter("privacy", lang)
	for try := range 60 {
		if privacy.open(file); privacy.count(testid("approve")) > 0 {
			break
		}
		if privacy.count(testid("clock-next")+":not([aria-disabled])") > 0 {
			privacy.press("clock-next", testid("plan"))
		}
		breath(try)
	}
	privacy.do(chromedp.SendKeys(chromedp.CSS(`#agree textarea[name="note"]`), "De acuerdo"))
	privacy.press("approve", testid("plan"))
	s.link(s.letter(mail, words["certificate"]), "/c/")
	b.open(private)
	b.press("see-certificate", testid("certificate"))
	b.shot(name + "-9-certificate")
	s.fetchPDF(private + "/certificate.pdf")
	b.open(private + "/report")
	if b.count(testid("fail")) != 1 {
		s.t.Errorf("the report outlived the erasure: %s", b.text("main"))
	}
	if out, code := s.hasta("audit", "verify"); code != 0 {
		s.t.Errorf("after the erasure: status %d\n%s", code, out)
	}
	// What the law keeps is put away; whoever looks after privacy may hold it.
	privacy.open(file)
	privacy.do(chromedp.Click(chromedp.CSS(testid("retained-item") + " summary" + testid("retained-hold"))))
	privacy.shot(name + "-A-retained")
	privacy.do(chromedp.SendKeys(chromedp.CSS(testid("retained-item")+` input[id^="hold-"]`), "12/2030"))
	privacy.turn(testid("retained-item")+` details[open] button`, testid("retained-lift"))
	privacy.shot(name + "-B-held")
	if dir := os.Getenv("HASTA_SHOTS"); dir != "" {
		for _, page := range []string{"", "/certificate"} {
			b.do(chromedp.EmulateViewport(390, 844), b.theme("dark"))
			b.open(private + page)
			b.shot(filepath.Base(name) + "-narrow" + strings.ReplaceAll(page, "/", "-"))
		}
		privacy.do(chromedp.EmulateViewport(390, 844), privacy.theme("dark"))
		privacy.open(file)
		privacy.shot(name + "-C-narrow")
		b.do(chromedp.EmulateViewport(1280, 900), b.theme("light"))
	}
}
