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

// A step that only looks is looked at, and asks what it would ask.
func TestADryRunOfAStepThatOnlyLooksIsALook(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, endsAndReads)
		r, c, _ := w.request(t, "now")
		eventually(t, "it was ended", func() bool { return w.stepState(t, c, "end") == offboarding.StepVerified })
		now, _, err := w.Now(t.Context())
		must(t, err)
		looks := func(would, why string) {
			t.Helper()
			list, err := w.engine.DryRun(t.Context(), r.Code, "ended")
			must(t, err)
			if len(list) == 0 || list[0].Would != would || list[0].Code != why || list[0].System != "billing" || list[0].Action != nil {
				t.Errorf("want %s: %+v", would, list)
			}
		}
		looks("wait", "connector.not_ended")
		must(t, w.PushClock(t.Context(), "", now.AddDate(0, 0, 1)))
		eventually(t, "it has ended", func() bool { return w.stepState(t, c, "ended") == offboarding.StepVerified })
		looks("nothing", "")
	})
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, looked)
		c, _ := w.found(t)
		w.stuck(t, c, "find")
		v, err := w.OpenCase(t.Context(), agent, c)
		must(t, err)
		found := w.logged(t, "grant.found")
		list, err := w.engine.DryRun(t.Context(), v.Plan.Case.Code, "find")
		must(t, err)
		if len(list) != 1 || list[0].Would != "ask" || list[0].System != "faro" || list[0].Status == "" || w.logged(t, "grant.found") != found {
			t.Errorf("%+v", list)
		}
	})
}
