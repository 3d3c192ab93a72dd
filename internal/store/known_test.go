package store_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/id"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/store"
)

func TestItIsKnownWhichTableAStatementWrites(t *testing.T) {
	t.Parallel()
	for _, q := range store.Queries() {
		table := store.Writes(q)
		if head, _, _ := strings.Cut(strings.TrimSpace(q), " "); (head != "SELECT" && head != "WITH") != (table != "") {
			t.Errorf("writes %q:\n%s", table, q)
		}
	}
	for q, want := range map[string]string{
		"SELECT id FROM work FOR UPDATE SKIP LOCKED":                        "",
		"INSERT INTO a (b) VALUES ($1) ON CONFLICT (b) DO UPDATE SET b = 1": "a",
		"INSERT INTO a(b) VALUES ($1)":                                      "a",
		"\n\tDELETE FROM a WHERE b IN (SELECT c FROM d)":                    "a",
		"UPDATE a SET b = (SELECT c FROM d)":                                "a",
	} {
		if got := store.Writes(q); got != want {
			t.Errorf("%q, want %q:\n%s", got, want, q)
		}
	}
}

// What a transaction reads, changes and reads again is what others see after it.
func TestATransactionSeesWhatItChangedOfWhatItHadRead(t *testing.T) {
	conform(t, func(b *bundle) {
		ctx := b.t.Context()
		cus := aCustomer("Ana", "R-1")
		sub := aSubscription(cus.ID, "S-1")
		grant := customer.Grant{ID: customer.GrantID(id.New("grt")), Customer: cus.ID, System: "ldap", Account: "ana", Kind: "user", Status: "active"}
		asset := customer.Asset{ID: customer.AssetID(id.New("ast")), Customer: cus.ID, Reference: "A-1", Kind: "router", Name: "Router"}
		owed := customer.Balance{ID: customer.BalanceID(id.New("bal")), Customer: cus.ID, Reference: "B-1", Kind: "invoice", Amount: money.Amount{Minor: 1, Currency: "EUR"}, Status: "open"}
		read := func(tx app.Tx) (all []any) {
			c, err := tx.FindCustomer(ctx, cus.ID)
			b.must(err)
			subs, err := tx.SubscriptionsOf(ctx, cus.ID)
			b.must(err)
			grants, err := tx.GrantsOf(ctx, cus.ID)
			b.must(err)
			assets, err := tx.AssetsOf(ctx, cus.ID)
			b.must(err)
			balances, err := tx.BalancesOf(ctx, cus.ID)
			b.must(err)
			value, found, err := tx.Setting(ctx, "test.known")
			b.must(err)
			digests, err := tx.KeptDigests(ctx)
			b.must(err)
			books, err := tx.ListPlaybooks(ctx, true)
			b.must(err)
			return []any{c, subs, grants, assets, balances, value, found, digests, books}
		}
		b.tx(func(tx app.Tx) error {
			_, err := tx.InsertCustomers(ctx, app.FoundCustomer{Customer: cus})
			b.must(err)
			read(tx)
			_, err = tx.InsertSubscriptions(ctx, sub)
			b.must(err)
			_, err = tx.InsertGrants(ctx, grant)
			b.must(err)
			_, err = tx.InsertAssets(ctx, asset)
			b.must(err)
			_, err = tx.InsertBalances(ctx, owed)
			return err
		})
		var before, within []any
		b.tx(func(tx app.Tx) error {
			before = read(tx)
			list, err := tx.SubscriptionsOf(ctx, cus.ID)
			b.must(err)
			list[0].Product = "scribbled on" // the list is the caller's
			if again := read(tx); !reflect.DeepEqual(before, again) {
				b.t.Errorf("read twice, %v and %v", before, again)
			}
			b.must(tx.SetSubscriptionStatus(ctx, sub.ID, customer.Ended))
			b.must(tx.SetBalanceStatus(ctx, owed.ID, "paid"))
			b.must(tx.PutSetting(ctx, "test.known", "1"))
			asset.Name = "Router 2"
			b.must(tx.SaveAsset(ctx, asset))
			_, err = tx.InsertGrants(ctx, customer.Grant{ID: customer.GrantID(id.New("grt")), Customer: cus.ID, System: "scim", Account: "ana", Kind: "user", Status: "active"})
			b.must(err)
			b.must(tx.KeepPacks(ctx, app.KeptPack{Ref: jurisdiction.Ref{Pack: "es", Version: "1", Digest: "d"}, Source: "x", At: noon}))
			_, err = tx.InsertPlaybook(ctx, app.PlaybookVersion{ID: id.New("pbv"), Name: "x", Source: "x", State: "active", CreatedAt: noon})
			b.must(err)
			within = read(tx)
			return nil
		})
		var after []any
		b.tx(func(tx app.Tx) error { after = read(tx); return nil })
		if !reflect.DeepEqual(within, after) {
			b.t.Errorf("within the transaction %v\nafter it %v", within, after)
		}
		for i := range before {
			if i > 0 && reflect.DeepEqual(before[i], after[i]) {
				b.t.Errorf("%d did not change: %v", i, after[i])
			}
		}
	})
}

// A case that a transaction made reads the same in it, when it was saved again,
// and to others.
func TestACaseReadsTheSameWithinTheTransactionThatMadeIt(t *testing.T) {
	conform(t, func(b *bundle) {
		ctx := b.t.Context()
		cus := aCustomer("Ana", "R-1")
		sub, other := aSubscription(cus.ID, "S-1"), aSubscription(cus.ID, "S-2")
		find := func(tx app.Tx, cid offboarding.CaseID) offboarding.Plan {
			p, err := tx.FindPlan(ctx, cid)
			b.must(err)
			c, err := tx.FindCase(ctx, cid)
			b.must(err)
			if !reflect.DeepEqual(c, p.Case) {
				b.t.Errorf("the case is %+v, and in its plan %+v", c, p.Case)
			}
			return p
		}
		var cid offboarding.CaseID
		var made, saved, last offboarding.Plan
		b.tx(func(tx app.Tx) error {
			_, err := tx.InsertCustomers(ctx, app.FoundCustomer{Customer: cus})
			b.must(err)
			_, err = tx.InsertSubscriptions(ctx, sub, other)
			b.must(err)
			cid, err = b.aCase(tx, sub)
			b.must(err)
			made = find(tx, cid)
			p := find(tx, cid)
			p.Case.State, p.Case.OpenedAt = offboarding.CaseOpen, noon.Add(1500) // less than a microsecond is not stored
			p.Steps[0].State, p.Steps[0].Due, p.Steps[0].DoneBy = offboarding.StepRunning, noon.In(time.FixedZone("", 3600)), "usr_1"
			p.Steps[0].Items[0].Ticked = true
			b.must(tx.SavePlan(ctx, &p))
			p.Steps[0].Items[0].Ticked = false // not stored either
			saved = find(tx, cid)
			_, err = b.aCase(tx, other)
			b.must(err)
			last = find(tx, cid)
			return nil
		})
		b.tx(func(tx app.Tx) error {
			after := find(tx, cid)
			if !reflect.DeepEqual(saved, after) || !reflect.DeepEqual(last, after) {
				b.t.Errorf("within the transaction %+v\nthen %+v\nafter it %+v", saved, last, after)
			}
			return nil
		})
		if made.Case.State != offboarding.CaseRegistered || made.Case.Version != 1 || made.Steps[0].Version != 1 || saved.Case.Version != 2 || saved.Steps[0].Version != 2 {
			b.t.Errorf("%+v\n%+v", made, saved)
		}
	})
}
