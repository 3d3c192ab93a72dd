package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/playbook"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// config is the one configuration file, hasta.yaml. Secrets are references:
// env:NAME or file:PATH.
type config struct {
	Database  string        `yaml:"database" about:"SQLite file, or postgres://…; by default hasta.db in dir"`
	Dir       string        `yaml:"dir" about:"folder for the database, keys and mail; by default hasta-data beside the file"`
	Listen    string        `yaml:"listen" about:"address to listen on; by default 127.0.0.1:8780"`
	Proxies   []string      `yaml:"trusted_proxies" about:"blocks of addresses that are believed about whom they speak for (X-Forwarded-For)"` // 10.0.0.0/8: believed about whom they speak for
	PublicURL string        `yaml:"public_url" about:"address that stands in letters, without a slash at its end"`
	Portal    string        `yaml:"portal" about:"public; or none: customers cannot reach this address, letters have no links and are answered by mail"`
	Company   companyConfig `yaml:"company"`
	Mail      mailConfig    `yaml:"mail"`
	Keys      struct {
		Dir string `yaml:"dir" about:"folder of the keys, outside the database and its backups; by default keys in dir"`
	} `yaml:"keys"`
	Blobs    string `yaml:"blobs" about:"folder of what customers take along, sealed; several nodes need one that all of them see; by default blobs in dir"`
	Outbound struct {
		Allow []string `yaml:"allow" about:"private networks or addresses that webhooks may be sent to, and the only ones that may be without TLS"`
	} `yaml:"outbound"`
	Buckets struct {
		Allow []string `yaml:"allow" about:"private networks or addresses at which customers may name a store of their own for what they take along, and the only ones that may be without TLS; by default none"`
	} `yaml:"buckets"`
	Law struct {
		Dir    string   `yaml:"dir" about:"folder of packs of rules of one's own; a file with the name of a shipped pack stands in its place (law.md)"`
		Facts  []string `yaml:"facts" about:"what holds for every departure, such as seller.sector=software (law.md); what is not said is not known"`
		Signup string   `yaml:"signup" about:"file that describes how customers sign up, as a flow, so that leaving can be compared with joining (flow.md); a published flow may bring its own"`
	} `yaml:"law"`
	Spool struct {
		Dir    string `yaml:"dir" about:"folder of hasta spool, which takes requests down while this server or its database is away; what is in it is registered here"`
		Listen string `yaml:"listen" about:"address that hasta spool listens on; by default 127.0.0.1:8781"`
	} `yaml:"spool"`
	Systems  string `yaml:"systems" about:"file of far systems (systems.md)"`
	Playbook string `yaml:"playbook" about:"file, or name of a built-in one, that departures follow when no other applies; by default saas-b2c"`
	// Playbooks are tried before Playbook: files, or names of built-in ones.
	Playbooks []string `yaml:"playbooks" about:"files or names that are tried first, in order"`
	// Calendars are read beside those that come with the program.
	Calendars []string `yaml:"calendars" about:"files with holidays of your own (calendars.md)"`
	OnePerson int      `yaml:"one_person_hours" about:"one person works here: hours that it waits instead of a second one; the console may say otherwise afterwards"`
	Offers    string   `yaml:"offers" about:"folder of what may be proposed to whoever leaves, a file each, and of policy.yaml, which says to whom (offers.md); a file with the name of a shipped one stands in its place"`
	Segments  string   `yaml:"segments" about:"file of rules by which customers are alike (segments.md); by default there are none"`
	// Achievements are the figures that a goodbye may tell.
	Achievements string       `yaml:"achievements" about:"file of what customers achieve (achievements.md); by default how much they used the product"`
	Log          logConfig    `yaml:"log"`
	Engine       engineConfig `yaml:"engine"`
	Limits       limitsConfig `yaml:"limits"`
	Demo         bool         `yaml:"-"`
	Past         *past        `yaml:"-"` // while a demo lives its history
}

type limitsConfig struct {
	Rate int `yaml:"rate" about:"requests that an API key may send to this process in a minute; by default 600"`
}

