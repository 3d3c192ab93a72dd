package webhook_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/fault"
	"hastaluego/internal/webhook"
)

// The example that every library of the standard is tested with.
const (
	sampleSecret    = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	sampleID        = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	sampleBody      = `{"test": 2432232314}`
	sampleSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
)

var sampleTime = time.Unix(1614265330, 0)

func secret(t interface{ Fatal(args ...any) }, s string) webhook.Secret {
	x, err := webhook.ParseSecret(s)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func headers(h map[string]string) func(string) string {
	return func(name string) string { return h[name] }
}

func TestTheSignatureOfTheStandardsExampleIsTheirs(t *testing.T) {
	t.Parallel()
	if got := webhook.Sign(sampleID, sampleTime, []byte(sampleBody), secret(t, sampleSecret)); got != sampleSignature {
		t.Errorf("signed %q, want %q", got, sampleSignature)
	}
	if got := secret(t, strings.TrimPrefix(sampleSecret, "whsec_")).Reveal(); got != sampleSecret {
		t.Errorf("revealed %q", got)
	}
}

func TestAMessageIsTakenOnlyIfItIsWholeFreshAndSigned(t *testing.T) {
	t.Parallel()
	good := map[string]string{
		webhook.HeaderID: sampleID, webhook.HeaderTimestamp: "1614265330", webhook.HeaderSignature: sampleSignature,
	}
	other := "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="
	for _, c := range []struct {
		name, header, value, body string
		late                      time.Duration
		code                      string
	}{
		{name: "as it was sent"},
		{name: "among signatures of other keys and schemes", header: webhook.HeaderSignature, value: other + " v1a,abc= v2," + sampleSignature[3:] + " " + sampleSignature + " " + other},
		{name: "five minutes late", late: 5 * time.Minute},
		{name: "five minutes early", late: -5 * time.Minute},
		{name: "later", late: 5*time.Minute + time.Second, code: "webhook.stale"},
		{name: "earlier", late: -5*time.Minute - time.Second, code: "webhook.stale"},
		{name: "another body", body: `{"test": 2432232315}`, code: "webhook.forged"},
		{name: "another id", header: webhook.HeaderID, value: "msg_other", code: "webhook.forged"},
		{name: "another second", header: webhook.HeaderTimestamp, value: "1614265331", code: "webhook.forged"},
		{name: "another key", header: webhook.HeaderSignature, value: other, code: "webhook.forged"},
		{name: "another scheme", header: webhook.HeaderSignature, value: "v1a," + sampleSignature[3:], code: "webhook.forged"},
		{name: "half a signature", header: webhook.HeaderSignature, value: sampleSignature[:20], code: "webhook.forged"},
		{name: "an empty signature", header: webhook.HeaderSignature, value: "v1,", code: "webhook.forged"},
		{name: "no signature", header: webhook.HeaderSignature, code: "webhook.unsigned"},
		{name: "no id", header: webhook.HeaderID, code: "webhook.unsigned"},
		{name: "no second", header: webhook.HeaderTimestamp, code: "webhook.unsigned"},
		{name: "a second that is none", header: webhook.HeaderTimestamp, value: "soon", code: "webhook.unsigned"},
		{name: "a second written in another way", header: webhook.HeaderTimestamp, value: "+1614265330", code: "webhook.unsigned"},
		{name: "a second beyond every clock", header: webhook.HeaderTimestamp, value: "9223372036854775807", code: "webhook.forged"},
		{name: "an id that holds the parting stop", header: webhook.HeaderID, value: "msg.1", code: "webhook.unsigned"},
	} {
		h := map[string]string{}
		for k, v := range good {
			h[k] = v
		}
		if c.header != "" {
			h[c.header] = c.value
		}
		body := sampleBody
		if c.body != "" {
			body = c.body
		}
		id, err := webhook.Verify(headers(h), []byte(body), sampleTime.Add(c.late), secret(t, sampleSecret))
		if c.code == "" {
			if err != nil || id != sampleID {
				t.Errorf("%s: id %q, %v", c.name, id, err)
			}
			continue
		}
		if fault.CodeOf(err) != c.code || fault.KindOf(err) != fault.Unauthenticated || id != "" {
			t.Errorf("%s: id %q, %v, want %s", c.name, id, err, c.code)
		}
	}
}

func TestWithoutASecretNothingIsAuthentic(t *testing.T) {
	t.Parallel()
	h := webhook.Headers("a", sampleTime, nil, webhook.Secret{})
	if _, err := webhook.Verify(headers(h), nil, sampleTime); fault.CodeOf(err) != "webhook.forged" {
		t.Errorf("%v", err)
	}
}

func TestASecretIsBetween24And64BytesAndNeverPrinted(t *testing.T) {
	t.Parallel()
	for n := range 80 {
		s := "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, n))
		if _, err := webhook.ParseSecret(s); (err == nil) != (n >= 24 && n <= 64) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	if _, err := webhook.ParseSecret("whsec_not base64!"); err == nil || strings.Contains(err.Error(), "base64!") {
		t.Errorf("%v", err)
	}
	s := webhook.NewSecret()
	if again := secret(t, s.Reveal()); again.Reveal() != s.Reveal() || s.Reveal() == webhook.NewSecret().Reveal() {
		t.Error("a new secret does not survive being written down, or is not new")
	}
	for _, said := range []string{fmt.Sprint(s), fmt.Sprintf("%+v %#v %s %x", s, s, s, s)} {
		if strings.Contains(said, s.Reveal()[10:]) {
			t.Errorf("printed: %s", said)
		}
	}
}

func genSecret(t *rapid.T) webhook.Secret {
	raw := rapid.SliceOfN(rapid.Byte(), 24, 64).Draw(t, "key")
	return secret(t, "whsec_"+base64.StdEncoding.EncodeToString(raw))
}

// While a secret is replaced, whoever knows either of the two can verify;
// nobody else can, and not one changed bit gets through.
func TestWhileRotatingEitherSecretVerifiesAndNoOtherDoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		older, newer, stranger := genSecret(t), genSecret(t), genSecret(t)
		body := rapid.SliceOf(rapid.Byte()).Draw(t, "body")
		id := rapid.StringMatching(`[a-zA-Z0-9_-]{1,60}`).Draw(t, "id")
		at := time.Unix(rapid.Int64Range(0, 1<<40).Draw(t, "at"), 0)
		h := webhook.Headers(id, at, body, newer, older)
		for _, known := range [][]webhook.Secret{{older}, {newer}, {older, newer}, {stranger, newer}} {
			if got, err := webhook.Verify(headers(h), body, at, known...); err != nil || got != id {
				t.Fatalf("%v", err)
			}
		}
		if stranger.Reveal() != older.Reveal() && stranger.Reveal() != newer.Reveal() {
			if _, err := webhook.Verify(headers(h), body, at, stranger); fault.CodeOf(err) != "webhook.forged" {
				t.Fatalf("a stranger verified: %v", err)
			}
		}
		if len(body) > 0 {
			bent := slices.Clone(body)
			bent[rapid.IntRange(0, len(body)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
			if _, err := webhook.Verify(headers(h), bent, at, newer); fault.CodeOf(err) != "webhook.forged" {
				t.Fatalf("a changed body verified: %v", err)
			}
		}
	})
}

// Whatever is sent: nothing breaks, and what is taken is signed and fresh.
func FuzzVerify(f *testing.F) {
	f.Add(sampleID, "1614265330", sampleSignature, []byte(sampleBody))
	f.Add("", "", "", []byte(nil))
	f.Add("a.b", "-1", "v1,", []byte("x"))
	f.Add("a", "1614265630", "v1,AAAA v1, v1a,==== "+sampleSignature, []byte("{}"))
	key, err := webhook.ParseSecret(sampleSecret)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, id, second, signature string, body []byte) {
		h := map[string]string{webhook.HeaderID: id, webhook.HeaderTimestamp: second, webhook.HeaderSignature: signature}
		got, err := webhook.Verify(headers(h), body, sampleTime, key)
		if err != nil {
			if fault.KindOf(err) != fault.Unauthenticated || got != "" {
				t.Fatalf("%q, %v", got, err)
			}
			return
		}
		at, perr := strconv.ParseInt(second, 10, 64)
		if perr != nil || got != id || time.Unix(at, 0).Sub(sampleTime).Abs() > webhook.Tolerance {
			t.Fatalf("took %q of %q", id, second)
		}
		if !slices.Contains(strings.Fields(signature), webhook.Sign(id, time.Unix(at, 0), body, key)) {
			t.Fatalf("took a message without its signature: %q", signature)
		}
	})
}
