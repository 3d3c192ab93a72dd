package stripesystem_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/stripesystem"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/testkit/fakestripe"
	"hastaluego/internal/when"
)

const (
	sub = "sub_1"
	cus = "cus_1"
	pay = "pi_1"
)

var (
	begun    = noon.AddDate(0, 0, -10)
	renewal  = noon.AddDate(0, 0, 20)
	tomorrow = noon.AddDate(0, 0, 1)
)

func far(t testing.TB) *fakestripe.Stripe {
	t.Helper()
	f := fakestripe.Start(t, key, noon)
	f.Put(
		fakestripe.Subscription(sub, cus, "eur", begun, renewal),
		fakestripe.Object{"id": cus, "object": "customer", "balance": int64(0), "currency": "eur", "name": "Ada Lovelace"},
		fakestripe.Object{"id": "winter", "object": "coupon"}, fakestripe.Object{"id": "spring", "object": "coupon"},
	)
	f.Put(fakestripe.Paid("1", sub, cus, "eur", 3000, begun, renewal)...)
	return f
}

func both(t testing.TB, more string) (*fakestripe.Stripe, connector.System) {
	f := far(t)
	return f, connect(t, f.URL, more)
}

func must(t testing.TB) func(connector.Receipt, error) connector.Receipt {
	return func(r connector.Receipt, err error) connector.Receipt {
		t.Helper()
		if err != nil || len(r.Answer) == 0 || r.At.IsZero() {
			t.Fatalf("%+v %v", r, err)
		}
		return r
	}
}

func reads(t testing.TB, s connector.System) connector.SubscriptionState {
	t.Helper()
	st, err := s.Billing.ReadSubscription(t.Context(), sub)
	if err != nil || !st.Found || st.ReadAt.IsZero() || st.Location != "GET /v1/subscriptions/"+sub {
		t.Fatalf("%+v %v", st, err)
	}
	return st
}

func wants(t testing.TB, err error, kind fault.Kind, code string) fault.Error {
	t.Helper()
	f, ok := err.(*fault.Error)
	if !ok || f.Kind != kind || f.Code != code {
		t.Fatalf("got %v, want %v %s", err, kind, code)
	}
	return *f
}

func did(f *fakestripe.Stripe) (acts []fakestripe.Call) {
	return slices.DeleteFunc(f.Calls(), func(c fakestripe.Call) bool { return c.Method == "GET" })
}

// Every way of ending, each read back, asked for twice without a second effect,
// and taken back while it has not come.
func TestASubscriptionEndsNowAtTheEndOfItsPeriodAndOnADate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in    connector.EndInput
		ended bool
		ends  time.Time
		form  map[string]string
	}{
		{connector.EndInput{How: connector.EndNow, Prorate: true, Bill: true}, true, time.Time{}, map[string]string{"prorate": "true", "invoice_now": "true"}},
		{connector.EndInput{How: connector.EndNow}, true, time.Time{}, map[string]string{"prorate": "false", "invoice_now": "false"}},
		{connector.EndInput{How: connector.EndOfPeriod}, false, renewal, map[string]string{"cancel_at_period_end": "true"}},
		{
			connector.EndInput{How: connector.EndOnDate, EndsAt: tomorrow},
			false, tomorrow,
			map[string]string{"cancel_at": fmt.Sprint(tomorrow.Unix()), "proration_behavior": "none"},
		},
		{
			connector.EndInput{How: connector.EndOnDate, EndsAt: tomorrow, Prorate: true},
			false, tomorrow,
			map[string]string{"proration_behavior": "create_prorations"},
		},
	} {
		f, s := both(t, "")
		c.in.Reference, c.in.Key = sub, "step_1:sub_1"
		must(t)(s.Ender.EndSubscription(t.Context(), c.in))
		must(t)(s.Ender.EndSubscription(t.Context(), c.in))
		acts := did(f)
		if len(acts) != 1 {
			t.Fatalf("%+v: acted %d times", c.in, len(acts))
		}
		if a := acts[0]; c.in.How != connector.EndNow && a.Key != "step_1:sub_1" {
			t.Errorf("the key is %q", a.Key)
		}
		for name, want := range c.form {
			if got := acts[0].Form.Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		st := reads(t, s)
		if st.Ended != c.ended || !st.EndsAt.Equal(c.ends) || st.Reason.Cause != "cancellation_requested" {
			t.Errorf("%+v reads %+v", c.in, st)
		}
		_, err := s.Billing.ResumeSubscription(t.Context(), connector.ResumeInput{Reference: sub, Key: "step_1:undo"})
		if c.ended {
			wants(t, err, fault.Invalid, "connector.cannot_resume")
			continue
		}
		if st := reads(t, s); err != nil || st.Ended || !st.EndsAt.IsZero() {
			t.Errorf("taken back: %+v %v", st, err)
		}
	}
}

// What a step asks for as the end of the period is asked for as that, with the reason,
// also where another end is there; and the period is read with the subscription.
func TestAStepEndsASubscriptionWithItsPeriodAndSaysWhy(t *testing.T) {
	t.Parallel()
	f, s := both(t, "")
	if st := reads(t, s); !st.PaidTo.Equal(renewal) {
		t.Errorf("its period is over at %s", st.PaidTo)
	}
	must(t)(s.Billing.CancelSubscription(t.Context(), connector.CancelInput{Reference: sub, EndsAt: renewal.Add(13 * time.Hour), Key: "k"}))
	must(t)(s.Billing.CancelSubscription(t.Context(), connector.CancelInput{
		Reference: sub, EndsAt: renewal.Add(13 * time.Hour), Period: true, Reason: connector.StatedReason{Code: "too_expensive"}, Key: "k2",
	}))
	acts := did(f)
	if a := acts[len(acts)-1].Form; a.Get("cancel_at_period_end") != "true" || a.Has("cancel_at") || a.Get("cancellation_details[feedback]") != "too_expensive" || a.Has("cancellation_details[comment]") {
		t.Errorf("asked for %v", a)
	}
	if st := reads(t, s); !st.EndsAt.Equal(renewal) || st.Reason.Code != "too_expensive" {
		t.Errorf("it reads %+v", st)
	}
}

