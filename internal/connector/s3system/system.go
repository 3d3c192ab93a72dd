package s3system

import (
	"context"
	"crypto/md5" //nolint:gosec // the protocol asks for it, to find what was damaged on its way
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/httpcall"
	"hastaluego/internal/connector/sigv4"
	"hastaluego/internal/fault"
	"hastaluego/internal/outbound"
	"hastaluego/internal/when"
)

// System is one bucket behind its declaration. It is safe for concurrent use.
type System struct {
	*httpcall.Caller
	cfg  Config
	base string // without a slash at its end
	us   sigv4.Key
	// A policy is read, changed and written whole: two acts of ours at once would
	// undo each other. Those of other processes wait for their turn (System.Alone).
	one sync.Mutex
}

var (
	_ connector.Access      = (*System)(nil)
	_ connector.Prober      = (*System)(nil)
	_ connector.Lister      = (*System)(nil)
	_ connector.Narrower    = (*System)(nil)
	_ connector.WriteProber = (*System)(nil)
	_ connector.Checker     = (*System)(nil)
	_ connector.Exporter    = (*System)(nil)
)

// New connects the declared bucket; it makes no call. The error is a fault.List
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
	resolve := func(key, ref string) string {
		v, code := cfg.Vault.Resolve(ref)
		if code == "" && key == "base_url" {
			code = declaration.WrongURL(v, cfg.Allow)
		}
		if code != "" {
			list = append(list, declaration.Problem{At: declaration.Path(key), Code: code, Args: []any{"ref", ref}}.Fault(cfg.System))
		}
		return v
	}
	base, key, secret := resolve("base_url", cfg.BaseURL), resolve("access_key", cfg.AccessKey), resolve("secret_key", cfg.SecretKey)
	if len(list) > 0 {
		return nil, list
	}
	return &System{
		Caller: httpcall.New(cfg.System, clock, outbound.Options{Allow: cfg.Allow, Timeout: cfg.Timeout, Limit: cfg.Limit, Pace: declaration.Pace(cfg.Rate)}),
		cfg:    cfg, base: strings.TrimRight(base, "/"),
		us: sigv4.NewKey(key, secret),
	}, nil
}

