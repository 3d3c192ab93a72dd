package document

import (
	"strings"
	"time"

	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// HandoverFacts are what the letters about a handover say: there is something
// to look at, a credential waits in an envelope, or is still to be changed.
type HandoverFacts struct {
	Lang    string
	Company Company
	Code    string
	At      time.Time
	Kind    Kind    // KindHandover, KindEnvelope, KindRotation or KindOwner
	Page    string  // link
	NotMe   string  // link
	Given   []Given // what waits for an answer; only where there is no page to see it on
}

// Given is one thing that was given and waits for the client's word.
type Given struct{ Kind, Name, How string }

// Handover is one of the letters about a handover. None of them says a secret,
// and the name of what is handed over stands only where there is no page.
func Handover(f HandoverFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	kind := string(f.Kind)
	l := w.letter(f.Kind, f.At, f.Code, w.say(kind+".lede", "company", w.company.Name))
	l.Blocks = []Block{{Paragraphs: []string{w.say(kind + ".text")}}}
	if len(f.Given) > 0 {
		b := Block{Heading: w.say("report.handed")}
		for _, x := range f.Given {
			b.Facts = append(b.Facts, Fact{Label: w.say("handed."+x.Kind) + text.Colon(w.lang) + " " + clean(x.Name), Lines: paragraphs(x.How)})
		}
		l.Blocks = append(l.Blocks, b)
	}
	if f.Page != "" {
		l.Blocks = append(l.Blocks, Block{Mailed: true, Action: &Action{
			Label: w.say(kind + ".button"), URL: f.Page, Button: true, Primary: true, Note: w.say(kind + ".note"),
		}})
	}
	l.Blocks = append(l.Blocks, notMe(w, "not_me.mine", f.NotMe)...)
	return l
}

// Handed is one thing in a final report.
type Handed struct {
	Kind, Name string
	State      string // open, given, missing or accepted; of something confidential also destroyed or kept
	Entrusted  Entrusted
	At         time.Time
	ByMail     bool // they said so in a mail
	BySlip     bool
	Rotation   string // of a credential: waiting, confirmed, unanswered or attested
}

// Picture is an image of a report.
type Picture struct {
	Name  string
	Media string // image/png or image/jpeg
	Body  []byte
}

// ReportFacts is the final report of an engagement.
type ReportFacts struct {
	Lang      string
	Company   Company
	Code      string
	At        time.Time
	Name      string // of the client
	Effective when.Date
	Summary   string
	Figures   []string
	Next      string
	Handed    []Handed
	Pictures  []Picture // only in the PDF: the page frames its own
}

// KindReport is the final report: a paper, never a letter.
const KindReport Kind = "report"

// Report tells what was done, with its figures, and what was handed over, as
// far as it was accepted.
func Report(f ReportFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	l := w.letter(KindReport, f.At, f.Code, w.say("report.lede", "company", w.company.Name, "name", clean(f.Name), "date", f.Effective))
	l.Blocks = append(l.Blocks, Block{Heading: w.say("report.summary"), Paragraphs: paragraphs(f.Summary)})
	if b := w.figures(f.Figures); len(b.Facts) > 0 {
		l.Blocks = append(l.Blocks, b)
	}
	if len(f.Handed) > 0 {
		b := Block{Heading: w.say("report.handed")}
		for _, x := range f.Handed {
			b.Items = append(b.Items, Item{Over: x.State == "accepted" || x.State == "destroyed", Strong: w.say("handed."+x.Kind) + text.Colon(w.lang) + " " + clean(x.Name), Rest: w.handed(x)})
		}
		l.Blocks = append(l.Blocks, b)
	}
	if f.Next != "" {
		l.Blocks = append(l.Blocks, Block{Heading: w.say("report.next"), Paragraphs: paragraphs(f.Next)})
	}
	if len(f.Pictures) > 0 {
		l.Blocks = append(l.Blocks, Block{Heading: w.say("report.pictures"), Pictures: f.Pictures})
	}
	return l
}

func (w writer) handed(x Handed) string {
	if s := w.secret(x); s != "" {
		return s
	}
	state := x.State
	switch {
	case x.State != "accepted":
	case x.ByMail:
		state = "mail"
	case x.BySlip:
		state = "slip"
	}
	s := w.say("handed.state."+state, "date", text.LongDate(w.lang, w.day(x.At)))
	if x.Rotation != "" {
		s += " " + w.say("handed.rotation."+x.Rotation)
	}
	return s
}

// paragraphs are the lines of a text that somebody typed.
func paragraphs(s string) (out []string) {
	for line := range strings.Lines(s) {
		if line = clean(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}
