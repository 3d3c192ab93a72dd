package console

import (
	"strconv"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/text"
)

// proofView is how it is known that something is done, for one item.
type proofView struct {
	Code, Icon, Name, Kind, More string
}

// proofIcons: two ticks belong to what was tried.
var proofIcons = map[string]string{"negative_test": "checks", "read_back": "check", "attested": "user", "rehearsed": "info"}

// proofsShown is how many proofs of a step are told one by one at once.
const proofsShown = 4

// proofSum says of many proofs how many there are of each kind; "" where they are
// few.
func proofSum(list []proofView) string {
	if len(list) <= proofsShown {
		return ""
	}
	count := map[string]int{}
	var kinds []string
	for _, p := range list {
		if count[p.Kind]++; count[p.Kind] == 1 {
			kinds = append(kinds, p.Kind)
		}
	}
	for i, k := range kinds {
		kinds[i] = k + ": " + strconv.Itoa(count[k])
	}
	return strings.Join(kinds, " · ")
}

func (v *visit) viewProofs(list []app.ItemProof) []proofView {
	out := make([]proofView, 0, len(list))
	for _, p := range list {
		pv := proofView{Code: p.Kind, Icon: proofIcons[p.Kind], Name: p.Name, Kind: v.say("proof.kind." + p.Kind)}
		switch {
		case p.Kind == "rehearsed":
			pv.More = v.say("proof.would."+p.Why, "system", p.System)
		case !p.Before.IsZero():
			code := "proof.tried"
			if p.Writes {
				code = "proof.tried.writes"
			}
			pv.More = v.say(code, "before", text.ShortInstant(v.lang, p.Before, v.zone()),
				"after", text.ShortInstant(v.lang, p.After, v.zone()), "status", p.Status)
		case p.Why != "":
			pv.More = known(v.lang, "console.proof.why."+p.Why, v.say("proof.why.other"))
		}
		out = append(out, pv)
	}
	return out
}
