package pgsystem_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/pgsystem"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

const actions = `
    actions:
      hide:
        run: UPDATE member SET shown = false WHERE number = $1 AND shown
        rows: 1
        read: SELECT shown FROM member WHERE number = $1
        expect: f
        undo: {class: restorable, run: UPDATE member SET shown = true WHERE number = $1, rows: 1, expect: t}
      forget:
        run: DELETE FROM visit WHERE name = $1
        rows: 0-3
        read: SELECT count(*) FROM visit WHERE name = $1
        expect: 0
        undo: {class: final}
`

// base is a database of PostgreSQL with a role that we work as, and one of a
// customer.
type base struct {
	t          *testing.T
	admin      *pgx.Conn
	dir        string
	url        *url.URL // as our role
	ours, ana  string
	connection string // to which the system connects
	timeout    string // of a call; empty: two seconds
}

func each(t *testing.T, fn func(t *testing.T, b *base)) {
	t.Parallel()
	testkit.EachEngine(t, func(t *testing.T, e testkit.Engine) {
		if e.Name == "postgres" {
			fn(t, begin(t, e))
		}
	})
}

// begin sets up a database.
func begin(t *testing.T, e testkit.Engine) *base {
	t.Helper()
	admin, err := pgx.Connect(t.Context(), e.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = admin.Close(context.Background()) })
	b := &base{t: t, admin: admin, dir: t.TempDir(), ours: "hasta_" + strings.ToLower(id.New("r")), ana: `Ana "x" ` + id.New("r")}
	if b.url, err = url.Parse(e.URL); err != nil {
		t.Fatal(err)
	}
	b.url.User = url.UserPassword(b.ours, "ours")
	b.connection = b.url.String()
	for _, sql := range []string{
		"CREATE TABLE member (number int PRIMARY KEY, shown boolean NOT NULL)", "INSERT INTO member VALUES (7, true), (8, true)",
		"CREATE TABLE visit (name text)", "INSERT INTO visit VALUES ('ana'), ('ana'), ('bea'), ('bea'), ('bea'), ('bea')",
		"CREATE ROLE " + b.ours + " LOGIN CREATEROLE PASSWORD 'ours'", "GRANT pg_signal_backend TO " + b.ours,
		"GRANT SELECT, UPDATE ON member TO " + b.ours, "GRANT SELECT, DELETE ON visit TO " + b.ours,
		"CREATE ROLE " + quoted(b.ana) + " LOGIN PASSWORD 'hers'",
	} {
		b.exec(sql)
	}
	t.Cleanup(func() {
		for _, sql := range []string{"DROP OWNED BY " + b.ours, "DROP ROLE " + b.ours, "DROP ROLE " + quoted(b.ana)} {
			if _, err := admin.Exec(context.Background(), sql); err != nil {
				t.Error(err)
			}
		}
	})
	return b
}

func quoted(name string) string { return pgx.Identifier{name}.Sanitize() }

func (b *base) exec(sql string) {
	b.t.Helper()
	if _, err := b.admin.Exec(b.t.Context(), sql); err != nil {
		b.t.Fatalf("%s: %v", sql, err)
	}
}

func (b *base) put(name, value string) {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, url.PathEscape(name)), []byte(value), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

func (b *base) connect(more string) connector.System {
	b.t.Helper()
	return b.connectWith("", more)
}

