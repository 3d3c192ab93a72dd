package offboarding

import (
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/money"
	"hastaluego/internal/when"
)

// RequestID identifies a request (req_…).
type RequestID string

// CaseID identifies a case (case_…).
type CaseID string

// StepID identifies a step of a case (step_…).
type StepID string

// WorkID identifies a work (work_…).
type WorkID string

// MessageID identifies a letter (msg_…).
type MessageID string

// LinkID identifies a capability link (lnk_…).
type LinkID string

// Timing is when the customer wants to end.
type Timing string

// The timings. Unsaid means that nothing was chosen: the earliest applies.
const (
	Unsaid    Timing = ""
	Now       Timing = "now"        // today, at the end of the day in the company's zone
	PeriodEnd Timing = "period_end" // the last day already paid for
)

// LegalAct is what a request declares. They are never taken for one another:
// each has its own time, its own money and its own proof.
type LegalAct string

// The acts. Switching, retrieving and erasing are asked for on the private page
// of a departure, and have steps of their own.
const (
	Termination LegalAct = "terminate" // it ends for the future
	Withdrawal  LegalAct = "withdraw"  // it is undone, in its first days
	Switching   LegalAct = "switch"
	Retrieval   LegalAct = "retrieve"
	Erasure     LegalAct = "erase"
)

// Channel is how a request came in.
type Channel string

// The channels.
const (
	Public Channel = "public" // the login-free page
	Host   Channel = "host"   // a signed link from the host product: identity proved
	Staff  Channel = "staff"  // somebody of the company on the customer's behalf

	Payment Channel = "payment" // what was owed was not paid, after all that was tried
	Term    Channel = "term"    // the agreed term is over and is not renewed
	Company Channel = "company" // the company ends it

	Past Channel = "past" // it was over when it was imported
)

// Ours reports whether the company began it: the customer asked for nothing.
func (c Channel) Ours() bool { return c == Payment || c == Term || c == Company }

// Request is one declaration of a customer that they want to leave. It exists
// before anybody knows who made it; what was typed is kept as typed.
type Request struct {
	ID            RequestID
	Code          string // for people: HL-7K4M-29QX
	State         RequestState
	Channel       Channel
	Act           LegalAct // as it was declared; what became of it is said by the record of the withdrawal
	Name          string
	AccountEmail  string // the address of the account, as typed
	ReceiptEmail  string // where papers go, as typed
	Reference     string // contract or customer number, as typed; optional
	When          Timing
	Language      string
	Nonce         string // of the form; one request per nonce
	ReceivedAt    time.Time
	Customer      customer.ID               // once matched
	Case          CaseID                    // once matched
	Subscriptions []customer.SubscriptionID // named by a signed link, empty: all; once matched: those that were meant
	MatchedAt     time.Time
	VerifiedAt    time.Time
	VerifiedBy    string    // "link.mail", "link.host", usr_…
	EndsOn        when.Date // the last day, where the company set it; zero: it follows from When
	Ending        string    // end_… of which it is a part; empty: none
	Via           string    // of Staff: phone, letter, mail, shop
	Paper         string    // of Staff: the reference of the call, the letter
	EnteredAt     time.Time // when somebody of the company wrote it down; zero: the customer did
	Version       int64
}

// Case is the record of one departure.
type Case struct {
	ID            CaseID
	Code          string // the request's
	Request       RequestID
	Customer      customer.ID
	Subscriptions []customer.SubscriptionID
	State         CaseState
	Paused        bool
	Playbook      string // name@version of the plan it was opened with
	Language      string
	Zone          string // IANA
	When          Timing
	Effective     when.Date // inclusive: ends at the end of this day in Zone
	// Ends are the last days of those contracts that are over on another day than
	// that: their terms say so. Whoever leaves at the end of what is paid does so when
	// the last of them ends; whoever leaves now may owe what a notice asks for.
	Ends        map[customer.SubscriptionID]when.Date
	RequestedAt time.Time // when the request was received: the date that counts
	OpenedAt    time.Time // it opened; while it waits: identity was proved
	EffectiveAt time.Time // the wait for the effective date was over
	ClosedAt    time.Time
	Retrieval   int // days after Effective in which the customer may fetch their data
	// Test says that the customer was made up: it is a rehearsal, which changes
	// nothing outside and is never counted.
	Test bool
	// SelfTold is when the customer said that they tell their own users of it
	// themselves; zero: they did not.
	SelfTold time.Time
	// Shown is what a page showed of the money before the customer asked: the receipt
	// tells it, whatever is written down since. Zero: none did.
	Shown   Shown
	Version int64
}

