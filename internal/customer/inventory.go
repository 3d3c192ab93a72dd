package customer

import (
	"net/url"
	"slices"
	"strings"
	"unicode"

	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/when"
)

// GrantID identifies a grant (gra_…).
type GrantID string

// AssetID identifies an asset (ast_…).
type AssetID string

// BalanceID identifies a balance (bal_…).
type BalanceID string

// GrantStatus is whether an access works, as far as we know.
type GrantStatus string

// The states of a grant.
const (
	Granted  GrantStatus = "active"
	ReadOnly GrantStatus = "read_only" // it still lets in to read what is to be fetched, and can change nothing
	Orphan   GrantStatus = "found"     // a system lists it, nobody had it here, and nobody has decided about it
	Foreign  GrantStatus = "foreign"   // looked at: not the customer's
	Revoked  GrantStatus = "revoked"   // read back as closed, or attested by a person
)

// GrantKinds are what an access can be.
var GrantKinds = []string{"login", "group", "role", "api_key", "token", "oauth_grant", "sso_link", "drive", "webhook", "device", "physical", "other"}

// Grant is one access: an account at a system. System and Account together
// name it; DependsOn are the names (system/account) of grants that it needs,
// so that it is closed before they are.
type Grant struct {
	ID        GrantID
	Customer  ID
	System    string // name in systems.yaml, or of any other place
	Account   string
	Kind      string
	DependsOn []string
	Status    GrantStatus
	Ours      bool // held by our own people at the client's systems: it goes last, after the handover
}

// Open reports whether it lets in, as far as we know, be it to read alone.
func (g Grant) Open() bool { return g.Status == Granted || g.Status == ReadOnly }

// Theirs are those that the customer holds.
func Theirs(grants []Grant) []Grant {
	return slices.DeleteFunc(slices.Clone(grants), func(g Grant) bool { return g.Ours })
}

// OfOurs are those that our own people hold.
func OfOurs(grants []Grant) []Grant {
	return slices.DeleteFunc(slices.Clone(grants), func(g Grant) bool { return !g.Ours })
}

// Name is how other grants depend on this one.
func (g Grant) Name() string { return g.System + "/" + g.Account }

// Tidy brings the texts into the form in which they are stored and reports
// everything that is wrong with the grant.
func (g *Grant) Tidy() fault.List {
	l := tidy(text{"system", &g.System}, text{"account", &g.Account})
	for i := range g.DependsOn {
		l = append(l, tidy(text{"depends_on", &g.DependsOn[i]})...)
	}
	if g.System == "" {
		l = append(l, fault.New(fault.Invalid, "field.required").On("system"))
	}
	if g.Account == "" {
		l = append(l, fault.New(fault.Invalid, "field.required").On("account"))
	}
	if !slices.Contains(GrantKinds, g.Kind) {
		l = append(l, fault.New(fault.Invalid, "field.choice").On("kind"))
	}
	if slices.Contains(g.DependsOn, g.Name()) {
		l = append(l, fault.New(fault.Invalid, "grant.depends_on_itself").On("depends_on"))
	}
	return l
}

// RevocationOrder sorts grants so that each comes before those that it needs:
// the order in which they are closed. Grants that need each other in a circle
// come last, as given.
func RevocationOrder(grants []Grant) []Grant {
	needed := map[string]int{} // how many open grants need it
	for _, g := range grants {
		for _, d := range g.DependsOn {
			needed[d]++
		}
	}
	rest, out := slices.Clone(grants), make([]Grant, 0, len(grants))
	for len(rest) > 0 {
		i := slices.IndexFunc(rest, func(g Grant) bool { return needed[g.Name()] == 0 })
		if i < 0 {
			return append(out, rest...)
		}
		g := rest[i]
		rest = slices.Delete(rest, i, i+1)
		for _, d := range g.DependsOn {
			needed[d]--
		}
		out = append(out, g)
	}
	return out
}

