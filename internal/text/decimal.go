package text

import (
	"regexp"
	"strings"

	"hastaluego/internal/money"
)

// apart is a whole number with its thousands apart.
var apart = regexp.MustCompile(`^[+-]?[1-9][0-9]{0,2}([.,'][0-9]{3})+$`)

// Decimal turns an amount as readers of the language write it (1.152,00 or
// 1,152.00, with or without the sign of a currency and spaces) into one with a
// point and nothing else. Where a single sign could part thousands or begin
// decimals, the language decides; else what can only be meant one way is taken
// so. digits is how many decimals the currency has. What cannot be read stays as
// it is, for money.Parse to refuse.
func Decimal(lang, s string, digits int) string {
	clean := strings.NewReplacer(" ", "", nbsp, "", thin, "", "\t", "", minus, "-", "€", "", "£", "", "$", "").Replace(s)
	_, comma := separators(lang)
	kinds, at := "", -1
	for i, r := range clean {
		if strings.ContainsRune(".,'", r) {
			if at = i; !strings.ContainsRune(kinds, r) {
				kinds += string(r)
			}
		}
	}
	plain := strings.NewReplacer(".", "", ",", "", "'", "")
	switch {
	case at < 0:
		return clean
	case len(kinds) > 1: // the last kind begins the decimals
		if whole := clean[:at]; apart.MatchString(whole) && !strings.Contains(whole, clean[at:at+1]) {
			return plain.Replace(whole) + "." + clean[at+1:]
		}
		return s
	case strings.Count(clean, kinds) > 1 || kinds == "'":
		if apart.MatchString(clean) {
			return plain.Replace(clean)
		}
		return s
	case kinds == comma:
		return strings.Replace(clean, kinds, ".", 1)
	case apart.MatchString(clean): // the sign of thousands of this language
		return plain.Replace(clean)
	case len(clean)-at-1 <= digits:
		return strings.Replace(clean, kinds, ".", 1)
	}
	return s
}

// Typed writes an amount as it stands in a field to be changed: the decimals as
// the reader writes them, no thousands apart and no currency.
func Typed(lang string, a money.Amount) string {
	digits, err := money.Digits(a.Currency)
	if err != nil {
		return ""
	}
	_, decimal := separators(lang)
	return strings.Replace(a.Decimal(digits), ".", decimal, 1)
}
