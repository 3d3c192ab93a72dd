// Package audit is the log of what happened: the bytes of an entry, the
// commitment to its sealed body, the Merkle tree (RFC 6962) over the entries,
// signed checkpoints of that tree (C2SP) and the verifier that derives all of
// it anew. The formats are public: docs/reference/audit-log.md.
//
// It does not store anything, does not decide the order of entries, holds no
// keys and does not encrypt: store keeps and sequences the rows, seal keeps the
// keys. It proves that recorded entries were not changed, dropped or moved
// after they were signed; it cannot prove that what was recorded is true, nor
// anything about an entry that has no index yet.
package audit

import (
	"encoding/binary"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"hastaluego/internal/when"
)

// Version is the first field of every leaf. Other bytes need another version.
const Version = "hasta-log/v1"

// KeyDestroyed is the type of the entry that says that a key was destroyed on
// purpose. Its body names the key in "key", and it is the only excuse that
// Verify takes for a body that nobody can open.
const KeyDestroyed = "key.destroyed"

// Entry is the header of one entry: everything that the tree binds and that
// outlives erasure. So it holds random ids and codes, never a name or an
// address. What is personal is in the body, which Commitment binds.
type Entry struct {
	ID         string    // aud_…
	Type       string    // "case.opened"
	At         time.Time // business time in UTC, whole microseconds
	Actor      string    // usr_…, "customer", "engine", "system"; never an e-mail
	Case       string    // stream: case_…, req_… before there is a case, "" for the house
	CaseN      int64     // 1, 2, 3 … without a gap in its stream; 0 when Case is ""
	KeyID      string    // key that the body is sealed with
	Commitment [32]byte  // Commit of salt and body
}

// Leaf returns the bytes that the tree holds for the entry: every field behind
// its length (4 bytes, big endian), so that no two entries share their bytes.
// Time and CaseN are 8 bytes big endian; time is microseconds since 1970, 0
// for the zero time. What is finer than a microsecond is not in it.
func (e Entry) Leaf() []byte { return e.appendLeaf(nil) }

func (e Entry) appendLeaf(b []byte) []byte {
	b = appendText(b, Version)
	b = appendText(b, e.Type)
	b = appendNumber(b, when.Micros(e.At))
	b = appendText(b, e.Actor)
	b = appendText(b, e.Case)
	b = appendNumber(b, e.CaseN)
	b = appendText(b, e.KeyID)
	b = appendText(b, e.Commitment[:])
	return appendText(b, e.ID)
}

// LeafHash returns the RFC 6962 hash of the entry: SHA-256 of a zero byte and
// its Leaf.
func LeafHash(e Entry) tlog.Hash { return tlog.RecordHash(e.Leaf()) }

func appendText[T string | []byte](b []byte, s T) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
	return append(b, s...)
}

func appendNumber(b []byte, n int64) []byte {
	b = binary.BigEndian.AppendUint32(b, 8)
	return binary.BigEndian.AppendUint64(b, uint64(n))
}
