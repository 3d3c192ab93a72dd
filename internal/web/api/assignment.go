package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/assignment"
)

// AssignmentRule gives steps of a role to the least busy of some people.
type AssignmentRule struct {
	ID     string   `json:"id,omitempty" maxLength:"100"`
	Role   string   `json:"role" enum:"agent,finance,privacy,success,admin,auditor"`
	If     string   `json:"if,omitempty" maxLength:"1000"`
	People []string `json:"people" minItems:"1" maxItems:"100"`
}

type assignmentRules struct {
	Body struct {
		Version int64            `json:"version" minimum:"0"`
		Rules   []AssignmentRule `json:"rules" maxItems:"50"`
	} `nameHint:"AssignmentRules"`
}

// assignment is the routes of the rules by which steps are given to people.
func (a *API) assignment(h huma.API) {
	const path = "/v1/assignment-rules"
	on(h, a, route{ID: "get-assignment-rules", Method: http.MethodGet, Path: path, Scopes: []string{"assignment:read"}, Tag: "steps"},
		func(ctx context.Context, by app.Actor, _ *nothing) (*assignmentRules, error) {
			v, err := a.App.AssignmentRules(ctx, by)
			out := &assignmentRules{}
			out.Body.Version = v.Version
			out.Body.Rules = each(v.List, func(r assignment.Rule) AssignmentRule { return AssignmentRule(r) })
			return out, err
		})
	on(h, a, route{ID: "set-assignment-rules", Method: http.MethodPost, Path: path, Scopes: []string{"assignment:write"}, Tag: "steps"},
		func(ctx context.Context, by app.Actor, in *assignmentRules) (*done, error) {
			rules := assignment.Rules{Version: in.Body.Version}
			for _, r := range in.Body.Rules {
				rules.List = append(rules.List, assignment.Rule(r))
			}
			return &done{}, a.App.SetAssignmentRules(ctx, by, rules)
		})
}
