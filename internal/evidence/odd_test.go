package evidence_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"hastaluego/internal/audit"
	"hastaluego/internal/evidence"
)

// odd is a pack that the house signed, whose sums and proofs are right, and which
// is written as the published page does not allow.
type odd struct {
	name        string
	erased      bool
	typ, body   string // of a further entry
	certificate string
	list        []byte // a further document
	files       func(list []part)
	manifest    [2]string // what stands there, and what instead
	code, place string
}

// swap replaces what stands first in a file of a pack.
func swap(name, old, with string) func([]part) {
	return func(list []part) {
		for i := range list {
			if list[i].name == name && bytes.Contains(list[i].body, []byte(old)) {
				list[i].body = bytes.Replace(list[i].body, []byte(old), []byte(with), 1)
				return
			}
		}
		panic("no " + old + " in " + name)
	}
}

// cosigned puts a further line of the log's own key under the checkpoint.
func cosigned(l *log, signature []byte) func([]part) {
	line := fmt.Sprintf("— %s %s\n", l.verifier.Name(), base64.StdEncoding.EncodeToString(append([]byte{
		byte(l.verifier.KeyHash() >> 24), byte(l.verifier.KeyHash() >> 16), byte(l.verifier.KeyHash() >> 8), byte(l.verifier.KeyHash()),
	}, signature...)))
	return func(list []part) {
		for i := range list {
			if list[i].name == "checkpoint.note" {
				list[i].body = append(list[i].body, line...)
			}
		}
	}
}

// listOf is a signed list of accesses.
func (l *log) listOf(t testing.TB, code, body string, proofs ...[]byte) []byte {
	t.Helper()
	signed, err := audit.SignList(l.signer, code, []byte(body))
	must(t, err)
	x := audit.List{Code: code, Body: json.RawMessage(body), Note: signed}
	for _, p := range proofs {
		r, err := audit.ParseReceipt(p, l.verifier)
		must(t, err)
		x.Proofs = append(x.Proofs, r)
	}
	raw, err := x.JSON()
	must(t, err)
	return raw
}

// forked is the log with another last entry: a second past, signed with the same
// key.
func (l *log) forked(t testing.TB) *log {
	t.Helper()
	x, n := *l, l.size()-1
	x.hashes = slices.Clone(l.hashes[:tlog.StoredHashCount(n)])
	x.entries, x.salts, x.bodies, x.count = slices.Clone(l.entries[:n]), slices.Clone(l.salts[:n]), slices.Clone(l.bodies[:n]), maps.Clone(l.count)
	x.add(t, "", "staff.signed_in", "key_house", nil)
	return &x
}

// made is the pack of a departure, odd as it says.
func (o odd) made(t testing.TB, l *log, d departure) []byte {
	t.Helper()
	var more []evidence.Document
	if o.certificate != "" {
		d.certificate = []byte(o.certificate)
		l.add(t, d.id, "certificate.issued", "key_house", map[string]any{"sha256": sum(d.certificate)})
	}
	if o.typ != "" {
		n := l.addBody(t, d.id, o.typ, "key_late", []byte(o.body))
		if o.typ == "file.added" {
			more = append(more, evidence.Document{Path: "documents/file-2.txt", Kind: evidence.File, Media: "text/plain", Name: "file", Entry: &n, Body: []byte("twice")})
		}
	}
	if o.list != nil {
		more = append(more, evidence.Document{Path: "documents/list.json", Kind: evidence.List, Media: "application/json", Name: "list", Body: o.list})
	}
	p := l.pack(t, d)
	p.Documents = append(p.Documents, more...)
	list := unzip(t, write(t, p, l.sign))
	if o.files != nil {
		o.files(list)
	}
	list = unzip(t, resealed(t, list, nil, l.sign))
	if o.manifest[0] != "" {
		swap("evidence.json", o.manifest[0], o.manifest[1])(list)
		signed, err := l.sign(d.code, list[0].body)
		must(t, err)
		list[1].body = []byte(signed)
	}
	return zip(list)
}

