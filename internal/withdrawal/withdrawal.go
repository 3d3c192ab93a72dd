// Package withdrawal knows until when a contract can be undone by whoever
// concluded it, and what comes back then. It is pure: the law, what happened
// and what was paid are handed to it.
package withdrawal

import (
	"slices"
	"time"

	"hastaluego/internal/calendar"
	"hastaluego/internal/jurisdiction"
)

// State is whether a contract can be withdrawn from at an instant.
type State string

// The states. Doubt is when a fact or an event that is not known decides: then
// the declaration stands, and a person looks.
const (
	Open  State = "open"
	Doubt State = "doubt"
	Over  State = "over"
	None  State = "none"
)

// Right is the right to withdraw from one contract at one instant.
type Right struct {
	State   State
	Until   time.Time // the first instant after it; zero: it has no end, or there is none
	Rule    string    // id of the rule that gives it; empty: none does
	Cite    string    // where that stands
	Missing []string  // facts and events that would decide, sorted
	Longer  bool      // the period is over, and goes on because the customer was not told of the right
}

// Stands reports whether what is declared now is a withdrawal.
func (r Right) Stands() bool { return r.State == Open || r.State == Doubt }

// Last is the last instant of the right.
func (r Right) Last() time.Time {
	if r.Until.IsZero() {
		return r.Until
	}
	return r.Until.Add(-time.Microsecond)
}

// RightOf is the right under the law, for somebody who lives in the zone, at
// the instant at which they declare it. happened are the instants of events.
func RightOf(law *jurisdiction.Effective, happened map[string]time.Time, at time.Time, days *calendar.Set, zone *time.Location) Right {
	period, ok := law.Of("withdraw.period")
	if !ok {
		return Right{State: None}
	}
	sure := ending(settled(period), happened, days, zone)
	most := ending(hoped(period), happened, days, zone)
	r := Right{Missing: slices.Concat(sure.missing, missing(period))}
	if longer, ok := law.Of("withdraw.ext"); ok {
		r.Missing = append(r.Missing, missing(longer)...)
		if !sure.end.IsZero() && !at.Before(sure.end) {
			r.Longer = true
			sure = sure.longer(settled(longer), happened, days, zone)
		}
		most = most.longer(hoped(longer), happened, days, zone)
	}
	slices.Sort(r.Missing)
	r.Missing = slices.Compact(r.Missing)
	from := sure
	switch {
	case sure.covers(at):
		r.State, r.Missing = Open, nil
	case most.covers(at) || !sure.found && (most.found || len(sure.missing) > 0):
		r.State, from = Doubt, most
	case sure.found:
		r.State, r.Missing = Over, nil
	default:
		r.State, r.Missing = None, nil
	}
	if !from.endless {
		r.Until = from.end
	}
	if rules := slices.Concat(period.By, period.Maybe); r.State != None && len(rules) > 0 {
		r.Rule, r.Cite = rules[0].Rule.ID, rules[0].Rule.Cite.Ref
	}
	return r
}

// end is when a period is over.
type end struct {
	end     time.Time
	found   bool // there is one, or it has no end
	endless bool
	missing []string
}

func (e end) covers(at time.Time) bool { return e.endless || e.found && at.Before(e.end) }

// longer is the period with its extension, which counts from its last day.
func (e end) longer(s jurisdiction.Setting, happened map[string]time.Time, days *calendar.Set, zone *time.Location) end {
	if !e.found || e.endless {
		return e
	}
	from := map[string]time.Time{"withdrawal.period_end": e.end.Add(-time.Microsecond)}
	for name, t := range happened {
		from[name] = t
	}
	x := ending(s, from, days, zone)
	if !x.found || !x.endless && x.end.Before(e.end) {
		return e
	}
	return x
}

func ending(s jurisdiction.Setting, happened map[string]time.Time, days *calendar.Set, zone *time.Location) (e end) {
	if s.Param == nil {
		return e
	}
	for _, t := range s.Value.Times {
		if _, known := happened[t.From]; known && t.Formula == "no_end" {
			return end{found: true, endless: true}
		}
	}
	d, ok := s.Deadline(happened, days, zone)
	return end{end: d.End, found: ok, missing: d.Missing}
}

// settled is the setting if its rules hold; zero if it is only possible that
// they do.
func settled(s jurisdiction.Setting) jurisdiction.Setting {
	if s.Outcome != jurisdiction.Settled {
		return jurisdiction.Setting{}
	}
	return s
}

// hoped is the setting as if every rule held of which that is not known.
func hoped(s jurisdiction.Setting) jurisdiction.Setting {
	all := slices.Concat(s.By, s.Beaten, s.Maybe)
	if len(all) == 0 {
		return jurisdiction.Setting{}
	}
	out := jurisdiction.Setting{Param: s.Param, Outcome: jurisdiction.Settled, Value: all[0].Value}
	for _, a := range all[1:] {
		if v, ok := s.Param.Join(out.Value, a.Value); ok {
			out.Value = v
		}
	}
	return out
}

func missing(s jurisdiction.Setting) (names []string) {
	for _, a := range s.Maybe {
		names = append(names, a.Missing...)
	}
	return names
}
