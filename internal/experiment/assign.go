package experiment

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"slices"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
)

// Assigner gives arms. What it gives follows from a secret, the experiment and the
// customer alone: the same customer gets the same arm for as long as it runs, and
// nothing else about them can change it. Nobody without the secret can tell which.
type Assigner struct {
	key      [sha256.Size]byte
	upTo     []uint64 // of Whole, by place: holdout, first, second …
	arms     []string
	audience []Condition
}

// leastSecret is how many bytes a secret has at least.
const leastSecret = 32

// Assigner makes that of an experiment. The secret is one for all experiments; the
// key of each follows from it.
func (e *Experiment) Assigner(secret []byte) (*Assigner, error) {
	if len(secret) < leastSecret {
		return nil, fault.New(fault.Internal, "experiment.secret")
	}
	if l := e.Definition.Check(); len(l) > 0 {
		return nil, l
	}
	a := &Assigner{audience: e.Definition.Audience, arms: []string{Holdout}, upTo: []uint64{uint64(e.Definition.Holdout)}}
	for _, arm := range e.Definition.Arms {
		a.arms = append(a.arms, arm.ID)
		a.upTo = append(a.upTo, a.upTo[len(a.upTo)-1]+uint64(arm.Share))
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("experiment arm\x00" + string(e.ID)))
	mac.Sum(a.key[:0])
	return a, nil
}

// Arm is the arm of a customer.
func (a *Assigner) Arm(c customer.ID) string {
	var room [96]byte
	sum := sha256.Sum256(append(append(room[:0], a.key[:]...), c...)) // 8 of 32 bytes are used: nothing can be appended to
	place, _ := bits.Mul64(binary.BigEndian.Uint64(sum[:8]), Whole)
	for i, upTo := range a.upTo {
		if place < upTo {
			return a.arms[i]
		}
	}
	return Holdout // no place is beyond the last: shares add up to Whole
}

// Place is the arm of a customer in a situation, or none if the experiment is not
// about it. Of all facts only those are read that its audience names.
func (a *Assigner) Place(c customer.ID, facts map[Fact]string) (arm string, in bool) {
	for _, k := range a.audience {
		if !slices.Contains(k.In, facts[k.Fact]) {
			return "", false
		}
	}
	return a.Arm(c), true
}

// Exposure is that a customer saw their arm for the first time; of the holdout: that
// they came to where they would have.
type Exposure struct {
	Experiment ID
	Customer   customer.ID
	Arm        string
	Seen       time.Time
}

// Expose is the record to keep when a customer sees where the arms differ, before
// which they count nowhere. Whoever has one keeps it: ask only for those who have
// none.
func (e *Experiment) Expose(a *Assigner, c customer.ID, facts map[Fact]string, at time.Time) (Exposure, bool) {
	if e.State != Running {
		return Exposure{}, false
	}
	arm, in := a.Place(c, facts)
	if !in {
		return Exposure{}, false
	}
	return Exposure{e.ID, c, arm, at}, true
}
