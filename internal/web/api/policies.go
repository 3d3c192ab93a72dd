package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/offer"
	"hastaluego/internal/text"
)

// OfferPolicy is an edition of what is proposed to whom, or a draft of one.
type OfferPolicy struct {
	ID      string     `json:"id"`
	Name    string     `json:"name"`
	State   string     `json:"state" enum:"draft,in_force,retired"`
	Number  int        `json:"number,omitempty"`
	Edition string     `json:"edition,omitempty"`
	Based   string     `json:"based_on,omitempty"`
	Note    string     `json:"note,omitempty"`
	Hands   []string   `json:"written_by"`
	Version int64      `json:"version,omitempty"`
	At      *time.Time `json:"at,omitempty"`
	By      string     `json:"by,omitempty"`
}

// OfferPolicyFile is one with its text.
type OfferPolicyFile struct {
	OfferPolicy
	Source   string            `json:"source"`
	Problems []PlaybookProblem `json:"problems"`
}

// OfferPolicyLine is what became of one line.
type OfferPolicyLine struct {
	Line    string `json:"line"`
	Applies int    `json:"applies"`
	Decides int    `json:"decides"`
	Unread  int    `json:"unread"`
}

type policyList struct {
	Body struct {
		Items []OfferPolicy `json:"items"`
	} `nameHint:"OfferPolicyList"`
}

type onePolicy struct {
	Policy string `path:"policy" maxLength:"200"`
}

type policyBody struct{ Body OfferPolicyFile }

type tryPolicyInput struct {
	Body struct {
		Source string `json:"source" minLength:"1" maxLength:"200000"`
	} `nameHint:"OfferPolicyText"`
}

type triedPolicy struct {
	Body struct {
		Customers int               `json:"customers"`
		Asked     int               `json:"asked"`
		Gets      map[string]int    `json:"gets"`
		Nothing   int               `json:"nothing"`
		Lines     []OfferPolicyLine `json:"lines"`
		Warnings  []PlaybookProblem `json:"warnings"`
	} `nameHint:"OfferPolicyTried"`
}

type writePolicyInput struct {
	Body struct {
		Source string `json:"source,omitempty" maxLength:"200000"`
		Base   string `json:"based_on,omitempty" maxLength:"200"`
		Note   string `json:"note,omitempty" maxLength:"1000"`
	} `nameHint:"OfferPolicyDraft"`
}

type changePolicyInput struct {
	Policy string `path:"policy" maxLength:"200"`
	Body   struct {
		Source  string `json:"source" minLength:"1" maxLength:"200000"`
		Version int64  `json:"version,omitempty" minimum:"0"`
		Note    string `json:"note,omitempty" maxLength:"1000"`
	} `nameHint:"OfferPolicyChange"`
}

type publishPolicyInput struct {
	Policy string `path:"policy" maxLength:"200"`
	Body   struct {
		Version int64 `json:"version,omitempty" minimum:"0"`
	} `nameHint:"OfferPolicyPublish"`
}

type rollBackPolicyInput struct {
	Policy string `path:"policy" maxLength:"200"`
	Body   struct {
		Note string `json:"note" minLength:"1" maxLength:"1000"`
	} `nameHint:"OfferPolicyRollBack"`
}

// maxPolicyBody is how long the body with a policy may be, in bytes.
const maxPolicyBody = 1 << 20

func viewEdition(e app.PolicyEdition, inForce string) OfferPolicy {
	name, _, _ := strings.Cut(e.Version, "@")
	out := OfferPolicy{ID: e.ID, Name: name, State: "retired", Number: e.Number, Edition: e.Version, Based: e.MadeOf, Note: e.Note, Hands: list(e.Hands), At: at(e.At), By: e.By}
	if e.ID == inForce {
		out.State = "in_force"
	}
	return out
}

func viewPolicyDraft(d app.PolicyDraft) OfferPolicy {
	return OfferPolicy{ID: d.ID, Name: d.Title, State: "draft", Based: d.Base, Note: d.Note, Hands: list(d.Hands), Version: d.Version, At: at(d.ChangedAt), By: d.ChangedBy}
}

func viewProblems(lang string, wrong fault.List) []PlaybookProblem {
	return each(wrong, func(e *fault.Error) PlaybookProblem { return PlaybookProblem{e.Field, e.Code, text.Error(lang, e)} })
}

