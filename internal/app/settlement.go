package app

import (
	"context"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
	"hastaluego/internal/settlement"
	"hastaluego/internal/when"
)

// StatementState is where the statement of a departure stands.
type StatementState string

// The states.
const (
	StatementDrawn    StatementState = "drawn"    // finance has not signed it, and the customer does not know it
	StatementSent     StatementState = "sent"     // told to the customer without a signature: only recorded sums are in it
	StatementSigned   StatementState = "signed"   // by finance, and told to the customer
	StatementAccepted StatementState = "accepted" // by the customer
	StatementChanged  StatementState = "changed"  // it was told, and something happened since: finance signs it anew
	StatementDisputed StatementState = "disputed" // the customer does not agree; a person looks, and nobody is reminded meanwhile
)

// statementMoves is the only truth about how statements change. One that was
// drawn up anew is signed again.
var statementMoves = map[StatementState][]StatementState{
	StatementDrawn:    {StatementSigned, StatementSent},
	StatementSent:     {StatementSigned, StatementAccepted, StatementDisputed, StatementChanged},
	StatementSigned:   {StatementAccepted, StatementDisputed, StatementSigned, StatementChanged},
	StatementAccepted: {StatementChanged},
	StatementChanged:  {StatementSigned},
	StatementDisputed: {StatementSigned},
}

// Statement is what is open when a customer leaves: as it would be now, or, in
// a departure, as it was made and signed.
type Statement struct {
	settlement.Statement
	RefundOn when.Date // last day on which what comes back must be there; zero: no rule says
	RefundBy settlement.Source
	DueOn    when.Date // of what the customer owes; zero: nothing
	From     []FiguresFrom
	Replaces *Replaced `json:",omitempty"` // one that was told before; nil: none that says something else
}

// CaseStatement is the statement of one departure.
type CaseStatement struct {
	Case       offboarding.CaseID
	State      StatementState
	Doc        Statement
	MadeAt     time.Time
	SignedAt   time.Time // zero: nobody of finance signed it
	SignedBy   string    // usr_…
	AnsweredAt time.Time
	Version    int64
}

// Live reports whether the customer may read it.
func (x CaseStatement) Live() bool { return x.State != "" && x.State != StatementDrawn }

// MayAnswer reports whether it is the customer's turn.
func (x CaseStatement) MayAnswer() bool {
	return x.State == StatementSent || x.State == StatementSigned
}

// MaySign reports whether it is the turn of finance: what stands there was
// signed by nobody, the customer does not agree with it, or it does not stand any more.
func (x CaseStatement) MaySign() bool {
	again := x.State == StatementDisputed || x.State == StatementChanged
	return x.Version > 0 && (again || len(x.Doc.Sections) > 0 && x.SignedBy == "")
}

func (x *CaseStatement) to(s StatementState) error {
	if !slices.Contains(statementMoves[x.State], s) {
		return fault.New(fault.Blocked, "settlement.over")
	}
	x.State = s
	return nil
}

// StatementTx keeps them.
type StatementTx interface {
	// PutStatement stores a new one (Version 0) or, by Version, changes one.
	PutStatement(ctx context.Context, x CaseStatement) error
	// StatementOf is the one of a departure; fault.NotFound if none was made.
	StatementOf(ctx context.Context, c offboarding.CaseID) (CaseStatement, error)
}

// draw computes the statement of a departure as it stands now, with the sums on
// record as they are or, where that is said, otherwise.
func (a *App) draw(ctx context.Context, tx Tx, p offboarding.Plan, as func([]customer.Balance) []customer.Balance) (Statement, error) {
	k := reckoning{asked: p.Case.RequestedAt, made: a.today(tx), ends: p.Case.Effective, own: p.Case.Ends, code: p.Case.Code}
	var err error
	if k.cus, err = tx.FindCustomer(ctx, p.Case.Customer); err != nil {
		return Statement{}, err
	}
	all, err := tx.SubscriptionsOf(ctx, p.Case.Customer)
	if err != nil {
		return Statement{}, err
	}
	if k.subs = pick(all, p.Case.Subscriptions); len(k.subs) == 0 {
		return Statement{}, nil
	}
	if err := k.gather(ctx, tx, all); err != nil {
		return Statement{}, err
	}
	if as != nil {
		k.balances = as(k.balances)
	}
	if k.sent, err = refundsSent(ctx, tx, p.Case.Customer, ""); err != nil {
		return Statement{}, err
	}
	k.late = a.lateCharges(p.Case, k.subs)
	if _, k.withdrawn, err = standing(ctx, tx, p.Case.ID); err != nil {
		return Statement{}, err
	}
	return a.reckon(k, choiceOf(p.Case.When))
}

