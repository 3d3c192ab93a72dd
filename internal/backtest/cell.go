package backtest

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// absent are the words with which programs write that nothing is known.
var absent = map[string]bool{
	"": true, "na": true, "n/a": true, "#n/a": true, "nan": true, "null": true, "none": true, "nil": true,
	"-": true, "--": true, "?": true, ".": true, "missing": true, "s/d": true, "n/d": true, "nd": true,
}

// isAbsent reports whether a cell says that nothing is known.
func isAbsent(cell string) bool {
	return len(cell) <= 7 && absent[strings.ToLower(cell)]
}

// style is how a column writes its numbers.
type style uint8

const (
	plain style = iota // 1234.5 or 1.5e3
	point              // 1,234.5
	comma              // 1.234,5
	styles
)

var (
	withPoint = regexp.MustCompile(`^[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?$`)
	withComma = regexp.MustCompile(`^[+-]?(\d+|\d{1,3}([.  ]\d{3})+)(,\d+)?$`)
	trimmed   = strings.NewReplacer("€", "", "$", "", "£", "", "%", "", " ", "", " ", "", " ", "", "−", "-")
)

// number reads a cell in a style: NaN where it is none.
func (s style) number(cell string) float64 {
	if s == plain {
		if !ofDigits(cell) {
			return math.NaN()
		}
		v, err := strconv.ParseFloat(cell, 64)
		if err != nil || math.IsInf(v, 0) {
			return math.NaN()
		}
		return v
	}
	if !strings.ContainsAny(cell, "0123456789") {
		return math.NaN()
	}
	clean := trimmed.Replace(cell)
	switch {
	case s == point && withPoint.MatchString(clean):
		clean = strings.ReplaceAll(clean, ",", "")
	case s == comma && withComma.MatchString(clean):
		clean = strings.ReplaceAll(strings.ReplaceAll(clean, ".", ""), ",", ".")
	default:
		return math.NaN()
	}
	v, err := strconv.ParseFloat(clean, 64)
	if err != nil {
		return math.NaN()
	}
	return v
}

// ofDigits spares the parsing of what is no plain number: words that are one to a parser,
// such as Inf and 0x1p-2, are none to people.
func ofDigits(cell string) bool {
	digit := false
	for i := range len(cell) {
		switch c := cell[i]; {
		case c >= '0' && c <= '9':
			digit = true
		case c == '.', c == '-', c == '+':
		case (c == 'e' || c == 'E') && digit:
		default:
			return false
		}
	}
	return digit
}

// dates are the forms in which a column may write dates. Day before month stands first:
// where both would do, it is taken so.
var dates = []string{
	"2006-01-02", "2006-01-02 15:04:05", "2006-01-02T15:04:05", time.RFC3339, "2006-01-02 15:04", "2006-01-02 15:04:05.999999",
	"2006/01/02", "2006/01/02 15:04:05", "02/01/2006", "02/01/2006 15:04", "02/01/2006 15:04:05", "2/1/2006", "02-01-2006", "02.01.2006",
	"01/02/2006", "01/02/2006 15:04", "1/2/2006", "1/2/2006 15:04", "2-Jan-2006", "2 Jan 2006", "Jan 2, 2006", "2006-01",
}

// day reads a cell as a date in a form: in days since 1970, NaN where it is none.
func day(form int, cell string) float64 {
	if len(cell) < 6 || len(cell) > 35 {
		return math.NaN()
	}
	t, err := time.Parse(dates[form], cell)
	if err != nil {
		return math.NaN()
	}
	return float64(t.Unix()) / 86400
}

// looksLikeDate spares the reading of dates most cells that are none.
func looksLikeDate(cell string) bool {
	if len(cell) < 6 || len(cell) > 35 {
		return false
	}
	digits, marks := 0, 0
	for i := range len(cell) {
		switch c := cell[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c == '-' || c == '/' || c == '.' || c == ' ' || c == ':':
			marks++
		}
	}
	return digits >= 5 && marks >= 1
}
