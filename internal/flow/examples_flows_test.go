package flow_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/flow"
	"hastaluego/internal/jurisdiction"

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
	raw, err := os.ReadFile(filepath.Join(exampleFlows, "labels.yaml"))
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
	for name, pack := range map[string]string{"correct-software": jurisdiction.SafeEverywhere, "correct-gym": "es", "correct-magazine": "none"} {
		f := example3(t, name)
		list := []flow.Law{{Name: "none"}}
		if pack != "none" {
			list = append(list, laws(t, f, pack)...)
		}
		for _, x := range flow.Check(f, list, nil).Findings {
			if x.Result == jurisdiction.Fail {
				t.Errorf("%s under %s: %s", name, pack, tell(x))
			}
		}
	}
}
