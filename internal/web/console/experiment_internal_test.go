package console

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/experiment"
	"hastaluego/internal/money"
	"hastaluego/internal/trial"
)

// tried is an experiment of two arms over 500 customers, as it stands after so many
// days.
func tried(t *testing.T, days int) app.ExperimentView {
	t.Helper()
	x, err := trial.Load("x.yaml", trial.Example())
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	v := app.ExperimentView{Trial: x, Zone: time.UTC, Experiment: app.Experiment{Name: x.Name, Place: x.Place, Source: string(x.Source)}}
	v.ID, v.Definition, v.State, v.StartedAt = "exp_1", x.Definition, experiment.Running, begin
	if v.Plan, err = x.Definition.Plan(); err != nil {
		t.Fatal(err)
	}
	v.Planned = v.Plan.Customers
	for i := range x.Arms {
		v.Shows = append(v.Shows, app.ArmView{Arm: x.Arms[i]})
	}
	a, err := v.Assigner([]byte("a secret of thirty-two bytes ..."))
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(70, 1))
	eur := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "EUR"} }
	var units []experiment.Unit
	for i := range v.Planned {
		u := experiment.Unit{Customer: customer.ID(fmt.Sprint("cus_", i)), Seen: begin.Add(time.Duration(i) * time.Hour)}
		u.Arm = a.Arm(u.Customer)
		d := experiment.Departure{Asked: u.Seen.Add(-time.Hour)}
		stays := r.Float64() < map[string]float64{experiment.Holdout: .25, "pause": .45, "less": .33}[u.Arm]
		if stays {
			d.TakenBack = u.Seen.Add(time.Hour)
			if u.Arm != experiment.Holdout && r.Float64() < .7 {
				u.Accepted = u.Seen.Add(time.Hour)
			}
		} else {
			d.Ended = u.Seen.Add(48 * time.Hour)
		}
		for k := range 3 {
			if stays || k == 0 {
				p := experiment.Payment{At: u.Seen.AddDate(0, 0, 5+30*k), Paid: eur(2900)}
				if u.Arm == "less" && !u.Accepted.IsZero() {
					p.Paid, p.Discount = eur(2320), eur(580)
				}
				u.Payments = append(u.Payments, p)
			}
		}
		u.Departures = []experiment.Departure{d}
		units = append(units, u)
	}
	c, err := v.Gather(units)
	if err != nil {
		t.Fatal(err)
	}
	end := begin.AddDate(0, 0, days)
	whole := c.Report(end)
	v.Report = &whole
	for i := range 40 {
		v.Course = append(v.Course, c.Report(begin.Add(end.Sub(begin)*time.Duration(i+1)/40)))
	}
	if whole.Complete() {
		if err := v.Decide(whole); err != nil {
			t.Fatal(err)
		}
		v.EndedAt, v.EndedBy = end, "engine"
	}
	return v
}

// Whatever is known: effects come first, no number stands without its interval, every
// plot has its axis, its unit, the customers behind each line and the same figures in a
// table, and nothing is drawn beside the axis.
func TestAReportIsDrawnAndSaidWithItsIntervals(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"es", "en"} {
		for _, days := range []int{0, 40, 100, 150, 400} {
			v := tried(t, days)
			tables := ExperimentTables(lang, v)
			if len(tables) != 5 || tables[0].ID != "effects" {
				t.Fatalf("after %d days: %d tables", days, len(tables))
			}
			for _, table := range tables {
				if table.About == "" || table.Title == "" {
					t.Errorf("%s has no definition", table.ID)
				}
				for _, row := range table.Rows {
					if len(row) != len(table.Cols) {
						t.Errorf("%s: %q under %q", table.ID, row, table.Cols)
					}
					for _, cell := range row {
						if strings.Contains(cell, "NaN") || strings.Contains(cell, "Inf") || strings.Contains(cell, "console.") || strings.Contains(cell, ".-") || strings.Contains(cell, ",-") {
							t.Errorf("%s says %q", table.ID, cell)
						}
					}
				}
				p := table.Plot
				if p == nil {
					continue
				}
				if p.Unit == "" || len(p.Ticks) < 2 || len(p.Ticks) > 8 {
					t.Errorf("%s after %d days: an axis of %d ticks in %q", table.ID, days, len(p.Ticks), p.Unit)
				}
				for _, r := range p.Rows {
					at := func(s string) float64 {
						x, err := strconv.ParseFloat(s, 64)
						if err != nil || x < 0 || x > 100 {
							t.Errorf("%s draws %q at %q", table.ID, r.Name, s)
						}
						return x
					}
					if low, is, high := at(r.From), at(r.At), at(r.To); low > is || is > high {
						t.Errorf("%s: %q from %v over %v to %v", table.ID, r.Name, low, is, high)
					}
					if r.Sub == "" || r.Text == "" {
						t.Errorf("%s: nobody says how many stand behind %q", table.ID, r.Name)
					}
				}
			}
			if early := days < 140; early != (len(v.Verdicts) == 0) {
				t.Errorf("after %d days %d verdicts", days, len(v.Verdicts))
			}
			for _, line := range ExperimentStands(lang, v) {
				if strings.Contains(line, "console.") || strings.Contains(line, "{") {
					t.Errorf("it says %q", line)
				}
			}
		}
	}
}
