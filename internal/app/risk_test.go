package app_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/ingest"
	"hastaluego/internal/play"
	"hastaluego/internal/risk"
	"hastaluego/internal/signal"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

// today is the day in the company's zone.
func (w *world) today(t *testing.T) when.Date {
	t.Helper()
	now, _, err := w.Now(t.Context())
	must(t, err)
	zone, err := time.LoadLocation("Europe/Madrid")
	must(t, err)
	return when.DateOf(now, zone)
}

// falling is a file of use that falls by 70 % for the reference, and stays as it
// is for the other.
func falling(day when.Date, reference, other string) string {
	var b strings.Builder
	b.WriteString("customer,date,use\n")
	for i := range 140 {
		n := 10
		if i < 28 {
			n = 3
		}
		fmt.Fprintf(&b, "%s,%s,%d\n%s,%s,10\n", reference, day.AddDays(-i), n, other, day.AddDays(-i))
	}
	return b.String()
}

func (w *world) importReadings(t *testing.T, src string) (app.ImportReport, []string) {
	t.Helper()
	var bad []string
	rep, err := w.ImportReadings(t.Context(), app.ReadingImport{Source: strings.NewReader(src), Reject: func(e ingest.RowError) error {
		bad = append(bad, fmt.Sprint(e.Row, " ", e.Column, " ", e.Fault.Code))
		return nil
	}})
	must(t, err)
	return rep, bad
}

func (w *world) customerOf(t *testing.T, reference string) customer.Customer {
	t.Helper()
	var c customer.Customer
	must(t, w.store.View(t.Context(), func(tx app.Tx) (err error) {
		c, err = tx.FindCustomerByReference(t.Context(), reference)
		return err
	}))
	return c
}

const (
	almena = "FE-20418" // of firstMail
	other  = "FE-19330"
)

func TestReadingsGoInOnceAndARiskIsSeenWithItsFacts(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		day := w.today(t)
		src := falling(day, almena, other)
		if rep, bad := w.importReadings(t, src); rep.Changed != 280 || len(bad) > 0 {
			t.Fatalf("%+v %v", rep, bad)
		}
		if rep, _ := w.importReadings(t, src); rep.Changed != 0 || rep.Unchanged != 280 {
			t.Fatalf("again: %+v", rep)
		}
		list, err := w.ListRisks(ctx, agent, risk.Medium, 10, 0)
		must(t, err)
		if len(list.Rows) != 1 || list.Rows[0].Customer.Reference != almena || list.Rows[0].Score.Points != 40 || list.Counts[risk.Low] != 1 || list.Rated.IsZero() {
			t.Fatalf("%+v", list)
		}
		s := signal.Of(list.Rows[0].Score.Signals, signal.FallingUse)
		if s.Change != -70 || s.Recent != 84*signal.Unit || s.Until != day {
			t.Errorf("%+v", s)
		}
		if list.Rows[0].Score.Unknowns() != 2 {
			t.Errorf("spend and incidents are not known: %+v", list.Rows[0].Score.Signals)
		}
		_, err = w.ListRisks(ctx, app.Actor{ID: "usr_p", Roles: []string{"privacy"}}, risk.Medium, 10, 0)
		code(t, err, "forbidden.role")

		// Bad rows are told by row and column, and the good ones go in.
		rep, bad := w.importReadings(t, fmt.Sprintf("customer,date,metric\n%[1]s,%[2]s,incidents\n%[1]s,%[2]s,incidents\nFE-0,%[2]s,incidents\n%[1]s,%[3]s,incidents\n%[1]s,%[2]s,incident\n",
			almena, day, day.AddDays(1)))
		if !slices.Equal(bad, []string{"4 date readings.future", "3 customer readings.unknown_customer"}) || rep.Changed != 3 || rep.Rejected != 2 {
			t.Fatalf("%+v %v", rep, bad)
		}
		if rep, bad := w.importReadings(t, fmt.Sprintf("customer,date,spend\n%[1]s,%[2]s,5\n%[1]s,%[2]s,6\n", almena, day)); rep.Changed != 1 || !slices.Equal(bad, []string{"2 spend csv.contradiction"}) {
			t.Fatalf("%+v %v", rep, bad)
		}
		list, err = w.ListRisks(ctx, agent, risk.High, 10, 0)
		must(t, err)
		if len(list.Rows) != 1 || list.Rows[0].Score.Points != 60 {
			t.Fatalf("with three incidents of a day: %+v", list.Rows)
		}
		if w.logged(t, "risk.changed") != 2 {
			t.Errorf("%d changes were told", w.logged(t, "risk.changed"))
		}
		w.verifyLog(t)
	})
}

