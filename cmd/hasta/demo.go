package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/goccy/go-yaml"

	"hastaluego/internal/app"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/demo"
	"hastaluego/internal/demo/peer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/ingest"
	"hastaluego/internal/risk"
	"hastaluego/internal/text"
)

type demoCmd struct {
	Lang     string `help:"Language of the sample company, es or en; otherwise that of the terminal." enum:",es,en" default:""`
	History  bool   `help:"Let the company live its last year first." default:"true" negatable:""`
	Dir      string `help:"Keep the demo in this folder; otherwise a temporary one is removed at the end." type:"path"`
	Listen   string `help:"Address to listen on." default:"127.0.0.1:0"`
	Database string `help:"postgres://… instead of the SQLite file of the folder."`
	SMTP     string `help:"smtp://host:port to hand letters to; otherwise they are files in the folder."`
	Systems  string `help:"File of further far systems, beside those of the sample company." type:"existingfile"`
	Playbook string `help:"Playbook that departures follow first, where it applies." type:"existingfile"`
	Clock    string `help:"http://host:port of a further far system that is told when business time moves (PUT /clock)."`
	LogLevel string `help:"debug, info, warn or error." default:"warn"`
}

// demoInfo is what the demo prints, and writes to demo.json in its folder for
// whoever drives it.
type demoInfo struct {
	Portal   string `json:"portal"`
	Customer string `json:"customer"` // signed link
	Console  string `json:"console"`  // one-time link
	Peer     string `json:"peer"`
	Token    string `json:"peer_token"`
	Database string `json:"database"`
	Keys     string `json:"keys_dir"`
	Systems  string `json:"systems"`
	Mail     string `json:"mail"`
}

func (c *demoCmd) Run(ctx context.Context, o out) (err error) {
	d, err := c.company()
	if err != nil {
		return err
	}
	dir := c.Dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "hasta-demo-"); err != nil {
			return err
		}
		defer os.RemoveAll(dir)
	} else if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return err
	}
	defer ln.Close()
	info := demoInfo{
		Portal: "http://" + ln.Addr().String() + "/", Token: id.Token(), Keys: filepath.Join(dir, "keys"),
		Systems: filepath.Join(dir, "systems.yaml"), Mail: filepath.Join(dir, "mail"), Database: c.Database,
	}
	if info.Database == "" {
		info.Database = filepath.Join(dir, "hasta.db")
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	billing, wait, err := startPeer(ctx, dir, &info)
	if err != nil {
		return err
	}
	defer wait()
	defer stop()
	cfg := config{
		Database: info.Database, Dir: dir, PublicURL: strings.TrimSuffix(info.Portal, "/"), Company: companyConfig(d.Company), Systems: info.Systems,
		Mail:   mailConfig{SMTP: c.SMTP, From: fmt.Sprintf("%s <%s>", d.Company.Name, d.Company.Email)},
		Engine: engineConfig{Workers: 8, Lease: 20 * time.Second, Poll: 250 * time.Millisecond}, Demo: true,
	}
	cfg.Keys.Dir = info.Keys
	cfg.Law.Facts, cfg.Law.Signup = d.Law, filepath.Join(dir, "signup.yaml")
	cfg.Segments = filepath.Join(dir, "segments.yaml")
	cfg.Outbound.Allow = []string{"127.0.0.0/8", "::1/128"}
	if c.Playbook != "" {
		cfg.Playbooks = []string{c.Playbook}
	}
	more, err := c.further()
	if err != nil {
		return err
	}
	if err := d.write(cfg, info, dir, ln.Addr().String(), more); err != nil {
		return err
	}
	moved := func(ctx context.Context, to time.Time) error {
		err := billing.SetClock(ctx, to)
		if err == nil && c.Clock != "" {
			err = peer.Client{Base: c.Clock}.SetClock(ctx, to)
		}
		return err
	}
	if c.History {
		if err := live(ctx, o, cfg, d, billing, filepath.Join(dir, "secrets"), c.LogLevel); err != nil {
			return err
		}
	}
	h, err := build(ctx, cfg, logger(o, c.LogLevel, ""), moved)
	if err != nil {
		return err
	}
	defer h.close()
	now, _, err := h.app.Now(ctx)
	if err == nil {
		err = moved(ctx, now)
	}
	if err != nil {
		return err
	}
	if err := h.furnish(ctx, d, billing, filepath.Join(dir, "secrets"), &info); err != nil {
		return err
	}
	raw, err := json.MarshalIndent(info, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "demo.json"), raw, 0o600); err != nil {
		return err
	}
	if err := d.greet(o, info, dir); err != nil {
		return err
	}
	return h.run(ctx, ln)
}

