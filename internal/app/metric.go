package app

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/form"
	"hastaluego/internal/metric"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// LedgerLine is a subscription as it is now, and when it came on record; zero:
// nobody knows.
type LedgerLine struct {
	customer.Subscription
	Recorded time.Time
}

// PastPrice is what a subscription was until an instant.
type PastPrice struct {
	Subscription customer.SubscriptionID
	Until        time.Time
	Amount       money.Amount
	Interval     customer.Interval
	Status       customer.Status
}

// MetricTx reads everything that figures are made of.
type MetricTx interface {
	Ledger(ctx context.Context) ([]LedgerLine, error)                       // by customer
	PastPrices(ctx context.Context) ([]PastPrice, error)                    // by subscription, oldest first
	PastPricesOf(ctx context.Context, id customer.ID) ([]PastPrice, error)  // of one customer's
	Departures(ctx context.Context) ([]offboarding.Case, error)             // that took effect, newest first
	OpenedCases(ctx context.Context, limit int) ([]offboarding.Case, error) // identity proved, newest first
	// AnswersTo returns the finished answers to a form of any version since an
	// instant, newest first.
	AnswersTo(ctx context.Context, form string, since time.Time) ([]Answer, error)
}

// churnMonths is how many months before this one are told.
const churnMonths = 12

// defaultThreshold is the churn of a month, in hundredths of a percent, over
// which a company wants to know, unless it says otherwise.
const defaultThreshold = 700

// thresholdKey is the setting that holds another.
const thresholdKey = "metric.churn_threshold"

// Compared is what customers pay a month, against another day.
type Compared struct {
	Span      string // month, quarter, year
	Then      when.Date
	Movements []metric.Movement
}

// Leavers is what third evaluations say of those who left.
type Leavers struct {
	N        int
	Headings []metric.Tally            // how many said something under each of the five, in their order
	Choices  map[string][]metric.Tally // price_perception, fit, origin: the most frequent first
}

// Figures are the figures of a company on a day. Opinions and evaluations are
// those of the last twelve months.
type Figures struct {
	Today     when.Date
	Recorded  when.Date // first day on which a customer was on record; zero: none is
	Since     when.Date // opinions and evaluations count from this day
	Threshold int64     // hundredths of a percent
	Churn     []metric.Month
	MRR       []Compared
	NPS       metric.Promoters
	CSAT      metric.Satisfaction
	Leavers   Leavers
	Undated   int // subscriptions that ended before they came on record: no figure counts them
}

// Over reports whether the churn of a month is over the threshold.
func (f Figures) Over(m metric.Month) bool {
	rate, ok := m.Rate()
	return ok && rate > f.Threshold
}

// thirdHeadings are the five headings of the third evaluation.
var thirdHeadings = []string{"protocol", "quality", "attitude", "bad_practices", "thin_packages"}

// thirdChoices are what it tells of a leaver in one word.
var thirdChoices = []string{"price_perception", "fit", "origin"}

// Metrics computes the figures of today.
func (a *App) Metrics(ctx context.Context, by Actor) (f Figures, err error) {
	if err := by.CanRead("metrics"); err != nil {
		return f, err
	}
	err = a.store.View(ctx, func(tx Tx) error { f, err = a.figures(ctx, tx); return err })
	return f, err
}

