package app

import (
	"context"
	"time"

	"hastaluego/internal/fault"
)

// BeginHistory is the first entry of a house whose past is lived now: the
// instants that the log bears until the given one are those of a clock in the
// past. A house in which anything ever happened has a past already, and is
// refused.
func (a *App) BeginHistory(ctx context.Context, until time.Time) error {
	return a.tx(ctx, func(tx Tx) error {
		before, err := tx.Entries(ctx, 1)
		if err != nil {
			return err
		}
		if len(before) > 0 {
			return fault.New(fault.Conflict, "history.has_begun")
		}
		return a.record(ctx, tx, fact{"history.begun", "engine", "", house, map[string]any{
			"from": tx.Now().Format(time.RFC3339Nano), "to": until.UTC().Format(time.RFC3339Nano), "made": tx.Wall().Format(time.RFC3339Nano),
		}})
	})
}
