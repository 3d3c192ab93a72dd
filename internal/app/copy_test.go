package app_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/limit"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/retrieval"
	"hastaluego/internal/stray"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

// askCopy asks for a copy by an address.
func (w *world) askCopy(t *testing.T, account string) {
	t.Helper()
	must(t, w.AskCopy(t.Context(), app.CopyInput{Account: account, Language: "es"}))
	must(t, w.UntilQuiet(t.Context()))
}

// copyPage asks for a copy by the address of the first customer, and is the private
// page that the letter leads to.
func (w *world) copyPage(t *testing.T) string {
	t.Helper()
	n := w.mail.count("copy")
	w.askCopy(t, " MARTA@estudioalmena.example ")
	eventually(t, "a letter with the link", func() bool { return w.mail.count("copy") == n+1 })
	return token(w.mail.last(t, "copy").Links["copy"])
}

// copied is the page of what somebody takes along, once there is a file.
func (w *world) copied(t *testing.T, page, key string) (d app.DataPage) {
	t.Helper()
	eventually(t, "the file", func() bool {
		var err error
		d, err = w.OpenDataPage(t.Context(), page, key, "es")
		must(t, err)
		return len(d.Blobs) == 1 && !d.Remaking
	})
	return d
}

// The way from asking to the file, for somebody who stays: nothing is told to whoever
// types, nothing is made before whoever reads the mail says so, and everything that a
// leaver has for their data is there.
func TestACopyIsTakenWithoutLeaving(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, takesAlong)
		ctx := t.Context()
		w.keeps.owner, w.keeps.rows, w.keeps.files = "FE-20418", 3, map[string]string{"plano 1.bin": "uno"}

		w.askCopy(t, "nadie@ninguna.example")
		w.mail.wait(t, "copy_none", "nadie@ninguna.example")
		page := w.copyPage(t)
		w.mail.wait(t, "copy", firstMail)
		d, err := w.OpenDataPage(ctx, page, "", "")
		must(t, err)
		if !d.Waits() || d.Name != "Estudio Almena" || d.Taking.Copy.Account != "" || len(d.Blobs) > 0 {
			t.Fatalf("before it is confirmed: %+v", d)
		}
		code(t, w.SendCode(ctx, page), "copy.waiting")
		must(t, w.OpenCopy(ctx, page))
		must(t, w.OpenCopy(ctx, page)) // again
		d = w.copied(t, page, "")
		if d.Proof || d.Taking.Last != w.today(t).AddDays(30) {
			t.Fatalf("open: %+v", d)
		}
		_, _, err = w.Download(ctx, page, "", d.Blobs[0].ID, "", app.Begins)
		code(t, err, "code.needed")

		// A second one is not made: its link is sent again, and is of the same one.
		if again, err := w.OpenDataPage(ctx, w.copyPage(t), "", ""); err != nil || again.Taking.ID != d.Taking.ID {
			t.Errorf("asked twice: %+v, %v", again.Taking, err)
		}

		must(t, w.SendCode(ctx, page))
		key, err := w.OpenByCode(ctx, page, w.mail.wait(t, "code", firstMail).Secret)
		must(t, err)
		_, whole, err := w.Download(ctx, page, key, d.Blobs[0].ID, "", app.Begins)
		must(t, err)
		if whole.Size() == 0 {
			t.Error("an empty file")
		}
		files := w.payload(t, d.Taking.ID)
		if files["faro/drawings/plano 1.bin"] != "uno" || !strings.Contains(files["faro/visits.csv"], "visita 2") || !strings.Contains(files["copies.csv"], d.Taking.Code) {
			t.Errorf("it holds %v", slices.Sorted(keysOf(files)))
		}
		link, err := w.MakeDataLink(ctx, page, key)
		must(t, err)
		at := strings.Split(link.URL, "/")
		got, err := w.FetchByLink(ctx, at[len(at)-2], at[len(at)-1], "", app.Begins)
		if err != nil || !got.Same || link.Until != d.Taking.Last.String() {
			t.Errorf("the link for programs: %+v, %v", got, err)
		}

		// Made again, it says what changed; a week before the end it is by itself.
		w.keeps.mu.Lock()
		w.keeps.files = map[string]string{"plano 1.bin": "dos"}
		w.keeps.mu.Unlock()
		must(t, w.PushClock(ctx, "", d.Taking.Last.AddDays(-6).Start(d.Taking.Zone)))
		first := d.Blobs[0].ID
		eventually(t, "another file", func() bool { return w.bundleID(t, d.Taking.ID) != first })
		if l := w.mail.wait(t, "changes", firstMail); l.Changes.Changed != 1 || !strings.Contains(l.Links["data"], "/copy/") || l.Until != d.Taking.Last {
			t.Errorf("it says %+v", l)
		}

		// When its time is over nothing of it is left, and another one can be had.
		must(t, w.PushClock(ctx, "", d.Taking.Last.End(d.Taking.Zone)))
		must(t, w.UntilQuiet(ctx))
		if over, err := w.OpenDataPage(ctx, page, key, ""); err != nil || !over.Over || over.Proof {
			t.Errorf("afterwards: %+v, %v", over, err)
		}
		w.nothingLeft(t, d.Taking.ID)
		_, err = w.FetchByLink(ctx, at[len(at)-2], at[len(at)-1], "", app.Begins)
		code(t, err, "data.window_over")
		if next, err := w.OpenDataPage(ctx, w.copyPage(t), "", ""); err != nil || next.Taking.ID == d.Taking.ID || !next.Waits() {
			t.Errorf("another one: %+v, %v", next.Taking, err)
		}
		w.verifyLog(t)
	})
}

