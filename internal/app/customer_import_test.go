package app_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/ingest"
	"hastaluego/internal/testkit"
)

const everything = `as_of: 2026-11-01
fields:
  customer.reference: {column: Id}
  customer.name: {column: Name}
  customer.segment: {column: Segment}
  external.crm: {column: Crm}
  contact.email: {column: Mail}
  contact.name: {column: Who}
  subscription.reference: {column: Sub}
  subscription.product: {value: Faro}
  subscription.amount: {column: Price}
  subscription.currency: {value: EUR}
  subscription.start: {value: "2026-01-01"}
  subscription.status: {column: State}
  grant.system: {value: drive}
  grant.account: {column: Account}
  grant.depends_on: {column: Needs}
  asset.reference: {column: Asset}
  asset.name: {value: Router}
  balance.reference: {column: Bill}
  balance.amount: {column: Sum}
  balance.currency: {value: EUR}
`

const everyColumn = "Id,Name,Segment,Crm,Mail,Who,Sub,Price,State,Account,Needs,Asset,Bill,Sum\n"

// imported imports a text by a map.
func (w *world) imported(t *testing.T, mapping, file string, dry bool) (app.ImportReport, []ingest.RowError) {
	t.Helper()
	m, err := ingest.LoadMap("m.yaml", []byte(mapping))
	must(t, err)
	var out []ingest.RowError
	rep, err := w.ImportCustomers(t.Context(), app.ImportInput{Source: strings.NewReader(file), Map: m, DryRun: dry, Reject: func(e ingest.RowError) error {
		e.Raw = append([]string(nil), e.Raw...)
		out = append(out, e)
		return nil
	}})
	must(t, err)
	if rep.Rows != rep.Changed+rep.Unchanged+rep.Rejected || len(out) != rep.Rejected {
		t.Errorf("rows are lost: %+v, %d refused", rep, len(out))
	}
	return rep, out
}

func (w *world) byReference(t *testing.T, ref string) app.CustomerPage {
	t.Helper()
	var id customer.ID
	must(t, w.store.View(t.Context(), func(tx app.Tx) error {
		c, err := tx.FindCustomerByReference(t.Context(), ref)
		id = c.ID
		return err
	}))
	return w.opened(t, id)
}

func TestARowBringsEverythingThatACustomerHas(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		file := everyColumn + "I-1,Ñandú,oro,77,a@i.example,Ana,IS-1,29.85,active,carpeta,faro/ana,R-9,F-1,10.00\nI-2,Otro,,,,,,,,,,,,\n"
		if rep, _ := w.imported(t, everything, file, true); rep.Changed != 2 {
			t.Errorf("the dry run: %+v", rep)
		}
		list, err := w.ListCustomers(t.Context(), agent, app.CustomerFilter{Query: "I-1"})
		must(t, err)
		if len(list.Rows) != 0 {
			t.Fatal("the dry run stored something")
		}
		if rep, _ := w.imported(t, everything, file, false); rep.Changed != 2 {
			t.Errorf("%+v", rep)
		}
		p := w.byReference(t, "I-1")
		if len(p.External) != 1 || len(p.Contacts) != 1 || len(p.Lines) != 1 || len(p.Grants) != 1 || len(p.Assets) != 1 || len(p.Balances) != 1 ||
			p.Grants[0].DependsOn[0] != "faro/ana" || p.Balances[0].Amount.Minor != 1000 || p.Customer.Segment != "oro" {
			t.Errorf("%+v", p)
		}
		segments, err := w.Segments(t.Context(), agent, 10)
		if err != nil || !slices.Contains(segments, "oro") || slices.Contains(segments, "") {
			t.Errorf("segments %v, %v", segments, err)
		}
		// The same again changes nothing, not even a version.
		if rep, _ := w.imported(t, everything, file, false); rep.Changed != 0 || rep.Unchanged != 2 {
			t.Errorf("again: %+v", rep)
		}
		if again := w.byReference(t, "I-1"); again.Customer != p.Customer {
			t.Errorf("%+v became %+v", p.Customer, again.Customer)
		}
		for q, want := range map[string]int{"ñandu": 1, "a@i": 1, "77": 1} {
			list, err := w.ListCustomers(t.Context(), agent, app.CustomerFilter{Query: q})
			if err != nil || len(list.Rows) != want {
				t.Errorf("search %q: %d, %v", q, len(list.Rows), err)
			}
		}
	})
}

