package flow

import (
	"slices"

	"hastaluego/internal/jurisdiction"
)

// confirmPages is how many pages one opens from the entry to the button that
// registers.
func (v *View) confirmPages() (i, pages int, ok bool) {
	path, pages, ok := v.shortest(v.starts(), v.leads, v.pages, v.registers())
	if !ok {
		return -1, 0, false
	}
	if len(path) == 0 {
		return v.starts()[0], pages, true
	}
	return path[len(path)-1].to, pages, true
}

func seeSteps(v *View) []sight {
	i, pages, ok := v.confirmPages()
	if !ok {
		return nil // DP01
	}
	return []sight{at(i, "", "split_confirm", "pages", pages).sees(num(pages))}
}

// seeSinglePage sees whether one says everything and registers it on one page:
// nothing on the way is asked on another page than that of the button. How many
// pages one opens until then is steps.entry_to_confirm.max.
func seeSinglePage(v *View) []sight {
	path, _, ok := v.shortest(v.starts(), v.leads, v.pages, v.registers())
	if !ok || len(path) == 0 {
		return nil
	}
	i := path[len(path)-1].to
	for _, e := range path {
		if n := v.node(e.from); len(v.fields[e.from]) > 0 && n.page() != v.node(i).page() {
			return []sight{at(i, "", "split_form", "page", n.page()).about("split_confirm").sees(yes(false))}
		}
	}
	return []sight{at(i, "", "split_form", "page", "").sees(yes(true))}
}

func seeSignup(v *View) []sight {
	exit, enter, ok := v.compared()
	if !ok || enter == 0 {
		return []sight{at(-1, ".flow", noSignup).sees(nil)}
	}
	return []sight{at(v.main()[0], "", "longer_than_signup", "exit", exit, "signup", enter).sees(num(100 * exit / enter))}
}

func seeRecap(v *View) []sight {
	i, _, ok := v.confirmPages()
	if !ok {
		return nil
	}
	return []sight{at(i, "", "no_recap").sees(yes(v.crossed(v.main(), v.isKind("recap"))))}
}

func seeVisible(v *View) []sight {
	i, _, ok := v.confirmPages()
	if !ok {
		return nil
	}
	n, on := v.node(i), true
	s := at(i, "", "confirm_hidden", "shown", or(n.Shown, "load"))
	if n.Shown != "" {
		s = at(i, ".shown", "confirm_hidden", "shown", n.Shown)
	}
	if n.Shown != "" && n.Shown != "load" {
		on = false
	}
	v.eachAction(i, func(j int, a *Action) {
		if a.Role == "exit" && a.EnabledIf != "" {
			on = false
			s = at(i, actionAt(j)+".enabled_if", "confirm_gated", "if", a.EnabledIf).by(a)
		}
	})
	return []sight{s.sees(yes(on))}
}

// seeRequired sees every field that has to be filled in, one by one, so that
// each has its place.
func seeRequired(v *View) (out []sight) { return v.fieldsTo("ended") }

func seeWithdrawFields(v *View) (out []sight) { return v.fieldsTo("withdrawn") }

// fieldsTo are the required fields on the ways to receipts with an outcome.
func (v *View) fieldsTo(outcome string) (out []sight) {
	to := v.back(v.ends(outcome), v.forward)
	v.required(func(i, j int, f *Field) {
		if to[i] {
			out = append(out, at(i, fieldAt(j), "excess", "asks", list(f.told())).said(f.Label[v.Variant.Language]).sees(&value{Words: f.told()}))
		}
	})
	return out
}

// judgeFields asks whether a field stays within what a law lets be asked for.
func judgeFields(_ *View, want value, s sight) jurisdiction.Result {
	if len(tooMuch(s.seen.Words, want.Words)) > 0 {
		return jurisdiction.Fail
	}
	return jurisdiction.Pass
}

// seeFields sees what can be said on the way to what the flow is for: what the
// form of another act asks for does not count.
func seeFields(v *View) []sight {
	var all []string
	place := -1
	to := v.back(v.main(), v.forward)
	v.way(func(i int, n *Node) {
		if !to[i] {
			return
		}
		if len(v.fields[i]) > 0 && place < 0 {
			place = i
		}
		for _, j := range v.fields[i] {
			all = append(append(all, n.Fields[j].Asks), n.Fields[j].Also...)
		}
	})
	if place < 0 && len(v.entries) > 0 {
		place = v.entries[0]
	}
	return []sight{at(place, "", "fields_lack", "asks", names(all)).sees(&value{Words: all})}
}

func seeSurveys(v *View) (out []sight) {
	for i := range v.in {
		if !v.in[i] || v.node(i).Kind != "survey" {
			continue
		}
		switch {
		case v.onTheWay(i):
			out = append(out, at(i, "", "survey_before").sees(word("anywhere")))
		case v.node(i).After == "effect":
			out = append(out, at(i, "", "survey_early").sees(word("after_effect")))
		case v.after[i]:
			out = append(out, at(i, "", "survey_early").sees(word("after_receipt")))
		}
	}
	return out
}

// seeAuth sees the proofs of identity that nobody comes past: before the
// registration, and between it and the receipt behind it.
func seeAuth(v *View) (out []sight) {
	for i := range v.in {
		n := v.node(i)
		if !v.in[i] || n.Kind != "auth" {
			continue
		}
		mode := &value{Words: []string{n.Auth.Mode}}
		switch {
		case v.onTheWay(i) && v.unavoidable(func(j int) bool { return j == i }):
			out = append(out, at(i, ".auth.mode", "login_wall", "mode", n.Auth.Mode).sees(mode))
		case v.after[i] && v.withholds(i):
			out = append(out, at(i, ".auth.mode", "receipt_wall", "mode", n.Auth.Mode).sees(mode))
		}
	}
	return out
}

// withholds reports whether some receipt is come to by no way but through a
// node.
func (v *View) withholds(i int) bool {
	past := v.reach(v.entries, func(e edge) bool { return v.leads(e) && e.to != i }, nil)
	return slices.ContainsFunc(v.goals, func(g int) bool { return !past[g] })
}

func seeAccess(v *View) []sight {
	found := dp36(v)
	for i, s := range found {
		if s.result == jurisdiction.Fail {
			found[i] = s.sees(word("none"))
		}
	}
	return found
}
