// Package typeset looks, for tests, at how the languages of customers are set:
// their spaces, quotes and apostrophes. It knows nothing of words.
package typeset

import "regexp"

// misset are the signs that a language does not set so: in French, signs without
// a thin space before them that does not break, other quotes than « », straight
// apostrophes; in German, a space before a sign, other quotes than „“.
var misset = map[string]*regexp.Regexp{
	"fr": regexp.MustCompile(`[^\x{202f}][;!?»]|[^\x{202f}0-9]:(?:$| )|«[^\x{202f}]|['"“”„]`),
	"de": regexp.MustCompile(`[ \x{a0}\x{202f}][;:!?]|['"«»]|“[\pL]`),
}

// Misset returns what is not set in a text as its language sets it; empty:
// everything is, or nobody looks at that language.
func Misset(lang, s string) string {
	if wrong := misset[lang]; wrong != nil {
		return wrong.FindString(s)
	}
	return ""
}
