package app

import (
	"context"
	"slices"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/reply"
)

// ReceivedView is a letter with what it says, whose it is and what was checked.
type ReceivedView struct {
	Received
	Reply    reply.Reply
	Name     string // of the customer
	Test     bool   // who is made up
	Code     string // of the departure
	OnFile   bool   // the sender's address is one on file: anybody can write it
	Keyed    string // kind of the letter to the address on file whose key it quotes; empty: of none
	Asked    bool   // it quotes the key of the letter that asks for the approval that waits
	Guess    reply.Meaning
	Possible []reply.Meaning
	People   map[string]string
}

// OpenReceived reads one, with what was checked and what it may mean.
func (a *App) OpenReceived(ctx context.Context, by Actor, rid string) (v ReceivedView, err error) {
	if err := by.CanRead("note"); err != nil {
		return v, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		x, err := tx.FindReceived(ctx, rid)
		if err != nil {
			return err
		}
		v, err = a.viewReceived(ctx, tx, x)
		return err
	})
	return v, err
}

func (a *App) viewReceived(ctx context.Context, tx Tx, x Received) (v ReceivedView, err error) {
	v = ReceivedView{Received: x}
	raw, err := a.unseal(ctx, x.KeyID, x.ID, x.Body)
	if err != nil || raw == nil {
		return v, err
	}
	if v.Reply, err = readReply(raw); err != nil {
		return v, err
	}
	if v.People, err = names(ctx, tx); err != nil {
		return v, err
	}
	v.Guess = v.Reply.Guess()
	v.Possible = []reply.Meaning{reply.Message}
	if x.Customer == "" {
		if x.Request == "" && v.Reply.Form != nil {
			v.Possible = []reply.Meaning{reply.Request}
		} else {
			v.Possible = nil
		}
		return v, nil
	}
	cus, err := tx.FindCustomer(ctx, x.Customer)
	if err != nil {
		return v, err
	}
	contacts, err := tx.ContactsOf(ctx, x.Customer)
	if err != nil {
		return v, err
	}
	onFile := func(mail string) bool {
		return mail != "" && slices.ContainsFunc(contacts, func(c customer.Contact) bool { return customer.FoldEmail(c.Email) == customer.FoldEmail(mail) })
	}
	v.Name, v.Test, v.OnFile = cus.Name, cus.Test(), onFile(v.Reply.From)
	if x.Case == "" {
		v.Possible = []reply.Meaning{reply.Request}
		if cases, err := tx.CasesOf(ctx, x.Customer); err != nil {
			return v, err
		} else if len(cases) > 0 { // we may have written to them
			v.Possible = append(v.Possible, reply.Silence)
		}
		return v, nil
	}
	p, err := tx.FindPlan(ctx, x.Case)
	if err != nil {
		return v, err
	}
	v.Code = p.Case.Code
	letters, err := tx.ListMessages(ctx, x.Case, 1000)
	if err != nil {
		return v, err
	}
	keys := v.Reply.Keys()
	quoted := slices.DeleteFunc(letters, func(m Message) bool { return !onFile(m.To) || !slices.Contains(keys, a.replyKey(m)) })
	if len(quoted) > 0 {
		v.Keyed = quoted[0].Paper
	}
	return v, a.mayMean(ctx, tx, &p, &v, quoted)
}

// mayMean adds what a letter may mean in a departure as it stands; quoted are the
// letters of ours whose keys it quotes.
func (a *App) mayMean(ctx context.Context, tx Tx, p *offboarding.Plan, v *ReceivedView, quoted []Message) error {
	add := func(m ...reply.Meaning) { v.Possible = append(v.Possible, m...) }
	r, err := tx.FindRequest(ctx, v.Request)
	if err != nil {
		return err
	}
	if r.State == offboarding.RequestMatched {
		add(reply.Confirm)
	}
	if p.Case.State != offboarding.CaseStopped {
		add(reply.NotMe)
	}
	zone, err := zoneOf(p.Case)
	if err != nil {
		return err
	}
	if p.CanUndo(tx.Now(), p.Case.Effective.End(zone)) && !r.Channel.Ours() {
		add(reply.Undo)
	}
	if x, err := a.askedNow(ctx, tx, p); err != nil {
		return err
	} else if x != nil {
		add(reply.Approve, reply.Lacking)
		v.Asked = slices.ContainsFunc(quoted, func(m Message) bool { return m.Paper == "approval" && !m.QueuedAt.Before(x.AskedAt) })
	}
	if handing(p) != nil {
		add(reply.Accept)
	}
	if an, err := a.answering(ctx, tx, *p); err != nil {
		return err
	} else if an.Offer != nil && an.Offer.State == "offered" {
		add(reply.OfferYes, reply.OfferNo)
	}
	if p.Case.State.Over() {
		add(reply.Request) // they left before, or stayed, and leave again
	}
	add(reply.Silence)
	if err := a.mayMeanMore(ctx, tx, p, v); err != nil {
		return err
	}
	v.Guess = v.guess()
	return nil
}

// handing is the handover that waits, nil if none does.
func handing(p *offboarding.Plan) *offboarding.Step {
	for i := range p.Steps {
		if s := &p.Steps[i]; s.Kind == "handover" && !s.Spec.House && (s.State == offboarding.StepReady || s.State == offboarding.StepRunning) {
			return s
		}
	}
	return nil
}

// ListReceived are the letters that nobody decided about.
func (a *App) ListReceived(ctx context.Context, by Actor) (list []ReceivedView, err error) {
	if err := by.CanRead("note"); err != nil {
		return nil, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		open, err := tx.OpenReceived(ctx, receivedMost)
		if err != nil {
			return err
		}
		list = nil
		for _, x := range open {
			v, err := a.glance(ctx, tx, x)
			if err != nil {
				return err
			}
			list = append(list, v)
		}
		return nil
	})
	return list, err
}

// glance reads of a letter what a list tells: who wrote, of what, and whose it
// is.
func (a *App) glance(ctx context.Context, tx Tx, x Received) (v ReceivedView, err error) {
	v = ReceivedView{Received: x}
	raw, err := a.unseal(ctx, x.KeyID, x.ID, x.Body)
	if err != nil || raw == nil {
		return v, err
	}
	v.Body = nil
	if v.Reply, err = readReply(raw); err != nil || x.Customer == "" {
		return v, err
	}
	cus, err := tx.FindCustomer(ctx, x.Customer)
	if v.Name = cus.Name; err != nil || x.Case == "" {
		return v, err
	}
	c, err := tx.FindCase(ctx, x.Case)
	v.Code = c.Code
	return v, err
}

// mailFile ends the name of a file that is a mail.
const mailFile = ".eml"

// ReceivedLetter returns the letter itself, to be kept.
func (a *App) ReceivedLetter(ctx context.Context, by Actor, rid string) (name string, raw []byte, err error) {
	if err := by.CanRead("note"); err != nil {
		return "", nil, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		x, err := tx.FindReceived(ctx, rid)
		if err != nil {
			return err
		}
		if raw, err = a.unseal(ctx, x.KeyID, x.ID, x.Body); err == nil && raw == nil {
			err = fault.New(fault.Gone, "reply.erased")
		}
		return err
	})
	return rid + mailFile, raw, err
}
