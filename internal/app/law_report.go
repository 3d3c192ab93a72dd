package app

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/limit"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// LimitTally is how many time limits stand how.
type LimitTally struct {
	Met, Missed, Running, Moot int
	DoneLate                   int // of the missed
}

func (t *LimitTally) add(c LimitCount) {
	switch c.State {
	case limit.Met:
		t.Met += c.N
	case limit.Missed:
		t.Missed += c.N
		if c.Done {
			t.DoneLate += c.N
		}
	case limit.Moot:
		t.Moot += c.N
	default:
		t.Running += c.N
	}
}

// Rate is the share of what was decided that was met, in hundredths of a
// percent; false where nothing was.
func (t LimitTally) Rate() (hundredths int64, ok bool) {
	all := t.Met + t.Missed
	if all == 0 {
		return 0, false
	}
	return int64(t.Met) * 10_000 / int64(all), true
}

// LawMonth is the time limits whose end lies in a month.
type LawMonth struct {
	First when.Date
	LimitTally
	Rules []RuleTally
}

// RuleTally is the time limits of one rule.
type RuleTally struct {
	Param, Rule, Cite string
	Message           map[string]string // nil: no pack of today has the rule
	LimitTally
}

// LimitLine is one time limit, and whose departure it is of.
type LimitLine struct {
	limit.Limit
	Code, Name string
}

// LawReport is which time limits of the law were met and missed.
type LawReport struct {
	Months []LawMonth // oldest first; the last one is not over
	Rules  []RuleTally
	All    LimitTally
	Late   []LimitLine // ran out and not done, the oldest first
	Coming []LimitLine // the next
}

// lawMonths is how many months a report may be of.
const (
	LawMonths     = 12
	lawMonthsMost = 60
	lawLines      = 50
)

// ReportLaw counts the time limits of the last so many months, by rule.
func (a *App) ReportLaw(ctx context.Context, by Actor, months int) (v LawReport, err error) {
	if err := by.CanRead("metrics"); err != nil {
		return v, err
	}
	if months < 1 || months > lawMonthsMost {
		return v, fault.New(fault.Invalid, "law.months", "most", lawMonthsMost).On("months")
	}
	err = a.store.View(ctx, func(tx Tx) error {
		v = LawReport{}
		zone := a.Company().Zone
		today := a.today(tx)
		first := when.Date{Year: today.Year, Month: today.Month, Day: 1}.AddMonths(1 - months)
		rules := map[string]int{}
		for i := range months {
			m := LawMonth{First: first.AddMonths(i)}
			counts, err := tx.CountLimits(ctx, m.First.Start(zone), m.First.AddMonths(1).Start(zone))
			if err != nil {
				return err
			}
			for _, c := range counts {
				m.add(c)
				v.All.add(c)
				if n := len(m.Rules); n == 0 || m.Rules[n-1].Rule != c.Rule || m.Rules[n-1].Param != c.Param {
					m.Rules = append(m.Rules, a.ruleTally(c))
				}
				m.Rules[len(m.Rules)-1].add(c)
				at, known := rules[c.Param+" "+c.Rule]
				if !known {
					at = len(v.Rules)
					rules[c.Param+" "+c.Rule] = at
					v.Rules = append(v.Rules, a.ruleTally(c))
				}
				v.Rules[at].add(c)
			}
			v.Months = append(v.Months, m)
		}
		slices.SortStableFunc(v.Rules, func(x, y RuleTally) int {
			return cmp.Or(cmp.Compare(y.Missed, x.Missed), cmp.Compare(x.Param+x.Rule, y.Param+y.Rule))
		})
		if v.Late, err = a.limitLines(ctx, tx, tx.LateLimits); err != nil {
			return err
		}
		v.Coming, err = a.limitLines(ctx, tx, tx.ComingLimits)
		return err
	})
	return v, err
}

func (a *App) ruleTally(c LimitCount) RuleTally {
	t := RuleTally{Param: c.Param, Rule: c.Rule}
	if r := a.Law().Rule(c.Rule); r != nil {
		t.Cite, t.Message = r.Cite.Ref, r.Message
	}
	return t
}

func (a *App) limitLines(ctx context.Context, tx Tx, read func(context.Context, time.Time, int) ([]limit.Limit, error)) (lines []LimitLine, err error) {
	list, err := read(ctx, tx.Now(), lawLines)
	if err != nil {
		return nil, err
	}
	for _, l := range list {
		c, err := tx.FindCustomer(ctx, customer.ID(l.Customer))
		if err != nil {
			return nil, err
		}
		line := LimitLine{Limit: l, Name: c.Name}
		if l.Case != "" {
			k, err := tx.FindCase(ctx, offboarding.CaseID(l.Case))
			if err != nil {
				return nil, err
			}
			line.Code = k.Code
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// Table is the report as rows: for each month and rule, how its limits stand.
func (v LawReport) Table() [][]string {
	rows := [][]string{{"month", "param", "rule", "law", "met", "missed", "done_late", "running", "moot"}}
	for _, m := range v.Months {
		for _, r := range m.Rules {
			row := []string{m.First.String()[:7], r.Param, r.Rule, r.Cite}
			for _, n := range []int{r.Met, r.Missed, r.DoneLate, r.Running, r.Moot} {
				row = append(row, strconv.Itoa(n))
			}
			rows = append(rows, row)
		}
	}
	return rows
}
