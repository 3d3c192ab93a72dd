package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/flow"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/text"
)

// maxFlow is how long the body with a flow may be, in bytes.
const maxFlow = 4 << 20

// Flow is a version of what customers meet on their way out, or a draft of one.
type Flow struct {
	ID      string     `json:"id"`
	Name    string     `json:"name"`
	State   string     `json:"state" enum:"draft,in_force,retired"`
	Number  int        `json:"number,omitempty"`
	BuiltIn bool       `json:"built_in"`
	Hash    string     `json:"hash,omitempty"`
	Based   string     `json:"based_on,omitempty"`
	Note    string     `json:"note,omitempty"`
	Hands   []string   `json:"written_by"`
	Version int64      `json:"version,omitempty"`
	LawDay  string     `json:"law_day,omitempty"`
	Packs   []PackRef  `json:"packs"`
	At      *time.Time `json:"at,omitempty"`
	By      string     `json:"by,omitempty"`
}

// PackRef is a version of a pack of rules.
type PackRef struct {
	Pack    string `json:"pack"`
	Version string `json:"version"`
	Digest  string `json:"digest"`
}

// FlowFile is a flow with its description.
type FlowFile struct {
	Flow
	Source string            `json:"source"`
	Signup string            `json:"signup,omitempty"`
	Facts  map[string]string `json:"facts"`
}

// FlowFinding is something that a rule or a pattern is about.
type FlowFinding struct {
	ID       string        `json:"id"`
	Rule     string        `json:"rule"`
	Pattern  string        `json:"pattern,omitempty"`
	Result   string        `json:"result" enum:"fail,unknown"`
	Severity string        `json:"severity" enum:"block,warn,info"`
	Node     string        `json:"node,omitempty"`
	Action   string        `json:"action,omitempty"`
	At       string        `json:"at"`
	Why      string        `json:"why"`
	Change   string        `json:"change"`
	Words    string        `json:"words,omitempty"`
	Cite     string        `json:"cite,omitempty"`
	Days     int           `json:"days_until_enforced,omitempty"`
	Missing  []string      `json:"missing_facts"`
	Variants []FlowVariant `json:"variants"`
}

// FlowVariant is the flow that one customer meets.
type FlowVariant struct {
	Law      string `json:"law"`
	Language string `json:"language"`
	Device   string `json:"device"`
	Arm      string `json:"arm,omitempty"`
	Segment  string `json:"segment,omitempty"`
}

// FlowFriction is what leaving costs one customer.
type FlowFriction struct {
	FlowVariant
	Leavable bool `json:"leavable"`
	Pages    int  `json:"pages"`
	Clicks   int  `json:"clicks"`
	Required int  `json:"required_fields"`
	Optional int  `json:"optional_fields"`
	Words    int  `json:"words"`
	Asks     int  `json:"asks"`
	Handoffs int  `json:"handoffs"`
	Proofs   int  `json:"proofs"`
	Seconds  int  `json:"seconds"`
	Score    int  `json:"score"`
}

type flowList struct {
	Body struct {
		Items []Flow `json:"items"`
	} `nameHint:"FlowList"`
}

type oneFlow struct {
	Flow string `path:"flow" maxLength:"200"`
}

type flowBody struct{ Body FlowFile }

// FlowInput is a description with what it is checked with.
type FlowInput struct {
	Source string            `json:"source" minLength:"1" maxLength:"400000"`
	Signup string            `json:"signup,omitempty" maxLength:"400000"`
	Facts  map[string]string `json:"facts,omitempty"`
}

func (in FlowInput) text() app.FlowText {
	return app.FlowText{Source: in.Source, Signup: in.Signup, Facts: in.Facts}
}

type checkFlowInput struct {
	Body FlowInput
}

type draftInput struct {
	Body struct {
		FlowInput
		Base string `json:"based_on,omitempty" maxLength:"200"`
		Note string `json:"note,omitempty" maxLength:"1000"`
	} `nameHint:"FlowDraftInput"`
}

type changeDraftInput struct {
	Flow string `path:"flow" maxLength:"200"`
	Body struct {
		FlowInput
		Version int64  `json:"version,omitempty" minimum:"0"`
		Note    string `json:"note,omitempty" maxLength:"1000"`
	} `nameHint:"FlowDraftChange"`
}

