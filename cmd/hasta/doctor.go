package main

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/doctor"
	"hastaluego/internal/fault"
	"hastaluego/internal/limit"
	"hastaluego/internal/seal"
	"hastaluego/internal/store"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

type doctorCmd struct {
	common
	Names string `name:"dns" help:"Server of names to ask, as host:port; by default the machine's." env:"HASTA_DOCTOR_DNS"`
	CA    string `help:"File of further issuers of certificates that customers trust (PEM)." type:"existingfile"`
	Lang  string `help:"Language of the answer: es or en; by default that of the terminal."`
	JSON  bool   `help:"Answer as JSON."`
}

// told is a finding with its words.
type told struct {
	doctor.Finding
	What string `json:"what"`
	Do   string `json:"do,omitempty"`
}

func (c *doctorCmd) Run(ctx context.Context, o out) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	e := examination{cfg: cfg, file: c.file(), names: doctor.Resolver(c.Names), wall: when.Machine{}.Wall(), least: diskLeast, low: diskLow, wal: walMost}
	if c.CA != "" {
		pem, err := os.ReadFile(c.CA)
		if err != nil {
			return err
		}
		if e.roots, err = x509.SystemCertPool(); err != nil {
			return err
		}
		if !e.roots.AppendCertsFromPEM(pem) {
			return fault.New(fault.Invalid, "file.unreadable", "file", c.CA)
		}
	}
	rep := e.look(ctx)
	lang := c.Lang
	if !text.Has(lang) {
		lang = terminalLanguage(os.Getenv)
	}
	list := make([]told, len(rep))
	for i, f := range rep {
		list[i] = tellFinding(lang, f)
	}
	if c.JSON {
		err = json.NewEncoder(o.stdout).Encode(struct {
			OK       bool   `json:"ok"`
			Findings []told `json:"findings"`
		}{!rep.Faulty(), list})
	} else {
		for _, t := range list {
			fmt.Fprintf(o.stdout, "%-9s %s\n", text.Say(lang, "doctor.level."+string(t.Level)), t.What)
			if t.Do != "" {
				fmt.Fprintf(o.stdout, "%-9s %s\n", "", t.Do)
			}
		}
	}
	if err == nil && rep.Faulty() {
		return errCheck
	}
	return err
}

func tellFinding(lang string, f doctor.Finding) told {
	args := make([]any, len(f.Args))
	for i, a := range f.Args {
		args[i] = a
	}
	t := told{Finding: f, What: text.Say(lang, "doctor."+f.Code, args...)}
	if f.Level != doctor.OK {
		t.Do = text.Say(lang, "doctor."+f.Code+".do", args...)
	}
	return t
}

const (
	diskLow = 1 << 30
	walMost = 512 << 20 // it is cut to an eighth of that whenever nobody reads for long
	oldOne  = 2 * 24 * time.Hour
	tooOld  = 7 * 24 * time.Hour
)

// examination is one look at everything.
type examination struct {
	cfg        config
	file       string // of the configuration
	names      *net.Resolver
	roots      *x509.CertPool
	wall       time.Time
	least, low int64
	wal        int64

	logKey string // that our own house publishes, once the keys were seen
}

func (e *examination) look(ctx context.Context) (rep doctor.Report) {
	rep.Add("config", e.config())
	rep.Add("secrets", e.secrets())
	rep.Add("disk", e.disk())
	keys, list := e.keys(ctx)
	if keys != nil {
		defer keys.Close()
		e.logKey = keys.LogPublic()
	}
	rep.Add("keys", list)
	s, list := e.database(ctx)
	rep.Add("database", list)
	var vault declaration.Vault
	if s != nil {
		defer s.Close()
		if keys != nil {
			vault = vaultOf(ctx, s, keys)
		}
		rep.Add("log", e.log(ctx, s, keys))
		rep.Add("backup", e.backup(ctx, s))
		rep.Add("hold", e.hold(ctx, s))
		rep.Add("exit", e.exit(ctx, s))
		e.profile(ctx, s)
	}
	rep.Add("server", e.server(ctx, rep))
	if e.portal(ctx, s) {
		rep.Add("web", doctor.LookAtWeb(ctx, doctor.Web{URL: e.cfg.PublicURL, LogKey: e.logKey, Roots: e.roots, Names: e.names, Wall: e.wall}))
		rep.Add("proxies", e.proxies())
	} else { // nobody comes from outside
		rep.Add("web", []doctor.Finding{doctor.Found(doctor.OK, "web.no_portal")})
	}
	rep.Add("mail", e.mail(ctx))
	if domain := e.domain(); domain != "" {
		rep.Add("domain", doctor.LookAtDomain(ctx, e.names, domain, e.cfg.Mail.Selector))
	}
	rep.Add("systems", e.systems(ctx, vault))
	if e.cfg.Spool.Dir != "" {
		rep.Add("spool", e.spool(ctx))
	}
	return rep
}

