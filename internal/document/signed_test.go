package document_test

import (
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/document"
)

func TestAFarewellIsSignedByThePersonAndThenByTheCompany(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		signer, signature string
		want              []string
		alone             bool
	}{
		"both":                         {"Nerea Urrutia", "El equipo de Faro\n944 000 120", []string{"Hasta luego,", "Nerea Urrutia", "El equipo de Faro", "944 000 120"}, false},
		"a signature that takes leave": {"Nerea Urrutia", "Un abrazo,\nEl equipo de Faro", []string{"Un abrazo,", "Nerea Urrutia", "El equipo de Faro"}, false},
		"a signature with the name":    {"Nerea Urrutia", "Nerea Urrutia\nFaro", []string{"Nerea Urrutia", "Faro"}, false},
		"only the person":              {"Nerea Urrutia", "", []string{"Hasta luego,", "Nerea Urrutia y el equipo de Faro"}, false},
		"only the company":             {"", "Faro, a tu lado", []string{"Faro, a tu lado"}, false},
		"neither":                      {"", "", []string{"Hasta luego,", "El equipo de Faro"}, false},
		"one person":                   {"Clara", "", []string{"Hasta luego,", "Clara", "Faro"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := farewellFacts(t, "es")
			f.Company.Signer, f.Company.Signature, f.Company.Alone = c.signer, c.signature, c.alone
			var got []string
			for _, b := range document.Farewell(f).Blocks {
				got = append(got, b.Signature...)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("signed %q, want %q", got, c.want)
			}
		})
	}
}

// Where there is no page to see it on, the letter says what was given and how.
func TestALetterAboutAHandoverSaysWhatWasGivenWhereThereIsNoPage(t *testing.T) {
	t.Parallel()
	f := document.HandoverFacts{Lang: "es", Company: farewellFacts(t, "es").Company, Code: "HL-AAAA-AAAA", Kind: document.KindHandover}
	const name, how = "riaalta.example", "El dominio está a su nombre"
	if got := document.MailText(document.Handover(f)); strings.Contains(got, name) {
		t.Errorf("it names what is on a page:\n%s", got)
	}
	f.Given = []document.Given{{Kind: "site", Name: name, How: how}}
	if got := document.MailText(document.Handover(f)); !strings.Contains(got, name) || !strings.Contains(got, how) {
		t.Errorf("it does not say what was given:\n%s", got)
	}
}
