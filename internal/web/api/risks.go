package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/play"
	"hastaluego/internal/risk"
	"hastaluego/internal/signal"
)

// Score is what the rules said of a customer on a day, with the facts as they
// were then.
type Score struct {
	Day     string       `json:"day" format:"date"`
	Band    string       `json:"band" enum:"high,medium,low,unknown"`
	Points  int          `json:"points"`
	Reasons []RiskReason `json:"reasons"`
	Signals []Signal     `json:"signals"`
}

// RiskReason is a rule that held, with its points.
type RiskReason struct {
	Rule   string `json:"rule"`
	Signal string `json:"signal"`
	Points int    `json:"points"`
}

// Signal is one thing that is watched, with what it was found by.
type Signal struct {
	Kind     string  `json:"kind" enum:"use_falling,spend_falling,incidents_repeated"`
	State    string  `json:"state" enum:"yes,no,unknown"`
	Why      string  `json:"why,omitempty"`
	Trend    string  `json:"trend,omitempty" enum:"rising,steady,falling,unknown"`
	Recent   float64 `json:"recent"`
	Before   float64 `json:"before"`
	Change   int     `json:"change_percent"`
	From     string  `json:"from,omitempty" format:"date"`
	Until    string  `json:"until,omitempty" format:"date"`
	Readings int     `json:"readings"`
}

func viewScore(s risk.Score) Score {
	return Score{
		Day: s.Day.String(), Band: string(s.Band), Points: s.Points,
		Reasons: each(s.Reasons, func(r risk.Reason) RiskReason { return RiskReason{r.Rule, string(r.Signal), r.Points} }),
		Signals: each(s.Signals, func(x signal.Signal) Signal {
			return Signal{
				string(x.Kind), string(x.State), x.Why, string(x.Trend), float64(x.Recent) / signal.Unit, float64(x.Before) / signal.Unit, x.Change,
				x.From.String(), x.Until.String(), x.Count,
			}
		}),
	}
}

// scored is a score unless nothing was rated.
func scored(s risk.Score) *Score {
	if s.Day.IsZero() {
		return nil
	}
	v := viewScore(s)
	return &v
}

// Play is one thing that is done about one customer.
type Play struct {
	ID       string     `json:"id"`
	Customer string     `json:"customer"`
	Kind     string     `json:"kind" enum:"check_in,make_good"`
	Stage    string     `json:"stage" enum:"opened,planned,acting,finished"`
	Owner    string     `json:"owner,omitempty"`
	Due      string     `json:"due,omitempty" format:"date"`
	Outcome  string     `json:"outcome,omitempty" enum:"recovered,unchanged,lost"`
	OpenedAt time.Time  `json:"opened_at"`
	OpenedBy string     `json:"opened_by"`
	OverAt   *time.Time `json:"over_at,omitempty"`
	Plan     string     `json:"plan,omitempty"`
	Note     string     `json:"note,omitempty"`
	Score    *Score     `json:"score,omitempty"`
}

func viewPlay(p app.PlayView) Play {
	return Play{
		string(p.ID), string(p.Customer), string(p.Kind), string(p.Stage), p.Owner, p.Due.String(), string(p.Outcome), p.OpenedAt, p.OpenedBy, at(p.OverAt),
		p.Plan, p.Note, scored(p.Score),
	}
}

// Risk is how one customer is rated now, and what is done about it.
type Risk struct {
	Customer  string `json:"customer"`
	Reference string `json:"reference"`
	Name      string `json:"name"`
	Score     Score  `json:"score"`
	Play      *Play  `json:"play,omitempty"`
}

func viewRisk(r app.RiskView) Risk {
	v := Risk{Customer: string(r.Customer.ID), Reference: r.Customer.Reference, Name: r.Customer.Name, Score: viewScore(r.Score)}
	if r.Play != nil {
		p := viewPlay(*r.Play)
		v.Play = &p
	}
	return v
}

// LeftRisk is how a customer was rated when they left.
type LeftRisk struct {
	Case  string `json:"case"`
	Score Score  `json:"score"`
}

type listRisks struct {
	Page
	Band string `query:"band" enum:"high,medium,low,unknown" default:"high"`
}

type riskList struct {
	Body struct {
		Items []Risk `json:"items"`
		Next  string `json:"next,omitempty"`
	} `nameHint:"RiskList"`
}

type customerRisk struct {
	Body struct {
		Now   *Score     `json:"now,omitempty"`
		Left  []LeftRisk `json:"left"`
		Plays []Play     `json:"plays"`
	} `nameHint:"CustomerRisk"`
}

type openPlay struct {
	Customer string `path:"customer"`
	Body     struct {
		Kind string `json:"kind" enum:"check_in,make_good"`
	} `nameHint:"PlayInput"`
}

