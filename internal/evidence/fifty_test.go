package evidence_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"hastaluego/internal/audit"
	"hastaluego/internal/evidence"
)

// sample is a pack as somebody may be given it, and what is to be said of it by
// whoever trusts the key of the house.
type sample struct {
	name   string
	raw    []byte
	whole  bool
	forged string // how
}

// fifty are the packs of 25 departures of one house, as they are and forged, each
// in another way: by whoever holds the file, by somebody with a key of their own,
// and by the house itself with the real key.
func fifty(t testing.TB) (l *log, list []sample) {
	t.Helper()
	l = newLog(t)
	mine := newLog(t)
	var all []departure
	for i := range 25 {
		all = append(all, l.depart(t, i, i%3 == 0))
	}
	flip := func(name string, at int) func(d departure, raw []byte) []byte {
		return func(_ departure, raw []byte) []byte {
			files := unzip(t, raw)
			for i := range files {
				if files[i].name == name {
					files[i].body[at%len(files[i].body)] ^= 4
				}
			}
			return zip(files) // sums of the container are right
		}
	}
	entries := func(sign func(string, []byte) (string, error), change func(e []map[string]any) []map[string]any) func(departure, []byte) []byte {
		return func(_ departure, raw []byte) []byte {
			files := unzip(t, raw)
			edit(t, files, "entries.json", change)
			return resealed(t, files, nil, sign)
		}
	}
	ways := []struct {
		name string
		how  func(d departure, raw []byte) []byte
	}{
		{"one byte of the container", func(_ departure, raw []byte) []byte { raw[len(raw)-30] ^= 1; return raw }},
		{"the manifest", flip("evidence.json", 200)},
		{"the signature of the manifest", flip("evidence.note", 170)},
		{"the checkpoint", flip("checkpoint.note", 40)},
		{"the signature of the checkpoint", flip("checkpoint.note", 150)},
		{"a header", flip("entries.json", 60)},
		{"a proof", flip("entries.json", 600)},
		{"growth", flip("growth.json", 60)},
		{"the key", flip("log.pub", 50)},
		{"the summary", flip("summary.html", 900)},
		{"a document", flip("documents/receipt.json", 90)},
		{"sums made right, without the key", entries(nil, func(e []map[string]any) []map[string]any { e[1]["actor"] = "usr_x"; return e })},
		{"signed with a key of one's own", entries(mine.sign, func(e []map[string]any) []map[string]any { e[1]["actor"] = "usr_x"; return e })},
		{"a whole log of one's own", func(d departure, _ []byte) []byte {
			return write(t, mine.pack(t, mine.depart(t, len(mine.entries), false)), mine.sign)
		}},
		{"an entry left out by the house", entries(l.sign, func(e []map[string]any) []map[string]any { return slices.Delete(e, 3, 4) })},
		{"the last entry left out by the house", entries(l.sign, func(e []map[string]any) []map[string]any { return e[:len(e)-1] })},
		{"the first entry left out by the house", entries(l.sign, func(e []map[string]any) []map[string]any { return e[1:] })},
		{"a body changed by the house", entries(l.sign, func(e []map[string]any) []map[string]any {
			e[2]["salt"], e[2]["body"] = b64(make([]byte, 32)), "{}"
			delete(e[2], "absent")
			return e
		})},
		{"a body hidden by the house", entries(l.sign, func(e []map[string]any) []map[string]any {
			i := slices.IndexFunc(e, func(e map[string]any) bool { return e["type"] == "case.closed" })
			delete(e[i], "salt")
			delete(e[i], "body")
			e[i]["absent"] = evidence.Destroyed
			return e
		})},
		{"an instant changed by the house", entries(l.sign, func(e []map[string]any) []map[string]any { e[0]["micros"] = "1700000000000000"; return e })},
		{"an entry of another departure", entries(l.sign, func(e []map[string]any) []map[string]any { e[2]["case"] = "case_99"; return e })},
		{"the receipt of another departure", func(d departure, raw []byte) []byte {
			other := all[(slices.IndexFunc(all, func(x departure) bool { return x.id == d.id })+1)%len(all)]
			return resealed(t, replace(unzip(t, raw), "documents/receipt.json", l.receipt(t, other.code, l.size(), other.opened)), nil, l.sign)
		}},
		{"growth from another past", func(_ departure, raw []byte) []byte {
			files := unzip(t, raw)
			edit(t, files, "growth.json", func(e []map[string]any) []map[string]any { e[0]["proof"] = []string{}; return e })
			return resealed(t, files, nil, l.sign)
		}},
		{"the certificate of another customer", func(d departure, raw []byte) []byte {
			i := slices.IndexFunc(all, func(x departure) bool { return x.id == d.id })
			return resealed(t, replace(unzip(t, raw), "documents/certificate.json", all[(i+3)%len(all)].certificate), nil, l.sign)
		}},
		{"the code of another departure", func(_ departure, raw []byte) []byte {
			return resealed(t, unzip(t, raw), func(m *evidence.Manifest) { m.Code = "HL-0000-0000" }, l.sign)
		}},
	}
	if len(ways) != 25 {
		t.Fatalf("%d ways", len(ways))
	}
	for i, way := range ways {
		d := all[i]
		if way.name == "the certificate of another customer" {
			d = all[3]
		}
		list = append(list, sample{fmt.Sprintf("%02d-whole.zip", i), write(t, l.pack(t, all[i]), l.sign), true, ""})
		list = append(list, sample{fmt.Sprintf("%02d-forged.zip", i), way.how(d, write(t, l.pack(t, d), l.sign)), false, way.name})
	}
	return l, list
}

