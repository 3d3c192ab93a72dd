package boost

// Known is what the trees say of a row of which only some columns are known, where the
// others go both ways as the rows did.
func (m Model) Known(row []uint8, known func(column int) bool) (sum float64) {
	for k := range m.trees {
		sum += m.trees[k].known(0, row, known)
	}
	return sum
}

func (t *tree) known(k int, row []uint8, known func(column int) bool) float64 {
	if k >= nodes {
		return t.value[k-nodes]
	}
	s, l, r := &t.splits[k], 2*k+1, 2*k+2
	switch {
	case s.column < 0:
		return t.known(l, row, known)
	case !known(s.column):
		return (t.cover[l]*t.known(l, row, known) + t.cover[r]*t.known(r, row, known)) / t.cover[k]
	case s.goesLeft(row[s.column]):
		return t.known(l, row, known)
	}
	return t.known(r, row, known)
}
