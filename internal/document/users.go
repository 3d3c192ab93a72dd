package document

import (
	"time"

	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// UsersFacts are what a customer's own user is told.
type UsersFacts struct {
	Lang      string
	Company   Company
	At        time.Time
	Firm      string // of which they are a user
	Ask       string // who speaks for it; empty: nobody by name
	Products  []string
	Effective when.Date
	Over      bool      // it has ended already
	Until     when.Date // the last day on which the firm can fetch its data; zero: nobody knows
	Erase     bool      // what is left is erased afterwards
}

// Users tells somebody who uses what a customer has that it ends, what becomes of what is
// in it, and whom of theirs to ask. It has no link: they can change nothing about it, and
// nothing is sold in it.
func Users(f UsersFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	firm, day := clean(f.Firm), text.LongDate(w.lang, f.Effective)
	over := ""
	if f.Over {
		over = ".over"
	}
	l := w.letter(KindUsers, f.At, "", w.say("users.lede", "company", w.company.Name, "firm", firm))
	l.Subject, l.Title = w.say("users.subject"+over, "firm", firm, "date", day), w.say("users.title"+over, "date", day)
	what := Block{Facts: []Fact{{Label: w.say("users.day" + over), Lines: []string{day}}}}
	if products := cleaned(f.Products); len(products) > 0 {
		what.Facts = append([]Fact{{Label: w.say("users.what" + over), Lines: products}}, what.Facts...)
	}
	data := Block{Heading: w.say("users.data")}
	if !f.Over {
		data.Paragraphs = append(data.Paragraphs, w.say("users.data.yours"))
	}
	if f.Until.IsZero() {
		data.Paragraphs = append(data.Paragraphs, w.say("users.data.firm", "firm", firm))
	} else {
		data.Paragraphs = append(data.Paragraphs, w.say("users.data.until", "firm", firm, "until", text.LongDate(w.lang, f.Until)))
	}
	if f.Erase {
		data.Paragraphs = append(data.Paragraphs, w.say("users.data.erased"))
	}
	l.Blocks = []Block{what, data, w.askAt(firm, f.Ask), {Paragraphs: []string{w.say("users.once", "firm", firm)}}}
	return l
}

// UsersBack tells whoever was told that it goes on after all.
func UsersBack(f UsersFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	firm := clean(f.Firm)
	l := w.letter(KindUsersBack, f.At, "", w.say("users_back.lede", "company", w.company.Name, "firm", firm, "date", text.LongDate(w.lang, f.Effective)))
	l.Subject = w.say("users_back.subject", "firm", firm)
	if products := cleaned(f.Products); len(products) > 0 {
		l.Blocks = []Block{{Facts: []Fact{{Label: w.say("users_back.what"), Lines: products}}}}
	}
	l.Blocks = append(l.Blocks, w.askAt(firm, f.Ask))
	return l
}

// askAt says whom of the firm to ask, by name alone.
func (w writer) askAt(firm, name string) Block {
	b := Block{Heading: w.say("users.ask"), Paragraphs: []string{w.say("users.ask.firm", "firm", firm)}}
	if name = clean(name); name != "" {
		b.Paragraphs[0] = w.say("users.ask.name", "firm", firm, "name", name)
	}
	return b
}

// cleaned are the lines that are not empty, each once.
func cleaned(lines []string) (out []string) {
	seen := map[string]bool{}
	for _, s := range lines {
		if s = clean(s); s != "" && !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}
