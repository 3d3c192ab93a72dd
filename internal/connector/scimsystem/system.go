package scimsystem

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/httpcall"
	"hastaluego/internal/fault"
	"hastaluego/internal/outbound"
	"hastaluego/internal/when"
)

// System is one provider behind its declaration. It is safe for concurrent use.
type System struct {
	*httpcall.Caller
	cfg   Config
	base  string // without a slash at its end
	tryAt string // what users are tried at; empty: they are not
	// token is a closure so that no way of printing a System shows it.
	token func() string
}

var (
	_ connector.Access  = (*System)(nil)
	_ connector.Prober  = (*System)(nil)
	_ connector.Lister  = (*System)(nil)
	_ connector.Checker = (*System)(nil)
)

// New connects the declared provider; it makes no call. The error is a
// fault.List of Invalid faults with JSON pointers as fields.
func New(cfg Config, clock when.Clock) (*System, error) {
	var list fault.List
	cfg = cfg.defaults()
	for _, p := range cfg.check() {
		list = append(list, p.Fault(cfg.System))
	}
	if len(list) > 0 {
		return nil, list
	}
	base, code := cfg.Vault.Resolve(cfg.BaseURL)
	if code == "" {
		code = declaration.WrongURL(base, cfg.Allow)
	}
	if code != "" {
		list = append(list, declaration.Problem{At: declaration.Path("base_url"), Code: code, Args: []any{"ref", cfg.BaseURL}}.Fault(cfg.System))
	}
	tryAt := ""
	if cfg.Probe != nil {
		if tryAt, code = cfg.Vault.Resolve(cfg.Probe.Resource); code == "" {
			code = declaration.WrongURL(tryAt, cfg.Allow)
		}
		if code != "" {
			list = append(list, declaration.Problem{At: declaration.Path("probe", "resource"), Code: code, Args: []any{"ref", cfg.Probe.Resource}}.Fault(cfg.System))
		}
	}
	token, code := cfg.Vault.Resolve(cfg.Token)
	if code != "" {
		list = append(list, declaration.Problem{At: declaration.Path("token"), Code: code, Args: []any{"ref", cfg.Token}}.Fault(cfg.System))
	}
	if len(list) > 0 {
		return nil, list
	}
	return &System{
		Caller: httpcall.New(cfg.System, clock, outbound.Options{Allow: cfg.Allow, Timeout: cfg.Timeout, Limit: cfg.Limit, Pace: declaration.Pace(cfg.Rate)}),
		cfg:    cfg, base: strings.TrimRight(base, "/"), tryAt: tryAt, token: func() string { return token },
	}, nil
}

// Connector returns what the provider can do.
func (s *System) Connector() connector.System {
	out := connector.System{Name: s.cfg.System, Level: s.Info().Level, Access: s, Checker: s}
	if s.cfg.Probe != nil {
		out.Prober = s
	}
	if s.cfg.Owned != "" {
		out.Lister = s
	}
	if s.cfg.SignedIn != "" {
		out.SignIns = signIns{s}
	}
	return out
}

// Info describes the system.
func (s *System) Info() connector.Info { return s.cfg.Info() }

// String names the system and nothing more.
func (s *System) String() string { return KindName + ":" + s.cfg.System }

// Schemas of RFC 7644.
const (
	mediaType  = "application/scim+json"
	patchOp    = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	schemaUser = "/Users"
	schemaTeam = "/Groups"
)

// most is how many groups are asked for at once.
const most = 100

// user is what is known of one.
type user struct {
	id     string // at the provider; empty: it does not know them
	active bool
	groups []string        // ids; looked for only where they are left
	more   bool            // there are more groups than were asked for
	answer json.RawMessage // evidence
}

// open reports whether whoever has the user can enter.
func (u user) open() bool { return u.id != "" && (u.active || len(u.groups) > 0) }

func (u user) status() string {
	switch {
	case u.id == "":
		return ""
	case u.active:
		return "active"
	case len(u.groups) > 0:
		return "inactive, in groups"
	default:
		return "inactive"
	}
}

