package company_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/company"
	"hastaluego/internal/fault"
	"hastaluego/internal/text"
)

func TestOwnWordsKeepTheSlotsAndHaveNoMarkup(t *testing.T) {
	t.Parallel()
	const key = "portal.undo.until" // "… {until} …"
	for typed, code := range map[string]string{
		"Puedes echarte atrás hasta el {until}.": "",
		"  ":                                    "",
		"Puedes echarte atrás.":                 "words.slot_missing",
		"Hasta el {until}, {nombre}":            "words.slot_unknown",
		"Hasta el {until} <b>ya</b>":            "words.markup",
		"Hasta el {until} {":                    "words.brace",
		"Hasta el {until} {}":                   "words.slot_unknown",
		"{until}":                               "words.nothing",
		"Hasta el \u202e{until}":                "field.invalid",
		strings.Repeat("Hasta el {until} ", 40): "field.too_long",
	} {
		if _, err := company.CheckWords("es", key, typed); err == nil && code != "" || err != nil && err.Code != code {
			t.Errorf("%q: %v, want %q", typed, err, code)
		}
	}
	for _, key := range []string{"state.verified", "error.internal", "console.nav.inbox", "document.certificate.file", "portal.nothing"} {
		if _, err := company.CheckWords("es", key, "Otra cosa"); err == nil || err.Kind != fault.NotFound {
			t.Errorf("%s may be reworded: %v", key, err)
		}
	}
}

// Whatever stands in the catalogue may be said as it stands, and that is no
// change; and a text with its slots in another order is taken.
func TestOursIsNeverAChangeAndIsAlwaysGood(t *testing.T) {
	t.Parallel()
	needed := 0
	for _, lang := range text.Langs() {
		keys := company.Keys(lang)
		if len(keys) < 300 {
			t.Errorf("only %d keys in %s", len(keys), lang)
		}
		for _, key := range keys {
			ours := text.Ours(lang, key)
			if s, err := company.CheckWords(lang, key, "  "+ours+" "); err != nil || s != "" {
				t.Errorf("%s %s: %q %v", lang, key, s, err)
			}
			other := "Dicho de otro modo"
			for _, slot := range text.Slots(ours) {
				other += " {" + slot + "}"
			}
			if s, err := company.CheckWords(lang, key, other); err != nil || s != other {
				t.Errorf("%s %s: %q %v", lang, key, s, err)
			}
			if company.Needed(key) {
				needed++
			}
		}
	}
	if needed < 40 {
		t.Errorf("only %d keys are needed", needed)
	}
}

// What is taken has every slot that must be there, none that is not ours, and
// nothing that could be markup.
func TestWhatIsTakenSaysWhatItMust(t *testing.T) {
	t.Parallel()
	keys := company.Keys("es")
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SampledFrom(keys).Draw(t, "key")
		ours := text.Ours("es", key)
		parts := append([]string{"hola", " ", "{", "}", "<", "{x}", "\n", "a"}, "{"+strings.Join(text.Slots(ours), "} {")+"}")
		typed := strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 0, 8).Draw(t, "typed"), "")
		s, err := company.CheckWords("es", key, typed)
		if err != nil || s == "" {
			return
		}
		for _, slot := range text.Slots(s) {
			if !slices.Contains(text.Slots(ours), slot) {
				t.Fatalf("%q has {%s}", s, slot)
			}
		}
		for _, slot := range text.Slots(ours) {
			if !strings.Contains(s, "{"+slot+"}") && !slices.Contains([]string{"company", "name", "product", "plan", "signer", "subject"}, slot) {
				t.Fatalf("%q lacks {%s}", s, slot)
			}
		}
		if strings.ContainsAny(s, "<>\n") {
			t.Fatalf("%q", s)
		}
	})
}
