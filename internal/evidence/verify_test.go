package evidence_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/audit"
	"hastaluego/internal/evidence"
)

// rejects fails unless the report rejects, and names the code, the file and the
// pointer (as far as they are given).
func rejects(t *testing.T, r evidence.Report, code, place string) {
	t.Helper()
	if r.Verdict != evidence.Rejected {
		t.Errorf("it is %s, not rejected: %v", r.Verdict, r.Lines)
		return
	}
	for _, f := range r.Flaws() {
		if f.Check == code && strings.HasPrefix(f.Place(), place) {
			return
		}
	}
	t.Errorf("nothing says %s at %q: %v", code, place, r.Flaws())
}

func checks(r evidence.Report) (list []string) {
	for _, l := range r.Lines {
		list = append(list, l.Check)
	}
	return list
}

func TestAPackIsProvedWithTheKeyOrAReceipt(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	d := l.depart(t, 1, false)
	l.depart(t, 2, true)
	raw := write(t, l.pack(t, d), l.sign)

	r := evidence.Verify(raw, evidence.Options{})
	if r.Verdict != evidence.OriginUnknown {
		t.Errorf("without anything trusted it is %s: %v", r.Verdict, r.Lines)
	}
	r = evidence.Verify(raw, evidence.Options{Trust: []evidence.Anchor{trust(t, "log.pub", l.key+"\n")}})
	if !r.OK() || r.Manifest.Code != d.code {
		t.Errorf("with the key it is %s: %v", r.Verdict, r.Lines)
	}
	for _, want := range []string{"container", "manifest", "checkpoint", "entries", "grown", "key", "stream", "bodies", "document.named", "document.receipt", "absent", "summary"} {
		if !slices.Contains(checks(r), want) {
			t.Errorf("nothing is said of %s: %v", want, checks(r))
		}
	}
	r = evidence.Verify(raw, evidence.Options{Trust: []evidence.Anchor{trust(t, "proof.json", string(d.receipt))}})
	if !r.OK() || !slices.Contains(checks(r), "growth") || !slices.Contains(checks(r), "receipt.holds") {
		t.Errorf("with a receipt it is %s: %v", r.Verdict, r.Lines)
	}
	r = evidence.Verify(raw, evidence.Options{Trust: []evidence.Anchor{trust(t, "published", l.checkpoint(t, d.first))}})
	if !r.OK() || !slices.Contains(checks(r), "growth") {
		t.Errorf("with a published checkpoint it is %s: %v", r.Verdict, r.Lines)
	}
	if again := write(t, l.pack(t, d), l.sign); !bytes.Equal(again, raw) {
		t.Error("the same pack gives other bytes")
	}
}

func TestAfterErasureAPackProvesWhatIsLeft(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	d := l.depart(t, 1, true)
	raw := write(t, l.pack(t, d), l.sign)
	r := evidence.Verify(raw, evidence.Options{Trust: []evidence.Anchor{trust(t, "k", l.key), trust(t, "r", string(d.receipt))}})
	if !r.OK() || !slices.Contains(checks(r), "destroyed") || !slices.Contains(checks(r), "document.named") {
		t.Errorf("it is %s: %v", r.Verdict, r.Lines)
	}
	for _, word := range []string{"Marta", "Ruiz", "acta", "Justificante"} {
		if bytes.Contains(raw, []byte(word)) {
			t.Errorf("%s is in it", word)
		}
	}
}

// A receipt whose log the pack does not continue in so many words proves whose
// key it is, and no more is said.
func TestWhatAPackCannotShowIsNotSaid(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	d := l.depart(t, 1, false)
	p := l.pack(t, d)
	p.Growth = nil
	receipt := evidence.Options{Trust: []evidence.Anchor{trust(t, "r", string(d.receipt))}}
	if r := evidence.Verify(write(t, p, l.sign), receipt); r.Verdict != evidence.Unproved || !slices.Contains(checks(r), "trust.ungrown") {
		t.Errorf("without growth it is %s: %v", r.Verdict, r.Lines)
	}
	old := write(t, l.pack(t, d), l.sign)
	l.add(t, d.id, "case.noted", "key_late", nil)
	young := evidence.Options{Trust: []evidence.Anchor{trust(t, "r", string(l.receipt(t, d.code, l.size(), l.size()-1)))}}
	if r := evidence.Verify(old, young); r.Verdict != evidence.Unproved || !slices.Contains(checks(r), "trust.younger") {
		t.Errorf("older than the receipt it is %s: %v", r.Verdict, r.Lines)
	}
}

