package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/experiment"
	"hastaluego/internal/trial"
)

// Experiment is what is tried on customers who leave.
type Experiment struct {
	Name      string              `json:"name"`
	State     string              `json:"state" enum:"draft,checked,running,decided,stopped"`
	Place     string              `json:"place" enum:"offer,flow"`
	Planned   int                 `json:"planned,omitempty"`
	StartedAt *time.Time          `json:"started_at,omitempty"`
	Until     *time.Time          `json:"until,omitempty"`
	EndedAt   *time.Time          `json:"ended_at,omitempty"`
	EndedBy   string              `json:"ended_by,omitempty"`
	Why       string              `json:"why,omitempty"`
	Outcomes  []ExperimentOutcome `json:"outcomes"`
}

// ExperimentOutcome is what was concluded of an arm.
type ExperimentOutcome struct {
	Arm     string  `json:"arm"`
	Against string  `json:"against"`
	Metric  string  `json:"metric"`
	Outcome string  `json:"outcome" enum:"better,worse,unshown"`
	Low     float64 `json:"low"`
	Found   float64 `json:"found"`
	High    float64 `json:"high"`
}

// ExperimentFigure is one number of a report, with its interval where it is known.
type ExperimentFigure struct {
	Part     string   `json:"part" enum:"effect,share,held,list,list_all,discount,discount_all,cost,cost_all,net,net_all,needless,needless_all,guard"`
	Metric   string   `json:"metric,omitempty"`
	Arm      string   `json:"arm"`
	Against  string   `json:"against,omitempty"`
	Unit     string   `json:"unit"`
	Low      *float64 `json:"low,omitempty"`
	Found    *float64 `json:"found,omitempty"`
	High     *float64 `json:"high,omitempty"`
	N        int      `json:"n"`
	NAgainst int      `json:"n_against,omitempty"`
	Yes      *int     `json:"yes,omitempty"`
	Borne    *float64 `json:"borne,omitempty"`
	Harm     bool     `json:"harm,omitempty"`
}

func viewExperiment(e app.Experiment) Experiment {
	return Experiment{
		Name: e.Name, State: string(e.State), Place: string(e.Place), Planned: e.Planned, StartedAt: at(e.StartedAt), Until: at(e.Until), EndedAt: at(e.EndedAt), EndedBy: e.EndedBy, Why: e.Why,
		Outcomes: each(e.Verdicts, func(v experiment.Verdict) ExperimentOutcome {
			return ExperimentOutcome{v.Effect.Arm, v.Effect.Against, string(v.Effect.Metric), string(v.Outcome), v.Effect.Low, v.Effect.Point, v.Effect.High}
		}),
	}
}

type oneExperiment struct {
	Experiment string `path:"experiment" maxLength:"40"`
}

type experimentList struct {
	Body struct {
		Items []Experiment `json:"items"`
	} `nameHint:"ExperimentList"`
}

type experimentSource struct {
	Body struct {
		Source string `json:"source" minLength:"1" maxLength:"100000"`
	} `nameHint:"ExperimentSource"`
}

type experimentName struct {
	Body struct {
		Name string `json:"name"`
	} `nameHint:"ExperimentName"`
}

type experimentPlan struct {
	Body struct {
		Experiment string  `json:"experiment"`
		Customers  int     `json:"customers"`
		PerDay     float64 `json:"per_day"`
		Days       int     `json:"days,omitempty"`
	} `nameHint:"ExperimentPlan"`
}

type experimentReport struct {
	Body struct {
		Experiment Experiment         `json:"experiment"`
		Source     string             `json:"source"`
		At         *time.Time         `json:"at,omitempty"`
		Seen       int                `json:"seen"`
		Known      int                `json:"known"`
		Balance    *float64           `json:"balance,omitempty"`
		Figures    []ExperimentFigure `json:"numbers"`
	} `nameHint:"ExperimentReport"`
}

