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
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
	"hastaluego/internal/when"
)

// Papers renders a paper for the page it is shown on, and as PDF.
type Papers interface {
	HTML(p app.Paper) string
	Inset(p app.Paper, name string) string
	PDF(p app.Paper) ([]byte, error)
	Calendar(p app.Paper) (media string, file []byte) // of its invitation
	Renewals(p app.Paper) (media string, file []byte) // as a calendar
}

type portal struct {
	*web.Kit
	papers  Papers
	guesses *web.Rates // of links that open something by themselves
}

// New serves the portal.
func New(kit *web.Kit, papers Papers) *web.Mux {
	p := &portal{kit, papers, web.NewRates(guessesPerMinute, when.Machine{})}
	mux := web.NewMux()
	mux.HandleFunc(web.BrandPattern, p.Brand)
	mux.HandleFunc("GET /{$}", p.form)
	mux.HandleFunc("POST /{$}", p.submit)
	mux.HandleFunc("GET /withdraw", p.withdrawal)
	mux.HandleFunc("POST /withdraw", p.submitWithdrawal)
	mux.HandleFunc("GET /s/{signed}", p.hostForm)
	mux.HandleFunc("POST /s/{signed}", p.hostSubmit)
	mux.HandleFunc("GET /r/{code}", p.acknowledgement)
	mux.HandleFunc("GET /again", p.askLink)
	mux.HandleFunc("POST /again", p.sendLink)
	mux.HandleFunc("GET /v/{token}", p.askVerify)
	mux.HandleFunc("POST /v/{token}", p.verify)
	for _, base := range []string{"/not-me/{token}", "/c/{token}/not-me", "/bye/{token}/not-me"} {
		mux.HandleFunc("GET "+base, p.askDisown)
		mux.HandleFunc("POST "+base, p.disown)
	}
	mux.HandleFunc("GET /c/{token}", p.track)
	mux.HandleFunc("GET /c/{token}/receipt", p.receipt)
	mux.HandleFunc("GET /c/{token}/statement", p.statement)
	mux.HandleFunc("POST /c/{token}/statement", p.answerStatement)
	mux.HandleFunc("GET /c/{token}/pay", p.pay)
	mux.HandleFunc("POST /c/{token}/pay", p.answerPay)
	mux.HandleFunc("GET /c/{token}/withdraw", p.askWithdraw)
	mux.HandleFunc("POST /c/{token}/withdraw", p.withdraw)
	mux.HandleFunc("POST /c/{token}/why", p.tellReason)
	mux.HandleFunc("GET /c/{token}/answer", p.answerPage)
	mux.HandleFunc("GET /c/{token}/meeting", p.meeting)
	mux.HandleFunc("POST /c/{token}/meeting", p.declineMeeting)
	mux.HandleFunc("GET /c/{token}/meeting.ics", p.calendar)
	mux.HandleFunc("POST /c/{token}/answer", p.answer)
	mux.HandleFunc("GET /c/{token}/receipt.pdf", p.receiptPDF)
	mux.HandleFunc("GET /c/{token}/proof.json", p.proof)
	mux.HandleFunc("POST /c/{token}/evidence", p.evidence)
	mux.HandleFunc("GET /c/{token}/undo", p.askUndo)
	mux.HandleFunc("POST /c/{token}/undo", p.undo)
	mux.HandleFunc("POST /c/{token}/return", p.askReturn)
	mux.HandleFunc("GET /terms/{key}", p.terms)
	mux.HandleFunc("POST /terms/{key}", p.answerTerms)
	mux.HandleFunc("GET /copy", p.copyForm)
	mux.HandleFunc("POST /copy", p.askCopy)
	mux.HandleFunc("GET /copy/{token}", p.copy)
	mux.HandleFunc("POST /copy/{token}", p.openCopy)
	mux.HandleFunc("POST /copy/{token}/stop", p.stopCopy)
	for _, base := range []string{"/c/{token}/data", "/copy/{token}/data"} { // of whoever leaves, and of whoever stays
		mux.HandleFunc("GET "+base, p.data)
		mux.HandleFunc("POST "+base+"/code", p.sendCode)
		mux.HandleFunc("POST "+base, p.openData)
		mux.HandleFunc("GET "+base+"/{blob}", p.download)
		mux.HandleFunc("POST "+base+"/again", p.remakeData)
		mux.HandleFunc("POST "+base+"/link", p.makeDataLink)
		mux.HandleFunc("POST "+base+"/bucket", p.sendToBucket)
		mux.HandleFunc("GET "+base+"/bucket", p.afterDataLink)
		mux.HandleFunc("POST "+base+"/age", p.downloadAged)
		mux.HandleFunc("GET "+base+"/age", p.afterDataLink)
		mux.HandleFunc("GET "+base+"/link", p.afterDataLink)
		mux.HandleFunc("POST "+base+"/link/stop", p.stopDataLink)
	}
	mux.HandleFunc("GET /d/{token}/{file}", p.fetchByLink)
	mux.HandleFunc("GET /c/{token}/seats", p.seats)
	mux.HandleFunc("POST /c/{token}/seats", p.changeSeats)
	mux.HandleFunc("GET /c/{token}/users", p.users)
	mux.HandleFunc("POST /c/{token}/users", p.sayUsers)
	mux.HandleFunc("GET /g/{token}", p.seat)
	mux.HandleFunc("GET /g/{token}/data/{blob}", p.seatData)
	mux.HandleFunc("POST /c/{token}/data/seat", p.allowSeatData)
	mux.HandleFunc("GET /c/{token}/data/seat", p.afterDataLink)
	mux.HandleFunc("GET /c/{token}/handover", p.handover)
	mux.HandleFunc("POST /c/{token}/handover", p.answerHandover)
	mux.HandleFunc("GET /c/{token}/handover/{item}/file", p.givenFile)
	mux.HandleFunc("GET /c/{token}/renewals.ics", p.renewals)
	mux.HandleFunc("POST /c/{token}/act", p.acceptAct)
	mux.HandleFunc("GET /c/{token}/act.pdf", p.actPDF)
	mux.HandleFunc("GET /c/{token}/act/accepted.pdf", p.actAcceptedPDF)
	mux.HandleFunc("GET /c/{token}/approval", p.approval)
	mux.HandleFunc("POST /c/{token}/approval", p.answerApproval)
	mux.HandleFunc("GET /c/{token}/report", p.report)
	mux.HandleFunc("GET /c/{token}/report.pdf", p.reportPDF)
	mux.HandleFunc("GET /c/{token}/report/{blob}", p.picture)
	mux.HandleFunc("GET /c/{token}/certificate", p.certificate)
	mux.HandleFunc("GET /c/{token}/certificate.pdf", p.certificatePDF)
	mux.HandleFunc("GET /c/{token}/certificate.json", p.certificateJSON)
	mux.HandleFunc("GET /e/{token}", p.envelope)
	mux.HandleFunc("POST /e/{token}", p.openEnvelope)
	mux.HandleFunc("POST /c/{token}/allow", p.allow)
	mux.HandleFunc("POST /c/{token}/disallow", p.disallow)
	mux.HandleFunc("POST /c/{token}/address", p.keepAddress)
	mux.HandleFunc("POST /c/{token}/address/forget", p.forgetAddress)
	mux.HandleFunc("GET /u/{token}", p.silencePage)
	mux.HandleFunc("POST /u/{token}", p.silence)
	mux.HandleFunc("POST /u/{token}/lift", p.liftSilence)
	mux.HandleFunc("GET /b/{token}", p.back)
	mux.HandleFunc("POST /b/{token}", p.comeBack)
	mux.HandleFunc("GET /bye/{token}", p.bye)
	mux.HandleFunc("GET /bye/{token}/survey", p.askSurvey)
	mux.HandleFunc("POST /bye/{token}/survey", p.answerSurvey)
	mux.HandleFunc("GET /bye/{token}/testimonial", p.askTestimonial)
	mux.HandleFunc("POST /bye/{token}/testimonial", p.giveTestimonial)
	mux.HandleFunc("POST /bye/{token}/testimonial/withdraw", p.withdrawTestimonial)
	mux.HandleFunc("POST /bye/{token}/referral", p.wantReferral)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		p.Fail(w, r, fault.New(fault.NotFound, "not_found"))
	})
	return mux
}

