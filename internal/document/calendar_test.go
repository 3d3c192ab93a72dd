package document_test

import (
	"mime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"hastaluego/internal/document"
)

func invitationFacts() document.CalendarFacts {
	zone, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		panic(err)
	}
	start := time.Date(2027, 3, 28, 10, 30, 0, 0, zone) // the day that summer time begins
	return document.CalendarFacts{
		Lang: "es", Company: document.Company{Name: `Faro "Uno", S.L.`, Email: "bajas@faro.example", Zone: zone}, ID: "inv_01", Sequence: 2,
		Made: start.AddDate(0, 0, -3), Start: start, End: start.Add(45 * time.Minute), Format: "in_person",
		Place: `Café "El Faro"; calle Mayor, 3`, Words: "Trae lo que quieras,\nnosotros escuchamos \\ nada más", Page: "https://faro.example/c/abc/meeting",
	}
}

func calendarFile(f document.CalendarFacts) []byte {
	_, file := document.Calendar(f)
	return file
}

func TestTheMediaTypeOfACalendarFileNamesTheMethodInIt(t *testing.T) {
	t.Parallel()
	for _, cancelled := range []bool{false, true} {
		f := invitationFacts()
		f.Cancelled = cancelled
		media, file := document.Calendar(f)
		_, params, err := mime.ParseMediaType(media)
		if err != nil || params["method"] == "" || !strings.Contains(string(file), "METHOD:"+params["method"]+"\r\n") {
			t.Errorf("%s: %v\n%s", media, err, file)
		}
	}
}

// unfold reads content lines back as RFC 5545 says, one by one.
func unfold(t interface {
	Helper()
	Fatalf(string, ...any)
}, raw []byte,
) []string {
	t.Helper()
	s := string(raw)
	if !strings.HasSuffix(s, "\r\n") || strings.Contains(strings.ReplaceAll(s, "\r\n", ""), "\n") || strings.Contains(strings.ReplaceAll(s, "\r\n", ""), "\r") {
		t.Fatalf("lines do not end as they must: %q", s)
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(s, "\r\n"), "\r\n") {
		if len(line) > 75 || !utf8.ValidString(line) {
			t.Fatalf("a line of %d octets, valid %v: %q", len(line), utf8.ValidString(line), line)
		}
	}
	return strings.Split(strings.TrimSuffix(strings.ReplaceAll(s, "\r\n ", ""), "\r\n"), "\r\n")
}

func TestAnInvitationIsACalendarFile(t *testing.T) {
	t.Parallel()
	got := strings.Join(unfold(t, calendarFile(invitationFacts())), "\n") + "\n"
	for _, want := range []string{
		"BEGIN:VCALENDAR\nVERSION:2.0\n", "METHOD:PUBLISH\n", "UID:inv_01@hasta\n", "SEQUENCE:2\n",
		"DTSTART:20270328T083000Z\nDTEND:20270328T091500Z\n", // two hours from Greenwich from that morning on
		`LOCATION:Café "El Faro"\; calle Mayor\, 3` + "\n", `Trae lo que quieras\,\nnosotros escuchamos \\ nada más\n`,
		`ORGANIZER;CN="Faro Uno, S.L.":mailto:bajas@faro.example` + "\n", "STATUS:CONFIRMED\n", "END:VEVENT\nEND:VCALENDAR\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the file lacks %q:\n%s", want, got)
		}
	}
	f := invitationFacts()
	f.Cancelled = true
	if got := string(calendarFile(f)); !strings.Contains(got, "METHOD:CANCEL\r\n") || !strings.Contains(got, "STATUS:CANCELLED\r\n") {
		t.Errorf("cancelled: %s", got)
	}
}

// Whatever somebody types as the place, no line of the file becomes another
// property, none is too long, and what was typed can be read back.
func TestWhatIsTypedBeginsNoLineOfACalendarFile(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := invitationFacts()
		f.Place = rapid.String().Draw(t, "place")
		f.Words = rapid.StringOfN(rapid.RuneFrom([]rune("añ,;\\\n\r\":é𝄞x ")), 0, 300, -1).Draw(t, "words")
		plain := f
		plain.Place, plain.Words = "x", "x"
		lines, want := unfold(t, calendarFile(f)), unfold(t, calendarFile(plain))
		if len(lines) != len(want) {
			t.Fatalf("%d lines, not %d", len(lines), len(want))
		}
		for i := range lines {
			name, _, _ := strings.Cut(lines[i], ":")
			if other, _, _ := strings.Cut(want[i], ":"); name != other {
				t.Fatalf("line %d is %s, not %s", i, name, other)
			}
		}
	})
}
