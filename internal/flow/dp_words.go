package flow

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"hastaluego/internal/jurisdiction"
)

// deciding calls do for the actions whose label law looks at: those that lead
// from an entry, and those of a confirmation that register.
func (v *View) deciding(do func(i, j int, a *Action)) {
	v.way(func(i int, n *Node) {
		if n.Kind != "entry" && n.Kind != "confirm" || n.medium() != "web" && n.medium() != "app" {
			return // no law prescribes what somebody says on the telephone
		}
		v.eachAction(i, func(j int, a *Action) {
			if a.Role == "exit" {
				do(i, j, a)
			}
		})
	})
}

// prescribedParam is the parameter that prescribes the label of an action.
func prescribedParam(n *Node, a *Action, act string) string {
	withdraws := a.Does == "withdraw" || act == "withdraw"
	switch {
	case n.Kind == "entry" && withdraws:
		return "withdraw.fn.label"
	case n.Kind == "entry":
		return "entry.label"
	case withdraws:
		return "withdraw.confirm.label"
	}
	return "confirm.label"
}

// accepts judges a label by wordings: those of the reader's language, or of any
// language where the law has none in it. A rule that allows other words that
// nobody can doubt wants them signed.
func (v *View) accepts(a *Action, wordings []jurisdiction.Wording) bool {
	label, lang, _ := v.Label(a)
	same := slices.ContainsFunc(wordings, func(w jurisdiction.Wording) bool { return w.Lang == v.Variant.Language })
	reviewed := false
	for _, w := range wordings {
		if w.Accepts(label) && (w.Lang == lang || !same) {
			return true
		}
		reviewed = reviewed || w.Reviewed && (w.Lang == v.Variant.Language || !same)
	}
	return reviewed && a.Reviewed != nil
}

// borrowed is the pack under whose name an action shows words that its law does
// not have there; empty: it shows its own, or those of the law. Nothing is where
// that law prescribes no words at all.
func (v *View) borrowed(i int, a *Action) (pack string, nothing bool) {
	pack, _ = v.prescribed(a)
	label, _, _ := v.Label(a)
	some, these := v.law.prescribes(pack, prescribedParam(v.node(i), a, v.Flow.Act), label)
	if pack == "" || these {
		return "", false
	}
	return pack, !some
}

// dp08 is law.md DP08, the wrong or vague label: not what the law prescribes
// there, words that promise a question instead of an end, or words under the
// name of a law that has no such words.
func dp08(v *View) (out []sight) {
	v.deciding(func(i, j int, a *Action) {
		label, lang, _ := v.Label(a)
		pack, _ := v.prescribed(a)
		borrowed, _ := v.borrowed(i, a)
		if (pack == "" || borrowed != "") && a.Reviewed == nil {
			if s := v.says(lang, label, "vague"); s != "" {
				out = append(out, at(i, v.labelAt(j, a), "vague_label", "label", label).about("not_prescribed").by(a).said(s))
				return
			}
		}
		if v.law.Effective != nil {
			param := prescribedParam(v.node(i), a, v.Flow.Act)
			if s, ok := v.law.Effective.Of(param); ok && s.Outcome == jurisdiction.Settled && !v.accepts(a, s.Value.Labels) {
				out = append(out, at(i, v.labelAt(j, a), "not_prescribed", "label", label, "wanted", wanted(s.Value.Labels, v.Variant.Language)).by(a).said(label))
				return
			}
		}
		if borrowed != "" {
			out = append(out, at(i, v.labelAt(j, a), "not_of_the_law", "label", label, "pack", borrowed).about("not_prescribed").by(a).said(label))
		}
	})
	return out
}

// wanted are the labels that would do, in the language of the reader if there
// are any.
func wanted(wordings []jurisdiction.Wording, lang string) string {
	var own, all []string
	for _, w := range wordings {
		all = append(all, w.AnyOf...)
		if w.Lang == lang {
			own = append(own, w.AnyOf...)
		}
	}
	if len(own) > 0 {
		all = own
	}
	return "“" + strings.Join(all, "”, “") + "”"
}

// dp15 is law.md DP15, confirmshaming: whoever leaves or declines must say
// something about themselves that nobody likes to say, or whoever stays that
// leaving would be stupid. A lexicon finds it, so
// people look at it: it never blocks.
func dp15(v *View) (out []sight) {
	v.met(func(i int, n *Node) {
		v.eachAction(i, func(j int, a *Action) {
			lists, why := []string{"shame", "guilt"}, "shame"
			switch a.Role {
			case "exit", "decline":
			case "keep", "accept":
				lists, why = []string{"praise"}, "praise"
			default:
				return
			}
			label, lang, _ := v.Label(a)
			for _, list := range lists {
				if s := v.says(lang, label, list); s != "" {
					out = append(out, at(i, v.labelAt(j, a), why).by(a).said(s))
					return
				}
			}
		})
		if !v.before[i] {
			return
		}
		for _, t := range v.texts(i) {
			if s := v.read(t).says("guilt"); s != "" {
				out = append(out, at(i, t.below, "guilt").said(s))
			}
		}
	})
	return out
}