// exit says whether leaving fails, or is slower than everything else, and which
// time limits of the law ran out.
func (e *examination) exit(ctx context.Context, s *store.Store) (list []doctor.Finding) {
	var f app.ExitFigures
	var late []limit.Limit
	err := s.View(ctx, func(tx app.Tx) (err error) {
		if f, err = app.ReadExitFigures(ctx, tx, time.UTC); err != nil {
			return err
		}
		late, err = tx.LateLimits(ctx, tx.Now(), lateMost)
		return err
	})
	if err != nil { // the database was told of already
		return nil
	}
	if f.Failing() {
		list = append(list, doctor.Found(doctor.Fault, "exit.fails", "n", strconv.Itoa(f.Failed), "days", strconv.Itoa(f.Days)))
	}
	if f.Slow() {
		list = append(list, doctor.Found(doctor.Warning, "exit.slow", "ms", strconv.FormatInt(f.ExitMS, 10), "other", strconv.FormatInt(f.OtherMS, 10)))
	}
	if len(late) > 0 {
		list = append(list, doctor.Found(doctor.Warning, "exit.late", "n", strconv.Itoa(len(late))))
	}
	return list
}

// lateMost is how many time limits that ran out are looked for.
const lateMost = 100

func (e *examination) postgres() bool { return strings.HasPrefix(e.cfg.Database, "postgres") }

// profile lets what administrators wrote down win over the file, as it does for
// customers. A database without it was told of already.
func (e *examination) profile(ctx context.Context, s *store.Store) {
	var list []app.CompanyVersion
	err := s.View(ctx, func(tx app.Tx) (err error) { list, err = tx.CompanyVersions(ctx, 1); return err })
	if err != nil || len(list) == 0 {
		return
	}
	p := list[0].Profile
	e.cfg.PublicURL = cmp.Or(p.PublicURL, e.cfg.PublicURL)
	e.cfg.Company.Name, e.cfg.Company.Email = p.Name, p.Email
	e.cfg.Mail.From = sender(app.Company{Name: p.Name, Email: p.Email, SenderName: p.SenderName, SenderAddress: p.SenderAddress}, e.cfg.Mail.From)
}

// config says what hasta config check says.
func (e *examination) config() (list []doctor.Finding) {
	if e.file == "" {
		return nil
	}
	src, err := os.ReadFile(e.file)
	if err != nil {
		return []doctor.Finding{doctor.Found(doctor.Fault, "config.bad", "why", explain(err))}
	}
	for _, p := range checkConfig(e.file, src) {
		list = append(list, doctor.Found(doctor.Fault, "config.bad", "why", explain(p)))
	}
	return list
}

// secrets looks at every reference to a secret, and at files that hold one.
func (e *examination) secrets() (list []doctor.Finding) {
	refs := []string{e.cfg.Mail.Password}
	if _, err := secret(e.cfg.Mail.Password); err != nil {
		list = append(list, doctor.Found(doctor.Fault, "secrets.missing", "name", e.cfg.Mail.Password))
	}
	if configs, err := declared(e.cfg.Systems); err == nil {
		for _, c := range configs { // one that is missing is what its system fails with
			refs = append(refs, c.Secrets()...)
		}
	}
	for _, ref := range refs {
		if path, ok := strings.CutPrefix(ref, "file:"); ok {
			list = append(list, doctor.LookAtReach("secrets.open", path)...)
		}
	}
	for _, path := range []string{e.file, e.cfg.Systems} {
		if src, err := os.ReadFile(path); err == nil && secretInURL.Match(src) {
			list = append(list, doctor.LookAtReach("secrets.open", path)...)
		}
	}
	return list
}

