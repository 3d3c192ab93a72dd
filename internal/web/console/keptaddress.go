package console

import (
	"hastaluego/internal/app"
	"hastaluego/internal/text"
)

// keptAddressView is the address that somebody erased let be kept.
type keptAddressView struct {
	Lang, Case string
	Lines      []string
	Text       string
	Forget     bool
	Asking     bool     // it may still be said, and somebody writes it down
	Told       bool     // they said yes
	How        *control // whoever looks may write it down; nil: they may not
}

func (v keptAddressView) word(code string, args ...any) string {
	return text.Say(v.Lang, "console.address."+code, args...)
}

func (v keptAddressView) title() string {
	if v.Asking {
		return v.word("asked")
	}
	return v.word("title")
}

func (v *visit) viewKeptAddress(c app.CaseView, e echo) *keptAddressView {
	k := c.Address
	if k == nil {
		return nil
	}
	kv := &keptAddressView{Lang: v.lang, Case: string(c.Plan.Case.ID), Forget: k.Kept && v.actor.May("erase")}
	kv.Text = kv.word("text")
	if k.Asking {
		kv.Asking, kv.Told, kv.Text = true, k.Told, kv.word("asked.text")
		kv.Lines = []string{kv.word("asked.no")}
		if k.Told {
			kv.Lines = []string{kv.word("asked.yes")}
		}
		if v.actor.May("case") {
			kv.How = &control{ID: "address-how", Name: "how", Label: kv.word("how"), Hint: kv.word("how.hint"), Required: true}
			if e.Form == "address" {
				kv.How.Value, kv.How.Error = e.Fields.Get("how"), e.Errors["how"]
			}
		}
		return kv
	}
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

// answerAddress writes down what they answered to the letter that asked.
func (v *visit) answerAddress() error {
	c, err := v.App.OpenCase(v.r.Context(), v.actor, v.caseID())
	if err != nil {
		return err
	}
	err = v.App.AnswerAddress(v.r.Context(), v.actor, app.AddressAnswer{
		Case: v.caseID(), Told: v.form.Get("told") == "yes", How: v.form.Get("how"), Wording: text.Say(c.Plan.Case.Language, "document.data.address.text"),
	})
	e := echo{Form: "address", Fields: v.form}
	if err != nil {
		e.Errors = text.FieldErrors(v.lang, err)
	}
	return v.after(err, e, "#address")
}

// forgetAddress forgets it: they asked us to.
func (v *visit) forgetAddress() error {
	return v.after(v.App.ForgetAddressFor(v.r.Context(), v.actor, v.caseID()), echo{}, "#address")
}
