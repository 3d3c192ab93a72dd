// Package limit is the time limits that the law sets for a departure: from which
// event each runs, what ends it, whose it is, and when they hear of it. A limit
// is frozen when the departure is registered, with the rule that set it; a pack
// that changes later changes none.
//
// It reads no clock and keeps nothing: whoever asks says what happened when. How
// a time is counted is package jurisdiction's, and what an event is at a far
// system is of whoever saw it.
package limit

import (
	"slices"
	"time"

	"hastaluego/internal/calendar"
	"hastaluego/internal/fault"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/when"
)

// State is how a limit stands.
type State string

// The states. What was missed stays missed, also when it was done afterwards.
const (
	Running State = "running"
	Met     State = "met"
	Missed  State = "missed"
	Moot    State = "moot" // there is nothing left to do: the departure was taken back
)

// States are all of them.
var States = []State{Running, Met, Missed, Moot}

// Event ends limits.
type Event string

// The events.
const (
	Acknowledged   Event = "acknowledged"    // the acknowledgement went out
	Received       Event = "receipt"         // the receipt went out
	BillingStopped Event = "billing_stopped" // read back: nothing is charged any more
	Effective      Event = "effective"       // the contract has ended
	Refunded       Event = "refunded"        // everything that was to be given back was
	DataReady      Event = "data_ready"      // all of it is there for the customer, who has the page for it
	DataFetched    Event = "data_fetched"    // the customer has their data
	Erased         Event = "erased"          // and the certificate is made
	Answered       Event = "answered"        // a complaint
	Attested       Event = "attested"        // a person answers for it that it was done
)

// Rule is what a limit stands on, as it was when the departure was registered.
type Rule struct {
	ID       string              `json:"id"`
	Pack     string              `json:"pack"`
	Version  string              `json:"version"`
	Cite     string              `json:"cite"`
	URL      string              `json:"url,omitempty"`
	Severity string              `json:"severity"`
	Message  map[string]string   `json:"message"` // language → words
	Times    []jurisdiction.Time `json:"times"`
}

// Duty is a limit before anything happened that it counts from: of several times
// the soonest holds.
type Duty struct {
	Param string              `json:"param"`
	Times []jurisdiction.Time `json:"times"`
	Rules []Rule              `json:"rules"` // that set it
}

// Duties are what can be watched of the law of a departure.
func Duties(law *jurisdiction.Effective) (list []Duty) {
	for _, s := range law.Settings {
		if _, watched := Watched(s.Param.Name); !watched || s.Outcome != jurisdiction.Settled {
			continue
		}
		d := Duty{Param: s.Param.Name, Times: s.Value.Times}
		for _, a := range s.By {
			r := a.Rule
			d.Rules = append(d.Rules, Rule{r.ID, r.Pack.ID, r.Pack.Version, r.Cite.Ref, r.Cite.URL, string(a.Severity), r.Message, a.Value.Times})
		}
		list = append(list, d)
	}
	return list
}

// FromEvents are the duties that can count from one of the events.
func FromEvents(duties []Duty, events ...string) []Duty {
	return slices.DeleteFunc(slices.Clone(duties), func(d Duty) bool {
		return !slices.ContainsFunc(d.Times, func(t jurisdiction.Time) bool { return slices.Contains(events, t.From) })
	})
}

// Instead are duties, with others in the place of those of the same parameter.
func Instead(duties, others []Duty) []Duty {
	same := func(d Duty) bool {
		return slices.ContainsFunc(others, func(o Duty) bool { return o.Param == d.Param })
	}
	return append(slices.DeleteFunc(slices.Clone(duties), same), others...)
}

// Limit is one duty of one departure, from an instant until another.
type Limit struct {
	ID       string // lim_…
	Case     string // empty: of a customer who is not leaving
	Customer string
	About    string // the record that it is about, as a complaint; empty: the departure
	Param    string
	Rule     Rule
	Time     jurisdiction.Time // the one that decides
	Start    time.Time
	End      time.Time // the first instant after it
	Zone     string    // where the customer lives, as far as we know
	State    State
	Over     time.Time // when it was done, or became moot; zero: not yet
	By       string    // the event that ended it, or who answers for it
	Warned   time.Time // its owner was reminded
	Late     time.Time // it was told that it was missed
	Raised   time.Time // somebody above was asked
	First    time.Time // its end before it was put off; zero: it was not
	Extended time.Time // when it was put off, and told to the customer
	Deferrer string    // who put it off
	Why                // told with it
	Version  int64
}

// Why is why a limit was put off, sealed at rest with the key of the customer.
type Why struct {
	KeyID  string
	Sealed []byte
}

// Extension is until when the law lets a limit be put off, and until when that is to be
// told, with its reasons.
type Extension struct {
	Until, Told time.Time
	Rule        Rule
}

