package step

import (
	"encoding/json"

	"hastaluego/internal/fault"
)

// Rehearsed says of an effect of a test customer's departure that it was not
// made: what was read, and what would have been done.
const Rehearsed ProofKind = "rehearsed"

// What would have been done.
const (
	WouldAct     = "act"
	WouldNothing = "nothing" // it is so already
	WouldWait    = "wait"    // it is not so yet
	WouldNotFind = "unknown" // the system does not know them
)

// Rehearsal is the evidence of an effect that was only rehearsed.
type Rehearsal struct {
	Proof  ProofKind       `json:"proof"` // always Rehearsed
	System string          `json:"system"`
	Would  string          `json:"would"`
	Action *Action         `json:"action,omitempty"`
	Code   string          `json:"code,omitempty"` // why a person would be asked, or it would be looked at again
	Seen   json.RawMessage `json:"seen,omitempty"`
}

// Evidence writes it down.
func (r Rehearsal) Evidence() (string, error) {
	r.Proof = Rehearsed
	raw, err := json.Marshal(r)
	if err != nil {
		return "", fault.Wrap("step.Rehearsal", err)
	}
	return string(raw), nil
}

// RehearsalOf reads the evidence of a work; false where it is of something that
// was done.
func RehearsalOf(evidence string) (r Rehearsal, ok bool) {
	err := json.Unmarshal([]byte(evidence), &r)
	return r, err == nil && r.Proof == Rehearsed
}
