package app

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"hastaluego/internal/customer"
	"hastaluego/internal/form"
	"hastaluego/internal/invitation"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/reason"
	"hastaluego/internal/relationship"
	"hastaluego/internal/signal"
	"hastaluego/internal/when"
)

// prefill is what the record says about a departure before a person looks:
// the answers of a form's fields that name a fact which is known.
func (a *App) prefill(ctx context.Context, tx Tx, f *form.Form, c offboarding.Case) (form.Answers, error) {
	facts, err := a.formFacts(ctx, tx, c)
	if err != nil {
		return nil, err
	}
	out := form.Answers{}
	for _, x := range f.Fields {
		if v := facts[x.Prefill]; x.Prefill != "" && v != "" {
			out[x.ID] = v
		}
	}
	return out, nil
}

// formFacts are the facts of form.Facts that are known about a departure. What
// is not known is not there, or says unknown where a form offers that.
func (a *App) formFacts(ctx context.Context, tx Tx, c offboarding.Case) (map[string]string, error) {
	s, err := a.subject(ctx, tx, c, offboarding.Step{}, offboarding.Work{})
	if err != nil {
		return nil, err
	}
	zone, err := zoneOf(c)
	if err != nil {
		return nil, err
	}
	asked := when.DateOf(c.RequestedAt, zone)
	facts := map[string]string{
		"effective": c.Effective.String(), "terms.kept": withinTerms(s.Subscriptions, asked, c),
	}
	left, err := a.ratingAt(ctx, tx, c)
	if err != nil {
		return nil, err
	}
	facts["use.trend"] = string(signal.Of(left.Signals, signal.FallingUse).Trend)
	facts["spend.trend"] = string(signal.Of(left.Signals, signal.FallingSpend).Trend)
	b, err := a.between(ctx, tx, c.Customer)
	if err != nil {
		return nil, err
	}
	facts["incidents.open"], facts["incidents.total"] = strconv.Itoa(b.Unsolved), strconv.Itoa(len(b.Complaints))
	facts["commitments.ours"] = relationship.Standing(b.Commitments, relationship.Ours, asked)
	facts["commitments.theirs"] = relationship.Standing(b.Commitments, relationship.Theirs, asked)
	if since := firstStart(s.Subscriptions); !since.IsZero() {
		facts["customer.since"] = since.String()
		facts["customer.months"] = strconv.Itoa(since.MonthsUntil(asked))
	}
	var products []string
	for _, x := range s.Subscriptions {
		products = append(products, x.Product)
	}
	slices.Sort(products)
	facts["customer.products"] = strings.Join(slices.Compact(products), ", ")
	facts["customer.value"] = sumText(s.Subscriptions)
	w, err := a.whyOf(ctx, tx, c.ID)
	if err != nil {
		return nil, err
	}
	if w.Stated != nil {
		r, _ := reason.Builtin().Find(w.Stated.Code)
		facts["reason.stated"] = r.Family
	}
	answered, err := a.answers(ctx, tx, c.ID)
	if err != nil {
		return nil, err
	}
	i, found, err := a.invited(ctx, tx, c.ID)
	if err != nil {
		return nil, err
	}
	if found && i.State == invitation.Declined {
		facts["meeting.answer"] = "declined"
	} else if found && !tx.Now().Before(i.Start) {
		facts["meeting.day"] = when.DateOf(i.Start, zone).String()
	}
	for _, x := range answered {
		if x.Name == "first_evaluation" && !x.DoneAt.IsZero() {
			facts["first.hypothesis"] = x.Answers["hypothesis"]
		}
	}
	return facts, nil
}

// firstStart is the day on which the oldest of the subscriptions began.
func firstStart(subs []customer.Subscription) when.Date {
	var first when.Date
	for _, x := range subs {
		if !x.Start.IsZero() && (first.IsZero() || x.Start.Before(first)) {
			first = x.Start
		}
	}
	return first
}

// withinTerms says whether a departure asked for on a day keeps the notice and
// lock-in of what it ends: within, outside, or unknown when nothing is known
// of either.
func withinTerms(subs []customer.Subscription, asked when.Date, c offboarding.Case) string {
	known := false
	for _, x := range subs {
		ends := c.EndOf(x.ID)
		if x.Notice > 0 {
			known = true
			if ends.Before(asked.AddDays(x.Notice)) {
				return "outside"
			}
		}
		if !x.LockIn.IsZero() {
			known = true
			if ends.Before(x.LockIn) {
				return "outside"
			}
		}
	}
	if !known {
		return "unknown"
	}
	return "within"
}

// sumText is what the subscriptions cost, per currency and interval, in
// figures that every language reads: "1152.00 EUR/year".
func sumText(subs []customer.Subscription) string {
	var out []string
	for _, x := range subs {
		out = append(out, x.Amount.String()+"/"+string(x.Interval))
	}
	return strings.Join(out, ", ")
}