// connectWith connects with more to say of roles.
func (b *base) connectWith(roles, more string) connector.System {
	b.t.Helper()
	b.put("url", b.connection)
	timeout := cmp.Or(b.timeout, "2s")
	all, err := declaration.Load("systems.yaml", []byte("systems:\n  base:\n    kind: postgres\n    url: file:"+b.dir+"/url\n    timeout: "+timeout+"\n    allow: [127.0.0.1/32]\n"+
		"    roles: {password: \"file:"+b.dir+"/{reference}\""+roles+"}\n"+more), pgsystem.Kind())
	if err != nil {
		b.t.Fatal(err)
	}
	s, err := all[0].Open(when.NewManual(noon), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(s.Close)
	return s.Connector()
}

func TestRolesAreClosedWithTheirSessions(t *testing.T) {
	each(t, func(t *testing.T, b *base) {
		ctx := t.Context()
		s := b.connect("")
		b.put(b.ana, "hers")
		if err := s.Checker.Check(ctx); err != nil {
			t.Fatal(err)
		}
		theirs := *b.url
		theirs.User = url.UserPassword(b.ana, "hers")
		session, err := pgx.Connect(ctx, theirs.String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = session.Close(context.Background()) }()
		is := func(open bool) {
			t.Helper()
			st, err := s.Access.ReadAccess(ctx, b.ana)
			if err != nil || !st.Found || st.Open != open || bytes.Contains(st.Answer, []byte("Ana")) {
				t.Errorf("reads %+v %s, %v; want open %v", st, st.Answer, err, open)
			}
			p, err := s.Prober.ProbeAccess(ctx, b.ana)
			if err != nil || p.In != open || !p.In && !strings.HasPrefix(p.Status, "28") {
				t.Errorf("tried: %+v, %v; want in %v", p, err, open)
			}
		}
		is(true)
		for range 2 {
			if _, err := s.Access.RevokeAccess(ctx, connector.AccessInput{Account: b.ana}); err != nil {
				t.Fatal(err)
			}
			for range 50 { // a session that was told to end does so in a moment
				if st, _ := s.Access.ReadAccess(ctx, b.ana); !st.Open {
					break
				}
				time.Sleep(20 * time.Millisecond)
			}
			is(false)
		}
		if _, err := session.Exec(ctx, "SELECT 1"); err == nil {
			t.Error("a session of the role goes on")
		}
		if _, err := s.Access.RestoreAccess(ctx, connector.AccessInput{Account: b.ana}); err != nil {
			t.Fatal(err)
		}
		is(true)
		if st, err := s.Access.ReadAccess(ctx, "nobody"); err != nil || st.Found || st.Open {
			t.Errorf("%+v %v", st, err)
		}
		if _, err := s.Access.RevokeAccess(ctx, connector.AccessInput{Account: "nobody"}); err != nil {
			t.Error(err)
		}
		if _, err := s.Access.RestoreAccess(ctx, connector.AccessInput{Account: "nobody"}); fault.CodeOf(err) != "connector.unknown_reference" {
			t.Error(err)
		}
		if _, err := s.Access.RevokeAccess(ctx, connector.AccessInput{Account: b.ours}); fault.CodeOf(err) != "connector.own_access" {
			t.Errorf("we closed our own door: %v", err)
		}
		if _, err := s.Prober.ProbeAccess(ctx, "nobody"); fault.CodeOf(err) != "connector.no_credential" {
			t.Error(err)
		}
	})
}

// What a database says is read up to a bound, and being told more is no outage.
func TestAnAnswerOverItsBoundIsSaidToBeOne(t *testing.T) {
	each(t, func(t *testing.T, b *base) {
		long := strings.Replace(actions, "SELECT shown FROM member WHERE number = $1", "SELECT repeat('x', 200000) FROM member WHERE number = $1", 1)
		s := b.connect(long + "    limit: 64KiB\n")
		_, err := s.Actions.ReadAction(t.Context(), "hide", "7")
		if fault.KindOf(err) != fault.Transient || fault.CodeOf(err) != "connector.too_long" {
			t.Error(err)
		}
	})
}

// A role that may not sign in is refused; a wrong password says nothing of the role.
func TestAWrongPasswordIsNoRefusalOfTheRole(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{"28000": "", "28P01": "connector.probe_unclear"} {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = ln.Close() })
		go func() {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			defer func() { _ = c.Close() }()
			server := pgproto3.NewBackend(c, c)
			if _, err := server.ReceiveStartupMessage(); err == nil {
				server.Send(&pgproto3.ErrorResponse{Severity: "FATAL", Code: said, Message: "no"})
				_ = server.Flush()
			}
		}()
		dir := t.TempDir()
		for name, value := range map[string]string{"url": "postgres://hasta@" + ln.Addr().String() + "/x?sslmode=disable", "ana": "hers"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(value), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		all, err := declaration.Load("systems.yaml", []byte("systems:\n  db:\n    kind: postgres\n    url: file:"+dir+"/url\n    roles: {password: \"file:"+dir+"/{reference}\"}\n    allow: [127.0.0.1/32]\n"), pgsystem.Kind())
		if err != nil {
			t.Fatal(err)
		}
		s, err := all[0].Open(when.NewManual(noon), nil)
		if err != nil {
			t.Fatal(err)
		}
		p, err := s.Connector().Prober.ProbeAccess(t.Context(), "ana")
		if s.Close(); p.In || (err != nil) != (want != "") || err != nil && fault.CodeOf(err) != want {
			t.Errorf("%s: %+v %v", said, p, err)
		}
	}
}

