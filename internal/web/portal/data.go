package portal

import (
	"net/http"
	"net/url"
	"strings"

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
	Copy             bool // of somebody who does not leave
	Sent, Open       bool
	Error            string
	AgeError         string // what was wrong with a key of age
	PhraseError      string // or with a phrase
	Files            []dataFile
	Until            string
	Ready            string      // none is there: the day by which one is
	Due              []dueLine   // of a copy: until when the law has it given
	Over             bool        // the time to fetch them has passed
	Stopped          bool        // whoever had the link did not want the copy
	Own              *bucketView // a store of their own; nil: none may be named now
	SentNow, SentOff string      // how far the last sending is, or why it failed
	Withheld         bool        // an authority ordered it
	WithheldWhy      string      // as far as they may know
	WithheldBack     string      // how they get them afterwards
	Orders           []string    // who ordered it, as far as they may know
	Erased           string      // the day on which they were erased; empty: they were not
	Certificate      bool        // what stays is told on a page of its own
	// The link for programs: itself, when it was just made; else when one was made
	// that is alive.
	Tool     string
	ToolMade string
	Seat     app.SeatData
	// The file is being made again; or may be, and without one at once.
	Remaking, MayRemake bool
}

type dataFile struct {
	ID, Name, Size, Made, Sum string
	Partial                   bool // something is missing from it
}

// withheld says why the data cannot be had now, as far as they may know, and how
// afterwards.
func (v *dataView) withheld(silent bool) {
	why, back := "error.data.ordered", "ordered.back"
	if v.Copy {
		back = "ordered.copy"
	}
	if silent {
		why, back = "error.data.withheld", strings.Replace(back, "ordered", "withheld", 1)
	}
	v.WithheldWhy, v.WithheldBack = v.Say(why), v.say(back)
}

func (v dataView) say(code string, args ...any) string {
	return v.Say("portal.data."+code, args...)
}

