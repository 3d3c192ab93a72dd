// Package portal is what the person who leaves meets: the request, the
// acknowledgement, the proof of identity, the private page, the receipt, the
// goodbye. Every page works without script and without a login. It decides
// nothing and reads no database; it calls one verb and shows what came back.
package portal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"time"

	"github.com/a-h/templ"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// Papers renders a paper for the page it is shown on, and as PDF.
type Papers interface {
	HTML(p app.Paper) string
	PDF(p app.Paper) ([]byte, error)
}

type portal struct {
	*web.Kit
	papers Papers
}

// New serves the portal.
func New(kit *web.Kit, papers Papers) *web.Mux {
	p := &portal{kit, papers}
	mux := web.NewMux()
	mux.HandleFunc("GET /{$}", p.form)
	mux.HandleFunc("POST /{$}", p.submit)
	mux.HandleFunc("GET /s/{signed}", p.hostForm)
	mux.HandleFunc("POST /s/{signed}", p.hostSubmit)
	mux.HandleFunc("GET /r/{code}", p.acknowledgement)
	mux.HandleFunc("GET /v/{token}", p.ask("verify"))
	mux.HandleFunc("POST /v/{token}", p.verify)
	mux.HandleFunc("GET /not-me/{token}", p.ask("not_me"))
	mux.HandleFunc("POST /not-me/{token}", p.disown)
	mux.HandleFunc("GET /c/{token}", p.track)
	mux.HandleFunc("GET /c/{token}/receipt", p.receipt)
	mux.HandleFunc("GET /c/{token}/receipt.pdf", p.receiptPDF)
	mux.HandleFunc("GET /c/{token}/proof.json", p.proof)
	mux.HandleFunc("GET /c/{token}/undo", p.askUndo)
	mux.HandleFunc("POST /c/{token}/undo", p.undo)
	mux.HandleFunc("GET /c/{token}/data", p.data)
	mux.HandleFunc("POST /c/{token}/data/code", p.sendCode)
	mux.HandleFunc("POST /c/{token}/data", p.openData)
	mux.HandleFunc("GET /c/{token}/data/{blob}", p.download)
	mux.HandleFunc("GET /bye/{token}", p.bye)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		p.Fail(w, r, fault.New(fault.NotFound, "not_found"))
	})
	return mux
}

// show renders a page of the portal.
func (p *portal) show(w http.ResponseWriter, r *http.Request, status int, title string, content templ.Component) {
	lang := p.Lang(w, r)
	langs := make(map[string]string)
	for _, l := range text.Langs() {
		langs[l] = web.ChangeLang(r, l)
	}
	p.Render(w, r, status, p.Frame(web.PageView{Lang: lang, Title: title, Body: "portal"}, shell(p.App.Company(), lang, langs, content)))
}

func (p *portal) form(w http.ResponseWriter, r *http.Request) {
	lang := p.Lang(w, r)
	v := formView{Lang: lang, Company: p.App.Company(), Action: "/", Nonce: id.Token(), Errors: map[string]string{}}
	p.show(w, r, http.StatusOK, text.Say(lang, "portal.form.title", "company", v.Company.Name), formPage(v))
}

// typed is what the form said.
func (p *portal) typed(w http.ResponseWriter, r *http.Request) (app.ExitInput, error) {
	f, err := web.Form(w, r)
	return app.ExitInput{
		Name: f.Get("name"), AccountEmail: f.Get("account"), ReceiptEmail: f.Get("receipt"), Reference: f.Get("reference"),
		When: f.Get("when"), Nonce: f.Get("nonce"), Language: p.Lang(w, r), Network: p.Network(r),
	}, err
}

