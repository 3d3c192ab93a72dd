package text

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-playground/locales"
	"github.com/go-playground/locales/de"
	"github.com/go-playground/locales/en"
	"github.com/go-playground/locales/es"
	"github.com/go-playground/locales/fr"

	"hastaluego/internal/money"
	"hastaluego/internal/when"
)

// nbsp keeps a number and its unit on one line.
const nbsp = "\u00a0"

// thin keeps French thousands and signs on one line.
const thin = "\u202f"

// minus is the sign of a number; the hyphen is not one.
const minus = "\u2212"

// calendars name months and weekdays. Their money and number formats are not
// used: they are wrong for some currencies.
var calendars = map[string]locales.Translator{"es": es.New(), "en": en.New(), "de": de.New(), "fr": fr.New()}

func calendar(lang string) locales.Translator {
	if c, ok := calendars[lang]; ok {
		return c
	}
	return calendars[languages[0]]
}

func month(lang string, d when.Date, wide bool) string {
	m := d.Month
	if m < time.January || m > time.December {
		m = time.January
	}
	if wide {
		return calendar(lang).MonthWide(m)
	}
	short := calendar(lang).MonthAbbreviated(m)
	if lang == "de" || lang == "fr" { // the point belongs to it
		return short
	}
	return strings.TrimSuffix(short, ".")
}

// day writes the day of a month as it stands before the month's name: the
// first is an ordinal in French, and each is one in German.
func day(lang string, d when.Date) string {
	switch {
	case lang == "de":
		return strconv.Itoa(d.Day) + "."
	case lang == "fr" && d.Day == 1:
		return "1er"
	}
	return strconv.Itoa(d.Day)
}

// Date writes a date shortly: "22 nov 2026", "22 Nov 2026", "22. Nov. 2026",
// "22 nov. 2026". No date is nothing.
func Date(lang string, d when.Date) string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%s %s %d", day(lang, d), month(lang, d, false), d.Year)
}

// LongDate writes a date in full: "22 de noviembre de 2026", "22 November
// 2026", "22. November 2026". No date is nothing.
func LongDate(lang string, d when.Date) string {
	if d.IsZero() {
		return ""
	}
	if lang == "es" {
		return fmt.Sprintf("%d de %s de %d", d.Day, month(lang, d, true), d.Year)
	}
	return fmt.Sprintf("%s %s %d", day(lang, d), month(lang, d, true), d.Year)
}

// DayMonth writes a date without its year: "22 de noviembre", "22 November".
func DayMonth(lang string, d when.Date) string {
	if d.IsZero() {
		return ""
	}
	if lang == "es" {
		return fmt.Sprintf("%d de %s", d.Day, month(lang, d, true))
	}
	return fmt.Sprintf("%s %s", day(lang, d), month(lang, d, true))
}

// WeekdayDate writes a date in full with its day of the week, as a line begins:
// "Domingo 22 de noviembre de 2026", "Sunday 22 November 2026", "Sonntag, 22.
// November 2026".
func WeekdayDate(lang string, d when.Date) string {
	if d.IsZero() {
		return ""
	}
	weekday := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Weekday()
	name := upperFirst(calendar(lang).WeekdayWide(weekday))
	if lang == "de" {
		name += ","
	}
	return name + " " + LongDate(lang, d)
}

// Instant writes a moment to the minute, with its zone: "22 de noviembre de
// 2026, 10:42 (hora peninsular española, UTC+1)". A nil zone is UTC; the zero
// time is nothing.
func Instant(lang string, t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return ""
	}
	t = in(t, zone)
	return fmt.Sprintf("%s, %s (%s)", LongDate(lang, dateOf(t)), oClock(lang, t.Format("15:04")), zoneWords(lang, t))
}

// WeekdayInstant writes a moment to the second, without its zone: "Domingo 22
// de noviembre de 2026, 10:42:17". Zone is written beside it.
func WeekdayInstant(lang string, t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return ""
	}
	t = in(t, zone)
	return WeekdayDate(lang, dateOf(t)) + ", " + oClock(lang, t.Format("15:04:05"))
}

// Lasted writes how long something took in its largest whole unit: "59 s", "3 min", "47 h",
// "2 days". What is begun and not whole is not counted.
func Lasted(lang string, d time.Duration) string {
	if d < time.Second {
		return Say(lang, "lasted.instant")
	}
	for _, u := range []struct {
		unit  time.Duration
		below time.Duration
		name  string
	}{{time.Second, time.Minute, "seconds"}, {time.Minute, time.Hour, "minutes"}, {time.Hour, 48 * time.Hour, "hours"}} {
		if d < u.below {
			return Say(lang, "lasted."+u.name, "n", int64(d/u.unit))
		}
	}
	return Say(lang, "lasted.days", "n", int64(d/(24*time.Hour)))
}

// ShortInstant writes a moment for lists: "22 nov 2026, 10:42".
func ShortInstant(lang string, t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return ""
	}
	t = in(t, zone)
	return Date(lang, dateOf(t)) + ", " + oClock(lang, t.Format("15:04"))
}

// oClock is a time of day as it stands behind a date.
func oClock(lang, clock string) string {
	if lang == "de" {
		return clock + nbsp + "Uhr"
	}
	return clock
}

// Clock writes the time of day: "10:42".
func Clock(t time.Time, zone *time.Location) string { return in(t, zone).Format("15:04") }

