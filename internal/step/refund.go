package step

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/playbook"
	"hastaluego/internal/when"
)

// refund gives back what the company owes, by the means by which it was paid:
// each open refund of the record out of a payment that is large enough. Whether
// it was asked for already is looked for at every payment and with every key, so
// that an answer that was lost never makes a second one. What is not owed any more
// when its turn comes, because a person paid it or it is void, is left alone.
type refund struct{ systems Systems }

// RefundFailed is why a refund asks a person: the money came back, or was never sent.
const RefundFailed = "refund.failed"

func (refund) Spec() playbook.KindSpec {
	return playbook.KindSpec{
		Name: "refund", Verifies: true, Effect: true, Needs: connector.CanRefund,
		About: "Gives back each open refund of the record by the means by which it was paid, out of one payment at a billing system, and reads back that the money was sent. " +
			"Money that was sent does not come back: let a step of kind approve come before it.",
		Params: append(slices.Clone(billingParams), playbook.ParamSpec{
			Name: playbook.Otherwise, Enum: []string{person},
			About: "Who gives back what this step does not: where the system is not connected or cannot refund, where nobody approved it, and where the customer owes something in the same currency, somebody of finance is asked and the step leaves it out. " +
				"What people were asked to give back already stays theirs. Without it, a person decides about the step.",
		}),
	}
}

// person is the word by which a step says that people give back what it does not.
const person = "person"

func (k refund) Jobs(s Subject) (jobs []Job) {
	gives, _ := k.Parts(s)
	for _, b := range gives {
		jobs = append(jobs, Job{Item: string(b.ID), System: s.Step.Params["system"]})
	}
	return jobs
}

// GivesBack is a kind that gives back sums of the record, or leaves them to people.
type GivesBack interface {
	Kind
	// Parts are the open sums that the step gives back, and those of which somebody is
	// to be asked. Pure.
	Parts(s Subject) (gives, byHand []customer.Balance)
}

// Parts leaves to people, where the step says so, what the system cannot give back,
// credits and deposits among it, and what the customer's own debt stands against: one is
// to be set off against the other, as their statement does.
func (k refund) Parts(s Subject) (gives, byHand []customer.Balance) {
	only, people := s.Step.Params["balance"], s.Step.Params[playbook.Otherwise] == person
	_, err := k.able(s)
	for _, b := range s.Open() {
		switch {
		case b.Kind != customer.Refund || b.Amount.Minor <= 0 || only != "" && only != string(b.ID):
		case people && slices.Contains(s.Asked, b.ID):
		case people && (err != nil || s.Unapproved || s.owesIn(b.Amount.Currency)):
			byHand = append(byHand, b)
		default:
			gives = append(gives, b)
		}
	}
	if people {
		byHand = append(byHand, s.ByHand...)
	}
	return gives, byHand
}

// owesIn reports whether the customer owes something in a currency, by the record or
// by their statement.
func (s Subject) owesIn(currency string) bool {
	return slices.Contains(s.Owing, currency) || slices.ContainsFunc(s.Open(), func(b customer.Balance) bool { return b.Unpaid() && b.Amount.Currency == currency })
}

// balance is the sum that the work gives back.
func (s Subject) balance() (customer.Balance, bool) {
	for _, b := range s.Balances {
		if string(b.ID) == s.Work.Item {
			return b, true
		}
	}
	return customer.Balance{}, false
}

// able is the system of the step, if it can give back and tells out of what.
func (k refund) able(s Subject) (connector.System, error) {
	name := s.Step.Params["system"]
	sys, err := k.systems.system(name)
	if err == nil && (sys.Refunder == nil || sys.Ledger == nil && s.Step.Params["payment"] == "") {
		err = lacks(name, connector.CanRefund)
	}
	return sys, err
}

func (k refund) system(s Subject) (connector.System, customer.Balance, error) {
	sys, err := k.able(s)
	if err != nil {
		return sys, customer.Balance{}, err
	}
	b, ok := s.balance()
	if !ok {
		return sys, b, fault.New(fault.NotFound, "not_found", "balance", s.Work.Item)
	}
	return sys, b, nil
}

func (k refund) Info(s Subject) (connector.Info, error) {
	sys, _, err := k.system(s)
	if err != nil {
		return connector.Info{}, err
	}
	info := sys.Refunder.Info()
	info.Undo = connector.Final
	return info, nil
}

