package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/mod/sumdb/tlog"

	"hastaluego/internal/app"
	"hastaluego/internal/audit"
	"hastaluego/internal/blobs"
	"hastaluego/internal/connector"
	"hastaluego/internal/engine"
	"hastaluego/internal/evidence"
	"hastaluego/internal/fault"
	"hastaluego/internal/offer"
	"hastaluego/internal/playbook"
	"hastaluego/internal/seal"
	"hastaluego/internal/step"
	"hastaluego/internal/store"
	"hastaluego/internal/testkit"
	"hastaluego/internal/web"
	"hastaluego/internal/web/api"
	"hastaluego/internal/web/assets"
	"hastaluego/internal/when"
)

// trial is a playbook with everything that programs may do.
const trial = `
playbook: trial
title: {es: "Prueba", en: "Trial", de: "Trial", fr: "Trial"}
retrieval: {d: 30}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One", de: "One", fr: "One"}, milestone: confirmed}
  - id: first
    kind: evaluate
    title: {es: "Antes", en: "Before", de: "Before", fr: "Before"}
    after: [confirm]
    params: {form: first_evaluation}
    role: success
    due: {d: 2, from: ready}
    escalate: {d: 1, to: admin}
  - id: prepare
    kind: task
    title: {es: "Preparar", en: "Prepare", de: "Prepare", fr: "Prepare"}
    after: [confirm]
    role: agent
    due: {d: 2bd, from: ready}
    escalate: {d: 1, to: admin}
    items: [{id: a, title: {es: "A", en: "A", de: "A", fr: "A"}}]
  - id: back
    kind: return_assets
    title: {es: "Recoger", en: "Take back", de: "Take back", fr: "Take back"}
    after: [confirm]
    params: {how_es: "Llévalo a la tienda", how_en: "Take it to the shop", how_de: "Bring es in den Laden", how_fr: "Apporte-le au magasin"}
    role: agent
    due: {d: 5, from: ready}
    escalate: {d: 1, to: admin}
    undo: {class: restorable, title: {es: "Devolvérselo", en: "Give it back", de: "Give it back", fr: "Give it back"}}
  - id: doors
    kind: close_access
    title: {es: "Cerrar", en: "Close", de: "Close", fr: "Close"}
    after: [prepare]
    role: agent
    due: {d: 2, from: ready}
    escalate: {d: 1, to: admin}
    undo: {class: restorable, title: {es: "Volver a abrir", en: "Open again", de: "Open again", fr: "Open again"}}
  - id: agree
    kind: approve
    title: {es: "Aprobar", en: "Agree", de: "Agree", fr: "Agree"}
    after: [doors]
    role: agent
    due: {d: 2, from: ready}
    escalate: {d: 1, to: admin}
  - {id: cancel_billing, kind: cancel_billing, title: {es: "Parar cobros", en: "Stop charges", de: "Stop charges", fr: "Stop charges"}, after: [agree], params: {system: billing}, milestone: billing_stopped}
  - {id: effective, kind: wait, title: {es: "Fin", en: "End", de: "End", fr: "End"}, after: [cancel_billing], params: {until: effective}}
  - id: odd
    kind: task
    title: {es: "Raro", en: "Odd", de: "Odd", fr: "Odd"}
    after: [confirm]
    if: "6 / (case.subscriptions - 1) > 0"
    role: agent
    due: {d: 2, from: ready}
    escalate: {d: 1, to: admin}
    items: [{id: a, title: {es: "A", en: "A", de: "A", fr: "A"}}]
  - id: talk
    kind: meeting
    title: {es: "Hablar", en: "Talk", de: "Talk", fr: "Talk"}
    after: [first]
    role: success
    due: {d: 5, from: ready}
    escalate: {d: 1, to: admin}
  - id: collect
    kind: collect
    title: {es: "Cobrar", en: "Collect", de: "Collect", fr: "Collect"}
    after: [confirm]
    params: {days: "3, 15"}
    role: finance
    due: {d: 30, from: ready}
    escalate: {d: 1, to: admin}
  - id: give
    kind: handover
    title: {es: "Entregar", en: "Hand over", de: "Hand over", fr: "Hand over"}
    after: [confirm]
    params: {envelope_days: "7", rotate_days: "10"}
    role: agent
    due: {d: 5, from: ready}
    escalate: {d: 1, to: admin}
    undo: {class: reissuable, title: {es: "Recibirlo otra vez", en: "Take it back", de: "Take it back", fr: "Take it back"}}
`

