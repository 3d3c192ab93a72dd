package demo_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"hastaluego/internal/demo"
)

var update = flag.Bool("update", false, "write the files of examples/ again")

// The files of examples/ are those that this package makes.
func TestTheExamplesAreThoseThatAreGenerated(t *testing.T) {
	t.Parallel()
	twins, err := demo.Twins()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range twins {
		file := filepath.Join("..", "..", "examples", name)
		if *update {
			if err := os.WriteFile(file, want, 0o644); err != nil { //nolint:gosec // an example is for everybody
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what is generated: go test ./internal/demo -run Examples -update (%v)", file, err)
		}
	}
}
