package app_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/approval"
	"hastaluego/internal/customer"
	"hastaluego/internal/ending"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
	"hastaluego/internal/testkit"
)

// alone is the one person who works here.
var alone = app.Actor{ID: "usr_clara", Name: "Clara", Roles: []string{"agent", "finance", "privacy", "success", "admin"}}

func (w *world) onePerson(t *testing.T, on bool) {
	t.Helper()
	must(t, w.SetOnePerson(t.Context(), alone, on, 72))
}

// worked does what one person can do in a departure now; what needs a second
// one is put to the client, or waited for. It reports whether anything was done.
func (w *world) worked(t *testing.T, c offboarding.CaseID, cid customer.ID, page string) bool {
	t.Helper()
	ctx, worked := t.Context(), false
	v, err := w.OpenCase(ctx, alone, c)
	must(t, err)
	for _, s := range v.Plan.Steps {
		if !s.Human || s.State != offboarding.StepReady {
			continue
		}
		switch {
		case s.Kind == "collect":
			w.settleAll(t, alone, cid)
		case w.OwnEnd(s.Kind):
			w.endOwn(t, alone, c, s, page)
		case v.Approves[s.Kind]:
			asked := slices.ContainsFunc(v.Approvals, func(a app.ApprovalView) bool { return a.Subject == string(s.ID) && a.State == approval.Asked })
			if asked {
				continue // a time is waited for
			}
			code(t, w.Approve(ctx, alone, c, s.Key, true, "Yo misma"), "approval.same_person")
			must(t, w.AskApproval(ctx, alone, app.AskInput{Case: c, Step: s.Key, Note: "Borrar lo que no hay que conservar"}))
			p, err := w.OpenCasePage(ctx, page, "case", "es")
			must(t, err)
			if p.Approval != nil {
				if p.Approval.Words != "Borrar lo que no hay que conservar" {
					t.Errorf("the client reads %q", p.Approval.Words)
				}
				must(t, w.AnswerApproval(ctx, page, app.ApprovalAnswer{ID: p.Approval.ID, Right: true}))
			}
		default:
			for _, it := range s.Items {
				must(t, w.Tick(ctx, alone, app.TickInput{Case: c, Step: s.Key, Item: it.Key, Ticked: true, Evidence: "visto"}))
			}
			if f := w.FormOf(s); f != nil {
				must(t, w.AnswerForm(ctx, alone, app.FormInput{Case: c, Step: s.Key, Answers: fill(f), Done: true}))
				break
			}
			must(t, w.CompleteTask(ctx, alone, app.CompleteInput{Case: c, Step: s.Key, Note: "Hecho"}))
		}
		worked = true
	}
	return worked
}

// rest waits until the engine has nothing to do, and pushes the clock on to the
// next date.
func (w *world) rest(t *testing.T) {
	t.Helper()
	eventually(t, "the engine is quiet", func() (quiet bool) {
		must(t, w.store.View(t.Context(), func(tx app.Tx) error {
			n, err := tx.Busy(t.Context())
			quiet = n == 0
			return err
		}))
		return quiet
	})
	if next, err := w.NextTimer(t.Context()); err != nil {
		t.Fatal(err)
	} else if !next.IsZero() {
		must(t, w.PushClock(t.Context(), "", next))
	}
}

// A freelancer finishes the departure of a client alone: the client approves in
// place of a second person, and the papers say so. What was begun can be undone
// by the same one person.
func TestOnePersonFinishesTheAgencyPlaybook(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, string(playbook.Builtin()["agency"]))
		ctx := t.Context()
		w.onePerson(t, true)
		w.inventory(t)
		cid := w.lent(t, "site", "credential")
		_, c, page := w.request(t, "period_end")
		receipt := w.mail.wait(t, "receipt", "casa@marta.example")
		if receipt.Instead == nil || receipt.Instead.Hours != 72 {
			t.Errorf("the receipt does not say that one person works: %+v", receipt.Instead)
		}
		for range 200 {
			if w.state(t, c) == offboarding.CaseClosed {
				break
			}
			if !w.worked(t, c, cid, page) {
				w.rest(t)
			}
		}
		if s := w.state(t, c); s != offboarding.CaseClosed {
			t.Fatalf("the case is %s", s)
		}
		v, err := w.OpenCase(ctx, alone, c)
		must(t, err)
		if s := v.Plan.Step("erase_approval"); s.DoneBy != approval.ByClient {
			t.Errorf("approved by %s", s.DoneBy)
		}
		certificate := w.mail.wait(t, "certificate", firstMail)
		if in := certificate.Instead; in == nil || len(in.List) != 1 || in.List[0].Way != approval.Client || in.List[0].Title["es"] == "" {
			t.Errorf("the certificate says %+v", in)
		}
		w.verifyLog(t)
	})
}

