package document

import (
	"html"
	"regexp"
	"slices"
	"strings"
)

// Content is something that a letter says, as the law names it (ack.contents
// and notice.contents of the vocabulary) and as we do.
type Content string

// The contents. Those that no law of ours names are at the end.
const (
	SaysCode        Content = "code"
	SaysDeclaration Content = "declaration"
	SaysInstant     Content = "instant"
	SaysZone        Content = "zone"
	SaysContract    Content = "contract"
	SaysEnd         Content = "end_date"
	SaysEffects     Content = "effects"
	SaysMoney       Content = "money"
	SaysRefund      Content = "refund"
	SaysDataWindow  Content = "data_window"
	SaysErasure     Content = "erasure_date"
	SaysComplaint   Content = "complaint"
	SaysADR         Content = "adr"
	SaysSeller      Content = "seller"
	SaysChannel     Content = "channel"
	SaysNext        Content = "next"
	SaysAmount      Content = "amount"
	SaysPeriod      Content = "period"
	SaysDay         Content = "date"
	SaysDeadline    Content = "deadline"
	SaysBoxedDate   Content = "boxed_date"
	SaysHowToCancel Content = "how_to_cancel"
	SaysCancelLink  Content = "cancel_link"
	SaysSilence     Content = "silence_means"
	SaysErased      Content = "erased"
	SaysRecipients  Content = "recipients"
	SaysOptOut      Content = "opt_out"
	SaysSender      Content = "sender"
	SaysPostal      Content = "postal_address"
	SaysCommercial  Content = "commercial"
)

// Passage is where a letter says something, and the words with which it does.
type Passage struct {
	Place  string // label or heading as it is read; empty: above the first
	Words  []string
	Mailed bool // on no page and no paper
}

// Contents are what the letter says, and where: only what has words, and words
// that say it.
func (l Letter) Contents() map[Content]Passage {
	out := map[Content]Passage{}
	add := func(says []Content, p Passage) {
		p.Words = slices.DeleteFunc(slices.Clone(p.Words), func(s string) bool { return strings.TrimSpace(s) == "" })
		if len(p.Words) == 0 {
			return
		}
		for _, c := range says {
			if _, said := out[c]; !said && meant(l.Lang, c, p.Words) {
				out[c] = p
			}
		}
	}
	add([]Content{SaysCode}, Passage{Place: l.Doc("code"), Words: []string{l.Code}})
	add(l.Says, Passage{Words: []string{l.Lede}})
	add([]Content{SaysPostal}, Passage{Words: []string{l.Company.Address}, Mailed: true}) // at the foot of every mail
	for _, b := range l.Blocks {
		all := slices.Clone(b.Paragraphs)
		if t := b.Table; t != nil {
			all = append(all, t.Total.Label, t.Total.Amount)
		}
		for _, it := range b.Items {
			all = append(all, it.Strong)
		}
		if a := b.Action; a != nil {
			all = append(all, a.Label)
		}
		all = append(all, b.Signature...)
		add(b.Says, Passage{Place: b.Heading, Words: all, Mailed: b.Mailed})
		for _, f := range b.Facts {
			add(f.Says, Passage{Place: f.Label, Words: f.Lines, Mailed: b.Mailed})
			add(f.SoftSays, Passage{Place: f.Label, Words: []string{f.Soft}, Mailed: b.Mailed})
		}
	}
	return out
}

var (
	markup = regexp.MustCompile(`<[^>]*>`)
	bySec  = regexp.MustCompile(`\d{1,2}:\d{2}:\d{2}`)
	byMin  = regexp.MustCompile(`\d{1,2}:\d{2}`)
)

// plainWords are the words of a rendering with one space between them, so that
// the same words are found wherever lines are broken.
func plainWords(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(s, "\u00a0", " ")), " ")
}

// pageWords are the words of HTML.
func pageWords(s string) string {
	return plainWords(html.UnescapeString(markup.ReplaceAllString(s, " ")))
}

// precision is how exactly an instant is said: as people read it, not as programs
// do.
func precision(at Passage) string {
	switch p := strings.Join(at.Words, " "); {
	case p == "":
		return ""
	case bySec.MatchString(p):
		return "second"
	case byMin.MatchString(p):
		return "minute"
	}
	return "day"
}