// find looks for the user of an access, and reads what their record says.
func (s *System) find(ctx context.Context, op, account string) (u user, err error) {
	record, answer, err := s.record(ctx, op, account)
	u.answer = answer
	if err != nil || record == nil {
		return u, err
	}
	err = s.know(ctx, op, &u, record)
	return u, err
}

// wanted are the attributes that are asked for of a user.
func (s *System) wanted(more ...string) string {
	want := append([]string{"id", "active"}, more...)
	if s.cfg.FindBy != "id" {
		want = append(want, s.cfg.FindBy)
	}
	return strings.Join(want, ",")
}

// record is that of the user of an access, with these attributes beside; nil: there
// is none. Several of one name are no answer.
func (s *System) record(ctx context.Context, op, account string, more ...string) (record map[string]any, answer json.RawMessage, err error) {
	if !httpcall.Usable(account) {
		return nil, nil, s.Say(fault.Invalid, "connector.bad_reference", 0).At(op, nil)
	}
	ans, err := s.list(ctx, op, schemaUser, s.cfg.FindBy, account, s.wanted(more...), 2)
	if ans.Status != 0 {
		answer = ans.Evidence("totalResults", "Resources.0.id", "Resources.0.active")
	}
	if err != nil {
		return nil, answer, err
	}
	list, total, ok := resources(ans)
	switch {
	case !ok:
		return nil, answer, s.Say(fault.Transient, "connector.unreadable", ans.Status).At(op, nil)
	case total == 0:
		return nil, answer, nil
	case total > 1:
		f := fault.New(fault.Invalid, "connector.ambiguous", "system", s.cfg.System, "count", total)
		return nil, answer, f.At(op, nil)
	}
	names := texts(list[0], s.cfg.FindBy)
	switch {
	case len(names) == 0:
		return nil, answer, s.lacks(op, "read "+s.cfg.FindBy)
	case !slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, account) }): // it passed over the filter, and lists somebody else
		return nil, answer, s.Say(fault.Invalid, "connector.other_listed", 0).At(op, nil)
	}
	return list[0], answer, nil
}

// know reads what the record of a user says.
func (s *System) know(ctx context.Context, op string, u *user, record map[string]any) error {
	if u.id, _ = record["id"].(string); u.id == "" {
		return s.Say(fault.Transient, "connector.unreadable", http.StatusOK).At(op, nil)
	}
	active, said := record["active"].(bool)
	u.active = active || !said // who says nothing about it lets in
	if s.cfg.LeaveGroups {
		return s.groups(ctx, op, u)
	}
	return nil
}

// groups looks for the groups that the user is in.
func (s *System) groups(ctx context.Context, op string, u *user) error {
	ans, err := s.list(ctx, op, schemaTeam, "members.value", u.id, "id", most)
	if err != nil {
		return err
	}
	list, total, ok := resources(ans)
	if !ok {
		return s.Say(fault.Transient, "connector.unreadable", ans.Status).At(op, nil)
	}
	for _, g := range list {
		if id, _ := g["id"].(string); id != "" {
			u.groups = append(u.groups, id)
		}
	}
	u.more = total > len(list)
	u.answer, err = json.Marshal(struct {
		User   json.RawMessage `json:"user"`
		Groups json.RawMessage `json:"groups"`
	}{u.answer, ans.Evidence("totalResults", "Resources.0.id")})
	return fault.Wrap(op, err)
}

// resources takes a ListResponse apart (RFC 7644 section 3.4.2).
func resources(ans httpcall.Answer) (list []map[string]any, total int, ok bool) {
	n, is := ans.At("totalResults").(json.Number)
	total, err := strconv.Atoi(n.String())
	if !is || err != nil || total < 0 {
		return nil, 0, false
	}
	all, _ := ans.At("Resources").([]any) // left out when there is none
	for _, x := range all {
		m, is := x.(map[string]any)
		if !is {
			return nil, 0, false
		}
		list = append(list, m)
	}
	return list, total, total == 0 || len(list) > 0
}

