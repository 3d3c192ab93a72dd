package hastaluego_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// allowed is the import table: which packages of ours each may import. An
// unknown package fails, so that adding one, or an edge, is a visible line.
var allowed = map[string]string{
	// kernel: no project imports outside it
	"internal/fault": "", "internal/id": "", "internal/money": "", "internal/when": "",
	"internal/stat":   "",
	"internal/text":   "fault money when",
	"internal/source": "fault",
	// domain: pure
	"internal/customer":     "fault money when",
	"internal/calendar":     "fault source when",
	"internal/offboarding":  "calendar customer fault money when",
	"internal/playbook":     "fault offboarding rule source",
	"internal/rule":         "when",
	"internal/jurisdiction": "calendar fault rule source when",
	"internal/ingest":       "customer fault money rule source text when",
	"internal/assignment":   "fault playbook rule",
	"internal/audit":        "fault when",
	"internal/evidence":     "audit fault text when",
	"internal/backup":       "fault",
	"internal/webhook":      "fault",
	"internal/limit":        "calendar fault jurisdiction when",
	"internal/flow":         "fault jurisdiction source when",
	"internal/form":         "fault money source when",
	"internal/reply":        "fault",
	"internal/notice":       "",
	"internal/spool":        "fault id",
	"internal/blobs":        "fault",
	"internal/envelope":     "fault",
	"internal/handover":     "customer fault offboarding when",
	"internal/obligation":   "customer fault money offboarding when",
	"internal/relationship": "customer fault offboarding when",
	"internal/metric":       "customer money when",
	"internal/effort":       "customer fault when",
	"internal/ending":       "customer fault when",
	"internal/approval":     "fault",
	"internal/company":      "customer fault money source text",
	"internal/improvement":  "fault offboarding when",
	"internal/notification": "customer fault when",
	"internal/segment":      "customer fault rule source",
	"internal/lane":         "customer fault money stat when",
	"internal/signal":       "when",
	"internal/stray":        "fault money",
	"internal/authority":    "fault when",
	"internal/bucket":       "fault",
	"internal/retrieval":    "customer fault when",
	"internal/pushed":       "bundle customer fault",
	"internal/erasure":      "fault when",
	"internal/receipt":      "fault",
	"internal/collection":   "fault money when",
	"internal/risk":         "signal when",
	"internal/play":         "customer fault signal when",
	"internal/invitation":   "customer fault offboarding",
	"internal/offer":        "customer fault money offboarding reason relationship rule source text when",
	"internal/reason":       "customer fault offboarding relationship source stat when",
	"internal/experiment":   "customer fault money stat",
	"internal/trial":        "customer experiment fault flow money offer reason source when",
	"internal/suppression":  "customer",
	"internal/theme":        "",
	"internal/winback":      "customer fault money offboarding when",
	"internal/settlement":   "calendar customer fault jurisdiction money when",
	"internal/withdrawal":   "calendar customer jurisdiction money when",
	"internal/achievement":  "fault signal source when",
	"internal/voice":        "customer fault offboarding when",
	"internal/additive":     "",
	"internal/boost":        "additive",
	"internal/forecast":     "additive boost stat",
	"internal/backtest":     "additive fault forecast ingest stat text",
	"internal/survival":     "additive stat",
	"internal/worth":        "additive stat survival when",
	// application
	"internal/connector": "money",
	"internal/step":      "connector customer fault form handover notice obligation offboarding playbook when",
	"internal/bundle":    "",
	"internal/totp":      "",
	"internal/app":       "achievement approval assignment audit authority bucket bundle calendar collection company connector customer effort ending envelope erasure evidence experiment fault flow form handover id improvement ingest invitation jurisdiction lane limit metric money notice notification obligation offboarding offer password play playbook pushed reason receipt relationship reply retrieval risk rule segment settlement signal stat step stray suppression theme totp trial voice webhook when winback withdrawal worth",
	"internal/engine":    "app approval collection connector ending fault handover offboarding offer retrieval step when",
	"internal/password":  "customer fault",
	// adapters: blind to each other; a child may import its parent
	"internal/outbound":                  "fault when",
	"internal/connector/breaker":         "connector fault",
	"internal/connector/declaration":     "connector fault when",
	"internal/connector/httpcall":        "fault outbound when",
	"internal/connector/sigv4":           "",
	"internal/connector/foldersystem":    "connector connector/declaration fault when",
	"internal/connector/iamsystem":       "connector connector/declaration connector/httpcall connector/sigv4 fault outbound when",
	"internal/connector/ldapsystem":      "connector connector/declaration fault outbound when",
	"internal/connector/oauthsystem":     "connector connector/declaration connector/httpcall fault outbound when",
	"internal/connector/pgsystem":        "connector connector/declaration fault outbound when",
	"internal/connector/processorsystem": "connector connector/declaration when",
	"internal/connector/s3put":           "bucket connector/httpcall connector/sigv4 fault outbound when",
	"internal/connector/s3system":        "connector connector/declaration connector/httpcall connector/sigv4 fault outbound when",
	"internal/connector/sqlitesystem":    "connector connector/declaration fault when",
	"internal/connector/scimsystem":      "connector connector/declaration connector/httpcall fault outbound when",
	"internal/connector/httpsystem":      "connector connector/declaration connector/httpcall fault money outbound webhook when",
	"internal/store":                     "app approval audit authority backup bucket collection company customer effort ending erasure experiment fault handover improvement jurisdiction lane limit obligation offboarding offer play pushed reason relationship retrieval risk signal stray suppression voice when winback",
	"internal/seal":                      "audit fault id when",
	"internal/pdfsign":                   "fault",
	"internal/document":                  "fault jurisdiction money text when",
	"internal/mail":                      "fault",
	"internal/doctor":                    "",
	"internal/web/assets":                "fault",
	"internal/web":                       "app company fault id jurisdiction offboarding playbook settlement text web/assets when",
	"internal/web/portal":                "app approval bucket collection envelope fault flow form handover id invitation lane limit money notice obligation offboarding offer reason settlement text voice web when withdrawal",
	"internal/web/hooks":                 "app fault web",
	"internal/web/away":                  "app company fault flow id spool text web web/assets when",
	"internal/web/console":               "app approval assignment authority collection company customer effort ending envelope erasure experiment fault flow form handover id improvement invitation jurisdiction lane limit metric money notification obligation offboarding offer play pushed reason relationship reply retrieval risk segment settlement signal stat stray text theme trial voice web when winback withdrawal worth",
	"internal/demo":                      "calendar customer demo/peer ingest money playbook when",
	"internal/demo/history":              "app calendar customer demo demo/peer fault form ingest lane money notice offboarding text when",
	"internal/web/api":                   "app assignment bundle collection company customer effort ending experiment fault flow form handover id improvement invitation jurisdiction lane limit metric money obligation offboarding offer play pushed reason relationship retrieval risk segment settlement signal stat stray text trial voice web when winback worth",
	"internal/demo/peer":                 "when",
	// an adapter that works with its far system's own library
	"internal/connector/stripesystem": "connector connector/declaration connector/httpcall fault money outbound webhook when",
	// tests only
	"internal/testkit/conformance": "connector fault money",
	"internal/testkit/fakestripe":  "",
	"internal/testkit/typeset":     "",
	"internal/testkit/peers":       "when",
	"internal/testkit":             "demo/peer id store testkit/peers text when",
	"e2e":                          "*",
	"cmd/hasta":                    "*",
	"scripts/sql":                  "",
	"scripts/systems":              "demo id testkit/fakestripe testkit/peers when",
	"":                             "",
}

