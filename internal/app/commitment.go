package app

import (
	"context"
	"strings"

	"hastaluego/internal/customer"
	"hastaluego/internal/form"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/relationship"
)

// AddCommitment writes down what one side promised for a date.
func (a *App) AddCommitment(ctx context.Context, by Actor, c relationship.Commitment) (relationship.CommitmentID, error) {
	if err := by.may("complaint"); err != nil {
		return "", err
	}
	l := prose(nil, map[string]*string{"commitment.what": &c.What})
	c.ID, c.State, c.Version = relationship.CommitmentID(id.New("com")), relationship.Pending, 0
	return c.ID, a.tx(ctx, func(tx Tx) error {
		if wrong := append(l[:len(l):len(l)], c.Check(a.today(tx))...); len(wrong) > 0 {
			return wrong
		}
		if _, err := tx.FindCustomer(ctx, c.Customer); err != nil {
			return err
		}
		return a.promise(ctx, tx, by.ID, c)
	})
}

// promise stores a commitment and sets its clock.
func (a *App) promise(ctx context.Context, tx Tx, by string, c relationship.Commitment) error {
	if err := a.putCommitment(ctx, tx, c); err != nil {
		return err
	}
	if err := a.remind(ctx, tx, string(c.ID), c.Due); err != nil {
		return err
	}
	return a.record(ctx, tx, fact{"commitment.made", by, string(c.Case), string(c.Customer), map[string]any{
		"commitment": string(c.ID), "by": string(c.By), "what": c.What, "due": c.Due.String(),
	}})
}

// CommitmentEnd says how a commitment ended.
type CommitmentEnd struct {
	Commitment relationship.CommitmentID
	State      relationship.CommitmentState // kept, broken or released
	Evidence   string                       // required
}

// EndCommitment says that a commitment was kept, broken, or is no longer
// wanted.
func (a *App) EndCommitment(ctx context.Context, by Actor, in CommitmentEnd) error {
	if err := by.may("complaint"); err != nil {
		return err
	}
	evidence, err := required("evidence", in.Evidence, 4000)
	if err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		s, err := tx.FindCommitment(ctx, in.Commitment)
		if err != nil {
			return err
		}
		c, err := a.openCommitment(ctx, s)
		if err != nil {
			return err
		}
		return a.endCommitment(ctx, tx, by, c, in.State, evidence)
	})
}

func (a *App) endCommitment(ctx context.Context, tx Tx, by Actor, c relationship.Commitment, s relationship.CommitmentState, evidence string) error {
	today := a.today(tx)
	if err := c.End(s, today); err != nil {
		return err
	}
	typ := "commitment.kept"
	switch s {
	case relationship.Broken:
		typ = "commitment.broken"
	case relationship.Released:
		typ = "commitment.released"
	}
	c.Evidence = evidence
	if err := a.putCommitment(ctx, tx, c); err != nil {
		return err
	}
	return a.record(ctx, tx, fact{typ, by.ID, string(c.Case), string(c.Customer), map[string]any{
		"commitment": string(c.ID), "late": c.Late(today), "evidence": evidence,
	}})
}

func (a *App) putCommitment(ctx context.Context, tx Tx, c relationship.Commitment) (err error) {
	s := SealedCommitment{Commitment: c}
	if s.KeyID, s.Body, err = a.sealWords(ctx, c.Customer, string(c.ID), sealedWords{What: c.What, Answer: c.Evidence}); err != nil {
		return err
	}
	return tx.PutCommitment(ctx, s)
}

func (a *App) openCommitment(ctx context.Context, s SealedCommitment) (relationship.Commitment, error) {
	w, err := a.openWords(ctx, s.KeyID, string(s.ID), s.Body)
	s.What, s.Evidence = w.What, w.Answer
	return s.Commitment, err
}

func (a *App) commitments(ctx context.Context, tx Tx, cid customer.ID) ([]relationship.Commitment, error) {
	list, err := tx.CommitmentsOf(ctx, cid)
	return unsealed(list, err, func(s SealedCommitment) (relationship.Commitment, error) { return a.openCommitment(ctx, s) })
}

