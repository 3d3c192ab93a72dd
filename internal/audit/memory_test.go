package audit_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"hastaluego/internal/audit"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
)

var start = time.Date(2026, 11, 22, 10, 42, 0, 123456000, time.UTC)

// ring is a key ring in memory: the key of an id is its hash.
type ring struct{ gone map[string]bool }

func (k ring) aead(keyID string) cipher.AEAD {
	sum := sha256.Sum256([]byte(keyID))
	block, _ := aes.NewCipher(sum[:])
	g, _ := cipher.NewGCM(block)
	return g
}

func (k ring) seal(keyID string, plain, aad []byte) []byte {
	nonce := make([]byte, 12)
	_, _ = rand.Read(nonce)
	return k.aead(keyID).Seal(nonce, nonce, plain, aad)
}

func (k ring) Open(_ context.Context, keyID string, sealed, aad []byte) ([]byte, error) {
	if k.gone[keyID] {
		return nil, fault.New(fault.Gone, "key.destroyed")
	}
	if len(sealed) < 12 {
		return nil, fault.New(fault.Internal, "seal.broken")
	}
	plain, err := k.aead(keyID).Open(nil, sealed[:12], sealed[12:], aad)
	if err != nil {
		return nil, fault.New(fault.Internal, "seal.broken").At("ring", err)
	}
	return plain, nil
}

// memory is a log in memory, written as store writes it.
type memory struct {
	signer      note.Signer
	verifier    note.Verifier
	keys        ring
	streams     map[string]int64
	rowList     []audit.Row
	hashList    []audit.StoredHash
	head        audit.Head
	tally       audit.Tally
	checkpoints []string
	external    []string
}

func newMemory(t testing.TB) *memory {
	t.Helper()
	skey, vkey, err := note.GenerateKey(rand.Reader, audit.Origin("test"))
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	m := &memory{signer: signer, verifier: verifier, keys: ring{make(map[string]bool)}, streams: make(map[string]int64)}
	m.head.Root, _ = audit.Root(0, nil)
	return m
}

func (m *memory) ReadHashes(places []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(places))
	for i, p := range places {
		if p >= int64(len(m.hashList)) {
			return nil, fmt.Errorf("no hash at %d", p)
		}
		out[i] = m.hashList[p].Hash
	}
	return out, nil
}

// add writes an entry and gives it the next index.
func (m *memory) add(typ, stream, keyID string, args map[string]any) {
	n := int64(len(m.rowList))
	body, err := audit.Body(args)
	if err != nil {
		panic(err)
	}
	salt := audit.NewSalt()
	e := audit.Entry{
		ID: id.New("aud"), Type: typ, At: start.Add(time.Duration(n) * time.Second), Actor: "engine",
		Case: stream, KeyID: keyID, Commitment: audit.Commit(salt, body),
	}
	if stream != "" {
		m.streams[stream]++
		e.CaseN = m.streams[stream]
	}
	m.sequence(audit.Row{Index: n, Entry: e, Sealed: m.keys.seal(keyID, audit.Plain(salt, body), audit.AAD(e.ID))})
}

// sequence puts the row into the tree and sets the head.
func (m *memory) sequence(r audit.Row) {
	r.StoredLeafHash = audit.LeafHash(r.Entry)
	hashes, err := audit.Append(r.Index, r.Entry.Leaf(), m)
	if err != nil {
		panic(err)
	}
	for i, h := range hashes {
		m.hashList = append(m.hashList, audit.StoredHash{Place: audit.FirstHash(r.Index) + int64(i), Hash: h})
	}
	m.rowList = append(m.rowList, r)
	m.head.Size = r.Index + 1
	m.head.At = start
	m.tally.Entries++
	m.tally.Leaves++
}

// sign signs the tree as it is, in the database and outside.
func (m *memory) sign() {
	root, err := audit.Root(m.head.Size, m)
	if err != nil {
		panic(err)
	}
	m.head.Root = root
	text, err := audit.Sign(m.signer, m.head.Size, root)
	if err != nil {
		panic(err)
	}
	m.checkpoints = append(m.checkpoints, text)
	m.external = append(m.external, text)
}

// rebuild derives tree and head from the rows anew, as somebody would who may
// write everything in the database and has no key.
func (m *memory) rebuild() {
	rows := m.rowList
	m.rowList, m.hashList, m.tally = nil, nil, audit.Tally{}
	m.head = audit.Head{}
	for i, r := range rows {
		r.Index = int64(i)
		m.sequence(r)
	}
	m.head.Root, _ = audit.Root(m.head.Size, m)
}

func (m *memory) Head(context.Context) (audit.Head, error)   { return m.head, nil }
func (m *memory) Tally(context.Context) (audit.Tally, error) { return m.tally, nil }

func (m *memory) Rows(_ context.Context, from int64, limit int) ([]audit.Row, error) {
	i, _ := slices.BinarySearchFunc(m.rowList, from, func(r audit.Row, f int64) int { return int(min(max(r.Index-f, -1), 1)) })
	if from < 0 {
		i = 0
	}
	return m.rowList[i:min(i+limit, len(m.rowList))], nil
}

func (m *memory) Hashes(_ context.Context, from int64, limit int) ([]audit.StoredHash, error) {
	i, _ := slices.BinarySearchFunc(m.hashList, from, func(h audit.StoredHash, f int64) int { return int(min(max(h.Place-f, -1), 1)) })
	if from < 0 {
		i = 0
	}
	return m.hashList[i:min(i+limit, len(m.hashList))], nil
}

func (m *memory) Checkpoints(_ context.Context, fn func(string) error) error {
	for _, c := range m.checkpoints {
		if err := fn(c); err != nil {
			return err
		}
	}
	return nil
}

// byIndex sorts what a database would return sorted.
func (m *memory) byIndex() {
	slices.SortStableFunc(m.rowList, func(a, b audit.Row) int { return int(min(max(a.Index-b.Index, -1), 1)) })
	slices.SortStableFunc(m.hashList, func(a, b audit.StoredHash) int { return int(min(max(a.Place-b.Place, -1), 1)) })
}

// clone copies everything that a test may change.
func (m *memory) clone() *memory {
	c := *m
	c.rowList, c.hashList = slices.Clone(m.rowList), slices.Clone(m.hashList)
	for i := range c.rowList {
		c.rowList[i].Sealed = bytes.Clone(c.rowList[i].Sealed)
	}
	c.checkpoints, c.external = slices.Clone(m.checkpoints), slices.Clone(m.external)
	c.keys = ring{make(map[string]bool)}
	for k := range m.keys.gone {
		c.keys.gone[k] = true
	}
	return &c
}

func (m *memory) verify(t interface{ Fatal(...any) }) audit.Report {
	r, err := audit.Verify(context.Background(), m, audit.Options{
		Verifiers: []note.Verifier{m.verifier}, External: m.external, Opener: m.keys,
		Now: start.Add(time.Minute), Grace: 10 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}
