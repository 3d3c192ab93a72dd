package demo

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/ingest"
	"hastaluego/internal/when"
)

// crowd is what customers are made of.
type crowd struct {
	Prefix, Product       string
	Given, Family         []string
	Trades, Proper, Firms []string
	Places                []place
	Plans                 []plan
	System                string // that accesses are at
	Invoice, Deposit      string
	AssetKind             string `json:"asset_kind"`
	Asset                 string
}

type place struct {
	Country, Language, Currency string

	Regions []string
	Rate    float64 // of the currency's minor unit to the euro's cent
	Round   int64   // prices are this many minor units, or a multiple
	Weight  int
}

type plan struct {
	Segment, Name string

	Minor  int64 // in euros, a month
	Weight int
}

// CrowdSize is how many customers are made.
const CrowdSize = 92

// seed makes the same customers, and the same year, every time.
const seed = 20418

// Dice are the random numbers of the sample company: the same every time, and
// independent for every purpose.
func Dice(purpose uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, purpose)) } //nolint:gosec // sample data, and the same every time

// Pick returns one of the list.
func Pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// Member is one customer that was made, and everything that they have; the
// first row is the customer.
type Member struct {
	Since when.Date
	Rows  []ingest.Row
}

// Crowd are the customers that nobody names, as of now: the same every day, but
// for their dates. Those of a segment "business" have accesses, equipment and
// sums.
func (s Sample) Crowd(now time.Time, zone *time.Location) []Member {
	r, today := Dice(1), when.DateOf(now, zone)
	taken := map[string]bool{}
	out := make([]Member, CrowdSize)
	for i := range out {
		c := s.client(r, i, taken)
		since := today.AddMonths(-c.Months).AddDays(-r.IntN(28))
		m := Member{Since: since, Rows: []ingest.Row{c.row(s.Others.Product, since, zone)}}
		if c.Segment == "business" {
			m.Rows = append(m.Rows, s.belongings(r, c, today)...)
		}
		out[i] = m
	}
	return out
}

// client makes one customer; names are not taken twice.
func (s Sample) client(r *rand.Rand, i int, taken map[string]bool) client {
	o := s.Others
	where := weighted(r, o.Places, func(p place) int { return p.Weight })
	what := weighted(r, o.Plans, func(p plan) int { return p.Weight })
	c := client{
		Reference: fmt.Sprintf("%s-%d", o.Prefix, 40100+37*i), Country: where.Country, Region: Pick(r, where.Regions),
		Language: where.Language, Segment: what.Segment, Plan: what.Name, Currency: where.Currency, Interval: customer.Monthly, Months: 2 + r.IntN(58),
	}
	c.Minor = max(1, int64(float64(what.Minor)*where.Rate)/where.Round) * where.Round
	if what.Segment == "solo" && r.IntN(6) == 0 {
		c.Interval, c.Minor = customer.Yearly, 10*c.Minor
	}
	for c.Name == "" || taken[c.Name] {
		c.Person = Pick(r, o.Given) + " " + Pick(r, o.Family)
		switch what.Segment {
		case "solo":
			c.Kind, c.Name = string(customer.Person), c.Person
		case "business":
			c.Name = s.named(Pick(r, o.Firms), Pick(r, o.Proper))
		default:
			c.Name = s.named(Pick(r, o.Trades), Pick(r, o.Proper))
		}
	}
	taken[c.Name] = true
	given, _, _ := strings.Cut(c.Person, " ")
	c.Email = address(given) + "@" + address(c.Name) + ".example"
	return c
}

// named puts a trade and a proper name in the order of the language.
func (s Sample) named(trade, proper string) string {
	if s.Company.Locale == "en" {
		return proper + " " + trade
	}
	return trade + " " + proper
}

// address makes a name fit for an address.
func address(name string) string {
	return strings.ReplaceAll(customer.Fold(name), " ", "")
}

// belongings are what a business has beside its contract.
func (s Sample) belongings(r *rand.Rand, c client, today when.Date) []ingest.Row {
	o := s.Others
	mail := c.Email[strings.IndexByte(c.Email, '@'):]
	login := grant{Customer: c.Reference, System: o.System, Account: c.Email, Kind: "login"}
	books := of(c.Reference)
	books.Contact = customer.Contact{Name: Pick(r, o.Given) + " " + Pick(r, o.Family), Email: "admin" + mail, Role: customer.Billing, Language: c.Language}
	rows := []ingest.Row{
		books, login.row(),
		grant{Customer: c.Reference, System: o.System, Account: address(c.Name) + "-web", Kind: "api_key", Needs: []string{o.System + "/" + c.Email}}.row(),
	}
	if r.IntN(2) == 0 {
		serial := fmt.Sprintf("%04d", r.IntN(10_000))
		rows = append(rows,
			grant{Customer: c.Reference, System: o.System, Account: address(o.Asset) + "-" + serial, Kind: "device"}.row(),
			asset{Customer: c.Reference, Reference: "EQ-" + serial, Kind: o.AssetKind, Name: o.Asset, Location: c.Name}.row(),
			balance{Customer: c.Reference, Reference: "D-" + c.Reference, Kind: customer.Deposit, About: o.Deposit, Minor: c.Minor / 2, Currency: c.Currency}.row(today))
	}
	if r.IntN(3) > 0 {
		rows = append(rows, balance{
			Customer: c.Reference, Reference: "F-" + c.Reference, Kind: customer.Invoice, About: o.Invoice, Minor: c.Minor, Currency: c.Currency, DueIn: 5 + r.IntN(20),
		}.row(today))
	}
	return rows
}

// weighted picks one of the list, each as often as its weight says.
func weighted[T any](r *rand.Rand, list []T, weight func(T) int) T {
	sum := 0
	for _, x := range list {
		sum += weight(x)
	}
	n := r.IntN(sum)
	for _, x := range list {
		if n -= weight(x); n < 0 {
			return x
		}
	}
	return list[len(list)-1]
}