// Asset is a thing of the customer, or of ours, that changes hands when they
// leave: a site, a domain, a router.
type Asset struct {
	ID        AssetID
	Customer  ID
	Reference string // unique per customer
	Kind      string
	Name      string
	Location  string
	Owner     Ownership
	RenewsOn  when.Date    // of a domain, a certificate, a licence; zero: it does not, or nobody knows
	Renewal   money.Amount // what renewing it costs; without a currency nobody knows
	Payer     Payer        // of the renewal
}

// Ownership is whose a thing is. Empty: nobody said, and then it is the
// customer's.
type Ownership string

// The kinds of ownership.
const (
	OwnerClient Ownership = "client"      // the customer brought it, or it is theirs
	OwnerThird  Ownership = "third_party" // the customer pays for it at somebody else's
	OwnerHouse  Ownership = "ours"        // a work of ours that the contract has not transferred yet
)

// Ownerships are all of them.
var Ownerships = []Ownership{OwnerClient, OwnerThird, OwnerHouse}

// Payer is who pays a renewal when it comes. Empty: nobody said.
type Payer string

// The payers.
const (
	PayerClient Payer = "client"
	PayerHouse  Payer = "ours"
	PayerOther  Payer = "other"
)

// Payers are all of them.
var Payers = []Payer{PayerClient, PayerHouse, PayerOther}

// Renewals are the things that have to be renewed, the first one first.
func Renewals(assets []Asset) []Asset {
	list := slices.DeleteFunc(slices.Clone(assets), func(a Asset) bool { return a.RenewsOn.IsZero() })
	slices.SortStableFunc(list, func(x, y Asset) int { return strings.Compare(x.RenewsOn.String(), y.RenewsOn.String()) })
	return list
}

// Tidy does for an asset what it does for a grant.
func (a *Asset) Tidy() fault.List {
	l := tidy(text{"reference", &a.Reference}, text{"kind", &a.Kind}, text{"name", &a.Name}, text{"location", &a.Location})
	if a.Reference == "" {
		l = append(l, fault.New(fault.Invalid, "field.required").On("reference"))
	}
	if a.Name == "" {
		l = append(l, fault.New(fault.Invalid, "field.required").On("name"))
	}
	if a.Owner != "" && !slices.Contains(Ownerships, a.Owner) {
		l = append(l, fault.New(fault.Invalid, "field.choice").On("owner"))
	}
	return append(l, a.tidyRenewal()...)
}

// tidyRenewal reports what is wrong with the renewal of an asset: a cost or a
// payer says nothing without its day.
func (a *Asset) tidyRenewal() (l fault.List) {
	if a.Payer != "" && !slices.Contains(Payers, a.Payer) {
		l = append(l, fault.New(fault.Invalid, "field.choice").On("payer"))
	}
	if a.Renewal.Minor == 0 { // no cost, or none that is known
		a.Renewal.Currency = ""
	} else if _, err := money.Digits(a.Renewal.Currency); err != nil {
		l = append(l, fault.New(fault.Invalid, "field.currency").On("renewal_currency"))
	}
	if a.Renewal.Minor < 0 {
		l = append(l, fault.New(fault.Invalid, "field.invalid").On("renewal_amount"))
	}
	if a.RenewsOn.IsZero() && (a.Renewal.Minor != 0 || a.Payer != "") {
		l = append(l, fault.New(fault.Invalid, "asset.renews_on").On("renews_on"))
	}
	return l
}

// BalanceKind is what a sum is for, and who owes it.
type BalanceKind string

// The kinds of balance. The customer owes invoices, fees and use; we owe the
// others.
const (
	Invoice BalanceKind = "invoice"
	Fee     BalanceKind = "fee"
	Credit  BalanceKind = "credit"
	Deposit BalanceKind = "deposit"
	Refund  BalanceKind = "refund"
	Usage   BalanceKind = "usage" // was used and is not billed yet
)

// BalanceKinds are all of them.
var BalanceKinds = []BalanceKind{Invoice, Fee, Usage, Credit, Deposit, Refund}

// BalanceStatus is whether a sum is still open.
type BalanceStatus string

// The states of a balance.
const (
	Due        BalanceStatus = "open"
	Paid       BalanceStatus = "paid"
	Void       BalanceStatus = "void"        // it was wrong: nobody owed it
	WrittenOff BalanceStatus = "written_off" // it was owed, and two people of the company let it go
)

