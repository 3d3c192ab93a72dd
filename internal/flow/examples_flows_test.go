package flow_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/flow"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/text"

	"github.com/goccy/go-yaml"
)

const exampleFlows = "../../examples/flows"

func example3(t *testing.T, name string) *flow.Flow {
	t.Helper()
	src, err := os.ReadFile(filepath.Join(exampleFlows, name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return load(t, name+".yaml", string(src))
}

// found is every pattern that fails in a flow, node by node, under one pack;
// a rule counts as the pattern that says the same.
func found(t *testing.T, f *flow.Flow, pack string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, x := range flow.Check(f, laws(t, f, pack), nil).Findings {
		if x.Result == jurisdiction.Fail && x.Pattern != "" {
			key := x.Pattern + " " + x.Node
			if out[key] == "" {
				out[key] = tell(x)
			}
		}
	}
	return out
}

// The labels were written by hand before the checker saw the flows.
func TestTheCheckerFindsInRealFlowsWhatPeopleFindInThem(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join("testdata", "labels.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var labels map[string][]struct{ Node, Pattern, Why string }
	if err := yaml.Unmarshal(raw, &labels); err != nil {
		t.Fatal(err)
	}
	if len(labels) < 3 {
		t.Fatalf("%d flows are labelled", len(labels))
	}
	var hits, misses, extras []string
	for name, list := range labels {
		got := found(t, example3(t, name), jurisdiction.SafeEverywhere)
		for _, l := range list {
			key := l.Pattern + " " + l.Node
			if got[key] != "" {
				hits = append(hits, name+" "+key)
			} else {
				misses = append(misses, name+" "+key+": "+l.Why)
			}
			delete(got, key)
		}
		for key, what := range got {
			extras = append(extras, name+" "+key+": "+what)
		}
	}
	slices.Sort(misses)
	slices.Sort(extras)
	precision, recall := 100*len(hits)/(len(hits)+len(extras)), 100*len(hits)/(len(hits)+len(misses))
	t.Logf("precision %d %%, recall %d %% of %d labels\nnot found:\n  %s\nnot labelled:\n  %s", precision, recall, len(hits)+len(misses), strings.Join(misses, "\n  "), strings.Join(extras, "\n  "))
	if precision < 85 || recall < 90 {
		t.Error("fewer than people found, or more")
	}
}

func TestTheCheckerFindsNothingInCorrectFlows(t *testing.T) {
	t.Parallel()
	for name, pack := range map[string]string{"correct-software": jurisdiction.SafeEverywhere, "correct-gym": "es", "correct-magazine": "us-ca"} {
		f := example3(t, name)
		list := append(laws(t, f, pack), flow.Law{Name: "none"})
		for _, x := range flow.Check(f, list, nil).Findings {
			if x.Result == jurisdiction.Fail {
				t.Errorf("%s under %s: %s", name, pack, tell(x))
			}
		}
	}
}

// placed is where a finding is: a file, a line and a column.
var placed = regexp.MustCompile(`^[a-z-]+\.yaml:[1-9]\d*:[1-9]\d*$`)

// unfilled is a slot of a sentence in which nothing stands.
var unfilled = regexp.MustCompile(`\{(?:asks|by|channels|clicks|count|days|exit|fee|id|if|keep|label|lang|max|media|medium|missing|mode|other|outcome|page|pages|role|seconds|siblings|signup|sum|to|want|wanted|what|where)\}`)

// quoted are the patterns that are about what a flow says: each of their
// findings has the words that offend.
var quoted = []string{"DP08", "DP09", "DP15", "DP18", "DP21", "DP29", "DP31"}

// Whoever reads a finding knows where it is, what is wrong there, which words are,
// which clause says so, and what to change.
func TestEveryFindingInRealFlowsSaysWhereWhatWhyAndHow(t *testing.T) {
	t.Parallel()
	said, cited, sourced := 0, 0, map[string]bool{}
	for _, name := range []string{"dating-site", "gym", "shop-membership"} {
		f := example3(t, name)
		for _, x := range flow.Check(f, laws(t, f, jurisdiction.SafeEverywhere, "es", "de", "us-ca"), nil).Findings {
			said++
			if !placed.MatchString(x.At) {
				t.Errorf("%s: no place: %s", name, tell(x))
			}
			if slices.Contains(quoted, x.Pattern) && x.Result == jurisdiction.Fail && x.Words == "" {
				t.Errorf("%s: no words: %s", name, tell(x))
			}
			for _, lang := range []string{"es", "en"} {
				for what, s := range map[string]string{"why": text.Say(lang, "flow.why."+x.Why, x.Args...), "change": text.Say(lang, "flow.change."+x.Change, x.Args...)} {
					if s == "" || strings.Contains(s, "flow.") || unfilled.MatchString(s) {
						t.Errorf("%s: %s in %s is “%s”: %s", name, what, lang, s, tell(x))
					}
				}
			}
			switch {
			case x.Law != nil:
				cited++
				if x.Law.Cite.Ref == "" || x.Law.Message["es"] == "" || x.Law.Message["en"] == "" {
					t.Errorf("%s: no clause: %s", name, tell(x))
				}
			case !slices.Contains(flow.Patterns(), x.Rule):
				t.Errorf("%s: neither a rule nor a pattern: %s", name, tell(x))
			default:
				for _, lang := range []string{"es", "en"} {
					if s := text.Say(lang, "flow.clause."+x.Source.Code, x.Source.Args...); len(x.Source.Args) != 2 || x.Source.Args[1] == "" || strings.Contains(s, "flow.") || strings.Contains(s, "{") {
						t.Errorf("%s: what asks for it in %s is “%s”: %s", name, lang, s, tell(x))
					}
				}
				sourced[x.Source.Code+" "+x.Variants[0].Law] = true
			}
		}
	}
	if said < 80 || cited < 40 {
		t.Errorf("%d findings, %d of them by a clause", said, cited)
	}
	for _, want := range []string{"law es", "law de", "law us-ca", "safe " + jurisdiction.SafeEverywhere} { // each law's customers are told their own clause
		if !sourced[want] {
			t.Errorf("no pattern is told with its clause for %s: %v", want, sourced)
		}
	}
}
