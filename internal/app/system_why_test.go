package app_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
	"hastaluego/internal/reason"
	"hastaluego/internal/testkit"
	"hastaluego/internal/testkit/fakestripe"
	"hastaluego/internal/when"
)

// atStripe lets the billing of the sample company be at Stripe.
func atStripe(t *testing.T, url, secret string) func(string) string {
	entry := regexp.MustCompile(`(?s)  billing:\n.*?\n  (\w+):\n    kind`)
	return func(systems string) string {
		return entry.ReplaceAllString(systems, fmt.Sprintf("  billing:\n    kind: stripe\n    base_url: %s\n    key: file:%s\n    webhook: {secret: \"file:%s\"}\n    allow: [127.0.0.1/32]\n  $1:\n    kind",
			url, tokenFile(t, "sk_test_1"), tokenFile(t, secret)))
	}
}

// A playbook cancels at Stripe as at any billing system, and why the customer
// leaves, which Stripe tells some seconds later in a second event, is written down
// once, with the departure, whatever comes twice, late or while Stripe is down.
func TestAReasonThatStripeTellsLateIsWrittenDownOnce(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		const secret, sub = "whsec_of_ours", "FE-20418-1"
		began := when.Machine{}.Wall()
		far := fakestripe.Start(t, "sk_test_1", began)
		far.Put(fakestripe.Subscription(sub, "cus_1", "eur", began.AddDate(0, 0, -3), began.AddDate(0, 0, 27)))
		w := newWorldOn(t, e, string(playbook.Builtin()["saas-b2c"]), "", 10*time.Second, atStripe(t, far.URL, secret))
		ctx := t.Context()
		_, c, page := w.request(t, "now")
		w.workTasks(t, c)
		eventually(t, "billing stopped at Stripe", func() bool { return w.stepState(t, c, "cancel_billing") == offboarding.StepVerified })
		if acts := slices.DeleteFunc(far.Calls(), func(c fakestripe.Call) bool { return c.Method == "GET" }); len(acts) != 1 {
			t.Errorf("acted %d times: %+v", len(acts), acts)
		}
		hear := func(body []byte) {
			t.Helper()
			_, wall, err := w.Now(ctx)
			must(t, err)
			signature := fakestripe.Sign(secret, wall, body)
			must(t, w.ReportFromSystem(ctx, "billing", func(name string) string {
				return map[string]string{"Stripe-Signature": signature}[name]
			}, body))
		}
		reasons := func() []reason.Given {
			v, err := w.OpenCase(ctx, agent, c)
			must(t, err)
			return v.Reasons
		}
		early := far.Event("customer.subscription.deleted", sub)
		hear(early)
		eventually(t, "what was told first is read", func() bool { return read(far) })
		if got := reasons(); len(got) != 0 {
			t.Fatalf("nothing was said yet: %+v", got)
		}

		far.Put(fakestripe.Object{"id": sub, "cancellation_details": fakestripe.Object{
			"feedback": "too_complex", "comment": "No encuentro\x00 nada", "reason": "cancellation_requested",
		}})
		far.Fail(fakestripe.Fault{Before: true, Status: 429, Header: [2]string{"Retry-After", "1"}})
		late := far.Event("customer.subscription.updated", sub)
		hear(late)
		eventually(t, "Stripe is busy", func() bool { return read(far) })
		hear(late) // sent again: its answer was lost
		hear(far.Event("customer.subscription.updated", sub))
		eventually(t, "the reason is written down", func() bool { return len(reasons()) > 0 })
		hear(far.Event("customer.subscription.updated", sub))
		eventually(t, "it is read again", func() bool { return read(far) })
		got := reasons()
		if len(got) != 1 || got[0].Code != "too_complex" || got[0].Kind != reason.Stated || got[0].By != "customer.system" ||
			got[0].Text != "No encuentro nada" || got[0].Evidence != "billing too_complex" {
			t.Errorf("reasons: %+v", got)
		}
		// What they tell us later counts, and what they told Stripe stays beside it.
		must(t, w.RecordReason(ctx, agent, app.ReasonInput{Case: c, Kind: reason.Stated, Code: "price", Text: "Me salía caro"}))
		far.Put(fakestripe.Object{"id": sub, "cancellation_details": fakestripe.Object{"feedback": "too_expensive", "comment": "", "reason": "cancellation_requested"}})
		hear(far.Event("customer.subscription.updated", sub))
		eventually(t, "the other reason is written down too", func() bool { return len(reasons()) == 3 })
		if w := reason.Weigh(reasons()); w.Stated.Text != "Me salía caro" || len(w.Also) != 2 || w.Also[0].Evidence != "billing too_expensive" || w.Also[1].Code != "too_complex" {
			t.Errorf("it counts %+v, beside it %+v", w.Stated, w.Also)
		}
		p, err := w.OpenCasePage(ctx, page, "case", "")
		must(t, err)
		if p.MayTell && p.Told {
			t.Error("they are asked what they have said")
		}
		must(t, w.store.View(ctx, func(tx app.Tx) error {
			list, err := tx.ReasonsOf(ctx, c)
			for _, r := range list {
				if strings.Contains(string(r.Body), "encuentro") {
					t.Errorf("in the clear: %q", r.Body)
				}
			}
			return err
		}))
		w.verifyLog(t)
	})
}

// read reports whether the subscription was read since it was last asked.
func read(far *fakestripe.Stripe) bool {
	return slices.ContainsFunc(far.Calls(), func(c fakestripe.Call) bool { return c.Method == "GET" })
}
