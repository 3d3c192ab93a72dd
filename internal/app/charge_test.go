package app_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

// A departure that nobody confirms is not forgotten: before its next charge a
// person is asked, the day of the charge is the due date, and a day before it
// the administrators see it too. Confirmed, nobody need do it any more; and what
// was charged meanwhile is proposed to be given back.
func TestAPersonIsAskedBeforeAnUnconfirmedDepartureIsCharged(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		zone, err := time.LoadLocation("Europe/Madrid")
		must(t, err)
		list, err := w.ListCustomers(ctx, agent, app.CustomerFilter{Query: firstMail})
		must(t, err)
		sub := list.Rows[0].Lines[0]
		r, err := w.RequestExit(ctx, app.ExitInput{AccountEmail: firstMail, ReceiptEmail: "casa@marta.example", When: "period_end", Language: "es"})
		must(t, err)
		confirm := w.mail.wait(t, "confirm", firstMail)
		charge := sub.NextCharge(when.DateOf(r.ReceivedAt, zone))
		at := charge.Start(zone)

		var in app.Inbox
		next, err := w.NextTimer(ctx)
		must(t, err)
		if !next.Equal(at.Add(-48 * time.Hour)) {
			t.Fatalf("the charge of %s is looked at on %s", charge, next)
		}
		must(t, w.PushClock(ctx, "", next))
		eventually(t, "the agent is asked", func() bool {
			in, err = w.OpenInbox(ctx, agent, app.CaseFilter{Roles: []string{"agent"}, OpenOnly: true})
			must(t, err)
			return in.Total == 1
		})
		s := in.Cases[0].Next
		if s == nil || !s.Due.Equal(at) || s.Role != "agent" || !strings.HasPrefix(s.Key, "unconfirmed_") {
			t.Fatalf("asked: %+v", s)
		}
		c := in.Cases[0].Plan.Case.ID
		must(t, w.Tick(ctx, agent, app.TickInput{Case: c, Step: s.Key, Item: "reached", Ticked: true, Evidence: "no contesta"}))
		must(t, w.PushClock(ctx, "", at.Add(-24*time.Hour)))
		eventually(t, "it escalates before the charge", func() bool {
			v, err := w.OpenCase(ctx, agent, c)
			must(t, err)
			return v.Plan.Step(s.Key).Escalated == "admin"
		})

		// Nobody confirms: the charge is taken. A month later there is the next.
		must(t, w.PushClock(ctx, "", at.Add(time.Hour)))
		second := sub.NextCharge(charge)
		must(t, w.PushClock(ctx, "", second.Start(zone).Add(-47*time.Hour)))
		key := "unconfirmed_" + strings.ReplaceAll(second.String(), "-", "")
		eventually(t, "asked again before the next", func() bool {
			v, err := w.OpenCase(ctx, agent, c)
			must(t, err)
			return v.Plan.Step(key) != nil
		})

		// The link of the first letter is too old by now; with the code there is
		// another, to the address on file.
		if _, _, err := w.VerifyRequest(ctx, token(confirm.Links["verify"])); fault.KindOf(err) != fault.Gone {
			t.Fatalf("a link of two months ago: %v", err)
		}
		must(t, w.AskLink(ctx, strings.ToLower(r.Code)))
		eventually(t, "another letter to confirm", func() bool { return w.mail.count("confirm") == 2 })
		confirm = w.mail.last(t, "confirm")
		_, page, err := w.VerifyRequest(ctx, token(confirm.Links["verify"]))
		must(t, err)
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		for _, st := range v.Plan.Steps {
			if st.Spec.UntilConfirmed && st.State != offboarding.StepCancelled {
				t.Errorf("%s is %s after the proof", st.Key, st.State)
			}
		}
		if late := v.Plan.Step("late_charge"); late == nil || late.State != offboarding.StepReady || late.Role != "finance" || late.Due.IsZero() {
			t.Errorf("finance is asked: %+v", late)
		}
		if v.Plan.Case.RequestedAt != r.ReceivedAt {
			t.Errorf("the date that counts is %s, not %s", v.Plan.Case.RequestedAt, r.ReceivedAt)
		}
		cp, err := w.OpenCustomer(ctx, finance, list.Rows[0].Customer.ID)
		must(t, err)
		i := slices.IndexFunc(cp.Balances, func(b customer.Balance) bool {
			return b.Kind == customer.Refund && strings.HasPrefix(b.Reference, r.Code)
		})
		if i < 0 {
			t.Fatalf("no refund is proposed: %+v", cp.Balances)
		}
		if b := cp.Balances[i]; b.Amount != sub.Amount || b.DueOn != charge || b.Status != customer.Due || b.Owed().Minor <= 0 {
			t.Errorf("refund: %+v", b)
		}
		p, err := w.OpenCasePage(ctx, page, "case", "es")
		must(t, err)
		if len(p.Paper.Late) != 1 || p.Paper.Late[0].On != charge {
			t.Errorf("the receipt says about late charges: %+v", p.Paper.Late)
		}
		must(t, w.SettleBalance(ctx, finance, list.Rows[0].Customer.ID, cp.Balances[i].ID, customer.Paid))
		for _, it := range v.Plan.Step("late_charge").Items {
			must(t, w.Tick(ctx, finance, app.TickInput{Case: c, Step: "late_charge", Item: it.Key, Ticked: true}))
		}
		must(t, w.CompleteTask(ctx, finance, app.CompleteInput{Case: c, Step: "late_charge", Note: "Devuelto hoy"}))
		w.verifyLog(t)
	})
}

// Whoever confirms in time never makes anybody look, and is owed nothing.
func TestAConfirmedDepartureHasNoWatchOverItsCharges(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		_, c, _ := w.request(t, "period_end")
		v, err := w.OpenCase(t.Context(), agent, c)
		must(t, err)
		watched := false
		for _, x := range v.Works {
			if x.Kind == app.ChargeKind {
				if watched = true; x.State != offboarding.WorkCancelled {
					t.Errorf("the watch is %s", x.State)
				}
			}
		}
		if !watched {
			t.Error("nothing watched the charges before the proof")
		}
		for _, s := range v.Plan.Steps {
			if s.Spec.House {
				t.Errorf("a person is asked: %s", s.Key)
			}
		}
	})
}

// Every step of the house is asked of a role that exists, in both languages.
func TestTheStepsOfTheHouseAreWhole(t *testing.T) {
	t.Parallel()
	for _, name := range playbook.HouseSteps() {
		s := playbook.House(name)
		if asks := s.Human && slices.Contains(playbook.Roles, s.Role) && s.Spec.Escalate.To != ""; asks != !slices.Contains([]string{"refund", "narrow_access", "apply_offer"}, s.Kind) || (len(s.Items) > 0) != (s.Kind == "task") {
			t.Errorf("%s: %+v", name, s)
		}
		titles := []map[string]string{s.Title}
		for _, it := range s.Items {
			titles = append(titles, it.Title)
		}
		for _, title := range titles {
			for _, lang := range playbook.Languages {
				if title[lang] == "" {
					t.Errorf("%s has no words in %s", name, lang)
				}
			}
		}
	}
}