// policies are the routes of what is proposed to whom.
func (a *API) policies(h huma.API) {
	read, write := []string{"offers:read"}, []string{"policies:write"}
	on(h, a, route{ID: "list-policies", Method: http.MethodGet, Path: "/v1/offers/policies", Scopes: read, Tag: "offers"},
		func(ctx context.Context, by app.Actor, _ *nothing) (*policyList, error) {
			p, err := a.App.OpenPolicies(ctx, by)
			out := &policyList{}
			out.Body.Items = each(p.Drafts, viewPolicyDraft)
			for _, e := range append(p.Editions, p.Started) {
				out.Body.Items = append(out.Body.Items, viewEdition(e, p.InForce.ID))
			}
			return out, err
		})
	on(h, a, route{ID: "get-policy", Method: http.MethodGet, Path: "/v1/offers/policies/{policy}", Scopes: read, Tag: "offers"},
		func(ctx context.Context, by app.Actor, in *onePolicy) (*policyBody, error) {
			p, err := a.App.OpenPolicy(ctx, by, in.Policy, nil)
			if err != nil {
				return nil, err
			}
			out := OfferPolicyFile{viewEdition(p.Edition, p.InForce.ID), p.Source, viewProblems(visitOf(ctx).lang, p.Problems)}
			if p.Draft != nil {
				out.OfferPolicy = viewPolicyDraft(*p.Draft)
			}
			return &policyBody{out}, nil
		})
	on(h, a, route{ID: "try-policy", Method: http.MethodPost, Path: "/v1/offers/policies/try", Scopes: read, Tag: "offers", Max: maxPolicyBody},
		func(ctx context.Context, by app.Actor, in *tryPolicyInput) (*triedPolicy, error) {
			if err := by.CanRead("policy"); err != nil {
				return nil, err
			}
			p, err := a.App.ReadPolicy(in.Body.Source)
			if err != nil {
				return nil, err
			}
			t, err := a.App.TryPolicy(ctx, by, p, "")
			if err != nil {
				return nil, err
			}
			out := &triedPolicy{}
			b := &out.Body
			b.Customers, b.Asked, b.Gets, b.Nothing, b.Warnings = t.People, t.Tally.Asked, t.Tally.Gets, t.Tally.None, viewProblems(visitOf(ctx).lang, t.Warnings)
			b.Lines = each(t.Tally.Lines, func(l offer.LineTally) OfferPolicyLine {
				return OfferPolicyLine{l.Line, l.Applies, l.Decides, l.Unread}
			})
			return out, nil
		})
	on(h, a, route{ID: "write-policy", Method: http.MethodPost, Path: "/v1/offers/policies", Scopes: write, Tag: "offers", Max: maxPolicyBody, Status: http.StatusCreated},
		func(ctx context.Context, by app.Actor, in *writePolicyInput) (*made, error) {
			d, err := a.App.WritePolicy(ctx, by, app.PolicyInput{Base: in.Body.Base, Source: in.Body.Source, Note: in.Body.Note})
			return madeAt("/v1/offers/policies/", d.ID), err
		})
	on(h, a, route{ID: "change-policy", Method: http.MethodPut, Path: "/v1/offers/policies/{policy}", Scopes: write, Tag: "offers", Max: maxPolicyBody},
		func(ctx context.Context, by app.Actor, in *changePolicyInput) (*done, error) {
			_, err := a.App.WritePolicy(ctx, by, app.PolicyInput{ID: in.Policy, Version: in.Body.Version, Source: in.Body.Source, Note: in.Body.Note})
			return &done{}, err
		})
	on(h, a, route{ID: "drop-policy", Method: http.MethodPost, Path: "/v1/offers/policies/{policy}/drop", Scopes: write, Tag: "offers"},
		func(ctx context.Context, by app.Actor, in *onePolicy) (*done, error) {
			return &done{}, a.App.DropPolicy(ctx, by, in.Policy)
		})
	on(h, a, route{ID: "publish-policy", Method: http.MethodPost, Path: "/v1/offers/policies/{policy}/publish", Scopes: write, Tag: "offers"},
		func(ctx context.Context, by app.Actor, in *publishPolicyInput) (*done, error) {
			_, err := a.App.PublishPolicy(ctx, by, in.Policy, in.Body.Version)
			return &done{}, err
		})
	on(h, a, route{ID: "roll-back-policy", Method: http.MethodPost, Path: "/v1/offers/policies/{policy}/roll-back", Scopes: write, Tag: "offers"},
		func(ctx context.Context, by app.Actor, in *rollBackPolicyInput) (*done, error) {
			_, err := a.App.RollBackPolicy(ctx, by, in.Policy, strings.TrimSpace(in.Body.Note))
			return &done{}, err
		})
}
