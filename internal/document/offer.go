package document

import (
	"slices"
	"strings"
	"time"

	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// OfferFacts are what the letter about an offer says.
type OfferFacts struct {
	Lang    string
	Company Company
	Code    string
	At      time.Time
	Heard   string
	What    string
	Changes string // a line each
	Cost    string // empty: nobody said
	Until   when.Date
	By      when.Date
	Answer  string // link to the page where they answer
	NotMe   string // link
}

// Offer tells once what could be done, to somebody who asked. It says first
// that the departure goes on.
func Offer(f OfferFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	l := w.letter(KindOffer, f.At, f.Code, w.say("offer.lede", "code", clean(f.Code)))
	facts := []Fact{
		{Label: w.say("offer.heard"), Lines: cleanLines(f.Heard)},
		{Label: w.say("offer.what"), Lines: cleanLines(f.What)},
		{Label: w.say("offer.changes"), Lines: cleanLines(f.Changes)},
		{Label: w.say("offer.cost"), Lines: cleanLines(f.Cost)},
		{Label: w.say("offer.by"), Lines: []string{text.LongDate(w.lang, f.By)}, Time: f.By.String()},
		{Label: w.say("offer.until"), Lines: []string{text.LongDate(w.lang, f.Until)}, Time: f.Until.String(), Soft: w.say("offer.silence")},
	}
	facts = slices.DeleteFunc(facts, func(x Fact) bool { return len(x.Lines) == 0 })
	l.Blocks = []Block{{Facts: facts}}
	if f.Answer != "" {
		l.Blocks = append(l.Blocks, Block{Mailed: true, Action: &Action{
			Label: w.say("offer.button"), URL: f.Answer, Button: true, Note: w.company.Own.Say(w.lang, "mail.private"),
		}})
	}
	l.Blocks = append(l.Blocks, notMe(w, "not_me.mine", f.NotMe)...)
	return l
}

// OfferFailed says, to somebody who accepted what was proposed, that it could not be
// applied before their departure took effect: it went through, and they owe nothing
// for it.
func OfferFailed(f OfferFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	l := w.letter(KindOfferFailed, f.At, f.Code, w.say("offer_failed.lede", "code", clean(f.Code)))
	facts := []Fact{
		{Label: w.say("offer_failed.what"), Lines: cleanLines(f.What)},
		{Label: w.say("offer_failed.now"), Lines: []string{w.say("offer_failed.now.text", "date", text.LongDate(w.lang, f.Until))}},
		{Label: w.say("offer_failed.sorry"), Lines: []string{w.say("offer_failed.sorry.text")}},
	}
	l.Blocks = []Block{{Facts: slices.DeleteFunc(facts, func(x Fact) bool { return len(x.Lines) == 0 })}}
	if f.Answer != "" {
		l.Blocks = append(l.Blocks, Block{Mailed: true, Action: &Action{Label: w.say("offer_failed.button"), URL: f.Answer, Button: true, Note: w.company.Own.Say(w.lang, "mail.private")}})
	}
	l.Blocks = append(l.Blocks, notMe(w, "not_me.mine", f.NotMe)...)
	return l
}

// cleanLines are the lines of a text that somebody typed.
func cleanLines(s string) []string {
	var out []string
	for line := range strings.SplitSeq(s, "\n") {
		if line = clean(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}
