package pgsystem

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/fault"
	"hastaluego/internal/outbound"
	"hastaluego/internal/when"
)

// System is one database behind its declaration. It is safe for concurrent use.
type System struct {
	cfg   Config
	clock when.Clock
	// as returns the settings of a connection; it is a closure so that no way of
	// printing a System shows the password.
	as func() *pgx.ConnConfig
}

var (
	_ connector.Access      = (*System)(nil)
	_ connector.Prober      = (*System)(nil)
	_ connector.Lister      = (*System)(nil)
	_ connector.Narrower    = (*System)(nil)
	_ connector.WriteProber = (*System)(nil)
	_ connector.Actions     = (*System)(nil)
	_ connector.Checker     = (*System)(nil)
	_ connector.Exporter    = (*System)(nil)
	_ connector.Eraser      = (*System)(nil)
)

// New reads the reference and makes no call. The error is a fault.List of
// Invalid faults with JSON pointers as fields.
func New(cfg Config, clock when.Clock) (*System, error) {
	var list fault.List
	cfg = cfg.defaults()
	for _, p := range cfg.check() {
		list = append(list, p.Fault(cfg.System))
	}
	if len(list) > 0 {
		return nil, list
	}
	wrong := func(code string) error {
		return fault.List{declaration.Problem{At: declaration.Path("url"), Code: code, Args: []any{"ref", cfg.URL}}.Fault(cfg.System)}
	}
	url, code := cfg.Vault.Resolve(cfg.URL)
	if code != "" {
		return nil, wrong(code)
	}
	conn, err := pgx.ParseConfig(url)
	if err != nil { // which would quote it
		return nil, wrong("system.base_url")
	}
	plain := conn.TLSConfig == nil || slices.ContainsFunc(conn.Fallbacks, func(f *pgconn.FallbackConfig) bool { return f.TLSConfig == nil })
	if plain && len(cfg.Allow) == 0 {
		return nil, wrong("system.plain_postgres")
	}
	conn.ConnectTimeout = cfg.Timeout
	conn.DialFunc = outbound.Dial(cfg.Allow, cfg.Timeout, plain)
	conn.DefaultQueryExecMode = pgx.QueryExecModeDescribeExec
	conn.RuntimeParams["application_name"] = "hasta-luego"
	return &System{cfg: cfg, clock: clock, as: conn.Copy}, nil
}

// Connector returns what the database can do.
func (s *System) Connector() connector.System {
	out := connector.System{Name: s.cfg.System, Level: s.Info().Level, Checker: s}
	if s.cfg.Roles != nil {
		if out.Access = s; s.cfg.Roles.Password != "" {
			out.Prober = s
		}
		if s.cfg.Roles.Owned != "" {
			out.Lister = s
		}
		if s.cfg.Roles.SignedIn != "" {
			out.SignIns = signIns{s}
		}
		if x := s.cfg.Roles.ReadOnly; x != nil {
			if out.Narrower = s; x.Try != "" {
				out.Writes = s
			}
		}
	}
	if len(s.cfg.Actions) > 0 {
		out.Actions = s
	}
	if len(s.cfg.Export) > 0 {
		out.Exporter = s
	}
	if len(s.cfg.Erase) > 0 {
		out.Eraser = s
	}
	return out
}

// Info describes the system.
func (s *System) Info() connector.Info { return s.cfg.Info() }

// String names the system and nothing more.
func (s *System) String() string { return KindName + ":" + s.cfg.System }

// Close has nothing to let go of: every call has a connection of its own.
func (s *System) Close() {}

// with runs fn on a connection of its own, within the time of a call and the bound
// of an answer.
func (s *System) with(ctx context.Context, op string, cfg *pgx.ConnConfig, fn func(ctx context.Context, c *pgx.Conn) error) error {
	var said *outbound.Bounded
	dial := cfg.DialFunc
	cfg.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		said = outbound.Bound(c, s.cfg.Limit)
		return said, nil
	}
	cfg.BuildFrontend = func(r io.Reader, w io.Writer) *pgproto3.Frontend {
		f := pgproto3.NewFrontend(r, w)
		f.SetMaxBodyLen(int(s.cfg.Limit)) // before room is made for what a message says that it holds
		return f
	}
	err := s.freely(ctx, op, cfg, fn)
	var long error
	var message *pgproto3.ExceededMaxBodyLenErr
	switch {
	case err == nil, fault.KindOf(err) == fault.Uncertain:
	case said != nil && said.Over() != nil:
		long = said.Over()
	case errors.As(err, &message):
		long = message
	}
	if long == nil {
		return err
	}
	return fault.New(fault.Transient, "connector.too_long", "system", s.cfg.System, "limit", s.cfg.Limit).At(op, long)
}

