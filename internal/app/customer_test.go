package app_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

func given[T any](v T) *T { return &v }

// logged counts the entries of a type in the whole log.
func (w *world) logged(t *testing.T, typ string) (n int) {
	t.Helper()
	must(t, w.store.View(t.Context(), func(tx app.Tx) error {
		list, err := tx.Entries(t.Context(), 1000)
		for _, e := range list {
			if e.Type == typ {
				n++
			}
		}
		return err
	}))
	return n
}

func (w *world) added(t *testing.T, ref string) customer.ID {
	t.Helper()
	id, err := w.AddCustomer(t.Context(), agent, app.CustomerInput{
		Kind: customer.Organisation, Name: "Taller Ñandú " + ref, Reference: ref, Country: "es", Language: "es-mx", Segment: "pro",
		External:      []app.ExternalInput{{System: "Stripe", Value: "cus_" + ref}},
		Contacts:      []app.ContactInput{{Name: "Ana", Email: "ana@" + strings.ToLower(ref) + ".example", Role: customer.Owner}},
		Subscriptions: []app.SubscriptionInput{{Reference: ref + "-1", Product: "Faro", Amount: money.Amount{Minor: 2900, Currency: "EUR"}, Interval: customer.Quarterly, Start: when.Date{Year: 2026, Month: 1, Day: 31}}},
	})
	must(t, err)
	return id
}

func (w *world) opened(t *testing.T, id customer.ID) app.CustomerPage {
	t.Helper()
	p, err := w.OpenCustomer(t.Context(), agent, id)
	must(t, err)
	return p
}

// refused checks what an act is refused with: its code, and the field.
func refused(t *testing.T, what string, err error, code, field string) {
	t.Helper()
	for _, f := range fault.Fields(err) {
		if f.Code == code && f.Field == field {
			return
		}
	}
	if fault.CodeOf(err) != code || field != "" {
		t.Errorf("%s: %v, want %s on %q", what, err, code, field)
	}
}

func TestACustomerIsAddedWithAllOrNothing(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		p := w.opened(t, w.added(t, "T-1"))
		if p.Customer.Country != "ES" || p.Customer.Language != "es-MX" || len(p.External) != 1 || p.External[0].System != "stripe" || len(p.Lines) != 1 ||
			p.Lines[0].Status != customer.Active || p.Customer.CreatedAt.IsZero() || p.Customer.Version != 1 {
			t.Errorf("stored: %+v", p)
		}
		for what, c := range map[string]struct {
			in          app.CustomerInput
			code, field string
		}{
			"number taken":   {app.CustomerInput{Kind: "person", Name: "X", Reference: "T-1"}, "customer.reference_taken", "reference"},
			"number outside": {app.CustomerInput{Kind: "person", Name: "X", Reference: "T-2", External: []app.ExternalInput{{System: "stripe", Value: "cus_T-1"}}}, "external.taken", "external.0.value"},
			"contract taken": {app.CustomerInput{Kind: "person", Name: "X", Reference: "T-2", Subscriptions: []app.SubscriptionInput{{Reference: "T-1-1", Product: "F", Amount: money.Amount{Currency: "EUR"}, Interval: "month", Start: when.Date{Year: 2026, Month: 1, Day: 1}}}}, "subscription.taken", "subscriptions.0.reference"},
			"twice":          {app.CustomerInput{Kind: "person", Name: "X", Reference: "T-2", Contacts: []app.ContactInput{{Email: "a@x.example", Role: "user"}, {Email: "A@X.example", Role: "user"}}}, "contact.taken", "contacts.1.email"},
			"no country":     {app.CustomerInput{Kind: "person", Name: "X", Reference: "T-2", Country: "UK"}, "field.country", "country"},
			"no language":    {app.CustomerInput{Kind: "person", Name: "X", Reference: "T-2", Language: "klingon!"}, "field.language", "language"},
			"no role":        {app.CustomerInput{Kind: "person", Name: "X", Reference: "T-2", Contacts: []app.ContactInput{{Email: "a@x.example"}}}, "field.choice", "contacts.0.role"},
			"ends before":    {app.CustomerInput{Kind: "person", Name: "X", Reference: "T-2", Subscriptions: []app.SubscriptionInput{{Reference: "S", Product: "F", Amount: money.Amount{Currency: "EUR"}, Interval: "month", Start: when.Date{Year: 2026, Month: 1, Day: 2}, TermEnd: when.Date{Year: 2026, Month: 1, Day: 1}}}}, "date.before_start", "subscriptions.0.term_end"},
		} {
			_, err := w.AddCustomer(t.Context(), agent, c.in)
			refused(t, what, err, c.code, c.field)
		}
		list, err := w.ListCustomers(t.Context(), agent, app.CustomerFilter{Query: "T-2"})
		must(t, err)
		if len(list.Rows) != 0 {
			t.Error("half of a customer was stored")
		}
		if _, err := w.AddCustomer(t.Context(), finance, app.CustomerInput{}); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("finance adds: %v", err)
		}
	})
}

