package console

import (
	"fmt"
	"slices"
	"strings"

	"hastaluego/internal/offboarding"
)

// Sizes of the graph, in units of its drawing.
const (
	nodeWidth  = 138
	nodeHeight = 58
	columnStep = 160
	rowStep    = 72
	lineStep   = 15
	edgeGap    = 10 // around the drawing
	titleMost  = 15 // characters that fit in a line of a node, in the widest font
	titleLines = 2
	stateMost  = 20
)

// graph is the plan drawn as layers: each step stands right of everything that
// it waits for.
type graph struct {
	Width, Height int
	Label         string
	Nodes         []node
	Edges         []edge
}

type node struct {
	X, Y        int
	Class, Name string
	Title       []string // the name in lines that fit
	State       string
	Verified    bool
}

type edge struct{ Class, Path string }

// slot is a place in a column: a step, or the bend of an edge that passes by.
type slot struct {
	step int // -1 for a bend
	from []*slot
	x, y float64
}

// drawn leaves out what was skipped and leads to nothing that was not.
func drawn(steps []offboarding.Step, views []stepView) (kept []offboarding.Step, shown []stepView) {
	leads := map[string]bool{}
	keep := make([]bool, len(steps))
	for changed := true; changed; {
		changed = false
		for i, s := range steps {
			if !keep[i] && (s.State != offboarding.StepSkipped || leads[s.Key]) {
				keep[i], changed = true, true
				for _, key := range s.After {
					leads[key] = true
				}
			}
		}
	}
	for i := range steps {
		if keep[i] {
			kept, shown = append(kept, steps[i]), append(shown, views[i])
		}
	}
	return kept, shown
}

// draw lays the plan out.
func draw(lang string, steps []offboarding.Step, views []stepView) graph {
	after := needed(steps)
	columns, ends := columnsOf(steps, after)
	tallest := 1
	for _, c := range columns {
		tallest = max(tallest, len(c))
	}
	g := graph{Width: 2*edgeGap + max(1, len(columns))*columnStep - (columnStep - nodeWidth), Height: 2*edgeGap + tallest*rowStep - (rowStep - nodeHeight)}
	var said []string
	for x, c := range columns {
		place(c, x, tallest)
		for _, s := range c {
			if s.step < 0 {
				continue
			}
			v := views[s.step]
			said = append(said, v.Title+": "+v.state)
			g.Nodes = append(g.Nodes, node{
				X: int(s.x), Y: int(s.y) - nodeHeight/2, Class: strings.TrimSpace("node " + v.node),
				Title: wrap(v.Title, titleMost, titleLines), Name: v.Title, State: cut(v.state, stateMost), Verified: v.node == "ok",
			})
		}
	}
	for i := range steps {
		for j, last := range ends[i] {
			class := "edge"
			if views[after[i][j]].node == "ok" {
				class = "edge ok"
			}
			g.Edges = append(g.Edges, edge{class, trace(last)})
		}
	}
	g.Label = say(lang, "graph.label", "steps", strings.Join(said, "; "))
	return g
}

// needed returns, by step, the positions of the steps that it waits for
// directly: an edge that a longer way says already is left out.
func needed(steps []offboarding.Step) [][]int {
	at := make(map[string]int, len(steps))
	for i, s := range steps {
		at[s.Key] = i
	}
	direct, all := make([][]int, len(steps)), make([]map[int]bool, len(steps))
	var reach func(i int) map[int]bool
	reach = func(i int) map[int]bool {
		if all[i] != nil {
			return all[i]
		}
		all[i] = map[int]bool{}
		for _, key := range steps[i].After {
			if j, ok := at[key]; ok && j != i {
				all[i][j] = true
				for k := range reach(j) {
					all[i][k] = true
				}
			}
		}
		return all[i]
	}
	for i, s := range steps {
		for _, key := range s.After {
			j, ok := at[key]
			if !ok || j == i || slices.Contains(direct[i], j) {
				continue
			}
			implied := slices.ContainsFunc(s.After, func(other string) bool {
				k, ok := at[other]
				return ok && k != j && k != i && reach(k)[j]
			})
			if !implied {
				direct[i] = append(direct[i], j)
			}
		}
	}
	return direct
}