func (e *examination) disk() (list []doctor.Finding) {
	list = append(list, doctor.LookAtFolder(e.cfg.Dir)...)
	list = append(list, doctor.LookAtRoom(e.cfg.Dir, e.least, e.low)...)
	if !e.postgres() {
		list = append(list, doctor.LookAtReach("disk.open", e.cfg.Database)...)
	}
	return list
}

// keys opens the keys without making any.
func (e *examination) keys(ctx context.Context) (*seal.Keys, []doctor.Finding) {
	dir := e.cfg.Keys.Dir
	if !seal.HasKeys(dir) {
		return nil, []doctor.Finding{doctor.Found(doctor.Fault, "keys.none", "folder", dir)}
	}
	var list []doctor.Finding
	for _, name := range []string{"", "master.key", "log.key", "keys.db"} {
		list = append(list, doctor.LookAtMode("keys.open", filepath.Join(dir, name))...)
	}
	if len(list) > 0 {
		return nil, list // they would not be used either
	}
	k, err := openKeys(ctx, e.cfg)
	if fault.CodeOf(err) == "store.unavailable" { // they lie in the database, which is looked at itself
		return nil, []doctor.Finding{doctor.Found(doctor.Unknown, "keys.unread")}
	}
	if err != nil {
		return nil, []doctor.Finding{doctor.Found(doctor.Fault, "keys.unfit", "folder", dir, "why", explain(err))}
	}
	return k, nil
}

// database looks at the database without migrating it. It returns one that can
// be looked at further.
func (e *examination) database(ctx context.Context) (*store.Store, []doctor.Finding) {
	one := func(level doctor.Level, code string, args ...string) (*store.Store, []doctor.Finding) {
		return nil, []doctor.Finding{doctor.Found(level, code, args...)}
	}
	s, err := existing(ctx, e.cfg)
	if err != nil {
		return one(doctor.Fault, "database.away", "database", redacted(e.cfg.Database))
	}
	keep := false
	defer func() {
		if !keep {
			_ = s.Close()
		}
	}()
	has, err := s.Schema(ctx)
	if err != nil {
		return one(doctor.Fault, "database.empty", "database", redacted(e.cfg.Database))
	}
	newest, err := s.NewestSchema()
	switch {
	case err != nil:
		return one(doctor.Unknown, "database.unread", "why", explain(err))
	case has > newest:
		return one(doctor.Fault, "database.newer", "has", strconv.FormatInt(has, 10), "knows", strconv.FormatInt(newest, 10))
	case has < newest:
		return one(doctor.Fault, "database.older", "has", strconv.FormatInt(has, 10), "knows", strconv.FormatInt(newest, 10))
	}
	var list []doctor.Finding
	if err := (&house{store: s}).writable(ctx); err != nil {
		list = append(list, doctor.Found(doctor.Fault, "database.no_writing", "why", explain(err)))
	}
	health, err := s.Health(ctx)
	switch {
	case err != nil:
		list = append(list, doctor.Found(doctor.Fault, "database.unread", "why", explain(err)))
	case len(health.Damage) > 0:
		list = append(list, doctor.Found(doctor.Fault, "database.damaged", "why", health.Damage[0]))
	case health.Orphans > 0:
		list = append(list, doctor.Found(doctor.Fault, "database.orphans", "rows", strconv.FormatInt(health.Orphans, 10)))
	}
	if health.WAL > e.wal {
		list = append(list, doctor.Found(doctor.Warning, "database.wal", "mb", strconv.FormatInt(health.WAL>>20, 10)))
	}
	business, wall, err := s.Now(ctx)
	if ahead := business.Sub(wall); err == nil && ahead > time.Minute {
		list = append(list, doctor.Found(doctor.Warning, "clock.ahead", "minutes", strconv.Itoa(int(ahead.Minutes()))))
	}
	if err == nil && wall.Sub(e.wall).Abs() > time.Minute {
		list = append(list, doctor.Found(doctor.Fault, "clock.database", "seconds", strconv.Itoa(int(wall.Sub(e.wall).Abs().Seconds()))))
	}
	keep = true
	return s, list
}

