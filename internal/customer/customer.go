// Package customer holds who the customers are and what they have with the
// company: customers, contacts and subscriptions. It is pure data with its
// checks; it does not store, match or import anything.
package customer

import (
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"

	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/when"
)

// ID identifies a customer (cus_…).
type ID string

// ContactID identifies a contact (con_…).
type ContactID string

// SubscriptionID identifies a subscription (sub_…).
type SubscriptionID string

// Kind is whether a customer is one person or an organisation.
type Kind string

// The kinds of customer.
const (
	Person       Kind = "person"
	Organisation Kind = "organisation"
)

// Customer is a person or an organisation that has, or had, something with
// the company. Reference is the company's own number for it and is unique.
type Customer struct {
	ID        ID
	Kind      Kind
	Consumer  bool // protected as a consumer; a business customer otherwise
	Name      string
	Reference string
	Country   string // ISO 3166-1 alpha-2; empty if unknown
	Region    string // ISO 3166-2 without the country; empty if unknown
	Language  string // BCP 47; empty if unknown
	Segment   string
	CreatedAt time.Time
	TestBy    string // usr_… or key_… who made them for a rehearsal; empty: a real customer
	// Version grows with every change of the customer or of what people keep
	// about them: contacts, numbers, subscriptions, accesses.
	Version int64
}

// Place is where they live, as laws name it: ES, US-CA; empty if unknown.
func (c Customer) Place() string {
	if c.Country == "" || c.Region == "" {
		return c.Country
	}
	return c.Country + "-" + c.Region
}

// Test reports whether the customer was made up for a rehearsal. It is so from
// the first moment and for ever: what figures and proofs say never changes.
func (c Customer) Test() bool { return c.TestBy != "" }

// erasedReference begins the reference of somebody who was erased; the store
// writes it, and the ID follows.
const erasedReference = "erased:"

// Erased reports whether what was held about the customer was erased.
func (c Customer) Erased() bool { return c.Reference == erasedReference+string(c.ID) }

// ExternalID is the customer's number in another system of the company: the
// billing system, the CRM. A customer has any number of them; a number belongs
// to one customer.
type ExternalID struct {
	Customer ID
	System   string // stripe, salesforce, …
	Value    string
}

// Role is what a contact may do for the customer.
type Role string

// The roles of contacts.
const (
	Owner   Role = "owner"
	Billing Role = "billing"
	Admin   Role = "admin"
	User    Role = "user"
)

// Roles are all of them.
var Roles = []Role{Owner, Billing, Admin, User}

// Speaks reports whether the role may end contracts: its address is one on
// file.
func (r Role) Speaks() bool { return r == Owner || r == Billing || r == Admin }

// Contact is a person who speaks for a customer. Email is the address on
// file: a click from there proves who it is.
type Contact struct {
	ID       ContactID
	Customer ID
	Name     string
	Email    string
	Role     Role
	Language string
}

// Status is where a subscription stands, as far as we know.
type Status string

// The states of a subscription.
const (
	Active     Status = "active"
	Cancelling Status = "cancelling" // ends on a date; read back at the billing system
	Ended      Status = "ended"      // read back as ended at the billing system
)

// Statuses are all of them.
var Statuses = []Status{Active, Cancelling, Ended}

// Interval is how often a subscription is charged: what its price is for.
type Interval string

// The intervals.
const (
	Weekly     Interval = "week"
	Monthly    Interval = "month"
	Quarterly  Interval = "quarter"
	HalfYearly Interval = "half"
	Yearly     Interval = "year"
)

// Intervals are those that recur, the most frequent first.
var Intervals = []Interval{Weekly, Monthly, Quarterly, HalfYearly, Yearly}

// After returns the day that is n intervals after the date.
func (i Interval) After(d when.Date, n int) when.Date {
	if months := i.Months(); months > 0 {
		return d.AddMonths(months * n)
	}
	return d.AddDays(7 * n)
}

// Months is how many of them an interval has; 0 for one that is counted in days.
func (i Interval) Months() int {
	return map[Interval]int{Monthly: 1, Quarterly: 3, HalfYearly: 6, Yearly: 12}[i]
}

