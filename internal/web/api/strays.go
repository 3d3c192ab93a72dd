package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/stray"
)

// Stray is something that happened after the end of a departure.
type Stray struct {
	ID         string     `json:"id"`
	Case       string     `json:"case"`
	Customer   string     `json:"customer"`
	Kind       string     `json:"kind" enum:"charge,running,use,sign_in"`
	System     string     `json:"system"`
	Number     string     `json:"number"`
	About      string     `json:"about"`
	HappenedAt time.Time  `json:"happened_at"`
	FoundAt    time.Time  `json:"found_at"`
	Amount     *Money     `json:"amount,omitempty"`
	Back       *Money     `json:"back,omitempty"`
	Taken      bool       `json:"taken"`
	State      string     `json:"state" enum:"open,refunding,refunded,resolved"`
	Step       string     `json:"step"`
	Ways       []string   `json:"ways"`
	OverAt     *time.Time `json:"over_at,omitempty"`
	OverBy     string     `json:"over_by,omitempty"`
}

func viewStray(v app.StrayView) Stray {
	out := Stray{
		ID: string(v.ID), Case: v.Case, Customer: v.Customer, Kind: string(v.Kind), System: v.System, Number: v.Far, About: v.About,
		HappenedAt: v.HappenedAt, FoundAt: v.FoundAt, Taken: v.Taken, State: string(v.State), Step: v.Step, OverAt: at(v.OverAt), OverBy: v.OverBy,
		Ways: each(v.Ways, func(w app.StrayWay) string { return string(w) }),
	}
	if v.Kind == stray.Charge {
		charged, back := viewMoney(v.Amount), viewMoney(v.Back)
		out.Amount, out.Back = &charged, &back
	}
	return out
}

type listStrays struct {
	Page
	State string `query:"state" enum:"open,refunding,refunded,resolved"`
}

type strayList struct {
	Body struct {
		Items []Stray `json:"items"`
		Next  string  `json:"next,omitempty"`
	} `nameHint:"Strays"`
}

type decideStray struct {
	Case  string `path:"case"`
	Stray string `path:"stray"`
	Body  struct {
		Way string `json:"way" enum:"seen,refund,hand"`
		Why string `json:"why" minLength:"1" maxLength:"4000"`
	} `nameHint:"StrayDecision"`
}

func (a *API) strays(h huma.API) {
	on(h, a, route{ID: "list-strays", Method: http.MethodGet, Path: "/v1/strays", Scopes: []string{"cases:read"}, Tag: "cases"},
		func(ctx context.Context, by app.Actor, in *listStrays) (*strayList, error) {
			p, err := in.place("strays", "str")
			if err != nil {
				return nil, err
			}
			list, next, err := a.App.ListStrays(ctx, by, stray.State(in.State), stray.ID(p.After), p.Limit)
			out := &strayList{}
			out.Body.Items, out.Body.Next = each(list, viewStray), cursor("strays", string(next))
			return out, err
		})
	on(h, a, route{ID: "decide-stray", Method: http.MethodPost, Path: "/v1/cases/{case}/strays/{stray}/decide", Scopes: stepScopes, Tag: "cases"},
		func(ctx context.Context, by app.Actor, in *decideStray) (*done, error) {
			return act("case", in.Case, func() error {
				return a.App.DecideStray(ctx, by, app.StrayDecision{Case: offboarding.CaseID(in.Case), Stray: stray.ID(in.Stray), Way: app.StrayWay(in.Body.Way), Why: in.Body.Why})
			})
		})
}