// statementNow is the statement of a departure: the one that was made or, where it
// does not stand, the one that would be made now.
func (a *App) statementNow(ctx context.Context, tx Tx, p offboarding.Plan) (CaseStatement, error) {
	x, err := tx.StatementOf(ctx, p.Case.ID)
	if err == nil && x.State == StatementChanged { // finance reads what they sign
		return x, a.drawAnew(ctx, tx, &p, &x)
	}
	if err == nil && x.State != StatementDrawn {
		return x, nil
	}
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return x, err
	}
	if p.Case.Customer == "" {
		return CaseStatement{}, nil
	}
	x.Case, x.State, x.MadeAt = p.Case.ID, StatementDrawn, tx.Now()
	x.Doc, err = a.draw(ctx, tx, p, nil)
	return x, err
}

// StatementOf reads the statement of a departure, made or as it would be now.
func (a *App) StatementOf(ctx context.Context, by Actor, c offboarding.CaseID) (x CaseStatement, err error) {
	if err := by.CanRead("statement"); err != nil {
		return x, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		p, err := tx.FindPlan(ctx, c)
		if err != nil {
			return err
		}
		x, err = a.statementNow(ctx, tx, p)
		return err
	})
	return x, err
}

// finalStatement makes the statement of a departure when the turn of its step
// has come. Whoever of finance finished a step that it waited for has signed it;
// where nobody has, and there is more in it than recorded sums, finance is asked
// and the letter waits. With recorded sums alone it is told unsigned, and finance
// may sign it later.
func (a *App) finalStatement(ctx context.Context, tx Tx, p *offboarding.Plan, s *offboarding.Step) (CaseStatement, error) {
	x, err := a.statementNow(ctx, tx, *p)
	if err != nil || x.Live() || len(x.Doc.Sections) == 0 {
		return x, err
	}
	by := ""
	for _, o := range signing(p, s) {
		if strings.HasPrefix(o.DoneBy, "usr_") {
			by = o.DoneBy
		}
	}
	if by == "" && computed(x.Doc) {
		if err := tx.PutStatement(ctx, x); err != nil {
			return x, err
		}
		ask := playbook.House(signKey)
		ask.ID = offboarding.StepID(id.New("step"))
		return x, p.Ask(ask, tx.Now())
	}
	return x, a.issue(ctx, tx, p, &x, by)
}

// issue writes down a statement as the customer reads it from now on, and what
// it gives back as sums that the company owes. by signs it; with nobody it is
// sent unsigned.
func (a *App) issue(ctx context.Context, tx Tx, p *offboarding.Plan, x *CaseStatement, by string) error {
	told := fact{"statement.sent", "engine", string(p.Case.ID), string(p.Case.Customer), map[string]any{"totals": totals(x.Doc), "figures": figures(x.Doc)}}
	state := StatementSent
	if by != "" {
		told, state = signature(p.Case, *x, by), StatementSigned
	}
	if err := x.to(state); err != nil {
		return err
	}
	x.AnsweredAt = time.Time{}
	if by != "" {
		x.SignedAt, x.SignedBy = tx.Now(), by
	}
	if err := tx.PutStatement(ctx, *x); err != nil {
		return err
	}
	if err := a.noteRefunds(ctx, tx, p.Case, *x); err != nil {
		return err
	}
	if err := a.noteFees(ctx, tx, p.Case, *x); err != nil {
		return err
	}
	if err := a.askToRefund(ctx, tx, p, *x); err != nil {
		return err
	}
	list, err := tx.BalancesOf(ctx, p.Case.Customer)
	if err != nil {
		return err
	}
	if err := a.evenOut(ctx, tx, "engine", p.Case.Customer, list); err != nil {
		return err
	}
	if err := a.owedLater(ctx, tx, p); err != nil {
		return err
	}
	return a.record(ctx, tx, told)
}

// figures are the readings of billing systems that a statement was made of, for the
// log.
func figures(s Statement) string {
	var list []string
	for _, f := range s.From {
		if f.Failed == "" {
			list = append(list, f.System+" "+f.Contract+" "+f.Digest)
		}
	}
	return strings.Join(list, ", ")
}

// totals are the sums of a statement, for the log.
func totals(s Statement) string {
	list := make([]money.Amount, len(s.Sections))
	for i, x := range s.Sections {
		list[i] = x.Total
	}
	return sumsOf(list)
}

// sumsOf are sums as programs and the log read them.
func sumsOf(sums []money.Amount) string {
	list := make([]string, len(sums))
	for i, m := range sums {
		list[i] = m.String()
	}
	return strings.Join(list, ", ")
}
