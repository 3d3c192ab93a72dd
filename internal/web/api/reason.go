package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/reason"
)

// Reason is a reason that was given for a departure.
type Reason struct {
	Kind         string    `json:"kind" enum:"stated,root"`
	Code         string    `json:"code"`
	Family       string    `json:"family"`
	Billing      string    `json:"billing"`
	Attribution  string    `json:"attribution" enum:"ours,theirs,market,unknown"`
	Controllable bool      `json:"controllable"`
	BadService   bool      `json:"bad_service"`
	By           string    `json:"by"`
	At           time.Time `json:"at"`
	Complaint    string    `json:"complaint,omitempty"`
	Text         string    `json:"text,omitempty"`
	Evidence     string    `json:"evidence,omitempty"`
	Edition      string    `json:"edition"`
	Competitor   string    `json:"competitor,omitempty"`
	More         string    `json:"more,omitempty"`
	Return       *int      `json:"return,omitempty"`
}

func viewReason(g reason.Given) Reason {
	r, _ := reason.Builtin().Find(g.Code)
	return Reason{
		Kind: string(g.Kind), Code: g.Code, Family: r.Family, Billing: r.Billing, Attribution: string(g.Attribution), Controllable: g.Controllable,
		BadService: g.BadService, By: g.By, At: g.At, Complaint: string(g.Complaint), Text: g.Text, Evidence: g.Evidence,
		Edition: g.Edition, Competitor: g.Competitor, More: g.More, Return: g.Return,
	}
}

// KnownReason is a reason that may be given.
type KnownReason struct {
	Code         string            `json:"code"`
	Family       string            `json:"family"`
	Billing      string            `json:"billing"`
	Label        map[string]string `json:"label"`
	Attribution  string            `json:"attribution" enum:"ours,theirs,market,unknown"`
	Controllable bool              `json:"controllable"`
	BadService   bool              `json:"bad_service"`
	Edition      string            `json:"edition"`
	Follow       map[string]string `json:"follow,omitempty"`
	Rival        bool              `json:"rival"`
}

type reasonList struct {
	Body struct {
		Items []KnownReason `json:"items"`
	} `nameHint:"ReasonList"`
}

// reasons is the route of the reasons that may be given.
func (a *API) reasons(h huma.API) {
	on(h, a, route{ID: "list-reasons", Method: http.MethodGet, Path: "/v1/reasons", Scopes: []string{"cases:read"}, Tag: "cases"},
		func(context.Context, app.Actor, *nothing) (*reasonList, error) {
			out := &reasonList{}
			out.Body.Items = each(reason.Builtin().Reasons, func(r reason.Reason) KnownReason {
				return KnownReason{r.Code, r.Family, r.Billing, words(r.Label), string(r.Attribution), r.Controllable, r.BadService, r.Edition, words(r.Follow), r.Rival}
			})
			return out, nil
		})
}