func keysOf(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// nothingLeft expects no file of a copy.
func (w *world) nothingLeft(t *testing.T, id offboarding.CaseID) {
	t.Helper()
	must(t, w.store.View(t.Context(), func(tx app.Tx) error {
		files, err := tx.BlobsOf(t.Context(), id)
		must(t, err)
		sets, err := tx.BundleSetsOf(t.Context(), id)
		if len(files)+len(sets) > 0 {
			t.Errorf("%d files, %d sets are left", len(files), len(sets))
		}
		return err
	}))
}

// Whoever reads the mail can say that it was not them: nothing is made, or nothing is
// left. Who merely works for a customer cannot ask.
func TestACopyIsStoppedByWhoeverReadsTheMail(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, takesAlong)
		ctx := t.Context()
		page := w.copyPage(t)
		must(t, w.StopCopy(ctx, page))
		must(t, w.StopCopy(ctx, page))
		code(t, w.OpenCopy(ctx, page), "copy.stopped")
		code(t, w.SendCode(ctx, page), "copy.stopped")

		page = w.copyPage(t)
		must(t, w.OpenCopy(ctx, page))
		d := w.copied(t, page, "")
		must(t, w.StopCopy(ctx, page))
		w.nothingLeft(t, d.Taking.ID)
		if got, err := w.OpenDataPage(ctx, page, "", ""); err != nil || !got.Stopped() || len(got.Blobs) > 0 {
			t.Errorf("stopped: %+v, %v", got, err)
		}

		cus := w.customerOf(t, "FE-20418")
		_, err := w.AddContact(ctx, agent, app.ContactInput{Customer: cus.ID, Name: "Becario", Email: "becario@estudioalmena.example", Role: customer.User})
		must(t, err)
		n := w.mail.count("copy")
		w.askCopy(t, "becario@estudioalmena.example")
		w.mail.wait(t, "copy_none", "becario@estudioalmena.example")
		if w.mail.count("copy") != n {
			t.Error("a link because of somebody who speaks for nobody")
		}
	})
}

