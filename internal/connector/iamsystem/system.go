package iamsystem

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/httpcall"
	"hastaluego/internal/connector/sigv4"
	"hastaluego/internal/fault"
	"hastaluego/internal/outbound"
	"hastaluego/internal/when"
)

// System is one account of IAM behind its declaration. It is safe for concurrent
// use.
type System struct {
	*httpcall.Caller
	cfg  Config
	base string // without a slash at its end
	sts  string // likewise; where keys are tried
	us   sigv4.Key
}

var (
	_ connector.Access  = (*System)(nil)
	_ connector.Prober  = (*System)(nil)
	_ connector.Lister  = (*System)(nil)
	_ connector.SignIns = (*System)(nil)
	_ connector.Checker = (*System)(nil)
)

// New connects the declared account; it makes no call. The error is a fault.List
// of Invalid faults with JSON pointers as fields.
func New(cfg Config, clock when.Clock) (*System, error) {
	var list fault.List
	cfg = cfg.defaults()
	for _, p := range cfg.check() {
		list = append(list, p.Fault(cfg.System))
	}
	if len(list) > 0 {
		return nil, list
	}
	resolve := func(ref string, at ...string) string {
		v, code := cfg.Vault.Resolve(ref)
		if last := at[len(at)-1]; code == "" && (last == "base_url" || last == "url") {
			code = declaration.WrongURL(v, cfg.Allow)
		}
		if code != "" {
			list = append(list, declaration.Problem{At: declaration.Path(at...), Code: code, Args: []any{"ref", ref}}.Fault(cfg.System))
		}
		return v
	}
	s := &System{base: strings.TrimRight(resolve(cfg.BaseURL, "base_url"), "/")}
	id, secret := resolve(cfg.AccessKey, "access_key"), resolve(cfg.SecretKey, "secret_key")
	if cfg.Probe != nil {
		s.sts = strings.TrimRight(resolve(cfg.Probe.URL, "probe", "url"), "/")
	}
	if len(list) > 0 {
		return nil, list
	}
	s.cfg, s.us = cfg, sigv4.NewKey(id, secret)
	s.Caller = httpcall.New(cfg.System, clock, outbound.Options{Allow: cfg.Allow, Timeout: cfg.Timeout, Limit: cfg.Limit, Pace: declaration.Pace(cfg.Rate)})
	return s, nil
}

// Connector returns what the account can do.
func (s *System) Connector() connector.System {
	out := connector.System{Name: s.cfg.System, Level: s.Info().Level, Access: s, SignIns: s, Checker: s}
	if s.cfg.Probe != nil {
		out.Prober = s
	}
	if s.cfg.Owned != "" {
		out.Lister = s
	}
	return out
}

// Info describes the system.
func (s *System) Info() connector.Info { return s.cfg.Info() }

// String names the system and nothing more.
func (s *System) String() string { return KindName + ":" + s.cfg.System }

// Names as IAM allows them.
var (
	userName = regexp.MustCompile(`^[A-Za-z0-9_+=,.@-]{1,64}$`)
	keyID    = regexp.MustCompile(`^[A-Za-z0-9_]{16,128}$`)
)

// named takes the name of an access apart: USER/KEY.
func (s *System) named(op, account string) (user, id string, err error) {
	user, id, two := strings.Cut(account, "/")
	if !two || !userName.MatchString(user) || !keyID.MatchString(id) {
		return "", "", s.Say(fault.Invalid, "connector.bad_reference", 0).At(op, nil)
	}
	return user, id, nil
}

// read reads how a key stands; "" is one that is not there.
func (s *System) read(ctx context.Context, op, account string) (user string, k key, ans httpcall.Answer, err error) {
	user, id, err := s.named(op, account)
	if err != nil {
		return user, k, ans, err
	}
	all, ans, _, err := s.keys(ctx, op, user)
	if err != nil {
		return user, k, ans, err
	}
	if i := slices.IndexFunc(all, func(k key) bool { return k.ID == id }); i >= 0 {
		k = all[i]
		if k.Status == "" {
			return user, k, ans, s.Say(fault.Transient, "connector.unreadable", ans.Status).At(op, nil)
		}
	}
	return user, k, ans, nil
}

