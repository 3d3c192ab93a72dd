package app

import (
	"context"
	"slices"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/money"
	"hastaluego/internal/when"
)

// AddGrant puts an access on a customer's inventory. One that was closed is
// open again. Faults: grant.system, grant.account, grant.kind, grant.depends_on;
// inventory.taken.
func (a *App) AddGrant(ctx context.Context, by Actor, g customer.Grant) (customer.GrantID, error) {
	g.ID, g.Status = customer.GrantID(id.New("gra")), customer.Granted
	if l := g.Tidy(); len(l) > 0 {
		return "", refusedUnless(by, "customer", l.Under("grant"))
	}
	_, err := a.amend(ctx, by, g.Customer, 0, func(am *amending) (fact, error) {
		n, err := am.tx.InsertGrants(ctx, g)
		if err != nil {
			return fact{}, err
		}
		if n == 1 {
			return fact{typ: "inventory.added", args: map[string]any{"what": "grant", "name": g.Name()}}, nil
		}
		old, err := am.tx.GrantsByName(ctx, g)
		if err != nil {
			return fact{}, err
		}
		if len(old) == 0 {
			return fact{}, changedMeanwhile("app.AddGrant")
		}
		if old[0].Customer != g.Customer {
			return fact{}, taken(ctx, am.tx, old[0].Customer, "grant.taken", "grant.account", g.Name())
		}
		if old[0].Open() {
			return fact{}, inventoryTaken("grant.account", g.Name())
		}
		g.ID = old[0].ID
		return fact{typ: "grant.reopened", args: map[string]any{"name": g.Name()}}, am.tx.SaveGrant(ctx, g, old[0].Status)
	})
	return g.ID, err
}

func inventoryTaken(field, name string) error {
	return fault.New(fault.Conflict, "inventory.taken", "name", name).On(field)
}

// GrantPatch changes an access: what is nil stays.
type GrantPatch struct {
	Customer        customer.ID
	Grant           customer.GrantID
	Version         int64
	System, Account *string
	Kind            *string
	DependsOn       *[]string
	Ours            *bool
}

// EditGrant changes an access that is open.
func (a *App) EditGrant(ctx context.Context, by Actor, in GrantPatch) error {
	_, err := a.amend(ctx, by, in.Customer, in.Version, func(am *amending) (fact, error) {
		was, err := am.grant(ctx, in.Grant)
		if err != nil {
			return fact{}, err
		}
		now := was
		patch(&now.System, in.System)
		patch(&now.Account, in.Account)
		patch(&now.Kind, in.Kind)
		patch(&now.DependsOn, in.DependsOn)
		patch(&now.Ours, in.Ours)
		now.DependsOn = slices.Clone(now.DependsOn)
		if l := now.Tidy(); len(l) > 0 {
			return fact{}, l.Under("grant")
		}
		if !was.Open() {
			return fact{}, fault.New(fault.Blocked, "grant.closed", "name", was.Name())
		}
		if now.Name() != was.Name() {
			if old, err := am.tx.GrantsByName(ctx, now); err != nil {
				return fact{}, err
			} else if len(old) > 0 {
				return fact{}, taken(ctx, am.tx, old[0].Customer, "grant.taken", "grant.account", now.Name())
			}
		}
		ch := changes{}
		differ(ch, "system", was.System, now.System)
		differ(ch, "account", was.Account, now.Account)
		differ(ch, "kind", was.Kind, now.Kind)
		differ(ch, "ours", was.Ours, now.Ours)
		if !slices.Equal(was.DependsOn, now.DependsOn) {
			ch["depends_on"] = map[string]any{"was": was.DependsOn, "now": now.DependsOn}
		}
		if len(ch) == 0 {
			return fact{}, nil
		}
		return fact{typ: "grant.changed", args: map[string]any{"name": now.Name(), "changed": ch}}, am.tx.SaveGrant(ctx, now, was.Status)
	})
	return err
}

