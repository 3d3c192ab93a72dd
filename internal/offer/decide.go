package offer

import (
	"slices"
	"strconv"
	"strings"

	"hastaluego/internal/fault"
	"hastaluego/internal/rule"
)

// Decision is what a policy says of a situation, and why.
type Decision struct {
	Policy string      // version
	Offer  *Definition // nil: nothing is proposed
	Line   string      // that decided; empty: none applied
	Why    map[string]string
	Heard  map[string]string
	Turned []Turned // what was looked at before, and why it was not proposed
	// Unread are the lines that could not be read for want of a fact, each with it.
	Unread []Unread
}

// Turned is an offer that a guard turned away.
type Turned struct {
	Offer string
	Why   Guard
	Args  []any // alternating name, value, for the words
}

// Unread is a line of which nobody can say whether it applies.
type Unread struct {
	Line    string
	Missing []string
}

// Guard is why something is not proposed.
type Guard string

// The guards. No file switches one of them off.
const (
	GuardQuiet         Guard = "quiet"          // a closure, an illness or a death
	GuardOnce          Guard = "once"           // something was proposed in this departure already
	GuardPlace         Guard = "place"          // the packs let nobody propose anything after the receipt
	GuardDuring        Guard = "during"         // something of the service is broken and nobody asked
	GuardNoIncident    Guard = "no_incident"    // there is nothing to put right
	GuardWronged       Guard = "wronged"        // something else of ours while a wrong stands
	GuardPrice         Guard = "price"          // the price is not known
	GuardCurrency      Guard = "currency"       // another currency than that of the contract
	GuardImproves      Guard = "improves"       // it would not be better for them
	GuardMargin        Guard = "margin"         // below zero over its term
	GuardMarginUnknown Guard = "margin_unknown" // nobody said what is left of the price
	GuardCooldown      Guard = "cooldown"       // the last one was not long ago
	GuardLifetime      Guard = "lifetime"       // too many in the life of a customer
	GuardOwn           Guard = "own"            // of the offer itself
	GuardOwnUnknown    Guard = "own_unknown"    // of the offer itself, for want of a fact
	GuardLetGo         Guard = "let_go"         // the company lets them go: nothing stands in their way
	GuardHoldout       Guard = "holdout"        // they are those with whom an experiment compares
)

// Guards are all of them.
var Guards = []Guard{
	GuardQuiet, GuardOnce, GuardPlace, GuardDuring, GuardNoIncident, GuardWronged, GuardPrice, GuardCurrency, GuardImproves, GuardMargin,
	GuardMarginUnknown, GuardCooldown, GuardLifetime, GuardOwn, GuardOwnUnknown, GuardLetGo, GuardHoldout,
}

// matches are the numbers of the lines that apply to a situation, in the order in
// which they decide, and those that could not be read.
func (p *Policy) matches(s Situation, known *rule.Known) (list []int, unread []Unread, err error) {
	for i, l := range p.Lines {
		holds, missing, err := l.applies(s, known)
		switch {
		case err != nil:
			return nil, nil, err
		case len(missing) > 0:
			unread = append(unread, Unread{l.ID, missing})
		case holds:
			list = append(list, i)
		}
	}
	if p.Ranked {
		slices.SortStableFunc(list, func(a, b int) int { return p.Lines[b].Rank - p.Lines[a].Rank })
	}
	return list, unread, nil
}

// applies reports whether a line speaks of the situation; missing names what
// would have to be known.
func (l Line) applies(s Situation, known *rule.Known) (holds bool, missing []string, err error) {
	if len(l.reason) > 0 && !slices.Contains(l.reason, s.Reason) && !slices.Contains(l.reason, s.Family) {
		return false, nil, nil // no reason is none of these
	}
	if len(l.value) > 0 && !slices.Contains(l.value, s.band()) {
		return false, nil, nil // unknown is a band, so that a line can say it
	}
	if len(l.within) > 0 {
		named := func(x string) bool { return slices.Contains(l.within, x) }
		switch {
		case slices.ContainsFunc(s.Segments, named):
		case s.Segments == nil || slices.ContainsFunc(s.Unsure, named):
			missing = append(missing, "segments")
		default:
			return false, nil, nil
		}
	}
	if l.when == nil {
		return len(missing) == 0, missing, nil
	}
	holds, unknown, err := l.when.Holds(known)
	if err != nil || len(unknown) == 0 && !holds {
		return false, nil, err
	}
	missing = append(missing, unknown...)
	slices.Sort(missing)
	return len(missing) == 0, slices.Compact(missing), nil
}

// Decide says what is proposed in a situation: the line that comes first among
// those that apply decides, and the first of its offers that every guard lets
// through is proposed. The same situation has the same answer, always.
func (p *Policy) Decide(s Situation) (Decision, error) {
	d, _, err := p.decide(s)
	return d, err
}

