package console

import (
	"cmp"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
	"hastaluego/internal/when"
)

// eventView is one entry of the log in words.
type eventView struct {
	Icon, Class, Text, At, Who, Quote string
	Type, Stream                      string
	Index                             string // place in the log, or that it has none yet
	Sealed                            bool
}

// eventWords is what the words of an entry are taken from: names of people, of
// steps and of their items.
type eventWords struct {
	users map[string]string
	steps []offboarding.Step
	works []offboarding.Work
	names map[string]string // of what works are done to: id → account or reference
}

// eventLooks are the icons of entries; only what was read back is green.
var eventLooks = map[string]badge{
	"work.verified": {Icon: "checks", Class: "ok"}, "step.verified": {Icon: "checks", Class: "ok"}, "work.undone": {Icon: "checks", Class: "ok"},
	"work.failed": {Icon: "x", Class: "bad"}, "work.uncertain": {Icon: "alert", Class: "bad"}, "step.blocked": {Icon: "alert", Class: "bad"},
	"bundle.sending": {Icon: "box"}, "bundle.sent": {Icon: "checks", Class: "ok"}, "bundle.send_failed": {Icon: "x", Class: "bad"},
	"handover.destroyed": {Icon: "check"}, "handover.kept": {Icon: "pause"}, "handover.kept_over": {Icon: "clock", Class: "warn"},
	"processor.asked": {Icon: "mail"}, "processor.refused": {Icon: "alert", Class: "warn"}, "processor.reminded": {Icon: "clock"}, "processor.proved": {Icon: "check"}, "processor.unanswered": {Icon: "alert", Class: "warn"},
	"order.asked": {Icon: "shield"}, "order.agreed": {Icon: "shield", Class: "bad"}, "order.refused": {Icon: "x"}, "order.lifted": {Icon: "check"},
	"access.reopened": {Icon: "alert", Class: "bad"}, "access.widened": {Icon: "alert", Class: "bad"}, "access.retested": {Icon: "checks", Class: "ok"}, "access.still_read_only": {Icon: "checks", Class: "ok"}, "access.retest_unclear": {Icon: "alert"}, "grant.found": {Icon: "alert"},
	"message.withheld": {Icon: "dash"}, "message.bounced": {Icon: "x", Class: "bad"}, "work.called": {Icon: "ring"}, "work.attested": {Icon: "user"}, "step.attested": {Icon: "user"}, "work.resumed": {Icon: "user"}, "wait.extended": {Icon: "clock"},
	"item.ticked": {Icon: "check"}, "item.unticked": {Icon: "x"}, "message.queued": {Icon: "mail"}, "message.sent": {Icon: "mail"},
	"request.received": {Icon: "doc"}, "request.matched": {Icon: "user"}, "request.verified": {Icon: "shieldok"}, "case.registered": {Icon: "doc"},
	"case.reversing": {Icon: "undo"}, "case.reversed": {Icon: "undo"}, "step.undone": {Icon: "undo"}, "work.undo_done": {Icon: "undo"},
	"case.effective": {Icon: "cal"}, "clock.moved": {Icon: "clock"}, "step.ready": {Icon: "clock"},
	"staff.signed_in": {Icon: "key"}, "api_key.made": {Icon: "key"}, "api_key.revoked": {Icon: "key"}, "staff.added": {Icon: "user"}, "staff.viewed_as": {Icon: "user"},
}

func (v *visit) viewEvent(t app.TimelineEntry, ew eventWords) eventView {
	ev := eventView{
		Type: t.Type, At: text.ShortInstant(v.lang, t.At, v.zone()), Who: who(v.lang, t.Actor, ew.users), Stream: t.Case,
		Index: v.say("log.unsealed"), Sealed: t.Index >= 0, Icon: "dot",
	}
	if ev.Sealed {
		ev.Index = v.say("log.index", "n", t.Index)
	}
	if look, ok := eventLooks[t.Type]; ok {
		ev.Icon, ev.Class = look.Icon, look.Class
	}
	code := "console.event." + t.Type
	if _, told := t.Args["why"].(string); told && text.Known(v.lang, code+".why") {
		code += ".why"
	}
	// A rule of the assignment gave it away. Elsewhere a rule is one of law.
	if _, given := t.Args["rule"].(string); given && text.Known(v.lang, code+".rule") {
		code += ".rule"
	}
	switch {
	case !text.Known(v.lang, code):
		ev.Text = t.Type
	case t.Args == nil:
		ev.Text = v.say("log.unreadable", "type", t.Type)
	default:
		ev.Text = text.Say(v.lang, code, v.eventArgs(t, ew)...)
		ev.Quote, _ = t.Args["evidence"].(string)
		if cause, _ := t.Args["cause"].(string); cause != "" {
			ev.Quote = cause
		}
		if strings.HasPrefix(ev.Quote, "{") { // what a machine answered is on the step, not here
			ev.Quote = ""
		}
	}
	return ev
}

