// Package flow reads descriptions of the way out that customers meet (YAML),
// and checks them before anybody meets them: against the law of jurisdictions
// (data of package jurisdiction) and against 38 patterns that keep people from
// leaving. It renders no page, runs no flow and reads no clock. What a
// description does not say is unknown, and never passes.
package flow

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"maps"
	"path"
	"slices"
	"strings"

	"hastaluego/internal/source"
)

// Words are a text by language.
type Words map[string]string

// Flow is a checked description: every name in it is known and every target
// exists. It is shared and never changed once loaded.
type Flow struct {
	Name  string `yaml:"flow"`
	Title Words  `yaml:"title"`
	Act   string `yaml:"act"` // the legal act that it is for; empty: terminate
	// Audience is whom it is for; empty: consumer.
	Audience  string   `yaml:"audience"`
	Languages []string `yaml:"languages"` // that are served
	Devices   []string `yaml:"devices"`   // empty: desktop and mobile
	Arms      []string `yaml:"arms"`      // of an experiment
	Segments  []string `yaml:"segments"`
	Concluded []string `yaml:"concluded"` // the media by which the contract can be concluded
	Terms     Terms    `yaml:"terms"`
	Lifecycle []Edge   `yaml:"lifecycle"`
	Defaults  Look     `yaml:"defaults"` // of actions that say nothing else
	Nodes     []Node   `yaml:"nodes"`

	Source  []byte `yaml:"-"` // as it was loaded
	version string
	file    *source.File
	index   map[string]int // node → its place in Nodes
	codes   [][]string     // node → the codes of its texts, in order
	orphans []bool         // nodes to which nothing leads, for no customer
}

// Terms are what the contract, or its terms, say about its end.
type Terms struct {
	Prepaid       *bool    `yaml:"prepaid"`                     // something is paid in advance
	Refund        string   `yaml:"refund"`                      // of what is prepaid
	RetrievalDays *int     `yaml:"retrieval_days"`              // in which the customer can fetch their data after the end
	ExitFee       string   `yaml:"exit_fee"`                    // of leaving
	SwitchFee     string   `yaml:"switch_fee"`                  // of taking the data elsewhere
	OptOutDays    *int     `yaml:"opt_out_days_before_renewal"` // the last day to say no to a renewal, before it
	LockInMonths  *int     `yaml:"lock_in_months"`              //
	CoolOffDays   int      `yaml:"cool_off_days"`               // between the request and its effect, imposed; empty: none
	Published     *bool    `yaml:"exit_procedure_published"`    // the contract says how to end it
	HoldsData     *bool    `yaml:"holds_data"`                  // the service holds data of the customer; by default it does
	Choices       []string `yaml:"switch_choices"`
	Complaints    []string `yaml:"complaint_channels"`
}

// Edge is a change of state that a request can go through, and what makes it.
type Edge struct {
	From string `yaml:"from"`
	To   string `yaml:"to"`
	On   string `yaml:"on"`
}

// Look is how an action is seen and reached.
type Look struct {
	Contrast float64 `yaml:"contrast"` // of the label against its ground; 0: not said
	Size     float64 `yaml:"size"`     // relative to the text of the page; 0: not said
	Keyboard *bool   `yaml:"keyboard"` // reached and pressed without a mouse; by default it is
}

// Node is one thing that a customer meets: a page, or a part of one.
type Node struct {
	ID      string           `yaml:"id"`
	Kind    string           `yaml:"kind"`
	Medium  string           `yaml:"medium"` // empty: web
	Page    string           `yaml:"page"`   // nodes with the same page are seen together; empty: a page of its own
	Next    string           `yaml:"next"`   // the node below on the same page
	Only    Only             `yaml:"only"`   // who meets it; empty: everybody
	Not     Only             `yaml:"not"`    // who does not
	Fields  []Field          `yaml:"fields"`
	Action  []Action         `yaml:"actions"`
	Texts   map[string]Words `yaml:"texts"`
	Timers  []Timer          `yaml:"timers"`
	Amounts []Amount         `yaml:"amounts"`
	Links   []string         `yaml:"links"`
	Phones  []string         `yaml:"phones"`
	Shown   string           `yaml:"shown"`   // when its actions can be seen; empty: on load
	Channel string           `yaml:"channel"` // through which it comes; empty: portal
	After   string           `yaml:"after"`   // what comes before it; surveys: effect

	Entry   *Entry   `yaml:"entry"`
	Auth    *Auth    `yaml:"auth"`
	Offer   *Offer   `yaml:"offer"`
	Receipt *Receipt `yaml:"receipt"`
}