// freely is with for what is handed on while it is read, however long it is.
func (s *System) freely(ctx context.Context, op string, cfg *pgx.ConnConfig, fn func(ctx context.Context, c *pgx.Conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	if ctx.Err() != nil {
		return s.say(fault.Transient, "connector.not_sent", "").At(op, ctx.Err())
	}
	c, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return s.fault(op, err)
	}
	defer func() { _ = c.Close(context.WithoutCancel(ctx)) }()
	err = fn(ctx, c)
	var ours *fault.Error
	if err == nil || errors.As(err, &ours) {
		return err
	}
	return s.fault(op, err)
}

// change runs fn in a transaction. An error before the commit means that nothing
// was changed; whether an answer of the commit that was lost was a yes is not
// known.
func (s *System) change(ctx context.Context, op string, fn func(ctx context.Context, tx pgx.Tx) error) error {
	return s.with(ctx, op, s.as(), func(ctx context.Context, c *pgx.Conn) error {
		tx, err := c.Begin(ctx)
		if err != nil {
			return err
		}
		if err := fn(ctx, tx); err != nil {
			return err // the connection is closed, and so it is rolled back
		}
		if err = tx.Commit(ctx); err != nil && !rolledBack(err) {
			f := s.fault(op, err)
			return s.say(fault.Uncertain, "connector.uncertain", sqlstate(f)).At(op, f.Err)
		}
		return err
	})
}

// rolledBack reports whether a commit that failed certainly changed nothing. A session
// that the server ends while it commits may be past that: where a standby is waited for,
// it is (SQLSTATE 57P01 and the like, with the severity FATAL).
func rolledBack(err error) bool {
	var said *pgconn.PgError
	switch {
	case errors.Is(err, pgx.ErrTxCommitRollback):
		return true
	case !errors.As(err, &said):
		return false
	}
	return cmp.Or(said.SeverityUnlocalized, said.Severity) == "ERROR" && said.Code != "40003" && !strings.HasPrefix(said.Code, "08")
}

// fault classes what went wrong before anything was changed.
func (s *System) fault(op string, err error) *fault.Error {
	var said *pgconn.PgError
	switch {
	case errors.Is(err, outbound.ErrAddress):
		return s.say(fault.Invalid, "connector.address_refused", "").At(op, err)
	case !errors.As(err, &said):
		return s.say(fault.Transient, "connector.unreachable", "").At(op, err)
	}
	kind, code := fault.Invalid, "connector.refused"
	switch said.Code[:min(2, len(said.Code))] {
	case "28": // invalid authorization
		code = "connector.credential"
	case "40", "53", "55", "57", "58": // another was faster, no room, locked, shutting down, its machine
		kind, code = fault.Transient, "connector.busy"
	case "08", "XX": // its line to others, and what went wrong within
		kind, code = fault.Transient, "connector.unreachable"
	}
	if said.Code == "42501" {
		code = "connector.no_right"
	}
	// What the server says may quote what it is about: only its code is told.
	return s.say(kind, code, said.Code).At(op, errors.New("SQLSTATE "+said.Code))
}

func (s *System) say(kind fault.Kind, code, sqlstate string) *fault.Error {
	if sqlstate == "" {
		return fault.New(kind, code, "system", s.cfg.System)
	}
	return fault.New(kind, code, "system", s.cfg.System, "status", sqlstate)
}

// usable checks a name that goes into a statement as a value or a quoted name.
func (s *System) usable(op, name string) error {
	if name == "" || len(name) > 200 || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\uFFFD' }) {
		return s.say(fault.Invalid, "connector.bad_reference", "").At(op, nil)
	}
	return nil
}

// role is what is known of one.
type role struct {
	Found    bool `json:"found"`
	CanLogin bool `json:"can_login"`
	Sessions int  `json:"sessions"`
	own      bool // it is us
}

// open reports whether it may sign in, or is signed in.
func (r role) open() bool { return r.CanLogin || r.Sessions > 0 }

func (r role) status() string {
	switch {
	case r.open():
		return "login"
	case r.Found:
		return "nologin"
	}
	return ""
}

const readRole = `
	SELECT rolcanlogin AND (rolvaliduntil IS NULL OR rolvaliduntil > now()),
	       (SELECT count(*) FROM pg_stat_activity WHERE usename = rolname), rolname = current_user OR rolname = session_user
	  FROM pg_roles WHERE rolname = $1`

type queryer interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

