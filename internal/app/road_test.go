package app_test

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/notice"
)

// sources parses every Go file of the program that is no test.
func sources(t *testing.T, visit func(path string, f *ast.File)) {
	t.Helper()
	for _, root := range []string{"../../internal", "../../cmd"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			f, err := parser.ParseFile(gotoken.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err == nil {
				visit(path, f)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Letters to customers leave by one road: SendMessage asks the table and hands
// them to the mail system. Beside it Tell hands over what people of the company
// are told, and AskProcessor what processors are asked; nobody else has the mail
// system in hand.
func TestThereIsOneRoadToTheMailSystem(t *testing.T) {
	t.Parallel()
	var calls []string
	sources(t, func(path string, f *ast.File) {
		for _, imp := range f.Imports {
			if p := strings.Trim(imp.Path.Value, `"`); p == "hastaluego/internal/mail" && !strings.HasPrefix(path, "../../cmd/hasta/") {
				t.Errorf("%s imports the mail system", path)
			}
		}
		if !strings.HasPrefix(path, "../../internal/app/") {
			return
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && s.Sel.Name == "post" {
				calls = append(calls, filepath.Base(path))
			}
			return true
		})
	})
	if !slices.Equal(calls, []string{"message_send.go", "processor.go", "told_send.go"}) {
		t.Errorf("the mail system is used in %v; message_send.go, processor.go and told_send.go alone may", calls)
	}
}

// Every letter that can be made has a line in the table, and every line a
// letter.
func TestTheTableAndTheLettersAgree(t *testing.T) {
	t.Parallel()
	for class := range app.Letters {
		if _, ok := notice.Find(class); !ok {
			t.Errorf("the letter %q has no line in the table", class)
		}
	}
	for _, r := range notice.Table {
		if _, ok := app.Letters[r.Class]; !ok {
			t.Errorf("the table allows %q, which no letter is", r.Class)
		}
	}
}
