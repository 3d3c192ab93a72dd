package document

import (
	"hastaluego/internal/money"
	"hastaluego/internal/text"
)

// Receipt says what ends, when, what it changes, what happens with the money
// and the data, until when it can be undone, and where the log has it. That of a
// withdrawal says what comes back; where it came too late, why it is registered
// as a cancellation.
func Receipt(f ReceiptFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	undone := f.Withdrawal != nil && f.Withdrawal.Stands
	w.withdrawal = undone
	lede := w.say("receipt.lede", "n", max(1, len(f.Subscriptions)), "company", w.company.Name, "date", f.Effective)
	if !undone {
		lede += " " + w.left(f)
	}
	l := w.letter(KindReceipt, f.At, f.Code, lede)
	l.Badge = text.Say(w.lang, "state.registered")
	facts := append(w.asked(f), w.how(f.Via)...)
	facts = append(facts, w.seller())
	if !undone {
		lines := []string{w.say("ends.at", "date", f.Effective)}
		for _, s := range f.Subscriptions {
			if !s.Ends.IsZero() {
				lines = append(lines, w.say("ends.own", "product", clean(s.Product), "date", s.Ends))
			}
		}
		facts = append(facts, Fact{Label: w.say("ends"), Lines: lines, Soft: w.abroad(f.Effective), Time: f.Effective.String(), Says: []Content{SaysEnd}})
	} else {
		facts = append(facts, Fact{Label: w.say("ends.undone"), Lines: []string{text.LongDate(w.lang, f.Effective)}, Time: f.Effective.String(), Says: []Content{SaysEnd}})
	}
	facts = append(facts, Fact{Label: w.say("effects"), Lines: []string{w.say("effects.text")}, Says: []Content{SaysEffects}})
	facts = append(facts, w.moneyFact(f, undone)...)
	facts = append(facts, w.dataFact(f.DataUntil, f.Erased)...)
	if !f.UndoUntil.IsZero() {
		date, clock := w.until(f.UndoUntil)
		facts = append(facts, Fact{Label: w.say("undo"), Lines: []string{w.say("undo.until", "date", date, "time", clock)}})
	}
	facts = append(facts, w.complain())
	l.Blocks = []Block{{Facts: facts}}

	if f.Statement != nil {
		l.Blocks = append(l.Blocks, Block{Heading: w.say("money"), Table: w.table(*f.Statement), Says: []Content{SaysMoney}})
	}
	if len(f.Milestones) > 0 {
		l.Blocks = append(l.Blocks, Block{Heading: w.say("progress"), Items: w.items(f.Milestones), Says: []Content{SaysNext}})
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

// asked is when it was received, from whom, and what it was.
func (w writer) asked(f ReceiptFacts) []Fact {
	facts := []Fact{w.instant(w.say("received"), f.At)}
	if !f.ReceivedOn.IsZero() {
		facts[0] = Fact{Label: w.say("received"), Lines: []string{text.LongDate(w.lang, f.ReceivedOn)}, Time: f.ReceivedOn.String(), Says: []Content{SaysInstant}}
		if !f.EnteredAt.IsZero() { // nobody knows at what time a letter came: what is known to the minute is when it was written down
			facts[0].Lines = append(facts[0].Lines, w.say("received.entered", "at", text.Instant(w.lang, f.EnteredAt, w.company.Zone)))
			facts[0].Says = append(facts[0].Says, SaysZone)
		}
	}
	if name, email := clean(f.Name), clean(f.Email); name != "" || email != "" {
		who := Fact{Label: w.say("who"), Lines: []string{name}, Soft: email}
		if name == "" {
			who.Lines, who.Soft = []string{email}, ""
		}
		facts = append(facts, who)
	}
	timing := f.Timing
	if timing == "" {
		timing = "unsaid"
	}
	what := Fact{Label: w.say("what"), Lines: []string{w.say("what." + timing)}, Says: []Content{SaysDeclaration}}
	if f.Act == "withdraw" {
		what.Lines = []string{w.say("what.withdrawal")}
	}
	if x := f.Withdrawal; x != nil {
		switch date, clock := w.until(x.Until); {
		case x.Stands && x.Doubt:
			what.Lines = append(what.Lines, w.say("withdrawal.doubt"))
		case !x.Stands && x.Until.IsZero():
			what.Lines = append(what.Lines, w.say("withdrawal.none"))
		case !x.Stands:
			what.Lines = append(what.Lines, w.say("withdrawal.over", "date", date, "time", clock))
		}
	}
	if f.Kind != "" {
		what.Lines = append(what.Lines, w.say("what.kind."+f.Kind))
	}
	if ground := clean(f.Ground); ground != "" {
		what.Lines = append(what.Lines, w.say("what.ground", "ground", ground))
	}
	if line := clean(f.Line); line != "" {
		what.Lines = append(what.Lines, w.say("what.line", "line", line))
	}
	if lines := w.subscriptions(f.Subscriptions); lines != nil {
		what.Lines, what.Says = append(what.Lines, lines...), append(what.Says, SaysContract)
	}
	return append(facts, what)
}

// left is the promise about charges: none, or what is left to pay.
func (w writer) left(f ReceiptFacts) string {
	var owed []money.Amount
	for _, m := range f.Shown {
		if m.Minor < 0 {
			owed = append(owed, m.Neg())
		}
	}
	if len(owed) == 0 {
		return w.owed(f.Statement)
	}
	return w.say("money.owed", "amount", text.Sums(w.lang, owed))
}

// shown is what was shown of the money before the click: what comes back and what is
// left to pay, each in its currency, with the days on which that is done.
func (w writer) shown(f ReceiptFacts) []string {
	lines, back := []string{w.left(f)}, false
	if !f.DueOn.IsZero() {
		lines = append(lines, w.say("money.due_by", "date", f.DueOn))
	}
	for _, m := range f.Shown {
		if m.Minor > 0 {
			lines, back = append(lines, w.say("money.back", "amount", text.Money(w.lang, m))), true
		}
	}
	if back && !f.RefundOn.IsZero() {
		lines = append(lines, w.say("refund.by", "date", f.RefundOn))
	}
	return append(lines, w.say("money.shown"))
}

// moneyFact is what comes back or is left to pay, in words; sums of a statement
// stand below.
func (w writer) moneyFact(f ReceiptFacts, undone bool) []Fact {
	m := Fact{Label: w.say("money"), Says: []Content{SaysMoney}}
	if undone {
		m.Says = append(m.Says, SaysRefund)
		for _, l := range f.Withdrawal.Refunds {
			args := []any{"product", clean(l.Product), "paid", l.Paid, "kept", l.Kept, "back", l.Back, "used", l.Used, "of", l.Of}
			switch {
			case l.Unknown:
				m.Lines = append(m.Lines, w.say("refund.unknown", args...))
			case l.Kept.Minor > 0:
				m.Lines = append(m.Lines, w.say("refund.share", args...))
			default:
				m.Lines = append(m.Lines, w.say("refund.whole", args...))
			}
		}
		if by := f.Withdrawal.RefundBy; !by.IsZero() {
			m.Lines = append(m.Lines, w.say("refund.by", "date", by))
		}
		m.Lines = append(m.Lines, w.say("refund.means"))
	} else if len(f.Shown) > 0 {
		m.Lines = w.shown(f)
	} else if f.Statement == nil { // else the statement below says it with its sums
		m.Lines = []string{w.owed(nil)}
	}
	for _, c := range f.Late {
		m.Lines = append(m.Lines, w.say("money.late", "date", text.LongDate(w.lang, c.On), "amount", text.Money(w.lang, c.Amount), "product", clean(c.Product)))
	}
	if m.Lines == nil {
		return nil
	}
	return []Fact{m}
}
