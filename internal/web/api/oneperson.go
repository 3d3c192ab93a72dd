package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
)

// OnePerson says whether one person works here, so that the customer, or a time
// that is waited for, approves instead of a second one.
type OnePerson struct {
	On    bool       `json:"on"`
	Holds bool       `json:"holds"`
	Hours int        `json:"wait_hours"`
	Since *time.Time `json:"since,omitempty"`
}

// Approval is one step that was put to somebody else than a second person.
type Approval struct {
	ID      string     `json:"id"`
	Step    string     `json:"step"`
	Way     string     `json:"way" enum:"client,time"`
	State   string     `json:"state" enum:"asked,given,refused,withdrawn,void"`
	AskedAt time.Time  `json:"asked_at"`
	AskedBy string     `json:"asked_by"`
	Until   time.Time  `json:"until"`
	OverAt  *time.Time `json:"over_at,omitempty"`
	OverBy  string     `json:"over_by,omitempty"`
}

func viewApproval(v app.ApprovalView) Approval {
	return Approval{string(v.ID), v.Step, string(v.Way), string(v.State), v.AskedAt, v.AskedBy, v.Until, at(v.OverAt), v.OverBy}
}

type onePersonBody struct{ Body OnePerson }

func (a *API) onePerson(h huma.API) {
	on(h, a, route{ID: "get-one-person", Method: http.MethodGet, Path: "/v1/one-person", Scopes: []string{"cases:read"}, Tag: "steps"},
		func(ctx context.Context, _ app.Actor, _ *nothing) (*onePersonBody, error) {
			o, err := a.App.OnePerson(ctx)
			return &onePersonBody{OnePerson{o.On, o.Holds(), o.Hours, at(o.Since)}}, err
		})
}
