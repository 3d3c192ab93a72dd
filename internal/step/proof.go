package step

import (
	"context"
	"encoding/json"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
)

// ProofKind is how it is known that an effect is there.
type ProofKind string

// The kinds of proof, from the weakest to the strongest.
const (
	Attested     ProofKind = "attested"      // a person says so, with evidence
	ReadBack     ProofKind = "read_back"     // the far system says so when read again
	NegativeTest ProofKind = "negative_test" // it was tried: what got in before is refused now
)

// Weaker reports whether p proves less than q.
func (p ProofKind) Weaker(q ProofKind) bool {
	rank := map[ProofKind]int{Attested: 1, ReadBack: 2, NegativeTest: 3}
	return rank[p] < rank[q]
}

// AccessProof is what is known of an access: before it is closed as what was
// seen, afterwards as the proof.
type AccessProof struct {
	Proof   ProofKind        `json:"proof,omitempty"`
	Why     string           `json:"why,omitempty"`     // code of why it was not tried, or proves no more
	Control *connector.Probe `json:"control,omitempty"` // the try before
	Probe   *connector.Probe `json:"probe,omitempty"`   // the try after
	Read    json.RawMessage  `json:"read,omitempty"`
	Found   bool             `json:"found,omitempty"` // the system knew it when it was read

	// Of an access that was narrowed: control and probe tried to change something.
	Held     []string         `json:"held,omitempty"`      // what it had before
	ReadOnly bool             `json:"read_only,omitempty"` // it lets in, and that to read
	Entry    *connector.Probe `json:"entry,omitempty"`     // the try to get in
}

// ProofOf reads the evidence of a work; evidence of another kind says nothing.
func ProofOf(evidence string) (p AccessProof) {
	if json.Unmarshal([]byte(evidence), &p) != nil {
		return AccessProof{}
	}
	return p
}

// NeverSeen is the code of what a far system does not know, and nobody ever saw
// there. It may be gone; it may also be called otherwise there, or be looked for at
// a wrong address, and a refusal to tell looks the same: that proves nothing.
const NeverSeen = "connector.never_seen"

func neverSeen(system string) *fault.Error {
	return fault.New(fault.NotFound, NeverSeen, "system", system)
}

// seen reports whether what a work is about was there when it was looked at, now
// or before: only what was there can be gone.
func seen(w offboarding.Work, found bool) bool {
	return found || !w.FirstCall.IsZero() || ProofOf(w.Evidence).Found
}

// entered reports whether the try before got in: only then can a refusal after
// prove anything.
func (e AccessProof) entered() bool { return e.Control != nil && e.Control.In }

// judge says what reading and trying prove of an access that reads as it
// should, and sets the kind of proof. Why is empty when everything was tried.
func (e *AccessProof) judge(before AccessProof, open bool, tries int) Proof {
	last := tries >= patience
	switch {
	case e.Probe == nil && e.Control != nil: // it got in before, and now it cannot be told
		return Proof{Why: e.Why, Final: true}
	case e.Probe == nil:
	case e.Probe.In && !open:
		return Proof{Why: "access.still_open", Final: last}
	case !e.Probe.In && another(e.Control, e.Probe):
		return Proof{Why: "probe.other_credential", Final: true}
	case !e.Probe.In && open && e.Control != nil:
		return Proof{Why: "access.still_closed", Final: last}
	case open:
	case e.Control != nil && e.Probe.Unsaid && (e.Control.Set == "" || e.Control.Set == connector.NeverSet || e.Control.Set != e.Probe.Set):
		e.Why = "probe.unsaid" // a wrong credential would be refused in the same way
	case e.Control != nil:
		e.Proof = NegativeTest
		return Proof{Holds: true}
	case before.Why != "":
		e.Why = before.Why
	default:
		e.Why = "probe.no_control"
	}
	e.Proof = ReadBack
	return Proof{Holds: true}
}

// another reports whether the try after was made with another credential than the
// one before, or with one that the system has replaced since: a refusal of it says
// nothing of the access.
func another(before, after *connector.Probe) bool {
	differ := func(a, b string) bool { return a != "" && b != "" && a != b }
	return before != nil && (differ(before.Mark, after.Mark) || after.Unsaid && differ(before.Set, after.Set))
}

// patience is how often something is tried again before what can be had
// without it is taken, or a person is asked.
const patience = 3

// try tries to get in as the account. Without a result, why is the code of the
// reason. What may pass is an error, until patience is over.
func try(ctx context.Context, p connector.Prober, account string, tries int) (got *connector.Probe, why string, err error) {
	if p == nil {
		return nil, "probe.none", nil
	}
	probe, err := p.ProbeAccess(ctx, account)
	switch {
	case err == nil:
		return &probe, "", nil
	case fault.KindOf(err) == fault.Transient && tries < patience:
		return nil, "", err
	}
	return nil, fault.CodeOf(err), nil
}
