package flow

import (
	"fmt"
	"slices"

	"hastaluego/internal/fault"
)

// What our portal draws before an act is registered. A test of the portal
// compares these lists with what it has controls and pages for.
var (
	servedKinds = []string{"entry", "form", "info", "recap", "confirm"}
	servedAsks  = []string{"name", "email", "contact", "contract", "line", "ground", "date", "kind"}
	servedDoes  = []string{"cancel", "withdraw", "human"}
	// servedAuth are the ways in which it learns who somebody is: by a letter,
	// after the act is registered, or by the link of a session that they have.
	servedAuth = []string{"non_blocking_email", "existing_session"}
)

// ServedAsks are what our portal can ask for before an act is registered.
func ServedAsks() []string { return slices.Clone(servedAsks) }

// ServedKinds are the kinds of node that it draws before that.
func ServedKinds() []string { return slices.Clone(servedKinds) }

// Unserved is everything that customers would meet on the web before their act
// is registered and that our portal cannot draw or do, as a fault.List with
// the place of each as its field. A flow that is only described, and served by
// somebody else, may have all of that.
func (f *Flow) Unserved() error {
	var list fault.List
	tell := func(at, code, what string) {
		place, _, _ := f.file.Where(at)
		list = append(list, fault.New(fault.Invalid, code, "at", place, "what", what).On(place))
	}
	before, first := f.unregistered()
	begins := f.begins("cancel")
	if !begins {
		tell("$.nodes", "flow.unserved_entry", "cancel")
	}
	for i := range f.Nodes {
		n, at := &f.Nodes[i], fmt.Sprintf("$.nodes[%d]", i)
		if n.Auth != nil && n.medium() == "web" && !slices.Contains(servedAuth, n.Auth.Mode) {
			tell(at+".auth.mode", "flow.unserved_auth", n.Auth.Mode)
		}
		if !before[i] {
			continue
		}
		if !slices.Contains(servedKinds, n.Kind) {
			tell(at+".kind", "flow.unserved_kind", n.Kind)
			continue
		}
		for j := range n.Fields {
			switch x := &n.Fields[j]; {
			case n.Kind != "form" || !slices.Contains(servedAsks, x.Asks):
				tell(at+fieldAt(j)+".asks", "flow.unserved_ask", x.Asks)
			case begins && !slices.Contains(first, n.page()):
				tell(at+fieldAt(j)+".asks", "flow.unserved_page", x.Asks)
			}
		}
		for j := range n.Action {
			a := &n.Action[j]
			to, leads := f.index[a.To]
			switch {
			case a.Does != "" && !slices.Contains(servedDoes, a.Does):
				tell(at+actionAt(j)+".does", "flow.unserved_act", a.Does)
			case leads && f.Nodes[to].Kind == "receipt" && a.Role != "exit":
				tell(at+actionAt(j)+".role", "flow.unserved_act", a.Role)
			}
		}
	}
	return list.Or()
}

// unregistered are the nodes that somebody can meet on the web before any act
// is registered, and the pages on which an act begins. Who meets what is not
// looked at: what nobody meets has no business in a flow either.
func (f *Flow) unregistered() (before []bool, first []string) {
	before = make([]bool, len(f.Nodes))
	var frontier []int
	meet := func(i int) {
		for j := range f.Nodes { // a page is seen whole
			n := &f.Nodes[j]
			if n.page() == f.Nodes[i].page() && n.Kind != "receipt" && !before[j] {
				before[j] = true
				frontier = append(frontier, j)
			}
		}
	}
	for i := range f.Nodes {
		n := &f.Nodes[i]
		if n.Kind != "entry" || n.medium() != "web" {
			continue
		}
		meet(i)
		for j := range n.Action {
			to, leads := f.index[n.Action[j].To]
			if does := n.Action[j].Does; leads && (does == "cancel" || does == "withdraw") {
				first = append(first, f.Nodes[to].page())
			}
		}
	}
	for len(frontier) > 0 {
		n := &f.Nodes[frontier[0]]
		frontier = frontier[1:]
		for j := range n.Action {
			if to, leads := f.index[n.Action[j].To]; leads && f.Nodes[to].Kind != "receipt" {
				meet(to)
			}
		}
		if to, ok := f.index[n.Next]; ok && f.Nodes[to].Kind != "receipt" {
			meet(to)
		}
	}
	return before, first
}

// begins reports whether an act begins at an entry on the web.
func (f *Flow) begins(does string) bool {
	return slices.ContainsFunc(f.Nodes, func(n Node) bool {
		return n.Kind == "entry" && n.medium() == "web" && slices.ContainsFunc(n.Action, func(a Action) bool {
			_, leads := f.index[a.To]
			return leads && a.Does == does
		})
	})
}
