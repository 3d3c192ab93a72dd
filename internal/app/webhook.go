package app

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/webhook"
)

// Webhook is an endpoint that wants to hear of departures. While its secret is
// being replaced it has two, and every message is signed with both.
type Webhook struct {
	ID        string // whk_…
	URL       string
	Events    []string // patterns: case.opened, case.*, *
	Active    bool
	OffWhy    string    // code, when it is not active
	Tests     bool      // it hears of test customers too
	Secret    []byte    // sealed
	OldSecret []byte    // sealed; empty: none
	OldUntil  time.Time // wall time until which OldSecret signs too
	KeyID     string
	CreatedAt time.Time
	CreatedBy string
	Version   int64
}

// WebhookEvent is a message as it is sent, the same to every endpoint and in
// every attempt.
type WebhookEvent struct {
	ID   string // of the log's entry; the webhook-id
	Type string
	At   time.Time
	Body string // JSON
}

// Delivery is a message on its way to one endpoint: the work, and what is sent.
type Delivery struct {
	Work  offboarding.Work
	Event WebhookEvent
}

// Status is what the endpoint answered last; 0 if it never did.
func (d Delivery) Status() int {
	var said struct{ Status int }
	if json.Unmarshal([]byte(d.Work.Evidence), &said) != nil {
		return 0
	}
	return said.Status
}

// WebhookTx keeps endpoints and the messages for them.
type WebhookTx interface {
	InsertWebhook(ctx context.Context, w Webhook) error
	FindWebhook(ctx context.Context, id string) (Webhook, error)
	SaveWebhook(ctx context.Context, w *Webhook) error
	ListWebhooks(ctx context.Context) ([]Webhook, error) // oldest first
	ActiveWebhooks(ctx context.Context) ([]Webhook, error)
	// InsertWebhookEvent stores a message unless it is there.
	InsertWebhookEvent(ctx context.Context, e WebhookEvent) error
	FindWebhookEvent(ctx context.Context, id string) (WebhookEvent, error)
	// DeliveriesOf returns the deliveries of a system (WebhookSystem and the id of
	// an endpoint), newest first; of every state when it is empty.
	DeliveriesOf(ctx context.Context, system string, s offboarding.WorkState, p Place) ([]Delivery, error)
	// RestSystem lets every work of the system that waits rest until then (wall).
	RestSystem(ctx context.Context, system string, until time.Time) error
}

// Caller posts a message to an address and returns the status of the answer,
// and how long it asked us to wait. Errors: fault.Invalid when the address may
// not be called, fault.Transient when no answer came.
type Caller interface {
	Post(ctx context.Context, to string, header map[string]string, body []byte) (status int, wait time.Duration, err error)
}

// Bounds of endpoints and their secrets.
const (
	maxWebhooks = 50
	maxPatterns = 50
	// OldSecretLife is how long the old secret goes on after a new one was made,
	// if nothing else is said.
	OldSecretLife = 24 * time.Hour
	maxOldSecret  = 30 * 24 * time.Hour
)

// AddWebhookInput is a new endpoint.
type AddWebhookInput struct {
	URL    string
	Events string // patterns, separated by spaces, commas or lines
	Tests  bool   // of test customers too
}

// AddWebhook adds an endpoint and returns its secret, which is shown this once.
func (a *App) AddWebhook(ctx context.Context, by Actor, in AddWebhookInput) (w Webhook, secret string, err error) {
	if err := by.mayOrder("webhook"); err != nil {
		return w, "", err
	}
	var l fault.List
	address, ferr := a.hookURL(in.URL)
	l = appendFault(l, ferr)
	events, ferr := patterns(in.Events)
	if l = appendFault(l, ferr); len(l) > 0 {
		return w, "", l
	}
	key := webhook.NewSecret()
	w = Webhook{ID: id.New("whk"), URL: address.String(), Events: events, Active: true, Tests: in.Tests, CreatedBy: actorOr(by.ID), Version: 1}
	if err := a.sealHook(ctx, &w, key); err != nil {
		return w, "", err
	}
	err = a.tx(ctx, func(tx Tx) error {
		all, err := tx.ListWebhooks(ctx)
		if err != nil {
			return err
		}
		if len(all) >= maxWebhooks {
			return fault.New(fault.Blocked, "webhook.too_many", "max", maxWebhooks)
		}
		w.CreatedAt = tx.Now()
		if err := tx.InsertWebhook(ctx, w); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"webhook.added", actorOr(by.ID), "", house, map[string]any{
			"webhook": w.ID, "host": address.Host, "events": w.Events, "tests": w.Tests,
		}})
	})
	return w, key.Reveal(), err
}

// hookURL reads the address of an endpoint. Where it leads is judged at each
// call: a name may mean another machine tomorrow.
func (a *App) hookURL(s string) (*url.URL, *fault.Error) {
	s, ferr := customer.CheckText("url", s, 2000, false)
	if ferr != nil {
		return nil, ferr
	}
	if s == "" {
		return nil, fault.New(fault.Invalid, "field.required").On("url")
	}
	u, err := url.Parse(s)
	switch {
	case err != nil, u.Hostname() == "", u.User != nil, u.Fragment != "", u.Opaque != "", u.Scheme != "https" && u.Scheme != "http":
		return nil, fault.New(fault.Invalid, "webhook.url").On("url")
	case u.Scheme == "http" && !a.plain:
		return nil, fault.New(fault.Invalid, "webhook.plain").On("url")
	}
	return u, nil
}

