package text_test

import (
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

func TestRatesAreWrittenForTheReader(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n      int64
		es, en string
	}{{1667, "16,67\u00a0%", "16.67%"}, {700, "7\u00a0%", "7%"}, {-3330, "−33,3\u00a0%", "−33.3%"}, {5, "0,05\u00a0%", "0.05%"}, {0, "0\u00a0%", "0%"}} {
		if es, en := text.Percent("es", c.n), text.Percent("en", c.n); es != c.es || en != c.en {
			t.Errorf("%d: %q %q, want %q %q", c.n, es, en, c.es, c.en)
		}
	}
	d := when.Date{Year: 2026, Month: 11, Day: 3}
	if text.Month("es", d) != "noviembre de 2026" || text.Month("en", d) != "November 2026" {
		t.Errorf("%q %q", text.Month("es", d), text.Month("en", d))
	}
}

func TestWhatIsTypedAsAPercentageIsReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, 99999).Draw(t, "hundredths") // no thousands apart
		for _, lang := range text.Langs() {
			if got, ok := text.ParseHundredths(text.Percent(lang, n)); !ok || got != n {
				t.Fatalf("%s: %d became %d, %v", lang, n, got, ok)
			}
		}
	})
	for _, s := range []string{"", "-1", "7.123", "siete", "1e3", "%", ".5", "9999999999"} {
		if n, ok := text.ParseHundredths(s); ok {
			t.Errorf("%q is %d", s, n)
		}
	}
}
