package api

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/when"
)

type listCustomers struct {
	Page
	Query     string `query:"q" maxLength:"200"`
	Reference string `query:"reference" maxLength:"200"`
}

type customerList struct {
	Body struct {
		Items []Customer `json:"items"`
		Next  string     `json:"next,omitempty"`
	} `nameHint:"CustomerList"`
}

type oneCustomer struct {
	Customer string `path:"customer"`
}

type customerBody struct{ Body CustomerFile }

// ContactInput is a person who is to speak for a customer, or to use what they
// have.
type ContactInput struct {
	Name     string `json:"name,omitempty" maxLength:"200"`
	Email    string `json:"email" maxLength:"254"`
	Role     string `json:"role" enum:"owner,billing,admin,user"`
	Language string `json:"language,omitempty" maxLength:"35"`
}

func (c ContactInput) input(of customer.ID) app.ContactInput {
	return app.ContactInput{Customer: of, Name: c.Name, Email: c.Email, Role: customer.Role(c.Role), Language: c.Language}
}

// SubscriptionInput is a contract that a customer is to have.
type SubscriptionInput struct {
	Reference  string `json:"reference" minLength:"1" maxLength:"200"`
	Product    string `json:"product" minLength:"1" maxLength:"200"`
	Plan       string `json:"plan,omitempty" maxLength:"200"`
	Amount     Money  `json:"amount"`
	Interval   string `json:"interval,omitempty" enum:"week,month,quarter,half,year"` // of a project or of hours there is none to choose
	Start      string `json:"start" format:"date"`
	PaidUntil  string `json:"paid_until,omitempty" format:"date"`
	TermEnd    string `json:"term_end,omitempty" format:"date"`
	RenewsOn   string `json:"renews_on,omitempty" format:"date"`
	NoticeDays int    `json:"notice_days,omitempty" minimum:"0" maximum:"3660"`
	LockIn     string `json:"lock_in_until,omitempty" format:"date"`
	NotRenewed bool   `json:"not_renewed,omitempty"`

	TaxPercent     string `json:"tax_percent,omitempty" pattern:"^[0-9]{1,3}([.][0-9]{1,2})?$"`
	TaxOnTop       bool   `json:"tax_on_top,omitempty"`
	TrialUntil     string `json:"trial_until,omitempty" format:"date"`
	ExitFee        string `json:"exit_fee,omitempty" enum:"fixed,benefit,remaining,device"`
	ExitFeeFor     string `json:"exit_fee_for,omitempty" maxLength:"200"`
	ExitFeeFrom    string `json:"exit_fee_from,omitempty" format:"date"`
	ExitFeeMinor   int64  `json:"exit_fee_minor,omitempty" minimum:"0"`
	ExitFeePercent int64  `json:"exit_fee_percent,omitempty" minimum:"0" maximum:"100"`
	BenefitMinor   int64  `json:"benefit_minor,omitempty" minimum:"0"`
	TellsUsers     bool   `json:"tells_users,omitempty"`

	MinimumUntil string       `json:"minimum_until,omitempty" format:"date"`
	LaterPrices  []LaterPrice `json:"later_prices,omitempty" maxItems:"24"`

	Engagement string     `json:"engagement,omitempty" enum:"project,retainer,hours"`
	Billed     string     `json:"billed,omitempty" enum:"ahead,behind,delivery"`
	Promised   []Promised `json:"promised,omitempty" maxItems:"50"`
}

// Promised is something that is promised within an engagement.
type Promised struct {
	Title string `json:"title" minLength:"1" maxLength:"200"`
	Due   string `json:"due,omitempty" format:"date"`
}

