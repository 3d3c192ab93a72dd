package main

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/a-h/templ"
	"golang.org/x/mod/sumdb/tlog"

	"hastaluego/internal/achievement"
	"hastaluego/internal/app"
	"hastaluego/internal/audit"
	"hastaluego/internal/blobs"
	"hastaluego/internal/calendar"
	"hastaluego/internal/connector"
	"hastaluego/internal/connector/breaker"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/s3put"
	"hastaluego/internal/engine"
	"hastaluego/internal/evidence"
	"hastaluego/internal/fault"
	"hastaluego/internal/flow"
	"hastaluego/internal/id"
	"hastaluego/internal/outbound"
	"hastaluego/internal/playbook"
	"hastaluego/internal/seal"
	"hastaluego/internal/step"
	"hastaluego/internal/store"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
	"hastaluego/internal/web/api"
	"hastaluego/internal/web/assets"
	"hastaluego/internal/web/console"
	"hastaluego/internal/web/hooks"
	"hastaluego/internal/web/portal"
	"hastaluego/internal/when"
)

// house is everything wired together.
type house struct {
	cfg       config
	log       *slog.Logger
	store     *store.Store
	keys      *seal.Keys
	app       *app.App
	engine    *engine.Engine
	sequencer *engine.Sequencer
	papers    papers
	breakers  *breaker.Set
	on        playbook.Connected
	closers   []func() error
}

// storeClock is the clock that the store's nodes share, for adapters that only
// stamp what they read.
type storeClock struct{ s *store.Store }

func (c storeClock) Now() time.Time {
	now, _, err := c.s.Now(context.Background())
	if err != nil {
		return when.Machine{}.Now()
	}
	return now
}
func (storeClock) Wall() time.Time { return when.Machine{}.Wall() }

// build opens the database and the keys and wires the house. moved is told
// before business time moves; nil if nobody needs to know.
func build(ctx context.Context, cfg config, log *slog.Logger, moved func(context.Context, time.Time) error) (h *house, err error) {
	h = &house{cfg: cfg, log: log}
	defer func() {
		if err != nil {
			h.close()
		}
	}()
	configs, err := declared(cfg.Systems)
	if err != nil {
		return h, err
	}
	book, err := loadPlaybook(cfg.Playbook)
	if err != nil {
		return h, err
	}
	books := make([]*playbook.Playbook, len(cfg.Playbooks))
	for i, name := range cfg.Playbooks {
		if books[i], err = loadPlaybook(name); err != nil {
			return h, err
		}
	}
	rules, err := loadAchievements(cfg.Achievements)
	if err != nil {
		return h, err
	}
	offers, err := loadOffers(cfg.Offers)
	if err != nil {
		return h, err
	}
	alike, err := loadSegments(cfg.Segments)
	if err != nil {
		return h, err
	}
	days, err := loadCalendars(cfg)
	if err != nil {
		return h, err
	}
	h.on = connected(configs)
	if err := h.fits(append([]*playbook.Playbook{book}, books...)); err != nil {
		return h, err
	}
	if h.store, err = store.Open(ctx, cfg.Past.store(cfg.Database)); err != nil {
		return h, err
	}
	h.closers = append(h.closers, h.store.Close)
	if err := h.store.Migrate(ctx); err != nil {
		return h, err
	}
	if h.keys, err = openKeys(ctx, cfg); err != nil {
		return h, err
	}
	h.closers = append(h.closers, h.keys.Close)
	law, facts, err := loadLaw(cfg)
	if err != nil {
		return h, err
	}
	company, err := cfg.Company.profile(cfg.PublicURL)
	if err != nil {
		return h, err
	}
	signup, err := loadSignup(cfg)
	if err != nil {
		return h, err
	}
	h.papers = papers{
		company: func() app.Company { return h.app.Company() }, signer: h.keys.PaperSigner,
		named: func(system, lang string) string { return h.app.SystemName(system, lang) },
	}
	systems, err := connect(configs, storeClock{h.store}, vaultOf(ctx, h.store, h.keys))
	if err != nil {
		return h, err
	}
	h.breakers = breaker.New(breaker.Options{Wall: when.Machine{}.Wall, Tell: func(o connector.Outage, broken bool) {
		log.Warn("far system", "system", o.System, "answers", !broken, "code", o.Code)
	}})
	for i := range systems {
		systems[i] = step.Marked(h.breakers.Watch(systems[i]), marks(h.keys, systems[i].Name))
	}
	named := step.Named(systems...)
	kinds := step.All(named)
	post, err := newPost(cfg, h.papers)
	if err != nil {
		return h, err
	}
	allow, err := prefixes(cfg.Outbound.Allow)
	if err != nil {
		return h, err
	}
	theirs, err := prefixes(cfg.Buckets.Allow)
	if err != nil {
		return h, err
	}
	post = cfg.Past.post(post, h.papers)
	h.app = app.New(app.Config{
		Print: h.papers.Keep,
		Store: h.store, Keys: h.keys, Blobs: blobs.Open(cfg.blobs()), Post: post, Checker: h.papers, Kinds: kinds, Playbook: book, Playbooks: books, Company: company, NoPortal: cfg.Portal == "none", Moved: moved, Connected: h.on,
		Outages: h.breakers.Broken, Hooks: outbound.NewPoster(allow), Buckets: s3put.New(theirs, when.Machine{}), PlainHooks: len(allow) > 0, Systems: named, Chat: h.papers.Chat,
		SignList: func(code string, body []byte) (string, error) { return audit.SignList(h.keys.LogSigner(), code, body) },
		Log: &app.LogKeys{
			Public: h.keys.LogPublic(), Kept: h.keys.ReadCheckpoints,
			SignPack: func(code string, manifest []byte) (string, error) {
				return evidence.Sign(h.keys.LogSigner(), code, manifest)
			},
		},
		Law: law, LawFacts: facts, Signup: signup, Lacks: func(lang string) int { return len(text.Gaps(lang)) }, Calendars: days, Calendar: cfg.Company.Calendar, Achievements: rules, Offers: offers, Segments: alike, ByHand: cfg.Mail.SMTP == "",
		Wake: func() {
			if h.engine != nil {
				h.engine.Wake()
			}
		},
	})
	if err := h.app.Refresh(ctx); err != nil {
		return h, err
	}
	name := id.New("node")
	h.engine = engine.New(engine.Config{
		App: h.app, Store: h.store, Kinds: kinds, Name: name, Alone: step.Named(systems...).Alone(), Workers: cfg.Engine.Workers, Lease: cfg.Engine.Lease,
		Heartbeat: cfg.Engine.Heartbeat, Poll: cfg.Engine.Poll, LogWait: cfg.Past.logWait(), Log: log,
	})
	h.sequencer = &engine.Sequencer{
		Log: h.store, Name: name, Every: cfg.Past.sequence(), Keep: h.keys.AppendCheckpoint, Logger: log,
		Sign: func(size int64, root []byte) (string, error) {
			return audit.Sign(h.keys.LogSigner(), size, tlog.Hash(root))
		},
	}
	return h, nil
}

