package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/xuri/excelize/v2"

	"hastaluego/internal/demo/peer"
	"hastaluego/internal/testkit"
)

// The client of an agency, as a file brings them, with what is to be handed
// over; and another client, so that the company has twelve.
const (
	clientsCSV = `ref,name,person,email,segment,price
BO-1,Bodega Ría Alta,Carmen Louro,carmen@riaalta.example,agency,450
BO-2,Librería Faro Norte,Xosé Prado,xose@faronorte.example,small,60
`
	clientsMap = `as_of: %s
fields:
  customer.reference: {column: ref}
  customer.name: {column: name}
  customer.kind: {value: organisation}
  customer.country: {value: ES}
  customer.language: {value: %s}
  customer.segment: {column: segment}
  contact.name: {column: person}
  contact.email: {column: email}
  subscription.reference: {column: ref}
  subscription.product: {value: Faro}
  subscription.amount: {column: price}
  subscription.currency: {value: EUR}
  subscription.start: {expr: 'addDays(addMonths(as_of, -14), 12)'}
`
	assetsCSV = `ref,asset,kind,name
BO-1,web,site,riaalta.example
BO-1,ads,ads,Campañas de otoño
BO-1,wifi,credential,Clave del alojamiento
`
	assetsMap = `as_of: %s
existing: true
fields:
  customer.reference: {column: ref}
  asset.reference: {column: asset}
  asset.kind: {column: kind}
  asset.name: {column: name}
`
)

// fillIn writes something plain into every field of a form that needs a word
// and has none, as somebody does who has no doubts.
const fillIn = `function fillIn(form) {
  const seen = {};
  for (const e of form.elements) {
    if (!e.name || e.type === 'hidden' || e.type === 'file' || e.type === 'submit') continue;
    if (e.type === 'radio') {
      if (seen[e.name]) continue;
      seen[e.name] = true;
      const all = [...form.elements].filter(x => x.name === e.name);
      if (!all.some(x => x.checked)) all[0].checked = true;
    } else if (e.tagName === 'TEXTAREA' || e.type === 'text') {
      if (!e.value && !/amount|money|currency|secret|^(age|sha256|format)$/.test(e.name)) e.value = 'Visto con el contrato delante';
    } else if (e.type === 'date') {
      if (!e.value) e.value = new Date().toISOString().slice(0, 10);
    } else if (e.tagName === 'SELECT' && !e.value) {
      e.value = [...e.options].map(o => o.value).find(v => v);
    }
  }
}`

// actions are what a person may do on the page of a case without deciding
// anything else than to go on.
const actions = `['tick', 'finish-', 'complete', 'approve', 'returned']`

// actAll does what this person may do on a case, or about one step of it, until
// nothing is left.
func (s *stage) actAll(b *browser, page string, step ...string) (did int) {
	s.t.Helper()
	where := testid("plan")
	if len(step) > 0 {
		where = "#" + step[0]
	}
	b.open(page)
	fresh := true
	for range 80 {
		what, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`(() => { `+fillIn+`
		  for (const e of document.querySelectorAll('`+where+` button[data-testid]')) {
		    if (e.getAttribute('aria-disabled') || !`+actions+`.some(a => e.dataset.testid.startsWith(a))) continue;
		    for (let d = e.closest('details'); d; d = d.parentElement.closest('details')) d.open = true;
		    fillIn(e.form);
		    e.dataset.go = '1';
		    return e.dataset.testid;
		  }
		  return '';
		})()`))
		s.must(err)
		switch {
		case what == "" && fresh:
			return did
		case what == "": // the engine may have gone on meanwhile
			b.open(page)
			fresh = true
			continue
		}
		fresh = false
		b.turn("[data-go]", testid("plan"))
		if b.count(testid("fail")+", .error:not(:empty)") > 0 {
			s.t.Fatalf("%s at %s: %s", what, page, b.text("main"))
		}
		did++
	}
	s.t.Fatalf("there is no end to what is to be done at %s", page)
	return did
}