// Every byte counts: whichever is changed, the pack is rejected, with whatever
// is trusted or without.
func TestAnyByteThatIsChangedIsFound(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	raw := write(t, l.pack(t, l.depart(t, 1, true)), l.sign)
	for at := range raw {
		changed := bytes.Clone(raw)
		changed[at] ^= 1 << (at % 8)
		if r := evidence.Verify(changed, evidence.Options{}); r.Verdict != evidence.Rejected {
			t.Fatalf("byte %d of %d is changed, and it is %s: %v", at, len(raw), r.Verdict, r.Lines)
		}
	}
	for _, cut := range []int{1, 22, 100, len(raw) / 2, len(raw) - 1} {
		if r := evidence.Verify(raw[:len(raw)-cut], evidence.Options{}); r.Verdict != evidence.Rejected {
			t.Errorf("without its last %d bytes it is %s", cut, r.Verdict)
		}
	}
}

// Whoever has no key cannot change a file and say so in the list; and whoever
// has the key cannot change what the log holds.
func TestForgeriesAreFoundWhereTheyAre(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	d, other := l.depart(t, 1, false), l.depart(t, 2, false)
	erased, also := l.depart(t, 3, true), l.depart(t, 4, true)
	withKey := evidence.Options{Trust: []evidence.Anchor{trust(t, "log.pub", l.key)}}
	for name, f := range map[string]struct {
		of          departure
		files       func(list []part) []part
		manifest    func(m *evidence.Manifest)
		code, place string
	}{
		"header": {d, func(list []part) []part {
			edit(t, list, "entries.json", func(e []map[string]any) []map[string]any { e[2]["actor"] = "usr_other"; return e })
			return list
		}, nil, "entry.proof", "entries.json#/2"},
		"time": {d, func(list []part) []part {
			edit(t, list, "entries.json", func(e []map[string]any) []map[string]any { e[1]["micros"] = "1795342927000001"; return e })
			return list
		}, nil, "entry.proof", "entries.json#/1"},
		"body": {d, func(list []part) []part {
			edit(t, list, "entries.json", func(e []map[string]any) []map[string]any {
				e[0]["body"] = `{"code":"HL-7K4M-0001","name":"Otra"}`
				return e
			})
			return list
		}, nil, "body.differs", "entries.json#/0/body"},
		"salt": {d, func(list []part) []part {
			edit(t, list, "entries.json", func(e []map[string]any) []map[string]any { e[3]["salt"] = b64(make([]byte, 32)); return e })
			return list
		}, nil, "body.differs", "entries.json#/3/body"},
		"commitment": {d, func(list []part) []part {
			edit(t, list, "entries.json", func(e []map[string]any) []map[string]any { e[3]["commitment"] = b64(make([]byte, 32)); return e })
			return list
		}, nil, "entry.proof", "entries.json#/3"},
		"path": {d, func(list []part) []part {
			edit(t, list, "entries.json", func(e []map[string]any) []map[string]any {
				e[4]["path"].([]any)[0] = b64(make([]byte, 32))
				return e
			})
			return list
		}, nil, "entry.proof", "entries.json#/4"},
		"hidden": {d, func(list []part) []part {
			edit(t, list, "entries.json", func(e []map[string]any) []map[string]any {
				delete(e[0], "body")
				delete(e[0], "salt")
				e[0]["absent"] = "destroyed"
				return e
			})
			return list
		}, nil, "body.hidden", "entries.json#/0/absent"},
		"withheld in a pack with contents": {d, func(list []part) []part {
			edit(t, list, "entries.json", func(e []map[string]any) []map[string]any {
				delete(e[0], "body")
				delete(e[0], "salt")
				e[0]["absent"] = "withheld"
				return e
			})
			return list
		}, nil, "body.hidden", "entries.json#/0/absent"},
		"survives": {erased, func(list []part) []part {
			edit(t, list, "entries.json", func(e []map[string]any) []map[string]any {
				e[0]["salt"], e[0]["body"] = b64(l.salts[indexOf(e[0])]), string(l.bodies[indexOf(e[0])])
				delete(e[0], "absent")
				return e
			})
			return list
		}, nil, "body.survives", "entries.json#/0/body"},
		"entry left out": {d, func(list []part) []part {
			edit(t, list, "entries.json", func(e []map[string]any) []map[string]any { return slices.Delete(e, 2, 3) })
			return list
		}, nil, "entry.omitted", "entries.json"},
		"end left out": {d, func(list []part) []part {
			edit(t, list, "entries.json", func(e []map[string]any) []map[string]any { return e[:len(e)-1] })
			return list
		}, nil, "entry.omitted", "entries.json"},
		"destruction left out": {erased, func(list []part) []part {
			edit(t, list, "entries.json", func(e []map[string]any) []map[string]any {
				return slices.DeleteFunc(e, func(e map[string]any) bool { return e["type"] == audit.KeyDestroyed })
			})
			return list
		}, nil, "body.hidden", "entries.json#/0/absent"},
		"entry twice": {d, func(list []part) []part {
			edit(t, list, "entries.json", func(e []map[string]any) []map[string]any { return slices.Insert(e, 1, e[0]) })
			return list
		}, nil, "entry.order", "entries.json#/1/index"},
		"entry of another": {d, func(list []part) []part {
			edit(t, list, "entries.json", func(e []map[string]any) []map[string]any {
				raw, err := json.Marshal(l.entry(t, l.size(), other.opened))
				must(t, err)
				var x map[string]any
				must(t, json.Unmarshal(raw, &x))
				return append(e, x)
			})
			return list
		}, nil, "entry.stranger", "entries.json#/8/case"},
		"count":                      {d, nil, func(m *evidence.Manifest) { m.Streams[0].Entries-- }, "stream.count", "evidence.json#/streams/0"},
		"another departure":          {d, nil, func(m *evidence.Manifest) { m.Case = other.id }, "stream.name", "evidence.json#/streams/0"},
		"checkpoint of another size": {d, func(list []part) []part { return replace(list, "checkpoint.note", []byte(l.checkpoint(t, l.size()-1))) }, nil, "checkpoint.other", "checkpoint.note"},
		"growth": {d, func(list []part) []part {
			edit(t, list, "growth.json", func(e []map[string]any) []map[string]any {
				e[0]["proof"].([]any)[0] = b64(make([]byte, 32))
				return e
			})
			return list
		}, nil, "growth.proof", "growth.json#/0/proof"},
		"growth of another root": {d, func(list []part) []part {
			edit(t, list, "growth.json", func(e []map[string]any) []map[string]any { e[0]["root"] = b64(make([]byte, 32)); return e })
			return list
		}, nil, "growth.checkpoint", "growth.json#/0/checkpoint"},
		"letter": {d, func(list []part) []part { return replace(list, "documents/letter-1.txt", other.letter) }, nil, "document.differs", "evidence.json#/documents/0"},
		"file":   {d, func(list []part) []part { return replace(list, "documents/file-1.pdf", other.file) }, nil, "document.differs", "evidence.json#/documents/1"},
		"certificate swapped": {
			erased, func(list []part) []part { return replace(list, "documents/certificate.json", also.certificate) },
			nil, "document.differs", "evidence.json#/documents/0",
		},
		"receipt swapped": {
			erased, func(list []part) []part {
				return replace(list, "documents/receipt.json", l.receipt(t, also.code, l.size(), also.opened))
			}, nil, "document.other", "evidence.json#/documents/1",
		},
		"receipt of another with this code": {
			erased, func(list []part) []part {
				return replace(list, "documents/receipt.json", l.receipt(t, erased.code, l.size(), also.opened))
			}, nil, "document.broken", "evidence.json#/documents/1",
		},
		"letter left out": {d, func(list []part) []part {
			return slices.DeleteFunc(list, func(p part) bool { return p.name == "documents/letter-1.txt" })
		}, func(m *evidence.Manifest) { m.Documents = m.Documents[1:] }, "document.omitted", "entries.json"},
		"certificate left out": {erased, func(list []part) []part {
			return slices.DeleteFunc(list, func(p part) bool { return p.name == "documents/certificate.json" })
		}, func(m *evidence.Manifest) { m.Documents = m.Documents[1:] }, "document.omitted", "entries.json"},
		"letter that an entry names, said": {d, nil, func(m *evidence.Manifest) { m.Documents[0].Entry = nil }, "document.omitted", "entries.json"},
		"kind":                             {d, nil, func(m *evidence.Manifest) { m.Documents[0].Kind = evidence.File }, "document.kind", "evidence.json#/documents/0"},
		"further file": {d, func(list []part) []part {
			return append(list, part{"documents/more.txt", []byte("more")})
		}, nil, "file.extra", "documents/more.txt"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list := unzip(t, write(t, l.pack(t, f.of), l.sign))
			if f.files != nil {
				list = f.files(list)
			}
			forged := slices.Clone(list)
			if r := evidence.Verify(resealed(t, forged, f.manifest, nil), withKey); r.Verdict != evidence.Rejected {
				t.Errorf("without the key: %s: %v", r.Verdict, r.Lines)
			} else {
				rejects(t, r, "manifest.signature", "evidence.note")
			}
			// The house itself signs it: only the log speaks against it.
			rejects(t, evidence.Verify(resealed(t, list, f.manifest, l.sign), withKey), f.code, f.place)
		})
	}
}