// ReadAccess asks whether the key is active. Whatever is not inactive lets in.
func (s *System) ReadAccess(ctx context.Context, account string) (st connector.AccessState, err error) {
	_, k, ans, err := s.read(ctx, "iamsystem.ReadAccess", account)
	if ans.Status != 0 {
		st.Answer = ans.Evidence()
	}
	if err != nil {
		return st, err
	}
	st.Found, st.Open, st.Status = k.ID != "", k.ID != "" && k.Status != inactive, k.Status
	return st, nil
}

// RevokeAccess makes the key inactive, or deletes it. It may be asked for again.
func (s *System) RevokeAccess(ctx context.Context, in connector.AccessInput) (connector.Receipt, error) {
	const op = "iamsystem.RevokeAccess"
	return s.change(ctx, op, in.Account, func(user string, k key) url.Values {
		switch {
		case k.ID == "", s.cfg.Close == Disable && k.Status == inactive: // it is so already
			return nil
		case s.cfg.Close == Delete:
			return form("DeleteAccessKey", "UserName", user, "AccessKeyId", k.ID)
		}
		return form("UpdateAccessKey", "UserName", user, "AccessKeyId", k.ID, "Status", inactive)
	})
}

// RestoreAccess makes the key active again; one that was deleted does not come back.
func (s *System) RestoreAccess(ctx context.Context, in connector.AccessInput) (connector.Receipt, error) {
	const op = "iamsystem.RestoreAccess"
	if s.cfg.Close == Delete {
		return connector.Receipt{}, s.Say(fault.Invalid, "connector.cannot_resume", 0).At(op, nil)
	}
	return s.change(ctx, op, in.Account, func(user string, k key) url.Values {
		if k.Status == active {
			return nil
		}
		_, id, _ := strings.Cut(in.Account, "/")
		return form("UpdateAccessKey", "UserName", user, "AccessKeyId", id, "Status", active)
	})
}

// change reads the key, and asks for what turn makes of it, where that is anything.
func (s *System) change(ctx context.Context, op, account string, turn func(user string, k key) url.Values) (connector.Receipt, error) {
	if _, id, err := s.named(op, account); err == nil && id == s.us.ID {
		return connector.Receipt{}, s.Say(fault.Invalid, "connector.own_access", 0).At(op, nil)
	}
	user, k, before, err := s.read(ctx, op, account)
	if err != nil {
		return connector.Receipt{}, err
	}
	out := map[string]any{"before": before.Evidence(), "status": k.Status}
	if v := turn(user, k); v != nil {
		after, f := s.post(ctx, op, v)
		if f != nil && v.Get("Action") == "DeleteAccessKey" && after.Element("Code") == noEntity {
			f = nil // somebody else was faster
		}
		if f != nil {
			return connector.Receipt{}, f
		}
		out["answer"] = after.Evidence()
	}
	raw, err := json.Marshal(out)
	if err != nil { // it always marshals
		raw = nil
	}
	return connector.Receipt{Answer: raw, At: s.Clock.Now()}, nil
}

// LastSignIn is when the key was last used, as IAM says; with its own key gone, it
// was not.
func (s *System) LastSignIn(ctx context.Context, account string) (time.Time, error) {
	const op = "iamsystem.LastSignIn"
	_, k, _, err := s.read(ctx, op, account)
	if err != nil || k.ID == "" {
		return time.Time{}, err
	}
	var p usedPage
	ans, err := s.look(ctx, op, form("GetAccessKeyLastUsed", "AccessKeyId", k.ID), &p)
	if ans.Status == http.StatusNotFound && ans.Element("Code") == noEntity {
		return time.Time{}, nil
	}
	return p.At, err
}

