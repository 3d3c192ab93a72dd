package bundle

import (
	"bytes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"filippo.io/age"
	"golang.org/x/crypto/chacha20poly1305"
)

// ErrRecipient says that something is no key of age to which can be sealed.
var ErrRecipient = errors.New("bundle: not a key of age")

// Aged is a file as it is for the holder of one key of age alone, in the format of
// age (https://age-encryption.org/v1): nothing of it lies anywhere, and any range is
// made when it is read. Several goroutines may read at once.
type Aged struct {
	head  []byte
	plain io.ReaderAt
	size  int64 // of plain
	box   cipher.AEAD

	mu   sync.Mutex
	last struct { // the chunk sealed last: small reads one after another seal it once
		n    int64
		body []byte
	}
}

// Chunks of age are sealed one by one, each with its number and whether it is last.
const (
	agedChunk = 64 << 10
	agedMore  = chacha20poly1305.Overhead
)

// Age seals a file to a key (age1…), or to a phrase as Phrase gives it. What age draws
// at random is derived here from secret, which nobody else knows, and of, which names
// these very bytes: the same file for the same key is the same sealed file at every
// reading, so that a download of it can go on. of must be another for other bytes.
func Age(plain io.ReaderAt, size int64, recipient string, secret, of []byte) (*Aged, error) {
	draw := drawer(secret)
	var fileKey, nonce, head []byte
	if p, found := strings.CutPrefix(recipient, phrased); found {
		once, stanza, err := readPhrase(p)
		if err != nil {
			return nil, err
		}
		// The phrase was asked for once: the key of the file cannot be another for other
		// bytes. What they are sealed with is, by the nonce.
		fileKey, nonce = draw("phrase", 16, once), draw("phrase nonce", 16, of, once)
		if head, err = ageEnd(stanza, fileKey); err != nil {
			return nil, fmt.Errorf("bundle: age: %w", err)
		}
	} else {
		theirs, err := agePoint(recipient)
		if err != nil {
			return nil, err
		}
		fileKey, nonce = draw("file key", 16, of, theirs.Bytes()), draw("nonce", 16, of, theirs.Bytes())
		if head, err = ageHead(theirs, draw("ephemeral", 32, of, theirs.Bytes()), fileKey); err != nil {
			return nil, fmt.Errorf("bundle: age: %w", err)
		}
	}
	box, err := ageBox(fileKey, nonce, "payload")
	if err != nil {
		return nil, fmt.Errorf("bundle: age: %w", err)
	}
	a := &Aged{head: append(head, nonce...), plain: plain, size: size, box: box}
	a.last.n = -1
	return a, nil
}

// drawer derives what would be drawn at random from a secret and what it is for.
func drawer(secret []byte) func(what string, n int, of ...[]byte) []byte {
	return func(what string, n int, of ...[]byte) []byte {
		mac := hmac.New(sha256.New, secret)
		for _, part := range append([][]byte{[]byte(what)}, of...) {
			mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
			mac.Write(part)
		}
		return mac.Sum(nil)[:n]
	}
}

// agePoint reads a key. The library judges it, checksum and all, and tells nothing of
// what is in it: 32 bytes in groups of five bits, the last six of which are the sum.
func agePoint(recipient string) (*ecdh.PublicKey, error) {
	r, err := age.ParseX25519Recipient(strings.TrimSpace(recipient))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRecipient, err)
	}
	text := strings.TrimPrefix(r.String(), "age1")
	var raw []byte
	var bits, held uint32
	for _, c := range text[:len(text)-6] {
		held = held<<5 | uint32(strings.IndexRune("qpzry9x8gf2tvdw0s3jn54khce6mua7l", c))
		if bits += 5; bits >= 8 {
			bits -= 8
			raw = append(raw, byte(held>>bits))
		}
	}
	p, err := ecdh.X25519().NewPublicKey(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRecipient, err)
	}
	return p, nil
}

// ageBox seals with a key that is derived from another.
func ageBox(key, salt []byte, info string) (cipher.AEAD, error) {
	k, err := hkdf.Key(sha256.New, key, salt, info, chacha20poly1305.KeySize)
	if err != nil {
		return nil, err
	}
	return chacha20poly1305.New(k)
}

// ageHead is what stands before the sealed file: the key of it, sealed to theirs, and
// what shows that nobody changed that.
func ageHead(theirs *ecdh.PublicKey, once, fileKey []byte) ([]byte, error) {
	ours, err := ecdh.X25519().NewPrivateKey(once)
	if err != nil {
		return nil, err
	}
	shared, err := ours.ECDH(theirs)
	if err != nil { // a key with which nothing is secret
		return nil, fmt.Errorf("%w: %w", ErrRecipient, err)
	}
	share := ours.PublicKey().Bytes()
	box, err := ageBox(shared, append(bytes.Clone(share), theirs.Bytes()...), "age-encryption.org/v1/X25519")
	if err != nil {
		return nil, err
	}
	text := base64.RawStdEncoding.EncodeToString
	wrapped := box.Seal(nil, make([]byte, chacha20poly1305.NonceSize), fileKey, nil)
	return ageEnd("X25519 "+text(share)+"\n"+text(wrapped), fileKey)
}

// ageEnd is the head with a stanza, and what shows that nobody changed it.
func ageEnd(stanza string, fileKey []byte) ([]byte, error) {
	head := "age-encryption.org/v1\n-> " + stanza + "\n---"
	key, err := hkdf.Key(sha256.New, fileKey, nil, "header", sha256.Size)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(head))
	return []byte(head + " " + base64.RawStdEncoding.EncodeToString(mac.Sum(nil)) + "\n"), nil
}

// chunks is how many there are: one even of nothing.
func (a *Aged) chunks() int64 { return max(1, (a.size+agedChunk-1)/agedChunk) }

// Size is how many bytes the sealed file is.
func (a *Aged) Size() int64 { return int64(len(a.head)) + a.size + a.chunks()*agedMore }

// chunk seals one of them.
func (a *Aged) chunk(n int64) ([]byte, error) {
	a.mu.Lock()
	last := a.last
	a.mu.Unlock()
	if last.n == n {
		return last.body, nil
	}
	plain := make([]byte, min(agedChunk, a.size-n*agedChunk), agedChunk+agedMore)
	if got, err := a.plain.ReadAt(plain, n*agedChunk); got < len(plain) {
		return nil, fmt.Errorf("bundle: age: %w", err)
	}
	nonce := make([]byte, chacha20poly1305.NonceSize) // eleven bytes of number, one that says whether it is last
	binary.BigEndian.PutUint64(nonce[3:11], uint64(n))
	if n == a.chunks()-1 {
		nonce[11] = 1
	}
	body := a.box.Seal(plain[:0], nonce, plain, nil)
	a.mu.Lock()
	a.last.n, a.last.body = n, body
	a.mu.Unlock()
	return body, nil
}

// at returns the piece of the file that holds the byte at off, from there on.
func (a *Aged) at(off int64) ([]byte, error) {
	if off < int64(len(a.head)) {
		return a.head[off:], nil
	}
	off -= int64(len(a.head))
	body, err := a.chunk(off / (agedChunk + agedMore))
	if err != nil {
		return nil, err
	}
	return body[off%(agedChunk+agedMore):], nil
}

// ReadAt reads any range (io.ReaderAt).
func (a *Aged) ReadAt(b []byte, off int64) (int, error) { return readAt(b, off, a.Size(), a.at) }

// WriteTo writes the whole file (io.WriterTo).
func (a *Aged) WriteTo(w io.Writer) (int64, error) { return writeTo(w, a.Size(), a.at) }
