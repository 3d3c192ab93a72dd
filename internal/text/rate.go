package text

import (
	"strconv"
	"strings"

	"hastaluego/internal/when"
)

// Month writes a month: "noviembre de 2026", "November 2026".
func Month(lang string, d when.Date) string {
	if d.IsZero() {
		return ""
	}
	if lang == "es" {
		return month(lang, d, true) + " de " + strconv.Itoa(d.Year)
	}
	return month(lang, d, true) + " " + strconv.Itoa(d.Year)
}

// ShortMonth writes a month under a column: "nov", "Nov".
func ShortMonth(lang string, d when.Date) string { return month(lang, d, false) }

// Hundredths writes hundredths as a number: "16,67", "−33.33"; no decimals
// where there are none.
func Hundredths(lang string, n int64) string {
	sign, u := "", uint64(n)
	if n < 0 {
		sign, u = minus, -u
	}
	group, decimal := separators(lang)
	out := sign + grouped(strconv.FormatUint(u/100, 10), group)
	if rest := u % 100; rest != 0 {
		out += decimal + strings.TrimRight(strconv.FormatUint(100+rest, 10)[1:], "0")
	}
	return out
}

// Percent writes hundredths of a percent: "16,67 %", "16.67%".
func Percent(lang string, n int64) string {
	switch lang {
	case "en":
		return Hundredths(lang, n) + "%"
	case "fr":
		return Hundredths(lang, n) + thin + "%"
	}
	return Hundredths(lang, n) + nbsp + "%"
}

// ParseHundredths reads what a person typed as a percentage, with at most two
// decimals and either sign for them, as hundredths.
func ParseHundredths(s string) (n int64, ok bool) {
	s = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(s), "%"))
	whole, rest, _ := strings.Cut(strings.Replace(s, ",", ".", 1), ".")
	if whole == "" || len(whole) > 9 || len(rest) > 2 || strings.Trim(whole+rest, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(whole+(rest + "00")[:2], 10, 64)
	return n, err == nil
}
