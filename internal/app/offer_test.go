package app_test

import (
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/offer"
	"hastaluego/internal/reason"
	"hastaluego/internal/relationship"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

// proposed is a world with a departure whose receipt is out, and an offer that
// may be made in it.
func proposed(t *testing.T, e testkit.Engine) (w *world, in app.OfferInput, page string, today when.Date) {
	t.Helper()
	w = newWorld(t, e)
	_, c, page := w.request(t, "period_end")
	w.mail.wait(t, "receipt", "casa@marta.example")
	must(t, w.UntilQuiet(t.Context()))
	v, err := w.OpenCase(t.Context(), agent, c)
	must(t, err)
	now, _, err := w.store.Now(t.Context())
	must(t, err)
	today = when.DateOf(now, w.Company().Zone)
	until := today.AddDays(5)
	if v.Plan.Case.Effective.Before(until) {
		until = v.Plan.Case.Effective
	}
	return w, app.OfferInput{
		Case: c, Kind: offer.Discount, Heard: "El precio pesó más que nada", What: "El mismo plan a 20 € al mes", Changes: "Ninguna función\nSin permanencia",
		Until: until, By: today.AddDays(20), Reason: "Lo pidió por teléfono",
	}, page, today
}

func (w *world) offer(t *testing.T, c offboarding.CaseID) offer.Offer {
	t.Helper()
	v, err := w.OpenCase(t.Context(), agent, c)
	must(t, err)
	if v.Offer == nil {
		t.Fatal("no offer")
	}
	return *v.Offer
}

func TestAnOfferIsAcceptedAndOwed(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w, in, page, today := proposed(t, e)
		ctx := t.Context()
		code(t, w.MakeOffer(ctx, app.Actor{ID: "usr_f", Roles: []string{"finance"}}, in), "forbidden.role")
		code(t, w.AnswerOffer(ctx, page, true), "not_found")
		must(t, w.MakeOffer(ctx, agent, in))
		code(t, w.MakeOffer(ctx, agent, in), "offer.once")
		if w.state(t, in.Case) != offboarding.CaseOpen {
			t.Fatal("an offer holds up the departure")
		}
		// Nobody asked to be written to: it waits on their page.
		must(t, w.UntilQuiet(ctx))
		if n := w.mail.count("offer"); n != 0 {
			t.Fatalf("%d letters to somebody who did not ask", n)
		}
		p, err := w.OpenCasePage(ctx, page, "case", "")
		must(t, err)
		if p.Offer == nil || p.Offer.What != in.What || p.Offer.State != offer.Offered {
			t.Fatalf("the page says %+v", p.Offer)
		}
		must(t, w.AnswerOffer(ctx, page, true))
		must(t, w.AnswerOffer(ctx, page, true)) // a second click changes nothing
		code(t, w.AnswerOffer(ctx, page, false), "offer.over")
		eventually(t, "undone", func() bool { return w.state(t, in.Case) == offboarding.CaseReversed })
		letter := w.mail.wait(t, "reversed", firstMail)
		if letter.Offer == nil || letter.Offer.What != in.What || !letter.ReadBack {
			t.Errorf("the letter names %+v; read back: %t", letter.Offer, letter.ReadBack)
		}
		for _, m := range letter.Milestones {
			if undone := m.State == "undone"; undone != (m.Name == "billing_stopped") { // charges had stopped at once
				t.Errorf("%s is shown as %s", m.Name, m.State)
			}
		}
		v, err := w.OpenCase(ctx, agent, in.Case)
		must(t, err)
		if n := len(v.Between.Commitments); n != 1 {
			t.Fatalf("%d commitments", n)
		}
		owed := v.Between.Commitments[0]
		if owed.By != relationship.Ours || owed.Due != today.AddDays(20) || owed.What != in.What || owed.State != relationship.Pending {
			t.Fatalf("owed: %+v", owed)
		}
		code(t, w.EndOffer(ctx, agent, in.Case, offer.Applied, ""), "step.evidence_required")
		must(t, w.EndOffer(ctx, agent, in.Case, offer.Applied, "Cupón puesto en el sistema de cobro"))
		v, err = w.OpenCase(ctx, agent, in.Case)
		must(t, err)
		if o := v.Offer; o.State != offer.Applied || o.OverBy != agent.ID || v.Between.Commitments[0].State != relationship.Kept {
			t.Fatalf("applied: %+v, %+v", o, v.Between.Commitments[0])
		}
		must(t, w.EndOffer(ctx, agent, in.Case, offer.Reversed, "Lo pidió de vuelta"))
		code(t, w.EndOffer(ctx, agent, in.Case, offer.Applied, "Otra vez"), "offer.over")
		w.verifyLog(t)
	})
}

