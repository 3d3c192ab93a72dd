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

func seeFlag(below, why string, get func(*Flow) *bool) func(*View) []sight {
	return func(v *View) []sight {
		on := get(v.Flow)
		if on == nil {
			return []sight{at(-1, ".flow", why).sees(nil)}
		}
		return []sight{at(-1, below, why).sees(yes(*on))}
	}
}
