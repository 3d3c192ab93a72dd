package app

import (
	"context"
	"slices"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/invitation"
	"hastaluego/internal/offboarding"
)

// SealedInvitation is an invitation as it is stored: its words are in Body,
// sealed with the customer's key.
type SealedInvitation struct {
	invitation.Invitation
	KeyID string
	Body  []byte
}

// InvitationTx keeps invitations, one per step.
type InvitationTx interface {
	// PutInvitation stores a new one (Version 0) or, by Version, changes one.
	PutInvitation(ctx context.Context, i SealedInvitation) error
	InvitationsOf(ctx context.Context, c offboarding.CaseID) ([]SealedInvitation, error) // newest first
}

// InviteInput is a conversation that somebody of the company proposes.
type InviteInput struct {
	Case    offboarding.CaseID
	Step    string
	Format  invitation.Format
	Neutral bool
	Start   time.Time
	Minutes int
	Place   string
	Words   string
}

// Invite invites the customer to the conversation of a step, once by letter;
// again it is another time for the same one, agreed with them, and their page
// and calendar file say it. What is believed before talking must be written
// down by then: the step is not ready earlier.
func (a *App) Invite(ctx context.Context, by Actor, in InviteInput) error {
	var l fault.List
	for field, limit := range map[string]int{"invitation.place": 300, "invitation.words": 2000} {
		s := &in.Words
		if field == "invitation.place" {
			s = &in.Place
		}
		clean, e := customer.CheckText(field, *s, limit, limit > 300)
		l, *s = appendFault(l, e), clean
	}
	return a.onStep(ctx, by, in.Case, in.Step, func(tx Tx, p *offboarding.Plan) error {
		s, err := p.Workable(in.Step)
		if err != nil {
			return err
		}
		if k, ok := a.kinds[s.Kind]; !ok || !k.Spec().Talks {
			return fault.New(fault.NotFound, "not_found")
		}
		list, err := a.invitations(ctx, tx, p.Case.ID)
		if err != nil {
			return err
		}
		i := invitation.Invitation{ID: invitation.ID(id.New("inv")), Case: p.Case.ID, Step: s.ID, Customer: p.Case.Customer, Sequence: -1, State: invitation.Invited}
		if j := slices.IndexFunc(list, func(x invitation.Invitation) bool { return x.Step == s.ID }); j >= 0 {
			i = list[j]
		}
		fresh := i.Version == 0
		if err := i.To(invitation.Invited); err != nil {
			return err
		}
		i.Format, i.Neutral, i.Start, i.Minutes, i.Place, i.Words = in.Format, in.Neutral, in.Start, in.Minutes, in.Place, in.Words
		i.MadeBy, i.MadeAt, i.Sequence = by.ID, tx.Now(), i.Sequence+1
		wrong := append(l[:len(l):len(l)], i.Check(tx.Now())...)
		if len(wrong) == 0 && fresh {
			if wrong, err = a.writtenInTime(ctx, tx, p.Case, i.Start); err != nil {
				return err
			}
		}
		if len(wrong) > 0 {
			return wrong
		}
		if err := a.putInvitation(ctx, tx, i); err != nil {
			return err
		}
		if err := a.record(ctx, tx, fact{"meeting.invited", by.ID, string(i.Case), string(i.Customer), map[string]any{
			"step": s.Key, "invitation": string(i.ID), "format": string(i.Format), "start": i.Start.UTC().Format(time.RFC3339), "place": i.Place, "neutral": i.Neutral,
		}}); err != nil || !fresh {
			return err
		}
		m := a.letter(tx, "invitation", p.Case)
		if err := a.address(ctx, tx, &m, p.Case); err != nil {
			return err
		}
		return a.queue(ctx, tx, m, string(p.Case.Customer), true)
	})
}

// writtenInTime refuses a conversation that would begin before its letter may go
// out, by the law of where the customer lives.
func (a *App) writtenInTime(ctx context.Context, tx Tx, c offboarding.Case, start time.Time) (fault.List, error) {
	cus, err := tx.FindCustomer(ctx, c.Customer)
	if err != nil {
		return nil, err
	}
	at, err := a.writableAt(tx, c, cus)
	if err != nil || at.Before(start) {
		return nil, err
	}
	zone, err := zoneOf(c)
	if err != nil {
		return nil, err
	}
	return fault.List{fault.New(fault.Invalid, "invitation.hours", "at", at.In(zone)).On("invitation.time")}, nil
}

// OpenInvitations lists what a customer was invited to, newest first.
func (a *App) OpenInvitations(ctx context.Context, by Actor, c offboarding.CaseID) (list []invitation.Invitation, err error) {
	if err := by.CanRead("letter"); err != nil {
		return nil, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		if _, err := tx.FindCase(ctx, c); err != nil {
			return err
		}
		list, err = a.invitations(ctx, tx, c)
		return err
	})
	return list, err
}

// DeclineMeeting is the customer saying, on their page, that they prefer not to
// talk. Nothing depends on it; again, it changes nothing.
func (a *App) DeclineMeeting(ctx context.Context, token string) error {
	return a.tx(ctx, func(tx Tx) error {
		l, err := a.link(ctx, tx, token, "case")
		if err != nil {
			return err
		}
		i, found, err := a.invited(ctx, tx, l.Case)
		if err != nil {
			return err
		}
		if !found {
			return fault.New(fault.NotFound, "not_found")
		}
		if i.State == invitation.Declined {
			return nil
		}
		if err := i.To(invitation.Declined); err != nil {
			return err
		}
		if err := a.putInvitation(ctx, tx, i); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"meeting.declined", "customer", string(i.Case), string(i.Customer), map[string]any{"invitation": string(i.ID)}})
	})
}

// invited is the newest invitation of a departure.
func (a *App) invited(ctx context.Context, tx Tx, c offboarding.CaseID) (invitation.Invitation, bool, error) {
	list, err := a.invitations(ctx, tx, c)
	if err != nil || len(list) == 0 {
		return invitation.Invitation{}, false, err
	}
	return list[0], true, nil
}

func (a *App) invitations(ctx context.Context, tx Tx, c offboarding.CaseID) ([]invitation.Invitation, error) {
	list, err := tx.InvitationsOf(ctx, c)
	return unsealed(list, err, func(s SealedInvitation) (invitation.Invitation, error) {
		w, err := a.openWords(ctx, s.KeyID, string(s.ID), s.Body)
		s.Place, s.Words = w.What, w.Answer
		return s.Invitation, err
	})
}

func (a *App) putInvitation(ctx context.Context, tx Tx, i invitation.Invitation) (err error) {
	s := SealedInvitation{Invitation: i}
	if s.KeyID, s.Body, err = a.sealWords(ctx, i.Customer, string(i.ID), sealedWords{What: i.Place, Answer: i.Words}); err != nil {
		return err
	}
	return tx.PutInvitation(ctx, s)
}
