package sqlitesystem

import (
	"context"
	"database/sql"
	"encoding/json"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/fault"
)

// Holdings are the declared entries, in their order.
func (s *System) Holdings() []connector.Holding { return s.cfg.Erase.Told() }

func (s *System) holding(op, name, owner string) (declaration.SQLHolding, error) {
	h, err := s.cfg.Erase.Find(s.cfg.System, name)
	if err != nil {
		return h, fault.Wrap(op, err)
	}
	if _, ok := declaration.Owned(declaration.OwnerSlot, owner); !ok {
		return h, fault.New(fault.Invalid, "connector.bad_reference", "system", s.cfg.System).At(op, nil)
	}
	return h, nil
}

type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func count(ctx context.Context, q queryer, h declaration.SQLHolding, owner string) (n connector.HeldCount, err error) {
	if err := q.QueryRowContext(ctx, h.Count, owner).Scan(&n.Used); err != nil || h.Blocked == "" {
		return n, err
	}
	return n, q.QueryRowContext(ctx, h.Blocked, owner).Scan(&n.Blocked)
}

// CountHeld asks the declared statements, on a connection that only reads.
func (s *System) CountHeld(ctx context.Context, holding, owner string) (n connector.HeldCount, err error) {
	const op = "sqlitesystem.CountHeld"
	h, err := s.holding(op, holding, owner)
	if err != nil {
		return n, err
	}
	err = s.with(ctx, op, func(ctx context.Context, c *sql.Conn) (err error) {
		n, err = count(ctx, c, h, owner)
		return err
	})
	return n, err
}

// EraseHeld changes as many rows as were counted, and none is left, or nothing is
// changed.
func (s *System) EraseHeld(ctx context.Context, in connector.EraseInput) (connector.Receipt, error) {
	return s.shrink(ctx, "sqlitesystem.EraseHeld", in,
		func(h declaration.SQLHolding) string { return h.Run }, func(_ declaration.SQLHolding, n connector.HeldCount) int { return n.Used })
}

// DestroyHeld does so with what was blocked, or kept.
func (s *System) DestroyHeld(ctx context.Context, in connector.EraseInput) (connector.Receipt, error) {
	return s.shrink(ctx, "sqlitesystem.DestroyHeld", in,
		func(h declaration.SQLHolding) string { return h.Destroy }, func(h declaration.SQLHolding, n connector.HeldCount) int {
			if h.After == connector.Block {
				return n.Blocked
			}
			return n.Used
		})
}

// shrink runs a statement that leaves none of what of counts.
func (s *System) shrink(ctx context.Context, op string, in connector.EraseInput, statement func(declaration.SQLHolding) string, of func(declaration.SQLHolding, connector.HeldCount) int) (connector.Receipt, error) {
	h, err := s.holding(op, in.Holding, in.Owner)
	if err != nil {
		return connector.Receipt{}, err
	}
	text := statement(h)
	if text == "" {
		return connector.Receipt{}, fault.New(fault.Blocked, "connector.cannot", "system", s.cfg.System, "can", in.Holding).At(op, nil)
	}
	n := 0
	err = s.connect(ctx, op, "mode=rw&_txlock=immediate&_pragma=secure_delete(1)", func(ctx context.Context, c *sql.Conn) error {
		tx, err := c.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }() // after the commit it does nothing
		before, err := count(ctx, tx, h, in.Owner)
		if err != nil {
			return err
		}
		if n = of(h, before); n == 0 {
			return nil
		}
		done, err := tx.ExecContext(ctx, text, in.Owner)
		if err != nil {
			return err
		}
		got, err := done.RowsAffected()
		switch {
		case err != nil:
			return err
		case got != int64(n):
			return fault.New(fault.Invalid, "connector.rows_unexpected", "system", s.cfg.System, "rows", got, "expected", n).At(op, nil)
		}
		after, err := count(ctx, tx, h, in.Owner)
		switch {
		case err != nil:
			return err
		case of(h, after) > 0:
			return fault.New(fault.Invalid, "connector.rows_left", "system", s.cfg.System, "rows", of(h, after)).At(op, nil)
		}
		return tx.Commit()
	})
	if err != nil {
		return connector.Receipt{}, err
	}
	raw, err := json.Marshal(map[string]int{"rows": n})
	return connector.Receipt{Answer: raw}, fault.Wrap(op, err)
}