// What the page does not allow is refused, though the key of the house signed it:
// two verifiers would read two things in it.
func TestWhatThePageDoesNotAllowIsRefused(t *testing.T) {
	t.Parallel()
	const entries, list, receipt = "entries.json", "documents/list.json", "documents/receipt.json"
	twice := sum([]byte("twice"))
	code := "HL-7K4M-0001"
	for _, odder := range []func(l *log, d departure) odd{
		func(*log, departure) odd { return odd{name: "nothing odd"} },
		func(l *log, d departure) odd {
			return odd{name: "nothing odd, with a list", list: l.listOf(t, code, `{"z":[1,2],"a":"x"}`, l.receipt(t, code, l.size(), d.opened))}
		},
		func(l *log, d departure) odd {
			x := l.forked(t)
			return odd{name: "proof of another past", list: x.listOf(t, code, `{}`, x.receipt(t, code, x.size(), d.opened)), code: "trust.contradicts", place: "evidence.json#/documents/3"}
		},
		func(*log, departure) odd {
			return odd{name: "certificate, field in capitals", certificate: `{"Code":"HL-7K4M-0001"}`, code: "document.other", place: "evidence.json#/documents/0"}
		},
		func(*log, departure) odd {
			return odd{name: "certificate, field twice", certificate: `{"code":"a","code":"HL-7K4M-0001"}`, code: "document.other", place: "evidence.json#/documents/0"}
		},
		func(*log, departure) odd {
			return odd{name: "entry, field in capitals", files: swap(entries, `"index":1,`, `"Index":1,`), code: "json", place: entries + "#/1/Index"}
		},
		func(*log, departure) odd {
			return odd{name: "entry, field twice", files: swap(entries, `"index":1,`, `"index":7,"index":1,`), code: "json", place: entries + "#/1/index"}
		},
		func(*log, departure) odd {
			return odd{name: "entry, field twice, once escaped", files: swap(entries, `"index":1,`, `"ind\u0065x":7,"index":1,`), code: "json", place: entries + "#/1/index"}
		},
		func(*log, departure) odd {
			return odd{name: "manifest, field twice", manifest: [2]string{`"language":"es"`, `"language":"es","language":"es"`}, code: "json", place: "evidence.json#/language"}
		},
		func(*log, departure) odd {
			return odd{name: "sum twice", typ: "file.added", body: `{"sha256":"` + strings.Repeat("0", 64) + `","sha256":"` + twice + `"}`, code: "json", place: entries + "#/8/body"}
		},
		func(*log, departure) odd {
			return odd{name: "body, field twice", typ: "case.noted", body: `{"a":1,"a":2}`, code: "json", place: entries + "#/8/body"}
		},
		func(*log, departure) odd {
			return odd{name: "body, field twice below", typ: "case.noted", body: `{"a":[{"b":1,"b":1}]}`, code: "json", place: entries + "#/8/body"}
		},
		func(l *log, _ departure) odd {
			return odd{name: "list, field twice", list: l.listOf(t, code, `{"a":1,"a":2}`), code: "document.broken", place: "evidence.json#/documents/3"}
		},
		func(*log, departure) odd {
			return odd{name: "half a surrogate pair", typ: "case.\ufffd", body: `{}`, files: swap(entries, "\ufffd", `\ud800`), code: "json", place: entries + "#/8/type"}
		},
		func(*log, departure) odd {
			return odd{name: "half a surrogate pair in a body", typ: "case.noted", body: `{"a":"\udc00"}`, code: "json", place: entries + "#/8/body"}
		},
		func(*log, departure) odd {
			return odd{name: "body, no JSON", typ: "case.noted", body: "nope", code: "json", place: entries + "#/8/body"}
		},
		func(*log, departure) odd {
			return odd{name: "body, a list", typ: "case.noted", body: "[]", code: "json", place: entries + "#/8/body"}
		},
		func(*log, departure) odd {
			return odd{name: "body, two objects", typ: "case.noted", body: "{}{}", code: "json", place: entries + "#/8/body"}
		},
		func(*log, departure) odd {
			return odd{name: "body, empty", typ: "case.noted", code: "json", place: entries + "#/8/body"}
		},
		func(l *log, _ departure) odd {
			return odd{name: "second signature, short", files: cosigned(l, slices.Repeat([]byte{7}, 48)), code: "checkpoint.signature", place: "checkpoint.note"}
		},
		func(l *log, _ departure) odd {
			return odd{name: "second signature, wrong", files: cosigned(l, slices.Repeat([]byte{7}, 64)), code: "checkpoint.signature", place: "checkpoint.note"}
		},
		func(*log, departure) odd {
			return odd{name: "receipt, further field", files: swap(receipt, `"index":`, `"more":1,"index":`), code: "document.broken", place: "evidence.json#/documents/2"}
		},
		func(*log, departure) odd {
			return odd{name: "fraction of a second", manifest: [2]string{"09:00:00Z", "09:00:00.5Z"}, code: "manifest.field", place: "evidence.json#/made_at"}
		},
		func(*log, departure) odd {
			return odd{name: "number with exponent", manifest: [2]string{`"entries":`, `"entries":0e0,"entries":`}, code: "json", place: "evidence.json#/streams/0/entries"}
		},
		func(*log, departure) odd {
			return odd{name: "growth, null", files: func(list []part) { replace(list, "growth.json", []byte("null")) }, code: "json", place: "growth.json"}
		},
		func(l *log, _ departure) odd {
			return odd{name: "list, proofs null", list: l.listOf(t, code, `{}`), files: swap(list, `"proofs": []`, `"proofs": null`), code: "document.broken", place: "evidence.json#/documents/3"}
		},
		func(*log, departure) odd {
			return odd{name: "absent null", files: swap(entries, `"salt":`, `"absent":null,"salt":`), code: "json", place: entries + "#/0/absent"}
		},
		func(*log, departure) odd {
			return odd{name: "absent empty", files: swap(entries, `"salt":`, `"absent":"","salt":`), code: "json", place: entries + "#/0/absent"}
		},
		func(*log, departure) odd {
			return odd{name: "salt null", erased: true, files: swap(entries, `"absent":`, `"salt":null,"absent":`), code: "json", place: entries + "#/0/salt"}
		},
		func(*log, departure) odd {
			return odd{name: "body empty beside absent", erased: true, files: swap(entries, `"absent":`, `"body":"","absent":`), code: "json", place: entries + "#/0/body"}
		},
		func(*log, departure) odd {
			return odd{name: "field missing", files: swap("growth.json", `"size":5,`, ``), code: "json", place: "growth.json#/0"}
		},
		func(*log, departure) odd {
			return odd{
				name: "absent, of an entry that names nothing", manifest: [2]string{`"absent":[`, `"absent":[{"entry":0,"sha256":"","why":"apart"},`},
				code: "absent.wrong", place: "evidence.json#/absent/0",
			}
		},
	} {
		l := newLog(t)
		d, erased := l.depart(t, 1, false), l.depart(t, 2, true)
		o := odder(l, d)
		if o.erased {
			d = erased
		}
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			r := evidence.Verify(o.made(t, l, d), evidence.Options{Trust: []evidence.Anchor{trust(t, "log.pub", l.key)}})
			if o.code != "" {
				rejects(t, r, o.code, o.place)
			} else if !r.OK() {
				t.Errorf("it is %s: %v", r.Verdict, r.Flaws())
			}
		})
	}
}

