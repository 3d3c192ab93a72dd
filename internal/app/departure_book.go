package app

import (
	"context"

	"hastaluego/internal/customer"
	"hastaluego/internal/form"
	"hastaluego/internal/metric"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/offer"
	"hastaluego/internal/reason"
	"hastaluego/internal/when"
)

// Departure is everything that the workbook of departures tells about one.
type Departure struct {
	Case     offboarding.Case
	Customer customer.Customer
	Lines    []customer.Subscription
	Since    when.Date // first day as a customer; zero: unknown
	Asked    when.Date
	Opened   when.Date
	Closed   when.Date // zero: it goes on
	Terms    string    // within, outside or unknown: notice and lock-in
	Why      reason.Why
	Answers  map[string]form.Answers // finished, by form
	Offer    *offer.Offer
	Monthly  []money.Amount // what ended was worth a month, by currency
	Owed     []money.Amount // open between the two: negative, the customer owes
}

// DepartureBook is every departure whose identity was proved, newest first.
type DepartureBook struct {
	Today      when.Date
	Users      map[string]string
	Departures []Departure
	More       bool // there are older ones that are not in it
}

// bookMost is how many departures a workbook holds.
const bookMost = 20_000

// OpenDepartureBook reads what the workbook of departures holds. It has what
// people wrote, so it is for those who may read that.
func (a *App) OpenDepartureBook(ctx context.Context, by Actor) (b DepartureBook, err error) {
	for _, what := range []string{"metrics", "note"} {
		if err := by.CanRead(what); err != nil {
			return b, err
		}
	}
	err = a.store.View(ctx, func(tx Tx) error {
		b = DepartureBook{Today: a.today(tx)}
		if b.Users, err = names(ctx, tx); err != nil {
			return err
		}
		cases, err := tx.OpenedCases(ctx, bookMost+1)
		if err != nil {
			return err
		}
		if b.More = len(cases) > bookMost; b.More {
			cases = cases[:bookMost]
		}
		for _, c := range cases {
			d, err := a.bookRow(ctx, tx, c)
			if err != nil {
				return err
			}
			b.Departures = append(b.Departures, d)
		}
		return nil
	})
	return b, err
}

func (a *App) bookRow(ctx context.Context, tx Tx, c offboarding.Case) (d Departure, err error) {
	d.Case = c
	if d.Customer, err = tx.FindCustomer(ctx, c.Customer); err != nil {
		return d, err
	}
	subs, err := tx.SubscriptionsOf(ctx, c.Customer)
	if err != nil {
		return d, err
	}
	zone, err := zoneOf(c)
	if err != nil {
		return d, err
	}
	d.Lines, d.Since, d.Asked = pick(subs, c.Subscriptions), firstStart(subs), when.DateOf(c.RequestedAt, zone)
	d.Opened = when.DateOf(c.OpenedAt, zone)
	if !c.ClosedAt.IsZero() {
		d.Closed = when.DateOf(c.ClosedAt, zone)
	}
	d.Terms = withinTerms(d.Lines, d.Asked, c)
	if d.Why, err = a.whyOf(ctx, tx, c.ID); err != nil {
		return d, err
	}
	answered, err := a.answers(ctx, tx, c.ID)
	if err != nil {
		return d, err
	}
	d.Answers = map[string]form.Answers{}
	for _, x := range answered {
		if !x.DoneAt.IsZero() {
			d.Answers[x.Name] = x.Answers
		}
	}
	o, found, err := a.offerOf(ctx, tx, c.ID)
	if err != nil {
		return d, err
	}
	if found {
		d.Offer = &o
	}
	for _, s := range d.Lines {
		if !s.Interval.Recurs() {
			continue
		}
		m, err := metric.Monthly(s.Amount, s.Interval)
		if err != nil {
			return d, err
		}
		if d.Monthly, err = addTo(d.Monthly, m); err != nil {
			return d, err
		}
	}
	balances, err := tx.BalancesOf(ctx, c.Customer)
	if err != nil {
		return d, err
	}
	for _, x := range balances {
		if x.Status != customer.Due {
			continue
		}
		if d.Owed, err = addTo(d.Owed, x.Owed()); err != nil {
			return d, err
		}
	}
	return d, nil
}

// addTo adds an amount to the sum of its currency.
func addTo(sums []money.Amount, m money.Amount) (_ []money.Amount, err error) {
	for i := range sums {
		if sums[i].Currency == m.Currency {
			sums[i], err = sums[i].Add(m)
			return sums, err
		}
	}
	return append(sums, m), nil
}
