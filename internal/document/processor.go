package document

import (
	"strings"
	"time"

	"hastaluego/internal/when"
)

// AskFacts are what a processor is asked to erase.
type AskFacts struct {
	Lang      string
	Company   Company
	At        time.Time
	Processor string
	Reference string // of the request: the receipt says it
	Owner     string // the name by which they know the customer
	What      []AskedHolding
	Due       when.Date // the receipt is expected by then
	Again     bool      // it reminds
}

// AskedHolding is one thing that a processor holds.
type AskedHolding struct {
	Title     string
	Fields    []string
	Anonymise bool // what is left may lead to nobody
}

// AskProcessor asks a processor to erase, and says what its receipt has to say.
func AskProcessor(f AskFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	l := Letter{
		Kind: KindProcessor, Lang: w.lang, Company: w.company, At: f.At, Paper: w.say("processor.kind"), Title: w.say("processor.title"),
		Subject: w.say("processor.subject", "reference", f.Reference),
		Lede:    w.say("processor.lede", "company", w.company.LegalName, "processor", clean(f.Processor)),
	}
	if f.Again {
		l.Subject, l.Title = w.say("processor.subject.again", "reference", f.Reference), w.say("processor.title.again")
	}
	facts := Block{Facts: []Fact{
		{Label: w.say("processor.reference"), Lines: []string{f.Reference}},
		{Label: w.say("processor.owner"), Lines: []string{clean(f.Owner)}},
	}}
	what := Block{Heading: w.say("processor.what")}
	for _, h := range f.What {
		fields := make([]string, len(h.Fields))
		for i, x := range h.Fields {
			fields[i] = clean(x)
		}
		rest := strings.Join(fields, ", ") + "."
		if h.Anonymise {
			rest += " " + w.say("processor.anonymise")
		}
		what.Items = append(what.Items, Item{Strong: clean(h.Title) + ".", Rest: rest})
	}
	l.Blocks = []Block{
		facts, what,
		{Heading: w.say("processor.receipt"), Paragraphs: []string{w.say("processor.receipt.text", "date", f.Due), w.say("processor.receipt.signed")}},
	}
	return l
}

// ProcessorErased is what a processor erased, as its receipt says.
type ProcessorErased struct {
	Name              string
	What              []string
	AskedOn, ErasedOn when.Date // zero: it was not, or no receipt came
	SilentOn          when.Date // until then it did not answer, and the company went on
	Proof             string    // signed, attested or none
	SHA256            string    // of the receipt
}

// processor tells what a processor erased, and on whose word.
func (w writer) processor(p ProcessorErased) Fact {
	x := Fact{Label: clean(p.Name)}
	for _, what := range p.What {
		x.Lines = append(x.Lines, clean(what))
	}
	switch {
	case !p.ErasedOn.IsZero():
		x.Lines, x.Time = append(x.Lines, w.say("certificate.processor."+p.Proof, "date", p.ErasedOn)), p.ErasedOn.String()
		x.Soft = w.say("certificate.processor.sum", "sum", p.SHA256)
	case !p.SilentOn.IsZero():
		x.Lines, x.Time = append(x.Lines, w.say("certificate.processor.silent", "date", p.AskedOn, "until", p.SilentOn)), p.SilentOn.String()
	case !p.AskedOn.IsZero():
		x.Lines = append(x.Lines, w.say("certificate.processor.none", "date", p.AskedOn))
	default:
		x.Lines = append(x.Lines, w.say("certificate.processor.unasked"))
	}
	return x
}
