package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/company"
)

// CompanyLinks are pages of the company's own site.
type CompanyLinks struct {
	Refunds    string `json:"refunds,omitempty" maxLength:"500"`
	Warranty   string `json:"warranty,omitempty" maxLength:"500"`
	Complaints string `json:"complaints,omitempty" maxLength:"500"`
	Privacy    string `json:"privacy,omitempty" maxLength:"500"`
}

// CompanyCosts are what serving customers costs, as decimals.
type CompanyCosts struct {
	Margin   string            `json:"margin,omitempty" maxLength:"6"`
	Margins  map[string]string `json:"margins,omitempty"`
	Incident string            `json:"incident,omitempty" maxLength:"20"`
	Hour     string            `json:"hour,omitempty" maxLength:"20"`
	Late     string            `json:"late,omitempty" maxLength:"6"`
	Discount string            `json:"discount,omitempty" maxLength:"6"`
	Middle   string            `json:"middle,omitempty" maxLength:"20"`
	High     string            `json:"high,omitempty" maxLength:"20"`
}

// CompanyFields are what can be changed of the company.
type CompanyFields struct {
	Name          string            `json:"name" maxLength:"120"`
	LegalName     string            `json:"legal_name,omitempty" maxLength:"120"`
	Address       string            `json:"address,omitempty" maxLength:"300"`
	Phone         string            `json:"phone,omitempty" maxLength:"40"`
	Email         string            `json:"email" maxLength:"254"`
	Complaints    string            `json:"complaints,omitempty" maxLength:"254"`
	Signer        string            `json:"signer,omitempty" maxLength:"120"`
	PublicURL     string            `json:"public_url,omitempty" maxLength:"500"`
	SenderName    string            `json:"sender_name,omitempty" maxLength:"120"`
	SenderAddress string            `json:"sender_address,omitempty" maxLength:"254"`
	Signature     map[string]string `json:"signature,omitempty"`
	Links         CompanyLinks      `json:"links,omitempty"`
	Colour        string            `json:"colour,omitempty" maxLength:"7"`
	Country       string            `json:"country,omitempty" maxLength:"2"`
	Zone          string            `json:"zone" maxLength:"60"`
	Currency      string            `json:"currency,omitempty" maxLength:"3"`
	Language      string            `json:"language" maxLength:"2"`
	Playbook      string            `json:"playbook,omitempty" maxLength:"40"`
	Reasons       []string          `json:"reasons,omitempty" maxItems:"20"`
	Pack          string            `json:"pack,omitempty" maxLength:"40"`
	Costs         CompanyCosts      `json:"costs,omitempty"`
}

// Company is who the house belongs to, as customers meet it.
type Company struct {
	CompanyFields
	Version   int        `json:"version"`
	Logo      string     `json:"logo,omitempty"`
	ChangedAt *time.Time `json:"changed_at,omitempty"`
	ChangedBy string     `json:"changed_by,omitempty"`
}

func viewCompany(p app.CompanyPage) Company {
	x := p.Profile
	out := Company{Version: p.Version, CompanyFields: CompanyFields{
		Name: x.Name, LegalName: x.LegalName, Address: x.Address, Phone: x.Phone, Email: x.Email, Complaints: x.Complaints, Signer: x.Signer,
		PublicURL: x.PublicURL, SenderName: x.SenderName, SenderAddress: x.SenderAddress, Signature: x.Signature, Links: CompanyLinks(x.Links),
		Colour: x.Colour, Country: x.Country, Zone: x.Zone, Currency: x.Currency, Language: x.Language,
		Playbook: x.Playbook, Reasons: x.Reasons, Pack: x.Pack, Costs: CompanyCosts(x.Costs),
	}}
	if p.Logo != nil {
		out.Logo = "/brand/" + p.Logo.Digest
	}
	if len(p.Versions) > 0 {
		at := p.Versions[0].At
		out.ChangedAt, out.ChangedBy = &at, p.Versions[0].By
	}
	return out
}

type companyBody struct{ Body Company }

type putCompany struct {
	Body struct {
		CompanyFields
		Version  *int   `json:"version,omitempty" minimum:"0"`
		LogoFile []byte `json:"logo_file,omitempty"`
		NoLogo   bool   `json:"no_logo,omitempty"`
	} `nameHint:"CompanyInput"`
}

// company are the routes of the profile.
func (a *API) company(h huma.API) {
	const path = "/v1/company"
	on(h, a, route{ID: "get-company", Method: http.MethodGet, Path: path, Scopes: []string{"company:read"}, Tag: "company"},
		func(ctx context.Context, by app.Actor, _ *struct{}) (*companyBody, error) {
			p, err := a.App.OpenCompany(ctx, by)
			return &companyBody{viewCompany(p)}, err
		})
	on(h, a, route{
		ID: "put-company", Method: http.MethodPut, Path: path, Scopes: []string{"company:write"}, Tag: "company", Max: 2 * company.MaxLogo,
		Fields: map[string]string{
			"refunds": "/links/refunds", "warranty": "/links/warranty", "complaints_page": "/links/complaints", "privacy": "/links/privacy",
			"signature_es": "/signature/es", "signature_en": "/signature/en", "signature_de": "/signature/de", "signature_fr": "/signature/fr", "logo": "/logo_file",
			"cost_margin": "/costs/margin", "cost_margins": "/costs/margins", "cost_incident": "/costs/incident", "cost_hour": "/costs/hour", "cost_late": "/costs/late", "cost_discount": "/costs/discount",
			"cost_middle": "/costs/middle", "cost_high": "/costs/high",
		},
	},
		func(ctx context.Context, by app.Actor, in *putCompany) (*done, error) {
			b := in.Body
			x := app.CompanyInput{Version: -1, Logo: b.LogoFile, NoLogo: b.NoLogo, Profile: company.Profile{
				Name: b.Name, LegalName: b.LegalName, Address: b.Address, Phone: b.Phone, Email: b.Email, Complaints: b.Complaints, Signer: b.Signer,
				PublicURL: b.PublicURL, SenderName: b.SenderName, SenderAddress: b.SenderAddress, Signature: b.Signature, Links: company.Links(b.Links),
				Colour: b.Colour, Country: b.Country, Zone: b.Zone, Currency: b.Currency, Language: b.Language,
				Playbook: b.Playbook, Reasons: b.Reasons, Pack: b.Pack, Costs: company.Costs(b.Costs),
			}}
			if b.Version != nil {
				x.Version = *b.Version
			}
			_, err := a.App.SetCompany(ctx, by, x)
			return &done{}, err
		})
}