func TestWhatAStepAsksForIsCreditedAndBilledAsDeclared(t *testing.T) {
	t.Parallel()
	for more, want := range map[string]string{"": "false false none", "    prorate: true\n    invoice_now: true\n": "true true create_prorations"} {
		f, s := both(t, more)
		must(t)(s.Billing.CancelSubscription(t.Context(), connector.CancelInput{Reference: sub, EndsAt: tomorrow, Key: "k"}))
		date := did(f)[0].Form
		must(t)(s.Billing.CancelSubscription(t.Context(), connector.CancelInput{Reference: sub, Key: "k2"}))
		now := did(f)[0].Form
		if got := now.Get("prorate") + " " + now.Get("invoice_now") + " " + date.Get("proration_behavior"); got != want {
			t.Errorf("%q: %s", more, got)
		}
	}
}

// What the departure gives back itself Stripe does not credit; what was used it bills
// all the same. Where it was asked to credit, with its last invoice, the credit is told
// as its own and apart from whatever else is in the balance.
func TestNothingIsCreditedOfWhatIsGivenBackOtherwise(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		ours          bool
		form          string
		credited, has int64
	}{{true, "false true none", 0, 700}, {false, "true true create_prorations", 500, 1200}} {
		f, s := both(t, "    prorate: true\n    invoice_now: true\n")
		f.Put(fakestripe.Object{"id": cus, "object": "customer", "invoice_credit_balance": fakestripe.Object{"eur": int64(-700)}})
		must(t)(s.Billing.CancelSubscription(t.Context(), connector.CancelInput{Reference: sub, EndsAt: tomorrow, NoCredit: c.ours, Key: "k"}))
		date := did(f)[0].Form
		must(t)(s.Billing.CancelSubscription(t.Context(), connector.CancelInput{Reference: sub, NoCredit: c.ours, Key: "k2"}))
		now := did(f)[0].Form
		if got := now.Get("prorate") + " " + now.Get("invoice_now") + " " + date.Get("proration_behavior"); got != c.form {
			t.Errorf("given back otherwise %v: asked for %s", c.ours, got)
		}
		got, err := s.Ledger.ReadLedger(t.Context(), connector.LedgerInput{Reference: sub, Brief: true})
		if err != nil || len(got.Unbilled) != 0 || !slices.Equal(got.Credits, []money.Amount{eur(c.has)}) {
			t.Fatalf("given back otherwise %v: %+v %v", c.ours, got, err)
		}
		var own int64
		for _, x := range got.Credited {
			own -= x.Amount.Minor
			if !x.Prorated || !x.From.Equal(noon) || !x.To.Equal(renewal) {
				t.Errorf("credited %+v", x)
			}
		}
		if own != c.credited {
			t.Errorf("given back otherwise %v: %d of the balance is its own credit", c.ours, own)
		}
	}
}

// The end of a subscription that a schedule governs is the schedule's.
func TestAScheduleIsNotGoneAround(t *testing.T) {
	t.Parallel()
	f, s := both(t, "")
	f.Put(fakestripe.Object{"id": sub, "schedule": "sub_sched_1"})
	for _, how := range []connector.EndInput{{How: connector.EndOfPeriod}, {How: connector.EndOnDate, EndsAt: tomorrow}} {
		how.Reference, how.Key = sub, "k"
		_, err := s.Ender.EndSubscription(t.Context(), how)
		wants(t, err, fault.Invalid, "connector.scheduled")
	}
	if n := len(did(f)); n != 0 {
		t.Errorf("acted %d times", n)
	}
	must(t)(s.Ender.EndSubscription(t.Context(), connector.EndInput{Reference: sub, How: connector.EndNow, Key: "k"}))
}

// A reason goes along, is read back, and what the customer wrote is no evidence.
func TestAReasonGoesAlongAndIsReadBack(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{"too_expensive": "too_expensive", "moved_to_the_moon": "other"} {
		f, s := both(t, "")
		in := connector.EndInput{
			Reference: sub, How: connector.EndOfPeriod, Key: "k", Reason: connector.StatedReason{Code: said, Comment: "Ada Lovelace says so"},
		}
		must(t)(s.Ender.EndSubscription(t.Context(), in))
		st := reads(t, s)
		if st.Reason != (connector.StatedReason{Code: want, Comment: "Ada Lovelace says so", Cause: "cancellation_requested"}) {
			t.Errorf("%+v", st.Reason)
		}
		if bytes.Contains(st.Answer, []byte("Lovelace")) || !bytes.Contains(st.Answer, []byte(want)) {
			t.Errorf("evidence: %s", st.Answer)
		}
		if len(did(f)) != 1 {
			t.Error("acted more than once")
		}
	}
}

// An answer that was lost after the effect is uncertain; what is read then says
// that it happened, and asking again changes nothing.
func TestAnAnswerThatWasLostIsFoundByReading(t *testing.T) {
	t.Parallel()
	in := connector.CancelInput{Reference: sub, EndsAt: tomorrow, Key: "k"}
	for name, lost := range map[string]fakestripe.Fault{
		"too late":   {Method: "POST", Delay: 3 * time.Second},
		"cut":        {Method: "POST", Drop: true},
		"502":        {Method: "POST", Status: 502, Body: "<html>"},
		"wrong body": {Method: "POST", Status: 200, Body: `{"object":"charge","id":"ch_9"}`},
		"half body":  {Method: "POST", Status: 200, Body: `{"object":"subscr`},
	} {
		f, s := both(t, "    timeout: 1s\n")
		f.Fail(lost)
		_, err := s.Billing.CancelSubscription(t.Context(), in)
		if fault.KindOf(err) != fault.Uncertain {
			t.Errorf("%s: %v", name, err)
		}
		if st := reads(t, s); !st.EndsAt.Equal(tomorrow) {
			t.Errorf("%s: %+v", name, st)
		}
		must(t)(s.Billing.CancelSubscription(t.Context(), in))
		if n := len(did(f)); n != 1 {
			t.Errorf("%s: acted %d times", name, n)
		}
	}
}