func TestAPlayIsOpenedAssignedAndFinishedWithItsOutcome(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		day := w.today(t)
		w.importReadings(t, falling(day, almena, other))
		ines, err := w.AddUser(ctx, "", app.UserInput{Login: "ines", Name: "Inés", Password: "una contraseña larga", Roles: []string{"agent"}})
		must(t, err)
		tomas, err := w.AddUser(ctx, "", app.UserInput{Login: "tomas", Name: "Tomás", Password: "una contraseña larga", Roles: []string{"finance"}})
		must(t, err)
		cid := w.customerOf(t, almena).ID
		c, err := w.OpenCustomerRisk(ctx, agent, cid)
		must(t, err)
		if c.Suits() != play.CheckIn {
			t.Errorf("use falls and nothing went wrong: %s", c.Suits())
		}
		_, err = w.OpenPlay(ctx, finance, cid, play.CheckIn)
		code(t, err, "forbidden.role")
		id, err := w.OpenPlay(ctx, agent, cid, play.CheckIn)
		must(t, err)
		_, err = w.OpenPlay(ctx, agent, cid, play.CheckIn)
		code(t, err, "play.taken")
		if _, err := w.OpenPlay(ctx, agent, cid, play.MakeGood); err != nil {
			t.Errorf("the other play: %v", err)
		}
		code(t, w.BeginPlay(ctx, agent, id), "play.over")
		plan := app.PlayPlan{Play: id, Owner: tomas.ID, Due: day.AddDays(3), Plan: "Llamar a Marta y escuchar"}
		code(t, w.AssignPlay(ctx, agent, plan), "play.owner")
		plan.Owner, plan.Due = ines.ID, day.AddDays(-1)
		if f := fault.Fields(w.AssignPlay(ctx, agent, plan)); len(f) != 1 || f[0].Field != "due" {
			t.Errorf("a day that has passed: %v", f)
		}
		plan.Due = day.AddDays(3)
		must(t, w.AssignPlay(ctx, agent, plan))
		must(t, w.BeginPlay(ctx, agent, id))

		// Later readings do not change what it was opened on.
		w.importReadings(t, strings.ReplaceAll(falling(day, almena, other), ",3\n", ",10\n"))
		must(t, w.FinishPlay(ctx, agent, app.PlayEnd{Play: id, Outcome: play.Recovered, Note: "Fue la mudanza; ya está de vuelta"}))
		code(t, w.FinishPlay(ctx, agent, app.PlayEnd{Play: id, Outcome: play.Lost, Note: "No"}), "play.over")
		c, err = w.OpenCustomerRisk(ctx, agent, cid)
		must(t, err)
		p := c.Plays[slices.IndexFunc(c.Plays, func(p app.PlayView) bool { return p.ID == id })]
		if p.Outcome != play.Recovered || p.Note != "Fue la mudanza; ya está de vuelta" || p.Plan != plan.Plan || p.Score.Points != 40 {
			t.Errorf("%+v", p)
		}
		if c.Now.Score.Points != 0 {
			t.Errorf("they use it again: %+v", c.Now.Score)
		}
		must(t, w.store.View(ctx, func(tx app.Tx) error {
			list, err := tx.PlaysOf(ctx, cid)
			for _, p := range list {
				if strings.Contains(string(p.Body), "Marta") {
					t.Error("the plan is not sealed")
				}
			}
			return err
		}))
		w.verifyLog(t)
	})
}

