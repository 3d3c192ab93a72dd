// Package id makes the identifiers of records (TypeID: a prefix, an underscore
// and 26 characters of lower-case Crockford base32 over a UUIDv7), the codes
// that people read aloud (HL-7K4M-29QX) and secret tokens. Identifiers sort by
// the time they were made; none of them is a credential but Token.
package id

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"

	"github.com/google/uuid"
)

// crockford is Crockford's base32 alphabet: no I, L, O or U.
const crockford = "0123456789abcdefghjkmnpqrstvwxyz"

// New returns a fresh identifier with the prefix, such as case_01kb2….
func New(prefix string) string {
	u := uuid.Must(uuid.NewV7())
	hi, lo := binary.BigEndian.Uint64(u[:8]), binary.BigEndian.Uint64(u[8:])
	var out [26]byte
	for i := 25; i >= 0; i-- {
		out[i] = crockford[lo&31]
		lo = lo>>5 | hi<<59
		hi >>= 5
	}
	return prefix + "_" + string(out[:])
}

// Valid reports whether s is a well-formed identifier with the prefix.
func Valid(prefix, s string) bool {
	body, ok := strings.CutPrefix(s, prefix+"_")
	if !ok || len(body) != 26 || body[0] > '7' {
		return false
	}
	for i := range len(body) {
		if strings.IndexByte(crockford, body[i]) < 0 {
			return false
		}
	}
	return true
}

// NewCode returns a random code for people, HL-XXXX-XXXX. It is not a
// credential: whoever knows it may only talk about the departure.
func NewCode() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails since Go 1.24
	return CodeOf(b)
}

// CodeFor is the code of what a form was sent with: whoever has the same secret
// makes the same code, so that one who takes a declaration down while the server
// is away tells the code that it will have there.
func CodeFor(secret string) string {
	sum := sha256.Sum256([]byte("code of " + secret))
	return CodeOf([8]byte(sum[:8]))
}

// CodeOf writes secret bytes as a code.
func CodeOf(b [8]byte) string {
	for i := range b {
		b[i] = crockford[b[i]&31]
	}
	s := strings.ToUpper(string(b[:]))
	return "HL-" + s[:4] + "-" + s[4:]
}

// ParseCode reads a code as people type it: any case, with or without hyphens
// and spaces, O for 0, I and L for 1.
func ParseCode(s string) (string, bool) {
	s = strings.ToUpper(strings.TrimSpace(s))
	s = strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1").Replace(s)
	body, ok := strings.CutPrefix(s, "HL")
	if !ok {
		return "", false
	}
	body = strings.ReplaceAll(body, "L", "1")
	if len(body) != 8 {
		return "", false
	}
	for i := range len(body) {
		if !strings.ContainsRune(strings.ToUpper(crockford), rune(body[i])) {
			return "", false
		}
	}
	return "HL-" + body[:4] + "-" + body[4:], true
}

// Token returns a fresh secret of 192 random bits, safe in a URL.
func Token() string {
	var b [24]byte
	_, _ = rand.Read(b[:])
	return TokenOf(b)
}

// Capability returns a fresh secret of 256 random bits, safe in a URL: for links
// that open something by themselves, and for long.
func Capability() string {
	var b [32]byte
	_, _ = rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// TokenOf writes secret bytes as a token.
func TokenOf(b [24]byte) string { return base64.RawURLEncoding.EncodeToString(b[:]) }
