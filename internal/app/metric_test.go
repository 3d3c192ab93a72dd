package app_test

import (
	"fmt"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/form"
	"hastaluego/internal/improvement"
	"hastaluego/internal/metric"
	"hastaluego/internal/money"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

// learning is a playbook that looks back when it is over.
const learning = `
playbook: learning
title: {es: "Aprender", en: "Learn"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - {id: effective, kind: wait, title: {es: "Fin", en: "End"}, after: [confirm], params: {until: effective}}
  - id: third
    kind: evaluate
    title: {es: "Después", en: "After"}
    after: [effective]
    params: {form: third_evaluation}
    role: agent
    due: {d: 2, from: ready}
    escalate: {d: 1, to: admin}
`

// addCustomers adds customers who pay so much a month since before this month.
func (w *world) addCustomers(t *testing.T, n int, minor int64) (list []customer.ID) {
	t.Helper()
	now, _, err := w.Now(t.Context())
	must(t, err)
	for i := range n {
		ref := fmt.Sprint("M-", minor, "-", i)
		id, err := w.AddCustomer(t.Context(), agent, app.CustomerInput{
			Kind: customer.Person, Name: "Cliente " + ref, Reference: ref,
			Contacts:      []app.ContactInput{{Name: "Ana", Email: ref + "@m.example", Role: customer.Owner}},
			Subscriptions: []app.SubscriptionInput{{Reference: ref + "-1", Product: "Faro", Amount: money.Amount{Minor: minor, Currency: "EUR"}, Interval: customer.Monthly, Start: when.DateOf(now, time.UTC).AddMonths(-2)}},
		})
		must(t, err)
		list = append(list, id)
	}
	return list
}

func inEuros(t *testing.T, c app.Compared) metric.Movement {
	t.Helper()
	for _, m := range c.Movements {
		if m.Currency == "EUR" {
			return m
		}
	}
	t.Fatalf("no euros: %+v", c)
	return metric.Movement{}
}

func TestWhatIsLearnedHasItsN(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, learning)
		ctx := t.Context()
		before, err := w.Metrics(ctx, agent)
		must(t, err)
		had := before.Churn[0].AtStart
		if _, ok := before.Churn[1].Rate(); ok || before.Churn[1].Known {
			t.Fatalf("the month before the record has a rate: %+v", before.Churn[1])
		}
		list := w.addCustomers(t, 12, 2900)
		page := func(i int) app.CustomerPage {
			p, err := w.OpenCustomer(ctx, agent, list[i])
			must(t, err)
			return p
		}
		// One pays more from now on.
		p := page(5)
		more := money.Amount{Minor: 60000, Currency: "EUR"}
		yearly := customer.Yearly
		must(t, w.EditSubscription(ctx, agent, app.SubscriptionPatch{
			Customer: list[5], Subscription: p.Lines[0].ID, Version: p.Customer.Version, Amount: &more, Interval: &yearly,
		}))
		now, _, err := w.Now(ctx)
		must(t, err)
		must(t, w.PushClock(ctx, "", now.AddDate(0, 0, 40)))
		mid, err := w.Metrics(ctx, agent)
		must(t, err)
		if m := mid.Churn[0]; m.AtStart != had+12 || m.Lost != 0 {
			t.Fatalf("at the start of the month: %+v, want %d", m, had+12)
		}
		// Two leave at the end of today.
		for i := range 2 {
			_, err := w.RequestExit(ctx, app.ExitInput{Name: "Ana", AccountEmail: fmt.Sprint("M-2900-", i, "@m.example"), When: "now", Language: "es"})
			must(t, err)
			confirm := w.mail.wait(t, "confirm", fmt.Sprint("M-2900-", i, "@m.example"))
			c, _, err := w.VerifyRequest(ctx, token(confirm.Links["verify"]))
			must(t, err)
			now, _, err := w.Now(ctx)
			must(t, err)
			must(t, w.PushClock(ctx, "", now.AddDate(0, 0, 1)))
			eventually(t, "the end", func() bool { return w.stepState(t, c, "third") == "ready" })
			answers := form.Answers{"quality": "Los avisos tardaban", "fit": "yes", "price_perception": "high"}
			if i == 0 {
				answers["ideas"] = "Avisar por SMS\nUn plan más pequeño"
			}
			must(t, w.AnswerForm(ctx, agent, app.FormInput{Case: c, Step: "third", Answers: answers, Done: true}))
		}
		f, err := w.Metrics(ctx, agent)
		must(t, err)
		lost := 0
		for _, m := range f.Churn {
			lost += m.Lost
			if m.Lost > 0 && m.AtStart < had+11 {
				t.Errorf("lost of whom? %+v", m)
			}
		}
		if lost != 2 {
			t.Errorf("%d lost: %+v", lost, f.Churn[:3])
		}
		if m := inEuros(t, f.MRR[0]); m.More != 0 || m.Left != 2 || m.Unknown != 0 || m.Then.Minor-m.Now.Minor != 2*2900 {
			t.Errorf("against a month ago: %+v", m)
		}
		if year := inEuros(t, f.MRR[2]); year.Unknown == 0 || year.Same != 0 || year.More != 0 {
			t.Errorf("a year ago nothing was on record: %+v", year)
		}
		if f.Leavers.N != 2 || f.Leavers.Headings[1].N != 2 || f.Leavers.Choices["fit"][0].N != 2 {
			t.Errorf("leavers: %+v", f.Leavers)
		}
		learn, err := w.OpenLearn(ctx, agent)
		must(t, err)
		if len(learn.Ideas) != 2 || learn.Ideas[0].Text != "Avisar por SMS" || len(learn.Said) != 2 {
			t.Errorf("ideas %+v, said %+v", learn.Ideas, learn.Said)
		}
		if other, err := w.OpenLearn(ctx, finance); err != nil || len(other.Ideas)+len(other.Said) > 0 {
			t.Errorf("finance reads what people wrote: %v %+v", err, other.Ideas)
		}
		w.verifyLog(t)
	})
}

