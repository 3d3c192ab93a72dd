package app_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/experiment"
	"hastaluego/internal/fault"
	"hastaluego/internal/flow"
	"hastaluego/internal/money"
	"hastaluego/internal/notification"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/offer"
	"hastaluego/internal/relationship"
	"hastaluego/internal/testkit"
	"hastaluego/internal/trial"
	"hastaluego/internal/when"
)

var success = app.Actor{ID: "usr_s", Name: "Eva", Roles: []string{"success"}}

// atOnce lets the shipped policy answer without a person, with what is left of prices.
var atOnce = []string{"answers: person", "answers: at_once", "margin: []", "margin: [{percent: 60}]"}

// trialFile is the shipped example with something changed in it.
func trialFile(changes ...string) []byte {
	return []byte(strings.NewReplacer(append(changes, "holdout: 10", "holdout: 20", "share: 45", "share: 40")...).Replace(string(trial.Example())))
}

// quick is one arm that is judged by who is still there after a month: the fewest
// customers that there can be.
func quick(name string, changes ...string) []byte {
	return trialFile(append(changes, "experiment: pause_or_less", "experiment: "+name, "  - {id: less, share: 45, offer: discount}\n", "", "{id: pause, share: 45,", "{id: pause, share: 80,",
		"primary: held_90_paid", "primary: held_30", "effect: 15", "effect: 40")...)
}

func (w *world) tries(t *testing.T, src []byte) string {
	t.Helper()
	name, err := w.PutExperiment(t.Context(), success, "x.yaml", src)
	must(t, err)
	_, err = w.CheckExperiment(t.Context(), success, name)
	must(t, err)
	must(t, w.StartExperiment(t.Context(), success, name))
	return name
}

func (w *world) experiment(t *testing.T, name string) app.ExperimentView {
	t.Helper()
	v, err := w.OpenExperiment(t.Context(), success, name)
	must(t, err)
	return v
}

func (w *world) exposures(t *testing.T, c offboarding.CaseID) (list []app.Exposure) {
	t.Helper()
	must(t, w.store.View(t.Context(), func(tx app.Tx) (err error) { list, err = tx.ExposuresIn(t.Context(), c); return err }))
	return list
}

// triesOn begins an experiment in which a customer has an arm. Which one follows from
// both: it is written down again until it does.
func (w *world) triesOn(t *testing.T, id customer.ID, arm string, changes ...string) string {
	t.Helper()
	for i := range 1000 {
		name, err := w.PutExperiment(t.Context(), success, "x.yaml", trialFile(append(changes, "experiment: pause_or_less", fmt.Sprintf("experiment: tried_%d", i))...))
		must(t, err)
		if w.assigned(t, name, id) != arm {
			continue
		}
		_, err = w.CheckExperiment(t.Context(), success, name)
		must(t, err)
		must(t, w.StartExperiment(t.Context(), success, name))
		return name
	}
	t.Fatalf("no experiment gives %s", arm)
	return ""
}

// leaver is the customer of a departure.
func (w *world) leaver(t *testing.T, c offboarding.CaseID) customer.ID {
	t.Helper()
	v, err := w.OpenCase(t.Context(), agent, c)
	must(t, err)
	return v.Plan.Case.Customer
}

// assigned is the arm that a customer has by the secret of the house.
func (w *world) assigned(t *testing.T, name string, id customer.ID) string {
	t.Helper()
	v := w.experiment(t, name)
	a, err := v.Assigner(w.keys.HMACKey("experiment"))
	must(t, err)
	return a.Arm(id)
}

