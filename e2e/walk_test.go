package e2e_test

import (
	"database/sql"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"hastaluego/internal/demo/peer"
	"hastaluego/internal/testkit"
)

// A customer of the telco table leaves: portal, letters, two people in the
// console, the clock pushed to the end, the log verified; then one byte of the
// log is changed, and that is found.
func TestATelcoCustomerLeaves(t *testing.T) {
	t.Parallel()
	file := testkit.Shared(t, "telco_ibm.csv")
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		s := setStage(t, e.URL)
		out, code := s.hasta("import", "customers", file, "--map", filepath.Join(testkit.Root(t), "examples", "telco.map.yaml"))
		if code != 0 || !strings.Contains(out, "7,043 rows: 7,043 new") {
			t.Fatalf("import: status %d\n%s", code, out)
		}
		const ref, account, receipt = "5575-GNVDE", "5575-gnvde@telco.example", "casa@cliente.example"
		s.must(s.billing.Seed(t.Context(), []peer.Subscription{{Reference: ref, Status: "active", AmountMinor: 5695, Currency: "EUR"}}))

		b := openBrowser(t)
		b.open(s.info.Portal + "?lang=es")
		b.shot(e.Name + "-1-form")
		b.do(chromedp.SendKeys(chromedp.CSS("#name"), "José Muñoz 🙂"), chromedp.SendKeys(chromedp.CSS("#account"), account),
			chromedp.SendKeys(chromedp.CSS("#receipt"), receipt), chromedp.Click(chromedp.CSS(`input[value="period_end"]`)))
		b.press("confirm", testid("ack"))
		b.shot(e.Name + "-2-ack")
		if got := b.text(testid("ack")); !strings.Contains(got, "HL-") || strings.Contains(got, "José") {
			t.Errorf("acknowledgement: %s", got)
		}
		s.letter(receipt, "HL-")
		b.open(s.link(s.letter(account, "."), "/v/"))
		b.press("act", testid("receipt"))
		b.shot(e.Name + "-3-receipt")
		s.letter(receipt, "ustificante")
		b.press("follow", testid("state"))
		b.shot(e.Name + "-4-track")
		private, err := chromedp.Run(b.ctx, chromedp.Location())
		s.must(err)
		s.fetchPDF(private + "/receipt.pdf")

		staff := openBrowser(t)
		staff.open(s.info.Portal + "console")
		staff.do(chromedp.WaitVisible(chromedp.CSS("#login")), chromedp.SendKeys(chromedp.CSS("#login"), s.sample.Users[0].Login),
			chromedp.SendKeys(chromedp.CSS("#password"), s.sample.Password))
		staff.press("signin", testid("cases"))
		staff.shot(e.Name + "-5-inbox")
		staff.turn(testid("cases")+" th a", testid("plan"))
		staff.shot(e.Name + "-6-case")
		casefile, err := chromedp.Run(staff.ctx, chromedp.Location())
		s.must(err)
		s.workAll(staff)
		staff.do(chromedp.SetValue(chromedp.CSS("#view-as"), optionOf(staff, s.sample.Users[1].Name)))
		staff.turn(testid("view-as")+" button", testid("viewing-as"))
		staff.open(casefile)
		s.workAll(staff)

		s.untilPortal(b, private, "comprobad", "Cobros parados")
		for range 4 {
			staff.open(casefile)
			if strings.Contains(staff.text("h1 + .badge, .row .badge"), "errad") {
				break
			}
			if staff.count(testid("clock-next")+":not([aria-disabled])") == 0 {
				break
			}
			staff.press("clock-next", testid("plan"))
			time.Sleep(300 * time.Millisecond)
		}
		s.letter(account, "asta luego|racias")
		b.open(private)
		b.shot(e.Name + "-7-closed")
		if got := b.text("h1"); !strings.Contains(got, "hecha y comprobada") {
			t.Errorf("the private page says %q", got)
		}
		b.open(s.link(s.letter(account, "asta luego|racias"), "/bye/"))
		b.do(chromedp.WaitVisible(chromedp.CSS(testid("bye"))))
		b.shot(e.Name + "-8-bye")
		staff.open(casefile)
		staff.shot(e.Name + "-9-case-closed")
		effects, err := s.billing.Effects(t.Context(), ref)
		s.must(err)
		if len(effects) != 1 {
			t.Errorf("effects at the billing system: %v", effects)
		}

		if out, code := s.hasta("audit", "verify"); code != 0 {
			t.Errorf("audit verify: status %d\n%s", code, out)
		}
		s.stop()
		s.changeOneByte(e)
		if out, code := s.hasta("audit", "verify"); code != 1 || !strings.Contains(out, "found:") {
			t.Errorf("audit verify after a byte was changed: status %d\n%s", code, out)
		}
	})
}

// workAll ticks every item that this person may tick and completes the step.
func (s *stage) workAll(b *browser) {
	s.t.Helper()
	for mine := testid("tick") + ":not([aria-disabled])"; b.count(mine) > 0; {
		b.turn(mine, testid("plan"))
	}
	b.do(chromedp.SendKeys(chromedp.CSS(`textarea[name="note"]`), "Revisado con el contrato delante"))
	b.press("complete", testid("plan"))
}

// optionOf returns the value of the option that names a person.
func optionOf(b *browser, name string) string {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`[...document.querySelectorAll('#view-as option')].find(o => o.textContent.includes('`+name+`')).value`))
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

// untilPortal reloads the private page until a step's part says the word.
func (s *stage) untilPortal(b *browser, page, word, step string) {
	s.t.Helper()
	for try := range 100 {
		b.open(page)
		for _, li := range strings.Split(b.text(".milestones"), "\n\n") {
			if strings.Contains(li, step) && strings.Contains(strings.ToLower(b.text("main")), word) && b.count(".milestones li.done") >= 3 {
				return
			}
		}
		breath(try)
	}
	s.t.Fatalf("%s never said %q: %s", step, word, b.text("main"))
}

func (s *stage) fetchPDF(url string) {
	s.t.Helper()
	res, err := http.Get(url)
	s.must(err)
	defer res.Body.Close()
	head := make([]byte, 5)
	_, err = res.Body.Read(head)
	if res.StatusCode != http.StatusOK || string(head) != "%PDF-" {
		s.t.Errorf("the receipt as PDF: %s %q %v", res.Status, head, err)
	}
}

// changeOneByte changes one stored byte of the log, behind the back of the
// program and of the trigger that guards the table.
func (s *stage) changeOneByte(e testkit.Engine) {
	s.t.Helper()
	driver, dsn, drop := "sqlite", s.info.Database, "DROP TRIGGER audit_entry_fixed"
	if e.Name == "postgres" {
		driver, dsn, drop = "pgx", e.URL, "DROP TRIGGER audit_entry_fixed ON audit_entry"
	}
	db, err := sql.Open(driver, dsn)
	s.must(err)
	defer db.Close()
	_, err = db.Exec(drop)
	s.must(err)
	res, err := db.Exec("UPDATE audit_entry SET actor = 'customes' WHERE id = (SELECT MIN(id) FROM audit_entry WHERE actor = 'customer')")
	s.must(err)
	if n, err := res.RowsAffected(); n != 1 || err != nil {
		s.t.Fatalf("changed %d rows: %v", n, err)
	}
}
