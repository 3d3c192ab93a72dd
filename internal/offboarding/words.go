package offboarding

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Worded returns what a playbook says in a language, else in English, else in
// the first that it says it in: whoever wrote the playbook may not write every
// language that customers are spoken to in.
func Worded(words map[string]string, lang string) string {
	if s := cmp.Or(words[lang], words["en"]); s != "" {
		return s
	}
	for _, l := range slices.Sorted(maps.Keys(words)) {
		if words[l] != "" {
			return words[l]
		}
	}
	return ""
}

// Same is a name that is the same in every language.
func Same(name string) map[string]string { return map[string]string{"es": name, "en": name} }

// Said gathers what a step says in a parameter for each language: the
// parameters how_es, how_en, … by language.
func (s Step) Said(param string) map[string]string {
	out := map[string]string{}
	for name, words := range s.Params {
		if lang, ok := strings.CutPrefix(name, param+"_"); ok && len(lang) == 2 && words != "" {
			out[lang] = words
		}
	}
	return out
}
