package app

import (
	"maps"
	"slices"
	"time"

	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/when"
)

// LawView is what the law asks of one departure, as far as its facts are known.
type LawView struct {
	Law    *jurisdiction.Effective
	Limits []LegalLimit // time limits whose event is known, the soonest first
}

// LegalLimit is until when something must be done. Whether it was done is not
// judged here.
type LegalLimit struct {
	Setting  jurisdiction.Setting
	Deadline jurisdiction.Deadline
}

// Exact reports whether it ends at an instant and not with a day.
func (l LegalLimit) Exact() bool { return l.Deadline.Time.Unit == jurisdiction.Hours }

// LawOf is the law of a departure on the day it was asked for.
func (a *App) LawOf(c CaseView) (LawView, error) {
	zone, err := zoneOf(c.Plan.Case)
	if err != nil {
		return LawView{}, err
	}
	asked := when.DateOf(c.Plan.Case.RequestedAt, zone)
	facts := a.lawFacts(c, asked)
	law, err := a.Law().Effective(a.Law().Select(facts), facts, asked)
	if err != nil {
		return LawView{}, err
	}
	v, happened := LawView{Law: law}, lawEvents(c, zone)
	for _, s := range law.Settings {
		// How long somebody waits on the telephone is no date of a departure.
		if s.Outcome != jurisdiction.Settled || s.Param.Merge != jurisdiction.MinOf {
			continue
		}
		if d, ok := s.Deadline(happened, a.calendars, zone); ok && d.Time.Unit != jurisdiction.Minutes && d.Time.From != "contract.concluded" {
			v.Limits = append(v.Limits, LegalLimit{s, d})
		}
	}
	slices.SortStableFunc(v.Limits, func(x, y LegalLimit) int { return x.Deadline.End.Compare(y.Deadline.End) })
	return v, nil
}

// lawFacts are what is known of a departure, beside what the company said of
// itself. What the records leave open stays out: it is not known.
func (a *App) lawFacts(c CaseView, asked when.Date) jurisdiction.Facts {
	f := jurisdiction.Facts{"request.act": "terminate", "data.role": "controller"}
	maps.Copy(f, a.lawSaid)
	text := func(name, s string) {
		if s != "" {
			f[name] = s
		}
	}
	f["customer.kind"] = "business"
	if c.Customer.Consumer {
		f["customer.kind"] = "consumer"
	}
	text("customer.residence", c.Customer.Country)
	text("customer.language", c.Customer.Language)
	if c.Customer.Region != "" {
		text("customer.region", c.Customer.Country+"-"+c.Customer.Region)
	}
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
		if was, _ := f["contract.lock_in_end"].(string); !s.LockIn.IsZero() && s.LockIn.String() > was {
			f["contract.lock_in_end"] = s.LockIn.String()
		}
		known = known && !s.PaidUntil.IsZero()
		paid = paid || asked.Before(s.PaidUntil)
	}
	if paid || known {
		f["contract.prepaid"] = paid
	}
	return f
}

// lawEvents are the instants from which time limits of a departure count.
func lawEvents(c CaseView, zone *time.Location) map[string]time.Time {
	k := c.Plan.Case
	at := map[string]time.Time{"request.submitted": k.RequestedAt, "request.verified": c.Request.VerifiedAt, "case.closed": k.ClosedAt}
	if !k.Effective.IsZero() {
		at["effect"] = k.Effective.Start(zone)
		at["contract.end"] = at["effect"]
	}
	for name, t := range at {
		if t.IsZero() {
			delete(at, name)
		}
	}
	return at
}
