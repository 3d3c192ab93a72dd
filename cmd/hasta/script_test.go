package main

import (
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"hastaluego/internal/testkit"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testkit.PeerMain()
	testscript.Main(m, map[string]func(){
		"hasta":  func() { os.Exit(run(os.Args[1:], out{os.Stdout, os.Stderr})) },
		"tamper": func() { os.Exit(tamper(os.Args[1])) },
	})
}

// tamper changes an entry of the log in a SQLite file, as anybody could who has
// it, and returns an exit status.
func tamper(file string) int {
	db, err := sql.Open("sqlite", "file:"+file)
	if err == nil {
		_, err = db.Exec(`DROP TRIGGER audit_entry_fixed; UPDATE audit_entry SET actor = 'usr_other' WHERE type = 'api_key.made'`)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// writeGuide writes the commands of the guide of the API as one script.
func writeGuide(dir string) error {
	guide, err := os.ReadFile("../../docs/guide/api.md")
	if err != nil {
		return err
	}
	var script strings.Builder
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllSubmatch(guide, -1) {
		script.Write(block[1])
	}
	return os.WriteFile(filepath.Join(dir, "api.sh"), []byte(script.String()), 0o600)
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
			e.Setenv("DEPLOY", filepath.Join(filepath.Dir(examples), "deploy"))
			ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			_, port, err := net.SplitHostPort(ln.Addr().String())
			if err != nil {
				return err
			}
			e.Setenv("PORT", port) // free when the script begins
			return errors.Join(ln.Close(), writeGuide(e.WorkDir))
		},
	})
}
