// Package backtest reads the export of any company and says what could have been foretold
// from it of who left: how well, how sure that is, from which columns, and what acting on
// it would have caught; or that there is nothing to learn. Columns that know what happened
// are named and kept out. It is pure.
package backtest

import (
	"slices"
	"strings"

	"hastaluego/internal/fault"
)

// Ask is what is asked of a file.
type Ask struct {
	ID     string // column that says whose a row is
	Target string // column that says who left
	Event  string // its word for having left; empty: found out where there are two
	Time   string // column with the date a row was true; rows are then foretold from earlier ones
	Left   string // column with the date somebody left: how early a row told it
	// Horizon is how many days after its date it was known whether a row left. Earlier rows
	// teach only once that was known.
	Horizon int
	Keep    []string // columns a person has said are no leak
	Drop    []string // columns that are not to be looked at
	// Rate is how frequent leaving really is, where the file does not say: above 0, below 1.
	Rate float64
	// Parts say in which part each customer is left out, one list for each way to part
	// them; a customer whose part is below zero is never left out.
	Parts []Parts
}

// Parts are a way to part customers.
type Parts struct {
	Name string
	Of   map[string]int // by id
}

// fits reports what of an ask does not go with the columns of a file, whose names it
// completes.
func (a Ask) fits(names []string) error {
	var wrong fault.List
	for i, n := range names {
		if n == "" {
			names[i] = "#" + string(rune('0'+i%10))
			for slices.Contains(names[:i], names[i]) {
				names[i] += "'"
			}
			continue
		}
		if slices.Contains(names[:i], n) {
			wrong = append(wrong, fault.New(fault.Invalid, "csv.column_twice", "column", n).On(n))
		}
	}
	need := append([]string{a.ID, a.Target}, a.Keep...)
	for _, n := range append(need, a.Drop...) {
		if !slices.Contains(names, n) {
			wrong = append(wrong, fault.New(fault.Invalid, "csv.missing_column", "column", n, "has", strings.Join(names, ", ")).On(n))
		}
	}
	for _, n := range []string{a.Time, a.Left} {
		if n != "" && !slices.Contains(names, n) {
			wrong = append(wrong, fault.New(fault.Invalid, "csv.missing_column", "column", n, "has", strings.Join(names, ", ")).On(n))
		}
	}
	if a.ID == a.Target {
		wrong = append(wrong, fault.New(fault.Invalid, "backtest.same_column", "column", a.ID).On(a.ID))
	}
	if a.Rate < 0 || a.Rate >= 1 {
		wrong = append(wrong, fault.New(fault.Invalid, "backtest.rate"))
	}
	if a.Horizon < 0 || a.Horizon > 0 && a.Time == "" {
		wrong = append(wrong, fault.New(fault.Invalid, "backtest.horizon"))
	}
	return wrong.Or()
}
