package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/when"
)

type addContact struct {
	Customer string `path:"customer"`
	Body     ContactInput
}

// OneContact is the path of a contact.
type OneContact struct {
	Customer string `path:"customer"`
	Contact  string `path:"contact"`
}

type editContact struct {
	OneContact
	Body struct {
		Version  int64   `json:"version,omitempty" minimum:"0"`
		Name     *string `json:"name,omitempty" maxLength:"200"`
		Email    *string `json:"email,omitempty" maxLength:"254"`
		Role     *string `json:"role,omitempty" enum:"owner,billing,admin,user"`
		Language *string `json:"language,omitempty" maxLength:"35"`
	} `nameHint:"ContactPatch"`
}

type addSubscription struct {
	Customer string `path:"customer"`
	Body     SubscriptionInput
}

// editSubscription changes a contract; an empty date is no date.
type editSubscription struct {
	Customer     string `path:"customer"`
	Subscription string `path:"subscription"`
	Body         struct {
		Version    int64   `json:"version,omitempty" minimum:"0"`
		Reference  *string `json:"reference,omitempty" maxLength:"200"`
		Product    *string `json:"product,omitempty" maxLength:"200"`
		Plan       *string `json:"plan,omitempty" maxLength:"200"`
		Amount     *Money  `json:"amount,omitempty"`
		Interval   *string `json:"interval,omitempty" enum:"week,month,quarter,half,year"`
		Start      *string `json:"start,omitempty" format:"date"`
		PaidUntil  *string `json:"paid_until,omitempty" pattern:"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$"`
		TermEnd    *string `json:"term_end,omitempty" pattern:"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$"`
		RenewsOn   *string `json:"renews_on,omitempty" pattern:"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$"`
		LockIn     *string `json:"lock_in_until,omitempty" pattern:"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$"`
		NoticeDays *int    `json:"notice_days,omitempty" minimum:"0" maximum:"3660"`
		NotRenewed *bool   `json:"not_renewed,omitempty"`
		Status     *string `json:"status,omitempty" enum:"active,cancelling,ended"`
		Billed     *string `json:"billed,omitempty" enum:"ahead,behind,delivery"`

		TaxPercent     *string `json:"tax_percent,omitempty" pattern:"^[0-9]{1,3}([.][0-9]{1,2})?$"`
		TaxOnTop       *bool   `json:"tax_on_top,omitempty"`
		TrialUntil     *string `json:"trial_until,omitempty" pattern:"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$"`
		ExitFee        *string `json:"exit_fee,omitempty" enum:",fixed,benefit,remaining,device"`
		ExitFeeFor     *string `json:"exit_fee_for,omitempty" maxLength:"200"`
		ExitFeeFrom    *string `json:"exit_fee_from,omitempty" pattern:"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$"`
		ExitFeeMinor   *int64  `json:"exit_fee_minor,omitempty" minimum:"0"`
		ExitFeePercent *int64  `json:"exit_fee_percent,omitempty" minimum:"0" maximum:"100"`
		BenefitMinor   *int64  `json:"benefit_minor,omitempty" minimum:"0"`
		TellsUsers     *bool   `json:"tells_users,omitempty"`

		MinimumUntil *string       `json:"minimum_until,omitempty" pattern:"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$"`
		LaterPrices  *[]LaterPrice `json:"later_prices,omitempty" maxItems:"24"`
	} `nameHint:"SubscriptionPatch"`
}

type externalID struct {
	Customer string `path:"customer"`
	Body     ExternalID
}

