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
	"slices"
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
	Start   Profile        // until the server writes another into the folder
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

// house is who the company is and how its forms read, as the server last wrote
// them down.
func (a *away) house() house {
	for _, p := range []func() (Profile, error){
		func() (Profile, error) { p, _, err := LoadProfile(a.Folder.Dir()); return p, err },
		func() (Profile, error) { return a.Start, nil },
	} {
		known, err := p()
		if err != nil {
			continue
		}
		if c, err := known.Company(); err == nil {
			h := house{c, known.Forms}
			if len(h.Forms.langs()) == 0 { // an older server wrote none
				h.Forms = a.Start.Forms
			}
			return h
		}
	}
	return house{Forms: a.Start.Forms}
}

// house is what is known of whom customers leave.
type house struct {
	app.Company
	Forms Forms
}

func (a *away) lang(r *http.Request, h house) string {
	return text.Pick(h.Forms.langs(), r.URL.Query().Get("lang"), r.Header.Get("Accept-Language"), h.Language)
}

// acts are the addresses of the forms, which are those of the server, by what
// is declared there.
var acts = map[string]string{"cancel": "/{$}", "withdraw": "/withdraw"}

// form is the page with a nonce, so that one who sends it twice sends it once.
func (a *away) form(w http.ResponseWriter, r *http.Request, act string) {
	h := a.house()
	a.write(w, r, http.StatusOK, a.page(h, a.lang(r, h), id.Token()).of(act))
}

// keep takes a declaration down.
//
// A page of the server may have had something else pressed on it than what
// declares: then the form is shown with what was typed, to be confirmed here.
func (a *away) keep(w http.ResponseWriter, r *http.Request, act string) {
	h := a.house()
	lang := a.lang(r, h)
	f, err := web.Form(w, r)
	in := app.ExitInput{
		Name: f.Get("name"), AccountEmail: f.Get("account"), ReceiptEmail: f.Get("receipt"), Reference: f.Get("reference"),
		When: f.Get("when"), Kind: f.Get("kind"), Ground: f.Get("ground"), Line: f.Get("line"), Nonce: f.Get("nonce"), Language: lang, Act: act,
	}
	if !f.Has("account") { // as on the server: an act may ask for one address only
		in.AccountEmail = in.ReceiptEmail
	}
	if err == nil && f.Has("page") && !h.Forms.declares(f.Get("page"), f.Get("go")) {
		p := a.page(h, lang, in.Nonce).of(act)
		p.In, p.Look = in, true
		a.write(w, r, http.StatusOK, p)
		return
	}
	d, err := a.declare(r, in, f, h.Forms.By[lang][act].required(), err)
	if err != nil {
		a.refuse(w, r, h, in, err)
		return
	}
	p := a.page(h, lang, "").of(act)
	p.Title, p.Kept = p.say("title"), &d
	a.write(w, r, http.StatusOK, p)
}

