package app_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/demo/peer"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/limit"
	"hastaluego/internal/notification"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/relationship"
	"hastaluego/internal/testkit"
)

// limits are the time limits of a departure by their parameter.
func (w *world) limits(t *testing.T, c offboarding.CaseID) map[string]limit.Limit {
	t.Helper()
	v, err := w.OpenCase(t.Context(), agent, c)
	must(t, err)
	out := map[string]limit.Limit{}
	for _, l := range v.Limits {
		out[l.Param] = l
	}
	return out
}

// The law of a departure is kept with it, with the text of its packs; its time
// limits run from what happened, are met by what was done, and whoever they
// concern hears of them before, at and after their end.
func TestTheLawOfADepartureIsKeptAndItsTimeLimitsAreWatched(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		w.person(t, "rosa", "agent")
		w.person(t, "ada", "admin")
		somewhere := func(_ int, in *app.CustomerInput) { in.Consumer, in.Country = true, "" }
		list := w.mini(t, 3, somewhere)
		late, prompt, stays := list[0], list[1], list[2]
		must(t, w.billing.Seed(ctx, []peer.Subscription{{Reference: "MI-01-1", Status: peer.Active, AmountMinor: 900, Currency: "EUR"}}))

		// Whose identity is proved at once: acknowledged, and its renewal stopped.
		w.host(t, prompt)
		eventually(t, "the departure", func() bool { return w.caseOf(t, prompt) != nil })
		eventually(t, "the receipt", func() bool { return w.limits(t, w.caseOf(t, prompt).ID)["ack.max"].State == limit.Met })
		w.workTasks(t, w.caseOf(t, prompt).ID)
		eventually(t, "the end of its charges", func() bool { return w.limits(t, w.caseOf(t, prompt).ID)["effect.max"].State == limit.Met })
		done := w.limits(t, w.caseOf(t, prompt).ID)
		for param, by := range map[string]limit.Event{"ack.max": limit.Received, "effect.max": limit.BillingStopped} {
			l := done[param]
			if l.State != limit.Met || l.By != string(by) || l.Rule.Pack != jurisdiction.SafeEverywhere || l.Rule.Cite == "" || l.Rule.Message["es"] == "" {
				t.Errorf("%s is %+v, want met by %s", param, l, by)
			}
		}
		if _, runs := done["refund.max"]; runs {
			t.Error("there is nothing to give back, and a limit runs for it")
		}

		// Whose acknowledgement does not go out, and who does not confirm.
		w.mail.stop("ack")
		c := w.asksToo(t, late)
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		if d := v.Decided; d.Case != c || len(d.Refs) != 2 || d.Facts["customer.kind"] != "consumer" || len(d.Chosen) == 0 || d.Chosen[0].Why != jurisdiction.ByNothing {
			t.Fatalf("it was decided %+v", d)
		}
		w.days(t, 2*time.Minute)
		eventually(t, "the missed acknowledgement", func() bool { return w.limits(t, c)["ack.max"].State == limit.Missed })
		w.days(t, 20*time.Hour)
		eventually(t, "the reminder", func() bool { return !w.limits(t, c)["effect.max"].Warned.IsZero() })
		w.days(t, 5*time.Hour)
		eventually(t, "the end", func() bool { return w.limits(t, c)["effect.max"].State == limit.Missed })
		w.days(t, 25*time.Hour)
		eventually(t, "the escalation", func() bool { return !w.limits(t, c)["effect.max"].Raised.IsZero() })
		must(t, w.UntilQuiet(ctx))
		said := w.limits(t, c)["effect.max"].Rule.Message["es"]
		for _, heard := range []struct {
			to   string
			kind notification.Kind
		}{{"rosa@faro.example", notification.DueSoon}, {"rosa@faro.example", notification.Overdue}, {"ada@faro.example", notification.Escalation}} {
			eventually(t, string(heard.kind), func() bool { return slices.Contains(w.mail.toldOf(heard.to, heard.kind), said) })
		}
		if got := w.mail.toldOf("ada@faro.example", notification.DueSoon); len(got) > 0 {
			t.Errorf("an administrator is reminded of %v", got)
		}

		// What is done afterwards is done late.
		w.mail.stop("")
		w.days(t, time.Hour)
		eventually(t, "the acknowledgement", func() bool { return w.limits(t, c)["ack.max"].By == string(limit.Acknowledged) })
		if l := w.limits(t, c)["ack.max"]; l.State != limit.Missed || l.Over.IsZero() {
			t.Errorf("done late it is %+v", l)
		}
		must(t, w.AttestLimit(ctx, agent, w.limits(t, c)["effect.max"].ID, "Hablé con ella por teléfono"))
		if err := w.AttestLimit(ctx, agent, w.limits(t, c)["effect.max"].ID, "Otra vez"); err == nil {
			t.Error("what is over is answered for twice")
		}

		// A refund that appears starts its limit; paid, it is met.
		b, err := w.AddBalance(ctx, finance, customer.Balance{Customer: late, Reference: "R-1", Kind: customer.Refund, Amount: eur(500)})
		must(t, err)
		if l := w.limits(t, c)["refund.max"]; l.State != limit.Running {
			t.Fatalf("there is something to give back, and its limit is %+v", l)
		}
		must(t, w.SettleBalance(ctx, finance, late, b, customer.Paid))
		if l := w.limits(t, c)["refund.max"]; l.State != limit.Met || l.By != string(limit.Refunded) {
			t.Errorf("given back, it is %+v", l)
		}

		// A complaint has its own.
		x, err := w.RecordComplaint(ctx, agent, relationship.Complaint{Customer: late, Received: w.today(t), What: "Nadie contesta"})
		must(t, err)
		if l := w.limits(t, c)["complaint.max"]; l.State != limit.Running || l.About != string(x) {
			t.Fatalf("a complaint is to be answered %+v", l)
		}
		must(t, w.AnswerComplaint(ctx, agent, app.ComplaintAnswer{Complaint: x, State: relationship.Fixed, Answer: "Ya está"}))
		if l := w.limits(t, c)["complaint.max"]; l.State != limit.Met {
			t.Errorf("answered, it is %+v", l)
		}

		// The report counts them, and who was made up is not in it.
		r, err := w.ReportLaw(ctx, agent, 2)
		must(t, err)
		if r.All.Missed != 2 || r.All.DoneLate != 2 || r.All.Met < 2 || len(r.Late) != 0 || len(r.Table()) < 3 {
			t.Errorf("the report is %+v", r)
		}
		if n := w.logged(t, "limit.missed"); n != 2 {
			t.Errorf("%d times it was written down that a limit was missed", n)
		}

		// Packs that change change nothing of what is decided.
		w.anotherLaw(t, c)

		// Taken back, nothing is left to do.
		again := w.asksToo(t, stays)
		must(t, w.UndoByStaff(ctx, agent, again))
		if l := w.limits(t, again)["effect.max"]; l.State != limit.Moot {
			t.Errorf("taken back, it is %+v", l)
		}
		w.verifyLog(t)
	})
}

