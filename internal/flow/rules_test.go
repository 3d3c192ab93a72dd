package flow_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"hastaluego/internal/flow"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/text"
	"hastaluego/internal/when"

	"github.com/goccy/go-yaml"
)

// change replaces a text of a flow, or puts a node at its end.
type change struct {
	From, To string
	Every    bool // the text may stand more than once
	Node     string
}

func apply(t *testing.T, src, what string, changes []change) string {
	t.Helper()
	for _, c := range changes {
		switch n := strings.Count(src, c.From); {
		case c.Node != "":
			src += "  " + strings.ReplaceAll(strings.TrimRight(c.Node, "\n"), "\n", "\n  ") + "\n"
		case n == 0 || n > 1 && !c.Every:
			t.Fatalf("%s: “%s” stands %d times in the flow", what, c.From, n)
		default:
			src = strings.ReplaceAll(src, c.From, c.To)
		}
	}
	return src
}

// breaking is one edit of testdata/edits.yaml.
type breaking struct {
	For     []string // rules, or parameters: every rule about them
	What    string
	Facts   map[string]any
	Day     string
	Signup  string
	Variant string
	Change  []change
}

// implied are rules, or parameters, that no flow can break without breaking
// others.
type implied struct {
	Broken, Also []string
	Because      string
}

type editing struct {
	Signup   string
	Variants map[string][]change
	Edits    []*breaking
	Implied  []implied

	mu    sync.Mutex
	flows map[string]*flow.Flow
	used  map[string]bool // what stands in the file and was needed
}

func readEdits(t *testing.T) *editing {
	t.Helper()
	raw, err := os.ReadFile("testdata/edits.yaml")
	if err != nil {
		t.Fatal(err)
	}
	e := &editing{flows: map[string]*flow.Flow{}, used: map[string]bool{}}
	if err := yaml.NewDecoder(bytes.NewReader(raw), yaml.Strict()).Decode(e); err != nil {
		t.Fatal(err)
	}
	return e
}

func (e *editing) use(what string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.used[what] = true
}

// of are the edits for a rule, each of which breaks it by itself: its own, or
// those of its parameter.
func (e *editing) of(r *jurisdiction.Rule) (list []*breaking) {
	for _, name := range []string{r.ID, r.Param.Name} {
		for _, b := range e.Edits {
			if slices.Contains(b.For, name) {
				list = append(list, b)
			}
		}
		if len(list) > 0 {
			e.use("the edit for " + name)
			return list
		}
	}
	return nil
}

// also are the rules of a law that are broken with a rule.
func (e *editing) also(r *jurisdiction.Rule, law flow.Law) (list []string) {
	is := func(r *jurisdiction.Rule, names []string) (string, bool) {
		i := slices.IndexFunc(names, func(n string) bool { return n == r.ID || n == r.Param.Name })
		return names[max(i, 0)], i >= 0
	}
	for _, row := range e.Implied {
		by, broken := is(r, row.Broken)
		if !broken {
			continue
		}
		for _, a := range law.Effective.Rules(jurisdiction.Static) {
			if with, ok := is(a.Rule, row.Also); ok && a.Holds == jurisdiction.Pass && a.Rule != r {
				e.use(by + " with " + with)
				list = append(list, a.Rule.ID)
			}
		}
	}
	return list
}

