package document

import (
	"time"

	"hastaluego/internal/money"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// Company is who writes.
type Company struct {
	Name          string // as people call it
	LegalName     string
	Address       string // postal, one line
	Phone         string
	Email         string
	Complaints    string // e-mail address for complaints
	ComplaintsURL string
	Signer        string         // a person
	Zone          *time.Location // in which instants are written; nil is UTC
	Signature     string         // lines under a letter, in its language; empty: none
	RefundsURL    string
	WarrantyURL   string
	PrivacyURL    string
	Brand         Brand
	Own           text.Own // words of its own
	NoPage        bool     // customers reach no page: they answer by mail
	Alone         bool     // one person works there: nobody signs along
	Abroad        bool     // whoever reads it lives in another country: every time of day says its zone
	Logo          []byte   // a PNG, for the PDF; nil: the name stands alone
}

// Brand is the company's colours of a button that is meant and of its words, by
// day and by night, as #rrggbb; the zero one is ours.
type Brand struct{ Day, OnDay, Night, OnNight string }

// ours are the colours of the design.
var ours = Brand{"#16606f", "#ffffff", "#7cc7d3", "#0e1f26"}

// Subscription is something that ends, or goes on.
type Subscription struct {
	Product  string
	Plan     string // may be empty
	Amount   money.Amount
	Interval string    // "month" or "year"
	Ends     when.Date // where it ends on another day than the others; else zero
}

// Milestone is one stop of a departure. State is planned, now, blocked, done,
// verified or undone; At is the instant of that state, or the planned one.
type Milestone struct {
	Name     string // registered, confirmed, billing_stopped, effective, …
	State    string
	At       time.Time
	Verifies bool // it is over only when it is verified
	Part, Of int  // items done of items in all; Of 0: not counted
	Reading  int  // accesses that are left to read
}

// Statement is the money of a departure. Total is what the company refunds;
// below zero it is what is left to pay.
type Statement struct {
	On    when.Date
	Lines []MoneyLine
	Total money.Amount
	Note  string // how and until when it is paid
}

// LateCharge is a charge that fell between the request and its proof.
type LateCharge struct {
	On      when.Date
	Product string
	Amount  money.Amount
}

// MoneyLine is one sum with its reason, as the statement words them.
type MoneyLine struct {
	Label, Why string
	Amount     money.Amount
}

// Proof places the declaration in the log: the leaf, the tree that contains it
// and the way between them. Hashes are written as the log writes them.
type Proof struct {
	LeafIndex  int64
	TreeSize   int64
	Root       string
	Path       []string
	Checkpoint string // the signed note, with its line breaks; may be empty
}

// AckFacts is all that an acknowledgement may say. There is no room in it for a
// name, a contract or anything that the sender typed: the same words go to a
// customer and to a stranger, and to whoever owns the address that was typed.
type AckFacts struct {
	Lang    string
	Company Company
	Code    string
	At      time.Time // of reception
	Act     string    // what was declared: "withdraw", or "" for a cancellation
	Timing  string    // that was chosen: "now", "period_end" or "" for unsaid
	Via     string    // the way by which: public, phone, letter, mail, shop
	NotMe   string    // link; empty on the page, which shows no such line
}

// ConfirmFacts is the mail to the address on file.
type ConfirmFacts struct {
	Lang    string
	Company Company
	Code    string
	At      time.Time // of reception: the date that counts
	Verify  string    // link
	NotMe   string    // link
	Until   time.Time // the link works until then; zero: not said
}

// ReceiptFacts is the receipt. Links that are empty leave their buttons out.
type ReceiptFacts struct {
	Lang          string
	Company       Company
	Code          string
	At            time.Time // of reception
	Name          string    // as on file
	Email         string    // as on file
	Act           string    // what was declared: "withdraw", or "" for a cancellation
	Via           string    // the way by which: public, host, phone, letter, mail, shop
	Kind          string    // ordinary or for_cause, where it was asked (BGB § 312k(2) no. 1a); may be empty
	Ground        string    // of one for cause, as it was typed; may be empty
	Line          string    // number of a telephone line; may be empty
	Timing        string    // what was asked: "now", "period_end" or "" for unsaid
	Subscriptions []Subscription
	Effective     when.Date // last day
	UndoUntil     time.Time // zero: cannot be undone
	DataUntil     when.Date // zero: no download is offered
	Erased        when.Date // planned; zero: not said
	Statement     *Statement
	Shown         []money.Amount // what was shown before the click, by currency: positive, it comes back; negative, it is left to pay
	DueOn         when.Date      // of what is left to pay
	RefundOn      when.Date      // last day on which what comes back is there; zero: the law says none
	Withdrawal    *Withdrawn     // what became of a withdrawal; nil: none was declared
	Late          []LateCharge   // given back if they were made
	Milestones    []Milestone
	Follow        string // link to the private page
	PDF           string // link
	NotMe         string // link
	Proof         *Proof
	Instead       *Instead  // of a second person; nil: there is one
	ReceivedOn    when.Date // by letter, say, on another day than it was entered: no time is known; else zero
	EnteredAt     time.Time // when that was written down
}

// Withdrawn is what became of a declaration of withdrawal.
type Withdrawn struct {
	Stands   bool         // else it is a termination
	Doubt    bool         // a person looks whether it was in time
	Until    time.Time    // the last instant of the right; zero: there was none, or it has no end
	Refunds  []RefundLine // what comes back
	RefundBy when.Date    // zero: the law says no day
}

// RefundLine is what comes back of one contract. Unknown: a person finds out
// what was paid.
type RefundLine struct {
	Product          string
	Unknown          bool
	Paid, Kept, Back money.Amount
	Used, Of         int // days
}

// ReversedFacts is the notice that a departure was undone. It says that this
// was verified only where a far system was read back: where nothing had been
// changed in one there was nothing to read.
type ReversedFacts struct {
	Lang          string
	Company       Company
	Code          string
	RequestedAt   time.Time // all is as it was then
	At            time.Time // when all of it was undone
	ReadBack      bool
	Promise       string    // what was offered and accepted, in the company's words; empty: nothing was
	PromisedBy    when.Date // day by which it is done, or from which it counts
	Subscriptions []Subscription
	Follow        string // link to the private page
	NotMe         string // link
}

// Achievement is one figure of what a customer achieved.
type Achievement struct {
	Label       string
	Value       int64
	From, Until when.Date // days that it was counted from
}

// FarewellFacts is the last letter.
type FarewellFacts struct {
	Lang       string
	Company    Company
	Code       string
	At         time.Time
	Name       string    // how the letter calls the person; empty: it does not
	Since      when.Date // first day as a customer; zero: not said
	Effective  when.Date // last day
	DataUntil  when.Date // zero: no download is offered
	Erased     when.Date // planned; zero: no certificate will come
	Milestones []Milestone
	Achieved   []Achievement // fewer than two are not told
	Attested   bool          // of a part, an access or more, a person answers
	Left       bool          // an access is still open, or is so again
	Reads      []string      // accesses that are left to read
	ReadUntil  when.Date     // until the end of this day; zero: none is
	Quiet      bool          // a closure, an illness or a death: no figures, no thanks, no door
	Page       string        // link to the farewell page
	NotMe      string        // link
	Instead    *Instead      // of a second person; nil: there was one
}
