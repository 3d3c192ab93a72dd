package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"hastaluego/internal/app"
)

type webhookCmd struct {
	Add    webhookAddCmd    `cmd:"" help:"Add an endpoint and print its secret, which is shown only now."`
	List   webhookListCmd   `cmd:"" help:"List endpoints."`
	Rotate webhookRotateCmd `cmd:"" help:"Make a new secret and print it, which is shown only now. The old one goes on beside it for a while."`
	Off    webhookOffCmd    `cmd:"" help:"Turn an endpoint off."`
	On     webhookOnCmd     `cmd:"" help:"Turn an endpoint on again."`
	Test   webhookTestCmd   `cmd:"" help:"Queue a test message; the server sends it."`
}

// webhookView is an endpoint as commands print it.
type webhookView struct {
	ID       string   `json:"id"`
	URL      string   `json:"url"`
	Events   []string `json:"events"`
	State    string   `json:"state"`         // on, off
	Why      string   `json:"why,omitempty"` // it is off
	MadeBy   string   `json:"made_by"`
	MadeAt   string   `json:"made_at"`
	OldUntil string   `json:"old_until,omitempty"` // until when the secret before signs too
	Secret   string   `json:"secret,omitempty"`
}

func viewWebhook(w app.Webhook, wall time.Time) webhookView {
	v := webhookView{ID: w.ID, URL: w.URL, Events: w.Events, State: "on", MadeBy: w.CreatedBy, MadeAt: w.CreatedAt.Format(time.RFC3339)}
	if !w.Active {
		v.State, v.Why = "off", w.OffWhy
	}
	if len(w.OldSecret) > 0 && wall.Before(w.OldUntil) {
		v.OldUntil = w.OldUntil.Format(time.RFC3339)
	}
	return v
}

type webhookAddCmd struct {
	common
	URL    string `arg:""`
	Events string `required:"" help:"Patterns of events, with commas between: case.*, step.verified, *. docs/reference/events.md lists them."`
	Tests  bool   `help:"Tell it of test customers too; their messages say test: true."`
	JSON   bool   `help:"Answer as JSON."`
}

func (c *webhookAddCmd) Run(ctx context.Context, o out) error {
	return answered(ctx, o, c.common, c.JSON, func(a *app.App) (webhookView, error) {
		w, secret, err := a.AddWebhook(ctx, app.Actor{}, app.AddWebhookInput{URL: c.URL, Events: c.Events, Tests: c.Tests})
		v := viewWebhook(w, w.CreatedAt)
		v.Secret = secret
		return v, err
	}, func(w io.Writer, v webhookView) {
		fmt.Fprintf(w, "%s hears %s\n%s\n", v.ID, strings.Join(v.Events, ", "), v.Secret)
	})
}

type webhookListCmd struct {
	common
	JSON bool `help:"Answer as JSON."`
}

func (c *webhookListCmd) Run(ctx context.Context, o out) error {
	return answered(ctx, o, c.common, c.JSON, func(a *app.App) ([]webhookView, error) {
		list, _, wall, err := a.Webhooks(ctx, app.Actor{})
		views := make([]webhookView, len(list))
		for i, w := range list {
			views[i] = viewWebhook(w, wall)
		}
		return views, err
	}, func(w io.Writer, views []webhookView) {
		for _, v := range views {
			fmt.Fprintf(w, "%s  %-3s  %s  (%s)\n", v.ID, v.State, v.URL, strings.Join(v.Events, ", "))
		}
	})
}

type webhookRotateCmd struct {
	common
	ID   string        `arg:""`
	Keep time.Duration `default:"24h" help:"How long the old secret signs beside the new one."`
	JSON bool          `help:"Answer as JSON."`
}

func (c *webhookRotateCmd) Run(ctx context.Context, o out) error {
	return answered(ctx, o, c.common, c.JSON, func(a *app.App) (map[string]string, error) {
		secret, until, err := a.RotateWebhook(ctx, app.Actor{}, c.ID, c.Keep)
		return map[string]string{"id": c.ID, "secret": secret, "old_until": until.Format(time.RFC3339)}, err
	}, func(w io.Writer, v map[string]string) {
		fmt.Fprintf(w, "%s signs with the old secret too until %s\n%s\n", c.ID, v["old_until"], v["secret"])
	})
}

// oneWebhook is a command about one endpoint that answers with its new state.
type oneWebhook struct {
	common
	ID   string `arg:""`
	JSON bool   `help:"Answer as JSON."`
}

func (c *oneWebhook) run(ctx context.Context, o out, state string, act func(*app.App) error) error {
	return answered(ctx, o, c.common, c.JSON, func(a *app.App) (map[string]string, error) {
		return map[string]string{"id": c.ID, "state": state}, act(a)
	}, func(w io.Writer, _ map[string]string) { fmt.Fprintf(w, "%s  %s\n", c.ID, state) })
}

type webhookOffCmd struct{ oneWebhook }

func (c *webhookOffCmd) Run(ctx context.Context, o out) error {
	return c.run(ctx, o, "off", func(a *app.App) error { return a.SwitchWebhook(ctx, app.Actor{}, c.ID, false) })
}

type webhookOnCmd struct{ oneWebhook }

func (c *webhookOnCmd) Run(ctx context.Context, o out) error {
	return c.run(ctx, o, "on", func(a *app.App) error { return a.SwitchWebhook(ctx, app.Actor{}, c.ID, true) })
}

type webhookTestCmd struct{ oneWebhook }

func (c *webhookTestCmd) Run(ctx context.Context, o out) error {
	return c.run(ctx, o, "queued", func(a *app.App) error { return a.TestWebhook(ctx, app.Actor{}, c.ID) })
}
