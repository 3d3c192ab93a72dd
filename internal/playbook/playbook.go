// Package playbook reads playbooks (YAML) and checks everything about them
// that can be known before they are used. It runs nothing; what kinds of step
// exist is told to it as data.
package playbook

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/rule"
	"hastaluego/internal/source"
)

// KindSpec is what a playbook may say about one kind of step.
type KindSpec struct {
	Name     string
	About    string // one English sentence for the reference
	Human    bool   // has an owner, a due date and a checklist
	Verifies bool   // over only when read back
	Effect   bool   // changes something outside: never before the proof of identity
	Settles  bool   // makes the statement of what is open
	Writes   bool   // sends the customer a letter: never before the proof of identity
	// TellsUsers says that it writes to the customer's own users that it ends: before it does.
	TellsUsers bool
	Proves     bool   // is the proof of identity: nothing that needs it can do without
	TellUndo   bool   // the playbook must say what taking it back means
	Approves   bool   // decides about the steps before it; needs one
	Exports    bool   // gives the customer their data
	Narrows    bool   // leaves accesses to read what is to be fetched: something must close them later
	Erases     bool   // destroys data for good
	ErasesFar  bool   // at the far systems: before our own record, which knows by which name the customer is called there
	Forgets    bool   // erases that record
	Talks      bool   // talks with the customer
	HandsOver  bool   // hands over to the client what is theirs
	Leaves     bool   // takes our own access back: last
	Asks       bool   // asks for something on the farewell page
	Collects   bool   // asks for money: the customer's data and the end of accesses and charges never wait for it
	Needs      string // what the system that it names must be able to do; empty: it names none
	Params     []ParamSpec
}

// ParamSpec is one parameter of a kind.
type ParamSpec struct {
	Name     string
	Required bool
	Enum     []string // empty: any text
	Form     string   // regular expression that the text must match; empty: any
	Example  string   // of a text that matches Form
	About    string   // one English sentence for the reference
	// Event names the values of Enum that are events: they may never come, so the
	// step must say timeout and else.
	Event []string
}

// Milestones that a step may be, in the order in which customers meet them.
var Milestones = []string{
	"confirmed", "scheduled", "billing_stopped", "effective", "billing_ended", "access_closed", "data_ready", "settled", "farewell",
	"erased", "certified",
}

// Roles that may own a human step.
var Roles = []string{"agent", "finance", "privacy", "success", "admin"}

// Languages that every title must have: those of the people who work here.
var Languages = []string{"es", "en"}

// Spoken are those that a title has beside them where customers read it, since
// they are spoken to in these as well.
var Spoken = []string{"de", "fr"}

// Playbook is a checked playbook.
type Playbook struct {
	Name  string
	Title map[string]string
	// Retrieval is how many days after the effective date the customer may fetch
	// their data.
	Retrieval int
	File      string // as people know it
	Source    []byte // the YAML as it was loaded
	file      *source.File
	version   string
	applies   *rule.Condition // nil: to everybody
	steps     []offboarding.Step
}

// Applies reports whether departures with these facts follow the playbook.
func (p *Playbook) Applies(facts map[string]any) (bool, error) {
	if p.applies == nil {
		return true, nil
	}
	return p.applies.Holds(facts)
}

// Facts are what conditions may see.
var Facts = map[string]rule.Type{
	"customer.kind": rule.TextType, "customer.consumer": rule.BoolType, "customer.country": rule.TextType,
	"customer.region": rule.TextType, "customer.language": rule.TextType, "customer.segment": rule.TextType,
	"case.act": rule.TextType, "case.channel": rule.TextType, "case.when": rule.TextType, "case.subscriptions": rule.IntType,
	"case.days_to_effective": rule.IntType, "case.products": rule.TextType,
	"case.lane":       rule.TextType, // exit, renewal or terms; empty: no lane led to it
	"customer.grants": rule.IntType, "customer.assets": rule.IntType, "customer.owes": rule.BoolType,
	"customer.unsolved": rule.IntType, // complaints that wait for their fix
}

var factEnv = sync.OnceValue(func() *rule.Env {
	env, err := rule.NewFactEnv(Facts)
	if err != nil {
		panic(err) // the facts are constants
	}
	return env
})

// Condition compiles the condition of a step or playbook. It fails with
// rule.Problems.
func Condition(expr string) (*rule.Condition, error) { return factEnv().Condition(expr) }

// Version is the name and the first 12 hex digits of the source's SHA-256.
func (p *Playbook) Version() string { return p.version }

// Steps returns a fresh copy of the steps as a case takes them: without ids
// and state, in order.
func (p *Playbook) Steps() []offboarding.Step {
	out := slices.Clone(p.steps)
	for i := range out {
		out[i].Items = slices.Clone(out[i].Items)
	}
	return out
}

// file is the YAML.
type file struct {
	Playbook  string            `yaml:"playbook"`
	Title     map[string]string `yaml:"title"`
	When      string            `yaml:"when"`
	Retrieval *retrievalFile    `yaml:"retrieval"`
	Steps     []stepFile        `yaml:"steps"`
}

// retrievalFile is how many days the customer may fetch data after the end.
type retrievalFile struct {
	D int `yaml:"d"`
}

