package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/effort"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/worth"
)

// ValuePart is one line of what a customer is worth: so much in a month, for so many
// months. The parts add up to what is expected.
type ValuePart struct {
	Kind    string  `json:"kind" enum:"price,goods,incidents,hours,late"`
	Product string  `json:"product,omitempty"`
	Month   int64   `json:"month_minor"`
	Life    float64 `json:"life_months"`
	Low     float64 `json:"life_low"`
	High    float64 `json:"life_high"`
	Sum     int64   `json:"sum_minor"`
}

// Value is what a customer is expected to bring in, never without its interval.
type Value struct {
	Customer  string      `json:"customer"`
	Reference string      `json:"reference"`
	Name      string      `json:"name"`
	At        *time.Time  `json:"at,omitempty"`
	Unknown   string      `json:"unknown_because,omitempty" enum:"few_left,no_margin,no_price,currencies,too_large,not_yet"`
	Currency  string      `json:"currency,omitempty"`
	Low       *int64      `json:"low_minor,omitempty"`
	Expected  *int64      `json:"expected_minor,omitempty"`
	High      *int64      `json:"high_minor,omitempty"`
	Parts     []ValuePart `json:"parts"`
	LeftOut   []string    `json:"left_out"`
	Learned   *Learned    `json:"learned,omitempty"`
}

// Learned says what a value was learned from.
type Learned struct {
	Day      string  `json:"day" format:"date"`
	Seen     int     `json:"seen"`
	Left     int     `json:"left"`
	Horizon  int     `json:"horizon_months"`
	Discount float64 `json:"discount_percent"`
	Level    float64 `json:"level"`
}

func viewValue(w app.WorthRow) Value {
	v := Value{Customer: string(w.Customer), Reference: w.Who.Reference, Name: w.Who.Name, At: at(w.At), Unknown: string(w.Why), Currency: w.Currency, LeftOut: each(w.Left, func(k worth.Kind) string { return string(k) })}
	l := w.Learned
	v.Learned = &Learned{l.Day.String(), l.Seen, l.Left, worth.Horizon, float64(l.Discount) / 100, worth.Level}
	v.Parts = each(w.Parts, func(p worth.Part) ValuePart {
		const unit = worth.Unit
		return ValuePart{string(p.Kind), p.Product, p.Month, float64(p.Life.Months) / unit, float64(p.Life.Low) / unit, float64(p.Life.High) / unit, p.Sum}
	})
	if w.Known() {
		v.Low, v.Expected, v.High = &w.Low, &w.Sum, &w.High
	}
	return v
}

type valueBody struct{ Body Value }

type listValues struct{ Page }

type valueList struct {
	Body struct {
		Items []Value `json:"items"`
		Next  string  `json:"next,omitempty"`
	} `nameHint:"ValueList"`
}

// HoursInput is time that somebody worked for a customer.
type HoursInput struct {
	Customer  string `json:"customer" minLength:"1" maxLength:"200"`
	Day       string `json:"day" format:"date"`
	Minutes   int    `json:"minutes" minimum:"1" maximum:"1440"`
	Who       string `json:"who" minLength:"1" maxLength:"120"`
	What      string `json:"what" minLength:"1" maxLength:"1000"`
	Reference string `json:"reference,omitempty" maxLength:"100"`
}

// Hours is such time as it is on record.
type Hours struct {
	ID         string    `json:"id"`
	Day        string    `json:"day" format:"date"`
	Minutes    int       `json:"minutes"`
	Who        string    `json:"who,omitempty"`
	What       string    `json:"what,omitempty"`
	Reference  string    `json:"reference,omitempty"`
	RecordedAt time.Time `json:"recorded_at"`
	RecordedBy string    `json:"recorded_by"`
}

type addHours struct {
	Body struct {
		Hours []HoursInput `json:"hours" minItems:"1" maxItems:"1000"`
	} `nameHint:"HoursList"`
}

type addedHours struct {
	Body struct {
		Added int `json:"added"`
	} `nameHint:"HoursAdded"`
}

type hoursOf struct {
	Body struct {
		Items   []Hours `json:"items"`
		Minutes int     `json:"minutes"`
	} `nameHint:"HoursOf"`
}

type oneHours struct {
	Hours string `path:"hours"`
}

