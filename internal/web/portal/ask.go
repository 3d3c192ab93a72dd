package portal

import (
	"net/http"

	"hastaluego/internal/fault"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// The pages behind links that do something: only a button acts, since mail
// scanners follow links.

func (p *portal) askVerify(w http.ResponseWriter, r *http.Request) {
	page, err := p.App.OpenVerifyPage(r.Context(), r.PathValue("token"))
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	r = web.Spoken(r, page.Request.Language)
	v := p.ask(w, r, "verify", page.Request.Code)
	v.At = text.Instant(v.Lang, page.Request.ReceivedAt, p.App.Company().Zone)
	v.Typed, v.OnFile = page.Elsewhere(), page.OnFile
	if v.Part, err = p.meet(r, page.Request.Code, v.Lang, atFirst("auth")); err != nil {
		p.Fail(w, r, err)
		return
	}
	p.show(w, r, http.StatusOK, v.title(), askPage(v))
}

func (p *portal) ask(w http.ResponseWriter, r *http.Request, purpose, code string) askView {
	lang := p.Lang(w, r)
	return askView{Speech: p.speech(lang), Purpose: purpose, Action: r.URL.Path + "?lang=" + lang, Code: code}
}

func (p *portal) verify(w http.ResponseWriter, r *http.Request) {
	f, err := web.Form(w, r)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	_, page, err := p.App.VerifyRequestTo(r.Context(), r.PathValue("token"), f.Get("papers") == "on_file")
	p.act(w, r, "/c/"+page+"/receipt", err)
}

func (p *portal) askDisown(w http.ResponseWriter, r *http.Request) {
	page, err := p.App.OpenDisownPage(r.Context(), r.PathValue("token"))
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	r = web.Spoken(r, page.Request.Language)
	v := p.ask(w, r, "not_me", page.Request.Code)
	v.At = text.Instant(v.Lang, page.Request.ReceivedAt, p.App.Company().Zone)
	v.Over = page.Over
	if page.State != "" {
		v.State = string(page.State)
	}
	for _, f := range page.Final {
		v.Final = append(v.Final, v.Say("portal.comeback.about."+f))
	}
	p.show(w, r, http.StatusOK, v.title(), askPage(v))
}

func (p *portal) disown(w http.ResponseWriter, r *http.Request) {
	p.act(w, r, r.URL.Path, p.App.DisownRequest(r.Context(), r.PathValue("token")))
}

// againView is the page that sends another link.
type againView struct {
	text.Speech
	Code, Error string
	Sent        bool
}

func (v againView) say(code string, args ...any) string {
	return v.Say("portal.again."+code, args...)
}

func (p *portal) askLink(w http.ResponseWriter, r *http.Request) {
	v := againView{Speech: p.speech(p.Lang(w, r)), Code: r.URL.Query().Get("code"), Sent: r.URL.Query().Get("sent") != ""}
	p.show(w, r, http.StatusOK, v.say("title"), againPage(v))
}

func (p *portal) sendLink(w http.ResponseWriter, r *http.Request) {
	f, err := web.Form(w, r)
	if err == nil {
		err = p.App.AskLink(r.Context(), f.Get("code"))
	}
	if err != nil && fault.KindOf(err) == fault.Invalid {
		v := againView{Speech: p.speech(p.Lang(w, r)), Code: f.Get("code")}
		v.Error = text.FieldErrors(v.Lang, err)["code"]
		p.show(w, r, http.StatusUnprocessableEntity, v.say("title"), againPage(v))
		return
	}
	p.act(w, r, "/again?sent=1", err)
}