// input reads the contract; under is where it stands in what was sent.
func (s SubscriptionInput) input(of customer.ID, under string) (app.SubscriptionInput, error) {
	out := app.SubscriptionInput{
		Customer: of, Reference: s.Reference, Product: s.Product, Plan: s.Plan, Amount: s.Amount.amount(), Interval: customer.Interval(s.Interval),
		NoticeDays: s.NoticeDays, NotRenewed: s.NotRenewed, Engagement: customer.Engagement{Kind: customer.EngagementKind(s.Engagement), Billed: customer.Invoicing(s.Billed)},
		Promised: make([]customer.Deliverable, len(s.Promised)),
		Terms: customer.Terms{Tax: customer.Tax{OnTop: s.TaxOnTop}, TellsUsers: s.TellsUsers, ExitFee: customer.ExitFee{
			Kind: customer.FeeKind(s.ExitFee), For: s.ExitFeeFor, Sum: s.ExitFeeMinor, Percent: s.ExitFeePercent, Given: s.BenefitMinor,
		}},
	}
	var err error
	if out.Terms.Tax.Rate, err = percent(s.TaxPercent, "tax_percent"); err != nil {
		return out, err
	}
	if out.Terms.Prices, err = laterPrices(s.LaterPrices, under); err != nil {
		return out, err
	}
	list := map[string]day{
		"minimum_until": {&s.MinimumUntil, &out.Terms.Minimum},
		"start":         {&s.Start, &out.Start}, "paid_until": {&s.PaidUntil, &out.PaidUntil}, "term_end": {&s.TermEnd, &out.TermEnd},
		"renews_on": {&s.RenewsOn, &out.RenewsOn}, "lock_in_until": {&s.LockIn, &out.LockIn},
		"trial_until": {&s.TrialUntil, &out.Terms.Trial}, "exit_fee_from": {&s.ExitFeeFrom, &out.Terms.ExitFee.From},
	}
	for i := range s.Promised {
		out.Promised[i].Title = s.Promised[i].Title
		list[fmt.Sprintf("promised.%d.due", i)] = day{&s.Promised[i].Due, &out.Promised[i].Due}
	}
	return out, days(under, list)
}

// percent reads a percentage in hundredths; nothing is none.
func percent(sent, field string) (int64, error) {
	if sent == "" {
		return 0, nil
	}
	n, err := customer.ParsePercent(sent)
	if err != nil {
		return 0, err.On(field)
	}
	return n, nil
}

func (m Money) amount() money.Amount { return money.Amount{Minor: m.Minor, Currency: m.Currency} }

// day is a date as it was sent, and where it goes.
type day struct {
	sent *string
	into *when.Date
}

// days reads dates; nothing is no date. huma has seen that they are written
// like dates, the calendar has the last word.
func days(under string, list map[string]day) error {
	var wrong fault.List
	for field, d := range list {
		if d.sent == nil || *d.sent == "" {
			continue
		}
		date, err := when.ParseDate(*d.sent)
		if err != nil {
			wrong = append(wrong, fault.New(fault.Invalid, "field.invalid").On(under+field))
		}
		*d.into = date
	}
	return wrong.Or()
}

// ExternalID is the number of a customer in another system.
type ExternalID struct {
	System string `json:"system" minLength:"1" maxLength:"100"`
	Value  string `json:"value" minLength:"1" maxLength:"200"`
}

func (x ExternalID) input(of customer.ID) app.ExternalInput {
	return app.ExternalInput{Customer: of, System: x.System, Value: x.Value}
}

type addCustomer struct {
	Body struct {
		Kind          string              `json:"kind" enum:"person,organisation"`
		Consumer      bool                `json:"consumer,omitempty"`
		Name          string              `json:"name" minLength:"1" maxLength:"200"`
		Reference     string              `json:"reference" minLength:"1" maxLength:"200"`
		Country       string              `json:"country,omitempty" maxLength:"2"`
		Region        string              `json:"region,omitempty" maxLength:"10"`
		Language      string              `json:"language,omitempty" maxLength:"35"`
		Segment       string              `json:"segment,omitempty" maxLength:"200"`
		Test          bool                `json:"test,omitempty"`
		External      []ExternalID        `json:"external,omitempty" maxItems:"50"`
		Contacts      []ContactInput      `json:"contacts,omitempty" maxItems:"50"`
		Subscriptions []SubscriptionInput `json:"subscriptions,omitempty" maxItems:"50"`
	} `nameHint:"CustomerInput"`
}

// moneyFields are where app names the parts of a sum.
var moneyFields = map[string]string{
	".amount": "amount/minor", ".currency": "amount/currency", ".exit_fee_amount": "exit_fee_minor", ".benefit_amount": "benefit_minor",
}

type editCustomer struct {
	Customer string `path:"customer"`
	Body     struct {
		Version   int64   `json:"version,omitempty" minimum:"0"`
		Kind      *string `json:"kind,omitempty" enum:"person,organisation"`
		Consumer  *bool   `json:"consumer,omitempty"`
		Name      *string `json:"name,omitempty" maxLength:"200"`
		Reference *string `json:"reference,omitempty" maxLength:"200"`
		Country   *string `json:"country,omitempty" maxLength:"2"`
		Region    *string `json:"region,omitempty" maxLength:"10"`
		Language  *string `json:"language,omitempty" maxLength:"35"`
		Segment   *string `json:"segment,omitempty" maxLength:"200"`
	} `nameHint:"CustomerPatch"`
}

