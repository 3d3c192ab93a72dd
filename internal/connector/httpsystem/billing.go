package httpsystem

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
)

// billing is a system that declares how subscriptions are read and ended.
type billing struct {
	*System
	is Billing
}

var _ connector.Billing = billing{}

// ReadSubscription asks for the subscription as it is now. With a NotFound
// error the state still carries the evidence of the answer.
func (b billing) ReadSubscription(ctx context.Context, reference string) (connector.SubscriptionState, error) {
	const op = "httpsystem.ReadSubscription"
	state := connector.SubscriptionState{Location: location(b.is.Read, reference), ReadAt: b.Clock.Now()}
	ans, err := b.look(ctx, op, b.is.of(b.is.Read), b.values("reference", reference))
	if ans.Status != 0 {
		state.Answer = ans.Evidence(b.is.State.Status, b.is.State.EndsAt)
	}
	if err != nil {
		return state, err
	}
	status, endsAt, err := stateOf(&ans, b.is.State)
	if err != nil {
		return state, b.Say(fault.Transient, "connector.unreadable", ans.Status).At(op, err)
	}
	state.Found, state.Status, state.EndsAt = true, status, endsAt
	state.Ended = oneOf(b.is.State.Ended, status)
	return state, nil
}

// CancelSubscription asks once for the end of the subscription.
func (b billing) CancelSubscription(ctx context.Context, in connector.CancelInput) (connector.Receipt, error) {
	return b.change(ctx, "httpsystem.CancelSubscription", b.is.Cancel, in.Reference, in.EndsAt, in.Key,
		func(st connector.SubscriptionState) bool {
			until := in.EndsAt
			if until.IsZero() {
				until = b.Clock.Now()
			}
			return st.Ended || !st.EndsAt.IsZero() && !st.EndsAt.After(until)
		})
}

// ResumeSubscription asks once to take the cancellation back. A system that
// declares no such call answers Invalid, connector.cannot_resume.
func (b billing) ResumeSubscription(ctx context.Context, in connector.ResumeInput) (connector.Receipt, error) {
	const op = "httpsystem.ResumeSubscription"
	if !b.is.Resume.declared() {
		return connector.Receipt{}, b.Say(fault.Invalid, "connector.cannot_resume", 0).At(op, nil)
	}
	return b.change(ctx, op, b.is.Resume, in.Reference, time.Time{}, in.Key,
		func(st connector.SubscriptionState) bool { return !st.Ended && st.EndsAt.IsZero() })
}

func (b billing) change(ctx context.Context, op string, o Operation, reference string, endsAt time.Time, key string,
	so func(connector.SubscriptionState) bool,
) (connector.Receipt, error) {
	v := b.values("reference", reference)
	v.endsAt = endsAt
	return b.send(ctx, act{
		op: op, calls: b.is.of(o), key: key, values: v,
		paths: []string{b.is.State.Status, b.is.State.EndsAt},
		so: func(ctx context.Context) (bool, json.RawMessage, error) {
			st, err := b.ReadSubscription(ctx, reference)
			return so(st), st.Answer, err
		},
	})
}

// oneOf reports whether the word is one of the list, in any case.
func oneOf(list []string, word string) bool {
	for _, w := range list {
		if strings.EqualFold(w, word) {
			return true
		}
	}
	return false
}
