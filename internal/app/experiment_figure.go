package app

import (
	"math"

	"hastaluego/internal/experiment"
	"hastaluego/internal/money"
	"hastaluego/internal/stat"
)

// ExperimentFigure is one number of the report of an experiment: of an arm, against
// another or by itself, with its interval. What is not known yet has none.
type ExperimentFigure struct {
	Part     string   `json:"part"` // effect, share, guard, held; list, discount, cost, needless, net and the same with _all
	Metric   string   `json:"metric,omitempty"`
	Arm      string   `json:"arm"`
	Against  string   `json:"against,omitempty"`
	Unit     string   `json:"unit"` // share, hours, or the currency, in its smallest unit
	Low      *float64 `json:"low,omitempty"`
	Found    *float64 `json:"found,omitempty"`
	High     *float64 `json:"high,omitempty"`
	N        int      `json:"n"`
	NAgainst int      `json:"n_against,omitempty"`
	Yes      *int     `json:"yes,omitempty"`
	Borne    *float64 `json:"borne,omitempty"` // of a guard
	Harm     bool     `json:"harm,omitempty"`
}

func (x *ExperimentFigure) is(e stat.Estimate) {
	if e.Known() && !math.IsNaN(e.Point) {
		x.Low, x.Found, x.High = &e.Low, &e.Point, &e.High
	}
}

// Figures are all numbers of the report, effects first; none before it started.
func (v ExperimentView) Figures() (list []ExperimentFigure) {
	if v.Report == nil {
		return nil
	}
	currency := v.Definition.Currency
	unit := func(m experiment.Metric) string {
		switch m {
		case experiment.ExitTime:
			return "hours"
		case experiment.Retained:
			return currency
		}
		return "share"
	}
	put := func(x ExperimentFigure, e stat.Estimate) *ExperimentFigure {
		x.is(e)
		list = append(list, x)
		return &list[len(list)-1]
	}
	for _, f := range v.Report.Primary {
		put(ExperimentFigure{Part: "effect", Metric: string(f.Metric), Arm: f.Arm, Against: f.Against, Unit: unit(f.Metric), N: f.N, NAgainst: f.NAgainst}, f.Estimate)
	}
	for _, g := range v.Report.Groups {
		for _, f := range g.Figures {
			x := put(ExperimentFigure{Part: "share", Metric: string(f.Metric), Arm: g.Arm, Unit: "share", N: f.N}, f.Estimate)
			x.Yes = &f.Yes
		}
	}
	sum := func(part, arm string, n int, r experiment.Range) {
		e := stat.Estimate{Low: math.Inf(-1), High: math.Inf(1)}
		if r.Known {
			of := func(a money.Amount) float64 { return float64(a.Minor) }
			e = stat.Estimate{Low: of(r.Low), Point: of(r.Point), High: of(r.High)}
		}
		put(ExperimentFigure{Part: part, Arm: arm, Against: experiment.Holdout, Unit: currency, N: n}, e)
	}
	for _, g := range v.Report.Groups {
		in := g.Incremental
		if in == nil {
			continue
		}
		put(ExperimentFigure{Part: "held", Metric: string(experiment.Held90Paid), Arm: g.Arm, Against: experiment.Holdout, Unit: "share", N: in.N}, in.Held)
		for _, x := range []struct {
			part string
			of   experiment.Money
		}{{"list", in.AtList}, {"discount", in.Discount}, {"cost", in.Cost}, {"net", in.Net}, {"needless", in.Needless}} {
			sum(x.part, g.Arm, in.N, x.of.Each)
			sum(x.part+"_all", g.Arm, in.N, x.of.All)
		}
	}
	for _, g := range v.Report.Guards {
		x := put(ExperimentFigure{Part: "guard", Metric: string(g.Metric), Arm: g.Arm, Against: g.Against, Unit: unit(g.Metric), N: g.N, NAgainst: g.NAgainst, Harm: g.Harm()}, g.Estimate)
		x.Borne = &g.Tolerance
	}
	return list
}
