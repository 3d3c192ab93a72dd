package app

import (
	"context"
	"slices"
	"strings"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
)

// CustomerPage is one customer with everything that they have.
type CustomerPage struct {
	CustomerView
	Grants   []customer.Grant
	Assets   []customer.Asset
	Balances []customer.Balance
	Cases    []offboarding.Case // newest first
}

// OpenCustomer reads one customer for the console.
func (a *App) OpenCustomer(ctx context.Context, by Actor, cid customer.ID) (p CustomerPage, err error) {
	if err := by.CanRead("customer"); err != nil {
		return p, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		if p.Customer, err = tx.FindCustomer(ctx, cid); err != nil {
			return err
		}
		if p.Contacts, err = tx.ContactsOf(ctx, cid); err != nil {
			return err
		}
		if p.Lines, err = tx.SubscriptionsOf(ctx, cid); err != nil {
			return err
		}
		if p.Grants, err = tx.GrantsOf(ctx, cid); err != nil {
			return err
		}
		if p.Assets, err = tx.AssetsOf(ctx, cid); err != nil {
			return err
		}
		if p.Balances, err = tx.BalancesOf(ctx, cid); err != nil {
			return err
		}
		p.Cases, err = tx.CasesOf(ctx, cid)
		return err
	})
	return p, err
}

// tidy checks the texts of a form in place; what is wrong is added to the list.
func tidy(l fault.List, fields map[string]*string) fault.List {
	for field, s := range fields {
		clean, e := customer.CheckText(field, *s, 200, false)
		l, *s = appendFault(l, e), clean
	}
	slices.SortFunc(l, func(x, y *fault.Error) int { return strings.Compare(x.Field, y.Field) })
	return l
}

// AddGrant puts an access on a customer's inventory.
func (a *App) AddGrant(ctx context.Context, by Actor, g customer.Grant) error {
	l := tidy(nil, map[string]*string{"grant.system": &g.System, "grant.account": &g.Account})
	g.ID, g.Status = customer.GrantID(id.New("gra")), customer.Granted
	return a.addToInventory(ctx, by, g.Customer, append(l, g.Check()...), "grant", g.Name(), func(tx Tx) (bool, error) { return tx.PutGrant(ctx, g) })
}

// AddAsset puts an asset on a customer's inventory.
func (a *App) AddAsset(ctx context.Context, by Actor, x customer.Asset) error {
	l := tidy(nil, map[string]*string{"asset.reference": &x.Reference, "asset.name": &x.Name, "asset.kind": &x.Kind, "asset.location": &x.Location})
	x.ID = customer.AssetID(id.New("ast"))
	return a.addToInventory(ctx, by, x.Customer, append(l, x.Check()...), "asset", x.Reference, func(tx Tx) (bool, error) { return tx.PutAsset(ctx, x) })
}

// AddBalance records a sum that is open between a customer and the company.
func (a *App) AddBalance(ctx context.Context, by Actor, b customer.Balance) error {
	l := tidy(nil, map[string]*string{"balance.reference": &b.Reference, "balance.about": &b.About})
	b.ID, b.Status = customer.BalanceID(id.New("bal")), customer.Due
	return a.addToInventory(ctx, by, b.Customer, append(l, b.Check()...), "balance", b.Reference, func(tx Tx) (bool, error) { return tx.PutBalance(ctx, b) })
}

// addToInventory stores one thing that a customer has. A name that is taken,
// by them or by anybody else, is told and not overwritten.
func (a *App) addToInventory(ctx context.Context, by Actor, cid customer.ID, wrong fault.List, what, name string, put func(Tx) (bool, error)) error {
	permission := "customer"
	if what == "balance" {
		permission = "statement"
	}
	if err := by.may(permission); err != nil {
		return err
	}
	if len(wrong) > 0 {
		return wrong
	}
	return a.tx(ctx, func(tx Tx) error {
		if _, err := tx.FindCustomer(ctx, cid); err != nil {
			return err
		}
		fresh, err := put(tx)
		if err != nil {
			return err
		}
		if key := "reference"; !fresh {
			if what == "grant" {
				key = "account"
			}
			return fault.New(fault.Conflict, "inventory.taken", "name", name).On(what + "." + key)
		}
		return a.record(ctx, tx, fact{"inventory.added", by.ID, "", string(cid), map[string]any{"what": what, "name": name}})
	})
}