// Stripe remembers its own failures with a key for a day. What is asked for is a
// state, which was looked at: it is asked for anew.
func TestAFailureThatIsRememberedWithItsKeyIsNotTheLastWord(t *testing.T) {
	t.Parallel()
	f, s := both(t, "")
	in := connector.CancelInput{Reference: sub, EndsAt: tomorrow, Key: "k"}
	f.Fail(fakestripe.Fault{Method: "POST", Status: 500, Body: `{"error":{"type":"api_error"}}`})
	if _, err := s.Billing.CancelSubscription(t.Context(), in); fault.KindOf(err) != fault.Uncertain {
		t.Fatal(err)
	}
	f.Put(fakestripe.Object{"id": sub, "cancel_at": nil}) // it had no effect after all
	must(t)(s.Billing.CancelSubscription(t.Context(), in))
	if st := reads(t, s); !st.EndsAt.Equal(tomorrow) {
		t.Errorf("%+v", st)
	}
	if acts := did(f); len(acts) != 3 || acts[1].Key != "k" || acts[2].Key != "k.anew" {
		t.Errorf("%+v", acts)
	}
}

func TestACallThatCannotGoThroughSaysWhyAndWhenToComeBack(t *testing.T) {
	t.Parallel()
	f, s := both(t, "")
	in := connector.CancelInput{Reference: sub, EndsAt: tomorrow, Key: "k"}
	f.Fail(fakestripe.Fault{Method: "POST", Before: true, Status: 429, Header: [2]string{"Retry-After", "9"}, Body: `{"error":{"code":"rate_limit"}}`})
	_, err := s.Billing.CancelSubscription(t.Context(), in)
	if wants(t, err, fault.Transient, "connector.busy").RetryAfter != 9*time.Second {
		t.Errorf("%+v", err)
	}
	f.Fail(fakestripe.Fault{Method: "POST", Before: true, Status: 409, Body: `{"error":{"code":"idempotency_key_in_use"}}`})
	_, err = s.Billing.CancelSubscription(t.Context(), in)
	wants(t, err, fault.Uncertain, "connector.uncertain")
	_, err = s.Billing.CancelSubscription(t.Context(), connector.CancelInput{Reference: sub, EndsAt: noon.AddDate(0, 0, -1), Key: "k0"})
	wants(t, err, fault.Invalid, "connector.refused")
	_, err = s.Billing.ReadSubscription(t.Context(), "sub_unknown")
	wants(t, err, fault.NotFound, "connector.unknown_reference")
	for _, bad := range []string{"", ".", "..", "../customers/cus_1", "sub_1?expand=x", "sub 1", "sub_1/discount", strings.Repeat("x", 300)} {
		_, err = s.Billing.ReadSubscription(t.Context(), bad)
		wants(t, err, fault.Invalid, "connector.bad_reference")
	}
	f.Key = "sk_test_another"
	_, err = s.Billing.CancelSubscription(t.Context(), in)
	wants(t, err, fault.Invalid, "connector.credential")
}

func TestBillingPausesAndGoesOn(t *testing.T) {
	t.Parallel()
	for more, behaviour := range map[string]string{"": "void", "    pause: keep_as_draft\n": "keep_as_draft"} {
		f, s := both(t, more)
		must(t)(s.Pauser.PauseBilling(t.Context(), connector.PauseInput{Reference: sub, Until: renewal, Key: "k"}))
		if st := reads(t, s); !st.Paused || !st.Until.Equal(renewal) || st.Ended {
			t.Errorf("%+v", st)
		}
		must(t)(s.Pauser.PauseBilling(t.Context(), connector.PauseInput{Reference: sub, Key: "k2"}))
		if st := reads(t, s); !st.Paused || !st.Until.IsZero() {
			t.Errorf("%+v", st)
		}
		if got := did(f)[0].Form.Get("pause_collection[behavior]"); got != behaviour {
			t.Errorf("%q: %s", more, got)
		}
		must(t)(s.Pauser.ContinueBilling(t.Context(), connector.ResumeInput{Reference: sub, Key: "k3"}))
		if st := reads(t, s); st.Paused {
			t.Errorf("%+v", st)
		}
	}
}

// Stripe replaces the whole list of discounts: the others must stay, and one
// that is there is not begun anew.
func TestACouponIsAddedAndTakenAwayBesideOthers(t *testing.T) {
	t.Parallel()
	f, s := both(t, "")
	ctx := t.Context()
	add := func(coupon, key string) {
		t.Helper()
		must(t)(s.Discounter.ApplyCoupon(ctx, connector.CouponInput{Reference: sub, Coupon: coupon, Key: key}))
	}
	has := func(want ...string) {
		t.Helper()
		if got := reads(t, s).Coupons; !slices.Equal(got, want) {
			t.Errorf("it has %v, want %v", got, want)
		}
	}
	add("winter", "k1")
	first := fmt.Sprint(f.Get(sub)["discounts"])
	add("winter", "k2")
	if again := fmt.Sprint(f.Get(sub)["discounts"]); again != first {
		t.Errorf("begun anew: %s, was %s", again, first)
	}
	add("spring", "k3")
	has("winter", "spring")
	_, err := s.Discounter.ApplyCoupon(ctx, connector.CouponInput{Reference: sub, Coupon: "unknown", Key: "k4"})
	wants(t, err, fault.NotFound, "connector.unknown_reference")
	for i, coupon := range []string{"winter", "winter", "spring"} {
		must(t)(s.Discounter.RemoveCoupon(ctx, connector.CouponInput{Reference: sub, Coupon: coupon, Key: fmt.Sprint("r", i)}))
	}
	has()
}

func eur(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "EUR"} }

