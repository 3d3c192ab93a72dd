package limit

import (
	"slices"

	"hastaluego/internal/calendar"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/when"
)

// Kind is what comes for a contract and has to be told in time.
type Kind string

// The kinds.
const (
	Renewal     Kind = "renewal"
	TrialEnd    Kind = "trial_end"
	PriceChange Kind = "price_change"
)

// Kinds are all of them.
var Kinds = []Kind{Renewal, TrialEnd, PriceChange}

// Param is the parameter of the law that says when it is told.
func (k Kind) Param() string { return "notice." + string(k) }

// Coming is one thing that comes for a contract.
type Coming struct {
	Kind     Kind
	Day      when.Date // on which it comes
	Deadline when.Date // the last day on which to say no
}

// Before is what is coming, with the days of notice that the contract asks for.
func Before(k Kind, day when.Date, notice int) Coming {
	return Coming{k, day, day.AddDays(-max(1, notice))}
}

func (c Coming) anchors() map[string]when.Date {
	day := map[Kind]string{Renewal: "renewal.date", TrialEnd: "trial.end", PriceChange: "price.change"}[c.Kind]
	return map[string]when.Date{day: c.Day, "cancel.deadline": c.Deadline}
}

// Telling is what to tell of something that is coming, today or next.
type Telling struct {
	Now  []jurisdiction.DaysBefore // windows in which a letter of today is; none: nothing is told today
	Late []jurisdiction.DaysBefore // windows that are over in which nothing was told; a letter of today makes up for them
	Next when.Date                 // when to tell again; zero: never
}

// Tell plans the fewest letters, without the windows in which was told already.
// What was not told in time is told at once, as long as it has not come.
func (c Coming) Tell(windows []jurisdiction.DaysBefore, told []string, today when.Date, days *calendar.Set) (t Telling) {
	if !today.Before(c.Day) {
		return t
	}
	open := slices.DeleteFunc(slices.Clone(windows), func(w jurisdiction.DaysBefore) bool { return slices.Contains(told, w.String()) })
	at := c.anchors()
	open = slices.DeleteFunc(open, func(w jurisdiction.DaysBefore) bool { return at[w.Anchor].IsZero() })
	plan, late := jurisdiction.Notices(open, at, today, days)
	if t.Late = late; len(late) == 0 && (len(plan) == 0 || today.Before(c.by(plan[0].Date))) {
		if len(plan) > 0 {
			t.Next = c.by(plan[0].Date)
		}
		return t
	}
	// A letter goes out today: it is in every window that is open today.
	var rest []jurisdiction.DaysBefore
	for _, w := range open {
		first, last := w.Between(at[w.Anchor], days)
		switch {
		case slices.Contains(late, w):
		case !today.Before(first) && !last.Before(today):
			t.Now = append(t.Now, w)
		default:
			rest = append(rest, w)
		}
	}
	if plan, _ = jurisdiction.Notices(rest, at, today, days); len(plan) > 0 {
		t.Next = c.by(plan[0].Date)
	}
	return t
}

// by is the day, or the last one before it comes.
func (c Coming) by(day when.Date) when.Date {
	if last := c.Day.AddDays(-1); last.Before(day) {
		return last
	}
	return day
}

// Sends reports whether a letter goes out today.
func (t Telling) Sends() bool { return len(t.Now)+len(t.Late) > 0 }