func look(ctx context.Context, q queryer, name string) (r role, err error) {
	err = q.QueryRow(ctx, readRole, name).Scan(&r.CanLogin, &r.Sessions, &r.own)
	if errors.Is(err, pgx.ErrNoRows) {
		return role{}, nil
	}
	r.Found = err == nil
	return r, err
}

// ReadAccess asks whether the role may sign in, or is signed in.
func (s *System) ReadAccess(ctx context.Context, account string) (st connector.AccessState, err error) {
	const op = "pgsystem.ReadAccess"
	if err := s.usable(op, account); err != nil {
		return st, err
	}
	err = s.with(ctx, op, s.as(), func(ctx context.Context, c *pgx.Conn) error {
		r, err := look(ctx, c, account)
		if err != nil {
			return err
		}
		st = connector.AccessState{Found: r.Found, Open: r.open(), Status: r.status()}
		st.Answer, err = json.Marshal(r)
		return err
	})
	return st, err
}

// mostOwned is how many roles of one customer are listed.
const mostOwned = 5000

// ListAccesses lists the roles that the declared statement names for the owner,
// as they are at one moment: it reads, whatever the statement says. What it names
// and is no role lets nobody in.
func (s *System) ListAccesses(ctx context.Context, owner string) (out []connector.FoundAccess, err error) {
	const op = "pgsystem.ListAccesses"
	if err := s.usable(op, owner); err != nil {
		return nil, err
	}
	err = s.with(ctx, op, s.as(), func(ctx context.Context, c *pgx.Conn) error {
		tx, err := c.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
		if err != nil {
			return err
		}
		names, err := s.named(ctx, op, tx, owner)
		if err != nil {
			return err // the connection is closed, and so it is rolled back
		}
		for _, name := range names {
			r, err := look(ctx, tx, name)
			if err != nil {
				return err
			}
			if r.Found {
				out = append(out, connector.FoundAccess{Account: name, Kind: "login", Open: r.open(), Status: r.status()})
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// named are the different texts of the first column.
func (s *System) named(ctx context.Context, op string, tx pgx.Tx, owner string) ([]string, error) {
	rows, err := tx.Query(ctx, s.cfg.Roles.Owned, pgx.QueryResultFormats{pgx.TextFormatCode}, owner)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	seen := map[string]bool{}
	for rows.Next() {
		if raw := rows.RawValues(); len(raw) > 0 && raw[0] != nil {
			seen[string(raw[0])] = true
		}
		if len(seen) > mostOwned {
			return nil, s.say(fault.Transient, "connector.not_all", "").At(op, nil)
		}
	}
	rows.Close()
	return slices.Sorted(maps.Keys(seen)), rows.Err()
}

// RevokeAccess takes the right to sign in, and then the sessions.
func (s *System) RevokeAccess(ctx context.Context, in connector.AccessInput) (connector.Receipt, error) {
	const op = "pgsystem.RevokeAccess"
	r, err := s.alter(ctx, op, in.Account, "NOLOGIN")
	if err != nil || !r.Found { // nobody is left to be closed
		return s.receipt(r), err
	}
	err = s.with(ctx, op, s.as(), func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1`, in.Account)
		return err
	})
	if err != nil { // a part is done: it is looked at, and gone through again
		err = s.say(fault.Uncertain, "connector.partly", sqlstate(err)).At(op, err)
	}
	return s.receipt(r), err
}

// RestoreAccess gives the right to sign in back.
func (s *System) RestoreAccess(ctx context.Context, in connector.AccessInput) (connector.Receipt, error) {
	const op = "pgsystem.RestoreAccess"
	r, err := s.alter(ctx, op, in.Account, "LOGIN")
	if err == nil && !r.Found {
		err = s.say(fault.NotFound, "connector.unknown_reference", "").At(op, nil)
	}
	return s.receipt(r), err
}

func (s *System) alter(ctx context.Context, op, account, what string) (r role, err error) {
	if err := s.usable(op, account); err != nil {
		return r, err
	}
	err = s.change(ctx, op, func(ctx context.Context, tx pgx.Tx) error {
		var err error
		if r, err = look(ctx, tx, account); err != nil || !r.Found {
			return err
		}
		if r.own {
			return s.say(fault.Invalid, "connector.own_access", "").At(op, nil)
		}
		_, err = tx.Exec(ctx, "ALTER ROLE "+pgx.Identifier{account}.Sanitize()+" "+what)
		return err
	})
	return r, err
}

// receipt keeps what was there before.
func (s *System) receipt(before any) connector.Receipt {
	raw, err := json.Marshal(map[string]any{"before": before})
	if err != nil { // it always marshals
		raw = nil
	}
	return connector.Receipt{Answer: raw, At: s.clock.Now()}
}

// mayNotSignIn is what the server says of a role that may not sign in. Of a wrong
// password, or of a role that is not there, it says 28P01: that proves nothing.
const mayNotSignIn = "28000"

// ProbeAccess signs in as the role with its own password, and does nothing there.
func (s *System) ProbeAccess(ctx context.Context, account string) (connector.Probe, error) {
	const op = "pgsystem.ProbeAccess"
	cfg, err := s.asTheirs(op, account)
	if err != nil {
		return connector.Probe{}, err
	}
	out := connector.Probe{Status: "00000", At: s.clock.Now(), With: connector.TriedWith(cfg.Password)}
	err = s.with(ctx, op, cfg, func(context.Context, *pgx.Conn) error { out.In = true; return nil })
	switch {
	case err == nil:
		return out, nil
	case sqlstate(err) == mayNotSignIn:
		out.Status = sqlstate(err)
		return out, nil
	case fault.KindOf(err) == fault.Transient:
		return connector.Probe{}, err
	}
	return connector.Probe{}, s.say(fault.Invalid, "connector.probe_unclear", sqlstate(err)).At(op, nil)
}

// asTheirs are the settings of a connection as the role, with its own password.
func (s *System) asTheirs(op, account string) (*pgx.ConnConfig, error) {
	if err := s.usable(op, account); err != nil {
		return nil, err
	}
	password, code := declaration.ResolveEach(s.cfg.Roles.Password, account)
	if code != "" {
		return nil, s.say(fault.NotFound, "connector.no_credential", "").At(op, nil)
	}
	cfg := s.as()
	cfg.User, cfg.Password = account, password
	return cfg, nil
}

// sqlstate is what the server said, as the fault has it.
func sqlstate(err error) string {
	var f *fault.Error
	if errors.As(err, &f) {
		for i := 0; i+1 < len(f.Args); i += 2 {
			if f.Args[i] == "status" {
				return f.Args[i+1].(string)
			}
		}
	}
	return ""
}

// ActionNames are the declared statements.
func (s *System) ActionNames() []string { return slices.Sorted(maps.Keys(s.cfg.Actions)) }

// ActionInfo describes one.
func (s *System) ActionInfo(name string) (connector.Info, bool) {
	return s.cfg.ActionInfo(name)
}

func (s *System) action(op, name, reference string) (Action, error) {
	x, ok := s.cfg.Actions[name]
	if !ok {
		return x, fault.New(fault.Blocked, "connector.unknown_action", "system", s.cfg.System, "action", name).At(op, nil)
	}
	return x, s.usable(op, reference)
}

// ReadAction compares what reading says with what the action and its taking back
// should leave.
func (s *System) ReadAction(ctx context.Context, name, reference string) (st connector.ActionState, err error) {
	const op = "pgsystem.ReadAction"
	x, err := s.action(op, name, reference)
	if err != nil {
		return st, err
	}
	err = s.with(ctx, op, s.as(), func(ctx context.Context, c *pgx.Conn) error {
		got, err := value(ctx, c, x.Read, reference)
		if err != nil {
			return err
		}
		st.Holds = got == x.Expect
		if st.Back = !st.Holds; x.Undo.Expect != "" {
			st.Back = got == x.Undo.Expect
		}
		says := "neither"
		switch {
		case st.Holds:
			says = x.Expect
		case st.Back:
			says = "back"
		}
		st.Answer, err = json.Marshal(map[string]string{"reads": says})
		return err
	})
	return st, err
}

// value is the first column of the first row, as text; empty when there is none.
func value(ctx context.Context, c *pgx.Conn, sql, reference string) (got string, err error) {
	rows, err := c.Query(ctx, sql, pgx.QueryResultFormats{pgx.TextFormatCode}, reference)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	if rows.Next() {
		if raw := rows.RawValues(); len(raw) > 0 {
			got = string(raw[0])
		}
	}
	rows.Close()
	return got, rows.Err()
}

// Act runs the statement, once.
func (s *System) Act(ctx context.Context, in connector.ActionInput) (connector.Receipt, error) {
	const op = "pgsystem.Act"
	x, err := s.action(op, in.Action, in.Reference)
	if err != nil {
		return connector.Receipt{}, err
	}
	return s.run(ctx, op, x.Run, x.Rows, in.Reference)
}

// TakeBack runs the statement that takes the action back, once.
func (s *System) TakeBack(ctx context.Context, in connector.ActionInput) (connector.Receipt, error) {
	const op = "pgsystem.TakeBack"
	x, err := s.action(op, in.Action, in.Reference)
	if err != nil {
		return connector.Receipt{}, err
	}
	if x.Undo.Class == connector.Final {
		return connector.Receipt{}, s.say(fault.Invalid, "connector.cannot_resume", "").At(op, nil)
	}
	return s.run(ctx, op, x.Undo.Run, x.Undo.Rows, in.Reference)
}

// run changes as many rows as were expected, or none.
func (s *System) run(ctx context.Context, op, sql string, expected Rows, reference string) (connector.Receipt, error) {
	n := 0
	err := s.change(ctx, op, func(ctx context.Context, tx pgx.Tx) error {
		done, err := tx.Exec(ctx, sql, reference)
		if err != nil {
			return err
		}
		if n = int(done.RowsAffected()); n < expected.Least || n > expected.Most {
			return fault.New(fault.Invalid, "connector.rows_unexpected", "system", s.cfg.System, "rows", n, "expected", expected.String()).At(op, nil)
		}
		return nil
	})
	if err != nil {
		return connector.Receipt{}, err
	}
	raw, err := json.Marshal(map[string]int{"rows": n})
	return connector.Receipt{Answer: raw, At: s.clock.Now()}, fault.Wrap(op, err)
}

// Check signs in and asks whether we hold the rights that closing roles and the
// declared statements need; the plan of a statement is made and never run.
func (s *System) Check(ctx context.Context) error {
	const op = "pgsystem.Check"
	return s.with(ctx, op, s.as(), func(ctx context.Context, c *pgx.Conn) error {
		var lacks []string // all of them: whoever grants one after the other waits for us each time
		if s.cfg.Roles != nil {
			var creates, signals bool
			err := c.QueryRow(ctx, `
				SELECT rolsuper OR rolcreaterole, rolsuper OR pg_has_role('pg_signal_backend', 'member') FROM pg_roles WHERE rolname = current_user`).Scan(&creates, &signals)
			if err != nil {
				return err
			}
			if !creates {
				lacks = append(lacks, "CREATEROLE")
			}
			if !signals {
				lacks = append(lacks, "pg_signal_backend")
			}
			may, err := mayAlter(ctx, c)
			if err != nil {
				return err
			}
			if creates && !may {
				lacks = append(lacks, "ADMIN OPTION")
			}
			more, err := s.lacksGroups(ctx, c)
			if err != nil {
				return err
			}
			lacks = append(lacks, more...)
			if more, err = s.checkSignedIn(ctx, op, c); err != nil {
				return err
			}
			lacks = append(lacks, more...)
			if sql := s.cfg.Roles.Owned; sql != "" {
				if err := plan(ctx, c, sql); refused(err) {
					lacks = append(lacks, "roles.inventory")
				} else if err != nil {
					return err
				}
			}
		}
		for _, name := range s.ActionNames() {
			x := s.cfg.Actions[name]
			for _, part := range []struct{ key, sql string }{{"read", x.Read}, {"run", x.Run}, {"undo.run", x.Undo.Run}} {
				if part.sql == "" {
					continue
				}
				if err := plan(ctx, c, part.sql); refused(err) {
					lacks = append(lacks, name+"."+part.key)
				} else if err != nil {
					return err
				}
			}
		}
		more, err := s.lacksErase(ctx, c)
		if err != nil {
			return err
		}
		lacks = append(lacks, more...)
		if len(lacks) > 0 {
			return fault.New(fault.Invalid, "connector.right_missing", "system", s.cfg.System, "right", strings.Join(lacks, ", ")).At(op, nil)
		}
		return s.checkExport(ctx, op, c)
	})
}

// mayAlter reports whether we may close roles that sign in. From PostgreSQL 16 on,
// CREATEROLE is not enough: it takes the ADMIN OPTION on each. Which of them are
// those of customers is not known here, so that none of all is what is missing.
func mayAlter(ctx context.Context, c *pgx.Conn) (may bool, err error) {
	err = c.QueryRow(ctx, `
		SELECT current_setting('server_version_num')::int < 160000 OR (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
		       OR COALESCE(bool_or(pg_has_role(oid, 'MEMBER WITH ADMIN OPTION')), true)
		  FROM pg_roles WHERE rolcanlogin AND NOT rolsuper AND rolname <> current_user`).Scan(&may)
	return may, err
}

// plan has a statement planned, and never run.
func plan(ctx context.Context, c *pgx.Conn, sql string) error {
	_, err := c.Exec(ctx, "EXPLAIN "+sql, nil)
	return err
}

// refused reports whether a right was missing.
func refused(err error) bool {
	var said *pgconn.PgError
	return errors.As(err, &said) && said.Code == "42501"
}
