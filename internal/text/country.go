package text

import (
	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// Country is what readers of a language call a country, by its code of ISO
// 3166-1; a code that nobody knows is returned itself.
func Country(lang, code string) string {
	region, err := language.ParseRegion(code)
	if err != nil {
		return code
	}
	if name := display.Regions(language.Make(lang)).Name(region); name != "" {
		return name
	}
	return code
}

// Order compares two names as a list in the language is sorted.
func Order(lang string) func(a, b string) int { return collate.New(language.Make(lang)).CompareString }
