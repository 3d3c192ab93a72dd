package app_test

import (
	"path/filepath"
	"sync"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/seal"
	"hastaluego/internal/store"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

// desk is an app on a real database whose clock is moved by hand; nothing
// else runs.
func desk(t *testing.T, e testkit.Engine) (*app.App, *when.Manual) {
	t.Helper()
	clock := when.NewManual(time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC))
	s, err := store.Open(t.Context(), store.Config{URL: e.URL, Driver: e.Driver, Clock: clock})
	must(t, err)
	must(t, s.Migrate(t.Context()))
	keys, err := seal.OpenKeys(t.Context(), filepath.Join(t.TempDir(), "keys"), "")
	must(t, err)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := keys.Close(); err != nil {
			t.Error(err)
		}
	})
	return app.New(app.Config{Store: s, Keys: keys, Company: app.Company{Name: "Faro"}}), clock
}

func TestASessionEndsAnHourAfterItsLastPageAndAfterTwelve(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		a, clock := desk(t, e)
		_, err := a.AddUser(t.Context(), "", app.UserInput{Login: "ines", Name: "Inés", Password: "una clave bien larga", Roles: []string{"agent"}})
		must(t, err)
		in := func() string {
			token, err := a.SignIn(t.Context(), "ines", "una clave bien larga", "")
			must(t, err)
			return token
		}
		alive := func(token string) bool {
			_, err := a.Session(t.Context(), token)
			if err != nil && fault.CodeOf(err) != "auth.required" {
				t.Fatal(err)
			}
			return err == nil
		}
		idle, busy := in(), in()
		clock.Advance(59 * time.Minute)
		if !alive(busy) {
			t.Error("a session ended within the hour")
		}
		clock.Advance(2 * time.Minute)
		if alive(idle) || !alive(busy) {
			t.Error("after an hour the idle session lives, or the busy one does not")
		}
		for range 13 { // a page every fifty minutes, to eleven hours and 51 minutes
			if clock.Advance(50 * time.Minute); !alive(busy) {
				t.Fatal("a busy session ended before its twelve hours")
			}
		}
		if clock.Advance(10 * time.Minute); alive(busy) {
			t.Error("a session lives longer than twelve hours")
		}
	})
}

func TestALinkForAPasswordWorksOnceAndForADay(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		a, clock := desk(t, e)
		admin := app.Actor{ID: "usr_admin", Roles: []string{"admin"}}
		_, err := a.AddUser(t.Context(), "", app.UserInput{Login: "noa", Name: "Noa", Password: "una clave bien larga", Roles: []string{"admin"}})
		must(t, err)
		u, link, err := a.AddPerson(t.Context(), admin, app.UserInput{Login: "ines", Name: "Inés", Roles: []string{"agent"}})
		must(t, err)
		if _, err := a.SignInOnce(t.Context(), link); fault.KindOf(err) != fault.Gone {
			t.Errorf("a link for a password signed somebody in: %v", err)
		}
		clock.Advance(25 * time.Hour)
		if _, err := a.PasswordLink(t.Context(), link); fault.KindOf(err) != fault.Gone {
			t.Errorf("a day later: %v", err)
		}
		link, err = a.ResetPassword(t.Context(), admin, u.ID)
		must(t, err)
		var done sync.Map
		var wg sync.WaitGroup
		for _, chosen := range []string{"cuatro zapatos verdes", "cinco zapatos verdes", "seis zapatos verdes"} {
			wg.Go(func() {
				if err := a.ChooseLinked(t.Context(), link, chosen, chosen); err == nil {
					done.Store(chosen, true)
				} else if fault.KindOf(err) != fault.Gone {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		n := 0
		done.Range(func(chosen, _ any) bool {
			n++
			if _, err := a.SignIn(t.Context(), "ines", chosen.(string), ""); err != nil {
				t.Errorf("signing in with it: %v", err)
			}
			return true
		})
		if n != 1 {
			t.Errorf("the link worked %d times", n)
		}
	})
}