// list asks for the resources of which an attribute has a value. Whatever the
// value holds, it is one text of the filter.
func (s *System) list(ctx context.Context, op, where, attribute, value, want string, count int) (httpcall.Answer, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return httpcall.Answer{}, fault.Wrap(op, err)
	}
	return s.ask(ctx, op, where, url.Values{"filter": {attribute + " eq " + string(text)}, "attributes": {want}, "count": {strconv.Itoa(count)}})
}

func (s *System) ask(ctx context.Context, op, where string, q url.Values) (httpcall.Answer, error) {
	req, err := s.request(ctx, http.MethodGet, where+"?"+q.Encode(), nil)
	if err != nil {
		return httpcall.Answer{}, fault.Wrap(op, err)
	}
	return s.Call(op, req, false)
}

func (s *System) request(ctx context.Context, method, path string, body any) (*http.Request, error) {
	var raw []byte
	if body != nil {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, s.base+path, bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", mediaType)
	}
	req.Header.Set("Accept", mediaType+", application/json")
	req.Header.Set("Authorization", "Bearer "+s.token())
	req.Header.Set("User-Agent", "hasta-luego")
	return req, nil
}

// ReadAccess asks whether the user lets in.
func (s *System) ReadAccess(ctx context.Context, account string) (connector.AccessState, error) {
	u, err := s.find(ctx, "scimsystem.ReadAccess", account)
	return connector.AccessState{Found: u.id != "", Open: u.open(), Status: u.status(), Answer: u.answer}, err
}

// mostOwned is how many users of one customer are listed.
const mostOwned = 5000

// readOwned reads the pages of a list of users, each once.
func (s *System) readOwned(ctx context.Context, op string, query url.Values) (all []map[string]any, err error) {
	notAll := func() error { return s.Say(fault.Transient, "connector.not_all", 0).At(op, nil) }
	seen := map[string]bool{}
	for total := -1; total != len(all); {
		page := maps.Clone(query)
		page.Set("startIndex", strconv.Itoa(len(all)+1))
		ans, err := s.ask(ctx, op, schemaUser, page)
		if err != nil {
			return nil, err
		}
		list, n, ok := resources(ans)
		switch {
		case !ok:
			return nil, s.Say(fault.Transient, "connector.unreadable", ans.Status).At(op, nil)
		case total >= 0 && n != total, n > mostOwned, n > len(all) && len(list) == 0:
			return nil, notAll()
		}
		total = n
		for _, record := range list {
			id, _ := record["id"].(string)
			if seen[id] || len(all) == total {
				return nil, notAll()
			}
			seen[id] = true
			all = append(all, record)
		}
	}
	return all, nil
}

// ListAccesses lists every user whom the declared filter ties to the owner. The
// pages of a list have no memory (RFC 7644 section 3.4.2.4): each begins with the
// last user of the one before, and all say how many there are. Where one of both
// is not so, the list changed meanwhile, and is none.
func (s *System) ListAccesses(ctx context.Context, owner string) ([]connector.FoundAccess, error) {
	const op = "scimsystem.ListAccesses"
	if !httpcall.Usable(owner) {
		return nil, s.Say(fault.Invalid, "connector.bad_reference", 0).At(op, nil)
	}
	text, err := json.Marshal(owner)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	filter := strings.Replace(s.cfg.Owned, declaration.OwnerSlot, string(text), 1)
	query := url.Values{"filter": {filter}, "attributes": {s.wanted()}, "count": {strconv.Itoa(most)}}
	// A list that changes between two pages may leave somebody out and look whole:
	// it is read twice.
	all, err := s.readOwned(ctx, op, query)
	if err != nil {
		return nil, err
	}
	again, err := s.readOwned(ctx, op, query)
	if err != nil {
		return nil, err
	}
	if !slices.EqualFunc(all, again, func(a, b map[string]any) bool { return a["id"] == b["id"] }) {
		return nil, s.Say(fault.Transient, "connector.not_all", 0).At(op, nil)
	}
	out := make([]connector.FoundAccess, 0, len(all))
	for _, record := range all {
		var u user
		if err := s.know(ctx, op, &u, record); err != nil {
			return nil, err
		}
		names := texts(record, s.cfg.FindBy)
		if len(names) == 0 {
			return nil, s.lacks(op, "read "+s.cfg.FindBy)
		}
		out = append(out, connector.FoundAccess{Account: names[0], Kind: "login", Open: u.open(), Status: u.status()})
	}
	return out, nil
}

