package document

import (
	"slices"
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
	Blocks  string    // the law by which what stays is out of use; empty: none asks for it
	Entries int       // of the log, whose content cannot be read any more
	Backups when.Date // the last one with the data expires
	Systems []string  // to which something about them went
	Far     []FarHeld // what far systems held
	// Processors are those who erased it on behalf of the company.
	Processors []ProcessorErased
	Entrusted  []EntrustedCount // under a promise of secrecy
	// SumsGone is when the invoices that stayed were destroyed, and Completed when
	// nothing that stayed was left: then it is the second certificate. Zero: not yet.
	SumsGone  time.Time
	SumsHeld  bool // a claim or an order keeps them beyond Until
	Completed time.Time
	Address   *AddressStays // nil: no address of theirs is kept
	Page      string        // link
	NotMe     string        // link
	Proof     *Proof
	Instead   *Instead // of a second person; nil: there was one
}

// AddressStays is the address of somebody erased, as they let it be kept.
type AddressStays struct {
	Told  bool // for the letter when what stays is destroyed
	Back  bool // for the one that asks them back
	Until when.Date
	Gone  when.Date // zero: it is there
}

// FarHeld is what became of something that a far system held.
type FarHeld struct {
	System   string
	Title    string
	After    string // erase, anonymise, block or keep
	N        int    // records
	Attested bool   // somebody says so; otherwise it was counted again
	Unknown  bool   // nobody could count it: whatever is there stays
	Until    when.Date
	Why      string // the law
	Ground   string // why it stays, as the law names grounds; empty: nobody said so
	Held     bool   // a claim or an order keeps it beyond Until
	GoneAt   time.Time
}

// stays reports whether it was left for a law.
func (h FarHeld) stays() bool { return h.After == "block" || h.After == "keep" }

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
	lede := w.say("certificate.lede", "company", w.company.Name, "date", f.ErasedOn)
	if !f.Completed.IsZero() {
		lede += " " + w.say("certificate.completed", "date", w.day(f.Completed))
	}
	l := w.letter(KindCertificate, f.At, f.Code, lede)
	l.Badge = text.Say(w.lang, "state.verified")
	erased := Block{Heading: w.say("certificate.erased"), Says: []Content{SaysErased}}
	for _, c := range f.Erased {
		if c.N > 0 {
			erased.Items = append(erased.Items, Item{Over: true, Strong: w.say("certificate.what." + c.What), Rest: w.say("certificate.records", "n", c.N)})
		}
	}
	for _, h := range f.Far {
		if h.N > 0 && !h.stays() {
			rest := w.say("certificate.records", "n", h.N)
			if h.After == "anonymise" {
				rest += " " + w.say("certificate.anonymised")
			}
			erased.Items = append(erased.Items, Item{Over: true, Strong: w.far(h), Rest: rest})
		}
	}
	erased.Paragraphs = []string{w.say("certificate.key")}
	byOthers := Block{Heading: w.say("certificate.processors")}
	for _, p := range f.Processors {
		byOthers.Facts = append(byOthers.Facts, w.processor(p))
	}
	stays := Block{Heading: w.say("certificate.stays")}
	if f.Invoices > 0 {
		x := w.stayUntil(f.Until, f.SumsHeld, f.SumsGone)
		x.Label, x.Soft = w.say("certificate.invoices", "n", f.Invoices), sentences(clean(f.Why), w.say("certificate.sums"))
		x.Soft = w.blocked(f, x.Soft)
		stays.Facts = append(stays.Facts, w.kept("invoices", f, x))
	}
	for _, h := range f.Far {
		if h.N == 0 && !h.Unknown || !h.stays() {
			continue
		}
		x := w.stayUntil(h.Until, h.Held, h.GoneAt)
		x.Label, x.Soft = w.far(h), clean(h.Why)
		if h.Unknown {
			x.Soft = sentences(x.Soft, w.say("certificate.unknown"))
		}
		if h.After == "block" {
			x.Soft = w.blocked(f, sentences(x.Soft, w.say("certificate.blocked")))
		}
		if h.Ground != "" {
			x.Keeps = true
			x = w.ground(h.Ground, x)
		}
		stays.Facts = append(stays.Facts, x)
	}
	stays.Facts = append(stays.Facts,
		w.kept("log", f, Fact{Label: w.say("certificate.log", "n", f.Entries), Lines: []string{w.say("certificate.log.until")}, Soft: w.say("certificate.log.why")}),
		w.kept("again", f, Fact{Label: w.say("certificate.again"), Lines: []string{w.say("certificate.again.until")}, Soft: w.say("certificate.again.why")}),
		Fact{Label: w.say("certificate.backups"), Lines: []string{w.say("certificate.until", "date", f.Backups)}, Soft: w.say("certificate.backups.why"), Time: f.Backups.String()},
	)
	ends := f.Invoices > 0 || slices.ContainsFunc(f.Far, func(h FarHeld) bool { return h.stays() && (h.N > 0 || h.Unknown) })
	switch {
	case f.Address != nil:
		stays.Facts = append(stays.Facts, w.address(*f.Address))
	case ends && f.Completed.IsZero():
		stays.Paragraphs = append(stays.Paragraphs, w.say("certificate.unwritten"))
	}
	went := Fact{Label: w.say("certificate.recipients"), Says: []Content{SaysRecipients}}
	for _, s := range f.Systems {
		went.Lines = append(went.Lines, clean(s))
	}
	if went.Lines == nil {
		went.Lines = []string{w.say("certificate.recipients.none")}
	} else {
		went.Soft = w.say("certificate.recipients.why")
	}
	how := Fact{Label: w.say("certificate.how.label"), Lines: []string{w.say("certificate.how")}}
	l.Blocks = append(l.Blocks, erased)
	if len(byOthers.Facts) > 0 {
		l.Blocks = append(l.Blocks, byOthers)
	}
	l.Blocks = append(l.Blocks, w.entrusted(f.Entrusted)...)
	l.Blocks = append(l.Blocks, Block{Facts: []Fact{how, went}}, stays)
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

