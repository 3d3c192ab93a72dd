package ldapsystem_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/ldapsystem"
	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

// Tags of requests (RFC 4511 section 4); an answer's is one more, but for a
// search, which has entries before its end.
const (
	bindRequest   = 0x60
	searchRequest = 0x63
	modifyRequest = 0x66
	deleteRequest = 0x4a
)

// fake stands in for a directory where one operation is asked for.
type fake struct {
	op byte
	// forwards: the directory gets the request, and its answer is lost.
	forwards bool
	// answer makes what is said instead; nil hangs up.
	answer func(id, op byte) []byte
	before func()        // happens before each of these operations, which then goes through
	after  int32         // so many of these operations on a line go through before
	about  string        // only requests that hold it
	asked  *atomic.Int32 // how often the operation was asked for
	lines  *atomic.Int32 // how many lines there were
}

// message is an answer with a result code and the words of the directory.
func message(id, tag, code byte, words string) []byte {
	body := append([]byte{0x0a, 1, code, 4, 0, 4, byte(len(words))}, words...)
	out := append([]byte{2, 1, id, tag, byte(len(body))}, body...)
	return append([]byte{0x30, byte(len(out))}, out...)
}

func answerTag(op byte) byte {
	switch op {
	case searchRequest:
		return 0x65
	case deleteRequest:
		return 0x6b
	}
	return op + 1
}

func result(code byte) func(id, op byte) []byte {
	return func(id, op byte) []byte { return message(id, answerTag(op), code, "no entry of "+person) }
}

// never says nothing, and holds the line.
func never(byte, byte) []byte { return []byte{} }

func raw(said string) func(id, op byte) []byte {
	return func(byte, byte) []byte { return []byte(said) }
}

// operation reads what a message asks for; it is small, and comes whole.
func operation(m []byte) (id, op byte) {
	i := 2
	if len(m) > 1 && m[1]&0x80 != 0 {
		i += int(m[1] & 0x7f)
	}
	if len(m) < i+4 || m[0] != 0x30 || m[i] != 2 || m[i+1] != 1 {
		return 0, 0
	}
	return m[i+2], m[i+3]
}

// line stands between us and the directory, and returns its own address.
func (b *base) line(f fake) string {
	b.t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			near, err := ln.Accept()
			if err != nil {
				return
			}
			if f.lines != nil {
				f.lines.Add(1)
			}
			far, err := net.Dial("tcp", strings.TrimPrefix(b.dir.Plain, "ldap://"))
			if err != nil {
				_ = near.Close()
				continue
			}
			go f.serve(near, far)
		}
	}()
	return "ldap://" + ln.Addr().String()
}

func (f fake) serve(near, far net.Conn) {
	var deaf atomic.Bool
	go func() {
		buf := make([]byte, 64<<10)
		for {
			n, err := far.Read(buf)
			if err != nil || deaf.Load() {
				break
			}
			if _, err := near.Write(buf[:n]); err != nil {
				break
			}
		}
		if !deaf.Load() || f.answer == nil {
			_ = near.Close()
		}
	}()
	defer far.Close()
	defer near.Close()
	buf, passed := make([]byte, 64<<10), int32(0)
	for {
		n, err := near.Read(buf)
		if err != nil {
			return
		}
		id, op := operation(buf[:n])
		if op == f.op && passed < f.after {
			passed++
			op = 0
		} else if !bytes.Contains(buf[:n], []byte(f.about)) {
			op = 0
		}
		if op == f.op && f.before != nil {
			f.before()
			op = 0
		}
		if op != f.op {
			if _, err := far.Write(buf[:n]); err != nil {
				return
			}
			continue
		}
		if f.asked != nil {
			f.asked.Add(1)
		}
		if f.forwards {
			deaf.Store(true)
			if _, err := far.Write(buf[:n]); err != nil {
				return
			}
			if f.answer == nil {
				// The directory has it once it answers, which nobody hears.
				_ = far.SetReadDeadline(time.Now().Add(2 * time.Second))
				_, _ = near.Read(buf)
				return
			}
		}
		if f.answer == nil {
			return
		}
		if _, err := near.Write(f.answer(id, op)); err != nil {
			return
		}
	}
}

