package flow

import (
	"regexp"
	"slices"
	"strings"
)

// excess is what no form of a departure needs, where no law names what it may
// ask for.
var excess = []string{"id_document", "reason", "survey", "phone", "payment", "comment", "proof"}

// told is all that the answer to a field tells.
func (f *Field) told() []string { return append([]string{f.Asks}, f.Also...) }

// tooMuch is what answers tell beyond what may be asked for. To know who writes
// and where to answer is what every other answer is for: an e-mail tells both
// wherever one may be asked for a way to be reached, and no more than that.
func tooMuch(told, may []string) (more []string) {
	for k, what := range told {
		switch {
		case slices.Contains(may, what):
		case what == "email" && slices.Contains(may, "contact"):
		case k > 0 && (what == "identity" || what == "contact"):
		default:
			more = append(more, what)
		}
	}
	return more
}

// dp09 is law.md DP09, excess data: a field that has to be filled in and that
// the law does not allow, whatever else it is asked for.
func dp09(v *View) (out []sight) {
	may, limited := v.listed("fields.allowed")
	v.required(func(i, j int, f *Field) {
		more := tooMuch(f.told(), may)
		if !limited {
			more = slices.DeleteFunc(f.told(), func(what string) bool { return !slices.Contains(excess, what) })
		}
		if len(more) > 0 {
			out = append(out, at(i, fieldAt(j), "excess", "asks", list(more)).said(f.Label[v.Variant.Language]))
		}
	})
	return out
}

// answers are what nobody has to say who leaves.
var answers = []string{"reason", "survey", "comment"}

// dp10 is law.md DP10, the forced answer: a survey or a reason that has to be
// given, or that can be skipped only by a quieter action.
func dp10(v *View) (out []sight) {
	v.required(func(i, j int, f *Field) {
		if forced := slices.DeleteFunc(f.told(), func(what string) bool { return !slices.Contains(answers, what) }); len(forced) > 0 {
			out = append(out, at(i, fieldAt(j), "answer_required", "asks", list(forced)).said(f.Label[v.Variant.Language]))
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
// one's data, to their erasure, or to withdrawing where one can withdraw as well,
// in two steps. That one cannot withdraw at all is withdraw.fn.
func dp27(v *View) (out []sight) {
	var acts []string
	if v.Flow.Terms.HoldsData == nil || *v.Flow.Terms.HoldsData {
		acts = []string{"export", "erase"}
	}
	withdraws := false
	for _, i := range v.starts() {
		v.eachAction(i, func(_ int, a *Action) { withdraws = withdraws || a.Does == "withdraw" })
	}
	for _, g := range v.goals {
		wanted := acts
		if withdraws && v.node(g).outcome() == "ended" {
			wanted = append(slices.Clone(acts), "withdraw")
		}
		for _, what := range wanted {
			if !v.offers(g, what) {
				out = append(out, at(g, "", "maze", "what", what).about("maze "+what))
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

// hostage are the words of conditions on which nobody's data may depend. They are
// whole words: a bundle that is released is no release that somebody signs.
var hostage = []string{
	"debt", "debts", "owed", "owes", "paid", "unpaid", "balance", "invoice", "invoices", "survey", "surveys", "signed", "release",
	"reactivate", "reactivated", "reactivation", "renew", "renewed", "renewal",
}

// conditionWord is a word of a condition: of "signedRelease" and "signed_release"
// both are two.
var conditionWord = regexp.MustCompile(`[A-Z]?[a-z]+|[A-Z]+`)

// dp28 is law.md DP28, data as a hostage.
func dp28(v *View) (out []sight) {
	v.met(func(i int, n *Node) {
		v.eachAction(i, func(j int, a *Action) {
			if a.Does != "export" && a.Does != "switch" && a.Does != "erase" {
				return
			}
			if slices.ContainsFunc(conditionWord.FindAllString(a.EnabledIf, -1), func(w string) bool { return slices.Contains(hostage, strings.ToLower(w)) }) {
				out = append(out, at(i, actionAt(j)+".enabled_if", "hostage", "if", a.EnabledIf).by(a).said(a.EnabledIf))
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
			if !slices.Contains(f.told(), "marketing") {
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
		switch r.Time {
		case "":
			out = append(out, at(i, ".receipt", "receipt_time_unknown").unknown())
		case "day":
			out = append(out, at(i, ".receipt.time", "receipt_no_time"))
		}
		switch r.To {
		case "":
			out = append(out, at(i, ".receipt", "receipt_to_unknown").unknown())
		case "service_mailbox":
			out = append(out, at(i, ".receipt.to", "receipt_dies"))
		}
	})
	return out
}

// without are the words of a list that are not in another.
func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(w string) bool { return slices.Contains(other, w) })
}
