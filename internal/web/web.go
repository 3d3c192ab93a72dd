// Package web holds what every page shares: the frame, the icons, the choice
// of language, and the one place that turns a fault into a page. It knows no
// SQL and no state of a departure; the portal and the console are its
// children.
package web

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/text"
	"hastaluego/internal/web/assets"
)

// Kit is what handlers work with.
type Kit struct {
	Assets *assets.Assets
	App    *app.App
	Log    *slog.Logger
	Secure bool // cookies over TLS only
	Demo   bool // the clock can be pushed, letters show their links
	// Proxies are in front of us and say truly whom they speak for.
	Proxies []netip.Prefix
}

// MaxForm bounds the body of a form, in bytes.
const MaxForm = 64 << 10

// Render writes a page.
func (k *Kit) Render(w http.ResponseWriter, r *http.Request, status int, c templ.Component) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return
	}
	if err := c.Render(r.Context(), w); err != nil {
		k.Log.Warn("page not written to its end", "err", err)
	}
}

// statuses of the kinds of fault.
var statuses = map[fault.Kind]int{
	fault.Internal: 500, fault.Invalid: 422, fault.NotFound: 404, fault.Conflict: 409, fault.Forbidden: 403,
	fault.Blocked: 409, fault.Transient: 503, fault.Uncertain: 409, fault.Unauthenticated: 401,
	fault.TooMany: 429, fault.TooLarge: 413, fault.Gone: 410, fault.Withheld: 451,
}

// Status is the HTTP status of a fault.
func Status(err error) int { return statuses[fault.KindOf(err)] }

// Fail writes the page that says what went wrong, what did not happen and what
// to do. An internal fault shows a reference that is in the log.
func (k *Kit) Fail(w http.ResponseWriter, r *http.Request, err error) {
	lang, staff := k.Lang(w, r), strings.HasPrefix(r.URL.Path, "/console")
	if staff {
		lang = k.StaffLang(w, r)
	}
	status := Status(err)
	view := failView{
		Page: PageView{Lang: lang, Title: text.Say(lang, "common.fail.title"), Body: "portal"}, Company: k.App.Company(), Status: status,
		Text: text.Error(lang, err), Again: old(err) && !staff,
	}
	if status >= 500 {
		view.Ref = id.Token()[:8]
		k.Log.Error("request failed", "ref", view.Ref, "route", r.Pattern, "err", err)
	}
	if f := after(err); f > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(f))
	}
	k.Render(w, r, status, k.Frame(view.Page, failPage(view)))
}

// old reports whether a link was too old, or used up: another can be asked for.
func old(err error) bool {
	code := fault.CodeOf(err)
	return code == "link.expired" || code == "link.used"
}

func after(err error) int {
	for _, e := range []error{err} {
		if f, ok := e.(*fault.Error); ok && f.RetryAfter > 0 {
			return int(f.RetryAfter.Seconds()) + 1
		}
	}
	return 0
}

// langCookie remembers an explicit choice of language.
const langCookie = "hasta_lang"

// Lang picks a customer's language: what they chose, then what the request that
// the page is about was made in, then Accept-Language, then the company's.
func (k *Kit) Lang(w http.ResponseWriter, r *http.Request) string {
	if l := k.Chosen(w, r); l != "" {
		return l
	}
	if l, ok := r.Context().Value(spokenKey{}).(string); ok && text.Speaks(text.Base(l)) {
		return text.Base(l)
	}
	return text.Pick(text.CustomerLangs(), "", r.Header.Get("Accept-Language"), k.App.Company().Language)
}

// StaffLang picks the language of somebody who works here, or builds upon us.
func (k *Kit) StaffLang(w http.ResponseWriter, r *http.Request) string {
	if l := k.chosen(w, r, text.Langs()); l != "" {
		return l
	}
	return text.Pick(text.Langs(), "", r.Header.Get("Accept-Language"), k.App.Company().Language)
}

// Chosen is the language that a customer chose: ?lang=, which is remembered,
// else what is remembered. Empty if they never did.
func (k *Kit) Chosen(w http.ResponseWriter, r *http.Request) string {
	return k.chosen(w, r, text.CustomerLangs())
}

func (k *Kit) chosen(w http.ResponseWriter, r *http.Request, offered []string) string {
	q := r.URL.Query().Get("lang")
	if slices.Contains(offered, q) {
		http.SetCookie(w, &http.Cookie{Name: langCookie, Value: q, Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true, Secure: k.Secure, SameSite: http.SameSiteLaxMode})
		return q
	}
	if c, err := r.Cookie(langCookie); err == nil && slices.Contains(offered, c.Value) {
		return c.Value
	}
	return ""
}

type spokenKey struct{}

// Spoken returns the request for a page about something that was written in
// the language.
func Spoken(r *http.Request, lang string) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), spokenKey{}, lang))
}

// ChangeLang is the address of the same page in another language.
func ChangeLang(r *http.Request, lang string) string {
	q := r.URL.Query()
	q.Set("lang", lang)
	return (&url.URL{Path: r.URL.Path, RawQuery: q.Encode()}).String()
}

// Form reads the form of a POST, bounded. A file that is not a form, a body
// over the limit and text that is not UTF-8 are faults.
func Form(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	r.Body = http.MaxBytesReader(w, r.Body, MaxForm)
	if err := r.ParseForm(); err != nil {
		if _, big := err.(*http.MaxBytesError); big {
			return nil, fault.New(fault.TooLarge, "request.too_large")
		}
		return nil, fault.New(fault.Invalid, "request.not_a_form").At("web.Form", err)
	}
	return r.PostForm, nil
}

// PageView is the frame of a page.
type PageView struct {
	Lang  string
	Title string
	Body  string // class of the body: portal or dense
	Brand string // address of the company's colours; empty: ours
}

// Frame puts a page's content into the frame. Pages that customers meet bear the
// company's colours.
func (k *Kit) Frame(v PageView, content templ.Component) templ.Component {
	if v.Body == "portal" {
		v.Brand = brandSheet(k.App.Company())
	}
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return Page(v, k.Assets.Path("app.css")).Render(templ.WithChildren(ctx, content), w)
	})
}

// Sprite is what Icon draws from; a page of ours has it already.
func Sprite() templ.Component { return templ.Raw(sprite) }

// Icon draws an icon of the sprite. An icon never stands alone: a word is
// beside it. Without a name there is none.
func Icon(name string) templ.Component {
	if name == "" {
		return templ.NopComponent
	}
	return templ.Raw(`<svg class="i" aria-hidden="true"><use href="#i-` + name + `"></use></svg>`)
}

// Scripted lets the page that is written next run one script of ours, which may ask
// this server and nobody else. It returns the address of the script.
func (k *Kit) Scripted(w http.ResponseWriter, name string) string {
	h := w.Header()
	h.Set("Content-Security-Policy", h.Get("Content-Security-Policy")+"; script-src 'self'; connect-src 'self'")
	return k.Assets.Path(name)
}

// Secure sets the headers that every answer carries: no script but where a page names one, no style but
// our own files, no frame, no referrer, no sniffing.
func Secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}
