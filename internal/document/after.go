package document

import (
	"time"

	"hastaluego/internal/money"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// AfterFacts are what the letters say about a charge after the end.
type AfterFacts struct {
	Lang     string
	Company  Company
	Code     string
	At       time.Time
	Name     string    // how the letter calls the person; empty: it does not
	Charged  when.Date // when it was charged
	Back     money.Amount
	Due      when.Date // by when it goes back; zero: nobody said
	Refunded when.Date // zero: not yet
	ByPerson bool      // somebody gave it back, and says so; else the billing system was read again
	Page     string    // link
	NotMe    string    // link
}

// ChargedAfter tells that something was charged when the contract was over, and by when
// it goes back.
func ChargedAfter(f AfterFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	facts := []Fact{w.chargedOn(f), {Label: w.say("charged_after.back"), Lines: []string{text.Money(w.lang, f.Back)}, Soft: w.say("charged_after.means")}}
	if !f.Due.IsZero() {
		facts = append(facts, Fact{Label: w.say("charged_after.due"), Lines: []string{text.LongDate(w.lang, f.Due)}, Time: f.Due.String()})
	}
	return w.after(KindChargedAfter, f, facts, w.say("charged_after.free"))
}

// GivenBack tells that it went back, and how that is known.
func GivenBack(f AfterFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	known := "given_back.read"
	if f.ByPerson {
		known = "given_back.said"
	}
	facts := []Fact{w.chargedOn(f), {Label: w.say("given_back.sum"), Lines: []string{text.Money(w.lang, f.Back)}, Soft: w.say("charged_after.means")}}
	if !f.Refunded.IsZero() {
		facts = append(facts, Fact{Label: w.say("given_back.on"), Lines: []string{text.LongDate(w.lang, f.Refunded)}, Time: f.Refunded.String(), Soft: w.say(known)})
	}
	return w.after(KindGivenBack, f, facts, w.say("given_back.free"))
}

func (w writer) chargedOn(f AfterFacts) Fact {
	return Fact{Label: w.say("charged_after.charged"), Lines: []string{text.LongDate(w.lang, f.Charged)}, Time: f.Charged.String()}
}

func (w writer) after(kind Kind, f AfterFacts, facts []Fact, free string) Letter {
	lede := w.say(string(kind) + ".lede")
	if name := clean(f.Name); name != "" {
		lede = w.say("reminder.hello", "name", name) + " " + lede
	}
	l := w.letter(kind, f.At, f.Code, lede)
	l.Blocks = []Block{{Facts: facts}, {Paragraphs: []string{free}}, {Facts: []Fact{w.complain()}}}
	if f.Page != "" {
		l.Blocks = append(l.Blocks, Block{Mailed: true, Action: &Action{
			Label: w.say("reminder.button"), URL: f.Page, Button: true, Primary: true, Note: w.company.Own.Say(w.lang, "mail.private"),
		}})
	}
	l.Blocks = append(l.Blocks, notMe(w, "not_me.ended", f.NotMe)...)
	return l
}
