package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/flow"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/spool"
	"hastaluego/internal/text"
	"hastaluego/internal/web/assets"
	"hastaluego/internal/web/away"
	"hastaluego/internal/when"
)

type spoolCmd struct {
	Serve   spoolServeCmd   `cmd:"" default:"withargs" help:"Take requests down as files, for while the server or its database is away. It needs neither."`
	Page    spoolPageCmd    `cmd:"" help:"Print the form of a request as one page that needs no server: every language, no script, nothing from elsewhere."`
	Deliver spoolDeliverCmd `cmd:"" help:"Register what was taken down, each once and with its own time. A server that knows the folder does so by itself. Exit status 1 if anything stays behind."`
}

type spoolServeCmd struct {
	Config string `help:"Configuration file: its spool, trusted_proxies and company hold where no flag says otherwise." type:"path" env:"HASTA_CONFIG"`
	Dir    string `help:"Folder of the spool. It is made where it is not there." type:"path"`
	Listen string `help:"Address to listen on; by default 127.0.0.1:8781."`
	Most   int    `default:"100000" help:"Requests that may wait in the folder; more are refused in plain words. 0: as many as the disk holds."`
	Rate   int    `default:"60" help:"Requests from one network in ten minutes; 0: any number."`
}

// spoolAt is where the spool listens when nobody says otherwise.
const spoolAt = "127.0.0.1:8781"

func (c *spoolServeCmd) Run(ctx context.Context, o out) error {
	var cfg config
	if c.Config != "" {
		var err error
		if cfg, err = (common{Config: c.Config}).load(); err != nil {
			return err
		}
	}
	for _, of := range []struct{ field, flag *string }{{&cfg.Spool.Dir, &c.Dir}, {&cfg.Spool.Listen, &c.Listen}} {
		if *of.flag != "" {
			*of.field = *of.flag
		}
	}
	if cfg.Spool.Dir == "" {
		return fault.New(fault.Invalid, "field.required").On("spool.dir")
	}
	if cfg.Spool.Listen == "" {
		cfg.Spool.Listen = spoolAt
	}
	handler, err := c.handler(cfg, logger(o, cfg.Log.Level, cfg.Log.Format))
	if err != nil {
		return err
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Spool.Listen)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.stdout, "listening http://%s\n", ln.Addr())
	return serve(ctx, ln, handler, logger(o, cfg.Log.Level, cfg.Log.Format))
}

func (c *spoolServeCmd) handler(cfg config, log *slog.Logger) (http.Handler, error) {
	folder, err := spool.Open(cfg.Spool.Dir, c.Most)
	if err != nil {
		return nil, err
	}
	if err := folder.Sweep(when.Machine{}.Wall()); err != nil {
		log.Warn("what a killed spool left behind", "err", err)
	}
	files, err := assets.Open()
	if err != nil {
		return nil, err
	}
	proxies, err := prefixes(cfg.Proxies)
	if err != nil {
		return nil, err
	}
	who, err := cfg.Company.profile(cfg.PublicURL)
	if err != nil {
		return nil, err
	}
	forms, err := usualForms()
	if err != nil {
		return nil, err
	}
	return away.New(away.Options{Folder: folder, Assets: files, Start: away.ProfileOf(who, forms), Proxies: proxies, Rate: c.Rate, Wall: when.Machine{}.Wall, Log: log}), nil
}

// usualForms are those of the flow that comes with the program, under the law that
// passes everywhere: until the server says what was published.
func usualForms() (away.Forms, error) {
	f, err := readFlow("exit-first")
	if err != nil {
		return away.Forms{}, err
	}
	law := flow.Law{Name: jurisdiction.SafeEverywhere, Packs: []string{jurisdiction.SafeEverywhere}}
	variants := map[string]*flow.View{}
	for _, lang := range f.Languages {
		variants[lang] = f.Compile(law, flow.Variant{Law: law.Name, Language: lang, Device: "desktop"})
	}
	return away.FormsOf(f, variants, nil), nil
}

// profile is who the company is to its customers and how the flow in force asks
// them, for when nobody can be asked.
func (h *house) profile(ctx context.Context) (away.Profile, error) {
	f, _, err := h.app.FlowInForce(ctx)
	if err != nil {
		return away.Profile{}, err
	}
	variants := map[string]map[string]*flow.View{"": {}, app.Elsewhere: {}}
	for place, by := range variants {
		for _, lang := range text.CustomerLangs() {
			if !slices.Contains(f.Languages, lang) {
				continue
			}
			x, err := h.app.ExitOf(ctx, app.ExitFor{Place: place, Language: lang, Device: "desktop"})
			if err != nil {
				return away.Profile{}, err
			}
			by[lang] = x.View
		}
	}
	return away.ProfileOf(h.app.Company(), away.FormsOf(f, variants[""], variants[app.Elsewhere])), nil
}

