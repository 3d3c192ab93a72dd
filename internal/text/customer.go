package text

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
)

// met are the parts of the catalogue that customers read, on pages, in letters
// and on paper.
var met = []string{"settlement.", "portal.", "document.", "mail.", "common.", "state.", "days", "zone", "lang.", "place.", "rehearsal.", "balance.", "spool.", "test.", "error.kind.", "error.internal"}

// unmet are the parts of those that only people who work here read.
var unmet = []string{"document.told.", "mail.service.staff"}

// CustomerLangs returns the languages that customers are spoken to in, the
// first one first.
func CustomerLangs() []string { return slices.Clone(spoken) }

// Speaks reports whether customers are spoken to in the language.
func Speaks(lang string) bool { return slices.Contains(spoken, lang) }

// StaffLang is the language in which people who work here read what is in
// another one: their own if every word is in it, else English; the first one
// where nobody said any.
func StaffLang(lang string) string {
	switch {
	case Has(lang):
		return lang
	case lang == "":
		return languages[0]
	}
	return "en"
}

// Met reports whether customers read what stands under a key of the catalogue.
// A fault is told to them if a language that only customers are spoken to in
// has words for it; a test walks from what they can do to what can go wrong.
func Met(key string) bool {
	starts := func(list []string) bool {
		return slices.ContainsFunc(list, func(p string) bool { return strings.HasPrefix(key, p) })
	}
	return starts(met) && !starts(unmet) || told()[key]
}

// told are the keys of the faults that customers are told.
var told = sync.OnceValue(func() map[string]bool {
	set := map[string]bool{}
	for _, lang := range catalogued {
		if slices.Contains(languages, lang) {
			continue
		}
		for key := range dictionary(lang) {
			if strings.HasPrefix(key, "error.") {
				set[key] = true
			}
		}
	}
	return set
})

// Gap is something that customers read and that a language lacks.
type Gap struct {
	File string // where Spanish says it: words/es/portal.json
	Key  string
}

// Gaps returns what a language lacks of what customers read, by file and key;
// nothing if it is complete. A language that nobody wrote lacks all of it.
func Gaps(lang string) (out []Gap) {
	at, its := places(), dictionary(lang)
	for _, key := range sortedKeys(keysOf(dictionary(languages[0]))) {
		if !Met(key) {
			continue
		}
		if base, form, _ := strings.Cut(key, "|"); form == "many" && !slices.Contains(pluralForms(lang), form) {
			key = base + "|other"
		}
		if its[key] == "" {
			out = append(out, Gap{at[key], key})
		}
	}
	slices.SortStableFunc(out, func(a, b Gap) int { return strings.Compare(a.File, b.File) })
	return slices.Compact(out)
}

// Complete reports whether a language has everything that customers read.
func Complete(lang string) bool { return len(Gaps(lang)) == 0 }

// places are the files in which the first language says its keys.
var places = sync.OnceValue(func() map[string]string {
	at := map[string]string{}
	dir := path.Join("words", languages[0])
	entries, _ := fs.ReadDir(files, dir) // Check tells what cannot be read
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		raw, _ := files.ReadFile(name)
		m := map[string]string{}
		if !skim(m, string(raw)) {
			_ = read(m, name, raw)
		}
		for key := range m {
			at[key] = name
		}
	}
	return at
})