// Only narrows to whom something is shown. Every list that is not empty must
// hold one of what the customer has.
type Only struct {
	Packs     []string `yaml:"packs"`
	Arms      []string `yaml:"arms"`
	Languages []string `yaml:"languages"`
	Devices   []string `yaml:"devices"`
	Segments  []string `yaml:"segments"`
}

// Field is something that is asked for.
type Field struct {
	ID   string `yaml:"id"`
	Asks string `yaml:"asks"`
	// Also are what else the same answer tells: an e-mail can be identity as well.
	Also       []string `yaml:"also"`
	Label      Words    `yaml:"label"`
	Help       Words    `yaml:"help"` // small print beside it
	Required   bool     `yaml:"required"`
	Prechecked bool     `yaml:"prechecked"`
	Only       Only     `yaml:"only"`
	Not        Only     `yaml:"not"`
}

// Action is something that can be pressed.
type Action struct {
	ID    string `yaml:"id"`
	Role  string `yaml:"role"`
	Label Words  `yaml:"label"`
	// Prescribed are labels that a law prescribes, by pack and language. They
	// stand in the place of Label; one in another language stands beside it.
	Prescribed     map[string]Words `yaml:"prescribed"`
	Reviewed       *Reviewed        `yaml:"reviewed"`
	Help           Words            `yaml:"help"` // small print beside it
	Kind           string           `yaml:"kind"`
	Prominence     *int             `yaml:"prominence"` // 0..3; by default 2 for a button and 1 for a link
	AboveFold      *bool            `yaml:"above_fold"` // seen without scrolling; by default it is
	Preselected    bool             `yaml:"preselected"`
	DefaultOnEnter bool             `yaml:"default_on_enter"`
	EnabledIf      string           `yaml:"enabled_if"`
	Does           string           `yaml:"does"` // beyond leading somewhere
	To             string           `yaml:"to"`   // empty: nowhere else
	Look           `yaml:",inline"`
	Only           Only `yaml:"only"`
	Not            Only `yaml:"not"`
}

// Reviewed is the signature of an operator under words that no law prescribes.
type Reviewed struct {
	By  string `yaml:"by"`
	On  string `yaml:"on"`
	Why string `yaml:"why"`
}

// Timer is a time that passes on a page.
type Timer struct {
	Kind       string `yaml:"kind"`
	Action     string `yaml:"action"` // that waits for it; empty: the page
	Seconds    int    `yaml:"seconds"`
	Extendable bool   `yaml:"extendable"`
	Expiry     string `yaml:"expiry"` // id of an end that the server keeps and anybody can ask for
}

// Amount is money that a page names.
type Amount struct {
	ID         string `yaml:"id"`
	What       string `yaml:"what"`
	From       string `yaml:"from"`       // where the figure comes from
	Posted     string `yaml:"posted"`     // of a fee: who charges it
	Proportion string `yaml:"proportion"` // of a fee: the formula by which it shrinks with what is left
}

// Entry is how the way out is found.
type Entry struct {
	Clicks    *int     `yaml:"clicks_from_home"`
	Siblings  *int     `yaml:"siblings"` // other links in the same place
	Inside    string   `yaml:"inside"`   // of what it is folded away in
	Location  []string `yaml:"location"`
	Permanent *bool    `yaml:"permanent"`
	Login     string   `yaml:"login"`
}

