package portal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"hastaluego/internal/text"
)

// What pages, letters and papers say is among what customers read, so that it is
// asked for in all their languages: every code of the catalogue, and every
// beginning of codes, that stands in their sources.
func TestWhatPagesAndLettersSayIsAmongWhatCustomersRead(t *testing.T) {
	t.Parallel()
	files := 0
	for _, dir := range []string{".", "..", "../../document", "../../mail", "../../notice", "../../../cmd/hasta/papers.go"} {
		list, err := filepath.Glob(filepath.Join(dir, "*.go"))
		must(t, err)
		if strings.HasSuffix(dir, ".go") {
			list = []string{dir}
		}
		for _, name := range list {
			if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, "/told.go") || strings.HasSuffix(name, "/gap.go") || strings.HasSuffix(name, "/workbook.go") { // people who work here read those
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			must(t, err)
			files++
			ast.Inspect(f, func(n ast.Node) bool {
				x, ok := n.(*ast.BasicLit)
				if !ok || x.Kind != token.STRING {
					return true
				}
				s, err := strconv.Unquote(x.Value)
				if err != nil || !strings.Contains(s, ".") || strings.HasPrefix(s, "error.") {
					return true
				}
				if (text.Known("es", s) || strings.HasSuffix(s, ".") && len(text.Keys("es", s)) > 0) && !text.Met(s) && s != "mail.service.staff" {
					t.Errorf("%s says %q, which is not among what customers read", name, s)
				}
				return true
			})
		}
	}
	if files < 40 {
		t.Errorf("it looked at %d files only", files)
	}
}
