package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/retrieval"
)

// Copy is a copy of their data that a customer asked for without leaving.
type Copy struct {
	ID       string      `json:"id"`
	Code     string      `json:"code"`
	Customer string      `json:"customer"`
	State    string      `json:"state" enum:"joined,waiting,open,stopped,over"`
	AskedAt  time.Time   `json:"asked_at"`
	OpenedAt *time.Time  `json:"opened_at,omitempty"`
	ReadyAt  *time.Time  `json:"ready_at,omitempty"`
	Fetched  bool        `json:"fetched"`
	Until    string      `json:"until,omitempty" format:"date"`
	OverAt   *time.Time  `json:"over_at,omitempty"`
	Limits   []TimeLimit `json:"limits"`
}

func viewCopy(c app.CopyView) Copy {
	return Copy{
		string(c.ID), c.Code, string(c.Customer), string(c.State), c.AskedAt, at(c.OpenedAt), at(c.Ready), c.Fetched, c.Last.String(), at(c.OverAt), each(c.Limits, viewLimit),
	}
}

type copyList struct {
	Body struct {
		Items []Copy `json:"items"`
	} `nameHint:"CopyList"`
}

type copyBody struct{ Body Copy }

type makeCopy struct {
	Customer string `path:"customer"`
	Body     struct {
		How string `json:"how" minLength:"1" maxLength:"400"`
	} `nameHint:"CopyInput"`
}

func (a *API) copies(h huma.API) {
	read := []string{"customers:read"}
	on(h, a, route{ID: "list-copies", Method: http.MethodGet, Path: "/v1/customers/{customer}/copies", Scopes: read, Tag: "customers"},
		func(ctx context.Context, by app.Actor, in *oneCustomer) (*copyList, error) {
			if err := known("cus", in.Customer); err != nil {
				return nil, err
			}
			list, err := a.App.CopiesOf(ctx, by, customer.ID(in.Customer))
			out := &copyList{}
			out.Body.Items = each(list, viewCopy)
			return out, err
		})
	on(h, a, route{ID: "get-copy", Method: http.MethodGet, Path: "/v1/copies/{copy}", Scopes: read, Tag: "customers"},
		func(ctx context.Context, by app.Actor, in *struct {
			Copy string `path:"copy"`
		},
		) (*copyBody, error) {
			if err := known("cpy", in.Copy); err != nil {
				return nil, err
			}
			c, err := a.App.OneCopy(ctx, by, retrieval.ID(in.Copy))
			return &copyBody{viewCopy(c)}, err
		})
	on(h, a, route{ID: "make-copy", Method: http.MethodPost, Path: "/v1/customers/{customer}/copies", Scopes: []string{"requests:write"}, Tag: "customers", Status: http.StatusCreated},
		func(ctx context.Context, by app.Actor, in *makeCopy) (*made, error) {
			if err := known("cus", in.Customer); err != nil {
				return nil, err
			}
			id, err := a.App.MakeCopy(ctx, by, app.MakeCopyInput{Customer: customer.ID(in.Customer), How: in.Body.How})
			return madeAt("/v1/copies/", string(id)), err
		})
}