// speech is a language with the company's own words.
func (p *portal) speech(lang string) text.Speech {
	return text.Speech{Lang: lang, Own: p.App.Company().Words}
}

// show renders a page of the portal.
func (p *portal) show(w http.ResponseWriter, r *http.Request, status int, title string, content templ.Component) {
	p.showIn(w, r, p.Lang(w, r), status, title, content)
}

func (p *portal) showIn(w http.ResponseWriter, r *http.Request, lang string, status int, title string, content templ.Component) {
	langs := make(map[string]string)
	for _, l := range text.CustomerLangs() {
		langs[l] = web.ChangeLang(r, l)
	}
	test := false
	if token := r.PathValue("token"); token != "" { // every page behind a link says so
		var err error
		if test, err = p.App.Rehearsed(r.Context(), token); err != nil {
			p.Fail(w, r, err)
			return
		}
	}
	what, err := p.App.HoldsBack(r.Context())
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	held := ""
	if what != app.HoldNothing {
		held = p.speech(lang).Say("portal.held")
	}
	p.Render(w, r, status, p.Frame(web.PageView{Lang: lang, Title: title, Body: "portal"}, shell(p.App.Company(), lang, langs, test, held, content)))
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
	paper, err := p.App.Acknowledged(r.Context(), code, p.Chosen(w, r))
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	r = web.Spoken(r, paper.Language)
	part, err := p.meet(r, code, paper.Language, atReceipt)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	v := ackView{said{p.speech(paper.Language), part}, code, p.papers.HTML(paper), "/again?" + url.Values{"lang": {paper.Language}, "code": {code}}.Encode()}
	p.show(w, r, http.StatusOK, v.text("title", "code", code), ackPage(v))
}

// hostCookie lets a second tab of the browser that used a signed link land on
// the departure that it opened; the link alone opens nothing twice.
const hostCookie = "hasta_host"

func (p *portal) hostCode(r *http.Request) (string, bool) {
	c, err := r.Cookie(hostCookie)
	if err != nil {
		return "", false
	}
	code, mac, _ := strings.Cut(c.Value, ".")
	return code, hmac.Equal([]byte(mac), []byte(p.ackToken(code+r.PathValue("signed"))))
}
