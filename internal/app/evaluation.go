package app

import (
	"context"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/form"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// Evaluation is what the evaluations of a departure found and what was agreed in
// talking, in codes, a day and a sum. Their words stay in the answers.
type Evaluation struct {
	Case                         offboarding.CaseID
	Customer                     customer.ID
	Hypothesis                   string // family of reasons, before anybody talked
	Terms, OursKept, TheirsKept  string
	Renegotiable, Fit, PriceSeen string
	AgreedEnd                    when.Date
	Agreed                       money.Amount // zero without a currency: nothing was agreed
	AgreedPayer                  string       // ours or theirs
	At                           time.Time
}

// EvaluationTx keeps them.
type EvaluationTx interface {
	EvaluationOf(ctx context.Context, c offboarding.CaseID) (e Evaluation, found bool, err error)
	PutEvaluation(ctx context.Context, e Evaluation) error
}

// evaluated keeps what a finished form says for figures to count.
func (a *App) evaluated(ctx context.Context, tx Tx, c offboarding.Case, f *form.Form, x form.Answers) error {
	e, _, err := tx.EvaluationOf(ctx, c.ID)
	if err != nil {
		return err
	}
	e.Case, e.Customer, e.At = c.ID, c.Customer, tx.Now()
	switch f.Name {
	case "first_evaluation":
		e.Hypothesis, e.Terms, e.OursKept, e.TheirsKept = x["hypothesis"], x["terms"], x["ours_kept"], x["theirs_kept"]
	case "meeting":
		if e.AgreedEnd, err = when.ParseDate(x["agreed_end"]); err != nil {
			e.AgreedEnd = when.Date{} // nothing was agreed: the form checked it
		}
		e.Agreed, _ = form.Amount(x["agreed_money"])
		e.AgreedPayer = x["agreed_payer"]
	case "second_evaluation":
		e.Renegotiable, e.Fit = x["renegotiable"], x["values"]
	case thirdForm:
		e.PriceSeen = x["price_perception"]
	default:
		return nil
	}
	return tx.PutEvaluation(ctx, e)
}
