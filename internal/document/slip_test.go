package document_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/document"
	"hastaluego/internal/text"
)

// A slip names the things, the two parties and its reference, has room for both to sign
// on one page, and says no secret.
func TestASlipIsSignedByBothOnOnePage(t *testing.T) {
	t.Parallel()
	for _, lang := range text.CustomerLangs() {
		l := document.Slip(document.SlipFacts{
			Lang: lang, Company: document.Company{Name: "Faro", LegalName: "Faro, S.L.", Address: "Calle Mayor 1, Bilbao", Zone: time.UTC}, Code: "HL-7K4M-29QX",
			At: time.Date(2026, 11, 28, 10, 0, 0, 0, time.UTC), Reference: "HL-7K4M-29QX-2026-11-28-1000", Name: "Estudio Almena", By: "Nerea Urrutia",
			Items: []document.SlipItem{{Kind: "credential", Name: "Servidor de correo"}, {Kind: "credential", Name: "Caja fuerte", How: "La combinación", To: "Ana Ruiz"}},
		})
		got := document.MailText(l)
		for _, want := range []string{
			"Servidor de correo", "Caja fuerte", "La combinación", "Ana Ruiz", "Nerea Urrutia", "Faro, S.L.", "Estudio Almena", "HL-7K4M-29QX-2026-11-28-1000", "____________",
			text.Say(lang, "document.slip.signature"), text.Say(lang, "document.slip.hand"),
		} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: the slip lacks %q:\n%s", lang, want, got)
			}
		}
		if n := strings.Count(got, text.Say(lang, "document.slip.signature")); n != 2 {
			t.Errorf("%s: %d signatures", lang, n)
		}
		pdf, err := document.PDF(l)
		if err != nil || bytes.Count(pdf, []byte("/Type /Page\n")) != 1 {
			t.Errorf("%s: %v, on %d pages", lang, err, bytes.Count(pdf, []byte("/Type /Page\n")))
		}
	}
}
