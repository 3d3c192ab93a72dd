package flow

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// numbering is which numbers of a country cost more than a call, and which cost
// nothing: by the number without what is dialled before it. They are read for
// the countries that have a pack, and for the United Kingdom; those of others
// are not known.
type numbering struct {
	code string // of the country, behind the +
	// trunk is dialled before a number at home. Where it has to be, what begins
	// otherwise is no number of those at home.
	trunk         string
	must          bool
	premium, free *regexp.Regexp
}

var numberings = map[string]numbering{
	// 901 and 902 are shared costs, and no number for customers (art. 21.2 LGDCU).
	"ES": {"34", "", false, regexp.MustCompile(`^(?:80[367]|90[1257])\d{6}$`), regexp.MustCompile(`^[89]00\d{6}$`)},
	"DE": {"49", "0", true, regexp.MustCompile(`^(?:900|180|137)\d{5,8}$`), regexp.MustCompile(`^800\d{6,8}$`)},
	"FR": {"33", "0", true, regexp.MustCompile(`^8[129]\d{7}$`), regexp.MustCompile(`^80[0-5]\d{6}$`)},
	"GB": {"44", "0", true, regexp.MustCompile(`^(?:9|87|84)\d{7,9}$`), regexp.MustCompile(`^80[08]\d{6,7}$`)},
	"US": {"1", "1", false, regexp.MustCompile(`^900[2-9]\d{6}$`), regexp.MustCompile(`^8(?:00|33|44|55|66|77|88)\d{7}$`)},
	"AR": {"54", "0", true, regexp.MustCompile(`^60\d{7,8}$`), regexp.MustCompile(`^800\d{6,7}$`)},
	"MX": {"52", "01", false, regexp.MustCompile(`^900\d{7}$`), regexp.MustCompile(`^800\d{7}$`)},
	// Without the 01 it is the number by which a company pays its taxes.
	"CO": {"57", "01", true, regexp.MustCompile(`^900\d{6,7}$`), regexp.MustCompile(`^800\d{6,8}$`)},
	"UY": {"598", "0", true, regexp.MustCompile(`^90\d{5,6}$`), regexp.MustCompile(`^800\d{4,5}$`)},
	"PE": {"51", "0", true, regexp.MustCompile(`^808\d{5}$`), regexp.MustCompile(`^800\d{5}$`)},
}

// abroad are the numbers with the code of their country.
var abroad = regexp.MustCompile(`^(?:\+|00)(\d+)$`)

func digits(phone string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) || r == '+' {
			return r
		}
		return -1
	}, phone)
}

// rate is what a call to a number costs, in the words of channel.phone_rate:
// any, standard or free; empty: it is not known. A number with the code of its
// country is one of there. One without is one of those countries; where none is
// known, a number that would cost more in some country is not known.
func rate(phone string, countries []string) string {
	d := digits(phone)
	if m := abroad.FindStringSubmatch(d); m != nil {
		for _, n := range numberings {
			if rest, ok := strings.CutPrefix(m[1], n.code); ok {
				return n.costs(strings.TrimPrefix(rest, "0")) // +49 (0) 900
			}
		}
		return ""
	}
	known, seen := len(countries) > 0, "standard"
	for country, n := range numberings {
		if known && !slices.Contains(countries, country) {
			continue
		}
		rest, dialled := strings.CutPrefix(d, n.trunk)
		if !dialled && n.must {
			continue
		}
		switch n.costs(rest) {
		case "any":
			if !known {
				return ""
			}
			return "any"
		case "free":
			seen = "free"
		}
	}
	if !known {
		return "standard" // or free: no more than that
	}
	return seen
}

func (n numbering) costs(number string) string {
	switch {
	case n.premium.MatchString(number):
		return "any"
	case n.free.MatchString(number):
		return "free"
	}
	return "standard"
}

// countries are those in whose ways a number without a code is read: that of the
// law, and that of the company where it is known.
func (v *View) countries() (list []string) {
	for _, p := range v.law.Packs {
		country, _, _ := strings.Cut(strings.ToUpper(p), "-")
		if _, known := numberings[country]; known && !slices.Contains(list, country) {
			list = append(list, country)
		}
	}
	if v.law.Effective != nil {
		if country, ok := v.law.Effective.Facts["seller.country"].(string); ok && !slices.Contains(list, country) {
			list = append(list, country)
		}
	}
	return list
}

var (
	phoneForm = regexp.MustCompile(`(?:\+|00)?\(?\d[\d ./()-]{5,}\d`)
	// A date stands alone: in 08.92.12.34.56 there is none.
	goesOnBefore = regexp.MustCompile(`\d[./-]?$`)
	goesOnBehind = regexp.MustCompile(`^[./-]?\d`)
	dateForm     = regexp.MustCompile(`\d{1,2}[./-]\d{1,2}[./-]\d{4}|\d{4}[./-]\d{1,2}[./-]\d{1,2}`)
)

// phonesIn are the telephone numbers of a text. A date is none, and neither is
// what is a part of a longer word.
func phonesIn(text string) (list []string) {
	text = withoutDates(text)
	for _, at := range phoneForm.FindAllStringIndex(text, -1) {
		if r, _ := utf8.DecodeLastRuneInString(text[:at[0]]); unicode.IsLetter(r) || r == '-' || r == '_' {
			continue // A-902123456 is no number that anybody calls
		}
		list = append(list, text[at[0]:at[1]])
	}
	return list
}

// withoutDates puts a sign in the place of every date that is not a part of a
// longer number.
func withoutDates(text string) string {
	var b strings.Builder
	from := 0
	for _, at := range dateForm.FindAllStringIndex(text, -1) {
		if !goesOnBefore.MatchString(text[:at[0]]) && !goesOnBehind.MatchString(text[at[1]:]) {
			b.WriteString(text[from:at[0]])
			b.WriteString("·")
			from = at[1]
		}
	}
	b.WriteString(text[from:])
	return b.String()
}
