package console

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/handover"
	"hastaluego/internal/money"
	"hastaluego/internal/obligation"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// thingRow is one thing of a customer with what its form begins with.
type thingRow struct {
	ID, Name string
	Was      map[string]string // by field of the form
}

// Email is the address of a contact.
func (r thingRow) Email() string { return r.Was["contact.email"] }

func viewContact(c customer.Contact) thingRow {
	return thingRow{string(c.ID), c.Name, map[string]string{
		"contact.name": c.Name, "contact.email": c.Email, "contact.role": string(c.Role), "contact.language": c.Language,
	}}
}

func (v customerPageView) line(s customer.Subscription) thingRow {
	r := thingRow{string(s.ID), lineName(s.Product, s.Plan, s.Reference), map[string]string{
		"subscription.reference": s.Reference, "subscription.product": s.Product, "subscription.plan": s.Plan, "subscription.interval": string(s.Interval),
		"subscription.amount": text.Typed(v.Lang, s.Amount), "subscription.currency": s.Amount.Currency, "subscription.start": s.Start.String(),
		"subscription.paid_until": s.PaidUntil.String(), "subscription.term_end": s.TermEnd.String(), "subscription.renews_on": s.RenewsOn.String(),
		"subscription.lock_in_until": s.LockIn.String(), "subscription.status": string(s.Status), "subscription.not_renewed": map[bool]string{false: "no", true: "yes"}[s.NotRenewed],
	}}
	maps.Copy(r.Was, termsWere(v.Lang, s))
	if s.Notice > 0 {
		r.Was["subscription.notice_days"] = strconv.Itoa(s.Notice)
	}
	return r
}

// of is one control of a form about one thing that is there already; what was
// typed and what is wrong belong to the form that was refused.
func (v customerPageView) of(form, thing, name, was string, required bool) control {
	c := v.field(name, required)
	if thing != "" {
		c.ID += "-" + thing
	}
	switch {
	case !v.refused(form, thing):
		c.Value, c.Error = was, ""
	case v.Changed && c.Value != was:
		c.Hint = v.word("now", "value", cmp.Or(v.shown(name, was), v.word("now.empty")))
	}
	return c
}

// shown is a value as people read it.
func (v customerPageView) shown(name, value string) string {
	switch name {
	case "contact.role":
		return known(v.Lang, "console.customer.role."+value, value)
	case "contact.language", "edit.language":
		return known(v.Lang, "lang."+value, value)
	case "asset.kind":
		switch {
		case value == "":
			return v.word("asset.noted")
		case slices.Contains(obligation.Kinds, value):
			return v.word("asset.lent", "kind", text.Say(v.Lang, "console.returns.kind."+value))
		case slices.Contains(handover.Kinds, value):
			return v.word("asset.given", "kind", text.Say(v.Lang, "console.handover.kind."+value))
		}
	case "asset.owner":
		if value != "" {
			return v.word("asset.owner." + value)
		}
	case "asset.payer":
		if value != "" {
			return v.word("asset.payer." + value)
		}
	case "subscription.interval":
		return known(v.Lang, "console.customer.interval."+value, value)
	case "subscription.status":
		return known(v.Lang, "console.subscription."+value, value)
	}
	return value
}

func (v customerPageView) refused(form, thing string) bool {
	return v.Form == form && v.Typed["thing"] == thing
}

// languages are those that we write in, and the one that somebody has.
func (v customerPageView) languages(now string) []option {
	out := []option{{"", v.word("language.none")}}
	found := now == ""
	for _, l := range text.CustomerLangs() {
		out = append(out, option{l, text.Say(l, "lang."+l)})
		found = found || l == now
	}
	if !found {
		out = append(out, option{now, now})
	}
	return out
}

