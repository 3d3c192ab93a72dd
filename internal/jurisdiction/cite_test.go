package jurisdiction_test

import (
	"regexp"
	"testing"

	"hastaluego/internal/jurisdiction"
)

// prose are words by which an English sentence is known that stands where only the
// place in the law belongs: whoever reads Spanish would read half of it.
var prose = regexp.MustCompile(`\b(and|or|the|of the|where|read as|counted|whether|not|who|there|would|view|during|per|only|is|are)\b`)

// A citation names the place in the language of the act; what is read into it is a
// note, in both languages.
func TestCitationsAreThePlaceAndNothingElse(t *testing.T) {
	t.Parallel()
	notes := 0
	for _, p := range jurisdiction.Shipped().Packs() {
		for _, r := range p.Rules {
			refs := []string{r.Cite.Ref}
			if r.Penalty != nil {
				refs = append(refs, r.Penalty.Ref)
			}
			for _, ref := range refs {
				if w := prose.FindString(ref); w != "" {
					t.Errorf("%s: “%s” in “%s” belongs in a note", r.ID, w, ref)
				}
			}
			if n := r.Cite.Note; n != nil {
				if notes++; n["es"] == n["en"] {
					t.Errorf("%s says the same in both languages: %s", r.ID, n["es"])
				}
			}
		}
	}
	if notes == 0 {
		t.Error("no rule has a note")
	}
}
