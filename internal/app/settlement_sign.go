package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/collection"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
	"hastaluego/internal/settlement"
)

// computed reports whether a statement has more in it than sums that people
// recorded: then somebody of finance signs it before the customer reads it.
func computed(s Statement) bool {
	for _, x := range s.Sections {
		for _, l := range x.Lines {
			switch l.Kind {
			case settlement.LineRecurring, settlement.LineUsage, settlement.LineFee, settlement.LineRelief:
				return true
			case settlement.LineRefund:
				if l.Why != "promised" {
					return true
				}
			}
		}
	}
	return false
}

// signing are the steps of finance that the step of a statement waits for: whoever
// finishes one of them signs it.
func signing(p *offboarding.Plan, s *offboarding.Step) (out []*offboarding.Step) {
	for _, key := range s.After {
		if o := p.Step(key); o != nil && o.Human && o.Role == "finance" {
			out = append(out, o)
		}
	}
	return out
}

// MustSign reports whether somebody of finance signs the statement of a departure
// before the customer reads it. Where its playbook asks nobody of finance, recorded
// sums are told as they are.
func MustSign(p *offboarding.Plan, s Statement) bool {
	return computed(s) || slices.ContainsFunc(p.Steps, func(x offboarding.Step) bool { return x.Kind == "settle" && len(signing(p, &x)) > 0 })
}

// signature is how the log has that somebody of finance signed.
func signature(c offboarding.Case, x CaseStatement, by string) fact {
	return fact{"statement.signed", by, string(c.ID), string(c.Customer), map[string]any{"totals": totals(x.Doc), "by": by, "figures": figures(x.Doc)}}
}

// SignStatement signs the statement of a departure: as it stands now before it is
// told, or anew where the customer does not agree and something was put right,
// and then it is told again. What was told unsigned is signed as it was told.
func (a *App) SignStatement(ctx context.Context, by Actor, c offboarding.CaseID) error {
	if err := by.may("statement"); err != nil {
		return err
	}
	// What finance has seen is not taken from them by a system that is slow just now.
	if _, err := a.lookIntoBooksOf(ctx, c, look{within: pageReading, again: true, keep: forGood}); err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		p, err := tx.FindPlan(ctx, c)
		if err != nil {
			return err
		}
		if err := a.signNow(ctx, tx, &p, by); err != nil {
			return err
		}
		for _, s := range slices.Clone(p.Steps) {
			if !s.Spec.House || s.Key != signKey && !strings.HasPrefix(s.Key, disputeKey) && !asksAgain(&s) {
				continue
			}
			if err := a.finishHouse(&p, s.Key, by, tx.Now()); err != nil {
				return err
			}
		}
		if err := a.releaseHeld(ctx, tx, &p); err != nil {
			return err
		}
		return a.settle(ctx, tx, &p, by.ID)
	})
}

const (
	// signKey names the step that asks finance for a signature.
	signKey = "statement_sign"
	// disputeKey begins the name of the step by which finance answers a customer who
	// does not agree.
	disputeKey = "statement_dispute"
)

func (a *App) signNow(ctx context.Context, tx Tx, p *offboarding.Plan, by Actor) error {
	if err := by.may("statement"); err != nil {
		return err
	}
	if err := by.person(); err != nil {
		return err
	}
	x, err := tx.StatementOf(ctx, p.Case.ID)
	if err != nil {
		return err
	}
	if !x.MaySign() {
		return fault.New(fault.Blocked, "settlement.over")
	}
	switch x.State {
	case StatementSent:
		if err := x.to(StatementSigned); err != nil {
			return err
		}
		fallthrough
	case StatementAccepted: // it stays so: the customer agreed to what is signed now
		x.SignedAt, x.SignedBy = tx.Now(), by.ID
		if err := tx.PutStatement(ctx, x); err != nil {
			return err
		}
		return a.record(ctx, tx, signature(p.Case, x, by.ID))
	}
	// One of a departure whose step was over when nothing was open has no letter that waits.
	late := slices.ContainsFunc(p.Steps, func(s offboarding.Step) bool { return asksAgain(&s) })
	again := x.State == StatementDisputed || x.State == StatementChanged || late
	if err := holdMoney(ctx, tx, p.Case.Customer); err != nil {
		return err
	}
	if err := withdrawAsks(p, tx.Now()); err != nil {
		return err
	}
	if err := a.drawAnew(ctx, tx, p, &x); err != nil {
		return err
	}
	if err := a.issue(ctx, tx, p, &x, by.ID); err != nil || !again {
		return err
	}
	return a.write(ctx, tx, p.Case, "statement")
}

