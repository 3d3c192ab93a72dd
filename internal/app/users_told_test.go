package app_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
)

// tells is a departure whose users are told twenty days before it ends.
const tells = `
playbook: tells
title: {es: "Avisa", en: "Tells"}
retrieval: {d: 30}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}, milestone: confirmed}
  - {id: users, kind: tell_users, title: {es: "Dos", en: "Two"}, after: [confirm], params: {days: "20"}}
  - {id: export, kind: export_data, title: {es: "Tres", en: "Three"}, after: [confirm], milestone: data_ready}
  - {id: effective, kind: wait, title: {es: "Fin", en: "End"}, after: [confirm], params: {until: effective}}
`

// team gives the customer of these tests users of their own: two contacts, of whom one
// has an access too, and one with an access alone; said: the contract says that they are told.
func (w *world) team(t *testing.T, said bool) customer.ID {
	t.Helper()
	ctx := t.Context()
	w.withoutAccesses(t, "FE-20418")
	cus := w.lent(t)
	for _, x := range []app.ContactInput{
		{Name: "Iker", Email: "iker@equipo.example", Role: customer.User, Language: "de-AT"},
		{Name: "Ane", Email: "ane@equipo.example", Role: customer.User},
		{Name: "Jon", Email: "jon@equipo.example", Role: customer.Admin},
	} {
		x.Customer = cus
		_, err := w.AddContact(ctx, agent, x)
		must(t, err)
	}
	for _, account := range []string{"Ane@equipo.example", "leire@equipo.example", "jon@equipo.example", "almena"} {
		_, err := w.AddGrant(ctx, agent, customer.Grant{Customer: cus, System: "faro", Account: account, Kind: "login"})
		must(t, err)
	}
	for _, s := range w.opened(t, cus).Lines {
		must(t, w.EditSubscription(ctx, agent, app.SubscriptionPatch{Customer: cus, Subscription: s.ID, Terms: app.TermsPatch{TellsUsers: &said}}))
	}
	return cus
}

// toTeam are the addresses of the customer's users that a class of letter went to.
func (w *world) toTeam(kind string) (list []string) {
	w.mail.mu.Lock()
	defer w.mail.mu.Unlock()
	for _, x := range w.mail.sent {
		if x.paper.Kind == kind && strings.HasSuffix(x.to, "@equipo.example") {
			list = append(list, x.to)
		}
	}
	slices.Sort(list)
	return list
}

// toTheDay brings the clock to the day on which users are told.
func (w *world) toTheDay(t *testing.T, c offboarding.CaseID) {
	t.Helper()
	v, err := w.OpenCase(t.Context(), agent, c)
	must(t, err)
	zone := w.Company().Zone
	must(t, w.PushClock(t.Context(), "", v.Plan.Case.Effective.AddDays(-20).Start(zone)))
	if list := w.toTeam(app.UsersPaper); list != nil {
		t.Fatalf("told before their day: %q", list)
	}
	must(t, w.PushClock(t.Context(), "", v.Plan.Case.Effective.AddDays(-20).End(zone)))
}

var wholeTeam = []string{"ane@equipo.example", "iker@equipo.example", "leire@equipo.example"}

// Where the contract says so each of the customer's users hears it once, in their
// language, and from nobody's log can it be read who they are.
func TestUsersAreToldOnceWhereTheContractSaysSo(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, tells)
		ctx := t.Context()
		cus := w.team(t, true)
		_, c, page := w.request(t, "period_end")
		v, err := w.OpenUsersPage(ctx, page, "es")
		must(t, err)
		if !v.Told.Planned || !v.Told.Open || v.Told.Made || len(v.Told.Users) != 3 || v.Told.Day != v.Paper.Case.Effective.AddDays(-20) || v.Told.Letter.Users.Firm == "" {
			t.Fatalf("before its day: %+v", v.Told)
		}
		w.toTheDay(t, c)
		eventually(t, "the letters", func() bool { return slices.Equal(w.toTeam(app.UsersPaper), wholeTeam) })
		eventually(t, "the step", func() bool { return w.stepState(t, c, "users") == offboarding.StepDone })
		german := w.mail.wait(t, app.UsersPaper, "iker@equipo.example")
		if german.Language != "de" || len(german.Links) != 0 || german.Users.Ask == "" || german.Users.Until != v.Paper.Case.RetrievalEnd() || german.Users.Over {
			t.Errorf("the letter says %+v with links %v in %s", german.Users, german.Links, german.Language)
		}
		if x := w.mail.wait(t, app.UsersPaper, "leire@equipo.example"); x.Language != "es" {
			t.Errorf("who has only an access is written to in %s", x.Language)
		}
		r, err := w.TellUsers(ctx, offboarding.Work{Case: c}) // as after a crash
		if must(t, err); r.Verdict != app.Accomplished || w.logged(t, "users.told") != 1 {
			t.Errorf("again: %+v, told %d times", r, w.logged(t, "users.told"))
		}
		w.push(t, 1)
		if got := w.toTeam(app.UsersPaper); !slices.Equal(got, wholeTeam) {
			t.Errorf("told twice: %q", got)
		}
		case_, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		for _, x := range case_.Timeline {
			raw, err := json.Marshal(x.Args)
			if must(t, err); strings.Contains(string(raw), "equipo.example") {
				t.Errorf("the log says %s: %s", x.Type, raw)
			}
		}
		for _, m := range case_.Messages {
			if m.Paper == app.UsersPaper {
				t.Error("the letters of the departure are crowded out by those to its users")
			}
		}
		v, err = w.OpenUsersPage(ctx, page, "en")
		if must(t, err); v.Told.Open || !v.Told.Made || v.Told.Sent != 3 || v.Told.Lacking != 0 || len(v.Told.Users) != 3 {
			t.Errorf("afterwards: %+v", v.Told)
		}
		code(t, w.SayUsersTold(ctx, page, true), "users.told")

		must(t, w.UndoByCustomer(ctx, page))
		eventually(t, "the second letters", func() bool { return slices.Equal(w.toTeam(app.UsersBackPaper), wholeTeam) })
		if x := w.mail.wait(t, app.UsersBackPaper, "iker@equipo.example"); x.Language != "de" || x.Users.Firm == "" {
			t.Errorf("the second letter: %+v in %s", x.Users, x.Language)
		}
		w.push(t, 1)
		if got := w.toTeam(app.UsersBackPaper); !slices.Equal(got, wholeTeam) {
			t.Errorf("told back twice: %q", got)
		}
		_ = cus
		w.verifyLog(t)
	})
}

