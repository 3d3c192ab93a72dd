package ingest_test

import (
	"strings"
	"testing"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/ingest"
)

const wideMap = `as_of: 2026-11-30
csv: {decimal: ",", dates: dd/mm/yyyy}
columns: {first: Nombre, last: Apellidos, months: Meses, kind: Tipo, city: Ciudad, since: Alta, phones: Teléfonos}
fields:
  customer.reference: {column: Nº}
  customer.name: {expr: 'trim(first + " " + last)'}
  customer.kind: {expr: 'kind == "E" ? "organisation" : "person"'}
  customer.consumer: {expr: 'kind == "E" ? "false" : "true"'}
  customer.country: {value: es}
  customer.region: {expr: 'city.lowerAscii() == "bilbao" ? "PV" : ""'}
  customer.segment: {column: Plan}
  external.stripe: {column: Stripe}
  external.old_crm: {expr: '"OLD-" + phones.split("/")[0]'}
  contact.email: {column: Correo}
  contact.role: {value: billing}
  subscription.reference: {expr: '"S-" + date(since, "dd/mm/yyyy")'}
  subscription.product: {value: Faro}
  subscription.amount: {column: Cuota}
  subscription.currency: {value: EUR}
  subscription.interval: {value: quarter}
  subscription.start: {column: Alta}
  subscription.term_end: {expr: 'addDays(addMonths(date(since, "dd/mm/yyyy"), 12), -1)'}
  grant.system: {value: faro}
  grant.account: {column: Usuario}
`

const wideHead = "Nº;Nombre;Apellidos;Tipo;Ciudad;Alta;Meses;Plan;Stripe;Teléfonos;Correo;Cuota;Usuario\n"

func TestColumnsAreRenamedCombinedAndConstant(t *testing.T) {
	t.Parallel()
	good, bad, err := read(t, load(t, wideMap), []byte(wideHead+
		"7;  Ana ;Ruiz;P;Bilbao;31/01/2024;3;oro;cus_9;600/700;ana@x.example;1.234,50 €;ana\n"+
		"8;Taller;;E;Madrid;01/02/2024;0;;;1;;29,9;\n"))
	if err != nil || len(bad) != 0 || len(good) != 2 {
		t.Fatalf("%v %v", bad, err)
	}
	r := good[0]
	want := customer.Customer{Kind: customer.Person, Consumer: true, Name: "Ana  Ruiz", Reference: "7", Country: "ES", Region: "PV", Segment: "oro"}
	if r.Customer != want {
		t.Errorf("customer %+v", r.Customer)
	}
	if len(r.External) != 2 || r.External[0] != (customer.ExternalID{System: "old_crm", Value: "OLD-600"}) || r.External[1].Value != "cus_9" {
		t.Errorf("numbers %+v", r.External)
	}
	s := r.Subscription
	if s.Reference != "S-2024-01-31" || s.Amount.Minor != 123450 || s.Interval != customer.Quarterly || s.Start.String() != "2024-01-31" || s.TermEnd.String() != "2025-01-30" {
		t.Errorf("subscription %+v", s)
	}
	if r.Contact.Role != customer.Billing || r.Grant.Name() != "faro/ana" || r.Grant.Kind != "login" {
		t.Errorf("contact %+v, access %+v", r.Contact, r.Grant)
	}
	// What a row does not have is not there: no contact, no access, no number.
	if r := good[1]; r.Contact != (customer.Contact{}) || r.Grant.System != "" || len(r.External) != 1 || r.Customer.Kind != customer.Organisation || r.Customer.Consumer || r.Subscription.Amount.Minor != 2990 {
		t.Errorf("the second row: %+v", r)
	}
}

func TestMonthsAreClampedAndNoClockIsAsked(t *testing.T) {
	t.Parallel()
	m := load(t, `as_of: 2024-03-31
columns: {n: N}
fields:
  customer.reference: {column: N}
  customer.name: {expr: 'addMonths(as_of, -int(n)) + " " + addDays(as_of, int(n))'}
`)
	good, bad, err := read(t, m, []byte("N\n1\n13\n0\nx\n99999\n"))
	if err != nil || len(good) != 3 || len(bad) != 2 || bad[0].Fault.Code != "csv.expression" || bad[0].Row != 4 {
		t.Fatalf("%d good, %+v, %v", len(good), bad, err)
	}
	for i, want := range []string{"2024-02-29 2024-04-01", "2023-02-28 2024-04-13", "2024-03-31 2024-03-31"} {
		if good[i].Customer.Name != want {
			t.Errorf("row %d: %q, want %q", i+1, good[i].Customer.Name, want)
		}
	}
}