// payments are those of the subscriptions that the departure ends, the newest
// first. A ledger of which a part is missing tells nothing. twice reports whether the
// system has credited the customer itself, in that currency, for what they do not use.
func payments(ctx context.Context, sys connector.System, s Subject, currency string) (out []connector.Payment, twice bool, err error) {
	for _, sub := range s.Subscriptions {
		if sub.Engaged() {
			continue
		}
		l, err := sys.Ledger.ReadLedger(ctx, connector.LedgerInput{Reference: sub.Reference, EndsAt: s.endOf(sub.ID)})
		if err != nil {
			return nil, false, err
		}
		if l.Cut {
			return nil, false, fault.New(fault.Blocked, "refund.ledger_cut", "system", sys.Name)
		}
		out = append(out, l.Payments...)
		twice = twice || slices.ContainsFunc(slices.Concat(l.Unbilled, l.Credited), func(x connector.LedgerLine) bool {
			return (x.Of == "" || x.Of == sub.Reference) && s.creditsEnd(x, currency)
		})
	}
	return out, twice, nil
}

// creditsEnd reports whether a line is the billing system's own credit for time that
// comes after the customer asked to leave.
func (s Subject) creditsEnd(x connector.LedgerLine, currency string) bool {
	return x.Prorated && x.Amount.Minor < 0 && x.Amount.Currency == currency && !x.From.IsZero() && !when.DateOf(x.From, s.Zone).Before(when.DateOf(s.Case.RequestedAt, s.Zone))
}

// chosen is what a refund has as evidence before it is asked for: the payment that
// it is made of. A ledger tells the last payments alone; in this one it is looked
// for whatever else was paid since.
type chosen struct {
	Payment string `json:"payment,omitempty"`
	Balance string `json:"balance,omitempty"` // how the sum stands, where nothing is to be given back
}

func (c chosen) evidence() json.RawMessage {
	raw, err := json.Marshal(c)
	if err != nil { // words always marshal
		return nil
	}
	return raw
}

// first puts the payment of which the refund was asked first before the others.
func first(list []connector.Payment, before string, b customer.Balance) []connector.Payment {
	var c chosen
	if json.Unmarshal([]byte(before), &c) != nil || c.Payment == "" {
		return list
	}
	named := connector.Payment{Reference: c.Payment, Amount: b.Amount, Refunded: b.Amount} // how much is left of it nobody says
	if i := slices.IndexFunc(list, func(p connector.Payment) bool { return p.Reference == c.Payment }); i >= 0 {
		named = list[i]
		list = slices.Delete(list, i, i+1)
	}
	return append([]connector.Payment{named}, list...)
}

// outOf is the payment that a sum is given back out of: the first that is large enough,
// also for the sums that go out of it before this one, which other works look for at
// the same time. Whether one that may be on its way is in what the system says of its
// payment by now, nobody knows: it is counted if there is enough with it.
func (k refund) outOf(s Subject, list []connector.Payment, b customer.Balance) string {
	gives, _ := k.Parts(s)
	var before, sent []customer.Balance
	for _, o := range gives {
		switch {
		case o.ID == b.ID:
		case slices.Contains(s.Sent, o.ID):
			sent = append(sent, o)
		case o.ID < b.ID:
			before = append(before, o)
		}
	}
	if p := fits(list, append(slices.Clone(sent), before...), b); p != "" {
		return p
	}
	return fits(list, before, b)
}

// fits gives each sum the first payment of which enough is left, one after the other,
// and says which is left for the last.
func fits(list []connector.Payment, before []customer.Balance, b customer.Balance) string {
	list = slices.Clone(list)
	take := func(x customer.Balance) string {
		i := slices.IndexFunc(list, func(p connector.Payment) bool {
			return p.Amount.Currency == x.Amount.Currency && p.Amount.Minor-p.Refunded.Minor >= x.Amount.Minor
		})
		if i < 0 {
			return ""
		}
		list[i].Refunded.Minor += x.Amount.Minor
		return list[i].Reference
	}
	for _, x := range before {
		take(x)
	}
	return take(b)
}

