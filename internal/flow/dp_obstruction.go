package flow

import (
	"slices"

	"hastaluego/internal/jurisdiction"
)

// dp01 is law.md DP01, no exit or a dead end: some page that whoever leaves can
// come to has no way out.
func dp01(v *View) (out []sight) {
	if len(v.entries) == 0 {
		return []sight{at(-1, ".nodes", "no_entry")}
	}
	if len(v.goals) == 0 {
		return []sight{at(v.entries[0], "", "no_receipt")}
	}
	for i := range v.in {
		if v.before[i] && !v.exits[i] {
			out = append(out, at(i, "", "dead_end"))
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
		out = append(out, at(v.goals[0], "", "longer_than_signup", "exit", exit, "signup", enter))
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

// main are the receipts of the act that the flow is for.
func (v *View) main() []int {
	for _, o := range []string{"ended", "withdrawn"} {
		if goals := v.ends(o); len(goals) > 0 && (o != "ended" || v.Flow.Act != "withdraw") {
			return goals
		}
	}
	return v.goals
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
		if slices.ContainsFunc(v.goals, func(g int) bool { return seen[g] }) {
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

// leavable reports whether there is at least one way out.
func (v *View) leavable() bool {
	return slices.ContainsFunc(v.entries, func(i int) bool { return v.exits[i] })
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