// The staff and programs make one for a customer who asked them: the link goes to the
// address on file alone. One that is alive is not made twice.
func TestACopyIsMadeForACustomerWhoAskedUs(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, takesAlong)
		ctx := t.Context()
		cus := w.customerOf(t, "FE-20418")
		_, err := w.MakeCopy(ctx, agent, app.MakeCopyInput{Customer: cus.ID})
		code(t, err, "step.evidence_required")
		_, err = w.MakeCopy(ctx, finance, app.MakeCopyInput{Customer: cus.ID, How: "Por teléfono"})
		if fault.KindOf(err) != fault.Forbidden {
			t.Errorf("finance: %v", err)
		}
		first, err := w.MakeCopy(ctx, agent, app.MakeCopyInput{Customer: cus.ID, How: "Por teléfono"})
		must(t, err)
		page := token(w.mail.wait(t, "copy", firstMail).Links["copy"])
		d := w.copied(t, page, "")
		if string(d.Taking.ID) != string(first) || d.Waits() {
			t.Errorf("it is %+v", d.Taking)
		}
		second, err := w.MakeCopy(ctx, agent, app.MakeCopyInput{Customer: cus.ID, How: "Otra vez"})
		if err != nil || second != first {
			t.Errorf("%s, %v", second, err)
		}
		eventually(t, "the link again", func() bool { return w.mail.count("copy") == 2 })
		list, err := w.CopiesOf(ctx, agent, cus.ID)
		if err != nil || len(list) != 1 || list[0].State != retrieval.Open || list[0].Ready.IsZero() || list[0].Fetched {
			t.Errorf("listed: %+v, %v", list, err)
		}

		// One that waits for their word is opened by ours.
		must(t, w.StopCopy(ctx, page))
		page = w.copyPage(t)
		third, err := w.MakeCopy(ctx, agent, app.MakeCopyInput{Customer: cus.ID, How: "Llamó"})
		must(t, err)
		if d := w.copied(t, page, ""); string(d.Taking.ID) != string(third) {
			t.Errorf("it is %+v", d.Taking)
		}
		w.verifyLog(t)
	})
}

// Where there is no portal the copy comes with a letter, and somebody of the company
// can take it to give it to them; else they fetch it themselves.
func TestACopyIsHandedOverWhereThereIsNoPortal(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, takesAlong)
		ctx := t.Context()
		must(t, w.SetPortal(ctx, admin, true))
		cus := w.customerOf(t, "FE-20418")
		_, err := w.MakeCopy(ctx, agent, app.MakeCopyInput{Customer: cus.ID, How: "Por teléfono"})
		must(t, err)
		l := w.mail.wait(t, "data", firstMail)
		if l.Bundle == nil || len(l.Bundle.Body) == 0 || l.Copy == nil || len(l.Links) > 0 {
			t.Errorf("the letter brings %+v", l.Bundle)
		}
		if w.mail.count("copy") > 0 {
			t.Error("a letter with a link to nowhere")
		}
		eventually(t, "it is given", func() bool { return w.dueOfCopy(t, cus.ID)["dsr.access.max"].State == limit.Met })
		b, whole, err := w.TakeCopy(ctx, agent, cus.ID)
		if err != nil || whole.Size() != b.Size {
			t.Errorf("taken: %+v, %v", b, err)
		}
		list, err := w.CopiesOf(ctx, agent, cus.ID)
		if err != nil || !list[0].Fetched || !list[0].ByHand {
			t.Errorf("listed: %+v, %v", list, err)
		}
		must(t, w.SetPortal(ctx, admin, false))
		_, _, err = w.TakeCopy(ctx, agent, cus.ID)
		code(t, err, "bundle.on_page")
	})
}

// dueOfCopy are the limits of the law about the newest copy of a customer.
func (w *world) dueOfCopy(t *testing.T, cus customer.ID) map[string]limit.Limit {
	t.Helper()
	list, err := w.CopiesOf(t.Context(), agent, cus)
	must(t, err)
	out := map[string]limit.Limit{}
	for _, l := range list[0].Limits {
		if l.About != string(list[0].ID) || l.Case != "" || l.Customer != string(cus) {
			t.Errorf("it is about %+v", l)
		}
		out[l.Param] = l
	}
	return out
}

