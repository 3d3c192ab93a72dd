package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
)

// known refuses what cannot be the id of a record, before anybody looks for it.
func known(prefix, s string) error {
	if !id.Valid(prefix, s) {
		return fault.New(fault.NotFound, "not_found")
	}
	return nil
}

type listRequests struct {
	Page
	State string `query:"state" enum:"received,matched,verified,released,disowned"`
}

type requestList struct {
	Body struct {
		Items []Request `json:"items"`
		Next  string    `json:"next,omitempty"`
	} `nameHint:"RequestList"`
}

type oneRequest struct {
	Request string `path:"request"`
}

type requestBody struct{ Body Request }

type declareRequest struct {
	Body struct {
		Name      string `json:"name,omitempty" maxLength:"200"`
		Account   string `json:"account" maxLength:"254"`
		Receipt   string `json:"receipt,omitempty" maxLength:"254"`
		Reference string `json:"reference,omitempty" maxLength:"100"`
		When      string `json:"when,omitempty" enum:"now,period_end"`
		Act       string `json:"act,omitempty" enum:"cancel,withdraw"`
		Language  string `json:"language,omitempty" enum:"es,en,de,fr"`
	} `nameHint:"RequestInput"`
}

type matchRequest struct {
	Request string `path:"request"`
	Body    struct {
		Customer string `json:"customer" minLength:"1" maxLength:"100"`
	} `nameHint:"MatchInput"`
}

func (a *API) requests(h huma.API) {
	on(h, a, route{ID: "list-requests", Method: http.MethodGet, Path: "/v1/requests", Scopes: []string{"cases:read"}, Tag: "requests"},
		func(ctx context.Context, by app.Actor, in *listRequests) (*requestList, error) {
			p, err := in.place("requests", "req")
			if err != nil {
				return nil, err
			}
			list, next, err := a.App.PageRequests(ctx, by, offboarding.RequestState(in.State), p)
			out := &requestList{}
			out.Body.Items, out.Body.Next = each(list, viewRequest), cursor("requests", next)
			return out, err
		})
	on(h, a, route{ID: "get-request", Method: http.MethodGet, Path: "/v1/requests/{request}", Scopes: []string{"cases:read"}, Tag: "requests"},
		func(ctx context.Context, by app.Actor, in *oneRequest) (*requestBody, error) {
			if err := known("req", in.Request); err != nil {
				return nil, err
			}
			r, err := a.App.RequestView(ctx, by, offboarding.RequestID(in.Request))
			return &requestBody{viewRequest(r)}, err
		})
	on(h, a, route{ID: "declare-request", Method: http.MethodPost, Path: "/v1/requests", Scopes: []string{"requests:write"}, Tag: "requests", Status: http.StatusCreated},
		func(ctx context.Context, by app.Actor, in *declareRequest) (*made, error) {
			b := in.Body
			if b.Language == "" {
				b.Language = a.App.Company().Language
			}
			r, err := a.App.DeclareExit(ctx, by, app.ExitInput{
				Name: b.Name, AccountEmail: b.Account, ReceiptEmail: b.Receipt, Reference: b.Reference, When: b.When, Act: b.Act, Language: b.Language,
			})
			return madeAt("/v1/requests/", string(r.ID)), err
		})
	on(h, a, route{ID: "match-request", Method: http.MethodPost, Path: "/v1/requests/{request}/match", Scopes: []string{"requests:write"}, Tag: "requests", Status: http.StatusCreated},
		func(ctx context.Context, by app.Actor, in *matchRequest) (*made, error) {
			if err := known("req", in.Request); err != nil {
				return nil, err
			}
			if err := known("cus", in.Body.Customer); err != nil {
				return nil, err
			}
			c, err := a.App.MatchByHand(ctx, by, offboarding.RequestID(in.Request), customer.ID(in.Body.Customer))
			return madeAt("/v1/cases/", string(c)), err
		})
}
