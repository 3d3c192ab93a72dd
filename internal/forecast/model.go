package forecast

import (
	"hastaluego/internal/additive"
	"hastaluego/internal/boost"
)

// Kind is what a model is made of.
type Kind string

// The kinds: a sum of functions of one column each, trees, or such a sum and trees that
// add to it what columns say together.
const (
	Additive Kind = "additive"
	Trees    Kind = "trees"
	Both     Kind = "both"
)

// Model foretells the log odds of rows and says what each column adds to them.
type Model struct {
	Kind    Kind
	columns []int // of the table, those that the model looks at
	width   int   // columns of the table
	sum     additive.Model
	trees   boost.Model
	level   float64 // log odds are level + slope × what sum and trees say
	slope   float64
	shift   float64 // log odds that a stated rate adds
}

// Logits are the log odds of the rows of a table with the scales the model learned from.
func (m Model) Logits(t additive.Table) []float64 {
	out := m.raw(t.Columns(m.columns))
	for i, v := range out {
		out[i] = m.shift + m.level + m.slope*v
	}
	return out
}

func (m Model) raw(t additive.Table) []float64 {
	if m.Kind == Additive {
		return m.sum.Logits(t)
	}
	out := make([]float64, t.Rows())
	if m.Kind == Both {
		out = m.sum.Logits(t)
	} else {
		for i := range out {
			out[i] = m.trees.Start
		}
	}
	m.trees.Add(t, 0, out)
	return out
}

// Explain says of a row, given its bin in each column, what its log odds would be if
// nothing were known of it (base) and what each column adds: together they are its log
// odds.
func (m Model) Explain(row []uint8) (base float64, effects []float64) {
	own := make([]uint8, len(m.columns))
	for k, j := range m.columns {
		own[k] = row[j]
	}
	of := make([]float64, len(own))
	switch m.Kind {
	case Trees:
		base = m.trees.Start + m.trees.Explain(own, of)
	case Both:
		base = m.trees.Explain(own, of)
		fallthrough
	default:
		base += m.sum.Intercept
		for k, b := range own {
			of[k] += m.sum.Effects[k][b]
		}
	}
	effects = make([]float64, m.width)
	for k, j := range m.columns {
		effects[j] = m.slope * of[k]
	}
	return m.shift + m.level + m.slope*base, effects
}

// Shifted is the model for a population in which the event is as frequent as stated,
// where it was learned from one in which it was not: the log odds differ by that of the
// rates (King and Zeng, Logistic Regression in Rare Events Data, 2001, §4.1).
func (m Model) Shifted(learned, stated float64) Model {
	m.shift = logit(stated) - logit(learned)
	return m
}
