package app_test

import (
	"os"
	"path/filepath"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/ingest"
	"hastaluego/internal/testkit"
)

// put imports a file by a map of examples/ and counts the refused rows.
func (w *world) put(t *testing.T, file, mapping string) (app.ImportReport, []ingest.RowError) {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("../../examples", mapping))
	must(t, err)
	m, err := ingest.LoadMap(mapping, src)
	must(t, err)
	in, err := os.Open(file)
	must(t, err)
	defer in.Close()
	var refused []ingest.RowError
	rep, err := w.ImportCustomers(t.Context(), app.ImportInput{Source: in, Map: m, Reject: func(e ingest.RowError) error {
		refused = append(refused, e)
		return nil
	}})
	must(t, err)
	return rep, refused
}

func TestAccountsAndTheirSubscriptionsAreImportedTwiceAndOnceStored(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		for _, f := range []struct {
			file, mapping    string
			changed, refused int
		}{
			{testkit.Shared(t, "ravenstack/ravenstack_accounts.csv"), "ravenstack_accounts.map.yaml", 500, 0},
			{testkit.Shared(t, "ravenstack/ravenstack_subscriptions.csv"), "ravenstack_subscriptions.map.yaml", 5000, 0},
		} {
			if rep, refused := w.put(t, f.file, f.mapping); rep.Changed != f.changed || len(refused) != f.refused || rep.Rejected != f.refused {
				t.Fatalf("%s: %+v, %v", f.file, rep, refused)
			}
			if rep, _ := w.put(t, f.file, f.mapping); rep.Changed != 0 || rep.Unchanged != f.changed {
				t.Fatalf("%s again: %+v", f.file, rep)
			}
		}
	})
}

func TestARowAboutNobodyIsRefusedAndTheOthersGoIn(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		w.put(t, "../../examples/ravenstack_accounts.csv", "ravenstack_accounts.map.yaml")
		rep, refused := w.put(t, "../../examples/ravenstack_subscriptions.csv", "ravenstack_subscriptions.map.yaml")
		if rep.Changed != 29 || rep.Rejected != 1 || len(refused) != 1 {
			t.Fatalf("%+v", rep)
		}
		if r := refused[0]; r.Row != 4 || r.Value != "A-999999" || r.Fault.Code != "csv.unknown_customer" || len(r.Raw) != 14 || r.Raw[0] != "S-000004" {
			t.Fatalf("refused: %+v", r)
		}
		must(t, w.store.View(t.Context(), func(tx app.Tx) error {
			subs, err := tx.SubscriptionsByReference(t.Context(), "S-000024", "S-000003")
			if err != nil || len(subs) != 2 {
				t.Fatalf("%d subscriptions, %v", len(subs), err)
			}
			over, open := subs[0], subs[1]
			if over.Reference != "S-000024" {
				over, open = open, over
			}
			if over.TermEnd.String() != "2023-11-04" || over.Status != customer.Ended || over.Amount.Minor != 58800 || over.Interval != customer.Yearly {
				t.Errorf("one that is over: %+v", over)
			}
			if !open.TermEnd.IsZero() || open.Status != customer.Active || open.Amount.Minor != 2881200 {
				t.Errorf("one that goes on: %+v", open)
			}
			return err
		}))
	})
}
