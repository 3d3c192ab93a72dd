package offboarding_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/calendar"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
)

// model drives a plan as the program does, with everything that people, far
// systems and clocks may do, and keeps books of its own beside it: what acted
// outside, and what was taken back.
type model struct {
	p       *offboarding.Plan
	now     time.Time
	holds   map[string]bool // conditions, by step
	acted   map[string]bool // works that changed something outside, of steps that can be taken back
	undone  []string        // in order
	effects []string        // what had acted when the reversal began, the last first
	toUndo  []string        // when the reversal began, in the order in which it must happen
	told    map[string]int  // events by type and step
}

var (
	people = []string{"usr_1", "usr_2", "usr_3"}
	undos  = []string{"", "restorable", "reissuable", "final"}
)

// drawModel makes a plan of people's steps, approvals, acts, readings and waits
// with time-outs, some under a condition.
func drawModel(t *rapid.T) *model {
	m := &model{p: &offboarding.Plan{}, now: now, holds: map[string]bool{}, acted: map[string]bool{}, told: map[string]int{}}
	m.p.Steps = []offboarding.Step{{Key: "s0", Kind: "confirm"}}
	for i := range rapid.IntRange(1, 7).Draw(t, "steps") {
		s := offboarding.Step{
			Key: fmt.Sprint("s", i+1), Seq: i + 1, After: []string{"s0"},
			Kind: rapid.SampledFrom([]string{"task", "task", "approve", "act", "act", "read", "wait"}).Draw(t, "kind"),
		}
		for j := 1; j <= i; j++ {
			if rapid.Bool().Draw(t, "after") {
				s.After = append(s.After, fmt.Sprint("s", j))
			}
		}
		if rapid.IntRange(0, 3).Draw(t, "condition") == 0 {
			s.Spec.If = "customer.consumer"
			m.holds[s.Key] = rapid.Bool().Draw(t, "holds")
		}
		switch s.Kind {
		case "task", "approve":
			s.Human, s.Role = true, "agent"
			for k := range rapid.IntRange(0, 2).Draw(t, "items") {
				s.Items = append(s.Items, offboarding.Item{Key: fmt.Sprint("i", k)})
			}
			s.Spec.Alert = rapid.IntRange(0, 2).Draw(t, "alert")
			s.Spec.Escalate = offboarding.Escalation{Days: 1, To: rapid.SampledFrom([]string{"", "admin"}).Draw(t, "to")}
			s.Spec.Undo.Class = rapid.SampledFrom(undos).Draw(t, "undo")
		case "act":
			s.Verifies = rapid.Bool().Draw(t, "verifies")
			s.Spec.Undo.Class = rapid.SampledFrom(undos[1:]).Draw(t, "undo")
		case "read":
			s.Verifies = true
		case "wait":
			s.Spec.Timeout, s.Spec.Else = 1, rapid.SampledFrom([]string{"continue", "ask"}).Draw(t, "else")
		}
		m.p.Steps = append(m.p.Steps, s)
	}
	m.must(t, m.do(func(p *offboarding.Plan) error { return p.Begin(m.now) }))
	return m
}

func clone(p *offboarding.Plan) *offboarding.Plan {
	c := *p
	c.Steps = slices.Clone(p.Steps)
	for i := range c.Steps {
		c.Steps[i].Items = slices.Clone(c.Steps[i].Items)
	}
	return &c
}

// do tries an event as a verb does: refused, nothing of it stays; accepted, the
// steps that became ready begin, or are skipped when their condition does not
// hold.
func (m *model) do(event func(*offboarding.Plan) error) error {
	try := clone(m.p)
	if err := event(try); err != nil {
		return err
	}
	told := maps.Clone(m.told)
	for {
		events, ready := try.Take()
		for _, e := range events {
			told[fmt.Sprint(e.Type, " ", e.Args["step"])]++
		}
		if len(ready) == 0 {
			break
		}
		for _, key := range ready {
			s := try.Step(key)
			if s.Spec.If != "" && !m.holds[key] {
				if err := try.Skip(key, m.now, map[string]any{"customer.consumer": false}); err != nil {
					return err
				}
			} else if s.Human {
				s.Due = try.DueOf(s, m.now, time.UTC, calendar.Weekdays)
			}
		}
	}
	m.p, m.told = try, told
	return nil
}