func (a *API) customers(h huma.API) {
	write := []string{"customers:write"}
	on(h, a, route{ID: "list-customers", Method: http.MethodGet, Path: "/v1/customers", Scopes: []string{"customers:read"}, Tag: "customers", Fields: map[string]string{"q": "?q", "reference": "?reference"}},
		func(ctx context.Context, by app.Actor, in *listCustomers) (*customerList, error) {
			list := "customers"
			p, err := in.place(list, "cus")
			if in.Query != "" { // found by words, they have another order
				list = "customers?q"
				p.Limit = in.Limit
				p.After, err = in.read(list)
			}
			if err != nil {
				return nil, err
			}
			rows, next, err := a.App.PageCustomers(ctx, by, app.CustomerQuery{Query: in.Query, Reference: in.Reference}, p)
			out := &customerList{}
			out.Body.Items, out.Body.Next = each(rows, viewCustomer), cursor(list, next)
			return out, err
		})
	on(h, a, route{ID: "add-customer", Method: http.MethodPost, Path: "/v1/customers", Scopes: write, Tag: "customers", Status: http.StatusCreated, Fields: moneyFields},
		func(ctx context.Context, by app.Actor, in *addCustomer) (*made, error) {
			b := in.Body
			c := app.CustomerInput{
				Kind: customer.Kind(b.Kind), Consumer: b.Consumer, Name: b.Name, Reference: b.Reference, Country: b.Country, Region: b.Region,
				Language: b.Language, Segment: b.Segment, Test: b.Test,
				External: each(b.External, func(x ExternalID) app.ExternalInput { return x.input("") }),
				Contacts: each(b.Contacts, func(x ContactInput) app.ContactInput { return x.input("") }),
			}
			for i, x := range b.Subscriptions {
				s, err := x.input("", fmt.Sprintf("subscriptions.%d.", i))
				if err != nil {
					return nil, err
				}
				c.Subscriptions = append(c.Subscriptions, s)
			}
			id, err := a.App.AddCustomer(ctx, by, c)
			return madeAt("/v1/customers/", string(id)), err
		})
	on(h, a, route{ID: "get-customer", Method: http.MethodGet, Path: "/v1/customers/{customer}", Scopes: []string{"customers:read"}, Tag: "customers"},
		func(ctx context.Context, by app.Actor, in *oneCustomer) (*customerBody, error) {
			if err := known("cus", in.Customer); err != nil {
				return nil, err
			}
			p, err := a.App.OpenCustomer(ctx, by, customer.ID(in.Customer))
			return &customerBody{viewCustomerFile(p)}, err
		})
	on(h, a, route{ID: "edit-customer", Method: http.MethodPatch, Path: "/v1/customers/{customer}", Scopes: write, Tag: "customers"},
		func(ctx context.Context, by app.Actor, in *editCustomer) (*done, error) {
			b := in.Body
			return act("cus", in.Customer, func() error {
				_, err := a.App.EditCustomer(ctx, by, app.CustomerPatch{
					Customer: customer.ID(in.Customer), Version: b.Version, Kind: (*customer.Kind)(b.Kind), Consumer: b.Consumer, Name: b.Name,
					Reference: b.Reference, Country: b.Country, Region: b.Region, Language: b.Language, Segment: b.Segment,
				})
				return err
			})
		})
	on(h, a, route{ID: "forget-test-customer", Method: http.MethodPost, Path: "/v1/customers/{customer}/forget-test", Scopes: write, Tag: "customers"},
		func(ctx context.Context, by app.Actor, in *oneCustomer) (*done, error) {
			return act("cus", in.Customer, func() error {
				_, err := a.App.ForgetTest(ctx, by, customer.ID(in.Customer))
				return err
			})
		})
	a.people(h)
	a.promises(h)
	a.copies(h)
	a.pushes(h)
	a.inventory(h)
}

// part makes something that a customer has; it is read with the customer.
func part[ID ~string](of string, verb func() (ID, error)) (*made, error) {
	if err := known("cus", of); err != nil {
		return nil, err
	}
	what, err := verb()
	return &made{Location: "/v1/customers/" + of, Body: Made{string(what)}}, err
}