type spoolPageCmd struct {
	common
	To string `help:"Where the form goes; by default public_url. The proxy there hands it to the spool while the server is away."`
}

func (c *spoolPageCmd) Run(ctx context.Context, o out) error {
	h, err := c.open(ctx, o) // what was answered in the browser wins over the file
	if err != nil {
		return err
	}
	defer h.close()
	who := h.app.Company()
	if who.Email == "" {
		return fault.New(fault.Invalid, "field.required").On("company.email")
	}
	to := c.To
	if to == "" {
		to = who.PublicURL
	}
	if to == "" {
		return fault.New(fault.Invalid, "field.required").On("public_url")
	}
	files, err := assets.Open()
	if err != nil {
		return err
	}
	known, err := h.profile(ctx)
	if err != nil {
		return err
	}
	page, err := away.Static(known, files, strings.TrimSuffix(to, "/")+"/")
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(o.stdout, page)
	return err
}

type spoolDeliverCmd struct {
	common
	Folder string `arg:"" optional:"" help:"Folder of the spool; by default spool.dir of the configuration." type:"path"`
}

func (c *spoolDeliverCmd) Run(ctx context.Context, o out) error {
	h, err := c.openToWrite(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	dir := c.Folder
	if dir == "" {
		dir = h.cfg.Spool.Dir
	}
	if dir == "" {
		return fault.New(fault.Invalid, "field.required").On("spool.dir")
	}
	if _, err := os.Stat(dir); err != nil { // a slip of the pen makes no folder
		return fault.New(fault.Invalid, "file.unreadable", "file", dir).At("spool", err)
	}
	folder, err := spool.Open(dir, 0)
	if err != nil {
		return err
	}
	known, err := h.profile(ctx)
	if err == nil {
		err = away.SaveProfile(dir, known)
	}
	if err != nil {
		return err
	}
	done := folder.Deliver(h.register(ctx))
	fmt.Fprintf(o.stdout, "%d registered, %d had been registered before\n", done.Fresh, done.Known)
	for _, name := range done.Aside {
		fmt.Fprintf(o.stdout, "laid aside, a person has to look: %s/aside/%s.json\n", dir, name)
	}
	if done.Left > 0 {
		fmt.Fprintf(o.stdout, "%d stay where they are\n", done.Left)
		return done.Err
	}
	rest, err := folder.Aside()
	if err == nil && len(rest) > 0 {
		fmt.Fprintf(o.stdout, "%d are laid aside\n", len(rest))
		return errCheck
	}
	return err
}

// register registers what was taken down while we were away.
func (h *house) register(ctx context.Context) spool.Register {
	return func(d spool.Declaration) (bool, error) {
		_, fresh, err := h.app.RegisterSpooled(ctx, app.ExitInput{
			Name: d.Name, AccountEmail: d.Account, ReceiptEmail: d.Receipt, Reference: d.Reference, When: d.When, Act: d.Act, Kind: d.Kind, Ground: d.Ground, Line: d.Line, Language: d.Language,
			Nonce: d.ID, Network: d.Network,
		}, d.At)
		return fresh, err
	}
}

// deliverEvery is how long what the spool took down may wait while everything
// is well.
const deliverEvery = 2 * time.Second

// deliver empties the spool until ctx is over, and tells it who the company is.
func (h *house) deliver(ctx context.Context) {
	var folder *spool.Folder
	var last string
	for {
		var err error
		if folder == nil {
			folder, err = spool.Open(h.cfg.Spool.Dir, 0)
		}
		if err == nil {
			err = h.empty(ctx, folder)
		}
		if said := fmt.Sprint(err); err != nil && said != last && ctx.Err() == nil { // once, not every two seconds
			h.log.Warn("spool", "err", err)
			last = said
		} else if err == nil {
			last = ""
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(deliverEvery):
		}
	}
}

func (h *house) empty(ctx context.Context, folder *spool.Folder) error {
	known, err := h.profile(ctx)
	if err == nil {
		err = away.SaveProfile(folder.Dir(), known)
	}
	if err != nil {
		return err
	}
	done := folder.Deliver(h.register(ctx))
	if done.Fresh+done.Known+len(done.Aside) > 0 {
		h.log.Info("spool", "registered", done.Fresh, "known", done.Known, "aside", len(done.Aside), "left", done.Left)
	}
	return errors.Join(done.Err, folder.Sweep(when.Machine{}.Wall()))
}

// profileOf says since when the spool knows who the company is.
func profileOf(dir string) (known bool, err error) {
	_, _, err = away.LoadProfile(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