// address tells of the address that stays, and for what.
func (w writer) address(a AddressStays) Fact {
	x := Fact{Label: w.say("certificate.address"), Lines: []string{w.say("certificate.until", "date", a.Until)}, Time: a.Until.String()}
	if !a.Gone.IsZero() {
		x.Lines, x.Time = []string{w.say("certificate.gone", "date", a.Gone)}, a.Gone.String()
		return x
	}
	for _, why := range []struct {
		is   bool
		code string
	}{{a.Told, "told"}, {a.Back, "back"}} {
		if why.is {
			x.Soft = sentences(x.Soft, w.say("certificate.address."+why.code))
		}
	}
	x.Soft = sentences(x.Soft, w.say("certificate.address.why"))
	return x
}

// far names something that a far system held.
func (w writer) far(h FarHeld) string { return clean(h.Title) + " · " + clean(h.System) }

// stayUntil says until when something stays, or when it was destroyed.
func (w writer) stayUntil(day when.Date, held bool, gone time.Time) Fact {
	x := Fact{Lines: []string{w.say("certificate.until", "date", day)}, Time: day.String()}
	switch {
	case !gone.IsZero():
		on := w.day(gone)
		x.Lines, x.Time = []string{w.say("certificate.gone", "date", on)}, on.String()
	case held:
		x.Lines = append(x.Lines, w.say("certificate.held"))
	}
	return x
}

// kept adds to something that stays why it may.
func (w writer) kept(what string, f CertificateFacts, x Fact) Fact {
	x.Keeps = f.Grounds != nil
	return w.ground(f.Grounds[what], x)
}

// blocked adds by which law something is out of use until it is destroyed.
func (w writer) blocked(f CertificateFacts, soft string) string {
	if f.Blocks == "" {
		return soft
	}
	return sentences(soft, w.say("certificate.blocked.law", "law", f.Blocks))
}

// ground adds on which ground of the law something stays.
func (w writer) ground(ground string, x Fact) Fact {
	x.Ground = ground
	if code := "document.certificate.ground." + x.Ground; x.Ground != "" && text.Known(w.lang, code) {
		x.GroundSays = w.say("certificate.ground." + x.Ground)
		x.Soft = sentences(x.Soft, x.GroundSays)
	}
	return x
}

// sentences joins them: what people typed may lack the dot at its end.
func sentences(first, second string) string {
	if first = strings.TrimSpace(first); first == "" {
		return second
	}
	if !strings.HasSuffix(first, ".") {
		first += "."
	}
	return first + " " + second
}
