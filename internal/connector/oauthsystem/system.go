package oauthsystem

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/httpcall"
	"hastaluego/internal/fault"
	"hastaluego/internal/outbound"
	"hastaluego/internal/when"
)

// System is one authorization server behind its declaration. It is safe for
// concurrent use.
type System struct {
	*httpcall.Caller
	cfg Config
	at  map[string]string // addresses, by their key
	// secret is a closure so that no way of printing a System shows it.
	secret func() string
}

var (
	_ connector.Access  = (*System)(nil)
	_ connector.Prober  = (*System)(nil)
	_ connector.Checker = (*System)(nil)
)

// New connects the declared server; it makes no call. The error is a fault.List
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
	at := map[string]string{}
	for key, ref := range cfg.addresses() {
		if ref == "" {
			continue
		}
		address, code := cfg.Vault.Resolve(ref)
		if code == "" {
			code = declaration.WrongURL(address, cfg.Allow)
		}
		if code != "" {
			list = append(list, declaration.Problem{At: declaration.Path(key), Code: code, Args: []any{"ref", ref}}.Fault(cfg.System))
		}
		at[key] = address
	}
	secret, code := cfg.Vault.Resolve(cfg.ClientSecret)
	if code != "" {
		list = append(list, declaration.Problem{At: declaration.Path("client_secret"), Code: code, Args: []any{"ref", cfg.ClientSecret}}.Fault(cfg.System))
	}
	if len(list) > 0 {
		return nil, list
	}
	return &System{
		Caller: httpcall.New(cfg.System, clock, outbound.Options{Allow: cfg.Allow, Timeout: cfg.Timeout, Limit: cfg.Limit, Pace: declaration.Pace(cfg.Rate)}),
		cfg:    cfg, at: at, secret: func() string { return secret },
	}, nil
}

// Connector returns what the server can do.
func (s *System) Connector() connector.System {
	out := connector.System{Name: s.cfg.System, Level: s.Info().Level, Access: s, Checker: s}
	if s.cfg.Resource != "" {
		out.Prober = s
	}
	return out
}

// Info describes the system.
func (s *System) Info() connector.Info { return s.cfg.Info() }

// String names the system and nothing more.
func (s *System) String() string { return KindName + ":" + s.cfg.System }

// ask posts a token to an address of the server, as the declared client (RFC
// 6749 section 2.3.1).
func (s *System) ask(ctx context.Context, key, token string) (*http.Request, error) {
	form := url.Values{"token": {token}, "token_type_hint": {s.cfg.TokenKind}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.at[key], strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "hasta-luego")
	req.SetBasicAuth(url.QueryEscape(s.cfg.ClientID), url.QueryEscape(s.secret()))
	return req, nil
}

// token reads the token of an access; without it nothing can be said of it.
func (s *System) token(op string, kind fault.Kind, account string) (string, error) {
	if !httpcall.Usable(account) {
		return "", s.Say(fault.Invalid, "connector.bad_reference", 0).At(op, nil)
	}
	token, code := declaration.ResolveEach(s.cfg.Token, account)
	if code != "" {
		return "", s.Say(kind, "connector.no_credential", 0).At(op, nil)
	}
	return token, nil
}

// ReadAccess asks the server whether the token is active. A token that we do not
// hold is no closed access: Invalid, connector.no_credential.
func (s *System) ReadAccess(ctx context.Context, account string) (connector.AccessState, error) {
	const op = "oauthsystem.ReadAccess"
	token, err := s.token(op, fault.Invalid, account)
	if err != nil {
		return connector.AccessState{}, err
	}
	return s.introspect(ctx, op, token)
}

func (s *System) introspect(ctx context.Context, op, token string) (st connector.AccessState, err error) {
	req, err := s.ask(ctx, "introspect", token)
	if err != nil {
		return st, fault.Wrap(op, err)
	}
	ans, err := s.Call(op, req, false)
	if ans.Status != 0 {
		st.Answer = ans.Evidence("active", "token_type", "exp")
	}
	if err != nil {
		if fault.KindOf(err) == fault.NotFound { // the address is wrong: this says nothing of the token
			err = s.Say(fault.Invalid, "connector.refused", ans.Status).At(op, nil)
		}
		return st, err
	}
	active, said := ans.At("active").(bool)
	if !said {
		return st, s.Say(fault.Transient, "connector.unreadable", ans.Status).At(op, nil)
	}
	if st.Found, st.Open, st.Status = true, active, "inactive"; active {
		st.Status = "active"
	}
	return st, nil
}

