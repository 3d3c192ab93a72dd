package document

import (
	"time"

	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// DataFacts are what the letter says that brings a customer their data.
type DataFacts struct {
	Lang     string
	Company  Company
	Code     string
	At       time.Time
	Name     string // of the file
	SHA256   string
	Size     int64
	Attached bool // else it is too large, and is handed over in another way
	NotMe    string
	Until    when.Date // the last day on which they can have it
	// Ask asks whether their address may be kept for one letter after the erasure.
	Ask bool
}

// Data brings a customer their data, with the sum that proves that it is whole.
func Data(f DataFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	l := w.letter(KindData, f.At, f.Code, w.say("data.lede", "company", w.company.Name))
	how := "data.attached"
	if !f.Attached {
		how = "data.large"
	}
	l.Blocks = []Block{{
		Paragraphs: []string{w.say(how, "file", clean(f.Name), "size", text.Size(w.lang, f.Size)), w.say("data.sum")},
		Verbatim:   []Verbatim{{Label: "SHA-256", Lines: []string{f.SHA256}}},
	}}
	if !f.Attached && !f.Until.IsZero() {
		b := &l.Blocks[0]
		b.Paragraphs = append(b.Paragraphs[:1:1], w.say("data.large.until", "date", f.Until), b.Paragraphs[1])
	}
	if f.Ask {
		l.Blocks = append(l.Blocks, Block{Heading: w.say("data.address"), Paragraphs: []string{w.say("data.address.text")}})
	}
	l.Blocks = append(l.Blocks, notMe(w, "not_me.mine", f.NotMe)...)
	return l
}

// ByMail adds to a letter how its reader answers where there is no portal: what
// to write, with the scores of the survey if it asks for them, and the key that shows that they have read it.
func ByMail(l Letter, key string, survey bool) Letter {
	if l.Kind == KindNotice || l.ToUser() { // it says itself how to answer, and whoever goes on, or only uses it, need not
		return l
	}
	w := l.writer()
	b := Block{Heading: w.say("bymail"), Mailed: true}
	for _, n := range []string{".a", ".b", ".survey", ".not_me"} {
		if n == ".survey" && !survey {
			continue
		}
		code := "bymail." + string(l.Kind) + n
		if n == ".not_me" {
			code = "bymail.not_me"
		}
		if text.Known(w.lang, "document."+code) {
			b.Paragraphs = append(b.Paragraphs, w.say(code))
		}
	}
	if key != "" {
		b.Verbatim = []Verbatim{{Label: w.say("bymail.key"), Lines: []string{key}}}
	}
	l.Blocks = append(l.Blocks, b)
	return l
}
