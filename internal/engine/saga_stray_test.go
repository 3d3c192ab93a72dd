package engine_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/stray"
	"hastaluego/internal/testkit"
	"hastaluego/internal/testkit/fakestripe"
	"hastaluego/internal/webhook"
)

// aftermath is a saga of those who left and are charged all the same.
type aftermath struct {
	*saga
	far *fakestripe.Stripe
	ref string
	c   offboarding.CaseID
	// elsewhere: they are charged for what is no contract of ours.
	elsewhere bool

	mu     sync.Mutex
	alarms map[offboarding.CaseID]map[string]bool // ids of the messages that told of a stray, by case
}

func newAftermath(t *testing.T, e testkit.Engine, kind string) *aftermath {
	t.Helper()
	d, far := stripePeer(t)
	d.kind, d.steps = kind, "  - {id: stop, kind: cancel_billing, title: {es: \"A\", en: \"A\"}, after: [confirm], params: {system: far}}\n"+
		"  - {id: effective, kind: wait, title: {es: \"A\", en: \"A\"}, after: [stop], params: {until: effective}}\n"
	a := &aftermath{far: far, alarms: map[offboarding.CaseID]map[string]bool{}}
	d.done = func(*testing.T, string) bool { return a.turned() }
	a.saga = newSaga(t, e, "s", d)
	ear := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var m struct {
			Type string
			Data struct{ Case offboarding.CaseID }
		}
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
			t.Error(err)
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		if m.Type == "stray.found" {
			if a.alarms[m.Data.Case] == nil {
				a.alarms[m.Data.Case] = map[string]bool{}
			}
			a.alarms[m.Data.Case][r.Header.Get(webhook.HeaderID)] = true
		}
	}))
	t.Cleanup(ear.Close)
	_, _, err := a.app.AddWebhook(t.Context(), app.Actor{}, app.AddWebhookInput{URL: ear.URL, Events: "*"})
	a.must(err)
	return a
}

// turned reports whether what this saga is about happened: a stray is on our
// record or, where money goes back, it went.
func (a *aftermath) turned() bool {
	if a.deed.kind == "refund" {
		return a.given() > 0
	}
	return len(a.strays()) > 0
}

// given is what was given back of the charge after the end.
func (a *aftermath) given() int64 {
	n, _ := a.far.Get("ch_late" + a.ref)["amount_refunded"].(int64)
	return n
}

func (a *aftermath) strays() (list []stray.Stray) {
	a.must(a.store.View(a.t.Context(), func(tx app.Tx) (err error) { list, err = tx.StraysOf(a.t.Context(), a.c); return err }))
	return list
}

// leave has somebody leave and then be charged; whoever was before them came back,
// and is looked at no more.
func (a *aftermath) leave() {
	a.t.Helper()
	ctx, before := a.t.Context(), a.c
	if before != "" {
		a.must(a.store.Tx(ctx, func(tx app.Tx) error {
			c, err := tx.FindCase(ctx, before)
			if err != nil {
				return err
			}
			return tx.SetSubscriptionStatus(ctx, c.Subscriptions[0], customer.Active)
		}))
	}
	a.ref, a.c = a.depart("now")
	a.live(death{}, func() bool { works := a.stops(); return len(works) == 1 && works[0].State == offboarding.WorkVerified })
	a.pass(60 * time.Hour)
	a.live(death{}, func() bool { return a.plan().Case.State == offboarding.CaseClosed })
	_, wall, err := a.app.Now(ctx)
	a.must(err)
	of := a.ref
	if a.elsewhere {
		of = "sub_elsewhere"
		who := a.plan().Case.Customer
		a.must(a.store.Tx(ctx, func(tx app.Tx) error {
			_, err := tx.InsertExternalIDs(ctx, customer.ExternalID{Customer: who, System: "far", Value: "cus_" + a.ref})
			return err
		}))
	}
	a.far.Put(fakestripe.Paid("late"+a.ref, of, "cus_"+a.ref, "eur", 2985, wall, wall.AddDate(0, 0, 30))...)
}

func (a *aftermath) stops() (list []offboarding.Work) {
	a.must(a.store.View(a.t.Context(), func(tx app.Tx) error {
		all, err := tx.WorksOf(a.t.Context(), a.c)
		for _, w := range all {
			if w.Kind == "cancel_billing" {
				list = append(list, w)
			}
		}
		return err
	}))
	return list
}

func (a *aftermath) plan() (p offboarding.Plan) {
	a.must(a.store.View(a.t.Context(), func(tx app.Tx) (err error) { p, err = tx.FindPlan(a.t.Context(), a.c); return err }))
	return p
}

// pass lets time pass, at the far system too.
func (a *aftermath) pass(d time.Duration) {
	a.by.Add(int64(d))
	a.far.Advance(d)
}

