package portal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"hastaluego/internal/text"
)

// declared is a function of the program: what it mentions and which faults it
// makes.
type declared struct {
	calls  []string // "package.Name", or ".Name" of a method of whatever has it
	faults []string
}

// TestWhatCanGoWrongForCustomersHasWordsInTheirLanguage walks from the handlers of the portal
// through everything that they mention to the faults that are made there.
// Methods are found by name, whatever has them, so that it sees too many rather
// than too few.
func TestWhatCanGoWrongForCustomersHasWordsInTheirLanguage(t *testing.T) {
	t.Parallel()
	functions, starts := program(t, "../../..")
	seen, codes := map[string]bool{}, map[string]bool{}
	for len(starts) > 0 {
		name := starts[len(starts)-1]
		starts = starts[:len(starts)-1]
		if seen[name] {
			continue
		}
		seen[name] = true
		for _, f := range functions[name] {
			starts = append(starts, f.calls...)
			for _, c := range f.faults {
				codes[c] = true
			}
		}
	}
	for _, c := range slices.Sorted(maps.Keys(codes)) {
		t.Log(c, text.Known("de", "error."+c))
	}
	t.Log(len(codes))
}

func program(t *testing.T, root string) (functions map[string][]declared, starts []string) {
	t.Helper()
	functions = map[string][]declared{}
	dirs, err := filepath.Glob(filepath.Join(root, "internal", "*"))
	if err != nil {
		t.Fatal(err)
	}
	dirs = append(dirs, filepath.Join(root, "internal/web/portal"))
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") || strings.HasSuffix(e.Name(), "_templ.go") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, e.Name()), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			read(f, path.Base(dir), functions, &starts)
		}
	}
	return functions, starts
}

func read(f *ast.File, pkg string, functions map[string][]declared, starts *[]string) {
	imports := map[string]string{}
	for _, i := range f.Imports {
		p, _ := strconv.Unquote(i.Path.Value)
		if in, ours := strings.CutPrefix(p, "hastaluego/internal/"); ours {
			name := path.Base(in)
			if i.Name != nil {
				name = i.Name.Name
			}
			imports[name] = path.Base(in)
		}
	}
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		name := pkg + "." + fn.Name.Name
		if fn.Recv != nil {
			name = "." + fn.Name.Name
		}
		if pkg == "portal" {
			*starts = append(*starts, name)
		}
		var out declared
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			switch x := n.(type) {
			case *ast.SelectorExpr:
				if id, ok := x.X.(*ast.Ident); ok && imports[id.Name] != "" {
					out.calls = append(out.calls, imports[id.Name]+"."+x.Sel.Name)
					return false
				}
				out.calls = append(out.calls, "."+x.Sel.Name)
			case *ast.Ident:
				out.calls = append(out.calls, pkg+"."+x.Name)
			case *ast.CallExpr:
				if s, ok := x.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "New" && len(x.Args) > 1 {
					if id, ok := s.X.(*ast.Ident); ok && id.Name == "fault" {
						if l, ok := x.Args[1].(*ast.BasicLit); ok {
							c, _ := strconv.Unquote(l.Value)
							out.faults = append(out.faults, c)
						}
					}
				}
			}
			return true
		})
		functions[name] = append(functions[name], out)
	}
}