// Fifty packs, half of them forged: each whole one is proved and each forged one
// rejected, with the key and with a receipt of the house. With HASTA_PACKS they
// are written into that folder, with what is to be said of each, for a verifier
// that somebody else wrote.
func TestFiftyPacksHalfOfThemForged(t *testing.T) {
	t.Parallel()
	l, list := fifty(t)
	receipt := l.receipt(t, "HL-0000-9999", l.size(), 0)
	for _, trusted := range []evidence.Anchor{trust(t, "log.pub", l.key), trust(t, "proof.json", string(receipt))} {
		for _, s := range list {
			r := evidence.Verify(s.raw, evidence.Options{Trust: []evidence.Anchor{trusted}})
			if s.whole != r.OK() || !s.whole && r.Verdict != evidence.Rejected {
				t.Errorf("%s (%s) with %s is %s: %v", s.name, s.forged, trusted.Name, r.Verdict, r.Flaws())
			}
		}
	}
	if dir := os.Getenv("HASTA_PACKS"); dir != "" {
		writePacks(t, dir, l, list, receipt)
	}
}

func writePacks(t *testing.T, dir string, l *log, list []sample, receipt []byte) {
	t.Helper()
	must(t, os.MkdirAll(dir, 0o700))
	want := map[string]string{}
	for _, s := range list {
		must(t, os.WriteFile(filepath.Join(dir, s.name), s.raw, 0o600))
		if want[s.name] = "proved"; !s.whole {
			want[s.name] = "rejected: " + s.forged
		}
	}
	said, err := json.MarshalIndent(want, "", " ")
	must(t, err)
	for name, body := range map[string][]byte{"expected.json": said, "log.pub": []byte(l.key + "\n"), "proof.json": receipt, "checkpoint.note": []byte(l.checkpoint(t, l.size()))} {
		must(t, os.WriteFile(filepath.Join(dir, name), body, 0o600))
	}
	if _, err := audit.ParseReceipt(receipt, l.verifier); err != nil || !bytes.Contains(receipt, []byte("HL-0000-9999")) {
		t.Error(err)
	}
}