func (a *App) figures(ctx context.Context, tx Tx) (Figures, error) {
	f := Figures{Today: a.today(tx)}
	f.Since = f.Today.AddMonths(-12).AddDays(1)
	lines, err := a.lines(ctx, tx, &f)
	if err != nil {
		return f, err
	}
	if f.Threshold, err = threshold(ctx, tx); err != nil {
		return f, err
	}
	f.Churn = metric.Churn(lines, f.Recorded, f.Today, churnMonths)
	for _, c := range []Compared{{Span: "month", Then: f.Today.AddMonths(-1)}, {Span: "quarter", Then: f.Today.AddMonths(-3)}, {Span: "year", Then: f.Today.AddMonths(-12)}} {
		if c.Movements, err = metric.Compare(lines, f.Today, c.Then); err != nil {
			return f, fault.Wrap("app.figures", err)
		}
		f.MRR = append(f.MRR, c)
	}
	survey, err := a.answersTo(ctx, tx, "exit_survey", f.Since)
	if err != nil {
		return f, err
	}
	f.NPS, f.CSAT = metric.NPS(numbers(survey, "nps")), metric.CSAT(numbers(survey, "csat"))
	third, err := a.answersTo(ctx, tx, "third_evaluation", f.Since)
	f.Leavers = leavers(third)
	return f, err
}

// threshold is the churn over which the company wants to know.
func threshold(ctx context.Context, tx Tx) (int64, error) {
	s, set, err := tx.Setting(ctx, thresholdKey)
	if err != nil || !set {
		return defaultThreshold, err
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, fault.Wrap("app.threshold", err)
}

// SetChurnThreshold says over which churn of a month, in hundredths of a
// percent, the company wants to know.
func (a *App) SetChurnThreshold(ctx context.Context, by Actor, hundredths int64) error {
	if err := by.may("settings"); err != nil {
		return err
	}
	if hundredths < 0 || hundredths > 10000 {
		return fault.New(fault.Invalid, "metric.threshold").On("threshold")
	}
	return a.tx(ctx, func(tx Tx) error {
		was, err := threshold(ctx, tx)
		if err != nil || was == hundredths {
			return err
		}
		if err := tx.PutSetting(ctx, thresholdKey, strconv.FormatInt(hundredths, 10)); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"metric.threshold_set", by.ID, "", house, map[string]any{"from": was, "to": hundredths}})
	})
}

// lines are all subscriptions through time. They say since when anything is on
// record, and how many are left out because they had ended before.
func (a *App) lines(ctx context.Context, tx Tx, f *Figures) ([]metric.Line, error) {
	ends, err := a.ends(ctx, tx)
	if err != nil {
		return nil, err
	}
	past, err := tx.PastPrices(ctx)
	if err != nil {
		return nil, err
	}
	prices := map[customer.SubscriptionID][]metric.Price{}
	for _, p := range past {
		// What held until some instant of a day did not hold at the end of it.
		prices[p.Subscription] = append(prices[p.Subscription], metric.Price{
			Through: when.DateOf(p.Until, a.company.Zone).AddDays(-1), Amount: p.Amount, Interval: p.Interval, Live: p.Status != customer.Ended,
		})
	}
	ledger, err := tx.Ledger(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]metric.Line, 0, len(ledger))
	for _, s := range ledger {
		l := metric.Line{
			Customer: s.Customer, Start: s.Start, End: ends[s.ID], Recorded: f.Today,
			Prices: append(prices[s.ID], metric.Price{Amount: s.Amount, Interval: s.Interval, Live: s.Status != customer.Ended}),
		}
		if !s.Recorded.IsZero() {
			l.Recorded = when.DateOf(s.Recorded, a.company.Zone)
		}
		if f.Recorded.IsZero() || l.Recorded.Before(f.Recorded) {
			f.Recorded = l.Recorded
		}
		if l.End.IsZero() && !slices.ContainsFunc(l.Prices, func(p metric.Price) bool { return p.Live }) {
			f.Undated++
			continue
		}
		list = append(list, l)
	}
	return list, nil
}

// ends are the last days of subscriptions whose departure took effect.
func (a *App) ends(ctx context.Context, tx Tx) (map[customer.SubscriptionID]when.Date, error) {
	cases, err := tx.Departures(ctx)
	out := map[customer.SubscriptionID]when.Date{}
	for _, c := range cases {
		for _, s := range c.Subscriptions {
			if out[s].Before(c.Effective) {
				out[s] = c.Effective
			}
		}
	}
	return out, err
}

