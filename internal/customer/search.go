package customer

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Fold makes text comparable for search: without accents, case or surrounding
// space, on every database alike.
func Fold(s string) string {
	s = norm.NFKD.String(strings.TrimSpace(s))
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(cases.Fold().String(s)), " ")
}

// FoldEmail makes addresses comparable: trimmed, NFC, lower case.
func FoldEmail(s string) string {
	return strings.ToLower(norm.NFC.String(strings.TrimSpace(s)))
}

// Found returns the words by which a customer is found, folded and in order:
// those of the name and the reference, the addresses of the contacts and the
// numbers in other systems. What has parts (FE-19330, ana@faro.example) is
// found by its later parts too. A word that another begins with is left out,
// since words are found by how they begin.
func Found(c Customer, contacts []Contact, external []ExternalID) []string {
	var words []string
	for _, s := range []string{c.Name, c.Reference} {
		words = append(words, parts(s)...)
	}
	for _, x := range external {
		words = append(words, parts(x.Value)...)
	}
	for _, x := range contacts {
		address := Fold(x.Email)
		words = append(words, address)
		if _, domain, ok := strings.Cut(address, "@"); ok {
			words = append(words, domain)
		}
	}
	return distinct(words)
}

// Asked returns the words of a search, folded and in order, without those that
// another begins with.
func Asked(query string) []string {
	words := strings.Fields(Fold(query))
	for i, w := range words {
		words[i] = strings.TrimLeftFunc(w, aside)
	}
	return distinct(words)
}

// longestWord bounds what is looked for, in bytes: longer ones are cut.
const longestWord = 200

// mostParts is how many later parts of a word it is found by.
const mostParts = 3

func aside(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }

func parts(s string) (out []string) {
	for word := range strings.FieldsSeq(Fold(s)) {
		rest := strings.TrimLeftFunc(word, aside)
		for n := 0; rest != "" && n <= mostParts; n++ {
			out = append(out, rest)
			i := strings.IndexFunc(rest, aside)
			if i < 0 {
				break
			}
			rest = strings.TrimLeftFunc(rest[i:], aside)
		}
	}
	return out
}

// distinct sorts the words and leaves out the empty ones and those that the
// next one begins with: in order, all that begin with a word follow it.
func distinct(words []string) []string {
	for i, w := range words {
		if len(w) > longestWord {
			words[i] = strings.ToValidUTF8(w[:longestWord], "")
		}
	}
	slices.Sort(words)
	out := words[:0]
	for i, w := range words {
		if w != "" && (i+1 == len(words) || !strings.HasPrefix(words[i+1], w)) {
			out = append(out, w)
		}
	}
	return out
}
