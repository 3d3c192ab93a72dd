package stripesystem_test

import (
	"net/http"
	"strings"
	"testing"

	stripe "github.com/stripe/stripe-go/v85"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/testkit"
	"hastaluego/internal/testkit/fakestripe"
)

// Every request is one that Stripe's API knows, with parameters that it has in
// the version that we speak, and every answer has the shape that we read.
func TestEveryRequestHasTheShapeThatStripePublishes(t *testing.T) {
	t.Parallel()
	if stripe.APIVersion != fakestripe.Version {
		t.Errorf("the library speaks %s, and our far system %s", stripe.APIVersion, fakestripe.Version)
	}
	base := testkit.StripeMock(t)
	s := connect(t, base, "    prorate: true\n    invoice_now: true\n")
	ctx := t.Context()
	well := func(name string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	st, err := s.Billing.ReadSubscription(ctx, sub)
	well("read", err)
	if !st.Found || st.Status == "" {
		t.Errorf("%+v", st)
	}
	for _, in := range []connector.EndInput{
		{How: connector.EndNow, Prorate: true, Bill: true, Reason: connector.StatedReason{Code: "unused", Comment: "why"}},
		{How: connector.EndOfPeriod, Reason: connector.StatedReason{Code: "too_complex"}},
		{How: connector.EndOnDate, EndsAt: tomorrow, Prorate: true, Reason: connector.StatedReason{Comment: "why"}},
		{How: connector.EndOnDate, EndsAt: tomorrow},
	} {
		in.Reference, in.Key = sub, "k"
		_, err := s.Ender.EndSubscription(ctx, in)
		well("end "+string(in.How), err)
	}
	for code := range map[string]bool{"customer_service": true, "low_quality": true, "missing_features": true, "other": true, "switched_service": true, "too_expensive": true} {
		_, err := s.Ender.EndSubscription(ctx, connector.EndInput{Reference: sub, How: connector.EndOfPeriod, Key: "k", Reason: connector.StatedReason{Code: code}})
		well(code, err)
	}
	_, err = s.Billing.ResumeSubscription(ctx, connector.ResumeInput{Reference: sub, Key: "k"})
	well("resume", err)
	for _, more := range []string{"void", "keep_as_draft", "mark_uncollectible"} {
		_, err = connect(t, base, "    pause: "+more+"\n").Pauser.PauseBilling(ctx, connector.PauseInput{Reference: sub, Until: renewal, Key: "k"})
		well("pause "+more, err)
	}
	_, err = s.Pauser.ContinueBilling(ctx, connector.ResumeInput{Reference: sub, Key: "k"})
	well("continue", err)
	for name, do := range map[string]func() (connector.Receipt, error){
		"state a reason": func() (connector.Receipt, error) {
			return s.Explainer.StateReason(ctx, connector.ReasonInput{Reference: sub, Reason: connector.StatedReason{Code: "unused"}, Key: "k"})
		},
		"apply a coupon": func() (connector.Receipt, error) {
			return s.Discounter.ApplyCoupon(ctx, connector.CouponInput{Reference: sub, Coupon: "winter", Key: "k"})
		},
		"remove a coupon": func() (connector.Receipt, error) {
			return s.Discounter.RemoveCoupon(ctx, connector.CouponInput{Reference: sub, Coupon: "winter", Key: "k"})
		},
	} {
		_, err := do()
		well(name, err)
	}
	for _, payment := range []string{"pi_1", "ch_1"} {
		got, err := s.Refunder.ReadRefund(ctx, connector.RefundQuery{Payment: payment, Key: "k"})
		well("read refund of "+payment, err)
		if got.Found {
			t.Errorf("a refund of nobody's: %+v", got)
		}
		r, err := s.Refunder.Refund(ctx, connector.RefundInput{Payment: payment, Amount: money.Amount{Minor: 100, Currency: "USD"}, Key: "k"})
		well("refund of "+payment, err)
		if !strings.HasPrefix(r.Reference, "re_") {
			t.Errorf("%+v", r)
		}
	}
	for _, in := range []connector.LedgerInput{{Reference: sub, Prorate: true}, {Reference: sub, EndsAt: tomorrow}, {Reference: sub, Brief: true}} {
		l, err := s.Ledger.ReadLedger(ctx, in)
		well("ledger", err)
		if !l.Found || l.Customer == "" || len(l.Open) == 0 || len(l.Preview.Lines) == 0 {
			t.Errorf("%+v", l)
		}
	}
	well("check", s.Checker.Check(ctx))
}

// What the mock is worth: a parameter that the API does not have is refused.
func TestTheShapesAreChecked(t *testing.T) {
	t.Parallel()
	base := testkit.StripeMock(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/v1/subscriptions/"+sub, strings.NewReader("cancel_when=2030"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusBadRequest {
		t.Errorf("answered %d", res.StatusCode)
	}
	_, err = connect(t, base, "").Ender.EndSubscription(t.Context(), connector.EndInput{Reference: sub, How: "later", Key: "k"})
	wants(t, err, fault.Invalid, "connector.refused")
}
