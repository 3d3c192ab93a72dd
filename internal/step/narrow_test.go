package step_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/iamsystem"
	"hastaluego/internal/connector/ldapsystem"
	"hastaluego/internal/connector/oauthsystem"
	"hastaluego/internal/connector/pgsystem"
	"hastaluego/internal/connector/s3system"
	"hastaluego/internal/connector/scimsystem"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
)

// office is a system with one access: what it says of it, and what is so.
type office struct {
	connector.Access
	says          connector.Reach
	writes, reads bool
	held          []string // what it was widened by
}

func (o *office) NarrowInfo() connector.Info { return connector.Info{Undo: connector.Restorable} }

func (o *office) ReadReach(context.Context, string) (connector.Reach, error) { return o.says, nil }

func (o *office) NarrowAccess(context.Context, connector.AccessInput) (connector.Receipt, error) {
	o.says.ReadOnly, o.writes, o.says.Held = true, false, nil
	return connector.Receipt{}, nil
}

func (o *office) WidenAccess(_ context.Context, in connector.WidenInput) (connector.Receipt, error) {
	o.held, o.says.ReadOnly, o.writes, o.says.Held = in.Held, false, true, in.Held
	return connector.Receipt{}, nil
}

func (o *office) ProbeAccess(context.Context, string) (connector.Probe, error) {
	return connector.Probe{In: o.reads, Status: "try"}, nil
}

func (o *office) ProbeWrite(context.Context, string) (connector.Probe, error) {
	return connector.Probe{In: o.writes, Status: "write"}, nil
}

func narrowing(o *office) (step.Effector, step.Subject) {
	sys := connector.System{Name: "office", Access: o, Narrower: o, Writes: o, Prober: o}
	k := step.All(step.Named(sys))["narrow_access"].(step.Effector)
	s := step.Subject{Grants: []customer.Grant{{ID: "gra_1", System: "office", Account: "ana", Status: customer.Granted}}}
	s.Work = offboarding.Work{Item: "gra_1", System: "office", Phase: offboarding.Act}
	return k, s
}

