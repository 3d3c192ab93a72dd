package flow

import (
	"slices"
	"strings"
)

// excess is what no form of a departure needs, where no law names what it may
// ask for.
var excess = []string{"id_document", "reason", "survey", "phone", "payment", "comment", "proof"}

// dp09 is law.md DP09, excess data: a field that has to be filled in and that
// the law does not allow.
func dp09(v *View) (out []sight) {
	may, limited := v.listed("fields.allowed")
	v.required(func(i, j int, f *Field) {
		if limited && !slices.Contains(may, f.Asks) || !limited && slices.Contains(excess, f.Asks) {
			out = append(out, at(i, fieldAt(j), "excess", "asks", f.Asks).said(f.Label[v.Variant.Language]))
		}
	})
	return out
}

// dp10 is law.md DP10, the forced answer: a survey or a reason that has to be
// given, or that can be skipped only by a quieter action.
func dp10(v *View) (out []sight) {
	v.required(func(i, j int, f *Field) {
		if f.Asks == "reason" || f.Asks == "survey" || f.Asks == "comment" {
			out = append(out, at(i, fieldAt(j), "answer_required", "asks", f.Asks).said(f.Label[v.Variant.Language]))
		}
	})
	v.way(func(i int, n *Node) {
		if n.Kind != "survey" {
			return
		}
		var skip, answer *Action
		v.eachAction(i, func(_ int, a *Action) {
			switch {
			case a.Role == "decline" && a.EnabledIf == "" && (skip == nil || a.prominence() > skip.prominence()):
				skip = a
			case (a.Role == "exit" || a.Role == "accept") && (answer == nil || a.prominence() > answer.prominence()):
				answer = a
			}
		})
		switch {
		case skip == nil:
			out = append(out, at(i, "", "survey_no_skip"))
		case answer != nil && skip.prominence() < answer.prominence():
			out = append(out, at(i, "", "skip_quieter").by(skip))
		}
	})
	return out
}

// dp11 is law.md DP11, the survey before the receipt.
func dp11(v *View) (out []sight) {
	v.way(func(i int, n *Node) {
		if n.Kind == "survey" {
			out = append(out, at(i, "", "survey_before"))
		}
	})
	return out
}

// nearby is how many things one may have to press from a receipt to one's data.
const nearby = 2

// dp27 is law.md DP27, the privacy maze: from the receipt one does not come to
// one's data, or to their erasure, in two steps.
func dp27(v *View) (out []sight) {
	if v.Flow.Terms.HoldsData != nil && !*v.Flow.Terms.HoldsData {
		return nil
	}
	for _, g := range v.goals {
		for _, what := range []string{"export", "erase"} {
			if !v.offers(g, what) {
				out = append(out, at(g, "", "maze", "what", what))
			}
		}
	}
	return out
}

// offers reports whether an action that does something can be pressed within
// two steps of a node.
func (v *View) offers(from int, what string) bool {
	_, steps, ok := v.shortest([]int{from}, func(edge) bool { return true }, v.clicks, func(i int) bool {
		found := false
		v.eachAction(i, func(_ int, a *Action) { found = found || a.Does == what })
		return found
	})
	return ok && steps+1 <= nearby
}

// hostage are conditions on which nobody's data may depend.
var hostage = []string{"debt", "owed", "paid", "balance", "invoice", "survey", "signed", "release", "reactivat", "renew"}

// dp28 is law.md DP28, data as a hostage.
func dp28(v *View) (out []sight) {
	v.met(func(i int, n *Node) {
		v.eachAction(i, func(j int, a *Action) {
			if a.Does != "export" && a.Does != "switch" && a.Does != "erase" {
				return
			}
			for _, h := range hostage {
				if strings.Contains(strings.ToLower(a.EnabledIf), h) {
					out = append(out, at(i, actionAt(j)+".enabled_if", "hostage", "if", a.EnabledIf).by(a).said(a.EnabledIf))
					return
				}
			}
		})
	})
	return out
}

// dp29 is law.md DP29, consent bundled with the exit: ticked beforehand,
// required, or given by the same press.
func dp29(v *View) (out []sight) {
	v.met(func(i int, n *Node) {
		for _, j := range v.fields[i] {
			f := &n.Fields[j]
			if f.Asks != "marketing" {
				continue
			}
			why := ""
			switch {
			case f.Prechecked:
				why = "consent_ticked"
			case f.Required:
				why = "consent_required"
			case v.onTheWay(i):
				why = "consent_bundled"
			}
			if why != "" {
				out = append(out, at(i, fieldAt(j), why).said(f.Label[v.Variant.Language]))
			}
		}
		v.eachAction(i, func(j int, a *Action) {
			if a.Does == "consent_marketing" && a.Role == "exit" {
				out = append(out, at(i, actionAt(j)+".does", "consent_bundled").by(a))
			}
		})
	})
	return out
}

// leastContents is what a receipt says where no law says more.
var leastContents = []string{"code", "declaration", "instant"}

// dp30 is law.md DP30, the receipt without substance.
func dp30(v *View) (out []sight) {
	want := leastContents
	if more, ok := v.listed("ack.contents"); ok {
		want = more
	}
	// What an acknowledgement cannot say yet the receipt behind it may: together
	// they say all of it.
	said := map[string][]string{}
	v.receipts(func(i int, r Receipt) { said[v.node(i).outcome()] = append(said[v.node(i).outcome()], r.Contents...) })
	told := map[string]bool{}
	v.receipts(func(i int, r Receipt) {
		if len(r.Contents) == 0 {
			out = append(out, at(i, "", "receipt_unknown").unknown())
			return
		}
		outcome := v.node(i).outcome()
		missing := without(leastContents, r.Contents)
		if !told[outcome] {
			told[outcome] = true
			missing = append(missing, without(want, append(said[outcome], missing...))...)
		}
		if len(missing) > 0 {
			out = append(out, at(i, ".receipt.contents", "receipt_lacks", "missing", names(missing)))
		}
		if r.Time == "day" {
			out = append(out, at(i, ".receipt.time", "receipt_no_time"))
		}
		if r.To == "service_mailbox" {
			out = append(out, at(i, ".receipt.to", "receipt_dies"))
		}
	})
	return out
}

// without are the words of a list that are not in another.
func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(w string) bool { return slices.Contains(other, w) })
}
