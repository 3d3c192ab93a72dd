package flow

import (
	"slices"

	"hastaluego/internal/jurisdiction"
)

// Law is what a customer of a place is under: the packs and what they say
// about the facts.
type Law struct {
	// Name is how whoever asks names it: "de", "es+es-telecom".
	Name string
	// Place is the name without what is only supposed of the customer.
	Place string
	// Packs are all packs that hold, with those that they extend.
	Packs     []string
	Effective *jurisdiction.Effective
	labels    []*jurisdiction.Rule // of the packs, whether they hold for the facts or not
}

// prescribes reports whether the law of a pack has words for a parameter, and
// whether a label is among them.
func (l Law) prescribes(pack, param, label string) (some, these bool) {
	for _, r := range l.labels {
		if r.Pack.ID == pack && r.Param.Name == param {
			some = true
			these = these || slices.ContainsFunc(r.Value.Labels, func(w jurisdiction.Wording) bool { return w.Accepts(label) })
		}
	}
	return some, these
}

// Variant is one of the flows that a description holds: what one customer
// meets. Each is checked on its own.
type Variant struct {
	Law      string `json:"law"`
	Language string `json:"language"`
	Device   string `json:"device"`
	Arm      string `json:"arm,omitempty"`
	Segment  string `json:"segment,omitempty"`
}

// View is a variant: nodes and actions that this customer does not meet are
// not in it.
type View struct {
	Flow    *Flow
	Variant Variant
	law     Law
	reader  *reader
	signup  *View            // nil: not described
	others  map[string]*View // the same for other devices

	in      []bool   // node → it is met
	actions [][]int  // node → those of its actions that are met
	fields  [][]int  // likewise
	out     [][]edge // node → where one comes from it
	entries []int
	goals   []int  // receipts that say that what was asked for has begun
	before  []bool // nodes met by somebody who is leaving, before a receipt
	exits   []bool // a goal can be reached from here
	after   []bool // nodes met behind a goal
}

// edge leads from a node to another; action is −1 where one only reads on.
type edge struct{ from, action, to int }

// matches reports whether a narrowing holds for the variant.
func (o Only) matches(v Variant, packs []string) bool {
	in := func(list []string, x string) bool { return len(list) == 0 || slices.Contains(list, x) }
	return in(o.Arms, v.Arm) && in(o.Languages, v.Language) && in(o.Devices, v.Device) && in(o.Segments, v.Segment) &&
		(len(o.Packs) == 0 || slices.ContainsFunc(o.Packs, func(p string) bool { return slices.Contains(packs, p) }))
}

func met(only, not Only, v Variant, packs []string) bool {
	return only.matches(v, packs) && (not.empty() || !not.matches(v, packs))
}

// Compile makes the flow that one customer meets.
func (f *Flow) Compile(law Law, v Variant) *View {
	return compile(f, law, v, newReader())
}

func compile(f *Flow, law Law, variant Variant, r *reader) *View {
	n := len(f.Nodes)
	v := &View{Flow: f, Variant: variant, law: law, reader: r, in: make([]bool, n), actions: make([][]int, n), fields: make([][]int, n), out: make([][]edge, n)}
	for i := range f.Nodes {
		v.in[i] = met(f.Nodes[i].Only, f.Nodes[i].Not, variant, law.Packs)
	}
	for i := range f.Nodes {
		if !v.in[i] {
			continue
		}
		node := &f.Nodes[i]
		if node.Kind == "entry" {
			v.entries = append(v.entries, i)
		}
		if to, ok := f.index[node.Next]; ok && v.in[to] {
			v.out[i] = append(v.out[i], edge{i, -1, to})
		}
		for j := range node.Action {
			a := &node.Action[j]
			to, leads := f.index[a.To]
			if !met(a.Only, a.Not, variant, law.Packs) || leads && !v.in[to] {
				continue
			}
			v.actions[i] = append(v.actions[i], j)
			if leads {
				v.out[i] = append(v.out[i], edge{i, j, to})
			}
		}
		for j := range node.Fields {
			if met(node.Fields[j].Only, node.Fields[j].Not, variant, law.Packs) {
				v.fields[i] = append(v.fields[i], j)
			}
		}
	}
	v.trace()
	return v
}