// short is a playbook of a departure that nobody works on.
const short = `
playbook: short
title: {es: "Corta", en: "Short"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - {id: effective, kind: wait, title: {es: "Fin", en: "End"}, after: [confirm], params: {until: effective}}
  - {id: farewell, kind: farewell, title: {es: "Adiós", en: "Goodbye"}, after: [effective], milestone: farewell}
  - {id: survey, kind: survey, title: {es: "Preguntar", en: "Ask"}, after: [farewell]}
  - {id: words, kind: testimonial, title: {es: "Palabras", en: "Words"}, after: [farewell]}
`

// billing is a billing system whose answer to a cancellation gets lost.
type billing struct {
	mu   sync.Mutex
	ends map[string]time.Time
}

func (b *billing) Info() connector.Info {
	return connector.Info{System: "billing", Kind: "memory", Effect: connector.Ask, Undo: connector.Restorable}
}

func (b *billing) ReadSubscription(_ context.Context, ref string) (connector.SubscriptionState, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return connector.SubscriptionState{Found: true, Status: "active", EndsAt: b.ends[ref], Answer: json.RawMessage(`{"status":"active"}`)}, nil
}

func (b *billing) CancelSubscription(context.Context, connector.CancelInput) (connector.Receipt, error) {
	return connector.Receipt{}, fault.New(fault.Uncertain, "connector.uncertain", "system", "billing")
}

func (b *billing) ResumeSubscription(context.Context, connector.ResumeInput) (connector.Receipt, error) {
	return connector.Receipt{Answer: json.RawMessage(`{"ok":true}`)}, nil
}

// post hands letters to nobody, and remembers where their links led.
type post struct {
	mu    sync.Mutex
	links map[string]string // address and name of the link
}

func (p *post) Send(_ context.Context, to, _ string, paper app.Paper) (subject, body string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for name, at := range paper.Links {
		p.links[to+" "+name] = at
	}
	return "Baja " + paper.Code, "Hola: " + paper.Links["verify"], nil
}

// link waits for a link in a letter to the address, and returns its token.
func (h *house) link(to, name string) (token string) {
	h.t.Helper()
	eventually(h.t, "a letter to "+to, func() bool {
		h.post.mu.Lock()
		defer h.post.mu.Unlock()
		at, _, _ := strings.Cut(h.post.links[to+" "+name], "?")
		token = at[strings.LastIndex(at, "/")+1:]
		return token != ""
	})
	return token
}

// ear hears every message.
type ear struct{}

func (ear) Post(context.Context, string, map[string]string, []byte) (int, time.Duration, error) {
	return http.StatusNoContent, 0, nil
}

// second is a person who approves.
var second = app.Actor{ID: "usr_second", Name: "Noa", Roles: []string{"agent", "admin"}}

// house is a running house with its API, on a real database.
type house struct {
	*app.App
	t       *testing.T
	store   *store.Store
	post    *post
	url     string
	doc     document
	schemas map[string]*jsonschema.Schema
	mu      sync.Mutex
	covered map[string]bool // operations that answered as they should
	raw     *jsonschema.Compiler
}

var update = flag.Bool("update", false, "write the document again")

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var eventually = testkit.Eventually

func newHouse(t *testing.T, e testkit.Engine, o api.Options) *house {
	t.Helper()
	return newHouseOn(t, e, o, trial)
}

