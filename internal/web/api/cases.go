package api

import (
	"context"
	"mime"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/reason"
	"hastaluego/internal/relationship"
	"hastaluego/internal/when"
)

type listCases struct {
	Page
	State    string `query:"state" enum:"registered,open,reversing,reversed,stopped,closed"`
	Customer string `query:"customer" maxLength:"100"`
	Query    string `query:"q" maxLength:"200"`
}

type caseList struct {
	Body struct {
		Items []Case `json:"items"`
		Next  string `json:"next,omitempty"`
	} `nameHint:"CaseList"`
}

type oneCase struct {
	Case string `path:"case"`
}

type statementBody struct{ Body app.StatementView }

type caseBody struct{ Body CaseFile }

type registerCase struct {
	Body struct {
		Customer  string `json:"customer" minLength:"1" maxLength:"100"`
		Channel   string `json:"channel" enum:"phone,letter,mail,shop"`
		Reference string `json:"reference" minLength:"1" maxLength:"200"`
		Received  string `json:"received,omitempty" format:"date"`
		When      string `json:"when,omitempty" enum:"now,period_end"`
		Act       string `json:"act,omitempty" enum:"cancel,withdraw"`
		Proof     string `json:"proof,omitempty" maxLength:"200"`
	} `nameHint:"CaseInput"`
}

type pauseCase struct {
	Case string `path:"case"`
	Body struct {
		Why string `json:"why" minLength:"1" maxLength:"2000"`
	} `nameHint:"PauseInput"`
}

type giveReason struct {
	Case string `path:"case"`
	Body struct {
		Kind        string `json:"kind" enum:"stated,root"`
		Code        string `json:"code" minLength:"1" maxLength:"40"`
		Attribution string `json:"attribution,omitempty" enum:"ours,theirs,market,unknown"`
		Complaint   string `json:"complaint,omitempty" maxLength:"100"`
		Text        string `json:"text,omitempty" maxLength:"4000"`
		Evidence    string `json:"evidence,omitempty" maxLength:"4000"`
		Competitor  string `json:"competitor,omitempty" maxLength:"200"`
		Return      *int   `json:"return,omitempty" minimum:"0" maximum:"10"`
	} `nameHint:"ReasonInput"`
}

type entryList struct {
	Body struct {
		Items []Entry `json:"items"`
	} `nameHint:"Timeline"`
}

type caseMessages struct {
	Body struct {
		Items []Message `json:"items"`
	} `nameHint:"CaseMessages"`
}

type oneFile struct {
	Case string `path:"case"`
	File string `path:"file"`
}

// download is a file as it was attached.
type download struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

