package customer

import (
	"regexp"
	"slices"
	"strings"

	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

// EngagementKind is how work is agreed.
type EngagementKind string

// The kinds of engagement. A project is paid once, as a whole; a retainer is
// paid in every interval; hours are paid as they are worked.
const (
	Project  EngagementKind = "project"
	Retainer EngagementKind = "retainer"
	Hours    EngagementKind = "hours"
)

// EngagementKinds are all of them.
var EngagementKinds = []EngagementKind{Project, Retainer, Hours}

// Invoicing is when work is invoiced.
type Invoicing string

// The ways of invoicing.
const (
	Ahead      Invoicing = "ahead"    // before it is done
	Behind     Invoicing = "behind"   // after it was done
	OnDelivery Invoicing = "delivery" // when it is delivered
)

// Invoicings are all of them.
var Invoicings = []Invoicing{Ahead, Behind, OnDelivery}

// Engagement is what a contract is beside its price where work was agreed, not a
// product; zero: it is a subscription. Everything else of it is what it is of a
// subscription: it has a number, begins, may have an agreed end, and is left.
type Engagement struct {
	Kind   EngagementKind
	Billed Invoicing // empty: not agreed
}

// Once is what the price of a project is for, and Hourly what that of hours is:
// neither comes again by itself.
const (
	Once   Interval = "once"
	Hourly Interval = "hour"
)

// Prices are everything that a price can be for.
var Prices = append(slices.Clone(Intervals), Once, Hourly)

// Recurs reports whether what is paid is paid again in every interval.
func (i Interval) Recurs() bool { return slices.Contains(Intervals, i) }

// Interval is what the price is for: of a project and of hours there is one
// answer, of a retainer the one that is given.
func (e Engagement) Interval(given Interval) Interval {
	switch e.Kind {
	case Project:
		return Once
	case Hours:
		return Hourly
	}
	return given
}

// tidy reports what is wrong with the engagement.
func (e Engagement) tidy() (l fault.List) {
	if e.Kind != "" && !slices.Contains(EngagementKinds, e.Kind) {
		l = append(l, fault.New(fault.Invalid, "field.choice").On("engagement"))
	}
	if e.Billed != "" && (e.Kind == "" || !slices.Contains(Invoicings, e.Billed)) {
		l = append(l, fault.New(fault.Invalid, "field.choice").On("billed"))
	}
	return l
}

// Engaged reports whether work was agreed, not a product.
func (s Subscription) Engaged() bool { return s.Engagement.Kind != "" }

// DeliverableID identifies a deliverable (del_…).
type DeliverableID string

// Deliverable is something that was promised within an engagement.
type Deliverable struct {
	ID           DeliverableID
	Customer     ID
	Subscription SubscriptionID // the engagement
	Title        string
	Due          when.Date // zero: no day was promised
	Delivered    when.Date // zero: not yet
	Piece        Piece     // as it was delivered
}

// Piece is which one of a thing it is that somebody has: a file, an image, a text.
type Piece struct {
	Version string // as whoever made it calls it
	Format  string // pdf, figma …
	SHA256  string // of its bytes, in lower-case hexadecimal; empty: it has none
}

// sum is what a SHA-256 looks like.
var sum = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Tidy does for a piece what it does for a customer.
func (p *Piece) Tidy() fault.List {
	l := tidy(text{"version", &p.Version}, text{"format", &p.Format}, text{"sha256", &p.SHA256})
	p.Format = strings.ToLower(p.Format)
	p.SHA256 = strings.ToLower(strings.ReplaceAll(p.SHA256, " ", ""))
	if p.SHA256 != "" && !sum.MatchString(p.SHA256) {
		l = append(l, fault.New(fault.Invalid, "piece.sha256").On("sha256"))
	}
	return l
}

// Tidy does for a deliverable what it does for a customer.
func (d *Deliverable) Tidy() fault.List {
	l := tidy(text{"title", &d.Title})
	if d.Title == "" {
		l = append(l, fault.New(fault.Invalid, "field.required").On("title"))
	}
	return append(l, d.Piece.Tidy()...)
}

// Late reports whether it was promised for a day before this one and is not
// there.
func (d Deliverable) Late(today when.Date) bool {
	return d.Delivered.IsZero() && !d.Due.IsZero() && d.Due.Before(today)
}