// patterns reads which events an endpoint wants; each must mean one that is
// sent.
func patterns(s string) ([]string, *fault.Error) {
	s, ferr := customer.CheckText("events", s, 4000, true)
	if ferr != nil {
		return nil, ferr
	}
	list := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" ,;\r\n\t", r) })
	slices.Sort(list)
	list = slices.Compact(list)
	switch {
	case len(list) == 0:
		return nil, fault.New(fault.Invalid, "field.required").On("events")
	case len(list) > maxPatterns:
		return nil, fault.New(fault.Invalid, "webhook.too_many", "max", maxPatterns).On("events")
	}
	for _, p := range list {
		if !slices.ContainsFunc(EventTypes, func(e EventType) bool { return e.Sent && webhook.Matches(p, e.Type) }) {
			return nil, fault.New(fault.Invalid, "webhook.pattern", "pattern", p).On("events")
		}
	}
	return list, nil
}

// sealHook puts a secret under the house's key.
func (a *App) sealHook(ctx context.Context, w *Webhook, s webhook.Secret) (err error) {
	if w.KeyID, err = a.keys.KeyFor(ctx, house, "account"); err != nil {
		return err
	}
	w.Secret, err = a.keys.Seal(ctx, w.KeyID, []byte(s.Reveal()), []byte(w.ID))
	return err
}

// hookSecrets opens the secrets that sign now, the newest first.
func (a *App) hookSecrets(ctx context.Context, w Webhook, wall time.Time) ([]webhook.Secret, error) {
	sealed := [][]byte{w.Secret}
	if len(w.OldSecret) > 0 && wall.Before(w.OldUntil) {
		sealed = append(sealed, w.OldSecret)
	}
	out := make([]webhook.Secret, len(sealed))
	for i, b := range sealed {
		plain, err := a.keys.Open(ctx, w.KeyID, b, []byte(w.ID))
		if err != nil {
			return nil, err
		}
		if out[i], err = webhook.ParseSecret(string(plain)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// RotateWebhook makes a new secret, which is shown this once. The old one goes
// on signing beside it for keep (wall time); one that was still going on from
// an earlier rotation ends now.
func (a *App) RotateWebhook(ctx context.Context, by Actor, hook string, keep time.Duration) (secret string, until time.Time, err error) {
	if err := by.mayOrder("webhook"); err != nil {
		return "", until, err
	}
	if keep < 0 || keep > maxOldSecret {
		return "", until, fault.New(fault.Invalid, "webhook.keep", "days", int(maxOldSecret/(24*time.Hour))).On("keep")
	}
	key := webhook.NewSecret()
	err = a.tx(ctx, func(tx Tx) error {
		w, err := tx.FindWebhook(ctx, hook)
		if err != nil {
			return err
		}
		// Both are sealed with the key of now: the house's may have been replaced.
		old, err := a.hookSecrets(ctx, w, time.Time{})
		if err != nil {
			return err
		}
		if err := a.sealHook(ctx, &w, old[0]); err != nil {
			return err
		}
		w.OldSecret, w.OldUntil = w.Secret, tx.Wall().Add(keep)
		if err := a.sealHook(ctx, &w, key); err != nil {
			return err
		}
		until = w.OldUntil
		if err := tx.SaveWebhook(ctx, &w); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"webhook.rotated", actorOr(by.ID), "", house, map[string]any{
			"webhook": w.ID, "old_until": until.UTC().Format(time.RFC3339),
		}})
	})
	return key.Reveal(), until, err
}

// SwitchWebhook turns an endpoint off, or on again. What waits for one that is
// off is given up when its time comes, and can be sent again later.
func (a *App) SwitchWebhook(ctx context.Context, by Actor, hook string, on bool) error {
	if err := by.mayOrder("webhook"); err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		w, err := tx.FindWebhook(ctx, hook)
		if err != nil || w.Active == on {
			return err
		}
		if on {
			w.Active, w.OffWhy = true, ""
			if err := tx.SaveWebhook(ctx, &w); err != nil {
				return err
			}
			return a.record(ctx, tx, fact{"webhook.enabled", actorOr(by.ID), "", house, map[string]any{"webhook": w.ID}})
		}
		return a.turnOff(ctx, tx, w, actorOr(by.ID), "webhook.off")
	})
}

func (a *App) turnOff(ctx context.Context, tx Tx, w Webhook, by, why string) error {
	w.Active, w.OffWhy = false, why
	if err := tx.SaveWebhook(ctx, &w); err != nil {
		return err
	}
	return a.record(ctx, tx, fact{"webhook.disabled", by, "", house, map[string]any{"webhook": w.ID, "why": why}})
}

// Webhooks lists the endpoints, oldest first, with the names of the people who
// added them and the wall time. Their secrets stay sealed.
func (a *App) Webhooks(ctx context.Context, by Actor) (list []Webhook, users map[string]string, wall time.Time, err error) {
	return credentials(ctx, a, by, "webhook", Tx.ListWebhooks)
}
