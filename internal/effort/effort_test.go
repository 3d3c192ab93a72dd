package effort_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/effort"
	"hastaluego/internal/when"
)

var today = when.Date{Year: 2026, Month: time.November, Day: 29}

func TestRecordedTimeSaysWhoWhenHowLongAndWhatFor(t *testing.T) {
	good := effort.Effort{Day: today, Minutes: 45, Who: "  Marta Gil ", What: "Moved the router"}
	if l := good.Check(today); len(l) > 0 || good.Who != "Marta Gil" {
		t.Errorf("%v, %q", l, good.Who)
	}
	for field, e := range map[string]effort.Effort{
		"who":       {Day: today, Minutes: 45, What: "x"},
		"what":      {Day: today, Minutes: 45, Who: "x"},
		"minutes":   {Day: today, Who: "x", What: "x"},
		"day":       {Day: today.AddDays(1), Minutes: 1, Who: "x", What: "x"},
		"reference": {Day: today, Minutes: 1, Who: "x", What: "x", Reference: strings.Repeat("r", 101)},
	} {
		l := e.Check(today)
		if len(l) != 1 || l[0].Field != field {
			t.Errorf("%s: %v", field, l)
		}
	}
	long := effort.Effort{Minutes: effort.MostMinutes + 1}
	var fields []string
	for _, f := range long.Check(today) {
		fields = append(fields, f.Field)
	}
	if !slices.Equal(fields, []string{"who", "what", "minutes", "day"}) {
		t.Errorf("%v", fields)
	}
	if n := effort.Minutes([]effort.Effort{{Minutes: 30}, {Minutes: 45}}); n != 75 {
		t.Errorf("%d", n)
	}
}
