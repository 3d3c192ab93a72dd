package playbook_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
)

// harderKinds are a few kinds with what matters of them.
var harderKinds = []playbook.KindSpec{
	{Name: "confirm", Proves: true},
	{Name: "task", Human: true},
	{Name: "cancel_billing", Effect: true, Verifies: true, Params: []playbook.ParamSpec{{Name: "system"}}, Needs: "x"},
	{Name: "export_data", Exports: true},
	{Name: "meeting", Talks: true},
}

// longest is the longest way to a step of a kind, by trying every way.
func longest(steps []offboarding.Step, kind string) (n int) {
	var walk func(key string) int
	walk = func(key string) (n int) {
		for _, s := range steps {
			if s.Key == key {
				for _, k := range s.After {
					n = max(n, walk(k))
				}
			}
		}
		return n + 1
	}
	for _, s := range steps {
		if s.Kind == kind {
			n = max(n, walk(s.Key))
		}
	}
	return n
}

// planOf writes a playbook of random steps, each after some of those before it.
func planOf(t *rapid.T, name string, kinds []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "playbook: %s\ntitle: {es: A, en: A}\nretrieval: {d: %d}\nsteps:\n  - {id: s0, kind: confirm, title: {es: A, en: A}}\n", name, rapid.IntRange(10, 12).Draw(t, "days"))
	for i := range rapid.IntRange(2, 7).Draw(t, "steps") {
		kind := rapid.SampledFrom(kinds).Draw(t, "kind")
		after := []string{"s0"}
		for j := 1; j <= i; j++ {
			if rapid.IntRange(0, 2).Draw(t, "after") == 0 {
				after = append(after, fmt.Sprint("s", j))
			}
		}
		extra := ""
		if kind == "task" {
			extra = ", role: agent, due: {d: 1, from: ready}, escalate: {d: 1, to: admin}, items: [{id: a, title: {es: A, en: A}}]"
		}
		fmt.Fprintf(&b, "  - {id: s%d, kind: %s, title: {es: A, en: A}, after: [%s]%s}\n", i+1, kind, strings.Join(after, ", "), extra)
	}
	return b.String()
}

// Where nothing is found, no way to anything that is done for the customer has more steps
// than the ordinary one, nothing is missing, and nothing more is asked.
func TestWhatIsNotHarderHasNoLongerWay(t *testing.T) {
	t.Parallel()
	passed := 0
	rapid.Check(t, func(t *rapid.T) {
		kinds := []string{"task", "cancel_billing", "export_data", "meeting"}
		own, err := playbook.Load("own", []byte(planOf(t, "own", kinds)), harderKinds)
		if err != nil {
			t.Fatal(err)
		}
		ordinary, err := playbook.Load("ordinary", []byte(planOf(t, "ordinary", kinds)), harderKinds)
		if err != nil {
			t.Fatal(err)
		}
		if len(playbook.Harder(own, ordinary, harderKinds)) > 0 {
			return
		}
		passed++
		mine, theirs := own.Steps(), ordinary.Steps()
		count := func(list []offboarding.Step, kind string) (n int) {
			for _, s := range list {
				if s.Kind == kind {
					n++
				}
			}
			return n
		}
		for _, kind := range []string{"cancel_billing", "export_data"} {
			if count(theirs, kind) > 0 && (longest(mine, kind) > longest(theirs, kind) || count(mine, kind) == 0) {
				t.Fatalf("%s: %d steps, and %d otherwise", kind, longest(mine, kind), longest(theirs, kind))
			}
		}
		if count(mine, "meeting") > count(theirs, "meeting") || own.Retrieval < ordinary.Retrieval {
			t.Fatal("more is asked, or for less time")
		}
	})
	if passed == 0 {
		t.Error("nothing passed: the property was not tried")
	}
}

// What would make leaving harder is told, each by its own code; the same playbook never
// is.
func TestWhatMakesLeavingHarderIsTold(t *testing.T) {
	t.Parallel()
	const base = "playbook: a\ntitle: {es: A, en: A}\nretrieval: {d: 30}\nsteps:\n  - {id: c, kind: confirm, title: {es: A, en: A}}\n  - {id: b, kind: cancel_billing, title: {es: A, en: A}, after: [c]}\n  - {id: e, kind: export_data, title: {es: A, en: A}, after: [c]}\n"
	const task = "  - {id: t, kind: task, title: {es: A, en: A}, after: [c], role: agent, due: {d: 1, from: ready}, escalate: {d: 1, to: admin}, items: [{id: a, title: {es: A, en: A}}]}\n"
	load := func(src string) *playbook.Playbook {
		p, err := playbook.Load("p", []byte(src), harderKinds)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	ordinary := load(base)
	if wrong := playbook.Harder(ordinary, ordinary, harderKinds); len(wrong) > 0 {
		t.Errorf("the same: %v", wrong)
	}
	for src, want := range map[string]string{
		strings.Replace(base, "playbook: a", "playbook: b", 1):                                                "",
		strings.Replace(base, "{d: 30}", "{d: 60}", 1):                                                        "",
		base + "  - {id: s, kind: meeting, title: {es: A, en: A}, after: [e]}\n":                              "lane.harder.asks",
		strings.Replace(base, "{d: 30}", "{d: 20}", 1):                                                        "lane.harder.retrieval",
		strings.Replace(base, "  - {id: e, kind: export_data, title: {es: A, en: A}, after: [c]}\n", "", 1):   "lane.harder.missing",
		strings.Replace(base, "after: [c]}\n  - {id: e", "after: [c], if: customer.consumer}\n  - {id: e", 1): "lane.harder.missing",
		strings.Replace(base, "  - {id: b, kind: cancel_billing, title: {es: A, en: A}, after: [c]}\n", task+"  - {id: b, kind: cancel_billing, title: {es: A, en: A}, after: [t]}\n", 1): "lane.harder.longer",
	} {
		var codes []string
		for _, e := range playbook.Harder(load(src), ordinary, harderKinds) {
			codes = append(codes, e.Code)
		}
		if got := strings.Join(slices.Compact(codes), " "); got != want {
			t.Errorf("%s\n%s, want %s", src, got, want)
		}
	}
}
