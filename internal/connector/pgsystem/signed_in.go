package pgsystem

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
)

// signIns is a database that declares where its own program, or its log, writes when
// a role signed in: PostgreSQL itself remembers none.
type signIns struct{ *System }

var _ connector.SignIns = signIns{}

// LastSignIn is the instant that the declared statement gives, or zero where it gives
// no row or null. It reads, whatever the statement says.
func (s signIns) LastSignIn(ctx context.Context, account string) (at time.Time, err error) {
	const op = "pgsystem.LastSignIn"
	if err := s.usable(op, account); err != nil {
		return at, err
	}
	err = s.with(ctx, op, s.as(), func(ctx context.Context, c *pgx.Conn) error {
		tx, err := c.BeginTx(ctx, pgx.TxOptions{AccessMode: pgx.ReadOnly})
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, s.cfg.Roles.SignedIn, account)
		if err != nil {
			return err // the connection is closed, and so it is rolled back
		}
		defer rows.Close()
		for rows.Next() {
			one, err := s.instant(op, rows)
			if err != nil {
				return err
			}
			if one.After(at) {
				at = one
			}
		}
		rows.Close()
		return rows.Err()
	})
	if err != nil {
		return time.Time{}, err
	}
	return at, nil
}

// instant is the first column of a row; zero where it is null.
func (s *System) instant(op string, rows pgx.Rows) (time.Time, error) {
	fields, raw := rows.FieldDescriptions(), rows.RawValues()
	if len(fields) == 0 || fields[0].DataTypeOID != pgtype.TimestamptzOID {
		return time.Time{}, s.say(fault.Invalid, "connector.sign_in_type", "").At(op, nil)
	}
	var v pgtype.Timestamptz
	err := rows.Conn().TypeMap().Scan(pgtype.TimestamptzOID, fields[0].Format, raw[0], &v)
	if err != nil || v.InfinityModifier != pgtype.Finite {
		return time.Time{}, s.say(fault.Transient, "connector.unreadable", "").At(op, err)
	}
	return v.Time.UTC(), nil
}

// checkSignedIn reports whether the statement may be made and gives an instant; it is
// described, and never run.
func (s *System) checkSignedIn(ctx context.Context, op string, c *pgx.Conn) (lacks []string, err error) {
	sql := s.cfg.Roles.SignedIn
	if sql == "" {
		return nil, nil
	}
	if err := plan(ctx, c, sql); refused(err) {
		return []string{"roles.signed_in"}, nil
	} else if err != nil {
		return nil, err
	}
	as, err := c.Prepare(ctx, "", sql)
	if err != nil {
		return nil, err
	}
	if len(as.Fields) == 0 || as.Fields[0].DataTypeOID != pgtype.TimestamptzOID {
		return nil, s.say(fault.Invalid, "connector.sign_in_type", "").At(op, nil)
	}
	return nil, nil
}