func TestAnImportChangesOnlyWhatItTellsAndTurnsNothingBack(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		w.imported(t, everything, everyColumn+"I-1,Ñandú,oro,77,a@i.example,Ana,IS-1,29.85,active,carpeta,,R-9,F-1,10.00\n", false)
		p := w.byReference(t, "I-1")
		must(t, w.AttestGrant(t.Context(), agent, app.GrantAttestation{Customer: p.Customer.ID, Grant: p.Grants[0].ID, How: "visto"}))
		must(t, w.SettleBalance(t.Context(), finance, p.Customer.ID, p.Balances[0].ID, customer.Paid))
		must(t, w.EditSubscription(t.Context(), agent, app.SubscriptionPatch{Customer: p.Customer.ID, Subscription: p.Lines[0].ID, Status: given(customer.Ended)}))
		_, err := w.EditCustomer(t.Context(), agent, app.CustomerPatch{Customer: p.Customer.ID, Country: given("ES")})
		must(t, err)
		rep, _ := w.imported(t, everything, everyColumn+"I-1,Ñandú Dos,plata,78,A@i.example,Ana María,IS-1,99.00,active,carpeta,x/y,R-9,F-1,20.00\n", false)
		after := w.byReference(t, "I-1")
		if rep.Changed != 1 || after.Customer.Name != "Ñandú Dos" || after.Customer.Segment != "plata" || after.Customer.Country != "ES" || len(after.External) != 2 || after.Contacts[0].Name != "Ana María" {
			t.Errorf("%+v: %+v", rep, after)
		}
		if after.Grants[0].Status != customer.Revoked || after.Balances[0].Status != customer.Paid || after.Balances[0].Amount.Minor != 1000 ||
			after.Lines[0].Status != customer.Ended || after.Lines[0].Amount.Minor != 2985 {
			t.Errorf("something that was over came back: %+v", after)
		}
	})
}

func TestWhatIsSomebodyElsesOrContradictsIsRefusedRowByRow(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		w.imported(t, everything, everyColumn+"I-1,Uno,,77,,,IS-1,29.85,,carpeta,,,F-1,10.00\n", false)
		for _, dry := range []bool{true, false} {
			rep, bad := w.imported(t, everything, everyColumn+
				"I-2,Dos,,77,,,,,,,,,,\n"+ // 1: the number of another
				"I-3,Tres,,,,,IS-1,29.85,,,,,,\n"+ // 2: the contract of another
				"I-4,Cuatro,,,,,,,,carpeta,,,,\n"+ // 3: the access of another
				"I-5,Cinco,,,,,,,,,,,F-1,10.00\n"+ // 4: the bill of another
				"I-6,Seis,,,,,,,,,,,,\n"+ // 5: good
				"I-6,Sies,,,,,,,,,,,,\n"+ // 6: says something else than 5
				"I-6,Seis,,600,,,,,,,,,,\n"+ // 7: says more than 5, which is no contradiction
				"I-7,Siete,,600,,,,,,,,,,\n", dry) // 8: has the number of 7
			var got []string
			for _, b := range bad {
				got = append(got, fmt.Sprint(b.Row, " ", b.Column, " ", b.Fault.Code))
			}
			want := "[6 Id csv.contradiction 8 Id csv.contradiction 1 Crm csv.somebody_else 2 Sub csv.somebody_else 3 Account csv.somebody_else 4 Bill csv.somebody_else]"
			if fmt.Sprint(got) != want || rep.Changed != 2 {
				t.Errorf("dry %v: %v, %+v", dry, got, rep)
			}
		}
		for _, ref := range []string{"I-2", "I-3", "I-4", "I-5", "I-7"} {
			err := w.store.View(t.Context(), func(tx app.Tx) error { _, err := tx.FindCustomerByReference(t.Context(), ref); return err })
			if fault.KindOf(err) != fault.NotFound {
				t.Errorf("something of the refused %s is there: %v", ref, err)
			}
		}
	})
}