type companyConfig struct {
	Name       string `yaml:"name" about:"as people call the company"`
	LegalName  string `yaml:"legal_name" about:"as it stands in papers"`
	Address    string `yaml:"address" about:"postal, one line"`
	Phone      string `yaml:"phone"`
	Email      string `yaml:"email"`
	Complaints string `yaml:"complaints" about:"e-mail address for complaints"`
	Signer     string `yaml:"signer" about:"who signs letters"`
	Zone       string `yaml:"zone" about:"time zone of dates; by default Europe/Madrid"`
	Country    string `yaml:"country" about:"ISO 3166-1"`
	Calendar   string `yaml:"calendar" about:"whose business days tasks are counted in, such as ES-MD (calendars.md); by default those of the country, or Monday to Friday where we have none"`
	Locale     string `yaml:"locale" about:"language of letters when nothing else is known; by default es"`
}

type mailConfig struct {
	SMTP     string `yaml:"smtp" about:"smtp://user@host:587; without it letters are files in dir/mail"` // smtp://user@host:587; the password is Password
	Password string `yaml:"password" about:"of the mail server, as env:NAME or file:PATH"`               // env:NAME or file:PATH
	From     string `yaml:"from" about:"sender of letters"`
	Selector string `yaml:"dkim_selector" about:"name of the key that the mail server signs with (DKIM); only hasta doctor asks for it"`
}

type logConfig struct {
	Level  string `yaml:"level" about:"debug, info, warn or error"` // debug, info, warn, error
	Format string `yaml:"format" about:"text or json"`              // text or json
}

type engineConfig struct {
	Workers   int           `yaml:"workers" about:"works at once; by default 8"`
	Lease     time.Duration `yaml:"lease" about:"a worker that says nothing for so long has lost its work; by default 1m"`
	Heartbeat time.Duration `yaml:"heartbeat" about:"at most half of lease; by default a third"`
	Poll      time.Duration `yaml:"poll" about:"how long to sleep at most when nothing is due; by default 1s"`
}

// common are the flags that every command with a database shares; they win
// over the file.
type common struct {
	Config   string `help:"Configuration file; otherwise hasta.yaml in --dir, if there is one." type:"path" env:"HASTA_CONFIG"`
	Database string `help:"SQLite file, or postgres://…" env:"HASTA_DATABASE"`
	Dir      string `help:"Folder for the database, keys and mail." type:"path" env:"HASTA_DIR"`
	KeysDir  string `help:"Folder of the keys; outside the database." type:"path" env:"HASTA_KEYS_DIR"`
}

// configName is what a configuration file is called that lies in the folder of
// what it is about.
const configName = "hasta.yaml"

// file is the configuration file, if there is one.
func (c common) file() string {
	if c.Config == "" && c.Dir != "" {
		if beside := filepath.Join(c.Dir, configName); isFile(beside) {
			return beside
		}
	}
	return c.Config
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// load reads the configuration: the file, then environment and flags.
func (c common) load() (config, error) {
	var cfg config
	if file := c.file(); file != "" {
		src, err := os.ReadFile(file)
		if err != nil {
			return cfg, fault.New(fault.Invalid, "file.unreadable", "file", file).At("config", err)
		}
		if cfg, err = parseConfig(file, src); err != nil {
			return cfg, err
		}
		cfg.root(filepath.Dir(file))
	}
	if err := fromEnvironment(&cfg, os.LookupEnv); err != nil {
		return cfg, err
	}
	for _, o := range []struct{ flag, field *string }{{&c.Database, &cfg.Database}, {&c.Dir, &cfg.Dir}, {&c.KeysDir, &cfg.Keys.Dir}} {
		if *o.flag != "" {
			*o.field = *o.flag
		}
	}
	if cfg.Dir == "" {
		cfg.Dir = "hasta-data"
	}
	if cfg.Database == "" {
		cfg.Database = filepath.Join(cfg.Dir, "hasta.db")
	}
	if cfg.Keys.Dir == "" {
		cfg.Keys.Dir = filepath.Join(cfg.Dir, "keys")
	}
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:8780"
	}
	return cfg, os.MkdirAll(cfg.Dir, 0o700)
}

// blobs is where the pieces of bundles lie: beside the keys where no folder is
// named.
func (cfg config) blobs() string {
	return cmp.Or(cfg.Blobs, filepath.Join(cmp.Or(cfg.Dir, filepath.Dir(cfg.Keys.Dir)), "blobs"))
}

