package offer

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/money"
	"hastaluego/internal/reason"
	"hastaluego/internal/relationship"
	"hastaluego/internal/rule"
	"hastaluego/internal/when"
)

// Bands are how much a customer is worth to the company, as whoever computes it
// says; BandUnknown where nobody did.
var Bands = []string{"low", "middle", "high", BandUnknown}

// BandUnknown is the band of a customer of whom nobody computed it.
const BandUnknown = "unknown"

// Situation is everything that a decision may see. Whatever is not here makes no
// difference: not who they are, nor where, nor when they come and by what device,
// nor who of the company looks.
type Situation struct {
	Reason      string // code; empty: nobody gave one
	Family      string
	Attribution reason.Attribution
	Quiet       bool // a closure, an illness or a death
	Wronged     bool // either side's word that we wronged them, unrepaired
	Unsolved    int  // complaints that wait for their fix
	Asked       bool // they asked what could be done

	Kind     customer.Kind
	Consumer bool
	Leaving  int // contracts that they end
	// Of the one contract that they end; nothing is known of several at once.
	Product  string
	Plan     string
	Interval customer.Interval
	Months   int          // since it began; -1: not known
	Price    money.Amount // of an interval, without tax; zero currency: not known
	Margin   *int64       // of Price, in its minor units, as computed for them; nil: by the policy

	Value    string   // one of Bands; empty is unknown
	Expected *int64   // what they are expected to bring from now on, in minor units; nil: unknown
	Segments []string // that they are in; nil: unknown
	Unsure   []string // segments of which nobody can tell whether they are in them

	Accepted int // offers that gave something and that they accepted before
	Since    int // days since the last of them; -1: never

	LetGo    bool     // the company lets them go: nothing is proposed
	Proposed bool     // something was proposed in this departure already
	Places   []string // where the packs that hold let an offer stand; nil: they say nothing
	// During says that while something of the service is broken the packs let
	// nobody propose what nobody asked for, unless it puts that right.
	During bool
}

// FactSpec is one fact that guards and policies may see.
type FactSpec struct {
	Name  string
	Type  rule.Type
	May   bool // be unknown
	About string
}

// Facts are the declared facts.
var Facts = []FactSpec{
	{"reason.code", rule.TextType, true, "Code of the reason that they gave; where they gave none, of the root cause that we decided."},
	{"reason.family", rule.TextType, true, "Code of the reason that it refines; its own at the top."},
	{"reason.attribution", rule.TextType, true, "Who could have done something about it: ours, theirs, market, unknown."},
	{"customer.wronged", rule.BoolType, false, "Either side says that we wronged them, and it was not put right."},
	{"customer.unsolved", rule.IntType, false, "Complaints that wait for their fix."},
	{"customer.kind", rule.TextType, false, "person or organisation."},
	{"customer.consumer", rule.BoolType, false, "Protected as a consumer."},
	{"leaving.contracts", rule.IntType, false, "How many contracts they end."},
	{"contract.product", rule.TextType, true, "Product of the contract that they end; not known where they end several."},
	{"contract.plan", rule.TextType, true, "Its plan."},
	{"contract.interval", rule.TextType, true, "How often it is charged: week, month, quarter, half, year."},
	{"contract.months", rule.IntType, true, "Whole months since it began."},
	{"contract.price", rule.IntType, true, "Price of an interval without tax, in the smallest unit of its currency."},
	{"contract.currency", rule.TextType, true, "Its currency, such as EUR."},
	{"value.band", rule.TextType, true, "What they are worth to the company: low, middle, high."},
	{"value.expected", rule.IntType, true, "What they are expected to bring from now on, in the smallest unit."},
	{"segments", rule.TextsType, true, "The segments that they are in: the label that they were imported with, and the [rules](segments.md) of the company. Not known where of one of those nobody can tell."},
	{"offers.accepted", rule.IntType, false, "Offers that gave something and that they accepted before."},
	{"offers.days_since", rule.IntType, true, "Days since they accepted the last of them; not known where there is none."},
}

// FactNames are the names of the facts, in their order.
func FactNames() []string {
	out := make([]string, len(Facts))
	for i, f := range Facts {
		out[i] = f.Name
	}
	return out
}

var factEnv = sync.OnceValue(func() *rule.Env {
	types := map[string]rule.Type{}
	for _, f := range Facts {
		types[f.Name] = f.Type
	}
	env, err := rule.NewPartialEnv(types, nil)
	if err != nil {
		panic(err) // the facts are constants
	}
	return env
})

