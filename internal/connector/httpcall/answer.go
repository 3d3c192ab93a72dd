package httpcall

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

// maxEvidence is how many characters of one field become evidence.
const maxEvidence = 200

// Answer is what came back of one call.
type Answer struct {
	Status     int
	RetryAfter time.Duration
	Named      bool   // it said when to come back
	Next       string // address of the next page, of a Link header (RFC 8288); "" if there is none
	Tag        string // its ETag, as it came
	Header     http.Header
	Body       any    // decoded JSON; nil if there was none
	Raw        []byte // the whole body as it came; nil if it was not read whole
	Replayed   bool   // it is what was answered before to the same key
	Hash       string // SHA-256 of the whole body in hex; empty if it was not read whole
	Err        error  // the body could not be read
}

// Read takes the body apart.
func (a *Answer) Read(body []byte) {
	sum := sha256.Sum256(body)
	a.Raw, a.Hash = body, hex.EncodeToString(sum[:])
	// Only these two promise no content; an empty 200 may be a proxy's.
	if len(body) == 0 && (a.Status == http.StatusNoContent || a.Status == http.StatusAccepted) {
		return
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(&a.Body); err != nil {
		a.Err = errors.New("the answer is not JSON") // the decoder's error would quote it
		return
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		a.Err = errors.New("the answer has more than one JSON value")
	}
}

// spoken reports whether the body is that of an API: JSON, or XML that is no page.
func (a *Answer) spoken() bool {
	if a.Err == nil && a.Body != nil {
		return true
	}
	root := a.Root()
	return root != "" && !strings.EqualFold(root, "html")
}

// Text is Scalar, cut to what may be kept.
func (a *Answer) Text(path string) string { return cut(a.Scalar(path)) }

func cut(s string) string {
	if r := []rune(s); len(r) > maxEvidence {
		return string(r[:maxEvidence])
	}
	return s
}

// Evidence is the fields at the paths, the status and the hash of the whole body:
// enough to prove what was answered to whoever has the answer, without keeping
// what it says of a person.
func (a *Answer) Evidence(paths ...string) json.RawMessage {
	out := struct {
		Status int            `json:"status"`
		Fields map[string]any `json:"fields,omitempty"`
		SHA256 string         `json:"body_sha256,omitempty"`
	}{Status: a.Status, SHA256: a.Hash}
	for _, path := range paths {
		if v := a.Text(path); v != "" {
			if out.Fields == nil {
				out.Fields = map[string]any{}
			}
			out.Fields[path] = v
		}
	}
	b, err := json.Marshal(out)
	if err != nil { // strings and integers always marshal
		return nil
	}
	return b
}
