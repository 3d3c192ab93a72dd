package app_test

import (
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/reason"
	"hastaluego/internal/relationship"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

func TestWhyIsToldByTheCustomerAndDecidedByUs(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, listening)
		ctx := t.Context()
		_, c, page := w.request(t, "period_end")
		p, err := w.OpenCasePage(ctx, page, "case", "")
		must(t, err)
		if p.Told || !p.MayTell {
			t.Fatalf("told %v, may tell %v", p.Told, p.MayTell)
		}
		code(t, w.TellReason(ctx, page, "", ""), "reason.choose")
		must(t, w.TellReason(ctx, page, "service", "Nadie contestaba al teléfono"))
		p, err = w.OpenCasePage(ctx, page, "case", "")
		must(t, err)
		if !p.Told || p.MayTell {
			t.Fatal("it would be asked again")
		}

		in := app.ReasonInput{Case: c, Kind: reason.Root, Code: "slow_answer"}
		code(t, w.RecordReason(ctx, app.Actor{ID: "usr_f", Roles: []string{"finance"}}, in), "forbidden.role")
		if f := fault.Fields(w.RecordReason(ctx, agent, in)); len(f) != 1 || f[0].Field != "reason.evidence" {
			t.Fatalf("a root cause without what shows it: %v", f)
		}
		in.Complaint = "cmp_none"
		in.Evidence = "Cuatro llamadas perdidas en el registro"
		if f := fault.Fields(w.RecordReason(ctx, agent, in)); len(f) != 1 || f[0].Field != "reason.complaint" {
			t.Fatalf("a complaint that does not exist: %v", f)
		}
		in.Complaint = ""
		must(t, w.RecordReason(ctx, agent, in))
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		if len(v.Reasons) != 2 || v.Reasons[0].Code != "slow_answer" || v.Reasons[0].By != agent.ID || v.Reasons[0].At.IsZero() ||
			v.Reasons[0].Evidence != in.Evidence || v.Reasons[1].By != "customer" || v.Reasons[1].Text != "Nadie contestaba al teléfono" {
			t.Fatalf("reasons: %+v", v.Reasons)
		}
		// Finance reads the codes and none of the words.
		v, err = w.OpenCase(ctx, app.Actor{ID: "usr_f", Roles: []string{"finance"}}, c)
		must(t, err)
		if len(v.Reasons) != 2 || v.Reasons[0].Evidence+v.Reasons[1].Text != "" || v.Reasons[0].Code != "slow_answer" {
			t.Fatalf("finance reads %+v", v.Reasons)
		}
		// Nobody reads in the database what they wrote.
		must(t, w.store.View(ctx, func(tx app.Tx) error {
			list, err := tx.ReasonsOf(ctx, c)
			for _, r := range list {
				if strings.Contains(string(r.Body), "llamadas") || strings.Contains(string(r.Body), "contestaba") {
					t.Errorf("in the clear: %q", r.Body)
				}
			}
			return err
		}))
		// A departure that is over takes no more.
		must(t, w.UndoByCustomer(ctx, page))
		code(t, w.TellReason(ctx, page, "price", ""), "reason.over")
		w.verifyLog(t)
	})
}

func TestABadServiceStandsUntilItIsRepaired(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, listening)
		ctx := t.Context()
		_, c, page := w.request(t, "period_end")
		must(t, w.TellReason(ctx, page, "service", ""))
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		wronged := func() bool {
			v, err := w.OpenCase(ctx, agent, c)
			must(t, err)
			return reason.Weigh(v.Reasons).Wronged(v.Between.Complaints, time.UTC)
		}
		if !wronged() {
			t.Fatal("nobody repaired anything")
		}
		now, _, err := w.store.Now(ctx)
		must(t, err)
		id, err := w.RecordComplaint(ctx, agent, relationship.Complaint{Customer: v.Customer.ID, Received: when.DateOf(now, time.UTC), What: "No contestan"})
		must(t, err)
		must(t, w.RecordReason(ctx, agent, app.ReasonInput{Case: c, Kind: reason.Root, Code: "slow_answer", Evidence: "El registro", Complaint: id}))
		if !wronged() {
			t.Fatal("a complaint that is open repairs nothing")
		}
		must(t, w.AnswerComplaint(ctx, agent, app.ComplaintAnswer{Complaint: id, State: relationship.Fixed, Answer: "Hay dos personas más al teléfono"}))
		if wronged() {
			t.Error("what was fixed still stands")
		}
	})
}

