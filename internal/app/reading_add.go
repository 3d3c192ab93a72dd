package app

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

// ReadingInput is what a metric of a customer was on a day.
type ReadingInput struct {
	Customer string // reference
	Metric   string
	Day      when.Date
	Value    int64 // thousandths
}

// ReadingsMost is how many readings are taken at once.
const ReadingsMost = 1000

// AddReadings stores readings, all of them or none; what was stored for the
// same customer, metric and day is replaced, so that the same again changes
// nothing. Everybody is rated again soon.
func (a *App) AddReadings(ctx context.Context, by Actor, list []ReadingInput) error {
	if err := by.may("reading"); err != nil {
		return err
	}
	var wrong fault.List
	at := func(i int, field, code string, args ...any) {
		wrong = append(wrong, fault.New(fault.Invalid, code, args...).On(fmt.Sprintf("readings.%d.%s", i, field)))
	}
	if n := len(list); n == 0 || n > ReadingsMost {
		return fault.New(fault.Invalid, "field.invalid").On("readings")
	}
	metrics := a.ReadingMetrics()
	references := make([]string, len(list))
	for i, r := range list {
		references[i] = r.Customer
		if !slices.Contains(metrics, r.Metric) {
			at(i, "metric", "csv.choice", "value", r.Metric, "known", strings.Join(metrics, ", "))
		}
		if r.Value < 0 {
			at(i, "value", "readings.value", "value", r.Value)
		}
	}
	if len(wrong) > 0 {
		return wrong
	}
	slices.Sort(references)
	return a.tx(ctx, func(tx Tx) error {
		wrong = nil
		today := a.today(tx)
		known, err := tx.CustomersByReference(ctx, slices.Compact(slices.Clone(references))...)
		if err != nil {
			return err
		}
		said := map[readingPlace]int64{}
		for i, r := range list {
			c := slices.IndexFunc(known, func(c customer.Customer) bool { return c.Reference == r.Customer })
			if c < 0 {
				at(i, "customer", "readings.unknown_customer")
				continue
			}
			if known[c].Test() { // they would move what everybody is compared with
				at(i, "customer", "readings.test_customer")
			}
			if r.Day.IsZero() || today.Before(r.Day) {
				at(i, "date", "readings.future")
			}
			place := readingPlace{known[c].ID, r.Metric, r.Day}
			if v, twice := said[place]; twice && v != r.Value {
				at(i, "value", "readings.twice")
			}
			said[place] = r.Value
		}
		if len(wrong) > 0 {
			return wrong
		}
		rows := make([]Reading, 0, len(said))
		for p, v := range said {
			rows = append(rows, Reading{p.customer, p.metric, p.day, v})
		}
		sortReadings(rows)
		if err := tx.PutReadings(ctx, rows...); err != nil {
			return err
		}
		if err := a.rateSoon(ctx, tx); err != nil {
			return err
		}
		if err := a.sweepUse(ctx, tx); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"readings.added", by.ID, "", house, map[string]any{"rows": len(rows)}})
	})
}
