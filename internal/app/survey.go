package app

import (
	"context"
	"slices"

	"hastaluego/internal/fault"
	"hastaluego/internal/form"
	"hastaluego/internal/notice"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/reason"
)

// SurveyPage is the survey of a departure.
type SurveyPage struct {
	Form     *form.Form
	Language string
	Code     string // of the departure
}

// OpenSurvey reads the survey behind the link of the farewell page; ask.over
// (Blocked) when it was answered, or nobody asks.
func (a *App) OpenSurvey(ctx context.Context, token, lang string) (s SurveyPage, err error) {
	g, err := a.OpenGoodbye(ctx, token, lang)
	if err != nil {
		return s, err
	}
	if g.Ask != notice.Survey {
		return s, fault.New(fault.Blocked, "ask.over")
	}
	return SurveyPage{surveyOffering(a.Company().Reasons, g.Paper.Code), g.Paper.Language, g.Paper.Code}, nil
}

// surveyOffering is the survey with the reasons that the company offers, in the
// order of a departure. What is answered is checked against all of them: the company may offer
// others while somebody reads the page.
func surveyOffering(codes []string, departure string) *form.Form {
	f := *form.Builtin()[surveyForm]
	f.Fields = slices.Clone(f.Fields)
	for i, x := range f.Fields {
		if x.ID != "reason" {
			continue
		}
		f.Fields[i].Choices = nil
		for _, r := range reason.Builtin().Shuffled(codes, departure) {
			at := slices.IndexFunc(x.Choices, func(o form.Option) bool { return o.Value == r.Code })
			f.Fields[i].Choices = append(f.Fields[i].Choices, x.Choices[at])
		}
	}
	return &f
}

// AnswerSurvey keeps what a customer answers at the end, once. No question
// needs an answer, but one must have one.
func (a *App) AnswerSurvey(ctx context.Context, token string, in form.Answers) error {
	f := form.Builtin()[surveyForm]
	clean, err := f.Clean(in, true)
	if err != nil {
		return err
	}
	if len(clean) == 0 {
		return fault.New(fault.Invalid, "survey.empty").On(f.Fields[0].ID)
	}
	return a.onGoodbye(ctx, token, notice.Survey, func(tx Tx, p *offboarding.Plan, s *offboarding.Step) error {
		if err := a.putAnswer(ctx, tx, *p, *s, f, customerActor, clean, true); err != nil {
			return err
		}
		return a.reasonOfForm(ctx, tx, p.Case, Actor{ID: customerActor}, f, clean)
	})
}
