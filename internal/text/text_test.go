package text_test

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

func TestEveryCodeStandsInEveryLanguageWithTheSameSlots(t *testing.T) {
	t.Parallel()
	if err := text.Check(); err != nil {
		t.Fatal(err)
	}
}

func TestSayWritesItsArgumentsForTheReader(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ lang, code, want string }{
		{"es", "state.late", "Va tarde desde el 27 de noviembre de 2026"},
		{"en", "state.late", "Late since 27 November 2026"},
	} {
		if got := text.Say(c.lang, c.code, "date", when.Date{Year: 2026, Month: 11, Day: 27}); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.lang, c.code, got, c.want)
		}
	}
	if got := text.Say("es", "state.partly", "done", 9, "all", 1100); got != "Hecha en parte: 9 de 1.100" {
		t.Error(got)
	}
}

func TestSayNeverReadsAnArgumentForSlots(t *testing.T) {
	t.Parallel()
	if got := text.Say("es", "state.waiting_for", "who", "{who} {x}"); got != "Espera a {who} {x}" {
		t.Error(got)
	}
}

func TestSayReturnsAnUnknownCodeAndRemembersIt(t *testing.T) {
	t.Parallel()
	if got := text.Say("en", "no.such.code"); got != "no.such.code" {
		t.Error(got)
	}
	if !strings.Contains(strings.Join(text.Missing(), "\n"), "en no.such.code") {
		t.Error("Missing does not name it")
	}
	if got := text.Say("it", "state.done"); got != "Hecha" {
		t.Error("a language without words falls back to the first one:", got)
	}
}

func TestPluralsFollowTheRulesOfTheLanguage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		lang string
		n    int
		want string
	}{
		{"es", 1, "1 día"},
		{"es", 0, "0 días"},
		{"es", 2, "2 días"},
		{"es", 1_000_000, "1.000.000 de días"},
		{"es", 20_000_000, "20.000.000 de días"},
		{"es", 1_000_001, "1.000.001 días"},
		{"es", 10_000_001, "10.000.001 días"},
		{"en", 1, "1 day"},
		{"en", 0, "0 days"},
		{"en", 1_000_000, "1,000,000 days"},
		{"de", 1, "1 Tag"},
		{"de", 0, "0 Tage"},
		{"de", 1_000_000, "1.000.000 Tage"},
		{"fr", 0, "0 jour"},
		{"fr", 1, "1 jour"},
		{"fr", 2, "2 jours"},
		{"fr", 1_000_000, "1\u202f000\u202f000 de jours"},
		{"fr", 1_000_001, "1\u202f000\u202f001 jours"},
		{"fr", 10_000_001, "10\u202f000\u202f001 jours"},
	} {
		if got := text.Say(c.lang, "days", "n", c.n); got != c.want {
			t.Errorf("%s %d: %q, want %q", c.lang, c.n, got, c.want)
		}
	}
}

func TestHowLongSomethingTookIsSaidInWholeUnits(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "menos de 1 s", time.Second: "1 s", 59*time.Second + 999*time.Millisecond: "59 s", time.Minute: "1 min", time.Hour - time.Nanosecond: "59 min", 48*time.Hour - time.Second: "47 h", 71 * time.Hour: "2 días",
	} {
		if got := text.Lasted("es", d); got != want {
			t.Errorf("%s: %q, not %q", d, got, want)
		}
	}
}

