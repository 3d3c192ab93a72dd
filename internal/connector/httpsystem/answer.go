package httpsystem

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxEvidence is how many characters of one field become evidence.
const maxEvidence = 200

// answer is what came back of one call.
type answer struct {
	status     int
	retryAfter time.Duration
	named      bool   // it said when to come back
	body       any    // decoded JSON; nil if there was none
	hash       string // SHA-256 of the whole body in hex; empty if it was not read whole
	err        error  // the body could not be read
}

func (a *answer) read(body []byte) {
	sum := sha256.Sum256(body)
	a.hash = hex.EncodeToString(sum[:])
	// Only these two promise no content; an empty 200 may be a proxy's.
	if len(body) == 0 && (a.status == http.StatusNoContent || a.status == http.StatusAccepted) {
		return
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(&a.body); err != nil {
		a.err = errors.New("the answer is not JSON") // the decoder's error would quote it
		return
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		a.err = errors.New("the answer has more than one JSON value")
	}
}

// at follows a dotted path; numbers are indexes of lists.
func (a *answer) at(path string) any {
	if path == "" {
		return nil
	}
	v := a.body
	for key := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

// text returns the scalar at the path as text, "" if there is none.
func (a *answer) text(path string) string {
	switch v := a.at(path).(type) {
	case string:
		return cut(v)
	case json.Number:
		return cut(v.String())
	case bool:
		return strconv.FormatBool(v)
	default:
		return ""
	}
}

func cut(s string) string {
	if r := []rune(s); len(r) > maxEvidence {
		return string(r[:maxEvidence])
	}
	return s
}

// state reads the mapped fields of a successful reading.
func (a *answer) state(m State) (status string, endsAt time.Time, err error) {
	status = a.text(m.Status)
	if status == "" {
		return "", time.Time{}, fmt.Errorf("the answer has no %s", m.Status)
	}
	switch v := a.at(m.EndsAt).(type) {
	case nil:
	case string:
		if v == "" {
			break
		}
		if endsAt, err = time.Parse(time.RFC3339, v); err != nil {
			return "", time.Time{}, fmt.Errorf("%s is no instant in RFC 3339", m.EndsAt)
		}
	case json.Number: // seconds since 1970, as many billing systems write it
		sec, err := strconv.ParseInt(v.String(), 10, 64)
		if err != nil || sec < 0 || sec > 253402300799 {
			return "", time.Time{}, fmt.Errorf("%s is no instant", m.EndsAt)
		}
		if sec > 0 {
			endsAt = time.Unix(sec, 0)
		}
	default:
		return "", time.Time{}, fmt.Errorf("%s is no instant", m.EndsAt)
	}
	if !endsAt.IsZero() {
		endsAt = endsAt.UTC()
	}
	return status, endsAt, nil
}

// evidence is the mapped fields, the status and the hash of the whole body:
// enough to prove what was answered to whoever has the answer, without keeping
// what it says of a person.
func (a *answer) evidence(paths ...string) json.RawMessage {
	out := struct {
		Status int            `json:"status"`
		Fields map[string]any `json:"fields,omitempty"`
		SHA256 string         `json:"body_sha256,omitempty"`
	}{Status: a.status, SHA256: a.hash}
	for _, path := range paths {
		if v := a.text(path); v != "" {
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
