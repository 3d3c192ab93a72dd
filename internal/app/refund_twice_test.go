package app_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/settlement"
	"hastaluego/internal/testkit"
	"hastaluego/internal/testkit/fakestripe"
	"hastaluego/internal/when"
)

// atStripeWhichCredits is Stripe as it is declared by whoever lets it credit what is not
// used and bill at once.
func atStripeWhichCredits(t *testing.T, url string) func(string) string {
	t.Helper()
	declare := atStripe(t, url, "whsec_of_ours")
	return func(systems string) string {
		return strings.Replace(declare(systems), "    webhook:", "    prorate: true\n    invoice_now: true\n    webhook:", 1)
	}
}

// The law gives back what is not used, and Stripe would credit it beside that: ours
// stands, is sent once, and Stripe is asked to credit nothing. Where somebody had it
// credit all the same, the statement leaves that out, and nothing is sent until a person
// took the credit away.
func TestWhatIsNotUsedIsGivenBackByUsOrByStripeNeverByBoth(t *testing.T) {
	t.Parallel()
	for _, byStripe := range []bool{false, true} {
		testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
			began := when.Machine{}.Wall()
			far := fakestripe.Start(t, "sk_test_1", began)
			w := newWorldOn(t, e, strings.Replace(agreed, "  - {id: statement,", "  - {id: stop, kind: cancel_billing, title: {es: \"A\", en: \"A\"}, after: [confirm], params: {system: billing}}\n  - {id: statement,", 1),
				"", 10*time.Second, atStripeWhichCredits(t, far.URL))
			ctx := t.Context()
			cus, email := w.buyer(t, "ST", "ES", 40)
			from, to := began.AddDate(0, 0, -40), began.AddDate(0, 0, 325)
			for _, sub := range []string{"ST-1", "ST-2"} {
				far.Put(fakestripe.Subscription(sub, "cus_st", "eur", from, to))
				far.Put(fakestripe.Paid(strings.TrimPrefix(sub, "ST-"), sub, "cus_st", "eur", 36500, from, to)...)
			}
			far.Put(fakestripe.Object{"id": "cus_st", "object": "customer"})
			if byStripe {
				far.Ends(t, "ST-1", true, true)
			}
			c, _ := w.leaves(t, email, "now")
			eventually(t, "its end stands at Stripe", func() bool { return w.stepState(t, c, "stop") == offboarding.StepVerified })
			must(t, w.UntilQuiet(ctx))
			must(t, w.SignStatement(ctx, finance, c))
			w.push(t, 1)
			x := w.statement(t, c)
			if back, _ := sumOf(x.Doc, settlement.LineRefund, ""); back <= 0 {
				t.Fatalf("nothing comes back: %+v", x.Doc.Sections)
			}
			if credit, _ := sumOf(x.Doc, settlement.LineCredit, ""); credit != 0 {
				t.Errorf("Stripe's own credit stands in the statement too: %d", credit)
			}
			eventually(t, "a second person is asked", func() bool { return w.stepState(t, c, "refund_approval") == offboarding.StepReady })
			must(t, w.Approve(ctx, app.Actor{ID: "usr_second", Roles: []string{"finance"}}, c, "refund_approval", true, "De acuerdo"))
			if byStripe {
				if s := w.stuck(t, c, "refund"); s.LastError != "refund.credited" || far.Count("refund") != 0 {
					t.Fatalf("%s, and %d refunds", s.LastError, far.Count("refund"))
				}
				far.Put(fakestripe.Object{"id": "cus_st", "invoice_credit_balance": fakestripe.Object{}})
			}
			eventually(t, "the money was sent", func() bool {
				v, err := w.OpenCase(ctx, agent, c)
				must(t, err)
				for _, x := range v.Works {
					if byStripe && x.State == offboarding.WorkFailed { // a person took the credit away, and has it looked at again
						must(t, w.DecideWork(ctx, agent, app.DecideInput{Case: c, Work: x.ID, Decision: "again", Evidence: "Abono quitado en Stripe"}))
					}
				}
				return v.Plan.Step("refund").State == offboarding.StepVerified
			})
			var noted int64
			asked := map[string]bool{} // by key; a payment that another refund took meanwhile is refused, and the next is asked
			for _, b := range w.refundsOf(t, cus) {
				if noted += b.Amount.Minor; b.Status != customer.Paid {
					t.Errorf("%s is %s", b.Reference, b.Status)
				}
			}
			for _, call := range far.Calls() {
				switch {
				case call.Method == "DELETE" && call.Form.Get("prorate") == "true" && !byStripe, call.Form.Get("proration_behavior") == "create_prorations" && !strings.HasSuffix(call.Path, "/create_preview"):
					t.Errorf("Stripe was asked to credit: %s %v", call.Path, call.Form)
				case call.Method == "POST" && call.Path == "/v1/refunds":
					asked[call.Key] = true
				}
			}
			v, err := w.OpenCase(ctx, finance, c)
			must(t, err)
			given := v.GivenBack[v.Plan.Step("refund").ID]
			for _, x := range given {
				if x.System != "billing" || !strings.HasPrefix(x.Far, "re_") || x.Found != 1 || x.Key == "" || x.Tries < 1 || x.At.IsZero() || x.Sum.Minor <= 0 {
					t.Errorf("the page of the departure says %+v", x)
				}
			}
			if len(given) != len(w.refundsOf(t, cus)) {
				t.Errorf("the page of the departure tells of %d refunds", len(given))
			}
			if n := len(w.refundsOf(t, cus)); len(asked) < n || far.Count("refund") != n || noted <= 0 {
				t.Errorf("%d sums, asked under %d keys, %d refunds", n, len(asked), far.Count("refund"))
			}
			if has := far.Get("cus_st")["invoice_credit_balance"]; has != nil && len(has.(fakestripe.Object)) > 0 {
				t.Errorf("and Stripe has %v of theirs", has)
			}
			w.verifyLog(t)
		})
	}
}

