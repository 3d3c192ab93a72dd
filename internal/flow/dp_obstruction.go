package flow

import (
	"slices"

	"hastaluego/internal/jurisdiction"
)

// dp01 is law.md DP01, no exit or a dead end: some page that whoever leaves can
// come to has no way out, or nobody can come from the page of the entry to the
// receipt of what the flow is for. Acts are apart: who can withdraw cannot
// cancel yet.
func dp01(v *View) (out []sight) {
	if len(v.entries) == 0 {
		return []sight{at(-1, ".nodes", "no_entry")}
	}
	out = v.astray()
	lost := v.lost()
	named := make([]int, 0, len(out))
	for _, s := range out {
		named = append(named, s.node)
	}
	// The last page of those that come to nothing is named, not each on the way
	// there; of a circle all are.
	ends := make([]bool, len(lost))
	for i := range lost {
		ends[i] = lost[i] && (slices.Contains(named, i) || !v.leadsTo(i, lost))
	}
	before := v.back(places(ends), v.leads)
	for i := range lost {
		if lost[i] && (ends[i] || !before[i]) && !slices.Contains(named, i) {
			out = append(out, at(i, "", "dead_end"))
		}
	}
	if len(out) > 0 {
		return out // that is why there is no receipt, or none of an act
	}
	if len(v.goals) == 0 {
		return append(out, at(v.entries[0], "", "no_receipt"))
	}
	baited := len(dp25(v)) > 0
	for _, x := range v.acts() {
		if !baited && !v.done(x) {
			out = append(out, at(v.starts()[0], "", "act_missing_"+x.act))
		}
	}
	return out
}

// ending is a legal act with which a contract ends, what an action does that is
// about it, and the outcome of its receipt.
type ending struct{ act, does, outcome string }

// endings are apart from each other: a way to withdraw is no way to cancel.
var endings = []ending{{"terminate", "cancel", "ended"}, {"withdraw", "withdraw", "withdrawn"}}

// acts are the legal acts for which this customer is shown a way: the one that
// the flow is for, and to withdraw where the entry says so. Where the law asks
// for that and the entry does not say so, withdraw.fn tells.
func (v *View) acts() (list []ending) {
	for _, x := range endings {
		wanted := (x.act == "withdraw") == (v.Flow.Act == "withdraw")
		for _, i := range v.starts() {
			v.eachAction(i, func(_ int, a *Action) { wanted = wanted || a.Does == "withdraw" && x.does == a.Does })
		}
		if wanted {
			list = append(list, x)
		}
	}
	return list
}

// along is the way of whoever does one act: not by what does another.
func (v *View) along(x ending) func(edge) bool {
	return func(e edge) bool {
		return v.leads(e) && (e.action < 0 || !v.another(x, v.node(e.from).Action[e.action].Does))
	}
}

// another reports whether what an action does is another act than one. A flow
// that is for withdrawing has no other.
func (v *View) another(x ending, does string) bool {
	return v.Flow.Act != "withdraw" && slices.ContainsFunc(endings, func(o ending) bool { return o != x && o.does == does })
}

// settles reports whether a receipt is that of an act.
func (v *View) settles(x ending, i int) bool {
	o := v.node(i).outcome()
	return o == x.outcome || o == "ended" && v.Flow.Act == "withdraw"
}

// done reports whether one comes from where whoever leaves begins to the
// receipt of an act.
func (v *View) done(x ending) bool {
	for i, seen := range v.reach(v.starts(), v.along(x), nil) {
		if seen && v.settles(x, i) {
			return true
		}
	}
	return false
}

