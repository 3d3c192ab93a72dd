package document_test

import (
	"strings"
	"testing"
	"time"

	"hastaluego/internal/document"
	"hastaluego/internal/money"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

func renewalsFacts(lang string) document.RenewalsFacts {
	return document.RenewalsFacts{
		Lang: lang, Company: document.Company{Name: "Faro", Zone: time.UTC}, Now: time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC),
		Renewals: []document.ActRenewal{
			{ID: "ast_01", Name: "almena.example; y \\ más, con un nombre tan largo que no cabe en una sola línea de setenta y cinco octetos", On: when.Date{Year: 2026, Month: 12, Day: 31}, Cost: money.Amount{Minor: 1210, Currency: "EUR"}, Payer: "client"},
			{ID: "ast_02", Name: "Certificado", On: when.Date{Year: 2028, Month: 2, Day: 28}},
		},
	}
}

func TestRenewalsAreACalendarOfWholeDaysWithAReminder(t *testing.T) {
	t.Parallel()
	for _, lang := range text.CustomerLangs() {
		media, file := document.RenewalsCalendar(renewalsFacts(lang))
		got := strings.Join(unfold(t, file), "\n") + "\n"
		for _, want := range []string{
			"BEGIN:VCALENDAR\nVERSION:2.0\n", "METHOD:PUBLISH\n", "UID:ast_01-20261231@hasta\n", "DTSTAMP:20261128T090000Z\n",
			"DTSTART;VALUE=DATE:20261231\nDTEND;VALUE=DATE:20270101\n", "DTSTART;VALUE=DATE:20280228\nDTEND;VALUE=DATE:20280229\n",
			`almena.example\; y \\ más\, con`, "TRANSP:TRANSPARENT\nBEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-P14D\nDESCRIPTION:", "END:VALARM\nEND:VEVENT\n",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: the file lacks %q:\n%s", lang, want, got)
			}
		}
		if strings.Count(got, "BEGIN:VEVENT\n") != 2 || media != "text/calendar; charset=utf-8; method=PUBLISH" {
			t.Errorf("%s: %s", media, got)
		}
	}
	f := renewalsFacts("es")
	f.Rehearsal = true
	if _, file := document.RenewalsCalendar(f); string(file) == "" || strings.Contains(string(file), "SUMMARY;LANGUAGE=es:Se renueva") {
		t.Errorf("a rehearsal is taken for real: %s", file)
	}
}

func TestTheLetterAboutRenewalsSaysWhatWhenForHowMuchAndWhoPays(t *testing.T) {
	t.Parallel()
	for _, lang := range text.CustomerLangs() {
		f := renewalsFacts(lang)
		l := document.Renewal(document.RenewalFacts{Lang: lang, Company: f.Company, Code: "HL-7K4M-29QX", At: f.Now, Renewals: f.Renewals, Page: "https://faro.example/c/x", NotMe: "https://faro.example/not-me/x"})
		got := document.MailText(l)
		for _, want := range []string{
			"Certificado", text.LongDate(lang, f.Renewals[0].On), text.Money(lang, f.Renewals[0].Cost), text.Say(lang, "document.renewal.payer.client"), "https://faro.example/c/x",
		} {
			if !strings.Contains(strings.Join(strings.Fields(got), " "), strings.Join(strings.Fields(want), " ")) {
				t.Errorf("%s: the letter lacks %q:\n%s", lang, want, got)
			}
		}
	}
}