// What the law of a customer says about data that they ask for holds for a copy, too: from
// the moment in which it is known that they ask, until all of it is there, and longer than
// the copy. Nobody owes what they do not want.
func TestTheLawHasACopyGivenInTime(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, takesAlong)
		ctx := t.Context()
		w.keeps.owner, w.keeps.rows, w.keeps.down = "FE-20418", 3, true
		cus := w.customerOf(t, "FE-20418")
		page := w.copyPage(t)
		if l := w.dueOfCopy(t, cus.ID); len(l) > 0 {
			t.Errorf("whoever typed an address is owed %v", l)
		}
		must(t, w.OpenCopy(ctx, page))
		list := w.dueOfCopy(t, cus.ID)
		for param, rule := range map[string]string{"dsr.access.max": "eu.gdpr.12-3.access", "dsr.port.max": "eu.gdpr.12-3.port"} {
			l := list[param]
			if l.State != limit.Running || l.Rule.ID != rule || l.Last() != when.DateOf(l.Start, w.Company().Zone).AddMonths(1) {
				t.Errorf("%s: %+v until %s", param, l, l.Last())
			}
		}
		var d app.DataPage
		eventually(t, "a part of it", func() bool {
			var err error
			d, err = w.OpenDataPage(ctx, page, "", "es")
			must(t, err)
			return len(d.Blobs) == 1
		})
		if l := w.dueOfCopy(t, cus.ID)["dsr.access.max"]; l.State != limit.Running {
			t.Errorf("a part of it is given: %s by %s", l.State, l.By)
		}
		report, err := w.ReportLaw(ctx, admin, 12)
		must(t, err)
		if i := slices.IndexFunc(report.Coming, func(l app.LimitLine) bool { return l.About == string(d.Taking.ID) && l.Name == cus.Name }); i < 0 {
			t.Errorf("nobody is told what is due: %+v", report.Coming)
		}

		// It outlives the copy, and somebody answers for what nobody else could see.
		must(t, w.PushClock(ctx, "", list["dsr.access.max"].End.Add(25*time.Hour)))
		must(t, w.UntilQuiet(ctx))
		late := w.dueOfCopy(t, cus.ID)["dsr.access.max"]
		if late.State != limit.Missed || !late.Over.IsZero() || w.logged(t, "limit.missed") == 0 || w.logged(t, "limit.escalated") == 0 {
			t.Errorf("too late: %+v", late)
		}
		must(t, w.AttestLimit(ctx, agent, late.ID, "Lo recogió en la oficina el día 3"))
		if l := w.dueOfCopy(t, cus.ID)["dsr.access.max"]; l.State != limit.Missed || l.By != agent.ID {
			t.Errorf("answered for: %+v", l)
		}

		// Whole, it is given; called off, nobody owes it.
		w.keeps.mu.Lock()
		w.keeps.down = false
		w.keeps.mu.Unlock()
		page = w.copyPage(t)
		must(t, w.OpenCopy(ctx, page))
		eventually(t, "all of it", func() bool { return w.dueOfCopy(t, cus.ID)["dsr.port.max"].State == limit.Met })
		if l := w.dueOfCopy(t, cus.ID)["dsr.port.max"]; l.By != string(limit.DataReady) {
			t.Errorf("given: %+v", l)
		}
		must(t, w.StopCopy(ctx, page))
		w.keeps.mu.Lock()
		w.keeps.down = true
		w.keeps.mu.Unlock()
		page = w.copyPage(t)
		must(t, w.OpenCopy(ctx, page))
		must(t, w.StopCopy(ctx, page))
		if l := w.dueOfCopy(t, cus.ID)["dsr.access.max"]; l.State != limit.Moot || l.By != "copy.stopped" {
			t.Errorf("called off: %+v", l)
		}
		w.verifyLog(t)
	})
}

// lists are all that counts or lists departures, or those who leave or left.
type lists struct {
	Figures  figures
	Inbox    app.Inbox
	Cases    []offboarding.Case
	Requests []offboarding.Request
	Waiting  []offboarding.Request
	Leaving  app.CustomerList
	Strays   []app.StrayView
	Access   app.AccessReport
	Law      app.LawReport
	Exits    app.ExitFigures
	Of       []offboarding.Case
	Claims   map[customer.SubscriptionID]app.Claim
	Leavers  map[customer.ID]bool
	Limits   int
	Erased   time.Time
	Silence  any
}