// as makes the browser that of another person of the company.
func (s *stage) as(b *browser, user int) {
	s.t.Helper()
	b.do(chromedp.SetValue(chromedp.CSS("#view-as"), optionOf(b, s.sample.Users[user].Name)))
	b.turn(testid("view-as")+" button", testid("view-as"))
}

// fill opens what hides a field and writes into it.
func (b *browser) fill(css, value string) {
	b.t.Helper()
	ok, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](fmt.Sprintf(`(() => {
	  const e = document.querySelector(%q);
	  if (!e) return false;
	  for (let d = e.closest('details'); d; d = d.parentElement.closest('details')) d.open = true;
	  e.value = %q;
	  return true;
	})()`, css, value)))
	if err != nil || !ok {
		b.t.Fatalf("%s: %v\n%s", css, err, b.text("main"))
	}
}

// shows waits until the page has what it is to have.
func (b *browser) shows(page, css string) {
	b.t.Helper()
	for try := range 200 {
		b.open(page)
		if b.count(css) > 0 {
			return
		}
		breath(try)
	}
	b.t.Fatalf("%s never has %s: %s", page, css, b.text("main"))
}

// says waits until the page has the words.
func (b *browser) says(page, words string) {
	b.t.Helper()
	for try := range 200 {
		b.open(page)
		if strings.Contains(b.text("main"), words) {
			return
		}
		breath(try)
	}
	b.t.Fatalf("%s never says %q: %s", page, words, b.text("main"))
}

// choose takes the option that bears the words.
func (b *browser) choose(css, words string) {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](fmt.Sprintf(
		`[...document.querySelector(%q).options].find(o => o.textContent.includes(%q))?.value ?? ''`, css, words)))
	if err != nil || v == "" {
		b.t.Fatalf("%s has no %q: %v", css, words, err)
	}
	b.fill(css, v)
}

// file writes a file beside the stage and returns its path.
func (s *stage) file(name, content string) string {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), name)
	s.must(os.WriteFile(path, []byte(content), 0o600))
	return path
}

// ran runs the program and expects that it ends well.
func (s *stage) ran(args ...string) string {
	s.t.Helper()
	out, code := s.hasta(args...)
	if code != 0 {
		s.t.Fatalf("hasta %s: status %d\n%s", strings.Join(args, " "), code, out)
	}
	return out
}

// A risk is seen and a play begun; the client of an agency asks to leave, is
// listened to, declines what is proposed, gets everything back, is erased and
// said goodbye to; what was learnt is in the figures and in the workbook.
func TestTheWholeJourney(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		// It takes minutes: in CI its stages are told one by one on PostgreSQL.
		if e.Name != "sqlite" && !everything {
			return
		}
		for _, lang := range languages(e) {
			t.Run(lang, func(t *testing.T) { journey(t, e.AnotherMigrated(t), lang) })
		}
	})
}