// libraries names the only importers of some libraries, and for the kernel all
// that it may use beyond the standard library.
var libraries = map[string][]string{
	"cel.dev/cel-go":                 {"internal/rule"},
	"modernc.org/sqlite":             {"internal/connector/sqlitesystem", "internal/store", "internal/seal", "scripts/sql"},
	"github.com/jackc/pgx":           {"cmd/hasta", "internal/store", "internal/seal", "internal/testkit", "internal/connector/pgsystem"},
	"database/sql":                   {"internal/connector/sqlitesystem", "internal/store", "internal/seal", "internal/testkit", "cmd/hasta", "scripts/sql"},
	"net/http":                       {"internal/testkit", "internal/testkit/conformance", "internal/testkit/peers", "scripts/systems", "internal/outbound", "internal/connector/httpcall", "internal/connector/httpsystem", "internal/connector/iamsystem", "internal/connector/oauthsystem", "internal/connector/s3put", "internal/connector/s3system", "internal/connector/sigv4", "internal/connector/scimsystem", "internal/connector/stripesystem", "internal/testkit/fakestripe", "internal/web", "internal/web/assets", "internal/web/portal", "internal/web/api", "internal/web/console", "internal/web/hooks", "internal/web/away", "internal/demo/peer", "internal/doctor", "cmd/hasta"},
	"github.com/stripe/stripe-go":    {"internal/connector/stripesystem"},
	"github.com/wneessen/go-mail":    {"internal/mail"},
	"github.com/emersion/go-message": {"internal/reply"},
	"github.com/aws":                 {"internal/connector/sigv4", "internal/testkit/peers"},
	"github.com/go-ldap/ldap":        {"internal/connector/ldapsystem"},
	"codeberg.org/go-pdf":            {"internal/document"},
	"github.com/xuri/excelize":       {"internal/document"},
	"github.com/danielgtaylor/huma":  {"internal/web/api"},
	"github.com/google/uuid":         {"internal/id"},
	"github.com/klauspost/compress":  {"internal/bundle"},
	"github.com/ohler55/ojg":         {"internal/connector/httpcall"},
	"filippo.io/age":                 {"internal/bundle", "internal/envelope", "internal/seal"},
	"golang.org/x/crypto":            {"internal/bundle"},
}

