package document

import (
	"strings"
	"unicode/utf8"

	"hastaluego/internal/text"
)

// width is where the lines of a plain mail end, in characters.
const width = 72

// MailText renders the letter as the plain part of a mail. Lines end at 72
// characters; addresses and values for programs are never broken.
func MailText(l Letter) string {
	p := plain{}
	if l.Rehearsal != "" {
		p.wrap("", l.Rehearsal)
		p.gap()
	}
	p.line(l.Company.Name)
	p.gap()
	p.line(l.Title)
	p.line(strings.Repeat("=", min(width, utf8.RuneCountInString(l.Title))))
	p.gap()
	p.wrap("", l.Lede)
	if l.Code != "" {
		p.gap()
		p.line(l.Doc("code") + text.Colon(l.Lang) + " " + l.Code)
	}
	for _, b := range l.Blocks {
		p.block(l.Lang, b)
	}
	if lines := l.Signature(); lines != nil {
		p.gap()
		for _, s := range lines {
			p.line(s)
		}
	}
	p.gap()
	p.line("-- ") // the mark after which mail programs fold a signature away
	foot := l.Company.LegalName
	for _, s := range []string{l.Company.Address, l.Company.Phone} {
		if s != "" {
			foot += " · " + s
		}
	}
	p.wrap("", foot)
	p.wrap("", l.Service())
	if l.Company.Complaints != "" && !l.Staff() {
		p.wrap("", l.Mail("complain", "way", l.Company.Complaints))
	}
	for _, page := range l.SitePages() {
		p.line(page.Label + text.Colon(l.Lang) + " " + page.URL)
	}
	return p.String()
}

// plain collects lines; two gaps in a row are one.
type plain struct{ lines []string }

func (p *plain) String() string { return strings.Join(p.lines, "\n") + "\n" }

func (p *plain) line(s string) { p.lines = append(p.lines, s) }

func (p *plain) gap() {
	if n := len(p.lines); n > 0 && p.lines[n-1] != "" {
		p.line("")
	}
}

// wrap writes s in lines of width characters, each with the indent.
func (p *plain) wrap(indent, s string) {
	row := indent
	for word := range strings.SplitSeq(s, " ") {
		switch {
		case word == "":
		case row == indent:
			row += word
		case utf8.RuneCountInString(row)+1+utf8.RuneCountInString(word) > width:
			p.line(row)
			row = indent + word
		default:
			row += " " + word
		}
	}
	if row != indent {
		p.line(row)
	}
}

func (p *plain) block(lang string, b Block) {
	p.gap()
	if b.Heading != "" {
		p.line(b.Heading)
		p.line(strings.Repeat("-", min(width, utf8.RuneCountInString(b.Heading))))
	}
	for _, f := range b.Facts {
		p.line(f.Label)
		for _, s := range f.Lines {
			p.wrap("  ", s)
		}
		if f.Soft != "" {
			p.wrap("  ", f.Soft)
		}
		if f.URL != "" {
			p.line("  " + f.URL)
		}
	}
	if b.Table != nil {
		p.table(*b.Table)
	}
	for _, it := range b.Items {
		mark := "[ ] "
		if it.Over {
			mark = "[x] "
		}
		p.wrap("", mark+it.Strong+". "+it.Rest)
	}
	for _, s := range b.Paragraphs {
		p.wrap("", s)
	}
	if a := b.Action; a != nil {
		if a.Before != "" {
			p.wrap("", a.Before)
		}
		p.line(a.Label + text.Colon(lang))
		p.line(a.URL)
		if a.Note != "" {
			p.wrap("", a.Note)
		}
	}
	for _, v := range b.Verbatim {
		p.line(v.Label)
		for _, s := range v.Lines {
			p.line("  " + s)
		}
	}
	for _, s := range b.Signature {
		p.line(s)
	}
}

func (p *plain) table(t Table) {
	p.line(t.Caption)
	row := func(r Row) {
		label := r.Label
		if r.Why != "" {
			label += " (" + r.Why + ")"
		}
		room := width - utf8.RuneCountInString(label) - utf8.RuneCountInString(r.Amount)
		if room < 2 {
			p.wrap("", label)
			label, room = "", width-utf8.RuneCountInString(r.Amount)
		}
		p.line(label + strings.Repeat(" ", max(1, room)) + r.Amount)
	}
	for _, r := range t.Rows {
		row(r)
	}
	p.line(strings.Repeat("-", width))
	row(t.Total)
	if t.Note != "" {
		p.wrap("", t.Note)
	}
}