func journey(t *testing.T, e testkit.Engine, lang string) {
	s := setStageIn(t, e.URL, lang)
	today := time.Now().Format(time.DateOnly)
	s.ran("import", "customers", s.file("clients.csv", clientsCSV), "--map", s.file("clients.yaml", fmt.Sprintf(clientsMap, today, lang)))
	s.ran("import", "customers", s.file("assets.csv", assetsCSV), "--map", s.file("assets.yaml", fmt.Sprintf(assetsMap, today)))
	s.must(s.billing.Seed(t.Context(), []peer.Subscription{
		{Reference: "BO-1", Status: "active", AmountMinor: 45000, Currency: "EUR"}, {Reference: "BO-2", Status: "active", AmountMinor: 6000, Currency: "EUR"},
	}))
	var use strings.Builder
	use.WriteString("customer,date,use\n")
	for ago := 1; ago < 120; ago++ {
		n := 40
		if ago < 28 {
			n = 9
		}
		fmt.Fprintf(&use, "BO-1,%s,%d\n", time.Now().AddDate(0, 0, -ago).Format(time.DateOnly), n)
	}
	s.ran("import", "readings", s.file("use.csv", use.String()))
	var wrong strings.Builder
	wrong.WriteString("customer,date,metric\n")
	for _, ago := range []int{3, 9, 20, 30} {
		fmt.Fprintf(&wrong, "BO-1,%s,incidents\n", time.Now().AddDate(0, 0, -ago).Format(time.DateOnly))
	}
	s.ran("import", "readings", s.file("wrong.csv", wrong.String()))

	console := s.info.Portal + "console"
	staff := s.signIn(0)

	// Two people put the playbook of agencies to use.
	agency, err := os.ReadFile(filepath.Join(testkit.Root(t), "internal", "playbook", "builtin", "agency.yaml"))
	s.must(err)
	staff.open(console + "/playbooks")
	staff.fill(`textarea[name="source"]`, string(agency))
	staff.press("propose", testid("kept"))
	other := s.signIn(2)
	other.open(console + "/playbooks")
	other.press("activate", testid("playbook"))

	// Anticipate.
	staff.says(console+"/risks", "Bodega Ría Alta")
	staff.shot(e.Name + "-journey-1-risks")
	staff.follow(testid("risks")+" th a", "Bodega Ría Alta", testid("plays"))
	customer, err := chromedp.Run(staff.ctx, chromedp.Location())
	s.must(err)
	customer = strings.TrimSuffix(strings.Split(customer, "?")[0], "/risk")
	staff.press("open-play", testid("save-plan"))
	staff.fill(`[name="plan"]`, "Llamar y preguntar qué no les sirve")
	staff.fill(`[name="due"]`, time.Now().AddDate(0, 0, 3).Format(time.DateOnly))
	staff.choose(`[name="owner"]`, s.sample.Users[0].Name)
	staff.press("save-plan", testid("begin-play"))
	staff.press("begin-play", testid("finish-play"))

	// A complaint stands behind what comes.
	staff.open(customer + "/promises")
	staff.fill(`[name="complaint.what"]`, "La web estuvo caída dos días en octubre")
	staff.shot(e.Name + "-journey-2-customer")
	staff.press("save-complaint", testid("complaints"))

	// Request.
	b := openBrowser(t)
	const account = "carmen@riaalta.example"
	b.open(s.info.Portal + "?lang=" + lang)
	b.do(chromedp.SendKeys(chromedp.CSS("#name"), "Carmen Louro"), chromedp.SendKeys(chromedp.CSS("#account"), account),
		chromedp.SendKeys(chromedp.CSS("#receipt"), "carmen@casa.example"), chromedp.Click(chromedp.CSS(`input[value="period_end"]`)))
	b.press("confirm", testid("ack"))
	b.open(s.link(s.letter(account, "."), "/v/"))
	b.press("act", testid("receipt"))
	b.press("follow", testid("state"))
	private, err := chromedp.Run(b.ctx, chromedp.Location())
	s.must(err)
	private = strings.Split(private, "?")[0]

	// Answer: the first evaluation is written before anybody talks.
	staff.shows(console, testid("cases")+" th a")
	staff.turn(testid("cases")+" th a", testid("plan"))
	page, err := chromedp.Run(staff.ctx, chromedp.Location())
	s.must(err)
	page = strings.Split(page, "?")[0]
	if staff.count(testid("unsolved")) == 0 {
		t.Error("the unsolved incident behind the request is not seen")
	}
	s.actAll(staff, page, "calm_start")
	staff.shows(page, testid("form-first_evaluation"))
	if got, err := chromedp.Run(staff.ctx, chromedp.Evaluate[string](`document.querySelector('[data-testid="form-first_evaluation"] input[value="falling"]').checked + ""`)); err != nil || got != "true" {
		t.Errorf("the first evaluation does not know of the falling use: %v %v", got, err)
	}
	staff.shot(e.Name + "-journey-3-case")

	// "We fix it by …" is proposed, and declined.
	for field, words := range map[string]string{
		"offer.heard": "Que la web se cae y nadie avisa", "offer.what": "Cambiarla de alojamiento", "offer.changes": "Aviso en una hora\nAlojamiento nuevo",
		"offer.by": time.Now().AddDate(0, 0, 20).Format(time.DateOnly), "offer.until": time.Now().AddDate(0, 0, 5).Format(time.DateOnly),
	} {
		staff.fill(`[name="`+field+`"]`, words)
	}
	staff.fill(`[name="offer.kind"]`, "fix")
	staff.press("make-offer", testid("offer-made"))
	b.open(private + "/answer")
	b.shot(e.Name + "-journey-4-answer")
	b.press("decline", "main")
	b.shot(e.Name + "-journey-5-declined")
	b.open(private)
	if b.count(testid("answer")) > 0 {
		t.Error("what was declined is brought up again")
	}

	// Another client leaves, and allows one letter.
	const second = "xose@faronorte.example"
	b.open(s.info.Portal + "?lang=" + lang)
	b.do(chromedp.SendKeys(chromedp.CSS("#name"), "Xosé Prado"), chromedp.SendKeys(chromedp.CSS("#account"), second),
		chromedp.SendKeys(chromedp.CSS("#receipt"), "xose@casa.example"), chromedp.Click(chromedp.CSS(`input[value="period_end"]`)))
	b.press("confirm", testid("ack"))
	b.open(s.link(s.letter(second, "."), "/v/"))
	b.press("act", testid("receipt"))
	b.press("follow", testid("state"))
	if b.count(testid("allow-box")+":checked") > 0 {
		t.Error("the box of consent is ticked before anybody ticked it")
	}
	b.do(chromedp.Click(chromedp.CSS(testid("allow-box"))))
	b.press("allow-save", testid("allowed"))
	staff.open(console + "?view=all")
	staff.follow(testid("cases")+" th a", "Librería Faro Norte", testid("plan"))
	page2, err := chromedp.Run(staff.ctx, chromedp.Location())
	s.must(err)
	page2 = strings.Split(page2, "?")[0]

	// What people of the company have to do, each in their turn.
	everybody := func() {
		for did := 1; did > 0; {
			did = 0
			for user := range s.sample.Users {
				staff.open(page)
				s.as(staff, user)
				did += s.actAll(staff, page) + s.actAll(staff, page2)
			}
			// Whoever acts as another stays who they are: what a second person has to
			// decide waits for one who signed in herself.
			did += s.actAll(other, page) + s.actAll(other, page2)
		}
		staff.open(page)
		s.as(staff, 0)
	}
	everybody()

	// Handover: given by us, accepted by the client alone.
	key := ""
	for n := range 3 {
		staff.shows(page, testid("given"))
		key += s.give(staff, n)
	}
	b.open(private + "/handover?lang=" + lang)
	b.shot(e.Name + "-journey-6-handover")
	b.all(`input[type="radio"][value="yes"]`)
	b.press("answer", testid("all-right"))
	if got := b.unseal(s.link(s.letterWith(account, ".", "/e/"), "/e/"), key); !strings.Contains(got, "clave-del-alojamiento") {
		t.Errorf("in the envelope: %s", got)
	}
	b.open(private + "/handover?lang=" + lang)
	b.press("rotated", testid("all-right"))

	// The end date comes, and the goodbye.
	until := func(page, css string) {
		for range 40 {
			everybody()
			staff.open(page)
			if staff.count(css) > 0 {
				return
			}
			if staff.count(testid("clock-next")+":not([aria-disabled])") > 0 {
				staff.press("clock-next", testid("clock"))
			}
			time.Sleep(300 * time.Millisecond)
		}
		t.Fatalf("%s never comes to %s: %s", page, css, staff.text("main"))
	}
	until(page, "#third_evaluation "+testid("answers"))
	until(page2, ".row .badge.ok, h1 + .badge.ok")
	staff.shot(e.Name + "-journey-7-ended")
	b.open(s.link(s.letterWith(account, ".", "/bye/"), "/bye/"))
	b.shot(e.Name + "-journey-8-bye")

	// Learn.
	staff.open(console + "/learn")
	staff.shot(e.Name + "-journey-9-learn")
	rate := map[string]string{"es": "14,29", "en": "14.29"}[lang]
	if got := staff.text(testid("churn")); !strings.Contains(got, rate) {
		t.Errorf("churn is not %s %%: %s", rate, got)
	}
	book := filepath.Join(t.TempDir(), "departures.xlsx")
	s.ran("metrics", "workbook", book)
	if got := sheet(t, book); !strings.Contains(got, "Bodega Ría Alta") || !strings.Contains(got, "Librería Faro Norte") {
		t.Errorf("the workbook lacks who left: %s", got)
	}

	// Win back: whoever allowed a letter gets one, and comes back with one click.
	staff.open(console + "/winback")
	if got := staff.text(testid("leavers")); !strings.Contains(got, "Librería Faro Norte") {
		t.Errorf("the list of leavers: %s", got)
	}
	staff.all("#letter textarea, #letter input[type=text]")
	staff.press("preview-letter", testid("preview"))
	staff.shot(e.Name + "-journey-10-letter")
	staff.press("send", testid("sent"))
	b.open(s.link(s.letterWith(second, ".", "/b/"), "/b/"))
	b.press("return", testid("return-asked"))
	b.shot(e.Name + "-journey-11-back")

	// Erasure, with a certificate; whoever is erased is in no list any more.
	until(page, "#erase_record .state.verified, #erase_record .evidence")
	b.shows(private, testid("see-certificate"))
	b.press("see-certificate", testid("certificate"))
	b.shot(e.Name + "-journey-12-certificate")
	staff.open(console + "/customers?q=Bodega")
	if got := staff.text("main"); strings.Contains(got, "Bodega Ría Alta") {
		t.Error("whoever was erased is still found")
	}
	if out, code := s.hasta("audit", "verify"); code != 0 {
		t.Errorf("audit verify: status %d\n%s", code, out)
	}
}

