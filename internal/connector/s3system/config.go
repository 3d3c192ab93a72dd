// Package s3system connects stores that speak the protocol of Amazon S3. An
// access is what a principal (a user, or its key) may do with a bucket, as the
// policy of the bucket says: it is denied everything, or taken out of whatever
// the policy allows, and can be tried with its own key. What others wrote into
// the policy stays as it is. It also gives away, or deletes, the objects below a prefix of
// each customer.
package s3system

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/when"
)

// KindName is the word for this connector in systems.yaml.
const KindName = "s3"

// What closing an access does to the policy of the bucket.
const (
	Deny   = "deny"   // a statement of ours denies it everything
	Remove = "remove" // it is taken out of every statement that allows something
)

const defaultRegion = "us-east-1"

// Config declares one bucket. It may be printed: what is secret is a reference.
type Config struct {
	System    string
	BaseURL   string // https://s3.eu-west-1.amazonaws.com, or env:NAME
	Region    string
	Bucket    string    // empty: it lets nobody in, and only gives away
	AccessKey string    // who we are there; a reference, or the text itself
	SecretKey string    // reference
	Principal string    // how the policy names an access, with the slot {reference}
	Close     string    // Deny or Remove
	ReadOnly  bool      // a statement of ours can leave an access to read
	Probe     *Probe    // nil: accesses cannot be tried
	Owned     string    // which principals are a customer's, with the slot {owner} and * for anything; empty: it cannot say
	Export    []Export  // in the order of the declaration; nil: it gives nothing away
	Erase     []Holding // the data map, in the order of the declaration
	Timeout   time.Duration
	Limit     int64   // bytes of an answer
	Rate      float64 // calls a second at most; zero: as fast as it answers
	Allow     []netip.Prefix

	declaration.Places
	Vault declaration.Vault // opens the sealed secrets
}

// Probe says how an access is tried: its own key lists the bucket or reads an
// object.
type Probe struct {
	Key    string // file:PATH with the slot {reference}: KEY:SECRET of each access
	Object string // what is read; empty: the bucket is listed
	Write  string // name of an object that it may write where it may write; empty: writing cannot be tried
}

// Kind reads entries of this kind.
func Kind() declaration.Kind { return declaration.Kind{Name: KindName, Read: read} }

func read(e *declaration.Entry) (declaration.Declared, bool) {
	mark := e.Mark()
	top := e.Top("base_url", "region", "bucket", "access_key", "secret_key", "principal", "close", "read_only", "probe", "inventory", "export", "erase", "timeout", "limit", "rate", "allow")
	if top == nil {
		return nil, false
	}
	c := Config{
		System: e.Name, BaseURL: e.Word(top, nil, "base_url"), Region: e.Word(top, nil, "region"), Bucket: e.Word(top, nil, "bucket"),
		AccessKey: e.Ref(top, nil, "access_key"), SecretKey: e.Ref(top, nil, "secret_key"), Principal: e.Word(top, nil, "principal"),
		Close: e.Word(top, nil, "close"), ReadOnly: e.Flag(top, nil, "read_only"), Owned: e.Word(top, nil, "inventory"),
		Timeout: e.Duration(top, nil, "timeout"), Limit: e.Size(top, nil, "limit"), Rate: e.Rate(top, nil, "rate"), Allow: e.Prefixes(top, nil, "allow"),
	}.defaults()
	if at := declaration.Path("probe"); top.Has("probe") {
		m := e.Keys(at, "key", "object", "write")
		c.Probe = &Probe{Key: e.Ref(m, at, "key"), Object: e.Word(m, at, "object"), Write: e.Word(m, at, "write")}
	}
	c.Export, c.Erase = readExport(e), readErase(e)
	found := c.check()
	for _, key := range []string{"principal", "close", "read_only", "probe", "inventory"} {
		if c.Bucket == "" && top.Has(key) {
			found = append(found, declaration.Problem{At: declaration.Path(key), Code: "system.needs", Args: []any{"key", key, "needs", "bucket"}})
		}
	}
	good := e.Judge(mark, found)
	c.Places = e.Places()
	return c, good
}

// defaults fills in what may be left out.
func (c Config) defaults() Config {
	if c.Region == "" {
		c.Region = defaultRegion
	}
	if c.Principal == "" {
		c.Principal = declaration.Slot
	}
	if c.Close == "" {
		c.Close = Deny
	}
	if c.Timeout == 0 {
		c.Timeout = declaration.DefaultTimeout
	}
	if c.Limit == 0 {
		c.Limit = declaration.DefaultLimit
	}
	return c
}

var (
	// bucket is a name as Amazon and its like allow it.
	bucket = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	region = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)
)

func goodBucket(name string) bool { return bucket.MatchString(name) && !strings.Contains(name, "..") }