// Whatever a system credited of its own, its lines and what is left of the balance add
// up to the balance.
func TestOwnCreditsAreApartOfTheBalance(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, settles)
		for i, x := range []struct {
			balance, own []int64
			credit       int64 // what the statement tells as credit where nothing of it is given back by section 4
		}{
			{[]int64{700}, []int64{-500}, 200},
			{[]int64{500}, []int64{-500}, 0},
			{[]int64{300}, []int64{-500}, 0}, // a part is spent
			{nil, []int64{-500}, 0},
			{[]int64{700}, []int64{-500, -100}, 100},
		} {
			ref := "OWN" + string(rune('A'+i))
			cus, _ := w.buyer(t, ref, "ES", 40)
			now, _, err := w.Now(t.Context())
			must(t, err)
			st := connector.LedgerState{Customer: "cus_" + ref}
			for _, n := range x.balance {
				st.Credits = append(st.Credits, eur(n))
			}
			for j, n := range x.own {
				st.Credited = append(st.Credited, connector.LedgerLine{Of: ref + "-1", Reference: ref + string(rune('a'+j)), Amount: eur(n), Tax: money.Amount{}, From: now.Add(time.Hour), To: now.AddDate(0, 1, 0), Prorated: true})
			}
			w.bank.set(func() {
				w.bank.books = map[string]connector.LedgerState{ref + "-1": st, ref + "-2": {Customer: "cus_" + ref}}
			})
			p := w.preview(t, cus)
			if got, _ := sumOf(p.Now, settlement.LineCredit, ""); got != x.credit {
				t.Errorf("balance %v, of it its own %v: the statement has %d of credit", x.balance, x.own, got)
			}
			if !slices.ContainsFunc(p.Now.Sections, func(s settlement.Section) bool { return s.Total.Minor > 0 }) {
				t.Errorf("balance %v: nothing comes back: %+v", x.balance, p.Now.Sections)
			}
		}
	})
}
