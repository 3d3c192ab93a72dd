package app

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/flow"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/when"
)

// maxFlow is how long the description of a flow may be, in characters.
const maxFlow = 400_000

// FlowText is what is checked, and kept as a draft: descriptions as they were
// written, and what the company says of itself so that rules can be judged.
type FlowText struct {
	Source string
	Signup string
	Facts  map[string]string
}

// FlowCheck is what came of checking a flow under every law that a customer of
// the company can be under.
type FlowCheck struct {
	Flow     *flow.Flow // nil: it cannot be read
	Signup   *flow.Flow // nil: not described, or it cannot be read
	Problems fault.List // why it cannot be read, with places; the fields are source, signup and fact.NAME
	Facts    jurisdiction.Facts
	Laws     []flow.Law
	Packs    []jurisdiction.Ref
	Day      when.Date
	Report   *flow.Report // nil: it cannot be read
	Unsaid   fault.List   // texts that a served language lacks, with places
	Unserved fault.List   // what our portal cannot draw before an act is registered, with places
	Unready  []string     // languages that it serves and that the rest of what customers read is not complete in
}

// Blocking are the findings for which it cannot be published: what fails and
// blocks, and what would block and is not known.
func (c FlowCheck) Blocking() (list []flow.Finding) {
	if c.Report == nil {
		return nil
	}
	for _, f := range c.Report.Findings {
		if f.Severity == jurisdiction.Block {
			list = append(list, f)
		}
	}
	return list
}

// Missing are the facts about the company without which a rule that blocks is
// not known, sorted.
func (c FlowCheck) Missing() (names []string) {
	for _, f := range c.Blocking() {
		for _, name := range f.Missing {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// Refused says why it cannot be published; nil: it can.
func (c FlowCheck) Refused() error {
	if len(c.Problems) > 0 {
		return c.Problems
	}
	blocking := c.Blocking()
	n := len(blocking) + len(c.Unserved) + len(c.Unsaid) + len(c.Unready)
	if n == 0 {
		return nil
	}
	var first string
	switch {
	case len(blocking) > 0:
		first = blocking[0].Rule + " " + blocking[0].At
	case len(c.Unserved) > 0:
		first = c.Unserved[0].Field
	case len(c.Unsaid) > 0:
		first = c.Unsaid[0].Field
	default:
		first = c.Unready[0]
	}
	return fault.New(fault.Blocked, "flow.refused", "n", n, "first", first)
}

// Passing reports whether nothing keeps it from being published.
func (c FlowCheck) Passing() bool { return c.Refused() == nil }

// CheckFlow checks a flow as publishing would, with the law of today. Nothing
// is kept.
func (a *App) CheckFlow(ctx context.Context, by Actor, in FlowText) (c FlowCheck, err error) {
	if err := by.CanRead("flow"); err != nil {
		return c, err
	}
	if in, err = in.clean(); err != nil {
		return c, err
	}
	day, err := a.businessDay(ctx)
	if err != nil {
		return c, err
	}
	return a.checkFlow(in, day)
}

// businessDay is today where the company is.
func (a *App) businessDay(ctx context.Context) (day when.Date, err error) {
	err = a.store.View(ctx, func(tx Tx) error { day = a.dayOf(tx); return nil })
	return day, err
}

func (a *App) dayOf(tx Tx) when.Date { return when.DateOf(tx.Now(), a.Company().Zone) }

// clean bounds what was written; what it means is for the check to say.
func (t FlowText) clean() (FlowText, error) {
	var wrong fault.List
	for _, x := range []struct {
		name string
		at   *string
	}{{"source", &t.Source}, {"signup", &t.Signup}} {
		s, err := customer.CheckText(x.name, strings.ReplaceAll(*x.at, "\r\n", "\n"), maxFlow, true)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		if *x.at = s; s != "" {
			*x.at += "\n"
		}
	}
	if t.Source == "" && wrong == nil {
		wrong = append(wrong, fault.New(fault.Invalid, "field.required").On("source"))
	}
	facts := map[string]string{}
	for name, value := range t.Facts {
		s, err := customer.CheckText("fact."+name, value, 100, false)
		if err != nil {
			wrong = append(wrong, err)
		} else if s != "" {
			facts[name] = s
		}
	}
	t.Facts = facts
	return t, wrong.Or()
}

// flowChecks remembers the last checks: what is published was looked at a
// moment before.
type flowChecks struct {
	mu   sync.Mutex
	keys []string
	by   map[string]FlowCheck
}

// keptChecks is how many are remembered.
const keptChecks = 8

func (m *flowChecks) get(key string) (FlowCheck, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, ok := m.by[key]
	return c, ok
}

func (m *flowChecks) put(key string, c FlowCheck) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.by == nil {
		m.by = map[string]FlowCheck{}
	}
	if _, known := m.by[key]; !known {
		m.keys = append(m.keys, key)
	}
	m.by[key] = c
	if len(m.keys) > keptChecks {
		delete(m.by, m.keys[0])
		m.keys = m.keys[1:]
	}
}

// checkFlow checks what is clean.
func (a *App) checkFlow(in FlowText, day when.Date) (FlowCheck, error) {
	in.Signup = cmp.Or(in.Signup, a.signup)
	key := strings.Join([]string{hashOf([]byte(in.Source)), hashOf([]byte(in.Signup)), day.String(), a.Company().Country}, " ")
	for _, name := range slices.Sorted(maps.Keys(in.Facts)) {
		key += " " + name + "=" + in.Facts[name]
	}
	if c, ok := a.checked.get(key); ok {
		c.Unready = a.unready(c.Flow)
		return c, nil
	}
	c := FlowCheck{Day: day}
	c.read(in)
	if len(c.Problems) > 0 {
		return c, nil
	}
	// What the operator says of the company stands over what is said with a flow.
	maps.Copy(c.Facts, a.lawSaid)
	if country := a.Company().Country; country != "" {
		c.Facts["seller.country"] = country
	}
	var err error
	if c.Laws, c.Packs, err = c.Flow.Everywhere(a.Law(), c.Facts, day); err != nil {
		return c, err
	}
	c.Report = flow.Check(c.Flow, c.Laws, c.Signup)
	c.Unserved, c.Unsaid = fault.Fields(c.Flow.Unserved()), fault.Fields(c.Flow.Unsaid())
	a.checked.put(key, c)
	c.Unready = a.unready(c.Flow)
	return c, nil
}

// unready are the languages of a flow that the rest of what customers read is
// not complete in. It is asked each time: words change while a check is
// remembered.
func (a *App) unready(f *flow.Flow) (list []string) {
	for _, lang := range f.Languages {
		if a.lacks(lang) > 0 {
			list = append(list, lang)
		}
	}
	return list
}

// read reads both descriptions and the facts, and collects what is wrong.
func (c *FlowCheck) read(in FlowText) {
	one := func(field, src string) *flow.Flow {
		f, err := flow.Load(field+".yaml", []byte(src))
		c.Problems = append(c.Problems, fault.Fields(err)...)
		return f
	}
	c.Flow = one("source", in.Source)
	if in.Signup != "" {
		c.Signup = one("signup", in.Signup)
	}
	facts, err := jurisdiction.ParseFacts(in.Facts)
	for _, e := range fault.Fields(err) {
		c.Problems = append(c.Problems, e.On("fact."+e.Field))
	}
	if c.Facts = facts; facts == nil {
		c.Facts = jurisdiction.Facts{}
	}
}
