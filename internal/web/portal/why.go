package portal

import (
	"net/http"
	"net/url"
	"strconv"

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
	More      *moreView
}

// moreView is what the reason that they chose asks, if they like to say.
type moreView struct {
	Rival      bool
	Competitor string
	Fields     []byeField
	Errors     map[string]string
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
	for _, r := range reason.Builtin().Shuffled(asked, page.Paper.Code) {
		v.Options = append(v.Options, whyOption{r.Code, v.say("reason." + r.Code), typed.Get("reason") == r.Code})
	}
	if page.More == nil || s.Node == "" {
		return v
	}
	r, _ := reason.Builtin().Find(page.More.Code)
	v.More = &moreView{Rival: r.Rival, Competitor: typed.Get("competitor"), Errors: errs}
	if ask := r.Follow[lang]; ask != "" {
		v.More.Fields = append(v.More.Fields, byeField{ID: "more", Label: ask, Value: typed.Get("more"), Error: errs["reason.more"]})
	}
	if r.AsksReturn() {
		f := byeField{ID: "return", Label: v.say("more.return"), Value: typed.Get("return"), Error: errs["reason.return"], Scale: true}
		for n := range reason.MostReturn + 1 {
			f.Options = append(f.Options, [2]string{strconv.Itoa(n), strconv.Itoa(n)})
		}
		v.More.Fields = append(v.More.Fields, f)
	}
	return v
}

// tellReason takes down what made them leave.
func (p *portal) tellReason(w http.ResponseWriter, r *http.Request) {
	f, err := web.Form(w, r)
	if err == nil {
		if f.Has("more") || f.Has("competitor") || f.Has("return") {
			err = p.App.TellMore(r.Context(), r.PathValue("token"), app.MoreInput{Competitor: f.Get("competitor"), More: f.Get("more"), Return: point(f.Get("return"))})
		} else {
			err = p.App.TellReason(r.Context(), r.PathValue("token"), f.Get("reason"), f.Get("words"))
		}
	}
	if err != nil && fault.KindOf(err) == fault.Invalid {
		p.showReceipt(w, r, http.StatusUnprocessableEntity, f, err)
		return
	}
	p.act(w, r, base(r)+"/receipt#why", err)
}

// point is a number of a scale; nil where none was picked.
func point(s string) *int {
	if s == "" {
		return nil
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		n = -1 // refused as any that is not offered
	}
	return &n
}
