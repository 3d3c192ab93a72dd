package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/improvement"
	"hastaluego/internal/offboarding"
)

// Improvement is what the company changes because of those who left.
type Improvement struct {
	ID      string    `json:"id"`
	Heading string    `json:"heading" enum:"protocol,quality,attitude,bad_practices,thin_packages,price,other"`
	State   string    `json:"state" enum:"open,done,dropped"`
	What    string    `json:"what,omitempty"`
	Owner   string    `json:"owner"`
	Due     string    `json:"due" format:"date"`
	Case    string    `json:"case,omitempty"`
	OverOn  string    `json:"over_on,omitempty" format:"date"`
	Effect  string    `json:"effect,omitempty"`
	MadeAt  time.Time `json:"made_at"`
	MadeBy  string    `json:"made_by"`
}

func viewImprovement(x improvement.Action) Improvement {
	return Improvement{
		string(x.ID), x.Heading, string(x.State), x.What, x.Owner, x.Due.String(), string(x.Case), x.Over.String(), x.Effect, x.MadeAt, x.MadeBy,
	}
}

type improvementList struct {
	Body struct {
		Items []Improvement `json:"items"`
		Next  string        `json:"next,omitempty"`
	} `nameHint:"ImprovementList"`
}

type addImprovement struct {
	Body struct {
		Heading string `json:"heading" enum:"protocol,quality,attitude,bad_practices,thin_packages,price,other"`
		What    string `json:"what" minLength:"1" maxLength:"4000"`
		Owner   string `json:"owner" minLength:"1" maxLength:"100"`
		Due     string `json:"due" format:"date"`
		Case    string `json:"case,omitempty" maxLength:"100"`
	} `nameHint:"ImprovementInput"`
}

type endImprovement struct {
	Improvement string `path:"improvement"`
	Body        struct {
		State  string `json:"state" enum:"done,dropped"`
		Effect string `json:"effect" minLength:"1" maxLength:"4000"`
	} `nameHint:"ImprovementEnd"`
}

type onlyPage struct{ Page }

// improvements are the routes of what is changed because of leavers.
func (a *API) improvements(h huma.API) {
	const path = "/v1/improvements"
	write := []string{"improvements:write"}
	on(h, a, route{ID: "list-improvements", Method: http.MethodGet, Path: path, Scopes: []string{"metrics:read"}, Tag: "metrics"},
		func(ctx context.Context, by app.Actor, in *onlyPage) (*improvementList, error) {
			p, err := in.place("improvements", "imp")
			if err != nil {
				return nil, err
			}
			list, next, err := a.App.PageImprovements(ctx, by, p)
			out := &improvementList{}
			out.Body.Items, out.Body.Next = each(list, viewImprovement), cursor("improvements", next)
			return out, err
		})
	on(h, a, route{ID: "add-improvement", Method: http.MethodPost, Path: path, Scopes: write, Tag: "metrics", Status: http.StatusCreated},
		func(ctx context.Context, by app.Actor, in *addImprovement) (*made, error) {
			b := in.Body
			x := improvement.Action{Heading: b.Heading, What: b.What, Owner: b.Owner, Case: offboarding.CaseID(b.Case)}
			if b.Case != "" {
				if err := known("case", b.Case); err != nil {
					return nil, err
				}
			}
			if err := days("", map[string]day{"due": {&b.Due, &x.Due}}); err != nil {
				return nil, err
			}
			what, err := a.App.AddImprovement(ctx, by, x)
			return &made{Location: path, Body: Made{string(what)}}, err
		})
	on(h, a, route{ID: "end-improvement", Method: http.MethodPost, Path: path + "/{improvement}/end", Scopes: write, Tag: "metrics"},
		func(ctx context.Context, by app.Actor, in *endImprovement) (*done, error) {
			return act("imp", in.Improvement, func() error {
				return a.App.EndImprovement(ctx, by, improvement.ID(in.Improvement), improvement.State(in.Body.State), in.Body.Effect)
			})
		})
}
