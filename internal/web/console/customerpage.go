package console

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
	"hastaluego/internal/when"
)

// customerPageView is one customer with everything that they have.
type customerPageView struct {
	Lang                      string
	Zone                      *time.Location
	ID, Name, Reference, Kind string
	Facts                     [][2]string
	Was                       map[string]string // what the form about them begins with
	External                  []customer.ExternalID
	Version                   string
	Contacts                  []thingRow
	Lines                     [][]string
	Contracts                 []option   // that something can have been used of
	Changeable                []thingRow // the same, with what their forms begin with
	Engagements               []engagementRow
	Added                     bool // they were just typed
	Grants, Assets            [][]string
	GrantSum                  string     // how many there are of each state
	Things                    []thingRow // the assets, to be changed
	Promises                  bool       // complaints and commitments may be read
	Open                      []option   // grants that are not closed
	Found                     []option   // accesses that a system lists and nobody decided about
	Balances                  []balanceRow
	Sums                      []string
	Cases                     []caseLink
	Copies                    []copyRow
	Pushed                    []pushedRow // by programs
	Active                    bool
	May, MayMoney, MayCase    bool
	Who, WhoMoney, WhoCase    string
	Typed, Errors             map[string]string
	Form                      string // the form that was refused
	Changed                   bool   // because somebody else was faster
	Risk                      *riskView
	Worth                     *worthView
	Effort                    *effortView
	Currency                  string // that they pay in, or most others do
	Test                      *testView
}

type balanceRow struct {
	ID, Reference, Kind, About, Counted, Amount, Due, Status string
	Open                                                     bool
}

// grantStates are the states of accesses: first what is to be decided about, then
// what is open.
var grantStates = []customer.GrantStatus{customer.Orphan, customer.Granted, customer.ReadOnly, customer.Revoked, customer.Foreign}

// accountOf is the account of an access, with what it needs.
func (v customerPageView) accountOf(g customer.Grant) string {
	if len(g.DependsOn) == 0 {
		return g.Account
	}
	return v.word("grant.needs", "name", g.Account, "names", strings.Join(g.DependsOn, ", "))
}

// grantSum says how many accesses there are of each state.
func (v customerPageView) grantSum(list []customer.Grant) string {
	var parts []string
	for _, s := range grantStates {
		n := 0
		for _, g := range list {
			if g.Status == s {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, v.word("grant.status."+string(s))+": "+strconv.Itoa(n))
		}
	}
	return strings.Join(parts, " · ")
}

type caseLink struct{ ID, Code, When, State string }

func (v customerPageView) word(code string, args ...any) string {
	return text.Say(v.Lang, "console.customer."+code, args...)
}

// begun is a required control that begins with a value.
func (v customerPageView) begun(name, value string) control {
	c := v.field(name, true)
	if c.Value == "" && v.Errors[name] == "" {
		c.Value = value
	}
	return c
}

// field is one control of the form with the name.
func (v customerPageView) field(name string, required bool) control {
	c := control{ID: strings.ReplaceAll(name, ".", "-"), Name: name, Label: v.word(name), Value: v.Typed[name], Error: v.Errors[name], Required: required}
	if hint := "console.customer." + name + ".hint"; text.Known(v.Lang, hint) {
		c.Hint = text.Say(v.Lang, hint)
	}
	switch name {
	case "balance.due_on", "balance.from", "balance.until", "subscription.start", "subscription.paid_until", "subscription.term_end", "subscription.renews_on", "subscription.lock_in_until", "received", "unpaid.ends_on", "engagement.start", "engagement.end", "deliverable.due", "asset.renews_on",
		"subscription.trial_until", "subscription.minimum_until", "subscription.exit_fee_from", "effort.day":
		c.Kind = "date"
	case "contact.email":
		c.Kind = "email"
	}
	return c
}

func (v customerPageView) options(prefix string, values ...string) []option {
	out := make([]option, len(values))
	for i, x := range values {
		out[i] = option{x, v.word(prefix + "." + x)}
	}
	return out
}

func (v *visit) customer() error { return v.customerPage(http.StatusOK, "", "", nil, nil) }

func (v *visit) customerPage(status int, problem, form string, typed, errs map[string]string) error {
	p, err := v.App.OpenCustomer(v.r.Context(), v.actor, customer.ID(v.r.PathValue("id")))
	if err != nil {
		return err
	}
	v.show(status, "customers", p.Customer.Name, problem, customerPage(v.viewCustomerPage(p, form, typed, errs)))
	return nil
}

