package offboarding_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
)

var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// drawPlan makes a plan in which every step waits only for earlier ones, and
// the first is the proof of identity.
func drawPlan(t *rapid.T) *offboarding.Plan {
	p := &offboarding.Plan{}
	n := rapid.IntRange(1, 8).Draw(t, "steps")
	for i := range n {
		s := offboarding.Step{Key: fmt.Sprint("s", i), Seq: i, Kind: "auto", Verifies: rapid.Bool().Draw(t, "verifies")}
		if i == 0 {
			s.Kind, s.Verifies = "confirm", false
		} else {
			s.After = append(s.After, "s0")
			for j := 1; j < i; j++ {
				if rapid.Bool().Draw(t, "after") {
					s.After = append(s.After, fmt.Sprint("s", j))
				}
			}
			if s.Human = rapid.Bool().Draw(t, "human"); s.Human {
				s.Verifies = false
				s.Items = []offboarding.Item{{Key: "a"}}
			}
		}
		p.Steps = append(p.Steps, s)
	}
	return p
}

// act does one random thing to the plan; refusals are fine, they are checked
// to be conflicts or blocks and never defects.
func act(t *rapid.T, p *offboarding.Plan) {
	key := fmt.Sprint("s", rapid.IntRange(0, len(p.Steps)-1).Draw(t, "step"))
	var err error
	switch rapid.IntRange(0, 8).Draw(t, "event") {
	case 0:
		err = p.Confirm(now, "link.mail")
	case 1:
		err = p.Start(key)
	case 2, 3:
		if s := p.Step(key); s.State == offboarding.StepReady || s.State == offboarding.StepRunning {
			if s.Human {
				_ = p.Tick(key, "a", true, "usr_1", "", now)
			}
			if s.Kind != "confirm" {
				err = p.Done(key, now, "engine")
			}
		}
	case 4:
		if p.Step(key).Verifies {
			err = p.Verified(key, now)
		}
	case 5:
		err = p.Block(key, "connector.refused")
	case 6:
		_, err = p.Reverse(now, "customer", func(k string) bool {
			s := p.Step(k)
			return s.Kind == "auto" && (s.State == offboarding.StepRunning || s.State == offboarding.StepDone || s.State == offboarding.StepVerified)
		})
	case 7:
		err = p.Undone(key, now)
	case 8:
		err = p.Stop(now, "customer")
	}
	if k := fault.KindOf(err); err != nil && k != fault.Conflict && k != fault.Blocked {
		t.Fatalf("a defect: %v", err)
	}
}

func terminalCase(s offboarding.CaseState) bool { return s != "" && !s.Open() }

// No step begins before what it waits for is over, and what has ended stays
// ended, whatever happens in whatever order.
func TestNoStepComesBeforeItsDependencies(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlan(t)
		if err := p.Begin(now); err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(0, 40).Draw(t, "events") {
			// A refused event may leave the plan half changed: a verb rolls it back,
			// and so does this test.
			before := *p
			before.Steps = slices.Clone(p.Steps)
			try := before
			try.Steps = slices.Clone(p.Steps)
			wasOver := terminalCase(p.Case.State)
			act(t, &try)
			if wasOver && try.Case.State != before.Case.State {
				t.Fatalf("a case that was %s became %s", before.Case.State, try.Case.State)
			}
			*p = try
			over := map[string]bool{}
			for i := range p.Steps {
				over[p.Steps[i].Key] = p.Steps[i].Over()
			}
			for i := range p.Steps {
				s := &p.Steps[i]
				if s.State == offboarding.StepWaiting || s.State == offboarding.StepCancelled || s.State == offboarding.StepSkipped {
					continue
				}
				for _, a := range s.After {
					if !over[a] && p.Case.State != offboarding.CaseReversing && p.Case.State != offboarding.CaseReversed && p.Case.State != offboarding.CaseStopped {
						t.Fatalf("%s is %s although %s is %s", s.Key, s.State, a, p.Step(a).State)
					}
				}
			}
		}
	})
}

