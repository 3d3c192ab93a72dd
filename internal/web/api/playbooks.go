package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/text"
)

// Playbook is one version of a playbook.
type Playbook struct {
	ID          string            `json:"id"`
	Name        string            `json:"name"`
	Title       map[string]string `json:"title"`
	State       string            `json:"state" enum:"proposed,active,retired"`
	BuiltIn     bool              `json:"built_in"`
	Usable      bool              `json:"usable"`
	Steps       int               `json:"steps"`
	CreatedAt   *time.Time        `json:"created_at,omitempty"`
	CreatedBy   string            `json:"created_by,omitempty"`
	ActivatedAt *time.Time        `json:"activated_at,omitempty"`
	ActivatedBy string            `json:"activated_by,omitempty"`
}

// PlaybookFile is one version of a playbook with its source.
type PlaybookFile struct {
	Playbook
	Source string `json:"source"`
}

func viewPlaybook(p app.PlaybookView) Playbook {
	v := p.Version
	out := Playbook{
		ID: v.ID, Name: v.Name, State: v.State, BuiltIn: p.BuiltIn, Usable: p.Problems == nil, Title: map[string]string{},
		CreatedAt: at(v.CreatedAt), CreatedBy: v.CreatedBy, ActivatedAt: at(v.ActivatedAt), ActivatedBy: v.ActivatedBy,
	}
	if p.Problems == nil {
		out.Title, out.Steps = words(p.Playbook.Title), len(p.Playbook.Steps())
	}
	return out
}

type nothing struct{}

type playbookList struct {
	Body struct {
		Items []Playbook `json:"items"`
	} `nameHint:"PlaybookList"`
}

type onePlaybook struct {
	Playbook string `path:"playbook" maxLength:"200"`
}

type playbookBody struct{ Body PlaybookFile }

type sourceInput struct {
	Body struct {
		Source string `json:"source" minLength:"1" maxLength:"200000"`
	} `nameHint:"PlaybookInput"`
}

// PlaybookProblem is one thing that is wrong with a playbook.
type PlaybookProblem struct {
	At     string `json:"at,omitempty"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

type checkBody struct {
	Body struct {
		Good     bool              `json:"good"`
		ID       string            `json:"id,omitempty"`
		Steps    int               `json:"steps"`
		Problems []PlaybookProblem `json:"problems"`
	} `nameHint:"PlaybookCheck"`
}

func (a *API) playbooks(h huma.API) {
	whole := map[string]string{"*": "/source"}
	on(h, a, route{ID: "list-playbooks", Method: http.MethodGet, Path: "/v1/playbooks", Scopes: []string{"playbooks:read"}, Tag: "playbooks"},
		func(ctx context.Context, by app.Actor, _ *nothing) (*playbookList, error) {
			list, _, err := a.App.OpenPlaybooks(ctx, by)
			out := &playbookList{}
			out.Body.Items = each(list, viewPlaybook)
			return out, err
		})
	on(h, a, route{ID: "get-playbook", Method: http.MethodGet, Path: "/v1/playbooks/{playbook}", Scopes: []string{"playbooks:read"}, Tag: "playbooks"},
		func(ctx context.Context, by app.Actor, in *onePlaybook) (*playbookBody, error) {
			list, _, err := a.App.OpenPlaybooks(ctx, by)
			if err != nil {
				return nil, err
			}
			i := slices.IndexFunc(list, func(p app.PlaybookView) bool { return p.Version.ID == in.Playbook })
			if i < 0 {
				return nil, fault.New(fault.NotFound, "not_found")
			}
			return &playbookBody{PlaybookFile{viewPlaybook(list[i]), list[i].Version.Source}}, nil
		})
	on(h, a, route{ID: "check-playbook", Method: http.MethodPost, Path: "/v1/playbooks/check", Scopes: []string{"playbooks:read"}, Tag: "playbooks", Max: maxPlaybook},
		func(ctx context.Context, _ app.Actor, in *sourceInput) (*checkBody, error) {
			out := &checkBody{}
			out.Body.Problems = []PlaybookProblem{}
			pb, err := a.App.CheckPlaybook(in.Body.Source)
			if err != nil {
				for _, e := range fault.Fields(err) {
					_, place, _ := strings.Cut(e.Field, ":")
					out.Body.Problems = append(out.Body.Problems, PlaybookProblem{place, e.Code, text.Error(visitOf(ctx).lang, e)})
				}
				if len(out.Body.Problems) == 0 {
					return nil, err
				}
				return out, nil
			}
			out.Body.Good, out.Body.ID, out.Body.Steps = true, pb.Version(), len(pb.Steps())
			return out, nil
		})
	on(h, a, route{ID: "propose-playbook", Method: http.MethodPost, Path: "/v1/playbooks", Scopes: []string{"playbooks:write"}, Tag: "playbooks", Max: maxPlaybook, Status: http.StatusCreated, Fields: whole},
		func(ctx context.Context, by app.Actor, in *sourceInput) (*made, error) {
			id, err := a.App.ProposePlaybook(ctx, by, in.Body.Source)
			return madeAt("/v1/playbooks/", id), err
		})
	on(h, a, route{ID: "activate-playbook", Method: http.MethodPost, Path: "/v1/playbooks/{playbook}/activate", Scopes: []string{"playbooks:write"}, Tag: "playbooks"},
		func(ctx context.Context, by app.Actor, in *onePlaybook) (*done, error) {
			return &done{}, a.App.ActivatePlaybook(ctx, by, in.Playbook)
		})
}