// facts are those of a situation, by name; what is not known is not there.
func (s Situation) facts() map[string]any {
	f := map[string]any{
		"customer.wronged": s.Wronged, "customer.unsolved": int64(s.Unsolved), "customer.kind": string(s.Kind), "customer.consumer": s.Consumer,
		"leaving.contracts": int64(s.Leaving), "offers.accepted": int64(s.Accepted),
	}
	put := func(known bool, name string, value any) {
		if known {
			f[name] = value
		}
	}
	put(s.Reason != "", "reason.code", s.Reason)
	put(s.Reason != "", "reason.family", s.Family)
	put(s.Reason != "", "reason.attribution", string(s.Attribution))
	one := s.Leaving == 1
	put(one, "contract.product", s.Product)
	put(one, "contract.plan", s.Plan)
	put(one && s.Interval != "", "contract.interval", string(s.Interval))
	put(one && s.Months >= 0, "contract.months", int64(s.Months))
	put(s.priced(), "contract.price", s.Price.Minor)
	put(s.priced(), "contract.currency", s.Price.Currency)
	put(s.band() != BandUnknown, "value.band", s.Value)
	if s.Expected != nil {
		f["value.expected"] = *s.Expected
	}
	put(s.Segments != nil && len(s.Unsure) == 0, "segments", s.Segments)
	put(s.Since >= 0, "offers.days_since", int64(s.Since))
	return f
}

func (s Situation) priced() bool { return s.Leaving == 1 && s.Price.Currency != "" }

func (s Situation) band() string {
	if s.Value == "" {
		return BandUnknown
	}
	return s.Value
}

// Record is what is written down about a departure when something may be
// proposed in it. Observe takes from it what a decision may see.
type Record struct {
	Today      when.Date
	Customer   customer.Customer
	Leaving    []customer.Subscription // that they end
	Stated     *reason.Given           // the newest that they gave; nil: none
	Root       *reason.Given           // the newest root cause; nil: none was decided
	Taxonomy   *reason.Taxonomy
	Wronged    bool
	Complaints []relationship.Complaint
	Past       []Offer // of earlier departures
	Proposed   bool    // something in this one already
	LetGo      bool    // a lane led to it
	Asked      bool
	Worth      Worth
	Places     []string
	During     bool
	Zone       *time.Location // of dates
}

// Worth is what was computed about a customer elsewhere. Nothing is known where
// nobody did.
type Worth struct {
	Band     string
	Expected *int64
	Margin   *int64
	Segments []string // by the rules of the company; nil: it has none
	Unsure   []string
}

// Observe takes from a record the facts that are declared, and nothing else.
func Observe(r Record) Situation {
	s := Situation{
		Wronged: r.Wronged, Asked: r.Asked, Kind: r.Customer.Kind, Consumer: r.Customer.Consumer, Leaving: len(r.Leaving), Months: -1, Since: -1,
		Margin: r.Worth.Margin, Value: r.Worth.Band, Expected: r.Worth.Expected, Segments: r.Worth.Segments,
		Proposed: r.Proposed, LetGo: r.LetGo, Places: r.Places, During: r.During,
	}
	for _, g := range []*reason.Given{r.Root, r.Stated} { // what they say counts before what we believe
		if g == nil {
			continue
		}
		known, ok := r.Taxonomy.Find(g.Code)
		s.Reason, s.Family, s.Attribution = g.Code, cmp.Or(known.Family, g.Code), g.Attribution
		s.Quiet = s.Quiet || ok && known.Quiet
	}
	for _, c := range r.Complaints {
		if c.Unsolved() {
			s.Unsolved++
		}
	}
	s.Segments, s.Unsure = slices.Clone(s.Segments), slices.Clone(r.Worth.Unsure)
	if r.Customer.Segment != "" { // as the company labelled them
		s.Segments = append(s.Segments, r.Customer.Segment)
	}
	if len(r.Leaving) == 1 {
		s.contract(r.Leaving[0], r.Today)
	}
	for _, o := range r.Past {
		if !o.Kind.Gives() || o.AnsweredAt.IsZero() || o.State != Accepted && o.State != Applied && o.State != Reversed {
			continue
		}
		s.Accepted++
		if days := when.DateOf(o.AnsweredAt, r.Zone).DaysUntil(r.Today); s.Since < 0 || days < s.Since {
			s.Since = max(0, days)
		}
	}
	return s
}

func (s *Situation) contract(c customer.Subscription, today when.Date) {
	s.Product, s.Plan, s.Interval = c.Product, c.Plan, c.Interval
	if !c.Start.IsZero() && !today.Before(c.Start) {
		s.Months = c.Start.MonthsUntil(today)
	}
	if c.Amount.Currency != "" && c.Amount.Minor > 0 && c.Interval != "" {
		s.Price = c.WithoutTax()
	}
}
