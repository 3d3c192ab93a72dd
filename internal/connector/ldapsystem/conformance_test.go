package ldapsystem_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"hastaluego/internal/connector"
	"hastaluego/internal/testkit/conformance"
)

// wired is a directory with an access that is open, and in a group with another; and
// how it is made to fail.
func wired(t *testing.T) conformance.Wired {
	b := start(t, rights+"lastbind on\n", entry(conformance.Reference, "o: "+conformance.Reference+"\n")+entry("bea", "")+
		"dn: cn=two,"+groups+"\nobjectClass: groupOfNames\ncn: two\nmember: uid=bea,"+people+"\n\n")
	b.put(conformance.Reference, "hers")
	const quick = "    timeout: 400ms\n"
	plain := "    limit: 4096\n    close: lock\n    inventory: (o={owner})\n    signed_in: {attribute: pwdLastSuccess}\n" + b.tried(`, as: "uid={reference},`+people+`"`)
	grouped := plain + "    groups: {base: \"" + groups + "\"}\n"
	who := "uid=" + conformance.Reference + "," + people
	b.lets(b.at(b.dir.Plain, plain), conformance.Reference, true) // so that it shows when somebody signed in

	ops := map[conformance.Stage]fake{
		conformance.SigningIn: {op: bindRequest, about: us}, conformance.Looking: {op: searchRequest},
		conformance.Changing: {op: modifyRequest}, conformance.Entering: {op: bindRequest, about: who},
	}
	stages := map[conformance.Stage]string{
		conformance.SigningIn: "as we sign in", conformance.Looking: "as we look", conformance.Changing: "as we change it", conformance.Entering: "as it is tried",
	}
	way := func(at conformance.Stage, name string, how fake, more string) conformance.Way {
		f := ops[at]
		f.answer, f.forwards, f.after, f.asked = how.answer, how.forwards, how.after, &atomic.Int32{}
		return conformance.Way{
			Name: name + ", " + stages[at], At: at, Happens: f.forwards && at == conformance.Changing,
			Connect: func(*testing.T) connector.System { return b.at(b.line(f), quick+more) },
			Sound:   func(*testing.T) connector.System { return b.at(b.dir.Plain, more) },
			Asked:   func() int { return int(f.asked.Swap(0)) },
		}
	}
	everywhere := func(ways map[string]fake) (out []conformance.Way) {
		for name, how := range ways {
			for at := conformance.SigningIn; at <= conformance.Entering; at++ {
				out = append(out, way(at, name, how, plain))
			}
		}
		return out
	}
	ours := func(code byte) conformance.Way {
		return way(conformance.SigningIn, fmt.Sprint("result ", code), fake{answer: result(code)}, plain)
	}
	part := func(name string, how fake) conformance.Way {
		how.after = 1 // it left the group
		return way(conformance.Changing, name, how, grouped)
	}
	return conformance.Wired{
		Secret: secret,
		Well:   func(*testing.T) connector.System { return b.at(b.dir.Plain, plain) },
		Put: func(t *testing.T, call string) {
			t.Helper()
			lock, group := ldap.NewModifyRequest(who, nil), ldap.NewModifyRequest("cn=two,"+groups, nil)
			lock.Replace("pwdAccountLockedTime", map[string][]string{conformance.Restore: {"000001010000Z"}}[call])
			group.Replace("member", []string{"uid=bea," + people, who})
			for _, change := range []*ldap.ModifyRequest{lock, group} {
				if err := b.root.Modify(change); err != nil {
					t.Fatal(err)
				}
			}
		},
		Ways: map[conformance.Fault][]conformance.Way{
			conformance.TimeOut: everywhere(map[string]fake{
				"no answer in time": {answer: never}, "no answer, of what was taken": {answer: never, forwards: true},
				"a line that is cut": {}, "a line that is cut once it was taken": {forwards: true},
			}),
			conformance.Throttled:   everywhere(map[string]fake{"busy": {answer: result(51)}, "unavailable": {answer: result(52)}}),
			conformance.ServerError: everywhere(map[string]fake{"an error within": {answer: result(80)}, "out of its time": {answer: result(3)}}),
			conformance.SlowBody:    everywhere(map[string]fake{"half a message": {answer: raw("\x30\x0c\x02")}, "half a message, of what was taken": {answer: raw("\x30\x0c\x02"), forwards: true}}),
			conformance.WrongBody: everywhere(map[string]fake{
				"nonsense": {answer: raw("\x30\x05\x02\x01\x01\x61\x00")}, "another protocol": {answer: raw("SSH-2.0-OpenSSH_9.2\r\n")},
				"a length of gigabytes": {answer: raw("\x30\x84\x7f\xff\xff\xff\x04\x84\x7f\xff\xff\x00")},
				"more than is read":     {answer: raw("\x30\x82\x40\x00\x04\x82\x3f\xfc" + strings.Repeat("x", 0x3ffc))},
			}),
			conformance.Partial: {
				part("a lock that is refused", fake{answer: result(53)}), part("too busy for the lock", fake{answer: result(51)}), part("an answer to the lock that is lost", fake{forwards: true}),
			},
			conformance.Expired: {ours(49), ours(53)},
			conformance.Moving:  b.moving(),
		},
	}
}

// moving are the ways in which a list of several pages changes while it is read.
func (b *base) moving() []conformance.Way {
	const people450 = 450
	name := func(n int) string { return fmt.Sprintf("u%03d", n) }
	change := func(n int, there bool) {
		var err error
		if dn := "uid=" + name(n) + "," + people; there {
			add := ldap.NewAddRequest(dn, nil)
			for attribute, value := range map[string]string{"objectClass": "inetOrgPerson", "uid": name(n), "cn": person, "sn": "x", "o": conformance.Reference} {
				add.Attribute(attribute, []string{value})
			}
			err = b.root.Add(add)
		} else {
			err = b.root.Del(ldap.NewDelRequest(dn, nil))
		}
		if err != nil && !ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchObject) && !ldap.IsErrorWithCode(err, ldap.LDAPResultEntryAlreadyExists) {
			b.t.Error(err)
		}
	}
	way := func(what string, turn func(page int), gone ...int) conformance.Way {
		w := conformance.Way{Name: what, Connect: func(*testing.T) connector.System {
			for n := range people450 {
				change(n, true)
			}
			page := 0
			return b.at(b.line(fake{op: searchRequest, before: func() {
				if page++; turn != nil {
					turn(page)
				}
			}}), "    close: lock\n    inventory: (o={owner})\n")
		}}
		for n := range people450 {
			if len(gone) == 0 || n < gone[0] || n > gone[len(gone)-1] {
				w.Stays = append(w.Stays, name(n))
			}
		}
		return w
	}
	return []conformance.Way{
		way("it stays as it is", nil),
		way("whoever was on the first page goes", func(page int) {
			if page == 2 {
				change(3, false)
				change(4, false)
			}
		}, 3, 4),
		way("whoever comes next goes, and others come", func(page int) {
			switch page {
			case 2:
				for n := 200; n <= 230; n++ {
					change(n, false)
				}
			case 3:
				change(people450+1, true)
			}
		}, 200, 230),
		{Name: "a directory that gives no more pages", Connect: func(*testing.T) connector.System {
			for n := range people450 {
				change(n, true)
			}
			return b.at(b.line(fake{op: searchRequest, after: 1, answer: result(4)}), "    close: lock\n    inventory: (o={owner})\n")
		}},
	}
}

func TestItConformsToTheSuiteOfConnectors(t *testing.T) {
	t.Parallel()
	conformance.RunWired(t, conformance.LDAP, wired)
}
