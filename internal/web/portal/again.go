package portal

import (
	"net/http"

	"hastaluego/internal/app"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// allowView is the question whether we may write once more, or its answer.
type allowView struct {
	text.Speech
	Base, Wording    string
	Ask, Given, Over bool
}

func (v allowView) say(code string, args ...any) string {
	return v.Say("portal.allow."+code, args...)
}

// allowWording is what somebody reads beside the box, and what is kept of it.
func allowWording(sp text.Speech, c app.Company) string {
	return sp.Say("portal.allow.wording", "company", c.Name)
}

func viewAllow(sp text.Speech, base string, c app.Company, v app.ConsentView) allowView {
	return allowView{sp, base, allowWording(sp, c), v.Ask, v.Given, v.Over}
}

func (p *portal) allow(w http.ResponseWriter, r *http.Request) {
	r, page, err := p.page(w, r, "case")
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	f, err := web.Form(w, r)
	if err == nil {
		lang := page.Paper.Language
		err = p.App.AnswerConsent(r.Context(), app.ConsentInput{
			Token: r.PathValue("token"), Given: f.Get("allow") == "yes", Wording: allowWording(p.speech(lang), p.App.Company()), Language: lang,
		})
	}
	p.act(w, r, base(r)+"#allow", err)
}

func (p *portal) disallow(w http.ResponseWriter, r *http.Request) {
	p.act(w, r, base(r)+"#allow", p.App.RevokeConsent(r.Context(), r.PathValue("token")))
}

// silenceView is the page of silence.
type silenceView struct {
	text.Speech
	Company, Action string
	Silent          bool
}

func (v silenceView) say(code string) string {
	return v.Say("portal.silence."+code, "company", v.Company)
}

func (p *portal) silencePage(w http.ResponseWriter, r *http.Request) {
	page, err := p.App.OpenSilencePage(r.Context(), r.PathValue("token"))
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	lang := page.Language
	if chosen := p.Chosen(w, r); chosen != "" {
		lang = chosen
	}
	r = web.Spoken(r, lang)
	v := silenceView{p.speech(lang), p.App.Company().Name, r.URL.Path, page.Silent}
	p.show(w, r, http.StatusOK, v.say("title"), silencePage(v))
}

// silence obeys at once: by the button of the page, and by the one that mail
// programs show (RFC 8058), which follows no redirect.
func (p *portal) silence(w http.ResponseWriter, r *http.Request) {
	if err := p.App.AskSilence(r.Context(), r.PathValue("token")); err != nil {
		p.Fail(w, r, err)
		return
	}
	p.silencePage(w, r)
}

func (p *portal) liftSilence(w http.ResponseWriter, r *http.Request) {
	p.act(w, r, "/u/"+r.PathValue("token"), p.App.LiftSilence(r.Context(), r.PathValue("token")))
}

// back shows what coming back means; its one button asks for it.
func (p *portal) back(w http.ResponseWriter, r *http.Request) {
	r, page, err := p.page(w, r, "back")
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	v := viewTrack(p.speech(page.Paper.Language), p.App.Company(), "/b/"+r.PathValue("token"), p.App.SystemName, page)
	p.show(w, r, http.StatusOK, v.Say("portal.back.title", "company", v.Company.Name), backPage(v))
}

// backLede says what the page of coming back can still do.
func backLede(v trackView) string {
	switch {
	case v.Back || v.AnswerBy != "":
		return v.Say("portal.back.lede")
	case v.Forgotten:
		return v.Say("portal.back.erased", "email", v.Company.Email)
	}
	return v.Say("portal.back.closed", "email", v.Company.Email)
}

func (p *portal) comeBack(w http.ResponseWriter, r *http.Request) {
	p.act(w, r, "/b/"+r.PathValue("token"), p.App.AskReturn(r.Context(), r.PathValue("token")))
}
