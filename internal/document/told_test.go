package document_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/document"
	"hastaluego/internal/when"
)

func toldFacts(lang string, parts ...document.ToldPart) document.ToldFacts {
	zone, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		panic(err)
	}
	return document.ToldFacts{
		Lang: lang, Company: document.Company{Name: "Faro", Complaints: "quejas@faro.example", Zone: zone}, At: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC),
		Parts: parts, Inbox: "https://faro.example/console", Account: "https://faro.example/console/account",
	}
}

func toldLine(customer string) document.ToldLine {
	return document.ToldLine{
		Code: "HL-7K4M-29QX", Customer: customer, Title: "Revisar el contrato", Due: time.Date(2026, 11, 26, 23, 0, 0, 0, time.UTC), Link: "https://faro.example/console/cases/case_1#review",
	}
}

// What people of the company are told names the departure and leads there; it
// does not speak as a letter to whoever leaves.
func TestWhatPeopleAreToldNamesTheDepartureAndLeadsThere(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"es", "en"} {
		l := document.Told(toldFacts(lang, document.ToldPart{Name: "task", Lines: []document.ToldLine{toldLine("Estudio Almena")}}))
		if !strings.Contains(l.Subject, "Revisar el contrato") || !strings.Contains(l.Subject, "HL-7K4M-29QX") {
			t.Errorf("the subject is %q", l.Subject)
		}
		for name, body := range map[string]string{"text": document.MailText(l), "html": document.MailHTML(l)} {
			for _, want := range []string{"Estudio Almena", "https://faro.example/console/cases/case_1#review", "https://faro.example/console/account", "26"} {
				if !strings.Contains(body, want) {
					t.Errorf("the %s in %s lacks %q:\n%s", name, lang, want, body)
				}
			}
			for _, not := range []string{"quejas@faro.example", "tu baja", "your departure"} {
				if strings.Contains(body, not) {
					t.Errorf("the %s in %s says %q", name, lang, not)
				}
			}
		}
	}
}

func TestADigestSaysWhatIsLateAndWhatIsDue(t *testing.T) {
	t.Parallel()
	f := toldFacts("es", document.ToldPart{Name: "late", Lines: []document.ToldLine{toldLine("Uno"), toldLine("Dos")}, More: 3},
		document.ToldPart{Name: "today", Lines: []document.ToldLine{toldLine("Tres")}}, document.ToldPart{Name: "waiting", Lines: []document.ToldLine{toldLine("Cuatro")}})
	f.Digest = when.Date{Year: 2026, Month: 11, Day: 24}
	for i := range f.Parts {
		for j := range f.Parts[i].Lines {
			f.Parts[i].Lines[j].Link += "-" + f.Parts[i].Lines[j].Customer
		}
	}
	for _, body := range []string{document.MailText(document.Told(f)), document.MailHTML(document.Told(f))} {
		for _, who := range []string{"Uno", "Dos", "Tres", "Cuatro"} { // each leads to its own step
			if !strings.Contains(body, "/console/cases/case_1#review-"+who) {
				t.Errorf("the digest does not lead to the step of %s:\n%s", who, body)
			}
		}
	}
	body := document.MailText(document.Told(f))
	for _, want := range []string{"24 de noviembre", "Va tarde", "Vence hoy", "Espera a otras personas", "Y 3 más", "Cuatro"} {
		if !strings.Contains(body, want) {
			t.Errorf("the digest lacks %q:\n%s", want, body)
		}
	}
}

// A name that somebody typed can neither mention a whole team in a channel, nor
// end a link, nor begin one.
func TestAMessageInAChannelHasItsShapeWhateverANameHolds(t *testing.T) {
	t.Parallel()
	raw, err := document.Chat(toldFacts("es", document.ToldPart{Name: "overdue", Lines: []document.ToldLine{toldLine(`<!channel> & <https://evil.example|aquí>`)}, More: 2}))
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Text   string
		Blocks []struct {
			Type string
			Text struct{ Type, Text string }
		}
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	all := m.Text
	for _, b := range m.Blocks {
		if b.Type != "section" || b.Text.Type != "mrkdwn" || b.Text.Text == "" {
			t.Errorf("a block is %+v", b)
		}
		all += "\n" + b.Text.Text
	}
	if m.Text == "" || strings.Contains(all, "<!channel>") || strings.Contains(all, "evil.example|") || strings.Count(all, "<") != 2 {
		t.Errorf("the message:\n%s", all)
	}
	if !strings.Contains(all, "<https://faro.example/console/cases/case_1#review|Revisar el contrato>") || !strings.Contains(all, "HL-7K4M-29QX") {
		t.Errorf("the message leads nowhere:\n%s", all)
	}
}

func TestACalendarOfTasksIsReadByPrograms(t *testing.T) {
	t.Parallel()
	f := toldFacts("es")
	media, raw := document.Feed(document.FeedFacts{Lang: "es", Company: f.Company, Now: f.At, Tasks: []document.FeedTask{
		{ID: "step_1", ToldLine: toldLine("Café, «El Faro»; S.L.\nEND:VCALENDAR")},
	}})
	file := strings.ReplaceAll(string(raw), "\r\n ", "")
	for _, want := range []string{
		"BEGIN:VCALENDAR\r\n", "METHOD:PUBLISH\r\n", "UID:step_1@hasta\r\n", "DTSTART;VALUE=DATE:20261126\r\n", "DTEND;VALUE=DATE:20261127\r\n",
		"SUMMARY:Revisar el contrato · HL-7K4M-29QX\r\n", `Café\, «El Faro»\; S.L. END:VCALENDAR\nhttps://`, "END:VCALENDAR\r\n",
	} {
		if !strings.Contains(file, want) {
			t.Errorf("the calendar lacks %q:\n%s", want, file)
		}
	}
	if media != "text/calendar; charset=utf-8; method=PUBLISH" || strings.Count(file, "\r\nEND:VCALENDAR\r\n") != 1 {
		t.Errorf("%s:\n%s", media, file)
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(string(raw), "\r\n"), "\r\n") {
		if len(line) > 75 {
			t.Errorf("a line of %d octets: %s", len(line), line)
		}
	}
}