func (m *model) must(t *rapid.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused checks that what was refused was refused for a reason that a person
// can understand.
func refused(t *rapid.T, err error) {
	t.Helper()
	switch fault.KindOf(err) {
	case fault.Conflict, fault.Blocked, fault.Forbidden:
	default:
		if err != nil {
			t.Fatalf("a defect: %v", err)
		}
	}
}

func (m *model) key(t *rapid.T) string {
	return m.p.Steps[rapid.IntRange(0, len(m.p.Steps)-1).Draw(t, "step")].Key
}

// mayHaveActed is what the program knows from its works and lists.
func (m *model) mayHaveActed(key string) bool { return m.acted[key] || m.p.Step(key).Acted() }

func (m *model) reverse(by string) error {
	var todo, effects []string
	for i := len(m.p.Steps) - 1; i >= 0; i-- {
		if m.mayHaveActed(m.p.Steps[i].Key) {
			effects = append(effects, m.p.Steps[i].Key)
		}
	}
	err := m.do(func(p *offboarding.Plan) (err error) {
		todo, err = p.Reverse(m.now, by, m.mayHaveActed)
		return err
	})
	if err == nil {
		m.toUndo, m.effects = todo, effects
	}
	return err
}

// undo takes back the step whose turn it is.
func (m *model) undo() error {
	s := m.p.UndoTurn()
	if s == nil {
		return nil
	}
	key := s.Key
	err := m.do(func(p *offboarding.Plan) error { return p.Undone(key, m.now) })
	if err == nil {
		m.undone = append(m.undone, key)
	}
	return err
}

// work brings one step on by what its kind does next.
func (m *model) work(key, by string) error {
	s := m.p.Step(key)
	defer func() {
		if s := m.p.Step(key); s.Kind == "act" && s.State == offboarding.StepRunning && s.Spec.Undo.Class != "final" {
			m.acted[key] = true // its call began
		}
	}()
	return m.do(func(p *offboarding.Plan) error {
		switch {
		case s.Kind == "confirm":
			return p.Confirm(m.now, "link.mail")
		case s.Kind == "approve":
			for _, it := range s.Items {
				if err := p.Tick(key, it.Key, true, by, "", m.now); err != nil {
					return err
				}
			}
			return p.Approve(key, true, "", by, m.now)
		case s.Human:
			if _, err := p.Workable(key); err != nil {
				return err
			}
			for _, it := range s.Items {
				if err := p.Tick(key, it.Key, true, by, "", m.now); err != nil {
					return err
				}
			}
			return p.Done(key, m.now, by)
		case s.State == offboarding.StepReady || s.State == offboarding.StepBlocked:
			if p.Case.Paused || p.Case.State != offboarding.CaseOpen { // no work of it is claimed
				return fault.New(fault.Blocked, "case.paused")
			}
			return p.Start(key)
		case s.State == offboarding.StepRunning:
			return p.Done(key, m.now, "engine")
		case s.Verifies && s.State == offboarding.StepDone:
			return p.Verified(key, m.now)
		}
		return fault.New(fault.Blocked, "step.not_ready")
	})
}

// step does one random thing.
func (m *model) actions() map[string]func(*rapid.T) {
	by := func(t *rapid.T) string { return rapid.SampledFrom(people).Draw(t, "by") }
	return map[string]func(*rapid.T){
		"work": func(t *rapid.T) {
			key := m.key(t)
			refused(t, m.work(key, by(t)))
		},
		"tick": func(t *rapid.T) {
			key, on := m.key(t), rapid.Bool().Draw(t, "on")
			if s := m.p.Step(key); len(s.Items) > 0 {
				refused(t, m.do(func(p *offboarding.Plan) error { return p.Tick(key, s.Items[0].Key, on, by(t), "", m.now) }))
			}
		},
		"block": func(t *rapid.T) {
			key := m.key(t)
			refused(t, m.do(func(p *offboarding.Plan) error { return p.Block(key, "connector.refused") }))
		},
		"refuse": func(t *rapid.T) {
			key := m.key(t)
			if m.p.Step(key).Kind == "approve" {
				refused(t, m.do(func(p *offboarding.Plan) error { return p.Approve(key, false, "no", by(t), m.now) }))
			}
		},
		"reopen": func(t *rapid.T) {
			key := m.key(t)
			refused(t, m.do(func(p *offboarding.Plan) error { return p.Reopen(key, by(t)) }))
		},
		"time out": func(t *rapid.T) {
			key := m.key(t)
			s := m.p.Step(key)
			if s.Kind != "wait" || s.State != offboarding.StepReady && s.State != offboarding.StepRunning || m.p.Case.Paused {
				return
			}
			refused(t, m.do(func(p *offboarding.Plan) error {
				if err := p.Start(key); err != nil {
					return err
				}
				if s.Spec.Else == "ask" {
					return p.Block(key, "step.wait_timed_out")
				}
				return p.Done(key, m.now, "engine")
			}))
		},
		"ring": func(t *rapid.T) {
			key := m.key(t)
			over := m.p.Step(key).Over() || m.p.Step(key).State == offboarding.StepDone
			alarm := rapid.SampledFrom([]string{"alert", "overdue", "escalate"}).Draw(t, "alarm")
			heard := false
			refused(t, m.do(func(p *offboarding.Plan) error { heard = p.Ring(key, alarm); return nil }))
			if heard && over {
				t.Fatalf("an alarm rang for %s, which is %s", key, m.p.Step(key).State)
			}
		},
		"pause":  func(t *rapid.T) { refused(t, m.do(func(p *offboarding.Plan) error { return p.Pause(by(t), "wait") })) },
		"resume": func(t *rapid.T) { refused(t, m.do(func(p *offboarding.Plan) error { return p.Resume(by(t)) })) },
		"assign": func(t *rapid.T) {
			key := m.key(t)
			refused(t, m.do(func(p *offboarding.Plan) error { return p.Assign(key, by(t), by(t)) }))
		},
		"ask the house": func(t *rapid.T) {
			s := offboarding.Step{Key: "house", Kind: "task", Human: true, Role: "agent"}
			s.Spec.House, s.Spec.UntilConfirmed = true, rapid.Bool().Draw(t, "until confirmed")
			refused(t, m.do(func(p *offboarding.Plan) error { return p.Ask(s, m.now) }))
		},
		"reverse": func(t *rapid.T) {
			if rapid.IntRange(0, 24).Draw(t, "really") == 0 {
				refused(t, m.reverse("customer"))
			}
		},
		"undo": func(t *rapid.T) { refused(t, m.undo()) },
		"disown": func(t *rapid.T) {
			if rapid.IntRange(0, 24).Draw(t, "really") == 0 {
				refused(t, m.do(func(p *offboarding.Plan) error {
					if p.Case.State != offboarding.CaseRegistered {
						return fault.New(fault.Blocked, "case.not_stoppable") // what acted is undone instead
					}
					return p.Stop(m.now, "customer")
				}))
			}
		},
		"a day": func(*rapid.T) { m.now = m.now.AddDate(0, 0, 1) },
	}
}

// check compares the plan with what it was, and with the books.
func (m *model) check(t *rapid.T, before *offboarding.Plan) {
	t.Helper()
	if terminalCase(before.Case.State) && m.p.Case.State != before.Case.State {
		t.Fatalf("a case that was %s became %s", before.Case.State, m.p.Case.State)
	}
	for i := range before.Steps {
		old, s := &before.Steps[i], m.p.Step(before.Steps[i].Key)
		if s == nil {
			t.Fatalf("%s is lost", old.Key)
		}
		if _, moves := offboarding.StepTransitions[old.State]; !moves && s.State != old.State {
			t.Fatalf("%s was %s and became %s", s.Key, old.State, s.State)
		}
	}
	over := map[string]bool{}
	for i := range m.p.Steps {
		over[m.p.Steps[i].Key] = m.p.Steps[i].Over()
	}
	going := m.p.Case.State == offboarding.CaseRegistered || m.p.Case.State == offboarding.CaseOpen || m.p.Case.State == offboarding.CaseClosed
	open := 0
	for i := range m.p.Steps {
		s := &m.p.Steps[i]
		if !s.Over() && (!s.Spec.House || m.p.Case.State != offboarding.CaseClosed) { // the house may ask afterwards too
			open++
		}
		free := !slices.ContainsFunc(s.After, func(a string) bool { return !over[a] })
		begun := s.State != offboarding.StepWaiting && s.State != offboarding.StepCancelled
		if going && begun && !free {
			t.Fatalf("%s is %s before what it waits for", s.Key, s.State)
		}
		if going && free && s.State == offboarding.StepWaiting {
			t.Fatalf("%s waits for nothing: it is lost", s.Key)
		}
		if s.State == offboarding.StepSkipped && (m.holds[s.Key] || m.told["step.skipped "+s.Key] != 1) {
			t.Fatalf("%s was skipped, its condition holds: %v, told %d times", s.Key, m.holds[s.Key], m.told["step.skipped "+s.Key])
		}
		if s.State == offboarding.StepUndone && !slices.Contains(m.undone, s.Key) {
			t.Fatalf("%s is undone and nobody took it back", s.Key)
		}
	}
	if m.p.Case.State == offboarding.CaseClosed && open > 0 {
		t.Fatalf("closed with %d steps open", open)
	}
	if m.p.Case.State == offboarding.CaseOpen && open == 0 {
		t.Fatal("open with nothing left to do")
	}
	m.checkReversal(t)
}

// checkReversal expects that exactly what acted is taken back, the last first.
func (m *model) checkReversal(t *rapid.T) {
	t.Helper()
	if m.p.Case.State != offboarding.CaseReversing && m.p.Case.State != offboarding.CaseReversed {
		if len(m.undone) > 0 {
			t.Fatalf("%v was taken back and the case is %s", m.undone, m.p.Case.State)
		}
		return
	}
	if !slices.Equal(m.toUndo, m.effects) {
		t.Fatalf("to be undone is %v, and what acted, the last first, was %v", m.toUndo, m.effects)
	}
	if len(m.undone) > len(m.toUndo) || !slices.Equal(m.undone, m.toUndo[:len(m.undone)]) {
		t.Fatalf("undone %v of %v", m.undone, m.toUndo)
	}
	if m.p.Case.State == offboarding.CaseReversed && len(m.undone) != len(m.toUndo) {
		t.Fatalf("reversed with only %v of %v undone", m.undone, m.toUndo)
	}
}

// goOn does what is left, as people do in the end, at most so many things.
func (m *model) goOn(t *rapid.T, things int) {
	t.Helper()
	for range things {
		before := clone(m.p)
		switch {
		case terminalCase(m.p.Case.State):
			return
		case m.p.Case.Paused && m.p.Case.State == offboarding.CaseOpen:
			m.must(t, m.do(func(p *offboarding.Plan) error { return p.Resume("usr_1") }))
		case m.p.Case.State == offboarding.CaseReversing:
			m.undoOne(t)
		default:
			m.workOne(t)
		}
		m.check(t, before)
	}
}

func states(p *offboarding.Plan) (out []string) {
	for i := range p.Steps {
		out = append(out, fmt.Sprint(p.Steps[i].Key, " ", p.Steps[i].Kind, " ", p.Steps[i].State))
	}
	return out
}

func (m *model) undoOne(t *rapid.T) {
	t.Helper()
	for i := len(m.p.Steps) - 1; i >= 0; i-- { // what a person was asked about comes first
		if s := &m.p.Steps[i]; s.State == offboarding.StepBlocked {
			key := s.Key
			m.must(t, m.do(func(p *offboarding.Plan) error { return p.Undone(key, m.now) }))
			m.undone = append(m.undone, key)
			return
		}
	}
	m.must(t, m.undo())
}

func (m *model) workOne(t *rapid.T) {
	t.Helper()
	for i := range m.p.Steps {
		s := &m.p.Steps[i]
		if s.State == offboarding.StepWaiting || s.Over() {
			continue
		}
		if s.Human && s.State == offboarding.StepBlocked {
			m.must(t, m.do(func(p *offboarding.Plan) error { return p.Reopen(s.Key, "usr_1") }))
			return
		}
		m.must(t, m.work(s.Key, "usr_"+s.Key)) // whoever approves has prepared nothing
		return
	}
	t.Fatalf("nothing can be done: %s, %v", m.p.Case.State, states(m.p))
}

// Whatever people, far systems and clocks do in whatever order: no step is
// lost or comes before its dependencies, what ended stays ended, undoing takes
// back exactly what was done in reverse order, and every state that can be
// reached can be brought to an end.
func TestWhateverHappensADepartureKeepsItsPromises(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t)
		actions := m.actions()
		for name, act := range actions {
			actions[name] = func(t *rapid.T) {
				before := clone(m.p)
				act(t)
				m.check(t, before)
			}
		}
		t.Repeat(actions)
		if rapid.Bool().Draw(t, "in the end it is undone") {
			m.goOn(t, rapid.IntRange(4, 16).Draw(t, "after so much more"))
			if m.p.Case.State == offboarding.CaseOpen {
				m.must(t, m.reverse("usr_1"))
			}
		}
		m.goOn(t, 60*len(m.p.Steps))
		if !terminalCase(m.p.Case.State) {
			t.Fatalf("the case never ends: %s, %v", m.p.Case.State, states(m.p))
		}
	})
}

// While a case is paused nobody works on a step of its plan.
func TestAPausedDepartureStandsStill(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t)
		m.must(t, m.do(func(p *offboarding.Plan) error { return p.Confirm(m.now, "link.mail") }))
		if m.p.Case.State != offboarding.CaseOpen {
			return // nothing was left to do
		}
		m.must(t, m.do(func(p *offboarding.Plan) error { return p.Pause("usr_1", "wait") }))
		before := states(m.p)
		for range rapid.IntRange(1, 20).Draw(t, "tries") {
			key := m.key(t)
			if m.p.Step(key).State == offboarding.StepVerified || m.p.Step(key).Kind == "confirm" {
				continue
			}
			if err := m.work(key, rapid.SampledFrom(people).Draw(t, "by")); err == nil {
				t.Fatalf("%s was worked on", key)
			}
		}
		if after := states(m.p); !slices.Equal(before, after) {
			t.Fatalf("%v became %v", before, after)
		}
	})
}
