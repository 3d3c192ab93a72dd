package pgsystem

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
)

// NarrowInfo describes narrowing: the groups that a role left are remembered, and it
// joins them again. Whether it could let others into them is not.
func (s *System) NarrowInfo() connector.Info {
	info := s.Info()
	info.Undo = connector.Restorable
	return info
}

// reach is what is known of how far a role reaches.
type reach struct {
	role
	In    []string    `json:"in,omitempty"` // of the declared groups, those that it is itself in
	Left  bool        `json:"left"`         // it is in none of those to leave, by whatever way
	Joins bool        `json:"joins"`        // it is in all of those to join
	by    [][2]string // group and who let it in, of those to leave
}

const (
	inGroups = `
		SELECT g.rolname, w.rolname FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid JOIN pg_roles u ON u.oid = m.member
		  JOIN pg_roles w ON w.oid = m.grantor WHERE u.rolname = $1 AND g.rolname = ANY($2) ORDER BY 1, 2`
	// A superuser is in every group.
	reaches = `
		SELECT NOT EXISTS (SELECT 1 FROM pg_roles g WHERE g.rolname = ANY($2) AND pg_has_role($1::name, g.oid, 'MEMBER')),
		       NOT EXISTS (SELECT 1 FROM unnest($3::text[]) want WHERE NOT EXISTS (
		           SELECT 1 FROM pg_roles g WHERE g.rolname = want AND pg_has_role($1::name, g.oid, 'MEMBER')))`
)

func (s *System) reach(ctx context.Context, tx pgx.Tx, account string) (r reach, err error) {
	x := s.cfg.Roles.ReadOnly
	if r.role, err = look(ctx, tx, account); err != nil || !r.Found {
		return r, err
	}
	rows, err := tx.Query(ctx, inGroups, account, slices.Concat(x.Leave, x.Join))
	if err != nil {
		return r, err
	}
	by, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (b [2]string, err error) {
		err = row.Scan(&b[0], &b[1])
		return b, err
	})
	if err != nil {
		return r, err
	}
	for _, b := range by {
		if r.In = append(r.In, b[0]); slices.Contains(x.Leave, b[0]) {
			r.by = append(r.by, b)
		}
	}
	r.In = slices.Compact(r.In)
	return r, tx.QueryRow(ctx, reaches, account, x.Leave, nonNil(x.Join)).Scan(&r.Left, &r.Joins)
}

// nonNil is an empty list where there is none: PostgreSQL tells them apart.
func nonNil(list []string) []string { return append([]string{}, list...) }

// ReadReach asks which of the declared groups the role is in.
func (s *System) ReadReach(ctx context.Context, account string) (out connector.Reach, err error) {
	const op = "pgsystem.ReadReach"
	if err := s.usable(op, account); err != nil {
		return out, err
	}
	err = s.with(ctx, op, s.as(), func(ctx context.Context, c *pgx.Conn) error {
		tx, err := c.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
		if err != nil {
			return err
		}
		r, err := s.reach(ctx, tx, account)
		if err != nil {
			return err // the connection is closed, and so it is rolled back
		}
		out.Found, out.Open, out.Status, out.Held = r.Found, r.open(), r.status(), r.In
		out.ReadOnly = r.open() && r.Left && r.Joins
		out.Answer, err = json.Marshal(r)
		return err
	})
	return out, err
}

// NarrowAccess takes the role out of the groups to leave, whoever let it in, and
// puts it into those to join.
func (s *System) NarrowAccess(ctx context.Context, in connector.AccessInput) (connector.Receipt, error) {
	return s.regroup(ctx, "pgsystem.NarrowAccess", in.Account, func(r reach) (leave [][2]string, join []string) {
		return r.by, except(s.cfg.Roles.ReadOnly.Join, r.In)
	})
}

