package document

import (
	"time"
)

// ReminderFacts are what a reminder of what is owed says.
type ReminderFacts struct {
	Lang       string
	Company    Company
	Code       string
	At         time.Time
	Name       string // how the letter calls the person; empty: it does not
	Statements []Statement
	Notice     int  // the how manieth
	Last       bool // no other follows
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
	l := w.letter(KindReminder, f.At, f.Code, lede)
	for _, s := range f.Statements {
		if s.Total.Minor >= 0 { // nothing is owed in this currency
			continue
		}
		l.Blocks = append(l.Blocks, Block{Table: w.table(s)})
	}
	last := Block{Paragraphs: []string{w.say("reminder.wrong"), w.say("reminder.free")}, Facts: []Fact{w.complain()}}
	l.Blocks = append(l.Blocks, last)
	if f.Page != "" {
		l.Blocks = append(l.Blocks, Block{Mailed: true, Action: &Action{
			Label: w.say("reminder.button"), URL: f.Page, Button: true, Primary: true, Note: w.company.Own.Say(w.lang, "mail.private"),
		}})
	}
	l.Blocks = append(l.Blocks, notMe(w, "not_me.mine", f.NotMe)...)
	return l
}
