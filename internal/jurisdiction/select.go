package jurisdiction

import (
	"slices"
	"strings"

	"hastaluego/internal/fault"
)

// Why a pack was chosen.
const (
	ByResidence = "residence"         // the law of where the customer lives
	BySeller    = "seller"            // the law about data of where the seller is
	ByNetwork   = "network"           // the rules of a way of paying
	ByNothing   = "unknown_residence" // nobody knows where the customer lives
	ByNoPack    = "no_pack"           // we know where, and have no pack of it
	ByName      = "named"
)

// SafeEverywhere is the pack that holds where the residence, or its law, is not
// known.
const SafeEverywhere = "safe-everywhere"

// Chosen is a pack that holds for somebody.
type Chosen struct {
	Pack     *Pack
	Why      string
	OnlyData bool // only its rules about data
}

// Selection is the packs that hold for somebody. Packs that come along because
// others extend them are not listed.
type Selection struct{ Packs []Chosen }

// Refs are the versions of all packs of the selection, with those that they
// extend, sorted: what a case keeps.
func (l *Library) Refs(s Selection) (refs []Ref) {
	for _, c := range s.Packs {
		for _, p := range l.chain(c.Pack) {
			if !slices.Contains(refs, p.Ref()) {
				refs = append(refs, p.Ref())
			}
		}
	}
	slices.SortFunc(refs, func(a, b Ref) int { return strings.Compare(a.Pack, b.Pack) })
	return refs
}

// Holds reports whether the library has exactly these versions.
func (l *Library) Holds(refs []Ref) bool {
	return !slices.ContainsFunc(refs, func(r Ref) bool { return l.byID[r.Pack] == nil || l.byID[r.Pack].Digest != r.Digest })
}

// Select chooses by the facts customer.residence, customer.region,
// seller.country, seller.sector and seller.network.
func (l *Library) Select(f Facts) Selection {
	var s Selection
	at := []string{f.text("customer.residence"), f.text("customer.region")}
	home, known := f.text("seller.country"), at[0] != "" || at[1] != ""
	found := false
	for _, p := range l.packs {
		if sector := f.text("seller.sector"); sector != "" && len(p.Covers.Sector) > 0 && !slices.Contains(p.Covers.Sector, sector) {
			continue
		}
		switch {
		case known && slices.ContainsFunc(p.Covers.Residence, func(c string) bool { return slices.Contains(at, c) }):
			found = true
			s.Packs = append(s.Packs, Chosen{Pack: p, Why: ByResidence})
		case slices.Contains(p.Covers.Network, f.text("seller.network")):
			s.Packs = append(s.Packs, Chosen{Pack: p, Why: ByNetwork})
		case home != "" && slices.Contains(p.Covers.Seller, home):
			s.Packs = append(s.Packs, Chosen{Pack: p, Why: BySeller, OnlyData: true})
		}
	}
	if safe := l.byID[SafeEverywhere]; !found && safe != nil {
		why := ByNothing
		if known {
			why = ByNoPack
		}
		s.Packs = append(s.Packs, Chosen{Pack: safe, Why: why})
	}
	return l.leaves(s)
}

// Places are the packs that a company can have as its own: of a country, a
// region or a union, and the one for everywhere. What only goes further for the
// same place, as a law of a sector does, is none.
func (l *Library) Places() (list []*Pack) {
	for _, p := range l.packs {
		further := slices.ContainsFunc(p.Extends, func(id string) bool { return slices.Equal(l.byID[id].Covers.Residence, p.Covers.Residence) })
		if p.ID == SafeEverywhere || len(p.Covers.Residence) > 0 && len(p.Covers.Sector) == 0 && !further {
			list = append(list, p)
		}
	}
	return list
}

// Of is the pack of a country or region: the closest there is, in the end the
// one for everywhere.
func (l *Library) Of(place string) *Pack {
	best := l.byID[SafeEverywhere]
	for _, p := range l.Places() {
		if slices.Contains(p.Covers.Residence, place) && (best.ID == SafeEverywhere || len(p.Covers.Residence) < len(best.Covers.Residence)) {
			best = p
		}
	}
	return best
}

// Named is the packs of these names, whole.
func (l *Library) Named(ids ...string) (s Selection, err error) {
	var wrong fault.List
	for _, id := range ids {
		p := l.byID[id]
		if p == nil {
			wrong = append(wrong, fault.New(fault.NotFound, "law.pack_unknown", "pack", id, "known", strings.Join(l.names(), ", ")).On(id))
			continue
		}
		s.Packs = append(s.Packs, Chosen{Pack: p, Why: ByName})
	}
	return l.leaves(s), wrong.Or()
}

// leaves leaves out what comes along with another one, at least as wide.
func (l *Library) leaves(s Selection) (out Selection) {
	for i, c := range s.Packs {
		comes := func(j int, o Chosen) bool {
			if o.OnlyData && !c.OnlyData {
				return false
			}
			if o.Pack == c.Pack {
				return o.OnlyData != c.OnlyData || j < i
			}
			return slices.Contains(l.chain(o.Pack), c.Pack)
		}
		covered := false
		for j, o := range s.Packs {
			covered = covered || j != i && comes(j, o)
		}
		if !covered {
			out.Packs = append(out.Packs, c)
		}
	}
	return out
}
