package app_test

import (
	"encoding/json"
	"testing"

	"hastaluego/internal/demo/peer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
)

// A dry run says what would be done, and does nothing at all.
func TestADryRunDecidesAndChangesNothing(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, outage)
		ctx := t.Context()
		w.inventory(t)
		must(t, w.billing.SetFaults(ctx, peer.Faults{Status: 400, Reference: "acc-key"})) // a step that waits for a person
		r, c, _ := w.request(t, "period_end")
		eventually(t, "a person is asked", func() bool { return w.stepState(t, c, "revoke") == offboarding.StepBlocked })
		must(t, w.billing.SetFaults(ctx, peer.Faults{}))
		before := w.closing(t, c, "gra_2")
		list, err := w.engine.DryRun(ctx, r.Code, "revoke")
		must(t, err)
		would := map[string]string{}
		for _, x := range list {
			would[x.Item] = x.Would
			if x.Item == "acc-key" && (x.Action == nil || x.Action.Verb != "revoke" || x.Status != "active" || x.Undo != "restorable") {
				t.Errorf("%+v", x)
			}
		}
		if would["acc-key"] != "act" || would["acc-base"] != "wait" {
			t.Errorf("would do: %v", would)
		}
		effects, err := w.billing.Effects(ctx, "acc-key")
		must(t, err)
		x, err := json.Marshal(before)
		must(t, err)
		y, err := json.Marshal(w.closing(t, c, "gra_2"))
		must(t, err)
		if len(effects) != 0 || string(x) != string(y) {
			t.Errorf("it changed something: %v", effects)
		}
		_, err = w.engine.DryRun(ctx, r.Code, "confirm")
		code(t, err, "step.no_effect")
	})
}
