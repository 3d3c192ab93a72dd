package console

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
	"hastaluego/internal/when"
)

// customerRow is one customer in a list.
type customerRow struct {
	ID, Name, Reference, Kind string
	Contacts, Lines, Sums     []string
	Active                    bool // has something that could end
}

func viewCustomer(lang string, c app.CustomerView) customerRow {
	row := customerRow{
		ID: string(c.Customer.ID), Name: c.Customer.Name, Reference: c.Customer.Reference,
		Kind: known(lang, "console.customer.kind."+string(c.Customer.Kind), ""),
	}
	for _, con := range c.Contacts {
		row.Contacts = append(row.Contacts, con.Email)
	}
	var running []customer.Subscription
	for _, l := range c.Lines {
		state := known(lang, "console.subscription."+string(l.Status), string(l.Status))
		row.Lines = append(row.Lines, lineName(l.Product, l.Plan, l.Reference)+", "+state)
		if l.Status != customer.Ended {
			running = append(running, l)
		}
	}
	row.Sums, row.Active = sums(lang, running), len(running) > 0
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
	Added   string // name of the customer that was just added
	Next    string // address of the page that follows; First, of the first
	First   string
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
	if list.More {
		cv.Total = v.say("customers.total.more", "n", list.Total)
	}
	if list.Next != "" {
		cv.Next = s.address(list.Next)
	}
	if f.Get("after") != "" {
		cv.First = s.address("")
	}
	for _, c := range list.Rows {
		row := viewCustomer(v.lang, c)
		cv.Rows = append(cv.Rows, row)
		if row.Reference == f.Get("added") {
			cv.Added = row.Name
		}
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

// customerForm is a customer typed by hand, as it was typed.
type customerForm struct {
	Lang   string
	Typed  map[string]string
	Errors map[string]string
}

var customerFields = []string{
	"name", "kind", "reference", "contact_name", "email", "language", "country", "product", "plan", "amount", "currency", "interval", "start", "subscription_reference",
}

func (f customerForm) say(code string, args ...any) string {
	return text.Say(f.Lang, "console.new_customer."+code, args...)
}

// field is one control of the form.
func (f customerForm) field(name string, required bool) control {
	c := control{ID: name, Label: f.say(name), Value: f.Typed[name], Error: f.Errors[name], Required: required}
	if hint := "console.new_customer." + name + ".hint"; text.Known(f.Lang, hint) {
		c.Hint = text.Say(f.Lang, hint)
	}
	switch name {
	case "email", "start":
		c.Kind = map[string]string{"email": "email", "start": "date"}[name]
	}
	return c
}

func (f customerForm) languages() []option {
	var out []option
	for _, l := range text.Langs() {
		out = append(out, option{l, text.Say(l, "lang."+l)})
	}
	return out
}

func (v *visit) newCustomer() error {
	if !v.actor.May("customer") {
		return fault.New(fault.Forbidden, "forbidden.role", "who", whoMay(v.lang, "customer"))
	}
	currency, err := v.App.UsualCurrency(v.r.Context(), v.actor)
	if err != nil {
		return err
	}
	return v.customerForm(http.StatusOK, "", map[string]string{
		"kind": "person", "currency": currency, "interval": "month", "language": v.lang,
	}, nil)
}

func (v *visit) customerForm(status int, problem string, typed, errs map[string]string) error {
	v.show(status, "customers", v.say("new_customer.title"), problem, newCustomerPage(customerForm{v.lang, typed, errs}))
	return nil
}

func (v *visit) addCustomer() error {
	typed := make(map[string]string, len(customerFields))
	for _, f := range customerFields {
		typed[f] = v.form.Get(f)
	}
	in, wrong := readCustomer(v.lang, typed)
	_, err := v.App.AddCustomer(v.r.Context(), v.actor, in)
	if err == nil && len(wrong) == 0 {
		v.to(query("/console/customers", "q", in.Reference, "added", in.Reference))
		return nil
	}
	if fields := fault.Fields(err); len(fields) > 0 {
		errs := map[string]string{}
		for field, e := range text.FieldErrors(v.lang, err) {
			errs[strings.NewReplacer("contacts.0.name", "contact_name", "contacts.0.", "", "subscriptions.0.reference", "subscription_reference", "subscriptions.0.", "").Replace(field)] = e
		}
		for field, e := range text.FieldErrors(v.lang, wrong.Or()) {
			errs[field] = e
		}
		return v.customerForm(web.Status(err), v.say("new_customer.wrong"), typed, errs)
	}
	return errors.Join(err, wrong.Or())
}

// readCustomer reads what was typed. What cannot be read is handed on as a
// value that the checks refuse, so that every mistake is told at once; wrong
// says it better than they can.
func readCustomer(lang string, typed map[string]string) (in app.CustomerInput, wrong fault.List) {
	in = app.CustomerInput{
		Kind: customer.Kind(typed["kind"]), Consumer: typed["kind"] == string(customer.Person), Name: typed["name"], Reference: typed["reference"],
		Country: typed["country"],
	}
	con := app.ContactInput{Name: typed["contact_name"], Email: typed["email"], Language: typed["language"], Role: customer.Owner}
	if con.Name == "" {
		con.Name = typed["name"]
	}
	if !text.Has(con.Language) {
		con.Language = text.Langs()[0]
	}
	in.Language = con.Language
	sub := app.SubscriptionInput{
		Product: typed["product"], Plan: typed["plan"], Reference: typed["subscription_reference"], Interval: customer.Interval(typed["interval"]),
	}
	var e *fault.Error
	if sub.Amount, e = readAmount(lang, typed["amount"], typed["currency"]); e != nil {
		wrong = append(wrong, e)
	}
	if start := strings.TrimSpace(typed["start"]); start != "" {
		var err error
		if sub.Start, err = when.ParseDate(start); err != nil {
			wrong = append(wrong, fault.New(fault.Invalid, "date.unreadable").On("start"))
		}
	}
	in.Contacts, in.Subscriptions = []app.ContactInput{con}, []app.SubscriptionInput{sub}
	return in, wrong
}
