package document_test

import (
	"strings"
	"testing"
	"time"

	"hastaluego/internal/document"
	"hastaluego/internal/when"
)

// The certificate says what stays as plainly as what went, and never that all
// is gone.
func TestTheCertificateSaysWhatStaysWhyAndUntilWhen(t *testing.T) {
	t.Parallel()
	f := document.CertificateFacts{
		Company: document.Company{Name: "Faro"}, Code: "HL-7K4M-29QX", At: time.Date(2027, 1, 26, 9, 0, 0, 0, time.UTC),
		ErasedOn: when.Date{Year: 2027, Month: 1, Day: 26}, Erased: []document.Counted{{What: "identity", N: 4}, {What: "files", N: 0}, {What: "letters", N: 1}},
		Invoices: 44, Until: when.Date{Year: 2032, Month: 12, Day: 31}, Why: "Código de Comercio, art. 30", Entries: 61, Backups: when.Date{Year: 2027, Month: 2, Day: 25},
		Proof: &document.Proof{LeafIndex: 7, TreeSize: 9, Root: "raíz"},
	}
	for lang, want := range map[string][]string{
		"es": {"44 facturas y liquidaciones", "Hasta el 31 de diciembre de 2032.", "Código de Comercio, art. 30", "Hasta el 25 de febrero de 2027.", "4 anotaciones.", "1 anotación.", "61 entradas"},
		"en": {"44 invoices and statements", "Until 31 December 2032.", "Until 25 February 2027.", "4 records.", "1 record.", "61 entries"},
	} {
		f.Lang = lang
		l := document.Certificate(f)
		page, mail := document.HTML(l), document.MailText(l)
		for _, w := range want {
			if !strings.Contains(page, w) {
				t.Errorf("%s lacks %q", lang, w)
			}
		}
		for _, never := range []string{"toda tu información", "Ficheros", "all your data", "Files"} {
			if strings.Contains(page, never) {
				t.Errorf("%s says %q", lang, never)
			}
		}
		if !strings.Contains(mail, "raíz") {
			t.Errorf("the letter in %s has no proof", lang)
		}
		if _, err := document.PDF(l); err != nil {
			t.Error(err)
		}
	}
}
