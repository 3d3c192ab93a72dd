package document

import (
	"time"

	"hastaluego/internal/text"
)

// KindSlip is the slip that a client signs where things are given from hand to hand: a
// paper, never a letter.
const KindSlip Kind = "slip"

// SlipItem is one thing on a slip.
type SlipItem struct{ Kind, Name, How, To string }

// SlipFacts are what a slip says. It says no secret: that goes beside it.
type SlipFacts struct {
	Lang      string
	Company   Company
	Code      string
	At        time.Time
	Reference string
	Name      string // of the client
	By        string // who gives it
	Items     []SlipItem
}

// toFillIn is where somebody writes with a pen.
const toFillIn = "________________________________"

// Slip is what is signed where things change hands.
func Slip(f SlipFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	l := w.letter(KindSlip, f.At, f.Code, w.say("slip.lede", "company", w.company.Name, "name", clean(f.Name)))
	giver := w.seller()
	if by := clean(f.By); by != "" {
		giver.Lines = append(giver.Lines, by)
	}
	things := Block{Heading: w.say("slip.given")}
	to := toFillIn
	for _, x := range f.Items {
		how := paragraphs(x.How)
		if how == nil { // it is printed before it is given
			how = []string{w.say("slip.hand")}
		}
		things.Facts = append(things.Facts, Fact{Label: w.say("handed."+x.Kind) + text.Colon(w.lang) + " " + clean(x.Name), Lines: how})
		if x.To != "" {
			to = clean(x.To)
		}
	}
	sign := func(heading, name string) Block {
		return Block{Heading: heading, Facts: []Fact{
			{Label: w.say("slip.person"), Lines: []string{name}}, {Label: w.say("slip.signature"), Lines: []string{toFillIn}},
		}}
	}
	l.Blocks = []Block{
		{Heading: w.say("act.parties"), Facts: []Fact{giver, {Label: w.say("act.client"), Lines: []string{clean(f.Name)}}, {Label: w.say("slip.reference"), Lines: []string{clean(f.Reference)}}}},
		things,
		{Paragraphs: []string{w.say("slip.text"), w.say("slip.secret")}},
		sign(w.say("slip.receives"), to), sign(w.say("slip.gives"), clean(f.By)),
	}
	return l
}
