package evidence_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"slices"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"hastaluego/internal/audit"
	"hastaluego/internal/evidence"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// log is a log in memory with the key that signs it.
type log struct {
	signer   note.Signer
	verifier note.Verifier
	key      string
	hashes   []tlog.Hash
	entries  []audit.Entry
	salts    [][]byte
	bodies   [][]byte
	count    map[string]int64
}

func newLog(t testing.TB) *log {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, audit.Origin("prueba"))
	must(t, err)
	l := &log{key: public, count: map[string]int64{}}
	l.signer, err = note.NewSigner(private)
	must(t, err)
	l.verifier, err = note.NewVerifier(public)
	must(t, err)
	return l
}

func (l *log) ReadHashes(at []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(at))
	for i, p := range at {
		out[i] = l.hashes[p]
	}
	return out, nil
}

// add writes an entry down and returns its index.
func (l *log) add(t testing.TB, stream, typ, key string, args map[string]any) int64 {
	t.Helper()
	body, err := audit.Body(args)
	must(t, err)
	return l.addBody(t, stream, typ, key, body)
}

// addBody writes an entry down that says what audit would not write.
func (l *log) addBody(t testing.TB, stream, typ, key string, body []byte) int64 {
	t.Helper()
	n := int64(len(l.entries))
	e := audit.Entry{ID: fmt.Sprintf("aud_%04d", n), Type: typ, At: time.Date(2026, 11, 22, 10, 0, int(n), 1000, time.UTC), Actor: "engine", Case: stream, KeyID: key}
	if stream != "" {
		l.count[stream]++
		e.CaseN = l.count[stream]
	}
	salt := audit.NewSalt()
	e.Commitment = audit.Commit(salt, body)
	hs, err := audit.Append(n, e.Leaf(), l)
	must(t, err)
	l.hashes, l.entries, l.salts, l.bodies = append(l.hashes, hs...), append(l.entries, e), append(l.salts, salt), append(l.bodies, body)
	return n
}

func (l *log) size() int64 { return int64(len(l.entries)) }

func (l *log) root(t testing.TB, size int64) tlog.Hash {
	t.Helper()
	h, err := audit.Root(size, l)
	must(t, err)
	return h
}

func (l *log) checkpoint(t testing.TB, size int64) string {
	t.Helper()
	text, err := audit.Sign(l.signer, size, l.root(t, size))
	must(t, err)
	return text
}

// entry is an entry of a pack for the log of a size.
func (l *log) entry(t testing.TB, size, n int64) evidence.Entry {
	t.Helper()
	path, err := audit.Prove(size, n, l)
	must(t, err)
	return evidence.EntryOf(l.entries[n], n, path, l.salts[n], l.bodies[n])
}

// receipt is what a customer keeps of an entry.
func (l *log) receipt(t testing.TB, code string, size, n int64) []byte {
	t.Helper()
	path, err := audit.Prove(size, n, l)
	must(t, err)
	e := l.entries[n]
	raw, err := audit.Receipt{Code: code, Entry: e.ID, Index: n, Size: size, Leaf: audit.LeafHash(e), Root: l.root(t, size), Path: path, Checkpoint: l.checkpoint(t, size)}.JSON()
	must(t, err)
	return raw
}