func TestDatesAndInstantsReadAsInTheirLanguage(t *testing.T) {
	t.Parallel()
	madrid := zone(t, "Europe/Madrid")
	at := time.Date(2026, 11, 22, 9, 42, 17, 0, time.UTC)
	day := when.Date{Year: 2026, Month: 11, Day: 22}
	got := []string{
		text.Date("es", day), text.LongDate("es", day), text.DayMonth("es", day), text.WeekdayDate("es", day),
		text.Instant("es", at, madrid), text.WeekdayInstant("es", at, madrid), text.ShortInstant("es", at, madrid),
		text.Zone("es", at, madrid), text.Instant("es", at.AddDate(0, 5, 0), madrid),
		text.Instant("es", at, zone(t, "Atlantic/Canary")), text.Instant("es", at, zone(t, "America/Mexico_City")),
		text.Instant("es", at, zone(t, "Asia/Kolkata")), text.Instant("es", at, nil),
		text.Date("en", day), text.LongDate("en", day), text.DayMonth("en", day), text.WeekdayDate("en", day),
		text.Instant("en", at, madrid), text.Instant("en", at, zone(t, "America/Lima")), text.Clock(at, madrid),
		text.Date("de", day), text.LongDate("de", day), text.DayMonth("de", day), plain(text.WeekdayInstant("de", at, madrid)), plain(text.Instant("de", at, zone(t, "Europe/Berlin"))),
		text.Date("fr", day), text.LongDate("fr", when.Date{Year: 2026, Month: 8, Day: 1}), text.DayMonth("fr", day), text.WeekdayInstant("fr", at, madrid), text.Instant("fr", at, zone(t, "Europe/Paris")),
		text.Date("es", when.Date{}) + text.LongDate("en", when.Date{}) + text.Instant("es", time.Time{}, madrid),
	}
	want := []string{
		"22 nov 2026", "22 de noviembre de 2026", "22 de noviembre", "Domingo 22 de noviembre de 2026",
		"22 de noviembre de 2026, 10:42 (hora peninsular española, UTC+1)", "Domingo 22 de noviembre de 2026, 10:42:17", "22 nov 2026, 10:42",
		"Hora peninsular española, UTC+1", "22 de abril de 2027, 11:42 (hora peninsular española, UTC+2)",
		"22 de noviembre de 2026, 09:42 (hora de Canarias, UTC)", "22 de noviembre de 2026, 03:42 (hora de la Ciudad de México, UTC−6)",
		"22 de noviembre de 2026, 15:12 (hora de Kolkata, UTC+5:30)", "22 de noviembre de 2026, 09:42 (UTC)",
		"22 Nov 2026", "22 November 2026", "22 November", "Sunday 22 November 2026",
		"22 November 2026, 10:42 (Madrid time, UTC+1)", "22 November 2026, 04:42 (Lima time, UTC−5)", "10:42",
		"22. Nov. 2026", "22. November 2026", "22. November", "Sonntag, 22. November 2026, 10:42:17 Uhr", "22. November 2026, 10:42 Uhr (Ortszeit Berlin, UTC+1)",
		"22 nov. 2026", "1er août 2026", "22 novembre", "Dimanche 22 novembre 2026, 10:42:17", "22 novembre 2026, 10:42 (heure de Paris, UTC+1)", "",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestMoneyIsWrittenInFull(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		minor        int64
		code, es, en string
	}{
		{115200, "EUR", "1.152,00 €", "€1,152.00"},
		{-2472, "EUR", "−24,72 €", "−€24.72"},
		{0, "EUR", "0,00 €", "€0.00"},
		{115200, "MXN", "1.152,00 MXN", "MXN 1,152.00"},
		{1152, "CLP", "1.152 CLP", "CLP 1,152"},
		{12990000, "COP", "129.900 COP", "COP 129,900"}, // two decimals that nobody writes
		{12990050, "COP", "129.900,50 COP", "COP 129,900.50"},
		{1234567, "KWD", "1.234,567 KWD", "KWD 1,234.567"},
		{99, "USD", "0,99 US$", "US$0.99"},
		{-1 << 63, "EUR", "−92.233.720.368.547.758,08 €", "−€92,233,720,368,547,758.08"},
		{12, "???", "12 ???", "12 ???"},
	} {
		a := money.Amount{Minor: c.minor, Currency: c.code}
		if got := plain(text.Money("es", a)); got != c.es {
			t.Errorf("es %v: %q, want %q", a, got, c.es)
		}
		if got := plain(text.Money("en", a)); got != c.en {
			t.Errorf("en %v: %q, want %q", a, got, c.en)
		}
		if got := plain(text.Money("de", a)); got != c.es {
			t.Errorf("de %v: %q, want %q", a, got, c.es)
		}
	}
	for amount, want := range map[money.Amount]string{
		{Minor: 115200, Currency: "EUR"}: "1\u202f152,00\u00a0€", {Minor: -99, Currency: "USD"}: "−0,99\u00a0$US", {Minor: 123456700, Currency: "MXN"}: "1\u202f234\u202f567,00\u00a0MXN",
	} {
		if got := text.Money("fr", amount); got != want {
			t.Errorf("fr %v: %q, want %q", amount, got, want)
		}
	}
}

// Whatever the number, taking the separators away gives it back, and no group
// is longer than three digits.
func TestNumbersKeepTheirDigits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64().Draw(t, "n")
		for lang, sep := range map[string]string{"es": ".", "en": ",", "de": ".", "fr": "\u202f"} {
			s := text.Number(lang, n)
			body, negative := strings.CutPrefix(s, "−")
			if negative != (n < 0) {
				t.Fatalf("%s: %q has the wrong sign for %d", lang, s, n)
			}
			groups := strings.Split(body, sep)
			for i, g := range groups {
				if len(g) > 3 || i > 0 && len(g) != 3 || g == "" {
					t.Fatalf("%s: %q is grouped wrongly", lang, s)
				}
			}
			a := money.Amount{Minor: n, Currency: "CLP"}
			if got, _, _ := strings.Cut(strings.ReplaceAll(strings.ReplaceAll(s, sep, ""), "−", "-"), " "); got != a.Decimal(0) {
				t.Fatalf("%s: %q is not %d", lang, s, n)
			}
		}
	})
}

