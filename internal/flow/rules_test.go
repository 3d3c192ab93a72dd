package flow_test

import (
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/flow"
	"hastaluego/internal/jurisdiction"
)

// all replaces every occurrence of a text in our own flow.
type all struct{ from, to string }

const (
	atLeave   = "        to: request\n      - id: withdraw\n"
	atFields  = "      - {id: name, asks: name, label: {es: \"Nombre y apellidos\""
	atConfirm = "    actions: &confirm\n"
	words4    = `{es: "Seguir", en: "Go on", de: "Fortfahren", fr: "Suite"}`
	onlyThree = "only: {packs: [eu, ar, safe-everywhere]}"
)

func leavesTo(node, more string) []all {
	return []all{{atLeave, "        to: " + node + "\n      - id: withdraw\n"}, {"", more}}
}

func asksFor(asks string) []all {
	return []all{{atFields, "      - {id: more, asks: " + asks + ", required: true, label: {es: \"Algo\", en: \"Something\", de: \"Etwas\", fr: \"Autre\"}}\n" + atFields}}
}

const (
	offerBefore = "  - id: save\n    kind: offer\n    offer: {kind: discount, improves_terms: true, cooldown_days: 90}\n    texts: {title: " + words4 + "}\n    actions:\n      - {id: on, role: decline, kind: button, prominence: 2, to: request, label: " + words4 + "}\n"
	agentFirst  = "  - id: chat\n    kind: handoff\n    medium: chat\n    texts: {title: " + words4 + "}\n    actions:\n      - {id: on, role: exit, does: human, to: request, label: " + words4 + "}\n"
	surveyFirst = "  - id: first\n    kind: survey\n    texts: {title: " + words4 + "}\n    actions:\n      - {id: send, role: exit, kind: button, to: request, label: " + words4 + "}\n      - {id: skip, role: decline, kind: button, to: request, label: " + words4 + "}\n"
	wallFirst   = "  - id: wall\n    kind: auth\n    auth: {mode: new_account}\n    texts: {title: " + words4 + "}\n    actions:\n      - {id: on, role: exit, to: request, label: " + words4 + "}\n"
)

// laterPage puts the confirmation on a page of its own.
var laterPage = []all{
	{"    next: confirm\n", ""},
	{"    kind: confirm\n    page: request\n", "    kind: confirm\n"},
	{"      - {id: recap, role: exit", "      - {id: onward, role: exit, kind: button, to: confirm, not: {packs: [fr]}, label: " + words4 + "}\n      - {id: recap, role: exit"},
}

