package rule

import (
	"fmt"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
)

// NewPartialEnv declares facts that may be missing when a condition is asked,
// and lists that conditions may look into by their name.
func NewPartialEnv(facts map[string]Type, lists map[string][]string) (*Env, error) {
	env, err := NewFactEnv(facts)
	if err != nil {
		return nil, err
	}
	var opts []cel.EnvOption
	for name, list := range lists {
		opts = append(opts, cel.Constant(name, cel.ListType(cel.StringType), types.DefaultTypeAdapter.NativeToValue(list)))
	}
	if env.env, err = env.env.Extend(opts...); err != nil {
		return nil, fmt.Errorf("rule: %w", err)
	}
	for name := range facts {
		env.names = append(env.names, name)
	}
	return env, nil
}

// Known are the facts of one question; what the environment declares beside
// them is missing.
type Known struct{ vars cel.PartialActivation }

// Know prepares facts for asking many conditions.
func (e *Env) Know(facts map[string]any) (*Known, error) {
	var missing []*cel.AttributePatternType
	for _, name := range e.names {
		if _, ok := facts[name]; !ok {
			missing = append(missing, cel.AttributePattern(name))
		}
	}
	vars, err := cel.PartialVars(facts, missing...)
	if err != nil {
		return nil, fmt.Errorf("rule: %w", err)
	}
	return &Known{vars}, nil
}

// Partial is a condition that may be asked while facts are missing.
type Partial struct{ program cel.Program }

// Partial compiles a condition that must yield true or false. It fails with
// Problems.
func (e *Env) Partial(expr string) (*Partial, error) {
	p, err := e.compileWith(expr, cel.BoolType, cel.OptOptimize|cel.OptPartialEval)
	return &Partial{p}, err
}

// Holds computes the condition. Where the answer depends on what is missing,
// missing names it and holds means nothing.
func (p *Partial) Holds(k *Known) (holds bool, missing []string, err error) {
	v, _, err := p.program.Eval(k.vars)
	if err != nil {
		return false, nil, fmt.Errorf("rule: %w", err)
	}
	u, ok := v.(*types.Unknown)
	if !ok {
		return v == types.True, nil, nil
	}
	for _, id := range u.IDs() {
		trails, _ := u.GetAttributeTrails(id)
		for _, t := range trails {
			missing = append(missing, t.String())
		}
	}
	slices.Sort(missing)
	return false, slices.Compact(missing), nil
}
