package app

import (
	"context"
	"slices"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// BehalfInput is a departure that somebody of the company registers for a
// customer who asked by phone, letter or in person.
type BehalfInput struct {
	Customer  customer.ID
	Channel   string    // phone, letter, mail, shop
	Reference string    // of the call, the letter; required
	Received  when.Date // the day on which they asked, which is what counts; zero: today
	When      string
	Act       string // cancel or withdraw; empty: cancel
	Proof     string // how identity was checked; empty: the customer confirms from the address on file
}

// behalfDays is how long ago they may have asked.
const behalfDays = 366

// BehalfChannels are the ways in which customers ask the staff.
var BehalfChannels = []string{"phone", "letter", "mail", "shop"}

// RegisterOnBehalf registers a departure for a customer, as of the day on which
// they asked. Acknowledgement and
// confirmation go to the address on file. With a proof of identity the case
// opens at once, and the log says who vouched for it and how.
func (a *App) RegisterOnBehalf(ctx context.Context, by Actor, in BehalfInput) (offboarding.CaseID, error) {
	if err := by.may("request"); err != nil {
		return "", err
	}
	var l fault.List
	for field, s := range map[string]*string{"reference": &in.Reference, "proof": &in.Proof} {
		clean, e := customer.CheckText(field, *s, 200, false)
		l, *s = appendFault(l, e), clean
	}
	if in.Reference == "" {
		l = append(l, fault.New(fault.Invalid, "field.required").On("reference"))
	}
	if !slices.Contains(BehalfChannels, in.Channel) {
		l = append(l, fault.New(fault.Invalid, "field.choice").On("channel"))
	}
	if len(l) > 0 {
		return "", l
	}
	var c offboarding.CaseID
	err := a.tx(ctx, func(tx Tx) error {
		cus, err := tx.FindCustomer(ctx, in.Customer)
		if err != nil {
			return err
		}
		contacts, err := tx.ContactsOf(ctx, cus.ID)
		if err != nil {
			return err
		}
		mail, name := onFile(contacts)
		if mail == "" {
			return fault.New(fault.Blocked, "customer.no_address")
		}
		r, err := a.declare(ExitInput{Name: name, AccountEmail: mail, Reference: cus.Reference, When: in.When, Language: cus.Language, Act: in.Act})
		if err != nil {
			return err
		}
		r.Channel, r.Via, r.Paper, r.ReceivedAt, r.EnteredAt = offboarding.Staff, in.Channel, in.Reference, tx.Now(), tx.Now()
		if today := a.today(tx); !in.Received.IsZero() && in.Received != today {
			if today.Before(in.Received) || in.Received.Before(today.AddDays(-behalfDays)) {
				return fault.New(fault.Invalid, "behalf.received", "days", behalfDays).On("received")
			}
			r.ReceivedAt = in.Received.Start(a.Company().Zone)
		}
		if r, _, err = tx.InsertRequest(ctx, r); err != nil {
			return err
		}
		if err := a.record(ctx, tx, fact{"request.received", by.ID, string(r.ID), string(r.ID), map[string]any{
			"code": r.Code, "channel": "staff", "via": in.Channel, "paper": in.Reference, "name": r.Name, "account": mail, "when": in.When, "act": string(r.Act),
			"day": when.DateOf(r.ReceivedAt, a.Company().Zone).String(),
		}}); err != nil {
			return err
		}
		ack := Message{ID: offboarding.MessageID(id.New("msg")), Paper: "ack", To: mail, Language: r.Language, Request: r.ID, State: "queued", QueuedAt: tx.Now()}
		if err := a.queue(ctx, tx, ack, string(r.ID), true); err != nil {
			return err
		}
		by := by.ID
		if in.Proof != "" {
			r.VerifiedBy = by // attach then sends no letter to confirm
		}
		if c, err = a.attach(ctx, tx, &r, cus, by); err != nil {
			return err
		}
		if c == "" {
			return fault.New(fault.Blocked, "customer.nothing_to_end", "name", cus.Name)
		}
		if in.Proof == "" {
			return nil
		}
		if err := a.record(ctx, tx, fact{"request.vouched", by, string(r.ID), string(r.ID), map[string]any{"how": in.Proof}}); err != nil {
			return err
		}
		return a.verify(ctx, tx, &r, by)
	})
	return c, err
}
