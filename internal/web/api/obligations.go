package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/obligation"
	"hastaluego/internal/offboarding"
)

// Obligation is something that was lent to a customer and is to come back.
type Obligation struct {
	ID       string `json:"id"`
	Kind     string `json:"kind"`
	Name     string `json:"name"`
	Due      string `json:"due" format:"date"`
	State    string `json:"state" enum:"open,returned,charged,waived"`
	OverOn   string `json:"over_on,omitempty" format:"date"`
	Receipt  string `json:"receipt,omitempty"`
	Charge   *Money `json:"charge,omitempty"`
	Evidence string `json:"evidence,omitempty"`
}

func viewObligation(words bool) func(obligation.Obligation) Obligation {
	return func(o obligation.Obligation) Obligation {
		out := Obligation{
			ID: string(o.ID), Kind: o.Kind, Name: o.Name, Due: o.Due.String(), State: string(o.State), OverOn: o.Over.String(), Receipt: o.Receipt,
		}
		if o.Charge.Currency != "" {
			m := viewMoney(o.Charge)
			out.Charge = &m
		}
		if words {
			out.Evidence = o.Evidence
		}
		return out
	}
}

type obligationList struct {
	Body struct {
		Items []Obligation `json:"items"`
	} `nameHint:"ObligationList"`
}

type endObligation struct {
	Case       string `path:"case"`
	Obligation string `path:"obligation"`
	Body       struct {
		State    string `json:"state" enum:"returned,charged,waived"`
		Evidence string `json:"evidence" minLength:"1" maxLength:"4000"`
		Amount   *Money `json:"amount,omitempty"`
	} `nameHint:"ObligationEnd"`
}

// obligations are the routes of what comes back in kind.
func (a *API) obligations(h huma.API) {
	const path = "/v1/cases/{case}/obligations"
	on(h, a, route{ID: "list-obligations", Method: http.MethodGet, Path: path, Scopes: []string{"cases:read"}, Tag: "cases"},
		func(ctx context.Context, by app.Actor, in *oneCase) (*obligationList, error) {
			c, err := a.openCase(ctx, by, in.Case)
			out := &obligationList{}
			out.Body.Items = each(c.Returns.List, viewObligation(by.MayRead("note")))
			return out, err
		})
	on(h, a, route{ID: "end-obligation", Method: http.MethodPost, Path: path + "/{obligation}/end", Scopes: []string{"cases:act"}, Tag: "cases"},
		func(ctx context.Context, by app.Actor, in *endObligation) (*done, error) {
			if err := known("case", in.Case); err != nil {
				return nil, err
			}
			end := app.ObligationEnd{
				Case: offboarding.CaseID(in.Case), Obligation: obligation.ID(in.Obligation), State: obligation.State(in.Body.State), Evidence: in.Body.Evidence,
			}
			if in.Body.Amount != nil {
				end.Charge = in.Body.Amount.amount()
			}
			return act("obl", in.Obligation, func() error { return a.App.EndObligation(ctx, by, end) })
		})
}
