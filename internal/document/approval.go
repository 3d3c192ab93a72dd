package document

import (
	"time"

	"hastaluego/internal/text"
)

// ApprovalFacts are what the letter says that asks for an approval.
type ApprovalFacts struct {
	Lang    string
	Company Company
	Code    string
	At      time.Time
	What    string    // the step
	Words   string    // what is to be approved, as somebody wrote it
	Until   time.Time // by then an answer is hoped for
	Page    string    // link
	NotMe   string    // link
}

// Approval asks the customer to approve what one person prepared alone, or to
// say what is missing.
func Approval(f ApprovalFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	l := w.letter(KindApproval, f.At, f.Code, w.say("approval.lede", "company", w.company.Name))
	date, _ := w.until(f.Until)
	l.Blocks = []Block{
		{Heading: clean(f.What), Paragraphs: paragraphs(f.Words)},
		{Paragraphs: []string{w.say("approval.text", "date", date)}},
	}
	if f.Page != "" {
		l.Blocks = append(l.Blocks, Block{Mailed: true, Action: &Action{
			Label: w.say("approval.button"), URL: f.Page, Button: true, Primary: true, Note: w.company.Own.Say(w.lang, "mail.private"),
		}})
	}
	l.Blocks = append(l.Blocks, notMe(w, "not_me.mine", f.NotMe)...)
	return l
}

// Instead is what papers say where one person works: nobody of the company
// approves their own work.
type Instead struct {
	Hours int // that are waited; 0: there are several people now
	List  []ApprovedInstead
}

// ApprovedInstead is one act that no second person approved.
type ApprovedInstead struct {
	What    string
	Client  bool // the customer did; else a time was waited for
	Mail    bool // and did it by mail
	AskedAt time.Time
	At      time.Time
}

// instead declares that one person works here, and what was approved in another
// way.
func (w writer) instead(f *Instead) []Block {
	if f == nil {
		return nil
	}
	b := Block{Heading: w.say("instead")}
	if f.Hours > 0 {
		b.Paragraphs = []string{w.say("instead.text", "n", f.Hours)}
	} else {
		b.Paragraphs = []string{w.say("instead.past")}
	}
	for _, x := range f.List {
		way := "time"
		if x.Client {
			way = "client"
		}
		if x.Mail {
			way = "mail"
		}
		b.Items = append(b.Items, Item{Over: true, Strong: clean(x.What), Rest: w.say("instead."+way,
			"at", w.moment(x.At), "asked", w.moment(x.AskedAt))})
	}
	return []Block{b}
}

func (w writer) moment(t time.Time) string {
	zone := w.company.Zone
	if zone == nil {
		zone = time.UTC
	}
	return text.Instant(w.lang, t, zone)
}
