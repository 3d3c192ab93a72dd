// Package reason is why customers leave: the taxonomy, with who could have done
// something about each reason, and what was given as the reason of a departure,
// by the customer (stated) and by us after looking (root cause). It is pure: it
// asks nobody, stores nothing and draws nothing.
package reason

import (
	"cmp"
	_ "embed" // the taxonomy
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/relationship"
	"hastaluego/internal/when"
)

// Attribution is who could have done something about it.
type Attribution string

// The attributions.
const (
	Ours    Attribution = "ours"
	Theirs  Attribution = "theirs"
	Market  Attribution = "market"
	Unknown Attribution = "unknown"
)

// Attributions are all of them.
var Attributions = []Attribution{Ours, Theirs, Market, Unknown}

// BillingCodes are the eight reasons that billing systems share.
var BillingCodes = []string{
	"too_expensive", "missing_features", "switched_service", "unused", "customer_service", "too_complex", "low_quality", "other",
}

// Reason is one reason of the taxonomy.
type Reason struct {
	Code         string
	Family       string // the reason that it refines; Code itself at the top
	Label        map[string]string
	Attribution  Attribution
	Controllable bool   // we can do something about it
	Billing      string // which of the eight codes it is elsewhere
	BadService   bool   // we wronged them
	Quiet        bool   // a closure, an illness or a death: the goodbye is short, and nothing is asked or offered
	// Edition is which of the meanings that its code ever had this is: it follows
	// from its words and from what it is told apart from, so that what was given
	// before a reason was renamed or split is never counted with what came after.
	Edition, FamilyEdition string
	Was                    []string          // earlier editions that meant the same, as whoever changed the words says
	Follow                 map[string]string // what is asked of whoever chose it; they need not say
	Rival                  bool              // they are asked whom they go to
}

// Top reports whether the reason refines no other.
func (r Reason) Top() bool { return r.Code == r.Family }

// AsksReturn reports whether whoever chose it is asked how likely they come back:
// neither whom we wronged nor whose life or company changed.
func (r Reason) AsksReturn() bool { return !r.BadService && (r.Code == Other || len(r.Follow) > 0) }

// AsksMore reports whether whoever chose it is asked anything.
func (r Reason) AsksMore() bool { return r.AsksReturn() || r.Rival || len(r.Follow) > 0 }

// Taxonomy is a checked list of reasons, each followed by those that refine it.
type Taxonomy struct {
	Reasons []Reason
	version string
}

// Version is the name and the first 12 hex digits of the source's SHA-256.
func (t *Taxonomy) Version() string { return t.version }

// Find returns the reason with the code.
func (t *Taxonomy) Find(code string) (Reason, bool) {
	i := slices.IndexFunc(t.Reasons, func(r Reason) bool { return r.Code == code })
	if i < 0 {
		return Reason{}, false
	}
	return t.Reasons[i], true
}

// OfBilling returns the widest reason that a code of billing systems stands for;
// Other for a code that is none of them, and where nothing was chosen.
func (t *Taxonomy) OfBilling(code string) Reason {
	i := slices.IndexFunc(t.Reasons, func(r Reason) bool { return r.Billing == code && r.Top() })
	if i < 0 {
		i = slices.IndexFunc(t.Reasons, func(r Reason) bool { return r.Billing == code })
	}
	if i < 0 || code == Other {
		i = slices.IndexFunc(t.Reasons, func(r Reason) bool { return r.Code == Other })
	}
	return t.Reasons[i]
}

// Tops are the reasons that refine no other: what customers are asked.
func (t *Taxonomy) Tops() []Reason {
	return slices.DeleteFunc(slices.Clone(t.Reasons), func(r Reason) bool { return !r.Top() })
}

// Same is the edition with which one is counted: its own, or that of the reason
// that says to mean the same.
func (t *Taxonomy) Same(edition string) string {
	for _, r := range t.Reasons {
		if slices.Contains(r.Was, edition) {
			return r.Edition
		}
	}
	return edition
}

