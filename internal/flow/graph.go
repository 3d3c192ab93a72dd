package flow

import "slices"

// Where a node stands for whoever leaves.
const (
	OnTheWay = "way"   // before what was asked for is registered
	AtTheEnd = "goal"  // the receipt that says so
	Behind   = "after" // met afterwards
	NotMet   = "none"  // this customer never comes there
)

// Stop is a node of a flow as one customer meets it.
type Stop struct {
	*Node
	Where string
	Leads []Lead
}

// Lead is a way from one node to another.
type Lead struct {
	To     string
	Action *Action // nil: one reads on
	Label  string  // of the action, as this customer reads it
	Out    bool    // whoever leaves goes along it
}

// Stops are all nodes of the flow in the order of the file, as the customer of
// the variant meets them.
func (v *View) Stops() (list []Stop) {
	for i := range v.in {
		s := Stop{Node: v.node(i), Where: NotMet}
		switch {
		case !v.in[i]:
		case slices.Contains(v.goals, i):
			s.Where = AtTheEnd
		case v.before[i]:
			s.Where = OnTheWay
		case v.after[i]:
			s.Where = Behind
		}
		for _, e := range v.out[i] {
			l := Lead{To: v.node(e.to).ID, Out: v.leads(e)}
			if e.action >= 0 {
				l.Action = &v.node(i).Action[e.action]
				l.Label, _, _ = v.Label(l.Action)
			}
			s.Leads = append(s.Leads, l)
		}
		list = append(list, s)
	}
	return list
}

// Walk is the pages that whoever leaves meets on the shortest way from the web,
// the receipt last: the first node of each.
func (v *View) Walk() (nodes []string) {
	path, _, ok := v.shortest(v.starts(), v.leads, v.clicks, v.isMain)
	if !ok {
		return nil
	}
	var pages []string
	add := func(i int) {
		if p := v.node(i).page(); !slices.Contains(pages, p) {
			pages, nodes = append(pages, p), append(nodes, v.node(i).ID)
		}
	}
	for i, e := range path {
		add(e.from)
		if i == len(path)-1 {
			add(e.to)
		}
	}
	return nodes
}

// Title is what a node says it is, in the language of the variant or another
// one; without a title it is its id.
func (n *Node) Title(langs ...string) string {
	for _, l := range langs {
		if s := n.Texts["title"][l]; s != "" {
			return s
		}
	}
	return n.ID
}
