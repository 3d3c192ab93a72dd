package document

import (
	"strconv"

	"hastaluego/internal/text"
)

// Acknowledgement says that a declaration was registered, and nothing that
// depends on who made it.
func Acknowledgement(f AckFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	w.withdrawal = f.Act == "withdraw"
	l := w.letter(KindAck, f.At, f.Code, w.say("ack.lede"))
	l.Badge = text.Say(w.lang, "state.registered")
	l.Blocks = []Block{{Facts: append([]Fact{
		w.instant(w.say("received"), f.At),
		{Label: w.say("ack.what"), Lines: []string{w.say("ack.declaration", "company", w.company.LegalName)}, Says: []Content{SaysDeclaration}},
	}, append(w.how(f.Via),
		w.seller(),
		Fact{Label: w.say("ends"), Lines: []string{w.askedEnd(f)}, Says: []Content{SaysEnd}},
		Fact{Label: w.say("effects"), Lines: []string{w.say("effects.text")}, Says: []Content{SaysEffects}},
		Fact{Label: w.say("ack.next"), Lines: []string{w.say("ack.confirm")}, Says: []Content{SaysNext}},
		w.complain(),
	)...)}}
	if f.NotMe != "" {
		l.Blocks = append(l.Blocks, Block{Mailed: true, Paragraphs: []string{w.say("ack.typed")}})
		l.Blocks = append(l.Blocks, notMe(w, "not_me.before", f.NotMe)...)
	}
	return l
}

// askedEnd is when it ends as it was asked for: that is known whoever asked.
func (w writer) askedEnd(f AckFacts) string {
	if f.Timing == "period_end" && f.Act != "withdraw" {
		return w.say("ack.end.period")
	}
	return w.say("ends.at", "date", w.day(f.At))
}

// Confirm asks the address on file whether it was them. It repeats
// nothing that the sender typed.
func Confirm(f ConfirmFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	l := w.letter(KindConfirm, f.At, f.Code, w.say("confirm.lede", "company", w.company.Name))
	if f.Verify != "" {
		action := Action{Label: w.say("confirm.button"), URL: f.Verify, Button: true, Primary: true}
		if !f.Until.IsZero() {
			action.Note = w.say("confirm.until", "until", text.Instant(w.lang, f.Until, w.company.Zone))
		}
		l.Blocks = append(l.Blocks, Block{Action: &action})
	}
	l.Blocks = append(l.Blocks, notMe(w, "not_me.stop", f.NotMe)...)
	l.Blocks = append(l.Blocks, Block{Facts: []Fact{
		w.instant(w.say("received"), f.At),
		{Label: w.say("confirm.counts"), Lines: []string{w.say("confirm.counts.text")}},
		{Label: w.say("confirm.next"), Lines: []string{w.say("confirm.next.text")}},
		w.complain(),
	}})
	return l
}

func digits(n int64) string { return strconv.FormatInt(n, 10) }