// A contract that says nothing has nobody told, unless the playbook tells everybody's.
func TestUsersAreToldOnlyWhereSomethingSaysSo(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		source string
		want   []string
	}{"contract": {tells, nil}, "always": {strings.Replace(tells, `{days: "20"}`, `{days: "20", where: always}`, 1), wholeTeam}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
				w := newWorldWith(t, e, x.source)
				w.team(t, false)
				_, c, page := w.request(t, "period_end")
				_, err := w.OpenUsersPage(t.Context(), page, "es")
				if x.want == nil {
					code(t, err, "not_found")
					eventually(t, "the step to be skipped", func() bool { return w.stepState(t, c, "users") == offboarding.StepSkipped })
				} else {
					must(t, err)
				}
				w.toTheDay(t, c)
				w.push(t, 1)
				eventually(t, "the letters", func() bool { return slices.Equal(w.toTeam(app.UsersPaper), x.want) })
			})
		})
	}
}

// Whoever says in time that they tell their users themselves has nobody written to, and
// may take that back.
func TestACustomerMayTellTheirUsersThemselves(t *testing.T) {
	t.Parallel()
	for _, back := range []bool{false, true} {
		testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
			w := newWorldWith(t, e, tells)
			ctx := t.Context()
			w.team(t, true)
			_, c, page := w.request(t, "period_end")
			must(t, w.SayUsersTold(ctx, page, true))
			must(t, w.SayUsersTold(ctx, page, true)) // again
			if v, err := w.OpenUsersPage(ctx, page, "es"); err != nil || v.Told.Self.IsZero() || !v.Told.Open || w.logged(t, "users.by_customer") != 1 {
				t.Fatalf("%+v, %v", v.Told, err)
			}
			want := []string(nil)
			if back {
				must(t, w.SayUsersTold(ctx, page, false))
				want = wholeTeam
			}
			w.toTheDay(t, c)
			eventually(t, "the step", func() bool { return w.stepState(t, c, "users") == offboarding.StepDone })
			eventually(t, "the letters", func() bool { return slices.Equal(w.toTeam(app.UsersPaper), want) })
			if v, err := w.OpenUsersPage(ctx, page, "es"); err != nil || v.Told.Open || v.Told.Self.IsZero() != back {
				t.Errorf("afterwards: %+v, %v", v.Told, err)
			}
			code(t, w.SayUsersTold(ctx, "nothing", true), "link.unknown")
		})
	}
}

// What is undone before its day was told to nobody, and nobody hears that it goes on.
func TestUsersHearNothingOfADepartureThatIsUndoneBeforeTheirDay(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, tells)
		w.team(t, true)
		_, c, page := w.request(t, "period_end")
		eventually(t, "the step", func() bool {
			return w.stepState(t, c, "users") == offboarding.StepReady || w.stepState(t, c, "users") == offboarding.StepRunning
		})
		must(t, w.UndoByCustomer(t.Context(), page))
		w.toTheDay(t, c)
		w.push(t, 40)
		if told, back := w.toTeam(app.UsersPaper), w.toTeam(app.UsersBackPaper); told != nil || back != nil {
			t.Errorf("told %q, and back %q", told, back)
		}
		_, err := w.OpenUsersPage(t.Context(), page, "es")
		code(t, err, "not_found")
	})
}

// A letter that is on its way while the departure is undone is followed by the second
// one; one that waits goes to nobody.
func TestALetterThatIsUndoneOnItsWayIsFollowedByTheSecond(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, tells)
		w.team(t, true)
		w.mail.stop(app.UsersPaper)
		_, c, page := w.request(t, "period_end")
		w.toTheDay(t, c)
		eventually(t, "the letters to be tried", func() bool { w.mail.mu.Lock(); defer w.mail.mu.Unlock(); return len(w.mail.tried) > 0 })
		must(t, w.UndoByCustomer(t.Context(), page))
		w.mail.stop("")
		withheld := func() (n int) {
			must(t, w.store.View(t.Context(), func(tx app.Tx) error {
				list, err := tx.UserLetters(context.WithoutCancel(t.Context()), c)
				n = 0
				for _, m := range list {
					if m.State == "withheld" {
						n++
					}
				}
				return err
			}))
			return n
		}
		eventually(t, "the letters to be held back", func() bool { return withheld()+len(w.toTeam(app.UsersPaper)) == 3 })
		eventually(t, "as many second letters as first", func() bool { return slices.Equal(w.toTeam(app.UsersBackPaper), w.toTeam(app.UsersPaper)) })
	})
}