// trace finds what lies before, on and behind the way out.
func (v *View) trace() {
	receipt := func(i int) bool { return v.Flow.Nodes[i].Kind == "receipt" }
	v.before = v.reach(v.entries, v.leads, receipt)
	var found [2][]int // ended; anything else but kept
	for i, is := range v.reach(v.entries, v.leads, nil) {
		if !is || !receipt(i) {
			continue
		}
		switch v.Flow.Nodes[i].outcome() {
		case "ended", "withdrawn":
			found[0] = append(found[0], i)
		case "paused", "downgraded":
			found[1] = append(found[1], i)
		}
	}
	if v.goals = found[0]; len(v.goals) == 0 {
		v.goals = found[1]
	}
	for i := range v.before {
		v.before[i] = v.before[i] && !receipt(i)
	}
	v.exits = v.back(v.goals, v.leads)
	v.after = v.reach(v.goals, func(edge) bool { return true }, nil)
	for i := range v.after {
		v.after[i] = v.after[i] && !slices.Contains(v.goals, i)
	}
}

// leads reports whether whoever wants to leave goes along an edge: by the
// exit, by declining, by reading on or by going back.
func (v *View) leads(e edge) bool {
	if e.action < 0 {
		return true
	}
	switch v.Flow.Nodes[e.from].Action[e.action].Role {
	case "exit", "decline", "back":
		return true
	}
	return false
}

// reach is every node that can be come to from some, along edges; stop, if
// not nil, are nodes behind which nobody goes on.
func (v *View) reach(from []int, along func(edge) bool, stop func(int) bool) []bool {
	seen := make([]bool, len(v.in))
	frontier := slices.Clone(from)
	for _, i := range frontier {
		seen[i] = true
	}
	for len(frontier) > 0 {
		i := frontier[len(frontier)-1]
		frontier = frontier[:len(frontier)-1]
		if stop != nil && stop(i) {
			continue
		}
		for _, e := range v.out[i] {
			if !seen[e.to] && along(e) {
				seen[e.to] = true
				frontier = append(frontier, e.to)
			}
		}
	}
	return seen
}

// back is every node from which some can be come to.
func (v *View) back(to []int, along func(edge) bool) []bool {
	into := make([][]int, len(v.in))
	for _, list := range v.out {
		for _, e := range list {
			if along(e) {
				into[e.to] = append(into[e.to], e.from)
			}
		}
	}
	seen := make([]bool, len(v.in))
	frontier := slices.Clone(to)
	for _, i := range frontier {
		seen[i] = true
	}
	for len(frontier) > 0 {
		i := frontier[len(frontier)-1]
		frontier = frontier[:len(frontier)-1]
		for _, j := range into[i] {
			if !seen[j] {
				seen[j] = true
				frontier = append(frontier, j)
			}
		}
	}
	return seen
}

// onTheWay reports whether a node lies on a way from an entry to a receipt.
func (v *View) onTheWay(i int) bool { return v.before[i] && v.exits[i] }

// starts are where whoever leaves begins: on a page, where there is one. That
// one may telephone as well makes nothing on the page avoidable.
func (v *View) starts() []int {
	if pages := v.entryPages(); len(pages) > 0 {
		return pages
	}
	return v.entries
}

// ends are the goals of one outcome.
func (v *View) ends(outcome string) (list []int) {
	for _, g := range v.goals {
		if v.node(g).outcome() == outcome {
			list = append(list, g)
		}
	}
	return list
}

// unavoidable reports whether every way to end the contract, or every way to
// withdraw from it, crosses one of the nodes for which is holds.
func (v *View) unavoidable(is func(int) bool) bool {
	return slices.ContainsFunc(outcomes, func(o string) bool {
		goals := v.ends(o)
		return len(goals) > 0 && v.crossed(goals, is)
	})
}

// crossed reports whether without nodes for which is holds none of the goals
// can be come to.
func (v *View) crossed(goals []int, is func(int) bool) bool {
	var from []int
	for _, e := range v.starts() {
		if !is(e) {
			from = append(from, e)
		}
	}
	seen := v.reach(from, func(e edge) bool { return v.leads(e) && !is(e.to) }, nil)
	return !slices.ContainsFunc(goals, func(g int) bool { return seen[g] })
}