// Connector returns what the bucket can do.
func (s *System) Connector() connector.System {
	out := connector.System{Name: s.cfg.System, Level: s.Info().Level, Checker: s}
	if s.cfg.Bucket != "" {
		out.Access, out.Alone = s, true
	}
	if len(s.cfg.Export) > 0 {
		out.Exporter = s
	}
	if len(s.cfg.Erase) > 0 {
		out.Eraser = s
	}
	if s.cfg.ReadOnly {
		out.Narrower = s
	}
	if s.cfg.Probe != nil {
		if out.Prober = s; s.cfg.Probe.Write != "" {
			out.Writes = s
		}
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

// usable reports whether a name may stand for one principal: a star would stand
// for all.
func usable(name string) bool {
	return httpcall.Usable(name) && !strings.ContainsAny(name, "*?")
}

// escape writes a segment of a path as it is signed: all but letters, digits and
// four signs by their bytes.
func escape(segment string) string {
	var b strings.Builder
	for _, c := range []byte(segment) {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

// request asks as somebody about the bucket of the system.
func (s *System) request(ctx context.Context, as sigv4.Key, method, path, query string, body []byte) (*http.Request, error) {
	return s.ask(ctx, as, s.cfg.Bucket, method, path, query, body)
}

// ask asks as somebody about a bucket, signed as the protocol wants it.
func (s *System) ask(ctx context.Context, as sigv4.Key, bucket, method, path, query string, body []byte) (*http.Request, error) {
	address := s.base + "/" + bucket + path
	if query != "" {
		address += "?" + query
	}
	header := http.Header{}
	if len(body) > 0 {
		digest := md5.Sum(body) //nolint:gosec // as above
		header.Set("Content-Md5", base64.StdEncoding.EncodeToString(digest[:]))
		header.Set("Content-Type", "application/json")
	}
	return sigv4.Request(ctx, as, sigv4.Scope{Service: "s3", Region: s.cfg.Region}, method, address, body, header, s.Clock.Wall())
}

// fault is Class, with what the store says more precisely than its status.
func (s *System) fault(op string, ans httpcall.Answer, write bool) error {
	f := s.Class(op, ans, write)
	if f == nil {
		return nil
	}
	switch ans.Element("Code") {
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken":
		f = s.Say(fault.Invalid, "connector.credential", ans.Status).At(op, nil)
	case "RequestTimeTooSkewed": // nothing was done, and whoever sets our clock mends it
		f = s.Say(fault.Transient, "connector.clock", ans.Status).At(op, nil)
	case "OperationAborted": // another change was under way, and this one was not begun
		f = s.Say(fault.Transient, "connector.busy", ans.Status).At(op, nil)
	case "NoSuchBucket":
		f = s.Say(fault.Invalid, "connector.no_bucket", ans.Status).At(op, nil)
	}
	return f
}

// read reads the policy of the bucket.
func (s *System) read(ctx context.Context, op string) (p policy, ans httpcall.Answer, err error) {
	req, err := s.request(ctx, s.us, http.MethodGet, "", "policy=", nil)
	if err != nil {
		return p, ans, fault.Wrap(op, err)
	}
	ans, failed := s.Do(req, false)
	if failed != nil {
		return p, ans, s.Fault(op, failed, false)
	}
	if ans.Status == http.StatusNotFound {
		if ans.Element("Code") == "NoSuchBucketPolicy" {
			return none(), ans, nil
		}
		err := s.fault(op, ans, false)
		if fault.KindOf(err) == fault.NotFound { // this says nothing of the access
			err = s.Say(fault.Invalid, "connector.refused", ans.Status).At(op, nil)
		}
		return p, ans, err
	}
	if err := s.fault(op, ans, false); err != nil {
		return p, ans, err
	}
	p, ok := parse(ans.Body)
	if !ok {
		return p, ans, s.Say(fault.Transient, "connector.unreadable", ans.Status).At(op, nil)
	}
	return p, ans, nil
}

// write puts a policy into the place of the one that is there. The status of a
// success says it all.
func (s *System) write(ctx context.Context, op string, p policy) (httpcall.Answer, error) {
	method, body := http.MethodDelete, []byte(nil)
	if !p.empty() {
		var err error
		if body, err = p.text(); err != nil {
			return httpcall.Answer{}, fault.Wrap(op, err)
		}
		method = http.MethodPut
	}
	req, err := s.request(ctx, s.us, method, "", "policy=", body)
	if err != nil {
		return httpcall.Answer{}, fault.Wrap(op, err)
	}
	ans, failed := s.Do(req, true)
	if failed != nil {
		return ans, s.Fault(op, failed, true)
	}
	if ans.Status == http.StatusOK || ans.Status == http.StatusNoContent {
		return ans, nil
	}
	return ans, s.fault(op, ans, true)
}

// state says how an access stands in a policy.
func (s *System) state(p policy, account string) (found, open bool) {
	who := s.cfg.principal(account)
	if s.cfg.Close == Remove {
		open = p.allowed(who)
		return open, open && !p.denied(who, s.cfg.Bucket)
	}
	// What a store allows its users besides the policy of a bucket cannot be read
	// there: whoever is not denied counts as open.
	return true, !p.denied(who, s.cfg.Bucket)
}

func status(found, open bool) string {
	switch {
	case open:
		return "open"
	case found:
		return "denied"
	}
	return ""
}

// ReadAccess asks whether the policy closes the bucket to the access.
func (s *System) ReadAccess(ctx context.Context, account string) (connector.AccessState, error) {
	st, _, err := s.look(ctx, "s3system.ReadAccess", account)
	return st, err
}

// look reads the policy, and how an access stands in it.
func (s *System) look(ctx context.Context, op, account string) (st connector.AccessState, p policy, err error) {
	if !usable(account) {
		return st, p, s.Say(fault.Invalid, "connector.bad_reference", 0).At(op, nil)
	}
	p, ans, err := s.read(ctx, op)
	if ans.Status != 0 {
		st.Answer = ans.Evidence()
	}
	if err != nil {
		return st, p, err
	}
	st.Found, st.Open = s.state(p, account)
	st.Status = status(st.Found, st.Open)
	return st, p, nil
}

// notOurs refuses the door by which we ourselves come in.
func (s *System) notOurs(op, account string) error {
	if usable(account) && s.cfg.principal(account) == s.us.ID {
		return s.Say(fault.Invalid, "connector.own_access", 0).At(op, nil)
	}
	return nil
}

// ListAccesses lists the principals whom the policy allows something and whom
// the declaration ties to the owner.
func (s *System) ListAccesses(ctx context.Context, owner string) ([]connector.FoundAccess, error) {
	const op = "s3system.ListAccesses"
	if !usable(owner) {
		return nil, s.Say(fault.Invalid, "connector.bad_reference", 0).At(op, nil)
	}
	p, _, err := s.read(ctx, op)
	if err != nil {
		return nil, err
	}
	var out []connector.FoundAccess
	theirs := s.cfg.owned(owner)
	for _, who := range p.principals() {
		if account, ok := s.cfg.account(who); ok && theirs.MatchString(who) {
			found, open := s.state(p, account)
			out = append(out, connector.FoundAccess{Account: account, Kind: "login", Open: open, Status: status(found, open)})
		}
	}
	return out, nil
}

// RevokeAccess closes the bucket to the access. It may be asked for again.
func (s *System) RevokeAccess(ctx context.Context, in connector.AccessInput) (connector.Receipt, error) {
	const op = "s3system.RevokeAccess"
	if err := s.notOurs(op, in.Account); err != nil {
		return connector.Receipt{}, err
	}
	return s.change(ctx, op, in.Account, func(p policy, who string) (policy, int) {
		if s.cfg.Close == Remove {
			return p.without(who)
		}
		return p.deny(everything, who, s.cfg.Bucket, true), 1
	})
}

// RestoreAccess takes our denial back; what was taken out does not come back.
func (s *System) RestoreAccess(ctx context.Context, in connector.AccessInput) (connector.Receipt, error) {
	const op = "s3system.RestoreAccess"
	if s.cfg.Close == Remove {
		return connector.Receipt{}, s.Say(fault.Invalid, "connector.cannot_resume", 0).At(op, nil)
	}
	return s.change(ctx, op, in.Account, func(p policy, who string) (policy, int) { return p.deny(everything, who, s.cfg.Bucket, false), 1 })
}

// change reads the policy, and writes what turn makes of it where that is another.
func (s *System) change(ctx context.Context, op, account string, turn func(p policy, who string) (policy, int)) (connector.Receipt, error) {
	if !usable(account) {
		return connector.Receipt{}, s.Say(fault.Invalid, "connector.bad_reference", 0).At(op, nil)
	}
	s.one.Lock()
	defer s.one.Unlock()
	p, before, err := s.read(ctx, op)
	if err != nil {
		return connector.Receipt{}, err
	}
	next, n := turn(p, s.cfg.principal(account))
	if next.same(p) { // it is so already
		return s.receipt(before, httpcall.Answer{}, n), nil
	}
	after, err := s.write(ctx, op, next)
	if err != nil {
		return connector.Receipt{}, err
	}
	return s.receipt(before, after, n), nil
}

// receipt keeps which policy was there before, by its hash, and what was
// answered.
func (s *System) receipt(before, after httpcall.Answer, statements int) connector.Receipt {
	out := map[string]any{"before": before.Evidence(), "statements": statements}
	if after.Status != 0 {
		out["answer"] = after.Evidence()
	}
	raw, err := json.Marshal(out)
	if err != nil { // it always marshals
		raw = nil
	}
	return connector.Receipt{Answer: raw, At: s.Clock.Now()}
}

// own is the key of an access.
type own struct {
	sigv4.Key
	With func() string
}

// theirs is the own key of an access.
func (s *System) theirs(op, account string) (own, error) {
	if !usable(account) {
		return own{}, s.Say(fault.Invalid, "connector.bad_reference", 0).At(op, nil)
	}
	both, code := declaration.ResolveEach(s.cfg.Probe.Key, account)
	key, secret, two := strings.Cut(both, ":")
	if code != "" || !two || key == "" || secret == "" {
		return own{}, s.Say(fault.NotFound, "connector.no_credential", 0).At(op, nil)
	}
	return own{sigv4.NewKey(key, secret), connector.TriedWith(both)}, nil
}

// pathOf is the path of an object as it is signed.
func pathOf(object string) (path string) {
	for part := range strings.SplitSeq(object, "/") {
		path += "/" + escape(part)
	}
	return path
}

// ProbeAccess lists the bucket, or reads the declared object, with the key of
// the access, and changes nothing.
func (s *System) ProbeAccess(ctx context.Context, account string) (connector.Probe, error) {
	const op = "s3system.ProbeAccess"
	key, err := s.theirs(op, account)
	if err != nil {
		return connector.Probe{}, err
	}
	path, query := "", "list-type=2&max-keys=1"
	if o := s.cfg.Probe.Object; o != "" {
		path, query = pathOf(o), ""
	}
	req, err := s.request(ctx, key.Key, http.MethodGet, path, query, nil)
	if err != nil {
		return connector.Probe{}, fault.Wrap(op, err)
	}
	if path != "" {
		req.Header.Set("Range", "bytes=0-0") // one byte shows as much as all of them
	}
	ans, failed := s.Do(req, true) // on a line of its own: one try is one try
	if failed != nil {
		return connector.Probe{}, s.Fault(op, failed, false)
	}
	said := ans.Element("Code")
	out := connector.Probe{Status: strings.TrimSpace(strconv.Itoa(ans.Status) + " " + said), SHA256: ans.Hash, At: s.Clock.Now(), With: key.With}
	switch {
	case path == "" && ans.Status == http.StatusOK && ans.Root() == "ListBucketResult",
		path != "" && (ans.Status == http.StatusOK || ans.Status == http.StatusPartialContent || said == "InvalidRange"):
		out.In, out.Status = true, strconv.Itoa(ans.Status)
		return out, nil
	case ans.Status == http.StatusForbidden && !ans.Throttled() && (said == "AccessDenied" || said == "InvalidAccessKeyId"):
		return out, nil
	}
	return connector.Probe{}, s.Unclear(op, ans, s.Class(op, ans, false))
}

// nonsense is no policy, and no store takes it for one.
const nonsense = "hasta-luego-check"

// Check reads the policy, and asks for one that cannot be: a store that would let
// us write one says what is wrong with it. Of what is given away it asks for what
// is not there.
func (s *System) Check(ctx context.Context) error {
	const op = "s3system.Check"
	if s.cfg.Bucket != "" {
		if err := s.checkPolicy(ctx, op); err != nil {
			return err
		}
	}
	if err := s.checkExport(ctx, op); err != nil {
		return err
	}
	return s.checkErase(ctx, op)
}

func (s *System) checkPolicy(ctx context.Context, op string) error {
	missing := func(right string) error {
		return fault.New(fault.Invalid, "connector.right_missing", "system", s.cfg.System, "right", right).At(op, nil)
	}
	_, ans, err := s.read(ctx, op)
	if ans.Element("Code") == "AccessDenied" {
		return missing("s3:GetBucketPolicy")
	}
	if err != nil {
		return err
	}
	req, err := s.request(ctx, s.us, http.MethodPut, "", "policy=", []byte(nonsense))
	if err != nil {
		return fault.Wrap(op, err)
	}
	ans, failed := s.Do(req, false)
	if failed != nil {
		return s.Fault(op, failed, false)
	}
	switch {
	case ans.Element("Code") == "AccessDenied":
		return missing("s3:PutBucketPolicy")
	case ans.Status == http.StatusBadRequest:
		return nil
	}
	if err := s.fault(op, ans, false); err != nil {
		return err
	}
	return s.Say(fault.Transient, "connector.unreadable", ans.Status).At(op, nil)
}