// Shown are the sums that a customer saw before they asked to leave.
type Shown struct {
	Totals   []money.Amount `json:"totals"`             // by currency; positive: it comes back, negative: it is left to pay
	DueOn    when.Date      `json:"due_on,omitzero"`    // of what is left to pay
	RefundOn when.Date      `json:"refund_on,omitzero"` // last day on which what comes back is there; zero: no rule says
}

// EndOf is the last day of a contract of the departure.
func (c Case) EndOf(sub customer.SubscriptionID) when.Date {
	if day, own := c.Ends[sub]; own {
		return day
	}
	return c.Effective
}

// Waits reports whether identity is proved and the case opens by itself, once an
// earlier departure of its subscriptions is undone.
func (c Case) Waits() bool { return c.State == CaseRegistered && !c.OpenedAt.IsZero() }

// Overdue is the day since which a departure should have taken effect and has
// not: a day after its last; zero while that has not passed.
func (c Case) Overdue(now time.Time, zone *time.Location) when.Date {
	since := c.Effective.AddDays(1)
	if c.State != CaseOpen || !c.EffectiveAt.IsZero() || !now.After(since.End(zone)) {
		return when.Date{}
	}
	return since
}

// RetrievalEnd is the last day on which the customer may fetch their data.
func (c Case) RetrievalEnd() when.Date { return c.Effective.AddDays(c.Retrieval) }

// Step is one step of a case's plan: a snapshot of the playbook's.
type Step struct {
	ID         StepID
	Case       CaseID
	Key        string // the step's name in the playbook: "cancel_billing"
	Seq        int    // order for reading
	Kind       string
	Title      map[string]string // language → words
	Role       string            // who owns it, for human steps
	Assignee   string            // usr_…; empty: anybody with the role
	After      []string          // keys of the steps that must be over first
	Params     map[string]string
	Items      []Item // checklist of a human step
	Verifies   bool   // over only when verified; otherwise when done
	Human      bool
	Milestone  string // empty: the customer does not see it
	Spec       Spec
	State      StepState
	Due        time.Time // human steps
	ReadyAt    time.Time
	DoneAt     time.Time
	VerifiedAt time.Time
	DoneBy     string   // usr_…, or "engine"
	Hands      []string // everybody who had a hand in it, whatever became of what they did
	Note       string   // evidence in words; sealed wherever it is stored
	Blocked    string   // message code of what it waits for a person about, or why it was left out
	Escalated  string   // role that was asked because the step is late; empty: not late enough
	Version    int64
}

// Late reports whether its due date passed and it is not over.
func (s Step) Late(now time.Time) bool {
	return !s.Due.IsZero() && s.Due.Before(now) && (s.State == StepReady || s.State == StepRunning || s.State == StepBlocked)
}

// Roles are those whose people may work on the step: its owner, and who was
// asked because it is late.
func (s Step) Roles() []string {
	if s.Escalated == "" || s.Escalated == s.Role {
		return []string{s.Role}
	}
	return []string{s.Role, s.Escalated}
}