// SettleBalance says that a sum was paid, or that it is void. When a customer
// owes nothing any more, their departures that waited for that go on.
func (a *App) SettleBalance(ctx context.Context, by Actor, cid customer.ID, bid customer.BalanceID, status customer.BalanceStatus) error {
	if err := by.may("statement"); err != nil {
		return err
	}
	if status != customer.Paid && status != customer.Void {
		return fault.New(fault.Invalid, "field.choice").On("status")
	}
	return a.tx(ctx, func(tx Tx) error {
		list, err := tx.BalancesOf(ctx, cid)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(b customer.Balance) bool { return b.ID == bid })
		if i < 0 {
			return fault.New(fault.NotFound, "not_found")
		}
		if list[i].Status != customer.Due {
			return nil
		}
		if err := tx.SetBalanceStatus(ctx, bid, status); err != nil {
			return err
		}
		if err := a.record(ctx, tx, fact{"balance.settled", by.ID, "", string(cid), map[string]any{"reference": list[i].Reference, "status": string(status)}}); err != nil {
			return err
		}
		list[i].Status = status
		if slices.ContainsFunc(list, func(b customer.Balance) bool { return b.Status == customer.Due && b.Owed().Minor < 0 }) {
			return nil
		}
		cases, err := tx.CasesOf(ctx, cid)
		if err != nil {
			return err
		}
		for _, c := range cases {
			if c.State == offboarding.CaseOpen {
				if err := a.happened(ctx, tx, c.ID, step.Paid); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// BehalfInput is a departure that somebody of the company registers for a
// customer who asked by phone, letter or in person.
type BehalfInput struct {
	Customer  customer.ID
	Channel   string // phone, letter, mail, shop
	Reference string // of the call, the letter; required
	When      string
	Proof     string // how identity was checked; empty: the customer confirms from the address on file
}

// BehalfChannels are the ways in which customers ask the staff.
var BehalfChannels = []string{"phone", "letter", "mail", "shop"}

// RegisterOnBehalf registers a departure for a customer. Acknowledgement and
// confirmation go to the address on file. With a proof of identity the case
// opens at once, and the log says who vouched for it and how.
func (a *App) RegisterOnBehalf(ctx context.Context, by Actor, in BehalfInput) (offboarding.CaseID, error) {
	if err := by.may("request"); err != nil {
		return "", err
	}
	l := tidy(nil, map[string]*string{"reference": &in.Reference, "proof": &in.Proof})
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
		lang := cus.Language
		if lang == "" {
			lang = a.company.Language
		}
		r, err := a.declare(ExitInput{Name: name, AccountEmail: mail, Reference: cus.Reference, When: in.When, Language: lang})
		if err != nil {
			return err
		}
		r.Channel, r.ReceivedAt = offboarding.Staff, tx.Now()
		if r, _, err = tx.InsertRequest(ctx, r); err != nil {
			return err
		}
		if err := a.record(ctx, tx, fact{"request.received", by.ID, string(r.ID), string(r.ID), map[string]any{
			"code": r.Code, "channel": "staff", "via": in.Channel, "paper": in.Reference, "name": r.Name, "account": mail, "when": in.When,
		}}); err != nil {
			return err
		}
		ack := Message{ID: offboarding.MessageID(id.New("msg")), Paper: "ack", To: mail, Language: lang, Request: r.ID, State: "queued", QueuedAt: tx.Now()}
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