// However the answer to a refund is lost, and however long ago, the next try
// finds it by the key that it keeps: the money goes once.
func TestAPaymentIsGivenBackOnceWhateverBecomesOfTheAnswer(t *testing.T) {
	t.Parallel()
	in := connector.RefundInput{Payment: pay, Amount: eur(1250), Key: "step_9:pi_1"}
	for name, lost := range map[string]fakestripe.Fault{
		"too late": {Method: "POST", Delay: 3 * time.Second},
		"cut":      {Method: "POST", Drop: true},
		"500":      {Method: "POST", Status: 500},
		"nonsense": {Method: "POST", Status: 200, Body: `{}`},
	} {
		for _, later := range []time.Duration{0, 40 * 24 * time.Hour} {
			f, s := both(t, "    timeout: 1s\n")
			q := connector.RefundQuery{Payment: pay, Key: in.Key}
			if st, err := s.Refunder.ReadRefund(t.Context(), q); err != nil || st.Found || len(st.Answer) == 0 {
				t.Fatalf("%+v %v", st, err)
			}
			f.Fail(lost)
			_, err := s.Refunder.Refund(t.Context(), in)
			wants(t, err, fault.Uncertain, "connector.uncertain")
			f.Advance(later)
			st, err := s.Refunder.ReadRefund(t.Context(), q)
			if err != nil || !st.Found || st.Stage != connector.RefundDone || st.Status != "succeeded" || st.Amount != in.Amount || st.Reference == "" {
				t.Errorf("%s: %+v %v", name, st, err)
			}
			if r := must(t)(s.Refunder.Refund(t.Context(), in)); r.Reference != st.Reference {
				t.Errorf("%s: %+v", name, r)
			}
			if n := f.Count("refund"); n != 1 {
				t.Errorf("%s: %d refunds", name, n)
			}
		}
	}
}

// The list of refunds is long, and grows while it is read: ours is found, on
// whichever page, and a page whose beginning was taken away is read again later.
func TestARefundIsFoundInAListThatChangesWhileItIsRead(t *testing.T) {
	t.Parallel()
	f, s := both(t, "")
	other := func(n int) fakestripe.Object {
		return fakestripe.Object{
			"id": fmt.Sprintf("re_other_%d", n), "object": "refund", "status": "succeeded", "amount": int64(1), "currency": "eur", "payment_intent": pay,
			"metadata": fakestripe.Object{"hasta_key": fmt.Sprint("other", n)},
		}
	}
	r := must(t)(s.Refunder.Refund(t.Context(), connector.RefundInput{Payment: pay, Amount: eur(100), Key: "ours"}))
	for n := range 120 {
		f.Put(other(n))
	}
	f.Fail(fakestripe.Fault{Path: "/v1/refunds", While: func() { f.Put(other(500), other(501)) }})
	st, err := s.Refunder.ReadRefund(t.Context(), connector.RefundQuery{Payment: pay, Key: "ours"})
	if err != nil || !st.Found || st.Reference != r.Reference {
		t.Errorf("%+v %v", st, err)
	}
	var ev struct {
		Pages []string `json:"body_sha256"`
	}
	if err := json.Unmarshal(st.Answer, &ev); err != nil || len(ev.Pages) != 3 {
		t.Errorf("pages: %s %v", st.Answer, err)
	}
	// The 50 newest are 501, 500 and 119 to 72: the next page begins after that.
	f.Fail(fakestripe.Fault{Path: "/v1/refunds", While: func() { f.Remove("re_other_72") }})
	_, err = s.Refunder.ReadRefund(t.Context(), connector.RefundQuery{Payment: pay, Key: "ours"})
	wants(t, err, fault.Transient, "connector.unreadable")
	f.Fail(fakestripe.Fault{Path: "/v1/refunds", Status: 200, Body: "{}"})
	_, err = s.Refunder.ReadRefund(t.Context(), connector.RefundQuery{Payment: pay, Key: "ours"})
	wants(t, err, fault.Transient, "connector.unreadable")
}

func TestARefundThatCannotBeIsRefusedBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	f, s := both(t, "")
	for _, c := range []struct {
		in   connector.RefundInput
		kind fault.Kind
		code string
		acts int
	}{
		{connector.RefundInput{Payment: pay, Amount: money.Amount{Minor: 100, Currency: "USD"}, Key: "a"}, fault.Invalid, "connector.amount", 0},
		{connector.RefundInput{Payment: pay, Amount: eur(0), Key: "b"}, fault.Invalid, "connector.amount", 0},
		{connector.RefundInput{Payment: pay, Amount: eur(-5), Key: "c"}, fault.Invalid, "connector.amount", 0},
		{connector.RefundInput{Payment: pay, Amount: money.Amount{Minor: 5, Currency: "XX"}, Key: "d"}, fault.Invalid, "connector.amount", 0},
		{connector.RefundInput{Payment: "pi_unknown", Amount: eur(5), Key: "e"}, fault.NotFound, "connector.unknown_reference", 0},
		{connector.RefundInput{Payment: "ch_1/../x", Amount: eur(5), Key: "f"}, fault.Invalid, "connector.bad_reference", 0},
		{connector.RefundInput{Payment: pay, Amount: eur(3001), Key: "g"}, fault.Invalid, "connector.refused", 1},
	} {
		_, err := s.Refunder.Refund(t.Context(), c.in)
		wants(t, err, c.kind, c.code)
		if n := len(did(f)); n != c.acts {
			t.Errorf("%+v: acted %d times", c.in, n)
		}
	}
	must(t)(s.Refunder.Refund(t.Context(), connector.RefundInput{Payment: pay, Amount: eur(100), Key: "k"}))
	_, err := s.Refunder.Refund(t.Context(), connector.RefundInput{Payment: pay, Amount: eur(200), Key: "k"})
	wants(t, err, fault.Invalid, "connector.key_reused")
	must(t)(s.Refunder.Refund(t.Context(), connector.RefundInput{Payment: "ch_1", Amount: eur(2900), Key: "rest"}))
	if got := f.Get("ch_1")["amount_refunded"]; got != int64(3000) {
		t.Errorf("given back: %v", got)
	}
}