// Two imports of the same customers at once end as one of them would.
func TestTwoImportsAtOnceLoseNothing(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		var file strings.Builder
		file.WriteString(everyColumn)
		for i := range 300 {
			fmt.Fprintf(&file, "P-%d,Cliente %d,,p%d,p%d@i.example,,PS-%d,1.00,,,,,,\n", i, i, i, i, i)
		}
		m, err := ingest.LoadMap("m.yaml", []byte(everything))
		must(t, err)
		var wg sync.WaitGroup
		changed := make(chan int, 3)
		for range 3 {
			wg.Go(func() {
				rep, err := w.ImportCustomers(context.Background(), app.ImportInput{Source: strings.NewReader(file.String()), Map: m, Reject: func(e ingest.RowError) error { return e.Fault }})
				if err != nil {
					t.Error(err)
				}
				changed <- rep.Changed
			})
		}
		wg.Wait()
		if n := <-changed + <-changed + <-changed; n != 300 {
			t.Errorf("%d rows changed something, want 300", n)
		}
		n := 0
		for after := ""; ; {
			list, err := w.ListCustomers(t.Context(), agent, app.CustomerFilter{Query: "P-", After: after, Limit: 200})
			must(t, err)
			for _, r := range list.Rows {
				if len(r.Lines) != 1 || len(r.Contacts) != 1 || len(r.External) != 1 {
					t.Errorf("half a customer: %+v", r)
				}
			}
			n += len(list.Rows)
			if after = list.Next; after == "" {
				break
			}
		}
		if n != 300 {
			t.Errorf("%d customers", n)
		}
	})
}

const engagements = `as_of: 2026-11-01
fields:
  customer.reference: {column: Id}
  customer.name: {column: Name}
  engagement.reference: {column: No}
  engagement.kind: {column: Kind}
  engagement.title: {column: What}
  engagement.amount: {column: Price}
  engagement.currency: {value: EUR}
  engagement.start: {value: "2026-01-01"}
  engagement.billed: {column: Billed}
  deliverable.title: {column: Promised}
  deliverable.due: {column: Due}
`

func TestEngagementsAndWhatWasPromisedAreImported(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t))
	const header = "Id,Name,No,Kind,What,Price,Billed,Promised,Due\n"
	file := header +
		"G-1,Ruiz,E-1,project,Web,1800.00,delivery,Inicio,2026-03-31\n" +
		"G-1,Ruiz,E-1,project,Web,1800.00,delivery,Textos,\n" +
		"G-2,Sol,E-2,retainer,Redes,90.00,,,\n" +
		"G-3,Mar,,,,,,Nada,\n" +
		"G-4,Luz,E-4,marriage,Web,1.00,,,\n"
	rep, out := w.imported(t, engagements, file, false)
	if rep.Changed != 3 || len(out) != 2 || out[0].Column != "Promised" || out[1].Column != "Kind" {
		t.Fatalf("%+v %+v", rep, out)
	}
	if again, _ := w.imported(t, engagements, file, false); again.Changed != 0 || again.Unchanged != 3 {
		t.Errorf("the same again: %+v", again)
	}
	p := w.byReference(t, "G-1")
	if len(p.Lines) != 1 || p.Lines[0].Interval != customer.Once || p.Lines[0].Engagement != (customer.Engagement{Kind: customer.Project, Billed: customer.OnDelivery}) || len(p.Promised) != 2 {
		t.Errorf("%+v", p)
	}
	rep, _ = w.imported(t, engagements, header+"G-1,Ruiz,E-1,project,Web,1900.00,behind,Inicio,2026-04-30\n", false)
	if p = w.byReference(t, "G-1"); rep.Changed != 1 || p.Lines[0].Amount.Minor != 190000 || p.Lines[0].Engagement.Billed != customer.Behind || p.Promised[0].Due.String() != "2026-04-30" {
		t.Errorf("%+v %+v", rep, p)
	}
	if _, out = w.imported(t, engagements, header+"G-1,Ruiz,E-1,retainer,Web,1900.00,,,\n", false); len(out) != 1 || out[0].Fault.Code != "csv.other_contract" {
		t.Errorf("a project became a retainer: %+v", out)
	}
}