// give hands over the n-th thing of a handover, a credential in an envelope whose key
// it returns.
func (s *stage) give(b *browser, n int) (key string) {
	s.t.Helper()
	key, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](fmt.Sprintf(`(() => { `+fillIn+`
	  const e = document.querySelectorAll('[data-testid="given"]')[%d];
	  if (!e) return 'none';
	  for (let d = e.closest('details'); d; d = d.parentElement.closest('details')) d.open = true;
	  fillIn(e.form);
	  const secret = e.form.querySelector('[name$="secret"]'), way = e.form.querySelector('select[name$="way"]');
	  if (way) way.value = 'envelope';
	  if (secret) secret.value = 'clave-del-alojamiento';
	  e.dataset.go = '1';
	  return e.form.querySelector('[data-key]')?.textContent || '';
	})()`, n)))
	s.must(err)
	if key == "none" {
		s.t.Fatalf("there is no thing %d to hand over: %s", n, b.text("main"))
	}
	b.turn("[data-go]", testid("handover"))
	return key
}

// all ticks, or fills in, everything that fits.
func (b *browser) all(css string) {
	b.t.Helper()
	_, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](fmt.Sprintf(`(() => {
	  for (const e of document.querySelectorAll(%q)) e.type === 'radio' ? e.checked = true : e.value ||= 'Visto con el contrato delante';
	  return true;
	})()`, css)))
	if err != nil {
		b.t.Fatal(err)
	}
}

// sheet is what stands in the cells of a workbook.
func sheet(t *testing.T, path string) string {
	t.Helper()
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []string
	for _, name := range f.GetSheetList() {
		rows, err := f.GetRows(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			all = append(all, strings.Join(r, " | "))
		}
	}
	return strings.Join(all, "\n")
}