// Stripe's units are not always those of ISO 4217, and are never rounded.
func TestAmountsAreSaidInStripesUnits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		currency       string
		stripe, ours   int64 // the same sum
		refund, asUnit int64 // ours, and as it must arrive; 0: it cannot be said
	}{
		{"EUR", 1999, 1999, 1, 1},
		{"JPY", 500, 500, 499, 499},
		{"CLP", 9990, 9990, 1, 1},
		{"KWD", 12340, 12340, 10, 10},
		{"KWD", 12340, 12340, 5, 0}, // the last of three decimals is 0
		{"ISK", 150000, 1500, 7, 700},
		{"UGX", 500000, 5000, 5, 500},
		{"MGA", 700, 70000, 100, 1},
		{"MGA", 700, 70000, 150, 0}, // no decimals there
		{"HUF", 12345, 12345, 45, 45},
	} {
		f := far(t)
		s := connect(t, f.URL, "")
		f.Put(fakestripe.Paid("9", sub, cus, strings.ToLower(c.currency), c.stripe, begun, renewal)...)
		f.Put(fakestripe.Object{"id": sub, "currency": strings.ToLower(c.currency)})
		l, err := s.Ledger.ReadLedger(t.Context(), connector.LedgerInput{Reference: sub})
		if want := (money.Amount{Minor: c.ours, Currency: c.currency}); err != nil || len(l.Payments) == 0 || l.Payments[0].Amount != want {
			t.Errorf("%s: %+v %v", c.currency, l.Payments, err)
		}
		did(f)
		in := connector.RefundInput{Payment: "pi_9", Amount: money.Amount{Minor: c.refund, Currency: c.currency}, Key: "k"}
		_, err = s.Refunder.Refund(t.Context(), in)
		if c.asUnit == 0 {
			wants(t, err, fault.Invalid, "connector.amount")
			continue
		}
		if acts := did(f); err != nil || len(acts) != 1 || acts[0].Form.Get("amount") != fmt.Sprint(c.asUnit) {
			t.Errorf("%s: %+v %v", c.currency, acts, err)
		}
		if st, err := s.Refunder.ReadRefund(t.Context(), connector.RefundQuery{Payment: "pi_9", Key: "k"}); err != nil || st.Amount != in.Amount {
			t.Errorf("%s: %+v %v", c.currency, st, err)
		}
	}
}

// Everything that a statement needs, of this subscription and of nobody else's.
func TestTheLedgerHoldsWhatIsOpenUnbilledCreditedAndPaid(t *testing.T) {
	t.Parallel()
	f, s := both(t, "")
	f.Put(
		fakestripe.Subscription("sub_2", cus, "eur", begun, renewal),
		fakestripe.Bill("20", sub, cus, "eur", 6050, 1050, renewal), fakestripe.Bill("21", "sub_2", cus, "eur", 1, 0, renewal),
		fakestripe.Object{
			"id": "ii_use", "object": "invoiceitem", "customer": cus, "amount": int64(420), "currency": "eur", "description": "Usage", "quantity_decimal": "3",
			"period": fakestripe.Object{"start": begun.Unix(), "end": noon.Unix()},
			"parent": fakestripe.Object{"type": "subscription_details", "subscription_details": fakestripe.Object{"subscription": sub}},
		},
		fakestripe.Object{
			"id": "ii_other", "object": "invoiceitem", "customer": cus, "amount": int64(7), "currency": "eur", "quantity_decimal": "1",
			"parent": fakestripe.Object{"type": "subscription_details", "subscription_details": fakestripe.Object{"subscription": "sub_2"}},
		},
		fakestripe.Object{"id": cus, "invoice_credit_balance": fakestripe.Object{"eur": int64(-700), "jpy": int64(30), "usd": int64(0)}},
	)
	must(t)(s.Refunder.Refund(t.Context(), connector.RefundInput{Payment: pay, Amount: eur(500), Key: "k"}))
	got, err := s.Ledger.ReadLedger(t.Context(), connector.LedgerInput{Reference: sub, Prorate: true})
	if err != nil || !got.Found || got.Customer != cus || got.Cut {
		t.Fatalf("%+v %v", got, err)
	}
	if len(got.Open) != 1 || got.Open[0].Due != eur(6050) || got.Open[0].Tax != eur(1050) || got.Open[0].Number != "A-20" || !got.Open[0].DueAt.Equal(renewal) ||
		!strings.HasPrefix(got.Open[0].PayAt, "https://invoice.stripe.com/") {
		t.Errorf("open: %+v", got.Open)
	}
	if len(got.Unbilled) != 1 || got.Unbilled[0].Reference != "ii_use" || got.Unbilled[0].Amount != eur(420) || !got.Unbilled[0].To.Equal(noon) {
		t.Errorf("unbilled: %+v", got.Unbilled)
	}
	if want := []money.Amount{eur(700), {Minor: -30, Currency: "JPY"}}; !slices.Equal(got.Credits, want) {
		t.Errorf("credits: %v", got.Credits)
	}
	if len(got.Payments) != 1 || got.Payments[0].Reference != pay || got.Payments[0].Amount != eur(3000) || got.Payments[0].Refunded != eur(500) ||
		!got.Payments[0].From.Equal(begun) || !got.Payments[0].To.Equal(renewal) {
		t.Errorf("payments: %+v", got.Payments)
	}
	if p := got.Preview; p.Total != eur(420+7-500) || p.Due != eur(0) || len(p.Lines) != 3 || p.Lines[0].Reference != "ii_use" || !p.Lines[2].Prorated {
		t.Errorf("preview: %+v", p)
	}
	if bytes.Contains(got.Answer, []byte("Lovelace")) || bytes.Contains(got.Answer, []byte("Usage")) {
		t.Errorf("evidence: %s", got.Answer)
	}
	if n := len(slices.DeleteFunc(did(f), func(c fakestripe.Call) bool { return strings.HasSuffix(c.Path, "/create_preview") })); n != 1 { // the refund
		t.Errorf("acted %d times", n)
	}

	f.Fail(fakestripe.Fault{Path: "/v1/invoiceitems", Before: true, Status: 503})
	if _, err := s.Ledger.ReadLedger(t.Context(), connector.LedgerInput{Reference: sub}); fault.KindOf(err) != fault.Transient {
		t.Errorf("half a ledger is none: %v", err)
	}
	must(t)(s.Billing.CancelSubscription(t.Context(), connector.CancelInput{Reference: sub, Key: "k"}))
	if l, err := s.Ledger.ReadLedger(t.Context(), connector.LedgerInput{Reference: sub}); err != nil || l.Preview.Total != eur(0) || len(l.Preview.Lines) != 0 {
		t.Errorf("what has ended has no next invoice: %+v %v", l.Preview, err)
	}
}

