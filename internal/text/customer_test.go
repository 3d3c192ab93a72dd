package text_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/testkit/typeset"
	"hastaluego/internal/text"
)

func TestEverythingThatCustomersReadIsInEachOfTheirLanguages(t *testing.T) {
	t.Parallel()
	if got := text.CustomerLangs(); !slices.Equal(got, []string{"es", "en", "de", "fr"}) {
		t.Errorf("customers are spoken to in %v", got)
	}
	for _, lang := range text.CustomerLangs() {
		for _, g := range text.Gaps(lang) {
			t.Errorf("%s lacks %s, which %s has", lang, g.Key, g.File)
		}
		if !text.Complete(lang) || !text.Speaks(lang) {
			t.Errorf("%s is offered and not complete", lang)
		}
	}
}

func TestALanguageThatNobodyWroteLacksEverythingWithItsPlace(t *testing.T) {
	t.Parallel()
	gaps := text.Gaps("it")
	if len(gaps) < 700 || text.Complete("it") || text.Speaks("it") {
		t.Fatalf("%d gaps", len(gaps))
	}
	if !slices.Contains(gaps, text.Gap{File: "words/es/portal.json", Key: "portal.track.title.open"}) || !slices.Contains(gaps, text.Gap{File: "words/es/common.json", Key: "days|other"}) {
		t.Error("without the title of a page, or a plural")
	}
	for _, g := range gaps {
		if strings.HasPrefix(g.Key, "console.") || strings.HasPrefix(g.Key, "document.told.") || !strings.HasPrefix(g.File, "words/es/") {
			t.Errorf("%+v", g)
		}
	}
}

// What stands in a language is set as that language is: French signs stand
// behind a thin space that does not break and quotes are « », German ones are
// „“, and no text has the space of another.
func TestWordsAreSetAsTheirLanguageIs(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"fr", "de"} {
		for _, key := range text.Keys(lang, "") {
			if s := text.Ours(lang, key); typeset.Misset(lang, s) != "" {
				t.Errorf("%s %s: %q", lang, key, s)
			}
		}
	}
}

// One voice: German says du and French vous, and neither hurries nor shouts.
func TestCustomersAreSpokenToInOneVoice(t *testing.T) {
	t.Parallel()
	for lang, never := range map[string]*regexp.Regexp{
		"de": regexp.MustCompile(`[a-zäöüß,] (?:Sie|Ihr|Ihre|Ihren|Ihrem|Ihrer|Ihnen)\b|!`),
		"fr": regexp.MustCompile(`(?i)(?:^|[^\pL])(?:tu|toi|ton|tes)(?:$|[^\pL])|!`),
	} {
		for _, key := range text.Keys(lang, "") {
			if s := text.Ours(lang, key); never.MatchString(s) {
				t.Errorf("%s %s: %q", lang, key, s)
			}
		}
	}
}