// GrantAttestation says that an access is closed, and how somebody knows.
type GrantAttestation struct {
	Customer customer.ID
	Grant    customer.GrantID
	Version  int64
	How      string // required: where it was looked at
}

// AttestGrant takes an access off the inventory on a person's word.
func (a *App) AttestGrant(ctx context.Context, by Actor, in GrantAttestation) error {
	how, e := customer.CheckText("how", in.How, 500, true)
	if e == nil && how == "" {
		e = fault.New(fault.Invalid, "field.required").On("how")
	}
	if e != nil {
		return refusedUnless(by, "customer", fault.List{e})
	}
	_, err := a.amend(ctx, by, in.Customer, in.Version, func(am *amending) (fact, error) {
		g, err := am.grant(ctx, in.Grant)
		if err != nil || g.Status == customer.Revoked {
			return fact{}, err
		}
		now := g
		now.Status = customer.Revoked
		if err := am.tx.SaveGrant(ctx, now, g.Status); err != nil {
			return fact{}, err
		}
		c, err := a.closedByWord(ctx, am.tx, by, now, how)
		return fact{typ: "grant.attested", stream: string(c), args: map[string]any{"name": g.Name(), "evidence": how}}, err
	})
	return err
}

func (am *amending) grant(ctx context.Context, id customer.GrantID) (customer.Grant, error) {
	list, err := am.tx.GrantsOf(ctx, am.ID)
	if err != nil {
		return customer.Grant{}, err
	}
	i := slices.IndexFunc(list, func(g customer.Grant) bool { return g.ID == id })
	if i < 0 {
		return customer.Grant{}, fault.New(fault.NotFound, "not_found")
	}
	return list[i], nil
}

// AddAsset puts an asset on a customer's inventory. Faults: asset.reference,
// asset.name, asset.kind, asset.location, asset.owner, asset.renews_on,
// asset.renewal_amount, asset.renewal_currency, asset.payer; inventory.taken.
func (a *App) AddAsset(ctx context.Context, by Actor, x customer.Asset) (customer.AssetID, error) {
	x.ID = customer.AssetID(id.New("ast"))
	l := x.Tidy()
	if len(l) > 0 {
		return "", refusedUnless(by, "customer", l.Under("asset"))
	}
	_, err := a.amend(ctx, by, x.Customer, 0, func(am *amending) (fact, error) {
		if n, err := am.tx.InsertAssets(ctx, x); err != nil {
			return fact{}, err
		} else if n == 0 {
			return fact{}, inventoryTaken("asset.reference", x.Reference)
		}
		if err := a.joinHandover(ctx, am.tx, by.ID, x); err != nil {
			return fact{}, err
		}
		return fact{typ: "inventory.added", args: map[string]any{"what": "asset", "name": x.Reference}}, a.watchRenewalsOf(ctx, am.tx, x.Customer)
	})
	return x.ID, err
}

// AssetPatch changes an asset: what is nil stays.
type AssetPatch struct {
	Customer        customer.ID
	Asset           customer.AssetID
	Version         int64 // of the customer who was looked at; 0: whichever
	Reference, Name *string
	Kind, Location  *string
	Owner           *customer.Ownership
	RenewsOn        *when.Date
	Renewal         *money.Amount
	Payer           *customer.Payer
}