// WidenAccess puts the role back into the groups that it had, and takes it out of
// those that it was put into.
func (s *System) WidenAccess(ctx context.Context, in connector.WidenInput) (connector.Receipt, error) {
	const op = "pgsystem.WidenAccess"
	return s.regroup(ctx, op, in.Account, func(r reach) (leave [][2]string, join []string) {
		for _, g := range except(s.cfg.Roles.ReadOnly.Join, in.Held) {
			leave = append(leave, [2]string{g, ""})
		}
		x := s.cfg.Roles.ReadOnly
		declared := slices.DeleteFunc(slices.Clone(in.Held), func(g string) bool { return !slices.Contains(slices.Concat(x.Leave, x.Join), g) })
		return leave, except(declared, r.In)
	})
}

func except(list, without []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(x string) bool { return slices.Contains(without, x) })
}

// regroup changes the groups of a role at once.
func (s *System) regroup(ctx context.Context, op, account string, turn func(reach) (leave [][2]string, join []string)) (connector.Receipt, error) {
	if err := s.usable(op, account); err != nil {
		return connector.Receipt{}, err
	}
	var before reach
	err := s.change(ctx, op, func(ctx context.Context, tx pgx.Tx) (err error) {
		if before, err = s.reach(ctx, tx, account); err != nil {
			return err
		}
		switch {
		case !before.Found:
			return s.say(fault.NotFound, "connector.unknown_reference", "").At(op, nil)
		case before.own:
			return s.say(fault.Invalid, "connector.own_access", "").At(op, nil)
		}
		who := pgx.Identifier{account}.Sanitize()
		leave, join := turn(before)
		for _, g := range leave {
			sql := "REVOKE " + pgx.Identifier{g[0]}.Sanitize() + " FROM " + who
			if g[1] != "" {
				sql += " GRANTED BY " + pgx.Identifier{g[1]}.Sanitize()
			}
			if _, err := tx.Exec(ctx, sql); err != nil {
				return err
			}
		}
		for _, g := range join {
			if _, err := tx.Exec(ctx, "GRANT "+pgx.Identifier{g}.Sanitize()+" TO "+who); err != nil {
				return err
			}
		}
		return nil
	})
	return s.receipt(before), err
}

// ProbeWrite makes the declared statement as the role, with its own password, and
// rolls it back.
func (s *System) ProbeWrite(ctx context.Context, account string) (connector.Probe, error) {
	const op = "pgsystem.ProbeWrite"
	cfg, err := s.asTheirs(op, account)
	if err != nil {
		return connector.Probe{}, err
	}
	out := connector.Probe{Status: "00000", At: s.clock.Now(), With: connector.TriedWith(cfg.Password)}
	err = s.with(ctx, op, cfg, func(ctx context.Context, c *pgx.Conn) error {
		tx, err := c.Begin(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
		_, err = tx.Exec(ctx, s.cfg.Roles.ReadOnly.Try)
		if said := (*pgconn.PgError)(nil); errors.As(err, &said) && (said.Code == "42501" || said.Code == "25006") {
			out.Status = said.Code // no right, or a transaction that only reads
			return nil
		}
		out.In = err == nil
		return err
	})
	switch {
	case err == nil:
		return out, nil
	case sqlstate(err) == mayNotSignIn: // it does not even get in
		out.Status = sqlstate(err)
		return out, nil
	case fault.KindOf(err) == fault.Transient:
		return connector.Probe{}, err
	}
	return connector.Probe{}, s.say(fault.Invalid, "connector.probe_unclear", sqlstate(err)).At(op, nil)
}

// lacksGroups names the declared groups into and out of which we may let nobody.
func (s *System) lacksGroups(ctx context.Context, c *pgx.Conn) (lacks []string, err error) {
	x := s.cfg.Roles.ReadOnly
	if x == nil {
		return nil, nil
	}
	for _, g := range slices.Concat(x.Leave, x.Join) {
		var may bool
		err := c.QueryRow(ctx, `SELECT pg_has_role(g.oid, 'MEMBER WITH ADMIN OPTION') FROM pg_roles g WHERE g.rolname = $1`, g).Scan(&may)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return nil, err
		}
		if !may {
			lacks = append(lacks, "roles.read_only "+g)
		}
	}
	return lacks, nil
}