// dp18 is law.md DP18, trick wording: a label that says the opposite of what
// its action does, or two labels of one page that both say "cancel" and do
// different things.
func dp18(v *View) (out []sight) {
	for _, page := range v.pressed() {
		var same []pressable // what says that it ends the contract
		for _, p := range page {
			n, a := v.node(p.node), p.action
			meant, words := v.meant(a)
			stays := a.Role == "keep" || a.Role == "back" || a.Role == "accept" || a.Role == "decline" && n.Kind != "offer" && n.Kind != "survey"
			switch {
			case a.Role == "exit" && (meant == "keep" || meant == "back"),
				stays && meant == "exit":
				out = append(out, at(p.node, v.labelAt(p.at, a), "says_the_opposite", "role", a.Role).by(a).said(words))
			case meant == "exit":
				same = append(same, p)
			}
		}
		for k, p := range same {
			twice := slices.ContainsFunc(same[:k], func(o pressable) bool { return v.doubles(p, o) })
			less := slices.ContainsFunc(same[k+1:], func(o pressable) bool { return p.leaves() < o.leaves() })
			if twice || less {
				label, _, _ := v.Label(p.action)
				out = append(out, at(p.node, v.labelAt(p.at, p.action), "says_the_same", "label", label).by(p.action).said(label))
			}
		}
	}
	return out
}

// leaves is 1 for what goes on to the end of the contract, and 0 for what closes
// the page, undoes, or makes less of it.
func (p pressable) leaves() int {
	switch a := p.action; {
	case slices.Contains(tempting, a.Does), a.Does == "undo", a.Role == "help" && a.Does == "" && a.To == "":
		return 0
	}
	return 1
}

// doubles reports whether an action says what one before it on the page says,
// and does something else.
func (v *View) doubles(p, before pressable) bool {
	if p.leaves() < before.leaves() {
		return true
	}
	one, _, _ := v.Label(p.action)
	other, _, _ := v.Label(before.action)
	a, b := p.action.Does, before.action.Does
	return strings.EqualFold(one, other) && a != b && a != "" && b != ""
}

// dp19 is law.md DP19, double negatives and texts that are hard to read. It
// never blocks: a measure is no reader.
func dp19(v *View) (out []sight) {
	v.way(func(i int, n *Node) {
		v.eachAction(i, func(j int, a *Action) {
			label, lang, _ := v.Label(a)
			if label == "" {
				return
			}
			said := label + ". " + a.Help[lang]
			if k := v.reader.read(lang, said).count("negation"); k >= 2 {
				out = append(out, at(i, v.labelAt(j, a), "negatives", "count", k).by(a).said(strings.TrimSpace(strings.TrimSuffix(said, ". "))))
			}
		})
		for _, t := range v.texts(i) {
			r := v.read(t)
			if hard := r.lex.hard; hard > 0 && r.words() >= 20 && r.difficulty() > hard {
				out = append(out, at(i, t.below, "hard_to_read", "lix", r.difficulty(), "max", hard))
			}
		}
	})
	return out
}

// dp20 is law.md DP20, fake urgency: a countdown or "today only" without an end
// that the server keeps and that can be asked for.
func dp20(v *View) (out []sight) {
	v.met(func(i int, n *Node) {
		for k, t := range n.Timers {
			if t.Kind == "countdown" && t.Expiry == "" {
				out = append(out, at(i, indexed(".timers", k), "countdown"))
			}
		}
		if n.Offer != nil && n.Offer.Expiry != "" {
			return
		}
		for _, t := range v.everything(i) {
			if s := v.read(t).says("urgency"); s != "" {
				out = append(out, at(i, t.below, "urgency").said(s))
			}
		}
	})
	return out
}

// money is a sum as people write it.
var money = regexp.MustCompile(`(?:[€$£]|US\$)\s?\d+(?:[.,]\d+)*|\d+(?:[.,]\d+)*\s?(?:€|EUR|USD|\$|£|GBP|ARS|MXN|pesos|euros|dollars|dólares)`)

// dp21 is law.md DP21, false claims of loss: data said to be lost although they
// can be fetched, or a fee that is written down instead of computed.
func dp21(v *View) (out []sight) {
	v.way(func(i int, n *Node) {
		quoted := slices.ContainsFunc(n.Amounts, func(a Amount) bool { return a.What == "fee" && a.From == "quote" })
		for _, t := range v.everything(i) {
			if whole := v.read(t); whole.says("loss") == "" && whole.says("fee") == "" {
				continue
			}
			for _, s := range v.reader.sentences(t.lang, t.text) {
				if w := s.says("loss"); w != "" && s.says("safe") == "" {
					out = append(out, at(i, t.below, "loss_claimed").said(w))
				}
				if sum := money.FindString(s.text); sum != "" && s.says("fee") != "" && !quoted {
					out = append(out, at(i, t.below, "fee_written", "sum", sum).said(sum))
				}
			}
		}
	})
	return out
}

