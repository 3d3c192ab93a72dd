package console

import (
	"hastaluego/internal/app"
	"hastaluego/internal/text"
)

// proofView is how it is known that something is done, for one item.
type proofView struct {
	Icon, Name, Kind, More string
}

// proofIcons: two ticks belong to what was tried.
var proofIcons = map[string]string{"negative_test": "checks", "read_back": "check", "attested": "user", "rehearsed": "info"}

func (v *visit) viewProofs(list []app.ItemProof) []proofView {
	out := make([]proofView, 0, len(list))
	for _, p := range list {
		pv := proofView{Icon: proofIcons[p.Kind], Name: p.Name, Kind: v.say("proof.kind." + p.Kind)}
		switch {
		case p.Kind == "rehearsed":
			pv.More = v.say("proof.would."+p.Why, "system", p.System)
		case !p.Before.IsZero():
			pv.More = v.say("proof.tried", "before", text.ShortInstant(v.lang, p.Before, v.zone()),
				"after", text.ShortInstant(v.lang, p.After, v.zone()), "status", p.Status)
		case p.Why != "":
			pv.More = known(v.lang, "console.proof.why."+p.Why, v.say("proof.why.other"))
		}
		out = append(out, pv)
	}
	return out
}
