package app

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/flow"
	"hastaluego/internal/jurisdiction"
)

// Exit is the way out that one customer meets: a variant of the flow in force.
type Exit struct {
	*flow.View
	Version string // of the flow
	Place   string // whose law it follows: ES, US-CA; empty: nobody said, and the strictest holds
	Said    string // who said so: company, visitor, record; empty: nobody
	At      time.Time
}

// Elsewhere is the place of whoever lives where there is no pack.
const Elsewhere = "none"

// ExitFor is what is known of whoever wants to leave. Where they live is what
// they say, or what we have on record: nothing is guessed from their network.
type ExitFor struct {
	Place    string // what they said on the page
	Record   string // where they live as far as we know, which counts before what they say
	Language string
	Device   string // desktop or mobile
	Arm      string // of the flow, that an experiment gave them; empty, or none of its own: the usual
}

// ExitOf compiles the way out for one customer. Where nobody knows where they
// live it is the one that passes everywhere.
func (a *App) ExitOf(ctx context.Context, who ExitFor) (Exit, error) {
	f, version, err := a.FlowInForce(ctx)
	if err != nil {
		return Exit{}, err
	}
	x := Exit{Version: version}
	if x.At, _, err = a.store.Now(ctx); err != nil {
		return Exit{}, err
	}
	x.Place, x.Said = a.exitPlace(who)
	law := a.exitLaw(x.Place)
	v := flow.Variant{Law: law.Name, Language: f.Served(who.Language, a.Company().Language), Device: who.Device}
	if len(f.Arms) > 0 {
		v.Arm = f.Arms[0]
		if slices.Contains(f.Arms, who.Arm) {
			v.Arm = who.Arm
		}
	}
	if len(f.Segments) > 0 {
		v.Segment = f.Segments[0]
	}
	key := strings.Join([]string{version, v.Law, v.Language, v.Device, v.Arm}, "\x00")
	if kept, ok := a.exits.Load(key); ok {
		x.View = kept.(*flow.View)
		return x, nil
	}
	x.View = f.Compile(law, v)
	a.exits.Store(key, x.View)
	return x, nil
}

// exitPlace is whose law holds: of where they are known to live, of where they
// say that they do, else of where the company says that its customers do. The
// pages and what is decided of a departure ask the same.
func (a *App) exitPlace(who ExitFor) (place, said string) {
	switch {
	case who.Record != "":
		return who.Record, "record"
	case who.Place == Elsewhere:
		return "", "visitor"
	case slices.Contains(a.ExitPlaces(), who.Place):
		return who.Place, "visitor"
	}
	for _, name := range []string{"customer.region", "customer.residence"} {
		if s, _ := a.lawSaid[name].(string); s != "" {
			return s, "company"
		}
	}
	if p := a.Law().Pack(a.Company().Pack); p != nil && len(p.Covers.Residence) == 1 {
		return p.Covers.Residence[0], "company"
	}
	return "", ""
}

// livingIn says in facts where the customer lives, in place of what the company
// says of its customers; nothing: nobody knows.
func livingIn(facts jurisdiction.Facts, place string) {
	delete(facts, "customer.region")
	delete(facts, "customer.residence")
	if country, _, region := strings.Cut(place, "-"); place != "" {
		facts["customer.residence"] = country
		if region {
			facts["customer.region"] = place
		}
	}
}

// ExitPlaces are the places of which there is a pack, for whoever says where
// they live.
func (a *App) ExitPlaces() (list []string) {
	for _, p := range a.Law().Places() {
		list = append(list, p.Covers.Residence...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// exitLaw is the law of a place: the packs whose words and pages hold there.
func (a *App) exitLaw(place string) flow.Law {
	if kept, ok := a.exitLaws.Load(place); ok {
		return kept.(flow.Law)
	}
	facts := jurisdiction.Facts{"customer.kind": "consumer"}
	maps.Copy(facts, a.lawSaid)
	livingIn(facts, place)
	var law flow.Law
	var names []string
	for _, c := range a.Law().Select(facts).Packs {
		if c.OnlyData {
			continue
		}
		names = append(names, c.Pack.ID)
		for _, p := range a.Law().Chain(c.Pack) {
			if !slices.Contains(law.Packs, p.ID) {
				law.Packs = append(law.Packs, p.ID)
			}
		}
	}
	law.Name = strings.Join(names, "+")
	a.exitLaws.Store(place, law)
	return law
}
