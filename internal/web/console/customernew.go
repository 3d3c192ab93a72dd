package console

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
	"hastaluego/internal/when"
)

// customerForm is a customer typed by hand, as it was typed.
type customerForm struct {
	Lang   string
	Typed  map[string]string
	Errors map[string]string
	Like   []likeRow // who may be the same
	Sure   string    // says that they were looked at
}

// likeRow is somebody who is there already.
type likeRow struct{ ID, Name, Reference, By string }

var customerFields = []string{
	"name", "kind", "reference", "contact_name", "email", "language", "country", "has", "product", "plan", "amount", "currency", "interval", "billed",
	"start", "end", "promised", "subscription_reference", "test",
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
	case "email":
		c.Kind = "email"
	case "start", "end":
		c.Kind = "date"
	}
	return c
}

func (f customerForm) languages() []option {
	var out []option
	for _, l := range text.CustomerLangs() {
		out = append(out, option{l, text.Say(l, "lang."+l)})
	}
	return out
}

// has are what a customer can have with us.
func (f customerForm) has() []option {
	out := []option{{"subscription", f.say("has.subscription")}}
	for _, k := range customer.EngagementKinds {
		out = append(out, option{string(k), f.say("has." + string(k))})
	}
	return append(out, option{"nothing", f.say("has.nothing")})
}

func billings(lang string) []option {
	out := []option{{"", text.Say(lang, "console.engagement.billed.none")}}
	for _, b := range customer.Invoicings {
		out = append(out, option{string(b), text.Say(lang, "console.engagement.billed."+string(b))})
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
	return v.customerForm(http.StatusOK, "", customerForm{Typed: map[string]string{
		"kind": "person", "currency": currency, "interval": "month", "language": v.lang, "country": v.App.Company().Country,
		"has": "subscription", "test": v.r.URL.Query().Get("test"),
	}})
}

func (v *visit) customerForm(status int, problem string, f customerForm) error {
	f.Lang = v.lang
	v.show(status, "customers", v.say("new_customer.title"), problem, newCustomerPage(f))
	return nil
}

func (v *visit) addCustomer() error {
	typed := make(map[string]string, len(customerFields))
	for _, f := range customerFields {
		typed[f] = v.form.Get(f)
	}
	in, wrong := readCustomer(v.lang, typed)
	if like, sure, err := v.customersLike(in); err != nil {
		return err
	} else if len(wrong) == 0 && len(like) > 0 && v.form.Get("sure") != sure {
		return v.customerForm(http.StatusConflict, v.say("new_customer.like"), customerForm{Typed: typed, Like: like, Sure: sure})
	}
	id, err := v.App.AddCustomer(v.r.Context(), v.actor, in)
	if err == nil && len(wrong) == 0 {
		v.to("/console/customers/" + string(id) + "?added=yes")
		return nil
	}
	if fields := fault.Fields(err); len(fields) > 0 {
		return v.customerForm(web.Status(err), v.say("new_customer.wrong"), customerForm{Typed: typed, Errors: wrongFields(v.lang, err, wrong)})
	}
	return errors.Join(err, wrong.Or())
}

// wrongFields are the faults by the names that the form has for them.
func wrongFields(lang string, err error, wrong fault.List) map[string]string {
	errs := map[string]string{}
	form := strings.NewReplacer("contacts.0.name", "contact_name", "contacts.0.", "", "subscriptions.0.reference", "subscription_reference", "subscriptions.0.term_end", "end",
		"subscriptions.0.engagement", "has", "subscriptions.0.", "")
	for field, e := range text.FieldErrors(lang, err) {
		if field = form.Replace(field); strings.HasPrefix(field, "promised.") {
			field = "promised"
		}
		errs[field] = e
	}
	for field, e := range text.FieldErrors(lang, wrong.Or()) {
		errs[field] = e
	}
	return errs
}

// customersLike are those who may be the one that is typed, and what says that
// they were looked at.
func (v *visit) customersLike(in app.CustomerInput) (like []likeRow, sure string, err error) {
	if !v.actor.May("customer") {
		return nil, "", nil
	}
	list, err := v.App.CustomersLike(v.r.Context(), v.actor, in.Name, in.Contacts[0].Email)
	if fault.KindOf(err) == fault.Invalid { // what cannot be looked for is refused by its field
		err = nil
	}
	var ids []string
	for _, l := range list {
		ids = append(ids, string(l.Customer.ID))
		like = append(like, likeRow{string(l.Customer.ID), l.Customer.Name, l.Customer.Reference, v.say("new_customer.like." + l.By)})
	}
	slices.Sort(ids)
	return like, strings.Join(ids, " "), err
}

// readCustomer reads what was typed. What cannot be read is handed on as a
// value that the checks refuse, so that every mistake is told at once; wrong
// says it better than they can.
func readCustomer(lang string, typed map[string]string) (in app.CustomerInput, wrong fault.List) {
	in = app.CustomerInput{
		Kind: customer.Kind(typed["kind"]), Consumer: typed["kind"] == string(customer.Person), Name: typed["name"], Reference: typed["reference"],
		Country: typed["country"], Test: typed["test"] != "",
	}
	con := app.ContactInput{Name: typed["contact_name"], Email: typed["email"], Language: typed["language"], Role: customer.Owner}
	if con.Name == "" {
		con.Name = typed["name"]
	}
	if !text.Speaks(con.Language) {
		con.Language = text.Langs()[0]
	}
	in.Language, in.Contacts = con.Language, []app.ContactInput{con}
	if typed["has"] == "nothing" {
		return in, nil
	}
	sub := app.SubscriptionInput{
		Product: typed["product"], Plan: typed["plan"], Reference: typed["subscription_reference"], Interval: customer.Interval(typed["interval"]),
	}
	if typed["has"] != "subscription" && typed["has"] != "" {
		sub.Engagement = customer.Engagement{Kind: customer.EngagementKind(typed["has"]), Billed: customer.Invoicing(typed["billed"])}
		sub.Promised = readPromised(typed["promised"])
	}
	var e *fault.Error
	if sub.Amount, e = readAmount(lang, typed["amount"], typed["currency"]); e != nil {
		wrong = append(wrong, e)
	}
	for field, day := range map[string]*when.Date{"start": &sub.Start, "end": &sub.TermEnd} {
		if s := strings.TrimSpace(typed[field]); s != "" {
			var err error
			if *day, err = when.ParseDate(s); err != nil {
				if field == "end" {
					*day = when.Date{Year: 1, Month: 1, Day: 1} // before any start
				}
				wrong = append(wrong, fault.New(fault.Invalid, "date.unreadable").On(field))
			}
		}
	}
	in.Subscriptions = []app.SubscriptionInput{sub}
	return in, wrong
}

// readPromised reads what was promised, one per line, each with its day at the
// end where there is one: "Home page 2026-03-31", or 31/03/2026, day first.
func readPromised(typed string) (list []customer.Deliverable) {
	for l := range strings.Lines(typed) {
		words := strings.Fields(l)
		if len(words) == 0 {
			continue
		}
		d := customer.Deliverable{Title: strings.Join(words, " ")}
		if last, err := typedDay(words[len(words)-1]); err == nil {
			d.Due, d.Title = last, strings.Trim(strings.Join(words[:len(words)-1], " "), " ,;:|-")
		}
		list = append(list, d)
	}
	return list
}

// typedDay reads a day as machines or as people here write it.
func typedDay(s string) (when.Date, error) {
	if d, err := time.Parse("2/1/2006", s); err == nil {
		return when.Date{Year: d.Year(), Month: d.Month(), Day: d.Day()}, nil
	}
	return when.ParseDate(s)
}
