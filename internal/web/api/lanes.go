package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/lane"
	"hastaluego/internal/money"
	"hastaluego/internal/text"
)

// LaneAlternative is somebody else who may suit a customer better.
type LaneAlternative struct {
	Name string `json:"name" minLength:"1" maxLength:"200"`
	Link string `json:"link,omitempty" format:"uri" pattern:"^https://" maxLength:"500"`
	What string `json:"what,omitempty" maxLength:"500"`
}

// LaneWords are what customers of a lane read, in one language.
type LaneWords struct {
	Why          string            `json:"why,omitempty" maxLength:"2000"`
	Changes      string            `json:"changes,omitempty" maxLength:"2000"`
	Alternatives []LaneAlternative `json:"alternatives,omitempty" maxItems:"10"`
}

// LaneTerms are new terms: of which contracts, their price, and from which day.
type LaneTerms struct {
	Product string `json:"product,omitempty" maxLength:"200"`
	Plan    string `json:"plan,omitempty" maxLength:"200"`
	Price   Money  `json:"price"`
	Every   string `json:"interval,omitempty" enum:"week,month,quarter,half,year"`
	Day     string `json:"day" format:"date"`
}

// LaneMember is a customer in a lane.
type LaneMember struct {
	ID        string     `json:"id"`
	Customer  string     `json:"customer"`
	State     string     `json:"state" enum:"chosen,agreed,spared,told,accepted,applied,left,silent,released"`
	ChosenAt  time.Time  `json:"chosen_at"`
	ChosenBy  string     `json:"chosen_by"`
	DecidedAt *time.Time `json:"decided_at,omitempty"`
	DecidedBy string     `json:"decided_by,omitempty"`
	Case      string     `json:"case,omitempty"`
}

// LaneOutcome is how the leavers of a lane fare against others.
type LaneOutcome struct {
	Metric  string   `json:"metric" enum:"complaints,csat,exit_time"`
	N       int      `json:"n"`
	Found   *float64 `json:"found,omitempty"`
	NOthers int      `json:"n_others"`
	Others  *float64 `json:"others,omitempty"`
	Low     *float64 `json:"low,omitempty"`
	Worse   bool     `json:"worse"`
}

// LaneEffort is what people worked for a customer in a month, before and since.
type LaneEffort struct {
	Customers int      `json:"customers"`
	Months    float64  `json:"months"`
	Before    *float64 `json:"minutes_before,omitempty"`
	After     *float64 `json:"minutes_after,omitempty"`
}

// Lane is how the company lets go of customers of a segment.
type Lane struct {
	ID        string               `json:"id"`
	State     string               `json:"state" enum:"proposed,open,refused,stopped,closed"`
	Way       string               `json:"way" enum:"exit,renewal,terms"`
	Segment   string               `json:"segment"`
	Rule      string               `json:"rule"`
	Why       string               `json:"why"`
	Words     map[string]LaneWords `json:"words"`
	Terms     *LaneTerms           `json:"terms,omitempty"`
	Customers int                  `json:"customers"`
	Of        int                  `json:"of"`
	MadeAt    time.Time            `json:"made_at"`
	MadeBy    string               `json:"made_by"`
	DecidedAt *time.Time           `json:"decided_at,omitempty"`
	DecidedBy string               `json:"decided_by,omitempty"`
	StoppedAt *time.Time           `json:"stopped_at,omitempty"`
	StoppedBy string               `json:"stopped_by,omitempty"`
	Note      string               `json:"note,omitempty"`
	Members   []LaneMember         `json:"members"`
	Outcomes  []LaneOutcome        `json:"outcomes,omitempty"`
	Effort    *LaneEffort          `json:"effort,omitempty"`
}

