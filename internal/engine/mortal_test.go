package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"

	"hastaluego/internal/app"
	"hastaluego/internal/audit"
	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/stray"
)

// life is that of one process, which may be told at which moment it ends. A
// moment is where something outside of the process may have changed, or may have
// come to be known to it: before and after a commit about a watched kind of work,
// and before a message from or to a far system is passed on. Between two moments
// nothing is written and nothing is said to anybody: whoever dies there leaves the
// world as it was at the moment before. So dying at each of them is dying at every
// instruction.
type life struct {
	mu      sync.Mutex
	dies    death
	counted int // moments that count
	begun   int // moments after which counting begins
	moments []string
	over    bool
	seen    func(moment string) // is told of each moment; may be nil
	ends    []func()            // what is taken from it when it dies
}

// death is a moment, counted from 1; zero is none. Other messages may be on the
// line; commits are as many each time. So one may be counted by its name, and after
// so many moments of another.
type death struct {
	N     int
	Of    string // empty: of any name
	After string
	Seen  int // times that After was seen
}

func (d death) String() string { return fmt.Sprintf("dead of moment %d %s %s", d.N, d.Of, d.After) }

// errDead is what whatever is left of a dead process gets for whatever it tries.
var errDead = errors.New("this process is dead")

// onEnd has fn called when the life ends before its time.
func (l *life) onEnd(fn func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ends = append(l.ends, fn)
}

// lives notes a moment and reports whether the process lives on.
func (l *life) lives(moment string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return false
	}
	l.moments = append(l.moments, moment)
	if l.seen != nil {
		l.seen(moment)
	}
	if l.begun >= l.dies.Seen && (l.dies.Of == "" || l.dies.Of == moment) {
		l.counted++
	}
	if l.dies.After == moment {
		l.begun++
	}
	if l.counted != l.dies.N || l.dies.N == 0 {
		return true
	}
	l.over = true
	for _, end := range l.ends {
		end()
	}
	return false
}

func (l *life) dead() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.over
}

// kill ends this process for good, as kill -9 does.
func kill() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // it comes at once
}

// mortalStore is the store as a mortal process has it.
type mortalStore struct {
	app.Store
	life  *life
	kinds map[string]bool // works whose commits are moments
}

func (s mortalStore) View(ctx context.Context, fn func(app.Tx) error) error {
	if s.life.dead() {
		return errDead
	}
	return s.Store.View(ctx, fn)
}

func (s mortalStore) Tx(ctx context.Context, fn func(app.Tx) error) error {
	if s.life.dead() {
		return errDead
	}
	var about string
	err := s.Store.Tx(ctx, func(tx app.Tx) error {
		w := &watchedTx{Tx: tx, kinds: s.kinds}
		if err := fn(w); err != nil {
			return err
		}
		if about = w.about; about != "" && !s.life.lives(about+", before the commit") || s.life.dead() {
			return errDead
		}
		return nil
	})
	if err == nil && about != "" && !s.life.lives(about+", committed") {
		return errDead
	}
	return err
}

// watchedTx notes what a transaction writes about works of some kinds.
type watchedTx struct {
	app.Tx
	kinds map[string]bool
	about string
}

func (t *watchedTx) note(what string, w offboarding.Work) {
	if t.about == "" && t.kinds[w.Kind] {
		t.about = what + " " + w.Kind + "/" + string(w.Phase)
	}
}

func (t *watchedTx) Claim(ctx context.Context, in app.ClaimInput) ([]offboarding.Work, error) {
	works, err := t.Tx.Claim(ctx, in)
	for _, w := range works {
		t.note("claimed", w)
	}
	return works, err
}

func (t *watchedTx) SaveWork(ctx context.Context, w offboarding.Work) (bool, error) {
	if w.State == offboarding.WorkRunning {
		t.note(calling, w)
	}
	t.note("result of", w)
	return t.Tx.SaveWork(ctx, w)
}

// calling is the commit that says that a call is about to be made.
const calling = "calling for"

func (t *watchedTx) InsertWork(ctx context.Context, works ...offboarding.Work) error {
	for _, w := range works {
		t.note("made", w)
	}
	return t.Tx.InsertWork(ctx, works...)
}

func (t *watchedTx) InsertGrants(ctx context.Context, list ...customer.Grant) (int, error) {
	if t.about == "" && t.kinds["find_access"] {
		t.about = "found an access"
	}
	return t.Tx.InsertGrants(ctx, list...)
}

