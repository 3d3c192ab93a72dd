// Package text is every word that a person reads: a catalogue of codes for each
// language (words/<lang>/<area>.json), and dates, numbers and money written
// the way a reader of that language writes them. Spanish is written first.
//
// It does not decide what to say, holds no sentence in Go code, escapes nothing
// for HTML (templates do) and does not translate what people typed.
package text

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"hastaluego/internal/money"
	"hastaluego/internal/when"
)

// Langs returns the languages of the people who work here, the first one first:
// every word is in them. What customers read is in more (CustomerLangs).
func Langs() []string { return slices.Clone(languages) }

// Has reports whether every word is in the language.
func Has(lang string) bool { return slices.Contains(languages, lang) }

// Known reports whether the language itself has the code, as it stands or as
// a plural.
func Known(lang, code string) bool {
	m := dictionary(lang)
	_, plain := m[code]
	_, other := m[code+"|other"]
	return plain || other
}

// Under returns what follows the prefix in the codes that have words, sorted;
// plural forms and deeper codes are left out.
func Under(lang, prefix string) (list []string) {
	for code := range dictionary(lang) {
		if rest, ok := strings.CutPrefix(code, prefix); ok && !strings.ContainsAny(rest, ".|") {
			list = append(list, rest)
		}
	}
	slices.Sort(list)
	return list
}

// Say returns the text of the code in the language, with its {slots} filled
// from args, which alternate name and value. Values that are a when.Date, a
// time.Time (in its own location), a money.Amount or an integer are written for
// the reader; strings go in as they are and are never read for slots.
//
// A code with the forms "code|one", "code|many", "code|other" is chosen by the
// integer argument named n. A code that the language lacks is taken from
// another one, and a code that nobody knows is returned itself; both are
// remembered in Missing.
func Say(lang, code string, args ...any) string {
	if s, ok := find(lang, code, args); ok {
		return expand(lang, s, args)
	}
	miss(lang, code)
	for _, other := range languages {
		if s, ok := find(other, code, args); ok && other != lang {
			return expand(other, s, args)
		}
	}
	return code
}

// find returns our text of a code, and under which key it stands: a plural has
// one for each form.
func find(lang, code string, args []any) (s string, ok bool) {
	_, s, ok = stands(lang, code, args)
	return s, ok
}

func stands(lang, code string, args []any) (key, s string, ok bool) {
	m := dictionary(lang)
	if s, ok := m[code]; ok {
		return code, s, true
	}
	if n, ok := count(args); ok {
		key = code + "|" + pluralForm(lang, n)
		if s, ok := m[key]; ok {
			return key, s, true
		}
	}
	key = code + "|other"
	s, ok = m[key]
	return key, s, ok
}

// count returns the integer argument named n.
func count(args []any) (int64, bool) {
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] == "n" {
			return integer(args[i+1])
		}
	}
	return 0, false
}

func integer(v any) (int64, bool) {
	switch n := v.(type) {
	case int:
		return int64(n), true
	case int32:
		return int64(n), true
	case int64:
		return n, true
	case uint32:
		return int64(n), true
	}
	return 0, false
}

// pluralForm is the CLDR category of n: Spanish and French have one, many
// (whole millions) and other.
func pluralForm(lang string, n int64) string {
	// x/text carries CLDR 32, which is older than the form for whole millions
	// ("un millón de días", "un million de jours").
	if (lang == "es" || lang == "fr") && n != 0 && n%1_000_000 == 0 {
		return "many"
	}
	i := n % 10_000_000 // as MatchPlural allows
	if i < 0 {
		i = -i
	}
	if i != n && i != -n { // 10 000 001 is not one
		i += 10_000_000
	}
	if plural.Cardinal.MatchPlural(language.Make(lang), int(i), 0, 0, 0, 0) == plural.One {
		return "one"
	}
	return "other"
}

// pluralForms lists the categories that the language uses for whole numbers.
func pluralForms(lang string) []string {
	if lang == "es" || lang == "fr" {
		return []string{"one", "many", "other"}
	}
	return []string{"one", "other"}
}

// expand fills the slots of s. A slot without an argument stays visible.
func expand(lang, s string, args []any) string {
	if !strings.Contains(s, "{") {
		return s
	}
	return fill(s, func(name string) (string, bool) {
		for i := 0; i+1 < len(args); i += 2 {
			if args[i] == name {
				return value(lang, args[i+1]), true
			}
		}
		return "", false
	})
}

// fill replaces each {name} in one pass by what the function returns for it.
func fill(s string, of func(name string) (string, bool)) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(s, "{")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			b.WriteString("{" + rest)
			return b.String()
		}
		if v, ok := of(name); ok {
			b.WriteString(v)
		} else {
			b.WriteString("{" + name + "}")
		}
		s = after
	}
}

func value(lang string, v any) string {
	switch x := v.(type) {
	case string:
		return x
	case when.Date:
		return LongDate(lang, x)
	case time.Time:
		return Instant(lang, x, x.Location())
	case money.Amount:
		return Money(lang, x)
	}
	if n, ok := integer(v); ok {
		return Number(lang, n)
	}
	return fmt.Sprint(v)
}

// Pick chooses the language of a page among those that it is offered in, which
// are not none: the one asked for in the query, else the best of the
// Accept-Language header, else fallback, else the nearest to it that is offered.
// Each may be empty or nonsense. A region is no obstacle: es-MX gets es.
func Pick(offered []string, query, accept, fallback string) string {
	has := func(lang string) bool { return slices.Contains(offered, lang) }
	if lang := Base(query); has(lang) {
		return lang
	}
	if len(accept) <= 500 { // longer headers are not from a browser
		tags, _, err := language.ParseAcceptLanguage(accept)
		if err == nil {
			for _, t := range tags {
				b, _ := t.Base()
				if has(b.String()) {
					return b.String()
				}
			}
		}
	}
	switch lang := Base(fallback); {
	case has(lang):
		return lang
	case has(StaffLang(lang)):
		return StaffLang(lang)
	}
	return offered[0]
}

// Base is the language of a tag without its region; empty if it is none.
func Base(tag string) string {
	if tag == "" || len(tag) > 35 {
		return ""
	}
	t, err := language.Parse(tag)
	if err != nil {
		return ""
	}
	b, _ := t.Base()
	return b.String()
}
