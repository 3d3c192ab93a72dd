package httpsystem

import (
	"context"
	"encoding/json"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
)

// NarrowInfo describes narrowing: without a call that widens, it is for good.
func (c Config) NarrowInfo() connector.Info {
	info := c.Info()
	info.Undo = connector.Restorable
	if a := c.Access; a != nil && a.Reading != nil && !a.Reading.Widen.declared() {
		info.Undo = connector.Final
	}
	return info
}

// NarrowInfo describes it.
func (a access) NarrowInfo() connector.Info { return a.cfg.NarrowInfo() }

// ReadReach asks how far the account reaches. One that the system does not know
// reaches nothing.
func (a access) ReadReach(ctx context.Context, account string) (connector.Reach, error) {
	const op = "httpsystem.ReadReach"
	var r connector.Reach
	v, err := a.about(op, account)
	if err != nil {
		return r, err
	}
	ans, err := a.look(ctx, op, a.is.of(a.is.Read), v)
	if ans.Status != 0 {
		r.Answer = ans.Evidence(a.is.Status, a.is.Reading.Path)
	}
	if err != nil {
		if fault.KindOf(err) == fault.NotFound {
			return r, nil
		}
		return r, err
	}
	status, reach := ans.Text(a.is.Status), ans.Text(a.is.Reading.Path)
	if status == "" || reach == "" {
		return r, a.Say(fault.Transient, "connector.unreadable", ans.Status).At(op, nil)
	}
	r.Found, r.Open, r.Status = true, oneOf(a.is.Open, status), reach
	r.ReadOnly, r.Held = r.Open && oneOf(a.is.Reading.Words, reach), []string{reach}
	return r, nil
}

// NarrowAccess leaves the account to read.
func (a access) NarrowAccess(ctx context.Context, in connector.AccessInput) (connector.Receipt, error) {
	return a.reach(ctx, "httpsystem.NarrowAccess", a.is.Reading.Narrow, in, "")
}

// WidenAccess gives the account what it had. A system that declares no such call,
// or of which that is not known, answers Invalid, connector.cannot_resume.
func (a access) WidenAccess(ctx context.Context, in connector.WidenInput) (connector.Receipt, error) {
	const op = "httpsystem.WidenAccess"
	widen, held := a.is.Reading.Widen, ""
	if len(in.Held) == 1 {
		held = in.Held[0]
	}
	if !widen.declared() || held == "" {
		return connector.Receipt{}, a.Say(fault.Invalid, "connector.cannot_resume", 0).At(op, nil)
	}
	return a.reach(ctx, op, widen, in.AccessInput, held)
}

// reach changes how far an account reaches; held is what it had, where it is to get
// that back.
func (a access) reach(ctx context.Context, op string, o Operation, in connector.AccessInput, held string) (connector.Receipt, error) {
	v, err := a.about(op, in.Account)
	if err != nil {
		return connector.Receipt{}, err
	}
	if held != "" {
		v = v.with("held", held)
	}
	return a.send(ctx, act{
		op: op, calls: a.is.of(o), key: in.Key, values: v, paths: []string{a.is.Reading.Path},
		so: func(ctx context.Context) (bool, json.RawMessage, error) {
			r, err := a.ReadReach(ctx, in.Account)
			return r.Open && r.ReadOnly == (held == ""), r.Answer, err
		},
	})
}
