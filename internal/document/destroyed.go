package document

import (
	"time"

	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// DestroyedFacts are what the letter says that tells somebody erased that what stayed of
// them is destroyed.
type DestroyedFacts struct {
	Lang    string
	Company Company
	Code    string
	At      time.Time
	On      time.Time // the last of it was destroyed
	Gone    []FarHeld // what a far system had blocked or kept
	Sums    int       // of our own record
	SumsOn  time.Time
	Kept    when.Date // their address stays until then, for the letter that asks them back; zero: it goes too
	Page    string    // link
	NotMe   string    // link
}

// Destroyed tells what was destroyed and when, what there is still, and what becomes of
// the address that it goes to.
func Destroyed(f DestroyedFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	l := w.letter(KindDestroyed, f.At, f.Code, w.say("destroyed.lede", "company", w.company.Name, "date", w.day(f.On)))
	what := Block{Heading: w.say("destroyed.what")}
	if f.Sums > 0 {
		x := w.stayUntil(when.Date{}, false, f.SumsOn)
		x.Label = w.say("certificate.invoices", "n", f.Sums)
		what.Facts = append(what.Facts, x)
	}
	for _, h := range f.Gone {
		x := w.stayUntil(h.Until, false, h.GoneAt)
		x.Label = w.far(h)
		what.Facts = append(what.Facts, x)
	}
	address := w.say("destroyed.address")
	if !f.Kept.IsZero() {
		address = w.say("destroyed.address.kept", "date", text.LongDate(w.lang, f.Kept))
	}
	l.Blocks = append(l.Blocks, what, Block{Heading: w.say("destroyed.left"), Paragraphs: []string{w.say("destroyed.left.text"), address}})
	if f.Page != "" {
		l.Blocks = append(l.Blocks, Block{Mailed: true, Action: &Action{
			Label: w.say("destroyed.button"), URL: f.Page, Button: true, Primary: true, Note: w.company.Own.Say(w.lang, "mail.private"),
		}})
	} else if w.company.NoPage {
		l.Blocks = append(l.Blocks, Block{Paragraphs: []string{w.say("destroyed.ask")}})
	}
	l.Blocks = append(l.Blocks, notMe(w, "not_me.ended", f.NotMe)...)
	return l
}
