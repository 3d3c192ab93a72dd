package app

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/audit"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/retrieval"
	"hastaluego/internal/webhook"
)

// DeliveryKind is the kind of works that send a message to an endpoint, and
// WebhookSystem what their far systems begin with, before the endpoint's id:
// each endpoint is a far system of its own, so that a dead one delays itself.
const (
	DeliveryKind  = "webhook_delivery"
	WebhookSystem = "webhook:"
)

// message is what a webhook says: which, when, and the ids of what it is about.
type message struct {
	Type      string         `json:"type"`
	Timestamp string         `json:"timestamp"`
	Data      map[string]any `json:"data"`
}

func newEvent(entry audit.Entry, data map[string]any) (WebhookEvent, error) {
	body, err := json.Marshal(message{entry.Type, entry.At.UTC().Format(time.RFC3339Nano), data})
	if err != nil {
		return WebhookEvent{}, fault.Wrap("app.newEvent", err)
	}
	return WebhookEvent{ID: entry.ID, Type: entry.Type, At: entry.At, Body: string(body)}, nil
}

// announce puts a fact about a departure into the queue of every endpoint that
// wants it, in the transaction that records it: neither is there without the
// other.
func (a *App) announce(ctx context.Context, tx Tx, entry audit.Entry, f fact) error {
	typ := eventTypes[f.typ]
	if !typ.Sent || f.stream == "" {
		return nil
	}
	hooks, err := tx.ActiveWebhooks(ctx)
	if err != nil {
		return err
	}
	var wanted []Webhook
	for _, w := range hooks {
		if webhook.Wanted(w.Events, f.typ) {
			wanted = append(wanted, w)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	data, err := a.departure(ctx, tx, f.stream)
	if err != nil {
		return err
	}
	// Whoever never heard of rehearsals would take one for a departure: only those
	// who asked for them hear of them, and it is said.
	test, err := rehearses(ctx, tx, data)
	if err != nil {
		return err
	}
	if test {
		if wanted = slices.DeleteFunc(wanted, func(w Webhook) bool { return !w.Tests }); len(wanted) == 0 {
			return nil
		}
		data["test"] = true
	}
	if typ.State != "" {
		data["state"] = typ.State
	}
	for _, name := range typ.Tells {
		if v, ok := f.args[name]; ok && v != "" {
			data[name] = v
		}
	}
	e, err := newEvent(entry, data)
	if err != nil {
		return err
	}
	return a.send(ctx, tx, e, wanted...)
}

// departure names what a stream of the log is about, by ids.
func (a *App) departure(ctx context.Context, tx Tx, stream string) (map[string]any, error) {
	data := map[string]any{}
	put := func(name, value string) {
		if value != "" {
			data[name] = value
		}
	}
	if strings.HasPrefix(stream, "case_") {
		c, err := tx.FindCase(ctx, offboarding.CaseID(stream))
		if err != nil {
			return nil, err
		}
		put("case", string(c.ID))
		put("code", c.Code)
		put("request", string(c.Request))
		put("customer", string(c.Customer))
		return data, nil
	}
	if retrieval.Is(stream) {
		c, err := tx.FindCopy(ctx, retrieval.ID(stream))
		put("copy", string(c.ID))
		put("code", c.Code)
		put("customer", string(c.Customer))
		return data, err
	}
	r, err := tx.FindRequest(ctx, offboarding.RequestID(stream))
	if err != nil {
		return nil, err
	}
	put("case", string(r.Case))
	put("code", r.Code)
	put("request", string(r.ID))
	put("customer", string(r.Customer))
	return data, nil
}

// send queues a message for endpoints. Its works belong to no case: a case that
// is paused or undone still says so.
func (a *App) send(ctx context.Context, tx Tx, e WebhookEvent, hooks ...Webhook) error {
	if err := tx.InsertWebhookEvent(ctx, e); err != nil {
		return err
	}
	for _, w := range hooks {
		err := tx.InsertWork(ctx, offboarding.Work{
			ID: offboarding.WorkID(id.New("work")), Kind: DeliveryKind, Item: e.ID, System: WebhookSystem + w.ID, Key: w.ID + ":" + e.ID,
			Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: tx.Now(),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Deliver makes one attempt to hand a message to its endpoint. The id of the
// message is the same in every attempt: one that arrived and whose answer was
// lost, or was not recorded, is sent again.
func (a *App) Deliver(ctx context.Context, w offboarding.Work) (Result, error) {
	var hook Webhook
	var e WebhookEvent
	var wall time.Time
	err := a.store.View(ctx, func(tx Tx) (err error) {
		if hook, err = tx.FindWebhook(ctx, strings.TrimPrefix(w.System, WebhookSystem)); err != nil {
			return err
		}
		wall = tx.Wall()
		e, err = tx.FindWebhookEvent(ctx, w.Item)
		return err
	})
	if err != nil {
		return Result{}, err
	}
	if !hook.Active || a.hooks == nil {
		return Result{Verdict: Failed, Code: "webhook.off"}, nil
	}
	secrets, err := a.hookSecrets(ctx, hook, wall)
	if err != nil {
		return Result{}, err
	}
	header := webhook.Headers(e.ID, wall, []byte(e.Body), secrets...)
	header["Content-Type"] = "application/json"
	status, wait, err := a.hooks.Post(ctx, hook.URL, header, []byte(e.Body))
	return attempted(w.Tries+1, status, wait, err)
}

// attempted says what follows from an attempt; n is how many failed if this one
// did.
func attempted(n, status int, wait time.Duration, err error) (Result, error) {
	var r Result
	switch {
	case err == nil:
		raw, jerr := json.Marshal(map[string]int{"status": status})
		if jerr != nil {
			return r, fault.Wrap("app.attempted", jerr)
		}
		r.Evidence, r.Code = string(raw), "webhook.answered"
		switch {
		case status >= 200 && status < 300:
			return Result{Verdict: Accomplished, Evidence: r.Evidence}, nil
		case status == 410:
			r.Verdict, r.Code = Failed, "webhook.gone"
			return r, nil
		}
	case fault.KindOf(err) == fault.Transient:
		r.Evidence, r.Code = `{}`, fault.CodeOf(err)
	case fault.KindOf(err) == fault.Invalid:
		return Result{Verdict: Failed, Code: fault.CodeOf(err), Evidence: `{}`}, nil
	default:
		return r, err
	}
	var again bool
	if r.Delay, again = webhook.Pause(n, wait, rand.Float64()); !again {
		r.Verdict = Failed
		return r, nil
	}
	r.Verdict = Retry
	return r, nil
}

// restAfterFailure is how long an endpoint is left alone after an attempt that
// failed, whatever else waits for it.
const restAfterFailure = 5 * time.Second

// followDelivery is what an attempt means beyond its message: an endpoint that
// failed rests, one that is gone is turned off, and what is given up is told.
func (a *App) followDelivery(ctx context.Context, tx Tx, w offboarding.Work) error {
	hook := strings.TrimPrefix(w.System, WebhookSystem)
	switch {
	case w.State == offboarding.WorkReady:
		return tx.RestSystem(ctx, w.System, tx.Wall().Add(restAfterFailure))
	case w.State != offboarding.WorkFailed || w.LastError == "webhook.off":
		return nil
	case w.LastError == "webhook.gone":
		stored, err := tx.FindWebhook(ctx, hook)
		if err != nil || !stored.Active {
			return err
		}
		return a.turnOff(ctx, tx, stored, "engine", w.LastError)
	default:
		return a.record(ctx, tx, fact{"webhook.given_up", "engine", "", house, map[string]any{
			"webhook": hook, "event": w.Item, "why": w.LastError,
		}})
	}
}
