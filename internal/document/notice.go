package document

import (
	"cmp"
	"strings"
	"time"

	"hastaluego/internal/money"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// NoticeFacts are what the letter about something that is coming says: the
// renewal of a contract, the end of a trial, another price.
type NoticeFacts struct {
	Lang         string
	Company      Company
	At           time.Time
	What         string // renewal, trial_end or price_change
	Name         string
	Subscription Subscription
	Day          when.Date    // on which it comes
	Deadline     when.Date    // last day on which to say no; zero: it is over
	Price        money.Amount // from that day on, where it is another; zero: the same
	Leave        string       // link to where one leaves; empty: by the ways of the company
	Terms        *NewTerms    // to which they say yes or leave; nil: something that comes by itself
}

// NewTerms are terms that hold only for whoever says yes to them.
type NewTerms struct {
	Why, Changes string
	Choose       string // link to where they say yes or leave; empty: by the ways of the company
}

// Notice tells in time what is coming, what it costs, until when one may say no
// and how, and what silence means. The day stands out.
func Notice(f NoticeFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	if w.company.NoPage {
		f.Leave = ""
	}
	if f.Terms != nil {
		f.What = "terms"
		if f.Leave = f.Terms.Choose; w.company.NoPage {
			f.Leave = ""
		}
	}
	product := clean(f.Subscription.Product)
	l := w.letter(KindNotice, f.At, "", w.say("notice.lede."+f.What, "product", product, "date", f.Day))
	l.Subject = w.say("notice.subject."+f.What, "product", product, "date", f.Day)
	l.Title = w.say("notice.title."+f.What, "product", product, "date", f.Day)
	price := f.Subscription
	if !f.Price.IsZero() {
		price.Amount = f.Price
	}
	if !f.Deadline.IsZero() {
		l.Blocks = []Block{{Figures: true, Facts: []Fact{{
			Label: w.say("notice.deadline" + f.suffix()), Lines: []string{text.LongDate(w.lang, f.Deadline)}, Time: f.Deadline.String(), Says: []Content{SaysDeadline, SaysBoxedDate},
		}}}}
	}
	var why []Fact
	if t := f.Terms; t != nil {
		if t.Why != "" {
			why = append(why, Fact{Label: w.say("notice.terms.why"), Lines: textLines(clean(t.Why))})
		}
		if t.Changes != "" {
			why = append(why, Fact{Label: w.say("notice.terms.also"), Lines: textLines(clean(t.Changes))})
		}
	}
	if len(why) > 0 {
		l.Blocks = append(l.Blocks, Block{Facts: why})
	}
	l.Blocks = append(l.Blocks, Block{
		Facts: []Fact{
			{Label: w.say("notice.what"), Lines: w.subscriptions([]Subscription{price}), Says: []Content{SaysAmount, SaysPeriod, SaysContract}},
			{Label: w.say("notice.day." + f.What), Lines: []string{text.LongDate(w.lang, f.Day)}, Time: f.Day.String(), Says: []Content{SaysDay}},
			{Label: w.say("notice.silence"), Lines: []string{w.say("notice.silence."+f.What, "date", f.Day)}, Says: []Content{SaysSilence}},
			{Label: w.say("notice.leave"), Lines: []string{w.leave(f)}, Says: []Content{SaysHowToCancel}},
			w.complain(),
		},
	})
	if f.Leave != "" {
		l.Blocks = append(l.Blocks, Block{Mailed: true, Action: &Action{Label: w.say("notice.button" + f.suffix()), URL: f.Leave, Button: true}, Says: []Content{SaysCancelLink}})
	}
	return l
}

// suffix tells the words about new terms from others.
func (f NoticeFacts) suffix() string {
	if f.Terms != nil {
		return ".terms"
	}
	return ""
}

// textLines are those of a text.
func textLines(s string) []string { return strings.Split(s, "\n") }

// leave says how to say no.
func (w writer) leave(f NoticeFacts) string {
	if f.Leave != "" {
		return w.say("notice.leave.page" + f.suffix())
	}
	return w.say("notice.leave.ask", "way", cmp.Or(w.company.Email, w.company.Phone, w.company.Address))
}