// breaks is one change of our own flow for each static parameter, with which
// every rule about it fails.
var breaks = map[string][]all{
	"entry.login":                {{"login: none}", "login: required}"}},
	"entry.location":             {{"location: [home_first_view, footer, account, same_app, first_menu, point_of_contract]", "location: []"}, {"location: []", "location: [footer]"}},
	"entry.permanent":            {{"permanent: true", "permanent: false"}},
	"entry.max_clicks_from_home": {{"clicks_from_home: 0", "clicks_from_home: 5"}},
	"entry.max_siblings":         {{"siblings: 6", "siblings: 58"}},
	"entry.label": {
		{"Verträge hier kündigen", "Der Vertrag"}, {"Résilier votre contrat", "Le contrat"}, {"BOTÓN DE BAJA DE SERVICIO", "BAJA"}, {"Dar de baja mi contrato", "Baja ya"}, {"Cancel contract", "Cancel it"},
	},
	"channels.min":                        {{"    medium: phone\n", "    medium: chat\n"}, {"    medium: post\n", "    medium: chat\n"}},
	"channel.parity":                      {{"  - id: home\n    kind: entry\n", "  - id: home\n    kind: entry\n    medium: store\n"}},
	"channel.online_required":             {{"    kind: form\n    page: request\n", "    kind: form\n    page: request\n    medium: store\n"}},
	"channel.phone_rate":                  {{"    page: request\n    next", "    page: request\n    phones: [\"+34 806 111 222\"]\n    next"}},
	"steps.entry_to_confirm.max":          laterPage,
	"page.single":                         laterPage,
	"steps.vs_signup.max":                 nil, // compared with a shorter way in
	"page.recap":                          {{"kind: recap", "kind: info"}},
	"confirm.visible_on_load":             {{"    kind: confirm\n", "    kind: confirm\n    shown: after_answers\n"}},
	"confirm.label":                       {{"jetzt kündigen", "fertig"}, {"Jetzt kündigen", "Fertig"}, {"Notification de la résiliation", "Terminé"}, {"Confirmar la baja", "Listo"}, {"Confirm cancellation", "Ready"}},
	"fields.allowed":                      asksFor("id_document"),
	"fields.min":                          {{"asks: date,", "asks: phone,"}},
	"reason.required":                     asksFor("reason"),
	"survey.position":                     leavesTo("first", surveyFirst),
	"agent.required":                      leavesTo("chat", agentFirst),
	"wait.imposed":                        {{"terms:\n", "terms:\n  cool_off_days: 7\n"}},
	"design.manipulative":                 {{atConfirm, atConfirm + "      - {id: stay, role: keep, kind: button, prominence: 3, preselected: true, to: home, label: {es: \"Quedarme\", en: \"Stay\", de: \"Bleiben\", fr: \"Rester\"}}\n"}},
	"design.obstructive":                  {{"terms:\n", "terms:\n  cool_off_days: 7\n"}},
	"auth.mode":                           leavesTo("wall", wallFirst),
	"a11y.level":                          {{"contrast: 7.1", "contrast: 3.1"}},
	"contract.exit_procedure":             {{"exit_procedure_published: true", "exit_procedure_published: false"}},
	"links.odr_platform":                  {{"    page: request\n    next", "    page: request\n    links: [\"https://ec.europa.eu/consumers/odr\"]\n    next"}},
	"offers.max_before_registration":      leavesTo("save", offerBefore),
	"offers.position":                     leavesTo("save", offerBefore),
	"offers.opt_in":                       {{"    kind: offer\n", "    kind: offer\n    page: track\n"}},
	"offers.asks_per_attempt":             {{"prominence: 2, to: track, label: {es: \"Seguir con mi baja\"", "prominence: 2, to: save, label: {es: \"Seguir con mi baja\""}, {"", strings.Replace(offerBefore, "to: request", "to: track", 1)}},
	"offers.exit_copresent":               leavesTo("save", offerBefore),
	"offers.on_confirm_page":              {{atConfirm, atConfirm + "      - {id: less, role: help, does: pause, kind: link, label: {es: \"Pausar\", en: \"Pause\", de: \"Pausieren\", fr: \"Suspendre\"}}\n"}},
	"offers.in_service_channel":           {{"    kind: offer\n", "    kind: offer\n    channel: service\n"}},
	"offers.must_improve_terms":           {{"improves_terms: true", "improves_terms: false"}},
	"fee.exit.max":                        {{"exit_fee: none", "exit_fee: fixed"}},
	"fee.disclosed":                       {{"  - id: acknowledgement\n    kind: receipt\n", "  - id: acknowledgement\n    kind: receipt\n    amounts: [{id: fee, what: fee, from: quote}]\n"}},
	"penalty.self_executed":               {{"    page: request\n    next", "    page: request\n    amounts: [{id: fee, what: fee, from: quote, posted: automatic}]\n    next"}},
	"refund.prepaid":                      {{"refund: prorata", "refund: none"}},
	"lockin.max":                          {{"lock_in_months: 0", "lock_in_months: 36"}},
	"renewal.opt_out_deadline.max_before": {{"opt_out_days_before_renewal: 0", "opt_out_days_before_renewal: 90"}},
	"withdraw.fn":                         {{onlyThree, "only: {packs: [nowhere]}"}},
	"withdraw.fn.permanent":               {{"permanent: true", "permanent: false"}},
	"withdraw.fn.label":                   {{"Desistir del contrato aquí", "Deshacer"}, {"Withdraw from contract here", "Undo"}, {"Vertrag widerrufen", "Zurück"}, {"Renoncer au contrat ici", "Retour"}, {"BOTÓN DE ARREPENTIMIENTO", "ARREPENTIMIENTO"}},
	"withdraw.confirm.label":              {{"Confirmar desistimiento", "Listo"}, {"Confirm withdrawal", "Ready"}, {"Widerruf bestätigen", "Fertig"}, {"Confirmer la rétractation", "Terminé"}},
	"withdraw.confirm.separate":           {{"        to: withdrawal\n", "        to: withdrawn\n"}},
	"withdraw.fields":                     {{"      - {id: contact, asks: contact, required: true", "      - {id: tel, asks: phone, required: true, label: {es: \"Teléfono\", en: \"Telephone\", de: \"Telefon\", fr: \"Téléphone\"}}\n      - {id: contact, asks: contact, required: true"}},
	"export.blocked_by_debt":              {{"does: export,", "does: export, enabled_if: debt == 0,"}},
	"export.self_service":                 {{"does: export,", "does: human,"}},
	"switch.choices":                      {{"switch_choices: [provider, on_premises, erase]", "switch_choices: [provider]"}},
	"switch.fee.max":                      {{"switch_fee: none", "switch_fee: fixed"}},
	"winback.consent_bundled":             asksFor("marketing"),
	"human.from_start":                    {{"does: human\n", "does: undo\n"}},
	"human.only_bot":                      {{"    page: request\n    next", "    page: request\n    medium: chat\n    next"}, {"    kind: confirm\n    page: request\n", "    kind: confirm\n    page: request\n    medium: chat\n"}, {"does: human\n", "does: undo\n"}},
	"complaint.channels.min":              {{"complaint_channels: [same_as_contract, online, electronic, email, post, phone]", "complaint_channels: [store]"}},
}

