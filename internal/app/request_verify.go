package app

import (
	"context"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
)

// VerifyRequest proves the identity behind a request with the token of the
// link that went to the address on file: the case opens and the receipt is
// queued. Again with the same link it changes nothing. It returns the case and
// a fresh token of its private page.
func (a *App) VerifyRequest(ctx context.Context, token string) (offboarding.CaseID, string, error) {
	return a.VerifyRequestTo(ctx, token, false)
}

// VerifyRequestTo is VerifyRequest by somebody who says where the papers go:
// to the address that was typed with the request, or only to the one on file.
func (a *App) VerifyRequestTo(ctx context.Context, token string, onlyOnFile bool) (offboarding.CaseID, string, error) {
	var cid offboarding.CaseID
	var page string
	err := a.tx(ctx, func(tx Tx) error {
		l, err := a.link(ctx, tx, token, "verify")
		if err != nil {
			return err
		}
		r, err := tx.FindRequest(ctx, l.Request)
		if err != nil {
			return err
		}
		if r.State == offboarding.RequestDisowned {
			return fault.New(fault.Gone, "link.used")
		}
		if cid = r.Case; cid == "" {
			return fault.New(fault.NotFound, "link.unknown")
		}
		if l.UsedAt.IsZero() {
			l.UsedAt = tx.Now()
			if err := tx.SaveLink(ctx, l); err != nil {
				return err
			}
		}
		if r.State != offboarding.RequestVerified {
			if onlyOnFile {
				contacts, err := tx.ContactsOf(ctx, r.Customer)
				if err != nil {
					return err
				}
				r.ReceiptEmail, _ = onFile(contacts)
			}
			if err := a.verify(ctx, tx, &r, "link.mail"); err != nil {
				return err
			}
			cid = r.Case // another one, if the company had begun to end what they leave
		}
		page, err = a.mint(ctx, tx, "case", r.ID, r.Case)
		return err
	})
	return cid, page, err
}

// verify marks the request as verified, opens its cases if they still wait,
// and queues the receipts. Where all had been opened already, whoever asked again
// is sent the receipt that stands.
func (a *App) verify(ctx context.Context, tx Tx, r *offboarding.Request, by string) error {
	if err := r.To(offboarding.RequestVerified); err != nil {
		return err
	}
	cases, err := a.place(ctx, tx, r, true, "customer")
	if err != nil {
		return err
	}
	r.VerifiedAt, r.VerifiedBy = tx.Now(), by
	if err := tx.SaveRequest(ctx, r); err != nil {
		return err
	}
	if err := a.record(ctx, tx, fact{"request.verified", "customer", string(r.ID), string(r.ID), map[string]any{"by": by}}); err != nil {
		return err
	}
	if len(cases) == 0 && r.Act == offboarding.Withdrawal && r.Case != "" { // it ended already, within its first days
		cases = []offboarding.CaseID{r.Case}
	}
	if err := a.alsoWithdraw(ctx, tx, *r, cases); err != nil {
		return err
	}
	var news []offboarding.CaseID
	for _, c := range cases {
		if fresh, err := a.prove(ctx, tx, c, by); err != nil {
			return err
		} else if fresh {
			news = append(news, c)
		}
	}
	if len(news) == 0 && len(cases) > 0 {
		news = []offboarding.CaseID{r.Case}
	}
	for _, cid := range news {
		c, err := tx.FindCase(ctx, cid)
		if err != nil {
			return err
		}
		m := a.letter(tx, "receipt", c)
		m.To = r.ReceiptEmail
		if err := a.queue(ctx, tx, m, string(c.Customer), true); err != nil {
			return err
		}
	}
	return nil
}

// registerHost matches, registers and verifies in one go what came by a signed
// link of the host product.
func (a *App) registerHost(ctx context.Context, tx Tx, r *offboarding.Request, h HostClaim) error {
	cus, err := tx.FindCustomer(ctx, h.Customer)
	if err != nil {
		return fault.New(fault.NotFound, "link.unknown").At("app.registerHost", err)
	}
	if fresh, err := tx.UseOnce(ctx, h.ID, h.Expires); err != nil {
		return err
	} else if !fresh {
		return fault.New(fault.Gone, "link.used")
	}
	r.Subscriptions = h.Subscriptions
	c, err := a.attach(ctx, tx, r, cus, "link.host")
	if err != nil {
		return err
	}
	if c == "" {
		return fault.New(fault.Blocked, "customer.nothing_to_end", "name", cus.Name)
	}
	return a.verify(ctx, tx, r, "link.host")
}

// letter is a message of the kind about the case, without an address.
func (a *App) letter(tx Tx, paper string, c offboarding.Case) Message {
	return Message{
		ID: offboarding.MessageID(id.New("msg")), Paper: paper, Language: c.Language,
		Request: c.Request, Case: c.ID, State: "queued", QueuedAt: tx.Now(),
	}
}

// address sends the message to the owner's address on file.
func (a *App) address(ctx context.Context, tx Tx, m *Message, c offboarding.Case) error {
	return a.addressTo(ctx, tx, m, c.Customer)
}

func (a *App) addressTo(ctx context.Context, tx Tx, m *Message, id customer.ID) error {
	contacts, err := tx.ContactsOf(ctx, id)
	if err != nil {
		return err
	}
	m.To, _ = onFile(contacts)
	if m.To == "" {
		return fault.New(fault.Blocked, "customer.no_address")
	}
	return nil
}

// onFile returns the address and name of the contact that speaks first for a
// customer: owner before billing before admin.
func onFile(contacts []customer.Contact) (email, name string) {
	for _, role := range []customer.Role{customer.Owner, customer.Billing, customer.Admin} {
		for _, c := range contacts {
			if c.Role == role && c.Email != "" {
				return c.Email, c.Name
			}
		}
	}
	return "", ""
}