// eventArgs words the arguments of an entry. Every slot that an entry's words
// may have is filled, so that nobody meets a naked one.
func (v *visit) eventArgs(t app.TimelineEntry, ew eventWords) []any {
	get := func(name string) string {
		if n, ok := t.Args[name].(float64); ok { // numbers of JSON
			return text.Number(v.lang, int64(n))
		}
		s, _ := t.Args[name].(string)
		return s
	}
	step := stepOf(ew, get("step"), get("work"))
	stepName, itemName := get("step"), get("item")
	if step != nil {
		stepName = title(v.lang, step.Title, step.Key)
		for _, it := range step.Items {
			if it.Key == get("item") {
				itemName = web.ItemName(v.lang, it)
			}
		}
	}
	if stepName == "" && get("ending") != "" {
		stepName = v.say("ending.title.one")
	}
	if stepName = cmp.Or(stepName, get("playbook"), get("flow")); stepName == "" {
		stepName = v.say("event.some_step")
	}
	from, to := get("from"), get("to")
	if t.Type == "staff.role_changed" {
		from, to = roles(v.lang, strings.Fields(from)), roles(v.lang, strings.Fields(to))
	}
	day := cmp.Or(get("effective"), get("day"))
	if d, err := when.ParseDate(day); err == nil {
		day = text.LongDate(v.lang, d)
	}
	var fields []string
	for f := range strings.FieldsFuncSeq(get("fields"), func(r rune) bool { return r == ',' || r == ' ' }) {
		fields = append(fields, known(v.lang, "console.company."+f, f))
	}
	return []any{
		"draft", get("draft"), "number", get("number"), "flow", get("flow"), "version", get("version"), "key", get("key"), "fields", strings.Join(fields, ", "),
		"step", stepName, "item", itemName, "why", why(v.lang, get("why"), get("system")), "day", day,
		"system", v.eventSystem(ew, get("system"), get("work")), "by", who(v.lang, get("by"), ew.users),
		"code", get("code"), "channel", known(v.lang, "console.channel."+get("channel"), get("channel")), "playbook", get("playbook"),
		"kind", known(v.lang, "console.notice.kind."+get("kind"), get("kind")), "rule", v.lawRule(get("rule")),
		"decision", known(v.lang, "console.decision."+get("decision"), get("decision")), "subject", get("subject"), "from", from, "to", to,
		"email", get("email"), "value", get("value"), "paper", known(v.lang, "console.paper."+get("paper"), get("paper")), "reference", get("reference"),
		"user", who(v.lang, get("user"), ew.users), "as", who(v.lang, get("as"), ew.users), "day_from", v.moment(get("from")), "day_to", v.moment(get("to")),
		"name", get("name"), "guesses", get("guesses"), "seat", known(v.lang, "console.seat."+get("seat"), get("seat")), "what", moneys(v.lang, get("what")), "title", get("title"), "receipt", get("receipt"), "effective", day, "customers", get("customers"), "contracts", get("contracts"),
		"cases", get("cases"), "stay", get("stay"), "rows", get("rows"), "changed", get("changed"), "rejected", get("rejected"),
		"until", v.moment(get("until")), "host", get("host"), "messages", get("messages"), "way", known(v.lang, "console.instead.way."+get("way"), get("way")), "hours", get("hours"), "reason", reasonLabel(v.lang, get("reason")),
	}
}

// eventSystem is the far system that an entry is about, with what of it: the access
// that was closed there, the contract that was ended.
func (v *visit) eventSystem(ew eventWords, system, work string) string {
	said := known(v.lang, "console.system."+system, system)
	for _, w := range ew.works {
		if name := ew.names[w.Item]; string(w.ID) == work && name != "" && name != system {
			return said + ", " + name
		}
	}
	return said
}

// moneys writes sums as the reader does, where the log has nothing but sums:
// "129.00 EUR, 10.00 GBP".
func moneys(lang, what string) string {
	var out []money.Amount
	for one := range strings.SplitSeq(what, ", ") {
		decimal, code, _ := strings.Cut(one, " ")
		a, err := money.Parse(decimal, code)
		if err != nil {
			return what
		}
		out = append(out, a)
	}
	return text.Sums(lang, out)
}

// lawRule is what a rule of law says, within a sentence; its id where no pack
// has it any more.
func (v *visit) lawRule(id string) string {
	if r := v.App.Law().Rule(id); r != nil && r.Message[v.lang] != "" {
		return strings.TrimSuffix(r.Message[v.lang], ".")
	}
	return id
}

// stepOf finds the step that an entry is about, by its key or by its work.
func stepOf(ew eventWords, key, work string) *offboarding.Step {
	var id offboarding.StepID
	for _, w := range ew.works {
		if string(w.ID) == work {
			id = w.Step
		}
	}
	for i := range ew.steps {
		if s := &ew.steps[i]; key != "" && s.Key == key || id != "" && s.ID == id {
			return s
		}
	}
	return nil
}
