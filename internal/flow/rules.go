package flow

import (
	"maps"
	"slices"

	"hastaluego/internal/jurisdiction"
)

// look is how a static parameter of the law is seen in a flow. What it sees is
// judged against every rule that sets the parameter.
type look struct {
	// pattern that says the same in general: what a rule finds is not found a
	// second time by it. Empty: none does.
	pattern string
	see     func(*View) []sight
	// judge stands in the place of Param.Judge where a value is no plain
	// comparison.
	judge func(*View, jurisdiction.Value, sight) jurisdiction.Result
}

type value = jurisdiction.Value

// looksAt are the static parameters, all of them.
var looksAt = map[string]look{
	"entry.login":                         {"DP06", seeLogin, nil},
	"entry.location":                      {"DP05", seeLocation, nil},
	"entry.permanent":                     {"DP05", seePermanent, nil},
	"entry.max_clicks_from_home":          {"DP05", seeEntries("entry_far", ".entry.clicks_from_home", func(e *Entry) *int { return e.Clicks }), nil},
	"entry.max_siblings":                  {"DP05", seeEntries("entry_crowded", ".entry.siblings", func(e *Entry) *int { return e.Siblings }), nil},
	"entry.label":                         {"DP08", seeLabels("entry.label"), judgeLabel},
	"channels.min":                        {"DP03", seeChannels, nil},
	"channel.parity":                      {"DP03", seeParity, nil},
	"channel.online_required":             {"DP03", seeOnline, nil},
	"channel.phone_rate":                  {"DP31", seePhones, nil},
	"steps.entry_to_confirm.max":          {"DP07", seeSteps, nil},
	"steps.vs_signup.max":                 {"DP02", seeSignup, nil},
	"page.single":                         {"DP07", seeSinglePage, nil},
	"page.recap":                          {"", seeRecap, nil},
	"confirm.visible_on_load":             {"DP07", seeVisible, nil},
	"confirm.label":                       {"DP08", seeLabels("confirm.label"), judgeLabel},
	"fields.allowed":                      {"DP09", seeRequired, judgeFields},
	"fields.min":                          {"", seeFields, nil},
	"reason.required":                     {"DP10", bans(dp10), nil},
	"survey.position":                     {"DP11", seeSurveys, nil},
	"agent.required":                      {"DP04", bans(dp04), nil},
	"wait.imposed":                        {"DP23", bans(dp23), nil},
	"design.manipulative":                 {"", seeManipulation, nil},
	"design.obstructive":                  {"", seeObstruction, nil},
	"withdraw.fn.permanent":               {"", seeWithdrawPermanent, nil},
	"withdraw.confirm.separate":           {"", seeWithdrawSeparate, nil},
	"export.self_service":                 {"DP27", seeSelfService, nil},
	"complaint.channels.min":              {"", seeComplaints, nil},
	"auth.mode":                           {"DP06", seeAuth, nil},
	"a11y.level":                          {"DP36", seeAccess, nil},
	"contract.exit_procedure":             {"", seeFlag(".terms.exit_procedure_published", "procedure", func(f *Flow) *bool { return f.Terms.Published }), nil},
	"links.odr_platform":                  {"DP31", bans(odrLinks), nil},
	"offers.max_before_registration":      {"DP12", seeOffersBefore, nil},
	"offers.position":                     {"DP12", seePositions, nil},
	"offers.opt_in":                       {"DP12", seeOptIn, nil},
	"offers.asks_per_attempt":             {"DP14", seeAsks, nil},
	"offers.exit_copresent":               {"DP13", seeLiveExits, nil},
	"offers.on_confirm_page":              {"DP12", onConfirmPage, nil},
	"offers.in_service_channel":           {"DP37", bans(dp37), nil},
	"offers.must_improve_terms":           {"", seeImproves, nil},
	"fee.exit.max":                        {"", seeExitFee, judgeFee},
	"fee.disclosed":                       {"DP22", requires(dp22), nil},
	"penalty.self_executed":               {"DP38", bans(dp38), nil},
	"refund.prepaid":                      {"DP33", seeRefund, nil},
	"lockin.max":                          {"", seeLockIn, judgeTime},
	"renewal.opt_out_deadline.max_before": {"DP34", seeOptOut, judgeTime},
	"withdraw.fn":                         {"", seeWithdraw, nil},
	"withdraw.fn.label":                   {"DP08", seeLabels("withdraw.fn.label"), judgeLabel},
	"withdraw.confirm.label":              {"DP08", seeLabels("withdraw.confirm.label"), judgeLabel},
	"withdraw.fields":                     {"DP09", seeWithdrawFields, judgeFields},
	"export.blocked_by_debt":              {"DP28", bans(dp28), nil},
	"switch.choices":                      {"", seeChoices, nil},
	"switch.fee.max":                      {"", seeSwitchFee, judgeFee},
	"winback.consent_bundled":             {"DP29", bans(dp29), nil},
	"human.from_start":                    {"", seeHuman, nil},
	"human.only_bot":                      {"DP04", seeOnlyBot, nil},
}