func TestWhoChangesACustomerThatSomebodyElseChangedIsTold(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		id, ctx := w.added(t, "T-1"), t.Context()
		c, err := w.EditCustomer(ctx, agent, app.CustomerPatch{Customer: id, Version: 1, Name: given("Taller Romero"), Segment: given("")})
		must(t, err)
		if c.Version != 2 || c.Name != "Taller Romero" || c.Segment != "" || c.Country != "ES" {
			t.Errorf("changed: %+v", c)
		}
		for what, err := range map[string]error{
			"customer":     onlyErr(w.EditCustomer(ctx, agent, app.CustomerPatch{Customer: id, Version: 1, Name: given("Otro")})),
			"contact":      onlyErr(w.AddContact(ctx, agent, app.ContactInput{Customer: id, Version: 1, Email: "b@x.example", Role: customer.User})),
			"number":       w.AddExternalID(ctx, agent, app.ExternalInput{Customer: id, Version: 1, System: "crm", Value: "1"}),
			"subscription": w.EditSubscription(ctx, agent, app.SubscriptionPatch{Customer: id, Version: 1, Subscription: w.opened(t, id).Lines[0].ID, Plan: given("Pro")}),
		} {
			refused(t, what, err, "customer.changed_meanwhile", "")
		}
		p := w.opened(t, id)
		if p.Customer.Name != "Taller Romero" || len(p.Contacts) != 1 || len(p.External) != 1 || p.Lines[0].Plan != "" {
			t.Errorf("whoever was late changed something: %+v", p)
		}
		// The same again is no change and no entry.
		if _, err := w.EditCustomer(ctx, agent, app.CustomerPatch{Customer: id, Version: 2, Name: given("Taller Romero")}); err != nil {
			t.Error(err)
		}
		if p := w.opened(t, id); p.Customer.Version != 2 || w.logged(t, "customer.changed") != 1 {
			t.Errorf("version %d, %d entries", p.Customer.Version, w.logged(t, "customer.changed"))
		}
		for q, want := range map[string]int{"romero": 1, "ñandú": 0, "ana@t-1": 1, "cus_t": 1} {
			list, err := w.ListCustomers(ctx, agent, app.CustomerFilter{Query: q})
			if err != nil || len(list.Rows) != want {
				t.Errorf("search %q: %d, %v", q, len(list.Rows), err)
			}
		}
		w.added(t, "T-2")
		_, err = w.EditCustomer(ctx, agent, app.CustomerPatch{Customer: id, Reference: given("T-2")})
		refused(t, "number taken", err, "customer.reference_taken", "reference")
	})
}

func onlyErr[T any](_ T, err error) error { return err }

