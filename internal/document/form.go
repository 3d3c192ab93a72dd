package document

import (
	"net/url"
	"strings"
)

// KindForm is the form of a request on paper: never a letter.
const KindForm Kind = "form"

// formLine is one field of the form of a request, by the name that stands in
// the letter which it makes.
type formLine struct{ Name, Label, Kind string }

// formPage is what the template of the form draws.
type formPage struct {
	writer
	Lang, Name, To, Action string
	Fields                 []formLine
}

// Say is a word of the form.
func (f formPage) Say(code string, args ...any) string { return f.say("form."+code, args...) }

// FormPage is the form of a request as one page that needs no server: it makes a
// letter to the company, and says what to write by hand where no mail program
// opens.
func FormPage(lang string, c Company) (string, error) {
	w := newWriter(lang, c)
	var b strings.Builder
	err := templates().ExecuteTemplate(&b, "form", formPage{
		writer: w, Lang: w.lang, Name: w.company.Name, Fields: w.formLines(), To: w.company.Email,
		Action: "mailto:" + w.company.Email + "?subject=" + strings.ReplaceAll(url.QueryEscape(w.say("form.subject")), "+", "%20"),
	})
	return b.String(), err
}

func (w writer) formLines() []formLine {
	return []formLine{
		{"name", w.say("form.name"), "text"},
		{"account", w.say("form.account"), "email"},
		{"receipt", w.say("form.receipt"), "email"},
		{"reference", w.say("form.reference"), "text"},
	}
}

// FormPaper is the form of a request to be printed.
func FormPaper(lang string, c Company) Letter {
	w := newWriter(lang, c)
	l := Letter{
		Kind: KindForm, Lang: w.lang, Company: w.company, Paper: w.say("form.kind"), Title: w.say("form.title", "company", w.company.Name),
		Subject: w.say("form.title", "company", w.company.Name), Lede: w.say("form.lede", "company", w.company.Name),
	}
	const blank = "________________________________________"
	b := Block{}
	for _, f := range w.formLines() {
		b.Facts = append(b.Facts, Fact{Label: f.Label, Lines: []string{blank}})
	}
	b.Facts = append(b.Facts,
		Fact{Label: w.say("form.when"), Lines: []string{"[  ] " + w.say("form.when.now"), "[  ] " + w.say("form.when.end")}},
		Fact{Label: w.say("form.signed"), Lines: []string{blank}})
	l.Blocks = []Block{b, {Facts: []Fact{{Label: w.say("form.to"), Lines: nonEmpty(w.company.Email, w.company.Address)}, w.complain()}}}
	return l
}

func nonEmpty(list ...string) (out []string) {
	for _, s := range list {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}
