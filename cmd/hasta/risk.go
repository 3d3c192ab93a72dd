package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"text/tabwriter"

	"hastaluego/internal/app"
	"hastaluego/internal/risk"
	"hastaluego/internal/signal"
	"hastaluego/internal/text"
	"hastaluego/internal/web/console"
)

type riskCmd struct {
	Backtest riskBacktestCmd `cmd:"" help:"What could have been foretold of who left, from the export of any company: a report."`
	List     riskListCmd     `cmd:"" help:"List customers by how they were last rated, most points first."`
}

type riskListCmd struct {
	common
	Band  string `default:"" enum:",high,medium,low,unknown" help:"Only these; by default high and medium."`
	Limit int    `default:"100" help:"At most so many of a band."`
	JSON  bool   `help:"Answer as JSON."`
}

// riskLine is one customer in the answer of --json.
type riskLine struct {
	Reference string       `json:"reference"`
	Name      string       `json:"name"`
	Points    int          `json:"points"`
	Band      string       `json:"band"`
	Day       string       `json:"day"`
	Reasons   []riskReason `json:"reasons"`
	Signals   []riskSignal `json:"signals"`
	Play      *riskPlay    `json:"play,omitempty"`
}

type riskReason struct {
	Rule   string `json:"rule"`
	Points int    `json:"points"`
}

// riskSignal has values in thousandths, as they are counted.
type riskSignal struct {
	Signal string `json:"signal"`
	State  string `json:"state"`
	Why    string `json:"why,omitempty"`
	Trend  string `json:"trend,omitempty"`
	Recent int64  `json:"recent_thousandths"`
	Before int64  `json:"before_thousandths"`
	Change int    `json:"change_percent"`
	From   string `json:"from,omitempty"`
	Until  string `json:"until,omitempty"`
}

type riskPlay struct {
	Kind  string `json:"kind"`
	Stage string `json:"stage"`
	Owner string `json:"owner,omitempty"`
	Due   string `json:"due,omitempty"`
}

func (c *riskListCmd) Run(ctx context.Context, o out) error {
	h, err := c.open(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	bands := []risk.Band{risk.High, risk.Medium}
	if c.Band != "" {
		bands = []risk.Band{risk.Band(c.Band)}
	}
	var rows []app.RiskView
	owners := map[string]string{}
	for _, b := range bands {
		list, err := h.app.ListRisks(ctx, app.Actor{ID: "system", Roles: []string{"admin"}}, b, c.Limit, 0)
		if err != nil {
			return err
		}
		rows, owners = append(rows, list.Rows...), list.Names
	}
	if c.JSON {
		out := make([]riskLine, len(rows))
		for i, r := range rows {
			out[i] = viewRisk(r, owners)
		}
		return json.NewEncoder(o.stdout).Encode(out)
	}
	lang := terminalLanguage(os.Getenv)
	w := tabwriter.NewWriter(o.stdout, 0, 4, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\n", text.Say(lang, "console.risk.band."+string(r.Score.Band)), r.Score.Points, r.Customer.Reference,
			r.Customer.Name, console.RiskReasons(lang, r.Score))
	}
	return w.Flush()
}

func viewRisk(r app.RiskView, owners map[string]string) riskLine {
	out := riskLine{
		Reference: r.Customer.Reference, Name: r.Customer.Name, Points: r.Score.Points, Band: string(r.Score.Band), Day: r.Score.Day.String(),
		Reasons: []riskReason{}, Signals: []riskSignal{},
	}
	for _, x := range r.Score.Reasons {
		out.Reasons = append(out.Reasons, riskReason{x.Rule, x.Points})
	}
	for _, s := range r.Score.Signals {
		out.Signals = append(out.Signals, viewSignal(s))
	}
	if p := r.Play; p != nil {
		out.Play = &riskPlay{string(p.Kind), string(p.Stage), owners[p.Owner], p.Due.String()}
	}
	return out
}

func viewSignal(s signal.Signal) riskSignal {
	return riskSignal{string(s.Kind), string(s.State), s.Why, string(s.Trend), s.Recent, s.Before, s.Change, s.From.String(), s.Until.String()}
}
