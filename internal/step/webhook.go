package step

import (
	"context"
	"encoding/json"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
)

// sendWebhook tells a far system of the departure in one signed message. It is
// done when the system takes it; what it did with it cannot be read back, so
// the step is never called verified. Undoing sends the same event again, marked
// as undone.
type sendWebhook struct{ systems Systems }

// EventForm is what the name of an event looks like.
const EventForm = `^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$`

func (sendWebhook) Spec() playbook.KindSpec {
	return playbook.KindSpec{
		Name: "webhook", Effect: true, Needs: connector.CanNotify,
		About: "Tells a system, by a signed message or as its messages in systems.yaml are declared (a chat, a board); done when it is taken. Undoing tells it that it was undone.",
		Params: []playbook.ParamSpec{
			{Name: "system", Required: true, About: "Name of a system in systems.yaml of kind webhook, or with messages."},
			{Name: "event", Required: true, Form: EventForm, Example: "exit.scheduled", About: "Type of the message, as the system knows it."},
		},
	}
}

func (sendWebhook) Jobs(s Subject) []Job {
	return []Job{{Item: eachCase, System: s.Step.Params["system"]}}
}

func (k sendWebhook) Info(s Subject) (connector.Info, error) {
	n, err := k.systems.notifier(s.Step.Params["system"])
	if err != nil {
		return connector.Info{}, err
	}
	return n.Info(), nil
}

// Observe reads nothing: there is nothing to be read.
func (sendWebhook) Observe(context.Context, Subject) (Findings, error) { return Findings{}, nil }

func (k sendWebhook) Decide(s Subject, _ Findings) (Decision, error) { return k.message(s, false) }

func (k sendWebhook) Undo(s Subject, _ Findings) (Decision, error) { return k.message(s, true) }

// message is what is sent: ids, numbers at other systems and dates, no name, no
// address and nothing that anybody wrote. It is the same in every attempt.
func (k sendWebhook) message(s Subject, undone bool) (Decision, error) {
	subscriptions := make([]string, len(s.Subscriptions))
	for i, sub := range s.Subscriptions {
		subscriptions[i] = sub.Reference
	}
	body, err := json.Marshal(struct {
		Type      string `json:"type"`
		Timestamp string `json:"timestamp"`
		Data      any    `json:"data"`
	}{s.Step.Params["event"], s.Step.ReadyAt.UTC().Format(time.RFC3339Nano), struct {
		Case          offboarding.CaseID    `json:"case"`
		Code          string                `json:"code"`
		Request       offboarding.RequestID `json:"request"`
		Step          string                `json:"step"`
		Customer      string                `json:"customer"`
		Reference     string                `json:"reference"`
		Subscriptions []string              `json:"subscriptions"`
		Effective     string                `json:"effective"`
		Undone        bool                  `json:"undone"`
	}{s.Case.ID, s.Case.Code, s.Case.Request, s.Step.Key, string(s.Customer.ID), s.Customer.Reference, subscriptions, s.Case.Effective.String(), undone}})
	if err != nil {
		return Decision{}, fault.Wrap("step.webhook", err)
	}
	return Decision{Act: true, Action: Action{
		System: s.Step.Params["system"], Verb: "notify", Name: s.Step.Params["event"], Reference: string(s.Case.ID), Body: body,
	}}, nil
}

func (k sendWebhook) Apply(ctx context.Context, a Action, key string) (Outcome, error) {
	n, err := k.systems.notifier(a.System)
	if err != nil {
		return Outcome{}, err
	}
	r, err := n.Notify(ctx, connector.NotifyInput{Key: key, Body: a.Body})
	return Outcome{Reference: r.Reference, Evidence: r.Answer}, err
}

// CannotReadBack makes "done" the end of it.
func (sendWebhook) CannotReadBack() {}

// Verify says that nothing can be read back, to a person who wanted to look.
func (sendWebhook) Verify(context.Context, Subject) (Proof, error) {
	return Proof{Final: true, Why: "connector.not_readable"}, nil
}

// VerifyUndo takes the far end's word, as there is nothing to read.
func (sendWebhook) VerifyUndo(context.Context, Subject) (Proof, error) {
	return Proof{Holds: true}, nil
}