// A role is left to read by the groups that it leaves and joins, whoever let it into
// them; a real server says that it can still look and change nothing.
func TestARoleIsLeftToRead(t *testing.T) {
	each(t, func(t *testing.T, b *base) {
		ctx := t.Context()
		group := func(name string) string { return name + "_" + strings.ToLower(id.New("g")) }
		writers, guests, readers := group("writers"), group("guests"), group("readers")
		for _, g := range []string{writers, guests, readers} {
			b.exec("CREATE ROLE " + g)
			b.exec("GRANT " + g + " TO " + b.ours + " WITH ADMIN OPTION")
		}
		t.Cleanup(func() {
			for _, g := range []string{writers, guests, readers} {
				if _, err := b.admin.Exec(context.Background(), "DROP OWNED BY "+g+"; DROP ROLE "+g); err != nil {
					t.Error(err)
				}
			}
		})
		b.exec("GRANT SELECT, UPDATE ON member TO " + writers)
		b.exec("GRANT SELECT ON member TO " + readers)
		b.exec("GRANT " + writers + " TO " + quoted(b.ana)) // by the administrator, and not by us
		b.put(b.ana, "hers")
		s := b.connectWith(", read_only: {leave: ["+writers+", "+guests+"], join: ["+readers+"], try: UPDATE member SET shown = NOT shown}", "")
		if err := s.Checker.Check(ctx); err != nil {
			t.Fatal(err)
		}
		ana := connector.AccessInput{Account: b.ana, Key: "k"}
		is := func(readOnly bool, held ...string) {
			t.Helper()
			r, err := s.Narrower.ReadReach(ctx, b.ana)
			if err != nil || !r.Found || !r.Open || r.ReadOnly != readOnly || fmt.Sprint(r.Held) != fmt.Sprint(held) || bytes.Contains(r.Answer, []byte("Ana")) {
				t.Errorf("reads %+v %s, %v; want %v of %v", r, r.Answer, err, readOnly, held)
			}
			if p, err := s.Writes.ProbeWrite(ctx, b.ana); err != nil || p.In == readOnly || readOnly && p.Status != "42501" || !p.At.Equal(noon) {
				t.Errorf("tried to write: %+v, %v", p, err)
			}
			if p, err := s.Prober.ProbeAccess(ctx, b.ana); err != nil || !p.In {
				t.Errorf("tried to enter: %+v, %v", p, err)
			}
			var shown int
			if err := b.admin.QueryRow(ctx, "SELECT count(*) FROM member WHERE shown").Scan(&shown); err != nil || shown != 2 {
				t.Errorf("trying changed what is there: %d %v", shown, err)
			}
		}
		before, err := s.Narrower.ReadReach(ctx, b.ana)
		if err != nil {
			t.Fatal(err)
		}
		is(false, writers)
		for range 2 {
			if r, err := s.Narrower.NarrowAccess(ctx, ana); err != nil || len(r.Answer) == 0 {
				t.Fatal(r, err)
			}
			is(true, readers)
		}
		for range 2 {
			if _, err := s.Narrower.WidenAccess(ctx, connector.WidenInput{AccessInput: ana, Held: before.Held}); err != nil {
				t.Fatal(err)
			}
			is(false, writers)
		}
		// Who was a reader before stays one.
		b.exec("GRANT " + readers + " TO " + quoted(b.ana))
		if _, err := s.Narrower.NarrowAccess(ctx, ana); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Narrower.WidenAccess(ctx, connector.WidenInput{AccessInput: ana, Held: []string{readers, writers, "pg_monitor"}}); err != nil {
			t.Fatal(err)
		}
		is(false, readers, writers)
		if r, err := s.Narrower.ReadReach(ctx, "nobody"); err != nil || r.Found || r.Open || r.ReadOnly {
			t.Errorf("%+v %v", r, err)
		}
		if _, err := s.Narrower.NarrowAccess(ctx, connector.AccessInput{Account: "nobody"}); fault.CodeOf(err) != "connector.unknown_reference" {
			t.Error(err)
		}
		if _, err := s.Narrower.NarrowAccess(ctx, connector.AccessInput{Account: b.ours}); fault.CodeOf(err) != "connector.own_access" {
			t.Errorf("we narrowed our own door: %v", err)
		}
		// A right that is missing is named.
		b.exec("REVOKE ADMIN OPTION FOR " + readers + " FROM " + b.ours)
		if err := s.Checker.Check(ctx); fault.CodeOf(err) != "connector.right_missing" || !strings.Contains(fmt.Sprint(err.(*fault.Error).Args), "roles.read_only "+readers) {
			t.Errorf("%v", err)
		}
		b.exec("GRANT " + readers + " TO " + b.ours + " WITH ADMIN OPTION")
	})
}

