package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/metric"
	"hastaluego/internal/text"
)

// Metrics are the figures of a company on a day. Rates are in percent with at
// most two decimals; what is not known is left out.
type Metrics struct {
	Today     string       `json:"today" format:"date"`
	Recorded  string       `json:"recorded_since,omitempty" format:"date"`
	Opinions  string       `json:"opinions_since" format:"date"`
	Threshold string       `json:"churn_threshold"`
	Churn     []ChurnMonth `json:"churn"`
	Undated   int          `json:"undated"`
	Revenue   []Revenue    `json:"revenue"`
	NPS       NPS          `json:"nps"`
	CSAT      CSAT         `json:"csat"`
	Leavers   Leavers      `json:"leavers"`
}

// ChurnMonth is the churn of one civil month.
type ChurnMonth struct {
	Month   string `json:"month" format:"date"`
	Known   bool   `json:"known"`
	AtStart int    `json:"at_start"`
	Lost    int    `json:"lost"`
	Other   int    `json:"other"`
	Rate    string `json:"rate,omitempty"`
	Over    bool   `json:"over_threshold"`
	Small   bool   `json:"small"`
	Running bool   `json:"running"`
}

// Revenue compares what customers pay a month today with what they paid on
// another day, in one currency.
type Revenue struct {
	Span    string `json:"span" enum:"month,quarter,year"`
	On      string `json:"on" format:"date"`
	Then    Money  `json:"then"`
	Now     Money  `json:"now"`
	N       int    `json:"n"`
	More    int    `json:"more"`
	Same    int    `json:"same"`
	Less    int    `json:"less"`
	New     int    `json:"new"`
	Left    int    `json:"left"`
	Unknown int    `json:"unknown"`
}

// NPS is what was answered to "would you recommend us".
type NPS struct {
	N          int    `json:"n"`
	Promoters  int    `json:"promoters"`
	Passives   int    `json:"passives"`
	Detractors int    `json:"detractors"`
	Score      string `json:"score,omitempty"`
}

// CSAT is what was answered to "how was it".
type CSAT struct {
	N         int    `json:"n"`
	Satisfied int    `json:"satisfied"`
	Share     string `json:"share,omitempty"`
}

// Leavers is what third evaluations say of those who left.
type Leavers struct {
	N        int     `json:"n"`
	Headings []Count `json:"headings"`
	Price    []Count `json:"price_perception"`
	Fit      []Count `json:"fit"`
	Origin   []Count `json:"origin"`
}

// Count is how often something was said or chosen.
type Count struct {
	Value string `json:"value"`
	N     int    `json:"n"`
}

// plain writes hundredths with a point and no sign of percent.
func hundredths(n int64, ok bool) string {
	if !ok {
		return ""
	}
	if n < 0 {
		return "-" + text.Hundredths("en", -n)
	}
	return text.Hundredths("en", n)
}

// ViewMetrics is how programs read figures.
func ViewMetrics(f app.Figures) Metrics {
	m := Metrics{
		Today: f.Today.String(), Recorded: f.Recorded.String(), Opinions: f.Since.String(), Threshold: hundredths(f.Threshold, true), Undated: f.Undated,
		Churn: each(f.Churn, func(c metric.Month) ChurnMonth {
			return ChurnMonth{c.First.String(), c.Known, c.AtStart, c.Lost, c.Other, hundredths(c.Rate()), f.Over(c), c.Small(), c.Running}
		}),
		Revenue: []Revenue{},
		NPS:     NPS{f.NPS.N, f.NPS.Promoters, f.NPS.Passives, f.NPS.Detractors, hundredths(f.NPS.Score())},
		CSAT:    CSAT{f.CSAT.N, f.CSAT.Satisfied, hundredths(f.CSAT.Share())},
	}
	for _, c := range f.MRR {
		for _, x := range c.Movements {
			m.Revenue = append(m.Revenue, Revenue{
				c.Span, c.Then.String(), viewMoney(x.Then), viewMoney(x.Now), x.N(), x.More, x.Same, x.Less, x.New, x.Left, x.Unknown,
			})
		}
	}
	count := func(list []metric.Tally) []Count {
		return each(list, func(t metric.Tally) Count { return Count{t.Value, t.N} })
	}
	m.Leavers = Leavers{
		f.Leavers.N, count(f.Leavers.Headings), count(f.Leavers.Choices["price_perception"]), count(f.Leavers.Choices["fit"]), count(f.Leavers.Choices["origin"]),
	}
	return m
}

type metricsBody struct{ Body Metrics }

func (a *API) metrics(h huma.API) {
	on(h, a, route{ID: "get-metrics", Method: http.MethodGet, Path: "/v1/metrics", Scopes: []string{"metrics:read"}, Tag: "metrics"},
		func(ctx context.Context, by app.Actor, _ *nothing) (*metricsBody, error) {
			f, err := a.App.Metrics(ctx, by)
			return &metricsBody{ViewMetrics(f)}, err
		})
}