func (e *examination) log(ctx context.Context, s *store.Store, keys *seal.Keys) (list []doctor.Finding) {
	if keys == nil {
		return []doctor.Finding{doctor.Found(doctor.Unknown, "log.unread")}
	}
	rep, head, err := (&house{store: s, keys: keys}).verify(ctx)
	if err != nil {
		return []doctor.Finding{doctor.Found(doctor.Fault, "log.unread")}
	}
	for _, f := range rep.Findings {
		code := "log.differs"
		if f.What == "pending_old" || f.What == "tail_unsigned" {
			code = "log.waits"
		}
		list = append(list, doctor.Found(doctor.Fault, code, "what", f.String()))
	}
	if len(list) == 0 {
		list = append(list, doctor.Found(doctor.OK, "log.verified", "entries", strconv.FormatInt(head.Size, 10)))
	}
	return list
}

func (e *examination) backup(ctx context.Context, s *store.Store) []doctor.Finding {
	var text string
	err := s.View(ctx, func(tx app.Tx) (err error) { text, _, err = tx.Setting(ctx, app.BackupSetting); return err })
	if err != nil {
		return []doctor.Finding{doctor.Found(doctor.Unknown, "database.unread", "why", explain(err))}
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return []doctor.Finding{doctor.Found(doctor.Warning, "backup.none")}
	}
	age := e.wall.Sub(at)
	level := doctor.Warning
	if age > tooOld {
		level = doctor.Fault
	}
	if age > oldOne {
		return []doctor.Finding{doctor.Found(level, "backup.old", "days", strconv.Itoa(int(age.Hours()/24)))}
	}
	return nil
}

// portal reports whether customers come from outside.
func (e *examination) portal(ctx context.Context, s *store.Store) bool {
	none := e.cfg.Portal == "none"
	if s != nil {
		_ = s.View(ctx, func(tx app.Tx) error { // a database that cannot be read was told before
			what, set, err := tx.Setting(ctx, app.PortalSetting)
			if err == nil && set {
				none = what == "none"
			}
			return err
		})
	}
	return !none
}

// hold says whether somebody, or a restore, holds back what would be done.
func (e *examination) hold(ctx context.Context, s *store.Store) (list []doctor.Finding) {
	err := s.View(ctx, func(tx app.Tx) error {
		list = nil
		what, _, err := tx.Setting(ctx, app.HoldSetting)
		if err != nil || what == "" {
			return err
		}
		n, err := tx.HeldWorks(ctx, app.HoldCounted)
		list = []doctor.Finding{doctor.Found(doctor.Warning, "hold.on", "what", what, "n", strconv.Itoa(n))}
		return err
	})
	if err != nil {
		return []doctor.Finding{doctor.Found(doctor.Unknown, "database.unread", "why", explain(err))}
	}
	return list
}

// server asks the server on this machine how it is. What was found already is
// not said twice.
func (e *examination) server(ctx context.Context, before doctor.Report) (list []doctor.Finding) {
	host, port, err := net.SplitHostPort(e.cfg.Listen)
	if err != nil {
		return nil // the configuration says so
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	at := net.JoinHostPort(host, port)
	rep, err := askReady(ctx, "http://"+at)
	if err != nil {
		return []doctor.Finding{doctor.Found(doctor.Fault, "server.silent", "at", at)}
	}
	for _, known := range []struct{ check, code string }{{"engine", "server.engine_late"}, {"sequencer", "server.log_waits"}} {
		if c, ok := rep.Checks[known.check]; ok && !c.OK {
			list = append(list, doctor.Found(doctor.Fault, known.code))
		}
	}
	for name := range rep.Checks {
		if before.At(strings.TrimPrefix(name, "keys_"), doctor.Fault) {
			delete(rep.Checks, name)
		}
	}
	if bad := rep.failed(true); bad != "" {
		list = append(list, doctor.Found(doctor.Fault, "server.not_ready", "what", bad))
	}
	return list
}

// askReady asks a server of ours what it says of itself.
func askReady(ctx context.Context, base string) (rep readyReport, err error) {
	ctx, stop := context.WithTimeout(ctx, 5*time.Second)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/readyz?verbose", nil)
	if err != nil {
		return rep, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return rep, err
	}
	defer res.Body.Close()
	return rep, json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&rep)
}