// assetKinds are the kinds of thing that something is done about when a
// customer leaves, first those that are lent, and the one that a thing has.
func (v customerPageView) assetKinds(now string) []option {
	var out []option
	for _, k := range slices.Concat(obligation.Kinds, handover.Kinds, []string{""}) {
		if k != handover.Deliverable { // it is promised within an engagement, not owned
			out = append(out, option{k, v.shown("asset.kind", k)})
		}
	}
	if !slices.ContainsFunc(out, func(o option) bool { return o.Value == now }) {
		out = append(out, option{now, now})
	}
	return out
}

func (v customerPageView) roles() []option {
	out := make([]option, len(customer.Roles))
	for i, r := range customer.Roles {
		out[i] = option{string(r), v.word("role." + string(r))}
	}
	return out
}

func intervals(lang string) []option {
	out := make([]option, len(customer.Intervals))
	for i, x := range customer.Intervals {
		out[i] = option{string(x), text.Say(lang, "console.customer.interval."+string(x))}
	}
	return out
}

func (v customerPageView) statuses() []option {
	var out []option
	for _, s := range customer.Statuses {
		out = append(out, option{string(s), text.Say(v.Lang, "console.subscription."+string(s))})
	}
	return out
}

// lookedAt is the version of the customer that the form was about.
func (v *visit) lookedAt() int64 {
	n, err := strconv.ParseInt(v.form.Get("version"), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// given is a field that a form may leave out.
func (v *visit) given(field string) *string {
	if !v.form.Has(field) {
		return nil
	}
	s := v.form.Get(field)
	return &s
}

func (v *visit) editCustomer(c customer.ID) error {
	_, err := v.App.EditCustomer(v.r.Context(), v.actor, app.CustomerPatch{
		Customer: c, Version: v.lookedAt(), Name: v.given("edit.name"), Segment: v.given("edit.segment"),
		Country: v.given("edit.country"), Region: v.given("edit.region"), Language: v.given("edit.language"),
	})
	return under("edit", err)
}

func (v *visit) external(c customer.ID) app.ExternalInput {
	return app.ExternalInput{Customer: c, System: v.form.Get("external.system"), Value: v.form.Get("external.value")}
}

func (v *visit) addExternal(c customer.ID) error {
	return under("external", v.App.AddExternalID(v.r.Context(), v.actor, v.external(c)))
}

func (v *visit) removeExternal(c customer.ID) error {
	return v.App.RemoveExternalID(v.r.Context(), v.actor, v.external(c))
}

func (v *visit) addContact(c customer.ID) error {
	_, err := v.App.AddContact(v.r.Context(), v.actor, app.ContactInput{
		Customer: c, Name: v.form.Get("contact.name"), Email: v.form.Get("contact.email"),
		Role: customer.Role(v.form.Get("contact.role")), Language: v.form.Get("contact.language"),
	})
	return under("contact", err)
}

func (v *visit) editContact(c customer.ID) error {
	return under("contact", v.App.EditContact(v.r.Context(), v.actor, app.ContactPatch{
		Customer: c, Contact: customer.ContactID(v.form.Get("thing")), Version: v.lookedAt(),
		Name: v.given("contact.name"), Email: v.given("contact.email"), Language: v.given("contact.language"),
		Role: (*customer.Role)(v.given("contact.role")),
	}))
}

func (v *visit) removeContact(c customer.ID) error {
	return v.App.RemoveContact(v.r.Context(), v.actor, app.ContactRemoval{
		Customer: c, Contact: customer.ContactID(v.form.Get("thing")), Version: v.lookedAt(),
	})
}

// readSubscription reads the form of a subscription, and what in it cannot be
// read.
func (v *visit) readSubscription() (in app.SubscriptionInput, wrong fault.List) {
	f := func(name string) string { return strings.TrimSpace(v.form.Get("subscription." + name)) }
	in = app.SubscriptionInput{
		Reference: f("reference"), Product: f("product"), Plan: f("plan"), Interval: customer.Interval(f("interval")), Status: customer.Status(f("status")),
		NotRenewed: f("not_renewed") == "yes",
	}
	var e *fault.Error
	if in.Amount, e = readAmount(v.lang, f("amount"), f("currency")); e != nil {
		wrong = append(wrong, e)
	}
	for name, day := range map[string]*when.Date{
		"start": &in.Start, "paid_until": &in.PaidUntil, "term_end": &in.TermEnd, "renews_on": &in.RenewsOn, "lock_in_until": &in.LockIn,
	} {
		if s := f(name); s != "" {
			var err error
			if *day, err = when.ParseDate(s); err != nil {
				wrong = append(wrong, fault.New(fault.Invalid, "date.unreadable").On(name))
			}
		}
	}
	if s := f("notice_days"); s != "" {
		var err error
		if in.NoticeDays, err = strconv.Atoi(s); err != nil {
			wrong = append(wrong, fault.New(fault.Invalid, "days.unreadable").On("notice_days"))
		}
	}
	terms, more := v.readTerms(in.Amount.Currency)
	in.Terms = terms
	return in, append(wrong, more...)
}

func (v *visit) addSubscription(c customer.ID) error {
	in, wrong := v.readSubscription()
	if len(wrong) > 0 && v.actor.May("customer") {
		return wrong.Under("subscription")
	}
	in.Customer = c
	_, err := v.App.AddSubscription(v.r.Context(), v.actor, in)
	return under("subscription", err)
}

// editSubscription changes a subscription to what its form says.
func (v *visit) editSubscription(c customer.ID) error {
	in, wrong := v.readSubscription()
	if len(wrong) > 0 && v.actor.May("customer") {
		return wrong.Under("subscription")
	}
	return under("subscription", v.App.EditSubscription(v.r.Context(), v.actor, app.SubscriptionPatch{
		Customer: c, Subscription: customer.SubscriptionID(v.form.Get("thing")), Version: v.lookedAt(), Reference: &in.Reference, Product: &in.Product,
		Plan: &in.Plan, Amount: &in.Amount, Interval: &in.Interval, Start: &in.Start, PaidUntil: &in.PaidUntil, TermEnd: &in.TermEnd,
		RenewsOn: &in.RenewsOn, LockIn: &in.LockIn, NoticeDays: &in.NoticeDays, NotRenewed: &in.NotRenewed, Status: &in.Status,
		Terms: patchTerms(in.Terms),
	}))
}

// attestGrant says that an access is closed, on a person's word.
func (v *visit) attestGrant(c customer.ID) error {
	return under("grant", v.App.AttestGrant(v.r.Context(), v.actor, app.GrantAttestation{
		Customer: c, Grant: customer.GrantID(v.form.Get("grant.id")), How: v.form.Get("grant.how"),
	}))
}

// decideGrant says whether an access that a system listed is the customer's.
func (v *visit) decideGrant(c customer.ID) error {
	return under("grant", v.App.DecideGrant(v.r.Context(), v.actor, app.GrantDecision{
		Customer: c, Grant: customer.GrantID(v.form.Get("grant.id")), Theirs: v.form.Get("grant.decision") == "theirs", Why: v.form.Get("grant.why"),
	}))
}

// readAmount reads a sum as it is written in the reader's language. What cannot
// be read is handed on as a sum that the checks refuse, with a fault that says
// it better where the currency is one.
func readAmount(lang, typed, currency string) (money.Amount, *fault.Error) {
	currency = strings.ToUpper(strings.TrimSpace(currency))
	digits, unknown := money.Digits(currency)
	amount, err := money.Parse(text.Decimal(lang, typed, digits), currency)
	switch {
	case err == nil:
		return amount, nil
	case unknown != nil:
		return money.Amount{Minor: -1, Currency: currency}, nil
	}
	return money.Amount{Minor: -1, Currency: currency}, fault.New(fault.Invalid, "amount.unreadable").On("amount")
}

// under names the fields of a fault as the form names them.
func under(form string, err error) error {
	if l := fault.Fields(err); len(l) > 0 {
		return fault.List(l).Under(form)
	}
	return err
}
