package app_test

import (
	"sync"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/company"
	"hastaluego/internal/fault"
	"hastaluego/internal/testkit"
)

func TestTheAnswersOfTheStartChangeNothingUntilTheyAreApplied(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t))
	ctx := t.Context()
	if waits, err := w.StartWaits(ctx, admin); err != nil || !waits {
		t.Fatalf("it waits: %v %v", waits, err)
	}
	if waits, err := w.StartWaits(ctx, finance); err != nil || waits {
		t.Errorf("whoever may not is asked: %v", err)
	}
	s, err := w.OpenStart(ctx, admin)
	must(t, err)
	s.Setup.Company.Name, s.Setup.Company.Email, s.Setup.Company.Playbook = "Faro Norte", "bajas@faro.example", "telecom"
	s.Setup.Company.Reasons = []string{"price"}
	s.Setup.People = []company.Person{{Name: "Greta Sol", Login: "greta", Roles: []string{"agent"}}, {Name: " "}}
	must(t, w.DraftStart(ctx, admin, s.Setup))
	if kept, err := w.OpenStart(ctx, admin); err != nil || kept.Setup.Company.Name != "Faro Norte" || len(kept.Setup.People) != 2 || w.Company().Version != 0 {
		t.Fatalf("kept %+v (%v), the company is %+v", kept, err, w.Company())
	}
	// What is said in the settings from then on wins over answers that wait.
	profile := s.Setup.Company
	profile.Name, profile.Email, profile.Country, profile.Reasons = "Faro Sur", "otro@faro.example", "PT", nil
	_, err = w.SetCompany(ctx, admin, app.CompanyInput{Profile: profile, Version: -1})
	must(t, err)
	if now, err := w.OpenStart(ctx, admin); err != nil || now.Setup.Company.Name != "Faro Sur" || now.Setup.Company.Country != "PT" || now.Setup.Company.Playbook != "telecom" || len(now.Setup.People) != 2 {
		t.Errorf("after the settings: %+v (%v)", now.Setup, err)
	}
	must(t, w.DraftStart(ctx, admin, s.Setup))
	bad := s.Setup
	bad.People = []company.Person{{Name: "X", Login: "x", Roles: []string{"king"}}}
	if _, err := w.ApplySetup(ctx, admin, bad, "why"); len(fault.Fields(err)) != 1 || fault.Fields(err)[0].Field != "roles_0" || w.Company().Version != 1 {
		t.Errorf("a role that there is not: %v", err)
	}
	s.Setup.Rehearse = true
	invited, err := w.ApplySetup(ctx, admin, s.Setup, "why")
	must(t, err)
	held, err := w.Held(ctx)
	must(t, err)
	if c := w.Company(); len(invited) != 1 || invited[0].Token == "" || c.Name != "Faro Norte" || c.Playbook != "telecom" || held.What != app.HoldOutside {
		t.Fatalf("invited %v, %+v, %+v", invited, c, held)
	}
	list, _, err := w.OpenPlaybooks(ctx, admin)
	must(t, err)
	if list[0].Playbook.Name != "telecom" {
		t.Errorf("departures follow %s", list[0].Playbook.Name)
	}
	if waits, err := w.StartWaits(ctx, admin); err != nil || waits {
		t.Errorf("it waits still: %v", err)
	}
	// Again nobody is added twice, and nothing is a version that changes nothing.
	if invited, err := w.ApplySetup(ctx, admin, s.Setup, "why"); err != nil || len(invited) != 0 || w.Company().Version != 2 {
		t.Errorf("again: %v %v", invited, err)
	}
	cleared := s.Setup
	cleared.Company.Reasons, cleared.People, cleared.Rehearse = nil, nil, false
	must(t, w.DraftStart(ctx, admin, cleared))
	if kept, err := w.OpenStart(ctx, admin); err != nil || len(kept.Setup.Company.Reasons) > 0 || len(kept.Setup.People) > 0 {
		t.Errorf("what was cleared comes back: %+v %v", kept.Setup, err)
	}
	for _, spoil := range []func(*company.Profile){
		func(p *company.Profile) { p.Playbook = "none" }, func(p *company.Profile) { p.Reasons = []string{"budget"} },
	} {
		p := w.Company().Profile()
		spoil(&p)
		if _, err := w.SetCompany(ctx, admin, app.CompanyInput{Profile: p, Version: -1}); len(fault.Fields(err)) != 1 {
			t.Errorf("what is not among the choices: %v", err)
		}
	}
}

// Whoever works alone says so at the start, and not beside people to invite.
func TestWhoeverWorksAloneSaysSoAtTheStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sqlite(t))
	ctx := t.Context()
	s, err := w.OpenStart(ctx, alone)
	must(t, err)
	s.Setup.Company.Email, s.Setup.Alone = "hola@clara.example", true
	both := s.Setup
	both.People = []company.Person{{Name: "Greta Sol", Login: "greta", Roles: []string{"agent"}}}
	if _, err := w.ApplySetup(ctx, alone, both, "why"); len(fault.Fields(err)) != 1 || fault.Fields(err)[0].Field != "alone" || w.Company().Version != 0 {
		t.Errorf("alone, with somebody: %v", err)
	}
	for range 2 { // again it changes nothing
		if _, err := w.ApplySetup(ctx, alone, s.Setup, "why"); err != nil {
			t.Fatal(err)
		}
	}
	if o, err := w.OnePerson(ctx); err != nil || !o.Holds() || o.Hours != 72 || w.logged(t, "house.one_person") != 1 {
		t.Errorf("one person works here: %+v %v", o, err)
	}
	for _, login := range []string{"uno", "dos"} {
		_, err := w.AddUser(ctx, "", app.UserInput{Login: login, Name: login, Password: "cuatro zapatos verdes", Roles: []string{"agent"}})
		must(t, err)
	}
	must(t, w.SetOnePerson(ctx, alone, false, 0))
	s.Setup.Company.Name = "Otra"
	if _, err := w.ApplySetup(ctx, alone, s.Setup, "why"); fault.KindOf(err) != fault.Blocked || w.Company().Name == "Otra" {
		t.Errorf("alone, where others work: %v", err)
	}
}

// On an empty machine one link lets one person in, however many press at once.
func TestTheFirstPersonComesInOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t))
	ctx := t.Context()
	old, err := w.FirstLink(ctx)
	must(t, err)
	token, err := w.FirstLink(ctx)
	must(t, err)
	if err := w.CheckFirst(ctx, old); fault.KindOf(err) != fault.Gone {
		t.Errorf("the link before: %v", err)
	}
	if _, err := w.AddFirst(ctx, token, app.UserInput{Login: "noa", Name: "Noa", Password: "corta"}); len(fault.Fields(err)) != 1 {
		t.Errorf("a short password: %v", err)
	}
	in := 0
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, login := range []string{"noa", "laia", "greta"} {
		wg.Go(func() {
			session, err := w.AddFirst(ctx, token, app.UserInput{Login: login, Name: login, Password: "cuatro zapatos verdes"})
			mu.Lock()
			defer mu.Unlock()
			if err == nil && session != "" {
				in++
			} else if fault.KindOf(err) != fault.Gone {
				t.Errorf("%s: %v", login, err)
			}
		})
	}
	wg.Wait()
	users, err := w.Users(ctx)
	must(t, err)
	if in != 1 || len(users) != 1 || !(app.Actor{Roles: users[0].Roles}).May("company") {
		t.Errorf("%d came in: %+v", in, users)
	}
	if token, err := w.FirstLink(ctx); err != nil || token != "" {
		t.Errorf("another link: %v", err)
	}
}