// check finds what is wrong with the declaration itself.
func (c Config) check() (found []declaration.Problem) {
	bad := func(at []string, code string, args ...any) {
		found = append(found, declaration.Problem{At: at, Code: code, Args: args})
	}
	found = append(found, declaration.CheckName(c.System)...)
	switch {
	case c.BaseURL == "":
		bad(declaration.Path("base_url"), "field.required")
	case !declaration.IsEnv(c.BaseURL):
		if code := declaration.WrongURL(c.BaseURL, c.Allow); code != "" {
			bad(declaration.Path("base_url"), code)
		}
	}
	if !region.MatchString(c.Region) {
		bad(declaration.Path("region"), "system.region")
	}
	if (c.Bucket != "" || len(c.Export) == 0 && len(c.Erase) == 0) && !goodBucket(c.Bucket) {
		bad(declaration.Path("bucket"), "system.bucket")
	}
	if c.AccessKey == "" {
		bad(declaration.Path("access_key"), "field.required")
	}
	if code := declaration.CheckRef(c.SecretKey); code != "" {
		bad(declaration.Path("secret_key"), code)
	}
	if strings.Count(c.Principal, declaration.Slot) != 1 || strings.ContainsAny(c.Principal, "*?") {
		bad(declaration.Path("principal"), "system.slot_once", "slot", declaration.Slot)
	}
	if words := []string{Deny, Remove}; !slices.Contains(words, c.Close) {
		bad(declaration.Path("close"), "system.word", "words", strings.Join(words, ", "))
	}
	if at := declaration.Path("probe"); c.Probe != nil {
		if code := declaration.CheckEach(c.Probe.Key); code != "" {
			bad(declaration.Below(at, "key"), code, "slot", declaration.Slot)
		}
		for _, x := range []struct{ key, name string }{{"object", c.Probe.Object}, {"write", c.Probe.Write}} {
			if o := x.name; o != "" && (len(o) > 1024 || slices.ContainsFunc(strings.Split(o, "/"), func(s string) bool { return s == "" || s == "." || s == ".." })) {
				bad(declaration.Below(at, x.key), "system.object")
			}
		}
		if c.Probe.Write != "" && !c.ReadOnly {
			bad(declaration.Below(at, "write"), "system.needs", "key", "write", "needs", "read_only")
		}
	}
	if c.Owned != "" && strings.Count(c.Owned, declaration.OwnerSlot) != 1 {
		bad(declaration.Path("inventory"), "system.slot_once", "slot", declaration.OwnerSlot)
	}
	for _, x := range c.Export {
		found = append(found, x.check(c.Bucket)...)
	}
	for _, h := range c.Erase {
		found = append(found, h.check(c.Bucket)...)
	}
	found = append(found, declaration.CheckTimeout(c.Timeout)...)
	found = append(found, declaration.CheckLimit(c.Limit)...)
	found = append(found, declaration.CheckRate(c.Rate)...)
	return found
}

// principal is how the policy names an access.
func (c Config) principal(account string) string {
	return strings.Replace(c.Principal, declaration.Slot, account, 1)
}

// account is the access that the policy names so; false when it is none.
func (c Config) account(principal string) (string, bool) {
	before, after, _ := strings.Cut(c.Principal, declaration.Slot)
	name, starts := strings.CutPrefix(principal, before)
	name, ends := strings.CutSuffix(name, after)
	return name, starts && ends && usable(name)
}

// owned matches the principals of an owner; whatever its name holds is meant as
// it stands.
func (c Config) owned(owner string) *regexp.Regexp {
	parts := strings.Split(c.Owned, "*")
	for i, p := range parts {
		parts[i] = regexp.QuoteMeta(strings.Replace(p, declaration.OwnerSlot, owner, 1))
	}
	return regexp.MustCompile("^" + strings.Join(parts, ".*") + "$")
}

// Name of the system.
func (c Config) Name() string { return c.System }

// Info describes the system. Asking twice changes nothing more. What others
// allowed somebody who is taken out is remembered nowhere.
func (c Config) Info() connector.Info {
	undo := connector.Restorable
	if c.Close == Remove {
		undo = connector.Final
	}
	return connector.Info{System: c.System, Kind: KindName, Level: connector.RealPeer, Effect: connector.Idempotent, Undo: undo}
}

// Can lists what the system can do.
func (c Config) Can() (can, actions []string) { return (&System{cfg: c}).Connector().Can(), nil }

// Secrets are the references to secrets that it needs.
func (c Config) Secrets() []string {
	if declaration.IsRef(c.AccessKey) {
		return []string{c.AccessKey, c.SecretKey}
	}
	return []string{c.SecretKey}
}

// Open connects it.
func (c Config) Open(clock when.Clock, vault declaration.Vault) (declaration.Opened, error) {
	c.Vault = vault
	s, err := New(c, clock)
	if err != nil {
		return nil, err
	}
	return s, nil
}
