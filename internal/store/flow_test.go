package store_test

import (
	"reflect"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/when"
)

// The flow in force is the last one that was published, and no number is given
// twice.
func TestFlowsAreKeptAsTheyWerePublished(t *testing.T) {
	conform(t, func(b *bundle) {
		ctx := b.t.Context()
		first := app.FlowVersion{
			ID: id.New("flv"), Number: 1, Name: "exit-first", Source: "flow: exit-first\n", Facts: map[string]string{"seller.workers": "12"}, Hash: "ab",
			MadeOf: "fld_1", Note: "because", Hands: []string{"usr_1", "usr_2"}, Day: when.Date{Year: 2026, Month: 11, Day: 27},
			Packs: []jurisdiction.Ref{{Pack: "es", Version: "2026.11.22", Digest: "cd"}}, At: b.clock.Now(), By: "usr_3",
		}
		second := first
		second.ID, second.Number, second.MadeOf = id.New("flv"), 2, first.ID
		head := func(want string) {
			b.t.Helper()
			b.tx(func(tx app.Tx) error {
				got, err := tx.FlowHead(ctx)
				if got != want {
					b.t.Errorf("%q is in force, not %q", got, want)
				}
				return err
			})
		}
		head("")
		b.tx(func(tx app.Tx) error { return tx.InsertFlow(ctx, first) })
		head(first.ID)
		b.tx(func(tx app.Tx) error { return tx.InsertFlow(ctx, second) })
		head(second.ID)
		b.tx(func(tx app.Tx) error {
			again := second
			again.ID = id.New("flv")
			if err := tx.InsertFlow(ctx, again); fault.KindOf(err) != fault.Conflict {
				b.t.Errorf("a number was given twice: %v", err)
			}
			got, err := tx.FindFlow(ctx, first.ID)
			if !reflect.DeepEqual(got, first) {
				b.t.Errorf("kept %+v, not %+v", got, first)
			}
			list, lerr := tx.ListFlows(ctx, 10)
			if len(list) != 2 || list[0].ID != second.ID {
				b.t.Errorf("listed %+v", list)
			}
			if lerr != nil {
				return lerr
			}
			return err
		})

		d := app.FlowDraft{
			ID: id.New("fld"), State: "open", Title: "mine", Source: "not yet yaml: [", Facts: map[string]string{}, Base: second.ID, Hands: []string{"usr_1"},
			MadeAt: b.clock.Now(), ChangedAt: b.clock.Now(), ChangedBy: "usr_1",
		}
		b.tx(func(tx app.Tx) error { return tx.PutDraft(ctx, d) })
		b.tx(func(tx app.Tx) error {
			got, err := tx.FindDraft(ctx, d.ID)
			d.Version = 1
			if !reflect.DeepEqual(got, d) {
				b.t.Errorf("kept %+v, not %+v", got, d)
			}
			return err
		})
		d.Source, d.State = "flow: mine\n", "published"
		b.tx(func(tx app.Tx) error { return tx.PutDraft(ctx, d) })
		b.tx(func(tx app.Tx) error {
			if err := tx.PutDraft(ctx, d); fault.CodeOf(err) != "case.changed_meanwhile" {
				b.t.Errorf("a change over a change: %v", err)
			}
			open, err := tx.OpenDrafts(ctx)
			if len(open) != 0 {
				b.t.Errorf("what was published is still open: %+v", open)
			}
			return err
		})
	})
}