// Nothing is begun otherwise than it was checked, nor two of one place at once; what was
// checked can be checked again once the policy changed.
func TestAnExperimentBeginsAsItWasChecked(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w, _, _, _ := proposed(t, e)
		ctx := t.Context()
		w.UseOffers(housePolicy(t, atOnce...))
		_, err := w.PutExperiment(ctx, app.Actor{ID: "usr_f", Roles: []string{"finance"}}, "x.yaml", trialFile())
		code(t, err, "forbidden.role")
		name, err := w.PutExperiment(ctx, success, "x.yaml", trialFile())
		must(t, err)
		code(t, w.StartExperiment(ctx, success, name), "experiment.state") // unchecked
		c, err := w.CheckExperiment(ctx, success, name)
		must(t, err)
		if c.Plan.Customers < 250 || c.PerDay <= 0 || c.Days <= 90 {
			t.Errorf("planned %+v", c)
		}
		if _, err = w.PutExperiment(ctx, success, "x.yaml", trialFile("power: 80", "power: 81")); err != nil {
			t.Fatal(err)
		}
		code(t, w.StartExperiment(ctx, success, name), "experiment.state") // changed since
		w.tries(t, trialFile("power: 80", "power: 81"))
		code(t, w.StartExperiment(ctx, success, name), "experiment.state")
		_, err = w.PutExperiment(ctx, success, "x.yaml", trialFile())
		code(t, err, "experiment.state") // registered is registered
		if _, err = w.PutExperiment(ctx, success, "x.yaml", trialFile("experiment: pause_or_less", "experiment: other", "family: [price]", "kind: [person]")); err != nil {
			t.Fatal(err)
		}
		_, err = w.CheckExperiment(ctx, success, "other")
		if l := fault.Fields(err); len(l) != 1 || l[0].Code != "experiment.overlap" || l[0].Field != "other.yaml:18:12" {
			t.Errorf("two of one place at once: %v", err)
		}

		must(t, w.StopExperiment(ctx, success, name, "Cambian los precios"))
		if x := w.experiment(t, name); x.State != experiment.Stopped || x.Why != "Cambian los precios" || x.EndedBy != success.ID {
			t.Errorf("stopped %+v", x.Experiment)
		}
		_, err = w.CheckExperiment(ctx, success, name)
		code(t, err, "experiment.state")
		_, err = w.CheckExperiment(ctx, success, "other")
		must(t, err)
		w.UseOffers(housePolicy(t, append(atOnce, "fields: {months: 2}", "fields: {months: 3}")...))
		code(t, w.StartExperiment(ctx, success, "other"), "experiment.unchecked") // the policy changed since
		_, err = w.CheckExperiment(ctx, success, "other")
		must(t, err)
		must(t, w.StartExperiment(ctx, success, "other"))
		w.verifyLog(t)
	})
}

// What a customer sees is given by the arm that follows from who they are, and counted
// once, when they see it.
func TestAnExperimentIsGivenAndCountedWhenItIsSeen(t *testing.T) {
	t.Parallel()
	for arm, shown := range map[string]string{experiment.Holdout: "", "pause": "pause@", "less": "discount@"} {
		t.Run(arm, func(t *testing.T) {
			t.Parallel()
			testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
				w, own, page, _ := proposed(t, e)
				ctx := t.Context()
				w.UseOffers(housePolicy(t, atOnce...))
				name := w.triesOn(t, w.leaver(t, own.Case), arm)
				must(t, w.MeetArms(ctx, page)) // nothing was given yet
				must(t, w.TellReason(ctx, page, "price", ""))
				given := w.exposures(t, own.Case)
				if len(given) != 1 || !given[0].Seen.IsZero() || given[0].Arm != arm {
					t.Fatalf("given %+v", given)
				}
				v, err := w.OpenCase(ctx, agent, own.Case)
				must(t, err)
				switch {
				case arm == experiment.Holdout:
					w.getsNothing(t, own, page)
				case v.Offer == nil || !strings.HasPrefix(v.Offer.Name, shown):
					t.Fatalf("the arm %s was proposed %+v", arm, v.Offer)
				}
				for range 2 {
					must(t, w.MeetArms(ctx, page))
				}
				if seen := w.exposures(t, own.Case); len(seen) != 1 || seen[0].Seen.IsZero() {
					t.Errorf("seen %+v", seen)
				}
				if n := w.logged(t, "experiment.seen"); n != 1 {
					t.Errorf("%d entries that it was seen", n)
				}
				r := w.experiment(t, name).Report
				if r == nil || r.Seen != 1 || r.Known != 0 || len(r.Guards) != 6 {
					t.Errorf("reported %+v", r)
				}
				w.verifyLog(t)
			})
		})
	}
}

