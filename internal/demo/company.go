// Package demo is the sample companies of `hasta demo`, one per language, with
// their people and customers. Everything in them is invented; addresses end in
// .example. It is data, and wires nothing; package history lets a company live
// its last year.
package demo

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/calendar"
	"hastaluego/internal/customer"
	"hastaluego/internal/demo/peer"
	"hastaluego/internal/ingest"
	"hastaluego/internal/money"
	"hastaluego/internal/playbook"
	"hastaluego/internal/when"
)

//go:embed sample/*.json
var files embed.FS

// Signup is how the customers of a sample company come, as a flow: what leaving is
// compared with.
//
//go:embed sample/signup.yaml
var Signup []byte

// Segments are the rules by which customers of a sample company are alike.
//
//go:embed sample/segments.yaml
var Segments []byte

// Sample is one sample company.
type Sample struct {
	Company  CompanyProfile `json:"company"`
	Password string         `json:"password"` // everybody's
	Law      []string       `json:"law"`      // facts that hold for every departure
	// Users are its people: the first two work the tour, the third is a second
	// administrator, the fourth a second person of finance.
	Users     []Person            `json:"users"`
	Notes     map[string][]string `json:"notes"` // what people write when they finish a step, by its key; "": any other
	Strangers []Stranger          `json:"strangers"`

	Named    []client  `json:"customers"` // by hand: the tour names them
	Grants   []grant   `json:"grants"`
	Balances []balance `json:"balances"`
	Assets   []asset   `json:"assets"`
	Told     []told    `json:"readings"`
	Others   crowd     `json:"crowd"`
}

// CompanyProfile has the fields of the company in the configuration.
type CompanyProfile struct {
	Name       string `json:"name"`
	LegalName  string `json:"legal_name"`
	Address    string `json:"address"`
	Phone      string `json:"phone"`
	Email      string `json:"email"`
	Complaints string `json:"complaints"`
	Signer     string `json:"signer"`
	Zone       string `json:"zone"`
	Country    string `json:"country"`
	Calendar   string `json:"calendar,omitempty"`
	Locale     string `json:"locale"`
}

// Person is somebody of the sample company.
type Person struct {
	Login string   `json:"login"`
	Name  string   `json:"name"`
	Roles []string `json:"roles"`
}

// Stranger is somebody who asks to leave and is no customer.
type Stranger struct {
	Name      string `json:"name"`
	Email     string `json:"email"`
	Reference string `json:"reference"`
}

type client struct {
	Reference, Name, Person, Email, Kind, Plan, Country, Region, Language, Segment, Currency string

	Minor    int64
	Interval customer.Interval
	Months   int // since they came
}

type grant struct {
	Customer, System, Account, Kind string

	Needs []string
}

type balance struct {
	Customer, Reference, About, Currency string

	Kind  customer.BalanceKind
	Minor int64
	DueIn int `json:"due_in"` // days; 0: no date
}

type asset struct{ Customer, Reference, Kind, Name, Location string }

// told is what a metric of a customer was: every working day, half of it at
// weekends, another value in the last four weeks; or one event on some days.
type told struct {
	Customer, Metric string

	Daily, Recent int64
	For           int   // days back
	Ago           []int // days on which something happened once
}

// Languages are those that a sample company exists in.
var Languages = []string{"es", "en"}

// In returns the sample company of the language.
func In(lang string) (Sample, error) {
	var s Sample
	raw, err := files.ReadFile("sample/" + lang + ".json")
	if err == nil {
		err = json.Unmarshal(raw, &s)
	}
	if err != nil {
		return s, fmt.Errorf("demo: no sample company in %q: %w", lang, err)
	}
	return s, nil
}

// Finance are the two who look after money: what the first asks for, the second
// approves.
func (s Sample) Finance() (asks, approves Person) {
	var both []Person
	for _, u := range s.Users {
		if slices.Contains(u.Roles, "finance") {
			both = append(both, u)
		}
	}
	return both[0], both[1]
}

// Systems is the systems.yaml of the company: its billing system and the
// accounts of its product, both at the address. The folder secrets has the credential of each
// account in a file of its name.
func (s Sample) Systems(baseURL, secrets string) string {
	return fmt.Sprintf(`systems:
  billing:
    kind: http
    title: {es: El sistema de cobro, en: The billing system}
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
    charges:
      list: {method: GET, path: "/subscriptions/{reference}/charges", query: {since: "{since}"}, items: charges}
      id: id
      amount: amount_minor
      units: minor
      currency: currency
      refunded: refunded_minor
      at: at
      from: from
      to: to
      status: status
      taken: [paid]
      void: [void]
  %[3]s:
    kind: http
    title: {es: %[4]q, en: %[4]q}
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
      state: {status: status, open: [active], signed_in_at: signed_in_at}
    actions:
      close_account:
        call: {method: POST, path: "/accounts/{reference}/block", receipt: effect}
        read: {method: GET, path: "/accounts/{reference}"}
        expect: {path: status, equals: blocked}
        undo:
          class: restorable
          call: {method: POST, path: "/accounts/{reference}/unblock", receipt: effect}
          expect: {path: status, equals: active}
`, baseURL, secrets, s.Others.System, s.Company.Name)
}