func TestStatementsChangeAsManyRowsAsDeclaredOrNone(t *testing.T) {
	each(t, func(t *testing.T, b *base) {
		ctx := t.Context()
		s := b.connect(actions)
		if err := s.Checker.Check(ctx); err != nil {
			t.Fatal(err)
		}
		is := func(action, reference string, holds, back bool) {
			t.Helper()
			if st, err := s.Actions.ReadAction(ctx, action, reference); err != nil || st.Holds != holds || st.Back != back || len(st.Answer) == 0 {
				t.Errorf("%s of %s: %+v %v", action, reference, st, err)
			}
		}
		is("hide", "7", false, true)
		hide := connector.ActionInput{Action: "hide", Reference: "7"}
		if _, err := s.Actions.Act(ctx, hide); err != nil {
			t.Fatal(err)
		}
		is("hide", "7", true, false)
		is("hide", "8", false, true)
		_, err := s.Actions.Act(ctx, hide)
		if fault.CodeOf(err) != "connector.rows_unexpected" {
			t.Errorf("nothing to hide any more: %v", err)
		}
		if _, err := s.Actions.TakeBack(ctx, hide); err != nil {
			t.Fatal(err)
		}
		is("hide", "7", false, true)
		is("hide", "9", false, false) // nobody there is neither

		is("forget", "bea", false, true)
		_, err = s.Actions.Act(ctx, connector.ActionInput{Action: "forget", Reference: "bea"})
		if f, ok := err.(*fault.Error); !ok || f.Code != "connector.rows_unexpected" || !strings.Contains(fmt.Sprint(f.Args), "4 expected 0-3") {
			t.Errorf("four rows where three were the most: %v", err)
		}
		is("forget", "bea", false, true)
		for _, who := range []string{"ana", "ana", "x' OR true --"} {
			if _, err := s.Actions.Act(ctx, connector.ActionInput{Action: "forget", Reference: who}); err != nil {
				t.Error(who, err)
			}
		}
		is("forget", "ana", true, false)
		is("forget", "bea", false, true)
		if _, err := s.Actions.TakeBack(ctx, connector.ActionInput{Action: "forget", Reference: "ana"}); fault.CodeOf(err) != "connector.cannot_resume" {
			t.Error(err)
		}
		if _, err := s.Actions.Act(ctx, connector.ActionInput{Action: "hide", Reference: "seven"}); fault.CodeOf(err) != "connector.refused" || strings.Contains(err.Error(), "seven") {
			t.Errorf("%v", err)
		}
		if _, err := s.Actions.Act(ctx, connector.ActionInput{Action: "none", Reference: "7"}); fault.CodeOf(err) != "connector.unknown_action" {
			t.Error(err)
		}
	})
}

