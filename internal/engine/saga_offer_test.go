package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/offer"
	"hastaluego/internal/reason"
	"hastaluego/internal/testkit"
	"hastaluego/internal/testkit/fakestripe"
)

// acceptedDeed is a discount that somebody accepts instead of leaving, once Stripe knows
// that they leave.
func acceptedDeed(t *testing.T) deed {
	d, far := stripePeer(t)
	far.Put(fakestripe.Object{"id": "winter", "object": "coupon"})
	coupons := func(ref string) (list []string) {
		has, _ := far.Get(ref)["discounts"].([]fakestripe.Object)
		for _, x := range has {
			list = append(list, x["source"].(fakestripe.Object)["coupon"].(string))
		}
		return list
	}
	d.begin(t, "bystander")
	d.name, d.kind, d.offers = "accepted offer", "apply_offer", true
	d.steps = "  - {id: stop, kind: cancel_billing, title: {es: \"A\", en: \"A\"}, after: [confirm], params: {system: far}}\n" +
		"  - {id: effective, kind: wait, title: {es: \"A\", en: \"A\"}, after: [stop], params: {until: effective}}\n"
	d.done = func(_ *testing.T, ref string) bool { return slices.Equal(coupons(ref), []string{"winter"}) } // twice would be two discounts
	d.whole = func(_ *testing.T, ref string) bool {                                                        // it runs on
		return far.Get(ref)["cancel_at"] == nil && far.Get(ref)["cancel_at_period_end"] == false
	}
	d.others = func(*testing.T) bool { return len(coupons("bystander")) == 0 }
	return d
}

// discounts are the offers of the program, of which the discount is a coupon at the
// system "far".
func discounts() (*offer.Policy, error) {
	var files []offer.File
	for _, f := range offer.BuiltinFiles() {
		src := strings.NewReplacer("contract.months >= 6", "contract.months >= 1", "margin: []", "margin: [{percent: 60}]", "fields: {percent: 20, charges: 3}", "fields: {percent: 20, charges: 3, coupon: winter}",
			"effect: {apply: person, verify: person, undo: person, expire: person}\nexpires: {d: 10}\nby: {d: 5}",
			"effect: {apply: coupon, verify: read, undo: remove, expire: billing}\nexpires: {d: 10}\nby: {d: 5}").Replace(string(f.Source))
		files = append(files, offer.File{Name: f.Name, Source: []byte(src)})
	}
	return offer.Read(files, reason.Builtin())
}

// receiptOut has the receipt of a departure gone out, which comes before any offer: it
// waits for a proof of the log, which nobody makes here.
func (s *saga) receiptOut(c offboarding.CaseID) {
	s.t.Helper()
	s.must(s.store.Tx(s.t.Context(), func(tx app.Tx) error {
		letters, err := tx.ListMessages(s.t.Context(), c, 100)
		for _, m := range letters {
			if m.Paper != "receipt" {
				continue
			}
			m.State = "sent"
			if err := tx.SaveMessage(s.t.Context(), m); err != nil {
				return err
			}
		}
		return err
	}))
}

// dyingly has a process that dies do something for a person.
func (s *saga) dyingly(last death, do func(*app.App) error) error {
	s.t.Helper()
	n := s.nature
	n.Last, n.Ahead = last, time.Duration(s.by.Load())
	p, err := n.open(s.t.Context(), s.t.TempDir())
	s.must(err)
	defer p.close()
	return do(p.app)
}

// Wherever a process dies between that an offer was accepted and that the departure is
// undone: the discount is given once, is on record as given, and nobody who accepted one
// ends all the same.
func TestWhereverAProcessDiesAnAcceptedOfferIsAppliedOnce(t *testing.T) {
	t.Parallel()
	eachDeed(t, []func(t *testing.T) deed{acceptedDeed}, func(t *testing.T, e testkit.Engine, d deed) {
		s := newSaga(t, e.AnotherMigrated(t), "o", d)
		s.Kinds = []string{"apply_offer", "cancel_billing"} // giving it, and taking the end back
		var ref string
		var c offboarding.CaseID
		var before int
		var page string
		propose := func() {
			ref, c = s.depart("period_end")
			s.live(death{}, func() bool {
				stops := s.worksOf(c, "cancel_billing")
				return len(stops) == 1 && stops[0].State == offboarding.WorkVerified
			})
			s.receiptOut(c)
			page = s.page(c)
			s.must(s.app.TellReason(t.Context(), page, "price", ""))
			s.must(s.app.MakeOffer(t.Context(), everybody, app.OfferInput{Case: c, Name: "discount"}))
			before = s.asked()
		}
		accept := func() {
			propose()
			s.must(s.app.AnswerOffer(t.Context(), page, true))
		}
		over := func() bool {
			v, err := s.app.OpenCase(t.Context(), everybody, c)
			s.must(err)
			return v.Plan.Case.State == offboarding.CaseReversed
		}
		judge := func(what string) {
			t.Helper()
			if !over() || !d.done(t, ref) || !d.whole(t, ref) || !d.others(t) {
				t.Errorf("%s: undone %v, given %v, goes on %v, others as they were %v", what, over(), d.done(t, ref), d.whole(t, ref), d.others(t))
			}
			if n, logged := s.asked()-before, s.logged(c, "offer.applied"); n != 3 || logged != 1 { // it, why they leave, and the end that is taken back
				t.Errorf("%s: Stripe was asked %d times, and the log has it %d times", what, n, logged)
			}
			if works := s.worksOf(c, "apply_offer"); len(works) != 1 || works[0].State != offboarding.WorkVerified {
				t.Errorf("%s: the works are %+v", what, works)
			}
		}
		accept()
		s.rehearse = true
		s.live(death{}, over)
		judge("a life that nothing ended")
		for _, last := range []death{{N: 1}, {N: 2}} { // whoever accepts hears nothing, and accepts again
			propose()
			if err := s.dyingly(last, func(a *app.App) error { return a.AnswerOffer(t.Context(), page, true) }); err == nil {
				t.Errorf("%v: it was accepted by a process that died", last)
			}
			s.must(s.app.AnswerOffer(t.Context(), page, true))
			s.live(death{}, over)
			judge("accepted by one that is " + last.String())
		}
		n := s.eachWindow(func(last death) bool {
			accept()
			died := s.live(last, over)
			if s.logged(c, "offer.applied") > 0 && !d.done(t, ref) {
				t.Errorf("%v: given, we say, and not there", last)
			}
			s.live(death{}, over)
			judge(last.String())
			return died
		})
		t.Logf("chaos: %s on %s: dead in %d windows", d.name, e.Name, n)
	})
}