func indexOf(e map[string]any) int {
	n, err := e["index"].(json.Number).Int64()
	if err != nil {
		panic(err)
	}
	return int(n)
}

func replace(list []part, name string, body []byte) []part {
	for i := range list {
		if list[i].name == name {
			list[i].body = body
			return list
		}
	}
	panic("no " + name)
}

// Somebody writes the whole log anew with a key of their own: nothing within the
// file speaks against it, and whatever was trusted before does.
func TestForgedWithAKeyOfOnesOwn(t *testing.T) {
	t.Parallel()
	l, mine := newLog(t), newLog(t)
	d := l.depart(t, 1, false)
	forged := write(t, mine.pack(t, mine.depart(t, 1, false)), mine.sign)
	if r := evidence.Verify(forged, evidence.Options{}); r.Verdict != evidence.OriginUnknown {
		t.Errorf("by itself it is %s: %v", r.Verdict, r.Lines)
	}
	rejects(t, evidence.Verify(forged, evidence.Options{Trust: []evidence.Anchor{trust(t, "k", l.key)}}), "trust.key", "log.pub")
	rejects(t, evidence.Verify(forged, evidence.Options{Trust: []evidence.Anchor{trust(t, "r", string(d.receipt))}}), "trust.foreign", "log.pub")
	rejects(t, evidence.Verify(forged, evidence.Options{Trust: []evidence.Anchor{trust(t, "c", l.checkpoint(t, d.first))}}), "trust.foreign", "log.pub")
}

