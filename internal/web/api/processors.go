package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
)

// AskedProcessor is a processor that is asked to erase what it holds of a customer.
type AskedProcessor struct {
	ID        string     `json:"id"`
	Step      string     `json:"step"`
	System    string     `json:"system"`
	Processor string     `json:"processor,omitempty"`
	Reference string     `json:"reference"`
	State     string     `json:"state" enum:"open,asked,proved,silent"`
	AskedAt   *time.Time `json:"asked_at,omitempty"`
	Due       string     `json:"due,omitempty" format:"date"`
	Reminded  int        `json:"reminded"`
	ErasedOn  string     `json:"erased_on,omitempty" format:"date"`
	Proof     string     `json:"proof,omitempty" enum:"signed,attested"`
	Unchecked string     `json:"unchecked,omitempty" enum:"unsigned,unknown,unread,nameless,appended"`
	Key       string     `json:"key_sha256,omitempty"`
	SHA256    string     `json:"sha256,omitempty"`
	File      string     `json:"file,omitempty"`
	Says      string     `json:"says,omitempty"`
	How       string     `json:"how,omitempty"`
	GiveUp    bool       `json:"give_up"`
	SilentOn  string     `json:"silent_on,omitempty" format:"date"`
	Because   string     `json:"because,omitempty"`
}

func viewAskedProcessor(words bool) func(app.AskedView) AskedProcessor {
	return func(x app.AskedView) AskedProcessor {
		return AskedProcessor{
			ID: string(x.ID), Step: x.Step, System: x.System, Processor: x.Processor, Reference: x.Reference, State: string(x.State), AskedAt: at(x.AskedAt),
			Due: x.Due.String(), Reminded: x.Reminded, ErasedOn: x.ErasedOn.String(), Proof: x.Proof, Unchecked: x.Why, Key: x.Key, SHA256: x.SHA256, File: x.File,
			Says: only(words, x.Says), How: only(words, x.How), GiveUp: x.GiveUp, SilentOn: x.SilentOn.String(), Because: only(words, x.Because),
		}
	}
}

type processorList struct {
	Body struct {
		Items []AskedProcessor `json:"items"`
	} `nameHint:"ProcessorList"`
}

// OneProcessor is the path of a processor in a step.
type OneProcessor struct {
	OneStep
	System string `path:"system" maxLength:"32"`
}

type sayAsked struct {
	OneProcessor
	Body struct {
		How string `json:"how" minLength:"1" maxLength:"2000"`
	} `nameHint:"AskedInput"`
}

type giveUpProcessor struct {
	OneProcessor
	Body struct {
		Why string `json:"why" minLength:"1" maxLength:"2000"`
	} `nameHint:"UnansweredInput"`
}

type keepReceipt struct {
	OneProcessor
	Name     string `query:"name" required:"true" minLength:"1" maxLength:"200"`
	Says     string `query:"says" required:"true" minLength:"1" maxLength:"200"`
	ErasedOn string `query:"erased_on" required:"true" format:"date"`
	RawBody  []byte `contentType:"application/octet-stream"`
}

// processors are the routes of those who erase on behalf of the company.
func (a *API) processors(h huma.API) {
	on(h, a, route{ID: "list-processors", Method: http.MethodGet, Path: "/v1/cases/{case}/processors", Scopes: []string{"cases:read"}, Tag: "cases"},
		func(ctx context.Context, by app.Actor, in *oneCase) (*processorList, error) {
			c, err := a.openCase(ctx, by, in.Case)
			out := &processorList{}
			out.Body.Items = each(c.Processors, viewAskedProcessor(by.MayRead("note")))
			return out, err
		})
	const path = "/v1/cases/{case}/steps/{step}/processors/{system}/"
	on(h, a, route{ID: "say-asked", Method: http.MethodPost, Path: path + "asked", Scopes: stepScopes, Tag: "steps"},
		func(ctx context.Context, by app.Actor, in *sayAsked) (*done, error) {
			return act("case", in.Case, func() error {
				return a.App.SayAsked(ctx, by, offboarding.CaseID(in.Case), in.Step, in.System, in.Body.How)
			})
		})
	on(h, a, route{ID: "give-up-processor", Method: http.MethodPost, Path: path + "unanswered", Scopes: stepScopes, Tag: "steps"},
		func(ctx context.Context, by app.Actor, in *giveUpProcessor) (*done, error) {
			return act("case", in.Case, func() error {
				return a.App.GiveUpProcessor(ctx, by, offboarding.CaseID(in.Case), in.Step, in.System, in.Body.Why)
			})
		})
	on(h, a, route{
		ID: "keep-receipt", Method: http.MethodPost, Path: path + "receipt", Scopes: stepScopes, Tag: "steps", Max: app.MaxEvidence + 1, Status: http.StatusNoContent,
		Fields: map[string]string{"file": ""},
	},
		func(ctx context.Context, by app.Actor, in *keepReceipt) (*done, error) {
			return act("case", in.Case, func() error {
				return a.App.KeepReceipt(ctx, by, app.ReceiptInput{
					Case: offboarding.CaseID(in.Case), Step: in.Step, System: in.System, Name: in.Name, Body: in.RawBody, Says: in.Says, ErasedOn: in.ErasedOn,
				})
			})
		})
}
