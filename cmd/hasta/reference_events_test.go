package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/notice"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

func code(words []string) string {
	if len(words) == 0 {
		return "–"
	}
	return "`" + strings.Join(words, "` `") + "`"
}

func TestTheReferenceOfEventsIsUpToDate(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("# Events\n\nWritten by make gen.\n\nEvery fact about a departure, and about the house, is an entry of the log: type, instant, actor, the case or request that it\n" +
		"is about, and what the third column says; those are sealed ([audit-log.md](audit-log.md)). The types marked **sent** also go to\n" +
		"the webhooks that want them ([webhooks.md](webhooks.md)), with ids and codes only: what the fourth column says, and the state that\n" +
		"the fifth names. A type is for ever; new ones may come.\n\n| type | when | the entry says | a webhook says | state |\n|---|---|---|---|---|\n")
	for _, e := range app.EventTypes {
		told, state := "not sent", "–"
		if e.Sent {
			told = "**sent**"
			if len(e.Tells) > 0 {
				told += ": " + code(e.Tells)
			}
		}
		if e.State != "" {
			state = "`" + e.State + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", e.Type, e.When, code(e.Args), told, state)
	}
	generated(t, "../../docs/reference/events.md", b.String())
}

func TestTheReferenceOfMessagesIsUpToDate(t *testing.T) {
	t.Parallel()
	yes := map[bool]string{true: "yes", false: "no"}
	until := map[notice.Until]string{
		notice.Goodbye: "never", notice.NewTurn: "always: it is about something new that they did", notice.Always: "always: the law wants it told",
		notice.Retrieval: "while the data can be fetched",
		notice.Settled:   "while money is open between the two", notice.Allowed: "while they allow it",
		notice.Approval: "while something waits for their approval",
	}
	basis := map[notice.Basis]string{
		notice.Requested: "they asked for it just now", notice.Contract: "carrying out what was agreed, or its end", notice.Law: "the law wants it to be told",
		notice.Consent: "they allowed it, and may take that back",
	}
	var b strings.Builder
	b.WriteString("# Messages\n\nWritten by make gen.\n\nEvery class of letter to customers. What is not here is not sent: one function hands letters to the mail system, and it asks this\n" +
		"table in the transaction that makes the letter, so that a silence or a consent taken back counts for what waits too. What is held back is\n" +
		"`withheld` in the outbox, and the log says why. A silence of the account holds back everything but what they ask for and what the law wants\n" +
		"told.\n\n| class | letter | basis | before the goodbye | after the goodbye | at most per departure | asks |\n|---|---|---|---|---|---|---|\n")
	for _, r := range notice.Table {
		most := "–"
		if r.Most > 0 {
			most = strconv.Itoa(r.Most)
		}
		if until[r.Until] == "" || basis[r.Basis] == "" {
			t.Errorf("%s has a basis or an end that nobody explained", r.Class)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s | %d |\n", r.Class, text.Say("en", "console.paper."+r.Class), basis[r.Basis], yes[r.Before], until[r.Until], most, r.Asks)
	}
	generated(t, "../../docs/reference/messages.md", b.String())
}

// kinds of the faults that a file's checker raises through a function of its
// own: all that is wrong with a file is Invalid.
var invalidAreas = []string{"playbook", "system", "map", "file", "import", "field"}

var faultCode = regexp.MustCompile(`^[a-z_]*(\.[a-z][a-z_]*)*$`)

// raised finds every code of a fault in the sources: a kind of fault and a text
// beside each other in the arguments of a call or the fields of a literal. A
// key that begins with a full stop is the end of codes that are put together.
func raised(t *testing.T) map[string][]fault.Kind {
	t.Helper()
	kinds := map[string]fault.Kind{}
	for k := fault.Internal; k <= fault.Withheld; k++ {
		kinds[strings.ReplaceAll(k.String(), "_", "")] = k
	}
	found := map[string][]fault.Kind{}
	set := token.NewFileSet()
	for _, root := range []string{"../../internal", "../../cmd"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			src, err := parser.ParseFile(set, path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(src, func(n ast.Node) bool {
				var list []ast.Expr
				switch n := n.(type) {
				case *ast.CallExpr:
					list = n.Args
				case *ast.CompositeLit:
					for _, e := range n.Elts {
						if kv, ok := e.(*ast.KeyValueExpr); ok {
							list = append(list, kv.Value)
						}
					}
				}
				for i := 0; i+1 < len(list); i++ {
					value := list[i+1]
					if sum, ok := value.(*ast.BinaryExpr); ok {
						value = sum.Y
					}
					sel, ok := list[i].(*ast.SelectorExpr)
					lit, text := value.(*ast.BasicLit)
					if !ok || !text || lit.Kind != token.STRING {
						continue
					}
					pkg, _ := sel.X.(*ast.Ident)
					kind, known := kinds[strings.ToLower(sel.Sel.Name)]
					s, err := strconv.Unquote(lit.Value)
					if pkg == nil || pkg.Name != "fault" || !known || err != nil || !faultCode.MatchString(s) {
						continue
					}
					if !slices.Contains(found[s], kind) {
						found[s] = append(found[s], kind)
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

func TestTheReferenceOfCodesIsUpToDateAndEveryCodeHasWords(t *testing.T) {
	t.Parallel()
	found := raised(t)
	if len(found) < 80 {
		t.Fatalf("only %d codes were found in the sources", len(found))
	}
	ends := map[string][]fault.Kind{}
	for c, kinds := range found {
		if strings.HasPrefix(c, ".") {
			ends[c] = kinds
			delete(found, c)
			continue
		}
		if slices.Equal(kinds, []fault.Kind{fault.Internal}) { // told as our own failure, with a reference
			continue
		}
		for _, lang := range text.Langs() {
			if !text.Known(lang, "error."+c) {
				t.Errorf("the code %s is raised and has no words in %s: error.%s", c, lang, c)
			}
		}
	}
	for _, c := range text.Codes("error.") {
		area, end, _ := strings.Cut(c, ".")
		switch {
		case area == "kind" || found[c] != nil:
		case slices.Contains(invalidAreas, area):
			found[c] = []fault.Kind{fault.Invalid}
		default:
			found[c] = ends["."+end]
		}
	}
	var b strings.Builder
	b.WriteString("# Codes of errors\n\nWritten by make gen.\n\nEvery refusal and failure has a code, which is for ever, a kind, and the status with which pages and the API answer. A code without\n" +
		"a kind stands in records: why a step or a work waits for a person. Words in braces are filled in. What is our own failure\n" +
		"(`internal`) is told with a reference that stands in the log of the program.\n\n| code | kind | status | es | en |\n|---|---|---|---|---|\n")
	for _, c := range slices.Sorted(maps.Keys(found)) {
		kind, status := "–", "–"
		if len(found[c]) > 0 {
			slices.Sort(found[c])
			var ks, st []string
			for _, k := range found[c] {
				ks, st = append(ks, k.String()), append(st, strconv.Itoa(web.Status(fault.New(k, c))))
			}
			kind, status = strings.Join(ks, ", "), strings.Join(st, ", ")
		}
		words := func(lang string) string {
			if !text.Known(lang, "error."+c) {
				return "–"
			}
			return strings.ReplaceAll(text.Say(lang, "error."+c), "|", "\\|")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", c, kind, status, words("es"), words("en"))
	}
	generated(t, "../../docs/reference/codes.md", b.String())
}