// The house rewrites its own past with its own key: the key says yes, a receipt
// from before says no.
func TestAReceiptHoldsTheHouseToItsPast(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	d := l.depart(t, 1, false)
	again := *l
	again.hashes, again.entries, again.salts, again.bodies, again.count = nil, nil, nil, nil, map[string]int64{}
	rewritten := again.depart(t, 1, false)
	raw := write(t, again.pack(t, rewritten), again.sign)
	if r := evidence.Verify(raw, evidence.Options{Trust: []evidence.Anchor{trust(t, "k", l.key)}}); !r.OK() {
		t.Errorf("the key alone says %s: %v", r.Verdict, r.Flaws())
	}
	rejects(t, evidence.Verify(raw, evidence.Options{Trust: []evidence.Anchor{trust(t, "r", string(d.receipt))}}), "trust.contradicts", "growth.json")

	// The end of a departure left out, and signed for: who has a receipt of it knows.
	p := l.pack(t, d)
	p.Entries = p.Entries[:len(p.Entries)-1]
	p.Streams[0].Entries--
	short := write(t, p, l.sign)
	if r := evidence.Verify(short, evidence.Options{Trust: []evidence.Anchor{trust(t, "k", l.key)}}); !r.OK() {
		t.Errorf("the key alone says %s: %v", r.Verdict, r.Flaws())
	}
	rejects(t, evidence.Verify(short, evidence.Options{Trust: []evidence.Anchor{trust(t, "r", string(l.receipt(t, d.code, l.size(), l.size()-1)))}}), "receipt.omitted", "entries.json")
}

func TestACertificateThatIsSaidToBeLostIsNoProof(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	d := l.depart(t, 1, true)
	p := l.pack(t, d)
	p.Absent = append(p.Absent, evidence.Absent{Entry: *p.Documents[0].Entry, SHA256: sum(d.certificate), Why: evidence.NotKept})
	p.Documents = p.Documents[1:]
	r := evidence.Verify(write(t, p, l.sign), evidence.Options{Trust: []evidence.Anchor{trust(t, "k", l.key)}})
	if r.Verdict != evidence.Unproved || !slices.Contains(checks(r), "absent.certificate") {
		t.Errorf("it is %s: %v", r.Verdict, r.Lines)
	}
}