func TestContactsComeAndGoButSomebodyStaysOnFileWhileTheyLeave(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		id, ctx := w.added(t, "T-1"), t.Context()
		owner := w.opened(t, id).Contacts[0].ID
		bea, err := w.AddContact(ctx, agent, app.ContactInput{Customer: id, Name: "Bea", Email: "bea@t-1.example", Role: customer.User})
		must(t, err)
		_, err = w.AddContact(ctx, agent, app.ContactInput{Customer: id, Email: "BEA@t-1.example", Role: customer.User})
		refused(t, "twice", err, "contact.taken", "email")
		err = w.EditContact(ctx, agent, app.ContactPatch{Customer: id, Contact: bea, Email: given("ana@t-1.example")})
		refused(t, "the address of another", err, "contact.taken", "email")
		err = w.EditContact(ctx, agent, app.ContactPatch{Customer: id, Contact: bea, Email: given("nadie")})
		refused(t, "no address", err, "field.email", "email")

		// A departure is under way: the last one who may decide stays.
		_, err = w.RegisterOnBehalf(ctx, agent, app.BehalfInput{Customer: id, Channel: "phone", Reference: "LL-1", When: "period_end", Proof: "DNI"})
		must(t, err)
		refused(t, "last one removed", w.RemoveContact(ctx, agent, app.ContactRemoval{Customer: id, Contact: owner}), "contact.last_on_file", "")
		err = w.EditContact(ctx, agent, app.ContactPatch{Customer: id, Contact: owner, Role: given(customer.User)})
		refused(t, "last one only uses", err, "contact.last_on_file", "role")
		must(t, w.EditContact(ctx, agent, app.ContactPatch{Customer: id, Contact: bea, Role: given(customer.Billing), Name: given("Beatriz")}))
		must(t, w.RemoveContact(ctx, agent, app.ContactRemoval{Customer: id, Contact: owner}))
		if p := w.opened(t, id); len(p.Contacts) != 1 || p.Contacts[0].Name != "Beatriz" {
			t.Errorf("contacts: %+v", p.Contacts)
		}
		refused(t, "gone", w.RemoveContact(ctx, agent, app.ContactRemoval{Customer: id, Contact: owner}), "not_found", "")
		if w.logged(t, "contact.added") != 1 || w.logged(t, "contact.changed") != 1 || w.logged(t, "contact.removed") != 1 {
			t.Error("the log does not tell it once each")
		}
	})
}

func TestNumbersInOtherSystemsBelongToOneCustomer(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		one, two, ctx := w.added(t, "T-1"), w.added(t, "T-2"), t.Context()
		must(t, w.AddExternalID(ctx, agent, app.ExternalInput{Customer: one, System: "CRM", Value: "0061"}))
		must(t, w.AddExternalID(ctx, agent, app.ExternalInput{Customer: one, System: "crm", Value: "0062"}))
		refused(t, "of another", w.AddExternalID(ctx, agent, app.ExternalInput{Customer: two, System: "crm", Value: "0061"}), "external.taken", "value")
		refused(t, "empty", w.AddExternalID(ctx, agent, app.ExternalInput{Customer: two}), "field.required", "system")
		refused(t, "not theirs", w.RemoveExternalID(ctx, agent, app.ExternalInput{Customer: two, System: "crm", Value: "0061"}), "not_found", "")
		must(t, w.RemoveExternalID(ctx, agent, app.ExternalInput{Customer: one, System: "crm", Value: "0061"}))
		must(t, w.AddExternalID(ctx, agent, app.ExternalInput{Customer: two, System: "crm", Value: "0061"}))
		list, err := w.ListCustomers(ctx, agent, app.CustomerFilter{Query: "0061"})
		must(t, err)
		if len(list.Rows) != 1 || list.Rows[0].Customer.ID != two || len(list.Rows[0].External) != 2 {
			t.Errorf("found: %+v", list.Rows)
		}
	})
}

