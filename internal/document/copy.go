package document

import (
	"time"

	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// CopyFacts are what the letter says that brings the link to a copy of their data to
// a customer who does not leave.
type CopyFacts struct {
	Lang    string
	Company Company
	At      time.Time
	Name    string    // of the customer: whoever speaks for several sees which
	Last    when.Date // on which it can be fetched; zero: it is made once they say so
	Page    string
}

// Copy tells where the copy is. Nothing ends by it, and the letter says so once.
func Copy(f CopyFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	how, button := "copy.ask", "copy.button.ask"
	if !f.Last.IsZero() {
		how, button = "copy.opened", "copy.button"
	}
	l := w.letter(KindCopy, f.At, "", w.say("copy.lede", "company", w.company.Name, "name", clean(f.Name)))
	l.Stays = true
	l.Blocks = []Block{{Paragraphs: []string{w.say(how, "date", text.LongDate(w.lang, f.Last)), w.say("copy.stays"), w.say("copy.not_me")}}}
	if f.Page != "" {
		l.Blocks = append(l.Blocks, Block{Mailed: true, Action: &Action{
			Label: w.say(button), URL: f.Page, Button: true, Primary: true, Note: w.company.Own.Say(w.lang, "mail.private"),
		}})
	}
	return l
}

// CopyNone tells an address at which somebody asked for a copy that no account has it.
func CopyNone(lang string, c Company, at time.Time) Letter {
	w := newWriter(lang, c)
	l := w.letter(KindCopyNone, at, "", w.say("copy_none.lede", "company", w.company.Name))
	l.Stays = true
	l.Blocks = []Block{{Paragraphs: []string{w.say("copy_none.other"), w.say("copy_none.not_me")}}}
	return l
}
