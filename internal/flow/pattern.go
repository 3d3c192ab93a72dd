package flow

import (
	"slices"

	"hastaluego/internal/jurisdiction"
)

// pattern is one of the 38 patterns of law.md §11.2.
type pattern struct {
	ID string
	// packs in which a failure blocks; elsewhere it warns. Nil: everywhere.
	packs []string
	mild  bool // never blocks: people look at what it finds
	test  func(*View) []sight
}

// safe is the profile of whoever might live anywhere: what blocks in one place
// blocks there.
const safe = "safe-everywhere"

// patterns are all of them, in the order of law.md.
var patterns = []pattern{
	{ID: "DP01", test: dp01},
	{ID: "DP02", packs: []string{"us-ca", "us-ny", "us-ma", "us-va", "us-co", "pe", "es", "eu"}, test: dp02},
	{ID: "DP03", test: dp03},
	{ID: "DP04", packs: []string{"us-va", "es", "us-ma", "us-fed"}, test: dp04},
	{ID: "DP05", packs: []string{"de", "ar", "fr"}, test: dp05},
	{ID: "DP06", packs: []string{"de", "ar", "fr"}, test: dp06},
	{ID: "DP07", packs: []string{"de"}, test: dp07},
	{ID: "DP08", packs: []string{"de", "fr", "eu", "ar"}, test: dp08},
	{ID: "DP09", packs: []string{"de", "eu", "co", "us-mn"}, test: dp09},
	{ID: "DP10", packs: []string{"us-fed", "us-mn", "es", "co"}, test: dp10},
	{ID: "DP11", packs: []string{"es"}, test: dp11},
	// Not es: what the new art. 21.2 LGDCU forbids outside of the channel of
	// service is uncertain (law.md §14.1), so an offer on the way out warns there.
	{ID: "DP12", packs: []string{"us-mn", "de", "ar"}, test: dp12},
	{ID: "DP13", packs: []string{"us-ca", "us-co"}, test: dp13},
	{ID: "DP14", packs: []string{"us-mn"}, test: dp14},
	{ID: "DP15", mild: true, test: dp15},
	{ID: "DP16", packs: []string{"us-ca", "de", "pe", "eu"}, test: dp16},
	{ID: "DP17", test: dp17},
	{ID: "DP18", test: dp18},
	{ID: "DP19", mild: true, test: dp19},
	{ID: "DP20", packs: []string{"eu"}, test: dp20},
	{ID: "DP21", packs: []string{"eu"}, test: dp21},
	{ID: "DP22", packs: []string{"es", "co", "ar"}, test: dp22},
	{ID: "DP23", packs: []string{"mx", "br-sac", "ar"}, test: dp23},
	{ID: "DP24", test: dp24},
	{ID: "DP25", packs: []string{"de", "us-fed"}, test: dp25},
	{ID: "DP26", packs: []string{"es", "eu"}, test: dp26},
	{ID: "DP27", packs: []string{"eu"}, test: dp27},
	{ID: "DP28", packs: []string{"eu"}, test: dp28},
	{ID: "DP29", packs: []string{"eu"}, test: dp29},
	{ID: "DP30", packs: []string{"de", "fr", "ar", "es"}, test: dp30},
	{ID: "DP31", packs: []string{"eu", "es"}, test: dp31},
	{ID: "DP32", packs: []string{"es"}, test: dp32},
	{ID: "DP33", packs: []string{"es", "uy", "eu"}, test: dp33},
	{ID: "DP34", packs: []string{"uy", "fr", "co"}, test: dp34},
	{ID: "DP35", packs: []string{"us-ma", "us-ca", "us-ny"}, test: dp35},
	{ID: "DP36", packs: []string{"eu"}, test: dp36},
	{ID: "DP37", packs: []string{"es"}, test: dp37},
	{ID: "DP38", packs: []string{"es"}, test: dp38},
}

// Patterns are the ids of all patterns, in order.
func Patterns() (ids []string) {
	for _, p := range patterns {
		ids = append(ids, p.ID)
	}
	return ids
}

// severity is what a failure means where these packs hold.
func (p pattern) severity(packs []string) jurisdiction.Severity {
	if p.mild {
		return jurisdiction.Warn
	}
	if p.packs == nil || slices.Contains(packs, safe) || slices.ContainsFunc(packs, func(k string) bool { return slices.Contains(p.packs, k) }) {
		return jurisdiction.Block
	}
	return jurisdiction.Warn
}
