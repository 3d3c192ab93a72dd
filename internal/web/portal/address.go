package portal

import (
	"net/http"

	"hastaluego/internal/app"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// addressView is what somebody lets their address be kept for once they are erased,
// and what became of it.
type addressView struct {
	text.Speech
	app.KeptAddress
	Base, Company string
}

func (v addressView) say(code string, args ...any) string {
	return v.Say("portal.address."+code, args...)
}

// wording is what somebody reads beside the boxes, and what is kept of it.
func (v addressView) wording() string {
	said := v.say("told", "company", v.Company)
	if v.MayBack {
		said += " " + v.say("back", "company", v.Company)
	}
	return said
}

// title says what the card is about: a question, or what became of it.
func (v addressView) title() string {
	if v.Asking {
		return v.say("title")
	}
	return v.say("title.erased")
}

// state says how it stands once they were erased.
func (v addressView) state() (lines []string) {
	switch {
	case v.Kept && v.Told:
		lines = append(lines, v.say("kept.told"))
	case !v.Kept && v.Waits:
		lines = append(lines, v.say("none"))
	}
	if v.Kept && v.Back {
		lines = append(lines, v.say("kept.back", "date", v.Until))
	}
	if !v.Gone.IsZero() {
		lines = append([]string{v.say("gone", "date", v.Gone)}, lines...)
	}
	return lines
}

func viewAddress(sp text.Speech, base string, c app.Company, k *app.KeptAddress) *addressView {
	if k == nil {
		return nil
	}
	v := &addressView{sp, *k, base, c.Name}
	if !v.Asking && len(v.state()) == 0 {
		return nil
	}
	return v
}

func (p *portal) keepAddress(w http.ResponseWriter, r *http.Request) {
	r, page, err := p.page(w, r, "case")
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	f, err := web.Form(w, r)
	if err == nil {
		lang := page.Paper.Language
		v := addressView{Speech: p.speech(lang), Company: p.App.Company().Name}
		if page.Address != nil {
			v.KeptAddress = *page.Address
		}
		err = p.App.AllowAddress(r.Context(), app.AddressInput{
			Token: r.PathValue("token"), Told: f.Get("told") == "yes", Back: f.Get("back") == "yes", Wording: v.wording(), Language: lang,
		})
	}
	p.act(w, r, base(r)+"#address", err)
}

func (p *portal) forgetAddress(w http.ResponseWriter, r *http.Request) {
	p.act(w, r, base(r)+"#address", p.App.ForgetAddress(r.Context(), r.PathValue("token")))
}