func (v *visit) viewCustomerPage(p app.CustomerPage, form string, typed, errs map[string]string) customerPageView {
	c := p.Customer
	cv := customerPageView{
		Lang: v.lang, Zone: v.zone(), ID: string(c.ID), Name: c.Name, Reference: c.Reference, Kind: known(v.lang, "console.customer.kind."+string(c.Kind), ""),
		May: v.actor.May("customer"), Who: whoMay(v.lang, "customer"), MayMoney: v.actor.May("statement"), WhoMoney: whoMay(v.lang, "statement"),
		MayCase: v.actor.May("request"), WhoCase: whoMay(v.lang, "request"), Typed: typed, Errors: errs, Form: form, Currency: p.Currency,
		Version: strconv.FormatInt(c.Version, 10), External: p.External, Promises: v.actor.MayRead("complaint"),
		Was: map[string]string{"edit.name": c.Name, "edit.segment": c.Segment, "edit.country": c.Country, "edit.region": c.Region, "edit.language": c.Language},
	}
	// A version that is not the one that was typed about is why it was refused.
	cv.Changed = typed["version"] != "" && typed["version"] != cv.Version
	day := func(d when.Date) string {
		if d.IsZero() {
			return ""
		}
		return text.LongDate(v.lang, d)
	}
	for _, f := range [][2]string{{"country", c.Country}, {"region", c.Region}, {"language", known(v.lang, "lang."+c.Language, c.Language)}, {"segment", c.Segment}} {
		if f[1] != "" {
			cv.Facts = append(cv.Facts, [2]string{cv.word(f[0]), f[1]})
		}
	}
	if c.Test() {
		cv.Test = &testView{Lang: v.lang, ID: cv.ID, May: cv.May, Who: cv.Who}
	} else if p.Risk != nil {
		r := v.viewCustomerRisk(*p.Risk)
		cv.Risk = &r
	}
	if p.Value != nil && !c.Test() {
		w := v.viewWorth(c.ID, *p.Value)
		cv.Worth = &w
	}
	if v.actor.MayRead("effort") {
		e := v.viewEffort(p.Effort, p.Today)
		cv.Effort = &e
	}
	for _, x := range p.Contacts {
		cv.Contacts = append(cv.Contacts, viewContact(x))
	}
	cv.Added = v.r.URL.Query().Get("added") != ""
	for _, x := range p.Lines {
		if x.Status != customer.Ended {
			cv.Active = true
		}
		if x.Engaged() {
			cv.Engagements = append(cv.Engagements, cv.engagement(x, p.Promised, p.Today))
			continue
		}
		until := day(x.PaidUntil)
		if !x.TermEnd.IsZero() {
			until = day(x.TermEnd)
		}
		cv.Lines = append(cv.Lines, []string{lineName(x.Product, planNow(x, p.Today), x.Reference), cv.priceNow(x, p.Today), day(x.Start), until, known(v.lang, "console.subscription."+string(x.Status), string(x.Status))})
		cv.Changeable = append(cv.Changeable, cv.line(x))
		cv.Contracts = append(cv.Contracts, option{x.Reference, lineName(x.Product, x.Plan, x.Reference)})
	}
	slices.SortStableFunc(p.Grants, func(a, b customer.Grant) int {
		return slices.Index(grantStates, a.Status) - slices.Index(grantStates, b.Status)
	})
	cv.GrantSum = cv.grantSum(p.Grants)
	for _, x := range p.Grants {
		cv.Grants = append(cv.Grants, []string{x.System, cv.accountOf(x), cv.word("grant.kind." + x.Kind), cv.grantState(x, p.Known)})
		switch x.Status {
		case customer.Orphan:
			cv.Found = append(cv.Found, option{string(x.ID), x.Name()})
		case customer.Granted, customer.ReadOnly:
			cv.Open = append(cv.Open, option{string(x.ID), x.Name()})
		}
	}
	for _, x := range p.Assets {
		cv.Assets = append(cv.Assets, []string{x.Reference, x.Name, cv.shown("asset.kind", x.Kind), x.Location, cv.shown("asset.owner", string(x.Owner)), renewalWords(v.lang, x)})
		cv.Things = append(cv.Things, thingRow{string(x.ID), x.Name + " (" + x.Reference + ")", map[string]string{
			"asset.reference": x.Reference, "asset.name": x.Name, "asset.kind": x.Kind, "asset.location": x.Location,
			"asset.owner": string(x.Owner), "asset.renews_on": x.RenewsOn.String(), "asset.renewal_amount": text.Typed(v.lang, x.Renewal),
			"asset.renewal_currency": x.Renewal.Currency, "asset.payer": string(x.Payer),
		}})
	}
	owed := map[string]money.Amount{}
	for _, x := range p.Balances {
		cv.Balances = append(cv.Balances, balanceRow{
			string(x.ID), x.Reference, text.Say(v.lang, "balance."+string(x.Kind)), x.About, cv.counted(x), text.Money(v.lang, x.Amount), day(x.DueOn),
			cv.word("balance.status." + string(x.Status)), x.Status == customer.Due,
		})
		if x.Status == customer.Due {
			sum := x.Owed()
			sum.Minor += owed[sum.Currency].Minor
			owed[sum.Currency] = sum
		}
	}
	for _, currency := range slices.Sorted(maps.Keys(owed)) {
		sum, code := owed[currency], "balance.we_owe"
		if sum.Minor < 0 {
			sum, code = sum.Neg(), "balance.they_owe"
		}
		cv.Sums = append(cv.Sums, cv.word(code, "amount", text.Money(v.lang, sum)))
	}
	for _, x := range p.Cases {
		cv.Cases = append(cv.Cases, caseLink{string(x.ID), x.Code, text.ShortInstant(v.lang, x.RequestedAt, v.zone()), caseBadge(v.lang, x).Word})
	}
	for _, x := range p.Copies {
		cv.Copies = append(cv.Copies, v.viewCopy(x, p.Users, form, typed, errs))
	}
	for _, x := range p.Pushed {
		cv.Pushed = append(cv.Pushed, v.viewPushed(x))
	}
	return cv
}

