package conformance

import (
	"context"
	"slices"
	"testing"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
)

// Wired is a connector under test whose far system speaks another protocol than HTTP:
// a real server of it, which somebody in between makes fail.
type Wired struct {
	Secret string // what we prove with who we are
	// Named is how an access is named there; itself, unless this is set.
	Named func(name string) string
	// Well connects the far system with nobody in between.
	Well func(t *testing.T) connector.System
	// Put sets the far system up for the call of this name: Reference is there and open,
	// and nothing is done of what there is to do; or that alone is done which the call
	// takes back.
	Put func(t *testing.T, call string)
	// Ways are how each fault is made. A fault that the protocol has, and of which there
	// is no way, fails the test; so does a way of one that it has not.
	Ways map[Fault][]Way
}

// Way is one way in which a far system fails.
type Way struct {
	Name string
	At   Stage
	// Connect connects a far system that fails so whenever it comes to that stage.
	Connect func(t *testing.T) connector.System
	// Happens: what was asked for did happen there.
	Happens bool
	// Asked is how often it came to that stage since it was asked last; nil: not counted.
	Asked func() int
	// Sound connects the same with nobody in between; nil: as Well does.
	Sound func(t *testing.T) connector.System
	// Stays are the accesses that were on the far system's list all the time, of Moving.
	Stays []string
}

// Stage is the part of a call at which the far system fails.
type Stage int

// The stages.
const (
	SigningIn Stage = iota // as ourselves, before anything else
	Looking                // something is read
	Changing               // something is changed
	Entering               // an access signs in with its own credential, to be tried
)

// calls that come to the stage.
func (s Stage) has(c call) bool {
	switch s {
	case SigningIn:
		return c.sort != probing
	case Looking:
		return c.sort == reading
	case Changing:
		return c.sort == acting && c.is != nil
	default:
		return c.sort == probing
	}
}