// flow is our own flow in a variant, with an edit if there is one; in one
// language on one device.
func (e *editing) flow(t *testing.T, b *breaking, edited bool) *flow.Flow {
	t.Helper()
	key := b.Variant
	if edited {
		key += " " + b.What + " " + strings.Join(b.For, " ")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if f := e.flows[key]; f != nil {
		return f
	}
	src := apply(t, string(flow.Builtin()["exit-first"]), b.Variant, e.Variants[b.Variant])
	if edited {
		src = apply(t, src, b.What, b.Change)
	}
	f := load(t, "exit-first.yaml", src)
	f.Languages, f.Devices = []string{"es"}, []string{"desktop"}
	e.flows[key] = f
	return f
}

// law is what holds for an edit under a pack and all that it extends.
func (b *breaking) law(t *testing.T, f *flow.Flow, pack string) flow.Law {
	t.Helper()
	said := map[string]string{}
	for name, v := range b.Facts {
		said[name] = fmt.Sprint(v)
	}
	more, err := jurisdiction.ParseFacts(said)
	if err != nil {
		t.Fatalf("%s: %v", b.What, err)
	}
	known := maps.Clone(facts)
	maps.Copy(known, more)
	day := today
	if b.Day != "" {
		if day, err = when.ParseDate(b.Day); err != nil {
			t.Fatalf("%s: %v", b.What, err)
		}
	}
	laws, err := f.Laws(jurisdiction.Shipped(), []string{pack}, known, day)
	if err != nil || len(laws) != 1 {
		t.Fatalf("%s: %d laws: %v", b.What, len(laws), err)
	}
	return laws[0]
}

// Our flow passes every static rule of every pack, and with one edit for each of
// them exactly that rule fails.
//
// Exactly that rule: a rule is looked at under its own pack with all that the
// pack extends (es comes with eu), under facts for which the rule holds. Before
// the edit nothing is found there: no rule and no pattern fails or is unknown.
// After it everything that is found is of that rule, wherever it stands in the
// flow. What no flow can break alone is in the table "implied", with why; then
// exactly those rules are found with it, since every law that is broken is to be
// told. The table is the least: a row, or a name in a row, that is not needed
// fails here.
func TestOneEditOfOurFlowBreaksOneRule(t *testing.T) {
	t.Parallel()
	e := readEdits(t)
	usual := load(t, "signup.yaml", e.Signup)
	t.Run("packs", func(t *testing.T) {
		for _, p := range jurisdiction.Shipped().Packs() {
			t.Run(p.ID, func(t *testing.T) {
				t.Parallel()
				var told strings.Builder
				passed := map[string]bool{}
				for _, r := range p.Rules {
					if r.Param.Phase != jurisdiction.Static {
						continue
					}
					edits := e.of(r)
					if len(edits) == 0 {
						t.Errorf("no edit breaks %s (%s)", r.ID, r.Param.Name)
					}
					for _, b := range edits {
						e.breaks(t, r, b, usual, passed, &told)
					}
				}
				file := filepath.Join("testdata", "rules", p.ID+".txt")
				if *update {
					if err := os.WriteFile(file, []byte(told.String()), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				if want, err := os.ReadFile(file); err != nil || string(want) != told.String() {
					t.Errorf("%s is not what is found (go test -update writes it; look at what changed): %v", file, err)
				}
			})
		}
	})
	for _, b := range e.Edits {
		for _, name := range b.For {
			if !e.used["the edit for "+name] {
				t.Errorf("the edit “%s” is for no rule that is %s", b.What, name)
			}
		}
	}
	for _, row := range e.Implied {
		for _, broken := range row.Broken {
			for _, also := range row.Also {
				if !e.used[broken+" with "+also] {
					t.Errorf("no rule %s is broken with %s", broken, also)
				}
			}
		}
	}
}

// breaks breaks one rule and writes down what is found. passed remembers where the
// flow was looked at before an edit.
func (e *editing) breaks(t *testing.T, r *jurisdiction.Rule, b *breaking, usual *flow.Flow, passed map[string]bool, told *strings.Builder) {
	t.Helper()
	p := r.Pack
	passing, edited, signup := e.flow(t, b, false), e.flow(t, b, true), usual
	if where := fmt.Sprint(b.Variant, b.Day, b.Facts); !passed[where] {
		passed[where] = true
		for _, x := range flow.Check(passing, []flow.Law{b.law(t, passing, p.ID)}, usual).Findings {
			t.Errorf("%s: before “%s” there is already %s", r.ID, b.What, tell(x))
		}
	}
	if b.Signup != "" {
		signup = load(t, "signup.yaml", b.Signup)
	}
	law := b.law(t, edited, p.ID)
	if !slices.ContainsFunc(law.Effective.Rules(jurisdiction.Static), func(a *jurisdiction.Applied) bool { return a.Rule == r && a.Holds == jurisdiction.Pass }) {
		t.Errorf("%s does not hold where “%s” would break it", r.ID, b.What)
		return
	}
	want := append(e.also(r, law), r.ID)
	report := flow.Check(edited, []flow.Law{law}, signup)
	// An edit that leads past a node leaves it with nothing that leads there.
	found := slices.DeleteFunc(slices.Clone(report.Findings), func(x flow.Finding) bool { return x.Rule == flow.Unreachable })
	hidesNothing(t, r.ID+", “"+b.What+"”", report, law)
	fmt.Fprintf(told, "%s: %s\n", r.ID, b.What)
	for _, x := range found {
		if !slices.Contains(want, x.Rule) {
			t.Errorf("%s: “%s” also breaks %s", r.ID, b.What, tell(x))
		}
		fmt.Fprintf(told, "  %s %s %s %s: %s", strings.TrimPrefix(x.At, "exit-first.yaml:"), x.Rule, x.Result, x.Severity, text.Say("en", "flow.why."+x.Why, x.Args...))
		if x.Words != "" {
			fmt.Fprintf(told, " “%s”", x.Words)
		}
		told.WriteString("\n")
	}
	for _, id := range want {
		if !slices.ContainsFunc(found, func(x flow.Finding) bool { return x.Rule == id && x.Result == jurisdiction.Fail }) {
			t.Errorf("%s: “%s” does not break %s", r.ID, b.What, id)
		}
	}
}

// hidesNothing asks of a report under one law that no rule that is milder hides a
// pattern that blocks there.
func hidesNothing(t *testing.T, what string, r *flow.Report, law flow.Law) {
	t.Helper()
	for _, o := range r.Outcomes {
		if o.Result != jurisdiction.Fail || flow.PatternSeverity(o.Rule, law.Packs) != jurisdiction.Block {
			continue
		}
		if !slices.ContainsFunc(r.Findings, func(x flow.Finding) bool {
			return (x.Pattern == o.Rule || x.Pattern == flow.SaysMore[o.Rule]) && x.Result == jurisdiction.Fail && x.Severity == jurisdiction.Block
		}) {
			t.Errorf("%s: %s blocks in %s, and nothing that blocks is told", what, o.Rule, law.Name)
		}
	}
}

// Each thing that a law wants people to be able to say is taken from the form
// once: an edit leaves the flow without it, and the finding says so.
func TestEveryFieldThatALawWantsIsMissedByItself(t *testing.T) {
	t.Parallel()
	e := readEdits(t)
	rules := 0
	for _, p := range jurisdiction.Shipped().Packs() {
		for _, r := range p.Rules {
			if r.Param.Name != "fields.min" {
				continue
			}
			rules++
			missed := map[string]bool{}
			for _, b := range e.of(r) {
				f := e.flow(t, b, true)
				for _, x := range flow.Check(f, []flow.Law{b.law(t, f, p.ID)}, nil).Findings {
					for i, a := range x.Args {
						if x.Rule != r.ID || a != "asks" {
							continue
						}
						said := strings.Split(fmt.Sprint(x.Args[i+1]), ", ")
						for _, want := range r.Value.Words {
							missed[want] = missed[want] || !slices.Contains(said, want)
						}
					}
				}
			}
			for _, want := range r.Value.Words {
				if !missed[want] {
					t.Errorf("%s: no edit leaves out %s", r.ID, want)
				}
			}
		}
	}
	if rules < 4 {
		t.Errorf("%d rules want something to be asked", rules)
	}
}