// inventoryForms read what was typed and call their verb.
var inventoryForms = map[string]func(*visit, customer.ID) error{
	"grant": func(v *visit, c customer.ID) error {
		var needs []string
		for n := range strings.SplitSeq(v.form.Get("grant.depends_on"), ",") {
			if n = strings.TrimSpace(n); n != "" {
				needs = append(needs, n)
			}
		}
		_, err := v.App.AddGrant(v.r.Context(), v.actor, customer.Grant{
			Customer: c, System: v.form.Get("grant.system"), Account: v.form.Get("grant.account"), Kind: v.form.Get("grant.kind"), DependsOn: needs, Ours: v.form.Get("grant.ours") == "1",
		})
		return err
	},
	"asset": func(v *visit, c customer.ID) error {
		x, wrong := v.readAsset()
		if len(wrong) > 0 && v.actor.May("customer") {
			return wrong.Under("asset")
		}
		x.Customer = c
		_, err := v.App.AddAsset(v.r.Context(), v.actor, x)
		return err
	},
	"asset_edit": func(v *visit, c customer.ID) error {
		x, wrong := v.readAsset()
		if len(wrong) > 0 && v.actor.May("customer") {
			return wrong.Under("asset")
		}
		return v.App.EditAsset(v.r.Context(), v.actor, app.AssetPatch{
			Customer: c, Asset: customer.AssetID(v.form.Get("thing")), Version: v.lookedAt(), Reference: &x.Reference, Name: &x.Name, Kind: &x.Kind,
			Location: &x.Location, Owner: &x.Owner, RenewsOn: &x.RenewsOn, Renewal: &x.Renewal, Payer: &x.Payer,
		})
	},
	"balance": func(v *visit, c customer.ID) error {
		currency := strings.ToUpper(strings.TrimSpace(v.form.Get("balance.currency")))
		digits, _ := money.Digits(currency)
		amount, err := money.Parse(text.Decimal(v.lang, v.form.Get("balance.amount"), digits), currency)
		if err != nil {
			return fault.New(fault.Invalid, "amount.unreadable").On("balance.amount")
		}
		b := customer.Balance{Customer: c, Reference: v.form.Get("balance.reference"), Kind: customer.BalanceKind(v.form.Get("balance.kind")), About: v.form.Get("balance.about"), Amount: amount, PayURL: v.form.Get("balance.pay_url")}
		if tax := strings.TrimSpace(v.form.Get("balance.tax_amount")); tax != "" {
			sum, e := readAmount(v.lang, tax, currency)
			if e != nil {
				return e.On("balance.tax_amount")
			}
			b.Tax = sum.Minor
		}
		for field, day := range map[string]*when.Date{"balance.due_on": &b.DueOn, "balance.from": &b.Billed.From, "balance.until": &b.Billed.Until} {
			if s := strings.TrimSpace(v.form.Get(field)); s != "" {
				if *day, err = when.ParseDate(s); err != nil {
					return fault.New(fault.Invalid, "date.unreadable").On(field)
				}
			}
		}
		var wrong *fault.Error
		if b.Billed.Contracts, wrong = customer.ParseShares(v.form.Get("balance.contracts")); wrong != nil {
			return wrong.On("balance.contracts")
		}
		b.Status = customer.BalanceStatus(v.form.Get("balance.status"))
		_, err = v.App.AddBalance(v.r.Context(), v.actor, b)
		return err
	},
	"use":             (*visit).addUse,
	"edit":            (*visit).editCustomer,
	"external":        (*visit).addExternal,
	"external_remove": (*visit).removeExternal,
	"contact":         (*visit).addContact,
	"contact_edit":    (*visit).editContact,
	"contact_remove":  (*visit).removeContact,
	"subscription":    (*visit).addSubscription,
	"engagement":      (*visit).addEngagement,
	"engagement_edit": (*visit).editEngagement,
	"deliverable":     (*visit).addDeliverable,

	"deliverable_done": (*visit).deliver,

	"subscription_edit": (*visit).editSubscription,
	"grant_attest":      (*visit).attestGrant,
	"grant_decide":      (*visit).decideGrant,
	"settle": func(v *visit, c customer.ID) error {
		return v.App.SettleBalance(v.r.Context(), v.actor, c, customer.BalanceID(v.form.Get("balance")), customer.BalanceStatus(v.form.Get("status")))
	},
}