// What the chosen reason asks is answered once, or not; it stays with what was
// chosen, and whom it is about is sealed.
func TestACustomerMayAddToTheirReason(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, listening)
		ctx := t.Context()
		_, c, page := w.request(t, "period_end")
		six, eleven := 6, 11
		open := func() app.CasePage {
			p, err := w.OpenCasePage(ctx, page, "case", "")
			must(t, err)
			return p
		}
		must(t, w.TellMore(ctx, page, app.MoreInput{Competitor: "Nadie"})) // nothing was told yet: there is nothing to add to
		must(t, w.TellReason(ctx, page, "competitor", "Me voy"))
		if more := open().More; more == nil || more.Code != "competitor" {
			t.Fatalf("asked about %+v", more)
		}
		code(t, w.TellMore(ctx, page, app.MoreInput{Return: &eleven}), "form.scale")
		must(t, w.TellMore(ctx, page, app.MoreInput{Competitor: "Marca Inconfundible", More: "Factura en mi idioma", Return: &six}))
		must(t, w.TellMore(ctx, page, app.MoreInput{Competitor: "Otra"})) // sent twice
		if more := open().More; more != nil {
			t.Fatalf("they are asked again: %+v", more)
		}
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		got := reason.Weigh(v.Reasons)
		if g := got.Stated; g == nil || g.Code != "competitor" || g.Text != "Me voy" || g.Competitor != "Marca Inconfundible" || g.More != "Factura en mi idioma" ||
			g.Return == nil || *g.Return != six || len(got.Also) != 0 || len(v.Reasons) != 2 {
			t.Fatalf("stated %+v, beside it %d of %d", g, len(got.Also), len(v.Reasons))
		}
		v, err = w.OpenCase(ctx, app.Actor{ID: "usr_f", Roles: []string{"finance"}}, c)
		must(t, err)
		if g := v.Reasons[0]; g.Competitor+g.More+g.Text != "" || g.Return == nil {
			t.Errorf("finance reads %+v", g)
		}
		must(t, w.store.View(ctx, func(tx app.Tx) error {
			list, err := tx.ReasonsOf(ctx, c)
			for _, r := range list {
				if strings.Contains(string(r.Body), "Inconfundible") || r.Edition == "" {
					t.Errorf("in the clear: %q, edition %q", r.Body, r.Edition)
				}
			}
			return err
		}))
		// Whoever only writes chooses nothing.
		_, _, other := w.request(t, "now")
		must(t, w.TellReason(ctx, other, "", "No sé cómo llamarlo"))
		w.verifyLog(t)
	})
}

// What people say in a conversation, and what is found behind it, is written
// down as the reason without being typed twice.
func TestFormsWriteDownTheReason(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, listening+afterTalking)
		ctx := t.Context()
		_, c, _ := w.request(t, "period_end")
		for _, step := range []string{"first", "talk", "second"} {
			v, err := w.OpenCase(ctx, agent, c)
			must(t, err)
			a := fill(w.FormOf(*v.Plan.Step(step)))
			switch step {
			case "talk":
				a["stated_family"], a["stated_reason"] = "price", "Es mucho dinero"
			case "second":
				a["real_family"], a["attribution"], a["evidence"] = "service", "ours", "Tres quejas sin respuesta"
			}
			must(t, w.AnswerForm(ctx, agent, app.FormInput{Case: c, Step: step, Answers: a, Done: true}))
		}
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		why := reason.Weigh(v.Reasons)
		if why.Stated == nil || why.Stated.Code != "price" || why.Stated.Text != "Es mucho dinero" {
			t.Errorf("stated: %+v", why.Stated)
		}
		if why.Root == nil || why.Root.Code != "service" || why.Root.Evidence != "Tres quejas sin respuesta" || why.Root.By != agent.ID {
			t.Errorf("root: %+v", why.Root)
		}
		if ours, known := why.Ours(); !ours || !known {
			t.Error("it was ours")
		}
	})
}