// ofCopy reports whether a page is one of a copy, and not of a departure.
func ofCopy(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/copy/") }

// dataBase is the private page whose data these are.
func dataBase(r *http.Request) string {
	if ofCopy(r) {
		return "/copy/" + r.PathValue("token")
	}
	return base(r)
}

func dataKey(r *http.Request) string {
	c, err := r.Cookie(dataCookie)
	if err != nil {
		return ""
	}
	return c.Value
}

func (p *portal) data(w http.ResponseWriter, r *http.Request) { p.showData(w, r, nil, nil, "") }

// showData shows the downloads, with what was wrong about a form and what was typed
// there, or the link that was just made.
func (p *portal) showData(w http.ResponseWriter, r *http.Request, wrong error, typed url.Values, tool string) {
	page, err := p.App.OpenDataPage(r.Context(), r.PathValue("token"), dataKey(r), p.Chosen(w, r))
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	if (page.Taking.Copy != nil) != ofCopy(r) {
		p.Fail(w, r, fault.New(fault.NotFound, "link.unknown"))
		return
	}
	if page.Waits() {
		http.Redirect(w, r, dataBase(r), http.StatusSeeOther)
		return
	}
	lang := page.Language
	r = web.Spoken(r, lang)
	zone := p.App.Company().Zone
	v := dataView{
		Speech: p.speech(lang), Base: dataBase(r), Code: page.Taking.Code, Name: page.Name, Copy: page.Taking.Copy != nil,
		Sent: r.URL.Query().Get("sent") != "", Open: page.Proof, Error: text.FieldErrors(lang, wrong)["code"],
		AgeError: text.FieldErrors(lang, wrong)["age"], PhraseError: text.FieldErrors(lang, wrong)["phrase"],
	}
	if d, err := when.ParseDate(page.Until); err == nil {
		v.Until = text.LongDate(lang, d)
	}
	if v.Over, v.Certificate = page.Over, page.Erased; !page.ErasedOn.IsZero() {
		v.Erased = text.LongDate(lang, page.ErasedOn)
	}
	v.Stopped = page.Stopped()
	v.bucket(page, wrong, typed, zone)
	if v.Withheld = page.Withheld; v.Withheld {
		v.withheld(page.Silent)
	}
	for _, o := range page.Orders {
		said := v.say("ordered.by", "authority", o.Words.Authority, "reference", o.Words.Reference)
		if !o.Until.IsZero() {
			said += " " + v.say("ordered.until", "date", text.LongDate(lang, o.Until))
		}
		v.Orders = append(v.Orders, said)
	}
	for _, b := range page.Blobs {
		v.Files = append(v.Files, dataFile{
			b.ID, b.Name, text.Size(lang, b.Size), text.Instant(lang, b.CreatedAt, zone), b.SHA256, b.Partial(),
		})
	}
	v.Due = viewDue(v.Speech, zone, page.Owed)
	v.Remaking, v.MayRemake = page.Remaking, page.MayRemake
	v.Seat = page.Seat
	if v.Tool = tool; !page.Tool.IsZero() {
		v.ToolMade = text.Instant(lang, page.Tool, zone)
	}
	if !page.Ready.IsZero() {
		v.Ready = text.LongDate(lang, page.Ready)
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
	http.Redirect(w, r, dataBase(r)+"/data?sent=1", http.StatusSeeOther)
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
		p.showData(w, r, err, nil, "")
		return
	case err != nil:
		p.Fail(w, r, err)
		return
	}
	base := dataBase(r) + "/data"
	http.SetCookie(w, &http.Cookie{
		Name: dataCookie, Value: key, Path: base, MaxAge: 15 * 60, HttpOnly: true, Secure: p.Secure, SameSite: http.SameSiteStrictMode,
	})
	http.Redirect(w, r, base, http.StatusSeeOther)
}

func (p *portal) download(w http.ResponseWriter, r *http.Request) {
	b, whole, err := p.App.Download(r.Context(), r.PathValue("token"), dataKey(r), r.PathValue("blob"), r.URL.Query().Get("age"), web.Fetching(r))
	if fault.CodeOf(err) == "not_found" { // it was made again since the page was shown
		http.Redirect(w, r, dataBase(r)+"/data", http.StatusSeeOther)
		return
	}
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	web.SendBundle(w, r, b, whole)
}

// downloadAged leads to the file sealed to a key of age or with a phrase. What is no such
// key may be a private one: it comes into no address and is not shown again, as no phrase
// does.
func (p *portal) downloadAged(w http.ResponseWriter, r *http.Request) {
	f, err := web.Form(w, r)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	to, phrase := strings.TrimSpace(f.Get("age")), f.Get("phrase")
	switch {
	case phrase == "":
		err = app.CheckAgeKey(to)
	case to != "":
		err = fault.New(fault.Invalid, "data.one").On("phrase")
	default:
		to, err = p.App.PhraseOfData(r.Context(), r.PathValue("token"), dataKey(r), phrase)
	}
	switch {
	case fault.KindOf(err) == fault.Invalid:
		p.showData(w, r, err, nil, "")
		return
	case err != nil:
		p.failData(w, r, err)
		return
	}
	http.Redirect(w, r, dataBase(r)+"/data/"+url.PathEscape(f.Get("file"))+"?age="+url.QueryEscape(to), http.StatusSeeOther)
}

// makeDataLink shows the link for programs: this once, as only its hash is kept.
func (p *portal) makeDataLink(w http.ResponseWriter, r *http.Request) {
	l, err := p.App.MakeDataLink(r.Context(), r.PathValue("token"), dataKey(r))
	if err != nil {
		p.failData(w, r, err)
		return
	}
	p.showData(w, r, nil, nil, l.URL)
}

// afterDataLink is for whoever chooses another language where the link or what was
// wrong with a key is shown: it is not shown again.
func (p *portal) afterDataLink(w http.ResponseWriter, r *http.Request) {
	p.Chosen(w, r)
	http.Redirect(w, r, dataBase(r)+"/data", http.StatusSeeOther)
}

func (p *portal) stopDataLink(w http.ResponseWriter, r *http.Request) {
	if err := p.App.StopDataLink(r.Context(), r.PathValue("token"), dataKey(r)); err != nil {
		p.failData(w, r, err)
		return
	}
	http.Redirect(w, r, dataBase(r)+"/data", http.StatusSeeOther)
}

// remakeData has the file made again.
func (p *portal) remakeData(w http.ResponseWriter, r *http.Request) {
	if err := p.App.AskBundle(r.Context(), r.PathValue("token"), dataKey(r)); err != nil {
		p.failData(w, r, err)
		return
	}
	http.Redirect(w, r, dataBase(r)+"/data", http.StatusSeeOther)
}

// failData asks for a code again where the quarter of an hour of the last is over.
func (p *portal) failData(w http.ResponseWriter, r *http.Request, err error) {
	if fault.CodeOf(err) == "code.needed" {
		http.Redirect(w, r, dataBase(r)+"/data", http.StatusSeeOther)
		return
	}
	p.Fail(w, r, err)
}

// guessesPerMinute is how many links that are none one network may try. A right
// one is never held up by them.
const guessesPerMinute = 30

// fetchByLink sends what a customer takes along to a program.
func (p *portal) fetchByLink(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Robots-Tag", "noindex, nofollow")
	got, err := p.App.FetchByLink(r.Context(), r.PathValue("token"), r.PathValue("file"), r.URL.Query().Get("age"), web.Fetching(r))
	if got.Language != "" {
		r = web.Spoken(r, got.Language)
	}
	if fault.KindOf(err) == fault.NotFound {
		if wait := p.guesses.Take(p.Network(r)); wait > 0 {
			tooMany := fault.New(fault.TooMany, "link.guesses")
			tooMany.RetryAfter = wait
			err = tooMany
		}
	}
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	if !got.Same { // what a program has of another file is not to be mixed with this one
		r.Header.Del("Range")
	}
	web.SendBundle(w, r, got.Blob, got.Whole)
}
