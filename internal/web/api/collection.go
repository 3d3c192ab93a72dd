package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/collection"
	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// Collection is how what is owed in a departure stands.
type Collection struct {
	Owed         []Balance        `json:"owed"`
	Stopped      bool             `json:"stopped"`
	Reminders    int              `json:"reminders"`
	Promises     []PaymentPromise `json:"promises"`
	PromiseUntil string           `json:"promise_until,omitempty"`
	WriteOffStep string           `json:"write_off_step,omitempty"`
}

// PaymentPromise is a day by which the customer said that they will have paid.
type PaymentPromise struct {
	ID     string     `json:"id"`
	On     string     `json:"on"`
	State  string     `json:"state" enum:"waiting,kept,broken,released"`
	MadeAt time.Time  `json:"made_at"`
	MadeBy string     `json:"made_by"`
	OverAt *time.Time `json:"over_at,omitempty"`
}

func viewCollection(x app.Collection) Collection {
	return Collection{
		Owed: each(x.Owed, viewBalance), Stopped: x.Stopped, Reminders: x.Sent, PromiseUntil: x.Last.String(), WriteOffStep: x.WriteOff,
		Promises: each(x.Promises, func(p collection.Promise) PaymentPromise {
			return PaymentPromise{string(p.ID), p.On.String(), string(p.State), p.MadeAt, p.MadeBy, at(p.OverAt)}
		}),
	}
}

type collectionBody struct{ Body Collection }

type promisePayment struct {
	Case string `path:"case"`
	Body struct {
		On string `json:"on" format:"date"`
	} `nameHint:"PromiseInput"`
}

type proposeWriteOff struct {
	Case string `path:"case"`
	Body struct {
		Balances []string `json:"balances,omitempty" maxItems:"200"`
		Why      string   `json:"why" minLength:"1" maxLength:"4000"`
	} `nameHint:"WriteOffInput"`
}

func (a *API) collection(h huma.API) {
	on(h, a, route{ID: "get-case-collection", Method: http.MethodGet, Path: "/v1/cases/{case}/collection", Scopes: []string{"statements:read"}, Tag: "cases"},
		func(ctx context.Context, by app.Actor, in *oneCase) (*collectionBody, error) {
			x, err := a.App.CollectionOf(ctx, by, offboarding.CaseID(in.Case))
			return &collectionBody{viewCollection(x)}, err
		})
	on(h, a, route{ID: "promise-payment", Method: http.MethodPost, Path: "/v1/cases/{case}/collection/promise", Scopes: stepScopes, Tag: "cases"},
		func(ctx context.Context, by app.Actor, in *promisePayment) (*done, error) {
			var payOn when.Date
			if err := days("", map[string]day{"on": {&in.Body.On, &payOn}}); err != nil {
				return nil, err
			}
			return act("case", in.Case, func() error { return a.App.RecordPromise(ctx, by, offboarding.CaseID(in.Case), payOn) })
		})
	on(h, a, route{ID: "propose-write-off", Method: http.MethodPost, Path: "/v1/cases/{case}/collection/write-off", Scopes: stepScopes, Tag: "cases"},
		func(ctx context.Context, by app.Actor, in *proposeWriteOff) (*done, error) {
			return act("case", in.Case, func() error {
				return a.App.ProposeWriteOff(ctx, by, app.WriteOffInput{
					Case: offboarding.CaseID(in.Case), Why: in.Body.Why,
					Balances: each(in.Body.Balances, func(id string) customer.BalanceID { return customer.BalanceID(id) }),
				})
			})
		})
}
