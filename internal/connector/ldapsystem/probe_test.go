package ldapsystem_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
)

// silent is a directory that does not say why it refuses somebody.
const silent = "ppolicy_use_lockout off\n"

// modify changes an entry as its owner does, behind our back.
func (b *base) modify(uid, attribute string, values ...string) {
	b.t.Helper()
	req := ldap.NewModifyRequest("uid="+uid+","+people, nil)
	req.Replace(attribute, values)
	if err := b.root.Modify(req); err != nil {
		b.t.Fatal(err)
	}
}

// revoking is a work that closes an access at a system of ours.
type revoking struct {
	b *base
	k step.Effector
	s step.Subject
}

func (b *base) revoking(s connector.System, account string) *revoking {
	r := &revoking{b: b, k: step.All(step.Named(s))["revoke_access"].(step.Effector)}
	r.s = step.Subject{Grants: []customer.Grant{{ID: "gra_1", System: s.Name, Account: account, Kind: "login", Status: customer.Granted}}}
	r.s.Step.Params = map[string]string{"system": s.Name}
	r.s.Work = offboarding.Work{Item: "gra_1", System: s.Name, Phase: offboarding.Act}
	return r
}

// looks is the try before; it gets in.
func (r *revoking) looks() {
	r.b.t.Helper()
	f, err := r.k.Observe(r.b.t.Context(), r.s)
	if err != nil || f.Ended {
		r.b.t.Fatalf("%+v %v", f, err)
	}
	if p := step.ProofOf(string(f.Evidence)); p.Control == nil || !p.Control.In {
		r.b.t.Fatalf("it did not get in before: %s", f.Evidence)
	}
	r.s.Work.Before, r.s.Work.FirstCall = string(f.Evidence), noon
}

func (r *revoking) acts() {
	r.b.t.Helper()
	if _, err := r.k.Apply(r.b.t.Context(), step.Action{System: r.s.Work.System, Verb: "revoke", Reference: r.s.Grants[0].Account}, "k"); err != nil {
		r.b.t.Fatal(err)
	}
}

// proves is what reading back and trying again prove: the kind of proof and why it
// is no stronger, or why there is none.
func (r *revoking) proves() string {
	r.b.t.Helper()
	r.s.Work.Phase = offboarding.Verify
	p, err := r.k.Verify(r.b.t.Context(), r.s)
	if err != nil {
		r.b.t.Fatal(err)
	}
	if !p.Holds {
		return "none: " + p.Why
	}
	var ev step.AccessProof
	if err := json.Unmarshal(p.Evidence, &ev); err != nil {
		r.b.t.Fatal(err)
	}
	return string(ev.Proof) + ": " + ev.Why
}

// A password that was changed at the server is refused as a closed account is, with
// 49. Alone it proves nothing: it is neither tried nor, where the entry is open, read.
func TestAChangedPasswordIsNoClosedAccess(t *testing.T) {
	t.Parallel()
	const (
		lock = "    close: lock\n"
		// Nothing here heeds the mark: whoever is marked gets in as before.
		mark = "    close: mark\n    mark: {attribute: employeeType, closed: DEPARTED}\n"
	)
	for _, c := range []struct {
		name, conf, more string
		set              bool // its password was set at the server, which knows when
		change, act      bool
		want             string
	}{
		{"closed, and it says so", "", lock, true, false, true, "negative_test: "},
		{"closed, and it says so of a password of which it knows nothing", "", lock, false, false, true, "negative_test: "},
		{"closed, changed, and it says that it is closed", "", lock, true, true, true, "negative_test: "},
		{"closed, and it does not say so of the same password", silent, lock, true, false, true, "negative_test: "},
		{"closed, and it does not say so of a password of which it knows nothing", silent, lock, false, false, true, "read_back: probe.unsaid"},
		{"closed and changed, and it does not say which", silent, lock, true, true, true, "none: probe.other_credential"},
		{"the same, of a password of which it knew nothing", silent, lock, false, true, true, "none: probe.other_credential"},
		{"only changed", "", lock, true, true, false, "none: connector.not_so"},
		{"only changed, and it says nothing", silent, lock, true, true, false, "none: connector.not_so"},
		{"marked in vain, and changed", "", mark, true, true, true, "none: probe.other_credential"},
		{"marked in vain, and changed, of which it knew nothing", silent, mark, false, true, true, "none: probe.other_credential"},
		{"marked in vain", "", mark, true, false, true, "none: access.still_open"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := start(t, c.conf+rights, entry("ana", ""))
			b.put("ana", "hers")
			if c.set {
				b.modify("ana", "userPassword", "hers")
			}
			r := b.revoking(b.at(b.dir.Plain, c.more+b.tried("")), "ana")
			r.looks()
			if c.change {
				time.Sleep(1100 * time.Millisecond) // times there are of whole seconds
				b.modify("ana", "userPassword", "another")
			}
			if c.act { // after it: a new password takes a lock away
				r.acts()
			}
			if got := r.proves(); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// Active Directory says in words why it refuses, and only to whoever has the right
// password that the account is disabled.
func TestWhatActiveDirectorySaysOfARefusalIsHeard(t *testing.T) {
	t.Parallel()
	b := start(t, rights, entry("ana", ""))
	b.put("ana", "hers")
	for sub, want := range map[string]string{
		"533": "closed", "701": "closed",
		"52e": "connector.wrong_password", "525": "unsaid", "80090308": "unsaid",
		"530": "connector.probe_unclear", "531": "connector.probe_unclear", "532": "connector.probe_unclear", "773": "connector.probe_unclear", "775": "connector.probe_unclear",
	} {
		words := fmt.Sprintf("80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data %s, v2580", sub)
		f := fake{op: bindRequest, about: "uid=ana", answer: func(id, op byte) []byte { return message(id, answerTag(op), 49, words) }}
		s := b.at(b.line(f), "    close: disable\n"+b.tried(""))
		p, err := s.Prober.ProbeAccess(t.Context(), "ana")
		got := fault.CodeOf(err)
		if err == nil {
			got = map[bool]string{true: "unsaid", false: "closed"}[p.Unsaid]
		}
		if got != want || p.In {
			t.Errorf("%s: %+v %v, want %s", sub, p, err, want)
		}
		discreet(t, nil, err)
	}
}

// Whoever is locked because somebody typed a wrong password too often is not closed.
func TestALockThatTimeOpensProvesNothing(t *testing.T) {
	t.Parallel()
	for _, conf := range []string{"", silent} {
		b := start(t, conf+rights, entry("ana", ""))
		b.put("ana", "hers")
		s := b.at(b.dir.Plain, "    close: mark\n    mark: {attribute: employeeType, closed: DEPARTED}\n"+b.tried(""))
		b.modify("ana", "pwdAccountLockedTime", "20260101000000Z")
		if p, err := s.Prober.ProbeAccess(t.Context(), "ana"); fault.CodeOf(err) != "connector.probe_unclear" {
			t.Errorf("%q: %+v %v", conf, p, err)
		}
	}
}
