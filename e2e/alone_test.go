package e2e_test

import (
	"fmt"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hastaluego/internal/testkit"
)

// companyC is what the story of C looks for and what her clients answer, by
// language.
var companyC = map[string]struct{ confirm, undo, alone, hours, noPage, received, agreed, approved, rate string }{
	"es": {"Sí, confirmo", "«Deshacer la baja»", "Aquí trabaja una sola persona", "72 horas", "Sin página", "Lo he recibido todo", "Sí, me parece bien", "aprobaste tú por correo", "16,67"},
	"en": {"Yes, I confirm", "“Undo the departure”", "One person works here", "72 hours", "No page", "I have received everything", "Yes, that is all right", "you approved it by mail", "16.67"},
}

// C, one person with twelve clients, no server and nobody beside her, from the
// first link to the figure: two leave in a month, by mail. One is handed
// everything, and the client approves the erasure in place of a second person.
func TestAFreelancerFromHerFirstDay(t *testing.T) {
	t.Parallel()
	told(t, "sqlite", "en", func(t *testing.T, e testkit.Engine, lang string) {
		c := storyC{openHouse(t, e, "company-c", lang), openBrowser(t)}
		words, b := companyC[lang], c.b
		c.begin(b, "Clara", "clara", false, func(string) {})
		c.does("hasta form")
		forms, err := filepath.Glob(filepath.Join(c.folder, "*.html"))
		c.must(err)
		if page, err := os.ReadFile(forms[0]); err != nil || !strings.Contains(string(page), `<html lang="`+lang+`"`) {
			t.Errorf("the form is not in the language of the company: %v", err)
		}
		c.does("hasta import")
		c.types(b, map[string]string{
			"name": "Kiosco Luna", "email": "luna@kioscoluna.example", "language": lang, "has": "retainer", "product": "Web", "amount": "60", "currency": "EUR", "start": monthsAgo(5),
		})
		b.open(c.info.Portal + "console/settings")
		if got := b.text(testid("one-person-card")) + b.text(testid("portal-card")); !strings.Contains(got, words.hours) || !strings.Contains(got, words.noPage) {
			t.Fatalf("the settings say %s", got)
		}
		b.shot(c.name + "-1-settings")

		now := time.Now()
		day := time.Date(now.Year(), now.Month()+1, 4, 10, 0, 0, 0, time.UTC)
		c.moveTo(day)
		first := c.leaves("ana1@cliente.example", day)
		c.moveTo(day.AddDate(0, 0, 2))
		second := c.asks("ana2@cliente.example")
		c.actAll(b, second, "accounts")
		c.moveTo(day.AddDate(0, 0, 3)) // the day ends
		learn := c.info.Portal + "console/learn"
		b.until(learn, func() bool { lost, _, _ := c.gone(b, 0); return lost == "2" })
		if _, start, rate := c.gone(b, 0); start != "12" || !strings.Contains(rate, words.rate) {
			t.Errorf("of %s the figure is %q", start, rate)
		}
		b.shot(c.name + "-4-learn")
		c.does("metrics workbook")
		books, err := filepath.Glob(filepath.Join(c.folder, "*.xlsx"))
		c.must(err)
		if n := strings.Count(sheet(t, books[0]), "HL-"); n != 2 {
			t.Errorf("the workbook has %d leavers", n)
		}

		c.moveTo(day.AddDate(0, 0, 70)) // the time to fetch the data ends
		c.erases("ana1@cliente.example", first)
		c.verified()
	})
}

type storyC struct {
	*house
	b *browser
}