type flowCheckBody struct {
	Body struct {
		Good     bool              `json:"good"`
		Variants int               `json:"checked_variants"`
		LawDay   string            `json:"law_day"`
		Packs    []PackRef         `json:"packs"`
		Problems []PlaybookProblem `json:"problems"`
		Unready  []string          `json:"incomplete_languages"`
		Findings []FlowFinding     `json:"findings"`
		Friction []FlowFriction    `json:"friction"`
		Formula  string            `json:"formula"`
	} `nameHint:"FlowCheck"`
}

type publishInput struct {
	Flow string `path:"flow" maxLength:"200"`
	Body struct {
		Version int64 `json:"version,omitempty" minimum:"0"`
	} `nameHint:"FlowPublish"`
}

type rollBackInput struct {
	Flow string `path:"flow" maxLength:"200"`
	Body struct {
		Note string `json:"note" minLength:"1" maxLength:"1000"`
	} `nameHint:"FlowRollBack"`
}

func viewPacks(refs []jurisdiction.Ref) []PackRef {
	return each(refs, func(r jurisdiction.Ref) PackRef { return PackRef(r) })
}

func viewFlowVersion(v app.FlowVersion, inForce string) Flow {
	out := Flow{
		ID: v.ID, Name: v.Name, State: "retired", Number: v.Number, BuiltIn: v.BuiltIn(), Hash: v.Hash, Based: v.MadeOf, Note: v.Note, Hands: list(v.Hands),
		Packs: viewPacks(v.Packs), At: at(v.At), By: v.By,
	}
	if v.ID == inForce {
		out.State = "in_force"
	}
	if !v.Day.IsZero() {
		out.LawDay = v.Day.String()
	}
	return out
}

func viewFlowDraft(d app.FlowDraft) Flow {
	return Flow{
		ID: d.ID, Name: d.Title, State: "draft", Based: d.Base, Note: d.Note, Hands: list(d.Hands), Version: d.Version, Packs: []PackRef{}, At: at(d.ChangedAt),
		By: d.ChangedBy,
	}
}

func viewVariant(v flow.Variant) FlowVariant { return FlowVariant(v) }

func viewFlowFinding(lang string) func(flow.Finding) FlowFinding {
	return func(f flow.Finding) FlowFinding {
		out := FlowFinding{
			ID: f.ID, Rule: f.Rule, Pattern: f.Pattern, Result: f.Result.String(), Severity: string(f.Severity), Node: f.Node, Action: f.Action, At: f.At,
			Why: f.Reason(text.In(lang)), Change: text.Say(lang, "flow.change."+f.Change), Words: f.Words, Days: f.Days,
			Missing: list(f.Missing), Variants: each(f.Variants, viewVariant),
		}
		switch {
		case f.Law != nil:
			out.Cite = f.Law.Cite.Ref
		case f.Source.Code != "":
			out.Cite = text.Say(lang, "flow.clause."+f.Source.Code, f.Source.Args...)
		}
		return out
	}
}

// list is a list that is never null.
func list(in []string) []string {
	if in == nil {
		return []string{}
	}
	return in
}

func viewFlowCheck(lang string, c app.FlowCheck) *flowCheckBody {
	out := &flowCheckBody{}
	b := &out.Body
	b.Good, b.LawDay, b.Packs, b.Unready, b.Formula = c.Passing(), c.Day.String(), viewPacks(c.Packs), list(c.Unready), flow.Formula
	b.Problems, b.Findings, b.Friction = []PlaybookProblem{}, []FlowFinding{}, []FlowFriction{}
	for _, e := range slices.Concat(c.Problems, c.Unserved, c.Unsaid) {
		b.Problems = append(b.Problems, PlaybookProblem{e.Field, e.Code, text.Error(lang, e)})
	}
	if c.Report == nil {
		return out
	}
	b.Variants = c.Report.Variants
	b.Findings = each(c.Report.Findings, viewFlowFinding(lang))
	for _, l := range c.Laws {
		for _, m := range c.Flow.Frictions(l) {
			b.Friction = append(b.Friction, FlowFriction{
				viewVariant(m.Variant), m.Leavable, m.Pages, m.Clicks, m.Required, m.Optional, m.Words, m.Asks, m.Handoffs, m.Proofs, m.Seconds, m.Score,
			})
		}
	}
	return out
}

