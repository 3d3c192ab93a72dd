package web_test

import (
	"strings"
	"testing"

	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/web"
	"hastaluego/internal/when"
)

func TestSumsOfAListAreWrittenAsTheReaderDoes(t *testing.T) {
	t.Parallel()
	it := offboarding.Item{
		Key: "str_1", Title: offboarding.Same("payments · in_103"), Day: when.Date{Year: 2026, Month: 11, Day: 29}, Clock: "18:15",
		Sum: money.Amount{Minor: 120000, Currency: "EUR"},
	}
	for lang, want := range map[string]string{
		"es": "payments · in_103 · 29 nov 2026, 18:15 · 1.200,00 €",
		"en": "payments · in_103 · 29 Nov 2026, 18:15 · €1,200.00",
	} {
		if got := strings.ReplaceAll(web.ItemNames(it)[lang], "\u00a0", " "); got != want {
			t.Errorf("%s: %q, want %q", lang, got, want)
		}
	}
	if got := web.ItemName("es", offboarding.Item{Key: "bal_1"}); got != "bal_1" {
		t.Errorf("without a title it is called %q", got)
	}
}
