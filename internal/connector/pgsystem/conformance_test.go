package pgsystem_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"hastaluego/internal/connector"
	"hastaluego/internal/id"
	"hastaluego/internal/testkit"
	"hastaluego/internal/testkit/conformance"
)

// failing stands between us and the database, and fails once a word of ours goes by.
type failing struct {
	word  string // in small letters
	takes bool   // the database gets it; what it says then is lost
	says  []byte // instead; nil: it hangs up, empty: it says nothing and holds the line
	asked *atomic.Int32
}

// at starts it before the server, and returns its address.
func (f failing) at(t *testing.T, server string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			near, err := ln.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", server)
			if err != nil {
				_ = near.Close()
				continue
			}
			go f.serve(near, far)
		}
	}()
	return ln.Addr().String()
}

func (f failing) serve(near, far net.Conn) {
	defer near.Close()
	defer far.Close()
	var deaf atomic.Bool
	go func() {
		buf := make([]byte, 8<<10)
		for {
			n, err := far.Read(buf)
			if err != nil || deaf.Load() {
				break
			}
			if _, err := near.Write(buf[:n]); err != nil {
				break
			}
		}
		if !deaf.Load() {
			_ = near.Close()
		}
	}()
	buf := make([]byte, 8<<10)
	for {
		n, err := near.Read(buf)
		if err != nil {
			return
		}
		if !bytes.Contains(bytes.ToLower(buf[:n]), []byte(f.word)) {
			if _, err := far.Write(buf[:n]); err != nil {
				return
			}
			continue
		}
		f.asked.Add(1)
		deaf.Store(true)
		if !f.takes {
			_ = far.Close() // what it does not hear of it rolls back
		} else if _, err := far.Write(buf[:n]); err != nil {
			return
		}
		if f.takes && f.says == nil { // it hangs up once the database has said yes, which nobody hears
			_ = far.SetReadDeadline(time.Now().Add(time.Second))
			_, _ = far.Read(buf)
			return
		}
		if f.says == nil {
			return
		}
		_, _ = near.Write(f.says)
		_, _ = io.Copy(io.Discard, near) // until we give up
		return
	}
}

// says is what a server answers that refuses; it ends the session where that is FATAL.
func says(severity, code string) []byte {
	e := &pgproto3.ErrorResponse{Severity: severity, SeverityUnlocalized: severity, Code: code, Message: "no row of " + conformance.Person}
	out, err := e.Encode(nil)
	if err != nil {
		panic(err)
	}
	if severity != "FATAL" {
		if out, err = (&pgproto3.ReadyForQuery{TxStatus: 'I'}).Encode(out); err != nil {
			panic(err)
		}
	}
	return out
}

// wired is a database with a role that is open, may write, and has what there is to
// hide and to forget; and how it is made to fail.
func wired(t *testing.T, b *base) conformance.Wired {
	writers, readers := "writers_"+strings.ToLower(id.New("g")), "readers_"+strings.ToLower(id.New("g"))
	who := quoted(b.ana)
	for _, sql := range []string{
		"CREATE ROLE " + writers, "CREATE ROLE " + readers, "GRANT " + writers + ", " + readers + " TO " + b.ours + " WITH ADMIN OPTION",
		"GRANT SELECT, UPDATE ON member TO " + writers, "GRANT SELECT ON member TO " + readers,
		"CREATE TABLE seen (who text, at timestamptz)", "GRANT SELECT ON seen TO " + b.ours,
		"INSERT INTO member VALUES (" + conformance.Reference + ", true)",
	} {
		b.exec(sql)
	}
	t.Cleanup(func() {
		for _, g := range []string{writers, readers} {
			if _, err := b.admin.Exec(context.Background(), "DROP OWNED BY "+g+"; DROP ROLE "+g); err != nil {
				t.Error(err)
			}
		}
	})
	b.put(b.ana, "hers")
	straight := b.url.Host
	through := func(t *testing.T, address string) connector.System {
		t.Helper()
		u := *b.url
		u.Host = address
		b.connection = u.String()
		if b.timeout = ""; address != straight {
			b.timeout = "400ms"
		}
		return b.connectWith(", inventory: \"SELECT '"+strings.ReplaceAll(b.ana, `"`, `\"`)+"' WHERE $1 <> ''\", signed_in: SELECT max(at) FROM seen WHERE who = $1"+
			", read_only: {leave: ["+writers+"], join: ["+readers+"], try: UPDATE member SET shown = NOT shown}", actions+"    limit: 4096\n")
	}
	return conformance.Wired{
		Secret: "ours",
		Named: func(name string) string {
			return map[string]string{conformance.Reference: b.ana, conformance.Editor: writers}[name]
		},
		Well: func(t *testing.T) connector.System { return through(t, straight) },
		Put: func(t *testing.T, call string) {
			t.Helper()
			for _, sql := range []string{
				"ALTER ROLE " + who + " LOGIN", "REVOKE " + readers + " FROM " + who, "GRANT " + writers + " TO " + who,
				"UPDATE member SET shown = true", "INSERT INTO visit SELECT '" + conformance.Reference + "' WHERE NOT EXISTS (SELECT 1 FROM visit WHERE name = '" + conformance.Reference + "')",
			} {
				b.exec(sql)
			}
			for _, sql := range map[string][]string{
				conformance.Restore:           {"ALTER ROLE " + who + " NOLOGIN"},
				conformance.Widen:             {"REVOKE " + writers + " FROM " + who, "GRANT " + readers + " TO " + who},
				conformance.TakeBack + "hide": {"UPDATE member SET shown = false WHERE number = " + conformance.Reference},
			}[call] {
				b.exec(sql)
			}
		},
		Ways: ways(through, straight, "\x00"+strings.ToLower(b.ours)+"\x00", strings.ToLower(b.ana)),
	}
}

