package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/fault"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// Problem is the answer to a request that was refused or failed (RFC 9457). It
// never repeats what was sent.
type Problem struct {
	Type   string  `json:"type" enum:"about:blank"`
	Title  string  `json:"title"`
	Status int     `json:"status"`
	Detail string  `json:"detail"`
	Code   string  `json:"code"`
	Field  string  `json:"field,omitempty"`
	Ref    string  `json:"ref"`
	Errors []Wrong `json:"errors,omitempty"`

	retry int // seconds
}

// Wrong is one thing that is wrong with what was sent.
type Wrong struct {
	Field     string `json:"field,omitempty"`
	Parameter string `json:"parameter,omitempty"`
	Code      string `json:"code"`
	Detail    string `json:"detail"`
}

func (p *Problem) Error() string { return p.Code }

// GetStatus is how huma asks.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is how huma asks.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders is how huma asks.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(p.retry))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	return h
}

// problem is a fault whose status is not that of its kind: of HTTP itself.
type problem struct {
	status int
	fault  *fault.Error
}

func (p *problem) Error() string { return p.fault.Error() }
func (p *problem) Unwrap() error { return p.fault }

// problem words an error of a route for the caller.
func (v *visit) problem(err error, r route) *Problem {
	out := &Problem{Type: "about:blank", Status: web.Status(err), Code: fault.CodeOf(err), Detail: text.Error(v.lang, plain(err)), Ref: v.ref}
	var own *problem
	if errors.As(err, &own) {
		out.Status = own.status
	}
	if out.Status == http.StatusInternalServerError {
		out.Code = "internal"
		out.Detail = text.Error(v.lang, fault.New(fault.Internal, "internal", "ref", v.ref))
	}
	out.Title = title(v.lang, out.Status)
	var f *fault.Error
	if errors.As(err, &f) && f.RetryAfter > 0 {
		out.retry = int(f.RetryAfter.Seconds()) + 1
	} else if out.Status == http.StatusServiceUnavailable {
		out.retry = 1
	}
	for _, e := range fault.Fields(err) {
		w := Wrong{Code: e.Code, Detail: text.Error(v.lang, untold(e)), Field: r.pointer(e.Field)}
		if name, query := strings.CutPrefix(w.Field, "?"); query {
			w.Field, w.Parameter = "", name
		}
		out.Errors = append(out.Errors, w)
	}
	if len(out.Errors) > 0 {
		out.Field = out.Errors[0].Field
	}
	return out
}

// pointer is the JSON pointer of a field as app names it, or the name of a
// parameter behind a question mark.
func (r route) pointer(field string) string {
	if p, ok := r.Fields[field]; ok {
		return p
	}
	if p, ok := r.Fields["*"]; ok {
		return p
	}
	if field == "" || strings.HasPrefix(field, "?") {
		return field
	}
	if r.Under != "" {
		return r.Under + "/" + escape(field)
	}
	parts := strings.Split(strings.TrimPrefix(field, r.Prefix), ".")
	last := len(parts) - 1
	if p, ok := r.Fields["."+parts[last]]; ok {
		parts[last] = p
	}
	return "/" + strings.Join(parts, "/")
}

// plain takes out of an error what its words would repeat: that something is
// taken is told without saying what, or whose it is.
func plain(err error) error {
	var list fault.List
	if errors.As(err, &list) {
		out := make(fault.List, len(list))
		for i, e := range list {
			out[i] = untold(e)
		}
		return out
	}
	var e *fault.Error
	if errors.As(err, &e) {
		return untold(e)
	}
	return err
}

func untold(e *fault.Error) *fault.Error {
	if len(e.Args) > 0 && strings.HasSuffix(strings.ReplaceAll(e.Code, "_", "."), ".taken") {
		return fault.New(e.Kind, "api.taken")
	}
	return e
}

func title(lang string, status int) string { return text.Say(lang, "api.status."+strconv.Itoa(status)) }