// getsNothing is whoever is of the holdout: nobody proposes them anything that gives
// something, and they are told so where they ask.
func (w *world) getsNothing(t *testing.T, own app.OfferInput, page string) {
	t.Helper()
	ctx := t.Context()
	v, err := w.OpenCase(ctx, agent, own.Case)
	must(t, err)
	if v.Offer != nil {
		t.Fatalf("the holdout was proposed %+v", v.Offer)
	}
	code(t, w.MakeOffer(ctx, agent, app.OfferInput{Case: own.Case, Name: "pause", Heard: "x", Reason: "y"}), "offer.guard.holdout")
	code(t, w.MakeOffer(ctx, agent, own), "offer.guard.holdout")
	must(t, w.AskOffer(ctx, page))
	p, err := w.OpenCasePage(ctx, page, "case", "")
	must(t, err)
	if !p.Nothing || !p.Unlooked {
		t.Errorf("whoever asks is told %+v", p.Answering)
	}
}

// Whoever is of the holdout and then turns out to have something of ours that is broken
// gets the date by which it is put right, as everybody does; and where the policy no
// longer decides for what is tried, a person looks.
func TestTheHoldoutIsOwedWhatIsNotTried(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"broken", "closing"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
				w, own, page, today := proposed(t, e)
				ctx := t.Context()
				w.UseOffers(housePolicy(t, atOnce...))
				id := w.leaver(t, own.Case)
				w.triesOn(t, id, experiment.Holdout)
				must(t, w.TellReason(ctx, page, "price", ""))
				if given := w.exposures(t, own.Case); len(given) != 1 || given[0].Arm != experiment.Holdout {
					t.Fatalf("given %+v", given)
				}
				if what == "broken" {
					_, err := w.RecordComplaint(ctx, agent, relationship.Complaint{Customer: id, Received: today, What: "Los avisos no llegan"})
					must(t, err)
				} else {
					must(t, w.TellReason(ctx, page, "closing", ""))
				}
				must(t, w.AskOffer(ctx, page))
				p, err := w.OpenCasePage(ctx, page, "case", "")
				must(t, err)
				switch {
				case p.Nothing || p.Unlooked:
					t.Errorf("nobody looks: %+v", p.Answering)
				case what == "closing" && (p.Offer != nil || p.AnswerDue.IsZero()):
					t.Errorf("no person is asked: %+v", p.Answering)
				case what == "broken" && (p.Offer == nil || p.Offer.Kind != offer.Fix || p.Offer.By.IsZero()):
					t.Errorf("no date is named by which it is put right: %+v", p.Answering)
				}
				if given := w.exposures(t, own.Case); len(given) != 1 || given[0].Arm != experiment.Holdout {
					t.Errorf("they are no longer of the holdout: %+v", given)
				}
				w.verifyLog(t)
			})
		})
	}
}

