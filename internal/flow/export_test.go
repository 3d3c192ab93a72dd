package flow

import "hastaluego/internal/jurisdiction"

// SaysMore is the pattern that says the same more exactly.
var SaysMore = saysMore

// PatternSeverity is what a failure of a pattern means where packs hold; empty:
// the id is none of a pattern, or what it finds is not the same everywhere.
func PatternSeverity(id string, packs []string) jurisdiction.Severity {
	for _, p := range patterns {
		if p.ID == id {
			return p.severity(packs)
		}
	}
	return ""
}

// Rate is what a call to a number costs where numbers are read as those of
// countries; PhonesIn are the numbers of a text.
var (
	Rate     = rate
	PhonesIn = phonesIn
)

// Clauses is who described a pattern, and the packs in which a law says it.
func Clauses(id string) (guide string, packs []string) {
	c := clauses()[id]
	for p := range c.Law {
		packs = append(packs, p)
	}
	return c.Guide, packs
}
