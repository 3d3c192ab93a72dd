package store

import (
	"context"
	"database/sql"
	"errors"
	"sync/atomic"

	"hastaluego/internal/app"
)

// turns lets the writers of a SQLite file share transactions: there is one
// writer at a time anyway, and a commit costs more than what it commits. Who
// has the turn runs its part; whoever finds somebody else waiting leaves the
// transaction open for them, and the last one commits for all. Alone, a writer
// commits at once.
//
// A part that fails is taken back to its savepoint and fails alone. What takes
// the whole transaction down (a full disk, an interrupted statement) fails the
// part that met it, and the others run again in the next one.
type turns struct {
	token   chan struct{} // who has it may use the rest
	waiting atomic.Int64
	open    *group
}

// group is the parts that ran in a transaction that is not committed yet.
type group struct {
	raw   *sql.Tx
	parts []chan error
}

// together is how many parts share a transaction at most: the first waits for
// the last.
const together = 16

// errAgain tells a part that another took its transaction down.
var errAgain = errors.New("store: another part of the transaction failed")

func newTurns() *turns {
	t := &turns{token: make(chan struct{}, 1)}
	t.token <- struct{}{}
	return t
}

// take waits for the turn, first come, first served. It does not give up when a
// context is over: somebody must be there to commit for those who left.
func (t *turns) take() {
	t.waiting.Add(1)
	<-t.token
	t.waiting.Add(-1)
}

// pass gives the turn to the next; without one that may join it commits first.
func (t *turns) pass(s *Store) {
	g := t.open
	if g == nil || t.waiting.Load() > 0 && len(g.parts) < together {
		t.token <- struct{}{}
		return
	}
	t.open = nil
	err := s.translate("store.Commit", g.raw.Commit())
	t.token <- struct{}{}
	g.tell(err)
}

func (g *group) tell(err error) {
	for _, p := range g.parts {
		p <- err
	}
}

// grouped runs fn as a part of a shared transaction and returns when that is
// committed or fn failed.
func (s *Store) grouped(ctx context.Context, fn func(app.Tx) error) error {
	s.turns.take()
	var committed chan error
	var err error
	func() {
		defer s.turns.pass(s)
		committed, err = s.part(ctx, fn)
	}()
	if err != nil {
		return err
	}
	return <-committed
}

// part runs fn in the open transaction, or in a new one. Whoever has the turn
// calls it.
func (s *Store) part(ctx context.Context, fn func(app.Tx) error) (committed chan error, err error) {
	if err := ctx.Err(); err != nil {
		return nil, s.translate("store.Begin", err)
	}
	own := context.WithoutCancel(ctx) // the transaction is not ours alone
	g := s.turns.open
	if g == nil {
		raw, err := s.write.BeginTx(own, nil)
		if err != nil {
			return nil, s.translate("store.Begin", err)
		}
		g = &group{raw: raw}
	}
	ok := false
	defer func() { // also when fn panics
		if !ok {
			s.turns.takeBack(own, g)
		}
	}()
	if len(g.parts) > 0 {
		if _, err := g.raw.ExecContext(own, "SAVEPOINT part"); err != nil {
			return nil, s.translate("store.Begin", err)
		}
	}
	t := &tx{raw: g.raw, s: s, shared: true}
	if t.now, t.wall, err = s.now(own, g.raw); err != nil {
		return nil, err
	}
	if err := fn(t); err != nil {
		return nil, err
	}
	if err := t.finish(own); err != nil {
		return nil, err
	}
	if len(g.parts) > 0 {
		if _, err := g.raw.ExecContext(own, "RELEASE part"); err != nil {
			return nil, s.translate("store.Commit", err)
		}
	}
	ok = true
	committed = make(chan error, 1)
	g.parts = append(g.parts, committed)
	s.turns.open = g
	return committed, nil
}

// takeBack undoes the part that failed. If that is not possible the whole
// transaction is gone, and the parts before it run again.
func (t *turns) takeBack(ctx context.Context, g *group) {
	if len(g.parts) > 0 {
		_, err := g.raw.ExecContext(ctx, "ROLLBACK TO part")
		if err == nil {
			_, err = g.raw.ExecContext(ctx, "RELEASE part")
		}
		if err == nil {
			return
		}
	}
	t.open = nil
	_ = g.raw.Rollback() // what it says changes nothing: nothing was committed
	g.tell(errAgain)
}
