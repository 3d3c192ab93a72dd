package winback_test

import (
	"testing"
	"time"

	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
	"hastaluego/internal/winback"
)

var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

func TestConsentIsGivenOnceAndTakenBackForGood(t *testing.T) {
	t.Parallel()
	no := winback.Consent{At: noon}
	if no.Holds() || no.Revoke(noon) {
		t.Error("an unticked box is a consent")
	}
	yes := winback.Consent{At: noon, Given: true}
	if !yes.Holds() || !yes.Revoke(noon) || yes.Holds() || yes.Revoke(noon.Add(time.Hour)) || !yes.Revoked.Equal(noon) {
		t.Errorf("%+v", yes)
	}
}

func TestLeaversArePickedByReasonValueAndTime(t *testing.T) {
	t.Parallel()
	day := func(d int) when.Date { return when.Date{Year: 2026, Month: 11, Day: d} }
	l := winback.Leaver{Case: offboarding.Case{Effective: day(15)}, Reason: "price", Monthly: []money.Amount{{Minor: 2900, Currency: "EUR"}}}
	for _, c := range []struct {
		f    winback.Filter
		want bool
	}{
		{winback.Filter{}, true},
		{winback.Filter{Reason: "price", Least: 29, From: day(15), To: day(15)}, true},
		{winback.Filter{Reason: "product"}, false},
		{winback.Filter{Least: 30}, false},
		{winback.Filter{From: day(16)}, false},
		{winback.Filter{To: day(14)}, false},
	} {
		if got := c.f.Picks(l); got != c.want {
			t.Errorf("%+v picks: %v", c.f, got)
		}
	}
	for _, x := range []winback.Leaver{{Back: true}, {Silent: true}, {Written: true}} {
		if x.Reachable() {
			t.Errorf("%+v is reachable", x)
		}
	}
	if !l.Reachable() {
		t.Error("nobody is reachable")
	}
}

func TestALetterNeedsItsWordsInEveryLanguage(t *testing.T) {
	t.Parallel()
	if l := winback.Check(map[string]winback.Words{"es": {Subject: "Hola", Text: " "}}, []string{"es", "en"}); len(l) != 3 || l[0].Field != "text_es" {
		t.Errorf("%v", l)
	}
}
