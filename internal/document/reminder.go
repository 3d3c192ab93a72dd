package document

import (
	"time"

	"hastaluego/internal/money"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// PayAt is where a bill can be paid.
type PayAt struct {
	What, URL string
}

// ReminderFacts are what a reminder of what is owed says.
type ReminderFacts struct {
	Lang       string
	Company    Company
	Code       string
	At         time.Time
	Name       string // how the letter calls the person; empty: it does not
	Statements []Statement
	Notice     int       // the how manieth
	Last       bool      // no other follows
	Promised   when.Date // they said that they would pay by then, and it passed; zero: they did not
	Pay        []PayAt
	Page       string
	NotMe      string
}

// Reminder reminds, in the same tone every time, of what is still owed. It
// threatens with nothing and ties nothing else to the payment: the last one
// says that a person looks after it from then on.
func Reminder(f ReminderFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	which := "first"
	switch {
	case f.Last && f.Notice > 1:
		which = "last"
	case f.Notice > 1:
		which = "again"
	}
	lede := w.say("reminder.lede." + which)
	if name := clean(f.Name); name != "" {
		lede = w.say("reminder.hello", "name", name) + " " + lede
	}
	if !f.Promised.IsZero() {
		lede += " " + w.say("reminder.promised", "date", text.LongDate(w.lang, f.Promised))
	}
	l := w.letter(KindReminder, f.At, f.Code, lede)
	for _, s := range f.Statements {
		if s.Total.Minor >= 0 { // nothing is owed in this currency
			continue
		}
		l.Blocks = append(l.Blocks, Block{Table: w.table(s)})
	}
	for _, x := range f.Pay {
		l.Blocks = append(l.Blocks, Block{Mailed: true, Action: &Action{Label: w.say("reminder.pay", "what", clean(x.What)), URL: x.URL, Button: true}})
	}
	l.Blocks = append(l.Blocks, Block{Paragraphs: []string{w.say("reminder.wrong"), w.say("reminder.free")}}, Block{Facts: []Fact{w.complain()}})
	if f.Page != "" {
		l.Blocks = append(l.Blocks, Block{Mailed: true, Action: &Action{
			Label: w.say("reminder.button"), URL: f.Page, Button: true, Primary: true, Note: w.company.Own.Say(w.lang, "mail.private"),
		}})
	}
	l.Blocks = append(l.Blocks, notMe(w, "not_me.mine", f.NotMe)...)
	return l
}

// WrittenOffFacts are what the letter says that lets a sum go.
type WrittenOffFacts struct {
	Lang       string
	Company    Company
	Code       string
	At         time.Time
	Name       string // how the letter calls the person; empty: it does not
	Let        []MoneyLine
	Statements []Statement // of what is still open; none
	Page       string
	NotMe      string
}

// WrittenOff tells that sums are owed no more, and that nothing follows from it.
func WrittenOff(f WrittenOffFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	owes := false
	for _, s := range f.Statements {
		owes = owes || s.Total.Minor < 0
	}
	code := "written_off.lede"
	if owes {
		code = "written_off.lede.part"
	}
	lede := w.say(code)
	if name := clean(f.Name); name != "" {
		lede = w.say("reminder.hello", "name", name) + " " + lede
	}
	l := w.letter(KindWrittenOff, f.At, f.Code, lede)
	var lines []string
	for _, x := range f.Let {
		lines = append(lines, clean(x.Label)+": "+text.Money(w.lang, x.Amount))
	}
	if lines != nil {
		l.Blocks = append(l.Blocks, Block{Facts: []Fact{{Label: w.say("written_off.what"), Lines: lines}}})
	}
	l.Blocks = append(l.Blocks, Block{Paragraphs: []string{w.say("written_off.free")}}, Block{Facts: []Fact{w.complain()}})
	if f.Page != "" {
		l.Blocks = append(l.Blocks, Block{Mailed: true, Action: &Action{
			Label: w.say("reminder.button"), URL: f.Page, Button: true, Primary: true, Note: w.company.Own.Say(w.lang, "mail.private"),
		}})
	}
	l.Blocks = append(l.Blocks, notMe(w, "not_me.mine", f.NotMe)...)
	return l
}

// PartLine is one instalment.
type PartLine struct {
	On     when.Date
	Amount money.Amount
}

// InstalmentFacts are what the letter says that confirms a plan of instalments.
type InstalmentFacts struct {
	Lang    string
	Company Company
	Code    string
	At      time.Time
	Name    string // how the letter calls the person; empty: it does not
	Sum     money.Amount
	Parts   []PartLine
	Pay     []PayAt
	Page    string
	NotMe   string
}

// Instalments confirms in how many parts, of how much and by when what is owed is
// paid.
func Instalments(f InstalmentFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	lede := w.say("instalments.lede", "n", len(f.Parts), "amount", text.Money(w.lang, f.Sum))
	if name := clean(f.Name); name != "" {
		lede = w.say("reminder.hello", "name", name) + " " + lede
	}
	l := w.letter(KindInstalments, f.At, f.Code, lede)
	var facts []Fact
	for i, p := range f.Parts {
		facts = append(facts, Fact{Label: w.say("instalments.part", "n", i+1), Lines: []string{text.Money(w.lang, p.Amount)}, Soft: w.say("instalments.by", "date", text.LongDate(w.lang, p.On))})
	}
	l.Blocks = append(l.Blocks, Block{Facts: facts})
	for _, x := range f.Pay {
		l.Blocks = append(l.Blocks, Block{Mailed: true, Action: &Action{Label: w.say("reminder.pay", "what", clean(x.What)), URL: x.URL, Button: true}})
	}
	l.Blocks = append(l.Blocks, Block{Paragraphs: []string{w.say("instalments.rests"), w.say("reminder.free")}})
	if f.Page != "" {
		l.Blocks = append(l.Blocks, Block{Mailed: true, Action: &Action{
			Label: w.say("reminder.button"), URL: f.Page, Button: true, Primary: true, Note: w.company.Own.Say(w.lang, "mail.private"),
		}})
	}
	l.Blocks = append(l.Blocks, notMe(w, "not_me.mine", f.NotMe)...)
	return l
}