type pkg struct {
	ImportPath, Dir string
	Imports         []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Dir,Imports", "./...")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var list []pkg
	for dec := json.NewDecoder(out); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	return list
}

const module = "hastaluego"

func TestPackagesImportOnlyWhatTheTableAllows(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		name := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		edges, known := allowed[name]
		if !known {
			t.Errorf("%s is not in the import table: add a line that says what it may import", name)
			continue
		}
		for _, imp := range p.Imports {
			ours, ok := strings.CutPrefix(imp, module+"/internal/")
			switch {
			case ok && strings.HasPrefix(ours, "testkit") && name != "scripts/systems" && !strings.HasPrefix(name, "internal/testkit"):
				t.Errorf("%s imports testkit, which is for tests", name)
			case ok && edges != "*" && !slices.Contains(strings.Fields(edges), ours):
				t.Errorf("%s must not import %s", name, ours)
			}
			for lib, who := range libraries {
				if (imp == lib || strings.HasPrefix(imp, lib+"/")) && !slices.Contains(who, name) && name != "e2e" {
					t.Errorf("%s must not import %s", name, imp)
				}
			}
		}
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if p.ImportPath != module && !documented(t, p.Dir) {
			t.Errorf("%s has no doc comment that says what it is, and what not", p.ImportPath)
		}
	}
}

// documented looks into the sources: generated files have comments of their
// own above the package clause, which go list takes for documentation.
func documented(t *testing.T, dir string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		src, err := parser.ParseFile(token.NewFileSet(), f, nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if doc := src.Doc.Text(); (strings.HasPrefix(doc, "Package ") || strings.HasPrefix(doc, "Command ")) && len(doc) > 80 {
			return true
		}
	}
	return false
}

// exporting are the files that make, open and send what a customer takes along.
// What anybody owes is none of their business: data are no hostage (law: Data Act
// art. 25, GDPR art. 20, directive 2019/770 art. 16).
var exporting = []string{
	"internal/app/bundle.go", "internal/app/bundle_make.go", "internal/app/bundle_again.go", "internal/app/bundle_describe.go", "internal/app/bundle_hand.go",
	"internal/app/push.go", "internal/app/push_take.go",
	"internal/app/data_page.go", "internal/app/data_link.go", "internal/web/bundle.go", "internal/web/portal/data.go", "internal/step/export.go",
}

// owing are the packages about what is owed.
var owing = []string{"settlement", "collection", "money", "stray"}

