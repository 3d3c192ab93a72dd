package step_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
)

// shelf is a system with one access and one action, and what is read of both.
type shelf struct {
	access connector.AccessState
	action connector.ActionState
}

func (s *shelf) Info() connector.Info { return connector.Info{System: "shelf"} }

func (s *shelf) ReadAccess(context.Context, string) (connector.AccessState, error) {
	return s.access, nil
}

func (s *shelf) RevokeAccess(context.Context, connector.AccessInput) (connector.Receipt, error) {
	return connector.Receipt{}, nil
}

func (s *shelf) RestoreAccess(context.Context, connector.AccessInput) (connector.Receipt, error) {
	return connector.Receipt{}, nil
}

func (s *shelf) ReadReach(context.Context, string) (connector.Reach, error) {
	return connector.Reach{AccessState: s.access}, nil
}
func (s *shelf) NarrowInfo() connector.Info { return s.Info() }
func (s *shelf) NarrowAccess(context.Context, connector.AccessInput) (connector.Receipt, error) {
	return connector.Receipt{}, nil
}

func (s *shelf) WidenAccess(context.Context, connector.WidenInput) (connector.Receipt, error) {
	return connector.Receipt{}, nil
}
func (s *shelf) ActionInfo(string) (connector.Info, bool) { return s.Info(), true }
func (s *shelf) ActionNames() []string                    { return []string{"hide"} }
func (s *shelf) ReadAction(context.Context, string, string) (connector.ActionState, error) {
	return s.action, nil
}

func (s *shelf) Act(context.Context, connector.ActionInput) (connector.Receipt, error) {
	return connector.Receipt{}, nil
}

func (s *shelf) TakeBack(context.Context, connector.ActionInput) (connector.Receipt, error) {
	return connector.Receipt{}, nil
}

// What a far system does not know was perhaps never there under that name, or is
// looked for at a wrong address: that it is gone is said of nothing that nobody saw.
func TestWhatNobodyEverSawIsNotSaidToBeGone(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"revoke_access", "narrow_access", "connector"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			far := &shelf{action: connector.ActionState{Holds: true, Missing: true}}
			k := step.All(step.Named(connector.System{Name: "shelf", Access: far, Narrower: far, Actions: far}))[kind].(step.Effector)
			subject := func(w offboarding.Work) step.Subject {
				s := step.Subject{Grants: []customer.Grant{{ID: "gra_1", System: "shelf", Account: "ana", Status: customer.Granted}}}
				s.Step.Params = map[string]string{"system": "shelf", "action": "hide"}
				w.Item, w.System = "gra_1", "shelf"
				s.Work = w
				return s
			}
			look := func(w offboarding.Work) (step.Decision, error) {
				t.Helper()
				w.Phase = offboarding.Act
				s := subject(w)
				f, err := k.Observe(t.Context(), s)
				if err != nil {
					t.Fatal(err)
				}
				return k.Decide(s, f)
			}
			proof := func(w offboarding.Work) step.Proof {
				t.Helper()
				w.Phase = offboarding.Verify
				p, err := k.Verify(t.Context(), subject(w))
				if err != nil {
					t.Fatal(err)
				}
				return p
			}
			if d, err := look(offboarding.Work{}); fault.CodeOf(err) != step.NeverSeen || fault.KindOf(err) != fault.NotFound {
				t.Errorf("what nobody saw: %+v %v", d, err)
			}
			if p := proof(offboarding.Work{}); p.Holds || !p.Final || p.Why != step.NeverSeen {
				t.Errorf("what nobody saw is proved: %+v", p)
			}
			called := offboarding.Work{FirstCall: time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)} // it was there, and we called
			if d, err := look(called); err != nil || !d.Already {
				t.Errorf("gone after our call: %+v %v", d, err)
			}
			if p := proof(called); !p.Holds {
				t.Errorf("gone after our call: %+v", p)
			}
			// It was there and closed already; now it is gone, too.
			far.access.Found, far.action.Missing = true, false
			if d, err := look(offboarding.Work{}); err != nil || !d.Already {
				t.Errorf("closed already: %+v %v", d, err)
			}
			if kind == "connector" {
				return
			}
			seen, err := json.Marshal(step.AccessProof{Found: true})
			if err != nil {
				t.Fatal(err)
			}
			far.access.Found = false
			if p := proof(offboarding.Work{Evidence: string(seen)}); !p.Holds {
				t.Errorf("closed already, and gone: %+v", p)
			}
		})
	}
}