type end struct {
	kind fault.Kind
	code string
}

var (
	uncertain   = end{fault.Uncertain, "connector.uncertain"}
	unreachable = end{fault.Transient, "connector.unreachable"}
	tooLong     = end{fault.Transient, "connector.too_long"}
	busy        = end{fault.Transient, "connector.busy"}
	refused     = end{fault.Invalid, "connector.refused"}
	credential  = end{fault.Invalid, "connector.credential"}
	noRight     = end{fault.Invalid, "connector.no_right"}
	unclear     = end{fault.Invalid, "connector.probe_unclear"}
	unknown     = end{fault.NotFound, "connector.unknown_reference"}
	fine        = end{}
)

// The ways in which directories fail: at our signing in, at a search, at a
// change, and when a probe signs in. What is not the case is an empty end, and
// a change that is not answered is never taken for one that did not happen.
func TestEveryWayOfFailingHasItsOwnWord(t *testing.T) {
	t.Parallel()
	b := start(t, rights, entry("ana", ""))
	b.put("ana", "hers")
	for name, c := range map[string]struct {
		answer                    func(id, op byte) []byte
		forwards                  bool
		signs, looks, acts, tries end
	}{
		"no answer in time":          {never, false, unreachable, unreachable, uncertain, unreachable},
		"no answer after the effect": {never, true, unreachable, unreachable, uncertain, unreachable},
		"a line that is cut before":  {nil, false, unreachable, unreachable, uncertain, unreachable},
		"a line that is cut after":   {nil, true, unreachable, unreachable, uncertain, unreachable},
		"another protocol":           {raw("SSH-2.0-OpenSSH_9.2\r\n"), false, unreachable, unreachable, uncertain, unreachable},
		"nonsense":                   {raw("\x30\x05\x02\x01\x01\x61\x00"), false, unreachable, unreachable, uncertain, unreachable},
		"a length of gigabytes":      {raw("\x30\x84\x7f\xff\xff\xff\x04\x84\x7f\xff\xff\x00"), false, unreachable, unreachable, uncertain, unreachable},
		"more than is read":          {raw("\x30\x82\x40\x00\x04\x82\x3f\xfc" + strings.Repeat("x", 0x3ffc)), false, tooLong, tooLong, uncertain, tooLong},
		"busy":                       {result(51), false, busy, busy, busy, busy},
		"unavailable":                {result(52), false, busy, busy, busy, busy},
		"out of its time":            {result(3), false, busy, busy, uncertain, busy},
		"an error of its own":        {result(80), false, unreachable, unreachable, uncertain, unreachable},
		"an expired credential":      {result(49), false, credential, refused, refused, fine},
		"a missing right":            {result(50), false, noRight, noRight, noRight, unclear},
		"unwilling":                  {result(53), false, credential, refused, refused, unclear},
		"a referral":                 {result(10), false, refused, refused, refused, unclear},
		"TLS is asked for":           {result(13), false, refused, refused, refused, unclear},
		"more than its limit":        {result(4), false, refused, end{fault.Invalid, "connector.ambiguous"}, refused, unclear},
		"no such entry":              {result(32), false, credential, refused, unknown, unclear},
		"somebody was faster":        {result(16), false, refused, refused, busy, unclear},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ask := func(op byte, about string, want end, do func(ctx context.Context, s connector.System) ([]byte, error)) {
				t.Helper()
				f := fake{op: op, forwards: c.forwards, answer: c.answer, about: about, asked: &atomic.Int32{}}
				s := b.at(b.line(f), "    timeout: 400ms\n    limit: 4096\n    close: lock\n"+b.tried(`, as: "uid={reference},`+people+`"`))
				evidence, err := do(t.Context(), s)
				if (err == nil) != (want == fine) || err != nil && (fault.KindOf(err) != want.kind || fault.CodeOf(err) != want.code) {
					t.Errorf("%x: got %v, want %v", op, err, want)
				}
				if n := f.asked.Load(); n != 1 {
					t.Errorf("%x: asked %d times", op, n)
				}
				discreet(t, evidence, err)
			}
			read := func(ctx context.Context, s connector.System) ([]byte, error) {
				st, err := s.Access.ReadAccess(ctx, "ana")
				return st.Answer, err
			}
			check := func(ctx context.Context, s connector.System) ([]byte, error) { return nil, s.Checker.Check(ctx) }
			ask(bindRequest, "", c.signs, read)
			ask(bindRequest, "", c.signs, check)
			ask(searchRequest, "", c.looks, read)
			ask(bindRequest, "uid=ana", c.tries, func(ctx context.Context, s connector.System) ([]byte, error) {
				p, err := s.Prober.ProbeAccess(ctx, "ana")
				if err == nil && (p.In || p.Status != "49") {
					t.Errorf("tried: %+v", p)
				}
				return nil, err
			})
			in := connector.AccessInput{Account: "ana", Key: "k"}
			ask(modifyRequest, "", c.acts, func(ctx context.Context, s connector.System) ([]byte, error) {
				r, err := s.Access.RevokeAccess(ctx, in)
				return r.Answer, err
			})
			ask(modifyRequest, "", c.acts, func(ctx context.Context, s connector.System) ([]byte, error) {
				r, err := s.Access.RestoreAccess(ctx, in)
				return r.Answer, err
			})
		})
	}
}

