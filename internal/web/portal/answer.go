package portal

import (
	"net/http"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/flow"
	"hastaluego/internal/offer"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
	"hastaluego/internal/when"
)

// answerView is the page on which a customer reads what could be done, and says
// yes or no, alike.
type answerView struct {
	said
	Base, Code, Name string
	State            string // ask, asked, nothing, offered, applying, accepted, failed, declined, lapsed, over
	Title, Lede      string
	Made             *offerView
	Comebacks        []comeback // what staying brings back, and what not
}

// offerView is the offer in words.
type offerView struct {
	Heard, What, Until, By string
	Cost, Why              string // empty: nobody said
	Changes                []string
}

func (v answerView) say(code string, args ...any) string {
	return v.Say("portal.answer."+code, args...)
}

// answers are what the actions of an offer say, by their role.
var answers = map[string]string{"decline": "no", "accept": "yes"}

// answerState is what the page is about.
func answerState(page app.CasePage) string {
	switch o := page.Offer; {
	case o != nil && o.State == offer.Offered && !page.CanUndo:
		return string(offer.Lapsed)
	case o != nil && (o.State == offer.Applied || o.State == offer.Reversed):
		return string(offer.Accepted)
	case o != nil && o.State == offer.Accepted && o.Waits():
		return "applying"
	case o != nil:
		return string(o.State)
	case page.Nothing:
		return "nothing"
	case page.Asked:
		return "asked"
	case page.MayAsk:
		return "ask"
	default:
		return "over"
	}
}

func (p *portal) viewAnswer(r *http.Request, page app.CasePage, part flow.Part) answerView {
	lang := page.Paper.Language
	v := answerView{said: said{p.speech(lang), part}, Base: base(r), Code: page.Paper.Code, Name: page.Paper.Name, State: answerState(page)}
	by := ""
	if o := page.Offer; o != nil {
		by = text.LongDate(lang, o.By)
		v.Made = &offerView{Heard: o.Heard, What: o.What, Until: text.LongDate(lang, o.Until), By: by, Cost: o.Cost, Why: o.Why, Changes: strings.Split(o.Changes, "\n")}
		v.Comebacks = viewTrack(p.speech(lang), p.App.Company(), v.Base, p.App.SystemName, page).Comebacks
	}
	if v.State == string(offer.Offered) {
		v.Title = v.text("title")
	} else {
		v.Title = v.say("title." + v.State)
	}
	v.Lede = v.say("lede."+v.State, "by", by, "date", text.LongDate(lang, page.Paper.Case.Effective))
	if page.Unlooked {
		v.Title, v.Lede = v.say("title.unlooked"), v.say("lede.unlooked", "date", text.LongDate(lang, page.Paper.Case.Effective))
	}
	if s := page.AnswerDue; v.State == "asked" && !s.IsZero() {
		v.Lede = v.say("lede.asked.by", "by", text.LongDate(lang, when.DateOf(s.Add(-1), p.App.Company().Zone)))
	}
	return v
}

func (p *portal) answerPage(w http.ResponseWriter, r *http.Request) {
	r, page, err := p.page(w, r, "case")
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	part, err := p.meet(r, page.Paper.Code, page.Paper.Language, atFirst("offer"))
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	p.sawArms(r)
	v := p.viewAnswer(r, page, part)
	p.show(w, r, http.StatusOK, v.Title, answerPage(v))
}

// answer takes a yes or a no to what was offered.
func (p *portal) answer(w http.ResponseWriter, r *http.Request) {
	f, err := web.Form(w, r)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	token := r.PathValue("token")
	switch f.Get("answer") {
	case "yes":
		err = p.App.AnswerOffer(r.Context(), token, true)
	case "no":
		err = p.App.AnswerOffer(r.Context(), token, false)
	default:
		err = p.App.AskOffer(r.Context(), token)
	}
	p.act(w, r, base(r)+"/answer", err)
}
