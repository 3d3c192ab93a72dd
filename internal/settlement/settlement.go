// Package settlement computes what is open between a customer who leaves and
// the company: when each contract ends by its terms, what of it comes back,
// what was served and not billed, what leaving costs where the law allows that,
// and one total per currency, line by line and to the smallest unit. The written
// definition is docs/reference/settlement.md.
//
// It is pure. It reads no clock, no database and no far system, it charges
// nobody and gives nothing back, and it has no words: lines say why by a code
// with its arguments.
package settlement

import (
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/money"
	"hastaluego/internal/when"
)

// Choice is when the customer wants to leave.
type Choice string

// The choices.
const (
	Now Choice = "now" // as soon as the terms allow
	End Choice = "end" // at the end of what is paid
)

// Choices are both.
var Choices = []Choice{Now, End}

// Measure is what a period is measured in.
type Measure string

// The measures.
const (
	Days    Measure = "days"
	Seconds Measure = "seconds"
)

// Input is everything that a statement is made of; Compute looks at nothing
// else. Contracts are known by their numbers.
type Input struct {
	Asked     when.Date      // on which the customer asked, where they live
	AskedAt   time.Time      // the instant of it; needed for Seconds
	Made      when.Date      // on which the statement is made; zero: on that day
	Zone      *time.Location // where they live; needed for Seconds
	Measure   Measure        // empty: Days
	Contracts []Contract
	Bills     []Bill
	Usage     []Usage
	Sums      []Sum
	Books     []Books // of contracts whose billing systems say what is open
	Whole     bool    // every contract that the customer has is in Books
}

// Contract is one contract that ends, with its terms and what the law says
// about it.
type Contract struct {
	Ref, What   string
	Start       when.Date
	Interval    customer.Interval // one that does not recur: only bills and sums count
	BilledUntil when.Date         // last day that is billed, paid or not; zero: none is
	Prices      []Price           // in force from their days on, sorted; of what is not billed
	Ends        when.Date         // the day is fixed; zero: by the terms
	Trial       when.Date         // last free day; zero: there is no trial
	Term        when.Date         // last day of the agreed term; zero: it is open-ended
	NotRenewed  bool              // it ends with its term
	Notice      int               // days
	Minimum     when.Date         // nobody may end it before that day is over; zero: whenever they like
	Commitment  *Commitment       // leaving before its end costs something
	Law         Law
}

// Tax is how the tax of a sum that is not billed yet is found.
type Tax struct {
	Rate     int64 // in hundredths of a percent: 2100 is 21 %
	Included bool  // the sum contains it; else it comes on top
}

// Price is what an interval of a contract costs from a day on.
type Price struct {
	From   when.Date
	What   string // the plan
	Amount money.Amount
	Tax
}

// Way is how much of what was charged for a period comes back.
type Way string

// The ways.
const (
	Full    Way = "full"
	ProRata Way = "prorata"
	None    Way = "none"
)

// Source is where something stands: a rule of a pack of laws and its place, or
// the contract, where Rule is empty.
type Source struct {
	Rule, Pack, Cite string
}

// Law is what the law says about one contract. What it does not say is zero.
type Law struct {
	Refund      Way // empty: None
	RefundBy    Source
	After       bool // what comes after the end may not be charged
	AfterBy     Source
	NoticeLast  when.Date // last day of the longest notice; zero: as long as was agreed
	NoticeBy    Source
	LockMost    when.Date // last day of the longest commitment; zero: as long as was agreed
	LockBy      Source
	FreeRenewed bool // after a silent renewal leaving costs nothing
	FreeRenewBy Source
	Free        bool // whoever has a reason of the company's making leaves at once and at no cost
	FreeBy      Source
	Most        []Cap // what leaving may cost at most: the least of them; none: as agreed
	// Missing are facts that would decide what leaving may cost. Caps of rules
	// that depend on them count as if they held.
	Missing []string
}

// Cap is the most that leaving may cost. All zero is nothing.
type Cap struct {
	Minor    int64
	Currency string // of Minor
	Percent  int64  // of what Formula names
	Formula  Formula
	By       Source
}

// Formula is a sum that is computed from the contract. Its names are those of
// jurisdiction.Formulas.
type Formula string

// The formulas.
const (
	BenefitProRata Formula = "benefit_prorata"
	UnpaidDevice   Formula = "unpaid_device"
	RemainingFees  Formula = "remaining_fees"
	DirectCost     Formula = "direct_cost"
	RealDamage     Formula = "real_damage"
)

// FeeKind is how a contract computes what leaving early costs.
type FeeKind string

// The kinds.
const (
	Fixed     FeeKind = "fixed"     // a sum
	Benefit   FeeKind = "benefit"   // the part of a benefit for the days that are left
	Remaining FeeKind = "remaining" // a percentage of what is left to pay until the end
	Device    FeeKind = "device"    // what is left to pay of a device
)

// Commitment is what a contract asks of whoever leaves before its last day.
type Commitment struct {
	What        string // the benefit: a phone, a discount
	Kind        FeeKind
	From, Until when.Date
	Sum         money.Amount // Fixed and Device: what is asked; Benefit: what was given
	Percent     int64        // of Remaining
	Tax
	// Benefit, Unpaid and Shown are what formulas of the law count with, in the
	// currency of Sum: what was given for staying, what is left to pay of a device,
	// and a cost or damage that the company has shown. Zero: not known.
	Benefit, Unpaid, Shown int64
}

