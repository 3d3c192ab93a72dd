package document

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// CalendarFacts are what an invitation tells a calendar.
type CalendarFacts struct {
	Lang      string
	Company   Company
	ID        string // stays the same when the time is agreed anew
	Sequence  int
	Made      time.Time
	Start     time.Time
	End       time.Time
	Format    string // in_person, video, phone
	Place     string
	Words     string
	Page      string // link to where they answer; may be empty
	Cancelled bool
	Rehearsal bool // nothing of it is real
}

// Calendar writes an invitation as a calendar file (RFC 5545). It is published,
// not requested: whoever takes it owes no answer. Instants are in UTC, so that
// no zone can be read wrongly. The media type names the same method as the file.
func Calendar(f CalendarFacts) (media string, file []byte) {
	w := newWriter(f.Lang, f.Company)
	method, status := "PUBLISH", "CONFIRMED"
	if f.Cancelled {
		method, status = "CANCEL", "CANCELLED"
	}
	summary := w.say("invitation.summary", "company", w.company.Name)
	if f.Rehearsal {
		summary = text.Say(w.lang, "rehearsal.subject", "subject", summary)
	}
	about := w.say("invitation.format." + f.Format)
	if f.Words != "" {
		about += "\n" + f.Words
	}
	about += "\n" + w.say("invitation.free")
	if f.Page != "" {
		about += "\n" + f.Page
	}
	lines := []string{
		"BEGIN:VEVENT",
		"UID:" + calendarText(f.ID) + "@hasta",
		"SEQUENCE:" + strconv.Itoa(f.Sequence),
		"DTSTAMP:" + calendarInstant(f.Made),
		"DTSTART:" + calendarInstant(f.Start),
		"DTEND:" + calendarInstant(f.End),
		"SUMMARY;LANGUAGE=" + w.lang + ":" + calendarText(summary),
		"LOCATION:" + calendarText(f.Place),
		"DESCRIPTION;LANGUAGE=" + w.lang + ":" + calendarText(about),
		"STATUS:" + status,
	}
	if w.company.Email != "" {
		lines = append(lines, `ORGANIZER;CN="`+calendarName(w.company.Name)+`":mailto:`+calendarText(w.company.Email))
	}
	return calendarFile(method, append(lines, "END:VEVENT"))
}

// calendarFile frames the lines of a calendar.
func calendarFile(method string, lines []string) (media string, file []byte) {
	var out strings.Builder
	for _, l := range []string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Hasta Luego//Calendar//EN", "CALSCALE:GREGORIAN", "METHOD:" + method} {
		fold(&out, l)
	}
	for _, l := range append(lines, "END:VCALENDAR") {
		fold(&out, l)
	}
	return "text/calendar; charset=utf-8; method=" + method, []byte(out.String())
}

func calendarDay(d when.Date) string { return strings.ReplaceAll(d.String(), "-", "") }

func calendarInstant(t time.Time) string { return t.UTC().Format("20060102T150405Z") }

// calendarText escapes a text value (RFC 5545 §3.3.11) and drops what controls
// a terminal or ends a line.
func calendarText(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\r\n", "\n")
	s = strings.Map(func(r rune) rune {
		if r != '\n' && (r < ' ' || r == 0x7f) || bidi(r) {
			return -1
		}
		return r
	}, s)
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`).Replace(s)
}

// calendarName is a quoted parameter value, which knows no escape.
func calendarName(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == '"' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}

// foldAt is how many octets a content line may have, without its break.
const foldAt = 75

// fold writes a content line in lines of at most 75 octets, never through the
// middle of a character (RFC 5545 §3.1).
func fold(out *strings.Builder, line string) {
	for room := foldAt; len(line) > room; room = foldAt - 1 {
		cut := room
		for !utf8.RuneStart(line[cut]) {
			cut--
		}
		out.WriteString(line[:cut] + "\r\n ")
		line = line[cut:]
	}
	out.WriteString(line + "\r\n")
}

// InvitationFacts are what the letter that invites to a conversation says.
type InvitationFacts struct {
	Lang    string
	Company Company
	Code    string
	At      time.Time
	Start   time.Time
	Minutes int
	Format  string
	Place   string
	Words   string
	Page    string // link to where they may say no
	NotMe   string // link
}

// Invitation invites to a conversation that nothing depends on.
func Invitation(f InvitationFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	l := w.letter(KindInvitation, f.At, f.Code, w.say("invitation.lede", "code", clean(f.Code)))
	zone := w.company.Zone
	if zone == nil {
		zone = time.UTC
	}
	facts := []Fact{
		{Label: w.say("invitation.when"), Lines: []string{text.WeekdayDate(w.lang, w.day(f.Start)) + ", " + text.Clock(f.Start, zone)}, Soft: text.Zone(w.lang, f.Start, zone)},
		{Label: w.say("invitation.how"), Lines: []string{w.say("invitation.format." + f.Format), clean(f.Place)}, Soft: w.say("invitation.minutes", "n", f.Minutes)},
	}
	if lines := cleanLines(f.Words); lines != nil {
		facts = append(facts, Fact{Label: w.say("invitation.words"), Lines: lines})
	}
	facts = append(facts, Fact{Label: w.say("invitation.no"), Lines: []string{w.say("invitation.free")}})
	l.Blocks = []Block{{Facts: facts}}
	if f.Page != "" {
		l.Blocks = append(l.Blocks, Block{Mailed: true, Action: &Action{
			Label: w.say("invitation.button"), URL: f.Page, Button: true, Note: w.company.Own.Say(w.lang, "mail.private"),
		}})
	}
	l.Blocks = append(l.Blocks, notMe(w, "not_me.mine", f.NotMe)...)
	return l
}