// The roles of a customer are those that the declared statement names: here the
// members of a role for each.
func TestTheRolesOfACustomerAreListed(t *testing.T) {
	each(t, func(t *testing.T, b *base) {
		ctx := t.Context()
		group, bea := "customer "+id.New("g"), "bea "+id.New("r")
		for _, sql := range []string{"CREATE ROLE " + quoted(group), "CREATE ROLE " + quoted(bea) + " LOGIN", "GRANT " + quoted(group) + " TO " + quoted(b.ana) + ", " + quoted(bea)} {
			b.exec(sql)
		}
		t.Cleanup(func() {
			for _, name := range []string{bea, group} {
				if _, err := b.admin.Exec(context.Background(), "DROP ROLE "+quoted(name)); err != nil {
					t.Error(err)
				}
			}
		})
		const members = "SELECT m.rolname FROM pg_auth_members JOIN pg_roles g ON g.oid = roleid JOIN pg_roles m ON m.oid = member WHERE g.rolname = $1"
		with := func(sql string) connector.System {
			t.Helper()
			b.put("url", b.connection)
			all, err := declaration.Load("systems.yaml", []byte("systems:\n  base:\n    kind: postgres\n    url: file:"+b.dir+"/url\n    timeout: 2s\n    allow: [127.0.0.1/32]\n"+
				"    roles:\n      inventory: "+sql+"\n"), pgsystem.Kind())
			if err != nil {
				t.Fatal(err)
			}
			s, err := all[0].Open(when.NewManual(noon), nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.Close)
			return s.Connector()
		}
		s := with(members)
		if err := s.Checker.Check(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Access.RevokeAccess(ctx, connector.AccessInput{Account: bea}); err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("[{%s login  true login} {%s login  false nologin}]", b.ana, bea)
		if list, err := s.Lister.ListAccesses(ctx, group); err != nil || fmt.Sprint(list) != want {
			t.Errorf("%v %v, want %s", list, err, want)
		}
		for _, who := range []string{"nobody", "x' OR true --"} {
			if list, err := s.Lister.ListAccesses(ctx, who); err != nil || len(list) != 0 {
				t.Errorf("%s has %v %v", who, list, err)
			}
		}
		if _, err := with("DELETE FROM visit WHERE name = $1 RETURNING name").Lister.ListAccesses(ctx, "ana"); fault.CodeOf(err) != "connector.refused" {
			t.Errorf("a list changes nothing: %v", err)
		}
		if _, err := with("SELECT n::text || $1 FROM generate_series(1, 6000) n").Lister.ListAccesses(ctx, "x"); fault.CodeOf(err) != "connector.not_all" {
			t.Errorf("more than is listed: %v", err)
		}
		b.exec("REVOKE SELECT ON visit FROM " + b.ours)
		err := with("SELECT name FROM visit WHERE name = $1").Checker.Check(ctx)
		if f, ok := err.(*fault.Error); !ok || f.Code != "connector.right_missing" || !strings.HasSuffix(fmt.Sprint(f.Args), " roles.inventory]") {
			t.Error(err)
		}
		if b.connect("").Lister != nil {
			t.Error("it cannot say whose they are, and says that it can")
		}
	})
}

// PostgreSQL remembers no sign-in; a program that writes its own down is asked.
func TestADatabaseSaysWhenARoleSignedIn(t *testing.T) {
	each(t, func(t *testing.T, b *base) {
		ctx := t.Context()
		b.exec("CREATE TABLE seen (who text, at timestamptz, day date)")
		b.exec("GRANT SELECT ON seen TO " + b.ours)
		const asked = ", signed_in: SELECT max(at) FROM seen WHERE who = $1"
		s := b.connectWith(asked, "")
		if err := s.Checker.Check(ctx); err != nil {
			t.Fatal(err)
		}
		last := func(want time.Time) {
			t.Helper()
			if at, err := s.SignIns.LastSignIn(ctx, b.ana); err != nil || !at.Equal(want) {
				t.Errorf("%v %v, want %v", at, err, want)
			}
		}
		last(time.Time{})
		for _, at := range []string{"2026-11-27 09:00:00.25+01", "2026-11-26 08:00:00+00"} {
			if _, err := b.admin.Exec(ctx, "INSERT INTO seen VALUES ($1, $2::timestamptz, '2026-11-27')", b.ana, at); err != nil {
				t.Fatal(err)
			}
		}
		last(time.Date(2026, 11, 27, 8, 0, 0, 250000000, time.UTC))
		s = b.connectWith(", signed_in: SELECT at FROM seen WHERE who = $1 ORDER BY at", "")
		last(time.Date(2026, 11, 27, 8, 0, 0, 250000000, time.UTC)) // of several rows the latest
		b.exec("INSERT INTO seen SELECT who, 'infinity', day FROM seen LIMIT 1")
		for statement, want := range map[string]string{
			"SELECT max(at) FROM seen WHERE who = $1":                        "connector.unreadable", // infinity is no instant
			"SELECT max(day) FROM seen WHERE who = $1":                       "connector.sign_in_type",
			"SELECT count(*) FROM seen WHERE who = $1":                       "connector.sign_in_type",
			"DELETE FROM seen WHERE who = $1 RETURNING at":                   "connector.refused",
			"UPDATE member SET shown = shown WHERE $1 <> '' RETURNING now()": "connector.refused", // it reads, whatever it says
		} {
			if _, err := b.connectWith(", signed_in: \""+statement+"\"", "").SignIns.LastSignIn(ctx, b.ana); fault.CodeOf(err) != want {
				t.Errorf("%s: %v, want %s", statement, err, want)
			}
		}
		if err := b.connectWith(", signed_in: \"SELECT count(*) FROM seen WHERE who = $1\"", "").Checker.Check(ctx); fault.CodeOf(err) != "connector.sign_in_type" {
			t.Error(err)
		}
		b.exec("REVOKE SELECT ON seen FROM " + b.ours)
		err := b.connectWith(asked, "").Checker.Check(ctx)
		if f, ok := err.(*fault.Error); !ok || f.Code != "connector.right_missing" || !strings.HasSuffix(fmt.Sprint(f.Args), " roles.signed_in]") {
			t.Error(err)
		}
		if b.connect("").SignIns != nil {
			t.Error("it does not say, and says that it does")
		}
	})
}

func TestTheCheckNamesTheRightThatIsMissing(t *testing.T) {
	each(t, func(t *testing.T, b *base) {
		for _, c := range []struct{ take, give, right string }{
			{"REVOKE DELETE ON visit FROM " + b.ours, "GRANT DELETE ON visit TO " + b.ours, "forget.run"},
			{"REVOKE SELECT ON member FROM " + b.ours, "GRANT SELECT ON member TO " + b.ours, "hide.read, hide.run, hide.undo.run"},
			{"REVOKE pg_signal_backend FROM " + b.ours, "GRANT pg_signal_backend TO " + b.ours, "pg_signal_backend"},
			{"ALTER ROLE " + b.ours + " NOCREATEROLE", "ALTER ROLE " + b.ours + " CREATEROLE", "CREATEROLE"},
		} {
			b.exec(c.take)
			err := b.connect(actions).Checker.Check(t.Context())
			if f, ok := err.(*fault.Error); !ok || f.Code != "connector.right_missing" || !strings.HasSuffix(fmt.Sprint(f.Args), " "+c.right+"]") {
				t.Errorf("%s: %v", c.take, err)
			}
			b.exec(c.give)
		}
		b.exec("REVOKE pg_signal_backend FROM " + b.ours)
		b.exec("ALTER ROLE " + b.ours + " NOCREATEROLE")
		err := b.connect(actions).Checker.Check(t.Context())
		if f, ok := err.(*fault.Error); !ok || !strings.HasSuffix(fmt.Sprint(f.Args), " CREATEROLE, pg_signal_backend]") {
			t.Errorf("two at once: %v", err)
		}
		b.exec("ALTER ROLE " + b.ours + " NOLOGIN")
		if err := b.connect(actions).Checker.Check(t.Context()); fault.CodeOf(err) != "connector.credential" {
			t.Error(err)
		}
	})
}

// between stands between us and the database, and hangs up: once the last word
// that we are to see has gone to the database (then its answer is lost), or before
// it goes there.
func (b *base) between(word string, before bool) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = ln.Close() })
	far := b.url.Host
	go func() {
		for {
			near, err := ln.Accept()
			if err != nil {
				return
			}
			there, err := net.Dial("tcp", far)
			if err != nil {
				_ = near.Close()
				continue
			}
			var deaf atomic.Bool
			go func() {
				buf := make([]byte, 8<<10)
				for {
					n, err := there.Read(buf)
					if err != nil {
						break
					}
					if deaf.Load() {
						break // what the database says now is lost
					}
					if _, err := near.Write(buf[:n]); err != nil {
						break
					}
				}
				_ = near.Close()
			}()
			go func() {
				defer there.Close()
				buf := make([]byte, 8<<10)
				for {
					n, err := near.Read(buf)
					if err != nil {
						return
					}
					if bytes.Contains(bytes.ToLower(buf[:n]), []byte(word)) {
						if before {
							_ = near.Close()
							return
						}
						deaf.Store(true)
					}
					if _, err := there.Write(buf[:n]); err != nil {
						return
					}
				}
			}()
		}
	}()
	u := *b.url
	u.Host = ln.Addr().String()
	b.connection = u.String()
}