// written waits for a letter in the folder, and returns its text.
func (c storyC) written(to, words string) string {
	c.t.Helper()
	for range 600 {
		files, err := filepath.Glob(filepath.Join(c.dir, "mail", "*.eml"))
		c.must(err)
		for _, f := range files {
			raw, err := os.Open(f)
			c.must(err)
			m, err := mail.ReadMessage(raw)
			c.must(err)
			text := ""
			if strings.Contains(m.Header.Get("To"), to) {
				text = c.body(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body)
			}
			_ = raw.Close()
			if strings.Contains(text, words) {
				return text
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	c.t.Fatalf("no letter to %s with %q", to, words)
	return ""
}

// filesTo counts the letters in the folder that go to somebody.
func (c storyC) filesTo(mail string) (n int) {
	c.t.Helper()
	files, err := filepath.Glob(filepath.Join(c.dir, "mail", "*.eml"))
	c.must(err)
	for _, f := range files {
		raw, err := os.ReadFile(f)
		c.must(err)
		if strings.Contains(string(raw), "To: <"+mail+">") {
			n++
		}
	}
	return n
}

var (
	letterKey  = regexp.MustCompile(`[0-9a-z]{4}(-[0-9a-z]{4}){3}`)
	letterCode = regexp.MustCompile(`HL-[0-9A-Z]{4}-[0-9A-Z]{4}`)
)

// answers reads in what a client answered to a letter, as she would paste it.
func (c storyC) answers(letter, words string) {
	c.t.Helper()
	c.readIn(letterCode.FindString(letter) + "\n" + words + "\n\n> " + letterKey.FindString(letter))
}

func (c storyC) readIn(words string) {
	c.t.Helper()
	c.b.open(c.info.Portal + "console/received")
	c.b.fill("#text", words)
	c.b.press("read-in", testid("checks"))
	c.b.press("mean", testid("over"))
}

// asks is a client who writes that they leave, and confirms; it returns the
// case.
func (c storyC) asks(mail string) (casefile string) {
	c.t.Helper()
	words := companyC[c.lang]
	c.readIn("hasta-request=1\nname=Ana\naccount=" + mail + "\nwhen=now")
	c.answers(c.written(mail, words.confirm), words.confirm)
	c.b.press("to-case", testid("plan"))
	return before(c.b.at(), "?")
}

// leaves is the departure of a client, from the letter to the goodbye.
func (c storyC) leaves(mail string, day time.Time) (casefile string) {
	t, b, words := c.t, c.b, companyC[c.lang]
	t.Helper()
	casefile = c.asks(mail)
	if text := c.written(mail, words.undo); strings.Contains(text, "127.0.0.1") || !strings.Contains(text, words.alone) {
		t.Errorf("the receipt has a link, or does not say that one person works:\n%s", text)
	}
	c.written(mail, "SHA-256") // their data come with a letter
	c.actAll(b, casefile)
	b.do(chromedp.Click(chromedp.CSS(testid("give"))))
	b.do(chromedp.SendKeys(chromedp.CSS(testid("handed")+` textarea[name="how"]`), "El dominio está a su nombre"))
	b.press("given", testid("plan"))
	b.shot(c.name + "-2-given")
	c.answers(c.written(mail, words.received), words.received)
	c.moveTo(day.AddDate(0, 0, 1)) // the day ends
	farewell := c.info.Portal + "console/outbox?paper=farewell&state=written"
	c.works(casefile, []*browser{b}, func() bool { return strings.Contains(b.text(testid("letters")), c.farewell()) })
	b.until(farewell, func() bool { return b.count(testid("outbox")+" a") > 0 })
	b.turn(testid("outbox")+" a", testid("mark-sent"))
	b.press("mark-sent", testid("letter"))
	b.shot(c.name + "-3-sent")
	return casefile
}

// erases is the end of a departure: the client approves what elsewhere a second
// person approves.
func (c storyC) erases(mail, casefile string) {
	b, words := c.b, companyC[c.lang]
	c.t.Helper()
	note := `#erase_approval textarea[name="note"]`
	c.works(casefile, []*browser{b}, func() bool { return b.count(note) > 0 })
	b.fill(note, fmt.Sprint("Borrar lo que no hay que conservar de ", mail))
	b.shot(c.name + "-5-ask")
	b.press("ask", testid("waiting"))
	c.answers(c.written(mail, words.agreed), words.agreed)
	c.untilOver(casefile, b)
	c.written(mail, words.approved) // the certificate says so
	if n := c.filesTo(mail); n != 1 {
		c.t.Errorf("%d letters to whoever was erased are still files, and not only the certificate", n)
	}
	certificate := c.info.Portal + "console/outbox?paper=certificate&state=written"
	b.open(certificate)
	b.turn(testid("outbox")+" a", testid("mark-sent"))
	b.press("mark-sent", testid("letter"))
	if n := c.filesTo(mail); n != 0 {
		c.t.Errorf("the certificate was sent, and %d files still say to whom", n)
	}
	b.shot(c.name + "-6-over")
}
