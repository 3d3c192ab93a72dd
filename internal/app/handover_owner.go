package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/handover"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// OwnerPaper is the letter that asks the client whether whom we named is right.
const OwnerPaper = "owner"

// checkOwner reads a name and an address, which go together.
func checkOwner(name, email string) (handover.NewOwner, fault.List) {
	name, e := customer.CheckText("new_owner", name, 200, false)
	l := appendFault(nil, e)
	if e == nil && name == "" {
		l = append(l, fault.New(fault.Invalid, "field.required").On("new_owner"))
	}
	email, e = customer.CheckEmail("new_owner_email", email)
	return handover.NewOwner{Name: name, Email: email}, appendFault(l, e)
}

// OwnerInput names who is to administer a thing; neither a name nor an address takes
// that back.
type OwnerInput struct {
	Case        offboarding.CaseID
	Step        string
	Item        handover.ID
	Name, Email string
}

// NameOwner says who is to administer a thing. A letter asks the client whether that is
// right, and until they say so it is not given.
func (a *App) NameOwner(ctx context.Context, by Actor, in OwnerInput) error {
	var owner handover.NewOwner
	var wrong fault.List
	if in.Name != "" || in.Email != "" {
		owner, wrong = checkOwner(in.Name, in.Email)
	}
	return a.onItem(ctx, by, in.Case, in.Step, in.Item, wrong, func(tx Tx, x *handover.Item) error {
		was := x.NamedOwner()
		if err := x.NameOwner(owner, tx.Now()); err != nil || owner == was {
			return err
		}
		if err := a.saveItem(ctx, tx, *x, fact{typ: "handover.owner_named", actor: by.ID, args: map[string]any{"owner": owner.Name, "email": owner.Email}}); err != nil || !x.OwnerWaits() {
			return err
		}
		c, err := tx.FindCase(ctx, x.Case)
		if err != nil {
			return err
		}
		return a.askOwners(ctx, tx, c)
	})
}

// askOwners writes to the client that somebody was named: in one letter about all of
// them, and in one a day. After today's went out, another goes in the morning, if
// somebody waits for their word then.
func (a *App) askOwners(ctx context.Context, tx Tx, c offboarding.Case) error {
	letters, err := tx.ListMessages(ctx, c.ID, 1000)
	if err != nil {
		return err
	}
	zone, today, at := a.Company().Zone, a.today(tx), tx.Now()
	for _, l := range letters {
		switch {
		case l.Paper != OwnerPaper || l.State == "withheld":
		case l.State == "queued":
			return nil
		case when.DateOf(l.QueuedAt, zone) == today, when.DateOf(l.SentAt, zone) == today:
			at = today.AddDays(1).Start(zone).Add(remindHour * time.Hour)
		}
	}
	m := a.letter(tx, OwnerPaper, c)
	if err := a.address(ctx, tx, &m, c); err != nil {
		if fault.KindOf(err) == fault.Blocked { // nobody is on file: the page says it
			return nil
		}
		return err
	}
	return a.queueAt(ctx, tx, m, string(c.Customer), at)
}

// ownersWait reports whether the client is still to say of somebody whether they are
// right.
func (a *App) ownersWait(ctx context.Context, tx Tx, c offboarding.CaseID) (bool, error) {
	h, err := a.readHandover(ctx, tx, c)
	return slices.ContainsFunc(h.List, func(x handover.Item) bool { return x.OwnerWaits() && x.Nameable() }), err
}

// ConfirmOwner is the client's word who administers a thing from when it is given on: as
// it was named, or as they correct it. Whoever hands over is told.
func (a *App) ConfirmOwner(ctx context.Context, token string, item handover.ID, name, email string) error {
	owner, wrong := checkOwner(name, email)
	return a.byClient(ctx, token, func(tx Tx, list []handover.Item) error {
		i := slices.IndexFunc(list, func(x handover.Item) bool { return x.ID == item })
		if i < 0 {
			return fault.New(fault.NotFound, "not_found")
		}
		if len(wrong) > 0 {
			return wrong
		}
		x, was := &list[i], list[i]
		if err := x.ConfirmOwner(owner, tx.Now()); err != nil || owner == was.NamedOwner() && !was.OwnerConfirmedAt.IsZero() { // sent twice
			return err
		}
		if err := a.saveItem(ctx, tx, *x, fact{typ: "handover.owner_confirmed", actor: "customer", args: map[string]any{
			"owner": owner.Name, "email": owner.Email, "corrected": was.NewOwner != "" && owner != was.NamedOwner(),
		}}); err != nil {
			return err
		}
		p, err := tx.FindPlan(ctx, x.Case)
		if err != nil {
			return err
		}
		for k := range p.Steps {
			if s := &p.Steps[k]; s.ID == x.Step {
				return a.tellTask(ctx, tx, s, fmt.Sprint("owner ", x.ID, " ", tx.Now().UnixMicro()))
			}
		}
		return nil
	})
}
