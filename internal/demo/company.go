// Package demo is the sample company of `hasta demo`: Faro, which sells
// bookings software, with its people and customers. Everything in it is
// invented; addresses end in .example. It is data, and wires nothing.
package demo

import (
	"fmt"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/ingest"
	"hastaluego/internal/money"
	"hastaluego/internal/when"
)

// CompanyProfile has the fields of the company in the configuration.
type CompanyProfile struct {
	Name       string
	LegalName  string
	Address    string
	Phone      string
	Email      string
	Complaints string
	Signer     string
	Zone       string
	Country    string
	Locale     string
}

// Company is the sample company.
var Company = CompanyProfile{
	Name: "Faro", LegalName: "Faro Reservas, S.L.", Address: "Calle del Puerto 14, 48003 Bilbao", Phone: "944 000 120",
	Email: "bajas@faro.example", Complaints: "reclamaciones@faro.example", Signer: "Nerea Urrutia",
	Zone: "Europe/Madrid", Country: "ES", Locale: "es",
}

// Password is everybody's in the demo.
const Password = "una-demo-sin-secretos"

// Person is somebody of the sample company.
type Person struct {
	Login, Name string
	Roles       []string
}

// Users are the people of the demo: two who share a departure, and a second
// administrator, since what one of them proposes the other must look at.
var Users = []Person{
	{"ines", "Inés Robledo", []string{"agent", "success", "admin"}},
	{"tomas", "Tomás Ortega", []string{"finance", "privacy", "auditor"}},
	{"lucia", "Lucía Ferrer", []string{"admin"}},
}

// Systems is the systems.yaml of the demo: its billing system and the accounts
// of Faro, both at the address. The folder secrets has the credential of each
// account in a file of its name.
func Systems(baseURL, secrets string) string {
	return fmt.Sprintf(`systems:
  billing:
    kind: http
    base_url: %[1]s
    auth: {header: Authorization, scheme: Bearer, value: "env:HASTA_BILLING_TOKEN"}
    effect: keyed
    key_header: Idempotency-Key
    key_life: 24h
    undo: restorable
    timeout: 10s
    allow: [127.0.0.1/32]
    operations:
      read: {method: GET, path: "/subscriptions/{reference}"}
      cancel: {method: POST, path: "/subscriptions/{reference}/cancel", body: {at: "{ends_at}"}, receipt: effect}
      resume: {method: POST, path: "/subscriptions/{reference}/resume", receipt: effect}
    state: {status: status, ended: [canceled, ended], ends_at: cancel_at}
  faro:
    kind: http
    base_url: %[1]s
    auth: {header: Authorization, scheme: Bearer, value: "env:HASTA_BILLING_TOKEN"}
    effect: keyed
    key_header: Idempotency-Key
    key_life: 24h
    undo: restorable
    timeout: 10s
    allow: [127.0.0.1/32]
    access:
      operations:
        read: {method: GET, path: "/accounts/{reference}"}
        revoke: {method: POST, path: "/accounts/{reference}/block", receipt: effect}
        restore: {method: POST, path: "/accounts/{reference}/unblock", receipt: effect}
        probe:
          method: POST
          path: /sign-in
          body: {name: "{reference}", secret: "{secret}"}
          secret: "file:%[2]s/{reference}"
          refused: [401, 403]
      state: {status: status, open: [active]}
    actions:
      close_account:
        call: {method: POST, path: "/accounts/{reference}/block", receipt: effect}
        read: {method: GET, path: "/accounts/{reference}"}
        expect: {path: status, equals: blocked}
        undo:
          class: restorable
          call: {method: POST, path: "/accounts/{reference}/unblock", receipt: effect}
          expect: {path: status, equals: active}
`, baseURL, secrets)
}

