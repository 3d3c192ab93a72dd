package portal

import (
	"cmp"
	"crypto/hmac"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/flow"
	"hastaluego/internal/id"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// The way out is rendered from the flow in force: which pages there are, in
// which order, with which fields, actions and labels, is described there and
// nowhere else. Here is only how each kind of thing looks and where it leads.

// exitView is a page of the way out.
type exitView struct {
	text.Speech
	app.Exit
	flow.Screen
	Company app.Company
	Act     string // cancel or withdraw
	Action  string // where its form goes
	Nonce   string
	In      app.ExitInput
	Host    *app.HostPage // nil for the public page
	Errors  map[string]string
	Links   map[string]string // where the acts of the entry lead
	Places  []place
	Seen    []app.Seen   // nodes that this reader met so far
	Trail   string       // the same, for the page to bring back
	Acts    actsView     // that are open, of a signed link
	Preview *previewView // of what it costs, of a signed link
}

// acts are the addresses of the public pages by what the entry's action does.
var acts = map[string]string{"cancel": "/", "withdraw": "/withdraw"}

// wayOut is the way out for whoever asks. Record is where they live, if we know.
func (p *portal) wayOut(w http.ResponseWriter, r *http.Request, record string) (app.Exit, error) {
	who := app.ExitFor{Place: r.URL.Query().Get("country"), Record: record, Language: p.Lang(w, r), Device: "desktop"}
	if r.Header.Get("Sec-Ch-Ua-Mobile") == "?1" {
		who.Device = "mobile"
	}
	return p.App.ExitOf(r.Context(), who)
}

// viewExit is the first page of an act; ok is false where this customer has no
// such act.
func (p *portal) viewExit(r *http.Request, x app.Exit, act string) (v exitView, ok bool) {
	lang := x.Variant.Language
	v = exitView{Speech: p.speech(lang), Exit: x, Company: p.App.Company(), Act: act, Nonce: id.Token(), Errors: map[string]string{}, Links: map[string]string{}}
	q := url.Values{"lang": {lang}}
	if c := r.URL.Query().Get("country"); c != "" {
		q.Set("country", c)
	}
	v.Action = r.URL.Path + "?" + q.Encode()
	for does, at := range acts {
		v.Links[does] = at + "?" + q.Encode()
	}
	if x.Said != "record" {
		v.Places = places(v.Speech, p.App.ExitPlaces(), x.Place)
	}
	entry, _ := x.Entry()
	first, ok := entry.Does(act)
	if ok {
		v.Screen, ok = x.Screen(first.To)
	}
	v.Seen = []app.Seen{{Node: entry.Node, At: x.At}}
	return v, ok
}

// turn shows another page of the same act; without one of that name it stays.
func (v *exitView) turn(page string) {
	if s, ok := v.Page(page); ok {
		v.Screen = s
	}
}

func (p *portal) form(w http.ResponseWriter, r *http.Request)       { p.first(w, r, "cancel") }
func (p *portal) withdrawal(w http.ResponseWriter, r *http.Request) { p.first(w, r, "withdraw") }

func (p *portal) first(w http.ResponseWriter, r *http.Request, act string) {
	x, err := p.wayOut(w, r, "")
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	v, ok := p.viewExit(r, x, act)
	if !ok { // where they live there is no such act: the other one is never further than a page
		http.Redirect(w, r, v.Links["cancel"], http.StatusSeeOther)
		return
	}
	p.showExit(w, r, http.StatusOK, v)
}

func (p *portal) showExit(w http.ResponseWriter, r *http.Request, status int, v exitView) {
	for _, x := range v.Parts {
		if !slices.ContainsFunc(v.Seen, func(s app.Seen) bool { return s.Node == x.Node }) {
			v.Seen = append(v.Seen, app.Seen{Node: x.Node, At: v.At})
		}
	}
	v.Trail = p.sealTrail(v.Nonce, v.Seen)
	p.showIn(w, r, v.Lang, status, v.title(), exitPage(v))
}

// typed is what a form of the way out said.
func (p *portal) typed(w http.ResponseWriter, r *http.Request) (app.ExitInput, url.Values, error) {
	f, err := web.Form(w, r)
	in := app.ExitInput{
		Name: f.Get("name"), AccountEmail: f.Get("account"), ReceiptEmail: f.Get("receipt"), Reference: f.Get("reference"),
		When: f.Get("when"), Kind: f.Get("kind"), Ground: f.Get("ground"), Line: f.Get("line"), Nonce: f.Get("nonce"), Network: p.Network(r),
	}
	if !f.Has("account") { // the law of an act may allow one address only
		in.AccountEmail = in.ReceiptEmail
	}
	return in, f, err
}

func (p *portal) submit(w http.ResponseWriter, r *http.Request) { p.press(w, r, "cancel") }

func (p *portal) submitWithdrawal(w http.ResponseWriter, r *http.Request) { p.press(w, r, "withdraw") }

func (p *portal) press(w http.ResponseWriter, r *http.Request, act string) {
	x, err := p.wayOut(w, r, "")
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	v, ok := p.viewExit(r, x, act)
	if !ok {
		p.Fail(w, r, fault.New(fault.NotFound, "not_found"))
		return
	}
	in, done := p.step(w, r, &v)
	if !done {
		return
	}
	req, err := p.App.RequestExit(r.Context(), in)
	if p.again(w, r, v, in, err) {
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: ackCookie, Value: p.ackToken(req.Code), Path: "/r/" + req.Code, MaxAge: 30 * 24 * 3600,
		HttpOnly: true, Secure: p.Secure, SameSite: http.SameSiteLaxMode,
	})
	http.Redirect(w, r, "/r/"+req.Code, http.StatusSeeOther)
}

