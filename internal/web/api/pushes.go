package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/bundle"
	"hastaluego/internal/customer"
	"hastaluego/internal/pushed"
)

// PushedColumn is one column of what is pushed.
type PushedColumn struct {
	Name   string            `json:"name" minLength:"1" maxLength:"100"`
	Type   string            `json:"type" enum:"string,integer,number,boolean,date,datetime,any"`
	Titles map[string]string `json:"titles,omitempty"`
	Others bool              `json:"others,omitempty"`
}

// Pushed is what a host product pushes of a customer under a name.
type Pushed struct {
	Name      string            `json:"name"`
	Push      int64             `json:"push"`
	Format    string            `json:"format" enum:"csv,ndjson,files"`
	Titles    map[string]string `json:"titles,omitempty"`
	Columns   []PushedColumn    `json:"columns,omitempty"`
	State     string            `json:"state" enum:"filling,complete"`
	Parts     int               `json:"parts"`
	Rows      int64             `json:"rows"`
	Bytes     int64             `json:"bytes"`
	BegunAt   time.Time         `json:"begun_at"`
	ChangedAt time.Time         `json:"changed_at"`
}

func viewPushed(p pushed.Push) Pushed {
	return Pushed{
		p.Name, p.Number, string(p.Format), p.Titles, each(p.Columns, func(c pushed.Column) PushedColumn {
			return PushedColumn{c.Name, string(c.Type), c.Titles, c.Others}
		}), string(p.State), p.Parts, p.Rows, p.Bytes, p.At, p.Changed,
	}
}

type pushedBody struct{ Body Pushed }

type pushedList struct {
	Body struct {
		Items []Pushed `json:"items"`
	} `nameHint:"PushedList"`
}

type onePushed struct {
	Customer string `path:"customer"`
	Pushed   string `path:"pushed" maxLength:"40"`
}

type beginPush struct {
	Customer string `path:"customer"`
	Pushed   string `path:"pushed" maxLength:"40"`
	Body     struct {
		Push    int64             `json:"push" minimum:"1" maximum:"9007199254740991"`
		Format  string            `json:"format" enum:"csv,ndjson,files"`
		Titles  map[string]string `json:"titles,omitempty"`
		Columns []PushedColumn    `json:"columns,omitempty" maxItems:"200"`
	} `nameHint:"PushInput"`
}

type pushPart struct {
	Customer string `path:"customer"`
	Pushed   string `path:"pushed" maxLength:"40"`
	Push     int64  `query:"push" required:"true" minimum:"1" maximum:"9007199254740991"`
	Part     int    `query:"part" required:"true" minimum:"1" maximum:"10000"`
	Last     bool   `query:"last"`
	File     string `query:"file" maxLength:"400"`
	RawBody  []byte `contentType:"application/octet-stream"`
}

// PushedPart is what became of a part that was pushed.
type PushedPart struct {
	Again bool   `json:"again"`
	State string `json:"state" enum:"filling,complete"`
	Parts int    `json:"parts"`
	Rows  int64  `json:"rows"`
	Bytes int64  `json:"bytes"`
}

type partBody struct{ Body PushedPart }

// pushes are the routes by which a host product hands over what no far system of ours
// can read.
func (a *API) pushes(h huma.API) {
	const path = "/v1/customers/{customer}/pushed"
	write := []string{"data:write"}
	on(h, a, route{ID: "list-pushed", Method: http.MethodGet, Path: path, Scopes: []string{"data:read"}, Tag: "customers"},
		func(ctx context.Context, by app.Actor, in *oneCustomer) (*pushedList, error) {
			if err := known("cus", in.Customer); err != nil {
				return nil, err
			}
			list, err := a.App.Pushed(ctx, by, customer.ID(in.Customer))
			out := &pushedList{}
			out.Body.Items = each(list, viewPushed)
			return out, err
		})
	on(h, a, route{ID: "begin-push", Method: http.MethodPut, Path: path + "/{pushed}", Scopes: write, Tag: "customers", Max: maxPushed, Fields: map[string]string{"name": "?pushed"}},
		func(ctx context.Context, by app.Actor, in *beginPush) (*pushedBody, error) {
			if err := known("cus", in.Customer); err != nil {
				return nil, err
			}
			p, err := a.App.BeginPush(ctx, by, pushed.Push{
				Customer: customer.ID(in.Customer), Name: in.Pushed, Number: in.Body.Push, Format: pushed.Format(in.Body.Format), Titles: in.Body.Titles,
				Columns: each(in.Body.Columns, func(c PushedColumn) pushed.Column {
					return pushed.Column{Name: c.Name, Type: bundle.FieldType(c.Type), Titles: c.Titles, Others: c.Others}
				}),
			})
			return &pushedBody{viewPushed(p)}, err
		})
	on(h, a, route{
		ID: "push-part", Method: http.MethodPost, Path: path + "/{pushed}/parts", Scopes: write, Tag: "customers", Max: pushed.PartMost + 1,
		Fields: map[string]string{"part": "?part", "file": "?file"},
	},
		func(ctx context.Context, by app.Actor, in *pushPart) (*partBody, error) {
			if err := known("cus", in.Customer); err != nil {
				return nil, err
			}
			out, err := a.App.PushPart(ctx, by, app.PartInput{
				Customer: customer.ID(in.Customer), Name: in.Pushed, Number: in.Push, Part: in.Part, Last: in.Last, File: in.File, Body: in.RawBody,
			})
			return &partBody{PushedPart{out.Again, string(out.State), out.Parts, out.Rows, out.Bytes}}, err
		})
	on(h, a, route{ID: "withdraw-pushed", Method: http.MethodPost, Path: path + "/{pushed}/withdraw", Scopes: write, Tag: "customers"},
		func(ctx context.Context, by app.Actor, in *onePushed) (*done, error) {
			return act("cus", in.Customer, func() error { return a.App.WithdrawPushed(ctx, by, customer.ID(in.Customer), in.Pushed) })
		})
}