// answersTo opens the finished answers to a form since a day, newest first.
func (a *App) answersTo(ctx context.Context, tx Tx, name string, since when.Date) ([]FormAnswer, error) {
	list, err := tx.AnswersTo(ctx, name, since.Start(a.company.Zone))
	if err != nil {
		return nil, err
	}
	return a.openAnswers(ctx, list)
}

// numbers are the answers to a field that are whole numbers.
func numbers(list []FormAnswer, field string) (out []int) {
	for _, x := range list {
		if n, err := strconv.Atoi(x.Answers[field]); err == nil {
			out = append(out, n)
		}
	}
	return out
}

func leavers(third []FormAnswer) Leavers {
	out := Leavers{N: len(third), Choices: map[string][]metric.Tally{}}
	for _, h := range thirdHeadings {
		t := metric.Tally{Value: h}
		for _, x := range third {
			if x.Answers[h] != "" {
				t.N++
			}
		}
		out.Headings = append(out.Headings, t)
	}
	for _, field := range thirdChoices {
		values := make([]string, len(third))
		for i, x := range third {
			values[i] = x.Answers[field]
		}
		out.Choices[field], _ = metric.Count(values)
	}
	return out
}

// Idea is an idea that a departure gave: of the customer, or of whoever
// evaluated it.
type Idea struct {
	Text string
	Case offboarding.CaseID
	Code string
	On   when.Date
	From string // exit_survey or third_evaluation
}

// Said is what a third evaluation says under one of the five headings.
type Said struct {
	Heading, Text string
	Case          offboarding.CaseID
	Code          string
	On            when.Date
}

// LearnPage is what a company learns from those who left. Ideas and what was
// said are for those who may read what people wrote.
type LearnPage struct {
	Figures
	Ideas   []Idea
	Said    []Said
	Actions []ImprovementView
	People  []User
	Users   map[string]string
}

// learnMost is how many of each a page lists.
const learnMost = 100

// OpenLearn reads the page of figures, ideas and improvements.
func (a *App) OpenLearn(ctx context.Context, by Actor) (p LearnPage, err error) {
	if err := by.CanRead("metrics"); err != nil {
		return p, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		p = LearnPage{}
		if p.Figures, err = a.figures(ctx, tx); err != nil {
			return err
		}
		if by.MayRead("note") {
			if err := a.readIdeas(ctx, tx, &p); err != nil {
				return err
			}
		}
		if p.Users, p.People, err = people(ctx, tx); err != nil {
			return err
		}
		p.Actions, err = a.improvements(ctx, tx)
		return err
	})
	return p, err
}

// readIdeas adds what was written in words, newest first.
func (a *App) readIdeas(ctx context.Context, tx Tx, p *LearnPage) error {
	for _, name := range []string{"third_evaluation", "exit_survey"} {
		list, err := a.answersTo(ctx, tx, name, p.Since)
		if err != nil {
			return err
		}
		for _, x := range list {
			c, err := tx.FindCase(ctx, x.Case)
			if err != nil {
				return err
			}
			on := when.DateOf(x.DoneAt, a.company.Zone)
			for _, idea := range ideasOf(x.Answers) {
				if len(p.Ideas) < learnMost {
					p.Ideas = append(p.Ideas, Idea{idea, x.Case, c.Code, on, name})
				}
			}
			for _, h := range thirdHeadings {
				if s := x.Answers[h]; s != "" && len(p.Said) < learnMost {
					p.Said = append(p.Said, Said{h, s, x.Case, c.Code, on})
				}
			}
		}
	}
	slices.SortStableFunc(p.Ideas, func(a, b Idea) int { return a.On.DaysUntil(b.On) })
	return nil
}

// ideasOf are the ideas of a form: one per line of a third evaluation, one of a
// survey.
func ideasOf(x form.Answers) (out []string) {
	for _, line := range append(strings.Split(x["ideas"], "\n"), x["idea"]) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}
