package app_test

import (
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/relationship"
	"hastaluego/internal/testkit"
)

func TestAComplaintIsSeenBehindTheRequestAndItsFixIsAPromise(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, listening)
		ctx := t.Context()
		_, c, _ := w.request(t, "period_end")
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		now, _, err := w.store.Now(ctx)
		must(t, err)
		today := w.today(t)
		complaint := relationship.Complaint{Customer: v.Customer.ID, Received: today.AddDays(1), What: "No llegan los avisos"}
		_, err = w.RecordComplaint(ctx, agent, complaint)
		code(t, err, "complaint.received")
		complaint.Received = today.AddDays(-3)
		_, err = w.RecordComplaint(ctx, app.Actor{ID: "usr_f", Roles: []string{"finance"}}, complaint)
		code(t, err, "forbidden.role")
		id, err := w.RecordComplaint(ctx, agent, complaint)
		must(t, err)
		v, err = w.OpenCase(ctx, agent, c)
		must(t, err)
		if v.Between.Unsolved != 1 || v.Between.Complaints[0].What != "No llegan los avisos" {
			t.Fatalf("between us: %+v", v.Between)
		}
		if given, _ := v.Given(v.Plan.Step("first").ID); given["incidents_open"] != "1" {
			t.Fatalf("the first evaluation begins with %v", given)
		}

		answer := app.ComplaintAnswer{Complaint: id, State: relationship.Promised, Answer: "Cambiamos de proveedor de avisos"}
		err = w.AnswerComplaint(ctx, agent, answer)
		if f := fault.Fields(err); len(f) != 1 || f[0].Field != "by" {
			t.Fatalf("a promise without a date: %v", err)
		}
		answer.By = today.AddDays(5)
		must(t, w.AnswerComplaint(ctx, agent, answer))
		p, err := w.OpenPromises(ctx, agent)
		must(t, err)
		if len(p.Commitments) != 1 || p.Commitments[0].Due != answer.By || p.Complaints[0].State != relationship.Promised {
			t.Fatalf("promised: %+v", p)
		}
		// The day passes and nobody did it.
		must(t, w.PushClock(ctx, "", now.AddDate(0, 0, 7)))
		eventually(t, "the promise is told to be late", func() bool { return w.logged(t, "commitment.late") == 1 })
		if w.logged(t, "complaint.late") > 0 {
			t.Error("a complaint that was answered in time is told to be late")
		}
		must(t, w.AnswerComplaint(ctx, agent, app.ComplaintAnswer{Complaint: id, State: relationship.Fixed, Answer: "Los avisos llegan desde hoy"}))
		v, err = w.OpenCase(ctx, agent, c)
		must(t, err)
		kept := v.Between.Commitments[0]
		if v.Between.Unsolved != 0 || kept.State != relationship.Kept || !kept.Late(today) {
			t.Fatalf("fixed late: %+v", v.Between)
		}
		answer.State = relationship.Declined
		code(t, w.AnswerComplaint(ctx, agent, answer), "complaint.over")
		if given, _ := v.Given(v.Plan.Step("first").ID); given["incidents_open"] != "0" {
			t.Errorf("after the fix the evaluation begins with %v", given)
		}
		w.verifyLog(t)
	})
}

// afterTalking is a step behind those of listening.
const afterTalking = `  - id: second
    kind: evaluate
    title: {es: "Después", en: "After"}
    after: [talk]
    params: {form: second_evaluation}
    role: agent
    due: {d: 2, from: ready}
    escalate: {d: 1, to: admin}
`

func TestWhatElseSoThatItEndsWellBecomesPromises(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, listening+afterTalking)
		ctx := t.Context()
		_, c, _ := w.request(t, "period_end")
		for _, step := range []string{"first", "talk", "second"} {
			v, err := w.OpenCase(ctx, agent, c)
			must(t, err)
			a := fill(w.FormOf(*v.Plan.Step(step)))
			if step == "second" {
				a["end_well"] = "Explicarle la exportación\n\nDevolver la fianza"
			}
			must(t, w.AnswerForm(ctx, agent, app.FormInput{Case: c, Step: step, Answers: a, Done: true}))
		}
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		if len(v.Between.Commitments) != 2 {
			t.Fatalf("%+v", v.Between.Commitments)
		}
		for _, x := range v.Between.Commitments {
			if x.Case != c || x.Due != v.Plan.Case.Effective || x.By != relationship.Ours {
				t.Errorf("%+v", x)
			}
		}
	})
}
