package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/offer"
	"hastaluego/internal/relationship"
	"hastaluego/internal/testkit"
	"hastaluego/internal/testkit/fakestripe"
	"hastaluego/internal/when"
)

// byCoupon lets the shipped discount be given as a coupon at the billing system.
var byCoupon = []string{
	"margin: []", "margin: [{percent: 60}]",
	"fields: {percent: 20, charges: 3}", "fields: {percent: 20, charges: 3, coupon: winter}",
	"effect: {apply: person, verify: person, undo: person, expire: person}\nexpires: {d: 10}\nby: {d: 5}", "effect: {apply: coupon, verify: read, undo: remove, expire: billing}\nexpires: {d: 10}\nby: {d: 5}",
}

// discounted is a departure whose end stands at Stripe, and a discount that was
// accepted in it.
func discounted(t *testing.T, e testkit.Engine, known bool) (w *world, far *fakestripe.Stripe, c offboarding.CaseID, page string) {
	t.Helper()
	const sub = "FE-20418-1"
	began := when.Machine{}.Wall()
	far = fakestripe.Start(t, "sk_test_1", began)
	far.Put(fakestripe.Subscription(sub, "cus_1", "eur", began.AddDate(0, 0, -3), began.AddDate(0, 0, 27)))
	if known {
		far.Put(fakestripe.Object{"id": "winter", "object": "coupon"})
	}
	w = newWorldOn(t, e, goneAway, "", 10*time.Second, atStripe(t, far.URL, "whsec_of_ours"))
	w.UseOffers(housePolicy(t, byCoupon...))
	ctx := t.Context()
	_, c, page = w.request(t, "period_end")
	w.mail.wait(t, "receipt", "casa@marta.example")
	eventually(t, "its end stands at Stripe", func() bool { return w.stepState(t, c, "stop") == offboarding.StepVerified })
	must(t, w.TellReason(ctx, page, "price", ""))
	must(t, w.MakeOffer(ctx, agent, app.OfferInput{Case: c, Name: "discount"}))
	must(t, w.AnswerOffer(ctx, page, true))
	must(t, w.AnswerOffer(ctx, page, true)) // a second click changes nothing
	return w, far, c, page
}

func TestADiscountIsAppliedAtBillingBeforeTheDepartureIsUndone(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w, far, c, _ := discounted(t, e, true)
		ctx := t.Context()
		eventually(t, "undone", func() bool { return w.state(t, c) == offboarding.CaseReversed })
		var acts []string
		for _, call := range far.Calls() {
			if call.Method != "POST" {
				continue
			}
			switch f := call.Form.Encode(); {
			case strings.Contains(f, "winter"):
				acts = append(acts, "coupon")
			case strings.Contains(f, "cancel_at"):
				acts = append(acts, "end")
			default:
				acts = append(acts, f)
			}
		}
		if got := strings.Join(acts, " "); got != "end coupon end" {
			t.Errorf("Stripe was told %q", got)
		}
		if o := w.offer(t, c); o.State != offer.Applied || o.OverBy != "engine" || !o.Waits() {
			t.Errorf("the offer is %+v", o)
		}
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		if owed := v.Between.Commitments[0]; owed.State != relationship.Kept {
			t.Errorf("what was owed is %+v", owed)
		}
		if n := w.mail.count(app.OfferFailedPaper); n > 0 {
			t.Errorf("%d letters that it failed", n)
		}
		// It is taken back at Stripe, too, and read back.
		code(t, w.EndOffer(ctx, agent, c, offer.Applied, "Otra vez"), "offer.over")
		must(t, w.EndOffer(ctx, agent, c, offer.Reversed, "Lo pidió de vuelta"))
		eventually(t, "taken back", func() bool { return w.stepState(t, c, "offer_apply") == offboarding.StepUndone })
		if has := fmt.Sprint(far.Get("FE-20418-1")["discounts"]); strings.Contains(has, "winter") {
			t.Errorf("Stripe still has %s", has)
		}
		w.verifyLog(t)
	})
}