// Playbook is the sample company's own: the built-in one for companies, for
// its customers of the segment "business".
func (s Sample) Playbook() (string, error) {
	source, found := string(playbook.Builtin()["saas-b2b"]), true
	for line, own := range map[string]string{"playbook: ": "faro-business", "when: ": `customer.segment == "business"`} {
		before, rest, ok := strings.Cut(source, "\n"+line)
		_, after, _ := strings.Cut(rest, "\n")
		source, found = before+"\n"+line+own+"\n"+after, found && ok
	}
	if !found {
		return "", errors.New("demo: the built-in playbook saas-b2b has another shape")
	}
	return source, nil
}

// Contracts are the rows' subscriptions as the billing system has them.
func Contracts(rows []ingest.Row) []peer.Subscription {
	var out []peer.Subscription
	for _, r := range rows {
		if s := r.Subscription; s.Reference != "" {
			out = append(out, peer.Subscription{
				Reference: s.Reference, Status: peer.Active, AmountMinor: s.Amount.Minor, Currency: s.Amount.Currency, Plan: s.Plan,
			})
		}
	}
	return out
}

// Customers are the customers that the tour names, as of now, and what they
// have beside their contract; the first two are the tour's.
func (s Sample) Customers(now time.Time, zone *time.Location) []ingest.Row {
	today := when.DateOf(now, zone)
	var rows []ingest.Row
	for _, c := range s.Named {
		rows = append(rows, c.row(s.Others.Product, today.AddMonths(-c.Months).AddDays(7), zone))
	}
	for _, g := range s.Grants {
		rows = append(rows, g.row())
	}
	for _, b := range s.Balances {
		rows = append(rows, b.row(today))
	}
	for _, a := range s.Assets {
		rows = append(rows, a.row())
	}
	for i := range rows {
		rows[i].Number = int64(i + 1)
	}
	return rows
}

// Reading is what a metric of a customer was on a day, in thousandths.
type Reading struct {
	Customer, Metric string
	Day              when.Date
	Value            int64
}

// Readings are what the customers used and spent until now, and what went
// wrong for them.
func (s Sample) Readings(now time.Time, zone *time.Location) (list []Reading) {
	today := when.DateOf(now, zone)
	for _, x := range s.Told {
		for _, ago := range x.Ago {
			list = append(list, Reading{x.Customer, x.Metric, today.AddDays(-ago), 1000})
		}
		for ago := range x.For {
			day, value := today.AddDays(-ago), x.Daily*1000
			if ago < 28 {
				value = x.Recent * 1000
			}
			if !calendar.Weekdays.Business(day) { // a weekend
				value /= 2
			}
			list = append(list, Reading{x.Customer, x.Metric, day, value})
		}
	}
	return list
}

func (c client) row(product string, start when.Date, zone *time.Location) ingest.Row {
	kind := customer.Organisation
	if c.Kind == string(customer.Person) {
		kind = customer.Person
	}
	return ingest.Row{
		Customer: customer.Customer{
			Kind: kind, Consumer: kind == customer.Person, Name: c.Name, Reference: c.Reference, Country: c.Country, Region: c.Region,
			Language: c.Language, Segment: c.Segment, CreatedAt: start.Start(zone),
		},
		Contact: customer.Contact{Name: c.Person, Email: c.Email, Role: customer.Owner, Language: c.Language},
		Subscription: customer.Subscription{
			Reference: c.Reference + "-1", Product: product, Plan: c.Plan, Amount: money.Amount{Minor: c.Minor, Currency: c.Currency},
			Interval: c.Interval, Start: start, Status: customer.Active,
		},
	}
}

// of is a row about a customer that is there.
func of(reference string) ingest.Row {
	return ingest.Row{Existing: true, Customer: customer.Customer{Reference: reference}}
}

func (g grant) row() ingest.Row {
	r := of(g.Customer)
	r.Grant = customer.Grant{System: g.System, Account: g.Account, Kind: g.Kind, DependsOn: g.Needs, Status: customer.Granted}
	return r
}

func (b balance) row(today when.Date) ingest.Row {
	r := of(b.Customer)
	r.Balance = customer.Balance{
		Reference: b.Reference, Kind: b.Kind, About: b.About, Amount: money.Amount{Minor: b.Minor, Currency: b.Currency}, Status: customer.Due,
	}
	if b.DueIn != 0 {
		r.Balance.DueOn = today.AddDays(b.DueIn)
	}
	return r
}

func (a asset) row() ingest.Row {
	r := of(a.Customer)
	r.Asset = customer.Asset{Reference: a.Reference, Kind: a.Kind, Name: a.Name, Location: a.Location}
	return r
}