func (p *portal) submit(w http.ResponseWriter, r *http.Request) {
	in, err := p.typed(w, r)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	req, err := p.App.RequestExit(r.Context(), in)
	if fault.KindOf(err) == fault.Invalid && err != nil {
		lang := in.Language
		v := formView{Lang: lang, Company: p.App.Company(), Action: "/", Nonce: id.Token(), In: in, Errors: text.FieldErrors(lang, err)}
		p.show(w, r, http.StatusUnprocessableEntity, text.Say(lang, "portal.form.title", "company", v.Company.Name), formPage(v))
		return
	}
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: ackCookie, Value: p.ackToken(req.Code), Path: "/r/" + req.Code, MaxAge: 30 * 24 * 3600,
		HttpOnly: true, Secure: p.Secure, SameSite: http.SameSiteLaxMode,
	})
	http.Redirect(w, r, "/r/"+req.Code, http.StatusSeeOther)
}

// ackCookie shows an acknowledgement to the browser that typed the request;
// the address alone shows nothing.
const ackCookie = "hasta_ack"

func (p *portal) ackToken(code string) string {
	m := hmac.New(sha256.New, p.App.AckKey())
	m.Write([]byte(code))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

func (p *portal) acknowledgement(w http.ResponseWriter, r *http.Request) {
	code := r.PathValue("code")
	c, err := r.Cookie(ackCookie)
	if err != nil || !hmac.Equal([]byte(c.Value), []byte(p.ackToken(code))) {
		p.Fail(w, r, fault.New(fault.NotFound, "link.unknown"))
		return
	}
	lang := p.Lang(w, r)
	paper, err := p.App.Acknowledged(r.Context(), code, lang)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	p.show(w, r, http.StatusOK, text.Say(lang, "portal.ack.title", "code", code), ackPage(lang, p.papers.HTML(paper)))
}

func (p *portal) hostForm(w http.ResponseWriter, r *http.Request) { p.host(w, r, app.ExitInput{}, nil) }

// host shows the form to somebody who came by a signed link.
func (p *portal) host(w http.ResponseWriter, r *http.Request, in app.ExitInput, invalid error) {
	lang := p.Lang(w, r)
	page, err := p.App.OpenHostPage(r.Context(), r.PathValue("signed"))
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	v := formView{Lang: lang, Company: p.App.Company(), Action: r.URL.Path, Nonce: id.Token(), In: in, Host: &page, Errors: map[string]string{}}
	status := http.StatusOK
	if invalid != nil {
		v.Errors, status = text.FieldErrors(lang, invalid), http.StatusUnprocessableEntity
	} else {
		v.In.Name, v.In.AccountEmail, v.In.ReceiptEmail = page.Name, page.Email, page.Email
	}
	p.show(w, r, status, text.Say(lang, "portal.form.title", "company", v.Company.Name), formPage(v))
}

func (p *portal) hostSubmit(w http.ResponseWriter, r *http.Request) {
	in, err := p.typed(w, r)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	in.Host = r.PathValue("signed")
	req, err := p.App.RequestExit(r.Context(), in)
	if fault.KindOf(err) == fault.Invalid && err != nil {
		p.host(w, r, in, err)
		return
	}
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	token, err := p.App.HostLanding(r.Context(), req)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/c/"+token+"/receipt", http.StatusSeeOther)
}

// ask shows the page behind a link that does something: only the button acts,
// since mail scanners follow links.
func (p *portal) ask(purpose string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		lang := p.Lang(w, r)
		req, err := p.App.OpenVerifyPage(r.Context(), r.PathValue("token"), purpose)
		if err != nil {
			p.Fail(w, r, err)
			return
		}
		v := askView{Lang: lang, Purpose: purpose, Action: r.URL.Path, Code: req.Code, At: text.Instant(lang, req.ReceivedAt, p.App.Company().Zone)}
		v.Over = purpose == "not_me" && req.State == offboarding.RequestDisowned
		p.show(w, r, http.StatusOK, text.Say(lang, "portal."+purpose+".title"), askPage(v))
	}
}

func (p *portal) verify(w http.ResponseWriter, r *http.Request) {
	_, page, err := p.App.VerifyRequest(r.Context(), r.PathValue("token"))
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/c/"+page+"/receipt", http.StatusSeeOther)
}