// shortSignup is a way in of one step.
const shortSignup = "flow: signup\nlanguages: [es, en, de, fr]\nnodes:\n  - {id: home, kind: entry, actions: [{id: join, role: accept, to: done}], fields: [{id: a, asks: email}]}\n  - {id: done, kind: receipt}\n"

// broken is our flow with the change for a parameter, in one language on one
// device; "": as it is. flows remembers them.
func broken(t *testing.T, flows map[string]*flow.Flow, param string) *flow.Flow {
	t.Helper()
	if f := flows[param]; f != nil {
		return f
	}
	src := string(flow.Builtin()["exit-first"])
	for _, e := range breaks[param] {
		switch {
		case e.from == "":
			src += e.to
		case !strings.Contains(src, e.from):
			t.Fatalf("%s: “%s” is not in the flow", param, e.from)
		default:
			src = strings.ReplaceAll(src, e.from, e.to)
		}
	}
	f := load(t, "exit-first.yaml", src)
	f.Languages, f.Devices = []string{"es"}, []string{"desktop"}
	flows[param] = f
	return f
}

// besides are the parameters and patterns that the change of a parameter breaks
// as well: what is put before the form is also a page more.
var besides = map[string]string{
	"agent.required":                 "design.obstructive page.single steps.entry_to_confirm.max",
	"auth.mode":                      "entry.login page.single steps.entry_to_confirm.max",
	"channel.online_required":        "channel.parity design.obstructive",
	"channel.parity":                 "channel.online_required design.obstructive",
	"confirm.visible_on_load":        "DP07",
	"design.obstructive":             "wait.imposed",
	"entry.permanent":                "withdraw.fn.permanent",
	"export.self_service":            "DP27",
	"offers.exit_copresent":          "DP14",
	"offers.max_before_registration": "DP13 DP14 offers.asks_per_attempt offers.opt_in offers.position page.single steps.entry_to_confirm.max",
	"offers.position":                "DP13 offers.asks_per_attempt offers.max_before_registration offers.opt_in page.single steps.entry_to_confirm.max",
	"page.single":                    "steps.entry_to_confirm.max",
	"reason.required":                "DP09 fields.allowed",
	"steps.entry_to_confirm.max":     "page.single",
	"steps.vs_signup.max":            "design.obstructive",
	"survey.position":                "page.single steps.entry_to_confirm.max",
	"wait.imposed":                   "design.obstructive",
	"winback.consent_bundled":        "fields.allowed",
	"withdraw.fn.label":              "DP18",
	"withdraw.fn.permanent":          "entry.permanent",
}

// Our flow passes every static rule of every pack, and with one change for a
// parameter each rule about it fails, and nothing that the change is not about.
func TestEveryStaticRuleFindsTheOneThingThatItIsAbout(t *testing.T) {
	t.Parallel()
	flows := map[string]*flow.Flow{}
	for _, p := range jurisdiction.Shipped().Packs() {
		found := map[string][]flow.Finding{} // by parameter that was broken
		for _, a := range laws(t, broken(t, flows, ""), p.ID)[0].Effective.Rules(jurisdiction.Static) {
			param := a.Rule.Param.Name
			if a.Holds != jurisdiction.Pass || a.Rule.Pack.ID != p.ID {
				continue // told by the pack that it is of
			}
			if _, known := breaks[param]; !known {
				t.Errorf("nothing breaks %s of %s", param, a.Rule.ID)
				continue
			}
			if _, done := found[param]; !done {
				f := broken(t, flows, param)
				var signup *flow.Flow
				if param == "steps.vs_signup.max" {
					signup = load(t, "signup.yaml", shortSignup)
				}
				found[param] = flow.Check(f, laws(t, f, p.ID), signup).Findings
			}
			told := false
			for _, x := range found[param] {
				about := x.Rule
				if x.Law != nil {
					about = x.Law.Param.Name
				}
				// Whether a fee is within what a formula allows needs its sum.
				told = told || x.Rule == a.Rule.ID && (x.Result == jurisdiction.Fail || param == "switch.fee.max")
				if x.Result == jurisdiction.Fail && about != param && !slices.Contains(strings.Fields(besides[param]), about) {
					t.Errorf("%s: the change for %s also breaks %s: %s", p.ID, param, about, tell(x))
				}
			}
			if !told {
				t.Errorf("%s (%s) does not fail", a.Rule.ID, param)
			}
		}
	}
}