// addToInventory serves the forms of the customer page.
func (v *visit) addToInventory() error {
	form := v.r.PathValue("form")
	add, ok := inventoryForms[form]
	if !ok {
		return fault.New(fault.NotFound, "not_found")
	}
	return v.customerDone(add(v, customer.ID(v.r.PathValue("id"))), form)
}

// customerDone goes back to the customer, or shows them with what was typed
// and what is wrong with it.
func (v *visit) customerDone(err error, form string) error {
	if err == nil {
		section, _, _ := strings.Cut(form, "_")
		if section == "deliverable" { // they stand with their engagement
			section = "engagement"
		}
		v.to("/console/customers/" + v.r.PathValue("id") + "#" + section)
		return nil
	}
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Conflict, fault.Blocked, fault.Forbidden:
	default:
		return err
	}
	typed := map[string]string{}
	for name := range v.form {
		typed[name] = v.form.Get(name)
	}
	return v.customerPage(web.Status(err), v.worded(err), form, typed, text.FieldErrors(v.lang, err))
}

// onBehalf registers a departure that a customer asked for by phone, letter or
// in person.
func (v *visit) onBehalf() error {
	received, err := v.day("received")
	if err != nil {
		return v.customerDone(err, "behalf")
	}
	c, err := v.App.RegisterOnBehalf(v.r.Context(), v.actor, app.BehalfInput{
		Customer: customer.ID(v.r.PathValue("id")), Channel: v.form.Get("channel"), Reference: v.form.Get("reference"), Received: received,
		When: v.form.Get("when"), Act: v.form.Get("act"), Proof: v.form.Get("proof"),
	})
	if err == nil {
		v.to("/console/cases/" + string(c))
		return nil
	}
	return v.customerDone(err, "behalf")
}

// grantState says how an access stands, how that is known where a departure closed
// it, and whose it is where it is ours.
func (v customerPageView) grantState(g customer.Grant, known map[customer.GrantID]app.AccessStand) string {
	state := v.word("grant.status." + string(g.Status))
	s, is := known[g.ID]
	closed := g.Status == customer.Revoked && s.How.Closed()
	if is && g.Status == customer.ReadOnly && s.How == app.AccessReading {
		state = v.word("grant.known.reading", "date", text.LongDate(v.Lang, s.Until))
	} else if is && (closed || g.Status == customer.Granted && s.How == app.AccessAgain) {
		code := "grant.known." + string(s.How)
		if s.At.IsZero() {
			code += ".undated"
		}
		state = v.word(code, "date", text.LongDate(v.Lang, when.DateOf(s.At, v.Zone)))
	}
	if g.Ours {
		state += ", " + v.word("grant.ours.mark")
	}
	return state
}