// narrow looks, decides and acts, as the engine does, and keeps what was seen.
func narrow(t *testing.T, k step.Effector, s *step.Subject) step.Decision {
	t.Helper()
	f, err := k.Observe(t.Context(), *s)
	if err != nil {
		t.Fatal(err)
	}
	s.Work.Before = string(f.Evidence)
	d, err := k.Decide(*s, f)
	if err != nil {
		t.Fatal(err)
	}
	if d.Act {
		if _, err := k.Apply(t.Context(), d.Action, "key"); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

func TestAnAccessIsProvedToReadAndToChangeNothing(t *testing.T) {
	t.Parallel()
	o := &office{says: connector.Reach{AccessState: connector.AccessState{Found: true, Open: true}, Held: []string{"editors"}}, writes: true, reads: true}
	k, s := narrowing(o)
	if d := narrow(t, k, &s); !d.Act || d.Action.Verb != "narrow" || d.Action.Reference != "ana" {
		t.Fatalf("%+v", d)
	}
	s.Work.Phase = offboarding.Verify
	verify := func(tries int) (step.Proof, step.AccessProof) {
		s.Work.Tries = tries
		p, err := k.Verify(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		return p, step.ProofOf(string(p.Evidence))
	}
	if p, ev := verify(0); !p.Holds || ev.Proof != step.NegativeTest || !ev.ReadOnly || !ev.Control.In || ev.Probe.In || !ev.Entry.In {
		t.Errorf("%+v %+v", p, ev)
	}
	o.writes = true // it says that it reads only, and writes
	if p, _ := verify(0); p.Holds || p.Why != "access.still_writes" || p.Final {
		t.Errorf("%+v", p)
	}
	if p, _ := verify(9); p.Holds || p.Why != "access.still_writes" || !p.Final {
		t.Errorf("%+v", p)
	}
	o.writes, o.reads = false, false // what is to be fetched cannot be
	if p, _ := verify(0); p.Holds || p.Why != "access.still_closed" {
		t.Errorf("%+v", p)
	}
	o.says.Open = false // somebody closed it whole: that is narrow enough, and is not left to read
	if p, ev := verify(0); !p.Holds || ev.ReadOnly {
		t.Errorf("%+v %+v", p, ev)
	}

	// Taken back, it has what it had.
	o.says.Open, o.reads = true, true
	s.Work.Phase = offboarding.Undo
	f, err := k.Observe(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	d, err := k.Undo(s, f)
	if err != nil || !d.Act || d.Action.Verb != "widen" {
		t.Fatalf("%+v %v", d, err)
	}
	if raw, _ := json.Marshal(d.Action); string(raw) != `{"system":"office","verb":"widen","reference":"ana","held":["editors"]}` {
		t.Errorf("%s", raw)
	}
	if p, err := k.VerifyUndo(t.Context(), s); err != nil || p.Holds {
		t.Errorf("before it was widened: %+v %v", p, err)
	}
	if _, err := k.Apply(t.Context(), d.Action, "key"); err != nil || !slices.Equal(o.held, []string{"editors"}) {
		t.Fatalf("%v %v", o.held, err)
	}
	if p, err := k.VerifyUndo(t.Context(), s); err != nil || !p.Holds {
		t.Errorf("%+v %v", p, err)
	}
	o.says.Held = nil // open, and without what it had
	if f, err = k.Observe(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if d, err := k.Undo(s, f); err != nil || !d.Act {
		t.Errorf("somebody widened it to something else, and it is taken for what it was: %+v %v", d, err)
	}
	if p, err := k.VerifyUndo(t.Context(), s); err != nil || p.Holds {
		t.Errorf("%+v %v", p, err)
	}
}

func TestWhatChangesNothingIsLeftAsItIs(t *testing.T) {
	t.Parallel()
	for _, says := range []connector.Reach{
		{AccessState: connector.AccessState{Found: true}},
		{AccessState: connector.AccessState{Found: true, Open: true}, ReadOnly: true},
	} {
		k, s := narrowing(&office{says: says, reads: true})
		if d := narrow(t, k, &s); !d.Already || d.Act {
			t.Errorf("%+v: %+v", says, d)
		}
	}
	// It says that it can only read, and was seen to write.
	k, s := narrowing(&office{says: connector.Reach{AccessState: connector.AccessState{Found: true, Open: true}, ReadOnly: true}, writes: true, reads: true})
	if d := narrow(t, k, &s); !d.Act {
		t.Errorf("%+v", d)
	}
}

// What was left to read is closed by a later step alone, and nothing that can change
// something stays open for its sake.
func TestWhatIsLeftToReadIsClosedInItsTime(t *testing.T) {
	t.Parallel()
	o := &office{}
	sys := step.Named(connector.System{Name: "office", Access: o, Narrower: o}, connector.System{Name: "door", Access: o})
	grants := []customer.Grant{
		{ID: "reads", System: "office", Account: "a", Status: customer.ReadOnly, DependsOn: []string{"office/b"}},
		{ID: "writes", System: "office", Account: "b", Status: customer.Granted},
		{ID: "closed", System: "office", Account: "c", Status: customer.Revoked},
		{ID: "enters", System: "door", Account: "d", Status: customer.Granted},
		{ID: "ours", System: "office", Account: "e", Status: customer.Granted, Ours: true},
	}
	for _, c := range []struct {
		kind   string
		params map[string]string
		want   []string
	}{
		{"narrow_access", nil, []string{"writes"}},
		{"narrow_access", map[string]string{"system": "office"}, []string{"writes"}},
		{"revoke_access", map[string]string{"narrowed": "leave"}, []string{"enters", "writes"}},
		{"revoke_access", nil, []string{"enters", "reads", "writes"}},
		{"revoke_access", map[string]string{"system": "office", "narrowed": "close"}, []string{"reads", "writes"}},
	} {
		s := step.Subject{Grants: grants}
		s.Step.Params = c.params
		var got []string
		for _, j := range step.All(sys)[c.kind].Jobs(s) {
			got = append(got, j.Item)
		}
		if slices.Sort(got); !slices.Equal(got, c.want) {
			t.Errorf("%s %v: %v, want %v", c.kind, c.params, got, c.want)
		}
	}
	waits := func() bool {
		s := step.Subject{Grants: grants, Work: offboarding.Work{Item: string(grants[1].ID)}}
		return step.All(sys)["revoke_access"].(step.Orderly).StillWaits(s)
	}
	if waits() {
		t.Error("what can change something waits for what only reads")
	}
	grants[1].Status = customer.ReadOnly
	if !waits() {
		t.Error("of two that only read, one needs the other")
	}
	_, err := step.All(sys)["narrow_access"].(step.Effector).Info(step.Subject{Grants: grants, Work: offboarding.Work{Item: "enters"}})
	if fault.CodeOf(err) != "connector.cannot" {
		t.Errorf("%v", err)
	}
}

// A directory, a provider of identities, a server of tokens and keys have nothing
// between open and closed: what is there is not left to read, and closed whole, with what
// is left to read elsewhere still open.
func TestWhatCannotBeLeftToReadIsClosedWhole(t *testing.T) {
	t.Parallel()
	for kind, c := range map[string]struct {
		system  any
		narrows bool
	}{
		"ldap": {(*ldapsystem.System)(nil), false}, "scim": {(*scimsystem.System)(nil), false}, "oauth": {(*oauthsystem.System)(nil), false}, "iam": {(*iamsystem.System)(nil), false},
		"postgres": {(*pgsystem.System)(nil), true}, "s3": {(*s3system.System)(nil), true},
	} {
		narrower, narrows := c.system.(connector.Narrower)
		if narrows != c.narrows {
			t.Errorf("%s: it leaves to read: %v", kind, narrows)
		}
		access, closes := c.system.(connector.Access)
		if !closes {
			t.Errorf("%s closes nothing", kind)
		}
		sys := connector.System{Name: "far", Access: access}
		if narrows {
			sys.Narrower = narrower
		}
		kinds := step.All(step.Named(sys))
		s := step.Subject{Grants: []customer.Grant{{ID: "gra_1", System: "far", Account: "ana", Kind: "login", Status: customer.Granted}}}
		if n := len(kinds["narrow_access"].Jobs(s)); (n == 1) != c.narrows {
			t.Errorf("%s: %d accesses are left to read", kind, n)
		}
		s.Step.Params = map[string]string{"narrowed": "leave"}
		if c.narrows {
			s.Grants[0].Status = customer.ReadOnly
		}
		if n := len(kinds["revoke_access"].Jobs(s)); (n == 0) != c.narrows {
			t.Errorf("%s: %d accesses are closed while others are left to read", kind, n)
		}
	}
}

// An access waits for those that need it at other systems too, where the step closes
// them: not for one that nobody here closes, nor for ever.
func TestAnAccessWaitsForThoseThatNeedItElsewhere(t *testing.T) {
	t.Parallel()
	o := &office{}
	sys := step.Named(connector.System{Name: "identity", Access: o}, connector.System{Name: "app", Access: o}, connector.System{Name: "sheet"})
	k := step.All(sys)["revoke_access"].(step.Orderly)
	ready := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	login := customer.Grant{ID: "login", System: "identity", Account: "a", Status: customer.Granted}
	needing := func(system string, status customer.GrantStatus, ours bool) []customer.Grant {
		return []customer.Grant{login, {ID: "other", System: system, Account: "b", Status: status, Ours: ours, DependsOn: []string{"identity/a"}}}
	}
	for _, c := range []struct {
		what   string
		grants []customer.Grant
		only   string
		after  time.Duration
		want   bool
	}{
		{"one elsewhere is open", needing("app", customer.Granted, false), "", time.Hour, true},
		{"it is closed", needing("app", customer.Revoked, false), "", time.Hour, false},
		{"its system does not answer", needing("app", customer.Granted, false), "", 24 * time.Hour, false},
		{"a person closes it", needing("sheet", customer.Granted, false), "", time.Hour, false},
		{"another step closes it", needing("app", customer.Granted, false), "identity", time.Hour, false},
		{"it is of our own people", needing("app", customer.Granted, true), "", time.Hour, false},
		{"at the same system, however long", needing("identity", customer.Granted, false), "", 90 * 24 * time.Hour, true},
	} {
		s := step.Subject{Grants: c.grants, Work: offboarding.Work{Item: "login"}, Now: ready.Add(c.after)}
		s.Step.ReadyAt = ready
		if c.only != "" {
			s.Step.Params = map[string]string{"system": c.only}
		}
		if got := k.StillWaits(s); got != c.want {
			t.Errorf("%s: it waits: %v", c.what, got)
		}
	}
	if !step.OpensAfter(needing("app", customer.Revoked, false), needing("app", customer.Revoked, false)[1], login) {
		t.Error("what needs the other is opened before it")
	}
}