// further are the entries of the file of further systems.
func (c *demoCmd) further() (string, error) {
	if c.Systems == "" {
		return "", nil
	}
	src, err := os.ReadFile(c.Systems)
	if err != nil {
		return "", fault.New(fault.Invalid, "file.unreadable", "file", c.Systems).At("demo", err)
	}
	if _, err := declaration.Load(c.Systems, src, connectors()...); err != nil {
		return "", err
	}
	_, entries, _ := strings.Cut("\n"+string(src), "\nsystems:")
	_, entries, _ = strings.Cut(entries, "\n")
	return entries, nil
}

// write keeps what the demo is made of beside it, so that other commands find
// its systems too: doctor, system check, case dry-run.
func (s sample) write(cfg config, info demoInfo, dir, listen, more string) error {
	const token = "billing.token"
	cfg.Law.Signup, cfg.Segments = filepath.Base(cfg.Law.Signup), filepath.Base(cfg.Segments)
	database := filepath.Base(info.Database)
	if strings.Contains(info.Database, "://") {
		database = info.Database
	}
	items := yaml.MapSlice{
		{Key: "dir", Value: "."},
		{Key: "database", Value: database},
		{Key: "listen", Value: listen},
		{Key: "public_url", Value: cfg.PublicURL},
		{Key: "company", Value: cfg.Company},
		{Key: "mail", Value: cfg.Mail},
		{Key: "outbound", Value: cfg.Outbound},
		{Key: "law", Value: cfg.Law},
		{Key: "systems", Value: filepath.Base(info.Systems)},
		{Key: "segments", Value: cfg.Segments},
	}
	if len(cfg.Playbooks) > 0 {
		items = append(items, yaml.MapItem{Key: "playbooks", Value: cfg.Playbooks})
	}
	file, err := yaml.Marshal(items)
	if err != nil {
		return err
	}
	systems := strings.ReplaceAll(s.Systems(info.Peer, filepath.Join(dir, "secrets")), "env:HASTA_BILLING_TOKEN", "file:"+token) + more
	for name, content := range map[string][]byte{cfg.Law.Signup: demo.Signup, cfg.Segments: demo.Segments, token: []byte(info.Token), filepath.Base(info.Systems): []byte(systems), configName: file} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// company is the sample company in the language that was asked for, or else in
// that of the terminal.
func (c *demoCmd) company() (sample, error) {
	lang := c.Lang
	if lang == "" {
		lang = terminalLanguage(os.Getenv)
	}
	s, err := demo.In(lang)
	return sample{s, lang}, err
}

// terminalLanguage is Spanish where the terminal is, else English.
func terminalLanguage(env func(string) string) string {
	if strings.HasPrefix(cmp.Or(env("LC_ALL"), env("LC_MESSAGES"), env("LANG")), "es") {
		return "es"
	}
	return "en"
}

// sample is a sample company that speaks to the terminal.
type sample struct {
	demo.Sample
	lang string
}

func (s sample) say(code string, args ...any) string { return text.Say(s.lang, "demo."+code, args...) }

// greet tells where everything is.
func (s sample) greet(o out, info demoInfo, dir string) error {
	host, leaver := s.Named[0], s.Named[1]
	var logins, names []string
	for _, u := range s.Users {
		logins = append(logins, u.Login)
		names = append(names, u.Name)
	}
	var b strings.Builder
	line := func(label, value string) { fmt.Fprintf(&b, "  %-26s %s\n", label, value) }
	fmt.Fprintf(&b, "%s\n\n", s.say("title", "company", s.Company.Name))
	line(s.say("portal"), info.Portal)
	line(s.say("host", "name", host.Person), info.Customer)
	line("", "("+s.say("host.note")+")")
	line(s.say("console", "name", s.Users[0].Name), info.Console)
	line("", "("+s.say("console.note", "address", info.Portal+"console", "logins", strings.Join(logins, ", "), "password", s.Password)+")")
	b.WriteByte('\n')
	line(s.say("leaver"), leaver.Person+", "+leaver.Email)
	line(s.say("letters"), info.Portal+"console/outbox")
	line(s.say("folder"), dir)
	asks, approves := s.Finance()
	fmt.Fprintf(&b, "\n%s\n%s\n%s\n", s.say("hint", "names", strings.Join(names, ", ")), s.say("second", "first", asks.Name, "second", approves.Name, "login", approves.Login), s.say("end"))
	_, err := io.WriteString(o.stdout, b.String())
	return err
}

// startPeer starts the billing system as a process of its own, which ends with
// ours.
func startPeer(ctx context.Context, dir string, info *demoInfo) (peer.Client, func(), error) {
	self, err := os.Executable()
	if err != nil {
		return peer.Client{}, nil, err
	}
	cmd := exec.CommandContext(ctx, self, "peer", "--file", filepath.Join(dir, "billing.jsonl"))
	cmd.Env = append(os.Environ(), "HASTA_BILLING_TOKEN="+info.Token)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return peer.Client{}, nil, err
	}
	if err := cmd.Start(); err != nil {
		return peer.Client{}, nil, err
	}
	line, err := bufio.NewReader(pipe).ReadString('\n')
	if err != nil {
		return peer.Client{}, nil, fmt.Errorf("the billing system did not start: %w", err)
	}
	info.Peer = strings.TrimSpace(strings.TrimPrefix(line, "listening "))
	wait := func() {
		// It was killed with the context, so its status says nothing.
		_ = cmd.Wait()
	}
	return peer.Client{Base: info.Peer, Token: info.Token}, wait, nil
}

