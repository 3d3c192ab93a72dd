package document

import (
	"encoding/json"
	"strings"
	"time"

	"hastaluego/internal/fault"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// KindTold is what people of the company are told about their work. It goes to
// no customer.
const KindTold Kind = "told"

// KindProcessor asks a processor of the company to erase. It goes to no customer.
const KindProcessor Kind = "processor"

// Staff reports whether the letter goes to people of the company.
func (l Letter) Staff() bool { return l.Kind == KindTold }

// ToUser reports whether it goes to a customer's own user, who has nothing to answer.
func (l Letter) ToUser() bool { return l.Kind == KindUsers || l.Kind == KindUsersBack }

// Service is the line that says what sort of letter it is.
func (l Letter) Service() string {
	switch {
	case l.Staff():
		return l.Mail("service.staff")
	case l.Kind == KindProcessor:
		return l.Mail("service.processor")
	case l.Kind == KindNotice:
		return l.Mail("service.contract")
	case l.ToUser():
		return l.Mail("service.user")
	case l.Stays:
		return l.Mail("service.copy")
	}
	return l.Mail("service")
}

// ToldFacts are what people of the company are told.
type ToldFacts struct {
	Lang    string
	Company Company // its zone is theirs
	At      time.Time
	Digest  when.Date // the day that it is of; zero: what just happened
	Parts   []ToldPart
	Inbox   string // link
	Account string // link to where they say what they want to be told; may be empty
}

// ToldPart is the lines of one kind.
type ToldPart struct {
	Name  string // task, due_soon, overdue, escalation, stuck, late, today, waiting
	Lines []ToldLine
	More  int // that are not listed
}

// ToldLine is one step of one departure.
type ToldLine struct {
	Code, Customer, Title string
	Due                   time.Time
	Link                  string
	Test                  bool // of a test customer
}

// who is whose departure it is, for people of the company.
func (w writer) who(l ToldLine) string {
	if l.Test {
		return text.Say(w.lang, "rehearsal.subject", "subject", clean(l.Customer))
	}
	return clean(l.Customer)
}

// what names the step in a calendar.
func (w writer) what(l ToldLine) string {
	s := clean(l.Title) + " · " + clean(l.Code)
	if l.Test {
		return text.Say(w.lang, "rehearsal.subject", "subject", s)
	}
	return s
}

// count is how many things the facts tell.
func (f ToldFacts) count() (n int) {
	for _, p := range f.Parts {
		n += len(p.Lines) + p.More
	}
	return n
}

// one reports whether a single step is told of.
func (f ToldFacts) one() bool { return f.count() == 1 && len(f.Parts[0].Lines) == 1 }

// subject names the only thing that is told, or counts them.
func (f ToldFacts) subject(w writer) string {
	switch n := f.count(); {
	case !f.Digest.IsZero():
		return w.say("told.subject.digest", "date", f.Digest)
	case f.one():
		l := f.Parts[0].Lines[0]
		s := w.say("told.subject."+f.Parts[0].Name, "title", clean(l.Title), "code", clean(l.Code))
		if l.Test {
			s = text.Say(w.lang, "rehearsal.subject", "subject", s)
		}
		return s
	default:
		return w.say("told.subject.many", "n", n)
	}
}

// Told tells people of the company what is theirs to do: whose departure, which
// step, by when, and where.
func Told(f ToldFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	lede := w.say("told.lede")
	if !f.Digest.IsZero() {
		lede = w.say("told.lede.digest")
	}
	subject := f.subject(w)
	l := Letter{Kind: KindTold, Lang: w.lang, Company: w.company, At: f.At, Subject: subject, Paper: w.say("told.kind"), Title: subject, Lede: lede}
	one := f.one()
	for _, p := range f.Parts {
		b := Block{Heading: w.say("told.part." + p.Name)}
		for _, x := range p.Lines {
			fact := Fact{Label: clean(x.Title), Lines: []string{w.who(x) + " · " + clean(x.Code)}, Soft: w.dueBy(x.Due)}
			if !one { // the only one has the button
				fact.URL = x.Link
			}
			b.Facts = append(b.Facts, fact)
		}
		l.Blocks = append(l.Blocks, b)
		if p.More > 0 {
			l.Blocks = append(l.Blocks, Block{Paragraphs: []string{w.say("told.more", "n", p.More)}})
		}
	}
	open := Action{Label: w.say("told.open"), URL: f.Inbox, Button: true}
	if one {
		open.Label, open.URL = w.say("told.open.one"), f.Parts[0].Lines[0].Link
	}
	l.Blocks = append(l.Blocks, Block{Mailed: true, Action: &open})
	if f.Account != "" {
		l.Blocks = append(l.Blocks, Block{Mailed: true, Action: &Action{Before: w.say("told.why"), Label: w.say("told.account"), URL: f.Account}})
	}
	return l
}

// dueBy says by when; empty where it has no date.
func (w writer) dueBy(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	date, _ := w.until(at)
	return w.say("told.due", "date", date)
}

// chatBlock is a block of a message in a channel.
type chatBlock struct {
	Type string    `json:"type"`
	Text *chatText `json:"text"`
}

type chatText struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// chatMost is how many blocks a message has at most; the programs that take it
// refuse more than fifty.
const chatMost = 40

// Chat is the same as a message in a channel: text, and blocks with links.
func Chat(f ToldFacts) ([]byte, error) {
	w := newWriter(f.Lang, f.Company)
	subject := f.subject(w)
	blocks := []chatBlock{chatSection("*" + chatEscape(subject) + "*")}
	for _, p := range f.Parts {
		blocks = append(blocks, chatSection("*"+chatEscape(w.say("told.part."+p.Name))+"*"))
		for _, x := range p.Lines {
			line := "<" + chatEscape(x.Link) + "|" + chatEscape(clean(x.Title)) + "> · " + chatEscape(w.who(x)) + " · " + chatEscape(clean(x.Code))
			if due := w.dueBy(x.Due); due != "" {
				line += "\n" + chatEscape(due)
			}
			blocks = append(blocks, chatSection(line))
		}
		if p.More > 0 {
			blocks = append(blocks, chatSection(chatEscape(w.say("told.more", "n", p.More))))
		}
	}
	if len(blocks) > chatMost {
		blocks = blocks[:chatMost]
	}
	blocks = append(blocks, chatSection("<"+chatEscape(f.Inbox)+"|"+chatEscape(w.say("told.open"))+">"))
	raw, err := json.Marshal(struct {
		Text   string      `json:"text"`
		Blocks []chatBlock `json:"blocks"`
	}{chatEscape(subject), blocks})
	return raw, fault.Wrap("document.Chat", err)
}

func chatSection(s string) chatBlock { return chatBlock{"section", &chatText{"mrkdwn", s}} }

// chatEscape keeps what somebody typed from becoming a link or a mention, or
// from ending one.
func chatEscape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "|", "¦").Replace(s)
}

