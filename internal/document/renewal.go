package document

import (
	"strings"
	"time"

	"hastaluego/internal/text"
)

// RenewalFacts are what the letter about coming renewals says.
type RenewalFacts struct {
	Lang     string
	Company  Company
	Code     string
	At       time.Time
	Renewals []ActRenewal
	Page     string // link
	NotMe    string // link
}

// Renewal tells in time what has to be renewed, for how much, and who pays.
func Renewal(f RenewalFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	l := w.letter(KindRenewal, f.At, f.Code, w.say("renewal.lede", "company", w.company.Name))
	list := Block{}
	for _, r := range f.Renewals {
		list.Facts = append(list.Facts, Fact{Label: clean(r.Name), Lines: append([]string{text.LongDate(w.lang, r.On)}, w.renewal(r)...)})
	}
	l.Blocks = []Block{list, {Paragraphs: []string{w.say("renewal.text")}}}
	if f.Page != "" {
		l.Blocks = append(l.Blocks, Block{Mailed: true, Action: &Action{
			Label: w.say("renewal.button"), URL: f.Page, Button: true, Note: w.company.Own.Say(w.lang, "mail.private"),
		}})
	}
	l.Blocks = append(l.Blocks, notMe(w, "not_me.mine", f.NotMe)...)
	return l
}

// renewal is what a renewal costs, and who pays it, to whoever receives the thing.
func (w writer) renewal(r ActRenewal) (lines []string) {
	if r.Cost.Currency != "" {
		lines = append(lines, text.Money(w.lang, r.Cost))
	}
	if r.Payer == "" {
		r.Payer = "unknown"
	}
	return append(lines, w.say("renewal.payer."+r.Payer))
}

// RenewalsFacts are renewals for a calendar.
type RenewalsFacts struct {
	Lang      string
	Company   Company
	Now       time.Time
	Renewals  []ActRenewal
	Rehearsal bool // nothing of it is real
}

// remindBefore is how long before a renewal a calendar reminds of it (RFC 5545 §3.3.6).
const remindBefore = "-P14D"

// RenewalsCalendar writes renewals as a calendar file (RFC 5545): whole days, that keep
// nobody busy, with a reminder.
func RenewalsCalendar(f RenewalsFacts) (media string, file []byte) {
	w := newWriter(f.Lang, f.Company)
	var lines []string
	for _, r := range f.Renewals {
		summary := w.say("renewal.event", "name", clean(r.Name))
		if f.Rehearsal {
			summary = text.Say(w.lang, "rehearsal.subject", "subject", summary)
		}
		lines = append(
			lines, "BEGIN:VEVENT",
			"UID:"+calendarText(r.ID)+"-"+calendarDay(r.On)+"@hasta",
			"DTSTAMP:"+calendarInstant(f.Now),
			"DTSTART;VALUE=DATE:"+calendarDay(r.On),
			"DTEND;VALUE=DATE:"+calendarDay(r.On.AddDays(1)),
			"SUMMARY;LANGUAGE="+w.lang+":"+calendarText(summary),
			"DESCRIPTION;LANGUAGE="+w.lang+":"+calendarText(strings.Join(w.renewal(r), "\n")),
			"TRANSP:TRANSPARENT",
			"BEGIN:VALARM",
			"ACTION:DISPLAY",
			"TRIGGER:"+remindBefore,
			"DESCRIPTION:"+calendarText(summary),
			"END:VALARM",
			"END:VEVENT",
		)
	}
	return calendarFile("PUBLISH", lines)
}
