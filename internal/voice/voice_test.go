package voice_test

import (
	"testing"
	"time"

	"hastaluego/internal/voice"
	"hastaluego/internal/when"
)

func TestATestimonialStandsUntilItsDayOrUntilItIsTakenBack(t *testing.T) {
	t.Parallel()
	day := when.Date{Year: 2028, Month: 11, Day: 26}
	v := voice.Voice{Text: "Bien", Until: day}
	if !v.Stands(day) || v.Stands(day.AddDays(1)) {
		t.Error("its last day counts, the next does not")
	}
	if !v.Withdraw(time.Unix(1, 0)) || v.Withdraw(time.Unix(2, 0)) || v.Withdrawn.Unix() != 1 || v.Stands(day) {
		t.Errorf("taken back once: %+v", v)
	}
}

func TestNothingIsShownWithoutConsentOrWithoutAnythingToShow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		v       voice.Voice
		consent bool
		want    []string
	}{
		{voice.Voice{Text: "Bien"}, true, nil},
		{voice.Voice{Blob: "att_1"}, true, nil},
		{voice.Voice{Text: "Bien"}, false, []string{"consent"}},
		{voice.Voice{}, false, []string{"text", "consent"}},
	} {
		var got []string
		for _, e := range c.v.Check(c.consent) {
			got = append(got, e.Field)
		}
		if len(got) != len(c.want) || len(got) > 0 && got[0] != c.want[0] {
			t.Errorf("%+v: %v, want %v", c.v, got, c.want)
		}
	}
}