// Subscription is one contract: a product that is paid for again and again, or
// work that was agreed (Engagement). Reference is its number, of a product that
// at the billing system, and unique.
type Subscription struct {
	ID        SubscriptionID
	Customer  ID
	Reference string
	Product   string
	Plan      string
	Amount    money.Amount // per Interval
	Interval  Interval
	Start     when.Date
	PaidUntil when.Date // last day that is paid for; zero if unknown
	TermEnd   when.Date // last day of the agreed term; zero if open-ended
	RenewsOn  when.Date // day of the next renewal; zero if unknown
	Notice    int       // days of notice that the contract asks for
	LockIn    when.Date // last day of a lock-in; zero if none
	Status    Status

	// NotRenewed says that somebody agreed or announced that the contract ends
	// with its term; nothing is concluded from a term alone.
	NotRenewed bool

	Engagement Engagement // zero: a product
	Terms      Terms
}

// CheckText returns text as it may be stored: NFC, trimmed. Invalid UTF-8,
// NUL and other control characters (but line breaks and tabs where lines is
// set) are refused with field.text, and more than limit characters with
// field.too_long.
func CheckText(field, s string, limit int, lines bool) (string, *fault.Error) {
	if !utf8.ValidString(s) {
		return "", fault.New(fault.Invalid, "field.text").On(field)
	}
	for _, r := range s {
		if unicode.IsControl(r) && (!lines || r != '\n' && r != '\r' && r != '\t') {
			return "", fault.New(fault.Invalid, "field.text").On(field)
		}
	}
	s = strings.TrimSpace(norm.NFC.String(s))
	if utf8.RuneCountInString(s) > limit {
		return "", fault.New(fault.Invalid, "field.too_long", "max", limit).On(field)
	}
	return s, nil
}

// CheckEmail returns the address as typed, trimmed, if it is one plain
// address; otherwise field.required or field.email.
func CheckEmail(field, s string) (string, *fault.Error) {
	s, err := CheckText(field, s, 254, false)
	switch {
	case err != nil:
		return "", err
	case s == "":
		return "", fault.New(fault.Invalid, "field.required").On(field)
	}
	a, perr := mail.ParseAddress(s)
	if perr != nil || a.Name != "" || a.Address != s || !strings.Contains(s[strings.LastIndex(s, "@")+1:], ".") {
		return "", fault.New(fault.Invalid, "field.email").On(field)
	}
	return s, nil
}

// Tidy brings the customer's texts into the form in which they are stored and
// reports everything that is wrong with them.
func (c *Customer) Tidy() fault.List {
	l := tidy(text{"name", &c.Name}, text{"reference", &c.Reference}, text{"country", &c.Country}, text{"region", &c.Region}, text{"language", &c.Language}, text{"segment", &c.Segment})
	if c.Name == "" {
		l = append(l, fault.New(fault.Invalid, "field.required").On("name"))
	}
	if c.Kind != Person && c.Kind != Organisation {
		l = append(l, fault.New(fault.Invalid, "field.choice").On("kind"))
	}
	if c.Reference == "" {
		l = append(l, fault.New(fault.Invalid, "field.required").On("reference"))
	}
	if c.Country = strings.ToUpper(c.Country); c.Country != "" && !country(c.Country) {
		l = append(l, fault.New(fault.Invalid, "field.country").On("country"))
	}
	return append(l, languageOf("language", &c.Language)...)
}

// country reports whether the code is one of ISO 3166-1.
func country(code string) bool {
	r, err := language.ParseRegion(code)
	return err == nil && len(code) == 2 && r.IsCountry() && r.Canonicalize().String() == code
}

// languageOf writes a language as BCP 47 does.
func languageOf(field string, tag *string) fault.List {
	if *tag == "" {
		return nil
	}
	t, err := language.Parse(*tag)
	if err != nil {
		return fault.List{fault.New(fault.Invalid, "field.language").On(field)}
	}
	*tag = t.String()
	return nil
}

// text is one text of a record.
type text struct {
	field string
	value *string
}

// tidy stores each text as it may be stored, of at most 200 characters, and
// reports those that may not, by field.
func tidy(texts ...text) (l fault.List) {
	for _, t := range texts {
		clean, err := CheckText(t.field, *t.value, 200, false)
		if *t.value = clean; err != nil {
			l = append(l, err)
		}
	}
	return l
}

