package console

import (
	"errors"
	"net/http"
	"regexp"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
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
	Lang, Query string
	Rows        []customerRow
	Total       int
	May         bool
	Who         string
	Added       string // reference of the customer that was just added
}

func (v *visit) customers() error {
	q := v.r.URL.Query().Get("q")
	list, total, err := v.App.ListCustomers(v.r.Context(), v.actor, q, pageSize)
	if err != nil {
		return err
	}
	cv := customersView{Lang: v.lang, Query: q, Total: total, May: v.actor.May("customer"), Who: whoMay(v.lang, "customer")}
	for _, c := range list {
		row := viewCustomer(v.lang, c)
		cv.Rows = append(cv.Rows, row)
		if row.Reference == v.r.URL.Query().Get("added") {
			cv.Added = row.Name
		}
	}
	v.show(http.StatusOK, "customers", v.say("customers.title"), "", customersPage(cv))
	return nil
}

// customerForm is a customer typed by hand, as it was typed.
type customerForm struct {
	Lang   string
	Typed  map[string]string
	Errors map[string]string
}

var customerFields = []string{
	"name", "kind", "reference", "contact_name", "email", "language", "product", "plan", "amount", "currency", "interval", "start", "subscription_reference",
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
	return v.customerForm(http.StatusOK, "", map[string]string{"kind": "person", "currency": "EUR", "interval": "month", "language": v.lang}, nil)
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
	cus, con, sub, wrong := readCustomer(typed)
	_, err := v.App.AddCustomer(v.r.Context(), v.actor, cus, con, sub)
	if err == nil && len(wrong) == 0 {
		v.to(query("/console/customers", "q", cus.Reference, "added", cus.Reference))
		return nil
	}
	if fields := fault.Fields(err); len(fields) > 0 {
		errs := text.FieldErrors(v.lang, err)
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
func readCustomer(typed map[string]string) (customer.Customer, customer.Contact, customer.Subscription, fault.List) {
	var wrong fault.List
	kind := customer.Kind(typed["kind"])
	cus := customer.Customer{Kind: kind, Consumer: kind == customer.Person, Name: typed["name"], Reference: typed["reference"]}
	con := customer.Contact{Name: typed["contact_name"], Email: typed["email"], Language: typed["language"]}
	if con.Name == "" {
		con.Name = typed["name"]
	}
	if !text.Has(con.Language) {
		con.Language = text.Langs()[0]
	}
	sub := customer.Subscription{
		Product: typed["product"], Plan: typed["plan"], Reference: typed["subscription_reference"], Interval: customer.Interval(typed["interval"]),
	}
	currency := strings.ToUpper(strings.TrimSpace(typed["currency"]))
	digits, unknown := money.Digits(currency)
	amount, err := money.Parse(decimal(typed["amount"], digits), currency)
	if err != nil {
		amount = money.Amount{Minor: -1, Currency: currency}
		if unknown == nil {
			wrong = append(wrong, fault.New(fault.Invalid, "amount.unreadable").On("amount"))
		}
	}
	sub.Amount = amount
	if start := strings.TrimSpace(typed["start"]); start != "" {
		if sub.Start, err = when.ParseDate(start); err != nil {
			wrong = append(wrong, fault.New(fault.Invalid, "date.unreadable").On("start"))
		}
	}
	return cus, con, sub, wrong
}

// grouped is a whole number with its thousands apart.
var grouped = regexp.MustCompile(`^-?[0-9]{1,3}([.,][0-9]{3})+$`)

// decimal turns an amount as people write it (1.152,00 or 1,152.00 or 29,85)
// into one with a point. Of two kinds of separator the last is the one of the
// decimals; a single kind that only stands before three digits parts thousands,
// unless the currency has three decimals. Anything else stays as it is, to be
// refused.
func decimal(s string, digits int) string {
	s = strings.Join(strings.Fields(s), "")
	point, comma := strings.Count(s, "."), strings.Count(s, ",")
	i := strings.LastIndexAny(s, ".,")
	switch {
	case i < 0:
		return s
	case point > 0 && comma > 0:
		if whole := s[:i]; strings.Count(s, s[i:i+1]) == 1 && grouped.MatchString(whole) {
			return strings.NewReplacer(".", "", ",", "").Replace(whole) + "." + s[i+1:]
		}
		return s
	case point+comma == 1 && (digits == 3 || !grouped.MatchString(s) || strings.HasPrefix(s, "0")):
		return strings.Replace(s, ",", ".", 1)
	case grouped.MatchString(s):
		return strings.NewReplacer(".", "", ",", "").Replace(s)
	}
	return s
}