func TestOnePersonUndoesWhatTheyDid(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, sqlite(t), string(playbook.Builtin()["agency"]))
	ctx := t.Context()
	w.onePerson(t, true)
	cid := w.lent(t, "site", "credential")
	_, c, page := w.request(t, "period_end")
	for range 6 {
		w.worked(t, c, cid, page)
	}
	must(t, w.UndoByCustomer(ctx, page))
	eventually(t, "everything is taken back", func() bool {
		v, err := w.OpenCase(ctx, alone, c)
		must(t, err)
		if turn := v.Plan.UndoTurn(); turn != nil && turn.Human {
			must(t, w.UndoTask(ctx, alone, app.CompleteInput{Case: c, Step: turn.Key, Note: "De vuelta"}))
		}
		return v.Plan.Case.State == offboarding.CaseReversed
	})
	w.verifyLog(t)
}

// onePair is a playbook in which something is prepared, approved by somebody
// else than the customer, and done.
var onePair = strings.Replace(twoPairs, `after: [prepare], role: agent,`, `after: [prepare], params: {one_person: time}, role: agent,`, 1)

func (w *world) prepared(t *testing.T) (c offboarding.CaseID, page string) {
	t.Helper()
	_, c, page = w.request(t, "period_end")
	must(t, w.Tick(t.Context(), alone, app.TickInput{Case: c, Step: "prepare", Item: "a", Ticked: true}))
	must(t, w.CompleteTask(t.Context(), alone, app.CompleteInput{Case: c, Step: "prepare", Note: "Hecho"}))
	return c, page
}

func (w *world) asked(t *testing.T, c offboarding.CaseID) app.ApprovalView {
	t.Helper()
	v, err := w.OpenCase(t.Context(), alone, c)
	must(t, err)
	if len(v.Approvals) == 0 {
		t.Fatal("nothing was asked")
	}
	return v.Approvals[len(v.Approvals)-1]
}

func (w *world) hours(t *testing.T, n int) {
	t.Helper()
	now, _, err := w.Now(t.Context())
	must(t, err)
	must(t, w.PushClock(t.Context(), "", now.Add(time.Duration(n)*time.Hour)))
}

func (w *world) quietly(t *testing.T) {
	t.Helper()
	eventually(t, "the engine is quiet", func() (quiet bool) {
		must(t, w.store.View(t.Context(), func(tx app.Tx) error {
			n, err := tx.Busy(t.Context())
			quiet = n == 0
			return err
		}))
		return quiet
	})
}

// A time that is waited for approves at its end and not before, and can be
// taken back until then.
func TestATimeIsWaitedForInFull(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, sqlite(t), onePair)
	ctx := t.Context()
	w.onePerson(t, true)
	c, page := w.prepared(t)
	ask := app.AskInput{Case: c, Step: "agree", Note: "Que se haga"}
	must(t, w.AskApproval(ctx, alone, ask))
	code(t, w.AskApproval(ctx, alone, ask), "approval.asked")
	first := w.asked(t, c)
	code(t, w.AnswerApproval(ctx, page, app.ApprovalAnswer{ID: first.ID, Right: true}), "approval.over")
	w.hours(t, 71)
	w.quietly(t)
	if s := w.stepState(t, c, "agree"); s != offboarding.StepReady {
		t.Fatalf("after 71 hours the step is %s", s)
	}
	if _, err := w.WithdrawApproval(ctx, alone, first.ID); err != nil {
		t.Fatal(err)
	}
	w.hours(t, 2)
	w.quietly(t)
	if s := w.stepState(t, c, "agree"); s != offboarding.StepReady {
		t.Fatalf("taken back, and the step is %s", s)
	}
	must(t, w.AskApproval(ctx, alone, ask))
	w.hours(t, 73)
	eventually(t, "approved by the time", func() bool { return w.stepState(t, c, "agree") == offboarding.StepDone })
	if x := w.asked(t, c); x.State != approval.Given || x.OverBy != approval.ByTime {
		t.Errorf("%+v", x.Approval)
	}
	must(t, w.Tick(ctx, alone, app.TickInput{Case: c, Step: "do", Item: "a", Ticked: true}))
	must(t, w.CompleteTask(ctx, alone, app.CompleteInput{Case: c, Step: "do", Note: "Hecho"}))
	w.verifyLog(t)
}

