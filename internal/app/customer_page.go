package app

import (
	"cmp"
	"context"
	"slices"

	"hastaluego/internal/collection"
	"hastaluego/internal/customer"
	"hastaluego/internal/effort"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/pushed"
	"hastaluego/internal/when"
)

// CustomerPage is one customer with everything that they have.
type CustomerPage struct {
	CustomerView
	Grants   []customer.Grant
	Known    map[customer.GrantID]AccessStand // how it is known that they are closed, or open again
	Assets   []customer.Asset
	Balances []customer.Balance
	Promised []customer.Deliverable
	Cases    []offboarding.Case // newest first
	Copies   []CopyView         // of their data, without leaving; newest first
	Users    map[string]string  // id → name, of those who answer for a copy
	Pushed   []pushed.Push      // by programs; nil for those who may not see it
	Today    when.Date
	Risk     *CustomerRisk // nil for those who may not see it
	Value    *WorthView    // nil for those who may not see it
	Effort   []effort.Effort
	Currency string // that they pay in, else UsualCurrency
}

// UsualCurrency is the one that most of the newest subscriptions are paid in,
// else that of the company's country; empty if nothing tells.
func (a *App) UsualCurrency(ctx context.Context, by Actor) (currency string, err error) {
	if err := by.CanRead("customer"); err != nil {
		return "", err
	}
	err = a.store.View(ctx, func(tx Tx) error { currency, err = a.usualCurrency(ctx, tx); return err })
	return currency, err
}

func (a *App) usualCurrency(ctx context.Context, tx Tx) (string, error) {
	c, err := tx.UsualCurrency(ctx)
	if c == "" && err == nil {
		c = cmp.Or(a.Company().Currency, money.OfCountry(a.Company().Country))
	}
	return c, err
}

// OpenCustomer reads one customer for the console.
func (a *App) OpenCustomer(ctx context.Context, by Actor, cid customer.ID) (p CustomerPage, err error) {
	if err := by.CanRead("customer"); err != nil {
		return p, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		p.Today = a.today(tx)
		if p.Customer, err = tx.FindCustomer(ctx, cid); err != nil {
			return err
		}
		if p.Contacts, err = tx.ContactsOf(ctx, cid); err != nil {
			return err
		}
		if p.External, err = tx.ExternalIDsOf(ctx, cid); err != nil {
			return err
		}
		if p.Lines, err = tx.SubscriptionsOf(ctx, cid); err != nil {
			return err
		}
		if len(p.Lines) > 0 {
			p.Currency = p.Lines[len(p.Lines)-1].Amount.Currency
		} else if p.Currency, err = a.usualCurrency(ctx, tx); err != nil {
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
		if p.Promised, err = tx.DeliverablesOf(ctx, cid); err != nil {
			return err
		}
		if p.Cases, err = tx.CasesOf(ctx, cid); err != nil {
			return err
		}
		if p.Copies, err = a.copyViews(ctx, tx, cid); err != nil {
			return err
		}
		if len(p.Copies) > 0 {
			if p.Users, _, err = people(ctx, tx); err != nil {
				return err
			}
		}
		if by.MayRead("data") {
			if p.Pushed, err = tx.PushesOf(ctx, cid); err != nil {
				return err
			}
		}
		if p.Known, err = knownOf(ctx, tx, p.Cases, p.Grants); err != nil {
			return err
		}
		if by.MayRead("worth") {
			v, err := a.worthView(ctx, tx, p.Customer)
			if err != nil {
				return err
			}
			p.Value, p.Worth = &v, v.Worth
		}
		if by.MayRead("effort") {
			if p.Effort, err = a.effortOf(ctx, tx, cid); err != nil {
				return err
			}
		}
		if err := a.knownByHand(ctx, tx, cid, p.Grants, p.Known); err != nil || !by.MayRead("risk") {
			return err
		}
		r, err := a.customerRisk(ctx, tx, cid)
		p.Risk = &r
		return err
	})
	return p, err
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
		if err := holdMoney(ctx, tx, cid); err != nil {
			return err
		}
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
		if sent, err := refundsSent(ctx, tx, cid, ""); err != nil {
			return err
		} else if slices.Contains(sent, bid) {
			return fault.New(fault.Blocked, "balance.on_its_way")
		}
		if err := tx.SetBalanceStatus(ctx, bid, status); err != nil {
			return err
		}
		if err := a.record(ctx, tx, fact{"balance.settled", by.ID, "", string(cid), map[string]any{"reference": list[i].Reference, "status": string(status)}}); err != nil {
			return err
		}
		list[i].Status = status
		end := collection.Kept
		if status != customer.Paid {
			end = collection.Released
		}
		return a.collectedAll(ctx, tx, by, cid, list, end)
	})
}
