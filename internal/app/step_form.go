package app

import (
	"context"
	"slices"
	"strings"

	"hastaluego/internal/fault"
	"hastaluego/internal/form"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
)

// FormInput is what a person answered to the form of a step.
type FormInput struct {
	Case    offboarding.CaseID
	Step    string
	Answers form.Answers
	Done    bool // finish the step; else it is kept as a draft
}

// AnswerForm keeps the answers of a step, and finishes it with Done: then
// everything required must be there, and it cannot be changed any more.
func (a *App) AnswerForm(ctx context.Context, by Actor, in FormInput) error {
	return a.onStep(ctx, by, in.Case, in.Step, func(tx Tx, p *offboarding.Plan) error {
		s, err := p.Workable(in.Step)
		if err != nil {
			return err
		}
		f := a.formOf(*s)
		if f == nil {
			return fault.New(fault.NotFound, "not_found")
		}
		clean, err := f.Clean(in.Answers, in.Done)
		if err != nil {
			return err
		}
		p.Touch(in.Step, by.ID, by.RealID)
		if err := a.putAnswer(ctx, tx, *p, *s, f, by.ID, clean, in.Done); err != nil || !in.Done {
			return err
		}
		if err := a.endWell(ctx, tx, p, by, clean); err != nil {
			return err
		}
		if err := a.reasonOfForm(ctx, tx, p.Case, by, f, clean); err != nil {
			return err
		}
		if err := a.evaluated(ctx, tx, p.Case, f, clean); err != nil {
			return err
		}
		return p.Done(in.Step, tx.Now(), by.ID)
	})
}

// formOf is the form of a step, nil if it has none.
func (a *App) formOf(s offboarding.Step) *form.Form {
	if k, ok := a.kinds[s.Kind].(step.Former); ok {
		return k.Form(s.Params)
	}
	return nil
}

func (a *App) putAnswer(ctx context.Context, tx Tx, p offboarding.Plan, s offboarding.Step, f *form.Form, by string, clean form.Answers, done bool) error {
	stored, err := tx.AnswersOf(ctx, p.Case.ID)
	if err != nil {
		return err
	}
	x := Answer{ID: id.New("ans"), Case: p.Case.ID, Step: s.ID}
	if i := slices.IndexFunc(stored, func(o Answer) bool { return o.Step == s.ID }); i >= 0 {
		x = stored[i]
	}
	x.Form, x.By, x.SavedAt = f.Version(), by, tx.Now()
	args := map[string]any{"step": s.Key, "form": x.Form}
	if done {
		x.DoneAt = tx.Now()
		args["answers"] = map[string]string(clean)
	}
	if x.KeyID, x.Body, err = a.sealJSON(ctx, string(p.Case.Customer), x.ID, clean); err != nil {
		return err
	}
	x.Idea = len(ideasOf(clean)) > 0
	if err := tx.PutAnswer(ctx, x); err != nil || !done {
		return err // what was begun is nobody's business yet
	}
	if x.Idea && f.Name == surveyForm {
		if err := a.themesTonight(ctx, tx); err != nil {
			return err
		}
	}
	return a.record(ctx, tx, fact{"form.answered", by, string(p.Case.ID), string(p.Case.Customer), args})
}

// FormAnswer is what was answered to one form of a case.
type FormAnswer struct {
	Answer
	Name    string // of the form
	Answers form.Answers
}

// answers reads what was answered in a case, oldest first. What cannot be
// opened any more is left out.
func (a *App) answers(ctx context.Context, tx Tx, c offboarding.CaseID) ([]FormAnswer, error) {
	list, err := tx.AnswersOf(ctx, c)
	if err != nil {
		return nil, err
	}
	return a.openAnswers(ctx, list)
}

func (a *App) openAnswers(ctx context.Context, list []Answer) ([]FormAnswer, error) {
	out := make([]FormAnswer, 0, len(list))
	for _, x := range list {
		fa := FormAnswer{Answer: x}
		fa.Name, _, _ = strings.Cut(x.Form, "@")
		if readable, err := a.unsealJSON(ctx, x.KeyID, x.ID, x.Body, &fa.Answers); err != nil {
			return nil, err
		} else if !readable {
			continue
		}
		out = append(out, fa)
	}
	return out, nil
}

// readForms adds to a case what was answered, and what the record knows to
// begin the forms with that wait for a person.
func (a *App) readForms(ctx context.Context, tx Tx, v *CaseView) (err error) {
	if v.Answered, err = a.answers(ctx, tx, v.Plan.Case.ID); err != nil {
		return err
	}
	v.Prefilled = map[offboarding.StepID]form.Answers{}
	for _, s := range v.Plan.Steps {
		f := a.formOf(s)
		begun := slices.ContainsFunc(v.Answered, func(x FormAnswer) bool { return x.Step == s.ID })
		if f == nil || begun || s.State != offboarding.StepReady {
			continue
		}
		if v.Prefilled[s.ID], err = a.prefill(ctx, tx, f, v.Plan.Case); err != nil {
			return err
		}
	}
	return nil
}

// Given is what was answered to the form of a step
// or is known so far; done says whether it is finished.
func (v CaseView) Given(s offboarding.StepID) (given form.Answers, done bool) {
	for _, x := range v.Answered {
		if x.Step == s {
			return x.Answers, !x.DoneAt.IsZero()
		}
	}
	return v.Prefilled[s], false
}

// FormOf is the form of a step, nil if it has none.
func (a *App) FormOf(s offboarding.Step) *form.Form { return a.formOf(s) }