// maxHours is the size of a body with as many lines as are taken at once.
const maxHours = 2 << 20

// values are the routes of what customers are worth, and of the time that is worked
// for them.
func (a *API) values(h huma.API) {
	read, write := []string{"values:read"}, []string{"values:write"}
	on(h, a, route{ID: "list-values", Method: http.MethodGet, Path: "/v1/values", Scopes: read, Tag: "values"},
		func(ctx context.Context, by app.Actor, in *listValues) (*valueList, error) {
			after, err := in.read("values")
			if err != nil {
				return nil, err
			}
			if after != "" && !id.Valid("cus", after) {
				return nil, fault.New(fault.Invalid, "api.cursor").On("?cursor")
			}
			list, more, err := a.App.PageWorth(ctx, by, customer.ID(after), in.Limit)
			if err != nil {
				return nil, err
			}
			out := &valueList{}
			if out.Body.Items = each(list, viewValue); more {
				out.Body.Next = cursor("values", string(list[len(list)-1].Customer))
			}
			return out, nil
		})
	on(h, a, route{ID: "get-value", Method: http.MethodGet, Path: "/v1/customers/{customer}/value", Scopes: read, Tag: "values"},
		func(ctx context.Context, by app.Actor, in *oneCustomer) (*valueBody, error) {
			if err := known("cus", in.Customer); err != nil {
				return nil, err
			}
			v, err := a.App.OpenWorth(ctx, by, customer.ID(in.Customer))
			if err != nil {
				return nil, err
			}
			if v.Worth == nil {
				return &valueBody{Value{Customer: in.Customer, Reference: v.Customer.Reference, Name: v.Customer.Name, Unknown: string(worth.NotYet), Parts: []ValuePart{}, LeftOut: []string{}}}, nil
			}
			return &valueBody{viewValue(app.WorthRow{Worth: *v.Worth, Who: v.Customer})}, nil
		})
	on(h, a, route{ID: "compute-values", Method: http.MethodPost, Path: "/v1/values/compute", Scopes: write, Tag: "values"},
		func(ctx context.Context, by app.Actor, _ *struct{}) (*done, error) {
			return &done{}, a.App.ComputeWorthSoon(ctx, by)
		})
	on(h, a, route{ID: "add-hours", Method: http.MethodPost, Path: "/v1/hours", Scopes: []string{"hours:write"}, Tag: "values", Max: maxHours},
		func(ctx context.Context, by app.Actor, in *addHours) (*addedHours, error) {
			list := make([]app.EffortInput, len(in.Body.Hours))
			for i, x := range in.Body.Hours {
				list[i] = app.EffortInput{Customer: x.Customer, Effort: effort.Effort{Minutes: x.Minutes, Who: x.Who, What: x.What, Reference: x.Reference}}
				if err := days(fmt.Sprintf("hours.%d.", i), map[string]day{"day": {&x.Day, &list[i].Day}}); err != nil {
					return nil, err
				}
			}
			out := &addedHours{}
			var err error
			out.Body.Added, err = a.App.AddEffort(ctx, by, list)
			return out, err
		})
	on(h, a, route{ID: "list-hours", Method: http.MethodGet, Path: "/v1/customers/{customer}/hours", Scopes: []string{"hours:read"}, Tag: "values"},
		func(ctx context.Context, by app.Actor, in *oneCustomer) (*hoursOf, error) {
			if err := known("cus", in.Customer); err != nil {
				return nil, err
			}
			list, err := a.App.OpenEffort(ctx, by, customer.ID(in.Customer))
			out := &hoursOf{}
			out.Body.Minutes = effort.Minutes(list)
			out.Body.Items = each(list, func(e effort.Effort) Hours {
				return Hours{string(e.ID), e.Day.String(), e.Minutes, e.Who, e.What, e.Reference, e.RecordedAt, e.RecordedBy}
			})
			return out, err
		})
	on(h, a, route{ID: "take-back-hours", Method: http.MethodPost, Path: "/v1/hours/{hours}/take-back", Scopes: []string{"hours:write"}, Tag: "values"},
		func(ctx context.Context, by app.Actor, in *oneHours) (*done, error) {
			return act("eff", in.Hours, func() error { return a.App.TakeBackEffort(ctx, by, effort.ID(in.Hours)) })
		})
}
