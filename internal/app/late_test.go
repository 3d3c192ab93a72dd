package app_test

import (
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/relationship"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

func TestADepartureIsLateSinceTheFirstPromisedDayThatPassed(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		_, c, page := w.request(t, "period_end")
		late := func() when.Date {
			t.Helper()
			p, err := w.OpenCasePage(ctx, page, "case", "es")
			must(t, err)
			return p.Late
		}
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		today := w.today(t)
		promise := func(by relationship.Side, about relationship.Commitment) relationship.CommitmentID {
			t.Helper()
			about.Customer, about.By, about.Due, about.What = v.Plan.Case.Customer, by, today, "Una llamada"
			x, err := w.AddCommitment(ctx, agent, about)
			must(t, err)
			return x
		}
		promise(relationship.Theirs, relationship.Commitment{Case: c})
		promise(relationship.Ours, relationship.Commitment{}) // about no departure
		ours := promise(relationship.Ours, relationship.Commitment{Case: c})
		if d := late(); !d.IsZero() {
			t.Fatalf("late since %s before any day passed", d)
		}
		w.push(t, 1)
		if d := late(); d != today {
			t.Fatalf("a promise of ours passed on %s; late since %s", today, d)
		}
		must(t, w.EndCommitment(ctx, agent, app.CommitmentEnd{Commitment: ours, State: relationship.Kept, Evidence: "Hablamos"}))
		if d := late(); !d.IsZero() {
			t.Errorf("what was kept is late since %s", d)
		}
		due := v.Plan.Step("review").Due
		w.push(t, 7)
		zone, err := time.LoadLocation("Europe/Madrid")
		must(t, err)
		if want := when.DateOf(due, zone).AddDays(-1); due.IsZero() || late() != want {
			t.Errorf("the step was due by %s; late since %s", want, late())
		}
		w.workTasks(t, c)
		if d := late(); !d.IsZero() {
			t.Errorf("a step that is over is late since %s", d)
		}
	})
}
