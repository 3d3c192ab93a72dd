package flow

import (
	"slices"
	"strings"

	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/when"
)

// LawOf is the law of packs by name, "de" or "es+es-telecom", as it stands for
// the facts on the day. Facts that the flow itself tells are added where nobody
// gave them.
func (f *Flow) LawOf(lib *jurisdiction.Library, name string, facts jurisdiction.Facts, day when.Date) (Law, error) {
	chosen, err := lib.Named(strings.Split(name, "+")...)
	if err != nil {
		return Law{}, err
	}
	known := jurisdiction.Facts{}
	for _, own := range []jurisdiction.Facts{f.facts(), facts} {
		for k, v := range own {
			known[k] = v
		}
	}
	return lawFrom(lib, name, chosen, known, day)
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
			if !slices.Contains(law.Packs, p.ID) {
				law.Packs = append(law.Packs, p.ID)
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
