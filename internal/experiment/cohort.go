package experiment

import (
	"cmp"
	"slices"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
)

// Unit is a customer who saw an arm, and what they did since.
type Unit struct {
	Customer   customer.ID
	Arm        string
	Seen       time.Time
	Departures []Departure // by when they were asked for; the first is the one in which they saw it
	Accepted   time.Time   // when they took an offer; zero: never
	Complained time.Time   // their first complaint since
	Payments   []Payment   // since
}

// Departure is that a customer asked to leave.
type Departure struct {
	Asked     time.Time
	TakenBack time.Time // zero: it was not
	Ended     time.Time // when all that ends with it had ended; zero: not yet
}

// Payment is money that came, or what keeping the customer cost. An empty amount is
// none.
type Payment struct {
	At       time.Time
	Paid     money.Amount // negative: given back
	Discount money.Amount // by which it was less because of an offer
	Cost     money.Amount // of the offer besides: hours of a person, a gift
}

// Cohort is the customers of whom an experiment is judged: the first that it planned,
// in the order in which they saw their arm. Later ones keep their arm and are not
// counted: an experiment is not made longer until it says what one hopes for.
type Cohort struct {
	of   *Experiment
	rows []row
	gone []Gone
}

// Gone is what stays of customers of one arm who were erased: how many they are, and sums
// over them.
type Gone struct {
	Arm   string    `json:"arm"`
	From  time.Time `json:"from"` // from when on they count as known
	Tally `json:"tally"`
}

// leastGone is how many customers of an arm there are in what stays of them before the
// next month is kept apart: of fewer, the month would tell of whom the sums are.
const leastGone = 10

// Among puts what stays of one more customer among what stays of others of their arm: with
// those who count as known next, or else with the last as long as they are few. So all
// but the last of an arm are sums over many.
func Among(list []Gone, g Gone) []Gone {
	out := slices.SortedFunc(slices.Values(list), func(a, b Gone) int { return a.From.Compare(b.From) })
	last := -1
	for i := range out {
		if out[i].Arm != g.Arm {
			continue
		}
		if last = i; !out[i].From.Before(g.From) {
			break
		}
	}
	if last < 0 || out[last].From.Before(g.From) && out[last].Seen >= leastGone {
		return append(out, g)
	}
	out[last].add(g)
	return out
}

// Go is what stays of a customer who is erased now. What they had not done by then
// they will not do: whoever is erased is nobody's customer. They are known from the month
// after that in which their time is over; once the experiment has ended, as they were then.
func (e *Experiment) Go(u Unit) (Gone, error) {
	r, err := e.Definition.row(&u)
	if err != nil {
		return Gone{}, err
	}
	known := u.Seen.Add(three).UTC()
	g := Gone{Arm: u.Arm, From: time.Date(known.Year(), known.Month()+1, 1, 0, 0, 0, 0, time.UTC)}
	g.Seen = 1
	over := e.EndedAt
	if !over.IsZero() {
		g.From = over
	}
	if over.IsZero() || !u.Seen.Add(month).After(over) {
		g.add30(&r)
	}
	if over.IsZero() || !known.After(over) {
		g.add90(&r)
	}
	return g, nil
}

// add puts those of another month to them: they are known when both are.
func (g *Gone) add(o Gone) {
	if g.From.Before(o.From) {
		g.From = o.From
	}
	g.Seen += o.Seen
	g.with(&o.Tally)
}

// row is what is known of a customer once their time went by.
type row struct {
	seen                                                       int64 // microseconds since 1970
	customer                                                   customer.ID
	place                                                      int
	deflected, accepted, held30, held90, complained, leftAgain bool
	exit, retained, list, discount, cost                       float64
}

