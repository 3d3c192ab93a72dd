package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/text"
)

const (
	keyScheme  = "key"
	onceHeader = "Idempotency-Key"
	maxOnce    = 255
	refHeader  = "X-Request-Id"
	// replayedHeader says that an answer is that of an earlier time.
	replayedHeader = "Idempotency-Replayed"
)

// visit is one request of one program.
type visit struct {
	ref   string // told to the caller, and in the log
	lang  string
	actor app.Actor
	cause error // what the handler failed with
}

type visitKey struct{}

func visitOf(ctx context.Context) *visit { return ctx.Value(visitKey{}).(*visit) }

func (a *API) visit(w http.ResponseWriter, r *http.Request) (*visit, *http.Request) {
	v := &visit{ref: id.New("call"), lang: text.Pick(text.Langs(), "", r.Header.Get("Accept-Language"), a.App.Company().Language)}
	w.Header().Set(refHeader, v.ref)
	w.Header().Set("Cache-Control", "no-store")
	return v, r.WithContext(context.WithValue(r.Context(), visitKey{}, v))
}

// door lets a request in if its key may and is not too fast, and reads the
// body of one that acts.
func (a *API) door(hc huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(hc)
	op := hc.Operation()
	v, r := a.visit(w, r)
	var body []byte
	err := a.enter(v, r, op)
	if err == nil && r.Method != http.MethodGet {
		body, err = read(w, r, op)
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	name := r.Header.Get(onceHeader)
	if err == nil && name != "" && !printable(name) {
		err = &problem{status: http.StatusUnprocessableEntity, fault: fault.New(fault.Invalid, "once.name", "max", maxOnce)}
	}
	switch {
	case err != nil:
		a.fail(w, v, err)
	case r.Method == http.MethodGet || name == "":
		next(humago.NewContext(op, r, w))
	default:
		a.once(w, r, op, v, name, body, next)
	}
	if v.cause != nil && fault.KindOf(v.cause) == fault.Internal {
		a.Log.Error("request failed", "ref", v.ref, "route", op.OperationID, "err", v.cause)
	}
}

// enter finds out who acts and whether they may.
func (a *API) enter(v *visit, r *http.Request, op *huma.Operation) (err error) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return fault.New(fault.Unauthenticated, "auth.key")
	}
	if v.actor, err = a.App.KeyActor(r.Context(), strings.TrimSpace(token)); err != nil {
		return err
	}
	if wait := a.rates.Take(v.actor.ID); wait > 0 {
		return &fault.Error{Kind: fault.TooMany, Code: "api.too_fast", RetryAfter: wait}
	}
	var scopes []string
	for _, one := range op.Security {
		scopes = append(scopes, one[keyScheme]...)
	}
	if !v.actor.In(scopes...) {
		return fault.New(fault.Forbidden, "forbidden.scope", "scopes", strings.Join(scopes, ", "))
	}
	if !clean(r.URL.Path) || !clean(unescaped(r)) {
		return fault.New(fault.NotFound, "not_found")
	}
	return nil
}

// unescaped is what the query of a request says, whatever its names.
func unescaped(r *http.Request) string {
	var b strings.Builder
	for k, list := range r.URL.Query() {
		b.WriteString(k + strings.Join(list, ""))
	}
	return b.String()
}

// clean reports whether a text can be stored and compared on every database.
func clean(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

func printable(s string) bool {
	return len(s) <= maxOnce && !strings.ContainsFunc(s, func(r rune) bool { return r < '!' || r > '~' })
}

// read reads a body that is not too large, of the kind that the route takes.
func read(w http.ResponseWriter, r *http.Request, op *huma.Operation) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, op.MaxBodyBytes-1))
	var big *http.MaxBytesError
	switch {
	case errors.As(err, &big):
		return nil, fault.New(fault.TooLarge, "api.too_large", "max", op.MaxBodyBytes-1)
	case err != nil:
		return nil, &problem{status: http.StatusBadRequest, fault: fault.New(fault.Invalid, "api.unreadable").At("api.read", err)}
	case op.RequestBody == nil:
		return nil, nil
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if _, takes := op.RequestBody.Content[media]; err != nil || !takes {
		return nil, &problem{status: http.StatusUnsupportedMediaType, fault: fault.New(fault.Invalid, "api.media", "media", mediaOf(op))}
	}
	if media == "application/json" && (!utf8.Valid(body) || bytes.Contains(body, []byte(`\u0000`))) {
		return nil, fault.New(fault.Invalid, "field.text")
	}
	return body, nil
}

func mediaOf(op *huma.Operation) string {
	for media := range op.RequestBody.Content {
		return media
	}
	return ""
}

// once answers a request that may be sent again: what it does and what it is
// told are one transaction.
func (a *API) once(w http.ResponseWriter, r *http.Request, op *huma.Operation, v *visit, name string, body []byte, next func(huma.Context)) {
	sum := sha256.New()
	for _, part := range []string{r.Method, r.URL.Path, r.URL.RawQuery, string(body)} {
		fmt.Fprintf(sum, "%d:%s", len(part), part)
	}
	ticket := app.Ticket{Key: v.actor.ID, Name: name, Hash: hex.EncodeToString(sum.Sum(nil))}
	out, again, err := a.App.Once(r.Context(), ticket, func(ctx context.Context) (app.Reply, error) {
		rec := &recorder{header: http.Header{}}
		v.cause = nil
		rr := r.WithContext(ctx)
		rr.Body = io.NopCloser(bytes.NewReader(body))
		next(humago.NewContext(op, rr, rec))
		if out := rec.answer(); out.Status < 400 {
			return out, nil
		}
		return app.Reply{}, &refused{rec.answer(), v.cause}
	})
	var no *refused
	switch {
	case errors.As(err, &no):
		write(w, no.answer)
	case err != nil:
		v.cause = err
		a.fail(w, v, err)
	default:
		if again {
			w.Header().Set(replayedHeader, "true")
		}
		write(w, out)
	}
}

// refused is an answer that says no: nothing was done, and nothing is kept.
type refused struct {
	answer app.Reply
	cause  error
}

func (r *refused) Error() string { return "refused with " + strconv.Itoa(r.answer.Status) }
func (r *refused) Unwrap() error { return r.cause }

func write(w http.ResponseWriter, out app.Reply) {
	for k, v := range out.Header {
		w.Header().Set(k, v)
	}
	w.WriteHeader(out.Status)
	_, _ = w.Write(out.Body) // whoever went away asks again
}

// recorder keeps an answer until what it answers for is committed.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(b)
}

func (r *recorder) answer() app.Reply {
	out := app.Reply{Status: r.status, Header: map[string]string{}, Body: r.body.Bytes()}
	for k := range r.header {
		out.Header[k] = r.header.Get(k)
	}
	return out
}

// nothing answers for addresses and methods that do not exist.
func (a *API) nothing(w http.ResponseWriter, r *http.Request) {
	v, r := a.visit(w, r)
	var allowed []string
	for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodPatch} {
		probe := &http.Request{Method: m, URL: r.URL, Host: r.Host}
		if _, pattern := a.mux.Handler(probe); pattern != "/v1/" {
			allowed = append(allowed, m)
		}
	}
	if len(allowed) == 0 {
		a.fail(w, v, fault.New(fault.NotFound, "api.no_route"))
		return
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	a.fail(w, v, &problem{status: http.StatusMethodNotAllowed, fault: fault.New(fault.Invalid, "api.no_method", "allowed", strings.Join(allowed, ", "))})
}
