package pgsystem

import (
	"context"

	"github.com/jackc/pgx/v5"

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
	return h, s.usable(op, owner)
}

// CountHeld asks the declared statements, in a transaction that only reads.
func (s *System) CountHeld(ctx context.Context, holding, owner string) (n connector.HeldCount, err error) {
	const op = "pgsystem.CountHeld"
	h, err := s.holding(op, holding, owner)
	if err != nil {
		return n, err
	}
	err = s.with(ctx, op, s.as(), func(ctx context.Context, c *pgx.Conn) error {
		tx, err := c.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
		if err != nil {
			return err
		}
		n, err = count(ctx, tx, h, owner)
		return err // the connection is closed, and so it is rolled back
	})
	return n, err
}

func count(ctx context.Context, tx pgx.Tx, h declaration.SQLHolding, owner string) (n connector.HeldCount, err error) {
	if err := tx.QueryRow(ctx, h.Count, owner).Scan(&n.Used); err != nil || h.Blocked == "" {
		return n, err
	}
	return n, tx.QueryRow(ctx, h.Blocked, owner).Scan(&n.Blocked)
}

// EraseHeld changes as many rows as were counted, and none is left, or nothing is
// changed.
func (s *System) EraseHeld(ctx context.Context, in connector.EraseInput) (connector.Receipt, error) {
	const op = "pgsystem.EraseHeld"
	h, err := s.holding(op, in.Holding, in.Owner)
	switch {
	case err != nil:
		return connector.Receipt{}, err
	case h.Run == "": // it is kept
		return connector.Receipt{}, fault.New(fault.Blocked, "connector.cannot", "system", s.cfg.System, "can", in.Holding).At(op, nil)
	}
	return s.shrink(ctx, op, h, in.Owner, h.Run, func(n connector.HeldCount) int { return n.Used })
}

// DestroyHeld does so with what was blocked, or kept.
func (s *System) DestroyHeld(ctx context.Context, in connector.EraseInput) (connector.Receipt, error) {
	const op = "pgsystem.DestroyHeld"
	h, err := s.holding(op, in.Holding, in.Owner)
	switch {
	case err != nil:
		return connector.Receipt{}, err
	case h.Destroy == "":
		return connector.Receipt{}, fault.New(fault.Blocked, "connector.cannot", "system", s.cfg.System, "can", in.Holding).At(op, nil)
	}
	return s.shrink(ctx, op, h, in.Owner, h.Destroy, func(n connector.HeldCount) int {
		if h.After == connector.Block {
			return n.Blocked
		}
		return n.Used
	})
}

// shrink runs a statement that leaves none of what of counts.
func (s *System) shrink(ctx context.Context, op string, h declaration.SQLHolding, owner, sql string, of func(connector.HeldCount) int) (connector.Receipt, error) {
	n := 0
	err := s.change(ctx, op, func(ctx context.Context, tx pgx.Tx) error {
		before, err := count(ctx, tx, h, owner)
		if err != nil {
			return err
		}
		if n = of(before); n == 0 {
			return nil
		}
		done, err := tx.Exec(ctx, sql, owner)
		if err != nil {
			return err
		}
		if got := int(done.RowsAffected()); got != n {
			return fault.New(fault.Invalid, "connector.rows_unexpected", "system", s.cfg.System, "rows", got, "expected", n).At(op, nil)
		}
		after, err := count(ctx, tx, h, owner)
		if err == nil && of(after) > 0 {
			err = fault.New(fault.Invalid, "connector.rows_left", "system", s.cfg.System, "rows", of(after)).At(op, nil)
		}
		return err
	})
	if err != nil {
		return connector.Receipt{}, err
	}
	return s.receipt(map[string]int{"rows": n}), nil
}

// lacksErase are the statements of the data map that we may not run.
func (s *System) lacksErase(ctx context.Context, c *pgx.Conn) (lacks []string, err error) {
	for _, h := range s.cfg.Erase {
		for _, part := range h.Parts() {
			if err := plan(ctx, c, part.SQL); refused(err) {
				lacks = append(lacks, "erase."+h.Name+"."+part.Key)
			} else if err != nil {
				return nil, err
			}
		}
	}
	return lacks, nil
}
