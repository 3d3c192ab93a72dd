package boost

// Explain adds to effects, one for each column, what the column adds to the log odds of a
// row, and returns what the trees say of rows on average: together they are what they say
// of this row. They are the Shapley values of each tree (Lundberg, Erion and Lee,
// Consistent individualized feature attribution for tree ensembles, 2018), where a column
// that is not looked at sends a row both ways, as the rows did that the tree was fitted to.
func (m Model) Explain(row []uint8, effects []float64) (average float64) {
	for k := range m.trees {
		average += m.trees[k].explain(row, effects)
	}
	return average
}

// Average is what the trees say of the rows they were fitted to, on average.
func (m Model) Average() (sum float64) {
	for k := range m.trees {
		t := &m.trees[k]
		for leaf, v := range t.value {
			if share := t.cover[nodes+leaf] / t.cover[0]; share > 0 {
				sum += v * share
			}
		}
	}
	return sum
}

// asked is a column on the way to a leaf: whether the row goes there as far as the column
// is concerned (1 or 0), and which share of rows does.
type asked struct {
	column   int
	row, all float64
}

// weight is how often a column is asked after s others of m, in all their orders.
var weight = [MaxDepth + 1][MaxDepth]float64{1: {1}, 2: {1. / 2, 1. / 2}, 3: {1. / 3, 1. / 6, 1. / 3}}

func (t *tree) explain(row []uint8, effects []float64) (average float64) {
	for leaf, value := range t.value {
		if value == 0 || t.cover[nodes+leaf] == 0 {
			continue
		}
		var way [MaxDepth]asked
		n, share := t.wayTo(leaf, row, &way)
		average += value * share
		for i := range n {
			var sum float64
			for others := range 1 << n {
				if others>>i&1 == 1 {
					continue
				}
				product, size := 1.0, 0
				for j := range n {
					switch {
					case j == i:
					case others>>j&1 == 1:
						product *= way[j].row
						size++
					default:
						product *= way[j].all
					}
				}
				sum += weight[n][size] * product
			}
			effects[way[i].column] += value * sum * (way[i].row - way[i].all)
		}
	}
	return average
}

// wayTo are the columns that are asked on the way to a leaf, each once, and which share
// of all rows goes there.
func (t *tree) wayTo(leaf int, row []uint8, way *[MaxDepth]asked) (n int, share float64) {
	share = 1
	for k := nodes + leaf; k > 0; {
		up := (k - 1) / 2
		s := &t.splits[up]
		if s.column >= 0 {
			i := 0
			for i < n && way[i].column != s.column {
				i++
			}
			if i == n {
				way[n] = asked{s.column, 1, 1}
				n++
			}
			if s.goesLeft(row[s.column]) != (k == 2*up+1) {
				way[i].row = 0
			}
			part := t.cover[k] / t.cover[up]
			way[i].all *= part
			share *= part
		}
		k = up
	}
	return n, share
}