func newHouseOn(t *testing.T, e testkit.Engine, o api.Options, source string, policy ...*offer.Policy) *house {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	s, err := store.Open(ctx, store.Config{URL: e.URL})
	must(t, err)
	must(t, s.Migrate(ctx))
	keys, err := seal.OpenKeys(ctx, filepath.Join(t.TempDir(), "keys"), "")
	must(t, err)
	book, err := playbook.Load("trial.yaml", []byte(source), step.Specs())
	must(t, err)
	h := &house{t: t, store: s, post: &post{links: map[string]string{}}, covered: map[string]bool{}, schemas: map[string]*jsonschema.Schema{}}
	money := &billing{ends: map[string]time.Time{}}
	systems := step.Named(connector.System{Name: "billing", Billing: money})
	if strings.Contains(source, "erase_processors") {
		systems["mailing"] = connector.System{Name: "mailing", Processor: &connector.OnBehalf{
			Title: "Correo Claro", Ask: map[string]string{"es": "Por teléfono"}, Days: 10,
			Holdings: []connector.Holding{{Name: "letters", Titles: map[string]string{"es": "Cartas"}, Fields: []string{"correo"}, After: connector.Erase}},
		}}
	}
	kinds := step.All(systems)
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError})) // why something of ours failed
	var eng *engine.Engine
	h.App = app.New(app.Config{
		Offers: append(policy, nil)[0], Segments: alike(t),
		Print: func(p app.Paper) (string, []byte, error) { return p.Kind + ".pdf", []byte("%PDF-1.7 " + p.Code), nil },
		Store: s, Keys: keys, Blobs: blobs.Open(t.TempDir()), Post: h.post, Kinds: kinds, Systems: systems, Playbook: book, Hooks: ear{}, SignList: func(code string, body []byte) (string, error) { return audit.SignList(keys.LogSigner(), code, body) }, Wake: func() { eng.Wake() },
		Log: &app.LogKeys{
			Public: keys.LogPublic(), Kept: keys.ReadCheckpoints,
			SignPack: func(code string, manifest []byte) (string, error) {
				return evidence.Sign(keys.LogSigner(), code, manifest)
			},
		},
		Company: app.Company{Name: "Faro", Email: "hola@faro.example", Zone: madrid, Language: "es", PublicURL: "http://faro.test"},
	})
	eng = engine.New(engine.Config{App: h.App, Store: s, Kinds: kinds, Name: "one", Poll: 50 * time.Millisecond, Lease: 10 * time.Second, Log: log})
	seq := &engine.Sequencer{
		Log: s, Name: "one", Every: 20 * time.Millisecond, Keep: keys.AppendCheckpoint, Logger: log,
		Sign: func(size int64, root []byte) (string, error) {
			return audit.Sign(keys.LogSigner(), size, tlog.Hash(root))
		},
	}
	if o.Clock == nil {
		o.Clock = when.Machine{}
	}
	if o.PerMinute == 0 {
		o.PerMinute = 100_000
	}
	files, err := assets.Open()
	must(t, err)
	program := api.New(&web.Kit{App: h.App, Log: log, Assets: files}, o)
	must(t, json.Unmarshal(program.Document(), &h.doc))
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(program.Document()))
	must(t, err)
	h.raw = jsonschema.NewCompiler()
	h.raw.AssertFormat()
	must(t, h.raw.AddResource("mem:///openapi.json", doc))
	srv := httptest.NewServer(program)
	h.url = srv.URL
	var wg sync.WaitGroup
	wg.Go(func() { _ = eng.Run(ctx) })
	wg.Go(func() { _ = seq.Run(ctx) })
	t.Cleanup(func() {
		srv.Close()
		stop()
		wg.Wait()
		_ = s.Close()
		_ = keys.Close()
	})
	return h
}

// key makes a key and returns what speaks with it.
func (h *house) key(scopes ...string) *caller {
	h.t.Helper()
	k, token, err := h.MakeKey(h.t.Context(), app.Actor{}, app.KeyInput{Name: "program", Scopes: scopes})
	must(h.t, err)
	return &caller{h: h, id: k.ID, token: token}
}

// caller is a program with a key.
type caller struct {
	h         *house
	id, token string
	lang      string
}

// answer is what a program was told.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   []byte
}

func (a answer) is(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	return a
}

// told expects a refusal with the code.
func (a answer) told(status int, code string) answer {
	a.t.Helper()
	if got := a.get("code"); a.status != status || got != code {
		a.t.Errorf("told %d %q, want %d %q: %s", a.status, got, status, code, a.body)
	}
	return a
}