// furnish fills an empty demo with the sample company's people and customers,
// and mints the links that the demo prints.
func (h *house) furnish(ctx context.Context, d sample, billing peer.Client, secrets string, info *demoInfo) error {
	now, _, err := h.app.Now(ctx)
	if err != nil {
		return err
	}
	users, err := h.app.Users(ctx)
	if err != nil {
		return err
	}
	fresh := len(users) == 0
	if fresh {
		for _, u := range d.Users {
			if _, err := h.app.AddUser(ctx, "", app.UserInput{Login: u.Login, Name: u.Name, Password: d.Password, Roles: u.Roles}); err != nil {
				return err
			}
		}
		if users, err = h.app.Users(ctx); err != nil {
			return err
		}
	}
	rows := d.Customers(now, h.app.Company().Zone)
	if fresh {
		if err := h.app.PutRows(ctx, rows); err != nil {
			return err
		}
	}
	if err := h.tell(ctx, d, now); err != nil {
		return err
	}
	if err := billing.Seed(ctx, demo.Contracts(rows)); err != nil {
		return err
	}
	if err := d.giveAccounts(ctx, billing, rows, secrets); err != nil {
		return err
	}
	if info.Customer, err = h.hostLink(ctx, rows[0].Customer.Reference, 15*time.Minute); err != nil {
		return err
	}
	for _, u := range users {
		if u.Login != d.Users[0].Login {
			continue
		}
		token, err := h.app.OneTimeLink(ctx, u.ID)
		if err != nil {
			return err
		}
		info.Console = info.Portal + "console/once/" + token
	}
	return nil
}

// tell tells what the sample company's customers used and spent, once.
func (h *house) tell(ctx context.Context, d sample, now time.Time) error {
	system := app.Actor{ID: "system", Roles: []string{"admin"}}
	if list, err := h.app.ListRisks(ctx, system, risk.High, 1, 0); err != nil || !list.Rated.IsZero() {
		return err
	}
	var list []app.ReadingInput
	for _, r := range d.Readings(now, h.app.Company().Zone) {
		list = append(list, app.ReadingInput{Customer: r.Customer, Metric: r.Metric, Day: r.Day, Value: r.Value})
	}
	for part := range slices.Chunk(list, app.ReadingsMost) {
		if err := h.app.AddReadings(ctx, system, part); err != nil {
			return err
		}
	}
	return h.app.RateAll(ctx)
}

// giveAccounts makes the accounts of the product that customers have, and
// keeps the credential of each where the probe of systems.yaml finds it.
func (s sample) giveAccounts(ctx context.Context, far peer.Client, rows []ingest.Row, secrets string) error {
	if err := os.MkdirAll(secrets, 0o700); err != nil {
		return err
	}
	var accounts []peer.Account
	for _, r := range rows {
		if r.Grant.System != s.Others.System {
			continue
		}
		a := peer.Account{Name: r.Grant.Account, Secret: id.Token()}
		if err := os.WriteFile(filepath.Join(secrets, url.PathEscape(a.Name)), []byte(a.Secret), 0o600); err != nil {
			return err
		}
		accounts = append(accounts, a)
	}
	return far.SeedAccounts(ctx, accounts)
}
