package app

import (
	"context"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/metric"
	"hastaluego/internal/segment"
	"hastaluego/internal/signal"
	"hastaluego/internal/when"
)

// standing says of customers in which segments of the company they are.
func (a *App) standing(ctx context.Context, tx Tx, ids ...customer.ID) (map[customer.ID][]segment.Standing, error) {
	if len(a.segments.Segments) == 0 {
		return nil, nil
	}
	facts, err := a.segmentFacts(ctx, tx, a.segments, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[customer.ID][]segment.Standing, len(ids))
	for _, c := range ids {
		if out[c], err = a.segments.Of(facts[c]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// decisive are the segments by which something may be decided about a customer; in is
// nil where the company has none.
func (a *App) decisive(list []segment.Standing) (in, unsure []string) {
	if len(a.segments.Segments) == 0 {
		return nil, nil
	}
	in, unsure = segment.Decides(list)
	if in == nil {
		in = []string{}
	}
	return in, unsure
}

// segmentFacts are what the rules of a set may see of customers. What no rule asks for is
// not read, and is then as if nobody knew it.
func (a *App) segmentFacts(ctx context.Context, tx Tx, set *segment.Set, ids []customer.ID) (map[customer.ID]segment.Facts, error) {
	today := a.today(tx)
	facts := make(map[customer.ID]segment.Facts, len(ids))
	for _, id := range ids {
		c, err := tx.FindCustomer(ctx, id)
		if err != nil {
			return nil, err
		}
		facts[id] = segment.Facts{Kind: c.Kind, Consumer: c.Consumer, Label: c.Segment, Country: c.Country, Region: c.Region, Months: -1}
	}
	lines, err := tx.SubscriptionsOf(ctx, ids...)
	if err != nil {
		return nil, err
	}
	of := map[customer.ID][]customer.Subscription{}
	for _, s := range lines {
		if s.Status != customer.Ended {
			of[s.Customer] = append(of[s.Customer], s)
		}
	}
	for id, own := range of {
		f := facts[id]
		if err := contractsOf(&f, own, today); err != nil {
			return nil, err
		}
		facts[id] = f
	}
	for _, read := range []func(context.Context, Tx, *segment.Set, []customer.ID, map[customer.ID]segment.Facts) error{
		a.valueFacts, a.countedFacts, a.complaintFacts,
	} {
		if err := read(ctx, tx, set, ids, facts); err != nil {
			return nil, err
		}
	}
	return facts, nil
}

// contractsOf fills in what the contracts of a customer that run say.
func contractsOf(f *segment.Facts, own []customer.Subscription, today when.Date) error {
	var spend int64
	mixed := false
	for _, s := range own {
		f.Contracts++
		f.Products, f.Plans, f.Intervals = append(f.Products, s.Product), append(f.Plans, s.Plan), append(f.Intervals, string(s.Interval))
		if !s.Start.IsZero() && !today.Before(s.Start) {
			f.Months = max(f.Months, s.Start.MonthsUntil(today))
		}
		if !s.Interval.Recurs() || s.Amount.Currency == "" {
			continue
		}
		month, err := metric.Monthly(s.WithoutTax(), s.Interval)
		if err != nil {
			return fault.Wrap("app.contractsOf", err)
		}
		mixed = mixed || f.Currency != "" && f.Currency != month.Currency
		f.Currency, spend = month.Currency, spend+month.Minor
	}
	if mixed {
		f.Currency = ""
	}
	if f.Currency != "" {
		f.Spend = &spend
	}
	return nil
}

// valueFacts fills in what customers are worth, where it was computed.
func (a *App) valueFacts(ctx context.Context, tx Tx, set *segment.Set, ids []customer.ID, facts map[customer.ID]segment.Facts) error {
	if !set.Reads("value.band") && !set.Reads("value.expected") && !set.Reads("value.month") {
		return nil
	}
	worths, err := tx.WorthOf(ctx, ids...)
	if err != nil {
		return err
	}
	borders := a.borders()
	for _, w := range worths {
		if !w.Known() {
			continue
		}
		f := facts[w.Customer]
		sum, month := w.Sum, w.Month()
		f.Expected, f.Left, f.Band = &sum, &month, borders.Of(w.Value)
		facts[w.Customer] = f
	}
	return nil
}

// countedFacts fills in what happened over twelve months, and what is late. Where
// nothing is on record of any customer, nobody knows it.
func (a *App) countedFacts(ctx context.Context, tx Tx, set *segment.Set, ids []customer.ID, facts map[customer.ID]segment.Facts) error {
	incidents, minutes, overdue := set.Reads("incidents.year"), set.Reads("worked.minutes"), set.Reads("late.overdue")
	if !incidents && !minutes && !overdue {
		return nil
	}
	today := a.today(tx)
	from, at := make([]Since, len(ids)), make([]Since, len(ids))
	for i, c := range ids {
		from[i], at[i] = Since{c, today.AddDays(1 - worthDays)}, Since{c, today}
	}
	hours, sums, err := tx.Counted(ctx)
	if err != nil {
		return err
	}
	newest, err := tx.NewestReadings(ctx)
	if err != nil {
		return err
	}
	var happened, worked map[customer.ID]int64
	if incidents = incidents && !newest[signal.Incidents].IsZero(); incidents {
		if happened, err = tx.IncidentsSince(ctx, from...); err != nil {
			return err
		}
	}
	if minutes = minutes && hours; minutes {
		if worked, err = tx.MinutesSince(ctx, from...); err != nil {
			return err
		}
	}
	var owed map[customer.ID]map[string]int64
	if overdue = overdue && sums; overdue {
		if owed, err = tx.OverdueAt(ctx, at...); err != nil {
			return err
		}
	}
	for _, c := range ids {
		f := facts[c]
		if incidents {
			n := (happened[c] + 500) / 1000
			f.Incidents = &n
		}
		if minutes {
			n := worked[c]
			f.Minutes = &n
		}
		if overdue && f.Currency != "" {
			n := owed[c][f.Currency]
			f.Overdue = &n
		}
		facts[c] = f
	}
	return nil
}

// complaintFacts fills in how many complaints wait for their fix.
func (a *App) complaintFacts(ctx context.Context, tx Tx, set *segment.Set, ids []customer.ID, facts map[customer.ID]segment.Facts) error {
	if !set.Reads("complaints.open") {
		return nil
	}
	for _, c := range ids {
		list, err := tx.ComplaintsOf(ctx, c)
		if err != nil {
			return err
		}
		f := facts[c]
		for _, x := range list {
			if x.Unsolved() {
				f.Complaints++
			}
		}
		facts[c] = f
	}
	return nil
}

// SegmentTally is how many customers of the company are in which segments of a set now.
type SegmentTally struct {
	Set      *segment.Set
	Counter  *segment.Counter
	More     bool // there are more customers than were looked at
	Examples map[customer.ID]customer.Customer
	Warnings fault.List
}

const (
	segmentPage = 500
	segmentMost = 20_000 // customers that are looked at
)

// SegmentSet are the segments that count.
func (a *App) SegmentSet(by Actor) (*segment.Set, error) {
	return a.segments, by.CanRead("segment")
}

// TrySegments counts who would be in which segment of a set; nil is the one that counts.
// Asked are customers with a contract that runs and who did not ask to leave, a page at
// a time, so that nobody waits for it.
func (a *App) TrySegments(ctx context.Context, by Actor, set *segment.Set) (t SegmentTally, err error) {
	if err := by.CanRead("segment"); err != nil {
		return t, err
	}
	if set == nil {
		set = a.segments
	}
	t = SegmentTally{Set: set, Counter: set.NewCounter(), Examples: map[customer.ID]customer.Customer{}}
	var after customer.ID
	for {
		var ids []customer.ID
		var facts map[customer.ID]segment.Facts
		err := a.store.View(ctx, func(tx Tx) (err error) {
			if ids, err = tx.CustomersToValue(ctx, after, segmentPage); err == nil {
				facts, err = a.segmentFacts(ctx, tx, set, ids)
			}
			return err
		})
		if err != nil {
			return t, err
		}
		for _, id := range ids {
			if err := t.Counter.Add(id, facts[id]); err != nil {
				return t, err
			}
			after = id
		}
		if t.More = t.Counter.Asked >= segmentMost; len(ids) < segmentPage || t.More {
			break
		}
	}
	t.Warnings = t.Counter.Warn()
	return t, a.store.View(ctx, func(tx Tx) error {
		for _, n := range t.Counter.Counts {
			for _, id := range n.Examples {
				c, err := tx.FindCustomer(ctx, id)
				if err != nil {
					return err
				}
				t.Examples[id] = c
			}
		}
		return nil
	})
}

// SegmentsOf says of one customer in which segments they are, and of which nobody can
// tell.
func (a *App) SegmentsOf(ctx context.Context, by Actor, c customer.ID) (list []segment.Standing, err error) {
	if err := by.CanRead("segment"); err != nil {
		return nil, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		of, err := a.standing(ctx, tx, c)
		list = of[c]
		return err
	})
	return list, err
}
