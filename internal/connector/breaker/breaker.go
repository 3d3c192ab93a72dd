// Package breaker stops calling a far system that does not answer, until it
// answers again: its works wait, those of other systems do not. It keeps its
// state in memory, one per process; it decides nothing about a departure and
// never repeats a call.
package breaker

import (
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
)

// Options say when a breaker opens and closes; zero fields get defaults.
type Options struct {
	Failures int           // calls without an answer, in a row, that open it: 5
	Wait     time.Duration // until the first call is let through again: 15 s; then twice as long
	Longest  time.Duration // that it waits: 5 min
	// Patience is how long works only wait; after it each of them counts its tries
	// again, so that people are asked: 1 h.
	Patience time.Duration
	Wall     func() time.Time // required
	// Tell is called when a system stops or begins to answer; may be nil.
	Tell func(o connector.Outage, broken bool)
}

// Set is the breakers of all systems. It is safe for concurrent use.
type Set struct {
	o    Options
	mu   sync.Mutex
	list []*breaker
}

// New makes a Set.
func New(o Options) *Set {
	if o.Failures == 0 {
		o.Failures = 5
	}
	if o.Tell == nil {
		o.Tell = func(connector.Outage, bool) {}
	}
	for _, d := range []struct {
		is  *time.Duration
		def time.Duration
	}{{&o.Wait, 15 * time.Second}, {&o.Longest, 5 * time.Minute}, {&o.Patience, time.Hour}} {
		if *d.is == 0 {
			*d.is = d.def
		}
	}
	return &Set{o: o}
}

// Broken lists the systems that are not called now, by name.
func (s *Set) Broken() []connector.Outage {
	s.mu.Lock()
	list := slices.Clone(s.list)
	s.mu.Unlock()
	var out []connector.Outage
	for _, b := range list {
		if o, broken := b.outage(); broken {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(x, y connector.Outage) int { return strings.Compare(x.System, y.System) })
	return out
}

// breaker watches one system.
type breaker struct {
	Options
	system string

	mu     sync.Mutex
	row    int           // failures since the last answer
	since  time.Time     // of the first of them
	open   bool          // it is not called
	next   time.Time     // when one call is let through
	wait   time.Duration // that was waited last
	trying bool          // that call is under way
	code   string        // of the last failure
}

// pass lets a call through, or says when to come back.
func (b *breaker) pass() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.open {
		return nil
	}
	left := b.next.Sub(b.Wall())
	if left <= 0 && !b.trying {
		b.trying = true
		return nil
	}
	return b.held(left)
}

// held says when to come back. The caller holds the lock.
func (b *breaker) held(left time.Duration) *fault.Error {
	code := connector.Held
	if b.Wall().Sub(b.since) > b.Patience {
		code = "connector.down"
	}
	f := fault.New(fault.Transient, code, "system", b.system)
	// Spread, so that those who wait do not all come back in the same moment.
	left = max(left, time.Second)
	f.RetryAfter = left + time.Duration(rand.Int64N(int64(left)/4))
	return f
}

// heard learns from how a call ended.
func (b *breaker) heard(err error) {
	b.mu.Lock()
	was := b.open
	b.learn(judge(err), fault.CodeOf(err))
	o, is := connector.Outage{System: b.system, Since: b.since, Next: b.next, Code: b.code}, b.open
	b.mu.Unlock()
	if was != is {
		b.Tell(o, is)
	}
}

// learn counts an answer. The caller holds the lock.
func (b *breaker) learn(v verdict, code string) {
	trial := b.trying
	b.trying = false
	switch v {
	case alive:
		b.row, b.open, b.wait = 0, false, 0
	case dead:
		if b.row++; b.row == 1 {
			b.since = b.Wall()
		}
		b.code = code
		if b.row >= b.Failures || trial {
			b.wait = min(max(2*b.wait, b.Wait), b.Longest)
			b.open, b.next = true, b.Wall().Add(b.wait)
		}
	case unclear:
	}
}

type verdict int

const (
	alive   verdict = iota // it answered, whatever it said
	dead                   // it did not, or only that it is broken
	unclear                // it was not asked
)

func judge(err error) verdict {
	switch fault.KindOf(err) {
	case fault.Uncertain:
		if fault.CodeOf(err) == "connector.partly" { // it answered, and how the rest failed is not said
			return unclear
		}
		return dead
	case fault.Transient:
		f, _ := err.(*fault.Error)
		switch {
		case fault.CodeOf(err) == "connector.not_sent":
			return unclear
		case fault.CodeOf(err) == "connector.not_all", // what changed was read
			fault.CodeOf(err) == "connector.too_long", // and it says more than we read
			fault.CodeOf(err) == "connector.clock":    // or our clock is wrong
			return alive
		case fault.CodeOf(err) == "connector.busy" && f != nil && f.RetryAfter > 0: // it says when to come back
			return alive
		}
		return dead
	case fault.Internal:
		if err != nil {
			return unclear
		}
	}
	return alive
}

func (b *breaker) outage() (connector.Outage, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return connector.Outage{System: b.system, Since: b.since, Next: b.next, Code: b.code}, b.open
}

// waits says when to come back while the system is broken, without being the
// call that tries it.
func (b *breaker) waits() *fault.Error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.open {
		return nil
	}
	return b.held(b.next.Sub(b.Wall()))
}

// through makes a call that the breaker lets pass, and learns from it. A call
// that certainly had no effect and found the system broken only has to wait.
func through[T any](b *breaker, call func() (T, error)) (T, error) {
	if err := b.pass(); err != nil {
		var none T
		return none, err
	}
	ended := false
	defer func() {
		if !ended { // it panicked: the next may try
			b.heard(fault.New(fault.Internal, "internal"))
		}
	}()
	out, err := call()
	ended = true
	b.heard(err)
	if fault.KindOf(err) == fault.Transient && judge(err) == dead {
		if wait := b.waits(); wait != nil {
			return out, wait.At("breaker", err)
		}
	}
	return out, err
}
