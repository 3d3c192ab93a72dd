package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/testkit/conformance"
)

// Every kind of system speaks something, and of everything that is spoken it is said
// how each fault is made, or why there is none.
func TestTheReferenceOfFaultsIsUpToDate(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("# How connectors are failed\n\nWritten by make gen, out of what the suite of connectors does: a fault of which a connector says nothing fails it.\n\n" +
		"Each of these is made at a far system, at every call and every part of it, and what we then say is compared with what happened there. What may have happened is told\n" +
		"as *uncertain* and read back, a reading is never taken for an answer that it was not, no call is made twice, and no name or secret is kept or told.\n")
	var spoken []string
	for _, p := range conformance.Protocols() {
		spoken = append(spoken, p.Kinds...)
		fmt.Fprintf(&b, "\n## %s\n\nOf `%s`.\n\n| Fault | How it is made, or why there is none |\n|---|---|\n", p.Name, strings.Join(p.Kinds, "`, `"))
		for _, f := range conformance.Faults() {
			a := p.Answers[f]
			if (a.How == "") == (a.Absent == "") || len(p.Answers) != len(conformance.Faults()) {
				t.Errorf("%s: it is to be said how %q is made, or why there is none", p.Name, f)
			}
			said := a.How
			if a.Absent != "" {
				said = "none: " + strings.ToLower(a.Absent[:1]) + a.Absent[1:]
			}
			fmt.Fprintf(&b, "| %s | %s |\n", f, said)
		}
		for _, kind := range p.Kinds {
			if made := slices.ContainsFunc(conformance.Faults(), func(f conformance.Fault) bool { return p.Answers[f].How != "" }); made && !putThrough(t, kind) {
				t.Errorf("no test puts %s through the suite", kind)
			}
		}
	}
	for _, k := range connectors() {
		if n := len(slices.DeleteFunc(slices.Clone(spoken), func(s string) bool { return s != k.Name })); n != 1 {
			t.Errorf("what %s speaks is said %d times", k.Name, n)
		}
	}
	if len(spoken) != len(connectors()) {
		t.Errorf("%v, and there are %d kinds", spoken, len(connectors()))
	}
	generated(t, "../../docs/reference/faults.md", b.String())
}

// putThrough reports whether a test of the kind's folder runs the suite.
func putThrough(t *testing.T, kind string) bool {
	t.Helper()
	folder := map[string]string{"postgres": "pg", "webhook": "http"}[kind]
	if folder == "" {
		folder = kind
	}
	files, err := filepath.Glob("../../internal/connector/" + folder + "system/*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(files, func(file string) bool {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Contains(src, []byte("conformance.Run(t, ")) || bytes.Contains(src, []byte("conformance.RunWired(t, "))
	})
}
