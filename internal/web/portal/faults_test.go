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

// declared is a function of the program: the file that it stands in, what it
// mentions and which codes stand in it.
type declared struct {
	pkg   string
	sees  map[string]bool // packages whose methods it can call
	calls []string        // "package.Name", or ".Name" of a method of whatever has it
	codes []string
}

// elsewhere are packages whose faults are told to those who wrote the file, set
// the system up or watch it, and to nobody else.
var elsewhere = []string{
	"playbook", "source", "ingest", "company", "notification", "step", "connector", "jurisdiction", "flow", "engine", "document", "play", "assignment",
	"risk", "signal", "metric", "improvement", "ending", "backup", "audit", "evidence", "store", "experiment", "trial", "effort",
}

// toStaff are faults that are found by name and cannot reach a customer: they are
// made where somebody who works here, or a key, does something.
var toStaff = []string{
	"access.", "approval.began_with_two", "approval.own_step", "approval.refused", "approval.same_person", "balance.", "commitment.", "complaint.", "connector.busy", "connector.not_all", "connector.not_sent", "connector.not_so", "connector.unreachable", "export.", "csv.", "date.before_start",
	"deliverable.", "departures.", "effort.", "experiment.", "factor.", "field.currency", "file.", "flow.", "forbidden.", "form.money", "grant.", "handover.slip", "inventory.", "lane.standing", "lane.state", "number.", "offer.before_receipt", "offer.changes_differ", "offer.condition", "offer.cooldown", "offer.days", "offer.declare", "offer.field_", "offer.heard_nothing", "offer.lifetime", "offer.many_lines", "offer.margin_percent", "offer.no_", "offer.once", "offer.percent_or_off", "offer.placeholder", "offer.rank", "offer.same_name", "offer.wordy", "offer.wronged", "percent.", "reason.bad_service", "receipt.asked", "refund.failed", "retained.", "step.", "stray.", "work.",
}

// Whatever goes wrong is told to customers in their language: walks from the
// handlers of the portal through everything that they mention to the codes that
// stand there. Methods are found by name, in the packages that a file sees, so
// that it finds too many rather than too few.
func TestWhatCanGoWrongForCustomersHasWordsInTheirLanguage(t *testing.T) {
	t.Parallel()
	functions, next := program(t, "../../..")
	type step struct {
		name string
		from *declared
	}
	seen, codes := map[*declared]bool{}, map[string]bool{}
	var walk []step
	for _, n := range next {
		walk = append(walk, step{n, nil})
	}
	for len(walk) > 0 {
		s := walk[len(walk)-1]
		walk = walk[:len(walk)-1]
		for _, f := range functions[s.name] {
			if seen[f] || s.from != nil && s.name[0] == '.' && !s.from.sees[f.pkg] {
				continue
			}
			seen[f] = true
			for _, c := range f.codes {
				codes[c] = true
			}
			for _, c := range f.calls {
				walk = append(walk, step{c, f})
			}
		}
	}
	if !codes["field.email"] || !codes["case.not_returnable"] || !codes["link.used"] || len(codes) < 60 {
		t.Fatalf("it found only %d codes", len(codes))
	}
	for _, lang := range text.CustomerLangs() {
		for _, c := range slices.Sorted(maps.Keys(codes)) {
			if !text.Known(lang, "error."+c) && !slices.ContainsFunc(toStaff, func(p string) bool { return strings.HasPrefix(c, p) }) {
				t.Errorf("a page may have to say error.%s, which %s does not", c, lang)
			}
		}
	}
}

func program(t *testing.T, root string) (functions map[string][]*declared, starts []string) {
	t.Helper()
	functions = map[string][]*declared{}
	dirs, err := filepath.Glob(filepath.Join(root, "internal", "*"))
	if err != nil {
		t.Fatal(err)
	}
	dirs = append(dirs, filepath.Join(root, "internal/web/portal"))
	for _, dir := range dirs {
		if slices.Contains(elsewhere, path.Base(dir)) {
			continue
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") || strings.HasSuffix(e.Name(), "_templ.go") || e.Name() == "event.go" {
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

func read(f *ast.File, pkg string, functions map[string][]*declared, starts *[]string) {
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
		out := &declared{pkg: pkg, sees: map[string]bool{pkg: true}}
		for _, p := range imports {
			out.sees[p] = true
		}
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
			case *ast.BasicLit:
				if c, err := strconv.Unquote(x.Value); err == nil && text.Known("es", "error."+c) {
					out.codes = append(out.codes, c)
				}
			}
			return true
		})
		functions[name] = append(functions[name], out)
	}
}