type onePlay struct {
	Play string `path:"play"`
}

type planPlay struct {
	Play string `path:"play"`
	Body struct {
		Owner string `json:"owner" minLength:"1" maxLength:"100"`
		Due   string `json:"due" format:"date"`
		Plan  string `json:"plan" minLength:"1" maxLength:"4000"`
	} `nameHint:"PlayPlan"`
}

type finishPlay struct {
	Play string `path:"play"`
	Body struct {
		Outcome string `json:"outcome" enum:"recovered,unchanged,lost"`
		Note    string `json:"note" minLength:"1" maxLength:"4000"`
	} `nameHint:"PlayEnd"`
}

// riskPlace reads where a page of ratings begins.
func (in *listRisks) riskPlace() (p app.RiskPlace, err error) {
	p.Limit = in.Limit
	at, err := in.read("risks:" + in.Band)
	if err != nil || at == "" {
		return p, err
	}
	points, who, _ := strings.Cut(at, "/")
	if p.Points, err = strconv.Atoi(points); err != nil || !id.Valid("cus", who) {
		return p, fault.New(fault.Invalid, "api.cursor").On("?cursor")
	}
	p.Customer = customer.ID(who)
	return p, nil
}

// risks are the routes of who is likely to leave, and what is done about it.
func (a *API) risks(h huma.API) {
	read, write := []string{"risks:read"}, []string{"risks:write"}
	on(h, a, route{ID: "list-risks", Method: http.MethodGet, Path: "/v1/risks", Scopes: read, Tag: "risks"},
		func(ctx context.Context, by app.Actor, in *listRisks) (*riskList, error) {
			p, err := in.riskPlace()
			if err != nil {
				return nil, err
			}
			rows, more, err := a.App.PageRisks(ctx, by, risk.Band(in.Band), p)
			if err != nil {
				return nil, err
			}
			out := &riskList{}
			if out.Body.Items = each(rows, viewRisk); more {
				last := rows[len(rows)-1]
				out.Body.Next = cursor("risks:"+in.Band, strconv.Itoa(last.Score.Points)+"/"+string(last.Customer.ID))
			}
			return out, nil
		})
	on(h, a, route{ID: "get-risk", Method: http.MethodGet, Path: "/v1/customers/{customer}/risk", Scopes: read, Tag: "risks"},
		func(ctx context.Context, by app.Actor, in *oneCustomer) (*customerRisk, error) {
			if err := known("cus", in.Customer); err != nil {
				return nil, err
			}
			c, err := a.App.OpenCustomerRisk(ctx, by, customer.ID(in.Customer))
			out := &customerRisk{}
			if c.Now != nil {
				out.Body.Now = scored(c.Now.Score)
			}
			out.Body.Left = each(c.Left, func(r app.Risk) LeftRisk { return LeftRisk{string(r.Case), viewScore(r.Score)} })
			out.Body.Plays = each(c.Plays, viewPlay)
			return out, err
		})
	on(h, a, route{ID: "open-play", Method: http.MethodPost, Path: "/v1/customers/{customer}/plays", Scopes: write, Tag: "risks", Status: http.StatusCreated},
		func(ctx context.Context, by app.Actor, in *openPlay) (*made, error) {
			if err := known("cus", in.Customer); err != nil {
				return nil, err
			}
			p, err := a.App.OpenPlay(ctx, by, customer.ID(in.Customer), play.Kind(in.Body.Kind))
			return &made{Location: "/v1/customers/" + in.Customer + "/risk", Body: Made{string(p)}}, err
		})
	verb := func(name string) route {
		return route{ID: name + "-play", Method: http.MethodPost, Path: "/v1/plays/{play}/" + name, Scopes: write, Tag: "risks"}
	}
	on(h, a, verb("plan"), func(ctx context.Context, by app.Actor, in *planPlay) (*done, error) {
		x := app.PlayPlan{Play: play.ID(in.Play), Owner: in.Body.Owner, Plan: in.Body.Plan}
		if err := days("", map[string]day{"due": {&in.Body.Due, &x.Due}}); err != nil {
			return nil, err
		}
		return act("ply", in.Play, func() error { return a.App.AssignPlay(ctx, by, x) })
	})
	on(h, a, verb("begin"), func(ctx context.Context, by app.Actor, in *onePlay) (*done, error) {
		return act("ply", in.Play, func() error { return a.App.BeginPlay(ctx, by, play.ID(in.Play)) })
	})
	on(h, a, verb("finish"), func(ctx context.Context, by app.Actor, in *finishPlay) (*done, error) {
		return act("ply", in.Play, func() error {
			return a.App.FinishPlay(ctx, by, app.PlayEnd{Play: play.ID(in.Play), Outcome: play.Outcome(in.Body.Outcome), Note: in.Body.Note})
		})
	})
}
