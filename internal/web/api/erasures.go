package api

import (
	"context"
	"mime"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
)

// ErasureHold is an order of an authority that keeps anything from being erased.
type ErasureHold struct {
	Until    string `json:"until,omitempty" format:"date"`
	Withhold bool   `json:"withhold"`
}

// ErasureLine is what would become of one thing.
type ErasureLine struct {
	Fate      string            `json:"fate" enum:"erase,anonymise,block,keep,ask,person"`
	System    string            `json:"system,omitempty"`
	What      string            `json:"what"`
	Titles    map[string]string `json:"titles,omitempty"`
	Fields    []string          `json:"fields"`
	Records   *int              `json:"records,omitempty"`
	Blocked   int               `json:"blocked"`
	Basis     string            `json:"basis,omitempty"`
	Until     string            `json:"until,omitempty" format:"date"`
	Why       map[string]string `json:"why,omitempty"`
	Processor string            `json:"processor,omitempty"`
	Error     string            `json:"error,omitempty"`
}

// ErasurePlan is the dry run of an erasure.
type ErasurePlan struct {
	Code    string        `json:"code"`
	Erased  bool          `json:"erased"`
	Waits   string        `json:"waits,omitempty"`
	Held    []ErasureHold `json:"held"`
	Keys    int           `json:"keys"`
	Backups string        `json:"backups,omitempty" format:"date"`
	Lines   []ErasureLine `json:"lines"`
}

func viewErasureLine(l app.PlanLine) ErasureLine {
	out := ErasureLine{
		Fate: string(l.Fate), System: l.System, What: l.What, Titles: l.Titles, Fields: texts(l.Fields), Blocked: l.Blocked, Basis: l.Basis, Until: l.Until.String(),
		Why: l.Why, Processor: l.Asked, Error: l.Error,
	}
	if l.Counted {
		out.Records = &l.Records
	}
	return out
}

type erasurePlanBody struct{ Body ErasurePlan }

type caseEvidence struct {
	Case     string `path:"case"`
	Contents string `query:"contents" enum:"withheld,included" default:"withheld"`
	Language string `query:"language" enum:"es,en" default:"en"`
}

// erasures are the routes of what is erased, and of what proves a departure.
func (a *API) erasures(h huma.API) {
	on(h, a, route{ID: "get-erasure-plan", Method: http.MethodGet, Path: "/v1/cases/{case}/erasure-plan", Scopes: []string{"erasures:read"}, Tag: "cases"},
		func(ctx context.Context, by app.Actor, in *oneCase) (*erasurePlanBody, error) {
			if err := known("case", in.Case); err != nil {
				return nil, err
			}
			p, err := a.App.PlanErasure(ctx, by, offboarding.CaseID(in.Case))
			return &erasurePlanBody{ErasurePlan{
				Code: p.Code, Erased: p.Erased, Waits: p.Waits, Keys: p.Keys, Backups: p.Backups.String(), Lines: each(p.Lines(), viewErasureLine),
				Held: each(p.Held, func(x app.HeldBy) ErasureHold { return ErasureHold{x.Until.String(), x.Withhold} }),
			}}, err
		})
	on(h, a, route{ID: "get-case-evidence", Method: http.MethodGet, Path: "/v1/cases/{case}/evidence", Scopes: []string{"cases:read"}, Tag: "cases", Answers: "application/octet-stream"},
		func(ctx context.Context, by app.Actor, in *caseEvidence) (*download, error) {
			if err := known("case", in.Case); err != nil {
				return nil, err
			}
			code, raw, err := a.App.PackEvidence(ctx, by, app.PackInput{Case: offboarding.CaseID(in.Case), Language: in.Language, Bare: in.Contents != "included"})
			return &download{"application/octet-stream", mime.FormatMediaType("attachment", map[string]string{"filename": "evidence-" + code + ".zip"}), raw}, err
		})
}