// Bill is a sum that was charged. It is of one contract or, with Shares, of
// several.
type Bill struct {
	Ref, What   string
	Contract    string
	Shares      []Share
	From, Until when.Date    // the days it is for; zero: for none
	Amount      money.Amount // negative: a credit for the period
	Tax         int64        // in the smallest unit, with the sign of Amount
	Included    bool         // Amount contains Tax
	Open        int64        // of the whole, what is not paid
	Returned    int64        // of the whole, what was given back already
	Recorded    bool         // by people, or by an import: it gives way to books
	Presumed    bool         // recorded is that the period is paid, and no bill of it: it gives way to one
	of          money.Amount // the bill that this is a part of; no currency: it is all of it
}

// Share is the part of a bill that is of a contract; weights are, for example,
// list prices or seats.
type Share struct {
	Contract string
	What     string // stands beside what the bill says; empty: nothing does
	Weight   uint64
	Stays    bool // the contract does not end: nothing of this part comes back or falls away
}

// whole is the sum with its tax.
func (b Bill) whole() int64 {
	if b.Included {
		return b.Amount.Minor
	}
	return b.Amount.Minor + b.Tax
}

// Usage is what was used and is not billed.
type Usage struct {
	Ref, What   string
	Contract    string
	From, Until when.Date
	Quantity    int64
	Free        int64 // of it
	Price       money.Amount
	Per         int64 // units that Price is for
	Tax
	Recorded bool // as of Bill
}

// SumKind is what another open sum is.
type SumKind string

// The kinds. Charges and use are owed by the customer, the others by the company;
// what was repaid already is taken off what comes back.
const (
	Charge   SumKind = "charge"
	Repaid   SumKind = "repaid"
	Promised SumKind = "refund"
	Credit   SumKind = "credit"
	Deposit  SumKind = "deposit"
	Used     SumKind = "used" // use of which a billing system says the sum
)

// SumKinds are all of them.
var SumKinds = []SumKind{Charge, Repaid, Promised, Credit, Deposit, Used}

// Sum is another sum that is open, as the billing system says: with its tax, and
// never below zero.
type Sum struct {
	Kind        SumKind
	Contract    string // empty: of none
	Ref, What   string
	From, Until when.Date // the days it is for; zero: for none
	Amount      money.Amount
	Tax         int64
	Recorded    bool // as of Bill
}

// Kind is what a line is.
type Kind string

// The kinds, in the order in which they stand.
const (
	LineRecurring Kind = "recurring"
	LineUsage     Kind = "usage"
	LineInvoice   Kind = "invoice"
	LineCharge    Kind = "charge"
	LineFee       Kind = "fee"
	LineRelief    Kind = "relief"
	LineRefund    Kind = "refund"
	LineCredit    Kind = "credit"
	LineDeposit   Kind = "deposit"
)

// Kinds are all of them, in their order.
var Kinds = []Kind{LineRecurring, LineUsage, LineInvoice, LineCharge, LineFee, LineRelief, LineRefund, LineCredit, LineDeposit}

// Line is one sum. What the customer gets is positive, what they owe negative;
// Tax is within Amount.
type Line struct {
	Kind        Kind
	Contract    string
	Ref, What   string
	From, Until when.Date
	Quantity    int64 // of Of, in Unit
	Of          int64
	Unit        string // days, seconds or units
	Amount      money.Amount
	Tax         int64
	By          Source
	Why         string // code of the explanation, below settlement.why.
	Args        []Arg  // of it
}

// Arg is a value of an explanation: a sum where it has a currency, else a
// number.
type Arg struct {
	Name string
	N    int64
	Sum  money.Amount
}

func args(pairs ...any) (out []Arg) {
	for i := 0; i+1 < len(pairs); i += 2 {
		a := Arg{Name: pairs[i].(string)}
		switch x := pairs[i+1].(type) {
		case int64:
			a.N = x
		case money.Amount:
			a.Sum = x
		}
		out = append(out, a)
	}
	return out
}

// Said are the arguments of the explanation as names and values.
func (l Line) Said() (out []any) {
	for _, a := range l.Args {
		if out = append(out, a.Name); a.Sum.Currency != "" {
			out = append(out, a.Sum)
		} else {
			out = append(out, a.N)
		}
	}
	return out
}

// Section is everything of one currency.
type Section struct {
	Currency string
	Lines    []Line
	Total    money.Amount // positive: the customer gets it
	Tax      int64        // within Total
}

// Last is the last day of a contract, and why it is that.
type Last struct {
	Contract string
	On       when.Date
	Why      string // asked, notice, notice_law, minimum, trial, paid, term, fixed
	By       Source
}

// Open is something that only people can know.
type Open struct {
	Contract string
	Why      string // code, below settlement.open.
	Missing  []string
}

// Statement is what is open, for one choice.
type Statement struct {
	Choice   Choice
	Asked    when.Date
	Made     when.Date `json:",omitzero"`
	Ends     []Last
	Sections []Section
	Open     []Open
}

// DaysToPay is how long a customer who leaves now, or is told late, has for what
// they owe.
const DaysToPay = 14

// LastDay is the day on which the last contract ends; zero if there is none.
func (s Statement) LastDay() (last when.Date) {
	for _, e := range s.Ends {
		if last.Before(e.On) || last.IsZero() {
			last = e.On
		}
	}
	return last
}

// DueOn is when what the customer owes is due: before the end, unless they
// chose to leave now or the end is too near, and never before they are told.
func (s Statement) DueOn() when.Date {
	due := s.LastDay().AddDays(-1)
	if s.Choice == Now || s.LastDay().IsZero() || due.Before(s.Asked) {
		due = s.Asked.AddDays(DaysToPay)
	}
	if due.Before(s.Made) {
		return s.Made.AddDays(DaysToPay)
	}
	return due
}

// Owes reports whether the customer owes something in some currency.
func (s Statement) Owes() bool {
	for _, x := range s.Sections {
		if x.Total.Minor < 0 {
			return true
		}
	}
	return false
}
