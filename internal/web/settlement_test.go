package web_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/document"
	"hastaluego/internal/settlement"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
	"hastaluego/internal/when"
)

// Whoever reads a statement is told in their language where the figures of each
// contract come from and when, staff with the name of the system, and why a contract ends on another day; the letter
// says it too.
func TestAStatementSaysWhereItsFiguresComeFrom(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 29, 13, 3, 0, 0, time.UTC)
	zone, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		t.Fatal(err)
	}
	on := when.Date{Year: 2027, Month: 5, Day: 3}
	s := app.Statement{From: []app.FiguresFrom{
		{Contract: "A", System: "stripe", At: at, Digest: "d"},
		{Contract: "B", System: "stripe", At: at, Failed: "connector.unreachable"},
		{Contract: "C", System: "stripe", At: at, Failed: "books.cut"},
		{Contract: "D", At: at, Failed: "books.unknown"},
		{Contract: "E", System: "stripe", At: at, Failed: "books.silent"},
		{Contract: "F", System: "stripe", At: at, Failed: "connector.credential"},
	}}
	s.Ends = []settlement.Last{{Contract: "A", On: on, Why: "minimum"}, {Contract: "B", On: on, Why: "asked"}, {Contract: "C", On: on, Why: "notice"}, {Contract: "D", On: on, Why: "fixed"}}
	for _, x := range []struct {
		words string
		want  []string
	}{
		{"settlement.from.", []string{
			"A: from our billing system, 29 Nov 2026, 14:03", "B: from our records, because our billing system did not answer, 29 Nov 2026, 14:03",
			"C: from our records, because what our billing system answered cannot be used, 29 Nov 2026, 14:03", "D: from our records",
			"E: from our records, because our billing system did not answer, 29 Nov 2026, 14:03",
			"F: from our records, because what our billing system answered cannot be used, 29 Nov 2026, 14:03",
		}},
		{"console.settlement.from.", []string{
			"A: as stripe says, 29 Nov 2026, 14:03", "B: from our records, because stripe did not answer, 29 Nov 2026, 14:03",
			"C: from our records, because what stripe answered cannot be used, 29 Nov 2026, 14:03", "D: from our records; no billing system knows it, 29 Nov 2026, 14:03",
			"E: from our records, because stripe did not answer, 29 Nov 2026, 14:03", "F: from our records, because what stripe answered cannot be used, 29 Nov 2026, 14:03",
		}},
	} {
		if english := web.MoneyFrom("en", x.words, s, zone); !slices.Equal(english, x.want) {
			t.Errorf("%q", english)
		}
	}
	for _, lang := range text.CustomerLangs() {
		from, ends := web.MoneyFrom(lang, "settlement.from.", s, zone), web.MoneyEnds(lang, s)
		if len(from) != 6 || strings.Contains(strings.Join(from, " "), "stripe") || len(ends) != 2 || !strings.HasPrefix(ends[0], "A") || !strings.Contains(from[0], "14") {
			t.Fatalf("%s: %q %q", lang, from, ends)
		}
		letter := document.Settlement(document.StatementFacts{Lang: lang, Company: document.Company{Name: "Faro"}, Code: "HL-1", At: at, From: from, Ends: ends})
		var lines []string
		for _, b := range letter.Blocks {
			for _, f := range b.Facts {
				lines = append(lines, f.Lines...)
			}
		}
		for _, x := range append(from, ends...) {
			if !slices.Contains(lines, x) {
				t.Errorf("%s: the letter does not say %q", lang, x)
			}
		}
	}
}
