package flow_test

import "hastaluego/internal/jurisdiction"

// examples are what each pattern finds, and what it must not.
var examples = map[string]shown{
	"DP01": {
		fails: []example{
			many("a page that ends in nothing", []edit{{toForm, "to: nothing, label"}, {"", "  - id: nothing\n    kind: info\n    texts: {title: {es: \"Gracias\", en: \"Thank you\"}}\n"}}, "DP03"),
			many("one of two ways ends in nothing", []edit{{atForm, "    actions: [{id: why, role: decline, to: nothing, label: {es: \"Otra vía\", en: \"Another way\"}}]\n"}, {"", "  - id: nothing\n    kind: info\n    texts: {title: {es: \"Gracias\", en: \"Thank you\"}}\n"}}),
			many("the button that cancels leads back to the beginning, and one can withdraw", []edit{{yes, replace(yes, "to: receipt", "to: home")}, withdraws, {"", withdrawal}, {"", withdrawn}}, "DP03"),
			many("the entry to cancel is gone, and one can withdraw", []edit{{"      - {id: leave, role: exit, does: cancel, kind: button, to: form, " + leave + "}\n", ""}, withdraws, {"", withdrawal}, {"", withdrawn}}, "DP03"),
			many("the button that withdraws leads to nothing, and one can cancel", []edit{withdraws, {"", replace(withdrawal, "to: withdrawn", "to: home")}, {"", withdrawn}}),
			many("the page to withdraw has no button", []edit{withdraws, {"", without(replace(withdrawal, "    actions:\n", ""), "      - {id: yes")}, {"", withdrawn}}),
			one("no receipt at all", "    kind: receipt\n    receipt: {contents: [code, declaration, instant], to: kept_address, time: minute}\n", "    kind: info\n", "DP03"),
		},
		near: []example{
			many("a way to withdraw beside the one to cancel", []edit{withdraws, {"", withdrawal}, {"", withdrawn}}),
			one("a link back to the beginning beside the button that confirms", stay, replace(stay, "role: keep", "role: back")),
			many("a page of help that leads nowhere but is not the way", []edit{{atForm, "    actions: [{id: why, role: help, to: nothing, label: {es: \"Ayuda\", en: \"Help\"}}]\n"}, {"", "  - id: nothing\n    kind: info\n    texts: {title: {es: \"Ayuda\", en: \"Help\"}}\n"}}),
		},
	},
	"DP02": {
		fails: []example{
			many("a page more than joining", []edit{{toForm, "to: info, label"}, {"", "  - id: info\n    kind: info\n    texts: {title: {es: \"Antes\", en: \"Before\"}}\n    actions: [{id: on, role: exit, to: form, label: {es: \"Adelante\", en: \"On\"}}]\n"}}).joined(signup),
			one("an address behind the e-mail", field, replace(field, "asks: email,", "asks: email, also: [postal_address],")).joined(signup),
			one("an address that joining did not ask for", field, field+"      - {id: addr, asks: postal_address, required: true, label: {es: \"Dirección\", en: \"Address\"}}\n").joined(signup),
		},
		near: []example{
			one("a reference of the contract, which did not exist then", field, field+"      - {id: ref, asks: contract, required: true, label: {es: \"Contrato\", en: \"Contract\"}}\n").joined(signup),
			one("an e-mail by which one is known and answered", field, replace(field, "asks: email,", "asks: email, also: [identity, contact],")).joined(signup),
			many("a page more, and nobody knows how one joins", []edit{{toForm, "to: info, label"}, {"", "  - id: info\n    kind: info\n    texts: {title: {es: \"Antes\", en: \"Before\"}}\n    actions: [{id: on, role: exit, to: form, label: {es: \"Adelante\", en: \"On\"}}]\n"}}),
		},
	},
	"DP03": {
		fails: []example{
			many("a call in between", []edit{{toForm, "to: call, label"}, {"", phones}}, "DP04"),
			one("joined by telephone, left on the web alone", "concluded: [web]", "concluded: [web, phone]"),
			one("joined in the app, left on a page that the app does not show", "concluded: [web]", "concluded: [app]"),
			one("only by letter", "    kind: entry\n", "    kind: entry\n    medium: post\n"),
		},
		near: []example{
			many("joined in the app, which shows the way out", []edit{{"concluded: [web]", "concluded: [app]"}, {"location: [footer]", "location: [footer, same_app]"}}),
			many("joined in the app, which has a way out of its own", []edit{{"concluded: [web]", "concluded: [web, app]"}, {"devices: [desktop, mobile]", "devices: [desktop, app]"}}),
			many("a telephone beside the way", []edit{{atForm, "    actions: [{id: call, role: help, to: call, label: {es: \"Llamar\", en: \"Call\"}}]\n"}, {"", phones}}),
		},
	},
	"DP04": {
		fails: []example{
			many("a chat in between", []edit{{toForm, "to: call, label"}, {"", replace(phones, "medium: phone", "medium: chat")}}),
			many("two agents to choose from, and no way beside them", []edit{
				{toForm, "to: call, label"},
				{"", replace(phones, "medium: phone", "medium: chat")},
				{"    actions:\n      - {id: leave", "    actions:\n      - {id: other, role: exit, to: mail, label: {es: \"Dejarlo por correo\", en: \"Leave by mail\"}}\n      - {id: leave"},
				{"", replace(replace(phones, "medium: phone", "medium: email"), "id: call", "id: mail")},
			}),
		},
		near: []example{
			many("a chat that one can pass by", []edit{
				{"    actions:\n      - {id: leave", "    actions:\n      - {id: other, role: exit, to: call, label: {es: \"Dejarlo por chat\", en: \"Leave by chat\"}}\n      - {id: leave"},
				{"", replace(phones, "medium: phone", "medium: chat")},
			}),
		},
	},
	"DP05": {
		fails: []example{
			one("inside a folded menu", "inside: plain", "inside: collapsed"),
			one("among fifty-eight links", "siblings: 5", "siblings: 58"),
			one("four clicks away", "clicks_from_home: 1", "clicks_from_home: 4"),
			one("two clicks, where the law says one", "clicks_from_home: 1", "clicks_from_home: 2").under("entry.max_clicks_from_home", jurisdiction.Value{N: 1}),
		},
		near: []example{
			one("fifteen other links", "siblings: 5", "siblings: 15"),
			one("two clicks, where no law says less", "clicks_from_home: 1", "clicks_from_home: 2"),
		},
	},
	"DP06": {
		fails: []example{
			many("a new account", []edit{{toForm, "to: login, label"}, {"", replace(wall, "MODE", "new_account")}}),
			many("a card of identity", []edit{{toForm, "to: login, label"}, {"", replace(wall, "MODE", "id_document")}}),
			many("a password, where the law allows none", []edit{{toForm, "to: login, label"}, {"", replace(wall, "MODE", "password")}}).under("auth.mode", jurisdiction.Value{Words: []string{"none", "non_blocking_email"}}),
		},
		near: []example{
			many("the session that is there", []edit{{toForm, "to: login, label"}, {"", replace(wall, "MODE", "existing_session")}}),
			many("a login that one can pass by", []edit{{"    actions:\n      - {id: leave", "    actions:\n      - {id: in, role: exit, to: login, label: {es: \"Dejarlo con mi cuenta\", en: \"Leave with my account\"}}\n      - {id: leave"}, {"", replace(wall, "MODE", "new_account")}}),
		},
	},
	"DP07": {
		fails: []example{
			one("a button that works after answers", yes, replace(yes, "to: receipt", "enabled_if: survey.done, to: receipt")),
			one("a button that is not there at first", "    kind: confirm\n", "    kind: confirm\n    shown: after_answers\n"),
			many("a second page, where the law says one", []edit{{toConfirm, ""}, {atForm, "    actions: [{id: on, role: exit, to: late, label: {es: \"Adelante\", en: \"On\"}}]\n"}, {"", late}}).under("page.single", jurisdiction.Value{On: true}),
		},
		near: []example{
			many("a second page, where no law says one", []edit{{toConfirm, ""}, {atForm, "    actions: [{id: on, role: exit, to: late, label: {es: \"Adelante\", en: \"On\"}}]\n"}, {"", late}}),
		},
	},
	"DP08": {
		fails: []example{
			one("a request to cancel", leave, `label: {es: "Solicitar la baja", en: "Request cancellation"}`),
			one("send", yes, replace(yes, `en: "Confirm cancellation"`, `en: "Submit"`)),
			one("not what the law prescribes", leave, `label: {es: "Darme de baja", en: "Cancel it"}`).under("entry.label", label("en", "Cancel my contract")),
		},
		near: []example{
			one("other words that somebody signed", leave, `label: {es: "Iniciar la baja", en: "Begin to cancel"}, reviewed: {by: "Ana", on: 2026-11-27, why: "Nobody doubts it"}`),
			(example{name: "what the law prescribes"}).under("entry.label", labels("en", "CANCEL MY CONTRACT", "es", "darme de baja")),
		},
	},
	"DP09": {
		fails: []example{
			one("a photo of the identity card", field, field+"      - {id: card, asks: id_document, required: true, label: {es: \"Foto del DNI\", en: \"Photo of your card\"}}\n"),
			one("a telephone number", field, field+"      - {id: tel, asks: phone, required: true, label: {es: \"Teléfono\", en: \"Telephone\"}}\n"),
			one("a photo of the card behind the name", field, field+"      - {id: who, asks: name, also: [id_document], required: true, label: {es: \"Nombre y DNI\", en: \"Name and card\"}}\n"),
			one("behind the e-mail more than the law allows", field, replace(field, "asks: email,", "asks: email, also: [postal_address],")).under("fields.allowed", jurisdiction.Value{Words: []string{"email", "name"}}),
			one("more than the law allows", field, field+"      - {id: addr, asks: postal_address, required: true, label: {es: \"Dirección\", en: \"Address\"}}\n").under("fields.allowed", jurisdiction.Value{Words: []string{"email", "name"}}),
		},
		near: []example{
			one("an e-mail by which one is known and answered, where the law allows an e-mail", field, replace(field, "asks: email,", "asks: email, also: [identity, contact],")).under("fields.allowed", jurisdiction.Value{Words: []string{"email"}}),
			one("an e-mail, where the law allows a way to answer", field, field).under("fields.allowed", jurisdiction.Value{Words: []string{"contact"}}),
			one("a telephone number, if one likes", field, field+"      - {id: tel, asks: phone, label: {es: \"Teléfono\", en: \"Telephone\"}}\n"),
		},
	},
	"DP10": {
		fails: []example{
			one("a reason that must be given", field, field+"      - {id: why, asks: reason, required: true, label: {es: \"¿Por qué?\", en: \"Why?\"}}\n"),
			one("a reason behind another field", field, replace(field, "asks: email,", "asks: email, also: [reason],")),
			many("a survey that cannot be skipped", []edit{{toForm, "to: ask, label"}, {"", without(survey, "      - {id: skip")}}, "DP11"),
			many("a skip that hardly shows", []edit{{toForm, "to: ask, label"}, {"", replace(survey, "role: decline, kind: button, prominence: 2", "role: decline, kind: link, prominence: 0")}}, "DP11"),
		},
		near: []example{
			one("a reason, if one likes", field, field+"      - {id: why, asks: reason, label: {es: \"¿Por qué?\", en: \"Why?\"}}\n"),
		},
	},
	"DP11": {
		fails: []example{
			many("between the entry and the form", []edit{{toForm, "to: ask, label"}, {"", survey}}),
			many("on one of two ways", []edit{{atForm, "    actions: [{id: q, role: exit, to: ask, label: {es: \"Contestar antes\", en: \"Answer first\"}}]\n"}, {"", survey}}),
		},
		near: []example{
			many("behind the receipt", []edit{{data, data + "      - {id: q, role: help, to: ask, label: {es: \"Encuesta\", en: \"Survey\"}}\n"}, {"", replace(replace(survey, ", to: form, label: {es: \"Contestar", ", does: undo, label: {es: \"Contestar"), ", to: form, label: {es: \"Saltar", ", label: {es: \"Saltar")}}),
		},
	},
	"DP12": {
		fails: []example{
			many("one, where the law says none", []edit{{toForm, "to: offer, label"}, {"", offer}, {"", kept}}).under("offers.max_before_registration", jurisdiction.Value{N: 0}),
			many("one that is drawn as a page to read, where the law says none", []edit{{toForm, "to: offer, label"}, {"", replace(offer, "kind: offer\n    offer: {kind: discount, improves_terms: true, cooldown_days: 90}\n", "kind: info\n")}, {"", kept}}).under("offers.max_before_registration", jurisdiction.Value{N: 0}),
			one("a pause on the form, where the law says none", atForm, "    actions: [{id: p, role: help, does: pause, label: {es: \"Pausar\", en: \"Pause\"}}]\n").under("offers.max_before_registration", jurisdiction.Value{N: 0}),
			many("two, where the law says one", []edit{{toForm, "to: offer, label"}, {"", replace(offer, "to: confirm", "to: second")}, {"", replace(offer, "id: offer\n", "id: second\n")}, {"", kept}}, "DP13", "DP14").under("offers.max_before_registration", jurisdiction.Value{N: 1}),
		},
		near: []example{
			many("one, where the law says one", []edit{{toForm, "to: offer, label"}, {"", offer}, {"", kept}}).under("offers.max_before_registration", jurisdiction.Value{N: 1}),
			one("a pause beside the way out in the account", "    actions:\n      - {id: leave", "    actions:\n      - {id: p, role: help, does: pause, kind: link, label: {es: \"Pausar\", en: \"Pause\"}}\n      - {id: leave").under("offers.max_before_registration", jurisdiction.Value{N: 0}),
			many("one behind the receipt", []edit{{data, data + "      - {id: q, role: help, to: offer, label: {es: \"Ver\", en: \"See\"}}\n"}, {"", offer}, {"", kept}}).under("offers.max_before_registration", jurisdiction.Value{N: 0}),
		},
	},
	"DP13": {
		fails: []example{
			many("no exit on it", []edit{{toForm, "to: offer, label"}, {"", replace(offer, "role: exit", "role: decline")}, {"", kept}}),
			many("an exit that leads to one page more", []edit{{toForm, "to: offer, label"}, {"", replace(offer, "to: confirm", "to: form")}, {"", kept}}),
			many("one that is drawn as a page to read, with an exit that leads to one page more", []edit{{toForm, "to: offer, label"}, {"", replace(replace(offer, "kind: offer\n    offer: {kind: discount, improves_terms: true, cooldown_days: 90}\n", "kind: info\n"), "to: confirm", "to: form")}, {"", kept}}),
			many("an exit below the fold", []edit{{toForm, "to: offer, label"}, {"", replace(offer, "role: exit, kind: button", "role: exit, above_fold: false, kind: button")}, {"", kept}}),
			many("a quieter exit", []edit{{toForm, "to: offer, label"}, {"", replace(offer, "role: exit, kind: button, prominence: 2", "role: exit, kind: button, prominence: 1")}, {"", kept}}, "DP16"),
		},
		near: []example{
			many("one that is drawn as a page to read, with an exit as loud", []edit{{toForm, "to: offer, label"}, {"", replace(offer, "kind: offer\n    offer: {kind: discount, improves_terms: true, cooldown_days: 90}\n", "kind: info\n")}, {"", kept}}),
			many("both below the fold", []edit{{toForm, "to: offer, label"}, {"", replace(replace(offer, "role: exit, kind", "role: exit, above_fold: false, kind"), "does: accept_offer, kind", "does: accept_offer, above_fold: false, kind")}, {"", kept}}),
		},
	},
	"DP14": {
		fails: []example{
			many("two offers in a row", []edit{{toForm, "to: offer, label"}, {"", replace(offer, "role: exit, kind: button, prominence: 2, to: confirm", "role: exit, kind: button, prominence: 2, to: second")}, {"", replace(offer, "id: offer\n", "id: second\n")}, {"", kept}}, "DP13"),
			many("an offer, and a pause that is drawn as a page to read", []edit{{toForm, "to: offer, label"}, {"", replace(offer, "role: exit, kind: button, prominence: 2, to: confirm", "role: exit, kind: button, prominence: 2, to: second")}, {"", replace(replace(replace(offer, "kind: offer\n    offer: {kind: discount, improves_terms: true, cooldown_days: 90}\n", "kind: info\n"), "id: offer\n", "id: second\n"), "does: accept_offer", "does: pause")}, {"", kept}}, "DP13"),
			many("declined, and met again", []edit{{toForm, "to: offer, label"}, {"", offer + "      - {id: no, role: decline, kind: button, prominence: 2, to: home, label: {es: \"No, gracias\", en: \"No, thank you\"}}\n"}, {"", kept}}),
			many("no pause before the next time", []edit{{toForm, "to: offer, label"}, {"", replace(offer, ", cooldown_days: 90", "")}, {"", kept}}),
		},
		near: []example{
			many("one offer, once, with a pause", []edit{{toForm, "to: offer, label"}, {"", offer}, {"", kept}}),
			many("two offers on ways of which one takes one", []edit{
				{toForm, "to: offer, label"},
				{"    actions:\n      - {id: leave", "    actions:\n      - {id: other, role: exit, to: second, label: {es: \"Dejarlo\", en: \"Leave\"}}\n      - {id: leave"},
				{"", offer},
				{"", replace(offer, "id: offer\n", "id: second\n")},
				{"", kept},
			}),
		},
	},
	"DP15": {
		fails: []example{
			one("I do not like saving", yes, replace(yes, `en: "Confirm cancellation"`, `en: "Cancel, I don't like saving"`)),
			one("a broken heart", lede, "      lede: {es: \"Nos da mucha pena que te vayas.\", en: \"It is registered when you confirm.\"}\n"),
			one("I am smart and stay", stay, replace(stay, `en: "Keep my plan"`, `en: "No, I am smart and want to keep saving"`)),
			one("to lose my advantages", yes, replace(yes, `es: "Confirmar la baja"`, `es: "Sí, prefiero perder mis ventajas y darme de baja"`)),
		},
		near: []example{
			one("the team of sales is left, not let down", yes, replace(yes, `es: "Confirmar la baja"`, `es: "Dejar el equipo de ventas: confirmar la baja"`)),
			one("a plain no", stay, replace(stay, `{es: "Quedarme", en: "Keep my plan"}`, `{es: "No, gracias", en: "No, thank you"}`)),
		},
	},
	"DP16": {
		fails: []example{
			one("a loud way back", stay, replace(stay, "prominence: 2", "prominence: 3")),
			one("a loud way back in another part of the page", atForm, "    actions: [{id: back_in, role: keep, kind: button, prominence: 3, to: home, label: {es: \"Quedarme\", en: \"Keep my plan\"}}]\n"),
			one("a link against a button", yes, replace(yes, "kind: button", "kind: link")),
			one("pale", yes, replace(yes, "prominence: 2", "prominence: 2, contrast: 5")),
			one("small", yes, replace(yes, "prominence: 2", "prominence: 2, size: 0.8")),
			many("an exit that hardly shows, beside a button to withdraw", []edit{withdraws, {"does: cancel, kind: button, to: form", "does: cancel, kind: link, prominence: 0, to: form"}, {"", withdrawal}, {"", withdrawn}}),
			many("a quiet link to cancel, beside a loud button to withdraw", []edit{{withdraws.from, replace(withdraws.to, "prominence: 2", "prominence: 3")}, {"does: cancel, kind: button, to: form", "does: cancel, kind: link, prominence: 1, to: form"}, {"", withdrawal}, {"", withdrawn}}),
		},
		near: []example{
			many("a link to withdraw beside a button to cancel", []edit{{withdraws.from, replace(withdraws.to, "kind: button, prominence: 2", "kind: link, prominence: 1")}, {"", withdrawal}, {"", withdrawn}}),
			one("a quiet way back in another part of the page", atForm, "    actions: [{id: back_in, role: keep, kind: link, prominence: 1, to: home, label: {es: \"Quedarme\", en: \"Keep my plan\"}}]\n"),
			one("a quiet way back", stay, replace(stay, "kind: button, prominence: 2", "kind: link, prominence: 1")),
			one("nine tenths of the size", yes, replace(yes, "prominence: 2", "prominence: 2, size: 0.9")),
		},
	},
	"DP17": {
		fails: []example{
			one("chosen beforehand", stay, replace(stay, "prominence: 2", "prominence: 2, preselected: true")),
			one("on Enter", stay, replace(stay, "prominence: 2", "prominence: 2, default_on_enter: true")),
		},
		near: []example{
			one("Enter confirms", yes, replace(yes, "prominence: 2", "prominence: 2, default_on_enter: true")),
		},
	},
	"DP18": {
		fails: []example{
			one("cancel that goes back", stay, replace(stay, `{es: "Quedarme", en: "Keep my plan"}`, `{es: "Cancelar", en: "Cancel"}`)),
			many("an offer whose acceptance says cancel", []edit{{toForm, "to: offer, label"}, {"", replace(offer, `{es: "Aceptar", en: "Accept"}`, `{es: "Cancelar mi plan", en: "Cancel my plan"}`)}, {"", kept}}),
			one("a pause that says cancel beside what cancels", atForm, "    actions: [{id: p, role: help, does: pause, label: {es: \"Cancelar mi plan\", en: \"Cancel my plan\"}}]\n"),
			one("one label for two acts", atForm, "    actions: [{id: p, role: exit, does: withdraw, to: receipt, label: {es: \"Confirmar la baja\", en: \"Confirm cancellation\"}}]\n"),
			one("stay that leaves", yes, replace(yes, `en: "Confirm cancellation"`, `en: "Keep going"`)),
		},
		near: []example{
			one("do not cancel, said plainly", stay, replace(stay, `{es: "Quedarme", en: "Keep my plan"}`, `{es: "No cancelar", en: "Don't cancel"}`)),
			one("the same twice", atForm, "    actions: [{id: p, role: exit, does: cancel, to: receipt, label: {es: \"Confirmar la baja\", en: \"Confirm cancellation\"}}]\n"),
			one("no, cancel it", yes, replace(yes, `{es: "Confirmar la baja", en: "Confirm cancellation"}`, `{es: "No, cancelar mi plan", en: "No, cancel my plan"}`)),
		},
	},
	"DP19": {
		fails: []example{
			one("two negatives", stay, replace(stay, `en: "Keep my plan"`, `en: "No, do not leave"`)),
			one("a long and heavy sentence", lede, "      lede: {es: \"Al confirmar, queda registrada.\", en: \"Notwithstanding contractual obligations previously established, effectuating termination necessitates comprehensive acknowledgement regarding applicable conditions governing outstanding commitments, entitlements, correspondence, settlements, warranties and subscriptions.\"}\n"),
		},
		near: []example{
			one("one negative", stay, replace(stay, `en: "Keep my plan"`, `en: "Do not leave"`)),
		},
	},
	"DP20": {
		fails: []example{
			many("today only", []edit{{toForm, "to: offer, label"}, {"", replace(offer, `{es: "Un descuento", en: "A discount"}`, `{es: "Solo hoy", en: "Today only: half the price"}`)}, {"", kept}}),
			one("a countdown", "    kind: confirm\n", "    kind: confirm\n    timers: [{kind: countdown, seconds: 600}]\n"),
		},
		near: []example{
			many("an end that the server keeps", []edit{{toForm, "to: offer, label"}, {"", replace(replace(offer, `{es: "Un descuento", en: "A discount"}`, `{es: "La oferta termina el {date}", en: "This offer ends on {date}"}`), "kind: discount,", "kind: discount, expiry: offer_end,")}, {"", kept}}),
		},
	},
	"DP21": {
		fails: []example{
			one("all your data will be lost", lede, "      lede: {es: \"Perderás todos tus datos.\", en: \"You will lose all your data.\"}\n"),
			one("a fee that is written down", lede, "      lede: {es: \"La penalización es de 50 €.\", en: \"The cancellation fee is €50.\"}\n"),
		},
		near: []example{
			one("lost, but to be fetched first", lede, "      lede: {es: \"Puedes descargar tus datos hasta el {date}.\", en: \"You lose all your data unless you download them by {date}.\"}\n"),
			one("a price that is no fee", lede, "      lede: {es: \"Tu plan cuesta 10 €.\", en: \"Your plan costs €10.\"}\n"),
		},
	},
	"DP22": {
		fails: []example{
			one("on the receipt for the first time", "    kind: receipt\n", "    kind: receipt\n"+fee),
			many("on a late page for the first time", []edit{{toConfirm, ""}, {atForm, "    actions: [{id: on, role: exit, to: late, label: {es: \"Adelante\", en: \"On\"}}]\n"}, {"", replace(late, "kind: confirm\n", "kind: confirm\n"+fee)}}),
			one("a debt on the receipt for the first time", "    kind: receipt\n", "    kind: receipt\n"+replace(fee, "what: fee", "what: owed")),
			one("a debt that nobody computed", "    kind: form\n", "    kind: form\n"+replace(replace(fee, "what: fee", "what: owed"), "from: quote", "from: fixed")),
			one("not what was computed", "    kind: form\n", "    kind: form\n"+replace(fee, "from: quote", "from: fixed")),
		},
		near: []example{
			one("on the first page", "    kind: form\n", "    kind: form\n"+fee),
			one("what one gets back, on the receipt", "    kind: receipt\n", "    kind: receipt\n"+replace(fee, "what: fee", "what: refund")),
			many("on the first page and the late one", []edit{{"    kind: form\n", "    kind: form\n" + fee}, {toConfirm, ""}, {atForm, "    actions: [{id: on, role: exit, to: late, label: {es: \"Adelante\", en: \"On\"}}]\n"}, {"", replace(late, "kind: confirm\n", "kind: confirm\n"+fee)}}),
		},
	},
	"DP23": {
		fails: []example{
			one("ten seconds", "    kind: confirm\n", "    kind: confirm\n    timers: [{kind: delay, seconds: 10, action: yes}]\n"),
			many("a link in a mail", []edit{{toForm, "to: login, label"}, {"", replace(wall, "MODE", "blocking_email")}}, "DP06"),
			one("days to think it over", "terms: {", "terms: {cool_off_days: 7, "),
			one("please wait", lede, "      lede: {es: \"Al confirmar, queda registrada.\", en: \"Please wait while we look for an agent.\"}\n"),
		},
		near: []example{
			one("a delay of another action", "    kind: confirm\n", "    kind: confirm\n    timers: [{kind: delay, seconds: 10, action: stay}]\n"),
		},
	},
	"DP24": {
		fails: []example{
			one("undone by silence", "  - {from: registered, to: ended, on: effect}\n", "  - {from: registered, to: ended, on: effect}\n  - {from: registered, to: kept, on: silence}\n"),
			many("declining an offer pauses", []edit{{toForm, "to: offer, label"}, {"", offer + "      - {id: no, role: decline, kind: button, prominence: 2, to: paused, label: {es: \"No, gracias\", en: \"No, thank you\"}}\n"}, {"", kept}, {"", replace(replace(kept, "id: kept", "id: paused"), "outcome: kept", "outcome: paused")}}),
		},
		near: []example{
			one("undone by the customer", "  - {from: registered, to: ended, on: effect}\n", "  - {from: registered, to: ended, on: effect}\n  - {from: registered, to: kept, on: customer}\n"),
		},
	},
	"DP25": {
		fails: []example{
			one("an end that pauses", "receipt: {contents", "receipt: {outcome: paused, contents", "DP24"),
			one("an end that makes smaller", "receipt: {contents", "receipt: {outcome: downgraded, contents"),
			many("an end that makes smaller, beside a true withdrawal", []edit{{"receipt: {contents", "receipt: {outcome: downgraded, contents"}, withdraws, {"", withdrawal}, {"", withdrawn}}, "DP03"),
		},
		near: []example{
			many("a pause beside an end", []edit{{atForm, "    actions: [{id: p, role: accept, does: pause, to: paused, label: {es: \"Pausar\", en: \"Pause\"}}]\n"}, {"", replace(replace(kept, "id: kept", "id: paused"), "outcome: kept", "outcome: paused")}}),
		},
	},
	"DP26": {
		fails: []example{
			one("a label in one language", leave, `label: {es: "Darme de baja"}`),
			one("a text in one language", lede, "      lede: {es: \"Al confirmar, queda registrada.\"}\n"),
			one("the same text in both", lede, "      lede: {es: \"It is registered when you confirm.\", en: \"It is registered when you confirm.\"}\n"),
			one("a receipt in English", "time: minute}", "time: minute, language: en}"),
		},
		near: []example{
			one("a name that is the same everywhere", lede, "      lede: {es: \"Hasta Luego\", en: \"Hasta Luego\"}\n"),
			one("a receipt in the language of the request", "time: minute}", "time: minute, language: request}"),
		},
	},
	"DP27": {
		fails: []example{
			one("no way to the data", data, ""),
			many("withdrawing at the entry and not from the receipt", []edit{withdraws, {"", withdrawal}, {"", withdrawn}, {rather, ""}}),
			many("three pages to the data", []edit{
				{data, "      - {id: a, role: help, to: one, label: {es: \"Más\", en: \"More\"}}\n"},
				{"", "  - id: one\n    kind: info\n    actions: [{id: a, role: help, to: two, label: {es: \"Más\", en: \"More\"}}]\n  - id: two\n    kind: info\n    actions: [{id: a, role: help, does: export, label: {es: \"Datos\", en: \"Data\"}}]\n"},
			}),
		},
		near: []example{
			many("one page to the data", []edit{
				{data, "      - {id: a, role: help, to: one, label: {es: \"Más\", en: \"More\"}}\n"},
				{"", "  - id: one\n    kind: info\n    actions: [{id: a, role: help, does: export, label: {es: \"Datos\", en: \"Data\"}}]\n"},
			}),
			many("withdrawing at the entry and from the receipt", []edit{withdraws, {"", withdrawal}, {"", withdrawn}}),
			one("no withdrawing at all", rather, ""),
			many("nothing is held", []edit{{data, ""}, {"terms: {", "terms: {holds_data: false, "}}),
		},
	},
	"DP28": {
		fails: []example{
			one("once nothing is owed", data, replace(data, "does: export", "does: export, enabled_if: debt == 0")),
			one("once a release is signed", data, replace(data, "does: export", "does: export, enabled_if: signedRelease")),
			one("once the survey is done", data, replace(data, "does: export", "does: export, enabled_if: survey.done")),
		},
		near: []example{
			one("once it is released", data, replace(data, "does: export", "does: export, enabled_if: bundle.released")),
			one("once it is ready", data, replace(data, "does: export", "does: export, enabled_if: bundle.ready")),
		},
	},
	"DP29": {
		fails: []example{
			one("ticked beforehand", "    texts: {title: {es: \"Justificante\"", "    fields: [{id: news, asks: marketing, prechecked: true, label: {es: \"Noticias\", en: \"News\"}}]\n    texts: {title: {es: \"Justificante\""),
			one("given by leaving", field, field+"      - {id: news, asks: marketing, label: {es: \"Noticias\", en: \"News\"}}\n"),
			one("needed to leave", field, field+"      - {id: news, asks: marketing, required: true, label: {es: \"Noticias\", en: \"News\"}}\n"),
		},
		near: []example{
			one("asked behind the receipt, not ticked", "    texts: {title: {es: \"Justificante\"", "    fields: [{id: news, asks: marketing, label: {es: \"Noticias\", en: \"News\"}}]\n    texts: {title: {es: \"Justificante\""),
		},
	},
	"DP30": {
		fails: []example{
			one("no code", "contents: [code, declaration, instant]", "contents: [declaration, instant]"),
			one("a date without a time", "time: minute", "time: day"),
			one("to a mailbox that ends", "to: kept_address", "to: service_mailbox"),
			(example{name: "no end date, where the law wants one"}).under("ack.contents", jurisdiction.Value{Words: []string{"code", "end_date"}}),
		},
		near: []example{
			one("more than is needed", "contents: [code, declaration, instant]", "contents: [code, declaration, instant, adr]"),
		},
	},
	"DP31": {
		fails: []example{
			one("the platform that closed", lede, "      lede: {es: \"Reclama en https://ec.europa.eu/consumers/odr\", en: \"Complain at https://ec.europa.eu/consumers/odr\"}\n"),
			one("a costly number", "    kind: receipt\n", "    kind: receipt\n    phones: [\"+34 806 123 456\"]\n"),
		},
		near: []example{
			one("a date", lede, "      lede: {es: \"Termina el 28/12/2026.\", en: \"It ends on 28.12.2026 - 2026-12-31.\"}\n"),
			one("a costly number of Spain, that is a mobile one in Peru", "    kind: receipt\n", "    kind: receipt\n    phones: [\"+51 902 123 456\"]\n"),
			one("a plain number", "    kind: receipt\n", "    kind: receipt\n    phones: [\"+34 91 806 12 34\"]\n"),
			one("another page of the Commission", lede, "      lede: {es: \"Lee https://ec.europa.eu/consumers\", en: \"Read https://ec.europa.eu/consumers\"}\n"),
		},
	},
	"DP32": {
		fails: []example{
			one("closed by a timer", "  - {from: ended, to: closed, on: proof}\n", "  - {from: registered, to: closed, on: timer}\n"),
			one("closed by silence", "  - {from: ended, to: closed, on: proof}\n", "  - {from: verified, to: closed, on: silence}\n"),
		},
		near: []example{
			one("closed a while after the end", "  - {from: ended, to: closed, on: proof}\n", "  - {from: ended, to: closed, on: timer}\n"),
		},
	},
	"DP33": {
		fails: []example{
			one("no refunds", lede, "      lede: {es: \"Al confirmar, queda registrada.\", en: \"There are no refunds.\"}\n"),
			one("no se devuelve", lede, "      lede: {es: \"Lo pagado no se devuelve.\", en: \"It is registered when you confirm.\"}\n"),
		},
		near: []example{
			many("no refunds, but nothing is paid in advance", []edit{{"prepaid: true", "prepaid: false"}, {lede, "      lede: {es: \"Al confirmar, queda registrada.\", en: \"There are no refunds.\"}\n"}}),
			one("a refund", lede, "      lede: {es: \"Te devolvemos lo que no uses.\", en: \"We refund what you do not use.\"}\n"),
		},
	},
	"DP34": {
		fails: []example{
			one("a month before", "renewal: 0", "renewal: 30").under("renewal.opt_out_deadline.max_before", days(0)),
			one("six weeks, where a month is the most", "renewal: 0", "renewal: 42").under("renewal.opt_out_deadline.max_before", days(30)),
		},
		near: []example{
			one("a month, where a month is the most", "renewal: 0", "renewal: 30").under("renewal.opt_out_deadline.max_before", days(30)),
			one("a month, where no law says less", "renewal: 0", "renewal: 30"),
		},
	},
	"DP35": {
		fails: []example{
			one("the button is not on the telephone", "does: cancel, kind: button, to: form", "does: cancel, only: {devices: [desktop]}, kind: button, to: form", "DP01", "DP03"),
			many("the page is not in the app", []edit{{"devices: [desktop, mobile]", "devices: [desktop, app]"}, {"    kind: confirm\n", "    kind: confirm\n    not: {devices: [app]}\n"}}, "DP01", "DP03"),
		},
		near: []example{
			many("another button on the telephone", []edit{{"    actions:\n      - {id: leave, role: exit,", "    actions:\n      - {id: tap, role: exit, to: form, only: {devices: [mobile]}, label: {es: \"Darme de baja\", en: \"Cancel my contract\"}}\n      - {id: leave, role: exit, not: {devices: [mobile]},"}}),
		},
	},
	"DP36": {
		fails: []example{
			one("not by keyboard", yes, replace(yes, "prominence: 2", "prominence: 2, keyboard: false")),
			one("grey on grey", "defaults: {contrast: 7, size: 1}", "defaults: {contrast: 3.2, size: 1}"),
			one("the page ends too soon", "    kind: confirm\n", "    kind: confirm\n    timers: [{kind: timeout, seconds: 60}]\n"),
		},
		near: []example{
			one("just enough contrast", "defaults: {contrast: 7, size: 1}", "defaults: {contrast: 4.5, size: 1}"),
			one("the page can be extended", "    kind: confirm\n", "    kind: confirm\n    timers: [{kind: timeout, seconds: 60, extendable: true}]\n"),
		},
	},
	"DP37": {
		fails: []example{
			many("an offer in the thread", []edit{{data, data + "      - {id: q, role: help, to: offer, label: {es: \"Ver\", en: \"See\"}}\n"}, {"", replace(offer, "    kind: offer\n", "    kind: offer\n    channel: service\n")}, {"", kept}}),
			many("an answer of service that offers", []edit{{data, data + "      - {id: q, role: help, to: mail, label: {es: \"Ver\", en: \"See\"}}\n"}, {"", "  - id: mail\n    kind: info\n    channel: service\n    actions: [{id: take, role: help, does: accept_offer, label: {es: \"Descuento\", en: \"Discount\"}}]\n"}}),
		},
		near: []example{
			many("an offer of the portal", []edit{{data, data + "      - {id: q, role: help, to: offer, label: {es: \"Ver\", en: \"See\"}}\n"}, {"", offer}, {"", kept}}),
			many("an answer of service", []edit{{data, data + "      - {id: q, role: help, to: mail, label: {es: \"Ver\", en: \"See\"}}\n"}, {"", "  - id: mail\n    kind: info\n    channel: service\n    actions: [{id: r, role: help, does: human, label: {es: \"Responder\", en: \"Reply\"}}]\n"}}),
		},
	},
	"DP38": {
		fails: []example{
			one("a penalty by itself", "    kind: form\n", "    kind: form\n    amounts: [{id: fee, what: fee, from: quote, posted: automatic}]\n"),
			one("and on the receipt", "    kind: receipt\n", "    kind: receipt\n    amounts: [{id: fee, what: fee, from: quote, posted: automatic}]\n", "DP22"),
		},
		near: []example{
			one("with its record", "    kind: form\n", "    kind: form\n    amounts: [{id: fee, what: fee, from: quote, posted: automatic, proportion: benefit * days_left / days}]\n"),
			one("by a person", "    kind: form\n", "    kind: form\n    amounts: [{id: fee, what: fee, from: quote, posted: person}]\n"),
		},
	},
}
