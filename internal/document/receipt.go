package document

import "hastaluego/internal/text"

// Receipt says what ends, when, what it changes, what happens with the money
// and the data, until when it can be undone, and where the log has it.
func Receipt(f ReceiptFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	lede := w.say("receipt.lede", "n", max(1, len(f.Subscriptions)), "company", w.company.Name, "date", f.Effective) + " " + w.owed(f.Statement)
	l := w.letter(KindReceipt, f.At, f.Code, lede)
	l.Badge = text.Say(w.lang, "state.registered")

	timing := f.Timing
	if timing == "" {
		timing = "unsaid"
	}
	facts := []Fact{w.instant(w.say("received"), f.At)}
	if !f.ReceivedOn.IsZero() {
		facts[0] = Fact{Label: w.say("received"), Lines: []string{text.LongDate(w.lang, f.ReceivedOn)}, Time: f.ReceivedOn.String()}
	}
	if name, email := clean(f.Name), clean(f.Email); name != "" || email != "" {
		who := Fact{Label: w.say("who"), Lines: []string{name}, Soft: email}
		if name == "" {
			who.Lines, who.Soft = []string{email}, ""
		}
		facts = append(facts, who)
	}
	facts = append(facts, Fact{Label: w.say("what"), Lines: append([]string{w.say("what." + timing)}, w.subscriptions(f.Subscriptions)...)})
	facts = append(facts, Fact{Label: w.say("ends"), Lines: []string{w.say("ends.at", "date", f.Effective)}, Time: f.Effective.String()})
	var sums []string
	if f.Statement == nil { // else the statement below says it with its sums
		sums = []string{w.owed(nil)}
	}
	for _, c := range f.Late {
		sums = append(sums, w.say("money.late", "date", text.LongDate(w.lang, c.On), "amount", text.Money(w.lang, c.Amount), "product", clean(c.Product)))
	}
	if sums != nil {
		facts = append(facts, Fact{Label: w.say("money"), Lines: sums})
	}
	if lines := w.data(f.DataUntil, f.Erased); lines != nil {
		facts = append(facts, Fact{Label: w.say("data"), Lines: lines})
	}
	if !f.UndoUntil.IsZero() {
		date, clock := w.until(f.UndoUntil)
		facts = append(facts, Fact{Label: w.say("undo"), Lines: []string{w.say("undo.until", "date", date, "time", clock)}})
	}
	facts = append(facts, w.complain())
	l.Blocks = []Block{{Facts: facts}}

	if f.Statement != nil {
		l.Blocks = append(l.Blocks, Block{Heading: w.say("money"), Table: w.table(*f.Statement)})
	}
	if len(f.Milestones) > 0 {
		l.Blocks = append(l.Blocks, Block{Heading: w.say("progress"), Items: w.items(f.Milestones)})
	}
	l.Blocks = append(l.Blocks, w.instead(f.Instead)...)
	if f.Follow != "" {
		l.Blocks = append(l.Blocks, Block{Mailed: true, Action: &Action{
			Label: w.say("receipt.follow"), URL: f.Follow, Button: true, Primary: true, Note: w.company.Own.Say(w.lang, "mail.private"),
		}})
	}
	if f.PDF != "" {
		l.Blocks = append(l.Blocks, Block{Mailed: true, Action: &Action{
			Label: w.say("receipt.pdf"), URL: f.PDF, Button: true, Note: w.say("receipt.keep"),
		}})
	}
	l.Blocks = append(l.Blocks, notMe(w, "not_me.stop", f.NotMe)...)
	if f.Proof != nil {
		l.Blocks = append(l.Blocks, w.proof(*f.Proof))
	}
	return l
}
