package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/when"
)

type addGrant struct {
	Customer string `path:"customer"`
	Body     struct {
		System    string   `json:"system" minLength:"1" maxLength:"200"`
		Account   string   `json:"account" minLength:"1" maxLength:"200"`
		Kind      string   `json:"kind" enum:"login,group,role,api_key,token,oauth_grant,sso_link,drive,webhook,device,physical,other"`
		DependsOn []string `json:"depends_on,omitempty" maxItems:"100"`
		Ours      bool     `json:"ours,omitempty"`
	} `nameHint:"GrantInput"`
}

type addAsset struct {
	Customer string `path:"customer"`
	Body     struct {
		Reference string `json:"reference" minLength:"1" maxLength:"200"`
		Name      string `json:"name" minLength:"1" maxLength:"200"`
		Kind      string `json:"kind,omitempty" maxLength:"200"`
		Location  string `json:"location,omitempty" maxLength:"200"`
		Owner     string `json:"owner,omitempty" enum:"client,third_party,ours"`
		RenewsOn  string `json:"renews_on,omitempty" format:"date"`
		Renewal   *Money `json:"renewal,omitempty"`
		Payer     string `json:"payer,omitempty" enum:"client,ours,other"`
	} `nameHint:"AssetInput"`
}

type editAsset struct {
	Customer string `path:"customer"`
	Asset    string `path:"asset"`
	Body     struct {
		Version   int64   `json:"version,omitempty" minimum:"0"`
		Reference *string `json:"reference,omitempty" maxLength:"200"`
		Name      *string `json:"name,omitempty" maxLength:"200"`
		Kind      *string `json:"kind,omitempty" maxLength:"200"`
		Location  *string `json:"location,omitempty" maxLength:"200"`
		Owner     *string `json:"owner,omitempty" enum:"client,third_party,ours"`
		RenewsOn  *string `json:"renews_on,omitempty" pattern:"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$"`
		Renewal   *Money  `json:"renewal,omitempty"`
		Payer     *string `json:"payer,omitempty" enum:"client,ours,other"`
	} `nameHint:"AssetPatch"`
}

type addBalance struct {
	Customer string `path:"customer"`
	Body     struct {
		Reference string `json:"reference" minLength:"1" maxLength:"200"`
		Kind      string `json:"kind" enum:"invoice,fee,usage,credit,deposit,refund"`
		About     string `json:"about,omitempty" maxLength:"200"`
		Amount    Money  `json:"amount"`
		DueOn     string `json:"due_on,omitempty" format:"date"`
		TaxMinor  int64  `json:"tax_minor,omitempty" minimum:"0"`
		Used      *Used  `json:"used,omitempty"`
		PayURL    string `json:"pay_url,omitempty" maxLength:"2000"`
		Covers    *Bill  `json:"covers,omitempty"`
		Status    string `json:"status,omitempty" enum:"open,paid"`
	} `nameHint:"BalanceInput"`
}

type settleBalance struct {
	Customer string `path:"customer"`
	Balance  string `path:"balance"`
	Body     struct {
		Status string `json:"status" enum:"paid,void"`
	} `nameHint:"SettleInput"`
}

type editGrant struct {
	Customer string `path:"customer"`
	Grant    string `path:"grant"`
	Body     struct {
		Version   int64     `json:"version,omitempty" minimum:"0"`
		System    *string   `json:"system,omitempty" maxLength:"200"`
		Account   *string   `json:"account,omitempty" maxLength:"200"`
		Kind      *string   `json:"kind,omitempty" enum:"login,group,role,api_key,token,oauth_grant,sso_link,drive,webhook,device,physical,other"`
		DependsOn *[]string `json:"depends_on,omitempty" maxItems:"100"`
		Ours      *bool     `json:"ours,omitempty"`
	} `nameHint:"GrantPatch"`
}

type attestGrant struct {
	Customer string `path:"customer"`
	Grant    string `path:"grant"`
	Body     struct {
		How string `json:"how" minLength:"1" maxLength:"500"`
	} `nameHint:"AttestInput"`
}

