package flow_test

import (
	"strings"
	"testing"

	"hastaluego/internal/flow"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/text"
)

// Whatever a pattern finds says where that stands: in the law of the customer, in
// that of the places from which the safe profile has it, or in no law.
func TestWhatAPatternFindsSaysWhereThatStands(t *testing.T) {
	t.Parallel()
	quiet := load(t, "quiet.yaml", strings.Replace(plain, "prominence: 2, to: receipt", "prominence: 1, to: receipt", 1)) // DP16
	for pack, want := range map[string]string{
		"de": "§ 312k II BGB; § 5a UWG", "us-ca": "Cal. B&P 17602(d)", "mx": "EDPB", jurisdiction.SafeEverywhere: "Cal. B&P 17602(d) (us-ca)",
	} {
		found := false
		for _, x := range flow.Check(quiet, laws(t, quiet, pack), nil).Findings {
			if x.Rule != "DP16" || x.Result != jurisdiction.Fail {
				continue
			}
			found = true
			for _, lang := range []string{"es", "en"} {
				if got := text.Say(lang, "flow.clause."+x.Source.Code, x.Source.Args...); !strings.Contains(got, want) {
					t.Errorf("%s %s: “%s” does not say %s", pack, lang, got, want)
				}
			}
		}
		if !found && pack != "de" && pack != "us-ca" && pack != jurisdiction.SafeEverywhere { // there a rule of the pack tells it
			t.Errorf("%s: not found", pack)
		}
	}
	for _, f := range []string{"shop-membership", "gym", "dating-site"} {
		x := example3(t, f)
		for _, pack := range []string{"es", "de", "us-mn", jurisdiction.SafeEverywhere} {
			for _, y := range flow.Check(x, laws(t, x, pack), nil).Findings {
				if (y.Law == nil) == (y.Source.Code == "") && y.Rule != flow.Unreachable {
					t.Errorf("%s under %s: nothing says where %s stands", f, pack, tell(y))
				}
			}
		}
	}
}

func TestEveryPatternHasWhoDescribedIt(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, p := range jurisdiction.Shipped().Packs() {
		known[p.ID] = true
	}
	for _, id := range flow.Patterns() {
		guide, packs := flow.Clauses(id)
		if guide == "" {
			t.Errorf("%s: nobody described it", id)
		}
		for _, p := range packs {
			if !known[p] {
				t.Errorf("%s: there is no pack %s", id, p)
			}
		}
	}
}
