// Package customer holds who the customers are and what they have with the
// company: customers, contacts and subscriptions. It is pure data with its
// checks; it does not store, match or import anything.
package customer

import (
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
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

// Interval is how often a subscription is charged.
type Interval string

// The intervals.
const (
	Monthly Interval = "month"
	Yearly  Interval = "year"
)

// Subscription is one contract that renews. Reference is its number at the
// billing system and unique.
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
}

// Fold makes text comparable for search: without accents, case or surrounding
// space, on every database alike.
func Fold(s string) string {
	s = norm.NFKD.String(strings.TrimSpace(s))
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(cases.Fold().String(s)), " ")
}

// FoldEmail makes addresses comparable: trimmed, NFC, lower case.
func FoldEmail(s string) string {
	return strings.ToLower(norm.NFC.String(strings.TrimSpace(s)))
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

// Check reports everything that is wrong with the customer.
func (c Customer) Check() fault.List {
	var l fault.List
	if c.Name == "" {
		l = append(l, fault.New(fault.Invalid, "field.required").On("name"))
	}
	if c.Kind != Person && c.Kind != Organisation {
		l = append(l, fault.New(fault.Invalid, "field.choice").On("kind"))
	}
	if c.Reference == "" {
		l = append(l, fault.New(fault.Invalid, "field.required").On("reference"))
	}
	return l
}

// Check reports everything that is wrong with the subscription.
func (s Subscription) Check() fault.List {
	var l fault.List
	if s.Reference == "" {
		l = append(l, fault.New(fault.Invalid, "field.required").On("subscription_reference"))
	}
	if s.Product == "" {
		l = append(l, fault.New(fault.Invalid, "field.required").On("product"))
	}
	if s.Amount.Minor < 0 {
		l = append(l, fault.New(fault.Invalid, "field.invalid").On("amount"))
	}
	if _, err := money.Digits(s.Amount.Currency); err != nil {
		l = append(l, fault.New(fault.Invalid, "field.invalid").On("currency"))
	}
	if s.Interval != Monthly && s.Interval != Yearly {
		l = append(l, fault.New(fault.Invalid, "field.choice").On("interval"))
	}
	if s.Start.IsZero() {
		l = append(l, fault.New(fault.Invalid, "field.required").On("start"))
	}
	if s.Notice < 0 || s.Notice > 3660 {
		l = append(l, fault.New(fault.Invalid, "field.invalid").On("notice_days"))
	}
	return l
}

// PaidThrough returns the last day that is paid for as of the date: PaidUntil
// where it is known and not past, else the end of the running period counted
// from Start in whole intervals.
func (s Subscription) PaidThrough(today when.Date) when.Date {
	if !s.PaidUntil.IsZero() && !s.PaidUntil.Before(today) {
		return s.PaidUntil
	}
	step := 1
	if s.Interval == Yearly {
		step = 12
	}
	// Counting from Start, not from the last end, keeps the 31st the 31st.
	for n := step; ; n += step {
		if end := s.Start.AddMonths(n).AddDays(-1); !end.Before(today) {
			return end
		}
	}
}
