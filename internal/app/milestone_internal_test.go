package app

import (
	"testing"
	"time"

	"hastaluego/internal/offboarding"
)

// A stop that two steps bring about is never ahead of either: where a person
// closed one of the accesses, all of them are done, and not verified.
func TestAStopOfTwoStepsIsAsFarAsTheLesser(t *testing.T) {
	t.Parallel()
	first, second := time.Date(2031, 3, 1, 10, 0, 0, 0, time.UTC), time.Date(2031, 3, 2, 10, 0, 0, 0, time.UTC)
	system := func(state offboarding.StepState) offboarding.Step {
		s := offboarding.Step{ID: "a", Key: "revoke", Kind: "revoke_access", Milestone: "access_closed", Verifies: true, State: state}
		if state == offboarding.StepVerified {
			s.DoneAt, s.VerifiedAt = first, first
		}
		return s
	}
	person := func(state offboarding.StepState) offboarding.Step {
		s := offboarding.Step{ID: "b", Key: "access", Kind: "close_access", Milestone: "access_closed", Human: true, State: state}
		if state == offboarding.StepDone {
			s.DoneAt = second
		}
		return s
	}
	for _, x := range []struct {
		system, person offboarding.StepState
		want           string
		done, verified time.Time
	}{
		{offboarding.StepWaiting, offboarding.StepWaiting, "planned", time.Time{}, time.Time{}},
		{offboarding.StepRunning, offboarding.StepWaiting, "now", time.Time{}, time.Time{}},
		{offboarding.StepVerified, offboarding.StepReady, "now", time.Time{}, time.Time{}},
		{offboarding.StepVerified, offboarding.StepDone, "done", second, time.Time{}},
		{offboarding.StepBlocked, offboarding.StepDone, "blocked", time.Time{}, time.Time{}},
		{offboarding.StepVerified, offboarding.StepSkipped, "verified", first, first},
		{offboarding.StepSkipped, offboarding.StepDone, "done", second, time.Time{}},
		{offboarding.StepUndone, offboarding.StepDone, "undone", time.Time{}, time.Time{}},
	} {
		p := offboarding.Plan{Steps: []offboarding.Step{system(x.system), person(x.person)}}
		list := milestones(p, nil)
		if len(list) != 2 { // beside that it was asked for
			t.Fatalf("%s and %s: %d stops", x.system, x.person, len(list))
		}
		m := list[1]
		if m.State != x.want || !m.Done.Equal(x.done) || !m.Verified.Equal(x.verified) {
			t.Errorf("%s and %s: %s, done %s, verified %s", x.system, x.person, m.State, m.Done, m.Verified)
		}
		if m.State == "done" && m.Verifies {
			t.Errorf("%s and %s: somebody waits for a proof that cannot come", x.system, x.person)
		}
	}
}