// RunWired runs the suite. peer starts a far system of its own for each fault.
func RunWired(t *testing.T, protocol string, peer func(t *testing.T) Wired) {
	t.Helper()
	said := answersIn(t, protocol)
	for _, f := range Faults() {
		t.Run(string(f), func(t *testing.T) {
			t.Parallel()
			w := peer(t)
			if (said[f].Absent != "") != (len(w.Ways[f]) == 0) {
				t.Fatalf("%d ways of it, where %s says %+v", len(w.Ways[f]), protocol, said[f])
			}
			for _, way := range w.Ways[f] {
				t.Run(way.Name, func(t *testing.T) { w.fails(t, f, way) })
			}
		})
	}
	t.Run("a system that is well", func(t *testing.T) {
		t.Parallel()
		peer(t).well(t)
	})
	t.Run("a call whose time is over is not sent", func(t *testing.T) {
		t.Parallel()
		w := peer(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for _, c := range w.calls(w.Well(t)) {
			if _, err := c.do(ctx); fault.KindOf(err) != fault.Transient || fault.CodeOf(err) != "connector.not_sent" {
				t.Errorf("%s: %v", c.name, err)
			}
		}
	})
}

func (w Wired) dialect() Dialect { return Dialect{Secret: w.Secret, Named: w.Named} }

func (w Wired) calls(s connector.System) []call { return w.dialect().calls(s) }

// fails puts every call that comes to the stage through one way of failing, and
// compares what we say of it with what happened there.
func (w Wired) fails(t *testing.T, f Fault, way Way) {
	if f == Moving {
		w.moves(t, way)
		return
	}
	well := w.Well
	if way.Sound != nil {
		well = way.Sound
	}
	s, sound, tried := way.Connect(t), well(t), 0
	for _, c := range w.calls(s) {
		if !way.At.has(c) || f == Partial && c.name != Revoke {
			continue
		}
		tried++
		w.Put(t, c.name)
		if way.Asked != nil {
			way.Asked()
		}
		evidence, err := c.do(t.Context())
		w.dialect().discreet(t, c.name, evidence, err)
		if way.Asked != nil {
			if n := way.Asked(); n != 1 {
				t.Errorf("%s: it came to that stage %d times, want once", c.name, n)
			}
		}
		if !f.allows(way.At, end{fault.KindOf(err), fault.CodeOf(err), 0}) || err == nil {
			t.Errorf("%s: %v, %s", c.name, err, fault.CodeOf(err))
		}
		if c.sort == acting && c.is != nil && f != Partial { // of which a part happened
			w.honest(t, c, sound, way.Happens, err)
		}
	}
	if tried == 0 {
		t.Error("no call comes to that stage")
	}
	if f == Partial {
		w.whole(t, sound)
	}
}

// allows reports whether a call that fails in that way at that stage may end so.
func (f Fault) allows(at Stage, e end) bool {
	sick := e.kind == fault.Transient && e.code != "connector.not_sent"
	switch {
	case f == Expired:
		return e.kind == fault.Invalid && e.code == "connector.credential"
	case f == Throttled:
		return e.kind == fault.Transient && e.code == "connector.busy"
	case f == Partial:
		return e.kind == fault.Uncertain && e.code == "connector.partly"
	case at == Changing:
		return sick || e.kind == fault.Uncertain && e.code == "connector.uncertain"
	}
	return sick // reading, and trying, are never uncertain
}

// honest compares what the far system was left with, with what was said of the act:
// what happened is never told as certainly not done.
func (w Wired) honest(t *testing.T, c call, sound connector.System, happens bool, err error) {
	t.Helper()
	is, ierr := c.comes(t.Context(), sound, happens)
	switch {
	case ierr != nil || is != happens:
		t.Errorf("%s: it is so: %v, %v; want %v", c.name, is, ierr, happens)
	case happens && fault.KindOf(err) != fault.Uncertain:
		t.Errorf("%s: it happened, and is told as %v", c.name, err)
	}
}

// comes reads whether it is so, until it is as it should be: what a far system was
// told to do it does in a moment.
func (c call) comes(ctx context.Context, s connector.System, want bool) (is bool, err error) {
	for range 100 {
		if is, err = c.is(ctx, s); err != nil || is == want {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return is, err
}

// whole: what broke off half-way is whole when it is asked for again.
func (w Wired) whole(t *testing.T, sound connector.System) {
	t.Helper()
	for _, c := range w.calls(sound) {
		if c.name != Revoke {
			continue
		}
		if _, err := c.do(t.Context()); err != nil {
			t.Errorf("asked for again: %v", err)
		}
		if is, err := c.comes(t.Context(), sound, true); err != nil || !is {
			t.Errorf("asked for again, and it is so: %v, %v", is, err)
		}
	}
}

// moves: a list that changes while it is read holds whoever was there all the time,
// each once, or is none.
func (w Wired) moves(t *testing.T, way Way) {
	list, err := way.Connect(t).Lister.ListAccesses(t.Context(), Reference)
	if err != nil {
		if fault.KindOf(err) != fault.Transient || fault.CodeOf(err) != "connector.not_all" || len(list) > 0 {
			t.Errorf("%d accesses, %v", len(list), err)
		}
		return
	}
	listed := map[string]int{}
	for _, a := range list {
		if listed[a.Account]++; listed[a.Account] > 1 {
			t.Errorf("%s is listed twice", a.Account)
		}
	}
	if i := slices.IndexFunc(way.Stays, func(name string) bool { return listed[name] == 0 }); i >= 0 || len(way.Stays) == 0 {
		t.Errorf("%d accesses, and somebody who was there all the time is not among them", len(list))
	}
}

// well: every call goes well, keeps evidence of it and tells of nobody, and what was
// done is so.
func (w Wired) well(t *testing.T) {
	s := w.Well(t)
	for _, c := range w.calls(s) {
		w.Put(t, c.name)
		evidence, err := c.do(t.Context())
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if c.name != "check" && len(evidence) == 0 {
			t.Errorf("%s: nothing is kept as evidence", c.name)
		}
		w.dialect().discreet(t, c.name, evidence, err)
		if c.is == nil {
			continue
		}
		if is, err := c.comes(t.Context(), s, true); err != nil || !is {
			t.Errorf("%s: it is so: %v, %v", c.name, is, err)
		}
	}
}