// crowd lets n customers leave over the price, a day after each other, see their arm,
// and do what does says.
func (w *world) crowd(t *testing.T, name string, n int, does func(arm string, i int) (stays, complains bool)) (ids []customer.ID) {
	t.Helper()
	ctx := t.Context()
	v := w.experiment(t, name)
	a, err := v.Assigner(w.keys.HMACKey("experiment"))
	must(t, err)
	zone := w.Company().Zone
	must(t, w.store.Tx(ctx, func(tx app.Tx) error {
		count := map[string]int{}
		for i := range n {
			id := customer.ID(fmt.Sprintf("cus_%s_%04d", name, i))
			ids = append(ids, id)
			arm := a.Arm(id)
			count[arm]++
			stays, complains := does(arm, count[arm])
			at := tx.Now().Add(time.Duration(i) * time.Hour)
			ref := fmt.Sprintf("%s-%04d", name, i)
			if _, err := tx.InsertCustomers(ctx, app.FoundCustomer{Customer: customer.Customer{ID: id, Reference: ref, Name: "Cliente " + ref, Kind: customer.Person, Consumer: true, Country: "ES", Language: "es", CreatedAt: tx.Now()}}); err != nil {
				return err
			}
			sub := customer.Subscription{
				ID: customer.SubscriptionID("sub_" + ref), Customer: id, Reference: ref + "-1", Product: "Fibra", Plan: "600", Interval: customer.Monthly, Status: customer.Active,
				Amount: money.Amount{Minor: 3000, Currency: "EUR"}, Start: w.today(t).AddDays(-400),
			}
			if _, err := tx.InsertSubscriptions(ctx, sub); err != nil {
				return err
			}
			r := offboarding.Request{ID: offboarding.RequestID("req_" + ref), Code: "HL-" + strings.ToUpper(ref), State: offboarding.RequestMatched, Channel: offboarding.Public, Language: "es", Nonce: "n" + ref, ReceivedAt: at, Customer: id}
			if _, _, err := tx.InsertRequest(ctx, r); err != nil {
				return err
			}
			c := offboarding.Case{
				ID: offboarding.CaseID("case_" + ref), Code: r.Code, Request: r.ID, Customer: id, Subscriptions: []customer.SubscriptionID{sub.ID}, State: offboarding.CaseClosed,
				Playbook: "test@1", Language: "es", Zone: zone.String(), Effective: w.today(t), RequestedAt: at, OpenedAt: at, EffectiveAt: at.AddDate(0, 0, 2), ClosedAt: at.AddDate(0, 0, 3),
			}
			if stays {
				c.State, c.EffectiveAt, c.ClosedAt = offboarding.CaseReversed, time.Time{}, at.AddDate(0, 0, 1)
			}
			if err := tx.InsertCase(ctx, c, nil); err != nil {
				return err
			}
			if complains {
				if err := tx.PutComplaint(ctx, app.SealedComplaint{Complaint: complaintOn(id, ref, w.today(t).AddDays(3))}); err != nil {
					return err
				}
			}
			if _, err := tx.GiveArm(ctx, app.Exposure{Experiment: v.ID, Case: c.ID, Customer: id, Arm: arm, Given: at, Until: at.AddDate(0, 0, 10)}); err != nil {
				return err
			}
			if _, err := tx.SeeArm(ctx, v.ID, c.ID, at.Add(time.Minute)); err != nil {
				return err
			}
		}
		return nil
	}))
	return ids
}

// An experiment runs to its decision by itself: not before everybody who was planned
// and their ninety days, and then at once; whoever began it is told.
func TestAnExperimentRunsToItsDecision(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		w.UseOffers(housePolicy(t, atOnce...))
		name := w.tries(t, quick("decided"))
		planned := w.experiment(t, name).Planned
		ids := w.crowd(t, name, planned, func(arm string, i int) (stays, complains bool) {
			if arm == experiment.Holdout {
				return i%5 == 0, false // a fifth stays by itself
			}
			return i%10 < 7, false
		})
		now, _, err := w.store.Now(ctx)
		must(t, err)
		must(t, w.PushClock(ctx, "", now.AddDate(0, 0, 60)))
		eventually(t, "counted", func() bool { return w.experiment(t, name).LookedAt.After(now) })
		v := w.experiment(t, name)
		if v.State != experiment.Running || len(v.Verdicts) > 0 || v.Report.Complete() {
			t.Fatalf("it concluded early: %+v", v.Experiment)
		}
		if len(v.Course) == 0 || len(v.Report.Groups) != 2 {
			t.Errorf("reported %+v", v.Report)
		}
		// One of them is erased before it is decided, and counts on.
		must(t, w.store.Tx(ctx, func(tx app.Tx) error { return w.Forget(ctx, tx, ids[3]) }))
		must(t, w.PushClock(ctx, "", now.AddDate(0, 0, 140)))
		eventually(t, "decided", func() bool { return w.experiment(t, name).State != experiment.Running })
		v = w.experiment(t, name)
		if v.State != experiment.Decided || len(v.Verdicts) != 1 || v.Verdicts[0].Outcome != experiment.Better || v.EndedBy != "engine" {
			t.Fatalf("decided %s %s: %+v", v.State, v.Why, v.Verdicts)
		}
		r := v.Report
		if r.Known != planned || r.Seen != planned {
			t.Errorf("known of %d, seen by %d, planned %d", r.Known, r.Seen, planned)
		}
		n := r.Groups[1].Incremental
		if n == nil || !n.Net.Each.Known || n.Net.Each.Point.Minor <= 0 || n.Net.Each.Low.Minor > n.Net.Each.Point.Minor || n.Discount.Each.Point.Minor != 0 {
			t.Errorf("what it brought: %+v", n)
		}
		if w.logged(t, "experiment.decided") != 1 || w.logged(t, "experiment.stopped") != 0 {
			t.Error("the log tells it otherwise")
		}
		code(t, w.StopExperiment(ctx, success, name, "tarde"), "experiment.state")
		w.verifyLog(t)
	})
}

