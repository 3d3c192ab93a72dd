package app

import (
	"context"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/relationship"
	"hastaluego/internal/when"
)

// RecordComplaint writes down something that went wrong for a customer, and
// sets its clock.
func (a *App) RecordComplaint(ctx context.Context, by Actor, c relationship.Complaint) (relationship.ComplaintID, error) {
	if err := by.may("complaint"); err != nil {
		return "", err
	}
	l := prose(nil, map[string]*string{"complaint.what": &c.What, "complaint.cause": &c.Cause})
	c.ID, c.State, c.Version = relationship.ComplaintID(id.New("cmp")), relationship.Open, 0
	err := a.tx(ctx, func(tx Tx) error {
		today := a.today(tx)
		if wrong := append(l[:len(l):len(l)], c.Check(today)...); len(wrong) > 0 {
			return wrong
		}
		c.AnswerBy = c.Received.AddDays(relationship.AnswerDays)
		cus, err := tx.FindCustomer(ctx, c.Customer)
		if err != nil {
			return err
		}
		if err := a.answerBy(ctx, tx, cus, &c); err != nil {
			return err
		}
		if err := a.putComplaint(ctx, tx, c); err != nil {
			return err
		}
		if err := a.remind(ctx, tx, string(c.ID), c.AnswerBy); err != nil {
			return err
		}
		if err := a.releasePromises(ctx, tx, c.Customer); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"complaint.received", by.ID, "", string(c.Customer), map[string]any{
			"complaint": string(c.ID), "what": c.What, "cause": c.Cause, "answer_by": c.AnswerBy.String(),
		}})
	})
	return c.ID, err
}

// ComplaintAnswer is what is done about a complaint.
type ComplaintAnswer struct {
	Complaint relationship.ComplaintID
	State     relationship.ComplaintState // promised, fixed or declined
	Cause     string                      // optional: what was behind it
	Answer    string                      // what was done, what is promised, or on what grounds it is declined
	By        when.Date                   // promised for; with promised only
}

// AnswerComplaint promises a fix for a date, says that it is fixed, or
// declines with grounds. A promise is a commitment of ours with the same date.
func (a *App) AnswerComplaint(ctx context.Context, by Actor, in ComplaintAnswer) error {
	if err := by.may("complaint"); err != nil {
		return err
	}
	l := prose(nil, map[string]*string{"answer": &in.Answer, "cause": &in.Cause})
	if in.Answer == "" {
		l = append(l, fault.New(fault.Invalid, "field.required").On("answer"))
	}
	return a.tx(ctx, func(tx Tx) error {
		c, err := a.complaint(ctx, tx, in.Complaint)
		if err != nil {
			return err
		}
		today, wrong := a.today(tx), l[:len(l):len(l)]
		promise := relationship.Commitment{
			ID: relationship.CommitmentID(id.New("com")), Customer: c.Customer, Complaint: c.ID, By: relationship.Ours, Due: in.By,
			State: relationship.Pending, What: in.Answer,
		}
		if in.State == relationship.Promised {
			for _, e := range promise.Check(today) {
				if e.Field == "commitment.due" {
					wrong = append(wrong, e.On("by"))
				}
			}
		}
		if len(wrong) > 0 {
			return wrong
		}
		if err := c.To(in.State, today); err != nil {
			return err
		}
		typ := "complaint.declined"
		switch in.State {
		case relationship.Promised:
			typ = "complaint.promised"
		case relationship.Fixed:
			typ = "complaint.fixed"
		}
		c.Answer = in.Answer
		if in.Cause != "" {
			c.Cause = in.Cause
		}
		if err := a.putComplaint(ctx, tx, c); err != nil {
			return err
		}
		if err := a.record(ctx, tx, fact{typ, by.ID, "", string(c.Customer), map[string]any{
			"complaint": string(c.ID), "answer": in.Answer, "cause": c.Cause, "by": in.By.String(),
		}}); err != nil {
			return err
		}
		switch in.State {
		case relationship.Promised:
			return a.promise(ctx, tx, by.ID, promise)
		case relationship.Fixed:
			return a.keepPromisesOf(ctx, tx, by, c, in.Answer)
		default:
			return nil
		}
	})
}

