// Package away is what customers meet while the server, or its database, is
// away: the form of a request as one page that needs nothing but itself, and the
// answers of the spool that it posts to. It registers nothing, looks nobody up
// and sets no cookie; what it promises is that a declaration is on the disk,
// with the instant that counts. There is no guard against forms of other sites:
// nothing that a browser would add by itself means anything here, and the page
// is meant to be put on other sites.
package away

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/a-h/templ"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/spool"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
	"hastaluego/internal/web/assets"
)

// Options are what the answers of a spool are made of.
type Options struct {
	Folder  *spool.Folder
	Assets  *assets.Assets
	Start   app.Company    // until the server writes another into the folder
	Proxies []netip.Prefix // in front of us; they say truly whom they speak for
	Rate    int            // declarations from one network in ten minutes; 0: any number
	Wall    func() time.Time
	Log     *slog.Logger
}

type away struct {
	Options
	css string

	mu    sync.Mutex
	seen  map[string][]time.Time // by network, in the last ten minutes
	swept time.Time
}

// New serves the spool.
func New(o Options) http.Handler {
	a := &away{Options: o, css: string(o.Assets.Body("app.css")), seen: map[string][]time.Time{}}
	mux := http.NewServeMux()
	for act, at := range acts {
		mux.HandleFunc("GET "+at, func(w http.ResponseWriter, r *http.Request) { a.form(w, r, act) })
		mux.HandleFunc("POST "+at, func(w http.ResponseWriter, r *http.Request) { a.keep(w, r, act) })
	}
	mux.HandleFunc("GET /healthz", a.health)
	mux.HandleFunc("GET /readyz", a.health)
	mux.HandleFunc("/", a.nothing)
	return mux
}

// company is as the server last wrote it down.
func (a *away) company() app.Company {
	c, _, err := LoadProfile(a.Folder.Dir())
	if err != nil {
		return a.Start
	}
	return c
}

func (a *away) lang(r *http.Request, c app.Company) string {
	return text.Pick(text.CustomerLangs(), r.URL.Query().Get("lang"), r.Header.Get("Accept-Language"), c.Language)
}

// acts are the addresses of the forms, which are those of the server, by what
// is declared there.
var acts = map[string]string{"cancel": "/{$}", "withdraw": "/withdraw"}

// form is the page with a nonce, so that one who sends it twice sends it once.
func (a *away) form(w http.ResponseWriter, r *http.Request, act string) {
	c := a.company()
	a.write(w, r, http.StatusOK, a.page(c, a.lang(r, c), id.Token()).of(act))
}

// keep takes a declaration down.
//
// A page of the server may have had something else pressed on it than what
// declares: then the form is shown with what was typed, to be confirmed here.
func (a *away) keep(w http.ResponseWriter, r *http.Request, act string) {
	c := a.company()
	lang := a.lang(r, c)
	f, err := web.Form(w, r)
	in := app.ExitInput{
		Name: f.Get("name"), AccountEmail: f.Get("account"), ReceiptEmail: f.Get("receipt"), Reference: f.Get("reference"),
		When: f.Get("when"), Kind: f.Get("kind"), Ground: f.Get("ground"), Line: f.Get("line"), Nonce: f.Get("nonce"), Language: lang, Act: act,
	}
	if !f.Has("account") { // as on the server: an act may ask for one address only
		in.AccountEmail = in.ReceiptEmail
	}
	if err == nil && f.Has("page") && f.Get("go") != "confirm" {
		p := a.page(c, lang, in.Nonce).of(act)
		p.In, p.Look = in, true
		a.write(w, r, http.StatusOK, p)
		return
	}
	d, err := a.declare(r, in, err)
	if err != nil {
		a.refuse(w, r, c, in, err)
		return
	}
	p := a.page(c, lang, "").of(act)
	if p.Title, p.Kept = p.Say("spool.kept.title"), &d; p.withdraws() {
		p.Title = p.Say("spool.kept.title.withdraw")
	}
	a.write(w, r, http.StatusOK, p)
}

