package portal

import (
	"cmp"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/handover"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// actView is the act of a handover as the client reads, accepts and keeps it.
type actView struct {
	text.Speech
	Base, ID, SHA256, Made string
	Number                 int
	Accepted               string // who accepted it and when, in words; empty: nobody yet
	Name                   string // as typed
	Agrees                 bool   // as ticked
	Errors                 map[string]string
	Earlier                []earlierAct // the newest first
}

// earlierAct is one that another took the place of, and who accepted it.
type earlierAct struct {
	Number          int
	Title, Accepted string
}

func (v actView) say(code string, args ...any) string { return v.Say("portal.act."+code, args...) }

// stateLine is one line of a list of states.
type stateLine struct {
	Name, Text string
	Gap        bool
}

func (p *portal) viewAct(sp text.Speech, base string, h app.Handover) *actView {
	x, ok := h.Act()
	if !ok {
		return nil
	}
	zone := p.App.Company().Zone
	v := &actView{Speech: sp, Base: base, ID: string(x.ID), SHA256: x.SHA256, Number: x.Number, Made: text.Instant(sp.Lang, x.MadeAt, zone)}
	if x.Accepted() {
		v.Accepted = v.say("accepted", "by", x.AcceptedBy, "at", text.Instant(sp.Lang, x.AcceptedAt, zone))
	}
	for _, old := range slices.Backward(h.Acts) {
		if old.Number == x.Number {
			continue
		}
		e := earlierAct{Number: old.Number, Title: v.say("earlier", "n", old.Number, "at", text.Instant(sp.Lang, old.MadeAt, zone))}
		if old.Accepted() {
			e.Accepted = v.say("accepted", "by", old.AcceptedBy, "at", text.Instant(sp.Lang, old.AcceptedAt, zone))
		}
		v.Earlier = append(v.Earlier, e)
	}
	return v
}

// viewPromised is what was promised beside what was delivered.
func (v handoverView) viewPromised(list []handover.Promise) (out []stateLine) {
	for _, p := range list {
		l := stateLine{Name: p.Title, Gap: p.Gap()}
		var says []string
		if p.Gap() && !p.Due.IsZero() {
			says = append(says, v.say("promise.due", "date", text.LongDate(v.Lang, p.Due)))
		}
		switch {
		case !p.Gap():
			says = append(says, v.say("promise.delivered", "date", text.LongDate(v.Lang, p.Delivered)))
		case p.State == handover.Missing:
			says = append(says, v.say("promise.missing", "which", cmp.Or(p.Piece.Version, v.say("refused.unnamed")), "lacks", p.Lacks))
		case p.State == handover.Held:
			says = append(says, v.say("held", "why", p.Held))
		default:
			says = append(says, v.say("promise."+string(p.State)))
		}
		l.Text = strings.Join(says, " ")
		out = append(out, l)
	}
	return out
}

// viewRenewals is what has to be renewed; to the customer also for how much, and who
// pays.
func viewRenewals(sp text.Speech, h app.Handover, theirs bool) (out []stateLine) {
	say := func(code string, args ...any) string { return sp.Say("portal.handover.renewal."+code, args...) }
	for _, a := range h.Renewals {
		says := []string{say("on", "date", text.LongDate(sp.Lang, a.RenewsOn))}
		if theirs && a.Renewal.Currency != "" {
			says = append(says, say("cost", "amount", text.Money(sp.Lang, a.Renewal)))
		}
		if theirs {
			says = append(says, say("payer."+cmp.Or(string(a.Payer), "unknown")))
		}
		out = append(out, stateLine{Name: a.Name, Text: strings.Join(says, " ")})
	}
	return out
}

// renewals sends what has to be renewed as a calendar.
func (p *portal) renewals(w http.ResponseWriter, r *http.Request) {
	paper, err := p.App.OpenRenewals(r.Context(), r.PathValue("token"), p.Chosen(w, r))
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	media, file := p.papers.Renewals(paper)
	p.keep(w, media, paper.Code+"-"+text.Say(paper.Language, "document.renewal.file")+".ics", file)
}

// acceptAct takes the client's word about an act.
func (p *portal) acceptAct(w http.ResponseWriter, r *http.Request) {
	f, err := web.Form(w, r)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	in := app.ActAcceptance{Act: handover.ActID(f.Get("act")), SHA256: f.Get("sha256"), Name: f.Get("name"), Agrees: f.Get("agrees") == "yes"}
	err = p.App.AcceptAct(r.Context(), r.PathValue("token"), in)
	if err != nil && (fault.KindOf(err) == fault.Invalid || fault.CodeOf(err) == "act.newer") {
		p.showHandover(w, r, nil, &in, err)
		return
	}
	p.act(w, r, base(r)+"/handover#act", err)
}

func (p *portal) actPDF(w http.ResponseWriter, r *http.Request)         { p.sendAct(w, r, false) }
func (p *portal) actAcceptedPDF(w http.ResponseWriter, r *http.Request) { p.sendAct(w, r, true) }

// sendAct sends the paper as it was printed.
func (p *portal) sendAct(w http.ResponseWriter, r *http.Request, acceptance bool) {
	number, err := strconv.Atoi(cmp.Or(r.URL.Query().Get("n"), "0"))
	if err != nil {
		p.Fail(w, r, fault.New(fault.NotFound, "not_found"))
		return
	}
	b, plain, err := p.App.OpenAct(r.Context(), r.PathValue("token"), number, acceptance)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	p.keep(w, "application/pdf", b.Name, plain)
}

// keep sends a file whose name somebody chose, to be kept: it is never shown in a
// page, whatever it is.
func (p *portal) keep(w http.ResponseWriter, media, name string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "private, no-store")
	if _, err := w.Write(body); err != nil {
		p.Log.Warn("file not written to its end", "err", err)
	}
}
