// Package company is who the house belongs to: its profile, its logo and its
// colour, as customers meet them. It checks and adjusts what people typed; it
// stores nothing, draws nothing and words nothing.
package company

import (
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/text"
)

// Profile is what customers meet of a company. It is kept as JSON and written
// for people as YAML, under the same names.
type Profile struct {
	Name       string `json:"name" yaml:"name"`
	LegalName  string `json:"legal_name,omitempty" yaml:"legal_name,omitempty"`
	Address    string `json:"address,omitempty" yaml:"address,omitempty"`
	Phone      string `json:"phone,omitempty" yaml:"phone,omitempty"`
	Email      string `json:"email" yaml:"email"`
	Complaints string `json:"complaints,omitempty" yaml:"complaints,omitempty"` // e-mail address
	Signer     string `json:"signer,omitempty" yaml:"signer,omitempty"`
	// PublicURL is where customers reach the pages; empty: as the server was
	// started.
	PublicURL string `json:"public_url,omitempty" yaml:"public_url,omitempty"`
	// SenderName and SenderAddress are whom letters come from; empty: as the
	// server was started.
	SenderName    string            `json:"sender_name,omitempty" yaml:"sender_name,omitempty"`
	SenderAddress string            `json:"sender_address,omitempty" yaml:"sender_address,omitempty"`
	Signature     map[string]string `json:"signature,omitempty" yaml:"signature,omitempty"` // under letters, by language
	Links         Links             `json:"links,omitzero" yaml:"links,omitempty"`
	Colour        string            `json:"colour,omitempty" yaml:"colour,omitempty"` // #rrggbb; empty: ours
	Logo          string            `json:"logo,omitempty" yaml:"-"`                  // digest of its file; empty: ours
	Country       string            `json:"country,omitempty" yaml:"country,omitempty"`
	Zone          string            `json:"zone" yaml:"zone"`
	Currency      string            `json:"currency,omitempty" yaml:"currency,omitempty"`
	Language      string            `json:"language" yaml:"language"`
	// Playbook is the name of the built-in one that departures follow when no
	// other applies; empty: as the server was started.
	Playbook string `json:"playbook,omitempty" yaml:"playbook,omitempty"`
	// Reasons are the codes that customers are asked for; none: all.
	Reasons []string `json:"reasons,omitempty" yaml:"reasons,omitempty"`
	// Pack is the id of the pack of rules that is the company's own; empty: that
	// of its country.
	Pack string `json:"pack,omitempty" yaml:"pack,omitempty"`
	// Costs are for staff alone.
	Costs Costs `json:"costs,omitzero" yaml:"costs,omitempty"`
}

// Links are pages of the company's own site that customers are pointed to.
type Links struct {
	Refunds    string `json:"refunds,omitempty" yaml:"refunds,omitempty"`
	Warranty   string `json:"warranty,omitempty" yaml:"warranty,omitempty"`
	Complaints string `json:"complaints,omitempty" yaml:"complaints,omitempty"`
	Privacy    string `json:"privacy,omitempty" yaml:"privacy,omitempty"`
}

// Bounds of what is typed, in characters.
const (
	maxName      = 120
	maxAddress   = 300
	maxURL       = 500
	maxSignature = 400
	maxPack      = 40
	maxLines     = 6
)

// Check returns the profile with what was typed made tidy, or an error for each
// field that cannot stand.
func (p Profile) Check() (Profile, error) {
	c := checker{}
	p.Name = c.line("name", p.Name, maxName, true)
	p.LegalName = c.line("legal_name", p.LegalName, maxName, false)
	p.Address = c.line("address", p.Address, maxAddress, false)
	p.Phone = c.phone("phone", p.Phone)
	p.Email = c.email("email", p.Email, true)
	p.Complaints = c.email("complaints", p.Complaints, false)
	p.Signer = c.line("signer", p.Signer, maxName, false)
	p.PublicURL = c.home("public_url", p.PublicURL)
	p.SenderName = c.line("sender_name", p.SenderName, maxName, false)
	p.SenderAddress = c.email("sender_address", p.SenderAddress, false)
	p.Signature = c.signature(p.Signature)
	for _, l := range []struct {
		field string
		url   *string
	}{{"refunds", &p.Links.Refunds}, {"warranty", &p.Links.Warranty}, {"complaints_page", &p.Links.Complaints}, {"privacy", &p.Links.Privacy}} {
		*l.url = c.page(l.field, *l.url)
	}
	p.Colour = c.colour("colour", p.Colour)
	p.Country = c.country("country", p.Country)
	p.Zone = c.zone("zone", p.Zone)
	p.Currency = c.currency("currency", p.Currency, p.Country)
	p.Pack = PackOf(c.line("pack", p.Pack, maxPack, false))
	p.Costs = c.costs(p.Costs, p.Currency)
	p.Language = strings.TrimSpace(p.Language)
	if !text.Speaks(p.Language) {
		c.bad("field.choice", "language")
	}
	return p, c.faults.Or()
}

