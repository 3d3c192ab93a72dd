package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/reason"
	"hastaluego/internal/when"
)

// ReasonTally counts departures that are alike.
type ReasonTally struct {
	Stated       string `json:"stated,omitempty"`
	StatedFamily string `json:"stated_family,omitempty"`
	Root         string `json:"root,omitempty"`
	RootFamily   string `json:"root_family,omitempty"`
	Attribution  string `json:"attribution" enum:"ours,theirs,market,unknown"`
	Segment      string `json:"segment,omitempty"`
	Departures   int    `json:"departures"`
	Currency     string `json:"currency,omitempty"`
	Yearly       int64  `json:"yearly_minor"`
	ReturnSum    int    `json:"return_sum"`
	ReturnSaid   int    `json:"return_said"`
	Judged       int    `json:"judged"`
	Mendable     int    `json:"mendable"`
	Fitting      int    `json:"fitting"`
	Guessed      int    `json:"guessed"`
	GuessedRight int    `json:"guessed_right"`
}

// ReasonEdition is what a reason was called when it was given.
type ReasonEdition struct {
	Edition string            `json:"edition"`
	Code    string            `json:"code"`
	Family  string            `json:"family"`
	Label   map[string]string `json:"label"`
	Offered bool              `json:"offered"`
}

// ReasonMatrix is why customers left in a time.
type ReasonMatrix struct {
	From     string          `json:"from" format:"date"`
	To       string          `json:"to" format:"date"`
	Items    []ReasonTally   `json:"items"`
	Editions []ReasonEdition `json:"editions"`
}

// ReasonCase is a departure that the matrix counts.
type ReasonCase struct {
	Case        string    `json:"case"`
	Code        string    `json:"code"`
	Customer    string    `json:"customer"`
	Name        string    `json:"name"`
	RequestedAt time.Time `json:"requested_at"`
	Segment     string    `json:"segment,omitempty"`
	Stated      string    `json:"stated,omitempty"`
	Root        string    `json:"root,omitempty"`
	Attribution string    `json:"attribution" enum:"ours,theirs,market,unknown"`
}

type reasonDays struct {
	From string `query:"from" maxLength:"10"`
	To   string `query:"to" maxLength:"10"`
}

func (d reasonDays) read() (from, to when.Date, err error) {
	for name, x := range map[string]struct {
		said string
		into *when.Date
	}{"from": {d.From, &from}, "to": {d.To, &to}} {
		if x.said == "" {
			continue
		}
		if *x.into, err = when.ParseDate(x.said); err != nil {
			return from, to, fault.New(fault.Invalid, "form.date").On(name)
		}
	}
	return from, to, nil
}

type reasonPick struct {
	From         string `query:"from" maxLength:"10"`
	To           string `query:"to" maxLength:"10"`
	Stated       string `query:"stated" maxLength:"12"`
	Root         string `query:"root" maxLength:"12"`
	StatedFamily string `query:"stated_family" maxLength:"12"`
	RootFamily   string `query:"root_family" maxLength:"12"`
	Attribution  string `query:"attribution" enum:"ours,theirs,market,unknown"`
	Segment      string `query:"segment" maxLength:"200"`
}

type reasonMatrixBody struct{ Body ReasonMatrix }

type reasonCaseList struct {
	Body struct {
		Items []ReasonCase `json:"items"`
		More  bool         `json:"more"`
	} `nameHint:"ReasonCaseList"`
}

// reasonMatrix are the routes of why customers left.
func (a *API) reasonMatrix(h huma.API) {
	on(h, a, route{ID: "get-reason-matrix", Method: http.MethodGet, Path: "/v1/reason-matrix", Scopes: []string{"cases:read"}, Tag: "cases"},
		func(ctx context.Context, by app.Actor, in *reasonDays) (*reasonMatrixBody, error) {
			from, to, err := in.read()
			if err != nil {
				return nil, err
			}
			m, err := a.App.ReasonMatrix(ctx, by, from, to)
			if err != nil {
				return nil, err
			}
			out := ReasonMatrix{From: m.From.String(), To: m.To.String(), Editions: []ReasonEdition{}}
			used := map[string]bool{}
			out.Items = each(m.Tallies, func(x reason.Tally) ReasonTally {
				for _, e := range []string{x.Stated, x.StatedFamily, x.Root, x.RootFamily} {
					if e != "" && !used[e] {
						used[e] = true
						y := m.Editions[e]
						out.Editions = append(out.Editions, ReasonEdition{e, y.Code, y.Family, words(y.Label), m.Now(e)})
					}
				}
				return ReasonTally{
					x.Stated, x.StatedFamily, x.Root, x.RootFamily, string(x.Attribution), x.Segment, x.N, x.Currency, x.Yearly, x.Back, x.BackN,
					x.Judged, x.Mendable, x.Fitting, x.Guessed, x.Right,
				}
			})
			return &reasonMatrixBody{out}, nil
		})
	on(h, a, route{ID: "list-reason-cases", Method: http.MethodGet, Path: "/v1/reason-matrix/cases", Scopes: []string{"cases:read"}, Tag: "cases"},
		func(ctx context.Context, by app.Actor, in *reasonPick) (*reasonCaseList, error) {
			from, to, err := reasonDays{in.From, in.To}.read()
			if err != nil {
				return nil, err
			}
			p := app.ReasonPick{}
			for _, x := range []struct {
				said string
				into **string
			}{
				{in.Stated, &p.Stated}, {in.Root, &p.Root}, {in.StatedFamily, &p.StatedFamily}, {in.RootFamily, &p.RootFamily}, {in.Attribution, &p.Attribution}, {in.Segment, &p.Segment},
			} {
				switch x.said {
				case "":
				case "none":
					*x.into = new(string)
				default:
					*x.into = &x.said
				}
			}
			list, more, err := a.App.ReasonCases(ctx, by, from, to, p)
			if err != nil {
				return nil, err
			}
			out := &reasonCaseList{}
			out.Body.More = more
			out.Body.Items = each(list, func(x app.ReasonCase) ReasonCase {
				return ReasonCase{string(x.Case), x.Code, string(x.Customer), x.Name, x.RequestedAt, x.Segment, x.Stated, x.Root, string(x.Attribution)}
			})
			return out, nil
		})
}
