package portal

import (
	"net/http"
	"net/url"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/lane"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// termsView is the page about new terms: what is now, what would be, and two ways on
// that are equal.
type termsView struct {
	text.Speech
	Base         string
	State        string // open, accepted, left, over
	Title, Lede  string
	Why          string
	Changes      []string
	Rows         []termsRow
	Silence      string
	Alternatives []lane.Alternative
}

type termsRow struct{ What, Now, Then string }

func (v termsView) say(code string, args ...any) string { return v.Say("portal.terms."+code, args...) }

// terms shows new terms to whoever has the key of the page, which went to the address on
// file.
func (p *portal) terms(w http.ResponseWriter, r *http.Request) {
	page, err := p.App.OpenTerms(r.Context(), r.PathValue("key"), p.Chosen(w, r))
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	r = web.Spoken(r, page.Language)
	v := viewTerms(p.speech(page.Language), page, "/terms/"+r.PathValue("key"))
	p.show(w, r, http.StatusOK, v.Title, termsPage(v))
}

func viewTerms(s text.Speech, page app.TermsPage, base string) termsView {
	v := termsView{Speech: s, Base: base, State: "over", Why: page.Words.Why, Alternatives: page.Words.Alternatives}
	if page.Words.Changes != "" {
		v.Changes = strings.Split(page.Words.Changes, "\n")
	}
	day := text.LongDate(s.Lang, page.Day)
	switch {
	case page.Open:
		v.State = "open"
	case page.State == lane.Accepted || page.State == lane.Applied:
		v.State = "accepted"
	case page.State == lane.Left:
		v.State = "left"
	}
	v.Title, v.Lede = v.say("title."+v.State), v.say("lede."+v.State, "date", day)
	v.Silence = v.say("silence", "date", day)
	for _, l := range page.Lines {
		every := s.Say("portal.every." + string(l.Interval))
		v.Rows = append(v.Rows, termsRow{
			What: l.Product, Now: text.Money(s.Lang, l.Amount) + " " + every, Then: text.Money(s.Lang, page.Lane.Offer.Price) + " " + every,
		})
	}
	return v
}

// answerTerms takes either answer; both are one press.
func (p *portal) answerTerms(w http.ResponseWriter, r *http.Request) {
	token := r.PathValue("key")
	f, err := web.Form(w, r)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	switch f.Get("answer") {
	case "accept":
		err := p.App.AcceptTerms(r.Context(), token)
		p.act(w, r, "/terms/"+url.PathEscape(token)+langOf(r), err)
	case "leave":
		page, err := p.App.LeaveTerms(r.Context(), token)
		p.act(w, r, "/c/"+url.PathEscape(page)+langOf(r), err)
	default:
		p.Fail(w, r, fault.New(fault.Invalid, "field.choice").On("answer"))
	}
}

// langOf keeps the language that the reader chose.
func langOf(r *http.Request) string {
	if lang := r.URL.Query().Get("lang"); lang != "" {
		return "?lang=" + url.QueryEscape(lang)
	}
	return ""
}
