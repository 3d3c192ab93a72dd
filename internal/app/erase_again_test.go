package app_test

import (
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/testkit"
)

// Whose key is gone and whose rows are there again, as after a backup, is erased
// again: rows, names, letters and what keys are left; once. The page of their
// departure says so, and the log verifies.
func TestWhoeverABackupBroughtBackIsErasedAgain(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, forgetting)
		ctx := t.Context()
		_, c, page := w.request(t, "period_end")
		_, err := w.AddNote(ctx, agent, c, "Marta llamó")
		must(t, err)
		must(t, w.UntilQuiet(ctx))
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		cid := v.Plan.Case.Customer
		key, err := w.keys.KeyFor(ctx, string(cid), "account")
		must(t, err)
		must(t, w.keys.Destroy(ctx, key)) // in a future that the database has forgotten
		must(t, w.KeyGone(ctx, "", key))

		again, open, err := w.EraseAgain(ctx, "", cid)
		if err != nil || !again || len(open) != 1 || open[0] != v.Plan.Case.Code {
			t.Fatalf("%t %v %v", again, open, err)
		}
		if left := said(t, e, "marta", "almena", "ibáñez"); len(left) > 0 {
			t.Errorf("who it was stands in %v", left)
		}
		if again, _, err := w.EraseAgain(ctx, "", cid); err != nil || again {
			t.Errorf("a second time: %t %v", again, err)
		}
		if again, _, err := w.EraseAgain(ctx, "", "cus_of_another_house"); err != nil || again {
			t.Errorf("somebody who is not here: %t %v", again, err)
		}
		if track, err := w.OpenCasePage(ctx, page, "case", ""); err != nil || !track.Erased {
			t.Errorf("the private page: %v, erased %v", err, track.Erased)
		}
		_, err = w.AddCustomer(ctx, app.Actor{ID: "key_x", Scopes: []string{"customers:write"}}, app.CustomerInput{
			Kind: customer.Person, Name: "Otra", Reference: "otra-1", Contacts: []app.ContactInput{{Email: firstMail, Role: customer.Owner}},
		})
		if fault.CodeOf(err) != "csv.erased" {
			t.Errorf("a program brings them back: %v", err)
		}
		if n := w.logged(t, "erasure.repeated"); n != 1 {
			t.Errorf("told %d times", n)
		}
		w.verifyLog(t)
	})
}