// EditAsset changes an asset on the inventory. A departure that waits for it
// already keeps it as it was then. Faults: those of AddAsset; not_found.
func (a *App) EditAsset(ctx context.Context, by Actor, in AssetPatch) error {
	_, err := a.amend(ctx, by, in.Customer, in.Version, func(am *amending) (fact, error) {
		list, err := am.tx.AssetsOf(ctx, am.ID)
		if err != nil {
			return fact{}, err
		}
		i := slices.IndexFunc(list, func(x customer.Asset) bool { return x.ID == in.Asset })
		if i < 0 {
			return fact{}, fault.New(fault.NotFound, "not_found")
		}
		was := list[i]
		now := was
		patch(&now.Reference, in.Reference)
		patch(&now.Name, in.Name)
		patch(&now.Kind, in.Kind)
		patch(&now.Location, in.Location)
		patch(&now.Owner, in.Owner)
		patch(&now.RenewsOn, in.RenewsOn)
		patch(&now.Renewal, in.Renewal)
		patch(&now.Payer, in.Payer)
		if l := now.Tidy(); len(l) > 0 {
			return fact{}, l.Under("asset")
		}
		if slices.ContainsFunc(list, func(x customer.Asset) bool { return x.ID != now.ID && x.Reference == now.Reference }) {
			return fact{}, inventoryTaken("asset.reference", now.Reference)
		}
		ch := changes{}
		differ(ch, "reference", was.Reference, now.Reference)
		differ(ch, "name", was.Name, now.Name)
		differ(ch, "kind", was.Kind, now.Kind)
		differ(ch, "location", was.Location, now.Location)
		differ(ch, "owner", was.Owner, now.Owner)
		differ(ch, "renews_on", was.RenewsOn.String(), now.RenewsOn.String())
		differ(ch, "renewal", was.Renewal.String(), now.Renewal.String())
		differ(ch, "payer", was.Payer, now.Payer)
		if len(ch) == 0 {
			return fact{}, nil
		}
		if err := am.tx.SaveAsset(ctx, now); err != nil {
			return fact{}, err
		}
		if was.Kind != now.Kind {
			if err := a.joinHandover(ctx, am.tx, by.ID, now); err != nil {
				return fact{}, err
			}
		}
		return fact{typ: "asset.changed", args: map[string]any{"name": now.Reference, "changed": ch}}, a.watchRenewalsOf(ctx, am.tx, now.Customer)
	})
	return err
}

// AddBalance records a sum that is open between a customer and the company.
// It may be paid already, and then tells what was billed. Faults: balance.kind,
// balance.reference, balance.about, balance.amount, balance.currency,
// balance.contracts, balance.from, balance.until; inventory.taken.
func (a *App) AddBalance(ctx context.Context, by Actor, b customer.Balance) (customer.BalanceID, error) {
	if err := by.may("statement"); err != nil {
		return "", err
	}
	if b.ID = customer.BalanceID(id.New("bal")); b.Status != customer.Paid {
		b.Status = customer.Due
	}
	if l := b.Tidy(); len(l) > 0 {
		return "", l.Under("balance")
	}
	return b.ID, a.tx(ctx, func(tx Tx) error {
		if _, err := tx.FindCustomer(ctx, b.Customer); err != nil {
			return err
		}
		if err := a.mayWrite(ctx, tx, b.Customer); err != nil {
			return err
		}
		if err := ownContracts(ctx, tx, b); err != nil {
			return err
		}
		if n, err := tx.InsertBalances(ctx, b); err != nil {
			return err
		} else if n == 0 {
			return inventoryTaken("balance.reference", b.Reference)
		}
		if err := a.record(ctx, tx, fact{"inventory.added", by.ID, "", string(b.Customer), map[string]any{"what": "balance", "name": b.Reference}}); err != nil {
			return err
		}
		return a.owesLater(ctx, tx, b.Customer, by.ID)
	})
}

// ownContracts refuses a bill of a contract that the customer does not have.
func ownContracts(ctx context.Context, tx Tx, b customer.Balance) error {
	list := b.Billed.Contracts.List()
	if len(list) == 0 {
		return nil
	}
	subs, err := tx.SubscriptionsOf(ctx, b.Customer)
	for _, s := range list {
		if err == nil && !slices.ContainsFunc(subs, func(x customer.Subscription) bool { return x.Reference == s.Contract }) {
			return fault.New(fault.Invalid, "balance.contract", "contract", s.Contract).On("balance.contracts")
		}
	}
	return err
}