// An arm that makes people complain stops its experiment by itself, long before its
// end, and nothing is concluded of it. One of which too few come, and one whose arms
// change, stop as well.
func TestAnExperimentStopsByItself(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		w.UseOffers(housePolicy(t, atOnce...))
		eva := w.person(t, "eva", "success") // nobody of the program's own began these
		name := w.tries(t, quick("harmful"))
		planned := w.experiment(t, name).Planned
		w.crowd(t, name, planned, func(arm string, i int) (stays, complains bool) {
			return i%10 < 7, arm != experiment.Holdout && i%2 == 0
		})
		few := w.tries(t, quick("few", "family: [price]", "family: [product]", "expires: {d: 365}", "expires: {d: 30}"))
		now, _, err := w.store.Now(ctx)
		must(t, err)
		must(t, w.PushClock(ctx, "", now.AddDate(0, 0, 50)))
		eventually(t, "stopped", func() bool {
			return w.experiment(t, name).State != experiment.Running && w.experiment(t, few).State != experiment.Running
		})
		v := w.experiment(t, name)
		if v.State != experiment.Stopped || v.Why != app.StoppedByHarm || v.EndedBy != "engine" || len(v.Verdicts) > 0 {
			t.Fatalf("%s: %s", v.State, v.Why)
		}
		if len(v.Alarms) == 0 || v.Alarms[0].Metric != experiment.Complained {
			t.Errorf("alarms %+v", v.Alarms)
		}
		if x := w.experiment(t, few); x.Why != app.StoppedByDay || x.State != experiment.Stopped {
			t.Errorf("of which too few came: %s %s", x.State, x.Why)
		}
		eventually(t, "told", func() bool { return len(w.mail.toldOf("eva@faro.example", notification.Stuck)) == 2 })
		if told := w.mail.toldOf("eva@faro.example", notification.Stuck)[0]; told != "Pausa o descuento" || eva.ID == "" {
			t.Errorf("told of %q", told)
		}
		other := w.tries(t, quick("other"))
		w.UseOffers(housePolicy(t, append(atOnce, "fields: {months: 2}", "fields: {months: 3}")...))
		must(t, w.PushClock(ctx, "", now.AddDate(0, 0, 53)))
		eventually(t, "stopped", func() bool { return w.experiment(t, other).State == experiment.Stopped })
		if x := w.experiment(t, other); x.Why != app.StoppedByChange {
			t.Errorf("an arm that changed: %s", x.Why)
		}
		list, err := w.ListExperiments(ctx, success)
		must(t, err)
		if len(list) != 3 || !slices.ContainsFunc(list, func(x app.Experiment) bool { return x.Name == few }) {
			t.Errorf("listed %+v", list)
		}
		w.verifyLog(t)
	})
}

func complaintOn(id customer.ID, ref string, day when.Date) relationship.Complaint {
	return relationship.Complaint{ID: relationship.ComplaintID("cmp_" + ref), Customer: id, Received: day, AnswerBy: day.AddDays(15), State: relationship.Open}
}

// inFlow are the changes with which an arm of the flow is tried on everybody who speaks
// Spanish.
var inFlow = []string{"  - {id: less, share: 45, offer: discount}\n", "", "{id: pause, share: 45, offer: pause}", "{id: short, share: 80, flow: short}", "family: [price]", "language: [es]"}

// armed has the flow declare an arm beside its usual one.
func (w *world) armed(t *testing.T) {
	t.Helper()
	src := strings.Replace(string(flow.Builtin()["exit-first"]), "\nnodes:", "\narms: [usual, short]\nnodes:", 1)
	must(t, w.store.Tx(t.Context(), func(tx app.Tx) error {
		return tx.InsertFlow(t.Context(), app.FlowVersion{ID: "flv_arms", Number: 1, Name: "exit-first", Source: src, Signup: signup, Hash: "x", Day: w.today(t), At: tx.Now(), By: "usr_a"})
	}))
}

