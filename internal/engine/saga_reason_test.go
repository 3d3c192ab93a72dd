package engine_test

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
	"hastaluego/internal/testkit/fakestripe"
)

// reasonDeed is whoever says why they leave once Stripe knows that they do.
func reasonDeed(t *testing.T) deed {
	d, far := stripePeer(t)
	told := func(ref string) any {
		why, _ := far.Get(ref)["cancellation_details"].(fakestripe.Object)
		return why["feedback"]
	}
	d.name, d.kind = "late reason", app.PassOnKind
	d.steps = "  - {id: stop, kind: cancel_billing, title: {es: \"A\", en: \"A\"}, after: [confirm], params: {system: far}}\n" +
		"  - {id: effective, kind: wait, title: {es: \"A\", en: \"A\"}, after: [stop], params: {until: effective}}\n"
	d.done = func(_ *testing.T, ref string) bool { return told(ref) == "too_expensive" }
	d.others = func(*testing.T) bool { return told("bystander") == nil }
	return d
}

// worksOf are the works of a kind of a case.
func (s *saga) worksOf(c offboarding.CaseID, kind string) (list []offboarding.Work) {
	s.t.Helper()
	s.must(s.store.View(s.t.Context(), func(tx app.Tx) (err error) { list, err = tx.WorksOf(s.t.Context(), c); return err }))
	return slices.DeleteFunc(list, func(w offboarding.Work) bool { return w.Kind != kind })
}

// page is a link to the private page of a departure.
func (s *saga) page(c offboarding.CaseID) (token string) {
	s.t.Helper()
	token = id.Token()
	hash := sha256.Sum256([]byte(token))
	s.must(s.store.Tx(s.t.Context(), func(tx app.Tx) error {
		return tx.InsertLink(s.t.Context(), app.Link{
			ID: offboarding.LinkID(id.New("lnk")), TokenHash: hex.EncodeToString(hash[:]), Purpose: "case", Case: c, CreatedAt: tx.Now(), ExpiresAt: tx.Now().Add(time.Hour),
		})
	}))
	return token
}

// Wherever a process dies that tells the billing system why somebody leaves who said
// so late: it is told there once, and stands in the log once.
func TestWhereverAProcessDiesALateReasonIsPassedOnOnce(t *testing.T) {
	t.Parallel()
	eachDeed(t, []func(t *testing.T) deed{reasonDeed}, func(t *testing.T, e testkit.Engine, d deed) {
		s := newSaga(t, e.AnotherMigrated(t), "w", d)
		var ref string
		var c offboarding.CaseID
		var before int
		leave := func() {
			ref, c = s.depart("period_end")
			s.live(death{}, func() bool {
				stops := s.worksOf(c, "cancel_billing")
				return len(stops) == 1 && stops[0].State == offboarding.WorkVerified
			})
			before = s.asked()
			s.must(s.app.TellReason(t.Context(), s.page(c), "price", "Se me va de presupuesto"))
		}
		over := func() bool {
			works := s.worksOf(c, app.PassOnKind)
			return len(works) == 1 && works[0].State == offboarding.WorkDone
		}
		judge := func(what string) {
			t.Helper()
			if !d.done(t, ref) || !d.others(t) {
				t.Errorf("%s: it is not told there, or another was told", what)
			}
			if n, logged := s.asked()-before, s.logged(c, "reason.passed_on"); n != 1 || logged != 1 {
				t.Errorf("%s: it was told %d times, and the log has %d", what, n, logged)
			}
		}
		leave()
		s.rehearse = true
		s.live(death{}, over)
		judge("a life that nothing ended")
		n := s.eachWindow(func(last death) bool {
			leave()
			died := s.live(last, over)
			if (over() || s.logged(c, "reason.passed_on") > 0) && !d.done(t, ref) {
				t.Errorf("%v: passed on, we say, and not told there", last)
			}
			s.live(death{}, over)
			judge(last.String())
			return died
		})
		t.Logf("chaos: %s on %s: dead in %d windows", d.name, e.Name, n)
	})
}
