package app_test

import (
	"database/sql"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

// Whose key is gone and whose rows are there again, as after a backup, is erased
// again: rows, names, letters and what keys are left; once. The page of their
// departure says so, and the log verifies.
func TestWhoeverABackupBroughtBackIsErasedAgain(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
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

// What was put away of whoever is erased again is put away again, here and at far
// systems, and destroyed on its day; once it was destroyed nothing is.
func TestWhatWasPutAwayIsPutAwayAgainAfterABackup(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		for _, over := range []bool{false, true} {
			ctx := t.Context()
			file := filepath.Join(t.TempDir(), "crm.db")
			crm, err := sql.Open("sqlite", file)
			must(t, err)
			t.Cleanup(func() { _ = crm.Close() })
			for _, q := range []string{
				"CREATE TABLE contact (owner TEXT, name TEXT)", "CREATE TABLE claim (owner TEXT, what TEXT, blocked INTEGER NOT NULL DEFAULT 0)", "CREATE TABLE invoice (owner TEXT, number TEXT)",
			} {
				_, err := crm.ExecContext(ctx, q)
				must(t, err)
			}
			engine := e
			if over {
				engine = e.AnotherMigrated(t)
			}
			w := newWorldOn(t, engine, farAndOurs, "", 10*time.Second, func(systems string) string { return systems + strings.Replace(mapped, "FILE", file, 1) })
			cid := w.lent(t)
			ref := w.opened(t, cid).Customer.Reference
			// As the erasure left it, of which the backup knows nothing.
			for _, q := range []string{"INSERT INTO claim VALUES ($1, 'lento', 1), ($1, 'caro', 1), ('other', 'feo', 1)", "INSERT INTO invoice VALUES ($1, 'F-1'), ('other', 'F-4')"} {
				_, err := crm.ExecContext(ctx, q, ref)
				must(t, err)
			}
			_, err = w.AddBalance(ctx, finance, customer.Balance{Customer: cid, Reference: "F-77-marta", Kind: customer.Invoice, About: "Avisos de Marta", Amount: eur(2472)})
			must(t, err)
			w.clear(t, cid)
			_, c, _ := w.request(t, "period_end")
			must(t, w.UntilQuiet(ctx))
			year := w.caseOf(t, cid).Effective.Year
			classes := []string{"account"}
			if over {
				classes = append(classes, "blocked")
			}
			for _, class := range classes {
				key, err := w.keys.KeyFor(ctx, string(cid), class)
				must(t, err)
				must(t, w.keys.Destroy(ctx, key))
				must(t, w.KeyGone(ctx, "", key))
			}
			if again, _, err := w.EraseAgain(ctx, "", cid); err != nil || !again {
				t.Fatalf("%t %v", again, err)
			}
			list, err := w.ListRetained(ctx, privacy, c)
			must(t, err)
			if over {
				if len(list) != 0 {
					t.Errorf("what was destroyed is put away again: %+v", list)
				}
				continue
			}
			type away struct {
				holding string
				records int
				until   when.Date
			}
			var got []away
			for _, r := range list {
				got = append(got, away{r.Holding, r.Records, r.Until})
			}
			slices.SortFunc(got, func(a, b away) int { return strings.Compare(a.holding, b.holding) })
			sums := list[slices.IndexFunc(list, func(r app.RetainedView) bool { return r.System == "house" })].Records
			if want := []away{
				{"claims", 2, when.Date{Year: year + 3, Month: 12, Day: 31}}, {"invoices", 1, when.Date{Year: year + 4, Month: 12, Day: 31}}, {"sums", sums, when.Date{Year: year + 6, Month: 12, Day: 31}},
			}; !slices.Equal(got, want) || sums == 0 {
				t.Fatalf("there is put away %+v", got)
			}
			if left := said(t, engine, "marta", "almena", strings.ToLower(ref)); len(left) > 0 {
				t.Errorf("who it was stands in %v", left)
			}
			at, err := time.LoadLocation(w.caseOf(t, cid).Zone)
			must(t, err)
			must(t, w.PushClock(ctx, "", when.Date{Year: year + 7, Month: 1, Day: 2}.Start(at)))
			eventually(t, "all of it is destroyed", func() bool {
				list, err := w.ListRetained(ctx, privacy, c)
				must(t, err)
				return !slices.ContainsFunc(list, func(r app.RetainedView) bool { return r.DestroyedAt.IsZero() })
			})
			for _, table := range []string{"claim", "invoice"} {
				var n int
				must(t, crm.QueryRowContext(ctx, "SELECT count(*) FROM "+table).Scan(&n))
				if n != 1 {
					t.Errorf("%d rows of %s are left", n, table)
				}
			}
			w.verifyLog(t)
		}
	})
}

// An address that its owner let be kept is kept again for whoever a backup brought back,
// and goes as it was said; what they had taken back before is not.
func TestAKeptAddressIsKeptAgainAfterABackup(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		for _, revoked := range []bool{false, true} {
			ctx := t.Context()
			engine := e
			if revoked {
				engine = e.AnotherMigrated(t)
			}
			w := newWorldOn(t, engine, forgetting, "", 10*time.Second)
			cid := w.lent(t)
			_, err := w.AddBalance(ctx, finance, customer.Balance{Customer: cid, Reference: "F-77", Kind: customer.Invoice, About: "Avisos", Amount: eur(2472)})
			must(t, err)
			w.clear(t, cid)
			_, _, page := w.request(t, "period_end")
			w.allowAddress(t, page, true, false)
			must(t, w.UntilQuiet(ctx))
			of := w.caseOf(t, cid)
			classes := []string{"account"} // in a future that the database has forgotten
			if revoked {
				classes = append(classes, "consented")
			}
			for _, class := range classes {
				key, err := w.keys.KeyFor(ctx, string(cid), class)
				must(t, err)
				must(t, w.keys.Destroy(ctx, key))
				must(t, w.KeyGone(ctx, "", key))
			}
			if again, _, err := w.EraseAgain(ctx, "", cid); err != nil || !again {
				t.Fatalf("%t %v", again, err)
			}
			w.quietly(t)
			if x := w.contact(t, cid); x.Kept() == revoked || w.keyGone(t, cid, "consented") != revoked {
				t.Errorf("taken back before (%v): %+v", revoked, x)
			}
			if at := said(t, engine, firstMail); len(at) > 0 {
				t.Errorf("the address stands in %v", at)
			}
			zone, err := time.LoadLocation(of.Zone)
			must(t, err)
			must(t, w.PushClock(ctx, "", when.Date{Year: of.Effective.Year + 7, Month: 1, Day: 2}.Start(zone)))
			if !revoked {
				w.mail.wait(t, app.DestroyedPaper, firstMail)
			}
			eventually(t, "no key is left", func() bool { return w.keyGone(t, cid, "blocked") && w.keyGone(t, cid, "consented") })
			w.quietly(t)
			if n := w.mail.count(app.DestroyedPaper); revoked && n > 0 {
				t.Error("whoever took it back is written to")
			}
			w.verifyLog(t)
		}
	})
}
