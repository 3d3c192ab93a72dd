package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/limit"
)

// CaseLaw is the law that a departure was decided under when it was registered.
type CaseLaw struct {
	Day       string      `json:"day" format:"date"`
	DecidedAt time.Time   `json:"decided_at"`
	Packs     []PackRef   `json:"packs"`
	Limits    []TimeLimit `json:"limits"`
}

// TimeLimit is one time limit of the law, and how it stands.
type TimeLimit struct {
	ID      string     `json:"id"`
	Case    string     `json:"case,omitempty"`
	About   string     `json:"about,omitempty"`
	Param   string     `json:"param"`
	Rule    string     `json:"rule"`
	Pack    string     `json:"pack"`
	Version string     `json:"version"`
	Law     string     `json:"law"`
	Counts  string     `json:"counts"`
	StartAt time.Time  `json:"start_at"`
	EndAt   time.Time  `json:"end_at"`
	LastDay string     `json:"last_day" format:"date"`
	State   string     `json:"state" enum:"running,met,missed,moot"`
	OverAt  *time.Time `json:"over_at,omitempty"`
	OverBy  string     `json:"over_by,omitempty"`
	// FirstEnd and Extended are of one that was put off.
	FirstEnd *time.Time `json:"first_end_at,omitempty"`
	Extended *time.Time `json:"extended_at,omitempty"`
}

func viewCaseLaw(c app.CaseView) *CaseLaw {
	if c.Decided.Case == "" {
		return nil
	}
	return &CaseLaw{
		Day: c.Decided.Day.String(), DecidedAt: c.Decided.At, Limits: each(c.Limits, viewLimit),
		Packs: viewPacks(c.Decided.Refs),
	}
}

func viewLimit(l limit.Limit) TimeLimit {
	return TimeLimit{
		ID: l.ID, Case: l.Case, About: l.About, Param: l.Param, Rule: l.Rule.ID, Pack: l.Rule.Pack, Version: l.Rule.Version, Law: l.Rule.Cite, Counts: l.Time.String(),
		StartAt: l.Start, EndAt: l.End, LastDay: l.Last().String(), State: string(l.State), OverAt: at(l.Over), OverBy: l.By, FirstEnd: at(l.First), Extended: at(l.Extended),
	}
}

// LimitTally is how many time limits stand how.
type LimitTally struct {
	Met      int    `json:"met"`
	Missed   int    `json:"missed"`
	DoneLate int    `json:"done_late"`
	Running  int    `json:"running"`
	Moot     int    `json:"moot"`
	Rate     string `json:"rate,omitempty"`
}

func viewTally(t app.LimitTally) LimitTally {
	return LimitTally{t.Met, t.Missed, t.DoneLate, t.Running, t.Moot, hundredths(t.Rate())}
}

// RuleTally is the time limits of one rule.
type RuleTally struct {
	Param string `json:"param"`
	Rule  string `json:"rule"`
	Law   string `json:"law,omitempty"`
	LimitTally
}

func viewRuleTally(t app.RuleTally) RuleTally {
	return RuleTally{t.Param, t.Rule, t.Cite, viewTally(t.LimitTally)}
}

// LimitMonth is the time limits that end in one month.
type LimitMonth struct {
	Month string `json:"month" format:"date"`
	LimitTally
	Rules []RuleTally `json:"rules"`
}

// LimitReport is which time limits of the law were met and missed.
type LimitReport struct {
	LimitTally
	Months []LimitMonth `json:"months"`
	Rules  []RuleTally  `json:"rules"`
	Late   []TimeLimit  `json:"late"`
	Coming []TimeLimit  `json:"coming"`
}

// ViewLimits is how programs read the report.
func ViewLimits(r app.LawReport) LimitReport {
	line := func(l app.LimitLine) TimeLimit { return viewLimit(l.Limit) }
	return LimitReport{
		LimitTally: viewTally(r.All), Rules: each(r.Rules, viewRuleTally), Late: each(r.Late, line), Coming: each(r.Coming, line),
		Months: each(r.Months, func(m app.LawMonth) LimitMonth {
			return LimitMonth{m.First.String(), viewTally(m.LimitTally), each(m.Rules, viewRuleTally)}
		}),
	}
}

type limitsBody struct{ Body LimitReport }

type limitsInput struct {
	Months int `query:"months" default:"12" minimum:"1" maximum:"60"`
}

type extendLimit struct {
	Limit string `path:"limit"`
	Body  struct {
		Why string `json:"why" minLength:"1" maxLength:"2000"`
	} `nameHint:"ExtendLimitInput"`
}

func (a *API) limits(h huma.API) {
	on(h, a, route{ID: "extend-limit", Method: http.MethodPost, Path: "/v1/limits/{limit}/extend", Scopes: []string{"cases:act"}, Tag: "cases"},
		func(ctx context.Context, by app.Actor, in *extendLimit) (*done, error) {
			return act("lim", in.Limit, func() error { return a.App.ExtendLimit(ctx, by, in.Limit, in.Body.Why) })
		})
	on(h, a, route{ID: "get-time-limits", Method: http.MethodGet, Path: "/v1/time-limits", Scopes: []string{"metrics:read"}, Tag: "metrics"},
		func(ctx context.Context, by app.Actor, in *limitsInput) (*limitsBody, error) {
			r, err := a.App.ReportLaw(ctx, by, in.Months)
			return &limitsBody{ViewLimits(r)}, err
		})
}