func (e *examination) proxies() []doctor.Finding {
	list, err := prefixes(e.cfg.Proxies)
	if err != nil {
		return nil // the configuration says so
	}
	for _, p := range list {
		if p.Bits() == 0 {
			return []doctor.Finding{doctor.Found(doctor.Fault, "proxies.everybody")}
		}
	}
	host, _, _ := net.SplitHostPort(e.cfg.Listen)
	if ip := net.ParseIP(host); len(list) == 0 && ip != nil && ip.IsLoopback() && strings.HasPrefix(e.cfg.PublicURL, "https:") {
		return []doctor.Finding{doctor.Found(doctor.Warning, "proxies.none")}
	}
	return nil
}

// domain is where letters come from.
func (e *examination) domain() string {
	for _, from := range []string{e.cfg.Mail.From, e.cfg.Company.Email} {
		if a, err := netmail.ParseAddress(from); err == nil {
			_, domain, _ := strings.Cut(a.Address, "@")
			return domain
		}
	}
	return ""
}

func (e *examination) mail(ctx context.Context) []doctor.Finding {
	if e.domain() == "" {
		return []doctor.Finding{doctor.Found(doctor.Fault, "mail.no_sender")}
	}
	if e.cfg.Mail.SMTP == "" {
		return []doctor.Finding{doctor.Found(doctor.Warning, "mail.folder", "folder", e.cfg.mailDir())}
	}
	if _, err := secret(e.cfg.Mail.Password); err != nil {
		return []doctor.Finding{doctor.Found(doctor.Unknown, "mail.unread")}
	}
	s, err := mailServer(e.cfg, e.names, e.roots)
	if err != nil {
		return []doctor.Finding{doctor.Found(doctor.Fault, "mail.unfit", "why", explain(err))}
	}
	from := e.cfg.Mail.From
	if from == "" {
		from = e.cfg.Company.Email
	}
	c, err := s.Check(ctx, from)
	switch code := fault.CodeOf(err); {
	case err == nil && !c.Encrypted && !c.Local:
		return []doctor.Finding{doctor.Found(doctor.Warning, "mail.plain")}
	case err == nil:
		return nil
	case strings.HasPrefix(code, "mail."):
		return []doctor.Finding{doctor.Found(doctor.Fault, code, "from", from)}
	default:
		return []doctor.Finding{doctor.Found(doctor.Fault, "mail.unfit", "why", explain(err))}
	}
}

func (e *examination) systems(ctx context.Context, vault declaration.Vault) (list []doctor.Finding) {
	configs, err := declared(e.cfg.Systems)
	if err != nil {
		return []doctor.Finding{doctor.Found(doctor.Fault, "systems.unread", "why", explain(err))}
	}
	for _, c := range configs {
		if r := checkSystem(ctx, c, vault); !r.OK {
			list = append(list, doctor.Found(doctor.Fault, "systems.failed", "system", r.System, "at", r.At, "why", r.Problem))
		}
	}
	return list
}

// healthCmd asks the server on this machine whether it is there: for a
// container, which has no other program to ask with.
type healthCmd struct{ common }

func (c *healthCmd) Run(ctx context.Context, o out) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	if list := (&examination{cfg: cfg}).server(ctx, nil); len(list) > 0 {
		fmt.Fprintln(o.stdout, tellFinding("en", list[0]).What)
		return errCheck
	}
	fmt.Fprintln(o.stdout, "ok")
	return nil
}