func (l *log) sign(code string, manifest []byte) (string, error) {
	return evidence.Sign(l.signer, code, manifest)
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// departure is one that was written down in a log.
type departure struct {
	code, id, request string
	certificate       []byte
	letter, file      []byte
	opened            int64 // index of case.opened
	receipt           []byte
	first             int64 // size of the log when the receipt was made
}

// depart writes a departure down. Erased: the key of its customer is destroyed
// and a certificate issued.
func (l *log) depart(t testing.TB, n int, erased bool) departure {
	t.Helper()
	d := departure{code: fmt.Sprintf("HL-7K4M-%04d", n), id: fmt.Sprintf("case_%02d", n), request: fmt.Sprintf("req_%02d", n)}
	key := fmt.Sprintf("key_%02d", n)
	d.certificate = fmt.Appendf(nil, `{"code":%q,"erased_on":"2026-12-01"}`, d.code)
	d.letter = fmt.Appendf(nil, "Tu baja %s está registrada.\n", d.code)
	d.file = fmt.Appendf(nil, "acta de %s", d.code)
	l.add(t, d.request, "request.received", key, map[string]any{"code": d.code, "name": "Marta Ruiz"})
	l.add(t, d.request, "request.verified", key, map[string]any{"by": "link"})
	l.add(t, d.id, "case.registered", key, map[string]any{"playbook": "saas-b2c@1"})
	d.opened = l.add(t, d.id, "case.opened", key, nil)
	l.add(t, "", "staff.signed_in", "key_house", nil)
	d.first = l.size()
	d.receipt = l.receipt(t, d.code, d.first, d.opened)
	l.add(t, d.id, "message.sent", key, map[string]any{"message": "msg_1", "subject": "Justificante", "sha256": sum(d.letter)})
	l.add(t, d.id, "evidence.added", key, map[string]any{"name": "acta.pdf", "sha256": sum(d.file)})
	l.add(t, d.id, "bundle.ready", key, map[string]any{"blob": "att_1", "sha256": sum([]byte("their data"))})
	if erased {
		l.add(t, d.id, audit.KeyDestroyed, "key_house", map[string]any{"key": key})
		l.add(t, d.id, "certificate.issued", "key_house", map[string]any{"sha256": sum(d.certificate)})
	}
	l.add(t, d.id, "case.closed", "key_late", nil)
	return d
}

// pack gathers what the log has of a departure, as app does of a house.
func (l *log) pack(t testing.TB, d departure) evidence.Pack {
	t.Helper()
	size := l.size()
	p := evidence.Pack{
		Code: d.code, Case: d.id, Company: "Faro Estudio", Language: "es", MadeAt: time.Date(2026, 12, 3, 9, 0, 0, 0, time.UTC),
		Key: l.key, Checkpoint: l.checkpoint(t, size), Contents: evidence.Included,
		Streams: []evidence.Stream{{Stream: d.id, Entries: l.count[d.id]}, {Stream: d.request, Entries: l.count[d.request]}},
	}
	gone := map[string]bool{}
	at := map[string]int64{}
	for i, e := range l.entries {
		if e.Case != d.id && e.Case != d.request {
			continue
		}
		if e.Type == audit.KeyDestroyed {
			var args map[string]any
			must(t, json.Unmarshal(l.bodies[i], &args))
			gone[args["key"].(string)] = true
		}
		at[e.Type] = int64(i)
		p.Entries = append(p.Entries, l.entry(t, size, int64(i)))
	}
	for i := range p.Entries {
		if e := &p.Entries[i]; gone[e.Key] {
			e.Salt, e.Body, e.Absent = "", "", evidence.Destroyed
		}
	}
	named := func(typ, path, kind, media string, body []byte) {
		n, there := at[typ]
		if there && !gone[l.entries[n].KeyID] {
			p.Documents = append(p.Documents, evidence.Document{Path: path, Kind: kind, Media: media, Name: path, Entry: &n, Body: body})
		}
	}
	named("certificate.issued", "documents/certificate.json", evidence.Certificate, "application/json", d.certificate)
	named("message.sent", "documents/letter-1.txt", evidence.Letter, "text/plain", d.letter)
	named("evidence.added", "documents/file-1.pdf", evidence.File, "application/pdf", d.file)
	p.Documents = append(p.Documents, evidence.Document{Path: "documents/receipt.json", Kind: evidence.Receipt, Media: "application/json", Name: "receipt.json", Body: l.receipt(t, d.code, size, d.opened)})
	if n := at["bundle.ready"]; !gone[l.entries[n].KeyID] {
		p.Absent = append(p.Absent, evidence.Absent{Entry: n, SHA256: sum([]byte("their data")), Why: evidence.Apart})
	}
	if d.first < size {
		p.Growth = append(p.Growth, l.growth(t, d.first, size))
	}
	return p
}

func (l *log) growth(t testing.TB, old, size int64) evidence.Growth {
	t.Helper()
	proof, err := audit.ProveGrowth(size, old, l)
	must(t, err)
	g := evidence.Growth{Size: old, Root: l.root(t, old).String(), Checkpoint: l.checkpoint(t, old), Proof: []string{}}
	for _, h := range proof {
		g.Proof = append(g.Proof, h.String())
	}
	return g
}

func write(t testing.TB, p evidence.Pack, sign func(string, []byte) (string, error)) []byte {
	t.Helper()
	var b bytes.Buffer
	must(t, evidence.Write(&b, p, sign))
	return b.Bytes()
}

func trust(t testing.TB, name, text string) evidence.Anchor {
	t.Helper()
	a, err := evidence.NewAnchor(name, []byte(text))
	must(t, err)
	return a
}

// unzip and zip take a pack apart and put it together again, as somebody would
// who follows the published format.
type part struct {
	name string
	body []byte
}

func unzip(t testing.TB, raw []byte) (list []part) {
	t.Helper()
	le := binary.LittleEndian
	for at := 0; le.Uint32(raw[at:]) == 0x04034b50; {
		size, name := int(le.Uint32(raw[at+22:])), int(le.Uint16(raw[at+26:]))
		list = append(list, part{string(raw[at+30 : at+30+name]), bytes.Clone(raw[at+30+name : at+30+name+size])})
		at += 30 + name + size
	}
	return list
}

func zip(list []part) []byte {
	le := binary.LittleEndian
	var out, directory []byte
	for _, p := range list {
		at := len(out)
		both := []byte{20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0}
		both = le.AppendUint32(both, crc32.ChecksumIEEE(p.body))
		both = le.AppendUint32(both, uint32(len(p.body)))
		both = le.AppendUint32(both, uint32(len(p.body)))
		both = le.AppendUint16(both, uint16(len(p.name)))
		both = append(both, 0, 0)
		out = append(append(append(append(out, "PK\x03\x04"...), both...), p.name...), p.body...)
		directory = append(append(append(directory, "PK\x01\x02\x14\x00"...), both...), make([]byte, 10)...)
		directory = append(le.AppendUint32(directory, uint32(at)), p.name...)
	}
	start := len(out)
	out = append(append(out, directory...), "PK\x05\x06\x00\x00\x00\x00"...)
	out = le.AppendUint16(out, uint16(len(list)))
	out = le.AppendUint16(out, uint16(len(list)))
	out = le.AppendUint32(out, uint32(len(directory)))
	out = le.AppendUint32(out, uint32(start))
	return append(out, 0, 0)
}

// resealed puts a pack together again after its files were changed: the sums in
// the manifest follow, and sign signs it, if there is one.
func resealed(t testing.TB, list []part, change func(m *evidence.Manifest), sign func(string, []byte) (string, error)) []byte {
	t.Helper()
	var m evidence.Manifest
	must(t, json.Unmarshal(list[0].body, &m))
	if change != nil {
		change(&m)
	}
	m.Files = m.Files[:0]
	rest := list[2:]
	slices.SortFunc(rest, func(a, b part) int { return bytes.Compare([]byte(a.name), []byte(b.name)) })
	var files []map[string]any
	for _, p := range rest {
		files = append(files, map[string]any{"path": p.name, "bytes": len(p.body), "sha256": sum(p.body)})
	}
	raw, err := json.Marshal(m)
	must(t, err)
	var loose map[string]any
	must(t, json.Unmarshal(raw, &loose))
	loose["files"] = files
	list[0].body, err = json.Marshal(loose)
	must(t, err)
	if sign != nil {
		signed, err := sign(m.Code, list[0].body)
		must(t, err)
		list[1].body = []byte(signed)
	}
	return zip(list)
}

// edit changes the JSON of a file of a pack, member by member.
func edit(t testing.TB, list []part, name string, change func(entries []map[string]any) []map[string]any) {
	t.Helper()
	for i := range list {
		if list[i].name != name {
			continue
		}
		d := json.NewDecoder(bytes.NewReader(list[i].body))
		d.UseNumber()
		var entries []map[string]any
		must(t, d.Decode(&entries))
		raw, err := json.Marshal(change(entries))
		must(t, err)
		list[i].body = raw
		return
	}
	t.Fatalf("the pack has no %s", name)
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
