package portal

import (
	"net/http"
	"net/url"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/reason"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// whyView is the one question below a receipt: what made them leave.
type whyView struct {
	said
	Ask, Told bool
	Options   []whyOption
	Words     string
	Error     string // with the choice
	Wrong     string // with the words
}

type whyOption struct {
	Code, Label string
	Picked      bool
}

func (v whyView) say(code string) string { return v.Say("portal.why." + code) }

// label is what the flow says beside a field of that kind.
func (v whyView) label(asks string) string {
	for _, f := range v.Fields {
		if f.Asks == asks {
			return f.Label
		}
	}
	return ""
}

// viewWhy asks where the flow of the reader asks there.
func viewWhy(s said, asked []string, page app.CasePage, typed url.Values, wrong error) whyView {
	lang := s.Lang
	v := whyView{said: s, Ask: page.MayTell && s.Node != "", Told: page.Told, Words: typed.Get("words")}
	errs := text.FieldErrors(lang, wrong)
	v.Error, v.Wrong = errs["reason.code"], errs["reason.text"]
	for _, r := range reason.Builtin().Offered(asked) {
		v.Options = append(v.Options, whyOption{r.Code, v.say("reason." + r.Code), typed.Get("reason") == r.Code})
	}
	return v
}

// tellReason takes down what made them leave.
func (p *portal) tellReason(w http.ResponseWriter, r *http.Request) {
	f, err := web.Form(w, r)
	if err == nil {
		err = p.App.TellReason(r.Context(), r.PathValue("token"), f.Get("reason"), f.Get("words"))
	}
	if err != nil && fault.KindOf(err) == fault.Invalid {
		p.showReceipt(w, r, http.StatusUnprocessableEntity, f, err)
		return
	}
	p.act(w, r, base(r)+"/receipt#why", err)
}
