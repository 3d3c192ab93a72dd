package app

import (
	"context"

	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/retrieval"
)

// writtenOnly reports whether letters are files that somebody sends.
func (a *App) writtenOnly(ctx context.Context, tx Tx) (bool, error) {
	if !a.byHand {
		return false, nil
	}
	return a.noPortal(ctx, tx)
}

// MarkSent says that somebody sent a letter that was written as a file. The
// step that waited for it goes on. The file of a letter to somebody who was
// erased is deleted: the address was the last thing that was known. Again, it
// changes nothing.
func (a *App) MarkSent(ctx context.Context, by Actor, mid offboarding.MessageID) error {
	if err := by.mayReadIn(); err != nil {
		return err
	}
	var forget string
	err := a.tx(ctx, func(tx Tx) error {
		m, err := tx.FindMessage(ctx, mid)
		if err != nil {
			return err
		}
		if m.Request != "" || retrieval.Is(string(m.Case)) {
			if erased, err := a.toErased(ctx, tx, m); err != nil {
				return err
			} else if erased || m.Paper == copyNonePaper {
				forget = m.HeaderID
			}
		}
		if m.State == "sent" {
			return nil
		}
		if m.State != "written" {
			return fault.New(fault.Blocked, "message.not_written")
		}
		m.State, m.SentAt = "sent", tx.Now()
		if err := tx.SaveMessage(ctx, m); err != nil {
			return err
		}
		whose, err := sealedFor(ctx, tx, m)
		if err != nil {
			return err
		}
		if m.Case != "" {
			works, err := tx.WorksOf(ctx, m.Case)
			if err != nil {
				return err
			}
			for _, w := range works {
				if w.Item == string(mid) {
					if err := wake(ctx, tx, w, w.Step); err != nil {
						return err
					}
				}
			}
		}
		return a.record(ctx, tx, fact{"message.sent", by.ID, m.stream(), whose, map[string]any{"message": string(m.ID), "paper": m.Paper, "subject": m.Subject}})
	})
	if err == nil && forget != "" && a.files != nil {
		return a.files.Forget(forget)
	}
	return err
}
