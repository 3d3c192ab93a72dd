package step_test

import (
	"testing"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
	"hastaluego/internal/when"
)

// Each contract is ended at its system on its own last day, before or after the day
// on which the departure takes effect.
func TestCancellingEndsEachContractOnItsOwnDay(t *testing.T) {
	t.Parallel()
	zone := time.UTC
	day := func(n int) when.Date { return when.Date{Year: 2026, Month: 4, Day: 30}.AddDays(n) }
	k := step.All(step.Named())["cancel_billing"].(step.Effector)
	for sub, want := range map[string]when.Date{"early": day(0), "late": day(245), "other": day(100)} {
		s := step.Subject{
			Case:          offboarding.Case{Effective: day(100), Ends: map[customer.SubscriptionID]when.Date{"early": day(0), "late": day(245)}},
			Subscriptions: []customer.Subscription{{ID: customer.SubscriptionID(sub), Reference: sub}},
			Work:          offboarding.Work{Item: sub}, Zone: zone, EffectiveAt: day(100).End(zone), Now: day(-10).Start(zone),
		}
		d, err := k.Decide(s, step.Findings{Found: true})
		if err != nil || !d.Act || !d.Action.EndsAt.Equal(want.End(zone)) {
			t.Errorf("%s: %+v, %v", sub, d, err)
		}
		if d, err = k.Decide(s, step.Findings{Found: true, EndsAt: want.End(zone)}); err != nil || !d.Already {
			t.Errorf("%s ends so already: %+v, %v", sub, d, err)
		}
		if d, err = k.Decide(s, step.Findings{Found: true, EndsAt: want.End(zone).Add(time.Hour)}); err != nil || !d.Act {
			t.Errorf("%s ends too late: %+v, %v", sub, d, err)
		}
	}
}
