package document

import "time"

// CodeFacts are what the letter with a code for the downloads says.
type CodeFacts struct {
	Lang    string
	Company Company
	Code    string // of the case
	At      time.Time
	Secret  string // the code that opens the downloads for a quarter of an hour
	NotMe   string // link
}

// Code carries the second proof that the downloads ask for. Its only link is
// for whoever did not ask for it: the others have the page open already.
func Code(f CodeFacts) Letter {
	w := newWriter(f.Lang, f.Company)
	l := w.letter(KindCode, f.At, f.Code, w.say("code.lede"))
	l.Blocks = []Block{{
		Verbatim:   []Verbatim{{Label: w.say("code.secret"), Lines: []string{clean(f.Secret)}}},
		Paragraphs: []string{w.say("code.life"), w.say("code.not_me")},
	}}
	l.Blocks = append(l.Blocks, notMe(w, "not_me.mine", f.NotMe)...)
	return l
}