// ProbeAccess has the key ask who it is, and changes nothing. A key that holds no
// more is one that nobody knows: 403, InvalidClientTokenId.
func (s *System) ProbeAccess(ctx context.Context, account string) (connector.Probe, error) {
	const op = "iamsystem.ProbeAccess"
	_, id, err := s.named(op, account)
	if err != nil {
		return connector.Probe{}, err
	}
	secret, code := declaration.ResolveEach(s.cfg.Probe.Secret, account)
	if code != "" {
		return connector.Probe{}, s.Say(fault.NotFound, "connector.no_credential", 0).At(op, nil)
	}
	req, err := sigv4.Request(ctx, sigv4.NewKey(id, secret), sigv4.Scope{Service: "sts", Region: s.cfg.Region}, http.MethodGet,
		s.sts+"/?Action=GetCallerIdentity&Version="+stsVersion, nil, nil, s.Clock.Wall())
	if err != nil {
		return connector.Probe{}, fault.Wrap(op, err)
	}
	ans, failed := s.Do(req, true) // on a line of its own: one try is one try
	if failed != nil {
		return connector.Probe{}, s.Fault(op, failed, false)
	}
	said := ans.Element("Code")
	out := connector.Probe{Status: strings.TrimSpace(strconv.Itoa(ans.Status) + " " + said), SHA256: ans.Hash, At: s.Clock.Now(), With: connector.TriedWith(secret)}
	switch {
	case ans.Status == http.StatusOK && ans.Root() == "GetCallerIdentityResponse":
		out.In = true
		return out, nil
	case ans.Status == http.StatusForbidden && said == "InvalidClientTokenId":
		return out, nil
	}
	return connector.Probe{}, s.Unclear(op, ans, s.fault(op, ans, false))
}

// A user and a key that nobody has.
const (
	noUser = "hasta-luego-check"
	noKey  = "HASTALUEGOCHECK00000"
)

// Check asks about, and for a change of, a key that is not there: whoever may do
// that hears that it is not.
func (s *System) Check(ctx context.Context) error {
	const op = "iamsystem.Check"
	missing := func(ans httpcall.Answer, right string) error {
		if code := ans.Element("Code"); code == "AccessDenied" || code == "AccessDeniedException" {
			return fault.New(fault.Invalid, "connector.right_missing", "system", s.cfg.System, "right", "iam:"+right).At(op, nil)
		}
		return nil
	}
	_, ans, _, err := s.keys(ctx, op, noUser)
	if err != nil {
		if lack := missing(ans, "ListAccessKeys"); lack != nil {
			return lack
		}
		return err
	}
	act := form("UpdateAccessKey", "UserName", noUser, "AccessKeyId", noKey, "Status", inactive)
	if s.cfg.Close == Delete {
		act = form("DeleteAccessKey", "UserName", noUser, "AccessKeyId", noKey)
	}
	ans, f := s.post(ctx, op, act)
	switch {
	case f == nil, ans.Status == http.StatusNotFound && ans.Element("Code") == noEntity:
	case missing(ans, act.Get("Action")) != nil:
		return missing(ans, act.Get("Action"))
	case f.Kind == fault.Uncertain: // nobody has that key: nothing can have happened
		return s.Say(fault.Transient, "connector.unreachable", ans.Status).At(op, f)
	default:
		return f
	}
	id := s.us.ID // Amazon denies whatever is asked about a key that is not there
	if !keyID.MatchString(id) {
		id = noKey
	}
	var p usedPage
	if ans, err := s.look(ctx, op, form("GetAccessKeyLastUsed", "AccessKeyId", id), &p); err != nil {
		if lack := missing(ans, "GetAccessKeyLastUsed"); lack != nil {
			return lack
		}
		if ans.Element("Code") != noEntity {
			return err
		}
	}
	if s.cfg.Owned == "" {
		return nil
	}
	var users usersPage
	if ans, err := s.look(ctx, op, form("ListUsers", "MaxItems", "1"), &users); err != nil {
		if lack := missing(ans, "ListUsers"); lack != nil {
			return lack
		}
		return err
	}
	return nil
}
