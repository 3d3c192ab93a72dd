package document_test

import (
	"strings"
	"testing"
	"time"

	"hastaluego/internal/document"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// The letter to a processor says what is to be erased, of whom as they call them, and
// what the receipt has to say; it leads nowhere.
func TestAProcessorIsAskedInWords(t *testing.T) {
	t.Parallel()
	f := document.AskFacts{
		Company: document.Company{Name: "Faro", LegalName: "Faro, S.L.", Email: "bajas@faro.example"}, At: time.Date(2027, 1, 26, 9, 0, 0, 0, time.UTC), Processor: "Correo Claro, S.L.",
		Reference: "HL-7K4M-29QX-3F9A2C", Owner: "C-1042", Due: when.Date{Year: 2027, Month: 2, Day: 10},
		What: []document.AskedHolding{{Title: "Suscriptores", Fields: []string{"correo", "nombre"}}, {Title: "Aperturas", Fields: []string{"fecha"}, Anonymise: true}},
	}
	for _, lang := range text.CustomerLangs() {
		f.Lang = lang
		f.Again = false
		l := document.AskProcessor(f)
		mail := strings.Join(strings.Fields(document.MailText(l)), " ")
		for _, want := range []string{
			"Correo Claro, S.L.", "HL-7K4M-29QX-3F9A2C", "C-1042", "Suscriptores", "correo, nombre", "Ed25519", "request", text.LongDate(lang, f.Due), text.Say(lang, "document.processor.anonymise"),
			text.Say(lang, "mail.service.processor"),
		} {
			if !strings.Contains(mail, want) {
				t.Errorf("the letter in %s lacks %q:\n%s", lang, want, mail)
			}
		}
		if strings.Contains(document.MailHTML(l), "href=\"http") {
			t.Errorf("the letter in %s leads somewhere", lang)
		}
		f.Again = true
		if again := document.AskProcessor(f); again.Subject == l.Subject || !strings.Contains(again.Subject, f.Reference) {
			t.Errorf("a reminder in %s is called %q", lang, again.Subject)
		}
	}
}

// The certificate says who erased on behalf of the company and how that is known, and
// counts what was entrusted in confidence.
func TestTheCertificateTellsOfProcessorsAndOfWhatWasEntrusted(t *testing.T) {
	t.Parallel()
	day := when.Date{Year: 2027, Month: 2, Day: 3}
	f := document.CertificateFacts{
		Company: document.Company{Name: "Faro"}, Code: "HL-7K4M-29QX", At: time.Date(2027, 2, 5, 9, 0, 0, 0, time.UTC), ErasedOn: day, Backups: day.AddDays(30),
		Processors: []document.ProcessorErased{
			{Name: "Correo Claro, S.L.", What: []string{"Suscriptores"}, AskedOn: day.AddDays(-3), ErasedOn: day, Proof: "signed", SHA256: strings.Repeat("ab", 32)},
			{Name: "Archivo Hondo", What: []string{"Cajas"}, ErasedOn: day, Proof: "attested", SHA256: strings.Repeat("cd", 32)},
			{Name: "Nadie Contesta", AskedOn: day, Proof: "none"},
			{Name: "Cerró Hace Tiempo", AskedOn: day.AddDays(-60), SilentOn: day.AddDays(-9), Proof: "none"},
		},
		Entrusted: []document.EntrustedCount{
			{Outcome: "returned", N: 1}, {Outcome: "destroyed", Method: "purge", N: 2}, {Outcome: "kept", Basis: "legal_claims", Until: day.AddDays(400), N: 1}, {Outcome: "open", N: 3}, {Outcome: "given", N: 1},
		},
	}
	for _, lang := range text.CustomerLangs() {
		f.Lang = lang
		l := document.Certificate(f)
		page := document.HTML(l)
		for _, want := range []string{"Correo Claro, S.L.", "Suscriptores", strings.Repeat("ab", 32), "Archivo Hondo", "Nadie Contesta", "Cerró Hace Tiempo", text.LongDate(lang, day.AddDays(-60)), text.LongDate(lang, day.AddDays(-9)), "NIST SP 800-88", text.LongDate(lang, day.AddDays(400))} {
			if !strings.Contains(page, want) {
				t.Errorf("%s lacks %q", lang, want)
			}
		}
		if _, err := document.PDF(l); err != nil {
			t.Error(err)
		}
	}
}