// A time that ends while the departure is paused has been waited for: it
// approves once that goes on.
func TestATimeThatEndsInAPauseCountsOnceItGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, sqlite(t), onePair)
	ctx := t.Context()
	w.onePerson(t, true)
	c, _ := w.prepared(t)
	must(t, w.AskApproval(ctx, alone, app.AskInput{Case: c, Step: "agree", Note: "Que se haga"}))
	must(t, w.PauseCase(ctx, alone, c, "De viaje"))
	w.hours(t, 80)
	w.quietly(t)
	if x, s := w.asked(t, c), w.stepState(t, c, "agree"); x.State != approval.Asked || s != offboarding.StepReady {
		t.Fatalf("paused, it is %s and the step %s", x.State, s)
	}
	must(t, w.ResumeCase(ctx, alone, c))
	w.hours(t, 25)
	eventually(t, "approved by the time", func() bool { return w.stepState(t, c, "agree") == offboarding.StepDone })
}

// Saying that one person works here, or that there are more, approves nothing
// that is in flight: what waited for a second person still does, and a time
// that runs ends without approving when somebody else is there.
func TestSwitchingApprovesNothingInFlight(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, sqlite(t), onePair)
	ctx := t.Context()
	c, _ := w.prepared(t)
	ask := app.AskInput{Case: c, Step: "agree", Note: "Que se haga"}
	code(t, w.AskApproval(ctx, alone, ask), "approval.same_person")
	source := strings.Replace(string(playbook.Builtin()["agency"]), "Fin de un encargo", "Fin del encargo", 1)
	version, err := w.ProposePlaybook(ctx, alone, source)
	must(t, err)
	w.onePerson(t, true)
	code(t, w.AskApproval(ctx, alone, ask), "approval.began_with_two")
	code(t, w.ActivatePlaybook(ctx, alone, version), "approval.began_with_two")
	code(t, w.Approve(ctx, alone, c, "agree", true, "Yo"), "approval.same_person")
	must(t, w.RenewApproval(ctx, alone, c, "agree"))
	must(t, w.AskApproval(ctx, alone, ask))
	_, _, err = w.AddPerson(ctx, alone, app.UserInput{Login: "uno", Name: "Uno", Roles: []string{"agent"}})
	must(t, err)
	_, _, err = w.AddPerson(ctx, alone, app.UserInput{Login: "dos", Name: "Dos", Roles: []string{"privacy"}})
	must(t, err)
	w.hours(t, 80)
	w.quietly(t)
	if s := w.stepState(t, c, "agree"); s != offboarding.StepReady {
		t.Fatalf("with two people there the step is %s", s)
	}
	if x := w.asked(t, c); x.State != approval.Void {
		t.Errorf("what waited is %s", x.State)
	}
	if n := w.logged(t, "approval.withdrawn"); n != 1 {
		t.Errorf("the log says %d times that it ended", n)
	}
	code(t, w.AskApproval(ctx, alone, ask), "approval.same_person")
	w.onePerson(t, false)
	code(t, w.SetOnePerson(ctx, alone, true, 72), "one_person.others")
	must(t, w.Approve(ctx, app.Actor{ID: "usr_dos", Name: "Dos", Roles: []string{"agent"}}, c, "agree", true, "Bien"))
	w.verifyLog(t)
}

// A client who says what is missing stops it; one who says nothing may be
// replaced by a time only after they had theirs in full.
func TestAClientSaysWhatIsMissingOrNothing(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, sqlite(t), twoPairs)
	ctx := t.Context()
	w.onePerson(t, true)
	c, page := w.prepared(t)
	ask := app.AskInput{Case: c, Step: "agree", Note: "Que se haga"}
	must(t, w.AskApproval(ctx, alone, ask))
	letter := w.mail.wait(t, "approval", firstMail)
	if letter.Approval == nil || letter.Approval.Words != ask.Note || letter.Links["approval"] == "" {
		t.Errorf("the letter says %+v", letter.Approval)
	}
	x := w.asked(t, c)
	code(t, w.AnswerApproval(ctx, page, app.ApprovalAnswer{ID: x.ID}), "field.required")
	must(t, w.AnswerApproval(ctx, page, app.ApprovalAnswer{ID: x.ID, Lacks: "Falta el dominio"}))
	code(t, w.AnswerApproval(ctx, page, app.ApprovalAnswer{ID: x.ID, Right: true}), "approval.over")
	v, err := w.OpenCase(ctx, alone, c)
	must(t, err)
	if s := v.Plan.Step("agree"); s.State != offboarding.StepBlocked || s.Note != "Falta el dominio" {
		t.Fatalf("%s %q", s.State, s.Note)
	}
	must(t, w.ReopenStep(ctx, alone, c, "agree"))
	must(t, w.AskApproval(ctx, alone, ask))
	ask.Wait = true
	code(t, w.AskApproval(ctx, alone, ask), "approval.asked")
	w.hours(t, 73)
	must(t, w.AskApproval(ctx, alone, ask))
	if x := w.asked(t, c); x.Way != approval.Time || x.State != approval.Asked {
		t.Errorf("%+v", x.Approval)
	}
	w.hours(t, 73)
	eventually(t, "approved by the time", func() bool { return w.stepState(t, c, "agree") == offboarding.StepDone })
	w.verifyLog(t)
}

