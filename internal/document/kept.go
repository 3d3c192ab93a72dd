package document

import (
	"time"

	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// KeptFacts are what the letters say about data that an order of an authority keeps from
// being erased, and that it keeps no more. What may not be told is not in them.
type KeptFacts struct {
	Lang     string
	Company  Company
	Code     string
	At       time.Time
	Asked    bool      // they asked to be erased; else its day had come
	Silent   bool      // of an order nothing is said
	Orders   []Ordered // those of which they may know who ordered it
	Withheld bool      // they may not have their data either
	Data     when.Date // the last day on which they can; zero: it is past, or they may not
	Erases   bool      // they are to be erased now
	Page     string    // link
	NotMe    string    // link
}

// Ordered is an order of which somebody may know.
type Ordered struct {
	Authority, Reference string
	Until                when.Date // zero: until it is lifted
}

// ErasureWaits tells that what was to be erased is kept, why as far as it may be told,
// and what they can do about it.
func ErasureWaits(f KeptFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	lede := "erasure_waits.lede"
	switch {
	case f.Asked && f.Silent:
		lede += ".asked_silent"
	case f.Asked:
		lede += ".asked"
	case f.Silent:
		lede += ".silent"
	}
	l := w.letter(KindErasureWaits, f.At, f.Code, w.say(lede))
	who := Block{Heading: w.say("erasure_waits.who")}
	for _, o := range f.Orders {
		said := w.say("erasure_waits.by", "authority", clean(o.Authority), "reference", clean(o.Reference))
		if !o.Until.IsZero() {
			said += " " + w.say("erasure_waits.until", "date", text.LongDate(w.lang, o.Until))
		}
		who.Paragraphs = append(who.Paragraphs, said)
	}
	if len(who.Paragraphs) == 0 {
		who.Paragraphs = []string{w.say("erasure_waits.unnamed")}
	}
	if !f.Silent {
		l.Blocks = append(l.Blocks, who)
	}
	what := Block{Heading: w.say("erasure_waits.what"), Paragraphs: []string{w.say("erasure_waits.kept")}}
	switch {
	case f.Withheld:
		what.Paragraphs = append(what.Paragraphs, w.say("erasure_waits.withheld"))
	case !f.Data.IsZero():
		what.Paragraphs = append(what.Paragraphs, w.say("erasure_waits.data", "date", text.LongDate(w.lang, f.Data)))
	}
	l.Blocks = append(l.Blocks, what, Block{Heading: w.say("erasure_waits.next"), Paragraphs: []string{w.say("erasure_waits.then"), w.say("erasure_waits.rights")}})
	return w.keptRoads(l, f, "erasure_waits.button")
}

// ErasureGoesOn tells that nothing keeps their data any more.
func ErasureGoesOn(f KeptFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	lede := "erasure_goes_on.lede"
	if f.Silent {
		lede += ".silent"
	}
	l := w.letter(KindErasureGoesOn, f.At, f.Code, w.say(lede))
	var next Block
	if !f.Data.IsZero() {
		next.Paragraphs = append(next.Paragraphs, w.say("erasure_goes_on.data", "date", text.LongDate(w.lang, f.Data)))
	}
	if f.Erases {
		next.Paragraphs = append(next.Paragraphs, w.say("erasure_goes_on.erase"))
	}
	if len(next.Paragraphs) > 0 {
		l.Blocks = append(l.Blocks, next)
	}
	return w.keptRoads(l, f, "erasure_goes_on.button")
}

func (w writer) keptRoads(l Letter, f KeptFacts, button string) Letter {
	if f.Page != "" {
		l.Blocks = append(l.Blocks, Block{Mailed: true, Action: &Action{Label: w.say(button), URL: f.Page, Button: true, Note: w.company.Own.Say(w.lang, "mail.private")}})
	}
	l.Blocks = append(l.Blocks, notMe(w, "not_me.mine", f.NotMe)...)
	return l
}