// lacks is the fault of a right that we do not have.
func (s *System) lacks(op, right string) error {
	return fault.New(fault.Invalid, "connector.right_missing", "system", s.cfg.System, "right", right).At(op, nil)
}

// texts are those at a path of attributes, whose names are compared without regard
// to case (RFC 7643 section 2.1).
func texts(v any, path string) (out []string) {
	if many, ok := v.([]any); ok {
		for _, x := range many {
			out = append(out, texts(x, path)...)
		}
		return out
	}
	if path == "" {
		if text, _ := v.(string); text != "" {
			out = append(out, text)
		}
		return out
	}
	key, rest, _ := strings.Cut(path, ".")
	record, _ := v.(map[string]any)
	for name, x := range record {
		if strings.EqualFold(name, key) {
			out = append(out, texts(x, rest)...)
		}
	}
	return out
}

// change is one operation of a PATCH (RFC 7644 section 3.5.2).
type change struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

// patching asks for one change of a resource.
func (s *System) patching(ctx context.Context, path string, c change) (*http.Request, error) {
	return s.request(ctx, http.MethodPatch, path, struct {
		Schemas    []string `json:"schemas"`
		Operations []change `json:"Operations"`
	}{[]string{patchOp}, []change{c}})
}

func (s *System) patch(ctx context.Context, op, path string, c change) (httpcall.Answer, error) {
	req, err := s.patching(ctx, path, c)
	if err != nil {
		return httpcall.Answer{}, fault.Wrap(op, err)
	}
	return s.Call(op, req, true)
}

// closing asks for what closes a user, as declared.
func (s *System) closing(ctx context.Context, id string) (*http.Request, error) {
	path := schemaUser + "/" + url.PathEscape(id)
	if s.cfg.Close == Delete {
		return s.request(ctx, http.MethodDelete, path, nil)
	}
	return s.patching(ctx, path, change{Op: "replace", Path: "active", Value: false})
}

// RevokeAccess takes the user out of their groups, where that is declared, and
// deactivates or deletes them. Every part may be asked for again.
func (s *System) RevokeAccess(ctx context.Context, in connector.AccessInput) (connector.Receipt, error) {
	const op = "scimsystem.RevokeAccess"
	u, err := s.find(ctx, op, in.Account)
	if err != nil {
		return connector.Receipt{}, err
	}
	if u.id == "" { // nobody is left to be closed
		return s.receipt(u.answer), nil
	}
	left := 0
	for _, g := range u.groups {
		text, err := json.Marshal(u.id)
		if err != nil {
			return connector.Receipt{}, fault.Wrap(op, err)
		}
		_, err = s.patch(ctx, op, schemaTeam+"/"+url.PathEscape(g), change{Op: "remove", Path: "members[value eq " + string(text) + "]"})
		if err != nil && fault.KindOf(err) != fault.NotFound { // a group that is gone has no members
			return connector.Receipt{}, s.partly(op, left, err)
		}
		left++
	}
	if u.more {
		return connector.Receipt{}, s.partly(op, left, s.Say(fault.Transient, "connector.not_all", 0).At(op, nil))
	}
	req, err := s.closing(ctx, u.id)
	if err != nil {
		return connector.Receipt{}, fault.Wrap(op, err)
	}
	ans, err := s.Call(op, req, true)
	if s.cfg.Close == Delete && fault.KindOf(err) == fault.NotFound {
		err = nil // somebody was faster
	}
	if err != nil {
		return connector.Receipt{}, s.partly(op, left, err)
	}
	return s.receipt(ans.Evidence("id", "active")), nil
}

