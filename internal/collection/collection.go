// Package collection is how money that is still owed after a departure is asked
// for: when a letter may remind, what a promise to pay is and when it was kept.
// It is pure: it sends nothing, keeps nothing, looks at no clock, and never holds
// anything back. No export, no access and no departure waits for what it says.
package collection

import (
	"slices"
	"time"

	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

// PromiseID identifies a promise to pay (ppr_…).
type PromiseID string

// PromiseState is what became of a promise.
type PromiseState string

// The states.
const (
	Waiting  PromiseState = "waiting"  // its day is not over
	Kept     PromiseState = "kept"     // nothing was owed any more by its end
	Broken   PromiseState = "broken"   // its day passed and something was still owed
	Released PromiseState = "released" // it binds nobody: disputed, complained about, or no longer owed for another reason
)

// PromiseStates are all of them.
var PromiseStates = []PromiseState{Waiting, Kept, Broken, Released}

// promiseMoves is the only truth about how promises change.
var promiseMoves = map[PromiseState][]PromiseState{Waiting: {Kept, Broken, Released}}

// Limits of promises, and of reminders while there is one.
const (
	UsualDays = 30 // ahead at most, where the step does not say
	MostDays  = 90 // ahead at most, whatever the step says

	MostPromises = 2 // per departure that were kept, broken or wait; what was released does not count

	MostReminders = 3 // letters that remind, per departure
	usualGap      = 7 // days between two of them, unless the playbook's own days are closer together
)

// ByCustomer stands in MadeBy for the customer on their private page.
const ByCustomer = "customer"

// Promise is the day by which somebody who owes says that they will have paid
// everything that they owe in a departure.
type Promise struct {
	ID       PromiseID
	Case     string // case_…
	Customer string // cus_…
	On       when.Date
	State    PromiseState
	MadeAt   time.Time
	MadeBy   string // customer, or usr_…, key_… who wrote it down for them
	OverAt   time.Time
	Version  int64 // 0: not stored yet
}

// To moves it on.
func (p *Promise) To(next PromiseState, now time.Time) error {
	if !slices.Contains(promiseMoves[p.State], next) {
		return fault.New(fault.Blocked, "collection.promise_over")
	}
	p.State, p.OverAt = next, now
	return nil
}

// Judge is what becomes of a promise that waits, on a day: owed says that
// something of it is left to pay, stopped that no clock runs. Waiting: its day is
// not over.
func (p Promise) Judge(today when.Date, owed, stopped bool) PromiseState {
	switch {
	case p.State != Waiting:
		return p.State
	case !owed:
		return Kept
	case !p.On.Before(today):
		return Waiting
	case stopped:
		return Released
	default:
		return Broken
	}
}

// Standing is the promise that waits; nil: none does.
func Standing(list []Promise) *Promise {
	i := slices.IndexFunc(list, func(p Promise) bool { return p.State == Waiting })
	if i < 0 {
		return nil
	}
	return &list[i]
}

// LastBroken reports whether the newest promise that counts was not kept. The
// list is oldest first.
func LastBroken(list []Promise) bool {
	for _, p := range slices.Backward(list) {
		if p.State != Released {
			return p.State == Broken
		}
	}
	return false
}

// Left is how many promises may still be made.
func Left(list []Promise) int {
	n := MostPromises
	for _, p := range list {
		if p.State != Released {
			n--
		}
	}
	return max(0, n)
}

// MayPromise refuses another promise while one waits, and after the most
// allowed (fault.Blocked).
func MayPromise(list []Promise) error {
	switch {
	case Standing(list) != nil:
		return fault.New(fault.Blocked, "collection.promise_waits")
	case Left(list) == 0:
		return fault.New(fault.Blocked, "collection.promises_over", "n", MostPromises)
	default:
		return nil
	}
}

// Days is how far ahead a promise may be: what the step says, within MostDays;
// 0: it does not say.
func Days(step int) int {
	if step < 1 {
		return UsualDays
	}
	return min(step, MostDays)
}

// CheckDay refuses a day that is past or too far ahead. Field: on.
func CheckDay(on, today when.Date, days int) error {
	if on.IsZero() {
		return fault.New(fault.Invalid, "field.required").On("on")
	}
	if on.Before(today) || today.AddDays(Days(days)).Before(on) {
		return fault.New(fault.Invalid, "collection.day", "days", Days(days)).On("on")
	}
	return nil
}

// Gap is how many days lie at least between two reminders that go out on these
// days of a step, in order: a week, or what the playbook says if that is less.
func Gap(days []int) int {
	gap := usualGap
	for i := 1; i < len(days); i++ {
		gap = min(gap, days[i]-days[i-1])
	}
	return gap
}

// Reminding is what is known when a reminder is due.
type Reminding struct {
	Owed    bool      // something is
	Stopped bool      // the customer does not agree, or a complaint is open: no clock runs
	Sent    int       // reminders of the departure that went out, or are about to
	Last    when.Date // of the newest of them; zero: none
	Gap     int       // days between two of them
	Rest    when.Date // the last day on which nobody is reminded, since something was agreed; zero: none
}

// Due reports whether the reminder goes out today and, where it does not, on
// which day to look again; zero: it never goes out.
func (r Reminding) Due(today when.Date) (out bool, again when.Date) {
	switch {
	case !r.Owed, r.Stopped, r.Sent >= MostReminders:
		return false, when.Date{}
	case !r.Rest.IsZero() && !r.Rest.Before(today):
		return false, r.Rest.AddDays(1)
	case !r.Last.IsZero() && today.Before(r.Last.AddDays(r.Gap)):
		return false, r.Last.AddDays(r.Gap)
	default:
		return true, when.Date{}
	}
}
