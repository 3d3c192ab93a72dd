package document_test

import (
	"slices"
	"testing"

	"hastaluego/internal/document"
)

func TestAFarewellIsSignedByThePersonAndThenByTheCompany(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		signer, signature string
		want              []string
	}{
		"both":                         {"Nerea Urrutia", "El equipo de Faro\n944 000 120", []string{"Hasta luego,", "Nerea Urrutia", "El equipo de Faro", "944 000 120"}},
		"a signature that takes leave": {"Nerea Urrutia", "Un abrazo,\nEl equipo de Faro", []string{"Un abrazo,", "Nerea Urrutia", "El equipo de Faro"}},
		"a signature with the name":    {"Nerea Urrutia", "Nerea Urrutia\nFaro", []string{"Nerea Urrutia", "Faro"}},
		"only the person":              {"Nerea Urrutia", "", []string{"Hasta luego,", "Nerea Urrutia y el equipo de Faro"}},
		"only the company":             {"", "Faro, a tu lado", []string{"Faro, a tu lado"}},
		"neither":                      {"", "", []string{"Hasta luego,", "El equipo de Faro"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := farewellFacts(t, "es")
			f.Company.Signer, f.Company.Signature = c.signer, c.signature
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
