package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/collection"
	"hastaluego/internal/customer"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// Collection is how what is owed in a departure stands.
type Collection struct {
	Owed         []Balance        `json:"owed"`
	Less         []Balance        `json:"less"`
	Gone         []Balance        `json:"gone"`
	Left         []Money          `json:"left"`
	Stopped      bool             `json:"stopped"`
	Reminders    int              `json:"reminders"`
	Promises     []PaymentPromise `json:"promises"`
	PromiseUntil string           `json:"promise_until,omitempty"`
	WriteOffStep string           `json:"write_off_step,omitempty"`
	Instalments  *Instalments     `json:"instalments,omitempty"`
}

// Instalments is paying in parts.
type Instalments struct {
	ID     string       `json:"id"`
	State  string       `json:"state" enum:"asked,proposed,agreed,refused,done,ended"`
	Sum    Money        `json:"sum"`
	MadeAt time.Time    `json:"made_at"`
	MadeBy string       `json:"made_by"`
	Parts  []Instalment `json:"parts"`
}

// Instalment is one part.
type Instalment struct {
	On     string `json:"on"`
	Amount Money  `json:"amount"`
	PaidOn string `json:"paid_on,omitempty"`
}

func viewInstalments(x *collection.Plan) *Instalments {
	if x == nil {
		return nil
	}
	return &Instalments{string(x.ID), string(x.State), viewMoney(x.Sum), x.MadeAt, x.MadeBy, each(x.Parts, func(p collection.Part) Instalment {
		return Instalment{p.On.String(), viewMoney(money.Amount{Minor: p.Minor, Currency: x.Sum.Currency}), p.Paid.String()}
	})}
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
		Owed: each(x.Owed, viewBalance), Less: each(x.Less, viewBalance), Gone: each(x.Gone, viewBalance), Left: each(x.Left, viewMoney), Stopped: x.Stopped, Reminders: x.Sent, PromiseUntil: x.Last.String(), WriteOffStep: x.WriteOff, Instalments: viewInstalments(x.Plan()),
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

type proposeInstalments struct {
	Case string `path:"case"`
	Body struct {
		Parts int    `json:"parts" minimum:"2" maximum:"12"`
		First string `json:"first" format:"date"`
	} `nameHint:"InstalmentInput"`
}

type answerInstalments struct {
	Case string `path:"case"`
	Body struct {
		Agree bool `json:"agree"`
	} `nameHint:"InstalmentAnswer"`
}

type payInstalment struct {
	Case string `path:"case"`
	Part int    `path:"part" minimum:"1" maximum:"12"`
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
	const parts = "/v1/cases/{case}/collection/instalments"
	on(h, a, route{ID: "propose-instalments", Method: http.MethodPost, Path: parts, Scopes: stepScopes, Tag: "cases"},
		func(ctx context.Context, by app.Actor, in *proposeInstalments) (*done, error) {
			var first when.Date
			if err := days("", map[string]day{"first": {&in.Body.First, &first}}); err != nil {
				return nil, err
			}
			return act("case", in.Case, func() error {
				return a.App.ProposeInstalments(ctx, by, offboarding.CaseID(in.Case), app.InstalmentInput{Parts: in.Body.Parts, First: first})
			})
		})
	on(h, a, route{ID: "answer-instalments", Method: http.MethodPost, Path: parts + "/answer", Scopes: stepScopes, Tag: "cases"},
		func(ctx context.Context, by app.Actor, in *answerInstalments) (*done, error) {
			return act("case", in.Case, func() error { return a.App.DecideInstalments(ctx, by, offboarding.CaseID(in.Case), in.Body.Agree) })
		})
	on(h, a, route{ID: "pay-instalment", Method: http.MethodPost, Path: parts + "/{part}/paid", Scopes: stepScopes, Tag: "cases"},
		func(ctx context.Context, by app.Actor, in *payInstalment) (*done, error) {
			return act("case", in.Case, func() error { return a.App.PayInstalment(ctx, by, offboarding.CaseID(in.Case), in.Part) })
		})
}