func TestASubscriptionInADepartureKeepsTheStateThatTheDepartureGivesIt(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		id, ctx := w.added(t, "T-1"), t.Context()
		second, err := w.AddSubscription(ctx, agent, app.SubscriptionInput{
			Customer: id, Reference: "T-1-2", Product: "Extra", Amount: money.Amount{Minor: 990, Currency: "JPY"}, Interval: customer.Weekly,
			Start: when.Date{Year: 2026, Month: 2, Day: 1}, NoticeDays: 30,
		})
		must(t, err)
		_, err = w.AddSubscription(ctx, agent, app.SubscriptionInput{Customer: id, Reference: "T-1-1", Product: "X", Amount: money.Amount{Currency: "EUR"}, Interval: "month", Start: when.Date{Year: 2026, Month: 1, Day: 1}})
		refused(t, "number taken", err, "subscription.taken", "reference")
		must(t, w.EditSubscription(ctx, agent, app.SubscriptionPatch{Customer: id, Subscription: second, Plan: given("Plus"), Amount: &money.Amount{Minor: 1200, Currency: "JPY"}, LockIn: &when.Date{Year: 2027, Month: 2, Day: 1}, Status: given(customer.Ended)}))
		for _, s := range w.opened(t, id).Lines {
			if s.ID == second && (s.Plan != "Plus" || s.Amount.Minor != 1200 || s.Product != "Extra" || s.Status != customer.Ended || s.LockIn.String() != "2027-02-01" || s.Notice != 30) {
				t.Errorf("changed: %+v", s)
			}
		}
		_, err = w.RegisterOnBehalf(ctx, agent, app.BehalfInput{Customer: id, Channel: "phone", Reference: "LL-1", When: "period_end", Proof: "DNI"})
		must(t, err)
		first := w.opened(t, id).Lines[0].ID
		err = w.EditSubscription(ctx, agent, app.SubscriptionPatch{Customer: id, Subscription: first, Status: given(customer.Ended)})
		refused(t, "while they leave", err, "subscription.leaving", "status")
		must(t, w.EditSubscription(ctx, agent, app.SubscriptionPatch{Customer: id, Subscription: first, Plan: given("Pro")}))
		err = w.EditSubscription(ctx, agent, app.SubscriptionPatch{Customer: id, Subscription: first, Amount: &money.Amount{Minor: -1, Currency: "XXQ"}})
		refused(t, "no such money", err, "field.currency", "currency")
	})
}

func TestAnAccessIsAttestedClosedWithHowAndOpensAgainWhenAddedAgain(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		one, two, ctx := w.added(t, "T-1"), w.added(t, "T-2"), t.Context()
		g := customer.Grant{Customer: one, System: "drive", Account: "carpeta", Kind: "other"}
		id, err := w.AddGrant(ctx, agent, g)
		must(t, err)
		_, err = w.AddGrant(ctx, agent, g)
		refused(t, "twice", err, "inventory.taken", "grant.account")
		_, err = w.AddGrant(ctx, agent, customer.Grant{Customer: two, System: "drive", Account: "carpeta", Kind: "other"})
		refused(t, "of another", err, "grant.taken", "grant.account")
		must(t, w.EditGrant(ctx, agent, app.GrantPatch{Customer: one, Grant: id, Kind: given("role"), DependsOn: given([]string{"faro/ana"})}))
		err = w.EditGrant(ctx, agent, app.GrantPatch{Customer: one, Grant: id, DependsOn: given([]string{"drive/carpeta"})})
		refused(t, "needs itself", err, "grant.depends_on_itself", "grant.depends_on")
		refused(t, "no word how", w.AttestGrant(ctx, agent, app.GrantAttestation{Customer: one, Grant: id, How: " "}), "field.required", "how")
		must(t, w.AttestGrant(ctx, agent, app.GrantAttestation{Customer: one, Grant: id, How: "Lo miré en el panel"}))
		if gr := w.opened(t, one).Grants[0]; gr.Status != customer.Revoked || gr.Kind != "role" {
			t.Errorf("attested: %+v", gr)
		}
		refused(t, "changed when closed", w.EditGrant(ctx, agent, app.GrantPatch{Customer: one, Grant: id, Kind: given("login")}), "grant.closed", "")
		must(t, w.AttestGrant(ctx, agent, app.GrantAttestation{Customer: one, Grant: id, How: "otra vez"}))
		again, err := w.AddGrant(ctx, agent, g)
		must(t, err)
		if p := w.opened(t, one); again != id || p.Grants[0].Status != customer.Granted || p.Grants[0].Kind != "other" {
			t.Errorf("opened again: %+v", p.Grants)
		}
		if w.logged(t, "grant.attested") != 1 || w.logged(t, "grant.reopened") != 1 || w.logged(t, "grant.changed") != 1 {
			t.Error("the log does not tell it once each")
		}
	})
}