func (a *API) flows(h huma.API) {
	read, write := []string{"flows:read"}, []string{"flows:write"}
	on(h, a, route{ID: "list-flows", Method: http.MethodGet, Path: "/v1/flows", Scopes: read, Tag: "flows"},
		func(ctx context.Context, by app.Actor, _ *nothing) (*flowList, error) {
			p, err := a.App.OpenFlows(ctx, by)
			out := &flowList{}
			out.Body.Items = each(p.Drafts, viewFlowDraft)
			for _, v := range append(p.Versions, p.BuiltIn) {
				out.Body.Items = append(out.Body.Items, viewFlowVersion(v, p.InForce.ID))
			}
			return out, err
		})
	on(h, a, route{ID: "get-flow", Method: http.MethodGet, Path: "/v1/flows/{flow}", Scopes: read, Tag: "flows"},
		func(ctx context.Context, by app.Actor, in *oneFlow) (*flowBody, error) {
			p, err := a.App.OpenFlow(ctx, by, in.Flow, nil)
			if err != nil {
				return nil, err
			}
			out := FlowFile{viewFlowVersion(p.Version, p.InForce.ID), p.Text.Source, p.Text.Signup, p.Text.Facts}
			if p.Draft != nil {
				out.Flow = viewFlowDraft(*p.Draft)
			}
			if out.Facts == nil {
				out.Facts = map[string]string{}
			}
			return &flowBody{out}, nil
		})
	on(h, a, route{ID: "check-flow", Method: http.MethodPost, Path: "/v1/flows/check", Scopes: read, Tag: "flows", Max: maxFlow},
		func(ctx context.Context, by app.Actor, in *checkFlowInput) (*flowCheckBody, error) {
			c, err := a.App.CheckFlow(ctx, by, in.Body.text())
			if err != nil {
				return nil, err
			}
			return viewFlowCheck(visitOf(ctx).lang, c), nil
		})
	on(h, a, route{ID: "write-flow-draft", Method: http.MethodPost, Path: "/v1/flows", Scopes: write, Tag: "flows", Max: maxFlow, Status: http.StatusCreated},
		func(ctx context.Context, by app.Actor, in *draftInput) (*made, error) {
			d, err := a.App.WriteDraft(ctx, by, app.DraftInput{Base: in.Body.Base, Note: in.Body.Note, FlowText: in.Body.text()})
			return madeAt("/v1/flows/", d.ID), err
		})
	on(h, a, route{ID: "change-flow-draft", Method: http.MethodPut, Path: "/v1/flows/{flow}", Scopes: write, Tag: "flows", Max: maxFlow},
		func(ctx context.Context, by app.Actor, in *changeDraftInput) (*done, error) {
			_, err := a.App.WriteDraft(ctx, by, app.DraftInput{ID: in.Flow, Version: in.Body.Version, Note: in.Body.Note, FlowText: in.Body.text()})
			return &done{}, err
		})
	on(h, a, route{ID: "drop-flow-draft", Method: http.MethodPost, Path: "/v1/flows/{flow}/drop", Scopes: write, Tag: "flows"},
		func(ctx context.Context, by app.Actor, in *oneFlow) (*done, error) {
			return &done{}, a.App.DropDraft(ctx, by, in.Flow)
		})
	on(h, a, route{ID: "publish-flow", Method: http.MethodPost, Path: "/v1/flows/{flow}/publish", Scopes: write, Tag: "flows"},
		func(ctx context.Context, by app.Actor, in *publishInput) (*done, error) {
			_, err := a.App.PublishFlow(ctx, by, in.Flow, in.Body.Version)
			return &done{}, err
		})
	on(h, a, route{ID: "roll-back-flow", Method: http.MethodPost, Path: "/v1/flows/{flow}/roll-back", Scopes: write, Tag: "flows"},
		func(ctx context.Context, by app.Actor, in *rollBackInput) (*done, error) {
			_, err := a.App.RollBackFlow(ctx, by, in.Flow, strings.TrimSpace(in.Body.Note))
			return &done{}, err
		})
}
