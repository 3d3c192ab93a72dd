package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/demo/peer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/playbook"
	"hastaluego/internal/step"
	"hastaluego/internal/web"
)

// logger writes to the terminal, without personal data. level and format may
// be empty.
func logger(o out, level, format string) *slog.Logger { return newLog(o.stderr, level, format) }

func newLog(w io.Writer, level, format string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo
	}
	o := &slog.HandlerOptions{Level: l}
	if format == "json" {
		return slog.New(quiet{slog.NewJSONHandler(w, o)})
	}
	return slog.New(quiet{slog.NewTextHandler(w, o)})
}

// open builds the house for a command that does one thing.
func (c common) open(ctx context.Context, o out) (*house, error) {
	cfg, err := c.load()
	if err != nil {
		return nil, err
	}
	return build(ctx, cfg, logger(o, "warn", cfg.Log.Format), nil)
}

// openToWrite is open for a command that changes something: closing the house
// gives what it wrote its place in the log, unless a server does so.
func (c common) openToWrite(ctx context.Context, o out) (*house, error) {
	h, err := c.open(ctx, o)
	if err != nil {
		return nil, err
	}
	h.closers = append(h.closers, func() error {
		over, stop := context.WithCancel(context.WithoutCancel(ctx))
		stop()
		return h.sequencer.Run(over)
	})
	return h, nil
}

type serveCmd struct {
	common
	Listen   string `help:"Address to listen on."`
	LogLevel string `help:"debug, info, warn or error."`
}

func (c *serveCmd) Run(ctx context.Context, o out) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	if c.Listen != "" {
		cfg.Listen = c.Listen
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return err
	}
	if cfg.PublicURL == "" {
		cfg.PublicURL = "http://" + ln.Addr().String()
	}
	if c.LogLevel != "" {
		cfg.Log.Level = c.LogLevel
	}
	h, err := build(ctx, cfg, logger(o, cfg.Log.Level, cfg.Log.Format), nil)
	if err != nil {
		return err
	}
	defer h.close()
	if cfg.OnePerson > 0 {
		if err := h.app.DeclareOnePerson(ctx, cfg.OnePerson); err != nil {
			return err
		}
	}
	if err := h.app.TidyBlobs(ctx); err != nil { // what is of no use does no harm
		h.log.Warn("pieces that belong to nothing stay", "err", err)
	}
	token, err := h.app.FirstLink(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.stdout, "listening %s\n", cfg.PublicURL) // from here on whoever stops it stops it well
	if token != "" {
		fmt.Fprintf(o.stdout, "nobody may sign in yet; the first person comes in here, once: %s/console/first/%s\n", cfg.PublicURL, token)
	}
	return h.run(ctx, ln)
}

type migrateCmd struct{ common }

func (c *migrateCmd) Run(ctx context.Context, o out) error {
	h, err := c.open(ctx, o) // opening migrates
	if err != nil {
		return err
	}
	h.close()
	fmt.Fprintln(o.stdout, "the database has the newest schema")
	return nil
}

type userCmd struct {
	Add   userAddCmd   `cmd:"" help:"Add a person who may sign in. The password is read from standard input."`
	Reset userResetCmd `cmd:"" help:"Make somebody's password useless and print a link with which they choose another, once, for a day."`
}

type userAddCmd struct {
	common
	Login string   `arg:""`
	Name  string   `required:""`
	Roles []string `required:"" help:"agent, finance, privacy, success, admin, auditor"`
}

