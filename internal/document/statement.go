package document

import (
	"time"

	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// StatementFacts are what the statement of a departure says. Statements has
// one per currency: sums of different money are never added.
type StatementFacts struct {
	Lang       string
	Company    Company
	Code       string
	At         time.Time
	Statements []Statement
	DueOn      when.Date // of the last sum that the customer owes; zero if none
	Ends       []string  // of contracts whose day is not that of the departure, and why
	Changed    *Fact     // what is different in it from the one before; nil: nothing
	From       []string  // where the figures come from, contract by contract
	RefundOn   when.Date // last day on which what comes back is there; zero: nobody said
	Page       string
	NotMe      string
}

// Settlement tells once, and together, what is open between the customer and
// the company. It threatens nobody and ties nothing else to the payment.
func Settlement(f StatementFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	l := w.letter(KindStatement, f.At, f.Code, w.say("statement.lede", "company", w.company.Name))
	if f.Changed != nil {
		l.Blocks = append(l.Blocks, Block{Facts: []Fact{*f.Changed}})
	}
	for _, s := range f.Statements {
		l.Blocks = append(l.Blocks, Block{Table: w.table(s), Paragraphs: []string{w.owed(&s)}})
	}
	for _, notes := range []Fact{{Label: text.Say(w.lang, "settlement.ends"), Lines: f.Ends}, {Label: text.Say(w.lang, "settlement.from"), Lines: f.From}} {
		if len(notes.Lines) > 0 {
			l.Blocks = append(l.Blocks, Block{Facts: []Fact{notes}})
		}
	}
	last := Block{Paragraphs: []string{w.say("statement.data")}, Facts: []Fact{w.complain()}}
	if f.Page != "" {
		last.Paragraphs = append(last.Paragraphs, w.say("statement.answer"))
	}
	if !f.RefundOn.IsZero() {
		last.Facts = append([]Fact{{Label: w.say("statement.refund"), Lines: []string{text.LongDate(w.lang, f.RefundOn)}}}, last.Facts...)
	}
	if !f.DueOn.IsZero() {
		last.Facts = append([]Fact{{Label: w.say("statement.due"), Lines: []string{text.LongDate(w.lang, f.DueOn)}}}, last.Facts...)
	}
	l.Blocks = append(l.Blocks, last)
	if f.Page != "" {
		l.Blocks = append(l.Blocks, Block{Mailed: true, Action: &Action{
			Label: w.say("statement.button"), URL: f.Page, Button: true, Primary: true, Note: w.company.Own.Say(w.lang, "mail.private"),
		}})
	}
	l.Blocks = append(l.Blocks, notMe(w, "not_me.mine", f.NotMe)...)
	return l
}
