package app

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"hastaluego/internal/fault"
	"hastaluego/internal/form"
	"hastaluego/internal/metric"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// churnMonths is how many months before this one are told.
const churnMonths = 12

// defaultThreshold is the churn of a month, in hundredths of a percent, over
// which a company wants to know, unless it says otherwise.
const defaultThreshold = 700

// thresholdKey is the setting that holds another.
const thresholdKey = "metric.churn_threshold"

// spans are what today is compared with.
var spans = [...]struct {
	name   string
	months int
}{{"month", 1}, {"quarter", 3}, {"year", 12}}

// thirdForm is the name of the form of the third evaluation.
const thirdForm = "third_evaluation"

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
	var err error
	if f.Threshold, err = threshold(ctx, tx); err != nil {
		return f, err
	}
	tiles, err := a.tiles(ctx, tx, f.Today, f.Since)
	if err != nil {
		return f, err
	}
	return f, f.add(tiles)
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

// readIdeas adds the newest of what was written in words.
func (a *App) readIdeas(ctx context.Context, tx Tx, p *LearnPage) error {
	since := p.Since.Start(a.Company().Zone)
	for _, name := range []string{thirdForm, surveyForm} {
		ideas, said, read := 0, 0, tx.ListAnswers
		if name == surveyForm {
			read = tx.ListIdeas
		}
		for offset := 0; ideas < learnMost || said < learnMost && name == thirdForm; offset += learnMost {
			stored, err := read(ctx, name, learnMost, offset)
			if err != nil {
				return err
			}
			full := len(stored) == learnMost
			stored = slices.DeleteFunc(stored, func(x Answer) bool { return x.DoneAt.Before(since) })
			list, err := a.openAnswers(ctx, stored)
			if err != nil {
				return err
			}
			for _, x := range list {
				c, err := tx.FindCase(ctx, x.Case)
				if err != nil {
					return err
				}
				on := when.DateOf(x.DoneAt, a.Company().Zone)
				for _, idea := range ideasOf(x.Answers) {
					p.Ideas = append(p.Ideas, Idea{idea, x.Case, c.Code, on, name})
					ideas++
				}
				for _, h := range thirdHeadings {
					if s := x.Answers[h]; s != "" && said < learnMost {
						p.Said = append(p.Said, Said{h, s, x.Case, c.Code, on})
						said++
					}
				}
			}
			if !full || len(stored) < learnMost {
				break
			}
		}
	}
	slices.SortStableFunc(p.Ideas, func(a, b Idea) int { return a.On.DaysUntil(b.On) })
	p.Ideas = p.Ideas[:min(len(p.Ideas), learnMost)]
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
