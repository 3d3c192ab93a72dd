package document

import (
	"cmp"
	"time"

	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// EndingFacts are what the letter about an end that the company began says.
type EndingFacts struct {
	Lang          string
	Company       Company
	Code          string
	At            time.Time
	Cause         string      // payment, term or company
	Reference     string      // of what was not paid; may be empty
	Why           string      // in the company's words; empty but for company
	Alternatives  string      // likewise; may be empty
	Owed          []MoneyLine // what is open, of a payment that failed
	Subscriptions []Subscription
	Effective     when.Date
	DataUntil     when.Date // zero: no download is offered
	Erased        when.Date // planned; zero: no erasure will come
	Milestones    []Milestone
	Page          string // link to the private page
	NotMe         string // link
	Proof         *Proof
}

// Ending tells what the company ends, why, on which day, what there is instead
// and what stays the customer's right: their data, a settled account, complaint.
func Ending(f EndingFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	l := w.letter(KindEnding, f.At, f.Code, w.say("ending.lede", "n", max(1, len(f.Subscriptions)), "company", w.company.Name, "date", f.Effective))
	why := cleanLines(f.Why)
	if len(why) == 0 {
		about := "ending.why." + f.Cause
		if ref := clean(f.Reference); ref != "" {
			about += ".reference"
		}
		why = []string{w.say(about, "reference", clean(f.Reference))}
	}
	facts := []Fact{
		{Label: w.say("ending.why"), Lines: why},
	}
	var owed []string
	for _, x := range f.Owed {
		owed = append(owed, w.say("ending.owed.line", "what", clean(x.Label), "amount", text.Money(w.lang, x.Amount)))
	}
	if owed != nil {
		facts = append(facts, Fact{Label: w.say("ending.owed"), Lines: owed})
	}
	if lines := w.subscriptions(f.Subscriptions); lines != nil {
		facts = append(facts, Fact{Label: w.say("ending.what"), Lines: lines})
	}
	facts = append(facts, Fact{Label: w.say("ends"), Lines: []string{w.say("ends.at", "date", f.Effective)}, Time: f.Effective.String()})
	alternatives := cleanLines(f.Alternatives)
	if len(alternatives) == 0 && f.Cause == "payment" {
		alternatives = []string{w.say("ending.pay", "date", f.Effective)}
		if way := cmp.Or(w.company.Email, w.company.Phone); way != "" {
			alternatives = append(alternatives, w.say("ending.pay.ask", "way", way))
		}
	}
	if len(alternatives) > 0 {
		facts = append(facts, Fact{Label: w.say("ending.instead"), Lines: alternatives})
	}
	facts = append(facts, Fact{Label: w.say("ending.rights"), Lines: []string{w.say("ending.rights.text")}})
	if lines := w.data(f.DataUntil, f.Erased); lines != nil {
		facts = append(facts, Fact{Label: w.say("data"), Lines: lines})
	}
	facts = append(facts, w.complain())
	l.Blocks = []Block{{Facts: facts}}
	if len(f.Milestones) > 0 {
		l.Blocks = append(l.Blocks, Block{Heading: w.say("progress"), Items: w.items(f.Milestones)})
	}
	if f.Page != "" {
		l.Blocks = append(l.Blocks, Block{Mailed: true, Action: &Action{
			Label: w.say("ending.follow"), URL: f.Page, Button: true, Primary: true, Note: w.company.Own.Say(w.lang, "mail.private"),
		}})
	}
	l.Blocks = append(l.Blocks, notMe(w, "not_me.ending", f.NotMe)...)
	if f.Proof != nil {
		b := w.proof(*f.Proof)
		b.Paragraphs = []string{w.say("ending.proof", "index", f.Proof.LeafIndex, "size", f.Proof.TreeSize)}
		l.Blocks = append(l.Blocks, b)
	}
	return l
}
