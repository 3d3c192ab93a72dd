package document

import (
	"strings"
	"time"

	"hastaluego/internal/money"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// KindAct is the act of a handover, and KindActAccepted the paper that says that
// the client accepted it: papers, never letters.
const (
	KindAct         Kind = "act"
	KindActAccepted Kind = "act_accepted"
)

// ActItem is one thing in an act.
type ActItem struct {
	Handed
	How, Owner, NewOwner, Held, Lacks string
	NewOwnerEmail                     string
	OwnerConfirmed                    time.Time // by the client; zero: not yet, or nobody asked
	OwnerWaits                        bool      // they were asked
	PaidOn                            when.Date // of what was ours until it was paid; zero: it was not
	PaidBy                            string    // with what
	GivenBy, GivenTo                  string    // from hand to hand, or Sent
	Sent                              bool
	GivenAt                           time.Time
	SignedBy, Slip                    string // who signed the slip for it, and its reference
	Piece                             ActPiece
	Refused                           []ActRefusal
	Envelope                          string // of a credential: sealed, opened, expired, withdrawn; empty: in person
	EnvelopeAt                        time.Time
}

// ActPiece is which one of a thing it is.
type ActPiece struct{ Version, Format, SHA256 string }

// ActRefusal is what the client missed in what was given before.
type ActRefusal struct {
	At             time.Time
	Version, Lacks string
}

// ActPromise is something that was promised in the contract.
type ActPromise struct {
	Title       string
	Due         when.Date // zero: no day was promised
	Delivered   when.Date // zero: a gap
	State       string    // of its item: open, held, given, missing, accepted
	Lacks, Held string
	Piece       ActPiece
}

// ActRenewal is something that has to be renewed.
type ActRenewal struct {
	ID    string // stays the same; only a calendar says it
	Name  string
	On    when.Date
	Cost  money.Amount // without a currency: nobody knows
	Payer string       // client, ours, other; empty: nobody said
}

// ActMatter is something that is still to be done.
type ActMatter struct {
	What, By string // By: ours, theirs, complaint
	Due      when.Date
}

// ActFacts is everything that is handed over in a departure, on one paper.
type ActFacts struct {
	Lang      string
	Company   Company
	Code      string
	At        time.Time
	Number    int
	Name      string // of the client
	Effective when.Date
	Items     []ActItem
	Promised  []ActPromise
	Renewals  []ActRenewal
	Open      []ActMatter
	Figures   []string
}

// Act is the act of a handover: what was given and of which version, what waits
// and what lacks, whose administration changed hands, what is renewed and by
// whom, and what is open. It says no secret.
func Act(f ActFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	l := w.letter(KindAct, f.At, f.Code, w.say("act.lede", "company", w.company.Name, "name", clean(f.Name), "n", f.Number))
	parties := Block{Heading: w.say("act.parties"), Facts: []Fact{
		w.seller(),
		{Label: w.say("act.client"), Lines: []string{clean(f.Name)}},
		w.instant(w.say("act.made"), f.At),
	}}
	if !f.Effective.IsZero() {
		parties.Facts = append(parties.Facts, Fact{Label: w.say("act.effective"), Lines: []string{text.LongDate(w.lang, f.Effective)}})
	}
	l.Blocks = append(l.Blocks, parties)
	given, keys, owners := Block{Heading: w.say("act.given")}, Block{Heading: w.say("act.credentials")}, Block{Heading: w.say("act.administration")}
	for _, x := range f.Items {
		fact := Fact{Label: w.say("handed."+x.Kind) + text.Colon(w.lang) + " " + clean(x.Name), Lines: w.actItem(x)}
		if x.Kind == "credential" {
			keys.Facts = append(keys.Facts, fact)
			continue
		}
		given.Facts = append(given.Facts, fact)
		if x.NewOwner != "" {
			owners.Facts = append(owners.Facts, Fact{Label: clean(x.Name), Lines: w.newOwner(x)})
		}
	}
	if len(keys.Facts) > 0 {
		keys.Paragraphs = []string{w.say("act.credentials.text")}
	}
	promised := Block{Heading: w.say("act.promised")}
	for _, p := range f.Promised {
		promised.Items = append(promised.Items, Item{Over: !p.Delivered.IsZero(), Strong: clean(p.Title), Rest: w.actPromise(p)})
	}
	renewals := Block{Heading: w.say("act.renewals")}
	for _, r := range f.Renewals {
		renewals.Facts = append(renewals.Facts, Fact{Label: clean(r.Name), Lines: w.actRenewal(r)})
	}
	for _, b := range []Block{given, keys, owners, promised, renewals} {
		if len(b.Facts)+len(b.Items) > 0 {
			l.Blocks = append(l.Blocks, b)
		}
	}
	open := Block{Heading: w.say("act.open")}
	for _, m := range f.Open {
		by := w.say("act.open." + m.By)
		if !m.Due.IsZero() {
			by += " " + w.say("act.open.due", "date", text.LongDate(w.lang, m.Due))
		}
		open.Facts = append(open.Facts, Fact{Label: by, Lines: paragraphs(m.What)})
	}
	if len(f.Open) == 0 {
		open.Paragraphs = []string{w.say("act.open.none")}
	}
	l.Blocks = append(l.Blocks, open)
	if b := w.figures(f.Figures); len(b.Facts) > 0 {
		l.Blocks = append(l.Blocks, b)
	}
	l.Blocks = append(l.Blocks, Block{Heading: w.say("act.signed"), Paragraphs: []string{w.say("act.signed.text", "company", w.company.LegalName)}})
	return l
}

// actItem is what an act says of one thing.
func (w writer) actItem(x ActItem) (lines []string) {
	tell := func(s string) { lines = append(lines, s) }
	tell(w.handed(x.Handed))
	if x.Owner != "" {
		tell(w.say("act.owner." + x.Owner))
	}
	if !x.PaidOn.IsZero() {
		tell(w.say("act.paid", "date", text.LongDate(w.lang, x.PaidOn)))
		if x.PaidBy != "" {
			tell(w.say("act.paid.with", "with", clean(x.PaidBy)))
		}
	}
	if x.Held != "" {
		tell(w.say("act.held", "why", clean(x.Held)))
	}
	if x.Lacks != "" {
		tell(w.say("act.lacks", "which", w.which(x.Piece.Version), "lacks", clean(x.Lacks)))
	}
	lines = append(lines, paragraphs(x.How)...)
	if x.Envelope != "" {
		tell(w.say("act.envelope."+x.Envelope, "date", text.LongDate(w.lang, w.day(x.EnvelopeAt))))
	}
	switch {
	case x.GivenTo != "" && x.Sent:
		tell(w.say("handed.sent_to", "to", clean(x.GivenTo), "date", text.LongDate(w.lang, w.day(x.GivenAt))))
	case x.GivenTo != "":
		tell(w.say("act.by_hand", "by", clean(x.GivenBy), "to", clean(x.GivenTo), "date", text.LongDate(w.lang, w.day(x.GivenAt))))
	}
	switch {
	case x.SignedBy != "" && x.Slip != "":
		tell(w.say("act.slip.reference", "by", clean(x.SignedBy), "reference", clean(x.Slip)))
	case x.SignedBy != "":
		tell(w.say("act.slip", "by", clean(x.SignedBy)))
	}
	lines = append(lines, w.piece(x.Piece)...)
	for _, r := range x.Refused {
		tell(w.say("act.refused", "date", text.LongDate(w.lang, w.day(r.At)), "which", w.which(r.Version), "lacks", clean(r.Lacks)))
	}
	return lines
}

// newOwner is who administers a thing from now on, and what the client said of it.
func (w writer) newOwner(x ActItem) (lines []string) {
	who := clean(x.NewOwner)
	if x.NewOwnerEmail != "" {
		who += ", " + clean(x.NewOwnerEmail)
	}
	lines = []string{w.say("act.new_owner", "owner", who)}
	switch {
	case !x.OwnerConfirmed.IsZero():
		lines = append(lines, w.say("act.new_owner.confirmed", "date", text.LongDate(w.lang, w.day(x.OwnerConfirmed))))
	case x.OwnerWaits:
		lines = append(lines, w.say("act.new_owner.waits"))
	}
	if x.State == "accepted" {
		lines = append(lines, w.say("act.new_owner.happened", "date", text.LongDate(w.lang, w.day(x.At))))
	}
	return lines
}

// which is a version by its name.
func (w writer) which(version string) string {
	if version = clean(version); version != "" {
		return version
	}
	return w.say("act.unnamed")
}

func (w writer) piece(p ActPiece) (lines []string) {
	var first []string
	if p.Version != "" {
		first = append(first, w.say("act.version", "version", clean(p.Version)))
	}
	if p.Format != "" {
		first = append(first, clean(p.Format))
	}
	if len(first) > 0 {
		lines = append(lines, strings.Join(first, " · "))
	}
	if p.SHA256 != "" {
		lines = append(lines, "SHA-256", p.SHA256[:len(p.SHA256)/2], p.SHA256[len(p.SHA256)/2:])
	}
	return lines
}

func (w writer) actPromise(p ActPromise) string {
	var says []string
	if p.Delivered.IsZero() && !p.Due.IsZero() {
		says = append(says, w.say("act.promise.due", "date", text.LongDate(w.lang, p.Due)))
	}
	switch {
	case !p.Delivered.IsZero():
		says = append(says, w.say("act.promise.delivered", "date", text.LongDate(w.lang, p.Delivered)))
	case p.State == "missing":
		says = append(says, w.say("act.lacks", "which", w.which(p.Piece.Version), "lacks", clean(p.Lacks)))
	case p.State == "held":
		says = append(says, w.say("act.held", "why", clean(p.Held)))
	default:
		says = append(says, w.say("act.promise."+p.State))
	}
	if p.Piece.Version != "" && p.State != "missing" {
		says = append(says, w.say("act.promise.version", "version", clean(p.Piece.Version)))
	}
	return strings.Join(says, " ")
}

func (w writer) actRenewal(r ActRenewal) []string {
	lines := []string{text.LongDate(w.lang, r.On)}
	if r.Cost.Currency != "" {
		lines = append(lines, text.Money(w.lang, r.Cost))
	}
	if r.Payer == "" {
		r.Payer = "unknown"
	}
	return append(lines, w.say("act.payer."+r.Payer))
}

// figures are those of the engagement, as somebody typed them.
func (w writer) figures(typed []string) Block {
	b := Block{Heading: w.say("report.figures")}
	for _, x := range typed {
		label, rest, found := strings.Cut(clean(x), ":")
		if !found {
			label, rest = w.say("report.figure"), label
		}
		b.Facts = append(b.Facts, Fact{Label: label, Lines: []string{strings.TrimSpace(rest)}})
	}
	return b
}

// ActAcceptedFacts is that a client accepted an act.
type ActAcceptedFacts struct {
	Lang    string
	Company Company
	Code    string
	At      time.Time // when they did
	Number  int
	MadeAt  time.Time // when the act was drawn up
	SHA256  string    // of its bytes
	Name    string    // of the client
	By      string    // as whoever accepted called themselves
	Address string    // on file, to which the link of the page was sent
}

// ActAccepted says who accepted which act, when and how.
func ActAccepted(f ActAcceptedFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	l := w.letter(KindActAccepted, f.At, f.Code, w.say("act_accepted.lede", "by", clean(f.By), "name", clean(f.Name), "n", f.Number, "company", w.company.Name))
	b := Block{Heading: w.say("act_accepted.what"), Facts: []Fact{
		{Label: w.say("act_accepted.by"), Lines: []string{clean(f.By)}},
		w.instant(w.say("act_accepted.at"), f.At),
		w.instant(w.say("act.made"), f.MadeAt),
	}}
	how := w.say("act_accepted.how.text")
	if f.Address != "" {
		how = w.say("act_accepted.how.address", "address", clean(f.Address))
	}
	b.Facts = append(b.Facts, Fact{Label: w.say("act_accepted.how"), Lines: []string{how, w.say("act_accepted.words", "words", text.Say(w.lang, "portal.act.agree"))}})
	b.Verbatim = []Verbatim{{Label: w.say("act_accepted.sum"), Lines: []string{f.SHA256}}}
	l.Blocks = append(l.Blocks, b, Block{Paragraphs: []string{w.say("act_accepted.text")}})
	return l
}
