package api

import (
	"context"
	"mime"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
)

// AccessRow is how accesses of one kind at one system were closed.
type AccessRow struct {
	System         string `json:"system"`
	Kind           string `json:"kind"`
	AtBest         string `json:"at_best,omitempty" enum:"tried,read_back,attested"`
	Closed         int    `json:"closed"`
	Verified       int    `json:"verified"`
	Tried          int    `json:"tried"`
	ReadBack       int    `json:"read_back"`
	EvidenceErased int    `json:"evidence_erased"`
	Attested       int    `json:"attested"`
	MedianSeconds  int64  `json:"median_seconds"`
	P90Seconds     int64  `json:"p90_seconds"`
}

func viewAccessRow(r app.AccessRow) AccessRow {
	return AccessRow{r.System, r.Kind, string(r.Best), r.Closed(), r.Verified, r.Tried, r.Read, r.Erased, r.Attested, app.WholeSeconds(r.Median), app.WholeSeconds(r.P90)}
}

// RetestRow is what trying again so many days later showed at one system.
type RetestRow struct {
	System  string `json:"system"`
	Days    int    `json:"days"`
	Closed  int    `json:"closed"`
	Open    int    `json:"open"`
	Unclear int    `json:"unclear"`
}

// LeftAccess is one access that is open though its customer has left.
type LeftAccess struct {
	Case     string `json:"case"`
	Customer string `json:"customer"`
	System   string `json:"system"`
	Account  string `json:"account"`
	Kind     string `json:"kind"`
	Why      string `json:"why" enum:"open,again,found"`
	Since    string `json:"since" format:"date"`
}

// SweepRound is how far the looking after those who left is at one system.
type SweepRound struct {
	System string     `json:"system"`
	Level  string     `json:"level,omitempty" enum:"real_peer,shapes_only,declared,example"`
	Tells  bool       `json:"tells"`
	DoneAt *time.Time `json:"done_at,omitempty"`
	Looked int        `json:"looked"`
	Unread int        `json:"unread"`
	Why    string     `json:"why,omitempty"`
}

// AccessReport is how well accesses are closed.
type AccessReport struct {
	From       string       `json:"from" format:"date"`
	All        AccessRow    `json:"all"`
	Rows       []AccessRow  `json:"rows"`
	Retests    []RetestRow  `json:"retests"`
	LeftBehind int          `json:"left_behind"`
	Left       []LeftAccess `json:"left"`
	OpenStrays int          `json:"open_strays"`
	Rounds     []SweepRound `json:"rounds"`
}

// ViewAccess is how programs read the report.
func ViewAccess(r app.AccessReport) AccessReport {
	return AccessReport{
		From: r.From.String(), All: viewAccessRow(r.All), Rows: each(r.Rows, viewAccessRow), LeftBehind: r.LeftAll, OpenStrays: r.Strays,
		Retests: each(r.Retests, func(x app.RetestRow) RetestRow { return RetestRow(x) }),
		Left: each(r.Left, func(x app.LeftAccess) LeftAccess {
			return LeftAccess{x.Case, x.Customer, x.System, x.Item, x.Kind, x.Why, x.Since.String()}
		}),
		Rounds: each(r.Rounds, func(x app.SweepRound) SweepRound {
			return SweepRound{x.System, x.Level, x.Tells, at(x.Done), x.Looked, x.Unread, x.Why}
		}),
	}
}

type accessReportBody struct{ Body AccessReport }

type accessReportInput struct {
	Months int `query:"months" default:"12" minimum:"1" maximum:"60"`
}

type accessListInput struct {
	Case string `path:"case"`
}

func (a *API) accessReport(h huma.API) {
	on(h, a, route{ID: "get-access-list", Method: http.MethodGet, Path: "/v1/cases/{case}/access-list", Scopes: []string{"cases:read"}, Tag: "cases", Answers: "application/octet-stream"},
		func(ctx context.Context, by app.Actor, in *accessListInput) (*download, error) {
			if err := known("case", in.Case); err != nil {
				return nil, err
			}
			code, raw, err := a.App.ListAccess(ctx, by, offboarding.CaseID(in.Case))
			return &download{"application/octet-stream", mime.FormatMediaType("attachment", map[string]string{"filename": "accesses-" + code + ".json"}), raw}, err
		})
	on(h, a, route{ID: "get-access-report", Method: http.MethodGet, Path: "/v1/access-report", Scopes: []string{"metrics:read"}, Tag: "metrics"},
		func(ctx context.Context, by app.Actor, in *accessReportInput) (*accessReportBody, error) {
			r, err := a.App.ReportAccess(ctx, by, in.Months)
			return &accessReportBody{ViewAccess(r)}, err
		})
}