// keepPromisesOf says that what was promised about a complaint is kept, now
// that it is fixed.
func (a *App) keepPromisesOf(ctx context.Context, tx Tx, by Actor, c relationship.Complaint, evidence string) error {
	list, err := a.commitments(ctx, tx, c.Customer)
	if err != nil {
		return err
	}
	for _, x := range list {
		if x.Complaint != c.ID || x.State != relationship.Pending || x.By != relationship.Ours {
			continue
		}
		if err := a.endCommitment(ctx, tx, by, x, relationship.Kept, evidence); err != nil {
			return err
		}
	}
	return nil
}

// sealedWords are the words of a complaint or a commitment.
type sealedWords struct {
	What   string `json:"what"`
	Cause  string `json:"cause,omitempty"`
	Answer string `json:"answer,omitempty"`
}

// sealWords closes words with the key of a customer, bound to their record.
func (a *App) sealWords(ctx context.Context, cid customer.ID, of string, w sealedWords) (keyID string, body []byte, err error) {
	return a.sealJSON(ctx, string(cid), of, w)
}

// openWords opens them; empty when their key was destroyed.
func (a *App) openWords(ctx context.Context, keyID, of string, body []byte) (w sealedWords, err error) {
	_, err = a.unsealJSON(ctx, keyID, of, body, &w)
	return w, err
}

func (a *App) putComplaint(ctx context.Context, tx Tx, c relationship.Complaint) (err error) {
	s := SealedComplaint{Complaint: c}
	if s.KeyID, s.Body, err = a.sealWords(ctx, c.Customer, string(c.ID), sealedWords{c.What, c.Cause, c.Answer}); err != nil {
		return err
	}
	return tx.PutComplaint(ctx, s)
}

func (a *App) openComplaint(ctx context.Context, s SealedComplaint) (relationship.Complaint, error) {
	w, err := a.openWords(ctx, s.KeyID, string(s.ID), s.Body)
	s.What, s.Cause, s.Answer = w.What, w.Cause, w.Answer
	return s.Complaint, err
}

func (a *App) complaint(ctx context.Context, tx Tx, id relationship.ComplaintID) (relationship.Complaint, error) {
	s, err := tx.FindComplaint(ctx, id)
	if err != nil {
		return s.Complaint, err
	}
	return a.openComplaint(ctx, s)
}

func (a *App) complaints(ctx context.Context, tx Tx, cid customer.ID) ([]relationship.Complaint, error) {
	list, err := tx.ComplaintsOf(ctx, cid)
	return unsealed(list, err, func(s SealedComplaint) (relationship.Complaint, error) { return a.openComplaint(ctx, s) })
}

// today is the business day in the company's zone.
func (a *App) today(tx Tx) when.Date { return when.DateOf(tx.Now(), a.Company().Zone) }

// PromiseKind is the kind of the jobs of the house that look at a complaint or
// a commitment when its day is over.
const PromiseKind = "promise"

// remind looks at a complaint or a commitment again when its day is over.
func (a *App) remind(ctx context.Context, tx Tx, record string, due when.Date) error {
	return tx.InsertWork(ctx, offboarding.Work{
		ID: offboarding.WorkID(id.New("work")), Kind: PromiseKind, Item: record, System: "house", Key: record + ":" + due.String(),
		Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: due.End(a.Company().Zone),
	})
}

// prose checks texts of several lines in place; what is wrong is added to the
// list.
func prose(l fault.List, fields map[string]*string) fault.List {
	for field, s := range fields {
		clean, e := customer.CheckText(field, *s, 4000, true)
		l, *s = appendFault(l, e), clean
	}
	return l
}
