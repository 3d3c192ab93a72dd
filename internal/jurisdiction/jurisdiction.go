// Package jurisdiction is law as data. A pack is a file of rules of one place
// or sector; each rule sets one parameter of a closed vocabulary, from a day
// on, under a condition over typed facts, with its source. Given facts and a
// day the packs become one effective value for each parameter, with the rules
// that set it, or a conflict that is named.
//
// It reads no clock and no disk: whoever asks says the day, and hands over the
// files that stand beside the shipped ones. It decides nothing about a flow or
// a document; those ask for the values and judge with Judge. A result is
// pass, fail or unknown, and what is not known never passes.
package jurisdiction

import (
	"fmt"
	"slices"

	"hastaluego/internal/when"
)

// Result is what came of asking a rule. The zero Result is Unknown.
type Result uint8

// The results.
const (
	Unknown Result = iota // a fact, or what should be judged, is missing
	Pass
	Fail
)

func (r Result) String() string { return [...]string{"unknown", "pass", "fail"}[r] }

// Phase is when a parameter can be judged.
type Phase string

// The phases.
const (
	Static   Phase = "static"   // from a flow and its texts, before anybody uses it
	Clock    Phase = "clock"    // by a timer or an act of a case
	Document Phase = "document" // by what stands in a notice, receipt or certificate
)

// Severity is what a failure means for whoever publishes or works.
type Severity string

// The severities, the mildest first.
const (
	Info  Severity = "info"
	Warn  Severity = "warn"
	Block Severity = "block"
)

var severities = []string{"info", "warn", "block"}

// Status is how far a rule has come.
type Status string

// The statuses. Only what is in force is merged; the others are told.
const (
	InForce  Status = "in_force"
	Enacted  Status = "enacted" // in force later, on a day that may not be known yet
	Proposed Status = "proposed"
	Repealed Status = "repealed"
)

var statuses = []string{"in_force", "enacted", "proposed", "repealed"}

// Confidence is how sure whoever wrote the rule down is that it is right.
type Confidence string

// The confidences. A rule of low confidence never blocks.
const (
	High   Confidence = "high"
	Medium Confidence = "medium"
	Low    Confidence = "low"
)

var confidences = []string{"low", "medium", "high"}

// Sources of a rule: the text of the law was read, what somebody wrote of it,
// or neither.
var sources = []string{"primary", "secondary", "own"}

// Pack is one file of rules. Packs are shared and never changed once loaded.
type Pack struct {
	ID         string            // "es-telecom"; the name of the file without .yaml
	Version    string            // 2026.11.22
	Extends    []string          // packs whose rules come with this one
	Names      map[string]string // language → name
	ReviewedOn when.Date
	ReviewBy   when.Date
	Calendar   string // of business days: an ISO 3166 country, or country-region
	Covers     Covers
	Rules      []*Rule
	Digest     string // SHA-256 of the file, hexadecimal
	From       string // the file it was read from; empty: shipped
	Replaces   bool   // it stands in the place of a shipped pack of the same id

	reviewAt string // file:line:column of ReviewBy
	source   []byte
}

// File is the text that the pack was read from: whoever decided something by it
// keeps it, and can read it again.
func (p *Pack) File() File { return File{p.ID + ".yaml", slices.Clone(p.source)} }

// Covers says whom a pack is for. Empty lists cover nobody: such a pack is
// only extended, or chosen by name.
type Covers struct {
	Residence []string `yaml:"residence"` // of the customer: ISO 3166-1 (ES) or 3166-2 (US-CA)
	Seller    []string `yaml:"seller"`    // where the seller is established: its rules about data hold wherever the customer lives
	Sector    []string `yaml:"sector"`    // and only in these sectors of the seller; empty: in all
	Network   []string `yaml:"network"`   // or, wherever, with these ways of paying
}

// Rule is one predicate of the law.
type Rule struct {
	ID          string
	Pack        *Pack
	Param       *Param
	Op          string
	Value       Value
	When        string // CEL over Facts; empty: always
	Severity    Severity
	Status      Status
	From        when.Date // in force from; zero for what is enacted without a day
	EnforceFrom when.Date // zero: from From on
	Until       when.Date // the last day; zero: no end
	Confidence  Confidence
	Source      string
	Cite        Cite
	Penalty     *Penalty
	Message     map[string]string // language → what whoever broke it reads
	Overrides   []string          // rules of this pack, or of one it extends, in whose place it stands
	ForcedBy    []string          // of what passes everywhere: the packs that ask for it
	Line        int               // in its file

	condition condition // nil: always
}

// Cite is where the rule stands.
type Cite struct {
	Ref string `yaml:"ref"` // "Ley 10/2025, art. 18.2": in the language of the act, and nothing but the place
	URL string `yaml:"url"`
	// Note is what is read into it, by language; empty: it says what the rule says.
	Note map[string]string `yaml:"note"`
}

// Penalty is what breaking it costs, in whole units of the currency.
type Penalty struct {
	Note     map[string]string `yaml:"note"` // by language
	Ref      string            `yaml:"ref"`
	Min      int64             `yaml:"min"`
	Max      int64             `yaml:"max"`
	Currency string            `yaml:"currency"`
	Percent  int64             `yaml:"percent"` // of yearly turnover
}

// Ref names a version of a pack. A case keeps those that held for it.
type Ref struct {
	Pack    string `json:"pack"`
	Version string `json:"version"`
	Digest  string `json:"digest"`
}

// Ref of the pack as it is.
func (p *Pack) Ref() Ref { return Ref{p.ID, p.Version, p.Digest} }

func (r Ref) String() string { return fmt.Sprintf("%s@%s", r.Pack, r.Version) }

// on reports whether the rule is in force on the day.
func (r *Rule) on(day when.Date) bool {
	return r.Status == InForce && !day.Before(r.From) && (r.Until.IsZero() || !r.Until.Before(day))
}

// SeverityOn is what a failure means on that day, and how many days are left
// until the rule is enforced; 0 when it is. What is not enforced yet only warns,
// and what is not in force only informs.
func (r *Rule) SeverityOn(day when.Date) (Severity, int) {
	switch {
	case !r.on(day):
		return Info, 0
	case r.EnforceFrom.IsZero() || !day.Before(r.EnforceFrom):
		return r.Severity, 0
	case r.Severity == Block:
		return Warn, day.DaysUntil(r.EnforceFrom)
	}
	return r.Severity, day.DaysUntil(r.EnforceFrom)
}
