package portal

import (
	"net/http"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// copyFormView is the page on which somebody asks for a copy of their data without
// leaving. It asks for nothing else, and talks nobody into anything.
type copyFormView struct {
	text.Speech
	Account, Error string
	Sent           bool
}

func (v copyFormView) say(code string, args ...any) string {
	return v.Say("portal.copy."+code, args...)
}

// copyLine says of whose copy a page is; without a name once they were erased.
func copyLine(sp text.Speech, code, name string) string {
	if name == "" {
		return sp.Say("portal.copy.code.plain", "code", code)
	}
	return sp.Say("portal.copy.code", "code", code, "name", name)
}

func (p *portal) copyForm(w http.ResponseWriter, r *http.Request) {
	v := copyFormView{Speech: p.speech(p.Lang(w, r)), Sent: r.URL.Query().Get("sent") != ""}
	p.show(w, r, http.StatusOK, v.say("title"), copyFormPage(v))
}

func (p *portal) askCopy(w http.ResponseWriter, r *http.Request) {
	f, err := web.Form(w, r)
	lang := p.Lang(w, r)
	if err == nil {
		err = p.App.AskCopy(r.Context(), app.CopyInput{Account: f.Get("account"), Language: lang, Network: p.Network(r)})
	}
	if err != nil && fault.KindOf(err) == fault.Invalid {
		v := copyFormView{Speech: p.speech(lang), Account: f.Get("account"), Error: text.FieldErrors(lang, err)["account"]}
		p.show(w, r, http.StatusUnprocessableEntity, v.say("title"), copyFormPage(v))
		return
	}
	p.act(w, r, "/copy?sent=1&lang="+lang, err)
}

// copyView asks whoever reads the mail whether the copy is to be made: a mail scanner
// that follows the link has nothing made.
type copyView struct {
	text.Speech
	Base, Code, Name, At string
	Days, Within         int
}

func (v copyView) say(code string, args ...any) string { return v.Say("portal.copy."+code, args...) }

func (p *portal) copy(w http.ResponseWriter, r *http.Request) {
	page, err := p.App.OpenDataPage(r.Context(), r.PathValue("token"), "", p.Chosen(w, r))
	if err == nil && page.Taking.Copy == nil {
		err = fault.New(fault.NotFound, "link.unknown")
	}
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	base := "/copy/" + r.PathValue("token")
	if !page.Waits() {
		http.Redirect(w, r, base+"/data", http.StatusSeeOther)
		return
	}
	r = web.Spoken(r, page.Language)
	c := page.Taking.Copy
	v := copyView{p.speech(page.Language), base, c.Code, page.Name, text.Instant(page.Language, c.AskedAt, page.Taking.Zone), c.Days, app.MadeWithin}
	p.show(w, r, http.StatusOK, v.say("ask.title"), copyPage(v))
}

func (p *portal) openCopy(w http.ResponseWriter, r *http.Request) {
	p.act(w, r, "/copy/"+r.PathValue("token")+"/data", p.App.OpenCopy(r.Context(), r.PathValue("token")))
}

func (p *portal) stopCopy(w http.ResponseWriter, r *http.Request) {
	p.act(w, r, "/copy/"+r.PathValue("token")+"/data", p.App.StopCopy(r.Context(), r.PathValue("token")))
}
