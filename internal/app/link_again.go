package app

import (
	"context"
	"fmt"
	"time"

	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
)

// AgainKind is the kind of the job that sends a fresh link to whoever typed a
// code.
const AgainKind = "again"

// againPerDay bounds the fresh links that can be asked for with one code, and
// how many letters of that kind one address gets.
const againPerDay = 3

// AskLink asks for a fresh link to a departure by its code: it goes to the
// address on file and to nobody else. Like a request it looks nobody up: the
// same row is written for every code.
func (a *App) AskLink(ctx context.Context, code string) error {
	clean, ok := id.ParseCode(code)
	if !ok {
		return fault.New(fault.Invalid, "code.format").On("code")
	}
	return a.tx(ctx, func(tx Tx) error {
		for k := range againPerDay {
			once := fmt.Sprintf("again.%s.%s.%d", clean, tx.Wall().UTC().Format(time.DateOnly), k)
			free, err := tx.UseOnce(ctx, once, tx.Wall().Add(24*time.Hour))
			if err != nil {
				return err
			}
			if free {
				return tx.InsertWork(ctx, offboarding.Work{
					ID: offboarding.WorkID(id.New("work")), Kind: AgainKind, Item: clean, System: house, Key: once,
					Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: tx.Now(),
				})
			}
		}
		return nil // said to nobody: it would tell that others asked
	})
}

// SendLink queues the letter that somebody asked for with a code, if it is of a
// departure: the one to confirm while it waits for that, else the receipt. It is
// the job "again".
func (a *App) SendLink(ctx context.Context, code string) error {
	return a.tx(ctx, func(tx Tx) error {
		r, err := tx.FindRequestByCode(ctx, code)
		if fault.KindOf(err) == fault.NotFound || err == nil && r.Case == "" {
			return nil
		}
		if err != nil {
			return err
		}
		c, err := tx.FindCase(ctx, r.Case)
		if err != nil {
			return err
		}
		m := a.letter(tx, map[offboarding.RequestState]string{offboarding.RequestMatched: "confirm", offboarding.RequestVerified: "receipt"}[r.State], c)
		if m.Paper == "" {
			return nil
		}
		m.Request = r.ID
		if err := a.address(ctx, tx, &m, c); err != nil && fault.KindOf(err) == fault.Blocked {
			return nil // nobody is on file any more
		} else if err != nil {
			return err
		}
		n, err := tx.CountMessagesTo(ctx, m.Paper, m.To, tx.Now().Add(-24*time.Hour))
		if err != nil || n > againPerDay {
			return err
		}
		return a.queue(ctx, tx, m, string(c.Customer), true)
	})
}