// ClockThere writes a time of day with where its clock hangs, for whoever lives
// elsewhere: "23:59 (hora peninsular española, UTC+1)".
func ClockThere(lang string, t time.Time, zone *time.Location) string {
	return Clock(t, zone) + " (" + zoneWords(lang, in(t, zone)) + ")"
}

// Zone names the zone as it is at that moment, as a line begins: "Hora
// peninsular española, UTC+1".
func Zone(lang string, t time.Time, zone *time.Location) string {
	return upperFirst(zoneWords(lang, in(t, zone)))
}

func in(t time.Time, zone *time.Location) time.Time {
	if zone == nil {
		zone = time.UTC
	}
	return t.In(zone)
}

func dateOf(t time.Time) when.Date { return when.DateOf(t, t.Location()) }

// zoneWords says where the clock hangs: words of our own for zones that have
// them, else the city of the zone's name, and the distance from UTC.
func zoneWords(lang string, t time.Time) string {
	name, offset := t.Location().String(), offset(t)
	if code := "zone." + name; Known(lang, code) {
		return Say(lang, code) + ", " + offset
	}
	i := strings.LastIndexByte(name, '/')
	if i < 0 || strings.HasPrefix(name, "Etc/") { // UTC, Local, CET, Etc/GMT-3
		return offset
	}
	return Say(lang, "zone", "city", strings.ReplaceAll(name[i+1:], "_", " ")) + ", " + offset
}

func offset(t time.Time) string {
	_, s := t.Zone()
	if s == 0 {
		return "UTC"
	}
	sign := "+"
	if s < 0 {
		sign, s = minus, -s
	}
	if m := s / 60 % 60; m != 0 {
		return fmt.Sprintf("UTC%s%d:%02d", sign, s/3600, m)
	}
	return fmt.Sprintf("UTC%s%d", sign, s/3600)
}

// Number writes a whole number with its thousands apart: "4.318", "4,318", and
// in French with a thin space.
func Number(lang string, n int64) string {
	sign, u := "", uint64(n)
	if n < 0 {
		sign, u = minus, -u
	}
	group, _ := separators(lang)
	return sign + grouped(strconv.FormatUint(u, 10), group)
}

// Thousandths writes a number that is counted in thousandths, with as many
// decimals as it has: "1.318,5", "1,318.5".
func Thousandths(lang string, n int64) string {
	_, decimal := separators(lang)
	whole, part := Number(lang, n/1000), strings.TrimRight(fmt.Sprintf("%03d", n%1000), "0")
	if part == "" {
		return whole
	}
	return whole + decimal + part
}

func separators(lang string) (group, decimal string) {
	switch lang {
	case "en":
		return ",", "."
	case "fr":
		return thin, ","
	}
	return ".", ","
}

func grouped(digits, separator string) string {
	var b strings.Builder
	for i := range len(digits) {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(separator)
		}
		b.WriteByte(digits[i])
	}
	return b.String()
}

// signs are the currencies that one sign names without a doubt; $ alone names
// a dozen.
var signs = map[string]string{"EUR": "€", "GBP": "£", "USD": "US$"}

// Money writes an amount in full: "1.152,00 €", "€1,152.00", "−24,72 €",
// "1.152,00 MXN", "MXN 1,152.00". The decimals are those of ISO 4217, without
// zeros that nobody writes: "129.900 COP", but "129.900,50 COP"; an unknown currency is written in minor units with its code.
func Money(lang string, a money.Amount) string {
	digits, err := money.Digits(a.Currency)
	if err != nil {
		return strings.TrimSpace(Number(lang, a.Minor) + nbsp + a.Currency)
	}
	plain := a.Decimal(digits)
	body, negative := strings.CutPrefix(plain, "-")
	whole, cents, _ := strings.Cut(body, ".")
	if usual, _ := money.Written(a.Currency); strings.Trim(cents, "0") == "" && usual < len(cents) {
		cents = cents[:usual]
	}
	group, decimal := separators(lang)
	number := grouped(whole, group)
	if cents != "" {
		number += decimal + cents
	}
	sign := ""
	if negative {
		sign = minus
	}
	unit, ok := signs[a.Currency]
	if !ok {
		unit = strings.ToUpper(a.Currency)
	}
	if lang == "fr" && a.Currency == "USD" {
		unit = "$US"
	}
	switch {
	case lang != "en":
		return sign + number + nbsp + unit
	case ok:
		return sign + unit + number
	default:
		return sign + unit + nbsp + number
	}
}

// Sums writes amounts of several currencies one after the other.
func Sums(lang string, list []money.Amount) string {
	out := make([]string, len(list))
	for i, a := range list {
		out[i] = Money(lang, a)
	}
	return strings.Join(out, ", ")
}

// Colon is the sign behind a label: French has a space before it.
func Colon(lang string) string {
	if lang == "fr" {
		return thin + ":"
	}
	return ":"
}

func upperFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}

// Size words how large a file is: in kB, or in MB from ten on. What is there is never
// nothing.
func Size(lang string, n int64) string {
	if n >= 10_000_000 {
		return Say(lang, "size.mb", "n", Number(lang, (n+999_999)/1_000_000))
	}
	return Say(lang, "size.kb", "n", Number(lang, max(1, (n+999)/1000)))
}