// step does what was pressed on a page of the way out. It reports whether that
// declares the act; otherwise it has shown the page that comes next.
func (p *portal) step(w http.ResponseWriter, r *http.Request, v *exitView) (app.ExitInput, bool) {
	in, f, err := p.typed(w, r)
	if err != nil {
		p.Fail(w, r, err)
		return in, false
	}
	in.Language, in.Act = v.Lang, v.Act
	v.In = in
	if seen := p.readTrail(in.Nonce, f.Get("seen")); seen != nil {
		v.Seen = seen
	}
	first := v.Screen
	v.turn(f.Get("page"))
	pressed, ok := v.Screen.Action(f.Get("go"))
	if !ok {
		if pressed, ok = v.Onward(); !ok { // the flow changed meanwhile
			p.showExit(w, r, http.StatusOK, *v)
			return in, false
		}
	}
	if pressed.ToKind == "receipt" && pressed.Role != "exit" { // staying declares nothing
		p.showExit(w, r, http.StatusOK, *v)
		return in, false
	}
	if pressed.Role == "exit" {
		if err := web.Answered(f, v.required(), p.App.CheckExit(in)); err != nil {
			v.Screen = first
			p.again(w, r, *v, in, err)
			return in, false
		}
	}
	if pressed.ToKind == "receipt" {
		if _, act := acts[pressed.Does]; act { // a page may lead to both
			in.Act = pressed.Does
		}
		in.Walk = &app.Walk{Exit: v.Exit, Seen: v.Seen}
		return in, true
	}
	v.turn(pressed.ToPage)
	v.Nonce = cmp.Or(in.Nonce, v.Nonce)
	p.showExit(w, r, http.StatusOK, *v)
	return in, false
}

// again shows the form with what is wrong beside its fields, or what else went
// wrong; it reports whether anything did.
func (p *portal) again(w http.ResponseWriter, r *http.Request, v exitView, in app.ExitInput, err error) bool {
	switch {
	case err == nil:
		return false
	case fault.KindOf(err) != fault.Invalid:
		p.Fail(w, r, err)
	default:
		entry, _ := v.Entry()
		if first, ok := entry.Does(v.Act); ok {
			v.turn(first.ToPage)
		}
		v.In, v.Errors = in, text.FieldErrors(v.Lang, err)
		p.showExit(w, r, http.StatusUnprocessableEntity, v)
	}
	return true
}

func (p *portal) hostForm(w http.ResponseWriter, r *http.Request) {
	if v, ok := p.host(w, r); ok {
		v.In.Name, v.In.AccountEmail, v.In.ReceiptEmail = v.Host.Name, v.Host.Email, v.Host.Email
		p.showExit(w, r, http.StatusOK, v)
	}
}

// host is the first page for somebody who came by a signed link; ok is false
// where it has shown what went wrong.
func (p *portal) host(w http.ResponseWriter, r *http.Request) (v exitView, ok bool) {
	page, err := p.App.OpenHostPage(r.Context(), r.PathValue("signed"))
	if err != nil {
		p.Fail(w, r, err)
		return v, false
	}
	x, err := p.wayOut(w, web.Spoken(r, page.Language), page.Customer.Place())
	act := "cancel"
	if r.URL.Query().Get("act") == "withdraw" {
		act = "withdraw"
	}
	if err == nil {
		if v, ok = p.viewExit(r, x, act); !ok {
			err = fault.New(fault.NotFound, "not_found")
		}
	}
	if err != nil {
		p.Fail(w, r, err)
		return v, false
	}
	v.Host, v.Places = &page, nil
	for does := range acts { // both acts are behind the same link
		v.Links[does] = r.URL.Path + "?" + url.Values{"lang": {v.Lang}, "act": {does}}.Encode()
	}
	v.Action = v.Links[act]
	v.Acts = viewActs(v.Speech, p.App.Company(), x, page.Acts, v.Links["withdraw"], "")
	if act == "cancel" {
		v.Preview = viewPreview(v.Speech, page.Preview, p.App.Company().Zone)
	}
	return v, true
}

