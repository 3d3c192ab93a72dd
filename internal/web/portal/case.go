package portal

import (
	"net/http"
	"net/url"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/invitation"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/web"
)

// page opens the private page behind the link of the request, in the language
// that the reader chose or that the departure is told in.
func (p *portal) page(w http.ResponseWriter, r *http.Request, purpose string) (*http.Request, app.CasePage, error) {
	page, err := p.App.OpenCasePage(r.Context(), r.PathValue("token"), purpose, p.Chosen(w, r))
	return web.Spoken(r, page.Paper.Language), page, err
}

func base(r *http.Request) string { return "/c/" + r.PathValue("token") }

func (p *portal) track(w http.ResponseWriter, r *http.Request) {
	r, page, err := p.page(w, r, "case")
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	x, _, err := p.after(r, page.Paper.Code, page.Paper.Language)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	p.sawArms(r)
	v := viewTrack(p.speech(page.Paper.Language), p.App.Company(), base(r), p.App.SystemName, page)
	v.Acts = viewActs(v.Speech, v.Company, x, page.Acts, base(r)+"/withdraw", base(r))
	v.Meeting = meets(page)
	switch s := answerState(page); s { // what was declined is not brought up again
	case "asked", "nothing", "offered", "accepted":
		v.Answer = s
	}
	p.show(w, r, http.StatusOK, v.Title, trackPage(v))
}

// sawArms writes down that the customer sees the page on which what an experiment tries
// stands, or would stand. The page is shown whether that could be written or not.
func (p *portal) sawArms(r *http.Request) {
	if err := p.App.MeetArms(r.Context(), r.PathValue("token")); err != nil {
		p.Log.Warn("experiment not counted", "err", err)
	}
}

// meets reports whether a conversation is still to come: also one after the end,
// but not about a departure that is taken back.
func meets(page app.CasePage) bool {
	i := page.Paper.Invitation
	switch page.State {
	case offboarding.CaseRegistered, offboarding.CaseOpen, offboarding.CaseClosed:
		return i != nil && i.State == invitation.Invited && !page.Talked && page.Paper.Now.Before(i.End()) && page.ErasedOn.IsZero()
	}
	return false
}

// The sequencer works at least every second: a page waits for it a moment, so
// that the receipt bears its proof at the first look, and a file longer.
const (
	proofWait = 2 * time.Second
	fileWait  = 5 * time.Second
)

// proved opens the private page and waits for the proof of its entry in the
// log. When the time is over the page has none yet.
func (p *portal) proved(w http.ResponseWriter, r *http.Request, most time.Duration) (*http.Request, app.CasePage, error) {
	if err := p.App.AwaitProof(r.Context(), r.PathValue("token"), most); err != nil {
		return r, app.CasePage{}, err
	}
	return p.page(w, r, "case")
}

func (p *portal) receipt(w http.ResponseWriter, r *http.Request) {
	p.showReceipt(w, r, http.StatusOK, nil, nil)
}

// showReceipt shows the receipt, with what was typed into its question and what
// is wrong with that.
func (p *portal) showReceipt(w http.ResponseWriter, r *http.Request, status int, typed url.Values, wrong error) {
	r, page, err := p.proved(w, r, proofWait)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	lang := page.Paper.Language
	x, way, err := p.after(r, page.Paper.Code, lang)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	part, _ := x.Proved(way.Act)
	p.saw(r, way, part)
	track, _ := x.Node("track")
	below, _ := x.Screen(part.Node)
	why, asks := below.Part("survey")
	if asks && (page.MayTell || page.More != nil) {
		p.saw(r, way, why)
	}
	v := receiptView{
		said: said{p.speech(lang), part}, Base: base(r), Paper: p.papers.HTML(page.Paper), Proved: page.Paper.Proof != nil, Data: page.Data,
		Why: viewWhy(said{p.speech(lang), why}, p.App.Company().Reasons, page, typed, wrong), MayAsk: page.MayAsk, Look: said{Part: track}.action("look").Label, Ending: page.Paper.Ending != nil,
	}
	p.show(w, r, status, v.text("title", "code", page.Paper.Code), receiptPage(v))
}

func (p *portal) receiptPDF(w http.ResponseWriter, r *http.Request) {
	r, page, err := p.proved(w, r, fileWait)
	if err == nil && page.Paper.Proof == nil {
		err = &fault.Error{Kind: fault.Transient, Code: app.WaitsForLog, RetryAfter: fileWait}
	}
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	pdf, err := p.papers.PDF(page.Paper)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	p.send(w, "application/pdf", page.Paper.Code+".pdf", pdf)
}

// proof sends the proof that belongs to the receipt, as a file to keep.
func (p *portal) proof(w http.ResponseWriter, r *http.Request) {
	err := p.App.AwaitProof(r.Context(), r.PathValue("token"), fileWait)
	var code string
	var raw []byte
	if err == nil {
		code, raw, err = p.App.ReceiptProof(r.Context(), r.PathValue("token"))
	}
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	p.send(w, "application/json", code+".proof.json", raw)
}

// evidence gives the customer everything that the log knows of their departure, to be
// verified without us. Each is counted and in the log, so nothing that merely looks at
// links has one made.
func (p *portal) evidence(w http.ResponseWriter, r *http.Request) {
	code, raw, err := p.App.PackOwn(r.Context(), r.PathValue("token"), p.Lang(w, r))
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	p.send(w, "application/zip", "evidence-"+code+".zip", raw)
}

// send sends a file to keep.
func (p *portal) send(w http.ResponseWriter, media, name string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Cache-Control", "private, no-store")
	if _, err := w.Write(body); err != nil {
		p.Log.Warn("file not written to its end", "err", err)
	}
}

func (p *portal) askUndo(w http.ResponseWriter, r *http.Request) {
	r, page, err := p.page(w, r, "case")
	if err == nil && (!page.CanUndo || page.Paper.Ending != nil) {
		err = fault.New(fault.Blocked, "case.not_undoable")
	}
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	v := viewTrack(p.speech(page.Paper.Language), p.App.Company(), base(r), p.App.SystemName, page)
	p.show(w, r, http.StatusOK, v.Say("portal.undo.title"), undoPage(v))
}

func (p *portal) undo(w http.ResponseWriter, r *http.Request) {
	p.act(w, r, base(r), p.App.UndoByCustomer(r.Context(), r.PathValue("token")))
}

func (p *portal) askReturn(w http.ResponseWriter, r *http.Request) {
	p.act(w, r, base(r)+"#back", p.App.AskReturn(r.Context(), r.PathValue("token")))
}

// act answers a form whose verb was called: on to the page, or what went wrong.
func (p *portal) act(w http.ResponseWriter, r *http.Request, then string, err error) {
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	http.Redirect(w, r, then, http.StatusSeeOther)
}
