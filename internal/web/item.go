package web

import (
	"cmp"
	"slices"
	"strings"

	"hastaluego/internal/offboarding"
	"hastaluego/internal/text"
)

// ItemName is what a line of a checklist is called in the reader's language: its
// title, when that was and how much it is about.
func ItemName(lang string, it offboarding.Item) string {
	at := text.Date(lang, it.Day)
	if it.Clock != "" {
		at += ", " + it.Clock
	}
	parts := []string{offboarding.Worded(it.Title, lang), at, ""}
	if it.Sum.Currency != "" {
		parts[2] = text.Money(lang, it.Sum)
	}
	parts = slices.DeleteFunc(parts, func(p string) bool { return p == "" })
	return cmp.Or(strings.Join(parts, " · "), it.Key)
}

// ItemNames are the names of a line in each language that it is written in.
func ItemNames(it offboarding.Item) map[string]string {
	out := map[string]string{}
	for lang := range it.Title {
		out[lang] = ItemName(lang, it)
	}
	return out
}
