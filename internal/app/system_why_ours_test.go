package app_test

import (
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
	"hastaluego/internal/testkit/fakestripe"
	"hastaluego/internal/when"
)

// What a customer told us goes along with the end, and is no second reason when the
// billing system reports it.
func TestAReasonThatWentAlongIsNotHeardBackAsAnother(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		const secret, sub = "whsec_of_ours", "FE-20418-1"
		began := when.Machine{}.Wall()
		far := fakestripe.Start(t, "sk_test_1", began)
		far.Put(fakestripe.Subscription(sub, "cus_1", "eur", began.AddDate(0, 0, -3), began.AddDate(0, 0, 27)))
		w := newWorldOn(t, e, stopsOnceLookedAt, "", 10*time.Second, atStripe(t, far.URL, secret))
		ctx := t.Context()
		_, c, page := w.request(t, "period_end")
		must(t, w.TellReason(ctx, page, "price", ""))
		must(t, w.Tick(ctx, agent, app.TickInput{Case: c, Step: "look", Item: "a", Ticked: true, Evidence: "visto"}))
		must(t, w.CompleteTask(ctx, agent, app.CompleteInput{Case: c, Step: "look", Note: "Visto"}))
		eventually(t, "billing stopped at Stripe", func() bool { return w.stepState(t, c, "stop") == offboarding.StepVerified })
		if d, _ := far.Get(sub)["cancellation_details"].(fakestripe.Object); d["feedback"] != "too_expensive" {
			t.Fatalf("Stripe was told %+v", d)
		}
		must(t, w.UntilQuiet(ctx))
		read(far)
		body := far.Event("customer.subscription.updated", sub)
		_, wall, err := w.Now(ctx)
		must(t, err)
		signature := fakestripe.Sign(secret, wall, body)
		must(t, w.ReportFromSystem(ctx, "billing", func(name string) string {
			return map[string]string{"Stripe-Signature": signature}[name]
		}, body))
		must(t, w.UntilQuiet(ctx))
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		if len(v.Reasons) != 1 {
			t.Errorf("reasons: %+v", v.Reasons)
		}
	})
}
