package app_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/ingest"
	"hastaluego/internal/when"
)

const wholeMap = `
as_of: 2026-11-01
fields:
  customer.reference: {column: ref}
  customer.name: {column: name}
  customer.segment: {column: segment}
  external.erp: {column: erp}
  contact.email: {column: mail}
  contact.name: {column: who}
  subscription.reference: {column: sub}
  subscription.product: {value: Faro}
  subscription.amount: {column: amount}
  subscription.currency: {value: EUR}
  subscription.start: {value: "2025-01-01"}
  grant.system: {value: door}
  grant.account: {column: door}
  grant.kind: {column: kind}
  asset.reference: {column: asset}
  asset.name: {column: called}
  balance.reference: {column: owed}
  balance.amount: {column: sum}
  balance.currency: {value: EUR}
`

// importWhole imports rows of everything that customers have, and says which
// import it was.
func (w *world) importWhole(t *testing.T, file string) app.ImportID {
	t.Helper()
	m, err := ingest.LoadMap("map", []byte(wholeMap))
	must(t, err)
	_, err = w.ImportCustomers(t.Context(), app.ImportInput{File: "x.csv", Source: strings.NewReader(file), Map: m, Reject: func(ingest.RowError) error { return nil }})
	must(t, err)
	runs, _, err := w.Imports(t.Context(), agent)
	must(t, err)
	return runs[0].ID
}

// holds is all that is known of customers, but for versions.
func (w *world) holds(t *testing.T, refs ...string) string {
	t.Helper()
	out := ""
	must(t, w.store.View(t.Context(), func(tx app.Tx) error {
		out = ""
		list, err := tx.CustomersByReference(t.Context(), refs...)
		slices.SortFunc(list, func(a, b customer.Customer) int { return strings.Compare(a.Reference, b.Reference) })
		for _, c := range list {
			contacts, e1 := tx.ContactsOf(t.Context(), c.ID)
			external, e2 := tx.ExternalIDsOf(t.Context(), c.ID)
			subs, e3 := tx.SubscriptionsOf(t.Context(), c.ID)
			grants, e4 := tx.GrantsOf(t.Context(), c.ID)
			assets, e5 := tx.AssetsOf(t.Context(), c.ID)
			balances, e6 := tx.BalancesOf(t.Context(), c.ID)
			past, e7 := tx.PastPricesOf(t.Context(), c.ID)
			read, e8 := tx.ReadingsOf(t.Context(), c.ID, when.Date{})
			for _, e := range []error{e1, e2, e3, e4, e5, e6, e7, e8} {
				if e != nil {
					return e
				}
			}
			c.Version = 0
			raw, e := json.Marshal([]any{c, contacts, external, subs, grants, assets, balances, past, read})
			if e != nil {
				return e
			}
			out += string(raw) + "\n"
		}
		return err
	}))
	return out
}

// Whatever stands there and whatever a file says: undoing its import leaves the
// state before it. What somebody changed in between is never lost.
func TestUndoingAnImportLeavesTheStateBeforeIt(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, sqlite(t), agencyLike)
	ctx := t.Context()
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		pick := func(what string, of ...string) string { return rapid.SampledFrom(of).Draw(rt, what) }
		refs := []string{fmt.Sprintf("R%d-1", round), fmt.Sprintf("R%d-2", round), fmt.Sprintf("R%d-3", round)}
		draw := func(known []string) string {
			file := "ref,name,segment,erp,mail,who,sub,amount,door,kind,asset,called,owed,sum\n"
			for _, r := range known {
				file += strings.Join([]string{
					r, pick("name", "Ana", "Luis"), pick("segment", "", "a", "b"), pick("erp", "", "E1-", "E2-") + r, pick("mail", "x", "y") + "@" + strings.ToLower(r) + ".example",
					pick("who", "", "Eva"), "S-" + pick("sub", "1", "2") + r, pick("amount", "10", "20"), pick("door", "d1", "d2") + r, pick("kind", "login", "device"),
					"A" + pick("asset", "1", "2") + r, pick("called", "Router", "Caja"), "B" + pick("owed", "1", "2") + r, pick("sum", "5", "7"),
				}, ",") + "\n"
			}
			return file
		}
		w.importWhole(t, draw(refs[:2]))
		before := w.holds(t, refs...)
		run := w.importWhole(t, draw(refs))
		switch pick("meanwhile", "nothing", "nothing", "renamed", "a contact") {
		case "nothing":
			dry, err := w.UndoImport(ctx, alone, run, true)
			must(t, err)
			u, err := w.UndoImport(ctx, alone, run, false)
			must(t, err)
			if after := w.holds(t, refs...); after != before || len(u.Stay) != 0 || u.Restored != dry.Restored {
				rt.Fatalf("restored %d (%d), stay %v\nbefore %s\nafter  %s", u.Restored, dry.Restored, u.Stay, before, after)
			}
		case "renamed":
			c := w.customerOf(t, refs[0])
			must2(t)(w.EditCustomer(ctx, alone, app.CustomerPatch{Customer: c.ID, Name: given("Otra persona")}))
			_, err := w.UndoImport(ctx, alone, run, false)
			must(t, err)
			if c = w.customerOf(t, refs[0]); c.Name != "Otra persona" {
				rt.Fatalf("the name that somebody gave is lost: %s", c.Name)
			}
		default:
			c := w.customerOf(t, refs[1])
			must2(t)(w.AddContact(ctx, alone, app.ContactInput{Customer: c.ID, Name: "Bea", Email: "bea@" + strings.ToLower(refs[1]) + ".example", Role: customer.User}))
			_, err := w.UndoImport(ctx, alone, run, false)
			must(t, err)
			if !strings.Contains(w.holds(t, refs[1]), `"Name":"Bea"`) {
				rt.Fatal("the contact that somebody added is lost")
			}
		}
	})
}

func must2(t *testing.T) func(any, error) {
	return func(_ any, err error) { t.Helper(); must(t, err) }
}

// Readings are as they were before, and what was corrected since stays.
func TestReadingsAreUndone(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, sqlite(t), agencyLike)
	ctx := t.Context()
	read := func(file string) app.ImportID {
		_, err := w.ImportReadings(ctx, app.ReadingImport{File: "use.csv", Source: strings.NewReader(file), Reject: func(e ingest.RowError) error { return e.Fault }})
		must(t, err)
		runs, _, err := w.Imports(ctx, agent)
		must(t, err)
		return runs[0].ID
	}
	read("customer,date,use\nFE-20418,2026-01-01,5\nFE-20418,2026-01-02,6\n")
	before := w.holds(t, almena, other)
	run := read("customer,date,use\nFE-20418,2026-01-02,60\nFE-20418,2026-01-03,70\nFE-19330,2026-01-03,1\n")
	u, err := w.UndoImport(ctx, alone, run, false)
	must(t, err)
	if after := w.holds(t, almena, other); after != before || u.Restored != 3 || len(u.Stay) != 0 {
		t.Fatalf("%+v\nbefore %s\nafter  %s", u, before, after)
	}
	run = read("customer,date,use\nFE-20418,2026-01-02,60\n")
	read("customer,date,use\nFE-20418,2026-01-02,61\n")
	if u, err = w.UndoImport(ctx, alone, run, false); err != nil || u.Restored != 0 || len(u.Stay) != 1 || u.Stay[0].ID != "use 2026-01-02" {
		t.Errorf("%+v %v", u, err)
	}
}