// PackOf is the id of a pack as it was written: once it was the country.
func PackOf(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// Changed names what differs between two profiles, in the order of the fields.
func Changed(was, is Profile) (list []string) {
	for _, f := range []struct {
		name    string
		changed bool
	}{
		{"name", was.Name != is.Name},
		{"legal_name", was.LegalName != is.LegalName},
		{"address", was.Address != is.Address},
		{"phone", was.Phone != is.Phone},
		{"email", was.Email != is.Email},
		{"complaints", was.Complaints != is.Complaints},
		{"signer", was.Signer != is.Signer},
		{"public_url", was.PublicURL != is.PublicURL},
		{"sender_name", was.SenderName != is.SenderName},
		{"sender_address", was.SenderAddress != is.SenderAddress},
		{"signature", !sameTexts(was.Signature, is.Signature)},
		{"links", was.Links != is.Links},
		{"colour", was.Colour != is.Colour},
		{"logo", was.Logo != is.Logo},
		{"country", was.Country != is.Country},
		{"zone", was.Zone != is.Zone},
		{"currency", was.Currency != is.Currency},
		{"language", was.Language != is.Language},
		{"playbook", was.Playbook != is.Playbook},
		{"reasons", !slices.Equal(was.Reasons, is.Reasons)},
		{"pack", was.Pack != is.Pack},
		{"costs", !was.Costs.same(is.Costs)},
	} {
		if f.changed {
			list = append(list, f.name)
		}
	}
	return list
}

func sameTexts(a, b map[string]string) bool {
	for lang, s := range a {
		if b[lang] != s {
			return false
		}
	}
	for lang, s := range b {
		if a[lang] != s {
			return false
		}
	}
	return true
}

// checker collects what is wrong.
type checker struct{ faults fault.List }

func (c *checker) bad(code, field string, args ...any) {
	c.faults = append(c.faults, fault.New(fault.Invalid, code, args...).On(field))
}

// line reads one line of words.
func (c *checker) line(field, s string, most int, required bool) string {
	s = strings.Join(strings.Fields(s), " ")
	switch {
	case s == "" && required:
		c.bad("field.required", field)
	case utf8.RuneCountInString(s) > most:
		c.bad("field.too_long", field, "max", most)
	case !plain(s):
		c.bad("field.invalid", field)
	}
	return s
}

// plain reports whether the text has nothing that hides, or turns the direction
// of writing.
func plain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' || unicode.Is(unicode.Cf, r) && r != '\u200d' && r != '\u200c' || r == '\u2028' || r == '\u2029'
	})
}

func (c *checker) phone(field, s string) string {
	s = c.line(field, s, 40, false)
	digits := 0
	for _, r := range s {
		if r >= '0' && r <= '9' {
			digits++
		} else if !strings.ContainsRune("+()-. /", r) {
			digits = -100
		}
	}
	if s != "" && digits < 3 {
		c.bad("field.invalid", field)
	}
	return s
}

func (c *checker) email(field, s string, required bool) string {
	s = strings.TrimSpace(s)
	if s == "" {
		if required {
			c.bad("field.required", field)
		}
		return ""
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) > 254 || !plain(s) || !strings.Contains(s[strings.LastIndexByte(s, '@'):], ".") {
		c.bad("field.email", field)
	}
	return s
}

// home reads the address of the pages: https, or http on this machine.
func (c *checker) home(field, s string) string {
	s = strings.TrimSuffix(strings.TrimSpace(s), "/")
	if s == "" {
		return ""
	}
	if !strings.Contains(s, "://") { // a name alone is what people call a domain
		s = "https://" + s
	}
	u, err := url.Parse(s)
	local := err == nil && (u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1" || u.Hostname() == "::1")
	switch {
	case err != nil || len(s) > maxURL || u.Host == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || !plain(s):
		c.bad("company.url", field)
	case u.Scheme != "https" && (u.Scheme != "http" || !local):
		c.bad("company.https", field)
	}
	return s
}

// page reads the address of a page of the company.
func (c *checker) page(field, s string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return ""
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || len(s) > maxURL || u.Host == "" || u.User != nil || !plain(s) || strings.ContainsAny(s, " \n\"<>\\"):
		c.bad("company.url", field)
	case u.Scheme != "https":
		c.bad("company.https", field)
	}
	return s
}

func (c *checker) signature(typed map[string]string) map[string]string {
	out := map[string]string{}
	for lang, s := range typed {
		field := "signature_" + lang
		if !text.Speaks(lang) {
			c.bad("field.choice", field)
			continue
		}
		var lines []string
		for line := range strings.Lines(strings.ReplaceAll(s, "\r\n", "\n")) {
			if line = strings.Join(strings.Fields(line), " "); line != "" {
				lines = append(lines, line)
			}
		}
		s = strings.Join(lines, "\n")
		switch {
		case utf8.RuneCountInString(s) > maxSignature:
			c.bad("field.too_long", field, "max", maxSignature)
		case len(lines) > maxLines:
			c.bad("company.lines", field, "max", maxLines)
		case !plain(s):
			c.bad("field.invalid", field)
		}
		if s != "" {
			out[lang] = s
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func (c *checker) colour(field, s string) string {
	if s = strings.ToLower(strings.TrimSpace(s)); s == "" {
		return ""
	}
	if !strings.HasPrefix(s, "#") {
		s = "#" + s
	}
	if len(s) == 4 { // #abc is #aabbcc
		s = "#" + strings.Repeat(s[1:2], 2) + strings.Repeat(s[2:3], 2) + strings.Repeat(s[3:4], 2)
	}
	if _, ok := parseColour(s); !ok {
		c.bad("company.colour", field)
	}
	return s
}

func (c *checker) country(field, s string) string {
	s = strings.ToUpper(strings.TrimSpace(s))
	if s != "" && (len(s) != 2 || strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "") {
		c.bad("field.choice", field)
	}
	return s
}

func (c *checker) zone(field, s string) string {
	s = strings.TrimSpace(s)
	switch _, err := time.LoadLocation(s); {
	case s == "":
		c.bad("field.required", field)
	case err != nil || s == "Local":
		c.bad("company.zone", field)
	}
	return s
}

// currency reads a code of ISO 4217; none is the one of the country.
func (c *checker) currency(field, s, country string) string {
	if s = strings.ToUpper(strings.TrimSpace(s)); s == "" {
		s = money.OfCountry(country)
	}
	if s == "" {
		return ""
	}
	if _, err := money.Digits(s); err != nil {
		c.bad("company.currency", field)
	}
	return s
}
