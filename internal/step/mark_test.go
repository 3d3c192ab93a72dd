package step_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
)

// door lets in whoever has the right key as long as it is not locked.
type door struct {
	shelf
	key    string
	locked bool
}

func (d *door) ProbeAccess(context.Context, string) (connector.Probe, error) {
	return connector.Probe{In: !d.locked && d.key == "right", Status: "tried", With: connector.TriedWith(d.key)}, nil
}

// A refusal proves something of the credential that got in before, and of no other:
// one that was mistyped or renewed meanwhile is refused, too.
func TestOnlyTheCredentialThatGotInCanProveThatItIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		after  string
		marked bool
		why    string
		proof  step.ProofKind
	}{
		{"right", true, "", step.NegativeTest},
		{"mistyped", true, "probe.other_credential", ""},
		{"mistyped", false, "", step.NegativeTest}, // of before credentials were marked
	} {
		d := &door{shelf: shelf{access: connector.AccessState{Found: true, Open: true}}, key: "right"}
		sys := connector.System{Name: "shelf", Access: d, Prober: d}
		if c.marked {
			sys = step.Marked(sys, func(credential string) string { return "mark of " + credential[:1] })
		}
		k := step.All(step.Named(sys))["revoke_access"].(step.Effector)
		s := step.Subject{Grants: []customer.Grant{{ID: "gra_1", System: "shelf", Account: "ana", Status: customer.Granted}}}
		s.Work = offboarding.Work{Item: "gra_1", System: "shelf", Phase: offboarding.Act}
		f, err := k.Observe(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(f.Evidence), "right") {
			t.Errorf("the credential is kept: %s", f.Evidence)
		}
		s.Work.Before, s.Work.Phase, s.Work.FirstCall = string(f.Evidence), offboarding.Verify, time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
		d.locked, d.access.Open, d.key = true, false, c.after
		p, err := k.Verify(t.Context(), s)
		if err != nil || p.Why != c.why || p.Holds != (c.why == "") || p.Final != (c.why != "") || step.ProofOf(string(p.Evidence)).Proof != c.proof {
			t.Errorf("%+v: %+v %v, %s", c, p, err, p.Evidence)
		}
		// With it, it gets in all the same: that is no question of the credential.
		if d.locked, d.key = false, "right"; c.after != "right" {
			continue
		}
		if p, err := k.Verify(t.Context(), s); err != nil || p.Why != "access.still_open" {
			t.Errorf("%+v %v", p, err)
		}
	}
}

func TestACredentialIsShownByNoWayOfPrintingAProbe(t *testing.T) {
	t.Parallel()
	p := connector.Probe{In: true, With: connector.TriedWith("s3cret")}
	raw, err := json.Marshal(p)
	if told := fmt.Sprintf("%v %+v %#v %s", p, p, p, raw); err != nil || strings.Contains(told, "s3cret") {
		t.Errorf("%s %v", told, err)
	}
	d := &door{key: "s3cret"}
	sys := step.Marked(connector.System{Prober: d}, func(string) string { return "m" })
	if p, err := sys.Prober.ProbeAccess(t.Context(), "ana"); err != nil || p.With != nil || p.Mark != "m" {
		t.Errorf("%+v %v", p, err)
	}
}
