package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/document"
	"hastaluego/internal/fault"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/limit"
	"hastaluego/internal/money"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
	"hastaluego/internal/withdrawal"
)

// judgedLetter is a letter about somebody made up, and for which act.
type judgedLetter struct {
	name, act string
	paper     func(lang string, now time.Time) app.Paper
	later     func(lang string, now time.Time) app.Paper // in which the rest follows; nil: all is here
}

// judgedLetters are the letters of which packs ask something: those that a rule
// about documents looks at (document.Look).
var judgedLetters = func() (list []judgedLetter) {
	usual := func(kind string) func(string, time.Time) app.Paper {
		return func(lang string, now time.Time) app.Paper { return app.SamplePaper(kind, lang, now) }
	}
	undone := func(kind string, state withdrawal.State) func(string, time.Time) app.Paper {
		return func(lang string, now time.Time) app.Paper { return app.SampleWithdrawal(kind, lang, state, now) }
	}
	coming := func(what limit.Kind) func(string, time.Time) app.Paper {
		return func(lang string, now time.Time) app.Paper {
			x := app.SamplePaper(app.NoticePaper, lang, now)
			if x.Coming.Kind, x.Coming.Leave = what, "https://leave.example/"; what == limit.PriceChange {
				x.Coming.Price = money.Amount{Minor: 2 * x.Lines[0].Amount.Minor, Currency: x.Lines[0].Amount.Currency}
			}
			return x
		}
	}
	return []judgedLetter{
		{"ack", "terminate", usual("ack"), usual("receipt")},
		{"receipt", "terminate", usual("receipt"), nil},
		{"ack/withdraw", "withdraw", undone("ack", withdrawal.Open), undone("receipt", withdrawal.Open)},
		{"receipt/withdraw", "withdraw", undone("receipt", withdrawal.Open), nil},
		{"receipt/late", "terminate", undone("receipt", withdrawal.Over), nil},
		{"certificate", "erase", usual("certificate"), nil},
		{"winback", "terminate", usual("winback"), nil},
		{"notice/renewal", "terminate", coming(limit.Renewal), nil},
		{"notice/trial_end", "terminate", coming(limit.TrialEnd), nil},
		{"notice/price_change", "terminate", coming(limit.PriceChange), nil},
	}
}()

// delivery is how our letters reach people: on the page where it was asked, by
// mail to an address that they choose, and the receipt as a file as well.
func delivery(kind document.Kind, lang string) document.Delivery {
	d := document.Delivery{Media: []string{"email"}, Kept: true, Asked: "online", Spoken: lang}
	switch kind {
	case document.KindAck:
		d.Media = []string{"page", "email"}
	case document.KindReceipt, document.KindCertificate:
		d.Media = []string{"page", "email", "pdf"}
	}
	return d
}

// documentFinding is what a pack says of one of them.
type documentFinding struct {
	Pack   string
	Letter string
	document.Finding
}

// judgeDocuments judges our letters by each pack alone, in every language.
func judgeDocuments(l *jurisdiction.Library, p papers, now time.Time) (list []documentFinding, err error) {
	day := when.DateOf(now, time.UTC)
	for _, pack := range l.Packs() {
		sel, err := l.Named(pack.ID)
		if err != nil {
			return nil, err
		}
		laws := map[string]*jurisdiction.Effective{}
		for _, j := range judgedLetters {
			law := laws[j.act]
			if law == nil {
				facts := jurisdiction.Facts{
					"customer.kind": "consumer", "request.act": j.act, "contract.concluded_via": "web", "contract.continuing": true, "contract.auto_renews": true,
					"data.role": "controller",
				}
				if law, err = l.Effective(sel, facts, day); err != nil {
					return nil, err
				}
				laws[j.act] = law
			}
			for _, lang := range text.CustomerLangs() {
				letter, later := p.letter(linked(j.paper(lang, now))), (*document.Letter)(nil)
				if j.later != nil {
					next := p.letter(linked(j.later(lang, now)))
					later = &next
				}
				for _, f := range document.Check(letter, delivery(letter.Kind, lang), later, law) {
					list = append(list, documentFinding{pack.ID, j.name, f})
				}
			}
		}
	}
	return list, nil
}

// linked gives a made-up letter the links that a real one has.
func linked(x app.Paper) app.Paper {
	for _, purpose := range app.Letters[x.Kind] {
		x.Links[purpose] = "https://leave.example/" + purpose
	}
	return x
}

// sampleCompany signs letters that are only judged.
func sampleCompany() app.Company {
	return app.Company{
		Name: "Faro", LegalName: "Faro Reservas, S.L.", Address: "Calle del Puerto 14, 48003 Bilbao", Phone: "944 000 120", Email: "bajas@faro.example",
		Complaints: "reclamaciones@faro.example", Zone: time.UTC,
	}
}

func (c *lawCheckCmd) documents(o out, l *jurisdiction.Library) error {
	list, err := judgeDocuments(l, papers{sampleCompany}, when.Machine{}.Now())
	if err != nil {
		return err
	}
	if c.JSON {
		if err := writeJSON(o, list); err != nil {
			return err
		}
	} else if err := c.printDocuments(o, list); err != nil {
		return err
	}
	for _, f := range list {
		if f.Result == jurisdiction.Fail && f.Severity == jurisdiction.Block {
			return fault.New(fault.Invalid, "law.documents", "rule", f.Rule, "document", f.Letter, "lang", f.Lang)
		}
	}
	return nil
}

func (c *lawCheckCmd) printDocuments(o out, list []documentFinding) error {
	w := tabwriter.NewWriter(o.stdout, 0, 0, 2, ' ', 0)
	var n [3]int
	for _, f := range list {
		n[f.Result]++
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", f.Pack, f.Letter, f.Lang, f.Rule, c.say("result."+f.Result.String()), c.documentNote(f.Finding))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(o.stdout, c.say("documents.summary", "n", len(list), "pass", n[jurisdiction.Pass], "fail", n[jurisdiction.Fail], "unknown", n[jurisdiction.Unknown]))
	return nil
}

// documentNote says where a letter says it, what it lacks, and what is not known.
func (c *lawCheckCmd) documentNote(f document.Finding) string {
	var notes []string
	if f.Place != "" {
		notes = append(notes, f.Place)
	}
	if f.Later != "" {
		notes = append(notes, c.say("documents.later", "kind", string(f.Later)))
	}
	if len(f.Lacks) > 0 {
		notes = append(notes, c.say("documents.lacks", "contents", strings.Join(f.Lacks, ", ")))
	}
	if f.Why == "asked" {
		notes = append(notes, c.say("documents.asked"))
	}
	if len(f.Maybe) > 0 {
		notes = append(notes, c.say("documents.maybe", "facts", strings.Join(f.Maybe, ", ")))
	}
	return strings.Join(notes, " · ")
}
