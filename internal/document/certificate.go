package document

import (
	"strings"
	"time"

	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// CertificateFacts are what a certificate of erasure says.
type CertificateFacts struct {
	Lang     string
	Company  Company
	Code     string
	At       time.Time // it is made
	ErasedOn when.Date
	Erased   []Counted
	Invoices int       // that stay
	Until    when.Date // until then
	Why      string    // the law
	// Grounds are why each thing may stay (Kept), as the law names grounds; nil:
	// nobody said so when it was made.
	Grounds map[string]string
	Entries int       // of the log, whose content cannot be read any more
	Backups when.Date // the last one with the data expires
	Systems []string  // to which something about them went
	Page    string    // link
	NotMe   string    // link
	Proof   *Proof
	Instead *Instead // of a second person; nil: there was one
}

// Kept are the things that stay of somebody who was erased.
var Kept = []string{"invoices", "log", "again"}

// Counted is how many of what was erased.
type Counted struct {
	What string // identity, access, things, letters, words or files
	N    int
}

// Certificate says what was erased, what stays, why and until when, and when
// the backups expire. It never says that everything is gone.
func Certificate(f CertificateFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	l := w.letter(KindCertificate, f.At, f.Code, w.say("certificate.lede", "company", w.company.Name, "date", f.ErasedOn))
	l.Badge = text.Say(w.lang, "state.verified")
	erased := Block{Heading: w.say("certificate.erased"), Says: []Content{SaysErased}}
	for _, c := range f.Erased {
		if c.N > 0 {
			erased.Items = append(erased.Items, Item{Over: true, Strong: w.say("certificate.what." + c.What), Rest: w.say("certificate.records", "n", c.N)})
		}
	}
	erased.Paragraphs = []string{w.say("certificate.key")}
	stays := Block{Heading: w.say("certificate.stays")}
	if f.Invoices > 0 {
		stays.Facts = append(stays.Facts, w.kept("invoices", f, Fact{
			Label: w.say("certificate.invoices", "n", f.Invoices), Lines: []string{w.say("certificate.until", "date", f.Until)}, Soft: clean(f.Why), Time: f.Until.String(),
		}))
	}
	stays.Facts = append(stays.Facts,
		w.kept("log", f, Fact{Label: w.say("certificate.log", "n", f.Entries), Lines: []string{w.say("certificate.log.until")}, Soft: w.say("certificate.log.why")}),
		w.kept("again", f, Fact{Label: w.say("certificate.again"), Lines: []string{w.say("certificate.again.until")}, Soft: w.say("certificate.again.why")}),
		Fact{Label: w.say("certificate.backups"), Lines: []string{w.say("certificate.until", "date", f.Backups)}, Soft: w.say("certificate.backups.why"), Time: f.Backups.String()},
	)
	went := Fact{Label: w.say("certificate.recipients"), Says: []Content{SaysRecipients}}
	for _, s := range f.Systems {
		went.Lines = append(went.Lines, clean(s))
	}
	if went.Lines == nil {
		went.Lines = []string{w.say("certificate.recipients.none")}
	} else {
		went.Soft = w.say("certificate.recipients.why")
	}
	l.Blocks = append(l.Blocks, erased, Block{Facts: []Fact{went}}, stays)
	l.Blocks = append(l.Blocks, w.instead(f.Instead)...)
	l.Blocks = append(l.Blocks, Block{Facts: []Fact{w.complain()}})
	if f.Page != "" {
		l.Blocks = append(l.Blocks, Block{Mailed: true, Action: &Action{
			Label: w.say("certificate.button"), URL: f.Page, Button: true, Primary: true, Note: w.company.Own.Say(w.lang, "mail.private"),
		}})
	}
	l.Blocks = append(l.Blocks, notMe(w, "not_me.ended", f.NotMe)...)
	if f.Proof != nil {
		b := w.proof(*f.Proof)
		b.Paragraphs = []string{w.say("certificate.proof", "index", f.Proof.LeafIndex, "size", f.Proof.TreeSize)}
		l.Blocks = append(l.Blocks, b)
	}
	return l
}

// kept adds to something that stays why it may.
func (w writer) kept(what string, f CertificateFacts, x Fact) Fact {
	x.Keeps, x.Ground = f.Grounds != nil, f.Grounds[what]
	if code := "document.certificate.ground." + x.Ground; x.Ground != "" && text.Known(w.lang, code) {
		x.GroundSays = w.say("certificate.ground." + x.Ground)
		x.Soft = strings.TrimSpace(x.Soft + " " + x.GroundSays)
	}
	return x
}
