package testkit

import (
	"html"
	"regexp"
	"strings"
	"sync"
	"unicode"

	"hastaluego/internal/text"
)

// OtherWords returns what a page or a letter in a language says in another: the
// texts of the catalogue that stand in it and that its own language does not
// say. Short words, which mean something in several languages, are not looked
// for.
func OtherWords(page, lang string) (found []string) {
	page = " " + strings.Join(strings.Fields(html.UnescapeString(drawn.ReplaceAllString(page, ""))), " ") + " "
	begins := map[string]bool{} // of whatever stands in the page: most texts do not
	for i := range max(0, len(page)-least) {
		begins[page[i:i+least]] = true
	}
	for other, parts := range said() {
		if other == lang {
			continue
		}
		for part, re := range parts {
			if begins[part[:least]] && strings.Contains(page, part) && !strings.Contains(spoken()[lang], part) && re.MatchString(page) {
				found = append(found, other+": "+part)
			}
		}
	}
	return found
}

// least is how many letters a text has that is looked for.
const least = 10

// drawn is what says nothing.
var drawn = regexp.MustCompile(`(?s)<svg.*?</svg>`)

// said are what customers are told in each language, in the parts that stand
// between what is filled in.
var said = sync.OnceValue(func() map[string]map[string]*regexp.Regexp {
	out := map[string]map[string]*regexp.Regexp{}
	slot := regexp.MustCompile(`\{[^}]*\}`)
	for _, lang := range text.CustomerLangs() {
		out[lang] = map[string]*regexp.Regexp{}
		for _, key := range text.Keys(lang, "") {
			if !text.Met(key) {
				continue
			}
			for _, part := range slot.Split(text.Ours(lang, key), -1) {
				part = strings.Join(strings.Fields(part), " ")
				if letters(part) >= least {
					out[lang][part] = regexp.MustCompile(`(?:^|[^\pL])` + regexp.QuoteMeta(part) + `(?:$|[^\pL])`)
				}
			}
		}
	}
	return out
})

// spoken is everything that a language says to customers.
var spoken = sync.OnceValue(func() map[string]string {
	out := map[string]string{}
	for _, lang := range text.CustomerLangs() {
		var all strings.Builder
		for _, key := range text.Keys(lang, "") {
			all.WriteString(strings.Join(strings.Fields(text.Ours(lang, key)), " ") + "\n")
		}
		out[lang] = all.String()
	}
	return out
})

func letters(s string) (n int) {
	for _, r := range s {
		if unicode.IsLetter(r) {
			n++
		}
	}
	return n
}
