package app

import (
	"cmp"
	"slices"
	"strconv"

	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
	"hastaluego/internal/when"
)

// PlaybookGap is where a playbook is shorter, or slower, than the law of a place
// that is served. What counts for a departure is always the better for the
// customer: the gap says what that will be.
type PlaybookGap struct {
	Code     string // message code: playbook.law.<what>
	Step     string // key; empty: the playbook as a whole
	Other    string // key of the step of people that it waits for
	Days     int    // that the playbook says
	Law      int    // that the law says
	Unit     string // days, business, hours or years
	Business bool   // Days are business days
	Pack     string // the strictest
	Rule     string
	Cite     string
	Maybe    bool // it is not known whether the rule holds for everybody there
}

// playbookDuties are the ends of what the law limits, by milestone of the step
// that brings them.
var playbookDuties = map[string][]string{"billing_stopped": {"effect.max", "case.resolve.max"}, "erased": {"dsr.erase.max"}}

// LawOfPlaybook compares a playbook with the packs, each alone, on a day. Of
// several that ask for the same the strictest is told.
func LawOfPlaybook(pb *playbook.Playbook, l *jurisdiction.Library, packs []*jurisdiction.Pack, day when.Date) (list []PlaybookGap, err error) {
	for _, pack := range packs {
		sel, err := l.Named(pack.ID)
		if err != nil {
			return nil, err
		}
		law, err := l.Effective(sel, jurisdiction.Facts{"request.act": "terminate", "data.role": "controller"}, day)
		if err != nil {
			return nil, err
		}
		for _, g := range gapsOf(pb, law) {
			g.Pack = pack.ID
			i := slices.IndexFunc(list, func(x PlaybookGap) bool { return x.Code == g.Code && x.Step == g.Step && x.Unit == g.Unit })
			switch {
			case i < 0:
				list = append(list, g)
			case g.stricter(list[i]):
				list[i] = g
			}
		}
	}
	slices.SortFunc(list, func(x, y PlaybookGap) int { return cmp.Or(cmp.Compare(x.Code, y.Code), cmp.Compare(x.Step, y.Step)) })
	return list, nil
}

func (g PlaybookGap) stricter(than PlaybookGap) bool {
	if g.Code == "playbook.law.due" || g.Code == "playbook.law.waits" { // the least time to act
		return g.Law < than.Law
	}
	return g.Law > than.Law
}

// rulesAbout are the rules about a parameter that hold, or may.
func rulesAbout(law *jurisdiction.Effective, param string) (list []*jurisdiction.Applied) {
	s, _ := law.Of(param)
	return slices.Concat(s.By, s.Beaten, s.Maybe)
}

func gapsOf(pb *playbook.Playbook, law *jurisdiction.Effective) (list []PlaybookGap) {
	gap := func(code, step string, days, wants int, unit string, a *jurisdiction.Applied) {
		list = append(list, PlaybookGap{
			Code: code, Step: step, Days: days, Law: wants, Unit: unit, Rule: a.Rule.ID, Cite: a.Rule.Cite.Ref, Maybe: a.Holds == jurisdiction.Unknown,
		})
	}
	steps := pb.Steps()
	for _, a := range rulesAbout(law, "retrieve.window.min") {
		for _, t := range a.Value.Times {
			if t.Unit == jurisdiction.Days && pb.Retrieval < t.N {
				gap("playbook.law.retrieval", "", pb.Retrieval, t.N, "days", a)
			}
		}
	}
	for _, s := range steps {
		years, err := strconv.Atoi(s.Params["keep_years"])
		if _, keeps := s.Params["keep_years"]; keeps && err == nil { // it erases the record
			for _, a := range rulesAbout(law, eraseMode) {
				if a.Value.Word != "delete" {
					gap("playbook.law.erase_mode", s.Key, 0, 0, "", a)
				}
			}
			for _, param := range []string{"retain.books", "retain.tax"} {
				for _, a := range rulesAbout(law, param) {
					for _, t := range a.Value.Times {
						if t.Unit == jurisdiction.Months && 12*years < t.N {
							gap("playbook.law.keep", s.Key, years, (t.N+11)/12, "years", a)
						}
					}
				}
			}
		}
		if s.Milestone == "billing_stopped" && !s.Human {
			if slow := slowest(steps, s); slow != nil {
				for _, a := range rulesAbout(law, "effect.max") {
					for _, t := range a.Value.Times {
						if t.Unit == jurisdiction.Hours && t.N < 24*slow.Spec.Due.N {
							gap("playbook.law.waits", s.Key, slow.Spec.Due.N, t.N, "hours", a)
							list[len(list)-1].Other, list[len(list)-1].Business = slow.Key, slow.Spec.Due.Business
						}
					}
				}
			}
		}
		if s.Spec.Due.From != "request" {
			continue
		}
		for _, param := range playbookDuties[s.Milestone] {
			for _, a := range rulesAbout(law, param) {
				for _, t := range a.Value.Times {
					unit := map[jurisdiction.Unit]string{jurisdiction.Days: "days", jurisdiction.BusinessDays: "business"}[t.Unit]
					if unit != "" && (unit == "business") == s.Spec.Due.Business && s.Spec.Due.N > t.N {
						gap("playbook.law.due", s.Key, s.Spec.Due.N, t.N, unit, a)
					}
				}
			}
		}
	}
	return list
}

// slowest is the step of people with the most days of those that always come before
// a step; nil: none does.
func slowest(steps []offboarding.Step, s offboarding.Step) (slow *offboarding.Step) {
	seen, next := map[string]bool{}, slices.Clone(s.After)
	for len(next) > 0 {
		key := next[0]
		if next = next[1:]; seen[key] {
			continue
		}
		seen[key] = true
		for i := range steps {
			x := &steps[i]
			if x.Key != key {
				continue
			}
			next = append(next, x.After...)
			if x.Human && x.Spec.If == "" && x.Spec.Due.N > 0 && (slow == nil || x.Spec.Due.N > slow.Spec.Due.N) {
				slow = x
			}
		}
	}
	return slow
}