func (a *API) cases(h huma.API) {
	on(h, a, route{ID: "list-cases", Method: http.MethodGet, Path: "/v1/cases", Scopes: []string{"cases:read"}, Tag: "cases", Fields: map[string]string{"q": "?q"}},
		func(ctx context.Context, by app.Actor, in *listCases) (*caseList, error) {
			p, err := in.place("cases", "case")
			if err != nil {
				return nil, err
			}
			list, next, err := a.App.PageCases(ctx, by, app.CaseQuery{State: offboarding.CaseState(in.State), Customer: customer.ID(in.Customer), Query: in.Query}, p)
			out := &caseList{}
			out.Body.Items, out.Body.Next = each(list, viewCase), cursor("cases", next)
			return out, err
		})
	on(h, a, route{ID: "register-case", Method: http.MethodPost, Path: "/v1/cases", Scopes: []string{"requests:write"}, Tag: "cases", Status: http.StatusCreated},
		func(ctx context.Context, by app.Actor, in *registerCase) (*made, error) {
			if err := known("cus", in.Body.Customer); err != nil {
				return nil, err
			}
			b := in.Body
			var received when.Date
			if err := days("", map[string]day{"received": {&b.Received, &received}}); err != nil {
				return nil, err
			}
			c, err := a.App.RegisterOnBehalf(ctx, by, app.BehalfInput{
				Customer: customer.ID(b.Customer), Channel: b.Channel, Reference: b.Reference, Received: received, When: b.When, Act: b.Act, Proof: b.Proof,
			})
			return madeAt("/v1/cases/", string(c)), err
		})
	on(h, a, route{ID: "get-case", Method: http.MethodGet, Path: "/v1/cases/{case}", Scopes: []string{"cases:read"}, Tag: "cases"},
		func(ctx context.Context, by app.Actor, in *oneCase) (*caseBody, error) {
			c, err := a.openCase(ctx, by, in.Case)
			return &caseBody{a.viewFile(c, by.MayRead("note"))}, err
		})
	on(h, a, route{ID: "get-case-statement", Method: http.MethodGet, Path: "/v1/cases/{case}/statement", Scopes: []string{"statements:read"}, Tag: "cases"},
		func(ctx context.Context, by app.Actor, in *oneCase) (*statementBody, error) {
			x, err := a.App.StatementOf(ctx, by, offboarding.CaseID(in.Case))
			return &statementBody{app.ViewStatement(x)}, err
		})
	on(h, a, route{ID: "list-case-entries", Method: http.MethodGet, Path: "/v1/cases/{case}/timeline", Scopes: []string{"cases:read"}, Tag: "cases"},
		func(ctx context.Context, by app.Actor, in *oneCase) (*entryList, error) {
			c, err := a.openCase(ctx, by, in.Case)
			if err != nil {
				return nil, err
			}
			out := &entryList{}
			out.Body.Items, err = viewEntries(c.Timeline, by.MayRead("note"))
			return out, err
		})
	on(h, a, route{ID: "list-case-messages", Method: http.MethodGet, Path: "/v1/cases/{case}/messages", Scopes: []string{"cases:read"}, Tag: "cases"},
		func(ctx context.Context, by app.Actor, in *oneCase) (*caseMessages, error) {
			c, err := a.openCase(ctx, by, in.Case)
			out := &caseMessages{}
			out.Body.Items = each(c.Messages, viewMessage)
			return out, err
		})
	on(h, a, route{ID: "pause-case", Method: http.MethodPost, Path: "/v1/cases/{case}/pause", Scopes: []string{"cases:act"}, Tag: "cases"},
		func(ctx context.Context, by app.Actor, in *pauseCase) (*done, error) {
			return act("case", in.Case, func() error { return a.App.PauseCase(ctx, by, offboarding.CaseID(in.Case), in.Body.Why) })
		})
	on(h, a, route{ID: "resume-case", Method: http.MethodPost, Path: "/v1/cases/{case}/resume", Scopes: []string{"cases:act"}, Tag: "cases"},
		func(ctx context.Context, by app.Actor, in *oneCase) (*done, error) {
			return act("case", in.Case, func() error { return a.App.ResumeCase(ctx, by, offboarding.CaseID(in.Case)) })
		})
	on(h, a, route{ID: "hurry-test-case", Method: http.MethodPost, Path: "/v1/cases/{case}/hurry", Scopes: []string{"cases:act"}, Tag: "cases"},
		func(ctx context.Context, by app.Actor, in *oneCase) (*done, error) {
			return act("case", in.Case, func() error { return a.App.HurryTest(ctx, by, offboarding.CaseID(in.Case)) })
		})
	on(h, a, route{ID: "undo-case", Method: http.MethodPost, Path: "/v1/cases/{case}/undo", Scopes: []string{"cases:act"}, Tag: "cases"},
		func(ctx context.Context, by app.Actor, in *oneCase) (*done, error) {
			return act("case", in.Case, func() error { return a.App.UndoByStaff(ctx, by, offboarding.CaseID(in.Case)) })
		})
	on(h, a, route{ID: "give-reason", Method: http.MethodPost, Path: "/v1/cases/{case}/reasons", Scopes: []string{"cases:act"}, Tag: "cases", Prefix: "reason."},
		func(ctx context.Context, by app.Actor, in *giveReason) (*done, error) {
			b := in.Body
			return act("case", in.Case, func() error {
				return a.App.RecordReason(ctx, by, app.ReasonInput{
					Case: offboarding.CaseID(in.Case), Kind: reason.Kind(b.Kind), Code: b.Code, Attribution: reason.Attribution(b.Attribution),
					Complaint: relationship.ComplaintID(b.Complaint), Text: b.Text, Evidence: b.Evidence, Competitor: b.Competitor, Return: b.Return,
				})
			})
		})
	on(h, a, route{ID: "get-case-file", Method: http.MethodGet, Path: "/v1/cases/{case}/files/{file}", Scopes: []string{"texts:read"}, Tag: "cases", Answers: "application/octet-stream"},
		func(ctx context.Context, by app.Actor, in *oneFile) (*download, error) {
			for prefix, s := range map[string]string{"case": in.Case, "att": in.File} {
				if err := known(prefix, s); err != nil {
					return nil, err
				}
			}
			b, plain, err := a.App.OpenEvidence(ctx, by, offboarding.CaseID(in.Case), in.File)
			return &download{b.Media, mime.FormatMediaType("attachment", map[string]string{"filename": b.Name}), plain}, err
		})
}

func (a *API) openCase(ctx context.Context, by app.Actor, c string) (v app.CaseView, err error) {
	if err := known("case", c); err != nil {
		return v, err
	}
	return a.App.OpenCase(ctx, by, offboarding.CaseID(c))
}

// act runs a verb on a record whose id is well formed.
func act(prefix, record string, verb func() error) (*done, error) {
	if err := known(prefix, record); err != nil {
		return nil, err
	}
	return &done{}, verb()
}
