package flow

import (
	"maps"
	"slices"
)

// Showing is the flow with an offer in the place of those that it makes: its texts
// beside theirs, and what it is. It is for checking what will be shown there; false:
// the flow makes no offer.
func (f *Flow) Showing(o Offer, texts map[string]Words) (*Flow, bool) {
	shown := *f
	shown.Nodes, shown.codes = slices.Clone(f.Nodes), slices.Clone(f.codes)
	found := false
	for i := range shown.Nodes {
		n := &shown.Nodes[i]
		if n.Kind != "offer" {
			continue
		}
		found = true
		n.Offer = &o
		all := maps.Clone(n.Texts)
		if all == nil {
			all = map[string]Words{}
		}
		maps.Copy(all, texts)
		n.Texts, shown.codes[i] = all, slices.Sorted(maps.Keys(all))
	}
	return &shown, found
}
