package limit

import "time"

// Alarm is what a date of a limit means.
type Alarm string

// The alarms, in their order.
const (
	Warn  Alarm = "warn"  // its owner is reminded while there is time
	Late  Alarm = "late"  // it ran out
	Raise Alarm = "raise" // it ran out a while ago: somebody above is asked
)

const (
	leastWarning = 10 * time.Minute // what is shorter leaves nobody time to be reminded
	mostWarning  = 3 * 24 * time.Hour
	leastRaise   = time.Hour
	mostRaise    = 24 * time.Hour
)

// WarnAt is when its owner is reminded: at three quarters of it, and no more
// than three days before its end. Zero: it is too short.
func (l Limit) WarnAt() time.Time {
	lead := min(l.End.Sub(l.Start)/4, mostWarning)
	if lead < leastWarning {
		return time.Time{}
	}
	return l.End.Add(-lead)
}

// RaiseAt is when somebody above is asked: as long after its end as it was, and
// between an hour and a day.
func (l Limit) RaiseAt() time.Time {
	return l.End.Add(max(leastRaise, min(l.End.Sub(l.Start), mostRaise)))
}

// Next is the next date of a limit that is not over, and what it means; zero
// when there is none.
func (l Limit) Next() (Alarm, time.Time) {
	switch warn := l.WarnAt(); {
	case !l.Over.IsZero():
		return "", time.Time{}
	case l.Late.IsZero() && l.Warned.IsZero() && !warn.IsZero():
		return Warn, warn
	case l.Late.IsZero():
		return Late, l.End
	case l.Raised.IsZero():
		return Raise, l.RaiseAt()
	}
	return "", time.Time{}
}

// Ring is what its dates mean at an instant, the last of those that came. It
// keeps that it was told, and ok is false where nothing is to tell.
func (l *Limit) Ring(now time.Time) (a Alarm, ok bool) {
	for {
		next, at := l.Next()
		if next == "" || now.Before(at) {
			return a, ok
		}
		switch a, ok = next, true; next {
		case Warn:
			l.Warned = now
		case Late:
			l.Late, l.State = now, Missed
		case Raise:
			l.Raised = now
		}
	}
}
