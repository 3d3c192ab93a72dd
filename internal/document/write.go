package document

import (
	"slices"
	"strings"
	"time"

	"hastaluego/internal/money"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// writer words the facts of one letter.
type writer struct {
	lang       string
	company    Company
	withdrawal bool // the act is one: it is never called a cancellation
}

func newWriter(lang string, c Company) writer {
	for _, s := range []*string{&c.Name, &c.LegalName, &c.Address, &c.Phone, &c.Email, &c.Complaints, &c.ComplaintsURL, &c.Signer, &c.RefundsURL, &c.WarrantyURL, &c.PrivacyURL} {
		*s = clean(*s)
	}
	var lines []string
	for line := range strings.Lines(c.Signature) {
		if line = clean(line); line != "" {
			lines = append(lines, line)
		}
	}
	c.Signature = strings.Join(lines, "\n")
	if c.Brand == (Brand{}) {
		c.Brand = ours
	}
	if c.LegalName == "" {
		c.LegalName = c.Name
	}
	return writer{lang: text.Pick(text.CustomerLangs(), lang, "", ""), company: c}
}

// noPage ends the codes of words for whoever reaches no page: those that name one
// have others.
const noPage = ".no_page"

// ofWithdrawal ends the codes of words that differ for a withdrawal: the two acts
// stay apart in words too.
const ofWithdrawal = ".withdraw"

func (w writer) say(code string, args ...any) string {
	if w.withdrawal && text.Known(w.lang, "document."+code+ofWithdrawal) {
		code += ofWithdrawal
	}
	if w.company.NoPage && text.Known(w.lang, "document."+code+noPage) {
		code += noPage
	}
	return w.company.Own.Say(w.lang, "document."+code, args...)
}

// letter begins a letter; its subject, title and name of the paper go by kind.
func (w writer) letter(kind Kind, at time.Time, code, lede string) Letter {
	code = clean(code)
	return Letter{
		Kind: kind, Lang: w.lang, Company: w.company, At: at, Code: code, Lede: lede, Withdrawal: w.withdrawal,
		Subject: w.say(string(kind)+".subject", "code", code),
		Paper:   w.say(string(kind) + ".kind"),
		Title:   w.say(string(kind) + ".title"),
	}
}

func (w writer) instant(label string, at time.Time) Fact {
	zone := w.company.Zone
	if zone == nil {
		zone = time.UTC
	}
	return Fact{
		Label: label, Lines: []string{text.WeekdayInstant(w.lang, at, zone)},
		Soft: text.Zone(w.lang, at, zone), Time: at.In(zone).Format(time.RFC3339),
		Says: []Content{SaysInstant}, SoftSays: []Content{SaysZone},
	}
}

// clock is a time of day in a sentence.
func (w writer) clock(t time.Time) string {
	if w.company.Abroad {
		return text.ClockThere(w.lang, t, w.company.Zone)
	}
	return text.Clock(t, w.company.Zone)
}

// abroad says where the clock of a day hangs, for whoever lives in another country
// than the company; else nothing.
func (w writer) abroad(day when.Date) string {
	if !w.company.Abroad || day.IsZero() {
		return ""
	}
	zone := w.company.Zone
	if zone == nil {
		zone = time.UTC
	}
	return text.Zone(w.lang, day.Start(zone).Add(12*time.Hour), zone)
}

func (w writer) complain() Fact {
	f := Fact{Label: w.say("complain"), Says: []Content{SaysComplaint}, Soft: w.say("complain.adr"), SoftSays: []Content{SaysADR}}
	for _, way := range []string{w.company.Complaints, w.company.ComplaintsURL, w.company.Phone, w.company.Address} {
		if way != "" {
			f.Lines = append(f.Lines, way)
		}
	}
	if len(f.Lines) == 0 && w.company.Email != "" {
		f.Lines = []string{w.company.Email}
	}
	return f
}

// seller is whom one has the contract with.
func (w writer) seller() Fact {
	f := Fact{Label: w.say("seller"), Says: []Content{SaysSeller}}
	for _, s := range []string{w.company.LegalName, w.company.Address} {
		if s != "" {
			f.Lines = append(f.Lines, s)
		}
	}
	return f
}

// how is the way by which it was asked for; what nobody knows is said nowhere.
func (w writer) how(via string) (facts []Fact) {
	if via != "" && text.Known(w.lang, "document.how."+via) {
		facts = append(facts, Fact{Label: w.say("how"), Lines: []string{w.say("how." + via)}, Says: []Content{SaysChannel}})
	}
	return facts
}

func (w writer) subscriptions(list []Subscription) []string {
	var lines []string
	for _, s := range list {
		product, plan := clean(s.Product), clean(s.Plan)
		price := text.Money(w.lang, s.Amount)
		if s.Interval != "" {
			price = w.say("per."+s.Interval, "amount", price)
		}
		if plan == "" || plan == product {
			lines = append(lines, w.say("subscription.plain", "product", product, "price", price))
			continue
		}
		lines = append(lines, w.say("subscription", "product", product, "plan", plan, "price", price))
	}
	return lines
}

// items tells milestones in the words of the evidence: done is not verified.
func (w writer) items(list []Milestone) []Item {
	var out []Item
	for _, m := range list {
		it := Item{Strong: w.say("milestone." + m.Name), Over: m.over()}
		date := text.LongDate(w.lang, w.day(m.At))
		if m.State == "planned" && !m.At.IsZero() {
			date, _ = w.until(m.At) // what is due at midnight is due on the day that ends
		}
		switch {
		case (m.State == "done" || m.State == "verified") && date != "":
			it.Rest = w.say("state."+m.State, "date", date)
		case m.Of > 1 && m.Part > 0 && m.Part < m.Of:
			it.Rest = w.say("state.part", "part", m.Part, "of", m.Of)
		case m.State == "planned" && date == "":
			it.Rest = w.say("state.planned.undated")
		default:
			it.Rest = w.say("state."+m.State, "date", date)
		}
		if m.Reading > 0 && m.over() {
			it.Strong = w.say("milestone."+m.Name+".but", "n", m.Reading)
		}
		out = append(out, it)
	}
	return out
}

func (m Milestone) over() bool { return m.State == "verified" || m.State == "done" && !m.Verifies }

func (w writer) day(t time.Time) when.Date {
	if t.IsZero() {
		return when.Date{}
	}
	zone := w.company.Zone
	if zone == nil {
		zone = time.UTC
	}
	return when.DateOf(t, zone)
}

// until writes the end of a time for people: midnight is the last minute of
// the day before, which is what they understand by it.
func (w writer) until(t time.Time) (date, clock string) {
	zone := w.company.Zone
	if zone == nil {
		zone = time.UTC
	}
	if local := t.In(zone); local.Hour() == 0 && local.Minute() == 0 {
		t = t.Add(-time.Minute)
	}
	return text.LongDate(w.lang, when.DateOf(t, zone)), w.clock(t)
}

func (w writer) table(s Statement) *Table {
	t := &Table{Caption: w.say("money.caption", "date", s.On), Note: clean(s.Note)}
	for _, l := range s.Lines {
		t.Rows = append(t.Rows, Row{clean(l.Label), clean(l.Why), text.Money(w.lang, l.Amount)})
	}
	t.Total = Row{Label: w.say("money.refund"), Amount: text.Money(w.lang, s.Total)}
	if s.Total.Minor < 0 {
		t.Total = Row{Label: w.say("money.due"), Amount: text.Money(w.lang, s.Total.Neg())}
	}
	return t
}

// owed is the promise about charges: none, or the one sum that is left.
func (w writer) owed(s *Statement) string {
	if s == nil || s.Total.Minor >= 0 {
		return w.say("money.none")
	}
	return w.say("money.owed", "amount", money.Amount.Neg(s.Total))
}

// data is until when they can have their data, and when it is erased.
func (w writer) data(until, erased when.Date) []string {
	var lines []string
	if !until.IsZero() {
		lines = append(lines, w.say("data.until", "until", until))
	}
	if !erased.IsZero() {
		lines = append(lines, w.say("data.erased", "date", erased))
	}
	return lines
}

func (w writer) dataFact(until, erased when.Date) (facts []Fact) {
	f := Fact{Label: w.say("data"), Lines: w.data(until, when.Date{})}
	if !erased.IsZero() {
		f.Lines = append(f.Lines, w.say("data.erased.from", "date", erased))
	}
	switch {
	case f.Lines == nil:
		return nil
	case until.IsZero():
		f.Says = []Content{SaysErasure}
	case erased.IsZero():
		f.Says = []Content{SaysDataWindow}
	default:
		f.Says = []Content{SaysDataWindow, SaysErasure}
	}
	return []Fact{f}
}

func (w writer) proof(p Proof) Block {
	b := Block{
		Heading:    w.say("proof"),
		Paragraphs: []string{w.say("proof.lede", "index", p.LeafIndex, "size", p.TreeSize)},
		Verbatim: []Verbatim{
			{w.say("proof.index"), []string{digits(p.LeafIndex)}},
			{w.say("proof.size"), []string{digits(p.TreeSize)}},
			{w.say("proof.root"), []string{clean(p.Root)}},
		},
	}
	if len(p.Path) > 0 {
		v := Verbatim{Label: w.say("proof.path")}
		for _, h := range p.Path {
			v.Lines = append(v.Lines, clean(h))
		}
		b.Verbatim = append(b.Verbatim, v)
	}
	if p.Checkpoint != "" {
		v := Verbatim{Label: w.say("proof.checkpoint")}
		for _, l := range strings.Split(strings.TrimRight(p.Checkpoint, "\n"), "\n") {
			v.Lines = append(v.Lines, clean(l))
		}
		b.Verbatim = append(b.Verbatim, v)
	}
	return b
}

// signed ends a letter that a person signs: the leave-taking, the person, and
// the company's own signature. Where nobody is named the signature stands
// alone, and where the company has none the team signs; where one person works
// there is no team. A signature that
// begins with its own leave-taking ("Un saludo,") keeps it in place of ours,
// and one that names the person already is not told the name twice.
func (w writer) signed(leave string) Block {
	signer, team := w.company.Signer, w.say("farewell.team", "company", w.company.Name)
	if w.company.Signature == "" {
		if w.company.Alone { // there is nobody else who could sign along
			return Block{Signature: slices.DeleteFunc([]string{leave, signer, w.company.Name}, func(s string) bool { return s == "" })}
		}
		if signer != "" {
			team = w.say("farewell.signer", "signer", signer, "company", w.company.Name)
		}
		return Block{Signature: []string{leave, team}}
	}
	own := strings.Split(w.company.Signature, "\n")
	if signer == "" || strings.Contains(w.company.Signature, signer) {
		return Block{Signature: own}
	}
	if first := own[0]; strings.HasSuffix(first, ",") {
		leave, own = first, own[1:]
	}
	return Block{Signature: append([]string{leave, signer}, own...)}
}

func notMe(w writer, code, url string) []Block {
	if url == "" {
		return nil
	}
	return []Block{{Mailed: true, Action: &Action{Before: w.say(code), Label: w.say("not_me"), URL: url}}}
}