// Left alone and worked properly, every plan closes.
func TestEveryPlanCanFinish(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlan(t)
		if err := p.Begin(now); err != nil {
			t.Fatal(err)
		}
		if err := p.Confirm(now, "link.mail"); err != nil {
			t.Fatal(err)
		}
		for range 100 {
			for i := range p.Steps {
				s := &p.Steps[i]
				if s.State != offboarding.StepReady {
					continue
				}
				if s.Human {
					if err := p.Done(s.Key, now, "usr_1"); fault.CodeOf(err) != "step.items_open" {
						t.Fatalf("done with an open item: %v", err)
					}
					if err := p.Tick(s.Key, "a", true, "usr_1", "", now); err != nil {
						t.Fatal(err)
					}
				}
				if err := p.Done(s.Key, now, "x"); err != nil {
					t.Fatal(err)
				}
				if s.Verifies {
					if err := p.Verified(s.Key, now); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		if p.Case.State != offboarding.CaseClosed {
			t.Fatalf("the case is %s", p.Case.State)
		}
		events, _ := p.Take()
		if last := events[len(events)-1]; last.Type != "case.closed" {
			t.Fatalf("the last event is %s", last.Type)
		}
	})
}

// Reversing undoes exactly what acted, in the reverse of its order, and then
// the case is reversed.
func TestReversalUndoesExactlyWhatWasDoneInReverse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlan(t)
		if err := p.Begin(now); err != nil {
			t.Fatal(err)
		}
		if err := p.Confirm(now, "link.mail"); err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(0, 25).Draw(t, "events") {
			key := fmt.Sprint("s", rapid.IntRange(0, len(p.Steps)-1).Draw(t, "step"))
			if s := p.Step(key); s.State == offboarding.StepReady && !s.Human {
				_ = p.Start(key)
			} else if s.State == offboarding.StepRunning {
				_ = p.Done(key, now, "engine")
			}
		}
		if p.Case.State != offboarding.CaseOpen {
			return
		}
		var acted []string
		for i := range p.Steps {
			if s := &p.Steps[i]; s.Kind == "auto" && !s.Human && (s.State == offboarding.StepRunning || s.State == offboarding.StepDone) {
				acted = append(acted, s.Key)
			}
		}
		undo, err := p.Reverse(now, "customer", func(k string) bool { return slices.Contains(acted, k) })
		if err != nil {
			t.Fatal(err)
		}
		slices.Reverse(acted)
		if !slices.Equal(undo, acted) {
			t.Fatalf("to undo %v, acted in reverse %v", undo, acted)
		}
		for _, k := range undo {
			if p.Case.State != offboarding.CaseReversing {
				t.Fatalf("%s before all was undone", p.Case.State)
			}
			if err := p.Undone(k, now); err != nil {
				t.Fatal(err)
			}
		}
		if p.Case.State != offboarding.CaseReversed {
			t.Fatalf("the case is %s", p.Case.State)
		}
	})
}

// Every state of the tables can be reached, and every one that is not terminal
// has a way to a terminal one.
func TestTheTransitionTablesHaveNoDeadEnds(t *testing.T) {
	t.Parallel()
	checkTable(t, "request", offboarding.RequestTransitions, offboarding.RequestReceived)
	checkTable(t, "case", offboarding.CaseTransitions, offboarding.CaseRegistered)
	checkTable(t, "step", offboarding.StepTransitions, offboarding.StepWaiting)
	checkTable(t, "work", offboarding.WorkTransitions, offboarding.WorkReady)
}

func checkTable[S ~string](t *testing.T, what string, table map[S][]S, start S) {
	t.Helper()
	reach := func(from S) map[S]bool {
		seen, todo := map[S]bool{from: true}, []S{from}
		for len(todo) > 0 {
			s := todo[0]
			todo = todo[1:]
			for _, next := range table[s] {
				if !seen[next] {
					seen[next] = true
					todo = append(todo, next)
				}
			}
		}
		return seen
	}
	from := reach(start)
	for s := range table {
		if !from[s] {
			t.Errorf("%s: nothing leads to %s", what, s)
		}
		ends := false
		for r := range reach(s) {
			ends = ends || len(table[r]) == 0
		}
		if !ends {
			t.Errorf("%s: nothing ends from %s", what, s)
		}
	}
}

// prepared is a plan in which three prepare what is approved, one after another,
// with a date and a skipped step among them, and something is done then.
func prepared() *offboarding.Plan {
	step := func(key, kind string, human bool, after ...string) offboarding.Step {
		return offboarding.Step{Key: key, Kind: kind, Human: human, After: after, Items: []offboarding.Item{{Key: "a"}}}
	}
	return &offboarding.Plan{Activator: "usr_activator", Steps: []offboarding.Step{
		step("confirm", "confirm", false),
		step("long_ago", "task", true, "confirm"),
		step("window", "wait", false, "long_ago"),
		step("collect", "task", true, "window"),
		step("sort", "act", false, "collect"),
		step("check", "task", true, "sort"),
		step("idle", "task", true, "check"),
		step("agree", "approve", true, "idle"),
		step("do", "task", true, "agree"),
	}}
}

