package console

import (
	"net/http"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/notification"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// accountView is the page of the person who looks.
type accountView struct {
	Lang      string
	Actor     app.Actor
	Users     []app.User // to view as; only in the demo
	Passwords []control
	Told      toldView
	Done      string // what was just done
}

func (v *visit) account() error {
	return v.showAccount(http.StatusOK, v.r.URL.Query().Get("done"), nil)
}

func (v *visit) showAccount(status int, done string, wrong error) error {
	return v.showAccountTold(status, done, "", nil, wrong)
}

// showAccountTold is the page with what was typed about being told, or the
// address of the calendar, shown this once.
func (v *visit) showAccountTold(status int, done, feed string, typed *notification.Preference, wrong error) error {
	av := accountView{Lang: v.lang, Actor: v.actor, Passwords: v.passwordControls(true, wrong)}
	told, err := v.viewTold(feed, typed, wrong)
	if err != nil {
		return err
	}
	av.Told = told
	if text.Known(v.lang, "console.account.done."+done) {
		av.Done = v.say("account.done." + done)
	}
	if v.Demo {
		if av.Users, err = v.App.Users(v.r.Context()); err != nil {
			return err
		}
	}
	v.show(status, "account", v.say("account.title"), v.problem(wrong), accountPage(av))
	return nil
}

// passwordControls are the fields of choosing a password; current asks for the
// one that holds.
func (v *visit) passwordControls(current bool, wrong error) []control {
	errs := text.FieldErrors(v.lang, wrong)
	list := []control{
		{ID: "password", Label: v.say("password.new"), Hint: v.say("password.hint"), Kind: "password", Complete: "new-password", Required: true, Error: errs["password"]},
		{ID: "again", Label: v.say("password.again"), Kind: "password", Complete: "new-password", Required: true, Error: errs["again"]},
	}
	if current {
		list = append([]control{{ID: "current", Label: v.say("password.current"), Kind: "password", Complete: "current-password", Required: true, Error: errs["current"]}}, list...)
	}
	return list
}

func (v *visit) changePassword() error {
	err := v.App.ChangePassword(v.r.Context(), v.actor, v.token, v.form.Get("current"), v.form.Get("password"), v.form.Get("again"))
	switch fault.KindOf(err) {
	case fault.Invalid, fault.TooMany, fault.Forbidden:
		return v.showAccount(web.Status(err), "", err)
	}
	if err != nil {
		return err
	}
	v.to("/console/account?done=password")
	return nil
}

func (v *visit) endOwnSessions() error {
	err := v.App.EndSessions(v.r.Context(), v.actor, v.actor.ID, v.token)
	if fault.KindOf(err) == fault.Forbidden && err != nil {
		return v.showAccount(web.Status(err), "", err)
	}
	if err != nil {
		return err
	}
	v.to("/console/account?done=sessions")
	return nil
}

// resetView is the page behind a link for choosing a password.
type resetView struct {
	Lang, Name, Action, Problem string
	Passwords                   []control
}

func (v *visit) resetForm() error { return v.showReset(http.StatusOK, nil) }

func (v *visit) showReset(status int, wrong error) error {
	u, err := v.App.PasswordLink(v.r.Context(), v.r.PathValue("token"))
	if fault.KindOf(err) == fault.Gone && err != nil {
		return v.door(http.StatusGone, signInView{Next: "/console", Problem: v.say("reset.used")})
	}
	if err != nil {
		return err
	}
	rv := resetView{Lang: v.lang, Name: u.Name, Action: v.r.URL.Path, Passwords: v.passwordControls(false, wrong)}
	if wrong != nil {
		rv.Problem = v.worded(wrong)
	}
	v.bare(status, v.say("reset.title"), resetPage(rv))
	return nil
}

func (v *visit) reset() error {
	err := v.App.ChooseLinked(v.r.Context(), v.r.PathValue("token"), v.form.Get("password"), v.form.Get("again"))
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Gone:
		return v.showReset(web.Status(err), err)
	}
	if err != nil {
		return err
	}
	return v.door(http.StatusOK, signInView{Next: "/console", Done: v.say("reset.done")})
}