// marks tell credentials of a system apart for whoever has our keys, and say
// nothing of them to anybody else.
func marks(keys *seal.Keys, system string) func(credential string) string {
	return func(credential string) string {
		h := hmac.New(sha256.New, keys.HMACKey("probe"))
		_, _ = h.Write([]byte(system + "\x00" + credential))
		return hex.EncodeToString(h.Sum(nil)[:16])
	}
}

// vaultOf opens the credentials that a database keeps sealed. It is asked as long
// as the systems are connected.
func vaultOf(ctx context.Context, s *store.Store, keys *seal.Keys) declaration.Vault {
	ctx = context.WithoutCancel(ctx)
	return func(name string) (string, string) {
		value, err := app.OpenSystemSecret(ctx, s, keys, name)
		switch {
		case err == nil:
			return value, ""
		case fault.KindOf(err) == fault.NotFound:
			return "", "system.sealed_missing"
		}
		return "", "system.sealed_unread"
	}
}

// openKeys opens the key folder; with PostgreSQL the wrapped keys of subjects
// live in a schema of their own that all nodes share.
func openKeys(ctx context.Context, cfg config) (*seal.Keys, error) {
	if !strings.HasPrefix(cfg.Database, "postgres") {
		return seal.OpenKeys(ctx, cfg.Keys.Dir, "")
	}
	db, err := sql.Open("pgx", cfg.Database)
	if err != nil {
		return nil, fault.Wrap("keys", err)
	}
	db.SetMaxOpenConns(4)
	return seal.OpenKeysPostgres(ctx, cfg.Keys.Dir, "", db)
}

// loadAchievements reads what customers achieve; nil where no file is named.
func loadAchievements(file string) (achievement.Rules, error) {
	if file == "" {
		return nil, nil
	}
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, fault.New(fault.Invalid, "file.unreadable", "file", file).At("achievements", err)
	}
	return achievement.Load(file, src)
}

