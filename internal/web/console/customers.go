package console

import (
	"net/http"
	"slices"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// customerRow is one customer in a list.
type customerRow struct {
	ID, Name, Reference, Kind string
	Contacts, Lines, Sums     []string
	Worth                     []string // what they are worth; none: nobody computed it
	Active, Test              bool     // has something that could end; is made up
}

func viewCustomer(lang string, c app.CustomerView, today when.Date) customerRow {
	row := customerRow{
		ID: string(c.Customer.ID), Name: c.Customer.Name, Reference: c.Customer.Reference,
		Kind: known(lang, "console.customer.kind."+string(c.Customer.Kind), ""), Test: c.Customer.Test(), Worth: worthLines(lang, c.Worth),
	}
	for _, con := range c.Contacts {
		row.Contacts = append(row.Contacts, con.Email)
	}
	var running, over []customer.Subscription
	for _, l := range customer.PricedOn(c.Lines, today) {
		state := known(lang, "console.subscription."+string(l.Status), string(l.Status))
		row.Lines = append(row.Lines, lineName(l.Product, l.Plan, l.Reference)+", "+state)
		if l.Status != customer.Ended {
			running = append(running, l)
		} else if l.Amount.Minor > 0 {
			over = append(over, l)
		}
	}
	row.Sums, row.Active = sums(lang, running, today), len(running) > 0
	if !row.Active {
		for _, sum := range sums(lang, over, today) {
			row.Sums = append(row.Sums, text.Say(lang, "console.customers.paid", "sum", sum))
		}
	}
	return row
}

type customersView struct {
	Lang    string
	Fields  []control
	Filters []choiceView
	Chips   []chip
	Rows    []customerRow
	Total   string
	May     bool
	Who     string
	Next    string // address of the page that follows; First, of the first
	First   string

	Forgotten string // says that a test customer was deleted; empty: none
}

// customerSearch is what the list is asked for, as it stands in the address.
type customerSearch struct{ Query, Segment, Country, Kind, Leaving string }

func (s customerSearch) address(after string) string {
	return query("/console/customers", "q", s.Query, "segment", s.Segment, "country", s.Country, "kind", s.Kind, "leaving", s.Leaving, "after", after)
}

func (v *visit) customers() error {
	f := v.r.URL.Query()
	s := customerSearch{f.Get("q"), f.Get("segment"), strings.ToUpper(strings.TrimSpace(f.Get("country"))), f.Get("kind"), f.Get("leaving")}
	list, err := v.App.ListCustomers(v.r.Context(), v.actor, app.CustomerFilter{
		Query: s.Query, Segment: s.Segment, Country: s.Country, Kind: customer.Kind(s.Kind), Leaving: s.Leaving != "", After: f.Get("after"), Limit: pageSize,
	})
	if err != nil {
		return err
	}
	segments, err := v.App.Segments(v.r.Context(), v.actor, segmentsMost)
	if err != nil {
		return err
	}
	cv := v.viewSearch(s, segments)
	cv.Total = v.say("customers.total", "n", list.Total)
	if gone := f.Get("forgotten"); gone != "" {
		cv.Forgotten = v.say("test.forgotten", "reference", gone)
	}
	if list.More {
		cv.Total = v.say("customers.total.more", "n", list.Total)
	}
	if list.Next != "" {
		cv.Next = s.address(list.Next)
	}
	if f.Get("after") != "" {
		cv.First = s.address("")
	}
	now, _, err := v.App.Now(v.r.Context())
	if err != nil {
		return err
	}
	for _, c := range list.Rows {
		cv.Rows = append(cv.Rows, viewCustomer(v.lang, c, when.DateOf(now, v.zone())))
	}
	v.show(http.StatusOK, "customers", v.say("customers.title"), "", customersPage(cv))
	return nil
}

// segmentsMost is how many segments a list of choices may have.
const segmentsMost = 200

func (v *visit) viewSearch(s customerSearch, segments []string) customersView {
	kind := func(k string) string { return known(v.lang, "console.customer.kind."+k, k) }
	of, kinds := []option{{"", v.say("customers.any.segment")}}, []option{{"", v.say("customers.any.kind")}}
	if s.Segment != "" && !slices.Contains(segments, s.Segment) {
		segments = append(segments, s.Segment)
	}
	for _, x := range segments {
		of = append(of, option{x, x})
	}
	for _, k := range []customer.Kind{customer.Person, customer.Organisation} {
		kinds = append(kinds, option{string(k), kind(string(k))})
	}
	cv := customersView{
		Lang: v.lang, May: v.actor.May("customer"), Who: whoMay(v.lang, "customer"),
		Fields: []control{
			{ID: "q", Label: v.say("inbox.search"), Hint: v.say("customers.search.hint"), Value: s.Query, Kind: "search"},
			{ID: "country", Label: v.say("customer.country"), Hint: v.say("customer.edit.country.hint"), Value: s.Country},
		},
		Filters: []choiceView{
			{control{ID: "segment", Label: v.say("customer.segment"), Value: s.Segment}, of},
			{control{ID: "kind", Label: v.say("customers.col.kind"), Value: s.Kind}, kinds},
			{control{ID: "leaving", Label: v.say("customers.leaving"), Value: s.Leaving}, []option{{"", v.say("customers.any.leaving")}, {"yes", v.say("customers.leaving.yes")}}},
		},
	}
	chipOf := func(label string, without customerSearch) {
		if label != "" {
			cv.Chips = append(cv.Chips, chip{label, without.address("")})
		}
	}
	without := s
	without.Query = ""
	chipOf(s.Query, without)
	without = s
	without.Country = ""
	chipOf(s.Country, without)
	without = s
	without.Segment = ""
	chipOf(s.Segment, without)
	without = s
	without.Kind = ""
	chipOf(kind(s.Kind), without)
	if without = s; s.Leaving != "" {
		without.Leaving = ""
		chipOf(v.say("customers.leaving.yes"), without)
	}
	return cv
}
