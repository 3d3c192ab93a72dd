// Package webhook signs and verifies messages as Standard Webhooks says
// (https://www.standardwebhooks.com): an id that stays the same over attempts,
// the second of the attempt, and HMAC-SHA-256 over both and the body. It also
// knows when a message that did not arrive is sent again, and which events a
// pattern means. It sends nothing, keeps nothing and reads no clock.
package webhook

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/fault"
)

// The headers of a message.
const (
	HeaderID        = "webhook-id"
	HeaderTimestamp = "webhook-timestamp"
	HeaderSignature = "webhook-signature"
)

// Tolerance is how far the second of the attempt may lie from the clock of
// whoever verifies, in either direction.
const Tolerance = 5 * time.Minute

const (
	prefix    = "whsec_"
	version   = "v1,"
	minSecret = 24 // bytes, as the standard says
	maxSecret = 64
	newSecret = 32

	maxID         = 200
	maxSignatures = 20 // so that nobody makes us compare for long
)

// Secret is a symmetric key. It prints as nothing, so that no log shows it.
type Secret struct{ key []byte }

// String hides the secret.
func (Secret) String() string { return prefix + "…" }

// GoString hides the secret.
func (s Secret) GoString() string { return s.String() }

// Reveal is the secret as people hand it over: whsec_ and base64.
func (s Secret) Reveal() string { return prefix + base64.StdEncoding.EncodeToString(s.key) }

// NewSecret makes a secret of 256 random bits.
func NewSecret() Secret {
	key := make([]byte, newSecret)
	_, _ = rand.Read(key) // never fails
	return Secret{key}
}

// ParseSecret reads whsec_ and base64 of 24 to 64 bytes; the prefix may be
// missing. The error never holds what was given.
func ParseSecret(s string) (Secret, error) {
	key, err := base64.StdEncoding.Strict().DecodeString(strings.TrimPrefix(s, prefix))
	if err != nil || len(key) < minSecret || len(key) > maxSecret {
		return Secret{}, fault.New(fault.Invalid, "webhook.secret")
	}
	return Secret{key}, nil
}

func (s Secret) sign(id, second string, body []byte) []byte {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(id + "." + second + "."))
	mac.Write(body)
	return mac.Sum(nil)
}

// Sign returns the value of webhook-signature: one signature per secret, so
// that a receiver that has only the old or only the new one can verify. id
// must not hold a full stop.
func Sign(id string, attempt time.Time, body []byte, secrets ...Secret) string {
	out := make([]string, len(secrets))
	for i, s := range secrets {
		out[i] = version + base64.StdEncoding.EncodeToString(s.sign(id, Second(attempt), body))
	}
	return strings.Join(out, " ")
}

// Second is the value of webhook-timestamp.
func Second(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

// Headers are the headers of a signed attempt.
func Headers(id string, attempt time.Time, body []byte, secrets ...Secret) map[string]string {
	return map[string]string{HeaderID: id, HeaderTimestamp: Second(attempt), HeaderSignature: Sign(id, attempt, body, secrets...)}
}

// Verify says whether the message is from somebody who has one of the secrets
// and was sent now, give or take Tolerance, and returns its id. A message that
// is not is fault.Unauthenticated: webhook.unsigned when a header is missing or
// cannot be read, webhook.forged when no signature fits, webhook.stale when it
// is authentic but old, or from the future. Comparing takes the same time
// wherever they differ. Whether the id was seen before is the caller's to know.
func Verify(header func(name string) string, body []byte, now time.Time, secrets ...Secret) (id string, err error) {
	id, second, signatures := header(HeaderID), header(HeaderTimestamp), strings.Fields(header(HeaderSignature))
	at, aerr := strconv.ParseInt(second, 10, 64)
	switch {
	case !goodID(id), aerr != nil, second != strconv.FormatInt(at, 10), len(signatures) == 0, len(signatures) > maxSignatures:
		return "", fault.New(fault.Unauthenticated, "webhook.unsigned")
	case !anyFits(id, second, body, signatures, secrets):
		return "", fault.New(fault.Unauthenticated, "webhook.forged")
	}
	// In seconds, as the header is: a Duration could not hold every difference.
	if lag, most := now.Unix()-at, int64(Tolerance/time.Second); lag > most || lag < -most {
		return "", fault.New(fault.Unauthenticated, "webhook.stale")
	}
	return id, nil
}

// anyFits compares every signature with every secret: how long it takes does
// not tell which one fitted.
func anyFits(id, second string, body []byte, signatures []string, secrets []Secret) bool {
	fits := false
	for _, secret := range secrets {
		want := secret.sign(id, second, body)
		for _, s := range signatures {
			text, ours := strings.CutPrefix(s, version)
			got, err := base64.StdEncoding.Strict().DecodeString(text)
			fits = hmac.Equal(got, want) && ours && err == nil || fits
		}
	}
	return fits
}

// goodID takes printable ASCII without a full stop, which parts id and second
// in what is signed.
func goodID(id string) bool {
	return id != "" && len(id) <= maxID && !strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' || r == '.' })
}
