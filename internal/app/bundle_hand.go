package app

import (
	"context"
	"slices"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
	"hastaluego/internal/step"
)

// HandKey is the step by which somebody of the company gives customers their
// data by hand: there is no portal, and the file is too large for a letter.
const HandKey = "hand_data"

// Unwanted is the way of data that are not handed over: nobody came for them, or
// the customer does not want them.
const Unwanted = "unwanted"

// HandWays are the ways in which that step ends.
var HandWays = []string{"person", "usb", "drive", Unwanted}

// HandInput says that a customer was given their data by hand.
type HandInput struct {
	Case offboarding.CaseID
	Way  string // one of HandWays
	To   string // who took it; nobody where it is unwanted
	How  string // how it was known that it is theirs to take, and what they signed
}

// askToHand asks a person to hand the file over that no letter can bring.
func (a *App) askToHand(ctx context.Context, tx Tx, p *offboarding.Plan, size int64) error {
	if size <= mailMost {
		return nil
	}
	s := playbook.House(HandKey)
	s.ID = offboarding.StepID(id.New("step"))
	if err := p.Ask(s, tx.Now()); err != nil {
		return err
	}
	return a.settle(ctx, tx, p, "engine")
}

// newestBundle is the file of their data that was made last, without its body.
func newestBundle(ctx context.Context, tx Tx, c offboarding.CaseID) (Blob, error) {
	list, err := tx.BlobsOf(ctx, c)
	for _, b := range slices.Backward(list) {
		if b.Kind == "bundle" {
			return b, err
		}
	}
	if err == nil {
		err = fault.New(fault.NotFound, "not_found")
	}
	return Blob{}, err
}

// mayHand refuses programs: a person answers for whom they gave it to.
func (a Actor) mayHand() error {
	if err := a.person(); err != nil {
		return err
	}
	return a.may("case")
}

// CaseOfCode finds a departure by the code that its letters bear.
func (a *App) CaseOfCode(ctx context.Context, by Actor, code string) (c offboarding.CaseID, err error) {
	if err := by.CanRead("case"); err != nil {
		return "", err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		r, err := tx.FindRequestByCode(ctx, code)
		if c = r.Case; err == nil && c == "" {
			err = fault.New(fault.NotFound, "not_found", "case", code)
		}
		return err
	})
	return c, err
}

// TakeBundle returns the file of a customer's data to the person who is to hand
// it over, and records that they have it. Where there is a portal, customers
// fetch it themselves.
func (a *App) TakeBundle(ctx context.Context, by Actor, cid offboarding.CaseID) (b Blob, whole Content, err error) {
	if err := by.mayHand(); err != nil {
		return b, nil, err
	}
	err = a.tx(ctx, func(tx Tx) error {
		p, err := tx.FindPlan(ctx, cid)
		if err != nil {
			return err
		}
		if none, err := a.noPortal(ctx, tx); err != nil {
			return err
		} else if !none && p.Step(HandKey) == nil {
			return fault.New(fault.Blocked, "bundle.on_page")
		}
		t, err := takingCase(p.Case)
		if err != nil {
			return err
		}
		if err := fetchable(ctx, tx, t); err != nil {
			return err
		}
		if b, err = newestBundle(ctx, tx, cid); err != nil {
			return err
		}
		if whole, err = a.openBundle(ctx, tx, b); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"bundle.taken", by.ID, string(cid), string(p.Case.Customer), map[string]any{"blob": b.ID, "sha256": b.SHA256}})
	})
	return b, whole, err
}

// HandBundle ends the step of handing the data over, with who took them, how, and
// by what it was known that they may. What waits for the customer to fetch their
// data goes on.
func (a *App) HandBundle(ctx context.Context, by Actor, in HandInput) error {
	if err := by.mayHand(); err != nil {
		return err
	}
	l := prose(nil, map[string]*string{"how": &in.How})
	to, wrong := customer.CheckText("to", in.To, 200, false)
	switch {
	case wrong != nil:
		l = append(l, wrong)
	case to == "" && in.Way != Unwanted:
		l = append(l, fault.New(fault.Invalid, "field.required").On("to"))
	}
	if !slices.Contains(HandWays, in.Way) {
		l = append(l, fault.New(fault.Invalid, "field.choice").On("way"))
	}
	if in.How == "" {
		l = append(l, fault.New(fault.Invalid, "step.evidence_required").On("how"))
	}
	if len(l) > 0 {
		return l
	}
	return a.onStep(ctx, by, in.Case, HandKey, func(tx Tx, p *offboarding.Plan) error {
		s, err := p.Workable(HandKey)
		if err != nil {
			return err
		}
		if in.Way == Unwanted { // nobody is there to whom the rest of the list could apply
			s.Items = slices.DeleteFunc(s.Items, func(it offboarding.Item) bool { return !it.Ticked })
		}
		if s.Note = in.How; to != "" {
			s.Note = to + ": " + in.How
		}
		if err := p.Done(HandKey, tx.Now(), by.ID); err != nil {
			return err
		}
		p.Touch(HandKey, by.RealID)
		if in.Way == Unwanted {
			return a.record(ctx, tx, fact{"bundle.unwanted", by.ID, string(in.Case), string(p.Case.Customer), map[string]any{"how": in.How}})
		}
		b, err := newestBundle(ctx, tx, in.Case)
		if err != nil {
			return err
		}
		if err := a.record(ctx, tx, fact{"bundle.handed", by.ID, string(in.Case), string(p.Case.Customer), map[string]any{
			"blob": b.ID, "sha256": b.SHA256, "way": in.Way, "to": to, "how": in.How,
		}}); err != nil {
			return err
		}
		if err := tx.FetchBlob(ctx, b.ID); err != nil {
			return err
		}
		return a.happened(ctx, tx, in.Case, step.Downloaded)
	})
}