// A reason that comes after the end was asked for is told once, changes nothing
// else, and also reaches a subscription that is over.
func TestAReasonThatComesLateIsToldOnce(t *testing.T) {
	t.Parallel()
	for _, how := range []connector.CancelInput{{EndsAt: tomorrow}, {}} {
		f, s := both(t, "")
		how.Reference, how.Key = sub, "end"
		must(t)(s.Billing.CancelSubscription(t.Context(), how))
		before := reads(t, s)
		did(f)
		in := connector.ReasonInput{Reference: sub, Reason: connector.StatedReason{Code: "too_expensive"}, Key: "why"}
		for range 2 {
			must(t)(s.Explainer.StateReason(t.Context(), in))
		}
		acts := did(f)
		if len(acts) != 1 || acts[0].Form.Get("cancellation_details[feedback]") != "too_expensive" || len(acts[0].Form) != 1 {
			t.Fatalf("acted %+v", acts)
		}
		after := reads(t, s)
		if after.Reason.Code != "too_expensive" || after.Status != before.Status || !after.EndsAt.Equal(before.EndsAt) || after.Ended != before.Ended {
			t.Errorf("it was %+v and is %+v", before, after)
		}
	}
}

// Use is told with its tax as Stripe says it, what waits for an invoice too, and
// without payments fewer calls are made.
func TestABriefLedgerTellsUseAndTaxes(t *testing.T) {
	t.Parallel()
	f, s := both(t, "")
	f.Put(
		fakestripe.Metered(sub, cus, "eur", begun, renewal, 1000, 210),
		fakestripe.Object{
			"id": "ii_set_up", "object": "invoiceitem", "customer": cus, "amount": int64(2000), "currency": "eur", "description": "Set-up", "quantity_decimal": "1",
			"taxes":  []fakestripe.Object{{"amount": int64(347), "tax_behavior": "inclusive", "type": "tax_rate_details"}},
			"parent": fakestripe.Object{"type": "subscription_details", "subscription_details": fakestripe.Object{"subscription": sub}},
		},
		fakestripe.Bill("20", sub, cus, "eur", 6050, 1050, renewal),
	)
	did(f)
	got, err := s.Ledger.ReadLedger(t.Context(), connector.LedgerInput{Reference: sub, Brief: true})
	if err != nil || !got.BilledTo.Equal(renewal) || len(got.Payments) != 0 {
		t.Fatalf("%+v %v", got, err)
	}
	if len(got.Unbilled) != 1 || got.Unbilled[0].Amount != eur(2000) || got.Unbilled[0].Tax != eur(347) || got.Unbilled[0].Used {
		t.Errorf("unbilled: %+v", got.Unbilled)
	}
	if p := got.Preview.Lines; len(p) != 2 || !p[1].Used || p[1].Amount != eur(1210) || p[1].Tax != eur(210) || p[1].Text != "Messages" || got.Preview.Total != eur(3210) {
		t.Errorf("preview: %+v", got.Preview)
	}
	if len(got.Open) != 1 || got.Open[0].Total != eur(6050) {
		t.Errorf("open: %+v", got.Open)
	}
	if calls := f.Calls(); slices.ContainsFunc(calls, func(c fakestripe.Call) bool { return strings.HasPrefix(c.Path, "/v1/payment_intents") }) {
		t.Error("it looked into payments")
	}
}

// That a period runs does not say that it is billed: a trial is not, nor what no invoice
// is for that is paid or open.
func TestAPeriodIsBilledByAnInvoiceThatStands(t *testing.T) {
	t.Parallel()
	next := renewal.AddDate(0, 1, 0)
	for _, x := range []struct {
		name, sub, invoice string // status of the subscription, and of the invoice of the period that runs; empty: there is none
		billed             bool
	}{
		{"paid", "active", "paid", true},
		{"open", "past_due", "open", true},
		{"a draft", "active", "draft", false},
		{"void", "active", "void", false},
		{"given up", "unpaid", "uncollectible", false},
		{"not there", "active", "", false},
		{"on trial", "trialing", "paid", false}, // an invoice of nothing
	} {
		f, s := both(t, "")
		item := fakestripe.Object{"id": "si_1", "object": "subscription_item", "current_period_start": renewal.Unix(), "current_period_end": next.Unix()}
		f.Put(fakestripe.Object{"id": sub, "status": x.sub, "items": fakestripe.Object{"object": "list", "has_more": false, "data": []fakestripe.Object{item}}})
		if x.invoice != "" {
			f.Put(fakestripe.Paid("2", sub, cus, "eur", 3000, renewal, next)...)
			f.Put(fakestripe.Object{"id": "in_2", "status": x.invoice})
		}
		for _, brief := range []bool{true, false} {
			got, err := s.Ledger.ReadLedger(t.Context(), connector.LedgerInput{Reference: sub, Brief: brief})
			if err != nil || got.BilledTo.Equal(next) != x.billed || !x.billed && !got.BilledTo.IsZero() {
				t.Errorf("%s: billed to %s %v", x.name, got.BilledTo, err)
			}
		}
	}
}

