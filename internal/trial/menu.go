package trial

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"hastaluego/internal/experiment"
	"hastaluego/internal/fault"
	"hastaluego/internal/flow"
	"hastaluego/internal/offer"
)

// Menu is an experiment on the policy and the flow that count: what each arm shows,
// as it is now.
type Menu struct {
	*Trial
	policy *offer.Policy
	offers []*offer.Definition // of each arm; none at the flow
	usual  string              // arm of the flow that the holdout meets
}

// On checks an experiment against the policy and the flow that count, and sets the
// digests of what its arms show. Every problem is reported with its place.
func (t *Trial) On(p *offer.Policy, f *flow.Flow) (*Menu, error) {
	of := *t
	of.Definition.Arms = slices.Clone(t.Definition.Arms)
	m := &Menu{Trial: &of, policy: p}
	var wrong fault.List
	if t.Place == AtFlow {
		wrong = m.onFlow(f)
	} else {
		wrong = m.onPolicy()
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	return m, nil
}

func (m *Menu) onPolicy() (wrong fault.List) {
	if !m.policy.AtOnce {
		wrong = append(wrong, m.At("$.arms", "experiment.answers", "policy", m.policy.Name))
	}
	for i, a := range m.Arms {
		at := fmt.Sprintf("$.arms[%d].offer", i)
		j := slices.IndexFunc(m.policy.Library, func(d *offer.Definition) bool { return d.Name == a.Offer })
		if j < 0 || !slices.Contains(m.policy.Offers(), m.policy.Library[j]) {
			wrong = append(wrong, m.At(at, "experiment.not_on_menu", "offer", a.Offer, "policy", m.policy.Name))
			continue
		}
		d := m.policy.Library[j]
		if d.Kind == offer.Fix {
			wrong = append(wrong, m.At(at, "experiment.fix", "offer", a.Offer))
		}
		for _, sum := range d.Amounts() {
			if sum.Currency != m.Definition.Currency {
				wrong = append(wrong, m.At(at, "experiment.offer_currency", "offer", a.Offer, "currency", m.Definition.Currency, "other", sum.Currency))
			}
		}
		shown := d
		if len(a.What) > 0 {
			var odd fault.List
			shown, odd = d.Reworded(a.What)
			for _, e := range odd {
				wrong = append(wrong, m.At(fmt.Sprintf("$.arms[%d].words.what.%s", i, e.Field), e.Code, e.Args...))
			}
		}
		m.offers = append(m.offers, shown)
		sum := sha256.New()
		sum.Write([]byte(shown.Version()))
		for _, l := range slices.Sorted(maps.Keys(a.Heard)) {
			fmt.Fprintf(sum, "\x00%s\x00%s", l, a.Heard[l])
		}
		m.Definition.Arms[i].Content = hex.EncodeToString(sum.Sum(nil))
	}
	if len(wrong) == 0 && !slices.ContainsFunc(m.policy.Lines, m.onLine) {
		wrong = append(wrong, m.At("$.arms", "experiment.no_line", "policy", m.policy.Name))
	}
	return wrong
}

// onLine reports whether a line of the policy may propose what any arm shows.
func (m *Menu) onLine(l offer.Line) bool {
	for _, a := range m.Arms {
		if !slices.ContainsFunc(l.Offers, func(d *offer.Definition) bool { return d.Name == a.Offer }) {
			return false
		}
	}
	return true
}

func (m *Menu) onFlow(f *flow.Flow) (wrong fault.List) {
	if len(f.Arms) > 0 {
		m.usual = f.Arms[0]
	}
	for i, a := range m.Arms {
		if a.Flow == m.usual || !slices.Contains(f.Arms, a.Flow) {
			wrong = append(wrong, m.At(fmt.Sprintf("$.arms[%d].flow", i), "experiment.no_flow_arm", "arm", a.Flow, "flow", f.Name))
			continue
		}
		sum := sha256.Sum256([]byte(f.Version() + "\x00" + a.Flow))
		m.Definition.Arms[i].Content = hex.EncodeToString(sum[:])
	}
	return wrong
}

// Contents are the digests of what its arms show.
func (m *Menu) Contents() (list []string) {
	for _, a := range m.Definition.Arms {
		list = append(list, a.Content)
	}
	return list
}

// Shown are the texts that an arm shows about its offer, by code and language.
func (m *Menu) Shown(i int) map[string]map[string]string {
	if m.Place == AtFlow {
		return nil
	}
	all := m.offers[i].Texts()
	if len(m.Arms[i].Heard) > 0 {
		all["heard"] = m.Arms[i].Heard
	}
	return all
}

// Kind is what an arm offers.
func (m *Menu) Kind(i int) offer.Kind { return m.offers[i].Kind }

// Who is what is known of whoever it may be about, beside their situation.
type Who struct {
	Market   string // country
	Language string
	Segment  string // of the customer
	Kind     string
	Plan     string
}

// facts are those that an audience may ask, and no others.
func (t *Trial) facts(s offer.Situation, w Who) map[experiment.Fact]string {
	facts := map[experiment.Fact]string{
		"reason": s.Reason, "family": s.Family, "plan": w.Plan, "kind": w.Kind, "market": w.Market, "language": w.Language, "segment": w.Segment,
	}
	for _, c := range t.Definition.Audience {
		if c.Fact != "segment" {
			continue
		}
		for _, mine := range s.Segments {
			if slices.Contains(c.In, mine) {
				facts["segment"] = mine
				break
			}
		}
	}
	return facts
}

// About reports whether the experiment is about whoever this is, in a situation in
// which the policy decided so: the line that decided may propose what any arm shows,
// and no guard turns one of them away. So who is in it never depends on the arm.
func (m *Menu) About(d offer.Decision, s offer.Situation, w Who) (map[experiment.Fact]string, bool, error) {
	facts := m.facts(s, w)
	if s.Price.Currency != "" && s.Price.Currency != m.Definition.Currency {
		return nil, false, nil
	}
	if m.Place == AtFlow {
		return facts, true, nil
	}
	i := slices.IndexFunc(m.policy.Lines, func(l offer.Line) bool { return l.ID == d.Line })
	if d.Offer == nil || i < 0 || !m.onLine(m.policy.Lines[i]) {
		return nil, false, nil
	}
	for _, a := range m.Arms {
		_, why, _, err := m.policy.Consider(a.Offer, s)
		if err != nil || why != "" {
			return nil, false, err
		}
	}
	return facts, true, nil
}

// Give is the decision as an arm changes it: another offer, other words, or in the
// holdout nothing.
func (m *Menu) Give(d offer.Decision, arm string) offer.Decision {
	i := slices.IndexFunc(m.Arms, func(a Arm) bool { return a.ID == arm })
	if i < 0 {
		if d.Offer != nil {
			d.Turned = append(slices.Clone(d.Turned), offer.Turned{Offer: d.Offer.Name, Why: offer.GuardHoldout, Args: []any{"experiment", m.Name}})
		}
		d.Offer = nil
		return d
	}
	d.Offer = m.offers[i]
	if h := m.Arms[i].Heard; len(h) > 0 {
		d.Heard = h
	}
	return d
}

// FlowArm is the arm of the flow that an arm of the experiment meets.
func (m *Menu) FlowArm(arm string) string {
	for _, a := range m.Arms {
		if a.ID == arm {
			return a.Flow
		}
	}
	return m.usual
}