func (w *world) lists(t *testing.T, cus customer.ID) (l lists) {
	t.Helper()
	ctx := t.Context()
	auditor := app.Actor{ID: "usr_auditor", Roles: append(slices.Clone(agent.Roles), "auditor", "privacy")}
	l.Figures = w.figures(t)
	var err error
	l.Inbox, err = w.OpenInbox(ctx, agent, app.CaseFilter{})
	must(t, err)
	l.Cases, _, err = w.PageCases(ctx, agent, app.CaseQuery{}, app.Place{Limit: 100})
	must(t, err)
	l.Requests, _, err = w.PageRequests(ctx, agent, "", app.Place{Limit: 100})
	must(t, err)
	l.Waiting, _, err = w.OpenUnmatched(ctx, agent, 100, 0)
	must(t, err)
	l.Leaving, err = w.ListCustomers(ctx, agent, app.CustomerFilter{Leaving: true, Limit: 50})
	must(t, err)
	l.Strays, _, err = w.ListStrays(ctx, agent, stray.State(""), "", 100)
	must(t, err)
	l.Access, err = w.ReportAccess(ctx, auditor, 12)
	must(t, err)
	l.Law, err = w.ReportLaw(ctx, auditor, 12)
	must(t, err)
	l.Exits, err = w.ExitFigures(ctx, auditor)
	must(t, err)
	must(t, w.store.View(ctx, func(tx app.Tx) error {
		l.Of, err = tx.CasesOf(ctx, cus)
		must(t, err)
		l.Claims, err = tx.ClaimsOf(ctx, cus)
		must(t, err)
		limits, err := tx.LimitsAbout(ctx, cus)
		must(t, err)
		l.Limits = len(limits)
		l.Silence, err = tx.SilenceOf(ctx, cus)
		must(t, err)
		l.Erased, err = tx.ErasedAt(ctx, cus)
		return err
	}))
	return l
}

// No count, list or report of departures knows of copies, in whatever state they are;
// a departure afterwards is one like any other, and leaves an open copy alone.
func TestNothingThatIsAboutDeparturesKnowsOfCopies(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, forgetting)
		ctx := t.Context()
		cus := w.customerOf(t, "FE-20418")
		other := w.customerOf(t, "FE-11872")
		_, _, _ = w.request(t, "period_end") // somebody leaves, so that there is something to be moved
		must(t, w.UntilQuiet(ctx))
		before := w.lists(t, other.ID)

		states := map[retrieval.State]func(t *testing.T, page string){
			retrieval.Waiting: func(*testing.T, string) {},
			retrieval.Open:    func(t *testing.T, page string) { must(t, w.OpenCopy(ctx, page)); w.copied(t, page, "") },
			retrieval.Stopped: func(t *testing.T, page string) { must(t, w.StopCopy(ctx, page)) },
		}
		mail := ""
		must(t, w.store.View(ctx, func(tx app.Tx) error {
			contacts, err := tx.ContactsOf(ctx, other.ID)
			mail = contacts[0].Email
			return err
		}))
		for _, s := range []retrieval.State{retrieval.Waiting, retrieval.Stopped, retrieval.Open} {
			n := w.mail.count("copy")
			w.askCopy(t, mail)
			eventually(t, "the link", func() bool { return w.mail.count("copy") == n+1 })
			states[s](t, token(w.mail.last(t, "copy").Links["copy"]))
			must(t, w.UntilQuiet(ctx))
			after := w.lists(t, other.ID)
			before.Figures.equal(t, after.Figures)
			before.Figures, after.Figures = figures{}, figures{}
			if s == retrieval.Open { // the law has it given, as it has complaints answered
				if after.Limits != before.Limits+2 {
					t.Errorf("%d limits, and %d before", after.Limits, before.Limits)
				}
				before.Limits, before.Law = after.Limits, after.Law
			}
			x, y := reflect.ValueOf(before), reflect.ValueOf(after)
			for i := range x.NumField() {
				if a, b := x.Field(i).Interface(), y.Field(i).Interface(); !reflect.DeepEqual(a, b) {
					t.Errorf("with one that is %s, %s moved:\nbefore %+v\nafter  %+v", s, x.Type().Field(i).Name, a, b)
				}
			}
			before.Figures = w.figures(t)
		}
		if len(before.Cases) == 0 || before.Inbox.Total == 0 || len(before.Leaving.Rows) == 0 {
			t.Fatalf("there is nothing to move: %+v", before)
		}

		// Whoever leaves has a copy too, and it is one: the departure goes on beside it.
		page := w.copyPage(t)
		must(t, w.OpenCopy(ctx, page))
		d := w.copied(t, page, "")
		var cases []offboarding.Case
		must(t, w.store.View(ctx, func(tx app.Tx) (err error) { cases, err = tx.CasesOf(ctx, cus.ID); return err }))
		if len(cases) != 1 || cases[0].State != offboarding.CaseOpen && cases[0].State != offboarding.CaseClosed || d.Taking.Copy == nil {
			t.Errorf("%+v beside %+v", cases, d.Taking)
		}

		// A departure afterwards is one like any other, and the copy stays.
		copies, err := w.CopiesOf(ctx, agent, other.ID)
		must(t, err)
		c, err := w.RegisterOnBehalf(ctx, agent, app.BehalfInput{Customer: other.ID, Channel: "phone", Reference: "L-1", When: "now", Proof: "DNI"})
		must(t, err)
		must(t, w.UntilQuiet(ctx))
		if s := w.state(t, c); s != offboarding.CaseOpen && s != offboarding.CaseClosed {
			t.Errorf("the departure is %s", s)
		}
		if now, err := w.CopiesOf(ctx, agent, other.ID); err != nil || !reflect.DeepEqual(now[0].Copy, copies[0].Copy) {
			t.Errorf("the copy was %+v and is %+v, %v", copies[0], now[0], err)
		}
		w.verifyLog(t)
	})
}

