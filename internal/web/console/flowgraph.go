package console

import (
	"fmt"
	"strconv"
	"strings"

	"hastaluego/internal/flow"
	"hastaluego/internal/offboarding"
)

// flowNodeClass is how a node is drawn: what must change stands out.
func flowNodeClass(s stopView, where string) string {
	switch {
	case s.Look.Class == "bad":
		return "node bad"
	case s.Look.Class == "warn":
		return "node warn"
	case where == flow.AtTheEnd:
		return "node run"
	}
	return "node"
}

// metOnly leaves out what this customer never comes to.
func metOnly(views []stopView, stops []flow.Stop) (v []stopView, s []flow.Stop) {
	for i := range stops {
		if stops[i].Where != flow.NotMet {
			v, s = append(v, views[i]), append(s, stops[i])
		}
	}
	return v, s
}

// drawFlow lays a flow out by how far each node is from where one comes in.
// Edges that lead back are drawn below; whoever leaves does not need them.
func drawFlow(lang string, views []stopView, stops []flow.Stop) graph {
	views, stops = metOnly(views, stops)
	at := make(map[string]int, len(stops))
	for i, s := range stops {
		at[s.ID] = i
	}
	far := distances(stops, at)
	after := make([][]int, len(stops))
	type pair struct{ from, to int }
	drawn, back := map[pair]bool{}, []pair{}
	for i, s := range stops {
		for _, l := range s.Leads {
			p := pair{i, at[l.To]}
			switch {
			case drawn[p] || p.from == p.to:
			case far[p.to] > far[p.from]:
				after[p.to] = append(after[p.to], p.from)
			default:
				back = append(back, p)
			}
			drawn[p] = true
		}
	}
	columns, ends := columnsOf(make([]offboarding.Step, len(stops)), after)
	tallest := 1
	for _, c := range columns {
		tallest = max(tallest, len(c))
	}
	g := graph{Width: 2*edgeGap + max(1, len(columns))*columnStep - (columnStep - nodeWidth), Height: 2*edgeGap + tallest*rowStep - (rowStep - nodeHeight)}
	var said []string
	x, y := make([]int, len(stops)), make([]int, len(stops))
	for col, c := range columns {
		place(c, col, tallest)
		for _, s := range c {
			if s.step < 0 {
				continue
			}
			v := views[s.step]
			x[s.step], y[s.step] = int(s.x), int(s.y)
			said = append(said, v.Title+" ("+v.Kind+"): "+v.Look.Word)
			g.Nodes = append(g.Nodes, node{
				X: int(s.x), Y: int(s.y) - nodeHeight/2, Class: flowNodeClass(v, stops[s.step].Where), Title: wrap(v.Title, titleMost, titleLines), Name: v.Title,
				State: cut(flowNodeState(v), stateMost),
			})
		}
	}
	for i := range stops {
		for j, last := range ends[i] {
			class := "edge"
			if views[after[i][j]].Look.Class == "bad" || views[i].Look.Class == "bad" {
				class = "edge bad"
			}
			g.Edges = append(g.Edges, edge{class, trace(last)})
		}
	}
	for _, p := range back {
		if y[p.from] == 0 || y[p.to] == 0 {
			continue
		}
		down := nodeHeight / 2
		g.Edges = append(g.Edges, edge{"edge back", fmt.Sprintf("M%d %dC%d %d %d %d %d %d",
			x[p.from]+nodeWidth/2, y[p.from]+down, x[p.from]+nodeWidth/2, y[p.from]+down+18, x[p.to]+nodeWidth/2, y[p.to]+down+18, x[p.to]+nodeWidth/2, y[p.to]+down+2)})
	}
	g.Height += 2 * edgeGap
	g.Label = flowWord(lang, "graph.label", "nodes", strings.Join(said, "; "))
	return g
}

// flowNodeState is the kind of a node, and how much was found about it.
func flowNodeState(v stopView) string {
	if len(v.Findings) == 0 {
		return v.Kind
	}
	return v.Kind + " · " + strconv.Itoa(len(v.Findings)) + "!"
}

// distances are how many steps each node is from where one comes in. What
// nobody comes to stands at the beginning.
func distances(stops []flow.Stop, at map[string]int) []int {
	far := make([]int, len(stops))
	var next []int
	for i, s := range stops {
		far[i] = -1
		if s.Kind == "entry" && s.Where != flow.NotMet {
			far[i] = 0
			next = append(next, i)
		}
	}
	for len(next) > 0 {
		i := next[0]
		next = next[1:]
		for _, l := range stops[i].Leads {
			if j := at[l.To]; far[j] < 0 {
				far[j] = far[i] + 1
				next = append(next, j)
			}
		}
	}
	for i := range far {
		far[i] = max(far[i], 0)
	}
	return far
}
