package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hastaluego/internal/document"
	"hastaluego/internal/jurisdiction"
)

// Every letter of ours, by every pack, in every language: no rule about
// documents is broken, nor would be if all that may hold did.
func TestOurLettersSayWhatEveryPackAsksFor(t *testing.T) {
	t.Parallel()
	list, err := judgeDocuments(jurisdiction.Shipped(), papers{company: sampleCompany}, time.Date(2026, 11, 27, 9, 42, 17, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	judged := map[document.Kind]bool{}
	for _, f := range list {
		judged[f.Kind] = true
		line := fmt.Sprintf("%s %s %s %s %s", f.Pack, f.Letter, f.Lang, f.Rule, f.Result)
		if f.Place != "" {
			line += " · " + f.Place
		}
		if f.Later != "" {
			line += " → " + string(f.Later)
		}
		if f.Result != jurisdiction.Pass {
			t.Errorf("%s: lacks %q, %s", line, f.Lacks, f.Why)
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	got, path := strings.Join(slices.Compact(lines), "\n")+"\n", filepath.Join("testdata", "documents.golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("where our letters say what packs ask for (run with -update if this is meant):\n%s", d)
	}
	for _, p := range jurisdiction.Params() {
		kinds, _ := document.Look(p.Name)
		for _, k := range kinds {
			if !judged[k] {
				t.Errorf("no letter of the kind %s was judged by %s", k, p.Name)
			}
		}
	}
}