// Balance is one recorded sum between the customer and the company.
type Balance struct {
	ID        BalanceID
	Customer  ID
	Reference string // unique: number of the invoice
	Kind      BalanceKind
	About     string
	Amount    money.Amount // with its tax; never negative, Kind says who owes it
	Tax       int64        // within Amount; 0 if unknown
	DueOn     when.Date    // zero if unknown
	Status    BalanceStatus
	Used      Used   // of Usage
	Billed    Billed // of Invoice and Credit
	PayURL    string // https: where the customer can pay it; empty: nowhere that is known
}

// Owed is the sum as the statement adds it: what we owe is positive, what the
// customer owes negative.
func (b Balance) Owed() money.Amount {
	if b.Kind == Invoice || b.Kind == Fee || b.Kind == Usage {
		return b.Amount.Neg()
	}
	return b.Amount
}

// PayPart takes so much, which is less than all of it, off what is open: paid is
// that part under a number of its own, left is what stays open. Use is told by its
// sum alone from then on.
func (b Balance) PayPart(minor int64, id BalanceID, reference string) (paid, left Balance) {
	paid, left = b, b
	paid.ID, paid.Reference, paid.Status, paid.PayURL = id, reference, Paid, ""
	paid.Amount.Minor, left.Amount.Minor = minor, b.Amount.Minor-minor
	taxes := money.Amount{Minor: b.Tax}.Split([]uint64{uint64(max(0, minor)), uint64(max(0, left.Amount.Minor))})
	paid.Tax, left.Tax = taxes[0].Minor, taxes[1].Minor
	if b.Kind == Usage {
		for _, x := range []*Balance{&paid, &left} {
			x.Used = Used{Contract: b.Used.Contract, Quantity: 1, Unit: b.Used.Unit, Per: 1, Price: x.Amount.Minor, Tax: Tax{Rate: b.Used.Tax.Rate}}
			_, x.Tax, _ = x.Used.whole()
		}
	}
	return paid, left
}

// Unpaid reports whether the customer owes it.
func (b Balance) Unpaid() bool { return b.Status == Due && b.Owed().Minor < 0 }

// mostURL is how long the address of a page to pay at may be.
const mostURL = 2000

// payable reports whether an address may be shown to a customer as the place to
// pay at: https, with a host and nobody's credential in it.
func payable(address string) bool {
	u, err := url.Parse(address)
	return err == nil && len(address) <= mostURL && u.Scheme == "https" && u.Hostname() != "" && u.User == nil && u.Opaque == "" && !strings.ContainsFunc(address, unicode.IsControl)
}

// Tidy does for a balance what it does for a grant.
func (b *Balance) Tidy() fault.List {
	l := tidy(text{"reference", &b.Reference}, text{"about", &b.About})
	if b.PayURL = strings.TrimSpace(b.PayURL); b.PayURL != "" && !payable(b.PayURL) {
		l = append(l, fault.New(fault.Invalid, "balance.pay_url").On("pay_url"))
	}
	if b.Reference == "" {
		l = append(l, fault.New(fault.Invalid, "field.required").On("reference"))
	}
	if !slices.Contains(BalanceKinds, b.Kind) {
		l = append(l, fault.New(fault.Invalid, "field.choice").On("kind"))
	}
	if b.Amount.Minor < 0 {
		l = append(l, fault.New(fault.Invalid, "field.invalid").On("amount"))
	}
	if _, err := money.Digits(b.Amount.Currency); err != nil {
		l = append(l, fault.New(fault.Invalid, "field.currency").On("currency"))
	}
	l = append(l, b.tidyBilled()...)
	if l = append(l, b.tidyUse()...); b.Tax < 0 || b.Tax > max(0, b.Amount.Minor) {
		l = append(l, fault.New(fault.Invalid, "balance.tax").On("tax_amount"))
	}
	if !slices.Contains([]BalanceStatus{Due, Paid, Void, WrittenOff}, b.Status) {
		l = append(l, fault.New(fault.Invalid, "field.choice").On("status"))
	}
	return l
}
