package portal

import (
	"net/http"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
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
	Opened         string // how often they looked, in words
	Data           string // whether they may download the data; empty: it is not of this seat
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
			if l.Opened = v.say("unopened"); s.Opened > 0 {
				l.Opened = v.say("opened", "n", s.Opened, "at", text.Instant(lang, s.Last, zone))
			}
			if s.Seat == app.SeatIT && page.Data {
				l.Data = v.say("data.no")
				if s.Data {
					l.Data = v.say("data.yes")
				}
			}
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
	Base                   string
	Files                  []dataFile
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
	v := seatView{Speech: p.speech(lang), Code: paper.Code, Name: paper.Name, Base: "/g/" + r.PathValue("token")}
	v.Seat, v.Sees = v.say("name."+string(x.Seat)), v.say("you_see."+string(x.Seat))
	for _, b := range x.Blobs {
		v.Files = append(v.Files, dataFile{b.ID, b.Name, text.Size(lang, b.Size), text.Instant(lang, b.CreatedAt, p.App.Company().Zone), b.SHA256, b.Partial()})
	}
	switch x.Seat {
	case app.SeatIT:
		v.Items = v.items(x.Page.Handover, true)
		v.Accesses = viewAccesses(v.Speech, p.App.Company().Zone, p.App.SystemName, paper.Accesses)
		v.Accesses.Title = v.say("accesses")
	case app.SeatProvider:
		v.Items, v.Renewals = v.items(x.Page.Handover, false), viewRenewals(v.Speech, x.Page.Handover, false)
	case app.SeatLegal:
		if x.Page.ErasedOn.IsZero() {
			v.Receipt = p.papers.HTML(paper)
			s := viewSettlement(v.Speech, x.Page, p.App.Company().Zone)
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
		if x.Secret() && !how { // whoever goes on is not told what was entrusted to us
			continue
		}
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

// seatData sends what the customer takes along to whoever has the seat of IT.
func (p *portal) seatData(w http.ResponseWriter, r *http.Request) {
	b, whole, err := p.App.DownloadBySeat(r.Context(), r.PathValue("token"), r.PathValue("blob"), web.Fetching(r))
	if fault.CodeOf(err) == "not_found" { // it was made again since the page was shown, or is not theirs any more
		http.Redirect(w, r, "/g/"+r.PathValue("token"), http.StatusSeeOther)
		return
	}
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	web.SendBundle(w, r, b, whole)
}

// allowSeatData lets whoever has the seat of IT download the data, or takes that back.
func (p *portal) allowSeatData(w http.ResponseWriter, r *http.Request) {
	f, err := web.Form(w, r)
	if err == nil {
		err = p.App.AllowSeatData(r.Context(), r.PathValue("token"), dataKey(r), f.Get("allow") == "yes")
	}
	if err != nil {
		p.failData(w, r, err)
		return
	}
	http.Redirect(w, r, "/c/"+r.PathValue("token")+"/data#seat", http.StatusSeeOther)
}