// What is erased is erased with its copies: their files, their letters, and what was
// typed; an order of an authority keeps a copy as it keeps everything.
func TestACopyIsErasedWithItsCustomer(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, forgetting)
		ctx := t.Context()
		cid := w.lent(t, "site")
		w.clear(t, cid)
		_, c, _ := w.request(t, "period_end")
		page := w.copyPage(t)
		must(t, w.OpenCopy(ctx, page))
		d := w.copied(t, page, "")

		must(t, w.AskOrder(ctx, privacy, app.OrderInput{Case: c, Authority: "Juzgado n.º 3", Reference: "DP 12/2027", Withhold: true, Named: true}))
		v, err := w.OpenCase(ctx, privacy, c)
		must(t, err)
		must(t, w.AgreeOrder(ctx, carmen, c, v.Orders[0].ID))
		if held, err := w.OpenDataPage(ctx, page, "", ""); err != nil || !held.Withheld || len(held.Orders) != 1 {
			t.Errorf("withheld: %+v, %v", held, err)
		}
		code(t, w.SendCode(ctx, page), "data.ordered")
		must(t, w.LiftOrder(ctx, privacy, c, v.Orders[0].ID))

		w.erased(t, c)
		if gone, err := w.OpenDataPage(ctx, page, "", ""); err != nil || gone.ErasedOn.IsZero() || gone.Name != "" || len(gone.Blobs) > 0 {
			t.Errorf("erased: %+v, %v", gone, err)
		}
		code(t, w.SendCode(ctx, page), "data.erased")
		w.nothingLeft(t, d.Taking.ID)
		if list, err := w.CopiesOf(ctx, agent, cid); err != nil || len(list) != 1 || list[0].State != retrieval.Over {
			t.Errorf("erased, and its copies are %+v, %v", list, err)
		}
		if where := said(t, e, "marta", "almena"); len(where) > 0 {
			t.Errorf("still said in %v", where)
		}
		_, err = w.MakeCopy(ctx, agent, app.MakeCopyInput{Customer: cid, How: "Llamó"})
		code(t, err, "data.erased")
		w.verifyLog(t)
	})
}

