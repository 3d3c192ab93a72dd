package app

import (
	"context"
	"slices"

	"hastaluego/internal/achievement"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/notice"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/reason"
	"hastaluego/internal/relationship"
	"hastaluego/internal/step"
	"hastaluego/internal/voice"
	"hastaluego/internal/when"
)

// GoodbyePage is the farewell page: how everything stands, and one thing that
// it may ask.
type GoodbyePage struct {
	CasePage
	Ask         notice.Ask   // empty: nothing
	Thanks      bool         // they answered the survey
	Product     Product      // with notice.Product
	Link        string       // by which they recommend us, once they wanted one
	Testimonial *voice.Voice // what they gave; it may be withdrawn
}

// Product is something else that the company has.
type Product struct{ Name, URL string }

// OpenGoodbye reads the farewell page behind a token.
func (a *App) OpenGoodbye(ctx context.Context, token, lang string) (g GoodbyePage, err error) {
	page, err := a.OpenCasePage(ctx, token, "bye", lang)
	if err != nil {
		return g, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		g = GoodbyePage{CasePage: page}
		p, err := tx.FindPlan(ctx, page.Paper.Case.ID)
		if err != nil {
			return err
		}
		asked, err := a.asks(ctx, tx, p)
		if err != nil {
			return err
		}
		g.Ask, g.Thanks, g.Product = asked.chosen, asked.answered, asked.product
		for i, v := range asked.voices {
			switch {
			case v.Kind == voice.Referral:
				g.Link = v.Link
			case v.Withdrawn.IsZero():
				g.Testimonial = &asked.voices[i]
			}
		}
		return nil
	})
	return g, err
}

// asked is what a departure may be asked now, and what was answered.
type asked struct {
	open     map[notice.Ask]*offboarding.Step // by what its playbook offers, and was not given yet
	blame    notice.Blame
	chosen   notice.Ask
	answered bool
	voices   []voice.Voice
	product  Product
}

// asks decides what the farewell page of a departure asks now: of somebody who
// was erased, nothing.
func (a *App) asks(ctx context.Context, tx Tx, p offboarding.Plan) (out asked, err error) {
	out.open = map[notice.Ask]*offboarding.Step{}
	if gone, err := wasErased(ctx, tx, p.Case.Customer); err != nil || gone {
		return out, err
	}
	for i, s := range p.Steps {
		k, ok := a.kinds[s.Kind].(step.Asker)
		if !ok || !s.Holds() {
			continue
		}
		if tx.Now().Before(s.DoneAt.AddDate(0, 0, step.AskDays(s.Params))) {
			out.open[k.Ask()] = &p.Steps[i]
		}
	}
	answers, err := a.answers(ctx, tx, p.Case.ID)
	if err != nil {
		return out, err
	}
	if out.voices, err = a.voices(ctx, tx, p.Case.ID); err != nil {
		return out, err
	}
	if out.blame, err = a.blame(ctx, tx, p.Case); err != nil {
		return out, err
	}
	out.answered = slices.ContainsFunc(answers, func(x FormAnswer) bool { return x.Name == surveyForm && !x.DoneAt.IsZero() })
	if out.answered {
		delete(out.open, notice.Survey)
	}
	for _, v := range out.voices {
		delete(out.open, notice.Ask(v.Kind))
	}
	if s := out.open[notice.Product]; s != nil {
		out.product = Product{s.Params["name"], s.Params["url"]}
	}
	var could []notice.Ask
	for ask := range out.open {
		could = append(could, ask)
	}
	for _, ask := range notice.Choose("farewell", could, out.blame) {
		out.chosen = ask
	}
	return out, nil
}

// surveyForm is the name of the form of the survey.
const surveyForm = "exit_survey"

// blame says what is known of whose fault a departure is: the reason that
// somebody decided lay behind it, or that the customer gave; and promises of
// ours that are broken or late, which speak against us alone.
func (a *App) blame(ctx context.Context, tx Tx, c offboarding.Case) (b notice.Blame, err error) {
	why, err := a.whyOf(ctx, tx, c.ID)
	if err != nil {
		return b, err
	}
	b.Ours, b.Known = why.Ours()
	b.Quiet = reason.Builtin().Quiet(why)
	if b.BadService, err = a.wronged(ctx, tx, c.ID, c.Customer); err != nil {
		return b, err
	}
	between, err := a.between(ctx, tx, c.Customer)
	if err != nil {
		return b, err
	}
	today := a.today(tx)
	b.BadService = b.BadService || between.Unsolved > 0 || slices.ContainsFunc(between.Commitments, func(x relationship.Commitment) bool {
		return x.By == relationship.Ours && (x.State == relationship.Broken || x.State == relationship.Pending && x.Late(today))
	})
	b.Ours = b.Ours || b.BadService
	return b, nil
}

// achieved counts what a customer achieved until they left.
func (a *App) achieved(ctx context.Context, tx Tx, c offboarding.Case) ([]achievement.Figure, error) {
	readings, err := tx.ReadingsOf(ctx, c.Customer, when.Date{})
	if err != nil {
		return nil, err
	}
	return a.achievements.Count(readings, c.Effective), nil
}

// onGoodbye lets whoever has the link of the farewell page give what it asks
// for.
func (a *App) onGoodbye(ctx context.Context, token string, ask notice.Ask, do func(tx Tx, p *offboarding.Plan, s *offboarding.Step) error) error {
	return a.tx(ctx, func(tx Tx) error {
		l, err := a.link(ctx, tx, token, "bye")
		if err != nil {
			return err
		}
		p, err := tx.FindPlan(ctx, l.Case)
		if err != nil {
			return err
		}
		asked, err := a.asks(ctx, tx, p)
		if err != nil {
			return err
		}
		s := asked.open[ask]
		if s == nil || !ask.May(asked.blame) {
			return fault.New(fault.Blocked, "ask.over")
		}
		return do(tx, &p, s)
	})
}

// customerActor is whoever holds a link of a departure.
const customerActor = "customer"

// named is a text of one line by a customer.
func named(field, s string) (string, *fault.Error) { return customer.CheckText(field, s, 200, false) }