// FeedFacts are the calendar of somebody's tasks.
type FeedFacts struct {
	Lang    string
	Company Company // its zone is theirs
	Now     time.Time
	Tasks   []FeedTask
}

// FeedTask is one date of it.
type FeedTask struct {
	ID string // stays the same
	ToldLine
}

// Feed writes the dates of somebody's tasks as a calendar that programs fetch
// again and again (RFC 5545, with the names that they give and the pace that
// they keep, RFC 7986). A date is a day in the zone of its reader.
func Feed(f FeedFacts) (media string, file []byte) {
	w := newWriter(f.Lang, f.Company)
	name := calendarText(w.say("told.feed", "company", w.company.Name))
	lines := []string{"NAME:" + name, "X-WR-CALNAME:" + name, "REFRESH-INTERVAL;VALUE=DURATION:PT1H", "X-PUBLISHED-TTL:PT1H"}
	for _, t := range f.Tasks {
		day := w.day(t.Due.Add(-time.Minute)) // due at midnight is due on the day that ends
		lines = append(
			lines, "BEGIN:VEVENT",
			"UID:"+calendarText(t.ID)+"@hasta",
			"DTSTAMP:"+calendarInstant(f.Now),
			"DTSTART;VALUE=DATE:"+calendarDay(day),
			"DTEND;VALUE=DATE:"+calendarDay(day.AddDays(1)),
			"SUMMARY:"+calendarText(w.what(t.ToldLine)),
			"DESCRIPTION:"+calendarText(w.who(t.ToldLine)+"\n"+t.Link),
			"URL:"+t.Link,
			"TRANSP:TRANSPARENT",
			"END:VEVENT",
		)
	}
	return calendarFile("PUBLISH", lines)
}