// Extendable reports whether a limit is one that the law may let be put off, and that
// nobody put off yet.
func (l Limit) Extendable() bool {
	w, _ := Watched(l.Param)
	return w.Extends && l.Over.IsZero() && l.First.IsZero()
}

// Extend puts a limit off, once, while that can still be told in time.
func (l *Limit) Extend(x Extension, at time.Time, by string) error {
	switch {
	case !l.Over.IsZero():
		return fault.New(fault.Conflict, "limit.over")
	case !l.First.IsZero():
		return fault.New(fault.Conflict, "limit.extended")
	case !l.Extendable() || !x.Until.After(l.End):
		return fault.New(fault.Blocked, "limit.not_extendable")
	case !at.Before(l.End) || !at.Before(x.Told):
		return fault.New(fault.Blocked, "limit.extended_late")
	}
	l.First, l.End, l.Extended, l.Deferrer, l.Warned = l.End, x.Until, at, by, time.Time{}
	return nil
}

// Exact reports whether it ends at an instant and not with a day.
func (l Limit) Exact() bool { return exact(l.Time.Unit) }

func exact(u jurisdiction.Unit) bool { return u == jurisdiction.Minutes || u == jurisdiction.Hours }

// Last is the last day on which it is in time.
func (l Limit) Last() when.Date { return jurisdiction.Deadline{End: l.End}.Last(l.location()) }

func (l Limit) location() *time.Location {
	zone, err := when.Zone(l.Zone)
	if err != nil {
		return time.UTC
	}
	return zone
}

// Role is whose it is.
func (l Limit) Role() string { w, _ := Watched(l.Param); return w.Role }

// Stops reports whether it runs, and until the charges of the departure stop.
func (l Limit) Stops() bool {
	w, _ := Watched(l.Param)
	return l.Over.IsZero() && slices.Contains(w.Ends, BillingStopped)
}

// Promise reports whether the customer is told of it: it is owed to them.
func (l Limit) Promise() bool { w, _ := Watched(l.Param); return w.Promise }

// From are limits that run from what happened, of the duties; none of what has
// not begun.
func From(duties []Duty, happened map[string]time.Time, days *calendar.Set, zone *time.Location) (list []Limit) {
	for _, d := range duties {
		s := jurisdiction.Setting{Param: jurisdiction.ParamNamed(d.Param), Value: jurisdiction.Value{Times: d.Times}}
		if s.Param == nil {
			continue
		}
		end, ok := s.Deadline(happened, days, zone)
		if !ok {
			continue
		}
		l := Limit{Param: d.Param, Time: end.Time, Start: happened[end.Time.From], End: end.End, Zone: zone.String(), State: Running}
		for i, r := range d.Rules {
			if i == 0 || slices.Contains(r.Times, end.Time) && !slices.Contains(l.Rule.Times, end.Time) {
				l.Rule = r
			}
		}
		list = append(list, l)
	}
	return list
}

// Update is the limits of a departure after what happened: those that there are,
// by what they are about, with those that run from now on. What ran already and
// is counted anew keeps its id; what is over stays as it is.
func Update(have, want []Limit) (changed []Limit) {
	for _, w := range want {
		i := slices.IndexFunc(have, func(h Limit) bool { return h.Param == w.Param && h.About == w.About })
		switch {
		case i < 0:
			changed = append(changed, w)
		case have[i].State == Running && have[i].Late.IsZero() && have[i].First.IsZero() && (!have[i].End.Equal(w.End) || !have[i].Start.Equal(w.Start)):
			h := have[i]
			h.Rule, h.Time, h.Start, h.End = w.Rule, w.Time, w.Start, w.End
			h.Warned = time.Time{} // its owner was reminded of another end
			changed = append(changed, h)
		}
	}
	return changed
}

// Done says that an event happened which may end the limit. What is done in time
// is met; what is done late stays missed. It reports whether that is news.
func (l *Limit) Done(e Event, at time.Time, by string) bool {
	w, _ := Watched(l.Param)
	if !l.Over.IsZero() || e != Attested && !slices.Contains(w.Ends, e) {
		return false
	}
	if at.Before(l.Start) { // it was done before anybody had to
		at = l.Start
	}
	l.Over, l.By = at, by
	if l.State = Met; !at.Before(l.End) {
		l.State = Missed
	}
	return true
}

// Drop says that there is nothing left to do. What was missed until then stays
// missed.
func (l *Limit) Drop(at time.Time, by string) bool {
	if !l.Over.IsZero() {
		return false
	}
	l.Over, l.By = at, by
	if l.State == Running && at.Before(l.End) {
		l.State = Moot
	} else {
		l.State = Missed
	}
	return true
}
