package app_test

import (
	"fmt"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/testkit"
)

// Nobody learns by trying which logins exist: one that nobody has is answered,
// and rests, like one that somebody has.
func TestALoginThatNobodyHasIsAnsweredLikeAnyOther(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		_, err := w.AddUser(ctx, "", app.UserInput{Login: "ines", Name: "Inés", Password: "una clave bien larga", Roles: []string{"agent"}})
		must(t, err)
		answers := func(login string) (out []string) {
			for range 8 {
				_, err := w.SignIn(ctx, login, "otra clave bien larga", "")
				out = append(out, fault.CodeOf(err))
			}
			return out
		}
		known, unknown := answers("ines"), answers("nobody")
		if fmt.Sprint(known) != fmt.Sprint(unknown) || known[7] != "auth.locked" {
			t.Errorf("a login that exists answers %v, another %v", known, unknown)
		}
		_, err = w.SignIn(ctx, "ines", "una clave bien larga", "")
		if f, ok := err.(*fault.Error); !ok || f.RetryAfter <= 0 || f.RetryAfter > 5*time.Minute {
			t.Errorf("while it rests: %v", err)
		}
	})
}

// Whoever tries one password on many logins is stopped by where they come from,
// and only they.
func TestANetworkThatTriesManyLoginsRests(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		_, err := w.AddUser(ctx, "", app.UserInput{Login: "ines", Name: "Inés", Password: "una clave bien larga", Roles: []string{"agent"}})
		must(t, err)
		wrong := 0
		for i := range 61 {
			_, err := w.SignIn(ctx, fmt.Sprint("login", i), "otra clave bien larga", "203.0.113.0/24")
			if fault.CodeOf(err) == "auth.wrong" {
				wrong++
			}
		}
		if wrong != 60 {
			t.Errorf("%d were tried", wrong)
		}
		_, err = w.SignIn(ctx, "ines", "una clave bien larga", "203.0.113.0/24")
		code(t, err, "auth.locked")
		_, err = w.SignIn(ctx, "ines", "una clave bien larga", "198.51.100.0/24")
		must(t, err)
	})
}