func (p *portal) disown(w http.ResponseWriter, r *http.Request) {
	if _, err := p.App.DisownRequest(r.Context(), r.PathValue("token")); err != nil {
		p.Fail(w, r, err)
		return
	}
	http.Redirect(w, r, r.URL.Path, http.StatusSeeOther)
}

func (p *portal) track(w http.ResponseWriter, r *http.Request) {
	lang := p.Lang(w, r)
	page, err := p.App.OpenCasePage(r.Context(), r.PathValue("token"), "case", lang)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	v := viewTrack(lang, p.App.Company(), r.URL.Path, page)
	p.show(w, r, http.StatusOK, v.Title, trackPage(v))
}

func (p *portal) receipt(w http.ResponseWriter, r *http.Request) {
	lang := p.Lang(w, r)
	page, err := p.App.OpenCasePage(r.Context(), r.PathValue("token"), "case", lang)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	base := "/c/" + r.PathValue("token")
	title := text.Say(lang, "portal.receipt.title", "code", page.Paper.Code)
	p.show(w, r, http.StatusOK, title, receiptPage(lang, base, page.Paper.Address, p.papers.HTML(page.Paper)))
}

// proofWait is how long a PDF waits for the log to be signed: the sequencer
// works at least every second.
const proofWait = 5 * time.Second

func (p *portal) receiptPDF(w http.ResponseWriter, r *http.Request) {
	lang := p.Lang(w, r)
	var page app.CasePage
	var err error
	for end := time.After(proofWait); ; {
		if page, err = p.App.OpenCasePage(r.Context(), r.PathValue("token"), "case", lang); err != nil || page.Paper.Proof != nil {
			break
		}
		select {
		case <-end:
			err = &fault.Error{Kind: fault.Transient, Code: app.WaitsForLog, RetryAfter: proofWait}
		case <-time.After(100 * time.Millisecond):
			continue
		}
		break
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
	w.Header().Set("Content-Type", "application/pdf")
	w.Header().Set("Content-Disposition", `attachment; filename="`+page.Paper.Code+`.pdf"`)
	w.Header().Set("Cache-Control", "no-store")
	if _, err := w.Write(pdf); err != nil {
		p.Log.Warn("pdf not written to its end", "err", err)
	}
}

func (p *portal) askUndo(w http.ResponseWriter, r *http.Request) {
	lang := p.Lang(w, r)
	page, err := p.App.OpenCasePage(r.Context(), r.PathValue("token"), "case", lang)
	if err == nil && !page.CanUndo {
		err = fault.New(fault.Blocked, "case.not_undoable")
	}
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	v := viewTrack(lang, p.App.Company(), "/c/"+r.PathValue("token"), page)
	p.show(w, r, http.StatusOK, text.Say(lang, "portal.undo.title"), undoPage(v))
}

func (p *portal) undo(w http.ResponseWriter, r *http.Request) {
	if err := p.App.UndoByCustomer(r.Context(), r.PathValue("token")); err != nil {
		p.Fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/c/"+r.PathValue("token"), http.StatusSeeOther)
}

func (p *portal) bye(w http.ResponseWriter, r *http.Request) {
	lang := p.Lang(w, r)
	page, err := p.App.OpenCasePage(r.Context(), r.PathValue("token"), "bye", lang)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	p.show(w, r, http.StatusOK, text.Say(lang, "portal.bye.title"), byePage(p.papers.HTML(page.Paper)))
}

// proof sends the proof that belongs to the receipt, as a file to keep.
func (p *portal) proof(w http.ResponseWriter, r *http.Request) {
	raw, err := p.App.ReceiptProof(r.Context(), r.PathValue("token"))
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Disposition", `attachment; filename="hasta-luego-proof.json"`)
	w.Header().Set("Cache-Control", "private, no-store")
	if _, err := w.Write(raw); err != nil {
		p.Log.Warn("proof not written to its end", "err", err)
	}
}