// walk does every step up to one, each by its own person.
func walk(t *testing.T, p *offboarding.Plan, until string) {
	t.Helper()
	now := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	if err := p.Begin(now); err != nil {
		t.Fatal(err)
	}
	for i := range p.Steps {
		s := &p.Steps[i]
		var err error
		switch {
		case s.Key == until:
			return
		case s.Kind == "confirm":
			err = p.Confirm(now, "link.mail")
		case s.Key == "idle":
			err = p.Skip(s.Key, now, nil)
		case s.Human:
			if err = p.Tick(s.Key, "a", true, "usr_"+s.Key, "", now); err == nil {
				err = p.Done(s.Key, now, "usr_"+s.Key)
			}
		default:
			err = p.Done(s.Key, now, "engine")
		}
		if err != nil {
			t.Fatalf("%s: %v", s.Key, err)
		}
	}
}

// Nobody approves what they had a hand in: not even if somebody else undid and
// did it again, if the engine acted in between, or if a step after theirs was
// left out. Who did something before a date that was waited for is free to.
func TestNobodyApprovesWhatTheyHadAHandIn(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC)
	p := prepared()
	walk(t, p, "check")
	for _, ticked := range []bool{true, false} { // somebody begins
		if err := p.Tick("check", "a", ticked, "usr_first", "", now); err != nil {
			t.Fatal(err)
		}
	}
	p.Touch("check", "usr_file")
	if err := p.Tick("check", "a", true, "usr_check", "", now); err != nil {
		t.Fatal(err)
	}
	if err := p.Done("check", now, "usr_check"); err != nil {
		t.Fatal(err)
	}
	if err := p.Skip("idle", now, nil); err != nil {
		t.Fatal(err)
	}
	want := []string{"usr_activator", "usr_check", "usr_collect", "usr_file", "usr_first"}
	if got := p.Hands("agree"); !slices.Equal(got, want) {
		t.Fatalf("the hands are %v, want %v", got, want)
	}
	for _, who := range want {
		if err := p.Approve("agree", true, "", who, now); fault.CodeOf(err) != "approval.same_person" {
			t.Errorf("%s approves: %v", who, err)
		}
	}
	p.Step("agree").Items = nil
	if err := p.Approve("agree", true, "", "usr_long_ago", now); err != nil {
		t.Errorf("whoever did something before the date: %v", err)
	}
}

// Whoever approves a thing does not do it.
func TestWhoeverApprovesDoesNotDoIt(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC)
	p := prepared()
	walk(t, p, "agree")
	p.Step("agree").Items = nil
	if err := p.Approve("agree", true, "", "usr_boss", now); err != nil {
		t.Fatal(err)
	}
	if err := p.Tick("do", "a", true, "usr_boss", "", now); fault.CodeOf(err) != "approval.own_step" {
		t.Errorf("the approver ticks: %v", err)
	}
	if err := p.Tick("do", "a", true, "usr_check", "", now); err != nil {
		t.Fatal(err)
	}
	if err := p.Done("do", now, "usr_boss"); fault.CodeOf(err) != "approval.own_step" {
		t.Errorf("the approver completes: %v", err)
	}
	if err := p.Done("do", now, "usr_check"); err != nil { // whoever prepared it may do it
		t.Error(err)
	}
}

// What the house asks of a person is somebody's turn, and is done, whatever the
// state of the case.
func TestWhatTheHouseAsksIsDoneAlsoWhenTheCaseIsOver(t *testing.T) {
	p := offboarding.Plan{Case: offboarding.Case{ID: "case_1", State: offboarding.CaseClosed}}
	s := offboarding.Step{ID: "step_1", Key: "house", Kind: "task", Human: true, Role: "agent", Items: []offboarding.Item{{Key: "looked"}}}
	if err := p.Ask(s, now); err != nil {
		t.Fatal(err)
	}
	if p.Goes(p.Step("house")) {
		t.Error("a step of the plan goes on in a case that is over")
	}
	p.Steps[0].Spec.House = true
	if !p.Goes(p.Step("house")) {
		t.Error("what the house asks rests with the case")
	}
	for _, err := range []error{
		p.Assign("house", "usr_a", "usr_b"), p.Tick("house", "looked", true, "usr_a", "", now), p.Done("house", now, "usr_a"),
	} {
		if err != nil {
			t.Error(err)
		}
	}
}
