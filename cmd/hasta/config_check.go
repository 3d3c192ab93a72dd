package main

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"hastaluego/internal/approval"
	"hastaluego/internal/fault"
	"hastaluego/internal/playbook"
	"hastaluego/internal/step"
	"hastaluego/internal/text"
)

type configCmd struct {
	Check configCheckCmd `cmd:"" help:"Report every problem of a configuration at file:line:column."`
	Show  configShowCmd  `cmd:"" help:"Print what holds: file, environment and flags together. Secrets stay references."`
}

type configCheckCmd struct {
	File string `arg:"" type:"existingfile"`
}

func (c configCheckCmd) Run(o out) error {
	src, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	problems := checkConfig(c.File, src)
	for _, p := range problems {
		report(o, p)
	}
	if len(problems) > 0 {
		return errCheck
	}
	fmt.Fprintf(o.stdout, "%s: good\n", c.File)
	return nil
}

// checkConfig finds every problem of a configuration file, in its order.
// Values of secrets never appear in what it says.
func checkConfig(name string, src []byte) []error {
	var cfg config
	out := unknownKeys(name, src)
	if err := yaml.Unmarshal(src, &cfg); err != nil {
		return append(out, yamlFault(name, err))
	}
	cfg.root(filepath.Dir(name))
	at := func(path, format string, args ...any) {
		out = append(out, placed(name, src, "$."+path, fmt.Errorf(format, args...)))
	}
	if cfg.Listen != "" {
		if _, _, err := net.SplitHostPort(cfg.Listen); err != nil {
			at("listen", "%q is not host:port such as 127.0.0.1:8780", cfg.Listen)
		}
	}
	if _, _, err := net.SplitHostPort(cfg.Spool.Listen); cfg.Spool.Listen != "" && err != nil {
		at("spool.listen", "%q is not host:port such as %s", cfg.Spool.Listen, spoolAt)
	}
	if _, err := prefixes(cfg.Proxies); err != nil {
		at("trusted_proxies", "%w", err)
	}
	if _, err := prefixes(cfg.Outbound.Allow); err != nil {
		at("outbound.allow", "%w", err)
	}
	if _, err := prefixes(cfg.Buckets.Allow); err != nil {
		at("buckets.allow", "%w", err)
	}
	if u, err := url.Parse(cfg.PublicURL); cfg.PublicURL != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "") {
		at("public_url", "%q is not an address such as https://bajas.example.com", cfg.PublicURL)
	}
	if _, err := cfg.Company.profile(cfg.PublicURL); err != nil {
		at("company.zone", "%w", err)
	}
	if l := cfg.Company.Locale; l != "" && !text.Speaks(l) {
		at("company.locale", "%q is none of %s", l, strings.Join(text.CustomerLangs(), ", "))
	}
	for _, m := range []struct{ path, value string }{{"company.email", cfg.Company.Email}, {"company.complaints", cfg.Company.Complaints}, {"mail.from", cfg.Mail.From}} {
		if _, err := mail.ParseAddress(m.value); m.value != "" && err != nil {
			at(m.path, "%q is not an e-mail address", m.value)
		}
	}
	if u, err := url.Parse(cfg.Mail.SMTP); cfg.Mail.SMTP != "" && (err != nil || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Host == "") {
		at("mail.smtp", "this is not an address such as smtp://user@mail.example.com:587")
	} else if err == nil && u.User != nil {
		if _, inline := u.User.Password(); inline {
			at("mail.smtp", "a password does not belong here; write mail.password: env:NAME or file:PATH")
		}
	}
	if _, err := secret(cfg.Mail.Password); err != nil {
		at("mail.password", "%w", err)
	}
	if l := cfg.Log.Level; l != "" && !slices.Contains([]string{"debug", "info", "warn", "error"}, l) {
		at("log.level", "%q is none of debug, info, warn, error", l)
	}
	if f := cfg.Log.Format; f != "" && f != "text" && f != "json" {
		at("log.format", "%q is none of text, json", f)
	}
	if e := cfg.Engine; e.Workers < 0 || e.Lease < 0 || e.Heartbeat < 0 || e.Poll < 0 || e.Lease > 0 && e.Heartbeat*2 > e.Lease {
		at("engine", "nothing here may be negative, and heartbeat must be at most half of lease")
	}
	if h := cfg.OnePerson; h != 0 && (h < approval.LeastHours || h > approval.MostHours) {
		at("one_person_hours", "%d is not between %d and %d", h, approval.LeastHours, approval.MostHours)
	}
	if p := cfg.Portal; p != "" && p != "public" && p != "none" {
		at("portal", "%q is none of public, none", p)
	} else if p == "none" && cfg.Company.Email == "" && cfg.Company != (companyConfig{}) { // where nothing is said of the company, the first start asks
		at("portal", "without a portal customers answer by mail: company.email is needed")
	}
	if cfg.Limits.Rate < 0 {
		at("limits.rate", "may not be negative")
	}
	return append(out, checkFiles(name, src, cfg)...)
}