func (a *away) declare(r *http.Request, in app.ExitInput, sent url.Values, required []string, err error) (d spool.Declaration, _ error) {
	if err != nil {
		return d, err
	}
	checked, err := app.ReadExit(in)
	if err = web.Answered(sent, required, err); err != nil {
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
func (a *away) refuse(w http.ResponseWriter, r *http.Request, h house, in app.ExitInput, err error) {
	p := a.page(h, in.Language, id.Token()).of(in.Act)
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
	h := a.house()
	p := a.page(h, a.lang(r, h), "")
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

func (a *away) page(h house, lang, nonce string) page {
	return pageOf(h, a.css, []string{lang}, "/", nonce)
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

// page is one page: every language and act of the form, or one answer.
type page struct {
	text.Speech
	Company app.Company
	Forms   Forms
	Langs   []string // that it has the form in, the one that shows first at the end
	Style   string
	Policy  string
	Title   string
	To      string // where the forms go
	Nonce   string
	In      app.ExitInput
	Errors  map[string]string
	Wrong   string
	Act     string // cancel or withdraw
	Whole   bool   // it has every act
	Look    bool   // what was typed is still to be confirmed
	Kept    *spool.Declaration
	Away    bool
}

// switching shows the language that the address names, or in which it names
// something, and else the last one. A browser that does not know :has shows the
// last one instead, with everything on it.
const switching = ".lang{display:none}.lang:last-of-type,.lang:target{display:block}.lang:target~.lang:last-of-type{display:none}" +
	".lang:has(:target){display:block}.lang:has(:target)~.lang:last-of-type{display:none}"

func pageOf(h house, css string, langs []string, to, nonce string) page {
	p := page{
		Speech: text.Speech{Lang: langs[len(langs)-1], Own: h.Words}, Company: h.Company, Forms: h.Forms, Langs: langs, To: to, Nonce: nonce,
		Errors: map[string]string{},
	}
	p = p.of("cancel")
	p.Style = css + web.Colours(h.Company) + switching
	sum := sha256.Sum256([]byte(p.Style))
	action := "'self'"
	if u, err := url.Parse(to); err == nil && u.Host != "" {
		action += " " + u.Scheme + "://" + u.Host
	}
	p.Policy = "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; img-src data:; form-action " + action + "; base-uri 'none'"
	return p
}

// of is the page of an act; where the flow has none of that kind, of the other
// one.
func (p page) of(act string) page {
	if _, there := p.Forms.By[p.Lang][act]; !there {
		act = "cancel"
	}
	p.Act = act
	p.Title = p.words(p.ours().Title)
	return p
}

// ours is the form of the act in the language.
func (p page) ours() Form { return p.Forms.By[p.Lang][p.Act] }

// words fills the slots of a text of the flow.
func (p page) words(s string) string { return text.Fill(p.Lang, s, "company", p.Company.Name) }

func (p page) withdraws() bool { return p.Act == "withdraw" }

// say words what was kept, in the words of the act.
func (p page) say(code string, args ...any) string {
	code = "spool.kept." + code
	if p.withdraws() {
		code += ".withdraw"
	}
	return p.Say(code, args...)
}

// forms are the pages of the acts that this one shows.
func (p page) forms() (list []page) {
	if !p.Whole {
		return []page{p}
	}
	for _, act := range []string{"cancel", "withdraw"} {
		if f, there := p.Forms.By[p.Lang][act]; there && !f.Elsewhere {
			list = append(list, p.of(act))
		}
	}
	return list
}

// ways are the acts of the entry, each as the page that shows it.
func (p page) ways() (list []page) {
	p.Whole = true
	return p.forms()
}

// way is where the entry leads for the act.
func (p page) way() templ.SafeURL {
	if len(p.Langs) > 1 {
		return templ.SafeURL("#" + p.id("act"))
	}
	return p.action()
}

// button is what is pressed: after a look at what was typed, what declares.
func (p page) button() Press {
	if p.Look {
		return p.ours().Declare
	}
	return p.ours().Go
}

// on is the page of the flow on which the button stands.
func (p page) on() string {
	if p.Look {
		return p.ours().On
	}
	return p.ours().Page
}

// group is a heading of the form with its number.
type group struct {
	Group
	Heading string
}

func (p page) groups() (list []group) {
	n := 0
	for _, g := range p.ours().Groups {
		out := group{Group: g}
		if g.Title != "" {
			n++
			out.Heading = strconv.Itoa(n) + ". " + g.Title
		}
		list = append(list, out)
	}
	return list
}

// given is what was typed.
func (p page) given(asks string) string {
	switch in := p.In; asks {
	case "name":
		return in.Name
	case "email":
		return in.AccountEmail
	case "contact":
		return in.ReceiptEmail
	case "contract":
		return in.Reference
	case "line":
		return in.Line
	case "ground":
		return in.Ground
	case "date":
		return in.When
	case "kind":
		return in.Kind
	}
	return ""
}

// unasked are what a page of the server sent and this one does not ask for.
func (p page) unasked() (list [][2]string) {
	for _, asks := range []string{"line", "kind", "ground"} {
		name := web.Controls[asks].Name
		if s := p.given(asks); s != "" && p.ours().label(name) == "" {
			list = append(list, [2]string{name, s})
		}
	}
	return list
}

// choice is one of few answers.
type choice struct{ Value, Label, Rule string }

func (p page) choices(asks string) []choice {
	say := func(code string) string { return p.Say("portal.form." + code) }
	if asks == "kind" {
		return []choice{{"ordinary", say("kind.ordinary"), say("kind.ordinary.rule")}, {"for_cause", say("kind.for_cause"), say("kind.for_cause.rule")}}
	}
	return []choice{{"now", say("when.now"), say("when.now.rule")}, {"period_end", say("when.end"), say("when.end.rule")}}
}

// told is what was declared, with the label of the form.
func (p page) told() (list [][2]string) {
	d := p.Kept
	for _, x := range [][2]string{{"account", d.Account}, {"name", d.Name}, {"reference", d.Reference}, {"line", d.Line}} {
		label := p.ours().label(x[0])
		if label == "" && x[0] == "account" {
			label = p.ours().label("receipt")
		}
		if x[1] != "" && label != "" {
			list = append(list, [2]string{label, x[1]})
		}
	}
	if !p.withdraws() {
		list = append(list, [2]string{p.Say("spool.kept.when"), p.timing()})
	}
	if d.Kind != "" {
		list = append(list, [2]string{p.Say("spool.kept.kind"), p.Say("portal.form.kind." + d.Kind)})
	}
	if d.Ground != "" {
		list = append(list, [2]string{p.Say("spool.kept.ground"), d.Ground})
	}
	return list
}

// in is the page in one of its languages.
func (p page) in(lang string) page {
	p.Lang = lang
	return p
}

// id is the id of a control, which is there once for each language and act.
func (p page) id(name string) string {
	if p.withdraws() {
		name += "-withdraw"
	}
	return name + "-" + p.Lang
}

// action is where the form goes, in the language that it is read in.
func (p page) action() templ.SafeURL {
	to := p.To
	if p.withdraws() {
		to += "withdraw"
	}
	return templ.SafeURL(to + "?lang=" + p.Lang)
}

// other is the same page in another language.
func (p page) other(lang string) templ.SafeURL {
	if len(p.Langs) > 1 { // they are in it
		return templ.SafeURL("#" + lang)
	}
	p.Lang = lang
	return p.action()
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

// Static is the form as one file, in every language of the flow and for every
// act: no server, no script and nothing from elsewhere. It goes to an address of
// the company, where the server takes it, or the spool while the server is away.
func Static(known Profile, files *assets.Assets, to string) (string, error) {
	c, err := known.Company()
	if err != nil {
		return "", err
	}
	all := known.Forms.langs()
	if len(all) == 0 {
		return "", fault.New(fault.Invalid, "flow.unserved_entry", "at", "flow", "what", "cancel")
	}
	first := c.Language
	if !slices.Contains(all, first) {
		first = all[0]
	}
	langs := append(slices.DeleteFunc(all, func(l string) bool { return l == first }), first)
	p := pageOf(house{c, known.Forms}, string(files.Body("app.css")), langs, to, "")
	p.Whole = true
	var b strings.Builder
	err = document(p).Render(context.Background(), &b)
	return b.String(), err
}