// round returns what says whether a round of the sweep has begun and ended since
// now.
func (a *aftermath) round() (over func() bool) {
	since, _, err := a.app.Now(a.t.Context())
	a.must(err)
	return func() bool {
		var at struct{ Done time.Time }
		a.must(a.store.View(a.t.Context(), func(tx app.Tx) error {
			w, err := tx.FindWork(a.t.Context(), "work_sweep_far")
			if err != nil || w.Evidence == "" {
				return err
			}
			return json.Unmarshal([]byte(w.Evidence), &at)
		}))
		return at.Done.After(since)
	}
}

// Wherever a process dies that looks after those who left: what was charged to them
// is found once, one person is asked, and one message tells of it.
func TestWhereverTheSweepDiesAStrayIsFoundOnce(t *testing.T) {
	t.Parallel()
	sweepDies(t, false)
}

// It is the same with what is charged for no contract of ours.
func TestWhereverTheSweepDiesAChargeOfNoContractIsFoundOnce(t *testing.T) {
	t.Parallel()
	sweepDies(t, true)
}

func sweepDies(t *testing.T, elsewhere bool) {
	t.Helper()
	eachSaga(t, func(t *testing.T, e testkit.Engine) {
		a := newAftermath(t, e, app.SweepKind)
		a.elsewhere = elsewhere
		begin := func() func() bool {
			a.leave()
			a.pass(time.Hour)
			return a.round()
		}
		judge := func(what string) {
			t.Helper()
			a.pass(time.Hour)
			a.live(death{}, a.round()) // the next round finds nothing new
			told := func() bool { a.mu.Lock(); defer a.mu.Unlock(); return len(a.alarms[a.c]) > 0 }
			if !told() {
				a.live(death{}, told)
			}
			list := a.strays()
			if len(list) != 1 || list[0].Kind != stray.Charge || list[0].Back.Minor != 2985 || list[0].State != stray.Open {
				t.Errorf("%s: strays: %+v", what, list)
			}
			asked := 0
			for _, st := range a.plan().Steps {
				if strings.HasPrefix(st.Key, "charged_after") {
					asked++
				}
			}
			a.mu.Lock()
			defer a.mu.Unlock()
			if n := a.logged(a.c, "stray.found"); n != 1 || asked != 1 || len(a.alarms[a.c]) != 1 {
				t.Errorf("%s: found %d times in the log, %d people asked, %d messages", what, n, asked, len(a.alarms[a.c]))
			}
		}
		over := begin()
		a.rehearse = true
		a.live(death{}, over)
		judge("a life that nothing ended")
		n := a.eachWindow(func(last death) bool {
			over := begin()
			died := a.live(last, over)
			a.live(death{}, over)
			judge(last.String())
			return died
		})
		t.Logf("chaos: the sweep on %s: dead in %d windows", e.Name, n)
	})
}

// What was found goes back once, when two people said so, wherever the process dies
// that gives it back.
func TestWhereverAProcessDiesWhatWasChargedAfterTheEndGoesBackOnce(t *testing.T) {
	t.Parallel()
	eachSaga(t, func(t *testing.T, e testkit.Engine) {
		a := newAftermath(t, e, "refund")
		ctx := t.Context()
		begin := func() {
			a.leave()
			a.pass(time.Hour)
			a.live(death{}, func() bool { return len(a.strays()) == 1 })
			s := a.strays()[0]
			a.must(a.app.DecideStray(ctx, everybody, app.StrayDecision{Case: a.c, Stray: s.ID, Way: app.StrayRefund, Why: "un ciclo de más"}))
			approve := "after_end_approve" + s.Step[strings.LastIndex(s.Step, "_"):]
			a.must(a.app.Approve(ctx, app.Actor{ID: "usr_other", Roles: everybody.Roles}, a.c, approve, true, "de acuerdo"))
		}
		over := func() bool { list := a.strays(); return len(list) == 1 && list[0].State == stray.Refunded }
		judge := func(what string) {
			t.Helper()
			if n := a.given(); n != 2985 {
				t.Errorf("%s: %d was given back of 2985", what, n)
			}
			if a.logged(a.c, "stray.refunding") != 1 || a.logged(a.c, "stray.refunded") != 1 {
				t.Errorf("%s: the log does not tell it once", what)
			}
		}
		begin()
		a.rehearse = true
		a.live(death{}, over)
		judge("a life that nothing ended")
		n := a.eachWindow(func(last death) bool {
			begin()
			died := a.live(last, over)
			if over() && a.given() != 2985 {
				t.Errorf("%v: refunded, we say, and %d was", last, a.given())
			}
			a.live(death{}, over)
			judge(last.String())
			return died
		})
		t.Logf("chaos: the refund of a stray on %s: dead in %d windows", e.Name, n)
	})
}