func (p *portal) hostSubmit(w http.ResponseWriter, r *http.Request) {
	v, ok := p.host(w, r)
	if !ok {
		return
	}
	in, done := p.step(w, r, &v)
	if !done {
		return
	}
	in.Host = r.PathValue("signed")
	req, err := p.App.RequestExit(r.Context(), in)
	var token string
	switch {
	case fault.CodeOf(err) == "link.used": // a second tab of the same browser
		code, ok := p.hostCode(r)
		if !ok {
			p.Fail(w, r, err)
			return
		}
		token, err = p.App.HostLandingAgain(r.Context(), code)
	case p.again(w, r, v, in, err):
		return
	default:
		http.SetCookie(w, &http.Cookie{
			Name: hostCookie, Value: req.Code + "." + p.ackToken(req.Code+in.Host), Path: r.URL.Path, MaxAge: 15 * 60,
			HttpOnly: true, Secure: p.Secure, SameSite: http.SameSiteLaxMode,
		})
		token, err = p.App.HostLanding(r.Context(), req)
	}
	p.act(w, r, "/c/"+token+"/receipt", err)
}

// sealTrail is when which nodes were met, for a page to bring back: what is
// shown before anything is declared is kept nowhere.
func (p *portal) sealTrail(nonce string, seen []app.Seen) string {
	parts := make([]string, len(seen))
	for i, s := range seen {
		parts[i] = s.Node + "@" + strconv.FormatInt(s.At.UnixMicro(), 10)
	}
	trail := strings.Join(parts, ",")
	return trail + "." + p.ackToken(nonce+"\x00"+trail)
}

// readTrail is what sealTrail wrote for the form; nil if somebody else did.
func (p *portal) readTrail(nonce, sealed string) (seen []app.Seen) {
	trail, mac, _ := strings.Cut(sealed, ".")
	if trail == "" || !hmac.Equal([]byte(mac), []byte(p.ackToken(nonce+"\x00"+trail))) {
		return nil
	}
	for part := range strings.SplitSeq(trail, ",") {
		node, at, _ := strings.Cut(part, "@")
		us, err := strconv.ParseInt(at, 10, 64)
		if err != nil {
			return nil
		}
		seen = append(seen, app.Seen{Node: node, At: time.UnixMicro(us).UTC()})
	}
	return seen
}

// after is the way out of whoever made the request with the code, for the pages
// that come after it.
func (p *portal) after(r *http.Request, code, lang string) (app.Exit, app.Way, error) {
	way, err := p.App.WayOf(r.Context(), code)
	if err != nil {
		return app.Exit{}, way, err
	}
	who := app.ExitFor{Language: lang, Device: cmp.Or(way.Device, "desktop"), Place: cmp.Or(way.Place, app.Elsewhere), Record: way.Lives}
	if who.Arm, err = p.App.FlowArm(r.Context(), code); err != nil { // the page is shown whether that could be read or not
		p.Log.Warn("arm of an experiment not given", "err", err)
	}
	x, err := p.App.ExitOf(r.Context(), who)
	return x, way, err
}

// saw writes down that a node of the flow was met. The page is shown whether
// that could be written or not.
func (p *portal) saw(r *http.Request, way app.Way, part flow.Part) {
	if way.Request == "" || part.Node == "" {
		return
	}
	if err := p.App.SeeNode(r.Context(), way.Request, part.Node); err != nil {
		p.Log.Warn("page not counted", "node", part.Node, "err", err)
	}
}

// meet is the node of the flow that a page after the request is about.
func (p *portal) meet(r *http.Request, code, lang string, find func(x app.Exit, act string) (flow.Part, bool)) (flow.Part, error) {
	x, way, err := p.after(r, code, lang)
	if err != nil {
		return flow.Part{}, err
	}
	part, _ := find(x, way.Act)
	p.saw(r, way, part)
	return part, nil
}

func atReceipt(x app.Exit, act string) (flow.Part, bool) { return x.Receipt(act) }

func atFirst(kind string) func(app.Exit, string) (flow.Part, bool) {
	return func(x app.Exit, _ string) (flow.Part, bool) { return x.First(kind) }
}

func atNode(id string) func(app.Exit, string) (flow.Part, bool) {
	return func(x app.Exit, _ string) (flow.Part, bool) { return x.Node(id) }
}