type decideGrant struct {
	Customer string `path:"customer"`
	Grant    string `path:"grant"`
	Body     struct {
		Theirs bool   `json:"theirs"`
		Why    string `json:"why,omitempty" maxLength:"500"`
	} `nameHint:"GrantDecisionInput"`
}

// assetFields are where app names the parts of a thing.
var assetFields = map[string]string{".renewal_amount": "renewal/minor", ".renewal_currency": "renewal/currency"}

// balanceFields are where app names the parts of a recorded sum.
var balanceFields = map[string]string{
	".amount": "amount/minor", ".currency": "amount/currency", ".tax_amount": "tax_minor", ".contract": "used/contract", ".quantity": "used/quantity",
	".free": "used/free", ".unit": "used/unit", ".per": "used/per", ".price": "used/price_minor", ".tax_percent": "used/tax_percent",
	".contracts": "covers/contracts", ".from": "covers.from", ".until": "covers.until",
}

// inventory are the routes of what a customer has beside contracts.
func (a *API) inventory(h huma.API) {
	write, sums := []string{"customers:write"}, []string{"statements:act"}
	on(h, a, route{ID: "add-grant", Method: http.MethodPost, Path: "/v1/customers/{customer}/grants", Scopes: write, Tag: "customers", Status: http.StatusCreated, Prefix: "grant."},
		func(ctx context.Context, by app.Actor, in *addGrant) (*made, error) {
			b := in.Body
			return part(in.Customer, func() (customer.GrantID, error) {
				return a.App.AddGrant(ctx, by, customer.Grant{Customer: customer.ID(in.Customer), System: b.System, Account: b.Account, Kind: b.Kind, DependsOn: b.DependsOn, Ours: b.Ours})
			})
		})
	on(h, a, route{ID: "edit-grant", Method: http.MethodPatch, Path: "/v1/customers/{customer}/grants/{grant}", Scopes: write, Tag: "customers", Prefix: "grant."},
		func(ctx context.Context, by app.Actor, in *editGrant) (*done, error) {
			b := in.Body
			return act("cus", in.Customer, func() error {
				return a.App.EditGrant(ctx, by, app.GrantPatch{
					Customer: customer.ID(in.Customer), Grant: customer.GrantID(in.Grant), Version: b.Version, System: b.System, Account: b.Account,
					Kind: b.Kind, DependsOn: b.DependsOn, Ours: b.Ours,
				})
			})
		})
	on(h, a, route{ID: "attest-grant", Method: http.MethodPost, Path: "/v1/customers/{customer}/grants/{grant}/attest", Scopes: write, Tag: "customers"},
		func(ctx context.Context, by app.Actor, in *attestGrant) (*done, error) {
			return act("cus", in.Customer, func() error {
				return a.App.AttestGrant(ctx, by, app.GrantAttestation{Customer: customer.ID(in.Customer), Grant: customer.GrantID(in.Grant), How: in.Body.How})
			})
		})
	on(h, a, route{ID: "decide-grant", Method: http.MethodPost, Path: "/v1/customers/{customer}/grants/{grant}/decide", Scopes: write, Tag: "customers"},
		func(ctx context.Context, by app.Actor, in *decideGrant) (*done, error) {
			return act("cus", in.Customer, func() error {
				return a.App.DecideGrant(ctx, by, app.GrantDecision{
					Customer: customer.ID(in.Customer), Grant: customer.GrantID(in.Grant), Theirs: in.Body.Theirs, Why: in.Body.Why,
				})
			})
		})
	on(h, a, route{ID: "add-asset", Method: http.MethodPost, Path: "/v1/customers/{customer}/assets", Scopes: write, Tag: "customers", Status: http.StatusCreated, Prefix: "asset.", Fields: assetFields},
		func(ctx context.Context, by app.Actor, in *addAsset) (*made, error) {
			b := in.Body
			x := customer.Asset{
				Customer: customer.ID(in.Customer), Reference: b.Reference, Name: b.Name, Kind: b.Kind, Location: b.Location, Owner: customer.Ownership(b.Owner),
				Payer: customer.Payer(b.Payer),
			}
			if b.Renewal != nil {
				x.Renewal = b.Renewal.amount()
			}
			if err := days("", map[string]day{"renews_on": {&b.RenewsOn, &x.RenewsOn}}); err != nil {
				return nil, err
			}
			return part(in.Customer, func() (customer.AssetID, error) { return a.App.AddAsset(ctx, by, x) })
		})
	on(h, a, route{ID: "edit-asset", Method: http.MethodPatch, Path: "/v1/customers/{customer}/assets/{asset}", Scopes: write, Tag: "customers", Prefix: "asset.", Fields: assetFields},
		func(ctx context.Context, by app.Actor, in *editAsset) (*done, error) {
			b := in.Body
			p := app.AssetPatch{
				Customer: customer.ID(in.Customer), Asset: customer.AssetID(in.Asset), Version: b.Version, Reference: b.Reference, Name: b.Name,
				Kind: b.Kind, Location: b.Location, Owner: (*customer.Ownership)(b.Owner), Payer: (*customer.Payer)(b.Payer),
			}
			if b.Renewal != nil {
				cost := b.Renewal.amount()
				p.Renewal = &cost
			}
			if b.RenewsOn != nil {
				p.RenewsOn = &when.Date{}
				if err := days("", map[string]day{"renews_on": {b.RenewsOn, p.RenewsOn}}); err != nil {
					return nil, err
				}
			}
			return act("cus", in.Customer, func() error { return a.App.EditAsset(ctx, by, p) })
		})
	on(h, a, route{ID: "add-balance", Method: http.MethodPost, Path: "/v1/customers/{customer}/balances", Scopes: sums, Tag: "customers", Status: http.StatusCreated, Prefix: "balance.", Fields: balanceFields},
		func(ctx context.Context, by app.Actor, in *addBalance) (*made, error) {
			b := in.Body
			x := customer.Balance{Customer: customer.ID(in.Customer), Reference: b.Reference, Kind: customer.BalanceKind(b.Kind), About: b.About, Amount: b.Amount.amount(), Tax: b.TaxMinor, PayURL: b.PayURL, Status: customer.BalanceStatus(b.Status)}
			if u := b.Used; u != nil {
				rate, err := percent(u.TaxPercent, "used.tax_percent")
				if err != nil {
					return nil, err
				}
				x.Used = customer.Used{
					Contract: u.Contract, Quantity: u.Quantity, Free: u.Free, Unit: u.Unit, Per: u.Per, Price: u.PriceMinor,
					Tax: customer.Tax{Rate: rate, OnTop: u.TaxOnTop},
				}
			}
			dates := map[string]day{"due_on": {&b.DueOn, &x.DueOn}}
			if w := b.Covers; w != nil {
				shares := each(w.Contracts, func(s BillShare) customer.Share { return customer.Share{Contract: s.Contract, Weight: s.Weight} })
				if len(shares) == 1 {
					shares[0].Weight = 1
				}
				x.Billed.Contracts = customer.SharesOf(shares)
				dates["covers.from"], dates["covers.until"] = day{&w.From, &x.Billed.From}, day{&w.Until, &x.Billed.Until}
			}
			if err := days("", dates); err != nil {
				return nil, err
			}
			return part(in.Customer, func() (customer.BalanceID, error) { return a.App.AddBalance(ctx, by, x) })
		})
	on(h, a, route{ID: "settle-balance", Method: http.MethodPost, Path: "/v1/customers/{customer}/balances/{balance}/settle", Scopes: sums, Tag: "customers"},
		func(ctx context.Context, by app.Actor, in *settleBalance) (*done, error) {
			return act("cus", in.Customer, func() error {
				return a.App.SettleBalance(ctx, by, customer.ID(in.Customer), customer.BalanceID(in.Balance), customer.BalanceStatus(in.Body.Status))
			})
		})
}