// InEdition returns the reason that is counted under an edition; false if that
// is of another version, and no longer offered.
func (t *Taxonomy) InEdition(edition string) (Reason, bool) {
	i := slices.IndexFunc(t.Reasons, func(r Reason) bool { return r.Edition == edition })
	if i < 0 {
		return Reason{}, false
	}
	return t.Reasons[i], true
}

// Shuffled are the reasons that customers are offered in an order of their own:
// what stands first is chosen more often, whatever it says. The same attempt
// always has the same order, so that nothing moves when a page is loaded again.
// Other is always the last.
func (t *Taxonomy) Shuffled(codes []string, attempt string) []Reason {
	list := t.Offered(codes)
	h := fnv.New64a()
	_, _ = h.Write([]byte(attempt)) // it never fails
	most := len(list)
	if most > 0 && list[most-1].Code == Other {
		most--
	}
	rand.New(rand.NewPCG(h.Sum64(), 0)).Shuffle(most, func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// Offered are the reasons that customers are offered: those of the codes, in
// their order, or all at the top where there are none; Other is always the last.
func (t *Taxonomy) Offered(codes []string) (list []Reason) {
	tops := t.Tops()
	if len(codes) == 0 {
		for _, r := range tops {
			codes = append(codes, r.Code)
		}
	}
	for _, code := range append(slices.DeleteFunc(slices.Clone(codes), func(s string) bool { return s == Other }), Other) {
		if i := slices.IndexFunc(tops, func(r Reason) bool { return r.Code == code }); i >= 0 {
			list = append(list, tops[i])
		}
	}
	return list
}

// Other is the reason that is always among those that customers are asked for.
const Other = "other"

//go:embed builtin/reasons.yaml
var builtin []byte

// Builtin is the taxonomy that comes with the program.
var Builtin = sync.OnceValue(func() *Taxonomy {
	t, err := Load("reasons.yaml", builtin)
	if err != nil {
		panic(err) // a test loads it
	}
	return t
})

// GivenID identifies a reason that was given (rsn_…).
type GivenID string

// Kind is whose view a reason is.
type Kind string

// The kinds.
const (
	Stated Kind = "stated" // what the customer says
	Root   Kind = "root"   // what lay behind it, as somebody of the company decided
)

// Given is a reason that was given for a departure. It is never changed: a
// later one of its kind takes its place, and it stays to be read. What is
// written in words is sealed at rest.
type Given struct {
	ID           GivenID
	Case         offboarding.CaseID
	Customer     customer.ID
	Kind         Kind
	Code         string
	Taxonomy     string      // version that the code is from
	Attribution  Attribution // as it was decided; the taxonomy's unless somebody said otherwise
	Controllable bool
	BadService   bool
	By           string // customer, customer.system (to a far system), usr_… or key_…
	At           time.Time
	Complaint    relationship.ComplaintID // what went wrong stands there; empty: nowhere
	Text         string                   // in the words of whoever gave it
	Evidence     string                   // what shows it, of a root cause; the code that a far system was told
	Edition      string                   // of its reason; empty: from before editions were kept
	InFamily     string                   // edition of the reason at the top that it refines
	Competitor   string                   // whom they go to, as they call it
	More         string                   // what they answered to what their reason asks
	Return       *int                     // how likely they come back, 0 to 10; nil: they did not say
	Completes    GivenID                  // an earlier one, all of which it says again; empty: none
}

// Wordless is the reason without what anybody wrote.
func (g Given) Wordless() Given {
	g.Text, g.Evidence, g.Competitor, g.More = "", "", "", ""
	return g
}

// Elsewhere is by whom a reason was given that the customer told a far system.
const Elsewhere = "customer.system"

// MostReturn is how likely somebody comes back who is sure of it.
const MostReturn = 10

// Make fills in from the taxonomy what its code stands for, and checks it.
func (g *Given) Make(t *Taxonomy) fault.List {
	var l fault.List
	r, ok := t.Find(g.Code)
	if !ok {
		l = append(l, fault.New(fault.Invalid, "reason.choose").On("reason.code"))
	}
	if g.Kind != Stated && g.Kind != Root {
		l = append(l, fault.New(fault.Invalid, "field.choice").On("reason.kind"))
	}
	if g.Attribution == "" || g.Kind == Stated {
		g.Attribution = r.Attribution
	}
	if ok && !slices.Contains(Attributions, g.Attribution) {
		l = append(l, fault.New(fault.Invalid, "field.choice").On("reason.attribution"))
	}
	if g.Kind == Root && g.Evidence == "" {
		l = append(l, fault.New(fault.Invalid, "field.required").On("reason.evidence"))
	}
	if g.Return != nil && (*g.Return < 0 || *g.Return > MostReturn) {
		l = append(l, fault.New(fault.Invalid, "form.scale", "min", 0, "max", MostReturn).On("reason.return"))
	}
	g.Taxonomy, g.Edition, g.InFamily, g.Controllable, g.BadService = t.Version(), r.Edition, r.FamilyEdition, r.Controllable, r.BadService && g.Attribution == Ours
	return l
}

// Repaired reports whether what went wrong was put right: the complaint that
// the reason names is fixed, or, if it names none, one of the customer's was
// fixed since the reason was given and none is unsolved. What is no bad service
// needs no repair.
func (g Given) Repaired(complaints []relationship.Complaint, zone *time.Location) bool {
	if !g.BadService {
		return true
	}
	given, fixed := when.DateOf(g.At, zone), false
	for _, c := range complaints {
		switch {
		case g.Complaint != "":
			fixed = fixed || c.ID == g.Complaint && c.State == relationship.Fixed
		case c.Unsolved():
			return false
		default:
			fixed = fixed || c.State == relationship.Fixed && !c.Over.Before(given)
		}
	}
	return fixed
}

// Why is what is known about why somebody leaves.
type Why struct {
	Stated, Root *Given // what counts of each; nil: none
	// Also are what else the customer said, and where, newest first: beside what
	// counts, not instead of it.
	Also []*Given
}

// Weigh merges the reasons that were given for a departure, newest first. The
// newest of each kind counts, but what a customer chose at a far system, among
// eight codes, never takes the place of what they told us, nor does a reason
// that says nothing that of one that says something.
func Weigh(list []Given) (w Why) {
	said := func(g *Given) int {
		switch {
		case g.Code == Other && g.By == Elsewhere:
			return 0
		case g.Code == Other:
			return 1
		case g.By == Elsewhere:
			return 2
		default:
			return 3
		}
	}
	var stated []*Given
	again := map[GivenID]bool{} // said again in full
	for i := range list {
		again[list[i].Completes] = true
	}
	for i := range list {
		switch g := &list[i]; {
		case g.Kind == Root && w.Root == nil:
			w.Root = g
		case g.Kind == Stated && !again[g.ID]:
			stated = append(stated, g)
		}
	}
	if len(stated) == 0 {
		return w
	}
	w.Stated = slices.MaxFunc(stated, func(a, b *Given) int { return cmp.Compare(said(a), said(b)) }) // the newest of the best
	w.Also = slices.DeleteFunc(stated, func(g *Given) bool { return g == w.Stated })
	return w
}

// Attribution is who could have done something about it: as it was decided,
// else as the reason that the customer gave has it.
func (w Why) Attribution() Attribution {
	switch {
	case w.Root != nil:
		return w.Root.Attribution
	case w.Stated != nil:
		return w.Stated.Attribution
	default:
		return Unknown
	}
}

// Ours reports whether we were the cause, and whether that is known.
func (w Why) Ours() (ours, known bool) {
	a := w.Attribution()
	return a == Ours, a != Unknown
}

// Quiet reports whether either side's reason calls for a quiet goodbye: how
// everything stands, and help with the papers. A code that the taxonomy does
// not have any more does not.
func (t *Taxonomy) Quiet(w Why) bool {
	for _, g := range []*Given{w.Stated, w.Root} {
		if g == nil {
			continue
		}
		if r, ok := t.Find(g.Code); ok && r.Quiet {
			return true
		}
	}
	return false
}

// Wronged reports whether a bad-service reason stands that nothing has
// repaired. Either side's word is enough.
func (w Why) Wronged(complaints []relationship.Complaint, zone *time.Location) bool {
	for _, g := range []*Given{w.Stated, w.Root} {
		if g != nil && !g.Repaired(complaints, zone) {
			return true
		}
	}
	return false
}