// PromiseDue looks at a complaint or commitment whose day is over: what is
// still unanswered, or not kept, is late, and the log says so once.
func (a *App) PromiseDue(ctx context.Context, record string) error {
	return a.store.Tx(ctx, func(tx Tx) error {
		today := a.today(tx)
		if strings.HasPrefix(record, "cmp_") {
			c, err := a.complaint(ctx, tx, relationship.ComplaintID(record))
			if err != nil || c.State != relationship.Open || !c.Late(today) {
				return err
			}
			return a.record(ctx, tx, fact{"complaint.late", "engine", "", string(c.Customer), map[string]any{"complaint": record, "answer_by": c.AnswerBy.String()}})
		}
		s, err := tx.FindCommitment(ctx, relationship.CommitmentID(record))
		if err != nil || s.State != relationship.Pending || !s.Late(today) {
			return err
		}
		return a.record(ctx, tx, fact{"commitment.late", "engine", string(s.Case), string(s.Customer), map[string]any{
			"commitment": record, "by": string(s.By), "due": s.Due.String(),
		}})
	})
}

// endWell turns each line of "what else so that it ends well" into a
// commitment of ours, due when the departure takes effect.
func (a *App) endWell(ctx context.Context, tx Tx, p *offboarding.Plan, by Actor, answers form.Answers) error {
	due := p.Case.Effective
	if today := a.today(tx); due.Before(today) {
		due = today
	}
	for _, line := range strings.Split(answers["end_well"], "\n") {
		if line == "" {
			continue
		}
		c := relationship.Commitment{
			ID: relationship.CommitmentID(id.New("com")), Customer: p.Case.Customer, Case: p.Case.ID, By: relationship.Ours, Due: due,
			State: relationship.Pending, What: line,
		}
		if err := a.promise(ctx, tx, by.ID, c); err != nil {
			return err
		}
	}
	return nil
}

// Promises is what waits to be answered or kept.
type Promises struct {
	Complaints  []relationship.Complaint
	Commitments []relationship.Commitment
	Customers   map[customer.ID]customer.Customer
}

// promisesMost is how many of each a page lists.
const promisesMost = 200

// OpenPromises lists unsolved complaints and pending commitments of all
// customers, the next due first.
func (a *App) OpenPromises(ctx context.Context, by Actor) (p Promises, err error) {
	if err := by.CanRead("complaint"); err != nil {
		return p, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		p = Promises{Customers: map[customer.ID]customer.Customer{}}
		complaints, err := tx.OpenComplaints(ctx, promisesMost)
		if p.Complaints, err = unsealed(complaints, err, func(s SealedComplaint) (relationship.Complaint, error) {
			return a.openComplaint(ctx, s)
		}); err != nil {
			return err
		}
		pending, err := tx.PendingCommitments(ctx, promisesMost)
		if p.Commitments, err = unsealed(pending, err, func(s SealedCommitment) (relationship.Commitment, error) {
			return a.openCommitment(ctx, s)
		}); err != nil {
			return err
		}
		for _, c := range p.Complaints {
			if err := p.name(ctx, tx, c.Customer); err != nil {
				return err
			}
		}
		for _, c := range p.Commitments {
			if err := p.name(ctx, tx, c.Customer); err != nil {
				return err
			}
		}
		return nil
	})
	return p, err
}

func (p Promises) name(ctx context.Context, tx Tx, id customer.ID) error {
	if _, known := p.Customers[id]; known {
		return nil
	}
	c, err := tx.FindCustomer(ctx, id)
	p.Customers[id] = c
	return err
}

// Between is what stands between a customer and us: complaints and promises.
type Between struct {
	Complaints  []relationship.Complaint
	Commitments []relationship.Commitment
	Unsolved    int // complaints that still wait for their fix
}

func (a *App) between(ctx context.Context, tx Tx, cid customer.ID) (b Between, err error) {
	if b.Complaints, err = a.complaints(ctx, tx, cid); err != nil {
		return b, err
	}
	for _, c := range b.Complaints {
		if c.Unsolved() {
			b.Unsolved++
		}
	}
	b.Commitments, err = a.commitments(ctx, tx, cid)
	return b, err
}

// CustomerPromises is what stands between one customer and the company.
type CustomerPromises struct {
	Customer customer.Customer
	Between
}

// OpenCustomerPromises reads the complaints and promises of one customer.
func (a *App) OpenCustomerPromises(ctx context.Context, by Actor, cid customer.ID) (p CustomerPromises, err error) {
	if err := by.CanRead("complaint"); err != nil {
		return p, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		if p.Customer, err = tx.FindCustomer(ctx, cid); err != nil {
			return err
		}
		p.Between, err = a.between(ctx, tx, cid)
		return err
	})
	return p, err
}