// The check names every right that is missing, and changes nothing.
func TestACheckNamesTheRightsThatAreMissing(t *testing.T) {
	t.Parallel()
	f, s := both(t, "")
	before := fmt.Sprint(f.Get(sub), f.Get("ch_1"), f.Count("refund"))
	if err := s.Checker.Check(t.Context()); err != nil {
		t.Error(err)
	}
	f.Lacks("rak_subscription_write", "rak_charge_write")
	e := wants(t, s.Checker.Check(t.Context()), fault.Invalid, "connector.right_missing")
	if got := fmt.Sprint(e.Args); got != "[system billing right rak_subscription_write, rak_charge_write]" {
		t.Error(got)
	}
	_, err := s.Billing.CancelSubscription(t.Context(), connector.CancelInput{Reference: sub, EndsAt: tomorrow, Key: "k"})
	wants(t, err, fault.Invalid, "connector.right_missing")
	f.Key = "sk_test_another"
	wants(t, s.Checker.Check(t.Context()), fault.Invalid, "connector.credential")
	if after := fmt.Sprint(f.Get(sub), f.Get("ch_1"), f.Count("refund")); after != before {
		t.Errorf("checking changed %s to %s", before, after)
	}
}

// What Stripe tells is authentic, of now, and a reason to look; what is read then
// counts. So a reason that comes in a second event, seconds after the end, is not
// lost, and neither are events that overtake each other.
func TestAReasonThatComesInALateSecondEventIsRead(t *testing.T) {
	t.Parallel()
	f, s := both(t, "    webhook: {secret: "+file(t, hookSecret)+"}\n")
	heard := func(body []byte, at time.Time) connector.Report {
		t.Helper()
		signature := fakestripe.Sign(hookSecret, at, body)
		r, err := s.Reporter.ReadReport(func(name string) string { return map[string]string{"Stripe-Signature": signature}[name] }, body, at)
		if err != nil || r.Reference != sub {
			t.Fatalf("%+v %v", r, err)
		}
		return r
	}
	f.Put(fakestripe.Object{
		"id": sub, "cancel_at": renewal.Unix(), // and cancel_at_period_end stays false, as Stripe's portal leaves it
		"cancellation_details": fakestripe.Object{"feedback": nil, "comment": nil, "reason": "cancellation_requested"},
	})
	early := f.Event("customer.subscription.updated", sub)
	one := heard(early, noon)
	if st := reads(t, s); !st.EndsAt.Equal(renewal) || st.Reason.Code != "" {
		t.Errorf("%+v", st)
	}
	f.Put(fakestripe.Object{"id": sub, "cancellation_details": fakestripe.Object{"feedback": "unused", "comment": "Ada Lovelace", "reason": "cancellation_requested"}})
	late := f.Event("customer.subscription.updated", sub)
	two := heard(late, noon.Add(7*time.Second))
	if one.ID == two.ID {
		t.Error("two events of one number")
	}
	if st := reads(t, s); st.Reason.Code != "unused" || st.Reason.Comment != "Ada Lovelace" {
		t.Errorf("%+v", st)
	}
	heard(early, noon.Add(8*time.Second)) // sent again, or late: what is read is as new as ever
	if st := reads(t, s); st.Reason.Code != "unused" {
		t.Errorf("%+v", st)
	}
}

func TestAMessageThatIsNotStripesIsRefused(t *testing.T) {
	t.Parallel()
	next := "whsec_next"
	f, s := both(t, "    webhook: {secret: "+file(t, hookSecret)+", secret_next: "+file(t, next)+"}\n")
	body := f.Event("customer.subscription.updated", sub)
	good := fakestripe.Sign(hookSecret, noon, body)
	for _, c := range []struct {
		name, signature string
		body            []byte
		wall            time.Time
		code            string
	}{
		{"ours", good, body, noon, ""},
		{"the next secret", fakestripe.Sign(next, noon, body), body, noon, ""},
		{"both", good + "," + fakestripe.Sign(next, noon, body)[len("t=1795867200,"):], body, noon, ""},
		{"five minutes old", good, body, noon.Add(5 * time.Minute), ""},
		{"too old", good, body, noon.Add(5*time.Minute + time.Second), "webhook.stale"},
		{"of the future", good, body, noon.Add(-6 * time.Minute), "webhook.stale"},
		{"of a stranger", fakestripe.Sign("whsec_stranger", noon, body), body, noon, "webhook.forged"},
		{"another body", good, append(slices.Clone(body), ' '), noon, "webhook.forged"},
		{"another second", strings.Replace(good, "t=", "t=1", 1), body, noon, "webhook.forged"},
		{"a scheme of tests", strings.Replace(good, "v1=", "v2=", 1), body, noon, "webhook.unsigned"},
		{"two moments", good + ",t=1", body, noon, "webhook.unsigned"},
		{"nothing", "", body, noon, "webhook.unsigned"},
		{"no JSON", fakestripe.Sign(hookSecret, noon, []byte("x")), []byte("x"), noon, "webhook.body"},
		{"no event", fakestripe.Sign(hookSecret, noon, []byte(`{"id":"evt_1","object":"charge"}`)), []byte(`{"id":"evt_1","object":"charge"}`), noon, "webhook.body"},
	} {
		r, err := s.Reporter.ReadReport(func(string) string { return c.signature }, c.body, c.wall)
		if c.code == "" && (err != nil || r.Reference != sub) || c.code != "" && (fault.CodeOf(err) != c.code || fault.KindOf(err) == fault.Internal) {
			t.Errorf("%s: %+v %v", c.name, r, err)
		}
	}
}

