package portal

import (
	"net/http"

	"hastaluego/internal/app"
	"hastaluego/internal/handover"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// seatsView is the page on which the customer gives seats to others of theirs.
type seatsView struct {
	text.Speech
	Base, Code, Name string
	Seats            []seatLine
	Link             string // that was just made, shown this once
	For              string // whose it is
}

type seatLine struct {
	ID, Name, Sees string
	Since          string // they have it since, and until; empty: nobody has
}

func (v seatsView) say(code string, args ...any) string { return v.Say("portal.seat."+code, args...) }

func (p *portal) seats(w http.ResponseWriter, r *http.Request) { p.showSeats(w, r, "", "") }

func (p *portal) showSeats(w http.ResponseWriter, r *http.Request, link string, whose app.Seat) {
	page, list, err := p.App.OpenSeats(r.Context(), r.PathValue("token"), p.Chosen(w, r))
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	lang, zone := page.Paper.Language, p.App.Company().Zone
	r = web.Spoken(r, lang)
	v := seatsView{Speech: p.speech(lang), Base: base(r), Code: page.Paper.Code, Name: page.Paper.Name, Link: link}
	if whose != "" {
		v.For = v.say("name." + string(whose))
	}
	for _, s := range list {
		l := seatLine{ID: string(s.Seat), Name: v.say("name." + string(s.Seat)), Sees: v.say("sees." + string(s.Seat))}
		if !s.Made.IsZero() {
			l.Since = v.say("since", "at", text.Instant(lang, s.Made, zone), "until", lastMinute(lang, s.Until, zone))
		}
		v.Seats = append(v.Seats, l)
	}
	p.show(w, r, http.StatusOK, v.say("title"), seatsPage(v))
}

// changeSeats gives a seat away, or takes one back.
func (p *portal) changeSeats(w http.ResponseWriter, r *http.Request) {
	f, err := web.Form(w, r)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	token, made := r.PathValue("token"), app.Seat(f.Get("make"))
	if made == "" {
		p.act(w, r, base(r)+"/seats", p.App.StopSeat(r.Context(), token, app.Seat(f.Get("stop"))))
		return
	}
	link, err := p.App.MakeSeat(r.Context(), token, made)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	p.showSeats(w, r, link, made)
}

// seatView is what somebody with a seat sees. What is not of their seat is not in it.
type seatView struct {
	text.Speech
	Code, Name, Seat, Sees string
	Items                  []seatItem
	Renewals               []stateLine
	Accesses               accessesView
	Receipt, Certificate   string
	Statement              *settlementView
}

type seatItem struct{ Name, Kind, State, How, Envelope string }

func (v seatView) say(code string, args ...any) string { return v.Say("portal.seat."+code, args...) }

func (p *portal) seat(w http.ResponseWriter, r *http.Request) {
	x, err := p.App.OpenSeat(r.Context(), r.PathValue("token"), p.Chosen(w, r))
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	paper, lang := x.Page.Paper, x.Page.Paper.Language
	r = web.Spoken(r, lang)
	v := seatView{Speech: p.speech(lang), Code: paper.Code, Name: paper.Name}
	v.Seat, v.Sees = v.say("name."+string(x.Seat)), v.say("sees."+string(x.Seat))
	switch x.Seat {
	case app.SeatIT:
		v.Items = v.items(x.Page.Handover, true)
		v.Accesses = viewAccesses(v.Speech, p.App.Company().Zone, paper.Accesses)
		v.Accesses.Title = v.say("accesses")
	case app.SeatProvider:
		v.Items, v.Renewals = v.items(x.Page.Handover, false), viewRenewals(v.Speech, x.Page.Handover, false)
	case app.SeatLegal:
		if x.Page.ErasedOn.IsZero() {
			v.Receipt = p.papers.HTML(paper)
			s := viewSettlement(v.Speech, x.Page)
			v.Statement = &s
		}
		if x.Certificate != nil {
			v.Certificate = p.papers.HTML(*x.Certificate)
		}
	}
	p.show(w, r, http.StatusOK, v.say("title.seat"), seatPage(v))
}

// items are what changes hands; how that was done is told to whoever works with it.
func (v seatView) items(h app.Handover, how bool) (out []seatItem) {
	for _, x := range h.List {
		l := seatItem{Name: x.Name, Kind: v.Say("portal.handover.kind." + x.Kind), State: v.stateOf(x.State)}
		if how {
			l.How = x.How
		}
		if s, ok := h.Sheet(x.ID); ok && x.Way == handover.Envelope {
			l.Envelope = v.say("envelope." + string(s.State))
		}
		out = append(out, l)
	}
	return out
}

// stateOf says how far a thing is to somebody who is not asked about it.
func (v seatView) stateOf(s handover.State) string {
	if s == handover.Given {
		return v.say("given")
	}
	return v.Say("portal.handover.state." + string(s))
}