// Whoever does not want a copy while it is made has nothing of it kept, however far it
// was, and whatever answers afterwards.
func TestNothingIsKeptOfACopyThatEndsWhileItIsMade(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, takesAlong)
		ctx := t.Context()
		w.keeps.owner, w.keeps.rows, w.keeps.down = "FE-20418", 3, true
		page := w.copyPage(t)
		must(t, w.OpenCopy(ctx, page))
		var d app.DataPage
		eventually(t, "a file without what does not answer", func() bool {
			var err error
			d, err = w.OpenDataPage(ctx, page, "", "")
			must(t, err)
			return len(d.Blobs) == 1 && d.Remaking
		})
		must(t, w.StopCopy(ctx, page))
		w.keeps.mu.Lock()
		w.keeps.down = false
		w.keeps.mu.Unlock()
		eventually(t, "nothing is made any more", func() (over bool) {
			must(t, w.store.View(ctx, func(tx app.Tx) error {
				works, err := tx.WorksOf(ctx, d.Taking.ID)
				over = !slices.ContainsFunc(works, func(x offboarding.Work) bool {
					return x.Kind == app.RemakeKind && (x.State == offboarding.WorkReady || x.State == offboarding.WorkRunning)
				})
				return err
			}))
			return over
		})
		w.nothingLeft(t, d.Taking.ID)
		w.verifyLog(t)
	})
}

// Of an address that nobody has nothing is kept once it was told, in no table and in no
// entry of the log, also where it is of somebody who speaks for nobody; and it is not
// written to without end.
func TestAnAddressThatNobodyHasIsForgottenOnceItWasTold(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, takesAlong)
		ctx := t.Context()
		for range 12 {
			w.askCopy(t, "Nadie@ninguna.example")
		}
		w.mail.wait(t, "copy_none", "Nadie@ninguna.example")
		if n := w.mail.count("copy_none"); n >= 12 {
			t.Errorf("%d letters", n)
		}
		if where := said(t, e, "ninguna"); len(where) > 0 {
			t.Errorf("it stands in %v", where)
		}
		log, _, err := w.OpenLog(ctx, app.Actor{ID: "usr_auditor", Roles: []string{"auditor"}}, 1000)
		must(t, err)
		if len(log) == 0 || strings.Contains(fmt.Sprint(log), "ninguna") {
			t.Errorf("the log says %v", log)
		}
	})
}

// However many requests there were, the one copy that is alive is found, and all are
// with their customer: what becomes of them becomes of all.
func TestTheCopyThatIsAliveIsFoundAmongManyRequests(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, takesAlong)
		ctx := t.Context()
		page := w.copyPage(t)
		first, err := w.OpenDataPage(ctx, page, "", "")
		must(t, err)
		must(t, w.store.Tx(ctx, func(tx app.Tx) error {
			for i := range 120 {
				c := retrieval.Copy{
					ID: retrieval.ID(id.New("cpy")), Code: id.NewCode(), State: retrieval.Joined, AskedBy: "customer", Customer: first.Taking.Customer,
					Language: "es", Zone: "Europe/Madrid", AskedAt: tx.Now().Add(time.Duration(i+1) * time.Second),
				}
				if err := tx.PutCopy(ctx, &c); err != nil {
					return err
				}
			}
			return nil
		}))
		if again, err := w.OpenDataPage(ctx, w.copyPage(t), "", ""); err != nil || again.Taking.ID != first.Taking.ID {
			t.Errorf("%+v, %v", again.Taking, err)
		}
		if list, err := w.CopiesOf(ctx, agent, first.Taking.Customer); err != nil || len(list) != 122 {
			t.Errorf("%d of them, %v", len(list), err)
		}
	})
}

// Whoever speaks for many has the link of each, and one is not sent without end.
func TestWhoeverSpeaksForManyIsSentTheLinkOfEach(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, takesAlong)
		const mail = "gestora@asesoria.example"
		for i := range 7 {
			_, err := w.AddCustomer(t.Context(), agent, app.CustomerInput{
				Kind: customer.Organisation, Name: fmt.Sprint("Sociedad ", i), Reference: fmt.Sprint("G-", i), Language: "es",
				Contacts: []app.ContactInput{{Name: "Gestora", Email: mail, Role: customer.Owner}},
			})
			must(t, err)
		}
		for range 7 {
			w.askCopy(t, mail)
		}
		eventually(t, "the link of each", func() bool { return w.mail.count("copy") == 7*5 })
		links := map[string]bool{}
		for _, p := range w.mail.papers() {
			if p.Kind == "copy" {
				links[p.Name] = true
			}
		}
		if len(links) != 7 {
			t.Errorf("of %v", links)
		}
	})
}

