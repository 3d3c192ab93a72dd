package document

import (
	"time"

	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// ChangesFacts are what the letter says that tells what is other in a customer's data
// since they were prepared first.
type ChangesFacts struct {
	Lang                    string
	Company                 Company
	Code                    string
	At                      time.Time
	Added, Changed, Removed int      // files
	Names                   []string // of the first of them
	Until                   when.Date
	Page                    string
	NotMe                   string
}

// Changes tells what is other in the file that was made once more, by when to take
// it and where.
func Changes(f ChangesFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	l := w.letter(KindChanges, f.At, f.Code, w.say("changes.lede", "company", w.company.Name))
	b := Block{Heading: w.say("changes.what")}
	for _, x := range []struct {
		label string
		n     int
	}{{"changed", f.Changed}, {"added", f.Added}, {"removed", f.Removed}} {
		if x.n > 0 {
			b.Facts = append(b.Facts, Fact{Label: w.say("changes." + x.label), Lines: []string{text.Number(w.lang, int64(x.n))}})
		}
	}
	names := make([]string, 0, len(f.Names))
	for _, n := range f.Names {
		names = append(names, clean(n))
	}
	if len(names) > 0 {
		b.Verbatim = []Verbatim{{Label: w.say("changes.names"), Lines: names}}
	}
	l.Blocks = append(l.Blocks, b, Block{Paragraphs: []string{w.say("changes.inside"), w.say("changes.until", "date", text.LongDate(w.lang, f.Until))}})
	if f.Page != "" {
		l.Blocks = append(l.Blocks, Block{Mailed: true, Action: &Action{
			Label: w.say("changes.button"), URL: f.Page, Button: true, Primary: true, Note: w.company.Own.Say(w.lang, "mail.private"),
		}})
	}
	l.Blocks = append(l.Blocks, notMe(w, "not_me.mine", f.NotMe)...)
	return l
}
