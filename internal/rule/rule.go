// Package rule compiles and evaluates expressions (CEL) over declared facts.
// It is the only importer of cel-go. It knows no facts of its own and never
// looks at a clock: what an expression may see is declared by its caller.
package rule

import (
	"fmt"
	"reflect"
	"sort"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"

	"hastaluego/internal/when"
)

// costLimit bounds one evaluation; an expression over a CSV row costs tens.
const costLimit = 10_000

// Problem is one thing wrong with an expression. Line counts from 1, Column
// from 1, within the expression.
type Problem struct {
	Line, Column int
	What         string
}

func (p Problem) String() string { return fmt.Sprintf("%d:%d: %s", p.Line, p.Column, p.What) }

// Problems is everything wrong with an expression.
type Problems []Problem

func (p Problems) Error() string {
	parts := make([]string, len(p))
	for i, x := range p {
		parts[i] = x.String()
	}
	return strings.Join(parts, "; ")
}

// Env declares what expressions may see.
type Env struct {
	env   *cel.Env
	names []string // of facts that may be missing
}

// NewTextEnv declares the variables, all of them text, and the functions of
// maps: lower, upper, trim, replace(s, old, new), date(s, form) for dates
// written otherwise than 2026-03-31, addMonths(date, n) and addDays(date, n);
// and those that CEL has for texts, such as s.split(";") and s.substring(2).
func NewTextEnv(variables ...string) (*Env, error) {
	opts := []cel.EnvOption{cel.CrossTypeNumericComparisons(true)}
	for _, v := range variables {
		opts = append(opts, cel.Variable(v, cel.StringType))
	}
	text := func(name string, f func(string) string) cel.EnvOption {
		return cel.Function(name, cel.Overload(name+"_text", []*cel.Type{cel.StringType}, cel.StringType,
			cel.UnaryBinding(func(v ref.Val) ref.Val { return types.String(f(string(v.(types.String)))) })))
	}
	move := func(name string, f func(when.Date, int) when.Date) cel.EnvOption {
		return cel.Function(name, cel.Overload(name+"_date_int", []*cel.Type{cel.StringType, cel.IntType}, cel.StringType,
			cel.BinaryBinding(func(d, n ref.Val) ref.Val {
				date, err := when.ParseDate(string(d.(types.String)))
				if err != nil {
					return types.NewErr("%v", err)
				}
				by := int64(n.(types.Int))
				if by > 12_000 || by < -12_000 {
					return types.NewErr("%s by %d is too far", name, by)
				}
				return types.String(f(date, int(by)).String())
			})))
	}
	opts = append(opts, ext.Strings(ext.StringsVersion(2)),
		cel.Function("date", cel.Overload("date_text_text", []*cel.Type{cel.StringType, cel.StringType}, cel.StringType,
			cel.BinaryBinding(func(s, form ref.Val) ref.Val {
				d, err := when.ParseDateAs(string(s.(types.String)), string(form.(types.String)))
				if err != nil {
					return types.NewErr("%v", err)
				}
				return types.String(d.String())
			}))),
		text("lower", strings.ToLower), text("upper", strings.ToUpper), text("trim", strings.TrimSpace),
		cel.Function("replace", cel.Overload("replace_text", []*cel.Type{cel.StringType, cel.StringType, cel.StringType}, cel.StringType,
			cel.FunctionBinding(func(a ...ref.Val) ref.Val {
				return types.String(strings.ReplaceAll(string(a[0].(types.String)), string(a[1].(types.String)), string(a[2].(types.String))))
			}))),
		move("addMonths", when.Date.AddMonths), move("addDays", when.Date.AddDays))
	env, err := cel.NewEnv(opts...)
	if err != nil {
		return nil, fmt.Errorf("rule: %w", err)
	}
	return &Env{env: env}, nil
}

// Type is the type of a fact.
type Type string

// The types of facts.
const (
	TextType  Type = "text"
	IntType   Type = "int"
	BoolType  Type = "bool"
	TextsType Type = "texts" // a list of text
)

// NewFactEnv declares facts by name; a name may hold dots: "customer.kind".
func NewFactEnv(facts map[string]Type) (*Env, error) {
	types := map[Type]*cel.Type{TextType: cel.StringType, IntType: cel.IntType, BoolType: cel.BoolType, TextsType: cel.ListType(cel.StringType)}
	opts := []cel.EnvOption{cel.CrossTypeNumericComparisons(true)}
	for name, t := range facts {
		opts = append(opts, cel.Variable(name, types[t]))
	}
	env, err := cel.NewEnv(opts...)
	if err != nil {
		return nil, fmt.Errorf("rule: %w", err)
	}
	return &Env{env: env}, nil
}

// Never reports whether the condition is false whatever the facts are: it
// names none and yields false.
func (c *Condition) Never() bool {
	holds, err := c.Holds(map[string]any{})
	return err == nil && !holds
}

// Text is an expression whose value is text.
type Text struct{ program cel.Program }

// Condition is an expression whose value is true or false.
type Condition struct{ program cel.Program }

// Text compiles an expression that must yield text. It fails with Problems.
func (e *Env) Text(expr string) (*Text, error) {
	p, err := e.compile(expr, cel.StringType)
	return &Text{p}, err
}

// Condition compiles an expression that must yield true or false. It fails
// with Problems.
func (e *Env) Condition(expr string) (*Condition, error) {
	p, err := e.compile(expr, cel.BoolType)
	return &Condition{p}, err
}

func (e *Env) compile(expr string, want *cel.Type) (cel.Program, error) {
	return e.compileWith(expr, want, cel.OptOptimize)
}

func (e *Env) compileWith(expr string, want *cel.Type, how cel.EvalOption) (cel.Program, error) {
	ast, iss := e.env.Compile(expr)
	if iss != nil && iss.Err() != nil {
		var out Problems
		for _, x := range iss.Errors() {
			out = append(out, Problem{max(x.Location.Line(), 1), x.Location.Column() + 1, x.Message})
		}
		sort.SliceStable(out, func(i, j int) bool {
			return out[i].Line < out[j].Line || out[i].Line == out[j].Line && out[i].Column < out[j].Column
		})
		return nil, out
	}
	if !ast.OutputType().IsExactType(want) {
		return nil, Problems{{1, 1, fmt.Sprintf("the value is %s, but %s is needed", ast.OutputType(), want)}}
	}
	p, err := e.env.Program(ast, cel.CostLimit(costLimit), cel.EvalOptions(how))
	if err != nil {
		return nil, Problems{{1, 1, err.Error()}}
	}
	return p, nil
}

// Eval computes the text for the variables.
func (t *Text) Eval(vars map[string]any) (string, error) {
	v, _, err := t.program.Eval(vars)
	if err != nil {
		return "", fmt.Errorf("rule: %w", err)
	}
	out, err := v.ConvertToNative(reflect.TypeFor[string]())
	if err != nil {
		return "", fmt.Errorf("rule: %w", err)
	}
	return out.(string), nil
}

// Holds computes the condition for the variables.
func (c *Condition) Holds(vars map[string]any) (bool, error) {
	v, _, err := c.program.Eval(vars)
	if err != nil {
		return false, fmt.Errorf("rule: %w", err)
	}
	return v == types.True, nil
}