// get reads a value by its path: "items.0.id".
func (a answer) get(path string) any {
	a.t.Helper()
	var v any
	if err := json.Unmarshal(a.body, &v); err != nil {
		a.t.Fatalf("%v: %s", err, a.body)
	}
	for _, part := range strings.Split(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[part]
		case []any:
			var i int
			for _, r := range part {
				i = i*10 + int(r-'0')
			}
			if i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

func (a answer) text(path string) string { s, _ := a.get(path).(string); return s }

func (c *caller) get(path string) answer { c.h.t.Helper(); return c.do(http.MethodGet, path, "", nil) }

func (c *caller) post(path, body string) answer {
	c.h.t.Helper()
	return c.do(http.MethodPost, path, body, nil)
}

func (c *caller) patch(path, body string) answer {
	c.h.t.Helper()
	return c.do(http.MethodPatch, path, body, nil)
}

func (c *caller) put(path, body string) answer {
	c.h.t.Helper()
	return c.do(http.MethodPut, path, body, nil)
}

// do sends a request and holds the answer against the document.
func (c *caller) do(method, path, body string, header http.Header) answer {
	c.h.t.Helper()
	req, err := http.NewRequestWithContext(c.h.t.Context(), method, c.h.url+path, strings.NewReader(body))
	must(c.h.t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	req.Header.Set("Accept-Language", c.lang)
	maps.Copy(req.Header, header)
	resp, err := http.DefaultClient.Do(req)
	must(c.h.t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	must(c.h.t, err)
	a := answer{c.h.t, resp.StatusCode, resp.Header, raw}
	c.h.contract(method, req.URL.Path, a)
	return a
}

var slots = regexp.MustCompile(`\{[a-z]+\}`)

// find returns the path and the operation of the document that a request is
// for.
func (h *house) find(method, path string) (template, operation string) {
	best := -1
	for t, methods := range h.doc.Paths {
		op, ok := methods[strings.ToLower(method)]
		if ok && regexp.MustCompile("^"+slots.ReplaceAllString(t, `[^/]+`)+"$").MatchString(path) {
			if fixed := len(slots.ReplaceAllString(t, "")); fixed > best {
				best, template, operation = fixed, t, op.OperationID
			}
		}
	}
	return template, operation
}

// contract holds an answer against the document: its status, its headers, its
// media type and its body.
func (h *house) contract(method, path string, a answer) {
	h.t.Helper()
	template, op := h.find(method, path)
	if op == "" {
		return // a route that does not exist
	}
	said, ok := h.doc.Paths[template][strings.ToLower(method)].Responses[itoa(a.status)]
	if !ok {
		h.t.Errorf("%s answers %d, which the document does not say: %s", op, a.status, a.body)
		return
	}
	names := map[string]bool{}
	for name := range said.Headers {
		names[http.CanonicalHeaderKey(name)] = true
	}
	for name := range a.header {
		switch name {
		case "Content-Length", "Date", "Cache-Control", "Content-Type", "Allow":
		default:
			if !names[name] {
				h.t.Errorf("%s answers %d with a header %s that the document does not say", op, a.status, name)
			}
		}
	}
	media, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
	switch {
	case len(said.Content) == 0:
		if len(a.body) > 0 {
			h.t.Errorf("%s answers %d with a body: %s", op, a.status, a.body)
		}
	case (op == "get-case-file" || op == "get-access-list" || op == "get-case-evidence") && a.status == http.StatusOK:
	default:
		if _, ok := said.Content[media]; !ok {
			h.t.Errorf("%s answers %d as %q", op, a.status, media)
			return
		}
		if err := h.valid(template, method, a, media); err != nil {
			h.t.Errorf("%s answers %d with what the document does not say: %v\n%s", op, a.status, err, a.body)
		}
	}
	if a.status < 300 {
		h.mu.Lock()
		h.covered[op] = true
		h.mu.Unlock()
	}
}

func itoa(n int) string { raw, _ := json.Marshal(n); return string(raw) }

func (h *house) valid(template, method string, a answer, media string) error {
	esc := func(s string) string {
		return strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(s)
	}
	at := "mem:///openapi.json#/paths/" + esc(template) + "/" + strings.ToLower(method) + "/responses/" + itoa(a.status) + "/content/" + esc(media) + "/schema"
	h.mu.Lock()
	s, ok := h.schemas[at]
	if !ok {
		var err error
		if s, err = h.raw.Compile(at); err != nil {
			h.mu.Unlock()
			return err
		}
		h.schemas[at] = s
	}
	h.mu.Unlock()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(a.body))
	if err != nil {
		return err
	}
	return s.Validate(v)
}
