package app_test

import (
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/assignment"
	"hastaluego/internal/notification"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
)

// assignee is whose a step is.
func (w *world) assignee(t *testing.T, c offboarding.CaseID, step string) string {
	t.Helper()
	v, err := w.OpenCase(t.Context(), agent, c)
	must(t, err)
	return v.Plan.Step(step).Assignee
}

// by phone opens the departure of the customer that is found by some words.
func (w *world) byPhone(t *testing.T, words string) offboarding.CaseID {
	t.Helper()
	found, err := w.ListCustomers(t.Context(), agent, app.CustomerFilter{Query: words})
	must(t, err)
	c, err := w.RegisterOnBehalf(t.Context(), agent, app.BehalfInput{Customer: found.Rows[0].Customer.ID, Channel: "phone", Reference: "1", When: "period_end", Proof: "DNI"})
	must(t, err)
	return c
}

// A step that becomes ready is given by the first rule that holds to the least
// busy of its people who is there; they are told, and nobody else.
func TestAStepIsGivenByRuleToTheLeastBusyWhoIsThere(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, listening)
		ctx := t.Context()
		ines, bea, boss := w.person(t, "ines", "agent"), w.person(t, "bea", "agent"), w.person(t, "boss", "admin")
		rules := assignment.Rules{List: []assignment.Rule{
			{Role: "finance", People: []string{boss.ID}},
			{Role: "agent", If: `case.channel == "public" && customer.grants >`, People: []string{ines.ID}},
		}}
		if err := w.SetAssignmentRules(ctx, boss, rules); err == nil {
			t.Fatal("rules for who has not the role, under no condition, are taken")
		}
		rules.List = []assignment.Rule{
			{Role: "agent", If: `case.channel == "shop"`, People: []string{bea.ID}},
			{Role: "agent", People: []string{ines.ID, bea.ID}},
		}
		code(t, w.SetAssignmentRules(ctx, ines, rules), "forbidden.role")
		must(t, w.SetAssignmentRules(ctx, boss, rules))
		code(t, w.SetAssignmentRules(ctx, boss, rules), "assignment.changed")
		_, first, _ := w.request(t, "period_end")
		if who := w.assignee(t, first, "first"); who != ines.ID {
			t.Errorf("the first is %s's", who)
		}
		w.mail.wait(t, "told", "ines@faro.example")
		if got := w.mail.toldOf("bea@faro.example", notification.Task); len(got) != 0 {
			t.Errorf("it is another's, and bea is told %v", got)
		}
		second := w.byPhone(t, "puerto")
		if who := w.assignee(t, second, "first"); who != bea.ID {
			t.Errorf("ines has one and bea none: the second is %s's", who)
		}
		v, err := w.AssignmentRules(ctx, boss)
		must(t, err)
		if v.Load[ines.ID] != 1 || v.Load[bea.ID] != 1 {
			t.Errorf("the load is %v", v.Load)
		}
		told := false
		c, err := w.OpenCase(ctx, agent, second)
		must(t, err)
		for _, x := range c.Timeline {
			told = told || x.Type == "step.assigned" && x.Args["rule"] == v.List[1].ID && x.Actor == "engine"
		}
		if !told {
			t.Error("the log does not say which rule it was")
		}
		w.verifyLog(t)
	})
}

// Whoever is away gets nothing; who stands in for them does.
func TestWhoeverIsAwayIsGivenNothing(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, testkit.SQLite(t), listening)
	ctx := t.Context()
	ines, bea, boss := w.person(t, "ines", "agent"), w.person(t, "bea", "agent"), w.person(t, "boss", "admin")
	p := preference("ines")
	p.Away, p.Back = w.today(t), w.today(t).AddDays(2)
	must(t, w.SetTold(ctx, ines, p, langs))
	must(t, w.SetAssignmentRules(ctx, boss, assignment.Rules{List: []assignment.Rule{{Role: "agent", People: []string{ines.ID}}}}))
	_, c, _ := w.request(t, "period_end")
	if who := w.assignee(t, c, "first"); who != "" {
		t.Errorf("nobody is there, and it is %s's", who)
	}
	p.Stands = bea.ID
	must(t, w.SetTold(ctx, ines, p, langs))
	if who := w.assignee(t, w.byPhone(t, "puerto"), "first"); who != bea.ID {
		t.Errorf("bea stands in, and it is %s's", who)
	}
}

// Nobody is given what they prepared to approve, nor what they approved to do,
// however little they have to do.
func TestNobodyIsGivenWhatFourEyesForbid(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, testkit.SQLite(t), twoPairs)
	ctx := t.Context()
	ines, bea, boss := w.person(t, "ines", "agent"), w.person(t, "bea", "agent"), w.person(t, "boss", "admin")
	must(t, w.SetAssignmentRules(ctx, boss, assignment.Rules{List: []assignment.Rule{{Role: "agent", People: []string{ines.ID, bea.ID}}}}))
	_, c, _ := w.request(t, "period_end")
	must(t, w.AssignStep(ctx, boss, w.byPhone(t, "puerto"), "prepare", bea.ID)) // she has one more, whoever prepared
	prepares, other := ines, bea
	if w.assignee(t, c, "prepare") == bea.ID {
		prepares, other = bea, ines
	}
	must(t, w.Tick(ctx, prepares, app.TickInput{Case: c, Step: "prepare", Item: "a", Ticked: true}))
	must(t, w.CompleteTask(ctx, prepares, app.CompleteInput{Case: c, Step: "prepare", Note: "Hecho"}))
	if who := w.assignee(t, c, "agree"); who != other.ID {
		t.Fatalf("%s prepared it, and %s is to approve it", prepares.ID, who)
	}
	must(t, w.Approve(ctx, other, c, "agree", true, "Bien"))
	if who := w.assignee(t, c, "do"); who != prepares.ID {
		t.Errorf("%s approved it, and %s is to do it", other.ID, who)
	}
	w.days(t, time.Minute)
}
