package engine_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Far systems are changed in one place, and whose departure it is is asked
// before it: a second place would forget that there are rehearsals.
func TestFarSystemsAreChangedInOnePlaceThatKnowsOfRehearsals(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	calls := 0
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		before, _, found := strings.Cut(string(raw), ".Apply(")
		if !found {
			continue
		}
		calls += strings.Count(string(raw), ".Apply(")
		if body := before[strings.LastIndex(before, "\nfunc "):]; !strings.Contains(body, "case s.Case.Test:") {
			t.Errorf("%s calls a far system without asking whose departure it is", f)
		}
	}
	if calls != 1 {
		t.Errorf("far systems are changed in %d places", calls)
	}
}
