package httpsystem

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/fault"
)

// access is a system that declares how accesses are read, closed and tried.
type access struct {
	*System
	is Access
}

var (
	_ connector.Access   = access{}
	_ connector.Prober   = access{}
	_ connector.Narrower = access{}
)

// about are the values of calls about an account. One of several parts fills a slot
// with each of them.
func (a access) about(op, account string) (values, error) {
	v := a.values("reference", account)
	if a.is.Parts == nil {
		return v, nil
	}
	parts := strings.Split(account, partsEnd)
	if len(parts) != len(a.is.Parts) || slices.ContainsFunc(parts, func(p string) bool { return !usable(p) }) {
		return v, a.Say(fault.Invalid, "connector.bad_reference", 0).At(op, nil)
	}
	for i, name := range a.is.Parts {
		v.slots[name] = parts[i]
	}
	return v, nil
}

// ReadAccess asks whether the account is open. One that the system does not
// know is closed.
func (a access) ReadAccess(ctx context.Context, account string) (connector.AccessState, error) {
	const op = "httpsystem.ReadAccess"
	var st connector.AccessState
	v, err := a.about(op, account)
	if err != nil {
		return st, err
	}
	ans, err := a.look(ctx, op, a.is.of(a.is.Read), v)
	if ans.Status != 0 {
		st.Answer = ans.Evidence(a.is.Status)
	}
	if err != nil {
		if fault.KindOf(err) == fault.NotFound {
			return st, nil
		}
		return st, err
	}
	if st.Status = ans.Text(a.is.Status); st.Status == "" {
		return st, a.Say(fault.Transient, "connector.unreadable", ans.Status).At(op, nil)
	}
	st.Found, st.Open = true, oneOf(a.is.Open, st.Status)
	return st, nil
}

// RevokeAccess closes the account.
func (a access) RevokeAccess(ctx context.Context, in connector.AccessInput) (connector.Receipt, error) {
	return a.change(ctx, "httpsystem.RevokeAccess", a.is.Revoke, in, false)
}

// RestoreAccess opens the account again. A system that declares no such
// call answers Invalid, connector.cannot_resume.
func (a access) RestoreAccess(ctx context.Context, in connector.AccessInput) (connector.Receipt, error) {
	const op = "httpsystem.RestoreAccess"
	if !a.is.Restore.declared() {
		return connector.Receipt{}, a.Say(fault.Invalid, "connector.cannot_resume", 0).At(op, nil)
	}
	return a.change(ctx, op, a.is.Restore, in, true)
}

func (a access) change(ctx context.Context, op string, o Operation, in connector.AccessInput, open bool) (connector.Receipt, error) {
	v, err := a.about(op, in.Account)
	if err != nil {
		return connector.Receipt{}, err
	}
	return a.send(ctx, act{
		op: op, calls: a.is.of(o), key: in.Key, values: v, paths: []string{a.is.Status},
		so: func(ctx context.Context) (bool, json.RawMessage, error) {
			st, err := a.ReadAccess(ctx, in.Account)
			return st.Open == open, st.Answer, err
		},
	})
}

// entered reports whether the status means that the probe got in.
func (p Probe) entered(status int) bool {
	if len(p.Entered) == 0 {
		return status >= 200 && status < 300
	}
	return slices.Contains(p.Entered, status)
}

// ProbeAccess tries once to get in as the account, with its own credential
// where one is declared and with nothing of ours beside it.
func (a access) ProbeAccess(ctx context.Context, account string) (connector.Probe, error) {
	const op = "httpsystem.ProbeAccess"
	p := a.is.Probe
	v, err := a.about(op, account)
	if err != nil {
		return connector.Probe{}, err
	}
	own := ""
	if p.Secret != "" {
		var code string
		if own, code = declaration.ResolveEach(p.Secret, account); code != "" {
			return connector.Probe{}, a.Say(fault.NotFound, "connector.no_credential", 0).At(op, nil)
		}
		v.slots["secret"] = own
	}
	req, err := a.request(ctx, op, p.Operation, v)
	if err != nil {
		return connector.Probe{}, err
	}
	switch {
	case p.Secret == "":
		a.sign(req, "")
	case p.Header != "" && p.Scheme != "":
		req.Header.Set(p.Header, p.Scheme+" "+own)
	case p.Header != "":
		req.Header.Set(p.Header, own)
	}
	ans, failed := a.Do(req, false)
	if failed != nil {
		return connector.Probe{}, a.Fault(op, failed, false)
	}
	out := connector.Probe{Status: strconv.Itoa(ans.Status), SHA256: ans.Hash, At: a.Clock.Now()}
	if p.Secret != "" {
		out.With = connector.TriedWith(own)
	}
	switch {
	case p.entered(ans.Status):
		out.In = true
		return out, nil
	case slices.Contains(p.Refused, ans.Status) && !ans.Throttled():
		return out, nil
	}
	return connector.Probe{}, a.Unclear(op, ans, a.Class(op, ans, false))
}
