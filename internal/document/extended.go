package document

import (
	"time"

	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// ExtendedFacts are what the letter says that puts off the answer to what somebody asked
// of their data.
type ExtendedFacts struct {
	Lang    string
	Company Company
	At      time.Time
	Code    string
	Erase   bool      // they asked for erasure; else for their data
	Until   when.Date // the last day
	Before  when.Date // the one that it was
	Why     string
	Page    string // link
	NotMe   string // link
}

// Extended tells that the answer is put off, until when and why, and what they can do
// about it.
func Extended(f ExtendedFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	what := "data"
	if f.Erase {
		what = "erase"
	}
	l := w.letter(KindExtended, f.At, f.Code, w.say("extended.lede."+what, "date", text.LongDate(w.lang, f.Until), "before", text.LongDate(w.lang, f.Before)))
	l.Stays = f.Code == ""
	l.Blocks = []Block{
		{Heading: w.say("extended.why"), Paragraphs: paragraphs(f.Why)},
		{Heading: w.say("extended.next"), Paragraphs: []string{w.say("extended.once"), w.say("extended.rights", "email", w.company.Complaints)}},
	}
	if f.Page != "" {
		l.Blocks = append(l.Blocks, Block{Mailed: true, Action: &Action{Label: w.say("extended.button"), URL: f.Page, Button: true, Note: w.company.Own.Say(w.lang, "mail.private")}})
	}
	l.Blocks = append(l.Blocks, notMe(w, "not_me.mine", f.NotMe)...)
	return l
}
