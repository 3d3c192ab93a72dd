// Package lane is how a company lets go of customers whom it does not fit: by the
// straightest exit for whoever asks, by ending their contract with notice, or by new
// terms with a free way out beside them. A second person agrees to a lane, and to every
// customer in it; it stops by itself where its leavers fare worse than others. It is
// pure: it stores nothing, writes to nobody, and never puts anybody into a lane.
package lane

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/when"
)

// ID identifies a lane (lan_…).
type ID string

// MemberID identifies a customer in a lane (lnm_…).
type MemberID string

// Way is how customers are let go.
type Way string

// The ways.
const (
	Exit    Way = "exit"    // whoever asks to leave leaves at once, and nobody proposes anything
	Renewal Way = "renewal" // the company ends the contract with notice
	Terms   Way = "terms"   // new terms from a day on, if they say yes; leaving costs nothing
)

// Ways are all of them.
var Ways = []Way{Exit, Renewal, Terms}

// State is where a lane stands.
type State string

// The states.
const (
	Proposed State = "proposed" // nobody is in it before a second person agrees
	Open     State = "open"
	Refused  State = "refused"
	Stopped  State = "stopped" // nobody comes into it, until a person opens it again
	Closed   State = "closed"
)

// Transitions is the only truth about how lanes change.
var Transitions = map[State][]State{Proposed: {Open, Refused, Closed}, Open: {Stopped, Closed}, Stopped: {Open, Closed}}

// Alternative is somebody else who may suit a customer better.
type Alternative struct {
	Name string `json:"name"`
	Link string `json:"link,omitempty"` // https
	What string `json:"what,omitempty"` // whom it suits, in a sentence
}

// Words are what customers of the lane read, in one language.
type Words struct {
	Why          string        `json:"why,omitempty"`     // of an ending, or of new terms
	Changes      string        `json:"changes,omitempty"` // what changes besides the price
	Alternatives []Alternative `json:"alternatives,omitempty"`
}

// Offer is what new terms are: the contracts that they are about, the new price and its
// first day.
type Offer struct {
	Product string            `json:"product,omitempty"`
	Plan    string            `json:"plan,omitempty"`
	Price   money.Amount      `json:"price,omitzero"`  // of an interval, as customers pay it
	Every   customer.Interval `json:"every,omitempty"` // how often the contracts are charged that it is about
	Day     when.Date         `json:"day,omitzero"`
}

// Takes reports whether the terms are about a contract.
func (o Offer) Takes(s customer.Subscription) bool {
	return s.Status == customer.Active && (o.Product == "" || s.Product == o.Product) && (o.Plan == "" || s.Plan == o.Plan) && s.Amount.Currency == o.Price.Currency && s.Interval == o.Every
}

// Lane is one way for the customers of one segment.
type Lane struct {
	ID        ID
	State     State
	Way       Way
	Segment   string // its id
	Rule      string // version of the segment that was agreed to
	Why       string // why the company does it, for those who work here
	Words     map[string]Words
	Offer     Offer  // of Terms
	People    int    // in the segment when it was proposed
	Of        int    // customers that were looked at then
	Playbooks string // versions that its departures and others follow, as they were compared
	MadeAt    time.Time
	MadeBy    string
	DecidedAt time.Time
	DecidedBy string
	StoppedAt time.Time
	StoppedBy string // usr_… or engine
	Note      string // why it was refused, stopped, opened again
	Alarm     *Alarm // what stopped it by itself; nil: nothing did
	LookedAt  time.Time
	Version   int64
}

// Bounds of a lane.
const (
	LeastNotice     = 35 // days, where no law wants more: the safe profile tells 35 days ahead
	MostNotice      = 400
	MostWords       = 2000
	MostAlternative = 10
)

// Check reports everything that is wrong with a new lane.
func (l Lane) Check(today when.Date, languages []string) (out fault.List) {
	bad := func(field, code string, args ...any) {
		out = append(out, fault.New(fault.Invalid, code, args...).On(field))
	}
	if !slices.Contains(Ways, l.Way) {
		bad("way", "field.choice")
	}
	if l.Segment == "" {
		bad("segment", "field.required")
	}
	if strings.TrimSpace(l.Why) == "" {
		bad("why", "field.required")
	}
	for _, lang := range languages {
		w := l.Words[lang]
		if l.Way != Exit && strings.TrimSpace(w.Why) == "" {
			bad("why_"+lang, "field.required")
		}
		if l.Way != Terms && len(w.Alternatives) == 0 {
			bad("alternatives_"+lang, "field.required")
		}
		if l.Way == Terms && strings.TrimSpace(w.Changes) == "" {
			bad("changes_"+lang, "field.required")
		}
	}
	if l.Way != Terms {
		return out
	}
	if l.Offer.Product == "" && l.Offer.Plan == "" {
		bad("product", "lane.contracts")
	}
	if l.Offer.Price.Minor <= 0 || l.Offer.Price.Currency == "" {
		bad("price", "amount.unreadable")
	}
	if !l.Offer.Every.Recurs() {
		bad("every", "field.choice")
	}
	if l.Offer.Day.Before(today.AddDays(LeastNotice)) || today.AddDays(MostNotice).Before(l.Offer.Day) {
		bad("day", "lane.day", "days", LeastNotice)
	}
	return out
}

