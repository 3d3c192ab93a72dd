package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
)

// Webhook is an endpoint that hears of departures, without its secret.
type Webhook struct {
	ID             string     `json:"id"`
	URL            string     `json:"url"`
	Events         []string   `json:"events"`
	Active         bool       `json:"active"`
	Tests          bool       `json:"tests,omitempty"`
	Off            string     `json:"off,omitempty"`
	OldSecretUntil *time.Time `json:"old_secret_until,omitempty"`
	CreatedAt      time.Time  `json:"created_at"`
	CreatedBy      string     `json:"created_by"`
}

func viewWebhook(w app.Webhook, wall time.Time) Webhook {
	v := Webhook{ID: w.ID, URL: w.URL, Events: texts(w.Events), Active: w.Active, Tests: w.Tests, Off: w.OffWhy, CreatedAt: w.CreatedAt, CreatedBy: w.CreatedBy}
	if len(w.OldSecret) > 0 && wall.Before(w.OldUntil) {
		v.OldSecretUntil = &w.OldUntil
	}
	return v
}

// WebhookDelivery is one message on its way to an endpoint.
type WebhookDelivery struct {
	ID      string     `json:"id"`
	Event   string     `json:"event"`
	Type    string     `json:"type"`
	At      time.Time  `json:"at"`
	State   string     `json:"state" enum:"ready,running,uncertain,failed,done,verified,attested,undone,cancelled"`
	Tries   int        `json:"tries"`
	RetryAt *time.Time `json:"retry_at,omitempty"`
	Status  int        `json:"status,omitempty"`
	Error   string     `json:"error,omitempty"`
}

func viewDelivery(d app.Delivery) WebhookDelivery {
	return WebhookDelivery{
		string(d.Work.ID), d.Event.ID, d.Event.Type, d.Event.At, string(d.Work.State), d.Work.Tries, at(d.Work.RetryAt), d.Status(), d.Work.LastError,
	}
}

type webhookList struct {
	Body struct {
		Items []Webhook `json:"items"`
	} `nameHint:"WebhookList"`
}

type addWebhook struct {
	Body struct {
		URL    string   `json:"url" minLength:"1" maxLength:"2000"`
		Events []string `json:"events" minItems:"1" maxItems:"50"`
		Tests  bool     `json:"tests,omitempty"`
	} `nameHint:"WebhookInput"`
}

type madeWebhook struct {
	Location string `header:"Location"`
	Body     struct {
		ID     string `json:"id"`
		Secret string `json:"secret"`
	} `nameHint:"WebhookMade"`
}

// OneWebhook is the path of an endpoint.
type OneWebhook struct {
	Webhook string `path:"webhook"`
}

type rotateWebhook struct {
	OneWebhook
	Body struct {
		KeepHours *int `json:"keep_hours,omitempty" minimum:"0" maximum:"720"`
	} `nameHint:"RotateInput"`
}

type rotated struct {
	Body struct {
		Secret         string    `json:"secret"`
		OldSecretUntil time.Time `json:"old_secret_until"`
	} `nameHint:"WebhookSecret"`
}

type listDeliveries struct {
	OneWebhook
	Page
}

type deliveryList struct {
	Body struct {
		Items []WebhookDelivery `json:"items"`
		Next  string            `json:"next,omitempty"`
	} `nameHint:"DeliveryList"`
}

type redeliver struct {
	OneWebhook
	Body struct {
		Delivery string `json:"delivery,omitempty" maxLength:"100"`
	} `nameHint:"RedeliverInput"`
}

type redelivered struct {
	Body struct {
		Messages int `json:"messages"`
	} `nameHint:"Redelivered"`
}

func (a *API) webhooks(h huma.API) {
	read, write := []string{"webhooks:read"}, []string{"webhooks:write"}
	verb := func(id, verb string) route {
		return route{ID: id, Method: http.MethodPost, Path: "/v1/webhooks/{webhook}/" + verb, Scopes: write, Tag: "webhooks", Fields: map[string]string{"keep": "/keep_hours"}}
	}
	on(h, a, route{ID: "list-webhooks", Method: http.MethodGet, Path: "/v1/webhooks", Scopes: read, Tag: "webhooks"},
		func(ctx context.Context, by app.Actor, _ *nothing) (*webhookList, error) {
			list, _, wall, err := a.App.Webhooks(ctx, by)
			out := &webhookList{}
			out.Body.Items = each(list, func(w app.Webhook) Webhook { return viewWebhook(w, wall) })
			return out, err
		})
	on(h, a, route{ID: "add-webhook", Method: http.MethodPost, Path: "/v1/webhooks", Scopes: write, Tag: "webhooks", Status: http.StatusCreated},
		func(ctx context.Context, by app.Actor, in *addWebhook) (*madeWebhook, error) {
			w, secret, err := a.App.AddWebhook(ctx, by, app.AddWebhookInput{URL: in.Body.URL, Events: strings.Join(in.Body.Events, " "), Tests: in.Body.Tests})
			out := &madeWebhook{Location: "/v1/webhooks"}
			out.Body.ID, out.Body.Secret = w.ID, secret
			return out, err
		})
	on(h, a, verb("rotate-webhook", "rotate"), func(ctx context.Context, by app.Actor, in *rotateWebhook) (*rotated, error) {
		if err := known("whk", in.Webhook); err != nil {
			return nil, err
		}
		keep := app.OldSecretLife
		if in.Body.KeepHours != nil {
			keep = time.Duration(*in.Body.KeepHours) * time.Hour
		}
		out := &rotated{}
		var err error
		out.Body.Secret, out.Body.OldSecretUntil, err = a.App.RotateWebhook(ctx, by, in.Webhook, keep)
		return out, err
	})
	for name, active := range map[string]bool{"disable": false, "enable": true} {
		on(h, a, verb(name+"-webhook", name), func(ctx context.Context, by app.Actor, in *OneWebhook) (*done, error) {
			return act("whk", in.Webhook, func() error { return a.App.SwitchWebhook(ctx, by, in.Webhook, active) })
		})
	}
	on(h, a, verb("test-webhook", "test"), func(ctx context.Context, by app.Actor, in *OneWebhook) (*done, error) {
		return act("whk", in.Webhook, func() error { return a.App.TestWebhook(ctx, by, in.Webhook) })
	})
	on(h, a, route{ID: "list-deliveries", Method: http.MethodGet, Path: "/v1/webhooks/{webhook}/deliveries", Scopes: read, Tag: "webhooks"},
		func(ctx context.Context, by app.Actor, in *listDeliveries) (*deliveryList, error) {
			if err := known("whk", in.Webhook); err != nil {
				return nil, err
			}
			p, err := in.place("deliveries", "work")
			if err != nil {
				return nil, err
			}
			list, next, err := a.App.PageDeliveries(ctx, by, in.Webhook, p)
			out := &deliveryList{}
			out.Body.Items, out.Body.Next = each(list, viewDelivery), cursor("deliveries", next)
			return out, err
		})
	on(h, a, verb("redeliver-webhook", "redeliver"), func(ctx context.Context, by app.Actor, in *redeliver) (*redelivered, error) {
		if err := known("whk", in.Webhook); err != nil {
			return nil, err
		}
		out := &redelivered{}
		var err error
		out.Body.Messages, err = a.App.Redeliver(ctx, by, in.Webhook, offboarding.WorkID(in.Body.Delivery))
		return out, err
	})
}
