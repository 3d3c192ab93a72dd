package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/ending"
)

// EndingPick says which contracts end.
type EndingPick struct {
	Product string `json:"product,omitempty" maxLength:"200"`
	Plan    string `json:"plan,omitempty" maxLength:"200"`
	Country string `json:"country,omitempty" maxLength:"2"`
	Segment string `json:"segment,omitempty" maxLength:"200"`
}

// EndingWords are what customers read, in one language.
type EndingWords struct {
	Why          string `json:"why" minLength:"1" maxLength:"2000"`
	Alternatives string `json:"alternatives,omitempty" maxLength:"2000"`
}

// Ending is contracts that the company ends.
type Ending struct {
	ID        string                 `json:"id"`
	State     string                 `json:"state" enum:"proposed,approved,done,refused,stopped"`
	Pick      EndingPick             `json:"pick"`
	EndsOn    string                 `json:"ends_on" format:"date"`
	Words     map[string]EndingWords `json:"words"`
	PerMinute int                    `json:"per_minute"`
	MadeAt    time.Time              `json:"made_at"`
	MadeBy    string                 `json:"made_by"`
	DecidedBy string                 `json:"decided_by,omitempty"`
	Note      string                 `json:"note,omitempty"`
	Opened    int                    `json:"opened"`
	Passed    int                    `json:"passed"`
	Customers int                    `json:"customers,omitempty"`
}

func viewEnding(v app.EndingView) Ending {
	out := Ending{
		ID: string(v.ID), State: string(v.State), Pick: EndingPick{v.Pick.Product, v.Pick.Plan, v.Pick.Country, v.Pick.Segment}, EndsOn: v.EndsOn.String(),
		Words: map[string]EndingWords{}, PerMinute: v.PerMinute, MadeAt: v.MadeAt, MadeBy: v.MadeBy, DecidedBy: v.DecidedBy, Note: v.Note,
		Opened: v.Opened, Passed: v.Passed, Customers: v.Customers,
	}
	for lang, w := range v.Words {
		out.Words[lang] = EndingWords{w.Why, w.Alternatives}
	}
	return out
}

type endingList struct {
	Body struct {
		Items []Ending `json:"items"`
	} `nameHint:"EndingList"`
}

type oneEnding struct {
	Ending string `path:"ending"`
}

type endingBody struct{ Body Ending }

type proposeEnding struct {
	Body struct {
		Pick      EndingPick             `json:"pick"`
		EndsOn    string                 `json:"ends_on" format:"date"`
		Words     map[string]EndingWords `json:"words"`
		PerMinute int                    `json:"per_minute,omitempty" minimum:"1" maximum:"6000"`
	} `nameHint:"EndingInput"`
}

type stopEnding struct {
	Ending string `path:"ending"`
	Body   struct {
		Note string `json:"note" minLength:"1" maxLength:"2000"`
	} `nameHint:"EndingStop"`
}

type endUnpaid struct {
	Customer string `path:"customer"`
	Body     struct {
		Reference string `json:"reference" minLength:"1" maxLength:"200"`
		EndsOn    string `json:"ends_on" format:"date"`
	} `nameHint:"UnpaidInput"`
}

// endings are the routes of what the company ends. Agreeing is for a second
// person.
func (a *API) endings(h huma.API) {
	const path = "/v1/endings"
	on(h, a, route{ID: "list-endings", Method: http.MethodGet, Path: path, Scopes: []string{"endings:read"}, Tag: "endings"},
		func(ctx context.Context, by app.Actor, _ *struct{}) (*endingList, error) {
			list, err := a.App.ListEndings(ctx, by)
			out := &endingList{}
			out.Body.Items = each(list, viewEnding)
			return out, err
		})
	on(h, a, route{ID: "get-ending", Method: http.MethodGet, Path: path + "/{ending}", Scopes: []string{"endings:read"}, Tag: "endings"},
		func(ctx context.Context, by app.Actor, in *oneEnding) (*endingBody, error) {
			if err := known("end", in.Ending); err != nil {
				return nil, err
			}
			v, err := a.App.OpenEnding(ctx, by, ending.ID(in.Ending))
			return &endingBody{viewEnding(v)}, err
		})
	on(h, a, route{
		ID: "propose-ending", Method: http.MethodPost, Path: path, Scopes: []string{"endings:write"}, Tag: "endings", Status: http.StatusCreated,
		Fields: map[string]string{
			"product": "/pick/product", "plan": "/pick/plan", "country": "/pick/country", "segment": "/pick/segment", "why_es": "/words/es/why", "why_en": "/words/en/why",
			"alternatives_es": "/words/es/alternatives", "alternatives_en": "/words/en/alternatives",
			"why_de": "/words/de/why", "why_fr": "/words/fr/why", "alternatives_de": "/words/de/alternatives", "alternatives_fr": "/words/fr/alternatives",
		},
	},
		func(ctx context.Context, by app.Actor, in *proposeEnding) (*made, error) {
			b := in.Body
			x := app.EndingInput{
				Pick: ending.Pick{Product: b.Pick.Product, Plan: b.Pick.Plan, Country: b.Pick.Country, Segment: b.Pick.Segment}, PerMinute: b.PerMinute,
				Words: map[string]ending.Words{},
			}
			for lang, w := range b.Words {
				x.Words[lang] = ending.Words{Why: w.Why, Alternatives: w.Alternatives}
			}
			if err := days("", map[string]day{"ends_on": {&b.EndsOn, &x.EndsOn}}); err != nil {
				return nil, err
			}
			id, err := a.App.ProposeEnding(ctx, by, x)
			return madeAt(path+"/", string(id)), err
		})
	on(h, a, route{ID: "stop-ending", Method: http.MethodPost, Path: path + "/{ending}/stop", Scopes: []string{"endings:write"}, Tag: "endings"},
		func(ctx context.Context, by app.Actor, in *stopEnding) (*done, error) {
			return act("end", in.Ending, func() error { return a.App.StopEnding(ctx, by, ending.ID(in.Ending), in.Body.Note) })
		})
	on(h, a, route{ID: "end-unpaid", Method: http.MethodPost, Path: "/v1/customers/{customer}/unpaid", Scopes: []string{"requests:write"}, Tag: "endings", Status: http.StatusCreated},
		func(ctx context.Context, by app.Actor, in *endUnpaid) (*made, error) {
			if err := known("cus", in.Customer); err != nil {
				return nil, err
			}
			x := app.UnpaidInput{Customer: customer.ID(in.Customer), Reference: in.Body.Reference}
			if err := days("", map[string]day{"ends_on": {&in.Body.EndsOn, &x.EndsOn}}); err != nil {
				return nil, err
			}
			c, err := a.App.EndUnpaid(ctx, by, x)
			return madeAt("/v1/cases/", string(c)), err
		})
}
