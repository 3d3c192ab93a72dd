package receipt

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"strings"

	"hastaluego/internal/fault"
)

// jws is a JSON that somebody signed (RFC 7515, RFC 8037), in the compact form or as
// flattened JSON.
type jws struct {
	Protected string `json:"protected"`
	Payload   string `json:"payload"`
	Signature string `json:"signature"`
}

// readJWS reads one; false where a file is none.
func readJWS(file []byte) (x jws, ok bool) {
	file = bytes.TrimSpace(file)
	if bytes.HasPrefix(file, []byte("{")) {
		return x, json.Unmarshal(file, &x) == nil && x.Payload != "" && x.Signature != ""
	}
	parts := strings.Split(string(file), ".")
	if len(parts) != 3 {
		return x, false
	}
	x = jws{parts[0], parts[1], parts[2]}
	head, err := decoded(x.Protected)
	return x, err == nil && json.Valid(head)
}

func decoded(s string) ([]byte, error) { return base64.RawURLEncoding.Strict().DecodeString(s) }

// header is what a signature says of itself. What it calls critical would have to be
// understood, and nothing is.
type header struct {
	Alg  string          `json:"alg"`
	Crit json.RawMessage `json:"crit"`
	B64  *bool           `json:"b64"`
}

func (x jws) judge(pins Pins, reference string) (Judgement, error) {
	head, err := decoded(x.Protected)
	var h header
	if err != nil || json.Unmarshal(head, &h) != nil || h.Alg != "EdDSA" && h.Alg != "Ed25519" || h.Crit != nil || h.B64 != nil {
		return attested(Unread), nil
	}
	signature, err := decoded(x.Signature)
	if err != nil {
		return attested(Unread), nil
	}
	for _, key := range pins.Keys {
		if len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, []byte(x.Protected+"."+x.Payload), signature) {
			continue
		}
		says, err := x.about()
		switch {
		case err != nil || says == "":
			return attested(Nameless), nil
		case says != reference:
			return Judgement{}, fault.New(fault.Invalid, "receipt.other", "reference", says).On("file")
		}
		return signed(sumOf(key)), nil
	}
	return stranger(pins.Keys)
}

// about is the reference of the request that it says it is about.
func (x jws) about() (string, error) {
	raw, err := decoded(x.Payload)
	if err != nil {
		return "", err
	}
	var says struct {
		Request string `json:"request"`
	}
	err = json.Unmarshal(raw, &says)
	return says.Request, err
}