// Tidy does for a contact what it does for a customer.
func (c *Contact) Tidy() fault.List {
	l := tidy(text{"name", &c.Name}, text{"language", &c.Language})
	var err *fault.Error
	if c.Email, err = CheckEmail("email", c.Email); err != nil {
		l = append(l, err)
	}
	if !slices.Contains(Roles, c.Role) {
		l = append(l, fault.New(fault.Invalid, "field.choice").On("role"))
	}
	return append(l, languageOf("language", &c.Language)...)
}

// Tidy does for an external number what it does for a customer. The name of
// the system is in lower case.
func (x *ExternalID) Tidy() fault.List {
	x.System = strings.ToLower(x.System)
	l := tidy(text{"system", &x.System}, text{"value", &x.Value})
	if x.System == "" {
		l = append(l, fault.New(fault.Invalid, "field.required").On("system"))
	}
	if x.Value == "" {
		l = append(l, fault.New(fault.Invalid, "field.required").On("value"))
	}
	return l
}

// Tidy does for a subscription what it does for a customer.
func (s *Subscription) Tidy() fault.List {
	l := tidy(text{"reference", &s.Reference}, text{"product", &s.Product}, text{"plan", &s.Plan})
	if s.Reference == "" {
		l = append(l, fault.New(fault.Invalid, "field.required").On("reference"))
	}
	if s.Product == "" {
		l = append(l, fault.New(fault.Invalid, "field.required").On("product"))
	}
	if s.Amount.Minor < 0 {
		l = append(l, fault.New(fault.Invalid, "field.invalid").On("amount"))
	}
	if _, err := money.Digits(s.Amount.Currency); err != nil {
		l = append(l, fault.New(fault.Invalid, "field.currency").On("currency"))
	}
	l = append(l, s.Engagement.tidy()...)
	if s.Interval = s.Engagement.Interval(s.Interval); !s.Interval.Recurs() && (!s.Engaged() || s.Engagement.Kind == Retainer) {
		l = append(l, fault.New(fault.Invalid, "field.choice").On("interval"))
	}
	if !slices.Contains(Statuses, s.Status) {
		l = append(l, fault.New(fault.Invalid, "field.choice").On("status"))
	}
	if s.Start.IsZero() {
		l = append(l, fault.New(fault.Invalid, "field.required").On("start"))
	}
	for _, d := range []struct {
		field string
		day   when.Date
	}{{"paid_until", s.PaidUntil}, {"term_end", s.TermEnd}, {"renews_on", s.RenewsOn}, {"lock_in_until", s.LockIn}} {
		if !d.day.IsZero() && !s.Start.IsZero() && d.day.Before(s.Start) {
			l = append(l, fault.New(fault.Invalid, "date.before_start").On(d.field))
		}
	}
	if s.NotRenewed && s.TermEnd.IsZero() {
		l = append(l, fault.New(fault.Invalid, "field.required").On("term_end"))
	}
	if s.Notice < 0 || s.Notice > 3660 {
		l = append(l, fault.New(fault.Invalid, "field.invalid").On("notice_days"))
	}
	return append(l, s.Terms.tidy(s)...)
}

// OnTrial reports whether the day is one of the free ones of the contract.
func (s Subscription) OnTrial(day when.Date) bool {
	return !s.Terms.Trial.IsZero() && !s.Terms.Trial.Before(day)
}

// PaidThrough returns the last day that is paid for as of the date: PaidUntil
// where it is known and not past, else the last free day of a trial that runs, else the end of the running period counted
// from Start in whole intervals. What does not recur runs to its agreed end, or
// to the day itself where there is none or it is past.
func (s Subscription) PaidThrough(today when.Date) when.Date {
	if !s.PaidUntil.IsZero() && !s.PaidUntil.Before(today) {
		return s.PaidUntil
	}
	if s.OnTrial(today) {
		return s.Terms.Trial
	}
	if !s.Interval.Recurs() {
		if s.TermEnd.Before(today) {
			return today
		}
		return s.TermEnd
	}
	// Counting from Start, not from the last end, keeps the 31st the 31st.
	for n := 1; ; n++ {
		if end := s.Interval.After(s.Start, n).AddDays(-1); !end.Before(today) {
			return end
		}
	}
}