func viewLane(v app.LaneView) Lane {
	out := Lane{
		ID: string(v.ID), State: string(v.State), Way: string(v.Way), Segment: v.Lane.Segment, Rule: v.Rule, Why: v.Why, Words: map[string]LaneWords{}, Customers: v.People, Of: v.Of,
		MadeAt: v.MadeAt, MadeBy: v.MadeBy, DecidedAt: at(v.DecidedAt), DecidedBy: v.DecidedBy, StoppedAt: at(v.StoppedAt), StoppedBy: v.StoppedBy, Note: v.Note,
		Members: each(v.Members, func(m app.MemberView) LaneMember {
			return LaneMember{string(m.ID), string(m.Customer), string(m.State), m.ChosenAt, m.ChosenBy, at(m.DecidedAt), m.DecidedBy, m.Case}
		}),
		Outcomes: each(v.Outcomes, viewOutcome),
	}
	for lang, w := range v.Words {
		out.Words[lang] = LaneWords{w.Why, w.Changes, each(w.Alternatives, func(a lane.Alternative) LaneAlternative { return LaneAlternative{a.Name, a.Link, a.What} })}
	}
	if v.Way == lane.Terms {
		out.Terms = &LaneTerms{v.Offer.Product, v.Offer.Plan, viewMoney(v.Offer.Price), string(v.Offer.Every), v.Offer.Day.String()}
	}
	return out
}

func viewOutcome(c lane.Compared) LaneOutcome {
	o := LaneOutcome{Metric: string(c.Metric), N: c.Lane.N, NOthers: c.Others.N, Worse: c.Enough() && c.Difference.Low > 0}
	if c.Lane.N > 0 {
		o.Found = &c.Lane.Moments.Mean
	}
	if c.Others.N > 0 {
		o.Others = &c.Others.Moments.Mean
	}
	if c.Enough() && c.Difference.Known() {
		o.Low = &c.Difference.Low
	}
	return o
}

func viewEffort(e lane.Effort) *LaneEffort {
	out := &LaneEffort{Customers: e.Customers, Months: e.Months}
	if before, after, ok := e.PerMonth(); ok {
		out.Before, out.After = &before, &after
	}
	return out
}

type laneList struct {
	Body struct {
		Items []Lane `json:"items"`
	} `nameHint:"LaneList"`
}

type oneLane struct {
	Lane string `path:"lane"`
}

type laneBody struct{ Body Lane }

type proposeLane struct {
	Body struct {
		Way     string               `json:"way" enum:"exit,renewal,terms"`
		Segment string               `json:"segment" minLength:"1" maxLength:"40"`
		Why     string               `json:"why" minLength:"1" maxLength:"2000"`
		Words   map[string]LaneWords `json:"words"`
		Terms   *LaneTerms           `json:"terms,omitempty"`
	} `nameHint:"LaneInput"`
}

type endLane struct {
	Lane string `path:"lane"`
	Body struct {
		Note string `json:"note" minLength:"1" maxLength:"2000"`
	} `nameHint:"LaneNote"`
}

type releaseMember struct {
	Lane   string `path:"lane"`
	Member string `path:"member"`
	Body   struct {
		Note string `json:"note" minLength:"1" maxLength:"2000"`
	} `nameHint:"LaneNote"`
}

type applyTerms struct {
	Lane   string `path:"lane"`
	Member string `path:"member"`
	Body   struct {
		Evidence string `json:"evidence" minLength:"1" maxLength:"2000"`
	} `nameHint:"TermsApplied"`
}