// Export code cannot see settlement: neither the packages about what is owed, nor
// anything of its own package that stands in a file which sees them, nor what a
// transaction tells of sums. The table of what is held is not among these files:
// it tells the customer what they owe, as everything else.
func TestExportingSeesNothingOfWhatIsOwed(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		name := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		if slices.Contains([]string{"internal/bundle", "internal/blobs", "internal/step", "internal/connector"}, name) {
			for _, imp := range p.Imports {
				if slices.Contains([]string{"settlement", "collection", "stray"}, strings.TrimPrefix(imp, module+"/internal/")) {
					t.Errorf("%s imports %s", name, imp)
				}
			}
		}
	}
	hidden := map[string]map[string]string{} // by folder: what is declared beside what is owed, and where
	for _, dir := range []string{"internal/app", "internal/web", "internal/web/portal", "internal/step"} {
		hidden[dir] = map[string]string{}
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			if strings.HasSuffix(path, "_test.go") || slices.Contains(exporting, path) {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			if base := filepath.Base(path); seesOwing(f) && (strings.HasPrefix(base, "settlement") || strings.HasPrefix(base, "collection") || strings.HasPrefix(base, "instalment") ||
				strings.HasPrefix(base, "stray") || base == "step_collect.go" || base == "pay.go" || base == "due.go") {
				for _, d := range f.Decls {
					for _, n := range declares(d) {
						hidden[dir][n] = path
					}
				}
			}
		}
	}
	if len(hidden["internal/app"]) < 40 {
		t.Fatalf("it found only %d names about what is owed", len(hidden["internal/app"]))
	}
	for _, path := range exporting {
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, wrong := range owes(f, hidden[filepath.Dir(path)]) {
			t.Errorf("%s %s: export code sees nothing of what is owed", path, wrong)
		}
	}
	// The rule finds what it is for.
	for _, src := range []string{
		`package app; import "hastaluego/internal/settlement"; var _ settlement.Line`,
		`package app; func x(a *App) { a.statementNow() }`,
		`package app; func x(tx Tx) { tx.BalancesOf() }`,
		`package app; func x(l []customer.Balance) {}`,
	} {
		f, err := parser.ParseFile(token.NewFileSet(), "x.go", src, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if len(owes(f, hidden["internal/app"])) == 0 {
			t.Errorf("nothing is found in %s", src)
		}
	}
}

func seesOwing(f *ast.File) bool {
	return slices.ContainsFunc(f.Imports, func(i *ast.ImportSpec) bool {
		return slices.Contains(owing, strings.TrimPrefix(strings.Trim(i.Path.Value, `"`), module+"/internal/"))
	})
}

// declares are the names of functions, types, constants and variables, and of
// methods with a dot before them.
func declares(d ast.Decl) (names []string) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv != nil {
			return []string{"." + d.Name.Name}
		}
		return []string{d.Name.Name}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				names = append(names, s.Name.Name)
			case *ast.ValueSpec:
				for _, n := range s.Names {
					names = append(names, n.Name)
				}
			}
		}
	}
	return names
}

// owes are the places of a file that see what is owed.
func owes(f *ast.File, hidden map[string]string) (wrong []string) {
	if seesOwing(f) {
		wrong = append(wrong, "imports what is owed")
	}
	return append(wrong, owesIn(f, hidden)...)
}

func owesIn(in ast.Node, hidden map[string]string) (wrong []string) {
	ast.Inspect(in, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			of := ""
			switch x := n.X.(type) {
			case *ast.Ident:
				of = x.Name
			case *ast.SelectorExpr:
				of = x.Sel.Name
			}
			for _, about := range []string{"Balance", "Debt", "Settlement", "Statement", "Instalment", "Promise", "Stray"} {
				if strings.Contains(n.Sel.Name, about) {
					wrong = append(wrong, "names "+n.Sel.Name)
				}
			}
			if at := hidden["."+n.Sel.Name]; at != "" && (of == "a" || of == "App" || of == "app") {
				wrong = append(wrong, "names "+n.Sel.Name+" of "+at)
			}
			ast.Inspect(n.X, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok && hidden[id.Name] != "" {
					wrong = append(wrong, "names "+id.Name+" of "+hidden[id.Name])
				}
				return true
			})
			return false
		case *ast.StructType:
			for _, field := range n.Fields.List { // what a field is called names nothing
				wrong = append(wrong, owesIn(field.Type, hidden)...)
			}
			return false
		case *ast.Ident:
			if at := hidden[n.Name]; at != "" {
				wrong = append(wrong, "names "+n.Name+" of "+at)
			}
		}
		return true
	})
	return wrong
}