// Customers are the sample customers as of now; the first is Estudio Almena.
func Customers(now time.Time, zone *time.Location) []ingest.Row {
	today := when.DateOf(now, zone)
	type sample struct {
		ref, name, person, mail, plan, country, lang string
		minor                                        int64
		interval                                     customer.Interval
		months                                       int
	}
	samples := []sample{
		{"FE-20418", "Estudio Almena", "Marta Ibáñez Soler", "marta@estudioalmena.example", "Faro Equipo", "ES", "es", 115200, customer.Yearly, 44},
		{"FE-11872", "Gimnasio Puerto Alto", "Iker Landa", "iker@puertoalto.example", "Faro Equipo", "ES", "es", 18900, customer.Monthly, 27},
		{"FE-19330", "Clínica Lavanda", "Rosa Peñalver", "rosa@clinicalavanda.example", "Faro Centro", "ES", "es", 29000, customer.Monthly, 31},
		{"FE-30051", "Kestrel & Finch Ltd", "Owen Marsh", "owen@kestrelfinch.example", "Faro Solo", "GB", "en", 90000, customer.Yearly, 14},
		{"FE-17744", "Academia Lumbre", "Dolores Quintanar", "dolores@lumbre.example", "Faro Solo", "MX", "es", 5400, customer.Monthly, 9},
		{"FE-22019", "Consultora Pampero", "Julián Vera", "julian@pampero.example", "Faro Equipo", "AR", "es", 8700, customer.Monthly, 18},
		{"FE-15503", "Hostal Caleta", "Amparo Riquelme", "amparo@hostalcaleta.example", "Faro Equipo", "CL", "es", 13000, customer.Monthly, 40},
		{"FE-30112", "Brenner Physio GmbH", "Anke Brenner", "anke@brennerphysio.example", "Faro Centro", "DE", "en", 34800, customer.Monthly, 22},
		{"FE-20988", "Panadería Nieves Duarte", "Nieves Duarte", "nieves@panaderiaduarte.example", "Faro Solo", "ES", "es", 2900, customer.Monthly, 12},
		{"FE-18210", "Lavandería Oeste", "Hugo Batista", "hugo@lavanderiaoeste.example", "Faro Solo", "UY", "es", 5900, customer.Monthly, 33},
	}
	rows := make([]ingest.Row, len(samples))
	for i, s := range samples {
		rows[i] = ingest.Row{
			Number: int64(i + 1),
			Customer: customer.Customer{
				Kind: customer.Organisation, Name: s.name, Reference: s.ref, Country: s.country, Language: s.lang, CreatedAt: now,
			},
			Contact: customer.Contact{Name: s.person, Email: s.mail, Role: customer.Owner, Language: s.lang},
			Subscription: customer.Subscription{
				Reference: s.ref + "-1", Product: "Faro", Plan: s.plan, Amount: money.Amount{Minor: s.minor, Currency: "EUR"},
				Interval: s.interval, Start: today.AddMonths(-s.months).AddDays(7), Status: customer.Active,
			},
		}
	}
	return append(rows, inventory(today)...)
}

// inventory is what some of the sample customers have beside their contract.
func inventory(today when.Date) []ingest.Row {
	eur := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "EUR"} }
	grant := func(ref, system, account, kind string, needs ...string) ingest.Row {
		return ingest.Row{Existing: true, Customer: customer.Customer{Reference: ref}, Grant: customer.Grant{System: system, Account: account, Kind: kind, DependsOn: needs, Status: customer.Granted}}
	}
	balance := func(ref string, b customer.Balance) ingest.Row {
		b.Status = customer.Due
		return ingest.Row{Existing: true, Customer: customer.Customer{Reference: ref}, Balance: b}
	}
	return []ingest.Row{
		grant("FE-20418", "faro", "marta@estudioalmena.example", "login"),
		grant("FE-20418", "faro", "almena-web", "api_key", "faro/marta@estudioalmena.example"),
		grant("FE-20418", "drive", "Carpeta Almena", "other"),
		grant("FE-11872", "faro", "iker@puertoalto.example", "login"),
		grant("FE-11872", "faro", "torno-entrada", "device", "faro/iker@puertoalto.example"),
		balance("FE-11872", customer.Balance{Reference: "F-2026-0931", Kind: customer.Invoice, About: "Cuota del mes", Amount: eur(18900), DueOn: today.AddDays(9)}),
		balance("FE-11872", customer.Balance{Reference: "FZ-114", Kind: customer.Deposit, About: "Fianza del torno", Amount: eur(12000)}),
		{Existing: true, Customer: customer.Customer{Reference: "FE-11872"}, Asset: customer.Asset{Reference: "TR-0457", Kind: "equipo", Name: "Torno de entrada", Location: "Gimnasio Puerto Alto, Bilbao"}},
	}
}
