package portal

import (
	"mime"
	"net/http"
	"strconv"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
	"hastaluego/internal/when"
)

// dataCookie holds what a code opened, for the page of one case.
const dataCookie = "hasta_data"

// dataView is the page of downloads.
type dataView struct {
	text.Speech
	Base, Code, Name string
	Sent, Open       bool
	Error            string
	Files            []dataFile
	Until            string
	Over             bool   // the time to fetch them has passed
	Erased           string // the day on which they were erased; empty: they were not
	Certificate      bool   // what stays is told on a page of its own
}

type dataFile struct{ ID, Name, Size, Made, Sum string }

func (v dataView) say(code string, args ...any) string {
	return v.Say("portal.data."+code, args...)
}

func dataKey(r *http.Request) string {
	c, err := r.Cookie(dataCookie)
	if err != nil {
		return ""
	}
	return c.Value
}

func (p *portal) data(w http.ResponseWriter, r *http.Request) { p.showData(w, r, nil) }

// showData shows the downloads, with what was wrong about a code.
func (p *portal) showData(w http.ResponseWriter, r *http.Request, wrong error) {
	page, err := p.App.OpenDataPage(r.Context(), r.PathValue("token"), dataKey(r), p.Chosen(w, r))
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	lang := page.Page.Paper.Language
	r = web.Spoken(r, lang)
	zone := p.App.Company().Zone
	v := dataView{
		Speech: p.speech(lang), Base: "/c/" + r.PathValue("token"), Code: page.Page.Paper.Code, Name: page.Page.Paper.Name,
		Sent: r.URL.Query().Get("sent") != "", Open: page.Proof, Error: text.FieldErrors(lang, wrong)["code"],
	}
	if d, err := when.ParseDate(page.Until); err == nil {
		v.Until = text.LongDate(lang, d)
	}
	if v.Over, v.Certificate = page.Over, page.Page.Erased; !page.Page.ErasedOn.IsZero() {
		v.Erased = text.LongDate(lang, page.Page.ErasedOn)
	}
	for _, b := range page.Blobs {
		v.Files = append(v.Files, dataFile{
			b.ID, b.Name, p.speech(lang).Say("portal.data.size", "n", text.Number(lang, (b.Size+1023)/1024)), text.Instant(lang, b.CreatedAt, zone), b.SHA256,
		})
	}
	status := http.StatusOK
	if wrong != nil {
		status = http.StatusUnprocessableEntity
		v.Sent = true
	}
	p.show(w, r, status, v.say("title"), dataPage(v))
}

func (p *portal) sendCode(w http.ResponseWriter, r *http.Request) {
	if err := p.App.SendCode(r.Context(), r.PathValue("token")); err != nil {
		p.Fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/c/"+r.PathValue("token")+"/data?sent=1", http.StatusSeeOther)
}

func (p *portal) openData(w http.ResponseWriter, r *http.Request) {
	f, err := web.Form(w, r)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	key, err := p.App.OpenByCode(r.Context(), r.PathValue("token"), f.Get("code"))
	switch {
	case err != nil && fault.KindOf(err) == fault.Invalid:
		p.showData(w, r, err)
		return
	case err != nil:
		p.Fail(w, r, err)
		return
	}
	base := "/c/" + r.PathValue("token") + "/data"
	http.SetCookie(w, &http.Cookie{
		Name: dataCookie, Value: key, Path: base, MaxAge: 15 * 60, HttpOnly: true, Secure: p.Secure, SameSite: http.SameSiteStrictMode,
	})
	http.Redirect(w, r, base, http.StatusSeeOther)
}

func (p *portal) download(w http.ResponseWriter, r *http.Request) {
	b, plain, err := p.App.Download(r.Context(), r.PathValue("token"), dataKey(r), r.PathValue("blob"))
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	sendFile(w, b, plain)
	if _, err := w.Write(plain); err != nil {
		p.Log.Warn("download not written to its end", "err", err)
	}
}

// sendFile sets the headers of a file: a download, never shown in the page.
func sendFile(w http.ResponseWriter, b app.Blob, plain []byte) {
	h := w.Header()
	h.Set("Content-Type", b.Media)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": b.Name}))
	h.Set("Content-Length", strconv.Itoa(len(plain)))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "private, no-store")
}