// columnsOf puts every step in the column after its last predecessor, and a
// bend in each column that an edge passes. ends holds, by step and edge, the
// slot that the edge comes from last.
func columnsOf(steps []offboarding.Step, after [][]int) (columns [][]*slot, ends [][]*slot) {
	level := make([]int, len(steps))
	for range steps { // plans have no cycles, so this settles
		for i := range steps {
			for _, j := range after[i] {
				if level[i] <= level[j] && level[j] < len(steps) {
					level[i] = level[j] + 1
				}
			}
		}
	}
	slots := make([]*slot, len(steps))
	put := func(x int, s *slot) {
		for len(columns) <= x {
			columns = append(columns, nil)
		}
		columns[x] = append(columns[x], s)
	}
	for i := range steps {
		slots[i] = &slot{step: i}
		put(level[i], slots[i])
	}
	ends = make([][]*slot, len(steps))
	for i := range steps {
		for _, j := range after[i] {
			last := slots[j]
			for x := level[j] + 1; x < level[i]; x++ {
				bend := &slot{step: -1, from: []*slot{last}}
				put(x, bend)
				last = bend
			}
			slots[i].from = append(slots[i].from, last)
			ends[i] = append(ends[i], &slot{step: i, from: []*slot{last, slots[i]}})
		}
	}
	return columns, ends
}

// place orders a column by where its edges come from and centres it.
func place(c []*slot, x, tallest int) {
	mean := func(s *slot) float64 {
		sum := 0.0
		for _, f := range s.from {
			sum += f.y
		}
		return sum / float64(max(1, len(s.from)))
	}
	slices.SortStableFunc(c, func(a, b *slot) int {
		switch d := mean(a) - mean(b); {
		case d < 0:
			return -1
		case d > 0:
			return 1
		}
		return 0
	})
	top := float64(edgeGap) + float64(tallest-len(c))*rowStep/2 + nodeHeight/2
	for i, s := range c {
		s.x, s.y = float64(edgeGap+x*columnStep), top+float64(i)*rowStep
	}
}

// trace draws an edge from its first step through its bends to its last.
func trace(end *slot) string {
	way := []*slot{end.from[1]}
	for s := end.from[0]; ; s = s.from[0] {
		way = append(way, s)
		if s.step >= 0 {
			break
		}
	}
	slices.Reverse(way)
	var b strings.Builder
	fmt.Fprintf(&b, "M%g %g", way[0].x+nodeWidth, way[0].y)
	for i := 1; i < len(way); i++ {
		x, y := way[i-1].x+nodeWidth, way[i-1].y
		to := way[i].x
		if i == len(way)-1 {
			to -= 2 // room for the head
		}
		mid := (x + to) / 2
		fmt.Fprintf(&b, "C%g %g %g %g %g %g", mid, y, mid, way[i].y, to, way[i].y)
		if way[i].step < 0 {
			fmt.Fprintf(&b, "H%g", way[i].x+nodeWidth)
		}
	}
	return b.String()
}

// wrap breaks s between words into at most n lines of at most most characters;
// what does not fit is cut.
func wrap(s string, most, n int) []string {
	var out []string
	words := strings.Fields(s)
	for len(words) > 0 {
		if len(out) == n-1 {
			return append(out, cut(strings.Join(words, " "), most))
		}
		take := 1
		for take < len(words) && len([]rune(strings.Join(words[:take+1], " "))) <= most {
			take++
		}
		out, words = append(out, cut(strings.Join(words[:take], " "), most)), words[take:]
	}
	return out
}

// cut shortens words to so many characters.
func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return strings.TrimSpace(string(r[:most-1])) + "…"
	}
	return s
}