// loadCalendars reads the calendars of the company beside the shipped ones.
func loadCalendars(cfg config) (*calendar.Set, error) {
	var own []calendar.File
	for _, file := range cfg.Calendars {
		src, err := os.ReadFile(file)
		if err != nil {
			return nil, fault.New(fault.Invalid, "file.unreadable", "file", file).At("calendars", err)
		}
		own = append(own, calendar.File{Name: file, Source: src})
	}
	set := calendar.Shipped() // read once
	if len(own) > 0 {
		var err error
		if set, err = calendar.With(own); err != nil {
			return nil, err
		}
	}
	if _, known := set.Of(cfg.Company.Calendar); cfg.Company.Calendar != "" && !known {
		return nil, fault.New(fault.Invalid, "calendar.unknown", "id", cfg.Company.Calendar, "known", strings.Join(set.IDs(), ", "))
	}
	return set, nil
}

// fits compares what the playbooks ask for with what the systems can do.
// Without any system, or for a playbook of the program, what is missing is only
// told when the server starts: a step that cannot go on asks a person.
func (h *house) fits(books []*playbook.Playbook) error {
	var found fault.List
	for _, b := range books {
		if _, ours := playbook.Builtin()[b.File]; len(h.on) > 0 && !ours {
			found = append(found, h.missing(b)...)
		}
	}
	return found.Or()
}

// missing is what a playbook asks for and no system can do.
func (h *house) missing(b *playbook.Playbook) fault.List {
	return fault.Fields(playbook.CheckSystems(b.File, b.Source, step.Specs(), h.on))
}

// warn tells, in the language of the house, what is missing in the playbooks that
// departures follow now. Those that are built in need a system only where one
// charges somebody.
func (h *house) warn(ctx context.Context) error {
	charged, err := h.app.Charged(ctx)
	if err != nil {
		return err
	}
	names := append([]string{cmp.Or(h.app.Company().Playbook, h.cfg.Playbook, defaultPlaybook)}, h.cfg.Playbooks...)
	for _, name := range names {
		if _, ours := playbook.Builtin()[name]; ours && !charged {
			continue
		}
		b, err := loadPlaybook(name)
		if err != nil {
			return err
		}
		for _, e := range h.missing(b) {
			h.log.Warn("playbook", "what", text.Error(h.app.Company().Language, e))
		}
	}
	return nil
}

// defaultPlaybook is followed when the configuration names none.
const defaultPlaybook = "saas-b2c"

// loadPlaybook reads the playbook of new cases: a file, or a built-in one by
// its name.
func loadPlaybook(name string) (*playbook.Playbook, error) {
	if name == "" {
		name = defaultPlaybook
	}
	src, ok := playbook.Builtin()[name]
	if !ok {
		var err error
		if src, err = os.ReadFile(name); err != nil {
			return nil, fault.New(fault.Invalid, "file.unreadable", "file", name).At("playbook", err)
		}
	}
	return readPlaybook(name, src)
}

// readPlaybook reads a playbook that tells customers everything in every language
// in which they are spoken to.
func readPlaybook(name string, src []byte) (*playbook.Playbook, error) {
	pb, err := playbook.Load(name, src, step.Specs())
	if err == nil {
		err = pb.Unsaid()
	}
	if err != nil {
		return nil, err
	}
	return pb, nil
}

func (h *house) close() {
	for i := len(h.closers) - 1; i >= 0; i-- {
		if err := h.closers[i](); err != nil {
			h.log.Warn("close", "err", err)
		}
	}
}

// handler is every address of the server.
func (h *house) handler() (http.Handler, error) {
	files, err := assets.Open()
	if err != nil {
		return nil, err
	}
	proxies, err := prefixes(h.cfg.Proxies)
	if err != nil {
		return nil, err
	}
	kit := &web.Kit{
		Proxies: proxies,
		Assets:  files, App: h.app, Log: h.log, Demo: h.cfg.Demo,
		Secure: strings.HasPrefix(h.cfg.PublicURL, "https:"),
	}
	staff := console.New(kit, console.Options{
		Verify: h.summary, About: h.about, Calendar: h.papers.Calendar, Feed: h.papers.Feed, Workbook: h.workbook, AccessWorkbook: h.accessWorkbook, ReasonWorkbook: h.reasonWorkbook, ExperimentWorkbook: h.experimentWorkbook, Letter: h.papers.Inset, Form: h.papers.Form,
		Preview: func(v *flow.View, node string) (templ.Component, bool) {
			return portal.Preview(kit, h.papers, v, node, storeClock{h.store}.Now())
		},
	})
	mux := http.NewServeMux()
	programs := api.New(kit, api.Options{PerMinute: h.cfg.Limits.Rate})
	mux.Handle("/assets/", files.Handler())
	for _, at := range []string{"/v1/", "/openapi.json", "/docs", "/docs/"} {
		mux.Handle(at, programs)
	}
	mux.Handle("/console", staff)
	mux.Handle("/console/", staff)
	mux.Handle("/", portal.Measured(h.app, portal.New(kit, h.papers)))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", (&readiness{h: h}).serve)
	mux.HandleFunc("GET /.well-known/hasta-log", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintln(w, h.keys.LogPublic())
	})
	mux.Handle(hooks.Pattern, hooks.New(h.app, h.log))
	csrf := http.NewCrossOriginProtection()
	csrf.AddInsecureBypassPattern(hooks.Pattern) // a signature in the message is all that counts there: no cookie does anything
	for _, at := range []string{"POST /{$}", "POST /withdraw"} {
		csrf.AddInsecureBypassPattern(at) // the form may stand on any page (hasta spool page): nothing that a browser adds counts there
	}
	csrf.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		kit.Fail(w, r, fault.New(fault.Forbidden, "request.foreign"))
	}))
	return web.Secure(csrf.Handler(mux)), nil
}

