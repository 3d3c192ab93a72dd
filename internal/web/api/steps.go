package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
)

// OneStep is the path of a step.
type OneStep struct {
	Case string `path:"case"`
	Step string `path:"step" maxLength:"100"`
}

type tickItem struct {
	OneStep
	Item string `path:"item" maxLength:"200"`
	Body struct {
		Evidence string `json:"evidence,omitempty" maxLength:"2000"`
	} `nameHint:"TickInput"`
}

type untickItem struct {
	OneStep
	Item string `path:"item" maxLength:"200"`
}

type noteStep struct {
	OneStep
	Body struct {
		Note string `json:"note" minLength:"1" maxLength:"4000"`
	} `nameHint:"NoteInput"`
}

type approveStep struct {
	OneStep
	Body struct {
		Approve bool   `json:"approve"`
		Note    string `json:"note" minLength:"1" maxLength:"4000"`
	} `nameHint:"ApproveInput"`
}

type attachFile struct {
	OneStep
	Name    string `query:"name" required:"true" minLength:"1" maxLength:"200"`
	RawBody []byte `contentType:"application/octet-stream"`
}

type decideWork struct {
	Case string `path:"case"`
	Work string `path:"work"`
	Body struct {
		Decision string `json:"decision" enum:"look,again,wait,attest"`
		Evidence string `json:"evidence,omitempty" maxLength:"2000"`
		Days     int    `json:"days,omitempty" minimum:"1" maximum:"90"`
	} `nameHint:"DecideInput"`
}

type assignStep struct {
	OneStep
	Body struct {
		User string `json:"user" maxLength:"100"`
	} `nameHint:"AssignInput"`
}

// stepScopes: which scope a step needs follows from the role that owns it, so
// any of them opens the door and app decides.
var stepScopes = []string{"cases:act", "statements:act", "privacy:act", "success:act"}

func (a *API) steps(h huma.API) {
	step := func(verb string) route {
		return route{ID: verb + "-step", Method: http.MethodPost, Path: "/v1/cases/{case}/steps/{step}/" + verb, Scopes: stepScopes, Tag: "steps"}
	}
	item := func(verb string) route {
		return route{ID: verb + "-item", Method: http.MethodPost, Path: "/v1/cases/{case}/steps/{step}/items/{item}/" + verb, Scopes: stepScopes, Tag: "steps"}
	}
	on(h, a, item("tick"), func(ctx context.Context, by app.Actor, in *tickItem) (*done, error) {
		return act("case", in.Case, func() error {
			return a.App.Tick(ctx, by, app.TickInput{Case: offboarding.CaseID(in.Case), Step: in.Step, Item: in.Item, Ticked: true, Evidence: in.Body.Evidence})
		})
	})
	on(h, a, item("untick"), func(ctx context.Context, by app.Actor, in *untickItem) (*done, error) {
		return act("case", in.Case, func() error {
			return a.App.Tick(ctx, by, app.TickInput{Case: offboarding.CaseID(in.Case), Step: in.Step, Item: in.Item})
		})
	})
	on(h, a, step("complete"), func(ctx context.Context, by app.Actor, in *noteStep) (*done, error) {
		return act("case", in.Case, func() error {
			return a.App.CompleteTask(ctx, by, app.CompleteInput{Case: offboarding.CaseID(in.Case), Step: in.Step, Note: in.Body.Note})
		})
	})
	on(h, a, step("approve"), func(ctx context.Context, by app.Actor, in *approveStep) (*done, error) {
		return act("case", in.Case, func() error {
			return a.App.Approve(ctx, by, offboarding.CaseID(in.Case), in.Step, in.Body.Approve, in.Body.Note)
		})
	})
	on(h, a, step("assign"), func(ctx context.Context, by app.Actor, in *assignStep) (*done, error) {
		return act("case", in.Case, func() error {
			return a.App.AssignStep(ctx, by, offboarding.CaseID(in.Case), in.Step, in.Body.User)
		})
	})
	on(h, a, step("reopen"), func(ctx context.Context, by app.Actor, in *OneStep) (*done, error) {
		return act("case", in.Case, func() error { return a.App.ReopenStep(ctx, by, offboarding.CaseID(in.Case), in.Step) })
	})
	on(h, a, step("undone"), func(ctx context.Context, by app.Actor, in *noteStep) (*done, error) {
		return act("case", in.Case, func() error {
			return a.App.UndoTask(ctx, by, app.CompleteInput{Case: offboarding.CaseID(in.Case), Step: in.Step, Note: in.Body.Note})
		})
	})
	stuck := func(verb string) route { r := step(verb); r.Scopes = []string{"cases:act"}; return r }
	on(h, a, stuck("retry"), func(ctx context.Context, by app.Actor, in *OneStep) (*done, error) {
		return act("case", in.Case, func() error { return a.App.RetryStep(ctx, by, offboarding.CaseID(in.Case), in.Step) })
	})
	on(h, a, stuck("skip"), func(ctx context.Context, by app.Actor, in *noteStep) (*done, error) {
		return act("case", in.Case, func() error {
			return a.App.SkipStep(ctx, by, app.CompleteInput{Case: offboarding.CaseID(in.Case), Step: in.Step, Note: in.Body.Note})
		})
	})
	files := step("files")
	files.ID, files.Max, files.Status = "attach-file", app.MaxEvidence+1, http.StatusNoContent
	files.Fields = map[string]string{"file": ""}
	on(h, a, files, func(ctx context.Context, by app.Actor, in *attachFile) (*done, error) {
		return act("case", in.Case, func() error {
			return a.App.AddEvidence(ctx, by, offboarding.CaseID(in.Case), in.Step, in.Name, in.RawBody)
		})
	})
	on(h, a, route{ID: "decide-work", Method: http.MethodPost, Path: "/v1/cases/{case}/works/{work}/decide", Scopes: []string{"cases:act"}, Tag: "steps"},
		func(ctx context.Context, by app.Actor, in *decideWork) (*done, error) {
			if err := known("work", in.Work); err != nil {
				return nil, err
			}
			return act("case", in.Case, func() error {
				return a.App.DecideWork(ctx, by, app.DecideInput{Case: offboarding.CaseID(in.Case), Work: offboarding.WorkID(in.Work), Decision: in.Body.Decision, Evidence: in.Body.Evidence, Days: in.Body.Days})
			})
		})
}
