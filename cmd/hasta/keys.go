package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"hastaluego/internal/app"
)

type keyCmd struct {
	Add    keyAddCmd    `cmd:"" help:"Make an API key and print its token, which is shown only now."`
	List   keyListCmd   `cmd:"" help:"List API keys."`
	Revoke keyRevokeCmd `cmd:"" help:"End an API key at once, for ever."`
}

// keyView is an API key as commands print it.
type keyView struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	Scopes    []string `json:"scopes"`
	State     string   `json:"state"` // active, expired, revoked
	MadeBy    string   `json:"made_by"`
	MadeAt    string   `json:"made_at"`
	ExpiresAt string   `json:"expires_at,omitempty"`
	UsedOn    string   `json:"used_on,omitempty"` // the last day
	Token     string   `json:"token,omitempty"`
}

func viewKey(k app.APIKey, wall time.Time) keyView {
	v := keyView{ID: k.ID, Name: k.Name, Scopes: k.Scopes, State: "active", MadeBy: k.MadeBy, MadeAt: k.MadeAt.Format(time.RFC3339)}
	switch {
	case !k.RevokedAt.IsZero():
		v.State = "revoked"
	case !k.Works(wall):
		v.State = "expired"
	}
	if !k.ExpiresAt.IsZero() {
		v.ExpiresAt = k.ExpiresAt.Format(time.RFC3339)
	}
	if !k.UsedOn.IsZero() {
		v.UsedOn = k.UsedOn.Format(time.DateOnly)
	}
	return v
}

type keyAddCmd struct {
	common
	Name   string   `arg:""`
	Scopes []string `required:"" help:"What the key may do, with commas between; docs/reference/roles.md lists them."`
	Days   int      `help:"Days until the key expires; without it, never."`
	JSON   bool     `help:"Answer as JSON."`
}

func (c *keyAddCmd) Run(ctx context.Context, o out) error {
	return answered(ctx, o, c.common, c.JSON, func(a *app.App) (keyView, error) {
		k, token, err := a.MakeKey(ctx, app.Actor{}, app.KeyInput{Name: c.Name, Scopes: c.Scopes, Days: c.Days})
		v := viewKey(k, k.MadeAt)
		v.Token = token
		return v, err
	}, func(w io.Writer, v keyView) {
		fmt.Fprintf(w, "%s may %s\n%s\n", v.ID, strings.Join(v.Scopes, ", "), v.Token)
	})
}

type keyListCmd struct {
	common
	JSON bool `help:"Answer as JSON."`
}

func (c *keyListCmd) Run(ctx context.Context, o out) error {
	return answered(ctx, o, c.common, c.JSON, func(a *app.App) ([]keyView, error) {
		list, _, wall, err := a.OpenKeys(ctx, app.Actor{})
		views := make([]keyView, len(list))
		for i, k := range list {
			views[i] = viewKey(k, wall)
		}
		return views, err
	}, func(w io.Writer, views []keyView) {
		for _, v := range views {
			fmt.Fprintf(w, "%s  %-7s  %s  (%s)\n", v.ID, v.State, v.Name, strings.Join(v.Scopes, ", "))
		}
	})
}

type keyRevokeCmd struct {
	common
	ID   string `arg:""`
	JSON bool   `help:"Answer as JSON."`
}

func (c *keyRevokeCmd) Run(ctx context.Context, o out) error {
	return answered(ctx, o, c.common, c.JSON, func(a *app.App) (map[string]string, error) {
		return map[string]string{"id": c.ID, "state": "revoked"}, a.RevokeKey(ctx, app.Actor{}, c.ID)
	}, func(w io.Writer, _ map[string]string) { fmt.Fprintf(w, "%s works no more\n", c.ID) })
}