func TestAPackWithoutContentsSaysSo(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	d := l.depart(t, 1, false)
	p := l.pack(t, d)
	p.Contents = evidence.Withheld
	p.Documents = slices.DeleteFunc(p.Documents, func(d evidence.Document) bool { return d.Kind == evidence.Letter || d.Kind == evidence.File })
	p.Absent = nil
	for i := range p.Entries {
		p.Entries[i].Salt, p.Entries[i].Body, p.Entries[i].Absent = "", "", evidence.Withheld
	}
	raw := write(t, p, l.sign)
	r := evidence.Verify(raw, evidence.Options{Trust: []evidence.Anchor{trust(t, "k", l.key)}})
	if !r.OK() || !slices.Contains(checks(r), "withheld") || slices.Contains(checks(r), "bodies") {
		t.Errorf("it is %s: %v", r.Verdict, r.Lines)
	}
	if bytes.Contains(raw, []byte("Marta")) {
		t.Error("it names somebody")
	}
}

func TestBadContainersAreNamed(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	raw := write(t, l.pack(t, l.depart(t, 1, false)), l.sign)
	list := unzip(t, raw)
	if !bytes.Equal(zip(list), raw) {
		t.Fatal("the ZIP is not the one that is published")
	}
	named := func(name string) []byte { return zip(append(slices.Clone(list), part{name, []byte("x")})) }
	flip := func(at int, b byte) []byte {
		c := bytes.Clone(raw)
		c[at] = b
		return c
	}
	for name, x := range map[string]struct {
		raw  []byte
		code string
	}{
		"empty": {nil, "container.not_zip"}, "text": {[]byte("hello"), "container.not_zip"}, "in front": {append([]byte("x"), raw...), "container.not_zip"},
		"up": {named("../evidence.json"), "container.name"}, "root": {named("/etc/passwd"), "container.name"}, "drive": {named(`c:\x`), "container.name"},
		"hidden": {named("a/.b"), "container.name"}, "folder": {named("a/"), "container.name"}, "letters": {named("Año.txt"), "container.name"},
		"control": {named("a\x1b[2J"), "container.name"}, "long": {named(strings.Repeat("a", 121)), "container.name"}, "empty name": {named(""), "container.name"},
		"twice": {named("entries.json"), "container.twice"}, "encrypted": {flip(6, 1), "container.encrypted"}, "compressed": {flip(8, 8), "container.packed"},
		"streamed": {flip(6, 8), "container.header"}, "extra": {flip(28, 4), "container.header"}, "dated": {flip(10, 1), "container.header"}, "huge": {flip(25, 0x7f), "container.too_large"},
		"behind": {append(bytes.Clone(raw), "more"...), "container.trailing"}, "link": {flip(len(raw)-1, 1), "container.directory"},
		"only a header": {raw[:20], "container.cut"}, "without directory": {raw[:bytes.Index(raw, []byte("PK\x01\x02"))], "container.cut"},
		"no manifest": {zip(list[1:]), "file.missing"}, "many": {zip(many(4097)), "container.too_many"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := evidence.Verify(x.raw, evidence.Options{})
			rejects(t, r, x.code, "")
			for _, line := range r.Lines {
				if strings.Contains(line.String(), "\x1b") {
					t.Errorf("it shows a control: %q", line)
				}
			}
		})
	}
}

func many(n int) (list []part) {
	for i := range n {
		list = append(list, part{name: fmt.Sprintf("f%d", i)})
	}
	return list
}

// Whatever is thrown at it, it neither falls over nor takes anything for proved
// but the packs that were made.
func FuzzVerify(f *testing.F) {
	l := newLog(f)
	made := map[string]bool{}
	for i, erased := range []bool{false, true} {
		raw := write(f, l.pack(f, l.depart(f, i, erased)), l.sign)
		made[string(raw)] = true
		f.Add(raw)
	}
	f.Add([]byte("PK\x03\x04"))
	o := evidence.Options{Trust: []evidence.Anchor{trust(f, "k", l.key)}}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if r := evidence.Verify(raw, o); r.Verdict != evidence.Rejected && !made[string(raw)] {
			t.Errorf("it is %s: %v", r.Verdict, r.Lines)
		}
	})
}

func FuzzAnchor(f *testing.F) {
	l := newLog(f)
	d := l.depart(f, 1, false)
	raw := write(f, l.pack(f, d), l.sign)
	for _, s := range []string{l.key, string(d.receipt), l.checkpoint(f, 3), "{}", ""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(_ *testing.T, src []byte) {
		if a, err := evidence.NewAnchor("x", src); err == nil {
			evidence.Verify(raw, evidence.Options{Trust: []evidence.Anchor{a}})
		}
		_, _ = evidence.NewWitness(string(src))
	})
}
