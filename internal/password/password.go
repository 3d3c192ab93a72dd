// Package password says which passwords the people of the company may choose,
// after NIST SP 800-63B: long, not among those that everybody tries first, and
// not one's own name. It asks for no kinds of characters and never for a new
// one. It hashes nothing and keeps nothing.
package password

import (
	_ "embed"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
)

// Least and Most are how many characters a password has.
const (
	Least = 15
	Most  = 256
)

//go:embed common.txt
var commonText string

var common = func() map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(commonText) {
		set[w] = true
	}
	return set
}()

// rows are what fingers run along.
var rows = func() []string {
	var out []string
	for _, r := range []string{"abcdefghijklmnopqrstuvwxyz", "0123456789", "1234567890", "qwertyuiopasdfghjklzxcvbnm", "qwertyuiopasdfghjklñzxcvbnm", "qazwsxedcrfvtgbyhnujmikolp", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p", "q1w2e3r4t5y6u7i8o9p0", "1q2w3e4r5t6y7u8i9o0p"} {
		r = customer.Fold(r)
		out = append(out, r+r+r, backwards(r+r+r))
	}
	return out
}()

func backwards(s string) string {
	r := []rune(s)
	for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
		r[i], r[j] = r[j], r[i]
	}
	return string(r)
}

// Check returns why the password cannot be chosen by a person with these
// names (login, name, name of the company), on the field password; nil if it
// can.
func Check(password string, names ...string) *fault.Error {
	if n := utf8.RuneCountInString(password); n < Least || n > Most {
		return fault.New(fault.Invalid, "password.length", "min", Least, "max", Most).On("password")
	}
	if !utf8.ValidString(password) || strings.ContainsRune(password, 0) {
		return fault.New(fault.Invalid, "field.invalid").On("password")
	}
	plain := keep(customer.Fold(password), func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
	for _, n := range names {
		if own(plain, keep(customer.Fold(n), func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })) {
			return fault.New(fault.Invalid, "password.own_name").On("password")
		}
	}
	letters := keep(plain, unicode.IsLetter)
	for _, p := range []string{password, plain, letters, leet.Replace(plain)} {
		if guessed(p) {
			return fault.New(fault.Invalid, "password.common").On("password")
		}
	}
	return nil
}

// keep drops the characters that are not of the kind.
func keep(s string, kind func(rune) bool) string {
	return strings.Map(func(r rune) rune {
		if kind(r) {
			return r
		}
		return -1
	}, s)
}

// leet undoes the digits that stand for letters.
var leet = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t")

// own reports whether hardly anything is left of the password without the name.
func own(plain, name string) bool {
	if utf8.RuneCountInString(name) < 4 {
		return false
	}
	left := strings.ReplaceAll(plain, name, "")
	return len(left) < len(plain) && utf8.RuneCountInString(keep(left, unicode.IsLetter)) < 4
}

// guessed reports whether the text is a word that everybody tries, once or
// many times over, or a run along the keyboard.
func guessed(s string) bool {
	u := unit(s)
	if s != "" && utf8.RuneCountInString(u) < 4 || common[u] {
		return true
	}
	return slices.ContainsFunc(rows, func(r string) bool { return s != "" && strings.Contains(r, u) })
}

// unit is the shortest beginning of which the text is a repetition; the last
// one may be cut short.
func unit(s string) string {
	for n := 1; n < len(s); n++ {
		if strings.HasPrefix(strings.Repeat(s[:n], len(s)/n+1), s) && n <= len(s)/2 {
			return s[:n]
		}
	}
	return s
}
