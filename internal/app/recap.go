package app

import (
	"context"
	"time"

	"hastaluego/internal/achievement"
	"hastaluego/internal/form"
	"hastaluego/internal/notice"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/relationship"
	"hastaluego/internal/risk"
	"hastaluego/internal/when"
)

// Recap is what a team keeps in mind of a departure that has taken effect.
type Recap struct {
	Since        when.Date // first day as a customer; zero: not known
	Months       int       // as a customer
	Asked        when.Date
	Ended        when.Date
	Days         int // from asking until the case was closed, or until now
	Closed       bool
	Picked       []RecapAnswer
	Ours, Theirs string // how promises were kept, as relationship.Standing says
	Complaints   int
	Unsolved     int
	Blame        notice.Blame
	Rating       risk.Score // as they left; without a band: not rated
	Plays        []PlayView
	Figures      []achievement.Figure
}

// RecapAnswer is one answer that is worth reading again.
type RecapAnswer struct {
	Form   string
	Field  form.Field
	Answer string
}

// recapFields are the answers that are worth reading again, in order.
var recapFields = []struct{ form, field string }{
	{"first_evaluation", "hypothesis"},
	{"first_evaluation", "hypothesis_why"},
	{"meeting", "stated_reason"},
	{"meeting", "quotes"},
	{"second_evaluation", "attribution"},
	{"second_evaluation", "real_family"},
	{"second_evaluation", "evidence"},
	{"decision", "decision"},
	{"decision", "grounds"},
	{surveyForm, "csat"},
	{surveyForm, "nps"},
	{surveyForm, "reason"},
	{surveyForm, "idea"},
	{thirdForm, "ideas"},
}

// recap sums up a departure that has taken effect; nil before.
func (a *App) recap(ctx context.Context, tx Tx, v CaseView) (*Recap, error) {
	c := v.Plan.Case
	if c.EffectiveAt.IsZero() {
		return nil, nil
	}
	zone, err := zoneOf(c)
	if err != nil {
		return nil, err
	}
	end := c.ClosedAt
	if end.IsZero() {
		end = tx.Now()
	}
	r := Recap{
		Since: firstStart(v.Lines), Asked: when.DateOf(c.RequestedAt, zone), Ended: c.Effective, Closed: c.State == offboarding.CaseClosed,
		Days: int(end.Sub(c.RequestedAt) / (24 * time.Hour)), Complaints: len(v.Between.Complaints), Unsolved: v.Between.Unsolved,
	}
	if !r.Since.IsZero() {
		r.Months = r.Since.MonthsUntil(c.Effective.AddDays(1))
	}
	today := a.today(tx)
	r.Ours = relationship.Standing(v.Between.Commitments, relationship.Ours, today)
	r.Theirs = relationship.Standing(v.Between.Commitments, relationship.Theirs, today)
	for _, want := range recapFields {
		for _, x := range v.Answered {
			f := form.Builtin()[want.form]
			if field, ok := f.Field(want.field); ok && x.Name == want.form && !x.DoneAt.IsZero() && x.Answers[want.field] != "" {
				r.Picked = append(r.Picked, RecapAnswer{want.form, field, x.Answers[want.field]})
			}
		}
	}
	if r.Blame, err = a.blame(ctx, tx, c); err != nil {
		return nil, err
	}
	if r.Rating, err = a.ratingAt(ctx, tx, c); err != nil {
		return nil, err
	}
	if r.Plays, err = a.plays(ctx, tx, c.Customer); err != nil {
		return nil, err
	}
	r.Figures, err = a.achieved(ctx, tx, c)
	return &r, err
}
