package jurisdiction

import (
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
	known, err := environment().Know(facts)
	if err != nil {
		return nil, fault.Wrap("law", err)
	}
	e := &Effective{Chosen: chosen, Day: day, Facts: facts}
	asked := map[*Rule]*Applied{}
	stands := map[*Rule]bool{} // in at least one chain nothing stands in its place
	var order []*Rule
	for _, c := range chosen.Packs {
		instead := map[string]string{}
		chain := l.chain(c.Pack)
		for _, p := range chain {
			for _, r := range p.Rules {
				if c.OnlyData && !r.Param.AboutData() {
					continue
				}
				a := asked[r]
				if a == nil {
					if a, err = apply(r, known, day); err != nil {
						return nil, err
					}
					asked[r] = a
					order = append(order, r)
				}
				for _, id := range r.Overrides {
					// Of two with the same condition the one in the place of the
					// other holds whenever that one would.
					if r.on(day) && (a.Holds == Pass || a.Holds == Unknown && r.When == l.rules[id].When) {
						instead[id] = r.ID
					}
				}
			}
		}
		for _, p := range chain {
			for _, r := range p.Rules {
				switch {
				case c.OnlyData && !r.Param.AboutData():
				case instead[r.ID] == "":
					stands[r] = true
				default:
					asked[r].Instead = instead[r.ID]
				}
			}
		}
	}
	by := map[*Param][]*Applied{}
	for _, r := range order {
		a := asked[r]
		if stands[r] {
			a.Instead = ""
		}
		switch {
		case r.Status == Enacted || r.Status == Proposed || r.Status == InForce && day.Before(r.From):
			if a.Holds != Fail {
				e.Told = append(e.Told, a)
			}
		case r.on(day):
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
	e.exclude()
	return e, nil
}

func apply(r *Rule, known *known, day when.Date) (*Applied, error) {
	a := &Applied{Rule: r, Holds: Pass}
	a.Severity, a.Days = r.SeverityOn(day)
	if r.condition == nil {
		return a, nil
	}
	holds, missing, err := r.condition.Holds(known)
	switch {
	case err != nil:
		return nil, fault.Wrap("law: "+r.ID, err)
	case missing != nil:
		a.Holds, a.Missing = Unknown, missing
	case !holds:
		a.Holds = Fail
	}
	return a, nil
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
				s.Value = a.Rule.Value
			} else {
				var ok bool
				s.Value, ok = p.Join(s.Value, a.Rule.Value)
				good = good && ok
			}
			hold = append(hold, a)
		}
	}
	for _, a := range hold {
		if slices.ContainsFunc(hold, func(o *Applied) bool { return p.Stricter(o.Rule.Value, a.Rule.Value) }) {
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
