package obligation_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/obligation"
	"hastaluego/internal/when"
)

var day = when.Date{Year: 2026, Month: 12, Day: 15}

func anEnd(t *rapid.T) obligation.End {
	return obligation.End{
		State:    rapid.SampledFrom([]obligation.State{obligation.Open, obligation.Returned, obligation.Charged, obligation.Waived, "lost"}).Draw(t, "state"),
		On:       day.AddDays(rapid.IntRange(0, 90).Draw(t, "day")),
		Evidence: rapid.SampledFrom([]string{"", "visto"}).Draw(t, "evidence"),
		Charge:   money.Amount{Minor: rapid.Int64Range(-5, 5).Draw(t, "charge"), Currency: "EUR"},
		Receipt:  "DEV-1",
	}
}

// Whatever people try in whatever order: an obligation changes only as the
// table allows, only with evidence, has a sum exactly while it is charged and a
// receipt exactly when it is back, and what is back or let go stays so.
func TestAnObligationEndsOnlyAsTheTableAllows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := obligation.Obligation{State: obligation.Open, Due: day}
		for range rapid.IntRange(1, 8).Draw(t, "tries") {
			was, e := o, anEnd(t)
			err := o.To(e)
			allowed := slices.Contains(obligation.Transitions[was.State], e.State) && e.Evidence != "" && (e.State != obligation.Charged || e.Charge.Minor > 0)
			if (err == nil) != allowed {
				t.Fatalf("from %s with %+v: %v", was.State, e, err)
			}
			if err != nil && o != was {
				t.Fatalf("refused, and yet changed: %+v", o)
			}
			if (o.State == obligation.Charged) != (o.Charge.Minor > 0) || (o.State == obligation.Returned) != (o.Receipt != "") {
				t.Fatalf("%+v", o)
			}
			if o.Settled() && o.Late(day.AddDays(400)) {
				t.Fatalf("settled and late: %+v", o)
			}
		}
	})
}

func TestEverythingWrongWithAnEndIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	err := (&obligation.Obligation{State: obligation.Open}).To(obligation.End{State: obligation.Charged})
	var fields []string
	for _, f := range fault.Fields(err) {
		fields = append(fields, f.Field)
	}
	if !slices.Equal(fields, []string{"evidence", "amount"}) {
		t.Errorf("%v", fields)
	}
}