// unknownKeys finds every key that means nothing here, and says which would.
func unknownKeys(name string, src []byte) []error {
	file, err := parser.ParseBytes(src, 0)
	if err != nil || len(file.Docs) == 0 {
		return nil // the reader says what is wrong
	}
	known := map[string][]string{} // by the path of their parent
	for _, s := range settings(&config{}) {
		parent := ""
		for key := range strings.SplitSeq(s.Key, ".") {
			if !slices.Contains(known[parent], key) {
				known[parent] = append(known[parent], key)
			}
			parent = strings.TrimPrefix(parent+"."+key, ".")
		}
	}
	var out []error
	var walk func(n ast.Node, parent string)
	walk = func(n ast.Node, parent string) {
		m, ok := n.(ast.MapNode)
		if !ok {
			return
		}
		for each := m.MapRange(); each.Next(); {
			token := each.Key().GetToken()
			path := strings.TrimPrefix(parent+"."+token.Value, ".")
			if slices.Contains(known[parent], token.Value) {
				walk(each.Value(), path)
				continue
			}
			if len(known[parent]) == 0 {
				out = append(out, fmt.Errorf("%s:%d:%d: nothing stands below %s here: it is one value", name, token.Position.Line, token.Position.Column, parent))
				return
			}
			out = append(out, fmt.Errorf("%s:%d:%d: there is no key %q here; there are: %s",
				name, token.Position.Line, token.Position.Column, token.Value, strings.Join(known[parent], ", ")))
		}
	}
	walk(file.Docs[0].Body, "")
	return out
}

// checkFiles checks the files that a configuration names.
func checkFiles(name string, src []byte, cfg config) []error {
	var out []error
	configs, err := declared(cfg.Systems)
	out = append(out, inFile(name, src, "$.systems", err)...)
	check := func(path, file string) {
		pb, err := loadPlaybook(file)
		if err == nil && len(configs) > 0 {
			err = playbook.CheckSystems(pb.File, pb.Source, step.Specs(), connected(configs))
		}
		out = append(out, inFile(name, src, path, err)...)
	}
	if cfg.Playbook != "" {
		check("$.playbook", cfg.Playbook)
	}
	if _, err := loadCalendars(cfg); err != nil {
		path := "$.company.calendar"
		if fault.CodeOf(err) != "calendar.unknown" {
			path = "$.calendars"
		}
		out = append(out, inFile(name, src, path, err)...)
	}
	if _, _, err := loadLaw(cfg); err != nil {
		path := "$.law.facts"
		if c := fault.CodeOf(err); c != "law.fact_unknown" && c != "law.fact_value" {
			path = "$.law.dir"
		}
		out = append(out, inFile(name, src, path, err)...)
	}
	if cfg.Law.Signup != "" {
		_, err := readFlow(cfg.Law.Signup)
		out = append(out, inFile(name, src, "$.law.signup", err)...)
	}
	_, err = loadAchievements(cfg.Achievements)
	out = append(out, inFile(name, src, "$.achievements", err)...)
	_, err = loadOffers(cfg.Offers)
	out = append(out, inFile(name, src, "$.offers", err)...)
	_, err = loadSegments(cfg.Segments)
	out = append(out, inFile(name, src, "$.segments", err)...)
	for i, p := range cfg.Playbooks {
		check(fmt.Sprintf("$.playbooks[%d]", i), p)
	}
	return out
}

// inFile tells problems of another file at their own places, and a file that
// cannot be read at the place that names it.
func inFile(name string, src []byte, path string, err error) []error {
	if err == nil {
		return nil
	}
	var list fault.List
	if !errors.As(err, &list) {
		return []error{placed(name, src, path, errors.New(explain(err)))}
	}
	var out []error
	for _, e := range list {
		out = append(out, e)
	}
	return out
}

type configShowCmd struct{ common }

func (c configShowCmd) Run(o out) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	for _, s := range settings(&cfg) {
		value := fmt.Sprint(s.Value.Interface())
		if u, err := url.Parse(value); err == nil && u.User != nil {
			value = u.Redacted()
		}
		fmt.Fprintf(o.stdout, "%s: %s\n", s.Key, value)
	}
	abs, err := filepath.Abs(cfg.Dir)
	if err == nil {
		fmt.Fprintf(o.stdout, "# everything that is kept on disk is below %s\n", abs)
	}
	return nil
}
