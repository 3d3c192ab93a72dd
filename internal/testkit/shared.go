// Package testkit is what tests share: databases, the billing system as a
// process, reference data. No production code imports it.
package testkit

import (
	"os"
	"path/filepath"
	"testing"
)

// Root returns the root of the repository.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
	}
}

// Shared returns the path of a file of reference data that is not part of the
// repository. Where the folder is missing the test is skipped, and fails if
// HASTA_SHARED=require. It is the only skip there is.
func Shared(t testing.TB, name string) string {
	t.Helper()
	file := filepath.Join(Root(t), "..", "shared", "data", name)
	if _, err := os.Stat(file); err != nil {
		if os.Getenv("HASTA_SHARED") == "require" {
			t.Fatalf("reference data: %v", err)
		}
		t.Skipf("reference data is not here: %s", name)
	}
	return file
}
