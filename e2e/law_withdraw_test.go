package e2e_test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// lawWithdrawal is where somebody lives who can still withdraw, and what their
// pages must say to the letter.
type lawWithdrawal struct {
	place, lang       string
	function, confirm said
}

var lawWithdrawals = []lawWithdrawal{
	{"DE", "de", said{"Vertrag widerrufen", "", ""}, said{"Widerruf bestätigen", "", ""}},
	{"FR", "fr", said{"Renoncer au contrat ici", "", ""}, said{"Confirmer la rétractation", "", ""}},
	{"ES", "es", said{"Desistir del contrato aquí", "", ""}, said{"Confirmar desistimiento", "", ""}},
	{"AR", "es", said{"BOTÓN DE ARREPENTIMIENTO", "", ""}, said{"Confirmar desistimiento", "", ""}},
}

// Whoever can still withdraw does so with the words of their law: at once on the
// public page, or after they cancelled, where one line says which of both acts
// pays more. The receipt by mail says what it must, in their language alone.
func TestWhoeverWithdrawsMeetsTheirLaw(t *testing.T) {
	t.Parallel()
	s := setStage(t, "")
	b := openBrowser(t)
	foreign := map[string][]string{}
	s.buyers(lawWithdrawals)
	for i, w := range lawWithdrawals {
		b.scripts(i%2 == 0)
		walk := lawWalk{place: w.place, lang: w.lang, withdraw: w.function, confirm: w.confirm}
		b.withdraws(s, w, walk, foreign)
		b.withdrawsInstead(s, w, walk, foreign)
	}
}

// buyer is the number of somebody who bought lately; first who withdraws at once.
func (w lawWithdrawal) buyer(first bool) string {
	if first {
		return "N-" + w.place + "-1"
	}
	return "N-" + w.place + "-2"
}

func (w lawWithdrawal) mail(first bool) string {
	return strings.ToLower(w.buyer(first)) + "@correo.example"
}

// buyers have a yearly contract since three days ago.
func (s *stage) buyers(list []lawWithdrawal) {
	s.t.Helper()
	dir := s.t.TempDir()
	rows := "Id,Mail,Country,Lang\n"
	for _, w := range list {
		for _, first := range []bool{true, false} {
			rows += strings.Join([]string{w.buyer(first), w.mail(first), w.place, w.lang}, ",") + "\n"
		}
	}
	now := time.Now().UTC()
	for name, body := range map[string]string{"new.csv": rows, "new.yaml": fmt.Sprintf(`as_of: %s
fields:
  customer.reference: {column: Id}
  customer.name: {column: Id}
  customer.kind: {value: person}
  customer.consumer: {value: "true"}
  customer.country: {column: Country}
  customer.language: {column: Lang}
  contact.email: {column: Mail}
  contact.language: {column: Lang}
  subscription.reference: {column: Id}
  subscription.product: {value: Faro Uno}
  subscription.amount: {value: "365.00"}
  subscription.currency: {value: EUR}
  subscription.interval: {value: year}
  subscription.start: {value: "%s"}
`, now.Format(time.DateOnly), now.AddDate(0, 0, -3).Format(time.DateOnly))} {
		s.must(os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600))
	}
	if said, status := s.hasta("import", "customers", filepath.Join(dir, "new.csv"), "--map", filepath.Join(dir, "new.yaml")); status != 0 {
		s.t.Fatal(said)
	}
}

// withdraws walks the withdrawal function from the entry to the receipt.
func (b *browser) withdraws(s *stage, w lawWithdrawal, walk lawWalk, foreign map[string][]string) {
	b.t.Helper()
	name, mail := w.place+" withdrawing", w.mail(true)
	b.open(s.info.Portal + "?" + url.Values{"lang": {w.lang}, "country": {w.place}}.Encode())
	b.labelled(name, "entry-withdraw", w.function)
	b.press("entry-withdraw", testid("confirm"))
	b.meets(walk, name, foreign)
	b.labelled(name, "confirm", w.confirm)
	b.fill("#name", "Ana "+w.place)
	b.fill("#reference", w.buyer(true))
	b.fill("#receipt", mail)
	b.press("confirm", testid("ack"))
	b.speaks(walk, name+" acknowledged", foreign)
	b.open(s.link(s.letterWith(mail, ".", "/v/"), "/v/") + "?lang=" + w.lang)
	b.press("act", testid("receipt"))
	b.shot("withdraw-" + w.place)
	b.receives(s, walk, name, mail)
}

// withdrawsInstead cancels, reads which act pays more, and withdraws.
func (b *browser) withdrawsInstead(s *stage, w lawWithdrawal, walk lawWalk, foreign map[string][]string) {
	b.t.Helper()
	name, mail := w.place+" cancelling, then withdrawing", w.mail(false)
	b.open(s.info.Portal + "?" + url.Values{"lang": {w.lang}, "country": {w.place}}.Encode())
	b.fill("#account", mail)
	if b.count(testid("confirm")) == 0 {
		b.press("recap", testid("confirm"))
	}
	b.press("confirm", testid("ack"))
	b.open(s.link(s.letterWith(mail, ".", "/v/"), "/v/") + "?lang=" + w.lang)
	b.press("act", testid("receipt"))
	b.press("follow", testid("acts"))
	pays := strings.TrimSpace(b.text(testid("acts-pays")))
	if !regexp.MustCompile(`36\d,00`).MatchString(pays) || strings.Contains(pays, "\n") || b.count(testid("acts-pays")) != 1 {
		b.t.Errorf("%s: which act pays more is told as %q", name, pays)
	}
	b.labelled(name, "withdraw", said{w.function.label, w.function.lang, ""})
	b.press("withdraw", testid("withdraw-page"))
	b.labelled(name, "confirm-withdrawal", said{w.confirm.label, w.confirm.lang, ""})
	b.press("confirm-withdrawal", testid("receipt"))
	b.receives(s, walk, name, mail)
}

// receives looks at the receipt of a withdrawal, on the page and by mail.
func (b *browser) receives(s *stage, w lawWalk, name, mail string) {
	b.t.Helper()
	receipt := b.text(testid("receipt"))
	code := regexp.MustCompile(`HL-[0-9A-Z]{4}-[0-9A-Z]{4}`).FindString(receipt)
	instant := regexp.MustCompile(`\d{1,2}:\d\d:\d\d`).FindString(receipt)
	letter := s.letterWith(mail, ".", "365,00")
	for _, want := range []string{code, instant, "UTC+", s.complaints(), "Faro Uno", "365,00"} {
		if want == "" || !strings.Contains(receipt, want) || !strings.Contains(letter, want) {
			b.t.Errorf("%s: the receipt lacks %q: on the page %v, by mail %v", name, want, strings.Contains(receipt, want), strings.Contains(letter, want))
		}
	}
	b.tongue(w.lang, name+" receipt by mail", letter)
}
