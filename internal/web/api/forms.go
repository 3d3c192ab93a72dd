package api

import (
	"context"
	"maps"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/form"
	"hastaluego/internal/offboarding"
)

// Form is the guided form of a step, with what was answered or is known so far.
type Form struct {
	Form    string            `json:"form"`
	Title   map[string]string `json:"title"`
	Intro   map[string]string `json:"intro,omitempty"`
	State   string            `json:"state" enum:"open,draft,done"`
	Fields  []FormField       `json:"fields"`
	Answers map[string]string `json:"answers,omitempty"`
	Known   []string          `json:"known"`
}

// FormField is one question.
type FormField struct {
	ID       string            `json:"id"`
	Kind     string            `json:"kind" enum:"line,text,list,choice,many,scale,number,date,yes_no"`
	Label    map[string]string `json:"label"`
	Hint     map[string]string `json:"hint,omitempty"`
	Required bool              `json:"required"`
	Choices  []FormChoice      `json:"choices,omitempty"`
	Min      int               `json:"min,omitempty"`
	Max      int               `json:"max,omitempty"`
	When     *FormWhen         `json:"when,omitempty"`
}

// FormChoice is one answer that a question offers.
type FormChoice struct {
	Value string            `json:"value"`
	Label map[string]string `json:"label"`
}

// FormWhen says that a question matters only after some answers to another.
type FormWhen struct {
	Field string   `json:"field"`
	Is    []string `json:"is"`
}

type formBody struct{ Body Form }

type answerForm struct {
	OneStep
	Body struct {
		Answers map[string]string `json:"answers"`
		Finish  bool              `json:"finish,omitempty"`
	} `nameHint:"AnswersInput"`
}

// viewForm shows a form; what was answered only where texts is set.
func viewForm(c app.CaseView, s offboarding.Step, f *form.Form, texts bool) Form {
	given, done := c.Given(s.ID)
	v := Form{Form: f.Version(), Title: words(f.Title), Intro: f.Intro, State: "open", Known: []string{}}
	known, draft := c.Prefilled[s.ID]
	switch {
	case done:
		v.State = "done"
	case given != nil && !draft:
		v.State = "draft"
	}
	if texts {
		v.Answers, v.Known = given, slices.Sorted(maps.Keys(known))
	}
	if v.Known == nil {
		v.Known = []string{}
	}
	v.Fields = each(f.Fields, func(x form.Field) FormField {
		q := FormField{ID: x.ID, Kind: string(x.Kind), Label: words(x.Label), Hint: x.Hint, Required: x.Required, Min: x.Min, Max: x.Max}
		for _, o := range x.Choices {
			q.Choices = append(q.Choices, FormChoice{o.Value, words(o.Label)})
		}
		if x.WhenField != "" {
			q.When = &FormWhen{x.WhenField, x.WhenIs}
		}
		return q
	})
	return v
}

// forms are the routes of steps that are done by filling in a form.
func (a *API) forms(h huma.API) {
	const path = "/v1/cases/{case}/steps/{step}/form"
	on(h, a, route{ID: "get-form", Method: http.MethodGet, Path: path, Scopes: []string{"cases:read"}, Tag: "steps"},
		func(ctx context.Context, by app.Actor, in *OneStep) (*formBody, error) {
			c, err := a.openCase(ctx, by, in.Case)
			if err != nil {
				return nil, err
			}
			s := c.Plan.Step(in.Step)
			if s == nil || a.App.FormOf(*s) == nil {
				return nil, fault.New(fault.NotFound, "not_found")
			}
			return &formBody{viewForm(c, *s, a.App.FormOf(*s), by.MayRead("note"))}, nil
		})
	on(h, a, route{ID: "answer-form", Method: http.MethodPost, Path: path, Scopes: stepScopes, Tag: "steps", Under: "/answers"},
		func(ctx context.Context, by app.Actor, in *answerForm) (*done, error) {
			return act("case", in.Case, func() error {
				return a.App.AnswerForm(ctx, by, app.FormInput{Case: offboarding.CaseID(in.Case), Step: in.Step, Answers: in.Body.Answers, Done: in.Body.Finish})
			})
		})
}
