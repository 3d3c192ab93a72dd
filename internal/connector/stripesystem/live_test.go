//go:build live

package stripesystem_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	stripe "github.com/stripe/stripe-go/v85"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/stripesystem"
	"hastaluego/internal/money"
	"hastaluego/internal/testkit/fakestripe"
	"hastaluego/internal/when"
)

// live is an account of Stripe in test mode, with a clock of its own that is
// taken away afterwards, and everything that hangs on it.
type live struct {
	*testing.T
	lib   *stripe.Client
	clock string
	now   time.Time
	price string
	sys   connector.System
}

func startLive(t *testing.T) *live {
	t.Helper()
	key := os.Getenv("STRIPE_TEST_KEY")
	if !strings.HasPrefix(key, "sk_test_") && !strings.HasPrefix(key, "rk_test_") {
		t.Fatal("STRIPE_TEST_KEY must hold a key of Stripe's test mode (sk_test_… or rk_test_…)")
	}
	src := "systems:\n  billing:\n    kind: stripe\n    key: env:STRIPE_TEST_KEY\n    webhook: {secret: " + file(t, hookSecret) + "}\n    timeout: 30s\n"
	all, err := declaration.Load("systems.yaml", []byte(src), stripesystem.Kind())
	if err != nil {
		t.Fatal(err)
	}
	opened, err := all[0].Open(when.Machine{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(opened.Close)
	l := &live{T: t, lib: stripe.NewClient(key), now: time.Now().UTC().Truncate(time.Second), sys: opened.Connector()}
	ctx := t.Context()
	clock, err := l.lib.V1TestHelpersTestClocks.Create(ctx, &stripe.TestHelpersTestClockCreateParams{FrozenTime: stripe.Int64(l.now.Unix()), Name: stripe.String("hasta live")})
	l.must(err)
	l.clock = clock.ID
	t.Cleanup(func() {
		if _, err := l.lib.V1TestHelpersTestClocks.Delete(context.Background(), l.clock, nil); err != nil {
			t.Errorf("the clock %s stays: %v", l.clock, err)
		}
	})
	price, err := l.lib.V1Prices.Create(ctx, &stripe.PriceCreateParams{
		Currency: stripe.String("eur"), UnitAmount: stripe.Int64(3000), Recurring: &stripe.PriceCreateRecurringParams{Interval: stripe.String("month")},
		ProductData: &stripe.PriceCreateProductDataParams{Name: stripe.String("hasta live")},
	})
	l.must(err)
	l.price = price.ID
	return l
}

func (l *live) must(err error) {
	l.Helper()
	if err != nil {
		l.Fatal(err)
	}
}

// subscribe makes a customer who pays by card, and their subscription.
func (l *live) subscribe() string {
	l.Helper()
	ctx := l.Context()
	c, err := l.lib.V1Customers.Create(ctx, &stripe.CustomerCreateParams{
		TestClock: stripe.String(l.clock), PaymentMethod: stripe.String("pm_card_visa"),
		InvoiceSettings: &stripe.CustomerCreateInvoiceSettingsParams{DefaultPaymentMethod: stripe.String("pm_card_visa")},
	})
	l.must(err)
	s, err := l.lib.V1Subscriptions.Create(ctx, &stripe.SubscriptionCreateParams{
		Customer: stripe.String(c.ID), Items: []*stripe.SubscriptionCreateItemParams{{Price: stripe.String(l.price)}},
	})
	l.must(err)
	return s.ID
}

// advance moves Stripe's clock and waits until it got there.
func (l *live) advance(to time.Time) {
	l.Helper()
	_, err := l.lib.V1TestHelpersTestClocks.Advance(l.Context(), l.clock, &stripe.TestHelpersTestClockAdvanceParams{FrozenTime: stripe.Int64(to.Unix())})
	l.must(err)
	for range 120 {
		c, err := l.lib.V1TestHelpersTestClocks.Retrieve(l.Context(), l.clock, nil)
		l.must(err)
		if c.Status == stripe.TestHelpersTestClockStatusReady {
			l.now = to
			return
		}
		time.Sleep(2 * time.Second)
	}
	l.Fatal("Stripe's clock does not get there")
}

func (l *live) reads(sub string) connector.SubscriptionState {
	l.Helper()
	st, err := l.sys.Billing.ReadSubscription(l.Context(), sub)
	l.must(err)
	return st
}

// What the connector does, at Stripe itself in test mode.
func TestLive(t *testing.T) {
	l := startLive(t)
	ctx := t.Context()
	run := time.Now().Format("150405")
	key := func(what string) string { return "hasta-live-" + run + "-" + what }
	done := func(what string) { t.Logf("seen at Stripe: %s", what) }

	l.must(l.sys.Checker.Check(ctx))
	done("the check")

	now := l.subscribe()
	_, err := l.sys.Ender.EndSubscription(ctx, connector.EndInput{Reference: now, How: connector.EndNow, Prorate: true, Bill: true, Key: key("now")})
	l.must(err)
	if st := l.reads(now); !st.Ended {
		t.Errorf("cancelled now: %+v", st)
	}
	done("cancel now")

	end, date := l.subscribe(), l.subscribe()
	_, err = l.sys.Ender.EndSubscription(ctx, connector.EndInput{Reference: end, How: connector.EndOfPeriod, Key: key("end")})
	l.must(err)
	st := l.reads(end)
	if st.Ended || st.EndsAt.IsZero() {
		t.Errorf("at the end: %+v", st)
	}
	over := st.EndsAt
	on := l.now.AddDate(0, 0, 10)
	for i, in := range []connector.EndInput{{How: connector.EndOfPeriod}, {How: connector.EndOnDate, EndsAt: on}} {
		in.Reference, in.Key = date, key(fmt.Sprint("date", i))
		_, err = l.sys.Ender.EndSubscription(ctx, in)
		l.must(err)
	}
	if st := l.reads(date); !st.EndsAt.Equal(on) {
		t.Errorf("a date instead of the end: %+v", st)
	}
	_, err = l.sys.Billing.ResumeSubscription(ctx, connector.ResumeInput{Reference: date, Key: key("resume")})
	l.must(err)
	if st := l.reads(date); st.Ended || !st.EndsAt.IsZero() {
		t.Errorf("taken back: %+v", st)
	}
	_, err = l.sys.Billing.CancelSubscription(ctx, connector.CancelInput{Reference: date, EndsAt: on, Key: key("again")})
	l.must(err)
	done("cancel at the end and at a date, and take it back")

	// The reason comes in a second call, as Stripe's portal does it: two events.
	_, err = l.lib.V1Subscriptions.Update(ctx, end, &stripe.SubscriptionUpdateParams{
		CancellationDetails: &stripe.SubscriptionUpdateCancellationDetailsParams{Feedback: stripe.String("unused"), Comment: stripe.String("seen late")},
	})
	l.must(err)
	told := 0
	for range 30 {
		told = 0
		for e, err := range l.lib.V1Events.List(ctx, &stripe.EventListParams{Type: stripe.String("customer.subscription.updated")}).All(ctx) {
			l.must(err)
			if e.Data.Object["id"] != end {
				continue
			}
			told++
			body := fmt.Appendf(nil, `{"id":%q,"object":"event","data":{"object":%s}}`, e.ID, e.Data.Raw)
			wall := time.Now()
			r, err := l.sys.Reporter.ReadReport(func(string) string { return fakestripe.Sign(hookSecret, wall, body) }, body, wall)
			if err != nil || r.Reference != end || !r.Why {
				t.Errorf("%+v %v", r, err)
			}
		}
		if told >= 2 {
			break
		}
		time.Sleep(2 * time.Second)
	}
	if st := l.reads(end); told < 2 || st.Reason.Code != "unused" || st.Reason.Comment != "seen late" {
		t.Errorf("after %d events: %+v", told, st.Reason)
	}
	done("the reason of the late second event")

	ledger, err := l.sys.Ledger.ReadLedger(ctx, connector.LedgerInput{Reference: date, Prorate: true})
	l.must(err)
	if len(ledger.Payments) != 1 || ledger.Payments[0].Amount != (money.Amount{Minor: 3000, Currency: "EUR"}) {
		t.Fatalf("ledger: %+v", ledger)
	}
	done("the ledger, and a preview of " + ledger.Preview.Total.String())
	give := connector.RefundInput{Payment: ledger.Payments[0].Reference, Amount: money.Amount{Minor: 1250, Currency: "EUR"}, Key: key("refund")}
	first, err := l.sys.Refunder.Refund(ctx, give)
	l.must(err)
	second, err := l.sys.Refunder.Refund(ctx, give)
	l.must(err)
	back, err := l.sys.Refunder.ReadRefund(ctx, connector.RefundQuery{Payment: give.Payment, Key: give.Key})
	if err != nil || first.Reference != second.Reference || back.Reference != first.Reference || back.Amount != give.Amount || back.Stage == connector.RefundFailed {
		t.Errorf("%+v %+v %+v %v", first, second, back, err)
	}
	done("one refund, asked for twice")

	_, err = l.sys.Pauser.PauseBilling(ctx, connector.PauseInput{Reference: date, Until: on.AddDate(0, 0, -1), Key: key("pause")})
	l.must(err)
	if st := l.reads(date); !st.Paused {
		t.Errorf("paused: %+v", st)
	}
	_, err = l.sys.Pauser.ContinueBilling(ctx, connector.ResumeInput{Reference: date, Key: key("continue")})
	l.must(err)
	coupon, err := l.lib.V1Coupons.Create(ctx, &stripe.CouponCreateParams{PercentOff: stripe.Float64(10), Duration: stripe.String("once")})
	l.must(err)
	t.Cleanup(func() { _, _ = l.lib.V1Coupons.Delete(context.Background(), coupon.ID, nil) })
	in := connector.CouponInput{Reference: date, Coupon: coupon.ID, Key: key("coupon")}
	_, err = l.sys.Discounter.ApplyCoupon(ctx, in)
	l.must(err)
	if st := l.reads(date); st.Paused || len(st.Coupons) != 1 || st.Coupons[0] != coupon.ID {
		t.Errorf("with a coupon: %+v", st)
	}
	in.Key = key("no coupon")
	_, err = l.sys.Discounter.RemoveCoupon(ctx, in)
	l.must(err)
	if st := l.reads(date); len(st.Coupons) != 0 {
		t.Errorf("without one: %+v", st)
	}
	done("a pause and a coupon")

	l.advance(on.Add(time.Hour))
	if st := l.reads(date); !st.Ended {
		t.Errorf("after its date: %+v", st)
	}
	l.advance(over.Add(3 * time.Hour))
	if st := l.reads(end); !st.Ended {
		t.Errorf("after its period: %+v", st)
	}
	done("both have ended when their time came")
}
