package portal

import (
	"net/http"
	"strings"

	"hastaluego/internal/fault"
	"hastaluego/internal/invitation"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// meetingView is the page of a conversation that the customer is invited to.
type meetingView struct {
	text.Speech
	Base, Code, Name          string
	State                     string // invited, declined, cancelled, held, past
	When, Format, Place, Last string
	Words                     []string
}

func (v meetingView) say(code string, args ...any) string {
	return v.Say("portal.meeting."+code, args...)
}

func (p *portal) meeting(w http.ResponseWriter, r *http.Request) {
	r, page, err := p.page(w, r, "case")
	if err == nil && page.Paper.Invitation == nil {
		err = fault.New(fault.NotFound, "not_found")
	}
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	i, lang := page.Paper.Invitation, page.Paper.Language
	v := meetingView{
		Speech: p.speech(lang), Base: base(r), Code: page.Paper.Code, Name: page.Paper.Name, State: string(i.State),
		When: text.WeekdayDate(lang, when.DateOf(i.Start, p.App.Company().Zone)) + ", " + text.Clock(i.Start, p.App.Company().Zone), Format: p.speech(lang).Say("document.invitation.format." + string(i.Format)),
		Place: i.Place, Last: p.speech(lang).Say("document.invitation.minutes", "n", i.Minutes), Words: strings.Split(i.Words, "\n"),
	}
	switch {
	case i.State != invitation.Invited:
	case page.Talked:
		v.State = "held"
	case !page.Paper.Now.Before(i.End()):
		v.State = "past"
	}
	p.show(w, r, http.StatusOK, v.say("title."+v.State), meetingPage(v))
}

// declineMeeting takes a no to the conversation.
func (p *portal) declineMeeting(w http.ResponseWriter, r *http.Request) {
	p.act(w, r, base(r)+"/meeting", p.App.DeclineMeeting(r.Context(), r.PathValue("token")))
}

// calendar sends the invitation as a calendar file.
func (p *portal) calendar(w http.ResponseWriter, r *http.Request) {
	r, page, err := p.page(w, r, "case")
	if err == nil && page.Paper.Invitation == nil {
		err = fault.New(fault.NotFound, "not_found")
	}
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	page.Paper.Links = map[string]string{"case": p.App.Company().PublicURL + base(r) + "?lang=" + page.Paper.Language}
	media, file := p.papers.Calendar(page.Paper)
	p.send(w, media, page.Paper.Code+".ics", file)
}