type stepFile struct {
	ID        string            `yaml:"id"`
	Kind      string            `yaml:"kind"`
	Title     map[string]string `yaml:"title"`
	After     []string          `yaml:"after"`
	Role      string            `yaml:"role"`
	Due       *dueFile          `yaml:"due"`
	Items     []itemFile        `yaml:"items"`
	Params    map[string]string `yaml:"params"`
	Milestone string            `yaml:"milestone"`
	If        string            `yaml:"if"`
	Alert     *daysFile         `yaml:"alert"`
	Escalate  *escalateFile     `yaml:"escalate"`
	Timeout   *daysFile         `yaml:"timeout"`
	Else      string            `yaml:"else"`
	Undo      *undoFile         `yaml:"undo"`
}

// dueFile is when a human step is due: D days ("5", or "5bd" for business
// days) after the day of From.
type dueFile struct {
	D    string `yaml:"d"`
	From string `yaml:"from"`
}

type daysFile struct {
	D int `yaml:"d"`
}

type escalateFile struct {
	D  int    `yaml:"d"`
	To string `yaml:"to"`
}

type undoFile struct {
	Class string            `yaml:"class"`
	Title map[string]string `yaml:"title"`
}

// days reads "5" or "5bd".
func (d dueFile) days() (n int, business, ok bool) {
	text, business := strings.CutSuffix(d.D, "bd")
	n, err := strconv.Atoi(text)
	return n, business, err == nil
}

type itemFile struct {
	ID    string            `yaml:"id"`
	Title map[string]string `yaml:"title"`
}

//go:embed builtin/*.yaml
var builtin embed.FS

// Builtin returns the sources of the playbooks that come with the program, by
// name.
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

// checker checks a playbook and collects what is wrong with it.
type checker struct{ *source.File }

// Load reads and checks a playbook. It reports every problem it can find as a
// fault.List, each with its file:line:column as the argument "at" and as its
// field.
func Load(name string, src []byte, kinds []KindSpec) (*Playbook, error) {
	var f file
	read, err := source.Read(name, src, &f)
	if err != nil {
		return nil, err
	}
	c := &checker{read}
	c.check(f, kinds)
	if err := c.Err(); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(src)
	pb := &Playbook{Name: f.Playbook, File: name, Title: f.Title, Source: src, file: read, version: f.Playbook + "@" + hex.EncodeToString(sum[:])[:12]}
	if f.Retrieval != nil {
		pb.Retrieval = f.Retrieval.D
	}
	if f.When != "" {
		if pb.applies, err = Condition(f.When); err != nil {
			return nil, fault.Wrap("playbook.Load", err) // checked above
		}
	}
	for i, s := range f.Steps {
		pb.steps = append(pb.steps, snapshot(i, s, kinds))
	}
	return pb, nil
}

func snapshot(seq int, s stepFile, kinds []KindSpec) offboarding.Step {
	k := kinds[slices.IndexFunc(kinds, func(k KindSpec) bool { return k.Name == s.Kind })]
	out := offboarding.Step{
		Key: s.ID, Seq: seq + 1, Kind: s.Kind, Title: s.Title, Role: s.Role, After: s.After, Params: map[string]string{},
		Verifies: k.Verifies, Human: k.Human, Milestone: s.Milestone,
	}
	for name, v := range s.Params {
		out.Params[name] = v
	}
	out.Spec = offboarding.Spec{If: s.If, Else: s.Else}
	if s.Due != nil {
		n, business, _ := s.Due.days()
		out.Spec.Due = offboarding.Due{N: n, Business: business, From: s.Due.From}
	}
	if s.Alert != nil {
		out.Spec.Alert = s.Alert.D
	}
	if s.Escalate != nil {
		out.Spec.Escalate = offboarding.Escalation{Days: s.Escalate.D, To: s.Escalate.To}
	}
	if s.Timeout != nil {
		out.Spec.Timeout = s.Timeout.D
	}
	if s.Undo != nil {
		out.Spec.Undo = offboarding.Undoing{Class: s.Undo.Class, Title: s.Undo.Title}
	}
	for _, it := range s.Items {
		out.Items = append(out.Items, offboarding.Item{Key: it.ID, Title: it.Title})
	}
	return out
}

// Unsaid are the places where the playbook says something to customers and does
// not say it in every language in which they are spoken to, as a fault.List with
// file:line:column: what is done for them and may have to be undone, and what
// they are asked to approve. Load takes such a playbook all the same: what
// departures follow already is not taken away from them.
func (p *Playbook) Unsaid() error {
	var list fault.List
	for i, s := range p.steps {
		for _, lang := range slices.Concat(Languages, Spoken) {
			say := func(below string) {
				at, _, _ := p.file.Where("$.steps[" + strconv.Itoa(i) + "]" + below)
				list = append(list, fault.New(fault.Invalid, "playbook.words", "at", at, "lang", lang).On(at))
			}
			if read := s.Spec.Undo.Class != "" || slices.Contains(met, s.Kind); read && strings.TrimSpace(s.Title[lang]) == "" {
				say(".title")
			}
			for _, param := range told {
				if words := s.Said(param); len(words) > 0 && strings.TrimSpace(words[lang]) == "" {
					say(".params")
				}
			}
		}
	}
	return list.Or()
}

// met are the kinds of step whose titles customers read whether or not the
// playbook says how to take them back, and told the parameters that they read.
var (
	met  = []string{"cancel_billing", "export_data", "approve"}
	told = []string{"how", "keep_why"}
)
