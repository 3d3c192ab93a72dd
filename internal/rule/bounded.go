package rule

import (
	"fmt"

	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/types"
)

// The sizes that facts are taken to have at most when it is asked, before an
// expression is used, what it may cost. An evaluation is bounded all the same.
const (
	longestText = 200
	longestList = 50
)

// Bounded compiles a condition as Partial does and refuses one that may cost
// more than an evaluation is let: such as lists looked through inside of lists.
// It fails with Problems.
func (e *Env) Bounded(expr string) (*Partial, error) {
	p, err := e.Partial(expr)
	if err != nil {
		return nil, err
	}
	ast, iss := e.env.Compile(expr)
	if iss.Err() != nil {
		return nil, fmt.Errorf("rule: %w", iss.Err()) // it compiled above
	}
	most, err := e.env.EstimateCost(ast, sizes{})
	if err != nil {
		return nil, Problems{{1, 1, err.Error()}}
	}
	if most.Max > costLimit {
		return nil, Problems{{1, 1, fmt.Sprintf("it may take more than %d steps; look through fewer lists, one inside of another", costLimit)}}
	}
	return p, nil
}

// sizes says how large facts are at most.
type sizes struct{}

// EstimateSize is how large a fact, or one thing in a list, is at most.
func (sizes) EstimateSize(n cost.AstNode) *cost.SizeEstimate {
	if n.ComputedSize() != nil || len(n.Path()) == 0 {
		return nil
	}
	text := cost.RangedSizeEstimate(0, longestText)
	switch n.Type().Kind() {
	case types.StringKind:
		return &text
	case types.ListKind:
		list := cost.RangedSizeEstimate(0, longestList)
		list.Elem = &text
		return &list
	}
	return nil
}

// EstimateCallCost leaves calls to what CEL says of them.
func (sizes) EstimateCallCost(string, string, *cost.AstNode, []cost.AstNode) *cost.CallEstimate {
	return nil
}

var _ cost.Estimator = sizes{}
