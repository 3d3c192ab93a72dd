package app_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/audit"
	"hastaluego/internal/text"
)

var eventName = regexp.MustCompile(`^[a-z]+\.[a-z_]+$`)

// Names that stand for types in the sources: variables that carry one which
// was found where it was set, and constants.
var eventNames = map[string]string{"typ": "", "e.Type": "", "audit.Restored": audit.Restored}

// recorded finds every event type that the sources hand to the log: the first
// field of a fact, what plans tell, and what variables named typ are set to.
func recorded(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	var files []string
	for _, dir := range []string{".", "../offboarding"} {
		list, err := filepath.Glob(filepath.Join(dir, "*.go"))
		must(t, err)
		files = append(files, list...)
	}
	set := gotoken.NewFileSet()
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		src, err := parser.ParseFile(set, f, nil, 0)
		must(t, err)
		add := func(e ast.Expr, sure bool) {
			if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == gotoken.STRING {
				if s, err := strconv.Unquote(lit.Value); err == nil && (sure || eventName.MatchString(s)) {
					found[s] = true
				}
				return
			}
			name := source(e)
			if s, known := eventNames[name]; s != "" {
				found[s] = true
			} else if sure && !known {
				t.Errorf("%s: this test cannot see which event %q is: write its type there", set.Position(e.Pos()), name)
			}
		}
		ast.Inspect(src, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CompositeLit:
				if id, ok := n.Type.(*ast.Ident); ok && id.Name == "fact" && len(n.Elts) > 0 {
					if kv, ok := n.Elts[0].(*ast.KeyValueExpr); ok {
						add(kv.Value, true)
					} else {
						add(n.Elts[0], true)
					}
				}
			case *ast.CallExpr:
				if sel, ok := n.Fun.(*ast.SelectorExpr); ok && (sel.Sel.Name == "tell" || sel.Sel.Name == "workFact") && source(n.Args[0]) != "ctx" {
					add(n.Args[0], true)
				} else if ok && slices.Contains([]string{"toldOf", "copyFact", "limitFact", "laneFact", "memberFact"}, sel.Sel.Name) { // of an envelope, a copy, a limit, a lane
					add(n.Args[2], false)
				} else if ok && sel.Sel.Name == "changeLane" {
					add(n.Args[4], false)
				}
			case *ast.AssignStmt:
				for i, l := range n.Lhs {
					if name := source(l); len(n.Rhs) == len(n.Lhs) && (name == "typ" || strings.HasSuffix(name, ".typ")) {
						add(n.Rhs[i], false)
					}
				}
			case *ast.FuncDecl:
				if n.Type.Results != nil && n.Body != nil && slices.ContainsFunc(n.Type.Results.List, func(f *ast.Field) bool {
					return len(f.Names) > 0 && f.Names[0].Name == "typ"
				}) {
					ast.Inspect(n.Body, func(n ast.Node) bool {
						if r, ok := n.(*ast.ReturnStmt); ok && len(r.Results) > 0 {
							add(r.Results[0], false)
						}
						return true
					})
				}
			}
			return true
		})
	}
	return found
}

func source(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return source(e.X) + "." + e.Sel.Name
	default:
		return fmt.Sprintf("%T", e)
	}
}

func TestEveryEventThatIsRecordedStandsInTheTableAndHasWords(t *testing.T) {
	t.Parallel()
	found := recorded(t)
	if len(found) < 40 {
		t.Fatalf("only %d types were found in the sources", len(found))
	}
	declared := map[string]bool{}
	for _, e := range app.EventTypes {
		if declared[e.Type] {
			t.Errorf("%s stands twice in the table", e.Type)
		}
		declared[e.Type] = true
		if !found[e.Type] {
			t.Errorf("%s stands in the table and is never recorded", e.Type)
		}
		for _, a := range e.Tells {
			if !slices.Contains(e.Args, a) {
				t.Errorf("%s tells webhooks %s, which its entry does not say", e.Type, a)
			}
		}
		for _, lang := range text.Langs() {
			if !text.Known(lang, "console.event."+e.Type) {
				t.Errorf("%s has no words in %s: console.event.%s", e.Type, lang, e.Type)
			}
		}
	}
	for typ := range found {
		if !declared[typ] {
			t.Errorf("%s is recorded and does not stand in the table of events (event.go)", typ)
		}
	}
}