// asksToo is a declaration on the public page by somebody who does not confirm.
func (w *world) asksToo(t *testing.T, cus customer.ID) offboarding.CaseID {
	t.Helper()
	p := w.opened(t, cus)
	_, err := w.RequestExit(t.Context(), app.ExitInput{Name: p.Customer.Name, AccountEmail: p.Contacts[0].Email, When: "now", Language: "es"})
	must(t, err)
	eventually(t, "the departure", func() bool { return w.caseOf(t, cus) != nil })
	return w.caseOf(t, cus).ID
}

// anotherLaw looks at a departure with packs that say something else by now.
func (w *world) anotherLaw(t *testing.T, c offboarding.CaseID) {
	t.Helper()
	files := jurisdiction.ShippedFiles()
	i := slices.IndexFunc(files, func(f jurisdiction.File) bool { return f.Name == "safe-everywhere.yaml" })
	files[i].Source = bytes.Replace(files[i].Source, []byte("value: {d: 24h, from: request.submitted}"), []byte("value: {d: 48h, from: request.submitted}"), 1)
	other, err := jurisdiction.Load(files)
	must(t, err)
	a := app.New(app.Config{Store: w.store, Keys: w.keys, Law: other, Company: app.Company{Zone: time.UTC}})
	v, err := a.OpenCase(t.Context(), agent, c)
	must(t, err)
	law, err := a.LawOf(t.Context(), v)
	must(t, err)
	s, ok := law.Law.Of("effect.max")
	if !ok || !strings.HasPrefix(s.Value.String(), "24h ") {
		t.Errorf("the packs have changed, and the departure is under %s", s.Value)
	}
	if len(law.Changed) != 1 || law.Changed[0].Pack != jurisdiction.SafeEverywhere {
		t.Errorf("what has changed since is %v", law.Changed)
	}
}
