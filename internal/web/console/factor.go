package console

import (
	"net/http"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// codeView asks for the code of an authenticator after the password.
type codeView struct {
	Lang, Company, Next string
	Code                control
	Problem             string
}

func (v *visit) codeForm() error {
	return v.codeDoor(http.StatusOK, local(v.r.URL.Query().Get("next")), nil)
}

func (v *visit) codeDoor(status int, next string, wrong error) error {
	view := codeView{Lang: v.lang, Company: v.App.Company().Name, Next: next, Code: v.codeControl(wrong)}
	if wrong != nil && view.Code.Error == "" {
		view.Problem = text.Error(v.lang, wrong)
	}
	v.bare(status, v.say("factor.code.title"), codePage(view))
	return nil
}

func (v *visit) codeControl(wrong error) control {
	return control{
		ID: "code", Label: v.say("factor.code"), Hint: v.say("factor.code.hint"), Complete: "one-time-code", Required: true,
		Error: text.FieldErrors(v.lang, wrong)["code"],
	}
}

func (v *visit) signInCode() error {
	next := local(v.form.Get("next"))
	token, err := v.App.SignInCode(v.r.Context(), v.token, v.form.Get("code"))
	switch {
	case err == nil:
		v.keep(token)
		v.to(v.landing(token, next))
		return nil
	case fault.KindOf(err) == fault.Invalid, fault.KindOf(err) == fault.TooMany:
		return v.codeDoor(web.Status(err), next, err)
	default:
		return err
	}
}

// factorView is the second factor of the person who looks.
type factorView struct {
	Lang      string
	On, Other bool // it is on; the person looks as somebody else
	Enrol     *app.Enrolment
	Recovery  []string
	Code      control
}

func (v *visit) factor() error { return v.showFactor(http.StatusOK, factorView{}, nil) }

func (v *visit) showFactor(status int, fv factorView, wrong error) error {
	on, err := v.App.HasFactor(v.r.Context(), v.actor.ID)
	if err != nil {
		return err
	}
	fv.Lang, fv.On, fv.Other, fv.Code = v.lang, on, v.actor.RealID != "", v.codeControl(wrong)
	problem := ""
	if wrong != nil {
		problem = v.worded(wrong)
	}
	v.show(status, "account", v.say("factor.title"), problem, factorPage(fv))
	return nil
}

func (v *visit) beginFactor() error {
	e, err := v.App.BeginFactor(v.r.Context(), v.actor)
	if err != nil {
		return v.showFactor(web.Status(err), factorView{}, err)
	}
	return v.showFactor(http.StatusOK, factorView{Enrol: &e}, nil)
}

func (v *visit) confirmFactor() error {
	codes, err := v.App.ConfirmFactor(v.r.Context(), v.actor, v.form.Get("code"))
	if k := fault.KindOf(err); err != nil && (k == fault.Invalid || k == fault.Conflict || k == fault.Forbidden) {
		again := app.Enrolment{Secret: v.form.Get("secret"), URI: v.form.Get("uri")}
		if !strings.HasPrefix(again.URI, "otpauth://") { // nothing else is opened from here
			again.URI = ""
		}
		return v.showFactor(web.Status(err), factorView{Enrol: &again}, err)
	} else if err != nil {
		return err
	}
	return v.showFactor(http.StatusOK, factorView{Recovery: codes}, nil)
}

func (v *visit) removeFactor() error {
	err := v.App.RemoveFactor(v.r.Context(), v.actor, v.actor.ID, v.form.Get("code"))
	if k := fault.KindOf(err); err != nil && (k == fault.Invalid || k == fault.Forbidden) {
		return v.showFactor(web.Status(err), factorView{}, err)
	} else if err != nil {
		return err
	}
	v.to("/console/account/factor")
	return nil
}
