// Package receipt judges what a processor sends as proof that it erased: whether the
// file carries a signature of a key that was pinned for that processor. It reads
// PDFs and JSON of others and believes nothing that it cannot check; what it cannot
// check, a person answers for. It keeps nothing and trusts no authority.
package receipt

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"hastaluego/internal/fault"
)

// Proof is how it is known that a receipt is theirs.
type Proof string

// The proofs.
const (
	Signed   Proof = "signed"   // by a key that was pinned for them
	Attested Proof = "attested" // somebody says so; no signature was checked
)

// Why is why no signature was checked.
type Why string

// The reasons.
const (
	Unsigned  Why = "unsigned" // there is none
	Unknown   Why = "unknown"  // no key of theirs was pinned to check it with
	Unread    Why = "unread"   // it is of a form, or with an algorithm, that is not read here
	Nameless  Why = "nameless" // it is theirs, but does not say about which request it is
	Appended  Why = "appended" // something was appended after it
	NotNeeded Why = ""         // it was
)

// Pins are the keys that are known to be a processor's.
type Pins struct {
	Keys         [][]byte // Ed25519
	Certificates [][]byte // SHA-256 of each
}

// Judgement is what a file proves.
type Judgement struct {
	Proof Proof
	Why   Why
	Key   string // SHA-256 of the key or certificate that signed it, in hex; empty: none was checked
}

// Judge says what a file proves about the request of that reference. Errors, all
// fault.Invalid: receipt.broken, the signature does not fit what was signed;
// receipt.not_theirs, it is of no key that was pinned although some were;
// receipt.other, it is about another request.
func Judge(file []byte, pins Pins, reference string) (Judgement, error) {
	if bytes.HasPrefix(file, []byte("%PDF-")) {
		return judgePDF(file, pins)
	}
	if x, ok := readJWS(file); ok {
		return x.judge(pins, reference)
	}
	return attested(Unsigned), nil
}

func attested(why Why) Judgement { return Judgement{Proof: Attested, Why: why} }

func signed(by []byte) Judgement { return Judgement{Proof: Signed, Key: hex.EncodeToString(by)} }

// stranger is what a signature of a key is worth that is not among those that are
// pinned: where some are, somebody else's is refused.
func stranger(pinned [][]byte) (Judgement, error) {
	if len(pinned) > 0 {
		return Judgement{}, fault.New(fault.Invalid, "receipt.not_theirs").On("file")
	}
	return attested(Unknown), nil
}

func has(pinned [][]byte, sum []byte) bool {
	return slices.ContainsFunc(pinned, func(p []byte) bool { return bytes.Equal(p, sum) })
}

func sumOf(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:]
}