// run serves until ctx is over, then finishes what is under way.
func (h *house) run(ctx context.Context, ln net.Listener) error {
	handler, err := h.handler()
	if err != nil {
		return err
	}
	if err = h.warn(ctx); err == nil {
		debug.FreeOSMemory() // of what building all that took, little is kept
		err = h.while(ctx, func(ctx context.Context) error { return h.serve(ctx, ln, handler) })
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil // it was stopped while it was about to begin
	}
	return err
}

// while runs fn beside the engine and the sequencer, and lets both finish what
// is under way when it returns.
func (h *house) while(ctx context.Context, fn func(context.Context) error) error {
	work, stopWork := context.WithCancel(ctx)
	defer stopWork()
	log, stopLog := context.WithCancel(context.WithoutCancel(ctx))
	defer stopLog()
	var working, logging sync.WaitGroup
	working.Go(func() { _ = h.engine.Run(work) })
	logging.Go(func() { _ = h.sequencer.Run(log) })
	working.Go(func() { h.refresh(work) })
	if h.cfg.Spool.Dir != "" {
		working.Go(func() { h.deliver(work) })
	}
	err := fn(ctx)
	stopWork()
	working.Wait()
	stopLog() // last: what the engine wrote is sequenced before we go
	logging.Wait()
	return err
}

// refreshEvery is how long what another node, or a command, changed of the
// company may stay unseen.
const refreshEvery = 2 * time.Second

// refresh keeps up with changes of the company until ctx is over.
func (h *house) refresh(ctx context.Context) {
	tick := time.NewTicker(refreshEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := h.app.Refresh(ctx); err != nil && ctx.Err() == nil {
				h.log.Warn("company not read", "err", err)
			}
		}
	}
}

// serve answers until ctx is over.
func (h *house) serve(ctx context.Context, ln net.Listener, handler http.Handler) error {
	return serve(ctx, ln, handler, h.log)
}

func serve(ctx context.Context, ln net.Listener, handler http.Handler, log *slog.Logger) error {
	srv := &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: 90 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(ln) }()
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	down, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
	defer cancel()
	if e := srv.Shutdown(down); e != nil {
		log.Warn("shutdown", "err", e)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// summary verifies the log for the console.
func (h *house) summary(ctx context.Context) (console.AuditSummary, error) {
	rep, head, err := h.verify(ctx)
	if err != nil {
		return console.AuditSummary{}, err
	}
	s := console.AuditSummary{OK: rep.OK(), Size: head.Size, Root: head.Root.String(), Checkpoint: head.At, Entries: rep.Entries}
	for _, f := range rep.Findings {
		s.Problems = append(s.Problems, f.String())
	}
	return s, nil
}

// verify re-derives the whole log and compares it with what was signed.
func (h *house) verify(ctx context.Context) (audit.Report, audit.Head, error) {
	return h.verifyKeeping(ctx, 0)
}

// verifyKeeping is verify with so many findings; 0: as many as a page shows.
func (h *house) verifyKeeping(ctx context.Context, keep int) (audit.Report, audit.Head, error) {
	src, err := h.store.AuditSource(ctx)
	if err != nil {
		return audit.Report{}, audit.Head{}, err
	}
	defer src.Close()
	head, err := src.Head(ctx)
	if err != nil {
		return audit.Report{}, head, err
	}
	external, err := h.keys.ReadCheckpoints()
	if err != nil {
		return audit.Report{}, head, err
	}
	_, wall, err := h.store.Now(ctx)
	if err != nil {
		return audit.Report{}, head, err
	}
	rep, err := audit.Verify(ctx, src, audit.Options{
		Verifiers: h.keys.LogVerifiers(), External: external, Opener: h.keys, Now: wall, Grace: logLate, Keep: keep,
	})
	return rep, head, err
}