// A date in words can be read back: the day, the month's name and the year are
// all there.
func TestLongDatesLoseNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := when.Date{Year: 2000, Month: 1, Day: 1}.AddDays(rapid.IntRange(0, 60_000).Draw(t, "days"))
		got, err := time.Parse("2 January 2006", text.LongDate("en", d))
		if err != nil || when.DateOf(got, time.UTC) != d {
			t.Fatalf("%v became %q", d, text.LongDate("en", d))
		}
		if w := text.WeekdayDate("en", d); !strings.HasPrefix(w, got.Weekday().String()+" ") {
			t.Fatalf("%v became %q", d, w)
		}
	})
}

func TestErrorsAreToldInWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want string
	}{
		{nil, ""},
		{errors.New("pq: password authentication failed"), "Ha fallado algo nuestro y no se ha guardado nada. Vuelve a pulsar; si sigue igual, llámanos."},
		{fault.New(fault.Internal, "whatever", "ref", "7K4M"), "Ha fallado algo nuestro y no se ha guardado nada. Vuelve a pulsar; si sigue igual, llámanos y di esta referencia: 7K4M"},
		{fault.New(fault.Forbidden, "forbidden.role", "who", "Laia M."), "Esto puede hacerlo Laia M.; tu función no lo permite."},
		{fault.New(fault.Forbidden, "forbidden.role"), "Tu función no permite hacer esto. Pídeselo a quien administra el sistema."},
		{fault.New(fault.Invalid, "field.too_long", "max", 1000).On("name"), "Es demasiado largo: caben 1.000 caracteres."},
		{fault.New(fault.Gone, "nobody.wrote.words"), "Este enlace ya no sirve. Escribe tu código y te enviamos otro."},
		{fault.List{fault.New(fault.Invalid, "field.required").On("a"), fault.New(fault.Invalid, "field.required").On("b"), fault.New(fault.Invalid, "field.email").On("c")}, "Falta este dato. Escribe un correo, por ejemplo nombre@dominio.es"},
	} {
		if got := text.Error("es", c.err); got != c.want {
			t.Errorf("%v: %q, want %q", c.err, got, c.want)
		}
	}
}

func TestEveryKindOfErrorHasWords(t *testing.T) {
	t.Parallel()
	for k := fault.Internal; k <= fault.Withheld; k++ {
		for _, lang := range append(text.CustomerLangs(), "it") {
			if s := text.Error(lang, fault.New(k, "not.a.code.with.words")); strings.Contains(s, "error.") || strings.Contains(s, "{") {
				t.Errorf("%v in %s: %q", k, lang, s)
			}
		}
	}
}

func TestFieldErrorsAreToldByField(t *testing.T) {
	t.Parallel()
	err := fault.List{fault.New(fault.Invalid, "field.required").On("email"), fault.New(fault.Invalid, "field.email").On("email"), fault.New(fault.Invalid, "field.choice").On("what")}
	want := map[string]string{"email": "This is missing.", "what": "Choose one of the options listed."}
	if d := cmp.Diff(want, text.FieldErrors("en", err)); d != "" {
		t.Error(d)
	}
	if got := text.FieldErrors("en", errors.New("x")); len(got) != 0 {
		t.Error(got)
	}
}

func TestPickPrefersTheQueryThenTheBrowserThenTheCompany(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ query, accept, fallback, want string }{
		{"en", "es", "es", "en"},
		{"", "fr-FR, en-GB;q=0.8, es;q=0.5", "es", "en"},
		{"", "es-MX", "en", "es"},
		{"", "de", "en", "en"},
		{"xx-nonsense-", "", "", "es"},
		{"EN-us", "", "", "en"},
		{"", "", "de", "en"}, // the console of a German company
		{"", strings.Repeat("en,", 5000), "es", "es"},
	} {
		if got := text.Pick([]string{"es", "en"}, c.query, c.accept, c.fallback); got != c.want {
			t.Errorf("Pick(%q, %.20q, %q) = %s, want %s", c.query, c.accept, c.fallback, got, c.want)
		}
	}
}

func FuzzSay(f *testing.F) {
	f.Add("es", "state.partly", "done", "{all}", int64(3))
	f.Add("xx", "days|", "n", "", int64(-1<<63))
	f.Fuzz(func(t *testing.T, lang, code, name, value string, n int64) {
		s := text.Say(lang, code, name, value, "n", n, "odd")
		if utf8.ValidString(code) && utf8.ValidString(value) && !utf8.ValidString(s) {
			t.Errorf("%q", s)
		}
		_ = text.Number(lang, n)
		_ = text.Money(lang, money.Amount{Minor: n, Currency: code})
		if p := text.Pick(text.Langs(), lang, code, value); !text.Has(p) {
			t.Errorf("picked %q", p)
		}
	})
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// plain turns the spaces that keep a number and its unit together into spaces.
func plain(s string) string { return strings.ReplaceAll(s, "\u00a0", " ") }