func (a *away) declare(r *http.Request, in app.ExitInput, err error) (d spool.Declaration, _ error) {
	if err != nil {
		return d, err
	}
	checked, err := app.ReadExit(in)
	if err != nil {
		return d, err
	}
	from, known := web.Address(r, a.Proxies)
	network := ""
	if known {
		network = web.NetworkOf(from)
	}
	now := a.Wall()
	if err := a.free(network, now); err != nil {
		return d, err
	}
	// A form without a nonce is the same as another when it says the same and
	// comes from the same browser: nobody else may learn that it waits.
	same := []string{"nonce", in.Nonce}
	if in.Nonce == "" {
		in.Nonce = id.Token()
		same = []string{"words", in.Name, in.AccountEmail, in.ReceiptEmail, in.Reference, in.When, in.Kind, in.Ground, in.Line, in.Act, in.Language, from.String(), r.UserAgent()}
	}
	return a.Folder.Keep(spool.Declaration{
		ID: in.Nonce, Code: id.CodeFor(in.Nonce), At: now, Name: checked.Name, Account: checked.AccountEmail, Receipt: checked.ReceiptEmail,
		Reference: checked.Reference, When: in.When, Act: in.Act, Kind: in.Kind, Ground: in.Ground, Line: in.Line, Language: in.Language, Network: network,
	}, same...)
}

// window is what a network's declarations are counted in.
const window = 10 * time.Minute

// free refuses when too many came from one network. This machine and private
// networks, where everybody looks alike, are not counted.
func (a *away) free(network string, now time.Time) error {
	if a.Rate == 0 || network == "" {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if now.Sub(a.swept) > window { // nobody is remembered for longer than that
		for n, list := range a.seen {
			if now.Sub(list[len(list)-1]) > window {
				delete(a.seen, n)
			}
		}
		a.swept = now
	}
	list := a.seen[network]
	for len(list) > 0 && now.Sub(list[0]) > window {
		list = list[1:]
	}
	if len(list) >= a.Rate {
		a.seen[network] = list
		return &fault.Error{Kind: fault.TooMany, Code: "spool.too_many", RetryAfter: window - now.Sub(list[0])}
	}
	a.seen[network] = append(list, now)
	return nil
}

// refuse shows the form again with what is wrong and everything that was typed.
func (a *away) refuse(w http.ResponseWriter, r *http.Request, c app.Company, in app.ExitInput, err error) {
	p := a.page(c, in.Language, id.Token()).of(in.Act)
	p.In, p.Wrong = in, p.Say("portal.form.errors")
	if p.Errors = text.FieldErrors(in.Language, err); len(p.Errors) == 0 {
		p.Wrong = text.Error(in.Language, err)
	}
	status := web.Status(err)
	if status >= http.StatusInternalServerError {
		a.Log.Error("nothing was kept", "err", err)
		w.Header().Set("Retry-After", "60")
	}
	if e, ok := err.(*fault.Error); ok && e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(e.RetryAfter.Seconds())+1))
	}
	a.write(w, r, status, p)
}

// nothing answers for every page that only the server has.
func (a *away) nothing(w http.ResponseWriter, r *http.Request) {
	c := a.company()
	p := a.page(c, a.lang(r, c), "")
	p.Title, p.Away = p.Say("spool.away.title"), true
	w.Header().Set("Retry-After", "60")
	a.write(w, r, http.StatusServiceUnavailable, p)
}