func TestADeclinedOfferIsNeverMentionedAgain(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w, in, page, _ := proposed(t, e)
		ctx := t.Context()
		must(t, w.AskOffer(ctx, page))
		must(t, w.AskOffer(ctx, page))
		if n := w.logged(t, "offer.asked"); n != 1 {
			t.Fatalf("asked %d times", n)
		}
		must(t, w.MakeOffer(ctx, agent, in))
		if s := w.stepState(t, in.Case, "see_what"); s != offboarding.StepDone {
			t.Fatalf("they were answered and the step is %s", s)
		}
		w.mail.wait(t, "offer", firstMail)
		must(t, w.AnswerOffer(ctx, page, false))
		must(t, w.AnswerOffer(ctx, page, false))
		code(t, w.AnswerOffer(ctx, page, true), "offer.over")
		code(t, w.MakeOffer(ctx, agent, in), "offer.once")
		w.workTasks(t, in.Case)
		eventually(t, "billing is cancelled", func() bool { return w.stepState(t, in.Case, "cancel_billing") == offboarding.StepVerified })
		if n := w.mail.count("offer"); n != 1 {
			t.Errorf("%d letters about it", n)
		}
		v, err := w.OpenCase(ctx, agent, in.Case)
		must(t, err)
		if len(v.Between.Commitments) > 0 {
			t.Errorf("owed although declined: %+v", v.Between.Commitments)
		}
	})
}

func TestAnOfferLapsesAtItsDayOrWithTheDeparture(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w, in, page, _ := proposed(t, e)
		ctx := t.Context()
		must(t, w.MakeOffer(ctx, agent, in))
		must(t, w.PushClock(ctx, "", in.Until.End(w.Company().Zone).Add(time.Minute)))
		eventually(t, "it lapses", func() bool { return w.offer(t, in.Case).State == offer.Lapsed })
		code(t, w.AnswerOffer(ctx, page, true), "offer.over")
		w.verifyLog(t)
	})
}

// Somebody who changes their mind by themselves does not owe an answer any
// more.
func TestAnOfferEndsWithTheDeparture(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w, in, page, _ := proposed(t, e)
		ctx := t.Context()
		must(t, w.MakeOffer(ctx, agent, in))
		must(t, w.UndoByCustomer(ctx, page))
		if s := w.offer(t, in.Case).State; s != offer.Lapsed {
			t.Errorf("it is %s", s)
		}
	})
}

func TestNothingElseIsOfferedWhileAWrongStands(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w, in, page, today := proposed(t, e)
		ctx := t.Context()
		v, err := w.OpenCase(ctx, agent, in.Case)
		must(t, err)
		id, err := w.RecordComplaint(ctx, agent, relationship.Complaint{Customer: v.Customer.ID, Received: today, What: "Los avisos no llegan"})
		must(t, err)
		must(t, w.TellReason(ctx, page, "service", ""))
		in.Kind = offer.OtherProduct
		refused(t, "another product", w.MakeOffer(ctx, agent, in), "offer.wronged", "offer.kind")
		in.Kind, in.Complaint, in.What = offer.Fix, "cmp_none", "Cambiamos de proveedor de avisos"
		refused(t, "a complaint of nobody", w.MakeOffer(ctx, agent, in), "field.choice", "offer.complaint")
		in.Complaint = id
		must(t, w.MakeOffer(ctx, agent, in))
		must(t, w.AnswerOffer(ctx, page, true))
		v, err = w.OpenCase(ctx, agent, in.Case)
		must(t, err)
		if x := v.Between.Complaints[0]; x.State != relationship.Promised || x.Answer != in.What {
			t.Errorf("the complaint is %+v", x)
		}
		must(t, w.AnswerComplaint(ctx, agent, app.ComplaintAnswer{Complaint: id, State: relationship.Fixed, Answer: "Llegan desde hoy"}))
		v, err = w.OpenCase(ctx, agent, in.Case)
		must(t, err)
		if x := v.Between.Commitments[0]; x.State != relationship.Kept {
			t.Errorf("the fix keeps the promise: %+v", x)
		}
	})
}