// What somebody brings along is read as strictly: else it is of no known kind, and
// nothing is judged with it.
func TestWhatIsTrustedIsReadAsStrictly(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	d := l.depart(t, 1, false)
	receipt, list, checkpoint := string(d.receipt), string(l.listOf(t, d.code, `{"a":1}`, d.receipt)), l.checkpoint(t, d.first)
	for _, good := range []string{receipt, list, checkpoint, l.key, " " + l.key + "\n"} {
		trust(t, "good", good)
	}
	for name, x := range map[string]string{
		"receipt, further field":  strings.Replace(receipt, `"index":`, `"more":1,"index":`, 1),
		"receipt, field twice":    strings.Replace(receipt, `"index":`, `"index":9,"index":`, 1),
		"receipt, other case":     strings.Replace(receipt, `"index":`, `"Index":`, 1),
		"receipt, field missing":  strings.Replace(receipt, `"code": "`+d.code+`",`, ``, 1),
		"receipt, something more": receipt + "{}",
		"receipt, no hash":        strings.Replace(receipt, `"leaf": "`, `"leaf": "AA`, 1),
		"list, further field":     strings.Replace(list, `"note":`, `"more":1,"note":`, 1),
		"list, field twice":       strings.Replace(list, `"a": 1`, `"a": 1, "a": 1`, 1),
		"list, proofs null":       strings.Replace(string(l.listOf(t, d.code, `{}`)), `"proofs": []`, `"proofs": null`, 1),
		"checkpoint, cut":         strings.TrimSuffix(checkpoint, "\n"),
		"checkpoint, no size":     strings.Replace(checkpoint, "\n", "\nx", 1),
		"text":                    "hello", "nothing": "", "object": "{}", "note": "hello\n\n— somebody says so\n",
	} {
		if a, err := evidence.NewAnchor(name, []byte(x)); err == nil {
			t.Errorf("%s is taken for something to trust: %v", name, a)
		}
	}

	// Two proofs of one size, of which the second shows another past.
	x := l.forked(t)
	both := l.listOf(t, d.code, `{}`, l.receipt(t, "HL-0000-9999", l.size(), d.opened), x.receipt(t, "HL-0000-9999", x.size(), d.opened))
	raw := write(t, l.pack(t, d), l.sign)
	rejects(t, evidence.Verify(raw, evidence.Options{Trust: []evidence.Anchor{trust(t, "list.json", string(both))}}), "trust.contradicts", "growth.json")
}
