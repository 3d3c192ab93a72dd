package flow_test

import (
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/flow"
	"hastaluego/internal/jurisdiction"
)

// What is said of each proof of identity under each law is what the checker finds
// in a flow that uses it: the same rules forbid it, in the same places.
func TestWhatIsSaidOfAProofOfIdentityIsWhatIsFound(t *testing.T) {
	t.Parallel()
	src := string(flow.Builtin()["exit-first"])
	const ours = "auth: {mode: non_blocking_email}"
	if strings.Count(src, ours) != 1 {
		t.Fatal("our flow proves who leaves in another way")
	}
	facts := jurisdiction.Facts{"seller.country": "ES", "seller.workers": int64(12), "seller.turnover_eur": int64(900_000), "seller.balance_eur": int64(400_000), "seller.online_platform": false}
	forbidden, allowed := 0, 0
	for _, mode := range flow.AuthModes() {
		f := load(t, mode+".yaml", strings.Replace(src, ours, "auth: {mode: "+mode+"}", 1))
		laws := everywhere(t, f, facts)
		found := flow.Check(f, laws, load(t, "signup.yaml", slowSignup)).Findings
		for _, l := range laws {
			all := f.Compile(l, flow.Variant{Law: l.Name, Language: "es", Device: "desktop"}).Identities()
			i := slices.IndexFunc(all, func(x flow.Identity) bool { return x.Mode == mode })
			for j, x := range all {
				if x.Used != (i == j) {
					t.Errorf("%s: %s is used: %v", l.Name, x.Mode, x.Used)
				}
			}
			var said, seen []string
			for _, a := range all[i].Rules {
				if all[i].Says == jurisdiction.Fail {
					said = append(said, a.Rule.ID)
				}
			}
			for _, x := range found {
				under := slices.ContainsFunc(x.Variants, func(v flow.Variant) bool { return v.Law == l.Name })
				if under && x.Result == jurisdiction.Fail && slices.ContainsFunc(jurisdiction.Shipped().Packs(), func(p *jurisdiction.Pack) bool {
					return slices.ContainsFunc(p.Rules, func(r *jurisdiction.Rule) bool { return r.ID == x.Rule && r.Param.Name == "auth.mode" })
				}) {
					seen = append(seen, x.Rule)
				}
			}
			slices.Sort(said)
			slices.Sort(seen)
			if said, seen = slices.Compact(said), slices.Compact(seen); !slices.Equal(said, seen) {
				t.Errorf("%s, %s: said to be forbidden by %v, found by %v", l.Name, mode, said, seen)
			}
			if len(said) > 0 {
				forbidden++
			} else {
				allowed++
			}
			if mode == "non_blocking_email" && all[i].Says != jurisdiction.Pass {
				t.Errorf("%s does not take our own proof", l.Name)
			}
		}
	}
	if forbidden < 20 || allowed < 20 {
		t.Errorf("%d are forbidden and %d allowed: nothing is shown", forbidden, allowed)
	}
}

// Where nobody may be asked to sign in, the rule that says so is named.
func TestWhoMayBeAskedToSignInIsSaidWithItsRule(t *testing.T) {
	t.Parallel()
	f := load(t, "exit-first.yaml", string(flow.Builtin()["exit-first"]))
	said := map[string]string{}
	for _, l := range everywhere(t, f, jurisdiction.Facts{"seller.country": "ES", "seller.workers": int64(12)}) {
		word, rules, holds := f.Compile(l, flow.Variant{Law: l.Name, Language: "es", Device: "desktop"}).Login()
		if said[l.Place] != "forbid" {
			said[l.Place] = word
		}
		if word != "any" && (len(rules) == 0 || holds == jurisdiction.Fail) {
			t.Errorf("%s: %s, and no rule says so", l.Name, word)
		}
	}
	if said["de"] != "forbid" || said["ar"] != "forbid" || said["fr"] != "existing_ok" {
		t.Errorf("said: %v", said)
	}
}
