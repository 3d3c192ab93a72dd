package app_test

import (
	"reflect"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/settlement"
	"hastaluego/internal/testkit"
)

func (w *world) openedCase(t *testing.T, c offboarding.CaseID) offboarding.Case {
	t.Helper()
	v, err := w.OpenCase(t.Context(), agent, c)
	must(t, err)
	return v.Plan.Case
}

// endsOf are the last days of a statement by contract, with why.
func endsOf(s app.Statement) map[string]string {
	out := map[string]string{}
	for _, e := range s.Ends {
		out[e.Contract] = e.On.String() + " " + e.Why
	}
	return out
}

// Two contracts that are paid to different days each end on their own, on the page
// before the click, in the departure and in the statement: what several-contracts
// among the cases of the settlement says, at the company.
func TestEachContractEndsOnItsOwnDay(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, settles)
		ctx, today := t.Context(), w.today(t)
		email := "ana@varios.example"
		cus, err := w.AddCustomer(ctx, agent, app.CustomerInput{
			Kind: customer.Person, Consumer: true, Name: "Ana", Reference: "VARIOS", Country: "ES", Language: "es", Contacts: []app.ContactInput{{Name: "Ana", Email: email, Role: customer.Owner}},
			Subscriptions: []app.SubscriptionInput{
				{Reference: "A", Product: "Faro", Amount: eur(36500), Interval: customer.Yearly, Start: today.AddDays(-109), PaidUntil: today.AddDays(255)},
				{Reference: "B", Product: "Boya", Amount: eur(3000), Interval: customer.Monthly, Start: today.AddDays(-109), PaidUntil: today.AddDays(10)},
			},
		})
		must(t, err)
		before := w.preview(t, cus)
		if got, want := endsOf(before.End), map[string]string{"A": today.AddDays(255).String() + " paid", "B": today.AddDays(10).String() + " paid"}; !reflect.DeepEqual(got, want) {
			t.Errorf("at the end: %v, not %v", got, want)
		}
		if got, want := endsOf(before.Now), map[string]string{"A": today.String() + " asked", "B": today.String() + " asked"}; !reflect.DeepEqual(got, want) {
			t.Errorf("now: %v, not %v", got, want)
		}
		c, _ := w.leaves(t, email, "period_end")
		k := w.openedCase(t, c)
		v := w.opened(t, cus)
		for _, s := range v.Lines {
			if k.Effective != today.AddDays(255) || k.EndOf(s.ID) != s.PaidUntil {
				t.Errorf("%s ends on %s in a departure of %s", s.Reference, k.EndOf(s.ID), k.Effective)
			}
		}
		if draft := w.statement(t, c); !reflect.DeepEqual(draft.Doc.Ends, before.End.Ends) || !reflect.DeepEqual(draft.Doc.Sections, before.End.Sections) {
			t.Errorf("the statement ends %v\nthe page said %v", draft.Doc, before.End)
		}
		// What a later import says of what is paid moves no day that was told.
		later := today.AddDays(41)
		must(t, w.EditSubscription(ctx, agent, app.SubscriptionPatch{Customer: cus, Subscription: v.Lines[1].ID, PaidUntil: &later}))
		if ends := endsOf(w.statement(t, c).Doc); ends["B"] != today.AddDays(10).String()+" fixed" {
			t.Errorf("after another month was charged: %v", ends)
		}
	})
}

// Whoever leaves now uses nothing from tomorrow on. Between companies the contract
// ends when its notice is over, and until then it is owed; where the law lets
// nobody charge for what comes after the end, no notice is.
func TestANoticeIsOwedWhereTheLawLetsItBe(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, settles)
		ctx, today := t.Context(), w.today(t)
		for _, x := range []struct {
			ref, why string
			consumer bool
			days     int
		}{{"FIRMA", "notice", false, 60}, {"HOGAR", "asked", true, 0}} {
			email := "ana@" + x.ref + ".example"
			kind := customer.Organisation
			if x.consumer {
				kind = customer.Person
			}
			cus, err := w.AddCustomer(ctx, agent, app.CustomerInput{
				Kind: kind, Consumer: x.consumer, Name: x.ref, Reference: x.ref, Country: "ES", Language: "es", Contacts: []app.ContactInput{{Name: "Ana", Email: email, Role: customer.Owner}},
				Subscriptions: []app.SubscriptionInput{{
					Reference: x.ref + "-1", Product: "Faro", Amount: eur(3000), Interval: customer.Monthly, Start: today.AddMonths(-3), PaidUntil: today.AddDays(-1), NoticeDays: 60,
				}},
			})
			must(t, err)
			before := w.preview(t, cus).Now
			if got := endsOf(before)[x.ref+"-1"]; got != today.AddDays(x.days).String()+" "+x.why {
				t.Errorf("%s ends %s", x.ref, got)
			}
			var owed int64
			for _, s := range before.Sections {
				for _, l := range s.Lines {
					if l.Kind == settlement.LineRecurring {
						owed -= l.Amount.Minor
					}
				}
			}
			if day := int64(3000 / 28); x.days > 0 && (owed < 5000 || owed > 62*day) || x.days == 0 && owed > day {
				t.Errorf("%s: %d are asked for %d days", x.ref, owed, x.days)
			}
			c, _ := w.leaves(t, email, "now")
			k, sub := w.openedCase(t, c), w.opened(t, cus).Lines[0].ID
			if k.Effective != today || k.EndOf(sub) != today.AddDays(x.days) {
				t.Errorf("%s: it takes effect on %s, and the contract ends on %s", x.ref, k.Effective, k.EndOf(sub))
			}
			if draft := w.statement(t, c).Doc; !reflect.DeepEqual(draft.Sections, before.Sections) || !reflect.DeepEqual(draft.Ends, before.Ends) {
				t.Errorf("%s: the statement is %+v\nthe page said %+v", x.ref, draft, before)
			}
		}
		w.verifyLog(t)
	})
}