// An arm of the flow is met on the pages after the receipt, the same on each of them,
// and counted with the first; not before it is proved whose the request is.
func TestAnArmOfTheFlowIsMetAfterTheReceipt(t *testing.T) {
	t.Parallel()
	for name, shows := range map[string]string{experiment.Holdout: "usual", "short": "short"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
				w := newWorld(t, e)
				ctx := t.Context()
				w.armed(t)
				r, err := w.RequestExit(ctx, app.ExitInput{Name: "Marta Ibáñez", AccountEmail: firstMail, When: "period_end", Language: "es"})
				must(t, err)
				confirm := w.mail.wait(t, "confirm", firstMail)
				must(t, w.store.View(ctx, func(tx app.Tx) (err error) { r, err = tx.FindRequestByCode(ctx, r.Code); return err }))
				if r.Case == "" || !r.VerifiedAt.IsZero() {
					t.Fatalf("not matched, or proved already: %+v", r)
				}
				meets := func() string {
					t.Helper()
					arm, err := w.FlowArm(ctx, r.Code)
					must(t, err)
					return arm
				}
				if arm := meets(); arm != "" {
					t.Fatalf("nothing runs, and they meet %q", arm)
				}
				w.triesOn(t, w.leaver(t, r.Case), name, inFlow...)
				if arm := meets(); arm != "" || len(w.exposures(t, r.Case)) > 0 {
					t.Fatalf("whoever typed an address learns that it is a customer's: %q", arm)
				}
				c, page, err := w.VerifyRequest(ctx, token(confirm.Links["verify"]))
				must(t, err)
				for range 2 {
					arm := meets()
					given := w.exposures(t, c)
					if len(given) != 1 || given[0].Seen.IsZero() || given[0].Arm != name || arm != shows {
						t.Fatalf("given %+v, and meets %q", given, arm)
					}
					x, err := w.ExitOf(ctx, app.ExitFor{Record: "ES", Language: "es", Device: "desktop", Arm: arm})
					must(t, err)
					if x.Version != "flv_arms" || x.Variant.Arm != shows {
						t.Errorf("the page is of %s, arm %q", x.Version, x.Variant.Arm)
					}
				}
				must(t, w.MeetArms(ctx, page)) // was counted
				if n := w.logged(t, "experiment.seen"); n != 1 {
					t.Errorf("%d entries that it was seen", n)
				}
				w.verifyLog(t)
			})
		})
	}
}

// Whoever looks at a page while they are erased is given no arm that would stay behind.
func TestAnArmIsNotGivenBesideAnErasure(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, forgetting)
		w.clear(t, w.lent(t))
		w.armed(t)
		r, c, _ := w.request(t, "period_end")
		w.asksToErase(t, c)
		w.triesOn(t, w.leaver(t, c), "short", inFlow...)
		come, met := make(chan struct{}), make(chan error, 1)
		var once, begin sync.Once // a transaction may be run again
		here := func() { once.Do(func() { close(come) }) }
		ctx := context.WithValue(t.Context(), awaiting{}, here)
		if e.Name == "sqlite" { // there is one writer: it comes no further than to look
			ctx = context.WithValue(t.Context(), afterView{}, here)
		}
		look := func() {
			begin.Do(func() {
				go func() {
					arm, err := w.FlowArm(ctx, r.Code)
					if err == nil && arm != "" {
						err = fmt.Errorf("they meet %q", arm)
					}
					met <- err
					here() // whoever waits for nothing is done before the erasure
				}()
			})
			<-come // the erasure is not committed yet: whoever looks does not see it
		}
		w.between.erasing.Store(&look)
		w.approved(t, c)
		must(t, <-met)
		eventually(t, "erased", func() bool { return w.stepState(t, c, "erase") == offboarding.StepVerified })
		if given := w.exposures(t, c); len(given) > 0 {
			t.Errorf("stayed behind: %+v", given)
		}
		w.verifyLog(t)
	})
}
