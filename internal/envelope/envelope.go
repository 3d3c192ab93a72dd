// Package envelope is the form in which a secret changes hands once: its key, what
// shows that somebody has that key without saying it, and the sealing of what no
// browser sealed. It stores nothing, and knows neither what it seals nor for whom.
// What a browser seals (web/js/envelope.js) is opened by a browser: of that only the
// lock is known here.
package envelope

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"

	"hastaluego/internal/fault"
)

// A key is 25 characters of 5 random bits: nobody guesses it, and it can be read
// out over a telephone. There is no I, L, O or U in it.
const (
	letters  = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	keyLen   = 25
	keyGroup = 5
)

// NewKey makes the key of an envelope, in groups: 7K2MX-….
func NewKey() string {
	var b [keyLen]byte
	_, _ = rand.Read(b[:]) // never fails
	for i := range b {
		b[i] = letters[b[i]&31]
	}
	return grouped(string(b[:]))
}

func grouped(s string) string {
	var parts []string
	for i := 0; i < len(s); i += keyGroup {
		parts = append(parts, s[i:i+keyGroup])
	}
	return strings.Join(parts, "-")
}

// ParseKey reads a key as people type it: any case, any hyphens and spaces, O for 0,
// I and L for 1.
func ParseKey(s string) (string, bool) {
	var b strings.Builder
	for _, r := range strings.ToUpper(s) {
		switch r {
		case '-', ' ', '\t', '\r', '\n', '\u00a0':
			continue
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		}
		if !strings.ContainsRune(letters, r) || b.Len() == keyLen {
			return "", false
		}
		b.WriteRune(r)
	}
	if b.Len() < keyLen {
		return "", false
	}
	return grouped(b.String()), true
}

// Proof shows that somebody has the key, and tells nothing of it: what seals is
// derived apart. key is one that ParseKey returned.
func Proof(key string) string {
	raw, err := hkdf.Key(sha256.New, []byte(strings.ReplaceAll(key, "-", "")), nil, "hasta envelope proof", sha256.Size)
	if err != nil { // only for a length that no hash can give
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// Lock is what is kept of a proof: who reads it can neither open the envelope nor
// show that they have its key.
func Lock(proof string) string {
	sum := sha256.Sum256([]byte(proof))
	return hex.EncodeToString(sum[:])
}

// effort of scrypt, as a power of two. It slows those down who try passphrases; among
// 2^125 of them nobody needs to be slowed down, and a page must not cost 256 MB.
const effort = 12

// Seal seals to a key, in the format of age (https://age-encryption.org/v1).
func Seal(key string, plain []byte) ([]byte, error) {
	to, err := age.NewScryptRecipient(key)
	if err != nil {
		return nil, fmt.Errorf("envelope: %w", err)
	}
	to.SetWorkFactor(effort)
	return seal(to, plain)
}

// Open opens what Seal sealed.
func Open(key string, sealed []byte) ([]byte, error) {
	by, err := age.NewScryptIdentity(key)
	if err != nil {
		return nil, fmt.Errorf("envelope: %w", err)
	}
	by.SetMaxWorkFactor(effort)
	r, err := age.Decrypt(armor.NewReader(bytes.NewReader(sealed)), by)
	if err != nil {
		return nil, fmt.Errorf("envelope: %w", err)
	}
	return io.ReadAll(r)
}

// SealTo seals to a public key of age (age1…): nobody opens it but who has the
// private one, with age itself. Error: Invalid (data.recipient).
func SealTo(recipient string, plain []byte) ([]byte, error) {
	to, err := age.ParseX25519Recipient(strings.TrimSpace(recipient))
	if err != nil {
		return nil, fault.New(fault.Invalid, "data.recipient")
	}
	return seal(to, plain)
}

func seal(to age.Recipient, plain []byte) ([]byte, error) {
	var out bytes.Buffer
	text := armor.NewWriter(&out)
	w, err := age.Encrypt(text, to)
	if err != nil {
		return nil, fmt.Errorf("envelope: %w", err)
	}
	if _, err := w.Write(plain); err != nil {
		return nil, fmt.Errorf("envelope: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("envelope: %w", err)
	}
	if err := text.Close(); err != nil {
		return nil, fmt.Errorf("envelope: %w", err)
	}
	return out.Bytes(), nil
}

// What a browser sends: a nonce of 12 bytes and what AES-GCM made, with its tag.
const browserLeast = 12 + 16 + 1

// Browsers reads what a browser sealed, base64 as it is sent, and the lock that it
// made from the key that it did not send. most is how long the plain text may be.
func Browsers(sealed, lock string, most int) ([]byte, bool) {
	raw, err := base64.StdEncoding.DecodeString(sealed)
	sum, bad := hex.DecodeString(lock)
	return raw, err == nil && bad == nil && len(sum) == sha256.Size && lock == strings.ToLower(lock) && len(raw) >= browserLeast && len(raw) < browserLeast+most
}