// lost are the nodes of whoever leaves from which no receipt can be come to:
// neither that of cancelling nor that of withdrawing, each by its own way, nor
// any other that ends the flow.
func (v *View) lost() []bool {
	found := slices.Clone(v.before)
	clear := func(saved []bool) {
		for i := range found {
			found[i] = found[i] && !saved[i]
		}
	}
	for _, x := range endings {
		clear(v.back(slices.DeleteFunc(slices.Clone(v.goals), func(g int) bool { return !v.settles(x, g) }), v.along(x)))
	}
	var others []int // what only that can be come to makes of an end is DP25
	for i := range v.in {
		if o := v.node(i).outcome(); v.in[i] && (o == "paused" || o == "downgraded") {
			others = append(others, i)
		}
	}
	clear(v.back(others, v.leads))
	return found
}

// places are the numbers of what is so.
func places(is []bool) (list []int) {
	for i, yes := range is {
		if yes {
			list = append(list, i)
		}
	}
	return list
}

// leadsTo reports whether whoever leaves goes from a node on to another of some.
func (v *View) leadsTo(i int, some []bool) bool {
	return slices.ContainsFunc(v.out[i], func(e edge) bool { return v.leads(e) && e.to != i && some[e.to] })
}

// astray are the buttons that confirm an act and do not lead on to its receipt:
// back to where one came from, or to nothing.
func (v *View) astray() (out []sight) {
	for i := range v.in {
		if !v.before[i] || v.node(i).Kind != "confirm" {
			continue
		}
		for _, e := range v.out[i] {
			if e.action < 0 {
				continue
			}
			a := &v.node(i).Action[e.action]
			for _, x := range endings {
				if a.Role != "exit" || a.Does != x.does {
					continue
				}
				on := v.reach([]int{e.to}, func(e edge) bool {
					return v.along(x)(e) && e.to != i && v.node(e.to).Kind != "entry"
				}, v.isKind("receipt"))
				ends := false
				for k, seen := range on {
					ends = ends || seen && v.node(k).Kind == "receipt" // of another outcome: DP25
				}
				if !ends {
					label, _, _ := v.Label(a)
					out = append(out, at(i, actionAt(e.action)+".to", "act_astray", "to", a.To).by(a).said(label))
				}
			}
		}
	}
	return out
}

// Unreachable is the rule of nodes to which nothing leads: they keep nobody, and
// mostly a way has broken off before them.
const Unreachable = "unreachable"

// unreached are the nodes to which nothing leads, whoever the customer is.
func (v *View) unreached() (out []sight) {
	for i, orphan := range v.Flow.orphans {
		if orphan && v.in[i] {
			out = append(out, at(i, "", Unreachable))
		}
	}
	return out
}

// noSignup says that how people come is not described, and asks for it.
const noSignup = "no_signup"

// dp02 is law.md DP02, the roach motel: leaving takes longer than signing up,
// or asks for what signing up did not.
func dp02(v *View) (out []sight) {
	if v.signup == nil {
		return []sight{at(-1, ".flow", noSignup).unknown()}
	}
	s := v.signup
	switch exit, enter, ok := v.compared(); {
	case !ok && v.leavable(): // else DP01
		out = append(out, at(-1, ".flow", noSignup).unknown())
	case ok && exit > enter:
		out = append(out, at(v.main()[0], "", "longer_than_signup", "exit", exit, "signup", enter))
	}
	var given []string
	for i := range s.in {
		for _, j := range s.fields[i] {
			given = append(given, s.node(i).Fields[j].told()...)
		}
	}
	v.required(func(i, j int, f *Field) {
		if more := without(tooMuch(f.told(), given), leavingNeeds); len(more) > 0 {
			out = append(out, at(i, fieldAt(j), "not_at_signup", "asks", list(more)).said(f.Label[v.Variant.Language]))
		}
	})
	return out
}

// leavingNeeds is what signing up cannot have asked for, since there was no
// contract yet, or asked for by other names.
var leavingNeeds = []string{"contract", "date", "identity", "contact"}

// compared is how much one has to press to leave, and how much it was to sign
// up; ok is false where either is not known.
func (v *View) compared() (exit, enter int, ok bool) {
	if v.signup == nil {
		return 0, 0, false
	}
	s := v.signup
	_, exit, out := v.shortest(v.starts(), v.leads, v.clicks, v.isMain)
	_, enter, in := s.shortest(s.entries, func(edge) bool { return true }, s.clicks, s.isKind("receipt"))
	return exit, enter, out && in
}