// fewWords is how many words two languages may have in common without one
// being the other: names and cognates.
const fewWords = 4

// dp26 is law.md DP26, the language that breaks off: a text of the way out that
// is missing in the language that is served, or stands there in another one; or
// a receipt in another language than the request.
func dp26(v *View) (out []sight) {
	lang := v.Variant.Language
	for i := range v.in {
		if !v.in[i] || !v.onTheWay(i) && !v.isGoal(i) && !v.after[i] {
			continue
		}
		n := v.node(i)
		for _, code := range v.Flow.codes[i] {
			out = v.spoken(out, i, ".texts."+code, n.Texts[code], lang)
		}
		v.eachAction(i, func(j int, a *Action) {
			_, nothing := v.borrowed(i, a)
			if label, l, beside := v.Label(a); label == "" || l != lang && (beside == "" || nothing) {
				out = append(out, at(i, actionAt(j)+".label", "text_missing", "lang", lang).by(a))
			}
			if len(a.Help) > 0 {
				out = v.spoken(out, i, actionAt(j)+".help", a.Help, lang)
			}
		})
		for _, j := range v.fields[i] {
			out = v.spoken(out, i, fieldAt(j)+".label", n.Fields[j].Label, lang)
			if len(n.Fields[j].Help) > 0 {
				out = v.spoken(out, i, fieldAt(j)+".help", n.Fields[j].Help, lang)
			}
		}
		if n.Receipt != nil && n.Receipt.Language != "" && n.Receipt.Language != "request" && n.Receipt.Language != lang {
			out = append(out, at(i, ".receipt.language", "receipt_language", "lang", lang, "other", n.Receipt.Language))
		}
	}
	return out
}

func (v *View) spoken(out []sight, i int, below string, w Words, lang string) []sight {
	s, ok := w[lang]
	if !ok {
		return append(out, at(i, below, "text_missing", "lang", lang))
	}
	for _, other := range v.Flow.Languages {
		if other != lang && w[other] == s && v.reader.read(lang, s).words() > fewWords && strings.IndexFunc(s, unicode.IsLetter) >= 0 {
			return append(out, at(i, below+"."+lang, "untranslated", "lang", lang, "other", other).said(s))
		}
	}
	return out
}

var (
	linkForm = regexp.MustCompile(`https?://[^\s"'<>)]+|\bec\.europa\.eu/[^\s"'<>)]+`)
	// odr is the platform that closed on 20 July 2025.
	odr = regexp.MustCompile(`(?i)ec\.europa\.eu/(?:consumers/odr|odr)|webgate\.ec\.europa\.eu/odr`)
)

// numbers calls do for every telephone number of a node.
func (v *View) numbers(i int, do func(below, phone string)) {
	for k, p := range v.node(i).Phones {
		do(indexed(".phones", k), p)
	}
	for _, t := range v.texts(i) {
		for _, p := range v.read(t).marked().phones {
			do(t.below, p)
		}
	}
}

// odrLinks are links to the platform that is no more.
func odrLinks(v *View) (out []sight) {
	v.met(func(i int, n *Node) {
		for k, l := range n.Links {
			if odr.MatchString(l) {
				out = append(out, at(i, indexed(".links", k), "odr_link").said(l))
			}
		}
		for _, t := range v.everything(i) {
			for _, l := range v.read(t).marked().links {
				if odr.MatchString(l) {
					out = append(out, at(i, t.below, "odr_link").said(l))
				}
			}
		}
	})
	return out
}

// dp31 is law.md DP31, dead or obsolete links: the closed dispute platform and
// numbers that cost more than a call. Whether other links still answer cannot
// be seen in a description.
func dp31(v *View) (out []sight) {
	out = odrLinks(v)
	v.met(func(i int, _ *Node) {
		v.numbers(i, func(below, phone string) {
			if rate(phone, v.countries()) == "any" {
				out = append(out, at(i, below, "premium_phone").said(phone))
			}
		})
	})
	return out
}

// dp33 is law.md DP33, the "no refunds" clause towards consumers who paid in
// advance.
func dp33(v *View) (out []sight) {
	if v.Flow.Audience == "business" || v.Flow.Terms.Prepaid != nil && !*v.Flow.Terms.Prepaid {
		return nil
	}
	v.met(func(i int, _ *Node) {
		for _, t := range v.everything(i) {
			if s := v.read(t).says("no_refund"); s != "" {
				found := at(i, t.below, "no_refunds").said(s)
				if v.Flow.Terms.Prepaid == nil {
					found = found.unknown()
				}
				out = append(out, found)
			}
		}
	})
	return out
}