func TestAnEventIsAboutASubscriptionAPaymentOrACustomer(t *testing.T) {
	t.Parallel()
	_, s := both(t, "    webhook: {secret: "+file(t, hookSecret)+"}\n")
	for object, want := range map[string]string{
		`{"object":"subscription","id":"sub_1","customer":"cus_1"}`:                                                      "sub_1",
		`{"object":"invoice","id":"in_1","customer":"cus_1","parent":{"subscription_details":{"subscription":"sub_1"}}}`: "sub_1",
		`{"object":"invoice","id":"in_1","customer":"cus_1","subscription":"sub_0"}`:                                     "sub_0",
		`{"object":"invoice","id":"in_1","customer":"cus_1"}`:                                                            "cus_1",
		`{"object":"refund","id":"re_1","charge":"ch_1","payment_intent":"pi_1"}`:                                        "pi_1",
		`{"object":"charge","id":"ch_1","payment_intent":null}`:                                                          "ch_1",
		`{"object":"customer","id":"cus_1"}`:                                                                             "cus_1",
		`{"object":"something","id":{"x":1}}`:                                                                            "",
		`{"object":"customer","id":"../../x"}`:                                                                           "",
	} {
		body := []byte(`{"id":"evt_1","object":"event","data":{"object":` + object + `}}`)
		r, err := s.Reporter.ReadReport(func(string) string { return fakestripe.Sign(hookSecret, noon, body) }, body, noon)
		if err != nil || r.ID != "evt_1" || r.Reference != want {
			t.Errorf("%s: %+v %v", object, r, err)
		}
	}
}

func TestWhatIsWrongIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	for more, want := range map[string]string{
		"    pause: never\n":                               "7:12 system.word /systems/billing/pause",
		"    prorate: false\n":                             "7:14 system.want_true /systems/billing/prorate",
		"    webhook: {secret: whsec_1}\n":                 "7:23 system.secret_inline /systems/billing/webhook/secret",
		"    webhook: {secret_next: env:N}\n":              "7:14 system.missing /systems/billing/webhook/secret",
		"    webhook: {secret: env:A, x: 1}\n":             "7:30 system.unknown_key /systems/billing/webhook/x",
		"    timeout: 5h\n":                                "7:14 system.range /systems/billing/timeout",
		"    api_version: 2024\n":                          "7:5 system.unknown_key /systems/billing/api_version",
		"  other:\n    kind: stripe\n    key: sk_live_1\n": "9:10 system.secret_inline /systems/other/key",
	} {
		_, err := load(t, "https://api.stripe.com", more)
		var told []string
		for _, e := range fault.Fields(err) {
			told = append(told, fmt.Sprintf("%s %s %s", strings.TrimPrefix(fmt.Sprint(e.Args[1]), "systems.yaml:"), e.Code, e.Field))
		}
		if got := strings.Join(told, "; "); got != want {
			t.Errorf("%q:\n got %s\nwant %s", more, got, want)
		}
	}
}

func TestWhatIsDeclaredIsWhatItCanDoAndNoSecret(t *testing.T) {
	t.Parallel()
	cfg, err := load(t, "https://api.stripe.com", "    webhook: {secret: env:STRIPE_HOOK, secret_next: "+file(t, "x")+"}\n")
	if err != nil {
		t.Fatal(err)
	}
	can, _ := cfg.Can()
	if got := strings.Join(can, " "); got != "billing endings reasons pauses coupons refunds ledger charges all_charges reports" || len(cfg.Secrets()) != 3 {
		t.Errorf("%s; %v", got, cfg.Secrets())
	}
	if i := cfg.Info(); i.Level != connector.ShapesOnly || i.Effect != connector.Keyed || i.KeyLife != 24*time.Hour || i.Undo != connector.Restorable {
		t.Errorf("%+v", i)
	}
	if _, err := stripesystem.New(cfg, when.NewManual(noon)); len(fault.Fields(err)) != 1 || fault.Fields(err)[0].Code != "system.env_missing" || fault.Fields(err)[0].Field != "/webhook/secret" {
		t.Errorf("%v", err)
	}
	cfg.Tells, cfg.Secret, cfg.Next = false, "", ""
	s, err := stripesystem.New(cfg, when.NewManual(noon))
	if err != nil {
		t.Fatal(err)
	}
	if printed := fmt.Sprintf("%v %+v %#v", s, s, s.Connector()); strings.Contains(printed, key) {
		t.Error("printing it shows the key")
	}
	if i := s.Connector().Refunder.Info(); i.Undo != connector.Final {
		t.Errorf("refunds: %+v", i)
	}
}

// Of everybody's invoices only those are looked into that are picked, in windows that
// leave none out.
func TestTheInvoicesOfEverybodyAreThoseOfWhoeverIsPicked(t *testing.T) {
	t.Parallel()
	far := fakestripe.Start(t, key, noon)
	for i, ago := range []time.Duration{71 * time.Hour, 30 * time.Hour, 6 * time.Hour, 0, 80 * time.Hour} {
		n, at := strconv.Itoa(i), noon.Add(-ago)
		objects := fakestripe.Paid(n, "sub_"+n, "cus_"+strconv.Itoa(i%2), "eur", 2985, at, at.AddDate(0, 0, 30))
		invoice := objects[len(objects)-1]
		invoice["created"], invoice["customer_email"] = at.Unix(), "a"+n+"@b.example"
		far.Put(objects...)
	}
	s := connect(t, far.URL, "")
	var seen []connector.Charged
	got, err := s.Every.EveryChargeSince(t.Context(), noon.Add(-72*time.Hour), func(of []connector.Charged) ([]bool, error) {
		picked := make([]bool, len(of))
		for i, x := range of {
			picked[i] = x.Owner == "cus_0"
		}
		seen = append(seen, of...)
		return picked, nil
	})
	if err != nil || len(seen) != 4 || len(got) != 2 {
		t.Fatalf("%v of %v, %v", got, seen, err)
	}
	for i, want := range []string{"in_0 sub_0 a0@b.example pi_0", "in_2 sub_2 a2@b.example pi_2"} {
		if x := got[i]; strings.Join([]string{x.ID, x.Subscription, x.Email, x.Payment}, " ") != want || x.Amount.Minor != 2985 {
			t.Errorf("%+v, want %s", x, want)
		}
	}
}