// Gather takes the cohort from whoever saw an arm, and what stays of those who were
// erased since. Errors: Invalid for a customer who
// is there twice, whose arm there is not, who saw it outside a departure, or who
// paid in another currency; Blocked before it starts.
func (e *Experiment) Gather(units []Unit, gone ...Gone) (*Cohort, error) {
	if e.State == Draft || e.State == Checked {
		return nil, fault.New(fault.Blocked, "experiment.state")
	}
	c := &Cohort{of: e, rows: make([]row, 0, len(units)), gone: gone}
	left := e.Planned
	for i := range gone {
		if e.Definition.arm(gone[i].Arm) < 0 {
			return nil, fault.New(fault.Invalid, "experiment.no_arm", "arm", gone[i].Arm)
		}
		left -= gone[i].Seen
	}
	known := make(map[customer.ID]struct{}, len(units))
	for i := range units {
		u := &units[i]
		if _, twice := known[u.Customer]; twice {
			return nil, fault.New(fault.Invalid, "experiment.twice", "customer", string(u.Customer))
		}
		known[u.Customer] = struct{}{}
		r, err := e.Definition.row(u)
		if err != nil {
			return nil, err
		}
		c.rows = append(c.rows, r)
	}
	slices.SortFunc(c.rows, func(a, b row) int {
		if a.seen != b.seen {
			return cmp.Compare(a.seen, b.seen)
		}
		return cmp.Compare(a.customer, b.customer)
	})
	c.rows = c.rows[:max(0, min(len(c.rows), left))]
	return c, nil
}

// row is what a customer counts for.
func (d *Definition) row(u *Unit) (row, error) {
	r := row{seen: u.Seen.UnixMicro(), customer: u.Customer, place: d.arm(u.Arm)}
	if r.place < 0 {
		return row{}, fault.New(fault.Invalid, "experiment.no_arm", "arm", u.Arm)
	}
	if u.Seen.IsZero() || len(u.Departures) == 0 || u.Departures[0].Asked.After(u.Seen) {
		return row{}, fault.New(fault.Invalid, "experiment.outside", "customer", string(u.Customer))
	}
	within := func(t time.Time, d time.Duration) bool { return !t.Before(u.Seen) && t.Before(u.Seen.Add(d)) }
	first := u.Departures[0]
	r.deflected = within(first.TakenBack, month)
	r.accepted = within(u.Accepted, month)
	r.complained = within(u.Complained, month)
	r.held30 = u.held(u.Seen.Add(month))
	r.leftAgain = slices.ContainsFunc(u.Departures[1:], func(p Departure) bool { return within(p.Asked, three) })
	r.exit = month.Hours()
	for _, done := range []time.Time{first.Ended, first.TakenBack} {
		if !done.IsZero() {
			r.exit = min(r.exit, max(0, done.Sub(u.Seen).Hours()))
		}
	}
	var paid, discount, cost float64 // exact up to 2⁵³ minor units
	for _, p := range u.Payments {
		for _, a := range []money.Amount{p.Paid, p.Discount, p.Cost} {
			if a.Currency != d.Currency && a != (money.Amount{}) {
				return row{}, fault.New(fault.Invalid, "experiment.paid_in", "customer", string(u.Customer), "currency", d.Currency)
			}
		}
		if within(p.At, three) {
			paid, discount, cost = paid+float64(p.Paid.Minor), discount+float64(p.Discount.Minor), cost+float64(p.Cost.Minor)
		}
	}
	r.held90 = paid > 0 && u.held(u.Seen.Add(three))
	r.retained, r.list, r.discount, r.cost = paid-cost, paid+discount, discount, cost
	return r, nil
}

// held reports whether no departure of theirs was under way or done at the instant.
func (u *Unit) held(at time.Time) bool {
	return !slices.ContainsFunc(u.Departures, func(p Departure) bool {
		return !p.Asked.After(at) && (p.TakenBack.IsZero() || p.TakenBack.After(at))
	})
}

// took reports whether the customer took an offer and was held.
func (r *row) took() bool { return r.accepted && r.held90 }