// Whoever leaves is rated as they were then, for good, and what was being done
// about it has been lost; the first evaluation begins with it.
func TestARatingIsFrozenWhenTheCustomerLeaves(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, listening)
		ctx := t.Context()
		day := w.today(t)
		w.importReadings(t, falling(day, almena, other))
		cid := w.customerOf(t, almena).ID
		_, err := w.OpenPlay(ctx, agent, cid, play.CheckIn)
		must(t, err)
		_, c, _ := w.request(t, "period_end")
		w.importReadings(t, strings.ReplaceAll(falling(day, almena, other), ",3\n", ",10\n"))
		r, err := w.OpenCustomerRisk(ctx, agent, cid)
		must(t, err)
		if r.Now != nil || len(r.Left) != 1 || r.Left[0].Case != c || r.Left[0].Score.Points != 40 {
			t.Fatalf("%+v", r)
		}
		if p := r.Plays[0]; p.Outcome != play.Lost || p.Stage != play.Finished {
			t.Errorf("the play is %+v", p)
		}
		list, err := w.ListRisks(ctx, agent, risk.Medium, 10, 0)
		must(t, err)
		if len(list.Rows) != 0 {
			t.Errorf("somebody who leaves is on the list: %+v", list.Rows)
		}
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		if given, _ := v.Given(v.Plan.Step("first").ID); given["use"] != "falling" {
			t.Errorf("the first evaluation begins with %v", given)
		}
		w.verifyLog(t)
	})
}

func TestEverybodyIsRatedEveryDayAndSoonAfterAProgramTold(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		day := w.today(t)
		program := app.Actor{ID: "key_erp", Scopes: []string{"readings:write"}}
		var list []app.ReadingInput
		for i := range 200 {
			if i >= 28 { // and then silence
				list = append(list, app.ReadingInput{Customer: almena, Metric: "use", Day: day.AddDays(-i), Value: 9000})
			}
			list = append(list, app.ReadingInput{Customer: other, Metric: "use", Day: day.AddDays(-i), Value: 9000})
		}
		code(t, w.AddReadings(ctx, finance, list), "forbidden.role")
		err := w.AddReadings(ctx, program, append(slices.Clone(list), app.ReadingInput{Customer: "FE-0", Metric: "use", Day: day, Value: 1}))
		code(t, err, "readings.unknown_customer")
		must(t, w.AddReadings(ctx, program, list))
		must(t, w.AddReadings(ctx, program, list))
		found := func(b risk.Band) bool {
			l, err := w.ListRisks(ctx, agent, b, 10, 0)
			must(t, err)
			return len(l.Rows) == 1 && l.Rows[0].Customer.Reference == almena
		}
		eventually(t, "the silent customer is seen", func() bool { return found(risk.Medium) })

		// Nobody tells anything for two months: then nobody knows.
		now, _, err := w.Now(ctx)
		must(t, err)
		must(t, w.PushClock(ctx, "", now.AddDate(0, 2, 0)))
		eventually(t, "what is old is not known", func() bool {
			l, err := w.ListRisks(ctx, agent, risk.Unknown, 10, 0)
			must(t, err)
			return len(l.Rows) == 2
		})
		if next, err := w.NextTimer(ctx); err != nil || !next.IsZero() {
			t.Errorf("somebody waits for the rating: %v %v", next, err)
		}
	})
}

// An import that is stopped leaves whole batches, and counts of events that
// were not read to the end go in later.
func TestAnImportOfReadingsThatIsStoppedGoesOnWhenRepeated(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		day := w.today(t)
		var b strings.Builder
		b.WriteString("customer,date,use\n")
		for i := range 1500 {
			fmt.Fprintf(&b, "%s,%s,%d\n", almena, day.AddDays(-i), i)
		}
		ctx, stop := context.WithCancel(t.Context())
		in := app.ReadingImport{Source: strings.NewReader(b.String()), Reject: func(ingest.RowError) error { return nil }, Progress: func(app.ImportReport) { stop() }}
		rep, err := w.ImportReadings(ctx, in)
		must(t, err)
		if !rep.Stopped || rep.Changed == 0 || rep.Changed == 1500 {
			t.Fatalf("%+v", rep)
		}
		again, _ := w.importReadings(t, b.String())
		if again.Unchanged != rep.Changed || again.Changed != 1500-rep.Changed {
			t.Errorf("again: %+v after %+v", again, rep)
		}
	})
}