func (v *View) isGoal(i int) bool { return slices.Contains(v.goals, i) }

// main are the receipts of the act that the flow is for. Those of a withdrawal
// are not among them where it is for ending: DP01 says that nothing is.
func (v *View) main() []int {
	for _, x := range endings {
		if (x.act == "withdraw") != (v.Flow.Act == "withdraw") {
			continue
		}
		if goals := v.ends(x.outcome); len(goals) > 0 {
			return goals
		}
	}
	return slices.DeleteFunc(slices.Clone(v.goals), func(g int) bool {
		return v.Flow.Act != "withdraw" && v.node(g).outcome() == "withdrawn"
	})
}

func (v *View) isMain(i int) bool { return slices.Contains(v.main(), i) }

// registers reports whether a node is the confirmation of the act that the flow
// is for: from it one goes on to its receipt.
func (v *View) registers() func(int) bool {
	to := v.back(v.main(), v.forward)
	return func(i int) bool { return v.in[i] && v.node(i).Kind == "confirm" && to[i] }
}

// required calls do for every field that has to be filled in on a way out.
func (v *View) required(do func(i, j int, f *Field)) {
	v.way(func(i int, n *Node) {
		for _, j := range v.fields[i] {
			if n.Fields[j].Required {
				do(i, j, &n.Fields[j])
			}
		}
	})
}

// offline are the media of a handoff to which nobody should be sent who signed
// up online.
var offline = []string{"phone", "post", "store"}

// dp03 is law.md DP03, the channel downgrade: one cannot leave by the medium by
// which one came, or must telephone, write or turn up.
func dp03(v *View) (out []sight) {
	sent := func(i int) bool { return v.node(i).Kind == "handoff" && slices.Contains(offline, v.node(i).medium()) }
	if v.unavoidable(sent) {
		for i := range v.in {
			if v.onTheWay(i) && sent(i) {
				out = append(out, at(i, ".medium", "sent_elsewhere", "medium", v.node(i).medium()))
			}
		}
	}
	if len(v.Flow.Concluded) == 0 {
		return append(out, at(-1, ".flow", "concluded_unknown").unknown())
	}
	lacking, known := v.lacking()
	for _, k := range lacking {
		out = append(out, at(-1, indexed(".concluded", k), "medium_missing", "medium", v.Flow.Concluded[k]).about("no_parity"))
	}
	if !known {
		out = append(out, at(-1, ".concluded", "app_unknown").unknown())
	}
	return out
}

// lacking are the media by which the contract can be concluded and not left, as
// places in concluded; known is false where the description does not say enough.
// An app is looked at in its own variants. A flow that names no such device has
// to show the way out in the same app, by the location of an entry: whoever
// joined there is sent to no browser that they have to find by themselves.
func (v *View) lacking() (list []int, known bool) {
	media := v.exitMedia()
	known = true
	for k, m := range v.Flow.Concluded {
		switch {
		case slices.Contains(media, m):
		case m != "app":
			list = append(list, k)
		case slices.Contains(v.Flow.devices(), "app"):
			if v.Variant.Device == "app" {
				list = append(list, k)
			}
		default:
			where, said := v.locations()
			switch {
			case slices.Contains(where, "same_app"):
			case said:
				list = append(list, k)
			default:
				known = false
			}
		}
	}
	return list, known
}

// online are the media that need nobody to go, write or call.
var online = []string{"web", "app", "email", "chat"}