// lanes are the routes of whom the company lets go. Agreeing, choosing and opening again
// are for people.
func (a *API) lanes(h huma.API) {
	const path = "/v1/lanes"
	read, write := []string{"lanes:read"}, []string{"lanes:write"}
	on(h, a, route{ID: "list-lanes", Method: http.MethodGet, Path: path, Scopes: read, Tag: "endings"},
		func(ctx context.Context, by app.Actor, _ *struct{}) (*laneList, error) {
			list, err := a.App.ListLanes(ctx, by)
			out := &laneList{}
			out.Body.Items = each(list, viewLane)
			return out, err
		})
	on(h, a, route{ID: "get-lane", Method: http.MethodGet, Path: path + "/{lane}", Scopes: read, Tag: "endings"},
		func(ctx context.Context, by app.Actor, in *oneLane) (*laneBody, error) {
			if err := known("lan", in.Lane); err != nil {
				return nil, err
			}
			v, err := a.App.OpenLane(ctx, by, lane.ID(in.Lane), false)
			out := viewLane(v)
			out.Effort = viewEffort(v.Effort)
			return &laneBody{out}, err
		})
	fields := map[string]string{"product": "/terms/product", "plan": "/terms/plan", "price": "/terms/price", "every": "/terms/interval", "day": "/terms/day"}
	for _, lang := range text.CustomerLangs() {
		for _, f := range []string{"why", "changes", "alternatives"} {
			fields[f+"_"+lang] = "/words/" + lang + "/" + f
		}
	}
	on(h, a, route{ID: "propose-lane", Method: http.MethodPost, Path: path, Scopes: write, Tag: "endings", Status: http.StatusCreated, Fields: fields},
		func(ctx context.Context, by app.Actor, in *proposeLane) (*made, error) {
			b := in.Body
			x := app.LaneInput{Way: lane.Way(b.Way), Segment: b.Segment, Why: b.Why, Words: map[string]lane.Words{}}
			for lang, w := range b.Words {
				x.Words[lang] = lane.Words{Why: w.Why, Changes: w.Changes, Alternatives: each(w.Alternatives, func(a LaneAlternative) lane.Alternative {
					return lane.Alternative{Name: a.Name, Link: a.Link, What: a.What}
				})}
			}
			if t := b.Terms; t != nil && x.Way == lane.Terms {
				x.Offer = lane.Offer{Product: t.Product, Plan: t.Plan, Price: money.Amount{Minor: t.Price.Minor, Currency: t.Price.Currency}, Every: customer.Interval(t.Every)}
				if err := days("", map[string]day{"day": {&t.Day, &x.Offer.Day}}); err != nil {
					return nil, err
				}
			}
			id, err := a.App.ProposeLane(ctx, by, x)
			return madeAt(path+"/", string(id)), err
		})
	on(h, a, route{ID: "stop-lane", Method: http.MethodPost, Path: path + "/{lane}/stop", Scopes: write, Tag: "endings"},
		func(ctx context.Context, by app.Actor, in *endLane) (*done, error) {
			return act("lan", in.Lane, func() error { return a.App.StopLane(ctx, by, lane.ID(in.Lane), in.Body.Note) })
		})
	on(h, a, route{ID: "close-lane", Method: http.MethodPost, Path: path + "/{lane}/close", Scopes: write, Tag: "endings"},
		func(ctx context.Context, by app.Actor, in *endLane) (*done, error) {
			return act("lan", in.Lane, func() error { return a.App.CloseLane(ctx, by, lane.ID(in.Lane), in.Body.Note) })
		})
	on(h, a, route{ID: "release-from-lane", Method: http.MethodPost, Path: path + "/{lane}/members/{member}/release", Scopes: write, Tag: "endings"},
		func(ctx context.Context, by app.Actor, in *releaseMember) (*done, error) {
			return act("lnm", in.Member, func() error { return a.App.ReleaseMember(ctx, by, lane.MemberID(in.Member), in.Body.Note) })
		})
	on(h, a, route{ID: "apply-terms", Method: http.MethodPost, Path: path + "/{lane}/members/{member}/applied", Scopes: write, Tag: "endings"},
		func(ctx context.Context, by app.Actor, in *applyTerms) (*done, error) {
			return act("lnm", in.Member, func() error { return a.App.ApplyTerms(ctx, by, lane.MemberID(in.Member), in.Body.Evidence) })
		})
}
