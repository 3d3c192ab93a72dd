// Package api is the JSON API for programs: everything under /v1, described by
// one OpenAPI document, which it also draws as a page. A handler reads what was
// sent, calls one verb of app and shows what came back; it decides nothing and
// reads no database. Who may do what is decided in app, by the scopes of the
// key.
package api

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"hastaluego/internal/app"
	"hastaluego/internal/web"
	"hastaluego/internal/when"
)

// Options is what the API needs beside the kit.
type Options struct {
	// PerMinute is how many requests a key may send in a minute; 0: 600.
	PerMinute int
	Clock     when.Clock // nil: the machine's
}

// API is every route of the API.
type API struct {
	*web.Kit
	mux   *http.ServeMux
	rates *web.Rates
	doc   *huma.OpenAPI
	json  []byte // the document, as it is served
}

// What a body may hold, in bytes.
const (
	maxBody     = 64 << 10
	maxPlaybook = 1 << 20
	maxPushed   = 256 << 10 // of how something is described that is pushed
)

// New makes the API.
func New(kit *web.Kit, o Options) *API {
	if o.PerMinute == 0 {
		o.PerMinute = 600
	}
	if o.Clock == nil {
		o.Clock = when.Machine{}
	}
	a := &API{Kit: kit, mux: http.NewServeMux(), rates: web.NewRates(o.PerMinute, o.Clock)}
	config := huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info:    &huma.Info{Version: "1"},
			Components: &huma.Components{
				Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
				SecuritySchemes: map[string]*huma.SecurityScheme{
					keyScheme: {Type: "http", Scheme: "bearer"},
				},
			},
		},
		Formats: huma.DefaultFormats, DefaultFormat: "application/json", RejectUnknownQueryParameters: true,
	}
	h := humago.New(a.mux, config)
	h.UseMiddleware(a.door)
	a.requests(h)
	a.cases(h)
	a.reasons(h)
	a.reasonMatrix(h)
	a.themes(h)
	a.policies(h)
	a.notes(h)
	a.obligations(h)
	a.offers(h)
	a.steps(h)
	a.forms(h)
	a.invitations(h)
	a.handovers(h)
	a.processors(h)
	a.erasures(h)
	a.customers(h)
	a.complaints(h)
	a.readings(h)
	a.values(h)
	a.experiments(h)
	a.segments(h)
	a.imports(h)
	a.risks(h)
	a.playbooks(h)
	a.flows(h)
	a.outbox(h)
	a.voices(h)
	a.winback(h)
	a.metrics(h)
	a.limits(h)
	a.strays(h)
	a.collection(h)
	a.accessReport(h)
	a.improvements(h)
	a.endings(h)
	a.lanes(h)
	a.announcements(h)
	a.onePerson(h)
	a.assignment(h)
	a.company(h)
	a.words(h)
	a.audit(h)
	a.webhooks(h)
	a.mux.HandleFunc("/v1/", a.nothing)
	a.doc = h.OpenAPI()
	describe(a.doc)
	raw, err := a.doc.MarshalJSON()
	if err == nil {
		a.json, err = indent(raw)
	}
	if err != nil {
		panic(err) // the declaration of the routes is wrong
	}
	a.mux.HandleFunc("GET /openapi.json", a.document)
	a.mux.HandleFunc("GET /docs", a.reference)
	a.mux.HandleFunc("GET /docs/{page}", a.reference)
	return a
}

// ServeHTTP serves /v1, /openapi.json and /docs.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

// Document is the OpenAPI document, indented.
func (a *API) Document() []byte { return a.json }

func (a *API) document(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/openapi+json;version=3.1")
	if _, err := w.Write(a.json); err != nil {
		a.Log.Warn("document not written to its end", "err", err)
	}
}

// indent writes JSON as people read it, with the order of keys kept.
func indent(raw []byte) ([]byte, error) {
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, err
	}
	out, err := json.MarshalIndent(v, "", "  ")
	return append(out, '\n'), err
}

// route is one line of the API.
type route struct {
	ID     string // verb-noun: its words are api.op.<ID>
	Method string
	Path   string
	Scopes []string // any of them opens the door
	Tag    string
	Status int   // of success; 0: 200, or 204 without a body
	Max    int64 // bytes of a body; 0: maxBody
	// Answers is the media type of an answer that is not JSON.
	Answers string
	Prefix  string // that app puts before the names of fields
	// Under is the JSON pointer that the names of fields go behind, whatever
	// characters they are made of.
	Under string
	// Fields are the JSON pointers of fields that app names otherwise: by the
	// name, by its last part behind a point, or "*" for every other. A question
	// mark goes before the name of a parameter.
	Fields map[string]string
}

// on adds a route.
func on[I, O any](h huma.API, a *API, r route, fn func(context.Context, app.Actor, *I) (*O, error)) {
	op := huma.Operation{
		OperationID: r.ID, Method: r.Method, Path: r.Path, Tags: []string{r.Tag}, DefaultStatus: r.Status, MaxBodyBytes: r.Max,
		Errors: []int{401, 403, 404, 422, 429},
	}
	for _, s := range r.Scopes {
		op.Security = append(op.Security, map[string][]string{keyScheme: {s}})
	}
	if r.Answers != "" {
		op.Responses = map[string]*huma.Response{"200": {Content: map[string]*huma.MediaType{r.Answers: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}}
	}
	if op.MaxBodyBytes == 0 {
		op.MaxBodyBytes = maxBody
	}
	if r.Method != http.MethodGet {
		op.Errors = append(op.Errors, 400, 409, 413, 415)
		op.Parameters = append(op.Parameters, &huma.Param{
			Name: onceHeader, In: "header", Schema: &huma.Schema{Type: huma.TypeString, MinLength: ptr(1), MaxLength: ptr(maxOnce)},
		})
	}
	op.Errors = append(op.Errors, 503)
	huma.Register(h, op, func(ctx context.Context, in *I) (*O, error) {
		v := visitOf(ctx)
		out, err := fn(ctx, v.actor, in)
		if err == nil {
			return out, nil
		}
		v.cause = err
		return nil, v.problem(err, r)
	})
}

func ptr[T any](v T) *T { return &v }
