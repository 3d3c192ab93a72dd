package jurisdiction

import (
	"cmp"
	"slices"

	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

// Outcome is what became of a parameter.
type Outcome string

// The outcomes.
const (
	Settled       Outcome = "value"
	Conflict      Outcome = "conflict"      // rules that cannot hold together: Setting.By
	Unsatisfiable Outcome = "unsatisfiable" // nothing is left that all rules allow: Setting.By
	Unsettled     Outcome = "unknown"       // only rules of which it is not known whether they hold
)

// Applied is a rule as it stands for the facts and the day.
type Applied struct {
	Rule     *Rule
	Value    Value    // of the rule, with the calendar of where the customer lives
	Holds    Result   // Pass: it applies; Fail: it does not; Unknown: facts are missing
	Missing  []string // facts
	Severity Severity // of that day
	Days     int      // until it is enforced; 0: it is
	Instead  string   // id of the rule that stands in its place here
}

// Setting is the effective value of a parameter.
type Setting struct {
	Param   *Param
	Outcome Outcome
	Value   Value      // of Settled
	By      []*Applied // the rules that set it, or that clash
	Beaten  []*Applied // rules that hold and ask less
	Maybe   []*Applied // rules of which it is not known whether they hold
	// With is the parameter that this one cannot hold together with.
	With string
	// Solved is what is done about a clash, by language; nil: nobody looked at it.
	Solved map[string]string
}

// Effective is the law for the facts on the day.
type Effective struct {
	Chosen   Selection
	Day      when.Date
	Facts    Facts
	Settings []Setting  // of parameters that some rule sets or may set, in the order of the vocabulary
	Told     []*Applied // rules that are not in force: enacted or proposed
	rules    []*Applied
}

// Of is the setting of a parameter; ok is false where no rule says anything.
func (e *Effective) Of(param string) (Setting, bool) {
	i := slices.IndexFunc(e.Settings, func(s Setting) bool { return s.Param.Name == param })
	if i < 0 {
		return Setting{}, false
	}
	return e.Settings[i], true
}

// Rules are those of a phase that hold or may hold, each with its own severity:
// whoever looks for failures judges them one by one, since a mild rule may be
// stricter than one that blocks.
func (e *Effective) Rules(phase Phase) (list []*Applied) {
	for _, a := range e.rules {
		if a.Rule.Param.Phase == phase && a.Holds != Fail && a.Instead == "" {
			list = append(list, a)
		}
	}
	return list
}

// Missing are the facts that would have to be known for every rule to be
// decided, sorted.
func (e *Effective) Missing() (names []string) {
	for _, a := range e.rules {
		if a.Holds == Unknown && a.Instead == "" {
			names = append(names, a.Missing...)
		}
	}
	return sorted(names)
}

// Effective is what the chosen packs say about the facts on the day.
func (l *Library) Effective(chosen Selection, facts Facts, day when.Date) (*Effective, error) {
	known, err := know(facts)
	if err != nil {
		return nil, err
	}
	e := &Effective{Chosen: chosen, Day: day, Facts: facts}
	asked, err := l.apply(chosen, known, day, cmp.Or(facts.text("customer.region"), facts.text("customer.residence")))
	if err != nil {
		return nil, err
	}
	l.override(chosen, asked, day)
	e.collect(asked)
	e.exclude()
	l.solve(e)
	return e, nil
}

// chosenRules are those of a chosen pack, and of what it extends, those first.
func (l *Library) chosenRules(c Chosen) (list []*Rule) {
	for _, p := range l.chain(c.Pack) {
		for _, r := range p.Rules {
			if !c.OnlyData || r.Param.AboutData() {
				list = append(list, r)
			}
		}
	}
	return list
}

// asked are the rules of the chosen packs as they stand, each once, in order.
type asked struct {
	list []*Applied
	of   map[*Rule]*Applied
}

// apply asks every rule of the chosen packs whether it holds. home is where the
// customer lives; where nobody knows, a rule is counted as each pack counts that it
// came along with, and as one counts without holidays where that has no calendar.
func (l *Library) apply(chosen Selection, known []*known, day when.Date, home string) (out asked, err error) {
	out.of = map[*Rule]*Applied{}
	for _, c := range chosen.Packs {
		for _, r := range l.chosenRules(c) {
			value, there := r.Value.at(cmp.Or(home, c.Pack.Calendar))
			if a := out.of[r]; a != nil {
				if there {
					a.Value, _ = r.Param.Join(a.Value, value)
				}
				continue
			}
			a, err := r.apply(known, day)
			if err != nil {
				return out, err
			}
			a.Value = value
			out.of[r], out.list = a, append(out.list, a)
		}
	}
	return out, nil
}

// override says of every rule which one stands in its place here: that of a
// chosen pack counts for what came along with it only, and a rule stands if it
// does along with one of them.
func (l *Library) override(chosen Selection, asked asked, day when.Date) {
	stands := map[*Rule]bool{}
	for _, c := range chosen.Packs {
		rules, instead := l.chosenRules(c), map[string]string{}
		for _, r := range rules {
			for _, id := range r.Overrides {
				// Of two with the same condition the one in the place of the
				// other holds whenever that one would.
				if holds := asked.of[r].Holds; r.on(day) && (holds == Pass || holds == Unknown && r.When == l.rules[id].When) {
					instead[id] = r.ID
				}
			}
		}
		for _, r := range rules {
			if instead[r.ID] == "" {
				stands[r] = true
			} else {
				asked.of[r].Instead = instead[r.ID]
			}
		}
	}
	for r := range stands {
		asked.of[r].Instead = ""
	}
}

// collect keeps what holds or may hold, settles every parameter with it, and
// keeps apart what is not in force.
func (e *Effective) collect(asked asked) {
	by := map[*Param][]*Applied{}
	for _, a := range asked.list {
		switch r := a.Rule; {
		case r.Status == Enacted || r.Status == Proposed || r.Status == InForce && e.Day.Before(r.From):
			if a.Holds != Fail {
				e.Told = append(e.Told, a)
			}
		case r.on(e.Day):
			e.rules = append(e.rules, a)
			if a.Instead == "" {
				by[r.Param] = append(by[r.Param], a)
			}
		}
	}
	for _, p := range vocabulary {
		if s, ok := settle(p, by[p]); ok {
			e.Settings = append(e.Settings, s)
		}
	}
}

// know prepares facts, as they can be, for asking many conditions.
func know(facts Facts) (list []*known, err error) {
	for _, f := range facts.worlds() {
		k, err := environment().Know(f)
		if err != nil {
			return nil, fault.Wrap("law", err)
		}
		list = append(list, k)
	}
	return list, nil
}

// apply asks a rule whether it holds: it does where it does however the facts are.
func (r *Rule) apply(known []*known, day when.Date) (*Applied, error) {
	a := &Applied{Rule: r, Holds: Pass}
	a.Severity, a.Days = r.SeverityOn(day)
	if r.condition == nil {
		return a, nil
	}
	asked, err := r.condition()
	if err != nil {
		return nil, fault.Wrap("law: "+r.ID, err)
	}
	for i, k := range known {
		is := Pass
		holds, missing, err := asked.Holds(k)
		switch {
		case err != nil:
			return nil, fault.Wrap("law: "+r.ID, err)
		case missing != nil:
			is = Unknown
			a.Missing = sorted(append(a.Missing, missing...))
		case !holds:
			is = Fail
		}
		if i > 0 && is != a.Holds {
			is = Unknown
			a.Missing = sorted(append(a.Missing, "customer.kind"))
		}
		a.Holds = is
	}
	return a, nil
}

// at is the value with the calendar of a place where it says AtHome; false where it
// does not.
func (v Value) at(home string) (Value, bool) {
	if !slices.ContainsFunc(v.Times, func(t Time) bool { return t.Calendar == AtHome }) {
		return v, false
	}
	v.Times = slices.Clone(v.Times)
	for i := range v.Times {
		if v.Times[i].Calendar == AtHome {
			v.Times[i].Calendar = home
		}
	}
	return v, true
}

// settle makes one value out of the rules about one parameter.
func settle(p *Param, rules []*Applied) (s Setting, any bool) {
	s = Setting{Param: p, Outcome: Unsettled}
	var hold []*Applied
	good := true
	for _, a := range rules {
		switch a.Holds {
		case Unknown:
			s.Maybe = append(s.Maybe, a)
		case Pass:
			if len(hold) == 0 {
				s.Value = a.Value
			} else {
				var ok bool
				s.Value, ok = p.Join(s.Value, a.Value)
				good = good && ok
			}
			hold = append(hold, a)
		}
	}
	for _, a := range hold {
		if slices.ContainsFunc(hold, func(o *Applied) bool { return p.Stricter(o.Value, a.Value) }) {
			s.Beaten = append(s.Beaten, a)
		} else {
			s.By = append(s.By, a)
		}
	}
	switch {
	case len(hold) == 0:
	case good:
		s.Outcome = Settled
	case p.Merge == Only:
		s.Outcome = Conflict
	default:
		s.Outcome = Unsatisfiable
	}
	return s, len(s.By)+len(s.Maybe) > 0
}

// exclude finds the parameters that cannot hold together.
func (e *Effective) exclude() {
	for i := range e.Settings {
		s := &e.Settings[i]
		if s.Param.Excludes == "" || s.Outcome != Settled {
			continue
		}
		j := slices.IndexFunc(e.Settings, func(o Setting) bool { return o.Param.Name == s.Param.Excludes })
		if j < 0 || len(e.Settings[j].By) == 0 {
			continue
		}
		o := &e.Settings[j]
		clash := s.Value.On && o.Value.On
		if s.Param.Kind == Set {
			clash = slices.ContainsFunc(s.Value.Words, func(w string) bool { return !slices.Contains(o.Value.Words, w) })
		}
		if clash {
			s.Outcome, s.With = Conflict, o.Param.Name
			o.Outcome, o.With = Conflict, s.Param.Name
		}
	}
}