// partly is the fault of a revocation that broke off after they had left so many
// groups.
func (s *System) partly(op string, left int, err error) error {
	if left == 0 {
		return err
	}
	return s.Partly(op, err)
}

// RestoreAccess activates the user again; who was deleted does not come back.
func (s *System) RestoreAccess(ctx context.Context, in connector.AccessInput) (connector.Receipt, error) {
	const op = "scimsystem.RestoreAccess"
	if s.cfg.Close == Delete {
		return connector.Receipt{}, s.Say(fault.Invalid, "connector.cannot_resume", 0).At(op, nil)
	}
	u, err := s.find(ctx, op, in.Account)
	if err != nil {
		return connector.Receipt{}, err
	}
	if u.id == "" {
		return connector.Receipt{}, s.Say(fault.NotFound, "connector.unknown_reference", 0).At(op, nil)
	}
	ans, err := s.patch(ctx, op, schemaUser+"/"+url.PathEscape(u.id), change{Op: "replace", Path: "active", Value: true})
	if err != nil {
		return connector.Receipt{}, err
	}
	return s.receipt(ans.Evidence("id", "active")), nil
}

func (s *System) receipt(answer json.RawMessage) connector.Receipt {
	return connector.Receipt{Answer: answer, At: s.Clock.Now()}
}

// ProbeAccess tries once to get in as the user, with their own credential and
// nothing of ours.
func (s *System) ProbeAccess(ctx context.Context, account string) (connector.Probe, error) {
	const op = "scimsystem.ProbeAccess"
	p := s.cfg.Probe
	if !httpcall.Usable(account) || p.Scheme == Basic && strings.Contains(account, ":") { // which would end the name (RFC 7617)
		return connector.Probe{}, s.Say(fault.Invalid, "connector.bad_reference", 0).At(op, nil)
	}
	secret, code := declaration.ResolveEach(p.Secret, account)
	if code != "" {
		return connector.Probe{}, s.Say(fault.NotFound, "connector.no_credential", 0).At(op, nil)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.tryAt, nil)
	if err != nil {
		return connector.Probe{}, fault.Wrap(op, err)
	}
	if p.Scheme == Basic {
		req.SetBasicAuth(account, secret)
	} else {
		req.Header.Set("Authorization", "Bearer "+secret)
	}
	req.Header.Set("User-Agent", "hasta-luego")
	ans, failed := s.Do(req, false)
	if failed != nil {
		return connector.Probe{}, s.Fault(op, failed, false)
	}
	out := connector.Probe{Status: strconv.Itoa(ans.Status), SHA256: ans.Hash, At: s.Clock.Now(), With: connector.TriedWith(secret)}
	switch {
	case ans.Status >= 200 && ans.Status < 300:
		out.In = true
		return out, nil
	case slices.Contains(p.Refused, ans.Status) && !ans.Throttled():
		return out, nil
	}
	return connector.Probe{}, s.Unclear(op, ans, s.Class(op, ans, false))
}

// nobody is a name that no provider knows.
const nobody = "hasta-luego-check-0"

// Check asks for somebody who is not there, and for the change that closes a user
// of theirs: being told that nobody is there is the answer of a provider that knows
// us, lets us look and would let us change.
func (s *System) Check(ctx context.Context) error {
	const op = "scimsystem.Check"
	if _, err := s.list(ctx, op, schemaUser, s.cfg.FindBy, nobody, "id", 1); err != nil {
		return err
	}
	req, err := s.closing(ctx, nobody)
	if err != nil {
		return fault.Wrap(op, err)
	}
	ans, failed := s.Do(req, false)
	switch {
	case failed != nil:
		return s.Fault(op, failed, false)
	case ans.Status == http.StatusForbidden:
		return s.lacks(op, req.Method+" "+schemaUser)
	case ans.Status >= 200 && ans.Status < 300, ans.Status == http.StatusNotFound, ans.Status == http.StatusBadRequest:
		return s.showsSignIns(ctx, op) // there is nobody whom it could have changed
	}
	return s.Class(op, ans, false)
}