// Spec is what a playbook says about a step beyond its kind: a snapshot, never
// changed once the case exists.
type Spec struct {
	If       string     `json:"if,omitempty"` // CEL; false when the step's turn comes: skipped
	Due      Due        `json:"due,omitzero"`
	Alert    int        `json:"alert,omitempty"` // days before Due at which its owner is reminded
	Escalate Escalation `json:"escalate,omitzero"`
	Timeout  int        `json:"timeout,omitempty"` // days that a wait for an event may last
	Else     string     `json:"else,omitempty"`    // when it is over: "continue" or "ask"
	Undo     Undoing    `json:"undo,omitzero"`
	// House says that no playbook planned the step: the house asked a person
	// because of what happened. It is worked whatever the state of the case.
	House bool `json:"house,omitempty"`
	// Stays says that it goes on when the departure is undone: it is about what was
	// agreed instead.
	Stays bool `json:"stays,omitempty"`
	// UntilConfirmed says that nobody need do it once identity is proved.
	UntilConfirmed bool `json:"until_confirmed,omitempty"`
}

// Due is when a step of a person is due: the end of the day that lies N days
// after the day of From.
type Due struct {
	N        int    `json:"n,omitempty"`
	Business bool   `json:"business,omitempty"` // N counts business days
	From     string `json:"from,omitempty"`     // ready, request, effective, end_of_retrieval, or the key of an earlier step
}

// Escalation says who is asked when a step is late.
type Escalation struct {
	Days int    `json:"days,omitempty"` // after the step is due
	To   string `json:"to,omitempty"`   // role
}

// Undoing says what taking a step back means.
type Undoing struct {
	Class string            `json:"class,omitempty"` // restorable, reissuable or final; empty: the step has no effect
	Title map[string]string `json:"title,omitempty"` // what a person does to take it back
}

// Item is one line of a checklist.
type Item struct {
	Key      string
	Title    map[string]string
	Day      when.Date    `json:",omitzero"` // what it is about happened on it
	Clock    string       `json:",omitzero"` // "18:15" of that day, at the company's
	Sum      money.Amount `json:",omitzero"` // what it is about; whoever shows it writes it as its reader does
	Ticked   bool
	By       string
	At       time.Time
	Evidence string
}

// Work is one effect on one item of one step, or one internal job: the row
// that is the queue.
type Work struct {
	ID         WorkID
	Kind       string // step kind, or "match", "message"
	Case       CaseID // empty for jobs of the house
	Step       StepID
	Item       string // what it is done to: a subscription's id, a message's, a request's
	System     string // far system, for fairness: "billing", "mail", "house"
	Key        string // idempotency key, stable over attempts and told to the far system
	Phase      Phase
	State      WorkState
	RunAt      time.Time // business time: timers
	RetryAt    time.Time // wall time: back-off
	FailedAt   time.Time // wall time: when that was given
	Attempt    int64     // fencing token: +1 at every claim
	Tries      int       // failures in this phase
	LeaseEnd   time.Time // wall time
	Worker     string
	CallHash   string    // of the request, set when a call begins
	CallingAt  time.Time // wall time a call began whose answer is not recorded; zero if none
	FirstCall  time.Time // wall time of the first call with Key
	Before     string    // JSON: what was seen before the first call; what is proved later is compared with it
	Evidence   string    // JSON: what the far system answered, what was read back
	DoneAt     time.Time
	VerifiedAt time.Time
	UndoneAt   time.Time
	LastError  string // message code
	Undo       string // connector.UndoClass of the act, once done
}

// Renew gives the work another key, with which it is called again.
func (w *Work) Renew() { w.Key = w.Key + ":" + strconv.FormatInt(w.Attempt, 10) }

// Keys are those with which the work was called, or will be, the newest first.
func (w Work) Keys() []string {
	keys := []string{w.Key}
	for key := w.Key; ; {
		i := strings.LastIndexByte(key, ':')
		if i <= 0 || i == len(key)-1 || strings.ContainsFunc(key[i+1:], func(r rune) bool { return r < '0' || r > '9' }) {
			return keys
		}
		key = key[:i]
		keys = append(keys, key)
	}
}

// Phase is what a work does next.
type Phase string

// The phases of a work.
const (
	Act        Phase = "act"
	Verify     Phase = "verify"
	Undo       Phase = "undo"
	VerifyUndo Phase = "verify_undo"
)
