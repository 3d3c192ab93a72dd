// Package processorsystem declares processors: companies that hold data of customers
// for ours, and whose erasing cannot be read back. Nothing is called: they are asked
// by a letter or by a person, and end it with a receipt.
package processorsystem

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"net/mail"
	"strconv"
	"strings"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/when"
)

// KindName is the word for this connector in systems.yaml.
const KindName = "processor"

// Days within which a receipt is expected: when nothing is said, and at most.
const (
	DefaultDays = 15
	MostDays    = 90
)

// mostTitle is how long a name may be that stands on a certificate.
const mostTitle = 200

// Config declares one processor.
type Config struct {
	System string
	connector.OnBehalf

	keys, certificates []string // as they are written

	declaration.Places
}

// Kind reads entries of this kind.
func Kind() declaration.Kind { return declaration.Kind{Name: KindName, Read: read} }

func read(e *declaration.Entry) (declaration.Declared, bool) {
	mark := e.Mark()
	top := e.Top("title", "email", "ask", "language", "days", "keys", "certificates", "erase")
	if top == nil {
		return nil, false
	}
	c := Config{System: e.Name, keys: e.Words(top, nil, "keys"), certificates: e.Words(top, nil, "certificates")}
	c.Title, c.Email, c.Language = e.Word(top, nil, "title"), e.Word(top, nil, "email"), e.Word(top, nil, "language")
	c.Ask, c.Days = e.Table(top, nil, "ask"), DefaultDays
	if top.Has("days") {
		c.Days = e.Number(top, nil, "days")
	}
	where := declaration.Path("erase")
	for _, name := range e.Names(where) {
		at := declaration.Below(where, name)
		c.Holdings = append(c.Holdings, e.Held(e.Keys(at, declaration.HoldingKeys...), at, name))
	}
	good := e.Judge(mark, c.check())
	for _, s := range c.keys {
		key, _ := readKey(s)
		c.Keys = append(c.Keys, key)
	}
	for _, s := range c.certificates {
		sum, _ := readSum(s)
		c.Certificates = append(c.Certificates, sum)
	}
	c.Places = e.Places()
	return c, good
}

// check finds what is wrong with the declaration itself.
func (c Config) check() (found []declaration.Problem) {
	bad := func(key, code string, args ...any) {
		found = append(found, declaration.Problem{At: declaration.Path(key), Code: code, Args: args})
	}
	found = append(found, declaration.CheckName(c.System)...)
	switch title := strings.TrimSpace(c.Title); {
	case title == "":
		bad("title", "field.required")
	case len(title) > mostTitle:
		bad("title", "field.too_long", "max", mostTitle)
	}
	if a, err := mail.ParseAddress(c.Email); c.Email != "" && (err != nil || a.Name != "" || a.Address != c.Email) {
		bad("email", "field.email")
	}
	if c.Email == "" && len(c.Ask) == 0 {
		bad("email", "system.processor_unreached")
	}
	if c.Email != "" && len(c.Ask) > 0 {
		bad("ask", "system.not_here", "key", "ask")
	}
	found = append(found, declaration.CheckTitles(c.Ask, declaration.Path("ask"))...)
	if c.Language != "" {
		for _, p := range declaration.CheckTitles(map[string]string{c.Language: c.Language}, nil) {
			bad("language", p.Code, p.Args...)
		}
	}
	if c.Days < 1 || c.Days > MostDays {
		bad("days", "system.range", "min", "1", "max", strconv.Itoa(MostDays))
	}
	for i, s := range c.keys {
		if _, ok := readKey(s); !ok {
			found = append(found, declaration.Problem{At: declaration.Path("keys", strconv.Itoa(i)), Code: "system.ed25519"})
		}
	}
	for i, s := range c.certificates {
		if _, ok := readSum(s); !ok {
			found = append(found, declaration.Problem{At: declaration.Path("certificates", strconv.Itoa(i)), Code: "system.sha256"})
		}
	}
	if len(c.Holdings) == 0 {
		found = append(found, declaration.Problem{Code: "system.nothing_to_do", Args: []any{"keys", "erase"}})
	}
	for _, h := range c.Holdings {
		found = append(found, declaration.CheckHolding(h, declaration.Path("erase", h.Name), connector.Erase, connector.Anonymise)...)
	}
	return found
}

// readKey reads a public key of Ed25519: its 32 bytes, or what programs export (SPKI),
// in base64.
func readKey(s string) ([]byte, bool) {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(s))
	if err != nil {
		return nil, false
	}
	if len(raw) == ed25519.PublicKeySize {
		return raw, true
	}
	is, err := x509.ParsePKIXPublicKey(raw)
	key, ok := is.(ed25519.PublicKey)
	return key, err == nil && ok
}

// readSum reads the SHA-256 of a certificate, in hex, with colons or without.
func readSum(s string) ([]byte, bool) {
	raw, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(s), ":", ""))
	return raw, err == nil && len(raw) == sha256.Size
}

// Titles are who that is: a name, which is the same in every language.
func (c Config) Titles() map[string]string { return map[string]string{"es": c.Title, "en": c.Title} }

// Name of the system.
func (c Config) Name() string { return c.System }

// Info describes the system. What is erased does not come back; that it was, their
// receipt says and nobody else.
func (c Config) Info() connector.Info {
	return connector.Info{System: c.System, Kind: KindName, Level: connector.Example, Effect: connector.Ask, Undo: connector.Final}
}

// Can lists what the system can do.
func (c Config) Can() (can, actions []string) { return c.Connector().Can(), nil }

// Secrets are none.
func (c Config) Secrets() []string { return nil }

// Open connects nothing.
func (c Config) Open(when.Clock, declaration.Vault) (declaration.Opened, error) { return c, nil }

// Connector is whom it declares.
func (c Config) Connector() connector.System {
	p := c.OnBehalf
	return connector.System{Name: c.System, Processor: &p}
}

// Close has nothing to let go of.
func (c Config) Close() {}