type stopExperiment struct {
	Experiment string `path:"experiment" maxLength:"40"`
	Body       struct {
		Why string `json:"why" minLength:"1" maxLength:"1000"`
	} `nameHint:"ExperimentStop"`
}

func planOf(c app.ExperimentCheck) *experimentPlan {
	out := &experimentPlan{}
	out.Body.Experiment, out.Body.Customers, out.Body.PerDay, out.Body.Days = c.Trial.Version(), c.Plan.Customers, c.PerDay, c.Days
	return out
}

// experiments are the routes of what is tried on customers who leave.
func (a *API) experiments(h huma.API) {
	read, write := []string{"experiments:read"}, []string{"experiments:write"}
	on(h, a, route{ID: "list-experiments", Method: http.MethodGet, Path: "/v1/experiments", Scopes: read, Tag: "offers"},
		func(ctx context.Context, by app.Actor, _ *struct{}) (*experimentList, error) {
			list, err := a.App.ListExperiments(ctx, by)
			out := &experimentList{}
			out.Body.Items = each(list, viewExperiment)
			return out, err
		})
	on(h, a, route{ID: "try-experiment", Method: http.MethodPost, Path: "/v1/experiments/try", Scopes: read, Tag: "offers"},
		func(ctx context.Context, by app.Actor, in *experimentSource) (*experimentPlan, error) {
			t, err := trial.Load("experiment.yaml", []byte(in.Body.Source))
			if err != nil {
				return nil, err
			}
			c, err := a.App.TryExperiment(ctx, by, t)
			if err != nil {
				return nil, err
			}
			return planOf(c), nil
		})
	on(h, a, route{ID: "put-experiment", Method: http.MethodPost, Path: "/v1/experiments", Scopes: write, Tag: "offers"},
		func(ctx context.Context, by app.Actor, in *experimentSource) (*experimentName, error) {
			name, err := a.App.PutExperiment(ctx, by, "experiment.yaml", []byte(in.Body.Source))
			out := &experimentName{}
			out.Body.Name = name
			return out, err
		})
	on(h, a, route{ID: "get-experiment", Method: http.MethodGet, Path: "/v1/experiments/{experiment}", Scopes: read, Tag: "offers"},
		func(ctx context.Context, by app.Actor, in *oneExperiment) (*experimentReport, error) {
			v, err := a.App.OpenExperiment(ctx, by, in.Experiment)
			if err != nil {
				return nil, err
			}
			out := &experimentReport{}
			out.Body.Experiment, out.Body.Source = viewExperiment(v.Experiment), v.Source
			if r := v.Report; r != nil {
				out.Body.At, out.Body.Seen, out.Body.Known, out.Body.Balance = at(r.At), r.Seen, r.Known, &r.Balance
			}
			out.Body.Figures = each(v.Figures(), func(f app.ExperimentFigure) ExperimentFigure { return ExperimentFigure(f) })
			return out, nil
		})
	on(h, a, route{ID: "check-experiment", Method: http.MethodPost, Path: "/v1/experiments/{experiment}/check", Scopes: write, Tag: "offers"},
		func(ctx context.Context, by app.Actor, in *oneExperiment) (*experimentPlan, error) {
			c, err := a.App.CheckExperiment(ctx, by, in.Experiment)
			if err != nil {
				return nil, err
			}
			return planOf(c), nil
		})
	on(h, a, route{ID: "start-experiment", Method: http.MethodPost, Path: "/v1/experiments/{experiment}/start", Scopes: write, Tag: "offers"},
		func(ctx context.Context, by app.Actor, in *oneExperiment) (*done, error) {
			return &done{}, a.App.StartExperiment(ctx, by, in.Experiment)
		})
	on(h, a, route{ID: "stop-experiment", Method: http.MethodPost, Path: "/v1/experiments/{experiment}/stop", Scopes: write, Tag: "offers"},
		func(ctx context.Context, by app.Actor, in *stopExperiment) (*done, error) {
			return &done{}, a.App.StopExperiment(ctx, by, in.Experiment, in.Body.Why)
		})
}
