package offboarding

import (
	"fmt"
	"slices"

	"hastaluego/internal/fault"
)

// RequestState is the state of a request. Like every state it changes only by
// the transition table below: the only truth about how records change.
type RequestState string

// CaseState is the state of a case.
type CaseState string

// StepState is the state of a step.
type StepState string

// WorkState is the state of a work.
type WorkState string

// The states of a request.
const (
	RequestReceived RequestState = "received" // registered; nobody knows yet whose it is
	RequestMatched  RequestState = "matched"  // a customer was found; a case exists
	RequestVerified RequestState = "verified" // identity proved
	RequestReleased RequestState = "released" // a person closed it: there is no such customer
	RequestDisowned RequestState = "disowned" // "this was not me"
)

// The states of a case.
const (
	CaseRegistered CaseState = "registered" // waits for the proof of identity
	CaseOpen       CaseState = "open"
	CaseReversing  CaseState = "reversing" // being undone
	CaseReversed   CaseState = "reversed"  // undone and verified
	CaseStopped    CaseState = "stopped"   // "this was not me"
	CaseClosed     CaseState = "closed"
)

// The states of a step.
const (
	StepWaiting   StepState = "waiting" // for the steps before it
	StepReady     StepState = "ready"   // its owner, or the engine, may begin
	StepRunning   StepState = "running"
	StepBlocked   StepState = "blocked" // a person is asked
	StepDone      StepState = "done"
	StepVerified  StepState = "verified" // everything was read back
	StepAttested  StepState = "attested" // a person answers for what could not be read back
	StepSkipped   StepState = "skipped"
	StepUndoing   StepState = "undoing"
	StepUndone    StepState = "undone"
	StepCancelled StepState = "cancelled"
)

// The states of a work.
const (
	WorkReady     WorkState = "ready"
	WorkRunning   WorkState = "running"
	WorkUncertain WorkState = "uncertain" // may have happened: a person decides
	WorkFailed    WorkState = "failed"    // tries used up, or refused: a person is asked
	WorkDone      WorkState = "done"      // over; nothing to verify
	WorkVerified  WorkState = "verified"
	WorkAttested  WorkState = "attested" // a person says that it is so
	WorkUndone    WorkState = "undone"
	WorkCancelled WorkState = "cancelled"
)

// Transitions of requests, cases, steps and works: from → to. A state that is
// not a key is terminal.
var (
	RequestTransitions = map[RequestState][]RequestState{
		RequestReceived: {RequestMatched, RequestReleased, RequestDisowned},
		RequestMatched:  {RequestVerified, RequestDisowned},
		RequestVerified: {RequestDisowned},
	}
	CaseTransitions = map[CaseState][]CaseState{
		CaseRegistered: {CaseOpen, CaseStopped},
		CaseOpen:       {CaseClosed, CaseReversing, CaseStopped},
		CaseReversing:  {CaseReversed},
	}
	StepTransitions = map[StepState][]StepState{
		StepWaiting:  {StepReady, StepSkipped, StepCancelled},
		StepReady:    {StepRunning, StepDone, StepBlocked, StepSkipped, StepCancelled, StepUndoing},
		StepRunning:  {StepDone, StepBlocked, StepSkipped, StepCancelled, StepUndoing},
		StepBlocked:  {StepReady, StepRunning, StepDone, StepSkipped, StepCancelled, StepUndoing, StepUndone},
		StepDone:     {StepVerified, StepAttested, StepBlocked, StepUndoing},
		StepVerified: {StepUndoing},
		StepAttested: {StepUndoing},
		StepUndoing:  {StepUndone, StepBlocked},
	}
	WorkTransitions = map[WorkState][]WorkState{
		WorkReady:     {WorkRunning, WorkCancelled},
		WorkRunning:   {WorkReady, WorkUncertain, WorkFailed, WorkDone, WorkVerified, WorkUndone, WorkCancelled},
		WorkUncertain: {WorkReady, WorkAttested, WorkUndone, WorkCancelled},
		WorkFailed:    {WorkReady, WorkAttested, WorkUndone, WorkCancelled},
		WorkDone:      {WorkReady},
		WorkVerified:  {WorkReady}, // to be undone
		WorkAttested:  {WorkReady},
	}
)

// Over reports whether nothing more will happen in such a case.
func (s CaseState) Over() bool { return len(CaseTransitions[s]) == 0 }

// move checks one transition against its table.
func move[S ~string](table map[S][]S, what string, from, to S) error {
	if slices.Contains(table[from], to) {
		return nil
	}
	return fault.New(fault.Conflict, what+".state", "from", string(from), "to", string(to)).
		At("offboarding", fmt.Errorf("%s cannot go from %q to %q", what, from, to))
}

// Open reports whether the case still moves.
func (s CaseState) Open() bool { return len(CaseTransitions[s]) > 0 }

// To changes the state of the request by the table.
func (r *Request) To(s RequestState) error {
	if err := move(RequestTransitions, "request", r.State, s); err != nil {
		return err
	}
	r.State = s
	return nil
}

func (c *Case) to(s CaseState) error {
	if err := move(CaseTransitions, "case", c.State, s); err != nil {
		return err
	}
	c.State = s
	return nil
}

func (s *Step) to(st StepState) error {
	if err := move(StepTransitions, "step", s.State, st); err != nil {
		return err
	}
	s.State = st
	return nil
}

// To changes the state of the work by the table.
func (w *Work) To(s WorkState) error {
	if err := move(WorkTransitions, "work", w.State, s); err != nil {
		return err
	}
	w.State = s
	return nil
}

// Holds reports whether what the step does is so, as far as anybody knows.
func (s *Step) Holds() bool {
	return s.State == StepDone || s.State == StepVerified || s.State == StepAttested
}

// Over reports whether later steps need not wait for this one any more.
func (s *Step) Over() bool {
	switch s.State {
	case StepVerified, StepAttested, StepSkipped, StepUndone, StepCancelled:
		return true
	case StepDone:
		return !s.Verifies
	default:
		return false
	}
}