// people are the routes of contacts, contracts and numbers elsewhere.
func (a *API) people(h huma.API) {
	to := func(id, method, path string) route {
		return route{ID: id, Method: method, Path: "/v1/customers/{customer}" + path, Scopes: []string{"customers:write"}, Tag: "customers", Fields: moneyFields}
	}
	making := func(r route) route { r.Status = http.StatusCreated; return r }
	on(h, a, making(to("add-contact", http.MethodPost, "/contacts")), func(ctx context.Context, by app.Actor, in *addContact) (*made, error) {
		return part(in.Customer, func() (customer.ContactID, error) {
			return a.App.AddContact(ctx, by, in.Body.input(customer.ID(in.Customer)))
		})
	})
	on(h, a, to("edit-contact", http.MethodPatch, "/contacts/{contact}"), func(ctx context.Context, by app.Actor, in *editContact) (*done, error) {
		b := in.Body
		return act("cus", in.Customer, func() error {
			return a.App.EditContact(ctx, by, app.ContactPatch{
				Customer: customer.ID(in.Customer), Contact: customer.ContactID(in.Contact), Version: b.Version, Name: b.Name, Email: b.Email,
				Role: (*customer.Role)(b.Role), Language: b.Language,
			})
		})
	})
	on(h, a, to("remove-contact", http.MethodPost, "/contacts/{contact}/remove"), func(ctx context.Context, by app.Actor, in *OneContact) (*done, error) {
		return act("cus", in.Customer, func() error {
			return a.App.RemoveContact(ctx, by, app.ContactRemoval{Customer: customer.ID(in.Customer), Contact: customer.ContactID(in.Contact)})
		})
	})
	on(h, a, making(to("add-subscription", http.MethodPost, "/subscriptions")), func(ctx context.Context, by app.Actor, in *addSubscription) (*made, error) {
		s, err := in.Body.input(customer.ID(in.Customer), "")
		if err != nil {
			return nil, err
		}
		return part(in.Customer, func() (customer.SubscriptionID, error) { return a.App.AddSubscription(ctx, by, s) })
	})
	on(h, a, to("edit-subscription", http.MethodPatch, "/subscriptions/{subscription}"), func(ctx context.Context, by app.Actor, in *editSubscription) (*done, error) {
		patch, err := in.patch()
		if err != nil {
			return nil, err
		}
		return act("cus", in.Customer, func() error { return a.App.EditSubscription(ctx, by, patch) })
	})
	on(h, a, to("add-external-id", http.MethodPost, "/external-ids"), func(ctx context.Context, by app.Actor, in *externalID) (*done, error) {
		return act("cus", in.Customer, func() error { return a.App.AddExternalID(ctx, by, in.Body.input(customer.ID(in.Customer))) })
	})
	on(h, a, to("remove-external-id", http.MethodPost, "/external-ids/remove"), func(ctx context.Context, by app.Actor, in *externalID) (*done, error) {
		return act("cus", in.Customer, func() error { return a.App.RemoveExternalID(ctx, by, in.Body.input(customer.ID(in.Customer))) })
	})
}

func (in *editSubscription) patch() (app.SubscriptionPatch, error) {
	b := in.Body
	out := app.SubscriptionPatch{
		Customer: customer.ID(in.Customer), Subscription: customer.SubscriptionID(in.Subscription), Version: b.Version, Reference: b.Reference,
		Product: b.Product, Plan: b.Plan, Interval: (*customer.Interval)(b.Interval), NoticeDays: b.NoticeDays, NotRenewed: b.NotRenewed, Status: (*customer.Status)(b.Status),
		Billed: (*customer.Invoicing)(b.Billed),
	}
	out.Terms = app.TermsPatch{
		TaxOnTop: b.TaxOnTop, Fee: (*customer.FeeKind)(b.ExitFee), FeeFor: b.ExitFeeFor, FeeSum: b.ExitFeeMinor, FeePercent: b.ExitFeePercent, Given: b.BenefitMinor,
		TellsUsers: b.TellsUsers,
	}
	if b.TaxPercent != nil {
		rate, err := percent(*b.TaxPercent, "tax_percent")
		if err != nil {
			return out, err
		}
		out.Terms.TaxRate = &rate
	}
	if b.LaterPrices != nil {
		list, err := laterPrices(*b.LaterPrices, "")
		if err != nil {
			return out, err
		}
		out.Terms.Prices = &list
	}
	if b.Amount != nil {
		sum := b.Amount.amount()
		out.Amount = &sum
	}
	list := map[string]day{}
	for field, d := range map[string]struct {
		sent *string
		into **when.Date
	}{
		"start": {b.Start, &out.Start}, "paid_until": {b.PaidUntil, &out.PaidUntil}, "term_end": {b.TermEnd, &out.TermEnd},
		"renews_on": {b.RenewsOn, &out.RenewsOn}, "lock_in_until": {b.LockIn, &out.LockIn},
		"trial_until": {b.TrialUntil, &out.Terms.Trial}, "exit_fee_from": {b.ExitFeeFrom, &out.Terms.FeeFrom},
		"minimum_until": {b.MinimumUntil, &out.Terms.Minimum},
	} {
		if d.sent != nil {
			*d.into = &when.Date{}
			list[field] = day{d.sent, *d.into}
		}
	}
	return out, days("", list)
}