// ReadAlternatives reads them as people type them: a line for each, its parts between
// bars: Name | https://… | whom it suits.
func ReadAlternatives(field, s string) (list []Alternative, wrong *fault.Error) {
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		parts := strings.SplitN(line, "|", 3)
		for i := range parts {
			parts[i] = strings.TrimSpace(parts[i])
		}
		a := Alternative{Name: parts[0]}
		for _, p := range parts[1:] {
			if u, err := url.Parse(p); err == nil && u.Scheme == "https" && u.Host != "" && a.Link == "" {
				a.Link = p
			} else {
				a.What = strings.TrimSpace(a.What + " " + p)
			}
		}
		if a.Name == "" || strings.Contains(a.What, "://") || len(list) == MostAlternative {
			return nil, fault.New(fault.Invalid, "lane.alternative", "line", line, "max", MostAlternative).On(field)
		}
		list = append(list, a)
	}
	return list, nil
}

// WriteAlternatives writes them as ReadAlternatives reads them.
func WriteAlternatives(list []Alternative) string {
	var b strings.Builder
	for _, a := range list {
		parts := slices.DeleteFunc([]string{a.Name, a.Link, a.What}, func(s string) bool { return s == "" })
		b.WriteString(strings.Join(parts, " | ") + "\n")
	}
	return b.String()
}

func (l *Lane) to(s State) error {
	if !slices.Contains(Transitions[l.State], s) {
		return fault.New(fault.Blocked, "lane.state")
	}
	l.State = s
	return nil
}

// Decide agrees to a lane or refuses it; whoever proposed it does neither.
func (l *Lane) Decide(agree bool, by, note string, now time.Time) error {
	switch {
	case by == l.MadeBy:
		return fault.New(fault.Forbidden, "approval.same_person")
	case !agree && strings.TrimSpace(note) == "":
		return fault.New(fault.Invalid, "field.required").On("note")
	}
	to := Refused
	if agree {
		to = Open
	}
	if err := l.to(to); err != nil {
		return err
	}
	l.DecidedBy, l.DecidedAt, l.Note = by, now, note
	return nil
}

// Stop lets nobody more into the lane. Alarm is what was found, where it stops by
// itself.
func (l *Lane) Stop(by, note string, alarm *Alarm, now time.Time) error {
	if err := l.to(Stopped); err != nil {
		return err
	}
	l.StoppedAt, l.StoppedBy, l.Note, l.Alarm = now, by, note, alarm
	return nil
}

// Reopen lets customers into it again: a person says why, and not the one who proposed
// it.
func (l *Lane) Reopen(by, note string, now time.Time) error {
	switch {
	case by == l.MadeBy:
		return fault.New(fault.Forbidden, "approval.same_person")
	case strings.TrimSpace(note) == "":
		return fault.New(fault.Invalid, "field.required").On("note")
	}
	if err := l.to(Open); err != nil {
		return err
	}
	// What is looked at begins anew, else it would stop at once.
	l.DecidedBy, l.DecidedAt, l.Note, l.Alarm = by, now, note, nil
	return nil
}

// Close ends it, for good.
func (l *Lane) Close(by, note string, now time.Time) error {
	if err := l.to(Closed); err != nil {
		return err
	}
	l.StoppedAt, l.StoppedBy, l.Note = now, by, note
	return nil
}

// Standing is where a customer of a lane stands.
type Standing string

// The standings.
const (
	Chosen   Standing = "chosen"   // somebody put them forward
	Agreed   Standing = "agreed"   // a second person agreed
	Spared   Standing = "spared"   // a second person did not
	Told     Standing = "told"     // of an ending, or of new terms
	Accepted Standing = "accepted" // the new terms
	Applied  Standing = "applied"  // they were seen at the billing system
	Left     Standing = "left"     // they leave, or left
	Silent   Standing = "silent"   // the day came and they said nothing: nothing changed
	Released Standing = "released" // they are in it no more
)

// Standings are all of them.
var Standings = []Standing{Chosen, Agreed, Spared, Told, Accepted, Applied, Left, Silent, Released}

// Moves is the only truth about how customers go through a lane.
var Moves = map[Standing][]Standing{
	Chosen: {Agreed, Spared, Released}, Agreed: {Told, Left, Released}, Told: {Accepted, Left, Silent, Released}, Accepted: {Applied, Left}, Applied: {Left}, Silent: {Left},
}

// Member is a customer in a lane. Grounds are words about them, sealed at rest.
type Member struct {
	ID        MemberID
	Lane      ID
	Customer  customer.ID
	State     Standing
	ChosenAt  time.Time
	ChosenBy  string
	DecidedAt time.Time
	DecidedBy string
	Ending    string // by which their contract ends
	Case      string // by which they leave
	Contracts []customer.SubscriptionID
	Token     string // hash of the key of their page about new terms
	Answered  time.Time
	OverAt    time.Time
	OverBy    string
	Version   int64
	Grounds   string // why them
}

// To moves a customer on.
func (m *Member) To(s Standing) error {
	if !slices.Contains(Moves[m.State], s) {
		return fault.New(fault.Blocked, "lane.standing")
	}
	m.State = s
	return nil
}

// Decide agrees to a customer, or spares them; whoever put them forward does neither.
func (m *Member) Decide(agree bool, by string, now time.Time) error {
	if by == m.ChosenBy {
		return fault.New(fault.Forbidden, "approval.same_person")
	}
	to := Spared
	if agree {
		to = Agreed
	}
	if err := m.To(to); err != nil {
		return err
	}
	m.DecidedBy, m.DecidedAt = by, now
	return nil
}

// Live reports whether somebody is in it, or may come into it.
func (m Member) Live() bool { return len(Moves[m.State]) > 0 }

// Notice is the last day of an ending that is told on a day: what the law wants told,
// but never less than our own.
func Notice(told when.Date, law int) when.Date { return told.AddDays(max(LeastNotice, law)) }

// Newest sorts lanes, the newest first.
func Newest(a, b Lane) int { return cmp.Or(b.MadeAt.Compare(a.MadeAt), cmp.Compare(b.ID, a.ID)) }
