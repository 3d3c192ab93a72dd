package document_test

import (
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/document"
)

func TestUndoneIsVerifiedOnlyWhereSomethingWasReadBack(t *testing.T) {
	t.Parallel()
	f := document.ReversedFacts{Lang: "es", Company: faro(t), Code: "HL-7K4M-29QX", RequestedAt: received, At: received}
	if l := document.Reversed(f); strings.Contains(document.HTML(l), "omprobad") || l.Title != "Tu baja está deshecha" {
		t.Errorf("nothing was read back, and it says %q", document.HTML(l))
	}
	f.ReadBack = true
	if l := document.Reversed(f); l.Title != "Deshecha y comprobada" {
		t.Errorf("it was read back, and is entitled %q", l.Title)
	}
}

func TestWhoStaysReadsWhatTheyWerePromised(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"es", "en", "de", "fr"} {
		f := document.ReversedFacts{Lang: lang, Company: faro(t), Code: "HL-7K4M-29QX", RequestedAt: received, At: received}
		plain := document.Reversed(f)
		f.Promise, f.PromisedBy = "El mismo plan a 20 € al mes", day(2026, 12, 11)
		l := document.Reversed(f)
		if !slices.ContainsFunc(l.Blocks[0].Facts, func(x document.Fact) bool { return slices.Equal(x.Lines, []string{f.Promise}) }) {
			t.Errorf("%s: the promise is not named: %+v", lang, l.Blocks[0].Facts)
		}
		if !slices.ContainsFunc(l.Blocks[0].Facts, func(x document.Fact) bool { return x.Time == "2026-12-11" }) {
			t.Errorf("%s: its day is not named: %+v", lang, l.Blocks[0].Facts)
		}
		if l.Lede == plain.Lede { // which says that the price is the same
			t.Errorf("%s: %q", lang, l.Lede)
		}
	}
}