// What cannot be applied holds nothing up: the departure takes effect on its day, and
// the customer is told.
func TestWhatIsNotAppliedInTimeIsToldAndTheDepartureGoesThrough(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w, far, c, page := discounted(t, e, false) // Stripe knows no such coupon
		ctx := t.Context()
		eventually(t, "a person is asked", func() bool { return w.stepState(t, c, "offer_apply") == offboarding.StepBlocked })
		if w.state(t, c) != offboarding.CaseOpen {
			t.Fatal("the departure does not stand any more")
		}
		code(t, w.EndOffer(ctx, agent, c, offer.Applied, "Puesto a mano"), "offer.applies_itself")
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		zone, err := time.LoadLocation(v.Plan.Case.Zone)
		must(t, err)
		end := v.Plan.Case.Effective.End(zone).Add(time.Hour)
		far.Move(end)
		must(t, w.PushClock(ctx, "", end))
		eventually(t, "it failed", func() bool { return w.offer(t, c).State == offer.Failed })
		letter := w.mail.wait(t, app.OfferFailedPaper, firstMail)
		if letter.Offer == nil || letter.Offer.What == "" {
			t.Errorf("the letter names %+v", letter.Offer)
		}
		p, err := w.OpenCasePage(ctx, page, "case", "")
		must(t, err)
		if p.Offer == nil || p.Offer.State != offer.Failed {
			t.Errorf("the page says %+v", p.Offer)
		}
		if v, err = w.OpenCase(ctx, agent, c); err != nil || v.Between.Commitments[0].State != relationship.Broken {
			t.Errorf("what was owed: %+v, %v", v.Between.Commitments, err)
		}
		eventually(t, "billing has ended", func() bool { return w.stepState(t, c, "ended") == offboarding.StepVerified })
		w.verifyLog(t)
	})
}

// Where no system can, a person applies it, says so, and is asked again when it ends.
func TestAPersonAppliesWhatNoSystemCan(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w, own, page, _ := proposed(t, e)
		ctx, c := t.Context(), own.Case
		w.UseOffers(housePolicy(t))
		must(t, w.TellReason(ctx, page, "price", ""))
		must(t, w.MakeOffer(ctx, agent, app.OfferInput{Case: c, Name: "pause"}))
		must(t, w.AnswerOffer(ctx, page, true))
		must(t, w.UntilQuiet(ctx))
		if w.state(t, c) != offboarding.CaseOpen || w.stepState(t, c, "offer_by_hand") != offboarding.StepReady {
			t.Fatalf("accepted, and the departure is %s", w.state(t, c))
		}
		code(t, w.EndOffer(ctx, agent, c, offer.Applied, ""), "step.evidence_required")
		must(t, w.EndOffer(ctx, agent, c, offer.Applied, "En pausa desde hoy en el panel de cobro"))
		eventually(t, "undone", func() bool { return w.state(t, c) == offboarding.CaseReversed })
		o := w.offer(t, c)
		if o.State != offer.Applied || o.OverBy != agent.ID || o.How.Ends.IsZero() {
			t.Fatalf("applied %+v", o)
		}
		must(t, w.PushClock(ctx, "", o.How.Ends.Start(w.Company().Zone).Add(time.Minute)))
		eventually(t, "a person is asked to end it", func() bool {
			v, err := w.OpenCase(ctx, agent, c)
			must(t, err)
			return slices.ContainsFunc(v.Plan.Steps, func(s offboarding.Step) bool { return s.Key == "offer_ends" && s.State == offboarding.StepReady })
		})
		w.verifyLog(t)
	})
}

// Whoever undoes their departure by themselves while it is being applied gets it all
// the same.
func TestWhatIsBeingAppliedGoesOnForWhoeverStays(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w, own, page, _ := proposed(t, e)
		ctx, c := t.Context(), own.Case
		w.UseOffers(housePolicy(t))
		must(t, w.TellReason(ctx, page, "price", ""))
		must(t, w.MakeOffer(ctx, agent, app.OfferInput{Case: c, Name: "pause"}))
		must(t, w.AnswerOffer(ctx, page, true))
		must(t, w.UndoByCustomer(ctx, page))
		eventually(t, "undone", func() bool { return w.state(t, c) == offboarding.CaseReversed })
		if s := w.stepState(t, c, "offer_by_hand"); s != offboarding.StepReady {
			t.Fatalf("nobody applies it: %s", s)
		}
		must(t, w.EndOffer(ctx, agent, c, offer.Applied, "En pausa"))
		if o := w.offer(t, c); o.State != offer.Applied {
			t.Errorf("it is %s", o.State)
		}
		w.verifyLog(t)
	})
}
