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

// What far systems held is told holding by holding; what stayed says until when,
// and the second certificate when it went.
func TestTheCertificateTellsOfWhatFarSystemsHeld(t *testing.T) {
	t.Parallel()
	end := when.Date{Year: 2030, Month: 12, Day: 31}
	f := document.CertificateFacts{
		Lang: "es", Company: document.Company{Name: "Faro"}, Code: "HL-7K4M-29QX", At: time.Date(2027, 1, 26, 9, 0, 0, 0, time.UTC), ErasedOn: when.Date{Year: 2027, Month: 1, Day: 26},
		Invoices: 2, Until: when.Date{Year: 2032, Month: 12, Day: 31}, Backups: when.Date{Year: 2027, Month: 2, Day: 25},
		Far: []document.FarHeld{
			{System: "crm", Title: "Fichas de contacto", After: "erase", N: 3},
			{System: "crm", Title: "Visitas", After: "anonymise", N: 9},
			{System: "crm", Title: "Nada", After: "erase"},
			{System: "crm", Title: "Reclamaciones", After: "block", N: 2, Until: end, Why: "LOPDGDD, art. 32"},
		},
	}
	says := func(want ...string) {
		t.Helper()
		page := document.HTML(document.Certificate(f))
		for _, w := range want {
			if !strings.Contains(page, w) {
				t.Errorf("it lacks %q", w)
			}
		}
		if strings.Contains(page, "Nada ·") {
			t.Error("it tells of what was not there")
		}
	}
	says("Fichas de contacto · crm", "3 anotaciones.", "Ya no llevan a nadie.", "Reclamaciones · crm", "LOPDGDD, art. 32. Bloqueado", "Hasta el 31 de diciembre de 2030.", "Purge")
	f.Far[3].Held = true
	says("Un pleito o una orden")
	gone := time.Date(2031, 1, 1, 9, 0, 0, 0, time.UTC)
	f.Far[3].Held, f.Far[3].GoneAt, f.SumsGone, f.Completed = false, gone, gone.AddDate(2, 0, 0), gone.AddDate(2, 0, 0)
	says("Destruido el 1 de enero de 2031.", "Destruido el 1 de enero de 2033.", "segundo certificado")
}
