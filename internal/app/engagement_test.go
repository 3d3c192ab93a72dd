package app_test

import (
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
)

// No system charges an engagement: the step that would stop its charges is not
// needed, and so neither done nor verified. The engagement itself stands as ending.
func TestWhatNoSystemChargesIsNotVerified(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		cus, err := w.AddCustomer(ctx, agent, app.CustomerInput{
			Kind: customer.Organisation, Name: "Almena", Reference: "AL-1", Language: "es",
			Contacts: []app.ContactInput{{Name: "Bea", Email: "bea@almena.example", Role: customer.Owner}},
			Subscriptions: []app.SubscriptionInput{{
				Product: "Web", Amount: money.Amount{Minor: 40000, Currency: "EUR"}, Interval: customer.Monthly, Start: w.today(t).AddDays(-200),
				Engagement: customer.Engagement{Kind: customer.Retainer},
			}},
		})
		must(t, err)
		c, err := w.RegisterOnBehalf(ctx, agent, app.BehalfInput{Customer: cus, Channel: "phone", Reference: "1", When: "period_end", Proof: "DNI"})
		must(t, err)
		w.workTasks(t, c)
		eventually(t, "the charges are looked at", func() bool { return w.stepState(t, c, "cancel_billing") == offboarding.StepSkipped })
		var subs []customer.Subscription
		must(t, w.store.View(ctx, func(tx app.Tx) (err error) { subs, err = tx.SubscriptionsOf(ctx, cus); return err }))
		if subs[0].Status != customer.Cancelling {
			t.Errorf("the engagement is %s", subs[0].Status)
		}
	})
}
