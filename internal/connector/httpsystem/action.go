package httpsystem

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/httpcall"
	"hastaluego/internal/fault"
)

// actions is a system that declares acts of its own.
type actions struct{ *System }

var _ connector.Actions = actions{}

func (a actions) ActionNames() []string { return slices.Sorted(maps.Keys(a.cfg.Actions)) }

func (a actions) ActionInfo(name string) (connector.Info, bool) {
	return a.cfg.ActionInfo(name)
}

func (a actions) action(op, name string) (Action, error) {
	x, ok := a.cfg.Actions[name]
	if !ok {
		return x, fault.New(fault.Blocked, "connector.unknown_action", "system", a.cfg.System, "action", name).At(op, nil)
	}
	return x, nil
}

// ReadAction compares what stands at the far system with what the action and
// its taking back should leave. A record that is gone is an answer only where
// one of the two expects that.
func (a actions) ReadAction(ctx context.Context, name, reference string) (connector.ActionState, error) {
	const op = "httpsystem.ReadAction"
	x, err := a.action(op, name)
	if err != nil {
		return connector.ActionState{}, err
	}
	return a.readAction(ctx, op, x, reference)
}

func (s *System) readAction(ctx context.Context, op string, x Action, reference string) (st connector.ActionState, err error) {
	ans, err := s.look(ctx, op, x.of(x.Read), s.values("reference", reference))
	if ans.Status != 0 {
		paths := []string{x.Expect.Path}
		if x.Undo.Expect != nil {
			paths = append(paths, x.Undo.Expect.Path)
		}
		st.Answer = ans.Evidence(paths...)
	}
	if fault.CodeOf(err) == "connector.ambiguous" && x.Expect.gone() {
		st.Back = x.Undo.Expect == nil // several are there, and none should be
		return st, nil
	}
	gone := fault.KindOf(err) == fault.NotFound && err != nil
	if err != nil && (!gone || !x.Expect.Absent && (x.Undo.Expect == nil || !x.Undo.Expect.Absent)) {
		return st, err
	}
	st.Missing = gone && ans.Status == http.StatusNotFound
	st.Holds = x.Expect.holds(ans, gone)
	if st.Back = !st.Holds; x.Undo.Expect != nil {
		st.Back = x.Undo.Expect.holds(ans, gone)
	}
	return st, nil
}

// gone reports whether the record itself should not be there.
func (e Expect) gone() bool { return e.Absent && e.Path == "" }

// holds reports whether the answer is as expected.
func (e Expect) holds(ans httpcall.Answer, gone bool) bool {
	if e.Absent {
		return gone || e.Path != "" && ans.At(e.Path) == nil
	}
	return !gone && oneOf(e.Equals, ans.Text(e.Path))
}

// Act does what is declared.
func (a actions) Act(ctx context.Context, in connector.ActionInput) (connector.Receipt, error) {
	const op = "httpsystem.Act"
	x, err := a.action(op, in.Action)
	if err != nil {
		return connector.Receipt{}, err
	}
	return a.run(ctx, op, x, x.Call, in.Reference, in.Key, func(st connector.ActionState) bool { return st.Holds })
}

// TakeBack does what is declared to take the action back.
func (a actions) TakeBack(ctx context.Context, in connector.ActionInput) (connector.Receipt, error) {
	const op = "httpsystem.TakeBack"
	x, err := a.action(op, in.Action)
	if err != nil {
		return connector.Receipt{}, err
	}
	if !x.Undo.Call.declared() {
		return connector.Receipt{}, a.Say(fault.Invalid, "connector.cannot_resume", 0).At(op, nil)
	}
	return a.run(ctx, op, x, x.Undo.Call, in.Reference, in.Key, func(st connector.ActionState) bool { return st.Back })
}

// run makes the calls of an action, or those that take it back; so says whether
// reading shows what they should leave.
func (s *System) run(ctx context.Context, op string, x Action, o Operation, reference, key string, so func(connector.ActionState) bool) (connector.Receipt, error) {
	return s.send(ctx, act{
		op: op, calls: x.of(o), key: key, values: s.values("reference", reference), paths: []string{x.Expect.Path},
		so: func(ctx context.Context) (bool, json.RawMessage, error) {
			st, err := s.readAction(ctx, op, x, reference)
			return so(st), st.Answer, err
		},
	})
}
