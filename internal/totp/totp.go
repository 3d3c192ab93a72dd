// Package totp makes and checks time-based one-time passwords (RFC 6238, over
// RFC 4226): SHA-1, six digits, thirty seconds, as every authenticator knows
// them. It keeps nothing: who has which secret, and which step was used, is
// its caller's.
package totp

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // what authenticators speak; HMAC-SHA-1 is not broken
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"time"
)

// step is how long a code is good for, in seconds.
const step = 30

// drift is how many steps a clock may be early or late.
const drift = 1

// Secret returns a fresh secret of 160 bits.
func Secret() []byte {
	b := make([]byte, 20)
	_, _ = rand.Read(b) // never fails
	return b
}

// Text writes a secret as people type it into an authenticator.
func Text(secret []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
}

// URI is what an authenticator reads from a picture.
func URI(issuer, account string, secret []byte) string {
	q := url.Values{"secret": {Text(secret)}, "issuer": {issuer}}
	return "otpauth://totp/" + url.PathEscape(issuer+":"+account) + "?" + q.Encode()
}

// Code is the code of the instant.
func Code(secret []byte, at time.Time) string { return code(secret, at.Unix()/step) }

func code(secret []byte, n int64) string {
	mac := hmac.New(sha1.New, secret)
	_ = binary.Write(mac, binary.BigEndian, n) // a hash takes everything
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[at:])&0x7fffffff)%1_000_000)
}

// Check reports whether the code is that of the instant, or of a step beside
// it, and later than the last step that was used: a code works once. It returns
// the step to remember.
func Check(secret []byte, typed string, at time.Time, last int64) (used int64, ok bool) {
	now := at.Unix() / step
	for n := now - drift; n <= now+drift; n++ {
		if subtle.ConstantTimeCompare([]byte(code(secret, n)), []byte(typed)) == 1 && n > last {
			used, ok = n, true
		}
	}
	return used, ok
}
