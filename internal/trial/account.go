package trial

import (
	"slices"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/experiment"
	"hastaluego/internal/money"
	"hastaluego/internal/offer"
	"hastaluego/internal/when"
)

// Account is what is on record of a customer from which follows what they paid since
// they saw an arm, and what keeping them cost.
type Account struct {
	Zone      *time.Location
	Currency  string // of the experiment; nothing else is counted
	Seen      time.Time
	Now       time.Time
	Hour      int64 // what an hour of a person costs, in the smallest unit; below zero: nobody said
	Contracts []customer.Subscription
	Ends      map[customer.SubscriptionID]when.Date // last days of those that a departure ended
	Balances  []customer.Balance
	Offers    []offer.Offer
	Minutes   []Worked
}

// Worked is how long somebody worked for the customer on a day.
type Worked struct {
	Day     when.Date
	Minutes int64
}

// Payments are what came in, without tax, of each charge that a contract has had since;
// less what is still open of it, was written off or given back; with what offers took
// off, and what they and recorded hours cost besides.
func Payments(a Account) (list []experiment.Payment) {
	seen, today := when.DateOf(a.Seen, a.Zone), when.DateOf(a.Now, a.Zone)
	last := when.DateOf(a.Seen.Add(experiment.Retained.After()), a.Zone)
	if today.Before(last) {
		last = today
	}
	sum := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: a.Currency} }
	put := func(day when.Date, p experiment.Payment) {
		if p.At = day.Start(a.Zone); !seen.Before(day) || last.Before(day) {
			return
		}
		list = append(list, p)
	}
	for _, s := range a.Contracts {
		net := s.WithoutTax()
		if net.Currency != a.Currency || net.Minor <= 0 {
			continue
		}
		until := last
		if end, over := a.Ends[s.ID]; over && end.Before(until) {
			until = end
		} else if !over && s.Status == customer.Ended {
			continue // nobody knows since when
		}
		charged := map[offer.ID]int{}
		for _, day := range s.Charges(seen, until) {
			paid, off, moved := a.charge(net.Minor, day, charged)
			if paid+off > 0 {
				put(moved, experiment.Payment{Paid: sum(paid), Discount: sum(off)})
			}
		}
	}
	for _, b := range a.Balances {
		if b.Amount.Currency != a.Currency || b.DueOn.IsZero() {
			continue
		}
		net := b.Amount.Minor - b.Tax
		switch {
		case b.Kind == customer.Invoice && (b.Status == customer.WrittenOff || b.Status == customer.Due && b.DueOn.Before(today)),
			(b.Kind == customer.Refund || b.Kind == customer.Credit) && b.Status == customer.Paid:
			put(b.DueOn, experiment.Payment{Paid: sum(-net)})
		case (b.Kind == customer.Fee || b.Kind == customer.Usage) && b.Status == customer.Paid:
			put(b.DueOn, experiment.Payment{Paid: sum(net)})
		}
	}
	for _, o := range a.Offers {
		if o.How.Costs.Currency == a.Currency && o.State == offer.Applied {
			put(when.DateOf(o.OverAt, a.Zone), experiment.Payment{Cost: o.How.Costs})
		}
	}
	for _, w := range a.Minutes {
		if a.Hour > 0 {
			put(w.Day, experiment.Payment{Cost: sum((w.Minutes*a.Hour + 59) / 60)}) // rounded against the arm and the holdout alike
		}
	}
	slices.SortStableFunc(list, func(x, y experiment.Payment) int { return x.At.Compare(y.At) })
	return list
}

// charge is what a charge brings once offers that were applied before it are taken off
// it, and on which day; charged counts the charges that each of them was used for.
func (a Account) charge(net int64, day when.Date, charged map[offer.ID]int) (paid, off int64, on when.Date) {
	on = day
	for _, o := range a.Offers {
		if o.State != offer.Applied || !when.DateOf(o.OverAt, a.Zone).Before(day) {
			continue
		}
		switch o.Kind {
		case offer.Discount:
			if charged[o.ID] >= o.How.Charges {
				continue
			}
			charged[o.ID]++
			less := o.How.Off.Minor
			if o.How.Percent > 0 {
				less = net * int64(o.How.Percent) / 100
			}
			off = min(net, off+less)
		case offer.Skip:
			if charged[o.ID] < o.How.Charges {
				charged[o.ID]++
				return 0, 0, on
			}
		case offer.Pause:
			if day.Before(o.How.Ends) {
				return 0, 0, on
			}
		case offer.Extension:
			on = on.AddDays(o.How.Days)
		}
	}
	return net - off, off, on
}
