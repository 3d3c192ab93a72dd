package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/when"
)

type addDeliverable struct {
	Customer string `path:"customer"`
	Body     struct {
		Promised
		Subscription string `json:"subscription" minLength:"1" maxLength:"40"`
	} `nameHint:"DeliverableInput"`
}

// editDeliverable changes what was promised; an empty date is no date.
type editDeliverable struct {
	Customer    string `path:"customer"`
	Deliverable string `path:"deliverable"`
	Body        struct {
		Title     *string `json:"title,omitempty" maxLength:"200"`
		Due       *string `json:"due,omitempty" pattern:"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$"`
		Delivered *string `json:"delivered,omitempty" pattern:"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$"`
		Piece     *Piece  `json:"piece,omitempty"`
	} `nameHint:"DeliverablePatch"`
}

// Deliverable is something that was promised within an engagement.
type Deliverable struct {
	ID           string `json:"id"`
	Subscription string `json:"subscription"`
	Title        string `json:"title"`
	Due          string `json:"due,omitempty" format:"date"`
	Delivered    string `json:"delivered,omitempty" format:"date"`
	Piece        *Piece `json:"piece,omitempty"`
}

// Piece is which one of a thing it is that the client has.
type Piece struct {
	Version string `json:"version,omitempty" maxLength:"200"`
	Format  string `json:"format,omitempty" maxLength:"200"`
	SHA256  string `json:"sha256,omitempty" pattern:"^([0-9a-fA-F]{64})?$"`
}

func viewPiece(p customer.Piece) *Piece {
	if p == (customer.Piece{}) {
		return nil
	}
	return &Piece{p.Version, p.Format, p.SHA256}
}

func (p *Piece) piece() customer.Piece {
	if p == nil {
		return customer.Piece{}
	}
	return customer.Piece{Version: p.Version, Format: p.Format, SHA256: p.SHA256}
}

func viewDeliverable(d customer.Deliverable) Deliverable {
	return Deliverable{string(d.ID), string(d.Subscription), d.Title, d.Due.String(), d.Delivered.String(), viewPiece(d.Piece)}
}

// promises are the routes of what was promised within engagements.
func (a *API) promises(h huma.API) {
	write := []string{"customers:write"}
	on(h, a, route{ID: "add-deliverable", Method: http.MethodPost, Path: "/v1/customers/{customer}/deliverables", Scopes: write, Tag: "customers", Status: http.StatusCreated, Prefix: "deliverable."},
		func(ctx context.Context, by app.Actor, in *addDeliverable) (*made, error) {
			d := app.DeliverableInput{Customer: customer.ID(in.Customer), Subscription: customer.SubscriptionID(in.Body.Subscription), Title: in.Body.Title}
			if err := days("", map[string]day{"due": {&in.Body.Due, &d.Due}}); err != nil {
				return nil, err
			}
			return part(in.Customer, func() (customer.DeliverableID, error) { return a.App.AddDeliverable(ctx, by, d) })
		})
	on(h, a, route{ID: "edit-deliverable", Method: http.MethodPatch, Path: "/v1/customers/{customer}/deliverables/{deliverable}", Scopes: write, Tag: "customers", Prefix: "deliverable."},
		func(ctx context.Context, by app.Actor, in *editDeliverable) (*done, error) {
			p := app.DeliverablePatch{Customer: customer.ID(in.Customer), Deliverable: customer.DeliverableID(in.Deliverable), Title: in.Body.Title}
			if in.Body.Piece != nil {
				piece := in.Body.Piece.piece()
				p.Piece = &piece
			}
			list := map[string]day{}
			for field, d := range map[string]struct {
				sent *string
				into **when.Date
			}{"due": {in.Body.Due, &p.Due}, "delivered": {in.Body.Delivered, &p.Delivered}} {
				if d.sent != nil {
					*d.into = &when.Date{}
					list[field] = day{d.sent, *d.into}
				}
			}
			if err := days("", list); err != nil {
				return nil, err
			}
			return act("cus", in.Customer, func() error { return a.App.EditDeliverable(ctx, by, p) })
		})
}