// What an authority keeps from everybody is not made for somebody who is told then that
// they may not have it: their days begin when the order is over.
func TestACopyThatAnOrderKeepsIsNotBegun(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, takesAlong)
		ctx := t.Context()
		_, c, _ := w.request(t, "period_end")
		page := w.copyPage(t)
		must(t, w.AskOrder(ctx, privacy, app.OrderInput{Case: c, Authority: "Juzgado n.º 3", Reference: "DP 12/2027", Withhold: true, Named: true}))
		v, err := w.OpenCase(ctx, privacy, c)
		must(t, err)
		must(t, w.AgreeOrder(ctx, carmen, c, v.Orders[0].ID))
		if d, err := w.OpenDataPage(ctx, page, "", ""); err != nil || !d.Withheld || d.Waits() || len(d.Orders) != 1 {
			t.Errorf("%+v, %v", d, err)
		}
		code(t, w.OpenCopy(ctx, page), "data.ordered")
		must(t, w.LiftOrder(ctx, privacy, c, v.Orders[0].ID))
		must(t, w.OpenCopy(ctx, page))
		if d := w.copied(t, page, ""); d.Taking.Last != w.today(t).AddDays(30) {
			t.Errorf("until %s", d.Taking.Last)
		}
	})
}

// The time for a copy is put off as the law lets it be: once, in time, with a reason that
// the customer reads in a letter, and both limits of the same request together.
func TestTheTimeForACopyIsPutOffAsTheLawLetsItBe(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, takesAlong)
		ctx := t.Context()
		w.keeps.owner, w.keeps.rows, w.keeps.down = "FE-20418", 3, true
		cus := w.customerOf(t, "FE-20418")
		must(t, w.OpenCopy(ctx, w.copyPage(t)))
		before := w.dueOfCopy(t, cus.ID)["dsr.access.max"]
		why := "Hay que buscar en copias de seguridad de 2019, que guarda otra empresa"
		code(t, w.ExtendLimit(ctx, finance, before.ID, why), "forbidden.role")
		code(t, w.ExtendLimit(ctx, agent, before.ID, " "), "step.evidence_required")
		must(t, w.ExtendLimit(ctx, agent, before.ID, why))
		for param, l := range w.dueOfCopy(t, cus.ID) {
			if want := when.DateOf(before.Start, w.Company().Zone).AddMonths(1).AddMonths(2); l.Last() != want || !l.First.Equal(before.End) || l.Deferrer != agent.ID {
				t.Errorf("%s: until %s, not %s: %+v", param, l.Last(), want, l)
			}
			code(t, w.ExtendLimit(ctx, agent, l.ID, why), "limit.extended")
		}
		w.mail.wait(t, app.ExtendedPaper, firstMail)
		p := w.mail.last(t, app.ExtendedPaper)
		if x := p.Extended; x == nil || x.Why != why || x.Erase || x.Before != before.Last() || !before.Last().Before(x.Until) || p.Links["copy"] == "" {
			t.Errorf("the letter says %+v, %v", x, p.Links)
		}
		if n := w.mail.count(app.ExtendedPaper); n != 1 {
			t.Errorf("%d letters", n)
		}
		if w.logged(t, "limit.extended") != 2 {
			t.Error("the log does not say it of both")
		}
		must(t, w.PushClock(ctx, "", before.End.Add(25*time.Hour)))
		must(t, w.UntilQuiet(ctx))
		if l := w.dueOfCopy(t, cus.ID)["dsr.access.max"]; l.State != limit.Running {
			t.Errorf("it is %s at the end that it had before", l.State)
		}
		w.verifyLog(t)
	})
}
