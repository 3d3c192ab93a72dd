package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/testkit"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testkit.PeerMain()
	testscript.Main(m, map[string]func(){
		"hasta":   func() { os.Exit(run(os.Args[1:], out{os.Stdout, os.Stderr})) },
		"tamper":  func() { os.Exit(tamper(os.Args[1])) },
		"witness": func() { os.Exit(witness(os.Args[1], os.Args[2])) },
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

// witness signs a checkpoint, as a witness of C2SP does, and writes down its key;
// it returns an exit status.
func witness(checkpoint, keyFile string) int {
	const name = "witness.example"
	public, private, err := ed25519.GenerateKey(nil)
	raw, wrong := os.ReadFile(checkpoint)
	if err = errors.Join(err, wrong); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	key := append([]byte{4}, public...)
	sum := sha256.Sum256(append([]byte(name+"\n"), key...))
	seconds := uint64(time.Now().Unix())
	body, _, _ := strings.Cut(string(raw), "\n\n")
	sig := ed25519.Sign(private, fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s\n", seconds, body))
	line := append(binary.BigEndian.AppendUint64(sum[:4:4], seconds), sig...)
	err = errors.Join(
		os.WriteFile(checkpoint, fmt.Appendf(raw, "— %s %s\n", name, base64.StdEncoding.EncodeToString(line)), 0o600),
		os.WriteFile(keyFile, fmt.Appendf(nil, "%s+%x+%s\n", name, sum[:4], base64.StdEncoding.EncodeToString(key)), 0o600),
	)
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
