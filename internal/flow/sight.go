package flow

import (
	"fmt"
	"slices"
	"strings"

	"hastaluego/internal/jurisdiction"
)

// sight is something that was seen in a variant, and what it means.
type sight struct {
	result  jurisdiction.Result // Fail or Unknown; what passes is no sight
	node    int                 // −1: the flow as a whole
	action  string
	path    string // where in the file
	why     string // code of the words: flow.why.<why>
	args    []any
	words   string // that offend
	topic   string // of a why that others share: by it a rule and a pattern say the same; empty: the why
	pattern string // of what a parameter sums up
	seen    *jurisdiction.Value
	known   bool // seen is judged against a rule; nil is what cannot be known
}

// at is a sight of a node; below is the path in it: ".actions[2].label.es".
func at(i int, below, why string, args ...any) sight {
	s := sight{result: jurisdiction.Fail, node: i, why: why, args: args, path: "$" + below}
	if i >= 0 {
		s.path = fmt.Sprintf("$.nodes[%d]%s", i, below)
	}
	return s
}

func (s sight) said(words string) sight { s.words = words; return s }
func (s sight) by(a *Action) sight      { s.action = a.ID; return s }
func (s sight) about(t string) sight    { s.topic = t; return s }
func (s sight) unknown() sight          { s.result = jurisdiction.Unknown; return s }

// sees is a sight that a rule judges; nil is what cannot be known.
func (s sight) sees(v *jurisdiction.Value) sight { s.seen, s.known = v, true; return s }

func actionAt(j int) string { return indexed(".actions", j) }

// labelAt is where the label that is met stands in the file.
func (v *View) labelAt(j int, a *Action) string {
	pack, w := v.prescribed(a)
	_, lang, _ := v.Label(a)
	switch {
	case pack != "" && w[lang] != "":
		return fmt.Sprintf(".actions[%d].prescribed.%s.%s", j, pack, lang)
	case a.Label[v.Variant.Language] != "":
		return fmt.Sprintf(".actions[%d].label.%s", j, v.Variant.Language)
	}
	return actionAt(j)
}

// text is something that a node says in the language of the variant.
type text struct {
	below, text, lang string
}

// texts are what a node says beside its labels.
func (v *View) texts(i int) (out []text) {
	n, lang := v.node(i), v.Variant.Language
	for _, code := range v.Flow.codes[i] {
		if s := n.Texts[code][lang]; s != "" {
			out = append(out, text{".texts." + code + "." + lang, s, lang})
		}
	}
	for j := range n.Action {
		if s := n.Action[j].Help[lang]; s != "" && slices.Contains(v.actions[i], j) {
			out = append(out, text{fmt.Sprintf(".actions[%d].help.%s", j, lang), s, lang})
		}
	}
	for _, j := range v.fields[i] {
		if s := n.Fields[j].Help[lang]; s != "" {
			out = append(out, text{fmt.Sprintf(".fields[%d].help.%s", j, lang), s, lang})
		}
	}
	return out
}

// everything is what a node says with its labels.
func (v *View) everything(i int) []text {
	out := v.texts(i)
	v.eachAction(i, func(j int, a *Action) {
		if label, lang, _ := v.Label(a); label != "" {
			out = append(out, text{v.labelAt(j, a), label, lang})
		}
	})
	for _, j := range v.fields[i] {
		if s := v.node(i).Fields[j].Label[v.Variant.Language]; s != "" {
			out = append(out, text{fmt.Sprintf(".fields[%d].label.%s", j, v.Variant.Language), s, v.Variant.Language})
		}
	}
	return out
}

func (v *View) read(t text) *read { return v.reader.read(t.lang, t.text) }

// says is the first passage of a label that matches a list.
func (v *View) says(lang, label, list string) string { return v.reader.read(lang, label).says(list) }

// meant is the role that a label promises: exit, keep or back; empty: any.
func (v *View) meant(a *Action) (role, words string) {
	label, lang, _ := v.Label(a)
	t := v.reader.read(lang, label)
	for _, m := range []struct{ list, role string }{{"not_exit", "keep"}, {"exit", "exit"}, {"keep", "keep"}, {"back", "back"}} {
		if s := t.says(m.list); s != "" {
			return m.role, s
		}
	}
	return "", ""
}

// number is what the law asks of a parameter that counts.
func (v *View) number(param string) (int, bool) {
	if v.law.Effective == nil {
		return 0, false
	}
	s, ok := v.law.Effective.Of(param)
	return int(s.Value.N), ok && s.Outcome == jurisdiction.Settled
}

// listed are the words that the law lists for a parameter; ok is false where it
// says nothing.
func (v *View) listed(param string) ([]string, bool) {
	if v.law.Effective == nil {
		return nil, false
	}
	s, ok := v.law.Effective.Of(param)
	return s.Value.Words, ok && s.Outcome == jurisdiction.Settled
}

// times are those that the law sets for a parameter, all of which hold; ok is
// false where it sets none.
func (v *View) times(param string) ([]jurisdiction.Time, bool) {
	if v.law.Effective == nil {
		return nil, false
	}
	s, ok := v.law.Effective.Of(param)
	return s.Value.Times, ok && s.Outcome == jurisdiction.Settled
}

// asked reports whether the law asks for something that is there or not.
func (v *View) asked(param string) bool {
	if v.law.Effective == nil {
		return false
	}
	s, ok := v.law.Effective.Of(param)
	return ok && s.Outcome == jurisdiction.Settled && s.Value.On
}

// way calls do for every node on a way out, before its receipt.
func (v *View) way(do func(i int, n *Node)) {
	for i := range v.in {
		if v.onTheWay(i) {
			do(i, v.node(i))
		}
	}
}

// pressable is an action with its place.
type pressable struct {
	node, at int
	action   *Action
}

// pressed are the actions on the way out, page by page: a page is seen whole.
func (v *View) pressed() (pages [][]pressable) {
	place := map[string]int{}
	v.way(func(i int, n *Node) {
		k, known := place[n.page()]
		if !known {
			k = len(pages)
			place[n.page()] = k
			pages = append(pages, nil)
		}
		v.eachAction(i, func(j int, a *Action) { pages[k] = append(pages[k], pressable{i, j, a}) })
	})
	return pages
}

// met calls do for every node of the variant that anybody can come to.
func (v *View) met(do func(i int, n *Node)) {
	for i := range v.in {
		if v.in[i] && (v.before[i] || v.after[i] || slices.Contains(v.goals, i)) {
			do(i, v.node(i))
		}
	}
}

func (v *View) isKind(kind string) func(int) bool {
	return func(i int) bool { return v.in[i] && v.node(i).Kind == kind }
}

// receipts are the goals, with what they say of themselves.
func (v *View) receipts(do func(i int, r Receipt)) {
	for _, i := range v.goals {
		r := Receipt{}
		if n := v.node(i); n.Receipt != nil {
			r = *n.Receipt
		}
		do(i, r)
	}
}

func list(words []string) string { return strings.Join(words, ", ") }

func indexed(key string, i int) string { return fmt.Sprintf("%s[%d]", key, i) }
func fieldAt(j int) string             { return indexed(".fields", j) }
