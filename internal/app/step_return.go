package app

import (
	"context"
	"slices"
	"strings"

	"hastaluego/internal/collection"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/money"
	"hastaluego/internal/obligation"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
	"hastaluego/internal/when"
)

// SealedObligation is an obligation as it is stored: its evidence is in Body,
// sealed with the customer's key.
type SealedObligation struct {
	obligation.Obligation
	KeyID string
	Body  []byte
}

// ObligationTx keeps what customers owe in kind. Put stores a new one (Version
// 0) or, by Version, changes one.
type ObligationTx interface {
	PutObligation(ctx context.Context, o SealedObligation) error
	FindObligation(ctx context.Context, id obligation.ID) (SealedObligation, error)
	ObligationsOf(ctx context.Context, c offboarding.CaseID) ([]SealedObligation, error) // by due date
}

// beginOwn does what a step of a person needs beside its due date when its turn
// comes.
func (a *App) beginOwn(ctx context.Context, tx Tx, p *offboarding.Plan, s *offboarding.Step, subject step.Subject) error {
	switch s.Kind {
	case "return_assets":
		return a.lend(ctx, tx, p, s)
	case "erase_processors":
		return a.listProcessors(ctx, tx, p, s)
	case "handover":
		if s.Spec.House { // its things are on its list already
			return nil
		}
		return a.listHandover(ctx, tx, p, s)
	case "collect":
		return a.planReminders(ctx, tx, s, subject)
	}
	return nil
}

// lend opens an obligation for each item of the step, due with it.
func (a *App) lend(ctx context.Context, tx Tx, p *offboarding.Plan, s *offboarding.Step) error {
	assets, err := tx.AssetsOf(ctx, p.Case.Customer)
	if err != nil {
		return err
	}
	due := when.DateOf(s.Due.AddDate(0, 0, -1), a.Company().Zone) // it is the instant at which its day is over
	for _, x := range assets {
		if !slices.ContainsFunc(s.Items, func(it offboarding.Item) bool { return it.Key == string(x.ID) }) {
			continue
		}
		o := obligation.Obligation{
			ID: obligation.ID(id.New("obl")), Customer: p.Case.Customer, Case: p.Case.ID, Step: s.ID, Asset: x.ID, Kind: x.Kind, Name: x.Name,
			Due: due, State: obligation.Open,
		}
		if err := a.putObligation(ctx, tx, o); err != nil {
			return err
		}
		if err := a.record(ctx, tx, fact{"obligation.opened", "engine", string(o.Case), string(o.Customer), map[string]any{
			"obligation": string(o.ID), "kind": o.Kind, "name": o.Name, "due": due.String(),
		}}); err != nil {
			return err
		}
	}
	return nil
}

// ObligationEnd says how an obligation ended.
type ObligationEnd struct {
	Case       offboarding.CaseID
	Obligation obligation.ID
	State      obligation.State
	Evidence   string
	Charge     money.Amount // with Charged only
}

// EndObligation says that something came back, is charged or is let go. What
// comes back gets a receipt that the customer sees; what is charged becomes a
// sum that they owe, and only who may write statements charges. What comes back
// after all takes the open charge with it.
func (a *App) EndObligation(ctx context.Context, by Actor, in ObligationEnd) error {
	if err := by.may("obligation"); err != nil {
		return err
	}
	if in.State == obligation.Charged {
		if err := by.may("statement"); err != nil {
			return err
		}
	}
	l := prose(nil, map[string]*string{"evidence": &in.Evidence})
	end := obligation.End{State: in.State, Evidence: in.Evidence, Charge: in.Charge}
	if wrong := append(l, end.Check()...); len(wrong) > 0 {
		return wrong
	}
	return a.tx(ctx, func(tx Tx) error {
		sealed, err := tx.FindObligation(ctx, in.Obligation)
		if err != nil {
			return err
		}
		o, err := a.openObligation(ctx, sealed)
		if err != nil {
			return err
		}
		p, err := tx.FindPlan(ctx, o.Case)
		if err != nil {
			return err
		}
		s := stepOf(&p, o.Step)
		switch {
		case o.Case != in.Case || s == nil:
			return fault.New(fault.NotFound, "not_found")
		case p.Case.State != offboarding.CaseOpen && p.Case.State != offboarding.CaseClosed: // what was lent stays with them
			return fault.New(fault.Blocked, "case.closed")
		}
		was := o
		end := end
		end.On, end.Receipt = a.today(tx), receiptNumber(p.Case, o)
		if err := o.To(end); err != nil {
			return err
		}
		if err := a.chargeFor(ctx, tx, by, &p, was, &o); err != nil {
			return err
		}
		if err := a.putObligation(ctx, tx, o); err != nil {
			return err
		}
		if err := a.record(ctx, tx, obligationFact(by, o)); err != nil {
			return err
		}
		if err := a.endItem(ctx, tx, &p, s, by, string(o.Asset), in.Evidence); err != nil {
			return err
		}
		if err := a.owedLater(ctx, tx, &p); err != nil {
			return err
		}
		return a.settle(ctx, tx, &p, by.ID)
	})
}

func obligationFact(by Actor, o obligation.Obligation) fact {
	args := map[string]any{"obligation": string(o.ID), "name": o.Name, "evidence": o.Evidence}
	typ := "obligation.waived"
	switch o.State {
	case obligation.Returned:
		typ = "obligation.returned"
		args["receipt"] = o.Receipt
	case obligation.Charged:
		typ = "obligation.charged"
		args["amount"], args["currency"], args["reference"] = o.Charge.Minor, o.Charge.Currency, chargeReference(o)
	}
	return fact{typ, by.ID, string(o.Case), string(o.Customer), args}
}