// decide is Decide, with the numbers of all the lines that apply.
func (p *Policy) decide(s Situation) (d Decision, lines []int, err error) {
	d.Policy = p.version
	known, err := factEnv().Know(s.facts())
	if err != nil {
		return d, nil, err
	}
	lines, d.Unread, err = p.matches(s, known)
	if err != nil || len(lines) == 0 {
		return d, nil, err
	}
	l := p.Lines[lines[0]]
	d.Line, d.Why, d.Heard = l.ID, l.Why, l.Heard
	for _, x := range l.Offers {
		why, args, err := p.guard(x, s, known)
		if err != nil {
			return d, nil, err
		}
		if why == "" {
			d.Offer = x
			return d, lines, nil
		}
		d.Turned = append(d.Turned, Turned{x.Name, why, args})
	}
	return d, lines, nil
}

// guard is the first guard that turns an offer away; empty: none.
func (p *Policy) guard(d *Definition, s Situation, known *rule.Known) (Guard, []any, error) {
	why, args := p.hard(d.Kind, s)
	if spec, _ := d.Kind.Spec(); why == "" && spec.Price {
		why, args = p.price(d, s)
	}
	if why != "" || d.guard == nil {
		return why, args, nil
	}
	holds, missing, err := d.guard.Holds(known)
	switch {
	case err != nil:
		return "", nil, err
	case len(missing) > 0:
		return GuardOwnUnknown, []any{"facts", strings.Join(missing, ", ")}, nil
	case !holds:
		return GuardOwn, []any{"guard", d.guarded}, nil
	}
	return "", nil, nil
}

// AfterReceipt is where our offers stand, in the words of the packs.
const AfterReceipt = "after_receipt"

// Consider finds an offer that there is by its name, and the guard that turns it away
// in a situation; empty: none. It is for whoever wants to propose something else than
// the policy does.
func (p *Policy) Consider(name string, s Situation) (d *Definition, why Guard, args []any, err error) {
	i := slices.IndexFunc(p.Library, func(d *Definition) bool { return d.Name == name })
	if i < 0 {
		return nil, "", nil, fault.New(fault.Invalid, "field.choice").On("offer.name")
	}
	known, err := factEnv().Know(s.facts())
	if err != nil {
		return nil, "", nil, err
	}
	why, args, err = p.guard(p.Library[i], s, known)
	return p.Library[i], why, args, err
}

// Own is the guard that turns away what a person proposes in words of their own. What
// it would cost nobody can compute, and what there is to put right they know.
func (p *Policy) Own(k Kind, s Situation) (Guard, []any) {
	why, args := p.hard(k, s)
	if why == GuardNoIncident {
		return "", nil
	}
	return why, args
}

// Otherwise reports whether a person who proposes something of a kind in words of
// their own does otherwise than the policy: it decided for nothing, or for something
// else; or for that, and words of their own may give more. Where no line speaks of
// the situation a person is free, but for what costs.
func (d Decision) Otherwise(k Kind) bool {
	spec, _ := k.Spec()
	if d.Line == "" {
		return spec.Price
	}
	return spec.Gives || d.Offer == nil || d.Offer.Kind != k
}

// hard are the guards that no offer switches off.
func (p *Policy) hard(k Kind, s Situation) (Guard, []any) {
	spec, _ := k.Spec()
	switch {
	case s.Quiet:
		return GuardQuiet, nil
	case s.LetGo && k != Fix: // what is our fault is owed to them too
		return GuardLetGo, nil
	case s.Proposed:
		return GuardOnce, nil
	case s.Places != nil && !slices.Contains(s.Places, AfterReceipt):
		return GuardPlace, nil
	case s.During && s.Unsolved > 0 && !s.Asked && k != Fix:
		return GuardDuring, nil
	case k == Fix && s.Unsolved == 0:
		return GuardNoIncident, nil
	case k == OtherProduct && s.Wronged:
		return GuardWronged, nil
	}
	if spec.Gives {
		if s.Accepted >= p.limits.lifetime {
			return GuardLifetime, []any{"count", s.Accepted, "most", p.limits.lifetime}
		}
		if s.Since >= 0 && s.Since < p.limits.cooldown {
			return GuardCooldown, []any{"days", s.Since, "least", p.limits.cooldown}
		}
	}
	return "", nil
}

// Explain is the decision in one code with its arguments, for those who work
// here; the sentence of the line goes before it.
func (d Decision) Explain() *fault.Error {
	switch {
	case d.Line == "" && len(d.Unread) > 0:
		return fault.New(fault.Blocked, "offer.decided.unread", "line", d.Unread[0].Line, "facts", strings.Join(d.Unread[0].Missing, ", "))
	case d.Line == "":
		return fault.New(fault.Blocked, "offer.decided.no_line")
	case d.Offer == nil && len(d.Turned) == 0:
		return fault.New(fault.Blocked, "offer.decided.nothing", "line", d.Line)
	case d.Offer == nil:
		return fault.New(fault.Blocked, "offer.decided.turned", "line", d.Line, "count", strconv.Itoa(len(d.Turned)))
	}
	return fault.New(fault.Blocked, "offer.decided.offer", "line", d.Line, "offer", d.Offer.Name)
}
