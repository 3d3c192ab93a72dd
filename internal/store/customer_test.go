package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
)

// keep stores a customer with one address and one number elsewhere, found by
// its words.
func (b *bundle) keep(c customer.Customer, email, external string) app.FoundCustomer {
	b.t.Helper()
	ctx := b.t.Context()
	con := customer.Contact{ID: customer.ContactID(id.New("con")), Customer: c.ID, Name: c.Name, Email: email, Role: customer.Owner}
	x := customer.ExternalID{Customer: c.ID, System: "crm", Value: external}
	f := app.FoundCustomer{Customer: c, Words: customer.Found(c, []customer.Contact{con}, []customer.ExternalID{x})}
	f.Version = 1
	b.tx(func(tx app.Tx) error {
		if n, err := tx.InsertCustomers(ctx, f); err != nil || n != 1 {
			b.t.Fatalf("customers: %d, %v", n, err)
		}
		if n, err := tx.InsertContacts(ctx, con); err != nil || n != 1 {
			b.t.Fatalf("contacts: %d, %v", n, err)
		}
		n, err := tx.InsertExternalIDs(ctx, x)
		if n != 1 {
			b.t.Errorf("numbers: %d", n)
		}
		return err
	})
	return f
}

// names lists what a filter selects, page by page.
func (b *bundle) names(f app.CustomerFilter) (out []string) {
	b.t.Helper()
	for pages := 0; ; pages++ {
		if pages > 100 {
			b.t.Fatal("the pages do not end")
		}
		b.must(b.View(b.t.Context(), func(tx app.Tx) error {
			list, next, err := tx.ListCustomers(b.t.Context(), f)
			for _, c := range list {
				out = append(out, c.Name)
			}
			f.After = next
			if next != "" && len(list) != f.Limit {
				b.t.Errorf("a page of %d in the middle", len(list))
			}
			return err
		}))
		if f.After == "" {
			return out
		}
	}
}

func TestACustomerIsFoundByHowItsWordsBegin(t *testing.T) {
	conform(t, func(b *bundle) {
		b.keep(aCustomer("Ángela Ñúñez 100%_x", "FE-19330"), "Angela.Nunez@correo.example", "0061r000X")
		b.keep(aCustomer("Otra Angélica", "FE-2"), "otra@correo.example", "77")
		for q, want := range map[string]int{
			"angela nunez": 1, "ÑÚÑEZ": 1, "angel": 2, "fe-19": 1, "19330": 1, "FE-": 2, "100%_": 1, "100__": 0, "angela.nunez@c": 1, "correo.example": 2,
			"0061R": 1, "nunez angela": 1, "ang ñu": 1, "ela": 0, "ángela otra": 0, "otra": 1, "nadie": 0, "%": 2, "": 2, "(angela": 1,
		} {
			if got := b.names(app.CustomerFilter{Query: q, Limit: 1}); len(got) != want {
				b.t.Errorf("search %q: %v, want %d", q, got, want)
			}
			b.must(b.View(b.t.Context(), func(tx app.Tx) error {
				n, err := tx.CountCustomers(b.t.Context(), app.CustomerFilter{Query: q}, 100)
				if n != want {
					b.t.Errorf("count %q: %d, want %d", q, n, want)
				}
				return err
			}))
		}
	})
}

