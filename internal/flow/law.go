package flow

import (
	"maps"
	"slices"
	"strings"

	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/when"
)

// Laws are the laws of packs by name, "de" or "es+es-telecom", as they stand for
// the facts on the day. Facts that the flow itself tells are added where nobody
// gave them; what is left open is supposed as Everywhere supposes it, so a check
// under a name finds what publishing would.
func (f *Flow) Laws(lib *jurisdiction.Library, names []string, known jurisdiction.Facts, day when.Date) (laws []Law, err error) {
	for _, name := range names {
		chosen, err := lib.Named(strings.Split(name, "+")...)
		if err != nil {
			return nil, err
		}
		each, err := suppose(lib, name, chosen, f.with(known), day)
		if err != nil {
			return nil, err
		}
		laws = append(laws, each...)
	}
	return laws, nil
}

// with are the facts that the flow tells, and those that somebody gave, which
// stand over them.
func (f *Flow) with(given jurisdiction.Facts) jurisdiction.Facts {
	facts := f.facts()
	maps.Copy(facts, given)
	return facts
}

func lawFrom(lib *jurisdiction.Library, name string, chosen jurisdiction.Selection, known jurisdiction.Facts, day when.Date) (Law, error) {
	effective, err := lib.Effective(chosen, known, day)
	if err != nil {
		return Law{}, err
	}
	law := Law{Name: name, Place: name, Effective: effective}
	for _, c := range chosen.Packs {
		if c.OnlyData { // the seller's law about data shows nothing of its own
			continue
		}
		for _, p := range lib.Chain(c.Pack) {
			if slices.Contains(law.Packs, p.ID) {
				continue
			}
			law.Packs = append(law.Packs, p.ID)
			for _, r := range p.Rules {
				if r.Param.Kind == jurisdiction.Label {
					law.labels = append(law.labels, r)
				}
			}
		}
	}
	return law, nil
}

// facts are those that a description tells about customer and contract.
func (f *Flow) facts() jurisdiction.Facts {
	facts := jurisdiction.Facts{"request.act": or(f.Act, "terminate")}
	switch f.Audience {
	case "", "consumer":
		facts["customer.kind"] = "consumer"
	case "business":
		facts["customer.kind"] = "business"
	}
	if len(f.Concluded) == 1 {
		switch m := f.Concluded[0]; m {
		case "web", "app", "phone", "store":
			facts["contract.concluded_via"] = m
		case "post":
			facts["contract.concluded_via"] = "paper"
		}
	}
	if slices.Contains(f.Concluded, "web") || slices.Contains(f.Concluded, "app") {
		facts["contract.online_available_today"] = true
	}
	if f.Terms.Prepaid != nil {
		facts["contract.prepaid"] = *f.Terms.Prepaid
	}
	return facts
}