// A playbook and an ending that one person proposed wait in sight before they
// hold.
func TestActsOfTheHouseAreWaitedFor(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, sqlite(t), twoPairs)
	ctx := t.Context()
	w.onePerson(t, true)
	source := strings.Replace(string(playbook.Builtin()["agency"]), "Fin de un encargo", "Fin del encargo", 1)
	version, err := w.ProposePlaybook(ctx, alone, source)
	must(t, err)
	must(t, w.ActivatePlaybook(ctx, alone, version))
	code(t, w.ActivatePlaybook(ctx, alone, version), "approval.asked")
	active := func() (state string, waits *approval.Approval) {
		list, _, err := w.OpenPlaybooks(ctx, alone)
		must(t, err)
		for _, p := range list {
			if p.Version.ID == version {
				return p.Version.State, p.Waits
			}
		}
		return "", nil
	}
	if s, waits := active(); s != "proposed" || waits == nil {
		t.Fatalf("%s %+v", s, waits)
	}
	_, waits := active()
	if _, err := w.WithdrawApproval(ctx, alone, waits.ID); err != nil {
		t.Fatal(err)
	}
	must(t, w.ActivatePlaybook(ctx, alone, version))
	list := w.mini(t, 2, nil)
	e, err := w.ProposeEnding(ctx, alone, app.EndingInput{Pick: ending.Pick{Product: "Faro Mini"}, EndsOn: w.today(t).AddDays(60), Words: closing})
	must(t, err)
	open := func() app.EndingView { v, err := w.OpenEnding(ctx, alone, e); must(t, err); return v }
	must(t, w.DecideEnding(ctx, alone, e, true, "Se cierra"))
	code(t, w.DecideEnding(ctx, alone, e, true, "Se cierra"), "approval.asked")
	_, err = w.WithdrawApproval(ctx, alone, open().Waits.ID)
	must(t, err)
	must(t, w.DecideEnding(ctx, alone, e, true, "Se cierra"))
	w.hours(t, 71)
	w.quietly(t)
	if v := open(); v.State != ending.Proposed || v.Waits == nil || w.mail.count("ending") != 0 {
		t.Fatalf("after 71 hours the ending is %s, %+v, %d were told", v.State, v.Waits, w.mail.count("ending"))
	}
	w.hours(t, 2)
	eventually(t, "it is activated", func() bool { s, _ := active(); return s == "active" })
	eventually(t, "everybody is told", func() bool { return open().State == ending.Done && w.mail.count("ending") == 2 })
	if v := open(); v.DecidedBy != approval.ByTime || v.Opened != 2 || v.Waits != nil {
		t.Errorf("agreed to by %s, %d opened", v.DecidedBy, v.Opened)
	}
	// What the company began is approved by nobody who is ended.
	c := w.caseOf(t, list[0]).ID
	must(t, w.Tick(ctx, alone, app.TickInput{Case: c, Step: "prepare", Item: "a", Ticked: true}))
	must(t, w.CompleteTask(ctx, alone, app.CompleteInput{Case: c, Step: "prepare", Note: "Hecho"}))
	must(t, w.AskApproval(ctx, alone, app.AskInput{Case: c, Step: "agree", Note: "Que se haga"}))
	if x := w.asked(t, c); x.Way != approval.Time {
		t.Errorf("whoever is ended is asked: %+v", x.Approval)
	}
	w.verifyLog(t)
}

// sqlite is a fresh database for what does not depend on the engine.
func sqlite(t *testing.T) testkit.Engine {
	t.Helper()
	return testkit.SQLite(t)
}
