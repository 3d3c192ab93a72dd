// Package winback is how the door is kept open: the consent that somebody who
// left gave to one letter, the silence that an account asked for, and who may
// be written to. It is pure: it stores nothing, words nothing and writes to
// nobody.
package winback

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// ConsentID identifies an answer to the question for consent (cns_…).
type ConsentID string

// Purpose is what a consent is for.
type Purpose string

// Letter is the purpose of the one letter that asks somebody back.
const Letter Purpose = "winback"

// Consent is the answer to a question that is asked once per departure and
// purpose. What was asked is kept as it was read.
type Consent struct {
	ID       ConsentID
	Customer customer.ID
	Case     offboarding.CaseID
	Purpose  Purpose
	Given    bool // the box was ticked
	Wording  string
	Language string
	At       time.Time
	Revoked  time.Time // zero: it stands as it was given
	Version  int64
}

// Holds reports whether the consent was given and not taken back.
func (c Consent) Holds() bool { return c.Given && c.Revoked.IsZero() }

// Revoke takes the consent back; again it changes nothing.
func (c *Consent) Revoke(now time.Time) (changed bool) {
	if !c.Holds() {
		return false
	}
	c.Revoked = now
	return true
}

// Leaver is somebody who left and allowed one letter.
type Leaver struct {
	Case     offboarding.Case
	Customer customer.Customer
	Reason   string         // code: what lay behind it, else what they said; empty: unknown
	Monthly  []money.Amount // what they paid a month, by currency
	Back     bool           // they are a customer again
	Silent   bool           // the account asked for silence
	Early    bool           // it is not goodbye yet: the letter would be withheld
	Quiet    bool           // they left for a closure, an illness or a death
	Barred   bool           // the law of where they live allows no letter on the consent that they gave
	Written  bool           // a letter went out, or waits to, since they allowed it
}

// Reachable reports whether the letter may be written to them.
func (l Leaver) Reachable() bool {
	return !l.Back && !l.Silent && !l.Early && !l.Quiet && !l.Barred && !l.Written
}

// Filter picks leavers by reason, by what they paid a month, and by when they
// left; zero fields pick everybody.
type Filter struct {
	Reason   string
	Least    int64 // whole units, in any of their currencies
	From, To when.Date
}

// ByDate reports whether the filter asks for nothing but when they left.
func (f Filter) ByDate() bool { return f.Reason == "" && f.Least <= 0 }

// Picks reports whether the filter picks the leaver.
func (f Filter) Picks(l Leaver) bool {
	return (f.Reason == "" || l.Reason == f.Reason) &&
		(f.Least <= 0 || slices.ContainsFunc(l.Monthly, f.worth)) &&
		(f.From.IsZero() || !l.Case.Effective.Before(f.From)) &&
		(f.To.IsZero() || !f.To.Before(l.Case.Effective))
}

// worth reports whether an amount is at least what the filter asks for.
func (f Filter) worth(m money.Amount) bool {
	least, err := money.Parse(strconv.FormatInt(f.Least, 10), m.Currency)
	return err == nil && m.Minor >= least.Minor
}

// LetterID identifies a letter that was written to leavers (wbl_…).
type LetterID string

// Words is what somebody of the company writes to leavers: a line for the
// subject and a text, in each language.
type Words struct {
	Subject string `json:"subject"`
	Text    string `json:"text"`
}

// What may be written, in characters.
const (
	SubjectMost = 120
	TextMost    = 1500
)

// Check reports what is wrong with the words of a letter, by language.
func Check(words map[string]Words, languages []string) fault.List {
	var l fault.List
	for _, lang := range languages {
		w := words[lang]
		if strings.TrimSpace(w.Subject) == "" {
			l = append(l, fault.New(fault.Invalid, "field.required").On("subject_"+lang))
		}
		if strings.TrimSpace(w.Text) == "" {
			l = append(l, fault.New(fault.Invalid, "field.required").On("text_"+lang))
		}
	}
	return l
}