// finishHouse ends a step of the house whose work was done elsewhere.
func (a *App) finishHouse(p *offboarding.Plan, key string, by Actor, now time.Time) error {
	s := p.Step(key)
	if s == nil || s.State != offboarding.StepReady && s.State != offboarding.StepRunning || p.Case.Paused {
		return nil
	}
	for _, it := range s.Items {
		if !it.Ticked {
			if err := p.Tick(key, it.Key, true, by.ID, "", now); err != nil {
				return err
			}
		}
	}
	ticks(p, by, "")
	return p.Done(key, now, by.ID)
}

// signatureWait is how often a letter looks whether the statement that it tells
// was signed.
const signatureWait = 15 * time.Minute

// unsigned reports whether a letter tells a statement that waits for a
// signature, and when to look again.
func (a *App) unsigned(ctx context.Context, mid offboarding.MessageID) (waits bool, again time.Time, err error) {
	err = a.store.View(ctx, func(tx Tx) error {
		m, err := tx.FindMessage(ctx, mid)
		if err != nil || m.Paper != "statement" {
			return err
		}
		x, err := tx.StatementOf(ctx, m.Case)
		if fault.KindOf(err) == fault.NotFound {
			return nil
		}
		waits, again = err == nil && x.State == StatementDrawn, tx.Now().Add(signatureWait)
		return err
	})
	return waits, again, err
}

// StatementAnswer is what a customer says to their statement.
type StatementAnswer struct {
	Agrees bool
	Why    string // with the other answer: what is not right, in words
}

// AnswerStatement takes the customer's word about their statement. Where they do
// not agree a person of finance looks, and nobody is reminded of anything
// meanwhile.
func (a *App) AnswerStatement(ctx context.Context, token string, in StatementAnswer) error {
	why := ""
	if !in.Agrees {
		var err error
		if why, err = required("why", in.Why, 2000); err != nil {
			return err
		}
	}
	return a.tx(ctx, func(tx Tx) error {
		l, err := a.link(ctx, tx, token, "case")
		if err != nil {
			return err
		}
		p, err := tx.FindPlan(ctx, l.Case)
		if err != nil {
			return err
		}
		x, err := tx.StatementOf(ctx, l.Case)
		if err != nil {
			return err
		}
		state, typ := StatementAccepted, "statement.accepted"
		if !in.Agrees {
			state, typ = StatementDisputed, "statement.disputed"
		}
		if !x.MayAnswer() {
			return fault.New(fault.Blocked, "settlement.over")
		}
		if err := x.to(state); err != nil {
			return err
		}
		x.AnsweredAt = tx.Now()
		if err := tx.PutStatement(ctx, x); err != nil {
			return err
		}
		if err := a.record(ctx, tx, fact{typ, "customer", string(p.Case.ID), string(p.Case.Customer), map[string]any{"totals": totals(x.Doc)}}); err != nil {
			return err
		}
		if in.Agrees {
			return nil
		}
		if err := a.endPromises(ctx, tx, p.Case.ID, collection.Released); err != nil {
			return err
		}
		if err := a.endInstalments(ctx, tx, p.Case.ID, false); err != nil {
			return err
		}
		s := playbook.House(disputeKey)
		s.ID, s.Note = offboarding.StepID(id.New("step")), why
		if old := p.Step(s.Key); old != nil { // they disagree again
			s.Key = fmt.Sprintf("%s_%d", s.Key, x.Version)
		}
		if err := p.Ask(s, tx.Now()); err != nil {
			return err
		}
		return a.settle(ctx, tx, &p, "customer")
	})
}

// openToSign reports whether the customer of a departure does not agree with the
// statement, or it waits for a signature: nobody was told what counts.
func openToSign(ctx context.Context, tx Tx, c offboarding.CaseID) (bool, error) {
	x, err := statementIfAny(ctx, tx, c)
	return err == nil && x.Version > 0 && (x.State == StatementDisputed || x.State == StatementChanged || x.State == StatementDrawn), err
}

// statementIfAny is the statement of a departure; zero: none was made.
func statementIfAny(ctx context.Context, tx Tx, c offboarding.CaseID) (CaseStatement, error) {
	x, err := tx.StatementOf(ctx, c)
	if fault.KindOf(err) == fault.NotFound {
		return CaseStatement{}, nil
	}
	return x, err
}