// RevokeAccess revokes the token. The status says it all (RFC 7009 section
// 2.2): whatever the body of a success holds is ignored.
func (s *System) RevokeAccess(ctx context.Context, in connector.AccessInput) (connector.Receipt, error) {
	const op = "oauthsystem.RevokeAccess"
	token, err := s.token(op, fault.Invalid, in.Account)
	if err != nil {
		return connector.Receipt{}, err
	}
	req, err := s.ask(ctx, "revoke", token)
	if err != nil {
		return connector.Receipt{}, fault.Wrap(op, err)
	}
	ans, failed := s.Do(req, true)
	if failed != nil {
		return connector.Receipt{}, s.Fault(op, failed, true)
	}
	receipt := connector.Receipt{Answer: ans.Evidence(), At: s.Clock.Now()}
	if ans.Status >= 200 && ans.Status < 300 {
		return receipt, nil
	}
	if f := s.Class(op, ans, true); f != nil {
		return receipt, f
	}
	return receipt, nil
}

// RestoreAccess is never possible: another token is issued.
func (s *System) RestoreAccess(context.Context, connector.AccessInput) (connector.Receipt, error) {
	return connector.Receipt{}, s.Say(fault.Invalid, "connector.cannot_resume", 0).At("oauthsystem.RestoreAccess", nil)
}

// ProbeAccess uses the token at the declared resource, with nothing of ours. 401
// is the refusal of a token that holds no more (RFC 6750 section 3.1).
func (s *System) ProbeAccess(ctx context.Context, account string) (connector.Probe, error) {
	const op = "oauthsystem.ProbeAccess"
	token, err := s.token(op, fault.NotFound, account)
	if err != nil {
		return connector.Probe{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.at["resource"], nil)
	if err != nil {
		return connector.Probe{}, fault.Wrap(op, err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("User-Agent", "hasta-luego")
	ans, failed := s.Do(req, false)
	if failed != nil {
		return connector.Probe{}, s.Fault(op, failed, false)
	}
	out := connector.Probe{Status: strconv.Itoa(ans.Status), SHA256: ans.Hash, At: s.Clock.Now(), With: connector.TriedWith(token)}
	switch {
	case ans.Status >= 200 && ans.Status < 300:
		out.In = true
		return out, nil
	case ans.Status == http.StatusUnauthorized && !ans.Throttled():
		return out, nil
	}
	return connector.Probe{}, s.Unclear(op, ans, s.Class(op, ans, false))
}

// none is a token that no server gave.
const none = "hasta-luego-check-0"

// Check asks about a token that nobody was given, and has it revoked: a server that
// knows us says that it is not active, and takes it for revoked (RFC 7009 section
// 2.2).
func (s *System) Check(ctx context.Context) error {
	const op = "oauthsystem.Check"
	if _, err := s.introspect(ctx, op, none); err != nil {
		return err
	}
	req, err := s.ask(ctx, "revoke", none)
	if err != nil {
		return fault.Wrap(op, err)
	}
	ans, failed := s.Do(req, false)
	switch {
	case failed != nil:
		return s.Fault(op, failed, false)
	case ans.Status >= 200 && ans.Status < 300:
		return nil
	case ans.Status == http.StatusForbidden, ans.Text("error") == "unauthorized_client":
		return fault.New(fault.Invalid, "connector.right_missing", "system", s.cfg.System, "right", "revoke").At(op, nil)
	case ans.Text("error") == "unsupported_token_type": // it looked, and found no token
		return nil
	case ans.Status == http.StatusNotFound: // the address is wrong
		return s.Say(fault.Invalid, "connector.refused", ans.Status).At(op, nil)
	}
	return s.Class(op, ans, false)
}