// A fix that is carried out keeps the promise and puts the complaint right.
func TestAFixThatIsCarriedOutPutsTheComplaintRight(t *testing.T) {
	t.Parallel()
	w, in, page, today := proposed(t, sqlite(t))
	ctx := t.Context()
	v, err := w.OpenCase(ctx, agent, in.Case)
	must(t, err)
	in.Complaint, err = w.RecordComplaint(ctx, agent, relationship.Complaint{Customer: v.Customer.ID, Received: today, What: "Los avisos no llegan"})
	must(t, err)
	in.Kind, in.What = offer.Fix, "Cambiamos de proveedor de avisos"
	must(t, w.MakeOffer(ctx, agent, in))
	must(t, w.AnswerOffer(ctx, page, true))
	must(t, w.EndOffer(ctx, agent, in.Case, offer.Applied, "Llegan desde hoy"))
	v, err = w.OpenCase(ctx, agent, in.Case)
	must(t, err)
	if x, y := v.Between.Complaints[0], v.Between.Commitments[0]; x.State != relationship.Fixed || x.Over != today || y.State != relationship.Kept || y.Evidence != "Llegan desde hoy" {
		t.Errorf("the complaint is %+v, the promise %+v", x, y)
	}
	if w.logged(t, "complaint.fixed") != 1 {
		t.Error("the log does not say that it was fixed")
	}
	w.verifyLog(t)
}

// When it turns out that we wronged them, something else of ours is taken off
// the table.
func TestSomethingElseIsTakenBackWhenAWrongIsFound(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w, in, page, _ := proposed(t, e)
		ctx := t.Context()
		in.Kind = offer.OtherProduct
		must(t, w.MakeOffer(ctx, agent, in))
		must(t, w.RecordReason(ctx, agent, app.ReasonInput{Case: in.Case, Kind: reason.Root, Code: "broken_promise", Evidence: "El correo de mayo"}))
		if s := w.offer(t, in.Case).State; s != offer.Lapsed {
			t.Errorf("it is %s", s)
		}
		code(t, w.AnswerOffer(ctx, page, true), "offer.over")
	})
}

func TestNothingIsProposedBeforeTheReceipt(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w, in, _, _ := proposed(t, e)
		ctx := t.Context()
		must(t, w.store.Tx(ctx, func(tx app.Tx) error { // as it was a moment before
			list, err := tx.ListMessages(ctx, in.Case, 100)
			for _, m := range list {
				if m.Paper == "receipt" {
					m.State = "queued"
					if err := tx.SaveMessage(ctx, m); err != nil {
						return err
					}
				}
			}
			return err
		}))
		code(t, w.MakeOffer(ctx, agent, in), "offer.before_receipt")
		must(t, w.store.View(ctx, func(tx app.Tx) error {
			_, found, err := tx.OfferOf(ctx, in.Case)
			if found {
				t.Error("it was stored")
			}
			return err
		}))
	})
}

// Nobody reads in the database what was proposed.
func TestOffersAreSealed(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w, in, _, _ := proposed(t, e)
		ctx := t.Context()
		must(t, w.MakeOffer(ctx, agent, in))
		must(t, w.store.View(ctx, func(tx app.Tx) error {
			o, _, err := tx.OfferOf(ctx, in.Case)
			if strings.Contains(string(o.Body), "20 €") {
				t.Errorf("in the clear: %q", o.Body)
			}
			return err
		}))
	})
}
