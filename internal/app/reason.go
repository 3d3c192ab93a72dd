package app

import (
	"context"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/form"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/offer"
	"hastaluego/internal/reason"
	"hastaluego/internal/relationship"
)

// SealedReason is a reason as it is stored: its words are in Body, sealed with
// the customer's key.
type SealedReason struct {
	reason.Given
	KeyID string
	Body  []byte
}

// ReasonTx keeps the reasons that were given. They are never changed.
type ReasonTx interface {
	InsertReason(ctx context.Context, r SealedReason) error
	ReasonsOf(ctx context.Context, c offboarding.CaseID) ([]SealedReason, error) // newest first
}

// ReasonInput is a reason that somebody of the company writes down.
type ReasonInput struct {
	Case        offboarding.CaseID
	Kind        reason.Kind
	Code        string
	Attribution reason.Attribution       // of a root cause; empty: as the taxonomy has it
	Complaint   relationship.ComplaintID // what went wrong stands there; empty: nowhere
	Text        string
	Evidence    string // required of a root cause
}

// RecordReason writes down why a customer leaves: what they say, or what lay
// behind it, with what shows it.
func (a *App) RecordReason(ctx context.Context, by Actor, in ReasonInput) error {
	if err := by.may("reason"); err != nil {
		return err
	}
	l := prose(nil, map[string]*string{"reason.text": &in.Text, "reason.evidence": &in.Evidence})
	return a.tx(ctx, func(tx Tx) error {
		c, err := tx.FindCase(ctx, in.Case)
		if err != nil {
			return err
		}
		g := reason.Given{
			Case: c.ID, Customer: c.Customer, Kind: in.Kind, Code: in.Code, Attribution: in.Attribution, By: by.ID,
			Complaint: in.Complaint, Text: in.Text, Evidence: in.Evidence,
		}
		if g.Complaint != "" {
			s, err := tx.FindComplaint(ctx, g.Complaint)
			if fault.KindOf(err) == fault.NotFound && err != nil || err == nil && s.Customer != c.Customer {
				return append(l[:len(l):len(l)], fault.New(fault.Invalid, "field.choice").On("reason.complaint"))
			} else if err != nil {
				return err
			}
		}
		return a.putReason(ctx, tx, g, l)
	})
}

// putReason checks and stores a reason; l is what is already wrong with it.
func (a *App) putReason(ctx context.Context, tx Tx, g reason.Given, l fault.List) error {
	if wrong := append(l[:len(l):len(l)], g.Make(reason.Builtin())...); len(wrong) > 0 {
		return wrong
	}
	g.ID, g.At = reason.GivenID(id.New("rsn")), tx.Now()
	s := SealedReason{Given: g}
	var err error
	if s.KeyID, s.Body, err = a.sealWords(ctx, g.Customer, string(g.ID), sealedWords{What: g.Text, Answer: g.Evidence}); err != nil {
		return err
	}
	if err := tx.InsertReason(ctx, s); err != nil {
		return err
	}
	if err := a.record(ctx, tx, fact{"reason.given", g.By, string(g.Case), string(g.Customer), map[string]any{
		"reason": g.Code, "kind": string(g.Kind), "taxonomy": g.Taxonomy, "attribution": string(g.Attribution),
		"complaint": string(g.Complaint), "text": g.Text, "grounds": g.Evidence,
	}}); err != nil {
		return err
	}
	return a.lapseOther(ctx, tx, g)
}

// lapseOther takes back an offer of something else of ours that nobody has
// answered, once it turns out that we wronged them.
func (a *App) lapseOther(ctx context.Context, tx Tx, g reason.Given) error {
	o, found, err := tx.OfferOf(ctx, g.Case)
	if err != nil || !found || o.Kind != offer.OtherProduct {
		return err
	}
	if wronged, err := a.wronged(ctx, tx, g.Case, g.Customer); err != nil || !wronged {
		return err
	}
	return a.lapse(ctx, tx, g.Case, "offer.wronged")
}

// TellReason is the customer saying why they leave, on their own page, once
// their departure is registered. Nothing waits for it.
func (a *App) TellReason(ctx context.Context, token, code, text string) error {
	l := prose(nil, map[string]*string{"reason.text": &text})
	return a.tx(ctx, func(tx Tx) error {
		link, err := a.link(ctx, tx, token, "case")
		if err != nil {
			return err
		}
		c, err := tx.FindCase(ctx, link.Case)
		if err != nil {
			return err
		}
		if c.State != offboarding.CaseRegistered && c.State != offboarding.CaseOpen {
			return fault.New(fault.Blocked, "reason.over")
		}
		if err := a.answerable(ctx, tx, c.ID, "reason.over"); err != nil {
			return err
		}
		if r, ok := reason.Builtin().Find(code); ok && !r.Top() {
			code = r.Family // what lies deeper is ours to find out
		}
		return a.putReason(ctx, tx, reason.Given{
			Case: c.ID, Customer: c.Customer, Kind: reason.Stated, Code: code, By: "customer", Text: text,
		}, l)
	})
}

// reasons reads what was given as the reason of a departure, newest first. Words
// whose key was destroyed are empty.
func (a *App) reasons(ctx context.Context, tx Tx, c offboarding.CaseID) ([]reason.Given, error) {
	list, err := tx.ReasonsOf(ctx, c)
	return unsealed(list, err, func(s SealedReason) (reason.Given, error) {
		w, err := a.openWords(ctx, s.KeyID, string(s.ID), s.Body)
		s.Text, s.Evidence = w.What, w.Answer
		return s.Given, err
	})
}

// whyOf is what is known about why somebody leaves.
func (a *App) whyOf(ctx context.Context, tx Tx, c offboarding.CaseID) (reason.Why, error) {
	list, err := a.reasons(ctx, tx, c)
	return Why(list), err
}

// Why picks the newest of each kind out of reasons, newest first.
func Why(list []reason.Given) (w reason.Why) {
	for i := range list {
		switch g := &list[i]; {
		case g.Kind == reason.Stated && w.Stated == nil:
			w.Stated = g
		case g.Kind == reason.Root && w.Root == nil:
			w.Root = g
		}
	}
	return w
}

// wronged reports whether a bad-service reason stands behind a departure that
// nothing has repaired: then nobody is asked for a favour, and nothing else is
// offered.
func (a *App) wronged(ctx context.Context, tx Tx, c offboarding.CaseID, cid customer.ID) (bool, error) {
	w, err := a.whyOf(ctx, tx, c)
	if err != nil {
		return false, err
	}
	complaints, err := a.complaints(ctx, tx, cid)
	return w.Wronged(complaints, a.Company().Zone), err
}

// reasonOfForm writes down the reason that a finished form tells: what they
// said in a conversation or at the end, or what lay behind it after the second
// evaluation.
func (a *App) reasonOfForm(ctx context.Context, tx Tx, c offboarding.Case, by Actor, f *form.Form, x form.Answers) error {
	g := reason.Given{Case: c.ID, Customer: c.Customer, By: by.ID}
	switch {
	case f.Name == "meeting" && x["stated_family"] != "":
		g.Kind, g.Code, g.Text = reason.Stated, x["stated_family"], x["stated_reason"]
	case f.Name == surveyForm && x["reason"] != "":
		g.Kind, g.Code = reason.Stated, x["reason"]
	case f.Name == "second_evaluation":
		g.Kind, g.Code, g.Attribution, g.Evidence = reason.Root, x["real_family"], reason.Attribution(x["attribution"]), x["evidence"]
	default:
		return nil
	}
	return a.putReason(ctx, tx, g, nil)
}