// discreet checks that neither a person nor our secret is kept or told.
func discreet(t *testing.T, evidence []byte, err error) {
	t.Helper()
	for _, word := range []string{person, secret, "hers", "uid="} {
		if bytes.Contains(evidence, []byte(word)) || err != nil && strings.Contains(err.Error(), word) {
			t.Errorf("%q is kept or told: %s %v", word, evidence, err)
		}
	}
}

// Where the answer to a change is lost, reading tells what happened; a promise
// without effect reads as none.
func TestALostAnswerIsReadBack(t *testing.T) {
	t.Parallel()
	b := start(t, rights, entry("ana", "")+entry("bea", "")+entry("cid", ""))
	sound := b.at(b.dir.Plain, "    close: lock\n")
	for who, c := range map[string]struct {
		f    fake
		want end
		open bool
	}{
		"ana": {fake{op: modifyRequest, forwards: true}, uncertain, false},
		"bea": {fake{op: modifyRequest}, uncertain, true},
		"cid": {fake{op: modifyRequest, answer: result(0)}, fine, true},
	} {
		_, err := b.at(b.line(c.f), "    timeout: 1s\n    close: lock\n").Access.RevokeAccess(t.Context(), connector.AccessInput{Account: who})
		if (err == nil) != (c.want == fine) || err != nil && fault.CodeOf(err) != c.want.code {
			t.Errorf("%s: %v", who, err)
		}
		for range 100 { // it arrives a moment later
			if st, _ := sound.Access.ReadAccess(t.Context(), who); st.Open == c.open {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		b.is(sound, who, true, c.open)
	}
}

// Where groups were left and the lock was refused or lost, a part is done: it is
// said, and the whole is gone through again.
func TestAPartOfAnActIsNoAct(t *testing.T) {
	t.Parallel()
	b := start(t, rights, entry("ana", "")+entry("bea", "")+
		"dn: cn=two,"+groups+"\nobjectClass: groupOfNames\ncn: two\nmember: uid=ana,"+people+"\nmember: uid=bea,"+people+"\n\n")
	in, more := connector.AccessInput{Account: "ana"}, "    timeout: 1s\n    close: lock\n    groups: {base: \""+groups+"\"}\n"
	for _, answer := range []func(id, op byte) []byte{result(51), result(53), nil} {
		f := fake{op: modifyRequest, after: 1, answer: answer}
		r, err := b.at(b.line(f), more).Access.RevokeAccess(t.Context(), in)
		if fault.KindOf(err) != fault.Uncertain || fault.CodeOf(err) != "connector.partly" || !bytes.Contains(r.Answer, []byte("cn=two")) {
			t.Errorf("%s %v", r.Answer, err)
		}
		sound := b.at(b.dir.Plain, more)
		b.is(sound, "ana", true, true)
		back := ldap.NewModifyRequest("cn=two,"+groups, nil)
		back.Add("member", []string{"uid=ana," + people})
		if err := b.root.Modify(back); err != nil {
			t.Fatal(err)
		}
	}
	sound := b.at(b.dir.Plain, more)
	b.closes(sound, "ana")
	b.is(sound, "ana", true, false)
}

// What another changes between our look and our act is not written over.
func TestAnotherFlagIsNotWrittenOver(t *testing.T) {
	t.Parallel()
	b := start(t, rights, entry("ana", ""))
	f := fake{op: modifyRequest, answer: func(id, op byte) []byte { return result(16)(id, op) }}
	_, err := b.at(b.line(f), "    close: disable\n").Access.RevokeAccess(t.Context(), connector.AccessInput{Account: "ana"})
	if fault.CodeOf(err) != "connector.busy" || fault.KindOf(err) != fault.Transient {
		t.Error(err)
	}
}

func TestEveryGroupIsFoundOrNone(t *testing.T) {
	t.Parallel()
	var ldif strings.Builder
	for n := range 450 {
		fmt.Fprintf(&ldif, "dn: cn=g%d,%s\nobjectClass: posixGroup\ncn: g%d\ngidNumber: %d\nmemberUid: ana\n\n", n, groups, n, n)
	}
	closing := "    close: groups\n    groups: {base: \"" + groups + "\", member: memberUid, value: uid}\n"
	t.Run("in pages", func(t *testing.T) {
		t.Parallel()
		b := start(t, rights+"limits dn.exact=\""+us+"\" size.soft=200 size.hard=200 size.prtotal=unlimited\n", entry("ana", "")+ldif.String())
		s := b.at(b.dir.Plain, closing)
		b.closes(s, "ana")
		b.is(s, "ana", true, false)
	})
	var crowd strings.Builder
	for n := range 450 {
		crowd.WriteString(entry(fmt.Sprintf("u%03d", n), "o: acme\n"))
	}
	t.Run("and every access of a customer", func(t *testing.T) {
		t.Parallel()
		owned := "    inventory: (o={owner})\n    close: disable\n"
		b := start(t, rights+"limits dn.exact=\""+us+"\" size.soft=200 size.hard=200 size.prtotal=unlimited\n",
			crowd.String()+entry("ana", "o: acme (north)*\n")+entry("bea", "o: other\n")+"dn: cn=acme,"+people+"\nobjectClass: organization\nobjectClass: extensibleObject\ncn: acme\no: acme\n\n")
		s := b.at(b.dir.Plain, owned)
		if _, err := s.Access.RevokeAccess(t.Context(), connector.AccessInput{Account: "u007"}); err != nil {
			t.Fatal(err)
		}
		list, err := s.Lister.ListAccesses(t.Context(), "acme")
		seen := map[string]bool{}
		for _, a := range list {
			if seen[a.Account] = true; a.Open == (a.Account == "u007") || a.Kind != "login" || !strings.HasPrefix(a.Account, "u") {
				t.Errorf("%+v", a)
			}
		}
		if err != nil || len(list) != 450 || len(seen) != 450 {
			t.Errorf("%d accesses of %d names, %v", len(list), len(seen), err)
		}
		for owner, want := range map[string]string{"acme (north)*": "[ana]", "*": "[]", "acme)(|(o=*)": "[]", "nobody": "[]"} {
			list, err := s.Lister.ListAccesses(t.Context(), owner)
			names := make([]string, len(list))
			for i, a := range list {
				names[i] = a.Account
			}
			if err != nil || fmt.Sprint(names) != want {
				t.Errorf("%s has %v %v", owner, names, err)
			}
		}
		if _, err := b.at(b.line(fake{op: searchRequest, answer: result(4)}), owned).Lister.ListAccesses(t.Context(), "acme"); fault.CodeOf(err) != "connector.not_all" || fault.KindOf(err) != fault.Transient {
			t.Errorf("a part is no list: %v", err)
		}
		if _, err := b.at(b.line(fake{op: searchRequest}), owned).Lister.ListAccesses(t.Context(), "acme"); fault.CodeOf(err) != "connector.unreachable" {
			t.Error(err)
		}
		if b.at(b.dir.Plain, "    close: lock\n").Lister != nil {
			t.Error("it cannot say whose they are, and says that it can")
		}
	})
	t.Run("of a directory that says no more", func(t *testing.T) {
		t.Parallel()
		b := start(t, rights+"limits dn.exact=\""+us+"\" size.soft=300 size.hard=300 size.prtotal=300\n", entry("ana", "")+ldif.String())
		s := b.at(b.dir.Plain, closing)
		if _, err := s.Access.RevokeAccess(t.Context(), connector.AccessInput{Account: "ana"}); fault.CodeOf(err) != "connector.not_all" {
			t.Error(err)
		}
	})
}

func TestACallWhoseTimeIsOverIsNotSent(t *testing.T) {
	t.Parallel()
	b := start(t, rights, entry("ana", ""))
	b.put("ana", "hers")
	f := fake{lines: &atomic.Int32{}}
	s := b.at(b.line(f), "    close: lock\n"+b.tried(""))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	in := connector.AccessInput{Account: "ana"}
	_, read := s.Access.ReadAccess(ctx, "ana")
	_, act := s.Access.RevokeAccess(ctx, in)
	_, back := s.Access.RestoreAccess(ctx, in)
	_, try := s.Prober.ProbeAccess(ctx, "ana")
	for _, err := range []error{read, act, back, try, s.Checker.Check(ctx)} {
		if fault.KindOf(err) != fault.Transient || fault.CodeOf(err) != "connector.not_sent" {
			t.Error(err)
		}
	}
	if n := f.lines.Load(); n != 0 {
		t.Errorf("called %d times", n)
	}
}

func TestOnlyNamedAddressesAreCalledWithoutTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ours"), []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ url, more, want string }{
		{"ldap://127.0.0.1:1", "", "connector.unreachable"},
		{"ldap://127.0.0.2:1", "", "connector.address_refused"},
		{"ldaps://127.0.0.2:1", "", "connector.address_refused"},
		{"ldap://169.254.169.254", "    start_tls: true\n", "connector.address_refused"},
		{"ldaps://[::1]", "", "connector.address_refused"},
		{"ldap://8.8.8.8", "", "connector.address_refused"},
	} {
		src := "systems:\n  people:\n    kind: ldap\n    url: " + c.url + "\n    bind: " + us + "\n    password: file:ours\n    base: " + people + "\n    close: lock\n    timeout: 1s\n    allow: [127.0.0.1/32]\n" + c.more
		all, err := declaration.Load(dir+"/systems.yaml", []byte(src), ldapsystem.Kind())
		if err != nil {
			t.Fatal(err)
		}
		s, err := all[0].Open(when.NewManual(noon), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Connector().Checker.Check(t.Context()); fault.CodeOf(err) != c.want {
			t.Errorf("%s: %v, want %s", c.url, err, c.want)
		}
	}
}
