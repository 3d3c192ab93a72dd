package console

import (
	"net/http"
	"net/url"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// sessionCookie holds the token of a signed-in browser.
const sessionCookie = "hasta_session"

// signInView is the page of signing in.
type signInView struct {
	Lang, Company, Login, Next, Problem, Done string
	Errors                                    map[string]string
}

func (v *visit) signInForm() error {
	return v.door(http.StatusOK, signInView{Next: local(v.r.URL.Query().Get("next"))})
}

func (v *visit) door(status int, view signInView) error {
	view.Lang, view.Company = v.lang, v.App.Company().Name
	v.bare(status, v.say("signin.title"), signInPage(view))
	return nil
}

func (v *visit) signIn() error {
	view := signInView{Login: v.form.Get("login"), Next: local(v.form.Get("next"))}
	token, err := v.App.SignIn(v.r.Context(), view.Login, v.form.Get("password"), v.Network(v.r))
	switch fault.KindOf(err) {
	case fault.Unauthenticated:
		view.Errors = text.FieldErrors(v.lang, err)
	case fault.TooMany:
		view.Problem = text.Error(v.lang, err)
	default:
		if err != nil {
			return err
		}
		v.keep(token)
		coded, err := v.App.NeedsCode(v.r.Context(), token)
		if err != nil {
			return err
		}
		if coded {
			v.to(query("/console/signin/code", "next", view.Next))
			return nil
		}
		v.to(v.landing(token, view.Next))
		return nil
	}
	return v.door(web.Status(err), view)
}

// keep gives the browser its session; without an age it ends with the browser.
func (v *visit) keep(token string) {
	c := http.Cookie{Name: sessionCookie, Value: token, Path: "/console", HttpOnly: true, Secure: v.Secure, SameSite: http.SameSiteLaxMode}
	if token == "" {
		c.MaxAge = -1
	}
	http.SetCookie(v.w, &c)
}

// onceForm shows the page behind a one-time link. Only its button signs in:
// programs that look at links in mail must not use it up.
func (v *visit) onceForm() error {
	v.bare(http.StatusOK, v.say("once.title"), oncePage(v.lang, v.App.Company().Name, v.r.URL.Path))
	return nil
}

func (v *visit) once() error {
	token, err := v.App.SignInOnce(v.r.Context(), v.r.PathValue("token"))
	if fault.KindOf(err) == fault.Gone && err != nil {
		return v.door(http.StatusGone, signInView{Next: "/console", Problem: v.say("once.used")})
	}
	if err != nil {
		return err
	}
	v.keep(token)
	v.to(v.landing(token, "/console"))
	return nil
}

func (v *visit) signOut() error {
	if v.token != "" {
		if err := v.App.SignOut(v.r.Context(), v.token); err != nil {
			return err
		}
	}
	v.keep("")
	v.to("/console/signin")
	return nil
}

// viewAs lets a visitor of the demo be another person.
func (v *visit) viewAs() error {
	if !v.Demo {
		return fault.New(fault.NotFound, "not_found")
	}
	if err := v.App.ViewAs(v.r.Context(), v.token, v.form.Get("user")); err != nil {
		return err
	}
	v.to(local(v.form.Get("back")))
	return nil
}

// tab is a view that has an address.
type tab struct {
	Name, Href string
	Count      string // may be empty
	Current    bool
}

// query makes an address of this page with the values, leaving out empty ones.
func query(base string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return base
	}
	return base + "?" + q.Encode()
}

// userLabel names a person with what they may do.
func userLabel(lang string, u app.User) string {
	return u.Name + " (" + roles(lang, u.Roles) + ")"
}
