package document

import (
	"strings"
	"time"

	"hastaluego/internal/text"
)

// WinbackFacts are what the one letter to somebody who left says.
type WinbackFacts struct {
	Lang    string
	Company Company
	At      time.Time
	Name    string
	Subject string    // as somebody of the company wrote it
	Text    string    // likewise; an empty line begins a paragraph
	Allowed time.Time // when they allowed this letter
	Back    string    // link: come back
	Silence string    // link: no more letters
	NotMe   string    // link
}

// Winback is a letter in the words of the company, with one way back and one
// to silence. It says why it came.
func Winback(f WinbackFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	subject := clean(f.Subject)
	l := Letter{
		Kind: KindWinback, Lang: w.lang, Company: w.company, At: f.At, Subject: subject, Title: subject, Paper: w.say("winback.kind"),
		Lede: w.say("winback.hello", "name", clean(f.Name)),
	}
	if clean(f.Name) == "" {
		l.Lede = w.say("winback.hello.plain")
	}
	var said []string
	for _, p := range strings.Split(strings.ReplaceAll(f.Text, "\r\n", "\n"), "\n\n") {
		if p = clean(p); p != "" {
			said = append(said, p)
		}
	}
	l.Blocks = []Block{{Paragraphs: said}}
	if f.Back != "" {
		l.Blocks = append(l.Blocks, Block{Action: &Action{Label: w.say("winback.button"), URL: f.Back, Button: true, Primary: true, Note: w.company.Own.Say(w.lang, "mail.private")}})
	}
	signed := w.signed(w.say("winback.sign"))
	signed.Says = []Content{SaysSender}
	l.Blocks = append(l.Blocks, signed, Block{Paragraphs: []string{w.say("winback.commercial", "company", w.company.LegalName)}, Says: []Content{SaysCommercial}})
	if f.Silence != "" {
		l.Blocks = append(l.Blocks, Block{Says: []Content{SaysOptOut}, Action: &Action{Before: w.say("winback.why", "company", w.company.Name, "date", text.LongDate(w.lang, w.day(f.Allowed))), Label: w.say("winback.silence"), URL: f.Silence}})
	}
	l.Blocks = append(l.Blocks, notMe(w, "not_me.ended", f.NotMe)...)
	return l
}