// Observe looks for the refund at every payment, and finds one that it could be
// made of.
func (k refund) Observe(ctx context.Context, s Subject) (Findings, error) {
	sys, b, err := k.system(s)
	if err != nil {
		return Findings{}, err
	}
	if b.Status != customer.Due && s.Work.FirstCall.IsZero() {
		return Findings{Evidence: chosen{Balance: string(b.Status)}.evidence()}, nil
	}
	// A step of the house says out of which payment: the one that should not have
	// been. Whether so much is left of it, the system says.
	var f Findings
	list := []connector.Payment{{Reference: s.Step.Params["payment"], Amount: b.Amount}}
	if s.Step.Params["payment"] == "" {
		if list, f.Twice, err = payments(ctx, sys, s, b.Amount.Currency); err != nil {
			return Findings{}, err
		}
	}
	for _, p := range first(list, s.Work.Before, b) {
		if p.Amount.Currency != b.Amount.Currency {
			continue
		}
		for i, key := range s.Work.Keys() {
			st, err := sys.Refunder.ReadRefund(ctx, connector.RefundQuery{Payment: p.Reference, Key: key})
			if err != nil {
				return Findings{}, err
			}
			if !st.Found || i > 0 && st.Stage == connector.RefundFailed { // whoever called again knew of that one
				continue
			}
			return Findings{
				Found: true, Status: st.Status, Evidence: st.Answer, Reference: p.Reference,
				Ended: st.Stage == connector.RefundDone && st.Amount == b.Amount, Pending: st.Stage == connector.RefundPending, Failed: st.Stage == connector.RefundFailed || st.Amount != b.Amount,
			}, nil
		}
	}
	if f.Reference = k.outOf(s, first(list, s.Work.Before, b), b); f.Reference != "" {
		f.Evidence = chosen{Payment: f.Reference}.evidence()
	}
	if b.Status != customer.Due {
		f.Reference, f.Evidence = "", chosen{Balance: string(b.Status)}.evidence()
	}
	return f, nil
}

func (k refund) Decide(s Subject, f Findings) (Decision, error) {
	b, ok := s.balance()
	switch {
	case !ok:
		return Decision{}, fault.New(fault.NotFound, "not_found", "balance", s.Work.Item)
	case f.Found && !f.Failed, b.Status != customer.Due:
		return Decision{Already: true}, nil
	case f.Failed:
		return Decision{}, fault.New(fault.Invalid, RefundFailed)
	case slices.Contains(s.Sent, b.ID):
		return Decision{Again: s.Now.Add(lookAgain)}, nil
	case f.Twice:
		return Decision{}, fault.New(fault.Invalid, "refund.credited")
	case f.Reference == "":
		return Decision{}, fault.New(fault.Invalid, "refund.no_payment")
	}
	return Decision{Act: true, Action: Action{System: s.Step.Params["system"], Verb: "refund", Reference: f.Reference, Refund: &connector.RefundInput{Payment: f.Reference, Amount: b.Amount}}}, nil
}

func (k refund) Apply(ctx context.Context, a Action, key string) (Outcome, error) {
	sys, err := k.systems.system(a.System)
	if err != nil {
		return Outcome{}, err
	}
	if sys.Refunder == nil || a.Refund == nil {
		return Outcome{}, fault.Wrap("step.refund", errors.New("neither somebody who refunds nor a sum"))
	}
	in := *a.Refund
	in.Key = key
	r, err := sys.Refunder.Refund(ctx, in)
	return Outcome{Reference: r.Reference, Evidence: r.Answer}, err
}

// Verify reads back that the money was sent. While it is on its way that is
// looked at again. Where nothing is owed any more and nothing was sent, there is
// nothing to read back.
func (k refund) Verify(ctx context.Context, s Subject) (Proof, error) {
	f, err := k.Observe(ctx, s)
	if err != nil {
		return Proof{}, err
	}
	b, _ := s.balance()
	p := Proof{Holds: f.Ended, Evidence: f.Evidence, Why: "connector.not_so"}
	switch {
	case f.Pending:
		p.Again, p.Why = s.Now.Add(lookAgain), "refund.pending"
	case b.Status != customer.Due && (!f.Found || f.Failed):
		p.Holds = true
	case f.Failed:
		p.Final, p.Why = true, RefundFailed
	}
	return p, nil
}

// Undo takes nothing back: what was sent is the customer's.
func (refund) Undo(Subject, Findings) (Decision, error) { return Decision{Already: true}, nil }

// VerifyUndo has nothing to read back.
func (refund) VerifyUndo(context.Context, Subject) (Proof, error) { return Proof{Holds: true}, nil }