// Where the answer of the commit is lost, what happened is not known, and reading
// tells; anything that breaks before it changed nothing.
func TestALostAnswerIsReadBack(t *testing.T) {
	each(t, func(t *testing.T, b *base) {
		ctx := t.Context()
		sound := b.connect(actions)
		hide := connector.ActionInput{Action: "hide", Reference: "7"}
		holds := func(want bool) {
			t.Helper()
			if st, err := sound.Actions.ReadAction(ctx, "hide", "7"); err != nil || st.Holds != want {
				t.Errorf("%+v %v, want %v", st, err, want)
			}
		}
		for _, word := range []string{"begin", "update member", "commit"} {
			b.between(word, true)
			_, err := b.connect(actions).Actions.Act(ctx, hide)
			if want := map[bool]fault.Kind{true: fault.Uncertain, false: fault.Transient}[word == "commit"]; fault.KindOf(err) != want {
				t.Errorf("cut before %s: %v", word, err)
			}
			holds(false)
		}
		b.between("commit", false)
		if _, err := b.connect(actions).Actions.Act(ctx, hide); fault.KindOf(err) != fault.Uncertain || fault.CodeOf(err) != "connector.uncertain" {
			t.Errorf("the answer of the commit was lost: %v", err)
		}
		for range 100 { // it arrives a moment later
			if st, _ := sound.Actions.ReadAction(ctx, "hide", "7"); st.Holds {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		holds(true)
	})
}

func TestOnlyNamedAddressesAreCalledWithoutTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for url, want := range map[string]string{
		"postgres://x@127.0.0.1:1/x?sslmode=disable":     "connector.unreachable",
		"postgres://x@127.0.0.2:1/x?sslmode=disable":     "connector.address_refused",
		"postgres://x@169.254.169.254/x?sslmode=disable": "connector.address_refused",
		"host=/var/run/postgresql user=x":                "connector.address_refused",
		"not an address":                                 "system.base_url",
	} {
		if err := os.WriteFile(filepath.Join(dir, "url"), []byte(url), 0o600); err != nil {
			t.Fatal(err)
		}
		all, err := declaration.Load(dir+"/systems.yaml", []byte("systems:\n  base:\n    kind: postgres\n    url: file:url\n    timeout: 1s\n    allow: [127.0.0.1/32]\n    roles: {}\n"), pgsystem.Kind())
		if err != nil {
			t.Fatal(err)
		}
		s, err := all[0].Open(when.NewManual(noon), nil)
		if err == nil {
			err = s.Connector().Checker.Check(t.Context())
		}
		if fault.CodeOf(err) != want {
			t.Errorf("%s: %v, want %s", url, err, want)
		}
	}
}

func TestWhatIsWrongIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	whole := "systems:\n  base:\n    kind: postgres\n    url: env:BASE_URL" + actions
	if _, err := declaration.Load("systems.yaml", []byte(whole), pgsystem.Kind()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, with, want string }{
		{"env:BASE_URL", "postgres://u:hunter2@db/x", "4:10 system.secret_inline /systems/base/url"},
		{"rows: 1\n", "rows: one\n", "8:15 system.rows /systems/base/actions/hide/rows"},
		{"rows: 0-3", "rows: 3-0", "14:15 system.rows /systems/base/actions/forget/rows"},
		{"DELETE FROM visit WHERE name = $1", "DELETE FROM visit", "13:14 system.statement /systems/base/actions/forget/run"},
		{"        expect: 0\n", "", "12:7 system.missing /systems/base/actions/forget/expect"},
		{"expect: t}", "expect: f}", "11:107 system.expect /systems/base/actions/hide/undo/expect"},
		{"{class: final}", "{class: maybe}", "17:23 system.word /systems/base/actions/forget/undo/class"},
		{"{class: final}", "{class: final, loses: sleep}", "17:37 system.word /systems/base/actions/forget/undo/loses"},
		{"{class: final}", "{class: restorable, run: DELETE FROM a WHERE b = $1, rows: 1, loses: data}", "17:84 system.needs /systems/base/actions/forget/undo/loses"},
		{"{class: final}", "{class: restorable}", "17:15 system.missing /systems/base/actions/forget/undo/run; 17:15 system.missing /systems/base/actions/forget/undo/rows"},
		{"    url: env:BASE_URL", "    url: env:BASE_URL\n    roles: {inventory: SELECT 1}", "5:24 system.statement /systems/base/roles/inventory"},
		{"    url: env:BASE_URL", "    url: env:BASE_URL\n    roles: {signed_in: SELECT now()}", "5:24 system.statement /systems/base/roles/signed_in"},
		{"      hide:", "      Hide:", "6:7 system.action_name /systems/base/actions/Hide"},
		{"actions:", "acts:", "5:5 system.unknown_key /systems/base/acts"},
	} {
		src := strings.Replace(whole, c.old, c.with, 1)
		if src == whole {
			t.Fatalf("%q is not there", c.old)
		}
		_, err := declaration.Load("systems.yaml", []byte(src), pgsystem.Kind())
		var told []string
		for _, e := range fault.Fields(err) {
			told = append(told, fmt.Sprintf("%s %s %s", strings.TrimPrefix(fmt.Sprint(e.Args[1]), "systems.yaml:"), e.Code, e.Field))
		}
		if got := strings.Join(told, "; "); got != c.want {
			t.Errorf("%q:\n got %s\nwant %s", c.with, got, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Error("the error holds the password")
		}
	}
}
