package console

import (
	"hastaluego/internal/app"
	"hastaluego/internal/text"
)

// keptAddressView is the address that somebody erased let be kept.
type keptAddressView struct {
	Lang, Case string
	Lines      []string
	Forget     bool
}

func (v keptAddressView) word(code string, args ...any) string {
	return text.Say(v.Lang, "console.address."+code, args...)
}

func (v *visit) viewKeptAddress(c app.CaseView) *keptAddressView {
	k := c.Address
	if k == nil {
		return nil
	}
	kv := &keptAddressView{Lang: v.lang, Case: string(c.Plan.Case.ID), Forget: k.Kept && v.actor.May("erase")}
	if k.Kept && k.Told {
		kv.Lines = append(kv.Lines, kv.word("told"))
	}
	if k.Kept && k.Back {
		kv.Lines = append(kv.Lines, kv.word("back", "date", k.Until))
	}
	switch {
	case !k.Gone.IsZero():
		kv.Lines = append(kv.Lines, kv.word("gone", "date", k.Gone))
	case !k.Kept && k.Waits:
		kv.Lines = append(kv.Lines, kv.word("none"))
	}
	if len(kv.Lines) == 0 {
		return nil
	}
	return kv
}

// forgetAddress forgets it: they asked us to.
func (v *visit) forgetAddress() error {
	return v.after(v.App.ForgetAddressFor(v.r.Context(), v.actor, v.caseID()), echo{}, "#address")
}
