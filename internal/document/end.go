package document

import (
	"cmp"
	"strings"

	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// Reversed says that the departure was undone, whether this was read back, and
// what the customer was promised for staying.
func Reversed(f ReversedFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	lede, promise := "reversed.lede", cleanLines(f.Promise)
	if promise != nil {
		lede = "reversed.lede.promise"
	}
	l := w.letter(KindReversed, f.At, f.Code, w.say(lede,
		"company", w.company.Name, "date", text.LongDate(w.lang, w.day(f.RequestedAt)), "time", w.clock(f.RequestedAt)))
	if !f.ReadBack {
		l.Title = w.say("reversed.title.unread")
	}
	l.Badge = text.Say(w.lang, "state.undone")
	facts := []Fact{w.instant(w.say("reversed.at"), f.At)}
	if lines := w.subscriptions(f.Subscriptions); lines != nil {
		facts = append(facts, Fact{Label: w.say("reversed.keeps"), Lines: lines})
	}
	if promise != nil {
		facts = append(facts,
			Fact{Label: w.say("reversed.promise"), Lines: promise},
			Fact{Label: w.say("offer.by"), Lines: []string{text.LongDate(w.lang, f.PromisedBy)}, Time: f.PromisedBy.String()})
	}
	facts = append(facts,
		Fact{Label: w.say("reversed.next"), Lines: []string{w.say("reversed.next.text")}},
		w.complain())
	l.Blocks = []Block{{Facts: facts}}
	if f.Follow != "" {
		l.Blocks = append(l.Blocks, Block{Mailed: true, Action: &Action{
			Label: w.say("reversed.button"), URL: f.Follow, Button: true, Primary: true, Note: w.company.Own.Say(w.lang, "mail.private"),
		}})
	}
	l.Blocks = append(l.Blocks, notMe(w, "not_me.reversed", f.NotMe)...)
	return l
}

// Farewell thanks once, says how everything stands, and leaves the door
// open. It says "verified" only if every milestone but itself is over. A quiet
// one says how everything stands, and who helps with papers.
func Farewell(f FarewellFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	about := "farewell"
	if f.Quiet {
		about = "farewell.quiet"
	}
	lede, subject := about+".lede", about+".subject"
	var stops []Milestone
	for _, m := range f.Milestones {
		if m.Name == "farewell" {
			continue
		}
		stops = append(stops, m)
		if !m.over() {
			lede = "farewell.lede.open"
		}
	}
	switch {
	case f.Left:
		lede = "farewell.lede.open"
	case !f.ReadUntil.IsZero() && lede == about+".lede":
		lede += ".reading"
	case f.Attested && lede == about+".lede":
		lede += ".attested"
	}
	if f.Quiet && lede == "farewell.lede.open" {
		subject = "farewell.quiet.open"
	}
	name := clean(f.Name)
	if name == "" {
		subject += ".plain"
	}
	title := w.say(subject, "name", name)
	l := Letter{
		Kind: KindFarewell, Lang: w.lang, Company: w.company, At: f.At, Subject: title, Title: title,
		Paper: w.say("farewell.kind"), Lede: w.say(lede, "code", clean(f.Code), "company", w.company.Name, "date", f.Effective, "until", text.LongDate(w.lang, f.ReadUntil)),
	}
	if span := w.span(f.Since, f.Effective); span != "" && !f.Quiet {
		l.Lede += " " + w.say("farewell.thanks", "span", span)
	}
	if len(stops) > 0 {
		l.Blocks = append(l.Blocks, Block{Heading: w.say("progress"), Items: w.items(stops)})
	}
	if len(f.Reads) > 0 && !f.ReadUntil.IsZero() {
		l.Blocks = append(l.Blocks, Block{Facts: []Fact{{Label: w.say("farewell.reads", "until", text.LongDate(w.lang, f.ReadUntil)), Lines: cleanLines(strings.Join(f.Reads, "\n")), Soft: w.say("farewell.reads.why")}}})
	}
	if len(f.Achieved) > 1 && !f.Quiet {
		l.Blocks = append(l.Blocks, w.achieved(f.Achieved))
	}
	if lines := w.data(f.DataUntil, f.Erased); lines != nil {
		l.Blocks = append(l.Blocks, Block{Heading: w.say("data"), Paragraphs: lines})
	}
	l.Blocks = append(l.Blocks, w.instead(f.Instead)...)
	if f.Page != "" {
		l.Blocks = append(l.Blocks, Block{Mailed: true, Action: &Action{
			Label: w.say("farewell.button"), URL: f.Page, Button: true, Primary: true, Note: w.company.Own.Say(w.lang, "mail.private"),
		}})
	}
	l.Blocks = append(l.Blocks, w.end(f))
	l.Blocks = append(l.Blocks, w.signed(w.say(about+".sign")))
	l.Blocks = append(l.Blocks, notMe(w, "not_me.ended", f.NotMe)...)
	return l
}

// end is the last word: the door, or, where nobody will come back, help with
// papers; and what is still to be written, if anything.
func (w writer) end(f FarewellFacts) Block {
	var more []string
	if !f.Erased.IsZero() {
		more = []string{w.say("farewell.certificate")}
	}
	if !f.Quiet {
		silence := strings.Join(append([]string{w.say("farewell.silence")}, more...), " ")
		return Block{Heading: w.say("farewell.door"), Paragraphs: []string{w.say("farewell.door.text"), silence}}
	}
	help := w.say("farewell.quiet.help")
	if way := cmp.Or(w.company.Phone, w.company.Email); way != "" {
		help = w.say("farewell.quiet.help.at", "way", way)
	}
	return Block{Paragraphs: append([]string{help}, more...)}
}

// achieved is what a customer achieved, with what it was counted from.
func (w writer) achieved(list []Achievement) Block {
	b := Block{Heading: w.say("farewell.achieved"), Figures: true}
	var from, until when.Date
	for _, a := range list {
		b.Facts = append(b.Facts, Fact{Label: clean(a.Label), Lines: []string{text.Number(w.lang, a.Value)}})
		if from.IsZero() || a.From.Before(from) {
			from = a.From
		}
		if until.Before(a.Until) {
			until = a.Until
		}
	}
	b.Paragraphs = []string{w.say("farewell.achieved.source", "from", text.LongDate(w.lang, from), "until", text.LongDate(w.lang, until))}
	return b
}

// span is how long somebody was a customer in whole years and months, nothing
// under one month.
func (w writer) span(since, last when.Date) string {
	if since.IsZero() || last.Before(since) {
		return ""
	}
	end := last.AddDays(1)
	n := (end.Year-since.Year)*12 + int(end.Month) - int(since.Month)
	if n > 0 && end.Before(since.AddMonths(n)) {
		n--
	}
	years, months := n/12, n%12
	y, m := w.say("span.years", "n", years), w.say("span.months", "n", months)
	switch {
	case years > 0 && months > 0:
		return w.say("span", "years", y, "months", m)
	case years > 0:
		return y
	case months > 0:
		return m
	}
	return ""
}
