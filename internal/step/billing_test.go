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

// Whoever leaves at the end of what is paid ends with the period of the billing
// system, also where our record has its last day a little otherwise; a period that is
// another one, and an end for another reason, are left to their dates.
func TestWhatIsPaidToItsEndEndsWithItsPeriod(t *testing.T) {
	t.Parallel()
	k := step.All(step.Named())["cancel_billing"].(step.Effector)
	end := when.Date{Year: 2026, Month: 4, Day: 30}
	for name, c := range map[string]struct {
		timing offboarding.Timing
		paid   time.Time
		period bool
	}{
		"our record has the day of renewal as the last": {offboarding.PeriodEnd, end.Start(time.UTC).Add(10 * time.Hour), true},
		"it renews on the day after":                    {offboarding.PeriodEnd, end.End(time.UTC).Add(10 * time.Hour), true},
		"another period":                                {offboarding.PeriodEnd, end.AddDays(30).Start(time.UTC), false},
		"it does not say":                               {offboarding.PeriodEnd, time.Time{}, false},
		"they leave now":                                {offboarding.Now, end.Start(time.UTC), false},
	} {
		s := step.Subject{
			Case: offboarding.Case{When: c.timing}, Subscriptions: []customer.Subscription{{ID: "sub_1", Reference: "8842"}},
			Work: offboarding.Work{Item: "sub_1"}, EffectiveAt: end.End(time.UTC), Now: end.AddDays(-9).Start(time.UTC), Reason: "unused",
		}
		d, err := k.Decide(s, step.Findings{Found: true, PaidTo: c.paid})
		if err != nil || !d.Act || d.Action.Period != c.period || d.Action.Reason != "unused" {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
		if d, err = k.Decide(s, step.Findings{Found: true, PaidTo: c.paid, EndsAt: c.paid}); c.period && (err != nil || !d.Already) {
			t.Errorf("%s, and it ends so already: %+v, %v", name, d, err)
		}
		if d, err = k.Decide(s, step.Findings{Found: true, PaidTo: c.paid, EndsAt: end.AddDays(20).Start(time.UTC)}); err != nil || !d.Act {
			t.Errorf("%s, and it ends too late: %+v, %v", name, d, err)
		}
	}
}