// receiptNumber is what a customer quotes about one thing that they gave back.
func receiptNumber(c offboarding.Case, o obligation.Obligation) string {
	return "DEV-" + strings.TrimPrefix(c.Code, "HL-") + "-" + tail(string(o.ID))
}

func chargeReference(o obligation.Obligation) string { return "EQ-" + tail(string(o.ID)) }

// tail is the end of an id, in the form in which people read it.
func tail(id string) string { return strings.ToUpper(id[len(id)-6:]) }

// chargeFor keeps the sum of a charge: owed while it stands, void when the
// thing came back. One that was paid is recorded to be given back.
func (a *App) chargeFor(ctx context.Context, tx Tx, by Actor, p *offboarding.Plan, was obligation.Obligation, o *obligation.Obligation) error {
	if o.State == obligation.Charged {
		b := customer.Balance{
			ID: customer.BalanceID(id.New("bal")), Customer: o.Customer, Reference: chargeReference(*o), Kind: customer.Fee, About: o.Name,
			Amount: o.Charge, Status: customer.Due,
		}
		if n, err := tx.InsertBalances(ctx, b); err != nil {
			return err
		} else if n == 0 {
			return inventoryTaken("balance.reference", b.Reference)
		}
		o.Balance = b.ID
		return nil
	}
	if was.State != obligation.Charged {
		return nil
	}
	return a.unchargeFor(ctx, tx, by, p, was)
}

// unchargeFor takes back what was charged for a thing: what is still open of it is
// void, and what was paid, at once or in parts, is owed back.
func (a *App) unchargeFor(ctx context.Context, tx Tx, by Actor, p *offboarding.Plan, o obligation.Obligation) error {
	list, err := tx.BalancesOf(ctx, o.Customer)
	if err != nil {
		return err
	}
	list = slices.Clone(list)
	for i := range len(list) {
		b := &list[i]
		if b.ID != o.Balance && !strings.HasPrefix(b.Reference, partsOf(chargeReference(o))) {
			continue
		}
		switch b.Status {
		case customer.Due:
			b.Status = customer.Void
			if err := tx.SetBalanceStatus(ctx, b.ID, b.Status); err != nil {
				return err
			}
			if err := a.record(ctx, tx, fact{"balance.settled", by.ID, "", string(o.Customer), map[string]any{"reference": b.Reference, "status": string(b.Status)}}); err != nil {
				return err
			}
		case customer.Paid:
			back := *b
			back.ID, back.Reference, back.Kind, back.Status = customer.BalanceID(id.New("bal")), b.Reference+"-R", customer.Refund, customer.Due
			if n, err := tx.InsertBalances(ctx, back); err != nil {
				return err
			} else if n == 0 { // what is owed back must not get lost behind somebody else's number
				return inventoryTaken("balance.reference", back.Reference)
			}
			list = append(list, back)
			if err := a.record(ctx, tx, fact{"refund.proposed", by.ID, string(o.Case), string(o.Customer), map[string]any{
				"reference": back.Reference, "on": a.today(tx).String(), "minor": back.Amount.Minor, "currency": back.Amount.Currency,
			}}); err != nil {
				return err
			}
		}
	}
	if err := a.collectedOn(ctx, tx, p, by, list, collection.Released); err != nil {
		return err
	}
	return a.collectedElsewhere(ctx, tx, by, o.Customer, p.Case.ID, list, collection.Released)
}

// endItem ticks the item of a step that ends by acts of its own, and finishes
// the step with the last one. What is over stays as it is.
func (a *App) endItem(ctx context.Context, tx Tx, p *offboarding.Plan, s *offboarding.Step, by Actor, item, evidence string) error {
	if s.State != offboarding.StepReady && s.State != offboarding.StepRunning || p.Case.State != offboarding.CaseOpen {
		return nil
	}
	if err := p.Tick(s.Key, item, true, by.ID, evidence, tx.Now()); err != nil {
		return err
	}
	ticks(p, by, evidence)
	if !slices.ContainsFunc(s.Items, func(it offboarding.Item) bool { return !it.Ticked }) {
		if err := p.Done(s.Key, tx.Now(), by.ID); err != nil {
			return err
		}
	}
	return a.settle(ctx, tx, p, by.ID)
}

func stepOf(p *offboarding.Plan, sid offboarding.StepID) *offboarding.Step {
	for i := range p.Steps {
		if p.Steps[i].ID == sid {
			return &p.Steps[i]
		}
	}
	return nil
}

func (a *App) putObligation(ctx context.Context, tx Tx, o obligation.Obligation) (err error) {
	s := SealedObligation{Obligation: o}
	if s.KeyID, s.Body, err = a.sealWords(ctx, o.Customer, string(o.ID), sealedWords{Answer: o.Evidence}); err != nil {
		return err
	}
	return tx.PutObligation(ctx, s)
}

func (a *App) openObligation(ctx context.Context, s SealedObligation) (obligation.Obligation, error) {
	w, err := a.openWords(ctx, s.KeyID, string(s.ID), s.Body)
	s.Evidence = w.Answer
	return s.Obligation, err
}

// Returns is what is to come back in a departure, and how.
type Returns struct {
	List []obligation.Obligation // by due date
	How  map[string]string       // language → words
}

func (a *App) returnsOf(ctx context.Context, tx Tx, p offboarding.Plan) (r Returns, err error) {
	list, err := tx.ObligationsOf(ctx, p.Case.ID)
	if err != nil || len(list) == 0 {
		return r, err
	}
	if r.List, err = unsealed(list, nil, func(s SealedObligation) (obligation.Obligation, error) { return a.openObligation(ctx, s) }); err != nil {
		return r, err
	}
	if s := stepOf(&p, list[0].Step); s != nil {
		r.How = s.Said("how")
	}
	return r, nil
}
