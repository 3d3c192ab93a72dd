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
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

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
		for _, s := range app.Samples() {
			if laws[s.Act] == nil {
				if laws[s.Act], err = l.Effective(sel, app.SampleFacts(s.Act), day); err != nil {
					return nil, err
				}
			}
			for _, lang := range text.CustomerLangs() {
				x, later := s.Paper(lang, now), (*app.Paper)(nil)
				if s.Later != nil {
					next := s.Later(lang, now)
					later = &next
				}
				for _, f := range p.judge(x, app.DocumentDelivery{To: x.Address, Spoken: lang, Chosen: true}, later, laws[s.Act]) {
					list = append(list, documentFinding{pack.ID, s.Name, f})
				}
			}
		}
	}
	return list, nil
}

// sampleCompany signs letters that are only judged.
func sampleCompany() app.Company {
	return app.Company{
		Name: "Faro", LegalName: "Faro Reservas, S.L.", Address: "Calle del Puerto 14, 48003 Bilbao", Phone: "944 000 120", Email: "bajas@faro.example",
		Complaints: "reclamaciones@faro.example", Zone: time.UTC,
	}
}

func (c *lawCheckCmd) documents(o out, l *jurisdiction.Library) error {
	list, err := judgeDocuments(l, papers{company: sampleCompany}, when.Machine{}.Now())
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
	if f.Why != "" {
		notes = append(notes, text.Say(c.Lang, "law.document.why."+f.Why))
	}
	if len(f.Maybe) > 0 {
		notes = append(notes, c.say("documents.maybe", "facts", strings.Join(f.Maybe, ", ")))
	}
	return strings.Join(notes, " · ")
}
