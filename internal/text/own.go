package text

import "strings"

// Own are words of a company's own that stand in the place of ours: by language
// and key, which is a code, or a code with the form of a plural. nil is none.
type Own map[string]map[string]string

// Say is the package's Say with the company's own words first.
func (o Own) Say(lang, code string, args ...any) string {
	if len(o[lang]) > 0 {
		if key, _, ok := stands(lang, code, args); ok {
			if s := o[lang][key]; s != "" {
				return expand(lang, s, args)
			}
		}
	}
	return Say(lang, code, args...)
}

// Speech is a language in which a page speaks, with the company's own words.
type Speech struct {
	Lang string
	Own  Own
}

// Say words a code.
func (s Speech) Say(code string, args ...any) string { return s.Own.Say(s.Lang, code, args...) }

// Ours returns what stands under a key of the catalogue; "" if nothing does.
func Ours(lang, key string) string {
	return dictionary(lang)[key]
}

// Keys are the keys of a language that begin with a prefix, in order.
func Keys(lang, prefix string) []string {
	set := map[string]bool{}
	for key := range dictionary(lang) {
		if strings.HasPrefix(key, prefix) {
			set[key] = true
		}
	}
	return sortedKeys(set)
}

// Slots are the names of the {slots} in a text, each once, in order.
func Slots(s string) []string { return slotsOf(s) }

// Fill puts args, which alternate name and value, into the {slots} of words that
// are in no catalogue.
func Fill(lang, s string, args ...any) string { return expand(lang, s, args) }