func (c *userAddCmd) Run(ctx context.Context, o out) error {
	password, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if password = strings.TrimRight(password, "\r\n"); err != nil && password == "" {
		return fault.New(fault.Invalid, "field.required").On("password")
	}
	h, err := c.openToWrite(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	u, err := h.app.AddUser(ctx, "", app.UserInput{Login: c.Login, Name: c.Name, Password: password, Roles: c.Roles})
	if err == nil {
		fmt.Fprintf(o.stdout, "%s may sign in as %s\n", u.Name, u.Login)
	}
	return err
}

type userResetCmd struct {
	common
	Login string `arg:""`
}

func (c *userResetCmd) Run(ctx context.Context, o out) error {
	h, err := c.openToWrite(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	users, err := h.app.Users(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(users, func(u app.User) bool { return u.Login == strings.ToLower(c.Login) })
	if i < 0 {
		return fault.New(fault.NotFound, "not_found")
	}
	token, err := h.app.ResetPassword(ctx, app.Actor{ID: "system", Roles: []string{"admin"}}, users[i].ID)
	if err == nil {
		fmt.Fprintf(o.stdout, "%s/console/reset/%s\n", h.app.Company().PublicURL, token)
	}
	return err
}

type playbookCmd struct {
	Check  playbookCheckCmd  `cmd:"" help:"Report every problem of playbooks at file:line:column."`
	Schema playbookSchemaCmd `cmd:"" help:"Print the JSON Schema of playbooks, for editors."`
	Show   playbookShowCmd   `cmd:"" help:"Print a built-in playbook, to begin your own with; without a name, list them."`
}

type playbookSchemaCmd struct{}

func (playbookSchemaCmd) Run(o out) error {
	raw, err := playbook.Schema(step.Specs())
	if err != nil {
		return err
	}
	_, err = o.stdout.Write(raw)
	return err
}

type playbookShowCmd struct {
	Name string `arg:"" optional:""`
}

func (c playbookShowCmd) Run(o out) error {
	all := playbook.Builtin()
	if c.Name == "" {
		for _, name := range slices.Sorted(maps.Keys(all)) {
			fmt.Fprintln(o.stdout, name)
		}
		return nil
	}
	src, ok := all[c.Name]
	if !ok {
		return fault.New(fault.NotFound, "not_found").On(c.Name)
	}
	_, err := o.stdout.Write(src)
	return err
}

type playbookCheckCmd struct {
	Files   []string `arg:"" type:"existingfile"`
	Systems string   `help:"Check also that the systems of this file can do what the playbooks ask of them." type:"existingfile"`
	Packs   []string `help:"Compare with the law of these packs, as es,de; by default of all places. What is shorter than the law is told and is no mistake: what is better for the customer counts."`
	langFlag
}

func (c *playbookCheckCmd) Run(_ context.Context, o out) error {
	configs, err := declared(c.Systems)
	if err != nil {
		return err
	}
	law := jurisdiction.Shipped()
	packs := law.Places()
	if len(c.Packs) > 0 {
		chosen, err := law.Named(c.Packs...)
		if err != nil {
			return err
		}
		packs = nil
		for _, p := range chosen.Packs {
			packs = append(packs, p.Pack)
		}
	}
	var bad bool
	for _, f := range c.Files {
		src, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		pb, err := readPlaybook(f, src)
		if err == nil && c.Systems != "" {
			err = playbook.CheckSystems(f, src, step.Specs(), connected(configs))
		}
		if err != nil {
			bad = true
			report(o, err)
			continue
		}
		fmt.Fprintf(o.stdout, "%s: good, %s, %d steps\n", f, pb.Version(), len(pb.Steps()))
		gaps, err := app.LawOfPlaybook(pb, law, packs, today())
		if err != nil {
			return err
		}
		for _, g := range gaps {
			fmt.Fprintf(o.stdout, "  %s\n", web.GapWords(c.Lang, g, pb, law))
		}
	}
	if bad {
		return errCheck
	}
	return nil
}

type linkCmd struct {
	common
	Customer string        `arg:"" help:"Reference of the customer."`
	Life     time.Duration `default:"15m" help:"How long the link works, at most 15 minutes."`
}

func (c *linkCmd) Run(ctx context.Context, o out) error {
	h, err := c.openToWrite(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	link, err := h.hostLink(ctx, c.Customer, c.Life)
	if err == nil {
		fmt.Fprintln(o.stdout, link)
	}
	return err
}

// hostLink signs a link as the host product would.
func (h *house) hostLink(ctx context.Context, reference string, life time.Duration) (string, error) {
	var found customer.Customer
	var wall time.Time
	err := h.store.View(ctx, func(tx app.Tx) (err error) {
		wall = tx.Wall()
		found, err = tx.FindCustomerByReference(ctx, reference)
		return err
	})
	if fault.KindOf(err) == fault.NotFound {
		return "", fault.New(fault.NotFound, "not_found").On(reference)
	}
	if err != nil {
		return "", err
	}
	signed, err := app.SignHostLink(h.keys.HMACKey(app.HostLinkKey), app.HostClaim{
		Customer: found.ID, Expires: wall.Add(life - time.Second), ID: id.New("jti"), Language: h.app.Company().Language,
	})
	return h.app.Company().PublicURL + "/s/" + signed, err
}

type clockCmd struct {
	Show clockShowCmd `cmd:"" help:"Print business time and the next timer."`
	Push clockPushCmd `cmd:"" help:"Move business time forward, timer by timer, while a server runs."`
}

type clockShowCmd struct{ common }

func (c *clockShowCmd) Run(ctx context.Context, o out) error {
	h, err := c.open(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	now, _, err := h.app.Now(ctx)
	if err != nil {
		return err
	}
	next, err := h.app.NextTimer(ctx)
	if err != nil {
		return err
	}
	waits := "nothing waits for a date"
	if !next.IsZero() {
		waits = next.Format(time.RFC3339)
	}
	fmt.Fprintf(o.stdout, "now  %s\nnext %s\n", now.Format(time.RFC3339), waits)
	return nil
}

type clockPushCmd struct {
	common
	By time.Duration `required:"" help:"How far, such as 24h."`
}

func (c *clockPushCmd) Run(ctx context.Context, o out) error {
	h, err := c.openToWrite(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	now, _, err := h.app.Now(ctx)
	if err != nil {
		return err
	}
	to := now.Add(c.By)
	if err := h.app.PushClock(ctx, "", to); err != nil {
		return err
	}
	_, err = fmt.Fprintf(o.stdout, "it is %s here now, for good: whatever was due until then has been done\n", to.UTC().Format(time.RFC3339))
	return err
}

type peerCmd struct {
	Listen     string `default:"127.0.0.1:0"`
	File       string `required:"" type:"path"`
	Token      string `env:"HASTA_BILLING_TOKEN" required:""`
	IgnoreKeys bool   `help:"Apply every call again, whatever its key."`
}

func (c *peerCmd) Run(ctx context.Context, o out) error {
	return peer.Run(ctx, peer.Options{Listen: c.Listen, Token: c.Token, File: c.File, HonourKeys: !c.IgnoreKeys, Out: o.stdout})
}