// fail answers with what went wrong, outside of huma.
func (a *API) fail(w http.ResponseWriter, v *visit, err error) {
	v.cause = err
	p := v.problem(err, route{})
	h := w.Header()
	for k, list := range p.GetHeaders() {
		h[k] = list
	}
	h.Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(p) // whoever went away asks again
}

// What huma finds wrong with a request is worded here, as everything else is:
// these are the only places where it can be told so. Names are compared as
// they are written, and lists are never null.
func init() {
	huma.ValidateStrictCasing = true
	huma.DefaultArrayNullable = false
	huma.NewError = func(status int, _ string, _ ...error) huma.StatusError { return &Problem{Status: status} }
	huma.NewErrorWithContext = func(ctx huma.Context, status int, _ string, errs ...error) huma.StatusError {
		v := visitOf(ctx.Context())
		var list fault.List
		fields := map[string]string{}
		for _, err := range errs {
			d, ok := err.(huma.ErrorDetailer)
			if !ok {
				v.cause = err
				return v.problem(err, route{})
			}
			e, pointer := finding(d.ErrorDetail())
			e = e.On(fmt.Sprint(len(list)))
			fields[e.Field] = pointer
			list = append(list, e)
		}
		switch {
		case status == http.StatusBadRequest || len(list) == 0:
			return v.problem(&problem{status: http.StatusBadRequest, fault: fault.New(fault.Invalid, "api.not_json")}, route{})
		default:
			return v.problem(list, route{Fields: fields})
		}
	}
}

// finding is what is wrong in our words, and where: a JSON pointer into the
// body, or the name of a parameter behind a question mark.
func finding(d *huma.ErrorDetail) (e *fault.Error, pointer string) {
	where, rest, _ := strings.Cut(d.Location, ".")
	if where == "body" {
		pointer = toPointer(rest)
	} else {
		pointer = "?" + rest
	}
	e = fault.New(fault.Invalid, "field.invalid")
	var n int
	switch msg := d.Message; {
	case strings.HasPrefix(msg, "expected required property "):
		name, _, _ := strings.Cut(strings.TrimPrefix(msg, "expected required property "), " ")
		return fault.New(fault.Invalid, "field.required"), pointer + "/" + escape(name)
	case strings.HasSuffix(msg, "parameter is missing"):
		e = fault.New(fault.Invalid, "field.required")
	case msg == "unexpected property", msg == "unknown query parameter":
		e = fault.New(fault.Invalid, "field.unknown")
	case strings.HasPrefix(msg, "expected value to be one of"):
		e = fault.New(fault.Invalid, "field.choice")
	case scan(msg, "expected length <= %d", &n), scan(msg, "expected array length <= %d", &n):
		e = fault.New(fault.Invalid, "field.too_long", "max", n)
	case scan(msg, "expected length >= %d", &n) && n == 1, scan(msg, "expected array length >= %d", &n) && n == 1:
		e = fault.New(fault.Invalid, "field.required")
	}
	return e, pointer
}

func scan(s, format string, n *int) bool {
	got, err := fmt.Sscanf(s, format, n)
	return err == nil && got == 1
}

// toPointer turns huma's items[2].name into /items/2/name.
func toPointer(path string) string {
	if path == "" {
		return ""
	}
	var b strings.Builder
	for _, part := range strings.Split(path, ".") {
		name, index, _ := strings.Cut(part, "[")
		b.WriteString("/" + escape(name))
		for _, i := range strings.Split(strings.TrimSuffix(index, "]"), "][") {
			if i != "" {
				b.WriteString("/" + i)
			}
		}
	}
	return b.String()
}

// escape writes a name as part of a JSON pointer; one that is absurdly long is
// cut, since it stands in an answer.
func escape(name string) string {
	if r := []rune(name); len(r) > 100 {
		name = string(r[:100])
	}
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