// A router that was written down as a site would never be asked back: it is put
// right, and the number of another thing is not taken.
func TestAThingThatWasWrittenDownWronglyIsPutRight(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		one, ctx := w.added(t, "T-1"), t.Context()
		router, err := w.AddAsset(ctx, agent, customer.Asset{Customer: one, Reference: "R-1", Name: "Router", Kind: "site"})
		must(t, err)
		_, err = w.AddAsset(ctx, agent, customer.Asset{Customer: one, Reference: "R-2", Name: "Mando", Kind: "equipment"})
		must(t, err)
		refused(t, "the number of another", w.EditAsset(ctx, agent, app.AssetPatch{Customer: one, Asset: router, Reference: given("R-2")}), "inventory.taken", "asset.reference")
		refused(t, "no name", w.EditAsset(ctx, agent, app.AssetPatch{Customer: one, Asset: router, Name: given(" ")}), "field.required", "asset.name")
		refused(t, "of nobody", w.EditAsset(ctx, agent, app.AssetPatch{Customer: one, Asset: "ast_none", Kind: given("card")}), "not_found", "")
		for range 2 { // the second time nothing is new, and nothing is logged
			must(t, w.EditAsset(ctx, agent, app.AssetPatch{Customer: one, Asset: router, Kind: given("equipment")}))
		}
		i := slices.IndexFunc(w.opened(t, one).Assets, func(x customer.Asset) bool { return x.ID == router })
		if x := w.opened(t, one).Assets[i]; x.Kind != "equipment" || x.Reference != "R-1" || x.Name != "Router" {
			t.Errorf("put right: %+v", x)
		}
		if n := w.logged(t, "asset.changed"); n != 1 {
			t.Errorf("logged %d times", n)
		}
	})
}

// A letter that came on Monday and was typed on Thursday counts from Monday.
func TestWhatWasAskedByLetterCountsFromTheDayOnWhichItCame(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx, today := t.Context(), w.today(t)
		cus := w.customerOf(t, almena)
		in := app.BehalfInput{Customer: cus.ID, Channel: "letter", Reference: "RE-881", When: "now", Proof: "Firma y DNI", Received: today.AddDays(1)}
		_, err := w.RegisterOnBehalf(ctx, agent, in)
		refused(t, "of tomorrow", err, "behalf.received", "received")
		in.Received = today.AddDays(-3)
		c, err := w.RegisterOnBehalf(ctx, agent, in)
		must(t, err)
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		r := v.Request
		if got := when.DateOf(v.Plan.Case.RequestedAt, time.UTC).AddDays(0); got.DaysUntil(today) < 3 {
			t.Errorf("it counts from %s, typed on %s", got, today)
		}
		if v.Plan.Case.Effective != in.Received || r.Via != "letter" || r.Paper != "RE-881" || when.DateOf(r.EnteredAt, time.UTC).DaysUntil(today) > 1 {
			t.Errorf("ends %s; %+v", v.Plan.Case.Effective, r)
		}
		w.verifyLog(t)
	})
}