// root makes the paths of a file start at its folder, wherever the program was
// started: one file never means two databases. Environment and flags start
// where the person is.
func (cfg *config) root(folder string) {
	if cfg.Dir == "" {
		cfg.Dir = "hasta-data"
	}
	at := func(path *string) {
		if *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(folder, *path)
		}
	}
	at(&cfg.Dir)
	if !strings.Contains(cfg.Database, "://") {
		at(&cfg.Database)
	}
	at(&cfg.Keys.Dir)
	at(&cfg.Blobs)
	at(&cfg.Systems)
	at(&cfg.Achievements)
	at(&cfg.Offers)
	at(&cfg.Segments)
	at(&cfg.Law.Dir)
	at(&cfg.Law.Signup)
	at(&cfg.Spool.Dir)
	builtin := playbook.Builtin()
	for _, p := range pointers(cfg.Calendars) {
		at(p)
	}
	for _, p := range append([]*string{&cfg.Playbook}, pointers(cfg.Playbooks)...) {
		if builtin[*p] == nil {
			at(p)
		}
	}
	if path, ok := strings.CutPrefix(cfg.Mail.Password, "file:"); ok {
		at(&path)
		cfg.Mail.Password = "file:" + path
	}
}

func pointers(list []string) []*string {
	out := make([]*string, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	return out
}

// parseConfig reads the file strictly; an error names file:line:column.
func parseConfig(name string, src []byte) (config, error) {
	var cfg config
	if err := yaml.UnmarshalWithOptions(src, &cfg, yaml.Strict()); err != nil {
		return cfg, yamlFault(name, err)
	}
	if _, err := cfg.Company.profile(cfg.PublicURL); err != nil {
		return cfg, placed(name, src, "$.company.zone", err)
	}
	if cfg.Company.Locale != "" && !text.Speaks(cfg.Company.Locale) {
		return cfg, placed(name, src, "$.company.locale", fmt.Errorf("%q is none of %s", cfg.Company.Locale, strings.Join(text.CustomerLangs(), ", ")))
	}
	return cfg, nil
}

// yamlFault turns an error of the YAML reader into file:line:column.
func yamlFault(name string, err error) error {
	var y yaml.Error
	if errors.As(err, &y) && y.GetToken() != nil {
		p := y.GetToken().Position
		return fmt.Errorf("%s:%d:%d: %s", name, p.Line, p.Column, y.GetMessage())
	}
	return fmt.Errorf("%s: %w", name, err)
}

// placed names the place of a value in the file.
func placed(name string, src []byte, path string, err error) error {
	p, perr := yaml.PathString(path)
	if perr != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	node, perr := p.ReadNode(strings.NewReader(string(src)))
	if perr != nil || node.GetToken() == nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	pos := node.GetToken().Position
	return fmt.Errorf("%s:%d:%d: %w", name, pos.Line, pos.Column, err)
}

// profile is the company as app knows it.
func (c companyConfig) profile(publicURL string) (app.Company, error) {
	zone := c.Zone
	if zone == "" {
		zone = "Europe/Madrid"
	}
	loc, err := when.Zone(zone)
	if err != nil {
		return app.Company{}, fmt.Errorf("%q is not a time zone such as Europe/Madrid", zone)
	}
	p := app.Company{
		Name: c.Name, LegalName: c.LegalName, Address: c.Address, Phone: c.Phone, Email: c.Email, Complaints: c.Complaints,
		Signer: c.Signer, Language: c.Locale, Country: c.Country, Zone: loc, PublicURL: strings.TrimSuffix(publicURL, "/"),
	}
	for _, d := range []struct {
		field *string
		value string
	}{{&p.Name, "Hasta Luego"}, {&p.LegalName, p.Name}, {&p.Complaints, p.Email}, {&p.Signer, p.Name}, {&p.Language, "es"}} {
		if *d.field == "" {
			*d.field = d.value
		}
	}
	return p, nil
}

// mailDir is where letters go as files when there is no mail server.
func (c config) mailDir() string { return filepath.Join(c.Dir, "mail") }

// prefixes reads blocks of addresses.
func prefixes(list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, s := range list {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("%q is not a block of addresses such as 10.0.0.0/8", s)
		}
		out = append(out, p)
	}
	return out, nil
}

// secret reads a reference: env:NAME or file:PATH.
func secret(ref string) (string, error) {
	switch {
	case ref == "":
		return "", nil
	case strings.HasPrefix(ref, "env:"):
		v := os.Getenv(ref[4:])
		if v == "" {
			return "", fmt.Errorf("the environment has no %s", ref[4:])
		}
		return v, nil
	case strings.HasPrefix(ref, "file:"):
		b, err := os.ReadFile(ref[5:])
		return strings.TrimSpace(string(b)), err
	default:
		return "", errors.New("a secret is written as env:NAME or file:PATH, never itself")
	}
}
