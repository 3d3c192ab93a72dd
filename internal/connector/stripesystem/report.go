package stripesystem

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/httpcall"
	"hastaluego/internal/fault"
	"hastaluego/internal/webhook"
)

// The header and the scheme of Stripe's signatures. v0 is that of its tests, and
// proves nothing.
const (
	signatureHeader = "Stripe-Signature"
	scheme          = "v1"
	maxSignatures   = 20 // so that nobody makes us compare for long
)

// ReadReport reads an event of Stripe: who sent it, how old it is, and which
// subscription, payment or customer it is about. Nothing else of it is believed:
// events come late, twice and in another order, and what is read then counts.
// That also keeps a reason that Stripe tells some seconds after the end.
func (s *System) ReadReport(header func(name string) string, body []byte, wall time.Time) (connector.Report, error) {
	if err := s.verify(header(signatureHeader), body, wall); err != nil {
		return connector.Report{}, err
	}
	var ans httpcall.Answer
	ans.Read(body)
	id := ans.Text("id")
	if ans.Err != nil || ans.Text("object") != "event" || !number().MatchString(id) {
		return connector.Report{}, fault.New(fault.Invalid, "webhook.body").At("stripesystem.ReadReport", ans.Err)
	}
	return connector.Report{ID: id, Reference: about(&ans), Why: ans.Text("data.object.object") == "subscription"}, nil
}

// about is the number of what an event is about, as we know it. Versions of the
// API put the subscription of an invoice in other places, and the version of an
// endpoint is not ours.
func about(ans *httpcall.Answer) string {
	const object = "data.object."
	paths := []string{"id"}
	switch ans.Text(object + "object") {
	case "invoice", "invoiceitem":
		paths = []string{"parent.subscription_details.subscription", "subscription", "customer"}
	case "refund", "charge", "dispute":
		paths = []string{"payment_intent", "charge", "id"}
	case "discount":
		paths = []string{"subscription", "customer"}
	}
	for _, p := range paths {
		if v := ans.Text(object + p); number().MatchString(v) {
			return v
		}
	}
	return ""
}

// verify checks a signature as Stripe makes it: HMAC-SHA-256 of the second, a
// full stop and the body, with the whole text of the secret as the key.
func (s *System) verify(signature string, body []byte, wall time.Time) error {
	var second string
	var given [][]byte
	for part := range strings.SplitSeq(signature, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "t":
			if second != "" {
				return fault.New(fault.Unauthenticated, "webhook.unsigned")
			}
			second = value
		case scheme:
			if mac, err := hex.DecodeString(value); err == nil && len(given) < maxSignatures {
				given = append(given, mac)
			}
		}
	}
	at, err := strconv.ParseInt(second, 10, 64)
	if err != nil || second != strconv.FormatInt(at, 10) || len(given) == 0 {
		return fault.New(fault.Unauthenticated, "webhook.unsigned")
	}
	fits := false
	for _, secret := range s.secrets() {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(second + "."))
		mac.Write(body)
		want := mac.Sum(nil)
		for _, got := range given { // all of them: how long it takes tells nothing
			fits = hmac.Equal(got, want) || fits
		}
	}
	if !fits {
		return fault.New(fault.Unauthenticated, "webhook.forged")
	}
	if lag, most := wall.Unix()-at, int64(webhook.Tolerance/time.Second); lag > most || lag < -most {
		return fault.New(fault.Unauthenticated, "webhook.stale")
	}
	return nil
}
