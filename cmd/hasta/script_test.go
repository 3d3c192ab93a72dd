package main

import (
	"os"
	"path/filepath"
	"testing"

	"hastaluego/internal/testkit"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testkit.PeerMain()
	testscript.Main(m, map[string]func(){
		"hasta": func() { os.Exit(run(os.Args[1:], out{os.Stdout, os.Stderr})) },
	})
}

// Whole stories of the command line, one per file.
func TestScripts(t *testing.T) {
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv("EXAMPLES", examples)
			return nil
		},
	})
}