// ways are those in which a database fails: as we sign in, as we read, as we commit,
// and as a role is tried.
func ways(through func(*testing.T, string) connector.System, straight, us, them string) map[conformance.Fault][]conformance.Way {
	const looking, committing, ending = "select", "commit", "pg_terminate_backend"
	way := func(at conformance.Stage, name string, f failing) conformance.Way {
		word := map[conformance.Stage]string{conformance.SigningIn: us, conformance.Looking: looking, conformance.Changing: committing, conformance.Entering: them}[at]
		if f.word == "" {
			f.word = word
		}
		f.asked = &atomic.Int32{}
		return conformance.Way{
			Name: name, At: at, Happens: f.takes && at == conformance.Changing,
			Connect: func(t *testing.T) connector.System { return through(t, f.at(t, straight)) },
			Asked:   func() int { return int(f.asked.Swap(0)) },
		}
	}
	stages := map[conformance.Stage]string{
		conformance.SigningIn: "as we sign in", conformance.Looking: "as we read", conformance.Changing: "as we commit", conformance.Entering: "as a role is tried",
	}
	everywhere := func(name string, f failing, but ...conformance.Stage) (out []conformance.Way) {
		for at := conformance.SigningIn; at <= conformance.Entering; at++ {
			if len(but) == 0 || at != but[0] {
				out = append(out, way(at, name+", "+stages[at], f))
			}
		}
		return out
	}
	all := func(lists ...[]conformance.Way) (out []conformance.Way) {
		for _, l := range lists {
			out = append(out, l...)
		}
		return out
	}
	part := func(name string, f failing) conformance.Way {
		f.word = ending
		return way(conformance.Changing, name, f)
	}
	return map[conformance.Fault][]conformance.Way{
		conformance.TimeOut: all(
			everywhere("no answer in time", failing{says: []byte{}}), everywhere("no answer, of what was taken", failing{says: []byte{}, takes: true}),
			everywhere("a line that is cut", failing{}), everywhere("a line that is cut once it was taken", failing{takes: true}),
		),
		conformance.Throttled: {
			way(conformance.SigningIn, "too many connections", failing{says: says("FATAL", "53300")}),
			way(conformance.SigningIn, "it starts", failing{says: says("FATAL", "57P03")}),
			way(conformance.Looking, "out of memory", failing{says: says("ERROR", "53200")}),
			way(conformance.Changing, "somebody was faster", failing{says: says("ERROR", "40001")}),
			way(conformance.Entering, "too many connections, as a role is tried", failing{says: says("FATAL", "53300")}),
		},
		conformance.ServerError: all(
			everywhere("an error within", failing{says: says("ERROR", "XX000")}), everywhere("it shuts down", failing{says: says("FATAL", "57P01")}),
			[]conformance.Way{
				way(conformance.Changing, "it shuts down while it waits for its standby", failing{says: says("FATAL", "57P01"), takes: true}),
				way(conformance.Changing, "it does not know itself", failing{says: says("ERROR", "40003"), takes: true}),
			},
		),
		conformance.SlowBody: everywhere("half a message", failing{says: []byte{'R', 0, 0}}),
		conformance.WrongBody: all(
			everywhere("nonsense", failing{says: []byte("\x00\x01\x02\x03\x04\x05\x06\x07")}), everywhere("another protocol", failing{says: []byte("SSH-2.0-OpenSSH_9.2\r\n")}),
			everywhere("a length of gigabytes", failing{says: []byte{'R', 0x7f, 0xff, 0xff, 0xff}}), everywhere("more than is read", failing{says: append([]byte{'N', 0, 0, 0x40, 0}, bytes.Repeat([]byte("x"), 0x4000)...)}),
		),
		conformance.Partial: {
			part("sessions that nobody ends", failing{}), part("sessions that we may not end", failing{says: says("ERROR", "42501")}), part("too busy to end them", failing{says: says("ERROR", "53200")}),
		},
		conformance.Expired: {
			way(conformance.SigningIn, "another password", failing{says: says("FATAL", "28P01")}), way(conformance.SigningIn, "a role that may not sign in", failing{says: says("FATAL", "28000")}),
		},
	}
}

func TestItConformsToTheSuiteOfConnectors(t *testing.T) {
	t.Parallel()
	testkit.EachEngine(t, func(t *testing.T, e testkit.Engine) {
		if e.Name != "postgres" {
			return
		}
		conformance.RunWired(t, conformance.Postgres, func(t *testing.T) conformance.Wired { return wired(t, begin(t, e.Another(t))) })
	})
}