// health is well when a declaration could be kept.
func (a *away) health(w http.ResponseWriter, _ *http.Request) {
	if err := a.Folder.Try(); err != nil {
		a.Log.Error("not ready", "err", err)
		http.Error(w, fault.CodeOf(err), http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write([]byte("ok\n"))
}

func (a *away) page(c app.Company, lang, nonce string) page {
	return pageOf(c, a.css, []string{lang}, "/", nonce)
}

func (a *away) write(w http.ResponseWriter, r *http.Request, status int, p page) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", p.Policy+"; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(status)
	if err := document(p).Render(r.Context(), w); err != nil {
		a.Log.Warn("page not written to its end", "err", err)
	}
}

// page is one page: every language of the form, or one answer.
type page struct {
	text.Speech
	Company app.Company
	Langs   []string // that it has the form in, the one that shows first at the end
	Style   string
	Policy  string
	Title   string
	To      string // where the form goes
	Nonce   string
	In      app.ExitInput
	Errors  map[string]string
	Wrong   string
	Act     string // cancel or withdraw
	Look    bool   // what was typed is still to be confirmed
	Kept    *spool.Declaration
	Away    bool
}

// switching shows the language that the address names, and else the last one.
const switching = ".lang{display:none}.lang:last-of-type,.lang:target{display:block}.lang:target~.lang:last-of-type{display:none}"

func pageOf(c app.Company, css string, langs []string, to, nonce string) page {
	p := page{Speech: text.Speech{Lang: langs[len(langs)-1], Own: c.Words}, Company: c, Langs: langs, To: to, Nonce: nonce, Act: "cancel", Errors: map[string]string{}}
	p.Title = p.form("title", "company", c.Name)
	p.Style = css + web.Colours(c) + switching
	sum := sha256.Sum256([]byte(p.Style))
	action := "'self'"
	if u, err := url.Parse(to); err == nil && u.Host != "" {
		action += " " + u.Scheme + "://" + u.Host
	}
	p.Policy = "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; img-src data:; form-action " + action + "; base-uri 'none'"
	return p
}

// form is a word of the form.
func (p page) form(code string, args ...any) string { return p.Say("spool.form."+code, args...) }

// of is the page of an act.
func (p page) of(act string) page {
	if p.Act = act; act == "withdraw" {
		p.To += "withdraw"
		p.Title = p.form("withdraw", "company", p.Company.Name)
	}
	return p
}

func (p page) withdraws() bool { return p.Act == "withdraw" }

// heading and lede begin the form of the act.
func (p page) heading() string {
	if p.withdraws() {
		return p.form("withdraw", "company", p.Company.Name)
	}
	return p.form("title", "company", p.Company.Name)
}

func (p page) lede() string {
	if p.withdraws() {
		return p.form("withdraw.lede")
	}
	return p.form("lede")
}

// button is the label of what declares; some laws prescribe it.
func (p page) button() string {
	if p.withdraws() {
		return p.form("withdraw.button")
	}
	return p.form("confirm.button")
}

// in is the page in one of its languages.
func (p page) in(lang string) page {
	p.Lang = lang
	return p
}

// id is the id of a control, which is there once for each language.
func (p page) id(name string) string { return name + "-" + p.Lang }

// action is where the form goes, in the language that it is read in.
func (p page) action() templ.SafeURL { return templ.SafeURL(p.To + "?lang=" + p.Lang) }

// other is the same page in another language.
func (p page) other(lang string) templ.SafeURL {
	if len(p.Langs) > 1 { // they are in it
		return templ.SafeURL("#" + lang)
	}
	return templ.SafeURL(p.To + "?lang=" + lang)
}

func (p page) home() templ.SafeURL { return templ.SafeURL("/?lang=" + p.Lang) }

func (p page) style() templ.Component { return templ.Raw("<style>" + p.Style + "</style>") }

// logo is the company's picture as an address that needs no server.
func (p page) logo() string {
	l := p.Company.Logo
	if l == nil {
		return ""
	}
	return "data:" + l.Media + ";base64," + base64.StdEncoding.EncodeToString(l.Body)
}

// at is the instant that counts, to the second, with its zone.
func (p page) at() string {
	return text.WeekdayInstant(p.Lang, p.Kept.At, p.Company.Zone) + " (" + text.Zone(p.Lang, p.Kept.At, p.Company.Zone) + ")"
}

// timing is what was chosen.
func (p page) timing() string {
	if p.Kept.When == "period_end" {
		return p.Say("portal.form.when.end")
	}
	return p.Say("portal.form.when.now")
}

// Static is the form as one file, in every language: no server, no script and
// nothing from elsewhere. It goes to an address of the company, where the server
// takes it, or the spool while the server is away.
func Static(c app.Company, files *assets.Assets, to string) (string, error) {
	first := c.Language
	if !text.Speaks(first) {
		first = text.CustomerLangs()[0]
	}
	var langs []string
	for _, l := range text.CustomerLangs() {
		if l != first {
			langs = append(langs, l)
		}
	}
	p := pageOf(c, string(files.Body("app.css")), append(langs, first), to, "")
	var b strings.Builder
	err := document(p).Render(context.Background(), &b)
	return b.String(), err
}