func TestListsComeByNameInWholePages(t *testing.T) {
	conform(t, func(b *bundle) {
		var want []string
		for i := range 23 {
			name := fmt.Sprintf("Cliente %02d", i)
			if i == 7 {
				name = "Ábaco" // before the others, whatever its accent
			}
			c := aCustomer(name, fmt.Sprintf("R-%d", 100-i))
			c.Segment, c.Country, c.Kind = []string{"pro", "base"}[i%2], []string{"ES", "MX", "AR"}[i%3], customer.Person
			b.keep(c, fmt.Sprintf("cliente%d@x.example", i), fmt.Sprint(i))
			want = append(want, name)
		}
		slices.Sort(want)
		want = append([]string{"Ábaco"}, slices.DeleteFunc(want, func(s string) bool { return s == "Ábaco" })...)
		for _, limit := range []int{1, 5, 22, 23, 24} {
			if got := b.names(app.CustomerFilter{Limit: limit}); !slices.Equal(got, want) {
				b.t.Errorf("pages of %d: %v", limit, got)
			}
			// Name and address begin with the same word: nobody stands there twice.
			if got := b.names(app.CustomerFilter{Query: "cliente", Limit: limit}); len(got) != 23 {
				b.t.Errorf("pages of %d of a search: %v", limit, got)
			}
		}
		for f, n := range map[app.CustomerFilter]int{
			{Segment: "pro"}: 12, {Country: "MX"}: 8, {Segment: "pro", Country: "ES"}: 4, {Kind: customer.Organisation}: 0, {Kind: customer.Person}: 23,
			{Query: "cliente", Segment: "base"}: 11, {Segment: "none"}: 0,
		} {
			f.Limit = 3
			if got := b.names(f); len(got) != n {
				b.t.Errorf("%+v: %d, want %d", f, len(got), n)
			}
		}
		err := b.View(b.t.Context(), func(tx app.Tx) error {
			_, _, err := tx.ListCustomers(b.t.Context(), app.CustomerFilter{After: "nonsense!", Limit: 1})
			return err
		})
		if fault.CodeOf(err) != "page.unknown" {
			b.t.Errorf("a page that was never given: %v", err)
		}
	})
}

func TestWhoLeavesIsListedWhileTheCaseIsNotOver(t *testing.T) {
	conform(t, func(b *bundle) {
		ctx := b.t.Context()
		leaving := b.keep(aCustomer("Se Va", "R-1"), "a@x.example", "1")
		b.keep(aCustomer("Se Queda", "R-2"), "b@x.example", "2")
		sub := aSubscription(leaving.ID, "S-1")
		var c offboarding.CaseID
		b.tx(func(tx app.Tx) (err error) {
			if _, err = tx.InsertSubscriptions(ctx, sub); err != nil {
				return err
			}
			c, err = b.aCase(tx, sub)
			return err
		})
		for _, f := range []app.CustomerFilter{{Leaving: true, Limit: 5}, {Leaving: true, Query: "se", Limit: 5}} {
			if got := b.names(f); !slices.Equal(got, []string{"Se Va"}) {
				b.t.Errorf("leaving: %v", got)
			}
		}
		b.tx(func(tx app.Tx) error {
			p, err := tx.FindPlan(ctx, c)
			if err != nil {
				return err
			}
			p.Case.State = offboarding.CaseStopped
			return tx.SavePlan(ctx, &p)
		})
		if got := b.names(app.CustomerFilter{Leaving: true, Limit: 5}); len(got) != 0 {
			b.t.Errorf("after the case was over: %v", got)
		}
	})
}

func TestASavedCustomerIsFoundByItsNewWordsOnly(t *testing.T) {
	conform(t, func(b *bundle) {
		ctx := b.t.Context()
		f := b.keep(aCustomer("Clínica Lavanda", "FE-1"), "rosa@lavanda.example", "9")
		late := f
		b.tx(func(tx app.Tx) error {
			f.Name = "Clínica Romero"
			f.Words = customer.Found(f.Customer, nil, nil)
			return tx.SaveCustomer(ctx, &f)
		})
		for q, want := range map[string]int{"romero": 1, "clinica": 1, "lavanda": 0, "rosa": 0, "fe-1": 1} {
			if got := b.names(app.CustomerFilter{Query: q, Limit: 5}); len(got) != want {
				b.t.Errorf("search %q: %v", q, got)
			}
		}
		err := b.Tx(ctx, func(tx app.Tx) error { return tx.SaveCustomer(ctx, &late) })
		if fault.CodeOf(err) != "case.changed_meanwhile" {
			b.t.Errorf("whoever is late: %v", err)
		}
	})
}

