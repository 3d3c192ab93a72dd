package app

import (
	"slices"
	"strings"

	"hastaluego/internal/fault"
	"hastaluego/internal/jurisdiction"
)

// Law is the packs of rules that this house works with.
func (a *App) Law() *jurisdiction.Library {
	if a.law == nil {
		return jurisdiction.Shipped() // read when it is first asked for
	}
	return a.law
}

// checkPack refuses a pack that there is not to choose.
func (a *App) checkPack(id string) *fault.Error {
	if id == "" || slices.ContainsFunc(a.Law().Places(), func(p *jurisdiction.Pack) bool { return p.ID == id }) {
		return nil
	}
	var known []string
	for _, p := range a.Law().Places() {
		known = append(known, p.ID)
	}
	return fault.New(fault.Invalid, "law.pack_unknown", "pack", id, "known", strings.Join(known, ", ")).On("pack")
}