// exitMedia are the media by which one can leave from beginning to end: those
// of entries from which a receipt can be come to by the same medium, or online
// all the way. What is on the web serves every device.
func (v *View) exitMedia() (out []string) {
	for _, i := range v.entries {
		m := v.node(i).medium()
		same := func(o string) bool { return o == m || slices.Contains(online, m) && slices.Contains(online, o) }
		seen := v.reach([]int{i}, func(e edge) bool {
			return v.leads(e) && (v.node(e.to).Kind == "receipt" || same(v.node(e.to).medium()))
		}, nil)
		if slices.ContainsFunc(v.main(), func(g int) bool { return seen[g] }) {
			out = append(out, m)
		}
	}
	if slices.Contains(out, "web") && v.Variant.Device == "app" && slices.Contains(v.Flow.devices(), "app") {
		out = append(out, "app")
	}
	return out
}

// dp04 is law.md DP04, the forced agent: every way out crosses a person or a
// chat.
func dp04(v *View) (out []sight) {
	if !v.unavoidable(v.isKind("handoff")) {
		return nil
	}
	for i := range v.in {
		if v.onTheWay(i) && v.node(i).Kind == "handoff" {
			out = append(out, at(i, "", "forced_agent", "medium", v.node(i).medium()))
		}
	}
	return out
}

// Thresholds where no law names another.
const (
	mostClicks   = 3
	mostSiblings = 15
)

// dp05 is law.md DP05, the hidden entry.
func dp05(v *View) (out []sight) {
	clicks, siblings := mostClicks, mostSiblings
	if n, ok := v.number("entry.max_clicks_from_home"); ok {
		clicks = n
	}
	if n, ok := v.number("entry.max_siblings"); ok {
		siblings = n
	}
	found := false
	for _, i := range v.entries {
		n := v.node(i)
		if slices.Contains(offline, n.medium()) || n.medium() == "email" {
			continue
		}
		found = true
		if n.Entry == nil {
			out = append(out, at(i, "", "entry_unknown").unknown())
			continue
		}
		e := n.Entry
		switch {
		case e.Inside == "collapsed" || e.Inside == "hover":
			out = append(out, at(i, ".entry.inside", "entry_folded", "inside", e.Inside))
		case e.Clicks == nil || e.Siblings == nil || e.Inside == "":
			out = append(out, at(i, ".entry", "entry_unknown").unknown())
		}
		if e.Clicks != nil && *e.Clicks > clicks {
			out = append(out, at(i, ".entry.clicks_from_home", "entry_far", "clicks", *e.Clicks, "max", clicks))
		}
		if e.Siblings != nil && *e.Siblings > siblings {
			out = append(out, at(i, ".entry.siblings", "entry_crowded", "siblings", *e.Siblings, "max", siblings))
		}
	}
	if !found && len(v.entries) > 0 {
		return nil // no page, so no place on it: DP03 looks at the medium
	}
	return out
}

// freeModes are the proofs of identity that no law read so far forbids for
// people who have an account.
var freeModes = []string{"none", "existing_session", "non_blocking_email", "code", "password"}

// dp06 is law.md DP06, the login wall: every way out crosses a proof of
// identity that is not allowed.
func dp06(v *View) (out []sight) {
	modes, ok := v.listed("auth.mode")
	if !ok {
		modes = freeModes
	}
	wall := func(i int) bool {
		n := v.node(i)
		return n.Kind == "auth" && n.Auth != nil && !slices.Contains(modes, n.Auth.Mode)
	}
	if !v.unavoidable(wall) {
		return nil
	}
	v.way(func(i int, n *Node) {
		if wall(i) {
			out = append(out, at(i, ".auth.mode", "login_wall", "mode", n.Auth.Mode))
		}
	})
	return out
}

// dp07 is law.md DP07, the split or gated confirmation: the button that
// registers is on a later page, or comes only after answers.
func dp07(v *View) (out []sight) {
	if v.asked("page.single") {
		if path, pages, ok := v.shortest(v.starts(), v.leads, v.pages, v.registers()); ok && pages > 1 {
			out = append(out, at(path[len(path)-1].to, "", "split_confirm", "pages", pages))
		}
	}
	v.way(func(i int, n *Node) {
		if n.Kind != "confirm" {
			return
		}
		if n.Shown != "" && n.Shown != "load" {
			out = append(out, at(i, ".shown", "confirm_hidden", "shown", n.Shown))
		}
		v.eachAction(i, func(j int, a *Action) {
			if a.Role == "exit" && a.EnabledIf != "" {
				out = append(out, at(i, actionAt(j)+".enabled_if", "confirm_gated", "if", a.EnabledIf).by(a))
			}
		})
	})
	return out
}

