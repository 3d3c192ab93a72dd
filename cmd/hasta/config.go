package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/text"
)

// config is the one configuration file, hasta.yaml. Secrets are references:
// env:NAME or file:PATH.
type config struct {
	Database  string        `yaml:"database"`
	Dir       string        `yaml:"dir"`
	Listen    string        `yaml:"listen"`
	PublicURL string        `yaml:"public_url"`
	Company   companyConfig `yaml:"company"`
	Mail      mailConfig    `yaml:"mail"`
	Keys      struct {
		Dir string `yaml:"dir"`
	} `yaml:"keys"`
	Systems  string `yaml:"systems"`
	Playbook string `yaml:"playbook"`
	// Playbooks are tried before Playbook: files, or names of built-in ones.
	Playbooks []string     `yaml:"playbooks"`
	Log       logConfig    `yaml:"log"`
	Engine    engineConfig `yaml:"engine"`
	Demo      bool         `yaml:"-"`
}

type companyConfig struct {
	Name       string `yaml:"name"`
	LegalName  string `yaml:"legal_name"`
	Address    string `yaml:"address"`
	Phone      string `yaml:"phone"`
	Email      string `yaml:"email"`
	Complaints string `yaml:"complaints"`
	Signer     string `yaml:"signer"`
	Zone       string `yaml:"zone"`
	Country    string `yaml:"country"`
	Locale     string `yaml:"locale"`
}

type mailConfig struct {
	SMTP     string `yaml:"smtp"`     // smtp://user@host:587; the password is Password
	Password string `yaml:"password"` // env:NAME or file:PATH
	From     string `yaml:"from"`
}

type logConfig struct {
	Level  string `yaml:"level"`  // debug, info, warn, error
	Format string `yaml:"format"` // text or json
}

type engineConfig struct {
	Workers   int           `yaml:"workers"`
	Lease     time.Duration `yaml:"lease"`
	Heartbeat time.Duration `yaml:"heartbeat"`
	Poll      time.Duration `yaml:"poll"`
}

// common are the flags that every command with a database shares; they win
// over the file.
type common struct {
	Config   string `help:"Configuration file." type:"path" env:"HASTA_CONFIG"`
	Database string `help:"SQLite file, or postgres://…" env:"HASTA_DATABASE"`
	Dir      string `help:"Folder for the database, keys and mail." type:"path" env:"HASTA_DIR"`
	KeysDir  string `help:"Folder of the keys; outside the database." type:"path" env:"HASTA_KEYS_DIR"`
}

// load reads the configuration: the file, then environment and flags.
func (c common) load() (config, error) {
	var cfg config
	if c.Config != "" {
		src, err := os.ReadFile(c.Config)
		if err != nil {
			return cfg, fault.New(fault.Invalid, "file.unreadable", "file", c.Config).At("config", err)
		}
		if cfg, err = parseConfig(c.Config, src); err != nil {
			return cfg, err
		}
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

// parseConfig reads the file strictly; an error names file:line:column.
func parseConfig(name string, src []byte) (config, error) {
	var cfg config
	if err := yaml.UnmarshalWithOptions(src, &cfg, yaml.Strict()); err != nil {
		return cfg, yamlFault(name, err)
	}
	if _, err := cfg.Company.profile(cfg.PublicURL); err != nil {
		return cfg, placed(name, src, "$.company.zone", err)
	}
	if cfg.Company.Locale != "" && !text.Has(cfg.Company.Locale) {
		return cfg, placed(name, src, "$.company.locale", fmt.Errorf("%q is none of %s", cfg.Company.Locale, strings.Join(text.Langs(), ", ")))
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
	loc, err := time.LoadLocation(zone)
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
