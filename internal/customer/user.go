package customer

import (
	"slices"
	"strings"
)

// peopleAccess are the kinds of access by which a person gets in.
var peopleAccess = []string{"login", "sso_link"}

// Users are the customer's own users who can be written to, by address, each once:
// contacts that are users, and whoever has an open access of their own whose account
// is an address. Whoever speaks for the customer knows of what ends, and is none.
func Users(contacts []Contact, grants []Grant) []Contact {
	known := map[string]bool{}
	var out []Contact
	add := func(c Contact) {
		if at := FoldEmail(c.Email); !known[at] {
			known[at] = true
			out = append(out, c)
		}
	}
	for _, c := range contacts {
		if c.Role.Speaks() {
			known[FoldEmail(c.Email)] = true
		}
	}
	for _, c := range contacts {
		if c.Role == User && c.Email != "" {
			add(c)
		}
	}
	for _, g := range Theirs(grants) {
		if !g.Open() || !slices.Contains(peopleAccess, g.Kind) {
			continue
		}
		if email, wrong := CheckEmail("account", g.Account); wrong == nil {
			add(Contact{Customer: g.Customer, Email: email, Role: User})
		}
	}
	slices.SortFunc(out, func(x, y Contact) int { return strings.Compare(FoldEmail(x.Email), FoldEmail(y.Email)) })
	return out
}