// dp23 is law.md DP23, the imposed delay.
func dp23(v *View) (out []sight) {
	if v.Flow.Terms.CoolOffDays > 0 {
		out = append(out, at(-1, ".terms.cool_off_days", "cool_off", "days", v.Flow.Terms.CoolOffDays))
	}
	v.way(func(i int, n *Node) {
		if n.Kind == "auth" && n.Auth.Mode == "blocking_email" {
			out = append(out, at(i, ".auth.mode", "email_first"))
		}
		for k, t := range n.Timers {
			if t.Kind == "delay" && v.holdsExit(n, t.Action) {
				out = append(out, at(i, indexed(".timers", k), "delay", "seconds", t.Seconds))
			}
		}
		for _, t := range v.texts(i) {
			if s := v.read(t).says("wait"); s != "" {
				out = append(out, at(i, t.below, "told_to_wait").said(s))
			}
		}
	})
	return out
}

// holdsExit reports whether an action, or the whole page, is the way out.
func (v *View) holdsExit(n *Node, action string) bool {
	return action == "" || slices.ContainsFunc(n.Action, func(a Action) bool { return a.ID == action && a.Role == "exit" })
}

// dp35 is law.md DP35, the device gap: there is a way out on the desktop and
// none on a telephone or in the app.
func dp35(v *View) (out []sight) {
	desktop := v.others["desktop"]
	if v.Variant.Device == "desktop" || desktop == nil || !desktop.leavable() || v.leavable() {
		return nil
	}
	i := -1
	if len(v.entries) > 0 {
		i = v.entries[0]
	} else if len(desktop.entries) > 0 {
		i = desktop.entries[0]
	}
	return []sight{at(i, "", "device_gap", "device", v.Variant.Device)}
}

// leavable reports whether there is at least one way to what the flow is for.
func (v *View) leavable() bool {
	exits := v.back(v.main(), v.leads)
	return slices.ContainsFunc(v.entries, func(i int) bool { return exits[i] })
}

// leastContrast is what WCAG 1.4.3 asks of text.
const leastContrast = 4.5

// dp36 is law.md DP36, the inaccessible exit.
func dp36(v *View) (out []sight) {
	v.way(func(i int, n *Node) {
		v.eachAction(i, func(j int, a *Action) {
			if a.Role != "exit" {
				return
			}
			look := a.Look
			if look.Keyboard == nil {
				look.Keyboard = v.Flow.Defaults.Keyboard
			}
			if look.Contrast == 0 {
				look.Contrast = v.Flow.Defaults.Contrast
			}
			label, _, _ := v.Label(a)
			switch here := actionAt(j); {
			case label == "" && len(a.Label) == 0:
				out = append(out, at(i, here, "unlabelled").by(a))
			case look.Keyboard != nil && !*look.Keyboard:
				out = append(out, at(i, here, "no_keyboard").by(a))
			case look.Contrast == 0:
				out = append(out, at(i, here, "contrast_unknown").by(a).unknown())
			case look.Contrast < leastContrast:
				out = append(out, at(i, here, "low_contrast", "contrast", look.Contrast).by(a))
			}
		})
		for k, t := range n.Timers {
			if t.Kind == "timeout" && !t.Extendable {
				out = append(out, at(i, indexed(".timers", k), "timeout_fixed", "seconds", t.Seconds))
			}
		}
	})
	return out
}

func failed(list []sight) []sight {
	return slices.DeleteFunc(list, func(s sight) bool { return s.result != jurisdiction.Fail })
}