func (t *watchedTx) PutStray(ctx context.Context, s stray.Stray) (bool, error) {
	if t.about == "" && t.kinds[app.SweepKind] {
		t.about = "found " + string(s.Kind)
	}
	return t.Tx.PutStray(ctx, s)
}

func (t *watchedTx) Append(ctx context.Context, e audit.Entry, sealed []byte) error {
	if t.about == "" && t.kinds[app.PassOnKind] && e.Type == "reason.passed_on" {
		t.about = "told of a reason"
	}
	return t.Tx.Append(ctx, e, sealed)
}

func (t *watchedTx) PutWork(ctx context.Context, w offboarding.Work) (bool, error) {
	t.note("put", w)
	return t.Tx.PutWork(ctx, w)
}

// wire stands between a mortal process and a far system, and is cut when the
// process dies. What comes to the far system is what the process sent before that.
// Each message that acts is noted in a journal, which outlives the process, once
// all of it is on its way.
type wire struct {
	net.Listener
	name, to string
	life     *life
	speech   speech
	journal  string

	mu   sync.Mutex
	open map[net.Conn]bool
}

// speech is how messages to a far system are read.
type speech struct {
	acts  func(message []byte) bool // it changes something
	whole func(said []byte) bool    // it is complete; nil: whatever comes at once is
}

func stretch(l *life, name, to string, how speech, journal string) (*wire, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w := &wire{Listener: ln, name: name, to: to, life: l, speech: how, journal: journal, open: map[net.Conn]bool{}}
	l.onEnd(w.cut)
	go func() {
		for {
			near, err := ln.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", to)
			if err != nil {
				_ = near.Close()
				continue
			}
			if !w.keep(near, far) {
				return
			}
			var asked atomic.Bool // and nothing of the answer has come
			go w.ask(near, far, &asked)
			go w.answer(far, near, &asked)
		}
	}()
	return w, nil
}

// keep remembers connections to be cut; false: the wire was cut.
func (w *wire) keep(conns ...net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range conns {
		if w.open == nil {
			_ = c.Close()
			continue
		}
		w.open[c] = true
	}
	return w.open != nil
}

// cut ends all connections, and there are no more.
func (w *wire) cut() {
	_ = w.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.open {
		_ = c.Close()
	}
	w.open = nil
}

// ask passes on what the process says, message by message, in however many pieces
// it says it. One that acts goes in two halves: the process may die between them,
// and then the far system was not asked.
func (w *wire) ask(near, far net.Conn, asked *atomic.Bool) {
	defer func() { _, _ = near.Close(), far.Close() }()
	var said []byte
	buf := make([]byte, 64<<10)
	for {
		n, err := near.Read(buf)
		said = append(said, buf[:n]...)
		if n > 0 && (w.speech.whole == nil || w.speech.whole(said)) {
			if !w.pass(far, said, asked) {
				return
			}
			said = nil
		}
		if err != nil {
			return
		}
	}
}

// pass passes a message on to the far system and reports whether the process lives.
func (w *wire) pass(far net.Conn, message []byte, asked *atomic.Bool) bool {
	if !w.life.lives(w.name + ", before it is asked") {
		return false
	}
	asked.Store(true)
	if w.speech.acts(message) {
		half := halfOf(message)
		if _, err := far.Write(message[:half]); err != nil || !w.life.lives(w.name+", half asked") {
			return false
		}
		w.note()
		message = message[half:]
	}
	_, err := far.Write(message)
	return err == nil
}

// halfOf is where a message is broken: of HTTP that has a body, before the body.
func halfOf(message []byte) int {
	const blank = "\r\n\r\n"
	if i := bytes.Index(message, []byte(blank)) + len(blank); i >= len(blank) && i < len(message) {
		return i
	}
	return len(message) / 2
}

// answer passes on what the far system says. However many pieces an answer comes
// in, it is one.
func (w *wire) answer(far, near net.Conn, asked *atomic.Bool) {
	defer func() { _, _ = near.Close(), far.Close() }()
	buf := make([]byte, 64<<10)
	for {
		n, err := far.Read(buf)
		if n > 0 {
			if asked.Swap(false) && !w.life.lives(w.name+", before its answer is heard") {
				return
			}
			if _, err := near.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// note writes into the journal that an act is on its way.
func (w *wire) note() {
	f, err := os.OpenFile(w.journal, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	if _, err := f.WriteString(w.name + "\n"); err != nil {
		panic(err)
	}
}
