package app

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/limit"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// LawView is what the law asks of one departure, as far as its facts are known.
type LawView struct {
	Law     *jurisdiction.Effective // nil: the customer was erased, and with them what it followed from
	Decided LawDecision             // when it was registered; zero: it is from before that was kept, and Law is that of now
	Changed []jurisdiction.Ref      // packs that say something else today
	Limits  []limit.Limit           // the soonest first
}

// LawOf is the law that a departure was decided under, on the day it was asked
// for.
func (a *App) LawOf(ctx context.Context, c CaseView) (v LawView, err error) {
	if v.Decided = c.Decided; c.Decided.Case == "" {
		_, v.Law, err = a.lawNow(c)
		if err != nil {
			return v, err
		}
		zone, err := zoneOf(c.Plan.Case)
		happened := lawEvents(c.Plan.Case, c.Request, zone)
		if c.Withdrawal != nil && c.Withdrawal.Stands() {
			maps.Copy(happened, c.Withdrawal.happened())
		}
		v.Limits = limit.From(limit.Duties(v.Law), happened, a.calendars, zone)
		slices.SortStableFunc(v.Limits, func(x, y limit.Limit) int { return x.End.Compare(y.End) })
		return v, err
	}
	v.Limits = c.Limits
	for _, r := range c.Decided.Refs {
		if p := a.Law().Pack(r.Pack); p == nil || p.Digest != r.Digest {
			v.Changed = append(v.Changed, r)
		}
	}
	if c.Decided.Facts == nil {
		return v, nil
	}
	err = a.store.View(ctx, func(tx Tx) (err error) { v.Law, err = a.decided(ctx, tx, c.Decided); return err })
	return v, err
}

// lawNow is the law of a departure on the day it was asked for, as the packs of
// today tell it.
func (a *App) lawNow(c CaseView) (*jurisdiction.Library, *jurisdiction.Effective, error) {
	zone, err := zoneOf(c.Plan.Case)
	if err != nil {
		return nil, nil, err
	}
	l, asked := a.Law(), when.DateOf(c.Plan.Case.RequestedAt, zone)
	facts := a.lawFacts(c, asked)
	law, err := l.Effective(l.Select(facts), facts, asked)
	return l, law, err
}

// lawFacts are what is known of a departure, beside what the company said of
// itself. What the records leave open stays out: it is not known. Where no record
// says where the customer lives, it is where the page took them to live that they
// left by.
func (a *App) lawFacts(c CaseView, asked when.Date) jurisdiction.Facts {
	f := jurisdiction.Facts{"request.act": "terminate", "data.role": "controller"}
	maps.Copy(f, a.lawSaid)
	if c.Withdrawal != nil && c.Withdrawal.Stands() {
		f["request.act"] = string(offboarding.Withdrawal)
	}
	text := func(name, s string) {
		if s != "" {
			f[name] = s
		}
	}
	switch f["customer.kind"] = "business"; {
	case c.Customer.Consumer:
		f["customer.kind"] = "consumer"
	case c.Customer.Kind == customer.Organisation: // whether it acts for its trade is written nowhere
		f["customer.kind"] = jurisdiction.Organisation
	}
	text("customer.language", c.Customer.Language)
	who := ExitFor{Record: c.Customer.Place()}
	if c.Way.Said == "visitor" {
		who.Place = cmp.Or(c.Way.Place, Elsewhere)
	}
	place, _ := a.exitPlace(who)
	livingIn(f, place)
	text("seller.country", a.Company().Country)
	known, paid := len(c.Lines) > 0, false
	for _, s := range c.Lines {
		if s.Interval.Recurs() {
			f["contract.continuing"] = true
		}
		if !s.RenewsOn.IsZero() && !s.NotRenewed {
			f["contract.auto_renews"] = true
		}
		if was, ok := f["contract.concluded_on"].(string); !ok || s.Start.String() < was {
			f["contract.concluded_on"] = s.Start.String()
		}
		if !s.Terms.Trial.IsZero() {
			days, _ := f["contract.trial_days"].(int64)
			f["contract.trial_days"] = max(days, int64(s.Start.DaysUntil(s.Terms.Trial)+1))
		}
		if fee := s.Terms.ExitFee; fee.Kind != "" {
			given, _ := f["contract.benefit_given"].(bool)
			f["contract.benefit_given"] = given || fee.Given > 0 || fee.Kind == customer.BenefitFee || fee.Kind == customer.DeviceFee
		}
		if was, _ := f["contract.lock_in_end"].(string); !s.LockIn.IsZero() && s.LockIn.String() > was {
			f["contract.lock_in_end"] = s.LockIn.String()
		}
		known = known && !s.PaidUntil.IsZero()
		paid = paid || asked.Before(s.PaidUntil)
	}
	if paid || known {
		f["contract.prepaid"] = paid
	}
	if days, ok := termOf(c.Lines, asked); ok {
		f["contract.term_days"] = days
	}
	return f
}

// leastRetrieval is for how many days after the end of a departure the law wants its
// data to be there to be fetched; 0 where no rule surely holds that asks for it.
func (a *App) leastRetrieval(v CaseView) (days int, err error) {
	_, law, err := a.lawNow(v)
	if err != nil {
		return 0, err
	}
	s, ok := law.Of("retrieve.window.min")
	if !ok || s.Outcome != jurisdiction.Settled {
		return 0, nil
	}
	zone, err := zoneOf(v.Plan.Case)
	if err != nil {
		return 0, err
	}
	end := v.Plan.Case.Effective
	at := end.Start(zone)
	d, ok := s.Deadline(map[string]time.Time{"effect": at, "contract.end": at, "transition.ended": at}, a.calendars, zone)
	if !ok {
		return 0, nil
	}
	return max(0, end.DaysUntil(d.Last(zone))), nil
}

// termOf is how many days the term of contracts is, if the records say it and it is
// the same for all. How often they are paid says nothing about it: whoever pays by
// the month may be bound for a year.
func termOf(lines []customer.Subscription, today when.Date) (days int64, known bool) {
	for i, s := range lines {
		n, ok := term(s, today)
		if !ok || i > 0 && n != days {
			return 0, false
		}
		days = n
	}
	return days, len(lines) > 0
}

func term(s customer.Subscription, today when.Date) (days int64, known bool) {
	switch n := int64(s.Start.DaysUntil(s.RenewsOn)); {
	case !s.TermEnd.IsZero():
		return int64(s.Start.DaysUntil(s.TermEnd)) + 1, true
	case s.RenewsOn.IsZero() || n <= 0:
		return 0, false
	case !s.Interval.Recurs(), !s.Interval.After(s.Start, 1).Before(s.RenewsOn): // the first renewal
		return n, true
	case n <= 366 && s.Interval.After(today, 1).Before(s.RenewsOn): // further away than the next charge
		return n, true
	}
	return 0, false // it was renewed before, nobody knows how often
}

// lawEvents are the instants from which time limits of a departure count, as far
// as they are known. Where the company began it nobody asked for anything.
func lawEvents(k offboarding.Case, r offboarding.Request, zone *time.Location) map[string]time.Time {
	at := map[string]time.Time{"request.submitted": k.RequestedAt, "request.verified": r.VerifiedAt, "case.closed": k.ClosedAt}
	if r.Channel.Ours() {
		delete(at, "request.submitted")
		delete(at, "request.verified")
	}
	if !k.Effective.IsZero() {
		at["effect"] = k.Effective.Start(zone)
		at["contract.end"] = at["effect"]
	}
	maps.DeleteFunc(at, func(_ string, t time.Time) bool { return t.IsZero() })
	return at
}
