package httpsystem

import (
	"context"
	"encoding/json"
	"maps"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
)

// Messages say how a system is told that something happened in a departure: a chat, a
// help desk, a board.
type Messages struct {
	Call   Operation // tells it
	Undone Operation // tells that it was taken back
}

// Slots of messages: what happened, in which departure and at which of its steps, to
// whom by our number, and when the departure takes effect. No name and no address.
var messageSlots = []string{"event", "code", "step", "customer", "effective"}

const messagesKey = "messages"

func (r reading) messages() *Messages {
	m := r.Keys(at(messagesKey), "call", "undone")
	x := &Messages{}
	for key, o := range map[string]*Operation{"call": &x.Call, "undone": &x.Undone} {
		if m.Has(key) {
			*o = r.calls(at(messagesKey, key))
		}
	}
	return x
}

func (x Messages) check(k *checker) {
	for _, name := range messageSlots {
		if _, fixed := k.config.With[name]; fixed { // which of the two it would be
			k.bad(at("with", name), "system.slot_name", "name", name)
		}
	}
	for _, one := range []struct {
		key string
		o   Operation
	}{{"call", x.Call}, {"undone", x.Undone}} {
		where, o := at(messagesKey, one.key), one.o
		for _, key := range are(o.lookingUp()) {
			k.bad(below(where, key), "system.not_here", "key", key)
		}
		if len(o.Before) > 0 { // one message is one call
			k.bad(where, "system.want_map")
		}
		k.call(o, where, writes, k.scope(never, messageSlots...))
		k.statuses(o.Already, below(where, "already"))
	}
}

// teller is a system that declares how it is told.
type teller struct {
	*System
	is Messages
}

var _ connector.Notifier = teller{}

// Info describes it. What was said cannot be read back, so that whoever says that
// reading decides has a person decide.
func (t teller) Info() connector.Info {
	info := t.System.Info()
	if info.Undo = connector.Restorable; info.Effect == connector.Verifiable {
		info.Effect = connector.Ask
	}
	return info
}

// Notify makes the declared call, filled with what the message says.
func (t teller) Notify(ctx context.Context, in connector.NotifyInput) (connector.Receipt, error) {
	const op = "httpsystem.Notify"
	var m struct {
		Type string `json:"type"`
		Data struct {
			Code      string `json:"code"`
			Step      string `json:"step"`
			Reference string `json:"reference"`
			Effective string `json:"effective"`
			Undone    bool   `json:"undone"`
		} `json:"data"`
	}
	if err := json.Unmarshal(in.Body, &m); err != nil {
		return connector.Receipt{}, fault.Wrap(op, err)
	}
	o := t.is.Call
	if m.Data.Undone {
		o = t.is.Undone
	}
	v := values{slots: map[string]string{
		"event": m.Type, "code": m.Data.Code, "step": m.Data.Step, "customer": m.Data.Reference, "effective": m.Data.Effective,
	}}
	maps.Copy(v.slots, t.with)
	return t.send(ctx, act{
		op: op, calls: []Operation{o}, key: in.Key, values: v,
		so: func(context.Context) (bool, json.RawMessage, error) { return false, nil, nil }, // nothing can be read
	})
}

// tellsOnly reports whether a system is told and does nothing else: then nothing of it
// could be read to see whether it is well.
func (c Config) tellsOnly() bool {
	return c.Messages != nil && c.Billing == nil && c.Access == nil && len(c.Actions) == 0 && len(c.Inventory) == 0 && len(c.Export) == 0
}