func TestWhatIsThereAlreadyIsLeftAlone(t *testing.T) {
	conform(t, func(b *bundle) {
		ctx := b.t.Context()
		one, two := b.keep(aCustomer("Uno", "R-1"), "a@x.example", "1"), aCustomer("Dos", "R-1")
		three := aCustomer("Tres", "R-3")
		b.tx(func(tx app.Tx) error {
			n, err := tx.InsertCustomers(ctx, app.FoundCustomer{Customer: two, Words: []string{"dos"}}, app.FoundCustomer{Customer: three, Words: []string{"tres"}})
			if n != 1 {
				b.t.Errorf("%d customers", n)
			}
			return err
		})
		for name, insert := range map[string]func(app.Tx) (int, error){
			"contact": func(tx app.Tx) (int, error) {
				return tx.InsertContacts(ctx, customer.Contact{ID: "con_x", Customer: one.ID, Email: "A@X.example"})
			},
			"number of another": func(tx app.Tx) (int, error) {
				return tx.InsertExternalIDs(ctx, customer.ExternalID{Customer: three.ID, System: "crm", Value: "1"})
			},
		} {
			b.tx(func(tx app.Tx) error {
				n, err := insert(tx)
				if n != 0 {
					b.t.Errorf("%s: %d stored", name, n)
				}
				return err
			})
		}
		b.tx(func(tx app.Tx) error {
			list, err := tx.ExternalIDsByName(ctx, customer.ExternalID{System: "crm", Value: "1"}, customer.ExternalID{System: "crm", Value: "none"})
			if len(list) != 1 || list[0].Customer != one.ID {
				b.t.Errorf("whose number: %v", list)
			}
			return err
		})
	})
}

// Many rows go in several statements of several sizes; none is lost or mixed up.
func TestManyRowsAtOnceAreAllThere(t *testing.T) {
	conform(t, func(b *bundle) {
		ctx, n := b.t.Context(), 64+16+4+3
		list, refs := make([]app.FoundCustomer, n), make([]string, n)
		contacts := make([]customer.Contact, n)
		for i := range list {
			c := aCustomer(fmt.Sprintf("Número %d", i), fmt.Sprintf("M-%d", i))
			list[i], refs[i] = app.FoundCustomer{Customer: c, Words: []string{fmt.Sprint("w", i), "zz"}}, c.Reference
			contacts[i] = customer.Contact{ID: customer.ContactID(id.New("con")), Customer: c.ID, Name: c.Name, Email: fmt.Sprintf("m%d@x.example", i)}
		}
		b.tx(func(tx app.Tx) error {
			if stored, err := tx.InsertCustomers(ctx, list...); stored != n || err != nil {
				b.t.Fatalf("%d, %v", stored, err)
			}
			stored, err := tx.InsertContacts(ctx, contacts...)
			if stored != n {
				b.t.Errorf("%d contacts", stored)
			}
			return err
		})
		b.tx(func(tx app.Tx) error {
			found, err := tx.CustomersByReference(ctx, append(refs, "none")...)
			if len(found) != n {
				b.t.Errorf("%d found", len(found))
			}
			for _, c := range found {
				if strings.TrimPrefix(c.Reference, "M-") != strings.TrimPrefix(c.Name, "Número ") {
					b.t.Errorf("mixed up: %+v", c)
				}
			}
			return err
		})
		if got := b.names(app.CustomerFilter{Query: "zz", Limit: 50}); len(got) != n {
			b.t.Errorf("%d by their word", len(got))
		}
	})
}

// What a database held before it had words is found by them after migration.
func TestOldCustomersAreFoundAfterMigration(t *testing.T) {
	conform(t, func(b *bundle) {
		b.keep(aCustomer("Vieja Conocida", "V-1"), "vieja@x.example", "vieja-9")
		db := b.raw()
		for _, q := range []string{"UPDATE customer SET name_key = '', search = 'vieja conocida v-1'", "DELETE FROM customer_word"} {
			_, err := db.ExecContext(b.t.Context(), q)
			b.must(err)
		}
		if got := b.names(app.CustomerFilter{Query: "conocida", Limit: 5}); len(got) != 0 {
			b.t.Fatalf("found without words: %v", got)
		}
		b.must(b.Migrate(b.t.Context()))
		for _, q := range []string{"conocida", "vieja@x", "vieja-9"} {
			if got := b.names(app.CustomerFilter{Query: q, Limit: 5}); len(got) != 1 {
				b.t.Errorf("search %q: %v", q, got)
			}
		}
	})
}