// Looks are the names of the static parameters that can be seen in a flow.
func Looks() (names []string) {
	for name := range looksAt {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func yes(on bool) *value   { return &value{On: on} }
func num(n int) *value     { return &value{N: int64(n)} }
func word(w string) *value { return &value{Word: w} }

// bans sees a thing that must not be there as a pattern finds it: each finding
// is one, and what the pattern does not know is not known.
func bans(pattern func(*View) []sight) func(*View) []sight {
	return func(v *View) []sight {
		found := pattern(v)
		for i, s := range found {
			if s.result == jurisdiction.Fail {
				found[i] = s.sees(yes(true))
			}
		}
		return found
	}
}

// requires sees a thing that must be there as a pattern misses it.
func requires(pattern func(*View) []sight) func(*View) []sight {
	return func(v *View) []sight {
		found := pattern(v)
		for i, s := range found {
			if s.result == jurisdiction.Fail {
				found[i] = s.sees(yes(false))
			}
		}
		return found
	}
}

// pages are the entries that stand on a page.
func (v *View) entryPages() (list []int) {
	for _, i := range v.entries {
		if m := v.node(i).medium(); m == "web" || m == "app" {
			list = append(list, i)
		}
	}
	return list
}

func seeLogin(v *View) (out []sight) {
	wall := func(i int) bool {
		n := v.node(i)
		return n.Kind == "auth" && n.Auth.Mode != "none" && n.Auth.Mode != "non_blocking_email"
	}
	for i := range v.in {
		if v.onTheWay(i) && wall(i) && v.unavoidable(func(j int) bool { return j == i }) {
			seen := "any"
			if v.node(i).Auth.Mode == "existing_session" {
				seen = "existing_ok"
			}
			out = append(out, at(i, ".auth.mode", "login_wall", "mode", v.node(i).Auth.Mode).sees(word(seen)))
		}
	}
	for _, i := range v.entryPages() {
		e := v.node(i).Entry
		if e == nil || e.Login == "" {
			out = append(out, at(i, "", "entry_unknown").sees(nil))
			continue
		}
		seen := map[string]string{"none": "forbid", "existing_session": "existing_ok", "required": "any"}[e.Login]
		out = append(out, at(i, ".entry.login", "entry_login", "login", e.Login).sees(word(seen)))
	}
	return out
}

// locations are where the entries on a page stand; said is false where one does
// not say so.
func (v *View) locations() (where []string, said bool) {
	said = true
	for _, i := range v.entryPages() {
		e := v.node(i).Entry
		if e == nil || len(e.Location) == 0 {
			said = false
			continue
		}
		where = append(where, e.Location...)
	}
	return where, said
}

func seeLocation(v *View) (out []sight) {
	list := v.entryPages()
	if len(list) == 0 {
		return nil
	}
	where, said := v.locations()
	if !said {
		i := slices.IndexFunc(list, func(i int) bool { e := v.node(i).Entry; return e == nil || len(e.Location) == 0 })
		return []sight{at(list[i], "", "entry_unknown").sees(nil)}
	}
	return []sight{at(list[0], ".entry.location", "entry_place", "where", names(where)).sees(&value{Words: where})}
}

func names(words []string) string {
	words = slices.Clone(words)
	slices.Sort(words)
	if words = slices.Compact(words); len(words) == 0 {
		return "–"
	}
	return list(words)
}

func seePermanent(v *View) (out []sight) {
	for _, i := range v.entryPages() {
		s := at(i, ".entry", "entry_passing")
		if e := v.node(i).Entry; e == nil || e.Permanent == nil {
			out = append(out, s.sees(nil))
		} else {
			out = append(out, s.sees(yes(*e.Permanent)))
		}
	}
	return out
}

func seeEntries(why, below string, get func(*Entry) *int) func(*View) []sight {
	return func(v *View) (out []sight) {
		for _, i := range v.entryPages() {
			if e := v.node(i).Entry; e == nil || get(e) == nil {
				out = append(out, at(i, "", "entry_unknown").sees(nil))
			} else {
				n := *get(e)
				out = append(out, at(i, below, why, "clicks", n, "siblings", n, "max", "{max}").sees(num(n)))
			}
		}
		return out
	}
}

// seeLabels sees the labels that a parameter prescribes.
func seeLabels(param string) func(*View) []sight {
	return func(v *View) (out []sight) {
		v.deciding(func(i, j int, a *Action) {
			if prescribedParam(v.node(i), a, v.Flow.Act) == param {
				label, _, _ := v.Label(a)
				out = append(out, at(i, v.labelAt(j, a), "not_prescribed", "label", label, "wanted", "{wanted}").by(a).said(label).sees(&value{}))
			}
		})
		return out
	}
}

func judgeLabel(v *View, want value, s sight) jurisdiction.Result {
	for j := range v.node(s.node).Action {
		if a := &v.node(s.node).Action[j]; a.ID == s.action {
			if v.accepts(a, want.Labels) {
				return jurisdiction.Pass
			}
			return jurisdiction.Fail
		}
	}
	return jurisdiction.Unknown
}

// seeChannels sees by which means one can leave, in the words of channels.min.
func seeChannels(v *View) []sight {
	var by []string
	for _, m := range v.exitMedia() {
		switch m {
		case "web", "app":
			by = append(by, "online", "electronic")
		case "email", "chat":
			by = append(by, m, "electronic")
		default:
			by = append(by, m)
		}
	}
	s := at(-1, ".flow", "channels", "channels", names(by))
	if len(v.entries) > 0 {
		s.node, s.path = v.entries[0], at(v.entries[0], "", "").path
	}
	if len(v.Flow.Concluded) == 0 {
		return []sight{s.sees(nil)}
	}
	switch lacking, known := v.lacking(); {
	case len(lacking) > 0:
	case known:
		by = append(by, "same_as_contract", "any_contracting")
	default:
		return []sight{at(-1, ".concluded", "app_unknown").sees(nil)}
	}
	return []sight{s.sees(&value{Words: by})}
}

func seeParity(v *View) []sight {
	if len(v.Flow.Concluded) == 0 {
		return []sight{at(-1, ".flow", "concluded_unknown").sees(nil)}
	}
	lacking, known := v.lacking()
	if len(lacking) == 0 && !known {
		return []sight{at(-1, ".concluded", "app_unknown").sees(nil)}
	}
	s := at(-1, ".concluded", "no_parity", "media", names(v.Flow.Concluded))
	if len(lacking) > 0 {
		s = at(-1, indexed(".concluded", lacking[0]), "no_parity", "media", names(v.Flow.Concluded))
	}
	return []sight{s.sees(yes(len(lacking) == 0))}
}

func seeOnline(v *View) []sight {
	online := v.reach(v.entryPages(), func(e edge) bool {
		return v.leads(e) && !slices.Contains(offline, v.node(e.to).medium())
	}, nil)
	on := slices.ContainsFunc(v.main(), func(g int) bool { return online[g] })
	return []sight{at(-1, ".nodes", "not_online").sees(yes(on))}
}

func seePhones(v *View) (out []sight) {
	v.met(func(i int, _ *Node) {
		v.numbers(i, func(below, phone string) {
			if costs := rate(phone, v.countries()); costs != "" {
				out = append(out, at(i, below, "premium_phone").said(phone).sees(word(costs)))
			} else {
				out = append(out, at(i, below, "phone_unread").said(phone).sees(nil))
			}
		})
	})
	return out
}

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

// seeManipulation sums up what works by how it looks or is worded.
func seeManipulation(v *View) []sight {
	return sum(v, map[string]func(*View) []sight{"DP16": dp16, "DP17": dp17, "DP18": dp18, "DP20": dp20})
}

// seeObstruction sums up what makes leaving longer than it must be.
func seeObstruction(v *View) []sight {
	return sum(v, map[string]func(*View) []sight{"DP01": dp01, "DP02": dp02, "DP03": dp03, "DP04": dp04, "DP23": dp23})
}

func sum(v *View, of map[string]func(*View) []sight) (out []sight) {
	for _, id := range slices.Sorted(maps.Keys(of)) {
		for _, s := range failed(of[id](v)) {
			s.pattern = id
			out = append(out, s.sees(yes(true)))
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

func seeFlag(below, why string, get func(*Flow) *bool) func(*View) []sight {
	return func(v *View) []sight {
		on := get(v.Flow)
		if on == nil {
			return []sight{at(-1, ".flow", why).sees(nil)}
		}
		return []sight{at(-1, below, why).sees(yes(*on))}
	}
}