func TestMoneyThatChangesIsSeenAgainstTheDayBefore(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, learning)
		ctx := t.Context()
		list := w.addCustomers(t, 1, 1000)
		now, _, err := w.Now(ctx)
		must(t, err)
		must(t, w.PushClock(ctx, "", now.AddDate(0, 0, 20)))
		p, err := w.OpenCustomer(ctx, agent, list[0])
		must(t, err)
		more := money.Amount{Minor: 1500, Currency: "EUR"}
		in := app.SubscriptionPatch{Customer: list[0], Subscription: p.Lines[0].ID, Version: p.Customer.Version, Amount: &more}
		must(t, w.EditSubscription(ctx, agent, in))
		must(t, w.PushClock(ctx, "", now.AddDate(0, 0, 45)))
		f, err := w.Metrics(ctx, agent)
		must(t, err)
		m := inEuros(t, f.MRR[0])
		if m.More != 1 || m.Less != 0 || m.Now.Minor-m.Then.Minor != 500 {
			t.Errorf("%+v", m)
		}
	})
}

func TestAnImprovementHasAnOwnerADayAndAnEffect(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, learning)
		ctx := t.Context()
		u, err := w.AddUser(ctx, "", app.UserInput{Login: "ines", Name: "Inés", Password: "una contraseña larga", Roles: []string{"success"}})
		must(t, err)
		now, _, err := w.Now(ctx)
		must(t, err)
		x := improvement.Action{Heading: "quality", What: "Avisar por SMS", Owner: "usr_nobody", Due: when.DateOf(now, time.UTC).AddDays(5)}
		_, err = w.AddImprovement(ctx, agent, x)
		if f := fault.Fields(err); len(f) != 1 || f[0].Field != "owner" {
			t.Fatalf("an owner who is nobody: %v", err)
		}
		_, err = w.AddImprovement(ctx, finance, x)
		code(t, err, "forbidden.role")
		x.Owner = u.ID
		id, err := w.AddImprovement(ctx, agent, x)
		must(t, err)
		must(t, w.PushClock(ctx, "", now.AddDate(0, 0, 10)))
		p, err := w.OpenLearn(ctx, finance)
		must(t, err)
		if len(p.Actions) != 1 || p.Actions[0].What != "Avisar por SMS" || !p.Actions[0].Late(p.Today) {
			t.Fatalf("%+v", p.Actions)
		}
		code(t, w.EndImprovement(ctx, agent, id, improvement.Done, ""), "field.required")
		must(t, w.EndImprovement(ctx, agent, id, improvement.Done, "La mitad de quejas"))
		code(t, w.EndImprovement(ctx, agent, id, improvement.Dropped, "No"), "improvement.over")
		p, err = w.OpenLearn(ctx, agent)
		must(t, err)
		if p.Actions[0].State != improvement.Done || p.Actions[0].Effect != "La mitad de quejas" {
			t.Errorf("%+v", p.Actions[0])
		}
		code(t, w.SetChurnThreshold(ctx, agent, 10001), "metric.threshold")
		must(t, w.SetChurnThreshold(ctx, agent, 550))
		if f, err := w.Metrics(ctx, agent); err != nil || f.Threshold != 550 {
			t.Errorf("%v %+v", err, f.Threshold)
		}
		w.verifyLog(t)
	})
}