func TestEveryFieldNamesItsColumnWhenItIsWrong(t *testing.T) {
	t.Parallel()
	fine := "7;Ana;Ruiz;P;Bilbao;31/01/2024;3;oro;cus_9;600;ana@x.example;1.234,50;ana\n"
	for name, c := range map[string]struct{ from, to, column, code string }{
		"amount":      {"1.234,50", "mucho", "Cuota", "csv.amount"},
		"date":        {"31/01/2024", "2024.01.31", "subscription.reference", "csv.expression"},
		"address":     {"ana@x.example", "ana", "Correo", "field.email"},
		"no number":   {"7;", ";", "Nº", "field.required"},
		"no name":     {"Ana;Ruiz", " ; ", "customer.name", "field.required"},
		"long":        {"oro", strings.Repeat("o", 201), "Plan", "field.too_long"},
		"line breaks": {"cus_9", "\"cus\n9\"", "Stripe", "field.text"},
	} {
		_, bad, err := read(t, load(t, wideMap), []byte(wideHead+strings.Replace(fine, c.from, c.to, 1)))
		if err != nil || len(bad) != 1 || bad[0].Column != c.column || bad[0].Fault.Code != c.code {
			t.Errorf("%s: %+v %v", name, bad, err)
		} else if why := bad[0].Why("es"); why == "" || strings.Contains(why, "{") {
			t.Errorf("%s says %q", name, why)
		}
	}
}

func TestAMapIsCheckedForWhatARecordCannotBeMadeWithout(t *testing.T) {
	t.Parallel()
	base := "as_of: 2026-11-01\nfields:\n  customer.reference: {column: Id}\n  customer.name: {column: Name}\n"
	for name, c := range map[string]struct{ add, code, what string }{
		"contact":      {"  contact.name: {column: Who}\n", "map.missing_field", "contact.email"},
		"subscription": {"  subscription.plan: {column: Plan}\n", "map.missing_field", "subscription.start"},
		"access":       {"  grant.kind: {value: login}\n", "map.missing_field", "grant.account"},
		"asset":        {"  asset.kind: {value: router}\n", "map.missing_field", "asset.reference"},
		"balance":      {"  balance.amount: {column: Sum}\n", "map.missing_field", "balance.currency"},
		"number":       {"  external.UPPER: {column: X}\n", "map.unknown_field", "external.UPPER"},
		"form":         {"csv: {dates: dd.mm}\n", "map.dates", "dd.mm"},
		"decimals":     {"csv: {decimal: \"'\"}\n", "map.decimal", "'"},
	} {
		src := base + c.add
		if strings.HasPrefix(c.add, "csv:") {
			src = c.add + base
		}
		_, err := ingest.LoadMap("m.yaml", []byte(src))
		found := false
		for _, f := range fault.Fields(err) {
			found = found || f.Code == c.code && strings.Contains(f.Error(), c.what) && strings.HasPrefix(f.Field, "m.yaml:")
		}
		if !found {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := ingest.LoadMap("m.yaml", []byte("as_of: 2026-11-01\nexisting: true\nfields:\n  customer.reference: {column: Id}\n  contact.email: {column: Mail}\n  external.crm: {column: Crm}\n"))
	if err != nil {
		t.Errorf("contacts and numbers of customers who are there: %v", err)
	}
}

func TestARowThatContradictsAnotherIsFoundAndTheSameAgainIsNot(t *testing.T) {
	t.Parallel()
	m := load(t, wideMap)
	row := func(s string) ingest.Row {
		t.Helper()
		good, bad, err := read(t, m, []byte(wideHead+s+"\n"))
		if err != nil || len(good) != 1 {
			t.Fatalf("%v %v", bad, err)
		}
		return good[0]
	}
	const fine = "7;Ana;Ruiz;P;Bilbao;31/01/2024;3;oro;cus_9;600;ana@x.example;1.234,50;ana"
	seen := ingest.NewSeen()
	for i, s := range []string{fine, fine, strings.Replace(fine, "7;Ana", "8;Ana", 1)} {
		r := row(s)
		r.Number = int64(i + 1)
		if f := seen.Add(r); (f != nil) != (i == 2) {
			t.Errorf("row %d: %v", i+1, f)
		}
	}
	for name, change := range map[string][2]string{
		"name": {"Ruiz", "Rey"}, "segment": {"oro", "plata"}, "amount": {"1.234,50", "1"}, "region": {"Bilbao", "Madrid"},
	} {
		r := row(strings.Replace(fine, change[0], change[1], 1))
		r.Number = 9
		f := seen.Add(r)
		if f == nil || f.Code != "csv.contradiction" || !strings.Contains(f.Error(), "row=1") {
			t.Errorf("another %s: %v", name, f)
		}
	}
}