// Auth is what a node asks to know who somebody is.
type Auth struct {
	Mode string `yaml:"mode"`
}

// Offer is what a customer is asked to stay for.
type Offer struct {
	Kind         string `yaml:"kind"`
	Improves     *bool  `yaml:"improves_terms"`
	Expiry       string `yaml:"expiry"`        // as in Timer
	CooldownDays int    `yaml:"cooldown_days"` // in which it is not made again
}

// Receipt is what a customer holds at the end.
type Receipt struct {
	Outcome  string   `yaml:"outcome"` // empty: ended
	Contents []string `yaml:"contents"`
	Media    []string `yaml:"media"`
	To       string   `yaml:"to"`
	Time     string   `yaml:"time"`     // how exact its instant is
	Language string   `yaml:"language"` // empty: as the request
}

//go:embed builtin/*.yaml
var builtin embed.FS

// Builtin returns the sources of the flows that come with the program, by name.
func Builtin() map[string][]byte {
	out := map[string][]byte{}
	entries, err := builtin.ReadDir("builtin")
	if err != nil {
		panic(err) // the program was built without them
	}
	for _, e := range entries {
		src, err := builtin.ReadFile("builtin/" + e.Name())
		if err != nil {
			panic(err)
		}
		out[strings.TrimSuffix(e.Name(), path.Ext(e.Name()))] = src
	}
	return out
}

// Load reads and checks a description. It reports every problem that it finds
// as a fault.List, each with its file:line:column as the argument "at" and as
// its field. Texts that are missing in a served language are not a problem of
// the description but a finding of Check.
func Load(name string, src []byte) (*Flow, error) {
	f := &Flow{}
	read, err := source.Read(name, src, f)
	if err != nil {
		return nil, err
	}
	f.file, f.Source = read, src
	c := &checker{File: read, flow: f}
	c.check()
	if err := c.Err(); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(src)
	f.codes = make([][]string, len(f.Nodes))
	for i := range f.Nodes {
		f.codes[i] = slices.Sorted(maps.Keys(f.Nodes[i].Texts))
	}
	f.orphans = f.unled()
	f.version = f.Name + "@" + hex.EncodeToString(sum[:])[:12]
	return f, nil
}

// unled are the nodes that no customer can come to: no page, and no action of
// one that is met, leads there, whatever it is for and whoever sees it.
func (f *Flow) unled() []bool {
	orphans := make([]bool, len(f.Nodes))
	var frontier []string
	for i := range f.Nodes {
		orphans[i] = true
		if f.Nodes[i].Kind == "entry" {
			frontier = append(frontier, f.Nodes[i].ID)
		}
	}
	for len(frontier) > 0 {
		i, known := f.index[frontier[0]]
		frontier = frontier[1:]
		if !known || !orphans[i] {
			continue
		}
		orphans[i] = false
		frontier = append(frontier, f.Nodes[i].Next)
		for j := range f.Nodes[i].Action {
			frontier = append(frontier, f.Nodes[i].Action[j].To)
		}
	}
	return orphans
}

// Version is the name and the first 12 hex digits of the source's SHA-256.
func (f *Flow) Version() string { return f.version }

func (f *Flow) devices() []string {
	if len(f.Devices) == 0 {
		return []string{"desktop", "mobile"}
	}
	return f.Devices
}

func (n *Node) medium() string { return or(n.Medium, "web") }
func (n *Node) page() string   { return or(n.Page, n.ID) }

// outcome is what a receipt is about; empty: the node is none.
func (n *Node) outcome() string {
	if n.Kind != "receipt" {
		return ""
	}
	if n.Receipt == nil {
		return "ended"
	}
	return or(n.Receipt.Outcome, "ended")
}

func (a *Action) prominence() int {
	switch {
	case a.Prominence != nil:
		return *a.Prominence
	case a.Kind == "link":
		return 1
	}
	return 2
}

func (a *Action) inView() bool { return a.AboveFold == nil || *a.AboveFold }

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
