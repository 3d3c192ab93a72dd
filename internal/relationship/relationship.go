// Package relationship holds what the two sides of a contract complain about
// and promise each other: complaints with cause, fix and clock, and
// commitments that are kept, kept late or broken. It is pure: it stores
// nothing and reminds nobody.
package relationship

import (
	"slices"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// ComplaintID identifies a complaint (cmp_…).
type ComplaintID string

// CommitmentID identifies a commitment (com_…).
type CommitmentID string

// ComplaintState is the state of a complaint.
type ComplaintState string

// The states of a complaint.
const (
	Open     ComplaintState = "open"     // nobody has answered it
	Promised ComplaintState = "promised" // a fix is promised for a date
	Fixed    ComplaintState = "fixed"    // what was wrong was put right
	Declined ComplaintState = "declined" // answered with grounds: not ours, or withdrawn
)

// ComplaintTransitions is the only truth about how complaints change.
var ComplaintTransitions = map[ComplaintState][]ComplaintState{
	Open:     {Promised, Fixed, Declined},
	Promised: {Promised, Fixed, Declined}, // a promise may be renewed with a new date
}

// Complaint is something that went wrong for a customer. What is written in
// words is sealed at rest.
type Complaint struct {
	ID       ComplaintID
	Customer customer.ID
	Received when.Date
	AnswerBy when.Date // last day to answer
	State    ComplaintState
	AnswerOn when.Date // first answer; zero: none yet
	Over     when.Date // fixed or declined on
	What     string    // what the customer says
	Cause    string    // what was behind it
	Answer   string    // what was done, or the grounds for declining
	Version  int64
}

// Unsolved reports whether the complaint still waits for its fix.
func (c Complaint) Unsolved() bool { return len(ComplaintTransitions[c.State]) > 0 }

// Late reports whether nobody answered in time, as of the day.
func (c Complaint) Late(today when.Date) bool {
	if c.AnswerOn.IsZero() {
		return c.AnswerBy.Before(today)
	}
	return c.AnswerBy.Before(c.AnswerOn)
}

// To changes the state of the complaint on a day.
func (c *Complaint) To(s ComplaintState, on when.Date) error {
	if !slices.Contains(ComplaintTransitions[c.State], s) {
		return fault.New(fault.Blocked, "complaint.over")
	}
	c.State = s
	if c.AnswerOn.IsZero() {
		c.AnswerOn = on
	}
	if s == Fixed || s == Declined {
		c.Over = on
	}
	return nil
}

// AnswerDays is how long an answer to a complaint may take when no law or
// contract says less: thirty days, the longest that Spanish law allows for
// consumers (Royal Legislative Decree 1/2007, art. 21.3: at most one month).
const AnswerDays = 30

// Side is who promised.
type Side string

// The sides.
const (
	Ours   Side = "ours"
	Theirs Side = "theirs"
)

// CommitmentState is the state of a commitment.
type CommitmentState string

// The states of a commitment.
const (
	Pending  CommitmentState = "pending"
	Kept     CommitmentState = "kept" // in time, or late: KeptOn tells
	Broken   CommitmentState = "broken"
	Released CommitmentState = "released" // the other side no longer wants it
)

// Commitment is something that one side promised for a date.
type Commitment struct {
	ID        CommitmentID
	Customer  customer.ID
	Case      offboarding.CaseID // empty: not about a departure
	Complaint ComplaintID        // empty: fixes no complaint
	By        Side
	Due       when.Date
	State     CommitmentState
	Over      when.Date // kept, broken or released on
	What      string    // sealed at rest
	Evidence  string    // sealed at rest
	Version   int64
}

// Late reports whether the commitment was kept late, or is pending after its
// day.
func (c Commitment) Late(today when.Date) bool {
	switch c.State {
	case Kept:
		return c.Due.Before(c.Over)
	case Pending:
		return c.Due.Before(today)
	default:
		return false
	}
}

// End says how a commitment ended, on a day.
func (c *Commitment) End(s CommitmentState, on when.Date) error {
	if c.State != Pending {
		return fault.New(fault.Blocked, "commitment.over")
	}
	if s != Kept && s != Broken && s != Released {
		return fault.New(fault.Invalid, "field.choice").On("state")
	}
	c.State, c.Over = s, on
	return nil
}

// Standing sums up what one side promised, as of the day: none, kept, late
// (all kept, some late or still pending after their day), broken, or unknown
// while nothing has come due.
func Standing(list []Commitment, by Side, today when.Date) string {
	out := "none"
	for _, c := range list {
		if c.By != by || c.State == Released {
			continue
		}
		switch {
		case c.State == Broken:
			return "broken"
		case c.Late(today):
			out = "late"
		case c.State == Kept && out != "late":
			out = "kept"
		case out == "none":
			out = "unknown"
		}
	}
	return out
}

// Check reports everything that is wrong with a new complaint.
func (c Complaint) Check(today when.Date) fault.List {
	var l fault.List
	if c.What == "" {
		l = append(l, fault.New(fault.Invalid, "field.required").On("complaint.what"))
	}
	if c.Received.IsZero() || today.Before(c.Received) {
		l = append(l, fault.New(fault.Invalid, "complaint.received").On("complaint.received"))
	}
	return l
}

// Check reports everything that is wrong with a new commitment.
func (c Commitment) Check(today when.Date) fault.List {
	var l fault.List
	if c.What == "" {
		l = append(l, fault.New(fault.Invalid, "field.required").On("commitment.what"))
	}
	if c.By != Ours && c.By != Theirs {
		l = append(l, fault.New(fault.Invalid, "field.choice").On("commitment.by"))
	}
	if c.Due.IsZero() || c.Due.Before(today) || today.AddDays(3660).Before(c.Due) {
		l = append(l, fault.New(fault.Invalid, "commitment.due").On("commitment.due"))
	}
	return l
}