// shortest is the least sum of costs from some nodes to one for which is
// holds; ok is false where none can be come to. Costs are 0 or 1.
func (v *View) shortest(from []int, along func(edge) bool, cost func(edge) int, is func(int) bool) (path []edge, total int, ok bool) {
	const far = 1 << 30
	dist := make([]int, len(v.in))
	via := make([]*edge, len(v.in))
	for i := range dist {
		dist[i] = far
	}
	// A deque: what costs nothing is looked at before what costs one.
	deque := make([]int, 0, len(v.in))
	for _, i := range from {
		dist[i] = 0
		deque = append(deque, i)
	}
	for len(deque) > 0 {
		i := deque[0]
		deque = deque[1:]
		for k := range v.out[i] {
			e := &v.out[i][k]
			c := cost(*e)
			if !along(*e) || dist[i]+c >= dist[e.to] {
				continue
			}
			dist[e.to], via[e.to] = dist[i]+c, e
			if c == 0 {
				deque = append([]int{e.to}, deque...)
			} else {
				deque = append(deque, e.to)
			}
		}
	}
	end := -1
	for i := range dist {
		if v.in[i] && is(i) && dist[i] < far && (end < 0 || dist[i] < dist[end]) {
			end = i
		}
	}
	if end < 0 {
		return nil, 0, false
	}
	for e := via[end]; e != nil; e = via[e.from] {
		path = append(path, *e)
	}
	slices.Reverse(path)
	return path, dist[end], true
}

// clicks is the cost of an edge in things pressed, pages in pages opened.
func (v *View) clicks(e edge) int {
	if e.action < 0 {
		return 0
	}
	return 1
}

func (v *View) pages(e edge) int {
	if v.Flow.Nodes[e.from].page() == v.Flow.Nodes[e.to].page() {
		return 0
	}
	return 1
}

// walkLimit bounds how many steps most takes before it stops looking.
const walkLimit = 20_000

// most is the greatest number of nodes, out of those for which is holds, that
// one way without a circle meets. Where there are too many ways to walk them
// all, it is all those nodes: never too few.
func (v *View) most(from []int, along func(edge) bool, stop func(int) bool, is func(int) bool) int {
	all := 0
	for i, seen := range v.reach(from, along, stop) {
		if seen && is(i) {
			all++
		}
	}
	if all <= 1 {
		return all
	}
	best, steps := 0, 0
	on := make([]bool, len(v.in))
	var walk func(i, n int)
	walk = func(i, n int) {
		if steps++; steps > walkLimit || best == all {
			return
		}
		if is(i) {
			n++
		}
		best = max(best, n)
		if stop != nil && stop(i) {
			return
		}
		on[i] = true
		for _, e := range v.out[i] {
			if !on[e.to] && along(e) {
				walk(e.to, n)
			}
		}
		on[i] = false
	}
	for _, i := range from {
		walk(i, 0)
	}
	if steps > walkLimit {
		return all
	}
	return best
}

func (v *View) node(i int) *Node { return &v.Flow.Nodes[i] }

// eachAction calls do for every action of a node that this customer meets.
func (v *View) eachAction(i int, do func(j int, a *Action)) {
	for _, j := range v.actions[i] {
		do(j, &v.Flow.Nodes[i].Action[j])
	}
}

// eachOfPage calls do for every action of the page of a node, before the receipt:
// a page is seen whole.
func (v *View) eachOfPage(i int, do func(a *Action)) {
	page := v.node(i).page()
	for k := range v.in {
		if v.in[k] && v.node(k).page() == page && v.node(k).Kind != "receipt" {
			v.eachAction(k, func(_ int, a *Action) { do(a) })
		}
	}
}

// labels that a law prescribes stand in the place of our own.
func (v *View) prescribed(a *Action) (pack string, w Words) {
	// Packs come with what they extend before them: the nearest law wins.
	for i := len(v.law.Packs) - 1; i >= 0; i-- {
		if w, ok := a.Prescribed[v.law.Packs[i]]; ok {
			return v.law.Packs[i], w
		}
	}
	return "", nil
}

// Label is what stands on an action and in which language. Beside is the same
// in the language of the reader, where a prescribed label is in another.
func (v *View) Label(a *Action) (label, lang, beside string) {
	own := a.Label[v.Variant.Language]
	pack, w := v.prescribed(a)
	if pack == "" {
		return own, v.Variant.Language, ""
	}
	if s, ok := w[v.Variant.Language]; ok {
		return s, v.Variant.Language, ""
	}
	for _, l := range []string{"es", "de", "fr", "en", "it", "pt"} {
		if s, ok := w[l]; ok {
			return s, l, own
		}
	}
	return own, v.Variant.Language, ""
}
